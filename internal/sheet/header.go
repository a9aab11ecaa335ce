package sheet

import (
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	windowRows = 256 // read before anything is decided
	headRows   = 40  // headings stand among the first of them
)

// heading is where the headings of a table were found.
type heading struct {
	first int      // index of their first row in the window: what stands above are titles
	rows  int      // how many rows they take: 0, 1 or 2
	row   int      // the row, as the clerk counts, of the last of them; 0 where there are none
	cells []string // one a column
	known int
}

// window reads the top of a table.
func window(src source) ([]Row, error) {
	var rows []Row
	for len(rows) < windowRows {
		row, err := src.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// findHeader finds the headings among the rows of the window.
func findHeader(rows []Row, opt Options) (heading, error) {
	mode := commonFill(rows)
	switch {
	case opt.HeaderRow < 0:
		return none(rows, 0), nil
	case opt.HeaderRow > 0:
		for i, row := range rows {
			if row.Number == opt.HeaderRow {
				return single(rows, i), nil
			}
		}
		return heading{}, &Error{Code: CodeHeaderRow, Args: map[string]string{"row": strconv.Itoa(opt.HeaderRow)}}
	}
	if i, n := bestKnown(rows, mode, opt.Known); n > 0 {
		h := both(rows, i, opt.Known)
		h.known = n
		return h, nil
	}
	return byShape(rows, mode, opt.Known != nil), nil
}

// bestKnown is the row with most headings that the caller knows, and how many. One is enough only in a table of two
// columns or fewer: elsewhere one known word may be a title.
func bestKnown(rows []Row, mode int, known func(string) bool) (best, count int) {
	if known == nil {
		return 0, 0
	}
	top := 0.0
	for i, row := range rows[:min(len(rows), headRows)] {
		n, filled := 0, 0
		for _, cell := range row.Cells {
			if cell == "" {
				continue
			}
			filled++
			// "School:" is a label beside its value, above the list.
			if !strings.HasSuffix(cell, ":") && known(cell) {
				n++
			}
		}
		if n < 2 && !(n == 1 && filled <= 2 && mode <= 2) {
			continue
		}
		if score := float64(n) - float64(filled-n)/4; score > top {
			top, best, count = score, i, n
		}
	}
	return best, count
}

// both joins a second row of headings to the one found: groups above ("Guardian" over name and phone) or details below
// ("in Arabic", "in French" under one name).
func both(rows []Row, i int, known func(string) bool) heading {
	if i > 0 && adjacent(rows[i-1], rows[i]) && groups(rows[i-1].Cells, rows[i].Cells, known) {
		h := single(rows, i)
		h.first, h.rows = i-1, 2
		h.cells = widen(joined(rows[i-1].Cells, rows[i].Cells), rows[i+1:])
		return h
	}
	if i+2 < len(rows) && adjacent(rows[i], rows[i+1]) && details(rows[i].Cells, rows[i+1].Cells, known) {
		h := single(rows, i)
		h.rows, h.row = 2, rows[i+1].Number
		h.cells = widen(joined(rows[i].Cells, rows[i+1].Cells), rows[i+2:])
		return h
	}
	return single(rows, i)
}

func adjacent(a, b Row) bool { return b.Number == a.Number+1 && !b.gap }

// groups says whether above is a row of group headings over below.
func groups(above, below []string, known func(string) bool) bool {
	filled, spans := 0, 0
	for i, cell := range above {
		if cell == "" {
			continue
		}
		if i < len(below) && cell == below[i] { // one cell merged over both rows
			continue
		}
		if dataLike(cell) || strings.HasSuffix(cell, ":") || !known(cell) {
			return false
		}
		filled++
		if i+1 < len(above) && above[i+1] == "" && i+1 < len(below) && below[i] != "" && below[i+1] != "" {
			spans++
		}
	}
	return filled > 0 && spans > 0
}

// details says whether below is a second row of headings under above, and not the first row of the list.
func details(above, below []string, known func(string) bool) bool {
	fills, spared := 0, 0
	for i, cell := range above {
		under := at(below, i)
		switch {
		case dataLike(under):
			return false
		case cell == "" && under != "":
			if !known(under) && !known(lastFilled(above, i)+" "+under) {
				return false
			}
			fills++
		case cell != "" && (under == "" || under == cell):
			spared++
		case cell != "" && !known(under):
			return false
		}
	}
	return fills > 0 && spared > 0
}

func at(cells []string, i int) string {
	if i < len(cells) {
		return cells[i]
	}
	return ""
}

// lastFilled is the heading that a blank cell continues.
func lastFilled(cells []string, i int) string {
	for ; i >= 0; i-- {
		if at(cells, i) != "" {
			return cells[i]
		}
	}
	return ""
}

// joined makes one heading a column out of two rows of them.
func joined(above, below []string) []string {
	out := make([]string, max(len(above), len(below)))
	for i := range out {
		top, under := at(above, i), at(below, i)
		if top == "" && under != "" {
			top = lastFilled(above, min(i, len(above)-1))
		}
		switch {
		case under == "" || under == top:
			out[i] = top
		case top == "":
			out[i] = under
		default:
			out[i] = top + " " + under
		}
	}
	return out
}

// single takes row i as the headings.
func single(rows []Row, i int) heading {
	return heading{first: i, rows: 1, row: rows[i].Number, cells: widen(rows[i].Cells, rows[i+1:])}
}

// none takes the table to begin, without headings, at row i.
func none(rows []Row, i int) heading {
	return heading{first: i, cells: widen(nil, rows[i:])}
}

// byShape finds headings by what they look like: filled across, no digits to speak of, all different. With a vocabulary at
// hand that knows none of them, rows below that look like data must bear them out: better a heading offered as a person,
// and refused, than a person taken for a heading.
func byShape(rows []Row, mode int, strict bool) heading {
	enough := max(1, (3*mode+4)/5)
	for i, row := range rows[:min(len(rows), headRows)] {
		if fillOf(row.Cells) < enough {
			continue
		}
		if headingLike(row.Cells) && (!strict || dataBelow(rows[i+1:])) {
			return single(rows, i)
		}
		return none(rows, i)
	}
	return none(rows, 0)
}

func headingLike(cells []string) bool {
	seen := map[string]bool{}
	for _, c := range cells {
		if c == "" {
			continue
		}
		if dataLike(c) || seen[c] || utf8.RuneCountInString(c) > 80 {
			return false
		}
		seen[c] = true
	}
	return len(seen) > 0
}

// dataBelow says whether the rows hold codes, dates or numbers.
func dataBelow(rows []Row) bool {
	for _, row := range rows[:min(len(rows), 5)] {
		for _, c := range row.Cells {
			if dataLike(c) {
				return true
			}
		}
	}
	return false
}

// dataLike says whether a cell holds a code, a date or a number rather than words.
func dataLike(cell string) bool {
	digits, letters := 0, 0
	for _, r := range cell {
		switch {
		case unicode.IsDigit(r):
			digits++
		case unicode.IsLetter(r):
			letters++
		}
	}
	return digits >= 4 || digits > 0 && letters == 0
}

// widen trims the empty right end of the headings, then adds columns without a heading that half of the rows fill.
func widen(header []string, rows []Row) []string {
	width := len(header)
	for width > 0 && header[width-1] == "" {
		width--
	}
	counts := make([]int, maxColumns)
	for _, row := range rows {
		for i := width; i < min(len(row.Cells), maxColumns); i++ {
			if row.Cells[i] != "" {
				counts[i]++
			}
		}
	}
	out := make([]string, width, width+4)
	copy(out, header)
	for i := maxColumns - 1; i >= width; i-- {
		if counts[i] > 0 && 2*counts[i] >= len(rows) {
			return append(out, make([]string, i+1-width)...)
		}
	}
	return out
}

// commonFill is how many cells most rows fill.
func commonFill(rows []Row) int {
	counts, mode := map[int]int{}, 0
	for _, row := range rows {
		counts[fillOf(row.Cells)]++
	}
	for n, c := range counts {
		if c > counts[mode] || c == counts[mode] && n > mode {
			mode = n
		}
	}
	return mode
}

func fillOf(cells []string) int {
	n := 0
	for _, c := range cells {
		if c != "" {
			n++
		}
	}
	return n
}
