package e2e

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"tizi/internal/i18n"
)

// slate is a browser with a profile of its own, which stays when the browser is closed.
type slate struct {
	t       testing.TB
	profile string
	ctx     context.Context
	close   func()
}

func newSlate(t testing.TB) *slate {
	t.Helper()
	browser(t) // which skips where there is none
	d := &slate{t: t, profile: t.TempDir()}
	d.start()
	t.Cleanup(func() { d.close() })
	return d
}

// start starts the browser.
func (d *slate) start() {
	d.t.Helper()
	alloc, stop := chromedp.NewExecAllocator(context.Background(), chromium(d.profile)...)
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
	p.lang = lang
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
	list, err := chromedp.Targets(p.ctx)
	if err != nil {
		p.fatal(err)
	}
	for _, x := range list {
		if x.Type == "service_worker" {
			ctx, cancel := chromedp.NewContext(p.ctx, chromedp.WithTargetID(x.TargetID), chromedp.WithDetachOnCancel())
			p.t.Cleanup(cancel)
			if _, err := chromedp.Call(ctx, network.EmulateNetworkConditionsByRule, rule); err != nil {
				p.fatal(err)
			}
		}
	}
}

// until onDevice until an expression is true.
func (p *tab) comes(expression string) {
	p.t.Helper()
	for end := time.Now().Add(2 * patience); !js[bool](p, expression); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			p.fatal(fmt.Errorf("it never comes to %s", short(expression)))
		}
	}
}

// TestOffline: a learner comes in by card, goes on without a link, closes the browser, opens it again without a link, goes on, and what
// they did is there once when the link is back. In French and in Arabic.
func TestOffline(t *testing.T) {
	browser(t)
	for _, lang := range []i18n.Lang{i18n.FR, i18n.AR} {
		t.Run(string(lang), func(t *testing.T) {
			n := serveDemo(t)
			dir := filepath.Join(t.TempDir(), "mon-cours")
			for _, args := range [][]string{{"course", "new", dir}, {"import", "course", dir, "--data", n.dir}} {
				if out, err := exec.Command(tizi(t), args...).CombinedOutput(); err != nil {
					t.Fatalf("%v: %v\n%s", args, err, out)
				}
			}
			title := map[i18n.Lang]string{i18n.FR: "Un premier cours", i18n.AR: "درس أول"}[lang]
			c := n.play("centre")
			group := ""
			for _, l := range c.get("/groups").links() {
				if strings.HasPrefix(l, "/groups/") && ids.MatchString(l) && group == "" {
					group = l
				}
			}
			manager := newTab(t, n)
			manager.signIn(c)
			manager.open(group + "/learning?lang=" + string(lang))
			manager.choose(manager.T("learning.course"), title)
			manager.follow("button", manager.T("learning.follow"))
			manager.reads(manager.T("learning.follows"))

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
				t.Fatalf("a card leads to %s", at)
			}
			p.comes(`caches.open("tizi-packs").then(c => c.keys()).then(k => k.filter(r => r.url.includes("?program=")).length === 2)`)
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
				p.leave(func() { js[any](p, `document.querySelector("main form button.btn-main").click()`) })
			}
			p.open(lesson + "/verifier.exemples")
			answer := func(id string) {
				t.Helper()
				js[any](p, fmt.Sprintf(`document.querySelector("[name^=q-][value=%s]").click(); document.querySelector("main form button").click()`, id))
			}
			answer("b")
			p.reads(p.T("learn.not_yet"))
			p.picture("-wrong")
			p.width(360)
			p.picture("-wrong-narrow")
			p.width(1280)
			if got := answers(); got != 0 {
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
			if got := answers(); got != 2 {
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
