package teaching

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/store"
)

// Stopped is the body of lesson.stopped: how far a group came with a lesson in a session. Its subject is the session's place in the course.
type Stopped struct {
	Session id.ID  `json:"session"`
	Group   id.ID  `json:"group"`
	Course  string `json:"course"`
	Lesson  string `json:"lesson"` // module/lesson
	Done    bool   `json:"done,omitempty"`
	Upto    int    `json:"upto,omitempty"` // of one that is not done: how many lines of its plan are
	At      string `json:"at"`             // when the session was, "2026-03-14 10:00"
}

// Check says what is missing.
func (s Stopped) Check() error {
	if s.Session.IsNil() || s.Group.IsNil() || s.Course == "" || s.Lesson == "" || s.Upto < 0 || s.Upto > 1000 || len(s.At) < 10 {
		return errors.New("a group stopped in a lesson of a course, in a session of a day")
	}
	return nil
}

// KindStopped is the kind of it.
var KindStopped = fact.NewKind[Stopped](fact.Kind{Name: "lesson.stopped", Streams: []string{"centre"}})

var stopTable = &store.Table{Name: "teaching_stop", Key: 1,
	Columns: store.Cols("id:id session:id cohort:id course:text lesson:text done:int upto:int at:text hlc:int conflict:int"),
	Indexes: []string{"cohort"}}

var stopFold = &fact.Fold{
	Name: "teaching.stop", Kinds: []*fact.Kind{KindStopped}, Tables: []*store.Table{stopTable},
	Fold: func(s *fact.Subject, out *fact.Rows) error {
		if b, last, several := fact.Said[Stopped](s, nil); last != nil {
			out.Add(stopTable, s.ID, b.Session, b.Group, b.Course, b.Lesson, b.Done, b.Upto, b.At, int64(last.HLC), several)
		}
		return nil
	},
	Sample: fact.Statements(KindStopped, func(d fact.Draw) fact.Body {
		return Stopped{Session: testID(1), Group: testID(2), Course: "x", Lesson: "a/b", Done: d.Int("done", 2) == 1, Upto: d.Int("upto", 4), At: "2026-03-14 10:00"}
	}),
}

// StopID names how far a group came with a course in a session.
func StopID(session id.ID, course string) id.ID { return id.Under(session, "stopped "+course) }

// Stop is how far a group came.
type Stop struct {
	Stopped
	Conflict bool // two said so who had not seen each other
}

// Stop records how far a group of a centre came with a lesson. The same again writes nothing.
func (t *Teaching) Stop(ctx context.Context, actor, centre id.ID, b Stopped) error {
	return t.say(ctx, "say where a lesson stopped", KindStopped, actor, centre, StopID(b.Session, b.Course), b)
}

// say states a register whole, in place of what stands there.
func (t *Teaching) say(ctx context.Context, name string, kind *fact.Kind, actor, centre, subject id.ID, b fact.Body) error {
	if err := b.Check(); err != nil {
		return err
	}
	stream := person.Stream(centre)
	_, err := t.log.Do(ctx, fact.Command{Name: name, Stream: stream, Keys: []id.ID{subject}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		all, err := t.log.Of(ctx, q, subject)
		if err != nil || fact.Says(all, b) {
			return fact.Outcome{}, err
		}
		return fact.Outcome{Facts: []fact.New{{Stream: stream, Kind: kind, Subject: subject, Actor: actor, Prev: fact.HeadsOf(all), Body: b}}}, nil
	}})
	return err
}

// Stops are how far a group came in its sessions, by course, the earliest session first.
func (t *Teaching) Stops(ctx context.Context, q store.Querier, group id.ID) (map[string][]Stop, error) {
	out := map[string][]Stop{}
	err := q.Each(ctx, "SELECT session, cohort, course, lesson, done, upto, at, conflict FROM teaching_stop WHERE cohort = ? ORDER BY at, hlc, id", store.Args(group), func(r store.Row) error {
		var s Stop
		err := r.Scan(&s.Session, &s.Group, &s.Course, &s.Lesson, &s.Done, &s.Upto, &s.At, &s.Conflict)
		out[s.Course] = append(out[s.Course], s)
		return err
	})
	return out, err
}

// Before are those of sessions before a moment, "2026-03-14 10:00".
func Before(l []Stop, at string) []Stop {
	n, _ := slices.BinarySearchFunc(l, at, func(s Stop, at string) int { return cmp.Compare(s.At, at) })
	return l[:n]
}

// GoOn is where a group goes on in a course: with which of its lessons, and how many lines of its plan are done already. It is where the
// group stopped last; where nobody said so, with the first lesson that most of it have not finished. The index is len(lessons) once
// nothing is left.
func GoOn(lessons []string, stops []Stop, finished func(i int) bool) (lesson, upto int) {
	next := 0
	for _, s := range slices.Backward(stops) {
		i := slices.Index(lessons, s.Lesson)
		if i < 0 {
			continue // of another version
		}
		if !s.Done {
			return i, s.Upto
		}
		next = i + 1
		break
	}
	for ; next < len(lessons) && finished(next); next++ {
	}
	return next, 0
}
