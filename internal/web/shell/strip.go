package shell

import (
	"html"
	"html/template"
	"strings"
)

// Strip takes the marks out of escaped HTML and gives the words, for a title or
// another place that knows no marks.
func Strip(h template.HTML) string {
	if !strings.ContainsAny(string(h), "<&") {
		return strings.TrimSpace(string(h))
	}
	var b strings.Builder
	in := false
	for _, r := range string(h) {
		switch {
		case r == '<':
			in = true
		case r == '>':
			in = false
		case !in:
			b.WriteRune(r)
		}
	}
	return strings.Join(strings.Fields(html.UnescapeString(b.String())), " ")
}
