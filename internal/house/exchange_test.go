package house_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

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

// direct is a link to another house in the test.
type direct struct {
	to   *house.House
	from id.ID
}

// Ask implements node.Link.
func (d direct) Ask(ctx context.Context, op string, body []byte) ([]byte, error) {
	return d.to.Nodes.Serve(ctx, d.from, op, bytes.Clone(body))
}

// pair makes a headquarters and the box of a centre that may exchange.
func pair(t testing.TB, e store.Engine) (hub, box *house.House, hubAt, boxAt house.Config) {
	t.Helper()
	hub, box, hubAt, boxAt = couple(t, e)
	t.Cleanup(func() { hub.Close() })
	t.Cleanup(func() { box.Close() })
	return hub, box, hubAt, boxAt
}

// couple is the same, for a test that closes both.
func couple(t testing.TB, e store.Engine) (hub, box *house.House, hubAt, boxAt house.Config) {
	t.Helper()
	hub, hubAt = create(t, e)
	headquarters := founding
	headquarters.Centre = ""
	must(t, hub.Found(ctx, headquarters))
	box, boxAt = create(t, store.SQLite)
	must(t, box.Found(ctx, founding))
	_, err := hub.Centre(ctx, founding.Centre)
	must(t, err)
	join(t, hub, box, founding.Centre)
	return hub, box, hubAt, boxAt
}

// join pairs a box for some centres.
func join(t testing.TB, hub, box *house.House, centres ...string) {
	t.Helper()
	var streams []string
	for _, c := range centres {
		streams = append(streams, person.Stream(place.ID(c)))
	}
	code, invite, err := hub.Nodes.Invite(ctx, id.Nil, "box", streams...)
	must(t, err)
	ask := box.Nodes.Asking(code)
	answer, err := hub.Nodes.Answer(ctx, ask)
	must(t, err)
	number := node.Number(ask.Code, ask, answer)
	_, err = hub.Nodes.Accept(ctx, id.Nil, invite, number)
	must(t, err)
	must(t, box.Nodes.Join(ctx, "", answer, number, number))
}

func exchange(t testing.TB, box, hub *house.House) node.Result {
	t.Helper()
	up, err := box.Nodes.Up(ctx, box.DB)
	must(t, err)
	r, err := box.Exchange(ctx, *up, direct{hub, box.Log.Node()}, nil)
	must(t, err)
	if len(r.Faults) > 0 {
		t.Fatal(r.Faults)
	}
	return r
}

// Who is erased in the centre is nowhere at headquarters either once it hears of it, nor in a bundle or a copy of the database
// that is made then; a photo whose consent is taken back goes there too.
func TestErasureReachesHeadquarters(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		hub, box, hubAt, _ := pair(t, e)
		centre, all := place.ID(founding.Centre), access.Everywhere()
		exchange(t, box, hub)
		p, err := box.People.Register(ctx, id.Nil, centre, secret, nil)
		must(t, err)
		q, err := box.People.Register(ctx, id.Nil, centre, person.Details{"first_latin": "Amina", "birth": "2014-05-03"}, nil)
		must(t, err)
		for _, v := range []id.ID{p, q} {
			must(t, box.Consents.Record(ctx, id.Nil, all, v, []consent.Statement{{Purpose: consent.Image, State: consent.Given, Giver: consent.ByGuardian, Method: "paper", On: "2026-01-10", Who: consent.Who{Name: "Qyjbbkelli Zmvqwxa"}}}))
			must(t, box.Consents.SetPhoto(ctx, id.Nil, all, v, portrait(t)))
		}
		exchange(t, box, hub)
		x, err := hub.People.Get(ctx, hub.DB, all, p)
		must(t, err)
		if x == nil || x.Details["first_latin"] != secret["first_latin"] || blobs(t, hubAt.Dir) != 2 {
			t.Fatalf("headquarters reads %v and has %d files", x, blobs(t, hubAt.Dir))
		}
		must(t, box.Erase(ctx, []id.ID{p}, centre))
		must(t, box.Consents.Record(ctx, id.Nil, all, q, []consent.Statement{{Purpose: consent.Image, State: consent.Withdrawn, Giver: consent.ByGuardian, Method: "paper", On: "2026-01-12", Who: consent.Who{Name: "Fatna"}}}))
		exchange(t, box, hub)
		must(t, hub.Settle(ctx))
		if n := blobs(t, hubAt.Dir); n != 0 {
			t.Errorf("%d files are left at headquarters", n)
		}
		must(t, hub.Rewrite(ctx))
		if e == store.SQLite {
			must(t, hub.DB.Script(ctx, "VACUUM INTO '"+filepath.Join(hubAt.Dir, "backup.db")+"'"))
		}
		f, err := os.Create(filepath.Join(hubAt.Dir, "bundle"))
		must(t, err)
		_, err = hub.Nodes.Bundle(ctx, box.Log.Node(), f)
		must(t, err)
		must(t, f.Close())
		for _, f := range append(traces(t, hubAt.Dir), server(t, hub)...) {
			t.Errorf("left in %s", f)
		}
		for _, h := range []*house.House{hub, box} {
			rep, err := h.Check(ctx, nil)
			must(t, err)
			if !rep.OK {
				t.Error(rep.Faults)
			}
		}
	})
}

// Files of which no fact speaks go after a day, and others stay.
func TestFilesOfNoFactGo(t *testing.T) {
	h, c := create(t, store.SQLite)
	defer h.Close()
	must(t, h.Found(ctx, founding))
	p, err := h.People.Register(ctx, id.Nil, place.ID(founding.Centre), secret, nil)
	must(t, err)
	must(t, h.Consents.Record(ctx, id.Nil, access.Everywhere(), p, []consent.Statement{{Purpose: consent.Image, State: consent.Given, Giver: consent.ByGuardian, Method: "paper", On: "2026-01-10", Who: consent.Who{Name: "Fatna"}}}))
	must(t, h.Consents.SetPhoto(ctx, id.Nil, access.Everywhere(), p, portrait(t)))
	d, _, err := h.Blobs.Put(bytes.NewReader([]byte("nobody's")))
	must(t, err)
	must(t, h.SweepFiles(ctx))
	if n := blobs(t, c.Dir); n != 2 {
		t.Fatalf("%d files are left at once", n)
	}
	old := time.Now().Add(-48 * time.Hour)
	must(t, filepath.WalkDir(filepath.Join(c.Dir, house.BlobDir), func(p string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			err = os.Chtimes(p, old, old)
		}
		return err
	}))
	must(t, h.SweepFiles(ctx))
	if n := blobs(t, c.Dir); n != 1 || h.Blobs.Has(d) {
		t.Errorf("%d files are left after a day", n)
	}
}

// A box that a thief writes with speaks for its own centre, whatever it says of others, as long as nobody has revoked it.
func TestBoxSpeaksForItsCentre(t *testing.T) {
	hub, box, _, _ := pair(t, store.SQLite)
	exchange(t, box, hub)
	all, there := access.Everywhere(), place.ID("MA-GUE-MJ1")
	_, err := hub.Centre(ctx, "MA-GUE-MJ1")
	must(t, err)
	p, err := hub.People.Register(ctx, id.Nil, there, secret, nil)
	must(t, err)
	owner, err := hub.Access.Holder(ctx, hub.DB, founding.Login)
	must(t, err)
	before, err := hub.Access.Get(ctx, hub.DB, owner)
	must(t, err)
	thief := id.New()
	stream := person.Stream(place.ID(founding.Centre))
	write := func(subject id.ID, k *fact.Kind, b fact.Body) {
		t.Helper()
		_, err := box.Log.Do(ctx, fact.Command{Name: "steal", Stream: stream, Run: func(context.Context, store.Querier) (fact.Outcome, error) {
			return fact.Outcome{Facts: []fact.New{{Stream: stream, Kind: k, Subject: subject, Body: b}}}, nil
		}})
		must(t, err)
	}
	write(owner, access.AccountClosed, access.Closed{Closed: true, Gone: true})
	write(before.Roles[0].Grant, access.KindWithdrawn, access.RoleWithdrawn{})
	write(id.New(), access.KindGranted, access.RoleGranted{Account: thief, Role: access.National, On: access.Place(place.ID("MA"))})
	write(id.New(), access.KindGranted, access.RoleGranted{Account: thief, Role: access.Partner, On: access.Programme(id.New())})
	write(p, person.KindErased, person.Erased{Reason: "asked"})
	exchange(t, box, hub)
	after, err := hub.Access.Get(ctx, hub.DB, owner)
	must(t, err)
	if after == nil || after.Closed || len(after.Roles) != len(before.Roles) || after.Roles[0].Role != access.National {
		t.Errorf("headquarters' owner is %+v", after)
	}
	if x, err := hub.People.Get(ctx, hub.DB, all, p); err != nil || x == nil {
		t.Errorf("a person of another centre: %v, %v", x, err)
	}
	var role, kind string
	var thing id.ID
	n := 0
	must(t, hub.DB.Each(ctx, "SELECT role, kind, thing FROM access_role WHERE account = ?", store.Args(thief), func(r store.Row) error {
		n++
		return r.Scan(&role, &kind, &thing)
	}))
	if n != 1 || role != string(access.Centre) || thing != place.ID(founding.Centre) {
		t.Errorf("the thief plays %d roles, among them %s of %s %s", n, role, kind, thing)
	}
}
