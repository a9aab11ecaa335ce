package i18n

import "sort"

// Text is one text in several languages, as data carries it: the name of a
// place, the title of a lesson.
type Text map[Lang]string

// In gives the text in l, or in the nearest language it has: French, Arabic,
// English, then any. The second result is the language of what is given, so
// that a page can mark it with lang and dir; it is empty for an empty text.
func (t Text) In(l Lang) (string, Lang) {
	for _, try := range [...]Lang{l, FR, AR, EN} {
		if s := t[try]; s != "" {
			return s, try
		}
	}
	rest := make([]string, 0, len(t))
	for k, s := range t {
		if s != "" {
			rest = append(rest, string(k))
		}
	}
	if len(rest) == 0 {
		return "", ""
	}
	// Sorted, so that the same text always falls back to the same language.
	sort.Strings(rest)
	first := Lang(rest[0])
	return t[first], first
}
