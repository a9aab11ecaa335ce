package training_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/training"
)

// A group that is full takes nobody unless somebody says what becomes of them, and nobody is half placed.
func TestFull(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		p := c.people(t, here, "Amina", "Brahim", "Chama", "Driss")
		g := c.group(t, 2)
		before := c.facts(t)
		refused(t, "three for two seats", second(c.Seat(ctx, id.Nil, all, g, p[:3], "", "2026-03-02")), training.ErrFull)
		is(t, "facts of a refusal", c.facts(t), before)
		done, err := c.Seat(ctx, id.Nil, all, g, p[:2], "", "2026-03-02")
		must(t, err)
		is(t, "two for two seats", done.Enrolled, 2)
		done, err = c.Seat(ctx, id.Nil, all, g, p[2:3], "over_family", "2026-03-03")
		must(t, err)
		is(t, "beyond", fmt.Sprint(done.Enrolled, done.Over), "1 1")
		done, err = c.Seat(ctx, id.Nil, all, g, p[3:], training.Wait, "2026-03-03")
		must(t, err)
		is(t, "waits", done.Waiting, 1)
		now, err := c.Cohort(ctx, c.DB, all, g, "")
		must(t, err)
		is(t, "seats", fmt.Sprint(now.Enrolled, now.Waiting), "3 1")
		// A seat beyond the last that is left is nobody's.
		must(t, c.Leave(ctx, id.Nil, all, g, p[0], "moved", "2026-03-04"))
		now, err = c.Cohort(ctx, c.DB, all, g, "")
		must(t, err)
		is(t, "seats after one left", fmt.Sprint(now.Enrolled, now.Waiting), "2 1")
		refused(t, "fewer seats than people", c.EditCohort(ctx, id.Nil, all, g, func(o *training.CohortOpened) { o.Capacity = 1 }), training.ErrOver)
		must(t, c.EditCohort(ctx, id.Nil, all, g, func(o *training.CohortOpened) { o.Subjects = []string{"french", "maths"} }))
		now, err = c.Cohort(ctx, c.DB, all, g, "")
		must(t, err)
		is(t, "subjects", fmt.Sprint(now.Subjects, now.Capacity), "[french maths] 2")
		c.Whole()
	})
}

// Nobody gives up a seat for a place in a list by the way, nor has two by two records, nor comes from another centre.
func TestSeatBeside(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		p := c.people(t, here, "Amina", "Brahim", "Chama", "Chama too")
		far := c.people(t, there, "Driss")
		must(t, c.People.Merge(ctx, id.Nil, all, p[2], p[3], "papers"))
		g, full, free := c.group(t, 5), c.group(t, 1), c.group(t, 5)
		for _, x := range []struct{ g, p id.ID }{{g, p[0]}, {full, p[1]}, {g, p[2]}} {
			_, err := c.Place(ctx, id.Nil, all, x.g, []id.ID{x.p}, "2026-03-02")
			must(t, err)
		}
		before := c.facts(t)
		for _, beyond := range []string{training.Wait, ""} {
			_, err := c.Seat(ctx, id.Nil, all, full, p[:1], beyond, "2026-03-03")
			var has *training.SeatedError
			if beyond == "" {
				refused(t, "to a full group", err, training.ErrFull)
			} else if !errors.As(err, &has) || has.Person != p[0] || has.Cohort != g {
				t.Errorf("a seat for a place in a list: %v", err)
			}
		}
		refused(t, "by the other record", second(c.Seat(ctx, id.Nil, all, free, p[3:], "", "2026-03-03")), training.ErrSeated)
		refused(t, "of another centre", second(c.Seat(ctx, id.Nil, all, free, far, "", "2026-03-03")), training.ErrElsewhere)
		is(t, "facts of refusals", c.facts(t), before)
		now, err := c.Cohort(ctx, c.DB, all, g, "")
		must(t, err)
		is(t, "the seats stay", now.Enrolled, 2)
		done, err := c.Seat(ctx, id.Nil, all, free, p[:1], training.Wait, "2026-03-03") // for a seat one may
		must(t, err)
		is(t, "placed anew", done.Enrolled, 1)
		c.Whole()
	})
}

// Who is moved has one seat, leaves one that is filled again, and what they did stays with the group it was done in.
func TestTransfer(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		p := c.people(t, here, "Amina", "Brahim", "Chama")
		g, h, full := c.group(t, 1), c.group(t, 5), c.group(t, 1)
		for _, x := range []struct{ g, p id.ID }{{g, p[0]}, {g, p[1]}, {full, p[2]}} {
			_, err := c.Place(ctx, id.Nil, all, x.g, []id.ID{x.p}, "2026-03-02")
			must(t, err)
		}
		_, err := c.Plan(ctx, id.Nil, all, g, training.Weekly{From: "2026-03-02", To: "2026-03-02", Days: []time.Weekday{time.Monday}, Starts: "10:00", Ends: "12:00"})
		must(t, err)
		s := training.SessionID(g, "2026-03-02", "10:00")
		must(t, c.Take(ctx, id.Nil, all, s, map[id.ID]string{p[0]: training.Present}, "list"))
		before := c.facts(t)
		move := func(to id.ID, beyond string) error {
			return c.Transfer(ctx, id.Nil, all, g, to, p[0], "hours", beyond, "2026-03-05")
		}
		refused(t, "to the same", move(g, ""), training.ErrSame)
		refused(t, "to a full one", move(full, ""), training.ErrFull)
		refused(t, "to nowhere", move(id.New(), ""), training.ErrNoGroup)
		is(t, "facts of refusals", c.facts(t), before)
		must(t, move(h, ""))
		is(t, "facts of a move", c.facts(t), before+2) // and the one who waited has the seat
		for _, x := range []struct {
			g    id.ID
			want string
		}{{g, "1 0"}, {h, "1 0"}, {full, "1 0"}} {
			now, err := c.Cohort(ctx, c.DB, all, x.g, "")
			must(t, err)
			is(t, "seats", fmt.Sprint(now.Enrolled, now.Waiting), x.want)
		}
		out, err := c.MovedOut(ctx, c.DB, g)
		must(t, err)
		is(t, "who left for another", fmt.Sprint(len(out), out[0].Person == p[0], out[0].Now == h, out[0].On, out[0].Why), "1 true true2026-03-05hours")
		marks, err := c.MarksOf(ctx, c.DB, s)
		must(t, err)
		is(t, "the mark stays", marks[p[0]], training.Present)
		must(t, c.Transfer(ctx, id.Nil, all, h, full, p[0], "level", "over_agreed", "2026-03-06"))
		must(t, c.Transfer(ctx, id.Nil, all, full, g, p[0], "other", "over_other", "2026-03-07")) // back again
		out, err = c.MovedOut(ctx, c.DB, g)
		must(t, err)
		is(t, "back", len(out), 0)
		past, err := c.MovedFrom(ctx, c.DB, p[0])
		must(t, err)
		is(t, "where they were", len(past), 2)
		c.Whole()
	})
}

// Two absences in a row wait for somebody until something is done about them or the person is seen.
func TestAbsences(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		p := c.people(t, here, "Amina", "Brahim", "Chama")
		g := c.group(t, 5)
		_, err := c.Place(ctx, id.Nil, all, g, p, "2026-03-01")
		must(t, err)
		_, err = c.Plan(ctx, id.Nil, all, g, training.Weekly{From: "2026-03-02", To: "2026-03-31", Days: []time.Weekday{time.Monday}, Starts: "10:00", Ends: "12:00"})
		must(t, err)
		take := func(day string, marks string) {
			t.Helper()
			m := map[id.ID]string{}
			for i := range p {
				if marks[i] != '-' {
					m[p[i]] = string(marks[i])
				}
			}
			must(t, c.Take(ctx, id.Nil, all, training.SessionID(g, day, "10:00"), m, "list"))
		}
		open := func(want string) {
			t.Helper()
			for _, scope := range []bool{true, false} {
				s := all
				if !scope {
					s = scopeThere
				}
				l, err := c.Absences(ctx, c.DB, s, "2026-02-01", 30)
				must(t, err)
				var got []string
				for _, a := range l {
					got = append(got, fmt.Sprintf("%c%d/%d", 'A'+slices.Index(p, a.Person), a.N, a.Tries))
				}
				slices.Sort(got)
				if scope {
					is(t, "who waits", strings.Join(got, " "), want)
				} else {
					is(t, "elsewhere", len(got), 0)
				}
			}
		}
		take("2026-03-02", "aap")
		open("")
		take("2026-03-09", "aea") // an excused absence is between
		open("A2/0")
		take("2026-03-16", "-aa")
		open("A2/0 B2/0 C2/0")
		must(t, c.Follow(ctx, id.Nil, all, g, p[0], "call", "illness", "2026-03-17"))
		must(t, c.Follow(ctx, id.Nil, all, g, p[1], "call", training.Unreached, "2026-03-17"))
		open("B2/1 C2/0") // a try that reached nobody leaves the task open
		refused(t, "elsewhere", c.Follow(ctx, id.Nil, scopeThere, g, p[0], "call", "returns", "2026-03-17"), training.ErrNoGroup)
		take("2026-03-23", "apa")
		open("A3/0 C3/0") // B was seen; A is absent again
		must(t, c.Leave(ctx, id.Nil, all, g, p[2], "moved", "2026-03-24"))
		open("A3/0")
		did, err := c.FollowedUp(ctx, c.DB, g, p[0])
		must(t, err)
		is(t, "what was done", fmt.Sprint(len(did), did[0].How, did[0].Outcome, did[0].Upto), "1callillness2026-03-09 10:00")
		c.Whole()
	})
}

// A school that sends somebody is answered, and sees what became of it as long as the person is known.
func TestReferrals(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		p := c.people(t, here, "Amina", "Brahim")
		refused(t, "by nobody", second(c.Refer(ctx, id.Nil, all, p[0], "college", "at_risk", "2026-03-02", training.Referrer{School: "  "})), training.ErrNoSchool)
		refused(t, "elsewhere", second(c.Refer(ctx, id.Nil, scopeThere, p[0], "college", "at_risk", "2026-03-02", training.Referrer{School: "X"})), person.ErrUnknown)
		r, err := c.Refer(ctx, id.Nil, all, p[0], "college", "at_risk", "2026-03-02", training.Referrer{School: "Collège Ibn Sina", By: "Mme Alaoui"})
		must(t, err)
		_, err = c.Refer(ctx, id.Nil, all, p[1], "lycee", "left_school", "2026-03-03", training.Referrer{School: "Lycée"})
		must(t, err)
		g := c.group(t, 5)
		_, err = c.Place(ctx, id.Nil, all, g, p[:1], "2026-03-04")
		must(t, err)
		list, next, err := c.Referrals(ctx, c.DB, all, true, "", 1)
		must(t, err)
		is(t, "the first page", fmt.Sprint(len(list), list[0].School), "1Lycée")
		list, next, err = c.Referrals(ctx, c.DB, all, true, next, 1)
		must(t, err)
		is(t, "the second", fmt.Sprint(len(list), list[0].School, list[0].By, list[0].State, next), "1Collège Ibn SinaMme Alaouienrolled")
		refused(t, "answered from elsewhere", c.Answer(ctx, id.Nil, scopeThere, r, "told", "", "2026-03-05"), training.ErrNoReferral)
		must(t, c.Answer(ctx, id.Nil, all, r, "unreached", "", "2026-03-04"))
		before := c.facts(t)
		must(t, c.Answer(ctx, id.Nil, all, r, "unreached", "", "2026-03-05"))
		refused(t, "answered otherwise, and not why", c.Answer(ctx, id.Nil, all, r, "told", "", "2026-03-05"), training.ErrAnswered)
		if err := c.Answer(ctx, id.Nil, all, r, "told", "boredom", "2026-03-05"); err == nil {
			t.Error("corrected for no reason that there is")
		}
		is(t, "facts of answers that say nothing", c.facts(t), before)
		must(t, c.Answer(ctx, id.Nil, all, r, "told", "news", "2026-03-05"))
		corrected, err := c.Referral(ctx, c.DB, all, r)
		must(t, err)
		is(t, "corrected", corrected.Outcome+" "+corrected.Answered+" "+corrected.Corrected, "told 2026-03-05 news")
		list, _, err = c.Referrals(ctx, c.DB, all, true, "", 9)
		must(t, err)
		is(t, "not answered yet", len(list), 1)
		c.Whole()
	})
}

// BenchmarkAttendance saves a sheet of 30, each time with other marks.
func BenchmarkAttendance(b *testing.B) {
	c := open(b, store.SQLite)
	names := make([]string, 30)
	for i := range names {
		names[i] = fmt.Sprint("P", i)
	}
	p := c.people(b, here, names...)
	g := c.group(b, 40)
	_, err := c.Place(ctx, id.Nil, all, g, p, "2026-03-01")
	must(b, err)
	s := c.meeting(b, g, "2026-03-02")
	for n := 0; b.Loop(); n++ {
		marks := map[id.ID]string{}
		for i, v := range p {
			marks[v] = training.Marks[(i+n)%4]
		}
		must(b, c.Take(ctx, id.Nil, all, s, marks, "list"))
	}
}
