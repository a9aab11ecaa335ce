package sheet

import (
	"strings"
	"unicode"
)

// trim takes away what cannot be seen at the edges of a cell: blanks of every width, byte-order marks, and the marks that
// turn the direction of writing, which Arabic spreadsheets leave around dates and codes.
func trim(s string) string {
	if s == "" {
		return s
	}
	if first, last := s[0], s[len(s)-1]; first > ' ' && first < 0x7f && last > ' ' && last < 0x7f {
		return s
	}
	return strings.TrimFunc(s, invisible)
}

func invisible(r rune) bool {
	switch {
	case r <= ' ', r == 0x7f, r == 0xfeff, r == 0x2060, r == 0x061c:
		return true
	case r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return true
	}
	return unicode.IsSpace(r)
}
