package programme_test

import (
	"errors"
	"fmt"
	"testing"

	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/store"
	"tizi/internal/testhouse"
	"tizi/internal/testnode"
)

// Targets that contradict each other are asked about in the writer's turn, whoever states them; what is meant is written, what
// stands so already is not asked about again, and nothing is half written.
func TestDoubts(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := testnode.New(t, testhouse.Place(t, e), house.Registry())
		must(t, place.New(n.Log).LoadCountry(ctx, id.Nil, "ma", true))
		p := programme.New(n.Log)
		set := func(indicator, at, period, sex string, value int64) programme.TargetSet {
			b := programme.TargetSet{Indicator: indicator, Place: place.ID(at), Period: period, Value: value}
			if sex != "" {
				b.Cell = map[string]string{"sex": sex}
			}
			return b
		}
		people := func(at, period, sex string, value int64) programme.TargetSet {
			return set(measure.People, at, period, sex, value)
		}
		presences := func(period string, value int64) programme.TargetSet {
			return set(measure.Participations, "MA", period, "", value)
		}
		try := func(meant string, sets ...programme.TargetSet) []programme.Doubt {
			t.Helper()
			pl := plan()
			pl.Targets, pl.Meant = sets, meant
			before, err := n.Count(ctx, n.DB)
			must(t, err)
			_, err = p.Set(ctx, id.Nil, pl)
			var d *programme.DoubtError
			if !errors.As(err, &d) {
				must(t, err)
				return nil
			}
			if after, _ := n.Count(ctx, n.DB); after != before {
				t.Errorf("%d facts of what was refused", after-before)
			}
			return d.Doubts
		}
		says := func(d []programme.Doubt) string {
			out := ""
			for _, x := range d {
				out += fmt.Sprint(x.Kind, " ", x.Sum, ">", x.Whole.Value, " ")
			}
			return out
		}
		if got := try("", people("MA", "", "", 80), people("MA", "", "f", 40), people("MA-01", "", "", 30), presences("2026", 100)); got != nil {
			t.Fatalf("nothing contradicts: %s", says(got))
		}
		for what, c := range map[string]struct {
			sets []programme.TargetSet
			want string
		}{
			"regions beyond the country":       {[]programme.TargetSet{people("MA-02", "", "", 51)}, "places 81>80 "},
			"one region":                       {[]programme.TargetSet{people("MA-02", "", "", 500)}, "part 500>80 "},
			"a year beyond the whole":          {[]programme.TargetSet{people("MA", "2026", "", 5000)}, "part 5000>80 "},
			"girls beyond everybody":           {[]programme.TargetSet{people("MA-01", "", "f", 31)}, "part 31>30 "},
			"girls and boys":                   {[]programme.TargetSet{people("MA", "", "m", 41)}, "cells 81>80 "},
			"everybody below the girls":        {[]programme.TargetSet{people("MA", "", "", 39)}, "part 40>39 "},
			"girls of a year, of a region":     {[]programme.TargetSet{people("MA-02", "202601", "f", 41)}, "part 41>40 "},
			"presences of months":              {[]programme.TargetSet{presences("202601", 60), presences("202602", 41)}, "times 101>100 "},
			"people of months are one another": {[]programme.TargetSet{people("MA", "202601", "", 60), people("MA", "202602", "", 41)}, ""},
			"as much":                          {[]programme.TargetSet{people("MA-02", "", "", 50), people("MA", "", "m", 40)}, ""},
			"what is not touched":              {[]programme.TargetSet{people("MA", "", "", 80)}, ""},
		} {
			pl := plan()
			for i := range c.sets {
				c.sets[i].Programme = programme.ID(pl.Programme.Code)
			}
			all, err := p.Targets(ctx, n.DB, programme.ID(pl.Programme.Code))
			must(t, err)
			tree, err := place.New(n.Log).Tree(ctx, n.DB)
			must(t, err)
			if got := says(programme.Doubts(tree, all, c.sets)); got != c.want {
				t.Errorf("%s: %q, not %q", what, got, c.want)
			}
		}
		asked := try("", people("MA-02", "", "", 60))
		if says(asked) != "places 90>80 " {
			t.Fatalf("asked %q", says(asked))
		}
		if got := try("another", people("MA-02", "", "", 60)); says(got) != "places 90>80 " {
			t.Errorf("what was not seen is taken: %q", says(got))
		}
		if got := try(programme.DoubtStamp(asked), people("MA-02", "", "", 60)); got != nil {
			t.Errorf("what is meant is asked about: %q", says(got))
		}
		if got := try("", people("MA-02", "", "", 55)); got != nil {
			t.Errorf("what becomes better is asked about: %q", says(got))
		}
		if got := try("", people("MA-02", "", "", 56)); says(got) != "places 86>80 " {
			t.Errorf("what becomes worse is not asked about: %q", says(got))
		}
		// A spreading and a plan are asked alike.
		all, err := p.Targets(ctx, n.DB, programme.ID("P"))
		must(t, err)
		var whole programme.Target
		for _, x := range all {
			if x.Place == place.ID("MA-01") {
				whole = x
			}
		}
		tree, err := place.New(n.Log).Tree(ctx, n.DB)
		must(t, err)
		at := tree.Children(whole.Place)[0].ID
		pl := plan()
		pl.Targets = []programme.TargetSet{{Indicator: measure.People, Place: at, Cell: map[string]string{"sex": "f"}, Value: 20}}
		_, err = p.Set(ctx, id.Nil, pl)
		must(t, err)
		parts := []programme.Part{{Place: at, Weight: 1, Hand: true, Value: 7}}
		s := programme.Spreading{From: whole.ID, Rule: programme.ByEqual, Parts: parts, Seen: programme.Stamp(whole, []id.ID{at}, whole.Like(all))}
		var d *programme.DoubtError
		if err := p.Spread(ctx, id.Nil, whole.Programme, s); !errors.As(err, &d) || says(d.Doubts) != "part 20>7 " {
			t.Errorf("7 for everybody with 20 girls, spread: %v", err)
		}
		s.Meant = programme.DoubtStamp(d.Doubts)
		must(t, p.Spread(ctx, id.Nil, whole.Programme, s))
		sets := []programme.TargetSet{{Programme: whole.Programme, Indicator: measure.People, Place: place.ID("MA"), Period: "2027", Value: 5000}}
		all, err = p.Targets(ctx, n.DB, whole.Programme)
		must(t, err)
		seen := programme.AdoptionStamp(sets, all)
		if err := p.Adopt(ctx, id.Nil, whole.Programme, id.New(), sets, seen, ""); !errors.As(err, &d) || says(d.Doubts) != "part 5000>80 " {
			t.Errorf("a year beyond the whole, adopted: %v", err)
		}
		must(t, p.Adopt(ctx, id.Nil, whole.Programme, id.New(), sets, seen, programme.DoubtStamp(d.Doubts)))
		// Whoever looked at a target does not write over what another made of it.
		pl.Targets = []programme.TargetSet{people("MA-01", "", "", 29)}
		pl.Seen = map[id.ID]string{whole.ID: "0123"}
		if _, err := p.Set(ctx, id.Nil, pl); !errors.Is(err, programme.ErrChanged) {
			t.Errorf("unseen: %v", err)
		}
		pl.Seen[whole.ID] = whole.Mark()
		_, err = p.Set(ctx, id.Nil, pl)
		must(t, err)
		n.Whole()
	})
}

// A target whose value was changed leaves its plan: taking the plan back does not take it, and can name it.
func TestLeft(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := testnode.New(t, testhouse.Place(t, e), house.Registry())
		p := programme.New(n.Log)
		pl := plan()
		pl.Targets = nil
		pid, err := p.Set(ctx, id.Nil, pl)
		must(t, err)
		made := id.New()
		set := func(at string, value int64) programme.TargetSet {
			return programme.TargetSet{Programme: pid, Indicator: measure.People, Place: place.ID(at), Value: value}
		}
		sets := []programme.TargetSet{set("MA-01", 10), set("MA-02", 20)}
		must(t, p.Adopt(ctx, id.Nil, pid, made, sets, programme.AdoptionStamp(sets, nil), ""))
		pl.Targets = []programme.TargetSet{set("MA-02", 21)}
		_, err = p.Set(ctx, id.Nil, pl)
		must(t, err)
		left := func(want int) {
			t.Helper()
			l, err := p.Left(ctx, n.DB, pid, made)
			must(t, err)
			if len(l) != want || want > 0 && l[0].Value != 21 {
				t.Errorf("left the plan: %+v", l)
			}
		}
		left(1)
		k, err := p.Release(ctx, id.Nil, pid, made)
		must(t, err)
		if k != 1 {
			t.Errorf("%d taken back", k)
		}
		left(1)
		gone := set("MA-02", 21)
		gone.Withdrawn = true
		for _, b := range []programme.TargetSet{gone, set("MA-02", 21)} {
			pl.Targets = []programme.TargetSet{b}
			_, err = p.Set(ctx, id.Nil, pl)
			must(t, err)
		}
		left(0)
		n.Whole()
	})
}
