package same

import (
	"slices"
	"strings"

	"tizi/internal/sheet"
)

// A sound is what a word of a name sounds like, whatever the letters it is written with: consonants of one class are one
// byte (k for ك ق ڭ q c gu, c for ش ch sh, x for خ kh, g for غ gh), vowels are a e i o u. '*' is what Latin writes as any
// vowel or not at all (ع, a first ا), 'y' a last ي or ى. Arabic leaves short vowels out, so sounds from Arabic are compared
// more gently in their vowels.
type sound struct {
	s    string
	bare bool // short vowels are not written: Arabic script
	art  bool // an article was taken from the front
	sex  byte // of whoever bears the given name, 0 where it is not known
}

var arabicSounds = map[rune]byte{
	'ب': 'b', 'ت': 't', 'ط': 't', 'ث': 't', 'د': 'd', 'ض': 'd', 'ذ': 'd', 'ظ': 'd', 'ج': 'j', 'ح': 'h', 'ه': 'h', 'خ': 'x', 'ر': 'r',
	'ز': 'z', 'س': 's', 'ص': 's', 'ش': 'c', 'ع': '*', 'غ': 'g', 'ف': 'f', 'ق': 'k', 'ك': 'k', 'ݣ': 'k', 'ل': 'l', 'م': 'm', 'ن': 'n',
	'و': 'u', 'ي': 'i', 'ا': 'a', 'چ': 'c', 'ژ': 'j',
}

var tifinaghSounds = map[rune]byte{
	'ⴰ': 'a', 'ⴱ': 'b', 'ⴳ': 'k', 'ⴷ': 'd', 'ⴹ': 'd', 'ⴻ': 'e', 'ⴼ': 'f', 'ⴽ': 'k', 'ⵀ': 'h', 'ⵃ': 'h', 'ⵄ': '*', 'ⵅ': 'x', 'ⵇ': 'k',
	'ⵉ': 'i', 'ⵊ': 'j', 'ⵍ': 'l', 'ⵎ': 'm', 'ⵏ': 'n', 'ⵓ': 'u', 'ⵔ': 'r', 'ⵕ': 'r', 'ⵖ': 'g', 'ⵙ': 's', 'ⵚ': 's', 'ⵛ': 'c', 'ⵜ': 't',
	'ⵟ': 't', 'ⵡ': 'u', 'ⵢ': 'i', 'ⵣ': 'z', 'ⵥ': 'z', 'ⴲ': 'b', 'ⵞ': 'c', 'ⴵ': 'j',
}

// latinSounds are letters and pairs of letters, as Moroccans spell Arabic and Tamazight in French.
var latinSounds = []struct{ from, to string }{
	{"tch", "c"}, {"sch", "c"}, {"ch", "c"}, {"sh", "c"}, {"kh", "x"}, {"gh", "g"}, {"th", "t"}, {"dh", "d"}, {"ph", "f"}, {"dj", "j"}, {"ou", "u"}, {"oo", "u"},
	{"ee", "i"}, {"ck", "k"}, {"cq", "k"}, {"qu", "k"}, {"gue", "ke"}, {"gui", "ki"}, {"ge", "je"}, {"gi", "ji"}, {"ce", "se"}, {"ci", "si"},
	{"a", "a"}, {"b", "b"}, {"c", "k"}, {"d", "d"}, {"e", "e"}, {"f", "f"}, {"g", "k"}, {"h", "h"}, {"i", "i"}, {"j", "j"}, {"k", "k"}, {"l", "l"},
	{"m", "m"}, {"n", "n"}, {"o", "o"}, {"p", "b"}, {"q", "k"}, {"r", "r"}, {"s", "s"}, {"t", "t"}, {"u", "u"}, {"v", "f"}, {"w", "u"}, {"x", "ks"},
	{"y", "i"}, {"z", "z"}, {"2", "*"}, {"3", "*"}, {"5", "x"}, {"7", "h"}, {"9", "k"},
}

// latinBy finds the rules of a letter, longest first.
var latinBy = func() (by [256][]struct{ from, to string }) {
	for _, r := range latinSounds {
		by[r.from[0]] = append(by[r.from[0]], r)
	}
	return
}()

// soundOf is the sound of one folded word.
func soundOf(word string) sound {
	var b []byte
	put := func(c byte) {
		if n := len(b); n == 0 || b[n-1] != c {
			b = append(b, c)
		}
	}
	bare := false
	for i := 0; i < len(word); {
		c := word[i]
		if c < 0x80 {
			if i == 0 && strings.HasPrefix(word, "rh") { // Rhali is Ghali
				put('g')
				i = 2
				continue
			}
			step := 1
			for _, r := range latinBy[c] {
				if strings.HasPrefix(word[i:], r.from) {
					for j := range len(r.to) {
						put(r.to[j])
					}
					step = len(r.from)
					break
				}
			}
			i += step
			continue
		}
		r := []rune(word[i:])[0]
		n := len(string(r))
		if s, ok := arabicSounds[r]; ok {
			bare = true
			last := i+n == len(word)
			switch {
			case r == 'ا' && i == 0:
				s = '*'
			case r == 'ي' && last && i > 0:
				s = 'y'
			case r == 'ه' && last && i > 0: // folded from ة nearly always
				s = 'a'
			}
			put(s)
		} else if s, ok := tifinaghSounds[r]; ok {
			put(s)
		}
		i += n
	}
	return sound{s: string(b), bare: bare}
}

// skeleton is what the sound has left when everything goes that people leave out or confuse: vowels, h and ع, and whether a
// k is ك ق خ or غ.
func (s sound) skeleton() string {
	var b []byte
	for i := range len(s.s) {
		switch c := s.s[i]; c {
		case 'a', 'e', 'i', 'o', 'u', 'y', '*', 'h':
		case 'x', 'g':
			b = append(b, 'k')
		default:
			b = append(b, c)
		}
	}
	if len(b) == 0 {
		return "0" // Aya, Houa
	}
	return string(b)
}

// joins are words that belong to the one after them.
var joins = map[string]bool{
	"ben": true, "bin": true, "ibn": true, "bent": true, "bint": true, "bou": true, "abou": true, "abu": true, "ait": true, "ayt": true, "ould": true, "oulad": true, "oum": true, "nour": false,
	"بن": true, "ابن": true, "بنت": true, "بو": true, "ابو": true, "ايت": true, "ولد": true, "اولاد": true, "ام": true, "ⴰⵢⵜ": true, "ⴱⵏ": true,
}

// abds are the beginnings of servants' names: Abd El Kader, Abdelkader, عبد القادر.
var abds = map[string]bool{"abd": true, "abdel": true, "abdal": true, "abdul": true, "abdoul": true, "abdl": true, "abde": true, "عبد": true, "عبدال": true, "ⵄⴱⴷ": true}

// articles standing alone.
var articles = map[string]bool{"el": true, "al": true, "l": true, "es": true, "ez": true, "er": true, "et": true, "en": true, "ed": true, "ech": true, "ach": true, "as": true, "az": true, "ar": true, "at": true, "an": true, "ad": true, "ess": true, "ال": true, "ⵍ": true}

// honours are written or left out at will, where more of a name is left without them.
var honours = map[string]bool{"moulay": true, "my": true, "sidi": true, "lalla": true, "hadj": true, "haj": true, "مولاي": true, "سيدي": true, "للا": true, "لالة": true, "لاله": true}

// short are abbreviations of the registry office.
var short = map[string]string{"med": "mohamed", "md": "mohamed", "mhd": "mohamed", "moh": "mohamed", "fz": "fatima zahra", "fatimaz": "fatima zahra", "abdlah": "abdellah"}

// stripArticle takes El, Al and ال from the front of a word, also where the l has become the letter after it (Ezzahra).
func stripArticle(w string) string {
	if rest, ok := strings.CutPrefix(w, "ال"); ok && len(rest) >= 4 {
		return rest
	}
	if len(w) >= 6 && w[0] == 'e' && w[1] == 'l' && w[2] != 'l' && w[2] != 'e' && w[2] != 'i' { // Elalaoui, not Ella or Elias
		return w[2:]
	}
	if len(w) >= 7 && w[0] == 'a' && w[1] == 'l' && strings.IndexByte("bcdfghjkmnqrstvwz", w[2]) >= 0 { // Albennani, not Alaoui
		return w[2:]
	}
	if len(w) >= 6 && (w[0] == 'e' || w[0] == 'a') && w[1] == w[2] && strings.IndexByte("dnrstz", w[1]) >= 0 { // Ezzahra, Errachidi
		return w[2:]
	}
	if len(w) >= 8 && strings.HasPrefix(w, "eli") { // Elidrissi, not Elias
		return w[2:]
	}
	if len(w) >= 6 && w[0] == 'l' && strings.IndexByte("bcdfghjkmnqrstvwz", w[1]) >= 0 { // Lhoussaine, Lmansouri
		return w[1:]
	}
	if rest, ok := strings.CutPrefix(w, "echch"); ok {
		return "ch" + rest
	}
	return w
}

// splitAbd finds the name behind Abdel in a word that joins both.
func splitAbd(w string) (rest string, ok bool) {
	if rest, ok := strings.CutPrefix(w, "عبدال"); ok && len(rest) >= 4 {
		return rest, true
	}
	if !strings.HasPrefix(w, "abd") || len(w) < 7 {
		return "", false
	}
	rest = w[3:]
	for _, v := range []string{"oul", "el", "al", "ul", "il", "l"} {
		if r, ok := strings.CutPrefix(rest, v); ok && len(r) >= 2 {
			if v != "l" && r[0] == 'l' { // Abdellatif: one l is the article's
				return r, true
			}
			if strings.HasPrefix(r, "ah") { // Abdelah
				r = "l" + r
			}
			return r, true
		}
	}
	if len(rest) > 3 && (rest[0] == 'e' || rest[0] == 'a' || rest[0] == 'o') && rest[1] == rest[2] { // Abderrahmane
		return rest[2:], true
	}
	if strings.HasPrefix(rest, "essa") || strings.HasPrefix(rest, "erra") {
		return rest[2:], true
	}
	if len(rest) > 4 && strings.HasPrefix(rest, "e") && strings.IndexByte("rsnzdt", rest[1]) >= 0 { // Abderahmane
		return rest[1:], true
	}
	return "", false
}

// foldWords are the words of a name, folded: case, accents, hamza and marks gone, apostrophes joined, hyphens parted.
func foldWords(name string) []string {
	var scratch [96]byte
	folded := string(sheet.AppendFold(scratch[:0], name))
	folded = strings.Map(func(r rune) rune {
		switch {
		case r == '\'' || r == '`':
			return -1
		case r < 0x80 && !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9'):
			return ' '
		case r >= 0x2000 && r <= 0x206f || r == '،' || r == '«' || r == '»':
			return ' '
		}
		return r
	}, folded)
	var out []string
	for w := range strings.FieldsSeq(folded) {
		if long, ok := short[w]; ok {
			out = append(out, strings.Fields(long)...)
			continue
		}
		if rest, ok := strings.CutPrefix(w, "nourel"); ok && len(rest) > 3 { // Nourelhouda is Nour El Houda
			out = append(out, "nour", rest)
			continue
		}
		out = append(out, w)
	}
	return out
}

// unitsOf parts a name into units: a word without its article, or what belongs together though a space may part it.
func unitsOf(name string) []sound {
	words := foldWords(name)
	if len(words) > 1 {
		plain := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return honours[w] })
		if len(plain) > 0 {
			words = plain
		}
	}
	var out []sound
	for i := 0; i < len(words); i++ {
		w := words[i]
		rest := func() string { // the next word without articles, taken
			for i+1 < len(words) {
				i++
				if !articles[words[i]] || i+1 == len(words) {
					return stripArticle(words[i])
				}
			}
			return ""
		}
		switch {
		case abds[w] && i+1 < len(words):
			r := soundOf(lah(rest()))
			out = append(out, sound{s: "abd" + r.s, bare: r.bare})
		case joins[w] && i+1 < len(words):
			head := soundOf(w)
			r := soundOf(rest())
			s := head.s + r.s
			if len(head.s) > 0 && len(r.s) > 0 && head.s[len(head.s)-1] == r.s[0] {
				s = head.s + r.s[1:]
			}
			out = append(out, sound{s: s, bare: r.bare || head.bare})
		case articles[w] && i+1 < len(words):
		default:
			if r, ok := splitAbd(w); ok {
				s := soundOf(lah(r))
				out = append(out, sound{s: "abd" + s.s, bare: s.bare})
				continue
			}
			if r, ok := strings.CutPrefix(w, "benel"); ok && len(r) > 3 { // Benelfakir is Ben El Fakir
				w = "ben" + r
			}
			if r, ok := strings.CutPrefix(w, "بنال"); ok && len(r) > 4 {
				w = "بن" + r
			}
			plain := stripArticle(w)
			if s := soundOf(plain); s.s != "" {
				s.art = plain != w || i > 0 && articles[words[i-1]]
				out = append(out, s)
			}
		}
	}
	return out
}

// lah makes the name of God one: الله without its article is له, Abdellah leaves lah.
func lah(s string) string {
	switch s {
	case "له", "لله", "الله", "allah", "ellah", "llah", "ah", "ullah":
		return "lah"
	}
	return s
}

// Sounds are the skeletons of the units of a name or of a search, by whose beginnings a person is found in any spelling.
func Sounds(name string) []string {
	var out []string
	for _, u := range unitsOf(name) {
		out = append(out, u.skeleton())
	}
	return out
}
