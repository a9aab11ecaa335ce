// Package node connects nodes: which there are, what they bring each other, over a network or in a file. What travels is
// facts, keys and files, and nothing else; how it travels, over HTTP or within a test, is a Link's matter.
package node

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"sync"
	"time"

	"tizi/internal/blob"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/release"
	"tizi/internal/store"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// Schema returns the migrations of what this node knows of others.
func Schema() fs.FS {
	sub, _ := fs.Sub(schemaFiles, "schema")
	return sub
}

// Nodes exchanges with other nodes.
type Nodes struct {
	log   *fact.Log
	blobs *blob.Store
	call  caller
	gate  chan struct{} // how many answers are worked out at once
	// Files returns the digests of the files that the facts of some streams speak of, or of some files those; the house knows.
	Files func(ctx context.Context, q store.Querier, stream func(string) bool, among ...blob.Digest) ([]blob.Digest, error)
	// Spare reports whether a fact that this node wrote in commons while it ruled itself is no loss once another rules, which says
	// something of its subject or not; the house knows.
	Spare func(f *fact.Fact, said bool) bool
	// Took is called when another node has brought facts.
	Took  func()
	told  asked
	count counting
	// Random is what recovery keys are drawn from: crypto/rand, unless a simulation has to draw the same again.
	Random io.Reader
	// Printed, unless it is nil, is told of a recovery key as it is printed.
	Printed func(sheet string) error
	// Program is the version that this node tells others.
	Program string
	// Vitals says how this node is, to one that it calls; nil: it does not say.
	Vitals func(ctx context.Context, peer Peer) (*Vitals, error)
	// Releases are the programs that this node takes from the one that it calls, and gives to those that call it; nil: none.
	Releases *release.Shelf
	// Archives are the backups that nodes leave with those they call; nil: none.
	Archives Archives
}

// New returns the room on a node's log and files.
func New(l *fact.Log, b *blob.Store) *Nodes {
	return &Nodes{
		Took:   func() {},
		Random: rand.Reader,
		Spare:  func(*fact.Fact, bool) bool { return false },
		log:    l, blobs: b, call: caller{now: make(chan struct{}, 1)}, gate: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)),
		Files: func(context.Context, store.Querier, func(string) bool, ...blob.Digest) ([]blob.Digest, error) {
			return nil, nil
		},
	}
}

// asked is which nodes this process has told which keys are wanted here. Where nobody has them, two nodes that hold the same are
// not to ask each other for ever.
type asked struct {
	mu   sync.Mutex // guards all below
	peer map[id.ID]map[id.ID]bool
}

func (a *asked) told(peer id.ID, wanted []id.ID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.peer == nil {
		a.peer = map[id.ID]map[id.ID]bool{}
	}
	if a.peer[peer] == nil {
		a.peer[peer] = map[id.ID]bool{}
	}
	for _, p := range wanted {
		a.peer[peer][p] = true
	}
}

// untold reports whether a key is wanted here of which a node was not told.
func (n *Nodes) untold(ctx context.Context, peer id.ID) (bool, error) {
	wanted, err := n.log.Keys.Wanted(ctx, n.log.DB, maxLacking)
	n.told.mu.Lock()
	defer n.told.mu.Unlock()
	return slices.ContainsFunc(wanted, func(p id.ID) bool { return !n.told.peer[peer][p] }), err
}

// Peer is a node that this one exchanges with.
type Peer struct {
	Node      id.ID
	Up        bool   // this node calls it
	Address   string // where it is called, "" for one that calls
	Public    ed25519.PublicKey
	Recipient []byte // what to wrap keys with for it
	Root      id.ID  // whom it takes for the root of trust; of one that calls, Nil
	Paired    time.Time

	Tried, Done time.Time // the last exchange, and the last that was whole; zero: never
	Fault       string    // what kept the last one from being whole
	Ahead       time.Duration
	Program     string
	Sent, Got   int     // facts, in the last exchange
	Copied      bool    // it knew more, or other, facts of this node than this node: this one is a copy, and has no key of its own yet
	Vitals      *Vitals // how it said that it is; nil: it did not

	Plan
}

// Plan says when a node calls another, and how fast it may be.
type Plan struct {
	Every         time.Duration // after the last exchange that was whole; 0 means DefaultEvery
	Cap           int           // bytes a second, both ways together; 0: as fast as the link
	Opens, Closes string        // between these times of the day, "22:00" to "06:00"; empty: always
	Paused        bool          // not until somebody says so
}

// DefaultEvery is how often a node calls unless a plan says otherwise.
const DefaultEvery = 15 * time.Minute

// Late is after how long without an exchange somebody should look: a weekend is none.
const Late = 4 * 24 * time.Hour

const peerColumns = "node, up, address, public_key, recipient, root, paired, tried, done, fault, ahead, program, sent, got, every, cap, opens, closes, paused, copied, vitals"

func (p *Peer) scan(r store.Row) error {
	var paired, tried, done, ahead, every int64
	var vitals string
	err := r.Scan(&p.Node, &p.Up, &p.Address, (*[]byte)(&p.Public), &p.Recipient, &p.Root, &paired, &tried, &done, &p.Fault, &ahead, &p.Program, &p.Sent, &p.Got, &every, &p.Cap, &p.Opens, &p.Closes, &p.Paused, &p.Copied, &vitals)
	p.Vitals = readVitals(vitals)
	p.Every = time.Duration(every) * time.Second
	p.Paired, p.Tried, p.Done, p.Ahead = instant(paired), instant(tried), instant(done), time.Duration(ahead)*time.Millisecond
	return err
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Peers returns the nodes that this one exchanges with, first the one it calls.
func (n *Nodes) Peers(ctx context.Context, q store.Querier) ([]Peer, error) {
	return n.peers(ctx, q, "1 = 1")
}

func (n *Nodes) peers(ctx context.Context, q store.Querier, where string, args ...any) ([]Peer, error) {
	var out []Peer
	err := q.Each(ctx, "SELECT "+peerColumns+" FROM node_peer WHERE "+where+" ORDER BY up DESC, node", args, func(r store.Row) error {
		var p Peer
		err := p.scan(r)
		out = append(out, p)
		return err
	})
	return out, err
}

// Up returns the node that this one calls, or nil.
func (n *Nodes) Up(ctx context.Context, q store.Querier) (*Peer, error) {
	l, err := n.peers(ctx, q, "up = 1")
	if err != nil || len(l) == 0 {
		return nil, err
	}
	return &l[0], nil
}

// Peer returns a node that this one exchanges with, or nil.
func (n *Nodes) Peer(ctx context.Context, q store.Querier, node id.ID) (*Peer, error) {
	l, err := n.peers(ctx, q, "node = ?", node)
	if err != nil || len(l) == 0 {
		return nil, err
	}
	return &l[0], nil
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// keep stores a peer.
func keep(ctx context.Context, tx store.Tx, p Peer) error {
	err := tx.Exec(ctx, "INSERT INTO node_peer ("+peerColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (node) DO UPDATE SET up = excluded.up, address = excluded.address, public_key = excluded.public_key, recipient = excluded.recipient, root = excluded.root, paired = excluded.paired, tried = excluded.tried, done = excluded.done, fault = excluded.fault, ahead = excluded.ahead, program = excluded.program, sent = excluded.sent, got = excluded.got, every = excluded.every, cap = excluded.cap, opens = excluded.opens, closes = excluded.closes, paused = excluded.paused, copied = excluded.copied, vitals = excluded.vitals",
		p.Node, boolean(p.Up), p.Address, append([]byte{}, p.Public...), append([]byte{}, p.Recipient...), p.Root, millis(p.Paired), millis(p.Tried), millis(p.Done), p.Fault, p.Ahead.Milliseconds(), p.Program, p.Sent, p.Got, int64(p.Every/time.Second), p.Cap, p.Opens, p.Closes, boolean(p.Paused), boolean(p.Copied), p.Vitals.encode())
	if err != nil {
		return fmt.Errorf("keep what is known of a node: %w", err)
	}
	return nil
}

// shared says which streams two nodes may both hold, as far as this one knows.
func (n *Nodes) shared(peer id.ID) func(stream string) bool {
	memo := map[string]bool{}
	return func(stream string) bool {
		ok, known := memo[stream]
		if !known {
			ok = n.log.Reads(n.log.Node(), stream) && n.log.Reads(peer, stream)
			memo[stream] = ok
		}
		return ok
	}
}

// compared says of which streams two nodes tell each other how much they hold: those that they share, and those that one of them
// writes by a recovery key, of which it is given nothing until that is confirmed.
func (n *Nodes) compared(peer id.ID) func(stream string) bool {
	shared := n.shared(peer)
	may := func(v id.ID, stream string) bool { return n.log.Reads(v, stream) || n.log.Writes(v, stream) }
	return func(stream string) bool {
		return shared(stream) || may(n.log.Node(), stream) && may(peer, stream)
	}
}
