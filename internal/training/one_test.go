package training_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/person"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/training"
)

// one says who is one person, worked out anew from the merges that stand.
func one(merged map[[2]id.ID]bool, p id.ID) id.ID {
	in := map[id.ID]bool{p: true}
	for grew := true; grew; {
		grew = false
		for e := range merged {
			if in[e[0]] != in[e[1]] {
				in[e[0]], in[e[1]], grew = true, true, true
			}
		}
	}
	least := p
	for v := range in {
		if bytes.Compare(v[:], least[:]) < 0 {
			least = v
		}
	}
	return least
}

// recount demands that all that is counted is what a naive count of the rows finds.
func (c *node) recount(t rapid.TB, merged map[[2]id.ID]bool, people map[id.ID]id.ID) {
	t.Helper()
	reached, here_ := map[id.ID]bool{}, map[[2]id.ID]bool{}
	sheets := map[id.ID]map[id.ID]bool{}
	must(t, c.DB.Each(ctx, "SELECT session, person, mark FROM training_attendance", nil, func(r store.Row) error {
		var s, p id.ID
		var m string
		err := r.Scan(&s, &p, &m)
		if training.Here(m) {
			o := one(merged, p)
			reached[o], here_[[2]id.ID{s, o}] = true, true
			if sheets[s] == nil {
				sheets[s] = map[id.ID]bool{}
			}
			sheets[s][o] = true
		}
		return err
	}))
	board, err := measure.Read(ctx, c.DB, all, measure.Filter{Programme: prog, Period: measure.Total})
	must(t, err)
	if board.Total.People != int64(len(reached)) || board.Total.Participations != int64(len(here_)) {
		t.Fatalf("the board says %+v, there are %d people and %d participations", board.Total, len(reached), len(here_))
	}
	behind, err := measure.List(ctx, c.DB, all, measure.Filter{Programme: prog}, id.Nil, 1000)
	must(t, err)
	for _, b := range behind {
		if !reached[b.Person] {
			t.Fatalf("behind the number stands %v, who is not one of those reached", b.Person)
		}
	}
	if len(behind) != len(reached) {
		t.Fatalf("%d people stand behind the number %d", len(behind), len(reached))
	}
	seats := map[id.ID]map[id.ID]bool{}
	must(t, c.DB.Each(ctx, "SELECT cohort, person FROM training_enrolment WHERE state IN ('enrolled', 'active', 'completed')", nil, func(r store.Row) error {
		var g, p id.ID
		err := r.Scan(&g, &p)
		if seats[g] == nil {
			seats[g] = map[id.ID]bool{}
		}
		seats[g][one(merged, p)] = true
		return err
	}))
	groups, _, err := c.Cohorts(ctx, c.DB, all, training.CohortFilter{}, "")
	must(t, err)
	for _, g := range groups {
		if g.Enrolled != len(seats[g.ID]) {
			t.Fatalf("a group says %d have seats, %d do", g.Enrolled, len(seats[g.ID]))
		}
		roster, err := c.Roster(ctx, c.DB, g.ID)
		must(t, err)
		seen := map[id.ID]bool{}
		for _, e := range roster {
			if o := one(merged, e.Person); seen[o] {
				t.Fatalf("%v is twice on a roster", o)
			} else {
				seen[o] = true
			}
		}
		sessions, err := c.SessionsOf(ctx, c.DB, all, g.ID)
		must(t, err)
		for _, s := range sessions {
			if s.Here() != len(sheets[s.ID]) {
				t.Fatalf("a session says %d came, %d did", s.Here(), len(sheets[s.ID]))
			}
		}
	}
	for _, scope := range []access.Scope{all, access.At(here), access.At(there)} {
		want := map[id.ID]bool{}
		for p, at := range people {
			if scope.Has(at) {
				want[one(merged, p)] = true
			}
		}
		n, err := c.People.Count(ctx, c.DB, scope)
		must(t, err)
		l, err := c.People.List(ctx, c.DB, scope, person.Filter{Size: 1000})
		must(t, err)
		if int(n) != len(want) || len(l.People) != len(want) {
			t.Fatalf("%d are counted and %d listed of %d people", n, len(l.People), len(want))
		}
	}
}

// sums are all rows but those of what was said of pairs.
func (c *node) sums(t rapid.TB) string {
	return strings.Join(slices.DeleteFunc(strings.Split(testnode.Rows(t, c.Log), "\n"), func(l string) bool { return strings.HasPrefix(l, "person_edge ") }), "\n")
}

// Whatever is merged and taken back, in whatever order, with sheets taken between: everything counts what a naive recount
// counts; and when all is taken back, all stands as it did.
func TestMergingCountsOnceAndIsUndone(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		people := map[id.ID]id.ID{}
		var ids []id.ID
		for i := range 7 {
			at := here
			if i%3 == 2 {
				at = there
			}
			for _, v := range c.people(t, at, fmt.Sprint("Amina ", i)) {
				people[v] = at
				ids = append(ids, v)
			}
		}
		g, h := c.group(t, 20), c.group(t, 20)
		for i, v := range ids {
			group := g
			if i >= 5 {
				group = h
			}
			if people[v] == here {
				_, err := c.Place(ctx, id.Nil, all, group, []id.ID{v}, "2026-01-05")
				must(t, err)
				continue
			}
			found, err := c.People.Get(ctx, c.DB, all, v)
			must(t, err)
			_, err = c.Write(fact.New{Stream: stream, Kind: training.KindEnrolment, Subject: training.EnrolmentID(v, phase), // as it was written before groups took those of their centre alone
				Body: training.EnrolmentStated{Person: v, Programme: prog, Phase: phase, Cohort: group, State: training.Enrolled, On: "2026-01-05", Cell: training.CellOf(found.Details, "2026-01-05")}})
			must(t, err)
		}
		var sessions []id.ID
		for _, day := range []string{"2026-01-06", "2026-02-03"} {
			sessions = append(sessions, c.meeting(t, g, day))
		}
		merged := map[[2]id.ID]bool{}
		pair := func(t *rapid.T) (a, b id.ID) {
			i := rapid.IntRange(0, len(ids)-1).Draw(t, "one")
			j := (i + rapid.IntRange(1, len(ids)-1).Draw(t, "other")) % len(ids)
			return ids[min(i, j)], ids[max(i, j)] // ids are ordered by time
		}
		rapid.Check(t, func(t *rapid.T) {
			before := c.sums(t)
			sheets := false
			for range rapid.IntRange(1, 8).Draw(t, "steps") {
				switch rapid.SampledFrom([]string{"merge", "merge", "merge", "unmerge", "part", "take"}).Draw(t, "step") {
				case "merge":
					a, b := pair(t)
					must(t, c.People.Merge(ctx, id.Nil, all, b, a, "the same"))
					merged[[2]id.ID{a, b}] = true
				case "unmerge":
					a, b := pair(t)
					must(t, c.People.Unmerge(ctx, id.Nil, all, a, b, "a mistake"))
					delete(merged, [2]id.ID{a, b})
				case "part":
					a, b := pair(t)
					must(t, c.People.Part(ctx, id.Nil, all, a, b, ""))
					delete(merged, [2]id.ID{a, b})
				case "take":
					sheets = true
					who := rapid.SampledFrom(ids[:5]).Draw(t, "who")
					s := rapid.SampledFrom(sessions).Draw(t, "session")
					mark := rapid.SampledFrom([]string{"p", "l", "e", "a", ""}).Draw(t, "mark")
					must(t, c.Take(ctx, id.Nil, all, s, map[id.ID]string{who: mark}, "list"))
					now, err := c.MarksOf(ctx, c.DB, s)
					must(t, err)
					if now[who] != mark {
						t.Fatalf("somebody was marked %q and is %q", mark, now[who])
					}
				}
				c.recount(t, merged, people)
			}
			for e := range merged {
				must(t, c.People.Unmerge(ctx, id.Nil, all, e[0], e[1], "a mistake"))
				delete(merged, e)
				c.recount(t, merged, people)
			}
			if after := c.sums(t); !sheets && after != before {
				t.Fatalf("after all was taken back\n%s\nstands where\n%s\nstood", after, before)
			}
		})
		rep, err := c.Check(ctx, nil)
		must(t, err)
		if !rep.OK {
			t.Fatal(strings.Join(rep.Faults, "\n"))
		}
	})
}

// The group sees one person: one seat, one mark, one departure.
func TestOneSeatOfTwoRecords(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		ids := c.people(t, here, "Mohamed", "Mohammed", "Zineb")
		g := c.group(t, 2)
		_, err := c.Place(ctx, id.Nil, all, g, ids[:2], "2026-01-05")
		must(t, err)
		must(t, c.People.Merge(ctx, id.Nil, all, ids[0], ids[1], "the same"))
		done, err := c.Place(ctx, id.Nil, all, g, ids[2:], "2026-01-05")
		must(t, err)
		is(t, "a seat is free again", done, training.Placed{Enrolled: 1})
		done, err = c.Place(ctx, id.Nil, all, g, ids[1:2], "2026-01-05")
		must(t, err)
		is(t, "has a seat already", done, training.Placed{Already: 1})
		s := c.meeting(t, g, "2026-01-06")
		must(t, c.Take(ctx, id.Nil, all, s, map[id.ID]string{ids[1]: "p", ids[2]: "a"}, "list"))
		must(t, c.Take(ctx, id.Nil, all, s, map[id.ID]string{ids[0]: "l"}, "list"))
		now, err := c.Session(ctx, c.DB, all, s)
		must(t, err)
		is(t, "marks", fmt.Sprint(now.Present, now.Late, now.Absent, now.Expected), "0 1 1 2")
		for _, v := range ids[:2] {
			tally, err := c.Tally(ctx, c.DB, g)
			must(t, err)
			is(t, "tally", tally[v], training.Tally{Here: 1, Held: 1})
			came, err := c.AttendanceOf(ctx, c.DB, all, v, 10)
			must(t, err)
			is(t, "came", len(came), 1)
			es, err := c.OfPerson(ctx, c.DB, all, v)
			must(t, err)
			is(t, "enrolments", len(es), 1)
		}
		must(t, c.Leave(ctx, id.Nil, all, g, ids[1], "school", "2026-02-01"))
		got, err := c.Cohort(ctx, c.DB, all, g, "")
		must(t, err)
		is(t, "who is left", got.Enrolled, 1)
		must(t, c.People.Unmerge(ctx, id.Nil, all, ids[0], ids[1], ""))
		roster, err := c.Roster(ctx, c.DB, g)
		must(t, err)
		is(t, "roster", len(roster), 3)
	})
}

// Two nodes that did not know of each other wrote somebody down twice in a group. Both records stand, whether the person was ever
// taken for another or not: a merge that was taken back leaves no trace.
func TestWhoWasMergedHidesNothing(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		ids := c.people(t, here, "Amina", "Brahim")
		g := c.group(t, 10)
		for range 2 {
			_, err := c.Write(fact.New{Stream: stream, Kind: training.KindEnrolment, Subject: id.New(), Body: training.EnrolmentStated{Person: ids[0], Programme: prog, Phase: phase, Cohort: g, State: training.Enrolled, On: "2026-02-02"}})
			must(t, err)
		}
		must(t, c.People.Merge(ctx, id.Nil, all, ids[0], ids[1], "the same"))
		is(t, "hidden of one person", c.CountOf("training_double_seat"), 1)
		must(t, c.People.Unmerge(ctx, id.Nil, all, ids[0], ids[1], "not the same"))
		is(t, "hidden of two", c.CountOf("training_double_seat"), 0)
		c.Whole()
	})
}

// A seat that two records of one person held is given to the next who waits as soon as they are found to be one.
func TestSeatOfTwoRecordsIsPassedOn(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		ids := c.people(t, here, "Mohamed", "Mohammed", "Zineb", "Omar")
		g := c.group(t, 2)
		_, err := c.Place(ctx, id.Nil, all, g, ids, "2026-01-05")
		must(t, err)
		must(t, c.PassOn(ctx, id.Nil, ids[:2], "2026-01-05"))
		now, err := c.Cohort(ctx, c.DB, all, g, "")
		must(t, err)
		is(t, "before they are one", fmt.Sprint(now.Enrolled, now.Waiting), "2 2")
		must(t, c.People.Merge(ctx, id.Nil, all, ids[0], ids[1], "the same"))
		must(t, c.PassOn(ctx, id.Nil, ids[:2], "2026-01-06"))
		now, err = c.Cohort(ctx, c.DB, all, g, "")
		must(t, err)
		is(t, "when they are one", fmt.Sprint(now.Enrolled, now.Waiting), "2 1")
		before := c.facts(t)
		must(t, c.PassOn(ctx, id.Nil, ids[:2], "2026-01-06"))
		is(t, "facts when there is nothing to pass on", c.facts(t), before)
		// What another node found out is passed on by the one that answers for the centre, and no other.
		more := c.people(t, here, "Youssef", "Yousef", "Nora")
		h := c.group(t, 2)
		_, err = c.Place(ctx, id.Nil, all, h, more, "2026-01-05")
		must(t, err)
		must(t, c.People.Merge(ctx, id.Nil, all, more[0], more[1], "the same"))
		before = c.facts(t)
		must(t, c.PassOnArrived(ctx, func(id.ID) bool { return false }, "2026-01-06"))
		is(t, "facts where another answers", c.facts(t), before)
		must(t, c.PassOnArrived(ctx, func(v id.ID) bool { return v == here }, "2026-01-06"))
		now, err = c.Cohort(ctx, c.DB, all, h, "")
		must(t, err)
		is(t, "when it has arrived", fmt.Sprint(now.Enrolled, now.Waiting), "2 0")
	})
}
