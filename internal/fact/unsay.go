package fact

import (
	"bytes"
	"context"
	"slices"

	"tizi/internal/id"
	"tizi/internal/store"
)

// Unsay takes back what this node said in a stream while it ruled itself, once another rules that says all of it too: a new box knows its
// country before it is paired, and so does headquarters. None of it may count here, or be known to be held elsewhere; spare may say
// that a fact is no loss, where headquarters says something else of its subject, as said tells, or nothing. It returns how many facts it
// took back: all, or none.
func (l *Log) Unsay(ctx context.Context, stream string, spare func(f *Fact, said bool) bool) (int, error) {
	if size, err := l.Held(ctx, l.DB, stream, l.node); err != nil || size == 0 {
		return 0, err
	}
	n := 0
	err := l.write(ctx, func(t *turn) error {
		n = 0
		s, err := t.stream(ctx, stream)
		if err != nil {
			return err
		}
		own, err := t.node(ctx, l.node, l.own.Public())
		if err != nil {
			return err
		}
		var shown int
		if _, err := store.One(ctx, t.tx, "SELECT count(*) FROM fact_cosigned WHERE stream = ? AND node = ?", store.Args(s, own), &shown); err != nil || shown > 0 {
			return err
		}
		var facts []*Fact
		subjects := map[id.ID][]*Fact{}
		err = l.Facts(ctx, t.tx, "stream = ? AND node = ? ORDER BY seq", store.Args(s, own), func(f *Fact) error {
			facts, subjects[f.Subject] = append(facts, f), nil
			return nil
		})
		if err != nil {
			return err
		}
		var all []id.ID
		for v := range subjects {
			if subjects[v], err = l.Of(ctx, t.tx, v); err != nil {
				return err
			}
			all = append(all, v)
		}
		for _, f := range facts {
			l.Registry.read(f)
			said := slices.DeleteFunc(slices.Clone(subjects[f.Subject]), func(o *Fact) bool { return o.Node == l.node || o.state != Effective || o.Kind != f.Kind })
			known := slices.ContainsFunc(said, func(o *Fact) bool { return bytes.Equal(o.Body, f.Body) }) || spare(f, len(said) > 0)
			if f.state == Effective || !known {
				return nil
			}
		}
		for _, x := range []string{"fact", "fact_tile", "fact_head"} {
			if err := t.tx.Exec(ctx, "DELETE FROM "+x+" WHERE stream = ? AND node = ?", s, own); err != nil {
				return err
			}
		}
		delete(t.heads, [2]int64{s, own})
		n, t.moved, t.wrote = len(facts), true, append(t.wrote, all...)
		return t.refold(ctx, all)
	})
	return n, err
}
