package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"

	"tizi/internal/i18n"
)

// learner is somebody of a school's list.
type learner struct{ massar, family, given, familyAR, givenAR, birth, sex, father string }

// learners are made up.
var learners = []learner{
	{"G130000001", "BENALI", "Amina", "بنعلي", "أمينة", "17/09/2014", "F", "0661000001"},
	{"G130000002", "LAHLOU", "Youssef", "لحلو", "يوسف", "03/01/2014", "M", "0661000002"},
	{"G130000003", "AIT HAMMOU", "Tilila", "أيت حمو", "تيليلا", "31/12/2015", "F", "0661000003"},
	{"G130000004", "MANSOURI", "Ilyas", "منصوري", "إلياس", "22/11/2013", "M", "0661000004"},
	{"G130000005", "KABBAJ", "Salma", "القباج", "سلمى", "05/05/2016", "F", "0661000005"},
	{"G130000006", "IDRISSI", "Zineb", "الإدريسي", "زينب", "09/10/2014", "F", "0661000006"},
	{"G130000007", "OUCHEN", "Anir", "أوشن", "أنير", "14/02/2015", "M", "0661000007"},
	{"G130000008", "CHRAIBI", "Hélène", "الشرايبي", "هيلين", "28/02/2014", "F", "0661000008"},
	{"", "EL FASSI", "Mehdi", "الفاسي", "مهدي", "01/07/2015", "M", ""},
	{"", "RAMI", "Hind", "رامي", "هند", "11/11/2013", "F", "0661000010"},
}

// schoolList writes the learners as a school would: one date that does not exist, one row twice. The heading of the last
// column does not say whose telephone it is.
func schoolList(t testing.TB) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("Code Massar;Nom;Prénom;النسب;الاسم الشخصي;Date de naissance;Sexe;Contact\r\n")
	row := func(l learner) {
		b.WriteString(strings.Join([]string{l.massar, l.family, l.given, l.familyAR, l.givenAR, l.birth, l.sex, l.father}, ";") + "\r\n")
	}
	for _, l := range learners {
		row(l)
	}
	wrong := learners[0]
	wrong.massar, wrong.given, wrong.givenAR, wrong.birth = "G130000099", "Karima", "كريمة", "31/02/2014"
	row(wrong)
	row(learners[2])
	raw, err := charmap.Windows1256.NewEncoder().String(b.String())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "liste école.csv")
	if err := os.WriteFile(path, []byte(raw), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// walked are the languages of a walk: one, in which half of the walks go, or with -long and for pictures French and Arabic. How each
// screen looks in either is seen by TestScreens, and TestWalk goes in both.
func walked(one i18n.Lang) []i18n.Lang {
	if *long || *screens != "" {
		return []i18n.Lang{i18n.FR, i18n.AR}
	}
	return []i18n.Lang{one}
}

// TestWalk is the first day with Tizi, in French and in Arabic: from an empty folder to a number on the board, and the
// names behind it.
func TestWalk(t *testing.T) {
	browser(t)
	for _, lang := range []i18n.Lang{i18n.FR, i18n.AR} {
		t.Run(string(lang), func(t *testing.T) {
			t.Parallel()
			walk(t, lang)
		})
	}
}

func walk(t *testing.T, lang i18n.Lang) {
	n := serveEmpty(t)
	p := newTab(t, n)
	begun := time.Now()

	// The first visit leads through country, owner and centre.
	p.open("/")
	p.speak(lang)
	if p.path() != "/setup" && !strings.HasPrefix(p.path(), "/setup?") {
		t.Fatalf("the first visit leads to %s", p.path())
	}
	if c := p.like("radio", morocco[lang]); !on[bool](p, c, `function() { return this.checked }`) {
		p.press(c)
	}
	p.follow("button", p.T("common.continue"))
	p.fill(p.T("setup.owner.name"), "Nadia Berrada")
	p.fill(p.T("signin.login"), "nadia")
	p.fill(p.T("signin.passphrase"), "court")
	p.follow("button", p.T("common.continue"))
	p.summary(1)
	p.reads(p.T("setup.passphrase_short", "n", 10))
	if got := p.value(p.T("setup.owner.name")); got != "Nadia Berrada" {
		t.Errorf("the name that was typed is gone: %q", got)
	}
	p.fill(p.T("signin.passphrase"), passphrase)
	p.follow("button", p.T("common.continue"))
	p.follow("button", p.T("setup.centre.open"))
	p.summary(3)
	p.fill(p.T("setup.centre.name_fr"), "Maison de jeunes Hay Salam")
	p.fill(p.T("setup.centre.name_ar"), "دار الشباب حي السلام")
	p.click("radio", p.T("centre.kind.youth"))
	p.choose(p.T("setup.centre.province"), options(p, p.T("setup.centre.province"))[3])
	p.click("radio", p.T("milieu.rural"))
	p.follow("button", p.T("setup.centre.open"))
	p.reads(p.T("setup.done.title"))

	// A programme with a phase and a national target, then targets of regions.
	programme := p.like("link", p.T("setup.done.programme"))
	p.leave(func() { p.press(programme) })
	p.fill(p.T("setup.centre.name_fr"), "Jil Raqmi")
	p.fill(p.T("setup.centre.name_ar"), "جيل رقمي")
	p.fill(p.T("programmes.code"), "JIL")
	p.fill(p.T("programmes.phase_fr"), "Enfants")
	p.fill(p.T("programmes.phase_ar"), "الأطفال")
	p.fill(p.T("programmes.target"), "2x")
	p.follow("button", p.T("common.save"))
	p.summary(1)
	p.fill(p.T("programmes.target"), "200")
	p.follow("button", p.T("common.save"))
	p.reads(p.T("programmes.saved"))
	if got := p.value(morocco[lang]); got != "200" {
		t.Errorf("the national target stands as %q", got)
	}
	regions := slices.DeleteFunc(labels(p, "textbox"), func(name string) bool { return strings.HasPrefix(name, p.T("agree.f.source_on")) }) // asked once, of all of them
	if len(regions) != 13 {
		t.Fatalf("targets of %d places, not of a country and its 12 regions: %q", len(regions), regions)
	}
	for i, r := range regions[1:] {
		p.fill(r, fmt.Sprint(10+i))
	}
	p.follow("button", p.T("common.save"))
	p.reads(p.T("programmes.targets_saved"))
	if got := p.value(regions[12]); got != "21" {
		t.Errorf("the last region's target stands as %q", got)
	}

	// A school's list.
	list := schoolList(t)
	p.follow("link", p.T("nav.people"))
	p.follow("link", p.T("common.import"))
	p.follow("button", p.T("import.read"))
	p.summary(1)
	p.upload(p.T("import.file"), list)
	p.follow("button", p.T("import.read"))
	p.reads("liste école.csv")
	p.reads("أمينة") // the letters of windows-1256 were understood
	if got := chosen(p, "Date de naissance"); got != p.T("import.field.birth_date") {
		t.Errorf("the birth dates are taken for %q", got)
	}
	p.choose("Contact", p.T("import.field.guardian_phone"))
	p.follow("button", p.T("import.columns.check"))
	p.counts(map[string]int{"import.new": 10, "import.updated": 0, "import.same": 0, "import.refused": 1, "import.repeated": 1})
	p.reads(p.T("import.reason.date_impossible", "value", "31/02/2014", "column", "", "row", ""))
	p.click("checkbox", p.T("import.consent_held")+" "+p.T("import.consent_hint"))
	p.follow("button", p.T("import.plan.do", "n", 10))
	p.counts(map[string]int{"import.new": 10, "import.updated": 0, "import.same": 0, "import.refused": 1, "import.repeated": 1})
	if s := n.status(); s.People != 10 {
		t.Errorf("%d people after the import", s.People)
	}
	p.follow("link", p.T("import.report.again"))
	p.upload(p.T("import.file"), list)
	p.follow("button", p.T("import.read"))
	p.choose("Contact", p.T("import.field.guardian_phone"))
	p.follow("button", p.T("import.columns.check"))
	p.follow("button", p.T("import.plan.do", "n", 0))
	p.counts(map[string]int{"import.new": 0, "import.updated": 0, "import.same": 10, "import.refused": 1, "import.repeated": 1})
	if s := n.status(); s.People != 10 {
		t.Errorf("%d people after the same import again", s.People)
	}

	// A group that meets every week, today too.
	p.follow("link", p.T("nav.groups"))
	p.follow("link", p.T("groups.new"))
	p.fill(p.T("groups.name"), "Mercredi مجموعة")
	p.fill(p.T("groups.starts"), "25:00")
	p.click("checkbox", i18n.For(lang).Weekday(time.Now().Weekday()))
	p.follow("button", p.T("groups.create"))
	p.summary(1)
	if !on[bool](p, p.find(i18n.For(lang).Weekday(time.Now().Weekday()), "checkbox"), `function() { return this.checked }`) {
		t.Error("the day that was chosen is gone")
	}
	p.fill(p.T("groups.starts"), "00:05")
	p.fill(p.T("groups.ends"), "23:55")
	p.follow("button", p.T("groups.create"))
	if strings.HasSuffix(p.path(), "/session") || strings.Contains(p.path(), "/session?") { // today is Friday: noon is warned of
		p.click("checkbox", p.T("timetable.despite"))
		p.follow("button", p.T("common.save"))
		p.followLike("link", p.T("groups.roster"))
		p.follow("link", p.T("groups.add"))
	}
	p.follow("button", p.T("groups.add_chosen"))
	p.summary(1)
	boxes := p.all(nil, "checkbox")
	if len(boxes) != 10 {
		t.Fatalf("%d people to choose from", len(boxes))
	}
	for _, b := range boxes {
		p.press(b)
	}
	p.follow("button", p.T("groups.add_chosen"))
	p.reads(p.T("groups.placed", "n", 10))

	if _, err := p.seek(nil, p.T("groups.take_attendance"), "link"); err != nil { // today is a holiday: somebody who works all the same adds a session
		p.follow("link", p.T("groups.sessions"))
		p.follow("link", p.T("groups.session_new"))
		p.fill(p.T("groups.starts"), "00:05")
		p.fill(p.T("groups.ends"), "23:55")
		p.follow("button", p.T("common.save"))
		p.summary(1)
		p.click("checkbox", p.T("timetable.despite"))
		p.follow("button", p.T("common.save"))
		p.follow("link", p.T("groups.roster"))
	}

	// The sheet: six came, one came late, one is excused, two did not come.
	p.follow("link", p.T("groups.take_attendance"))
	rows := p.sheet()
	if len(rows) != 10 {
		t.Fatalf("%d learners on the sheet", len(rows))
	}
	for i, r := range rows {
		mark := "attendance.present"
		switch i {
		case 6:
			mark = "attendance.late"
		case 7:
			mark = "attendance.excused_short"
		case 8, 9:
			mark = "attendance.absent"
		}
		p.press(p.findIn(&r, p.T(mark), "radio"))
	}
	p.reads(p.T("attendance.count_words", "n", 10, "total", 10))
	p.click("button", p.T("common.save"))
	p.reads(p.T("attendance.taken", "n", 7, "total", 10))
	p.picture("-saved")

	// The board counts who came, against the target, and opens the names behind the number.
	p.follow("link", p.T("nav.board"))
	board := func(reached int64) {
		t.Helper()
		if got := p.beside(p.T("board.reached")); got != p.number(reached) {
			t.Errorf("the board says %s were reached, not %d", got, reached)
		}
		p.reads(p.T("board.share_of_target", "share", i18n.For(lang).Percent(reached, 200), "target", p.number(200)))
	}
	board(7)
	behind := func(people int) {
		t.Helper()
		p.followBeside(p.T("board.reached"))
		p.reads(p.T("board.behind.people", "n", people))
		if got := len(p.all(nil, "row")) - 1; got != people {
			t.Errorf("%d rows behind the number %d", got, people)
		}
	}
	behind(7)
	p.follow("link", p.T("board.title"))

	// A mark was wrong: the number falls.
	p.follow("link", p.T("nav.today"))
	p.follow("link", p.T("common.open"))
	first := p.sheet()[0]
	p.press(p.findIn(&first, p.T("attendance.absent"), "radio"))
	p.click("button", p.T("common.save"))
	p.reads(p.T("attendance.taken", "n", 6, "total", 10))
	p.follow("link", p.T("nav.board"))
	board(6)
	behind(6)

	// Out, and in again.
	p.menu(p.T("common.signed_in_as", "name", "Nadia Berrada"))
	p.follow("button", p.T("common.sign_out"))
	p.open("/people")
	if !strings.HasPrefix(p.path(), "/signin") {
		t.Errorf("signed out, /people shows %s", p.path())
	}
	p.fill(p.T("signin.login"), "nadia")
	p.fill(p.T("signin.passphrase"), "une autre phrase")
	p.follow("button", p.T("common.sign_in"))
	p.summary(1)
	p.reads(p.T("signin.wrong"))
	if got := p.value(p.T("signin.login")); got != "nadia" {
		t.Errorf("the login that was typed is gone: %q", got)
	}
	p.fill(p.T("signin.passphrase"), passphrase)
	p.follow("button", p.T("common.sign_in"))
	if p.path() != "/people" {
		t.Errorf("signing in leads to %s, not to the page that was asked for", p.path())
	}
	if p.lang != lang {
		t.Errorf("the page is in %s", p.lang)
	}
	t.Logf("the whole walk: %s", time.Since(begun).Round(100*time.Millisecond))
	n.check()
}

var morocco = i18n.Text{i18n.FR: "Maroc", i18n.AR: "المغرب"}

// options are the answers of a list.
func options(p *tab, label string) []string {
	p.t.Helper()
	return on[[]string](p, p.find(label, "combobox"), `function() { return [...this.options].map(o => o.label) }`)
}

// chosen is the answer that a list stands on.
func chosen(p *tab, label string) string {
	p.t.Helper()
	return clean(on[string](p, p.find(label, "combobox"), `function() { return this.selectedOptions[0].label }`))
}

// labels are the names of everything of a role, in the order of the page.
func labels(p *tab, role string) []string {
	p.t.Helper()
	var out []string
	for _, e := range p.all(nil, role) {
		out = append(out, e.name)
	}
	return out
}

// sheet is the learners of a sheet, each a group of marks with a name.
func (p *tab) sheet() []element {
	p.t.Helper()
	return slices.DeleteFunc(p.all(nil, "group"), func(e element) bool { return e.name == "" })
}

// counts compares numbers with those beside their names.
func (p *tab) counts(want map[string]int) {
	p.t.Helper()
	for key, n := range want {
		if got := p.beside(p.T(key)); got != p.number(int64(n)) {
			p.t.Errorf("%s: %s %s, not %d", p.path(), p.T(key), got, n)
		}
	}
}

// followBeside follows the number beside its name.
func (p *tab) followBeside(words string) {
	p.t.Helper()
	number := p.beside(words)
	for _, e := range p.all(nil, "link") {
		if e.name == number && on[bool](p, e, `function(words) { return this.parentElement.previousElementSibling?.textContent.replace(/[\u2066-\u2069]/g, "").trim() === words }`, clean(words)) {
			p.leave(func() { p.press(e) })
			return
		}
	}
	p.fatal(fmt.Errorf("the number beside %q opens nothing", words))
}
