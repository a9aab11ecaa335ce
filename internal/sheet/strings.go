package sheet

import (
	"io"
	"strings"
)

// maxStrings bounds the memory of a workbook's shared strings.
const maxStrings = 64 << 20

// sharedStrings are the texts of a workbook, each kept once, side by side in one block: a quarter of the memory of as many
// Go strings.
type sharedStrings struct {
	text string
	ends []uint32
}

func (s *sharedStrings) at(i int) string {
	if i < 0 || i >= len(s.ends) {
		return ""
	}
	from := uint32(0)
	if i > 0 {
		from = s.ends[i-1]
	}
	return s.text[from:s.ends[i]]
}

// readStrings reads the part xl/sharedStrings.xml.
func readStrings(in io.Reader) (*sharedStrings, error) {
	var text strings.Builder
	var out sharedStrings
	var scratch []byte
	x := newScanner(in)
	for {
		kind, err := x.next()
		if err == io.EOF {
			out.text = text.String()
			return &out, nil
		}
		if err != nil {
			return nil, err
		}
		if kind != tokenOpen || string(x.name) != "si" {
			continue
		}
		scratch, err = richText(x, scratch[:0])
		if err != nil {
			return nil, err
		}
		s := unescapeChars(scratch)
		if text.Len()+len(s) > maxStrings {
			return nil, errTooLarge
		}
		text.WriteString(trim(s))
		out.ends = append(out.ends, uint32(text.Len()))
	}
}

// richText gathers the text of the element just opened from its runs, leaving out the phonetic guides.
func richText(x *scanner, dst []byte) ([]byte, error) {
	depth, inText := x.depth, false
	for {
		kind, err := x.next()
		if err != nil {
			return dst, cut(err)
		}
		switch kind {
		case tokenOpen:
			if string(x.name) == "rPh" {
				if err := x.skip(); err != nil {
					return dst, cut(err)
				}
				continue
			}
			inText = string(x.name) == "t"
		case tokenText:
			if inText {
				dst = x.appendText(dst)
			}
		case tokenEnd:
			inText = false
			if x.depth < depth {
				return dst, nil
			}
		}
	}
}

// unescapeChars undoes the _x000D_ by which Excel writes what XML cannot hold.
func unescapeChars(b []byte) string {
	s := string(b)
	if !strings.Contains(s, "_x") {
		return s
	}
	var out strings.Builder
	for {
		i := strings.Index(s, "_x")
		if i < 0 || i+7 > len(s) {
			out.WriteString(s)
			return out.String()
		}
		r, ok := hex4(s[i+2 : i+6])
		if !ok || s[i+6] != '_' || r >= 0xd800 && r < 0xe000 {
			out.WriteString(s[:i+2])
			s = s[i+2:]
			continue
		}
		out.WriteString(s[:i])
		out.WriteRune(r)
		s = s[i+7:]
	}
}

func hex4(s string) (rune, bool) {
	var n rune
	for i := range 4 {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			n = n<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			n = n<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return n, true
}
