package training_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"tizi/internal/fact"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/training"
)

func (c *node) person(t testing.TB, d person.Details) id.ID {
	t.Helper()
	v, err := c.People.Register(ctx, id.Nil, here, d, nil)
	must(t, err)
	return v
}

// The rule of a phase is asked at each door to it, once of each person, and what is not known is said and refuses nobody.
func TestRuleOfAPhase(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		programmes := programme.New(c.Log)
		fits := c.person(t, person.Details{"first_latin": "Amina", "birth": "2015-01-06", "sex": "f"})
		old := c.person(t, person.Details{"first_latin": "Brahim", "birth": "2008-01-06", "sex": "m"})
		unsure := c.person(t, person.Details{"first_latin": "Chama"})
		g := c.group(t, 10)
		standing := func(p id.ID) string {
			t.Helper()
			l, err := c.OfPerson(ctx, c.DB, all, p)
			must(t, err)
			s := ""
			for _, e := range l {
				s += fmt.Sprint(e.State, " ", e.Reason, " ", e.Remark, " ", e.Appeal.IsNil(), ";")
			}
			return s
		}
		done, err := c.Place(ctx, id.Nil, all, g, []id.ID{fits, old, unsure}, "2026-03-02")
		must(t, err)
		is(t, "placed", fmt.Sprint(done.Enrolled, len(done.Refused), done.Refused[0].Person == old, done.Refused[0].Grounds, done.Refused[0].Version.Rule.AgeMax), "2 1 true [age] 14")
		is(t, "who fits", standing(fits), "enrolled  [] true;")
		is(t, "of whom the age is not known", standing(unsure), "enrolled  [age] true;")
		is(t, "who is too old", standing(old), "denied rule [age] true;")
		before := c.facts(t)
		done, err = c.Place(ctx, id.Nil, all, g, []id.ID{fits, old, unsure}, "2026-03-02")
		must(t, err)
		is(t, "again", fmt.Sprint(done.Already, len(done.Refused)), "2 1")
		is(t, "facts of placing twice", c.facts(t), before)
		list, denied, err := c.Refusals(ctx, c.DB, old)
		must(t, err)
		is(t, "why", fmt.Sprint(len(list), list[0].Grounds, list[0].Version.N, denied[0].Phase == phase), "1 [age] 1 true")

		// A refusal is not left, so that nobody comes back by leaving without an appeal.
		refused(t, "leaving a refusal", c.Leave(ctx, id.Nil, all, g, old, "moved", "2026-03-03"), training.ErrNoSeat)
		is(t, "facts of it", c.facts(t), before)
		is(t, "who left a refusal", standing(old), "denied rule [age] true;")

		// Who was refused is on no sheet, and nothing is marked before its day.
		m := c.meeting(t, g, "2026-03-05")
		before = c.facts(t)
		c.on(t, "2026-03-04")
		refused(t, "a sheet before its day", c.Take(ctx, id.Nil, all, m, map[id.ID]string{fits: training.Present}, "list"), training.ErrEarly)
		refused(t, "a card before its day", second(c.CheckIn(ctx, id.Nil, all, m, fits, training.Present)), training.ErrEarly)
		c.on(t, "2026-03-05")
		refused(t, "a sheet with a refusal", c.Take(ctx, id.Nil, all, m, map[id.ID]string{fits: training.Present, old: training.Present}, "list"), training.ErrNotOnList)
		refused(t, "the card of a refusal", second(c.CheckIn(ctx, id.Nil, all, m, old, training.Present)), training.ErrNotOnList)
		is(t, "facts of refusals", c.facts(t), before)
		must(t, second(c.CheckIn(ctx, id.Nil, all, m, fits, training.Present)))

		// A later version asks those who come, not those who are in.
		must(t, programmes.Decide(ctx, id.Nil, programme.RuleStated{Phase: phase, From: "2026-04-01", By: "committee", Rule: programme.Rule{Sex: "m"}}))
		done, err = c.Place(ctx, id.Nil, all, g, []id.ID{old, fits}, "2026-04-02")
		must(t, err)
		is(t, "by the second version", fmt.Sprint(done.Enrolled, done.Already, len(done.Refused)), "1 1 0")
		must(t, c.Leave(ctx, id.Nil, all, g, fits, "moved", "2026-04-03"))
		done, err = c.Place(ctx, id.Nil, all, g, []id.ID{fits}, "2026-04-04")
		must(t, err)
		is(t, "who was in it comes back", fmt.Sprint(done.Enrolled, len(done.Refused)), "1 0")

		// By the waiting list one is judged when one comes to it.
		small := c.group(t, 1)
		boys := []id.ID{c.person(t, person.Details{"first_latin": "Driss", "sex": "m"}), c.person(t, person.Details{"first_latin": "Fouad", "sex": "m"}), c.person(t, person.Details{"first_latin": "Ghita", "sex": "f"})}
		done, err = c.Place(ctx, id.Nil, all, small, boys, "2026-04-05")
		must(t, err)
		is(t, "one seat", fmt.Sprint(done.Enrolled, done.Waiting, len(done.Refused)), "1 1 1")
		must(t, programmes.Decide(ctx, id.Nil, programme.RuleStated{Phase: phase, From: "2026-05-01", By: "committee", Rule: programme.Rule{Sex: "f"}}))
		roster, err := c.Roster(ctx, c.DB, small)
		must(t, err)
		for _, e := range roster {
			if e.State == training.Enrolled {
				must(t, c.Leave(ctx, id.Nil, all, small, e.Person, "moved", "2026-05-02"))
			}
		}
		waiting, err := c.Waiting(ctx, c.DB, small)
		must(t, err)
		is(t, "who waited has the seat, by the rule of then", len(waiting), 0)
	})
}

// Moving to a group of another phase is coming to it.
func TestRuleWhenMoved(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		_, err := programme.New(c.Log).Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: "P", Name: i18n.Text{i18n.FR: "P"}},
			Phases: []programme.PhaseOpened{{Code: "2", Name: i18n.Text{i18n.FR: "2"}, From: "2026-01-05", To: "2026-12-31", AgeMin: 15}}})
		must(t, err)
		p := c.people(t, here, "Amina")[0]
		g := c.group(t, 5)
		_, err = c.Place(ctx, id.Nil, all, g, []id.ID{p}, "2026-03-02")
		must(t, err)
		other, err := c.OpenCohort(ctx, id.Nil, all, training.CohortOpened{Name: "H", Programme: prog, Phase: programme.PhaseID(prog, "2"), Centre: here})
		must(t, err)
		before := c.facts(t)
		var no *training.RefusedError
		if err := c.Transfer(ctx, id.Nil, all, g, other, p, "level", "", "2026-03-03"); !errors.As(err, &no) || fmt.Sprint(no.Grounds) != "[age]" || no.Version.Rule.AgeMin != 15 {
			t.Errorf("moved to a phase that is not for her: %v", err)
		}
		is(t, "facts of a refusal", c.facts(t), before)
		for what, o := range map[string]struct {
			c    training.CohortOpened
			want error
		}{
			"before its phase": {training.CohortOpened{Name: "J", Programme: prog, Phase: phase, Centre: here, From: "2025-12-01"}, training.ErrPhaseDays},
			"that ends before": {training.CohortOpened{Name: "J", Programme: prog, Phase: phase, Centre: here, From: "2026-05-01", To: "2026-04-01"}, training.ErrEnds},
			"after its phase":  {training.CohortOpened{Name: "J", Programme: prog, Phase: phase, Centre: here, To: "2027-01-01"}, training.ErrPhaseDays},
		} {
			_, err := c.OpenCohort(ctx, id.Nil, all, o.c)
			refused(t, "a group "+what, err, o.want)
		}
	})
}

// The days of a group stay within those of its phase and hold its sessions, and those of a phase hold the sessions of its groups.
func TestDaysOfAGroup(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		g := c.group(t, 5)
		c.meeting(t, g, "2026-03-02")
		c.meeting(t, g, "2026-04-01")
		c.cancel(t, c.meeting(t, g, "2026-06-01"))
		for _, x := range []struct {
			from, to string
			want     error
		}{
			{"2026-05-01", "2026-04-01", training.ErrEnds}, {"2025-12-31", "2026-04-01", training.ErrPhaseDays}, {"2026-03-02", "2027-01-01", training.ErrPhaseDays},
			{"2026-03-03", "2026-04-01", &training.DaysError{}}, {"2026-03-02", "2026-03-31", &training.DaysError{}}, {"2026-03-02", "2026-04-01", nil},
		} {
			before := c.facts(t)
			err := c.EditCohort(ctx, id.Nil, all, g, func(o *training.CohortOpened) { o.From, o.To = x.from, x.to })
			var days, wanted *training.DaysError
			if errors.As(x.want, &wanted) {
				if !errors.As(err, &days) || days.From != "2026-03-02" || days.To != "2026-04-01" {
					t.Errorf("from %s to %s: %v", x.from, x.to, err)
				}
			} else {
				refused(t, x.from+" "+x.to, err, x.want)
			}
			if err != nil {
				is(t, "facts of a refusal", c.facts(t), before)
			}
		}
		ph := programme.Phase{ID: phase, From: "2026-03-02", To: "2026-04-01"}
		tree, err := place.New(c.Log).Tree(ctx, c.DB)
		must(t, err)
		must(t, c.PhaseHolds(ctx, c.DB, tree, ph))
		for _, x := range [][2]string{{"2026-03-03", "2026-04-01"}, {"2026-03-02", "2026-03-31"}} {
			other := ph
			other.From, other.To = x[0], x[1]
			if err := c.PhaseHolds(ctx, c.DB, tree, other); err == nil {
				t.Errorf("a phase from %s to %s", x[0], x[1])
			}
		}
		announced, elsewhere := ph, ph
		announced.Planned, elsewhere.Places = true, []id.ID{id.New()}
		for _, other := range []programme.Phase{announced, elsewhere} {
			var out *training.GroupsError
			if err := c.PhaseHolds(ctx, c.DB, tree, other); !errors.As(err, &out) || out.N != 1 || len(out.Names) != 1 {
				t.Errorf("a phase that leaves its group out: %v", err)
			}
		}
		must(t, c.PhaseHolds(ctx, c.DB, tree, programme.Phase{ID: programme.PhaseID(prog, "2"), From: "2026-03-03", To: "2026-03-03"}))
	})
}

func TestAppeals(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		clerk, manager := id.Named("test", "clerk"), id.Named("test", "manager")
		p := c.person(t, person.Details{"first_latin": "Brahim", "birth": "2008-01-06"})
		g := c.group(t, 10)
		_, err := c.Lodge(ctx, clerk, all, p, phase, "guardian", "please", "2026-03-02")
		refused(t, "nobody refused", err, training.ErrNoRefusal)
		_, err = c.Place(ctx, id.Nil, all, g, []id.ID{p}, "2026-03-02")
		must(t, err)
		_, err = c.Lodge(ctx, clerk, all, p, phase, "guardian", "  ", "2026-03-02")
		refused(t, "without words", err, training.ErrNoWords)
		_, err = c.Lodge(ctx, clerk, scopeThere, p, phase, "guardian", "please", "2026-03-02")
		refused(t, "of somebody else's", err, person.ErrUnknown)
		a, err := c.Lodge(ctx, clerk, all, p, phase, "guardian", "He left school at nine.", "2026-03-02")
		must(t, err)
		_, err = c.Lodge(ctx, clerk, all, p, phase, "guardian", "again", "2026-03-02")
		refused(t, "twice", err, training.ErrAppealed)
		open, late, err := c.CountAppeals(ctx, c.DB, all, "2026-03-18")
		must(t, err)
		is(t, "open, and late", fmt.Sprint(open, late), "1 1")
		l, err := c.OpenAppeals(ctx, c.DB, all, 10)
		must(t, err)
		is(t, "it says", fmt.Sprint(l[0].Words, l[0].Due, l[0].Grounds, l[0].By), "He left school at nine.2026-03-17[age]guardian")
		if l, err := c.OpenAppeals(ctx, c.DB, scopeThere, 10); err != nil || len(l) != 0 {
			t.Errorf("another centre reads it: %v %v", l, err)
		}
		refused(t, "by who lodged it", c.DecideAppeal(ctx, clerk, all, a, true, "so be it", "2026-03-05"), training.ErrOwnAppeal)
		refused(t, "without a reason", c.DecideAppeal(ctx, manager, all, a, true, "", "2026-03-05"), training.ErrNoWords)
		must(t, c.DecideAppeal(ctx, manager, all, a, false, "No seat is left.", "2026-03-05"))
		refused(t, "twice", c.DecideAppeal(ctx, manager, all, a, true, "so be it", "2026-03-05"), training.ErrDecided)
		again, err := c.Lodge(ctx, clerk, all, p, phase, "person", "A seat is free now.", "2026-03-08")
		must(t, err)
		must(t, c.DecideAppeal(ctx, manager, all, again, true, "He may.", "2026-03-09"))
		mine, err := c.AppealsOf(ctx, c.DB, p)
		must(t, err)
		is(t, "his appeals", fmt.Sprint(len(mine), mine[0].State, mine[0].Answer, mine[1].State, mine[1].Answer), "2acceptedHe may.rejectedNo seat is left.")
		done, err := c.Place(ctx, id.Nil, all, g, []id.ID{p}, "2026-03-10")
		must(t, err)
		is(t, "let in despite the rule", fmt.Sprint(done.Enrolled, len(done.Refused)), "1 0")
		roster, err := c.Roster(ctx, c.DB, g)
		must(t, err)
		is(t, "and it is kept", roster[0].Appeal == again, true)

		// The words go with the person.
		_, err = c.Log.Do(ctx, fact.Command{Name: "erase", Stream: stream, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
			return c.People.Erase(ctx, q, id.Nil, []id.ID{p}, "asked")
		}})
		must(t, err)
		if mine, err = c.AppealsOf(ctx, c.DB, p); err != nil {
			t.Fatal(err)
		}
		for _, a := range mine {
			if a.Words != "" || a.Answer != "" {
				t.Errorf("erased, and still said: %q %q", a.Words, a.Answer)
			}
		}
	})
}
