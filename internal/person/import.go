package person

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/person/list"
	"tizi/internal/sheet"
	"tizi/internal/store"
)

// File is a list of people that can be read more than once: first to find its columns, then to take it.
type File func(sheet.Options) (*sheet.Reader, error)

// Columns is what was found out about a file before it is taken.
type Columns struct {
	Info       sheet.Info
	Mapping    list.Mapping
	Confidence []float64  // of each column, 0 to 1
	Sample     [][]string // the first rows
}

// sampleRows is how many rows are looked at to know the columns.
const sampleRows = 60

// Inspect finds the columns of a file.
func Inspect(f File, opt sheet.Options) (*Columns, error) {
	opt.Known = list.Known
	r, err := f(opt)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	c := &Columns{}
	for len(c.Sample) < sampleRows {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		c.Sample = append(c.Sample, append([]string(nil), row.Cells...))
	}
	c.Info = r.Info()
	c.Mapping, c.Confidence = list.Guess(c.Info.Header, c.Sample)
	return c, nil
}

// Import says how a file is to be taken.
type Import struct {
	File    File
	Options sheet.Options
	Mapping list.Mapping // nil: as Inspect finds it
	Centre  id.ID
	Actor   id.ID
	Today   time.Time
	DryRun  bool // find out, write nothing
	// Also adds facts about each new person to the same transaction: an application to a programme.
	Also func(p id.ID, d Details) []fact.New
	// FormsHeld says that the centre holds the signed form of everybody on the list. Where the list has a column for it,
	// the column decides.
	FormsHeld bool
	// Forms, which may be nil, states the consents of those whose forms are held, in the same transaction, and in a dry
	// run says what it would state.
	Forms func(ctx context.Context, q store.Querier, l []Formed) ([]fact.New, error)
	// Progress, which may be nil, is told after each chunk how many rows are done.
	Progress func(rows int)
}

// Formed is somebody whose signed form the centre holds.
type Formed struct {
	Person id.ID
	Birth  string
	New    bool // nothing was said of the person before
}

// MaxListed bounds each list of a Report; beyond it rows are only counted.
const MaxListed = 10_000

// Report is what became of a file. Rows = Accepted + Updated + Unchanged + duplicates + rejected.
type Report struct {
	Rows      int
	Accepted  int // new people
	Updated   int // people known already, of whom the file told something new
	Unchanged int // people known already, just so
	Repeated  int // rows that repeat another row, or name somebody known at another centre
	Refused   int // rows with a fault
	Remarks   int // rows taken without one of their values
	Consents  int // consents stated, of those whose forms are held

	Duplicates []Duplicate
	Rejected   []list.Problem
	Remarked   []list.Problem
	Info       sheet.Info
	Mapping    list.Mapping
	Held       []id.ID   // people known already whose forms are held: some may have waited for that
	New        []Details // in a dry run, the first of those who would be taken
}

// Duplicate is a row that was neither taken nor rejected.
type Duplicate struct {
	Row    int
	First  int   // the row of the file that it repeats, or 0
	Person id.ID // who it is, when known at another centre
	Name   string
}

// importChunk is how many rows share a transaction.
const importChunk = 500

// previewed is how many new people a dry run shows.
const previewed = 20

// Import takes a list of people. A wrong row is rejected alone. What was taken before a fault of the disk or a cut of
// power stands, and taking the same file again goes on where it ended.
func (p *People) Import(ctx context.Context, im Import) (*Report, error) {
	if im.Mapping == nil {
		c, err := Inspect(im.File, im.Options)
		if err != nil {
			return nil, err
		}
		im.Mapping = c.Mapping
	}
	im.Options.Known = list.Known
	src, err := im.File(im.Options)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	rep := &Report{Mapping: im.Mapping}
	rd, err := list.NewReader(im.Mapping, src.Info().Header, im.Today)
	if err != nil {
		return nil, err
	}
	im.FormsHeld = im.FormsHeld && !slices.Contains(im.Mapping, list.Forms)
	var seen list.Seen
	var chunk []list.Entry
	flush := func() error {
		if len(chunk) == 0 {
			return nil
		}
		err := p.take(ctx, &im, chunk, rep)
		chunk = chunk[:0]
		if im.Progress != nil {
			im.Progress(rep.Rows)
		}
		return err
	}
	for {
		e, problems, err := rd.Next(src)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return rep, err
		}
		if err := ctx.Err(); err != nil {
			return rep, err
		}
		rep.Rows++
		fatal := false
		for _, pr := range problems {
			if pr.Fatal {
				fatal = true
				if len(rep.Rejected) < MaxListed {
					rep.Rejected = append(rep.Rejected, pr)
				}
			} else if len(rep.Remarked) < MaxListed {
				rep.Remarked = append(rep.Remarked, pr)
			}
		}
		if fatal {
			rep.Refused++
			continue
		}
		if len(problems) > 0 {
			rep.Remarks++
		}
		if first := seen.Check(&e); first > 0 {
			rep.duplicate(Duplicate{Row: e.Row, First: first, Name: strings.TrimSpace(e.NameLatin.Full + " " + e.NameAr.Full)})
			continue
		}
		e.Cells = nil
		if chunk = append(chunk, e); len(chunk) == importChunk {
			if err := flush(); err != nil {
				return rep, err
			}
		}
	}
	err = flush()
	rep.Info = src.Info()
	return rep, err
}

func (r *Report) duplicate(d Duplicate) {
	r.Repeated++
	if len(r.Duplicates) < MaxListed {
		r.Duplicates = append(r.Duplicates, d)
	}
}

// verdict is what becomes of one entry.
type verdict struct {
	details   Details
	known     *Person // nil: new
	held      bool    // the signed form
	as        id.ID   // of a new person
	elsewhere bool
	change    Details
}

// take decides about a chunk and, unless it is a dry run, writes it.
func (p *People) take(ctx context.Context, im *Import, chunk []list.Entry, rep *Report) error {
	stream := Stream(im.Centre)
	var vs []verdict
	var agreed []fact.New
	if im.DryRun {
		var err error
		if vs, err = p.judge(ctx, p.log.DB, im.Centre, chunk); err != nil {
			return err
		}
		if agreed, err = im.agreed(ctx, p.log.DB, vs); err != nil {
			return err
		}
	} else {
		keys := []id.ID{id.Named("import", stream)}
		for i := range chunk {
			keys = append(keys, p.claims(Details{"massar": chunk[i].Massar, "cin": chunk[i].CIN})...)
		}
		_, err := p.log.Do(ctx, fact.Command{Name: "import people", Stream: stream, Keys: keys, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
			var out fact.Outcome
			var err error
			if vs, err = p.judge(ctx, q, im.Centre, chunk); err != nil {
				return out, err
			}
			// Rows of one person make one fact: two would not have seen each other, and a later row corrects an earlier one.
			changes := map[id.ID]Details{}
			var changed []id.ID
			for _, v := range vs {
				switch {
				case v.elsewhere:
				case v.known == nil:
					k, err := p.log.Keys.New(v.as, stream)
					if err != nil {
						return out, err
					}
					n, err := stated(KindRegistered, k, stream, im.Actor, v.details, nil)
					if err != nil {
						return out, err
					}
					out.Keys = append(out.Keys, k)
					out.Facts = append(out.Facts, n)
					if im.Also != nil {
						out.Facts = append(out.Facts, im.Also(k.Person, v.details)...)
					}
				case len(v.change) > 0:
					if changes[v.known.ID] == nil {
						changes[v.known.ID] = Details{}
						changed = append(changed, v.known.ID)
					}
					maps.Copy(changes[v.known.ID], v.change)
				}
			}
			for _, who := range changed {
				n, err := p.edit(ctx, q, im.Actor, access.At(im.Centre), who, changes[who])
				if err != nil {
					return out, err
				}
				out.Facts = append(out.Facts, n...)
			}
			if agreed, err = im.agreed(ctx, q, vs); err != nil {
				return out, err
			}
			out.Facts = append(out.Facts, agreed...)
			return out, nil
		}})
		if err != nil {
			return err
		}
	}
	rep.Consents += len(agreed)
	for i, v := range vs {
		if v.held && v.known != nil && !v.elsewhere {
			rep.Held = append(rep.Held, v.known.ID)
		}
		switch {
		case v.elsewhere:
			rep.duplicate(Duplicate{Row: chunk[i].Row, Person: v.known.ID, Name: v.details.Name(false)})
		case v.known == nil:
			rep.Accepted++
			if im.DryRun && len(rep.New) < previewed {
				rep.New = append(rep.New, v.details)
			}
		case len(v.change) > 0:
			rep.Updated++
		default:
			rep.Unchanged++
		}
	}
	return nil
}

// agreed states consents of a chunk, each person's once.
func (im *Import) agreed(ctx context.Context, q store.Querier, vs []verdict) ([]fact.New, error) {
	if im.Forms == nil {
		return nil, nil
	}
	var l []Formed
	seen := map[id.ID]bool{}
	for i := range vs {
		v := &vs[i]
		if v.held = v.held || im.FormsHeld; !v.held || v.elsewhere {
			continue
		}
		f := Formed{v.as, v.details["birth"], true}
		if v.known != nil {
			f = Formed{v.known.ID, v.known.Details["birth"], false}
		}
		if !seen[f.Person] {
			seen[f.Person] = true
			l = append(l, f)
		}
	}
	if len(l) == 0 {
		return nil, nil
	}
	return im.Forms(ctx, q, l)
}

// judge finds out, for each entry, who it is, in their order: each is compared with what those before it told.
func (p *People) judge(ctx context.Context, q store.Querier, centre id.ID, chunk []list.Entry) ([]verdict, error) {
	vs := make([]verdict, len(chunk))
	var sets [][]any
	var of []int
	for i := range chunk {
		vs[i].details, vs[i].as, vs[i].held = detailsOf(&chunk[i]), id.New(), chunk[i].Forms
		for _, k := range vs[i].details.keys() {
			sets = append(sets, []any{k})
			of = append(of, i)
		}
	}
	type hit struct {
		key    string
		person id.ID
	}
	hits := make([][]hit, len(chunk))
	var persons []id.ID
	err := store.Many(ctx, q, "SELECT key, person FROM person_key WHERE key = ?", sets, func(i int, r store.Row) error {
		var h hit
		err := r.Scan(&h.key, &h.person)
		hits[of[i]] = append(hits[of[i]], h)
		persons = append(persons, h.person)
		return err
	})
	if err != nil || len(persons) == 0 {
		return vs, err
	}
	found, err := p.Of(ctx, q, access.Everywhere(), persons)
	if err != nil {
		return nil, err
	}
	byID := map[id.ID]*Person{}
	for _, x := range found {
		byID[x.ID] = x
	}
	for i := range vs {
		v := &vs[i]
		best := -1
		for _, h := range hits[i] {
			x := byID[h.person]
			if x == nil {
				continue
			}
			if s := strength(h.key, v.details, x, centre); s > best {
				best, v.known = s, x
			}
		}
		if best < 0 {
			v.known = nil
			continue
		}
		if v.known.Centre != centre {
			v.elsewhere = true
			continue
		}
		v.change = news(v.known.Details, v.details)
		// A row may name one person by one code and another by the other; what is known of the other stands.
		for _, h := range hits[i] {
			for f, prefix := range map[Field]string{"massar": list.KeyMassar, "cin": list.KeyCIN} {
				if h.person != v.known.ID && strings.HasPrefix(h.key, prefix) {
					delete(v.change, f)
				}
			}
		}
		maps.Copy(v.known.Details, v.change)
	}
	return vs, nil
}

// strength says how surely an entry is a known person: 2 by Massar code, 1 by CIN, 0 by name, birth and sex, -1 not. A
// stronger code that both have and that differs says that they are two. By name alone only the own centre is searched:
// the country has many of one name and birth date.
func strength(key string, d Details, x *Person, centre id.ID) int {
	differ := func(f Field) bool { return d[f] != "" && x.Details[f] != "" && d[f] != x.Details[f] }
	switch {
	case strings.HasPrefix(key, list.KeyMassar):
		return 2
	case differ("massar"):
		return -1
	case strings.HasPrefix(key, list.KeyCIN):
		return 1
	case differ("cin") || x.Centre != centre:
		return -1
	}
	return 0
}

// news returns what d tells beyond what is known. A name written another way is no news.
func news(known, d Details) Details {
	change := Details{}
	for f, v := range d {
		was := known[f]
		if v == "" || v == was {
			continue
		}
		if strings.Contains(f, "name") || strings.HasPrefix(f, "first_") || strings.HasPrefix(f, "last_") {
			if was != "" && list.NormaliseName(v) == list.NormaliseName(was) {
				continue
			}
			// One file has the whole name in a column, another in two: the same name all the same.
			if script := f[strings.LastIndexByte(f, '_')+1:]; script == "ar" && sameWords(known.Arabic(), d.Arabic()) || script == "latin" && sameWords(known.Latin(), d.Latin()) {
				continue
			}
		}
		if f == "birth" && len(v) < len(was) && strings.HasPrefix(was, v) {
			continue // the year of a date that is known
		}
		change[f] = v
	}
	return change
}

func sameWords(a, b string) bool {
	x, y := Details{"name_latin": a}.tokens(), Details{"name_latin": b}.tokens()
	return a != "" && strings.Join(x, " ") == strings.Join(y, " ")
}

// schoolings are the states that are counted, by the words of a list.
var schoolings = map[string]string{
	list.InSchool: "in_school", list.OutOfSchool: "out_of_school", list.DroppedOut: "out_of_school", list.NeverSchooled: "never",
	"never": "never", "graduate": "graduate",
}

// detailsOf turns an entry of a list into details.
func detailsOf(e *list.Entry) Details {
	d := Details{
		"birth": e.Birth, "sex": e.Sex, "massar": e.Massar, "cin": e.CIN, "phone": e.Phone, "guardian_name": e.GuardianName,
		"guardian_phone": e.GuardianPhone, "school": e.School, "level": strings.TrimSpace(e.Level + " " + e.Class), "milieu": e.Milieu,
		"schooling": schoolings[e.Schooling], "category": e.Category, "diploma": e.Diploma, "commune": e.Commune, "address": e.Address,
	}
	for script, n := range map[string]list.Name{"ar": e.NameAr, "latin": e.NameLatin} {
		if n.First != "" || n.Last != "" {
			d["first_"+script], d["last_"+script] = n.First, n.Last
		} else {
			d["name_"+script] = n.Full
		}
	}
	for f, v := range d {
		if v == "" {
			delete(d, f)
		}
	}
	return d
}

// entry is the other way, as far as keys need it.
func (d Details) entry() *list.Entry {
	return &list.Entry{
		NameAr: list.Name{Full: d.Arabic()}, NameLatin: list.Name{Full: d.Latin()}, Massar: d["massar"], CIN: d["cin"],
		Birth: d["birth"], Sex: d["sex"], Phone: d["phone"], GuardianName: d["guardian_name"], GuardianPhone: d["guardian_phone"],
		School: d["school"], Level: d["level"], Commune: d["commune"],
	}
}

// Normalise puts what was typed into a form in the shape in which it is kept, and says what is wrong with which field.
// today is an ISO date.
func (d Details) Normalise(today string) (Details, map[Field]list.Fault) {
	out, faults := Details{}, map[Field]list.Fault{}
	fault := func(f Field, err error) {
		var ft list.Fault
		if errors.As(err, &ft) {
			faults[f] = ft
		}
	}
	for f, v := range d {
		v = strings.Join(strings.Fields(v), " ")
		out[f] = v
		if v == "" {
			continue
		}
		var err error
		switch f {
		case "birth":
			if len(v) == 4 && v >= "1900" && v <= today[:4] {
				break
			}
			if out[f], err = list.ParseDate(v); err == nil && out[f] > today {
				err = list.BirthFuture
			}
		case "sex":
			out[f], err = list.ParseSex(v)
		case "massar":
			out[f], err = list.ParseMassar(v)
		case "cin":
			out[f], err = list.ParseCIN(v)
		case "phone", "guardian_phone":
			out[f], err = list.ParsePhone(v)
		case "texts": // whatever was said, it was said against them
			out[f] = NoTexts
		case "milieu":
			out[f], err = list.ParseMilieu(v)
		case "schooling":
			if schoolings[v] == "" {
				v, err = list.ParseSchooling(v)
			}
			out[f] = schoolings[v]
		case "category":
			out[f], err = list.ParseCategory(v)
		case "diploma":
			out[f], err = list.ParseDiploma(v)
		default:
			if len([]rune(v)) > 200 {
				err = list.NameLong
			}
		}
		if err != nil {
			fault(f, err)
		}
	}
	if out.Name(false) == "" {
		faults["first_latin"] = list.NameMissing
	}
	return out, faults
}

// String is a person's name, for logs of tests; a program's own log never names anybody.
func (d Details) String() string { return fmt.Sprint(d.Name(false)) }
