package steer

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
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
	targetRoutes(d)
	spreadRoutes(d)
	rolloutRoutes(d)
}

func programmes(a *door.Ask) error {
	ctx := a.R.Context()
	list, err := a.H.Programmes.List(ctx, a.H.DB)
	if err != nil {
		return err
	}
	v := Programmes{NewURL: "/programmes/new"}
	phases, err := a.H.Programmes.AllPhases(ctx, a.H.DB)
	if err != nil {
		return err
	}
	wholes, err := a.H.Programmes.Wholes(ctx, a.H.DB)
	if err != nil {
		return err
	}
	for _, p := range list {
		row := ProgrammeRow{Name: p.Name, Code: p.Code, BoardURL: door.With("/board", "programme", p.Code), TargetsURL: "/programmes/" + p.Code + "/targets", PhasesURL: "/programmes/" + p.Code + "/phases", RolloutURL: "/programmes/" + p.Code + "/rollout", Pillars: p.Pillars, Target: wholes[p.ID]}
		for _, ph := range phases[p.ID] {
			row.Phases = append(row.Phases, PhaseRow{Name: ph.Name, From: ph.From, To: ph.To, AgeMin: ph.AgeMin, AgeMax: ph.AgeMax, Planned: ph.Planned})
		}
		v.Rows = append(v.Rows, row)
	}
	gone, err := a.H.Programmes.Gone(ctx, a.H.DB)
	for _, p := range gone {
		v.Gone = append(v.Gone, GoneRow{Name: p.Name, Code: p.Code, Why: p.Withdrawn, RestoreURL: "/programmes/" + p.Code + "/restore"})
	}
	return cmp.Or(err, a.Render("programmes/list", v))
}

func programmeNew(a *door.Ask) error {
	year := a.H.Log.Clock.Now().Year()
	v := ProgrammeForm{From: a.Today(), To: fmt.Sprintf("%d-06-30", year+1), Known: knownPlaces(a, id.Nil), Action: "/programmes/new", CancelURL: "/programmes"}
	if country := a.Tree.Countries(); len(country) > 0 {
		v.Place = typedPlace(a, country[0])
	}
	return a.Render("programmes/form", v)
}

var codeForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{1,29}$`)

// number reads a count that was typed, with its thousands marked or not.
func number(s string) (int64, error) {
	s = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", ".", "", ",", "").Replace(door.Digits(strings.TrimSpace(s)))
	return strconv.ParseInt(s, 10, 64)
}

func programmeNewGiven(a *door.Ask) error {
	f := func(name string) string { return strings.TrimSpace(a.R.FormValue(name)) }
	v := ProgrammeForm{
		NameFR: f("name_fr"), NameAR: f("name_ar"), Code: strings.ToUpper(f("code")), PhaseFR: f("phase_fr"), PhaseAR: f("phase_ar"), From: f("from"), To: f("to"),
		AgeMin: f("age_min"), AgeMax: f("age_max"), Place: f("place"), Target: f("target"), Known: knownPlaces(a, id.Nil), Action: "/programmes/new", CancelURL: "/programmes", Errors: map[string]string{},
	}
	wrong := func(field, key string) { v.Errors[field] = a.P.T(key) }
	if v.NameFR == "" && v.NameAR == "" {
		wrong("name_fr", "programmes.name_missing")
	}
	if !codeForm.MatchString(v.Code) {
		wrong("code", "programmes.code_wrong")
	} else if p, err := a.H.Programmes.Get(a.R.Context(), a.H.DB, programme.ID(v.Code)); err != nil {
		return err
	} else if p != nil && p.Withdrawn != "" {
		wrong("code", "programmes.code_gone")
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
	at := placeTyped(a, v.Place)
	switch {
	case len(a.Tree.Countries()) == 0:
		wrong("", "programmes.no_country")
	case at == nil:
		wrong("place", "targets.place_unknown")
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
		Programme: programme.Opened{Code: v.Code, Name: text(v.NameFR, v.NameAR), Place: at.ID},
		Phases:    []programme.PhaseOpened{{Code: "1", Name: text(v.PhaseFR, v.PhaseAR), From: v.From, To: v.To, AgeMin: ages[0], AgeMax: ages[1]}},
		Targets:   []programme.TargetSet{{Indicator: measure.People, Place: at.ID, Value: target}},
	})
	if err != nil {
		return err
	}
	a.Notify("good", "programmes.saved")
	return a.Go("/programmes/" + v.Code + "/targets")
}

// group is somebody whom programmes are asked to reach in particular: one value of one dimension, or everybody.
type group struct{ code, dim, value string }

// groups are those of whom targets can be set.
var groups = []group{{}, {"girls", "sex", "f"}, {"rural", "milieu", "rural"}, {"out_of_school", "schooling", "out_of_school"}}

// groupOf is the group of a code; "" is everybody.
func groupOf(code string) (group, error) {
	for _, g := range groups {
		if g.code == code {
			return g, nil
		}
	}
	return group{}, fs.ErrNotExist
}

// key is the end of the catalogue's keys about a group.
func (g group) key() string { return cmp.Or(g.code, "all") }

func (g group) cell() map[string]string {
	if g.dim == "" {
		return nil
	}
	return map[string]string{g.dim: g.value}
}

// of reports whether a target counts just this group.
func (g group) of(t programme.Target) bool {
	is := map[string]string{"sex": t.Sex, "age": t.Age, "milieu": t.Milieu, "schooling": t.Schooling}
	if g.dim != "" && is[g.dim] != g.value {
		return false
	}
	delete(is, g.dim)
	for _, v := range is {
		if v != "" {
			return false
		}
	}
	return true
}

// asked is what the form of targets is about.
type asked struct {
	*programme.Programme
	group
	set map[id.ID]programme.Target // of the group, by place
	all []programme.Target         // of the programme
}

// askedProgramme is the programme that the address names, with its targets of people.
func askedProgramme(a *door.Ask) (*asked, error) {
	ctx := a.R.Context()
	g, err := groupOf(a.R.FormValue("of"))
	if err != nil {
		return nil, err
	}
	p, err := a.H.Programmes.Code(ctx, a.H.DB, a.R.PathValue("code"))
	if err != nil {
		return nil, err
	}
	if p == nil {
		return nil, fs.ErrNotExist
	}
	ts, err := a.H.Programmes.Targets(ctx, a.H.DB, p.ID)
	if err != nil {
		return nil, err
	}
	out := &asked{p, g, map[id.ID]programme.Target{}, ts}
	for _, t := range ts {
		if t.Indicator == measure.People && t.Period == period(a) && t.Phase.IsNil() && g.of(t) {
			out.set[t.Place] = t
		}
	}
	return out, nil
}

// period is the year whose targets are meant, or the whole.
func period(a *door.Ask) string {
	if p := a.R.FormValue("period"); measure.IsPeriod(p) && len(p) == 4 {
		return p
	}
	return measure.Total
}

// binding reads what binds the target of the whole, as it was typed: the agreement and the source.
func binding(a *door.Ask, v *Targets, was programme.Target) (id.ID, source.Source) {
	v.Agreement, v.SourceKind, v.SourceOn = a.R.FormValue("agreement"), a.R.FormValue("source_kind"), agreement.Digits(a.R.FormValue("source_on"))
	s := was.Source // with what the form does not ask for
	if s.Kind, s.On = v.SourceKind, v.SourceOn; s.Kind+s.On == "" {
		s = source.Source{}
	}
	faultsOf(a, s, v.Errors)
	return bound(a, v.Agreement, v.Agreements, was.Agreement, v.Errors), s
}

// faultsOf says what is wrong with a source beside its fields.
func faultsOf(a *door.Ask, s source.Source, errs map[string]string) {
	switch s.Check() {
	case source.ErrKind:
		errs["source_kind"] = a.P.T("agree.fault.source_kind")
	case source.ErrDate:
		errs["source_on"] = a.P.T("agree.fault.date_span", "day", "2025-06-14", "month", "2025-06", "year", "2025")
	case source.ErrURL:
		errs["source_url"] = a.P.T("agree.fault.url")
	}
}

// bound reads the agreement that was chosen among those that the reader may read. One that binds already and that they may not
// read stays.
func bound(a *door.Ask, typed string, offered []shell.Option, was id.ID, errs map[string]string) id.ID {
	switch {
	case typed == "" && !was.IsNil() && !shell.Offers(offered, was.String()):
		return was
	case typed == "":
		return id.Nil
	case !shell.Offers(offered, typed):
		errs["agreement"] = a.P.T("agree.fault.not_offered")
		return id.Nil
	}
	return id.MustParse(typed)
}

// agreements are those that the reader may read.
func agreements(a *door.Ask) (out []shell.Option, err error) {
	scope, err := a.ScopeOf(access.ReadAgreements)
	if err != nil {
		return nil, err
	}
	all, err := a.H.Agreements.Names(a.R.Context(), a.H.DB, scope)
	for _, x := range all {
		out = append(out, shell.Option{Value: x.ID.String(), Label: x.Code + " · " + nameOf(a, x.Name)})
	}
	return out, err
}

// sourceKinds are what a source can be.
func sourceKinds(a *door.Ask) (out []shell.Option) {
	for _, k := range source.Kinds {
		out = append(out, shell.Option{Value: k, Label: a.P.T("agree.source." + k)})
	}
	return out
}

// targetsView is the form as things stand, the programme, and its places, the widest first.
func targetsView(a *door.Ask) (Targets, *asked, []*place.Place, error) {
	p, err := askedProgramme(a)
	if err != nil {
		return Targets{}, nil, nil, err
	}
	set := p.set
	year := a.Today()[:4]
	v := Targets{Programme: p.Name, Period: period(a), Action: "/programmes/" + p.Code + "/targets", CancelURL: "/programmes", BoardURL: door.With("/board", "programme", p.Code), SpreadURL: "/programmes/" + p.Code + "/spread", NewURL: door.With("/programmes/"+p.Code+"/targets/new", "period", period(a), "of", p.code), Errors: map[string]string{}}
	next := strconv.Itoa(a.H.Log.Clock.Now().Year() + 1)
	v.Periods = []PeriodTab{
		{Name: a.P.T("board.whole"), URL: door.With(v.Action, "of", p.code), Current: v.Period == measure.Total},
		{Name: year, URL: door.With(v.Action, "period", year, "of", p.code), Current: v.Period == year},
		{Name: next, URL: door.With(v.Action, "period", next, "of", p.code), Current: v.Period == next},
	}
	v.Of = p.code
	for _, g := range groups {
		v.Groups = append(v.Groups, PeriodTab{Name: a.P.T("programmes.group." + g.key()), URL: door.With(v.Action, "period", v.Period, "of", g.code), Current: g.code == p.code})
	}
	places := append([]*place.Place{a.Tree.Get(p.Place)}, a.Tree.Children(p.Place)...)
	inGrid := map[id.ID]bool{}
	for _, x := range places {
		inGrid[x.ID] = true
		r := TargetRow{Code: x.Code, Name: x.Name}
		if t, ok := set[x.ID]; ok {
			r.URL, r.Seen = v.Action+"/"+t.ID.String(), t.Mark()
			if t.Value > 0 {
				r.Value = strconv.FormatInt(t.Value, 10)
			}
		}
		if s := set[x.ID].Spread; s != (programme.Spread{}) {
			if r.How = a.P.T("spread.how", "rule", a.P.T("spread.rule."+s.Rule), "version", s.Version); s.Hand {
				r.How = a.P.T("spread.how_hand")
			}
		}
		v.Rows = append(v.Rows, r)
	}
	inTabs := func(t programme.Target) bool {
		return t.Indicator == measure.People && t.Phase.IsNil() && (t.Period == measure.Total || t.Period == year || t.Period == next) && inGrid[t.Place] && slices.ContainsFunc(groups, func(g group) bool { return g.of(t) })
	}
	for _, t := range p.all {
		if !inTabs(t) {
			v.Others = append(v.Others, OtherTarget{Name: targetName(a, &t), Value: t.Value, URL: v.Action + "/" + t.ID.String()})
		}
	}
	slices.SortFunc(v.Others, func(x, y OtherTarget) int { return strings.Compare(x.Name, y.Name) })
	if more := len(v.Others) - maxPlaces; more > 0 {
		v.Others, v.More = v.Others[:maxPlaces], more
	}
	v.SourceKinds = sourceKinds(a)
	whole := set[p.Place]
	if v.SourceKind, v.SourceOn = whole.Source.Kind, whole.Source.On; !whole.Agreement.IsNil() {
		v.Agreement = whole.Agreement.String()
	}
	v.Agreements, err = agreements(a)
	return v, p, places, err
}

func targets(a *door.Ask) error {
	v, _, _, err := targetsView(a)
	if err != nil {
		return err
	}
	return a.Render("programmes/targets", v)
}

// below says, of each target that changes, by the code of its place, that it is less than what is reached.
func below(a *door.Ask, p *asked, set []programme.TargetSet) (map[string]string, error) {
	scope, err := a.ScopeOf(access.ReadBoard)
	if err != nil {
		return nil, err
	}
	b, err := measure.Read(a.R.Context(), a.H.DB, scope, measure.Filter{Programme: p.ID, Period: period(a), Sex: p.cell()["sex"], Milieu: p.cell()["milieu"], Schooling: p.cell()["schooling"]})
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, t := range set {
		reached := int64(0)
		for _, c := range a.Tree.Within(t.Place) {
			reached += b.Centres[c.ID].People
		}
		if !t.Withdrawn && t.Value < reached && t.Value != p.set[t.Place].Value {
			out[a.Tree.Get(t.Place).Code] = a.P.T("programmes.target_below", "place", a.PlaceName(t.Place), "target", t.Value, "reached", reached)
		}
	}
	return out, nil
}

func targetsGiven(a *door.Ask) error {
	v, p, places, err := targetsView(a)
	if err != nil {
		return err
	}
	agreed, published := binding(a, &v, p.set[p.Place])
	plan := programme.Plan{Programme: programme.Opened{Code: p.Code, Name: p.Name, Place: p.Place, Pillars: p.Pillars}, Seen: map[id.ID]string{}}
	set := p.set
	for i, x := range places {
		field := "target_" + x.Code
		typed := strings.TrimSpace(a.R.FormValue(field))
		was := v.Rows[i].Value
		v.Rows[i].Value = typed
		if seen, given := a.R.PostForm["seen_"+x.Code]; given {
			plan.Seen[programme.TargetID(p.ID, programme.TargetSet{Indicator: measure.People, Place: x.ID, Period: period(a), Cell: p.cell()})] = seen[0]
			if seen[0] != v.Rows[i].Seen { // somebody else saved meanwhile; what was typed stays, and saving once more means it
				v.Errors[field] = a.P.T("programmes.target_changed", "n", set[x.ID].Value)
				continue
			}
		}
		if typed == "" {
			if was != "" {
				plan.Targets = append(plan.Targets, programme.TargetSet{Indicator: measure.People, Place: x.ID, Period: period(a), Cell: p.cell(), Withdrawn: true})
			}
			continue
		}
		n, err := number(typed)
		if err != nil || n < 1 || n > 1_000_000_000 {
			v.Errors[field] = a.P.T("programmes.target_wrong")
			continue
		}
		t := programme.TargetSet{Indicator: measure.People, Place: x.ID, Period: period(a), Cell: p.cell(), Value: n, Baseline: set[x.ID].Baseline, Agreement: set[x.ID].Agreement, Source: set[x.ID].Source, Spread: set[x.ID].Spread, Rollout: set[x.ID].Rollout}
		if x.ID == p.Place { // the form asks for what binds the whole; a region keeps what bound it
			t.Agreement, t.Source = agreed, published
		}
		if n != set[x.ID].Value {
			t.Spread.Hand, t.Rollout = t.Spread != (programme.Spread{}), id.Nil
		}
		plan.Targets = append(plan.Targets, t)
	}
	less, err := below(a, p, plan.Targets)
	if err != nil {
		return err
	}
	for i := range plan.Targets {
		plan.Targets[i].Programme = p.ID
	}
	again := func(doubts []programme.Doubt) bool {
		asks := v.ask(a, doubts, len(less) > 0)
		if asks {
			v.Errors["despite"] = a.P.T("spread.despite_missing")
			for code, sentence := range less {
				v.Errors["target_"+code] = sentence
			}
		}
		return asks
	}
	if again(programme.Doubts(a.Tree, p.all, plan.Targets)); len(v.Errors) > 0 {
		return a.Again("programmes/targets", v)
	}
	plan.Meant = v.Meant
	_, err = a.H.Programmes.Set(a.R.Context(), a.Actor(), plan)
	var doubt *programme.DoubtError
	if errors.As(err, &doubt) && again(doubt.Doubts) {
		return a.Again("programmes/targets", v)
	}
	if errors.Is(err, programme.ErrChanged) { // since this request began
		return targetsGiven(a)
	}
	if err != nil {
		return err
	}
	a.Notify("good", "programmes.targets_saved")
	return a.Go(door.With(v.Action, "period", period(a), "of", p.code))
}
