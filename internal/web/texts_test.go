package web_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/sms"
	"tizi/internal/store"
)

// A cancelled session is told by text, from its notice; without a gateway the notice is to be copied, as ever.
func TestTextsByTheirScreens(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	n.programmeP(t)
	s := n.spot(t, "in", "MA-ERR-MJ1")
	out := n.spot(t, "out", "MA-AZI-MJ1")
	manager, trainer := n.open(t, access.Centre, access.Place(place.ID("MA-ERR-MJ1")), false), n.open(t, access.Trainer, access.Place(place.ID("MA-ERR-MJ1")), false)
	notice := "/sessions/" + s.session.String() + "/notice"
	edit := func(d person.Details) {
		t.Helper()
		must(t, n.People.Edit(ctx, n.owner.ID, access.Everywhere(), s.person, d))
	}
	edit(person.Details{"guardian_phone": "+212611111111"})
	if _, _, body := n.request(t, manager, "GET", notice, nil); strings.Contains(body, `action="`+notice) || !strings.Contains(body, "212611111111") {
		t.Error("without a gateway a text is offered, or the number is not shown")
	}
	n.request(t, manager, "POST", notice, nil)
	if m, err := n.Texts.Counts(ctx, n.DB, access.Everywhere()); err != nil || len(m) != 0 {
		t.Error(m, err)
	}
	var bodies []string
	status := 200
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		bodies = append(bodies, string(b))
		w.WriteHeader(status)
	}))
	defer srv.Close()
	file := filepath.Join(t.TempDir(), "sms.json")
	must(t, os.WriteFile(file, []byte(`{"url": "`+srv.URL+`", "body": "{number} {text}", "type": "text/plain", "quiet": []}`), 0o600))
	c, err := sms.Load(file)
	must(t, err)
	n.Texts.Plug(c)
	n.clock.Set(time.Date(2026, 3, 2, 8, 30, 0, 0, time.Local)) // the session is that day at ten
	if status, _, _ := n.request(t, trainer, "POST", notice, nil); status != 403 {
		t.Error("a trainer sends texts:", status)
	}
	if _, _, body := n.request(t, manager, "GET", notice, nil); !strings.Contains(body, `action="`+notice) {
		t.Error("no text is offered")
	}
	for range 2 {
		if status, to, _ := n.request(t, manager, "POST", notice, nil); status != 303 || to != notice {
			t.Fatal(status, to)
		}
	}
	for range 3 {
		_, err := n.Texts.Step(ctx)
		must(t, err)
	}
	if len(bodies) != 1 || !strings.HasPrefix(bodies[0], "+212611111111 ") || !strings.Contains(bodies[0], "G in") {
		t.Fatal(bodies)
	}
	name := "Pin"
	if _, _, body := n.request(t, manager, "GET", "/texts", nil); !strings.Contains(body, name) || !strings.Contains(body, "G in") || !strings.Contains(body, "pill-good") {
		t.Error("what was sent is not listed")
	}
	elsewhere := n.open(t, access.Centre, access.Place(out.centre), false)
	if _, _, body := n.request(t, elsewhere, "GET", "/texts", nil); strings.Contains(body, name) || strings.Contains(body, "2126111") {
		t.Error("another centre reads who was told what")
	}
	// Who wants none gets none, and the notice says to tell them otherwise.
	edit(person.Details{"texts": person.NoTexts})
	if _, _, body := n.request(t, manager, "GET", notice, nil); strings.Contains(body, "212611111111") || strings.Contains(body, `action="`+notice) {
		t.Error("a number of somebody who wants no texts is offered")
	}
	// A test goes at once, and a gateway that says no is told with what to do.
	if status, _, body := n.request(t, manager, "POST", "/texts/test", url.Values{"number": {"12"}}); status != 422 || !strings.Contains(body, `value="12"`) || len(bodies) != 1 {
		t.Error("a number that is none:", status)
	}
	if status, _, _ := n.request(t, manager, "POST", "/texts/test", url.Values{"number": {"06 12 34 56 78"}, "centre": {out.centre.String()}}); status != 422 {
		t.Error("a test in the name of another centre:", status)
	}
	if status, _, _ := n.request(t, manager, "POST", "/texts/test", url.Values{"number": {"06 12 34 56 78"}}); status != 303 || len(bodies) != 2 || !strings.HasPrefix(bodies[1], "+212612345678 ") {
		t.Error(status, bodies)
	}
	status = 403
	if got, _, body := n.request(t, manager, "POST", "/texts/test", url.Values{"number": {"06 12 34 56 78"}}); got != 422 || !strings.Contains(body, "06 12 34 56 78") || !strings.Contains(body, "f-number-error") {
		t.Error(got)
	}
	if _, _, body := n.request(t, manager, "GET", "/texts?state=nonsense&before=x", nil); strings.Contains(body, "612345678") {
		t.Error("the number of a test is kept")
	}
}
