package house_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
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

// lost is a box with a recovery key whose folder was saved and that is gone since: what it holds, and who was registered on it.
type lost struct {
	hub    *house.House
	saved  house.Config
	sheet  string
	old    id.ID
	people map[id.ID]string
}

func (l *lost) register(t *testing.T, h *house.House, name string) id.ID {
	t.Helper()
	p, err := h.People.Register(ctx, id.Nil, place.ID(founding.Centre), person.Details{"first_latin": name, "birth": "2014-05-03"}, nil)
	must(t, err)
	l.people[p] = name
	return p
}

func lose(t *testing.T, e store.Engine) *lost {
	t.Helper()
	hub, box, _, boxAt := couple(t, e)
	t.Cleanup(func() { hub.Close() })
	l := &lost{hub: hub, people: map[id.ID]string{}}
	// It keeps the key the moment that it is paired, before headquarters has said what it may.
	var err error
	l.sheet, err = box.Nodes.Keep(ctx, id.Nil, person.Stream(place.ID(founding.Centre)))
	must(t, err)
	exchange(t, box, hub)
	l.register(t, box, "Sent")
	exchange(t, box, hub)
	l.register(t, box, "Unsent")
	l.old = box.Log.Node()
	must(t, box.Close())
	l.saved = boxAt
	l.saved.Dir, l.saved.Store = filepath.Join(t.TempDir(), "saved"), nil
	must(t, os.CopyFS(l.saved.Dir, os.DirFS(boxAt.Dir)))
	box, err = house.Open(ctx, boxAt)
	must(t, err)
	l.register(t, box, "Later")
	exchange(t, box, hub)
	must(t, box.Close())
	return l
}

// sees wants a node to show just some of those who were registered.
func (l *lost) sees(t *testing.T, h *house.House, want ...string) {
	t.Helper()
	for p, name := range l.people {
		x, err := h.People.Get(ctx, h.DB, access.Everywhere(), p)
		must(t, err)
		if got := x != nil && x.Details["first_latin"] == name; got != strings.Contains(strings.Join(want, " "), name) {
			t.Errorf("%s is there: %v", name, got)
		}
	}
	rep, err := h.Check(ctx, nil)
	must(t, err)
	if !rep.OK {
		t.Error(rep.Faults)
	}
}

func (l *lost) recover(t *testing.T) *house.House {
	t.Helper()
	next, err := house.Recover(ctx, l.saved, l.sheet)
	must(t, err)
	h, err := house.Open(ctx, l.saved)
	must(t, err)
	t.Cleanup(func() { h.Close() })
	if h.Log.Node() != next || next == l.old {
		t.Fatalf("it is node %s, want %s", h.Log.Node(), next)
	}
	return h
}

// A folder that is brought back far from any link goes on with the recovery key; headquarters counts what it brings, gives it nothing
// until it is confirmed, and everything then.
func TestRecoveryKey(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		l := lose(t, e)
		h := l.recover(t)
		l.register(t, h, "New")
		l.sees(t, h, "Sent", "Unsent", "New")
		if _, err := h.Nodes.Keep(ctx, id.Nil); !errors.Is(err, node.ErrNoSheet) {
			t.Errorf("it keeps another recovery key before it is confirmed: %v", err)
		}
		exchange(t, h, l.hub)
		l.sees(t, l.hub, "Sent", "Unsent", "Later", "New")
		l.sees(t, h, "Sent", "Unsent", "New")
		l.register(t, h, "Next")
		if r := exchange(t, h, l.hub); r.Sent != 1 || r.Copied || len(r.Faults) > 0 {
			t.Errorf("%+v", r)
		}
		claims := l.hub.Nodes.Claims()
		if len(claims) != 1 || claims[0].Node != h.Log.Node() || claims[0].Box != l.old || claims[0].Name != "box" {
			t.Fatalf("%+v", claims)
		}
		must(t, l.hub.Nodes.ConfirmBox(ctx, id.Nil, h.Log.Node()))
		if err := l.hub.Nodes.ConfirmBox(ctx, id.Nil, h.Log.Node()); !errors.Is(err, node.ErrSettled) {
			t.Errorf("confirmed twice: %v", err)
		}
		if g, _ := l.hub.Log.Grantee(l.old); g.Revoked == nil {
			t.Error("the lost box was not revoked")
		}
		exchange(t, h, l.hub)
		for _, n := range []*house.House{h, l.hub} {
			l.sees(t, n, "Sent", "Unsent", "Later", "New", "Next")
		}
		if r := exchange(t, h, l.hub); !r.Same {
			t.Errorf("%+v", r)
		}
		// The sheet is used up; the box keeps a new one.
		if _, err := h.Log.Recovery(mustSheet(t, l.sheet)); !errors.Is(err, fact.ErrSheet) {
			t.Errorf("the sheet holds still: %v", err)
		}
		if _, err := h.Nodes.Keep(ctx, id.Nil); err != nil {
			t.Error(err)
		}
	})
}

func mustSheet(t *testing.T, s string) id.ID {
	t.Helper()
	k, err := node.Sheet(s)
	must(t, err)
	return k.Node()
}

// What is refused counts nowhere, and whoever was refused is given nothing.
func TestRecoveryRefused(t *testing.T) {
	l := lose(t, store.SQLite)
	h := l.recover(t)
	l.register(t, h, "New")
	exchange(t, h, l.hub)
	l.sees(t, l.hub, "Sent", "Unsent", "Later", "New")
	must(t, l.hub.Nodes.RefuseBox(ctx, id.Nil, h.Log.Node()))
	l.sees(t, l.hub, "Sent", "Unsent", "Later")
	l.register(t, h, "Next")
	if r, err := h.Exchange(ctx, *up(t, h), direct{l.hub, h.Log.Node()}, nil); err != nil || !r.Revoked {
		t.Errorf("%+v, %v", r, err)
	}
	l.sees(t, l.hub, "Sent", "Unsent", "Later")
	if len(l.hub.Nodes.Claims()) != 0 {
		t.Error("it waits still")
	}
}

func up(t *testing.T, h *house.House) *node.Peer {
	t.Helper()
	p, err := h.Nodes.Up(ctx, h.DB)
	must(t, err)
	return p
}

// A sheet is good once: who used a copy of it elsewhere is a stranger. One that was replaced, or revoked with its box, is good for
// nothing.
func TestSheetHoldsOnce(t *testing.T) {
	l := lose(t, store.SQLite)
	thief := l.saved
	thief.Dir = filepath.Join(t.TempDir(), "thief")
	must(t, os.CopyFS(thief.Dir, os.DirFS(l.saved.Dir)))
	h := l.recover(t)
	exchange(t, h, l.hub)
	_, err := house.Recover(ctx, thief, l.sheet)
	must(t, err) // he has no link either
	c, err := house.Open(ctx, thief)
	must(t, err)
	defer c.Close()
	if _, err := c.Exchange(ctx, *up(t, c), direct{l.hub, c.Log.Node()}, nil); !errors.Is(err, node.ErrStranger) {
		t.Errorf("a second box with the same sheet: %v", err)
	}
	if _, err := house.Recover(ctx, l.saved, strings.Replace(l.sheet, l.sheet[:1], "", 1)); !errors.Is(err, node.ErrTyped) {
		t.Errorf("a sheet that lacks a letter: %v", err)
	}

	l = lose(t, store.SQLite)
	must(t, l.hub.Nodes.RevokeSheet(ctx, id.Nil, l.old))
	h = l.recover(t) // it cannot know
	if _, err := h.Exchange(ctx, *up(t, h), direct{l.hub, h.Log.Node()}, nil); !errors.Is(err, node.ErrStranger) {
		t.Errorf("with a revoked sheet: %v", err)
	}
	// A code from headquarters is the way back: then all of it counts.
	p := l.register(t, h, "New")
	rejoin(t, l.hub, h, l.old)
	exchange(t, h, l.hub)
	if x, err := l.hub.People.Get(ctx, l.hub.DB, access.Everywhere(), p); err != nil || x == nil {
		t.Error("what it wrote does not count", err)
	}
}

// A key that a later one replaced opens nothing.
func TestSheetReplaced(t *testing.T) {
	hub, box, _, boxAt := couple(t, store.SQLite)
	defer hub.Close()
	exchange(t, box, hub)
	first, err := box.Nodes.Keep(ctx, id.Nil)
	must(t, err)
	second, err := box.Nodes.Keep(ctx, id.Nil)
	must(t, err)
	kept := box.Nodes.Kept()
	if kept == nil || kept.Key != mustSheet(t, second) {
		t.Errorf("%+v", kept)
	}
	must(t, box.Close())
	if _, err := house.Recover(ctx, boxAt, first); !errors.Is(err, fact.ErrSheet) {
		t.Errorf("the first holds still: %v", err)
	}
	_, err = house.Recover(ctx, boxAt, second)
	must(t, err)
	if _, err := hub.Nodes.Keep(ctx, id.Nil); !errors.Is(err, node.ErrNoSheet) {
		t.Errorf("headquarters keeps a recovery key: %v", err)
	}
}

// A box with a recovery key that has no link at all is known by its bundle.
func TestRecoveryByBundle(t *testing.T) {
	l := lose(t, store.SQLite)
	h := l.recover(t)
	l.register(t, h, "New")
	var stick bytes.Buffer
	_, err := h.Nodes.Bundle(ctx, l.hub.Log.Node(), &stick)
	must(t, err)
	_, faults, err := l.hub.TakeBundle(ctx, bytes.NewReader(stick.Bytes()))
	must(t, err)
	if len(faults) > 0 {
		t.Error(faults)
	}
	l.sees(t, l.hub, "Sent", "Unsent", "Later", "New")
	must(t, l.hub.Nodes.ConfirmBox(ctx, id.Nil, h.Log.Node()))
	stick.Reset()
	_, err = l.hub.Nodes.Bundle(ctx, h.Log.Node(), &stick)
	must(t, err)
	_, faults, err = h.TakeBundle(ctx, bytes.NewReader(stick.Bytes()))
	must(t, err)
	if len(faults) > 0 {
		t.Error(faults)
	}
	l.sees(t, h, "Sent", "Unsent", "Later", "New")
}
