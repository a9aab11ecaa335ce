package e2e

import (
	"fmt"
	"strings"
	"testing"

	"tizi/internal/i18n"
)

// TestTraces looks at what children of the demonstration have learned, as their trainer does, and at what the courses cover, as anybody does.
func TestTraces(t *testing.T) {
	browser(t)
	n := serveDemo(t)
	for _, lang := range walked(i18n.AR) {
		t.Run(string(lang), func(t *testing.T) {
			p := newTab(t, n)
			p.play(n, "formatrice", lang)
			trainer := n.play("formatrice")
			seen, gains := 0, 0
			for _, g := range trainer.get("/groups").links() {
				if !strings.HasPrefix(g, "/groups/") || strings.Count(g, "/") != 2 {
					continue
				}
				body := trainer.get(g + "/learning?lang=" + string(lang)).body
				if !strings.Contains(body, `class="progress-cell is-done"`) {
					continue
				}
				seen++
				p.open(g + "/learning")
				p.find(p.T("learning.grid"), "table")
				if before, _, _ := strings.Cut(p.T("learning.gain_of", "gain", "#", "n", 1, "of", 1), "#"); strings.Contains(body, before) {
					gains++
				}
				p.picture("traces")
			}
			if seen == 0 || gains != 1 {
				t.Errorf("%d groups have learned, %d of them have a gain", seen, gains)
			}

			// What a course covers, and which lessons teach a competency.
			p.open("/learn/enfants-8-14")
			p.picture("course")
			p.follow("link", map[i18n.Lang]string{i18n.FR: "Référentiel de compétences en IA pour les apprenants", i18n.AR: "إطار كفاءات الذكاء الاصطناعي للمتعلمين"}[lang])
			p.reads(p.T("learn.covered", "n", 12, "of", 12))
			p.find(map[i18n.Lang]string{i18n.FR: "La maison oubliée", i18n.AR: "البيت المنسي"}[lang], "link")
			p.follow("link", p.T("learn.coverage_all"))
			for _, w := range []int64{360, 800, 1280} {
				p.width(w)
				if js[bool](p, `document.documentElement.scrollWidth > innerWidth`) {
					t.Errorf("the page is wider than %d", w)
				}
				p.picture(fmt.Sprint("coverage-", w))
			}
		})
	}
}
