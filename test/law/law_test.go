// Package law_test holds every fold of the house to the law: the rows of a node are a function of the facts it holds,
// the grants among them and the keys it has, never of the order, the repetition or the day in which they came.
package law_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tizi/internal/fact"
	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/testnode/toy"
)

var long = flag.Bool("long", false, "draw forty times as many histories")

func TestMain(m *testing.M) {
	flag.Parse()
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil))) // samples may bring folds down
	if !isSet("rapid.checks") {
		checks := "3"
		if *long {
			checks = "120"
		}
		flag.Set("rapid.checks", checks)
	}
	os.Exit(m.Run())
}

func isSet(name string) (set bool) {
	flag.Visit(func(f *flag.Flag) { set = set || f.Name == name })
	return set
}

func TestHouseKeepsTheLaw(t *testing.T) {
	reg := house.Registry()
	toy.Add(reg)
	Law(t, reg)
}

// Law holds every fold of a registry to the law, each by itself and all together, so that their sums are held to it too.
// A fold without samples has broken it: nobody has tried.
func Law(t *testing.T, reg *fact.Registry) {
	for _, why := range unsampled(reg) {
		t.Error(why)
	}
	if t.Failed() {
		return
	}
	stamp := testnode.Stamp(t, reg)
	for _, fd := range reg.Folds() {
		if fd.Sample != nil {
			t.Run(fd.Name, func(t *testing.T) {
				rapid.Check(t, func(rt *rapid.T) { trial(t, rt, reg, stamp, []*fact.Fold{fd}).stop() })
			})
		}
	}
	t.Run("together", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			var some []*fact.Fold
			for range rapid.IntRange(2, 6).Draw(rt, "folds") {
				if fd := rapid.SampledFrom(reg.Folds()).Draw(rt, "fold"); fd.Sample != nil {
					some = append(some, fd)
				}
			}
			w := trial(t, rt, reg, stamp, some)
			defer w.stop()
			again := w.readers[0]
			testnode.Must(t, again.Rebuild(context.Background(), nil))
			same(rt, []*testnode.Node{w.writers[0], again})
		})
	})
}

// unsampled says which folds no history can be drawn for.
func unsampled(reg *fact.Registry) (why []string) {
	for _, fd := range reg.Folds() {
		if fd.Sample == nil {
			why = append(why, fmt.Sprintf("fold %s has no Sample: nobody can try whether it keeps the law", fd.Name))
		}
	}
	return why
}

// draw gives a Sampler rapid's choices.
type draw struct{ t *rapid.T }

func (d draw) Int(label string, n int) int { return rapid.IntRange(0, n-1).Draw(d.t, label) }

// world is a hub, two boxes that write as well, and two nodes that only receive.
type world struct {
	t       *testing.T
	rt      *rapid.T
	writers []*testnode.Node // the hub first
	readers []*testnode.Node
	centre  string
	// written are the facts so far, by subject.
	written map[id.ID][]fact.Ref
	streams map[id.ID]string // of the subject's first fact
	order   []id.ID
	grants  []fact.Ref
}

func (w *world) stop() {
	for _, n := range w.all() {
		n.Stop()
	}
}

func (w *world) all() []*testnode.Node { return slices.Concat(w.writers, w.readers) }

// trial draws histories, lets them be written on nodes that have seen some of each other, delivers them to all in orders
// of their own, and demands that all show the same, and what a replay shows.
func trial(t *testing.T, rt *rapid.T, reg *fact.Registry, stamp func() store.Config, folds []*fact.Fold) *world {
	w := &world{t: t, rt: rt, centre: "centre/" + id.Named("law", "centre").String(), written: map[id.ID][]fact.Ref{}, streams: map[id.ID]string{}}
	done := false
	defer func() {
		if !done {
			w.stop()
		}
	}()
	for i := range 5 {
		n := testnode.New(t, stamp(), reg)
		if i < 3 {
			w.writers = append(w.writers, n)
		} else {
			w.readers = append(w.readers, n)
		}
		if i > 0 {
			testnode.Must(t, n.SetRoot(context.Background(), w.writers[0].Node()))
		}
	}
	for _, n := range w.writers[1:] {
		w.grants = append(w.grants, w.writers[0].Grant(n.Own, []string{"*"}, []string{"*"}))
	}
	for _, fd := range folds {
		w.history(fd)
	}
	w.deliver()
	testnode.Meet(w.all()...)
	// The last keys come when all facts are there; until then some people could be read on some nodes only.
	for _, n := range w.all() {
		for _, from := range w.writers {
			w.keys(from, n)
		}
	}
	same(rt, w.all())
	for _, n := range []*testnode.Node{w.writers[0], w.readers[1]} {
		rep, err := n.Check(context.Background(), nil)
		if err != nil || !rep.OK {
			rt.Fatalf("what stands is not what a replay derives: %v %v", err, strings.Join(rep.Faults, "\n"))
		}
	}
	done = true
	return w
}

func same(rt *rapid.T, nodes []*testnode.Node) {
	want := testnode.Rows(rt, nodes[0].Log)
	for i, n := range nodes[1:] {
		if got := testnode.Rows(rt, n.Log); got != want {
			rt.Fatalf("the hub shows\n%sand node %d shows\n%s", want, i+1, got)
		}
	}
}

// history lets the writers write what the fold's sampler draws, with grants, verdicts and deliveries in between.
func (w *world) history(fd *fact.Fold) {
	h := fd.Sample(draw{w.rt}, w.newKey)
	if len(h.Steps) == 0 {
		w.rt.Fatalf("the sampler of %s drew nothing", fd.Name)
	}
	if _, ok := w.written[h.Subject]; !ok {
		w.order = append(w.order, h.Subject)
	}
	refs := make([]fact.Ref, len(h.Steps))
	for i, st := range h.Steps {
		n := w.writers[st.By%len(w.writers)]
		f := fact.New{Stream: w.stream(st.Kind, h.Subject), Kind: st.Kind, Subject: h.Subject, Body: st.Body}
		for _, p := range st.Prev {
			if p < 0 || p >= i {
				w.rt.Fatalf("step %d of a history of %s replaces step %d", i, fd.Name, p)
			}
			f.Prev = append(f.Prev, refs[p])
		}
		refs[i] = w.write(n, f)
		w.meddle()
	}
}

// stream is one that the kind may stand in; the facts of a subject stand in one where they may.
func (w *world) stream(k *fact.Kind, subject id.ID) string {
	var may []string
	for _, c := range k.Streams {
		if c == "centre" {
			c = w.centre
		}
		may = append(may, c)
	}
	if s, ok := w.streams[subject]; ok && slices.Contains(may, s) {
		return s
	}
	s := rapid.SampledFrom(may).Draw(w.rt, "stream")
	if _, ok := w.streams[subject]; !ok {
		w.streams[subject] = s
	}
	return s
}

func (w *world) write(n *testnode.Node, f fact.New) fact.Ref {
	refs, err := n.Write(f)
	if err != nil {
		w.rt.Fatalf("a sample cannot be written: %v", err)
	}
	w.written[f.Subject] = append(w.written[f.Subject], refs[0])
	return refs[0]
}

// newKey makes the key of a person on the hub. Others get it late.
func (w *world) newKey(person id.ID) *seal.Key {
	hub := w.writers[0]
	ctx := context.Background()
	testnode.Must(w.t, hub.Keys.Begin(ctx, hub.DB, w.centre))
	k, err := hub.Keys.New(person, w.centre)
	testnode.Must(w.t, err)
	testnode.Must(w.t, hub.DB.Write(ctx, func(tx store.Tx) error { return hub.Keys.Insert(ctx, tx, []*seal.Key{k}) }))
	return k
}

func (w *world) keys(from, to *testnode.Node) {
	if from != to {
		l := testnode.Link{From: from, To: to}
		testnode.Must(w.t, l.CarryKeys(w.centre))
	}
}

// meddle does what goes on beside the writing of facts.
func (w *world) meddle() {
	pick := func(from []*testnode.Node, what string) *testnode.Node {
		return rapid.SampledFrom(from).Draw(w.rt, what)
	}
	switch rapid.IntRange(0, 11).Draw(w.rt, "meanwhile") {
	case 0, 1, 2, 3: // nothing
	case 4, 5: // two meet
		w.carry(pick(w.writers, "from"), pick(w.all(), "to"))
	case 6: // a clock is wrong
		n := pick(w.writers, "whose clock")
		n.Time.Move(time.Duration(rapid.IntRange(-600, 600).Draw(w.rt, "seconds")) * time.Second)
	case 7: // somebody takes a fact back, or lets one count
		s := rapid.SampledFrom(w.order).Draw(w.rt, "subject")
		if len(w.written[s]) == 0 {
			return
		}
		f := fact.New{Stream: w.centre, Kind: fact.FactVoided, Subject: s, Body: fact.Mistake{Reason: "law"}}
		if rapid.Bool().Draw(w.rt, "admit") {
			f.Kind, f.Body = fact.FactAdmitted, fact.Admission{Reason: "law"}
		}
		f.Prev = []fact.Ref{rapid.SampledFrom(w.written[s]).Draw(w.rt, "fact")}
		w.write(pick(w.writers, "who"), f)
	case 8, 9: // a box is revoked at some number, or from the beginning
		box := pick(w.writers[1:], "box")
		after := map[string]uint64{}
		for _, s := range []string{"commons", "hub", w.centre} {
			after[s] = uint64(rapid.IntRange(0, 6).Draw(w.rt, "after"))
		}
		w.grants = append(w.grants, w.writers[0].Revoke(box.Node(), after))
	case 10: // and granted again, lifting what it was revoked for or not
		box := pick(w.writers[1:], "box")
		f := fact.New{Stream: "commons", Kind: fact.GrantIssued, Subject: box.Node(), Body: fact.GrantTo(box.Own, "box", []string{"*"}, []string{"*"})}
		if rapid.Bool().Draw(w.rt, "lift") {
			f.Prev = []fact.Ref{rapid.SampledFrom(w.grants).Draw(w.rt, "lifted")}
		}
		w.grants = append(w.grants, w.write(w.writers[0], f))
	case 11: // keys travel
		w.keys(pick(w.writers, "from"), pick(w.all(), "to"))
	}
}

func (w *world) carry(from, to *testnode.Node) {
	if from != to {
		from.Carry(to)
	}
}

// deliver brings logs to the readers piece by piece, each in an order of its own, some pieces twice, with keys anywhere
// between them.
func (w *world) deliver() {
	ctx := context.Background()
	for _, to := range w.readers {
		for range rapid.IntRange(0, 12).Draw(w.rt, "deliveries") {
			from := rapid.SampledFrom(w.writers).Draw(w.rt, "from")
			if rapid.IntRange(0, 5).Draw(w.rt, "keys") == 0 {
				w.keys(from, to)
				continue
			}
			of := rapid.SampledFrom(w.writers).Draw(w.rt, "of")
			stream := rapid.SampledFrom([]string{"commons", "hub", w.centre}).Draw(w.rt, "log")
			have, err := to.Vector(ctx, to.DB)
			testnode.Must(w.t, err)
			b, err := from.Read(ctx, from.DB, stream, of.Node(), have[stream][of.Node()], rapid.IntRange(1, 5).Draw(w.rt, "facts"))
			testnode.Must(w.t, err)
			for range rapid.IntRange(1, 2).Draw(w.rt, "times") {
				if _, _, err := to.Receive(ctx, b); err != nil {
					w.rt.Fatal(err)
				}
			}
		}
	}
}
