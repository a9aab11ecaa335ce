package fact_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/testnode/toy"
)

// name returns what a node calls a person, "" when it cannot read them.
func name(t testing.TB, n *testnode.Node, p id.ID) string {
	t.Helper()
	var s string
	_, err := store.One(ctx, n.DB, "SELECT name FROM toy_person WHERE id = ?", store.Args(p), &s)
	must(t, err)
	return s
}

func carryKeys(t testing.TB, from, to *testnode.Node) {
	t.Helper()
	l := testnode.Link{From: from, To: to}
	must(t, l.CarryKeys(centre))
}

func TestPeopleAreReadWithTheirKeys(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		hub := node(t, e)
		b := box(t, store.SQLite, hub)
		p := register(t, b, "Amina", "a")
		b.Carry(hub)
		if got := name(t, hub, p); got != "" {
			t.Errorf("without a key the hub reads %q", got)
		}
		if got := name(t, b, p); got != "Amina" {
			t.Errorf("the box reads %q", got)
		}
		hub.Whole()
		carryKeys(t, b, hub)
		if got := name(t, hub, p); got != "Amina" {
			t.Errorf("with the key the hub reads %q", got)
		}
		if _, people := total(t, hub, "a"); people != 1 {
			t.Errorf("the hub counts %d", people)
		}
		carryKeys(t, b, hub) // twice is once
		hub.Whole()
		testnode.Same(t, hub, b)

		// Keys before facts do as well.
		q := register(t, b, "Brahim", "a")
		carryKeys(t, b, hub)
		b.Carry(hub)
		if got := name(t, hub, q); got != "Brahim" {
			t.Errorf("the hub reads %q", got)
		}
		hub.Whole()
	})
}

func TestErasure(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		hub := node(t, e)
		b := box(t, store.SQLite, hub)
		p, q := register(t, b, "Amina", "a"), register(t, b, "Brahim", "a")
		b.Carry(hub)
		carryKeys(t, b, hub)
		erase(t, hub, p)
		erase(t, hub, p)
		if got := name(t, hub, p) + name(t, hub, q); got != "Brahim" {
			t.Errorf("the hub reads %q", got)
		}
		if _, people := total(t, hub, "a"); people != 1 {
			t.Errorf("the hub counts %d", people)
		}
		if _, err := hub.Keys.Get(ctx, hub.DB, p); !errors.Is(err, seal.ErrNoKey) {
			t.Errorf("got %v", err)
		}
		// A key that comes late from another node finds nobody.
		carryKeys(t, b, hub)
		if got := name(t, hub, p); got != "" {
			t.Errorf("the hub reads %q again", got)
		}
		must(t, hub.Rebuild(ctx, nil))
		if got := name(t, hub, p); got != "" {
			t.Errorf("the hub reads %q after a rebuild", got)
		}
		hub.Whole()
		must(t, hub.Stop())
		hub.Start()
		hub.Whole()
	})
}

// Two nodes begin an epoch of one stream each; when they have met, each reads the people of both.
func TestEpochsOfTwoNodes(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		hub := node(t, e)
		b := box(t, store.SQLite, hub)
		p, q := register(t, b, "Amina", "a"), register(t, hub, "Brahim", "a")
		testnode.Meet(hub, b)
		carryKeys(t, b, hub)
		carryKeys(t, hub, b)
		r, s := register(t, b, "Chama", "b"), register(t, hub, "Driss", "b")
		testnode.Meet(hub, b)
		carryKeys(t, hub, b)
		carryKeys(t, b, hub)
		for _, n := range []*testnode.Node{hub, b} {
			if got := name(t, n, p) + name(t, n, q) + name(t, n, r) + name(t, n, s); got != "AminaBrahimChamaDriss" {
				t.Errorf("it reads %q", got)
			}
			n.Whole()
		}
		testnode.Same(t, hub, b)
	})
}

// The same person, whom two nodes that had not met made a key for: both names can be read everywhere, in the same order
// of winning.
func TestTwoKeysOfOnePerson(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		hub := node(t, e)
		b := box(t, store.SQLite, hub)
		p := id.Named("person", "one code on two nodes")
		for i, n := range []*testnode.Node{hub, b} {
			_, err := n.Do(ctx, fact.Command{Name: "register", Stream: centre, Run: func(context.Context, store.Querier) (fact.Outcome, error) {
				k, err := n.Keys.New(p, centre)
				if err != nil {
					return fact.Outcome{}, err
				}
				return fact.Outcome{Keys: []*seal.Key{k}, Facts: []fact.New{{Stream: centre, Kind: toy.KindNamed, Subject: p,
					Body: toy.Named{Sealed: k.Seal([]byte{'x', byte('0' + i)}), Group: "a"}}}}, nil
			}})
			must(t, err)
		}
		testnode.Meet(hub, b)
		carryKeys(t, b, hub)
		carryKeys(t, hub, b)
		hub.Whole()
		b.Whole()
		testnode.Same(t, hub, b)
		if _, people := total(t, hub, "a"); people != 1 {
			t.Errorf("%d people", people)
		}
		// A third key, in a turn that writes with an older one: the turn must know them all.
		_, err := hub.Do(ctx, fact.Command{Name: "register again", Stream: centre, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
			old, err := hub.Keys.Get(ctx, q, p)
			if err != nil {
				return fact.Outcome{}, err
			}
			k, err := hub.Keys.New(p, centre)
			return fact.Outcome{Keys: []*seal.Key{k}, Facts: []fact.New{{Stream: centre, Kind: toy.KindNamed, Subject: p,
				Body: toy.Named{Sealed: old.Seal([]byte("x2")), Group: "a"}}}}, err
		}})
		must(t, err)
		if got := name(t, hub, p); got != "x2" {
			t.Errorf("the hub reads %q", got)
		}
		hub.Whole()
	})
}

// A new epoch shuts out a node: it reads whom it could read before, and nobody who is registered after it, on whichever
// node and in whichever process.
func TestRotateShutsOut(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		hub := node(t, e)
		stolen, kept := box(t, store.SQLite, hub), box(t, store.SQLite, hub)
		beside := hub.Beside()
		p := register(t, hub, "Amina", "a")
		register(t, beside, "Anir", "a")
		testnode.Meet(hub, stolen, kept)
		for _, n := range []*testnode.Node{stolen, kept} {
			carryKeys(t, hub, n)
			if name(t, n, p) == "" {
				t.Fatal("the box does not read whom it may")
			}
		}
		must(t, hub.DB.Write(ctx, func(tx store.Tx) error {
			return hub.Keys.Rotate(ctx, tx, centre, map[id.ID][]byte{kept.Node(): kept.Own.Recipient()})
		}))
		share := func(from, to *testnode.Node) {
			w, err := from.Keys.Export(ctx, from.DB, centre) // without sharing older or newer epochs with anybody
			must(t, err)
			must(t, to.ImportKeys(ctx, w))
		}
		share(hub, kept)
		after := []id.ID{register(t, hub, "Brahim", "a"), register(t, beside, "Chama", "a"), register(t, kept, "Driss", "a")}
		testnode.Meet(hub, stolen, kept)
		share(kept, hub)
		share(hub, kept)
		share(kept, stolen)
		share(hub, stolen)
		for _, q := range after {
			if got := name(t, stolen, q); got != "" {
				t.Errorf("the stolen box reads %q", got)
			}
			if name(t, hub, q) == "" || name(t, kept, q) == "" {
				t.Errorf("the others read %q and %q", name(t, hub, q), name(t, kept, q))
			}
		}
		if name(t, stolen, p) == "" {
			t.Error("it forgot whom it could read")
		}
		for _, n := range []*testnode.Node{hub, stolen, kept} {
			n.Whole()
		}
	})
}

// A box whose clock runs years ahead began an epoch, or one that was stolen named the last of all: a later one must still come into force.
func TestRotateOutranksAWrongClock(t *testing.T) {
	// As it would have been named in 2076, in 2200, and behind every year.
	for _, first := range [][]byte{{0x03, 0x10}, {0x06, 0x90}, bytes.Repeat([]byte{0xff}, 16)} {
		n := node(t, store.SQLite)
		register(t, n, "Amina", "a")
		own := n.Own.Node()
		var was id.ID
		_, err := store.One(ctx, n.DB, "SELECT epoch FROM seal_epoch WHERE stream = ?", store.Args(centre), &was)
		must(t, err)
		ahead := was
		copy(ahead[:], first)
		secret, err := seal.WrapFor(n.Own.Recipient(), "tizi epoch "+centre+" "+ahead.String(), make([]byte, 32))
		must(t, err)
		must(t, n.ImportKeys(ctx, &seal.Wrapped{Epochs: []seal.WrappedEpoch{{Stream: centre, Epoch: ahead, Node: own, Key: secret}}}))
		for range 2 {
			must(t, n.DB.Write(ctx, func(tx store.Tx) error { return n.Keys.Rotate(ctx, tx, centre, nil) }))
			p := register(t, n, "Brahim", "a")
			var used id.ID
			_, err = store.One(ctx, n.DB, "SELECT epoch FROM seal_key WHERE person = ?", store.Args(p), &used)
			must(t, err)
			if used == ahead || used == was {
				t.Errorf("%x: a person was registered in an epoch that was over", first)
			}
			was = used
		}
		n.Whole()
	}
}

// A damaged or hostile copy of a key does not keep the true one out, nor bring a node to a halt.
func TestDamagedKeysFromOthers(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		hub := node(t, e)
		b := box(t, store.SQLite, hub)
		p := register(t, b, "Amina", "a")
		b.Carry(hub)
		must(t, b.DB.Write(ctx, func(tx store.Tx) error {
			return b.Keys.Share(ctx, tx, centre, map[id.ID][]byte{hub.Node(): hub.Own.Recipient()})
		}))
		w, err := b.Keys.Export(ctx, b.DB, centre)
		must(t, err)
		damaged := &seal.Wrapped{}
		for _, e := range w.Epochs {
			e.Key = append([]byte{e.Key[0] ^ 1}, e.Key[1:]...)
			damaged.Epochs = append(damaged.Epochs, e)
		}
		for _, k := range w.Persons {
			k.Key = append([]byte{k.Key[0] ^ 1}, k.Key[1:]...)
			damaged.Persons = append(damaged.Persons, k)
		}
		must(t, hub.ImportKeys(ctx, damaged))
		must(t, hub.ImportKeys(ctx, &seal.Wrapped{Epochs: w.Epochs}))
		if name(t, hub, p) != "" {
			t.Error("a damaged key opens")
		}
		if rep, err := hub.Check(ctx, nil); err != nil || len(rep.Faults) != 1 || !strings.Contains(rep.Faults[0], p.String()) {
			t.Errorf("the damaged key is not named: %v, %v", rep.Faults, err)
		}
		must(t, hub.ImportKeys(ctx, &seal.Wrapped{Persons: damaged.Persons}))
		must(t, hub.ImportKeys(ctx, &seal.Wrapped{Persons: w.Persons}))
		if got := name(t, hub, p); got != "Amina" {
			t.Errorf("the true key reads %q", got)
		}
		hub.Whole()
	})
}

// Keys of persons that came before the epoch that opens them open when it comes.
func TestEpochAfterKeys(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		hub := node(t, e)
		b := box(t, store.SQLite, hub)
		p := register(t, b, "Amina", "a")
		b.Carry(hub)
		must(t, b.DB.Write(ctx, func(tx store.Tx) error {
			return b.Keys.Share(ctx, tx, centre, map[id.ID][]byte{hub.Node(): hub.Own.Recipient()})
		}))
		w, err := b.Keys.Export(ctx, b.DB, centre)
		must(t, err)
		must(t, hub.ImportKeys(ctx, &seal.Wrapped{Persons: w.Persons}))
		if name(t, hub, p) != "" {
			t.Error("it opens without its epoch")
		}
		must(t, hub.ImportKeys(ctx, &seal.Wrapped{Epochs: w.Epochs}))
		if got := name(t, hub, p); got != "Amina" {
			t.Errorf("the hub reads %q", got)
		}
		hub.Whole()
	})
}

// Keys that come with the facts open them in the same turn, once the epoch is there.
func TestKeysWithFacts(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		hub := node(t, e)
		b := box(t, store.SQLite, hub)
		carry := func() {
			_, err := (&testnode.Link{From: b, To: hub, Keys: true}).Carry(nil)
			must(t, err)
		}
		p := register(t, b, "Amina", "a")
		carry()
		if got := name(t, hub, p); got != "" {
			t.Errorf("without the epoch the hub reads %q", got)
		}
		var w seal.Wrapped
		must(t, b.DB.Write(ctx, func(tx store.Tx) (err error) {
			if err := b.Keys.Share(ctx, tx, centre, map[id.ID][]byte{hub.Node(): hub.Own.Recipient()}); err != nil {
				return err
			}
			w.Epochs, err = b.Keys.Epochs(ctx, tx, func(s string) bool { return s == centre })
			return err
		}))
		must(t, hub.ImportKeys(ctx, &w))
		q := register(t, b, "Brahim", "a")
		carry()
		if got := name(t, hub, p) + name(t, hub, q); got != "AminaBrahim" {
			t.Errorf("the hub reads %q", got)
		}
		hub.Whole()
		testnode.Same(t, hub, b)
		last := read(t, b, b.Node(), 0, 100)
		last.Keys[0].Stream = "commons"
		if _, _, err := hub.Receive(ctx, last); !errors.Is(err, fact.ErrProof) {
			t.Errorf("a key of another stream: %v", err)
		}
	})
}

// What says that somebody is gone destroys the key wherever it comes, and lets it come back when it does not count any
// more.
func TestErasureTravels(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		hub := node(t, e)
		b := box(t, store.SQLite, hub)
		p := register(t, b, "Amina", "a")
		var told []id.ID
		hub.Erasing = func(_ context.Context, _ store.Tx, gone []id.ID) error {
			told = append(told, gone...)
			return nil
		}
		b.Carry(hub)
		carryKeys(t, b, hub)
		third := hub.Box(testnode.Place(t, store.SQLite), toy.Registry(), []string{"*"}, []string{"centre/*"})
		hub.Carry(third)
		carryKeys(t, hub, third)
		_, err := b.Write(fact.New{Stream: centre, Kind: toy.KindGone, Subject: p, Body: toy.Gone{}})
		must(t, err)
		_, err = b.Write(fact.New{Stream: centre, Kind: toy.KindGone, Subject: p, Body: toy.Gone{}})
		must(t, err)
		b.Carry(hub)
		for _, n := range []*testnode.Node{b, hub} {
			if got := n.CountOf("seal_key WHERE person = ?", p); got != 0 || name(t, n, p) != "" {
				t.Errorf("%d keys are left of who is gone, and the name %q", got, name(t, n, p))
			}
			n.Whole()
		}
		if len(told) != 1 || told[0] != p {
			t.Errorf("told of %v", told)
		}
		carryKeys(t, third, hub) // a key that comes late
		if got := name(t, hub, p); got != "" {
			t.Errorf("who is gone came back as %q", got)
		}

		hub.Revoke(b.Node(), map[string]uint64{centre: 1})
		_, err = (&testnode.Link{From: hub, To: third}).Carry(func(stream string) bool { return stream == "commons" })
		must(t, err)
		hub.Carry(third)
		carryKeys(t, third, hub)
		for _, n := range []*testnode.Node{third, hub} {
			if got := name(t, n, p); got != "Amina" {
				t.Errorf("a stolen box erased: %q is left", got)
			}
			n.Whole()
		}
	})
}
