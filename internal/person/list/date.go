package list

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"tizi/internal/sheet"
)

// ParseDate reads a date as people in Morocco write it, the day first, and returns "2014-12-31"; or "2014" where the text
// tells no more than the year (also for 00/00/2014 and 12/2014: a day is not invented). It takes numbers with any
// separator, in Western, Arabic or Persian digits; the year first with four digits; names of months in French, Arabic,
// Tamazight and English; a time of day after it, which it drops; the place of birth after it; eight digits in a row; and
// the bare number of days by which spreadsheets keep dates. A year of two digits is refused: 14/12/10 could be two dates.
// The error is a Fault.
func ParseDate(text string) (iso string, err error) {
	if iso, ok := plainDate(text); ok {
		return iso, nil
	}
	parts, ok := dateParts(text)
	if !ok {
		return "", DateUnreadable
	}
	return parts.date()
}

// plainDate is the short way for nearly every date there is: 31/12/2014 and 2014-12-31 in ASCII.
func plainDate(s string) (iso string, ok bool) {
	if len(s) != 10 {
		return "", false
	}
	year, month, day := s[6:], s[3:5], s[:2]
	switch {
	case (s[2] == '/' || s[2] == '-') && s[5] == s[2]:
	case (s[4] == '/' || s[4] == '-') && s[7] == s[4]:
		year, month, day = s[:4], s[5:7], s[8:]
	default:
		return "", false
	}
	y, ok1 := digits(year)
	m, ok2 := digits(month)
	d, ok3 := digits(day)
	if !ok1 || !ok2 || !ok3 || y < 1850 || y > 2200 || m < 1 || m > 12 || d < 1 || d > daysIn(y, m) {
		return "", false
	}
	return year + "-" + month + "-" + day, true
}

func digits(s string) (n int, ok bool) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// datePart is a number, with how many digits it was written, or a month by its name (digits 0).
type datePart struct{ value, digits int }

type parts []datePart

// dateParts takes a text apart into at most three numbers and names of months.
func dateParts(text string) (parts, bool) {
	rest := strings.TrimSpace(cutTime(sheet.Fold(text)))
	var out parts
	for rest != "" {
		r, size := utf8.DecodeRuneInString(rest)
		switch {
		case r >= '0' && r <= '9':
			n := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
			if n < 0 {
				n = len(rest)
			}
			if len(out) == 3 || n > 8 {
				return nil, false
			}
			value, _ := strconv.Atoi(rest[:n])
			out = append(out, datePart{value, n})
			rest = rest[n:]
		case unicode.IsLetter(r):
			n := strings.IndexFunc(rest, func(r rune) bool { return !unicode.IsLetter(r) })
			if n < 0 {
				n = len(rest)
			}
			word := rest[:n]
			rest = rest[n:]
			if len(out) == 3 { // "31/12/2014 à Rabat": a place may follow, a number may not
				continue
			}
			if m := months[word]; m > 0 {
				out = append(out, datePart{value: m})
			} else if !dateWords[word] {
				return nil, false
			}
		case strings.ContainsRune(" /-.,_\\|()\u2010\u2011\u2012\u2013\u2014\u2212\u060c\u060d\u066b\u066c'", r):
			rest = rest[size:]
		default:
			return nil, false
		}
	}
	return out, len(out) > 0
}

// cutTime takes away a time of day at the end: "31/12/2014 00:00", "2014-12-31t00:00:00z".
func cutTime(s string) string {
	i := strings.IndexByte(s, ':')
	if i < 0 {
		return s
	}
	if strings.IndexFunc(s[:i], unicode.IsDigit) < 0 { // "Née le : 31/12/2014"
		return cutTime(s[i+1:])
	}
	for i > 0 && s[i-1] >= '0' && s[i-1] <= '9' {
		i--
	}
	return strings.TrimSuffix(s[:i], "t")
}

func (p parts) date() (string, error) {
	switch len(p) {
	case 1:
		return p[0].alone()
	case 2:
		return p.pair()
	}
	year, month, day := p[2], p[1], p[0]
	switch {
	case p[0].digits == 4: // 2014-12-31
		year, day = p[0], p[2]
	case p[0].digits == 0: // December 31, 2014
		month, day = p[0], p[1]
	}
	if year.digits == 0 || day.digits == 0 || day.digits > 2 || month.digits > 2 {
		return "", DateUnreadable
	}
	if year.digits == 2 || year.digits == 1 {
		return "", DateShortYear
	}
	if year.digits != 4 {
		return "", DateUnreadable
	}
	return civil(year.value, month.value, day.value)
}

// pair is a month and a year, of which the year is kept.
func (p parts) pair() (string, error) {
	year, month := p[1], p[0]
	if p[0].digits == 4 {
		year, month = p[0], p[1]
	}
	if year.digits != 4 || month.digits > 2 || month.value < 1 || month.value > 12 {
		return "", DateUnreadable
	}
	return yearOnly(year.value)
}

// alone is a single number: a year, eight digits, or the days of a spreadsheet.
func (p datePart) alone() (string, error) {
	switch p.digits {
	case 4:
		return yearOnly(p.value)
	case 5:
		if iso, ok := sheet.SerialDate(float64(p.value), false); ok {
			return iso, nil
		}
	case 8:
		// 31122014 or 20141231: read the day first, the latter ends in no year (1231), and the former begins with none.
		iso, err := civil(p.value%10000, p.value/10000%100, p.value/1000000)
		if err == DateUnreadable {
			return civil(p.value/10000, p.value/100%100, p.value%100)
		}
		return iso, err
	}
	return "", DateUnreadable
}

func yearOnly(year int) (string, error) {
	if fault := checkYear(year); fault != "" {
		return "", fault
	}
	return strconv.Itoa(year), nil
}

func checkYear(year int) Fault {
	switch {
	case year >= 1300 && year < 1500:
		return DateHijri
	case year < 1850 || year > 2200:
		return DateUnreadable
	}
	return ""
}

func civil(year, month, day int) (string, error) {
	if fault := checkYear(year); fault != "" {
		return "", fault
	}
	switch {
	case day == 0 && month <= 12: // 00/00/2014, as registers write an unknown day
		return strconv.Itoa(year), nil
	case month > 12 && month <= 31 && day >= 1 && day <= 12:
		return "", DateMonthFirst
	case month < 1 || month > 12 || day < 1 || day > daysIn(year, month):
		return "", DateImpossible
	}
	b := make([]byte, 0, 10)
	b = strconv.AppendInt(b, int64(year), 10)
	b = append(b, '-', byte('0'+month/10), byte('0'+month%10), '-', byte('0'+day/10), byte('0'+day%10))
	return string(b), nil
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// months are the names of months, folded: French, English, Arabic of Morocco and of its neighbours, Tamazight.
var months = numbered(
	"janvier janv jan january يناير جانفي ⵉⵏⵏⴰⵢⵔ",
	"fevrier fevr fev feb february فبراير فيفري شباط ⴱⵕⴰⵢⵕ",
	"mars mar march مارس اذار ⵎⴰⵕⵚ",
	"avril avr apr april أبريل ابريل أفريل نيسان ⵉⴱⵔⵉⵔ",
	"mai may ماي مايو أيار ⵎⴰⵢⵢⵓ",
	"juin jun june يونيو يونيه جوان حزيران ⵢⵓⵏⵢⵓ",
	"juillet juil jul july يوليوز يوليو يوليه جويلية تموز ⵢⵓⵍⵢⵓⵣ",
	"aout aou aug august غشت أغسطس أوت آب ⵖⵓⵛⵜ",
	"septembre sept sep september شتنبر سبتمبر أيلول ⵛⵓⵜⴰⵏⴱⵉⵔ",
	"octobre oct october أكتوبر اكتوبر ⴽⵜⵓⴱⵔ",
	"novembre nov november نونبر نوفمبر ⵏⵓⵡⴰⵏⴱⵉⵔ",
	"decembre dec december دجنبر ديسمبر ⴷⵓⵊⴰⵏⴱⵉⵔ",
)

func numbered(names ...string) map[string]int {
	out := map[string]int{}
	for i, list := range names {
		for _, name := range strings.Fields(list) {
			out[sheet.Fold(name)] = i + 1
		}
	}
	return out
}

// dateWords may stand in a date and say nothing: days of the week, articles.
var dateWords = foldedSet("le la ne nee e er ere the of on st nd rd th de du " +
	"lundi mardi mercredi jeudi vendredi samedi dimanche lun mer jeu ven sam dim " +
	"monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun " +
	"الاثنين الإثنين الثلاثاء الأربعاء الخميس الجمعة السبت الأحد يوم في سنة بتاريخ م " +
	"ⴰⵢⵏⴰⵙ ⴰⵙⵉⵏⴰⵙ ⴰⴽⵕⴰⵙ ⴰⴽⵡⴰⵙ ⴰⵙⵉⵎⵡⴰⵙ ⴰⵙⵉⴹⵢⴰⵙ ⴰⵙⴰⵎⴰⵙ")

func foldedSet(list string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(list) {
		out[sheet.Fold(w)] = true
	}
	return out
}
