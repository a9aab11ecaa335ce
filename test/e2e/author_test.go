package e2e

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"tizi/internal/i18n"
)

// drafted is the page of a new draft of a course.
func (c *client) drafted() string {
	c.t.Helper()
	return c.must(c.post("/authoring", url.Values{"code": {"brouillon"}})).to()
}

// comesIn lets the first learner of a group come in by pictures, on a device that whoever is signed in enrols at the door.
func (p *tab) comesIn(manager *tab, group string) {
	p.t.Helper()
	manager.open(group + "/learners")
	js[any](manager, `document.querySelector("[name=way][value=pictures]").click()`)
	manager.follow("button", manager.T("signing.give"))
	type row struct {
		Avatar string
		Names  []string
	}
	me := js[[]row](manager, `[...document.querySelectorAll(".cutout > li")].map(e => ({Avatar: e.querySelector(".cutout-secret > span").innerText.trim(), Names: [...e.querySelectorAll(".cutout-pictures span")].map(s => s.innerText.trim())}))`)[0]
	p.follow("link", p.T("entry.enrol"))
	p.fill(p.T("tablets.name"), "Tablette 7")
	p.follow("button", p.T("tablets.enrol_do"))
	p.follow("link", p.T("tablets.door"))
	p.follow("link", js[string](p, `document.querySelector(".entry-groups a").innerText.trim()`))
	p.leave(func() {
		js[any](p, fmt.Sprintf(`[...document.querySelectorAll(".entry-faces a")].find(a => a.innerText.trim() === %q).click()`, me.Avatar))
	})
	for _, x := range me.Names {
		p.follow("button", x)
	}
}

// TestAuthor writes a lesson with a question in two languages: a fault is seen on its line and mended, the lesson is tried and nothing of
// that is kept, two who save the same text are shown both, and once it is published a group is moved to it and a learner reads it.
func TestAuthor(t *testing.T) {
	browser(t)
	for _, lang := range walked(i18n.FR) {
		t.Run(string(lang), func(t *testing.T) {
			t.Parallel()
			n := serveDemo(t)
			c := n.play("centre")
			group := c.aGroup()
			p, manager := newTab(t, n), newTab(t, n)
			p.signIn(n.play("nationale"))
			manager.signIn(c)
			title := map[i18n.Lang]string{i18n.FR: "Un premier cours", i18n.AR: "دورة أولى"}[lang]

			p.open("/authoring?lang=" + string(lang))
			p.fill(p.T("author.code"), "Mon Essai")
			p.follow("button", p.T("author.begin"))
			p.summary(1)
			p.fill(p.T("author.code"), "mon-essai")
			p.follow("button", p.T("author.begin"))
			p.reads(p.T("author.no_faults"))
			draft := p.path()
			p.picture("-draft")
			p.follow("button", p.T("author.publish_do"))
			p.reads(p.T("author.published", "n", 1))

			// A group follows that version.
			manager.open(group + "/learning?lang=" + string(lang))
			manager.choose(manager.T("learning.course"), title)
			manager.follow("button", manager.T("learning.follow"))
			manager.reads(manager.T("learning.follows"))

			p.fill(p.T("author.module"), "commencer")
			p.fill(p.T("author.lesson"), "ma-lecon")
			p.follow("button", p.T("author.add_lesson"))
			const dir = "modules/commencer/ma-lecon/"
			file := func(name string) string { return draft + "/file?path=" + url.QueryEscape(dir+name) }
			texts := map[i18n.Lang]string{i18n.FR: "Le zellige a **huit** branches.", i18n.AR: "للزليج **ثمانية** أغصان."}
			p.open(file("lire.fr.md"))
			for l, s := range texts {
				p.fill(dir+"lire."+string(l)+".md", s)
			}
			p.picture("-text")
			p.follow("button", p.T("common.save"))
			p.reads(p.T("common.saved"))

			// A question without a right answer is said on its line.
			p.open(file("verifier.quiz.yaml"))
			question := func(right string) string {
				return "items:\n  - {id: branches, kind: choice, prompt: {fr: \"Combien de branches ?\", ar: \"كم غصنا؟\"}, choices: [{id: six, text: {fr: six, ar: ستة}}, {id: huit, text: {fr: huit, ar: ثمانية}" + right + "}]}\n"
			}
			p.fill(dir+"verifier.quiz.yaml", question(""))
			p.follow("button", p.T("common.save"))
			p.reads(p.T("course.fault.no_right"))
			p.open(draft)
			p.reads(p.T("author.has_faults", "n", 1))
			p.picture("-fault")
			p.follow("button", p.T("author.publish_do"))
			p.summary(1)
			p.follow("link", dir+"verifier.quiz.yaml:2")
			(&pupil{tab: p}).until(`(() => { const t = document.querySelector("textarea"); return document.activeElement === t && t.value.slice(t.selectionStart, t.selectionEnd).startsWith("  - {id: branches") })()`)
			p.picture("-line")
			p.fill(dir+"verifier.quiz.yaml", question(", correct: true"))
			before := n.status().Facts
			p.follow("button", p.T("author.save_preview"))

			// The lesson is tried as a learner would do it.
			at := p.path()
			p.open(at + "/lire")
			p.reads(strings.ReplaceAll(texts[lang], "**", ""))
			p.picture("-preview")
			p.scripts(false)
			p.open(at + "/verifier.branches")
			answer := func(id string) {
				t.Helper()
				p.leave(func() {
					js[any](p, fmt.Sprintf(`document.querySelector("[name^=q-][value=%s]").click(); document.querySelector("main form button.btn-main").click()`, id))
				})
			}
			answer("six")
			p.reads(p.T("learn.not_yet"))
			answer("huit")
			p.reads(p.T("learn.right"))
			p.picture("-tried")
			p.scripts(true)
			if after := n.status().Facts; after != before {
				t.Errorf("trying a lesson left %d facts", after-before)
			}

			// Two save the same text.
			q := newTab(t, n)
			q.signIn(n.play("nationale"))
			q.open(file("parler.fr.md") + "&lang=" + string(lang))
			p.open(file("parler.fr.md"))
			q.fill(dir+"parler.fr.md", "Comptons les branches.")
			q.follow("button", q.T("common.save"))
			p.fill(dir+"parler.fr.md", "Dessinons les branches.")
			p.follow("button", p.T("common.save"))
			p.summary(1)
			p.reads("Comptons les branches.")
			if s := p.value(dir + "parler.fr.md"); s != "Dessinons les branches." {
				t.Errorf("what was typed is %q now", s)
			}
			p.picture("-both")
			p.follow("button", p.T("common.save"))
			p.reads(p.T("common.saved"))

			p.open(draft)
			p.follow("button", p.T("author.publish_do"))
			p.reads(p.T("author.published", "n", 2))
			p.width(360)
			p.picture("-narrow")

			// The group is moved, and a learner of it reads the lesson.
			manager.open(group + "/learning")
			manager.follow("button", manager.T("learning.move", "n", 2)+" "+title)
			l := newTab(t, n)
			l.signIn(n.play("centre"))
			l.open("/door?lang=" + string(lang))
			l.comesIn(manager, group)
			l.open("/my/courses/mon-essai/commencer/ma-lecon")
			l.follow("button", l.T("my.begin"))
			l.reads(strings.ReplaceAll(texts[lang], "**", ""))
			l.picture("-learner")
			for _, x := range []*tab{p, q, manager, l} {
				x.verdict()
			}
			n.check()
		})
	}
}
