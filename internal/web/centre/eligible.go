package centre

import (
	"errors"
	"slices"

	"tizi/internal/access"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/programme"
	"tizi/internal/training"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

func eligibleRoutes(d *door.Door) {
	d.Handle("GET /people/{person}/appeal/{phase}", access.WriteGroups, appealNew)
	d.Handle("POST /people/{person}/appeal/{phase}", access.WriteGroups, appealNewGiven)
	d.Handle("GET /people/{person}/refusal/{phase}", access.ReadPeople, refusalLetter)
	d.Handle("GET /appeals", access.DecideAppeals, appeals)
	d.Handle("GET /appeals/{appeal}", access.DecideAppeals, appeal)
	d.Handle("POST /appeals/{appeal}", access.DecideAppeals, appealGiven)
}

// Refusals is why phases are not for somebody, and what became of the appeals.
type Refusals struct {
	Rows    []RefusalRow
	Appeals []AppealRow
}

// RefusalRow is a refusal by the rule of a phase.
type RefusalRow struct {
	Programme, Phase i18n.Text
	On               string
	Why              []string
	By               string // who decided the rule
	// AppealURL leads to an appeal, "" where none can be lodged; LetterURL to a page to print.
	AppealURL, LetterURL string
}

// AppealRow is an appeal.
type AppealRow struct {
	Name, PersonURL, URL string
	Programme, Phase     i18n.Text
	By, On, Due          string
	Late                 bool
	Words                string
	State                string // open, accepted or rejected
	Answer, Decided      string
	Decider              string
}

// Appeals is the screen appeals/list.
type Appeals struct {
	Open, Decided []AppealRow
}

// AppealForm is the screen appeals/form. It posts by and words.
type AppealForm struct {
	Name, PersonURL  string
	Programme, Phase i18n.Text
	Why              []string
	By, Words        string
	Days             int
	Action           string
	Errors           map[string]string
}

// Appeal is the screen appeals/appeal. It posts accepted (yes or no) and words.
type Appeal struct {
	AppealRow
	Why             []string
	Accepted, Reply string
	// Own says that the reader lodged it, and so does not decide it.
	Own    bool
	Action string
	Errors map[string]string
}

// Letter is the screen appeals/letter, to print: what a family is told.
type Letter struct {
	RefusalRow
	Name, Other, PersonURL, Birth string
	Centre                        i18n.Text
	Today                         string
	Days                          int
}

// versionsOf are the rules of a group's phase.
func versionsOf(a *door.Ask, c *training.Cohort) (map[id.ID]programme.Rule, error) {
	out := map[id.ID]programme.Rule{}
	ph, err := a.H.Programmes.Phase(a.R.Context(), a.H.DB, c.Phase)
	if err != nil || ph == nil {
		return out, err
	}
	list, err := a.H.Programmes.Versions(a.R.Context(), a.H.DB, *ph)
	for _, v := range list {
		out[v.ID] = v.Rule
	}
	return out, err
}

// phasesNamed are the names of phases that a page named already.
type phasesNamed map[id.ID][2]i18n.Text

// of are the names of a programme and of a phase of it.
func (n phasesNamed) of(a *door.Ask, prog, phase id.ID) (p, ph i18n.Text, err error) {
	x, ok := n[phase]
	if !ok {
		if x[0], x[1], err = phaseNames(a, prog, phase); err == nil {
			n[phase] = x
		}
	}
	return x[0], x[1], err
}

// phaseNames are the names of a programme and of a phase of it.
func phaseNames(a *door.Ask, prog, phase id.ID) (p, ph i18n.Text, err error) {
	x, err := a.H.Programmes.Get(a.R.Context(), a.H.DB, prog)
	if err != nil || x == nil {
		return nil, nil, err
	}
	y, err := a.H.Programmes.Phase(a.R.Context(), a.H.DB, phase)
	if y != nil {
		ph = y.Name
	}
	return x.Name, ph, err
}

// RefusalsOf reads why phases refused somebody whom the reader may see. appealURL leads to an appeal in a phase; letterURL to
// a page to print; either may answer "".
func RefusalsOf(a *door.Ask, p *person.Person, appealURL, letterURL func(phase id.ID) string) (v Refusals, err error) {
	ctx := a.R.Context()
	list, denied, err := a.H.Training.Refusals(ctx, a.H.DB, p.ID)
	if err != nil {
		return v, err
	}
	mine, err := a.H.Training.AppealsOf(ctx, a.H.DB, p.ID)
	if err != nil {
		return v, err
	}
	open, who, phases := map[id.ID]bool{}, door.Names{}, phasesNamed{}
	for _, x := range mine {
		row, err := appealRow(a, x, who, phases)
		if err != nil {
			return v, err
		}
		v.Appeals = append(v.Appeals, row)
		open[x.Phase] = open[x.Phase] || x.State == training.AppealOpen
	}
	for i, r := range list {
		e := denied[i]
		row := RefusalRow{On: e.On, Why: a.Why(r.Version.Rule, r.Grounds, p.Details), By: r.Version.By, LetterURL: letterURL(e.Phase)}
		if row.Programme, row.Phase, err = phases.of(a, e.Programme, e.Phase); err != nil {
			return v, err
		}
		if !open[e.Phase] {
			row.AppealURL = appealURL(e.Phase)
		}
		v.Rows = append(v.Rows, row)
	}
	return v, nil
}

func appealRow(a *door.Ask, x *training.Appeal, who door.Names, phases phasesNamed) (AppealRow, error) {
	row := AppealRow{URL: "/appeals/" + x.ID.String(), PersonURL: "/people/" + x.Person.String(), By: x.By, On: x.On, Due: x.Due, Late: x.State == training.AppealOpen && x.Due < a.Today(), Words: x.Words, State: x.State, Answer: x.Answer, Decided: x.Decided}
	var err error
	if row.Programme, row.Phase, err = phases.of(a, x.Programme, x.Phase); err != nil {
		return row, err
	}
	if !x.Decider.IsNil() {
		row.Decider, err = who.Of(a, x.Decider)
	}
	return row, err
}

// refusal is the refusal of a person of the scope in the phase that the address names.
func refusal(a *door.Ask) (*person.Person, id.ID, RefusalRow, error) {
	p, err := askedPerson(a)
	if err != nil {
		return nil, id.Nil, RefusalRow{}, err
	}
	phase, err := a.ID("phase")
	if err != nil {
		return nil, id.Nil, RefusalRow{}, err
	}
	row, err := RefusalIn(a, p, phase)
	return p, phase, row, err
}

// RefusalIn is why a phase refused somebody, or training.ErrNoRefusal.
func RefusalIn(a *door.Ask, p *person.Person, phase id.ID) (RefusalRow, error) {
	list, denied, err := a.H.Training.Refusals(a.R.Context(), a.H.DB, p.ID)
	if err != nil {
		return RefusalRow{}, err
	}
	for i, e := range denied {
		if e.Phase != phase {
			continue
		}
		row := RefusalRow{On: e.On, Why: a.Why(list[i].Version.Rule, list[i].Grounds, p.Details), By: list[i].Version.By}
		row.Programme, row.Phase, err = phaseNames(a, e.Programme, e.Phase)
		return row, err
	}
	return RefusalRow{}, training.ErrNoRefusal
}

func refusalLetter(a *door.Ask) error {
	p, _, row, err := refusal(a)
	if err != nil {
		return err
	}
	if err := a.H.Looks.Note(a.R.Context(), a.Actor(), look.Read, p.ID); err != nil {
		return err
	}
	v := Letter{RefusalRow: row, PersonURL: "/people/" + p.ID.String(), Centre: a.PlaceName(p.Centre), Today: a.Today(), Days: training.AppealDays, Birth: p.Details["birth"]}
	v.Name, v.Other = a.Names(p.Details)
	return a.Render("appeals/letter", v)
}

func appealView(a *door.Ask) (*person.Person, id.ID, AppealForm, error) {
	p, phase, row, err := refusal(a)
	if err != nil {
		return nil, id.Nil, AppealForm{}, err
	}
	v := AppealForm{PersonURL: "/people/" + p.ID.String(), Programme: row.Programme, Phase: row.Phase, Why: row.Why, Days: training.AppealDays, Action: a.R.URL.Path, Errors: map[string]string{}}
	v.Name, _ = a.Names(p.Details)
	return p, phase, v, nil
}

func appealNew(a *door.Ask) error {
	_, _, v, err := appealView(a)
	if err != nil {
		return err
	}
	return a.Render("appeals/form", v)
}

// WordsFault says what is wrong with the words of an appeal, or "".
func WordsFault(a *door.Ask, err error) string {
	switch {
	case errors.Is(err, training.ErrNoWords):
		return a.P.T("appeal.words_missing")
	case errors.Is(err, training.ErrWordsLong):
		return a.P.T("appeal.words_long", "max", training.MaxAppeal)
	}
	return ""
}

func appealNewGiven(a *door.Ask) error {
	p, phase, v, err := appealView(a)
	if err != nil {
		return err
	}
	v.By, v.Words = a.R.PostFormValue("by"), a.R.PostFormValue("words")
	if !shell.Offers(coded(a, "appeal.by.", training.AppealBy), v.By) {
		v.Errors["by"] = a.P.T("error.choose", "field", a.P.T("appeal.by"))
		return a.Again("appeals/form", v)
	}
	_, err = a.H.Training.Lodge(a.R.Context(), a.Actor(), a.Scope, p.ID, phase, v.By, v.Words, a.Today())
	if f := WordsFault(a, err); f != "" {
		v.Errors["words"] = f
		return a.Again("appeals/form", v)
	}
	if errors.Is(err, training.ErrAppealed) {
		v.Errors[""] = a.P.T("appeal.waits")
		return a.Again("appeals/form", v)
	}
	if err != nil {
		return err
	}
	a.Notify("good", "appeal.lodged")
	return a.Go(v.PersonURL)
}

// appealsPage is how many appeals of each kind a page shows.
const appealsPage = 100

func appeals(a *door.Ask) error {
	ctx := a.R.Context()
	var v Appeals
	open, err := a.H.Training.OpenAppeals(ctx, a.H.DB, a.Scope, appealsPage)
	if err != nil {
		return err
	}
	done, err := a.H.Training.DecidedAppeals(ctx, a.H.DB, a.Scope, appealsPage)
	if err != nil {
		return err
	}
	var ids, deciders []id.ID
	for _, x := range slices.Concat(open, done) {
		ids, deciders = append(ids, x.Person), append(deciders, x.Decider)
	}
	people, err := a.H.People.Of(ctx, a.H.DB, a.Scope, ids)
	if err != nil {
		return err
	}
	a.Shows(look.Listed, look.Appeals, people...)
	named, who, phases := map[id.ID]string{}, door.Names{}, phasesNamed{}
	if err := who.Load(a, deciders); err != nil {
		return err
	}
	for _, p := range people {
		named[p.ID], _ = a.Names(p.Details)
	}
	for _, part := range []struct {
		from []*training.Appeal
		to   *[]AppealRow
	}{{open, &v.Open}, {done, &v.Decided}} {
		for _, x := range part.from {
			row, err := appealRow(a, x, who, phases)
			if err != nil {
				return err
			}
			row.Name = named[x.Person]
			*part.to = append(*part.to, row)
		}
	}
	return a.Render("appeals/list", v)
}

func askedAppeal(a *door.Ask) (*training.Appeal, Appeal, error) {
	ctx := a.R.Context()
	v, err := a.ID("appeal")
	if err != nil {
		return nil, Appeal{}, err
	}
	x, err := a.H.Training.Appeal(ctx, a.H.DB, a.Scope, v)
	if err != nil {
		return nil, Appeal{}, err
	}
	row, err := appealRow(a, x, door.Names{}, phasesNamed{})
	if err != nil {
		return nil, Appeal{}, err
	}
	view := Appeal{AppealRow: row, Own: x.Actor == a.Actor(), Action: a.R.URL.Path, Errors: map[string]string{}}
	people, err := a.H.People.Of(ctx, a.H.DB, a.Scope, []id.ID{x.Person})
	if err != nil {
		return nil, Appeal{}, err
	}
	if len(people) > 0 {
		view.Name, _ = a.Names(people[0].Details)
		if r, err := RefusalIn(a, people[0], x.Phase); err == nil {
			view.Why = r.Why
		} else if !errors.Is(err, training.ErrNoRefusal) {
			return nil, Appeal{}, err
		}
	}
	return x, view, a.H.Looks.Note(ctx, a.Actor(), look.Read, x.Person)
}

func appeal(a *door.Ask) error {
	_, v, err := askedAppeal(a)
	if err != nil {
		return err
	}
	return a.Render("appeals/appeal", v)
}

func appealGiven(a *door.Ask) error {
	x, v, err := askedAppeal(a)
	if err != nil {
		return err
	}
	v.Accepted, v.Reply = a.R.PostFormValue("accepted"), a.R.PostFormValue("words")
	if v.Accepted != "yes" && v.Accepted != "no" {
		v.Errors["accepted"] = a.P.T("error.choose", "field", a.P.T("appeal.decision"))
		return a.Again("appeals/appeal", v)
	}
	err = a.H.Training.DecideAppeal(a.R.Context(), a.Actor(), a.Scope, x.ID, v.Accepted == "yes", v.Reply, a.Today())
	if f := WordsFault(a, err); f != "" {
		v.Errors["words"] = f
		return a.Again("appeals/appeal", v)
	}
	switch {
	case errors.Is(err, training.ErrDecided):
		a.Notify("wait", "appeal.decided_already")
		return a.Go(v.Action)
	case errors.Is(err, training.ErrOwnAppeal):
		v.Errors[""] = a.P.T("appeal.own")
		return a.Again("appeals/appeal", v)
	case err != nil:
		return err
	}
	if v.Accepted == "yes" {
		a.Notify("good", "appeal.decided.accepted")
	} else {
		a.Notify("good", "appeal.decided.rejected")
	}
	return a.Go("/appeals")
}
