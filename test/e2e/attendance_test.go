package e2e

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"tizi/internal/i18n"
)

// signIn gives the tab the session of a client.
func (p *tab) signIn(c *client) {
	p.t.Helper()
	u, err := url.Parse(c.base)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, k := range c.http.Jar.Cookies(u) {
		call(p, network.SetCookie, network.SetCookieParams{Name: k.Name, Value: k.Value, URL: c.base, HTTPOnly: ptr(true), SameSite: network.CookieSameSiteLax})
	}
}

func ptr[T any](v T) *T { return &v }

// What a person needs for one act, in the keystroke-level model (Card, Moran and Newell 1983): a key of somebody who
// types a little, pointing at something and pressing a button, touching something under a moving thumb, and looking from
// the face to the name.
const (
	humanKey   = 280 * time.Millisecond
	humanPoint = 1300 * time.Millisecond
	humanTouch = 800 * time.Millisecond
	humanLook  = 600 * time.Millisecond
)

// stopwatch notes, for each mark, how long after the key or the press the count on the page was written anew.
const stopwatch = `(() => {
 const count = document.querySelector("main progress").parentElement;
 let begun = 0;
 globalThis.waits = [];
 for (const kind of ["keydown", "pointerdown"]) addEventListener(kind, e => { begun = e.timeStamp; }, true);
 new MutationObserver(() => requestAnimationFrame(() => { if (begun) waits.push(performance.now() - begun); begun = 0; })).observe(count, {childList: true, subtree: true, characterData: true});
 return true;
})()`

// waits are the times that the stopwatch noted, shortest first.
func waits(p *tab) []time.Duration {
	p.t.Helper()
	var out []time.Duration
	for _, ms := range js[[]float64](p, `waits`) {
		out = append(out, time.Duration(ms*float64(time.Millisecond)))
	}
	slices.Sort(out)
	return out
}

// quick logs how soon a mark shows in the count; a busy machine must not fail a test by being slow.
func quick(p *tab, how string) {
	p.t.Helper()
	w := waits(p)
	if len(w) < 25 {
		p.t.Errorf("%s: the count changed only %d times", how, len(w))
		return
	}
	p.t.Logf("%s: a mark shows in the count after %.0f ms in the middle, %.0f at worst", how, w[len(w)/2].Seconds()*1000, w[len(w)-1].Seconds()*1000)
}

// letter presses the key that gives a mark, in the language of the tab.
func (p *tab) letter(mark string) {
	p.t.Helper()
	k := p.T("attendance.key." + mark)
	call(p, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: k, Text: k, UnmodifiedText: k})
	call(p, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyUp, Key: k})
}

// thirty is what every way of marking is to leave on the server.
var thirty = map[string]int{"present": 25, "late": 2, "excused": 1, "absent": 2}

func markFor(i int) string {
	switch i {
	case 3, 11:
		return "late"
	case 7:
		return "excused"
	case 20, 29:
		return "absent"
	}
	return "present"
}

func same(t testing.TB, c *client, sheet string, want map[string]int) {
	t.Helper()
	got := c.marksOn(sheet)
	delete(got, "")
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the server has %v, not %v", got, want)
	}
}

// saved waits until the sheet says that it is kept.
func (p *tab) saved(here, total int) {
	p.t.Helper()
	p.reads(p.T("attendance.taken", "n", here, "total", total))
}

// TestAttendance marks thirty learners in each way there is: by keyboard, by mouse, by touch, and without scripts.
func TestAttendance(t *testing.T) {
	browser(t)
	n, c, sheets := centreWith30(t)
	by := func(name string, lang i18n.Lang, sheet string, run func(*testing.T, *tab)) {
		t.Run(name, func(t *testing.T) {
			p := newTab(t, n)
			p.signIn(c)
			p.open(sheet + "?lang=" + string(lang))
			run(t, p)
			same(t, c, sheet, thirty)
		})
	}
	by("keyboard", i18n.AR, sheets[0], func(t *testing.T, p *tab) {
		js[bool](p, stopwatch)
		keys, begun := 0, time.Now()
		for !js[bool](p, `document.activeElement?.type === "radio"`) {
			if keys++; keys > 40 {
				t.Fatal("the tabulator does not lead to the first learner")
			}
			p.key(kb.Tab)
		}
		reach := keys
		for i := range 30 {
			p.letter(markFor(i))
			keys++
		}
		p.reads(p.T("attendance.count_words", "n", 30, "total", 30))
		if got := p.focused(); got != "button "+clean(p.T("common.save")) {
			t.Errorf("after the last learner the focus is on %q", got)
		}
		p.key(kb.Enter)
		p.saved(27, 30)
		took := time.Since(begun)
		human := time.Duration(keys+1)*humanKey + 30*humanLook
		t.Logf("30 learners by keyboard: %d keys (%d to get there), %s of the machine; a person about %s", keys+1, reach, took.Round(time.Millisecond), human.Round(time.Second))
		if human > time.Minute {
			t.Errorf("a person needs %s for thirty learners", human)
		}
		quick(p, "keyboard")
	})
	by("mouse", i18n.FR, sheets[1], func(t *testing.T, p *tab) {
		js[bool](p, stopwatch)
		begun, presses := time.Now(), 0
		for i, r := range p.sheet() {
			p.press(p.findIn(&r, p.T(short1(markFor(i))), "radio"))
			presses++
		}
		p.reads(p.T("attendance.count_words", "n", 30, "total", 30))
		p.click("button", p.T("common.save"))
		p.saved(27, 30)
		t.Logf("30 learners by mouse, one by one: %d presses, %s of the machine; a person about %s", presses+1, time.Since(begun).Round(time.Millisecond), (time.Duration(presses+1) * humanPoint).Round(time.Second))
		quick(p, "mouse")
	})
	by("mouse, the rest at once", i18n.FR, sheets[2], func(t *testing.T, p *tab) {
		begun, presses := time.Now(), 0
		for i, r := range p.sheet() {
			if markFor(i) != "present" {
				p.press(p.findIn(&r, p.T(short1(markFor(i))), "radio"))
				presses++
			}
		}
		p.click("button", p.T("attendance.rest"))
		p.click("button", p.T("common.save"))
		p.saved(27, 30)
		human := time.Duration(presses+2)*humanPoint + 30*humanLook
		t.Logf("30 learners by mouse, the rest present at once: %d presses, %s of the machine; a person about %s", presses+2, time.Since(begun).Round(time.Millisecond), human.Round(time.Second))
		if human > time.Minute {
			t.Errorf("a person needs %s for thirty learners", human)
		}
	})
	by("touch", i18n.AR, sheets[3], func(t *testing.T, p *tab) {
		p.wide = 360
		p.do(chromedp.EmulateViewport(360, 740, chromedp.EmulateMobile, chromedp.EmulateTouch))
		p.open(sheets[3])
		js[bool](p, stopwatch)
		begun, taps := time.Now(), 0
		for i, r := range p.sheet() {
			at := p.spot(p.findIn(&r, p.T(short1(markFor(i))), "radio"))
			if at.W < 43.5 || at.H < 43.5 {
				t.Errorf("a mark is %.0f × %.0f pixels, too small for a finger", at.W, at.H)
			}
			p.do(chromedp.TapXY(at.X, at.Y))
			taps++
		}
		p.reads(p.T("attendance.count_words", "n", 30, "total", 30))
		at := p.spot(p.find(p.T("common.save"), "button"))
		p.do(chromedp.TapXY(at.X, at.Y))
		p.saved(27, 30)
		p.picture("-saved")
		human := time.Duration(taps+1)*humanTouch + 30*humanLook
		t.Logf("30 learners by touch, one by one: %d taps, %s of the machine; a person about %s", taps+1, time.Since(begun).Round(time.Millisecond), human.Round(time.Second))
		if human > time.Minute {
			t.Errorf("a person needs %s for thirty learners", human)
		}
		quick(p, "touch")
	})
	by("without scripts", i18n.FR, sheets[4], func(t *testing.T, p *tab) {
		p.scripts(false)
		p.open(sheets[4])
		for i, r := range p.sheet() {
			if markFor(i) != "present" {
				p.press(p.findIn(&r, p.T(short1(markFor(i))), "radio"))
			}
		}
		p.follow("button", p.T("attendance.rest"))
		p.reads(p.T("attendance.saved"))
		p.saved(27, 30)
		for i, r := range p.sheet() {
			if e := p.findIn(&r, p.T(short1(markFor(i))), "radio"); !on[bool](p, e, `function() { return this.checked }`) {
				t.Errorf("learner %d does not stand as %s", i+1, markFor(i))
			}
		}
	})
	t.Run("slow device", func(t *testing.T) {
		p := newTab(t, n)
		p.signIn(c)
		call(p, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: 4})
		p.open(sheets[5] + "?lang=fr")
		js[bool](p, stopwatch)
		r := p.sheet()[0]
		on[bool](p, p.findIn(&r, p.T("attendance.present"), "radio"), `function() { this.focus(); return true }`)
		for i := range 30 {
			p.letter(markFor(i))
		}
		w := waits(p)
		t.Logf("on a processor four times slower a mark shows in the count after %.0f ms in the middle", w[len(w)/2].Seconds()*1000)
		p.key("s", chromedp.ModifierCtrl)
		p.saved(27, 30)
		same(t, c, sheets[5], thirty)
	})
	n.check()
}

// short1 is the message on the button of a mark.
func short1(mark string) string {
	if mark == "excused" {
		return "attendance.excused_short"
	}
	return "attendance." + mark
}

// TestTwoWhoMark is two people at one sheet: the second is told, and nothing that was marked is lost.
func TestTwoWhoMark(t *testing.T) {
	browser(t)
	n, c, sheets := centreWith30(t)
	mark := func(p *tab, i int, mark string) {
		p.t.Helper()
		r := p.sheet()[i]
		p.press(p.findIn(&r, p.T(short1(mark)), "radio"))
	}
	stands := func(p *tab, i int, mark string) bool {
		p.t.Helper()
		r := p.sheet()[i]
		return on[bool](p, p.findIn(&r, p.T(short1(mark)), "radio"), `function() { return this.checked }`)
	}
	t.Run("with scripts", func(t *testing.T) {
		first := newTab(t, n)
		first.signIn(c)
		first.open(sheets[0] + "?lang=fr")
		second := first.sibling()
		second.open(sheets[0])
		mark(first, 0, "present")
		mark(first, 1, "present")
		first.click("button", first.T("common.save"))
		first.saved(2, 30)
		mark(second, 1, "absent")
		mark(second, 2, "late")
		second.click("button", second.T("common.save"))
		second.reads(second.T("attendance.changed"))
		if strings.Contains(second.text(), second.T("attendance.unsaved")) && strings.Contains(second.text(), second.T("attendance.taken", "n", 2, "total", 30)) {
			t.Error("the sheet says both that it is saved and that it is not")
		}
		same(t, c, sheets[0], map[string]int{"present": 2})
		if !stands(second, 1, "absent") || !stands(second, 2, "late") {
			t.Error("what the second marked is gone")
		}
		second.picture("-told")
		second.click("button", second.T("common.save"))
		second.saved(2, 30)
		same(t, c, sheets[0], map[string]int{"present": 1, "absent": 1, "late": 1})
		// And the first, whose page is now the old one, is told in turn.
		mark(first, 3, "present")
		first.click("button", first.T("common.save"))
		first.reads(first.T("attendance.changed"))
	})
	t.Run("without scripts", func(t *testing.T) {
		first := newTab(t, n)
		first.signIn(c)
		first.scripts(false)
		first.open(sheets[1] + "?lang=fr")
		second := first.sibling()
		second.scripts(false)
		second.open(sheets[1])
		mark(first, 0, "present")
		first.follow("button", first.T("common.save"))
		mark(second, 0, "absent")
		mark(second, 2, "late")
		second.follow("button", second.T("common.save"))
		second.reads(second.T("attendance.changed"))
		same(t, c, sheets[1], map[string]int{"present": 1})
		if !stands(second, 0, "absent") || !stands(second, 2, "late") {
			t.Error("what the second marked is gone")
		}
		second.follow("button", second.T("common.save"))
		second.reads(second.T("attendance.saved"))
		same(t, c, sheets[1], map[string]int{"absent": 1, "late": 1})
	})
	t.Run("leaving unsaved", func(t *testing.T) {
		p := newTab(t, n)
		p.signIn(c)
		p.open(sheets[2] + "?lang=fr")
		mark(p, 0, "present")
		p.reads(p.T("attendance.unsaved"))
		// The press itself does not end before the question is answered.
		at := p.spot(p.find(p.T("nav.today"), "link"))
		pressed := make(chan error, 1)
		go func() { pressed <- chromedp.Do(p.ctx, chromedp.MouseClickXY(at.X, at.Y)) }()
		p.asked(page.DialogTypeBeforeunload, false)
		if err := <-pressed; err != nil {
			t.Fatal(err)
		}
		if !stands(p, 0, "present") || !strings.HasPrefix(p.path(), sheets[2]) {
			t.Error("who stays does not find the marks again")
		}
		same(t, c, sheets[2], map[string]int{})
		p.click("button", p.T("common.save"))
		p.saved(1, 30)
		p.follow("link", p.T("nav.today"))
		p.mu.Lock()
		if len(p.dialogs) > 1 {
			t.Error("a saved sheet does not let one leave")
		}
		p.mu.Unlock()
		same(t, c, sheets[2], map[string]int{"present": 1})
	})
	t.Run("signed out meanwhile", func(t *testing.T) {
		d := n.client("the same owner elsewhere")
		d.must(d.post("/signin", url.Values{"login": {"nadia"}, "passphrase": {passphrase}}))
		p := newTab(t, n)
		p.signIn(d)
		p.open(sheets[3] + "?lang=fr")
		mark(p, 0, "present")
		d.post("/signout", nil)
		p.click("button", p.T("common.save"))
		p.reads(p.T("error.signed_out"))
		if !stands(p, 0, "present") {
			t.Error("what was marked is gone with the session")
		}
		// Signed in again in another tab, the same sheet can be saved.
		d.must(d.post("/signin", url.Values{"login": {"nadia"}, "passphrase": {passphrase}}))
		p.signIn(d)
		p.click("button", p.T("common.save"))
		p.saved(1, 30)
		same(t, c, sheets[3], map[string]int{"present": 1})
	})
	n.check()
}

// asked answers a question of the browser that must come.
func (p *tab) asked(kind page.DialogType, leave bool) {
	p.t.Helper()
	end := time.Now().Add(patience)
	for {
		p.mu.Lock()
		here := slices.Contains(p.dialogs, kind)
		p.mu.Unlock()
		if here {
			break
		}
		if time.Now().After(end) {
			p.fatal(fmt.Errorf("the browser does not ask (%s)", kind))
		}
		time.Sleep(10 * time.Millisecond)
	}
	call(p, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: leave})
}
