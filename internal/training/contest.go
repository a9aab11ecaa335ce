package training

import (
	"context"
	"maps"
	"reflect"
	"slices"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/store"
)

// MarkContest is a person of whom two sheets of one session, whose authors did not see each other, say different things.
type MarkContest struct {
	Person id.ID
	Sides  []Marked // the one that stands meanwhile last
}

// Marked is what one sheet says.
type Marked struct {
	fact.Side
	Mark, Method string
}

// ContestedSheets returns the sessions of whose sheets, or of when and where, different things are said, at most max.
func (t *Training) ContestedSheets(ctx context.Context, q store.Querier, scope access.Scope, max int) ([]*Session, error) {
	where, args := scope.Groups("centre", "cohort")
	var out []*Session
	err := q.Each(ctx, "SELECT id FROM training_session WHERE conflict <> 0 AND "+where+" ORDER BY day DESC, id LIMIT ?", append(args, max), func(r store.Row) error {
		s := &Session{}
		err := r.Scan(&s.ID)
		out = append(out, s)
		return err
	})
	for i, s := range out {
		if err != nil {
			return nil, err
		}
		out[i], err = t.Session(ctx, q, scope, s.ID)
	}
	return out, err
}

// Planned is when and where a session is, as somebody said it.
type Planned struct {
	fact.Side
	SessionPlanned
}

// PlanContest returns what is said of when and where a session is by those who did not see each other, what stands meanwhile last;
// nothing where they agree.
func (t *Training) PlanContest(ctx context.Context, q store.Querier, scope access.Scope, session id.ID) ([]Planned, error) {
	if _, err := t.Session(ctx, q, scope, session); err != nil {
		return nil, err
	}
	s, err := t.log.Subject(ctx, q, session)
	if err != nil {
		return nil, err
	}
	return planContest(s), nil
}

func planContest(s *fact.Subject) []Planned {
	var out []Planned
	differ := false
	for _, h := range s.Heads(fact.Is[SessionPlanned]) {
		p, _ := fact.As[SessionPlanned](h)
		out = append(out, Planned{fact.SideOf(h), p})
		differ = differ || !reflect.DeepEqual(p, out[0].SessionPlanned)
	}
	if !differ {
		return nil
	}
	return out
}

// SettlePlan says which of those stands.
func (t *Training) SettlePlan(ctx context.Context, actor id.ID, scope access.Scope, session id.ID, stands fact.Ref) error {
	x, err := t.Session(ctx, t.log.DB, scope, session)
	if err != nil {
		return err
	}
	_, err = t.log.Do(ctx, fact.Command{Name: "settle when a session is", Stream: person.Stream(x.Centre), Keys: []id.ID{session, timetableKey(x.Centre)}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		s, err := t.log.Subject(ctx, q, session)
		if err != nil {
			return fact.Outcome{}, err
		}
		now := planContest(s)
		i := slices.IndexFunc(now, func(p Planned) bool { return p.Ref == stands })
		if i < 0 {
			return fact.Outcome{}, fact.ErrSettled
		}
		all, err := t.log.Of(ctx, q, session)
		return fact.Outcome{Facts: []fact.New{{Stream: person.Stream(x.Centre), Kind: KindSession, Subject: session, Actor: actor, Prev: latest[SessionPlanned](all), Body: now[i].SessionPlanned}}}, err
	}})
	return err
}

// SheetContests returns whose marks in a session are in doubt.
func (t *Training) SheetContests(ctx context.Context, q store.Querier, scope access.Scope, session id.ID) ([]MarkContest, error) {
	if _, err := t.Session(ctx, q, scope, session); err != nil {
		return nil, err
	}
	s, err := t.log.Subject(ctx, q, session)
	if err != nil {
		return nil, err
	}
	return sheetContests(s), nil
}

func sheetContests(s *fact.Subject) []MarkContest {
	people := map[id.ID]bool{}
	for _, f := range s.Facts() {
		if a, ok := fact.As[AttendanceTaken](f); ok {
			for p := range a.Marks {
				people[p] = true
			}
		}
	}
	var out []MarkContest
	for _, p := range slices.SortedFunc(maps.Keys(people), func(a, b id.ID) int { return slices.Compare(a[:], b[:]) }) {
		c, differ := MarkContest{Person: p}, false
		for _, h := range s.Heads(func(f *fact.Fact) bool {
			a, ok := fact.As[AttendanceTaken](f)
			return ok && a.has(p)
		}) {
			a, _ := fact.As[AttendanceTaken](h)
			if m := a.Marks[p]; m != "" {
				c.Sides = append(c.Sides, Marked{fact.SideOf(h), m, a.Method})
				differ = differ || m != c.Sides[0].Mark
			}
		}
		if differ {
			out = append(out, c)
		}
	}
	return out
}

// SettleSheet says which marks of a session stand, of people whose marks are in doubt.
func (t *Training) SettleSheet(ctx context.Context, actor id.ID, scope access.Scope, session id.ID, marks map[id.ID]string) error {
	x, err := t.Session(ctx, t.log.DB, scope, session)
	if err != nil {
		return err
	}
	keys := []id.ID{session}
	for p := range marks {
		keys = append(keys, markKey(session, p))
	}
	_, err = t.log.Do(ctx, fact.Command{Name: "settle a sheet", Stream: person.Stream(x.Centre), Keys: keys, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		s, err := t.log.Subject(ctx, q, session)
		if err != nil {
			return fact.Outcome{}, err
		}
		now := sheetContests(s)
		if len(marks) == 0 {
			return fact.Outcome{}, fact.ErrSettled
		}
		for p, m := range marks {
			i := slices.IndexFunc(now, func(c MarkContest) bool { return c.Person == p })
			if i < 0 || !slices.ContainsFunc(now[i].Sides, func(s Marked) bool { return s.Mark == m }) {
				return fact.Outcome{}, fact.ErrSettled
			}
		}
		all, err := t.log.Of(ctx, q, session)
		return fact.Outcome{Facts: []fact.New{{Stream: person.Stream(x.Centre), Kind: KindAttendance, Subject: session, Actor: actor, Prev: latest[AttendanceTaken](all), Body: AttendanceTaken{marks, "list"}}}}, err
	}})
	return err
}

// SeatContest is somebody whose standing in a phase two people stated without seeing each other.
type SeatContest struct {
	Enrolment
	Sides []Seated
}

// Seated is what one of them stated.
type Seated struct {
	fact.Side
	EnrolmentStated
}

// ContestedSeats returns enrolments in doubt, at most max, without their sides.
func (t *Training) ContestedSeats(ctx context.Context, q store.Querier, scope access.Scope, max int) ([]Enrolment, error) {
	where, args := scope.SQL("centre")
	return t.enrolments(ctx, q, "conflict <> 0 AND "+where+" ORDER BY centre, id LIMIT ?", append(args, max))
}

// SeatContest returns one of them with its sides, or fact.ErrSettled.
func (t *Training) SeatContest(ctx context.Context, q store.Querier, scope access.Scope, enrolment id.ID) (SeatContest, error) {
	where, args := scope.SQL("centre")
	l, err := t.enrolments(ctx, q, "id = ? AND "+where, append([]any{enrolment}, args...))
	if err != nil {
		return SeatContest{}, err
	}
	if len(l) == 0 {
		return SeatContest{}, person.ErrUnknown
	}
	if !l[0].Conflict {
		return SeatContest{}, fact.ErrSettled
	}
	s, err := t.log.Subject(ctx, q, enrolment)
	if err != nil {
		return SeatContest{}, err
	}
	out := SeatContest{Enrolment: l[0]}
	for _, h := range s.Heads(fact.Is[EnrolmentStated]) {
		b, _ := fact.As[EnrolmentStated](h)
		out.Sides = append(out.Sides, Seated{fact.SideOf(h), b})
	}
	return out, nil
}

// SettleSeat says which statement of an enrolment stands.
func (t *Training) SettleSeat(ctx context.Context, actor id.ID, scope access.Scope, enrolment id.ID, stands fact.Ref) error {
	x, err := t.SeatContest(ctx, t.log.DB, scope, enrolment)
	if err != nil {
		return err
	}
	keys := []id.ID{enrolment, x.Person}
	for _, s := range x.Sides {
		keys = append(keys, s.Cohort)
	}
	_, err = t.log.Do(ctx, fact.Command{Name: "settle an enrolment", Stream: stands.Stream, Keys: keys, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		now, err := t.SeatContest(ctx, q, scope, enrolment)
		if err != nil {
			return fact.Outcome{}, err
		}
		i := slices.IndexFunc(now.Sides, func(s Seated) bool { return s.Ref == stands })
		if i < 0 {
			return fact.Outcome{}, fact.ErrSettled
		}
		all, err := t.log.Of(ctx, q, enrolment)
		return fact.Outcome{Facts: []fact.New{{Stream: stands.Stream, Kind: KindEnrolment, Subject: enrolment, Actor: actor, Prev: fact.HeadsOf(all), Body: now.Sides[i].EnrolmentStated}}}, err
	}})
	return err
}

// Overfull is a group in which more people have a seat than there are, since two gave the last one without seeing each other.
type Overfull struct {
	Cohort id.ID
	Seats  int
	Over   []Holder // who got a seat last, as many as there are too many and one more, the latest first
}

// Holder is who got a seat, and by whose word.
type Holder struct {
	fact.Side
	Person id.ID
}

// over are the reasons of those who have a seat beyond the group's on purpose.
var over = func() string {
	in := ""
	for _, o := range Overs {
		in += ", '" + o + "'"
	}
	return in[2:]
}()

const seated = "state IN ('enrolled', 'active', 'completed')"

// OverfullGroups returns the groups that have more people than seats, at most max.
func (t *Training) OverfullGroups(ctx context.Context, q store.Querier, scope access.Scope, max int) ([]id.ID, error) {
	where, args := scope.Groups("c.centre", "c.id")
	var out []id.ID
	err := q.Each(ctx, "SELECT c.id FROM training_cohort c WHERE c.closed = 0 AND c.capacity > 0 AND "+where+" AND CASE WHEN (SELECT count(*) FROM training_enrolment e WHERE e.cohort = c.id AND e."+seated+") <= c.capacity THEN 0 ELSE (SELECT count(*) FROM training_enrolment e WHERE e.cohort = c.id AND e."+seated+" AND e.reason NOT IN ("+over+")) - (SELECT count(*) FROM training_double_seat d WHERE d.cohort = c.id AND d."+seated+") END > c.capacity ORDER BY c.name, c.id LIMIT ?", append(args, max), func(r store.Row) error {
		var v id.ID
		err := r.Scan(&v)
		out = append(out, v)
		return err
	})
	return out, err
}

// Overfull returns who got a seat last in a group that has too few, or fact.ErrSettled.
func (t *Training) Overfull(ctx context.Context, q store.Querier, scope access.Scope, cohort id.ID) (Overfull, error) {
	out := Overfull{Cohort: cohort}
	c, err := t.Cohort(ctx, q, scope, cohort, "")
	if err != nil {
		return out, err
	}
	out.Seats = c.Capacity
	l, err := t.enrolments(ctx, q, "cohort = ? AND "+seated+" AND reason NOT IN ("+over+")"+stands, store.Args(cohort))
	if err != nil {
		return out, err
	}
	if c.Capacity == 0 || len(l) <= c.Capacity {
		return out, fact.ErrSettled
	}
	for _, e := range l {
		s, err := t.log.Subject(ctx, q, e.ID)
		if err != nil {
			return out, err
		}
		// Since when: the first of the statements that name the group without a break.
		var first *fact.Fact
		for _, f := range slices.Backward(s.Facts()) {
			b, ok := fact.As[EnrolmentStated](f)
			if !ok {
				continue
			}
			if b.Cohort != cohort || b.State == Waitlisted || b.State == Applied {
				break
			}
			first = f
		}
		if first != nil {
			out.Over = append(out.Over, Holder{fact.SideOf(first), e.Person})
		}
	}
	slices.SortFunc(out.Over, func(a, b Holder) int {
		switch {
		case a.At > b.At:
			return -1
		case a.At < b.At:
			return 1
		}
		return slices.Compare(a.Person[:], b.Person[:])
	})
	out.Over = out.Over[:min(len(out.Over), len(l)-c.Capacity+1)]
	return out, nil
}

// SettleOver says what becomes of somebody in a group with too few seats: they wait, as the first, or keep a seat beyond.
func (t *Training) SettleOver(ctx context.Context, actor id.ID, scope access.Scope, cohort, who id.ID, wait bool, on string) error {
	c, err := t.Cohort(ctx, t.log.DB, scope, cohort, "")
	if err != nil {
		return err
	}
	_, err = t.log.Do(ctx, fact.Command{Name: "settle a seat given twice", Stream: person.Stream(c.Centre), Keys: []id.ID{cohort, who}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		x, err := t.Overfull(ctx, q, scope, cohort)
		if err != nil {
			return out, err
		}
		if !slices.ContainsFunc(x.Over, func(p Holder) bool { return p.Person == who }) {
			return out, fact.ErrSettled
		}
		l, err := t.enrolments(ctx, q, "cohort = ? AND person = ? AND "+seated, store.Args(cohort, who))
		if err != nil || len(l) == 0 {
			return out, err
		}
		b := l[0].restated(l[0].State, "over_agreed", on)
		if wait {
			b = l[0].restated(Waitlisted, "", on)
			if _, err := store.One(ctx, q, "SELECT coalesce(min(place), 1) - 1 FROM training_enrolment WHERE cohort = ? AND state = 'waitlisted'", store.Args(cohort), &b.Rank); err != nil {
				return out, err
			}
		}
		all, err := t.log.Of(ctx, q, l[0].ID)
		out.Facts = []fact.New{{Stream: person.Stream(c.Centre), Kind: KindEnrolment, Subject: l[0].ID, Actor: actor, Prev: fact.HeadsOf(all), Body: b}}
		return out, err
	}})
	return err
}
