package e2e

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"tizi/internal/demo"
	"tizi/internal/i18n"
)

// A manager finds who lacks a consent, prints forms, files a scan of one, records what was said before a witness, and a
// withdrawal. A guardian comes in by a card and a code, reads, answers, writes and says who may fetch. A child is worried,
// and an officer reads it and closes the case. All of it in French and in Arabic.
func TestFamilies(t *testing.T) {
	n := serveDemo(t)
	for _, l := range walked(i18n.AR) {
		t.Run(string(l), func(t *testing.T) {
			manager, officer, nobody := newTab(t, n), newTab(t, n), newTab(t, n)
			for _, p := range []*tab{manager, officer, nobody} {
				p.lang = l
			}
			manager.play(n, "centre", l)
			child := manager.consents()
			card, code, pin := manager.card(child)
			nobody.children(n, l, card, code, pin)
			manager.answer(child)
			nobody.worried(l)
			officer.play(n, "protection", l)
			officer.case_()
		})
	}
}

// play signs in as one of the demonstration, in a language.
func (p *tab) play(n *node, login string, l i18n.Lang) {
	p.t.Helper()
	p.signIn(n.play(login))
	p.open("/me?lang=" + string(l))
}

// send presses the solid button of the form with an action, and waits for what comes.
func (p *tab) send(action string) {
	p.t.Helper()
	p.leave(func() {
		if !js[bool](p, fmt.Sprintf(`(() => { const b = document.querySelector('form[action^=%q] button.btn-main'); if (!b) return false; b.click(); return true })()`, action)) {
			p.fatal(fmt.Errorf("no button in the form %s", action))
		}
	})
}

func (p *tab) consents() (child string) {
	p.t.Helper()
	p.open("/consents")
	// The first of the list for whom somebody else answers: adults answer for themselves.
	child = js[string](p, `[...document.querySelectorAll("input[name=person]")].map(e => e.value).find(v => {
		const r = new XMLHttpRequest()
		r.open("GET", "/people/" + v + "/consent", false)
		r.send()
		return r.responseText.includes('type="hidden" name="giver"')
	}) || ""`)
	js[int](p, fmt.Sprintf(`[...document.querySelectorAll("input[name=person]")].map(e => e.checked = e.value == %q).length`, child))
	js[bool](p, fmt.Sprintf(`document.querySelector("input[name=lang][value=%s]").checked = true`, p.lang))
	p.send("/consents/print")
	p.reads(p.T("paper.title"))
	// The printed page goes through a scanner.
	ctx := p.ctx
	b, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.fatal(err)
	}
	scan := filepath.Join(p.t.TempDir(), "scan.png")
	if err := os.WriteFile(scan, b, 0o600); err != nil {
		p.fatal(err)
	}
	if pdf := call(p, page.PrintToPDF, page.PrintToPDFParams{}); len(pdf.Data) < 5000 {
		p.t.Errorf("the printed forms are %d bytes", len(pdf.Data))
	} else if *screens != "" {
		if raw, err := base64.StdEncoding.DecodeString(string(pdf.Data)); err == nil {
			os.WriteFile(filepath.Join(*screens, "forms-"+string(p.lang)+".pdf"), raw, 0o644)
		} else {
			os.WriteFile(filepath.Join(*screens, "forms-"+string(p.lang)+".pdf"), []byte(pdf.Data), 0o644)
		}
	}
	p.open("/consents/scans")
	p.upload(p.T("scans.files"), scan)
	p.send("/consents/scans")
	p.leave(func() { js[bool](p, `document.querySelector(".tray a").click() || true`) })
	p.open(p.path())
	js[int](p, `[...document.querySelectorAll("input[type=radio][value=given]")].slice(0, 1).map(e => e.checked = true).length`)
	if js[bool](p, `!!document.querySelector("input[name=name]")`) {
		js[bool](p, `(document.querySelector("input[name=name]").value = "Fatima Benali") != ""`)
		p.send("/consents/scans/")
	} else {
		p.t.Errorf("%s: the code of the form was not read", p.lang)
	}
	// Said before a witness; without one it is refused, and what was typed stays.
	p.open("/people/" + child + "/consent")
	js[bool](p, `(document.querySelector("[name=state_image]").value = "given", document.querySelector("[name=name]").value = "Fatima", document.querySelector("[name=method][value=spoken]").checked = true)`)
	p.send("/people/" + child + "/consent")
	p.summary(1)
	p.picture("-no-witness")
	p.fill(p.T("consents.witness"), "Salma")
	p.send("/people/" + child + "/consent")
	p.reads(p.T("consents.recorded"))
	p.open("/people/" + child + "/consent")
	js[bool](p, `(document.querySelector("[name=state_image]").value = "withdrawn", document.querySelector("[name=name]").value = "Fatima", document.querySelector("[name=method][value=paper]").checked = true)`)
	p.send("/people/" + child + "/consent")
	p.reads(p.T("consents.recorded"))
	p.width(360)
	p.open("/people/" + child + "/consent")
	p.open("/consents")
	p.width(1280)
	return child
}

func (p *tab) card(child string) (token, code, pin string) {
	p.t.Helper()
	p.open("/people/" + child + "/guardians")
	js[bool](p, `(document.querySelector('form[action$="/guardians"] [name=name]').value = "فاطمة Benali") != ""`)
	js[bool](p, `document.querySelectorAll('form[action$="/guardians"] input[type=checkbox]').forEach(e => e.checked = true) || true`)
	p.send("/people/" + child + "/guardians")
	p.leave(func() { js[bool](p, `document.querySelector("button[value=card]").click() || true`) })
	text := p.text()
	pin = regexp.MustCompile(`\b\d{6}\b`).FindString(text)
	code = regexp.MustCompile(`\b[A-Z2-9]{4} [A-Z2-9]{4}\b`).FindString(text)
	if pin == "" || code == "" {
		p.fatal(fmt.Errorf("no code and PIN in %q", text))
	}
	p.open("/people/" + child + "/messages")
	p.fill(p.T("family.text"), "السلام عليكم، الحصة يوم السبت على العاشرة. Bonjour, samedi à dix heures.")
	p.send("/people/" + child + "/messages")
	return "", code, pin
}

func (p *tab) children(n *node, l i18n.Lang, _, code, pin string) {
	p.t.Helper()
	p.open("/card?lang=" + string(l))
	p.fill(p.T("card.code"), code)
	p.fill(p.T("card.pin"), "000000")
	p.send("/card")
	p.reads(p.T("card.wrong"))
	p.fill(p.T("card.pin"), pin)
	p.send("/card")
	p.reads(p.T("nav.unread", "n", 1))
	p.width(360)
	p.open("/children?lang=" + string(l))
	child := js[string](p, `document.querySelector("a.row-link").getAttribute("href").split("?")[0]`)
	p.open(child)
	p.width(1280)
	p.open(child)
	p.fill(p.T("family.text"), "شكرا، سنكون هناك")
	p.send(child + "/messages")
	p.reads(p.T("family.sent"))
	js[bool](p, `(document.querySelector('form[action$="/fetchers"] [name=name]').value = "Brahim Ouhaddou") != ""`)
	p.leave(func() {
		js[bool](p, `[...document.querySelectorAll('form[action$="/fetchers"] button')].at(-1).click() || true`)
	})
	p.reads(p.T("family.fetcher_named"))
	p.open(child + "/consent")
	p.leave(func() {
		js[bool](p, `document.querySelector("button[value=given], button[value=withdrawn]").click() || true`)
	})
	p.reads(p.T("consents.recorded"))
	p.width(360)
	p.open(child + "/consent")
	p.width(1280)
	_ = n
}

func (p *tab) answer(child string) {
	p.t.Helper()
	p.open("/messages")
	p.open("/people/" + child + "/messages")
	p.reads("شكرا")
}

func (p *tab) worried(l i18n.Lang) {
	p.t.Helper()
	p.open("/worried?lang=" + string(l))
	p.fill(p.T("worry.what"), "Un grand m’attend devant la porte. كبير ينتظرني أمام الباب.")
	js[bool](p, `(document.querySelector("[name=centre]").value = "MA-ERR-MJ1") != ""`)
	p.width(360)
	p.picture("-filled")
	p.width(1280)
	p.send("/worried")
	p.reads(p.T("worry.sent"))
}

func (p *tab) case_() {
	p.t.Helper()
	p.open("/safeguarding")
	p.fill(p.T("safe.passphrase"), "pas celle-ci du tout")
	p.send("/safeguarding/unlock")
	p.reads(p.T("safe.wrong"))
	p.fill(p.T("safe.passphrase"), demo.OfficerPassphrase)
	p.send("/safeguarding/unlock")
	p.leave(func() { js[bool](p, `document.querySelector("tbody a").click() || true`) })
	p.send("/safeguarding/") // nothing chosen
	p.picture("-empty")
	for _, step := range []string{"spoke", "closed"} {
		js[bool](p, fmt.Sprintf(`(document.querySelector("[name=step]").value = %q) != ""`, step))
		js[bool](p, `(document.querySelector("[name=text]").value = "Parlé avec l’enfant. تحدثت مع الطفل.") != ""`)
		if step == "spoke" {
			js[bool](p, fmt.Sprintf(`(document.querySelector("[name=due]").value = %q) != ""`, time.Now().AddDate(0, 0, 7).Format(time.DateOnly)))
		} else {
			js[bool](p, `(document.querySelector("[name=due]").value = "", document.querySelector("[name=outcome]").value = "safe") != ""`)
		}
		p.send("/safeguarding/")
		p.reads(p.T("safe.noted"))
	}
	if !strings.Contains(p.text(), p.T("safe.state.closed")) {
		p.t.Error("the case does not say that it is closed")
	}
	p.width(360)
	p.open("/safeguarding")
	p.width(1280)
}
