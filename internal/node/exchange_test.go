package node_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"testing"
	"time"

	"tizi/internal/blob"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/node"
	"tizi/internal/seal"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/testnode/toy"
)

var (
	ctx   = context.Background()
	here  = "centre/" + id.Named("test", "here").String()
	there = "centre/" + id.Named("test", "there").String()
)

// What tests provoke is not for the console.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// end is a node with what connects it.
type end struct {
	*testnode.Node
	*node.Nodes
	blobs *blob.Store
	dir   string                   // of the files
	files map[string][]blob.Digest // that its facts speak of, by stream
}

func connect(t testing.TB, n *testnode.Node) *end {
	t.Helper()
	e := &end{Node: n, files: map[string][]blob.Digest{}}
	must(t, n.DB.Migrate(ctx, "node", node.Schema()))
	var err error
	e.dir = t.TempDir()
	e.blobs, err = blob.Open(e.dir, nil)
	must(t, err)
	e.Nodes = node.New(n.Log, e.blobs)
	e.Nodes.Files = func(_ context.Context, _ store.Querier, stream func(string) bool, among ...blob.Digest) ([]blob.Digest, error) {
		var out []blob.Digest
		for s, l := range e.files {
			if stream(s) {
				out = append(out, l...)
			}
		}
		if among != nil {
			out = slices.DeleteFunc(out, func(d blob.Digest) bool { return !slices.Contains(among, d) })
		}
		return out, nil
	}
	return e
}

func hub(t testing.TB, e store.Engine) *end {
	return connect(t, testnode.New(t, testnode.Place(t, e), toy.Registry()))
}

// box starts a node that takes the hub for its root and was granted some streams, but knows nothing of it yet.
func (h *end) box(t testing.TB, e store.Engine, streams ...string) *end {
	t.Helper()
	n := testnode.New(t, testnode.Place(t, e), toy.Registry())
	must(t, n.SetRoot(ctx, h.Root()))
	h.Node.Grant(n.Own, []string{"toy.*", "soul.*"}, streams)
	return connect(t, n)
}

// wire is a link within the test.
type wire struct {
	to    *end
	from  id.ID
	asked []string
	bytes int // both ways
	// spoil may refuse a question, or lose its answer.
	spoil func(op string, asked int) (lost, after bool)
}

var errCut = errors.New("the link was cut")

func (w *wire) Ask(ctx context.Context, op string, body []byte) ([]byte, error) {
	w.asked = append(w.asked, op)
	w.bytes += len(body)
	lost, after := false, false
	if w.spoil != nil {
		lost, after = w.spoil(op, len(w.asked))
	}
	if lost && !after {
		return nil, errCut
	}
	b, err := w.to.Serve(ctx, w.from, op, bytes.Clone(body))
	w.bytes += len(b)
	if lost {
		return nil, errCut
	}
	return b, err
}

// call makes one node exchange with another.
func (e *end) call(t testing.TB, to *end) (node.Result, *wire) {
	t.Helper()
	w := &wire{to: to, from: e.Node.Node()}
	r, err := e.Exchange(ctx, e.peer(to), w, nil)
	must(t, err)
	return r, w
}

func (e *end) peer(to *end) node.Peer {
	return node.Peer{Node: to.Node.Node(), Up: true, Public: to.Own.Public(), Recipient: to.Own.Recipient()}
}

func register(t testing.TB, n *end, stream, name string) id.ID {
	t.Helper()
	p := id.New()
	_, err := n.Do(ctx, fact.Command{Name: "register", Stream: stream, Run: func(context.Context, store.Querier) (fact.Outcome, error) {
		k, err := n.Keys.New(p, stream)
		if err != nil {
			return fact.Outcome{}, err
		}
		return fact.Outcome{Keys: []*seal.Key{k}, Facts: []fact.New{{
			Stream: stream, Kind: toy.KindNamed, Subject: p, Born: true, Body: toy.Named{Sealed: k.Seal([]byte(name)), Group: "a"},
		}}}, nil
	}})
	must(t, err)
	return p
}

func name(t testing.TB, n *end, p id.ID) string {
	t.Helper()
	var s string
	_, err := store.One(ctx, n.DB, "SELECT name FROM toy_person WHERE id = ?", store.Args(p), &s)
	must(t, err)
	return s
}

func write(t testing.TB, n *end, stream string, facts int) {
	t.Helper()
	var l []fact.New
	for i := range facts {
		l = append(l, fact.New{Stream: stream, Kind: toy.KindCounted, Subject: id.New(), Born: true, Body: toy.Counted{Group: "a", N: i}})
	}
	_, err := n.Write(l...)
	must(t, err)
}

func TestExchange(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h := hub(t, e)
		a, b := h.box(t, store.SQLite, here), h.box(t, store.SQLite, there)
		write(t, h, "commons", 3)
		p := register(t, a, here, "Amina")
		write(t, a, here, 40)
		q := register(t, b, there, "Brahim")
		r, _ := a.call(t, h)
		if r.Sent != 41 || r.Got != 5 || len(r.Faults) > 0 {
			t.Errorf("the first exchange: %+v", r)
		}
		b.call(t, h)
		s := register(t, h, here, "Salma")
		a.call(t, h)
		for _, x := range []struct {
			n    *end
			p    id.ID
			want string
		}{{h, p, "Amina"}, {h, q, "Brahim"}, {a, s, "Salma"}, {h, s, "Salma"}, {b, p, ""}, {a, q, ""}} {
			if got := name(t, x.n, x.p); got != x.want {
				t.Errorf("%q is read where %q should be", got, x.want)
			}
		}
		if n := b.CountOf("fact f JOIN fact_stream s ON s.id = f.stream WHERE s.name = ?", here); n != 0 {
			t.Errorf("a box holds %d facts of another's centre", n)
		}
		r, w := a.call(t, h)
		if !r.Same || len(w.asked) != 1 || w.bytes > 700 {
			t.Errorf("nothing new took %v, %d bytes: %+v", w.asked, w.bytes, r)
		}
		for _, n := range []*end{h, a, b} {
			n.Whole()
		}
	})
}

// An exchange that is cut anywhere goes on from there, and asks for at most one message again.
func TestExchangeIsCut(t *testing.T) {
	h := hub(t, store.SQLite)
	a := h.box(t, store.SQLite, here)
	photo := bytes.Repeat([]byte("photo"), 200_000)
	d, _, err := a.blobs.Put(bytes.NewReader(photo))
	must(t, err)
	a.files[here], h.files[here] = []blob.Digest{d}, []blob.Digest{d}
	poster, _, err := h.blobs.Put(bytes.NewReader(bytes.Repeat([]byte("affiche"), 100_000)))
	must(t, err)
	a.files["commons"], h.files["commons"] = []blob.Digest{poster}, []blob.Digest{poster}
	write(t, h, "commons", 5000)
	for range 3 {
		register(t, a, here, "Amina")
		write(t, a, here, 9000)
	}
	done := false
	for cut := 1; !done; cut++ {
		if cut > 200 {
			t.Fatal("it never ends")
		}
		// The third question of each try is lost, before it was understood or after.
		w := &wire{to: h, from: a.Node.Node(), spoil: func(_ string, asked int) (bool, bool) { return asked == 6, cut%2 == 0 }}
		r, err := a.Exchange(ctx, a.peer(h), w, nil)
		if err != nil && !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		done = err == nil && r.Same
	}
	if !h.blobs.Has(d) || !a.blobs.Has(poster) {
		t.Error("a file is missing")
	}
	h.Whole()
	a.Whole()
	testnode.Same(t, h.Node, a.Node)
}

// A box that was revoked brings what it wrote before, gets nothing, and what it writes after counts nowhere.
func TestRevokedBox(t *testing.T) {
	h := hub(t, store.SQLite)
	a, b := h.box(t, store.SQLite, here), h.box(t, store.SQLite, here)
	write(t, a, here, 10)
	a.call(t, h)
	write(t, a, here, 5)
	h.Node.Revoke(a.Node.Node(), map[string]uint64{here: 12})
	secret := register(t, h, here, "Salma")
	r, _ := a.call(t, h)
	if r.Sent != 5 || r.Got != 0 || !r.Revoked {
		t.Errorf("the revoked box: %+v", r)
	}
	if got := name(t, a, secret); got != "" || a.CountOf("fact WHERE subject = ?", secret) != 0 {
		t.Errorf("a revoked box reads %q", got)
	}
	// It was told, and has nothing more to bring: neither what it wrote nor what it was given.
	if r, w := a.call(t, h); r.Sent != 0 || !r.Revoked || len(w.asked) != 1 {
		t.Errorf("the revoked box again: %v, %+v", w.asked, r)
	}
	write(t, a, here, 1)
	if r, w := a.call(t, h); r.Sent != 1 || len(w.asked) != 2 {
		t.Errorf("the revoked box later: %v, %+v", w.asked, r)
	}
	p := a.peer(h)
	p.Fault, p.Tried, p.Done = node.ErrRevoked.Error(), testnode.Epoch, testnode.Epoch.Add(-time.Hour)
	if got := p.Next().Sub(p.Tried); got != 24*time.Hour {
		t.Errorf("it calls again after %v", got)
	}
	b.call(t, h)
	for _, n := range []*end{h, b} {
		if got := n.CountOf("toy_counter"); got != 12 {
			t.Errorf("%d facts count, and 12 should", got)
		}
		n.Whole()
	}
	stranger := connect(t, testnode.New(t, testnode.Fast(t), toy.Registry()))
	if _, err := stranger.Exchange(ctx, stranger.peer(h), &wire{to: h, from: stranger.Node.Node()}, nil); !errors.Is(err, node.ErrStranger) {
		t.Errorf("a stranger: %v", err)
	}
}

// A box that was copied writes a second history under one key: both see it, and other logs go on.
func TestCopiedBox(t *testing.T) {
	h := hub(t, store.SQLite)
	a := h.box(t, store.SQLite, here)
	write(t, a, here, 10)
	a.call(t, h)
	twin := a.Copy()
	c := connect(t, twin)
	write(t, a, here, 3)
	write(t, c, here, 3)
	a.call(t, h)
	write(t, h, here, 2)
	r, _ := c.call(t, h)
	if len(r.Faults) != 1 || r.Faults[0].Fault != "forked" || r.Got != 2 {
		t.Errorf("the copy: %+v", r)
	}
	for range 3 {
		write(t, c, here, 2)
		c.call(t, h)
	}
	forks, err := h.Forks(ctx, h.DB)
	must(t, err)
	if len(forks) != 1 {
		t.Errorf("%d forks were kept", len(forks))
	}
	h.Whole()
}

// Whoever was given a fact without its key, which the giver had destroyed for a reason that does not count any more, asks for it
// though nothing else is new; and where nobody has it, nodes do not ask each other for ever.
func TestKeyThatWasNotGiven(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h := hub(t, e)
		a, b := h.box(t, store.SQLite, here), h.box(t, store.SQLite, here)
		p := register(t, a, here, "Amina")
		a.call(t, h)
		must(t, h.DB.Write(ctx, func(tx store.Tx) error { return h.Keys.Erase(ctx, tx, p, here, 1) }))
		b.call(t, h)
		must(t, h.DB.Write(ctx, func(tx store.Tx) error { return h.Keys.Readmit(ctx, tx, p, here) }))
		if got := name(t, b, p); got != "" {
			t.Fatalf("%q is read without a key", got)
		}
		if r, _ := b.call(t, h); r.Same {
			t.Error("a key is missing, and nobody asks")
		}
		if r, _ := b.call(t, h); !r.Same {
			t.Error("what the other has not is asked again and again")
		}
		a.call(t, h)
		write(t, h, here, 1)
		b.call(t, h)
		for _, n := range []*end{h, b} {
			if got := name(t, n, p); got != "Amina" {
				t.Errorf("%q is read", got)
			}
			n.Whole()
		}
	})
}
