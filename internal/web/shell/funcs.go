package shell

import (
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"tizi/internal/i18n"
	"tizi/internal/web/chart"
)

// voice is what the functions of a set of templates say, in its language.
type voice struct {
	key    setKey
	p      *i18n.Printer
	assets *assets
}

func (s *Shell) funcs(k setKey) template.FuncMap {
	v := &voice{key: k, p: i18n.For(k.lang), assets: s.assets}
	return template.FuncMap{
		// Words and figures.
		"T": v.mark, "Say": v.say, "num": v.num, "pct": v.pct,
		"date": v.p.Date, "shortdate": v.p.ShortDate, "daymonth": v.p.DayMonth, "period": v.p.Period,
		"list": v.p.List, "weekday": func(d int) string { return v.p.Weekday(time.Weekday(d)) },
		"text": v.text, "plain": v.plain, "name": name, "initials": initials, "mix": mix,
		// Addresses and drawings.
		"asset": v.assets.url, "url": v.url, "icon": v.icon, "logo": logo, "bigstar": bigStar,
		"drawing": drawing, "avatar": avatar, "avatarname": v.avatarName,
		"languages": languages, "in_lang": withLang,
		"lang": func() i18n.Lang { return k.lang }, "dir": k.lang.Dir,
		// Charts: the data comes with the view, its direction from here.
		"tiles": chart.Tiles, "bullet": v.bullet, "bar": bar, "columns": v.columns, "week": v.week, "star": chart.Star,
		// Parts.
		"field": field, "opts": opts, "hint": hint, "auto": auto, "optional": optional, "mode": mode,
		"width": width, "inlang": inLang, "attr": attr, "row": row, "choose": choose, "codes": v.codes,
		"th": heading, "empty": empty, "with_btn": withButton, "dict": dict, "seq": seq, "has": has, "param": param, "add": add,
	}
}

// mark says a message. One that is not there in the page's language comes in the
// language it is in, marked with lang and dir, so that it is read out, shaped
// and aligned as what it is. In an attribute the marks fall away by themselves.
func (v *voice) mark(key string, args ...any) any {
	s, in := v.p.Say(key, words(args)...)
	return v.foreign(s, in)
}

func (v *voice) say(key string, args ...any) string {
	return v.p.T(key, words(args)...)
}

func (v *voice) foreign(s string, in i18n.Lang) any {
	if in == v.key.lang || in == "" {
		return s
	}
	return template.HTML(fmt.Sprintf(`<span lang="%s" dir="%s">%s</span>`,
		template.HTMLEscapeString(string(in)), in.Dir(), template.HTMLEscapeString(s)))
}

// words takes the marks out of arguments that are messages themselves.
func words(args []any) []any {
	for i, a := range args {
		if h, ok := a.(template.HTML); ok {
			args[i] = Strip(h)
		}
	}
	return args
}

func (v *voice) num(n any) (string, error) {
	i, err := whole(n)
	return v.p.Number(i), err
}

func (v *voice) pct(num, den any) (string, error) {
	n, err := whole(num)
	if err != nil {
		return "", err
	}
	d, err := whole(den)
	return v.p.Percent(n, d), err
}

func whole(n any) (int64, error) {
	switch n := n.(type) {
	case int:
		return int64(n), nil
	case int64:
		return n, nil
	case int32:
		return int64(n), nil
	}
	return 0, fmt.Errorf("%v (%T) is not a whole number", n, n)
}

// text is a text of the data in the page's language, or marked in another.
func (v *voice) text(t i18n.Text) any {
	return v.foreign(t.In(v.key.lang))
}

// plain is text without marks, for an attribute or an option.
func (v *voice) plain(t i18n.Text) string {
	s, _ := t.In(v.key.lang)
	return s
}

// name fences a person's or a place's own name off from the words around it, and
// marks Arabic as such, so that it is set and read as Arabic on any page.
func name(s string) template.HTML {
	e := template.HTMLEscapeString(s)
	for _, r := range s {
		if unicode.Is(unicode.Arabic, r) {
			return template.HTML(`<bdi lang="ar">` + e + `</bdi>`)
		}
		if unicode.IsLetter(r) {
			break
		}
	}
	return template.HTML(`<bdi>` + e + `</bdi>`)
}

// initials are the first letters of the first and last word; an Arabic name
// gives one, since two letters would join into something else.
func initials(s string) string {
	w := strings.Fields(s)
	if len(w) == 0 {
		return ""
	}
	first := []rune(w[0])[0]
	if len(w) == 1 || unicode.Is(unicode.Arabic, first) {
		return string(unicode.ToUpper(first))
	}
	last := []rune(w[len(w)-1])[0]
	return string([]rune{unicode.ToUpper(first), unicode.ToUpper(last)})
}

// mix joins words and marked pieces into one piece; the words are escaped.
func mix(parts ...any) template.HTML {
	var b strings.Builder
	for _, p := range parts {
		if h, ok := p.(template.HTML); ok {
			b.WriteString(string(h))
			continue
		}
		b.WriteString(template.HTMLEscapeString(fmt.Sprint(p)))
	}
	return template.HTML(b.String())
}

// url is an address on this server. Where the browser keeps no cookies it
// carries the language along.
func (v *voice) url(path string) string {
	if !v.key.keep {
		return path
	}
	u, err := url.Parse(path)
	if err != nil || u.IsAbs() {
		return path
	}
	return withLang(path, v.key.lang)
}

// turns are the icons that point along the line and so turn with it.
var turns = map[string]bool{
	"chevron": true, "arrow": true, "arrow-back": true, "sign-out": true, "enter": true, "list": true,
}

func (v *voice) icon(name string) (template.HTML, error) {
	sprite, err := v.assets.url("icons.svg")
	if err != nil {
		return "", err
	}
	class := "icon icon-" + name
	if turns[name] {
		class += " icon-turns"
	}
	return template.HTML(fmt.Sprintf(`<svg class="%s" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><use href="%s#%s"/></svg>`,
		template.HTMLEscapeString(class), sprite, template.HTMLEscapeString(name))), nil
}

// dict gathers named values for a part that needs several.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict needs pairs of a name and a value")
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		k, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: %v is no name", pairs[i])
		}
		m[k] = pairs[i+1]
	}
	return m, nil
}

// seq counts from 1 to n.
func seq(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i + 1
	}
	return s
}

func add(a, b int) int { return a + b }

func has(list []string, s string) bool { return slices.Contains(list, s) }

// param is a value of an address's query.
func param(path, name string) string {
	u, err := url.Parse(path)
	if err != nil {
		return ""
	}
	return u.Query().Get(name)
}
