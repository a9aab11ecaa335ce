package chart

import "html/template"

// Bar compares one value with its target.
type Bar struct {
	Value, Target int64
	// Max is the value the whole width stands for, the same for every bar of a
	// table, or lengths could not be compared. Zero takes what this bar needs.
	Max int64
	// Label says what the bar shows.
	Label string
	// RTL draws the bar from the right.
	RTL bool
}

// Bullet draws the bar as wide as its cell, with a tick at the target.
func Bullet(b Bar) template.HTML {
	whole := float64(b.Max)
	if most := float64(max(b.Value, b.Target)); whole < most {
		whole = most
	}
	if whole == 0 {
		whole = 1
	}
	length := max(float64(b.Value), 0)
	var s svg
	s.put(`<svg class="bullet %s" width="100%%" height="20" role="img" aria-label="%s">`,
		BandOf(b.Value, b.Target).class(), text(b.Label))
	s.put(`<rect class="track" width="100%%" y="6" height="8" rx="4"/>`)
	if length > 0 {
		s.put(`<rect class="reach" x="%s" width="%s" y="6" height="8" rx="4"/>`,
			from(b.RTL, 0, length, whole), percent(length, whole))
	}
	if b.Target > 0 {
		// Two wide, about its place; kept inside at either end.
		s.put(`<rect class="aim" x="%s" width="2.5" y="1" height="18" rx="1" transform="translate(%s)"/>`,
			from(b.RTL, float64(b.Target), 0, whole), aimShift(b, whole))
	}
	s.put(`</svg>`)
	return s.html()
}

// from is where a piece begins that lies length long after start.
func from(rtl bool, start, length, whole float64) string {
	if rtl {
		start = whole - start - length
	}
	return percent(start, whole)
}

func aimShift(b Bar, whole float64) string {
	switch {
	case float64(b.Target) >= whole && !b.RTL:
		return "-2.5"
	case float64(b.Target) >= whole:
		return "0"
	}
	return "-1.25"
}
