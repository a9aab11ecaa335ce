package steer

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/programme"
	"tizi/internal/web/door"
)

// adoption is what becomes of the targets when a plan is adopted: each place of it, each region around one and the place of the
// programme get theirs, for each year and in all; what another plan set and this one does not is taken back.
func adoption(a *door.Ask) (*programme.Programme, programme.Rollout, []programme.TargetSet, RolloutAdopt, error) {
	ctx := a.R.Context()
	var v RolloutAdopt
	p, err := programmeOf(a)
	if err != nil {
		return nil, programme.Rollout{}, nil, v, err
	}
	plan, err := planOf(a, p)
	if err != nil {
		return nil, plan, nil, v, err
	}
	v = RolloutAdopt{Programme: p.Name, Name: plan.Name, Action: a.R.URL.Path, BackURL: door.With("/programmes/"+p.Code+"/rollout", "plan", plan.ID.String()), Errors: map[string]string{}}
	all, err := a.H.Programmes.Targets(ctx, a.H.DB, p.ID)
	if err != nil {
		return nil, plan, nil, v, err
	}
	has := map[id.ID]programme.Target{}
	for _, t := range all {
		has[t.ID] = t
		if t.Rollout == plan.ID {
			v.Adopted++
		}
	}
	rows := map[id.ID][]programme.Opening{}
	for _, o := range plan.Rows {
		at := []id.ID{p.Place, o.Place}
		if r := a.Tree.Up(o.Place, "region"); r != nil && a.Tree.Holds(p.Place, r.ID) {
			at = append(at, r.ID)
		}
		slices.SortFunc(at, func(x, y id.ID) int { return slices.Compare(x[:], y[:]) })
		for _, x := range slices.Compact(at) {
			rows[x] = append(rows[x], o)
		}
	}
	periods := []string{measure.Total}
	first, last := programme.Span(plan.Rows)
	from, _ := strconv.Atoi(first[:4]) // of months that were checked
	to, _ := strconv.Atoi(last[:4])
	for y := from; y <= to+programme.MaxOpeningMonths/12; y++ { // the last groups may go on for years
		periods = append(periods, strconv.Itoa(y))
	}
	var sets []programme.TargetSet
	set := map[id.ID]bool{}
	for at, l := range rows {
		for _, period := range periods {
			b := programme.TargetSet{Programme: p.ID, Indicator: measure.People, Place: at, Period: period, Value: programme.Learning(l, period)}
			if v := programme.TargetID(p.ID, b); b.Value > 0 {
				set[v], sets = true, append(sets, b)
			}
		}
	}
	for _, t := range all {
		if !t.Rollout.IsNil() && !set[t.ID] {
			sets = append(sets, programme.TargetSet{Programme: p.ID, Indicator: t.Indicator, Place: t.Place, Period: t.Period, Value: t.Value, Withdrawn: true})
		}
	}
	// The country first, its regions by code, the centres after them.
	code := func(b programme.TargetSet) string {
		x := a.Tree.Get(b.Place)
		if x == nil {
			return ""
		}
		return map[string]string{"country": "0", "region": "1"}[x.Type] + x.Code
	}
	slices.SortFunc(sets, func(x, y programme.TargetSet) int {
		return cmp.Or(cmp.Compare(b2i(x.Place != p.Place), b2i(y.Place != p.Place)), strings.Compare(code(x), code(y)), strings.Compare(x.Period, y.Period))
	})
	v.Seen = programme.AdoptionStamp(sets, all)
	scope, err := a.ScopeOf(access.ReadBoard)
	if err != nil {
		return nil, plan, nil, v, err
	}
	doubts, replaces := programme.Doubts(a.Tree, all, sets), false
	boards := map[string]*measure.Board{}
	for _, b := range sets {
		if boards[b.Period] == nil {
			if boards[b.Period], err = measure.Read(ctx, a.H.DB, scope, measure.Filter{Programme: p.ID, Period: b.Period}); err != nil {
				return nil, plan, nil, v, err
			}
		}
		r := RolloutTarget{Place: a.PlaceName(b.Place), Period: periodName(a, b.Period), Was: -1, Now: b.Value}
		for _, c := range a.Tree.Within(b.Place) {
			r.Reached += boards[b.Period].Centres[c.ID].People
		}
		if was, ok := has[programme.TargetID(p.ID, b)]; ok {
			r.Was = was.Value
			replaces = replaces || b.Withdrawn || was.Value != b.Value
		}
		if b.Withdrawn {
			r.Now = -1
		} else if r.Below = b.Value < r.Reached; r.Below {
			replaces = true
		}
		v.Rows = append(v.Rows, r)
	}
	v.ask(a, doubts, replaces)
	return p, plan, sets, v, nil
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func rolloutAdopt(a *door.Ask) error {
	_, _, _, v, err := adoption(a)
	if err != nil {
		return err
	}
	return a.Render("programmes/rollout-adopt", v)
}

func rolloutAdopted(a *door.Ask) error {
	p, plan, sets, v, err := adoption(a)
	if err != nil {
		return err
	}
	ctx := a.R.Context()
	if a.R.PostFormValue("do") == "release" {
		n, err := a.H.Programmes.Release(ctx, a.Actor(), p.ID, plan.ID)
		if err != nil {
			return err
		}
		a.Notify("good", "rollout.released", "n", n)
		left, err := a.H.Programmes.Left(ctx, a.H.DB, p.ID, plan.ID)
		if err != nil {
			return err
		}
		if len(left) > 0 {
			const most = 8 // that a notice names
			var names []string
			for _, t := range left[:min(most, len(left))] {
				names = append(names, a.P.T("spread.of", "target", targetName(a, &t), "n", t.Value))
			}
			a.Notify("wait", "rollout.stayed", "n", len(left), "which", strings.Join(names, " ; "))
		}
		return a.Go(v.BackURL)
	}
	if v.Ask && v.Despite != "yes" {
		v.Errors["despite"] = a.P.T("rollout.fault.despite")
		return a.Again("programmes/rollout-adopt", v)
	}
	err = a.H.Programmes.Adopt(ctx, a.Actor(), p.ID, plan.ID, sets, a.R.PostFormValue("seen"), v.Meant)
	var doubt *programme.DoubtError
	if errors.As(err, &doubt) && v.ask(a, doubt.Doubts, true) {
		v.Errors["despite"] = a.P.T("rollout.fault.despite")
		return a.Again("programmes/rollout-adopt", v)
	}
	if errors.Is(err, programme.ErrChanged) {
		v.Errors[""] = a.P.T("spread.changed")
		return a.Again("programmes/rollout-adopt", v)
	}
	if err != nil {
		return err
	}
	a.Notify("good", "rollout.adopted_now")
	return a.Go(v.BackURL)
}
