package teaching

import (
	"context"
	"errors"
	"time"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/progress"
	"tizi/internal/store"
)

// Allowed is the body of wall.allowed: the learners of a group may show each other what they made, or may not any more.
type Allowed struct {
	Group id.ID `json:"group"`
	Allow bool  `json:"allow"`
}

// Check says what is missing.
func (b Allowed) Check() error {
	if b.Group.IsNil() {
		return errors.New("a wall is of a group")
	}
	return nil
}

// Hung is the body of work.hung: a learner shows a work to a group, or shows it no more. Its subject is the work's place on walls.
type Hung struct {
	Work   id.ID `json:"work"`
	Person id.ID `json:"person"` // whose record made it
	Group  id.ID `json:"group"`
	Up     bool  `json:"up"`
}

// Check says what is missing.
func (b Hung) Check() error {
	if b.Work.IsNil() || b.Person.IsNil() || b.Group.IsNil() {
		return errors.New("somebody shows a work to a group")
	}
	return nil
}

// Barred is the body of work.barred: a trainer has taken a work off the walls for good. Its subject is that of Hung.
type Barred struct {
	Work   id.ID `json:"work"`
	Person id.ID `json:"person"`
	Group  id.ID `json:"group"`
}

// Check says what is missing.
func (b Barred) Check() error { return Hung{Work: b.Work, Person: b.Person, Group: b.Group}.Check() }

// The kinds of walls.
var (
	KindAllowed = fact.NewKind[Allowed](fact.Kind{Name: "wall.allowed", Streams: []string{"centre"}})
	KindHung    = fact.NewKind[Hung](fact.Kind{Name: "work.hung", Streams: []string{"centre"}})
	KindBarred  = fact.NewKind[Barred](fact.Kind{Name: "work.barred", Streams: []string{"centre"}})
)

var (
	wallTable = &store.Table{Name: "teaching_wall", Key: 1, Columns: store.Cols("id:id cohort:id allow:int")}
	hungTable = &store.Table{Name: "teaching_hung", Key: 1,
		Columns: store.Cols("id:id work:id person:id centre:id cohort:id up:int barred:int at:int"),
		Indexes: []string{"cohort, at", "work", "person"}}
)

var wallFold = &fact.Fold{
	Name: "teaching.wall", Kinds: []*fact.Kind{KindAllowed}, Tables: []*store.Table{wallTable},
	Fold: func(s *fact.Subject, out *fact.Rows) error {
		if b, last, several := fact.Said[Allowed](s, nil); last != nil {
			out.Add(wallTable, s.ID, b.Group, b.Allow && !several) // in doubt nothing is shown
		}
		return nil
	},
	Sample: fact.Statements(KindAllowed, func(d fact.Draw) fact.Body { return Allowed{testID(1), d.Int("allow", 2) == 1} }),
}

var hungFold = &fact.Fold{
	Name: "teaching.hung", Kinds: []*fact.Kind{KindHung, KindBarred}, Tables: []*store.Table{hungTable},
	Fold: func(s *fact.Subject, out *fact.Rows) error {
		b, last, _ := fact.Said[Hung](s, nil)
		if last == nil {
			return nil
		}
		barred := len(s.Heads(fact.Is[Barred])) > 0
		out.Add(hungTable, s.ID, b.Work, b.Person, fact.CentreOf(last.Stream), b.Group, b.Up && !barred, barred, last.HLC.Wall().UnixMilli())
		return nil
	},
	Sample: func(d fact.Draw, _ fact.NewKey) fact.History {
		h := fact.History{Subject: id.New()}
		for i := range 1 + d.Int("facts", 4) {
			st := fact.Step{Kind: KindHung, By: d.Int("by", 2), Body: Hung{testID(1), testID(2), testID(3), d.Int("up", 2) == 1}}
			if d.Int("barred", 4) == 0 {
				st.Kind, st.Body = KindBarred, Barred{testID(1), testID(2), testID(3)}
			}
			if i > 0 && d.Int("saw", 2) == 1 {
				st.Prev = []int{d.Int("which", i)}
			}
			h.Steps = append(h.Steps, st)
		}
		return h
	},
}

// Allow lets the learners of a group of a centre show each other what they made, or lets them no more. The same again writes nothing.
func (t *Teaching) Allow(ctx context.Context, actor, centre id.ID, b Allowed) error {
	return t.say(ctx, "allow a wall", KindAllowed, actor, centre, id.Under(b.Group, "wall"), b)
}

// Allows reports whether the learners of a group may show each other what they made.
func (t *Teaching) Allows(ctx context.Context, q store.Querier, group id.ID) (bool, error) {
	var one int64
	return store.One(ctx, q, "SELECT 1 FROM teaching_wall WHERE cohort = ? AND allow = 1 AND id = ?", store.Args(group, id.Under(group, "wall")), &one)
}

// ErrBarred is returned for a work that a trainer has taken off the walls.
var ErrBarred = errors.New("a trainer has taken this work off the wall")

func hungID(w progress.Handed) id.ID { return id.Under(w.Person, "wall "+w.ID.Hex()) }

// Hang shows a learner's work to a group, or shows it no more. The same again writes nothing; what a trainer took down is ErrBarred.
func (t *Teaching) Hang(ctx context.Context, w progress.Handed, group id.ID, up bool) error {
	subject, stream := hungID(w), person.Stream(w.Centre)
	_, err := t.log.Do(ctx, fact.Command{Name: "show a work", Stream: stream, Keys: []id.ID{subject}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		var was, barred bool
		var at id.ID
		found, err := store.One(ctx, q, "SELECT up, barred, cohort FROM teaching_hung WHERE id = ?", store.Args(subject), &was, &barred, &at)
		switch {
		case err != nil:
			return out, err
		case barred:
			return out, ErrBarred
		case was == up && (at == group || !found):
			return out, nil
		}
		all, err := t.log.Of(ctx, q, subject)
		out.Facts = []fact.New{{Stream: stream, Kind: KindHung, Subject: subject, Prev: fact.HeadsOf(all), Body: Hung{w.ID, w.Person, group, up}}}
		return out, err
	}})
	return err
}

// Bar takes a learner's work off the wall for good: neither the learner nor anybody hangs it again. It writes nothing where it is off.
func (t *Teaching) Bar(ctx context.Context, actor id.ID, w progress.Handed, group id.ID) error {
	subject, stream := hungID(w), person.Stream(w.Centre)
	_, err := t.log.Do(ctx, fact.Command{Name: "take a work off the wall", Stream: stream, Keys: []id.ID{subject}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		var barred bool
		if found, err := store.One(ctx, q, "SELECT barred FROM teaching_hung WHERE id = ?", store.Args(subject), &barred); err != nil || !found || barred {
			return out, err
		}
		out.Facts = []fact.New{{Stream: stream, Kind: KindBarred, Subject: subject, Actor: actor, Body: Barred{w.ID, w.Person, group}}}
		return out, nil
	}})
	return err
}

// Hanging is a work on the wall of a group.
type Hanging struct {
	Work, Person, Centre, Group id.ID
	Up, Barred                  bool
	On                          time.Time
}

func (t *Teaching) hanging(ctx context.Context, q store.Querier, where string, args []any) (out []Hanging, err error) {
	err = q.Each(ctx, "SELECT work, person, centre, cohort, up, barred, at FROM teaching_hung WHERE "+where, args, func(r store.Row) error {
		var h Hanging
		var ms int64
		err := r.Scan(&h.Work, &h.Person, &h.Centre, &h.Group, &h.Up, &h.Barred, &ms)
		h.On = time.UnixMilli(ms).UTC()
		out = append(out, h)
		return err
	})
	return out, err
}

// Wall is what hangs on the wall of a group, the newest first, at most max.
func (t *Teaching) Wall(ctx context.Context, q store.Querier, group id.ID, max int) ([]Hanging, error) {
	return t.hanging(ctx, q, "cohort = ? AND up = 1 ORDER BY at DESC, id LIMIT ?", store.Args(group, max))
}

// HangingOfPeople are the works that somebody hung on a wall, under some records, the first first.
func (t *Teaching) HangingOfPeople(ctx context.Context, q store.Querier, records []id.ID) ([]Hanging, error) {
	in, args := store.In("person", records)
	return t.hanging(ctx, q, in+" ORDER BY at, id", args)
}

// HangingOf are the works of some people that are or were on a wall, by work.
func (t *Teaching) HangingOf(ctx context.Context, q store.Querier, works []id.ID) (map[id.ID]Hanging, error) {
	out := map[id.ID]Hanging{}
	in, args := store.In("work", works)
	l, err := t.hanging(ctx, q, in, args)
	for _, h := range l {
		out[h.Work] = h
	}
	return out, err
}
