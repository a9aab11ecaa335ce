package fact

import (
	"context"
	"fmt"
	"maps"
	"sync"

	"tizi/internal/id"
	"tizi/internal/store"
)

// A row of the log names its stream, its node and its kind by small numbers. The numbers are given out once, in the
// writer's turn, and never change.

// dictionary is one of the three lists. It is read and extended under the lock of the names that hold it.
type dictionary struct {
	num  map[string]int64
	name map[int64]string
}

func newDictionary() *dictionary {
	return &dictionary{num: map[string]int64{}, name: map[int64]string{}}
}

func (d *dictionary) put(name string, num int64) {
	d.num[name] = num
	d.name[num] = name
}

// The dictionaries, by their places in names.
const (
	streamNames = iota
	nodeNames
	kindNames
)

var nameTables = [...]struct{ table, column string }{{"fact_stream", "name"}, {"fact_node", "node"}, {"fact_kind", "name"}}

// names caches the dictionaries. It holds only what is on the disk: a transaction that gave out numbers adds them when it
// is done, since one that fails takes its numbers with it.
type names struct {
	mu  sync.Mutex // guards all dictionaries
	all [len(nameTables)]*dictionary
}

func newNames() *names {
	n := &names{}
	for i := range n.all {
		n.all[i] = newDictionary()
	}
	return n
}

// load reads the dictionaries, which have some hundreds of rows, or some thousands on a national hub.
func (n *names) load(ctx context.Context, q store.Querier) error {
	for i, t := range nameTables {
		err := q.Each(ctx, "SELECT id, "+t.column+" FROM "+t.table, nil, func(r store.Row) error {
			var num int64
			var name string
			if i == nodeNames {
				var v id.ID
				if err := r.Scan(&num, &v); err != nil {
					return err
				}
				name = string(v[:])
			} else if err := r.Scan(&num, &name); err != nil {
				return err
			}
			n.mu.Lock()
			defer n.mu.Unlock()
			n.all[i].put(name, num)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (n *names) find(i int, name string) (int64, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	num, ok := n.all[i].num[name]
	return num, ok
}

// name is what a number stands for.
func (n *names) name(i int, num int64) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.all[i].name[num]
}

// learn adds what a transaction that is now on the disk gave out.
func (n *names) learn(more *names) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, d := range more.all {
		maps.Copy(n.all[i].num, d.num)
		maps.Copy(n.all[i].name, d.name)
	}
}

// fill puts the names into facts just read and reports whether it knew them all.
func (n *names) fill(rows []raw) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, x := range rows {
		var ok1, ok2, ok3 bool
		var node string
		x.f.Stream, ok1 = n.all[streamNames].name[x.stream]
		x.f.Kind, ok2 = n.all[kindNames].name[x.kind]
		node, ok3 = n.all[nodeNames].name[x.node]
		if !ok1 || !ok2 || !ok3 {
			return false
		}
		copy(x.f.Node[:], node)
	}
	return true
}

// name puts the names into facts read through q.
func (l *Log) name(ctx context.Context, q store.Querier, rows []raw) error {
	if l.names.fill(rows) {
		return nil
	}
	// Another process gave out new ones.
	if err := l.names.load(ctx, l.DB); err != nil {
		return err
	}
	if l.names.fill(rows) {
		return nil
	}
	// The transaction that q belongs to gave them out, and they are not on the disk yet.
	own := newNames()
	if err := own.load(ctx, q); err != nil {
		return err
	}
	if !own.fill(rows) {
		return errDictionary
	}
	return nil
}

var errDictionary = fmt.Errorf("a fact's stream, node or kind has a number that no dictionary holds; the database is damaged")

// number returns the number of a name, which is given out when it has none. public is the key of a node.
func (t *turn) number(ctx context.Context, i int, name string, public []byte) (int64, error) {
	if num, ok := t.log.names.find(i, name); ok {
		return num, nil
	}
	if num, ok := t.names.all[i].num[name]; ok {
		return num, nil
	}
	table := nameTables[i].table
	var value any = name
	if i == nodeNames {
		value = []byte(name)
	}
	var num int64
	found, err := store.One(ctx, t.tx, "SELECT id FROM "+table+" WHERE "+nameTables[i].column+" = ?", store.Args(value), &num)
	if err != nil {
		return 0, err
	}
	if !found {
		if _, err := store.One(ctx, t.tx, "SELECT max(id) FROM "+table, nil, &num); err != nil {
			return 0, err
		}
		num++
		if i == nodeNames {
			err = t.tx.Exec(ctx, "INSERT INTO fact_node (id, node, public_key) VALUES (?, ?, ?)", num, value, public)
		} else {
			err = t.tx.Exec(ctx, "INSERT INTO "+table+" (id, name) VALUES (?, ?)", num, value)
		}
		if err != nil {
			return 0, err
		}
	}
	t.names.all[i].put(name, num)
	return num, nil
}

func (t *turn) stream(ctx context.Context, name string) (int64, error) {
	return t.number(ctx, streamNames, name, nil)
}

func (t *turn) kind(ctx context.Context, tag string) (int64, error) {
	return t.number(ctx, kindNames, tag, nil)
}

func (t *turn) node(ctx context.Context, node id.ID, public []byte) (int64, error) {
	return t.number(ctx, nodeNames, string(node[:]), public)
}

// columns of a fact row, in the order that scan reads.
const columns = "stream, node, seq, hlc, kind, subject, actor, prev, body, state"

// raw is a row before its numbers are looked up: a look-up may need the connection that is still reading.
type raw struct {
	f                  *Fact
	stream, node, kind int64
}

func scanRaw(r store.Row) (raw, error) {
	x := raw{f: &Fact{}}
	var hlc, state int64
	var prev []byte
	if err := r.Scan(&x.stream, &x.node, &x.f.Seq, &hlc, &x.kind, &x.f.Subject, &x.f.Actor, &prev, &x.f.Body, &state); err != nil {
		return x, err
	}
	x.f.HLC, x.f.state = Time(hlc), State(state)
	var err error
	x.f.Prev, err = decodePrev(prev)
	return x, err
}

// Facts calls fn for the facts that a condition on the table fact selects, in the order it asks for.
func (l *Log) Facts(ctx context.Context, q store.Querier, where string, args []any, fn func(*Fact) error) error {
	rows, err := selectFacts(ctx, q, where, args)
	if err != nil {
		return err
	}
	if err := l.name(ctx, q, rows); err != nil {
		return err
	}
	for _, x := range rows {
		if err := fn(x.f); err != nil {
			return err
		}
	}
	return nil
}

func selectFacts(ctx context.Context, q store.Querier, where string, args []any) ([]raw, error) {
	var rows []raw
	err := q.Each(ctx, "SELECT "+columns+" FROM fact WHERE "+where, args, func(r store.Row) error {
		x, err := scanRaw(r)
		rows = append(rows, x)
		return err
	})
	return rows, err
}

// Of returns the stored facts of a subject in canonical order, effective or not.
func (l *Log) Of(ctx context.Context, q store.Querier, subject id.ID) ([]*Fact, error) {
	var out []*Fact
	err := l.Facts(ctx, q, "subject = ?", store.Args(subject), func(f *Fact) error {
		l.Registry.read(f)
		out = append(out, f)
		return nil
	})
	return canonical(out), err
}
