package look_test

import (
	"context"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/store"
	"tizi/internal/testhouse"
	"tizi/internal/testnode"
)

var (
	ctx  = context.Background()
	must = testnode.Must
)

// node is a house with a clock, on a database that a second one can be opened on.
func node(t testing.TB, e store.Engine) (*house.House, *testnode.Time, func() *house.House) {
	t.Helper()
	clock := &testnode.Time{}
	clock.Set(testnode.Epoch)
	at := testhouse.Place(t, e)
	c := house.Config{Dir: t.TempDir(), Store: &at, Now: clock.Now}
	h, err := house.Create(ctx, c)
	must(t, err)
	must(t, h.Found(ctx, house.Founding{Country: "ma", Centre: "MA-ERR-MJ1", Owner: "Nadia", Login: "nadia", Passphrase: "une phrase de passe", Lang: "fr"}))
	return h, clock, func() *house.House {
		h, err := house.Open(ctx, c)
		must(t, err)
		return h
	}
}

func all(t testing.TB, h *house.House, f look.Filter) (out []look.Entry) {
	t.Helper()
	if f.Scope.None() {
		f.Scope = access.Everywhere()
	}
	f.From, f.To = testnode.Epoch.AddDate(-1, 0, 0), testnode.Epoch.AddDate(1, 0, 0)
	must(t, h.Looks.Each(ctx, h.DB, f, func(e look.Entry) bool {
		out = append(out, e)
		return true
	}))
	return out
}

func ids(n int) []id.ID {
	out := make([]id.ID, n)
	for i := range out {
		out[i] = id.New()
	}
	return out
}

// A list is one row an hour for each account, centre and list, with how many different names it showed; it is there after a
// clean stop, and reading finds what waits.
func TestListsAreOneRowAnHour(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, clock, again := node(t, e)
		here, there, who := place.ID("MA-ERR-MJ1"), id.New(), id.New()
		first, second := ids(50), ids(30)
		show := func(a look.Action, names map[id.ID][]id.ID) { h.Looks.Show(who, a, look.People, names) }
		show(look.Listed, map[id.ID][]id.ID{here: first})
		show(look.Listed, map[id.ID][]id.ID{here: first}) // the same page again
		must(t, h.Looks.Flush(ctx))
		clock.Move(30 * time.Minute)
		show(look.Listed, map[id.ID][]id.ID{here: second, there: first[:3]})
		show(look.Search, map[id.ID][]id.ID{here: first[:6]})
		l := all(t, h, look.Filter{})
		n := map[id.ID]map[look.Action]int{here: {}, there: {}}
		for _, x := range l {
			n[x.Centre][x.Action] = x.Names
			if x.Account != who || x.List != look.People || !x.Person.IsNil() {
				t.Errorf("a row %+v", x)
			}
		}
		if len(l) != 3 || n[here][look.Listed] != 80 || n[there][look.Listed] != 3 || n[here][look.Search] != 6 {
			t.Errorf("%d rows: %v", len(l), n)
		}
		clock.Move(31 * time.Minute)
		show(look.Listed, map[id.ID][]id.ID{here: first})
		must(t, h.Close())                                 // with a row that waits
		show(look.Search, map[id.ID][]id.ID{there: first}) // by a request that the stop cut off: nothing to write to
		h = again()
		defer h.Close()
		if l := all(t, h, look.Filter{Scope: access.At(here)}); len(l) != 3 || l[0].Names != 50 || l[1].Names+l[2].Names != 86 {
			t.Errorf("after an hour and a stop: %+v", l)
		}
		if l := all(t, h, look.Filter{Scope: access.At(id.New())}); len(l) != 0 {
			t.Errorf("another centre reads %+v", l)
		}
	})
}

// What waits is written by itself.
func TestListsAreWrittenSoon(t *testing.T) {
	h, _, _ := node(t, store.SQLite)
	defer h.Close()
	h.Looks.Show(id.New(), look.Listed, look.Group, map[id.ID][]id.ID{id.New(): ids(3)})
	for range 200 {
		var n int
		if _, err := store.One(ctx, h.DB, "SELECT count(*) FROM look", nil, &n); err != nil || n == 1 {
			must(t, err)
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("a list was not written within four seconds")
}

// A look knows the centre of the person, and a case is read of where cases may be read.
func TestLooksAreOfACentre(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, _, _ := node(t, e)
		defer h.Close()
		here, far, who := place.ID("MA-ERR-MJ1"), id.New(), id.New()
		p, err := h.People.Register(ctx, id.Nil, here, person.Details{"first_latin": "Amina"}, nil)
		must(t, err)
		must(t, h.Looks.Note(ctx, who, look.Read, p))
		must(t, h.Looks.Note(ctx, who, look.Read, p))
		must(t, h.Looks.NoteCase(ctx, who, id.New(), here))
		for _, x := range []struct {
			what         string
			scope, cases access.Scope
			want         int
		}{{"the manager", access.At(here), access.Scope{}, 1}, {"the officer", access.At(here), access.At(here), 2}, {"an officer of elsewhere", access.At(here), access.At(far), 1}, {"elsewhere", access.At(far), access.At(far), 0}} {
			if l := all(t, h, look.Filter{Scope: x.scope, Cases: x.cases}); len(l) != x.want {
				t.Errorf("%s reads %d looks instead of %d", x.what, len(l), x.want)
			}
		}
		// What an earlier program kept has no centre until a day's work gives it one.
		must(t, h.DB.Write(ctx, func(tx store.Tx) error {
			return tx.Exec(ctx, "UPDATE look SET centre = ? WHERE action = 'read'", []byte{})
		}))
		if l := all(t, h, look.Filter{Scope: access.At(here)}); len(l) != 0 {
			t.Errorf("a look without a centre is of %v", l[0].Centre)
		}
		must(t, h.Looks.Settle(ctx))
		if l := all(t, h, look.Filter{Scope: access.At(here)}); len(l) != 1 {
			t.Error("a look of before got no centre")
		}
	})
}

// Who opens more files than is usual is named, in an hour and in a day.
func TestUnusual(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, clock, _ := node(t, e)
		defer h.Close()
		who, calm := id.New(), id.New()
		f := look.Filter{Scope: access.Everywhere(), From: testnode.Epoch.AddDate(0, 0, -1), To: testnode.Epoch.AddDate(0, 0, 2)}
		clock.Set(testnode.Epoch.Truncate(24 * time.Hour).Add(8 * time.Hour))
		must(t, h.Looks.Note(ctx, who, look.Read, ids(look.ManyInHour)...))
		must(t, h.Looks.Note(ctx, who, look.Print, ids(500)...)) // printing is another matter
		must(t, h.Looks.Note(ctx, calm, look.Read, ids(3)...))
		l, err := h.Looks.Unusual(ctx, h.DB, f)
		must(t, err)
		if len(l) != 0 {
			t.Errorf("as many as is usual: %+v", l)
		}
		must(t, h.Looks.Note(ctx, who, look.Read, ids(1)...))
		clock.Move(2 * time.Hour)
		must(t, h.Looks.Note(ctx, who, look.Scan, ids(look.ManyInHour)...))
		clock.Move(2 * time.Hour)
		must(t, h.Looks.Note(ctx, who, look.Consent, ids(look.ManyInHour)...))
		l, err = h.Looks.Unusual(ctx, h.DB, f)
		must(t, err)
		if len(l) != 2 || l[0].Hour || l[0].Files != 3*look.ManyInHour+1 || !l[1].Hour || l[1].Files != look.ManyInHour+1 || l[1].Account != who || l[1].From.UTC().Hour() != 8 {
			t.Errorf("more than is usual: %+v", l)
		}
	})
}

// To show a list must cost a page nothing to speak of.
func BenchmarkShow(b *testing.B) {
	h, _, _ := node(b, store.SQLite)
	defer h.Close()
	who, names := id.New(), map[id.ID][]id.ID{id.New(): ids(50)}
	for b.Loop() {
		h.Looks.Show(who, look.Listed, look.People, names)
	}
}
