package house_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"

	"tizi/internal/access"
	"tizi/internal/backup"
	"tizi/internal/fact"
	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/node"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/store"
)

// Headquarters that comes back from a backup goes on under another key. Boxes find it where it was, see that it follows the one that
// they knew, and bring back what that had written since, who they are among it; nobody's log has two histories.
func TestHeadquartersComesBack(t *testing.T) {
	const near, far, stick = "MA-ERR-MJ1", "MA-GUE-MJ1", "MA-CAS-MJ1"
	found := func(centre string) *house.House {
		h, _ := create(t, store.SQLite)
		t.Cleanup(func() { h.Close() })
		f := founding
		f.Centre = centre
		must(t, h.Found(ctx, f))
		return h
	}
	hub, hubAt := create(t, store.SQLite)
	f := founding
	f.Centre = ""
	must(t, hub.Found(ctx, f))
	for _, c := range []string{near, far, stick} {
		_, err := hub.Centre(ctx, c)
		must(t, err)
	}
	first, second, third := found(near), found(far), found(stick)
	join(t, hub, first, near)
	exchange(t, first, hub)
	join(t, hub, third, stick)
	carry(t, hub, third)
	all := access.Everywhere()
	meets := func(h *house.House, code string) bool {
		t.Helper()
		tree, err := h.Places.Tree(ctx, h.DB)
		must(t, err)
		return tree.Code(code) != nil
	}
	sheet, err := backup.PrintKey(hubAt.Dir, "hub")
	must(t, err)
	saved := t.TempDir()
	_, err = hub.Backup(ctx, house.BackupOptions{To: saved, SameDisk: true})
	must(t, err)

	// After the backup: a centre that only the boxes know of when headquarters is lost, a box that it paired, somebody in each.
	const lost, later, last = "MA-TNG-MJ1", "MA-AZI-MJ1", "MA-SAL-MJ1"
	_, err = hub.Centre(ctx, lost)
	must(t, err)
	join(t, hub, second, far)
	exchange(t, second, hub)
	was := hub.Log.Node()
	must(t, hub.Close())
	p, err := second.People.Register(ctx, id.Nil, place.ID(far), person.Details{"first_latin": "Amina", "birth": "2014-05-03"}, nil)
	must(t, err)

	again := func() *house.House {
		t.Helper()
		rc := house.Config{Dir: filepath.Join(t.TempDir(), "restored")}
		r, err := house.Restore(ctx, rc, saved, "", sheet)
		must(t, err)
		if r.Node == was || r.Was != was {
			t.Fatalf("it writes under the key that others know longer: %+v", r)
		}
		h, err := house.Open(ctx, rc)
		must(t, err)
		t.Cleanup(func() { h.Close() })
		return h
	}
	next := again()
	if meets(next, lost) {
		t.Fatal("the backup knows what came after it")
	}
	_, err = next.Centre(ctx, later)
	must(t, err)
	for _, box := range []*house.House{second, first, second} { // the one that the backup does not know comes first
		exchange(t, box, next)
		up, err := box.Nodes.Up(ctx, box.DB)
		must(t, err)
		if up.Node != next.Log.Node() || box.Log.Root() != was || !box.Log.IsRoot(next.Log.Node()) {
			t.Errorf("it calls %v", up)
		}
	}
	if x, err := next.People.Get(ctx, next.DB, all, p); err != nil || x == nil || x.Details["first_latin"] != "Amina" {
		t.Errorf("headquarters does not read who came: %v, %v", x, err)
	}
	// The box that lives by bundles learns it from one.
	carry(t, next, third)
	carry(t, third, next)
	q, err := third.People.Register(ctx, id.Nil, place.ID(stick), person.Details{"first_latin": "Salma", "birth": "2014-05-03"}, nil)
	must(t, err)
	carry(t, third, next)
	if x, err := next.People.Get(ctx, next.DB, all, q); err != nil || x == nil || x.Details["first_latin"] != "Salma" {
		t.Errorf("headquarters does not read who came by bundle: %v, %v", x, err)
	}
	for _, h := range []*house.House{next, first, second, third} {
		if !meets(h, lost) || !meets(h, later) {
			t.Errorf("%s lacks a centre", h.Log.Node())
		}
	}
	// It rules as before.
	must(t, next.Nodes.Revoke(ctx, id.Nil, first.Log.Node(), "stolen"))
	if r := exchange(t, first, next); !r.Revoked {
		t.Error("a box that it revoked is not told")
	}
	exchange(t, second, next)
	// The same backup once more: what the second headquarters wrote comes back with the boxes too.
	once := again()
	_, err = once.Centre(ctx, last)
	must(t, err)
	exchange(t, second, once)
	exchange(t, second, once)
	if !meets(once, lost) || !meets(once, later) || !meets(second, last) {
		t.Error("what was written in between did not come back")
	}
	if g, ok := once.Log.Grantee(first.Log.Node()); !ok || g.Revoked == nil {
		t.Error("the revocation did not come back")
	}
	for _, h := range []*house.House{once, first, second, third} {
		rep, err := h.Check(ctx, nil)
		must(t, err)
		if forks, err := h.Log.Forks(ctx, h.DB); err != nil || len(forks) > 0 || !rep.OK {
			t.Error(forks, rep.Faults, err)
		}
	}
	// What it writes proves itself to whoever trusts the first headquarters.
	facts, err := once.Log.Of(ctx, once.DB, place.ID(last))
	must(t, err)
	b, err := once.Log.ProveFacts(ctx, once.DB, facts)
	must(t, err)
	proved, err := fact.CheckProof(b, was)
	must(t, err)
	if len(proved) == 0 || !proved[0].Granted || proved[0].Node != once.Log.Node() {
		t.Errorf("%d facts are proved: %+v", len(proved), proved)
	}
	// Some other node at the address is not followed.
	stranger := found("")
	up, err := second.Nodes.Up(ctx, second.DB)
	must(t, err)
	if _, err := second.Exchange(ctx, *up, direct{stranger, second.Log.Node()}, nil); !errors.Is(err, node.ErrAnother) && !errors.Is(err, node.ErrStranger) {
		t.Errorf("another headquarters is called: %v", err)
	}
}

// carry brings a bundle from one node to another, and the receipt back.
func carry(t testing.TB, from, to *house.House) node.Receipt {
	t.Helper()
	var b bytes.Buffer
	_, err := from.Nodes.Bundle(ctx, to.Log.Node(), &b)
	must(t, err)
	r, faults, err := to.TakeBundle(ctx, bytes.NewReader(b.Bytes()))
	must(t, err)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	_, err = from.Nodes.Confirm(ctx, receiptOf(t, r))
	must(t, err)
	return r
}

func receiptOf(t testing.TB, r node.Receipt) []byte {
	t.Helper()
	b, err := json.Marshal(r)
	must(t, err)
	return b
}
