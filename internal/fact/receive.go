package fact

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// Batch is a run of one log on its way to another node, with the proof that its author signed it: the facts bring the
// tree to a size that the signed head, of that size or a later one, commits to.
type Batch struct {
	Stream string
	Node   id.ID
	Public ed25519.PublicKey
	Facts  []*Fact
	Head   []byte
	Proof  tlog.TreeProof
}

// Errors of Receive. What they wrap says which log.
var (
	ErrGap    = errors.New("facts are missing before these; ask for them from the number this node holds")
	ErrProof  = errors.New("these facts are not the ones their node signed; the copy is damaged or was altered")
	ErrForked = errors.New("this node has signed two histories that cannot both be true; its box was probably copied or restored without a new key")
)

// Vector returns how many facts this node holds of each log: stream → node → size.
func (l *Log) Vector(ctx context.Context, q store.Querier) (map[string]map[id.ID]uint64, error) {
	out := map[string]map[id.ID]uint64{}
	err := q.Each(ctx, "SELECT s.name, n.node, h.size FROM fact_head h JOIN fact_stream s ON s.id = h.stream JOIN fact_node n ON n.id = h.node", nil, func(r store.Row) error {
		var s string
		var n id.ID
		var size int64
		if err := r.Scan(&s, &n, &size); err != nil {
			return err
		}
		if out[s] == nil {
			out[s] = map[id.ID]uint64{}
		}
		out[s][n] = uint64(size)
		return nil
	})
	return out, err
}

// Count returns how many facts this node holds.
func (l *Log) Count(ctx context.Context, q store.Querier) (int64, error) {
	var n int64
	_, err := store.One(ctx, q, "SELECT CAST(sum(size) AS BIGINT) FROM fact_head", nil, &n)
	return n, err
}

// Read returns at most max facts of a log after a number, ready for Receive; none left is an empty batch. What this node
// holds behind the newest signed head it can prove is not passed on yet.
func (l *Log) Read(ctx context.Context, q store.Querier, stream string, node id.ID, after uint64, max int) (*Batch, error) {
	b := &Batch{Stream: stream, Node: node}
	var s, n, size int64
	found, err := store.One(ctx, q, "SELECT h.stream, h.node, h.size, h.note, n.public_key FROM fact_head h JOIN fact_stream s ON s.id = h.stream JOIN fact_node n ON n.id = h.node WHERE s.name = ? AND n.node = ?",
		store.Args(stream, node), &s, &n, &size, &b.Head, (*[]byte)(&b.Public))
	if err != nil || !found {
		return b, err
	}
	signed, err := ParseHead(b.Head, b.Public)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", stream, err)
	}
	if int64(signed.Size) > size || after >= signed.Size {
		return b, nil
	}
	size = int64(signed.Size)
	err = l.Facts(ctx, q, "stream = ? AND node = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?", store.Args(s, n, int64(after), size, max), func(f *Fact) error {
		b.Facts = append(b.Facts, f)
		return nil
	})
	if err != nil || len(b.Facts) == 0 {
		return b, err
	}
	if to := b.Facts[len(b.Facts)-1].Seq; to < uint64(size) {
		if b.Proof, err = tlog.ProveTree(size, int64(to), l.reader(ctx, q, s, n)); err != nil {
			return nil, fmt.Errorf("prove a part of %s: %w", stream, err)
		}
	}
	return b, nil
}

// Prove returns a proof that a fact stands in its log, with the signed head it leads to (RFC 6962, section 2.1.1).
func (l *Log) Prove(ctx context.Context, q store.Querier, ref Ref) (tlog.RecordProof, []byte, error) {
	var s, n, size int64
	var note []byte
	found, err := store.One(ctx, q, "SELECT h.stream, h.node, h.size, h.note FROM fact_head h JOIN fact_stream s ON s.id = h.stream JOIN fact_node n ON n.id = h.node WHERE s.name = ? AND n.node = ?",
		store.Args(ref.Stream, ref.Node), &s, &n, &size, &note)
	if err != nil {
		return nil, nil, err
	}
	if !found || ref.Seq == 0 || int64(ref.Seq) > size {
		return nil, nil, fmt.Errorf("this node holds no fact %s", ref)
	}
	p, err := tlog.ProveRecord(size, int64(ref.Seq)-1, l.reader(ctx, q, s, n))
	return p, note, err
}

func (l *Log) reader(ctx context.Context, q store.Querier, stream, node int64) hashReader {
	return hashReader{
		tile: func(i uint64) (tlog.Hash, error) {
			var b []byte
			ok, err := store.One(ctx, q, "SELECT hash FROM fact_tile WHERE stream = ? AND node = ? AND tile = ?", store.Args(stream, node, int64(i)), &b)
			if err != nil || !ok || len(b) != tlog.HashSize {
				return tlog.Hash{}, errors.Join(err, fmt.Errorf("hash %d of the log is missing", i))
			}
			return tlog.Hash(b), nil
		},
		leaves: func(from, to uint64) ([]tlog.Hash, error) {
			var out []tlog.Hash
			err := l.Facts(ctx, q, "stream = ? AND node = ? AND seq > ? AND seq <= ? ORDER BY seq", store.Args(stream, node, int64(from), int64(to)), func(f *Fact) error {
				out = append(out, f.Hash())
				return nil
			})
			return out, err
		},
	}
}

// Receive takes facts of another node. It is idempotent: what is held already is passed over. It returns how many facts
// were new and how far the writer's clock is ahead of ours. Facts that do not count are stored all the same.
func (l *Log) Receive(ctx context.Context, b *Batch) (added int, ahead time.Duration, err error) {
	if len(b.Facts) == 0 {
		return 0, 0, nil
	}
	if seal.NodeOf(b.Public) != b.Node {
		return 0, 0, fmt.Errorf("facts of %s: the key is another node's: %w", b.Stream, ErrProof)
	}
	signed, err := ParseHead(b.Head, b.Public)
	if err != nil || signed.Stream != b.Stream || signed.Node != b.Node {
		return 0, 0, errors.Join(err, fmt.Errorf("facts of %s: %w", b.Stream, ErrProof))
	}
	for i, f := range b.Facts {
		if f.Stream != b.Stream || f.Node != b.Node || (i > 0 && f.Seq != b.Facts[i-1].Seq+1) {
			return 0, 0, fmt.Errorf("facts of %s are not in order: %w", b.Stream, ErrProof)
		}
		if err := f.Check(); err != nil {
			return 0, 0, fmt.Errorf("%w: %w", ErrProof, err)
		}
	}
	var forked []byte
	err = l.DB.Write(ctx, func(tx store.Tx) error {
		added, forked = 0, nil
		if err := tx.Lock(ctx, "head/"+b.Stream); err != nil {
			return err
		}
		if err := l.refresh(ctx, tx, false); err != nil {
			return err
		}
		stream, err := l.names.stream(ctx, tx, b.Stream)
		if err != nil {
			return err
		}
		node, err := l.names.node(ctx, tx, b.Node, b.Public)
		if err != nil {
			return err
		}
		hs := heads{}
		h, err := l.head(ctx, tx, hs, stream, node)
		if err != nil {
			return err
		}
		if b.Facts[0].Seq > h.edge.Size+1 {
			return fmt.Errorf("%s holds %d: %w", b.Stream, h.edge.Size, ErrGap)
		}
		if signed.Size == h.edge.Size && signed.Root != h.edge.Root() {
			forked = h.note
			return ErrForked
		}
		var fresh []*Fact
		var rows [][]any
		for _, f := range b.Facts {
			if f.Seq <= h.edge.Size {
				continue
			}
			row, err := l.add(ctx, tx, h, f)
			if err != nil {
				return err
			}
			fresh = append(fresh, f)
			rows = append(rows, row)
		}
		if len(fresh) == 0 {
			return nil
		}
		root := h.edge.Root()
		if signed.Size == h.edge.Size {
			if root != signed.Root {
				return fmt.Errorf("%s: %w", b.Stream, ErrProof)
			}
		} else if signed.Size < h.edge.Size || tlog.CheckTree(b.Proof, int64(signed.Size), signed.Root, int64(h.edge.Size), root) != nil {
			return fmt.Errorf("%s: %w", b.Stream, ErrProof)
		}
		// A head of a later size commits to these facts by the proof, but this node could not prove them to a third one
		// with it; so the head held stays until the facts have caught up with a newer one.
		if len(h.note) == 0 || signed.Size == h.edge.Size {
			h.note = b.Head
		}
		if err := l.write(ctx, tx, rows, hs); err != nil {
			return err
		}
		added = len(fresh)
		ahead = l.Clock.Meet(fresh[len(fresh)-1].HLC)
		return l.project(ctx, tx, fresh, nil, seal.Ring{})
	})
	if err != nil {
		l.recover(nil)
		if forked != nil {
			l.recordFork(ctx, b, forked)
		}
		return 0, 0, err
	}
	return added, ahead, nil
}

// recordFork keeps both signed heads as evidence; failing to is no reason to hide the fork.
func (l *Log) recordFork(ctx context.Context, b *Batch, ours []byte) error {
	return l.DB.Write(ctx, func(tx store.Tx) error {
		stream, err := l.names.stream(ctx, tx, b.Stream)
		if err != nil {
			return err
		}
		node, err := l.names.node(ctx, tx, b.Node, b.Public)
		if err != nil {
			return err
		}
		return tx.Exec(ctx, "INSERT INTO fact_fork (stream, node, at, ours, theirs) VALUES (?, ?, ?, ?, ?)", stream, node, l.Clock.Now().UnixMilli(), ours, b.Head)
	})
}
