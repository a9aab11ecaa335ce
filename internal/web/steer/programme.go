package steer

import (
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/agreement"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/source"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

func programmeRoutes(d *door.Door) {
	d.Handle("GET /programmes", access.WriteProgrammes, programmes)
	d.Handle("GET /programmes/new", access.WriteProgrammes, programmeNew)
	d.Handle("POST /programmes/new", access.WriteProgrammes, programmeNewGiven)
	d.Handle("GET /programmes/{code}/targets", access.WriteProgrammes, targets)
	d.Handle("POST /programmes/{code}/targets", access.WriteProgrammes, targetsGiven)
	spreadRoutes(d)
}

func programmes(a *door.Ask) error {
	ctx := a.R.Context()
	list, err := a.H.Programmes.List(ctx, a.H.DB)
	if err != nil {
		return err
	}
	v := Programmes{NewURL: "/programmes/new"}
	for _, p := range list {
		phases, err := a.H.Programmes.Phases(ctx, a.H.DB, p.ID)
		if err != nil {
			return err
		}
		ts, err := a.H.Programmes.Targets(ctx, a.H.DB, p.ID)
		if err != nil {
			return err
		}
		row := ProgrammeRow{Name: p.Name, Code: p.Code, BoardURL: door.With("/board", "programme", p.Code), TargetsURL: "/programmes/" + p.Code + "/targets", PhasesURL: "/programmes/" + p.Code + "/phases", Pillars: p.Pillars}
		for _, ph := range phases {
			row.Phases = append(row.Phases, PhaseRow{Name: ph.Name, From: ph.From, To: ph.To, AgeMin: ph.AgeMin, AgeMax: ph.AgeMax, Planned: ph.Planned})
		}
		for _, t := range ts {
			if t.Place == p.Place && t.Period == measure.Total && t.Indicator == measure.People {
				row.Target = t.Value
			}
		}
		v.Rows = append(v.Rows, row)
	}
	return a.Render("programmes/list", v)
}

func programmeNew(a *door.Ask) error {
	year := a.H.Log.Clock.Now().Year()
	return a.Render("programmes/form", ProgrammeForm{
		From: a.Today(), To: fmt.Sprintf("%d-06-30", year+1), Action: "/programmes/new", CancelURL: "/programmes",
	})
}

var codeForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{1,29}$`)

// number reads a count that was typed, with its thousands marked or not.
func number(s string) (int64, error) {
	s = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", ".", "", ",", "").Replace(strings.TrimSpace(s))
	return strconv.ParseInt(s, 10, 64)
}

func programmeNewGiven(a *door.Ask) error {
	f := func(name string) string { return strings.TrimSpace(a.R.FormValue(name)) }
	v := ProgrammeForm{
		NameFR: f("name_fr"), NameAR: f("name_ar"), Code: strings.ToUpper(f("code")), PhaseFR: f("phase_fr"), PhaseAR: f("phase_ar"), From: f("from"), To: f("to"),
		AgeMin: f("age_min"), AgeMax: f("age_max"), Target: f("target"), Action: "/programmes/new", CancelURL: "/programmes", Errors: map[string]string{},
	}
	wrong := func(field, key string) { v.Errors[field] = a.P.T(key) }
	if v.NameFR == "" && v.NameAR == "" {
		wrong("name_fr", "programmes.name_missing")
	}
	if !codeForm.MatchString(v.Code) {
		wrong("code", "programmes.code_wrong")
	} else if p, err := a.H.Programmes.Code(a.R.Context(), a.H.DB, v.Code); err != nil {
		return err
	} else if p != nil {
		wrong("code", "programmes.code_taken")
	}
	if v.PhaseFR == "" && v.PhaseAR == "" {
		wrong("phase_fr", "programmes.phase_missing")
	}
	for field, s := range map[string]string{"name_fr": v.NameFR, "name_ar": v.NameAR, "phase_fr": v.PhaseFR, "phase_ar": v.PhaseAR} {
		if long := a.TooLong(s); long != "" {
			v.Errors[field] = long
		}
	}
	from, err1 := time.Parse(time.DateOnly, v.From)
	to, err2 := time.Parse(time.DateOnly, v.To)
	switch {
	case err1 != nil:
		wrong("from", "groups.date_wrong")
	case err2 != nil:
		wrong("to", "groups.date_wrong")
	case to.Before(from):
		wrong("to", "groups.ends_before")
	}
	var ages [2]int
	for i, x := range []struct{ field, value string }{{"age_min", v.AgeMin}, {"age_max", v.AgeMax}} {
		if x.value == "" {
			continue
		}
		n, err := strconv.Atoi(x.value)
		if err != nil || n < 0 || n > 120 {
			wrong(x.field, "programmes.age_wrong")
		}
		ages[i] = n
	}
	if ages[1] > 0 && ages[1] < ages[0] {
		wrong("age_max", "programmes.age_order")
	}
	target, err := number(v.Target)
	if err != nil || target < 1 || target > 1_000_000_000 {
		wrong("target", "programmes.target_wrong")
	}
	country := a.Tree.Countries()
	if len(country) == 0 {
		wrong("", "programmes.no_country")
	}
	if len(v.Errors) > 0 {
		return a.Again("programmes/form", v)
	}
	text := func(fr, ar string) i18n.Text {
		t := i18n.Text{}
		if fr != "" {
			t[i18n.FR] = fr
		}
		if ar != "" {
			t[i18n.AR] = ar
		}
		return t
	}
	_, err = a.H.Programmes.Set(a.R.Context(), a.Actor(), programme.Plan{
		Programme: programme.Opened{Code: v.Code, Name: text(v.NameFR, v.NameAR), Place: country[0].ID},
		Phases:    []programme.PhaseOpened{{Code: "1", Name: text(v.PhaseFR, v.PhaseAR), From: v.From, To: v.To, AgeMin: ages[0], AgeMax: ages[1]}},
		Targets:   []programme.TargetSet{{Indicator: measure.People, Place: country[0].ID, Value: target}},
	})
	if err != nil {
		return err
	}
	a.Notify("good", "programmes.saved")
	return a.Go("/programmes/" + v.Code + "/targets")
}

// askedProgramme is the programme that the address names, with its targets of people by place.
func askedProgramme(a *door.Ask) (*programme.Programme, map[id.ID]programme.Target, error) {
	ctx := a.R.Context()
	p, err := a.H.Programmes.Code(ctx, a.H.DB, a.R.PathValue("code"))
	if err != nil {
		return nil, nil, err
	}
	if p == nil {
		return nil, nil, fs.ErrNotExist
	}
	ts, err := a.H.Programmes.Targets(ctx, a.H.DB, p.ID)
	if err != nil {
		return nil, nil, err
	}
	out := map[id.ID]programme.Target{}
	for _, t := range ts {
		if t.Indicator == measure.People && t.Period == period(a) && t.Sex == "" && t.Age == "" && t.Milieu == "" {
			out[t.Place] = t
		}
	}
	return p, out, nil
}

// period is the year whose targets are meant, or the whole.
func period(a *door.Ask) string {
	if p := a.R.FormValue("period"); measure.IsPeriod(p) && len(p) == 4 {
		return p
	}
	return measure.Total
}

// binding reads what binds the target of the whole, as it was typed: the agreement and the source.
func binding(a *door.Ask, v *Targets, was source.Source) (id.ID, source.Source) {
	v.Agreement, v.SourceKind, v.SourceOn = a.R.FormValue("agreement"), a.R.FormValue("source_kind"), agreement.Digits(a.R.FormValue("source_on"))
	s := source.Source{Kind: v.SourceKind, On: v.SourceOn}
	if s.Kind == was.Kind && s.On == was.On {
		s = was // with what the form does not ask for
	}
	switch s.Check() {
	case source.ErrKind:
		v.Errors["source_kind"] = a.P.T("agree.fault.source_kind")
	case source.ErrDate:
		v.Errors["source_on"] = a.P.T("agree.fault.date_span", "day", "2025-06-14", "month", "2025-06", "year", "2025")
	}
	if v.Agreement == "" {
		return id.Nil, s
	}
	if !shell.Offers(v.Agreements, v.Agreement) {
		v.Errors["agreement"] = a.P.T("agree.fault.not_offered")
		return id.Nil, s
	}
	return id.MustParse(v.Agreement), s
}

// targetsView is the form as things stand, the programme, its places, the country first, and the source of its target.
func targetsView(a *door.Ask) (Targets, *programme.Programme, []*place.Place, source.Source, error) {
	p, set, err := askedProgramme(a)
	if err != nil {
		return Targets{}, nil, nil, source.Source{}, err
	}
	year := a.Today()[:4]
	v := Targets{Programme: p.Name, Period: period(a), Action: "/programmes/" + p.Code + "/targets", CancelURL: "/programmes", BoardURL: door.With("/board", "programme", p.Code), SpreadURL: "/programmes/" + p.Code + "/spread", Errors: map[string]string{}}
	next := strconv.Itoa(a.H.Log.Clock.Now().Year() + 1)
	v.Periods = []PeriodTab{
		{Name: a.P.T("board.whole"), URL: v.Action, Current: v.Period == measure.Total},
		{Name: year, URL: v.Action + "?period=" + year, Current: v.Period == year},
		{Name: next, URL: v.Action + "?period=" + next, Current: v.Period == next},
	}
	places := append([]*place.Place{a.Tree.Get(p.Place)}, a.Tree.Children(p.Place)...)
	for _, x := range places {
		r := TargetRow{Code: x.Code, Name: x.Name}
		if n := set[x.ID].Value; n > 0 {
			r.Value = strconv.FormatInt(n, 10)
		}
		if s := set[x.ID].Spread; s != (programme.Spread{}) {
			if r.How = a.P.T("spread.how", "rule", a.P.T("spread.rule."+s.Rule), "version", s.Version); s.Hand {
				r.How = a.P.T("spread.how_hand")
			}
		}
		v.Rows = append(v.Rows, r)
	}
	scope, err := a.ScopeOf(access.ReadAgreements)
	if err != nil {
		return v, nil, nil, source.Source{}, err
	}
	all, err := a.H.Agreements.List(a.R.Context(), a.H.DB, scope)
	for _, x := range all {
		v.Agreements = append(v.Agreements, shell.Option{Value: x.ID.String(), Label: x.Code + " · " + nameOf(a, x.Name)})
	}
	for _, k := range source.Kinds {
		v.SourceKinds = append(v.SourceKinds, shell.Option{Value: k, Label: a.P.T("agree.source." + k)})
	}
	whole := set[p.Place]
	if v.SourceKind, v.SourceOn = whole.Source.Kind, whole.Source.On; !whole.Agreement.IsNil() {
		v.Agreement = whole.Agreement.String()
	}
	return v, p, places, whole.Source, err
}

func targets(a *door.Ask) error {
	v, _, _, _, err := targetsView(a)
	if err != nil {
		return err
	}
	return a.Render("programmes/targets", v)
}

// below says, of each target that changes, by the code of its place, that it is less than what is reached.
func below(a *door.Ask, p *programme.Programme, now map[id.ID]programme.Target, set []programme.TargetSet) (map[string]string, error) {
	scope, err := a.ScopeOf(access.ReadBoard)
	if err != nil {
		return nil, err
	}
	b, err := measure.Read(a.R.Context(), a.H.DB, scope, measure.Filter{Programme: p.ID, Period: period(a)})
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, t := range set {
		reached := int64(0)
		for _, c := range a.Tree.Within(t.Place) {
			reached += b.Centres[c.ID].People
		}
		if !t.Withdrawn && t.Value < reached && t.Value != now[t.Place].Value {
			out[a.Tree.Get(t.Place).Code] = a.P.T("programmes.target_below", "place", a.PlaceName(t.Place), "target", t.Value, "reached", reached)
		}
	}
	return out, nil
}

func targetsGiven(a *door.Ask) error {
	v, p, places, was, err := targetsView(a)
	if err != nil {
		return err
	}
	bound, published := binding(a, &v, was)
	plan := programme.Plan{Programme: programme.Opened{Code: p.Code, Name: p.Name, Place: p.Place, Pillars: p.Pillars}}
	_, set, err := askedProgramme(a)
	if err != nil {
		return err
	}
	for i, x := range places {
		field := "target_" + x.Code
		typed := strings.TrimSpace(a.R.FormValue(field))
		was := v.Rows[i].Value
		v.Rows[i].Value = typed
		if typed == "" {
			if was != "" {
				plan.Targets = append(plan.Targets, programme.TargetSet{Indicator: measure.People, Place: x.ID, Period: period(a), Withdrawn: true})
			}
			continue
		}
		n, err := number(typed)
		if err != nil || n < 1 || n > 1_000_000_000 {
			v.Errors[field] = a.P.T("programmes.target_wrong")
			continue
		}
		t := programme.TargetSet{Indicator: measure.People, Place: x.ID, Period: period(a), Value: n, Baseline: set[x.ID].Baseline, Agreement: set[x.ID].Agreement, Source: set[x.ID].Source, Spread: set[x.ID].Spread}
		if x.ID == p.Place { // the form asks for what binds the whole; a region keeps what bound it
			t.Agreement, t.Source = bound, published
		}
		if n != set[x.ID].Value && t.Spread != (programme.Spread{}) {
			t.Spread.Hand = true
		}
		plan.Targets = append(plan.Targets, t)
	}
	less, err := below(a, p, set, plan.Targets)
	if err != nil {
		return err
	}
	v.Despite, v.Ask = a.R.FormValue("despite"), len(less) > 0
	if v.Ask && v.Despite != "yes" {
		v.Errors["despite"] = a.P.T("spread.despite_missing")
		for code, sentence := range less {
			v.Errors["target_"+code] = sentence
		}
	}
	if len(v.Errors) > 0 {
		return a.Again("programmes/targets", v)
	}
	if _, err := a.H.Programmes.Set(a.R.Context(), a.Actor(), plan); err != nil {
		return err
	}
	a.Notify("good", "programmes.targets_saved")
	return a.Go(v.Action + "?period=" + period(a))
}
