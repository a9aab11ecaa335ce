package activity_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tizi/internal/access"
	"tizi/internal/activity"
	"tizi/internal/fault"
	"tizi/internal/house"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/store"
	"tizi/internal/testhouse"
	"tizi/internal/testnode"
)

var (
	ctx  = context.Background()
	must = testnode.Must
	all  = access.Everywhere()
	here = place.ID("MA-ERR-MJ1")
)

type node struct {
	*house.House
	clock *testnode.Time
}

func open(t testing.TB, e store.Engine) *node {
	t.Helper()
	n := &node{clock: &testnode.Time{}}
	n.clock.Set(testnode.Epoch)
	at := testhouse.Place(t, e)
	var err error
	n.House, err = house.Create(ctx, house.Config{Dir: t.TempDir(), Store: &at, Now: n.clock.Now})
	must(t, err)
	t.Cleanup(func() { n.House.Close() })
	must(t, n.Found(ctx, house.Founding{Country: "ma", Centre: "MA-ERR-MJ1", Owner: "Nadia", Login: "nadia", Passphrase: "une phrase de passe", Lang: "en"}))
	_, err = n.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: "P", Place: place.ID("MA"), Name: i18n.Text{i18n.FR: "P"}}})
	must(t, err)
	return n
}

// class is an open masterclass of today.
func (n *node) class(capacity int) activity.Stated {
	return activity.Stated{Programme: programme.ID("P"), Kind: "masterclass", Pillar: "training", Centre: here, Title: i18n.Text{i18n.FR: "IA"}, From: n.Today(), To: n.Today(),
		Sessions: []activity.Session{{ID: id.New(), Date: n.Today(), From: "09:00", To: "12:00"}}, Capacity: capacity, State: activity.Open}
}

func (n *node) set(t testing.TB, a activity.Stated) id.ID {
	t.Helper()
	v := id.New()
	must(t, n.Activities.Set(ctx, id.Nil, v, a))
	return v
}

func visitor(i int) activity.Visitor {
	return activity.Visitor{Name: fmt.Sprintf("Amina Visiteur%c", 'a'+i), Phone: fmt.Sprintf("06112233%02d", i), Sex: "f", Birth: "1999", Situation: "graduate", Agreed: true}
}

func (n *node) register(t testing.TB, v id.ID, i int) *activity.Registration {
	t.Helper()
	r, err := n.Activities.Register(ctx, id.Nil, "", v, visitor(i))
	must(t, err)
	return r
}

func (n *node) state(t testing.TB, code string) string {
	t.Helper()
	r, err := n.Activities.ByCode(ctx, n.DB, "", code)
	must(t, err)
	return r.State
}

// fields are the fields that an error finds wrong.
func fields(err error) string {
	var f fault.Faults
	errors.As(err, &f)
	var out []string
	for _, x := range f {
		out = append(out, x.Field+" "+x.Key)
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), ", ")
}

func wants(t testing.TB, err error, part string) {
	t.Helper()
	if !strings.Contains(fields(err), part) {
		t.Errorf("%q instead of %q (%v)", fields(err), part, err)
	}
}

// What contradicts itself has its sentence, and nothing is kept.
func TestContradictions(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := open(t, e)
		for _, c := range []struct {
			change func(*activity.Stated)
			part   string
		}{
			{func(a *activity.Stated) { a.To = "2020-01-01" }, "to groups.ends_before"},
			{func(a *activity.Stated) { a.Sessions[0].Date = "2020-01-01" }, "session_date_0 activity.fault.session_outside"},
			{func(a *activity.Stated) { a.Sessions[0].To = "08:00" }, "session_to_0 activity.fault.session_order"},
			{func(a *activity.Stated) { a.Sessions = nil }, "state activity.fault.open_without_session"},
			{func(a *activity.Stated) { a.State = activity.Cancelled }, "reason activity.fault.cancelled_without_reason"},
			{func(a *activity.Stated) { a.Reason = "x" }, "reason activity.fault.reason_without_cancelled"},
			{func(a *activity.Stated) { a.Waived = i18n.Text{i18n.FR: "x"} }, "fee activity.fault.waived_free"},
			{func(a *activity.Stated) { a.Programme = id.New() }, "programme agree.fault.missing"},
			{func(a *activity.Stated) { a.Hosts = []id.ID{id.New()} }, "hosts agree.fault.missing"},
			{func(a *activity.Stated) { a.Agreement = id.New() }, "agreement agree.fault.missing"},
			{func(a *activity.Stated) { a.To, a.State = "2099-01-01", activity.Held }, "state activity.fault.held_early"},
		} {
			a, v := n.class(0), id.New()
			c.change(&a)
			wants(t, n.Activities.Set(ctx, id.Nil, v, a), c.part)
			if _, err := n.Activities.Get(ctx, n.DB, all, v); !errors.Is(err, activity.ErrUnknown) {
				t.Errorf("%s: something was kept", c.part)
			}
		}
		a := n.class(2)
		v := n.set(t, a)
		r := n.register(t, v, 0)
		n.register(t, v, 1)
		less := a
		less.Capacity = 1
		wants(t, n.Activities.Set(ctx, id.Nil, v, less), "capacity activity.fault.capacity_under")
		_, err := n.Activities.Mark(ctx, id.Nil, r.ID, a.Sessions[0].ID, true, "")
		must(t, err)
		gone := a
		gone.Sessions = []activity.Session{{ID: id.New(), Date: n.Today()}}
		wants(t, n.Activities.Set(ctx, id.Nil, v, gone), "sessions activity.fault.session_visited")
	})
}

// Whoever waits longest moves up when a seat is free, and when there are more seats.
func TestWaitingListRefills(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := open(t, e)
		a := n.class(1)
		v := n.set(t, a)
		var codes []string
		for i := range 4 {
			codes = append(codes, n.register(t, v, i).Code)
		}
		want := func(states ...string) {
			t.Helper()
			for i, s := range states {
				if got := n.state(t, codes[i]); got != s {
					t.Errorf("%d is %s instead of %s", i, got, s)
				}
			}
		}
		want("registered", "waiting", "waiting", "waiting")
		first, err := n.Activities.ByCode(ctx, n.DB, "", codes[0])
		must(t, err)
		must(t, n.Activities.Withdraw(ctx, id.Nil, first.ID, "self"))
		want("withdrawn", "registered", "waiting", "waiting")
		must(t, n.Activities.Withdraw(ctx, id.Nil, first.ID, "self")) // again says nothing
		want("withdrawn", "registered", "waiting", "waiting")
		a.Capacity = 2
		must(t, n.Activities.Set(ctx, id.Nil, v, a))
		want("withdrawn", "registered", "registered", "waiting")
		last, err := n.Activities.ByCode(ctx, n.DB, "", codes[3])
		must(t, err)
		if rank, err := n.Activities.Rank(ctx, n.DB, last); err != nil || rank != 1 {
			t.Error(rank, err)
		}
		second, err := n.Activities.ByCode(ctx, n.DB, "", codes[1])
		must(t, err)
		must(t, n.Erase(ctx, []id.ID{second.Person}, here)) // erased: the seat is free
		want("withdrawn", "withdrawn", "registered", "registered")
	})
}

// The seats that are taken are never more than there are, whatever happens, and none is free while somebody waits.
func TestSeatsProperty(t *testing.T) {
	n := open(t, store.SQLite)
	rapid.Check(t, func(rt *rapid.T) {
		a := n.class(rapid.IntRange(1, 3).Draw(rt, "capacity"))
		v := n.set(t, a)
		var codes []string
		for i := range rapid.IntRange(1, 12).Draw(rt, "steps") {
			switch x := rapid.IntRange(0, 3).Draw(rt, "what"); {
			case x == 0 && len(codes) > 0:
				r, err := n.Activities.ByCode(ctx, n.DB, "", rapid.SampledFrom(codes).Draw(rt, "who"))
				must(t, err)
				must(t, n.Activities.Withdraw(ctx, id.Nil, r.ID, "self"))
			case x == 1:
				a.Capacity++
				must(t, n.Activities.Set(ctx, id.Nil, v, a))
			default:
				codes = append(codes, n.register(t, v, i).Code)
			}
			c, err := n.Activities.Counts(ctx, n.DB, []id.ID{v})
			must(t, err)
			if c[v].Registered > a.Capacity || c[v].Waiting > 0 && c[v].Registered < a.Capacity || c[v].All() != len(codes) {
				rt.Fatalf("%d registered, %d wait, %d of %d in all, capacity %d", c[v].Registered, c[v].Waiting, c[v].All(), len(codes), a.Capacity)
			}
		}
	})
}

// Who registers again by the same name and contact has the registration of then; another contact is another person.
func TestRegisteringTwice(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := open(t, e)
		v := n.set(t, n.class(0))
		first := n.register(t, v, 0)
		again := visitor(0)
		again.Name, again.Phone = "AMINA  visiteura", "+212611223300"
		r, err := n.Activities.Register(ctx, id.Nil, "", v, again)
		must(t, err)
		if r.Code != first.Code {
			t.Error("the same name and number have another code")
		}
		other := visitor(0)
		other.Phone = "0699999999"
		if r, err = n.Activities.Register(ctx, id.Nil, "", v, other); err != nil || r.Code == first.Code || r.Person == first.Person {
			t.Error("another number is the same person", err)
		}
		mailed := activity.Visitor{Name: "Sara Alaoui", Mail: "Sara@example.org", Agreed: true}
		m1, err := n.Activities.Register(ctx, id.Nil, "", v, mailed)
		must(t, err)
		m2, err := n.Activities.Register(ctx, id.Nil, "", v, mailed)
		must(t, err)
		mailed.Mail = "other@example.org"
		m3, err := n.Activities.Register(ctx, id.Nil, "", v, mailed)
		must(t, err)
		if m1.Code != m2.Code || m1.Code == m3.Code {
			t.Error("mail does not tell people apart")
		}
		// In another activity it is the same person, and a new code.
		w := n.set(t, n.class(0))
		if r := n.register(t, w, 0); r.Person != first.Person || r.Code == first.Code {
			t.Error("a person who comes to two activities is two")
		}
		// A learner of a group who registers is the learner.
		learner, err := n.People.Register(ctx, id.Nil, here, person.Details{"first_latin": "Youssef", "last_latin": "Benali", "phone": "+212655443322"}, nil)
		must(t, err)
		r, err = n.Activities.Register(ctx, id.Nil, "", v, activity.Visitor{Name: "Youssef Benali", Phone: "0655443322", Agreed: true})
		must(t, err)
		if r.Person != learner {
			t.Error("a learner who registers is somebody new")
		}
	})
}

func TestVisitorsFaults(t *testing.T) {
	n := open(t, store.SQLite)
	v := n.set(t, n.class(0))
	for _, c := range []struct {
		change func(*activity.Visitor)
		part   string
	}{
		{func(v *activity.Visitor) { v.Name = " " }, "name "},
		{func(v *activity.Visitor) { v.Phone = "" }, "phone activity.fault.contact"},
		{func(v *activity.Visitor) { v.Phone = "12" }, "phone activity.fault.phone"},
		{func(v *activity.Visitor) { v.Mail = "x" }, "mail "},
		{func(v *activity.Visitor) { v.Birth = "2015" }, "guardian_name activity.fault.guardian, guardian_phone"},
		{func(v *activity.Visitor) { v.Birth = "12" }, "birth"},
		{func(v *activity.Visitor) { v.Situation = "king" }, "situation"},
		{func(v *activity.Visitor) { v.Agreed = false }, "agreed activity.fault.consent"},
	} {
		x := visitor(1)
		c.change(&x)
		_, err := n.Activities.Register(ctx, id.Nil, "", v, x)
		wants(t, err, c.part)
	}
	child := visitor(2)
	child.Birth, child.GuardianName, child.GuardianPhone = "2015", "Une mère", "0611111111"
	_, err := n.Activities.Register(ctx, id.Nil, "", v, child)
	must(t, err)
	for i := range activity.MaxSent {
		if _, err = n.Activities.Register(ctx, id.Nil, "1.2.3.4", v, visitor(i%20)); err != nil {
			t.Fatal(i, err)
		}
	}
	if _, err = n.Activities.Register(ctx, id.Nil, "1.2.3.4", v, visitor(3)); !errors.Is(err, activity.ErrOften) {
		t.Error("a flood is let in", err)
	}
	for range activity.MaxAsked {
		if _, err := n.Activities.ByCode(ctx, n.DB, "1.2.3.4", "2222-2222"); !errors.Is(err, activity.ErrUnknown) {
			t.Fatal(err)
		}
	}
	if _, err := n.Activities.ByCode(ctx, n.DB, "1.2.3.4", "2222-2222"); !errors.Is(err, activity.ErrOften) {
		t.Error("codes may be guessed without end", err)
	}
}

// Who comes is reached, once, whatever else they come to; a fee is asked for; the same code twice says so.
func TestDoorAndCounting(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := open(t, e)
		a := n.class(1)
		a.Fee = 50
		v := n.set(t, a)
		r, session := n.register(t, v, 0), a.Sessions[0].ID
		if _, err := n.Activities.Mark(ctx, id.Nil, r.ID, session, true, ""); !errors.Is(err, activity.ErrFee) {
			t.Error("the fee is not asked for", err)
		}
		for i, want := range []bool{false, true} {
			already, err := n.Activities.Mark(ctx, id.Nil, r.ID, session, true, activity.Paid)
			must(t, err)
			if already != want {
				t.Errorf("time %d: already %v", i, already)
			}
		}
		late := visitor(1)
		late.AtDoor = true
		o, err := n.Activities.Register(ctx, id.Nil, "", v, late)
		must(t, err)
		if !o.Over || o.State != activity.Registered {
			t.Error("who comes late is not let in beyond the capacity")
		}
		_, err = n.Activities.Mark(ctx, id.Nil, o.ID, session, true, activity.Waived)
		must(t, err)
		b := n.class(0)
		w := n.set(t, b)
		again := n.register(t, w, 0)
		_, err = n.Activities.Mark(ctx, id.Nil, again.ID, b.Sessions[0].ID, true, "")
		must(t, err)
		count := func() (people, times int64) {
			t.Helper()
			must(t, n.DB.Each(ctx, "SELECT period, people, participations FROM measure_cell WHERE programme = ? AND sex = 'f' AND age = '25-34' AND schooling = 'graduate'", store.Args(programme.ID("P")), func(r store.Row) error {
				var period string
				var p, q int64
				err := r.Scan(&period, &p, &q)
				if period == measure.Total {
					people += p
				}
				times += q
				return err
			}))
			return people, times
		}
		if people, times := count(); people != 2 || times != 3 {
			t.Errorf("%d people and %d participations instead of 2 and 3", people, times)
		}
		if present, err := n.Activities.Present(ctx, n.DB, session); err != nil || present != 2 {
			t.Error(present, err)
		}
		if err := n.Activities.Withdraw(ctx, id.Nil, r.ID, "self"); !errors.Is(err, activity.ErrCame) {
			t.Error("who came takes the registration back", err)
		}
		_, err = n.Activities.Mark(ctx, id.Nil, o.ID, session, false, "")
		must(t, err)
		if people, times := count(); people != 1 || times != 2 {
			t.Errorf("after a mistake was mended, %d people and %d participations", people, times)
		}
		rep, err := n.Check(ctx, nil)
		must(t, err)
		if !rep.OK {
			t.Error(rep.Faults)
		}
	})
}

// A speaker's name goes, and the number stands.
func TestSpeakerWithdraws(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := open(t, e)
		v, s := n.set(t, n.class(0)), id.New()
		must(t, n.Activities.SetSpeaker(ctx, id.Nil, v, s, activity.Speaker{Sex: "f", Name: activity.Name{Latin: "Zoubida Xylandre", Function: "Professeure"}}))
		must(t, n.Activities.SetSpeaker(ctx, id.Nil, v, s, activity.Speaker{Sex: "f", Name: activity.Name{Latin: "Zoubida Xylandre", Arabic: "زبيدة", Function: "Professeure"}}))
		l, err := n.Activities.Speakers(ctx, n.DB, v)
		must(t, err)
		if len(l) != 1 || l[0].Arabic != "زبيدة" {
			t.Fatal(l)
		}
		if err := n.Activities.SetSpeaker(ctx, id.Nil, n.set(t, n.class(0)), s, activity.Speaker{Name: activity.Name{Latin: "x"}}); !errors.Is(err, activity.ErrUnknown) {
			t.Error("a speaker of one activity is stated at another", err)
		}
		must(t, n.Activities.WithdrawSpeaker(ctx, id.Nil, v, s, false))
		l, err = n.Activities.Speakers(ctx, n.DB, v)
		must(t, err)
		if len(l) != 1 || !l[0].Withdrawn || l[0].Latin != "" || l[0].Sex != "f" {
			t.Fatal(l)
		}
		if _, err := n.Log.Keys.Get(ctx, n.DB, s); err == nil {
			t.Error("the key is there still")
		}
		must(t, n.Activities.WithdrawSpeaker(ctx, id.Nil, v, s, true))
		if l, err = n.Activities.Speakers(ctx, n.DB, v); err != nil || len(l) != 0 {
			t.Fatal(l, err)
		}
	})
}
