package sheet

import (
	"io"
	"slices"
	"strconv"
)

// mergeScanSize is the size of sheet up to which merged cells are honoured: they stand at the end of the sheet, so that it
// must be read twice. Only hands merge cells, and hands do not write a hundred thousand rows.
const mergeScanSize = 24 << 20

// tabSource gives the rows of one sheet.
type tabSource struct {
	book   *book
	in     io.ReadCloser
	x      *scanner
	merges []merge // vertical ones, by their first row
	active []merge
	row    int // the last one read
	inData bool
	ended  bool
	cells  []cell
	value  []byte
}

type cell struct {
	text string
	date bool
}

// merge is a cell that stands for all between two rows of its column.
type merge struct {
	column, from, to int
	value            cell
}

// open starts reading sheet i; merges says whether merged cells matter.
func (b *book) open(i int, merges bool) (*tabSource, error) {
	part := b.tabs[i].part
	t := &tabSource{book: b}
	if merges && part.UncompressedSize64 <= mergeScanSize {
		in, err := b.unpack(part)
		if err != nil {
			return nil, err
		}
		t.merges, err = readMerges(in)
		in.Close()
		if err != nil {
			return nil, err
		}
	}
	in, err := b.unpack(part)
	if err != nil {
		return nil, err
	}
	t.in, t.x = in, newScanner(in)
	return t, nil
}

func (t *tabSource) close() error { return t.in.Close() }

// next returns the next row that is not blank.
func (t *tabSource) next() (Row, error) {
	last := t.row
	for {
		err := t.read()
		if err != nil {
			return Row{}, t.book.explain(err)
		}
		row, ok := t.pack()
		if ok {
			row.gap = last > 0 && t.row > last+1
			return row, nil
		}
	}
}

// read reads the next <row> into cells.
func (t *tabSource) read() error {
	for !t.ended {
		kind, err := t.x.next()
		if err != nil {
			t.ended = true
			return cut(err) // a sheet ends by </sheetData>, not by the end of the part
		}
		switch {
		case kind == tokenOpen && string(t.x.name) == "sheetData":
			t.inData = true
		case kind == tokenEnd && string(t.x.name) == "sheetData":
			t.ended = true
		case kind == tokenOpen && t.inData && string(t.x.name) == "row":
			t.row++
			if n, err := strconv.Atoi(string(t.x.attr("r"))); err == nil && n >= t.row {
				t.row = n
			}
			return t.readCells()
		}
	}
	return io.EOF
}

func (t *tabSource) readCells() error {
	t.cells = t.cells[:0]
	column := -1
	for {
		kind, err := t.x.next()
		if err != nil {
			return cut(err)
		}
		if kind == tokenEnd && string(t.x.name) == "row" {
			return nil
		}
		if kind != tokenOpen {
			continue
		}
		if string(t.x.name) != "c" {
			if err := t.x.skip(); err != nil {
				return cut(err)
			}
			continue
		}
		column++
		if c, ok := columnOf(t.x.attr("r")); ok {
			column = c
		}
		if column >= maxColumns {
			if err := t.x.skip(); err != nil {
				return cut(err)
			}
			continue
		}
		c, err := t.readCell()
		if err != nil {
			return err
		}
		for len(t.cells) <= column {
			t.cells = append(t.cells, cell{})
		}
		t.cells[column] = c
	}
}

// readCell reads the element <c> just opened.
func (t *tabSource) readCell() (cell, error) {
	kindOf := byte('n')
	switch string(t.x.attr("t")) {
	case "s":
		kindOf = 's'
	case "str", "e":
		kindOf = 't'
	case "inlineStr":
		kindOf = 'i'
	case "b":
		kindOf = 'b'
	case "d":
		kindOf = 'd'
	}
	var look style
	if s := t.x.attr("s"); len(s) > 0 {
		if n, err := strconv.Atoi(string(s)); err == nil && n >= 0 && n < len(t.book.styles) {
			look = t.book.styles[n]
		}
	}
	t.value = t.value[:0]
	depth, inValue := t.x.depth, false
	for {
		kind, err := t.x.next()
		if err != nil {
			return cell{}, cut(err)
		}
		switch kind {
		case tokenOpen:
			switch {
			case string(t.x.name) == "is":
				if t.value, err = richText(t.x, t.value[:0]); err != nil {
					return cell{}, err
				}
				kindOf = 'i'
			case string(t.x.name) == "v":
				inValue = true
			default: // the formula, an extension
				if err := t.x.skip(); err != nil {
					return cell{}, cut(err)
				}
			}
		case tokenText:
			if inValue {
				t.value = t.x.appendText(t.value)
			}
		case tokenEnd:
			inValue = false
			if t.x.depth < depth {
				return t.book.cell(kindOf, t.value, look), nil
			}
		}
	}
}

// cell makes a cell out of a raw value, its type and its look.
func (b *book) cell(kind byte, value []byte, look style) cell {
	if len(value) == 0 {
		return cell{}
	}
	switch kind {
	case 's':
		i, err := strconv.Atoi(string(value))
		if err != nil || b.strings == nil {
			return cell{}
		}
		return cell{text: b.strings.at(i)}
	case 'i', 't':
		return cell{text: trim(unescapeChars(value))}
	case 'b':
		if string(value) == "1" || string(value) == "true" {
			return cell{text: "TRUE"}
		}
		return cell{text: "FALSE"}
	case 'd': // ISO 8601, in strict workbooks
		if len(value) >= 10 && value[4] == '-' && value[7] == '-' {
			return cell{string(value[:10]), true}
		}
		return cell{text: trim(string(value))}
	}
	text, n, ok := numberText(value, look.zeros)
	if ok && look.date {
		if iso, ok := SerialDate(n, b.from1904); ok {
			return cell{iso, true}
		}
	}
	return cell{text: trim(text)}
}

// pack makes the cells read into a Row, filling in those that a merge covers. ok is false for a blank one.
func (t *tabSource) pack() (row Row, ok bool) {
	for _, c := range t.cells {
		ok = ok || c.text != ""
	}
	t.merge()
	if !ok { // what a merge brings down makes no row by itself
		return Row{}, false
	}
	dates := slices.ContainsFunc(t.cells, func(c cell) bool { return c.date })
	row = Row{Number: t.row, Cells: make([]string, len(t.cells))}
	if dates {
		row.Dates = make([]bool, len(t.cells))
	}
	for i, c := range t.cells {
		row.Cells[i] = c.text
		if c.date && dates {
			row.Dates[i] = true
		}
	}
	return row, true
}

// merge fills blank cells from merges that began above, and notes the values of those that begin here.
func (t *tabSource) merge() {
	for len(t.merges) > 0 && t.merges[0].from <= t.row {
		m := t.merges[0]
		t.merges = t.merges[1:]
		if m.from == t.row && m.column < len(t.cells) && t.cells[m.column].text != "" {
			m.value = t.cells[m.column]
			t.active = append(t.active, m)
		}
	}
	kept := t.active[:0]
	for _, m := range t.active {
		if m.to < t.row {
			continue
		}
		kept = append(kept, m)
		if m.from == t.row {
			continue
		}
		for len(t.cells) <= m.column {
			t.cells = append(t.cells, cell{})
		}
		if t.cells[m.column].text == "" {
			t.cells[m.column] = m.value
		}
	}
	t.active = kept
}
