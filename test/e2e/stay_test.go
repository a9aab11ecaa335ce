package e2e

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"tizi/internal/i18n"
)

// TestStay is what becomes of a learner, by clicking in French and in Arabic: beyond the seats of a full group, absent twice
// and called, moved to another group, and sent by a school that is answered.
func TestStay(t *testing.T) {
	browser(t)
	for _, lang := range walked(i18n.FR) {
		t.Run(string(lang), func(t *testing.T) {
			t.Parallel()
			n := serveDemo(t)
			c := n.play("centre")
			g := filled(c.form("/groups/new", "/groups/new"), 1)
			g.Set("name", "Saturne")
			g.Set("capacity", "1")
			g.Set("trainer", "")
			first := time.Now().AddDate(0, 0, -1)
			g.Set("from", first.Format(time.DateOnly))
			g.Set("to", time.Now().AddDate(0, 1, 0).Format(time.DateOnly))
			g["days"] = nil
			group := c.opened(g)
			g.Set("name", "Uranus")
			c.opened(g)
			p := newTab(t, n)
			p.signIn(c)
			p.lang = lang
			p.open(group + "/add?lang=" + string(lang))
			js[any](p, `[...document.querySelectorAll("[name=person]")].slice(0, 8).forEach(e => e.click())`) // some lack a consent and wait
			p.follow("button", p.T("groups.add_chosen"))
			p.summary(1)
			p.reads(p.T("groups.full_refused", "n", 8, "free", 1))
			js[any](p, `document.querySelector("[name=beyond][value=over_agreed]").click()`)
			p.follow("button", p.T("groups.add_chosen"))
			p.reads(p.T("groups.over_agreed"))

			// Absent yesterday and today.
			var sheets []string
			for _, d := range []time.Time{first, time.Now()} {
				c.must(c.post(group+"/session", url.Values{"date": {d.Format(time.DateOnly)}, "from": {"00:10"}, "to": {"23:50"}, "despite": {"yes"}}))
			}
			for _, l := range c.get(group + "?tab=sessions").links() {
				if strings.HasPrefix(l, "/sessions/") {
					sheets = append(sheets, l)
				}
			}
			for _, s := range sheets {
				c.must(c.post(s, url.Values{"rest": {"absent"}}))
			}
			task := ""
			for _, l := range c.get("/today").links() {
				if strings.HasPrefix(l, group+"/absences/") {
					task = l
				}
			}
			if task == "" {
				t.Fatal("nobody has to call those who were absent twice")
			}
			p.open(task)
			p.follow("button", p.T("common.save"))
			p.summary(2)
			p.click("radio", p.T("absence.how.call"))
			p.click("radio", p.T("absence.outcome.illness"))
			p.follow("button", p.T("common.save"))
			p.reads(p.T("absence.saved"))
			if strings.Contains(c.get("/today").body, task) {
				t.Error("what was done still waits")
			}

			who := strings.TrimPrefix(task, group+"/absences/")
			p.open(group + "/move/" + who)
			p.follow("button", p.T("groups.move"))
			p.summary(2)
			js[any](p, `document.querySelector("[name=to]").selectedIndex = 1`)
			js[any](p, `document.querySelector("[name=beyond]").value = "over_end"`)
			p.click("radio", p.T("groups.moved.hours"))
			p.follow("button", p.T("groups.move"))
			p.reads(p.T("groups.moved_done"))
			p.open(group)
			p.reads(p.T("groups.moved_out"))

			p.open("/people/" + who + "/refer")
			p.fill(p.T("referral.school"), "إعدادية ابن سينا")
			p.click("radio", p.T("referral.from.college"))
			p.follow("button", p.T("common.save"))
			p.summary(1)
			p.click("radio", p.T("referral.why.at_risk"))
			p.follow("button", p.T("common.save"))
			p.reads("إعدادية ابن سينا")
			p.open("/referrals")
			p.reads("إعدادية ابن سينا")
			js[any](p, `(() => { const f = document.querySelector(".c2 form.answer"); f.outcome.value = "unreached"; f.querySelector("button").click() })()`)
			p.reads(p.T("common.saved"))
			p.open("/referrals?all=1")
			p.follow("link", p.T("referral.correct"))
			p.follow("button", p.T("common.save"))
			p.summary(2)
			p.click("radio", p.T("referral.outcome.told"))
			p.click("radio", p.T("referral.corrected.news"))
			p.follow("button", p.T("common.save"))
			p.reads(p.T("referral.corrected.news"))
			n.check()
		})
	}
}
