package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"

	"tizi/internal/i18n"
)

// axe reads axe-core, which is installed with what builds the interface.
func axe(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "ui", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Skip("axe-core is not installed: run npm ci in ui")
	}
	return string(b)
}

// violation is what axe found.
type violation struct {
	ID, Help string
	Nodes    []string
}

const runAxe = `(async () => { const r = await axe.run(document, {runOnly: ["wcag2a","wcag2aa","wcag21a","wcag21aa","wcag22aa","best-practice"], resultTypes: ["violations"]});
 return r.violations.map(v => ({ID: v.id, Help: v.help, Nodes: v.nodes.slice(0, 4).map(n => n.html.slice(0, 160) + " ~ " + (n.any[0]?.message ?? n.all[0]?.message ?? n.none[0]?.message ?? ""))})) })()`

// way is how a screen is looked at.
type way struct {
	lang  i18n.Lang
	theme string
}

func ways() []way {
	if !*long {
		return []way{{i18n.AR, "light"}, {i18n.FR, "dark"}}
	}
	var out []way
	for _, l := range i18n.Langs {
		out = append(out, way{l, "light"}, way{l, "dark"})
	}
	return out
}

// device gives the tab a language and an appearance.
func (p *tab) device(w way) {
	p.t.Helper()
	for name, value := range map[string]string{"lang": string(w.lang), "theme": w.theme} {
		call(p, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: p.base})
	}
}

// trim leaves the first rows of each list on the page: axe takes seconds for what is fifty times the same.
const trim = `(() => { for (const list of document.querySelectorAll("main tbody, main ol, main ul")) [...list.children].slice(8).forEach(e => e.remove()); return true })()`

// look checks the page that stands: nothing runs over the edge at any width, and axe finds nothing.
func (p *tab) look(axe, name string) {
	p.t.Helper()
	for _, w := range []int64{360, 800, 1280} {
		p.width(w)
		if over := js[float64](p, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
			p.t.Errorf("%s %s: %.0f pixels too wide at %d: %s", name, p.lang, over, w, js[string](p, tooWide))
		}
		if w != 1280 {
			p.picture("")
		}
	}
	if !*long {
		js[bool](p, trim)
	}
	js[bool](p, axe+";true")
	for _, v := range js[[]violation](p, runAxe) {
		p.t.Errorf("%s %s: axe %s: %s\n\t%s", name, p.lang, v.ID, v.Help, strings.Join(v.Nodes, "\n\t"))
	}
}

// screen is a page to look at: an address, or a form that is sent empty to be refused.
type screen struct {
	address string
	form    *form
	status  int64
}

func (s screen) name() string {
	if s.form != nil {
		return "refused " + kindOf(s.form.action)
	}
	return kindOf(s.address)
}

// show brings a screen onto the tab.
func (p *tab) show(s screen) {
	p.t.Helper()
	if s.form == nil {
		p.open(s.address)
	} else {
		if !strings.HasPrefix(p.where(), p.base) {
			p.open("/languages")
		}
		enctype := "application/x-www-form-urlencoded"
		if s.form.upload {
			enctype = "multipart/form-data"
		}
		p.leave(func() {
			js[bool](p, fmt.Sprintf(`(() => { const f = document.createElement("form"); f.method = "post"; f.action = %q; f.enctype = %q; document.body.append(f); f.submit(); return true })()`, s.form.action, enctype))
		})
	}
	if p.status != s.status {
		p.t.Errorf("%s: status %d, not %d", s.name(), p.status, s.status)
	}
}

// lookAll looks at screens in every way; without -long they take turns, and each is looked at in one.
func lookAll(t *testing.T, n *node, c *client, name string, all []screen) {
	script := axe(t)
	for i, w := range ways() {
		list := all
		if !*long {
			list = nil
			for at := i; at < len(all); at += len(ways()) {
				list = append(list, all[at])
			}
		}
		t.Run(fmt.Sprintf("%s-%s-%s", name, w.lang, w.theme), func(t *testing.T) {
			t.Parallel()
			p := newTab(t, n)
			if c != nil {
				p.signIn(c)
			}
			p.device(w)
			begun := time.Now()
			for _, s := range list {
				p.show(s)
				p.look(script, s.name())
			}
			var names []string
			for _, s := range list {
				names = append(names, s.name())
			}
			t.Logf("%d screens, %.1f s: %s", len(list), time.Since(begun).Seconds(), strings.Join(names, " "))
		})
	}
}

// gallery is the kinds of screens that were found and, under "", what they are put together from: a kind is looked at
// once, and again where it shows what no screen has shown.
type gallery map[string]map[string]bool

// screens are those of the pages that show something new, and the forms on them that are refused when they come empty.
func (g gallery) screens(c *client, pages []visited) []screen {
	c.t.Helper()
	var out []screen
	fresh := func(kind string, a *answer) bool {
		if a.doc == nil {
			return false
		}
		new := g[kind] == nil || *long
		if g[kind] == nil {
			g[kind] = map[string]bool{}
		}
		for _, p := range a.parts() {
			new = new || !g[""][p]
			g[""][p] = true
		}
		return new
	}
	for _, v := range pages {
		kind := kindOf(v.address)
		if v.status != http.StatusOK {
			kind = fmt.Sprint(v.status)
		}
		if fresh(kind, v.answer) {
			out = append(out, screen{address: v.address, status: int64(v.status)})
		}
	}
	for _, f := range c.wrongForms(pages) {
		if s := (screen{form: f, status: http.StatusUnprocessableEntity}); g[s.name()] == nil || *long {
			g[s.name()] = map[string]bool{}
			out = append(out, s)
		}
	}
	return out
}

// TestScreens looks at every screen that links and forms lead to, as those who see it.
func TestScreens(t *testing.T) {
	t.Parallel() // with what else takes minutes
	browser(t)
	axe(t)
	g := gallery{"": {}}
	t.Run("axe", func(t *testing.T) { // what finds nothing must be able to find something
		n := serveEmpty(t)
		p := newTab(t, n)
		p.open("/setup")
		js[bool](p, `document.querySelector("main").append(document.createElement("input")), true`)
		js[bool](p, axe(t)+";true")
		if v := js[[]violation](p, runAxe); len(v) != 1 || v[0].ID != "label" || len(v[0].Nodes) != 1 {
			t.Fatalf("axe finds %v on a page with a field that has no name", v)
		}
	})
	t.Run("demo", func(t *testing.T) {
		n := serveDemo(t)
		for _, who := range []string{"nationale", "centre", "formatrice"} {
			c := n.play(who)
			from := []string{"/", "/today", "/languages", "/signin", "/demo", "/no/such/page"}
			if who == "nationale" {
				from = append(from, append(c.importPages(), c.drafted())...)
			} else {
				from = append(from, "/programmes") // forbidden
			}
			lookAll(t, n, c, who, g.screens(c, c.crawl(triesOfKind, from...)))
		}
	})
	t.Run("first visit", func(t *testing.T) {
		n, g := serveEmpty(t), gallery{"": {}} // where nothing is yet, every screen looks otherwise
		c := n.client("visitor")
		// The screens of setting up are shown before there is anybody, so they are looked at before there is.
		t.Run("visitor", func(t *testing.T) {
			lookAll(t, n, c, "visitor", g.screens(c, c.crawl(triesOfKind, "/setup", "/setup/owner?country=MA")))
		})
		c.must(c.post("/setup/owner", url.Values{"country": {"ma"}, "name": {"Nadia"}, "login": {"nadia"}, "passphrase": {passphrase}}))
		lookAll(t, n, c, "owner", g.screens(c, c.crawl(triesOfKind, "/setup/centre", "/")))
	})
}

// importPages leads a list through its import and returns the pages on the way.
func (c *client) importPages() []string {
	c.t.Helper()
	b, err := os.ReadFile(schoolList(c.t))
	if err != nil {
		c.t.Fatal(err)
	}
	f := c.form("/import", "/import")
	v := f.values()
	v.Set("centre", f.input("centre").options[0])
	columns := func() string { return c.must(c.postFile("/import", v, "liste école.csv", b)).to() }
	plan := func(columns string) string {
		return c.must(c.post(columns, c.form(columns, columns).values())).to()
	}
	done := plan(columns())
	report := c.must(c.post(done, nil)).to()
	open := columns()
	return []string{open, plan(open), report}
}
