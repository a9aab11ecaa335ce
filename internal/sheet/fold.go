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
	var scratch [256]byte
	decomposed := norm.NFKD.AppendString(scratch[:0], s)
	for len(decomposed) > 0 {
		if c := decomposed[0]; c < 0x80 {
			if 'A' <= c && c <= 'Z' {
				c |= 0x20
			}
			dst = append(dst, c)
			decomposed = decomposed[1:]
			continue
		}
		r, size := utf8.DecodeRune(decomposed)
		decomposed = decomposed[size:]
		dst = appendFolded(dst, r)
	}
	return dst
}

func appendFolded(dst []byte, r rune) []byte {
	switch r {
	case 'ة':
		return append(dst, "ه"...)
	case 'ى', 'ی', 'ے':
		return append(dst, "ي"...)
	case 'ٱ':
		return append(dst, "ا"...)
	case 'ک', 'گ', 'ڭ':
		return append(dst, "ك"...)
	case 'ڤ', 'ڥ':
		return append(dst, "ف"...)
	case 'پ':
		return append(dst, "ب"...)
	case 'ء', 'ـ':
		return dst
	case 'œ', 'Œ':
		return append(dst, "oe"...)
	case 'æ', 'Æ':
		return append(dst, "ae"...)
	case 'ß', 'ẞ':
		return append(dst, "ss"...)
	case 'ø', 'Ø':
		return append(dst, 'o')
	case 'ł', 'Ł':
		return append(dst, 'l')
	case 'đ', 'Đ', 'ð', 'Ð':
		return append(dst, 'd')
	case 'ı':
		return append(dst, 'i')
	case '’', '‘', 'ʼ', 'ʿ', 'ʾ', '´', 'ʹ':
		return append(dst, '\'')
	}
	switch {
	case unicode.Is(unicode.Mn, r), r != '\ufffd' && r > 0x7f && !unicode.IsSpace(r) && invisible(r):
		return dst
	case r >= '٠' && r <= '٩':
		return append(dst, byte('0'+r-'٠'))
	case r >= '۰' && r <= '۹':
		return append(dst, byte('0'+r-'۰'))
	case unicode.IsSpace(r):
		return append(dst, ' ')
	}
	return append(dst, string(unicode.ToLower(r))...)
}

// words are the runs of letters of a folded text; what stands between them, digits too, is dropped.
func words(folded string) []string {
	return strings.FieldsFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) })
}
