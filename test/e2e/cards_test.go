package e2e

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"tizi/internal/i18n"
	"tizi/internal/training"
)

// TestCardsAndPaper makes cards for a group and reads them at the door, then prints the sheet of the session, ticks it as it
// came out of the browser, sends the picture and confirms what was read, in French and in Arabic.
func TestCardsAndPaper(t *testing.T) {
	browser(t)
	for _, lang := range walked(i18n.AR) {
		t.Run(string(lang), func(t *testing.T) {
			t.Parallel()
			n := serveDemo(t)
			c := n.play("centre")
			g := filled(c.form("/groups/new", "/groups/new"), 1)
			g.Set("name", "Saturne")
			g.Set("capacity", "")
			g.Set("trainer", "")
			g.Set("from", time.Now().Format(time.DateOnly))
			g.Set("to", time.Now().AddDate(0, 1, 0).Format(time.DateOnly))
			g["days"] = nil
			group := c.opened(g)
			p := newTab(t, n)
			p.signIn(c)
			p.lang = lang
			p.open(group + "/add?lang=" + string(lang))
			js[any](p, `[...document.querySelectorAll("[name=person]")].slice(0, 12).forEach(e => e.click())`)
			p.follow("button", p.T("groups.add_chosen"))
			c.must(c.post(group+"/session", url.Values{"date": {time.Now().Format(time.DateOnly)}, "from": {"00:01"}, "to": {"23:50"}, "despite": {"yes"}}))
			sheet := ""
			for _, l := range c.get(group + "?tab=sessions").links() {
				if strings.HasPrefix(l, "/sessions/") {
					sheet = l
				}
			}
			p.open(group)
			p.follow("link", p.T("cards.title"))
			p.follow("button", p.T("cards.make"))
			p.reads(p.T("cards.once"))
			numbers := regexp.MustCompile(`\d{4} \d{4}`).FindAllString(p.text(), -1)
			if len(numbers) < 2 {
				t.Fatalf("%d cards", len(numbers))
			}
			p.picture("-cards")

			// A reader types the code and Enter; the field has the keyboard before and after.
			p.open(sheet)
			p.follow("link", p.T("door.open"))
			show := func(code string) {
				p.leave(func() { p.key(code + kb.Enter) })
				if at := js[string](p, `document.activeElement.name ?? ""`); at != "code" {
					t.Errorf("after a card the keyboard is at %q", at)
				}
			}
			show("00000000")
			p.reads(p.T("door.unknown"))
			show(numbers[0]) // over what stands there
			p.reads(p.T("door.count", "n", 1, "total", len(numbers)))
			if now := time.Now(); now.Hour() > 0 || now.Minute() > 15 { // the session began at midnight
				p.reads(p.T("attendance.late"))
			}
			show(numbers[0])
			p.reads(p.T("door.count", "n", 1, "total", len(numbers)))
			show(numbers[1])
			p.reads(p.T("door.count", "n", 2, "total", len(numbers)))
			p.picture("-door")
			js[any](p, `document.querySelector("[name=undo]").click()`)
			p.reads(p.T("door.undone"))
			p.reads(p.T("door.count", "n", 1, "total", len(numbers)))

			// The sheet, as the browser draws it.
			p.open(sheet)
			p.follow("link", p.T("sheet.open"))
			p.follow("button", p.T("sheet.print_do"))
			p.picture("-paper")
			p.do(chromedp.EmulateViewport(1000, 1700, chromedp.EmulateScale(2)))
			type rect struct{ X, Y, W, H float64 }
			at := js[[]rect](p, `[...document.querySelectorAll(".leaf rect[stroke]")].map(e => { const r = e.getBoundingClientRect(); return {X: r.x, Y: r.y, W: r.width, H: r.height} })`)
			shot := func() []byte {
				ctx, stop := context.WithTimeout(p.ctx, patience)
				defer stop()
				b, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
				if err != nil {
					t.Fatal(err)
				}
				return b
			}()
			img, err := png.Decode(bytes.NewReader(shot))
			if err != nil || len(at) != 4*len(numbers) {
				t.Fatalf("%v, %d boxes", err, len(at))
			}
			paper := image.NewRGBA(img.Bounds())
			draw.Draw(paper, paper.Rect, img, image.Point{}, draw.Src)
			for row := range numbers { // the last one is left empty
				b := at[4*row+row%4]
				for i := 0.2; i < 0.8 && row < len(numbers)-1; i += 0.01 {
					for w := range 5 {
						paper.Set(int(2*(b.X+i*b.W))+w, int(2*(b.Y+i*b.H)), color.Gray{50})
						paper.Set(int(2*(b.X+i*b.W))+w, int(2*(b.Y+(1-i)*b.H)), color.Gray{50})
					}
				}
			}
			var b bytes.Buffer
			if err := jpeg.Encode(&b, paper, nil); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "sheet.jpg")
			if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			p.width(1280)
			p.open(sheet + "/scan")
			p.follow("button", p.T("sheet.read_do"))
			p.summary(1)
			p.upload(p.T("sheet.files"), file)
			p.follow("button", p.T("sheet.read_do"))
			p.reads(p.T("sheet.asked", "n", 1))
			p.reads(p.T("sheet.doubt.none"))
			p.picture("-read")
			p.follow("button", p.T("sheet.confirm"))
			p.summary(1)
			js[any](p, `document.querySelector(".is-asked [value=excused]").click()`)
			p.follow("button", p.T("sheet.confirm"))
			p.reads(p.T("attendance.saved"))
			marked := js[[]string](p, `[...document.querySelectorAll(".roll input:checked")].map(e => e.value)`)
			for i, m := range marked {
				want := []string{"present", "late", "excused", "absent"}[i%len(training.Marks)]
				if i == len(numbers)-1 {
					want = "excused"
				}
				if m != want {
					t.Errorf("row %d: %s, not %s", i, m, want)
				}
			}
			if len(marked) != len(numbers) {
				t.Errorf("%d marks of %d", len(marked), len(numbers))
			}
			p.verdict()
			n.check()
		})
	}
}
