// Package door is what the doors for people share: who asks, what they may see, and what becomes of an error.
package door

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/house"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/learner"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/safeguard"
	"tizi/internal/store"
	"tizi/internal/training"
	"tizi/internal/web/open"
	"tizi/internal/web/shell"
)

// Door is a node's web server, before its routes.
type Door struct {
	H    *house.House
	S    *shell.Shell
	Demo bool // anybody may play anybody, and the pages say that all is simulated
	Log  *slog.Logger
	Mux  *http.ServeMux

	// Routes are all routes for people, with what each asks for, in the order in which they were added. The test of
	// permissions asks every one of them in every role.
	Routes []Route
	// Sign says how people sign in with a provider of single sign-on; nil: they do not.
	Sign SingleSignOn
	// Other is the other node of a demonstration that has two; "": there is none.
	Other string
	// Cookie holds the session's token.
	Cookie string
	// Trust is the page on which devices come to trust the box; "": it serves no HTTPS under an authority of its own.
	Trust string

	mu      sync.Mutex // guards founded
	founded bool
}

// Route is one address of the program.
type Route struct {
	Method, Path string // Path is a pattern of http.ServeMux
	Action       access.Action
}

// SingleSignOn is a provider that vouches for people.
type SingleSignOn interface {
	// Name is what the button says.
	Name() string
	// Start returns where to send the browser. back is where it comes back to.
	Start(ctx context.Context, back, state, nonce, verifier string) (string, error)
	// End asks the provider who came back with a code.
	End(ctx context.Context, back, code, nonce, verifier string) (issuer, subject, login string, err error)
}

// Ask is one request of somebody.
type Ask struct {
	W       http.ResponseWriter
	R       *http.Request
	D       *Door
	H       *house.House
	P       *i18n.Printer
	Lang    i18n.Lang
	Account *access.Account // nil before signing in
	// Learner is the learner who is signed in, or nil; where an account is signed in it is nil.
	Learner *learner.Session
	Tree    *place.Tree
	// Scope is where the account may do the action that the route asks for.
	Scope access.Scope

	alerts *[]shell.Alert // once worked out
}

// SessionCookie is what Door.Cookie is unless two nodes share a host.
const SessionCookie = "session"

type askKey struct{}

// Public routes need no account.
const Public access.Action = ""

// Handle adds a route. Whoever may not do the action anywhere is sent to sign in or told so; fn does the rest and
// returns an error for Fail. A route for access.Learn is for whoever has a learner's session, a.Learner: nobody of the staff
// comes in by their account, and without one the learners' door is shown. It knows no a.Scope: a learner sees what is theirs.
func (d *Door) Handle(pattern string, action access.Action, fn func(*Ask) error) {
	r := Route{Method: "GET", Path: pattern, Action: action}
	if m, p, ok := strings.Cut(pattern, " "); ok {
		r.Method, r.Path = m, p
	}
	d.Routes = append(d.Routes, r)
	d.Mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		a := d.ask(w, r)
		if err := cleanForm(a.R); err != nil {
			a.Fail(err)
			return
		}
		if err := a.admit(action); err != nil {
			a.Fail(err)
			return
		}
		if a.W == nil { // admit has answered
			return
		}
		if err := fn(a); err != nil {
			a.Fail(err)
		}
	})
}

// PageAt is the page at an address, or the nearest one above it: a form that comes back stands at the address to which it was
// sent, where there may be no page to read again or to read in another language.
func (d *Door) PageAt(path string) string {
	for p := path; len(p) > 1; p = p[:strings.LastIndexByte(p, '/')] {
		r := http.Request{Method: http.MethodGet, URL: &url.URL{Path: p}}
		if _, pattern := d.Mux.Handler(&r); pattern != "/" && pattern != "" {
			return p
		}
	}
	return "/"
}

// cleanForm reads the form of a request and makes text of what was typed. A form that is too large is an error; what
// cannot be read otherwise is missing, and the form says so.
func cleanForm(r *http.Request) error {
	err := r.ParseForm()
	for _, form := range []url.Values{r.Form, r.PostForm} {
		for _, vs := range form {
			for i, v := range vs {
				vs[i] = Text(v)
			}
		}
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return nil
}

func (d *Door) ask(w http.ResponseWriter, r *http.Request) *Ask {
	p := d.S.Page(r)
	a := &Ask{W: w, R: r, D: d, H: d.H, P: p.Printer, Lang: p.Lang}
	a.R = r.WithContext(context.WithValue(r.Context(), askKey{}, a))
	return a
}

// Of returns the ask of a request that came through Handle, or nil.
func Of(r *http.Request) *Ask {
	a, _ := r.Context().Value(askKey{}).(*Ask)
	return a
}

func (a *Ask) admit(action access.Action) error {
	ctx := a.R.Context()
	var err error
	if c, e := a.R.Cookie(a.D.Cookie); e == nil {
		if a.Account, err = a.H.Access.Who(ctx, c.Value); err != nil {
			return err
		}
	}
	if a.Account == nil {
		if a.Learner, err = a.H.Learners.Who(ctx, a.cookie(LearnerCookie)); err != nil {
			return err
		}
	}
	if a.Tree, err = a.H.Places.Tree(ctx, a.H.DB); err != nil {
		return err
	}
	if action == Public {
		return nil
	}
	if action == access.Learn {
		return a.admitLearner()
	}
	if a.Account == nil {
		founded, err := a.D.Founded(ctx)
		if err != nil {
			return err
		}
		switch {
		case a.Script():
			// What was typed stays on the page; signed in again in another tab, it can be sent again.
			a.JSONStatus(http.StatusUnauthorized, struct {
				Message string `json:"message"`
			}{a.P.T("error.signed_out")})
		case !founded:
			a.Go("/setup")
		case a.D.Demo:
			a.Go("/demo")
		default:
			a.Go("/signin?next=" + Escape(a.R.URL.RequestURI()))
		}
		a.W = nil
		return nil
	}
	if !a.Account.May(action) {
		return access.ErrDenied
	}
	a.Scope, err = a.H.Access.Scope(ctx, a.H.DB, a.Account, action)
	return err
}

// Founded reports whether the node has an owner.
func (d *Door) Founded(ctx context.Context) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.founded {
		return true, nil
	}
	var err error
	d.founded, err = d.H.Founded(ctx)
	return d.founded, err
}

// May reports whether the account may do something somewhere.
func (a *Ask) May(action access.Action) bool { return a.Account.May(action) }

// Here notes a visit of whoever may ask what changed since the one before.
func (a *Ask) Here() error {
	if !a.May(access.ReadNews) {
		return nil
	}
	_, err := a.H.Visits.Here(a.R.Context(), a.Actor())
	return err
}

// Actor is the account's id.
func (a *Ask) Actor() id.ID {
	if a.Account == nil {
		return id.Nil
	}
	return a.Account.ID
}

// Token is that of the browser's session.
func (a *Ask) Token() string {
	c, err := a.R.Cookie(a.D.Cookie)
	if err != nil {
		return ""
	}
	return c.Value
}

// ScopeOf is where the account may do another action than the one its route asks for.
func (a *Ask) ScopeOf(action access.Action) (access.Scope, error) {
	return a.H.Access.Scope(a.R.Context(), a.H.DB, a.Account, action)
}

// Render shows a screen.
func (a *Ask) Render(screen string, view any) error {
	a.D.S.Render(a.W, a.R, http.StatusOK, screen, view)
	return nil
}

// Again shows a form again, with what was wrong.
func (a *Ask) Again(screen string, view any) error {
	a.D.S.Render(a.W, a.R, http.StatusUnprocessableEntity, screen, view)
	return nil
}

// Go sends the browser to a page of this server.
func (a *Ask) Go(path string) error {
	http.Redirect(a.W, a.R, a.D.S.Page(a.R).Carry(shell.Local(path)), http.StatusSeeOther)
	return nil
}

// Notify keeps a notice for the next page.
func (a *Ask) Notify(kind, key string, args ...any) {
	shell.Flash(a.W, a.R, kind, a.P.T(key, args...))
}

// ID reads an id from the path.
func (a *Ask) ID(name string) (id.ID, error) {
	v, err := id.Parse(a.R.PathValue(name))
	if err != nil {
		return id.Nil, fs.ErrNotExist
	}
	return v, nil
}

// Today is the civil date at the node.
func (a *Ask) Today() string { return a.H.Today() }

// Address is where a request comes from, without its port.
func (a *Ask) Address() string {
	host, _, err := net.SplitHostPort(a.R.RemoteAddr)
	if err != nil {
		return a.R.RemoteAddr
	}
	return host
}

// OnMachine reports whether a request comes from a browser on this machine, and from nobody by way of a proxy on it.
func (a *Ask) OnMachine() bool {
	ip, err := netip.ParseAddr(a.Address())
	return err == nil && ip.Unmap().IsLoopback() && a.R.Header.Get("X-Forwarded-For") == "" && a.R.Header.Get("Forwarded") == ""
}

// SignIn gives the browser the session of an account; a learner who had it has it no more.
func (a *Ask) SignIn(token string) {
	if a.LearnerToken() != "" {
		a.setCookie(LearnerCookie, "", 0)
	}
	http.SetCookie(a.W, &http.Cookie{
		Name: a.D.Cookie, Value: token, Path: "/", HttpOnly: true, Secure: shell.Safe(a.R), SameSite: http.SameSiteLaxMode,
		MaxAge: int(access.SessionLife / time.Second),
	})
}

// SignOut ends the browser's session.
func (a *Ask) SignOut() error {
	c, err := a.R.Cookie(a.D.Cookie)
	if err != nil {
		return nil
	}
	http.SetCookie(a.W, &http.Cookie{Name: a.D.Cookie, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return a.H.Access.End(a.R.Context(), c.Value)
}

// Fail shows what went wrong. What is nobody's fault but ours is logged with a reference that the page shows.
func (a *Ask) Fail(err error) {
	view := open.Error{BackURL: "/"}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, person.ErrUnknown), errors.Is(err, training.ErrNoGroup), errors.Is(err, training.ErrNoSession), errors.Is(err, training.ErrNoReferral), errors.Is(err, training.ErrNoDraw), errors.Is(err, training.ErrNoAppeal), errors.Is(err, training.ErrNoRefusal),
		errors.Is(err, access.ErrNoAccount), errors.Is(err, access.ErrNoGrant), errors.Is(err, access.ErrNoRequest), errors.Is(err, access.ErrNoSession), errors.Is(err, safeguard.ErrNoCase):
		view.Status = http.StatusNotFound
	case errors.Is(err, access.ErrDenied), errors.Is(err, access.ErrOwnRole), errors.Is(err, access.ErrOwnRequest):
		view.Status = http.StatusForbidden
	case errors.Is(err, store.ErrFull):
		view.Status, view.Detail = http.StatusInsufficientStorage, a.P.T("error.disk_full")
	case errors.Is(err, fact.ErrNotHere):
		view.Status, view.Detail = http.StatusConflict, a.P.T("error.not_here")
	case errors.Is(err, fact.ErrUpgrade):
		view.Status, view.Detail = http.StatusConflict, a.P.T("error.upgrade")
	case errors.Is(err, store.ErrBusy):
		view.Status, view.Detail = http.StatusServiceUnavailable, a.P.T("error.busy")
	case errors.As(err, &tooLarge):
		view.Status, view.Detail = http.StatusRequestEntityTooLarge, a.P.T("error.too_large", "mb", tooLarge.Limit>>20)
	case errors.Is(err, context.Canceled):
		return
	default:
		view.Status = http.StatusInternalServerError
	}
	if view.Status >= 500 {
		b := make([]byte, 4)
		rand.Read(b)
		view.Reference = hex.EncodeToString(b)
		a.D.Log.Error("request failed", "method", a.R.Method, "route", a.R.Pattern, "err", err, "reference", view.Reference)
	}
	w := a.W
	if w == nil {
		return
	}
	a.D.S.Render(w, a.R, view.Status, "open/error", view)
}
