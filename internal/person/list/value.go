package list

import (
	"strconv"
	"strings"

	"tizi/internal/sheet"
)

func itoa(n int) string { return strconv.Itoa(n) }

// nothings are what people write in a cell that has nothing to say, folded.
var nothings = foldedSet("- -- --- . .. ... / // _ ? ?? * neant rien aucun aucune sans vide n/a nd n.d. nc null none nil #n/a! " +
	"لا لاشيء بدون ــ —")

var nothingPhrases = map[string]bool{
	sheet.Fold("لا يوجد"): true, sheet.Fold("لا شيء"): true, sheet.Fold("غير متوفر"): true, sheet.Fold("غير متوفرة"): true,
	sheet.Fold("غير موجود"): true, sheet.Fold("غير معروف"): true, "non renseigne": true, "non disponible": true, "pas de": true,
	"not available": true, "inconnu": true, "unknown": true,
}

// isNothing says whether a cell holds nothing, or a sign for it.
func isNothing(s string) bool {
	if s == "" {
		return true
	}
	if c := s[0]; len(s) > 32 || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' && !strings.ContainsRune("ainprsuv", rune(c|0x20)) {
		return false
	}
	f := sheet.Fold(s)
	return nothings[f] || nothingPhrases[f] || strings.Trim(f, "-_./* —–") == ""
}

// cellErrors are what spreadsheets show where a formula failed.
var cellErrors = map[string]bool{
	"#N/A": true, "#REF!": true, "#VALUE!": true, "#NAME?": true, "#DIV/0!": true, "#NUM!": true, "#NULL!": true,
	"#VALEUR!": true, "#NOM?": true, "#NOMBRE!": true, "#SPILL!": true, "#CALC!": true,
}

func isCellError(s string) bool {
	return s != "" && s[0] == '#' && (cellErrors[s] || strings.Trim(s, "#") == "" && len(s) > 3)
}

// squeeze takes out of a code what people put between its characters, folding digits and case.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '-', '.', '_', '/', '\'', '*', '°', '\u2010', '\u2011', '\u2012', '\u2013', '\u2014':
			return -1
		}
		return r
	}, sheet.Fold(s))
}

// ParseMassar reads a Massar code, one letter and nine digits, in any case and with blanks in it: "r 130 456 789" is
// "R130456789". The error is a Fault.
func ParseMassar(text string) (string, error) {
	if len(text) == 10 && text[0] >= 'A' && text[0] <= 'Z' {
		if _, ok := digits(text[1:]); ok {
			return text, nil
		}
	}
	s := squeeze(text)
	if len(s) != 10 || s[0] < 'a' || s[0] > 'z' {
		return "", MassarShape
	}
	if _, ok := digits(s[1:]); !ok {
		return "", MassarShape
	}
	return strings.ToUpper(s), nil
}

// ParseCIN reads the number of a national identity card: one or two letters and three to seven digits. The error is a
// Fault.
func ParseCIN(text string) (string, error) {
	s := squeeze(text)
	letters := 0
	for letters < len(s) && s[letters] >= 'a' && s[letters] <= 'z' {
		letters++
	}
	if letters < 1 || letters > 2 || len(s)-letters < 3 || len(s)-letters > 7 {
		return "", CINShape
	}
	if _, ok := digits(s[letters:]); !ok {
		return "", CINShape
	}
	return strings.ToUpper(s), nil
}

// ParsePhone reads a telephone number and returns it as "+212612345678". It takes Moroccan numbers with or without their
// zero (which spreadsheets eat), with +212 or 00212, any blanks and signs between the digits; numbers of other countries
// with + or 00; and the first of several. The error is a Fault.
func ParsePhone(text string) (string, error) {
	if len(text) == 10 && text[0] == '0' && text[1] >= '5' && text[1] <= '8' {
		if _, ok := digits(text); ok {
			return "+212" + text[1:], nil
		}
	}
	folded := sheet.Fold(text)
	if shortened(folded) {
		return "", PhoneShortened
	}
	if number, ok := phone(folded); ok {
		return number, nil
	}
	for _, part := range strings.FieldsFunc(folded, func(r rune) bool { return strings.ContainsRune("/;,|\n&", r) }) {
		if number, ok := phone(part); ok {
			return number, nil
		}
	}
	for _, word := range []string{" ou ", " et ", " او ", " و ", " - ", " or "} {
		if first, _, several := strings.Cut(folded, word); several {
			if number, ok := phone(first); ok {
				return number, nil
			}
		}
	}
	return "", PhoneShape
}

// shortened recognises 2.12612E+11, which has lost its last digits.
func shortened(s string) bool {
	i := strings.Index(s, "e+")
	return i > 0 && strings.IndexFunc(s[:i]+s[i+2:], func(r rune) bool { return (r < '0' || r > '9') && r != '.' && r != ',' }) < 0
}

func phone(s string) (string, bool) {
	var number []byte
	plus := false
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9':
			number = append(number, byte(r))
		case r == '+':
			if len(number) > 0 && i < len(s)-1 {
				return "", false
			}
			plus = true
		case strings.ContainsRune(" .-_()/'\u2010\u2011\u2012\u2013\u2014", r):
		case r >= 'a' && r <= 'z' && len(number) == 0, r == ':', r == '°': // "Tél : 06…"
		default:
			return "", false
		}
	}
	n := string(number)
	if !plus && strings.HasPrefix(n, "00") {
		n, plus = n[2:], true
	}
	n, national := strings.CutPrefix(n, "212")
	if national || !plus {
		local := strings.TrimPrefix(n, "0")
		if len(local) == 9 && local[0] >= '5' && local[0] <= '8' {
			return "+212" + local, true
		}
		return "", false
	}
	if len(n) < 8 || len(n) > 15 || n[0] == '0' {
		return "", false
	}
	return "+" + n, true
}

// sexes are the words for the two, folded. G is a garçon: the lists of Moroccan schools that use it pair it with F. B alone
// is refused, so that a list of B and G is seen at its first boy and not read the wrong way round.
var sexes = map[string]string{}

func init() {
	for sex, list := range map[string]string{
		"f": "f fem femme femmes feminin feminine fille filles mme mlle madame mademoiselle mrs ms miss female girl girls woman women w " +
			"أنثى انثى إناث مؤنث مؤنثة بنت بنات امرأة إمرأة نساء فتاة طفلة سيدة السيدة آنسة الآنسة أ ث تلميذة طالبة نسوي " +
			"ⵜⴰⵡⵜⵎⵜ ⵜⴰⵎⵖⴰⵔⵜ ⵜⴰⴼⵔⵓⵅⵜ tawtmt tamghart tafruxt ⵜⴰⵔⴱⴰⵜ tarbat",
		"m": "m h g masc masculin masculine garcon garcons homme hommes mr monsieur mâle male boy boys man men " +
			"ذكر ذكور مذكر ولد أولاد رجل رجال فتى طفل سيد السيد ذ تلميذ طالب " +
			"ⴰⵡⵜⵎ ⴰⵔⴳⴰⵣ ⴰⴼⵔⵓⵅ awtm argaz afrux ⴰⵔⴱⴰ arba",
	} {
		for _, w := range strings.Fields(list) {
			sexes[sheet.Fold(w)] = sex
		}
	}
}

// ParseSex reads a word or letter of French, Arabic, Tamazight or English: "f" or "m". The error is a Fault.
func ParseSex(text string) (string, error) {
	s := strings.Trim(sheet.Fold(text), " .,;:/-_*()'\"")
	if sex := sexes[s]; sex != "" {
		return sex, nil
	}
	return "", SexUnknown
}
