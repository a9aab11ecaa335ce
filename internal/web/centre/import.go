package centre

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"tizi/internal/access"
	"tizi/internal/consent"
	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/person/list"
	"tizi/internal/programme"
	"tizi/internal/seal"
	"tizi/internal/sheet"
	"tizi/internal/training"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

// maxUpload is how large a list may be, in bytes.
const maxUpload = 64 << 20

// keepUpload is how long a list that nobody took is kept.
const keepUpload = 24 * time.Hour

// importer is the lists that were uploaded and are looked at. They lie in a folder of the node until they are taken or a day
// has passed, hidden by keys that are in memory alone: no name stands there, so an erasure leaves the lists of colleagues
// alone, and what a process leaves behind says nothing.
type importer struct {
	mu      sync.Mutex
	uploads map[string]upload
	jobs    map[string]*importJob
}

// importJob is a list being taken.
type importJob struct {
	mu   sync.Mutex
	rows int
	rep  *person.Report
	err  error
	done chan struct{}
}

// upload is what is known of a list beside its bytes.
type upload struct {
	Name                       string
	Account, Centre, Programme id.ID
	Mapping                    list.Mapping
	Sheet                      string
	pad                        *seal.Pad
	at                         time.Time
}

func importRoutes(d *door.Door) {
	im := &importer{uploads: map[string]upload{}, jobs: map[string]*importJob{}}
	d.Handle("GET /import", access.ImportPeople, im.start)
	d.Handle("POST /import", access.ImportPeople, im.receive)
	d.Handle("GET /import/example.csv", access.ImportPeople, example)
	d.Handle("GET /import/{upload}/columns", access.ImportPeople, im.columns)
	d.Handle("POST /import/{upload}/columns", access.ImportPeople, im.columnsGiven)
	d.Handle("GET /import/{upload}/plan", access.ImportPeople, im.plan)
	d.Handle("POST /import/{upload}/plan", access.ImportPeople, im.take)
	d.Handle("GET /import/{upload}/report", access.ImportPeople, im.report)
	d.Handle("GET /import/{upload}/rejects.csv", access.ImportPeople, im.rejects)
	d.Handle("POST /import/{upload}/drop", access.ImportPeople, im.drop)
}

func (im *importer) folder(a *door.Ask) string { return filepath.Join(a.H.Config.Dir, house.UploadDir) }

// load reads an upload of the account, or says that there is none.
func (im *importer) load(a *door.Ask) (key string, u upload, err error) {
	key = a.R.PathValue("upload")
	im.mu.Lock()
	defer im.mu.Unlock()
	u, ok := im.uploads[key]
	if !ok || u.Account != a.Actor() || !a.Scope.Has(u.Centre) {
		return key, u, fs.ErrNotExist
	}
	u.Mapping = slices.Clone(u.Mapping)
	return key, u, nil
}

func (im *importer) save(key string, u upload) {
	im.mu.Lock()
	defer im.mu.Unlock()
	im.uploads[key] = u
}

func (im *importer) file(a *door.Ask, key string, u upload) person.File {
	path := filepath.Join(im.folder(a), key)
	return func(o sheet.Options) (*sheet.Reader, error) {
		o.Sheet = u.Sheet
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		st, err := f.Stat()
		if err != nil {
			f.Close()
			return nil, err
		}
		// The reader closes the file; its messages name the list as the clerk does.
		r, err := sheet.New(struct {
			io.ReaderAt
			io.Closer
		}{u.pad.ReaderAt(f), f}, st.Size(), u.Name, o)
		if err != nil {
			f.Close()
		}
		return r, err
	}
}

func (im *importer) startView(a *door.Ask) (ImportStart, error) {
	v := ImportStart{MaxMB: maxUpload >> 20, ExampleURL: "/import/example.csv", Centres: a.Centres(a.Scope), Errors: map[string]string{}}
	_, v.Centre = narrowed(a)
	programmes, err := a.H.Programmes.List(a.R.Context(), a.H.DB)
	if err != nil {
		return v, err
	}
	for _, p := range programmes {
		name, _ := p.Name.In(a.Lang)
		v.Programmes = append(v.Programmes, shell.Option{Value: p.ID.String(), Label: name})
	}
	if len(programmes) == 1 {
		v.Programme = programmes[0].ID.String()
	}
	return v, nil
}

func (im *importer) start(a *door.Ask) error {
	v, err := im.startView(a)
	if err != nil {
		return err
	}
	return a.Render("import/start", v)
}

func (im *importer) receive(a *door.Ask) error {
	a.R.Body = http.MaxBytesReader(a.W, a.R.Body, maxUpload+1<<20)
	// What does not fit into a megabyte waits on the disk.
	ferr := a.R.ParseMultipartForm(1 << 20)
	var in multipart.File
	var head *multipart.FileHeader
	if ferr == nil {
		in, head, ferr = a.R.FormFile("file")
	}
	var tooLarge *http.MaxBytesError
	if errors.As(ferr, &tooLarge) {
		tooLarge.Limit = maxUpload
		return ferr
	}
	v, err := im.startView(a)
	if err != nil {
		return err
	}
	v.Centre, v.Programme = a.R.FormValue("centre"), a.R.FormValue("programme")
	u := upload{Account: a.Actor(), pad: seal.NewPad(), at: a.H.Log.Clock.Now()}
	if u.Centre = a.CentreOf(a.Scope, v.Centre); u.Centre.IsNil() {
		v.Errors["centre"] = a.P.T("people.centre_missing")
	}
	if v.Programme != "" {
		if !shell.Offers(v.Programmes, v.Programme) {
			v.Errors["programme"] = a.P.T("import.programme_unknown")
		} else if u.Programme, err = id.Parse(v.Programme); err != nil {
			return err
		}
	}
	if ferr != nil {
		v.Errors["file"] = a.P.T("import.file_missing")
	}
	if len(v.Errors) > 0 {
		return a.Again("import/start", v)
	}
	defer in.Close()
	u.Name = filepath.Base(strings.ReplaceAll(head.Filename, `\`, "/"))
	if err := os.MkdirAll(im.folder(a), 0o700); err != nil {
		return err
	}
	im.tidy(a)
	raw := make([]byte, 16)
	rand.Read(raw)
	key := hex.EncodeToString(raw)
	f, err := os.OpenFile(filepath.Join(im.folder(a), key), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(u.pad.Writer(f), in)
	if err = errors.Join(err, f.Close()); err != nil {
		im.remove(a, key)
		return err
	}
	cols, err := person.Inspect(im.file(a, key, u), sheet.Options{})
	if err != nil {
		im.remove(a, key)
		if v.Errors["file"] = fileWords(a, err); v.Errors["file"] == "" {
			return err
		}
		return a.Again("import/start", v)
	}
	u.Mapping = cols.Mapping
	im.save(key, u)
	return a.Go("/import/" + key + "/columns")
}

// fileWords says what is wrong with a file, or "" when it is not the file's fault.
func fileWords(a *door.Ask, err error) string {
	var code string
	var args map[string]string
	var se *sheet.Error
	var me *list.MappingError
	switch {
	case errors.As(err, &se):
		code, args = se.Code, se.Args
	case errors.As(err, &me):
		code, args = me.Code, me.Args
	default:
		return ""
	}
	var pairs []any
	for k, v := range args {
		pairs = append(pairs, k, v)
	}
	return a.P.T(code, pairs...)
}

func (im *importer) remove(a *door.Ask, key string) {
	os.Remove(filepath.Join(im.folder(a), key))
	im.mu.Lock()
	defer im.mu.Unlock()
	delete(im.uploads, key)
}

// tidy removes lists that nobody took, and what a process before this one left.
func (im *importer) tidy(a *door.Ask) {
	entries, err := os.ReadDir(im.folder(a))
	if err != nil {
		return
	}
	for _, e := range entries {
		if st, err := e.Info(); err == nil && time.Since(st.ModTime()) > keepUpload {
			os.Remove(filepath.Join(im.folder(a), e.Name()))
		}
	}
	old := a.H.Log.Clock.Now().Add(-keepUpload)
	im.mu.Lock()
	defer im.mu.Unlock()
	for key, u := range im.uploads {
		if u.at.Before(old) {
			delete(im.uploads, key)
			delete(im.jobs, key)
		}
	}
}

func (im *importer) columnsView(a *door.Ask, key string, u upload) (ImportColumns, *person.Columns, error) {
	cols, err := person.Inspect(im.file(a, key, u), sheet.Options{})
	if err != nil {
		return ImportColumns{}, nil, err
	}
	v := ImportColumns{File: u.Name, Action: "/import/" + key + "/columns", CancelURL: "/import/" + key + "/drop", Errors: map[string]string{}}
	for _, f := range list.Fields {
		if f != list.Ignored {
			v.Fields = append(v.Fields, shell.Option{Value: string(f), Label: a.P.T("import.field." + string(f))})
		}
	}
	for i, f := range u.Mapping {
		c := ImportColumn{Index: i, Sure: i < len(cols.Confidence) && cols.Confidence[i] >= .7}
		if i < len(cols.Info.Header) {
			c.Header = cols.Info.Header[i]
		}
		if c.Header == "" {
			c.Header = columnLetter(i)
		}
		if f != list.Ignored {
			c.Field = string(f)
		}
		v.Columns = append(v.Columns, c)
	}
	for i, row := range cols.Sample {
		if i == 5 {
			break
		}
		cells := make([]string, len(u.Mapping))
		copy(cells, row)
		v.Preview = append(v.Preview, cells)
	}
	return v, cols, nil
}

// columnLetter is the name that spreadsheets give a column.
func columnLetter(i int) string {
	if i < 26 {
		return string(rune('A' + i))
	}
	return columnLetter(i/26-1) + string(rune('A'+i%26))
}

// over reports whether a list has been taken, so that only its report is left to see.
func (im *importer) over(key string) bool {
	job := im.job(key)
	if job == nil {
		return false
	}
	job.mu.Lock()
	defer job.mu.Unlock()
	return job.rep != nil && job.err == nil
}

func (im *importer) columns(a *door.Ask) error {
	key, u, err := im.load(a)
	if err != nil {
		return err
	}
	if im.over(key) {
		return a.Go("/import/" + key + "/report")
	}
	v, _, err := im.columnsView(a, key, u)
	if err != nil {
		return err
	}
	showsRows(a, u.Centre, key, len(v.Preview))
	return a.Render("import/columns", v)
}

func (im *importer) columnsGiven(a *door.Ask) error {
	key, u, err := im.load(a)
	if err != nil {
		return err
	}
	if im.over(key) {
		return a.Go("/import/" + key + "/report")
	}
	for i := range u.Mapping {
		u.Mapping[i] = list.Ignored
		if f := a.R.FormValue(fmt.Sprintf("column_%d", i)); f != "" {
			u.Mapping[i] = list.Field(f)
		}
	}
	v, cols, err := im.columnsView(a, key, u)
	if err != nil {
		return err
	}
	if err := u.Mapping.Check(cols.Info.Header); err != nil {
		if v.Errors[""] = fileWords(a, err); v.Errors[""] == "" {
			return err
		}
		return a.Again("import/columns", v)
	}
	im.save(key, u)
	return a.Go("/import/" + key + "/plan")
}

// prepare makes the import of an upload.
func (im *importer) prepare(a *door.Ask, key string, u upload) (person.Import, error) {
	p := person.Import{File: im.file(a, key, u), Mapping: u.Mapping, Centre: u.Centre, Actor: a.Actor(), Today: a.H.Log.Clock.Now()}
	if a.May(access.WriteConsent) {
		text, err := a.H.Consents.Current(a.R.Context(), a.H.DB, consent.Training)
		if err != nil {
			return p, err
		}
		p.Forms = a.H.Consents.Forms(a.Actor(), u.Centre, consent.Training, text.ID, a.Today())
	}
	if u.Programme.IsNil() {
		return p, nil
	}
	phases, err := a.H.Programmes.Phases(a.R.Context(), a.H.DB, u.Programme)
	if err != nil {
		return p, err
	}
	if len(phases) == 0 {
		return p, training.ErrNoPhase
	}
	rules, err := a.H.Programmes.AllVersions(a.R.Context(), a.H.DB, phases)
	if err != nil {
		return p, err
	}
	applying := training.Applying{Phases: phases, Rules: rules, Runs: func(p programme.Phase) bool { return p.Runs(a.Tree, u.Centre) }, On: a.Today()}
	p.Also = applying.Applications(a.Actor(), u.Centre)
	return p, nil
}

func (im *importer) plan(a *door.Ask) error {
	key, u, err := im.load(a)
	if err != nil {
		return err
	}
	if im.over(key) {
		return a.Go("/import/" + key + "/report")
	}
	p, err := im.prepare(a, key, u)
	if err != nil {
		return err
	}
	p.DryRun, p.FormsHeld = true, true // what would be stated if the clerk says so; a column decides for itself
	rep, err := a.H.People.Import(a.R.Context(), p)
	if err != nil {
		v, _, e := im.columnsView(a, key, u)
		if e != nil {
			return e
		}
		if v.Errors[""] = fileWords(a, err); v.Errors[""] == "" {
			return err
		}
		return a.Again("import/columns", v)
	}
	v := ImportPlan{
		File: u.Name, New: rep.Accepted, Updated: rep.Updated, Same: rep.Unchanged, Refused: rep.Refused, Repeated: rep.Repeated,
		Centre: a.PlaceName(u.Centre), Action: "/import/" + key + "/plan", BackURL: "/import/" + key + "/columns", CancelURL: "/import/" + key + "/drop",
		Consents: rep.Consents, AskConsent: rep.Consents > 0 && !slices.Contains(u.Mapping, list.Forms),
	}
	v.Rejects, v.Duplicates = rejects(a, rep), duplicates(a, rep)
	if rep.Refused > 0 {
		v.RejectsURL = "/import/" + key + "/rejects.csv"
	}
	showsRows(a, u.Centre, key, len(rep.New)+len(v.Rejects)+len(v.Duplicates))
	for _, d := range rep.New {
		name, other := a.Names(d)
		v.People = append(v.People, PersonRow{Name: name, Other: other, Sex: d["sex"], Milieu: d["milieu"], Age: a.Age(d["birth"]), Massar: d["massar"]})
	}
	return a.Render("import/plan", v)
}

// showsRows keeps that a list that is brought in showed so many names: of nobody with an id yet.
func showsRows(a *door.Ask, centre id.ID, key string, n int) {
	rows := make([]id.ID, n)
	for i := range rows {
		rows[i] = id.Named("import "+key, strconv.Itoa(i))
	}
	a.ShowsAt(look.Listed, look.Import, map[id.ID][]id.ID{centre: rows})
}

// shownRows bounds the rows that a page lists; the rest is in the file to fetch.
const shownRows = 100

func rejects(a *door.Ask, rep *person.Report) []ImportReject {
	var out []ImportReject
	for _, pr := range rep.Rejected {
		if len(out) == shownRows {
			break
		}
		out = append(out, ImportReject{Line: pr.Row, Name: pr.Value, Column: pr.Column, Reason: a.Sentence(pr)})
	}
	return out
}

func duplicates(a *door.Ask, rep *person.Report) []ImportReject {
	var out []ImportReject
	for _, d := range rep.Duplicates {
		if len(out) == shownRows {
			break
		}
		reason := a.P.T("import.reason.elsewhere")
		if d.First > 0 {
			reason = a.P.T("import.reason.repeated", "row", d.Row, "first", d.First)
		}
		out = append(out, ImportReject{Line: d.Row, Name: d.Name, Reason: reason})
	}
	return out
}

// patience is how long the page waits for a list to be taken before it says that it is at work.
const patience = 2 * time.Second

func (im *importer) take(a *door.Ask) error {
	key, u, err := im.load(a)
	if err != nil {
		return err
	}
	p, err := im.prepare(a, key, u)
	if err != nil {
		return err
	}
	p.FormsHeld = a.R.FormValue("consent") == "yes"
	im.mu.Lock()
	job := im.jobs[key]
	if job == nil {
		job = &importJob{done: make(chan struct{})}
		im.jobs[key] = job
		a.H.Go(func(ctx context.Context) { // whether or not the clerk waits for it
			defer close(job.done)
			p.Progress = func(n int) {
				job.mu.Lock()
				defer job.mu.Unlock()
				job.rows = n
			}
			rep, err := a.H.People.Import(ctx, p)
			if err == nil {
				err = a.H.Training.LetIn(ctx, p.Actor, rep.Held, a.Today())
			}
			if err == nil {
				os.Remove(filepath.Join(im.folder(a), key)) // taken: the names need not lie here too
			}
			job.mu.Lock()
			job.rep, job.err = rep, err
			job.mu.Unlock()
		})
	}
	im.mu.Unlock()
	select {
	case <-job.done:
	case <-time.After(patience):
	}
	return a.Go("/import/" + key + "/report")
}

func (im *importer) job(key string) *importJob {
	im.mu.Lock()
	defer im.mu.Unlock()
	return im.jobs[key]
}

func (im *importer) report(a *door.Ask) error {
	key, u, err := im.load(a)
	if err != nil {
		return err
	}
	job := im.job(key)
	if job == nil { // it is not begun, or failed: the plan says what is left to do
		return a.Go("/import/" + key + "/plan")
	}
	job.mu.Lock()
	defer job.mu.Unlock()
	v := ImportReport{File: u.Name, Centre: a.PlaceName(u.Centre), PeopleURL: door.With("/people", "centre", u.Centre.String()), AgainURL: "/import"}
	v.GroupURL = door.With("/groups/new", "centre", u.Centre.String())
	if job.rep == nil && job.err == nil {
		v.Working, v.Rows = true, job.rows
		a.W.Header().Set("Refresh", "2")
		return a.Render("import/report", v)
	}
	if job.err != nil {
		im.mu.Lock()
		delete(im.jobs, key)
		im.mu.Unlock()
		return job.err
	}
	rep := job.rep
	v.Rows, v.New, v.Updated, v.Same, v.Refused, v.Repeated = rep.Rows, rep.Accepted, rep.Updated, rep.Unchanged, rep.Refused, rep.Repeated
	v.Consents = rep.Consents
	v.Rejects, v.Duplicates = rejects(a, rep), duplicates(a, rep)
	showsRows(a, u.Centre, key, len(v.Rejects)+len(v.Duplicates))
	if rep.Refused > 0 {
		v.RejectsURL = "/import/" + key + "/rejects.csv"
	}
	return a.Render("import/report", v)
}

// rejects gives the rows that were refused as a file to mend, with the reasons.
func (im *importer) rejects(a *door.Ask) error {
	key, u, err := im.load(a)
	if err != nil {
		return err
	}
	var rep *person.Report
	if job := im.job(key); job != nil {
		job.mu.Lock()
		rep = job.rep
		job.mu.Unlock()
	}
	if rep == nil {
		p, err := im.prepare(a, key, u)
		if err != nil {
			return err
		}
		p.DryRun = true
		if rep, err = a.H.People.Import(a.R.Context(), p); err != nil {
			return err
		}
	}
	w := a.CSV("rejets.csv")
	w.Write([]string{a.P.T("import.row"), a.P.T("import.column"), a.P.T("import.value"), a.P.T("import.reason")})
	for _, pr := range rep.Rejected {
		w.Write([]string{fmt.Sprint(pr.Row), pr.Column, door.Cell(pr.Value), a.Sentence(pr)})
	}
	w.Flush()
	return w.Error()
}

func (im *importer) drop(a *door.Ask) error {
	key, _, err := im.load(a)
	if err != nil {
		return err
	}
	im.remove(a, key)
	return a.Go("/people")
}

// example gives a list to fill in.
func example(a *door.Ask) error {
	w := a.CSV("liste-exemple.csv")
	w.Write([]string{"Code Massar", "Nom", "Prénom", "النسب", "الاسم الشخصي", "Date de naissance", "Sexe", "Milieu", "Tél tuteur"})
	w.Write([]string{"R130456789", "AIT HAMMOU", "Tilila", "أيت حمو", "تيليلا", "31/12/2014", "Fille", "rural", "0612345678"})
	w.Write([]string{"", "BENNANI", "Youssef", "بناني", "يوسف", "02/03/2013", "Garçon", "urbain", ""})
	w.Flush()
	return w.Error()
}
