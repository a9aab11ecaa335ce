package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tizi/internal/i18n"
)

// TestGuide follows the quick start of a centre from an empty machine to the first learner who is in, on a telephone and a tablet, in
// French and in Arabic. It says how many pages, presses and typed letters that takes.
func TestGuide(t *testing.T) {
	browser(t)
	for _, lang := range walked(i18n.AR) {
		t.Run(string(lang), func(t *testing.T) {
			t.Parallel()
			n := serveEmpty(t)
			p, tablet := newTab(t, n), newTab(t, n)
			begun := time.Now()

			// The first visit.
			p.open("/")
			p.speak(lang)
			if c := p.like("radio", morocco[lang]); !on[bool](p, c, `function() { return this.checked }`) {
				p.press(c)
			}
			p.follow("button", p.T("common.continue"))
			p.fill(p.T("setup.owner.name"), "Nadia Berrada")
			p.fill(p.T("signin.login"), "nadia")
			p.fill(p.T("signin.passphrase"), passphrase)
			p.follow("button", p.T("common.continue"))
			p.fill(p.T("setup.centre.name_fr"), "Maison de jeunes Hay Salam")
			p.fill(p.T("setup.centre.name_ar"), "دار الشباب حي السلام")
			p.click("radio", p.T("centre.kind.youth"))
			p.choose(p.T("setup.centre.province"), options(p, p.T("setup.centre.province"))[3])
			p.click("radio", p.T("milieu.rural"))
			p.follow("button", p.T("setup.centre.open"))
			p.reads(p.T("setup.done.title"))

			// A programme, a list, a group.
			p.followLike("link", p.T("setup.done.programme"))
			p.fill(p.T("setup.centre.name_fr"), "Jil Raqmi")
			p.fill(p.T("setup.centre.name_ar"), "جيل رقمي")
			p.fill(p.T("programmes.code"), "JIL")
			p.fill(p.T("programmes.phase_fr"), "Enfants")
			p.fill(p.T("programmes.phase_ar"), "الأطفال")
			p.fill(p.T("programmes.target"), "200")
			p.follow("button", p.T("common.save"))
			p.reads(p.T("programmes.saved"))
			p.follow("link", p.T("nav.people"))
			p.follow("link", p.T("common.import"))
			p.upload(p.T("import.file"), schoolList(t))
			p.follow("button", p.T("import.read"))
			p.choose("Contact", p.T("import.field.guardian_phone"))
			p.follow("button", p.T("import.columns.check"))
			p.click("checkbox", p.T("import.consent_held")+" "+p.T("import.consent_hint"))
			p.follow("button", p.T("import.plan.do", "n", 10))
			p.follow("link", p.T("nav.groups"))
			p.follow("link", p.T("groups.new"))
			p.fill(p.T("groups.name"), "Mercredi")
			p.click("checkbox", i18n.For(lang).Weekday(time.Wednesday))
			p.fill(p.T("groups.starts"), "15:00")
			p.fill(p.T("groups.ends"), "17:00")
			p.follow("button", p.T("groups.create"))
			for _, b := range p.all(nil, "checkbox") {
				p.press(b)
			}
			p.follow("button", p.T("groups.add_chosen"))
			p.reads(p.T("groups.placed", "n", 10))
			p.follow("link", p.T("signing.title"))
			p.follow("button", p.T("signing.give"))
			p.reads(p.T("signing.once"))
			avatar := js[string](p, `document.querySelector(".cutout > li .cutout-secret > span").innerText.trim()`)
			pictures := js[[]string](p, `[...document.querySelector(".cutout > li").querySelectorAll(".cutout-pictures span")].map(s => s.innerText.trim())`)
			if len(pictures) != 3 {
				t.Fatalf("the first learner has the pictures %q", pictures)
			}

			// The tablet.
			tablet.lang = lang
			tablet.open("/door?lang=" + string(lang))
			tablet.follow("link", tablet.T("entry.enrol"))
			tablet.fill(tablet.T("signin.login"), "nadia")
			tablet.fill(tablet.T("signin.passphrase"), passphrase)
			tablet.follow("button", tablet.T("common.sign_in"))
			tablet.fill(tablet.T("tablets.name"), "1")
			tablet.follow("button", tablet.T("tablets.enrol_do"))
			tablet.follow("link", tablet.T("tablets.door"))

			// The learner.
			tablet.follow("link", js[string](tablet, `document.querySelector(".entry-groups a").innerText.trim()`))
			tablet.leave(func() {
				js[any](tablet, fmt.Sprintf(`[...document.querySelectorAll(".entry-faces a")].find(a => a.innerText.trim() === %q).click()`, avatar))
			})
			for _, x := range pictures {
				tablet.follow("button", x)
			}
			if at := tablet.path(); !strings.HasPrefix(at, "/door/in") && at != "/my" {
				t.Fatalf("three pictures lead to %s", at)
			}
			tablet.picture("-first learner")
			pages, presses, letters := p.pages+tablet.pages, p.presses+tablet.presses, p.letters+tablet.letters
			// Slow hands on a telephone: ten seconds to read a page, two for a press, one for a letter.
			t.Logf("%d pages, %d presses, %d letters: %v where a page takes 10 s, a press 2 and a letter 1; the machine's part %s", pages, presses, letters,
				time.Duration(10*pages+2*presses+letters)*time.Second, time.Since(begun).Round(time.Second))
			p.verdict()
			tablet.verdict()
			n.check()
		})
	}
}
