package i18n

import (
	"math"
	"strconv"
	"strings"
)

const (
	noBreak       = "\u00a0"
	narrowNoBreak = "\u202f"
	leftToRight   = "\u200e"
)

// marks are a language's number signs. Arabic takes no space inside a number: a
// space lets right-to-left text swap the groups. Its percent and minus signs
// stand between left-to-right marks, as CLDR has them, because after an Arabic
// word a bare sign moves to the other side of the digits.
type marks struct{ group, decimal, percent, minus string }

var numbers = map[Lang]marks{
	AR:  {".", ",", leftToRight + "%" + leftToRight, leftToRight + "-"},
	FR:  {narrowNoBreak, ",", noBreak + "%", "-"},
	ZGH: {noBreak, ",", noBreak + "%", "-"},
	EN:  {",", ".", "%", "-"},
}

// Number writes a whole number with the language's group marks: 22.750 in
// Arabic, 22 750 in French, 22,750 in English.
func (p *Printer) Number(n int64) string {
	m := numbers[p.lang]
	digits := grouped(strconv.FormatUint(magnitude(n), 10), m.group)
	if n < 0 {
		return m.minus + digits
	}
	return digits
}

// Decimal writes a number with the given count of decimals.
func (p *Printer) Decimal(f float64, places int) string {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "–"
	}
	m := numbers[p.lang]
	s := strconv.FormatFloat(math.Abs(f), 'f', places, 64)
	whole, fraction, _ := strings.Cut(s, ".")
	out := grouped(whole, m.group)
	if fraction != "" {
		out += m.decimal + fraction
	}
	if f < 0 && strings.Trim(s, "0.") != "" {
		out = m.minus + out
	}
	return out
}

// Percent writes num out of den as a whole percentage. A part that is not
// nothing never reads 0 %, and one that is not all never reads 100 %: close to
// either end it takes one decimal. Without a denominator there is no
// percentage, and a dash says so.
func (p *Printer) Percent(num, den int64) string {
	if den == 0 {
		return "–"
	}
	share := float64(num) / float64(den) * 100
	sign := numbers[p.lang].percent
	whole := math.Round(share)
	switch {
	case num != 0 && whole == 0:
		return p.Decimal(math.Copysign(math.Max(math.Abs(share), 0.1), share), 1) + sign
	case num != den && whole == 100 && share < 100:
		return p.Decimal(math.Min(share, 99.9), 1) + sign
	case num != den && whole == 100 && share > 100:
		return p.Decimal(math.Max(share, 100.1), 1) + sign
	}
	return p.Number(int64(whole)) + sign
}

func grouped(digits, mark string) string {
	if len(digits) <= 3 {
		return digits
	}
	var b strings.Builder
	first := len(digits) % 3
	b.WriteString(digits[:first])
	for i := first; i < len(digits); i += 3 {
		if i > 0 {
			b.WriteString(mark)
		}
		b.WriteString(digits[i : i+3])
	}
	return b.String()
}
