package e2e

import (
	"encoding/base64"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tizi/internal/i18n"
)

// TestPairByClicking pairs a box with headquarters, exchanges, and carries a bundle up and its receipt back, by clicking only.
func TestPairByClicking(t *testing.T) {
	browser(t)
	for _, lang := range walked(i18n.AR) {
		t.Run(string(lang), func(t *testing.T) {
			t.Parallel()
			hub := serveDemo(t)
			box := serveInit(t, "MA-GUE-MJ1")
			up, at := newTab(t, hub), newTab(t, box)
			up.play(hub, "nationale", lang)
			at.enter(lang)

			up.open("/network")
			up.follow("link", up.T("network.invite"))
			up.follow("button", up.T("network.code_make")) // without a centre
			up.summary(1)
			up.choose(up.T("place.centre"), map[i18n.Lang]string{i18n.FR: "Maison de jeunes de Guelmim", i18n.AR: "دار الشباب كلميم"}[lang])
			up.follow("button", up.T("network.code_make"))
			code := up.beside(up.T("network.code"))
			up.picture("")

			at.open("/network")
			at.picture("")
			at.follow("link", at.T("network.join"))
			at.fill(at.T("network.code"), "K7QF2-22222")
			at.fill(at.T("network.hub"), hub.base)
			at.follow("button", at.T("common.continue"))
			at.reads(at.T("network.code_wrong"))
			at.picture("-wrong")
			at.fill(at.T("network.code"), code)
			at.follow("button", at.T("common.continue"))
			number := js[string](at, `document.querySelector("code.act-code").innerText`)

			up.open("/network")
			up.picture("-asked")
			up.fill(up.T("network.number_theirs"), "1234 5678 9012 3456 7890")
			up.follow("button", up.T("network.accept"))
			up.reads(up.T("network.number_other"))
			up.fill(up.T("network.number_theirs"), number)
			up.follow("button", up.T("network.accept"))
			up.reads(up.T("network.state.never"))

			at.fill(at.T("network.number_hub"), number)
			at.picture("-number")
			at.follow("button", at.T("network.join_do"))
			at.reads(at.T("network.recovery_once")) // shown once, where it is joined
			at.picture("-sheet")
			at.open("/network")
			at.good()
			at.picture("-good")

			// A plan that cannot be, and one that can.
			at.follow("link", at.T("network.headquarters"))
			at.fill(at.T("network.every"), "0")
			at.follow("button", at.T("common.save"))
			at.summary(1)
			at.fill(at.T("network.every"), "30")
			at.fill(at.T("network.cap"), "50")
			at.follow("button", at.T("common.save"))
			at.reads(at.T("common.saved"))
			at.follow("link", at.T("nav.network"))
			at.follow("button", at.T("network.pause"))
			at.reads(at.T("network.paused_text"))
			at.somebody("Tislit", "Aknouz")

			// Up by stick, and the receipt down.
			peer := js[string](at, `(async () => new DOMParser().parseFromString(await (await fetch("/network")).text(), "text/html").querySelector("main h2 a").getAttribute("href"))()`)
			stick := filepath.Join(t.TempDir(), "up.tizi")
			at.download("POST", peer+"/bundle", stick)
			b, err := os.ReadFile(stick)
			if err != nil {
				t.Fatal(err)
			}
			half := filepath.Join(t.TempDir(), "half.tizi")
			if err := os.WriteFile(half, b[:len(b)/2], 0o600); err != nil {
				t.Fatal(err)
			}
			up.open("/network")
			up.upload(up.T("network.bundle_choose"), half)
			up.follow("button", up.T("network.bundle_take"))
			up.summary(1)
			up.picture("-half")
			up.missing("Aknouz", "Tislit")
			up.open("/network")
			up.upload(up.T("network.bundle_choose"), stick)
			up.follow("button", up.T("network.bundle_take"))
			up.picture("-taken")
			receipt := filepath.Join(t.TempDir(), "up.receipt")
			up.download("GET", up.path()+"/receipt", receipt)
			at.open("/network")
			at.upload(at.T("network.bundle_choose"), receipt)
			at.follow("button", at.T("network.bundle_take"))
			at.reads(at.T("network.receipt_taken"))
			if n := at.beside(at.T("network.waiting")); n != at.number(0) {
				t.Errorf("%s facts wait after the receipt", n)
			}
			up.present("Aknouz")

			// The box is stolen.
			up.open("/network")
			up.follow("link", "MA-GUE-MJ1")
			up.follow("button", up.T("network.revoke_do"))
			up.summary(1)
			up.choose(up.T("common.reason"), up.T("network.reason.stolen"))
			up.follow("button", up.T("network.revoke_do"))
			up.picture("-sure")
			up.follow("button", up.T("network.revoke_do"))
			up.reads(up.T("network.state.revoked"))
			at.follow("button", at.T("network.resume"))
			at.reads(at.T("network.fault.revoked"))
			at.picture("-revoked")
			hub.check()
			box.check()
		})
	}
}

// TestDayWithoutTheLink spends a day at the centre of the demonstration with the link cut; everything arrives after.
func TestDayWithoutTheLink(t *testing.T) {
	browser(t)
	for _, lang := range walked(i18n.AR) {
		t.Run(string(lang), func(t *testing.T) {
			t.Parallel()
			hub, box := serveTwo(t)
			up, at := newTab(t, hub), newTab(t, box)
			at.open("/demo?lang=" + string(lang))
			at.picture("")
			up.play(hub, "nationale", lang)
			at.play(box, "centre", lang)
			at.open("/network")
			at.good()
			at.somebody("Menad", "Tafraout")
			record := at.path()
			up.present("Tafraout") // within seconds
			at.open("/network")
			at.follow("button", at.T("network.pause"))
			at.reads(at.T("network.paused_text"))
			at.somebody("Itri", "Azemmour")
			at.present("Azemmour")
			at.open("/network")
			if n := at.beside(at.T("network.waiting")); n == at.number(0) {
				t.Error("nothing waits though the link is cut")
			}
			at.follow("link", at.T("network.headquarters"))
			at.reads(at.T("network.waits"))
			at.picture("-cut")
			up.missing("Azemmour", "Itri")
			at.follow("button", at.T("network.resume"))
			at.good()
			at.follow("link", at.T("network.headquarters"))
			at.reads(at.T("network.there"))
			at.picture("-restored")
			up.present("Azemmour")
			up.twoVersions(at, record)
			at.elsewhere(up, record)
			up.open("/network")
			up.follow("link", "MA-ERR-MJ1")
			up.good()
			up.picture("")
		})
	}
}

// twoVersions changes the same person's birth date on both sides of a cut link, and says on the box which stands.
func (p *tab) twoVersions(at *tab, record string) {
	p.t.Helper()
	at.open("/network")
	at.follow("button", at.T("network.pause"))
	for _, x := range []struct {
		*tab
		birth string
	}{{p, "2013-05-03"}, {at, "2014-05-13"}} {
		x.open(record + "/edit")
		x.fill(x.T("people.birth"), x.birth)
		x.leave(func() { x.press(x.find(x.T("common.save"), "button")) })
	}
	at.open("/network")
	at.follow("button", at.T("network.resume"))
	at.good() // which it may have been before: what headquarters wrote is here once the page says so
	at.until("/today", at.T("today.task.conflicts", "n", 1))
	at.followLike("link", at.T("today.task.conflicts", "n", 1))
	at.followLike("link", "Tafraout")
	at.picture("-sides")
	at.follow("button", at.T("conflict.settle")) // without an answer
	at.summary(1)
	at.click("radio", at.like("radio", i18n.For(at.lang).Date("2013-05-03")).name)
	at.follow("button", at.T("conflict.settle"))
	at.reads(at.T("conflict.none"))
	p.until("/conflicts", p.T("conflict.none"))
	for _, x := range []*tab{p, at} {
		x.open(record)
		x.reads(i18n.For(x.lang).Date("2013-05-03"))
	}
}

// elsewhere sends somebody from the box to a centre that headquarters keeps itself: they are written down there when it hears of it.
func (p *tab) elsewhere(up *tab, record string) {
	p.t.Helper()
	p.open(record)
	p.follow("link", p.T("move.title"))
	p.follow("button", p.T("move.do")) // without a centre
	p.summary(2)
	p.choose(p.T("move.centre"), map[i18n.Lang]string{i18n.FR: "Maison de jeunes de Casablanca", i18n.AR: "دار الشباب الدار البيضاء"}[p.lang])
	p.click("radio", p.T("move.reason.home"))
	p.follow("button", p.T("move.do"))
	p.reads(p.T("move.waits"))
	p.picture("-move")
	for end := time.Now().Add(3 * patience); ; time.Sleep(500 * time.Millisecond) {
		up.open(record)
		if strings.Contains(up.text(), clean(up.T("same.one_of", "n", 2))) {
			break
		}
		if time.Now().After(end) {
			up.reads(up.T("same.one_of", "n", 2))
		}
	}
	up.picture("-moved")
}

// followLike follows what leads to another page and is called something with these words.
func (p *tab) followLike(role, words string) {
	p.t.Helper()
	e := p.like(role, words)
	p.leave(func() { p.press(e) })
}

// good waits until the last exchange was whole.
func (p *tab) good() {
	p.t.Helper()
	p.until(p.path(), p.T("network.state.good"))
}

// until opens a page again and again until a sentence can be read on it.
func (p *tab) until(path, sentence string) {
	p.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(200 * time.Millisecond) {
		p.open(path)
		if strings.Contains(p.text(), clean(sentence)) || time.Now().After(end) {
			break
		}
	}
	p.reads(sentence)
}

// somebody registers a child.
func (p *tab) somebody(given, family string) {
	p.t.Helper()
	p.open("/people/new")
	p.fill(p.T("people.given"), given)
	p.fill(p.T("people.family"), family)
	p.fill(p.T("people.birth"), "2014-05-03")
	p.leave(func() { p.press(p.find(p.T("common.save"), "button")) })
	p.reads(family)
}

// present waits until a search finds somebody.
func (p *tab) present(family string) {
	p.t.Helper()
	p.until("/people?q="+family, family)
}

// missing fails where a search shows somebody; it also finds who sounds like them.
func (p *tab) missing(family, given string) {
	p.t.Helper()
	p.open("/people?q=" + family)
	if strings.Contains(p.text(), given) {
		p.t.Errorf("%s %s is there already", given, family)
	}
}

// download saves what an address gives to the tab.
func (p *tab) download(method, path, to string) {
	p.t.Helper()
	s := js[string](p, `(async () => { const r = await fetch("`+path+`", {method: "`+method+`"}); if (!r.ok) return ""; const b = new Uint8Array(await r.arrayBuffer()); let s = ""; for (const x of b) s += String.fromCharCode(x); return btoa(s) })()`)
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(b) == 0 {
		p.t.Fatalf("%s %s gives no file: %v", method, path, err)
	}
	if err := os.WriteFile(to, b, 0o600); err != nil {
		p.t.Fatal(err)
	}
}

const phrase = "une phrase de passe"

// serveInit serves a node that was made for a centre on the command line.
func serveInit(t testing.TB, centre string) *node {
	t.Helper()
	return start(t, "serve", initialised(t, centre))
}

// initialised is the folder of a node that was made for a centre on the command line.
func initialised(t testing.TB, centre string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	pass := filepath.Join(t.TempDir(), "pass")
	if err := os.WriteFile(pass, []byte(phrase), 0o600); err != nil {
		t.Fatal(err)
	}
	tizid(t, "init", "--data", dir, "--owner", "Fatima", "--login", "fatima", "--passphrase-file", pass, "--centre", centre)
	return dir
}

// enter signs in with the passphrase.
func (p *tab) enter(l i18n.Lang) {
	p.t.Helper()
	p.lang = l
	p.open("/signin?lang=" + string(l))
	p.fill(p.T("signin.login"), "fatima")
	p.fill(p.T("signin.passphrase"), phrase)
	p.leave(func() { p.key("\r") })
}

// serveTwo serves the demonstration with its two nodes.
func serveTwo(t testing.TB) (hub, box *node) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	hub = serveDemo(t, "--box-listen", address)
	return hub, &node{t: t, dir: filepath.Join(hub.dir, "box"), base: "http://" + address}
}
