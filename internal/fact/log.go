package fact

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/store"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// Schema returns the migrations of the log.
func Schema() fs.FS {
	sub, _ := fs.Sub(schemaFiles, "schema")
	return sub
}

// Log is a node's log and the one way to write to it. It is safe for concurrent use, and several processes of one node
// may have one on the same database.
type Log struct {
	DB       *store.DB
	Keys     *seal.Keys
	Clock    *Clock
	Registry *Registry
	// Erasing, which is set before the log is used, takes away what this node alone keeps of subjects that are gone, in the
	// transaction in which their keys are destroyed.
	Erasing func(ctx context.Context, tx store.Tx, subjects []id.ID) error

	// Came, which is set before the log is used, is told of facts that were just stored, by this node or by another, in the
	// transaction that stores them and after what is derived from them.
	Came func(ctx context.Context, tx store.Tx, facts []*Fact) error

	// Strict refuses to write what would not count; it is set before the log is used. Without it such a fact is kept, and
	// counts if a grant comes.
	Strict bool

	own  *seal.Identity
	node id.ID

	names  *names
	recent recent

	mu   sync.Mutex // guards auth
	auth *authority

	queue chan *job
	stop  chan struct{}
	done  chan struct{}
}

// Open prepares the log of the node with this identity on a database that was migrated: derived tables whose
// definition changed are built again from the facts. The root of trust is the node itself until SetRoot.
func Open(ctx context.Context, db *store.DB, own *seal.Identity, reg *Registry, clock *Clock) (*Log, error) {
	l := &Log{
		DB: db, Keys: seal.NewKeys(own), Clock: clock, Registry: reg, own: own, node: own.Node(),
		names: newNames(),
		queue: make(chan *job, 1024), stop: make(chan struct{}), done: make(chan struct{}),
	}
	go l.run()
	if err := l.open(ctx); err != nil {
		l.Close()
		return nil, fmt.Errorf("open the log: %w", err)
	}
	return l, nil
}

func (l *Log) open(ctx context.Context) error {
	empty, err := l.DB.Ensure(ctx, l.Registry.Tables())
	if err != nil {
		return err
	}
	if err := l.names.load(ctx, l.DB); err != nil {
		return err
	}
	err = l.write(ctx, func(t *turn) error {
		_, err := t.node(ctx, l.node, l.own.Public())
		return err
	})
	if err != nil {
		return err
	}
	if err := l.renew(ctx, empty); err != nil {
		return err
	}
	return l.follow(ctx)
}

// Node returns the node's name.
func (l *Log) Node() id.ID { return l.node }

// Identity returns the node's keys.
func (l *Log) Identity() *seal.Identity { return l.own }

// Close ends the writer's turn; commands still queued get ErrClosed. It does not close the database.
func (l *Log) Close() {
	close(l.stop)
	<-l.done
}

// turnLock is held by every transaction that writes to the log, whichever process it runs in, so that what a rule reads,
// what a fold reads and what is written belong together. SQLite has one writer anyway; on PostgreSQL two processes gain
// by preparing outside and by group commit, not by folding at the same time.
const turnLock = "turn"

// turn is one transaction that writes to the log. It holds what the transaction has learnt and changed; the process
// shares that only when it is on the disk.
type turn struct {
	log     *Log
	tx      store.Tx
	names   *names // numbers given out in this transaction
	auth    *judge
	heads   map[[2]int64]*head // of the logs touched, by dictionary numbers
	clock   Time               // as the disk has it
	found   Time               // as the disk had it in the beginning
	moved   bool               // some head did
	again   bool               // a rebuild goes on and wants to know what is folded again
	rebuild []byte             // its mark
	known   map[id.ID]*known   // of subjects, as this transaction leaves them
	wrote   []id.ID            // the subjects of its facts
	past    []passed           // turns, as the disk has them
}

// write runs fn in the writer's turn.
func (l *Log) write(ctx context.Context, fn func(*turn) error) error {
	var t *turn
	err := l.DB.Write(ctx, func(tx store.Tx) error {
		var err error
		if t, err = l.begin(ctx, tx); err != nil {
			return err
		}
		if err := fn(t); err != nil {
			return err
		}
		return t.end(ctx)
	})
	if err != nil {
		return err
	}
	l.names.learn(t.names)
	l.adopt(t.auth.authority)
	l.recent.learn(t.known, t.found, t.clock)
	return nil
}

// begin takes the turn inside a transaction and reads what other processes may have changed.
func (l *Log) begin(ctx context.Context, tx store.Tx) (*turn, error) {
	if err := tx.Lock(ctx, turnLock); err != nil {
		return nil, err
	}
	t := &turn{log: l, tx: tx, names: newNames(), heads: map[[2]int64]*head{}, known: map[id.ID]*known{}}
	var s settings
	err := errors.Join(tx.Together(ctx, 2, func(i int, q store.Querier) (err error) {
		if i == 0 {
			return l.Keys.Fresh(ctx, q)
		}
		s, err = readSettings(ctx, q)
		return err
	})...)
	if err != nil {
		return nil, err
	}
	t.clock, t.rebuild, t.again = Time(s.number("clock")), s["rebuild"], s["rebuild"] != nil
	t.found = t.clock
	if past := s["lately"]; past != nil {
		if err := json.Unmarshal(past, &t.past); err != nil {
			return nil, fmt.Errorf("read the turns passed: %w", err)
		}
	}
	l.recent.catchUp(t.found, slices.Clone(t.past))
	l.Clock.Observe(t.clock)
	a := l.authority()
	if v := s.number("authority"); a == nil || a.version != int64(v) {
		if a, err = l.loadAuthority(ctx, tx); err != nil {
			return nil, err
		}
		l.recent.forget()
	}
	t.auth = a.judge()
	return t, nil
}

// end saves the heads that moved, and the clock, so that another process of this node goes on behind it.
func (t *turn) end(ctx context.Context) error {
	if err := t.saveHeads(ctx); err != nil || !t.moved {
		return err
	}
	now := t.log.Clock.Last()
	if now <= t.clock { // facts of others were received, and still the clock must say that something was written
		now = t.log.Clock.Tick()
	}
	t.clock = now
	if past := t.log.recent.told(t.past, passed{t.found, now, t.wrote}); past != nil || t.past != nil {
		lately, err := json.Marshal(past)
		if err != nil {
			return err
		}
		if err := t.set(ctx, "lately", lately); err != nil {
			return err
		}
	}
	return t.set(ctx, "clock", strconv.AppendUint(nil, uint64(now), 10))
}

// settings are the few rows of fact_setting.
type settings map[string][]byte

func readSettings(ctx context.Context, q store.Querier) (settings, error) {
	s := settings{}
	err := q.Each(ctx, "SELECT name, value FROM fact_setting", nil, func(r store.Row) error {
		var name string
		var value []byte
		err := r.Scan(&name, &value)
		s[name] = value
		return err
	})
	return s, err
}

func (s settings) number(name string) uint64 {
	n, _ := strconv.ParseUint(string(s[name]), 10, 64)
	return n
}

func (t *turn) set(ctx context.Context, name string, value []byte) error {
	return setSetting(ctx, t.tx, name, value)
}

func setSetting(ctx context.Context, tx store.Tx, name string, value []byte) error {
	return tx.Exec(ctx, "INSERT INTO fact_setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)
}

// head of one (stream, node) log while it is written.
type head struct {
	stream, node int64 // dictionary numbers
	edge         Edge
	hlc          Time
	note         []byte
	tiles        [][]any
	dirty        bool
	sign         string // the stream's name, when this node has to sign the head anew
}

func (t *turn) head(ctx context.Context, stream, node int64) (*head, error) {
	k := [2]int64{stream, node}
	if h := t.heads[k]; h != nil {
		return h, nil
	}
	h, err := readHead(ctx, t.tx, stream, node)
	if err == nil {
		t.heads[k] = h
	}
	return h, err
}

// foresee reads the head of this node's log in a stream, if there is one already.
func (t *turn) foresee(ctx context.Context, q store.Querier, stream string) error {
	s, ok := t.log.names.find(streamNames, stream)
	n, known := t.log.names.find(nodeNames, string(t.log.node[:]))
	k := [2]int64{s, n}
	if !ok || !known || t.heads[k] != nil {
		return nil
	}
	h, err := readHead(ctx, q, s, n)
	if err == nil {
		t.heads[k] = h
	}
	return err
}

func readHead(ctx context.Context, q store.Querier, stream, node int64) (*head, error) {
	h := &head{stream: stream, node: node}
	var size, hlc int64
	var edge []byte
	found, err := store.One(ctx, q, "SELECT size, hlc, edge, note FROM fact_head WHERE stream = ? AND node = ?", store.Args(stream, node), &size, &hlc, &edge, &h.note)
	if err != nil {
		return nil, err
	}
	if found {
		if h.edge, err = decodeEdge(uint64(size), edge); err != nil {
			return nil, err
		}
		h.hlc = Time(hlc)
	}
	return h, nil
}

var (
	factTable = &store.Table{Name: "fact", Columns: store.Cols("stream:int node:int seq:int hlc:int kind:int subject:id actor:id prev:blob body:blob state:int"), Key: 3}
	headTable = &store.Table{Name: "fact_head", Columns: store.Cols("stream:int node:int size:int hlc:int edge:blob note:blob"), Key: 2}
	tileTable = &store.Table{Name: "fact_tile", Columns: store.Cols("stream:int node:int tile:int hash:blob"), Key: 3}
)

// add puts a fact at the end of its log in memory and returns its row.
func (t *turn) add(ctx context.Context, h *head, f *Fact, leaf tlog.Hash) ([]any, error) {
	kind, err := t.kind(ctx, f.Kind)
	if err != nil {
		return nil, err
	}
	tile, index, done := h.edge.Add(leaf)
	if done {
		h.tiles = append(h.tiles, []any{h.stream, h.node, int64(index), append([]byte(nil), tile[:]...)})
	}
	h.hlc = max(h.hlc, f.HLC)
	h.dirty, t.moved = true, true
	return []any{h.stream, h.node, int64(f.Seq), int64(f.HLC), kind, f.Subject, f.Actor, encodePrev(f.Prev), f.Body, int64(f.state)}, nil
}

// saveHeads signs, once a transaction, the heads of this node's own logs that were moved, and stores all that were.
func (t *turn) saveHeads(ctx context.Context) error {
	var hr, tr [][]any
	for _, h := range t.heads {
		if !h.dirty {
			continue
		}
		if h.sign != "" {
			var err error
			if h.note, err = t.log.signHead(h.sign, h.edge.Size, h.edge.Root()); err != nil {
				return err
			}
		}
		hr = append(hr, []any{h.stream, h.node, int64(h.edge.Size), int64(h.hlc), h.edge.encode(), h.note})
		tr = append(tr, h.tiles...)
		h.dirty, h.tiles = false, nil
	}
	slices.SortFunc(hr, func(a, b []any) int { return int(a[0].(int64) - b[0].(int64)) })
	if err := t.tx.Add(ctx, tileTable, tr); err != nil {
		return err
	}
	return t.tx.Insert(ctx, headTable, hr)
}
