package chart

import (
	"html/template"
	"slices"
)

// Column is one month, or another step of time.
type Column struct {
	// Name stands under the column and is short; Label says everything.
	Name, Label string
	Value       int64
	// Figure is the value, written out.
	Figure string
	// Goal is what was planned for the step; zero draws none.
	Goal int64
	// URL leads to the list behind the value.
	URL string
	// Open marks a step that is not over: its column is drawn lighter.
	Open bool
}

// Months is a row of columns over time.
type Months struct {
	Title   string
	Columns []Column
	// RTL lets time run from the right.
	RTL bool
}

// Planned tells whether any column has a goal.
func (m Months) Planned() bool {
	return slices.ContainsFunc(m.Columns, func(c Column) bool { return c.Goal > 0 })
}

const (
	columnsTop    = 26.0 // room for the figure over the tallest column
	columnsHeight = 190.0
)

// Columns draws the row as wide as its place; the height is fixed, so that words
// keep their size on a phone.
func Columns(m Months) template.HTML {
	count := float64(len(m.Columns))
	if count == 0 {
		return ""
	}
	most := 1.0
	for _, c := range m.Columns {
		most = max(most, float64(c.Value), float64(c.Goal))
	}
	var s svg
	s.put(`<svg class="columns" width="100%%" height="%s" role="group" aria-label="%s">`,
		n(columnsTop+columnsHeight+28), text(m.Title))
	base := columnsTop + columnsHeight
	for i, c := range m.Columns {
		at := float64(i)
		if m.RTL {
			at = count - 1 - at
		}
		column(&s, c, i, at, count, most)
	}
	s.put(`<rect class="base" width="100%%" y="%s" height="1"/></svg>`, n(base))
	return s.html()
}

func column(s *svg, c Column, i int, at, count, most float64) {
	class := "col"
	if c.Open {
		class += " open"
	}
	if i%2 == 1 {
		class += " odd" // a phone shows every second word
	}
	if c.URL != "" {
		s.put(`<a class="%s" href="%s">`, class, text(c.URL)) // its title names it
	} else {
		s.put(`<g class="%s" role="img" aria-label="%s">`, class, text(c.Label))
	}
	height := columnsHeight * float64(max(c.Value, 0)) / most
	top := columnsTop + columnsHeight - height
	middle := percent(at+.5, count)
	s.put(`<title>%s</title><rect class="hit" x="%s" y="0" width="%s" height="%s"/>`,
		text(c.Label), percent(at, count), percent(1, count), n(columnsTop+columnsHeight+28))
	if height > 0 {
		s.put(`<rect class="pillar" x="%s" y="%s" width="%s" height="%s" rx="3"/>`,
			percent(at+.18, count), n(top), percent(.64, count), n(height))
	}
	if c.Goal > 0 {
		s.put(`<rect class="aim" x="%s" y="%s" width="%s" height="2.5"/>`,
			percent(at+.08, count), n(columnsTop+columnsHeight*(1-float64(c.Goal)/most)-1), percent(.84, count))
	}
	s.put(`<text class="figure" x="%s" y="%s">%s</text>`, middle, n(min(top, goalTop(c, most))-7), text(c.Figure))
	s.put(`<text class="step" x="%s" y="%s">%s</text>`, middle, n(columnsTop+columnsHeight+20), text(c.Name))
	if c.URL != "" {
		s.put(`</a>`)
	} else {
		s.put(`</g>`)
	}
}

// goalTop keeps the figure clear of a goal that lies above its column.
func goalTop(c Column, most float64) float64 {
	if c.Goal <= 0 {
		return columnsTop + columnsHeight
	}
	return columnsTop + columnsHeight*(1-float64(c.Goal)/most) - 1
}
