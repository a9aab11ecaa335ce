package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tizi/internal/agreement"
	"tizi/internal/i18n"
)

// said is a name in the two languages that the walk types.
func said(fr, ar string) i18n.Text { return i18n.Text{i18n.FR: fr, i18n.AR: ar} }

// initiative is one of the four programmes: what headquarters types to set it up. The first party owes the commitment, the
// last gives the money.
type initiative struct {
	name, phase       i18n.Text
	code              string
	target            int64
	pillars           []string
	parties           []party
	owes              i18n.Text
	kind              string // of what is owed
	quantity          int
	amount            int64 // promised and planned, in dirhams; half comes in, a quarter is spent
	centre, where     i18n.Text
	centreKind        string
	ageMax, schooling string // for whom the phase is
}

type party struct {
	name       i18n.Text
	kind, role string
	office     i18n.Text
	sex        string
}

// The four are as the press describes them; amounts, offices and what each owes are made up.
var initiatives = []initiative{
	{
		name: said("Numérique et intelligence artificielle pour 200 000 enfants", "الرقمنة والذكاء الاصطناعي لفائدة 200 ألف طفل"), code: "ENFANTS-IA",
		phase: said("De 8 à 14 ans", "من 8 إلى 14 سنة"), target: 200000, pillars: []string{"training"}, ageMax: "14",
		parties: []party{
			{said("Ministère de la transition numérique", "وزارة الانتقال الرقمي"), "ministry", "lead", said("Ministre", "الوزير"), "f"},
			{said("Ministère de la jeunesse, de la culture et de la communication", "وزارة الشباب والثقافة والتواصل"), "ministry", "host", said("Ministre", "الوزير"), "m"},
			{said("Université Mohammed VI Polytechnique", "جامعة محمد السادس متعددة التخصصات التقنية"), "university", "operator", said("Présidence", "الرئاسة"), "m"},
			{said("Ministère délégué chargé du budget", "الوزارة المنتدبة المكلفة بالميزانية"), "ministry", "funder", said("Ministre délégué", "الوزير المنتدب"), "m"},
		},
		owes: said("Équiper douze maisons de jeunes, une par région", "تجهيز اثنتي عشرة دار شباب، واحدة في كل جهة"), kind: "equipment", quantity: 12, amount: 4000000,
		centre: said("Maison de jeunes Hay Salam", "دار الشباب حي السلام"), where: said("Rabat", "الرباط"), centreKind: "youth",
	},
	{
		name: said("Masterclass : l’intelligence artificielle pour les femmes", "ماستركلاس: الذكاء الاصطناعي للنساء"), code: "FEMMES-IA",
		phase: said("Session de Tanger", "دورة طنجة"), target: 120, pillars: []string{"training", "transfer"},
		parties: []party{
			{said("Fondation ConnectinGroup International", "مؤسسة كونكتين كروب الدولية"), "foundation", "lead", said("Présidence", "الرئاسة"), "f"},
			{said("Université Abdelmalek Essaâdi", "جامعة عبد المالك السعدي"), "university", "host", nil, ""},
			{said("Fondation Friedrich Naumann pour la liberté", "مؤسسة فريدريش ناومان من أجل الحرية"), "donor", "funder", nil, ""},
		},
		owes: said("Tenir une masterclass par an", "تنظيم ماستركلاس كل سنة"), kind: "activity", quantity: 1, amount: 100000,
		centre: said("École nationale de commerce et de gestion de Tanger", "المدرسة الوطنية للتجارة والتسيير بطنجة"), where: said("Tanger-Assilah", "طنجة - أصيلة"), centreKind: "university",
	},
	{
		name: said("Deuxième chance : métiers de l’intelligence artificielle", "الفرصة الثانية: مهن الذكاء الاصطناعي"), code: "E2C-IA",
		phase: said("Moins de 18 ans", "دون 18 سنة"), target: 60, pillars: []string{"training"}, ageMax: "17", schooling: "out_of_school",
		parties: []party{
			{said("Groupe technique spécialisé en intelligence artificielle", "المجموعة التقنية المتخصصة في الذكاء الاصطناعي"), "association", "operator", said("Présidence", "الرئاسة"), "m"},
			{said("Direction provinciale Casa-Anfa", "المديرية الإقليمية الدار البيضاء أنفا"), "direction", "host", nil, ""},
			{said("Direction de l’éducation non formelle", "مديرية التربية غير النظامية"), "direction", "supervising", nil, ""},
			{said("Académie régionale Casablanca-Settat", "الأكاديمية الجهوية الدار البيضاء سطات"), "academy", "funder", nil, ""},
		},
		owes: said("Former 50 enseignants par an à l’intelligence artificielle", "تكوين 50 مدرسا كل سنة في الذكاء الاصطناعي"), kind: "training", quantity: 50, amount: 250000,
		centre: said("École de la deuxième chance Al Hotaya", "مدرسة الفرصة الثانية الحطيئة"), where: said("Casablanca", "الدار البيضاء"), centreKind: "second_chance",
	},
	{
		name: said("Centre international d’intelligence artificielle", "المركز الدولي للذكاء الاصطناعي"), code: "AI-CENTRE",
		phase: said("Année 1", "السنة 1"), target: 500, pillars: []string{"training", "research", "innovation", "transfer", "strategic", "field", "collaboration"},
		parties: []party{
			{said("Centre Ai movement", "مركز الحركة للذكاء الاصطناعي"), "university", "operator", said("Direction", "الإدارة"), "f"},
			{said("UNESCO", "اليونسكو"), "un", "supervising", nil, ""},
			{said("Gouvernement", "الحكومة"), "ministry", "funder", nil, ""},
		},
		owes: said("Contribuer au programme de l’UNESCO", "الإسهام في برنامج اليونسكو"), kind: "report", quantity: 1, amount: 2000000,
		centre: said("Siège d’Ai movement", "مقر الحركة"), where: said("Salé", "سلا"), centreKind: "headquarters",
	},
}

// TestFour sets up the four programmes that Tizi was made for on an empty node, runs a week of each, and sees commitments,
// money and reached against target move: by clicking only, in French and in Arabic. Without -long two of them are in French and
// two in Arabic.
func TestFour(t *testing.T) {
	browser(t)
	for lang, some := range map[i18n.Lang][]int{i18n.FR: {0, 1}, i18n.AR: {2, 3}} {
		if *long {
			some = []int{0, 1, 2, 3}
		}
		t.Run(string(lang), func(t *testing.T) {
			t.Parallel()
			begun := time.Now()
			n := serveEmpty(t)
			p := &chief{tab: newTab(t, n), n: n}
			p.found(lang)
			runs := []func(initiative){p.children, p.masterclass, p.secondChance, p.sevenPillars}
			for _, i := range some {
				p.setUp(initiatives[i])
				runs[i](initiatives[i])
			}
			if some[0] == 0 {
				p.trouble(initiatives[0])
			}
			n.check()
			t.Logf("the four: %s", time.Since(begun).Round(100*time.Millisecond))
		})
	}
}

// chief is who manages the node.
type chief struct {
	*tab
	n *node
}

func (p *tab) say(t i18n.Text) string { return t[p.lang] }

// both types a name into the fields of the two languages.
func (p *tab) both(key string, t i18n.Text) {
	p.t.Helper()
	for l, s := range t {
		p.fill(p.T(key)+" · "+l.Self(), s)
	}
}

func (p *tab) named(fr, ar string, t i18n.Text) {
	p.t.Helper()
	p.fill(p.T(fr), t[i18n.FR])
	p.fill(p.T(ar), t[i18n.AR])
}

// to goes through sections and links, one after the other.
func (p *tab) to(names ...string) {
	p.t.Helper()
	for _, s := range names {
		p.follow("link", s)
	}
}

func (p *tab) save() {
	p.t.Helper()
	p.follow("button", p.T("common.save"))
	if p.status == 422 {
		p.fatal(fmt.Errorf("not saved: %s", p.text()))
	}
}

// found is the first visit: the country, the owner, the first centre.
func (p *chief) found(lang i18n.Lang) {
	p.open("/")
	p.speak(lang)
	if c := p.like("radio", morocco[lang]); !on[bool](p.tab, c, `function() { return this.checked }`) {
		p.press(c)
	}
	p.follow("button", p.T("common.continue"))
	p.fill(p.T("setup.owner.name"), "Nadia Berrada")
	p.fill(p.T("signin.login"), "nadia")
	p.fill(p.T("signin.passphrase"), passphrase)
	p.follow("button", p.T("common.continue"))
	p.centre(initiatives[0])
	programme := p.like("link", p.T("setup.done.programme"))
	p.leave(func() { p.press(programme) })
	for _, x := range initiatives[1:] {
		p.to(p.T("nav.centres"), p.T("setup.centre.open"))
		p.centre(x)
	}
}

// centre fills the form of a centre.
func (p *tab) centre(x initiative) {
	p.t.Helper()
	p.named("setup.centre.name_fr", "setup.centre.name_ar", x.centre)
	p.click("radio", p.T("centre.kind."+x.centreKind))
	for _, o := range options(p, p.T("setup.centre.province")) {
		if strings.HasSuffix(clean(o), " · "+clean(p.say(x.where))) {
			p.choose(p.T("setup.centre.province"), o)
		}
	}
	p.click("radio", p.T("milieu.urban"))
	p.follow("button", p.T("setup.centre.open"))
}

// setUp is what headquarters writes of an initiative: the programme, the organisations and who signs for them, the
// agreement with its parties, what is owed, what is promised and planned, the targets, for whom the phase is.
func (p *chief) setUp(x initiative) {
	p.t.Helper()
	p.to(p.T("nav.programmes"), p.T("programmes.new"))
	p.named("setup.centre.name_fr", "setup.centre.name_ar", x.name)
	p.fill(p.T("programmes.code"), x.code)
	p.named("programmes.phase_fr", "programmes.phase_ar", x.phase)
	p.fill(p.T("groups.first_day"), day(-30))
	p.fill(p.T("groups.last_day"), day(300))
	p.fill(p.T("programmes.target"), fmt.Sprint(x.target))
	p.save()
	p.to(p.T("nav.programmes"))
	p.inCard(p.say(x.name), p.T("programmes.phases"))
	p.to(p.T("programmes.edit"))
	for _, s := range x.pillars {
		p.click("checkbox", p.T("pillar."+s))
	}
	p.save()

	p.to(p.T("nav.agreements"), p.T("agree.organisations"))
	for _, o := range x.parties {
		p.to(p.T("agree.new_organisation"))
		p.both("agree.f.name", o.name)
		p.choose(p.T("agree.f.type"), p.T("agree.type."+o.kind))
		p.save()
		if o.sex == "" {
			continue
		}
		p.to(p.say(o.name), p.T("agree.new_office"))
		p.both("agree.f.title", o.office)
		p.save()
		p.to(p.T("agree.new_term"))
		p.click("radio", p.T("agree.sex."+o.sex))
		p.fill(p.T("groups.first_day"), "2020-01-01")
		p.save()
		p.to(p.T("agree.organisations"))
	}
	p.to(p.T("nav.agreements"), p.T("agree.new"))
	p.both("agree.f.name", x.name)
	p.fill(p.T("agree.f.code"), "C-"+x.code)
	p.choose(p.T("agree.f.kind"), p.T("agree.kind.framework"))
	p.fill(p.T("agree.f.signed"), "2025-06-14")
	p.click("checkbox", p.say(x.name))
	p.save()
	for _, o := range x.parties {
		p.to(p.T("agree.new_party"))
		p.choose(p.T("agree.f.organisation"), p.say(o.name))
		p.choose(p.T("agree.f.role"), p.T("agree.role."+o.role))
		if o.sex != "" {
			p.choose(p.T("agree.f.office"), p.say(o.name)+" · "+p.say(o.office))
		}
		p.save()
	}
	p.to(p.T("agree.tab.commitments")+" "+p.number(0), p.T("agree.new_commitment"))
	p.choose(p.T("agree.f.debtor"), p.say(x.parties[0].name))
	p.both("agree.f.what", x.owes)
	p.choose(p.T("agree.owed"), p.T("agree.owed."+x.kind))
	p.fill(p.T("agree.f.due"), day(-3))
	p.fill(p.T("agree.f.quantity"), fmt.Sprint(x.quantity))
	p.save()
	p.reads(p.T("agree.late"))
	p.to(p.T("agree.tab.money"), p.T("agree.entry.promise"))
	p.choose(p.T("agree.who_gives"), p.say(x.parties[len(x.parties)-1].name))
	p.fill(p.T("agree.f.amount"), fmt.Sprint(x.amount))
	p.save()
	p.to(p.T("agree.entry.budget"))
	p.fill(p.T("agree.f.what"), p.say(x.phase))
	p.fill(p.T("agree.f.amount"), fmt.Sprint(x.amount))
	p.save()

	p.to(p.T("nav.programmes"))
	p.inCard(p.say(x.name), p.T("programmes.targets"))
	p.choose(p.T("role.on.agreement"), "C-"+x.code+" · "+p.say(x.name))
	p.save()
	p.to(p.T("programmes.title"))
	p.inCard(p.say(x.name), p.T("programmes.phases"))
	if x.ageMax != "" {
		p.to(p.T("programmes.rule_new"))
		p.fill(p.T("programmes.rule_by"), p.say(x.parties[0].name))
		p.fill(p.T("programmes.age_max"), x.ageMax)
		if x.schooling != "" {
			p.click("checkbox", p.T("schooling."+x.schooling))
		}
		p.follow("button", p.T("programmes.rule_save"))
		p.reads(p.T("programmes.rule_saved"))
	}
	p.board(x, 0)
}

// inCard follows a link of the card with a heading: there are many cards, whose links are called the same.
func (p *tab) inCard(heading, link string) {
	p.t.Helper()
	for _, e := range p.all(nil, "link") {
		if e.name == clean(link) && on[bool](p, e, `function(words) { return this.closest("li")?.querySelector("h2")?.textContent.replace(/[\u2066-\u2069]/g, "").replace(/\s+/g, " ").trim() === words }`, clean(heading)) {
			p.leave(func() { p.press(e) })
			return
		}
	}
	p.fatal(fmt.Errorf("no card %q with %q", heading, link))
}

func day(n int) string { return time.Now().AddDate(0, 0, n).Format(time.DateOnly) }

// keep says that what is owed was done, and by what one sees it; half of the money comes and a quarter is spent. Then the
// agreement shows all that.
func (p *chief) keep(x initiative, reached int64) {
	p.t.Helper()
	p.late(1)
	p.to(p.say(x.owes), p.T("agree.judge"))
	p.click("radio", p.T("agree.state.kept"))
	p.fill(p.T("agree.f.evidence"), "PV 12/2026")
	p.save()
	p.reads(p.T("agree.state.kept"))
	p.late(0)
	p.to(p.say(x.name))
	if got, want := p.row(p.say(x.name)), []string{clean(p.number(x.target)), p.number(reached)}; len(got) < 4 || !slices.Equal(got[len(got)-3:len(got)-1], want) {
		p.t.Errorf("%s: target and reached stand as %q, not %q", p.path(), got, want)
	}
	p.to(p.T("agree.tab.money"), p.T("agree.entry.receipt"))
	p.last(p.T("agree.of.receipt"))
	p.fill(p.T("agree.f.amount"), fmt.Sprint(x.amount/2))
	p.save()
	p.to(p.T("agree.entry.expense"))
	p.last(p.T("agree.of.expense"))
	p.fill(p.T("agree.f.amount"), fmt.Sprint(x.amount/4))
	p.choose(p.T("board.programme"), p.say(x.name))
	p.fill(p.T("agree.f.reference"), "F-2026-7")
	p.save()
	money := func(centimes int64) string {
		return clean(agreement.Money{Currency: "MAD", Amount: centimes}.Words(i18n.For(p.lang)))
	}
	for name, centimes := range map[string]int64{"agree.promised": x.amount * 100, "agree.received": x.amount * 50, "agree.budgeted": x.amount * 100, "agree.spent": x.amount * 25} {
		if got := p.beside(p.T(name)); got != money(centimes) {
			p.t.Errorf("%s: %s %s, not %s", p.path(), p.T(name), got, money(centimes))
		}
	}
	p.reads(money(x.amount * 25 / reached)) // what each of those reached cost
}

// late goes to the agreements and reads how many commitments are late.
func (p *chief) late(want int64) {
	p.t.Helper()
	p.to(p.T("nav.agreements"))
	if got := p.beside(p.T("agree.late_commitments")); got != p.number(want) {
		p.t.Errorf("%s commitments are late, not %d", got, want)
	}
}

// row is what stands in the cells of the row that begins with a name.
func (p *tab) row(name string) (cells []string) {
	p.t.Helper()
	for _, e := range p.all(nil, "row") {
		cells = on[[]string](p, e, `function() { return [...this.cells].map(c => c.innerText.replace(/[\u2066-\u2069]/g, "").trim()) }`)
		for i := range cells {
			cells[i] = clean(cells[i])
		}
		if len(cells) > 0 && cells[0] == clean(name) {
			return cells
		}
	}
	p.fatal(fmt.Errorf("no row %q", name))
	return nil
}

// board reads what was reached against the target.
func (p *chief) board(x initiative, reached int64) {
	p.t.Helper()
	p.to(p.T("nav.programmes"))
	p.inCard(p.say(x.name), p.T("board.title"))
	if got := p.beside(p.T("board.reached")); got != p.number(reached) {
		p.t.Errorf("%s: %s reached, not %d", x.code, got, reached)
	}
	p.reads(p.T("board.share_of_target", "share", i18n.For(p.lang).Percent(reached, x.target), "target", p.number(x.target)))
}

// last takes the last answer of a list.
func (p *tab) last(label string) {
	p.t.Helper()
	o := options(p, label)
	p.choose(label, o[len(o)-1])
}

// children is a week of a youth centre: a room, a trainer's account, a group that meets today and the days after; the
// trainer comes in and takes attendance, three of four are there.
func (p *chief) children(x initiative) {
	p.t.Helper()
	p.room(x)
	p.to(p.T("nav.staff"), p.T("staff.new"))
	p.click("radio", p.T("role.trainer")+" "+p.T("staff.role.trainer"))
	p.choose(p.T("staff.for"), p.say(x.centre))
	p.fill(p.T("people.guardian_name"), "Youssef Amrani")
	p.fill(p.T("signin.login"), "youssef")
	p.fill(p.T("signin.passphrase"), passphrase)
	p.follow("button", p.T("staff.open"))
	p.group(x, "Mercredi 1", "Youssef Amrani", 4)
	for _, l := range learners[:4] {
		p.learner(l, "")
		p.reads(p.T("groups.placed", "n", 1))
	}

	q := &chief{tab: newTab(p.t, p.n), n: p.n}
	q.width(390) // a phone
	q.open("/")
	q.speak(p.lang)
	q.fill(q.T("signin.login"), "youssef")
	q.fill(q.T("signin.passphrase"), passphrase)
	q.follow("button", q.T("common.sign_in"))
	q.attend("attendance.present", "attendance.present", "attendance.late", "attendance.absent")
	p.board(x, 3)
	p.keep(x, 3)
}

// masterclass is announced to the public; two women register, show their codes at the door, a third comes without.
func (p *chief) masterclass(x initiative) {
	p.t.Helper()
	p.activity(x, x.name, "masterclass", "training", 30)
	p.to(p.T("activity.new_speaker"))
	p.fill(p.T("activity.name_latin"), "Hind Alaoui")
	p.click("radio", p.T("sex.adult.f"))
	p.save()
	v := newTab(p.t, p.n)
	v.width(390)
	v.open("/")
	v.speak(p.lang)
	var codes []string
	for i, name := range []string{"Zahra Idrissi", "Meryem Tazi"} {
		v.to(v.T("activity.events"), v.say(x.name))
		v.fill(v.T("activity.v.name"), name)
		v.fill(v.T("activity.v.phone"), fmt.Sprintf("061122334%d", i))
		v.click("radio", v.T("sex.adult.f"))
		v.click("checkbox", v.T("activity.v.agreed"))
		v.follow("button", v.T("activity.register"))
		v.reads(v.T("activity.ticket_text"))
		codes = append(codes, passCode.FindString(v.path()))
	}
	p.to(p.T("nav.activities"), p.say(x.name), p.T("activity.door"))
	for _, c := range codes {
		p.fill(p.T("activity.code"), c)
		p.follow("button", p.T("activity.mark"))
	}
	p.walkIn("Salma Rami", "f")
	p.board(x, 3)
	p.keep(x, 3)
}

// secondChance teaches those who left school, with catching up beside, and the teachers of the year; a pupil who goes to
// school is told why there is no place.
func (p *chief) secondChance(x initiative) {
	p.t.Helper()
	p.room(x)
	p.group(x, "Atelier 1", "", 12, "maths", "french")
	for _, l := range []learner{
		{"", "BENNIS", "Anas", "", "", "12/03/2010", "M", ""}, {"", "SABRI", "Hiba", "", "", "01/07/2010", "F", ""}, {"", "TOUZANI", "Rim", "", "", "05/11/2011", "F", ""},
	} {
		p.learner(l, "out_of_school")
	}
	p.learner(learner{"", "ZNIBER", "Sami", "", "", "02/02/2011", "M", ""}, "in_school")
	p.reads(p.T("eligible.refused_some", "n", 1))
	p.attend("attendance.present", "attendance.present", "attendance.absent")
	p.board(x, 2)
	p.keep(x, 2)
}

// sevenPillars has an activity of each pillar; one is open to people, one publishes.
func (p *chief) sevenPillars(x initiative) {
	p.t.Helper()
	for i, kind := range []string{"workshop", "research", "conference", "transfer", "study", "study", "collaboration"} {
		pillar := x.pillars[i]
		title := i18n.Text{}
		for _, l := range []i18n.Lang{i18n.FR, i18n.AR} {
			title[l] = i18n.For(l).T("activity.pillar." + pillar)
		}
		p.activity(x, title, kind, pillar, 0)
		switch pillar {
		case "training":
			p.to(p.T("activity.door"))
			p.walkIn("Ali Chraibi", "m")
			p.walkIn("Nora Filali", "f")
		case "research":
			p.to(p.T("activity.new_output"))
			p.both("activity.f.title", said("Article", "مقال"))
			p.choose(p.T("activity.output_kind"), p.T("activity.output.paper"))
			p.choose(p.T("common.language"), i18n.FR.Self())
			p.fill(p.T("common.date"), day(0))
			p.fill(p.T("activity.link"), "https://example.org/article")
			p.save()
		}
	}
	p.board(x, 2)
	p.keep(x, 2)
}

// trouble is what contradicts itself, on an initiative that runs: each has its sentence, and nothing is half saved.
func (p *chief) trouble(x initiative) {
	p.t.Helper()
	// A fifth learner of a group of four waits.
	p.to(p.T("nav.groups"), "Mercredi 1")
	p.learner(learners[4], "")
	p.reads(p.T("groups.free", "n", 0))
	p.follow("button", p.T("groups.add_chosen"))
	p.reads(p.T("groups.waitlisted", "n", 1))

	// Three are reached: a target of one must be meant.
	p.to(p.T("nav.programmes"))
	p.inCard(p.say(x.name), p.T("programmes.targets"))
	p.fill(morocco[p.lang], "1")
	p.follow("button", p.T("common.save"))
	p.summary(2)
	p.reads(p.T("programmes.target_below", "place", morocco[p.lang], "target", 1, "reached", 3))

	// A phase that ends before it begins, and one in which the same people could be at the same time.
	p.to(p.T("nav.programmes"))
	p.inCard(p.say(x.name), p.T("programmes.phases"))
	p.to(p.T("programmes.phase_new"))
	older := said("De 15 à 18 ans", "من 15 إلى 18 سنة")
	p.named("programmes.phase_fr", "programmes.phase_ar", older)
	p.fill(p.T("groups.first_day"), day(20))
	p.fill(p.T("groups.last_day"), day(10))
	p.follow("button", p.T("common.save"))
	p.summary(1)
	p.reads(p.T("groups.ends_before"))
	p.fill(p.T("groups.last_day"), day(30))
	p.follow("button", p.T("common.save"))
	p.reads(p.T("programmes.rule_text"))
	p.fill(p.T("programmes.rule_by"), "Comité")
	p.follow("button", p.T("programmes.rule_save"))
	p.reads(p.T("programmes.overlap"))
	p.fill(p.T("programmes.age_min"), "16") // who is fifteen then may be fourteen on the first day of the other
	p.fill(p.T("programmes.age_max"), "18")
	p.follow("button", p.T("programmes.rule_save"))
	p.reads(p.T("programmes.rule_saved"))

	// A party leaves, and says why. It is still the one that signed.
	p.to(p.T("nav.agreements"), p.say(x.name), p.say(x.parties[1].name))
	p.fill(p.T("agree.f.left"), day(-1))
	p.follow("button", p.T("common.save"))
	p.summary(1)
	p.reads(p.T("agree.fault.left_without_reason"))
	p.fill(p.T("agree.f.reason"), "Décret")
	p.save()
	p.reads(p.T("agree.left_on", "date", i18n.For(p.lang).Date(day(-1))))
	p.reads(p.T("agree.women_of", "n", 1, "total", 4))

	// Whoever signed has changed office: not before the day of the signature, and somebody else holds it now.
	p.to(p.T("nav.agreements"), p.T("agree.organisations"), p.say(x.parties[0].name), p.say(x.parties[0].office))
	holder := p.like("link", p.T("agree.sex.f"))
	p.leave(func() { p.press(holder) })
	p.fill(p.T("groups.last_day"), "2024-12-31")
	p.follow("button", p.T("common.save"))
	p.summary(1)
	p.fill(p.T("groups.last_day"), "2025-12-31")
	p.save()
	p.to(p.T("agree.new_term"))
	p.click("radio", p.T("agree.sex.m"))
	p.fill(p.T("groups.first_day"), "2025-12-01")
	p.follow("button", p.T("common.save"))
	p.summary(1)
	p.fill(p.T("groups.first_day"), "2026-01-01")
	p.save()
	p.to(p.T("nav.agreements"), p.say(x.name))
	p.reads(p.T("agree.women_of", "n", 1, "total", 4)) // she is the one who signed
}

// room adds a room to the centre of an initiative.
func (p *chief) room(x initiative) {
	p.t.Helper()
	p.to(p.T("nav.centres"), p.say(x.centre), p.T("centres.room_new"))
	p.fill(p.T("common.name"), "Salle A")
	p.fill(p.T("centres.room_seats"), "20")
	p.save()
}

// group opens a group of the initiative's phase that meets today and each day of the week after, at night, when nobody
// else needs the room.
func (p *chief) group(x initiative, name, trainer string, seats int, subjects ...string) {
	p.t.Helper()
	p.to(p.T("nav.groups"), p.T("groups.new"))
	p.fill(p.T("groups.name"), name)
	p.choose(p.T("groups.phase"), p.say(x.name)+" · "+p.say(x.phase))
	p.choose(p.T("place.centre"), p.say(x.centre))
	if trainer != "" {
		p.click("checkbox", trainer)
	}
	p.fill(p.T("groups.capacity"), fmt.Sprint(seats))
	for _, s := range subjects {
		p.click("checkbox", p.T("subject."+s))
	}
	p.fill(p.T("groups.first_day"), day(0))
	p.fill(p.T("groups.last_day"), day(6))
	p.fill(p.T("groups.starts"), "00:05")
	p.fill(p.T("groups.ends"), "23:55")
	p.follow("button", p.T("groups.create"))
	p.to(name, p.T("groups.sessions"), p.T("groups.session_new"))
	p.fill(p.T("timetable.first"), day(0))
	p.fill(p.T("timetable.until"), day(6))
	for d := range 7 {
		p.click("checkbox", i18n.For(p.lang).Weekday(time.Weekday(d)))
	}
	p.fill(p.T("groups.starts"), "00:05")
	p.fill(p.T("groups.ends"), "23:55")
	p.choose(p.T("groups.room"), p.T("timetable.room_seats", "room", "Salle A", "n", 20))
	p.follow("button", p.T("common.save"))
	if p.status == 422 { // a Friday, a holiday: warned of
		p.click("checkbox", p.T("timetable.despite"))
		p.save()
	}
}

// learner writes somebody down from the page of the group, into the group.
func (p *chief) learner(l learner, schooling string) {
	p.t.Helper()
	p.to(p.T("groups.add"), p.T("people.new"))
	p.fill(p.T("people.given"), l.given)
	p.fill(p.T("people.family"), l.family)
	p.fill(p.T("people.birth"), l.birth)
	p.click("radio", p.T("sex."+strings.ToLower(l.sex)))
	if schooling != "" {
		p.choose(p.T("schooling"), p.T("schooling."+schooling))
	}
	p.click("checkbox", p.T("people.consent_given")+" "+p.T("people.consent_hint"))
	p.save()
}

// attend opens the session of today that is not marked, and marks who is there, in the order of the sheet.
func (p *chief) attend(marks ...string) {
	p.t.Helper()
	p.to(p.T("nav.today"), p.T("today.start"))
	rows := p.sheet()
	if len(rows) != len(marks) {
		p.fatal(fmt.Errorf("%d learners on the sheet, not %d", len(rows), len(marks)))
	}
	here := 0
	for i, r := range rows {
		p.press(p.findIn(&r, p.T(marks[i]), "radio"))
		if marks[i] != "attendance.absent" {
			here++
		}
	}
	p.click("button", p.T("common.save"))
	p.reads(p.T("attendance.taken", "n", here, "total", len(marks)))
}

// activity announces an activity of today and opens it to the public; it ends on the page of the activity.
func (p *chief) activity(x initiative, title i18n.Text, kind, pillar string, seats int) {
	p.t.Helper()
	p.to(p.T("nav.activities"), p.T("activity.new"))
	p.both("activity.f.title", title)
	p.choose(p.T("activity.f.kind"), p.T("activity.kind."+kind))
	p.choose(p.T("activity.f.pillar"), p.T("activity.pillar."+pillar))
	p.choose(p.T("board.programme"), p.say(x.name))
	p.choose(p.T("agree.agreement"), "C-"+x.code+" · "+p.say(x.name))
	p.choose(p.T("activity.f.centre"), p.say(x.centre))
	p.fill(p.T("groups.first_day"), day(0))
	p.fill(p.T("groups.last_day"), day(0))
	p.fill(p.T("activity.session_date", "n", 1), day(0))
	p.fill(p.T("activity.session_from", "n", 1), "09:00")
	p.fill(p.T("activity.session_to", "n", 1), "12:00")
	p.click("checkbox", p.say(x.parties[0].name))
	p.click("radio", p.T("activity.state.open"))
	if seats > 0 {
		p.fill(p.T("groups.capacity"), fmt.Sprint(seats))
	}
	p.save()
}

// walkIn lets somebody in who has not registered.
func (p *chief) walkIn(name, sex string) {
	p.t.Helper()
	p.menu(p.T("activity.walk"))
	p.fill(p.T("activity.v.name"), name)
	p.fill(p.T("activity.v.phone"), "0633445566")
	p.click("radio", p.T("sex.adult."+sex))
	p.click("checkbox", p.T("activity.v.agreed_door"))
	p.follow("button", p.T("activity.walk_in"))
	p.reads(p.T("activity.here", "name", name))
}
