package house_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/node"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/store"
	"tizi/internal/testnode"
)

// What was written on a copied folder before it was noticed is said again under the copy's own key, once, with where it comes from; what
// was changed of it since holds; and both boxes and headquarters end with the same.
func TestCopyIsNotLost(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		hub, box, _, boxAt := couple(t, e)
		defer hub.Close()
		exchange(t, box, hub)
		centre, all := place.ID(founding.Centre), access.Everywhere()
		people := map[id.ID]string{}
		register := func(h *house.House, name string) id.ID {
			t.Helper()
			p, err := h.People.Register(ctx, id.Nil, centre, person.Details{"first_latin": name, "birth": "2014-05-03"}, nil)
			must(t, err)
			people[p] = name
			return p
		}
		rename := func(h *house.House, p id.ID, name string) {
			t.Helper()
			x, err := h.People.Get(ctx, h.DB, all, p)
			must(t, err)
			x.Details["first_latin"] = name
			must(t, h.People.Edit(ctx, id.Nil, all, p, x.Details))
			people[p] = name
		}
		early := register(box, "Before")
		exchange(t, box, hub)
		old := box.Log.Node()
		must(t, box.Close())
		at := boxAt
		at.Dir, at.Store = filepath.Join(t.TempDir(), "copy"), nil
		must(t, os.CopyFS(at.Dir, os.DirFS(boxAt.Dir)))
		box, err := house.Open(ctx, boxAt)
		must(t, err)
		defer box.Close()
		register(box, "Here")
		exchange(t, box, hub)

		c, err := house.Open(ctx, at)
		must(t, err)
		there := register(c, "There")
		register(c, "There too")
		if r, err := c.Exchange(ctx, *up(t, c), direct{hub, c.Log.Node()}, nil); err != nil || !r.Copied {
			t.Errorf("%+v, %v", r, err)
		}
		stream := person.Stream(centre)
		if _, err := c.Log.Reissue(ctx, stream, old, id.Nil); !errors.Is(err, fact.ErrOwnFork) {
			t.Errorf("without a key of its own: %v", err)
		}
		must(t, c.Close())
		_, _, err = house.Renew(ctx, at)
		must(t, err)
		c, err = house.Open(ctx, at)
		must(t, err)
		defer c.Close()
		rejoin(t, hub, c, old)
		c.Exchange(ctx, *up(t, c), direct{hub, c.Log.Node()}, nil)
		rename(c, there, "There, changed")
		rename(c, early, "Before, changed")
		c.Exchange(ctx, *up(t, c), direct{hub, c.Log.Node()}, nil)
		if lost, err := hub.Log.Lost(ctx, hub.DB); err != nil || len(lost) != 0 {
			t.Errorf("headquarters takes its own side for lost: %+v, %v", lost, err)
		}
		lost, err := c.Log.Lost(ctx, c.DB)
		must(t, err)
		if len(lost) != 1 || lost[0].Node != old || lost[0].Facts < 2 {
			t.Fatalf("%+v", lost)
		}
		// Somebody says that they have said it again, and have not.
		lie := fact.Reissued{}
		must(t, c.Log.Facts(ctx, c.DB, "stream IN (SELECT id FROM fact_stream WHERE name = ?) AND node IN (SELECT id FROM fact_node WHERE node = ?) AND seq > ?", store.Args(stream, old, int64(lost[0].Common)), func(f *fact.Fact) error {
			h := f.Hash()
			lie.Seqs, lie.Hashes = append(lie.Seqs, f.Seq), append(lie.Hashes, hex.EncodeToString(h[:]))
			return nil
		}))
		for range lie.Seqs {
			register(hub, "Other")
		}
		_, err = hub.Log.Do(ctx, fact.Command{Name: "lie", Stream: stream, Run: func(context.Context, store.Querier) (fact.Outcome, error) {
			return fact.Outcome{Facts: []fact.New{{Stream: stream, Kind: fact.FactReissued, Subject: old, Body: lie}}}, nil
		}})
		must(t, err)
		c.Exchange(ctx, *up(t, c), direct{hub, c.Log.Node()}, nil)
		n, err := c.Log.Reissue(ctx, stream, old, id.Nil)
		must(t, err)
		if n != lost[0].Facts {
			t.Errorf("%d facts were said again, want %d", n, lost[0].Facts)
		}
		if _, err := c.Log.Reissue(ctx, stream, old, id.Nil); !errors.Is(err, fact.ErrNoFork) {
			t.Errorf("said again twice: %v", err)
		}
		var aside int
		_, err = store.One(ctx, c.DB, "SELECT count(*) FROM fact_aside", nil, &aside)
		must(t, err)
		if aside != n {
			t.Errorf("%d facts are kept aside, want %d", aside, n)
		}
		whole := func(h *house.House, who string) {
			t.Helper()
			for p, want := range people {
				x, err := h.People.Get(ctx, h.DB, all, p)
				must(t, err)
				if x == nil || x.Details["first_latin"] != want {
					t.Errorf("%s: %s is %v", who, want, x)
				}
			}
			rep, err := h.Check(ctx, nil)
			must(t, err)
			if !rep.OK {
				t.Error(who, rep.Faults)
			}
		}
		for range 2 {
			exchange(t, c, hub)
			exchange(t, box, hub)
		}
		if r := exchange(t, c, hub); !r.Same || len(r.Faults) > 0 {
			t.Errorf("%+v", r)
		}
		whole(c, "the copy")
		whole(hub, "headquarters")
		whole(box, "the box")
	})
}

// A copy that lives by bundles learns from the receipt of headquarters that it is one; with a key of its own it takes the history of
// the others out of a bundle, and says again what it alone had.
func TestCopyLearnsByBundle(t *testing.T) {
	hub, box, _, boxAt := couple(t, store.SQLite)
	defer hub.Close()
	exchange(t, box, hub)
	centre, all := place.ID(founding.Centre), access.Everywhere()
	register := func(h *house.House, name string) id.ID {
		t.Helper()
		p, err := h.People.Register(ctx, id.Nil, centre, person.Details{"first_latin": name, "birth": "2014-05-03"}, nil)
		must(t, err)
		return p
	}
	old := box.Log.Node()
	must(t, box.Close())
	at := boxAt
	at.Dir, at.Store = filepath.Join(t.TempDir(), "copy"), nil
	must(t, os.CopyFS(at.Dir, os.DirFS(boxAt.Dir)))
	box, err := house.Open(ctx, boxAt)
	must(t, err)
	defer box.Close()
	here := register(box, "Here")
	carry(t, box, hub)
	carry(t, hub, box)
	if up(t, box).Copied {
		t.Error("the box itself is taken for a copy")
	}

	c, err := house.Open(ctx, at)
	must(t, err)
	there := register(c, "There")
	send := func(from, to *house.House) node.Receipt {
		t.Helper()
		var b bytes.Buffer
		_, err := from.Nodes.Bundle(ctx, to.Log.Node(), &b)
		must(t, err)
		r, _, err := to.TakeBundle(ctx, bytes.NewReader(b.Bytes()))
		must(t, err)
		return r
	}
	r := send(c, hub)
	_, err = c.Nodes.Confirm(ctx, receiptOf(t, r))
	must(t, err)
	if !up(t, c).Copied {
		t.Error("the copy does not learn that it is one")
	}
	if w, err := c.Nodes.Waiting(ctx, c.DB, hub.Log.Node()); err != nil || w == 0 {
		t.Errorf("it believes that headquarters has what it wrote: %d, %v", w, err)
	}
	must(t, c.Close())
	_, _, err = house.Renew(ctx, at)
	must(t, err)
	c, err = house.Open(ctx, at)
	must(t, err)
	defer c.Close()
	rejoin(t, hub, c, old)
	send(hub, c)
	lost, err := c.Log.Lost(ctx, c.DB)
	must(t, err)
	if len(lost) != 1 || lost[0].Node != old {
		t.Fatalf("%+v", lost)
	}
	_, err = c.Log.Reissue(ctx, person.Stream(centre), old, id.Nil)
	must(t, err)
	send(c, hub)
	send(hub, c)
	carry(t, c, hub)
	for _, h := range []*house.House{c, hub} {
		for p, want := range map[id.ID]string{here: "Here", there: "There"} {
			if x, err := h.People.Get(ctx, h.DB, all, p); err != nil || x == nil || x.Details["first_latin"] != want {
				t.Errorf("%s is %v, %v", want, x, err)
			}
		}
		rep, err := h.Check(ctx, nil)
		must(t, err)
		if !rep.OK {
			t.Error(rep.Faults)
		}
	}
}
