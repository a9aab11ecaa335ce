package e2e

import (
	"strings"
	"testing"
	"time"

	"tizi/internal/agreement"
	"tizi/internal/i18n"
)

// TestAgreements is what a headquarters does with an agreement, in French and in Arabic: who signs, who owes what, what is
// late and what shows that it is kept, what was spent.
func TestAgreements(t *testing.T) {
	slow(t)
	browser(t)
	for _, lang := range walked(i18n.AR) {
		t.Run(string(lang), func(t *testing.T) {
			t.Parallel()
			agree(t, lang)
		})
	}
}

func agree(t *testing.T, lang i18n.Lang) {
	n := serveDemo(t)
	p := newTab(t, n)
	p.open("/demo")
	p.speak(lang)
	nadia := p.like("button", "Nadia Berrada")
	p.leave(func() { p.press(nadia) })
	in := func(name string, l i18n.Lang) string { return p.T("agree.f."+name) + " · " + l.Self() }
	day := func(days int) string { return time.Now().AddDate(0, 0, days).Format(time.DateOnly) }
	save := func() { p.follow("button", p.T("common.save")) }

	// An organisation, the office that signs, and that a woman holds it.
	p.follow("link", p.T("nav.agreements"))
	p.follow("link", p.T("agree.organisations"))
	p.follow("link", p.T("agree.new_organisation"))
	save()
	p.summary(2)
	p.fill(in("name", i18n.FR), "Association Essai")
	p.fill(in("name", i18n.AR), "جمعية التجربة")
	p.choose(p.T("agree.f.type"), p.T("agree.type.association"))
	save()
	p.reads(p.T("agree.saved"))
	name := map[i18n.Lang]string{i18n.FR: "Association Essai", i18n.AR: "جمعية التجربة"}[lang]
	p.follow("link", name)
	p.reads(p.T("agree.no_offices"))
	p.follow("link", p.T("agree.new_office"))
	p.fill(in("title", i18n.FR), "Présidence")
	p.fill(in("title", i18n.AR), "الرئاسة")
	save()
	p.follow("link", p.T("agree.new_term"))
	p.click("radio", p.T("agree.sex.f"))
	p.fill(p.T("groups.first_day"), "2024-01-01")
	save()
	p.reads(p.T("agree.sex.f"))

	// An agreement: an amendment of nothing, and dates that contradict each other, are refused, and nothing typed is lost.
	p.follow("link", p.T("nav.agreements"))
	p.follow("link", p.T("agree.new"))
	p.fill(in("name", i18n.FR), "Convention d’essai")
	p.fill(in("name", i18n.AR), "اتفاقية تجريبية")
	p.fill(p.T("agree.f.code"), "ESSAI-1")
	p.choose(p.T("agree.f.kind"), p.T("agree.kind.amendment"))
	p.fill(p.T("agree.f.signed"), "٢٠٢٣-٠٥")
	p.fill(p.T("groups.first_day"), "2026-02-01")
	p.fill(p.T("groups.last_day"), "2026-01-01")
	save()
	p.summary(2)
	p.reads(p.T("agree.fault.amends_nothing"))
	if got := p.value(in("name", i18n.FR)); got != "Convention d’essai" {
		t.Errorf("the name that was typed is gone: %q", got)
	}
	p.choose(p.T("agree.f.kind"), p.T("agree.kind.framework"))
	p.fill(p.T("groups.last_day"), "2099-01-01")
	save()
	p.reads(p.T("agree.no_parties"))

	// Nobody held the office when it was signed; with another date somebody did.
	p.follow("link", p.T("agree.new_party"))
	p.choose(p.T("agree.f.organisation"), name)
	p.choose(p.T("agree.f.role"), p.T("agree.role.operator"))
	office := name + " · " + map[i18n.Lang]string{i18n.FR: "Présidence", i18n.AR: "الرئاسة"}[lang]
	p.choose(p.T("agree.f.office"), office)
	save()
	p.summary(1)
	p.fill(p.T("agree.f.joined"), "2024-06-03")
	save()
	p.reads(p.T("agree.sex.f"))
	p.reads(p.T("agree.women_of", "n", 1, "total", 1))

	// What it owes is late; it is not kept for nothing.
	p.follow("link", p.T("agree.tab.commitments")+" 0")
	p.follow("link", p.T("agree.new_commitment"))
	p.choose(p.T("agree.f.debtor"), name)
	p.fill(in("what", i18n.FR), "Former 50 enseignants")
	p.fill(in("what", i18n.AR), "تكوين 50 مدرسا")
	p.choose(p.T("agree.owed"), p.T("agree.owed.training"))
	p.fill(p.T("agree.f.due"), day(-3))
	p.fill(p.T("agree.f.quantity"), "٥٠")
	save()
	p.reads(p.T("agree.late"))
	p.follow("link", p.T("nav.agreements"))
	p.reads(map[i18n.Lang]string{i18n.FR: "Former 50 enseignants", i18n.AR: "تكوين 50 مدرسا"}[lang])
	p.follow("link", map[i18n.Lang]string{i18n.FR: "Former 50 enseignants", i18n.AR: "تكوين 50 مدرسا"}[lang])
	p.follow("link", p.T("agree.judge"))
	p.click("radio", p.T("agree.state.kept"))
	save()
	p.summary(1)
	p.fill(p.T("agree.f.evidence"), "Liste de présence 50")
	save()
	p.reads(p.T("agree.state.kept"))
	p.reads("Liste de présence 50")

	// Money: what is no amount is refused; more than the line has is kept, and said.
	p.follow("link", map[i18n.Lang]string{i18n.FR: "Convention d’essai", i18n.AR: "اتفاقية تجريبية"}[lang])
	p.follow("link", p.T("agree.tab.money"))
	p.follow("link", p.T("agree.entry.budget"))
	p.fill(p.T("agree.f.what"), "Salles")
	p.fill(p.T("agree.f.amount"), "mille")
	save()
	p.summary(1)
	p.fill(p.T("agree.f.amount"), "١٠٠٠")
	save()
	p.follow("link", p.T("agree.entry.expense"))
	line := options(p, p.T("agree.of.expense"))
	p.choose(p.T("agree.of.expense"), line[len(line)-1])
	p.fill(p.T("agree.f.amount"), "1 250,50")
	p.fill(p.T("agree.f.reference"), "F-1")
	save()
	p.reads("250,50")
	p.reads(p.T("agree.warn.over_spent", "line", "Salles", "amount", agreement.Money{Currency: "MAD", Amount: 25050}.Words(i18n.For(lang))))

	// A target less than what is reached must be meant.
	p.open("/programmes/ENFANTS-IA/targets")
	p.fill(morocco[lang], "1")
	p.follow("button", p.T("common.save"))
	p.summary(2)
	p.reads(strings.TrimSuffix(p.T("programmes.target_below", "place", morocco[lang], "target", 1, "reached", 0), i18n.For(lang).Number(0)))
	p.click("checkbox", p.T("spread.despite"))
	p.follow("button", p.T("common.save"))
	p.reads(p.T("programmes.targets_saved"))
	if got := p.value(morocco[lang]); got != "1" {
		t.Errorf("the target stands as %q", got)
	}
}
