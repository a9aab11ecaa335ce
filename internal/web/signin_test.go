package web_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/place"
	"tizi/internal/signon"
	"tizi/internal/store"
)

// browser keeps cookies and follows redirects.
type browser struct {
	t    testing.TB
	c    *http.Client
	base string
}

func (n *node) browser(t testing.TB) *browser {
	jar, err := cookiejar.New(nil)
	must(t, err)
	return &browser{t, &http.Client{Jar: jar}, n.srv.URL}
}

// page is where a browser ends up.
type page struct {
	status int
	path   string
	body   string
}

func (b *browser) read(res *http.Response, err error) page {
	b.t.Helper()
	must(b.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(b.t, err)
	return page{res.StatusCode, res.Request.URL.RequestURI(), string(body)}
}

func (b *browser) get(path string) page {
	b.t.Helper()
	res, err := b.c.Get(b.base + path)
	return b.read(res, err)
}

func (b *browser) post(path string, pairs ...string) page {
	b.t.Helper()
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	res, err := b.c.PostForm(b.base+path, v)
	return b.read(res, err)
}

func (b *browser) at(what string, p page, path string, says ...string) {
	b.t.Helper()
	if !strings.HasPrefix(p.path, path) {
		b.t.Errorf("%s: at %s (status %d), not %s", what, p.path, p.status, path)
	}
	for _, s := range says {
		if !strings.Contains(p.body, s) {
			b.t.Errorf("%s: does not say %q", what, s)
		}
	}
}

var (
	secretShown = regexp.MustCompile(`<code dir="ltr" lang="en">([A-Z2-7 ]{30,})</code>`)
	codeShown   = regexp.MustCompile(`<code dir="ltr" lang="en">([0-9A-Z]{5}(?:-[0-9A-Z]{5}){3})</code>`)
)

// TestOwnAccount goes the way of somebody who sets up everything there is, with forms alone.
func TestOwnAccount(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	b := n.browser(t)
	b.get("/signin?lang=en")
	b.at("a wrong passphrase", b.post("/signin", "login", "nadia", "passphrase", "not that one"), "/signin", "wrong")
	b.at("signing in", b.post("/signin", "login", "nadia", "passphrase", passphrase, "next", "/me"), "/me", "My account")

	shown := b.get("/me/code")
	m := secretShown.FindStringSubmatch(shown.body)
	if m == nil || !strings.Contains(shown.body, `<svg class="qr"`) {
		t.Fatalf("no secret and no picture: %s", shown.body)
	}
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(m[1], " ", ""))
	must(t, err)
	b.at("a wrong code", b.post("/me/code", "code", "1"), "/me/code", "This code is wrong", m[1])
	b.at("the code", b.post("/me/code", "code", access.OneTimeCode(key, n.clock.Now())), "/me", "The one-time code is set up")

	b.at("a sheet without the passphrase", b.post("/me/sheet"), "/me/sheet", "not your present passphrase")
	sheet := b.post("/me/sheet", "passphrase", passphrase)
	codes := codeShown.FindAllStringSubmatch(sheet.body, -1)
	if len(codes) != access.SheetCodes {
		t.Fatalf("%d codes on the sheet", len(codes))
	}
	if again := codeShown.FindAllString(b.get("/me/sheet").body, -1); len(again) > 0 {
		t.Error("the sheet is shown twice")
	}
	b.post("/signout")
	n.clock.Move(time.Minute)
	b.at("the passphrase alone", b.post("/signin", "login", "nadia", "passphrase", passphrase, "next", "/me"), "/signin/code")
	b.at("a page meanwhile", b.get("/me"), "/signin")
	b.at("a wrong code", b.post("/signin/code", "code", "000000", "next", "/me"), "/signin/code", "This code is wrong")
	b.at("the code", b.post("/signin/code", "code", access.OneTimeCode(key, n.clock.Now()), "next", "/me"), "/me", "My account")

	// The phone is lost, and the passphrase forgotten.
	other := n.browser(t)
	other.get("/signin?lang=en")
	other.at("with a code of the sheet", other.post("/signin/recover", "login", "nadia", "code", codes[0][1], "passphrase", "a new phrase of mine"), "/me", "Your new passphrase is kept")
	b.at("the device of before", b.get("/me"), "/signin")
	other.at("a bad new one", other.post("/me/passphrase", "old", "a new phrase of mine", "passphrase", "kurz"), "/me/passphrase", "at least 10")
	other.at("another passphrase", other.post("/me/passphrase", "old", "a new phrase of mine", "passphrase", "one more phrase"), "/me", "Your passphrase is changed")
	other.at("a language", other.post("/me/language", "language", "ar"), "/me", `lang="ar"`)
	fresh := n.browser(t)
	fresh.get("/signin?lang=fr")
	fresh.at("in the own language", fresh.post("/signin", "login", "nadia", "passphrase", "one more phrase", "next", "/me"), "/me", `<html lang="ar"`)

	// Of two sessions, one ends the other.
	handle := regexp.MustCompile(`name="session" value="([0-9a-f]+)"`).FindStringSubmatch(fresh.get("/me").body)
	if handle == nil {
		t.Fatal("the other session is not listed")
	}
	fresh.post("/me/sessions/end", "session", handle[1])
	other.at("ended by the other", other.get("/me"), "/signin")
	if p := fresh.post("/me/passkey/ask", "passphrase", "one more phrase"); p.status != 422 {
		t.Errorf("a passkey for 127.0.0.1: status %d", p.status)
	}
}

// TestManagingOthers: a manager opens, renews, resets and closes.
func TestManagingOthers(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	b := n.browser(t)
	b.get("/signin?lang=en")
	b.post("/signin", "login", "nadia", "passphrase", passphrase)
	b.at("opening", b.post("/staff/new", "name", "Fatima", "login", "fatima", "passphrase", "une autre phrase", "role", "centre", "place", "MA-ERR-MJ1"), "/staff", "Fatima")
	b.at("a wrong place", b.post("/staff/new", "name", "Karim", "login", "karim", "passphrase", "une autre phrase", "role", "region", "place", "MA-ERR-MJ1"), "/staff/new", "Choose a region", `value="Karim"`)
	link := regexp.MustCompile(`/staff/[0-9a-f-]{36}`).FindString(b.get("/staff").body)
	if link == "" {
		t.Fatal("nobody is listed")
	}
	fatima := n.browser(t)
	fatima.get("/signin?lang=en")
	fatima.at("the newcomer", fatima.post("/signin", "login", "fatima", "passphrase", "une autre phrase"), "/today")
	b.at("her page", b.get(link), link, "Centre manager", "Until")
	b.at("one role more", b.post(link+"/role", "role", "helper", "place", "MA-ERR-MJ1"), link, "Helper")
	withdraw := regexp.MustCompile(link+`/withdraw/[0-9a-f-]{36}`).FindAllString(b.get(link).body, -1)
	if len(withdraw) != 2 {
		t.Fatalf("%d roles to withdraw", len(withdraw))
	}
	b.at("asking first", b.get(withdraw[1]), withdraw[1], "will no longer be")
	b.at("one role less", b.post(withdraw[1]), link, "is withdrawn")
	// What runs out says so to both, and is renewed.
	n.clock.Move(access.RoleLife - 24*time.Hour)
	b.post("/signin", "login", "nadia", "passphrase", passphrase)
	fatima.post("/signin", "login", "fatima", "passphrase", "une autre phrase")
	fatima.at("warned", fatima.get("/today"), "/today", "runs out on")
	b.at("told", b.get("/staff"), "/staff", "2 roles run out soon")
	grants := regexp.MustCompile(`name="grant" value="([0-9a-f-]{36})"`).FindAllStringSubmatch(b.get("/staff/renew").body, -1)
	if len(grants) != 2 {
		t.Fatalf("%d roles to renew", len(grants))
	}
	b.at("renewing", b.post("/staff/renew", "grant", grants[0][1], "grant", grants[1][1]), "/staff/renew", "2 roles are renewed", "Nothing runs out soon")
	if p := fatima.get("/today"); strings.Contains(p.body, "runs out on") {
		t.Error("still warned")
	}
	// Forgotten: a code, and what was set before is void.
	code := codeShown.FindStringSubmatch(b.post(link + "/reset").body)
	if code == nil {
		t.Fatal("no code")
	}
	fatima.at("signed out", fatima.get("/today"), "/signin")
	fatima.at("with the code", fatima.post("/signin/recover", "login", "fatima", "code", code[1], "passphrase", "ma nouvelle phrase"), "/me")
	b.at("closing", b.post(link+"/close"), link, "This account is closed")
	fatima.at("closed", fatima.get("/today"), "/signin")
	fatima.at("closed", fatima.post("/signin", "login", "fatima", "passphrase", "ma nouvelle phrase"), "/signin", "wrong")
	b.at("opening again", b.post(link+"/reopen"), link, "is open again")
	fatima.at("open again", fatima.post("/signin", "login", "fatima", "passphrase", "ma nouvelle phrase"), "/today")
}

// TestOpeningsAndRequests: who opens a centre is seen by who answers for it; what takes two waits for the second.
func TestOpeningsAndRequests(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	officer, manager := n.open(t, access.Officer, access.Place(place.ID("MA-06")), false), n.open(t, access.Centre, access.Place(place.ID("MA-ERR-MJ1")), false)
	as := func(acc *access.Account) *browser { return n.as(t, acc) }
	o, m := as(officer), as(manager)
	o.at("nothing to say", o.post("/openings/new", "centre", "MA-ERR-MJ1", "reason", " "), "/openings/new", "Give a reason")
	o.at("no centre", o.post("/openings/new", "centre", "MA-08", "reason", "A call from a parent"), "/openings/new", "A call from a parent")
	o.at("opening", o.post("/openings/new", "centre", "MA-ERR-MJ1", "reason", "A call from a parent"), "/people", "You opened")
	m.at("told", m.get("/today"), "/today", "Somebody opened one of your centres")
	m.at("who and why", m.get("/openings"), "/openings", officer.Name, "A call from a parent")
	if p := m.get("/today"); strings.Contains(p.body, "Somebody opened one of your centres") {
		t.Error("told again")
	}
	n.clock.Move(access.GlassLife)
	o.at("an hour later", o.get("/people?centre="+place.ID("MA-ERR-MJ1").String()), "/people")
	if p := o.get("/people"); strings.Contains(p.body, "You opened") {
		t.Error("still open")
	}

	who, err := n.People.Register(ctx, id.Nil, place.ID("MA-ERR-MJ1"), map[string]string{"first_latin": "Amina"}, nil)
	must(t, err)
	v, err := n.Access.Propose(ctx, n.owner.ID, access.Everywhere(), access.Proposed{Action: access.ErasePeople, Centre: place.ID("MA-ERR-MJ1"), Subjects: []id.ID{who}, Reason: "guardian_asked"})
	must(t, err)
	self := "/requests/" + v.String()
	m.at("waiting", m.get("/today"), "/today", "1 request waits")
	m.at("the request", m.get(self), self, "Amina", "The guardian asked for it", "Confirm")
	owner := as(n.owner)
	owner.at("one's own", owner.get(self), self, "Another person must confirm")
	if p := owner.post(self + "/confirm"); p.status != 403 {
		t.Errorf("who asked confirms: status %d", p.status)
	}
	m.at("refusing without a reason", m.post(self+"/refuse"), self, "Give a reason")
	m.at("refusing in words of one's own", m.post(self+"/refuse", "reason", "Amina is a cousin"), self, "Give a reason", "Nothing proves it yet")
	m.at("confirming", m.post(self+"/confirm"), "/requests", "It is confirmed and done")
	m.at("again", m.post(self+"/confirm"), self, "decided already")
	if p := m.get("/people/" + who.String()); p.status != 404 {
		t.Errorf("the person is still there: status %d", p.status)
	}
	// Who may decide requests, and not do what this one asks for.
	var two [2]id.ID
	for i, name := range []string{"Mohammed", "Muhamad"} {
		two[i], err = n.People.Register(ctx, id.Nil, place.ID("MA-ERR-MJ1"), map[string]string{"first_latin": name, "last_latin": "Alaoui", "birth": "2014-03-09"}, nil)
		must(t, err)
	}
	v, err = n.Access.Propose(ctx, n.owner.ID, access.Everywhere(), access.Proposed{Action: access.MergePeople, Centre: place.ID("MA-ERR-MJ1"), Subjects: two[:], Reason: "papers"})
	must(t, err)
	near := as(n.open(t, access.Officer, access.Place(place.ID("MA-08")), false))
	if p := near.post("/requests/" + v.String() + "/confirm"); p.status != 403 {
		t.Errorf("an officer merges: status %d", p.status)
	}
	if p := near.get("/requests"); strings.Contains(p.body, v.String()) {
		t.Error("an officer is shown a merge")
	}
}

// provider is a provider of single sign-on (OpenID Connect) that vouches for whom a test says.
type provider struct {
	*httptest.Server
	key *rsa.PrivateKey

	mu       sync.Mutex
	codes    map[string]url.Values // what was asked for, by the code given out
	claims   map[string]any
	audience string
	forged   bool // another key signs
}

func newProvider(t testing.TB) *provider {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	p := &provider{key: key, codes: map[string]url.Values{}, audience: "tizi"}
	mux := http.NewServeMux()
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	reply := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(v)
	}
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		reply(w, map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/auth", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"}})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, r *http.Request) {
		reply(w, map[string]any{"keys": []map[string]string{{"kty": "RSA", "kid": "1", "alg": "RS256", "use": "sig",
			"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes())}}})
	})
	mux.HandleFunc("GET /auth", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		p.mu.Lock()
		code := fmt.Sprint("code", len(p.codes))
		p.codes[code] = q
		p.mu.Unlock()
		http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"code": {code}, "state": {q.Get("state")}}.Encode(), http.StatusSeeOther)
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		asked := p.codes[r.FormValue("code")]
		delete(p.codes, r.FormValue("code"))
		sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
		_, secret, _ := r.BasicAuth()
		if asked == nil || asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) || asked.Get("redirect_uri") != r.FormValue("redirect_uri") || secret != "shared" {
			w.WriteHeader(http.StatusBadRequest)
			reply(w, map[string]string{"error": "invalid_grant"})
			return
		}
		claims := map[string]any{"iss": p.URL, "aud": p.audience, "exp": time.Now().Add(time.Minute).Unix(), "iat": time.Now().Unix(), "nonce": asked.Get("nonce")}
		for k, v := range p.claims {
			claims[k] = v
		}
		reply(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": p.sign(t, claims)})
	})
	return p
}

func (p *provider) sign(t testing.TB, claims map[string]any) string {
	b, err := json.Marshal(claims)
	must(t, err)
	head := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","kid":"1"}`)) + "." + base64.RawURLEncoding.EncodeToString(b)
	sum := sha256.Sum256([]byte(head))
	key := p.key
	if p.forged {
		key, err = rsa.GenerateKey(rand.Reader, 2048)
		must(t, err)
	}
	s, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	must(t, err)
	return head + "." + base64.RawURLEncoding.EncodeToString(s)
}

func TestSingleSignOn(t *testing.T) {
	p := newProvider(t)
	sign, err := signon.New(signon.Config{Issuer: p.URL, Client: "tizi", Secret: "shared", Label: "Ministry"})
	must(t, err)
	n := serve(t, store.SQLite, sign)
	n.quiet = true // what the provider does wrong is logged
	in := func(claims map[string]any) page {
		p.claims = claims
		b := n.browser(t)
		b.at("the button", b.get("/signin?lang=en&next=%2Fme"), "/signin", "Sign in with Ministry", "/signin/outside?", "next=%2Fme")
		b.get("/signin?lang=en")
		return b.get("/signin/outside?next=/me")
	}
	b := n.browser(t)
	b.at("vouched for", in(map[string]any{"sub": "42", "preferred_username": "Nadia"}), "/me", "nadia")
	b.at("renamed there", in(map[string]any{"sub": "42", "preferred_username": "n.b"}), "/me", "nadia")
	b.at("somebody else with the login", in(map[string]any{"sub": "43", "preferred_username": "nadia"}), "/signin/outside/back", "Nobody signs in here under this name")
	b.at("unknown", in(map[string]any{"sub": "44", "preferred_username": "ghost"}), "/signin/outside/back", "Nobody signs in here")
	b.at("an answer to another question", in(map[string]any{"sub": "42", "nonce": "x"}), "/signin/outside/back", "does not answer, or refused")
	b.at("for another program", func() page {
		p.audience = "other"
		defer func() { p.audience = "tizi" }()
		return in(map[string]any{"sub": "42"})
	}(), "/signin/outside/back", "does not answer, or refused")
	b.at("of another issuer", in(map[string]any{"sub": "42", "iss": "https://evil.example"}), "/signin/outside/back", "does not answer, or refused")
	b.at("too old", in(map[string]any{"sub": "42", "exp": time.Now().Add(-time.Hour).Unix()}), "/signin/outside/back", "does not answer, or refused")
	b.at("signed by another", func() page {
		p.forged = true
		defer func() { p.forged = false }()
		return in(map[string]any{"sub": "42"})
	}(), "/signin/outside/back", "does not answer, or refused")
	b.at("coming back without having gone", b.get("/signin/outside/back?code=code0&state=x&lang=en"), "/signin/outside/back", "took too long")
	// A link that somebody else sent along with their own code.
	thief := n.browser(t)
	thief.c.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.Path, "/signin/outside/back") {
			return http.ErrUseLastResponse
		}
		return nil
	}
	p.claims = map[string]any{"sub": "42", "preferred_username": "nadia"}
	res, err := thief.c.Get(n.srv.URL + "/signin/outside?next=/me")
	must(t, err)
	res.Body.Close()
	victim := n.browser(t)
	u, err := url.Parse(res.Header.Get("Location"))
	must(t, err)
	victim.at("another's code", victim.get(u.RequestURI()+"&lang=en"), "/signin/outside/back", "took too long")
	// The provider's answer with another state than the one that was sent.
	res, err = thief.c.Get(n.srv.URL + "/signin/outside?next=/me")
	must(t, err)
	res.Body.Close()
	u, err = url.Parse(res.Header.Get("Location"))
	must(t, err)
	q := u.Query()
	q.Set("state", "x")
	thief.at("another state", thief.get(u.Path+"?lang=en&"+q.Encode()), "/signin/outside/back", "took too long")
	p.Close()
	far, err := signon.New(signon.Config{Issuer: p.URL, Client: "tizi"})
	must(t, err)
	if _, err := far.Start(ctx, "x", "s", "n", "v"); err == nil {
		t.Error("a provider that is not there begins")
	}
	if _, err := signon.New(signon.Config{Issuer: p.URL}); err == nil {
		t.Error("a provider without a client")
	}
}
