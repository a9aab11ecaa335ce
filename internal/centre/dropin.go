package centre

import (
	"context"
	"errors"
	"fmt"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/store"
	"tizi/internal/timetable"
)

// Who comes to use the devices outside of sessions is counted as a visit of a day. It is no attendance: no group, no presence, no
// number of a programme follows from it.

// Ways in which somebody was counted.
const (
	ByCard = "card"
	ByList = "list"
)

// DropInMarked is the body of dropin.marked: somebody came to a centre's open access on a day, or that was a mistake. Somebody is
// counted once a day, whoever says so how often.
type DropInMarked struct {
	Centre id.ID  `json:"centre"`
	Person id.ID  `json:"person"`
	On     string `json:"on"` // ISO date
	At     string `json:"at"` // "14:30", local
	By     string `json:"by"` // card or list
	Undone bool   `json:"undone,omitempty"`
}

// Check says what is missing.
func (d DropInMarked) Check() error {
	_, ok := timetable.Clock(d.At)
	switch {
	case d.Centre.IsNil() || d.Person.IsNil():
		return errors.New("a visit is of a person at a centre")
	case !isDate(d.On) || !ok:
		return errors.New("a visit has a day and an hour, written 2026-03-14 and 14:30")
	case d.By != ByCard && d.By != ByList:
		return errors.New("a visit is counted by card or by list")
	}
	return nil
}

// KindDropIn is the kind of visits.
var KindDropIn = fact.NewKind[DropInMarked](fact.Kind{Name: "dropin.marked", Streams: []string{"centre"}})

var dropInTable = &store.Table{Name: "centre_dropin", Key: 1, Columns: store.Cols("id:id centre:id person:id day:text at:text by:text"), Indexes: []string{"centre, day", "person"}}

func init() {
	Folds = append(Folds, &fact.Fold{
		Name: "centre.dropin", Kinds: []*fact.Kind{KindDropIn}, Tables: []*store.Table{dropInTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			if d, ok, _ := last[DropInMarked](s); ok && !d.Undone {
				out.Add(dropInTable, s.ID, d.Centre, d.Person, d.On, d.At, d.By)
			}
			return nil
		},
		Sample: fact.Statements(KindDropIn, func(d fact.Draw) fact.Body {
			return DropInMarked{Centre: sampled(1), Person: sampled(2), On: "2026-03-02", At: fmt.Sprintf("1%d:00", d.Int("hour", 5)), By: ByCard, Undone: d.Int("undone", 3) == 0}
		}),
	})
}

// DropIn is a visit.
type DropIn struct {
	Centre, Person id.ID
	On, At, By     string
}

func dropInID(b DropInMarked) id.ID { return id.Under(b.Person, "drop-in "+b.Centre.Hex()+" "+b.On) }

// ErrHere is returned where somebody is counted already; ErrNotHere where nobody is counted to be taken back.
var (
	ErrHere    = errors.New("this person is counted today already")
	ErrNotHere = errors.New("this person is not counted that day")
)

// Welcome counts somebody as come to a centre of the scope, once a day. The caller has made sure that the person is of the centre.
func (c *Centres) Welcome(ctx context.Context, actor id.ID, scope access.Scope, b DropInMarked) error {
	return c.dropIn(ctx, actor, scope, b, false)
}

// TakeBack takes it back, where it was a mistake.
func (c *Centres) TakeBack(ctx context.Context, actor id.ID, scope access.Scope, centre, who id.ID, on string) error {
	return c.dropIn(ctx, actor, scope, DropInMarked{Centre: centre, Person: who, On: on}, true)
}

func (c *Centres) dropIn(ctx context.Context, actor id.ID, scope access.Scope, b DropInMarked, undo bool) error {
	v := dropInID(b)
	if undo { // what is taken back says what it was
		l, err := c.dropIns(ctx, c.log.DB, "id = ?", v)
		if err != nil {
			return err
		}
		if len(l) == 0 {
			return ErrNotHere
		}
		b.At, b.By, b.Undone = l[0].At, l[0].By, true
	}
	return c.state(ctx, "mark a visit", actor, scope, b.Centre, v, KindDropIn, b, func(ctx context.Context, q store.Querier) error {
		l, err := c.dropIns(ctx, q, "id = ?", v)
		switch {
		case err != nil:
			return err
		case undo && len(l) == 0:
			return ErrNotHere
		case !undo && len(l) > 0:
			return ErrHere
		}
		return nil
	})
}

func (c *Centres) dropIns(ctx context.Context, q store.Querier, where string, args ...any) (out []DropIn, err error) {
	err = q.Each(ctx, "SELECT centre, person, day, at, by FROM centre_dropin WHERE "+where, args, func(r store.Row) error {
		var d DropIn
		err := r.Scan(&d.Centre, &d.Person, &d.On, &d.At, &d.By)
		out = append(out, d)
		return err
	})
	return out, err
}

// DropIns returns who came to a centre on a day, the last first.
func (c *Centres) DropIns(ctx context.Context, q store.Querier, centre id.ID, day string) ([]DropIn, error) {
	return c.dropIns(ctx, q, "centre = ? AND day = ? ORDER BY at DESC, id DESC", centre, day)
}

// DropInsOf returns the visits of some records of a person, the earliest first. The caller has made sure that the reader may see
// them.
func (c *Centres) DropInsOf(ctx context.Context, q store.Querier, records []id.ID) ([]DropIn, error) {
	in, args := store.In("person", records)
	return c.dropIns(ctx, q, in+" ORDER BY day, at", args...)
}

// DropInMonths counts the visits of a centre by month, written 2026-03, from a day on.
func (c *Centres) DropInMonths(ctx context.Context, q store.Querier, centre id.ID, from string) (map[string]int, error) {
	out := map[string]int{}
	return out, q.Each(ctx, "SELECT substr(day, 1, 7), count(*) FROM centre_dropin WHERE centre = ? AND day >= ? GROUP BY substr(day, 1, 7)", store.Args(centre, from), func(r store.Row) error {
		var m string
		var n int
		err := r.Scan(&m, &n)
		out[m] = n
		return err
	})
}
