package web_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"tizi/internal/house"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/place"
	"tizi/internal/testnode"
	"tizi/internal/web"
)

// visit asks a page of an empty node, from an address.
func visit(t testing.TB, s http.Handler, from, method, path string, form url.Values, header ...string) (int, string, string) {
	t.Helper()
	r := httptest.NewRequest(method, "http://tizi.local"+path, strings.NewReader(form.Encode()))
	r.RemoteAddr = from
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code, w.Header().Get("Location"), w.Body.String()
}

const phone, here = "192.168.1.33:40000", "127.0.0.1:40000"

// Nobody on the network sets an empty node up without the code that the machine shows; with it, its first visit goes to the end.
func TestFirstVisitFromAnotherDevice(t *testing.T) {
	h, err := house.Create(t.Context(), house.Config{Dir: t.TempDir()})
	testnode.Must(t, err)
	t.Cleanup(func() { h.Close() })
	s, err := web.New(h, web.Options{})
	testnode.Must(t, err)
	owner := url.Values{"country": {"ma"}, "name": {"Nadia"}, "login": {"nadia"}, "passphrase": {"un deux trois soleil"}}
	for _, c := range []struct {
		what, from, method, path string
		form                     url.Values
		header                   []string
		status                   int
	}{
		{"no code", phone, "GET", "/setup", nil, nil, 200},
		{"a wrong code", phone, "GET", "/setup?code=AAAAA-AAAAA", nil, nil, 422},
		{"the second step", phone, "GET", "/setup/owner?country=ma", nil, nil, 200},
		{"a form without code", phone, "POST", "/setup/owner", owner, nil, 200},
		{"a form with a wrong code", phone, "POST", "/setup/owner?code=AAAAA-AAAAA", owner, nil, 422},
		{"by a proxy on the machine", here, "POST", "/setup/owner", owner, []string{"X-Forwarded-For", "192.168.1.33"}, 200},
	} {
		status, _, body := visit(t, s, c.from, c.method, c.path, c.form, c.header...)
		if status != c.status || !strings.Contains(body, `name="code"`) || strings.Contains(body, `name="passphrase"`) || strings.Contains(body, `name="country"`) || strings.Contains(body, h.Code()) {
			t.Errorf("%s: %d\n%s", c.what, status, body)
		}
	}
	if founded, err := h.Founded(t.Context()); err != nil || founded {
		t.Fatalf("somebody set it up without the code: %v", err)
	}
	if status, _, body := visit(t, s, here, "GET", "/setup", nil); status != 200 || !strings.Contains(body, `name="country"`) {
		t.Errorf("on the machine itself: %d", status)
	}
	typed := url.QueryEscape(strings.ToLower(strings.ReplaceAll(h.Code(), "-", " ")))
	status, _, body := visit(t, s, phone, "GET", "/setup?code="+typed, nil)
	if status != 200 || !strings.Contains(body, `name="country"`) {
		t.Fatalf("with the code: %d", status)
	}
	_, to, _ := visit(t, s, phone, "POST", "/setup?code="+typed, url.Values{"country": {"ma"}})
	if status, _, body := visit(t, s, phone, "GET", to, nil); status != 200 || !strings.Contains(body, `name="passphrase"`) {
		t.Fatalf("%s: %d", to, status)
	}
	if _, to, _ = visit(t, s, phone, "POST", to, owner); to != "/setup/centre" {
		t.Errorf("after the owner: %q", to)
	}
	if _, to, _ := visit(t, s, phone, "GET", "/setup?code="+typed, nil); to != "/" {
		t.Errorf("a node that is set up: %q", to)
	}
}

// On a box that headquarters prepared the first visit asks who manages the centre, and nothing else.
func TestFirstVisitOfAPreparedBox(t *testing.T) {
	ctx := t.Context()
	hub, err := house.Create(ctx, house.Config{Dir: t.TempDir()})
	testnode.Must(t, err)
	t.Cleanup(func() { hub.Close() })
	testnode.Must(t, hub.Found(ctx, house.Founding{Country: "ma", Owner: "Nadia", Login: "nadia", Passphrase: "un deux trois soleil"}))
	_, _, err = hub.Places.Describe(ctx, id.Nil, []place.Described{{Code: "MA-ERR-X7", Parent: "MA-ERR", Type: "centre", Kind: "youth", Name: i18n.Text{i18n.FR: "Essalam"}, Milieu: "urban"}})
	testnode.Must(t, err)
	centre, err := hub.Centre(ctx, "MA-ERR-X7")
	testnode.Must(t, err)
	var file bytes.Buffer
	letters, _, err := hub.Prepare(ctx, id.Nil, &file, house.Preparing{Centre: centre, Name: "Essalam", Address: "http://hub"})
	testnode.Must(t, err)
	box, err := house.CreatePrepared(ctx, house.Config{Dir: t.TempDir()}, &file, letters)
	testnode.Must(t, err)
	t.Cleanup(func() { box.Close() })
	s, err := web.New(box, web.Options{})
	testnode.Must(t, err)
	_, to, _ := visit(t, s, phone, "GET", "/setup?code="+box.Code(), nil)
	status, _, body := visit(t, s, phone, "GET", to, nil)
	if status != 200 || !strings.Contains(body, `name="passphrase"`) || strings.Contains(body, `name="country"`) || strings.Contains(body, "steps") {
		t.Fatalf("%s: %d\n%s", to, status, body)
	}
	if _, to, _ := visit(t, s, phone, "POST", to, url.Values{"name": {"Fatima"}, "login": {"fatima"}, "passphrase": {"un deux trois soleil"}}); to != "/" {
		t.Errorf("after the owner: %q", to)
	}
	if _, err := box.Access.SignIn(ctx, "fatima", "un deux trois soleil", "", ""); err != nil {
		t.Error(err)
	}
}
