package fact

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"tizi/internal/id"
	"tizi/internal/seal"
)

// ErrWire is returned, wrapped, for a batch that was damaged on its way or is of a format that this program does not know.
var ErrWire = errors.New("this is no batch of facts, or a damaged one")

// wireVersion is the first byte of an encoded batch.
const wireVersion = 1

// Bounds of an encoded batch, so that a damaged one does not ask for all the memory there is.
const (
	maxWireFacts  = 1 << 16
	maxWireProof  = 64
	maxWireBodies = 16 << 20
)

// Bytes that no JSON holds: in the texts of bodies one stands for an id, the other ends each.
const (
	idMark  = 1
	bodyEnd = 0
)

// columns of a batch on the wire. Values of one sort lie together, so that they compress well.
const (
	wireIDs   = iota // each id that occurs, once, in the order of first use
	wireTimes        // milliseconds and counters
	wireKinds
	wireRefs // which ids: subject, actor, nodes in prev
	wirePrev
	wireBodies // texts, without ids
	wireNames  // which ids stand in the bodies
	wireKeys   // keys that come with the facts
	wireColumns
)

// Encode returns the batch as it travels, before compression (SPEC.md, "A batch on the wire").
func (b *Batch) Encode() []byte {
	w := wireWriter{at: map[id.ID]int{}}
	var kinds []string
	kindAt := map[string]int{}
	var last Time
	for _, f := range b.Facts {
		w.time(last, f.HLC)
		last = f.HLC
		k, ok := kindAt[f.Kind]
		if !ok {
			k = len(kinds)
			kindAt[f.Kind] = k
			kinds = append(kinds, f.Kind)
		}
		w.number(wireKinds, uint64(k))
		w.id(wireRefs, f.Subject)
		w.id(wireRefs, f.Actor)
		w.number(wirePrev, uint64(len(f.Prev)))
		for _, p := range f.Prev {
			w.col[wirePrev] = appendField(w.col[wirePrev], []byte(p.Stream))
			w.id(wireRefs, p.Node)
			w.number(wirePrev, p.Seq)
		}
		w.body(f.Body)
	}
	for _, k := range b.Keys {
		w.id(wireKeys, k.Person)
		w.id(wireKeys, k.Epoch)
		w.col[wireKeys] = appendField(w.col[wireKeys], k.Key)
	}
	out := []byte{wireVersion}
	out = appendField(out, []byte(b.Stream))
	out = append(out, b.Public...)
	out = appendField(out, b.Head)
	out = binary.AppendUvarint(out, uint64(len(b.Proof)))
	for _, h := range b.Proof {
		out = append(out, h[:]...)
	}
	var first uint64
	if len(b.Facts) > 0 {
		first = b.Facts[0].Seq
	}
	out = binary.AppendUvarint(out, first)
	out = binary.AppendUvarint(out, uint64(len(b.Facts)))
	out = appendField(out, []byte(strings.Join(kinds, "\n")))
	for _, c := range w.col {
		out = appendField(out, c)
	}
	return out
}

// wireWriter fills the columns.
type wireWriter struct {
	col [wireColumns][]byte
	at  map[id.ID]int // an id's place in the order of first use
}

func (w *wireWriter) number(column int, n uint64) {
	w.col[column] = binary.AppendUvarint(w.col[column], n)
}

// time writes a reading as what it adds to the one before: milliseconds, and the counter where it is not the next.
func (w *wireWriter) time(last, t Time) {
	ms := int64(t>>16) - int64(last>>16)
	w.col[wireTimes] = binary.AppendVarint(w.col[wireTimes], ms)
	counter := int64(t & 0xffff)
	if ms == 0 {
		counter -= int64(last&0xffff) + 1
	}
	w.col[wireTimes] = binary.AppendVarint(w.col[wireTimes], counter)
}

// id writes 0 for an id that occurs for the first time, otherwise how many others have come first since it did, and 1.
func (w *wireWriter) id(column int, v id.ID) {
	if i, ok := w.at[v]; ok {
		w.number(column, uint64(len(w.at)-i))
		return
	}
	w.at[v] = len(w.at)
	w.col[wireIDs] = append(w.col[wireIDs], v[:]...)
	w.number(column, 0)
}

// body writes a text, with its ids apart.
func (w *wireWriter) body(b []byte) {
	for len(b) > 0 {
		i := bytes.IndexByte(b, '"')
		if i < 0 {
			break
		}
		w.col[wireBodies] = append(w.col[wireBodies], b[:i+1]...)
		b = b[i+1:]
		if v, ok := spelledID(b); ok {
			w.col[wireBodies] = append(w.col[wireBodies], idMark)
			w.id(wireNames, v)
			b = b[idLength:]
		}
	}
	w.col[wireBodies] = append(w.col[wireBodies], b...)
	w.col[wireBodies] = append(w.col[wireBodies], bodyEnd)
}

// idLength is how many characters a UUID has.
const idLength = 36

// spelledID reads an id that stands at the beginning of a text just as String spells it.
func spelledID(b []byte) (id.ID, bool) {
	if len(b) < idLength || b[8] != '-' || b[13] != '-' || b[18] != '-' || b[23] != '-' {
		return id.Nil, false
	}
	for _, c := range b[:idLength] {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c == '-') {
			return id.Nil, false
		}
	}
	s := string(b[:idLength])
	v, err := id.Parse(s)
	return v, err == nil && v.String() == s
}

// DecodeBatch reads what Encode wrote. What it says is proved by Receive.
func DecodeBatch(b []byte) (batch *Batch, err error) {
	r := &wireReader{rest: b}
	defer func() {
		if r.bad != nil {
			batch, err = nil, fmt.Errorf("%w: %w", ErrWire, r.bad)
		}
	}()
	if v := r.take(1); r.bad == nil && v[0] != wireVersion {
		r.fail("it has the format %d; upgrade this node", v[0])
	}
	batch = &Batch{Stream: string(r.field())}
	batch.Public = ed25519.PublicKey(slices.Clone(r.take(ed25519.PublicKeySize)))
	batch.Head = slices.Clone(r.field())
	for range r.count(maxWireProof) {
		batch.Proof = append(batch.Proof, tlog.Hash(r.hash()))
	}
	first, n := r.number(), r.count(maxWireFacts)
	kinds := strings.Split(string(r.field()), "\n")
	var cols [wireColumns]*wireReader
	for i := range cols {
		cols[i] = &wireReader{rest: r.field()}
	}
	if len(r.rest) > 0 {
		r.fail("something follows it")
	}
	if r.bad != nil {
		return nil, r.bad
	}
	batch.Node = seal.NodeOf(batch.Public)
	d := wireDecoder{cols: cols, room: maxWireBodies}
	var last Time
	for i := range n {
		f := &Fact{Stream: batch.Stream, Node: batch.Node, Seq: first + uint64(i)}
		last = d.time(last)
		f.HLC = last
		if k := cols[wireKinds].number(); k < uint64(len(kinds)) {
			f.Kind = kinds[k]
		} else {
			r.fail("fact %d is of no kind", f.Seq)
		}
		f.Subject, f.Actor = d.id(wireRefs), d.id(wireRefs)
		for range cols[wirePrev].count(maxPrev) {
			f.Prev = append(f.Prev, Ref{Stream: string(cols[wirePrev].field()), Node: d.id(wireRefs), Seq: cols[wirePrev].number()})
		}
		f.Body = d.body()
		for _, c := range cols {
			r.bad = errors.Join(r.bad, c.bad)
		}
		if r.bad != nil {
			return nil, r.bad
		}
		batch.Facts = append(batch.Facts, f)
	}
	for k := cols[wireKeys]; len(k.rest) > 0 && k.bad == nil; {
		batch.Keys = append(batch.Keys, seal.WrappedPerson{Person: d.id(wireKeys), Stream: batch.Stream, Epoch: d.id(wireKeys), Key: slices.Clone(k.field())})
	}
	for _, c := range cols {
		if c.bad != nil {
			r.bad = errors.Join(r.bad, c.bad)
		} else if len(c.rest) > 0 {
			r.fail("a column is longer than its facts")
		}
	}
	return batch, nil
}

// wireReader reads numbers and fields; after the first fault all is empty.
type wireReader struct {
	rest []byte
	bad  error
}

func (r *wireReader) fail(format string, args ...any) {
	if r.bad == nil {
		r.bad = fmt.Errorf(format, args...)
	}
	r.rest = nil
}

func (r *wireReader) take(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.fail("it is cut short")
		return make([]byte, min(n, 64))
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *wireReader) number() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.fail("a number is cut short")
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *wireReader) signed() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.fail("a number is cut short")
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *wireReader) count(most uint64) uint64 {
	n := r.number()
	if n > most {
		r.fail("it counts %d, and %d are allowed", n, most)
		return 0
	}
	return n
}

func (r *wireReader) field() []byte { return r.take(r.number()) }

func (r *wireReader) hash() (h [tlog.HashSize]byte) {
	copy(h[:], r.take(tlog.HashSize))
	return h
}

// wireDecoder puts columns together again.
type wireDecoder struct {
	cols [wireColumns]*wireReader
	seen []id.ID
	room int // for bodies
}

func (d *wireDecoder) time(last Time) Time {
	r := d.cols[wireTimes]
	ms, counter := r.signed(), r.signed()
	if ms == 0 {
		counter += int64(last&0xffff) + 1
	}
	ms += int64(last >> 16)
	if ms < 0 || ms >= 1<<47 || counter < 0 || counter > 0xffff {
		r.fail("a time is out of bounds")
		return 0
	}
	return Time(ms)<<16 | Time(counter)
}

func (d *wireDecoder) id(column int) id.ID {
	r := d.cols[column]
	n := r.number()
	switch {
	case n == 0:
		var v id.ID
		copy(v[:], d.cols[wireIDs].take(uint64(len(v))))
		d.seen = append(d.seen, v)
		return v
	case n > uint64(len(d.seen)):
		r.fail("an id is named that has not come")
		return id.Nil
	}
	return d.seen[uint64(len(d.seen))-n]
}

func (d *wireDecoder) body() []byte {
	r := d.cols[wireBodies]
	end := bytes.IndexByte(r.rest, bodyEnd)
	if end < 0 {
		r.fail("a body is cut short")
		return nil
	}
	text := r.take(uint64(end) + 1)[:end]
	if len(text) > MaxBody {
		r.fail("a body is too long")
		return nil
	}
	out := make([]byte, 0, len(text)+idLength)
	for {
		i := bytes.IndexByte(text, idMark)
		if i < 0 {
			out = append(out, text...)
			if d.room -= len(out); d.room < 0 {
				r.fail("its bodies are too long")
			}
			return out
		}
		out = append(out, text[:i]...)
		out = append(out, d.id(wireNames).String()...)
		text = text[i+1:]
		if len(out) > MaxBody {
			r.fail("a body is too long")
			return nil
		}
	}
}
