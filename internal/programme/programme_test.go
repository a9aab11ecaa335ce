package programme_test

import (
	"context"
	"fmt"
	"testing"

	"tizi/internal/house"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/store"
	"tizi/internal/testhouse"
	"tizi/internal/testnode"
)

var (
	ctx  = context.Background()
	must = testnode.Must
)

func name(s string) i18n.Text { return i18n.Text{i18n.FR: s} }

func plan() programme.Plan {
	return programme.Plan{
		Programme: programme.Opened{Code: "P", Name: i18n.Text{i18n.FR: "Programme", i18n.AR: "برنامج"}, Place: place.ID("MA")},
		Phases: []programme.PhaseOpened{
			{Code: "2", Name: name("deux"), From: "2026-09-01", To: "2026-12-31", AgeMin: 15, Planned: true},
			{Code: "1", Name: name("un"), From: "2026-01-05", To: "2026-06-30", AgeMin: 8, AgeMax: 14},
		},
		Targets: []programme.TargetSet{
			{Indicator: measure.People, Place: place.ID("MA"), Value: 200_000},
			{Indicator: measure.People, Place: place.ID("MA"), Cell: map[string]string{"sex": "f"}, Value: 100_000},
			{Indicator: measure.Participations, Place: place.ID("MA-08"), Period: "2026", Value: 5, Baseline: 2},
		},
	}
}

// A plan is stated whole: what is so already writes nothing, what differs replaces, a refusal leaves nothing.
func TestPlan(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := testnode.New(t, testhouse.Place(t, e), house.Registry())
		p := programme.New(n.Log)
		facts := func() int64 {
			c, err := n.Count(ctx, n.DB)
			must(t, err)
			return c
		}
		shows := func(want string) {
			t.Helper()
			x, err := p.Code(ctx, n.DB, "P")
			must(t, err)
			phases, err := p.Phases(ctx, n.DB, x.ID)
			must(t, err)
			targets, err := p.Targets(ctx, n.DB, x.ID)
			must(t, err)
			got := fmt.Sprint(x.Name[i18n.AR])
			for _, ph := range phases {
				got += fmt.Sprint("; ", ph.Code, " ", ph.From, " ", ph.Planned)
			}
			sum := int64(0)
			for _, tg := range targets {
				sum += tg.Value
			}
			if got += fmt.Sprint("; ", len(targets), " targets of ", sum); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		_, err := p.Set(ctx, id.Nil, plan())
		must(t, err)
		shows("برنامج; 1 2026-01-05 false; 2 2026-09-01 true; 3 targets of 300005")
		before := facts()
		_, err = p.Set(ctx, id.Nil, plan())
		must(t, err)
		if got := facts(); got != before {
			t.Errorf("the same plan wrote %d facts", got-before)
		}
		for what, spoil := range map[string]func(*programme.Plan){
			"no code":           func(x *programme.Plan) { x.Programme.Code = "" },
			"ends before":       func(x *programme.Plan) { x.Phases[1].To = "2026-01-04" },
			"no such day":       func(x *programme.Plan) { x.Phases[1].To = "2026-02-30" },
			"ages":              func(x *programme.Plan) { x.Phases[1].AgeMax = 7 },
			"no indicator":      func(x *programme.Plan) { x.Targets[2].Indicator = "joy" },
			"no such month":     func(x *programme.Plan) { x.Targets[2].Period = "202613" },
			"less than nothing": func(x *programme.Plan) { x.Targets[2].Value = -1 },
		} {
			x := plan()
			x.Programme.Name = name("autre")
			spoil(&x)
			if _, err := p.Set(ctx, id.Nil, x); err == nil {
				t.Errorf("%s: taken", what)
			}
		}
		if got := facts(); got != before {
			t.Errorf("refusals wrote %d facts", got-before)
		}
		next := plan()
		next.Phases[0].Planned = false
		next.Targets[0].Value = 150_000
		next.Targets[1].Withdrawn = true
		_, err = p.Set(ctx, id.Nil, next)
		must(t, err)
		if got := facts(); got != before+3 {
			t.Errorf("three changes wrote %d facts", got-before)
		}
		shows("برنامج; 1 2026-01-05 false; 2 2026-09-01 false; 2 targets of 150005")
		_, err = p.Set(ctx, id.Nil, plan()) // and back
		must(t, err)
		shows("برنامج; 1 2026-01-05 false; 2 2026-09-01 true; 3 targets of 300005")
		n.Whole()
	})
}
