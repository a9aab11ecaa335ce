package fact

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// A node that has seen the head of another's log says so and when (C2SP tlog-cosignature, version 1), and gives it back to the
// one that wrote it. A fact before that size was written before that time, whatever its own clock says; one behind it had not
// been shown then. So nobody can write in the past without its being seen.

// Cosigned is a node's word that it saw a log as far as a size.
type Cosigned struct {
	Stream    string
	Node      id.ID // whose log it is
	Size      uint64
	By        id.ID
	At        time.Time // in whole seconds, by its own clock
	Signature []byte    // Ed25519
}

// CosignEvery is how soon a log that grew is cosigned again, at the earliest.
const CosignEvery = time.Hour

// cosignature is the algorithm of a timestamped cosignature in signed notes.
const cosignature = 4

// cosignedText is what a cosigner signs.
func cosignedText(stream string, node id.ID, size uint64, root tlog.Hash, at time.Time) []byte {
	return fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", at.Unix(), headText(stream, node, size, root))
}

// line is the cosignature as it stands in a signed note.
func (c Cosigned) line(public ed25519.PublicKey) []byte {
	k := cosigner{key: key{c.By.Hex(), public}}
	b := binary.BigEndian.AppendUint32(nil, k.KeyHash())
	b = binary.BigEndian.AppendUint64(b, uint64(c.At.Unix()))
	return fmt.Appendf(nil, "— %s %s\n", k.name, base64.StdEncoding.EncodeToString(append(b, c.Signature...)))
}

// Cosign signs, of the streams that keep selects, the heads of others' logs that this node holds and has not signed lately.
func (l *Log) Cosign(ctx context.Context, keep func(stream string) bool) error {
	type log struct{ stream, node, size int64 }
	var rows [][]any
	now := l.Clock.Now().Truncate(time.Second)
	err := l.DB.Each(ctx, "SELECT h.stream, h.node, h.size, h.edge, h.note, s.name, n.node, n.public_key, COALESCE((SELECT max(size) FROM fact_cosigned c WHERE c.stream = h.stream AND c.node = h.node AND c.cosigner = ?), 0), COALESCE((SELECT max(at) FROM fact_cosigned c WHERE c.stream = h.stream AND c.node = h.node AND c.cosigner = ?), 0) FROM fact_head h JOIN fact_stream s ON s.id = h.stream JOIN fact_node n ON n.id = h.node WHERE n.node <> ? ORDER BY s.name, n.node", store.Args(l.node, l.node, l.node), func(r store.Row) error {
		var g log
		var edge, note, public []byte
		var stream string
		var node id.ID
		var last, at int64
		if err := r.Scan(&g.stream, &g.node, &g.size, &edge, &note, &stream, &node, &public, &last, &at); err != nil || !keep(stream) {
			return err
		}
		// A clock that was set back signs on too.
		if since := now.Unix() - at; g.size <= last || since >= 0 && since < int64(CosignEvery.Seconds()) {
			return nil
		}
		head, err := ParseHead(note, public)
		if err != nil || head.Size != uint64(g.size) {
			return nil // its own node has not signed it so far
		}
		rows = append(rows, []any{g.stream, g.node, l.node, g.size, now.Unix(), l.own.Sign(cosignedText(stream, node, head.Size, head.Root, now))})
		return nil
	})
	if err != nil || len(rows) == 0 {
		return err
	}
	return l.keepCosigned(ctx, rows)
}

func (l *Log) keepCosigned(ctx context.Context, rows [][]any) error {
	return l.DB.Write(ctx, func(tx store.Tx) error {
		for _, row := range rows {
			if err := tx.Exec(ctx, "INSERT INTO fact_cosigned (stream, node, cosigner, size, at, signature) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (stream, node, cosigner, size) DO NOTHING", row...); err != nil {
				return err
			}
		}
		return nil
	})
}

// Cosigned returns what nodes have signed of the logs of some streams, of each log and node in order.
func (l *Log) Cosigned(ctx context.Context, q store.Querier, keep func(stream string) bool) ([]Cosigned, error) {
	return l.cosigned(ctx, q, "1 = 1", nil, keep)
}

func (l *Log) cosigned(ctx context.Context, q store.Querier, where string, args []any, keep func(stream string) bool) ([]Cosigned, error) {
	var out []Cosigned
	err := q.Each(ctx, "SELECT s.name, n.node, c.cosigner, c.size, c.at, c.signature FROM fact_cosigned c JOIN fact_stream s ON s.id = c.stream JOIN fact_node n ON n.id = c.node WHERE "+where+" ORDER BY s.name, n.node, c.cosigner, c.size", args, func(r store.Row) error {
		var c Cosigned
		var size, at int64
		err := r.Scan(&c.Stream, &c.Node, &c.By, &size, &at, &c.Signature)
		if c.Size, c.At = uint64(size), time.Unix(at, 0); err == nil && keep(c.Stream) {
			out = append(out, c)
		}
		return err
	})
	return out, err
}

// TakeCosigned keeps those that are true of what this node holds; what it cannot tell yet it may be given again.
func (l *Log) TakeCosigned(ctx context.Context, given []Cosigned) error {
	var rows [][]any
	for _, c := range given {
		h, err := l.stored(ctx, l.DB, c.Stream, c.Node)
		if err != nil {
			return err
		}
		public, err := l.publicKey(ctx, l.DB, c.By)
		if err != nil {
			return err
		}
		if h == nil || public == nil || c.By == c.Node || c.Size == 0 || c.Size > h.proved {
			continue
		}
		e, err := h.reader.edge(c.Size)
		if err != nil {
			return err
		}
		if !ed25519.Verify(public, cosignedText(c.Stream, c.Node, c.Size, e.Root(), c.At), c.Signature) {
			continue
		}
		rows = append(rows, []any{h.stream, h.node, c.By, int64(c.Size), c.At.Unix(), c.Signature})
	}
	if len(rows) == 0 {
		return nil
	}
	return l.keepCosigned(ctx, rows)
}

// publicKey is that of a node that has written something, or was granted something; nil of another.
func (l *Log) publicKey(ctx context.Context, q store.Querier, node id.ID) (ed25519.PublicKey, error) {
	if g, ok := l.Grantee(node); ok {
		return g.Public, nil
	}
	var b []byte
	_, err := store.One(ctx, q, "SELECT public_key FROM fact_node WHERE node = ?", store.Args(node), &b)
	return b, err
}

// Seen is between which two moments a fact came to be, by those who saw its log.
type Seen struct {
	After, Before time.Time // zero: nobody says
	// Proof shows that the fact stood in the log that the earliest of them saw, whose head Note is, with that cosignature.
	Note  []byte
	Proof tlog.RecordProof
	By    id.ID // who saw it
}

// Seen returns what those who saw a log prove of when a fact of it was written.
func (l *Log) Seen(ctx context.Context, q store.Querier, ref Ref) (Seen, error) {
	var out Seen
	h, err := l.stored(ctx, q, ref.Stream, ref.Node)
	if err != nil {
		return out, err
	}
	if h == nil || ref.Seq == 0 || ref.Seq > h.proved {
		return out, fmt.Errorf("this node holds no signed head over a fact %s", ref)
	}
	all, err := l.cosigned(ctx, q, "s.name = ? AND n.node = ?", store.Args(ref.Stream, ref.Node), func(string) bool { return true })
	if err != nil {
		return out, err
	}
	var first *Cosigned
	for i, c := range all {
		switch {
		case c.Size < ref.Seq && c.At.After(out.After):
			out.After = c.At
		case c.Size >= ref.Seq && (first == nil || c.At.Before(first.At)):
			first = &all[i]
		}
	}
	if first == nil {
		return out, nil
	}
	public, err := l.publicKey(ctx, q, first.By)
	if err != nil || public == nil {
		return out, errors.Join(err, errHead)
	}
	e, err := h.reader.edge(first.Size)
	if err != nil {
		return out, err
	}
	out.Before, out.By = first.At, first.By
	out.Note = append([]byte(headText(ref.Stream, ref.Node, first.Size, e.Root())+"\n"), first.line(public)...)
	out.Proof, err = tlog.ProveRecord(int64(first.Size), int64(ref.Seq)-1, h.reader)
	return out, err
}

// cosigner is a node's key as cosignatures name it. It keeps the time of the one that it verified.
type cosigner struct {
	key
	at *time.Time
}

// KeyHash implements note.Verifier.
func (c cosigner) KeyHash() uint32 {
	h := sha256.Sum256(slices.Concat([]byte(c.name), []byte{'\n', cosignature}, c.pub))
	return binary.BigEndian.Uint32(h[:])
}

// Verify implements note.Verifier.
func (c cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(sig)
	*c.at = time.Unix(int64(at), 0)
	return ed25519.Verify(c.pub, fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", at, msg), sig[8:])
}

// OpenCosigned checks a note such as Seen makes of a node's log, with the cosigner's public key, and says when it was seen.
func OpenCosigned(signed []byte, node id.ID, by ed25519.PublicKey) (Head, time.Time, error) {
	var at time.Time
	if len(by) != ed25519.PublicKeySize || len(signed) > maxNote {
		return Head{}, at, errHead
	}
	n, err := note.Open(signed, note.VerifierList(cosigner{key{seal.NodeOf(by).Hex(), by}, &at}))
	if err != nil {
		return Head{}, at, fmt.Errorf("%w, or another's: %w", errHead, err)
	}
	h, err := readHeadText(n.Text, node)
	h.Note = signed
	return h, at, err
}

// seenOf returns the cosignatures of a log by size, and the keys of those who made them.
func (l *Log) seenOf(ctx context.Context, q store.Querier, stream, node int64) (map[uint64][]Cosigned, map[id.ID]ed25519.PublicKey, error) {
	all, err := l.cosigned(ctx, q, "c.stream = ? AND c.node = ?", store.Args(stream, node), func(string) bool { return true })
	if err != nil {
		return nil, nil, err
	}
	seen, keys := map[uint64][]Cosigned{}, map[id.ID]ed25519.PublicKey{}
	for _, c := range all {
		seen[c.Size] = append(seen[c.Size], c)
		if keys[c.By] == nil {
			if keys[c.By], err = l.publicKey(ctx, q, c.By); err != nil {
				return nil, nil, err
			}
		}
	}
	return seen, keys, nil
}
