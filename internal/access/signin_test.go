package access_test

import (
	"encoding/base32"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/store"
	"tizi/internal/testnode"
)

// phone is an authenticator app: it knows a secret and the time.
type phone struct {
	secret []byte
	now    func() time.Time
}

func photograph(t testing.TB, h *house.House, acc *access.Account, clock *testnode.Time) phone {
	t.Helper()
	f, err := h.Access.BeginFactor(ctx, acc)
	must(t, err)
	u, err := url.Parse(f.URL)
	must(t, err)
	if u.Scheme != "otpauth" || u.Host != "totp" || u.Query().Get("secret") != f.Secret {
		t.Fatalf("an app cannot read %s", f.URL)
	}
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(f.Secret)
	must(t, err)
	return phone{secret, clock.Now}
}

func (p phone) code(later int64) string {
	return access.OneTimeCode(p.secret, p.now().Add(time.Duration(later)*30*time.Second))
}

// The test vectors of RFC 6238, appendix B, for SHA-1, at 6 digits.
func TestOneTimeCodes(t *testing.T) {
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		is(t, fmt.Sprint("at ", at), access.OneTimeCode([]byte("12345678901234567890"), time.Unix(at, 0)), want)
	}
}

func TestSecondFactor(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, clock := open(t, e)
		nadia := owner(t, h)
		p := photograph(t, h, nadia, clock)
		again := photograph(t, h, nadia, clock)
		is(t, "the picture after a reload", string(again.secret), string(p.secret))
		_, err := h.Access.SignIn(ctx, "nadia", secret, "", "1")
		must(t, err) // not confirmed yet: nobody is locked out by half a set-up
		refused(t, "a wrong first code", h.Access.ConfirmFactor(ctx, nadia, "000000"), access.ErrWrongCode)
		must(t, h.Access.ConfirmFactor(ctx, nadia, " "+p.code(0)[:3]+" "+p.code(0)[3:]))
		var sealed string
		_, err = store.One(ctx, h.DB, "SELECT secret FROM access_factor", nil, &sealed)
		must(t, err)
		if strings.Contains(sealed, string(p.secret)) {
			t.Error("the secret lies open")
		}
		_, err = h.Access.BeginFactor(ctx, nadia)
		refused(t, "showing the secret again", err, access.ErrNoFactor)

		ticket := func() string {
			t.Helper()
			token, err := h.Access.SignIn(ctx, "nadia", secret, "", "1")
			var more *access.SecondFactor
			if !errors.As(err, &more) || token != "" {
				t.Fatalf("a passphrase alone signs in: %v", err)
			}
			return more.Ticket
		}
		enter := func(ticket, code string) error {
			token, err := h.Access.EnterCode(ctx, ticket, code, "", "1")
			if err == nil {
				is(t, "who", who(t, h, token), "nadia")
			}
			return err
		}
		k := ticket()
		refused(t, "the code that set it up", enter(k, p.code(0)), access.ErrWrongCode)
		clock.Move(30 * time.Second)
		must(t, enter(k, p.code(0)))
		refused(t, "the ticket again", enter(k, p.code(1)), access.ErrTicket)
		k = ticket()
		refused(t, "the code again", enter(k, p.code(0)), access.ErrWrongCode)
		must(t, enter(k, p.code(1))) // the phone is a little ahead
		clock.Move(5 * time.Minute)
		k = ticket()
		refused(t, "a code of long ago", enter(k, p.code(-3)), access.ErrWrongCode)
		must(t, enter(k, p.code(-1)))
		refused(t, "no ticket", enter("", p.code(0)), access.ErrTicket)
		refused(t, "a session for a ticket", enter("x", p.code(0)), access.ErrTicket)
		k = ticket()
		clock.Move(access.TicketLife)
		refused(t, "a ticket of before", enter(k, p.code(0)), access.ErrTicket)

		// Guessing ends after five, also with other tickets, and the right code does not help.
		clock.Move(access.TryWindow)
		k = ticket()
		for range access.MaxTries {
			refused(t, "a guess", enter(k, "123"), access.ErrWrongCode)
		}
		k = ticket()
		refused(t, "one more", enter(k, p.code(0)), access.ErrTooManyTries)
		refused(t, "to remove it", h.Access.DropFactor(ctx, nadia, p.code(0)), access.ErrTooManyTries)
		clock.Move(access.TryWindow)
		refused(t, "removing it without a code", h.Access.DropFactor(ctx, nadia, ""), access.ErrWrongCode)
		must(t, h.Access.DropFactor(ctx, nadia, p.code(0)))
		_, err = h.Access.SignIn(ctx, "nadia", secret, "", "1")
		must(t, err)
	})
}

func TestPrintedCodes(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, clock := country(t, e)
		nadia, fatima := owner(t, h), somebody(t, h, "fatima", access.Centre, box)
		codes, err := h.Access.PrintSheet(ctx, nadia.ID)
		must(t, err)
		is(t, "codes", len(codes), access.SheetCodes)
		must(t, h.DB.Each(ctx, "SELECT hash FROM access_recovery", nil, func(r store.Row) error {
			var b []byte
			err := r.Scan(&b)
			for _, c := range codes {
				if strings.Contains(string(b), c) {
					t.Error("a code lies open")
				}
			}
			return err
		}))
		p := photograph(t, h, nadia, clock)
		must(t, h.Access.ConfirmFactor(ctx, nadia, p.code(0)))
		old, err := h.Access.Begin(ctx, nadia.ID, "")
		must(t, err)
		use := func(login, code, pass string) error {
			token, err := h.Access.Recover(ctx, login, code, pass, "", "1")
			if err == nil && who(t, h, token) != strings.ToLower(strings.TrimSpace(login)) {
				t.Errorf("%s is somebody else", login)
			}
			return err
		}
		refused(t, "somebody else's", use("fatima", codes[0], "another phrase"), access.ErrWrongCode)
		refused(t, "of nobody", use("nobody", codes[0], "another phrase"), access.ErrWrongCode)
		refused(t, "no code", use("nadia", "", "another phrase"), access.ErrWrongCode)
		refused(t, "a short passphrase", use("nadia", codes[0], "kurz"), access.ErrPassphraseShort)
		must(t, use(" Nadia", strings.ToLower(strings.ReplaceAll(codes[0], "-", " ")), "another phrase"))
		is(t, "the session of before", who(t, h, old), "")
		refused(t, "the code again", use("nadia", codes[0], "a third phrase"), access.ErrWrongCode)
		_, err = h.Access.SignIn(ctx, "nadia", "another phrase", "", "1")
		must(t, err) // the phone that was lost is not asked for
		n, err := h.Access.Codes(ctx, nadia.ID)
		must(t, err)
		is(t, "codes left", n, access.SheetCodes-1)

		// As a second factor too, for whoever still knows the passphrase.
		nadia = get(t, h, nadia.ID)
		clock.Move(time.Minute)
		p = photograph(t, h, nadia, clock)
		must(t, h.Access.ConfirmFactor(ctx, nadia, p.code(0)))
		_, err = h.Access.SignIn(ctx, "nadia", "another phrase", "", "1")
		var more *access.SecondFactor
		if !errors.As(err, &more) {
			t.Fatal(err)
		}
		_, err = h.Access.EnterCode(ctx, more.Ticket, codes[1], "", "1")
		must(t, err)
		is(t, "it is used up", use("nadia", codes[1], "another phrase"), access.ErrWrongCode)
		if _, err := h.Access.PrintSheet(ctx, nadia.ID); err != nil {
			t.Fatal(err)
		}
		refused(t, "a code of the old sheet", use("nadia", codes[2], "another phrase"), access.ErrWrongCode)

		// A manager prints one for somebody of theirs.
		clock.Move(access.TryWindow)
		_, err = h.Access.Reset(ctx, fatima, nadia.ID, false)
		refused(t, "for somebody above", err, access.ErrDenied)
		_, err = h.Access.Reset(ctx, nadia, nadia.ID, false)
		refused(t, "for oneself", err, access.ErrOwnRole)
		_, err = h.Access.Reset(ctx, nadia, id.New(), false)
		refused(t, "for nobody", err, access.ErrNoAccount)
		code, err := h.Access.Reset(ctx, nadia, fatima.ID, false)
		must(t, err)
		_, err = h.Access.SignIn(ctx, "fatima", secret, "", "1")
		refused(t, "the passphrase of before", err, access.ErrWrong)
		clock.Move(access.CodeLife)
		refused(t, "after its time", use("fatima", code, "another phrase"), access.ErrWrongCode)
		code, err = h.Access.Reset(ctx, nadia, fatima.ID, false)
		must(t, err)
		must(t, use("fatima", code, "another phrase"))

		clock.Move(access.TryWindow)
		for range access.MaxTries {
			refused(t, "a guess", use("fatima", "AAAAA-AAAAA-AAAAA-AAAAA", "another phrase"), access.ErrWrongCode)
		}
		refused(t, "one more", use("fatima", code, "another phrase"), access.ErrTooManyTries)
		// None of it is a fact.
		must(t, h.Log.Facts(ctx, h.DB, "1 = 1", nil, func(f *fact.Fact) error {
			for _, c := range append(codes, code, string(p.secret)) {
				if strings.Contains(string(f.Body), c) {
					t.Errorf("%s holds a secret", f.Kind)
				}
			}
			return nil
		}))
	})
}

func TestPasskeys(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, clock := country(t, e)
		nadia, fatima := owner(t, h), somebody(t, h, "fatima", access.Centre, box)
		const host, origin = "tizi.example.org", "https://tizi.example.org"
		for address, want := range map[string]bool{"localhost:8080": true, "box.localhost": true, host: true, "192.168.1.10:8080": false, "[::1]:8080": false, "tizi": false, "": false} {
			is(t, "passkeys at "+address, access.PasskeysAt(address), want)
		}
		_, _, err := h.Access.BeginPasskeySignIn(ctx, "192.168.1.10")
		refused(t, "at an address without a name", err, access.ErrNoPasskeys)
		add := func(acc *access.Account, d *authenticator) error {
			ask, ticket, err := h.Access.BeginPasskey(ctx, acc, host)
			must(t, err)
			return h.Access.AddPasskey(ctx, acc, host, ticket, "  Phone ", d.create(ask))
		}
		in := func(d *authenticator) (string, error) {
			ask, ticket, err := h.Access.BeginPasskeySignIn(ctx, host)
			must(t, err)
			token, err := h.Access.SignInPasskey(ctx, host, ticket, d.get(ask), "", "1")
			return who(t, h, token), err
		}
		phone := newAuthenticator(t, origin)
		lying := newAuthenticator(t, "https://tizi.example.org.evil.example")
		refused(t, "made on another page", add(nadia, lying), access.ErrPasskey)
		untouched := newAuthenticator(t, origin)
		untouched.unverified = true
		refused(t, "made without a finger", add(nadia, untouched), access.ErrPasskey)
		must(t, add(nadia, phone))
		refused(t, "twice", add(fatima, phone), access.ErrPasskeyTaken)
		phone.user = nadia.ID[:]
		l, err := h.Access.Passkeys(ctx, nadia.ID)
		must(t, err)
		if len(l) != 1 || l[0].Name != "Phone" || !l[0].Used.IsZero() {
			t.Errorf("got %+v", l)
		}
		got, err := in(phone)
		must(t, err)
		is(t, "who", got, "nadia")
		l, err = h.Access.Passkeys(ctx, nadia.ID)
		must(t, err)
		is(t, "used", l[0].Used.Unix(), clock.Now().Unix())

		// An answer is good once, for the question that was asked, by the one who asked it.
		ask, ticket, err := h.Access.BeginPasskeySignIn(ctx, host)
		must(t, err)
		answer := phone.get(ask)
		_, err = h.Access.SignInPasskey(ctx, host, ticket, answer, "", "1")
		must(t, err)
		_, err = h.Access.SignInPasskey(ctx, host, ticket, answer, "", "1")
		refused(t, "the answer again", err, access.ErrTicket)
		_, ticket, err = h.Access.BeginPasskeySignIn(ctx, host)
		must(t, err)
		_, err = h.Access.SignInPasskey(ctx, host, ticket, answer, "", "1")
		refused(t, "an old answer to a new question", err, access.ErrPasskey)
		_, ticket, err = h.Access.BeginPasskey(ctx, nadia, host)
		must(t, err)
		_, err = h.Access.SignInPasskey(ctx, host, ticket, answer, "", "1")
		refused(t, "a ticket for something else", err, access.ErrTicket)

		for what, spoil := range map[string]func(*authenticator){
			"another key":       func(d *authenticator) { d.forged = true },
			"nobody touched it": func(d *authenticator) { d.unverified = true },
			"another page":      func(d *authenticator) { d.origin = "https://evil.example" },
			"plain http":        func(d *authenticator) { d.origin = "http://tizi.example.org" },
			"somebody else's":   func(d *authenticator) { d.user = fatima.ID[:] },
			"nobody's":          func(d *authenticator) { d.user = []byte("x") },
			"unknown":           func(d *authenticator) { d.id = append([]byte{^d.id[0]}, d.id[1:]...) },
			"a copy of the key": func(d *authenticator) { d.counter = 0 },
		} {
			d := *phone
			spoil(&d)
			got, err := in(&d)
			if !errors.Is(err, access.ErrPasskey) || got != "" {
				t.Errorf("%s: got %q, %v", what, got, err)
			}
		}
		_, ticket, err = h.Access.BeginPasskeySignIn(ctx, host)
		must(t, err)
		_, err = h.Access.SignInPasskey(ctx, host, ticket, []byte("no json"), "", "1")
		refused(t, "nonsense", err, access.ErrPasskey)
		got, err = in(phone)
		must(t, err)
		is(t, "who, after all that", got, "nadia")
		// A second factor is not asked for: the passkey is both.
		p := photograph(t, h, nadia, clock)
		must(t, h.Access.ConfirmFactor(ctx, nadia, p.code(0)))
		_, err = in(phone)
		must(t, err)
		refused(t, "removing somebody else's", h.Access.DropPasskey(ctx, fatima.ID, l[0].ID), access.ErrPasskey)
		other := newAuthenticator(t, origin)
		must(t, add(fatima, other))
		_, err = h.Access.Reset(ctx, nadia, fatima.ID, false)
		must(t, err)
		got, err = in(other)
		must(t, err)
		is(t, "after a reset that keeps passkeys", got, "fatima")
		_, err = h.Access.Reset(ctx, nadia, fatima.ID, true)
		must(t, err)
		_, err = in(other)
		refused(t, "after a reset that does not", err, access.ErrPasskey)
		must(t, h.Access.DropPasskey(ctx, nadia.ID, l[0].ID))
		_, err = in(phone)
		refused(t, "removed", err, access.ErrPasskey)
		must(t, add(fatima, other))
		must(t, h.Access.SetClosed(ctx, nadia, fatima.ID, true))
		_, err = in(other)
		refused(t, "of a closed account", err, access.ErrPasskey)
		for range access.MaxTries * 4 {
			in(phone)
		}
		_, err = in(phone)
		refused(t, "trying again and again", err, access.ErrTooManyTries)
	})
}

// Who a provider vouches for is bound to the provider's own name for the person, not to a login that is given out again.
func TestSignInOutside(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, _ := country(t, e)
		fatima := somebody(t, h, "fatima", access.Centre, box)
		in := func(issuer, subject, login string) (string, error) {
			token, err := h.Access.SignInOutside(ctx, issuer, subject, login, "")
			return who(t, h, token), err
		}
		_, err := in("i", "1", "unknown")
		refused(t, "nobody here", err, access.ErrNotHere)
		_, err = in("i", "1", "")
		refused(t, "no login", err, access.ErrNotHere)
		got, err := in("i", "1", " Fatima")
		must(t, err)
		is(t, "who", got, "fatima")
		got, err = in("i", "1", "renamed there")
		must(t, err)
		is(t, "renamed there", got, "fatima")
		_, err = in("i", "2", "fatima")
		refused(t, "somebody new with an old login", err, access.ErrNotHere)
		got, err = in("j", "1", "fatima")
		must(t, err)
		is(t, "of another provider", got, "fatima")
		must(t, h.Access.SetClosed(ctx, owner(t, h), fatima.ID, true))
		_, err = in("i", "1", "fatima")
		refused(t, "closed", err, access.ErrNotHere)
	})
}

func TestSessionsAreListed(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, clock := open(t, e)
		nadia := owner(t, h)
		a, err := h.Access.SignIn(ctx, "nadia", secret, "Firefox", "1")
		must(t, err)
		clock.Move(time.Hour)
		b, err := h.Access.SignIn(ctx, "nadia", secret, "Chrome", "1")
		must(t, err)
		l, err := h.Access.Sessions(ctx, nadia.ID, b)
		must(t, err)
		if len(l) != 2 || l[0].Agent != "Chrome" || !l[0].Current || l[1].Current || l[1].Created.Unix() != testnode.Epoch.Unix() {
			t.Fatalf("got %+v", l)
		}
		refused(t, "somebody else's", h.Access.EndSession(ctx, id.New(), l[1].Handle), access.ErrNoSession)
		refused(t, "by its token", h.Access.EndSession(ctx, nadia.ID, a), access.ErrNoSession)
		must(t, h.Access.EndSession(ctx, nadia.ID, l[1].Handle))
		is(t, "ended", who(t, h, a), "")
		is(t, "the other", who(t, h, b), "nadia")
		a, err = h.Access.SignIn(ctx, "nadia", secret, "", "1")
		must(t, err)
		must(t, h.Access.EndOthers(ctx, nadia.ID, a))
		is(t, "the others", who(t, h, b), "")
		is(t, "this one", who(t, h, a), "nadia")
		b, err = h.Access.SignIn(ctx, "nadia", secret, "", "1")
		must(t, err)
		refused(t, "a wrong old passphrase", h.Access.ChangePassphrase(ctx, nadia.ID, a, "wrong", "another phrase"), access.ErrWrong)
		refused(t, "a short new one", h.Access.ChangePassphrase(ctx, nadia.ID, a, secret, "kurz"), access.ErrPassphraseShort)
		must(t, h.Access.ChangePassphrase(ctx, nadia.ID, a, secret, "another phrase"))
		is(t, "this one", who(t, h, a), "nadia")
		is(t, "the other", who(t, h, b), "")
		for range access.MaxTries - 1 {
			refused(t, "a guess", h.Access.CheckOwn(ctx, nadia.ID, "wrong"), access.ErrWrong)
		}
		refused(t, "one more", h.Access.CheckOwn(ctx, nadia.ID, "another phrase"), access.ErrTooManyTries)
		clock.Move(access.SessionIdle + time.Second)
		l, err = h.Access.Sessions(ctx, nadia.ID, a)
		must(t, err)
		is(t, "sessions that ended by themselves", len(l), 0)
	})
}
