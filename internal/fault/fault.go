// Package fault says what is wrong with the fields of what was asked, as keys of sentences that a door translates.
package fault

import (
	"fmt"
	"time"
	"unicode/utf8"

	"tizi/internal/i18n"
	"tizi/internal/source"
)

// MaxText is how many letters one text may have.
const MaxText = 2000

// Fault is what is wrong with one field of what was asked: the key of a sentence of the catalogue, with its arguments.
type Fault struct {
	Field, Key string
	Args       []any
}

// Faults are why something was refused; nothing was kept.
type Faults []Fault

func (f Faults) Error() string { return fmt.Sprintf("refused: %v", []Fault(f)) }

// Add adds a fault where something is wrong.
func (f *Faults) Add(wrong bool, field, key string, args ...any) {
	if wrong {
		*f = append(*f, Fault{field, key, args})
	}
}

// Err is nil where nothing is wrong: an empty Faults is no error.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

// Text wants words of a bounded length, in one language at least where they are needed.
func (f *Faults) Text(field string, t i18n.Text, needed bool) {
	s, _ := t.In(i18n.FR)
	f.Add(needed && s == "", field, "agree.fault.missing")
	for _, s := range t {
		f.Add(utf8.RuneCountInString(s) > MaxText, field, "error.too_long", "n", MaxText)
	}
}

// Line wants words of a bounded length.
func (f *Faults) Line(field, s string) {
	f.Add(utf8.RuneCountInString(s) > MaxText, field, "error.too_long", "n", MaxText)
}

// Span is the sentence for what is no date, be it known to the month or the year only.
func (f *Faults) Span(wrong bool, field string) {
	f.Add(wrong, field, "agree.fault.date_span", "day", "2025-06-14", "month", "2025-06", "year", "2025")
}

// Day wants a civil date; an empty one is right unless it is needed.
func (f *Faults) Day(field, s string, needed bool) {
	f.Add(s == "" && needed || s != "" && !IsDay(s), field, "groups.date_wrong")
}

// Order wants the second of two civil dates not to be before the first.
func (f *Faults) Order(field, from, to string) {
	f.Add(IsDay(from) && IsDay(to) && to < from, field, "groups.ends_before")
}

// Source says what is wrong with where something was published.
func (f *Faults) Source(s source.Source) {
	switch s.Check() {
	case source.ErrKind:
		f.Add(true, "source_kind", "agree.fault.source_kind")
	case source.ErrDate:
		f.Span(true, "source_on")
	case source.ErrURL:
		f.Add(true, "source_url", "agree.fault.url")
	}
	f.Line("source_publication", s.Publication)
	f.Text("source_states_fr", s.States, false)
}

// IsDay reports whether a text is a civil date, as facts spell it.
func IsDay(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}
