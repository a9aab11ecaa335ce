package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"tizi/internal/i18n"
)

// TestPasskey adds a passkey in a browser whose device the test plays, signs out, and signs in with it and nothing else. At
// an address without a name there is none, and the page says so.
func TestPasskey(t *testing.T) {
	browser(t)
	n := serveEmpty(t)
	c := n.client("nadia")
	c.must(c.post("/setup/owner", map[string][]string{"country": {"MA"}, "name": {"Nadia"}, "login": {"nadia"}, "passphrase": {passphrase}}))

	p := openTab(t, browser(t), strings.Replace(n.base, "127.0.0.1", "localhost", 1), chromedp.WithNewBrowserContext())
	call(p, webauthn.Enable, webauthn.EnableParams{})
	call(p, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: "ctap2", Transport: "internal", HasResidentKey: true, HasUserVerification: true, AutomaticPresenceSimulation: true, IsUserVerified: true,
	}})
	p.open("/signin")
	p.speak(i18n.FR)
	p.fill(p.T("signin.login"), "nadia")
	p.fill(p.T("signin.passphrase"), passphrase)
	p.follow("button", p.T("common.sign_in"))
	p.open("/me")
	p.follow("link", p.T("passkey.add"))
	p.fill(p.T("passkey.name")+" ("+p.T("common.optional")+")", "Poste du centre")
	p.fill(p.T("me.passphrase_old"), passphrase)
	p.follow("button", p.T("passkey.add"))
	p.reads(p.T("passkey.added"))
	p.reads("Poste du centre")
	p.menu(p.T("common.signed_in_as", "name", "Nadia"))
	p.follow("button", p.T("common.sign_out"))
	p.follow("button", p.T("passkey.use"))
	p.open("/me")
	p.reads("Poste du centre")
	p.follow("button", p.T("passkey.remove_of", "name", "Poste du centre"))
	p.reads(p.T("passkey.removed"))

	q := newTab(t, n) // 127.0.0.1
	q.open("/signin")
	q.speak(i18n.FR)
	if strings.Contains(q.text(), q.T("passkey.use")) {
		t.Error("an address without a name offers passkeys")
	}
	q.fill(q.T("signin.login"), "nadia")
	q.fill(q.T("signin.passphrase"), passphrase)
	q.follow("button", q.T("common.sign_in"))
	q.open("/me")
	q.reads(q.T("passkey.not_here"))
}
