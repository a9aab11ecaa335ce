package training_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/centre"
	"tizi/internal/id"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/timetable"
	"tizi/internal/training"
)

// clashes are the kinds in an error, "" without one.
func clashes(t testing.TB, err error) string {
	t.Helper()
	var e *training.ClashError
	if err == nil {
		return ""
	}
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	seen, out := map[timetable.Kind]bool{}, ""
	for _, c := range e.Clashes {
		if !seen[c.Kind] {
			seen[c.Kind] = true
			out += string(c.Kind) + " "
		}
	}
	if e.Refused {
		out += "refused"
	}
	return out
}

// TestPlan plans series against rooms, trainers, devices, hours and holidays: what cannot be is refused, what is warned of
// is written when it is meant, and of what is refused nothing is.
func TestPlan(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		cs := centre.New(c.Log)
		room, err := cs.SetRoom(ctx, id.Nil, all, id.Nil, centre.RoomDescribed{Centre: here, Name: "Salle 1", Seats: 2})
		must(t, err)
		other, err := cs.SetRoom(ctx, id.Nil, all, id.Nil, centre.RoomDescribed{Centre: here, Name: "Salle 2", Seats: 20})
		must(t, err)
		must(t, cs.SetHours(ctx, id.Nil, all, centre.HoursStated{Centre: here, Spans: []centre.Span{{Day: time.Monday, From: "09:00", To: "18:00"}}}))
		for i := range 3 {
			_, err := cs.SetDevice(ctx, id.Nil, all, id.Nil, centre.DeviceDescribed{Centre: here, Number: fmt.Sprint(i), Kind: "laptop"})
			must(t, err)
		}
		p := c.people(t, here, "Amina", "Brahim", "Chama")
		ali, zoe := id.New(), id.New()
		lead := func(trainer id.ID, at id.ID) id.ID {
			g, err := c.OpenCohort(ctx, id.Nil, all, training.CohortOpened{Name: "G", Programme: prog, Phase: phase, Centre: at, Trainers: []id.ID{trainer}})
			must(t, err)
			return g
		}
		a, b, away := lead(ali, here), lead(zoe, here), lead(ali, there)
		_, err = c.Place(ctx, id.Nil, all, a, p, "2026-03-02")
		must(t, err)
		cal := &training.Calendar{Holidays: []timetable.Holiday{{First: "2026-03-16", Last: "2026-03-16"}}}
		w := training.Weekly{From: "2026-03-02", To: "2026-03-23", Days: []time.Weekday{time.Monday}, Starts: "10:00", Ends: "12:00", Room: "Salle 2", RoomID: other, Calendar: cal}
		plan := func(g id.ID, change func(*training.Weekly)) (int, string) {
			t.Helper()
			x := w
			if change != nil {
				change(&x)
			}
			before := c.facts(t)
			n, err := c.Plan(ctx, id.Nil, all, g, x)
			if s := clashes(t, err); s != "" {
				is(t, "facts of "+s, c.facts(t), before)
				return 0, s
			}
			is(t, "facts", c.facts(t), before+int64(n))
			return n, ""
		}
		planned := func(what string, g id.ID, change func(*training.Weekly), n int, clash string) {
			t.Helper()
			gotN, got := plan(g, change)
			if gotN != n || got != clash {
				t.Errorf("%s: %d %q, want %d %q", what, gotN, got, n, clash)
			}
		}
		pre, err := c.Preview(ctx, c.DB, all, a, w)
		must(t, err)
		is(t, "preview", fmt.Sprint(pre.New(), " ", len(pre.Days), " ", pre.Skipped[0].Date, " ", pre.Err == nil), "3 3 2026-03-16 true")
		planned("a series but for the holiday", a, nil, 3, "")
		planned("again", a, nil, 0, "")
		planned("one room twice", b, func(w *training.Weekly) { w.Starts, w.Ends = "11:00", "13:00" }, 0, "room refused")
		planned("beside it", b, func(w *training.Weekly) { w.Starts, w.Ends = "12:00", "13:00" }, 3, "")
		planned("too small", a, func(w *training.Weekly) { w.Starts, w.Ends, w.RoomID = "14:00", "15:00", room }, 0, "seats ")
		planned("too small, and meant", a, func(w *training.Weekly) { w.Starts, w.Ends, w.RoomID, w.Despite = "14:00", "15:00", room, true }, 3, "")
		planned("one trainer twice, elsewhere", away, func(w *training.Weekly) { w.RoomID = id.Nil }, 0, "trainer refused")
		planned("by somebody else", away, func(w *training.Weekly) { w.RoomID, w.Trainers = id.Nil, []id.ID{id.New()} }, 3, "")
		planned("one group twice", a, func(w *training.Weekly) { w.Starts, w.RoomID, w.Trainers = "10:30", id.Nil, []id.ID{id.New()} }, 0, "group refused")
		planned("in the evening", b, func(w *training.Weekly) { w.Starts, w.Ends = "17:00", "19:00" }, 0, "hours ")
		planned("a holiday, asked for by itself", b, func(w *training.Weekly) { w.From, w.To = "2026-03-16", "2026-03-16" }, 0, "holiday ")
		planned("with what there is", a, func(w *training.Weekly) {
			w.Starts, w.Ends, w.Devices, w.To = "16:00", "17:00", map[string]int{"laptop": 3}, w.From
		}, 1, "")
		planned("with what somebody has", b, func(w *training.Weekly) {
			w.Starts, w.Ends, w.RoomID, w.Devices, w.To = "16:30", "17:30", id.Nil, map[string]int{"laptop": 1}, w.From
		}, 0, "devices ")
		refused(t, "after the phase", second(c.Plan(ctx, id.Nil, all, a, training.Weekly{From: "2027-01-04", To: "2027-01-04", Days: []time.Weekday{time.Monday}, Starts: "10:00", Ends: "11:00", Calendar: cal})), training.ErrPhase)

		// A session moves, is held by somebody else, is cancelled and comes back.
		s := training.SessionID(a, "2026-03-02", "10:00")
		alter := func(ch training.Change) error { ch.Calendar = cal; return second(c.Alter(ctx, id.Nil, all, s, ch)) }
		at := training.Change{Date: "2026-03-02", Starts: "12:30", Ends: "13:30", Room: "Salle 2", RoomID: other, Why: "trainer"}
		is(t, "moved onto another", clashes(t, alter(at)), "room refused")
		at.Date = "2026-03-30"
		is(t, "moved", clashes(t, alter(at)), "")
		x, err := c.Session(ctx, c.DB, all, s)
		must(t, err)
		is(t, "it stands", fmt.Sprint(x.Date, " ", x.Starts, " was ", x.Was, " ", x.Why, " ", x.RoomID == other), "2026-03-30 12:30 was 2026-03-02 10:00 trainer true")
		n, clash := plan(a, func(w *training.Weekly) { w.To = w.From })
		is(t, "another where it stood", fmt.Sprint(n, clash), "1")
		at.Trainers = []id.ID{zoe}
		must(t, alter(at))
		list, err := c.Week(ctx, c.DB, here, "2026-03-30", "2026-03-30")
		must(t, err)
		is(t, "who stands in", fmt.Sprint(len(list), list[0].Trainers, list[0].People), fmt.Sprint(1, []id.ID{zoe}, 3))
		at.Cancelled = "weather"
		must(t, alter(at))
		at.Cancelled = ""
		must(t, alter(at))
		must(t, c.Take(ctx, id.Nil, all, s, map[id.ID]string{p[0]: training.Present}, "list"))
		refused(t, "what took place", alter(at), training.ErrTaken)
		c.Whole()
	})
}

// A trainer who comes to a group holds nothing else when it meets from today on, here or at another centre; of what is not in
// the reader's scope the name is not told.
func TestTrainerOfAGroup(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		c.on(t, "2026-03-02")
		ali, zoe := id.New(), id.New()
		group := func(at id.ID, trainers ...id.ID) id.ID {
			g, err := c.OpenCohort(ctx, id.Nil, all, training.CohortOpened{Name: "G", Programme: prog, Phase: phase, Centre: at, Trainers: trainers})
			must(t, err)
			return g
		}
		mine, beside, away := group(here), group(here, ali), group(there, zoe)
		for g, from := range map[id.ID]string{mine: "2026-02-23", beside: "2026-02-23", away: "2026-03-09"} {
			_, err := c.Plan(ctx, id.Nil, all, g, training.Weekly{From: from, To: "2026-03-16", Days: []time.Weekday{time.Monday}, Starts: "10:00", Ends: "12:00"})
			must(t, err)
		}
		scope := access.At(here)
		give := func(trainers ...id.ID) (*training.ClashError, string) {
			t.Helper()
			before := c.facts(t)
			err := c.EditCohort(ctx, id.Nil, scope, mine, func(o *training.CohortOpened) { o.Trainers = trainers })
			var e *training.ClashError
			errors.As(err, &e)
			if err != nil {
				is(t, "facts of a refusal", c.facts(t), before)
			}
			return e, clashes(t, err)
		}
		e1, kinds := give(ali)
		is(t, "one who is in another session", fmt.Sprint(kinds, len(e1.Clashes), len(e1.Days)), "trainer refused3 3") // from today on, which is the first of them
		e2, kinds := give(zoe)
		is(t, "one who is at another centre", fmt.Sprint(kinds, len(e2.Clashes)), "trainer refused2")
		other := e2.Clashes[0].A
		if e2.Days[other] != "" {
			other = e2.Clashes[0].B
		}
		is(t, "whose group is not told", len(e2.Names[other]), 0)
		list, err := c.Week(ctx, c.DB, here, "2026-03-09", "2026-03-15")
		must(t, err)
		far, err := c.Elsewhere(ctx, c.DB, list, here, "2026-03-09", "2026-03-15")
		must(t, err)
		is(t, "nobody of this week is elsewhere", len(far), 0)
		for _, day := range []string{"2026-03-02", "2026-03-09", "2026-03-16"} { // somebody else holds them in the group's place
			_, err := c.Alter(ctx, id.Nil, all, training.SessionID(beside, day, "10:00"), training.Change{Date: day, Starts: "10:00", Ends: "12:00", Trainers: []id.ID{id.New()}})
			must(t, err)
		}
		_, kinds = give(ali)
		is(t, "who is free by then", kinds, "")
		_, err = c.Alter(ctx, id.Nil, all, training.SessionID(mine, "2026-03-09", "10:00"), training.Change{Date: "2026-03-09", Starts: "10:00", Ends: "12:00", Trainers: []id.ID{zoe}})
		must(t, err)
		list, err = c.Week(ctx, c.DB, here, "2026-03-09", "2026-03-15")
		must(t, err)
		far, err = c.Elsewhere(ctx, c.DB, list, here, "2026-03-09", "2026-03-15")
		must(t, err)
		is(t, "who is elsewhere", fmt.Sprint(len(far), far[0].Centre == there), "1 true")
		c.Whole()
	})
}

// counted counts what is asked of a database.
type counted struct {
	store.Querier
	n int
}

func (c *counted) Each(ctx context.Context, query string, args []any, fn func(store.Row) error) error {
	c.n++
	return c.Querier.Each(ctx, query, args, fn)
}

// Who holds some sessions is asked for at once, however many they are.
func TestTrainersOfSessions(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		ali, zoe := id.New(), id.New()
		g, err := c.OpenCohort(ctx, id.Nil, all, training.CohortOpened{Name: "G", Programme: prog, Phase: phase, Centre: here, Trainers: []id.ID{ali}})
		must(t, err)
		other := c.group(t, 0)
		for _, day := range []string{"2026-03-02", "2026-03-03", "2026-03-04"} {
			c.meeting(t, g, day)
			c.meeting(t, other, day)
		}
		stood := training.SessionID(g, "2026-03-03", "10:00")
		_, err = c.Alter(ctx, id.Nil, all, stood, training.Change{Date: "2026-03-03", Starts: "10:00", Trainers: []id.ID{zoe}})
		must(t, err)
		list, err := c.On(ctx, c.DB, all, "2026-03-01", "2026-03-09", id.Nil, 99)
		must(t, err)
		asked := func(list []*training.Session) int {
			q := &counted{Querier: c.DB}
			who, instead, err := c.TrainersOf(ctx, q, list)
			must(t, err)
			for _, s := range list {
				want := map[bool][]id.ID{true: {ali}}[s.Cohort == g]
				if s.ID == stood {
					want = []id.ID{zoe}
				}
				is(t, s.Date, fmt.Sprint(who[s.ID], instead[s.ID]), fmt.Sprint(want, s.ID == stood))
			}
			return q.n
		}
		is(t, "sessions", len(list), 6)
		is(t, "questions", asked(list), asked(list[:1]))
	})
}

// Of two who want one room at one time, through whichever process, one gets it.
func TestOneRoom(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		beside := areas(c.Beside())
		room, err := centre.New(c.Log).SetRoom(ctx, id.Nil, all, id.Nil, centre.RoomDescribed{Centre: here, Name: "Salle 1", Seats: 2})
		must(t, err)
		done := make(chan error, 6)
		for i := range 6 {
			g := c.group(t, 0)
			go func() {
				_, err := []*node{c, beside}[i%2].Plan(ctx, id.Nil, all, g, training.Weekly{From: "2026-03-02", To: "2026-03-02", Days: []time.Weekday{time.Monday}, Starts: "10:00", Ends: "11:00", RoomID: room, Calendar: &training.Calendar{}})
				done <- err
			}()
		}
		got := 0
		for range 6 {
			if err := <-done; err == nil {
				got++
			} else if clashes(t, err) != "room refused" {
				t.Error(err)
			}
		}
		is(t, "who got the room", got, 1)
	})
}

// A session lies within the days of its group, where it has some, as a group lies within those of its phase.
func TestSessionOutsideItsGroup(t *testing.T) {
	c := open(t, store.SQLite)
	g, err := c.OpenCohort(ctx, id.Nil, all, training.CohortOpened{Name: "A", Programme: prog, Phase: phase, Centre: here, From: "2026-02-02", To: "2026-02-27"})
	must(t, err)
	plan := func(from, to string) error {
		_, err := c.Plan(ctx, id.Nil, all, g, training.Weekly{From: from, To: to, Days: []time.Weekday{time.Monday}, Starts: "10:00", Ends: "11:00", Calendar: &training.Calendar{}})
		return err
	}
	var days *training.OutsideError
	before := c.facts(t)
	for _, x := range [][2]string{{"2026-01-26", "2026-02-09"}, {"2026-02-23", "2026-03-02"}} {
		if err := plan(x[0], x[1]); !errors.As(err, &days) || days.From != "2026-02-02" || days.To != "2026-02-27" {
			t.Errorf("from %s to %s: %v", x[0], x[1], err)
		}
	}
	is(t, "facts of refusals", c.facts(t), before)
	must(t, plan("2026-02-02", "2026-02-27"))
	_, err = c.Alter(ctx, id.Nil, all, training.SessionID(g, "2026-02-02", "10:00"), training.Change{Date: "2026-03-02", Starts: "10:00", Ends: "11:00", Why: "weather", Calendar: &training.Calendar{}})
	if !errors.As(err, &days) {
		t.Errorf("moved out of the group: %v", err)
	}
}
