package e2e

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"tizi/internal/i18n"
	"tizi/internal/picture"
)

// TestLearners enrols a tablet, gives a group its cards and pictures and reads them off the printed sheet; a learner comes in by
// the card, goes, comes in by pictures, is locked after five wrong tries and unlocked by the manager. In French and in Arabic.
func TestLearners(t *testing.T) {
	browser(t)
	for _, lang := range walked(i18n.AR) {
		t.Run(string(lang), func(t *testing.T) {
			t.Parallel()
			n := serveDemo(t)
			c := n.play("centre")
			group := c.aGroup()
			manager, p := newTab(t, n), newTab(t, n)
			manager.signIn(c)
			manager.open(group + "?lang=" + string(lang))
			p.signIn(n.play("centre"))

			// The tablet.
			p.open("/door?lang=" + string(lang))
			p.reads(p.T("entry.not_enrolled"))
			p.follow("link", p.T("entry.enrol"))
			p.follow("button", p.T("tablets.enrol_do"))
			p.summary(1)
			p.fill(p.T("tablets.name"), "Tablette 4")
			p.follow("button", p.T("tablets.enrol_do"))
			p.reads(p.T("tablets.this_is", "name", "Tablette 4"))

			// The sheet.
			manager.follow("link", manager.T("signing.title"))
			js[any](manager, `document.querySelector("[name=way][value=pictures]").click()`)
			manager.follow("button", manager.T("signing.give"))
			manager.reads(manager.T("signing.once"))
			type row struct {
				Avatar string
				Names  []string
				X, Y   float64
			}
			rows := js[[]row](manager, `[...document.querySelectorAll(".cutout > li")].map(e => { e.scrollIntoView(); const q = e.querySelector(".qr").getBoundingClientRect();
 return {Avatar: e.querySelector(".cutout-secret > span").innerText.trim(), Names: [...e.querySelectorAll(".cutout-pictures span")].map(s => s.innerText.trim()), X: q.x + scrollX, Y: q.y + scrollY} })`)
			if len(rows) < 2 || len(rows[0].Names) != 3 {
				t.Fatalf("%d cards: %+v", len(rows), rows)
			}
			token := manager.codeOfCard()

			// By card: a reader types and ends with Enter.
			p.follow("link", p.T("tablets.door"))
			p.reads(p.T("entry.my_card"))
			p.leave(func() { p.key("12345678" + kb.Enter) })
			p.reads(p.T("entry.number_alone"))
			p.leave(func() { p.key(token + kb.Enter) })
			if at := p.path(); at != "/my" {
				t.Fatalf("a card leads to %s", at)
			}
			p.open("/people") // the manager's own session on this tablet is over
			if strings.HasPrefix(p.path(), "/people") {
				t.Error("a learner's tablet shows people")
			}
			p.open("/door/in")
			p.follow("button", p.T("common.sign_out"))
			p.reads(p.T("entry.out"))
			p.open("/door/in")
			if !strings.HasPrefix(p.path(), "/door?") {
				t.Errorf("after signing out: %s", p.path())
			}

			// By pictures.
			name := js[string](p, `document.querySelector(".entry-groups a").innerText.trim()`)
			p.follow("link", name)
			me := rows[0]
			if got := js[int](p, `document.querySelectorAll(".entry-faces a").length`); got != len(rows) {
				t.Errorf("%d avatars of %d", got, len(rows))
			}
			face := func() {
				t.Helper()
				p.leave(func() {
					js[any](p, fmt.Sprintf(`[...document.querySelectorAll(".entry-faces a")].find(a => a.innerText.trim() === %q).click()`, me.Avatar))
				})
			}
			choose := func(names ...string) {
				t.Helper()
				for _, x := range names {
					p.follow("button", x)
				}
			}
			face()
			for range 4 {
				choose(me.Names[2], me.Names[0], me.Names[1])
				p.reads(p.T("entry.wrong"))
			}
			choose(me.Names...)
			if at := p.path(); !strings.HasPrefix(at, "/door/in") {
				t.Fatalf("three pictures lead to %s", at)
			}
			p.follow("button", p.T("common.sign_out"))
			p.follow("link", name)
			face()
			for range 5 {
				choose(me.Names[1], me.Names[0], me.Names[2])
			}
			choose(me.Names...)
			p.reads(p.T("entry.locked"))
			manager.open(group + "/learners")
			manager.reads(manager.T("signing.locked"))
			manager.leave(func() { js[any](manager, `document.querySelector("[name=unlock]").click()`) })
			manager.reads(manager.T("signing.unlocked"))
			p.scripts(false) // all of it works without
			choose(me.Names...)
			if at := p.path(); at != "/my" {
				t.Fatalf("unlocked, three pictures lead to %s", at)
			}
			p.width(360)
			p.picture("-narrow")
			p.verdict()
			manager.verdict()
			n.check()
		})
	}
}

// codeOfCard reads the code of the first card of the sheet that the tab shows, as a reader does.
func (p *tab) codeOfCard() (token string) {
	p.t.Helper()
	p.do(chromedp.EmulateViewport(1280, 900, chromedp.EmulateScale(2)))
	js[any](p, `(document.querySelector(".cutout > li").scrollIntoView({block: "center"}))`)
	// The page may still be laying itself out anew when it is taken: where the code is and what is seen must be of one moment.
	for tries := 0; len(token) != 39; tries++ {
		if tries == 40 {
			p.t.Fatalf("the code of the first card reads %q", token)
		}
		time.Sleep(50 * time.Millisecond)
		box := js[[]float64](p, `(() => { const r = document.querySelector(".cutout .qr").getBoundingClientRect(); return [r.x, r.y, r.width, r.height] })()`)
		ctx, stop := context.WithTimeout(p.ctx, patience)
		shot, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
		stop()
		if err != nil {
			p.t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(shot))
		if err != nil {
			p.t.Fatal(err)
		}
		token = picture.Code(cropped(img, box, 2))
	}
	return token
}

// cropped is a part of a picture with a margin, in pixels of the page times a scale.
func cropped(img image.Image, box []float64, scale float64) image.Image {
	const margin = 8
	r := image.Rect(int((box[0]-margin)*scale), int((box[1]-margin)*scale), int((box[0]+box[2]+margin)*scale), int((box[1]+box[3]+margin)*scale)).Intersect(img.Bounds())
	out := image.NewRGBA(r)
	draw.Draw(out, r, img, r.Min, draw.Src)
	return out
}
