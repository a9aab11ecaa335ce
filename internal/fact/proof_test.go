package fact_test

import (
	"bytes"
	"testing"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/testnode/toy"
)

// proof is one of a box's fact that a hub has seen, made at the hub, with a fact of the hub's own.
func proof(t testing.TB) (b []byte, hub, box *testnode.Node, ref fact.Ref) {
	t.Helper()
	hub = fast(t)
	box = hub.Box(testnode.Fast(t), toy.Registry(), everything, []string{centre})
	s := id.New()
	refs := write(t, box, say(s, "bonjour"), count(id.New(), "a", 2), count(id.New(), "a", 3))
	box.Carry(hub)
	must(t, hub.Cosign(ctx, func(string) bool { return true }))
	write(t, box, count(id.New(), "a", 4))
	box.Carry(hub)
	all, err := hub.Of(ctx, hub.DB, s)
	must(t, err)
	if b, err = hub.ProveFacts(ctx, hub.DB, all); err != nil {
		t.Fatal(err)
	}
	return b, hub, box, refs[0]
}

func TestProof(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		b, hub, box, ref := proof(t)
		got, err := fact.CheckProof(b, hub.Node())
		must(t, err)
		if len(got) != 1 || got[0].Ref() != ref || !got[0].Signed || !got[0].Granted || got[0].Name != "box" || !bytes.Contains(got[0].Body, []byte("bonjour")) {
			t.Fatalf("%+v", got)
		}
		if when, ok := got[0].Seen[hub.Node()]; !ok || when.IsZero() {
			t.Errorf("nobody saw it: %+v", got[0].Seen)
		}
		if got, err = fact.CheckProof(b, id.New()); err != nil || got[0].Granted {
			t.Errorf("another headquarters let it write: %v", err)
		}
		// What a box wrote after it was revoked was not granted.
		write(t, hub, revoke(box, map[string]uint64{}))
		all, err := hub.Of(ctx, hub.DB, got[0].Subject)
		must(t, err)
		b, err = hub.ProveFacts(ctx, hub.DB, all)
		must(t, err)
		if got, err = fact.CheckProof(b, hub.Node()); err != nil || got[0].Granted {
			t.Errorf("a stolen box was granted it: %v", err)
		}
	})
}

// Not one letter of a proof may be another: it is refused, or says the same.
func TestProofAltered(t *testing.T) {
	b, hub, _, _ := proof(t)
	want, err := fact.CheckProof(b, hub.Node())
	must(t, err)
	for i := range b {
		x := bytes.Clone(b)
		x[i] ^= 1
		got, err := fact.CheckProof(x, hub.Node())
		if err != nil {
			continue
		}
		if len(got) != 1 || got[0].Hash() != want[0].Hash() {
			t.Fatalf("with another byte %d it proves %+v", i, got)
		}
	}
}

// FuzzCheckProof: whatever comes, what is proved is signed, and spells itself.
func FuzzCheckProof(f *testing.F) {
	b, hub, _, _ := proof(f)
	f.Add(b)
	f.Add([]byte(`{"tizi_proof":1,"keys":[],"facts":["c2sp.org/tlog-proof@v1\nextra \nindex 0\n\n"],"grants":[],"seen":[]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := fact.CheckProof(in, hub.Node())
		if err != nil {
			return
		}
		for _, p := range got {
			again, err := fact.DecodeFact(p.Encode(nil))
			if err != nil || again.Hash() != p.Hash() || !p.Signed {
				t.Errorf("%s: %v", p.Ref(), err)
			}
		}
	})
}

// FuzzDecodeFact: whatever comes, it is a fact that encodes to these bytes, or an error.
func FuzzDecodeFact(f *testing.F) {
	n := fast(f)
	write(f, n, say(id.New(), "bonjour «»", fact.Ref{Stream: centre, Node: n.Node(), Seq: 1}))
	f.Add(read(f, n, n.Node(), 0, 1).Facts[0].Encode(nil))
	f.Fuzz(func(t *testing.T, in []byte) {
		x, err := fact.DecodeFact(in)
		if err == nil && !bytes.Equal(x.Encode(nil), in) {
			t.Error("it came as another")
		}
	})
}
