package training_test

import (
	"fmt"
	"testing"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/training"
)

// A group is closed on its last day or later, when it is said of everybody what became of them; it takes nobody in and plans
// nothing then, and can be opened again as it was.
func TestCloseAGroup(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		p := c.people(t, here, "Amina", "Brahim", "Chama", "Driss", "Driss too", "Elias")
		g, h := c.group(t, 4), c.group(t, 9)
		_, err := c.Place(ctx, id.Nil, all, g, append(p[:4:4], p[5]), "2026-03-02") // Elias waits
		must(t, err)
		must(t, c.Leave(ctx, id.Nil, all, g, p[2], "moved", "2026-03-03")) // and has her seat
		late := c.people(t, here, "Fadma")
		_, err = c.Place(ctx, id.Nil, all, g, late, "2026-03-04")
		must(t, err)
		must(t, c.People.Merge(ctx, id.Nil, all, p[3], p[4], "papers"))
		held, coming := c.meeting(t, g, "2026-03-05"), c.meeting(t, g, "2026-03-20")
		must(t, c.EditCohort(ctx, id.Nil, all, g, func(o *training.CohortOpened) { o.From, o.To = "2026-03-02", "2026-03-20" }))
		said := map[id.ID]bool{p[0]: true, p[1]: false, p[3]: true}
		try := func(what string, said map[id.ID]bool, despite bool, on string, want error) {
			t.Helper()
			before := c.facts(t)
			refused(t, what, c.CloseCohort(ctx, id.Nil, all, g, said, despite, on), want)
			if want != nil {
				is(t, "facts of "+what, c.facts(t), before)
			}
		}
		try("before its last day", said, true, "2026-03-19", training.ErrNotOver)
		must(t, c.EditCohort(ctx, id.Nil, all, g, func(o *training.CohortOpened) { o.To = "" }))
		try("before its last session", said, true, "2026-03-19", training.ErrComing)
		try("with a sheet that is missing", said, false, "2026-03-20", training.ErrUnmarked)
		for _, s := range []id.ID{held, coming} {
			must(t, c.Take(ctx, id.Nil, all, s, map[id.ID]string{p[0]: training.Present, p[3]: training.Present}, "list"))
		}
		try("without an outcome", map[id.ID]bool{p[0]: true, p[1]: false, p[3]: true}, false, "2026-03-20", training.ErrOutcome)
		said[p[5]] = false
		refused(t, "another's group", c.CloseCohort(ctx, id.Nil, scopeThere, g, said, false, "2026-03-20"), training.ErrNoGroup)
		try("as it should be", said, false, "2026-03-20", nil)
		try("twice", said, false, "2026-03-21", training.ErrClosed)
		standing := func(who id.ID) string {
			t.Helper()
			l, err := c.OfPerson(ctx, c.DB, all, who)
			must(t, err)
			out := ""
			for _, e := range l {
				out += fmt.Sprint(e.State, " ", e.Reason, " ", e.On, " ", e.Cohort == g, ";")
			}
			return out
		}
		is(t, "who completed it", standing(p[0])+standing(p[3]), "completed  2026-03-20 true;completed  2026-03-20 true;")
		is(t, "who did not", standing(p[1]), "withdrawn unfinished 2026-03-20 true;")
		is(t, "who had left", standing(p[2]), "withdrawn moved 2026-03-03 true;")
		is(t, "who waited", standing(late[0]), "applied  2026-03-04 false;")
		now, err := c.Cohort(ctx, c.DB, all, g, "")
		must(t, err)
		is(t, "the group", fmt.Sprint(now.Closed, now.ClosedOn, now.Enrolled, now.Waiting, now.Conflict), "true2026-03-202 0 false")

		before := c.facts(t)
		for what, err := range map[string]error{
			"a seat":        second(c.Seat(ctx, id.Nil, all, g, late, "", "2026-03-21")),
			"a place":       second(c.Place(ctx, id.Nil, all, g, late, "2026-03-21")),
			"a session":     second(c.Plan(ctx, id.Nil, all, g, training.Weekly{From: "2026-03-23", To: "2026-03-23"})),
			"a change":      c.EditCohort(ctx, id.Nil, all, g, func(o *training.CohortOpened) { o.Name = "H" }),
			"leaving":       c.Leave(ctx, id.Nil, all, g, p[0], "moved", "2026-03-21"),
			"a draw of one": second(c.OpenDraw(ctx, id.Nil, all, drawFor(g))),
		} {
			refused(t, what, err, training.ErrClosed)
		}
		refused(t, "who completed the phase", second(c.Seat(ctx, id.Nil, all, h, p[:1], "", "2026-03-21")), training.ErrSeated)
		is(t, "facts of refusals", c.facts(t), before)
		must(t, second(c.Seat(ctx, id.Nil, all, h, late, "", "2026-03-21")))

		must(t, c.ReopenCohort(ctx, id.Nil, all, g, "2026-03-22"))
		is(t, "in it again", standing(p[0])+standing(p[1]), "enrolled  2026-03-22 true;enrolled  2026-03-22 true;")
		is(t, "who had left before", standing(p[2]), "withdrawn moved 2026-03-03 true;")
		before = c.facts(t)
		must(t, c.ReopenCohort(ctx, id.Nil, all, g, "2026-03-22"))
		must(t, c.EditCohort(ctx, id.Nil, all, g, func(o *training.CohortOpened) {}))
		is(t, "facts of what says nothing", c.facts(t), before)
		must(t, c.EditCohort(ctx, id.Nil, all, g, func(o *training.CohortOpened) { o.Name = "H" }))
		now, err = c.Cohort(ctx, c.DB, all, g, "")
		must(t, err)
		is(t, "open", fmt.Sprint(now.Name, now.Closed, now.ClosedOn, now.Enrolled, now.Conflict), "Hfalse4 false")
		c.Whole()
	})
}

// What was written before groups were closed on a day is closed still, and is opened again.
func TestClosedAsBefore(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		g := id.New()
		_, err := c.Write(fact.New{Stream: stream, Kind: training.KindCohort, Subject: g, Body: training.CohortOpened{Name: "G", Programme: prog, Phase: phase, Centre: here, Closed: true}})
		must(t, err)
		state := func() string {
			now, err := c.Cohort(ctx, c.DB, all, g, "")
			must(t, err)
			return fmt.Sprint(now.Closed, now.ClosedOn)
		}
		is(t, "closed", state(), "true")
		must(t, c.ReopenCohort(ctx, id.Nil, all, g, "2026-03-22"))
		is(t, "open", state(), "false")
		must(t, c.CloseCohort(ctx, id.Nil, all, g, nil, false, "2026-03-23"))
		is(t, "closed on a day", state(), "true2026-03-23")
		c.Whole()
	})
}

// A group whose last day has passed is told until somebody closes it.
func TestGroupsThatAreOver(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		running := func(name, to string, at id.ID) id.ID {
			g, err := c.OpenCohort(ctx, id.Nil, all, training.CohortOpened{Name: name, Programme: prog, Phase: phase, Centre: at, From: "2026-01-05", To: to})
			must(t, err)
			return g
		}
		old, _, _ := running("A", "2026-01-31", here), running("B", "2026-02-28", here), running("C", "", here)
		running("D", "2026-01-31", there)
		over := func(on string) string {
			list, n, err := c.Over(ctx, c.DB, access.At(here), on, 1)
			must(t, err)
			s := fmt.Sprint(n)
			for _, x := range list {
				s += " " + x.Name
			}
			return s
		}
		is(t, "on the last day", over("2026-01-31"), "0")
		is(t, "the day after", over("2026-02-01"), "1 A")
		is(t, "later", over("2026-03-01"), "2 A")
		must(t, c.CloseCohort(ctx, id.Nil, all, old, nil, false, "2026-03-01"))
		is(t, "when one is closed", over("2026-03-01"), "1 B")
	})
}
