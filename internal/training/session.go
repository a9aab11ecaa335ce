package training

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/store"
)

// Session is one meeting of a group.
type Session struct {
	ID, Cohort, Programme, Centre  id.ID
	Date, Starts, Ends             string
	Room, Title, Cancelled         string
	Subject                        string         // what is caught up on; "": the digital track
	RoomID                         id.ID          // Nil where the centre does not know the room
	Devices                        map[string]int // wanted, by kind
	Was, Why                       string         // when it was planned before, and why it is otherwise now
	Present, Late, Excused, Absent int
	Conflict                       bool
	CohortName                     string
	Expected                       int // people enrolled in the group, as it is now
}

// Marked is how many have a mark.
func (s *Session) Marked() int { return s.Present + s.Late + s.Excused + s.Absent }

// Taken reports whether there is a sheet.
func (s *Session) Taken() bool { return s.Marked() > 0 }

// Of is of how many those are who took part: of a day that is over those on the sheet, whoever joined or left since; on the day
// itself, while a sheet fills, those of the group.
func (s *Session) Of(today string) int {
	if s.Taken() && s.Date < today {
		return s.Marked()
	}
	return max(s.Expected, s.Marked())
}

// Here is how many took part.
func (s *Session) Here() int { return s.Present + s.Late }

const sessionColumns = `s.id, s.cohort, s.programme, s.centre, s.day, s.starts, s.ends, s.room, s.room_id, s.devices, s.title, s.subject, s.cancelled, s.was, s.why,
	s.present - (SELECT count(*) FROM training_double_mark d WHERE d.session = s.id AND d.mark = 'p'), s.late - (SELECT count(*) FROM training_double_mark d WHERE d.session = s.id AND d.mark = 'l'),
	s.excused - (SELECT count(*) FROM training_double_mark d WHERE d.session = s.id AND d.mark = 'e'), s.absent - (SELECT count(*) FROM training_double_mark d WHERE d.session = s.id AND d.mark = 'a'), s.conflict,
	coalesce((SELECT c.name FROM training_cohort c WHERE c.id = s.cohort), ''),
	(SELECT count(*) FROM training_enrolment e WHERE e.cohort = s.cohort AND e.state IN ('enrolled', 'active', 'completed'))
	- (SELECT count(*) FROM training_double_seat e WHERE e.cohort = s.cohort AND e.state IN ('enrolled', 'active', 'completed'))`

func (t *Training) sessions(ctx context.Context, q store.Querier, where string, args []any) ([]*Session, error) {
	var out []*Session
	err := q.Each(ctx, "SELECT "+sessionColumns+" FROM training_session s WHERE "+where, args, func(r store.Row) error {
		s := &Session{}
		var devices string
		err := r.Scan(&s.ID, &s.Cohort, &s.Programme, &s.Centre, &s.Date, &s.Starts, &s.Ends, &s.Room, &s.RoomID, &devices, &s.Title, &s.Subject, &s.Cancelled, &s.Was, &s.Why, &s.Present, &s.Late, &s.Excused, &s.Absent, &s.Conflict, &s.CohortName, &s.Expected)
		s.Devices = devicesOf(devices)
		out = append(out, s)
		return err
	})
	return out, err
}

// SessionsOf returns the sessions of a group, earliest first.
func (t *Training) SessionsOf(ctx context.Context, q store.Querier, scope access.Scope, cohort id.ID) ([]*Session, error) {
	where, args := scope.Groups("s.centre", "s.cohort")
	return t.sessions(ctx, q, where+" AND s.cohort = ? ORDER BY s.day, s.starts, s.id", append(args, cohort))
}

// On returns at most max sessions of the days from to to, both included; trainer narrows to the groups of an account.
func (t *Training) On(ctx context.Context, q store.Querier, scope access.Scope, from, to string, trainer id.ID, max int) ([]*Session, error) {
	where, args := scope.Groups("s.centre", "s.cohort")
	where += " AND s.day >= ? AND s.day <= ?"
	args = append(args, from, to)
	if !trainer.IsNil() {
		where += " AND s.cohort IN (SELECT cohort FROM training_trainer WHERE account = ?)"
		args = append(args, trainer)
	}
	return t.sessions(ctx, q, fmt.Sprintf("%s ORDER BY s.day, s.starts, s.centre, s.id LIMIT %d", where, max), args)
}

// Missing returns at most max past sessions without a sheet, latest first, between two days.
func (t *Training) Missing(ctx context.Context, q store.Querier, scope access.Scope, from, before string, trainer id.ID, max int) ([]*Session, error) {
	where, args := scope.Groups("s.centre", "s.cohort")
	where += " AND s.day >= ? AND s.day < ? AND s.cancelled = '' AND s.present + s.late + s.excused + s.absent = 0"
	args = append(args, from, before)
	if !trainer.IsNil() {
		where += " AND s.cohort IN (SELECT cohort FROM training_trainer WHERE account = ?)"
		args = append(args, trainer)
	}
	return t.sessions(ctx, q, fmt.Sprintf("%s ORDER BY s.day DESC, s.starts, s.id LIMIT %d", where, max), args)
}

// Session returns a session in the scope, or ErrNoSession.
func (t *Training) Session(ctx context.Context, q store.Querier, scope access.Scope, session id.ID) (*Session, error) {
	where, args := scope.Groups("s.centre", "s.cohort")
	l, err := t.sessions(ctx, q, where+" AND s.id = ?", append(args, session))
	if err != nil {
		return nil, err
	}
	if len(l) == 0 {
		return nil, ErrNoSession
	}
	return l[0], nil
}

// TrainersOf returns who holds each of some sessions: who stands in for the group's trainers, where somebody does, as instead says, or
// these.
func (t *Training) TrainersOf(ctx context.Context, q store.Querier, list []*Session) (who map[id.ID][]id.ID, instead map[id.ID]bool, err error) {
	who, instead = map[id.ID][]id.ID{}, map[id.ID]bool{}
	for part := range slices.Chunk(list, 250) {
		of := map[id.ID][]id.ID{}
		sessions, groups := make([]id.ID, len(part)), make([]id.ID, len(part))
		for i, s := range part {
			sessions[i], groups[i] = s.ID, s.Cohort
		}
		in, args := store.In("session", sessions)
		err = q.Each(ctx, "SELECT session, account FROM training_stand_in WHERE "+in+" ORDER BY session, account", args, func(r store.Row) error {
			var s, a id.ID
			err := r.Scan(&s, &a)
			who[s], instead[s] = append(who[s], a), true
			return err
		})
		if err != nil {
			return nil, nil, err
		}
		in, args = store.In("cohort", groups)
		err = q.Each(ctx, "SELECT cohort, account FROM training_trainer WHERE "+in+" ORDER BY cohort, account", args, func(r store.Row) error {
			var g, a id.ID
			err := r.Scan(&g, &a)
			of[g] = append(of[g], a)
			return err
		})
		if err != nil {
			return nil, nil, err
		}
		for _, s := range part {
			if !instead[s.ID] {
				who[s.ID] = of[s.Cohort]
			}
		}
	}
	return who, instead, nil
}

// Weekly is a timetable to be turned into sessions: these weekdays from a first to a last day.
type Weekly struct {
	From, To     string // ISO dates, both included
	Days         []time.Weekday
	Starts, Ends string
	Room, Title  string
	Subject      string
	RoomID       id.ID
	Trainers     []id.ID        // none: those of the group
	Devices      map[string]int // wanted, by kind
	// Calendar is what the sessions are held against; nil: nothing is, as in a simulation.
	Calendar *Calendar
	Despite  bool                   // what is warned of is meant
	Except   func(date string) bool // days without sessions; may be nil
}

// MaxSessions bounds what one timetable may plan.
const MaxSessions = 400

// Dates returns the days of the timetable.
func (w Weekly) Dates() ([]string, error) {
	from, err1 := time.Parse(time.DateOnly, w.From)
	to, err2 := time.Parse(time.DateOnly, w.To)
	if err1 != nil || err2 != nil {
		return nil, fmt.Errorf("a timetable needs a first and a last day, written 2026-03-14")
	}
	if to.Before(from) {
		return nil, fmt.Errorf("the timetable ends on %s, before it begins on %s", w.To, w.From)
	}
	var out []string
	for d := from; !d.After(to); d = d.AddDate(0, 0, 1) {
		if slices.Contains(w.Days, d.Weekday()) && (w.Except == nil || !w.Except(d.Format(time.DateOnly))) {
			if out = append(out, d.Format(time.DateOnly)); len(out) > MaxSessions {
				return nil, fmt.Errorf("this plans more than %d sessions; choose a shorter time", MaxSessions)
			}
		}
	}
	return out, nil
}

// SessionID names a group's session at a time, so that planning twice is planning once.
func SessionID(cohort id.ID, date, starts string) id.ID {
	return id.Under(cohort, "session "+date+" "+starts)
}

// admitted is a condition on an enrolment: that somebody was let into a group or its waiting list, be it in the past. Who was refused,
// or has applied only, has nothing to do on a sheet.
const admitted = "state NOT IN ('denied', 'applied')"

// early refuses a session that is on a later day.
func (t *Training) early(day string) error {
	if day > t.log.Clock.Now().Format(time.DateOnly) {
		return ErrEarly
	}
	return nil
}

// Take records a sheet: a mark for each person named, "" to take a mark back. Everyone must belong to the group or have
// a mark already. What is on the sheet as it stands writes nothing. A session of a later day has no sheet: ErrEarly.
func (t *Training) Take(ctx context.Context, actor id.ID, scope access.Scope, session id.ID, marks map[id.ID]string, method string) error {
	s, err := t.Session(ctx, t.log.DB, scope, session)
	if err != nil {
		return err
	}
	if s.Cancelled != "" {
		return ErrCancelled
	}
	if err := t.early(s.Date); err != nil {
		return err
	}
	keys := make([]id.ID, 0, len(marks))
	for p := range marks {
		keys = append(keys, markKey(session, p))
	}
	_, err = t.log.Do(ctx, fact.Command{Name: "take attendance", Stream: person.Stream(s.Centre), Keys: keys, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		if s, err := t.Session(ctx, q, scope, session); err != nil || s.Cancelled != "" { // meanwhile
			return out, cmp.Or(err, ErrCancelled)
		}
		now, err := t.marks(ctx, q, session)
		if err != nil {
			return out, err
		}
		members := map[id.ID]bool{}
		err = q.Each(ctx, "SELECT person FROM training_enrolment WHERE cohort = ? AND "+admitted, store.Args(s.Cohort), func(r store.Row) error {
			var p id.ID
			err := r.Scan(&p)
			members[p] = true
			return err
		})
		if err != nil {
			return out, err
		}
		asked := make([]id.ID, 0, len(marks))
		for p := range marks {
			asked = append(asked, p)
		}
		ones, err := person.Ones(ctx, q, asked)
		if err != nil {
			return out, err
		}
		change := map[id.ID]string{}
		lacks, err := t.lacking(ctx, q, asked, ones)
		if err != nil {
			return out, err
		}
		for p, m := range marks {
			all := ones[p]
			if all == nil {
				all = []id.ID{p}
			}
			if !slices.ContainsFunc(all, func(o id.ID) bool { return members[o] || now[o] != "" }) {
				return out, ErrNotOnList
			}
			if whole(all, now) == m {
				continue
			}
			// What was marked while the consent stood stays, and may be taken back.
			if lacks[p] && m != "" {
				return out, ErrNoConsent
			}
			if now[p] != m {
				change[p] = m
			}
			for _, o := range all { // one person has one mark
				if _, too := marks[o]; o != p && now[o] != "" && !too {
					change[o] = ""
				}
			}
		}
		if len(change) == 0 {
			return out, nil
		}
		all, err := t.log.Of(ctx, q, session)
		if err != nil {
			return out, err
		}
		out.Facts = []fact.New{{Stream: person.Stream(s.Centre), Kind: KindAttendance, Subject: session, Actor: actor, Prev: latest[AttendanceTaken](all), Body: AttendanceTaken{change, method}}}
		return out, nil
	}})
	return err
}

// markKey names one person's mark in one session for the writer's turn: each is a register of its own, so those who queue
// at one door need not wait for each other.
func markKey(session, p id.ID) id.ID {
	for i, b := range p {
		session[i] ^= b
	}
	return session
}

// latest are the facts of one register that a new one, whose author saw them all, replaces.
func latest[T fact.Body](all []*fact.Fact) []fact.Ref {
	var refs []fact.Ref
	replaced := map[fact.Ref]bool{}
	var taken []*fact.Fact
	for _, f := range all {
		if _, ok := fact.As[T](f); ok {
			taken = append(taken, f)
			for _, p := range f.Prev {
				if p.Stream == "" {
					p.Stream = f.Stream
				}
				replaced[p] = true
			}
		}
	}
	for _, f := range taken {
		if !replaced[f.Ref()] {
			refs = append(refs, f.Ref())
		}
	}
	return refs
}

// last is what was said last in one register, as latest finds it.
func last[T fact.Body](all []*fact.Fact) (v T, ok bool) {
	refs := latest[T](all)
	for _, f := range all {
		if b, is := fact.As[T](f); is && slices.Contains(refs, f.Ref()) {
			v, ok = b, true
		}
	}
	return v, ok
}

// marks are the marks of a session's sheet as they stand, by record.
func (t *Training) marks(ctx context.Context, q store.Querier, session id.ID) (map[id.ID]string, error) {
	out := map[id.ID]string{}
	err := q.Each(ctx, "SELECT person, mark FROM training_attendance WHERE session = ?", store.Args(session), func(r store.Row) error {
		var p id.ID
		var m string
		err := r.Scan(&p, &m)
		out[p] = m
		return err
	})
	return out, err
}

// whole is the mark of one person with several records.
func whole(records []id.ID, marks map[id.ID]string) string {
	best := mark{}
	for _, r := range records {
		m := mark{person: r, mark: marks[r]}
		if m.mark != "" && (best.mark == "" || m.before(best)) {
			best = m
		}
	}
	return best.mark
}

// MarksOf returns the marks of a session's sheet. The mark of somebody with several records stands at each of them.
func (t *Training) MarksOf(ctx context.Context, q store.Querier, session id.ID) (map[id.ID]string, error) {
	out, err := t.marks(ctx, q, session)
	if err != nil {
		return nil, err
	}
	var who []id.ID
	for p := range out {
		who = append(who, p)
	}
	ones, err := person.Ones(ctx, q, who)
	if err != nil {
		return nil, err
	}
	for _, all := range ones {
		m := whole(all, out)
		for _, o := range all {
			out[o] = m
		}
	}
	return out, nil
}

// Came is one line of a person's attendance.
type Came struct {
	Session, Cohort  id.ID
	Date, Name, Mark string // Name is the group's
}

// AttendanceOf returns the latest marks of a person in the scope.
func (t *Training) AttendanceOf(ctx context.Context, q store.Querier, scope access.Scope, p id.ID, max int) ([]Came, error) {
	all, err := person.Records(ctx, q, p)
	if err != nil {
		return nil, err
	}
	where, args := scope.Groups("s.centre", "s.cohort")
	who, pargs := store.In("a.person", all)
	var out []Came
	err = q.Each(ctx, fmt.Sprintf("SELECT s.id, s.cohort, s.day, coalesce((SELECT c.name FROM training_cohort c WHERE c.id = s.cohort), ''), a.mark FROM training_attendance a JOIN training_session s ON s.id = a.session WHERE %s AND %s AND NOT EXISTS (SELECT 1 FROM training_double_mark d WHERE d.person = a.person AND d.session = a.session) ORDER BY s.day DESC, s.starts DESC LIMIT %d", where, who, max), append(args, pargs...), func(r store.Row) error {
		var c Came
		err := r.Scan(&c.Session, &c.Cohort, &c.Date, &c.Name, &c.Mark)
		out = append(out, c)
		return err
	})
	return out, err
}

// Tally is how often somebody came to the sessions of a group.
type Tally struct {
	Here, Held int
	Absences   int // in a row, up to the last sheet; an excused absence is none
}

// Tally returns the tallies of all who were ever on a sheet of a group. That of somebody with several records stands at
// each of them.
func (t *Training) Tally(ctx context.Context, q store.Querier, cohort id.ID) (map[id.ID]Tally, error) {
	type line struct {
		person id.ID
		mark   string
	}
	var lines []line
	var who []id.ID
	seen := map[id.ID]bool{}
	err := q.Each(ctx, "SELECT a.person, a.mark FROM training_session s JOIN training_attendance a ON a.session = s.id WHERE s.cohort = ? AND NOT EXISTS (SELECT 1 FROM training_double_mark d WHERE d.person = a.person AND d.session = a.session) ORDER BY s.day, s.starts, s.id", store.Args(cohort), func(r store.Row) error {
		var l line
		err := r.Scan(&l.person, &l.mark)
		lines = append(lines, l)
		if !seen[l.person] {
			seen[l.person] = true
			who = append(who, l.person)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	ones, err := person.Ones(ctx, q, who)
	if err != nil {
		return nil, err
	}
	out := map[id.ID]Tally{}
	for _, l := range lines {
		if all := ones[l.person]; all != nil {
			l.person = all[0]
		}
		x := out[l.person]
		x.Held++
		switch {
		case Here(l.mark):
			x.Here++
			x.Absences = 0
		case l.mark == Absent:
			x.Absences++
		}
		out[l.person] = x
	}
	for _, all := range ones {
		for _, o := range all[1:] {
			out[o] = out[all[0]]
		}
	}
	return out, nil
}

// CountSessions returns how many sessions a programme has.
func (t *Training) CountSessions(ctx context.Context, q store.Querier, prog id.ID) (int, error) {
	var n int
	_, err := store.One(ctx, q, "SELECT count(*) FROM training_session WHERE programme = ?", store.Args(prog), &n)
	return n, err
}
