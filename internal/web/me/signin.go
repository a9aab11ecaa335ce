package me

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"

	"tizi/internal/access"
	"tizi/internal/i18n"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

// Routes adds the routes of this door.
func Routes(d *door.Door) {
	d.Handle("GET /signin", door.Public, signIn)
	d.Handle("POST /signin", door.Public, signInGiven)
	d.Handle("GET /signin/code", door.Public, code)
	d.Handle("POST /signin/code", door.Public, codeGiven)
	d.Handle("GET /signin/recover", door.Public, recovery)
	d.Handle("POST /signin/recover", door.Public, recoveryGiven)
	d.Handle("POST /signin/passkey/ask", door.Public, passkeyAsk)
	d.Handle("POST /signin/passkey", door.Public, passkeyGiven)
	d.Handle("GET /signin/outside", door.Public, outside)
	d.Handle("GET /signin/outside/back", door.Public, outsideBack)
	d.Handle("POST /signout", door.Public, signOut)
	meRoutes(d)
}

// ticketCookie carries a browser from one step of signing in to the next.
const ticketCookie = "ticket"

func setTicket(a *door.Ask, ticket string) {
	c := &http.Cookie{Name: ticketCookie, Value: ticket, Path: "/", HttpOnly: true, Secure: shell.Safe(a.R), SameSite: http.SameSiteLaxMode, MaxAge: int(access.TicketLife.Seconds())}
	if ticket == "" {
		c.MaxAge = -1
	}
	http.SetCookie(a.W, c)
}

func ticketOf(a *door.Ask) string {
	c, err := a.R.Cookie(ticketCookie)
	if err != nil {
		return ""
	}
	return c.Value
}

// enter gives the browser its session, the device the person's own language, and sends both on.
func enter(a *door.Ask, token, next string) error {
	a.SignIn(token)
	setTicket(a, "")
	acc, err := a.H.Access.Who(a.R.Context(), token)
	if err != nil {
		return err
	}
	if acc != nil {
		if l, ok := i18n.Parse(acc.Lang); ok {
			shell.SetLang(a.W, a.R, l)
		}
	}
	if next == "" {
		next = "/"
	}
	if a.Script() {
		return a.JSON(struct {
			Go string `json:"go"`
		}{shell.Local(next)})
	}
	return a.Go(next)
}

func signInView(a *door.Ask) SignIn {
	v := SignIn{Login: a.R.FormValue("login"), Next: a.R.FormValue("next"), Passkeys: access.PasskeysAt(a.R.Host)}
	if a.D.Demo {
		v.DemoURL = "/demo"
	}
	if a.D.Sign != nil {
		v.OutsideURL, v.Outside = door.With("/signin/outside", "next", v.Next), a.D.Sign.Name()
	}
	return v
}

func signIn(a *door.Ask) error {
	founded, err := a.D.Founded(a.R.Context())
	if err != nil {
		return err
	}
	if !founded {
		return a.Go("/setup")
	}
	return a.Render("signin/signin", signInView(a))
}

func signInGiven(a *door.Ask) error {
	v := signInView(a)
	token, err := a.H.Access.SignIn(a.R.Context(), v.Login, a.R.PostFormValue("passphrase"), a.R.UserAgent(), a.Address())
	var more *access.SecondFactor
	if errors.As(err, &more) {
		setTicket(a, more.Ticket)
		return a.Go(door.With("/signin/code", "next", v.Next))
	}
	if field, sentence, ok := a.SignInError(err); ok {
		v.Locked = errors.Is(err, access.ErrTooManyTries)
		v.Errors = map[string]string{field: sentence}
		return a.Again("signin/signin", v)
	}
	if err != nil {
		return err
	}
	return enter(a, token, v.Next)
}

func code(a *door.Ask) error {
	if ticketOf(a) == "" {
		return a.Go("/signin")
	}
	return a.Render("signin/code", Code{Next: a.R.FormValue("next")})
}

func codeGiven(a *door.Ask) error {
	v := Code{Next: a.R.FormValue("next"), Typed: a.R.PostFormValue("code")}
	token, err := a.H.Access.EnterCode(a.R.Context(), ticketOf(a), a.R.PostFormValue("code"), a.R.UserAgent(), a.Address())
	if errors.Is(err, access.ErrTicket) {
		setTicket(a, "")
		a.Notify("help", "signin.too_late")
		return a.Go(door.With("/signin", "next", v.Next))
	}
	if field, sentence, ok := a.SignInError(err); ok {
		v.Locked = errors.Is(err, access.ErrTooManyTries)
		v.Errors = map[string]string{field: sentence}
		return a.Again("signin/code", v)
	}
	if err != nil {
		return err
	}
	return enter(a, token, v.Next)
}

func recovery(a *door.Ask) error {
	return a.Render("signin/recover", Recover{Login: a.R.FormValue("login"), MinPassphrase: access.MinPassphrase})
}

func recoveryGiven(a *door.Ask) error {
	v := Recover{Login: a.R.PostFormValue("login"), Typed: a.R.PostFormValue("code"), MinPassphrase: access.MinPassphrase}
	token, err := a.H.Access.Recover(a.R.Context(), v.Login, a.R.PostFormValue("code"), a.R.PostFormValue("passphrase"), a.R.UserAgent(), a.Address())
	if field, sentence, ok := a.SignInError(err); ok {
		if errors.Is(err, access.ErrWrongCode) {
			sentence = a.P.T("signin.recover_wrong")
		}
		v.Locked = errors.Is(err, access.ErrTooManyTries)
		v.Errors = map[string]string{field: sentence}
		return a.Again("signin/recover", v)
	}
	if err != nil {
		return err
	}
	a.Notify("good", "signin.recovered")
	return enter(a, token, "/me")
}

// said answers a script that could not go on.
func said(a *door.Ask, err error) error {
	if _, sentence, ok := a.SignInError(err); ok {
		return a.JSONStatus(http.StatusUnprocessableEntity, struct {
			Message string `json:"message"`
		}{sentence})
	}
	return err
}

// asked is what a script is to ask the browser for.
func asked(a *door.Ask, ask any, ticket string, err error) error {
	if err != nil {
		return said(a, err)
	}
	setTicket(a, ticket)
	return a.JSON(ask)
}

func passkeyAsk(a *door.Ask) error {
	ask, ticket, err := a.H.Access.BeginPasskeySignIn(a.R.Context(), a.R.Host)
	return asked(a, ask, ticket, err)
}

// maxAnswer bounds what a browser answers about a passkey.
const maxAnswer = 64 << 10

func answer(a *door.Ask) ([]byte, error) { return io.ReadAll(io.LimitReader(a.R.Body, maxAnswer)) }

func passkeyGiven(a *door.Ask) error {
	b, err := answer(a)
	if err != nil {
		return err
	}
	token, err := a.H.Access.SignInPasskey(a.R.Context(), a.R.Host, ticketOf(a), b, a.R.UserAgent(), a.Address())
	if err != nil {
		return said(a, err)
	}
	return enter(a, token, a.R.URL.Query().Get("next"))
}

// trip is what is kept while somebody is at the provider of single sign-on.
type trip struct{ State, Nonce, Verifier, Next string }

// back is where the provider sends the browser.
func back(a *door.Ask) string {
	return shell.Origin(a.R) + "/signin/outside/back"
}

func outside(a *door.Ask) error {
	if a.D.Sign == nil {
		return fs.ErrNotExist
	}
	t := trip{access.Random(), access.Random(), access.Random(), shell.Local(a.R.FormValue("next"))}
	to, err := a.D.Sign.Start(a.R.Context(), back(a), t.State, t.Nonce, t.Verifier)
	if err != nil {
		a.D.Log.Error("single sign-on does not begin", "err", err)
		a.Notify("help", "signin.outside_down")
		return a.Go("/signin")
	}
	b, err := json.Marshal(t)
	if err != nil {
		return err
	}
	ticket, err := a.H.Access.Ticket(a.R.Context(), "outside", string(b))
	if err != nil {
		return err
	}
	setTicket(a, ticket)
	http.Redirect(a.W, a.R, to, http.StatusSeeOther)
	return nil
}

func outsideBack(a *door.Ask) error {
	if a.D.Sign == nil {
		return fs.ErrNotExist
	}
	ctx := a.R.Context()
	// A notice is for the next page, and this request's page is the next one.
	fail := func(err error) error {
		field, sentence, ok := a.SignInError(err)
		if !ok {
			a.D.Log.Error("single sign-on failed", "err", err)
			sentence = a.P.T("signin.outside_down")
		}
		v := signInView(a)
		v.Login, v.Errors = "", map[string]string{field: sentence}
		return a.Again("signin/signin", v)
	}
	content, err := a.H.Access.Punch(ctx, "outside", ticketOf(a))
	if err != nil {
		return fail(err)
	}
	var t trip
	if err := json.Unmarshal([]byte(content), &t); err != nil {
		return err
	}
	if t.State != a.R.FormValue("state") {
		return fail(access.ErrTicket)
	}
	issuer, subject, login, err := a.D.Sign.End(ctx, back(a), a.R.FormValue("code"), t.Nonce, t.Verifier)
	if err != nil {
		return fail(err)
	}
	token, err := a.H.Access.SignInOutside(ctx, issuer, subject, login, a.R.UserAgent())
	if err != nil {
		return fail(err)
	}
	return enter(a, token, t.Next)
}

func signOut(a *door.Ask) error {
	if err := a.SignOut(); err != nil {
		return err
	}
	if a.D.Demo {
		return a.Go("/demo")
	}
	return a.Go("/signin")
}
