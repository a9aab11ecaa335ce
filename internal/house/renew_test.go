package house_test

import (
	"os"
	"path/filepath"
	"testing"

	"tizi/internal/access"
	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/node"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/store"
)

// rejoin pairs a box that has a new key, in the place of another.
func rejoin(t *testing.T, hub, box *house.House, old id.ID) {
	t.Helper()
	code, invite, err := hub.Nodes.Replace(ctx, id.Nil, old)
	must(t, err)
	ask := box.Nodes.Asking(code)
	answer, err := hub.Nodes.Answer(ctx, ask)
	must(t, err)
	number := node.Number(ask.Code, ask, answer)
	_, err = hub.Nodes.Accept(ctx, id.Nil, invite, number)
	must(t, err)
	must(t, box.Nodes.Join(ctx, "", answer, number, number))
}

// A folder that was saved, and is brought back when its box is lost, takes a key of its own; it brings what the box had not sent,
// gets what the box had sent since, and reads everybody.
func TestFolderBroughtBack(t *testing.T) {
	hub, box, _, boxAt := couple(t, store.SQLite)
	exchange(t, box, hub)
	centre, all := place.ID(founding.Centre), access.Everywhere()
	people := map[id.ID]string{}
	register := func(h *house.House, name string) {
		t.Helper()
		p, err := h.People.Register(ctx, id.Nil, centre, person.Details{"first_latin": name, "birth": "2014-05-03"}, nil)
		must(t, err)
		people[p] = name
	}
	register(box, "Sent")
	exchange(t, box, hub)
	register(box, "Unsent")
	old := box.Log.Node()
	must(t, box.Close())
	saved, careless := boxAt, boxAt
	saved.Dir, careless.Dir = filepath.Join(t.TempDir(), "saved"), filepath.Join(t.TempDir(), "careless")
	must(t, os.CopyFS(saved.Dir, os.DirFS(boxAt.Dir)))
	must(t, os.CopyFS(careless.Dir, os.DirFS(boxAt.Dir)))
	saved.Store, careless.Store = nil, nil
	box, err := house.Open(ctx, boxAt)
	must(t, err)
	register(box, "Later")
	exchange(t, box, hub)
	must(t, box.Close())

	// Whoever forgets it is told, and goes on being told.
	c, err := house.Open(ctx, careless)
	must(t, err)
	if r := exchange(t, c, hub); !r.Copied {
		t.Error("a copy does not learn that it is one")
	}
	exchange(t, c, hub)
	if up, err := c.Nodes.Up(ctx, c.DB); err != nil || !up.Copied {
		t.Error("it forgets that it is a copy", err)
	}
	must(t, c.Close())

	was, is, err := house.Renew(ctx, saved)
	must(t, err)
	h, err := house.Open(ctx, saved)
	must(t, err)
	defer h.Close()
	if was != old || is == old || h.Log.Node() != is {
		t.Fatalf("%s became %s, and is %s", was, is, h.Log.Node())
	}
	if rep, err := h.Check(ctx, nil); err != nil || !rep.OK { // it reads everybody before it has called anybody
		t.Error(err, rep.Faults)
	}
	rejoin(t, hub, h, old)
	if r := exchange(t, h, hub); r.Copied {
		t.Error("with a key of its own it is taken for a copy")
	}
	must(t, hub.Nodes.Revoke(ctx, id.Nil, old, "lost"))
	register(h, "New")
	exchange(t, h, hub)
	for _, n := range []*house.House{h, hub} {
		for p, want := range people {
			x, err := n.People.Get(ctx, n.DB, all, p)
			must(t, err)
			if x == nil || x.Details["first_latin"] != want {
				t.Errorf("%s is %v", want, x)
			}
		}
		rep, err := n.Check(ctx, nil)
		must(t, err)
		if !rep.OK {
			t.Error(rep.Faults)
		}
	}
	must(t, hub.Close())
}

// A box that is lost with all it had is replaced by an empty one: what it had sent comes back.
func TestBoxReplaced(t *testing.T) {
	hub, box, _, _ := pair(t, store.SQLite)
	exchange(t, box, hub)
	p, err := box.People.Register(ctx, id.Nil, place.ID(founding.Centre), secret, nil)
	must(t, err)
	exchange(t, box, hub)
	next, _ := create(t, store.SQLite)
	defer next.Close()
	must(t, next.Found(ctx, founding))
	rejoin(t, hub, next, box.Log.Node())
	exchange(t, next, hub)
	must(t, hub.Nodes.Revoke(ctx, id.Nil, box.Log.Node(), "lost"))
	exchange(t, next, hub)
	x, err := next.People.Get(ctx, next.DB, access.Everywhere(), p)
	must(t, err)
	if x == nil || x.Details["first_latin"] != secret["first_latin"] {
		t.Errorf("who was there is %v", x)
	}
}

// A renewal that is cut short after the database was given over is ended when the node is opened.
func TestRenewalCutShort(t *testing.T) {
	hub, box, _, boxAt := couple(t, store.SQLite)
	defer hub.Close()
	exchange(t, box, hub)
	must(t, box.Close())
	key := filepath.Join(boxAt.Dir, house.KeyFile)
	before, err := os.ReadFile(key)
	must(t, err)
	_, is, err := house.Renew(ctx, boxAt)
	must(t, err)
	must(t, os.Rename(key, key+".next"))
	must(t, os.WriteFile(key, before, 0o600))
	h, err := house.Open(ctx, boxAt)
	must(t, err)
	defer h.Close()
	if h.Log.Node() != is {
		t.Errorf("it is node %s, want %s", h.Log.Node(), is)
	}
	if _, err := os.Stat(key + ".next"); !os.IsNotExist(err) {
		t.Error("the key is still to come", err)
	}
}
