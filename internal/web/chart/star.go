package chart

import (
	"html/template"
	"math"
)

// petals of a star: a module of up to eight lessons.
const petals = 8

// Star draws a module as a star of eight petals, the first done of them filled.
// A module of fewer lessons leaves the last petals away and keeps the shape.
// Label says the count in words.
func Star(done, total int, label string) template.HTML {
	total = min(max(total, 0), petals)
	done = min(max(done, 0), total)
	var s svg
	s.put(`<svg class="star" viewBox="0 0 200 200" role="img" aria-label="%s">`, text(label))
	for i := range total {
		class := "petal"
		switch {
		case i >= done:
			class += " todo"
		case i%2 == 1:
			class += " second"
		}
		s.put(`<polygon class="%s" points="%s"/>`, class, polygon(petal(i)))
	}
	heart := "heart"
	if total > 0 && done == total {
		heart += " whole"
	}
	s.put(`<polygon class="%s" points="%s"/></svg>`, heart, polygon(heartOf()))
	return s.html()
}

const (
	starRadius = 97.0
	heartOuter = 38.0
	joint      = 5.0 // between two petals, and between a petal and the heart
)

// heartInner is where the two squares of the heart cross.
var heartInner = heartOuter * math.Cos(math.Pi/4) / math.Cos(math.Pi/8)

// heartOf is the small star in the middle; its points lie between the petals.
func heartOf() []point {
	var p []point
	for i := range 16 {
		r := heartOuter
		if i%2 == 0 {
			r = heartInner
		}
		p = append(p, polar(100, 100, r, float64(i)*math.Pi/8))
	}
	return p
}

// Petal gives the corners of petal i of a star of 200 by 200, for whoever draws
// the brand with it.
func Petal(i int) [][2]float64 {
	var list [][2]float64
	for _, p := range petal(i) {
		list = append(list, [2]float64{p.x, p.y})
	}
	return list
}

// petal is the six-sided piece of a zellij rosette: its foot stands in the
// notch between two points of the heart, its sides run along its neighbours'
// at an even joint, and its tip closes the star. All pieces share their edges'
// directions, so no outline ever crosses another.
func petal(i int) []point {
	axis := float64(i) * math.Pi / 4
	// In the petal's own frame: u along the axis, v across.
	foot := heartInner + joint*1.05
	// The sides lie half a joint inside the ray that parts two petals.
	side := func(u float64) float64 { return u*math.Tan(math.Pi/8) - joint/2/math.Cos(math.Pi/8) }
	// From the foot the edge follows the heart's own edge outwards until it
	// meets the side: the heart's point lies on the parting ray.
	tip := point{heartOuter * math.Cos(math.Pi/8), heartOuter * math.Sin(math.Pi/8)}
	slope := tip.y / (tip.x - heartInner) // v per u along the heart's edge
	// foot edge: v = slope*(u-foot); side: v = u*t - c
	t, c := math.Tan(math.Pi/8), joint/2/math.Cos(math.Pi/8)
	knee := (slope*foot - c) / (slope - t)
	shoulder := starRadius * .735
	half := [3]point{{foot, 0}, {knee, side(knee)}, {shoulder, side(shoulder)}}
	turn := func(u, v float64) point {
		return point{100 + u*math.Sin(axis) + v*math.Cos(axis), 100 - u*math.Cos(axis) + v*math.Sin(axis)}
	}
	return []point{
		turn(half[0].x, 0), turn(half[1].x, half[1].y), turn(half[2].x, half[2].y),
		turn(starRadius, 0), turn(half[2].x, -half[2].y), turn(half[1].x, -half[1].y),
	}
}
