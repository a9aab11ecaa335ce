package list

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"

	"tizi/internal/sheet"
)

// Name is a person's name in one script. Full is set where any part is; First and Last where the list tells them apart.
type Name struct {
	First string `json:"first,omitempty"`
	Last  string `json:"last,omitempty"`
	Full  string `json:"full,omitempty"`
}

// maxName is how many characters a name may have.
const maxName = 100

// NormaliseName makes the spellings of one name equal, for search and for keys: case, accents, hamza forms, taa marbuta,
// alef maqsura, tatweel, harakat, apostrophes ("M'hamed" is "mhamed"), hyphens and blanks. It does not make two
// transliterations equal.
func NormaliseName(s string) string {
	var scratch [128]byte
	return string(appendNormal(make([]byte, 0, len(s)), sheet.AppendFold(scratch[:0], s)))
}

func appendNormal(dst, folded []byte) []byte {
	start, blank := len(dst), false
	for len(folded) > 0 {
		r, size := utf8.DecodeRune(folded)
		switch {
		case r == '\'' || r == '`' || r == 'ʻ' || r == '′':
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if blank && len(dst) > start {
				dst = append(dst, ' ')
			}
			blank = false
			dst = append(dst, folded[:size]...)
		default:
			blank = true
		}
		folded = folded[size:]
	}
	return dst
}

// cleanName is a name as it is kept and shown: one blank between words, no marks nobody sees, no tatweel, no quotes round
// it, letters composed.
func cleanName(s string) string {
	if tidy(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if r >= 0xfb50 && r <= 0xfdff || r >= 0xfe70 && r <= 0xfefc { // letters in the shape they have in a word, from old PDFs
			b.WriteString(norm.NFKC.String(string(r)))
			continue
		}
		switch {
		case r == 'ـ', unicode.Is(unicode.Cf, r):
		case unicode.IsSpace(r), unicode.IsControl(r):
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	text := norm.NFC.String(strings.Join(strings.Fields(b.String()), " "))
	return strings.Trim(text, " \"“”«»*_:;,/|-–—")
}

// tidy says whether s is letters with single blanks, as most names are: plain, small French accents, Arabic.
func tidy(s string) bool {
	blank := true
	for _, r := range s {
		switch {
		case r == ' ':
			if blank {
				return false
			}
			blank = true
			continue
		case r < 0x80:
			if r|0x20 < 'a' || r|0x20 > 'z' {
				return false
			}
		case r >= 'à' && r <= 'ÿ' && r != '÷':
		case r >= 'ء' && r <= 'ي' && (r <= 'غ' || r >= 'ف'):
		default:
			return false
		}
		blank = false
	}
	return !blank
}

// SplitScripts parts a text into what is in Arabic letters, what is in Latin letters, and what is in others (Tifinagh among
// them). Marks between two scripts go with neither.
func SplitScripts(s string) (arabic, latin, other string) {
	var out [3][]string
	from, current := 0, -1
	flush := func(to int) {
		if part := strings.Trim(s[from:to], " \t\n-–—_/|,;:()[]\"«»"); current >= 0 && part != "" {
			out[current] = append(out[current], part)
		}
	}
	for i, r := range s {
		script := scriptOf(r)
		if script < 0 || script == current {
			continue
		}
		if current >= 0 {
			flush(i)
			from = i
		}
		current = script
	}
	flush(len(s))
	return strings.Join(out[0], " "), strings.Join(out[1], " "), strings.Join(out[2], " ")
}

// scriptOf is 0 for Arabic, 1 for Latin, 2 for another, -1 for what belongs to none.
func scriptOf(r rune) int {
	switch {
	case r < 0x80:
		if r|0x20 >= 'a' && r|0x20 <= 'z' {
			return 1
		}
		return -1
	case r >= 'ء' && r <= 'ي' && r != 'ـ':
		return 0
	case !unicode.IsLetter(r):
		return -1
	case unicode.Is(unicode.Arabic, r):
		return 0
	case unicode.Is(unicode.Latin, r):
		return 1
	}
	return 2
}

// isGarbled says whether the letters of a name were lost on the way: replaced by question marks, or UTF-8 that something
// took for a Windows encoding ("BenaÃ¯ssa", "Ù…Ø­Ù…Ø¯").
func isGarbled(s string) bool {
	odd := false
	for _, r := range s {
		switch {
		case r == utf8.RuneError:
			return true
		case r >= 0x80 && !unicode.IsLetter(r) && !unicode.IsMark(r), r == 'Ã', r == 'Ø', r == 'Ù', r == 'Å', r == 'Ä':
			odd = true
		}
	}
	if strings.Contains(s, "??") || strings.Trim(s, "? ") == "" && s != "" {
		return true
	}
	if !odd {
		return false
	}
	for _, m := range []*charmap.Charmap{charmap.Windows1252, charmap.Windows1256} {
		if twice(s, m) {
			return true
		}
	}
	return false
}

// twice says whether s, written in m, is UTF-8: it was decoded by the wrong table. Genuine text never is, for one accent
// alone breaks the form of UTF-8.
func twice(s string, m *charmap.Charmap) bool {
	raw := make([]byte, 0, len(s))
	for _, r := range s {
		b, ok := m.EncodeRune(r)
		if !ok {
			if r > 0xff {
				return false
			}
			b = byte(r) // the few places the table leaves empty are kept as they are by some programs
		}
		raw = append(raw, b)
	}
	return utf8.Valid(raw)
}

// splitUpper tells last name from first where a Latin name is written "EL ALAOUI Mohamed" or "Mohamed EL ALAOUI".
func splitUpper(full string) (first, last string) {
	words := strings.Fields(full)
	upper := func(w string) bool {
		return utf8.RuneCountInString(w) > 1 && w == strings.ToUpper(w) && w != strings.ToLower(w)
	}
	n := 0
	for n < len(words) && upper(words[n]) {
		n++
	}
	from, to := 0, n // the capitals
	if n == 0 {
		from, to = len(words), len(words)
		for from > 0 && upper(words[from-1]) {
			from--
		}
	}
	rest := append(append([]string{}, words[:from]...), words[to:]...)
	if from == to || len(rest) == 0 {
		return "", ""
	}
	for _, w := range rest {
		if upper(w) {
			return "", ""
		}
	}
	return strings.Join(rest, " "), strings.Join(words[from:to], " ")
}
