// Package lan gives a box HTTPS on the network of its centre. A box cannot have a certificate from a public authority: no
// such authority vouches for a name or an address inside a private network, and there may be no internet to ask it. So each
// box has an authority of its own, which people install on the devices of the centre once. It can do little harm when it is
// stolen: its certificate says, and devices hold it to that, that it vouches for the box's names and for addresses of
// private networks and for nothing else (RFC 5280, section 4.2.1.10).
package lan

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// File is the name of the authority's certificate and key in the data folder.
const File = "authority.pem"

// How long certificates are good. Apple's devices refuse one of a server that is good for more than 825 days.
const (
	authorityLife = 20 * 365 * 24 * time.Hour
	serverLife    = 730 * 24 * time.Hour
	// renewBefore is how much is left at least: a box that nobody looks after for a year goes on.
	renewBefore = 365 * 24 * time.Hour
	// early is how long before now a certificate begins to be good, for devices whose clock is behind.
	early = 60 * 24 * time.Hour
)

// born is before any box was set up: a clock that says something earlier has lost its battery.
var born = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// private are the networks that an authority may vouch for the addresses of: RFC 1918, RFC 4193, link-local, loopback.
var private = func() (nets []*net.IPNet) {
	for _, s := range []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8", "fc00::/7", "fe80::/10", "::1/128"} {
		_, n, err := net.ParseCIDR(s)
		if err != nil {
			panic(err)
		}
		nets = append(nets, n)
	}
	return nets
}()

// Authority vouches for one box.
type Authority struct {
	cert  *x509.Certificate
	key   *ecdsa.PrivateKey
	names []string
	now   func() time.Time

	mu     sync.Mutex // guards what follows
	server *tls.Certificate
	addrs  []netip.Addr
}

// nameForm is what a name on a local network may be: labels of letters, digits and hyphens.
var nameForm = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$`)

// ErrName is returned, wrapped, for a name that a box cannot have.
var ErrName = errors.New("a name of a box is written in small letters, digits and hyphens and ends on the network's domain, such as tizi-errachidia.local")

// ErrOther is returned, wrapped, when the authority in the folder may not vouch for the names asked for.
var ErrOther = errors.New("the devices of this centre trust an authority that vouches for other names")

// Open reads the authority of a data folder, or makes one that may vouch for the names and no others. title is what
// devices list it as: the name of the centre.
func Open(dir, title string, names []string, now func() time.Time) (*Authority, error) {
	for _, n := range names {
		if !nameForm.MatchString(n) || len(n) > 253 {
			return nil, fmt.Errorf("%w: %q", ErrName, n)
		}
	}
	a := &Authority{names: names, now: now}
	path := filepath.Join(dir, File)
	b, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if len(names) == 0 {
			return nil, fmt.Errorf("%w: there is none", ErrName)
		}
		return a, a.make(path, title)
	case err != nil:
		return nil, fmt.Errorf("read the authority: %w", err)
	}
	if err := a.read(b); err != nil {
		return nil, fmt.Errorf("read the authority in %s: %w", path, err)
	}
	for _, n := range names {
		if !a.may(n) {
			return nil, fmt.Errorf("%w: %s, and not %s. Go on with those names, or move the file %s away: a new authority is made, which must be installed on every device again", ErrOther, strings.Join(a.cert.PermittedDNSDomains, ", "), n, path)
		}
	}
	if len(names) == 0 {
		a.names = slices.DeleteFunc(slices.Clone(a.cert.PermittedDNSDomains), func(n string) bool {
			whose, is := strings.CutPrefix(n, filesPrefix)
			return is && slices.Contains(a.cert.PermittedDNSDomains, whose)
		})
	}
	return a, nil
}

// filesPrefix begins the name from which a box serves what was imported. It is beside the box's name and not below it: a name below could
// set cookies for the one above, and many systems look up no longer ones under .local.
const filesPrefix = "files-"

// withFiles are names and, of each, the one for what is imported.
func withFiles(names []string) []string {
	all := slices.Clone(names)
	for _, n := range names {
		if f := filesPrefix + n; nameForm.MatchString(f) && len(f) <= 253 {
			all = append(all, f)
		}
	}
	return all
}

// may reports whether the authority may vouch for a name (RFC 5280, section 4.2.1.10).
func (a *Authority) may(n string) bool {
	return slices.ContainsFunc(a.cert.PermittedDNSDomains, func(may string) bool { return n == may || strings.HasSuffix(n, "."+may) })
}

// Files is the name from which the box serves what was imported, so that it shares no cookies with its pages. It is "" where the authority,
// of before there was one, may not vouch for it.
func (a *Authority) Files() string {
	if n := filesPrefix + a.names[0]; a.may(n) {
		return n
	}
	return ""
}

// Exists reports whether a data folder has an authority.
func Exists(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, File))
	return err == nil
}

// today is the time, unless the clock has lost it.
func (a *Authority) today() time.Time {
	if t := a.now(); t.After(born) {
		return t
	}
	return born
}

func serial() (*big.Int, error) {
	return rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
}

func (a *Authority) make(path, title string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make an authority: %w", err)
	}
	n, err := serial()
	if err != nil {
		return fmt.Errorf("make an authority: %w", err)
	}
	t := &x509.Certificate{
		SerialNumber: n,
		Subject:      pkix.Name{Organization: []string{"Tizi"}, CommonName: "Tizi " + title},
		NotBefore:    born.Add(-early), NotAfter: a.today().Add(authorityLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: withFiles(a.names), PermittedIPRanges: private,
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return fmt.Errorf("make an authority: %w", err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("make an authority: %w", err)
	}
	out := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})...)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("keep the authority: %w", err)
	}
	_, err = f.Write(out)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(path)
		return fmt.Errorf("keep the authority: %w", err)
	}
	return a.read(out)
}

func (a *Authority) read(b []byte) error {
	cert, rest := pem.Decode(b)
	key, _ := pem.Decode(rest)
	if cert == nil || key == nil || cert.Type != "CERTIFICATE" || key.Type != "PRIVATE KEY" {
		return errors.New("it is not a certificate and its key; take the file from a backup, or move it away to make a new authority")
	}
	var err error
	if a.cert, err = x509.ParseCertificate(cert.Bytes); err != nil {
		return err
	}
	k, err := x509.ParsePKCS8PrivateKey(key.Bytes)
	if err != nil {
		return err
	}
	ec, ok := k.(*ecdsa.PrivateKey)
	if !ok || !ec.PublicKey.Equal(a.cert.PublicKey) {
		return errors.New("the key is not that of the certificate")
	}
	a.key = ec
	return nil
}

// Names returns the names that the box's pages answer to.
func (a *Authority) Names() []string { return a.names }

// Certificate returns the authority's certificate in DER, which devices install.
func (a *Authority) Certificate() []byte { return a.cert.Raw }

// Title is what devices list the authority as.
func (a *Authority) Title() string { return a.cert.Subject.CommonName }

// Until is the day on which a new authority has to be installed.
func (a *Authority) Until() time.Time { return a.cert.NotAfter }

// Fingerprint returns the SHA-256 digest of a certificate as devices show it: 64 digits of base 16 in pairs.
func Fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	d := strings.ToUpper(hex.EncodeToString(sum[:]))
	var pairs []string
	for i := 0; i < len(d); i += 2 {
		pairs = append(pairs, d[i:i+2])
	}
	return strings.Join(pairs, ":")
}

// Config returns what a server of HTTPS needs. The certificate is made when it is first asked for and again when little of
// its time is left or the box has another address.
func (a *Authority) Config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		var at netip.Addr
		if hello.Conn != nil {
			if p, err := netip.ParseAddrPort(hello.Conn.LocalAddr().String()); err == nil {
				at = p.Addr().Unmap().WithZone("")
			}
		}
		return a.serve(at)
	}}
}

// serve returns a certificate for the box's names and addresses, that on which it was asked among them.
func (a *Authority) serve(at netip.Addr) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.today()
	covered := !at.IsValid() || !local(at) || slices.Contains(a.addrs, at)
	if c := a.server; c != nil && covered && now.After(c.Leaf.NotBefore) && c.Leaf.NotAfter.Sub(now) > renewBefore {
		return c, nil
	}
	addrs := addresses()
	for _, more := range append(a.addrs, at) { // a box that goes back and forth between two networks
		if more.IsValid() && local(more) && !slices.Contains(addrs, more) && len(addrs) < maxAddresses {
			addrs = append(addrs, more)
		}
	}
	c, err := a.issue(now, addrs)
	if err != nil {
		return nil, err
	}
	a.server, a.addrs = c, addrs
	return c, nil
}

// maxAddresses bounds the addresses of one certificate.
const maxAddresses = 32

func (a *Authority) issue(now time.Time, addrs []netip.Addr) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	n, err := serial()
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	t := &x509.Certificate{
		SerialNumber: n, Subject: pkix.Name{Organization: []string{"Tizi"}, CommonName: a.names[0]},
		NotBefore: now.Add(-early), NotAfter: now.Add(serverLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: slices.DeleteFunc(withFiles(a.names), func(n string) bool { return !a.may(n) }),
	}
	if t.NotAfter.After(a.cert.NotAfter) {
		t.NotAfter = a.cert.NotAfter
	}
	for _, ip := range addrs {
		t.IPAddresses = append(t.IPAddresses, ip.AsSlice())
	}
	der, err := x509.CreateCertificate(rand.Reader, t, a.cert, key.Public(), a.key)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key, Leaf: leaf}, nil
}

// local says whether an address is of a private network.
func local(ip netip.Addr) bool {
	return slices.ContainsFunc(private, func(n *net.IPNet) bool { return n.Contains(ip.AsSlice()) })
}

// addresses returns the addresses of this machine on private networks, loopback among them.
func addresses() []netip.Addr {
	var out []netip.Addr
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, a := range all {
		p, err := netip.ParsePrefix(a.String())
		if err != nil {
			continue
		}
		if ip := p.Addr().Unmap().WithZone(""); local(ip) && !slices.Contains(out, ip) && len(out) < maxAddresses {
			out = append(out, ip)
		}
	}
	return out
}

// Addresses returns the addresses under which devices on the network of the centre reach this machine; long ones only
// where there are no short ones, since people type them.
func Addresses() []netip.Addr {
	all := slices.DeleteFunc(addresses(), func(ip netip.Addr) bool { return ip.IsLoopback() || ip.IsLinkLocalUnicast() })
	if short := slices.DeleteFunc(slices.Clone(all), netip.Addr.Is6); len(short) > 0 {
		return short
	}
	return all
}

// Brought is a certificate that the operator brings, from files that may be renewed while the program runs.
type Brought struct {
	cert, key string

	mu   sync.Mutex // guards the rest
	read time.Time  // when the file that is in use was written
	have *tls.Certificate
}

// Bring reads an operator's certificate and key.
func Bring(cert, key string) (*Brought, error) {
	b := &Brought{cert: cert, key: key}
	if _, err := b.current(); err != nil {
		return nil, err
	}
	return b, nil
}

// Config returns what a server of HTTPS needs.
func (b *Brought) Config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return b.current() }}
}

// current reads the files again when they were written to. Files that cannot be used do not take the certificate in use
// away: whoever renews writes one after the other.
func (b *Brought) current() (*tls.Certificate, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	info, err := os.Stat(b.cert)
	if err == nil && b.have != nil && info.ModTime().Equal(b.read) {
		return b.have, nil
	}
	if err == nil {
		var c tls.Certificate
		if c, err = tls.LoadX509KeyPair(b.cert, b.key); err == nil {
			b.have, b.read = &c, info.ModTime()
			return b.have, nil
		}
	}
	if b.have != nil {
		return b.have, nil
	}
	return nil, fmt.Errorf("the certificate %s with the key %s cannot be used: %w", b.cert, b.key, err)
}
