package sheet

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// SerialDate turns the number by which spreadsheets keep a date into "2014-12-31". Day 1 is 1 January 1900, with the 29
// February 1900 that never was; in a workbook of 1904 days are counted from there. ok is false before day 1 (a time of day)
// and after 31 December 9999.
func SerialDate(serial float64, from1904 bool) (iso string, ok bool) {
	days := math.Floor(serial)
	if from1904 {
		days += 1462
	}
	if !(days >= 1 && days <= 2958465) {
		return "", false
	}
	if days < 60 { // the day that never was is day 60
		days++
	}
	return time.Date(1899, 12, 30+int(days), 0, 0, 0, 0, time.UTC).Format("2006-01-02"), true
}

// builtinDate says whether one of the formats that every workbook has, by number, shows a date.
func builtinDate(id int) bool {
	return id >= 14 && id <= 17 || id == 22 || id >= 27 && id <= 36 || id >= 50 && id <= 58
}

// dateFormat says whether a number format shows a date: it names a day or a year, outside quotes and brackets.
func dateFormat(code string) bool {
	code, _, _ = strings.Cut(code, ";") // positive numbers
	months := 0
	for i := 0; i < len(code); i++ {
		switch code[i] {
		case '"':
			if j := strings.IndexByte(code[i+1:], '"'); j >= 0 {
				i += j + 1
			}
		case '[': // a colour, a locale, or elapsed hours
			if j := strings.IndexByte(code[i:], ']'); j >= 0 {
				i += j
			}
		case '\\', '_', '*':
			i++
		case 'd', 'D', 'y', 'Y', 'j', 'J', 'a', 'A': // some French Excels keep their own j and a
			if (code[i]|0x20 == 'a') && !strings.HasPrefix(strings.ToLower(code[i:]), "aa") {
				continue // am/pm
			}
			return true
		case 'm', 'M':
			months++
		case 'h', 'H', 's', 'S':
			return false // hours come before days only in a time of day
		case '0', '#', '?':
			return false
		}
	}
	return months >= 3 // "mmm" alone is the name of a month
}

// zeroFormat is the width of a format of nothing but zeros, which keeps the zeros before a code or a telephone number.
func zeroFormat(code string) int {
	if code == "" || len(code) > 20 || strings.Trim(code, "0") != "" {
		return 0
	}
	return len(code)
}

// numberText writes a number of a workbook as a clerk sees it: whole numbers in full, no exponent.
func numberText(raw []byte, zeros int) (string, float64, bool) {
	plain := len(raw) < 16 && len(raw) > 0
	for _, c := range raw {
		plain = plain && c >= '0' && c <= '9'
	}
	n, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		return string(raw), 0, false
	}
	text := string(raw)
	if !plain {
		// Fifteen digits are what a spreadsheet keeps: 0.1+0.2 shows as 0.3.
		rounded, _ := strconv.ParseFloat(strconv.FormatFloat(n, 'g', 15, 64), 64)
		if math.Abs(rounded) < 1e21 {
			text = strconv.FormatFloat(rounded, 'f', -1, 64)
		}
	}
	if len(text) < zeros && n >= 0 && n == math.Floor(n) {
		text = strings.Repeat("0", zeros-len(text)) + text
	}
	return text, n, true
}
