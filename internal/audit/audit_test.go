package audit_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/audit"
	"tizi/internal/consent"
	"tizi/internal/family"
	"tizi/internal/house"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/record"
	"tizi/internal/safeguard"
	"tizi/internal/store"
	"tizi/internal/testhouse"
	"tizi/internal/testnode"
	"tizi/internal/training"
)

var (
	ctx  = context.Background()
	must = testnode.Must
)

// ten is a Monday at ten in the morning.
var ten = time.Date(2026, 3, 16, 10, 0, 0, 0, time.UTC)

type node struct {
	*house.House
	clock      *testnode.Time
	config     house.Config
	owner      id.ID
	here, far  id.ID
	amina, ali id.ID // of here and of far
}

func serve(t testing.TB, e store.Engine) *node {
	t.Helper()
	n := &node{clock: &testnode.Time{}, here: place.ID("MA-ERR-MJ1")}
	n.clock.Set(ten)
	at := testhouse.Place(t, e)
	n.config = house.Config{Dir: t.TempDir(), Store: &at, Now: n.clock.Now}
	var err error
	n.House, err = house.Create(ctx, n.config)
	must(t, err)
	t.Cleanup(func() { n.Close() })
	must(t, n.Found(ctx, house.Founding{Country: "ma", Centre: "MA-ERR-MJ1", Owner: "Nadia", Login: "nadia", Passphrase: "une phrase de passe", Lang: "fr"}))
	must(t, n.Places.LoadCountry(ctx, id.Nil, "ma", true))
	tree, err := n.Places.Tree(ctx, n.DB)
	must(t, err)
	for _, c := range tree.Of("centre") {
		if !tree.Holds(place.ID("MA-08"), c.ID) && c.ID != n.here {
			n.far = c.ID
		}
	}
	l, err := n.Access.List(ctx, n.DB)
	must(t, err)
	n.owner = l[0].ID
	n.amina, err = n.People.Register(ctx, n.owner, n.here, person.Details{"first_latin": "Amina"}, nil)
	must(t, err)
	n.ali, err = n.People.Register(ctx, n.owner, n.far, person.Details{"first_latin": "Ali"}, nil)
	must(t, err)
	return n
}

// list reads what happened in a scope, the oldest first, as words.
func (n *node) list(t testing.TB, f audit.Filter) (what []string, entries []audit.Entry) {
	t.Helper()
	if f.From.IsZero() {
		f.From, f.To = ten.AddDate(0, 0, -7), ten.AddDate(0, 0, 7)
	}
	page, err := n.Audit.List(ctx, n.DB, f, 1000)
	must(t, err)
	slices.Reverse(page.Entries)
	for _, e := range page.Entries {
		what = append(what, e.What)
	}
	return what, page.Entries
}

func same(t testing.TB, about string, got []string, want string) {
	t.Helper()
	if s := strings.Join(got, " "); s != want {
		t.Errorf("%s:\n got %s\nwant %s", about, s, want)
	}
}

// Who saw and who changed is one list, narrowed by each filter, and each scope reads its own.
func TestListWithinScopes(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e)
		here, far, all := access.At(n.here), access.At(n.far), access.Everywhere()
		step := func() { n.clock.Move(time.Minute) }
		step()
		trainer, err := n.Access.Open(ctx, n.owner, access.Newcomer{Name: "Youssef", Login: "youssef", Role: access.Centre, On: access.Place(n.here), Stream: "hub"})
		must(t, err)
		step()
		must(t, n.Looks.Note(ctx, trainer, look.Read, n.amina))
		must(t, n.Looks.Note(ctx, n.owner, look.Read, n.ali))
		step()
		n.Looks.Show(trainer, look.Search, look.People, map[id.ID][]id.ID{n.here: {n.amina}})
		step()
		must(t, n.People.Edit(ctx, trainer, all, n.amina, person.Details{"first_latin": "Aminah"}))
		step()
		must(t, n.Consents.Record(ctx, n.owner, all, n.amina, []consent.Statement{{Purpose: consent.Training, State: consent.Given, Giver: consent.ByGuardian, Method: "paper", On: "2026-03-01", Who: consent.Who{Name: "A parent"}}}))
		step()
		mother, err := n.Family.Welcome(ctx, n.owner, all, n.amina, family.Who{Name: "Aïcha", Relation: "mother"}, "fr", true, true)
		must(t, err)
		n.clock.Set(ten.Add(11 * time.Hour))
		must(t, n.Looks.Note(ctx, trainer, look.Consent, n.amina))
		step()
		must(t, n.Consents.Record(ctx, mother, all, n.amina, []consent.Statement{{Purpose: consent.Image, State: consent.Given, Giver: consent.ByGuardian, Method: "screen", On: "2026-03-16", Who: consent.Who{Name: "Aïcha"}}}))
		owner, err := n.Access.Get(ctx, n.DB, n.owner)
		must(t, err)
		step()
		must(t, n.Access.Grant(ctx, owner, trainer, access.Trainer, access.Place(n.here), false))
		step()
		acc, err := n.Access.Get(ctx, n.DB, trainer)
		must(t, err)
		must(t, n.Access.Withdraw(ctx, owner, acc.Roles[len(acc.Roles)-1].Grant))

		w, entries := n.list(t, audit.Filter{Scope: here})
		same(t, "the centre", w, "account.opened role.granted person.registered account.opened role.granted read search person.edited consent.stated "+
			"account.opened role.granted guardian.linked consent consent.stated role.granted role.withdrawn")
		for _, e := range entries {
			if odd := e.What == "consent" || e.At.Hour() == 21 && e.Account == n.owner; e.Odd != odd {
				t.Errorf("%s by %v at %v: out of hours %v", e.What, e.Account, e.At, e.Odd)
			}
			if e.What == "role.withdrawn" && (e.Other != trainer || e.Role != access.Trainer) {
				t.Errorf("a role was withdrawn from %v as %s", e.Other, e.Role)
			}
			if e.What == "person.edited" && (len(e.Persons) != 1 || e.Persons[0] != n.amina || e.Account != trainer || e.Centre != n.here) {
				t.Errorf("an edit %+v", e)
			}
		}
		w, _ = n.list(t, audit.Filter{Scope: far})
		same(t, "elsewhere", w, "person.registered read")
		w, _ = n.list(t, audit.Filter{Scope: access.At(id.New())})
		same(t, "nowhere", w, "")
		w, _ = n.list(t, audit.Filter{Scope: far, Centre: n.here})
		same(t, "a centre that is not one's own", w, "")
		w, _ = n.list(t, audit.Filter{Scope: far, Person: n.amina})
		same(t, "somebody of another centre", w, "")
		w, _ = n.list(t, audit.Filter{Scope: all, Person: n.amina})
		same(t, "a person", w, "person.registered read person.edited consent.stated guardian.linked consent consent.stated")
		w, _ = n.list(t, audit.Filter{Scope: here, Account: trainer})
		same(t, "an account", w, "account.opened role.granted read search person.edited consent role.granted role.withdrawn")
		w, _ = n.list(t, audit.Filter{Scope: here, Odd: true})
		same(t, "out of hours", w, "consent role.granted role.withdrawn")
		for s, want := range map[audit.Sort]string{audit.Seen: "read consent", audit.Listed: "search", audit.Taken: "", audit.Changed: "person.registered person.edited consent.stated guardian.linked consent.stated"} {
			w, _ = n.list(t, audit.Filter{Scope: here, Sort: s})
			same(t, string(s), w, want)
		}
		w, _ = n.list(t, audit.Filter{Scope: here, From: ten.Add(10 * time.Hour), To: ten.Add(11*time.Hour + time.Minute)})
		same(t, "an hour", w, "consent")

		changes, err := n.Audit.Changes(ctx, n.DB, n.amina, 10)
		must(t, err)
		w = nil
		for _, c := range changes {
			w = append(w, c.What)
		}
		same(t, "what a guardian reads", w, "consent.stated guardian.linked consent.stated person.edited person.registered")
	})
}

// A fact that does not say whom it is about is found by the person that its subject is about, and by nobody else.
func TestAnswersAreOfWhomTheQuestionWas(t *testing.T) {
	n := serve(t, store.SQLite)
	lina, err := n.People.Register(ctx, n.owner, n.here, person.Details{"first_latin": "Lina"}, nil)
	must(t, err)
	r, err := n.Access.Propose(ctx, n.owner, access.Everywhere(), access.Proposed{Action: access.ExportPeople, Centre: n.here, Subjects: []id.ID{lina}, Reason: "asked"})
	must(t, err)
	must(t, n.Access.Refuse(ctx, n.owner, access.Everywhere(), r, access.RefuseReasons[0]))
	for p, want := range map[id.ID]string{lina: "person.registered request.proposed request.decided", n.amina: "person.registered"} {
		w, entries := n.list(t, audit.Filter{Scope: access.At(n.here), Person: p})
		same(t, "whom it is about", w, want)
		for _, e := range entries {
			if len(e.Persons) != 1 || e.Persons[0] != p {
				t.Errorf("%s is about %v", e.What, e.Persons)
			}
		}
	}
}

// Pages follow each other without a gap and without a repetition, also through many things of one instant.
func TestPages(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e)
		persons := []id.ID{}
		for range 25 {
			persons = append(persons, id.New())
		}
		must(t, n.Looks.Note(ctx, n.owner, look.Print, persons...)) // all at once
		for range 12 {
			n.clock.Move(time.Millisecond)
			must(t, n.People.Edit(ctx, n.owner, access.Everywhere(), n.amina, person.Details{"address": n.clock.Now().String()}))
		}
		f := audit.Filter{Scope: access.Everywhere(), From: ten, To: ten.Add(time.Hour)}
		whole, err := n.Audit.List(ctx, n.DB, f, 1000)
		must(t, err)
		if whole.Next != "" || len(whole.Entries) < 37 {
			t.Fatalf("%d entries, then %q", len(whole.Entries), whole.Next)
		}
		for f.Look = range 9 { // 0: however much there is to look at
			var got []audit.Entry
			stopped := false
			for f.After = ""; ; {
				p, err := n.Audit.List(ctx, n.DB, f, 7)
				must(t, err)
				got, stopped = append(got, p.Entries...), stopped || !p.Down.IsZero()
				if p.Next == f.After && p.Next != "" {
					t.Fatalf("looking at %d: %q leads to itself", f.Look, p.Next)
				}
				if f.After = p.Next; f.After == "" {
					break
				}
			}
			if len(got) != len(whole.Entries) || stopped && f.Look == 0 || !stopped && f.Look == 3 {
				t.Fatalf("looking at %d (stopped: %v): pages have %d entries, the whole has %d", f.Look, stopped, len(got), len(whole.Entries))
			}
			for i, e := range whole.Entries {
				if e.What != got[i].What || !e.At.Equal(got[i].At) || !slices.Equal(e.Persons, got[i].Persons) {
					t.Errorf("looking at %d: entry %d: %+v and %+v", f.Look, i, e, got[i])
				}
			}
		}
		f.Look = 0
		for _, bad := range []string{"x", "1", "1.x", "1.-1", "99999999999999999999.1"} {
			f.After = bad
			if _, err := n.Audit.List(ctx, n.DB, f, 7); !errors.Is(err, audit.ErrPage) {
				t.Errorf("page %q: %v", bad, err)
			}
		}
	})
}

// What is done about a worry is in no list and in no number; who opened a case is read of officers alone.
func TestWorriesStaySecret(t *testing.T) {
	n := serve(t, store.SQLite)
	owner, err := n.Access.Get(ctx, n.DB, n.owner)
	must(t, err)
	must(t, n.Access.Grant(ctx, owner, n.owner, access.Officer, access.Place(place.ID("MA")), false))
	must(t, n.Safeguard.SetKey(ctx, n.owner, "une phrase de passe", false))
	c, err := n.Safeguard.Report(ctx, "here", n.here, safeguard.Worry{What: "secret"})
	must(t, err)
	must(t, n.Looks.NoteCase(ctx, n.owner, c, n.here))
	w, _ := n.list(t, audit.Filter{Scope: access.At(n.here), Sort: audit.Seen})
	same(t, "a manager", w, "")
	w, entries := n.list(t, audit.Filter{Scope: access.At(n.here), Cases: access.At(n.here), Sort: audit.Seen})
	same(t, "an officer", w, "case")
	if len(entries[0].Persons) > 0 {
		t.Error("the case is named")
	}
	w, _ = n.list(t, audit.Filter{Scope: access.Everywhere(), Cases: access.Everywhere()})
	if slices.ContainsFunc(w, func(s string) bool { return strings.HasPrefix(s, "safeguarding") || s == "officer.keyed" }) {
		t.Errorf("facts about worries are listed: %v", w)
	}
	n.clock.Move(24 * time.Hour)
	must(t, n.Audit.Sum(ctx))
	l, err := n.Audit.Days(ctx, n.DB, access.At(n.here), "2026-03-01", "2026-03-31", 10)
	must(t, err)
	if len(l) != 1 || l[0].Looks != 0 || l[0].Changes != 1 {
		t.Errorf("the summary counts what officers do: %+v", l)
	}
}

// A day is summed up once it is over: once, whole, by centre, in numbers; a missed day is made up for.
func TestSummaries(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e)
		facts := func() int64 {
			t.Helper()
			c, err := n.Log.Count(ctx, n.DB)
			must(t, err)
			return c
		}
		must(t, n.Looks.Note(ctx, n.owner, look.Read, n.amina, n.ali))
		must(t, n.Looks.Note(ctx, n.owner, look.Consent, n.amina))
		must(t, n.Looks.Note(ctx, n.owner, look.Print, n.amina))
		n.Looks.Show(n.owner, look.Listed, look.People, map[id.ID][]id.ID{n.here: {n.amina, id.New(), id.New()}})
		n.Looks.Show(n.owner, look.Search, look.People, map[id.ID][]id.ID{n.here: {n.amina}})
		n.clock.Set(ten.Add(12 * time.Hour))
		must(t, n.Looks.Note(ctx, n.owner, look.Export, n.amina))
		must(t, n.People.Edit(ctx, n.owner, access.Everywhere(), n.amina, person.Details{"first_latin": "Aminah"}))
		owner, err := n.Access.Get(ctx, n.DB, n.owner)
		must(t, err)
		must(t, n.Access.Break(ctx, owner, n.here, "a call"))
		before := facts()
		must(t, n.Audit.Sum(ctx)) // the day is not over
		if facts() != before {
			t.Fatal("a day that goes on was summed up")
		}
		n.clock.Set(ten.AddDate(0, 0, 1).Truncate(24 * time.Hour)) // midnight
		must(t, n.Audit.Sum(ctx))
		if facts() != before+2 {
			t.Errorf("%d facts for two centres", facts()-before)
		}
		want := audit.Summed{Centre: n.here, Day: "2026-03-16", Looks: 2, People: 1, Lists: 1, Names: 4, Searches: 1, Exports: 1, Prints: 1, Changes: 2, OutOfHours: 3, Accounts: 1, Openings: 1}
		days := func(s access.Scope) []audit.Summed {
			t.Helper()
			l, err := n.Audit.Days(ctx, n.DB, s, "2026-03-01", "2026-03-31", 100)
			must(t, err)
			return l
		}
		if l := days(access.At(n.here)); len(l) != 1 || l[0] != want {
			t.Errorf("got  %+v\nwant %+v", l, want)
		}
		if l := days(access.At(n.far)); len(l) != 1 || l[0].Looks != 1 || l[0].Changes != 1 {
			t.Errorf("elsewhere: %+v", l)
		}
		if l := days(access.Scope{}); len(l) != 0 {
			t.Errorf("nowhere: %+v", l)
		}
		// Again, and after a restart.
		after := facts()
		must(t, n.Audit.Sum(ctx))
		must(t, n.House.Close())
		n.House, err = house.Open(ctx, n.config)
		must(t, err)
		must(t, n.Audit.Sum(ctx))
		must(t, n.Audit.Write(ctx, want.Day, []audit.Summed{want})) // as another process of the node would
		if facts() != after {
			t.Errorf("the same day was summed up again: %d facts more", facts()-after)
		}
		// Three days later: the day in between with something in it is made up for, the others leave nothing.
		n.clock.Set(ten.AddDate(0, 0, 2))
		must(t, n.Looks.Note(ctx, n.owner, look.Read, n.amina))
		n.clock.Set(ten.AddDate(0, 0, 5))
		must(t, n.Audit.Sum(ctx))
		if l := days(access.At(n.here)); len(l) != 2 || l[0].Day != "2026-03-18" || l[0].Looks != 1 {
			t.Errorf("after days without a summary: %+v", l)
		}
		rep, err := n.Log.Check(ctx, nil)
		must(t, err)
		if !rep.OK {
			t.Errorf("check: %v", rep.Faults)
		}
	})
}

// apart are the kinds of facts that the list does not show, each with why.
var apart = map[string]string{
	"place.described": "of nobody", "programme.opened": "of nobody", "phase.opened": "of nobody", "phase.rule": "of nobody", "target.set": "of nobody", "rollout.stated": "of nobody", "cohort.opened": "of nobody", "cohort.closed": "of nobody", "session.planned": "of nobody",
	"holder.stated": "of nobody", "room.described": "of nobody", "hours.stated": "of nobody", "hours.excepted": "of nobody", "round.planned": "of nobody", "device.described": "of nobody",
	"device.stated":          "a device's page says who had it",
	"consent.text_published": "of nobody", "recording.made": "of nobody", "retention.ruled": "of nobody", "audit.summed": "of nobody",
	"agreement.renewed": "of nobody", "agreement.stated": "of nobody", "commitment.judged": "of nobody", "commitment.stated": "of nobody", "decision.taken": "of nobody", "entry.stated": "of nobody", "mandate.given": "of nobody", "office.described": "of nobody", "organisation.described": "of nobody", "paper.filed": "of nobody", "party.stated": "of nobody",
	"office.held": "of an official, who signs for an organisation",
	"draw.opened": "of nobody", "draw.seeded": "of nobody", "draw.cancelled": "of nobody", "draw.frozen": "the enrolments say who waited and who got a seat",
	"course.published": "of nobody", "course.filed": "of nobody", "course.assigned": "of nobody", "framework.published": "of nobody", "framework.filed": "of nobody",
	"feedback.asked": "of nobody", "feedback.given": "of nobody, so that it stays so", "feedback.pruned": "of nobody", "change.recorded": "of nobody", "activity.stated": "of nobody", "output.stated": "of nobody", "speaker.stated": "of an adult of public life, whose name may go",
	"statement.made": "said by a tool and not by an account", "agent.met": "said by a tool and not by an account", "agent.erased": "of somebody of outside, who has no file here",
	"lesson.stopped": "of nobody", "test.opened": "of nobody", "wall.allowed": "of nobody", "work.hung": "said by the learner", "work.barred": "the work says that it is off the wall", "teams.made": "who worked with whom in a session says nothing of anybody",
	"work.marked":   "the work says who marked it",
	"consent.ended": "the erasure says it",
	"form.printed":  "a look says it",
	"sheet.printed": "a look says it",
	"officer.keyed": "secret", "safeguarding.reported": "secret", "safeguarding.noted": "secret", "safeguarding.shared": "secret", "safeguarding.pruned": "secret",
	"grant.issued": "of machines", "grant.revoked": "of machines", "grant.reserved": "of machines", "grant.recovered": "of machines", "grant.succeeded": "of machines", "fact.voided": "of machines", "fact.admitted": "of machines", "fact.reissued": "of machines",
}

// Somebody has said of every kind of fact whether it is listed.
func TestEveryKindIsListedOrApart(t *testing.T) {
	for _, k := range house.Registry().Kinds() {
		if (audit.Kinds[k] != "") == (apart[k] != "") {
			t.Errorf("%s: is it listed, or why not?", k)
		}
	}
}

// Who made a key of a tool and who revoked it is among what was given and taken back, at its centre.
func TestKeysOfToolsAreListed(t *testing.T) {
	n := serve(t, store.SQLite)
	n.clock.Move(time.Minute)
	k, _, err := n.Records.MakeKey(ctx, n.owner, n.here, "Moodle", []record.Grant{record.Write})
	must(t, err)
	n.clock.Move(time.Minute)
	must(t, n.Records.RevokeKey(ctx, n.owner, access.At(n.here), k.ID))
	from := ten.Add(30 * time.Second)
	w, entries := n.list(t, audit.Filter{Scope: access.At(n.here), Sort: audit.Granted, From: from, To: ten.Add(time.Hour)})
	same(t, "the centre", w, "key.made key.revoked")
	for _, e := range entries {
		if e.Tool != "Moodle" || e.Account != n.owner || e.Centre != n.here || len(e.Persons) > 0 {
			t.Errorf("it is listed as %+v", e)
		}
	}
	w, _ = n.list(t, audit.Filter{Scope: access.At(n.far), Sort: audit.Granted, From: from, To: ten.Add(time.Hour)})
	same(t, "another centre", w, "")
}

// Of a sheet, whoever asks about one child is shown that child, first.
func TestSheetShowsWhomOneAsksFor(t *testing.T) {
	n := serve(t, store.SQLite)
	var class []id.ID
	marks := map[id.ID]string{}
	for range 5 {
		p, err := n.People.Register(ctx, n.owner, n.here, person.Details{"first_latin": "Child"}, nil)
		must(t, err)
		must(t, n.Consents.Record(ctx, n.owner, access.Everywhere(), p, []consent.Statement{{Purpose: consent.Training, State: consent.Given, Giver: consent.ByGuardian, Method: "paper", On: "2026-03-01", Who: consent.Who{Name: "A parent"}}}))
		class, marks[p] = append(class, p), training.Present
	}
	_, err := n.Programmes.Set(ctx, n.owner, programme.Plan{Programme: programme.Opened{Code: "P", Place: place.ID("MA"), Name: i18n.Text{i18n.FR: "P"}},
		Phases: []programme.PhaseOpened{{Code: "1", Name: i18n.Text{i18n.FR: "1"}, From: "2026-01-05", To: "2026-12-31", AgeMin: 8, AgeMax: 14}}})
	must(t, err)
	all, prog := access.Everywhere(), programme.ID("P")
	g, err := n.Training.OpenCohort(ctx, n.owner, all, training.CohortOpened{Name: "G", Programme: prog, Phase: programme.PhaseID(prog, "1"), Centre: n.here})
	must(t, err)
	_, err = n.Training.Place(ctx, n.owner, all, g, class, "2026-03-02")
	must(t, err)
	_, err = n.Training.Plan(ctx, n.owner, all, g, training.Weekly{From: "2026-03-16", To: "2026-03-16", Days: []time.Weekday{time.Monday}, Starts: "09:00", Ends: "10:00"})
	must(t, err)
	must(t, n.Training.Take(ctx, n.owner, all, training.SessionID(g, "2026-03-16", "09:00"), marks, "list"))
	for _, p := range class {
		_, entries := n.list(t, audit.Filter{Scope: access.At(n.here), Person: p})
		last := entries[len(entries)-1]
		if last.What != "attendance.taken" || len(last.Persons) != 5 || last.Persons[0] != p {
			t.Errorf("asked about %v: %s of %v", p, last.What, last.Persons)
		}
	}
}
