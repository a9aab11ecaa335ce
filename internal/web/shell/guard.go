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

// policy lets a page load from this server and nowhere else, run no script that
// stands in the page, take no style from an attribute, and be framed by nobody.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; " +
	"connect-src 'self'; media-src 'self' blob:; manifest-src 'self'; worker-src 'self'; form-action 'self'; " +
	"base-uri 'none'; frame-ancestors 'none'"

func guard(h http.Header, r *http.Request) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(self), microphone=(self), geolocation=(), payment=(), usb=()")
	if Safe(r) {
		// A browser ignores it, and complains, where the connection is not safe.
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
	}
}
