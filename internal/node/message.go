package node

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/errgroup"

	"tizi/internal/blob"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/seal"
)

// Format is the newest version of the exchange that this program speaks, Oldest the oldest: two releases apart still
// understand each other.
const (
	Format = 1
	Oldest = 1
)

// Faults of an exchange. Doors translate them.
var (
	ErrMessage  = errors.New("the other node's message is damaged or of a format that this program does not know")
	ErrFormat   = errors.New("the other node's program is too old or too new for this one; upgrade the older")
	ErrRevoked  = errors.New("headquarters has revoked this box: it may bring what it wrote, and gets nothing")
	ErrStranger = errors.New("the other node is not paired with this one, or was revoked")
)

// The questions that a node is asked.
const (
	OpHello = "hello" // hello → welcome
	OpKeys  = "keys"  // keyring → keyring
	OpPush  = "push"  // pack of batches → taken
	OpPull  = "pull"  // wanted → pack of batches
	OpLack  = "lack"  // lacking → lacking
	OpGive  = "give"  // part of a file → given
	OpFile  = "file"  // place in a file → part of it
	OpGives = "gives" // pack of small files → those that are held
	OpFiles = "files" // digests of small files → pack of them
	OpSeen  = "seen"  // seen → seen
	// OpRelease asks for the note of the newest release for a kind of machine: offered → the note; OpProgram for a part of its
	// program: place in a file → part of it.
	OpRelease = "release"
	OpProgram = "program"
	// OpKeep brings a part of an archive of a backup: kept, then its bytes → kept.
	OpKeep = "keep"
	// OpDeposit leaves half of the key of the asking node's disk: Deposit → nothing.
	OpDeposit = "deposit"
	// OpUnlock asks for it back. A locked node asks, whose own keys are locked too: unlocking → released.
	OpUnlock = "unlock"
	// OpRecover is asked by a node that the other does not know, and shows by which recovery key it writes: shown → nothing.
	OpRecover = "recover"
	// OpFollow is asked where another node answers than the one that was called: following → following.
	OpFollow = "follow"
)

// seen names how far the logs are that nodes are known to have cosigned, and answers with what was cosigned beyond.
type seen struct {
	Known []cosigned `json:"known,omitempty"`
	Seen  []cosigned `json:"seen,omitempty"`
	Logs  []logState `json:"logs,omitempty"` // of the one that asks: what it holds by now
}

type cosigned struct {
	Stream    string `json:"stream"`
	Node      id.ID  `json:"node"`
	By        id.ID  `json:"by"`
	Size      uint64 `json:"size"`
	At        int64  `json:"at,omitempty"` // seconds since 1970
	Signature []byte `json:"signature,omitempty"`
}

// Bounds of a message, so that it passes what stands between two nodes, and of how much work one cut throws away.
const (
	MaxMessage = 4 << 20   // of any message, as it travels
	packBytes  = 512 << 10 // of the batches of one, before compression; one batch always fits
	batchFacts = 3072      // fewer cost speed, more memory: each side stays below 100 MB
	partBytes  = 256 << 10
	smallFile  = 64 << 10 // and below: several go in one message, whole
	maxUnpack  = 64 << 20
	maxLacking = 500
	maxSeen    = 2000
)

// hello begins an exchange.
type hello struct {
	Formats [2]int `json:"formats"` // oldest, newest
	Program string `json:"program"`
	Now     int64  `json:"now"` // the machine's own time, ms since 1970
	State   string `json:"state"`
	// Vitals is how the one that calls is; older programs do not say.
	Vitals *Vitals `json:"vitals,omitempty"`
	// Arches are the kinds of machines that it takes releases for: its own, and those of the nodes that call it.
	Arches []string `json:"arches,omitempty"`
}

// offered is a release.
type offered struct {
	Arch    string `json:"arch"`
	Version string `json:"version"`
}

// welcome answers it. Where both hold the same there is nothing else.
type welcome struct {
	Node    id.ID      `json:"node"`
	Formats [2]int     `json:"formats"`
	Program string     `json:"program"`
	Now     int64      `json:"now"`
	Same    bool       `json:"same,omitempty"`
	Revoked bool       `json:"revoked,omitempty"` // the one that asks may bring what it wrote, and gets nothing
	Logs    []logState `json:"logs,omitempty"`
	Held    []logState `json:"held,omitempty"` // told to a revoked one, instead
	// Releases are the newest that it has for the kinds of machines that were named.
	Releases []offered `json:"releases,omitempty"`
	// Keeps says that it keeps backups of those that call.
	Keeps bool `json:"keeps,omitempty"`
}

// logState says how much of a log a node holds, and what.
type logState struct {
	Stream string `json:"stream"`
	Node   id.ID  `json:"node"`
	Size   uint64 `json:"size"`
	Root   string `json:"root"` // the first bytes of the root's hash
}

// keyring carries what opens people's keys, and asks for keys that are wanted.
type keyring struct {
	Epochs  []seal.WrappedEpoch  `json:"epochs,omitempty"`
	Persons []seal.WrappedPerson `json:"persons,omitempty"`
	Wanted  []id.ID              `json:"wanted,omitempty"`
}

// taken says how far the logs of a pack are held now, or what is wrong with one.
type taken struct {
	Logs []outcome `json:"logs"`
}

type outcome struct {
	Stream string `json:"stream"`
	Node   id.ID  `json:"node"`
	Held   uint64 `json:"held"`
	Added  int    `json:"added,omitempty"`
	Fault  string `json:"fault,omitempty"` // one of those below
}

// What may be wrong with a batch.
const (
	faultGap    = "gap"    // ask for what is held, and go on from there
	faultProof  = "proof"  // damaged, or another history
	faultForked = "forked" // the log has two histories
	faultShut   = "shut"   // the other may not hold this stream
)

// wanted asks for what stands in logs after what is held.
type wanted struct {
	Logs []logState `json:"logs"`
}

// lacking names the files that a node lacks, with the sizes of those that the other named, and which of those it does not have.
type lacking struct {
	Files []blob.Digest         `json:"files,omitempty"`
	None  []blob.Digest         `json:"none,omitempty"` // of the one that asks: what it was asked for before
	Sizes map[blob.Digest]int64 `json:"sizes,omitempty"`
}

// place is where in a file somebody is; given answers it with how much is held.
type place struct {
	File   blob.Digest `json:"file"`
	Offset int64       `json:"offset"`
	Size   int64       `json:"size"`
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // a type of this file
	}
	return b
}

func decode(b []byte, v any) error {
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%w: %w", ErrMessage, err)
	}
	return nil
}

// Frames of a pack.
const (
	frameBatch = 'f'
	frameFile  = 'b' // the digest, then the bytes
)

// The coders are for whole messages in memory and may be used by many at once.
var coders = sync.OnceValue(func() (c struct {
	*zstd.Encoder
	*zstd.Decoder
}) {
	var err error
	if c.Encoder, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true)); err != nil {
		panic(err)
	}
	if c.Decoder, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(maxUnpack)); err != nil {
		panic(err)
	}
	return c
})

// pack puts frames together and compresses them.
type pack struct{ raw []byte }

func (p *pack) add(kind byte, b []byte) {
	p.raw = append(p.raw, kind)
	p.raw = binary.AppendUvarint(p.raw, uint64(len(b)))
	p.raw = append(p.raw, b...)
}

func (p *pack) bytes() []byte { return coders().EncodeAll(p.raw, nil) }

// unpack calls fn for each frame.
func unpack(b []byte, fn func(kind byte, b []byte) error) error {
	raw, err := coders().DecodeAll(b, nil)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMessage, err)
	}
	for len(raw) > 0 {
		kind := raw[0]
		n, w := binary.Uvarint(raw[1:])
		if w <= 0 || n > uint64(len(raw)-1-w) {
			return fmt.Errorf("%w: a frame is cut short", ErrMessage)
		}
		if err := fn(kind, raw[1+w:1+w+int(n)]); err != nil {
			return err
		}
		raw = raw[1+w+int(n):]
	}
	return nil
}

// batches reads the batches of a pack; frames of a kind that is not known are passed over.
func batches(b []byte) ([]*fact.Batch, error) {
	var out []*fact.Batch
	err := unpack(b, func(kind byte, b []byte) error {
		if kind != frameBatch {
			return nil
		}
		x, err := fact.DecodeBatch(b)
		out = append(out, x)
		return err
	})
	return out, err
}

// packed puts small files whole into one message. What cannot be read any more, or is not small, is left out.
func (n *Nodes) packed(files []blob.Digest) []byte {
	var p pack
	for _, d := range files {
		if b, size, err := n.blobs.ReadPart(d, 0, smallFile); err == nil && size == int64(len(b)) && len(p.raw)+len(b) <= 2*packBytes {
			p.add(frameFile, append(d[:], b...))
		}
	}
	return p.bytes()
}

// unpacked keeps the files of a message that were asked for, many at once since each waits for the disk, and returns which are held
// then. One that came damaged is not.
func (n *Nodes) unpacked(ctx context.Context, b []byte, wanted func([]blob.Digest) ([]blob.Digest, error)) ([]blob.Digest, error) {
	var digests []blob.Digest
	bytesOf := map[blob.Digest][]byte{}
	err := unpack(b, func(kind byte, b []byte) error {
		switch d := (blob.Digest{}); {
		case kind != frameFile:
		case len(b) < len(d):
			return fmt.Errorf("%w: a file is cut short", ErrMessage)
		default:
			copy(d[:], b)
			digests, bytesOf[d] = append(digests, d), b[len(d):]
		}
		return nil
	})
	if err == nil && len(digests) > 0 {
		digests, err = wanted(digests)
	}
	if err != nil {
		return nil, err
	}
	var g errgroup.Group
	g.SetLimit(8)
	for _, d := range digests {
		g.Go(func() error {
			if n.blobs.Has(d) || ctx.Err() != nil {
				return ctx.Err()
			}
			_, err := n.blobs.PutAs(d, bytes.NewReader(bytesOf[d]))
			if errors.Is(err, blob.ErrDamaged) {
				return nil
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(digests, func(d blob.Digest) bool { return !n.blobs.Has(d) }), nil
}

// stateOf is what two nodes hold, short enough to be compared in one question.
func stateOf(logs []fact.LogState, epochs []seal.WrappedEpoch) string {
	h := sha256.New()
	for _, l := range logs {
		fmt.Fprintln(h, l.Stream, l.Node.Hex(), l.Size, l.Root)
	}
	for _, e := range epochs {
		fmt.Fprintln(h, e.Stream, e.Epoch.Hex(), e.Node.Hex())
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:16])
}
