package fact_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/testnode/toy"
)

// read returns what a node holds of a log after a number.
func read(t testing.TB, n *testnode.Node, of id.ID, after uint64, max int) *fact.Batch {
	t.Helper()
	b, err := n.Read(ctx, n.DB, centre, of, after, max)
	must(t, err)
	return b
}

func receive(t testing.TB, n *testnode.Node, b *fact.Batch) int {
	t.Helper()
	added, _, err := n.Receive(ctx, b)
	must(t, err)
	return added
}

func TestReceiveIsIdempotent(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		a := node(t, store.SQLite)
		hub := node(t, e)
		hub.Grant(a.Own, []string{"*"}, []string{"*"})
		for i := range 10 {
			write(t, a, count(id.New(), "a", i))
		}
		b := read(t, a, a.Node(), 0, 100)
		if n := receive(t, hub, b); n != 10 {
			t.Errorf("%d of 10 were new", n)
		}
		if n := receive(t, hub, b); n != 0 {
			t.Errorf("%d were new the second time", n)
		}
		// A batch that overlaps adds what is new in it.
		for i := range 5 {
			write(t, a, count(id.New(), "a", i))
		}
		if n := receive(t, hub, read(t, a, a.Node(), 7, 100)); n != 5 {
			t.Errorf("%d of 5 were new", n)
		}
		if n := receive(t, hub, read(t, a, a.Node(), 15, 100)); n != 0 {
			t.Errorf("%d were new of nothing", n)
		}
		if x, _ := total(t, hub, "a"); x != 45+10 {
			t.Errorf("the sum is %d", x)
		}
		hub.Whole()
	})
}

func TestReceiveRefuses(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		a, other := node(t, store.SQLite), node(t, store.SQLite)
		hub := node(t, e)
		for i := range 300 {
			write(t, a, count(id.New(), "a", i))
		}
		write(t, other, count(id.New(), "a", 1))
		for name, c := range map[string]struct {
			spoil func(b *fact.Batch)
			want  error
		}{
			"a gap":              {func(b *fact.Batch) { b.Facts = b.Facts[1:] }, fact.ErrGap},
			"an altered body":    {func(b *fact.Batch) { b.Facts[3].Body = []byte(`{"group":"a","n":9999}`) }, fact.ErrProof},
			"an altered actor":   {func(b *fact.Batch) { b.Facts[3].Actor = id.New() }, fact.ErrProof},
			"an altered time":    {func(b *fact.Batch) { b.Facts[3].HLC++ }, fact.ErrProof},
			"an altered kind":    {func(b *fact.Batch) { b.Facts[3].Kind = "toy.said@2" }, fact.ErrProof},
			"something replaced": {func(b *fact.Batch) { b.Facts[3].Prev = []fact.Ref{{Node: a.Node(), Seq: 1}} }, fact.ErrProof},
			"two in a new order": {func(b *fact.Batch) { b.Facts[3], b.Facts[4] = b.Facts[4], b.Facts[3] }, fact.ErrProof},
			"two swapped": {func(b *fact.Batch) {
				f, g := b.Facts[3], b.Facts[4]
				f.Seq, g.Seq = g.Seq, f.Seq
				b.Facts[3], b.Facts[4] = g, f
			}, fact.ErrProof},
			"one left out":         {func(b *fact.Batch) { b.Facts = slices.Delete(b.Facts, 3, 4) }, fact.ErrProof},
			"one too many":         {func(b *fact.Batch) { g := *b.Facts[299]; g.Seq = 301; b.Facts = append(b.Facts, &g) }, fact.ErrProof},
			"a wrong key":          {func(b *fact.Batch) { b.Public = other.Own.Public() }, fact.ErrProof},
			"a key of no length":   {func(b *fact.Batch) { b.Public = nil }, fact.ErrProof},
			"another's head":       {func(b *fact.Batch) { b.Head = read(t, other, other.Node(), 0, 1).Head }, fact.ErrProof},
			"a forged head":        {func(b *fact.Batch) { b.Head = bytes.Replace(b.Head, []byte("\n300\n"), []byte("\n299\n"), 1) }, fact.ErrProof},
			"no head":              {func(b *fact.Batch) { b.Head = nil }, fact.ErrProof},
			"another stream":       {func(b *fact.Batch) { b.Stream = "commons" }, fact.ErrProof},
			"another node's facts": {func(b *fact.Batch) { b.Facts[0].Node = other.Node() }, fact.ErrProof},
			"a malformed envelope": {func(b *fact.Batch) { b.Facts[0].Subject = id.Nil }, fact.ErrProof},
			"a body that is none":  {func(b *fact.Batch) { b.Facts[0].Body = []byte(`{"n":`) }, fact.ErrProof},
			"a body not in UTF-8":  {func(b *fact.Batch) { b.Facts[0].Body = []byte("{\"n\":\"\xff\"}") }, fact.ErrProof},
			"a time past all time": {func(b *fact.Batch) { b.Facts[0].HLC = 1 << 63 }, fact.ErrProof},
			"a part without proof": {func(b *fact.Batch) { b.Facts = b.Facts[:7] }, fact.ErrProof},
		} {
			b := read(t, a, a.Node(), 0, 1000)
			if len(b.Facts) != 300 {
				t.Fatalf("%d facts read", len(b.Facts))
			}
			c.spoil(b)
			_, _, err := hub.Receive(ctx, b)
			if n := hub.CountOf("fact"); err == nil || n != 0 {
				t.Fatalf("%s: got %v, %d facts are kept", name, err, n)
			}
			wantErr(t, err, c.want)
		}
		// And after all that the true ones are taken.
		if n := receive(t, hub, read(t, a, a.Node(), 0, 1000)); n != 300 {
			t.Errorf("%d of 300 were new", n)
		}
		hub.Whole()
	})
}

// A third node proves facts with what it got of the second, whatever the sizes of the parts.
func TestPartsAndRelays(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		a := node(t, store.SQLite)
		b, c := node(t, e), node(t, store.SQLite)
		for i := range 700 {
			write(t, a, count(id.New(), "a", i))
		}
		// From the writer itself each part is proved to its end, so b can pass on what it has at any moment.
		for at := uint64(0); at < 600; at += 120 {
			receive(t, b, read(t, a, a.Node(), at, 120))
			l := testnode.Link{From: b, To: c, Batch: 33}
			n, err := l.Carry(nil)
			must(t, err)
			if n != 120 {
				t.Fatalf("b holds %d more, c got %d", 120, n)
			}
		}
		l := testnode.Link{From: b, To: c}
		must(t, b.Stop())
		b.Start()
		testnode.Meet(a, b, c)
		if _, err := l.Carry(nil); err != nil {
			t.Error(err)
		}
		if n := c.CountOf("fact"); n != 700 {
			t.Errorf("c has %d facts", n)
		}
		testnode.Same(t, b, c)
		b.Whole()
		c.Whole()
	})
}

// What is held behind the last head that it can prove, a node keeps and does not pass on.
func TestPartOfALaterHeadIsKeptBack(t *testing.T) {
	a, b, c, d := node(t, store.SQLite), node(t, store.SQLite), node(t, store.SQLite), node(t, store.SQLite)
	for i := range 100 {
		write(t, a, count(id.New(), "a", i))
	}
	a.Carry(b)
	part := read(t, b, a.Node(), 0, 30) // b can prove 30 by its head of 100
	if len(part.Proof) == 0 {
		t.Fatal("the part has no proof")
	}
	receive(t, c, part)
	if got := read(t, c, a.Node(), 0, 100); len(got.Facts) != 0 {
		t.Errorf("c passes on %d facts that it cannot prove", len(got.Facts))
	}
	if _, _, err := c.Prove(ctx, c.DB, part.Facts[0].Ref()); err == nil {
		t.Error("c proves a fact to a head that it does not reach")
	}
	receive(t, c, read(t, b, a.Node(), 30, 70))
	if n := c.Carry(d); n != 100 {
		t.Errorf("d got %d of 100", n)
	}
	// What it could prove before, it goes on proving.
	for i := range 100 {
		write(t, a, count(id.New(), "a", i))
	}
	a.Carry(b)
	receive(t, c, read(t, b, a.Node(), 100, 50))
	if got := read(t, c, a.Node(), 0, 1000); len(got.Facts) != 100 {
		t.Errorf("c passes on %d of the 100 that it could prove", len(got.Facts))
	}
	c.Whole()
	d.Whole()
}

func TestProve(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := node(t, e)
		var refs []fact.Ref
		for range 20 {
			var fs []fact.New
			for range 30 {
				fs = append(fs, count(id.New(), "a", 1))
			}
			refs = append(refs, write(t, n, fs...)...)
		}
		for _, i := range []int{0, 1, 254, 255, 256, 257, 511, 512, 599} {
			p, note, err := n.Prove(ctx, n.DB, refs[i])
			must(t, err)
			head, err := fact.ParseHead(note, n.Own.Public())
			must(t, err)
			var hash tlog.Hash
			must(t, n.Facts(ctx, n.DB, "seq = ?", store.Args(int64(refs[i].Seq)), func(f *fact.Fact) error {
				hash = f.Hash()
				return nil
			}))
			if err := tlog.CheckRecord(p, int64(head.Size), head.Root, int64(refs[i].Seq)-1, hash); err != nil {
				t.Errorf("fact %d: %v", i, err)
			}
			if err := tlog.CheckRecord(p, int64(head.Size), head.Root, int64(refs[i].Seq), hash); err == nil {
				t.Errorf("fact %d is proved to be another", i)
			}
		}
		for _, r := range []fact.Ref{{Stream: centre, Node: n.Node(), Seq: 0}, {Stream: centre, Node: n.Node(), Seq: 601}, {Stream: "hub", Node: n.Node(), Seq: 1}} {
			if _, _, err := n.Prove(ctx, n.DB, r); err == nil {
				t.Errorf("%s is proved", r)
			}
		}
	})
}

// twin makes a second node with the identity and the database of the first: a box that was copied.
func twin(t *testing.T, n *testnode.Node, common int) *testnode.Node {
	c := testnode.New(t, testnode.Place(t, store.SQLite), toy.Registry())
	must(t, c.Stop())
	c.Own = n.Own
	c.Start()
	b := read(t, n, n.Node(), 0, common)
	if common > 0 {
		receive(t, c, b)
	}
	return c
}

func TestForkIsRecorded(t *testing.T) {
	for _, c := range []struct {
		name                 string
		common, ours, theirs int
		// from is where the second history is read from; 0 is its beginning.
		from uint64
	}{
		{"shorter", 5, 10, 5, 5},
		{"as long", 5, 5, 5, 5},
		{"longer, from where they part", 5, 5, 10, 5},
		{"longer, from the beginning", 5, 5, 400, 0},
		{"nothing in common", 0, 3, 7, 0},
		{"longer, over a stored hash", 300, 300, 600, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			testnode.Engines(t, func(t *testing.T, e store.Engine) {
				a := node(t, store.SQLite)
				hub := node(t, e)
				many := func(n *testnode.Node, facts int) {
					for part := range slices.Chunk(make([]int, facts), 100) {
						var fs []fact.New
						for range part {
							fs = append(fs, count(id.New(), "a", 1))
						}
						write(t, n, fs...)
					}
				}
				if c.common > 0 {
					many(a, c.common)
				}
				b := twin(t, a, c.common)
				many(a, c.ours)
				many(b, c.theirs)
				a.Carry(hub)
				before := testnode.Rows(t, hub.Log)
				for range 2 {
					_, _, err := hub.Receive(ctx, read(t, b, b.Node(), c.from, 10_000))
					wantErr(t, err, fact.ErrForked)
				}
				forks, err := hub.Forks(ctx, hub.DB)
				must(t, err)
				if len(forks) != 1 || forks[0].Node != a.Node() || forks[0].Stream != centre {
					t.Fatalf("forks %+v", forks)
				}
				x, err := fact.ParseHead(forks[0].Ours, a.Own.Public())
				must(t, err)
				y, err := fact.ParseHead(forks[0].Theirs, a.Own.Public())
				must(t, err)
				if x.Root == y.Root {
					t.Error("the two heads agree")
				}
				if testnode.Rows(t, hub.Log) != before {
					t.Error("the fork changed rows")
				}
				hub.Whole()
			})
		})
	}
}

// A batch of the second history from behind the point where they part looks damaged; asked for from earlier, it is a fork.
func TestForkFurtherBackLooksDamaged(t *testing.T) {
	a := node(t, store.SQLite)
	hub := node(t, store.SQLite)
	write(t, a, count(id.New(), "a", 1))
	b := twin(t, a, 1)
	for range 4 {
		write(t, a, count(id.New(), "a", 1))
		write(t, b, count(id.New(), "a", 1))
	}
	write(t, b, count(id.New(), "a", 1))
	a.Carry(hub)
	_, _, err := hub.Receive(ctx, read(t, b, b.Node(), 5, 100))
	wantErr(t, err, fact.ErrProof)
	_, _, err = hub.Receive(ctx, read(t, b, b.Node(), 0, 100))
	wantErr(t, err, fact.ErrForked)
}

// However the parts are cut, repeated, lost and relayed, all nodes end with the same.
func TestAnyDeliveryEndsAlike(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a := fast(t)
		nodes := []*testnode.Node{a}
		for range rapid.IntRange(1, 3).Draw(rt, "nodes") {
			n := fast(t)
			must(t, n.SetRoot(ctx, a.Node()))
			nodes = append(nodes, n)
		}
		defer func() {
			for _, n := range nodes {
				n.Stop()
			}
		}()
		s := id.New()
		for i := range rapid.IntRange(1, 40).Draw(rt, "facts") {
			write(t, a, count(s, "a", i), say(id.New(), fmt.Sprint(i)))
			if rapid.IntRange(0, 4).Draw(rt, "carry") == 0 {
				from := rapid.SampledFrom(nodes).Draw(rt, "from")
				to := rapid.SampledFrom(nodes).Draw(rt, "to")
				if from != to {
					l := testnode.Link{From: from, To: to, Batch: rapid.IntRange(1, 9).Draw(rt, "batch"), Spoil: func(b *fact.Batch) []*fact.Batch {
						return slices.Repeat([]*fact.Batch{b}, rapid.IntRange(0, 2).Draw(rt, "times"))
					}}
					if _, err := l.Carry(nil); err != nil {
						rt.Fatal(err)
					}
				}
			}
		}
		testnode.Meet(nodes...)
		testnode.Same(t, nodes...)
		for _, n := range nodes {
			n.Whole()
		}
	})
}

func TestClocksOfOthers(t *testing.T) {
	a, hub := node(t, store.SQLite), node(t, store.SQLite)
	hub.Grant(a.Own, []string{"*"}, []string{"*"})
	s := id.New()
	a.Time.Move(3 * time.Minute)
	refs := write(t, a, say(s, "a"))
	_, ahead, err := hub.Receive(ctx, read(t, a, a.Node(), 0, 10))
	must(t, err)
	if ahead.Round(time.Second) != 3*time.Minute {
		t.Errorf("ahead %v", ahead)
	}
	// What the hub writes now, having seen a's fact, is timed behind it, and so is what a second process of it writes.
	write(t, hub.Beside(), say(s, "hub"))
	if got := text(t, hub, s); got != "hub" {
		t.Errorf("the register says %q", got)
	}
	a.Time.Move(365 * 24 * time.Hour)
	write(t, a, say(s, "a year early", refs...))
	_, ahead, err = hub.Receive(ctx, read(t, a, a.Node(), 1, 10))
	must(t, err)
	if ahead < 364*24*time.Hour {
		t.Errorf("ahead %v", ahead)
	}
	if now := hub.Clock.Tick().Wall(); now.After(testnode.Epoch.Add(time.Hour)) {
		t.Errorf("a wrong clock moved the hub's to %v", now)
	}
}

func TestBatchesAreBounded(t *testing.T) {
	a, hub := node(t, store.SQLite), node(t, store.SQLite)
	for range 40 {
		write(t, a, say(id.New(), strings.Repeat("x", 60_000)))
	}
	b := read(t, a, a.Node(), 0, 1000)
	size := 0
	for _, f := range b.Facts {
		size += len(f.Body)
	}
	if size > 1<<20+fact.MaxBody || len(b.Facts) < 10 {
		t.Errorf("%d facts of %d bytes in one batch", len(b.Facts), size)
	}
	if n := a.Carry(hub); n != 40 {
		t.Errorf("%d of 40 arrived", n)
	}
}

// A head says nothing that its node did not sign.
func TestParseHead(t *testing.T) {
	n := node(t, store.SQLite)
	write(t, n, count(id.New(), "a", 1))
	note := read(t, n, n.Node(), 0, 1).Head
	if _, err := fact.ParseHead(note, n.Own.Public()); err != nil {
		t.Fatal(err)
	}
	for i := range note {
		for _, bit := range []byte{1, 0x20} {
			spoilt := bytes.Clone(note)
			spoilt[i] ^= bit
			if h, err := fact.ParseHead(spoilt, n.Own.Public()); err == nil {
				t.Errorf("with byte %d altered it says %+v", i, h)
			}
		}
	}
	other, err := seal.NewIdentity()
	must(t, err)
	for _, s := range []string{"", "tizi/x", "tizi/abc\n1\n\n\n", string(note) + "\n", string(note[:len(note)-1]), "x" + string(note)} {
		if h, err := fact.ParseHead([]byte(s), n.Own.Public()); err == nil {
			t.Errorf("%q says %+v", s, h)
		}
	}
	if _, err := fact.ParseHead(note, other.Public()); err == nil {
		t.Error("another node's key proves it")
	}
	// The hub may sign it as well; who does not know the hub's key passes over that.
	cosigned := append(bytes.Clone(note), []byte("\u2014 hub AAAAAAAA\n")...)
	if h, err := fact.ParseHead(cosigned, n.Own.Public()); err != nil || h.Size != 1 {
		t.Errorf("with another's signature it says %+v, %v", h, err)
	}
	if _, err := fact.ParseHead(bytes.Replace(cosigned, []byte("\u2014 hub"), note[bytes.LastIndex(note, []byte("\n\n"))+2:], 1)[:len(note)/2], n.Own.Public()); err == nil {
		t.Error("half a head is taken")
	}
	if _, err := fact.ParseHead(append(note, bytes.Repeat([]byte("\u2014 hub AAAAAAAA\n"), 500)...), n.Own.Public()); err == nil {
		t.Error("a head without end is taken")
	}
}
