package i18n

import "strings"

// joins are the mark between items and the one before the last. Arabic repeats
// the conjunction; English goes without the serial comma.
var joins = map[Lang][2]string{
	AR:  {" و", " و"},
	FR:  {", ", " et "},
	ZGH: {", ", " ⴷ "},
	EN:  {", ", " and "},
}

// List joins items as a sentence does: "a, b et c".
func (p *Printer) List(items []string) string {
	between := joins[p.lang]
	var b strings.Builder
	for i, item := range items {
		switch {
		case i == 0:
		case i == len(items)-1:
			b.WriteString(between[1])
		default:
			b.WriteString(between[0])
		}
		b.WriteString(isolate(p.lang, item))
	}
	return b.String()
}
