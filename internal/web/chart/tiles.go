package chart

import (
	"html/template"
	"math"
)

// Cell is a place in the grid of tiles, which comes with a country's places. The
// grid is never mirrored: east stays east in every language.
type Cell struct{ Column, Row int }

// Tile is one region of the map.
type Tile struct {
	Cell
	// Short is the name on the tile, ten letters at most; Label says everything:
	// name, share, and the figures behind it.
	Short, Label string
	// Share is the share of the target, written out.
	Share string
	Band  Band
	// URL leads to the region; empty draws a tile that leads nowhere.
	URL string
	// Current marks the region the screen is about.
	Current bool
}

// TileMap is the map of a country's regions, an octagon each.
type TileMap struct {
	// Title names the map for who cannot see it.
	Title string
	Tiles []Tile
	// Legend words each band, NoTarget first.
	Legend [5]string
}

const (
	pitch   = 80.0
	apothem = 38.5 // leaves a joint of three between two tiles
)

// Tiles draws the map: the pattern of octagons and small squares that zellij
// knows, the squares only where tiles close them in.
func Tiles(m TileMap) template.HTML {
	if len(m.Tiles) == 0 {
		return ""
	}
	columns, rows := 0, 0
	used := [5]bool{}
	for _, t := range m.Tiles {
		columns, rows = max(columns, t.Column+1), max(rows, t.Row+1)
		used[t.Band] = true
	}
	var s svg
	s.put(`<div class="tilemap"><svg class="tiles" viewBox="0 0 %s %s" role="group" aria-label="%s">`,
		n(float64(columns)*pitch), n(float64(rows)*pitch), text(m.Title))
	for _, c := range joints(m.Tiles) {
		s.put(`<polygon class="joint" points="%s"/>`, polygon(diamond(float64(c.Column)*pitch, float64(c.Row)*pitch)))
	}
	for _, t := range m.Tiles {
		tile(&s, t)
	}
	s.put(`</svg><ul class="legend">`)
	for b := Reached; b >= NoTarget; b-- {
		if used[b] {
			s.put(`<li><span class="swatch %s"></span>%s</li>`, b.class(), text(m.Legend[b]))
		}
	}
	s.put(`</ul></div>`)
	return s.html()
}

func tile(s *svg, t Tile) {
	cx, cy := (float64(t.Column)+.5)*pitch, (float64(t.Row)+.5)*pitch
	class := "tile " + t.Band.class()
	if t.Current {
		class += " current"
	}
	if t.URL != "" {
		s.put(`<a class="%s" href="%s">`, class, text(t.URL)) // its title names it
	} else {
		s.put(`<g class="%s" role="img" aria-label="%s">`, class, text(t.Label))
	}
	s.put(`<title>%s</title><polygon points="%s"/>`, text(t.Label), polygon(octagon(cx, cy, apothem)))
	s.put(`<text class="tile-name" x="%s" y="%s">%s</text>`, n(cx), n(cy-5), text(t.Short))
	s.put(`<text class="tile-share" x="%s" y="%s">%s</text>`, n(cx), n(cy+16), text(t.Share))
	if t.URL != "" {
		s.put(`</a>`)
	} else {
		s.put(`</g>`)
	}
}

// octagon stands on a side, a from its middle.
func octagon(cx, cy, a float64) []point {
	var p []point
	r := a / math.Cos(math.Pi/8)
	for i := range 8 {
		p = append(p, polar(cx, cy, r, math.Pi/8+float64(i)*math.Pi/4))
	}
	return p
}

// diamond is the square that fills the corner between octagons.
func diamond(cx, cy float64) []point {
	d := pitch/2 - apothem*math.Tan(math.Pi/8) - 2
	return []point{{cx, cy - d}, {cx + d, cy}, {cx, cy + d}, {cx - d, cy}}
}

// joints are the corners of the grid that tiles close in: three of them meet
// there, or two across.
func joints(tiles []Tile) []Cell {
	has := map[Cell]bool{}
	for _, t := range tiles {
		has[t.Cell] = true
	}
	seen := map[Cell]bool{}
	var list []Cell
	for _, t := range tiles {
		for _, c := range [4]Cell{{t.Column, t.Row}, {t.Column + 1, t.Row}, {t.Column, t.Row + 1}, {t.Column + 1, t.Row + 1}} {
			a, b := has[Cell{c.Column - 1, c.Row - 1}], has[Cell{c.Column, c.Row}]
			x, y := has[Cell{c.Column, c.Row - 1}], has[Cell{c.Column - 1, c.Row}]
			if !seen[c] && (a && b || x && y) {
				seen[c] = true
				list = append(list, c)
			}
		}
	}
	return list
}
