package house_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"tizi/internal/access"
	"tizi/internal/house"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/lan"
	"tizi/internal/place"
	"tizi/internal/store"
	"tizi/internal/testnode"
)

// Headquarters prepares a box of a centre that no country folder knows. The machine that gets the file is paired, knows what
// headquarters knows, has somebody who manages the centre, and has nothing waiting when it calls for the first time.
func TestPreparedBox(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		hub, _ := create(t, e)
		t.Cleanup(func() { hub.Close() })
		headquarters := founding
		headquarters.Centre = ""
		must(t, hub.Found(ctx, headquarters))
		_, _, err := hub.Places.Describe(ctx, id.Nil, []place.Described{{Code: "MA-ERR-X7", Parent: "MA-ERR", Type: "centre", Kind: "youth", Name: i18n.Text{i18n.FR: "Essalam"}, Milieu: "urban"}})
		must(t, err)
		centre, err := hub.Centre(ctx, "MA-ERR-X7")
		must(t, err)
		a := t.TempDir()
		_, err = lan.Open(a, "errachidia", []string{"tizi-errachidia.local"}, hub.Log.Clock.Now)
		must(t, err)
		pem, err := os.ReadFile(filepath.Join(a, lan.File))
		must(t, err)
		var file bytes.Buffer
		letters, node, err := hub.Prepare(ctx, id.Nil, &file, house.Preparing{Centre: centre, Name: "Essalam", Address: "http://hub", Authority: pem})
		must(t, err)
		for _, secret := range []string{"Essalam", "http://hub", "PRIVATE"} {
			if bytes.Contains(file.Bytes(), []byte(secret)) {
				t.Errorf("the file shows %q", secret)
			}
		}

		c := house.Config{Dir: t.TempDir()}
		refused := func(what string, b []byte, letters string) {
			t.Helper()
			h, err := house.CreatePrepared(ctx, c, bytes.NewReader(b), letters)
			if err == nil {
				h.Close()
			}
			if !errors.Is(err, house.ErrPrepared) || house.Exists(c.Dir) {
				t.Errorf("%s: %v", what, err)
			}
		}
		refused("other letters", file.Bytes(), "AAAA-AAAA")
		refused("cut short", file.Bytes()[:file.Len()-20], letters)
		refused("another file", []byte("Nom;Prénom"), letters)
		box, err := house.CreatePrepared(ctx, c, bytes.NewReader(file.Bytes()), letters)
		must(t, err)
		t.Cleanup(func() { box.Close() })
		if box.Log.Node() != node || !box.Prepared() {
			t.Errorf("it is %s, ruled %v", box.Log.Node(), box.Prepared())
		}
		if got, err := os.ReadFile(filepath.Join(c.Dir, lan.File)); err != nil || !bytes.Equal(got, pem) {
			t.Errorf("another authority: %v", err)
		}
		if founded, err := box.Founded(ctx); err != nil || founded {
			t.Errorf("somebody can sign in already: %v, %v", founded, err)
		}
		must(t, box.Found(ctx, house.Founding{Owner: "Fatima", Login: "fatima", Passphrase: founding.Passphrase}))
		who, err := box.Access.Holder(ctx, box.DB, "fatima")
		must(t, err)
		acc, err := box.Access.Get(ctx, box.DB, who)
		must(t, err)
		if len(acc.Roles) != 1 || acc.Roles[0].Role != access.Centre {
			t.Errorf("she holds %+v", acc.Roles)
		}
		for range 2 {
			exchange(t, box, hub)
		}
		if !exchange(t, box, hub).Same {
			t.Error("they do not come to hold the same")
		}
		for _, h := range []*house.House{hub, box} {
			rep, err := h.Check(ctx, nil)
			must(t, err)
			if !rep.OK || rep.Held > 0 {
				t.Errorf("%d facts wait; %v", rep.Held, rep.Faults)
			}
		}
	})
}
