package lan_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"encoding/xml"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tizi/internal/lan"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const box = "tizi-errachidia.local"

func at(t time.Time) func() time.Time { return func() time.Time { return t } }

var someday = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)

// leaf is the certificate that a box shows.
func leaf(t testing.TB, c *tls.Config) *x509.Certificate {
	t.Helper()
	cert, err := c.GetCertificate(&tls.ClientHelloInfo{})
	must(t, err)
	return cert.Leaf
}

func roots(t testing.TB, a *lan.Authority) *x509.CertPool {
	t.Helper()
	c, err := x509.ParseCertificate(a.Certificate())
	must(t, err)
	p := x509.NewCertPool()
	p.AddCert(c)
	return p
}

func TestAuthorityVouchesForTheBoxAlone(t *testing.T) {
	dir := t.TempDir()
	a, err := lan.Open(dir, "Maison de jeunes d'Errachidia", []string{box}, at(someday))
	must(t, err)
	info, err := os.Stat(filepath.Join(dir, lan.File))
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the key: %v", info.Mode())
	}
	c := leaf(t, a.Config())
	for name, good := range map[string]bool{box: true, "files-" + box: true, "127.0.0.1": true, "example.org": false, "other.local": false, "8.8.8.8": false} {
		_, err := c.Verify(x509.VerifyOptions{DNSName: name, Roots: roots(t, a), CurrentTime: someday})
		if (err == nil) != good {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Whoever stole the key makes certificates for other names, which devices refuse.
	b, err := os.ReadFile(filepath.Join(dir, lan.File))
	must(t, err)
	stolen, err := tls.X509KeyPair(b, b)
	must(t, err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	for _, c := range []struct {
		names []string
		ips   []net.IP
		good  bool
	}{
		{[]string{"content." + box}, nil, true},
		{nil, []net.IP{{192, 168, 1, 4}}, true},
		{[]string{"bank.example"}, nil, false},
		{[]string{"another.local"}, nil, false},
		{[]string{"files-another.local"}, nil, false},
		{nil, []net.IP{{8, 8, 8, 8}}, false},
	} {
		tmpl := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "x"}, NotBefore: someday, NotAfter: someday.Add(time.Hour), DNSNames: c.names, IPAddresses: c.ips}
		der, err := x509.CreateCertificate(rand.Reader, tmpl, stolen.Leaf, key.Public(), stolen.PrivateKey)
		must(t, err)
		forged, err := x509.ParseCertificate(der)
		must(t, err)
		if _, err := forged.Verify(x509.VerifyOptions{Roots: roots(t, a), CurrentTime: someday}); (err == nil) != c.good {
			t.Errorf("%v %v: %v", c.names, c.ips, err)
		}
	}
}

// A box whose devices trust an authority of before there was a name for files goes on with it, and vouches for no more.
func TestAuthorityOfBeforeFiles(t *testing.T) {
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "Tizi x"}, NotBefore: someday.Add(-time.Hour), NotAfter: someday.AddDate(10, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, PermittedDNSDomains: []string{box}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	must(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, lan.File), append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})...), 0o600))
	for _, names := range [][]string{nil, {box}} {
		a, err := lan.Open(dir, "x", names, at(someday))
		must(t, err)
		if a.Files() != "" || len(a.Names()) != 1 {
			t.Errorf("%v: %q, %v", names, a.Files(), a.Names())
		}
		c := leaf(t, a.Config())
		for name, good := range map[string]bool{box: true, "files-" + box: false} {
			if _, err := c.Verify(x509.VerifyOptions{DNSName: name, Roots: roots(t, a), CurrentTime: someday}); (err == nil) != good {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestAuthorityIsKept(t *testing.T) {
	dir := t.TempDir()
	a, err := lan.Open(dir, "Errachidia", []string{box}, at(someday))
	must(t, err)
	again, err := lan.Open(dir, "Another title", nil, at(someday))
	must(t, err)
	if !bytes.Equal(a.Certificate(), again.Certificate()) || again.Title() != "Tizi Errachidia" || len(again.Names()) != 1 || again.Names()[0] != box || again.Files() != "files-"+box {
		t.Errorf("it is another: %s, %v", again.Title(), again.Names())
	}
	_, err = lan.Open(dir, "Errachidia", []string{"other.local"}, at(someday))
	if !errors.Is(err, lan.ErrOther) {
		t.Errorf("other names: %v", err)
	}
	for _, bad := range []string{"Tizi.local", "tizi", "tizi .local", "-a.local", "192.168.1.1:8080", strings.Repeat("a", 64) + ".local", ""} {
		if _, err := lan.Open(t.TempDir(), "x", []string{bad}, at(someday)); !errors.Is(err, lan.ErrName) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	must(t, os.WriteFile(filepath.Join(dir, lan.File), []byte("rubbish"), 0o600))
	if _, err := lan.Open(dir, "x", []string{box}, at(someday)); err == nil || !strings.Contains(err.Error(), "backup") {
		t.Errorf("rubbish: %v", err)
	}
}

// A box renews its certificate by itself, however long nobody looks, and devices take it: Apple's refuse more than 825 days.
func TestRenewal(t *testing.T) {
	now := someday
	a, err := lan.Open(t.TempDir(), "Errachidia", []string{box}, func() time.Time { return now })
	must(t, err)
	config := a.Config()
	first := leaf(t, config)
	if leaf(t, config) != first {
		t.Error("another certificate for each visit")
	}
	for range 40 {
		now = now.Add(150 * 24 * time.Hour)
		c := leaf(t, config)
		if now.After(a.Until()) {
			break
		}
		if left := c.NotAfter.Sub(now); left < 365*24*time.Hour && c.NotAfter.Before(a.Until()) {
			t.Fatalf("%v are left on %v", left, now)
		}
		if life := c.NotAfter.Sub(c.NotBefore); life > 825*24*time.Hour {
			t.Fatalf("it is good for %v", life)
		}
		if _, err := c.Verify(x509.VerifyOptions{DNSName: box, Roots: roots(t, a), CurrentTime: now}); err != nil {
			t.Fatalf("on %v: %v", now, err)
		}
	}
	if leaf(t, config) == first {
		t.Error("it was never renewed")
	}
}

// A box whose clock begins in 1970 has a certificate that devices of today take.
func TestClockWithoutBattery(t *testing.T) {
	now := time.Unix(60, 0)
	a, err := lan.Open(t.TempDir(), "Errachidia", []string{box}, func() time.Time { return now })
	must(t, err)
	config := a.Config()
	if _, err := leaf(t, config).Verify(x509.VerifyOptions{DNSName: box, Roots: roots(t, a), CurrentTime: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)}); err != nil {
		t.Error(err)
	}
	now = someday.AddDate(3, 0, 0) // the clock is set
	if _, err := leaf(t, config).Verify(x509.VerifyOptions{DNSName: box, Roots: roots(t, a), CurrentTime: now}); err != nil {
		t.Error(err)
	}
}

func TestServes(t *testing.T) {
	a, err := lan.Open(t.TempDir(), "Errachidia", []string{box}, time.Now)
	must(t, err)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("ok")) }))
	ln := tls.NewListener(s.Listener, a.Config())
	s.Listener = ln
	s.Start()
	defer s.Close()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots(t, a)}}}
	defer client.CloseIdleConnections()
	r, err := client.Get("https://" + ln.Addr().String()) // 127.0.0.1
	must(t, err)
	r.Body.Close()
}

func TestProfile(t *testing.T) {
	a, err := lan.Open(t.TempDir(), `L'école <"&'> d'Errachidia`, []string{box}, at(someday))
	must(t, err)
	p := a.Profile()
	d := xml.NewDecoder(bytes.NewReader(p))
	for {
		tok, err := d.Token()
		if tok == nil {
			if err.Error() != "EOF" {
				t.Fatal(err)
			}
			break
		}
	}
	if !bytes.Equal(p, a.Profile()) || bytes.Count(p, []byte("<string>Tizi L&#39;école &lt;")) != 2 {
		t.Errorf("%s", p)
	}
	if f := lan.Fingerprint(a.Certificate()); len(f) != 95 || strings.Count(f, ":") != 31 {
		t.Errorf("the fingerprint is %s", f)
	}
}

// An operator's certificate is read anew when it was renewed, and one that is half written is not used.
func TestBrought(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	put := func(name string, when time.Time) {
		a, err := lan.Open(t.TempDir(), "x", []string{name}, at(someday))
		must(t, err)
		c, err := a.Config().GetCertificate(&tls.ClientHelloInfo{})
		must(t, err)
		secret, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
		must(t, err)
		must(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
		must(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]}), 0o600))
		must(t, os.Chtimes(cert, when, when))
	}
	if _, err := lan.Bring(cert, key); err == nil || !strings.Contains(err.Error(), "cert.pem") {
		t.Errorf("there is none: %v", err)
	}
	name := func(c *tls.Config) string {
		got, err := c.GetCertificate(nil)
		must(t, err)
		return got.Leaf.DNSNames[0]
	}
	put("one.example", someday)
	b, err := lan.Bring(cert, key)
	must(t, err)
	config := b.Config()
	if n := name(config); n != "one.example" {
		t.Errorf("it is %s", n)
	}
	must(t, os.WriteFile(cert, []byte("half"), 0o600))
	if n := name(config); n != "one.example" {
		t.Errorf("half written it is %s", n)
	}
	put("two.example", someday.Add(time.Hour))
	if n := name(config); n != "two.example" {
		t.Errorf("renewed it is %s", n)
	}
}
