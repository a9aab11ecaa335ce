package access_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/place"
	"tizi/internal/store"
	"tizi/internal/testnode"
)

// somebody opens an account with a role, and returns it as it stands.
func somebody(t testing.TB, h *house.House, login string, r access.Role, on access.On) *access.Account {
	t.Helper()
	v, err := h.Access.Open(ctx, id.Nil, access.Newcomer{Name: strings.ToUpper(login), Login: login, Passphrase: secret, Role: r, On: on, Stream: "hub"})
	must(t, err)
	return get(t, h, v)
}

func get(t testing.TB, h *house.House, v id.ID) *access.Account {
	t.Helper()
	acc, err := h.Access.Get(ctx, h.DB, v)
	must(t, err)
	if acc == nil {
		t.Fatal("the account is gone")
	}
	return acc
}

func owner(t testing.TB, h *house.House) *access.Account {
	t.Helper()
	l, err := h.Access.List(ctx, h.DB)
	must(t, err)
	for _, a := range l {
		if a.Login == "nadia" {
			return a
		}
	}
	t.Fatal("there is no owner")
	return nil
}

func country(t testing.TB, e store.Engine) (*house.House, *testnode.Time) {
	h, clock := open(t, e)
	must(t, h.Places.LoadCountry(ctx, id.Nil, "ma", true))
	return h, clock
}

var (
	box    = access.Place(place.ID("MA-ERR-MJ1"))
	region = access.Place(place.ID("MA-08"))
	whole  = access.Place(place.ID("MA"))
)

// The role of whoever answers for a child is renewed where it ran out, and no other one is.
func TestRenewRole(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, clock := country(t, e)
		g := somebody(t, h, "aicha", access.Guardian, box)
		before := g.Roles[0].Until
		must(t, h.Access.RenewRole(ctx, g.ID, access.Guardian))
		is(t, "long before", get(t, h, g.ID).Roles[0].Until.Unix(), before.Unix())
		clock.Move(access.Life(access.Guardian) + time.Hour)
		is(t, "roles that count", len(get(t, h, g.ID).Roles), 0)
		must(t, h.Access.RenewRole(ctx, g.ID, access.Trainer))
		is(t, "another role", len(get(t, h, g.ID).Roles), 0)
		must(t, h.Access.RenewRole(ctx, g.ID, access.Guardian))
		is(t, "renewed", len(get(t, h, g.ID).Roles), 1)
		refused(t, "nobody", h.Access.RenewRole(ctx, id.New(), access.Guardian), access.ErrNoAccount)
	})
}

// national returns the role for the country.
func national(l []access.Held) id.ID {
	return l[slices.IndexFunc(l, func(h access.Held) bool { return h.Role == access.National })].Grant
}

// What was granted runs out, is said to run out well before, and is renewed by whoever may grant it.
func TestRolesRunOut(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, clock := country(t, e)
		nadia := owner(t, h)
		fatima := somebody(t, h, "fatima", access.Centre, box)
		is(t, "until", fatima.Roles[0].Until.Unix(), testnode.Epoch.Add(access.RoleLife).Unix())
		l, err := h.Access.RunsOut(ctx, h.DB, nadia)
		must(t, err)
		is(t, "running out at once", len(l), 0)

		clock.Move(access.RoleLife - access.WarnBefore + time.Hour)
		nadia = get(t, h, nadia.ID)
		l, err = h.Access.RunsOut(ctx, h.DB, nadia)
		must(t, err)
		is(t, "running out a month before", len(l), 2) // nobody else can renew the owner's own
		if !nadia.Roles[0].Soon(clock.Now()) {
			t.Error("the owner is not warned")
		}
		l, err = h.Access.RunsOut(ctx, h.DB, fatima)
		must(t, err)
		is(t, "what a manager of a centre may renew: the owner's role there; their own is left to others", len(l), 1)
		refused(t, "one's own, when somebody else can", h.Access.Renew(ctx, get(t, h, fatima.ID), []id.ID{fatima.Roles[0].Grant}), access.ErrOwnRole)
		refused(t, "a wider role", h.Access.Renew(ctx, fatima, []id.ID{national(nadia.Roles)}), access.ErrDenied)
		refused(t, "no role", h.Access.Renew(ctx, nadia, []id.ID{id.New()}), access.ErrNoGrant)
		must(t, h.Access.Renew(ctx, nadia, []id.ID{fatima.Roles[0].Grant}))
		is(t, "renewed until", get(t, h, fatima.ID).Roles[0].Until.Unix(), clock.Now().Add(access.RoleLife).Unix())

		clock.Move(access.WarnBefore)
		nadia = get(t, h, nadia.ID)
		is(t, "roles that count", len(nadia.Roles), 0)
		is(t, "roles that ran out", len(nadia.Ended), 2)
		if nadia.May(access.ReadPeople) || !nadia.May(access.Self) {
			t.Error("a role that ran out still counts, or its holder is locked out of their own account")
		}
		_, ok, err := h.Access.Managed(ctx, h.DB)
		must(t, err)
		is(t, "somebody manages the node", ok, false)
		if _, err := h.Access.SignIn(ctx, "nadia", secret, "", "1"); err != nil {
			t.Errorf("somebody without a role cannot see why: %v", err)
		}
		// A manager of a centre renews nobody above; the machine itself does.
		refused(t, "above", h.Access.Renew(ctx, get(t, h, fatima.ID), []id.ID{national(nadia.Ended)}), access.ErrDenied)
		n, err := h.Access.RenewAll(ctx, " Nadia")
		must(t, err)
		is(t, "renewed by the machine", n, 2)
		if !get(t, h, nadia.ID).May(access.WriteAccounts) {
			t.Error("the owner is not back")
		}
		until, ok, err := h.Access.Managed(ctx, h.DB)
		must(t, err)
		is(t, "managed until", until.Unix(), clock.Now().Add(access.RoleLife).Unix())
		is(t, "managed", ok, true)
		_, err = h.Access.RenewAll(ctx, "nobody")
		refused(t, "nobody", err, access.ErrNoAccount)
	})
}

// Grants of version 1 are read as they were written, and have no end.
func TestGrantsOfVersion1(t *testing.T) {
	var lifted access.RoleGranted
	b, err := access.KindGranted.Lifts[0](json.RawMessage(`{"account":"0190aaaa-0000-7000-8000-000000000001","role":"trainer","place":"0190aaaa-0000-7000-8000-000000000002"}`))
	must(t, err)
	must(t, json.Unmarshal(b, &lifted))
	must(t, lifted.Check())
	is(t, "place", lifted.On.ID, "0190aaaa-0000-7000-8000-000000000002")
	is(t, "kind", lifted.On.Kind, access.AtPlace)
	is(t, "until", lifted.Until, 0)
	for what, bad := range map[string]access.RoleGranted{
		"no account": {Role: access.Trainer, On: box}, "no role": {Account: id.New(), On: box}, "no thing": {Account: id.New(), Role: access.Trainer, On: access.On{Kind: access.AtPlace}},
		"a trainer of a programme": {Account: id.New(), Role: access.Trainer, On: access.Programme(id.New())}, "glass": {Account: id.New(), Role: access.Glass, On: box}, "an author of a place": {Account: id.New(), Role: access.Author, On: box},
	} {
		if bad.Check() == nil {
			t.Errorf("%s is accepted", what)
		}
	}
}

// What somebody wrote by hand to refuse a request may name a child, and would be read when the child is erased: it is not
// read any more.
func TestRefusalsOfVersion1(t *testing.T) {
	for body, want := range map[string]access.Decided{
		`{"state":"refused","reason":"Amina is a cousin"}`: {State: access.Refused, Reason: access.Written},
		`{"state":"confirmed"}`:                            {State: access.Confirmed},
	} {
		b, err := access.KindDecided.Lifts[0](json.RawMessage(body))
		must(t, err)
		var lifted access.Decided
		must(t, json.Unmarshal(b, &lifted))
		must(t, lifted.Check())
		is(t, body, lifted, want)
	}
	if (access.Decided{State: access.Refused, Reason: "Amina is a cousin"}).Check() == nil {
		t.Error("a sentence is taken for a reason")
	}
}

func TestGrantAndWithdraw(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, _ := country(t, e)
		nadia := owner(t, h)
		karim, fatima, youssef := somebody(t, h, "karim", access.Region, region), somebody(t, h, "fatima", access.Centre, box), somebody(t, h, "youssef", access.Trainer, box)
		elsewhere := access.Place(place.ID("MA-06"))
		for what, err := range map[string]error{
			"a trainer gives":            h.Access.Grant(ctx, youssef, youssef.ID, access.Helper, box, false),
			"a centre gives a region":    h.Access.Grant(ctx, fatima, youssef.ID, access.Region, region, false),
			"a region gives an officer":  h.Access.Grant(ctx, karim, youssef.ID, access.Officer, region, false),
			"a region gives elsewhere":   h.Access.Grant(ctx, karim, youssef.ID, access.Region, elsewhere, false),
			"a region gives a programme": h.Access.Grant(ctx, karim, youssef.ID, access.Author, access.Programme(id.New()), false),
		} {
			refused(t, what, err, access.ErrDenied)
		}
		refused(t, "a national manager of a centre", h.Access.Grant(ctx, nadia, youssef.ID, access.National, box, false), access.ErrRoleThing)
		refused(t, "a trainer of a country", h.Access.Grant(ctx, nadia, youssef.ID, access.Trainer, whole, false), access.ErrRoleThing)
		refused(t, "glass", h.Access.Grant(ctx, nadia, youssef.ID, access.Glass, box, false), access.ErrRoleThing)
		refused(t, "nobody", h.Access.Grant(ctx, nadia, id.New(), access.Trainer, box, false), access.ErrNoAccount)
		refused(t, "twice", h.Access.Grant(ctx, nadia, youssef.ID, access.Trainer, box, false), access.ErrHasRole)
		_, err := h.Access.Open(ctx, fatima.ID, access.Newcomer{Name: "X", Login: "xx", Passphrase: secret, Role: access.Region, On: region, Stream: "hub"})
		refused(t, "an account with a wider role", err, access.ErrDenied)
		_, err = h.Access.Open(ctx, youssef.ID, access.Newcomer{Name: "X", Login: "xx", Passphrase: secret, Role: access.Helper, On: box, Stream: "hub"})
		refused(t, "an account by a trainer", err, access.ErrDenied)
		_, err = h.Access.Open(ctx, fatima.ID, access.Newcomer{Name: "X", Login: "xx", Passphrase: secret, Role: access.Helper, On: box, Stream: "hub"})
		must(t, err)
		must(t, h.Access.Grant(ctx, fatima, youssef.ID, access.Helper, box, true))
		youssef = get(t, h, youssef.ID)
		is(t, "roles", len(youssef.Roles), 2)
		for _, x := range youssef.Roles {
			is(t, "names for a role that has no use of them", x.Names, false)
		}
		must(t, h.Access.Grant(ctx, nadia, youssef.ID, access.Auditor, region, true))
		if !get(t, h, youssef.ID).May(access.ListPeople) {
			t.Error("an auditor with names sees none")
		}
		if !karim.Manages(tree(t, h), fatima) || fatima.Manages(tree(t, h), karim) || fatima.Manages(tree(t, h), get(t, h, youssef.ID)) {
			t.Error("who manages whom is wrong") // youssef holds now what fatima may not give
		}
		refused(t, "one's own", h.Access.Withdraw(ctx, fatima, fatima.Roles[0].Grant), access.ErrOwnRole)
		refused(t, "one above", h.Access.Withdraw(ctx, fatima, karim.Roles[0].Grant), access.ErrDenied)
		refused(t, "none", h.Access.Withdraw(ctx, fatima, id.New()), access.ErrNoGrant)
		must(t, h.Access.Withdraw(ctx, karim, fatima.Roles[0].Grant))
		if get(t, h, fatima.ID).May(access.ReadPeople) {
			t.Error("a role that was withdrawn counts")
		}
		if karim.Manages(tree(t, h), get(t, h, fatima.ID)) || !nadia.Manages(tree(t, h), get(t, h, fatima.ID)) {
			t.Error("one without a role is managed by the country alone")
		}
	})
}

func tree(t testing.TB, h *house.House) *place.Tree {
	t.Helper()
	x, err := h.Places.Tree(ctx, h.DB)
	must(t, err)
	return x
}

func TestClosedAccounts(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, _ := country(t, e)
		nadia, fatima := owner(t, h), somebody(t, h, "fatima", access.Centre, box)
		token, err := h.Access.SignIn(ctx, "fatima", secret, "", "1")
		must(t, err)
		refused(t, "one's own", h.Access.SetClosed(ctx, nadia, nadia.ID, true), access.ErrOwnRole)
		refused(t, "one above", h.Access.SetClosed(ctx, fatima, nadia.ID, true), access.ErrDenied)
		must(t, h.Access.SetClosed(ctx, nadia, fatima.ID, true))
		is(t, "signed in", who(t, h, token), "")
		_, err = h.Access.SignIn(ctx, "fatima", secret, "", "1")
		refused(t, "signing in", err, access.ErrWrong)
		token, err = h.Access.Begin(ctx, fatima.ID, "")
		must(t, err)
		is(t, "a session begun otherwise", who(t, h, token), "")
		s, err := h.Access.Scope(ctx, h.DB, get(t, h, fatima.ID), access.ReadPeople)
		must(t, err)
		is(t, "scope", s.None(), true)
		before := count(t, h, "fact")
		must(t, h.Access.SetClosed(ctx, nadia, fatima.ID, true))
		is(t, "facts of closing again", count(t, h, "fact")-before, 0)
		must(t, h.Access.SetClosed(ctx, nadia, fatima.ID, false))
		_, err = h.Access.SignIn(ctx, "fatima", secret, "", "1")
		must(t, err)
		// Its name is a register of its own: a language chosen meanwhile opens nothing.
		must(t, h.Access.SetClosed(ctx, nadia, fatima.ID, true))
		must(t, h.Access.SetLang(ctx, fatima.ID, "ar"))
		fatima = get(t, h, fatima.ID)
		is(t, "closed", fatima.Closed, true)
		is(t, "language", fatima.Lang, "ar")
		is(t, "name", fatima.Name, "FATIMA")
	})
}

// Whoever opens a centre sees it for an hour, to read; who answers for it is told, once.
func TestGlass(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, clock := country(t, e)
		karim, fatima := somebody(t, h, "karim", access.Region, region), somebody(t, h, "fatima", access.Centre, box)
		var far id.ID
		for _, c := range tree(t, h).Of("centre") {
			if !tree(t, h).Holds(region.ID, c.ID) {
				far = c.ID
			}
		}
		manager := somebody(t, h, "salma", access.Centre, access.Place(far))
		has := func(a access.Action) bool {
			s, err := h.Access.Scope(ctx, h.DB, get(t, h, karim.ID), a)
			must(t, err)
			return s.Has(far)
		}
		unseen := func(acc *access.Account) int {
			s, err := h.Access.Scope(ctx, h.DB, acc, access.ReadGlass)
			must(t, err)
			n, err := h.Access.Unseen(ctx, h.DB, acc, s)
			must(t, err)
			return n
		}
		refused(t, "a manager of a centre", h.Access.Break(ctx, fatima, far, "x"), access.ErrDenied)
		refused(t, "no reason", h.Access.Break(ctx, karim, far, "  "), access.ErrNoReason)
		refused(t, "a long reason", h.Access.Break(ctx, karim, far, strings.Repeat("x", access.MaxReason+1)), access.ErrLongReason)
		refused(t, "a region", h.Access.Break(ctx, karim, region.ID, "x"), access.ErrRoleThing)
		is(t, "before", has(access.ReadPeople), false)
		must(t, h.Access.Break(ctx, karim, far, "nobody answers there"))
		is(t, "people", has(access.ReadPeople), true)
		is(t, "cases", has(access.ReadSafeguarding), false)
		is(t, "to write", has(access.WritePeople), false)
		is(t, "told", unseen(manager), 1)
		is(t, "told who does not answer for it", unseen(fatima), 0)
		must(t, h.Access.Saw(ctx, manager))
		is(t, "told again", unseen(manager), 0)
		l, err := h.Access.Openings(ctx, h.DB, access.At(far), 10)
		must(t, err)
		if len(l) != 1 || l[0].Reason != "nobody answers there" || l[0].Account != karim.ID {
			t.Errorf("got %+v", l)
		}
		// It is a fact of the centre's stream.
		kinds := 0
		must(t, h.Log.Facts(ctx, h.DB, "1 = 1", nil, func(f *fact.Fact) error {
			if strings.HasPrefix(f.Kind, "glass.broken") && f.Stream == "centre/"+far.String() && f.Actor == karim.ID {
				kinds++
			}
			return nil
		}))
		is(t, "facts", kinds, 1)
		clock.Move(access.GlassLife - time.Second)
		is(t, "a second before", has(access.ReadPeople), true)
		clock.Move(time.Second)
		is(t, "afterwards", has(access.ReadPeople), false)
		// What allowed to open it was withdrawn meanwhile.
		must(t, h.Access.Break(ctx, karim, far, "again"))
		must(t, h.Access.Withdraw(ctx, owner(t, h), karim.Roles[0].Grant))
		is(t, "without the role", has(access.ReadPeople), false)
		if (access.GlassBroken{Account: id.New(), Centre: far, Reason: "x", At: 0, Until: 25 * 60 * 60}).Check() == nil {
			t.Error("a centre may be opened for longer than a day")
		}
	})
}

// Merging takes two: what the executor says is written when a second person confirms, in the same transaction.
func TestFourEyes(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, clock := country(t, e)
		nadia, fatima, salma := owner(t, h), somebody(t, h, "fatima", access.Centre, box), somebody(t, h, "salma", access.Centre, box)
		var ran []*access.Request
		bad := errors.New("not these two")
		broken := false
		h.Access.Executes(access.WriteConsent, access.Executor{
			Check: func(_ context.Context, _ store.Querier, p access.Proposed) error {
				if len(p.Subjects) != 2 {
					return bad
				}
				return nil
			},
			Run: func(_ context.Context, _ store.Querier, actor id.ID, r *access.Request) (fact.Outcome, error) {
				if broken {
					return fact.Outcome{}, bad
				}
				ran = append(ran, r)
				return fact.Outcome{Facts: []fact.New{{Stream: "centre/" + box.ID.String(), Kind: access.KindGlass, Subject: id.New(), Actor: actor, Body: access.GlassBroken{Account: actor, Centre: box.ID, Reason: "stands for a merge", At: 1, Until: 2}}}}, nil
			},
		})
		scope := func(acc *access.Account) access.Scope {
			s, err := h.Access.Scope(ctx, h.DB, acc, access.WriteConsent)
			must(t, err)
			return s
		}
		ask := func() id.ID {
			v, err := h.Access.Propose(ctx, fatima.ID, scope(fatima), access.Proposed{Action: access.WriteConsent, Centre: box.ID, Subjects: []id.ID{id.New(), id.New()}, Reason: " twice ", Payload: json.RawMessage(`{"keep":0}`)})
			must(t, err)
			return v
		}
		p := access.Proposed{Action: access.WriteConsent, Centre: box.ID, Subjects: []id.ID{id.New()}, Reason: "x"}
		_, err := h.Access.Propose(ctx, fatima.ID, scope(fatima), p)
		refused(t, "what the area refuses", err, bad)
		p.Subjects = append(p.Subjects, id.New())
		p.Reason = ""
		_, err = h.Access.Propose(ctx, fatima.ID, scope(fatima), p)
		refused(t, "no reason", err, access.ErrNoReason)
		p.Reason = "x"
		_, err = h.Access.Propose(ctx, fatima.ID, access.At(id.New()), p)
		refused(t, "elsewhere", err, access.ErrDenied)
		p.Action = access.WritePlaces
		_, err = h.Access.Propose(ctx, fatima.ID, scope(fatima), p)
		refused(t, "what nothing does", err, access.ErrNoExecutor)

		v := ask()
		l, err := h.Access.Waiting(ctx, h.DB, scope(salma), 10)
		must(t, err)
		if len(l) != 1 || l[0].Reason != "twice" || l[0].Proposer != fatima.ID || len(l[0].Subjects) != 2 || string(l[0].Payload) != `{"keep":0}` {
			t.Errorf("waiting: %+v", l)
		}
		refused(t, "by who asked", h.Access.Confirm(ctx, fatima.ID, scope(fatima), v), access.ErrOwnRequest)
		refused(t, "by nobody", h.Access.Confirm(ctx, id.Nil, scope(salma), v), access.ErrOwnRequest)
		refused(t, "elsewhere", h.Access.Confirm(ctx, salma.ID, access.At(id.New()), v), access.ErrNoRequest)
		broken = true
		facts := count(t, h, "fact")
		refused(t, "what cannot be done any more", h.Access.Confirm(ctx, salma.ID, scope(salma), v), bad)
		is(t, "facts of it", count(t, h, "fact")-facts, 0)
		broken = false
		// Two who confirm at once: it is done once.
		done := make(chan error, 2)
		for _, acc := range []*access.Account{salma, nadia} {
			go func() { done <- h.Access.Confirm(ctx, acc.ID, scope(acc), v) }()
		}
		a, b := <-done, <-done
		if (a == nil) == (b == nil) || !errors.Is(errors.Join(a, b), access.ErrDecided) {
			t.Errorf("two at once: %v and %v", a, b)
		}
		is(t, "done", count(t, h, "access_glass"), 1)
		r, err := h.Access.Request(ctx, h.DB, access.Everywhere(), v)
		must(t, err)
		is(t, "state", r.State, access.Confirmed)
		if r.Decider != salma.ID && r.Decider != nadia.ID {
			t.Errorf("decided by %s", r.Decider)
		}

		v = ask()
		refused(t, "refused without a reason", h.Access.Refuse(ctx, salma.ID, scope(salma), v, "two cousins"), access.ErrNoReason)
		must(t, h.Access.Refuse(ctx, salma.ID, scope(salma), v, "wrong_person"))
		refused(t, "after all", h.Access.Confirm(ctx, nadia.ID, scope(nadia), v), access.ErrDecided)
		v = ask()
		must(t, h.Access.Refuse(ctx, fatima.ID, scope(fatima), v, ""))
		v = ask()
		clock.Move(access.RequestLife)
		refused(t, "too late", h.Access.Confirm(ctx, salma.ID, scope(salma), v), access.ErrDecided)
		l, err = h.Access.Waiting(ctx, h.DB, scope(salma), 10)
		must(t, err)
		is(t, "waiting", len(l), 0)
		l, err = h.Access.Settled(ctx, h.DB, scope(salma), 10)
		must(t, err)
		var states []string
		for _, r := range l {
			states = append(states, r.State)
		}
		slices.Sort(states)
		is(t, "settled", states, []string{access.Confirmed, access.Lapsed, access.Refused, access.TakenBack})
		is(t, "ran", len(ran) >= 1, true)
		rep, err := h.Check(ctx, nil)
		must(t, err)
		is(t, "check", rep.OK, true)
	})
}

// Whether others may give a role is asked of the database and not of all accounts; it says what each account says.
func TestOthersAreWhoMayGive(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, clock := country(t, e)
		tree, err := h.Places.Tree(ctx, h.DB)
		must(t, err)
		somebody(t, h, "karim", access.Region, region)
		somebody(t, h, "salma", access.Centre, box)
		somebody(t, h, "omar", access.Trainer, box)
		things := []access.On{box, region, whole, access.Place(place.ID("MA-06")), access.Programme(id.New())}
		check := func(when string) {
			t.Helper()
			all, err := h.Access.List(ctx, h.DB)
			must(t, err)
			for _, but := range append(all, &access.Account{}) {
				for _, r := range access.Roles {
					for _, on := range things {
						want := slices.ContainsFunc(all, func(acc *access.Account) bool { return acc.ID != but.ID && acc.MayGive(tree, r, on) })
						got, err := h.Access.Others(ctx, but.ID, r, on)
						must(t, err)
						if got != want {
							t.Errorf("%s: but %s, %s on %s %s: %v, want %v", when, but.Login, r, on.Kind, on.ID, got, want)
						}
					}
				}
			}
			var until time.Time
			ok, endless := false, false
			for _, acc := range all {
				for _, x := range acc.Roles {
					if !acc.Closed && x.Role == access.National {
						ok, endless = true, endless || x.Until.IsZero()
						if x.Until.After(until) {
							until = x.Until
						}
					}
				}
			}
			if endless {
				until = time.Time{}
			}
			got, managed, err := h.Access.Managed(ctx, h.DB)
			must(t, err)
			if managed != ok || !got.Equal(until) {
				t.Errorf("%s: managed until %s, %v, want %s, %v", when, got, managed, until, ok)
			}
		}
		check("at first")
		clock.Move(access.RoleLife - time.Hour)
		fatima := somebody(t, h, "fatima", access.National, whole)
		late := somebody(t, h, "hind", access.Centre, box)
		check("before roles run out")
		clock.Move(2 * time.Hour)
		check("after some ran out")
		must(t, h.Access.SetClosed(ctx, fatima, late.ID, true))
		check("when one is closed")
		clock.Move(2 * access.RoleLife)
		check("when all ran out")
		l, err := h.Access.Guardians(ctx, h.DB, box.ID, "", 10)
		must(t, err)
		is(t, "nobody's guardians", len(l), 0)
		for i := range 5 {
			somebody(t, h, fmt.Sprint("aicha", i), access.Guardian, box)
		}
		if l, err = h.Access.Guardians(ctx, h.DB, box.ID, "", 3); err != nil || len(l) != 3 || l[0].Login != "aicha0" || len(l[0].Roles) != 1 {
			t.Errorf("three of five: %v, %v", l, err)
		}
		if l, err = h.Access.Guardians(ctx, h.DB, box.ID, "Aicha4", 3); err != nil || len(l) != 1 {
			t.Errorf("by name: %v, %v", l, err)
		}
	})
}
