package e2e

import (
	"fmt"
	"strings"
	"testing"

	"tizi/internal/i18n"
)

// TestLesson gives a group the small course; a learner answers wrongly and rightly, comes back by reloading and by going back, and the
// trainer's grid shows it without being asked again. In French and in Arabic.
func TestLesson(t *testing.T) {
	browser(t)
	for _, lang := range walked(i18n.FR) {
		t.Run(string(lang), func(t *testing.T) {
			t.Parallel()
			n := serveDemo(t)
			manager, p, _ := inClass(t, n, lang)
			p.open("/my")
			p.picture("-home")
			p.open("/my/courses/mon-cours/commencer/premiere-lecon")
			p.follow("button", p.T("my.begin"))
			p.scripts(false) // all but the lab works without
			for !strings.Contains(p.path(), "verifier.") {
				p.leave(func() { js[any](p, `document.querySelector("main form button.btn-main").click()`) })
			}
			p.open("/my/courses/mon-cours/commencer/premiere-lecon/verifier.exemples")
			answer := func(id string) {
				t.Helper()
				p.leave(func() {
					js[any](p, fmt.Sprintf(`document.querySelector("[name^=q-][value=%s]").click(); document.querySelector("main form button.btn-main").click()`, id))
				})
			}
			answer("b")
			p.reads(p.T("learn.not_yet"))
			p.leave(func() { js[any](p, `location.reload()`) }) // and nothing is answered once more
			p.picture("-wrong")
			answer("a")
			p.reads(p.T("learn.right"))
			p.picture("-right")
			at := p.path()
			p.open("/my/known")
			p.reads(p.T("my.answers", "n", 2))
			p.open(at)
			p.width(360)
			p.picture("-narrow")

			// The trainer's page comes up to it by itself.
			l := &pupil{tab: manager}
			l.until(`document.querySelector(".progress-cell.is-begun") !== null`)
			manager.picture("-grid")

			// The lab of the lesson, from its start to the evidence, which the node takes and the device then forgets.
			p.scripts(true)
			p.width(1280)
			p.open("/my/courses/mon-cours/commencer/premiere-lecon/dessiner")
			lab := &pupil{tab: p, lab: "drawing", words: map[string]string{}, sends: true}
			readStrings(t, "ui/src/lab", lang, lab.words)
			readStrings(t, "labs/drawing", lang, lab.words)
			lab.alive()
			drawingSteps(lab)
			lab.check()
			lab.until(readOutbox + `.then(all => all.length === 0)`)
			p.picture("-lab")
			p.verdict()
			manager.verdict()
			n.check()
		})
	}
}

// inClass gives a group the small course; its manager has a tab, and a learner of it another, who came in by pictures on a tablet of the
// centre.
func inClass(t *testing.T, n *node, lang i18n.Lang) (manager, p *tab, group string) {
	t.Helper()
	c := n.play("centre")
	manager, p = newTab(t, n), newTab(t, n)
	manager.signIn(c)
	p.signIn(n.play("centre"))
	group, _ = manager.follows(n, c, lang)
	p.open("/door?lang=" + string(lang))
	p.comesIn(manager, group)
	manager.open(group + "/learning")
	return manager, p, group
}
