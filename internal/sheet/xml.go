package sheet

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// errXML says that a part of a workbook is not the XML it should be.
var errXML = errors.New("malformed XML")

// maxToken bounds one tag or one run of text: Excel's cells end at 32,767 characters.
const maxToken = 1 << 20

type tokenKind int

const (
	tokenEnd  tokenKind = iota // the end of an element
	tokenOpen                  // its start; for <a/> an end follows
	tokenText
)

// scanner reads the XML of a workbook: elements and text, names without their prefix, no document types (a workbook has
// none, and entities could swell without end). encoding/xml would do, at a tenth of the speed.
type scanner struct {
	src      io.Reader
	buf      []byte
	pos, end int
	done     bool

	name   []byte // of the element just opened or ended
	attrs  []byte // of the element just opened, raw
	text   []byte // just read, raw
	cdata  bool   // text needs no unescaping
	closed bool   // the element just opened has no content: its end is to be given
	depth  int
}

// newScanner reads UTF-8, and UTF-16 with its byte-order mark.
func newScanner(src io.Reader) *scanner {
	return &scanner{src: transform.NewReader(src, unicode.BOMOverride(transform.Nop)), buf: make([]byte, 32<<10)}
}

// next moves to the next token; io.EOF after the last. name, attrs and text are valid until the following call.
func (x *scanner) next() (tokenKind, error) {
	if x.closed {
		x.closed = false
		x.depth--
		return tokenEnd, nil
	}
	for {
		if x.pos == x.end {
			if err := x.more(); err != nil {
				if err == io.EOF && x.depth > 0 {
					return 0, io.ErrUnexpectedEOF
				}
				return 0, err
			}
		}
		if x.buf[x.pos] != '<' {
			i, err := x.find("<", 0)
			if err == io.ErrUnexpectedEOF && x.depth == 0 { // blanks after the root
				x.pos = x.end
				continue
			}
			if err != nil {
				return 0, err
			}
			x.text, x.cdata = x.buf[x.pos:x.pos+i], false
			x.pos += i
			if x.depth == 0 {
				continue
			}
			return tokenText, nil
		}
		kind, skip, err := x.markup()
		if err != nil {
			return 0, err
		}
		if !skip {
			return kind, nil
		}
	}
}

// markup reads what begins with '<'. skip is true for what holds nothing: comments, instructions.
func (x *scanner) markup() (kind tokenKind, skip bool, err error) {
	for x.end-x.pos < 2 {
		if err := x.more(); err != nil {
			return 0, false, cut(err)
		}
	}
	switch x.buf[x.pos+1] {
	case '?':
		i, err := x.find("?>", 2)
		x.pos += i + 2
		return 0, true, err
	case '!':
		return x.declaration()
	}
	i, err := x.tagEnd()
	if err != nil {
		return 0, false, err
	}
	tag := x.buf[x.pos+1 : x.pos+i]
	x.pos += i + 1
	if len(tag) > 0 && tag[0] == '/' {
		x.name = local(bytes.TrimRight(tag[1:], " \t\r\n"))
		if x.depth--; x.depth < 0 {
			return 0, false, errXML
		}
		return tokenEnd, false, nil
	}
	if len(tag) > 0 && tag[len(tag)-1] == '/' {
		x.closed = true
		tag = tag[:len(tag)-1]
	}
	stop := bytes.IndexAny(tag, " \t\r\n")
	if stop < 0 {
		stop = len(tag)
	}
	if stop == 0 {
		return 0, false, errXML
	}
	x.name, x.attrs = local(tag[:stop]), tag[stop:]
	x.depth++
	return tokenOpen, false, nil
}

func (x *scanner) declaration() (kind tokenKind, skip bool, err error) {
	const comment, cdata = "<!--", "<![CDATA["
	for x.end-x.pos < len(cdata) {
		if err := x.more(); err != nil {
			return 0, false, cut(err)
		}
	}
	switch {
	case bytes.HasPrefix(x.buf[x.pos:x.end], []byte(comment)):
		i, err := x.find("-->", len(comment))
		x.pos += i + 3
		return 0, true, err
	case bytes.HasPrefix(x.buf[x.pos:x.end], []byte(cdata)):
		i, err := x.find("]]>", len(cdata))
		if err != nil {
			return 0, false, err
		}
		x.text, x.cdata = x.buf[x.pos+len(cdata):x.pos+i], true
		x.pos += i + 3
		return tokenText, false, nil
	}
	return 0, false, errXML
}

// find looks for mark from offset on, reading as needed, and returns its offset from pos.
func (x *scanner) find(mark string, offset int) (int, error) {
	for {
		if i := bytes.Index(x.buf[min(x.pos+offset, x.end):x.end], []byte(mark)); i >= 0 {
			return offset + i, nil
		}
		if err := x.more(); err != nil {
			return 0, cut(err)
		}
	}
}

// tagEnd finds the '>' of a tag, past any in its attributes.
func (x *scanner) tagEnd() (int, error) {
	quote, i := byte(0), 1
	for {
		for ; x.pos+i < x.end; i++ {
			switch c := x.buf[x.pos+i]; {
			case quote != 0:
				if c == quote {
					quote = 0
				}
			case c == '"' || c == '\'':
				quote = c
			case c == '>':
				return i, nil
			}
		}
		if err := x.more(); err != nil {
			return 0, cut(err)
		}
	}
}

// more reads on, keeping what is from pos.
func (x *scanner) more() error {
	if x.done {
		return io.EOF
	}
	copy(x.buf, x.buf[x.pos:x.end])
	x.end -= x.pos
	x.pos = 0
	if x.end == len(x.buf) {
		if len(x.buf) >= maxToken {
			return errXML
		}
		x.buf = append(x.buf, make([]byte, len(x.buf))...)
	}
	for range 100 {
		n, err := x.src.Read(x.buf[x.end:])
		x.end += n
		if err == io.EOF {
			x.done = true
			if n == 0 {
				return io.EOF
			}
			return nil
		}
		if err != nil {
			return err
		}
		if n > 0 {
			return nil
		}
	}
	return io.ErrNoProgress
}

func cut(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// skip moves past the end of the element just opened.
func (x *scanner) skip() error {
	for depth := x.depth; x.depth >= depth; {
		if _, err := x.next(); err != nil {
			return err
		}
	}
	return nil
}

// attr returns the raw value of an attribute of the element just opened, whatever its prefix; nil without it.
func (x *scanner) attr(name string) []byte {
	rest := x.attrs
	for {
		eq := bytes.IndexByte(rest, '=')
		if eq < 0 {
			return nil
		}
		key := local(bytes.TrimSpace(rest[:eq]))
		rest = bytes.TrimLeft(rest[eq+1:], " \t\r\n")
		if len(rest) == 0 || rest[0] != '"' && rest[0] != '\'' {
			return nil
		}
		stop := bytes.IndexByte(rest[1:], rest[0])
		if stop < 0 {
			return nil
		}
		if string(key) == name {
			return rest[1 : 1+stop]
		}
		rest = rest[stop+2:]
	}
}

// attrText is attr, unescaped.
func (x *scanner) attrText(name string) string {
	return string(unescape(nil, x.attr(name)))
}

// appendText appends the text just read, unescaped, to dst.
func (x *scanner) appendText(dst []byte) []byte {
	if x.cdata {
		return append(dst, x.text...)
	}
	return unescape(dst, x.text)
}

func local(name []byte) []byte {
	if i := bytes.LastIndexByte(name, ':'); i >= 0 {
		return name[i+1:]
	}
	return name
}

// unescape appends raw with its entities replaced; an entity that XML does not know stays as it is.
func unescape(dst, raw []byte) []byte {
	for {
		i := bytes.IndexByte(raw, '&')
		if i < 0 {
			return append(dst, raw...)
		}
		dst = append(dst, raw[:i]...)
		raw = raw[i:]
		stop := bytes.IndexByte(raw[:min(len(raw), 12)], ';')
		if stop < 0 {
			dst = append(dst, '&')
			raw = raw[1:]
			continue
		}
		r, ok := entity(string(raw[1:stop]))
		if !ok {
			dst = append(dst, raw[:stop+1]...)
		} else {
			dst = utf8.AppendRune(dst, r)
		}
		raw = raw[stop+1:]
	}
}

func entity(name string) (rune, bool) {
	switch name {
	case "amp":
		return '&', true
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	if len(name) < 2 || name[0] != '#' {
		return 0, false
	}
	digits, base := name[1:], 10
	if digits[0] == 'x' || digits[0] == 'X' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n > utf8.MaxRune {
		return 0, false
	}
	return rune(n), true
}
