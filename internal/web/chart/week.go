package chart

import "html/template"

// Block is a session in the week.
type Block struct {
	// From and To are minutes after midnight.
	From, To int
	Label    string
	URL      string
	// Done is over and marked, Open is over and not marked yet.
	Done, Open bool
}

// Day is one column of the week.
type Day struct {
	// Name is the short name of the day, Number its day of the month.
	Name, Number string
	Today        bool
	Blocks       []Block
}

// WeekStrip is a week of sessions, each day a column, each session a block where
// its hours are.
type WeekStrip struct {
	Title string
	Days  []Day
	RTL   bool
}

const (
	weekHead   = 46.0
	weekHeight = 110.0
)

// Week draws the strip as wide as its place.
func Week(w WeekStrip) template.HTML {
	count := float64(len(w.Days))
	if count == 0 {
		return ""
	}
	first, last := hours(w.Days)
	var s svg
	s.put(`<svg class="week" width="100%%" height="%s" role="group" aria-label="%s">`, n(weekHead+weekHeight+2), text(w.Title))
	for i, d := range w.Days {
		at := float64(i)
		if w.RTL {
			at = count - 1 - at
		}
		middle := percent(at+.5, count)
		class := "day"
		if d.Today {
			class += " today"
		}
		s.put(`<g class="%s"><rect class="bed" x="%s" y="%s" width="%s" height="%s" rx="6"/>`,
			class, percent(at+.03, count), n(weekHead), percent(.94, count), n(weekHeight))
		s.put(`<text class="name" x="%s" y="14">%s</text>`, middle, text(d.Name))
		if d.Today {
			s.put(`<circle class="now" cx="%s" cy="30" r="12"/>`, middle)
		}
		s.put(`<text class="number" x="%s" y="35">%s</text>`, middle, text(d.Number))
		for _, b := range d.Blocks {
			block(&s, b, at, count, first, last)
		}
		s.put(`</g>`)
	}
	s.put(`</svg>`)
	return s.html()
}

func block(s *svg, b Block, at, count float64, first, last int) {
	scale := (weekHeight - 8) / float64(last-first)
	y := weekHead + 4 + float64(b.From-first)*scale
	height := max(float64(b.To-b.From)*scale-2, 8)
	class := "block"
	switch {
	case b.Done:
		class += " done"
	case b.Open:
		class += " open"
	}
	shape := `<title>` + text(b.Label) + `</title><rect x="` + percent(at+.09, count) + `" y="` + n(y) +
		`" width="` + percent(.82, count) + `" height="` + n(height) + `" rx="4"/>`
	if b.URL != "" {
		s.put(`<a class="%s" href="%s" aria-label="%s">%s</a>`, class, text(b.URL), text(b.Label), shape)
	} else {
		s.put(`<g class="%s" role="img" aria-label="%s">%s</g>`, class, text(b.Label), shape)
	}
}

// hours are the first and the last hour the week needs, nine to five at least.
func hours(days []Day) (first, last int) {
	first, last = 9*60, 17*60
	for _, d := range days {
		for _, b := range d.Blocks {
			first, last = min(first, b.From/60*60), max(last, (b.To+59)/60*60)
		}
	}
	return first, last
}
