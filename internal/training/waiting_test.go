package training_test

import (
	"fmt"
	"testing"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/training"
)

// A seat that is left goes in the same turn to the first of the list, by whichever way it became free, and the list says
// who is next.
func TestWaitingList(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		p := c.people(t, here, "Amina", "Brahim", "Chama", "Driss", "Elias", "Fadma")
		g, h := c.group(t, 1), c.group(t, 1)
		place := func(g id.ID, on string, people ...id.ID) {
			t.Helper()
			_, err := c.Place(ctx, id.Nil, all, g, people, on)
			must(t, err)
		}
		// Who came later stands behind, whatever the alphabet says.
		place(g, "2026-03-02", p[0])
		place(g, "2026-03-03", p[4])
		place(g, "2026-03-03", p[1], p[2])
		place(g, "2026-03-04", p[4]) // again: the place in the list is kept
		list := func(g id.ID) string {
			t.Helper()
			l, err := c.Waiting(ctx, c.DB, g)
			must(t, err)
			out := ""
			for _, e := range l {
				for i, v := range p {
					if v == e.Person {
						out += fmt.Sprintf("%c%d ", 'A'+i, e.Rank)
					}
				}
			}
			return out
		}
		has := func(v, g id.ID, why string) {
			t.Helper()
			l, err := c.Roster(ctx, c.DB, g)
			must(t, err)
			for _, e := range l {
				if e.Person == v {
					is(t, "the seat", fmt.Sprint(e.State, " ", e.Reason), training.Enrolled+" "+why)
					return
				}
			}
			t.Error("not in the group")
		}
		is(t, "the list", list(g), "E1 B2 C3 ")
		before := c.facts(t)
		must(t, c.Leave(ctx, id.Nil, all, g, p[0], "moved", "2026-03-05"))
		is(t, "facts of leaving", c.facts(t), before+2)
		has(p[4], g, training.Refilled)
		is(t, "the list, one less", list(g), "B2 C3 ")
		place(h, "2026-03-06", p[4]) // moved to another group: the seat is free again
		has(p[4], h, "")
		has(p[1], g, training.Refilled)
		// Who waits and leaves frees no seat.
		must(t, c.Leave(ctx, id.Nil, all, g, p[2], "moved", "2026-03-07"))
		is(t, "nobody waits", list(g), "")
		place(g, "2026-03-08", p[3])
		place(g, "2026-03-08", p[5])
		is(t, "behind", list(g), "D1 F2 ")
		n, err := c.Refill(ctx, id.Nil, all, g, "2026-03-09")
		must(t, err)
		is(t, "no seat is free", n, 0)
		must(t, c.EditCohort(ctx, id.Nil, all, g, func(o *training.CohortOpened) { o.Capacity = 2 }))
		has(p[3], g, training.Refilled) // one seat more, in the same turn
		n, err = c.Refill(ctx, id.Nil, all, g, "2026-03-09")
		must(t, err)
		is(t, "nothing is left to give", n, 0)
		refused(t, "another's group", second(c.Refill(ctx, id.Nil, scopeThere, g, "2026-03-09")), training.ErrNoGroup)
		c.Whole()
	})
}

// Who waits comes before a newcomer, whichever way a seat is free; a group whose seats are not counted any more takes all who
// wait; nobody gets a seat in a group that is over.
func TestWaitingComesFirst(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		c.on(t, "2026-03-02")
		p := c.people(t, here, "Amina", "Brahim", "Chama", "Driss", "Elias", "Fadma", "Ghita")
		g, h := c.group(t, 1), c.group(t, 9)
		seated := func(g id.ID, want string) {
			t.Helper()
			l, err := c.Roster(ctx, c.DB, g)
			must(t, err)
			got := ""
			for i, v := range p {
				for _, e := range l {
					if e.Person == v && e.State == training.Enrolled {
						got += fmt.Sprintf("%c", 'A'+i)
					}
				}
			}
			is(t, "who has a seat", got, want)
		}
		seat := func(what, beyond string, err error, people ...id.ID) {
			t.Helper()
			before := c.facts(t)
			_, got := c.Seat(ctx, id.Nil, all, g, people, beyond, "2026-03-03")
			refused(t, what, got, err)
			if err != nil {
				is(t, "facts of a refusal", c.facts(t), before)
			}
		}
		_, err := c.Place(ctx, id.Nil, all, g, p[:2], "2026-03-02") // A sits, B waits
		must(t, err)
		// A seat that is free without anybody's turn, as where two records were found to be of one person.
		free := func(seats int) {
			t.Helper()
			facts, err := c.Of(ctx, c.DB, g)
			must(t, err)
			_, err = c.Write(fact.New{Stream: stream, Kind: training.KindCohort, Subject: g, Prev: fact.HeadsOf(facts), Body: training.CohortOpened{Name: "G", Programme: prog, Phase: phase, Centre: here, Capacity: seats}})
			must(t, err)
		}
		free(2)
		seat("a newcomer for the seat of who waits", "", training.ErrFull, p[2])
		seat("a newcomer who waits", training.Wait, nil, p[2])
		seated(g, "AB")
		free(3)
		_, err = c.Place(ctx, id.Nil, all, h, p[3:4], "2026-03-02")
		must(t, err)
		refused(t, "moved onto the seat of who waits", c.Transfer(ctx, id.Nil, all, h, g, p[3], "hours", "", "2026-03-03"), training.ErrFull)
		must(t, c.Transfer(ctx, id.Nil, all, h, g, p[3], "hours", "over_family", "2026-03-03"))
		seated(g, "ABCD")
		seat("two who wait", training.Wait, nil, p[4], p[5])
		must(t, c.EditCohort(ctx, id.Nil, all, g, func(o *training.CohortOpened) { o.To = "2026-03-01" })) // the clock stands at the second
		must(t, c.Leave(ctx, id.Nil, all, g, p[0], "moved", "2026-03-04"))
		must(t, c.Leave(ctx, id.Nil, all, g, p[1], "moved", "2026-03-04"))
		seated(g, "CD")
		must(t, c.EditCohort(ctx, id.Nil, all, g, func(o *training.CohortOpened) { o.To, o.Capacity = "", 2 }))
		seated(g, "CD")
		must(t, c.EditCohort(ctx, id.Nil, all, g, func(o *training.CohortOpened) { o.Capacity = 0 }))
		seated(g, "CDEF")
		c.Whole()
	})
}

// However many leave at once and through whichever process, each seat goes to one and nobody gets two.
func TestRefillAtOnce(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		beside := areas(c.Beside())
		p := c.people(t, here, "A", "B", "C", "D", "E", "F", "G", "H")
		g := c.group(t, 4)
		_, err := c.Place(ctx, id.Nil, all, g, p, "2026-03-02")
		must(t, err)
		l, err := c.Roster(ctx, c.DB, g)
		must(t, err)
		done := make(chan error, 3)
		gone := 0
		for _, e := range l {
			if e.State == training.Enrolled && gone < 3 {
				door := []*node{c, beside}[gone%2]
				gone++
				go func() { done <- door.Leave(ctx, id.Nil, all, g, e.Person, "moved", "2026-03-03") }()
			}
		}
		for range 3 {
			must(t, <-done)
		}
		now, err := c.Cohort(ctx, c.DB, all, g, "")
		must(t, err)
		is(t, "seats", fmt.Sprint(now.Enrolled, now.Waiting), "4 1")
	})
}
