package testnode

import (
	"context"
	"io/fs"
	"sync"
	"testing"
	"time"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// Epoch is the day on which test clocks begin.
var Epoch = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// Time is a clock that only a test moves.
type Time struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns the clock's reading.
func (c *Time) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set moves the clock, back too.
func (c *Time) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// Move moves the clock by a duration.
func (c *Time) Move(d time.Duration) { c.Set(c.Now().Add(d)) }

// Node is a node in a test.
type Node struct {
	*fact.Log
	Time  *Time
	Own   *seal.Identity
	place store.Config
	reg   *fact.Registry
	t     testing.TB
}

// New starts a node with a new identity on an empty database.
func New(t testing.TB, place store.Config, reg *fact.Registry) *Node {
	t.Helper()
	own, err := seal.NewIdentity()
	Must(t, err)
	n := &Node{Time: &Time{now: Epoch}, Own: own, place: place, reg: reg, t: t}
	n.Start()
	t.Cleanup(func() { n.Stop() })
	return n
}

// Start opens the node, again after Stop.
func (n *Node) Start() {
	n.t.Helper()
	Must(n.t, n.Try())
}

// Try is Start for a test that expects it to fail.
func (n *Node) Try() error {
	ctx := context.Background()
	db, err := store.Open(ctx, n.place)
	if err != nil {
		return err
	}
	for room, files := range map[string]fs.FS{"fact": fact.Schema(), "seal": seal.Schema()} {
		if err := db.Migrate(ctx, room, files); err != nil {
			db.Close()
			return err
		}
	}
	l, err := fact.Open(ctx, db, n.Own, n.reg, fact.NewClock(n.Time.Now))
	if err != nil {
		db.Close()
		return err
	}
	n.Log = l
	return nil
}

// Upgrade restarts the node with another program.
func (n *Node) Upgrade(reg *fact.Registry) {
	n.t.Helper()
	Must(n.t, n.Stop())
	n.reg = reg
	n.Start()
}

// Beside opens a second process of the same node on the same database.
func (n *Node) Beside() *Node {
	n.t.Helper()
	m := &Node{Time: n.Time, Own: n.Own, place: n.place, reg: n.reg, t: n.t}
	m.Start()
	n.t.Cleanup(func() { m.Stop() })
	return m
}

// Copy starts a box that was copied, key and all, from one on SQLite: what must not be done, and is.
func (n *Node) Copy() *Node {
	n.t.Helper()
	place := Fast(n.t)
	Must(n.t, n.DB.Script(context.Background(), "VACUUM INTO '"+place.Path+"'"))
	m := &Node{Time: &Time{now: n.Time.Now()}, Own: n.Own, place: place, reg: n.reg, t: n.t}
	m.Start()
	n.t.Cleanup(func() { m.Stop() })
	return m
}

// Stop closes the node, keeping its database. An error of closing is the test's to expect after a power cut.
func (n *Node) Stop() error {
	if n.Log == nil {
		return nil
	}
	n.Log.Close()
	err := n.Log.DB.Close()
	n.Log = nil
	return err
}

// Write runs a command of these facts.
func (n *Node) Write(facts ...fact.New) ([]fact.Ref, error) {
	return n.Do(context.Background(), fact.Command{
		Name: "test", Stream: facts[0].Stream,
		Run: func(context.Context, store.Querier) (fact.Outcome, error) { return fact.Outcome{Facts: facts}, nil },
	})
}

// Link carries facts between two nodes as a test says. Exchange over a network comes with the node package; what it
// must survive can be tried here.
type Link struct {
	From, To *Node
	// Batch bounds the facts of one delivery; 0 means 50.
	Batch int
	// Keys lets the keys of persons travel with the facts; otherwise CarryKeys brings them apart.
	Keys bool
	// Spoil may drop (return nil), alter or repeat a batch before it is delivered.
	Spoil func(*fact.Batch) []*fact.Batch
}

// Carry brings over what To lacks of the streams that keep selects, and returns how many facts were new to it.
func (l *Link) Carry(keep func(stream string) bool) (int, error) {
	ctx := context.Background()
	max := l.Batch
	if max == 0 {
		max = 50
	}
	have, err := l.To.Vector(ctx, l.To.DB)
	if err != nil {
		return 0, err
	}
	theirs, err := l.From.Vector(ctx, l.From.DB)
	if err != nil {
		return 0, err
	}
	total := 0
	for stream, nodes := range theirs {
		if keep != nil && !keep(stream) {
			continue
		}
		for node, size := range nodes {
			for at := have[stream][node]; at < size; {
				b, err := l.From.Read(ctx, l.From.DB, stream, node, at, max)
				if err != nil {
					return total, err
				}
				if len(b.Facts) == 0 {
					break
				}
				at = b.Facts[len(b.Facts)-1].Seq
				if !l.Keys {
					b.Keys = nil
				}
				parts := []*fact.Batch{b}
				if l.Spoil != nil {
					parts = l.Spoil(b)
				}
				for _, p := range parts {
					n, _, err := l.To.Receive(ctx, p)
					if err != nil {
						return total, err
					}
					total += n
				}
				if len(parts) == 0 {
					break
				}
			}
		}
	}
	return total, nil
}

// CarryKeys gives To the person keys that From holds of a stream, and folds again who can now be read there.
func (l *Link) CarryKeys(stream string) error {
	ctx := context.Background()
	var w *seal.Wrapped
	err := l.From.DB.Write(ctx, func(tx store.Tx) error {
		err := l.From.Keys.Share(ctx, tx, stream, map[id.ID][]byte{l.To.Own.Node(): l.To.Own.Recipient()})
		if err == nil {
			w, err = l.From.Keys.Export(ctx, tx, stream)
		}
		return err
	})
	if err != nil {
		return err
	}
	return l.To.ImportKeys(ctx, w)
}
