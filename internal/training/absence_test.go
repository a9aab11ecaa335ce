package training_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"tizi/internal/id"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/training"
)

// The absences in a row of somebody with two records are those that one record with all the marks would have, whichever record
// was marked, followed up or given the seat, and before or after somebody said that they are one person.
func TestAbsencesOfOnePerson(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		rng := rand.New(rand.NewPCG(3, 5))
		seen := map[int]int{}
		for n := range 14 {
			p := c.people(t, here, fmt.Sprint("One", n), fmt.Sprint("Half", n), fmt.Sprint("Other", n))
			whole, halves := c.group(t, 9), c.group(t, 9)
			_, err := c.Place(ctx, id.Nil, all, whole, p[:1], "2026-03-01")
			must(t, err)
			seats := p[1:]
			if rng.IntN(2) == 0 {
				seats = p[1+rng.IntN(2):][:1] // one of the two records has the seat
			}
			_, err = c.Place(ctx, id.Nil, all, halves, seats, "2026-03-01")
			must(t, err)
			for _, g := range []id.ID{whole, halves} {
				_, err = c.Plan(ctx, id.Nil, all, g, training.Weekly{From: "2026-03-02", To: "2026-04-30", Days: []time.Weekday{time.Monday}, Starts: "10:00", Ends: "12:00"})
				must(t, err)
			}
			merge := func() { must(t, c.People.Merge(ctx, id.Nil, all, p[1], p[2], "papers")) }
			merged := len(seats) == 1 || rng.IntN(2) == 0
			if merged {
				merge()
			}
			day := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
			for range 6 {
				at := day.Format(time.DateOnly)
				m := []string{training.Absent, training.Absent, training.Absent, training.Excused, training.Late, ""}[rng.IntN(6)]
				r := seats[rng.IntN(len(seats))]
				if m != "" {
					must(t, c.Take(ctx, id.Nil, all, training.SessionID(whole, at, "10:00"), map[id.ID]string{p[0]: m}, "list"))
					must(t, c.Take(ctx, id.Nil, all, training.SessionID(halves, at, "10:00"), map[id.ID]string{r: m}, "list"))
				}
				if m == training.Absent && rng.IntN(6) == 0 {
					outcome := []string{"unreached", "illness"}[rng.IntN(2)]
					must(t, c.Follow(ctx, id.Nil, all, whole, p[0], "call", outcome, at))
					must(t, c.Follow(ctx, id.Nil, all, halves, r, "call", outcome, at))
				}
				day = day.AddDate(0, 0, 7)
			}
			if !merged {
				merge()
			}
			got := map[id.ID]string{}
			l, err := c.Absences(ctx, c.DB, all, "2026-03-05", 500)
			must(t, err)
			for _, a := range l {
				if got[a.Cohort] != "" {
					t.Fatalf("one person twice: %v", a)
				}
				got[a.Cohort] = fmt.Sprint(a.N, a.First, a.Last, a.Tries)
				if a.Cohort == halves {
					seen[a.N]++
				}
			}
			is(t, fmt.Sprint("case ", n), got[halves], got[whole])
			far, err := c.Absences(ctx, c.DB, scopeThere, "2026-03-05", 500)
			must(t, err)
			is(t, "elsewhere", len(far), 0)
		}
		if len(seen) < 2 {
			t.Errorf("too little is tried: %v", seen)
		}
		c.Whole()
	})
}
