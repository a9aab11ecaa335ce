package i18n

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// months are the names in use in Morocco. The Arabic ones differ from those of
// the Arab East and of generic locale data (غشت, not أغسطس).
var months = map[Lang][12]string{
	AR:  {"يناير", "فبراير", "مارس", "أبريل", "ماي", "يونيو", "يوليوز", "غشت", "شتنبر", "أكتوبر", "نونبر", "دجنبر"},
	FR:  {"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"},
	ZGH: {"ⵉⵏⵏⴰⵢⵔ", "ⴱⵕⴰⵢⵕ", "ⵎⴰⵕⵚ", "ⵉⴱⵔⵉⵔ", "ⵎⴰⵢⵢⵓ", "ⵢⵓⵏⵢⵓ", "ⵢⵓⵍⵢⵓⵣ", "ⵖⵓⵛⵜ", "ⵛⵓⵜⴰⵏⴱⵉⵔ", "ⴽⵜⵓⴱⵔ", "ⵏⵓⵡⴰⵏⴱⵉⵔ", "ⴷⵓⵊⴰⵏⴱⵉⵔ"},
	EN:  {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
}

// weekdays begin with Sunday, as time.Weekday does.
var weekdays = map[Lang][7]string{
	AR:  {"الأحد", "الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت"},
	FR:  {"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"},
	ZGH: {"ⴰⵙⴰⵎⴰⵙ", "ⴰⵢⵏⴰⵙ", "ⴰⵙⵉⵏⴰⵙ", "ⴰⴽⵕⴰⵙ", "ⴰⴽⵡⴰⵙ", "ⴰⵙⵉⵎⵡⴰⵙ", "ⴰⵙⵉⴹⵢⴰⵙ"},
	EN:  {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
}

// parts of a year, each with the year as its only verb.
var (
	quarters = map[Lang][4]string{
		AR:  {"الفصل الأول من سنة %s", "الفصل الثاني من سنة %s", "الفصل الثالث من سنة %s", "الفصل الرابع من سنة %s"},
		FR:  {"1er trimestre %s", "2e trimestre %s", "3e trimestre %s", "4e trimestre %s"},
		ZGH: {"ⴰⴽⵕⴰⴹⵢⵓⵔ 1 ⵏ %s", "ⴰⴽⵕⴰⴹⵢⵓⵔ 2 ⵏ %s", "ⴰⴽⵕⴰⴹⵢⵓⵔ 3 ⵏ %s", "ⴰⴽⵕⴰⴹⵢⵓⵔ 4 ⵏ %s"},
		EN:  {"first quarter of %s", "second quarter of %s", "third quarter of %s", "fourth quarter of %s"},
	}
	halves = map[Lang][2]string{
		AR:  {"النصف الأول من سنة %s", "النصف الثاني من سنة %s"},
		FR:  {"1er semestre %s", "2e semestre %s"},
		ZGH: {"ⴰⵣⴳⵏ ⴰⵎⵣⵡⴰⵔⵓ ⵏ %s", "ⴰⵣⴳⵏ ⵡⵉⵙⵙ ⵙⵉⵏ ⵏ %s"},
		EN:  {"first half of %s", "second half of %s"},
	}
)

// Month is the name of a month, 1 to 12.
func (p *Printer) Month(m int) string {
	if m < 1 || m > 12 {
		return strconv.Itoa(m)
	}
	return months[p.lang][m-1]
}

// Weekday is the name of a day of the week.
func (p *Printer) Weekday(d time.Weekday) string {
	if d < 0 || d > 6 {
		return strconv.Itoa(int(d))
	}
	return weekdays[p.lang][d]
}

// Date writes a civil date out: "14 mars 2026". What is no date comes back as
// it was given: a screen shows what somebody wrote rather than nothing.
func (p *Printer) Date(iso string) string {
	t, ok := civil(iso)
	if !ok {
		return iso
	}
	return fmt.Sprintf("%s %s %d", p.day(t.Day()), p.Month(int(t.Month())), t.Year())
}

// ShortDate writes a civil date in figures, day first in all four languages.
func (p *Printer) ShortDate(iso string) string {
	t, ok := civil(iso)
	if !ok {
		return iso
	}
	return t.Format("02/01/2006")
}

// DayMonth writes a date of the running year with its weekday: "samedi 14 mars".
func (p *Printer) DayMonth(iso string) string {
	t, ok := civil(iso)
	if !ok {
		return iso
	}
	return fmt.Sprintf("%s %s %s", p.Weekday(t.Weekday()), p.day(t.Day()), p.Month(int(t.Month())))
}

// day is the day of the month; French alone says "1er" for the first.
func (p *Printer) day(d int) string {
	if d == 1 && p.lang == FR {
		return "1er"
	}
	return strconv.Itoa(d)
}

func civil(iso string) (time.Time, bool) {
	t, err := time.Parse(time.DateOnly, iso)
	return t, err == nil
}

var periodCode = regexp.MustCompile(`^(\d{4})(?:(0[1-9]|1[0-2])|Q([1-4])|S([12]))?$`)

// Period names a period by its code: 202601 (a month), 2026Q1 (a quarter),
// 2026S1 (a half), 2026 (a year). Another code comes back as it was given.
func (p *Printer) Period(code string) string {
	m := periodCode.FindStringSubmatch(code)
	if m == nil {
		return code
	}
	year := m[1]
	switch {
	case m[2] != "":
		n, _ := strconv.Atoi(m[2])
		return p.Month(n) + " " + year
	case m[3] != "":
		return fmt.Sprintf(quarters[p.lang][m[3][0]-'1'], year)
	case m[4] != "":
		return fmt.Sprintf(halves[p.lang][m[4][0]-'1'], year)
	}
	return year
}
