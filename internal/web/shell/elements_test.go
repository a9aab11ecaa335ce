package shell_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"tizi/internal/i18n"
	"tizi/internal/web/centre"
	"tizi/internal/web/teach"
)

// classroom serves one attendance sheet of thirty and keeps what is posted.
type classroom struct {
	mu     sync.Mutex
	posted []url.Values
	// answer replaces the usual answer of a save.
	answer func(http.ResponseWriter, *http.Request)
}

func (c *classroom) last() url.Values {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.posted) == 0 {
		return nil
	}
	return c.posted[len(c.posted)-1]
}

func (c *classroom) serve(t testing.TB) string {
	t.Helper()
	s, _ := newGallery(t)
	mux := http.NewServeMux()
	s.Routes(mux)
	mux.HandleFunc("GET /sheet", func(w http.ResponseWriter, r *http.Request) {
		v := teach.Attendance{Group: "Enfants", GroupURL: "/g", Date: "2026-03-18", From: "14:00", To: "16:00", Version: "v1", Action: "/sheet", BackURL: "/today"}
		for i := range 30 {
			v.Rows = append(v.Rows, teach.Learner{ID: fmt.Sprint(i), Name: fmt.Sprint("Learner ", i+1), URL: "/p"})
		}
		s.Render(w, r, http.StatusOK, "teach/attendance", v)
	})
	mux.HandleFunc("POST /sheet", func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		c.mu.Lock()
		c.posted = append(c.posted, r.PostForm)
		answer := c.answer
		c.mu.Unlock()
		switch {
		case answer != nil:
			answer(w, r)
		case strings.Contains(r.Header.Get("Accept"), "json"):
			w.Header().Set("Content-Type", "application/json")
			json.NewEncoder(w).Encode(map[string]any{"saved": true, "version": "v2", "message": "kept"})
		default:
			http.Redirect(w, r, "/done", http.StatusSeeOther)
		}
	})
	mux.HandleFunc("GET /done", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<title>done</title>done") })
	mux.HandleFunc("GET /people", func(w http.ResponseWriter, r *http.Request) {
		v := people(s.Page(r).Printer).(centre.People)
		if q := r.FormValue("q"); q != "" {
			v.Query, v.Rows = q, v.Rows[:1]
		}
		s.Render(w, r, http.StatusOK, "people/list", v)
	})
	srv := httptest.NewServer(s.Wrap(mux))
	t.Cleanup(srv.Close)
	return srv.URL
}

func eval[T any](t testing.TB, ctx context.Context, js string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", js, err)
	}
	return v
}

func do(t testing.TB, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// until waits for an expression to be true.
func until(t *testing.T, ctx context.Context, js string) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if eval[bool](t, ctx, js) {
			return
		}
	}
	t.Fatalf("never true: %s", js)
}

const state = `document.querySelector("[data-state]").dataset.state`

func TestAttendanceByKeyboard(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	room := &classroom{}
	at, ctx := room.serve(t), browser(t)
	do(t, ctx, chromedp.EmulateViewport(1280, 900), chromedp.Navigate(at+"/sheet?lang=fr"))
	if got := eval[string](t, ctx, `document.querySelector("[data-count=done]").textContent`); got != "0 sur 30" {
		t.Errorf("the count begins as %q", got)
	}
	// The first radio, then the letters of French: they mark and go on.
	eval[bool](t, ctx, `document.querySelector("[data-row] input").focus(), true`)
	begun := time.Now()
	do(t, ctx, chromedp.KeyEvent("p"), chromedp.KeyEvent("r"), chromedp.KeyEvent("e"), chromedp.KeyEvent("a"),
		chromedp.KeyEvent(" "), chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent("l"), chromedp.KeyEvent(kb.ArrowUp), chromedp.KeyEvent(kb.ArrowUp))
	marks := `[...document.querySelectorAll("[data-row]")].slice(0, 8).map(r => r.querySelector(":checked")?.value ?? "-").join(" ")`
	if got, want := eval[string](t, ctx, marks), "present late excused absent present - late -"; got != want {
		t.Errorf("marks %q, want %q", got, want)
	}
	if got := eval[string](t, ctx, `document.activeElement.name`); got != "mark_5" {
		t.Errorf("the focus is on %q, want the sixth learner's", got)
	}
	for range 25 {
		do(t, ctx, chromedp.KeyEvent("p"))
	}
	if !eval[bool](t, ctx, `document.activeElement.matches("[data-save]")`) {
		t.Error("the last learner does not lead to the button")
	}
	if took := time.Since(begun); took > time.Minute {
		t.Errorf("thirty learners took %v", took)
	}
	if got := eval[string](t, ctx, `document.querySelector("[data-count=done]").textContent + " " + document.querySelector("[data-count=present]").textContent`); got != "30 sur 30 27" {
		t.Errorf("the count says %q", got)
	}
	if got := eval[string](t, ctx, state); got != "unsaved" {
		t.Errorf("the state is %q before saving", got)
	}
	do(t, ctx, chromedp.KeyEvent("s", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	until(t, ctx, state+` === "saved"`)
	if p := room.last(); p.Get("mark_0") != "present" || p.Get("mark_3") != "absent" || p.Get("version") != "v1" || len(p) != 31 {
		t.Errorf("posted %d values: %v", len(p), p)
	}
	if got := eval[string](t, ctx, `document.querySelector("[name=version]").value + " " + document.querySelector("[data-state]").textContent`); got != "v2 kept" {
		t.Errorf("after saving: %q", got)
	}
	// Leaving asks only while something is not saved.
	guard := `(() => { const e = new Event("beforeunload", {cancelable: true}); dispatchEvent(e); return e.defaultPrevented })()`
	if eval[bool](t, ctx, guard) {
		t.Error("leaving is held up though all is saved")
	}
	eval[bool](t, ctx, `document.querySelector("[data-row] input[value=absent]").click(), true`)
	if !eval[bool](t, ctx, guard) {
		t.Error("leaving loses a mark without a word")
	}
}

// BenchmarkAttendance measures a mark in Chromium, from the key to the new count: the median, in ms. The floor is 2.
func BenchmarkAttendance(b *testing.B) {
	room := &classroom{}
	at, ctx := room.serve(b), browser(b)
	do(b, ctx, chromedp.Navigate(at+"/sheet?lang=fr"))
	median := math.MaxFloat64
	for b.Loop() {
		median = min(median, eval[float64](b, ctx, `(() => { const times = [];
		for (const row of document.querySelectorAll("[data-row]")) for (const key of "prea") {
			const input = row.querySelector("input"); input.focus();
			const begun = performance.now();
			input.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
			times.push(performance.now() - begun);
		}
		return times.sort((a, b) => a - b)[times.length >> 1] })()`))
	}
	b.ReportMetric(median, "ms/mark")
}

func TestAttendanceRestAndTrouble(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	room := &classroom{}
	at, ctx := room.serve(t), browser(t)
	do(t, ctx, chromedp.Navigate(at+"/sheet?lang=ar"))
	eval[bool](t, ctx, `document.querySelectorAll("[data-row] input[value=absent]")[4].click(), document.querySelector("[name=rest]").click(), true`)
	if got := eval[string](t, ctx, `document.querySelector("[data-count=present]").textContent + " " + document.querySelector("[data-count=absent]").textContent`); got != "29 1" {
		t.Errorf("after the rest: %q", got)
	}
	if room.last() != nil {
		t.Error("marking the rest has saved by itself")
	}
	// A refusal keeps the marks, says why, and takes the version it names.
	room.mu.Lock()
	room.answer = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusConflict)
		fmt.Fprint(w, `{"saved":false,"version":"v9","message":"somebody else"}`)
	}
	room.mu.Unlock()
	eval[bool](t, ctx, `document.querySelector("[data-save]").click(), true`)
	until(t, ctx, state+` === "failed"`)
	if got := eval[string](t, ctx, `document.querySelector("[data-state]").textContent + document.querySelector("[name=version]").value`); got != "somebody elsev9" {
		t.Errorf("after a refusal: %q", got)
	}
	// A server that answers with a page gets the form as any browser sends it.
	room.mu.Lock()
	room.answer = func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/done", http.StatusSeeOther) }
	room.mu.Unlock()
	eval[bool](t, ctx, `document.querySelector("[data-save]").click(), true`)
	until(t, ctx, `document.title === "done"`)
}

// TestAttendanceWithoutScript sends the plain form.
func TestAttendanceWithoutScript(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	room := &classroom{}
	at, ctx := room.serve(t), browser(t)
	off := chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	})
	do(t, ctx, off, chromedp.Navigate(at+"/sheet?lang=fr"),
		chromedp.Click(chromedp.CSS(`[name=mark_3][value=late]`)), chromedp.Click(chromedp.CSS(`[data-save]`)))
	for end := time.Now().Add(5 * time.Second); room.last() == nil && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
	}
	if p := room.last(); p.Get("mark_3") != "late" || p.Get("save") == "" {
		t.Errorf("posted %v", p)
	}
}

func TestPalette(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	room := &classroom{}
	at, ctx := room.serve(t), browser(t)
	do(t, ctx, chromedp.Navigate(at+"/sheet?lang=fr"), chromedp.KeyEvent("k", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	until(t, ctx, `document.querySelector("dialog").open`)
	do(t, ctx, chromedp.KeyEvent("equipe")) // without the accent of "Équipe"
	if got := eval[string](t, ctx, `[...document.querySelectorAll("#palette-list li")].map(l => l.textContent.trim()).join("|")`); got != "Équipe" {
		t.Errorf("the palette shows %q", got)
	}
	eval[bool](t, ctx, `document.querySelector(".palette input").select(), true`)
	do(t, ctx, chromedp.KeyEvent("pers"), chromedp.KeyEvent(kb.Enter))
	until(t, ctx, `location.pathname === "/people"`)
}

func TestFilter(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	room := &classroom{}
	at, ctx := room.serve(t), browser(t)
	do(t, ctx, chromedp.Navigate(at+"/people?lang=fr"))
	eval[bool](t, ctx, `(window.kept = true, document.querySelector("#q").focus(), true)`)
	do(t, ctx, chromedp.KeyEvent("amina"))
	until(t, ctx, `document.querySelectorAll("#results tbody tr").length === 1`)
	if got := eval[string](t, ctx, `window.kept + " " + document.activeElement.id + " " + location.search`); got != "true q ?q=amina" {
		t.Errorf("after typing: %q", got)
	}
	if eval[bool](t, ctx, `!document.querySelector("[data-fallback]").hidden`) {
		t.Error("the button of who has no script is shown")
	}
}

func TestMenu(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	room := &classroom{}
	at, ctx := room.serve(t), browser(t)
	do(t, ctx, chromedp.EmulateViewport(1280, 900), chromedp.Navigate(at+"/people?lang=fr"))
	open := `document.querySelectorAll("details[open]").length`
	do(t, ctx, chromedp.Click(chromedp.CSS(`tz-menu summary`)))
	if eval[int](t, ctx, open) != 1 {
		t.Fatal("the menu does not open")
	}
	do(t, ctx, chromedp.KeyEvent(kb.Escape))
	if eval[int](t, ctx, open) != 0 || eval[string](t, ctx, `document.activeElement.tagName`) != "SUMMARY" {
		t.Error("Escape does not close the menu and give the focus back")
	}
	// The menu listens for presses elsewhere once it is told that it is open.
	do(t, ctx, chromedp.Click(chromedp.CSS(`tz-menu summary`)))
	time.Sleep(100 * time.Millisecond)
	do(t, ctx, chromedp.Click(chromedp.CSS(`h1`)))
	until(t, ctx, open+` === 0`)
	// A language of the menu is the page's, and the device keeps it.
	do(t, ctx, chromedp.Click(chromedp.CSS(`tz-menu summary`)))
	eval[bool](t, ctx, `document.querySelector("a[hreflang=ar]").click(), true`)
	until(t, ctx, `document.documentElement?.dir === "rtl"`)
	do(t, ctx, chromedp.Navigate(at+"/people"))
	if got := eval[string](t, ctx, `document.documentElement.lang`); got != string(i18n.AR) {
		t.Errorf("the device forgot its language: %q", got)
	}
}

// TestPolicyHolds looks at the console: a page that its own policy keeps from
// something would say so there.
func TestPolicyHolds(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	_, srv := newGallery(t)
	ctx := browser(t)
	for _, name := range []string{"board", "attendance", "today", "import-columns", "signin"} {
		do(t, ctx, chromedp.Navigate(srv.URL+"/"+name+"?lang=fr"))
		broken := eval[[]string](t, ctx, `new Promise(done => {
			const seen = []; addEventListener("securitypolicyviolation", e => seen.push(e.violatedDirective + " " + e.blockedURI));
			new ReportingObserver(list => list.forEach(r => seen.push(JSON.stringify(r.body))), {buffered: true}).observe();
			setTimeout(() => done(seen), 100) })`)
		if len(broken) > 0 {
			t.Errorf("%s: %v", name, broken)
		}
		if n := eval[int](t, ctx, `[...document.querySelectorAll("*")].filter(e => e.localName.startsWith("tz-") && !customElements.get(e.localName)).length`); n > 0 {
			t.Errorf("%s: %d elements are not defined", name, n)
		}
	}
}
