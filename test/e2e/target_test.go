package e2e

import (
	"testing"

	"tizi/internal/demo"
	"tizi/internal/i18n"
)

// TestOneTarget sets a target of participations at a centre with its source, is asked about one that is more than its whole, and
// removes it, by clicking in French and in Arabic.
func TestOneTarget(t *testing.T) {
	browser(t)
	for _, lang := range walked(i18n.AR) {
		t.Run(string(lang), func(t *testing.T) {
			t.Parallel()
			n := serveDemo(t)
			p := newTab(t, n)
			p.signIn(n.play("nationale"))
			p.lang = lang
			self := "/programmes/" + demo.ProgrammeCode + "/targets"
			set := func(field, value string) {
				t.Helper()
				js[any](p, `(() => { document.querySelector("[name=`+field+`]").value = "`+value+`" })()`)
			}
			p.open(self + "?lang=" + string(lang))
			p.follow("link", p.T("targets.new"))
			set("place", "ZZ")
			set("period", "2026-13")
			p.follow("button", p.T("common.save"))
			p.summary(3)
			p.reads(p.T("targets.place_unknown"))
			p.reads(p.T("targets.value_wrong"))
			p.picture("wrong")
			set("place", "MA-01")
			set("period", "2031-03")
			set("sex", "f")
			set("indicator", "participations")
			set("value", "1400")
			set("source_kind", "press")
			set("source_on", "2025-06")
			set("source_publication", "MAP")
			p.follow("button", p.T("common.save"))
			p.reads(p.T("targets.saved"))
			p.reads(p.number(1400))
			p.picture("targets")
			js[any](p, `document.querySelector("section a[href*='/targets/']").id = "own"`)
			own := js[string](p, `new URL(document.getElementById("own").href).pathname`)
			p.open(own)
			if got := js[string](p, `document.querySelector("[name=source_publication]").value`); got != "MAP" {
				t.Errorf("the publication stands as %q", got)
			}
			// People of a region beyond those of the country.
			set("indicator", "people")
			set("period", "")
			set("value", "9999999")
			p.follow("button", p.T("common.save"))
			p.summary(1)
			p.picture("asked")
			p.click("checkbox", p.T("spread.despite"))
			p.follow("button", p.T("common.save"))
			p.reads(p.T("targets.saved"))
			p.open(self + "?of=girls")
			if got := js[string](p, `document.querySelector("[name='target_MA-01']").value`); got != "9999999" {
				t.Errorf("the target of the girls stands as %q", got)
			}
			p.follow("link", p.T("targets.open")+" · "+js[string](p, `document.querySelector("label[for='f-target_MA-01']").textContent`))
			js[any](p, `document.querySelector("main details").open = true`)
			p.follow("button", p.T("targets.remove"))
			p.reads(p.T("targets.removed"))
		})
	}
}
