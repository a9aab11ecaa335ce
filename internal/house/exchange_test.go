package house_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/consent"
	"tizi/internal/fact"
	"tizi/internal/house"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/node"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/record"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/training"
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

// What headquarters and a box say of one thing without seeing each other is shown with both sides on both nodes, whatever their
// clocks say, and what somebody who saw both says of it stands everywhere.
func TestBothSidesAreShownAndSettled(t *testing.T) {
	hub, box, _, _ := pair(t, store.SQLite)
	all, centre := access.Everywhere(), place.ID(founding.Centre)
	prog := programme.ID("P")
	_, err := hub.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: "P", Place: place.ID("MA"), Name: i18n.Text{i18n.FR: "P"}}, Phases: []programme.PhaseOpened{{Code: "1", Name: i18n.Text{i18n.FR: "1"}, From: "2026-01-05", To: "2026-12-31"}}})
	must(t, err)
	exchange(t, box, hub)
	var people []id.ID
	for _, name := range []string{"Amina", "Brahim", "Chama"} {
		p, err := box.People.Register(ctx, id.Nil, centre, person.Details{"first_latin": name, "birth": "2014-05-03"}, nil)
		must(t, err)
		must(t, box.Consents.Record(ctx, id.Nil, all, p, []consent.Statement{{Purpose: consent.Training, State: consent.Given, Giver: consent.ByGuardian, Method: "paper", On: "2026-01-10", Who: consent.Who{Name: "Fatna"}}}))
		people = append(people, p)
	}
	group, err := box.Training.OpenCohort(ctx, id.Nil, all, training.CohortOpened{Name: "G", Programme: prog, Phase: programme.PhaseID(prog, "1"), Centre: centre, Capacity: 2})
	must(t, err)
	_, err = box.Training.Place(ctx, id.Nil, all, group, people[:1], "2026-03-02")
	must(t, err)
	_, err = box.Training.Plan(ctx, id.Nil, all, group, training.Weekly{From: "2026-03-02", To: "2026-03-02", Days: []time.Weekday{time.Monday}, Starts: "10:00", Ends: "11:00"})
	must(t, err)
	session := training.SessionID(group, "2026-03-02", "10:00")
	exchange(t, box, hub)

	// Both, without a link.
	a := people[0]
	must(t, box.People.Edit(ctx, id.Nil, all, a, person.Details{"birth": "2014-05-13"}))
	must(t, hub.People.Edit(ctx, id.Nil, all, a, person.Details{"birth": "2013-05-03"}))
	say := func(h *house.House, state string) {
		t.Helper()
		must(t, h.Consents.Record(ctx, id.Nil, all, a, []consent.Statement{{Purpose: consent.Training, State: state, Giver: consent.ByGuardian, Method: "paper", On: "2026-01-11", Who: consent.Who{Name: "Fatna"}}}))
	}
	must(t, box.Training.Take(ctx, id.Nil, all, session, map[id.ID]string{a: training.Present}, "list"))
	must(t, hub.Training.Take(ctx, id.Nil, all, session, map[id.ID]string{a: training.Absent}, "list"))
	_, err = box.Training.Place(ctx, id.Nil, all, group, people[1:2], "2026-03-03")
	must(t, err)
	_, err = hub.Training.Place(ctx, id.Nil, all, group, people[2:], "2026-03-03")
	must(t, err)
	say(box, consent.Given)
	say(hub, consent.Withdrawn)
	exchange(t, box, hub)
	exchange(t, box, hub)

	register := consent.RegisterID(a, consent.Training)
	for name, h := range map[string]*house.House{"hub": hub, "box": box} {
		l, err := h.People.Contested(ctx, h.DB, all, 10)
		must(t, err)
		c, err := h.People.Contests(ctx, h.DB, all, a)
		must(t, err)
		if len(l) != 1 || l[0].ID != a || len(c) != 1 || c[0].Field != "birth" || len(c[0].Sides) != 2 || c[0].Sides[0].Node == c[0].Sides[1].Node {
			t.Errorf("%s: %d people in doubt, %+v", name, len(l), c)
		}
		k, err := h.Consents.Contest(ctx, h.DB, all, register)
		must(t, err)
		if n, err := h.Consents.Contested(ctx, h.DB, all, 10); err != nil || len(n) != 1 || len(k.Sides) != 2 {
			t.Errorf("%s: consents in doubt %v, %+v, %v", name, n, k, err)
		}
		if ok, err := h.Consents.Has(ctx, h.DB, a, consent.Training); err != nil || ok {
			t.Errorf("%s: a consent in doubt holds (%v)", name, err)
		}
		m, err := h.Training.SheetContests(ctx, h.DB, all, session)
		must(t, err)
		if n, err := h.Training.ContestedSheets(ctx, h.DB, all, 10); err != nil || len(n) != 1 || len(m) != 1 || m[0].Person != a || len(m[0].Sides) != 2 {
			t.Errorf("%s: sheets in doubt %v, %+v, %v", name, n, m, err)
		}
		o, err := h.Training.Overfull(ctx, h.DB, all, group)
		must(t, err)
		if n, err := h.Training.OverfullGroups(ctx, h.DB, all, 10); err != nil || len(n) != 1 || len(o.Over) != 2 || o.Over[0].Person == a || o.Over[1].Person == a {
			t.Errorf("%s: full groups %v, %+v, %v", name, n, o, err)
		}
	}

	// What nobody said cannot be made to stand.
	if err := hub.People.Settle(ctx, id.Nil, all, a, person.Details{"birth": "2010-01-01"}); !errors.Is(err, fact.ErrSettled) {
		t.Errorf("settled by another value: %v", err)
	}
	must(t, hub.People.Settle(ctx, id.Nil, all, a, person.Details{"birth": "2014-05-13"}))
	must(t, box.Training.SettleSheet(ctx, id.Nil, all, session, map[id.ID]string{a: training.Present}))
	k, err := hub.Consents.Contest(ctx, hub.DB, all, register)
	must(t, err)
	for _, s := range k.Sides {
		if s.State == consent.Given {
			must(t, hub.Consents.Settle(ctx, id.Nil, all, register, s.Ref))
		}
	}
	must(t, box.Training.SettleOver(ctx, id.Nil, all, group, people[1], true, "2026-03-04"))
	exchange(t, box, hub)
	for name, h := range map[string]*house.House{"hub": hub, "box": box} {
		p, err := h.People.Get(ctx, h.DB, all, a)
		must(t, err)
		if p.Conflict || p.Details["birth"] != "2014-05-13" {
			t.Errorf("%s: %v was born on %s", name, p.Conflict, p.Details["birth"])
		}
		if ok, err := h.Consents.Has(ctx, h.DB, a, consent.Training); err != nil || !ok {
			t.Errorf("%s: the consent does not hold (%v)", name, err)
		}
		if m, err := h.Training.SheetContests(ctx, h.DB, all, session); err != nil || len(m) != 0 {
			t.Errorf("%s: the sheet is in doubt: %v, %v", name, m, err)
		}
		if _, err := h.Training.Overfull(ctx, h.DB, all, group); !errors.Is(err, fact.ErrSettled) {
			t.Errorf("%s: the group is too full: %v", name, err)
		}
		w, err := h.Training.Waiting(ctx, h.DB, group)
		must(t, err)
		if len(w) != 1 || w[0].Person != people[1] {
			t.Errorf("%s: %v waits", name, w)
		}
		if rep, err := h.Check(ctx, nil); err != nil || !rep.OK {
			t.Errorf("%s: %v, %v", name, rep, err)
		}
	}
}

// joined makes the box of a centre that may exchange with a headquarters.
func joined(t testing.TB, hub *house.House, code string) *house.House {
	t.Helper()
	box, _ := create(t, store.SQLite)
	t.Cleanup(func() { box.Close() })
	f := founding
	f.Centre = code
	must(t, box.Found(ctx, f))
	_, err := hub.Centre(ctx, code)
	must(t, err)
	c, invite, err := hub.Nodes.Invite(ctx, id.Nil, code, person.Stream(place.ID(code)))
	must(t, err)
	ask := box.Nodes.Asking(c)
	answer, err := hub.Nodes.Answer(ctx, ask)
	must(t, err)
	number := node.Number(ask.Code, ask, answer)
	_, err = hub.Nodes.Accept(ctx, id.Nil, invite, number)
	must(t, err)
	must(t, box.Nodes.Join(ctx, "", answer, number, number))
	exchange(t, box, hub)
	return box
}

// A box knew its country before it was paired, and so did headquarters: nothing of that waits for a word, nor is it sent to other boxes,
// whether it calls or bundles are carried.
func TestNewBoxHasNothingWaiting(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		for _, carried := range []bool{false, true} {
			hub, box, _, _ := pair(t, e)
			own := box.Log.Node()
			bring := func(from, to *house.House) {
				t.Helper()
				var b bytes.Buffer
				_, err := from.Nodes.Bundle(ctx, to.Log.Node(), &b)
				must(t, err)
				_, faults, err := to.TakeBundle(ctx, bytes.NewReader(b.Bytes()))
				must(t, err)
				if len(faults) > 0 {
					t.Fatal(faults)
				}
			}
			if carried {
				bring(box, hub)
				bring(hub, box)
				bring(box, hub)
			} else {
				exchange(t, box, hub)
				if r := exchange(t, box, hub); !r.Same {
					t.Errorf("the second exchange: %+v", r)
				}
			}
			for name, h := range map[string]*house.House{"headquarters": hub, "box": box} {
				waits, err := h.Log.Waiting(ctx, h.DB)
				must(t, err)
				held, err := h.Log.Held(ctx, h.DB, "commons", own)
				must(t, err)
				if len(waits) > 0 || held > 0 {
					t.Errorf("%s: %+v waits, %d are held", name, waits, held)
				}
				tree, err := h.Places.Tree(ctx, h.DB)
				must(t, err)
				if tree.Code(founding.Centre) == nil || tree.Code("MA") == nil {
					t.Errorf("%s does not know its places", name)
				}
				if rep, err := h.Check(ctx, nil); err != nil || !rep.OK {
					t.Errorf("%s: %v, %v", name, rep, err)
				}
			}
		}
	})
}

// What a box said in commons beside is not lost: it waits.
func TestNewBoxKeepsWhatHeadquartersDoesNotSay(t *testing.T) {
	hub, box, _, _ := pair(t, store.SQLite)
	_, err := box.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: "OWN", Place: place.ID("MA"), Name: i18n.Text{i18n.FR: "P"}}, Phases: []programme.PhaseOpened{{Code: "1", Name: i18n.Text{i18n.FR: "1"}, From: "2026-01-05", To: "2026-12-31"}}})
	must(t, err)
	exchange(t, box, hub)
	if waits, err := hub.Log.Waiting(ctx, hub.DB); err != nil || len(waits) == 0 {
		t.Errorf("it is gone: %v", err)
	}
}

// Somebody goes to another centre, through headquarters and by a file between two boxes that have no link: their record and
// consents are there, they are counted once on every node at every step, and an erasure at one centre reaches the other.
func TestSomebodyGoesToAnotherCentre(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		hub, left, _, _ := pair(t, e)
		all, from, to := access.Everywhere(), place.ID(founding.Centre), place.ID("MA-GUE-MJ1")
		prog := programme.ID("P")
		_, err := hub.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: "P", Place: place.ID("MA"), Name: i18n.Text{i18n.FR: "P"}}, Phases: []programme.PhaseOpened{{Code: "1", Name: i18n.Text{i18n.FR: "1"}, From: "2026-01-05", To: "2026-12-31"}}})
		must(t, err)
		come := joined(t, hub, "MA-GUE-MJ1")
		exchange(t, left, hub)
		exchange(t, come, hub)
		meet := func(h *house.House, centre id.ID, day string, people ...id.ID) id.ID {
			t.Helper()
			group, err := h.Training.OpenCohort(ctx, id.Nil, all, training.CohortOpened{Name: "G" + day, Programme: prog, Phase: programme.PhaseID(prog, "1"), Centre: centre})
			must(t, err)
			_, err = h.Training.Place(ctx, id.Nil, all, group, people, day)
			must(t, err)
			d, err := time.Parse(time.DateOnly, day)
			must(t, err)
			_, err = h.Training.Plan(ctx, id.Nil, all, group, training.Weekly{From: day, To: day, Days: []time.Weekday{d.Weekday()}, Starts: "10:00", Ends: "11:00"})
			must(t, err)
			marks := map[id.ID]string{}
			for _, p := range people {
				marks[p] = training.Present
			}
			must(t, h.Training.Take(ctx, id.Nil, all, training.SessionID(group, day, "10:00"), marks, "list"))
			return group
		}
		var people []id.ID
		for _, name := range []string{"Amina", "Brahim"} {
			p, err := left.People.Register(ctx, id.Nil, from, person.Details{"first_latin": name, "birth": "2014-05-03", "sex": "f"}, nil)
			must(t, err)
			must(t, left.Consents.Record(ctx, id.Nil, all, p, []consent.Statement{{Purpose: consent.Training, State: consent.Given, Giver: consent.ByGuardian, Method: "paper", On: "2026-01-10", Who: consent.Who{Name: "Fatna"}}}))
			people = append(people, p)
		}
		meet(left, from, "2026-02-02", people...)
		reached := func(name string, h *house.House, centre id.ID, want int64) {
			t.Helper()
			b, err := measure.Read(ctx, h.DB, access.At(centre), measure.Filter{Programme: prog, Period: "all"})
			must(t, err)
			if b.Total.People != want {
				t.Errorf("%s: %d people reached, not %d", name, b.Total.People, want)
			}
		}
		there := func(record id.ID, name string) {
			t.Helper()
			x, err := come.People.Get(ctx, come.DB, access.At(to), record)
			must(t, err)
			if x == nil || x.Details["first_latin"] != name || x.Details["birth"] != "2014-05-03" {
				t.Fatalf("the other centre reads %+v", x)
			}
			if ok, err := come.Consents.Has(ctx, come.DB, record, consent.Training); err != nil || !ok {
				t.Errorf("the consent did not come along (%v)", err)
			}
		}

		// Through headquarters.
		if _, err := left.Move(ctx, id.Nil, all, people[0], from, "home"); !errors.Is(err, house.ErrSameCentre) {
			t.Errorf("to the same centre: %v", err)
		}
		if _, err := left.Move(ctx, id.Nil, all, people[0], id.New(), "home"); !errors.Is(err, house.ErrNoCentre) {
			t.Errorf("to no centre: %v", err)
		}
		if got, err := left.Move(ctx, id.Nil, all, people[0], to, "home"); err != nil || !got.IsNil() {
			t.Fatalf("a box writes down somebody at another centre: %v, %v", got, err)
		}
		exchange(t, left, hub)
		must(t, hub.Arrivals(ctx))
		must(t, hub.Arrivals(ctx))
		exchange(t, come, hub)
		first := person.Successor(people[0], to)
		there(first, "Amina")
		reached("headquarters", hub, from, 2)
		reached("headquarters", hub, to, 0)

		// By a file, without a link.
		_, err = left.Move(ctx, id.Nil, all, people[1], to, "school")
		must(t, err)
		moves, err := left.People.MovesOf(ctx, left.DB, people[1])
		must(t, err)
		var file bytes.Buffer
		must(t, left.CarryPerson(ctx, moves[0], &file))
		for n, b := range [][]byte{file.Bytes()[:file.Len()/2], append(bytes.Clone(file.Bytes()[:file.Len()-9]), []byte("damaged!!")...), nil} {
			if _, err := come.TakePerson(ctx, id.Nil, bytes.NewReader(b)); !errors.Is(err, node.ErrPerson) {
				t.Errorf("damaged, %d: %v", n, err)
			}
		}
		if _, err := left.TakePerson(ctx, id.Nil, bytes.NewReader(file.Bytes())); !errors.Is(err, node.ErrPerson) {
			t.Errorf("taken in by another: %v", err)
		}
		second, err := come.TakePerson(ctx, id.Nil, bytes.NewReader(file.Bytes()))
		must(t, err)
		again, err := come.TakePerson(ctx, id.Nil, bytes.NewReader(file.Bytes()))
		must(t, err)
		if again != second || second != person.Successor(people[1], to) {
			t.Errorf("taken in twice they are %v and %v", second, again)
		}
		there(second, "Brahim")
		meet(come, to, "2026-03-02", first, second)
		// Reached first where they came from, and counted there, also by a node that has not the marks of that centre.
		reached("the other centre", come, to, 0)
		reached("the centre that was left", left, from, 2)
		for range 2 {
			exchange(t, come, hub)
			exchange(t, left, hub)
			must(t, hub.Arrivals(ctx))
		}
		reached("headquarters", hub, from, 2)
		reached("headquarters", hub, to, 0)
		for name, h := range map[string]*house.House{"headquarters": hub, "left": left, "come": come} {
			if l, err := h.People.Contested(ctx, h.DB, all, 10); err != nil || len(l) != 0 {
				t.Errorf("%s: %d records in doubt (%v)", name, len(l), err)
			}
			if l, err := h.Consents.Contested(ctx, h.DB, all, 10); err != nil || len(l) != 0 {
				t.Errorf("%s: %d consents in doubt (%v)", name, len(l), err)
			}
		}

		// And back to where they came from, and there again.
		back, err := hub.Move(ctx, id.Nil, all, people[0], from, "home")
		must(t, err)
		if back != person.Successor(first, from) {
			t.Errorf("back they are %v", back)
		}
		if _, err := hub.Move(ctx, id.Nil, all, back, from, "home"); !errors.Is(err, house.ErrSameCentre) {
			t.Errorf("back twice: %v", err)
		}
		exchange(t, left, hub)
		if x, err := left.People.Get(ctx, left.DB, access.At(from), back); err != nil || x == nil || x.Details["first_latin"] != "Amina" {
			t.Errorf("back at the first centre: %v, %v", x, err)
		}
		again, err = hub.Move(ctx, id.Nil, all, people[0], to, "school")
		must(t, err)
		if again != person.Successor(back, to) {
			t.Errorf("there again they are %v", again)
		}
		exchange(t, left, hub)
		exchange(t, come, hub)
		there(again, "Amina")
		reached("headquarters", hub, from, 2)
		reached("headquarters", hub, to, 0)

		// An erasure where they are now reaches where they were.
		must(t, come.Erase(ctx, []id.ID{second}, to))
		exchange(t, come, hub)
		must(t, hub.Arrivals(ctx))
		exchange(t, left, hub)
		for name, h := range map[string]*house.House{"headquarters": hub, "left": left, "come": come} {
			for _, v := range []id.ID{people[1], second} {
				if x, err := h.People.Get(ctx, h.DB, all, v); err != nil || x != nil {
					t.Errorf("%s still has %v (%v)", name, x, err)
				}
			}
			if x, err := h.People.Count(ctx, h.DB, all); err != nil || x == 0 {
				t.Errorf("%s has nobody left (%v)", name, err)
			}
			if rep, err := h.Check(ctx, nil); err != nil || !rep.OK {
				t.Errorf("%s: %v, %v", name, rep, err)
			}
		}
	})
}

// A tool's key holds on the box that made it, and nowhere else; headquarters takes it back, and it holds nowhere once the box has heard.
func TestToolsKeyIsTakenBackFromAfar(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		hub, box, _, _ := pair(t, e)
		exchange(t, box, hub)
		centre := place.ID(founding.Centre)
		k, secret, err := box.Records.MakeKey(ctx, id.Nil, centre, "a player", []record.Grant{record.Write})
		must(t, err)
		exchange(t, box, hub)
		holds := func(h *house.House) bool {
			t.Helper()
			_, err := h.Records.Authenticate(ctx, k.ID.String(), secret)
			if err != nil && !errors.Is(err, record.ErrSecret) {
				t.Fatal(err)
			}
			return err == nil
		}
		if !holds(box) || holds(hub) {
			t.Errorf("the key holds on its box: %v, and at headquarters: %v", holds(box), holds(hub))
		}
		listed, err := hub.Records.Keys(ctx, hub.DB, access.Everywhere())
		must(t, err)
		if len(listed) != 1 || listed[0].Name != "a player" {
			t.Fatalf("headquarters lists %+v", listed)
		}
		must(t, hub.Records.RevokeKey(ctx, id.Nil, access.Everywhere(), k.ID))
		if !holds(box) {
			t.Error("the box knew before it was told")
		}
		exchange(t, box, hub)
		if holds(box) {
			t.Error("the key still holds on the box that heard of it")
		}
	})
}
