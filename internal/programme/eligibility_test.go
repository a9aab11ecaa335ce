package programme_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"tizi/internal/house"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/store"
	"tizi/internal/testhouse"
	"tizi/internal/testnode"
)

func TestJudge(t *testing.T) {
	young := programme.Rule{AgeMin: 8, AgeMax: 14, AgeOn: "2026-09-01"}
	women := programme.Rule{Sex: "f", Diploma: "licence", Category: []string{"unemployed", "student"}}
	dropouts := programme.Rule{AgeMax: 17, AgeOn: "2026-09-01", School: []string{"out_of_school", "never"}, Milieu: "rural"}
	for _, c := range []struct {
		rule    programme.Rule
		traits  programme.Traits
		refused string
		unknown string
	}{
		{programme.Rule{}, programme.Traits{}, "[]", "[]"},
		{young, programme.Traits{Birth: "2012-09-02"}, "[]", "[]"},
		{young, programme.Traits{Birth: "2011-09-01"}, "[age]", "[]"}, // fifteen on the day
		{young, programme.Traits{Birth: "2011-09-02"}, "[]", "[]"},    // fifteen on the day after
		{young, programme.Traits{Birth: "2018-09-01"}, "[]", "[]"},
		{young, programme.Traits{Birth: "2018-09-02"}, "[age]", "[]"},
		{young, programme.Traits{}, "[]", "[age]"},
		{young, programme.Traits{Birth: "2011"}, "[]", "[age]"}, // fourteen or fifteen
		{young, programme.Traits{Birth: "2010"}, "[age]", "[]"},
		{young, programme.Traits{Birth: "2013"}, "[]", "[]"},
		{young, programme.Traits{Birth: "2030-01-01"}, "[]", "[age]"}, // a mistake that somebody has to look at
		{women, programme.Traits{Sex: "m", Diploma: "bac", Category: "farmer"}, "[sex category diploma]", "[]"},
		{women, programme.Traits{Sex: "f", Diploma: "doctorate"}, "[]", "[category]"},
		{women, programme.Traits{}, "[]", "[sex category diploma]"},
		{dropouts, programme.Traits{Birth: "2010-01-01", Schooling: "in_school", Milieu: "urban"}, "[milieu schooling]", "[]"},
		{dropouts, programme.Traits{Birth: "2010-01-01", Schooling: "never", Milieu: "rural"}, "[]", "[]"},
	} {
		v := c.rule.Judge(c.traits)
		if fmt.Sprint(v.Refused) != c.refused || fmt.Sprint(v.Unknown) != c.unknown {
			t.Errorf("%+v of %+v: refused %v, unknown %v", c.rule, c.traits, v.Refused, v.Unknown)
		}
	}
}

// Whatever is not known about somebody, learning it can only settle what was open: nobody is refused for what is unknown,
// and what is known already is judged the same.
func TestUnknownNeverRefuses(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	pick := func(list []string) string { return list[rng.IntN(len(list))] }
	some := func(list []string) (out []string) {
		for _, v := range list {
			if rng.IntN(3) == 0 {
				out = append(out, v)
			}
		}
		return out
	}
	maybe := func(s string) string {
		if rng.IntN(2) == 0 {
			return ""
		}
		return s
	}
	for range 20_000 {
		r := programme.Rule{AgeMin: rng.IntN(20), AgeOn: "2026-09-01", Sex: maybe(pick(programme.Sexes)), Milieu: maybe(pick(programme.Milieus)), School: some(programme.Schoolings), Category: some(programme.Categories), Diploma: maybe(pick(programme.Diplomas))}
		r.AgeMax = r.AgeMin + rng.IntN(10)
		if err := r.Check(); err != nil {
			t.Fatalf("%+v: %v", r, err)
		}
		whole := programme.Traits{Birth: fmt.Sprintf("%d-%02d-%02d", 1995+rng.IntN(25), 1+rng.IntN(12), 1+rng.IntN(28)), Sex: pick(programme.Sexes), Milieu: pick(programme.Milieus), Schooling: pick(programme.Schoolings), Category: pick(programme.Categories), Diploma: pick(programme.Diplomas)}
		part := programme.Traits{Birth: maybe(whole.Birth), Sex: maybe(whole.Sex), Milieu: maybe(whole.Milieu), Schooling: maybe(whole.Schooling), Category: maybe(whole.Category), Diploma: maybe(whole.Diploma)}
		if part.Birth != "" && rng.IntN(2) == 0 {
			part.Birth = part.Birth[:4]
		}
		all, some := r.Judge(whole), r.Judge(part)
		if len(all.Unknown) > 0 {
			t.Fatalf("%+v of %+v leaves %v open", r, whole, all.Unknown)
		}
		for _, g := range programme.Grounds {
			known := !slices.Contains(some.Unknown, g)
			if slices.Contains(some.Refused, g) && !slices.Contains(all.Refused, g) || known && slices.Contains(all.Refused, g) != slices.Contains(some.Refused, g) {
				t.Fatalf("%s: %+v of %+v: %+v, of %+v: %+v", g, r, whole, all, part, some)
			}
		}
		if v := r.Judge(programme.Traits{}); len(v.Refused) > 0 {
			t.Fatalf("%+v refuses somebody of whom nothing is known: %v", r, v.Refused)
		}
	}
}

func TestVersions(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := testnode.New(t, testhouse.Place(t, e), house.Registry())
		p := programme.New(n.Log)
		_, err := p.Set(ctx, id.Nil, plan())
		must(t, err)
		x, err := p.Code(ctx, n.DB, "P")
		must(t, err)
		phases, err := p.Phases(ctx, n.DB, x.ID)
		must(t, err)
		phase := phases[0]
		versions := func() (out []string) {
			l, err := p.Versions(ctx, n.DB, phase)
			must(t, err)
			for _, v := range l {
				out = append(out, fmt.Sprint(v.N, " ", v.From, " ", v.Rule.AgeMin, "-", v.Rule.AgeMax, " ", v.Rule.Sex, " ", v.By))
			}
			return out
		}
		if got := fmt.Sprint(versions()); got != "[1  8-14  ]" {
			t.Errorf("as opened: %s", got)
		}
		must(t, p.Decide(ctx, id.Nil, programme.RuleStated{Phase: phase.ID, From: "2026-03-01", By: "circular", Rule: programme.Rule{Sex: "f"}}))
		must(t, p.Decide(ctx, id.Nil, programme.RuleStated{Phase: phase.ID, From: "2026-04-01", By: "committee", Rule: programme.Rule{AgeMin: 8, AgeMax: 15, AgeOn: "2026-04-01"}}))
		// One from an earlier day would give the last one another number; one from years before judges whom nobody asked.
		for _, on := range []string{"2026-03-31", "2019-06-01"} {
			var early *programme.EarlyError
			if err := p.Decide(ctx, id.Nil, programme.RuleStated{Phase: phase.ID, From: on, By: "late", Rule: programme.Rule{Sex: "m"}}); !errors.As(err, &early) || early.From != "2026-04-01" {
				t.Errorf("from %s: %v", on, err)
			}
		}
		if got := fmt.Sprint(versions()); got != "[1  8-14   2 2026-03-01 0-0 f circular 3 2026-04-01 8-15  committee]" {
			t.Errorf("two more: %s", got)
		}
		l, err := p.Versions(ctx, n.DB, phase)
		must(t, err)
		for on, want := range map[string]int{"2026-02-28": 1, "2026-03-01": 2, "2026-03-31": 2, "2027-01-01": 3} {
			if got := programme.InForce(l, on).N; got != want {
				t.Errorf("on %s version %d is in force, want %d", on, got, want)
			}
		}
		for what, s := range map[string]programme.RuleStated{
			"nobody decided":       {Phase: phase.ID, From: "2026-04-01"},
			"ages that contradict": {Phase: phase.ID, From: "2026-04-01", By: "x", Rule: programme.Rule{AgeMin: 9, AgeMax: 8, AgeOn: "2026-04-01"}},
			"an age on no day":     {Phase: phase.ID, From: "2026-04-01", By: "x", Rule: programme.Rule{AgeMin: 9}},
			"no such schooling":    {Phase: phase.ID, From: "2026-04-01", By: "x", Rule: programme.Rule{School: []string{"sometimes"}}},
		} {
			if err := p.Decide(ctx, id.Nil, s); err == nil {
				t.Errorf("%s: taken", what)
			}
		}
		if n := len(versions()); n != 3 {
			t.Errorf("refusals left %d versions", n)
		}
	})
}

// A phase whose days are moved asks for the ages of the day on which it was opened to people: what somebody was judged by is not
// written anew. One that is only announced, or gets other ages, asks for those of its first day.
func TestMovingAPhaseKeepsItsRule(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := testnode.New(t, testhouse.Place(t, e), house.Registry())
		p := programme.New(n.Log)
		for i, c := range []struct {
			from    string
			min     int
			planned bool
			want    string
		}{
			{"2026-01-05", 8, true, "2026-01-05"},
			{"2026-02-02", 8, true, "2026-02-02"},
			{"2026-03-02", 8, false, "2026-03-02"},
			{"2026-04-06", 8, false, "2026-03-02"},
			{"2026-05-04", 9, false, "2026-05-04"},
			{"2026-06-01", 9, false, "2026-05-04"},
		} {
			x, err := p.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: "P", Name: i18n.Text{i18n.FR: "P"}},
				Phases: []programme.PhaseOpened{{Code: "1", Name: i18n.Text{i18n.FR: "1"}, From: c.from, To: "2026-12-31", AgeMin: c.min, AgeMax: 14, Planned: c.planned}}})
			must(t, err)
			phases, err := p.Phases(ctx, n.DB, x)
			must(t, err)
			l, err := p.Versions(ctx, n.DB, phases[0])
			must(t, err)
			if len(l) != 1 || l[0].Rule.AgeOn != c.want || phases[0].From != c.from {
				t.Errorf("statement %d: %+v, want the ages of %s", i, l, c.want)
			}
		}
		n.Whole()
	})
}

// A phase runs in the places it names, with what lies in them.
func TestPhaseRuns(t *testing.T) {
	n := testnode.New(t, testnode.Place(t, store.SQLite), house.Registry())
	places := place.New(n.Log)
	must(t, places.LoadCountry(ctx, id.Nil, "ma", true))
	tree, err := places.Tree(ctx, n.DB)
	must(t, err)
	for _, c := range []struct {
		in   []string
		runs bool
	}{{nil, true}, {[]string{"MA"}, true}, {[]string{"MA-08"}, true}, {[]string{"MA-ERR-MJ1"}, true}, {[]string{"MA-01"}, false}, {[]string{"MA-01", "MA-08"}, true}} {
		ph := programme.Phase{}
		for _, v := range c.in {
			ph.Places = append(ph.Places, place.ID(v))
		}
		if ph.Runs(tree, place.ID("MA-ERR-MJ1")) != c.runs {
			t.Errorf("in %v: want %v", c.in, c.runs)
		}
	}
}
