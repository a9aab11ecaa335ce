package e2e

import (
	"regexp"
	"testing"
	"time"

	"tizi/internal/i18n"
)

// dates finds the dates in the fields of a form.
var dates = regexp.MustCompile(`value="(\d{4}-\d\d-\d\d)"`)

// TestCentre is a manager's day with the centre itself, in French and in Arabic: a room, a device that is lent, a session
// that clashes and one that fits, and one that is cancelled.
func TestCentre(t *testing.T) {
	browser(t)
	for _, lang := range walked(i18n.FR) {
		t.Run(string(lang), func(t *testing.T) {
			t.Parallel()
			n := serveDemo(t)
			c := n.play("centre")
			// The group that ends last, and a day of its own from tomorrow on.
			group, from, to := "", "", ""
			for _, l := range c.get("/groups").links() {
				if ids.MatchString(l) && len(l) > len("/groups/") && l[:len("/groups/")] == "/groups/" {
					if days := dates.FindAllStringSubmatch(c.get(l+"/edit").body, 2); len(days) == 2 && days[1][1] > to {
						group, from, to = l, days[0][1], days[1][1]
					}
				}
			}
			day := time.Now().AddDate(0, 0, 1)
			for day.Format(time.DateOnly) < from || day.Weekday() == time.Monday || day.Weekday() == time.Friday { // closed, and noon is warned of
				day = day.AddDate(0, 0, 1)
			}
			if group == "" || day.Format(time.DateOnly) > to {
				t.Fatal("the centre has no group that goes on")
			}
			p := newTab(t, n)
			p.signIn(c)
			p.open("/centres?lang=" + string(lang))
			p.lang = lang
			p.follow("link", p.T("centres.room_new"))
			p.fill(p.T("common.name"), "قاعة Atlas")
			p.fill(p.T("centres.room_seats"), "0")
			p.follow("button", p.T("common.save"))
			p.summary(1)
			if got := p.value(p.T("common.name")); got != "قاعة Atlas" {
				t.Errorf("the name that was typed is gone: %q", got)
			}
			p.fill(p.T("centres.room_seats"), "٤٠")
			p.follow("button", p.T("common.save"))
			p.reads("قاعة Atlas")

			room := p.T("timetable.room_seats", "room", "قاعة Atlas", "n", 40)
			plan := func(from, to string) {
				p.open(group + "/session?lang=" + string(lang))
				js[any](p, `document.querySelector("[name=date]").value = "`+day.Format(time.DateOnly)+`"`)
				p.fill(p.T("groups.starts"), from)
				p.fill(p.T("groups.ends"), to)
				p.choose(p.T("groups.room")+" ("+p.T("common.optional")+")", room)
			}
			plan("18:30", "20:00") // after hours
			p.follow("button", p.T("timetable.look"))
			p.reads(p.T("clash.hours"))
			plan("18:10", "18:50")
			p.follow("button", p.T("common.save"))
			p.reads(p.T("groups.sessions_planned", "n", 1))
			plan("18:30", "18:55") // the group has a session already
			p.follow("button", p.T("common.save"))
			p.summary(1)
			p.reads(p.T("clash.group"))

			p.open("/timetable?week=" + day.Format(time.DateOnly) + "&lang=" + string(lang))
			p.reads("قاعة Atlas")
			session := js[string](p, `[...document.querySelectorAll(".week-cell li")].find(e => e.textContent.includes("18:10")).querySelector("a").getAttribute("href")`)
			p.open(session)
			p.follow("link", p.T("session.change"))
			p.follow("button", p.T("session.cancel"))
			p.summary(1)
			js[any](p, `document.querySelector("#f-cancel").value = "weather"`)
			p.follow("button", p.T("session.cancel"))
			p.reads(p.T("session.cancelled"))
			p.reads("أُلغيت")
			n.check()
		})
	}
}
