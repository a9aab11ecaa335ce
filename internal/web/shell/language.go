package shell

import (
	"context"
	"net/http"

	"tizi/internal/i18n"
)

// Cookies of the device. They hold no more than a wish, so their life is long.
const (
	langCookie  = "lang"
	themeCookie = "theme"
	year        = 365 * 24 * 3600
)

type pageKey struct{}

// Page is the page of a request. Handlers read the language to speak from it.
func (s *Shell) Page(r *http.Request) *Page {
	if p, ok := r.Context().Value(pageKey{}).(*Page); ok {
		return p
	}
	p, _ := begin(r)
	return p
}

// begin reads language and appearance off a request: the address decides first,
// then the device's cookie, then what the browser asks for. Signing in sets the
// cookie to the person's own language, see SetLang. The second result tells
// whether the address asked.
func begin(r *http.Request) (*Page, bool) {
	lang, asked := i18n.Parse(r.URL.Query().Get("lang"))
	keep := asked && len(r.Cookies()) == 0
	if !asked {
		var ok bool
		if lang, ok = cookieLang(r); !ok {
			lang = i18n.Match(r.Header.Get("Accept-Language"))
		}
	}
	p := &Page{Path: pathOf(r), Theme: themeOf(r), keep: keep}
	p.speak(lang)
	return p, asked
}

func (p *Page) speak(l i18n.Lang) {
	p.Lang, p.Dir, p.Printer = l, l.Dir(), i18n.For(l)
}

func cookieLang(r *http.Request) (i18n.Lang, bool) {
	c, err := r.Cookie(langCookie)
	if err != nil {
		return "", false
	}
	return i18n.Parse(c.Value)
}

func themeOf(r *http.Request) string {
	c, err := r.Cookie(themeCookie)
	if err != nil || c.Value != "light" && c.Value != "dark" {
		return ""
	}
	return c.Value
}

// SetLang makes a language the device's own, as when a person signs in.
func SetLang(w http.ResponseWriter, r *http.Request, l i18n.Lang) {
	setCookie(w, r, langCookie, string(l), year)
}

func setCookie(w http.ResponseWriter, r *http.Request, name, value string, age int) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: age,
		HttpOnly: true, Secure: Safe(r), SameSite: http.SameSiteLaxMode,
	})
}

// Wrap puts the headers on every answer and the page into every request. It
// stands outside of the handlers that call Page and Render.
func (s *Shell) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.guard(w.Header(), r)
		p, asked := begin(r)
		if asked {
			SetLang(w, r, p.Lang)
			if s.opts.Chosen != nil {
				s.opts.Chosen(r, p.Lang)
			}
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), pageKey{}, p)))
	})
}
