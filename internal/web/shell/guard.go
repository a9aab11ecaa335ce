package shell

import "net/http"

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
	if r.TLS != nil {
		// A browser ignores it, and complains, where the connection is not safe.
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
	}
}
