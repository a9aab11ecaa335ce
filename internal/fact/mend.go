package fact

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"tizi/internal/id"
	"tizi/internal/store"
)

// Where pages of the database were damaged, facts are missing of logs whose hashes are still here, or are not the ones that were
// hashed. Another node that has the log gives them again: what it gives is believed where the hashes say so.

// Hole is a run of facts of a log that are missing, or of which one is not what its log was made of.
type Hole struct {
	Stream   string `json:"stream"`
	Node     id.ID  `json:"node"`
	From, To uint64 // both within
}

// String names the facts.
func (h Hole) String() string {
	return fmt.Sprintf("facts %d to %d of the log %s of node %s", h.From, h.To, h.Stream, h.Node.Hex())
}

// Holes returns what is missing of the logs, in order.
func (l *Log) Holes(ctx context.Context, q store.Querier) ([]Hole, error) {
	var out []Hole
	err := l.eachHead(ctx, q, func(stream, node, size int64, edge []byte, name string, n id.ID) error {
		holes, err := l.holes(ctx, q, stream, node, uint64(size), edge)
		for i := range holes {
			holes[i].Stream, holes[i].Node = name, n
		}
		out = append(out, holes...)
		return err
	})
	return out, err
}

func (l *Log) eachHead(ctx context.Context, q store.Querier, fn func(stream, node, size int64, edge []byte, name string, n id.ID) error) error {
	type row struct {
		stream, node, size int64
		edge               []byte
		name               string
		n                  id.ID
	}
	var all []row
	err := q.Each(ctx, "SELECT h.stream, h.node, h.size, h.edge, s.name, n.node FROM fact_head h JOIN fact_stream s ON s.id = h.stream JOIN fact_node n ON n.id = h.node ORDER BY s.name, n.node", nil, func(r store.Row) error {
		var x row
		err := r.Scan(&x.stream, &x.node, &x.size, &x.edge, &x.name, &x.n)
		all = append(all, x)
		return err
	})
	for _, x := range all {
		if err == nil {
			err = fn(x.stream, x.node, x.size, x.edge, x.name, x.n)
		}
	}
	return err
}

const tileFacts = 1 << tileLevel

// holes returns what is missing of one log: single facts where they are, and a tile whole where its hash is not that of its facts.
func (l *Log) holes(ctx context.Context, q store.Querier, stream, node int64, size uint64, edge []byte) ([]Hole, error) {
	var out []Hole
	add := func(from, to uint64) {
		if n := len(out); n > 0 && out[n-1].To+1 >= from {
			out[n-1].To = max(out[n-1].To, to)
			return
		}
		out = append(out, Hole{From: from, To: to})
	}
	want := l.reader(ctx, q, stream, node)
	for first := uint64(1); first <= size; first += tileFacts {
		last := min(first+tileFacts-1, size)
		next, clean := first, true
		var e Edge
		err := l.Facts(ctx, q, "stream = ? AND node = ? AND seq >= ? AND seq <= ? ORDER BY seq", store.Args(stream, node, int64(first), int64(last)), func(f *Fact) error {
			if f.Seq > next {
				add(next, f.Seq-1)
				clean = false
			}
			next = f.Seq + 1
			e.Add(f.Hash())
			return nil
		})
		if err != nil { // a fact that cannot be understood
			if ctx.Err() != nil || store.IsOutage(err) {
				return out, err
			}
			add(first, last)
			continue
		}
		if next <= last {
			add(next, last)
			clean = false
		}
		if !clean {
			continue
		}
		if last-first+1 == tileFacts {
			if h, err := want.tile((first - 1) / tileFacts); err == nil && h != e.Root() {
				add(first, last)
			}
			continue
		}
		// The end of a log is in no tile.
		if !endsWith(size, edge, e) {
			add(first, last)
		}
	}
	return out, nil
}

// endsWith reports whether an edge of a log ends with that of the facts behind its last tile.
func endsWith(size uint64, stored []byte, end Edge) bool {
	e, err := decodeEdge(size, stored)
	return err == nil && len(e.Hashes) >= len(end.Hashes) && slices.Equal(e.Hashes[len(e.Hashes)-len(end.Hashes):], end.Hashes)
}

// Mend puts facts into holes of a log. They are believed, all of those of a hole or none, where the hashes of the log say that they
// are the ones. It returns how many facts were put.
func (l *Log) Mend(ctx context.Context, h Hole, facts []*Fact) (int, error) {
	n := 0
	err := l.write(ctx, func(t *turn) error {
		n = 0
		stream, err := t.stream(ctx, h.Stream)
		if err != nil {
			return err
		}
		node, err := t.node(ctx, h.Node, nil)
		if err != nil {
			return err
		}
		var rows [][]any
		for _, f := range facts {
			if f.Stream != h.Stream || f.Node != h.Node || f.Seq < h.From || f.Seq > h.To {
				continue
			}
			if err := f.Check(); err != nil {
				return fmt.Errorf("%w: %w", ErrProof, err)
			}
			kind, err := t.kind(ctx, f.Kind)
			if err != nil {
				return err
			}
			rows = append(rows, []any{stream, node, int64(f.Seq), int64(f.HLC), kind, f.Subject, f.Actor, encodePrev(f.Prev), f.Body, int64(Effective)})
		}
		if len(rows) == 0 {
			return nil
		}
		if err := t.tx.Insert(ctx, factTable, rows); err != nil {
			return err
		}
		var size int64
		var edge []byte
		if _, err := store.One(ctx, t.tx, "SELECT size, edge FROM fact_head WHERE stream = ? AND node = ?", store.Args(stream, node), &size, &edge); err != nil {
			return err
		}
		left, err := l.holes(ctx, t.tx, stream, node, uint64(size), edge)
		if err != nil {
			return err
		}
		for _, x := range left {
			for _, f := range facts {
				if f.Seq >= x.From && f.Seq <= x.To { // it is there, and is not the one
					return fmt.Errorf("%s: %w", h.Stream, ErrProof)
				}
			}
		}
		n = len(rows)
		return nil
	})
	return n, err
}

// Rehead makes again what is stored of logs beside their facts, where it was lost: the hashes of tiles, and the heads of this node's
// own logs, which it signs. Facts of another node's log without a head are taken away, to be had again from others. The facts are taken for
// what they are. It returns the names of the logs that were taken away.
func (l *Log) Rehead(ctx context.Context) (gone []string, err error) {
	err = l.write(ctx, func(t *turn) error {
		gone = nil
		type log struct{ stream, node int64 }
		var lost []log
		err := t.tx.Each(ctx, "SELECT DISTINCT stream, node FROM fact f WHERE NOT EXISTS (SELECT 1 FROM fact_head h WHERE h.stream = f.stream AND h.node = f.node)", nil, func(r store.Row) error {
			var x log
			err := r.Scan(&x.stream, &x.node)
			lost = append(lost, x)
			return err
		})
		if err != nil {
			return err
		}
		for _, x := range lost {
			name, n := l.names.name(streamNames, x.stream), l.names.name(nodeNames, x.node)
			if n != string(l.node[:]) {
				gone = append(gone, name)
				for _, table := range []string{"fact", "fact_tile"} {
					if err := t.tx.Exec(ctx, "DELETE FROM "+table+" WHERE stream = ? AND node = ?", x.stream, x.node); err != nil {
						return err
					}
				}
				continue
			}
			h := &head{stream: x.stream, node: x.node, sign: name, dirty: true}
			err := l.Facts(ctx, t.tx, "stream = ? AND node = ? ORDER BY seq", store.Args(x.stream, x.node), func(f *Fact) error {
				if f.Seq != h.edge.Size+1 {
					return fmt.Errorf("%s: %w", name, errEdge)
				}
				h.edge.Add(f.Hash())
				h.hlc = max(h.hlc, f.HLC)
				return nil
			})
			if errors.Is(err, errEdge) {
				gone = append(gone, name)
				continue
			}
			if err != nil {
				return err
			}
			t.heads[[2]int64{x.stream, x.node}] = h
			t.moved = true
		}
		return l.eachHead(ctx, t.tx, func(stream, node, size int64, _ []byte, _ string, _ id.ID) error {
			var tiles [][]any
			have := map[int64]bool{}
			err := t.tx.Each(ctx, "SELECT tile FROM fact_tile WHERE stream = ? AND node = ?", store.Args(stream, node), func(r store.Row) error {
				var i int64
				err := r.Scan(&i)
				have[i] = true
				return err
			})
			if err != nil {
				return err
			}
			for i := range size / tileFacts {
				if have[i] {
					continue
				}
				var e Edge
				err := l.Facts(ctx, t.tx, "stream = ? AND node = ? AND seq > ? AND seq <= ? ORDER BY seq", store.Args(stream, node, i*tileFacts, (i+1)*tileFacts), func(f *Fact) error {
					e.Add(f.Hash())
					return nil
				})
				if err != nil {
					return err
				}
				if e.Size == tileFacts {
					root := e.Root()
					tiles = append(tiles, []any{stream, node, i, root[:]})
				}
			}
			return t.tx.Insert(ctx, tileTable, tiles)
		})
	})
	return gone, err
}

// Part notes that one of this node's own logs ends before a hole that nobody can fill: what stands behind is to be said again under a
// key of its own (Reissue), which the node takes next, since the one it has would sign another history.
func (l *Log) Part(ctx context.Context, h Hole) error {
	if h.Node != l.node {
		return ErrNoFork
	}
	return l.write(ctx, func(t *turn) error {
		stream, err := t.stream(ctx, h.Stream)
		if err != nil {
			return err
		}
		node, err := t.node(ctx, h.Node, nil)
		if err != nil {
			return err
		}
		was, err := t.head(ctx, stream, node)
		if err != nil {
			return err
		}
		e, err := l.reader(ctx, t.tx, stream, node).edge(h.From - 1)
		if err != nil {
			return err
		}
		ends, err := l.signHead(h.Stream, e.Size, e.Root())
		if err != nil {
			return err
		}
		return t.tx.Exec(ctx, "INSERT INTO fact_fork (stream, node, at, ours, theirs, common, lost) VALUES (?, ?, ?, ?, ?, ?, 1)", stream, node, int64(l.Clock.Tick()), was.note, ends, int64(e.Size))
	})
}
