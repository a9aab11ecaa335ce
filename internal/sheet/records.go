package sheet

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"
)

const (
	maxColumns   = 512      // a list has a dozen; what lies further right is not read
	maxCellLines = 100      // a quoted cell of more lines is a quote somebody forgot to close
	maxCellBytes = 64 << 10 // likewise
)

// records cuts lines of text into rows of cells: RFC 4180 where the file keeps to it, and a row lost to nobody where it
// does not. A quote that is never closed, or that would swallow whole rows, is taken for a character.
type records struct {
	in        *lines
	delimiter byte // 0: one column
	width     int  // how many cells a row usually has; 0 while not known

	ahead  []line // lines read while looking for the end of a quoted cell
	cells  []span
	text   []byte // the row being read, unquoted
	whole  bool   // the line being read is, alone, a row as wide as the others
	broken bool   // the encoding has stray bytes, to be replaced
}

type line struct {
	text   []byte
	number int
}

type span struct{ from, to int }

func newRecords(src io.Reader, delimiter byte, width int) *records {
	return &records{in: newLines(src), delimiter: delimiter, width: width}
}

// next returns the next row that is not blank.
func (r *records) next() (Row, error) {
	gap := false
	for {
		l, err := r.line()
		if err != nil {
			return Row{}, err
		}
		repaired := r.parse(l)
		if row, ok := r.row(l.number); ok {
			row.gap, row.Repaired = gap, repaired
			return row, nil
		}
		gap = true
	}
}

func (r *records) line() (line, error) {
	if len(r.ahead) > 0 {
		l := r.ahead[0]
		r.ahead = r.ahead[1:]
		return l, nil
	}
	text, err := r.in.next()
	return line{text, r.in.number}, err
}

// peek returns the line i places ahead of the one being parsed, reading it if need be.
func (r *records) peek(i int) ([]byte, bool) {
	for len(r.ahead) <= i {
		text, err := r.in.next()
		if err != nil {
			return nil, false // it comes again, from line, once what is ahead is used up
		}
		r.ahead = append(r.ahead, line{bytes.Clone(text), r.in.number})
	}
	return r.ahead[i].text, true
}

// parse fills cells from a line and, when a quoted cell goes on, from those after it. It says whether it had to mend.
func (r *records) parse(l line) (repaired bool) {
	r.cells, r.text = r.cells[:0], r.text[:0]
	if bytes.IndexByte(l.text, '"') < 0 {
		r.split(l.text)
		return false
	}
	r.whole = r.wide(l.text)
	rest := l.text
	if len(r.ahead) == 0 {
		rest = bytes.Clone(rest) // looking ahead reuses the buffer the line is in
	}
	for {
		from := len(r.text)
		quoted := bytes.TrimLeft(rest, " ")
		if len(quoted) > 0 && quoted[0] == '"' {
			after, more, ok := r.quoted(quoted[1:])
			if ok {
				r.cells = append(r.cells, span{from, len(r.text)})
				if !more {
					return repaired
				}
				rest = after
				continue
			}
			repaired = true
			rest = quoted[1:] // the quote has no partner: what it opened is the plain cell without it
		}
		end := r.find(rest)
		r.text = append(r.text, rest[:max(end, 0)]...)
		if end < 0 {
			r.text = append(r.text, rest...)
		}
		r.cells = append(r.cells, span{from, len(r.text)})
		if end < 0 {
			return repaired
		}
		rest = rest[end+1:]
	}
}

func (r *records) find(text []byte) int {
	if r.delimiter == 0 {
		return -1
	}
	return bytes.IndexByte(text, r.delimiter)
}

func (r *records) split(text []byte) {
	r.text = append(r.text, text...)
	from := 0
	for {
		i := r.find(r.text[from:])
		if i < 0 {
			r.cells = append(r.cells, span{from, len(r.text)})
			return
		}
		r.cells = append(r.cells, span{from, from + i})
		from += i + 1
	}
}

// quoted reads a cell from after its opening quote. It returns what follows the cell, and whether a delimiter does. ok is
// false, and nothing is consumed, when the quote has no partner.
func (r *records) quoted(text []byte) (after []byte, more, ok bool) {
	start := len(r.text)
	used := 0 // lines ahead that the cell runs through
	for {
		i := bytes.IndexByte(text, '"')
		if i < 0 {
			r.text = append(r.text, text...)
			next, found := r.peek(used)
			if !found || used >= maxCellLines || len(r.text)-start > maxCellBytes {
				break
			}
			r.text = append(r.text, '\n')
			text = next
			used++
			continue
		}
		r.text = append(r.text, text[:i]...)
		text = text[i+1:]
		if len(text) > 0 && text[0] == '"' { // "" is a quote
			r.text = append(r.text, '"')
			text = text[1:]
			continue
		}
		tail := bytes.TrimLeft(text, " ")
		switch {
		case len(tail) == 0:
			if used > 0 && r.swallows(used) {
				r.text = r.text[:start]
				return nil, false, false
			}
			r.ahead = r.ahead[used:]
			return nil, false, true
		case r.delimiter != 0 && tail[0] == r.delimiter:
			if used > 0 && r.swallows(used) {
				r.text = r.text[:start]
				return nil, false, false
			}
			r.ahead = r.ahead[used:]
			return tail[1:], true, true
		}
		if used > 0 { // a quote inside a word, lines below: the beginning of another's trouble
			break
		}
		r.text = append(r.text, '"') // Ali "le grand" Omar, quoted without doubling
	}
	r.text = r.text[:start]
	return nil, false, false
}

// swallows says whether each of the lines that a quoted cell runs through is, read alone, a row as wide as the others: then
// two forgotten quotes, not one long cell. Below four columns a sentence with commas looks the same, and the quotes are
// believed.
func (r *records) swallows(used int) bool {
	if r.width < 4 || r.delimiter == 0 || !r.whole {
		return false
	}
	for _, l := range r.ahead[:used] {
		if !r.wide(l.text) {
			return false
		}
	}
	return true
}

// wide says whether a line, its quotes disregarded, has as many cells as rows usually have.
func (r *records) wide(text []byte) bool {
	return bytes.Count(text, []byte{r.delimiter})+1 == r.width
}

// row makes the parsed cells into strings that share one allocation. ok is false for a blank row.
func (r *records) row(number int) (Row, bool) {
	blank := true
	for i, c := range r.cells {
		for c.from < c.to && r.text[c.from] <= ' ' {
			c.from++
		}
		for c.to > c.from && r.text[c.to-1] <= ' ' {
			c.to--
		}
		r.cells[i] = c
		blank = blank && c.from == c.to
	}
	if blank {
		return Row{}, false
	}
	text := string(r.text)
	if r.broken && !utf8.ValidString(text) {
		return r.mended(number, text)
	}
	cells := make([]string, min(len(r.cells), maxColumns))
	blank = true
	for i := range cells {
		cells[i] = trim(text[r.cells[i].from:r.cells[i].to])
		blank = blank && cells[i] == ""
	}
	return Row{Number: number, Cells: cells}, !blank
}

// mended is row for text with bytes that are not UTF-8, each shown as the replacement character.
func (r *records) mended(number int, text string) (Row, bool) {
	cells := make([]string, min(len(r.cells), maxColumns))
	for i := range cells {
		cells[i] = trim(strings.ToValidUTF8(text[r.cells[i].from:r.cells[i].to], "\ufffd"))
	}
	return Row{Number: number, Cells: cells}, true
}
