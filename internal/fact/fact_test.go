package fact

import (
	"encoding/hex"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"tizi/internal/id"
)

// golden facts: the envelope and its hash are frozen for ever. If this test fails, the code is wrong, not the test.
var golden = []struct {
	fact Fact
	hash string
}{
	{Fact{Stream: "commons", Node: id.MustParse("00112233445566778899aabbccddeeff"), Seq: 1, HLC: At(time.UnixMilli(1767225600000)), Kind: "place.added@1",
		Subject: id.MustParse("0198f2a0-0000-7000-8000-000000000001"), Body: []byte(`{"code":"MA"}`)}, "2601266049eebb73654d14f4f2ca46140c495bf9a300e9e5c593a4bfa2d97fe2"},
	{Fact{Stream: "centre/0198f2a0-0000-7000-8000-000000000002", Node: id.MustParse("ffeeddccbbaa99887766554433221100"), Seq: 1 << 40, HLC: At(time.UnixMilli(1767225600000)) + 7, Kind: "person.erased@12!",
		Subject: id.MustParse("0198f2a0-0000-7000-8000-000000000003"), Actor: id.MustParse("0198f2a0-0000-7000-8000-000000000004"),
		Prev: []Ref{{"", id.MustParse("00112233445566778899aabbccddeeff"), 5}, {"commons", id.MustParse("ffeeddccbbaa99887766554433221100"), 6}},
		Body: []byte(`{"reason":"طلب ولي الأمر"}`)}, "a057b7370b1714f6ab861e7c7d7f6557add3aafa0b9bbe1bcd8ad2ec8ab60dde"},
}

func TestGoldenFactsKeepTheirHash(t *testing.T) {
	for _, g := range golden {
		h := g.fact.Hash()
		if got := hex.EncodeToString(h[:]); got != g.hash {
			t.Errorf("fact %s hashes to %s, it was frozen at %s", g.fact.Ref(), got, g.hash)
		}
		if err := g.fact.Check(); err != nil {
			t.Error(err)
		}
	}
}

func TestEdgeIsTheTreeOfRFC6962(t *testing.T) {
	var e Edge
	var all []tlog.Hash
	tiles := map[uint64]tlog.Hash{}
	for i := range 1100 {
		leaf := tlog.RecordHash([]byte{byte(i), byte(i >> 8)})
		all = append(all, leaf)
		if tile, n, done := e.Add(leaf); done {
			tiles[n] = tile
		}
		if i%97 != 0 && i < 1090 {
			continue
		}
		r := hashReader{
			tile:   func(n uint64) (tlog.Hash, error) { return tiles[n], nil },
			leaves: func(a, b uint64) ([]tlog.Hash, error) { return append([]tlog.Hash(nil), all[a:b]...), nil },
		}
		want, err := tlog.TreeHash(int64(i+1), r)
		if err != nil {
			t.Fatal(err)
		}
		if e.Root() != want {
			t.Fatalf("size %d: root %v, want %v", i+1, e.Root(), want)
		}
		again, err := decodeEdge(e.Size, e.encode())
		if err != nil || again.Root() != want {
			t.Fatalf("size %d: the edge does not survive: %v", i+1, err)
		}
		p, err := tlog.ProveRecord(int64(i+1), int64(i/2), r)
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckRecord(p, int64(i+1), want, int64(i/2), all[i/2]); err != nil {
			t.Errorf("size %d: %v", i+1, err)
		}
	}
}

func TestPrevSurvivesAndDamageIsSeen(t *testing.T) {
	prev := golden[1].fact.Prev
	b := encodePrev(prev)
	got, err := decodePrev(b)
	if err != nil || len(got) != 2 || got[0] != prev[0] || got[1] != prev[1] {
		t.Errorf("got %v, %v", got, err)
	}
	for n := 1; n < len(b); n++ {
		if got, err := decodePrev(b[:n]); err == nil && len(got) == 2 {
			t.Errorf("%d of %d bytes read as whole", n, len(b))
		}
	}
}

func TestClockNeverGoesBackAndIsNotDraggedAlong(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	c := NewClock(func() time.Time { return now })
	a := c.Tick()
	now = now.Add(-10 * 365 * 24 * time.Hour) // the battery died
	b := c.Tick()
	if b <= a {
		t.Errorf("%d after %d", b, a)
	}
	now = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	if ahead := c.Meet(At(now.Add(24 * 365 * time.Hour))); ahead < 24*time.Hour {
		t.Errorf("ahead %v", ahead)
	}
	if got := c.Tick().Wall(); got.After(now.Add(time.Minute)) {
		t.Errorf("a wrong clock moved ours to %v", got)
	}
	c.Meet(At(now.Add(3 * time.Minute)))
	if got := c.Tick().Wall(); got.Before(now.Add(3 * time.Minute)) {
		t.Errorf("a later fact would be timed before what it answers: %v", got)
	}
}

func TestCanonicalPutsWhatReplacesBehind(t *testing.T) {
	n := id.New()
	old := &Fact{Stream: "commons", Node: n, Seq: 1, HLC: 100}
	// Written after old was seen, by a box whose clock is years behind.
	late := &Fact{Stream: "commons", Node: id.New(), Seq: 1, HLC: 5, Prev: []Ref{old.Ref()}}
	other := &Fact{Stream: "commons", Node: n, Seq: 2, HLC: 101}
	got := canonical([]*Fact{other, late, old})
	if got[0] != old || got[1] != late || got[2] != other {
		t.Errorf("order %v %v %v", got[0].Ref(), got[1].Ref(), got[2].Ref())
	}
	s := &Subject{all: got}
	heads := s.Heads(func(*Fact) bool { return true })
	if len(heads) != 2 || heads[1] != other {
		t.Errorf("heads %v", heads)
	}
}

func FuzzDecodePrev(f *testing.F) {
	f.Add(encodePrev(golden[1].fact.Prev))
	f.Fuzz(func(t *testing.T, b []byte) {
		refs, err := decodePrev(b)
		if err == nil && len(refs) > 0 {
			if again, err := decodePrev(encodePrev(refs)); err != nil || len(again) != len(refs) {
				t.Errorf("%v came back as %v, %v", refs, again, err)
			}
		}
	})
}

func FuzzParseHead(f *testing.F) {
	f.Add([]byte("tizi/commons/00112233445566778899aabbccddeeff\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n\u2014 x y\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, err := ParseHead(b, make([]byte, 32)); err == nil {
			t.Errorf("accepted %v without a signature", h)
		}
	})
}
