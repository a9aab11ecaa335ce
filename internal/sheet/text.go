package sheet

import (
	"bytes"
	"io"
	"math"
	"strings"
)

// sniffSize is how much of the text is looked at to find the delimiter.
const sniffSize = 128 << 10

// delimiters in order of preference where two explain a file equally well.
var delimiters = []byte{';', '\t', ',', '|'}

// textSource gives the rows of a text file.
type textSource struct {
	*records
}

func (textSource) close() error { return nil }

// openText finds the encoding and the delimiter of a text file.
func openText(r io.ReaderAt, size int64, opt Options, info *Info) (source, error) {
	c, err := detect(r, size)
	if err != nil {
		return nil, &Error{Code: CodeUnreadable, Err: err}
	}
	if c.blank {
		return nil, &Error{Code: CodeEmpty}
	}
	if opt.Encoding != "" && opt.Encoding != c.name {
		c.name, c.garbled, c.binary = opt.Encoding, opt.Encoding == UTF8, false
	}
	if c.binary {
		return nil, &Error{Code: CodeNotTable}
	}
	sample, err := io.ReadAll(io.LimitReader(decoded(r, size, c), sniffSize))
	if err != nil {
		return nil, &Error{Code: CodeUnreadable, Err: err}
	}
	delimiter, declared := declaredDelimiter(sample)
	if opt.Delimiter != 0 {
		delimiter = opt.Delimiter
	}
	width := 0
	if delimiter == 0 {
		delimiter, width = sniff(sample, opt.Known)
	} else {
		_, width, _ = consistency(head(sample, delimiter))
	}
	info.Format, info.Encoding, info.Delimiter = "csv", c.name, delimiter
	rec := newRecords(decoded(r, size, c), delimiter, width)
	rec.broken = c.garbled
	if declared {
		if _, err := rec.in.next(); err != nil {
			return nil, err
		}
	}
	return textSource{rec}, nil
}

// declaredDelimiter reads the "sep=;" that Excel writes and obeys on a first line.
func declaredDelimiter(sample []byte) (byte, bool) {
	first, _, _ := bytes.Cut(sample, []byte("\n"))
	first = bytes.Trim(first, " \"\r")
	if len(first) == 5 && strings.EqualFold(string(first[:4]), "sep=") {
		return first[4], true
	}
	if strings.EqualFold(string(first), "sep=") { // the tab went with the blanks
		return '\t', true
	}
	return 0, false
}

// head reads the rows at the beginning of a sample as one delimiter would cut them. The last may be cut short and is left
// out when it is not the only one.
func head(sample []byte, delimiter byte) []Row {
	in := newRecords(bytes.NewReader(sample), delimiter, 0)
	in.broken = true
	var rows []Row
	for len(rows) < 200 {
		row, err := in.next()
		if err != nil {
			break
		}
		rows = append(rows, row)
	}
	if len(sample) == sniffSize && len(rows) > 1 {
		rows = rows[:len(rows)-1]
	}
	return rows
}

// sniff chooses the delimiter that cuts the rows most alike, and says into how many cells. Headings that the caller knows
// settle it. Zero means that no delimiter cuts anything: a list of one column.
func sniff(sample []byte, known func(string) bool) (delimiter byte, width int) {
	best := 0.0
	for _, d := range delimiters {
		rows := head(sample, d)
		if len(rows) == 0 { // blank once cut so: the file holds separators only
			return d, 0
		}
		share, mode, ok := consistency(rows)
		if !ok {
			continue
		}
		score := share * share * math.Log2(float64(mode)+1)
		if n := mostKnown(rows, known); n > 1 {
			score += 10 * float64(n)
		}
		if score > best {
			best, delimiter, width = score, d, mode
		}
	}
	return delimiter, width
}

// consistency finds the number of cells most rows have, and the share of rows that have it. ok is false when no row has
// two cells.
func consistency(rows []Row) (share float64, mode int, ok bool) {
	counts := map[int]int{}
	for _, row := range rows {
		counts[len(row.Cells)]++
	}
	for n, c := range counts {
		if n > 1 && (c > counts[mode] || c == counts[mode] && n > mode || mode == 0) {
			mode = n
		}
	}
	if mode == 0 {
		return 0, 0, false
	}
	return float64(counts[mode]) / float64(len(rows)), mode, true
}

// mostKnown is the number of known headings in the row, among the first, that has most.
func mostKnown(rows []Row, known func(string) bool) int {
	if known == nil {
		return 0
	}
	most := 0
	for _, row := range rows[:min(len(rows), headRows)] {
		n := 0
		for _, cell := range row.Cells {
			if cell != "" && known(cell) {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}
