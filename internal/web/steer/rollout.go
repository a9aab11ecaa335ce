package steer

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"tizi/internal/access"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/web/chart"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

func rolloutRoutes(d *door.Door) {
	d.Handle("GET /programmes/{code}/rollout", access.WriteProgrammes, rollout)
	d.Handle("GET /programmes/{code}/rollout/new", access.WriteProgrammes, rolloutEdit)
	d.Handle("POST /programmes/{code}/rollout/new", access.WriteProgrammes, rolloutGiven)
	d.Handle("GET /programmes/{code}/rollout/{plan}", access.WriteProgrammes, rolloutEdit)
	d.Handle("POST /programmes/{code}/rollout/{plan}", access.WriteProgrammes, rolloutGiven)
	d.Handle("GET /programmes/{code}/rollout/{plan}/adopt", access.WriteProgrammes, rolloutAdopt)
	d.Handle("POST /programmes/{code}/rollout/{plan}/adopt", access.WriteProgrammes, rolloutAdopted)
}

// Rollout is the screen programmes/rollout: one plan, or two side by side. It asks for plan and with.
type Rollout struct {
	Programme                  i18n.Text
	Plans                      []shell.Option
	Plan, With                 string
	Sides                      []RolloutSide
	Months                     chart.Months
	Rows                       []RolloutMonth
	Words                      []string // how the plans differ, and when they reach the target
	Target                     int64    // people, of the whole programme; 0 is none
	Reached                    int64    // up to today
	Action, NewURL, TargetsURL string
	Errors                     map[string]string
}

// RolloutSide is one plan.
type RolloutSide struct {
	Name              string
	Total, Due        int64 // learners in all, and up to this month
	Adopted, Conflict bool
	Parts             []RolloutPart
	EditURL, AdoptURL string
}

// RolloutPart is a row of a plan.
type RolloutPart struct {
	Place                 i18n.Text
	From, To              string
	Groups, Seats, Months int
	Learners              int64
	Beyond                bool // more than the rooms of the centre hold
}

// RolloutMonth is a month, with what each plan reaches in it and up to it.
type RolloutMonth struct {
	Period     string
	Begun, Sum []int64
}

// RolloutForm is the screen programmes/rollout-form. It posts name, hours, and of each row by its number place_, from_, to_,
// groups_, seats_ and months_; do: save, more for more rows, or remove.
type RolloutForm struct {
	New             bool
	Programme       i18n.Text
	Name, Hours     string
	Rows            []RolloutLine
	Months          []shell.Option
	Known           []string // places, as they can be typed
	Full            bool     // there can be no more rows
	Action, BackURL string
	Errors          map[string]string
}

// RolloutLine is a row as it was typed.
type RolloutLine struct {
	N                    int
	Place, From, To      string
	Groups, Seats, Lasts string
}

// RolloutAdopt is the screen programmes/rollout-adopt. It posts seen, despite and meant where it asks, and do: adopt or release.
type RolloutAdopt struct {
	Programme       i18n.Text
	Name            string
	Rows            []RolloutTarget
	Asking              // it asks too where targets that stand are replaced
	Adopted         int // targets that stand as this plan set them
	Seen            string
	Action, BackURL string
	Errors          map[string]string
}

// RolloutTarget is a target that a plan sets.
type RolloutTarget struct {
	Place    i18n.Text
	Period   string
	Was, Now int64 // -1 is none
	Below    bool  // less than what is reached
	Reached  int64
}

// planOf is the plan that the address names, of those of its programme.
func planOf(a *door.Ask, p *programme.Programme) (programme.Rollout, error) {
	v, err := a.ID("plan")
	if err != nil {
		return programme.Rollout{}, err
	}
	l, err := a.H.Programmes.Rollouts(a.R.Context(), a.H.DB, p.ID)
	if err != nil {
		return programme.Rollout{}, err
	}
	i := slices.IndexFunc(l, func(x programme.Rollout) bool { return x.ID == v })
	if i < 0 {
		return programme.Rollout{}, fs.ErrNotExist
	}
	return l[i], nil
}

func rollout(a *door.Ask) error {
	ctx := a.R.Context()
	p, err := programmeOf(a)
	if err != nil {
		return err
	}
	self := "/programmes/" + p.Code
	v := Rollout{Programme: p.Name, Action: self + "/rollout", NewURL: self + "/rollout/new", TargetsURL: self + "/targets", Errors: map[string]string{}}
	all, err := a.H.Programmes.Rollouts(ctx, a.H.DB, p.ID)
	if err != nil {
		return err
	}
	var shown []programme.Rollout
	for _, field := range []string{"plan", "with"} {
		asked := a.R.FormValue(field)
		i := slices.IndexFunc(all, func(x programme.Rollout) bool { return x.ID.String() == asked })
		switch {
		case asked != "" && i < 0:
			return fs.ErrNotExist
		case !a.R.Form.Has(field): // until somebody chooses, whichever is not shown yet
			i = slices.IndexFunc(all, func(x programme.Rollout) bool { return len(shown) == 0 || x.ID != shown[0].ID })
		}
		if i >= 0 && !slices.ContainsFunc(shown, func(x programme.Rollout) bool { return x.ID == all[i].ID }) {
			shown = append(shown, all[i])
		}
	}
	for _, x := range all {
		v.Plans = append(v.Plans, shell.Option{Value: x.ID.String(), Label: x.Name})
	}
	targets, err := a.H.Programmes.Targets(ctx, a.H.DB, p.ID)
	if err != nil {
		return err
	}
	for _, t := range targets {
		if t.Place == p.Place && t.Indicator == measure.People && t.Period == measure.Total && t.Whole() && t.Phase.IsNil() {
			v.Target = t.Value
		}
	}
	scope, err := a.ScopeOf(access.ReadBoard)
	if err != nil {
		return err
	}
	b, err := measure.Read(ctx, a.H.DB, scope, measure.Filter{Programme: p.ID})
	if err != nil {
		return err
	}
	v.Reached = b.Total.People
	holds, err := a.H.Centres.Capacities(ctx, a.H.DB)
	if err != nil {
		return err
	}
	var openings []programme.Opening
	for i, x := range shown {
		openings = append(openings, x.Rows...)
		if i == 0 {
			v.Plan = x.ID.String()
		} else {
			v.With = x.ID.String()
		}
		s := RolloutSide{Name: x.Name, Conflict: x.Conflict, Total: programme.Learning(x.Rows, measure.Total), Due: programme.ReachBy(x.Rows, measure.Month(a.Today())), EditURL: v.Action + "/" + x.ID.String()}
		s.AdoptURL = s.EditURL + "/adopt"
		s.Adopted = slices.ContainsFunc(targets, func(t programme.Target) bool { return t.Rollout == x.ID })
		at := map[id.ID][]programme.Opening{}
		for _, o := range x.Rows {
			at[o.Place] = append(at[o.Place], o)
		}
		beyond := map[programme.Opening]bool{}
		for where, rows := range at {
			if c, ok := holds[where]; ok {
				for i, b := range programme.Beyond(rows, x.Hours, c.Seats, c.Minutes) {
					beyond[rows[i]] = beyond[rows[i]] || b
				}
			}
		}
		for _, o := range x.Rows {
			s.Parts = append(s.Parts, RolloutPart{Place: a.PlaceName(o.Place), From: o.From, To: o.To, Groups: o.Groups, Seats: o.Seats, Months: o.Months, Learners: programme.Learning([]programme.Opening{o}, measure.Total), Beyond: beyond[o]})
		}
		v.Sides = append(v.Sides, s)
	}
	if len(shown) > 0 {
		v.months(a, shown, openings)
	}
	return a.Render("programmes/rollout", v)
}

// months fills the table, the chart beside it, and what it says in words.
func (v *Rollout) months(a *door.Ask, shown []programme.Rollout, openings []programme.Opening) {
	first, last := programme.Span(openings)
	v.Months = chart.Months{Title: a.P.T("rollout.by_month"), RTL: a.Lang.Dir() == "rtl"}
	reach := make([]map[string]int64, len(shown))
	sums, hit := make([]int64, len(shown)), make([]string, len(shown))
	for i, x := range shown {
		reach[i] = programme.Reach(x.Rows)
	}
	for _, m := range programme.MonthsFrom(first, last) {
		r := RolloutMonth{Period: m}
		for i := range shown {
			n := reach[i][m]
			if sums[i] += n; hit[i] == "" && v.Target > 0 && sums[i] >= v.Target {
				hit[i] = m
			}
			r.Begun, r.Sum = append(r.Begun, n), append(r.Sum, sums[i])
		}
		c := chart.Column{Name: a.P.T("board.month." + m[4:]), Label: a.P.T("rollout.column", "month", a.P.Period(m), "plan", shown[0].Name, "n", r.Begun[0]), Value: r.Begun[0], Figure: a.P.Number(r.Begun[0])}
		if len(shown) > 1 {
			c.Goal = r.Begun[1]
			c.Label += " · " + a.P.T("rollout.column", "month", a.P.Period(m), "plan", shown[1].Name, "n", r.Begun[1])
		}
		v.Months.Columns, v.Rows = append(v.Months.Columns, c), append(v.Rows, r)
	}
	if len(shown) > 1 {
		more, less, n := shown[0].Name, shown[1].Name, sums[0]-sums[1]
		if n < 0 {
			more, less, n = less, more, -n
		}
		if n == 0 {
			v.Words = append(v.Words, a.P.T("rollout.same"))
		} else {
			v.Words = append(v.Words, a.P.T("rollout.more", "a", more, "b", less, "n", n))
		}
	}
	for i, x := range shown {
		switch {
		case v.Target == 0:
		case hit[i] != "":
			v.Words = append(v.Words, a.P.T("rollout.hits", "plan", x.Name, "target", v.Target, "month", a.P.Period(hit[i])))
		default:
			v.Words = append(v.Words, a.P.T("rollout.misses", "plan", x.Name, "target", v.Target, "n", v.Target-sums[i]))
		}
	}
}

// typedPlace is a place as it is offered and typed: its code, then its name.
func typedPlace(a *door.Ask, x *place.Place) string { return x.Code + " · " + nameOf(a, x.Name) }

func rolloutView(a *door.Ask) (*programme.Programme, programme.Rollout, []programme.Phase, RolloutForm, error) {
	fail := func(err error) (*programme.Programme, programme.Rollout, []programme.Phase, RolloutForm, error) {
		return nil, programme.Rollout{}, nil, RolloutForm{}, err
	}
	p, err := programmeOf(a)
	if err != nil {
		return fail(err)
	}
	v := RolloutForm{New: a.R.PathValue("plan") == "", Programme: p.Name, Hours: "2", Action: a.R.URL.Path, BackURL: "/programmes/" + p.Code + "/rollout", Errors: map[string]string{}}
	var plan programme.Rollout
	if !v.New {
		if plan, err = planOf(a, p); err != nil {
			return fail(err)
		}
		v.Name, v.Hours = plan.Name, strconv.Itoa(plan.Hours)
	}
	phases, err := a.H.Programmes.Phases(a.R.Context(), a.H.DB, p.ID)
	if err != nil {
		return fail(err)
	}
	first, last := "", ""
	for i, ph := range phases {
		if from := measure.Month(ph.From); i == 0 || from < first {
			first = from
		}
		last = max(last, measure.Month(ph.To))
	}
	if first != "" {
		months := programme.MonthsFrom(first, last)
		for _, m := range months[:min(len(months), maxMonths)] {
			v.Months = append(v.Months, shell.Option{Value: m, Label: a.P.Period(m)})
		}
	}
	for _, typ := range []string{"region", "centre"} {
		for _, x := range a.Tree.Of(typ) {
			if a.Tree.Holds(p.Place, x.ID) && len(v.Known) < maxPlaces {
				v.Known = append(v.Known, typedPlace(a, x))
			}
		}
	}
	for i, o := range plan.Rows {
		l := RolloutLine{N: i, From: o.From, To: o.To, Groups: strconv.Itoa(o.Groups), Seats: strconv.Itoa(o.Seats), Lasts: strconv.Itoa(o.Months)}
		if x := a.Tree.Get(o.Place); x != nil {
			l.Place = typedPlace(a, x)
		}
		v.Rows = append(v.Rows, l)
	}
	v.blank(len(plan.Rows) + 2)
	return p, plan, phases, v, nil
}

// maxMonths is how many months a plan offers: those of a phase as long as phases may be.
const maxMonths = 2 * phaseYears * 12

// blank fills the form up to some rows.
func (v *RolloutForm) blank(rows int) {
	for len(v.Rows) < min(rows, programme.MaxOpenings) {
		v.Rows = append(v.Rows, RolloutLine{N: len(v.Rows)})
	}
	v.Full = len(v.Rows) == programme.MaxOpenings
}

func rolloutEdit(a *door.Ask) error {
	_, _, _, v, err := rolloutView(a)
	if err != nil {
		return err
	}
	return a.Render("programmes/rollout-form", v)
}

// count reads a number from 1 to most, and says beside its field what is wrong.
func (v *RolloutForm) count(a *door.Ask, field, typed string, most int) int {
	n, err := strconv.Atoi(door.Digits(strings.TrimSpace(typed)))
	if err != nil || n < 1 || n > most {
		v.Errors[field] = a.P.T("rollout.fault.number", "max", most)
	}
	return n
}

// opening reads a row; ok is false for one that is empty.
func (v *RolloutForm) opening(a *door.Ask, p *programme.Programme, phases []programme.Phase, l RolloutLine) (o programme.Opening, ok bool) {
	if l.Place+l.From+l.To+l.Groups+l.Seats+l.Lasts == "" {
		return o, false
	}
	field := func(name string) string { return fmt.Sprintf("%s_%d", name, l.N) }
	code, _, _ := strings.Cut(l.Place, " · ")
	x := a.Tree.Code(code)
	switch {
	case l.Place == "":
		v.Errors[field("place")] = a.P.T("rollout.fault.place_missing")
	case x == nil || x.Type != "region" && x.Type != "centre":
		v.Errors[field("place")] = a.P.T("rollout.fault.place_unknown")
	case !a.Tree.Holds(p.Place, x.ID) || !slices.ContainsFunc(phases, func(ph programme.Phase) bool { return runsAt(a, ph, x.ID) }):
		v.Errors[field("place")] = a.P.T("rollout.fault.place_outside")
	default:
		o.Place = x.ID
	}
	o.From, o.To = l.From, l.To
	for name, m := range map[string]string{"from": l.From, "to": l.To} {
		switch {
		case !shell.Offers(v.Months, m):
			v.Errors[field(name)] = a.P.T("rollout.fault.month")
		case !o.Place.IsNil() && !slices.ContainsFunc(phases, func(ph programme.Phase) bool {
			return runsAt(a, ph, o.Place) && measure.Month(ph.From) <= m && m <= measure.Month(ph.To)
		}):
			v.Errors[field(name)] = a.P.T("rollout.fault.no_phase", "month", a.P.Period(m))
		}
	}
	if v.Errors[field("from")]+v.Errors[field("to")] == "" && l.To < l.From {
		v.Errors[field("to")] = a.P.T("rollout.fault.ends_before")
	}
	o.Groups = v.count(a, field("groups"), l.Groups, programme.MaxOpeningGroups)
	o.Seats = v.count(a, field("seats"), l.Seats, programme.MaxOpeningSeats)
	o.Months = v.count(a, field("months"), l.Lasts, programme.MaxOpeningMonths)
	return o, true
}

// runsAt reports whether a phase runs at a place, or in a part of it.
func runsAt(a *door.Ask, ph programme.Phase, v id.ID) bool {
	return len(ph.Places) == 0 || slices.ContainsFunc(ph.Places, func(x id.ID) bool { return a.Tree.Holds(x, v) || a.Tree.Holds(v, x) })
}

func rolloutGiven(a *door.Ask) error {
	p, plan, phases, v, err := rolloutView(a)
	if err != nil {
		return err
	}
	ctx := a.R.Context()
	form := func(name string) string { return strings.TrimSpace(a.R.PostFormValue(name)) }
	if form("do") == "remove" && !v.New {
		b := programme.RolloutStated{Programme: p.ID, Name: plan.Name, Hours: plan.Hours, Rows: plan.Rows, Withdrawn: true}
		if _, err := a.H.Programmes.SetRollout(ctx, a.Actor(), plan.ID, b); err != nil {
			return err
		}
		a.Notify("good", "rollout.removed")
		return a.Go(v.BackURL)
	}
	v.Name, v.Hours, v.Rows = form("name"), form("hours"), nil
	a.R.PostFormValue("name")
	n := 0 // rows that came
	for i := range programme.MaxOpenings {
		for _, name := range []string{"place", "from", "to", "groups", "seats", "months"} {
			if _, came := a.R.PostForm[fmt.Sprintf("%s_%d", name, i)]; came {
				n = i + 1
			}
		}
	}
	for i := range n {
		f := func(name string) string { return form(fmt.Sprintf("%s_%d", name, i)) }
		v.Rows = append(v.Rows, RolloutLine{N: i, Place: f("place"), From: f("from"), To: f("to"), Groups: f("groups"), Seats: f("seats"), Lasts: f("months")})
	}
	if form("do") == "more" {
		v.blank(len(v.Rows) + 5)
		return a.Render("programmes/rollout-form", v)
	}
	b := programme.RolloutStated{Programme: p.ID, Name: v.Name}
	if v.Name == "" {
		v.Errors["name"] = a.P.T("rollout.fault.name_missing")
	} else if long := a.TooLong(v.Name); long != "" {
		v.Errors["name"] = long
	}
	b.Hours = v.count(a, "hours", v.Hours, programme.MaxRolloutHours)
	for _, l := range v.Rows {
		if o, ok := v.opening(a, p, phases, l); ok {
			b.Rows = append(b.Rows, o)
		}
	}
	v.blank(max(len(v.Rows), 1))
	if len(b.Rows) == 0 {
		v.Errors["place_0"] = a.P.T("rollout.fault.rows")
	}
	if len(v.Errors) > 0 {
		return a.Again("programmes/rollout-form", v)
	}
	at, err := a.H.Programmes.SetRollout(ctx, a.Actor(), plan.ID, b)
	if errors.Is(err, programme.ErrRolloutName) {
		v.Errors["name"] = a.P.T("rollout.fault.name_taken")
		return a.Again("programmes/rollout-form", v)
	}
	if err != nil {
		return err
	}
	a.Notify("good", "common.saved")
	return a.Go(door.With(v.BackURL, "plan", at.String()))
}
