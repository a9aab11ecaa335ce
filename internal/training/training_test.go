package training_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/house"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/programme"
	"tizi/internal/store"
	"tizi/internal/testhouse"
	"tizi/internal/testnode"
	"tizi/internal/training"
)

var (
	here       = id.Named("test", "a centre")
	there      = id.Named("test", "another centre")
	all        = access.Everywhere()
	scopeThere = access.At(there)
	must       = testnode.Must
	ctx        = context.Background()
	prog       = programme.ID("P")
	phase      = programme.PhaseID(prog, "1")
	stream     = person.Stream(here)
)

// node is a node with people.
type node struct {
	*testnode.Node
	*training.Training
	People *person.People
}

func areas(n *testnode.Node) *node {
	p := person.New(n.Log)
	return &node{n, training.New(n.Log, p, programme.New(n.Log)), p}
}

func open(t testing.TB, e store.Engine) *node {
	c := areas(testnode.New(t, testhouse.Place(t, e), house.Registry()))
	_, err := programme.New(c.Log).Set(ctx, id.Nil, programme.Plan{
		Programme: programme.Opened{Code: "P", Name: i18n.Text{i18n.FR: "P"}},
		Phases:    []programme.PhaseOpened{{Code: "1", Name: i18n.Text{i18n.FR: "1"}, From: "2026-01-05", To: "2026-12-31", AgeMin: 8, AgeMax: 14}},
	})
	must(t, err)
	c.Time.Set(time.Date(2026, 12, 31, 8, 0, 0, 0, time.UTC)) // all sessions of these tests are over
	return c
}

// on sets the clock to the morning of a day.
func (c *node) on(t testing.TB, date string) {
	t.Helper()
	at, err := time.Parse(time.DateOnly, date)
	must(t, err)
	c.Time.Set(at.Add(8 * time.Hour))
}

func (c *node) people(t testing.TB, centre id.ID, names ...string) (out []id.ID) {
	t.Helper()
	for _, n := range names {
		v, err := c.People.Register(ctx, id.Nil, centre, person.Details{"first_latin": n, "birth": "2015-01-06", "sex": "f"}, nil)
		must(t, err)
		out = append(out, v)
	}
	return out
}

func (c *node) group(t testing.TB, seats int) id.ID {
	t.Helper()
	g, err := c.OpenCohort(ctx, id.Nil, all, training.CohortOpened{Name: "G", Programme: prog, Phase: phase, Centre: here, Capacity: seats})
	must(t, err)
	return g
}

// meeting plans a session of a group and returns its id.
func (c *node) meeting(t testing.TB, g id.ID, day string) id.ID {
	t.Helper()
	n, err := c.Plan(ctx, id.Nil, all, g, training.Weekly{From: day, To: day, Days: []time.Weekday{0, 1, 2, 3, 4, 5, 6}, Starts: "10:00"})
	must(t, err)
	is(t, "sessions planned", n, 1)
	return training.SessionID(g, day, "10:00")
}

func (c *node) cancel(t testing.TB, session id.ID) {
	t.Helper()
	s, err := c.Session(ctx, c.DB, all, session)
	must(t, err)
	facts, err := c.Of(ctx, c.DB, session)
	must(t, err)
	_, err = c.Write(fact.New{Stream: stream, Kind: training.KindSession, Subject: session, Prev: fact.HeadsOf(facts),
		Body: training.SessionPlanned{Cohort: s.Cohort, Programme: s.Programme, Centre: s.Centre, Date: s.Date, Starts: s.Starts, Cancelled: "strike"}})
	must(t, err)
}

func (c *node) facts(t testing.TB) int64 {
	t.Helper()
	n, err := c.Count(ctx, c.DB)
	must(t, err)
	return n
}

func is(t testing.TB, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func refused(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestSeats(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		p := c.people(t, here, "Amina", "Brahim", "Chama")
		stranger := c.people(t, there, "Driss")
		g := c.group(t, 2)
		place := func(what string, on string, want training.Placed, people ...id.ID) {
			t.Helper()
			got, err := c.Place(ctx, id.Nil, all, g, people, on)
			must(t, err)
			is(t, what, got, want)
		}
		standing := func(want map[id.ID]string) {
			t.Helper()
			l, err := c.Roster(ctx, c.DB, g)
			must(t, err)
			got := map[id.ID]string{}
			for _, e := range l {
				got[e.Person] = e.State
			}
			if !maps.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		}
		place("three for two seats", "2026-03-02", training.Placed{Enrolled: 2, Waiting: 1}, p[2], p[1], p[0])
		standing(map[id.ID]string{p[0]: training.Enrolled, p[1]: training.Enrolled, p[2]: training.Waitlisted})
		before := c.facts(t)
		place("twice", "2026-03-02", training.Placed{Already: 2, Waiting: 1}, p...)
		is(t, "facts of placing twice", c.facts(t), before)

		for what, try := range map[string]error{
			"of another centre": second(c.Place(ctx, id.Nil, access.At(here), g, []id.ID{p[0], stranger[0]}, "2026-03-02")),
			"leaves":            c.Leave(ctx, id.Nil, all, g, stranger[0], "moved", "2026-03-02"),
		} {
			refused(t, "somebody "+what, try, person.ErrUnknown)
		}
		refused(t, "another's group", second(c.Place(ctx, id.Nil, access.At(there), g, p, "2026-03-02")), training.ErrNoGroup)
		is(t, "facts of refusals", c.facts(t), before)

		must(t, c.Leave(ctx, id.Nil, all, g, p[0], "moved", "2026-03-03"))
		standing(map[id.ID]string{p[0]: training.WithdrawnS, p[1]: training.Enrolled, p[2]: training.Enrolled}) // who waited has the seat
		place("the seat that was free", "2026-03-04", training.Placed{Already: 2}, p[1], p[2])
		place("who comes back", "2026-03-05", training.Placed{Waiting: 1}, p[0])
		standing(map[id.ID]string{p[0]: training.Waitlisted, p[1]: training.Enrolled, p[2]: training.Enrolled})
		now, err := c.Cohort(ctx, c.DB, all, g, "")
		must(t, err)
		is(t, "seats", fmt.Sprint(now.Enrolled, now.Waiting), "2 1")
		l, err := c.OfPerson(ctx, c.DB, all, p[2])
		must(t, err)
		is(t, "cell", l[0].Cell.Age+l[0].Cell.Sex, "8-10f") // on the phase's first day, a day before her birthday

		// Another group of the phase is a move, not a second place.
		h := c.group(t, 0)
		done, err := c.Place(ctx, id.Nil, all, h, p[1:2], "2026-03-06")
		must(t, err)
		is(t, "move", done, training.Placed{Enrolled: 1})
		l, err = c.OfPerson(ctx, c.DB, all, p[1])
		must(t, err)
		is(t, "standings", fmt.Sprint(len(l), l[0].Cohort), fmt.Sprint(1, h))

		must(t, c.CloseCohort(ctx, id.Nil, all, g, map[id.ID]bool{p[0]: true, p[2]: true}, false, "2026-03-06"))
		refused(t, "a closed group", second(c.Place(ctx, id.Nil, all, g, p, "2026-03-06")), training.ErrClosed)
		refused(t, "sessions of a closed group", second(c.Plan(ctx, id.Nil, all, g, training.Weekly{From: "2026-03-06", To: "2026-03-06"})), training.ErrClosed)
		c.Whole()
	})
}

func second[T any](_ T, err error) error { return err }

// The last seat goes to one, however many ask at once and through whichever process.
func TestLastSeat(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		beside := areas(c.Beside())
		p := c.people(t, here, "A", "B", "C", "D", "E", "F", "G", "H")
		g := c.group(t, 3)
		done := make(chan error, len(p))
		for i, v := range p {
			go func() {
				door := []*node{c, beside}[i%2]
				_, err := door.Place(ctx, id.Nil, all, g, []id.ID{v}, "2026-03-02")
				done <- err
			}()
		}
		for range p {
			must(t, <-done)
		}
		now, err := c.Cohort(ctx, c.DB, all, g, "")
		must(t, err)
		is(t, "seats", fmt.Sprint(now.Enrolled, now.Waiting), "3 5")
	})
}

func TestSheet(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		p := c.people(t, here, "Amina", "Brahim", "Chama", "Driss")
		g := c.group(t, 0)
		_, err := c.Place(ctx, id.Nil, all, g, p[:3], "2026-03-02")
		must(t, err)
		s := c.meeting(t, g, "2026-03-02")
		n, err := c.Plan(ctx, id.Nil, all, g, training.Weekly{From: "2026-03-02", To: "2026-03-02", Days: []time.Weekday{time.Monday}, Starts: "10:00"})
		must(t, err)
		is(t, "planned twice", n, 0)
		take := func(m map[id.ID]string) error { return c.Take(ctx, id.Nil, all, s, m, "list") }
		shows := func(want map[id.ID]string, present, late, excused, absent int) {
			t.Helper()
			got, err := c.MarksOf(ctx, c.DB, s)
			must(t, err)
			if !maps.Equal(got, want) {
				t.Errorf("the sheet shows %v, want %v", got, want)
			}
			x, err := c.Session(ctx, c.DB, all, s)
			must(t, err)
			is(t, "counts", []int{x.Present, x.Late, x.Excused, x.Absent}, []int{present, late, excused, absent})
			is(t, "conflict", x.Conflict, false)
		}
		first := map[id.ID]string{p[0]: training.Present, p[1]: training.Late, p[2]: training.Absent}
		must(t, take(first))
		shows(first, 1, 1, 0, 1)
		before := c.facts(t)
		must(t, take(first))
		is(t, "facts of the same sheet", c.facts(t), before)
		refused(t, "not on the list", take(map[id.ID]string{p[0]: training.Absent, p[3]: training.Present}), training.ErrNotOnList)
		if err := take(map[id.ID]string{p[0]: "x"}); err == nil {
			t.Error("a mark that is none was taken")
		}
		refused(t, "of another centre", c.Take(ctx, id.Nil, access.At(there), s, first, "list"), training.ErrNoSession)
		refused(t, "no session", c.Take(ctx, id.Nil, all, id.New(), first, "list"), training.ErrNoSession)
		is(t, "facts of refusals", c.facts(t), before)
		must(t, take(map[id.ID]string{p[1]: "", p[2]: training.Excused}))
		shows(map[id.ID]string{p[0]: training.Present, p[2]: training.Excused}, 1, 0, 1, 0)
		must(t, take(map[id.ID]string{p[1]: training.Present}))
		shows(map[id.ID]string{p[0]: training.Present, p[1]: training.Present, p[2]: training.Excused}, 2, 0, 1, 0)
		// Who left the group still has a line; who moved to another group keeps the mark, and it can be corrected.
		must(t, c.Leave(ctx, id.Nil, all, g, p[2], "moved", "2026-03-03"))
		_, err = c.Place(ctx, id.Nil, all, c.group(t, 0), p[:1], "2026-03-03")
		must(t, err)
		must(t, take(map[id.ID]string{p[2]: training.Absent, p[0]: training.Late}))
		shows(map[id.ID]string{p[0]: training.Late, p[1]: training.Present, p[2]: training.Absent}, 1, 1, 0, 1)
		c.cancel(t, s)
		refused(t, "a cancelled session", take(map[id.ID]string{p[0]: training.Present}), training.ErrCancelled)
		_, err = c.CheckIn(ctx, id.Nil, all, s, p[0], training.Present)
		refused(t, "a card at a cancelled session", err, training.ErrNoSession)
		c.Whole()
	})
}

func TestCheckIn(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		p := c.people(t, here, "Amina", "Brahim", "Chama")
		g := c.group(t, 0)
		_, err := c.Place(ctx, id.Nil, all, g, p[:2], "2026-03-02")
		must(t, err)
		s := c.meeting(t, g, "2026-03-02")
		at := func(scope access.Scope, s, v id.ID) error {
			_, err := c.CheckIn(ctx, id.Nil, scope, s, v, training.Present)
			return err
		}
		in := func(v id.ID) error { return at(all, s, v) }
		shows := func(want string) {
			t.Helper()
			m, err := c.MarksOf(ctx, c.DB, s)
			must(t, err)
			x, err := c.Session(ctx, c.DB, all, s)
			must(t, err)
			is(t, "marks", fmt.Sprint(m[p[0]], m[p[1]], len(m), x.Conflict), want)
		}
		must(t, in(p[0]))
		before := c.facts(t)
		must(t, in(p[0]))
		is(t, "facts of a card read twice", c.facts(t), before)
		refused(t, "not on the list", in(p[2]), training.ErrNotOnList)
		refused(t, "of another centre", at(access.At(there), s, p[0]), training.ErrNoSession)
		refused(t, "no session", at(all, id.New(), p[0]), training.ErrNoSession)
		shows("p1 false")
		must(t, c.Take(ctx, id.Nil, all, s, map[id.ID]string{p[0]: training.Late, p[1]: training.Absent}, "list"))
		must(t, in(p[1])) // it replaces what the sheet said
		shows("lp2 false")
		// A card after the mark was taken back is no quarrel either.
		must(t, c.Take(ctx, id.Nil, all, s, map[id.ID]string{p[1]: ""}, "list"))
		must(t, in(p[1]))
		shows("lp2 false")
		must(t, c.Take(ctx, id.Nil, all, s, map[id.ID]string{p[1]: ""}, "list"))
		shows("l1 false")
		c.Whole()
	})
}

// Two trainers took one session's sheet without seeing each other: the sheets are one, and only what they say differently
// of one child is a conflict.
func TestSheetsOfTwoNodes(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		hub := open(t, e)
		hub.on(t, "2026-03-02") // as the other node
		p := hub.people(t, here, "Amina", "Brahim", "Chama")
		g := hub.group(t, 0)
		_, err := hub.Place(ctx, id.Nil, all, g, p, "2026-03-02")
		must(t, err)
		s := hub.meeting(t, g, "2026-03-02")
		box := areas(hub.Box(testnode.Place(t, store.SQLite), house.Registry(), []string{"*"}, []string{"*"}))
		must(t, (&testnode.Link{From: hub.Node, To: box.Node}).CarryKeys(stream))
		shows := func(conflict bool, want map[id.ID]string) {
			t.Helper()
			testnode.Meet(hub.Node, box.Node)
			for _, n := range []*node{hub, box} {
				m, err := n.MarksOf(ctx, n.DB, s)
				must(t, err)
				x, err := n.Session(ctx, n.DB, all, s)
				must(t, err)
				if !maps.Equal(m, want) || x.Conflict != conflict {
					t.Errorf("got %v, conflict %v, want %v", m, x.Conflict, want)
				}
			}
			testnode.Same(t, hub.Node, box.Node)
			hub.Whole()
		}
		must(t, hub.Take(ctx, id.Nil, all, s, map[id.ID]string{p[0]: training.Present, p[1]: training.Absent}, "list"))
		box.Time.Move(time.Minute)
		must(t, box.Take(ctx, id.Nil, all, s, map[id.ID]string{p[1]: training.Absent, p[2]: training.Late}, "list"))
		shows(false, map[id.ID]string{p[0]: training.Present, p[1]: training.Absent, p[2]: training.Late})
		hub.Time.Move(2 * time.Minute)
		box.Time.Move(2 * time.Minute)
		must(t, hub.Take(ctx, id.Nil, all, s, map[id.ID]string{p[0]: training.Excused, p[1]: training.Present}, "list"))
		must(t, box.Take(ctx, id.Nil, all, s, map[id.ID]string{p[1]: training.Excused, p[2]: training.Present}, "list"))
		shows(true, map[id.ID]string{p[0]: training.Excused, p[1]: training.Excused, p[2]: training.Present})
		must(t, hub.Take(ctx, id.Nil, all, s, map[id.ID]string{p[1]: training.Present}, "list"))
		shows(false, map[id.ID]string{p[0]: training.Excused, p[1]: training.Present, p[2]: training.Present})
	})
}

func TestTally(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		p := c.people(t, here, "Amina", "Brahim", "Chama")
		g := c.group(t, 0)
		_, err := c.Place(ctx, id.Nil, all, g, p, "2026-03-02")
		must(t, err)
		marks := map[int]string{0: "paaea", 1: "aaaap", 2: "l--ea"}
		for day := 4; day >= 0; day-- { // taken late, and out of order
			s := c.meeting(t, g, fmt.Sprintf("2026-03-%02d", 2+day))
			m := map[id.ID]string{}
			for i, v := range p {
				if mark := marks[i][day : day+1]; mark != "-" {
					m[v] = mark
				}
			}
			must(t, c.Take(ctx, id.Nil, all, s, m, "list"))
		}
		got, err := c.Tally(ctx, c.DB, g)
		must(t, err)
		is(t, "tallies", []training.Tally{got[p[0]], got[p[1]], got[p[2]]}, []training.Tally{{Here: 1, Held: 5, Absences: 3}, {Here: 1, Held: 5, Absences: 0}, {Here: 1, Held: 3, Absences: 1}})
		missing, err := c.Missing(ctx, c.DB, all, "2026-03-01", "2026-03-31", id.Nil, 10)
		must(t, err)
		is(t, "sheets missing", len(missing), 0)
	})
}

func TestDates(t *testing.T) {
	mondays := []time.Weekday{time.Monday}
	every := []time.Weekday{0, 1, 2, 3, 4, 5, 6}
	for _, c := range []struct {
		what  string
		w     training.Weekly
		count int
		first string
		last  string
		bad   bool
	}{
		{"one day", training.Weekly{From: "2026-03-02", To: "2026-03-02", Days: mondays}, 1, "2026-03-02", "2026-03-02", false},
		{"both ends", training.Weekly{From: "2026-03-02", To: "2026-03-16", Days: mondays}, 3, "2026-03-02", "2026-03-16", false},
		{"leap year", training.Weekly{From: "2028-02-28", To: "2028-03-01", Days: every}, 3, "2028-02-28", "2028-03-01", false},
		{"leap day", training.Weekly{From: "2028-02-29", To: "2028-02-29", Days: []time.Weekday{time.Tuesday}}, 1, "2028-02-29", "2028-02-29", false},
		{"no leap day", training.Weekly{From: "2027-02-29", To: "2027-03-01", Days: every}, 0, "", "", true},
		{"over the new year", training.Weekly{From: "2025-12-29", To: "2026-01-05", Days: mondays}, 2, "2025-12-29", "2026-01-05", false},
		{"holidays", training.Weekly{From: "2026-03-02", To: "2026-03-16", Days: mondays, Except: func(d string) bool { return d == "2026-03-09" }}, 2, "2026-03-02", "2026-03-16", false},
		{"all holidays", training.Weekly{From: "2026-03-02", To: "2026-03-16", Days: mondays, Except: func(string) bool { return true }}, 0, "", "", false},
		{"as many as may be", training.Weekly{From: "2026-01-01", To: "2027-02-04", Days: every}, 400, "2026-01-01", "2027-02-04", false},
		{"one more", training.Weekly{From: "2026-01-01", To: "2027-02-05", Days: every}, 0, "", "", true},
		{"backwards", training.Weekly{From: "2026-03-03", To: "2026-03-02", Days: every}, 0, "", "", true},
		{"no first", training.Weekly{To: "2026-03-02", Days: every}, 0, "", "", true},
	} {
		got, err := c.w.Dates()
		if (err != nil) != c.bad || len(got) != c.count || len(got) > 0 && (got[0] != c.first || got[len(got)-1] != c.last) || !slices.IsSorted(got) {
			t.Errorf("%s: got %v, %v", c.what, got, err)
		}
	}
}

func TestPhaseFor(t *testing.T) {
	phase := func(code, from, to string, min, max int) programme.Phase {
		return programme.Phase{ID: id.Named("phase", code), Code: code, From: from, To: to, AgeMin: min, AgeMax: max}
	}
	over, children, youth := phase("over", "2025-01-05", "2025-06-30", 8, 14), phase("children", "2026-01-05", "2026-06-30", 8, 14), phase("youth", "2026-01-05", "2026-06-30", 15, 18)
	adults, girls, elsewhere, planned := phase("adults", "2026-09-01", "", 19, 0), phase("girls", "2026-01-05", "2026-06-30", 0, 0), phase("elsewhere", "2026-01-05", "", 0, 0), phase("planned", "2026-01-05", "", 0, 99)
	planned.Planned = true
	a := training.Applying{Phases: []programme.Phase{planned, over, elsewhere, children, youth, adults}, On: "2026-02-01", Rules: map[id.ID][]programme.Version{}, Runs: func(p programme.Phase) bool { return p.Code != "elsewhere" }}
	for _, p := range append(a.Phases, girls) {
		r := programme.Rule{AgeMin: p.AgeMin, AgeMax: p.AgeMax, AgeOn: p.From}
		if p.Code == "girls" {
			r.Sex = "f"
		}
		a.Rules[p.ID] = []programme.Version{{Phase: p.ID, N: 1, Rule: r}}
	}
	for birth, want := range map[string]string{
		"2018-01-05": "children", // eight on the first day
		"2018-01-06": "children", // too young for any: the first that runs
		"2011-01-06": "children", // fourteen, for one day more
		"2011-01-05": "youth", "2015": "children", "2007-01-05": "adults", "1950-01-01": "adults", "": "children", "nonsense": "children",
	} {
		got, err := a.PhaseFor(person.Details{"birth": birth})
		if err != nil || got.Code != want {
			t.Errorf("born %q: got %s, %v, want %s", birth, got.Code, err, want)
		}
	}
	// What a later version of the rule says counts, not the ages that the phase was opened with.
	a.Rules[children.ID] = append(a.Rules[children.ID], programme.Version{From: "2026-01-20", Rule: programme.Rule{AgeMin: 8, AgeMax: 18, AgeOn: "2026-01-05"}})
	if got, _ := a.PhaseFor(person.Details{"birth": "2010-01-01"}); got.Code != "children" {
		t.Errorf("by the rule in force: %s", got.Code)
	}
	a.Phases = []programme.Phase{girls, children}
	if got, _ := a.PhaseFor(person.Details{"birth": "2015-01-01", "sex": "m"}); got.Code != "children" {
		t.Errorf("a boy applies to %s", got.Code)
	}
	a.Phases = []programme.Phase{planned}
	if got, err := a.PhaseFor(nil); err != nil || got.Code != "planned" {
		t.Errorf("only planned: got %s, %v", got.Code, err)
	}
	a.Phases = nil
	if _, err := a.PhaseFor(nil); !errors.Is(err, training.ErrNoPhase) {
		t.Errorf("no phase: got %v", err)
	}
}
