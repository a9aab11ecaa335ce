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
	frameHead = 'h' // head, first
	frameKeys = 'k' // keyring
	framePart = 'p' // part of a file
	frameSeen = 's' // seen, after the batches
	frameLack = 'l' // lacking: what its maker has not
	// A release: its note, and parts of its program.
	frameRelease = 'r'
	frameProgram = 'q'
	frameEnd     = 'e' // signature over all before it, last
	maxFrame     = 8 << 20
	bundlePart   = 1 << 20
)

// BundleHead says what a bundle is.
type BundleHead struct {
	ID    id.ID     `json:"id"`
	From  id.ID     `json:"from"`
	To    id.ID     `json:"to"`
	Made  time.Time `json:"made"`
	Facts int       `json:"facts"`
	Files int       `json:"files"`
	// Claims is what introduces a node that writes by a recovery key, or that follows headquarters.
	Claims []byte `json:"claims,omitempty"`
	// Vitals is how a node is that brings a bundle to the one that it answers to.
	Vitals  *Vitals `json:"vitals,omitempty"`
	Program string  `json:"program,omitempty"`
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
	if h.Claims, err = n.claims(ctx); err != nil {
		return h, err
	}
	provisional := h.Claims != nil
	if provisional { // until it is confirmed it reads nothing anew, and brings what it has
		shared = func(stream string) bool { return n.log.Reads(to, stream) }
	}
	follows, err := n.succession(ctx)
	if err != nil {
		return h, err
	}
	if len(follows) > 0 {
		h.Claims = encode(shown{Follows: follows})
	}
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
	if files, err = n.unheld(ctx, to, files); err != nil {
		return h, err
	}
	files = slices.DeleteFunc(files, func(d blob.Digest) bool { return !n.blobs.Sound(d) })
	h.Files = len(files)
	lacks, err := n.lacks(ctx, shared)
	if err != nil {
		return h, err
	}
	p, err := n.Peer(ctx, n.log.DB, to)
	if err != nil {
		return h, err
	}
	if p != nil && p.Up {
		h.Vitals, h.Program = n.vitals(ctx, *p), n.Program
	}
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
	if err := f.write(frameLack, encode(lacking{Files: lacks[:min(len(lacks), maxLacks)]})); err != nil {
		return h, err
	}
	for _, d := range files {
		if err := n.bundleFile(f, d); err != nil {
			return h, err
		}
	}
	if !provisional { // what counts for nothing yet is not taken for received
		if err := n.sent(ctx, to, h.ID, false, files); err != nil {
			return h, err
		}
	}
	if r := n.bundled(p); r != nil {
		if err := n.bundleRelease(f, r); err != nil {
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
	p, err := n.Peer(ctx, n.log.DB, to)
	if err != nil {
		return nil, err
	}
	// What this node said in commons while it ruled itself may be what headquarters says too (unsay).
	early := p != nil && p.Up && p.Root != n.log.Root()
	var todo []logState
	for _, l := range logs {
		if early && l.Stream == "commons" && l.Node == n.log.Node() {
			continue
		}
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
	file *counted
}

// counted is how much of a file was read.
type counted struct {
	io.Reader
	n int64
}

// Read implements io.Reader.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

// damaged says that a bundle is, and from which byte of the file on.
func (c *counted) damaged(err error) error {
	at := c.n
	if a := (*seal.AlteredError)(nil); errors.As(err, &a) {
		at = a.At
	}
	return fmt.Errorf("%w (at byte %d: %w)", ErrBundle, at, err)
}

// next reads a frame.
func (b *bundle) next() (kind byte, body []byte, err error) {
	fail := func(err error) (byte, []byte, error) { return 0, nil, b.file.damaged(err) }
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
	if kind != frameEnd {
		b.hash.Write(binary.AppendUvarint([]byte{kind}, size))
		b.hash.Write(body)
	}
	return kind, body, nil
}

// read calls fn for each frame of a bundle for this node and makes sure of its end.
func (n *Nodes) read(ctx context.Context, r io.Reader, fn func(h BundleHead, kind byte, body []byte) error) (BundleHead, error) {
	var h BundleHead
	file := &counted{Reader: r}
	plain, err := n.log.Identity().Reader(file, bundleMagic)
	if errors.Is(err, seal.ErrAltered) {
		err = file.damaged(err)
	}
	if err != nil {
		return h, err
	}
	z, err := zstd.NewReader(plain, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
	if err != nil {
		return h, err
	}
	defer z.Close()
	b := &bundle{r: bufio.NewReaderSize(z, 64<<10), hash: sha256.New(), file: file}
	kind, body, err := b.next()
	if err == nil && kind != frameHead {
		err = file.damaged(errors.New("its head is missing"))
	}
	if err != nil {
		return h, err
	}
	if err := json.Unmarshal(body, &h); err != nil || h.To != n.log.Node() {
		return h, fmt.Errorf("%w: its head", ErrBundle)
	}
	public, _, err := n.other(ctx, h.From)
	if errors.Is(err, ErrNobody) && h.Claims != nil {
		if err = n.introduced(ctx, h); err == nil {
			public, _, err = n.other(ctx, h.From)
		}
	}
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
			return h, file.damaged(errors.New("the signature at its end"))
		}
		if _, err := b.r.ReadByte(); !errors.Is(err, io.EOF) {
			return h, file.damaged(errors.New("something follows its end"))
		}
		return h, nil
	}
}

// introduced takes in what a bundle of a node that this one does not know shows.
func (n *Nodes) introduced(ctx context.Context, h BundleHead) error {
	var s shown
	if err := decode(h.Claims, &s); err != nil {
		return err
	}
	if len(s.Follows) == 0 {
		_, err := n.introduce(ctx, h.Claims)
		return err
	}
	up, err := n.Up(ctx, n.log.DB)
	if err != nil {
		return err
	}
	if up == nil {
		return ErrNobody
	}
	_, err = n.follow(ctx, *up, h.From, s.Follows)
	return err
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
		case framePart, frameProgram:
			_, _, err = readPart(body)
		case frameSeen:
			err = decode(body, new(seen))
		case frameLack:
			err = decode(body, new(lacking))
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
	var has []logState      // what the other holds, since it gave it
	var files []blob.Digest // likewise
	spoken := map[blob.Digest]bool{}
	copied := false // it knows more, or other, facts of this node than this node
	all := func(string) bool { return true }
	up, first := false, false
	h, err := n.read(ctx, r, func(h BundleHead, kind byte, body []byte) error {
		p, err := n.Peer(ctx, n.log.DB, h.From)
		if err != nil {
			return err
		}
		up = p != nil && p.Up
		first = up && p.Done.IsZero()
		shared := n.shared(h.From)
		brings := shared // what it may bring facts of
		if up {
			shared, brings = all, all
		} else if g, ok := n.log.Grantee(h.From); ok && (g.Revoked != nil || g.Provisional) {
			brings = func(stream string) bool { return n.log.Reads(n.log.Node(), stream) }
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
			t, added, err := n.store(ctx, []*fact.Batch{b}, brings)
			out.Added += added
			fault := ""
			for _, o := range t.Logs {
				fault = o.Fault
				if f := (Fault{o.Stream, o.Node, o.Fault}); o.Fault != "" && !slices.Contains(faults, f) {
					faults = append(faults, f)
				}
			}
			other := fault == faultForked || fault == faultProof
			copied = copied || b.Node == n.log.Node() && (added > 0 || other)
			if fault == "" && len(b.Facts) > 0 {
				has = append(has, logState{b.Stream, b.Node, b.Last(), ""})
			}
			if err == nil && up && other && b.Node != n.log.Node() { // its history stands, from where they part
				_, err = n.log.Yield(ctx, b)
				if errors.Is(err, fact.ErrProof) || errors.Is(err, fact.ErrGap) {
					err = nil
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
		case frameLack:
			var l lacking
			if err := decode(body, &l); err != nil {
				return err
			}
			return n.lost(ctx, h.From, l.Files)
		case frameRelease, frameProgram:
			return n.takeRelease(kind, body)
		case framePart:
			p, b, err := readPart(body)
			if err != nil {
				return err
			}
			last := p.Offset+int64(len(b)) == p.Size
			if _, known := spoken[p.File]; !known {
				l, err := n.Files(ctx, n.log.DB, brings, p.File)
				if err != nil {
					return err
				}
				spoken[p.File] = len(l) > 0
			}
			if !spoken[p.File] { // no fact that counts here speaks of it
				return nil
			}
			switch err := n.blobs.Append(p.File, p.Offset, b, last); {
			case errors.Is(err, blob.ErrPart), errors.Is(err, blob.ErrDamaged): // more of it is here already; or its own copy is damaged
			case err != nil:
				return err
			case last:
				files = append(files, p.File)
			}
		}
		return nil
	})
	if err != nil {
		return out, faults, err
	}
	if err := n.log.DB.Write(ctx, func(tx store.Tx) error { return confirm(ctx, tx, h.From, has) }); err != nil {
		return out, faults, err
	}
	if err := n.sent(ctx, h.From, h.ID, true, files); err != nil {
		return out, faults, err
	}
	if first {
		if err := n.unsay(ctx); err != nil {
			return out, faults, err
		}
	}
	if out, err = n.receipt(ctx, h, out.Added); err != nil {
		return out, faults, err
	}
	now := n.log.Clock.Now()
	return out, faults, n.note(ctx, h.From, func(p *Peer) {
		p.Tried, p.Got, p.Sent, p.Fault = now, out.Added, 0, ""
		p.Copied = p.Copied || copied
		if len(faults) > 0 {
			p.Fault = faults[0].Fault
		}
		if len(faults) == 0 {
			p.Done = now
		}
		if h.Vitals != nil && !p.Up {
			p.Vitals, p.Program = h.Vitals.heard(now), h.Program
		}
	})
}

// Confirm takes a receipt: what the other holds need not be in the next bundle for it, where it is what this node holds too. Where it
// knows more, or other, facts of this node than this node, this one is a copy.
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
	var same []logState
	copied := false
	for _, l := range r.Logs {
		root, ok, err := n.log.RootAt(ctx, n.log.DB, l.Stream, l.Node, l.Size)
		if err != nil {
			return r, err
		}
		if ok && l.Root != "" && rootOf(fact.LogState{Root: root}) != l.Root || !ok && l.Node == n.log.Node() {
			copied = copied || l.Node == n.log.Node()
			continue
		}
		same = append(same, l)
	}
	err = n.log.DB.Write(ctx, func(tx store.Tx) error {
		if err := arrived(ctx, tx, r.From, r.Bundle); err != nil {
			return err
		}
		return confirm(ctx, tx, r.From, same)
	})
	if err == nil && copied {
		err = n.note(ctx, r.From, func(p *Peer) { p.Copied = true })
	}
	return r, err
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
