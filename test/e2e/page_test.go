package e2e

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"tizi/internal/i18n"
)

// patience is how long something may take to appear on a page. The machine that runs the tests has other work.
const patience = 15 * time.Second

// tab is one tab of the browser. It watches what no page may do: write an error to the console, ask another host, come
// without its policy, fail.
type tab struct {
	t    testing.TB
	ctx  context.Context
	base string
	lang i18n.Lang
	wide int64

	mu       sync.Mutex
	cut      bool // there is no link, and that is meant
	cuts     []context.CancelFunc
	faults   []string
	host     string
	files    string // another host that it may ask for files; "": none
	dialogs  []page.DialogType
	document string // where the last document came from
	status   int64
	pictures int

	pages, presses, letters int // of who uses it
}

// newTab opens a tab with cookies of its own.
func newTab(t testing.TB, n *node) *tab {
	t.Helper()
	return openTab(t, browser(t), n.base, chromedp.WithNewBrowserContext())
}

// sibling opens a tab beside this one, with the same cookies.
func (p *tab) sibling() *tab {
	p.t.Helper()
	q := openTab(p.t, p.ctx, p.base)
	q.lang = p.lang
	return q
}

func openTab(t testing.TB, parent context.Context, base string, opts ...chromedp.ContextOption) *tab {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	p := &tab{t: t, base: base, host: u.Host, lang: i18n.FR, wide: 1280}
	ctx, cancel := chromedp.NewContext(parent, append(opts, chromedp.WithListener(p.hear))...)
	p.ctx = ctx
	t.Cleanup(func() {
		p.verdict()
		cancel()
	})
	// The first action opens the tab, which lives as long as the context of that action.
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(p.wide, 900)); err != nil {
		t.Fatal(err)
	}
	return p
}

// hear takes note of what happens in the tab.
func (p *tab) hear(ev any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fault := func(format string, args ...any) { p.faults = append(p.faults, fmt.Sprintf(format, args...)) }
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(ev.Request.URL)
		if err != nil || u.Host != p.host && u.Host != cmp.Or(p.files, p.host) && u.Scheme != "data" && u.Scheme != "blob" && u.Scheme != "about" {
			fault("asks for %s", ev.Request.URL)
		}
	case *network.EventResponseReceived:
		if ev.Type == network.ResourceTypeDocument {
			p.document, p.status = ev.Response.URL, ev.Response.Status
			if ev.Response.Status != 204 && !hasPolicy(ev.Response.Headers) { // 204: the page stays that is there
				fault("%s comes without a content security policy", ev.Response.URL)
			}
		} else if ev.Response.Status >= 400 && ev.Response.Status != 409 && ev.Response.Status != 401 { // both are answered to a script that expects them
			fault("%s: status %d", ev.Response.URL, ev.Response.Status)
		}
		if ev.Response.Status >= 500 {
			fault("%s: status %d", ev.Response.URL, ev.Response.Status)
		}
	case *runtime.EventExceptionThrown:
		text := ev.ExceptionDetails.Text
		if e := ev.ExceptionDetails.Exception; e != nil {
			text += " " + e.Description
		}
		fault("exception: %s", text)
	case *runtime.EventConsoleAPICalled:
		if ev.Type == runtime.ConsoleAPICalledTypeError || ev.Type == runtime.ConsoleAPICalledTypeWarning {
			for _, a := range ev.Args {
				fault("console: %s %s", a.Description, a.Value)
			}
		}
	case *log.EventEntryAdded:
		// That a page was answered with 404 or 422 is meant; anything else that does not load is caught above.
		if ev.Entry.Source == log.EntrySourceNetwork && (strings.Contains(ev.Entry.Text, "responded with a status of 4") || p.cut && strings.Contains(ev.Entry.Text, "net::ERR_")) {
			return
		}
		if ev.Entry.Level == log.EntryLevelError || ev.Entry.Level == log.EntryLevelWarning {
			fault("log: %s %s", ev.Entry.Text, ev.Entry.URL)
		}
	case *page.EventJavascriptDialogOpening:
		p.dialogs = append(p.dialogs, ev.Type)
	}
}

func hasPolicy(h network.Headers) bool {
	for k, v := range h {
		if s, ok := v.(string); ok && strings.EqualFold(k, "Content-Security-Policy") {
			return strings.Contains(s, "default-src 'none'") && strings.Contains(s, "script-src 'self'") && !strings.Contains(s, "unsafe")
		}
	}
	return false
}

// verdict reports what went wrong in the background since it was last asked.
func (p *tab) verdict() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.faults {
		p.t.Errorf("on %s (%s): %s", p.document, p.lang, f)
	}
	p.faults = nil
}

// T is a message in the language of the tab.
func (p *tab) T(key string, args ...any) string {
	p.t.Helper()
	s := i18n.For(p.lang).T(key, args...)
	if strings.HasPrefix(s, "[") {
		p.t.Fatalf("there is no message %s", s)
	}
	return s
}

func (p *tab) number(n int64) string { return i18n.For(p.lang).Number(n) }

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p.ctx, patience)
	defer stop()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.fatal(err)
	}
}

// js evaluates an expression on the page.
func js[T any](p *tab, expression string) T {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p.ctx, patience)
	defer stop()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.fatal(fmt.Errorf("%s: %w", short(expression), err))
	}
	return v
}

func short(s string) string {
	if len(s) > 120 {
		return s[:120] + "…"
	}
	return s
}

// call sends a command of the protocol.
func call[P, R any](p *tab, cmd cdp.Command[P, R], params P) R {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p.ctx, patience)
	defer stop()
	r, err := chromedp.Call(ctx, cmd, params)
	if err != nil {
		p.fatal(fmt.Errorf("%s: %w", cmd.Method, err))
	}
	return r
}

// fatal ends the test with a picture of where it stood.
func (p *tab) fatal(err error) {
	p.t.Helper()
	where := p.where()
	if *screens != "" {
		ctx, stop := context.WithTimeout(p.ctx, 5*time.Second)
		defer stop()
		if b, err := chromedp.Run(ctx, chromedp.CaptureScreenshot()); err == nil {
			os.WriteFile(filepath.Join(*screens, "failed-"+plainName(p.t.Name())+".png"), b, 0o644)
		}
	}
	p.t.Fatalf("on %s (%s): %v", where, p.lang, err)
}

func (p *tab) where() string {
	ctx, stop := context.WithTimeout(p.ctx, 2*time.Second)
	defer stop()
	if s, err := chromedp.Run(ctx, chromedp.Location()); err == nil {
		return s
	}
	return p.document
}

// path is the address of the page, without the host.
func (p *tab) path() string {
	return strings.TrimPrefix(js[string](p, `location.href`), p.base)
}

// open goes to an address of the program.
func (p *tab) open(path string) {
	p.t.Helper()
	p.leave(func() {
		ctx, stop := context.WithTimeout(p.ctx, patience)
		defer stop()
		if r, err := chromedp.Call(ctx, page.Navigate, page.NavigateParams{URL: p.base + path}); err != nil || r.ErrorText != "" {
			p.fatal(fmt.Errorf("open %s: %v %s", path, err, r.ErrorText))
		}
	})
}

// leave does what leads to another page, and waits until it stands.
func (p *tab) leave(how func()) {
	p.t.Helper()
	js[bool](p, `globalThis.hereBefore = true`)
	how()
	end := time.Now().Add(patience)
	for {
		ctx, stop := context.WithTimeout(p.ctx, patience)
		there, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`!globalThis.hereBefore && document.readyState === "complete" && location.href !== "about:blank"`))
		stop()
		if err == nil && there {
			break
		}
		if time.Now().After(end) {
			p.fatal(fmt.Errorf("no other page comes (%v)", err))
		}
		time.Sleep(5 * time.Millisecond)
	}
	p.settled()
}

// settled looks at a page that has just come.
func (p *tab) settled() {
	p.t.Helper()
	p.pages++
	js[bool](p, `document.fonts.ready.then(() => true)`)
	p.verdict()
	if l, ok := i18n.Parse(js[string](p, `document.documentElement.lang`)); ok {
		p.lang = l
	} else {
		p.t.Errorf("%s: the page names no language", p.path())
	}
	if over := js[float64](p, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
		p.t.Errorf("%s (%s): %.0f pixels too wide at %d: %s", p.path(), p.lang, over, p.wide, js[string](p, tooWide))
	}
	if key := noMessage.FindString(p.text()); key != "" {
		p.t.Errorf("%s (%s): the page shows the key %s", p.path(), p.lang, key)
	}
	p.picture("")
}

// noMessage is what stands where a message is missing in every language.
var noMessage = regexp.MustCompile(`\[[a-z_]+(\.[A-Za-z0-9_-]+)+\]`)

// tooWide names what sticks out of a page.
const tooWide = `[...document.querySelectorAll("body *")].filter(e => { const r = e.getBoundingClientRect(); return r.width && (r.right > innerWidth + 1 || r.left < -1) && !e.closest("svg *") }).slice(-3).map(e => e.outerHTML.slice(0, 90)).join(" | ")`

var notName = regexp.MustCompile(`[^A-Za-z0-9-]+`)

func plainName(s string) string { return strings.Trim(notName.ReplaceAllString(s, "-"), "-") }

var ids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}`)

// picture writes what the tab shows into the folder of -screens.
func (p *tab) picture(note string) {
	p.t.Helper()
	if *screens == "" {
		return
	}
	path := plainName(ids.ReplaceAllString(p.path(), "x"))
	p.pictures++
	name := fmt.Sprintf("%s-%03d-%s-%s-%d%s.png", plainName(p.t.Name()), p.pictures, short(path), p.lang, p.wide, note)
	// The window is made as tall as the page: a picture beyond the window is taken from beside a right-to-left page.
	tall := js[int64](p, `Math.max(900, Math.ceil(document.body.getBoundingClientRect().height))`)
	p.do(chromedp.EmulateViewport(p.wide, min(tall, 6000)))
	ctx, stop := context.WithTimeout(p.ctx, patience)
	defer stop()
	b, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(*screens, name), b, 0o644)
	}
	if err != nil {
		p.t.Error(err)
	}
	p.do(chromedp.EmulateViewport(p.wide, 900))
}

// width makes the window as wide as a device.
func (p *tab) width(w int64) {
	p.t.Helper()
	p.wide = w
	p.do(chromedp.EmulateViewport(w, 900))
}

// element is something on the page as assistive technology is told of it.
type element struct {
	node       cdp.BackendNodeID
	role, name string
}

// clean takes the marks of direction and doubled blanks out of a text.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= '\u2066' && r <= '\u2069' || r == '\u200e' || r == '\u200f' || r == '\u061c':
			return -1
		case r == '\u00a0' || r == '\u202f':
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// all finds everything of some roles, in the page or within an element.
func (p *tab) all(within *element, roles ...string) []element {
	p.t.Helper()
	var out []element
	var q accessibility.QueryAXTreeParams
	if within != nil {
		q.BackendNodeID = within.node
	} else {
		q.NodeID = call(p, dom.GetDocument, dom.GetDocumentParams{}).Root.NodeID
	}
	for _, role := range roles {
		q.Role = role
		ctx, stop := context.WithTimeout(p.ctx, patience)
		r, err := chromedp.Call(ctx, accessibility.QueryAXTree, q)
		stop()
		if err != nil {
			return nil // the page is on its way
		}
		for _, n := range r.Nodes {
			if n.Ignored {
				continue
			}
			e := element{node: n.BackendDOMNodeID, role: role}
			if n.Name != nil {
				var s string
				if jsonText(n.Name.Value, &s) {
					e.name = clean(s)
				}
			}
			out = append(out, e)
		}
	}
	return out
}

// is tells whether a name is the one looked for. A label says more after it: that an answer is optional, what state a
// menu is in.
func (e element) is(name string) bool {
	return e.name == name || strings.HasPrefix(e.name, name+" (")
}

var errNone = errors.New("not there")

// seek looks once.
func (p *tab) seek(within *element, name string, roles ...string) (element, error) {
	p.t.Helper()
	name = clean(name)
	var hits []element
	var names []string
	for _, e := range p.all(within, roles...) {
		names = append(names, fmt.Sprintf("%q", e.name))
		if e.is(name) {
			hits = append(hits, e)
		}
	}
	switch len(hits) {
	case 1:
		return hits[0], nil
	case 0:
		return element{}, fmt.Errorf("no %s %q, only %s: %w", strings.Join(roles, "/"), name, strings.Join(names, ", "), errNone)
	}
	// Several links may carry one name when they lead to one place.
	same := true
	for _, h := range hits {
		same = same && h.role == "link" && on[string](p, h, `function() { return this.href }`) == on[string](p, hits[0], `function() { return this.href }`)
	}
	if same {
		return hits[0], nil
	}
	return element{}, fmt.Errorf("%d times %s %q: a name must tell them apart", len(hits), strings.Join(roles, "/"), name)
}

// find waits for the one element of a role and name.
func (p *tab) find(name string, roles ...string) element {
	p.t.Helper()
	return p.findIn(nil, name, roles...)
}

func (p *tab) findIn(within *element, name string, roles ...string) element {
	p.t.Helper()
	end := time.Now().Add(patience / 2)
	for {
		e, err := p.seek(within, name, roles...)
		if err == nil {
			return e
		}
		if time.Now().After(end) {
			p.fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// like finds the one element of a role whose name has some words in it.
func (p *tab) like(role, words string) element {
	p.t.Helper()
	var hits []element
	for _, e := range p.all(nil, role) {
		if strings.Contains(e.name, clean(words)) {
			hits = append(hits, e)
		}
	}
	if len(hits) != 1 {
		p.fatal(fmt.Errorf("%d times %s with %q", len(hits), role, words))
	}
	return hits[0]
}

// on calls a function with the element as this.
func on[T any](p *tab, e element, function string, args ...any) T {
	p.t.Helper()
	r := call(p, dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: e.node})
	ctx, stop := context.WithTimeout(p.ctx, patience)
	defer stop()
	v, err := chromedp.Run(ctx, chromedp.CallFunctionOn[T](function, func(c *runtime.CallFunctionOnParams) {
		c.ObjectID = r.Object.ObjectID
	}, args...))
	if err != nil {
		p.fatal(fmt.Errorf("%s %q: %w", e.role, e.name, err))
	}
	return v
}

// spot brings an element into the window, as people do before they point at it, and says where it is. What stands in
// front of it is an error: people cannot point through it. A hidden choice is pointed at by its label.
const spot = `function() {
 const labels = [...(this.labels ?? [])];
 let e = this, r = e.getBoundingClientRect();
 if ((r.width < 9 || r.height < 9) && labels.length) { e = labels[0]; }
 e.scrollIntoView({block: "center", inline: "nearest", behavior: "instant"});
 r = e.getBoundingClientRect();
 const x = Math.min(Math.max(r.left + r.width / 2, 1), innerWidth - 1), y = Math.min(Math.max(r.top + r.height / 2, 1), innerHeight - 1);
 const top = document.elementFromPoint(x, y);
 const own = top && [this, e, ...labels].some(o => o.contains(top) || top.contains(o));
 return {X: x, Y: y, W: r.width, H: r.height, Under: own ? "" : (top ? top.outerHTML.slice(0, 120) : "nothing")};
}`

type point struct {
	X, Y, W, H float64
	Under      string
}

func (p *tab) spot(e element) point {
	p.t.Helper()
	at := on[point](p, e, spot)
	if at.W < 1 || at.H < 1 {
		p.fatal(fmt.Errorf("%s %q is not to be seen", e.role, e.name))
	}
	if at.Under != "" {
		p.fatal(fmt.Errorf("%s %q lies under %s", e.role, e.name, at.Under))
	}
	return at
}

// press clicks an element with the mouse.
func (p *tab) press(e element) {
	p.t.Helper()
	p.presses++
	at := p.spot(e)
	p.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, at.X, at.Y), chromedp.MouseClickXY(at.X, at.Y))
}

// click clicks what has a role and a name.
func (p *tab) click(role, name string) {
	p.t.Helper()
	p.press(p.find(name, role))
}

// follow clicks what leads to another page, and waits for it.
func (p *tab) follow(role, name string) {
	p.t.Helper()
	e := p.find(name, role)
	p.leave(func() { p.press(e) })
}

// fields are the roles of what is filled in.
var fields = []string{"textbox", "searchbox", "combobox", "spinbutton", "Date"}

// fill types into the field with a label, in place of what stands there.
func (p *tab) fill(label, text string) {
	p.t.Helper()
	e := p.find(label, fields...)
	if e.role == "Date" {
		// Browsers take the parts of a date in the order of their own language.
		on[bool](p, e, `function(v) { this.value = v; this.dispatchEvent(new Event("input", {bubbles: true})); this.dispatchEvent(new Event("change", {bubbles: true})); return true }`, text)
		return
	}
	p.letters += utf8.RuneCountInString(text)
	p.press(e)
	p.do(chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)), chromedp.KeyEvent(kb.Delete))
	call(p, input.InsertText, input.InsertTextParams{Text: text})
}

// value is what stands in the field with a label.
func (p *tab) value(label string) string {
	p.t.Helper()
	return on[string](p, p.find(label, fields...), `function() { return this.value }`)
}

// choose takes an answer of a list by its words.
func (p *tab) choose(label, answer string) {
	p.t.Helper()
	ok := on[bool](p, p.find(label, "combobox"), `function(words) {
 const flat = s => s.replace(/[\u2066-\u2069\u200e\u200f]/g, "").replace(/\s+/g, " ").trim();
 const o = [...this.options].find(o => flat(o.label) === words);
 if (!o) return false;
 this.focus(); this.value = o.value;
 this.dispatchEvent(new Event("input", {bubbles: true})); this.dispatchEvent(new Event("change", {bubbles: true}));
 return true;
}`, clean(answer))
	if !ok {
		p.fatal(fmt.Errorf("%q cannot be answered with %q", label, answer))
	}
}

// upload gives files to the file field with a label.
func (p *tab) upload(label, path string) {
	p.t.Helper()
	var file element
	for _, e := range p.all(nil, "button") {
		if strings.Contains(e.name, clean(label)) && on[string](p, e, `function() { return this.type ?? "" }`) == "file" {
			file = e
		}
	}
	if file.node == 0 {
		p.fatal(fmt.Errorf("no file field %q", label))
	}
	call(p, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: []string{path}, BackendNodeID: file.node})
}

// text is what can be read on the page.
func (p *tab) text() string {
	p.t.Helper()
	return clean(js[string](p, `document.body ? document.body.innerText : ""`))
}

// reads fails unless a sentence can be read on the page; it may still be on its way.
func (p *tab) reads(sentence string) {
	p.t.Helper()
	end := time.Now().Add(patience / 2)
	for !strings.Contains(p.text(), clean(sentence)) {
		if time.Now().After(end) {
			p.fatal(fmt.Errorf("the page does not say %q but %q", sentence, p.text()))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// beside is what stands next to words, such as the number beside its name.
func (p *tab) beside(words string) string {
	p.t.Helper()
	s := js[string](p, fmt.Sprintf(`(() => {
 const flat = s => s.replace(/[\u2066-\u2069\u200e\u200f]/g, "").replace(/\s+/g, " ").trim();
 for (const e of document.querySelectorAll("main dt, main span")) if (flat(e.textContent) === %q && e.nextElementSibling) return e.nextElementSibling.innerText;
 return "";
})()`, clean(words)))
	if s == "" {
		p.fatal(fmt.Errorf("nothing stands beside %q", words))
	}
	return clean(s)
}

// key presses keys, one after the other.
func (p *tab) key(keys string, mods ...chromedp.Modifier) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(keys, chromedp.KeyModifiers(mods...)))
}

// focused is the role-less short of what has the focus.
func (p *tab) focused() string {
	p.t.Helper()
	return clean(js[string](p, `document.activeElement ? (document.activeElement.getAttribute("role") ?? document.activeElement.localName) + " " + (document.activeElement.innerText ?? "") : ""`))
}

// speak chooses a language in the menu.
func (p *tab) speak(l i18n.Lang) {
	p.t.Helper()
	for _, e := range p.all(nil, "DisclosureTriangle") {
		if strings.HasPrefix(e.name, clean(p.T("common.language"))) {
			p.press(e)
		}
	}
	p.follow("link", l.Self())
	if p.lang != l {
		p.fatal(fmt.Errorf("the page is in %s after %s was chosen", p.lang, l))
	}
}

// menu opens the menu whose name has some words in it.
func (p *tab) menu(words string) {
	p.t.Helper()
	for _, e := range p.all(nil, "DisclosureTriangle") {
		if strings.Contains(e.name, clean(words)) {
			p.press(e)
			return
		}
	}
	p.fatal(fmt.Errorf("no menu %q", words))
}

// scripts switches the page's scripts off or on, from the next page on.
func (p *tab) scripts(run bool) {
	p.t.Helper()
	call(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !run})
}

// summary is the list of errors that takes the focus, read when it has it.
func (p *tab) summary(errors int) {
	p.t.Helper()
	e := p.find(p.T("common.errors.count", "n", errors), "alert")
	if !on[bool](p, e, `function() { return document.activeElement === this }`) {
		p.t.Errorf("%s: the summary of errors has not the focus", p.path())
	}
	for _, l := range p.all(&e, "link") {
		if !on[bool](p, l, `function() { return !!document.querySelector(this.getAttribute("href")) }`) {
			p.t.Errorf("%s: the error %q leads to no field", p.path(), l.name)
		}
	}
	if p.status != 422 {
		p.t.Errorf("%s: status %d", p.path(), p.status)
	}
}
