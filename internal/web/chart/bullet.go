package chart

import "html/template"

// Bar compares one value with its target.
type Bar struct {
	Value, Target int64
	// Max is the value the whole width stands for. Zero draws the bar as a share
	// of its own target, with the tick at the same place in every row: how near
	// a small region is can then be read beside a large one.
	Max int64
	// Limit says that the target is a bound: what stays below it is well.
	Limit bool
	// Label says what the bar shows; empty where the words beside it do.
	Label string
	// RTL draws the bar from the right.
	RTL bool
}

// Bullet draws the bar as wide as its cell, with a tick at the target. Without a
// target and without a whole there is nothing to compare, and nothing is drawn.
func Bullet(b Bar) template.HTML {
	if b.Target <= 0 && b.Max <= 0 {
		return ""
	}
	whole, length := scale(b)
	band := BandOf(b.Value, b.Target)
	if b.Limit {
		band = Reached
		if b.Value > b.Target {
			band = Far
		}
	}
	var s svg
	s.put(`<svg class="bullet %s" width="100%%" height="20"`, band.class())
	if b.Label == "" {
		s.put(` aria-hidden="true">`) // the figures stand beside it
	} else {
		s.put(` role="img" aria-label="%s">`, text(b.Label))
	}
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

// scale gives what the width stands for and how much of it is reached.
func scale(b Bar) (whole, length float64) {
	value, target := max(float64(b.Value), 0), max(float64(b.Target), 0)
	if b.Max == 0 && target > 0 {
		whole = target * 1.2 // room to show that more than the target was reached
		return whole, min(value, whole)
	}
	if whole = max(float64(b.Max), value, target); whole == 0 {
		whole = 1
	}
	return whole, value
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
