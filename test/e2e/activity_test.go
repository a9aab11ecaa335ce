package e2e

import (
	"regexp"
	"testing"

	"tizi/internal/i18n"
)

var passCode = regexp.MustCompile(`[2-9A-Z]{4}-[2-9A-Z]{4}`)

// TestActivity is a workshop of today, by clicking in French and in Arabic: somebody registers without an account, shows the
// code at the door, twice, and says what the session was like.
func TestActivity(t *testing.T) {
	browser(t)
	for lang, title := range map[i18n.Lang]string{i18n.FR: "Mon artisanat en ligne", i18n.AR: "صنعتي على الإنترنت"} {
		t.Run(string(lang), func(t *testing.T) {
			t.Parallel()
			n := serveDemo(t)
			v := newTab(t, n)
			v.lang = lang
			v.open("/events?lang=" + string(lang))
			v.follow("link", title)
			v.follow("button", v.T("activity.register"))
			v.summary(3)
			v.fill(v.T("activity.v.name"), "Zahra Quasimoda")
			v.fill(v.T("activity.v.phone"), "0611223344")
			v.click("checkbox", v.T("activity.v.agreed"))
			v.follow("button", v.T("activity.register"))
			v.reads(v.T("activity.ticket_text"))
			code := passCode.FindString(v.path())
			if code == "" {
				t.Fatalf("no code in %s", v.path())
			}
			v.width(360)

			p := newTab(t, n)
			p.signIn(n.play("centre"))
			p.lang = lang
			p.open("/activities?lang=" + string(lang))
			p.follow("link", title)
			p.follow("link", p.T("activity.door"))
			p.width(360)
			for _, says := range []string{"activity.here", "activity.already"} {
				p.fill(p.T("activity.code"), code)
				p.follow("button", p.T("activity.mark"))
				p.reads(p.T(says, "name", "Zahra Quasimoda"))
			}
			p.width(1280)
			p.follow("link", title)
			p.follow("link", p.T("feedback.of_session"))
			p.follow("button", p.T("feedback.open"))
			p.reads(p.T("feedback.invite"))
			ask := passCode.FindString(p.text())
			v.open("/feedback/" + ask)
			v.follow("button", v.T("feedback.send"))
			v.summary(3)
			for _, e := range v.all(nil, "radio") {
				if e.name == v.T("feedback.face.yes") {
					v.press(e)
				}
			}
			v.follow("button", v.T("feedback.send"))
			v.reads(v.T("feedback.thanks_text"))
			v.open("/registrations/" + code)
			v.reads(v.T("activity.ticket_text")) // who came cannot cancel, but reads the page still
		})
	}
}
