package e2e

import (
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"tizi/internal/i18n"
)

// TestLabsInLessons does each lab within a lesson, as a learner who came in does: statement and artefact come with the step, the trainer
// reads what came of it, and the learner shows it to the group, which the trainer allows first. The children's course has three of the
// labs, the trainers' course the fourth. Two in French, two in Arabic.
func TestLabsInLessons(t *testing.T) {
	browser(t)
	type done struct {
		lab, course, lesson, step string
		do                        func(*pupil)
		line                      string // of the portfolio
	}
	for lang, labs := range map[i18n.Lang][]done{
		i18n.FR: {
			{"drawing", "enfants-8-14", "apprendre-en-dessinant/qui-confond-quoi", "dessiner", drawingSteps, "keep.drawings"},
			{"next-word", "formateurs", "labos-en-apprenant/mot-suivant", "labo", nextWordSteps, "keep.invented"},
		},
		i18n.AR: {
			{"unfair", "enfants-8-14", "machines-justes/la-maison-oubliee", "ecart", unfairSteps, "keep.after"},
			{"feed", "enfants-8-14", "mon-fil/mon-reflet", "labo", feedSteps, "keep.fallen"},
		},
	} {
		t.Run(string(lang), func(t *testing.T) {
			t.Parallel()
			n := serveDemo(t)
			c := n.play("centre")
			manager, p := newTab(t, n), newTab(t, n)
			manager.signIn(c)
			p.signIn(n.play("centre"))
			group := c.aGroup()
			for _, code := range []string{"enfants-8-14", "formateurs"} {
				c.must(c.post(group+"/learning", url.Values{"do": {"follow"}, "course": {code}}))
			}
			manager.open(group + "/wall?lang=" + string(lang))
			manager.follow("button", manager.T("wall.allow"))
			manager.reads(manager.T("wall.allowed"))
			p.open("/door?lang=" + string(lang))
			p.comesIn(manager, group)
			for _, x := range labs {
				lesson := "/my/courses/" + x.course + "/" + x.lesson
				made := func() int { return js[int](p, `document.querySelectorAll(".my-works > li").length`) }
				p.open(lesson + "/" + x.step)
				before := made() // a child of the demonstration may have been here
				l := &pupil{tab: p, lab: x.lab, words: map[string]string{}, sends: true}
				readStrings(t, "ui/src/lab", lang, l.words)
				readStrings(t, "labs/"+x.lab, lang, l.words)
				l.alive()
				x.do(l)
				l.check()
				l.until(readOutbox + `.then(all => all.length === 0)`)
				p.leave(func() { l.click("button", l.w("lab.group")) })
				p.reads(p.T("wall.hung"))
				p.holds(l.w(x.line))
				p.picture("-work-" + x.lab)
				p.open(lesson + "/" + x.step)
				l.alive()
				if got := made(); got != before+1 {
					t.Errorf("%s: the step has %d works, and had %d", x.lab, got, before)
				}
			}
			p.open("/my/wall")
			for _, x := range labs {
				words := map[string]string{}
				readStrings(t, "labs/"+x.lab, lang, words)
				p.holds(words[x.line])
			}
			p.width(360)
			p.picture("-wall")
			manager.open(group + "/wall")
			manager.holds("C’est moi qui choisis les exemples.")
			if drawn := js[int](manager, `document.querySelectorAll(".my-drawings svg").length`); drawn == 0 {
				t.Error("nothing drawn hangs on the wall")
			}
			manager.picture("-wall")
			p.verdict()
			manager.verdict()
			n.check()
		})
	}
}

// TestLabVoice records an instruction as a trainer does, hears it, finds it again after the page has gone, in its step and in no other,
// and drops it. The microphone is Chromium's own.
func TestLabVoice(t *testing.T) {
	d := newSlate(t, chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true))
	n := serveDemo(t)
	p := d.tab(n, i18n.FR)
	l := begin(p, "feed", way{i18n.FR, "light"})
	if strings.Contains(js[string](p, `document.querySelector(".lab-steps").textContent`), l.w("lab.record")) {
		t.Error("whoever comes by may record their voice")
	}
	p.signIn(n.play("formatrice"))
	l = begin(p, "feed", way{i18n.FR, "light"})
	heard := func() {
		t.Helper()
		js[bool](p, `(() => { const play = HTMLMediaElement.prototype.play; HTMLMediaElement.prototype.play = function () { globalThis.heard = this; return play.call(this) }; return true })()`)
		l.click("button", l.w("lab.listen"))
		l.until(`globalThis.heard?.currentTime > 0.3`)
	}
	silent := func() {
		t.Helper()
		if js[bool](p, `!!document.querySelector(".lab-listen")`) {
			t.Error("there is something to hear where nobody spoke")
		}
	}
	silent()
	js[any](p, `document.querySelector(".lab-steps summary").click()`)
	l.click("button", l.w("lab.record"))
	l.reads(l.w("lab.recording"))
	l.until(`new Promise(ok => setTimeout(() => ok(true), 1500))`)
	p.picture("-recording")
	l.click("button", l.w("lab.record.stop"))
	l.reads(l.w("lab.recorded"))
	heard()
	p.open("/labs/feed")
	l.alive()
	l.until(`!!document.querySelector(".lab-listen")`)
	p.picture("-listen")
	heard()
	for range 8 {
		l.click("button", l.w("act.skip"))
	}
	l.click("button", l.w("lab.next"))
	l.find(l.w("step.scroll"), "heading")
	l.until(`!document.querySelector(".lab-listen")`)
	js[any](p, `document.querySelector(".lab-steps summary").click()`)
	js[any](p, `document.querySelector(".lab-goto").click()`)
	l.until(`!!document.querySelector(".lab-listen")`)
	js[any](p, `document.querySelector(".lab-steps summary").click()`)
	l.click("button", l.w("lab.record.drop"))
	l.reads(l.w("lab.record.dropped"))
	silent()
	p.open("/labs/feed")
	l.alive()
	silent()
	p.verdict()
}
