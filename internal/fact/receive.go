package fact

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
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
	// Keys are those of the subjects, as far as they are of the stream. They prove themselves: who can open them sees
	// whether they are whole.
	Keys []seal.WrappedPerson
}

// Last is the number of the last fact of a batch, 0 of an empty one.
func (b *Batch) Last() uint64 {
	if len(b.Facts) == 0 {
		return 0
	}
	return b.Facts[len(b.Facts)-1].Seq
}

// maxBatch bounds the bodies of one batch in bytes.
const maxBatch = 1 << 20

// Errors of Receive. What they wrap says which log.
var (
	ErrGap = errors.New("facts are missing before these; ask for them from the number this node holds")
	// ErrProof may also mean that the two nodes hold different histories of the log: the same asked for again from an
	// earlier number, up to the very first, tells (ErrForked).
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

// LogState is how much this node holds of a log, and what it is.
type LogState struct {
	Stream string
	Node   id.ID
	Size   uint64
	Root   tlog.Hash // of these facts
}

// States returns the state of each log of the streams that keep selects, in order.
func (l *Log) States(ctx context.Context, q store.Querier, keep func(stream string) bool) ([]LogState, error) {
	// A hub has a log of each of a thousand centres, and most ask for one.
	var streams []string // their numbers
	err := q.Each(ctx, "SELECT id, name FROM fact_stream", nil, func(r store.Row) error {
		var v int64
		var name string
		err := r.Scan(&v, &name)
		if err == nil && keep(name) {
			streams = append(streams, strconv.FormatInt(v, 10))
		}
		return err
	})
	if err != nil || len(streams) == 0 {
		return nil, err
	}
	var out []LogState
	err = q.Each(ctx, "SELECT s.name, n.node, h.size, h.edge FROM fact_head h JOIN fact_stream s ON s.id = h.stream JOIN fact_node n ON n.id = h.node WHERE h.stream IN ("+strings.Join(streams, ", ")+") ORDER BY s.name, n.node", nil, func(r store.Row) error {
		var s LogState
		var size int64
		var edge []byte
		if err := r.Scan(&s.Stream, &s.Node, &size, &edge); err != nil {
			return err
		}
		e, err := decodeEdge(uint64(size), edge)
		s.Size, s.Root = e.Size, e.Root()
		out = append(out, s)
		return err
	})
	return out, err
}

// Streams returns the names of the streams of which this node knows.
func (l *Log) Streams(ctx context.Context, q store.Querier) ([]string, error) {
	var out []string
	err := q.Each(ctx, "SELECT name FROM fact_stream ORDER BY name", nil, func(r store.Row) error {
		var s string
		err := r.Scan(&s)
		out = append(out, s)
		return err
	})
	return out, err
}

// Held returns how many facts of a log this node holds.
func (l *Log) Held(ctx context.Context, q store.Querier, stream string, node id.ID) (uint64, error) {
	var size int64
	_, err := store.One(ctx, q, "SELECT h.size FROM fact_head h JOIN fact_stream s ON s.id = h.stream JOIN fact_node n ON n.id = h.node WHERE s.name = ? AND n.node = ?", store.Args(stream, node), &size)
	return uint64(size), err
}

// RootAt returns the root of the first facts of a log; ok is false where this node holds fewer.
func (l *Log) RootAt(ctx context.Context, q store.Querier, stream string, node id.ID, size uint64) (root tlog.Hash, ok bool, err error) {
	h, err := l.stored(ctx, q, stream, node)
	if err != nil || h == nil || size > h.size {
		return root, false, err
	}
	e, err := h.reader.edge(size)
	return e.Root(), err == nil, err
}

// Count returns how many facts this node holds.
func (l *Log) Count(ctx context.Context, q store.Querier) (int64, error) {
	var n int64
	_, err := store.One(ctx, q, "SELECT CAST(sum(size) AS BIGINT) FROM fact_head", nil, &n)
	return n, err
}

// Read returns at most max facts of a log after a number, ready for Receive; none left is an empty batch. This node's own
// log comes with a head signed for just this batch, so that whoever receives it can pass it on at once; what it holds of
// another's behind the newest signed head it can prove is not passed on yet.
func (l *Log) Read(ctx context.Context, q store.Querier, stream string, node id.ID, after uint64, max int) (*Batch, error) {
	b := &Batch{Stream: stream, Node: node}
	h, err := l.stored(ctx, q, stream, node)
	if err != nil || h == nil || after >= h.proved {
		return b, err
	}
	b.Head, b.Public = h.note, h.public
	for bytes := 0; len(b.Facts) < max && bytes < maxBatch; {
		n := len(b.Facts)
		err := l.Facts(ctx, q, "stream = ? AND node = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
			store.Args(h.stream, h.node, after, h.proved, min(max-n, 500)), func(f *Fact) error {
				if bytes < maxBatch {
					b.Facts = append(b.Facts, f)
					bytes += len(f.Body)
				}
				return nil
			})
		if err != nil {
			return nil, err
		}
		if len(b.Facts) == n {
			break
		}
		after = b.Last()
	}
	if len(b.Facts) == 0 {
		return b, nil
	}
	if b.Keys, err = l.Keys.Of(ctx, q, func(s string) bool { return s == stream }, l.Registry.keyed(b.Facts)); err != nil {
		return nil, err
	}
	to := b.Last()
	if to == h.proved {
		return b, nil
	}
	if node == l.node {
		root, err := tlog.TreeHash(int64(to), h.reader)
		if err != nil {
			return nil, fmt.Errorf("sign a part of %s: %w", stream, err)
		}
		b.Head, err = l.signHead(stream, to, root)
		return b, err
	}
	if b.Proof, err = tlog.ProveTree(int64(h.proved), int64(to), h.reader); err != nil {
		return nil, fmt.Errorf("prove a part of %s: %w", stream, err)
	}
	return b, nil
}

// Prove returns a proof that a fact stands in its log, with the signed head it leads to (RFC 6962, section 2.1.1).
func (l *Log) Prove(ctx context.Context, q store.Querier, ref Ref) (tlog.RecordProof, []byte, error) {
	h, err := l.stored(ctx, q, ref.Stream, ref.Node)
	if err != nil {
		return nil, nil, err
	}
	if h == nil || ref.Seq == 0 || ref.Seq > h.proved {
		return nil, nil, fmt.Errorf("this node holds no signed head over a fact %s", ref)
	}
	p, err := tlog.ProveRecord(int64(h.proved), int64(ref.Seq)-1, h.reader)
	return p, h.note, err
}

// stored is the head of a log as it is stored.
type stored struct {
	stream, node int64
	size         uint64
	proved       uint64 // as many of its facts as the note proves; 0 when the note is of a head not reached yet
	note         []byte
	public       ed25519.PublicKey
	reader       hashReader
}

// stored returns the head of a log, or nil.
func (l *Log) stored(ctx context.Context, q store.Querier, stream string, node id.ID) (*stored, error) {
	h := &stored{}
	found, err := store.One(ctx, q, "SELECT h.stream, h.node, h.size, h.note, n.public_key FROM fact_head h JOIN fact_stream s ON s.id = h.stream JOIN fact_node n ON n.id = h.node WHERE s.name = ? AND n.node = ?",
		store.Args(stream, node), &h.stream, &h.node, &h.size, &h.note, (*[]byte)(&h.public))
	if err != nil || !found {
		return nil, err
	}
	signed, err := ParseHead(h.note, h.public)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", stream, err)
	}
	if signed.Size <= h.size {
		h.proved = signed.Size
	}
	h.reader = l.reader(ctx, q, h.stream, h.node)
	return h, nil
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

// Receive takes facts of another node, and the keys that come with them. It is idempotent: what is held already is passed over. It returns how many facts
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
	if slices.ContainsFunc(b.Keys, func(k seal.WrappedPerson) bool { return k.Stream != b.Stream }) {
		return 0, 0, fmt.Errorf("facts of %s: a key is of another stream: %w", b.Stream, ErrProof)
	}
	facts := make([]*Fact, len(b.Facts))
	leaves := make([]tlog.Hash, len(b.Facts))
	for i, f := range b.Facts {
		if f.Stream != b.Stream || f.Node != b.Node || f.Seq != b.Facts[0].Seq+uint64(i) {
			return 0, 0, fmt.Errorf("facts of %s are not in order: %w", b.Stream, ErrProof)
		}
		if err := f.Check(); err != nil {
			return 0, 0, fmt.Errorf("%w: %w", ErrProof, err)
		}
		// The caller's facts stay his: what they mean here is another matter than what they mean elsewhere.
		facts[i] = &Fact{f.Stream, f.Node, f.Seq, f.HLC, f.Kind, f.Subject, f.Actor, f.Prev, f.Body, Effective, nil}
		leaves[i] = f.Hash()
	}
	if facts[len(facts)-1].Seq > signed.Size {
		return 0, 0, fmt.Errorf("facts of %s stand behind their head: %w", b.Stream, ErrProof)
	}
	var ours []byte
	common := -1
	err = l.write(ctx, func(t *turn) error {
		added, ahead, ours, common = 0, 0, nil, -1
		stream, err := t.stream(ctx, b.Stream)
		if err != nil {
			return err
		}
		node, err := t.node(ctx, b.Node, b.Public)
		if err != nil {
			return err
		}
		h, err := t.head(ctx, stream, node)
		if err != nil {
			return err
		}
		if facts[0].Seq > h.edge.Size+1 {
			return fmt.Errorf("%s holds %d: %w", b.Stream, h.edge.Size, ErrGap)
		}
		held := l.reader(ctx, t.tx, stream, node)
		if signed.Size <= h.edge.Size {
			// Nothing can be new, but the head says what it commits to.
			e, err := held.edge(signed.Size)
			if err != nil {
				return err
			}
			if e.Root() != signed.Root {
				ours = h.note
				if common, err = parts(facts[0].Seq, leaves, h.edge.Size, held); err != nil {
					return err
				}
				return fmt.Errorf("%s: %w", b.Stream, ErrForked)
			}
			return nil
		}
		fork, err := verify(b, facts[0].Seq, leaves, signed, h.edge, held)
		if err != nil {
			return fmt.Errorf("%s: %w", b.Stream, err)
		}
		if fork {
			ours = h.note
			if common, err = parts(facts[0].Seq, leaves, h.edge.Size, held); err != nil {
				return err
			}
			return fmt.Errorf("%s: %w", b.Stream, ErrForked)
		}
		known := min(h.edge.Size-(facts[0].Seq-1), uint64(len(facts)))
		fresh := facts[known:]
		if len(fresh) == 0 {
			return nil
		}
		before := make(map[id.ID][]*Fact, len(fresh))
		subjects := make([]id.ID, 0, len(fresh))
		rows := make([][]any, 0, len(fresh))
		for i, f := range fresh {
			row, err := t.add(ctx, h, f, leaves[known:][i])
			if err != nil {
				return err
			}
			rows = append(rows, row)
			if _, ok := before[f.Subject]; !ok {
				before[f.Subject] = nil
				subjects = append(subjects, f.Subject)
			}
		}
		// A head of a later size commits to these facts by the proof, but this node could not prove them to a third one
		// with it; so the head held stays until the facts have caught up with a newer one.
		if len(h.note) == 0 || signed.Size == h.edge.Size {
			h.note = b.Head
		}
		if err := t.gather(ctx, subjects, before); err != nil {
			return err
		}
		if err := t.tx.Add(ctx, factTable, rows); err != nil {
			return err
		}
		added = len(fresh)
		ahead = l.Clock.Meet(fresh[len(fresh)-1].HLC)
		var others []id.ID
		if len(b.Keys) > 0 {
			readable, err := l.Keys.Import(ctx, t.tx, &seal.Wrapped{Persons: b.Keys})
			if err != nil {
				return err
			}
			for _, p := range readable {
				if _, ok := before[p]; !ok {
					others = append(others, p)
				}
			}
		}
		if err := t.project(ctx, fresh, before, seal.Ring{}); err != nil {
			return err
		}
		if err := l.Keys.Want(ctx, t.tx, l.Registry.closed(fresh, b.Keys)); err != nil {
			return err
		}
		return t.refold(ctx, others)
	})
	if err != nil {
		if ours != nil {
			err = errors.Join(err, l.recordFork(ctx, b, ours, common))
		}
		return 0, 0, err
	}
	return added, ahead, nil
}

// verify proves that a batch leads to its signed head, from what is held of the log before it. Facts that are proved and
// are not those that are held under their numbers are a fork: the same node signed both.
func verify(b *Batch, first uint64, leaves []tlog.Hash, signed Head, edge Edge, held hashReader) (fork bool, err error) {
	size := edge.Size
	if first <= size {
		if edge, err = held.edge(first - 1); err != nil {
			return false, err
		}
	} else {
		edge = edge.clone()
	}
	for _, leaf := range leaves {
		edge.Add(leaf)
	}
	root := edge.Root()
	if signed.Size == edge.Size {
		if root != signed.Root {
			return false, ErrProof
		}
	} else if tlog.CheckTree(b.Proof, int64(signed.Size), signed.Root, int64(edge.Size), root) != nil {
		return false, ErrProof
	}
	if first > size {
		return false, nil
	}
	known := min(size, edge.Size)
	ours, err := held.leaves(first-1, known)
	if err != nil {
		return false, err
	}
	return !slices.Equal(ours, leaves[:known-(first-1)]), nil
}

// parts is how many facts two histories have in common, as far as some leaves from a number on tell; -1 where they do not.
func parts(first uint64, leaves []tlog.Hash, size uint64, held hashReader) (int, error) {
	if first > size {
		return -1, nil
	}
	ours, err := held.leaves(first-1, min(size, first-1+uint64(len(leaves))))
	if err != nil || len(ours) == 0 || ours[0] != leaves[0] && first > 1 {
		return -1, err // they may part further back
	}
	return partAt(first, ours, leaves), nil
}

// recordFork keeps both signed heads as evidence, and where the histories part when that is known. Two histories that part at one
// place are one piece of evidence, whichever heads of them are shown: a copied box signs another one whenever it calls.
func (l *Log) recordFork(ctx context.Context, b *Batch, ours []byte, common int) error {
	return l.write(ctx, func(t *turn) error {
		stream, err := t.stream(ctx, b.Stream)
		if err != nil {
			return err
		}
		node, err := t.node(ctx, b.Node, b.Public)
		if err != nil {
			return err
		}
		var known, vague bool
		err = t.tx.Each(ctx, "SELECT common FROM fact_fork WHERE stream = ? AND node = ?", store.Args(stream, node), func(r store.Row) error {
			var at int
			err := r.Scan(&at)
			known, vague = known || at == common || common < 0, vague || at < 0
			return err
		})
		switch {
		case err != nil:
			return err
		case known && common < 0:
			return nil
		case known: // the latest head tells what Yield has seen; one whose other side is lost stays as it is for Reissue
			return t.tx.Exec(ctx, "UPDATE fact_fork SET theirs = ? WHERE stream = ? AND node = ? AND common = ? AND lost = 0", b.Head, stream, node, common)
		case vague:
			return t.tx.Exec(ctx, "UPDATE fact_fork SET ours = ?, theirs = ?, common = ? WHERE stream = ? AND node = ? AND common < 0", ours, b.Head, common, stream, node)
		}
		return t.tx.Exec(ctx, "INSERT INTO fact_fork (stream, node, at, ours, theirs, common) VALUES (?, ?, ?, ?, ?, ?)", stream, node, int64(l.Clock.Tick()), ours, b.Head, common)
	})
}

// Fork is evidence that a node signed two histories of one log: two heads that cannot both be true.
type Fork struct {
	Stream       string
	Node         id.ID
	At           time.Time
	Ours, Theirs []byte // signed heads
	Common       int    // how many facts both have; -1: not known
	Lost         bool   // the others hold theirs, and what this node has was not said again yet
	Facts        int    // that this node alone has (Log.Lost)
}

// Forks returns the forks that were seen, oldest first.
func (l *Log) Forks(ctx context.Context, q store.Querier) ([]Fork, error) {
	var out []Fork
	err := q.Each(ctx, "SELECT s.name, n.node, f.at, f.ours, f.theirs, f.common, f.lost FROM fact_fork f JOIN fact_stream s ON s.id = f.stream JOIN fact_node n ON n.id = f.node ORDER BY f.at", nil, func(r store.Row) error {
		var f Fork
		var at int64
		err := r.Scan(&f.Stream, &f.Node, &at, &f.Ours, &f.Theirs, &f.Common, &f.Lost)
		f.At = Time(at).Wall()
		out = append(out, f)
		return err
	})
	return out, err
}
