package list

import (
	"slices"
	"strings"
	"unicode"
)

// contents are what a sample of a column shows: shares of its filled cells, from 0 to 1.
type contents struct {
	filled   int
	massar   float64
	cin      float64
	date     float64 // dates with signs or words in them
	number   float64 // bare numbers that can be a date; a postcode can, too
	year     float64 // a year alone
	sex      float64
	phone    float64
	forms    float64
	arabic   float64 // words in Arabic letters
	latin    float64 // words in Latin letters
	two      float64 // two words or more
	numbers  float64
	text     float64 // more of letters than of digits
	distinct float64 // different values
	kinds    int     // how many different values
	middle   string  // of the dates
}

// look reads the sample of column i. Cells that say nothing do not count.
func look(sample [][]string, i int) contents {
	var c contents
	var dates []string
	values := map[string]bool{}
	count := func(to *float64, yes bool) {
		if yes {
			*to++
		}
	}
	for _, row := range sample {
		if i >= len(row) || isNothing(row[i]) || isCellError(row[i]) {
			continue
		}
		v := row[i]
		c.filled++
		values[v] = true
		count(&c.massar, fits(ParseMassar, v))
		count(&c.cin, fits(ParseCIN, v))
		count(&c.sex, fits(ParseSex, v))
		count(&c.phone, fits(ParsePhone, v))
		_, err := ParseForms(v)
		count(&c.forms, err == nil)
		if iso, err := ParseDate(v); err == nil {
			bare := strings.IndexFunc(v, func(r rune) bool { return !unicode.IsDigit(r) }) < 0
			count(&c.date, len(iso) == 10 && !bare)
			count(&c.number, len(iso) == 10 && bare)
			count(&c.year, len(iso) == 4)
			dates = append(dates, iso)
		} else if f := err.(Fault); f == DateShortYear || f == DateMonthFirst || f == DateImpossible || f == DateHijri {
			c.date++ // a column of dates that will be refused is one of dates all the same
		}
		arabic, latin, _ := SplitScripts(v)
		words := strings.IndexFunc(v, unicode.IsDigit) < 0
		count(&c.arabic, words && arabic != "")
		count(&c.latin, words && latin != "")
		count(&c.two, words && len(strings.Fields(v)) > 1)
		count(&c.text, wordy(v))
		count(&c.numbers, strings.IndexFunc(v, func(r rune) bool { return !unicode.IsDigit(r) && r != '.' && r != ',' }) < 0)
	}
	if c.filled == 0 {
		return c
	}
	for _, share := range []*float64{&c.massar, &c.cin, &c.date, &c.number, &c.year, &c.sex, &c.phone, &c.forms, &c.arabic, &c.latin, &c.two, &c.numbers, &c.text} {
		*share /= float64(c.filled)
	}
	c.kinds = len(values)
	c.distinct = float64(c.kinds) / float64(c.filled)
	if len(dates) > 0 {
		slices.Sort(dates)
		c.middle = dates[len(dates)/2]
	}
	return c
}

func fits(parse func(string) (string, error), v string) bool {
	_, err := parse(v)
	return err == nil
}

// wordy says whether a value is words, if with a digit or two among them, and not a code.
func wordy(v string) bool {
	letters, digits := 0, 0
	for _, r := range v {
		switch {
		case unicode.IsLetter(r):
			letters++
		case unicode.IsDigit(r):
			digits++
		}
	}
	return 2*letters > digits
}

// bears is how far the content bears out that a column holds f: 1 where it does, or cannot tell.
func (c contents) bears(f Field) float64 {
	if c.filled == 0 {
		return 1
	}
	switch f {
	case Massar:
		return c.massar
	case CIN:
		return c.cin
	case BirthDate:
		return c.date + c.number + c.year
	case BirthYear:
		return c.date + c.number + c.year
	case Sex:
		return c.sex
	case Phone, GuardianPhone:
		return c.phone
	case FullName, First, Last, GuardianName:
		return c.text
	case Forms:
		return c.forms
	}
	return 1
}

// script is the one most of the words of a column are in: 'a', 'l', or 0.
func (c contents) script() byte {
	switch {
	case c.arabic > 0.5 && c.arabic > c.latin:
		return 'a'
	case c.latin > 0.5 && c.latin > c.arabic:
		return 'l'
	}
	return 0
}

// suggest says what a column holds whose heading says nothing.
func (c contents) suggest() claim {
	switch {
	case c.filled == 0:
	case c.massar >= 0.6:
		return claim{field: Massar, sure: 0.85 * c.massar}
	case c.date >= 0.6:
		return claim{kind: dateClaim}
	case c.sex >= 0.9 && c.kinds <= 6:
		return claim{field: Sex, sure: 0.75}
	case c.phone >= 0.7:
		return claim{field: Phone, sure: 0.5}
	case c.cin >= 0.7:
		return claim{field: CIN, sure: 0.5}
	}
	return claim{kind: noClaim}
}
