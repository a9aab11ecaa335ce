package node

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"time"

	"github.com/klauspost/compress/zstd"

	"tizi/internal/blob"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// A bundle is an exchange in a file, for a stick or a telephone: what one node holds and another is not known to, sealed for
// that one and signed. It is read to its end before anything of it is kept. The other answers with a receipt, after which
// the next bundle is smaller.

// Faults of bundles. Doors translate them.
var (
	ErrBundle  = errors.New("this bundle is damaged or cut short; nothing of it was kept")
	ErrReceipt = errors.New("this is no receipt of a node that this one makes bundles for")
	ErrNobody  = errors.New("this node exchanges with no such node")
)

const bundleMagic = "tizi.bundle/1\n"

// Frames of a bundle beside batches.
const (
	frameHead  = 'h' // head, first
	frameKeys  = 'k' // keyring
	framePart  = 'p' // part of a file
	frameSeen  = 's' // seen, after the batches
	frameEnd   = 'e' // signature over all before it, last
	maxFrame   = 8 << 20
	bundlePart = 1 << 20
)

// BundleHead says what a bundle is.
type BundleHead struct {
	ID    id.ID     `json:"id"`
	From  id.ID     `json:"from"`
	To    id.ID     `json:"to"`
	Made  time.Time `json:"made"`
	Facts int       `json:"facts"`
	Files int       `json:"files"`
}

// Receipt says what a node holds after it has taken a bundle in. It is signed.
type Receipt struct {
	Bundle    id.ID      `json:"bundle"`
	From      id.ID      `json:"from"` // who took the bundle in
	To        id.ID      `json:"to"`
	At        time.Time  `json:"at"`
	Logs      []logState `json:"logs"`
	Added     int        `json:"added"`
	Signature string     `json:"signature,omitempty"`
}

func (r Receipt) signed() []byte {
	r.Signature = ""
	return append([]byte("tizi.receipt/1\n"), encode(r)...)
}

// other returns the keys of a node that this one exchanges with: the one it calls, or one that was granted something.
func (n *Nodes) other(ctx context.Context, v id.ID) (public ed25519.PublicKey, recipient []byte, err error) {
	p, err := n.Peer(ctx, n.log.DB, v)
	if err != nil {
		return nil, nil, err
	}
	if p != nil && len(p.Public) > 0 {
		return p.Public, p.Recipient, nil
	}
	if g, ok := n.log.Grantee(v); ok {
		return g.Public, g.Recipient, nil
	}
	return nil, nil, ErrNobody
}

// frames writes frames and signs them.
type frames struct {
	w    io.Writer
	hash hash.Hash
}

func (f *frames) write(kind byte, b []byte) error {
	head := binary.AppendUvarint([]byte{kind}, uint64(len(b)))
	if _, err := f.w.Write(append(head, b...)); err != nil {
		return err
	}
	f.hash.Write(head)
	f.hash.Write(b)
	return nil
}

// Bundle writes what a node is not known to hold.
func (n *Nodes) Bundle(ctx context.Context, to id.ID, w io.Writer) (BundleHead, error) {
	h := BundleHead{ID: id.New(), From: n.log.Node(), To: to, Made: n.log.Clock.Now().UTC()}
	if err := n.log.Refresh(ctx); err != nil {
		return h, err
	}
	_, recipient, err := n.other(ctx, to)
	if err != nil {
		return h, err
	}
	if g, ok := n.log.Grantee(to); ok && g.Revoked != nil {
		return h, ErrStranger
	}
	shared := n.shared(to)
	if _, err := n.share(ctx, shared, to, recipient); err != nil {
		return h, err
	}
	todo, err := n.unconfirmed(ctx, to, shared, &h)
	if err != nil {
		return h, err
	}
	files, err := n.Files(ctx, n.log.DB, shared)
	if err != nil {
		return h, err
	}
	files = slices.DeleteFunc(files, func(d blob.Digest) bool { return !n.blobs.Has(d) })
	h.Files = len(files)
	out, err := sealed(w, recipient)
	if err != nil {
		return h, err
	}
	f := &frames{out, sha256.New()}
	if err := f.write(frameHead, encode(h)); err != nil {
		return h, err
	}
	keys, err := n.giveKeys(ctx, nil, shared)
	if err != nil {
		return h, err
	}
	if err := f.write(frameKeys, encode(keyring{Epochs: keys.Epochs})); err != nil {
		return h, err
	}
	for _, l := range todo {
		for {
			b, err := n.log.Read(ctx, n.log.DB, l.Stream, l.Node, l.Size, batchFacts)
			if err != nil {
				return h, err
			}
			if len(b.Facts) == 0 {
				break
			}
			if err := f.write(frameBatch, b.Encode()); err != nil {
				return h, err
			}
			l.Size = b.Last()
		}
	}
	p, err := n.Peer(ctx, n.log.DB, to)
	if err != nil {
		return h, err
	}
	if p == nil || !p.Up { // whoever is called says what it has seen
		if err := n.log.Cosign(ctx, shared); err != nil {
			return h, err
		}
	}
	told, err := n.latestSeen(ctx, shared)
	if err != nil {
		return h, err
	}
	if err := f.write(frameSeen, encode(told)); err != nil {
		return h, err
	}
	for _, d := range files {
		if err := n.bundleFile(f, d); err != nil {
			return h, err
		}
	}
	if err := f.write(frameEnd, n.log.Identity().Sign(append([]byte(bundleMagic), f.hash.Sum(nil)...))); err != nil {
		return h, err
	}
	return h, out.Close()
}

// unconfirmed are the logs of which a node is not known to hold all.
func (n *Nodes) unconfirmed(ctx context.Context, to id.ID, shared func(string) bool, h *BundleHead) ([]logState, error) {
	have, err := n.known(ctx, n.log.DB, to)
	if err != nil {
		return nil, err
	}
	logs, err := n.log.States(ctx, n.log.DB, shared)
	if err != nil {
		return nil, err
	}
	var todo []logState
	for _, l := range logs {
		if at := have[logName{l.Stream, l.Node}]; at < l.Size {
			todo = append(todo, logState{l.Stream, l.Node, at, ""})
			h.Facts += int(l.Size - at)
		}
	}
	slices.SortFunc(todo, order)
	return todo, nil
}

func (n *Nodes) bundleFile(f *frames, d blob.Digest) error {
	for at := int64(0); ; {
		b, size, err := n.blobs.ReadPart(d, at, bundlePart)
		if errors.Is(err, blob.ErrMissing) { // withdrawn meanwhile
			return nil
		}
		if err != nil {
			return err
		}
		if err := f.write(framePart, partOf(place{d, at, size}, b)); err != nil {
			return err
		}
		if at += int64(len(b)); at >= size {
			return nil
		}
	}
}

// bundle is one that is read.
type bundle struct {
	r    *bufio.Reader
	hash hash.Hash
	at   int64 // bytes read, after what sealed them
}

// next reads a frame.
func (b *bundle) next() (kind byte, body []byte, err error) {
	place := b.at
	fail := func(err error) (byte, []byte, error) {
		return 0, nil, fmt.Errorf("%w (at byte %d: %w)", ErrBundle, place, err)
	}
	if kind, err = b.r.ReadByte(); err != nil {
		return fail(err)
	}
	size, err := binary.ReadUvarint(b.r)
	if err != nil {
		return fail(err)
	}
	if size > maxFrame {
		return fail(fmt.Errorf("a part of %d bytes", size))
	}
	body = make([]byte, size)
	if _, err := io.ReadFull(b.r, body); err != nil {
		return fail(err)
	}
	head := binary.AppendUvarint([]byte{kind}, size)
	b.at += int64(len(head)) + int64(size)
	if kind != frameEnd {
		b.hash.Write(head)
		b.hash.Write(body)
	}
	return kind, body, nil
}

// read calls fn for each frame of a bundle for this node and makes sure of its end.
func (n *Nodes) read(ctx context.Context, r io.Reader, fn func(h BundleHead, kind byte, body []byte) error) (BundleHead, error) {
	var h BundleHead
	plain, err := n.log.Identity().Reader(r, bundleMagic)
	if err != nil {
		return h, err
	}
	z, err := zstd.NewReader(plain, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
	if err != nil {
		return h, err
	}
	defer z.Close()
	b := &bundle{r: bufio.NewReaderSize(z, 64<<10), hash: sha256.New()}
	kind, body, err := b.next()
	if err == nil && kind != frameHead {
		err = ErrBundle
	}
	if err != nil {
		return h, err
	}
	if err := json.Unmarshal(body, &h); err != nil || h.To != n.log.Node() {
		return h, fmt.Errorf("%w: its head", ErrBundle)
	}
	public, _, err := n.other(ctx, h.From)
	if err != nil {
		return h, err
	}
	for {
		kind, body, err := b.next()
		if err != nil {
			return h, err
		}
		if kind != frameEnd {
			if err := fn(h, kind, body); err != nil {
				return h, err
			}
			continue
		}
		if !ed25519.Verify(public, append([]byte(bundleMagic), b.hash.Sum(nil)...), body) {
			return h, fmt.Errorf("%w: the signature at its end", ErrBundle)
		}
		if _, err := b.r.ReadByte(); !errors.Is(err, io.EOF) {
			return h, fmt.Errorf("%w: something follows its end", ErrBundle)
		}
		return h, nil
	}
}

// Take takes a bundle in: first it is read to its end, and then again.
func (n *Nodes) Take(ctx context.Context, r io.ReadSeeker) (Receipt, []Fault, error) {
	var out Receipt
	if err := n.log.Refresh(ctx); err != nil {
		return out, nil, err
	}
	_, err := n.read(ctx, r, func(_ BundleHead, kind byte, body []byte) error {
		var err error
		switch kind {
		case frameBatch:
			_, err = fact.DecodeBatch(body)
		case frameKeys:
			err = decode(body, new(keyring))
		case framePart:
			_, _, err = readPart(body)
		case frameSeen:
			err = decode(body, new(seen))
		}
		if err != nil {
			err = fmt.Errorf("%w: %w", ErrBundle, err)
		}
		return err
	})
	if err != nil {
		return out, nil, err
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return out, nil, fmt.Errorf("read the bundle again: %w", err)
	}
	var faults []Fault
	var has []logState // what the other holds, since it gave it
	all := func(string) bool { return true }
	up := false
	h, err := n.read(ctx, r, func(h BundleHead, kind byte, body []byte) error {
		p, err := n.Peer(ctx, n.log.DB, h.From)
		if err != nil {
			return err
		}
		up = p != nil && p.Up
		shared := n.shared(h.From)
		if up {
			shared = all
		} else if g, ok := n.log.Grantee(h.From); ok && g.Revoked != nil {
			shared = func(stream string) bool { return n.log.Reads(n.log.Node(), stream) }
		}
		switch kind {
		case frameKeys:
			var k keyring
			if err := decode(body, &k); err != nil {
				return err
			}
			return n.takeKeys(ctx, k, shared)
		case frameBatch:
			b, err := fact.DecodeBatch(body)
			if err != nil {
				return err
			}
			t, added, err := n.store(ctx, []*fact.Batch{b}, shared)
			out.Added += added
			if k := len(b.Facts); k > 0 {
				has = append(has, logState{b.Stream, b.Node, b.Facts[k-1].Seq, ""})
			}
			for _, o := range t.Logs {
				if f := (Fault{o.Stream, o.Node, o.Fault}); o.Fault != "" && !slices.Contains(faults, f) {
					faults = append(faults, f)
				}
			}
			if err == nil && up && b.Stream == "commons" {
				err = n.adopt(ctx, *p)
			}
			return err
		case frameSeen:
			var told seen
			if err := decode(body, &told); err != nil {
				return err
			}
			told.Seen = slices.DeleteFunc(told.Seen, func(c cosigned) bool { return !shared(c.Stream) })
			return n.log.TakeCosigned(ctx, told.facts())
		case framePart:
			p, b, err := readPart(body)
			if err != nil {
				return err
			}
			err = n.blobs.Append(p.File, p.Offset, b, p.Offset+int64(len(b)) == p.Size)
			if errors.Is(err, blob.ErrPart) { // more of it is here already
				err = nil
			}
			return err
		}
		return nil
	})
	if err != nil {
		return out, faults, err
	}
	if err := n.log.DB.Write(ctx, func(tx store.Tx) error { return confirm(ctx, tx, h.From, has) }); err != nil {
		return out, faults, err
	}
	if out, err = n.receipt(ctx, h, out.Added); err != nil {
		return out, faults, err
	}
	now := n.log.Clock.Now()
	return out, faults, n.note(ctx, h.From, func(p *Peer) {
		p.Tried, p.Got, p.Sent, p.Fault = now, out.Added, 0, ""
		if len(faults) > 0 {
			p.Fault = faults[0].Fault
		}
		if len(faults) == 0 {
			p.Done = now
		}
	})
}

// Confirm takes a receipt: what the other holds need not be in the next bundle for it.
func (n *Nodes) Confirm(ctx context.Context, b []byte) (Receipt, error) {
	var r Receipt
	if err := json.Unmarshal(b, &r); err != nil || r.To != n.log.Node() {
		return r, ErrReceipt
	}
	public, _, err := n.other(ctx, r.From)
	if err != nil {
		return r, err
	}
	sig, err := base64.StdEncoding.DecodeString(r.Signature)
	if err != nil || !ed25519.Verify(public, r.signed(), sig) {
		return r, ErrReceipt
	}
	return r, n.log.DB.Write(ctx, func(tx store.Tx) error {
		return confirm(ctx, tx, r.From, r.Logs)
	})
}

// confirm notes that a node holds so much; what comes late and says less changes nothing.
func confirm(ctx context.Context, tx store.Tx, peer id.ID, logs []logState) error {
	for _, l := range logs {
		if err := tx.Exec(ctx, "INSERT INTO node_confirmed (peer, stream, node, size) VALUES (?, ?, ?, ?) ON CONFLICT (peer, stream, node) DO UPDATE SET size = excluded.size WHERE node_confirmed.size < excluded.size", peer, l.Stream, l.Node, int64(l.Size)); err != nil {
			return err
		}
	}
	return nil
}

// sealed compresses and seals what is written for a node.
func sealed(w io.Writer, recipient []byte) (io.WriteCloser, error) {
	s, err := seal.WriterFor(w, bundleMagic, recipient)
	if err != nil {
		return nil, err
	}
	z, err := zstd.NewWriter(s, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
	return both{z, s}, err
}

type both struct {
	io.WriteCloser
	under io.Closer
}

// Close implements io.Closer.
func (b both) Close() error { return errors.Join(b.WriteCloser.Close(), b.under.Close()) }
