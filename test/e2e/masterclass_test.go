package e2e

import (
	"strings"
	"testing"
	"time"

	"tizi/internal/i18n"
)

// TestMasterclass begins an activity with the masterclass that the program brings: what the team adds are its days and its programme, and
// a woman without an account registers.
func TestMasterclass(t *testing.T) {
	browser(t)
	for lang, title := range map[i18n.Lang]string{i18n.FR: "L’IA, un levier d’opportunités pour les femmes", i18n.AR: "الذكاء الاصطناعي، رافعة للفرص أمام النساء"} {
		t.Run(string(lang), func(t *testing.T) {
			n := serveDemo(t)
			p := newTab(t, n)
			p.play(n, "centre", lang)
			p.open("/activities")
			p.follow("link", p.T("activity.masterclass"))
			if got := p.value(p.T("activity.f.title") + " · " + lang.Self()); got != title {
				t.Errorf("the title is %q", got)
			}
			about := p.value(p.T("activity.f.about") + " · " + lang.Self())
			if !strings.Contains(about, "14:00 ") || !strings.Contains(about, p.T("activity.masterclass_after")) {
				t.Errorf("the plan is %q", about)
			}
			p.picture("filled")
			p.follow("button", p.T("common.save")) // its days are not said yet, and nothing of it is lost
			if got := p.value(p.T("activity.f.title") + " · " + lang.Self()); got != title {
				t.Errorf("after it was refused the title is %q", got)
			}
			day := time.Now().AddDate(0, 0, 20).Format(time.DateOnly)
			js[bool](p, `(() => { document.querySelector("[name=from]").value = document.querySelector("[name=to]").value = document.querySelector("[name=session_date_0]").value = "`+day+`";
 const s = document.querySelector("[name=programme]"); s.value = [...s.options].find(o => o.value).value; return true })()`)
			p.follow("button", p.T("common.save"))
			p.reads(p.T("agree.saved"))
			p.picture("saved")

			v := newTab(t, n)
			v.lang = lang
			v.open("/events?lang=" + string(lang))
			v.follow("link", title)
			v.width(360)
			v.picture("public")
			v.fill(v.T("activity.v.name"), "Zahra Quasimoda")
			v.fill(v.T("activity.v.phone"), "0611223344")
			v.click("checkbox", v.T("activity.v.agreed"))
			v.follow("button", v.T("activity.register"))
			v.reads(v.T("activity.ticket_text"))
		})
	}
}
