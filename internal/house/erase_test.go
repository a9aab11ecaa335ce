package house_test

import (
	"bytes"
	"database/sql"
	"errors"
	"image"
	"image/jpeg"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/consent"
	"tizi/internal/family"
	"tizi/internal/house"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/retention"
	"tizi/internal/safeguard"
	"tizi/internal/seal"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/training"
)

// secret is who is erased in these tests: words that occur nowhere else.
var secret = person.Details{"first_latin": "Zmvqwxa", "last_latin": "Qyjbbkelli", "first_ar": "زمڤقكصا", "phone": "+212699887766", "massar": "Z987654321", "birth": "2014-05-02", "sex": "f"}

// traces are the files below a folder that hold a word of a person, in small letters or as typed.
func traces(t testing.TB, dir string) (found []string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // a server's files come and go
			return err
		}
		for _, w := range []string{"Zmvqwxa", "zmvqwxa", "Qyjbbkelli", "qyjbbkelli", "زمڤقكصا", "99887766", "Z987654321", "z987654321"} {
			if bytes.Contains(b, []byte(w)) {
				found = append(found, strings.TrimPrefix(p, dir)+": "+w)
			}
		}
		return nil
	}))
	return found
}

// A person whom two erase is nowhere on the node any more: not in the database's files, its log, nor in
// what the log of facts says. The counts stay, and the seat is free.
func TestErasedNameIsNowhere(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, c := create(t, e)
		defer h.Close()
		must(t, h.Found(ctx, founding))
		centre := place.ID("MA-ERR-MJ1")
		other, err := h.People.Register(ctx, id.Nil, centre, person.Details{"first_latin": "Amina", "birth": "2014-05-03"}, nil)
		must(t, err)
		p, err := h.People.Register(ctx, id.Nil, centre, secret, nil)
		must(t, err)
		must(t, h.People.Edit(ctx, id.Nil, access.Everywhere(), p, person.Details{"address": "rue Zmvqwxa"}))
		group := groupUntil(t, h, centre, "2026-12-31")
		_, err = h.Training.Place(ctx, id.Nil, access.Everywhere(), group, []id.ID{p, other}, "2026-03-02")
		must(t, err)
		must(t, h.Consents.Record(ctx, id.Nil, access.Everywhere(), p, []consent.Statement{{Purpose: consent.Image, State: consent.Given, Giver: consent.ByGuardian, Method: "paper", On: "2026-01-10", Who: consent.Who{Name: "Qyjbbkelli Zmvqwxa"}}}))
		must(t, h.Consents.SetPhoto(ctx, id.Nil, access.Everywhere(), p, portrait(t)))
		// The father has the child's name, and no other child; the mother has one more.
		var parents [2]id.ID
		for i, name := range []string{"Omar Qyjbbkelli", "Fatna"} {
			parents[i], err = h.Family.Welcome(ctx, id.Nil, access.Everywhere(), p, family.Who{Name: name, Phone: "+212699887766"}, "fr", true, true)
			must(t, err)
			must(t, h.Family.Send(ctx, parents[i], access.Everywhere(), p, parents[i], "Zmvqwxa est malade"))
		}
		must(t, h.Family.Link(ctx, id.Nil, access.Everywhere(), other, parents[1], family.Who{Name: "Fatna"}, true, true))
		card, err := h.Family.MakeCard(ctx, access.Everywhere(), p, parents[0])
		must(t, err)
		files := blobs(t, c.Dir)
		if e == store.SQLite && len(traces(t, c.Dir)) == 0 {
			t.Fatal("this test would not find the name if it were there")
		}
		if e == store.Postgres && len(server(t, h)) == 0 {
			t.Log("the server's files hold no name before either: they could not be searched")
		}
		like, err := h.People.Register(ctx, id.Nil, centre, person.Details{"first_latin": "Zmvqwxa", "last_latin": "Qyjbbkelli", "birth": "2014-05-02", "sex": "f"}, nil)
		must(t, err)
		_, err = h.People.Seek(ctx, nil)
		must(t, err)
		if n := pairs(t, h, p); n != 2 {
			t.Fatalf("%d rows say whom the person is like, want a pair and a mark", n)
		}
		one, two := opened(t, h, "one"), opened(t, h, "two")
		scope := access.At(centre)
		r, err := h.Access.Propose(ctx, one, scope, access.Proposed{Action: access.ErasePeople, Centre: centre, Subjects: []id.ID{p, like}, Reason: "asked"})
		must(t, err)
		if err := h.Access.Confirm(ctx, one, scope, r); !errors.Is(err, access.ErrOwnRequest) {
			t.Errorf("who asked confirms: %v", err)
		}
		end := oldReader(t, c)
		must(t, h.Access.Confirm(ctx, two, scope, r))
		if x, err := h.People.Get(ctx, h.DB, access.Everywhere(), p); err != nil || x != nil {
			t.Errorf("the person is %v, %v", x, err)
		}
		if n := pairs(t, h, p); n != 0 {
			t.Errorf("%d rows still say whom the person was like", n)
		}
		l, err := h.Training.OfPerson(ctx, h.DB, access.Everywhere(), p)
		must(t, err)
		if len(l) != 1 || l[0].State != training.WithdrawnS || l[0].Cell.Sex != "f" {
			t.Errorf("the enrolment is %+v", l)
		}
		if _, err := h.Access.Propose(ctx, one, scope, access.Proposed{Action: access.ErasePeople, Centre: centre, Subjects: []id.ID{p}, Reason: "asked"}); !errors.Is(err, person.ErrUnknown) {
			t.Errorf("erased again: %v", err)
		}
		for i, want := range []bool{false, true} {
			acc, err := h.Access.Get(ctx, h.DB, parents[i])
			must(t, err)
			if (acc != nil) != want {
				t.Errorf("the account of parent %d: %+v", i, acc)
			}
		}
		if _, err := h.Family.Enter(ctx, card.Token, "", "", "browser", "1"); !errors.Is(err, access.ErrWrong) {
			t.Errorf("the card of who answers for nobody any more: %v", err)
		}
		// Somebody who might still read what was there does not keep it there.
		must(t, h.Rewrite(ctx))
		end()
		for _, f := range append(traces(t, c.Dir), server(t, h)...) {
			t.Errorf("left in %s", f)
		}
		rep, err := h.Check(ctx, nil)
		must(t, err)
		if !rep.OK {
			t.Errorf("check: %v", rep.Faults)
		}
		if dump := dump(t, h, c); strings.Contains(dump, "Zmvqwxa") || strings.Contains(dump, "zmvqwxa") {
			t.Error("a table still holds the name")
		}
		if now := blobs(t, c.Dir); files != 1 || now != 0 {
			t.Errorf("%d files before, %d after", files, now)
		}
		left, _ := filepath.Glob(filepath.Join(c.Dir, "*.pending"))
		if len(left) > 0 {
			t.Errorf("still to be done: %v", left)
		}
		// Who answered for the erased child and another one is nobody's guardian when the other's link ends.
		must(t, h.Family.Unlink(ctx, id.Nil, access.Everywhere(), other, parents[1]))
		if acc, err := h.Access.Get(ctx, h.DB, parents[1]); err != nil || acc != nil {
			t.Errorf("the account of who answers for nobody: %+v, %v", acc, err)
		}
	})
}

// pairs counts what is kept of a person beside the derived tables: whom they are like, and that it was looked for.
func pairs(t testing.TB, h *house.House, p id.ID) (n int) {
	t.Helper()
	_, err := store.One(ctx, h.DB, "SELECT (SELECT count(*) FROM person_pair WHERE a = ? OR b = ?) + (SELECT count(*) FROM person_sought WHERE person = ?)", store.Args(p, p, p), &n)
	must(t, err)
	return n
}

// server are the traces in the files of a PostgreSQL server's database: tables and indexes. Its write-ahead log, which the
// server keeps for a while, is not among them; docs/privacy says so.
func server(t testing.TB, h *house.House) []string {
	t.Helper()
	if h.DB.Engine != store.Postgres {
		return nil
	}
	must(t, h.DB.Script(ctx, "CHECKPOINT"))
	var dir, oid string
	_, err := store.One(ctx, h.DB, "SELECT current_setting('data_directory'), CAST(oid AS TEXT) FROM pg_database WHERE datname = current_database()", nil, &dir, &oid)
	must(t, err)
	base := filepath.Join(dir, "base", oid)
	if _, err := os.ReadDir(base); err != nil {
		t.Logf("the server's files are not searched: %v", err)
		return nil
	}
	return traces(t, base)
}

// oldReader begins to read a PostgreSQL database as it is now, until it is ended.
func oldReader(t testing.TB, c house.Config) (end func()) {
	t.Helper()
	if c.URL == "" {
		return func() {}
	}
	db, err := sql.Open("pgx", c.URL)
	must(t, err)
	tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
	must(t, err)
	var n int
	must(t, tx.QueryRow("SELECT 1").Scan(&n))
	return func() {
		tx.Rollback()
		db.Close()
	}
}

// dump is the derived tables as text, or all of the database where PostgreSQL's own dump is at hand.
func dump(t testing.TB, h *house.House, c house.Config) string {
	if c.URL != "" {
		if bin, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pg_dump"); len(bin) > 0 {
			out, err := exec.Command(bin[len(bin)-1], c.URL).Output()
			if err == nil {
				return string(out)
			}
		}
	}
	return testnode.Rows(t, h.Log)
}

// portrait is a picture as a telephone sends one.
func portrait(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 64)), nil))
	return b.Bytes()
}

// blobs counts the files kept beside the database.
func blobs(t testing.TB, dir string) (n int) {
	t.Helper()
	must(t, filepath.WalkDir(filepath.Join(dir, house.BlobDir), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	}))
	return n
}

// groupUntil opens a group of a programme that ends on a day.
func groupUntil(t testing.TB, h *house.House, centre id.ID, to string) id.ID {
	t.Helper()
	prog, err := h.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: "P", Place: place.ID("MA"), Name: i18n.Text{i18n.FR: "P"}}, Phases: []programme.PhaseOpened{{Code: "1", From: "2026-01-01", To: to, Name: i18n.Text{i18n.FR: "1"}}}})
	must(t, err)
	group, err := h.Training.OpenCohort(ctx, id.Nil, access.Everywhere(), training.CohortOpened{Name: "G", Programme: prog, Phase: programme.PhaseID(prog, "1"), Centre: centre})
	must(t, err)
	return group
}

func opened(t testing.TB, h *house.House, login string) id.ID {
	t.Helper()
	v, err := h.Access.Open(ctx, id.Nil, access.Newcomer{Name: login, Login: login, Role: access.National, On: access.Place(place.ID("MA")), Stream: "hub"})
	must(t, err)
	return v
}

// Who never came is announced before their time is over, erased when it is and was announced, and kept where somebody
// says why; who is in a group stays.
func TestRetention(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		now := time.Date(2026, 1, 10, 12, 0, 0, 0, time.UTC)
		h, _ := createAt(t, e, func() time.Time { return now })
		defer h.Close()
		var err error
		must(t, h.Found(ctx, founding))
		centre := place.ID("MA-ERR-MJ1")
		var who [3]id.ID // goes, is kept, is in a group
		for i := range who {
			who[i], err = h.People.Register(ctx, id.Nil, centre, person.Details{"first_latin": "P", "last_latin": string(rune('a' + i)), "birth": "2014-05-03"}, nil)
			must(t, err)
		}
		group := groupUntil(t, h, centre, "2029-12-31")
		must(t, h.Consents.Record(ctx, id.Nil, access.Everywhere(), who[2], []consent.Statement{{Purpose: consent.Training, State: consent.Given, Giver: consent.ByGuardian, Method: "paper", On: "2026-01-10", Who: consent.Who{Name: "A parent"}}}))
		_, err = h.Training.Place(ctx, id.Nil, access.Everywhere(), group, who[2:], "2026-01-10")
		must(t, err)
		here := func(i int) bool {
			p, err := h.People.Get(ctx, h.DB, access.Everywhere(), who[i])
			must(t, err)
			return p != nil
		}
		soon := func() int {
			n, err := h.Retention.Count(ctx, h.DB, access.At(centre))
			must(t, err)
			return n
		}
		at := func(date string) {
			day, err := time.Parse(time.DateOnly, date)
			must(t, err)
			now = day.Add(12 * time.Hour)
			must(t, h.Review(ctx))
		}
		if at("2026-06-01"); soon() != 0 {
			t.Errorf("%d people are announced half a year before", soon())
		}
		if at("2026-12-20"); soon() != 2 {
			t.Errorf("%d people are announced three weeks before, want 2", soon())
		}
		if err := h.Retention.Keep(ctx, id.Nil, access.At(centre), who[1], "because"); !errors.Is(err, retention.ErrReason) {
			t.Errorf("kept for a reason of no list: %v", err)
		}
		must(t, h.Retention.Keep(ctx, id.Nil, access.At(centre), who[1], "returns"))
		// The day is over, the month of notice is not.
		if at("2027-01-15"); !here(0) {
			t.Error("erased before the notice was over")
		}
		if at("2027-01-20"); here(0) || !here(1) || !here(2) {
			t.Errorf("here are %v %v %v, want only the last two", here(0), here(1), here(2))
		}
		if soon() != 0 {
			t.Errorf("%d people are still announced", soon())
		}
		// A longer rule holds at once; a shorter one too, with its notice.
		must(t, h.Retention.Rule(ctx, id.Nil, retention.NeverCame, 24))
		if at("2027-12-20"); soon() != 1 {
			t.Errorf("%d people are announced, want the one who was kept", soon())
		}
		if err := h.Retention.Rule(ctx, id.Nil, retention.Learner, 0); !errors.Is(err, retention.ErrMonths) {
			t.Errorf("a rule of no time: %v", err)
		}
	})
}

// A case of safeguarding that was closed is announced, and gone five years later: no officer's key opens it any more, and
// the bytes of its own key lie nowhere. One that is open, or was taken up again, stays.
func TestClosedCasesArePruned(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		now := time.Date(2026, 1, 10, 15, 0, 0, 0, time.UTC)
		h, c := createAt(t, e, func() time.Time { return now })
		defer h.Close()
		must(t, h.Found(ctx, founding))
		centre, all, s := place.ID("MA-ERR-MJ1"), access.Everywhere(), h.Safeguard
		officer, err := h.Access.Open(ctx, id.Nil, access.Newcomer{Name: "o", Login: "officer", Role: access.Officer, On: access.Place(centre), Stream: "hub"})
		must(t, err)
		const pass = "la mer est calme"
		must(t, s.SetKey(ctx, officer, pass, false))
		step := func(c id.ID, what, outcome string) {
			t.Helper()
			must(t, s.Unlock(ctx, officer, "t", pass))
			must(t, s.Note(ctx, all, officer, "t", c, safeguard.Step{What: what, Text: "quelques mots", Outcome: outcome}, ""))
		}
		var cases [4]id.ID // goes, was never closed, is taken up again after the notice, is closed a year later
		for i := range cases {
			cases[i], err = s.Report(ctx, string(rune('a'+i)), centre, safeguard.Worry{What: "un souci"})
			must(t, err)
			if i != 1 && i != 3 {
				step(cases[i], "closed", "safe")
			}
		}
		step(cases[1], "assessed", "")
		own := key(t, h, cases[0])
		is := func(want ...bool) {
			t.Helper()
			for i, w := range want {
				if _, err := s.Case(ctx, h.DB, all, cases[i]); (err == nil) != w {
					t.Errorf("case %d on %s: %v", i, h.Today(), err)
				}
			}
		}
		soon := func(want int) {
			t.Helper()
			n, err := h.Retention.CountCases(ctx, h.DB, access.At(centre))
			must(t, err)
			people, err := h.Retention.Count(ctx, h.DB, access.At(centre))
			must(t, err)
			if n != want || people != 0 {
				t.Errorf("%s: %d cases are announced, want %d; %d people", h.Today(), n, want, people)
			}
		}
		at := func(date string) {
			day, err := time.Parse(time.DateOnly, date)
			must(t, err)
			now = day.Add(time.Hour) // earlier in the day than the cases were closed
			must(t, h.Review(ctx))
		}
		at("2027-01-10")
		step(cases[3], "closed", "unfounded")
		at("2030-10-01")
		soon(0)
		at("2030-12-20")
		soon(2)
		if l, err := h.Retention.Ends(ctx, h.DB, cases[:1]); err != nil || l[cases[0]] != "2031-01-19" {
			t.Errorf("announced %+v, %v", l, err)
		}
		step(cases[2], "spoke", "")
		at("2031-01-12") // five years are over, the month of notice is not
		is(true, true, true, true)
		must(t, s.Unlock(ctx, officer, "t", pass))
		if _, err := s.Read(ctx, all, officer, "t", cases[0]); err != nil {
			t.Errorf("before its day: %v", err)
		}
		at("2031-01-20")
		is(false, true, true, true)
		soon(0)
		must(t, s.Unlock(ctx, officer, "t", pass))
		if _, err := s.Read(ctx, all, officer, "t", cases[0]); !errors.Is(err, safeguard.ErrNoCase) {
			t.Errorf("read after its end: %v", err)
		}
		for _, c := range cases[1:] {
			if _, err := s.Read(ctx, all, officer, "t", c); err != nil {
				t.Errorf("a case that stays: %v", err)
			}
		}
		if _, err := h.Log.Keys.Get(ctx, h.DB, cases[0]); !errors.Is(err, seal.ErrNoKey) {
			t.Errorf("the key of the case: %v", err)
		}
		must(t, h.Rewrite(ctx))
		if e == store.SQLite {
			must(t, filepath.WalkDir(c.Dir, func(p string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				b, err := os.ReadFile(p)
				if bytes.Contains(b, own) {
					t.Errorf("the key lies in %s", p)
				}
				return err
			}))
		}
		at("2033-01-01")
		is(false, true, true, true) // closed in 2027, announced today only: the node slept
		at("2033-02-01")
		is(false, true, true, false)
		rep, err := h.Check(ctx, nil)
		must(t, err)
		if !rep.OK {
			t.Error(rep.Faults)
		}
	})
}

// key is the wrapped key of a subject as it lies in the database.
func key(t testing.TB, h *house.House, subject id.ID) (wrapped []byte) {
	t.Helper()
	found, err := store.One(ctx, h.DB, "SELECT wrapped FROM seal_key WHERE person = ?", store.Args(subject), &wrapped)
	must(t, err)
	if !found || len(wrapped) < 32 {
		t.Fatal("a case has no key of its own")
	}
	return wrapped
}

// Two records that are one person are erased together, so neither is over while the other is in a group or was there of
// late, and a reason to keep one keeps both.
func TestRetentionOfWhoIsOne(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		now := time.Date(2026, 1, 10, 12, 0, 0, 0, time.UTC)
		h, _ := createAt(t, e, func() time.Time { return now })
		defer h.Close()
		var err error
		must(t, h.Found(ctx, founding))
		centre := place.ID("MA-ERR-MJ1")
		var who [6]id.ID // two and two are one: in a group, kept, over
		for i := range who {
			who[i], err = h.People.Register(ctx, id.Nil, centre, person.Details{"first_latin": "P", "last_latin": string(rune('a' + i)), "birth": "2014-05-03"}, nil)
			must(t, err)
		}
		group := groupUntil(t, h, centre, "2029-12-31")
		must(t, h.Consents.Record(ctx, id.Nil, access.Everywhere(), who[0], []consent.Statement{{Purpose: consent.Training, State: consent.Given, Giver: consent.ByGuardian, Method: "paper", On: "2026-01-10", Who: consent.Who{Name: "A parent"}}}))
		_, err = h.Training.Place(ctx, id.Nil, access.Everywhere(), group, who[:1], "2026-01-10")
		must(t, err)
		for i := 0; i < len(who); i += 2 {
			must(t, h.People.Merge(ctx, id.Nil, access.Everywhere(), who[i], who[i+1], "papers"))
		}
		at := func(date string) {
			day, err := time.Parse(time.DateOnly, date)
			must(t, err)
			now = day.Add(12 * time.Hour)
			must(t, h.Review(ctx))
		}
		at("2026-12-20")
		must(t, h.Retention.Keep(ctx, id.Nil, access.At(centre), who[2], "returns"))
		at("2027-02-01")
		for i, want := range []bool{true, true, true, true, false, false} {
			p, err := h.People.Get(ctx, h.DB, access.Everywhere(), who[i])
			must(t, err)
			if (p != nil) != want {
				t.Errorf("record %d is here: %v, want %v", i, p != nil, want)
			}
		}
	})
}

// What was refused of one record is refused of the child: a merge ends an earlier yes on the other, with its photo and its
// seat. A later yes stands.
func TestMergeHearsTheLaterNo(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, c := create(t, e)
		defer h.Close()
		var err error
		must(t, h.Found(ctx, founding))
		centre, scope := place.ID("MA-ERR-MJ1"), access.Everywhere()
		group := groupUntil(t, h, centre, "2026-12-31")
		say := func(p id.ID, purpose consent.Purpose, state, on string) {
			must(t, h.Consents.Record(ctx, id.Nil, scope, p, []consent.Statement{{Purpose: purpose, State: state, Giver: consent.ByGuardian, Method: "paper", On: on, Who: consent.Who{Name: "Fatna"}}}))
		}
		var two [2]id.ID
		for i := range two {
			two[i], err = h.People.Register(ctx, id.Nil, centre, person.Details{"first_latin": "Amina", "last_latin": "Tazi", "birth": "2014-05-03"}, nil)
			must(t, err)
		}
		a, b := two[0], two[1]
		say(a, consent.Image, consent.Given, "2026-01-10")
		must(t, h.Consents.SetPhoto(ctx, id.Nil, scope, a, portrait(t)))
		say(b, consent.Image, consent.Refused, "2026-02-01")
		say(a, consent.Training, consent.Given, "2026-01-10")
		_, err = h.Training.Place(ctx, id.Nil, scope, group, []id.ID{a}, "2026-03-02")
		must(t, err)
		say(b, consent.Training, consent.Refused, "2026-01-10") // one day: the no is heard
		say(b, consent.Research, consent.Refused, "2026-01-10")
		say(a, consent.Research, consent.Given, "2026-02-01")
		one, other := opened(t, h, "one"), opened(t, h, "two")
		r, err := h.Access.Propose(ctx, one, access.At(centre), access.Proposed{Action: access.MergePeople, Centre: centre, Subjects: []id.ID{a, b}, Reason: person.MergeReasons[0]})
		must(t, err)
		must(t, h.Access.Confirm(ctx, other, access.At(centre), r))
		for purpose, want := range map[consent.Purpose]bool{consent.Image: false, consent.Training: false, consent.Research: true} {
			if holds, err := h.Consents.Has(ctx, h.DB, a, purpose); err != nil || holds != want {
				t.Errorf("the consent to %s holds: %v, %v", purpose, holds, err)
			}
		}
		if has, err := h.Consents.HasPhoto(ctx, h.DB, a); err != nil || has || blobs(t, c.Dir) != 0 {
			t.Errorf("the photo is still there: %v, %v, %d files", has, err, blobs(t, c.Dir))
		}
		l, err := h.Training.OfPerson(ctx, h.DB, scope, a)
		must(t, err)
		if len(l) != 1 || l[0].State == training.Enrolled || l[0].State == training.Active {
			t.Errorf("the seat is kept: %+v", l)
		}
	})
}

// The seat of who is erased goes in the same turn to the first who waits for it, once for a person with two records; who is
// erased with them gets none.
func TestErasedSeatIsGivenOn(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, _ := createAt(t, e, func() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) })
		defer h.Close()
		must(t, h.Found(ctx, founding))
		centre, all := place.ID("MA-ERR-MJ1"), access.Everywhere()
		var who []id.ID
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			p, err := h.People.Register(ctx, id.Nil, centre, person.Details{"first_latin": "P", "last_latin": name, "birth": "2014-05-03"}, nil)
			must(t, err)
			must(t, h.Consents.Record(ctx, id.Nil, all, p, []consent.Statement{{Purpose: consent.Training, State: consent.Given, Giver: consent.ByGuardian, Method: "paper", On: "2026-01-10", Who: consent.Who{Name: "A parent"}}}))
			who = append(who, p)
		}
		group := groupUntil(t, h, centre, "2029-12-31")
		must(t, h.Training.EditCohort(ctx, id.Nil, all, group, func(c *training.CohortOpened) { c.Capacity = 2 }))
		_, err := h.Training.Place(ctx, id.Nil, all, group, who, "2026-03-02")
		must(t, err)
		must(t, h.People.Merge(ctx, id.Nil, all, who[0], who[1], "papers"))
		facts, err := h.Log.Count(ctx, h.DB)
		must(t, err)
		must(t, h.Erase(ctx, []id.ID{who[0], who[2]}, centre)) // with the second record, and with the first who waits
		after, err := h.Log.Count(ctx, h.DB)
		must(t, err)
		l, err := h.Training.Roster(ctx, h.DB, group)
		must(t, err)
		got := map[id.ID]string{}
		for _, x := range l {
			got[x.Person] = x.State
		}
		// Two seats were one person's, so that one was free already: d has it, and e that of the erased.
		if got[who[2]] != training.WithdrawnS || got[who[3]] != training.Enrolled || got[who[4]] != training.Enrolled {
			t.Errorf("after %d facts they stand so: %v", after-facts, got)
		}
	})
}

// The list of whose time is over is of the morning. Who came back, was kept, or became one with somebody who is here since
// then is not erased; who is over still is.
func TestWhoIsNotOverAnyMoreStays(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		now := time.Date(2026, 1, 10, 12, 0, 0, 0, time.UTC)
		h, _ := createAt(t, e, func() time.Time { return now })
		defer h.Close()
		must(t, h.Found(ctx, founding))
		centre, all := place.ID("MA-ERR-MJ1"), access.Everywhere()
		register := func(name string) id.ID {
			p, err := h.People.Register(ctx, id.Nil, centre, person.Details{"first_latin": "P", "last_latin": name, "birth": "2014-05-03"}, nil)
			must(t, err)
			return p
		}
		who := map[string]id.ID{}
		for _, name := range []string{"over", "placed", "kept", "merged", "never announced"} {
			if name != "never announced" {
				who[name] = register(name)
			}
		}
		group := groupUntil(t, h, centre, "2029-12-31")
		now = time.Date(2026, 12, 20, 12, 0, 0, 0, time.UTC)
		must(t, h.Review(ctx))
		now = time.Date(2027, 1, 20, 12, 0, 0, 0, time.UTC)
		who["never announced"] = register("new")
		over, err := h.Retention.Over(ctx, h.DB, 50)
		must(t, err)
		var list []id.ID
		for _, d := range over {
			list = append(list, d.Person)
		}
		if len(list) != 4 {
			t.Fatalf("%d people are over in the morning, want 4", len(list))
		}
		must(t, h.Consents.Record(ctx, id.Nil, all, who["placed"], []consent.Statement{{Purpose: consent.Training, State: consent.Given, Giver: consent.ByGuardian, Method: "paper", On: "2026-01-10", Who: consent.Who{Name: "A parent"}}}))
		_, err = h.Training.Place(ctx, id.Nil, all, group, []id.ID{who["placed"]}, "2027-01-20")
		must(t, err)
		must(t, h.Retention.Keep(ctx, id.Nil, access.At(centre), who["kept"], "returns"))
		must(t, h.People.Merge(ctx, id.Nil, all, who["merged"], who["never announced"], "papers"))
		must(t, h.Expire(ctx, append(list, who["never announced"]), centre))
		for name, p := range who {
			x, err := h.People.Get(ctx, h.DB, all, p)
			must(t, err)
			if (x != nil) != (name != "over") {
				t.Errorf("%s is here: %v", name, x != nil)
			}
		}
		must(t, h.Review(ctx))
		if n, err := h.Retention.Count(ctx, h.DB, access.At(centre)); err != nil || n != 0 {
			t.Errorf("%d people are still on the list, %v", n, err)
		}
	})
}
