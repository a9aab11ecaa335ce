package vault

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"tizi/internal/id"
	"tizi/internal/node"
	"tizi/internal/testnode"
)

const pass = "quatre mots sans rapport"

func TestEachWayOpens(t *testing.T) {
	dir := t.TempDir()
	if _, err := Create(dir, "court"); !errors.Is(err, ErrShort) || Exists(dir) {
		t.Fatalf("a short passphrase: %v", err)
	}
	v, err := Create(dir, pass)
	testnode.Must(t, err)
	key := v.Key("database", 32)
	card, err := v.NewCard()
	testnode.Must(t, err)
	hub := node.Peer{Node: id.New(), Address: "http://hub", Public: make([]byte, 32)}
	var half []byte
	give := func(d node.Deposit) error { half = d.Half; return nil }
	testnode.Must(t, v.Keep(hub, give))

	opens := func(how string, want error, fn func(*Vault) error) {
		t.Helper()
		v, err := Load(dir)
		testnode.Must(t, err)
		if err := fn(v); !errors.Is(err, want) || want == nil && !bytes.Equal(v.Key("database", 32), key) || want != nil && !v.Locked() {
			t.Errorf("%s: %v, want %v", how, err, want)
		}
	}
	typed := func(s string) func(*Vault) error { return func(v *Vault) error { return v.Open(s) } }
	opens("the passphrase", nil, typed(" "+pass+"\n"))
	opens("another", ErrWrong, typed(pass+"x"))
	opens("nothing", ErrWrong, typed(""))
	opens("the card", nil, typed(card))
	opens("another card", ErrWrong, typed(node.NewSheet()))
	opens("headquarters", nil, func(v *Vault) error { return v.OpenWith(half) })
	opens("another half", ErrHalf, func(v *Vault) error { return v.OpenWith(make([]byte, 32)) })

	// What took another's place ends that.
	testnode.Must(t, v.SetPassphrase("une autre phrase"))
	opens("the old passphrase", ErrWrong, typed(pass))
	opens("the new one", nil, typed("une autre phrase"))
	next, err := v.NewCard()
	testnode.Must(t, err)
	opens("the old card", ErrWrong, typed(card))
	opens("the new card", nil, typed(next))
	// Headquarters is asked to keep a half once, and again where it forgot it or is another.
	old := half
	half = nil
	testnode.Must(t, v.Keep(hub, give))
	if half != nil {
		t.Error("it was given a half again")
	}
	v.Forgotten()
	testnode.Must(t, v.Keep(hub, give))
	opens("the half from before", ErrHalf, func(v *Vault) error { return v.OpenWith(old) })
	opens("the half", nil, func(v *Vault) error { return v.OpenWith(half) })
	hub.Address = "http://elsewhere"
	testnode.Must(t, v.Keep(hub, give))
	again, err := Load(dir)
	testnode.Must(t, err)
	if h := again.Hub(); h == nil || h.Peer.Address != "http://elsewhere" || h.Peer.Node != hub.Node {
		t.Errorf("it knows headquarters as %+v", h)
	}
	testnode.Must(t, v.SetAlone(true))
	opens("headquarters that must not", ErrHalf, func(v *Vault) error { return v.OpenWith(half) })
	testnode.Must(t, v.Keep(hub, func(node.Deposit) error { t.Error("it was asked"); return nil }))
}

func TestSmallFilesAreHidden(t *testing.T) {
	v, err := Create(t.TempDir(), pass)
	testnode.Must(t, err)
	b, err := v.Hider("node.key")([]byte("secret"))
	testnode.Must(t, err)
	if !Hidden(b) || bytes.Contains(b, []byte("secret")) {
		t.Errorf("hidden as %q", b)
	}
	if got, err := v.Shower("node.key")(b); err != nil || string(got) != "secret" {
		t.Errorf("shown as %q, %v", got, err)
	}
	if _, err := v.Shower("other")(b); err == nil {
		t.Error("shown as another file")
	}
	var none *Vault
	if none.Hider("x") != nil || none.Shower("x") != nil || none.Key("x", 32) != nil {
		t.Error("no lock hides something")
	}
}

func TestADamagedLockSaysSo(t *testing.T) {
	dir := t.TempDir()
	testnode.Must(t, os.WriteFile(filepath.Join(dir, File), []byte("{"), 0o600))
	if _, err := Load(dir); err == nil {
		t.Error("loaded")
	}
}
