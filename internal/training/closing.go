package training

import (
	"context"
	"errors"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/store"
)

// A group is planned until its first day, active until it is closed, and completed then: by somebody, on its last day or later, who
// says of each learner left in it whether they completed it. It takes nobody in and plans nothing any more; sheets that were
// forgotten are still filled. It can be opened again.

// CohortClosed is the body of cohort.closed: a group is over, or is not after all. It is a register of its own, so that whoever
// changes the group's name without having seen it does not open it.
type CohortClosed struct {
	Closed bool   `json:"closed"`
	On     string `json:"on"` // ISO date
}

// Check says what is missing.
func (c CohortClosed) Check() error {
	if !isDate(c.On) {
		return errors.New("a group is closed on a day, written 2026-03-14")
	}
	return nil
}

// KindClosed is the kind of closing a group.
var KindClosed = fact.NewKind[CohortClosed](fact.Kind{Name: "cohort.closed", Streams: []string{"centre"}})

// Unfinished is the reason of an enrolment that was left when the group was closed.
const Unfinished = "unfinished"

// Errors of closing.
var (
	ErrNotOver  = errors.New("the group's last day has not come")
	ErrComing   = errors.New("sessions of the group are still to come")
	ErrUnmarked = errors.New("sessions of the group have no sheet")
	ErrOutcome  = errors.New("of somebody in the group it is not said whether they completed it")
)

// Remaining is what is left to do before a group is closed.
type Remaining struct {
	Until    string       // its last day, while that has not come; "" otherwise
	Coming   int          // sessions that are still to be held
	Unmarked []*Session   // sessions that took place and have no sheet
	People   []*Enrolment // who is in the group, each person once; of a closed one, who was
	Waiting  int          // who waits, for a seat or a consent
}

// Remaining returns what is left to do before a group is closed on a day.
func (t *Training) Remaining(ctx context.Context, q store.Querier, c *Cohort, on string) (r Remaining, err error) {
	if c.To > on {
		r.Until = c.To
	}
	sessions, err := t.sessions(ctx, q, "s.cohort = ? AND s.cancelled = '' AND s.present + s.late + s.excused + s.absent = 0 ORDER BY s.day, s.starts, s.id", store.Args(c.ID))
	if err != nil {
		return r, err
	}
	for _, s := range sessions {
		if s.Date > on {
			r.Coming++
		} else {
			r.Unmarked = append(r.Unmarked, s)
		}
	}
	roster, err := t.Roster(ctx, q, c.ID)
	for i := range roster {
		switch e := &roster[i]; {
		case e.State == Enrolled, e.State == Active, c.Closed && e.On == c.ClosedOn && (e.State == Completed || e.Reason == Unfinished):
			r.People = append(r.People, e)
		case e.State == Waitlisted:
			r.Waiting++
		}
	}
	return r, err
}

// members are the records that a closing or an opening again changes, as keys.
func (t *Training) members(ctx context.Context, cohort id.ID) ([]id.ID, error) {
	var out []id.ID
	list, err := t.enrolments(ctx, t.log.DB, "cohort = ?", store.Args(cohort))
	for _, e := range list {
		out = append(out, e.Person)
	}
	return out, err
}

// CloseCohort closes a group. completed says of everybody who is in it whether they completed it: who did not has left it Unfinished.
// Who waits has applied again, for another group. Sessions without a sheet are ErrUnmarked unless despite.
func (t *Training) CloseCohort(ctx context.Context, actor id.ID, scope access.Scope, cohort id.ID, completed map[id.ID]bool, despite bool, on string) error {
	now, err := t.Cohort(ctx, t.log.DB, scope, cohort, "")
	if err != nil {
		return err
	}
	keys, err := t.members(ctx, cohort)
	if err != nil {
		return err
	}
	stream := person.Stream(now.Centre)
	_, err = t.log.Do(ctx, fact.Command{Name: "close a group", Stream: stream, Keys: append(keys, cohort, timetableKey(now.Centre)), Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		c, err := t.Cohort(ctx, q, scope, cohort, "")
		if err != nil {
			return out, err
		}
		r, err := t.Remaining(ctx, q, c, on)
		if err != nil {
			return out, err
		}
		drawn, err := t.undecided(ctx, q, cohort)
		switch {
		case err != nil:
			return out, err
		case c.Closed:
			return out, ErrClosed
		case drawn:
			return out, ErrDraw
		case r.Until != "":
			return out, ErrNotOver
		case r.Coming > 0:
			return out, ErrComing
		case len(r.Unmarked) > 0 && !despite:
			return out, ErrUnmarked
		}
		one := map[id.ID]bool{} // what becomes of each person, under any record
		for _, e := range r.People {
			did, said := completed[e.Person]
			if !said {
				return out, ErrOutcome
			}
			records, err := person.Records(ctx, q, e.Person)
			if err != nil {
				return out, err
			}
			for _, v := range records {
				one[v] = did
			}
		}
		list, err := t.enrolments(ctx, q, "cohort = ? AND state IN ('enrolled', 'active', 'waitlisted') ORDER BY id", store.Args(cohort))
		if err != nil {
			return out, err
		}
		for _, e := range list {
			b := e.restated(Completed, "", on)
			switch {
			case e.State == Waitlisted:
				b = e.restated(Applied, "", e.On)
				b.Cohort = id.Nil
			case !one[e.Person]:
				b = e.restated(WithdrawnS, Unfinished, on)
			}
			seen, err := t.log.Of(ctx, q, e.ID)
			if err != nil {
				return out, err
			}
			out.Facts = append(out.Facts, fact.New{Stream: stream, Kind: KindEnrolment, Subject: e.ID, Actor: actor, Body: b, Prev: fact.HeadsOf(seen)})
		}
		all, err := t.log.Of(ctx, q, cohort)
		out.Facts = append(out.Facts, fact.New{Stream: stream, Kind: KindClosed, Subject: cohort, Actor: actor, Body: CohortClosed{true, on}, Prev: latest[CohortClosed](all)})
		return out, err
	}})
	return err
}

// ReopenCohort opens a group again that was closed. Who completed it then, or had not, is in it as before; who waited has applied since.
func (t *Training) ReopenCohort(ctx context.Context, actor id.ID, scope access.Scope, cohort id.ID, on string) error {
	now, err := t.Cohort(ctx, t.log.DB, scope, cohort, "")
	if err != nil {
		return err
	}
	keys, err := t.members(ctx, cohort)
	if err != nil {
		return err
	}
	stream := person.Stream(now.Centre)
	_, err = t.log.Do(ctx, fact.Command{Name: "open a group again", Stream: stream, Keys: append(keys, cohort), Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		c, err := t.Cohort(ctx, q, scope, cohort, "")
		if err != nil || !c.Closed {
			return out, err
		}
		list, err := t.enrolments(ctx, q, "cohort = ? AND day = ? AND (state = 'completed' OR state = 'withdrawn' AND reason = '"+Unfinished+"') ORDER BY id", store.Args(cohort, c.ClosedOn))
		if err != nil {
			return out, err
		}
		for _, e := range list {
			seen, err := t.log.Of(ctx, q, e.ID)
			if err != nil {
				return out, err
			}
			out.Facts = append(out.Facts, fact.New{Stream: stream, Kind: KindEnrolment, Subject: e.ID, Actor: actor, Body: e.restated(Enrolled, "", on), Prev: fact.HeadsOf(seen)})
		}
		all, err := t.log.Of(ctx, q, cohort)
		if err != nil {
			return out, err
		}
		if o, ok := last[CohortOpened](all); ok && o.Closed { // as it was said before there was a day of closing
			o.Closed = false
			out.Facts = append(out.Facts, fact.New{Stream: stream, Kind: KindCohort, Subject: cohort, Actor: actor, Body: o, Prev: latest[CohortOpened](all)})
		}
		out.Facts = append(out.Facts, fact.New{Stream: stream, Kind: KindClosed, Subject: cohort, Actor: actor, Body: CohortClosed{false, on}, Prev: latest[CohortClosed](all)})
		return out, nil
	}})
	return err
}

// Over returns groups of the scope whose last day has passed and that nobody closed, the one that ended first first, at most max, and
// how many there are.
func (t *Training) Over(ctx context.Context, q store.Querier, scope access.Scope, today string, max int) (list []*Cohort, n int, err error) {
	where, args := scope.SQL("centre")
	where += " AND closed = 0 AND ends <> '' AND ends < ?"
	args = append(args, today)
	if _, err := store.One(ctx, q, "SELECT count(*) FROM training_cohort WHERE "+where, args, &n); err != nil || n == 0 {
		return nil, n, err
	}
	err = q.Each(ctx, "SELECT "+cohortColumns+" FROM training_cohort WHERE "+where+" ORDER BY ends, name, id LIMIT ?", append(append([]any{today}, args...), max), func(r store.Row) error {
		c, err := scanCohort(r)
		list = append(list, c)
		return err
	})
	return list, n, err
}
