package picture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"testing"

	"rsc.io/qr"

	"tizi/internal/picture"
	"tizi/internal/testnode"
)

// sheet is a page with a QR code in a corner, as a scanner sees it.
func sheet(t testing.TB, text string, scale int) image.Image {
	t.Helper()
	c, err := qr.Encode(text, qr.M)
	testnode.Must(t, err)
	page := image.NewRGBA(image.Rect(0, 0, 1240, 1754))
	draw.Draw(page, page.Bounds(), image.White, image.Point{}, draw.Src)
	for y := range c.Size * scale {
		for x := range c.Size * scale {
			if c.Black(x/scale, y/scale) {
				page.Set(900+x, 80+y, color.Black)
			}
		}
	}
	return page
}

func jpg(t testing.TB, img image.Image) []byte {
	var b bytes.Buffer
	testnode.Must(t, jpeg.Encode(&b, img, nil))
	return b.Bytes()
}

// exif adds the way a camera was held, and something that nobody should keep.
func exif(b []byte, how uint16) []byte {
	var seg bytes.Buffer
	seg.WriteString("Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00")
	binary.Write(&seg, binary.LittleEndian, []uint16{0x0112, 3, 1, 0, how, 0})
	seg.WriteString("\x00\x00\x00\x00GPS 31.63N 8.00W")
	out := append([]byte{}, b[:2]...)
	out = append(out, 0xff, 0xe1, byte((seg.Len()+2)>>8), byte(seg.Len()+2))
	return append(append(out, seg.Bytes()...), b[2:]...)
}

func TestCodeOfAScan(t *testing.T) {
	const want = "TIZI1:0f7f1c1c9a3c4fb59f6c2f2d8e2a7b11"
	for _, how := range []uint16{1, 3, 6, 8} {
		img, err := picture.Read(exif(jpg(t, sheet(t, want, 5)), how))
		testnode.Must(t, err)
		if got := picture.Code(img); got != want {
			t.Errorf("held %d: %q", how, got)
		}
	}
	if got := picture.Code(image.NewGray(image.Rect(0, 0, 300, 300))); got != "" {
		t.Errorf("a black page says %q", got)
	}
}

func TestPhotoIsDrawnAnew(t *testing.T) {
	src := image.NewRGBA(image.Rect(0, 0, 60, 120))
	draw.Draw(src, image.Rect(0, 0, 60, 60), image.NewUniform(color.RGBA{200, 0, 0, 255}), image.Point{}, draw.Src)
	out, err := picture.Photo(exif(jpg(t, src), 6))
	testnode.Must(t, err)
	if bytes.Contains(out, []byte("GPS")) || bytes.Contains(out, []byte("Exif")) {
		t.Error("what the camera wrote is kept")
	}
	img, err := jpeg.Decode(bytes.NewReader(out))
	testnode.Must(t, err)
	if img.Bounds().Dx() != 480 || img.Bounds().Dy() != 480 {
		t.Errorf("a portrait of %v", img.Bounds())
	}
	// Held in portrait: the upper, red half lies at the right.
	if r, _, _, _ := img.At(470, 240).RGBA(); r>>8 < 150 {
		t.Errorf("the picture is not turned: %d", r>>8)
	}
}

func TestPagesOfAPDF(t *testing.T) {
	one, two := jpg(t, sheet(t, "A", 6)), jpg(t, sheet(t, "B", 6))
	pdf := append([]byte("%PDF-1.4\n1 0 obj<</Filter/DCTDecode>>\nstream\r\n"), one...)
	pdf = append(append(append(pdf, "\nendstream endobj 2 0 obj<<>>stream\nq 1 0 0 1\nendstream 3 0 obj stream\n"...), two...), "\nendstream"...)
	pages, err := picture.Pages(pdf)
	testnode.Must(t, err)
	var got string
	for _, p := range pages {
		img, err := picture.Read(p)
		testnode.Must(t, err)
		got += picture.Code(img)
	}
	if got != "AB" {
		t.Errorf("the pages say %q", got)
	}
	for _, b := range []string{"", "%PDF-1.4 nothing", "GIF89a", "<svg/>"} {
		if _, err := picture.Pages([]byte(b)); !errors.Is(err, picture.ErrKind) {
			t.Errorf("%q: %v", b, err)
		}
	}
}

func TestTooLarge(t *testing.T) {
	var b bytes.Buffer
	testnode.Must(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 12001, 10))))
	if _, err := picture.Read(b.Bytes()); !errors.Is(err, picture.ErrLarge) {
		t.Error(err)
	}
	if _, err := picture.Read(make([]byte, picture.MaxBytes+1)); !errors.Is(err, picture.ErrLarge) {
		t.Error(err)
	}
}

// What is uploaded comes from anywhere: whatever it is, it is read or refused.
func FuzzPages(f *testing.F) {
	small := image.NewGray(image.Rect(0, 0, 24, 24))
	b := jpg(f, small)
	f.Add(b)
	f.Add(exif(b, 6))
	f.Add(append(append([]byte("%PDF-1.7 stream\n"), b...), "endstream"...))
	f.Add([]byte("%PDF-1.7 stream"))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x10Exif\x00\x00MM\x00*\xff\xff\xff\xff"))
	var p bytes.Buffer
	testnode.Must(f, png.Encode(&p, small))
	f.Add(p.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		pages, err := picture.Pages(b)
		if err != nil {
			return
		}
		for _, p := range pages {
			img, err := picture.Read(p)
			if err != nil || img.Bounds().Dx()*img.Bounds().Dy() > 1<<16 {
				continue
			}
			picture.Code(img)
			if out, err := picture.Page(img); err != nil || len(out) == 0 {
				t.Error(err)
			}
		}
	})
}
