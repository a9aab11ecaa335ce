package countries

import (
	"fmt"

	"tizi/internal/i18n"
)

// RowError is one objection to a file, at a line and a column, in words of the
// message catalogue.
type RowError struct {
	Line   int
	Column string // as the first line names it; empty when the row as a whole is meant
	Key    string // of the message
	Args   []any  // name, value pairs for it
}

// Text is the reason in the reader's language.
func (e RowError) Text(p *i18n.Printer) string { return p.T(e.Key, e.Args...) }

// Error is the reason with its place, in English, for a log or a terminal.
func (e RowError) Error() string {
	reason := e.Text(i18n.For(i18n.EN))
	if e.Column == "" {
		return fmt.Sprintf("line %d: %s", e.Line, reason)
	}
	return fmt.Sprintf("line %d, %s: %s", e.Line, e.Column, reason)
}
