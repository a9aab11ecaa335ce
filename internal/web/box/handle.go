// Package box is the door of the box itself: how it is, and how devices come to trust it.
package box

import (
	"net"
	"net/http"
	"slices"
	"strings"

	"tizi/internal/access"
	"tizi/internal/i18n"
	"tizi/internal/lan"
	"tizi/internal/web/door"
	"tizi/internal/web/me"
	"tizi/internal/web/shell"
)

// HTTPS is what a box serves beside plain HTTP.
type HTTPS struct {
	// Authority is the box's own; nil where the operator brings a certificate.
	Authority *lan.Authority
	Port      string // of HTTPS
}

// Routes adds the routes of this door. s is nil where the node serves no HTTPS.
func Routes(d *door.Door, s *HTTPS, seen *Seen) {
	k := kit{s, seen}
	d.Handle("GET /box", access.ReadNode, k.health)
	d.Handle("POST /box/clock", access.RunNode, k.clock)
	d.Handle("POST /box/upgrade", access.RunNode, k.upgradeAsked)
	d.Handle("GET /box/lock", access.RunNode, lock)
	d.Handle("POST /box/lock", access.RunNode, lockChanged)
	if s == nil || s.Authority == nil {
		return
	}
	d.Handle("GET /trust", door.Public, k.trust)
	for _, f := range s.files() {
		d.Handle("GET "+f.path, door.Public, k.file(f.kind, f.content))
	}
}

type kit struct {
	*HTTPS
	seen *Seen
}

// Systems returns those that the page explains.
func Systems() []System {
	return []System{
		{"android", "trust.system.android", []string{"trust.android.1", "trust.android.2", "trust.android.3"}},
		{"ios", "trust.system.ios", []string{"trust.ios.1", "trust.ios.2", "trust.ios.3"}},
		{"windows", "trust.system.windows", []string{"trust.windows.1", "trust.windows.2", "trust.windows.3"}},
		{"linux", "trust.system.linux", []string{"trust.linux.1", "trust.linux.2", "trust.linux.3"}},
	}
}

// system guesses what a browser runs on, to show that first.
func system(agent string) string {
	for _, s := range [][2]string{{"Android", "android"}, {"iPhone", "ios"}, {"iPad", "ios"}, {"Macintosh", "ios"}, {"Windows", "windows"}} {
		if strings.Contains(agent, s[0]) {
			return s[1]
		}
	}
	return "linux"
}

func (k kit) trust(a *door.Ask) error {
	v, err := k.view(a.R, a.P)
	if err != nil {
		return err
	}
	return a.Render("box/trust", v)
}

// Trusting adds how devices come to trust a box that serves nothing else yet.
func Trusting(mux *http.ServeMux, s *shell.Shell, h *HTTPS) {
	if h.Authority == nil {
		return
	}
	mux.HandleFunc("GET /trust", func(w http.ResponseWriter, r *http.Request) {
		v, err := h.view(r, s.Page(r).Printer)
		if err != nil {
			http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			return
		}
		s.Render(w, r, http.StatusOK, "box/trust", v)
	})
	for _, f := range h.files() {
		mux.HandleFunc("GET "+f.path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", f.kind)
			w.Write(f.content())
		})
	}
}

// trusted is what a device installs.
type trusted struct {
	path, kind string
	content    func() []byte
}

func (k *HTTPS) files() []trusted {
	return []trusted{{"/trust/tizi.cer", "application/x-x509-ca-cert", k.Authority.Certificate}, {"/trust/tizi.mobileconfig", "application/x-apple-aspen-config", k.Authority.Profile}}
}

func (k *HTTPS) view(r *http.Request, p *i18n.Printer) (Trust, error) {
	u := k.Authority
	v := Trust{Safe: shell.Safe(r), Title: u.Title(), Fingerprint: grouped(lan.Fingerprint(u.Certificate())), Until: p.Date(u.Until().Format("2006-01-02")), Here: shell.Origin(r) + "/trust",
		Certificate: k.files()[0].path, Profile: k.files()[1].path}
	first := system(r.UserAgent())
	v.Systems = Systems()
	slices.SortStableFunc(v.Systems, func(x, y System) int {
		switch first {
		case x.Name:
			return -1
		case y.Name:
			return 1
		}
		return 0
	})
	for _, n := range u.Names() {
		v.Addresses = append(v.Addresses, k.address(n))
	}
	for _, ip := range lan.Addresses() {
		v.Addresses = append(v.Addresses, k.address(ip.String()))
	}
	var err error
	v.QR, err = me.QR(v.Here)
	return v, err
}

// address is where HTTPS answers at a name.
func (k *HTTPS) address(name string) string {
	if k.Port == "443" {
		if strings.Contains(name, ":") {
			name = "[" + name + "]"
		}
		return "https://" + name + "/"
	}
	return "https://" + net.JoinHostPort(name, k.Port) + "/"
}

// grouped sets a fingerprint in lines of eight pairs, which eyes can follow.
func grouped(f string) string {
	var lines []string
	for part := range slices.Chunk(strings.Split(f, ":"), 8) {
		lines = append(lines, strings.Join(part, " "))
	}
	return strings.Join(lines, "\n")
}

// file answers with what a device installs.
func (k kit) file(kind string, content func() []byte) func(*door.Ask) error {
	return func(a *door.Ask) error {
		a.W.Header().Set("Content-Type", kind)
		_, err := a.W.Write(content())
		if err != nil && a.R.Context().Err() != nil {
			return nil // the device went away
		}
		return err
	}
}
