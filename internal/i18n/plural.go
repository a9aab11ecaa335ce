package i18n

// A form is the name of a CLDR plural category.
type form string

const (
	zero  form = "zero"
	one   form = "one"
	two   form = "two"
	few   form = "few"
	many  form = "many"
	other form = "other"
)

// needed lists the forms a plural message must have in each language. French
// "many" (whole millions: "1 000 000 de personnes") may be left out and then
// reads as "other". "zero" may be given in any language for the exact number 0.
var needed = map[Lang][]form{
	AR:  {zero, one, two, few, many, other},
	FR:  {one, other},
	ZGH: {one, other},
	EN:  {one, other},
}

// cardinal gives the plural form of a whole number by the CLDR cardinal rules.
// CLDR has no rule for zgh; one/other with "one" for 1 alone is our own.
func cardinal(l Lang, n int64) form {
	u := magnitude(n)
	switch l {
	case AR:
		switch r := u % 100; {
		case u == 0:
			return zero
		case u == 1:
			return one
		case u == 2:
			return two
		case r >= 3 && r <= 10:
			return few
		case r >= 11:
			return many
		}
		return other
	case FR:
		switch {
		case u <= 1:
			return one
		case u%1_000_000 == 0:
			return many
		}
		return other
	}
	if u == 1 {
		return one
	}
	return other
}

// magnitude is |n| without overflow at the smallest int64.
func magnitude(n int64) uint64 {
	if n < 0 {
		return uint64(-(n + 1)) + 1
	}
	return uint64(n)
}
