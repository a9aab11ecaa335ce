// Package i18n says things in the four languages of Tizi: messages with plural
// forms, numbers, dates, periods and lists.
//
// It is written by hand because nothing ready-made covers Standard Moroccan
// Tamazight (zgh) and because generic Arabic data prints Arabic-Indic digits,
// which nobody in Morocco uses.
package i18n

import (
	"sort"
	"strconv"
	"strings"
)

// Lang is one of the languages the interface speaks.
type Lang string

// The languages, named by their BCP 47 primary subtag.
const (
	AR  Lang = "ar"
	FR  Lang = "fr"
	ZGH Lang = "zgh"
	EN  Lang = "en"
)

// Langs lists the languages in the order a language menu shows them.
var Langs = []Lang{AR, FR, ZGH, EN}

// relatives are languages a browser may ask for that are closer to one of ours
// than the default is. Darija readers read Arabic; readers of the regional
// Amazigh languages are offered the standard.
var relatives = map[string]Lang{
	"ar": AR, "ary": AR, "arb": AR,
	"fr":  FR,
	"zgh": ZGH, "tzm": ZGH, "shi": ZGH, "rif": ZGH, "ber": ZGH,
	"en": EN,
}

// Parse reads a language code as it stands in a URL, a cookie or a form. A
// region or script after the code is allowed and ignored ("ar-MA", "zgh-Tfng").
func Parse(s string) (Lang, bool) {
	l := Lang(primary(s))
	switch l {
	case AR, FR, ZGH, EN:
		return l, true
	}
	return "", false
}

func primary(tag string) string {
	tag = strings.ToLower(strings.TrimSpace(tag))
	if i := strings.IndexAny(tag, "-_"); i >= 0 {
		tag = tag[:i]
	}
	return tag
}

// Match chooses the language for an Accept-Language header. Without a usable
// wish it answers French, the language most devices in Morocco are set to.
func Match(acceptLanguage string) Lang {
	type wish struct {
		lang Lang
		q    float64
	}
	var wishes []wish
	// A browser sends a handful of languages; the bound keeps a hostile header cheap.
	for _, part := range strings.SplitN(acceptLanguage, ",", 32) {
		tag, params, _ := strings.Cut(part, ";")
		l, ok := relatives[primary(tag)]
		if !ok {
			continue
		}
		q := 1.0
		if v, found := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q="); found {
			f, err := strconv.ParseFloat(v, 64)
			if err != nil {
				continue
			}
			q = f
		}
		if q > 0 {
			wishes = append(wishes, wish{l, q})
		}
	}
	sort.SliceStable(wishes, func(i, j int) bool { return wishes[i].q > wishes[j].q })
	if len(wishes) == 0 {
		return FR
	}
	return wishes[0].lang
}

// Dir is the base direction for the html dir attribute.
func (l Lang) Dir() string {
	if l == AR {
		return "rtl"
	}
	return "ltr"
}

// Tag is the BCP 47 tag for the html lang attribute. Arabic is plain "ar": the
// text is standard Arabic, only its numbers and month names are Moroccan.
func (l Lang) Tag() string { return string(l) }

// Self is the language's name in the language itself, for a language menu.
func (l Lang) Self() string {
	switch l {
	case AR:
		return "العربية"
	case FR:
		return "Français"
	case ZGH:
		return "ⵜⴰⵎⴰⵣⵉⵖⵜ"
	case EN:
		return "English"
	}
	return string(l)
}
