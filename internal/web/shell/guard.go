package shell

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// behind marks a request that came through a proxy which the operator says to believe.
type behind struct{}

// Behind is for a node behind a proxy that speaks HTTPS with the world, at one of some addresses: what it says of the
// connection (X-Forwarded-Proto, X-Forwarded-Host) and of who asks (the last of X-Forwarded-For, which it added itself) is
// believed. Nobody else's word is.
func Behind(next http.Handler, proxies []netip.Prefix) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from, err := netip.ParseAddrPort(r.RemoteAddr)
		if err != nil || !slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(from.Addr().Unmap()) }) {
			next.ServeHTTP(w, r)
			return
		}
		if host := r.Header.Get("X-Forwarded-Host"); host != "" {
			r.Host = host
		}
		if all := strings.Join(r.Header.Values("X-Forwarded-For"), ","); all != "" {
			r.RemoteAddr = net.JoinHostPort(strings.TrimSpace(all[strings.LastIndexByte(all, ',')+1:]), "0")
		}
		safe := strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), behind{}, safe)))
	})
}

// Safe reports whether the browser is connected by HTTPS.
func Safe(r *http.Request) bool {
	safe, _ := r.Context().Value(behind{}).(bool)
	return safe || r.TLS != nil
}

// Origin is the address of this node as the browser knows it, such as "https://tizi.example".
func Origin(r *http.Request) string {
	if Safe(r) {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// policy lets a page load from this server and, of what was imported, from the node's other name, and from nowhere else, run no
// script that stands in the page, take no style from an attribute, and be framed by nobody.
func policy(files string) string {
	if files != "" {
		files = " " + files
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:" + files + "; font-src 'self'; " +
		"connect-src 'self'" + files + "; media-src 'self' blob:" + files + "; manifest-src 'self'; worker-src 'self'; form-action 'self'; " +
		"base-uri 'none'; frame-ancestors 'none'"
}

// Files is the address from which whoever asks gets what was imported, such as "https://files-tizi.local": another host than that of the
// pages, so that a browser sends it no cookie of theirs. It is "" where the node has no other name, and for who asks by an address
// and may not find names.
func (s *Shell) Files(r *http.Request) string {
	host, port := hostPort(r.Host)
	if whose, is := strings.CutPrefix(s.opts.Files, "files-"); is && !strings.EqualFold(host, whose) {
		return "" // who came by another name may not find this one
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); s.opts.Files == "" || err == nil || host == "localhost" {
		return ""
	}
	o := &http.Request{Host: s.opts.Files + port, TLS: r.TLS}
	return Origin(o.WithContext(r.Context()))
}

// hostPort takes a host apart from its port, which keeps its colon.
func hostPort(s string) (host, port string) {
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.HasSuffix(s, "]") {
		return s[:i], s[i:]
	}
	return s, ""
}

// Foreign answers for the name of what was imported, unless that is "": files are the paths that begin like that. They are asked for without the cookies of pages, by any
// page, and there is nothing else. Who asks for one under another name is sent there.
func (s *Shell) Foreign(files string, next http.Handler) http.Handler {
	if s.opts.Files == "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _ := hostPort(r.Host)
		is := strings.HasPrefix(r.URL.Path, files) && (r.Method == http.MethodGet || r.Method == http.MethodHead)
		switch {
		case strings.EqualFold(host, s.opts.Files) && is:
			r.Header.Del("Cookie")
			w.Header().Set("Access-Control-Allow-Origin", "*")
			w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
		case strings.EqualFold(host, s.opts.Files):
			http.Error(w, s.Page(r).Printer.T("error.only_files"), http.StatusNotFound)
			return
		case is && s.Files(r) != "":
			http.Redirect(w, r, s.Files(r)+r.URL.RequestURI(), http.StatusTemporaryRedirect)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Shell) guard(h http.Header, r *http.Request) {
	h.Set("Content-Security-Policy", policy(s.Files(r)))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(self), microphone=(self), geolocation=(), payment=(), usb=()")
	if Safe(r) {
		// A browser ignores it, and complains, where the connection is not safe.
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
	}
}
