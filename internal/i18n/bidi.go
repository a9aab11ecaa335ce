package i18n

import "unicode"

const (
	firstStrongIsolate = "\u2068"
	popIsolate         = "\u2069"
)

// isolate fences off a text that runs the other way than the message around it,
// so that a Latin name in an Arabic sentence does not drag the full stop or the
// number beside it across the line. Text of the same direction stays bare.
func isolate(around Lang, s string) string {
	rtl := around.Dir() == "rtl"
	for _, r := range s {
		if unicode.IsLetter(r) && rightToLeft(r) != rtl {
			return firstStrongIsolate + s + popIsolate
		}
	}
	return s
}

func rightToLeft(r rune) bool {
	return unicode.In(r, unicode.Arabic, unicode.Hebrew)
}
