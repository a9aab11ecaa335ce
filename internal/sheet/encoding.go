package sheet

import (
	"bytes"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Encodings a text file may be found to be in, or be declared in by Options.Encoding.
const (
	UTF8    = "utf-8"
	UTF16LE = "utf-16le"
	UTF16BE = "utf-16be"
	Arabic  = "windows-1256" // what Excel writes as CSV on an Arabic Windows
	Western = "windows-1252" // what Excel writes as CSV on a French Windows
	DOS     = "ibm850"       // what it writes as CSV (MS-DOS)
	Mac     = "macintosh"    // and as CSV (Macintosh)
)

// charset is what a look at the bytes of a file found.
type charset struct {
	name    string
	bom     int64 // bytes of byte-order mark before the text
	blank   bool  // nothing but blanks
	binary  bool  // zero bytes that are not UTF-16
	garbled bool  // UTF-8 with some bytes that are not
}

// detect reads the whole file once: an accent in the last row decides as much as one in the first.
func detect(r io.ReaderAt, size int64) (charset, error) {
	var head [4]byte
	n, err := r.ReadAt(head[:], 0)
	if err != nil && err != io.EOF {
		return charset{}, err
	}
	switch {
	case bytes.HasPrefix(head[:n], []byte("\xef\xbb\xbf")):
		return scan(r, 3, size, charset{name: UTF8, bom: 3})
	case bytes.HasPrefix(head[:n], []byte("\xff\xfe")):
		return scan(r, 2, size, charset{name: UTF16LE, bom: 2})
	case bytes.HasPrefix(head[:n], []byte("\xfe\xff")):
		return scan(r, 2, size, charset{name: UTF16BE, bom: 2})
	}
	return scan(r, 0, size, charset{})
}

// scan goes over the bytes from off and completes what is known of the charset; a name already known stays.
func scan(r io.ReaderAt, off, size int64, known charset) (charset, error) {
	var t tally
	buf := make([]byte, 64<<10)
	in := io.NewSectionReader(r, off, size-off)
	for {
		n, err := io.ReadFull(in, buf)
		t.add(buf[:n])
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			break
		}
		if err != nil {
			return charset{}, err
		}
	}
	t.end()
	return t.decide(known), nil
}

// tally counts what tells one encoding from another.
type tally struct {
	total     int64
	blanks    int64
	zeroEven  int64 // zero bytes at even offsets: UTF-16BE
	zeroOdd   int64
	multi     int64  // well-formed sequences of UTF-8 beyond ASCII
	invalid   int64  // bytes that UTF-8 does not allow
	arabic    int64  // high bytes that are Arabic letters of Windows-1256, standing with their like
	latin     int64  // the same bytes standing beside Latin letters: capital accents of Windows-1252
	small     int64  // accents where Windows has them, after a Latin letter
	dos, mac  int64  // bytes that are accents in those encodings, and signs that follow no letter in Windows
	rest      []byte // an unfinished sequence at the end of a block
	prev      byte
	run       int64 // length of the current run of Arabic bytes
	runBeside bool  // the run touches a Latin letter
}

func (t *tally) add(block []byte) {
	for i, b := range block {
		switch b {
		case 0:
			if (t.total+int64(i))%2 == 0 {
				t.zeroEven++
			} else {
				t.zeroOdd++
			}
		case ' ', '\t', '\r', '\n':
			t.blanks++
		}
		t.weigh(b)
	}
	t.total += int64(len(block))
	t.utf8(block)
}

// weigh follows runs of bytes that Windows-1256 reads as Arabic letters.
func (t *tally) weigh(b byte) {
	if b >= 0x80 && t.prev|0x20 >= 'a' && t.prev|0x20 <= 'z' {
		t.accent(b)
	}
	switch {
	case arabicByte(b):
		if t.run == 0 {
			t.runBeside = latinLetter(t.prev)
		}
		t.run++
	case t.run > 0:
		t.closeRun(latinLetter(b))
	}
	t.prev = b
}

// accent counts a byte after a Latin letter as the accent it may be: é è ç ê É of MS-DOS, é è ç ê à É of the Macintosh.
func (t *tally) accent(b byte) {
	switch b {
	case 0x82, 0x8a, 0x87:
		t.dos++
	case 0x8e, 0x8f, 0x8d, 0x83:
		t.mac++
	case 0x88, 0x90:
		t.dos++
		t.mac++
	default:
		if b >= 0xc0 {
			t.small++
		}
	}
}

func (t *tally) closeRun(beside bool) {
	// An Arabic word is a run of its own; a capital accent stands inside a Latin word. A lone byte between blanks says
	// little: it counts, but only as one.
	if t.runBeside || beside {
		t.latin += t.run
	} else {
		t.arabic += t.run
	}
	t.run = 0
}

// utf8 counts well-formed and ill-formed sequences, carrying one that a block cuts.
func (t *tally) utf8(block []byte) {
	if len(t.rest) > 0 {
		cut := min(len(block), utf8.UTFMax)
		joined := append(t.rest, block[:cut]...)
		if !utf8.FullRune(joined) {
			t.rest = joined
			return
		}
		r, size := utf8.DecodeRune(joined)
		if r == utf8.RuneError && size == 1 {
			t.invalid += int64(len(t.rest))
			size = len(t.rest)
		} else {
			t.multi++
		}
		block = block[size-len(t.rest):]
		t.rest = t.rest[:0]
	}
	for len(block) > 0 {
		if block[0] < utf8.RuneSelf {
			block = block[1:]
			continue
		}
		if !utf8.FullRune(block) {
			t.rest = append(t.rest, block...)
			return
		}
		r, size := utf8.DecodeRune(block)
		if r == utf8.RuneError && size == 1 {
			t.invalid++
		} else {
			t.multi++
		}
		block = block[size:]
	}
}

func (t *tally) end() {
	t.invalid += int64(len(t.rest))
	if t.run > 0 {
		t.closeRun(false)
	}
}

func (t *tally) decide(known charset) charset {
	zeros := t.zeroEven + t.zeroOdd
	known.blank = t.blanks+zeros >= t.total
	if known.name != "" {
		known.garbled = known.name == UTF8 && t.invalid > 0
		known.binary = known.name == UTF8 && zeros > 0
		return known
	}
	switch {
	case zeros > 0:
		// Text of any language has separators, digits and line ends, whose high byte is zero, and all on one side.
		known.name = UTF16LE
		if t.zeroEven > t.zeroOdd {
			known.name = UTF16BE
		}
		known.binary = zeros*20 < t.total || min(t.zeroEven, t.zeroOdd)*20 > zeros
	case t.invalid == 0, t.multi > 20*t.invalid:
		known.name = UTF8
		known.garbled = t.invalid > 0
	case t.arabic > t.latin:
		known.name = Arabic
	case t.dos > t.small && t.dos >= t.mac:
		known.name = DOS
	case t.mac > t.small:
		known.name = Mac
	default:
		known.name = Western
	}
	return known
}

// arabicByte says whether Windows-1256 reads b as an Arabic letter. The small French accents (à â ç è é ê ë î ï ô ù û ü)
// are where Windows-1252 has them and tell nothing.
func arabicByte(b byte) bool {
	switch {
	case b >= 0xc1 && b <= 0xdf && b != 0xd7:
		return true
	case b == 0xe1, b >= 0xe3 && b <= 0xe6, b == 0xec, b == 0xed:
		return true
	}
	return false
}

func latinLetter(b byte) bool {
	return b|0x20 >= 'a' && b|0x20 <= 'z' || b == 0xe0 || b == 0xe2 || b >= 0xe7 && b <= 0xeb || b == 0xee || b == 0xef ||
		b == 0xf4 || b == 0xf9 || b == 0xfb || b == 0xfc
}

// decoder turns bytes of the named encoding into UTF-8; nil for UTF-8 itself, which needs none.
func decoder(name string) encoding.Encoding {
	switch name {
	case UTF16LE:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case UTF16BE:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	case Arabic:
		return charmap.Windows1256
	case Western:
		return charmap.Windows1252
	case DOS:
		return charmap.CodePage850
	case Mac:
		return charmap.Macintosh
	}
	return nil
}

// decoded is the text of a file as UTF-8 from its first character, without the byte-order mark.
func decoded(r io.ReaderAt, size int64, c charset) io.Reader {
	in := io.NewSectionReader(r, c.bom, size-c.bom)
	if e := decoder(c.name); e != nil {
		return transform.NewReader(in, e.NewDecoder())
	}
	return in
}
