package steer

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"tizi/internal/access"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/source"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

func targetRoutes(d *door.Door) {
	d.Handle("GET /programmes/{code}/targets/new", access.WriteProgrammes, target)
	d.Handle("POST /programmes/{code}/targets/new", access.WriteProgrammes, targetGiven)
	d.Handle("GET /programmes/{code}/targets/{target}", access.WriteProgrammes, target)
	d.Handle("POST /programmes/{code}/targets/{target}", access.WriteProgrammes, targetGiven)
}

// knownPlaces are the places in one, or everywhere, as they can be typed.
func knownPlaces(a *door.Ask, in id.ID) (out []string) {
	for _, typ := range []string{"country", "region", "province", "prefecture", "centre"} {
		for _, x := range a.Tree.Of(typ) {
			if (in.IsNil() || a.Tree.Holds(in, x.ID)) && len(out) < maxPlaces {
				out = append(out, typedPlace(a, x))
			}
		}
	}
	return out
}

// placeTyped is the place that somebody typed, or nil.
func placeTyped(a *door.Ask, s string) *place.Place {
	code, _, _ := strings.Cut(s, " · ")
	return a.Tree.Code(code)
}

// ask fills in what contradicts itself, and reports whether somebody must still say that it is meant.
func (v *Asking) ask(a *door.Ask, doubts []programme.Doubt, below bool) bool {
	const most = 8 // that a page tells of
	v.Doubts = nil
	for _, d := range doubts[:min(most, len(doubts))] {
		v.Doubts = append(v.Doubts, doubtWords(a, d))
	}
	if more := len(doubts) - most; more > 0 {
		v.Doubts = append(v.Doubts, a.P.T("targets.doubt.more", "n", more))
	}
	v.Ask, v.Meant, v.Despite = below || len(doubts) > 0, programme.DoubtStamp(doubts), a.R.PostFormValue("despite")
	if v.Meant != a.R.PostFormValue("meant") {
		v.Despite = "" // they have not seen these
	}
	return v.Ask && v.Despite != "yes"
}

func doubtWords(a *door.Ask, d programme.Doubt) string {
	whole := targetName(a, &d.Whole)
	switch d.Kind {
	case programme.DoubtPlaces:
		if part := d.Part; part.Period != d.Whole.Period || part.Sex+part.Age+part.Milieu+part.Schooling != d.Whole.Sex+d.Whole.Age+d.Whole.Milieu+d.Whole.Schooling {
			part.Place = d.Whole.Place
			return a.P.T("targets.doubt.places_of", "part", targetName(a, &part), "n", d.Sum, "whole", whole, "m", d.Whole.Value)
		}
		return a.P.T("targets.doubt.places", "n", d.Sum, "whole", whole, "m", d.Whole.Value)
	case programme.DoubtCells:
		return a.P.T("targets.doubt.cells", "n", d.Sum, "whole", whole, "m", d.Whole.Value)
	case programme.DoubtTimes:
		return a.P.T("targets.doubt.times", "n", d.Sum, "whole", whole, "m", d.Whole.Value)
	}
	return a.P.T("targets.doubt.part", "part", targetName(a, &d.Part), "n", d.Part.Value, "whole", whole, "m", d.Whole.Value)
}

// theTarget is the target that the address names, or a new one, with the programme and all its targets.
func theTarget(a *door.Ask) (p *programme.Programme, all []programme.Target, t programme.Target, err error) {
	if p, err = programmeOf(a); err != nil {
		return
	}
	if all, err = a.H.Programmes.Targets(a.R.Context(), a.H.DB, p.ID); err != nil || a.R.PathValue("target") == "" {
		return
	}
	v, err := a.ID("target")
	if err != nil {
		return
	}
	i := slices.IndexFunc(all, func(x programme.Target) bool { return x.ID == v })
	if i < 0 {
		return p, all, t, fs.ErrNotExist
	}
	return p, all, all[i], nil
}

// targetView is the form of a target as it stands.
func targetView(a *door.Ask, p *programme.Programme, t programme.Target) (TargetForm, error) {
	self := "/programmes/" + p.Code + "/targets"
	v := TargetForm{New: t.ID.IsNil(), Programme: p.Name, Indicator: cmp.Or(t.Indicator, measure.People), Period: t.Period, Sex: t.Sex, Age: t.Age, Milieu: t.Milieu, Schooling: t.Schooling,
		SourceKind: t.Source.Kind, SourcePublication: t.Source.Publication, SourceOn: t.Source.On, SourceURL: t.Source.URL, StatesFR: t.Source.States[i18n.FR], StatesAR: t.Source.States[i18n.AR],
		Known: knownPlaces(a, p.Place), SourceKinds: sourceKinds(a), Action: a.R.URL.Path, BackURL: self, Errors: map[string]string{}}
	at := p.Place
	if v.New {
		g, err := groupOf(a.R.FormValue("of"))
		if err != nil {
			return v, err
		}
		v.Period, v.Sex, v.Milieu, v.Schooling = period(a), g.cell()["sex"], g.cell()["milieu"], g.cell()["schooling"]
	} else {
		at, v.Value, v.Seen = t.Place, strconv.FormatInt(t.Value, 10), t.Mark()
	}
	if x := a.Tree.Get(at); x != nil {
		v.Place = typedPlace(a, x)
	}
	if len(v.Period) == 6 {
		v.Period = v.Period[:4] + "-" + v.Period[4:]
	}
	for _, i := range measure.Indicators {
		v.Indicators = append(v.Indicators, shell.Option{Value: i, Label: a.P.T("board.counts." + i)})
	}
	for i, to := range []*[]shell.Option{&v.Sexes, &v.Ages, &v.Milieus, &v.Schoolings} {
		d := measure.Dimensions[i]
		stands := []string{t.Sex, t.Age, t.Milieu, t.Schooling}[i]
		*to = append(*to, shell.Option{Label: a.P.T("programmes.group.all")})
		for _, x := range d.Values {
			if x != measure.Unknown || stands == x { // nobody sets out to reach those of whom nothing is known
				*to = append(*to, shell.Option{Value: x, Label: a.P.T(d.Name + "." + x)})
			}
		}
	}
	if s := t.Spread; s.Hand {
		v.How = append(v.How, a.P.T("spread.how_hand"))
	} else if s != (programme.Spread{}) {
		v.How = append(v.How, a.P.T("spread.how", "rule", a.P.T("spread.rule."+s.Rule), "version", s.Version))
	}
	if !t.Rollout.IsNil() {
		v.How = append(v.How, a.P.T("targets.of_plan"))
	}
	if !t.Agreement.IsNil() {
		v.Agreement = t.Agreement.String()
	}
	var err error
	v.Agreements, err = agreements(a)
	return v, err
}

func target(a *door.Ask) error {
	p, _, t, err := theTarget(a)
	if err != nil {
		return err
	}
	v, err := targetView(a, p, t)
	if err != nil {
		return err
	}
	return a.Render("programmes/target", v)
}

// periodTyped reads 2026, 2026-03 or nothing, the whole.
func periodTyped(s string) (string, bool) {
	s = door.Digits(strings.TrimSpace(s))
	if len(s) == len("2026-03") && (s[4] == '-' || s[4] == '/') {
		s = s[:4] + s[5:]
	}
	return s, s == measure.Total || measure.IsPeriod(s)
}

// maxStates is how many letters of a source a target repeats.
const maxStates = 2000

// read reads what was typed; what is wrong with it stands in Errors.
func (v *TargetForm) read(a *door.Ask, p *programme.Programme, was programme.Target) programme.TargetSet {
	f := func(name string) string { return strings.TrimSpace(a.R.PostFormValue(name)) }
	wrong := func(field, key string, args ...any) { v.Errors[field] = a.P.T(key, args...) }
	v.Indicator, v.Place, v.Period, v.Sex, v.Age, v.Milieu, v.Schooling = f("indicator"), f("place"), f("period"), f("sex"), f("age"), f("milieu"), f("schooling")
	v.Value, v.Agreement = f("value"), f("agreement")
	v.SourceKind, v.SourcePublication, v.SourceOn, v.SourceURL, v.StatesFR, v.StatesAR = f("source_kind"), f("source_publication"), door.Digits(f("source_on")), f("source_url"), f("source_states_fr"), f("source_states_ar")
	b := programme.TargetSet{Programme: p.ID, Phase: was.Phase, Indicator: v.Indicator, Cell: map[string]string{}}
	for field, x := range map[string]struct {
		value   string
		offered []shell.Option
	}{"indicator": {v.Indicator, v.Indicators}, "sex": {v.Sex, v.Sexes}, "age": {v.Age, v.Ages}, "milieu": {v.Milieu, v.Milieus}, "schooling": {v.Schooling, v.Schoolings}} {
		if !shell.Offers(x.offered, x.value) {
			wrong(field, "agree.fault.not_offered")
		}
		if field != "indicator" && x.value != "" {
			b.Cell[field] = x.value
		}
	}
	if len(b.Cell) == 0 {
		b.Cell = nil // as everybody is written elsewhere: the id of a target depends on it
	}
	at := placeTyped(a, v.Place)
	switch {
	case v.Place == "":
		wrong("place", "targets.place_missing")
	case at == nil:
		wrong("place", "targets.place_unknown")
	case !a.Tree.Holds(p.Place, at.ID):
		wrong("place", "targets.place_outside", "place", a.PlaceName(p.Place))
	default:
		b.Place = at.ID
	}
	var ok bool
	if b.Period, ok = periodTyped(v.Period); !ok {
		wrong("period", "targets.period_wrong", "year", "2026", "month", "2026-03")
	}
	n, err := number(v.Value)
	if b.Value = n; err != nil || n < 1 || n > 1_000_000_000 {
		wrong("value", "targets.value_wrong")
	}
	b.Agreement = bound(a, v.Agreement, v.Agreements, was.Agreement, v.Errors)
	b.Source = source.Source{Kind: v.SourceKind, Publication: v.SourcePublication, On: v.SourceOn, URL: v.SourceURL}
	states := i18n.Text{}
	for l, s := range was.Source.States { // in languages that the form does not ask for
		if l != i18n.FR && l != i18n.AR {
			states[l] = s
		}
	}
	for l, s := range map[i18n.Lang]string{i18n.FR: v.StatesFR, i18n.AR: v.StatesAR} {
		if s != "" {
			states[l] = s
		}
	}
	if len(states) > 0 {
		b.Source.States = states
	}
	if long := a.TooLong(v.SourcePublication); long != "" {
		v.Errors["source_publication"] = long
	}
	for field, s := range map[string]string{"source_states_fr": v.StatesFR, "source_states_ar": v.StatesAR} {
		if utf8.RuneCountInString(s) > maxStates {
			wrong(field, "error.too_long", "n", maxStates)
		}
	}
	faultsOf(a, b.Source, v.Errors)
	return b
}

func targetGiven(a *door.Ask) error {
	ctx := a.R.Context()
	p, all, was, err := theTarget(a)
	if err != nil {
		return err
	}
	v, err := targetView(a, p, was)
	if err != nil {
		return err
	}
	plan := programme.Plan{Programme: programme.Opened{Code: p.Code, Name: p.Name, Place: p.Place, Pillars: p.Pillars}, Seen: map[id.ID]string{}}
	gone := programme.TargetSet{Programme: p.ID, Phase: was.Phase, Indicator: was.Indicator, Place: was.Place, Period: was.Period, Cell: was.Cell(), Value: was.Value, Withdrawn: true}
	seen, stands := a.R.PostFormValue("seen"), v.Seen
	v.Seen = seen
	if a.R.PostFormValue("do") == "remove" && !v.New {
		plan.Targets, plan.Meant, plan.Seen[was.ID] = []programme.TargetSet{gone}, programme.Anything, seen
		_, err := a.H.Programmes.Set(ctx, a.Actor(), plan)
		if errors.Is(err, programme.ErrChanged) {
			v.Seen, v.Errors[""] = stands, a.P.T("spread.changed")
			return a.Again("programmes/target", v)
		}
		if err != nil {
			return err
		}
		a.Notify("good", "targets.removed")
		return a.Go(v.BackURL)
	}
	b := v.read(a, p, was)
	if len(v.Errors) > 0 {
		return a.Again("programmes/target", v)
	}
	now := programme.TargetID(p.ID, b)
	if i := slices.IndexFunc(all, func(t programme.Target) bool { return t.ID == now }); i >= 0 && now != was.ID {
		v.There = v.BackURL + "/" + now.String()
		v.Errors["place"] = a.P.T("targets.there", "n", all[i].Value)
		return a.Again("programmes/target", v)
	}
	if plan.Seen[now] = ""; now == was.ID {
		plan.Seen[now] = seen
		b.Baseline, b.Spread, b.Rollout = was.Baseline, was.Spread, was.Rollout
		if b.Value != was.Value {
			b.Spread.Hand, b.Rollout = b.Spread != (programme.Spread{}), id.Nil
		}
	} else if !v.New { // it is of something else from now on
		plan.Seen[was.ID] = seen
		plan.Targets = append(plan.Targets, gone)
	}
	plan.Targets = append(plan.Targets, b)
	reached := int64(0)
	if now != was.ID || b.Value != was.Value {
		numbers, err := a.Numbers()
		if err != nil {
			return err
		}
		t := programme.Target{Programme: p.ID, Place: b.Place, Indicator: b.Indicator, Period: b.Period, Sex: v.Sex, Age: v.Age, Milieu: v.Milieu, Schooling: v.Schooling}
		if reached, err = numbers.Reached(t, a.Tree.Within(b.Place)); err != nil {
			return err
		}
	}
	again := func(doubts []programme.Doubt) bool {
		asks := v.ask(a, doubts, b.Value < reached)
		if asks {
			v.Errors["despite"] = a.P.T("spread.despite_missing")
			if b.Value < reached {
				v.Errors["value"] = a.P.T("programmes.target_below", "place", a.PlaceName(b.Place), "target", b.Value, "reached", reached)
			}
		}
		return asks
	}
	if again(programme.Doubts(a.Tree, all, plan.Targets)) {
		return a.Again("programmes/target", v)
	}
	plan.Meant = v.Meant
	_, err = a.H.Programmes.Set(ctx, a.Actor(), plan)
	var doubt *programme.DoubtError
	switch {
	case errors.Is(err, programme.ErrChanged):
		v.Seen, v.Errors[""] = stands, a.P.T("spread.changed")
		return a.Again("programmes/target", v)
	case errors.As(err, &doubt) && again(doubt.Doubts):
		return a.Again("programmes/target", v)
	case err != nil:
		return err
	}
	a.Notify("good", "targets.saved")
	return a.Go(v.BackURL)
}
