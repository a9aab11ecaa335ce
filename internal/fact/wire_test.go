package fact_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/testnode"
)

// sameFacts compares what is hashed, and so all of it.
func sameFacts(a, b *fact.Batch) error {
	if a.Stream != b.Stream || a.Node != b.Node || !bytes.Equal(a.Public, b.Public) || !bytes.Equal(a.Head, b.Head) || fmt.Sprint(a.Proof) != fmt.Sprint(b.Proof) || fmt.Sprint(a.Keys) != fmt.Sprint(b.Keys) || len(a.Facts) != len(b.Facts) {
		return errors.New("the batch came as another")
	}
	for i := range a.Facts {
		if got, want := b.Facts[i].Encode(nil), a.Facts[i].Encode(nil); !bytes.Equal(got, want) {
			return fmt.Errorf("fact %d came as\n%q instead of\n%q", i, got, want)
		}
	}
	return nil
}

func TestWire(t *testing.T) {
	own, err := seal.NewIdentity()
	must(t, err)
	ids := []id.ID{id.Nil, own.Node(), id.New(), id.New(), id.New()}
	rapid.Check(t, func(d *rapid.T) {
		pick := rapid.SampledFrom(ids)
		b := &fact.Batch{Stream: centre, Node: own.Node(), Public: own.Public(), Head: rapid.SliceOf(rapid.Byte()).Draw(d, "head")}
		first := rapid.Uint64Range(1, 1<<61).Draw(d, "first")
		for i := range rapid.IntRange(0, 20).Draw(d, "facts") {
			f := &fact.Fact{Stream: centre, Node: own.Node(), Seq: first + uint64(i), HLC: fact.Time(rapid.Uint64Range(1, 1<<63-1).Draw(d, "time")),
				Kind: rapid.SampledFrom([]string{"toy.said@1", "toy.said@2", "toy.urgent@1!"}).Draw(d, "kind"), Subject: pick.Draw(d, "subject"), Actor: pick.Draw(d, "actor")}
			for range rapid.IntRange(0, 3).Draw(d, "prev") {
				f.Prev = append(f.Prev, fact.Ref{Stream: rapid.SampledFrom([]string{"", "commons", centre}).Draw(d, "of"), Node: pick.Draw(d, "node"), Seq: rapid.Uint64Range(1, 1<<62).Draw(d, "seq")})
			}
			f.Body = fmt.Appendf(nil, `{"a":%q,"of":"%s","b":[1,"%s-%X"]}`, rapid.StringMatching(`[ -~«é\n]*`).Draw(d, "text"), pick.Draw(d, "of"), pick.Draw(d, "id"), pick.Draw(d, "upper"))
			b.Facts = append(b.Facts, f)
		}
		for range rapid.IntRange(0, 3).Draw(d, "keys") {
			b.Keys = append(b.Keys, seal.WrappedPerson{Person: pick.Draw(d, "person"), Stream: centre, Epoch: pick.Draw(d, "epoch"), Key: rapid.SliceOfN(rapid.Byte(), 1, 60).Draw(d, "key")})
		}
		got, err := fact.DecodeBatch(b.Encode())
		if err == nil {
			err = sameFacts(b, got)
		}
		if err != nil {
			d.Fatal(err)
		}
	})
}

// FuzzDecodeBatch: whatever comes, it is a batch that encodes to itself, or an error.
func FuzzDecodeBatch(f *testing.F) {
	n := fast(f)
	_, err := n.Write(count(id.New(), "a", 3), say(id.New(), "bonjour «»"), count(id.New(), "b", 4))
	testnode.Must(f, err)
	b := read(f, n, n.Node(), 0, 10)
	f.Add(b.Encode())
	f.Add(read(f, n, n.Node(), 1, 1).Encode())
	f.Fuzz(func(t *testing.T, in []byte) {
		b, err := fact.DecodeBatch(in)
		if err != nil {
			if !errors.Is(err, fact.ErrWire) {
				t.Fatal(err)
			}
			return
		}
		again, err := fact.DecodeBatch(b.Encode())
		if err == nil {
			err = sameFacts(b, again)
		}
		if err != nil {
			t.Fatal(err)
		}
	})
}
