package access_test

import (
	"context"
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
	"tizi/internal/testhouse"
	"tizi/internal/testnode"
)

var (
	ctx  = context.Background()
	must = testnode.Must
)

const secret = "une phrase de passe"

// open is a founded node whose clock the test moves; its owner signs in as nadia.
func open(t testing.TB, e store.Engine) (*house.House, *testnode.Time) {
	t.Helper()
	clock := &testnode.Time{}
	clock.Set(testnode.Epoch)
	at := testhouse.Place(t, e)
	h, err := house.Create(ctx, house.Config{Dir: t.TempDir(), Store: &at, Now: clock.Now})
	must(t, err)
	t.Cleanup(func() { h.Close() })
	must(t, h.Found(ctx, house.Founding{Country: "ma", Centre: "MA-ERR-MJ1", Owner: "Nadia", Login: "Nadia", Passphrase: secret, Lang: "fr"}))
	return h, clock
}

func count(t testing.TB, h *house.House, from string, args ...any) (n int) {
	t.Helper()
	_, err := store.One(ctx, h.DB, "SELECT count(*) FROM "+from, args, &n)
	must(t, err)
	return n
}

func is(t testing.TB, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func refused(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func who(t testing.TB, h *house.House, token string) string {
	t.Helper()
	acc, err := h.Access.Who(ctx, token)
	must(t, err)
	if acc == nil {
		return ""
	}
	return acc.Login
}

// What nobody may do is a mistake, and so is a manager's narrower role that may do more.
func TestTableOfPermissions(t *testing.T) {
	managers := []access.Role{access.National, access.Region, access.Centre}
	for _, a := range access.Actions {
		if a == access.Learn { // nobody's who has an account: who learns comes in at a door of their own
			continue
		}
		if !slices.ContainsFunc(access.Roles, func(r access.Role) bool { return access.Reach(r, a) != access.Nothing }) {
			t.Errorf("nobody may do %s", a)
		}
		for i, r := range managers[1:] {
			if access.Reach(r, a) > access.Reach(managers[i], a) {
				t.Errorf("%s may do %s, %s above may not", r, a, managers[i])
			}
		}
	}
	for _, r := range append(slices.Clone(access.Roles), access.Glass) {
		if !slices.ContainsFunc(access.Actions, func(a access.Action) bool { return access.Allows(r, a) }) {
			t.Errorf("%s may do nothing", r)
		}
		if access.Allows(r, "everything") {
			t.Errorf("%s may do what is no action", r)
		}
	}
	// Who only reads changes nothing; who reads numbers only sees no names.
	writes := []access.Action{access.WritePeople, access.ImportPeople, access.MergePeople, access.ErasePeople, access.ExportPeople, access.WriteConsent, access.WriteGroups, access.TakeAttendance,
		access.WriteAccounts, access.WriteProgrammes, access.WritePlaces}
	names := []access.Action{access.ReadPeople, access.ListPeople, access.ReadGroups, access.ReadConsent, access.ReadSafeguarding}
	for _, r := range []access.Role{access.Partner, access.Auditor, access.Author, access.Glass} {
		for _, a := range writes {
			if access.Reach(r, a) != access.Nothing {
				t.Errorf("%s may do %s", r, a)
			}
		}
		for _, a := range names {
			if access.Allows(r, a) && r != access.Glass {
				t.Errorf("%s sees names by %s", r, a)
			}
		}
	}
	for _, a := range writes {
		if access.Allows(access.Trainer, a) && a != access.TakeAttendance || access.Allows(access.Helper, a) && a != access.TakeAttendance {
			t.Errorf("a trainer or helper may do %s", a)
		}
	}
	for _, a := range []access.Action{access.ReadPeople, access.ReadGroups, access.TakeAttendance} {
		if access.Reach(access.Trainer, a) != access.Own {
			t.Errorf("a trainer may do %s beyond their own groups", a)
		}
	}
	for _, r := range access.Roles {
		if r != access.Officer && access.Reach(r, access.ReadSafeguarding) != access.Nothing {
			t.Errorf("%s reads cases", r)
		}
	}
	if access.Allows("", access.ReadBoard) {
		t.Error("nobody at all may read the board")
	}
}

// The scope of each role is the centres below its place, and as SQL it selects just those.
func TestScope(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, _ := open(t, e)
		must(t, h.Places.LoadCountry(ctx, id.Nil, "ma", true))
		tree, err := h.Places.Tree(ctx, h.DB)
		must(t, err)
		centres := func(code string) (out []id.ID) {
			for _, c := range tree.Within(place.ID(code)) {
				out = append(out, c.ID)
			}
			slices.SortFunc(out, func(a, b id.ID) int { return slices.Compare(a[:], b[:]) })
			return out
		}
		selects := func(s access.Scope) (out []id.ID) {
			where, args := s.SQL("id")
			must(t, h.DB.Each(ctx, "SELECT id FROM place WHERE type = 'centre' AND "+where+" ORDER BY id", args, func(r store.Row) error {
				var v id.ID
				err := r.Scan(&v)
				out = append(out, v)
				return err
			}))
			return out
		}
		if len(centres("MA-08")) == 0 || len(centres("MA")) == len(centres("MA-08")) {
			t.Fatal("the country has no centres to tell apart")
		}
		for i, c := range []struct {
			held   []access.Held
			action access.Action
			want   []id.ID
		}{
			{[]access.Held{{Role: access.National, On: access.Place(place.ID("MA"))}}, access.WriteProgrammes, centres("MA")},
			{[]access.Held{{Role: access.Region, On: access.Place(place.ID("MA-08"))}}, access.ReadPeople, centres("MA-08")},
			{[]access.Held{{Role: access.Region, On: access.Place(place.ID("MA-08"))}}, access.WriteProgrammes, nil},
			{[]access.Held{{Role: access.Centre, On: access.Place(place.ID("MA-ERR-MJ1"))}}, access.ReadPeople, []id.ID{place.ID("MA-ERR-MJ1")}},
			{[]access.Held{{Role: access.Trainer, On: access.Place(place.ID("MA-08"))}, {Role: access.Centre, On: access.Place(place.ID("MA-ERR-MJ1"))}}, access.WritePeople, []id.ID{place.ID("MA-ERR-MJ1")}},
			{[]access.Held{{Role: access.Centre, On: access.Place(place.ID("nowhere"))}}, access.ReadPeople, nil},
			{nil, access.ReadBoard, nil},
		} {
			s, err := h.Access.Scope(ctx, h.DB, &access.Account{Roles: c.held}, c.action)
			must(t, err)
			if got := selects(s); !slices.Equal(got, c.want) {
				t.Errorf("%d: selects %d centres, want %d", i, len(got), len(c.want))
			}
			if s.None() != (len(c.want) == 0) {
				t.Errorf("%d: nowhere is %v", i, s.None())
			}
		}
		nobody, err := h.Access.Scope(ctx, h.DB, nil, access.ReadBoard)
		must(t, err)
		is(t, "nobody's centres", len(selects(nobody)), 0)
		// Narrowing never widens.
		region := access.At(centres("MA-08")...)
		is(t, "narrowed", len(selects(region.Within([]id.ID{place.ID("MA-ERR-MJ1"), place.ID("MA-RAB"), id.New()}))), len(selects(access.At(place.ID("MA-ERR-MJ1")))))
		is(t, "narrowed to nothing", len(selects(access.Everywhere().Within(nil))), 0)
	})
}

func TestTries(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, clock := open(t, e)
		in := func(login, pass, from string) error {
			_, err := h.Access.SignIn(ctx, login, pass, "browser", from)
			return err
		}
		must(t, in(" NADIA ", secret, "1"))
		for range access.MaxTries {
			refused(t, "a wrong passphrase", in("nadia", secret+"!", "1"), access.ErrWrong)
		}
		refused(t, "one try more", in("nadia", secret, "1"), access.ErrTooManyTries)
		refused(t, "one try more in capitals", in("Nadia ", secret, "1"), access.ErrTooManyTries)
		is(t, "sessions", count(t, h, "access_session"), 1)
		must(t, in("nadia", secret, "2")) // her own place is not shut by another's guesses
		clock.Move(access.TryWindow - time.Second)
		refused(t, "a second too early", in("nadia", secret, "1"), access.ErrTooManyTries)
		clock.Move(2 * time.Second)
		must(t, in("nadia", secret, "1"))

		// Guessing goes on from other places, but not for ever.
		for from := range 6 {
			for range access.MaxTries {
				refused(t, "a wrong passphrase", in("nadia", secret+"!", fmt.Sprint("far ", from)), access.ErrWrong)
			}
		}
		refused(t, "from anywhere", in("nadia", secret, "5"), access.ErrTooManyTries)
		clock.Move(access.TryWindow)

		// Somebody who tries many logins from one place is stopped too, and stops nobody else.
		for i := range access.MaxTries * 4 {
			refused(t, "a guess", in(fmt.Sprint("nobody", i), secret, "3"), access.ErrWrong)
		}
		refused(t, "from the same place", in("nadia", secret, "3"), access.ErrTooManyTries)
		must(t, in("nadia", secret, "4"))
		clock.Move(access.TryWindow)
		refused(t, "later", in("nobody", secret, "3"), access.ErrWrong)
		is(t, "tries kept", count(t, h, "access_try"), 3) // those of the window alone
	})
}

// Tries that are made at once are counted as those made one after the other, and nothing that was typed is kept.
func TestTriesAtOnce(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, _ := open(t, e)
		const n = 40
		done := make(chan error, n)
		for range n {
			go func() {
				_, err := h.Access.SignIn(ctx, "nadia", secret+"!", "browser", "1")
				done <- err
			}()
		}
		wrong := 0
		for range n {
			if err := <-done; errors.Is(err, access.ErrWrong) {
				wrong++
			} else {
				refused(t, "one of many", err, access.ErrTooManyTries)
			}
		}
		is(t, "passphrases that were tried", wrong, access.MaxTries)
		_, err := h.Access.SignIn(ctx, secret, "", "browser", "2")
		refused(t, "the passphrase in the field of the login", err, access.ErrWrong)
		is(t, "tries that say it", count(t, h, "access_try"), count(t, h, "access_try WHERE who NOT LIKE ?", "%"+secret+"%"))
	})
}

// A login that nobody has, and one whose account has no passphrase, are refused as a wrong passphrase is: with the same
// words, and after the same work.
func TestUnknownLoginIsNotTold(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, _ := open(t, e)
		_, err := h.Access.Open(ctx, id.Nil, access.Newcomer{Name: "Hassan", Login: "hassan", Role: access.Trainer, On: access.Place(place.ID("MA")), Stream: "hub"})
		must(t, err)
		hashes, stop := access.CountHashes()
		defer stop()
		for _, login := range []string{"nadia", "nobody", "hassan", "", "' OR 1 = 1 --"} {
			before := hashes()
			_, err := h.Access.SignIn(ctx, login, "wrong passphrase", "", "1")
			if fmt.Sprint(err) != access.ErrWrong.Error() {
				t.Errorf("%q: got %v", login, err)
			}
			is(t, "hashes for "+login, hashes()-before, 1)
		}
		for _, pass := range []string{"", "\x00", strings.Repeat("x", 32)} {
			if _, err := h.Access.SignIn(ctx, "hassan", pass, "", "2"); !errors.Is(err, access.ErrWrong) {
				t.Errorf("%q signs in where there is no passphrase: %v", pass, err)
			}
		}
		is(t, "sessions", count(t, h, "access_session"), 0)
	})
}

func TestSessions(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, clock := open(t, e)
		in := func() string {
			token, err := h.Access.SignIn(ctx, "nadia", secret, strings.Repeat("é", 150), "1")
			must(t, err)
			return token
		}
		token := in()
		is(t, "who", who(t, h, token), "nadia")
		must(t, h.DB.Each(ctx, "SELECT token FROM access_session", nil, func(r store.Row) error {
			var stored []byte
			if err := r.Scan(&stored); err != nil || strings.Contains(string(stored), token) {
				t.Errorf("the token is stored as it is, or %v", err)
			}
			return nil
		}))
		for _, other := range []string{"", "x", token + "x", strings.ToUpper(token)} {
			is(t, "who with another token", who(t, h, other), "")
		}
		clock.Move(access.SessionIdle)
		is(t, "after the longest pause", who(t, h, token), "nadia")
		clock.Move(access.SessionIdle + time.Second)
		is(t, "after a longer one", who(t, h, token), "")
		is(t, "sessions", count(t, h, "access_session"), 0)

		token = in() // used all day, it still ends
		for d := time.Duration(0); d < access.SessionLife; d += access.SessionIdle / 2 {
			is(t, fmt.Sprint("after ", d), who(t, h, token), "nadia")
			clock.Move(access.SessionIdle / 2)
		}
		clock.Move(time.Second)
		is(t, "after its life", who(t, h, token), "")

		a, b := in(), in()
		must(t, h.Access.End(ctx, a))
		is(t, "ended", who(t, h, a), "")
		is(t, "the other", who(t, h, b), "nadia")
		refused(t, "short", h.Access.SetPassphrase(ctx, "nadia", "  kurz      "), access.ErrPassphraseShort)
		refused(t, "long", h.Access.SetPassphrase(ctx, "nadia", strings.Repeat("x", 201)), access.ErrPassphraseLong)
		refused(t, "nobody", h.Access.SetPassphrase(ctx, "nobody", secret), access.ErrNoAccount)
		is(t, "after refusals", who(t, h, b), "nadia")
		must(t, h.Access.SetPassphrase(ctx, " Nadia ", "another phrase"))
		is(t, "after a new passphrase", who(t, h, b), "")
		if _, err := h.Access.SignIn(ctx, "nadia", secret, "", "1"); !errors.Is(err, access.ErrWrong) {
			t.Errorf("the old passphrase: got %v", err)
		}
		_, err := h.Access.SignIn(ctx, "nadia", "another phrase", "", "1")
		must(t, err)
	})
}

func TestNewcomers(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, _ := open(t, e)
		n := access.Newcomer{Name: "Hassan", Login: "hassan", Role: access.Trainer, On: access.Place(place.ID("MA-ERR-MJ1")), Stream: "hub", Passphrase: secret}
		size, err := h.Log.Count(ctx, h.DB)
		must(t, err)
		for what, c := range map[string]struct {
			change func(*access.Newcomer)
			want   error
		}{
			"no name":                 {func(n *access.Newcomer) { n.Name = " " }, access.ErrNameEmpty},
			"short login":             {func(n *access.Newcomer) { n.Login = "h" }, access.ErrLoginForm},
			"long login":              {func(n *access.Newcomer) { n.Login = strings.Repeat("h", 41) }, access.ErrLoginForm},
			"blank in login":          {func(n *access.Newcomer) { n.Login = "has san" }, access.ErrLoginForm},
			"accent":                  {func(n *access.Newcomer) { n.Login = "hassané" }, access.ErrLoginForm},
			"taken":                   {func(n *access.Newcomer) { n.Login = " NaDia" }, access.ErrLoginTaken},
			"short":                   {func(n *access.Newcomer) { n.Passphrase = "123456789" }, access.ErrPassphraseShort},
			"no passphrase, no name":  {func(n *access.Newcomer) { n.Passphrase, n.Name = "", "" }, access.ErrNameEmpty},
			"no passphrase, no login": {func(n *access.Newcomer) { n.Passphrase, n.Login = "", "" }, access.ErrLoginForm},
		} {
			m := n
			c.change(&m)
			_, err := h.Access.Open(ctx, id.Nil, m)
			refused(t, what, err, c.want)
		}
		again, err := h.Log.Count(ctx, h.DB)
		must(t, err)
		is(t, "facts of refusals", again, size)
		// One login for two who ask at once.
		done := make(chan error, 2)
		for range 2 {
			go func() {
				_, err := h.Access.Open(ctx, id.Nil, n)
				done <- err
			}()
		}
		a, b := <-done, <-done
		if (a == nil) == (b == nil) || !errors.Is(errors.Join(a, b), access.ErrLoginTaken) {
			t.Errorf("got %v and %v", a, b)
		}
		l, err := h.Access.List(ctx, h.DB)
		must(t, err)
		is(t, "accounts", len(l), 2)
		_, err = h.Access.SignIn(ctx, "hassan", secret, "", "1")
		must(t, err)
		// What identifies somebody stands in no fact that all nodes get.
		must(t, h.Log.Facts(ctx, h.DB, "1 = 1", nil, func(f *fact.Fact) error {
			if b := strings.ToLower(string(f.Body)); strings.Contains(b, "hassan") || strings.Contains(b, "nadia") {
				t.Errorf("%s names somebody in the open: %s", f.Kind, b)
			}
			return nil
		}))
	})
}
