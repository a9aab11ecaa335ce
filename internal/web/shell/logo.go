package shell

import (
	"fmt"
	"html/template"
	"math"
	"strings"

	"tizi/internal/web/chart"
)

// The brand is the eight-point star of zellij: two squares over each other, with
// an octagon at its heart.

func logo() template.HTML {
	return template.HTML(fmt.Sprintf(`<svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">`+
		`<polygon class="logo-star" points="%s"/><polygon class="logo-ring" points="%s"/><polygon class="logo-heart" points="%s"/></svg>`,
		points(khatam(16, 16, 15.6)), points(ring(8, 16, 16, 8.6, math.Pi/8)), points(ring(8, 16, 16, 6.2, math.Pi/8))))
}

type point struct{ x, y float64 }

// khatam is the outline of two crossed squares: every inner corner lies where
// their sides meet.
func khatam(cx, cy, r float64) []point {
	inner := r * math.Cos(math.Pi/4) / math.Cos(math.Pi/8)
	var p []point
	for i := range 16 {
		d := r
		if i%2 == 1 {
			d = inner
		}
		a := float64(i)*math.Pi/8 - math.Pi/2
		p = append(p, point{cx + d*math.Cos(a), cy + d*math.Sin(a)})
	}
	return p
}

// ring is a regular polygon, its first corner turned by a from the top.
func ring(n int, cx, cy, r, a float64) []point {
	var p []point
	for i := range n {
		t := 2*math.Pi*float64(i)/float64(n) + a - math.Pi/2
		p = append(p, point{cx + r*math.Cos(t), cy + r*math.Sin(t)})
	}
	return p
}

func points(list []point) string {
	var b strings.Builder
	for i, p := range list {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%.2f,%.2f", p.x, p.y)
	}
	return b.String()
}

// bigStar is the brand drawn large for the screens before one is in: the star
// with its petals, and the next row of the pattern growing out of it.
func bigStar() template.HTML {
	var b strings.Builder
	b.WriteString(`<svg class="big-star" viewBox="0 0 400 400" aria-hidden="true" focusable="false">`)
	for i := range 8 {
		a := float64(i) * math.Pi / 4
		at := ring(1, 200, 200, 168, a)[0]
		fmt.Fprintf(&b, `<polygon class="outer" points="%s"/>`, points(khatam(at.x, at.y, 27)))
		at = ring(1, 200, 200, 176, a+math.Pi/8)[0]
		fmt.Fprintf(&b, `<polygon class="outer" points="%s"/>`, points(ring(4, at.x, at.y, 17, a+math.Pi/8)))
	}
	for i := range 8 {
		class := "petal"
		if i%2 == 1 {
			class += " second"
		}
		fmt.Fprintf(&b, `<polygon class="%s" points="%s"/>`, class, points(scaled(chart.Petal(i), 1.32)))
	}
	fmt.Fprintf(&b, `<polygon class="heart" points="%s"/>`, points(turned(khatam(200, 200, 50), math.Pi/8)))
	fmt.Fprintf(&b, `<polygon class="core" points="%s"/></svg>`, points(ring(8, 200, 200, 22, 0)))
	return template.HTML(b.String())
}

// scaled carries a shape of a star of 200 by 200 over to the middle of 400 by 400.
func scaled(list [][2]float64, by float64) []point {
	p := make([]point, len(list))
	for i, c := range list {
		p[i] = point{200 + (c[0]-100)*by, 200 + (c[1]-100)*by}
	}
	return p
}

// turned turns a shape about the middle of 400 by 400.
func turned(list []point, a float64) []point {
	p := make([]point, len(list))
	for i, c := range list {
		x, y := c.x-200, c.y-200
		p[i] = point{200 + x*math.Cos(a) - y*math.Sin(a), 200 + x*math.Sin(a) + y*math.Cos(a)}
	}
	return p
}
