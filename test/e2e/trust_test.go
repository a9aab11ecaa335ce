package e2e

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"tizi/internal/i18n"
)

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// trustStore is a home in which Chromium finds an authority, unless that is nil.
func trustStore(t testing.TB, authority []byte) (home string) {
	t.Helper()
	certutil, err := exec.LookPath("certutil")
	if err != nil {
		t.Skip("certutil (libnss3-tools), with which Chromium's certificates are installed, is not here")
	}
	home = t.TempDir()
	nss := filepath.Join(home, ".pki", "nssdb")
	ok(t, os.MkdirAll(nss, 0o700))
	run := func(args ...string) {
		if out, err := exec.Command(certutil, append([]string{"-d", "sql:" + nss}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("certutil %v: %v %s", args, err, out)
		}
	}
	run("-N", "--empty-password")
	if authority != nil {
		file := filepath.Join(home, "tizi.cer")
		ok(t, os.WriteFile(file, authority, 0o600))
		run("-A", "-t", "C,,", "-n", "tizi", "-i", file)
	}
	return home
}

// device is a Chromium of its own, which has installed an authority unless that is nil, and finds names on this machine.
func device(t testing.TB, authority []byte, names ...string) context.Context {
	t.Helper()
	slow(t)
	chromium := os.Getenv("TIZI_CHROMIUM")
	if chromium == "" {
		chromium = "/usr/bin/chromium"
	}
	if _, err := os.Stat(chromium); err != nil {
		t.Skip("there is no Chromium here; TIZI_CHROMIUM may name one")
	}
	home := trustStore(t, authority)
	var rules []string
	for _, n := range names {
		rules = append(rules, "MAP "+n+" 127.0.0.1")
	}
	alloc, stop := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Env("HOME="+home),
		chromedp.Flag("host-resolver-rules", strings.Join(rules, ", ")), chromedp.UserDataDir(filepath.Join(home, "profile")))...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	ok(t, chromedp.Do(ctx, chromedp.Navigate("about:blank")))
	return ctx
}

// free is an address of this machine that nobody listens on.
func free(t testing.TB) (address, port string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	ok(t, ln.Close())
	_, port, err = net.SplitHostPort(ln.Addr().String())
	ok(t, err)
	return ln.Addr().String(), port
}

// authority fetches what a device installs.
func authority(t testing.TB, base string) []byte {
	t.Helper()
	res, err := http.Get(base + "/trust/tizi.cer")
	ok(t, err)
	defer res.Body.Close()
	cer, err := io.ReadAll(res.Body)
	ok(t, err)
	if res.Header.Get("Content-Type") != "application/x-x509-ca-cert" {
		t.Errorf("the certificate is sent as %s", res.Header.Get("Content-Type"))
	}
	return cer
}

const boxName = "tizi-errachidia.local"

// trusted opens the page on trust by HTTPS under the box's name and its address, on a device that has installed its authority.
func trusted(t testing.TB, device context.Context, port string) {
	t.Helper()
	for _, host := range []string{boxName, "127.0.0.1"} {
		p := openTab(t, device, "https://"+host+":"+port)
		p.open("/trust?lang=fr")
		p.reads(p.T("trust.done"))
		if !js[bool](p, "isSecureContext && 'serviceWorker' in navigator && 'mediaDevices' in navigator") {
			t.Errorf("%s: the browser refuses offline work or the camera", host)
		}
	}
}

// A device that has installed the authority of a box, out of the file that the page gives, is connected by HTTPS without a
// warning, under the box's name and its address; one that has not is warned.
func TestTrust(t *testing.T) {
	slow(t)
	safe, port := free(t)
	n := start(t, "serve", filepath.Join(t.TempDir(), "data"), "--https", safe, "--name", boxName)
	if err := chromedp.Do(device(t, nil, boxName), chromedp.Navigate("https://"+boxName+":"+port+"/trust")); err == nil || !strings.Contains(err.Error(), "ERR_CERT_AUTHORITY_INVALID") {
		t.Errorf("a device that trusts nobody got %v", err)
	}
	trusting := device(t, authority(t, n.base), boxName, "another.local")
	trusted(t, trusting, port)
	// What the box is not called it cannot vouch for.
	if err := chromedp.Do(trusting, chromedp.Navigate("https://another.local:"+port+"/trust")); err == nil || !strings.Contains(err.Error(), "ERR_CERT_COMMON_NAME_INVALID") {
		t.Errorf("under another name: %v", err)
	}
}

// Plain HTTP stays, says what it cannot do and where to find out more, in both directions of writing.
func TestTrustByPlainHTTP(t *testing.T) {
	browser(t)
	safe, _ := free(t)
	n := start(t, "serve", filepath.Join(t.TempDir(), "data"), "--https", safe, "--name", boxName)
	for _, lang := range []string{"fr", "ar"} {
		p := newTab(t, n)
		p.open("/setup?lang=" + lang)
		p.follow("link", p.T("trust.link"))
		p.reads(p.T("trust.plain"))
		p.picture("trust")
		p.width(360)
		p.picture("trust narrow")
	}
}

// What a course brings comes from a host of its own, without the cookies of pages; a device that asks by address gets it there, where it
// runs nothing.
func TestFilesOfAnotherName(t *testing.T) {
	slow(t)
	dir := initialised(t, "MA-ERR-MJ1")
	tizid(t, "import", "course", "enfants-8-14", "--data", dir)
	safe, port := free(t)
	n := start(t, "serve", dir, "--https", safe, "--name", boxName)
	files := "files-" + boxName + ":" + port
	dev := device(t, authority(t, n.base), boxName, "files-"+boxName)
	for host, from := range map[string]string{boxName + ":" + port: files, "127.0.0.1:" + port: "127.0.0.1:" + port} {
		for _, lang := range []i18n.Lang{i18n.FR, i18n.AR} {
			p := openTab(t, dev, "https://"+host)
			p.files, p.lang = from, lang
			p.open("/learn/enfants-8-14/blocs/robot-camarade?lang=" + string(lang))
			js[bool](p, "Promise.all([...document.querySelectorAll('main img')].map(i => i.decode())).then(() => true)")
			if at := js[string](p, "new URL(document.querySelector('main img').src).host"); at != from {
				t.Errorf("%s: pictures come from %s", host, at)
			}
			p.picture("lesson " + strings.Split(host, ":")[0])
		}
	}
	// The browser holds a cookie of the pages' name, and the files' never gets it.
	p := openTab(t, dev, "https://"+boxName+":"+port)
	p.files = files
	p.open("/learn/enfants-8-14/blocs/robot-camarade?lang=fr")
	for host, has := range map[string]bool{boxName + ":" + port: true, files: false} {
		if l := call(p, network.GetCookies, network.GetCookiesParams{URLs: []string{"https://" + host + "/"}}).Cookies; len(l) > 0 != has {
			t.Errorf("%s is sent %d cookies", host, len(l))
		}
	}
}
