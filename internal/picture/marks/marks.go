// Package marks reads the boxes that somebody ticked on a paper sheet, out of a picture of it. The sheet has a QR code in each
// corner; where their finder patterns lie in the picture says how the paper lies, however it was turned, tilted or scaled.
// Each box is then looked for around the place where it must be, and the ink in it measured against the paper around it. What
// is not plain is said to be so: nothing is guessed.
//
// It knows nothing of files, of codes' texts or of people. Lengths are millimetres on the paper from its upper left corner,
// points of a picture are pixels.
package marks

import (
	"errors"
	"image"
	"image/color"
	"math"
	"slices"
)

// The paper: A4.
const (
	Width, Height = 210.0, 297.0
	CodeSide      = 22.0 // a code, without its quiet zone
	CodeModules   = 29   // squares of a code's side: version 3
	Margin        = 10.0 // from the edge of the paper to the codes
	FirstRow      = 45.0 // the upper edge of the first row
	RowHeight     = 8.6
	MaxRows       = 25
	Boxes         = 4 // in a row
	BoxSide       = 6.4
	BoxLine       = 0.5 // how wide a box is drawn, centred on its edge
)

// Layout is how one sheet is drawn.
type Layout struct {
	Rows int  // from 1 to MaxRows
	RTL  bool // the boxes stand on the left, the first of them rightmost
}

// Point is a place on the paper or in a picture.
type Point struct{ X, Y float64 }

// Box returns the centre of a box, both counted from 0.
func (l Layout) Box(row, box int) Point {
	x := 130 + 20*float64(box)
	if l.RTL {
		x = Width - x
	}
	return Point{x, FirstRow + (float64(row)+.5)*RowHeight}
}

// Corner returns the upper left corner of a code: 0 and 1 stand above, 2 and 3 below, the even ones on the left.
func Corner(n int) Point {
	p := Point{Margin, Margin}
	if n%2 == 1 {
		p.X = Width - Margin - CodeSide
	}
	if n >= 2 {
		p.Y = Height - Margin - CodeSide
	}
	return p
}

// Corners is how many codes a sheet has, and Needed how many of them must be seen.
const (
	Corners = 4
	Needed  = 3
)

// Code is a code that was seen in a picture: which corner it is of, and the centres of its finder patterns, upper left, upper
// right and lower left.
type Code struct {
	Corner  int
	Finders [3]Point
}

// finders are where the centres of a code's finder patterns are on the paper.
func finders(corner int) [3]Point {
	const near, far = 3.5 * CodeSide / CodeModules, (CodeModules - 3.5) * CodeSide / CodeModules
	c := Corner(corner)
	return [3]Point{{c.X + near, c.Y + near}, {c.X + far, c.Y + near}, {c.X + near, c.Y + far}}
}

// Errors of reading.
var (
	ErrCorners = errors.New("fewer than three corners of the sheet are seen")
	ErrBent    = errors.New("the corners of the sheet do not lie as they do on paper")
)

// Doubt is why nobody but a person can say what is marked.
type Doubt int

// The doubts.
const (
	Sure    Doubt = iota
	None          // no box is marked
	Several       // more than one is
	Unclear       // something is in a box that may be a mark or may be none, or a box is not where it must be
)

// Row is what one row says.
type Row struct {
	Mark  int // the box that is marked, or -1 where there is a doubt
	Doubt Doubt
	Ink   [Boxes]float64 // the share of each box's inside that is inked
}

// Sheet is a sheet that was read.
type Sheet struct {
	Rows []Row
	img  *image.Gray
	to   homography
	l    Layout
}

// Thresholds, found with TestRead: see docs/figures.md. Ink is a share of the inside of a box.
const (
	blank      = 0.018 // less than this is dust
	marked     = 0.055 // more than this is a mark, if enough of it lies in the middle of the box
	middle     = 0.04  // of the middle
	inset      = 0.9   // what is not looked at inside of a box's edge: its line, and what the registration leaves
	dark       = 0.33  // how much of the way from paper to the black of the codes ink is
	line       = 0.16  // how dark the line of a box is at least, on average, on that way
	reach      = 1.2   // how far from its place a box is looked for
	tilt       = 1.5   // how far off, on average, a finder may lie
	sampleStep = 0.2
)

// Read reads a sheet out of a picture of it.
func Read(img *image.Gray, codes []Code, l Layout) (*Sheet, error) {
	var from, to []Point
	seen := map[int]bool{}
	for _, c := range codes {
		if c.Corner < 0 || c.Corner >= Corners || seen[c.Corner] {
			continue
		}
		seen[c.Corner] = true
		on := finders(c.Corner)
		from, to = append(from, on[:]...), append(to, c.Finders[:]...)
	}
	if len(seen) < Needed {
		return nil, ErrCorners
	}
	h, ok := fit(from, to)
	if !ok || !(h.error(from, to) <= tilt*scale(codes)) {
		return nil, ErrBent
	}
	s := &Sheet{img: img, to: h, l: l}
	contrast := s.contrast(seen)
	for r := range min(max(l.Rows, 0), MaxRows) {
		s.Rows = append(s.Rows, s.row(r, contrast))
	}
	return s, nil
}

// contrast is how much darker than the paper the black of the codes is, from 0 to 1.
func (s *Sheet) contrast(seen map[int]bool) float64 {
	var sum, n float64
	for c := range Corners {
		if !seen[c] {
			continue
		}
		for _, f := range finders(c) {
			black, ok := s.mean(f, .8)
			if !ok {
				continue
			}
			// Paper between the finder's ring and what is around it: the quiet zone, outwards.
			at := Corner(c)
			out := Point{at.X - 1.5, f.Y}
			if f.X > at.X+CodeSide/2 {
				out.X = at.X + CodeSide + 1.5
			}
			if white, ok := s.mean(out, .6); ok && white > 0 {
				sum, n = sum+(white-black)/white, n+1
			}
		}
	}
	if n == 0 {
		return 0
	}
	return sum / n
}

// mean is how light a small square is.
func (s *Sheet) mean(at Point, half float64) (float64, bool) {
	var sum, n float64
	for y := -half; y <= half; y += sampleStep {
		for x := -half; x <= half; x += sampleStep {
			v, ok := s.at(Point{at.X + x, at.Y + y})
			if !ok {
				return 0, false
			}
			sum, n = sum+v, n+1
		}
	}
	return sum / n, true
}

func (s *Sheet) row(r int, contrast float64) Row {
	out := Row{Mark: -1}
	found, unclear := 0, contrast < .2
	for b := range Boxes {
		ink, centre, ok := s.box(s.l.Box(r, b), contrast)
		out.Ink[b] = ink
		switch {
		case !ok:
			unclear = true
		case ink < blank:
		case ink >= marked && centre >= middle:
			found, out.Mark = found+1, b
		default:
			unclear = true
		}
	}
	switch {
	case unclear:
		out.Doubt = Unclear
	case found == 0:
		out.Doubt = None
	case found > 1:
		out.Doubt = Several
	}
	if out.Doubt != Sure {
		out.Mark = -1
	}
	return out
}

// box measures the ink inside of a box and in its middle; ok is false where the box is not seen.
func (s *Sheet) box(at Point, contrast float64) (ink, centre float64, ok bool) {
	const half = BoxSide / 2
	// The paper around the box, however the light falls: pen goes over the edge, so it is the lighter part.
	var ring []float64
	for d := -half - .8; d <= half+.8; d += .4 {
		for _, p := range []Point{{d, -half - .8}, {d, half + .8}, {-half - .8, d}, {half + .8, d}} {
			v, ok := s.at(Point{at.X + p.X, at.Y + p.Y})
			if !ok {
				return 0, 0, false
			}
			ring = append(ring, v)
		}
	}
	slices.Sort(ring)
	white := ring[len(ring)*3/4]
	if white < 30 {
		return 0, 0, false
	}
	full := white * contrast
	// Where the box's line is: a little off its place where the paper is bent or the lens is poor.
	best, shift := -1.0, Point{}
	for dy := -reach; dy <= reach+1e-9; dy += .2 {
		for dx := -reach; dx <= reach+1e-9; dx += .2 {
			var sum, n float64
			for d := -half; d <= half; d += .4 {
				for _, p := range []Point{{d, -half}, {d, half}, {-half, d}, {half, d}} {
					if v, ok := s.at(Point{at.X + dx + p.X, at.Y + dy + p.Y}); ok {
						sum += min(max((white-v)/full, 0), 1)
					}
					n++
				}
			}
			// Of two places that are as good, the one that is nearer.
			if v := sum/n - .02*math.Hypot(dx, dy); v > best {
				best, shift = v, Point{dx, dy}
			}
		}
	}
	if best < line || math.Max(math.Abs(shift.X), math.Abs(shift.Y)) > reach-.1 {
		return 0, 0, false
	}
	const inside, mid = half - inset, (half - inset) / 2
	var n, inked, nm, inkedm float64
	for y := -inside; y <= inside; y += sampleStep {
		for x := -inside; x <= inside; x += sampleStep {
			v, ok := s.at(Point{at.X + shift.X + x, at.Y + shift.Y + y})
			if !ok {
				return 0, 0, false
			}
			is := 0.0
			if white-v > dark*full {
				is = 1
			}
			n, inked = n+1, inked+is
			if math.Abs(x) <= mid && math.Abs(y) <= mid {
				nm, inkedm = nm+1, inkedm+is
			}
		}
	}
	return inked / n, inkedm / nm, true
}

// at is how light the paper is at a place, between pixels; ok is false out of the picture.
func (s *Sheet) at(p Point) (float64, bool) {
	q := s.to.of(p)
	r := s.img.Rect
	x, y := q.X-.5, q.Y-.5
	if !(x >= float64(r.Min.X) && y >= float64(r.Min.Y) && x < float64(r.Max.X-1) && y < float64(r.Max.Y-1)) {
		return 0, false
	}
	x0, y0 := int(math.Floor(x)), int(math.Floor(y))
	fx, fy := x-float64(x0), y-float64(y0)
	i := s.img.PixOffset(x0, y0)
	pix, w := s.img.Pix, s.img.Stride
	top := float64(pix[i])*(1-fx) + float64(pix[i+1])*fx
	bottom := float64(pix[i+w])*(1-fx) + float64(pix[i+w+1])*fx
	return top*(1-fy) + bottom*fy, true
}

// Strip draws a row upright, from edge to edge of what is printed, as wide as width pixels.
func (s *Sheet) Strip(row, width int) *image.Gray {
	const left, right, above = Margin, Width - Margin, .6
	per := (right - left) / float64(width)
	out := image.NewGray(image.Rect(0, 0, width, int((RowHeight+2*above)/per)))
	top := FirstRow + float64(row)*RowHeight - above
	for y := range out.Rect.Dy() {
		for x := range width {
			v, ok := s.at(Point{left + (float64(x)+.5)*per, top + (float64(y)+.5)*per})
			if !ok {
				v = 255
			}
			out.SetGray(x, y, color.Gray{uint8(v)})
		}
	}
	return out
}

// homography takes points of the paper to points of a picture: a projective map, with its last number 1.
type homography [8]float64

func (h homography) of(p Point) Point {
	w := h[6]*p.X + h[7]*p.Y + 1
	return Point{(h[0]*p.X + h[1]*p.Y + h[2]) / w, (h[3]*p.X + h[4]*p.Y + h[5]) / w}
}

// error is how far off the points lie, on average, in pixels.
func (h homography) error(from, to []Point) float64 {
	var sum float64
	for i, p := range from {
		q := h.of(p)
		sum += math.Hypot(q.X-to[i].X, q.Y-to[i].Y)
	}
	return sum / float64(len(from))
}

// scale is how many pixels a millimetre of a code has where it is smallest.
func scale(codes []Code) float64 {
	out := math.Inf(1)
	for _, c := range codes {
		for _, f := range c.Finders[1:] {
			out = min(out, math.Hypot(f.X-c.Finders[0].X, f.Y-c.Finders[0].Y)/((CodeModules-7)*CodeSide/CodeModules))
		}
	}
	return out
}

// fit finds the homography that comes nearest, by least squares; ok is false where the points do not fix one.
func fit(from, to []Point) (h homography, ok bool) {
	// In units of the sheet, so that the equations are of one size.
	const unit = 100.0
	var size float64
	for _, p := range to {
		size = max(size, math.Abs(p.X), math.Abs(p.Y))
	}
	if size == 0 || math.IsNaN(size) || math.IsInf(size, 0) {
		return h, false
	}
	var m [8][9]float64
	add := func(row [8]float64, v float64) {
		for i := range 8 {
			for j := range 8 {
				m[i][j] += row[i] * row[j]
			}
			m[i][8] += row[i] * v
		}
	}
	for i, p := range from {
		x, y, u, v := p.X/unit, p.Y/unit, to[i].X/size, to[i].Y/size
		add([8]float64{x, y, 1, 0, 0, 0, -u * x, -u * y}, u)
		add([8]float64{0, 0, 0, x, y, 1, -v * x, -v * y}, v)
	}
	for c := range 8 {
		pivot := c
		for r := c + 1; r < 8; r++ {
			if math.Abs(m[r][c]) > math.Abs(m[pivot][c]) {
				pivot = r
			}
		}
		if math.Abs(m[pivot][c]) < 1e-12 {
			return h, false
		}
		m[c], m[pivot] = m[pivot], m[c]
		for r := range 8 {
			if r != c {
				f := m[r][c] / m[c][c]
				for k := c; k < 9; k++ {
					m[r][k] -= f * m[c][k]
				}
			}
		}
	}
	for i := range 8 {
		h[i] = m[i][8] / m[i][i]
	}
	for i := range 2 { // back to millimetres and pixels
		h[3*i], h[3*i+1], h[3*i+2] = h[3*i]*size/unit, h[3*i+1]*size/unit, h[3*i+2]*size
	}
	h[6], h[7] = h[6]/unit, h[7]/unit
	return h, true
}
