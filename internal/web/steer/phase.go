package steer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/programme"
	"tizi/internal/store"
	"tizi/internal/training"
	"tizi/internal/web/door"
)

// phaseYears is how far from today the days of a phase may lie.
const phaseYears = 20

// yearsFrom is the day some years after another one.
func yearsFrom(day string, years int) string {
	t, _ := time.Parse(time.DateOnly, day) // today
	return t.AddDate(years, 0, 0).Format(time.DateOnly)
}

func phaseRoutes(d *door.Door) {
	d.Handle("GET /programmes/{code}", access.WriteProgrammes, programmeEdit)
	d.Handle("POST /programmes/{code}", access.WriteProgrammes, programmeEditGiven)
	d.Handle("GET /programmes/{code}/withdraw", access.WriteProgrammes, programmeWithdraw)
	d.Handle("POST /programmes/{code}/withdraw", access.WriteProgrammes, programmeWithdrawn)
	d.Handle("POST /programmes/{code}/restore", access.WriteProgrammes, programmeRestored)
	d.Handle("GET /programmes/{code}/phases", access.WriteProgrammes, phases)
	d.Handle("GET /programmes/{code}/phases/new", access.WriteProgrammes, phaseEdit)
	d.Handle("POST /programmes/{code}/phases/new", access.WriteProgrammes, phaseEditGiven)
	d.Handle("GET /programmes/{code}/phases/{phase}", access.WriteProgrammes, phaseEdit)
	d.Handle("POST /programmes/{code}/phases/{phase}", access.WriteProgrammes, phaseEditGiven)
	d.Handle("GET /programmes/{code}/phases/{phase}/rule", access.WriteProgrammes, rule)
	d.Handle("POST /programmes/{code}/phases/{phase}/rule", access.WriteProgrammes, ruleGiven)
}

// ProgrammeEdit is the screen programmes/edit. It posts name_fr, name_ar, name_zgh, name_en and pillar, for each one.
type ProgrammeEdit struct {
	Code                            string
	NameFR, NameAR, NameZGH, NameEN string
	Pillars                         []Choice
	Action, BackURL, WithdrawURL    string
	Errors                          map[string]string
}

// Choice is one of several that can be ticked.
type Choice struct {
	Value string
	Name  i18n.Text // what it is called, or
	Key   string    // by which message
	On    bool
}

// Phases is the screen programmes/phases.
type Phases struct {
	Programme       i18n.Text
	Rows            []PhaseCard
	NewURL, EditURL string
}

// PhaseCard is a phase with its rules, the one in force first.
type PhaseCard struct {
	PhaseRow
	Places           []i18n.Text
	Versions         []VersionRow
	EditURL, RuleURL string
}

// VersionRow is a version of a rule.
type VersionRow struct {
	N        int
	From, By string
	InForce  bool
	Asks     []string // in words; none: everybody
}

// PhaseForm is the screen programmes/phase. It posts name_fr, name_ar, from, to, planned, place, for each one, and despite.
type PhaseForm struct {
	New             bool
	Programme       i18n.Text
	NameFR, NameAR  string
	From, To        string
	Planned         string // yes or ""
	Places          []Choice
	Overlaps        []i18n.Text // phases that somebody could be in at the same time; AskDespite then
	AskDespite      bool
	Despite         string
	Action, BackURL string
	Errors          map[string]string
}

// RuleForm is the screen programmes/rule. It posts from, by, age_min, age_max, age_on, sex, milieu, diploma, and schooling and
// category, for each one.
type RuleForm struct {
	Programme, Phase       i18n.Text
	From, By               string
	AgeMin, AgeMax, AgeOn  string
	Sex, Milieu, Diploma   string
	Schoolings, Categories []Choice
	AskDespite             bool // somebody could be in one of Overlaps too
	Despite                string
	Overlaps               []i18n.Text
	Action, BackURL        string
	Errors                 map[string]string
}

func programmeOf(a *door.Ask) (*programme.Programme, error) {
	p, err := a.H.Programmes.Code(a.R.Context(), a.H.DB, a.R.PathValue("code"))
	if err == nil && p == nil {
		err = fs.ErrNotExist
	}
	return p, err
}

// ticks are codes with those ticked that are chosen.
func ticks(key string, codes, chosen []string) (out []Choice) {
	for _, c := range codes {
		out = append(out, Choice{Value: c, Key: key + "." + c, On: slices.Contains(chosen, c)})
	}
	return out
}

func programmeEditView(a *door.Ask) (*programme.Programme, ProgrammeEdit, error) {
	p, err := programmeOf(a)
	if err != nil {
		return nil, ProgrammeEdit{}, err
	}
	return p, ProgrammeEdit{Code: p.Code, NameFR: p.Name[i18n.FR], NameAR: p.Name[i18n.AR], NameZGH: p.Name[i18n.ZGH], NameEN: p.Name[i18n.EN], Pillars: ticks("pillar", programme.Pillars, p.Pillars),
		Action: a.R.URL.Path, BackURL: "/programmes/" + p.Code + "/phases", WithdrawURL: "/programmes/" + p.Code + "/withdraw", Errors: map[string]string{}}, nil
}

func programmeEdit(a *door.Ask) error {
	_, v, err := programmeEditView(a)
	if err != nil {
		return err
	}
	return a.Render("programmes/edit", v)
}

// texts reads a name in the four languages, and says what is wrong with it.
func texts(a *door.Ask, field string, errs map[string]string, missing string) i18n.Text {
	t := i18n.Text{}
	for l, suffix := range map[i18n.Lang]string{i18n.FR: "_fr", i18n.AR: "_ar", i18n.ZGH: "_zgh", i18n.EN: "_en"} {
		s := strings.TrimSpace(a.R.PostFormValue(field + suffix))
		if long := a.TooLong(s); long != "" {
			errs[field+suffix] = long
		}
		if s != "" {
			t[l] = s
		}
	}
	if t[i18n.FR] == "" && t[i18n.AR] == "" {
		errs[field+"_fr"] = a.P.T(missing)
	}
	return t
}

func programmeEditGiven(a *door.Ask) error {
	p, v, err := programmeEditView(a)
	if err != nil {
		return err
	}
	name := texts(a, "name", v.Errors, "programmes.name_missing")
	v.NameFR, v.NameAR, v.NameZGH, v.NameEN = a.R.PostFormValue("name_fr"), a.R.PostFormValue("name_ar"), a.R.PostFormValue("name_zgh"), a.R.PostFormValue("name_en")
	pillars := a.R.PostForm["pillar"]
	if !known(pillars, programme.Pillars) {
		v.Errors["pillar"] = a.P.T("error.choose", "field", a.P.T("pillars"))
	}
	v.Pillars = ticks("pillar", programme.Pillars, pillars)
	if len(v.Errors) > 0 {
		return a.Again("programmes/edit", v)
	}
	slices.SortFunc(pillars, func(x, y string) int { return slices.Index(programme.Pillars, x) - slices.Index(programme.Pillars, y) })
	if _, err := a.H.Programmes.Set(a.R.Context(), a.Actor(), programme.Plan{Programme: programme.Opened{Code: p.Code, Name: name, Place: p.Place, Pillars: slices.Compact(pillars)}}); err != nil {
		return err
	}
	a.Notify("good", "common.saved")
	return a.Go(v.BackURL)
}

func known(typed, offered []string) bool {
	return !slices.ContainsFunc(typed, func(s string) bool { return !slices.Contains(offered, s) })
}

func phases(a *door.Ask) error {
	ctx := a.R.Context()
	p, err := programmeOf(a)
	if err != nil {
		return err
	}
	self := "/programmes/" + p.Code
	v := Phases{Programme: p.Name, NewURL: self + "/phases/new", EditURL: self}
	list, err := a.H.Programmes.Phases(ctx, a.H.DB, p.ID)
	if err != nil {
		return err
	}
	all, err := a.H.Programmes.AllVersions(ctx, a.H.DB, list)
	if err != nil {
		return err
	}
	for _, ph := range list {
		card := PhaseCard{PhaseRow: PhaseRow{Name: ph.Name, From: ph.From, To: ph.To, AgeMin: ph.AgeMin, AgeMax: ph.AgeMax, Planned: ph.Planned}, EditURL: self + "/phases/" + ph.ID.String()}
		card.RuleURL = card.EditURL + "/rule"
		for _, x := range ph.Places {
			card.Places = append(card.Places, a.PlaceName(x))
		}
		versions := all[ph.ID]
		now := programme.InForce(versions, a.Today())
		for _, x := range slices.Backward(versions) {
			var asked []string
			for _, g := range programme.Grounds {
				if v := x.Rule.Judge(programme.Traits{}); slices.Contains(v.Unknown, g) {
					asked = append(asked, g)
				}
			}
			card.Versions = append(card.Versions, VersionRow{N: x.N, From: x.From, By: x.By, InForce: x.N == now.N, Asks: a.Why(x.Rule, asked, nil)})
		}
		v.Rows = append(v.Rows, card)
	}
	return a.Render("programmes/phases", v)
}

// phaseView is the form of the phase that the address names, or of a new one.
func phaseView(a *door.Ask) (*programme.Programme, []programme.Phase, programme.Phase, PhaseForm, error) {
	fail := func(err error) (*programme.Programme, []programme.Phase, programme.Phase, PhaseForm, error) {
		return nil, nil, programme.Phase{}, PhaseForm{}, err
	}
	p, err := programmeOf(a)
	if err != nil {
		return fail(err)
	}
	list, err := a.H.Programmes.Phases(a.R.Context(), a.H.DB, p.ID)
	if err != nil {
		return fail(err)
	}
	v := PhaseForm{New: a.R.PathValue("phase") == "", Programme: p.Name, Action: a.R.URL.Path, BackURL: "/programmes/" + p.Code + "/phases", Errors: map[string]string{}}
	ph := programme.Phase{Programme: p.ID}
	if v.New {
		for n := len(list) + 1; ; n++ {
			if ph.Code = strconv.Itoa(n); !slices.ContainsFunc(list, func(x programme.Phase) bool { return x.Code == ph.Code }) {
				break
			}
		}
		ph.ID = programme.PhaseID(p.ID, ph.Code)
	} else if ph, err = phaseOf(a, p); err != nil {
		return fail(err)
	}
	v.NameFR, v.NameAR, v.From, v.To = ph.Name[i18n.FR], ph.Name[i18n.AR], ph.From, ph.To
	if ph.Planned {
		v.Planned = "yes"
	}
	v.Places = placeChoices(a, p, ph.Places)
	return p, list, ph, v, nil
}

func phaseOf(a *door.Ask, p *programme.Programme) (programme.Phase, error) {
	v, err := a.ID("phase")
	if err != nil {
		return programme.Phase{}, err
	}
	ph, err := a.H.Programmes.Phase(a.R.Context(), a.H.DB, v)
	if err == nil && (ph == nil || ph.Programme != p.ID) {
		err = fs.ErrNotExist
	}
	if err != nil {
		return programme.Phase{}, err
	}
	return *ph, nil
}

// fewCentres is up to how many centres a form offers each by itself; of a country with more, regions.
const fewCentres = 60

// placeChoices are the regions and centres where a phase can run.
func placeChoices(a *door.Ask, p *programme.Programme, chosen []id.ID) (out []Choice) {
	for _, typ := range []string{"region", "centre"} {
		of := a.Tree.Of(typ)
		for _, x := range of {
			on := slices.Contains(chosen, x.ID)
			if (on || typ == "region" || len(of) <= fewCentres) && a.Tree.Holds(p.Place, x.ID) {
				out = append(out, Choice{Value: x.ID.String(), Name: x.Name, On: on})
			}
		}
	}
	return out
}

func phaseEdit(a *door.Ask) error {
	_, _, _, v, err := phaseView(a)
	if err != nil {
		return err
	}
	return a.Render("programmes/phase", v)
}

// day reads a date that was typed.
func day(a *door.Ask, field string) (string, bool) {
	s := door.Digits(strings.TrimSpace(a.R.PostFormValue(field)))
	_, err := time.Parse(time.DateOnly, s)
	return s, err == nil
}

func phaseEditGiven(a *door.Ask) error {
	p, list, ph, v, err := phaseView(a)
	if err != nil {
		return err
	}
	name := texts(a, "name", v.Errors, "programmes.phase_missing")
	for _, l := range []i18n.Lang{i18n.ZGH, i18n.EN} { // which the form does not ask for
		if ph.Name[l] != "" {
			name[l] = ph.Name[l]
		}
	}
	v.NameFR, v.NameAR, v.Planned, v.Despite = a.R.PostFormValue("name_fr"), a.R.PostFormValue("name_ar"), a.R.PostFormValue("planned"), a.R.PostFormValue("despite")
	var ok1, ok2 bool
	if v.From, ok1 = day(a, "from"); !ok1 {
		v.Errors["from"] = a.P.T("groups.date_wrong")
	}
	if v.To, ok2 = day(a, "to"); !ok2 {
		v.Errors["to"] = a.P.T("groups.date_wrong")
	}
	if ok1 && ok2 && v.To < v.From {
		v.Errors["to"] = a.P.T("groups.ends_before")
	}
	// A slip of the year would give every list of months thousands of them.
	first, last := yearsFrom(a.Today(), -phaseYears), yearsFrom(a.Today(), phaseYears)
	for field, at := range map[string]string{"from": v.From, "to": v.To} {
		if v.Errors[field] == "" && (at < first || at > last) {
			v.Errors[field] = a.P.T("programmes.phase_far", "from", a.P.Date(first), "to", a.P.Date(last))
		}
	}
	typed := a.R.PostForm["place"]
	var offered []string
	for _, c := range v.Places {
		offered = append(offered, c.Value)
	}
	var places []id.ID
	if !known(typed, offered) {
		v.Errors["place"] = a.P.T("error.choose", "field", a.P.T("programmes.places"))
	} else {
		for _, c := range v.Places { // in the order of the form, each once
			if slices.Contains(typed, c.Value) {
				places = append(places, id.MustParse(c.Value))
			}
		}
	}
	v.Places = placeChoices(a, p, places)
	if len(v.Errors) > 0 {
		return a.Again("programmes/phase", v)
	}
	ph.Name, ph.From, ph.To, ph.Planned, ph.Places = name, v.From, v.To, v.Planned == "yes", places
	if !v.New { // who a new one is for is asked next
		if v.Overlaps, err = overlaps(a, ph, list, nil); err != nil {
			return err
		}
	}
	if len(v.Overlaps) > 0 && v.Despite != "yes" {
		v.AskDespite, v.Errors["despite"] = true, a.P.T("programmes.overlap_confirm")
		return a.Again("programmes/phase", v)
	}
	_, err = a.H.Programmes.Set(a.R.Context(), a.Actor(), programme.Plan{Programme: programme.Opened{Code: p.Code, Name: p.Name, Place: p.Place, Pillars: p.Pillars},
		Phases: []programme.PhaseOpened{{Code: ph.Code, Name: ph.Name, From: ph.From, To: ph.To, AgeMin: ph.AgeMin, AgeMax: ph.AgeMax, Planned: ph.Planned, Places: ph.Places}},
		May:    func(ctx context.Context, q store.Querier) error { return a.H.Training.PhaseHolds(ctx, q, a.Tree, ph) }})
	var days *training.DaysError
	var groups *training.GroupsError
	switch {
	case errors.As(err, &days):
		v.Errors["from"] = a.P.T("programmes.phase_sessions", "from", a.P.Date(days.From), "to", a.P.Date(days.To))
		return a.Again("programmes/phase", v)
	case errors.As(err, &groups):
		v.Errors["from"] = a.P.T("programmes.phase_groups", "n", groups.N, "groups", a.P.List(groups.Names))
		return a.Again("programmes/phase", v)
	case err != nil:
		return err
	}
	a.Notify("good", "common.saved")
	if v.New {
		return a.Go("/programmes/" + p.Code + "/phases/" + ph.ID.String() + "/rule")
	}
	return a.Go(v.BackURL)
}

// overlaps names the phases of a programme that somebody could be in beside one of them; anew is its rule where that is about to be
// decided.
func overlaps(a *door.Ask, ph programme.Phase, list []programme.Phase, anew *programme.Rule) ([]i18n.Text, error) {
	versions, err := a.H.Programmes.AllVersions(a.R.Context(), a.H.DB, append(slices.Clone(list), ph))
	if err != nil {
		return nil, err
	}
	var out []i18n.Text
	for _, x := range ph.Overlaps(a.Tree, list, func(p programme.Phase) programme.Rule {
		if anew != nil && p.ID == ph.ID {
			return *anew
		}
		return programme.InForce(versions[p.ID], "9999").Rule
	}) {
		out = append(out, x.Name)
	}
	return out, nil
}

func ruleView(a *door.Ask) (programme.Phase, RuleForm, error) {
	p, err := programmeOf(a)
	if err != nil {
		return programme.Phase{}, RuleForm{}, err
	}
	ph, err := phaseOf(a, p)
	if err != nil {
		return programme.Phase{}, RuleForm{}, err
	}
	versions, err := a.H.Programmes.Versions(a.R.Context(), a.H.DB, ph)
	if err != nil {
		return programme.Phase{}, RuleForm{}, err
	}
	r := programme.InForce(versions, "9999")
	v := RuleForm{Programme: p.Name, Phase: ph.Name, From: max(a.Today(), ph.From), AgeOn: r.Rule.AgeOn, Sex: r.Rule.Sex, Milieu: r.Rule.Milieu, Diploma: r.Rule.Diploma,
		Schoolings: ticks("schooling", programme.Schoolings, r.Rule.School), Categories: ticks("category", programme.Categories, r.Rule.Category),
		Action: a.R.URL.Path, BackURL: "/programmes/" + p.Code + "/phases", Errors: map[string]string{}}
	if v.AgeOn == "" {
		v.AgeOn = ph.From
	}
	if r.Rule.AgeMin > 0 {
		v.AgeMin = strconv.Itoa(r.Rule.AgeMin)
	}
	if r.Rule.AgeMax > 0 {
		v.AgeMax = strconv.Itoa(r.Rule.AgeMax)
	}
	return ph, v, nil
}

func rule(a *door.Ask) error {
	_, v, err := ruleView(a)
	if err != nil {
		return err
	}
	return a.Render("programmes/rule", v)
}

func ruleGiven(a *door.Ask) error {
	ph, v, err := ruleView(a)
	if err != nil {
		return err
	}
	f := func(name string) string { return strings.TrimSpace(a.R.PostFormValue(name)) }
	v.By, v.AgeMin, v.AgeMax, v.Sex, v.Milieu, v.Diploma = f("by"), door.Digits(f("age_min")), door.Digits(f("age_max")), f("sex"), f("milieu"), f("diploma")
	var ok bool
	if v.From, ok = day(a, "from"); !ok {
		v.Errors["from"] = a.P.T("groups.date_wrong")
	}
	if v.By == "" {
		v.Errors["by"] = a.P.T("programmes.rule_by_missing")
	} else if long := a.TooLong(v.By); long != "" {
		v.Errors["by"] = long
	}
	r := programme.Rule{Sex: v.Sex, Milieu: v.Milieu, Diploma: v.Diploma}
	for field, to := range map[string]*int{"age_min": &r.AgeMin, "age_max": &r.AgeMax} {
		s := map[string]string{"age_min": v.AgeMin, "age_max": v.AgeMax}[field]
		if s == "" {
			continue
		}
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 || n > 120 {
			v.Errors[field] = a.P.T("programmes.age_wrong")
		}
		*to = n
	}
	if r.AgeMax > 0 && r.AgeMax < r.AgeMin {
		v.Errors["age_max"] = a.P.T("programmes.age_order")
	}
	v.AgeOn, ok = day(a, "age_on")
	switch {
	case r.AgeMin == 0 && r.AgeMax == 0:
	case !ok:
		v.Errors["age_on"] = a.P.T("groups.date_wrong")
	default:
		r.AgeOn = v.AgeOn
	}
	for field, x := range map[string]struct {
		value   string
		offered []string
	}{"sex": {v.Sex, programme.Sexes}, "milieu": {v.Milieu, programme.Milieus}, "diploma": {v.Diploma, programme.Diplomas}} {
		if x.value != "" && !slices.Contains(x.offered, x.value) {
			v.Errors[field] = a.P.T("error.choose", "field", a.P.T(field))
		}
	}
	for field, x := range map[string]struct {
		to      *[]string
		show    *[]Choice
		offered []string
	}{"schooling": {&r.School, &v.Schoolings, programme.Schoolings}, "category": {&r.Category, &v.Categories, programme.Categories}} {
		typed := a.R.PostForm[field]
		*x.show = ticks(field, x.offered, typed)
		if !known(typed, x.offered) {
			v.Errors[field] = a.P.T("error.choose", "field", a.P.T(field))
		}
		for _, c := range x.offered {
			if slices.Contains(typed, c) {
				*x.to = append(*x.to, c)
			}
		}
	}
	if len(v.Errors) > 0 {
		return a.Again("programmes/rule", v)
	}
	list, err := a.H.Programmes.Phases(a.R.Context(), a.H.DB, ph.Programme)
	if err != nil {
		return err
	}
	if v.Overlaps, err = overlaps(a, ph, list, &r); err != nil {
		return err
	}
	if v.Despite = f("despite"); len(v.Overlaps) > 0 && v.Despite != "yes" {
		v.AskDespite, v.Errors["despite"] = true, a.P.T("programmes.overlap_confirm")
		return a.Again("programmes/rule", v)
	}
	err = a.H.Programmes.Decide(a.R.Context(), a.Actor(), programme.RuleStated{Phase: ph.ID, From: v.From, Rule: r, By: v.By})
	var early *programme.EarlyError
	if errors.As(err, &early) {
		v.Errors["from"] = a.P.T("programmes.rule_early", "date", a.P.Date(early.From))
		return a.Again("programmes/rule", v)
	}
	if err != nil {
		return fmt.Errorf("decide a rule: %w", err)
	}
	a.Notify("good", "programmes.rule_saved")
	return a.Go(v.BackURL)
}
