package sheet

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold makes two spellings of one word equal: case, accents, harakat, tatweel, hamza forms, taa marbuta, alef maqsura,
// presentation forms and the digits of other scripts no longer tell them apart. Blanks and punctuation stay, but for
// marks nobody sees. It is for comparing, never for showing.
func Fold(s string) string {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		c := s[i]
		plain = c < 0x80 && (c < 'A' || c > 'Z')
	}
	if plain {
		return s
	}
	return string(AppendFold(make([]byte, 0, len(s)+8), s))
}

// AppendFold appends the folded form of s to dst, for callers that fold by the hundred thousand.
func AppendFold(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if 'A' <= c && c <= 'Z' {
				c |= 0x20
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r >= 'ا' && r <= 'و' && r != 'ة' && r != 'ـ' { // most of Arabic stands for itself
			dst = append(dst, s[i:i+size]...)
			i += size
			continue
		}
		// What a character is made of does not depend on those around it; only the order of its marks does, and they go.
		if parts := norm.NFKD.PropertiesString(s[i:]).Decomposition(); parts != nil && r != utf8.RuneError {
			for len(parts) > 0 {
				r, n := utf8.DecodeRune(parts)
				dst = appendFolded(dst, r)
				parts = parts[n:]
			}
		} else {
			dst = appendFolded(dst, r)
		}
		i += size
	}
	return dst
}

func appendFolded(dst []byte, r rune) []byte {
	if r < utf8.RuneSelf {
		return append(dst, byte(unicode.ToLower(r)))
	}
	if to, special := foldings[r]; special {
		return append(dst, to...)
	}
	switch {
	case unicode.Is(unicode.Mn, r), r != utf8.RuneError && !unicode.IsSpace(r) && invisible(r):
		return dst
	case r >= '٠' && r <= '٩':
		return append(dst, byte('0'+r-'٠'))
	case r >= '۰' && r <= '۹':
		return append(dst, byte('0'+r-'۰'))
	case unicode.IsSpace(r):
		return append(dst, ' ')
	}
	return utf8.AppendRune(dst, unicode.ToLower(r))
}

// foldings are the letters that are taken for others, beyond what Unicode takes apart.
var foldings = map[rune]string{
	'ة': "ه", 'ى': "ي", 'ی': "ي", 'ے': "ي", 'ٱ': "ا", 'ک': "ك", 'گ': "ك", 'ڭ': "ك", 'ڤ': "ف", 'ڥ': "ف", 'پ': "ب", 'ء': "", 'ـ': "",
	'œ': "oe", 'Œ': "oe", 'æ': "ae", 'Æ': "ae", 'ß': "ss", 'ẞ': "ss", 'ø': "o", 'Ø': "o", 'ł': "l", 'Ł': "l",
	'đ': "d", 'Đ': "d", 'ð': "d", 'Ð': "d", 'ı': "i",
	'’': "'", '‘': "'", 'ʼ': "'", 'ʿ': "'", 'ʾ': "'", '´': "'", 'ʹ': "'",
}

// words are the runs of letters of a folded text; what stands between them, digits too, is dropped.
func words(folded string) []string {
	return strings.FieldsFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) })
}
