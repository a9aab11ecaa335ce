package house_test

import (
	"context"
	"errors"
	"testing"

	"tizi/internal/access"
	"tizi/internal/consent"
	"tizi/internal/fact"
	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/node"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/store"
	"tizi/internal/testnode"
)

// A region's node stands between the centres it was paired for and headquarters: it pairs their boxes itself, what they write
// counts everywhere once, whoever is erased in a centre is erased at headquarters, and a box that the region revokes is
// revoked there too. It gives nothing that it does not hold.
func TestRegionBetween(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		const own, far, other = "MA-ERR-MJ1", "MA-GUE-MJ1", "MA-CAS-MJ1"
		found := func(centre string, e store.Engine) (*house.House, house.Config) {
			h, at := create(t, e)
			t.Cleanup(func() { h.Close() })
			f := founding
			f.Centre = centre
			must(t, h.Found(ctx, f))
			return h, at
		}
		hub, hubAt := found("", store.SQLite)
		for _, c := range []string{own, far, other} {
			_, err := hub.Centre(ctx, c)
			must(t, err)
		}
		region, regionAt := found(own, e)
		join(t, hub, region, own, far)
		exchange(t, region, hub)
		box, _ := found(far, store.SQLite)
		join(t, region, box, far)
		exchange(t, box, region)
		exchange(t, region, hub)

		all, centre := access.Everywhere(), place.ID(far)
		p, err := box.People.Register(ctx, id.Nil, centre, secret, nil)
		must(t, err)
		must(t, box.Consents.Record(ctx, id.Nil, all, p, []consent.Statement{{Purpose: consent.Image, State: consent.Given, Giver: consent.ByGuardian, Method: "paper", On: "2026-01-10", Who: consent.Who{Name: "Qyjbbkelli Zmvqwxa"}}}))
		must(t, box.Consents.SetPhoto(ctx, id.Nil, all, p, portrait(t)))
		q, err := hub.People.Register(ctx, id.Nil, centre, person.Details{"first_latin": "Amina", "birth": "2014-05-03"}, nil)
		must(t, err)
		exchange(t, box, region)
		exchange(t, region, hub)
		exchange(t, box, region)
		for _, h := range []*house.House{hub, region, box} {
			for v, want := range map[id.ID]string{p: secret["first_latin"], q: "Amina"} {
				x, err := h.People.Get(ctx, h.DB, all, v)
				must(t, err)
				if x == nil || x.Details["first_latin"] != want {
					t.Fatalf("%s is %v", want, x)
				}
			}
			var n int
			_, err := store.One(ctx, h.DB, "SELECT count(*) FROM person", nil, &n)
			must(t, err)
			if n != 2 {
				t.Errorf("%d people, want 2", n)
			}
		}
		if blobs(t, hubAt.Dir) != 1 || blobs(t, regionAt.Dir) != 1 {
			t.Errorf("%d files at headquarters, %d at the region", blobs(t, hubAt.Dir), blobs(t, regionAt.Dir))
		}

		must(t, box.Erase(ctx, []id.ID{p}, centre))
		exchange(t, box, region)
		exchange(t, region, hub)
		for _, h := range []*house.House{hub, region} {
			if x, err := h.People.Get(ctx, h.DB, all, p); err != nil || x != nil {
				t.Errorf("who was erased is %v, %v", x, err)
			}
			must(t, h.Settle(ctx))
		}
		if blobs(t, hubAt.Dir)+blobs(t, regionAt.Dir) != 0 {
			t.Errorf("%d files are left at headquarters, %d at the region", blobs(t, hubAt.Dir), blobs(t, regionAt.Dir))
		}

		must(t, region.Nodes.Revoke(ctx, id.Nil, box.Log.Node(), "stolen"))
		late, err := box.People.Register(ctx, id.Nil, centre, person.Details{"first_latin": "Thief", "birth": "2014-05-03"}, nil)
		must(t, err)
		if r := exchange(t, box, region); !r.Revoked {
			t.Error("the region does not say that it revoked the box")
		}
		exchange(t, region, hub)
		for _, h := range []*house.House{hub, region} {
			if x, err := h.People.Get(ctx, h.DB, all, late); err != nil || x != nil {
				t.Errorf("what a stolen box wrote counts: %v, %v", x, err)
			}
		}

		stream := person.Stream(place.ID(other))
		if _, _, err := region.Nodes.Invite(ctx, id.Nil, "box", stream); !errors.Is(err, node.ErrHolds) {
			t.Errorf("the region invites for another's centre: %v", err)
		}
		if _, _, err := box.Nodes.Invite(ctx, id.Nil, "box", person.Stream(centre)); !errors.Is(err, node.ErrLend) {
			t.Errorf("a box invites: %v", err)
		}
		second, _ := found(other, store.SQLite)
		must(t, region.Nodes.Grant(ctx, id.Nil, second.Log.Identity().Public(), second.Log.Identity().Recipient(), "box", []string{stream, "hub"}))
		exchange(t, region, hub)
		if hub.Log.Reads(second.Log.Node(), stream) || hub.Log.Reads(second.Log.Node(), "hub") {
			t.Error("the region gave what it does not hold")
		}
		must(t, hub.Nodes.Widen(ctx, id.Nil, region.Log.Node(), stream))
		exchange(t, region, hub)
		if !hub.Log.Reads(second.Log.Node(), stream) || hub.Log.Reads(second.Log.Node(), "hub") {
			t.Error("what the region gave does not count, now that it holds it")
		}
		for _, h := range []*house.House{hub, region} {
			rep, err := h.Check(ctx, nil)
			must(t, err)
			if !rep.OK {
				t.Error(rep.Faults)
			}
		}
	})
}

// A box whose region is no more changes over to headquarters, with all that it wrote meanwhile; to another headquarters it
// does not.
func TestBoxChangesOver(t *testing.T) {
	const own, far = "MA-ERR-MJ1", "MA-GUE-MJ1"
	found := func(centre string) *house.House {
		h, _ := create(t, store.SQLite)
		t.Cleanup(func() { h.Close() })
		f := founding
		f.Centre = centre
		must(t, h.Found(ctx, f))
		return h
	}
	hub := found("")
	for _, c := range []string{own, far} {
		_, err := hub.Centre(ctx, c)
		must(t, err)
	}
	region, box := found(own), found(far)
	join(t, hub, region, own, far)
	exchange(t, region, hub)
	join(t, region, box, far)
	exchange(t, box, region)
	exchange(t, region, hub)
	must(t, hub.Nodes.Revoke(ctx, id.Nil, region.Log.Node(), "stolen"))
	p, err := box.People.Register(ctx, id.Nil, place.ID(far), person.Details{"first_latin": "Amina", "birth": "2014-05-03"}, nil)
	must(t, err)

	stranger := found("")
	_, err = stranger.Centre(ctx, far)
	must(t, err)
	code, invite, err := stranger.Nodes.Invite(ctx, id.Nil, far, person.Stream(place.ID(far)))
	must(t, err)
	ask := box.Nodes.Asking(code)
	answer, err := stranger.Nodes.Answer(ctx, ask)
	must(t, err)
	number := node.Number(ask.Code, ask, answer)
	_, err = stranger.Nodes.Accept(ctx, id.Nil, invite, number)
	must(t, err)
	if err := box.Nodes.Join(ctx, "http://stranger", answer, number, number); !errors.Is(err, node.ErrPaired) {
		t.Errorf("to another headquarters: %v", err)
	}

	join(t, hub, box, far)
	exchange(t, box, hub)
	up, err := box.Nodes.Up(ctx, box.DB)
	must(t, err)
	if up == nil || up.Node != hub.Log.Node() {
		t.Errorf("it calls %+v", up)
	}
	x, err := hub.People.Get(ctx, hub.DB, access.Everywhere(), p)
	must(t, err)
	if x == nil || x.Details["first_latin"] != "Amina" {
		t.Errorf("headquarters shows %+v", x)
	}
	peer, err := hub.Nodes.Peer(ctx, hub.DB, box.Log.Node())
	must(t, err)
	if n, err := hub.Nodes.Waiting(ctx, hub.DB, box.Log.Node()); err != nil || n != 0 || peer.Done.IsZero() {
		t.Errorf("headquarters believes that %d facts wait, and that it exchanged on %v: %v", n, peer.Done, err)
	}
}

// A region's node revokes its own boxes and no other region's, whatever it writes.
func TestRegionRevokesItsOwn(t *testing.T) {
	const here, there = "MA-ERR-MJ1", "MA-CAS-MJ1"
	found := func(centre string) *house.House {
		h, _ := create(t, store.SQLite)
		t.Cleanup(func() { h.Close() })
		f := founding
		f.Centre = centre
		must(t, h.Found(ctx, f))
		return h
	}
	hub := found("")
	for _, c := range []string{here, "MA-GUE-MJ1", there, "MA-SAL-MJ1"} {
		_, err := hub.Centre(ctx, c)
		must(t, err)
	}
	region, other, box := found(here), found(there), found(there)
	join(t, hub, region, here, "MA-GUE-MJ1")
	join(t, hub, other, there, "MA-SAL-MJ1")
	exchange(t, region, hub)
	exchange(t, other, hub)
	join(t, other, box, there)
	exchange(t, box, other)
	p, err := box.People.Register(ctx, id.Nil, place.ID(there), person.Details{"first_latin": "Amina", "birth": "2014-05-03"}, nil)
	must(t, err)
	exchange(t, box, other)
	exchange(t, other, hub)
	exchange(t, region, hub)
	if err := region.Nodes.Revoke(ctx, id.Nil, box.Log.Node(), "stolen"); !errors.Is(err, node.ErrHolds) {
		t.Errorf("it revokes another region's box: %v", err)
	}
	// One that was stolen does not ask.
	_, err = region.Log.Do(ctx, fact.Command{Name: "revoke", Stream: "commons", Run: func(context.Context, store.Querier) (fact.Outcome, error) {
		return fact.Outcome{Facts: []fact.New{{Stream: "commons", Kind: fact.GrantRevoked, Subject: box.Log.Node(), Body: fact.Withdrawn{After: map[string]uint64{}, Reason: "spite"}}}}, nil
	}})
	must(t, err)
	exchange(t, region, hub)
	exchange(t, other, hub)
	for _, h := range []*house.House{hub, other, region} {
		if g, ok := h.Log.Grantee(box.Log.Node()); !ok || g.Revoked != nil {
			t.Errorf("the box is revoked: %+v", g)
		}
	}
	if x, err := hub.People.Get(ctx, hub.DB, access.Everywhere(), p); err != nil || x == nil {
		t.Errorf("who was registered on it is %v, %v", x, err)
	}
	// Headquarters may, and so may its own region.
	must(t, other.Nodes.Revoke(ctx, id.Nil, box.Log.Node(), "stolen"))
	exchange(t, other, hub)
	exchange(t, region, hub)
	for _, h := range []*house.House{hub, other, region} {
		if g, _ := h.Log.Grantee(box.Log.Node()); g.Revoked == nil {
			t.Error("its own region does not revoke it")
		}
		rep, err := h.Check(ctx, nil)
		must(t, err)
		if !rep.OK {
			t.Error(rep.Faults)
		}
	}
}
