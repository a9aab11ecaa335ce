// Package picture reads the pictures that people upload. They come from anywhere, so they are bounded before they are
// decoded; what is kept is drawn anew as JPEG, upright and without what a camera or a scanner wrote into the file.
package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	_ "image/png" // one of the two kinds that are read
	"math"
	"strings"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"golang.org/x/image/draw"
)

// Bounds of what is read.
const (
	MaxBytes  = 12 << 20 // one picture
	maxPixels = 26_000_000
	maxSide   = 12_000
	MaxPages  = 60 // pictures of one file
)

// Errors of reading. Doors translate them.
var (
	ErrKind  = errors.New("this is no JPEG, no PNG and no PDF with scanned pages")
	ErrLarge = errors.New("the picture is too large")
)

// Read decodes a JPEG or a PNG and turns it as its camera says.
func Read(b []byte) (img image.Image, err error) {
	defer func() { // decoders have had faults; one of a stranger's file must not end the program
		if p := recover(); p != nil {
			img, err = nil, ErrKind
		}
	}()
	if len(b) > MaxBytes {
		return nil, ErrLarge
	}
	c, kind, err := image.DecodeConfig(bytes.NewReader(b))
	if err != nil || kind != "jpeg" && kind != "png" || c.Width < 1 || c.Height < 1 {
		return nil, ErrKind
	}
	if c.Width > maxSide || c.Height > maxSide || c.Width*c.Height > maxPixels {
		return nil, ErrLarge
	}
	img, _, err = image.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKind, err)
	}
	if kind == "jpeg" {
		img = upright(img, orientation(b))
	}
	return img, nil
}

// photoSide is how wide and high a portrait is kept.
const photoSide = 480

// Photo makes a square portrait of a picture, as JPEG.
func Photo(b []byte) ([]byte, error) {
	img, err := Read(b)
	if err != nil {
		return nil, err
	}
	r := img.Bounds()
	side := min(r.Dx(), r.Dy())
	// Faces stand in the upper part of a picture that is higher than wide.
	from := image.Rect(0, 0, side, side).Add(r.Min).Add(image.Pt((r.Dx()-side)/2, (r.Dy()-side)/3))
	out := image.NewRGBA(image.Rect(0, 0, photoSide, photoSide))
	draw.Draw(out, out.Bounds(), image.White, image.Point{}, draw.Src)
	draw.ApproxBiLinear.Scale(out, out.Bounds(), img, from, draw.Over, nil)
	return encode(out, 82)
}

// pageSide is how high and wide a scanned page is kept: enough to read a hand.
const pageSide = 1800

// Page makes a JPEG of a scanned page.
func Page(img image.Image) ([]byte, error) { return encode(fit(img, pageSide), 72) }

func encode(img image.Image, quality int) ([]byte, error) {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("draw a picture: %w", err)
	}
	return out.Bytes(), nil
}

// fit scales a picture down until no side is longer than that, on white.
func fit(img image.Image, side int) image.Image {
	r := img.Bounds()
	w, h := r.Dx(), r.Dy()
	if w > side || h > side {
		if w > h {
			w, h = side, h*side/w
		} else {
			w, h = w*side/h, side
		}
	}
	out := image.NewRGBA(image.Rect(0, 0, max(w, 1), max(h, 1)))
	draw.Draw(out, out.Bounds(), image.White, image.Point{}, draw.Src)
	draw.ApproxBiLinear.Scale(out, out.Bounds(), img, r, draw.Over, nil)
	return out
}

// Pages returns the pictures of an uploaded file: the file itself, or the scanned pages of a PDF. Scanners put one JPEG a
// page into a PDF, as it is; a PDF that draws its pages otherwise has none that could be read.
func Pages(b []byte) ([][]byte, error) {
	if !bytes.HasPrefix(b, []byte("%PDF-")) {
		if !bytes.HasPrefix(b, []byte("\xff\xd8\xff")) && !bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")) {
			return nil, ErrKind
		}
		return [][]byte{b}, nil
	}
	var out [][]byte
	for rest := b; len(out) < MaxPages; {
		i := bytes.Index(rest, []byte("stream"))
		if i < 0 {
			break
		}
		rest = rest[i+len("stream"):]
		body := bytes.TrimLeft(rest[:min(len(rest), 2)], "\r\n")
		body = rest[min(len(rest), 2)-len(body):]
		if !bytes.HasPrefix(body, []byte("\xff\xd8\xff")) {
			continue
		}
		end := bytes.Index(body, []byte("endstream"))
		if end < 0 {
			break
		}
		out = append(out, body[:end])
		rest = body[end+len("endstream"):]
	}
	if len(out) == 0 {
		return nil, ErrKind
	}
	return out, nil
}

// Code returns the text of the QR code in a picture, or "".
func Code(img image.Image) (text string) {
	defer func() {
		if p := recover(); p != nil {
			text = ""
		}
	}()
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}
	// A code that is blurred is read better small, one that is small better large.
	for _, side := range []int{1200, 2400, 700} {
		small := fit(img, side)
		src := gozxing.NewLuminanceSourceFromImage(small)
		for _, bin := range []gozxing.Binarizer{gozxing.NewHybridBinarizer(src), gozxing.NewGlobalHistgramBinarizer(src)} {
			m, err := gozxing.NewBinaryBitmap(bin)
			if err != nil {
				continue
			}
			if r, err := qrcode.NewQRCodeReader().Decode(m, hints); err == nil {
				return strings.ToValidUTF8(r.GetText(), "")
			}
		}
	}
	return ""
}

// Seen is a QR code that was seen in a picture: its text, and where the centres of its finder patterns lie, upper left, upper
// right and lower left as the code stands, in pixels.
type Seen struct {
	Text    string
	Finders [3][2]float64
}

// Codes returns the QR codes of a sheet with one in each corner: each quarter of the picture is looked at, with some of its
// neighbours, and smaller parts while fewer than four are found. A code that is seen twice comes once.
func Codes(img image.Image) (out []Seen) {
	r := img.Bounds()
	// Ninths after quarters: a sheet that lies small, or in a corner of the picture, has two codes in one quarter.
	for _, by := range []struct {
		n, share float64
		sides    []int // a blurred code is read better small, one that is small better large
	}{{2, .55, []int{1000, 600, 1600}}, {3, .45, []int{1000}}} {
		w, h := int(float64(r.Dx())*by.share), int(float64(r.Dy())*by.share)
		for i := 0.; i < by.n*by.n && w > 0 && h > 0 && len(out) < 4; i++ {
			x, y := math.Mod(i, by.n), math.Floor(i/by.n)
			at := r.Min.Add(image.Pt(int(x*float64(r.Dx()-w)/(by.n-1)), int(y*float64(r.Dy()-h)/(by.n-1))))
			out = seen(out, img, image.Rectangle{at, at.Add(image.Pt(w, h))}, by.sides)
		}
	}
	return out
}

// seen adds the code of a part of a picture, looked for with its longer side that many pixels long.
func seen(known []Seen, img image.Image, part image.Rectangle, sides []int) (out []Seen) {
	out = known
	defer func() { recover() }() // a reader that fails has read nothing
	gray := image.NewGray(image.Rect(0, 0, part.Dx(), part.Dy()))
	draw.Draw(gray, gray.Rect, img, part.Min, draw.Src)
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}
	for _, side := range sides {
		small := fit(gray, side)
		scale := float64(part.Dx()) / float64(small.Bounds().Dx())
		src := gozxing.NewLuminanceSourceFromImage(small)
		for _, bin := range []gozxing.Binarizer{gozxing.NewHybridBinarizer(src), gozxing.NewGlobalHistgramBinarizer(src)} {
			m, err := gozxing.NewBinaryBitmap(bin)
			if err != nil {
				continue
			}
			got, err := qrcode.NewQRCodeReader().Decode(m, hints)
			if err != nil || len(got.GetResultPoints()) < 3 {
				continue
			}
			p := got.GetResultPoints() // lower left, upper left, upper right
			s := Seen{Text: strings.ToValidUTF8(got.GetText(), "")}
			for i, v := range []gozxing.ResultPoint{p[1], p[2], p[0]} {
				s.Finders[i] = [2]float64{float64(part.Min.X) + v.GetX()*scale, float64(part.Min.Y) + v.GetY()*scale}
			}
			for _, o := range out {
				if o.Text == s.Text {
					return out
				}
			}
			return append(out, s)
		}
	}
	return out
}

// Gray returns a picture without its colours, with no side longer than that.
func Gray(img image.Image, side int) *image.Gray {
	if g, ok := img.(*image.Gray); ok && g.Rect.Min == (image.Point{}) && g.Rect.Dx() <= side && g.Rect.Dy() <= side {
		return g
	}
	small := fit(img, side)
	g := image.NewGray(small.Bounds())
	draw.Draw(g, g.Rect, small, small.Bounds().Min, draw.Src)
	return g
}

// orientation reads how a camera was held (EXIF tag 0x0112), 1 when it does not say.
func orientation(b []byte) int {
	for i := 2; i+4 <= len(b) && b[i] == 0xff; {
		marker, n := b[i+1], int(binary.BigEndian.Uint16(b[i+2:]))
		if marker == 0xda || n < 2 || i+2+n > len(b) {
			break
		}
		if seg := b[i+4 : i+2+n]; marker == 0xe1 && bytes.HasPrefix(seg, []byte("Exif\x00\x00")) {
			return tag(seg[6:])
		}
		i += 2 + n
	}
	return 1
}

func tag(t []byte) int {
	if len(t) < 8 {
		return 1
	}
	var o binary.ByteOrder = binary.LittleEndian
	if t[0] == 'M' {
		o = binary.BigEndian
	}
	at := int64(o.Uint32(t[4:]))
	if at+2 > int64(len(t)) {
		return 1
	}
	for n := range int64(o.Uint16(t[at:])) {
		e := at + 2 + 12*n
		if e+12 > int64(len(t)) {
			break
		}
		if o.Uint16(t[e:]) == 0x0112 {
			if v := int(o.Uint16(t[e+8:])); v >= 1 && v <= 8 {
				return v
			}
		}
	}
	return 1
}

// turned shows a picture in another orientation, without copying it.
type turned struct {
	image.Image
	how int
}

func upright(img image.Image, how int) image.Image {
	if how == 1 {
		return img
	}
	return turned{img, how}
}

func (t turned) Bounds() image.Rectangle {
	r := t.Image.Bounds()
	if t.how >= 5 {
		return image.Rect(0, 0, r.Dy(), r.Dx())
	}
	return image.Rect(0, 0, r.Dx(), r.Dy())
}

func (t turned) At(x, y int) color.Color {
	r := t.Image.Bounds()
	w, h := r.Dx()-1, r.Dy()-1
	switch t.how {
	case 2:
		x = w - x
	case 3:
		x, y = w-x, h-y
	case 4:
		y = h - y
	case 5:
		x, y = y, x
	case 6:
		x, y = y, h-x
	case 7:
		x, y = w-y, h-x
	case 8:
		x, y = w-y, x
	}
	return t.Image.At(r.Min.X+x, r.Min.Y+y)
}
