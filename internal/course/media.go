package course

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image"
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
	"io"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	_ "golang.org/x/image/webp"
)

// Types are the files that a course may have beside its texts, with the type under which they are served.
var Types = map[string]string{
	".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp",
	".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".ogg": "audio/ogg", ".opus": "audio/ogg", ".wav": "audio/wav",
	".mp4": "video/mp4", ".webm": "video/webm", ".vtt": "text/vtt; charset=utf-8",
	".pdf": "application/pdf", ".csv": "text/csv; charset=utf-8", ".txt": "text/plain; charset=utf-8",
}

// maxPixels bounds what a tablet has to unpack.
const maxPixels = 40_000_000

// media checks a file that is no text of the course.
func (k *check) media(name string, b []byte) {
	ext := strings.ToLower(path.Ext(name))
	kind, ok := Types[ext]
	if !ok {
		k.fault(name, 0, "course.fault.media", "ext", ext)
		return
	}
	if ext == ".svg" {
		if line, what := hostile(b); what != "" {
			k.fault(name, line, "course.fault.svg", "what", what)
		}
		return
	}
	sniffed := http.DetectContentType(b)
	if strings.HasPrefix(sniffed, "text/html") || strings.HasPrefix(sniffed, "text/xml") {
		k.fault(name, 0, "course.fault.disguise", "type", "HTML")
		return
	}
	if strings.HasPrefix(kind, "image/") {
		c, _, err := image.DecodeConfig(bytes.NewReader(b))
		switch {
		case err != nil || !strings.HasPrefix(sniffed, kind):
			k.fault(name, 0, "course.fault.picture")
		case c.Width*c.Height > maxPixels:
			k.fault(name, 0, "course.fault.pixels", "n", maxPixels/1_000_000)
		}
	}
}

// What a drawing may be made of. Nothing of it runs, fetches or holds a page.
var (
	svgElements = strings.Fields("svg g defs symbol use title desc path rect circle ellipse line polyline polygon text tspan textPath linearGradient radialGradient stop clipPath mask pattern marker style switch " +
		"filter feGaussianBlur feOffset feMerge feMergeNode feColorMatrix feFlood feComposite feBlend feDropShadow metadata a")
	svgDrops = strings.Fields("metadata") // what drawing programs say of themselves, whatever is in it
)

// hostile says what of a drawing may not be, and on which line; "" where all may.
func hostile(b []byte) (line int, what string) {
	d := xml.NewDecoder(bytes.NewReader(b))
	d.Strict = true
	root, silent := true, 0
	for {
		t, err := d.Token()
		line, _ = d.InputPos()
		if errors.Is(err, io.EOF) {
			if root {
				return 1, "XML"
			}
			return 0, ""
		}
		if err != nil {
			return line, "XML"
		}
		switch x := t.(type) {
		case xml.Directive:
			if s := string(x); !strings.HasPrefix(s, "DOCTYPE") || strings.Contains(s, "[") || strings.Contains(strings.ToUpper(s), "ENTITY") {
				return line, "<!" + strings.Fields(s + " ")[0]
			}
		case xml.ProcInst:
			if x.Target != "xml" {
				return line, "<?" + x.Target
			}
		case xml.EndElement:
			if silent > 0 {
				silent--
			}
		case xml.CharData:
			if styleFetches(string(x)) {
				return line, "url()"
			}
		case xml.StartElement:
			if root && x.Name.Local != "svg" {
				return line, "<" + x.Name.Local + ">"
			}
			root = false
			if silent > 0 || slices.Contains(svgDrops, x.Name.Local) {
				silent++
			}
			// Elements of other names do nothing to a picture, unless their names are those of HTML.
			foreign := x.Name.Space != "" && x.Name.Space != "http://www.w3.org/2000/svg" && !strings.Contains(x.Name.Space, "xhtml")
			if silent == 0 && !foreign && !slices.Contains(svgElements, x.Name.Local) || strings.EqualFold(x.Name.Local, "script") || strings.EqualFold(x.Name.Local, "foreignObject") {
				return line, "<" + x.Name.Local + ">"
			}
			for _, a := range x.Attr {
				name := strings.ToLower(a.Name.Local)
				value := strings.ToLower(strings.Join(strings.Fields(a.Value), ""))
				switch {
				case strings.HasPrefix(name, "on"):
					return line, a.Name.Local
				case name == "href" && a.Value != "" && !strings.HasPrefix(value, "#"):
					return line, "href"
				case strings.Contains(value, "javascript:"), a.Name.Space != "xmlns" && name != "xmlns" && styleFetches(a.Value):
					return line, a.Name.Local
				}
			}
		}
	}
}

// styleFetches reports whether words of a style fetch something.
func styleFetches(s string) bool {
	s = strings.ToLower(strings.Join(strings.Fields(s), ""))
	if strings.Contains(s, "@import") || strings.Contains(s, "\\") && strings.Contains(s, "(") {
		return true
	}
	for {
		_, rest, ok := strings.Cut(s, "url(")
		if !ok {
			return false
		}
		if !strings.HasPrefix(strings.TrimLeft(rest, `"'`), "#") {
			return true
		}
		s = rest
	}
}

// Size is how large a picture is in its own units: pixels, or those of a drawing's viewBox. It is zeros where nobody can tell.
func Size(r io.Reader, kind string) [2]int {
	if kind != Types[".svg"] {
		c, _, err := image.DecodeConfig(r)
		if err != nil {
			return [2]int{}
		}
		return [2]int{c.Width, c.Height}
	}
	d := xml.NewDecoder(io.LimitReader(r, 1<<16))
	for {
		t, err := d.Token()
		if err != nil {
			return [2]int{}
		}
		x, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		for _, a := range x.Attr {
			if f := strings.FieldsFunc(a.Value, func(r rune) bool { return r == ' ' || r == ',' }); a.Name.Local == "viewBox" && len(f) == 4 {
				w, _ := strconv.ParseFloat(f[2], 64)
				h, _ := strconv.ParseFloat(f[3], 64)
				return [2]int{int(w), int(h)}
			}
		}
		return [2]int{}
	}
}
