package e2e

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"tizi/internal/demo"
	"tizi/internal/i18n"
)

// TestEligible is who a phase is for, by clicking in French and in Arabic: headquarters opens a phase for some and says so in
// a rule; a centre places people in it, and whoever does not fit is told why; an appeal is lodged and somebody else decides.
func TestEligible(t *testing.T) {
	browser(t)
	for _, lang := range walked(i18n.FR) {
		t.Run(string(lang), func(t *testing.T) {
			t.Parallel()
			n := serveDemo(t)
			p := newTab(t, n)
			p.signIn(n.play("nationale"))
			p.lang = lang
			p.open("/programmes?lang=" + string(lang))
			p.reads(p.T("programmes.phases"))
			list := "/programmes/" + demo.ProgrammeCode + "/phases"
			p.open(list)
			p.follow("link", p.T("programmes.phase_new"))
			p.follow("button", p.T("common.save"))
			p.summary(3)
			p.fill(p.T("programmes.phase_fr"), "Phase des grandes")
			p.fill(p.T("programmes.phase_ar"), "مرحلة الكبيرات")
			today := time.Now()
			p.fill(p.T("groups.first_day"), today.AddDate(0, 0, -10).Format(time.DateOnly))
			p.fill(p.T("groups.last_day"), today.AddDate(0, 6, 0).Format(time.DateOnly))
			p.follow("button", p.T("common.save"))
			p.reads(p.T("programmes.rule_text"))
			p.follow("button", p.T("programmes.rule_save"))
			p.summary(1)
			p.fill(p.T("programmes.rule_by"), "Comité")
			p.follow("button", p.T("programmes.rule_save"))
			p.reads(p.T("programmes.overlap")) // anybody could be in it beside the children
			p.fill(p.T("programmes.age_min"), "40")
			p.follow("button", p.T("programmes.rule_save"))
			p.reads(p.T("programmes.rule_saved"))
			if p.path() != list {
				t.Errorf("the rule leads to %s", p.path())
			}
			p.reads(p.T("programmes.rule_in_force"))

			c := n.play("centre")
			g := filled(c.form("/groups/new", "/groups/new"), 1)
			g.Set("name", "Saturne")
			g.Set("trainer", "")
			g.Set("from", today.Format(time.DateOnly))
			g.Set("to", today.AddDate(0, 1, 0).Format(time.DateOnly))
			g["days"] = nil
			option := regexp.MustCompile(`<option value="([0-9a-f-]{36})"[^>]*>[^<]*grandes`).FindStringSubmatch(c.get("/groups/new").body)
			if option == nil {
				t.Fatal("no group can be opened for the new phase")
			}
			g.Set("phase", option[1])
			group := c.opened(g)
			p.signIn(c)
			p.open(group + "/add?lang=" + string(lang))
			js[any](p, `[...document.querySelectorAll("[name=person]")].slice(0, 3).forEach(e => e.click())`)
			p.follow("button", p.T("groups.add_chosen"))
			p.reads(p.T("eligible.refused_some", "n", 3))
			person := ""
			for _, l := range c.get(group).links() {
				if strings.HasPrefix(l, "/people/") && len(l) == len("/people/")+36 {
					person = l
				}
			}
			p.open(person)
			p.reads(p.T("eligible.refused"))
			p.follow("link", p.T("eligible.letter"))
			p.reads(p.T("eligible.letter_appeal", "days", 15))
			p.open(person)
			p.follow("link", p.T("appeal.new"))
			p.follow("button", p.T("appeal.lodge"))
			p.summary(1)
			p.click("radio", p.T("appeal.by.guardian"))
			p.fill(p.T("appeal.words"), "Elle veut apprendre.")
			p.follow("button", p.T("appeal.lodge"))
			p.reads(p.T("appeal.lodged"))

			// Whoever lodged it does not decide it.
			p.open("/today")
			p.follow("link", p.T("today.task.appeals", "n", 1))
			appeal := ""
			for _, l := range c.get("/appeals").links() {
				if strings.HasPrefix(l, "/appeals/") {
					appeal = l
				}
			}
			p.open(appeal)
			p.reads(p.T("appeal.own"))
			p.signIn(n.play("region"))
			p.open(appeal + "?lang=" + string(lang))
			p.follow("button", p.T("appeal.decide"))
			p.summary(1)
			p.click("radio", p.T("appeal.accept.yes"))
			p.fill(p.T("appeal.reason"), "Une place est libre.")
			p.follow("button", p.T("appeal.decide"))
			p.reads(p.T("appeal.decided.accepted"))
			if x := c.post(appeal, url.Values{"accepted": {"no"}, "words": {"non"}}); x.status >= 500 {
				t.Errorf("decided twice: status %d", x.status)
			}
			c.must(c.post(group+"/add", url.Values{"person": {strings.TrimPrefix(person, "/people/")}}))
			if !strings.Contains(c.get(group).text(), "recours") {
				t.Error("the group does not say that an appeal let the person in")
			}
		})
	}
}
