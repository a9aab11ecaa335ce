// Package chart draws the pictures of Tizi as SVG, on the server: no script, a
// few hundred bytes each, printable, and mirrored where a language reads from
// the right. Colours are classes that the styles fill, so a chart follows light,
// dark and paper by itself.
//
// Every function is pure: the same data gives the same bytes. Words and figures
// come ready in the reader's language; a chart formats nothing. A chart stands
// beside the table it shows and never says what the table does not.
package chart

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
)

// Band tells how near a value is to its target. A screen uses the same bands for
// the map, the bars and the words.
type Band int

// The bands, from no target at all to reached.
const (
	NoTarget Band = iota
	Far           // under half
	Halfway       // half to three quarters
	Near          // three quarters and more
	Reached       // all of it
)

// BandOf compares without dividing, so that 99.9 % is not taken for reached.
func BandOf(value, target int64) Band {
	switch {
	case target <= 0:
		return NoTarget
	case value >= target:
		return Reached
	case 4*value >= 3*target:
		return Near
	case 2*value >= target:
		return Halfway
	}
	return Far
}

func (b Band) class() string { return "band-" + strconv.Itoa(int(b)) }

// svg is a writer of marks; words go through text, which escapes them.
type svg struct{ strings.Builder }

func (s *svg) put(format string, args ...any) { fmt.Fprintf(s, format, args...) }

func (s *svg) html() template.HTML { return template.HTML(s.String()) }

func text(s string) string { return template.HTMLEscapeString(s) }

// n writes a coordinate in as few bytes as it takes.
func n(f float64) string {
	f = math.Round(f*100) / 100
	if f == 0 {
		return "0" // and not -0
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// percent places something along a line that may run from the right.
func percent(part, whole float64) string { return n(100*part/whole) + "%" }

type point struct{ x, y float64 }

func polygon(points []point) string {
	var b strings.Builder
	for i, p := range points {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(n(p.x) + "," + n(p.y))
	}
	return b.String()
}

// polar is a point at distance r and angle a (from the top, clockwise).
func polar(cx, cy, r, a float64) point {
	return point{cx + r*math.Sin(a), cy - r*math.Cos(a)}
}
