package fact

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// Facts leave the node in a file that proves them to whoever has no database: their exact bytes, that they stand in a log that their
// node signed, who saw that log and when, and by which grants the node might write them (SPEC.md, "A proof").

// ErrProofFile is returned, wrapped, for a file that proves nothing: damaged, altered, or of another form.
var ErrProofFile = errors.New("this file proves nothing: it is damaged, was altered, or is no proof")

// Bounds of a file, so that a strange one does not ask for all the memory there is.
const (
	MaxProof      = 64 << 20 // bytes
	maxProofFacts = 20_000
	proofMagic    = "c2sp.org/tlog-proof@v1"
)

// proofFile is the JSON of a proof.
type proofFile struct {
	Version int      `json:"tizi_proof"`
	Keys    []string `json:"keys"`   // Ed25519 public keys of all who signed, base64
	Facts   []string `json:"facts"`  // what is proved: tlog-proofs, whose extra data are the fact's leaf
	Grants  []string `json:"grants"` // by which its writers might write it, the same
	Seen    []string `json:"seen"`   // tlog-proofs of the same facts in heads that others have cosigned
}

// ProveFacts makes the file that proves some facts.
func (l *Log) ProveFacts(ctx context.Context, q store.Querier, facts []*Fact) ([]byte, error) {
	out := proofFile{Version: 1, Keys: []string{}, Facts: []string{}, Grants: []string{}, Seen: []string{}}
	keys := map[string]bool{}
	writers := map[id.ID]bool{}
	add := func(f *Fact) (string, error) {
		b, proof, err := l.Attest(ctx, q, f)
		if err != nil {
			return "", err
		}
		keys[base64.StdEncoding.EncodeToString(b.Public)] = true
		return encodeProof(f, proof, b.Head), nil
	}
	for _, f := range facts {
		p, err := add(f)
		if err != nil {
			return nil, err
		}
		out.Facts = append(out.Facts, p)
		writers[f.Node] = true
		seen, err := l.Seen(ctx, q, f.Ref())
		if err != nil {
			return nil, err
		}
		if seen.Note == nil {
			continue
		}
		public, err := l.publicKey(ctx, q, seen.By)
		if err != nil {
			return nil, err
		}
		keys[base64.StdEncoding.EncodeToString(public)] = true
		out.Seen = append(out.Seen, encodeProof(f, seen.Proof, seen.Note))
	}
	grants, err := l.grantsOf(ctx, q, writers)
	if err != nil {
		return nil, err
	}
	for _, f := range grants {
		p, err := add(f)
		if err != nil {
			return nil, err
		}
		out.Grants = append(out.Grants, p)
	}
	out.Keys = slices.AppendSeq(out.Keys, maps.Keys(keys))
	slices.Sort(out.Keys)
	b, err := json.MarshalIndent(out, "", " ")
	return append(b, '\n'), err
}

// grantsOf returns the facts that let some nodes write, and those who let them, up to the root, and revocations of them.
func (l *Log) grantsOf(ctx context.Context, q store.Querier, nodes map[id.ID]bool) ([]*Fact, error) {
	a := l.authority()
	refs := map[Ref]bool{}
	todo := slices.Collect(maps.Keys(nodes))
	if len(a.roots) > 1 { // who followed whom is all or nothing
		todo = slices.AppendSeq(todo, maps.Keys(a.roots))
	}
	for done := map[id.ID]bool{}; len(todo) > 0; {
		v := todo[0]
		todo = todo[1:]
		n := a.nodes[v]
		if n == nil || done[v] {
			continue
		}
		done[v] = true
		for _, g := range n.grants {
			refs[g.ref] = true
			todo = append(todo, g.ref.Node)
		}
		for _, r := range n.reserved {
			refs[r.ref] = true
			todo = append(todo, r.by)
		}
		for _, c := range n.cuts {
			refs[c.ref] = true
			todo = append(todo, c.ref.Node)
		}
	}
	var out []*Fact
	for ref := range refs {
		err := l.Facts(ctx, q, "stream IN (SELECT id FROM fact_stream WHERE name = ?) AND node IN (SELECT id FROM fact_node WHERE node = ?) AND seq = ?", store.Args(ref.Stream, ref.Node, int64(ref.Seq)), func(f *Fact) error {
			out = append(out, f)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(out, func(x, y *Fact) int { return compareRefs(x.Ref(), y.Ref()) })
	return out, nil
}

// encodeProof writes a proof as transparency logs do (C2SP tlog-proof), the fact's leaf as its extra data.
func encodeProof(f *Fact, proof tlog.RecordProof, note []byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nextra %s\nindex %d\n", proofMagic, base64.StdEncoding.EncodeToString(f.Encode(nil)), f.Seq-1)
	for _, h := range proof {
		fmt.Fprintln(&b, h)
	}
	b.WriteByte('\n')
	b.Write(note)
	return b.String()
}

// decodeProof reads what encodeProof wrote; nothing of it is proved yet.
func decodeProof(s string) (f *Fact, proof tlog.RecordProof, signed []byte, err error) {
	head, checkpoint, ok := strings.Cut(s, "\n\n")
	lines := strings.Split(head, "\n")
	if !ok || len(lines) < 3 || lines[0] != proofMagic || len(lines) > 3+maxWireProof {
		return nil, nil, nil, ErrProofFile
	}
	extra, ok1 := strings.CutPrefix(lines[1], "extra ")
	index, ok2 := strings.CutPrefix(lines[2], "index ")
	leaf, err := base64.StdEncoding.Strict().DecodeString(extra)
	if !ok1 || !ok2 || err != nil {
		return nil, nil, nil, ErrProofFile
	}
	if f, err = DecodeFact(leaf); err != nil {
		return nil, nil, nil, err
	}
	if index != strconv.FormatUint(f.Seq-1, 10) {
		return nil, nil, nil, ErrProofFile
	}
	for _, line := range lines[3:] {
		h, err := tlog.ParseHash(line)
		if err != nil || h.String() != line {
			return nil, nil, nil, ErrProofFile
		}
		proof = append(proof, h)
	}
	return f, proof, []byte(checkpoint), nil
}

// DecodeFact reads a fact from its leaf, the bytes that are hashed.
func DecodeFact(b []byte) (*Fact, error) {
	r := &wireReader{rest: b}
	exact := func(n int) []byte {
		v := r.field()
		if len(v) != n {
			r.fail("a field has %d bytes instead of %d", len(v), n)
			return make([]byte, n)
		}
		return v
	}
	if string(r.field()) != "tizi.fact/1" {
		r.fail("it is of another form")
	}
	f := &Fact{Stream: string(r.field())}
	copy(f.Node[:], exact(16))
	f.Seq, f.HLC = binary.BigEndian.Uint64(exact(8)), Time(binary.BigEndian.Uint64(exact(8)))
	f.Kind = string(r.field())
	copy(f.Subject[:], exact(16))
	copy(f.Actor[:], exact(16))
	prev := r.field()
	f.Body = slices.Clone(r.field())
	if len(r.rest) > 0 {
		r.fail("something follows it")
	}
	if r.bad != nil {
		return nil, fmt.Errorf("%w: %w", ErrProofFile, r.bad)
	}
	var err error
	if f.Prev, err = decodePrev(prev); err == nil {
		err = f.Check()
	}
	if err == nil && !bytes.Equal(f.Encode(nil), b) {
		err = errors.New("it is spelled otherwise")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProofFile, err)
	}
	return f, nil
}

// Proved is a fact that a file has proved.
type Proved struct {
	*Fact
	Signed  bool                // by its own node
	Seen    map[id.ID]time.Time // by whom it was seen, and when at the latest; they signed that
	Granted bool                // its node might write it, from the root that was asked about, as far as the file tells of grants
	Name    string              // of its node, in its grant
}

// CheckProof proves what stands in a file such as ProveFacts makes, with no database. Every fact in it is proved, or there is an error.
// Whether a node might write is told for a root; Nil asks about none. That a grant was revoked a file may keep silent about.
func CheckProof(b []byte, root id.ID) ([]Proved, error) {
	if len(b) > MaxProof {
		return nil, ErrProofFile
	}
	var in proofFile
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil || in.Version != 1 || d.More() || len(in.Facts) == 0 || len(in.Facts)+len(in.Grants)+len(in.Seen) > maxProofFacts {
		return nil, errors.Join(ErrProofFile, err)
	}
	keys := map[id.ID]ed25519.PublicKey{}
	for _, s := range in.Keys {
		k, err := base64.StdEncoding.DecodeString(s)
		if err != nil || len(k) != ed25519.PublicKeySize {
			return nil, ErrProofFile
		}
		keys[seal.NodeOf(k)] = k
	}
	out := make([]Proved, 0, len(in.Facts))
	at := map[Ref]int{}
	for _, s := range in.Facts {
		f, err := ownProof(s, keys)
		if err != nil {
			return nil, err
		}
		at[f.Ref()] = len(out)
		out = append(out, Proved{Fact: f, Signed: true, Seen: map[id.ID]time.Time{}})
	}
	for _, s := range in.Seen {
		f, by, when, err := seenProof(s, keys)
		if err != nil {
			return nil, err
		}
		i, ok := at[f.Ref()]
		if !ok || out[i].Hash() != f.Hash() {
			return nil, fmt.Errorf("%w: a fact was seen that it does not hold", ErrProofFile)
		}
		if known, ok := out[i].Seen[by]; !ok || when.Before(known) {
			out[i].Seen[by] = when
		}
	}
	var grants []*Fact
	reg := NewRegistry()
	for _, s := range in.Grants {
		f, err := ownProof(s, keys)
		if err != nil {
			return nil, err
		}
		if name, _, _ := SplitKind(f.Kind); isGrant(name) && reg.read(f) == Effective {
			grants = append(grants, f)
		}
	}
	if root.IsNil() {
		return out, nil
	}
	a := computeAuthority(root, grants)
	j := a.judge()
	for i, p := range out {
		out[i].Granted, out[i].Name = j.may(p.Fact) == Effective, a.nameOf(p.Node)
	}
	return out, nil
}

// ownProof proves a fact by the signature of its own node.
func ownProof(s string, keys map[id.ID]ed25519.PublicKey) (*Fact, error) {
	f, proof, signed, err := decodeProof(s)
	if err != nil {
		return nil, err
	}
	h, err := ParseHead(signed, keys[f.Node])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProofFile, err)
	}
	return f, included(f, proof, h)
}

func included(f *Fact, proof tlog.RecordProof, h Head) error {
	if h.Stream != f.Stream || h.Node != f.Node || f.Seq > h.Size {
		return fmt.Errorf("%w: the head is of another log", ErrProofFile)
	}
	if err := tlog.CheckRecord(proof, int64(h.Size), h.Root, int64(f.Seq-1), f.Hash()); err != nil {
		return fmt.Errorf("%w: %w", ErrProofFile, err)
	}
	return nil
}

// seenProof proves a fact by the cosignature of another node.
func seenProof(s string, keys map[id.ID]ed25519.PublicKey) (f *Fact, by id.ID, at time.Time, err error) {
	f, proof, signed, err := decodeProof(s)
	if err != nil {
		return nil, by, at, err
	}
	for v, public := range keys {
		h, when, err := OpenCosigned(signed, f.Node, public)
		var unknown *note.UnverifiedNoteError
		if errors.As(err, &unknown) {
			continue
		}
		if err != nil {
			return nil, by, at, fmt.Errorf("%w: %w", ErrProofFile, err)
		}
		return f, v, when, included(f, proof, h)
	}
	return nil, by, at, fmt.Errorf("%w: it does not have the key of who saw it", ErrProofFile)
}
