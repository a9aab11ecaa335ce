package fact

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// project derives the rows of every subject that facts, just stored, are about. Each subject is folded whole: reading a
// handful of facts again costs less than being wrong. before has what was stored of these subjects before, with a nil
// list for those of which nothing was; ring has keys of persons who are new with these facts.
func (t *turn) project(ctx context.Context, facts []*Fact, before map[id.ID][]*Fact, ring seal.Ring) error {
	// No rows can be there of a subject without facts.
	fresh := make(map[id.ID]bool, len(before))
	for s, all := range before {
		fresh[s] = len(all) == 0
	}
	if slices.ContainsFunc(facts, func(f *Fact) bool { name, _, _ := SplitKind(f.Kind); return isGrant(name) }) {
		if err := t.reauthorise(ctx); err != nil {
			return err
		}
		clear(fresh) // it may have folded some of these subjects already
	}
	order := make([]id.ID, 0, len(before))
	added := make(map[id.ID]bool, len(before))
	for _, f := range facts {
		if !added[f.Subject] {
			added[f.Subject] = true
			order = append(order, f.Subject)
		}
		before[f.Subject] = append(before[f.Subject], f)
	}
	t.wrote = append(t.wrote, order...)
	if t.again {
		if err := t.note(ctx, order); err != nil {
			return err
		}
	}
	w := t.folding(ring)
	w.known = t.known
	if err := w.fold(ctx, order, before, fresh); err != nil {
		return err
	}
	if err := w.flush(ctx); err != nil || t.log.Came == nil {
		return err
	}
	return t.log.Came(ctx, t.tx, facts)
}

// refold derives the rows of subjects again.
func (t *turn) refold(ctx context.Context, subjects []id.ID) error {
	if len(subjects) == 0 {
		return nil
	}
	t.log.recent.forget()
	clear(t.known)
	slices.SortFunc(subjects, func(a, b id.ID) int { return bytes.Compare(a[:], b[:]) })
	subjects = slices.Compact(subjects)
	for part := range slices.Chunk(subjects, 2000) {
		if t.again {
			if err := t.note(ctx, part); err != nil {
				return err
			}
		}
		bySubject := make(map[id.ID][]*Fact, len(part))
		if err := t.gather(ctx, part, bySubject); err != nil {
			return err
		}
		w := t.folding(seal.Ring{})
		if err := w.fold(ctx, part, bySubject, nil); err != nil {
			return err
		}
		if err := w.flush(ctx); err != nil {
			return err
		}
	}
	return nil
}

// againTable has the subjects that were folded while a rebuild goes on: its shadows may know an older state of them.
var againTable = &store.Table{Name: "fact_again", Columns: store.Cols("subject:id"), Key: 1}

// note tells a rebuild that goes on of subjects.
func (t *turn) note(ctx context.Context, subjects []id.ID) error {
	return t.tx.Insert(ctx, againTable, each(subjects))
}

// Refold derives the rows of subjects again, for what changes beside the facts: a key that came or was destroyed. It
// belongs into the transaction that changes it.
func (l *Log) Refold(ctx context.Context, tx store.Tx, subjects []id.ID) error {
	t, err := l.begin(ctx, tx)
	if err != nil {
		return err
	}
	return t.refold(ctx, slices.Clone(subjects))
}

// ImportKeys keeps the keys of persons that came from another node and derives the rows of those who can be read now.
func (l *Log) ImportKeys(ctx context.Context, w *seal.Wrapped) error {
	return l.write(ctx, func(t *turn) error {
		persons, err := l.Keys.Import(ctx, t.tx, w)
		if err != nil {
			return err
		}
		return t.refold(ctx, persons)
	})
}

// gather adds all facts stored of subjects to their lists.
func (t *turn) gather(ctx context.Context, subjects []id.ID, into map[id.ID][]*Fact) error {
	var unknown []id.ID
	for _, s := range subjects {
		k := t.known[s] // written by this very transaction
		if k == nil {
			k = t.log.recent.take(s)
		}
		if k == nil {
			unknown = append(unknown, s)
			continue
		}
		into[s] = append(into[s], k.facts...)
		t.known[s] = k
	}
	var rows []raw
	err := t.tx.Many(ctx, "SELECT "+columns+" FROM fact WHERE subject = ?", each(unknown), func(_ int, r store.Row) error {
		x, err := scanRaw(r)
		rows = append(rows, x)
		return err
	})
	if err != nil {
		return err
	}
	if err := t.log.name(ctx, t.tx, rows); err != nil {
		return err
	}
	for _, x := range rows {
		into[x.f.Subject] = append(into[x.f.Subject], x.f)
	}
	return nil
}

// each makes a set of arguments of each id.
func each(ids []id.ID) [][]any {
	sets := make([][]any, len(ids))
	for i, v := range ids {
		sets[i] = []any{v}
	}
	return sets
}

// folding derives rows from the facts of src into dst: the same transaction for live data, a scratch database for a
// replay.
type folding struct {
	log  *Log
	auth *judge
	src  store.Querier
	dst  store.Tx
	ring seal.Ring
	sums []Collector
	// known, unless it is nil, has rows that need not be read, and is told how each subject is left.
	known map[id.ID]*known
	// save stores states that changed; a replay has nothing to store and reports them.
	save func(context.Context, []*Fact) error
	// erase destroys the keys of subjects that are gone; some are not gone any more, since what said so does not count. A
	// replay destroys nothing.
	erase func(ctx context.Context, gone, back []ending) error
	// failed is told of a fold that could not cope with a subject.
	failed func(fold *Fold, subject id.ID, err error)
	only   *part // nil: all folds
}

// collectors returns those of the aggregates of a part; the others are nil.
func (l *Log) collectors(only *part) []Collector {
	cs := make([]Collector, len(l.Registry.aggregates))
	for i, a := range l.Registry.aggregates {
		if only.sums(a) {
			cs[i] = a.Begin()
		}
	}
	return cs
}

// folding returns what derives live rows.
func (t *turn) folding(ring seal.Ring) *folding {
	return &folding{
		log: t.log, auth: t.auth, src: t.tx, dst: t.tx, ring: ring, sums: t.log.collectors(nil), save: t.saveStates, erase: t.erase,
		failed: func(fold *Fold, subject id.ID, err error) {
			slog.Error("a subject could not be folded; it has no rows until this is mended", "fold", fold.Name, "subject", subject, "error", err)
		},
	}
}

// task is one subject in one fold.
type task struct {
	fold    *Fold
	subject *Subject
	rows    Rows
	err     error     // of the fold
	fresh   bool      // there are no rows of it yet
	known   [][][]any // the rows there are, by table, where they need not be read
}

// fold works out states, folds each subject, writes the rows that changed and hands the changes to the aggregates.
func (w *folding) fold(ctx context.Context, order []id.ID, bySubject map[id.ID][]*Fact, fresh map[id.ID]bool) error {
	d, err := w.derive(ctx, order, bySubject, fresh)
	if err != nil {
		return err
	}
	return w.write(ctx, d)
}

// derived is what folds say of some subjects.
type derived struct {
	changing []*change
	now      map[id.ID]*known
}

// derive works out states and folds each subject.
func (w *folding) derive(ctx context.Context, order []id.ID, bySubject map[id.ID][]*Fact, fresh map[id.ID]bool) (*derived, error) {
	reg := w.log.Registry
	tasks := map[*Fold][]*task{}
	d := &derived{now: map[id.ID]*known{}}
	var persons []id.ID
	var gone, back []ending
	var unsettled []*Fact
	for _, s := range order {
		all := canonical(bySubject[s])
		d.now[s] = &known{facts: all, rows: map[*Fold][][][]any{}}
		unsettled = append(unsettled, reg.settle(w.auth, all)...)
		ends, doubts := reg.erased(all)
		gone, back = append(gone, ends...), append(back, doubts...)
		var seen []*Fold
		for _, f := range all {
			name, _, _ := SplitKind(f.Kind)
			fd := reg.byKind[name]
			if fd == nil || slices.Contains(seen, fd) || !w.only.folds(fd) {
				continue
			}
			seen = append(seen, fd)
			t := &task{fold: fd, subject: &Subject{ID: s, all: all}, fresh: fresh[s]}
			if k := w.known[s]; k != nil {
				t.known = k.rows[fd]
			}
			tasks[fd] = append(tasks[fd], t)
			if fd.Sealed {
				t.subject.ring = w.ring
				if w.ring[s] == nil {
					persons = append(persons, s)
				}
			}
		}
	}
	if err := w.save(ctx, unsettled); err != nil {
		return nil, err
	}
	if err := w.erase(ctx, gone, back); err != nil {
		return nil, err
	}
	if err := w.log.Keys.Load(ctx, w.src, w.ring, persons); err != nil {
		return nil, err
	}
	var all []*task
	for _, fd := range reg.folds {
		ts := tasks[fd]
		all = append(all, ts...)
		for i, table := range fd.Tables {
			if len(ts) > 0 {
				d.changing = append(d.changing, &change{table: table, at: i, tasks: ts})
			}
		}
	}
	spread(len(all), func(i int) { all[i].derive() })
	for _, t := range all {
		if t.err != nil {
			w.failed(t.fold, t.subject.ID, t.err)
		}
		if !t.fold.Sealed {
			d.now[t.subject.ID].rows[t.fold] = t.rows.rows
		}
	}
	return d, nil
}

// write makes the rows of subjects what the folds say, and tells the aggregates what changed.
func (w *folding) write(ctx context.Context, d *derived) error {
	err := errors.Join(w.dst.Together(ctx, len(d.changing), func(i int, q store.Querier) error { return d.changing[i].read(ctx, q) })...)
	if err != nil {
		return err
	}
	for _, c := range d.changing {
		c.pairs = make([][]pair, len(c.tasks))
		spread(len(c.tasks), c.diff)
		if err := w.replace(ctx, c); err != nil {
			return err
		}
	}
	if w.known != nil {
		maps.Copy(w.known, d.now)
	}
	return nil
}

// ending is a subject that is gone as far as a stream goes: what stands in the log of one centre ends nobody in another.
type ending struct {
	subject id.ID
	stream  string
}

// erased returns where a fact that counts says that the subject is gone, and where only ones that do not count may say so.
func (r *Registry) erased(all []*Fact) (counts, doubts []ending) {
	for _, f := range all {
		name, _, _ := SplitKind(f.Kind)
		if r.kinds[name] == nil || !r.kinds[name].erases {
			continue
		}
		end := ending{f.Subject, f.Stream}
		if f.state != Effective {
			doubts = append(doubts, end)
		} else if e, ok := f.decoded.(Eraser); ok && e.Erases() && !slices.Contains(counts, end) {
			counts = append(counts, end)
		}
	}
	return counts, slices.DeleteFunc(doubts, func(e ending) bool { return slices.Contains(counts, e) })
}

// erase destroys the keys of subjects, once, with what this node alone keeps of them.
func (t *turn) erase(ctx context.Context, gone, back []ending) error {
	var fresh []id.ID
	for _, e := range gone {
		already, err := seal.Erased(ctx, t.tx, e.subject, e.stream)
		if err != nil {
			return err
		}
		if already {
			continue
		}
		held, err := t.log.Keys.Of(ctx, t.tx, func(s string) bool { return s == e.stream }, []id.ID{e.subject})
		if err != nil {
			return err
		}
		if err := t.log.Keys.Erase(ctx, t.tx, e.subject, e.stream, t.log.Clock.Now().UnixMilli()); err != nil {
			return err
		}
		if len(held) > 0 { // otherwise it is another's subject, or one that nothing was known of here
			fresh = append(fresh, e.subject)
		}
	}
	for _, e := range back {
		if err := t.log.Keys.Readmit(ctx, t.tx, e.subject, e.stream); err != nil {
			return err
		}
	}
	if len(fresh) == 0 || t.log.Erasing == nil {
		return nil
	}
	return t.log.Erasing(ctx, t.tx, fresh)
}

// derive runs the fold. A fold that fails is a bug, the same on every node, and means no rows: one subject must not stop a
// log that a whole country writes to.
func (t *task) derive() {
	fd := t.fold
	t.rows = Rows{subject: t.subject.ID, tables: fd.Tables, rows: make([][][]any, len(fd.Tables))}
	defer func() {
		if r := recover(); r != nil {
			t.err = fmt.Errorf("%v\n%s", r, debug.Stack())
		}
		if t.err != nil {
			t.rows.rows = make([][][]any, len(fd.Tables))
		}
	}()
	if t.err = fd.Fold(t.subject, &t.rows); t.err != nil {
		return
	}
	for i, table := range fd.Tables {
		rows := t.rows.rows[i]
		byKey := keyOrder(table)
		slices.SortFunc(rows, byKey)
		for j := 1; j < len(rows); j++ {
			if byKey(rows[j-1], rows[j]) == 0 {
				t.err = fmt.Errorf("two rows of %s have the key %v", table.Name, rows[j][:table.Key])
				return
			}
		}
	}
}

// spread runs fn for each i below n, on all processors where there is enough to do. What fn reads and writes must be its
// own.
func spread(n int, fn func(i int)) {
	workers := min(runtime.GOMAXPROCS(0), n/8)
	if workers < 2 {
		for i := range n {
			fn(i)
		}
		return
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w * n / workers; i < (w+1)*n/workers; i++ {
				fn(i)
			}
		})
	}
	wg.Wait()
}

// saveStates stores the states that changed.
func (t *turn) saveStates(ctx context.Context, facts []*Fact) error {
	var sets [][]any
	for _, f := range facts {
		stream, err := t.stream(ctx, f.Stream)
		if err != nil {
			return err
		}
		node, err := t.node(ctx, f.Node, nil)
		if err != nil {
			return err
		}
		sets = append(sets, []any{int64(f.state), stream, node, int64(f.Seq)})
	}
	return t.tx.Many(ctx, "UPDATE fact SET state = ? WHERE stream = ? AND node = ? AND seq = ?", sets, nil)
}

// change is what becomes of one table, the at-th of its fold.
type change struct {
	table *store.Table
	at    int
	tasks []*task
	olds  [][][]any // the rows there are, by task
	pairs [][]pair  // the rows that differ, by task
}

// pair is a row that differs: old is nil for a new one, new for one that goes.
type pair struct{ old, new []any }

// diff finds the rows of a task that differ.
func (c *change) diff(j int) {
	diff(c.table, c.olds[j], c.tasks[j].rows.rows[c.at], func(old, new []any) { c.pairs[j] = append(c.pairs[j], pair{old, new}) })
}

// read reads the rows there are.
func (c *change) read(ctx context.Context, q store.Querier) error {
	c.olds = make([][][]any, len(c.tasks))
	var sets [][]any
	var at []int
	for j, t := range c.tasks {
		if t.known != nil {
			c.olds[j] = slices.Clone(t.known[c.at])
		} else if !t.fresh {
			sets = append(sets, []any{t.subject.ID})
			at = append(at, j)
		}
	}
	return store.Many(ctx, q, "SELECT "+c.table.List()+" FROM "+c.table.Name+" WHERE "+c.table.KeyWhere(1), sets, func(k int, r store.Row) error {
		row, err := c.table.Scan(r)
		c.olds[at[k]] = append(c.olds[at[k]], row)
		return err
	})
}

// replace makes the rows of one table what the fold says, touching only those that differ.
func (w *folding) replace(ctx context.Context, c *change) error {
	table := c.table
	var listeners []Collector
	for c, a := range w.log.Registry.aggregates {
		if w.sums[c] != nil && slices.Contains(a.Sources, table) {
			listeners = append(listeners, w.sums[c])
		}
	}
	var add, drop [][]any
	changes := map[string][][]any{} // what to set, by the statement that sets it
	for _, pairs := range c.pairs {
		for _, p := range pairs {
			switch {
			case p.old == nil:
				add = append(add, p.new)
			case p.new != nil:
				query, args := update(table, p.old, p.new)
				changes[query] = append(changes[query], args)
			default:
				drop = append(drop, p.old[:table.Key])
			}
			for _, l := range listeners {
				l.Change(table, p.old, p.new)
			}
		}
	}
	if err := w.dst.Many(ctx, "DELETE FROM "+table.Name+" WHERE "+table.KeyWhere(table.Key), drop, nil); err != nil {
		return err
	}
	// A subject of which more is known than its writer believed (see New.Born) must fail here: what its rows add to the
	// sums would be added twice.
	if err := w.dst.Add(ctx, table, add); err != nil {
		return err
	}
	for _, query := range slices.Sorted(maps.Keys(changes)) {
		if err := w.dst.Many(ctx, query, changes[query], nil); err != nil {
			return err
		}
	}
	return nil
}

// update sets only the columns that differ: an index over other columns is not touched, which is most of what a change
// would cost.
func update(t *store.Table, old, new []any) (query string, args []any) {
	var set []string
	for i := t.Key; i < len(new); i++ {
		if compareValue(old[i], new[i]) != 0 {
			set = append(set, t.Columns[i].Name+" = ?")
			args = append(args, new[i])
		}
	}
	return "UPDATE " + t.Name + " SET " + strings.Join(set, ", ") + " WHERE " + t.KeyWhere(t.Key), append(args, new[:t.Key]...)
}

// flush writes the sums.
func (w *folding) flush(ctx context.Context) error {
	for i, c := range w.sums {
		if c == nil {
			continue
		}
		if err := c.Flush(ctx, w.dst); err != nil {
			return fmt.Errorf("sum %s: %w", w.log.Registry.aggregates[i].Name, err)
		}
	}
	return nil
}

// settle works out the state of each fact of a subject and returns those whose state changed. The facts are in canonical
// order.
func (r *Registry) settle(auth *judge, all []*Fact) []*Fact {
	was := make([]State, len(all))
	verdicts := false
	for i, f := range all {
		was[i] = f.state
		if f.state = auth.may(f); f.state == Effective {
			f.state = r.read(f)
		}
		verdicts = verdicts || strings.HasPrefix(f.Kind, "fact.")
	}
	if verdicts {
		r.settleVerdicts(auth, all)
	}
	var changed []*Fact
	for i, f := range all {
		if f.state != was[i] {
			changed = append(changed, f)
		}
	}
	return changed
}

// settleVerdicts applies fact.voided and fact.admitted. A verdict may itself be voided or admitted, so the latest decide
// first: in canonical order a verdict stands behind what it names, and what is said of a fact is settled before the fact
// has its own say. To be voided outweighs to be admitted, whichever was said first.
func (r *Registry) settleVerdicts(auth *judge, all []*Fact) {
	at := make(map[Ref]*Fact, len(all))
	for _, f := range all {
		at[f.Ref()] = f
	}
	said := map[*Fact]struct{ voided, admitted bool }{}
	for _, f := range slices.Backward(all) {
		v := said[f]
		if v.admitted && (f.state == Ungranted || f.state == Revoked) {
			f.state = r.read(f)
		}
		if v.voided {
			f.state = Voided
		}
		name, _, _ := SplitKind(f.Kind)
		if f.state != Effective || !isVerdict(name) {
			continue
		}
		for _, p := range f.Prev {
			g := at[localRef(f, p)]
			if g == nil || g == f {
				continue
			}
			kind, _, _ := SplitKind(g.Kind)
			// Nobody may say about a fact what he might not have said himself.
			if isGrant(kind) || !auth.allows(f.Node, g.Stream, kind) {
				continue
			}
			w := said[g]
			w.voided = w.voided || name == FactVoided.Name
			w.admitted = w.admitted || name == FactAdmitted.Name
			said[g] = w
		}
	}
}

// keyOrder compares rows of a table by their keys.
func keyOrder(t *store.Table) func(a, b []any) int {
	return func(a, b []any) int { return compareValues(a[:t.Key], b[:t.Key]) }
}

// diff calls fn for each row that is to be put (new) or dropped (new is nil); old is nil for a row that was not there.
// The new rows come in the order of their keys.
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
	byKey := keyOrder(t)
	slices.SortFunc(olds, byKey)
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
		return bytes.Compare(x, b.([]byte))
	case id.ID:
		y := b.(id.ID)
		return bytes.Compare(x[:], y[:])
	}
	panic(fmt.Sprintf("fact: a row holds a %T", a))
}
