package shell

import (
	"net/http"
	"strings"
)

// Routes serves what belongs to the shell itself: the built files and the
// choice of an appearance.
func (s *Shell) Routes(mux *http.ServeMux) {
	mux.Handle("GET "+served, s.assets)
	mux.HandleFunc("GET /sw.js", s.assets.serveWorker)
	mux.HandleFunc("POST /appearance", appearance)
}

// appearance keeps light, dark or neither with the device, and goes back.
func appearance(w http.ResponseWriter, r *http.Request) {
	switch theme := r.FormValue("theme"); theme {
	case "light", "dark":
		setCookie(w, r, themeCookie, theme, year)
	default:
		setCookie(w, r, themeCookie, "", -1)
	}
	http.Redirect(w, r, Local(r.FormValue("back")), http.StatusSeeOther)
}

// Local gives the address back if it stays on this server, and "/" if not: an
// address that came with a form must not lead somewhere else.
func Local(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/"
	}
	return path
}
