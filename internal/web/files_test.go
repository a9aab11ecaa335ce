package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tizi/internal/house"
	"tizi/internal/testnode"
	"tizi/internal/web"
)

// Under the name of files there are files and nothing else, and under that of the pages there are none, but for who asks by an address.
func TestNameOfFiles(t *testing.T) {
	h, err := house.Create(t.Context(), house.Config{Dir: t.TempDir()})
	testnode.Must(t, err)
	t.Cleanup(func() { h.Close() })
	s, err := web.New(h, web.Options{Files: "files-tizi.local"})
	testnode.Must(t, err)
	const file = "/course-files/00000000-0000-7000-8000-000000000001?file=a.svg"
	for _, c := range []struct {
		method, host, path string
		status             int
		to                 string
	}{
		{"GET", "files-tizi.local", file, 404, ""},
		{"GET", "FILES-tizi.local:8443", file, 404, ""},
		{"POST", "files-tizi.local", file, 404, ""},
		{"GET", "files-tizi.local", "/", 404, ""},
		{"GET", "files-tizi.local", "/signin", 404, ""},
		{"GET", "files-tizi.local", "/xapi/about", 404, ""},
		{"GET", "files-tizi.local", "/healthz", 404, ""},
		{"GET", "tizi.local", file, 307, "http://files-tizi.local" + file},
		{"GET", "tizi.local:8080", file, 307, "http://files-tizi.local:8080" + file},
		{"GET", "192.168.1.10:8080", file, 404, ""},
		{"GET", "tizi", file, 404, ""},
		{"GET", "[fd00::1]:8080", file, 404, ""},
		{"GET", "localhost", file, 404, ""},
		{"GET", "tizi.local", "/xapi/about", 200, ""},
	} {
		r := httptest.NewRequest(c.method, "http://"+c.host+c.path, nil)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != c.status || w.Header().Get("Location") != c.to {
			t.Errorf("%s %s %s: %d %s", c.method, c.host, c.path, w.Code, w.Header().Get("Location"))
		}
	}
	r := httptest.NewRequest(http.MethodGet, "http://tizi.local/setup", nil)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if p := w.Header().Get("Content-Security-Policy"); !strings.Contains(p, "img-src 'self' data: blob: http://files-tizi.local;") || strings.Contains(p, "script-src 'self' http") {
		t.Error("the policy of a page:", p)
	}
}
