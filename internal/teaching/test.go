package teaching

import (
	"context"
	"errors"
	"slices"
	"time"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/progress"
	"tizi/internal/store"
)

// Opened is the body of test.opened: the learners of a group may take a test of a course, or may not any more. The test of the beginning
// may be taken before the first lesson where nobody has said so; that of the end may not. A test that was closed takes no answers: whoever had
// begun keeps what they typed and hands it in once it is open again. One that was taken without a link counts where it was the time for it then.
type Opened struct {
	Group  id.ID  `json:"group"`
	Course string `json:"course"`
	Test   string `json:"test"` // progress.Pretest or progress.Posttest
	Open   bool   `json:"open"`
}

// Check says what is missing.
func (o Opened) Check() error {
	if o.Group.IsNil() || o.Course == "" || o.Test != progress.Pretest && o.Test != progress.Posttest {
		return errors.New("a group takes a test of a course")
	}
	return nil
}

// KindOpened is the kind of it.
var KindOpened = fact.NewKind[Opened](fact.Kind{Name: "test.opened", Streams: []string{"centre"}})

var testTable = &store.Table{Name: "teaching_test", Key: 1,
	Columns: store.Cols("id:id cohort:id course:text test:text open:int at:int conflict:int"),
	Indexes: []string{"cohort"}}

var testFold = &fact.Fold{
	Name: "teaching.test", Kinds: []*fact.Kind{KindOpened}, Tables: []*store.Table{testTable},
	Fold: func(s *fact.Subject, out *fact.Rows) error {
		heads := s.Heads(fact.Is[Opened])
		if len(heads) == 0 {
			return nil
		}
		last := heads[len(heads)-1]
		b, _ := fact.As[Opened](last)
		otherwise := slices.ContainsFunc(heads, func(f *fact.Fact) bool { o, _ := fact.As[Opened](f); return o.Open != b.Open })
		out.Add(testTable, s.ID, b.Group, b.Course, b.Test, b.Open, last.HLC.Wall().UnixMilli(), otherwise)
		return nil
	},
	Sample: fact.Statements(KindOpened, func(d fact.Draw) fact.Body {
		return Opened{Group: testID(1), Course: "x", Test: progress.Posttest, Open: d.Int("open", 2) == 1}
	}),
}

// Open lets the learners of a group of a centre take a test of a course, or lets them no more. The same again writes nothing.
func (t *Teaching) Open(ctx context.Context, actor, centre id.ID, b Opened) error {
	return t.say(ctx, "open a test", KindOpened, actor, centre, id.Under(b.Group, "test "+b.Course+"/"+b.Test), b)
}

// WasOpen reports whether a group could take a test at a moment, by what was said last: it is open, or was closed after that. Where the
// moment is not known, it is enough that it was open once.
func (t *Teaching) WasOpen(ctx context.Context, q store.Querier, group id.ID, course, test string, on time.Time) (bool, error) {
	var open bool
	var at int64
	found, err := store.One(ctx, q, "SELECT open, at FROM teaching_test WHERE cohort = ? AND course = ? AND test = ? ORDER BY at DESC LIMIT 1", store.Args(group, course, test), &open, &at)
	return found && (open || on.IsZero() || on.UnixMilli() < at), err
}

// Test is what was said of a test.
type Test struct {
	Open     bool
	Conflict bool // somebody else said otherwise, and they had not seen each other; the last word stands
}

// Tests are those tests of which somebody said to a group that it may take them, or may not any more, by course.
func (t *Teaching) Tests(ctx context.Context, q store.Querier, group id.ID) (map[string]map[string]Test, error) {
	out := map[string]map[string]Test{}
	err := q.Each(ctx, "SELECT course, test, open, conflict FROM teaching_test WHERE cohort = ?", store.Args(group), func(r store.Row) error {
		var course, test string
		var said Test
		err := r.Scan(&course, &test, &said.Open, &said.Conflict)
		if out[course] == nil {
			out[course] = map[string]Test{}
		}
		out[course][test] = said
		return err
	})
	return out, err
}
