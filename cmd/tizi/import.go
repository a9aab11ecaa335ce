package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"tizi/countries"
	"tizi/internal/consent"
	"tizi/internal/fact"
	"tizi/internal/house"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/person/list"
	placearea "tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/sheet"
	"tizi/internal/training"
)

type importCmd struct {
	People    importPeopleCmd    `cmd:"" help:"Take a list of people: CSV or XLSX, as schools send them."`
	Places    importPlacesCmd    `cmd:"" help:"Take places: communes, centres, or a whole country."`
	Course    importCourseCmd    `cmd:"" help:"Take a version of a course: a folder, or a ZIP file of one."`
	Framework importFrameworkCmd `cmd:"" help:"Take a competency framework in the CASE format."`
}

type importPeopleCmd struct {
	place
	File      string            `arg:"" help:"The list: CSV in any usual encoding, or XLSX." type:"path"`
	Centre    string            `help:"The code of the centre that the people belong to." required:"" placeholder:"CODE"`
	Programme string            `help:"The code of a programme that they apply to." placeholder:"CODE"`
	Column    map[string]string `help:"Correct a column: its heading, letter or number, and what it holds." placeholder:"HEADING=FIELD"`
	Sheet     string            `help:"The sheet of a workbook." placeholder:"NAME"`
	FormsHeld bool              `help:"Record a consent to the training for everybody on the list: the centre holds the signed forms. A column of the list says it one by one."`
	By        string            `help:"The login of the account that records it, and answers for it." placeholder:"LOGIN"`
	DryRun    bool              `help:"Say what would happen and write nothing."`
	Lang      string            `help:"The language of reasons: ar, fr, zgh, en." default:"fr" enum:"ar,fr,zgh,en"`
	JSON      bool              `help:"Print the report as JSON."`
}

// Help gives an example.
func (importPeopleCmd) Help() string {
	return "Example:\n  tizi import people liste.xlsx --centre MA-ERR-MJ1 --programme ENFANTS-IA --dry-run\n  tizi import people liste.xlsx --centre MA-ERR-MJ1 --forms-held --by salma\n\nFields for --column: massar, cin, name, first, last, name_ar, first_ar, last_ar, birth_date, birth_year, sex,\nname_latin, first_latin, last_latin,\nphone, guardian_name, guardian_phone, school, level, class, milieu, schooling, commune, address, forms, ignored."
}

// importReport is the JSON of an import.
type importReport struct {
	File       string            `json:"file"`
	DryRun     bool              `json:"dry_run"`
	Rows       int               `json:"rows"`
	Accepted   int               `json:"accepted"`
	Updated    int               `json:"updated"`
	Unchanged  int               `json:"unchanged"`
	Duplicates []importDuplicate `json:"duplicates"`
	Rejected   []importProblem   `json:"rejected"`
	Remarks    []importProblem   `json:"remarks"`
	Skipped    []sheet.Skipped   `json:"skipped"`
	Columns    []importColumn    `json:"columns"`
	More       int               `json:"more"`
	Consents   int               `json:"consents"` // recorded, of those whose signed forms are held
}

type importDuplicate struct {
	Row    int    `json:"row"`
	Of     int    `json:"of_row,omitempty"`
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

type importProblem struct {
	Row    int    `json:"row"`
	Column string `json:"column"`
	Value  string `json:"value"`
	Reason string `json:"reason"`
	Code   string `json:"code"`
}

type importColumn struct {
	Heading string `json:"heading"`
	Field   string `json:"field"`
}

// say turns a problem of a list into a sentence.
func say(p *i18n.Printer, pr list.Problem) string {
	args := []any{"value", pr.Value, "column", pr.Column, "row", pr.Row}
	for k, v := range pr.Args {
		args = append(args, k, v)
	}
	return p.T(pr.Reason, args...)
}

// problems are one entry a row: the first fault, and the sentences of the others behind its own.
func problems(p *i18n.Printer, in []list.Problem) []importProblem {
	out := make([]importProblem, 0, len(in))
	for _, pr := range in {
		if n := len(out); n > 0 && out[n-1].Row == pr.Row {
			out[n-1].Reason += " " + say(p, pr)
			continue
		}
		out = append(out, importProblem{pr.Row, pr.Column, pr.Value, say(p, pr), pr.Reason})
	}
	return out
}

// fileError puts an error of a file into the language of the command.
func fileError(p *i18n.Printer, err error) error {
	var se *sheet.Error
	if errors.As(err, &se) && p.Has(se.Code) {
		var args []any
		for k, v := range se.Args {
			args = append(args, k, v)
		}
		return usageError{errors.New(p.T(se.Code, args...))}
	}
	var me *list.MappingError
	if errors.As(err, &me) && p.Has(me.Code) {
		var args []any
		for k, v := range me.Args {
			args = append(args, k, v)
		}
		return usageError{errors.New(p.T(me.Code, args...))}
	}
	return err
}

func (c *importPeopleCmd) Run(ctx context.Context) error {
	lang, _ := i18n.Parse(c.Lang)
	p := i18n.For(lang)
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	im, err := c.prepare(ctx, p, h)
	if err != nil {
		return fileError(p, err)
	}
	show := progress("rows")
	im.Progress = func(n int) { show(int64(n), 0) }
	rep, err := h.People.Import(ctx, *im)
	if err != nil {
		err = fileError(p, err)
		if rep != nil && rep.Accepted > 0 {
			err = fmt.Errorf("%w\n%d rows were taken before; take the same file again when this is mended, it goes on from there", err, rep.Accepted)
		}
		return err
	}
	if !c.DryRun {
		if err := h.Training.LetIn(ctx, im.Actor, rep.Held, h.Today()); err != nil {
			return err
		}
	}
	if c.JSON {
		return printJSON(c.report(p, rep))
	}
	c.print(p, rep)
	return nil
}

// prepare turns the flags into an import.
func (c *importPeopleCmd) prepare(ctx context.Context, p *i18n.Printer, h *house.House) (*person.Import, error) {
	centre, err := h.Centre(ctx, c.Centre)
	if err != nil {
		return nil, usageError{fmt.Errorf("--centre: %w; see the codes with: tizi status", err)}
	}
	if centre.Type != "centre" {
		return nil, usageError{fmt.Errorf("--centre: %s is a %s; people belong to a centre", centre.Code, centre.Type)}
	}
	im := &person.Import{
		File:   func(o sheet.Options) (*sheet.Reader, error) { return sheet.Open(c.File, o) },
		Centre: centre.ID, Today: h.Log.Clock.Now(), DryRun: c.DryRun, Options: sheet.Options{Sheet: c.Sheet},
	}
	cols, err := person.Inspect(im.File, im.Options)
	if err != nil {
		return nil, err
	}
	im.Mapping = cols.Mapping
	if cols.Info.HeaderRow == 0 && len(c.Column) == 0 {
		// Nobody looks at the columns here, so they are not guessed from their content alone.
		return nil, usageError{errors.New(p.T("import.no_headings"))}
	}
	for column, field := range c.Column {
		if im.Mapping, err = im.Mapping.Correct(cols.Info.Header, column, list.Field(field)); err != nil {
			return nil, err
		}
	}
	if c.By != "" {
		if im.Actor, err = account(ctx, h, c.By); err != nil {
			return nil, err
		}
	}
	if c.Programme != "" {
		if im.Also, err = applicant(ctx, h, im.Actor, c.Programme, centre.ID); err != nil {
			return nil, err
		}
	}
	text, err := h.Consents.Current(ctx, h.DB, consent.Training)
	if err != nil {
		return nil, err
	}
	im.FormsHeld = c.FormsHeld
	im.Forms = h.Consents.Forms(im.Actor, centre.ID, consent.Training, text.ID, h.Today())
	return im, nil
}

// account finds the account that answers for a list by its login.
func account(ctx context.Context, h *house.House, login string) (id.ID, error) {
	l, err := h.Access.List(ctx, h.DB)
	if err != nil {
		return id.Nil, err
	}
	for _, a := range l {
		if strings.EqualFold(a.Login, strings.TrimSpace(login)) && !a.Closed {
			return a.ID, nil
		}
	}
	return id.Nil, usageError{fmt.Errorf("--by: no open account has the login %q", login)}
}

// applicant makes each new person apply to a programme.
func applicant(ctx context.Context, h *house.House, actor id.ID, code string, centre id.ID) (func(id.ID, person.Details) []fact.New, error) {
	prog, err := h.Programmes.Code(ctx, h.DB, code)
	if err != nil {
		return nil, err
	}
	if prog == nil {
		all, err := h.Programmes.List(ctx, h.DB)
		if err != nil {
			return nil, err
		}
		var codes []string
		for _, x := range all {
			codes = append(codes, x.Code)
		}
		return nil, usageError{fmt.Errorf("--programme: no programme has the code %q; there are: %s", code, strings.Join(codes, ", "))}
	}
	phases, err := h.Programmes.Phases(ctx, h.DB, prog.ID)
	if err != nil {
		return nil, err
	}
	rules, err := h.Programmes.AllVersions(ctx, h.DB, phases)
	if err != nil {
		return nil, err
	}
	tree, err := h.Places.Tree(ctx, h.DB)
	if err != nil {
		return nil, err
	}
	a := training.Applying{Phases: phases, Rules: rules, Runs: func(p programme.Phase) bool { return p.Runs(tree, centre) }, On: h.Today()}
	if _, err := a.PhaseFor(nil); err != nil {
		return nil, err
	}
	return a.Applications(actor, centre), nil
}

func (c *importPeopleCmd) report(p *i18n.Printer, rep *person.Report) importReport {
	out := importReport{
		File: c.File, DryRun: c.DryRun, Rows: rep.Rows, Accepted: rep.Accepted, Updated: rep.Updated, Unchanged: rep.Unchanged, Consents: rep.Consents,
		Duplicates: []importDuplicate{}, Rejected: problems(p, rep.Rejected), Remarks: problems(p, rep.Remarked), Skipped: rep.Info.Skipped,
	}
	// What the lists, bounded each, leave out.
	out.More = rep.Repeated - len(rep.Duplicates) + rep.Refused - len(out.Rejected) + max(0, rep.Remarks-len(out.Remarks)) + rep.Info.SkippedCount - len(out.Skipped)
	if out.Skipped == nil {
		out.Skipped = []sheet.Skipped{}
	}
	for _, d := range rep.Duplicates {
		reason := p.T("import.reason.elsewhere")
		if d.First > 0 {
			reason = p.T("import.reason.repeated", "row", d.Row, "first", d.First)
		}
		out.Duplicates = append(out.Duplicates, importDuplicate{d.Row, d.First, d.Name, reason})
	}
	for i, f := range rep.Mapping {
		heading := ""
		if i < len(rep.Info.Header) {
			heading = rep.Info.Header[i]
		}
		out.Columns = append(out.Columns, importColumn{heading, string(f)})
	}
	return out
}

// shown bounds what a terminal is told.
const shown = 20

func (c *importPeopleCmd) print(p *i18n.Printer, rep *person.Report) {
	r := c.report(p, rep)
	for _, col := range r.Columns {
		fmt.Printf("  %-30s → %s\n", col.Heading, p.T("import.field."+col.Field))
	}
	fmt.Printf("%d rows: %d new, %d updated, %d known already, %d repeated, %d rejected\n", r.Rows, r.Accepted, r.Updated, r.Unchanged, rep.Repeated, rep.Refused)
	if r.Consents > 0 {
		fmt.Printf("%d consents to the training, on forms that the centre holds\n", r.Consents)
	}
	for i, x := range r.Rejected {
		if i == shown {
			fmt.Printf("  … and %d more; --json lists them\n", len(r.Rejected)-shown)
			break
		}
		fmt.Printf("  row %d, %s: %s\n", x.Row, x.Column, x.Reason)
	}
	if c.DryRun {
		fmt.Println("nothing was written (--dry-run)")
	}
}

type importPlacesCmd struct {
	place
	File string `arg:"" help:"A CSV of places; countries/README.md says how it is laid out." type:"path"`
	JSON bool   `help:"Print the report as JSON."`
	Lang string `help:"The language of reasons: ar, fr, zgh, en." default:"fr" enum:"ar,fr,zgh,en"`
}

// Help gives an example.
func (importPlacesCmd) Help() string {
	return "Example:\n  tizi import places communes.csv --data /var/lib/tizi"
}

func (c *importPlacesCmd) Run(ctx context.Context) error {
	lang, _ := i18n.Parse(c.Lang)
	p := i18n.For(lang)
	f, err := os.Open(c.File)
	if err != nil {
		return usageError{err}
	}
	defer f.Close()
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	known, err := knownPlaces(ctx, h)
	if err != nil {
		return err
	}
	places, rowErrors, err := countries.ReadPlaces(f, known...)
	if err != nil {
		return usageError{err}
	}
	var ds []placearea.Described
	for _, x := range places {
		ds = append(ds, placearea.FromCountry(x))
	}
	added, changed, err := h.Places.Describe(ctx, id.Nil, ds)
	if err != nil {
		return err
	}
	type rejected struct {
		Row    int    `json:"row"`
		Column string `json:"column"`
		Reason string `json:"reason"`
	}
	rej := []rejected{}
	for _, e := range rowErrors {
		rej = append(rej, rejected{e.Line, e.Column, e.Text(p)})
	}
	if c.JSON {
		return printJSON(map[string]any{"rows": len(places) + len(rej), "accepted": added, "updated": changed, "unchanged": len(places) - added - changed, "rejected": rej})
	}
	fmt.Printf("%d rows: %d new places, %d changed, %d rejected\n", len(places)+len(rej), added, changed, len(rej))
	for _, r := range rej {
		fmt.Printf("  line %d, %s: %s\n", r.Row, r.Column, r.Reason)
	}
	return nil
}

// knownPlaces are the places of the node, so that a file may hang its rows under them.
func knownPlaces(ctx context.Context, h *house.House) ([]countries.Place, error) {
	tree, err := h.Places.Tree(ctx, h.DB)
	if err != nil {
		return nil, err
	}
	var out []countries.Place
	for _, t := range placearea.Types {
		for _, x := range tree.Of(t) {
			k := countries.Place{Code: x.Code, Type: x.Type, Name: x.Name}
			if up := tree.Get(x.Parent); up != nil {
				k.Parent = up.Code
			}
			out = append(out, k)
		}
	}
	return out, nil
}
