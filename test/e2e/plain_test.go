package e2e

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"tizi/internal/i18n"
)

type htmlNode = html.Node

// TestLanguageWithoutScriptsAndCookies reads the pages that need no account in a browser that runs no scripts and keeps
// no cookies: the address says which language, and every link and form goes on saying it.
func TestLanguageWithoutScriptsAndCookies(t *testing.T) {
	browser(t)
	n := serveEmpty(t)
	to, err := url.Parse(n.base)
	if err != nil {
		t.Fatal(err)
	}
	// A browser without cookies is one that is given none.
	bare := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host
			r.Out.Header.Del("Cookie")
		},
		ModifyResponse: func(r *http.Response) error {
			r.Header.Del("Set-Cookie")
			return nil
		},
	})
	defer bare.Close()
	for _, lang := range i18n.Langs {
		t.Run(string(lang), func(t *testing.T) {
			p := newTab(t, &node{t: t, base: bare.URL})
			p.scripts(false)
			p.open("/languages")
			p.follow("link", lang.Self())
			want := func() {
				t.Helper()
				if p.lang != lang {
					t.Errorf("%s is in %s", p.path(), p.lang)
				}
			}
			want()
			p.open("/setup?lang=" + string(lang))
			want()
			if c := p.all(nil, "radio"); len(c) == 1 && !on[bool](p, c[0], `function() { return this.checked }`) {
				p.press(c[0])
			}
			p.follow("button", p.T("common.continue"))
			want()
			p.follow("button", p.T("common.continue"))
			want()
			p.summary(1)
			p.follow("link", p.T("common.back"))
			want()
			p.menu(p.T("common.language"))
			for _, other := range i18n.Langs {
				if other != lang {
					p.follow("link", other.Self())
					if p.lang != other {
						t.Errorf("%s is in %s", p.path(), p.lang)
					}
					break
				}
			}
			p.open("/no/such/page?lang=" + string(lang))
			want()
			p.follow("link", p.T("common.home"))
			want()
		})
	}
	t.Run("demo", func(t *testing.T) {
		c := serveDemo(t).client("nobody")
		c.http.Jar = nil
		a := c.get("/demo?lang=ar")
		if !strings.Contains(a.body, `<html lang="ar" dir="rtl"`) {
			t.Error("the demo is not in Arabic")
		}
		for _, f := range a.forms("/demo?lang=ar") {
			if f.method == http.MethodPost && f.action == "/demo" {
				return
			}
		}
		t.Error("nobody can be played without scripts")
	})
}
