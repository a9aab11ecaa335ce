package agreement

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"tizi/internal/i18n"
)

// Currencies that amounts may be in, by ISO 4217, with the decimals of their minor unit.
var Currencies = []struct {
	Code     string
	Decimals int
}{{"MAD", 2}, {"EUR", 2}, {"USD", 2}, {"GBP", 2}, {"CHF", 2}, {"CAD", 2}, {"AED", 2}, {"SAR", 2}, {"QAR", 2}, {"TND", 3}, {"KWD", 3}, {"XOF", 0}, {"JPY", 0}}

// MaxAmount bounds one entry, in minor units, so that the sum of as many entries as there will ever be fits.
const MaxAmount = 10_000_000_000_000

// Money is an amount in minor units of a currency: 12.50 MAD is {MAD 1250}. There is no money without a currency, and
// amounts of two currencies never add up.
type Money struct {
	Currency string
	Amount   int64
}

// decimals of a currency, or -1.
func decimals(currency string) int {
	for _, c := range Currencies {
		if c.Code == currency {
			return c.Decimals
		}
	}
	return -1
}

// ErrAmount is returned for what is no amount of the currency.
var ErrAmount = errors.New("this is no amount; write it like 12500 or 12500,50")

// ParseAmount reads an amount as people type it, with thousands marked in any way or not, in Western or Arabic-Indic
// digits. The last mark is the decimal one where fewer than three digits follow it, or just as many as the currency has.
func ParseAmount(s, currency string) (int64, error) {
	places := decimals(currency)
	if places < 0 {
		return 0, ErrAmount
	}
	s = Digits(s)
	for _, space := range []string{" ", "\u00a0", "\u202f", "'", "’", "\u200e", "\u200f"} {
		s = strings.ReplaceAll(s, space, "")
	}
	whole, fraction := s, ""
	if i := strings.LastIndexAny(s, ".,"); i >= 0 {
		after := len(s) - i - 1
		// 12.500 are twelve thousand five hundred, and 12.50 is twelve and a half. Of three decimals both could be meant: where
		// the mark stands alone, it is taken for the decimal one.
		if after < 3 || after == places && strings.Count(s, s[i:i+1]) == 1 {
			whole, fraction = s[:i], s[i+1:]
		}
	}
	groups := strings.FieldsFunc(whole, func(r rune) bool { return r == '.' || r == ',' })
	dots, commas := strings.Count(whole, "."), strings.Count(whole, ",")
	if dots+commas != max(len(groups)-1, 0) || dots > 0 && commas > 0 {
		return 0, ErrAmount
	}
	for i, g := range groups {
		if len(groups) > 1 && (i > 0 && len(g) != 3 || i == 0 && len(g) > 3) {
			return 0, ErrAmount
		}
	}
	whole = strings.Join(groups, "")
	if whole == "" || len(whole) > 15 || len(fraction) > places || !onlyDigits(whole) || !onlyDigits(fraction) {
		return 0, ErrAmount
	}
	n, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", places-len(fraction)), 10, 64)
	if err != nil || n > MaxAmount {
		return 0, ErrAmount
	}
	return n, nil
}

func onlyDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// marks are the decimal point and the thousands of Arabic numbers.
var marks = strings.NewReplacer("٫", ",", "٬", " ")

// Digits writes Arabic-Indic digits, and the marks that go with them, as Western ones.
func Digits(s string) string {
	return marks.Replace(i18n.Digits(strings.TrimSpace(s)))
}

// Typed is the amount as ParseAmount reads it back, for a form.
func (m Money) Typed() string {
	unit := pow10(decimals(m.Currency))
	s := strconv.FormatInt(m.Amount/unit, 10)
	if rest := m.Amount % unit; rest != 0 {
		s += "," + strconv.FormatInt(unit+rest, 10)[1:]
	}
	return s
}

// Words writes the amount with its currency in the reader's language. Decimals that are nothing are left out.
func (m Money) Words(p *i18n.Printer) string {
	unit := pow10(decimals(m.Currency))
	n, sign := m.Amount, ""
	if n < 0 {
		n, sign = -n, "\u200e−"
	}
	s := p.Number(n / unit)
	if rest := n % unit; rest != 0 {
		mark := "," // of all our languages but English
		if p.Lang() == i18n.EN {
			mark = "."
		}
		s += mark + strconv.FormatInt(unit+rest, 10)[1:]
	}
	return sign + s + "\u00a0" + m.Currency
}

func pow10(n int) int64 { return int64(math.Pow10(max(n, 0))) }

// Per divides an amount among n, rounded to the nearest minor unit, halves up; ok is false where there is nobody.
func (m Money) Per(n int64) (each Money, ok bool) {
	if n <= 0 {
		return Money{}, false
	}
	q, r := m.Amount/n, m.Amount%n
	if r >= n-r {
		q++
	}
	return Money{m.Currency, q}, true
}

// Sums adds amounts by currency, in the order of Currencies.
type Sums map[string]int64

// Add adds an amount.
func (s Sums) Add(m Money) { s[m.Currency] += m.Amount }

// List returns a sum for each currency that has one.
func (s Sums) List() []Money {
	var out []Money
	for _, c := range Currencies {
		if n, ok := s[c.Code]; ok {
			out = append(out, Money{c.Code, n})
		}
	}
	return out
}
