package e2e

import (
	"strings"
	"testing"
	"time"

	"tizi/internal/demo"
	"tizi/internal/i18n"
)

// TestShareAndDraw shares a target out over the regions, and announces a draw whose page anybody can read, by clicking in
// French and in Arabic. What takes days is tested where the clock can be moved: internal/web.
func TestShareAndDraw(t *testing.T) {
	browser(t)
	for _, lang := range walked(i18n.AR) {
		t.Run(string(lang), func(t *testing.T) {
			t.Parallel()
			n := serveDemo(t)
			p := newTab(t, n)
			p.signIn(n.play("nationale"))
			p.lang = lang
			p.open("/programmes/" + demo.ProgrammeCode + "/targets?lang=" + string(lang))
			p.follow("link", p.T("spread.title"))
			p.choose(p.T("spread.by"), p.T("spread.rule.population"))
			p.follow("button", p.T("spread.look"))
			p.reads("RGPH 2024")
			first := js[string](p, `document.querySelector("label[for='f-hand_MA-01']").textContent`)
			p.click("checkbox", p.T("spread.replace", "n", 12)+" "+p.T("spread.replace_hint")) // what stands was typed, and stays otherwise
			p.fill(first, "cent")
			p.follow("button", p.T("spread.again"))
			p.summary(1)
			p.fill(first, "999999999")
			p.follow("button", p.T("spread.again"))
			p.summary(1)
			p.fill(first, "50000")
			p.follow("button", p.T("spread.again"))
			p.reads(i18n.For(lang).Number(50000))
			p.follow("button", p.T("spread.save"))
			p.open("/programmes/" + demo.ProgrammeCode + "/targets")
			p.reads(p.T("spread.how_hand"))

			c := n.play("centre")
			g := filled(c.form("/groups/new", "/groups/new"), 1)
			g.Set("name", "Neptune")
			g.Set("trainer", "")
			g.Set("capacity", "2")
			today := time.Now()
			g.Set("from", today.Format(time.DateOnly))
			g.Set("to", today.AddDate(0, 1, 0).Format(time.DateOnly))
			g["days"] = nil
			group := c.opened(g)
			p.signIn(c)
			p.open(group + "?lang=" + string(lang))
			p.follow("link", p.T("draw.title"))
			p.follow("button", p.T("draw.announce"))
			p.summary(1)
			p.fill(p.T("draw.seed_from"), "Boules tirées au centre")
			p.follow("button", p.T("draw.announce"))
			p.reads(p.T("draw.opened"))
			p.open(group + "/add")
			js[any](p, `[...document.querySelectorAll("[name=person]")].slice(0, 3).forEach(e => e.click())`)
			p.click("radio", p.T("draw.apply")) // the one answer that there is
			p.follow("button", p.T("groups.add_chosen"))
			p.reads(p.T("draw.by_hand"))
			p.follow("link", p.T("draw.title"))
			p.follow("link", p.T("draw.public_page"))
			p.reads("Boules tirées au centre")
			page := p.path()
			if body := n.client("visitor").get(page).text(); !strings.Contains(body, "Boules tirées au centre") || !strings.Contains(body, "Neptune") {
				t.Error("a visitor cannot read what is public")
			}
			p.open(group + "/draw")
			js[any](p, `document.querySelector("main details summary").click()`)
			p.follow("button", p.T("draw.cancel"))
			p.summary(1)
			p.fill(p.T("draw.cancelled_why"), "Travaux")
			p.follow("button", p.T("draw.cancel"))
			p.reads(p.T("draw.cancelled_now"))
			p.open(page)
			p.reads("Travaux")
		})
	}
}
