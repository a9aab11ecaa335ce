package shell

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"tizi/internal/i18n"
)

// Render writes a screen. The page is put together before the first byte goes
// out, so what fails half way is a clean error and never half a page.
func (s *Shell) Render(w http.ResponseWriter, r *http.Request, status int, screen string, view any) {
	p := *s.Page(r)
	if s.opts.Fill != nil {
		s.opts.Fill(r, &p)
	}
	p.Flash = append(takeFlash(w, r), p.Flash...)
	html, err := s.HTML(&p, screen, view)
	if err != nil {
		s.log.ErrorContext(r.Context(), "render a page", "screen", screen, "err", err)
		http.Error(w, p.Printer.T("error.internal"), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", string(p.Lang))
	// Pages show people: a shared device must not show them again after sign-out.
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept-Encoding")
	if takesGzip(r) && len(html) > 1400 {
		h.Set("Content-Encoding", "gzip")
		html = squeeze(html)
	}
	h.Set("Content-Length", strconv.Itoa(len(html)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(html)
	}
}

// HTML puts a page together. Page must carry its language; see Page.
func (s *Shell) HTML(p *Page, screen string, view any) ([]byte, error) {
	t, err := s.set(setKey{lang: p.Lang, keep: p.keep})
	if err != nil {
		return nil, err
	}
	has, ok := t.screens[screen]
	if !ok {
		return nil, fmt.Errorf("there is no screen %q", screen)
	}
	f := frame{Page: p, Langs: p.choices(), Desk: !ofLearners(screen)}
	name := "frame"
	body := "main"
	if has["door"] {
		name, body = "doorframe", "door"
	}
	scene := Scene{Page: p, View: view}
	for block, into := range map[string]*template.HTML{
		"title": &f.Title, "crumbs": &f.Crumbs, "lead": &f.Lead, "actions": &f.Actions, body: &f.Body,
	} {
		if !has[block] {
			continue
		}
		if *into, err = t.run(screen+"#"+block, scene); err != nil {
			return nil, fmt.Errorf("render %s: %w", screen, err)
		}
	}
	f.Plain = Strip(f.Title)
	var b bytes.Buffer
	if err := t.root.ExecuteTemplate(&b, name, f); err != nil {
		return nil, fmt.Errorf("render the frame of %s: %w", screen, err)
	}
	return b.Bytes(), nil
}

// ofLearners reports whether learners use a screen: it carries their styles and no others.
func ofLearners(screen string) bool {
	return strings.HasPrefix(screen, "learn/") || strings.HasPrefix(screen, "entry/") && screen != "entry/tablets"
}

// Block puts one block of a screen together in a language, with nothing around it, for a device that keeps it.
func (s *Shell) Block(lang i18n.Lang, screen, block string, view any) (template.HTML, error) {
	t, err := s.set(setKey{lang: lang})
	if err != nil {
		return "", err
	}
	p := &Page{}
	p.speak(lang)
	return t.run(screen+"#"+block, Scene{Page: p, View: view})
}

// squeezers are kept between pages: making one costs more than using it.
var squeezers = sync.Pool{New: func() any {
	z, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant
	}
	return z
}}

func squeeze(data []byte) []byte {
	z := squeezers.Get().(*gzip.Writer)
	defer squeezers.Put(z)
	var b bytes.Buffer
	b.Grow(len(data) / 4)
	z.Reset(&b)
	z.Write(data) // a bytes.Buffer never fails
	z.Close()
	return b.Bytes()
}
