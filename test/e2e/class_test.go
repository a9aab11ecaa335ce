package e2e

import (
	"fmt"
	"strings"
	"testing"

	"tizi/internal/i18n"
)

// labResult is what a lab of a learner's sends, by the page that they are on.
const labResult = `(async () => { const kept = JSON.stringify({lab: "drawing", answers: {own: [%q]}});
 const sum = [...new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(kept)))].map(b => b.toString(16).padStart(2, "0")).join("");
 const said = [{id: crypto.randomUUID(), verb: {id: "http://adlnet.gov/expapi/verbs/completed"}, object: {id: "urn:tizi:lab:drawing"}, result: {completion: true, score: {raw: 2, min: 0, max: 3, scaled: 2/3}},
  attachments: [{usageType: "urn:tizi:artefact", display: {fr: "x"}, contentType: "application/json", length: new TextEncoder().encode(kept).length, sha2: sum}]}];
 const body = "--b\r\nContent-Type: application/json\r\n\r\n" + JSON.stringify(said) + "\r\n--b\r\nContent-Type: application/json\r\nContent-Transfer-Encoding: binary\r\nX-Experience-API-Hash: " + sum + "\r\n\r\n" + kept + "\r\n--b--\r\n";
 const r = await fetch("/my/courses/mon-cours/commencer/premiere-lecon/dessiner/records", {method: "POST", headers: {"Content-Type": "multipart/mixed; boundary=b", Accept: "application/json"}, body});
 return r.status })()`

// TestClass is an afternoon of a group: what a learner made in a lab is judged and shown on the wall, the lesson is rehearsed and stops
// half way, the group is split, the last test opened and taken, and the manager reads the gain. In French and in Arabic.
func TestClass(t *testing.T) {
	browser(t)
	for _, lang := range walked(i18n.AR) {
		t.Run(string(lang), func(t *testing.T) {
			t.Parallel()
			n := serveDemo(t)
			manager, p, group, title := inClass(t, n, lang)
			both := func(q *tab, note string) {
				t.Helper()
				q.picture(note)
				q.width(360)
				q.open(q.path())
				q.picture(note)
				q.width(1280)
			}
			own := map[i18n.Lang]string{i18n.FR: "La machine confond deux dessins.", i18n.AR: "تخلط الآلة بين رسمين."}[lang]

			// The lesson, as a learner would meet it.
			manager.open(group + "/learning?lang=" + string(lang))
			js[any](manager, `document.querySelector("main details").open = true`)
			manager.leave(func() { js[any](manager, `document.querySelector("main details a[href*='/rehearse/']").click()`) })
			manager.holds(manager.T("rehearse.banner"))
			both(manager, "-rehearsal")
			manager.follow("link", manager.T("my.begin"))
			manager.follow("button", manager.T("my.next"))

			// What the learner made is judged, and the learner reads it.
			p.open("/my/work")
			if status := js[int](p, fmt.Sprintf(labResult, own)); status != 200 {
				t.Fatalf("the lab's result: status %d", status)
			}
			manager.open("/marking")
			both(manager, "-marking")
			who := js[string](p, `document.querySelector("tz-kept").dataset.learner`)
			manager.leave(func() { // the last of theirs: the oldest come first
				js[any](manager, fmt.Sprintf(`[...document.querySelectorAll("main .log a[href*='/learning/%s/']")].at(-1).click()`, who))
			})
			manager.holds(own)
			manager.follow("button", manager.T("marking.keep"))
			manager.summary(1)
			js[any](manager, `document.querySelector("[name=level_0][value='2']").click()`)
			manager.fill(manager.T("marking.comment"), "Bravo 1.")
			both2 := manager.path()
			manager.follow("button", manager.T("marking.keep"))
			manager.reads(manager.T("marking.kept"))
			manager.open(both2)
			both(manager, "-marked")
			p.open("/my/work")
			p.holds("Bravo 1.")
			p.holds(p.T("common.of", "n", 2, "total", 3))

			// The wall.
			manager.open(group + "/wall")
			manager.follow("button", manager.T("wall.allow"))
			manager.reads(manager.T("wall.allowed"))
			p.open("/my/work")
			both(p, "-work")
			p.leave(func() {
				js[any](p, fmt.Sprintf(`[...document.querySelectorAll(".my-works > li")].find(e => e.innerText.includes(%q)).querySelector("button").click()`, own))
			})
			p.reads(p.T("wall.hung"))
			p.follow("link", p.T("wall.title"))
			p.holds(own)
			both(p, "-wall")
			manager.open(group + "/wall")
			both(manager, "-wall")
			manager.follow("button", manager.T("wall.bar"))
			manager.reads(manager.T("wall.down"))
			p.open("/my/work")
			p.holds(p.T("wall.barred"))

			// A session: small groups, and where the lesson stopped.
			session := ""
			for _, l := range n.play("centre").get(group + "?tab=sessions").links() {
				if strings.HasPrefix(l, "/sessions/") && ids.MatchString(l) && strings.Count(l, "/") == 2 && session == "" {
					session = l
				}
			}
			manager.open(session + "/teams")
			manager.follow("button", manager.T("teams.split"))
			manager.reads(manager.T("teams.kept"))
			both(manager, "-teams")
			manager.open(session + "/lesson")
			save := manager.T("common.save") + " " + title
			manager.follow("button", save)
			manager.summary(1)
			js[any](manager, `document.querySelector("#f-stop-mon-cours [value='2']").click()`)
			manager.follow("button", save)
			manager.reads(manager.T("going.kept"))
			both(manager, "-lesson")

			// The tests, and what was gained between them.
			take := func(test string, finish func()) {
				t.Helper()
				p.open("/my")
				p.leave(func() { js[any](p, fmt.Sprintf(`document.querySelector("a[href$='/mon-cours/%s']").click()`, test)) })
				p.follow("button", p.T("my.test_send"))
				p.summary(1)
				finish()
				p.follow("button", p.T("my.test_send"))
				p.holds(p.T("my.test_thanks"))
			}
			take("pre", func() { js[any](p, `document.querySelector("[name=open]").click()`) })
			p.open("/my")
			p.lacks(p.T("my.test.post"))
			manager.open(group + "/learning")
			manager.follow("button", manager.T("learning.open.post")+" "+title)
			manager.reads(manager.T("learning.test_opened"))
			take("post", func() { js[any](p, `document.querySelector("[name=q-apprendre-2][value=a]").click()`) })
			manager.open("/board/gains")
			manager.holds(i18n.For(lang).Decimal(1, 2))
			both(manager, "-gains")
			p.verdict()
			manager.verdict()
			n.check()
		})
	}
}

// holds fails where a page has no such words, lacks where it has.
func (p *tab) holds(words string) {
	p.t.Helper()
	if !strings.Contains(clean(p.text()), clean(words)) {
		p.t.Errorf("%s (%s) does not say %q: %s", p.path(), p.lang, words, short(p.text()))
	}
}

func (p *tab) lacks(words string) {
	p.t.Helper()
	if strings.Contains(clean(p.text()), clean(words)) {
		p.t.Errorf("%s (%s) says %q", p.path(), p.lang, words)
	}
}
