package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"tizi/internal/i18n"
)

// slate is a browser with a profile of its own, which stays when the browser is closed.
type slate struct {
	t       testing.TB
	profile string
	flags   []chromedp.ExecAllocatorOption
	ctx     context.Context
	close   func()
}

func newSlate(t testing.TB, flags ...chromedp.ExecAllocatorOption) *slate {
	t.Helper()
	browser(t) // which skips where there is none
	d := &slate{t: t, profile: t.TempDir(), flags: flags}
	d.start()
	t.Cleanup(func() { d.close() })
	return d
}

// start starts the browser.
func (d *slate) start() {
	d.t.Helper()
	alloc, stop := chromedp.NewExecAllocator(context.Background(), append(chromium(d.profile), d.flags...)...)
	ctx, cancel := chromedp.NewContext(alloc)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		d.t.Fatal(err)
	}
	closed := false
	d.ctx, d.close = ctx, func() {
		if closed {
			return
		}
		closed = true
		chromedp.Cancel(ctx) // as one closes it: what is written lies on the disk
		cancel()
		stop()
	}
}

// tab opens a tab.
func (d *slate) tab(n *node, lang i18n.Lang) *tab {
	d.t.Helper()
	p := openTab(d.t, d.ctx, n.base)
	p.lang, p.files = lang, n.files
	return p
}

// link cuts the link of a tab and of the service worker behind it, or gives it back.
func (p *tab) link(there bool) {
	p.t.Helper()
	p.mu.Lock()
	p.cut = !there
	p.mu.Unlock()
	rule := network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{{Offline: !there, DownloadThroughput: -1, UploadThroughput: -1}}}
	call(p, network.EmulateNetworkConditionsByRule, rule)
	for _, stop := range p.cuts {
		stop() // what was asked for holds as long as whoever asked is there
	}
	if p.cuts = nil; there {
		return
	}
	list, err := chromedp.Targets(p.ctx)
	if err != nil {
		p.fatal(err)
	}
	for _, x := range list {
		if x.Type != "service_worker" {
			continue
		}
		ctx, stop := chromedp.NewContext(p.ctx, chromedp.WithTargetID(x.TargetID), chromedp.WithDetachOnCancel())
		p.cuts = append(p.cuts, stop)
		if _, err := chromedp.Call(ctx, network.EmulateNetworkConditionsByRule, rule); err != nil {
			p.fatal(err)
		}
	}
}

// comes waits until an expression is true.
func (p *tab) comes(expression string) {
	p.t.Helper()
	for end := time.Now().Add(2 * patience); !js[bool](p, expression); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			p.fatal(fmt.Errorf("it never comes to %s", short(expression)))
		}
	}
}

// smallCourse brings the course that a new one begins with, mon-cours, whose lesson has some activities more.
func (n *node) smallCourse(more ...string) {
	n.t.Helper()
	dir := filepath.Join(n.t.TempDir(), "mon-cours")
	tizid(n.t, "course", "new", dir)
	if len(more) > 0 {
		lesson := filepath.Join(dir, "modules/commencer/premiere-lecon/lesson.yaml")
		b, err := os.ReadFile(lesson)
		ok(n.t, err)
		ok(n.t, os.WriteFile(lesson, []byte(strings.Replace(string(b), "trainer: formateur", strings.Join(append(more, "trainer: formateur"), "\n"), 1)), 0o600))
	}
	tizid(n.t, "import", "course", dir, "--data", n.dir)
}

// follows lets the first group of a centre follow the small course, in the tab of its manager.
func (p *tab) follows(n *node, c *client, lang i18n.Lang, more ...string) (group, title string) {
	p.t.Helper()
	n.smallCourse(more...)
	group = c.aGroup()
	title = map[i18n.Lang]string{i18n.FR: "Un premier cours", i18n.AR: "دورة أولى"}[lang]
	p.open(group + "/learning?lang=" + string(lang))
	p.choose(p.T("learning.course"), title)
	p.follow("button", p.T("learning.follow"))
	p.reads(p.T("learning.follows"))
	return group, title
}

// learns makes the tab's browser, in which the manager is signed in, a tablet of the centre, on which a learner of a group comes in by
// card.
func (p *tab) learns(manager *tab, group string, lang i18n.Lang) {
	p.t.Helper()
	p.open("/tablets?lang=" + string(lang))
	p.fill(p.T("tablets.name"), "Tablette 4")
	p.follow("button", p.T("tablets.enrol_do"))
	manager.open(group + "/learners")
	js[any](manager, `document.querySelector("[name=way][value=pictures]").click()`)
	manager.follow("button", manager.T("signing.give"))
	card := manager.codeOfCard()
	manager.do(chromedp.EmulateViewport(1280, 900))
	p.open("/door")
	p.leave(func() { p.key(card + kb.Enter) })
	if at := p.path(); at != "/my" {
		p.t.Fatalf("a card leads to %s", at)
	}
}

// TestOffline: a learner comes in by card, goes on without a link, closes the browser, opens it again without a link, goes on, and what
// they did is there once when the link is back. In French and in Arabic.
func TestOffline(t *testing.T) {
	browser(t)
	for _, lang := range walked(i18n.AR) {
		t.Run(string(lang), func(t *testing.T) {
			n := serveDemo(t)
			c := n.play("centre")
			manager := newTab(t, n)
			manager.signIn(c)
			group, title := manager.follows(n, c, lang)

			// The centre chooses what its tablets keep. Without a language nothing is taken away by mistake.
			manager.open("/tablets")
			manager.follow("link", manager.T("packs.title"))
			keep := manager.T("packs.keep") + " " + title
			manager.follow("button", keep)
			manager.summary(1)
			box := func(l i18n.Lang) {
				t.Helper()
				js[any](manager, fmt.Sprintf(`[...document.querySelectorAll("[name=course][value=mon-cours]")][0].form.querySelector("[name=lang][value=%s]").click()`, l))
			}
			box(i18n.FR)
			box(i18n.AR)
			manager.follow("button", keep)
			manager.reads(manager.T("packs.kept"))
			manager.follow("button", keep) // as it is shown, it stays
			manager.reads(manager.T("packs.kept"))
			manager.width(360)
			manager.picture("-packs-narrow")
			manager.width(1280)

			// The tablet.
			d := newSlate(t)
			p := d.tab(n, lang)
			p.signIn(n.play("centre"))
			p.learns(manager, group, lang)
			p.comes(`caches.open("tizi-packs").then(c => c.keys()).then(k => k.filter(r => r.url.includes("?program=")).length === 2)`)
			p.open("/my") // a page that came while the worker did has none
			p.comes(`navigator.serviceWorker.controller !== null`)
			manager.open("/tablets/packs")
			for end := time.Now().Add(patience); strings.Contains(manager.text(), manager.T("packs.nothing")); manager.open("/tablets/packs") {
				if time.Now().After(end) {
					t.Fatal("the tablet does not say what it holds")
				}
			}
			manager.picture("-packs-held")
			learner := js[string](p, `document.querySelector("tz-kept").dataset.learner`)
			answers := func() (tries int) {
				t.Helper()
				body := c.get(group + "/learning/" + learner).body
				return strings.Count(body, i18n.For(i18n.FR).T("learn.not_yet")+"</span>") + strings.Count(body, i18n.For(i18n.FR).T("learn.right")+"</span>")
			}

			before := answers() // of the demonstration

			// The link is cut.
			lesson := "/my/courses/mon-cours/commencer/premiere-lecon"
			p.link(false)
			p.open("/my")
			p.reads(p.T("offline.no_link"))
			p.picture("-home")
			p.open(lesson)
			p.follow("button", p.T("my.begin"))
			p.picture("-step")
			for !strings.Contains(p.path(), "verifier.") {
				p.comes(`document.querySelector("main form button.btn-main") !== null`)
				p.leave(func() { js[any](p, `document.querySelector("main form button.btn-main").click()`) })
			}
			p.open(lesson + "/verifier.exemples")
			answer := func(id string) {
				t.Helper()
				p.comes(`document.querySelector("[name^=q-]") !== null`)
				js[any](p, fmt.Sprintf(`document.querySelector("[name^=q-][value=%s]").click(); document.querySelector("main form button").click()`, id))
			}
			answer("b")
			p.reads(p.T("learn.not_yet"))
			p.picture("-wrong")
			p.width(360)
			p.picture("-wrong-narrow")
			p.width(1280)
			if got := answers() - before; got != 0 {
				t.Errorf("%d answers are there without a link", got)
			}

			// The browser is closed, the box stops; opened again, the learner goes on.
			p.verdict()
			d.close()
			n.stop()
			d.start()
			p = d.tab(n, lang)
			p.cut = true
			p.open("/my")
			p.reads(p.T("offline.no_link"))
			p.open(lesson + "/verifier.exemples")
			answer("a")
			p.reads(p.T("learn.right"))
			p.picture("-right")
			if kept := js[int](p, onDevice); kept < 4 {
				t.Errorf("%d letters wait", kept)
			}

			// The link is back: each of them once.
			n.again()
			p.cut = false
			js[any](p, `dispatchEvent(new Event("online"))`)
			p.comes(onDevice + `.then(n => n === 0)`)
			p.follow("link", p.T("offline.link_back"))
			p.reads(p.T("learn.right"))
			if got := answers() - before; got != 2 {
				t.Errorf("%d answers of 2 in the trainer's page", got)
			}

			// Another learner on the tablet sees nothing of it, and nobody does after signing out.
			p.follow("button", p.T("common.sign_out"))
			p.cut = true
			n.stop()
			p.open("/my")
			p.reads(p.T("offline.out"))
			p.picture("-out")
			n.again()
			p.verdict()
			manager.verdict()
			n.check()
		})
	}
}

// onDevice is how many letters lie on the device.
const onDevice = `new Promise((yes, no) => { const ask = indexedDB.open("tizi-labs"); ask.onerror = () => no(ask.error); ask.onsuccess = () => { const all = ask.result.transaction("outbox").objectStore("outbox").count(); all.onsuccess = () => { ask.result.close(); yes(all.result) } } })`

// TestOfflineByPlainHTTP: where the address is neither HTTPS nor the machine's own, a browser keeps no pages: everything works but without
// a link, and the page says so.
func TestOfflineByPlainHTTP(t *testing.T) {
	browser(t)
	for _, lang := range walked(i18n.AR) {
		t.Run(string(lang), func(t *testing.T) {
			n := serveDemo(t)
			c := n.play("centre")
			manager := newTab(t, n)
			manager.signIn(c)
			group, _ := manager.follows(n, c, lang)
			d := newSlate(t, chromedp.Flag("host-resolver-rules", "MAP tizi.test 127.0.0.1"))
			plain := &node{base: strings.Replace(n.base, "127.0.0.1", "tizi.test", 1)}
			p := d.tab(plain, lang)
			own := n.play("centre")
			own.base = plain.base
			u, err := url.Parse(n.base)
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range own.http.Jar.Cookies(u) {
				call(p, network.SetCookie, network.SetCookieParams{Name: k.Name, Value: k.Value, URL: plain.base, HTTPOnly: ptr(true), SameSite: network.CookieSameSiteLax})
			}
			p.learns(manager, group, lang)
			p.reads(p.T("offline.unsafe"))
			p.picture("-plain")
			p.open("/my/courses/mon-cours/commencer/premiere-lecon")
			p.follow("button", p.T("my.begin"))
			p.follow("button", p.T("my.next"))
			if js[bool](p, `isSecureContext || "serviceWorker" in navigator`) {
				t.Error("the address is a safe one")
			}
			p.verdict()
		})
	}
}

// project is something to hand in, in a lesson.
const project = "  - {id: garder, kind: project, title: {fr: Garder, ar: نحتفظ, en: Keep}, text: parler}"

// trustingSlate is a tablet that has installed the authority of a box, by whose name it finds it; n is that box, as the tablet reaches it.
func trustingSlate(t *testing.T, n *node, port string) (d *slate, safe *node) {
	t.Helper()
	files := "files-" + boxName
	home := trustStore(t, authority(t, n.base))
	d = newSlate(t, chromedp.Env("HOME="+home), chromedp.Flag("host-resolver-rules", "MAP "+boxName+" 127.0.0.1, MAP "+files+" 127.0.0.1"))
	return d, &node{t: t, base: "https://" + boxName + ":" + port, files: files + ":" + port}
}

// TestOfflineByHTTPS: over the box's own authority, a learner takes the test before a course without a link and hands a photo in; the
// tablet is full, they are told and lose nothing; the test after is opened, they take it without a link; all of it arrives once, and the
// gain counts them. In French and in Arabic.
func TestOfflineByHTTPS(t *testing.T) {
	browser(t)
	for _, lang := range walked(i18n.FR) {
		t.Run(string(lang), func(t *testing.T) {
			address, port := free(t)
			n := start(t, "serve", copyOfDemo(t), "--https", address, "--name", boxName)
			c := n.play("centre")
			manager := newTab(t, n)
			manager.signIn(c)
			group, title := manager.follows(n, c, lang, project)
			c.must(c.post("/tablets/packs", url.Values{"course": {"mon-cours"}, "lang": {"fr", "ar"}}))

			d, safe := trustingSlate(t, n, port)
			p := d.tab(safe, lang)
			p.open("/?lang=" + string(lang))
			js[any](p, `fetch("/demo", {method: "POST", body: new URLSearchParams({person: "centre"})})`)
			p.learns(manager, group, lang)
			p.comes(`caches.open("tizi-packs").then(c => c.keys()).then(k => k.filter(r => r.url.includes("?program=")).length === 2)`)
			if !js[bool](p, `caches.open("tizi-packs").then(c => c.keys()).then(k => k.some(r => new URL(r.url).host.startsWith("files-")))`) {
				t.Error("nothing is kept from the name of files")
			}
			p.open("/my")
			p.comes(`navigator.serviceWorker.controller !== null`)
			learner := js[string](p, `document.querySelector("tz-kept").dataset.learner`)
			page := group + "/learning/" + learner
			answered := func(key string) int {
				return strings.Count(c.get(page).body, i18n.For(i18n.FR).T(key)+"</span>")
			}
			wrong, right := answered("learn.not_yet"), answered("learn.right")
			p.open("/my/work")
			works := func() int { return js[int](p, `document.querySelectorAll(".my-works > li").length`) }
			had := works() // of the demonstration
			online := func() {
				js[any](p, `fetch("/healthz").catch(() => 0)`) // what was asked for before has failed by then
				p.link(true)
				js[any](p, `dispatchEvent(new Event("online"))`)
			}
			take := func(test, question, answer string) {
				t.Helper()
				p.open("/my")
				p.reads(p.T("offline.no_link"))
				link := fmt.Sprintf(`document.querySelector("a[href$='/mon-cours/%s']")`, test)
				p.comes(link + ` !== null`)
				p.leave(func() { js[any](p, link+`.click()`) })
				p.comes(`document.querySelector("[name^=q-]") !== null`)
				p.click("button", p.T("my.test_send"))
				p.reads(p.T("offline.test_open"))
				p.picture("-" + test)
				js[any](p, fmt.Sprintf(`document.querySelector("[name=q-%s][value=%s]").click()`, question, answer))
				p.click("button", p.T("my.test_send"))
				p.reads(p.T("my.test_thanks"))
			}

			// The test before, without a link; the one after is not for now.
			p.link(false)
			p.open("/my")
			p.comes(`document.querySelector("[data-next]") !== null`)
			p.picture("-home")
			take("pre", "apprendre", "b")
			p.picture("-thanks")
			p.open("/my/tests/mon-cours/post")
			p.reads(p.T("my.not_now"))
			p.open("/my/courses/mon-cours")
			p.reads(p.T("my.test.post"))
			p.picture("-course")

			// A photo is handed in, by somebody who presses twice.
			project := "/my/courses/mon-cours/commencer/premiere-lecon/garder"
			photo := aPhoto(t)
			p.open(project)
			p.comes(`document.querySelector("#file") !== null`)
			p.upload(p.T("my.file"), photo)
			js[any](p, `const b = document.querySelector("main form button"); b.click(); b.click()`)
			p.reads(p.T("offline.kept"))
			p.picture("-handed-in")
			kept := js[int](p, onDevice)
			if kept != 2 {
				t.Errorf("%d letters of 2 wait", kept)
			}

			// The tablet is full.
			full := func(bytes *float64) {
				t.Helper()
				call(p, storage.OverrideQuotaForOrigin, storage.OverrideQuotaForOriginParams{Origin: safe.base, QuotaSize: bytes})
			}
			full(ptr(1.0))
			p.fills()
			note := map[i18n.Lang]string{i18n.FR: "Ma deuxième photo", i18n.AR: "صورتي الثانية"}[lang]
			p.upload(p.T("my.file"), photo)
			p.fill(p.T("my.note"), note)
			p.click("button", p.T("my.hand_in"))
			p.reads(p.T("offline.full"))
			p.picture("-full")
			p.width(360)
			p.picture("-full-narrow")
			p.width(1280)
			if now := js[int](p, onDevice); now != kept || p.value(p.T("my.note")) != note {
				t.Errorf("on a full tablet %d letters of %d wait, and %q is typed", now, kept, p.value(p.T("my.note")))
			}
			// What waits goes where there is a link, on a full tablet too, and what could not be kept with it.
			online()
			p.comes(onDevice + `.then(n => n === 0)`)
			p.click("button", p.T("my.hand_in"))
			p.reads(p.T("offline.kept"))
			// The page of the node, sent as the link goes, on a full tablet: it stays as it is.
			p.open(project)
			p.fill(p.T("my.note"), note+" 3")
			p.fills()
			p.link(false)
			p.click("button", p.T("my.hand_in"))
			p.reads(p.T("offline.full"))
			if got := p.value(p.T("my.note")); got != note+" 3" {
				t.Errorf("what was typed is %q", got)
			}
			full(nil)
			p.click("button", p.T("my.hand_in"))
			p.reads(p.T("offline.kept"))

			// The trainer opens the test after the course; the learner has seen that, and the link goes.
			manager.open(group + "/learning")
			manager.follow("button", manager.T("learning.open.post")+" "+title)
			online()
			p.comes(onDevice + `.then(n => n === 0)`)
			p.open("/my")
			p.comes(stateOnDevice + `.then(s => s.courses.find(c => c.course === "mon-cours").tests.post.open)`)
			p.link(false)
			take("post", "apprendre-2", "a")
			online()
			p.comes(onDevice + `.then(n => n === 0)`)
			p.open("/my/work")
			if n := works() - had; n != 3 {
				t.Errorf("%d works of 3", n)
			}
			if w, r := answered("learn.not_yet")-wrong, answered("learn.right")-right; w != 1 || r != 1 {
				t.Errorf("%d wrong answers and %d right ones, of 1 and 1", w, r)
			}
			manager.open(group + "/learning")
			if gain := js[string](manager, fmt.Sprintf(`document.querySelector("#live-mon-cours tr:has(a[href$='%s'])").lastElementChild.innerText`, learner)); strings.TrimSpace(gain) != i18n.For(lang).Decimal(1, 2) {
				t.Errorf("the gain is %q", gain)
			}
			manager.picture("-gain")
			p.verdict()
			manager.verdict()
			n.check()
		})
	}
}

// fills waits until the browser keeps nothing more: it asks now and then how much room there is.
func (p *tab) fills() {
	p.t.Helper()
	const full = `new Promise(yes => { const ask = indexedDB.open("room", 1); ask.onupgradeneeded = () => ask.result.createObjectStore("x"); ask.onerror = () => yes(true);
 ask.onsuccess = () => { const tx = ask.result.transaction("x", "readwrite"); tx.objectStore("x").put("x".repeat(1000), 1); const end = full => () => { ask.result.close(); yes(full) }; tx.oncomplete = end(false); tx.onabort = end(true) } })`
	for end := time.Now().Add(8 * patience); !js[bool](p, full); time.Sleep(time.Second) {
		if time.Now().After(end) {
			p.fatal(errors.New("the browser never has enough"))
		}
	}
}

// aPhoto is a file with a picture.
func aPhoto(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "photo.jpg")
	var b bytes.Buffer
	ok(t, jpeg.Encode(&b, image.NewRGBA(image.Rect(0, 0, 320, 240)), nil))
	ok(t, os.WriteFile(path, b.Bytes(), 0o600))
	return path
}

// stateOnDevice is how far the first learner of a tablet is, as that keeps it.
const stateOnDevice = `new Promise((yes, no) => { const ask = indexedDB.open("tizi-labs"); ask.onerror = () => no(ask.error); ask.onsuccess = () => { const all = ask.result.transaction("state").objectStore("state").getAll(); all.onsuccess = () => { ask.result.close(); yes(all.result[0]) } } })`

// TestTwoPrograms: a page of a later program takes what the device keeps; the one before lets go of it and says that it should be opened
// again. One that waits for such a page says so, and goes on when that is closed.
func TestTwoPrograms(t *testing.T) {
	n := start(t, "serve", initialised(t, "MA-ERR-MJ1"))
	for _, lang := range walked(i18n.FR) {
		t.Run(string(lang), func(t *testing.T) {
			p := newTab(t, n)
			p.lang = lang
			p.open("/labs/drawing?lang=" + string(lang))
			p.comes(`document.querySelector("[data-ready]") !== null`)
			q := p.sibling()
			q.open("/labs")
			const open = `new Promise((yes, no) => { const ask = indexedDB.open("tizi-labs", %d); ask.onerror = () => no(ask.error); ask.onsuccess = () => { window.held = ask.result; yes(true) } })`
			js[bool](q, fmt.Sprintf(open, 99))
			p.reads(p.T("offline.old"))
			p.picture("-old")
			p.width(360)
			p.picture("-old-narrow")
			p.width(1280)
			p.follow("link", p.T("offline.again")) // this program is the old one
			p.reads(p.T("offline.old"))

			p.open("/labs") // which keeps nothing
			js[bool](q, `new Promise((yes, no) => { window.held.close(); const ask = indexedDB.deleteDatabase("tizi-labs"); ask.onerror = () => no(ask.error); ask.onsuccess = () => yes(true) })`)
			js[bool](q, fmt.Sprintf(open, 1))
			p.open("/labs/drawing")
			p.reads(p.T("offline.blocked"))
			p.picture("-blocked")
			js[any](q, `window.held.close()`)
			p.comes(`document.querySelector("[data-ready]") !== null && document.querySelector("[data-store]").hidden`)
			p.verdict()
			q.verdict()
		})
	}
}

// TestOfflineAttendance: a trainer marks on their own phone without a link, closes the browser, opens it again without a link, and each
// mark is there once when the link is back; what somebody else marked meanwhile is said, and nobody reads the sheet after signing out.
func TestOfflineAttendance(t *testing.T) {
	browser(t)
	n, _, sheets := centreWith30(t)
	for i, lang := range walked(i18n.AR) {
		t.Run(string(lang), func(t *testing.T) {
			sheet := sheets[i]
			c := n.client(string(lang)) // which signs out at the end
			c.must(c.post("/signin", url.Values{"login": {"nadia"}, "passphrase": {passphrase}}))
			c.get("/today?lang=" + string(lang)) // what it answers is in that language too
			d := newSlate(t)
			p := d.tab(n, lang)
			p.signIn(c)
			p.open(sheet + "?lang=" + string(lang))
			const kept = `caches.open("tizi-sheets").then(c => c.keys()).then(k => k.length > 0)`
			p.comes(kept)
			p.open("/today")
			p.open(sheet)
			p.comes(`navigator.serviceWorker.controller !== null`)
			p.link(false)
			p.click("button", p.T("attendance.rest"))
			p.click("button", p.T("common.save"))
			p.reads(p.T("attendance.kept"))
			p.picture("-kept")
			p.width(360)
			p.picture("-kept-narrow")
			p.width(1280)
			if got := c.marksOn(sheet); got["present"] != 0 {
				t.Errorf("%v are marked without a link", got)
			}
			p.verdict()
			d.close()
			n.stop()
			d.start()
			p = d.tab(n, lang)
			p.cut = true
			p.open("/today") // which leads to what is kept
			if at := p.path(); at != sheet {
				t.Fatalf("without a link: %s", at)
			}
			p.reads(p.T("attendance.kept"))
			js[any](p, `document.querySelector("[data-row] [value=late]").click()`)
			p.reads(p.T("attendance.kept"))
			n.again()
			p.cut = false
			js[any](p, `dispatchEvent(new Event("online"))`)
			p.reads(p.T("error.signed_out")) // the session went with the browser: nothing is lost with it
			same(t, c, sheet, map[string]int{})
			p.signIn(c)
			js[any](p, `dispatchEvent(new Event("online"))`)
			p.saved(30, 30)
			same(t, c, sheet, map[string]int{"present": 29, "late": 1})
			p.open(sheet)
			p.saved(30, 30)

			// Somebody else marks meanwhile: it is said, and saving again says that it is meant.
			p.link(false)
			js[any](p, `document.querySelector("[data-row] [value=absent]").click()`)
			p.click("button", p.T("common.save"))
			p.reads(p.T("attendance.kept"))
			f := c.form(sheet, sheet).values()
			for name := range f {
				if strings.HasPrefix(name, "mark_") {
					f.Set(name, "excused")
				}
			}
			c.must(c.post(sheet, f))
			p.link(true)
			p.open("/today")
			p.reads(p.T("today.kept"))
			p.picture("-today")
			p.follow("link", p.T("today.sheet")+" 1")
			p.reads(p.T("attendance.changed"))
			p.picture("-conflict")
			same(t, c, sheet, map[string]int{"excused": 30})
			p.click("button", p.T("common.save"))
			p.saved(29, 30)
			same(t, c, sheet, map[string]int{"present": 29, "absent": 1})

			// After signing out the names are not there.
			p.menu(p.T("common.signed_in_as", "name", "Nadia Berrada"))
			p.follow("button", p.T("common.sign_out"))
			p.comes(`caches.has("tizi-sheets").then(has => !has)`)
			p.verdict()
		})
	}
	n.check()
}
