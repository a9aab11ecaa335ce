package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"tizi/internal/i18n"
)

// TestRecoverByClicking loses a box whose folder was saved: another one goes on with the recovery key that the page showed when it was
// joined, and headquarters confirms it.
func TestRecoverByClicking(t *testing.T) {
	browser(t)
	hub, box := serveDemo(t), serveInit(t, "MA-GUE-MJ1")
	up, at := newTab(t, hub), newTab(t, box)
	up.play(hub, "nationale", i18n.FR)
	at.enter(i18n.FR)
	sheet := up.pair(at, hub)
	if sheet == "" {
		t.Fatal("the page does not show the recovery key")
	}
	at.picture("-sheet")
	at.good()
	at.somebody("Tislit", "Aknouz")
	saved := box.saved()
	box.stop()

	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte(sheet+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tizid(t, "pair", "recover", "--data", saved, "--key-file", key)
	next := start(t, "serve", saved)
	on := newTab(t, next)
	on.enter(i18n.FR)
	on.somebody("Itri", "Azemmour")
	on.open("/network")
	on.reads(on.T("network.provisional_here"))
	on.picture("-provisional")
	on.follow("button", on.T("network.call"))

	up.waits("/network", up.T("network.state.provisional"))
	up.open(js[string](up, `[...document.querySelectorAll("main tr")].find(r => r.innerText.includes("`+up.T("network.state.provisional")+`")).querySelector("a").getAttribute("href")`))
	up.picture("-asked")
	up.follow("button", up.T("network.provisional_confirm"))
	up.reads(up.T("network.recovered.confirm", "name", "MA-GUE-MJ1"))
	for _, family := range []string{"Aknouz", "Azemmour"} {
		up.present(family)
	}
	on.open("/network")
	on.follow("button", on.T("network.call"))
	on.good()
	if strings.Contains(on.text(), clean(on.T("network.provisional_here"))) {
		t.Error("the box still waits for a word")
	}
	for _, n := range []*node{hub, next} {
		n.check()
	}
}

// TestSayAgainByClicking uses a copied folder beside the box: with a key of its own, a button brings what it wrote to headquarters.
func TestSayAgainByClicking(t *testing.T) {
	browser(t)
	hub, box := serveDemo(t), serveInit(t, "MA-GUE-MJ1")
	up, at := newTab(t, hub), newTab(t, box)
	up.play(hub, "nationale", i18n.AR)
	at.enter(i18n.AR)
	up.pair(at, hub)
	at.good()
	copied := box.saved()
	at.somebody("Menad", "Tafraout")
	at.open("/network")
	at.follow("button", at.T("network.call"))
	up.present("Tafraout")

	second := start(t, "serve", copied)
	on := newTab(t, second)
	on.enter(i18n.AR)
	on.somebody("Itri", "Azemmour")
	on.open("/network")
	on.follow("button", on.T("network.call"))
	on.waits("/network", on.T("network.copied"))
	on.picture("-copied")
	on.do(chromedp.Navigate("about:blank")) // the page of the network asks again by itself, and there will be nobody to answer
	second.stop()
	tizid(t, "pair", "renew", "--data", copied)
	second.again()
	up.pair(on, hub)
	on.waits("/network", on.T("network.lost_do"))
	on.follow("button", on.T("network.call"))
	on.waits("/network", on.T("network.lost_do"))
	on.click("DisclosureTriangle", on.T("network.lost_which"))
	on.reads(on.T("network.kind.person"))
	on.picture("-lost")
	on.follow("button", on.T("network.lost_do"))
	on.picture("-said")
	up.present("Azemmour")
	up.present("Tafraout")
	for _, n := range []*node{hub, box, second} {
		n.check()
	}
}

// pair lets the tab's node, headquarters, take in the node of another tab, by clicking. It returns the recovery key that the box shows.
func (p *tab) pair(at *tab, hub *node) (sheet string) {
	p.t.Helper()
	p.open("/network/invite")
	p.choose(p.T("place.centre"), map[i18n.Lang]string{i18n.FR: "Maison de jeunes de Guelmim", i18n.AR: "دار الشباب كلميم"}[p.lang])
	p.follow("button", p.T("network.code_make"))
	code := p.beside(p.T("network.code"))
	at.open("/network/join")
	at.fill(at.T("network.code"), code)
	at.fill(at.T("network.hub"), hub.base)
	at.follow("button", at.T("common.continue"))
	number := js[string](at, `document.querySelector("code.act-code").innerText`)
	p.open("/network")
	p.fill(p.T("network.number_theirs"), number)
	p.follow("button", p.T("network.accept"))
	at.fill(at.T("network.number_hub"), number)
	at.follow("button", at.T("network.join_do"))
	if strings.Contains(at.text(), clean(at.T("network.recovery_once"))) {
		sheet = at.beside(at.T("network.recovery"))
	}
	at.reads(at.T("network.joined"))
	at.open("/network")
	return sheet
}

// waits opens a page until a sentence stands on it.
func (p *tab) waits(path, sentence string) {
	p.t.Helper()
	for end := time.Now().Add(2 * patience); ; time.Sleep(200 * time.Millisecond) {
		p.open(path)
		if strings.Contains(p.text(), clean(sentence)) {
			return
		}
		if time.Now().After(end) {
			p.reads(sentence)
		}
	}
}

// stop ends the program of a node; again starts it.
func (n *node) stop() {
	n.t.Helper()
	n.cmd.Process.Signal(syscall.SIGTERM)
	n.cmd.Wait()
}

// saved is a copy of a node's folder; the node goes on.
func (n *node) saved() string {
	n.t.Helper()
	n.stop()
	dir := filepath.Join(n.t.TempDir(), "saved")
	if err := os.CopyFS(dir, os.DirFS(n.dir)); err != nil {
		n.t.Fatal(err)
	}
	filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			err = os.Chmod(path, 0o600)
		}
		return err
	})
	n.again()
	return dir
}

// tizid runs the program once.
func tizid(t testing.TB, args ...string) {
	t.Helper()
	if out, err := exec.Command(tizi(t), args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
}
