package e2e

import (
	"testing"

	"tizi/internal/demo"
	"tizi/internal/i18n"
)

// TestRollout writes two plans of a programme, compares them, and adopts one as its targets, by clicking in French and in Arabic.
func TestRollout(t *testing.T) {
	browser(t)
	for _, lang := range walked(i18n.FR) {
		t.Run(string(lang), func(t *testing.T) {
			t.Parallel()
			n := serveDemo(t)
			p := newTab(t, n)
			p.signIn(n.play("nationale"))
			p.lang = lang
			self := "/programmes/" + demo.ProgrammeCode + "/rollout"
			p.open(self + "?lang=" + string(lang))
			p.reads(p.T("rollout.none"))
			for i, name := range []string{"Alpha", "Beta"} {
				p.open(self)
				p.follow("link", p.T("rollout.new"))
				p.follow("button", p.T("common.save"))
				p.summary(2)
				p.fill(p.T("rollout.name"), name)
				js[any](p, `(() => { const set = (n, v) => { document.querySelector("[name=" + n + "]").value = v };
					const months = [...document.querySelector("[name=from_0]").options].filter(o => o.value);
					set("place_0", "MA-01"); set("from_0", months[1].value); set("to_0", months[0].value);
					set("groups_0", "`+[]string{"3", "5"}[i]+`"); set("seats_0", "0"); set("months_0", "3") })()`)
				p.follow("button", p.T("common.save"))
				p.reads(p.T("rollout.fault.ends_before"))
				js[any](p, `(() => { const from = document.querySelector("[name=from_0]"), to = document.querySelector("[name=to_0]");
					const v = from.value; from.value = to.value; to.value = v; document.querySelector("[name=seats_0]").value = "20" })()`)
				p.follow("button", p.T("common.save"))
				p.reads(name)
			}
			p.open(self)
			p.reads(p.T("rollout.more", "a", "Beta", "b", "Alpha", "n", 80))
			js[any](p, `document.querySelector("main a[href*='/adopt']").id = "adopt"`)
			p.open(js[string](p, `new URL(document.getElementById("adopt").href).pathname`))
			p.follow("button", p.T("rollout.adopt_do"))
			p.summary(1)
			p.click("checkbox", p.T("rollout.despite"))
			p.follow("button", p.T("rollout.adopt_do"))
			p.reads(p.T("rollout.adopted_now"))
			p.open("/programmes/" + demo.ProgrammeCode + "/targets")
			if got := js[string](p, `document.querySelector("[name='target_MA-01']").value`); got != "120" {
				t.Errorf("the target of the region is %q, not 120", got)
			}
		})
	}
}
