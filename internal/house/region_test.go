package house_test

import (
	"errors"
	"testing"

	"tizi/internal/access"
	"tizi/internal/consent"
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
