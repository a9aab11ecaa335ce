package safeguard_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/place"
	"tizi/internal/safeguard"
	"tizi/internal/seal"
	"tizi/internal/store"
	"tizi/internal/testhouse"
	"tizi/internal/testnode"
)

var (
	ctx  = context.Background()
	must = testnode.Must
)

type node struct {
	*house.House
	dir    string
	clock  *testnode.Time
	centre id.ID
}

func start(t *testing.T, e store.Engine) *node {
	t.Helper()
	n := &node{dir: t.TempDir(), clock: &testnode.Time{}, centre: place.ID("MA-ERR-MJ1")}
	n.clock.Set(testnode.Epoch)
	c := house.Config{Dir: n.dir, Now: n.clock.Now}
	if e != store.SQLite {
		at := testhouse.Place(t, e)
		c.Store = &at
	}
	var err error
	n.House, err = house.Create(ctx, c)
	must(t, err)
	t.Cleanup(func() { n.House.Close() })
	must(t, n.Found(ctx, house.Founding{Country: "ma", Centre: "MA-ERR-MJ1", Owner: "Nadia", Login: "nadia", Passphrase: "une phrase de passe", Lang: "fr"}))
	return n
}

func (n *node) officer(t *testing.T, login, at string) id.ID {
	t.Helper()
	a, err := n.Access.Open(ctx, id.Nil, access.Newcomer{Name: login, Login: login, Role: access.Officer, On: access.Place(place.ID(at)), Stream: "hub"})
	must(t, err)
	return a
}

func fails(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error %v instead of %v", err, want)
	}
}

const pass = "la mer est calme"

func TestCase(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := start(t, e)
		s, all := n.Safeguard, access.Everywhere()
		_, err := s.Report(ctx, "a", n.centre, safeguard.Worry{What: "x"})
		fails(t, err, safeguard.ErrNobody)
		far, near := n.officer(t, "pays", "MA"), n.officer(t, "centre", "MA-ERR-MJ1")
		must(t, s.SetKey(ctx, far, pass, false))
		first, err := s.Report(ctx, "a", n.centre, safeguard.Worry{What: "d’abord", Who: "Amina"})
		must(t, err)
		must(t, s.SetKey(ctx, near, pass+" 2", false))
		fails(t, s.SetKey(ctx, near, pass+" 3", false), safeguard.ErrKeyed)
		second, err := s.Report(ctx, "b", n.centre, safeguard.Worry{What: "ensuite"})
		must(t, err)
		_, err = s.Report(ctx, "b", n.centre, safeguard.Worry{What: "  "})
		fails(t, err, safeguard.ErrEmpty)

		_, err = s.Read(ctx, all, near, "n", second)
		fails(t, err, safeguard.ErrLocked)
		fails(t, s.Unlock(ctx, near, "n", pass), seal.ErrPassphrase)
		must(t, s.Unlock(ctx, near, "n", pass+" 2"))
		must(t, s.Unlock(ctx, far, "f", pass))
		_, err = s.Read(ctx, all, near, "f", second) // another session
		fails(t, err, safeguard.ErrLocked)
		f, err := s.Read(ctx, all, near, "n", second)
		must(t, err)
		if f.Worry.What != "ensuite" {
			t.Errorf("read %q", f.Worry.What)
		}
		_, err = s.Read(ctx, all, far, "f", second) // sealed to the nearest
		fails(t, err, safeguard.ErrUnread)
		_, err = s.Read(ctx, all, near, "n", first)
		fails(t, err, safeguard.ErrUnread)
		_, err = s.Read(ctx, access.At(), near, "n", second) // out of scope
		fails(t, err, safeguard.ErrNoCase)
		if shared, unread, err := s.Share(ctx, all, far, "f"); err != nil || shared != 1 || unread != 1 {
			t.Errorf("shared %d, unread %d, %v", shared, unread, err)
		}
		f, err = s.Read(ctx, all, near, "n", first)
		must(t, err)
		if f.Worry.Who != "Amina" {
			t.Errorf("read %q", f.Worry.Who)
		}

		must(t, s.Note(ctx, all, near, "n", first, safeguard.Step{What: "spoke", Text: "parlé avec Amina"}, "2026-03-01"))
		n.clock.Set(testnode.Epoch.AddDate(1, 0, 0))
		fresh, overdue, err := s.Waiting(ctx, n.DB, all)
		must(t, err)
		if fresh != 1 || overdue != 1 {
			t.Errorf("%d new, %d overdue", fresh, overdue)
		}
		_, err = s.Read(ctx, all, near, "n", first) // the time is over
		fails(t, err, safeguard.ErrLocked)
		must(t, s.Change(ctx, near, pass+" 2", pass+" 4"))
		must(t, s.Unlock(ctx, near, "n", pass+" 4"))
		fails(t, s.Note(ctx, all, near, "n", first, safeguard.Step{What: "closed", Text: "fini"}, ""), safeguard.ErrNoOutcome)
		must(t, s.Note(ctx, all, near, "n", first, safeguard.Step{What: "closed", Text: "fini", Outcome: "safe"}, ""))
		c, err := s.Case(ctx, n.DB, all, first)
		must(t, err)
		if c.State != safeguard.Closed || c.Due != "" {
			t.Errorf("closed case: %+v", c)
		}
		f, err = s.Read(ctx, all, near, "n", first)
		must(t, err)
		if len(f.Entries) != 2 || f.Entries[1].Outcome != "safe" {
			t.Errorf("steps %+v", f.Entries)
		}
		s.Lock("n")
		_, err = s.Read(ctx, all, near, "n", first)
		fails(t, err, safeguard.ErrLocked)

		// Lost: a new key reads nothing old.
		must(t, s.SetKey(ctx, near, pass+" 5", true))
		must(t, s.Unlock(ctx, near, "n", pass+" 5"))
		_, err = s.Read(ctx, all, near, "n", second)
		fails(t, err, safeguard.ErrUnread)

		rep, err := n.Check(ctx, nil)
		must(t, err)
		if !rep.OK {
			t.Error(rep.Faults)
		}
	})
}

func TestLimits(t *testing.T) {
	n := start(t, store.SQLite)
	s := n.Safeguard
	a := n.officer(t, "centre", "MA-ERR-MJ1")
	must(t, s.SetKey(ctx, a, pass, false))
	for range safeguard.MaxSent {
		_, err := s.Report(ctx, "a", n.centre, safeguard.Worry{What: "x"})
		must(t, err)
	}
	_, err := s.Report(ctx, "a", n.centre, safeguard.Worry{What: "x"})
	fails(t, err, safeguard.ErrOften)
	_, err = s.Report(ctx, "b", n.centre, safeguard.Worry{What: "x"})
	must(t, err)
	for range safeguard.MaxWrong {
		if err := s.Unlock(ctx, a, "t", "wrong"); err == nil || errors.Is(err, safeguard.ErrTries) {
			t.Error(err)
		}
	}
	fails(t, s.Unlock(ctx, a, "t", pass), safeguard.ErrTries)
	n.clock.Set(testnode.Epoch.Add(time.Hour))
	must(t, s.Unlock(ctx, a, "t", pass))
}

// Whoever holds the folder, its database and its log finds nothing of a report.
func TestNothingOnDisk(t *testing.T) {
	n := start(t, store.SQLite)
	a := n.officer(t, "centre", "MA-ERR-MJ1")
	must(t, n.Safeguard.SetKey(ctx, a, pass, false))
	secret := "zqxjkvbp-un-secret-denfant"
	c, err := n.Safeguard.Report(ctx, "10.9.8.7", n.centre, safeguard.Worry{What: secret, Who: secret + "w", When: secret, Reply: secret})
	must(t, err)
	must(t, n.Safeguard.Unlock(ctx, a, "token-of-a-session", pass))
	must(t, n.Safeguard.Note(ctx, access.Everywhere(), a, "token-of-a-session", c, safeguard.Step{What: "assessed", Text: secret}, ""))
	seen, kind := 0, false
	look := func(when string) {
		must(t, filepath.WalkDir(n.dir, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			seen++
			kind = kind || bytes.Contains(b, []byte("safeguarding.reported"))
			for _, w := range []string{secret, pass, "10.9.8.7"} {
				if bytes.Contains(b, []byte(w)) {
					t.Errorf("%s: %s holds %q", when, p, w)
				}
			}
			return nil
		}))
	}
	look("running")
	must(t, n.House.Close())
	look("closed")
	if seen < 3 || !kind {
		t.Errorf("%d files read, the fact among them: %v", seen, kind)
	}
	n.House, err = house.Open(ctx, house.Config{Dir: n.dir, Now: n.clock.Now})
	must(t, err)
	_, err = n.Safeguard.Read(ctx, access.Everywhere(), a, "token-of-a-session", c)
	fails(t, err, safeguard.ErrLocked) // no key outlives the process
}

// A case from before cases had keys of their own is wrapped as it is; it opens, and is shared as it was.
func TestCaseWithoutItsOwnKey(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := start(t, e)
		s, all := n.Safeguard, access.Everywhere()
		a := n.officer(t, "centre", "MA-ERR-MJ1")
		must(t, s.SetKey(ctx, a, pass, false))
		near, err := s.Nearest(ctx, n.DB, n.centre)
		must(t, err)
		c, key := id.New(), seal.NewContentKey()
		sealed, err := seal.SealContent(key, "tizi safeguarding "+c.String(), []byte(`{"what":"avant"}`))
		must(t, err)
		w, err := seal.WrapFor(near[0].Public, "tizi safeguarding "+c.String(), key)
		must(t, err)
		stream := "centre/" + n.centre.String()
		_, err = n.Log.Do(ctx, fact.Command{Name: "report as before", Stream: stream, Run: func(context.Context, store.Querier) (fact.Outcome, error) {
			return fact.Outcome{Facts: []fact.New{{Stream: stream, Kind: safeguard.KindReported, Subject: c, Born: true, Body: safeguard.Reported{Centre: n.centre, At: 1, For: []safeguard.Wrap{{Key: near[0].Key, Wrapped: w}}, Sealed: sealed}}}}, nil
		}})
		must(t, err)
		b := n.officer(t, "pays", "MA")
		must(t, s.SetKey(ctx, b, pass, false))
		must(t, s.Unlock(ctx, a, "a", pass))
		must(t, s.Unlock(ctx, b, "b", pass))
		if shared, unread, err := s.Share(ctx, all, a, "a"); err != nil || shared != 1 || unread != 0 {
			t.Errorf("shared %d, unread %d, %v", shared, unread, err)
		}
		must(t, s.Note(ctx, all, b, "b", c, safeguard.Step{What: "spoke", Text: "après"}, ""))
		f, err := s.Read(ctx, all, a, "a", c)
		must(t, err)
		if f.Worry.What != "avant" || len(f.Entries) != 1 || f.Entries[0].Text != "après" {
			t.Errorf("read %+v", f)
		}
	})
}
