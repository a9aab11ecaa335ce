package fact

import (
	"context"
	"crypto/ed25519"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
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

// Log is a node's log and the one way to write to it. It is safe for concurrent use.
type Log struct {
	DB       *store.DB
	Keys     *seal.Keys
	Clock    *Clock
	Registry *Registry
	own      *seal.Identity
	node     id.ID

	names *names

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
	var last int64
	if _, err := store.One(ctx, db, "SELECT max(hlc) FROM fact_head WHERE node IN (SELECT id FROM fact_node WHERE node = ?)", store.Args(l.node), &last); err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	clock.Observe(Time(last))
	made, err := db.Ensure(ctx, reg.Tables())
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	err = db.Write(ctx, func(tx store.Tx) error {
		_, err := l.names.node(ctx, tx, l.node, own.Public())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	if err := l.refresh(ctx, db, true); err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	go l.run()
	if len(made) > 0 {
		if err := l.fill(ctx, made); err != nil {
			l.Close()
			return nil, fmt.Errorf("open the log: %w", err)
		}
	}
	if err := l.reread(ctx); err != nil {
		l.Close()
		return nil, fmt.Errorf("open the log: %w", err)
	}
	return l, nil
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

// head of one (stream, node) log while it is written.
type head struct {
	stream, node int64 // dictionary numbers
	edge         Edge
	hlc          Time
	note         []byte
	tiles        [][]any
	dirty        bool
}

// heads of the logs that a transaction touches.
type heads map[[2]int64]*head

func (l *Log) head(ctx context.Context, tx store.Querier, hs heads, stream, node int64) (*head, error) {
	k := [2]int64{stream, node}
	if h := hs[k]; h != nil {
		return h, nil
	}
	h := &head{stream: stream, node: node}
	var size, hlc int64
	var edge []byte
	found, err := store.One(ctx, tx, "SELECT size, hlc, edge, note FROM fact_head WHERE stream = ? AND node = ?", store.Args(stream, node), &size, &hlc, &edge, &h.note)
	if err != nil {
		return nil, err
	}
	if found {
		if h.edge, err = decodeEdge(uint64(size), edge); err != nil {
			return nil, err
		}
		h.hlc = Time(hlc)
	}
	hs[k] = h
	return h, nil
}

var (
	factTable = &store.Table{Name: "fact", Columns: store.Cols("stream:int node:int seq:int hlc:int kind:int subject:id actor:id prev:blob body:blob state:int"), Key: 3}
	headTable = &store.Table{Name: "fact_head", Columns: store.Cols("stream:int node:int size:int hlc:int edge:blob note:blob"), Key: 2}
	tileTable = &store.Table{Name: "fact_tile", Columns: store.Cols("stream:int node:int tile:int hash:blob"), Key: 3}
)

// add puts a fact at the end of its log in memory and returns its row.
func (l *Log) add(ctx context.Context, tx store.Tx, h *head, f *Fact) ([]any, error) {
	kind, err := l.names.kind(ctx, tx, f.Kind)
	if err != nil {
		return nil, err
	}
	tile, index, done := h.edge.Add(f.Hash())
	if done {
		h.tiles = append(h.tiles, []any{h.stream, h.node, int64(index), append([]byte(nil), tile[:]...)})
	}
	h.hlc = max(h.hlc, f.HLC)
	h.dirty = true
	return []any{h.stream, h.node, int64(f.Seq), int64(f.HLC), kind, f.Subject, f.Actor, encodePrev(f.Prev), f.Body, int64(f.state)}, nil
}

// write stores rows of facts and the heads they moved.
func (l *Log) write(ctx context.Context, tx store.Tx, rows [][]any, hs heads) error {
	if err := tx.Insert(ctx, factTable, rows); err != nil {
		return err
	}
	var hr, tr [][]any
	for _, h := range hs {
		if h.dirty {
			hr = append(hr, []any{h.stream, h.node, int64(h.edge.Size), int64(h.hlc), h.edge.encode(), h.note})
			tr = append(tr, h.tiles...)
			h.dirty, h.tiles = false, nil
		}
	}
	slices.SortFunc(hr, func(a, b []any) int { return int(a[0].(int64) - b[0].(int64)) })
	if err := tx.Insert(ctx, tileTable, tr); err != nil {
		return err
	}
	return tx.Insert(ctx, headTable, hr)
}

// origin is the first line of a signed head, as the checkpoint format of transparency logs asks for one.
func origin(stream string, node id.ID) string { return "tizi/" + stream + "/" + node.Hex() }

// Head is a signed head of a log (C2SP tlog-checkpoint): origin, size, root, signature.
type Head struct {
	Stream string
	Node   id.ID
	Size   uint64
	Root   tlog.Hash
	Note   []byte
}

func (l *Log) signHead(stream string, e *Edge) []byte {
	root := e.Root()
	text := fmt.Sprintf("%s\n%d\n%s\n", origin(stream, l.node), e.Size, root)
	return fmt.Appendf(nil, "%s\n\u2014 %s %s\n", text, l.node.Hex(), base64.StdEncoding.EncodeToString(l.own.Sign([]byte(text))))
}

var errHead = errors.New("the signed head of the log is malformed")

// ParseHead checks a signed head against the node's public key.
func ParseHead(note []byte, public ed25519.PublicKey) (Head, error) {
	text, sig, ok := strings.Cut(string(note), "\n\n")
	lines := strings.Split(text, "\n")
	if !ok || len(lines) != 3 || !strings.HasPrefix(lines[0], "tizi/") {
		return Head{}, errHead
	}
	slash := strings.LastIndexByte(lines[0], '/')
	h := Head{Stream: lines[0][5:slash], Note: note}
	var err error
	if h.Node, err = id.Parse(lines[0][slash+1:]); err != nil {
		return Head{}, errHead
	}
	if _, err = fmt.Sscanf(lines[1], "%d", &h.Size); err != nil {
		return Head{}, errHead
	}
	if h.Root, err = tlog.ParseHash(lines[2]); err != nil {
		return Head{}, errHead
	}
	var by, b64 string
	if _, err = fmt.Sscanf(sig, "\u2014 %s %s\n", &by, &b64); err != nil || by != h.Node.Hex() {
		return Head{}, errHead
	}
	raw, err := base64.StdEncoding.DecodeString(b64)
	if err != nil || seal.NodeOf(public) != h.Node || !ed25519.Verify(public, []byte(text+"\n"), raw) {
		return Head{}, fmt.Errorf("the head of %s was not signed by its node", h.Stream)
	}
	return h, nil
}

// names keeps the dictionaries that make rows small. Numbers never change, so they are cached for ever; a transaction
// that fails may leave numbers cached that the table does not hold, so the log resets them then.
type names struct {
	mu     sync.Mutex
	byName map[string]map[string]int64
	byNum  map[string]map[int64]string
}

func newNames() *names {
	return &names{byName: map[string]map[string]int64{}, byNum: map[string]map[int64]string{}}
}

func (n *names) reset() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.byName)
	clear(n.byNum)
}

func (n *names) put(table, name string, num int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.byName[table] == nil {
		n.byName[table], n.byNum[table] = map[string]int64{}, map[int64]string{}
	}
	n.byName[table][name] = num
	n.byNum[table][num] = name
}

func (n *names) stream(ctx context.Context, tx store.Tx, name string) (int64, error) {
	return n.intern(ctx, tx, "fact_stream", "name", name, name, nil)
}

func (n *names) kind(ctx context.Context, tx store.Tx, name string) (int64, error) {
	return n.intern(ctx, tx, "fact_kind", "name", name, name, nil)
}

func (n *names) node(ctx context.Context, tx store.Tx, node id.ID, public []byte) (int64, error) {
	return n.intern(ctx, tx, "fact_node", "node", string(node[:]), node, public)
}

func (n *names) intern(ctx context.Context, tx store.Tx, table, column, name string, value any, public []byte) (int64, error) {
	n.mu.Lock()
	num, ok := n.byName[table][name]
	n.mu.Unlock()
	if ok {
		return num, nil
	}
	find := "SELECT id FROM " + table + " WHERE " + column + " = ?"
	ok, err := store.One(ctx, tx, find, store.Args(value), &num)
	if err != nil {
		return 0, err
	}
	if !ok {
		if err := tx.Lock(ctx, table); err != nil {
			return 0, err
		}
		if ok, err = store.One(ctx, tx, find, store.Args(value), &num); err != nil {
			return 0, err
		}
	}
	if !ok {
		if _, err := store.One(ctx, tx, "SELECT max(id) FROM "+table, nil, &num); err != nil {
			return 0, err
		}
		num++
		if public != nil {
			err = tx.Exec(ctx, "INSERT INTO "+table+" (id, node, public_key) VALUES (?, ?, ?)", num, value, public)
		} else {
			err = tx.Exec(ctx, "INSERT INTO "+table+" (id, name) VALUES (?, ?)", num, value)
		}
		if err != nil {
			return 0, err
		}
	}
	n.put(table, name, num)
	return num, nil
}

func (n *names) look(ctx context.Context, q store.Querier, table, column string, num int64) (string, error) {
	n.mu.Lock()
	s, ok := n.byNum[table][num]
	n.mu.Unlock()
	if ok {
		return s, nil
	}
	var b []byte
	var err error
	if column == "node" {
		ok, err = store.One(ctx, q, "SELECT node FROM "+table+" WHERE id = ?", store.Args(num), &b)
		s = string(b)
	} else {
		ok, err = store.One(ctx, q, "SELECT name FROM "+table+" WHERE id = ?", store.Args(num), &s)
	}
	if err != nil {
		return "", err
	}
	if !ok {
		return "", fmt.Errorf("the dictionary %s has no number %d; the database is damaged", table, num)
	}
	n.put(table, s, num)
	return s, nil
}

// columns of a fact row, in the order that scan reads.
const columns = "stream, node, seq, hlc, kind, subject, actor, prev, body, state"

// raw is a row before its dictionary numbers are looked up: a look-up may need the connection that is still reading.
type raw struct {
	f                  *Fact
	stream, node, kind int64
}

func scanRaw(r store.Row) (raw, error) {
	x := raw{f: &Fact{}}
	var seq, hlc, state int64
	var prev []byte
	if err := r.Scan(&x.stream, &x.node, &seq, &hlc, &x.kind, &x.f.Subject, &x.f.Actor, &prev, &x.f.Body, &state); err != nil {
		return x, err
	}
	x.f.Seq, x.f.HLC, x.f.state = uint64(seq), Time(hlc), State(state)
	var err error
	x.f.Prev, err = decodePrev(prev)
	return x, err
}

func (l *Log) name(ctx context.Context, q store.Querier, x raw) (*Fact, error) {
	var err error
	if x.f.Stream, err = l.names.look(ctx, q, "fact_stream", "name", x.stream); err != nil {
		return nil, err
	}
	if x.f.Kind, err = l.names.look(ctx, q, "fact_kind", "name", x.kind); err != nil {
		return nil, err
	}
	node, err := l.names.look(ctx, q, "fact_node", "node", x.node)
	if err != nil {
		return nil, err
	}
	copy(x.f.Node[:], node)
	return x.f, nil
}

// Facts calls fn for the facts that a condition on the table fact selects, in the order it asks for.
func (l *Log) Facts(ctx context.Context, q store.Querier, where string, args []any, fn func(*Fact) error) error {
	var rows []raw
	err := q.Each(ctx, "SELECT "+columns+" FROM fact WHERE "+where, args, func(r store.Row) error {
		x, err := scanRaw(r)
		rows = append(rows, x)
		return err
	})
	if err != nil {
		return err
	}
	for _, x := range rows {
		f, err := l.name(ctx, q, x)
		if err != nil {
			return err
		}
		if err := fn(f); err != nil {
			return err
		}
	}
	return nil
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
