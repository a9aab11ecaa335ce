package teaching

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/progress"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// Marked is the body of work.marked: somebody judged a work of a learner's by the rubric of its activity. Its subject is named under
// the person and by the work, so another hand-in is judged for itself.
type Marked struct {
	Work    id.ID  `json:"work"`   // the statement
	Person  id.ID  `json:"person"` // whose record made it
	Course  string `json:"course"`
	Lesson  string `json:"lesson"`
	Step    string `json:"step"`
	Version id.ID  `json:"version,omitzero"` // of the course whose rubric it is
	Levels  []int  `json:"levels"`           // one for each criterion, from 1 on; 0: not judged
	Tops    []int  `json:"tops"`             // how many levels each criterion has
	Sealed  string `json:"sealed,omitempty"` // a comment, with the person's key
}

// The most that a rubric has, and letters of a comment.
const (
	maxCriteria = 30
	MaxComment  = 1000
)

// Check says what is missing.
func (m Marked) Check() error {
	switch {
	case m.Work.IsNil() || m.Person.IsNil() || m.Course == "" || m.Lesson == "" || m.Step == "":
		return errors.New("marks are of somebody's work at a step of a course")
	case len(m.Levels) == 0 || len(m.Levels) != len(m.Tops) || len(m.Levels) > maxCriteria || len(m.Sealed) > 16_000:
		return errors.New("marks have a level for each criterion")
	}
	for i, l := range m.Levels {
		if l < 0 || l > m.Tops[i] {
			return fmt.Errorf("criterion %d has no level %d", i+1, l)
		}
	}
	return nil
}

// KindMarked is the kind of marks.
var KindMarked = fact.NewKind[Marked](fact.Kind{Name: "work.marked", Streams: []string{"centre"}})

// markTable has one row for each judgement that stands: two where two judged without seeing each other.
var markTable = &store.Table{Name: "teaching_mark", Key: 2,
	Columns: store.Cols("id:id n:int work:id person:id centre:id version:id levels:text tops:text sealed:text account:id at:int"),
	Indexes: []string{"work, centre"}}

// MarkID names what is said of a work.
func MarkID(person, work id.ID) id.ID { return id.Under(person, "marks "+work.Hex()) }

var markFold = &fact.Fold{
	Name: "teaching.mark", Kinds: []*fact.Kind{KindMarked}, Tables: []*store.Table{markTable},
	Fold: func(s *fact.Subject, out *fact.Rows) error {
		for i, f := range s.Heads(fact.Is[Marked]) {
			m, _ := fact.As[Marked](f)
			out.Add(markTable, s.ID, i, m.Work, m.Person, fact.CentreOf(f.Stream), m.Version, numbers(m.Levels), numbers(m.Tops), m.Sealed, f.Actor, f.HLC.Wall().UnixMilli())
		}
		return nil
	},
	Sample: fact.Statements(KindMarked, func(d fact.Draw) fact.Body {
		return Marked{Work: testID(1), Person: testID(2), Course: "x", Lesson: "a/b", Step: "c", Levels: []int{d.Int("level", 4), 1}, Tops: []int{3, 2}, Sealed: fmt.Sprint("sealed ", d.Int("comment", 3))}
	}),
}

func numbers(l []int) string {
	out := make([]string, len(l))
	for i, n := range l {
		out[i] = strconv.Itoa(n)
	}
	return strings.Join(out, " ")
}

func parseNumbers(s string) (out []int) {
	for _, f := range strings.Fields(s) {
		n, _ := strconv.Atoi(f) // numbers wrote it
		out = append(out, n)
	}
	return out
}

// Mark is one judgement of a work.
type Mark struct {
	Work, Version id.ID
	Levels, Tops  []int
	Comment       string
	By            id.ID // an account
	On            time.Time
}

// Errors of marks. Doors translate them.
var (
	ErrLevels  = errors.New("a work is judged by one criterion at least, each with one of its levels")
	ErrComment = errors.New("the comment is too long")
	ErrSeen    = errors.New("somebody else has judged this work meanwhile")
)

// Marks returns the judgements of some works of a centre, by work. There are several of one where they were made without seeing each other.
func (t *Teaching) Marks(ctx context.Context, q store.Querier, centre id.ID, works []id.ID) (map[id.ID][]Mark, error) {
	out := map[id.ID][]Mark{}
	type closed struct { // the comment of the nth judgement of a work
		work, person id.ID
		n            int
		sealed       string
	}
	var comments []closed
	var people []id.ID
	for part := range slices.Chunk(works, 200) {
		in, args := store.In("work", part)
		err := q.Each(ctx, "SELECT work, person, version, levels, tops, sealed, account, at FROM teaching_mark WHERE "+in+" AND centre = ? ORDER BY work, n", append(args, centre), func(r store.Row) error {
			var m Mark
			var c closed
			var levels, tops string
			var ms int64
			err := r.Scan(&m.Work, &c.person, &m.Version, &levels, &tops, &c.sealed, &m.By, &ms)
			m.Levels, m.Tops, m.On = parseNumbers(levels), parseNumbers(tops), time.UnixMilli(ms).UTC()
			if c.sealed != "" {
				c.work, c.n = m.Work, len(out[m.Work])
				comments, people = append(comments, c), append(people, c.person)
			}
			out[m.Work] = append(out[m.Work], m)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(comments) == 0 {
		return out, nil
	}
	ring := seal.Ring{}
	if err := t.log.Keys.Load(ctx, q, ring, people); err != nil {
		return nil, err
	}
	for _, c := range comments {
		if k := ring[c.person]; k != nil {
			if plain, err := k.Open(c.sealed); err == nil {
				out[c.work][c.n].Comment = string(plain)
			}
		}
	}
	return out, nil
}

// Seen names the judgements that somebody was shown, so that they replace no others.
func Seen(l []Mark) string {
	parts := make([]string, len(l))
	for i, m := range l {
		parts[i] = fmt.Sprint(m.By.Hex()[:8], m.On.UnixMilli())
	}
	return strings.Join(parts, ",")
}

// Mark judges a work of a centre's, or corrects what was said of it: seen names the judgements that are known to whoever does, and others
// are ErrSeen. The same again writes nothing. The caller has made sure that the work is one of the account's to judge.
func (t *Teaching) Mark(ctx context.Context, actor, centre id.ID, w progress.Handed, version id.ID, levels, tops []int, comment, seen string) error {
	comment = strings.TrimSpace(comment)
	if utf8.RuneCountInString(comment) > MaxComment {
		return ErrComment
	}
	if !slices.ContainsFunc(levels, func(n int) bool { return n > 0 }) {
		return ErrLevels
	}
	subject, stream := MarkID(w.Person, w.ID), person.Stream(centre)
	_, err := t.log.Do(ctx, fact.Command{Name: "mark a work", Stream: stream, Keys: []id.ID{subject, w.Person}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		now, err := t.Marks(ctx, q, centre, []id.ID{w.ID})
		if err != nil {
			return out, err
		}
		if l := now[w.ID]; len(l) == 1 && l[0].By == actor && slices.Equal(l[0].Levels, levels) && slices.Equal(l[0].Tops, tops) && l[0].Comment == comment {
			return out, nil
		}
		if Seen(now[w.ID]) != seen {
			return out, ErrSeen
		}
		all, err := t.log.Of(ctx, q, subject)
		if err != nil {
			return out, err
		}
		b := Marked{Work: w.ID, Person: w.Person, Course: w.At.Course, Lesson: w.At.Lesson, Step: w.At.Step, Version: version, Levels: levels, Tops: tops}
		if comment != "" {
			k, err := t.log.Keys.Get(ctx, q, w.Person)
			if err != nil {
				return out, err
			}
			b.Sealed = k.Seal([]byte(comment))
		}
		if b.Check() != nil {
			return out, ErrLevels
		}
		out.Facts = []fact.New{{Stream: stream, Kind: KindMarked, Subject: subject, Actor: actor, Prev: fact.HeadsOf(all), Body: b}}
		return out, nil
	}})
	return err
}
