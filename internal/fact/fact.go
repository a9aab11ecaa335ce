// Package fact keeps the log: what happened, immutable, kept where it happened, and derives everything a screen shows
// from it. SPEC.md beside this file is the public format; the envelope and its hash never change.
package fact

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/tlog"

	"tizi/internal/id"
)

// MaxBody bounds a body in bytes; larger things are blobs.
const MaxBody = 64 << 10

// Fact is one thing that happened. See SPEC.md.
type Fact struct {
	Stream  string // "commons", "hub" or "centre/<id>"
	Node    id.ID  // who wrote it: the fingerprint of the node's public key
	Seq     uint64 // 1, 2, 3 … without a gap for each stream and node
	HLC     Time   // when, by the node's hybrid logical clock
	Kind    string // "attendance.taken@1", with a ! behind it when critical
	Subject id.ID  // what it is about
	Actor   id.ID  // the account that did it; Nil for the program itself
	Prev    []Ref  // the facts it replaces
	Body    []byte // JSON, these exact bytes

	state   State
	decoded any // Body as the newest version of its kind, once it was read
}

// Ref names a fact.
type Ref struct {
	Stream string
	Node   id.ID
	Seq    uint64
}

// Ref returns the fact's name.
func (f *Fact) Ref() Ref { return Ref{f.Stream, f.Node, f.Seq} }

// State tells whether the fact counts.
func (f *Fact) State() State { return f.state }

// String is "centre/…:node:17".
func (r Ref) String() string { return fmt.Sprintf("%s:%s:%d", r.Stream, r.Node.Hex(), r.Seq) }

// ParseRef reads what String wrote.
func ParseRef(s string) (Ref, error) {
	parts := strings.Split(s, ":")
	if len(parts) != 3 {
		return Ref{}, fmt.Errorf("fact reference %q: it should read stream:node:number", s)
	}
	n, err := id.Parse(parts[1])
	if err != nil {
		return Ref{}, fmt.Errorf("fact reference %q: %w", s, err)
	}
	seq, err := strconv.ParseUint(parts[2], 10, 63)
	if err != nil {
		return Ref{}, fmt.Errorf("fact reference %q: %w", s, err)
	}
	return Ref{parts[0], n, seq}, nil
}

// State says why a fact counts or does not. It is derived, not part of the fact: every verified fact is stored.
type State int

// The states. What its writer might not write is Ungranted or Revoked, whatever it says; the rest is about what it says.
const (
	Effective State = iota
	Ungranted       // its node holds no grant for this kind in this stream
	Revoked         // written after its node's grant was revoked
	Voided          // a later fact says it was a mistake
	Unknown         // its kind or version is newer than this program
	Critical        // the same, and nobody may act on its subject until this program is upgraded
	Malformed       // its body does not say what its kind says, or its kind may not stand in its stream
)

var stateNames = [...]string{"effective", "ungranted", "revoked", "voided", "unknown", "critical", "malformed"}

func (s State) String() string {
	if s < 0 || int(s) >= len(stateNames) {
		return strconv.Itoa(int(s))
	}
	return stateNames[s]
}

// Check says whether the envelope is well formed. It does not look at what the body means.
func (f *Fact) Check() error {
	if f.Node.IsNil() || f.Seq == 0 || f.Seq > maxSeq || f.HLC == 0 || f.HLC > maxTime {
		return fmt.Errorf("fact %s: node, number or time is missing or too large", f.Ref())
	}
	if err := f.checkContent(); err != nil {
		return err
	}
	if !utf8.Valid(f.Body) || !json.Valid(f.Body) {
		return fmt.Errorf("fact %s: the body is no JSON in UTF-8", f.Ref())
	}
	return nil
}

// Bounds of an envelope, so that its numbers fit everywhere.
const (
	maxSeq  = 1 << 62
	maxTime = 1<<63 - 1
	maxKind = 80
	maxPrev = 255
)

// checkContent checks what does not depend on the fact's place in the log.
func (f *Fact) checkContent() error {
	switch {
	case !validStream(f.Stream):
		return fmt.Errorf("fact %s: the stream's name is malformed", f.Ref())
	case !validKind(f.Kind):
		return fmt.Errorf("fact %s: kind %q is malformed", f.Ref(), f.Kind)
	case f.Subject.IsNil():
		return fmt.Errorf("fact %s: it is about nothing", f.Ref())
	case len(f.Body) > MaxBody:
		return fmt.Errorf("fact %s: the body has %d bytes, %d are allowed", f.Ref(), len(f.Body), MaxBody)
	case len(f.Prev) > maxPrev:
		return fmt.Errorf("fact %s: it replaces %d facts, %d are allowed", f.Ref(), len(f.Prev), maxPrev)
	}
	for _, p := range f.Prev {
		if p.Stream != "" && !validStream(p.Stream) || p.Seq == 0 || p.Seq > maxSeq {
			return fmt.Errorf("fact %s: what it replaces, %s, is malformed", f.Ref(), p)
		}
	}
	return nil
}

// CentreOf returns the centre of a stream, Nil where it is none's.
func CentreOf(stream string) id.ID {
	text, ok := strings.CutPrefix(stream, "centre/")
	if !ok {
		return id.Nil
	}
	v, _ := id.Parse(text)
	return v
}

// validStream accepts commons, hub and centre/ with 36 characters of an id in small letters.
func validStream(s string) bool {
	v, ok := strings.CutPrefix(s, "centre/")
	if !ok {
		return s == "commons" || s == "hub"
	}
	if len(v) != 36 {
		return false
	}
	for i := range len(v) {
		if c := v[i]; !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c == '-') {
			return false
		}
	}
	return true
}

// validKind accepts area.happened@1, with a ! behind it or without: words of small letters and _, a version from 1 to
// 9999.
func validKind(s string) bool {
	word := func(s string) bool {
		for i := range len(s) {
			if c := s[i]; !(c >= 'a' && c <= 'z' || c == '_' && i > 0) {
				return false
			}
		}
		return s != ""
	}
	if len(s) > maxKind {
		return false
	}
	s, _ = strings.CutSuffix(s, "!")
	name, version, _ := strings.Cut(s, "@")
	area, happened, _ := strings.Cut(name, ".")
	if !word(area) || !word(happened) || len(version) < 1 || len(version) > 4 || version[0] == '0' {
		return false
	}
	for i := range len(version) {
		if c := version[i]; c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// SplitKind takes "area.happened@2!" apart.
func SplitKind(kind string) (name string, version int, critical bool) {
	kind, critical = strings.CutSuffix(kind, "!")
	name, v, _ := strings.Cut(kind, "@")
	version, _ = strconv.Atoi(v)
	return name, version, critical
}

// appendField appends b with its length before it.
func appendField(dst []byte, b []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(b)))
	return append(dst, b...)
}

// Encode appends the bytes that are hashed: each field of the envelope with its length before it (SPEC.md, "Leaf").
func (f *Fact) Encode(dst []byte) []byte {
	var n [8]byte
	dst = appendField(dst, []byte("tizi.fact/1"))
	dst = appendField(dst, []byte(f.Stream))
	dst = appendField(dst, f.Node[:])
	binary.BigEndian.PutUint64(n[:], f.Seq)
	dst = appendField(dst, n[:])
	binary.BigEndian.PutUint64(n[:], uint64(f.HLC))
	dst = appendField(dst, n[:])
	dst = appendField(dst, []byte(f.Kind))
	dst = appendField(dst, f.Subject[:])
	dst = appendField(dst, f.Actor[:])
	dst = appendField(dst, encodePrev(f.Prev))
	return appendField(dst, f.Body)
}

// Hash is the leaf hash of RFC 6962, section 2.1.
func (f *Fact) Hash() tlog.Hash {
	var buf [1024]byte
	buf[0] = 0 // the leaf prefix
	return sha256.Sum256(f.Encode(buf[:1]))
}

func encodePrev(prev []Ref) []byte {
	if len(prev) == 0 {
		return []byte{}
	}
	var b []byte
	for _, r := range prev {
		b = appendField(b, []byte(r.Stream))
		b = append(b, r.Node[:]...)
		b = binary.BigEndian.AppendUint64(b, r.Seq)
	}
	return b
}

var errPrev = errors.New("the list of replaced facts is damaged")

func decodePrev(b []byte) ([]Ref, error) {
	var refs []Ref
	for len(b) > 0 {
		n, w := binary.Uvarint(b)
		if w <= 0 || n > 64 || len(b) < w+int(n)+24 {
			return nil, errPrev
		}
		b = b[w:]
		r := Ref{Stream: string(b[:n])}
		b = b[n:]
		copy(r.Node[:], b)
		r.Seq = binary.BigEndian.Uint64(b[16:])
		refs = append(refs, r)
		b = b[24:]
	}
	return refs, nil
}
