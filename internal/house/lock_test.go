package house_test

import (
	"errors"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tizi/internal/access"
	"tizi/internal/api"
	"tizi/internal/backup"
	"tizi/internal/consent"
	"tizi/internal/family"
	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/node"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/vault"
)

const diskPass = "quatre mots sans rapport"

// somebody writes down a person in every way that the node knows, and a paper that names her.
func somebody(t testing.TB, h *house.House) {
	t.Helper()
	centre := place.ID("MA-ERR-MJ1")
	p, err := h.People.Register(ctx, id.Nil, centre, secret, nil)
	must(t, err)
	must(t, h.People.Edit(ctx, id.Nil, access.Everywhere(), p, person.Details{"address": "rue Zmvqwxa"}))
	must(t, h.Consents.Record(ctx, id.Nil, access.Everywhere(), p, []consent.Statement{{Purpose: consent.Image, State: consent.Given, Giver: consent.ByGuardian, Method: "paper", On: "2026-01-10", Who: consent.Who{Name: "Qyjbbkelli Zmvqwxa"}}}))
	must(t, h.Consents.SetPhoto(ctx, id.Nil, access.Everywhere(), p, portrait(t)))
	parent, err := h.Family.Welcome(ctx, id.Nil, access.Everywhere(), p, family.Who{Name: "Omar Qyjbbkelli", Phone: "+212699887766"}, "fr", true, true)
	must(t, err)
	must(t, h.Family.Send(ctx, parent, access.Everywhere(), p, parent, "Zmvqwxa est malade"))
	_, err = h.Access.Open(ctx, id.Nil, access.Newcomer{Name: "Qyjbbkelli", Login: "zmvqwxa", Role: access.National, On: access.Place(place.ID("MA")), Stream: "hub"})
	must(t, err)
	_, _, err = h.Blobs.Put(strings.NewReader("the paper that Zmvqwxa signed"))
	must(t, err)
}

// Of a box that is stopped, its folder holds no word of anybody where it is encrypted, from its beginning or later; and every
// byte of it does where it is not.
func TestNobodyIsOnTheDisk(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, c := create(t, e)
		must(t, h.Found(ctx, founding))
		somebody(t, h)
		must(t, h.Close())
		if e == store.SQLite && len(traces(t, c.Dir)) < 5 {
			t.Fatalf("this test finds too little without encryption: %v", traces(t, c.Dir))
		}
		if len(traces(t, filepath.Join(c.Dir, house.BlobDir))) == 0 {
			t.Fatal("this test would not find the paper")
		}
		card, err := house.Encrypt(ctx, c, diskPass, func(string) {})
		must(t, err)
		for _, f := range traces(t, c.Dir) {
			t.Errorf("left in %s", f)
		}
		if _, err := house.Open(ctx, c); !errors.Is(err, vault.ErrLocked) {
			t.Fatalf("opened without anything: %v", err)
		}
		if _, err := house.Encrypt(ctx, c, diskPass, func(string) {}); !errors.Is(err, house.ErrEncrypted) {
			t.Errorf("encrypted again: %v", err)
		}
		for _, typed := range []string{diskPass, card} {
			c.Unlock = filepath.Join(t.TempDir(), "unlock")
			must(t, os.WriteFile(c.Unlock, []byte(typed+"\r\n"), 0o600))
			h, err = house.Open(ctx, c)
			must(t, err)
			rep, err := h.Check(ctx, nil)
			must(t, err)
			if !rep.OK || rep.Files != 2 {
				t.Errorf("check: %+v", rep)
			}
			must(t, h.Log.Rebuild(ctx, nil))
			must(t, h.Close())
		}
		for _, f := range traces(t, c.Dir) {
			t.Errorf("after it was open, in %s", f)
		}
		must(t, os.WriteFile(c.Unlock, []byte("autre chose tout de même"), 0o600))
		if _, err := house.Open(ctx, c); !errors.Is(err, vault.ErrWrong) {
			t.Errorf("opened with another passphrase: %v", err)
		}
		// A key of its own, as a restored or copied folder takes, is hidden as well.
		must(t, os.WriteFile(c.Unlock, []byte(diskPass), 0o600))
		b, err := os.ReadFile(filepath.Join(c.Dir, house.KeyFile))
		must(t, err)
		if !vault.Hidden(b) {
			t.Error("the node's key lies open")
		}
	})
}

// What is encrypted from its beginning never lay open, is saved, and comes back from its backup.
func TestEncryptedFromTheBeginning(t *testing.T) {
	c := house.Config{Dir: t.TempDir()}
	var err error
	c.Lock, err = vault.Create(c.Dir, diskPass)
	must(t, err)
	h, err := house.Create(ctx, c)
	must(t, err)
	must(t, h.Found(ctx, founding))
	somebody(t, h)
	sheet, err := backup.PrintKey(c.Dir, "test")
	must(t, err)
	to := t.TempDir()
	_, err = h.Backup(ctx, house.BackupOptions{To: to, SameDisk: true})
	must(t, err)
	name := h.Log.Node()
	must(t, h.Close())
	for _, f := range append(traces(t, c.Dir), traces(t, to)...) {
		t.Errorf("left in %s", f)
	}
	back := house.Config{Dir: filepath.Join(t.TempDir(), "back")}
	r, err := house.Restore(ctx, back, to, "", sheet)
	must(t, err)
	if r.Was != name || r.Files != 2 || !r.Checked.OK {
		t.Errorf("restored %+v", r)
	}
	if _, err := house.Drill(ctx, to, "", sheet); err != nil {
		t.Errorf("the drill: %v", err)
	}
}

// Encrypting that is cut off, wherever, goes on; until then nobody opens the folder by mistake.
func TestEncryptGoesOn(t *testing.T) {
	for step := range 4 {
		h, c := create(t, store.SQLite)
		must(t, h.Found(ctx, founding))
		somebody(t, h)
		must(t, h.Close())
		n := 0
		func() {
			defer func() { recover() }()
			house.Encrypt(ctx, c, diskPass, func(string) {
				if n++; n > step {
					panic("the power went")
				}
			})
		}()
		if step < 3 {
			if _, err := house.Open(ctx, c); !errors.Is(err, house.ErrEncrypting) {
				t.Fatalf("step %d: opened half: %v", step, err)
			}
			if _, err := house.Encrypt(ctx, c, "une autre phrase", func(string) {}); !errors.Is(err, vault.ErrWrong) {
				t.Fatalf("step %d: with another passphrase: %v", step, err)
			}
			_, err := house.Encrypt(ctx, c, diskPass, func(string) {})
			must(t, err)
		}
		for _, f := range traces(t, c.Dir) {
			t.Errorf("step %d: left in %s", step, f)
		}
		c.Unlock = filepath.Join(t.TempDir(), "unlock")
		must(t, os.WriteFile(c.Unlock, []byte(diskPass), 0o600))
		h, err := house.Open(ctx, c)
		must(t, err)
		rep, err := h.Check(ctx, nil)
		must(t, err)
		if !rep.OK || rep.Files != 2 {
			t.Errorf("step %d: %+v", step, rep)
		}
		must(t, h.Close())
	}
}

// Headquarters unlocks a box, by what was left there, until it is revoked; both are noted.
func TestHeadquartersUnlocks(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		hub, box, _, at := couple(t, e)
		defer hub.Close()
		must(t, box.Close())
		_, err := house.Encrypt(ctx, at, diskPass, func(string) {})
		must(t, err)
		at.Unlock = filepath.Join(t.TempDir(), "unlock")
		must(t, os.WriteFile(at.Unlock, []byte(diskPass), 0o600))
		box, err = house.Open(ctx, at)
		must(t, err)
		srv := served(t, hub)
		up, err := box.Nodes.Up(ctx, box.DB)
		must(t, err)
		up.Address = srv
		_, err = box.Exchange(ctx, *up, api.Dial(box.Log.Identity(), *up, 0), nil)
		must(t, err)
		name := box.Log.Node()
		must(t, box.Close())

		v, err := vault.Load(at.Dir)
		must(t, err)
		fetch := func() ([]byte, error) { return node.Fetch(ctx, api.Dial(v.Hub().Ask, v.Hub().Peer, 0)) }
		half, err := fetch()
		must(t, err)
		must(t, v.OpenWith(half))
		at.Unlock, at.Lock = "", v
		box, err = house.Open(ctx, at)
		must(t, err)
		must(t, box.Close())
		// Who asks with another key learns nothing, nor who asks in the name of the box itself.
		other, err := vault.Create(t.TempDir(), diskPass)
		must(t, err)
		must(t, other.Keep(*up, func(node.Deposit) error { return nil }))
		if _, err := node.Fetch(ctx, api.Dial(other.Hub().Ask, v.Hub().Peer, 0)); !errors.Is(err, node.ErrStranger) {
			t.Errorf("a stranger was told %v", err)
		}
		must(t, hub.Nodes.Revoke(ctx, id.Nil, name, "stolen"))
		if _, err := fetch(); !errors.Is(err, node.ErrRevoked) {
			t.Errorf("a revoked box was told %v", err)
		}
		u, err := hub.Nodes.Unlocks(ctx, hub.DB, name)
		must(t, err)
		if u == nil || u.Openings != 1 || u.Refusals != 1 || u.Opened.IsZero() || u.Refused.IsZero() {
			t.Errorf("noted: %+v", u)
		}
	})
}

// served is where a node answers others.
func served(t testing.TB, h *house.House) string {
	t.Helper()
	s := httptest.NewServer(api.NewExchange(h.Nodes, h.Log, slog.New(slog.DiscardHandler)))
	t.Cleanup(s.Close)
	return s.URL
}
