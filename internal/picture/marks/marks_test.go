package marks_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"rsc.io/qr"

	"tizi/internal/picture"
	"tizi/internal/picture/marks"
	"tizi/internal/testnode"
)

// paper is a sheet as it is drawn, and what a pen does on it.
type paper struct {
	img *image.Gray
	rng *rand.Rand
}

const perMM = 8

// ink darkens what lies within half a width of the stroke from a to b, in millimetres.
func (p paper) ink(a, b marks.Point, width, light float64) {
	dx, dy := b.X-a.X, b.Y-a.Y
	long := dx*dx + dy*dy
	h := width / 2
	for y := int((min(a.Y, b.Y) - h) * perMM); y <= int((max(a.Y, b.Y)+h)*perMM)+1; y++ {
		for x := int((min(a.X, b.X) - h) * perMM); x <= int((max(a.X, b.X)+h)*perMM)+1; x++ {
			px, py := (float64(x)+.5)/perMM, (float64(y)+.5)/perMM
			t := 0.
			if long > 0 {
				t = min(max(((px-a.X)*dx+(py-a.Y)*dy)/long, 0), 1)
			}
			if math.Hypot(px-a.X-t*dx, py-a.Y-t*dy) <= h && image.Pt(x, y).In(p.img.Rect) {
				if c := p.img.GrayAt(x, y).Y; float64(c) > light {
					p.img.SetGray(x, y, color.Gray{uint8(light)})
				}
			}
		}
	}
}

func (p paper) rect(x, y, w, h, width, light float64) {
	c := []marks.Point{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}, {x, y}}
	for i := range 4 {
		p.ink(c[i], c[i+1], width, light)
	}
}

func text(corner int) string {
	return "TIZI:0123456789ABCDEF0123456789ABCDEF:1:" + strconv.Itoa(corner)
}

// drawn is an empty sheet with scribble where the names stand.
func drawn(t testing.TB, rng *rand.Rand, l marks.Layout) paper {
	t.Helper()
	p := paper{image.NewGray(image.Rect(0, 0, marks.Width*perMM, marks.Height*perMM)), rng}
	for i := range p.img.Pix {
		p.img.Pix[i] = 250
	}
	for c := range marks.Corners {
		code, err := qr.Encode(text(c), qr.Q)
		testnode.Must(t, err)
		if code.Size != marks.CodeModules {
			t.Fatalf("a code has %d squares a side", code.Size)
		}
		at, side := marks.Corner(c), marks.CodeSide/float64(code.Size)
		for y := range int(marks.CodeSide * perMM) {
			for x := range int(marks.CodeSide * perMM) {
				if code.Black(int(float64(x)/perMM/side), int(float64(y)/perMM/side)) {
					p.img.SetGray(int(at.X*perMM)+x, int(at.Y*perMM)+y, color.Gray{15})
				}
			}
		}
	}
	for r := range l.Rows {
		for b := range marks.Boxes {
			c := l.Box(r, b)
			p.rect(c.X-marks.BoxSide/2, c.Y-marks.BoxSide/2, marks.BoxSide, marks.BoxSide, marks.BoxLine, 60)
		}
		y := marks.FirstRow + float64(r+1)*marks.RowHeight
		p.ink(marks.Point{X: 10, Y: y}, marks.Point{X: 200, Y: y}, .2, 190)
		from := 15.
		if l.RTL {
			from = 120
		}
		for x := from; x < from+60; x += 2 {
			p.ink(marks.Point{X: x, Y: y - 3}, marks.Point{X: x + rng.Float64()*2, Y: y - 5 - rng.Float64()}, .4, 30)
		}
	}
	return p
}

// mark makes a mark as people make them: a cross, a tick, a stroke, a scribble, too large, beside the middle.
func (p paper) mark(c marks.Point) {
	rng := p.rng
	off := func(by float64) float64 { return (rng.Float64()*2 - 1) * by }
	c.X, c.Y = c.X+off(.8), c.Y+off(.8)
	size, width, light := 3+rng.Float64()*5.5, .45+rng.Float64()*.5, 25+rng.Float64()*70
	h := size / 2
	to := func(x1, y1, x2, y2 float64) {
		p.ink(marks.Point{X: c.X + x1*h + off(.3), Y: c.Y + y1*h + off(.3)}, marks.Point{X: c.X + x2*h + off(.3), Y: c.Y + y2*h + off(.3)}, width, light)
	}
	switch rng.IntN(4) {
	case 0:
		to(-1, -1, 1, 1)
		to(-1, 1, 1, -1)
	case 1:
		to(-.8, 0, -.2, .8)
		to(-.2, .8, 1, -1)
	case 2:
		if rng.IntN(2) == 0 {
			to(-1, off(.2), 1, off(.2))
		} else {
			to(-1, 1, 1, -1)
		}
	case 3:
		for y := -.9; y < .9; y += .25 {
			to(-.9, y, .9, y+.12)
		}
	}
}

// photo is what a camera or a scanner makes of the paper: turned, tilted, scaled, in uneven light, blurred, with noise, and
// packed as JPEG.
func (p paper) photo(t testing.TB) *image.Gray {
	t.Helper()
	rng := p.rng
	off := func(by float64) float64 { return (rng.Float64()*2 - 1) * by }
	per := 5 + rng.Float64()*3.5 // pixels a millimetre: 127 to 216 dots an inch
	border := 4 + rng.Float64()*14
	w, h := int((marks.Width+2*border)*per), int((marks.Height+2*border)*per)
	angle := off(8) * math.Pi / 180
	kx, ky := off(.0004), off(.0004)
	sin, cos := math.Sincos(angle)
	grow := 1 + math.Abs(sin)*.45 + (math.Abs(kx)+math.Abs(ky))*180 // so that no corner leaves the picture
	out := image.NewGray(image.Rect(0, 0, w, h))
	lx, ly, base := off(.25), off(.25), .72+rng.Float64()*.25
	acc := make([]float64, w*h)
	src := p.img
	for y := range h {
		for x := range w {
			u, v := (float64(x)-float64(w)/2)/per*grow, (float64(y)-float64(h)/2)/per*grow
			k := 1 + kx*u + ky*v
			px, py := ((u*cos-v*sin)/k+marks.Width/2)*perMM-.5, ((u*sin+v*cos)/k+marks.Height/2)*perMM-.5
			c := 90. // the table
			if x0, y0 := int(math.Floor(px)), int(math.Floor(py)); x0 >= 0 && y0 >= 0 && x0 < src.Rect.Dx()-1 && y0 < src.Rect.Dy()-1 {
				fx, fy := px-float64(x0), py-float64(y0)
				i := y0*src.Stride + x0
				c = (float64(src.Pix[i])*(1-fx)+float64(src.Pix[i+1])*fx)*(1-fy) + (float64(src.Pix[i+src.Stride])*(1-fx)+float64(src.Pix[i+src.Stride+1])*fx)*fy
			}
			acc[y*w+x] = c * base * (1 + lx*(float64(x)/float64(w)-.5) + ly*(float64(y)/float64(h)-.5))
		}
	}
	blur, noise := rng.IntN(3), rng.Float64()*9
	for y := range h {
		for x := range w {
			c, n := 0., 0.
			for dy := -blur; dy <= blur; dy++ {
				for dx := -blur; dx <= blur; dx++ {
					if dx*dx+dy*dy <= blur*blur && x+dx >= 0 && x+dx < w && y+dy >= 0 && y+dy < h {
						c, n = c+acc[(y+dy)*w+x+dx], n+1
					}
				}
			}
			out.Pix[y*w+x] = uint8(min(max(c/n+rng.NormFloat64()*noise, 0), 255))
		}
	}
	var b bytes.Buffer
	testnode.Must(t, jpeg.Encode(&b, out, &jpeg.Options{Quality: 60 + rng.IntN(35)}))
	img, err := picture.Read(b.Bytes())
	testnode.Must(t, err)
	return picture.Gray(img, 2400)
}

func codes(img image.Image) (out []marks.Code) {
	for _, s := range picture.Codes(img) {
		i := strings.LastIndexByte(s.Text, ':')
		n, err := strconv.Atoi(s.Text[i+1:])
		if err != nil {
			continue
		}
		c := marks.Code{Corner: n}
		for i, f := range s.Finders {
			c.Finders[i] = marks.Point{X: f[0], Y: f[1]}
		}
		out = append(out, c)
	}
	return out
}

// TestRead draws sheets, marks them with a pen, photographs them and reads them back: a mark that is passed as sure is the one
// that was made, and few are asked for. MARKS_SHEETS draws more of them and prints the shares.
func TestRead(t *testing.T) {
	sheets := 12
	if s := os.Getenv("MARKS_SHEETS"); s != "" {
		sheets, _ = strconv.Atoi(s)
	}
	var rows, right, wrong, unread int
	doubts := map[marks.Doubt]int{}
	for n := range sheets {
		rng := rand.New(rand.NewPCG(7, uint64(n)))
		l := marks.Layout{Rows: marks.MaxRows, RTL: n%2 == 1}
		p := drawn(t, rng, l)
		truth := make([]int, l.Rows)
		for r := range truth {
			truth[r] = rng.IntN(marks.Boxes)
			switch rng.IntN(20) {
			case 0:
				truth[r] = -1
			case 1:
				p.mark(l.Box(r, truth[r]))
				p.mark(l.Box(r, (truth[r]+1+rng.IntN(3))%marks.Boxes))
				truth[r] = -2
			default:
				p.mark(l.Box(r, truth[r]))
			}
			for range rng.IntN(3) { // dust, and a pen that was put down
				at := l.Box(r, rng.IntN(marks.Boxes))
				at.X, at.Y = at.X+rng.Float64()*6-3, at.Y+rng.Float64()*6-3
				p.ink(at, at, .2+rng.Float64()*.5, 40)
			}
		}
		img := p.photo(t)
		s, err := marks.Read(img, codes(img), l)
		if errors.Is(err, marks.ErrCorners) {
			unread++
			continue
		}
		testnode.Must(t, err)
		for r, got := range s.Rows {
			rows++
			switch {
			case got.Doubt == marks.Sure && got.Mark == truth[r]:
				right++
			case got.Doubt == marks.Sure:
				wrong++
				t.Errorf("sheet %d, row %d: %d is sure, %d was marked: %.3f", n, r, got.Mark, truth[r], got.Ink)
			case truth[r] < 0:
				right++ // asked, as it must be
			default:
				doubts[got.Doubt]++
			}
		}
	}
	t.Logf("%d sheets, %d not read; of %d rows %d right (%.2f %%), %d wrong and sure, asked without need: %v", sheets, unread, rows, right, 100*float64(right)/float64(rows), wrong, doubts)
	if rows == 0 || float64(right) < .93*float64(rows) || unread*20 > sheets {
		t.Error("too much is asked for")
	}
}

// A sheet may lie on its side or on its head, and small in a corner of the picture.
func TestTurned(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	l := marks.Layout{Rows: 4}
	p := drawn(t, rng, l)
	for r := range l.Rows {
		c := l.Box(r, r)
		p.ink(marks.Point{X: c.X - 2, Y: c.Y - 2}, marks.Point{X: c.X + 2, Y: c.Y + 2}, .8, 30)
		p.ink(marks.Point{X: c.X - 2, Y: c.Y + 2}, marks.Point{X: c.X + 2, Y: c.Y - 2}, .8, 30)
	}
	w, h := p.img.Rect.Dx(), p.img.Rect.Dy()
	for turn, at := range []image.Point{{30, 40}, {900, 20}, {10, 1200}, {700, 800}} {
		img := image.NewGray(image.Rect(0, 0, 3400, 3600))
		for i := range img.Pix {
			img.Pix[i] = 120
		}
		for y := range h {
			for x := range w {
				to := []image.Point{{x, y}, {h - 1 - y, x}, {w - 1 - x, h - 1 - y}, {y, w - 1 - x}}[turn]
				img.SetGray(at.X+to.X, at.Y+to.Y, p.img.GrayAt(x, y))
			}
		}
		small := picture.Gray(img, 2600)
		s, err := marks.Read(small, codes(small), l)
		if err != nil {
			t.Errorf("turned %d times: %v", turn, err)
			continue
		}
		for r, got := range s.Rows {
			if got.Mark != r {
				t.Errorf("turned %d times, row %d: %v", turn, r, got)
			}
		}
	}
}

// A sheet of which too little is seen, or whose corners lie otherwise, is none.
func TestRefuses(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	l := marks.Layout{Rows: 3}
	p := drawn(t, rng, l)
	all := codes(p.img)
	if len(all) != marks.Corners {
		t.Fatalf("%d codes are seen", len(all))
	}
	if _, err := marks.Read(p.img, all[:2], l); !errors.Is(err, marks.ErrCorners) {
		t.Error(err)
	}
	if _, err := marks.Read(p.img, []marks.Code{all[0], all[0], all[0]}, l); !errors.Is(err, marks.ErrCorners) {
		t.Error(err)
	}
	bent := append([]marks.Code(nil), all...)
	bent[0].Corner, bent[1].Corner = 1, 0
	if _, err := marks.Read(p.img, bent, l); !errors.Is(err, marks.ErrBent) {
		t.Error(err)
	}
	// Three are enough, and a row that is cut off is asked for.
	cut := p.img.SubImage(image.Rect(0, 0, 165*perMM, marks.Height*perMM)).(*image.Gray)
	s, err := marks.Read(cut, all[:3], l)
	testnode.Must(t, err)
	for r, x := range s.Rows {
		if x.Doubt != marks.Unclear {
			t.Errorf("row %d: %v", r, x)
		}
	}
	if fmt.Sprint(s.Strip(0, 300).Rect.Dx()) != "300" {
		t.Error("a strip is not as wide as asked")
	}
}

// Whatever the codes are said to be, a picture is read or refused.
func FuzzRead(f *testing.F) {
	f.Add([]byte("0123456789"), 10.0, 10.0, 100.0, 10.0, 10.0, 100.0, true)
	f.Add([]byte{0}, math.NaN(), math.Inf(1), -1e300, 0.0, 0.0, 0.0, false)
	f.Fuzz(func(t *testing.T, pix []byte, a, b, c, d, e, g float64, rtl bool) {
		w := 1 + len(pix)%40
		img := image.NewGray(image.Rect(0, 0, w, 1+len(pix)/w))
		copy(img.Pix, pix)
		var list []marks.Code
		for i := range 4 {
			x, y := float64(i%2)*d, float64(i/2)*g
			list = append(list, marks.Code{Corner: i, Finders: [3]marks.Point{{a + x, b + y}, {c + x, d + y}, {e + x, g + y}}})
		}
		s, err := marks.Read(img, list, marks.Layout{Rows: 3, RTL: rtl})
		if err != nil {
			return
		}
		for i, r := range s.Rows {
			if (r.Doubt == marks.Sure) != (r.Mark >= 0) {
				t.Error(r)
			}
			s.Strip(i, 50)
		}
	})
}
