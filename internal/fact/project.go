package fact

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// project derives the rows of every subject that facts, just stored, are about. Each subject is folded whole: reading a
// handful of facts again costs less than being wrong. Subjects that were born with these facts need no reading.
func (l *Log) project(ctx context.Context, tx store.Tx, facts []*Fact, born map[*Fact]bool, ring seal.Ring) error {
	for _, f := range facts {
		name, _, _ := SplitKind(f.Kind)
		if name == GrantIssued.Name || name == GrantRevoked.Name {
			if err := l.reauthorise(ctx, tx, l.authority()); err != nil {
				return err
			}
			break
		}
	}
	var order []id.ID
	bySubject := make(map[id.ID][]*Fact, len(facts))
	fresh := make(map[id.ID]bool, len(facts))
	for _, f := range facts {
		if _, ok := bySubject[f.Subject]; !ok {
			order = append(order, f.Subject)
		}
		bySubject[f.Subject] = append(bySubject[f.Subject], f)
		if born[f] {
			fresh[f.Subject] = true
		}
	}
	var again []id.ID
	for _, s := range order {
		if !fresh[s] {
			again = append(again, s)
		}
	}
	if err := l.gather(ctx, tx, again, bySubject); err != nil {
		return err
	}
	w := &folding{log: l, src: tx, dst: tx, ring: ring, sums: l.collectors()}
	if err := w.fold(ctx, order, bySubject, fresh); err != nil {
		return err
	}
	return w.flush(ctx)
}

// refold derives the rows of subjects again.
func (l *Log) refold(ctx context.Context, tx store.Tx, subjects []id.ID) error {
	const chunk = 2000
	for part := range slices.Chunk(subjects, chunk) {
		bySubject := make(map[id.ID][]*Fact, len(part))
		if err := l.gather(ctx, tx, part, bySubject); err != nil {
			return err
		}
		w := &folding{log: l, src: tx, dst: tx, ring: seal.Ring{}, sums: l.collectors()}
		if err := w.fold(ctx, part, bySubject, nil); err != nil {
			return err
		}
		if err := w.flush(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Refold derives the rows of subjects again, for what changes beside the facts: a key that came or was destroyed.
func (l *Log) Refold(ctx context.Context, tx store.Tx, subjects []id.ID) error {
	return l.refold(ctx, tx, subjects)
}

// gather replaces the lists of subjects by all facts stored of them.
func (l *Log) gather(ctx context.Context, tx store.Tx, subjects []id.ID, into map[id.ID][]*Fact) error {
	sets := make([][]any, len(subjects))
	for i, s := range subjects {
		sets[i] = []any{s}
	}
	known := map[Ref]*Fact{}
	for _, s := range subjects {
		for _, f := range into[s] {
			known[f.Ref()] = f
		}
		into[s] = nil
	}
	rows := make([][]raw, len(subjects))
	err := tx.Many(ctx, "SELECT "+columns+" FROM fact WHERE subject = ?", sets, func(i int, r store.Row) error {
		x, err := scanRaw(r)
		rows[i] = append(rows[i], x)
		return err
	})
	if err != nil {
		return err
	}
	for i, s := range subjects {
		for _, x := range rows[i] {
			f, err := l.name(ctx, tx, x)
			if err != nil {
				return err
			}
			if k := known[f.Ref()]; k != nil {
				k.state, f = f.state, k // the one in hand is decoded already
			}
			into[s] = append(into[s], f)
		}
	}
	return nil
}

func (l *Log) collectors() []Collector {
	cs := make([]Collector, len(l.Registry.aggregates))
	for i, a := range l.Registry.aggregates {
		cs[i] = a.Begin()
	}
	return cs
}

// folding derives rows from the facts of src into dst: the same transaction for live data, a scratch database for a
// replay.
type folding struct {
	log  *Log
	src  store.Querier
	dst  store.Tx
	ring seal.Ring
	sums []Collector
	// changed, in a replay, is told of a fact whose stored state is not what it should be; live data is mended instead.
	changed func(*Fact)
}

// task is one subject in one fold.
type task struct {
	subject *Subject
	rows    Rows
}

// fold works out states, folds each subject, writes the rows that changed and hands the changes to the aggregates.
func (w *folding) fold(ctx context.Context, order []id.ID, bySubject map[id.ID][]*Fact, fresh map[id.ID]bool) error {
	l := w.log
	tasks := map[*Fold][]*task{}
	var persons []id.ID
	var unsettled []*Fact
	for _, s := range order {
		all := canonical(bySubject[s])
		unsettled = append(unsettled, l.settle(l.authority(), all)...)
		seen := map[*Fold]bool{}
		for _, f := range all {
			name, _, _ := SplitKind(f.Kind)
			fd := l.Registry.byKind[name]
			if fd == nil || seen[fd] {
				continue
			}
			seen[fd] = true
			tasks[fd] = append(tasks[fd], &task{subject: &Subject{ID: s, all: all, ring: w.ring}})
			if fd.Sealed && w.ring[s] == nil {
				persons = append(persons, s)
			}
		}
	}
	if err := w.saveStates(ctx, unsettled); err != nil {
		return err
	}
	if err := l.Keys.Load(ctx, w.src, w.ring, persons); err != nil {
		return err
	}
	for _, fd := range l.Registry.folds {
		ts := tasks[fd]
		if len(ts) == 0 {
			continue
		}
		for _, t := range ts {
			t.rows = Rows{tables: fd.Tables, rows: make([][][]any, len(fd.Tables))}
			if err := fd.Fold(t.subject, &t.rows); err != nil {
				return fmt.Errorf("fold %s of %s: %w", fd.Name, t.subject.ID, err)
			}
		}
		for i, table := range fd.Tables {
			if err := w.replace(ctx, table, i, ts, fresh); err != nil {
				return err
			}
		}
	}
	return nil
}

// saveStates stores the states that changed; in a replay it reports them instead.
func (w *folding) saveStates(ctx context.Context, facts []*Fact) error {
	if w.changed != nil {
		for _, f := range facts {
			w.changed(f)
		}
		return nil
	}
	var sets [][]any
	for _, f := range facts {
		stream, err := w.log.names.stream(ctx, w.dst, f.Stream)
		if err != nil {
			return err
		}
		node, err := w.log.names.node(ctx, w.dst, f.Node, nil)
		if err != nil {
			return err
		}
		sets = append(sets, []any{int64(f.state), stream, node, int64(f.Seq)})
	}
	return w.dst.Many(ctx, "UPDATE fact SET state = ? WHERE stream = ? AND node = ? AND seq = ?", sets, nil)
}

// replace makes the rows of one table what the fold says, touching only those that differ.
func (w *folding) replace(ctx context.Context, table *store.Table, i int, ts []*task, fresh map[id.ID]bool) error {
	olds := make([][][]any, len(ts))
	var sets [][]any
	var at []int
	for j, t := range ts {
		if !fresh[t.subject.ID] {
			sets = append(sets, []any{t.subject.ID})
			at = append(at, j)
		}
	}
	err := w.dst.Many(ctx, "SELECT "+table.List()+" FROM "+table.Name+" WHERE "+table.KeyWhere(1), sets, func(k int, r store.Row) error {
		row, err := table.Scan(r)
		olds[at[k]] = append(olds[at[k]], row)
		return err
	})
	if err != nil {
		return err
	}
	var listeners []Collector
	for c, a := range w.log.Registry.aggregates {
		if slices.Contains(a.Sources, table) {
			listeners = append(listeners, w.sums[c])
		}
	}
	var put, drop [][]any
	for j, t := range ts {
		diff(table, olds[j], t.rows.rows[i], func(old, new []any) {
			if new != nil {
				put = append(put, new)
			} else {
				drop = append(drop, old[:table.Key])
			}
			for _, c := range listeners {
				c.Change(table, old, new)
			}
		})
	}
	if err := w.dst.Many(ctx, "DELETE FROM "+table.Name+" WHERE "+table.KeyWhere(table.Key), drop, nil); err != nil {
		return err
	}
	return w.dst.Insert(ctx, table, put)
}

// flush writes the sums.
func (w *folding) flush(ctx context.Context) error {
	for i, c := range w.sums {
		if err := c.Flush(ctx, w.dst); err != nil {
			return fmt.Errorf("sum %s: %w", w.log.Registry.aggregates[i].Name, err)
		}
	}
	return nil
}

// settle works out the state of each fact of a subject and returns those whose state changed.
func (l *Log) settle(auth *authority, all []*Fact) []*Fact {
	var was []State
	special := false
	for _, f := range all {
		was = append(was, f.state)
		f.state = l.Registry.read(f)
		if f.state == Effective {
			f.state = auth.may(f.Node, f.Stream, f.Kind, f.Seq)
		}
		if strings.HasPrefix(f.Kind, "fact.") {
			special = true
		}
	}
	if special {
		settleVerdicts(all)
	}
	var changed []*Fact
	for i, f := range all {
		if f.state != was[i] {
			changed = append(changed, f)
		}
	}
	return changed
}

// settleVerdicts applies fact.voided and fact.admitted. A verdict may itself be voided, so the latest decide first: the
// facts come in canonical order, in which a verdict stands behind what it names.
func settleVerdicts(all []*Fact) {
	at := make(map[Ref]*Fact, len(all))
	for _, f := range all {
		at[f.Ref()] = f
	}
	for _, f := range slices.Backward(all) {
		if f.state != Effective {
			continue
		}
		name, _, _ := SplitKind(f.Kind)
		for _, p := range f.Prev {
			g := at[localRef(f, p)]
			if g == nil || g == f {
				continue
			}
			switch {
			case name == FactVoided.Name && g.state == Effective:
				g.state = Voided
			case name == FactAdmitted.Name && (g.state == Ungranted || g.state == Revoked):
				g.state = Effective
			}
		}
	}
}

// diff calls fn for each row that is to be put (new) or dropped (new is nil); old is nil for a row that was not there.
func diff(t *store.Table, olds, news [][]any, fn func(old, new []any)) {
	switch {
	case len(olds) == 0:
		for _, n := range news {
			fn(nil, n)
		}
		return
	case len(news) == 0:
		for _, o := range olds {
			fn(o, nil)
		}
		return
	}
	byKey := func(a, b []any) int { return compareValues(a[:t.Key], b[:t.Key]) }
	slices.SortFunc(olds, byKey)
	slices.SortFunc(news, byKey)
	i, j := 0, 0
	for i < len(olds) || j < len(news) {
		c := 0
		switch {
		case i == len(olds):
			c = 1
		case j == len(news):
			c = -1
		default:
			c = byKey(olds[i], news[j])
		}
		switch {
		case c < 0:
			fn(olds[i], nil)
			i++
		case c > 0:
			fn(nil, news[j])
			j++
		default:
			if compareValues(olds[i], news[j]) != 0 {
				fn(olds[i], news[j])
			}
			i++
			j++
		}
	}
}

func compareValues(a, b []any) int {
	for i := range a {
		if c := compareValue(a[i], b[i]); c != 0 {
			return c
		}
	}
	return 0
}

func compareValue(a, b any) int {
	switch x := a.(type) {
	case int64:
		return cmp.Compare(x, b.(int64))
	case string:
		return strings.Compare(x, b.(string))
	case float64:
		return cmp.Compare(x, b.(float64))
	case []byte:
		return slices.Compare(x, b.([]byte))
	case id.ID:
		y := b.(id.ID)
		return slices.Compare(x[:], y[:])
	}
	panic(fmt.Sprintf("fact: a row holds a %T", a))
}
