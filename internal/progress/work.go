package progress

import (
	"bytes"
	"cmp"
	"context"

	"tizi/internal/id"
	"tizi/internal/record"
	"tizi/internal/store"
)

// Desk is where a person hands works in for a step at a centre, under whichever of their records: the last of them is the one that counts.
type Desk struct {
	One    id.ID // the record that stands for all
	Centre id.ID
	At     At
}

// WorkOf is the work that a row of record.Statements is, for sums over works. Of one that takes a statement back it has that statement's id
// and centre alone. ok is false of any other.
func WorkOf(row []any) (w Handed, ok bool) {
	s, err := record.TakenOf(row)
	if err != nil {
		return w, false // the fold has read it
	}
	if !s.Voids.IsNil() {
		return Handed{Work: Work{ID: s.Voids, Centre: s.Centre}}, true
	}
	d := deedOf(s)
	if d == nil || d[5] == "" || d[6] != Submitted && d[6] != Completed {
		return w, false
	}
	return Handed{Work: Work{ID: s.ID, Centre: s.Centre, At: At{d[3].(string), d[4].(string), d[5].(string)}}, Person: d[2].(id.ID)}, true
}

// Named completes works of which the id and the centre are known, taken back or not; of what is none nothing is returned.
func Named(ctx context.Context, tx store.Tx, works []Handed) (out []Handed, err error) {
	sets := make([][]any, len(works))
	for i, w := range works {
		sets[i] = []any{w.ID, w.Centre}
	}
	err = tx.Many(ctx, handedColumns+"d.id = ? AND d.centre = ? AND "+made, sets, func(_ int, r store.Row) error {
		w, err := handed(r)
		out = append(out, w)
		return err
	})
	return out, err
}

// Everything returns all works of some people, taken back or not.
func Everything(ctx context.Context, tx store.Tx, people []id.ID) (out []Handed, err error) {
	sets := make([][]any, len(people))
	for i, p := range people {
		sets[i] = []any{p}
	}
	err = tx.Many(ctx, handedColumns+"d.person = ? AND "+made, sets, func(_ int, r store.Row) error {
		w, err := handed(r)
		out = append(out, w)
		return err
	})
	return out, err
}

// Last returns, for each desk, the work that was handed in there last under some records, where it stands; desks with none are left out.
func Last(ctx context.Context, tx store.Tx, desks []Desk, records func(one id.ID) []id.ID) (map[Desk]Handed, error) {
	var of []Desk
	var sets [][]any
	for _, d := range desks {
		for _, p := range records(d.One) {
			of, sets = append(of, d), append(sets, []any{p, d.At.Course, d.At.Lesson, d.At.Step, d.Centre})
		}
	}
	type last struct {
		Handed
		hlc int64
	}
	found := map[Desk]last{}
	err := tx.Many(ctx, "SELECT d.id, d.centre, d.person, d.course, d.lesson, d.step, d.at, d.hlc FROM progress_deed d WHERE d.person = ? AND d.course = ? AND d.lesson = ? AND d.step = ? AND d.centre = ? AND "+made+stands+
		" ORDER BY d.at DESC, d.hlc DESC, d.id LIMIT 1", sets, func(i int, r store.Row) error {
		var l last
		w, err := handed(r, &l.hlc)
		l.Handed = w
		if o, ok := found[of[i]]; !ok || cmp.Or(l.On.Compare(o.On), cmp.Compare(l.hlc, o.hlc), bytes.Compare(o.ID[:], l.ID[:])) > 0 {
			found[of[i]] = l
		}
		return err
	})
	out := map[Desk]Handed{}
	for d, l := range found {
		out[d] = l.Handed
	}
	return out, err
}
