package progress

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"tizi/internal/course"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/quiz"
	"tizi/internal/record"
	"tizi/internal/statement"
	"tizi/internal/store"
)

// Progress is the area.
type Progress struct {
	records *record.Records
}

// New returns the area.
func New(r *record.Records) *Progress { return &Progress{r} }

// Step is how far somebody is with a step of a lesson.
type Step struct {
	Done  bool    `json:"d,omitempty"`
	Right bool    `json:"r,omitempty"` // a question, at some try
	Tries int     `json:"n,omitempty"`
	Last  float64 `json:"l,omitempty"` // of the last try, from 0 to 1
	Best  float64 `json:"b,omitempty"`
	By    id.ID   `json:"by"` // the last statement about it; Nil of what was only read
	At    int64   `json:"at"` // milliseconds since 1970
}

// Lesson is how far somebody is with a lesson, or a test, of a course.
type Lesson struct {
	Begun, Last   time.Time
	Seconds       int // on task: pauses of more than five minutes count as none
	Tries, Failed int // answers; wrong ones in a row, up to the last
	Done          bool
	Score         float64 // of a test or a lesson that was completed, from 0 to 1; -1: none
	Steps         map[string]Step
}

// Lessons are those that somebody has begun in a course, by their paths; the tests by theirs.
type Lessons map[string]*Lesson

// merge is what two records of one person did, as one.
func merge(a, b *Lesson) *Lesson {
	if a.Last.After(b.Last) {
		a, b = b, a
	}
	out := Lesson{Begun: a.Begun, Last: b.Last, Seconds: a.Seconds + b.Seconds, Tries: a.Tries + b.Tries, Failed: b.Failed, Done: a.Done || b.Done, Score: max(a.Score, b.Score), Steps: maps.Clone(a.Steps)}
	if b.Begun.Before(a.Begun) {
		out.Begun = b.Begun
	}
	for name, s := range b.Steps {
		if o, ok := out.Steps[name]; ok {
			if o.At > s.At {
				o, s = s, o
			}
			s = Step{Done: s.Done || o.Done, Right: s.Right || o.Right, Tries: s.Tries + o.Tries, Last: s.Last, Best: max(s.Best, o.Best), By: s.By, At: s.At}
		}
		out.Steps[name] = s
	}
	return &out
}

// Of returns how far each of some people is in a course, whichever of their records did it; those who have begun nothing are left out.
func (p *Progress) Of(ctx context.Context, q store.Querier, people []id.ID, code string) (map[id.ID]Lessons, error) {
	ones, err := person.Ones(ctx, q, people)
	if err != nil {
		return nil, err
	}
	as := map[id.ID][]id.ID{}
	var all []id.ID
	for _, v := range people {
		records := ones[v]
		if records == nil {
			records = []id.ID{v}
		}
		for _, r := range records {
			if as[r] == nil {
				all = append(all, r)
			}
			as[r] = append(as[r], v)
		}
	}
	out := map[id.ID]Lessons{}
	for part := range slices.Chunk(all, 200) {
		in, args := store.In("person", part)
		err := q.Each(ctx, "SELECT person, lesson, "+lessonColumns+" FROM progress_lesson WHERE "+in+" AND course = ? ORDER BY person, lesson", append(args, code), func(r store.Row) error {
			var who id.ID
			var path string
			l, err := scan(r, &who, &path)
			if err != nil {
				return err
			}
			for _, v := range as[who] {
				if out[v] == nil {
					out[v] = Lessons{}
				}
				if o := out[v][path]; o != nil {
					out[v][path] = merge(o, l)
				} else {
					out[v][path] = l
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

const lessonColumns = "begun, last, seconds, tries, failed, done, score, steps"

func scan(r store.Row, before ...any) (*Lesson, error) {
	l := &Lesson{}
	var begun, last int64
	var steps string
	if err := r.Scan(append(before, &begun, &last, &l.Seconds, &l.Tries, &l.Failed, &l.Done, &l.Score, &steps)...); err != nil {
		return nil, err
	}
	l.Begun, l.Last = time.UnixMilli(begun).UTC(), time.UnixMilli(last).UTC()
	return l, json.Unmarshal([]byte(steps), &l.Steps)
}

// Put says deeds, all or none. What was said before changes nothing; what is said otherwise under the same id is a
// *record.ConflictError. Files are by their digests.
func (p *Progress) Put(ctx context.Context, centre id.ID, deeds []Deed, files map[string][]byte) error {
	var in []*statement.Statement
	for _, d := range deeds {
		s, err := d.Statement()
		if err != nil {
			return err
		}
		in = append(in, s)
	}
	_, err := p.records.Put(ctx, record.Source{Centre: centre, Key: Player}, in, files)
	return err
}

// Form is what a learner is asked in a quiz: the same whenever they come back, and in each version of the course that asks the same.
func Form(x *quiz.Quiz, person id.ID, a At) quiz.Form { return x.Form(person.Hex() + a.IRI()) }

// Steps are those of a lesson as one learner meets them: each activity is one, and each question that they are asked.
func Steps(code string, l *course.Lesson, person id.ID) (steps []string) {
	for i := range l.Activities {
		x := &l.Activities[i]
		if x.Kind != course.Quiz || x.Items == nil {
			steps = append(steps, x.ID)
			continue
		}
		for _, it := range Form(x.Items, person, At{code, l.Path(), x.ID}).Items {
			steps = append(steps, x.ID+"/"+it.ID)
		}
	}
	return steps
}

// Count is how many of some steps are done. A nil lesson is one that was not begun.
func (l *Lesson) Count(steps []string) (n int) {
	if l == nil {
		return 0
	}
	for _, s := range steps {
		if l.Steps[s].Done {
			n++
		}
	}
	return n
}

// Finished reports whether all steps are done, or were when the lesson had others.
func (l *Lesson) Finished(steps []string) bool {
	return l != nil && (l.Done || l.Count(steps) == len(steps))
}

// What keeps somebody from going on.
const (
	ByTries = "tries" // stuckTries wrong answers in a row
	ByIdle  = "idle"  // a lesson is begun, and nothing has come for a while
)

const (
	stuckTries = 4
	idleAfter  = 10 * time.Minute
	idleUntil  = 2 * time.Hour // then they have gone home
)

// Stuck says what keeps somebody from going on with a lesson of some steps, or "".
func (l *Lesson) Stuck(steps []string, now time.Time) string {
	if l == nil || l.Finished(steps) {
		return ""
	}
	switch since := now.Sub(l.Last); {
	case since > idleUntil:
		return ""
	case l.Failed >= stuckTries:
		return ByTries
	case since > idleAfter:
		return ByIdle
	}
	return ""
}

// Mastery is what somebody has of a competency: lessons that teach it and are done, and questions about it that were answered rightly.
type Mastery struct {
	Code             string
	Lessons, Items   int
	Of, ItemsAligned int
}

// Masteries are those of a learner in a course, in the order in which it teaches them.
func Masteries(c *course.Course, done Lessons, person id.ID) (out []Mastery) {
	at := map[string]int{}
	of := func(code string) *Mastery {
		i, ok := at[code]
		if !ok {
			i, at[code] = len(out), len(out)
			out = append(out, Mastery{Code: code})
		}
		return &out[i]
	}
	for _, l := range c.Lessons() {
		p := done[l.Path()]
		steps := Steps(c.Code, l, person)
		for _, code := range l.Competencies {
			m := of(code)
			if m.Of++; p.Finished(steps) {
				m.Lessons++
			}
		}
		for _, x := range l.Activities {
			if x.Items == nil {
				continue
			}
			for _, asked := range Form(x.Items, person, At{c.Code, l.Path(), x.ID}).Items {
				it := x.Items.Item(asked.ID)
				for _, code := range it.Competencies {
					m := of(code)
					if m.ItemsAligned++; p != nil && p.Steps[x.ID+"/"+it.ID].Right {
						m.Items++
					}
				}
			}
		}
	}
	return out
}

// Gain is how much of what was missing before was there after, over those who took both tests: (post - pre) / (1 - pre), of the means.
type Gain struct {
	N         int     // who took both
	Pre, Post float64 // means, from 0 to 1
	Defined   bool    // false where nobody took both, or nothing was missing before
	G         float64
}

// GainOf works it out.
func GainOf(all ...Lessons) (g Gain) {
	for _, l := range all {
		pre, post := l[Pretest], l[Posttest]
		if pre == nil || post == nil || pre.Score < 0 || post.Score < 0 || !pre.Done || !post.Done {
			continue
		}
		g.N++
		g.Pre += pre.Score
		g.Post += post.Score
	}
	return g.mean()
}

// mean makes means of what are sums.
func (g Gain) mean() Gain {
	if g.N == 0 {
		return Gain{}
	}
	g.Pre, g.Post = g.Pre/float64(g.N), g.Post/float64(g.N)
	if g.Pre < 1 {
		g.Defined, g.G = true, (g.Post-g.Pre)/(1-g.Pre)
	}
	return g
}

// Work is something that a learner handed in, or kept in a lab.
type Work struct {
	ID, Centre id.ID // of the statement
	At         At
	On         time.Time
}

// Works are what somebody made in a course, under whichever record, the newest first.
func (p *Progress) Works(ctx context.Context, q store.Querier, who id.ID, code string) (out []Work, err error) {
	records, err := person.Records(ctx, q, who)
	if err != nil {
		return nil, err
	}
	in, args := store.In("d.person", records)
	err = q.Each(ctx, "SELECT d.id, d.centre, d.lesson, d.step, d.at FROM progress_deed d WHERE "+in+" AND d.course = ? AND d.step <> '' AND d.verb IN (?, ?)"+stands+" ORDER BY d.at DESC, d.hlc DESC, d.id", append(args, code, Submitted, Completed), func(r store.Row) error {
		w := Work{At: At{Course: code}}
		var at int64
		err := r.Scan(&w.ID, &w.Centre, &w.At.Lesson, &w.At.Step, &at)
		w.On = time.UnixMilli(at).UTC()
		out = append(out, w)
		return err
	})
	return out, err
}

// Handed is a work with whose record made it.
type Handed struct {
	Work
	Person id.ID
}

// made is the condition that a deed d is a work. An index has it in these very words.
const made = "step <> '' AND verb IN ('" + Submitted + "', '" + Completed + "')"

func handed(r store.Row, more ...any) (w Handed, err error) {
	var at int64
	err = r.Scan(append([]any{&w.ID, &w.Centre, &w.Person, &w.At.Course, &w.At.Lesson, &w.At.Step, &at}, more...)...)
	w.On = time.UnixMilli(at).UTC()
	return w, err
}

const handedColumns = "SELECT d.id, d.centre, d.person, d.course, d.lesson, d.step, d.at FROM progress_deed d WHERE "

// Work returns a work of a centre's, or ErrNoWork of what is none, or was taken back.
func (p *Progress) Work(ctx context.Context, q store.Querier, centre, work id.ID) (w Handed, err error) {
	err = ErrNoWork
	if e := q.Each(ctx, handedColumns+"d.id = ? AND d.centre = ? AND "+made+stands, store.Args(work, centre), func(r store.Row) error {
		w, err = handed(r)
		return err
	}); e != nil {
		return w, e
	}
	return w, err
}

// ErrNoWork is returned for what is no work of anybody's.
var ErrNoWork = errors.New("there is no such work")

// stands is the condition that a deed d was not taken back.
const stands = " AND NOT EXISTS (SELECT 1 FROM progress_void v WHERE v.target = d.id AND v.centre = d.centre)"

// Answer is an answer to a question.
type Answer struct {
	ID    id.ID // of the statement
	At    At
	On    time.Time
	Right int // -1: nothing is right or wrong
}

// Answers are the latest of somebody's in a course, the newest first, those of their records at one centre.
func (p *Progress) Answers(ctx context.Context, q store.Querier, who, centre id.ID, code string, max int) (out []Answer, err error) {
	records, err := person.Records(ctx, q, who)
	if err != nil {
		return nil, err
	}
	in, args := store.In("d.person", records)
	err = q.Each(ctx, "SELECT d.id, d.lesson, d.step, d.at, d.good FROM progress_deed d WHERE "+in+" AND d.course = ? AND d.centre = ? AND d.verb = ?"+stands+" ORDER BY d.at DESC, d.hlc DESC, d.id LIMIT ?", append(args, code, centre, Answered, max), func(r store.Row) error {
		a := Answer{At: At{Course: code}}
		var at int64
		err := r.Scan(&a.ID, &a.At.Lesson, &a.At.Step, &at, &a.Right)
		a.On = time.UnixMilli(at).UTC()
		out = append(out, a)
		return err
	})
	return out, err
}
