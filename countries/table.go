package countries

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// longest is how many characters a cell may hold. A name is shorter; what is
// longer is a file whose quotes went wrong.
const longest = 200

// table reads a CSV file by the names in its first line.
type table struct {
	csv     *csv.Reader
	columns []string
	line    int
}

// record is one row: the cells under their column names.
type record struct {
	line  int
	cells map[string]string
}

// newTable reads the first line. The columns may stand in any order; those of
// must have to be there, and none but must and may can be, so that a misspelt
// column is not dropped in silence.
func newTable(r io.Reader, must, may []string) (*table, []RowError, error) {
	in := bufio.NewReader(r)
	if mark, err := in.Peek(3); err == nil && bytes.Equal(mark, []byte("\ufeff")) {
		// Spreadsheets put a byte order mark before UTF-8.
		_, _ = in.Discard(3)
	}
	t := &table{csv: csv.NewReader(in), line: 1}
	t.csv.FieldsPerRecord = -1
	t.csv.Comma = separator(in)
	first, err := t.csv.Read()
	if errors.Is(err, io.EOF) {
		return nil, []RowError{badColumns(must)}, nil
	}
	if bad, err := t.objection(err); err != nil || bad != nil {
		return nil, bad, err
	}
	for _, name := range first {
		name = strings.ToLower(strings.TrimSpace(name))
		known := slices.Contains(must, name) || slices.Contains(may, name)
		if !known || slices.Contains(t.columns, name) {
			return nil, []RowError{badColumns(must)}, nil
		}
		t.columns = append(t.columns, name)
	}
	for _, name := range must {
		if !slices.Contains(t.columns, name) {
			return nil, []RowError{badColumns(must)}, nil
		}
	}
	return t, nil, nil
}

func badColumns(must []string) RowError {
	return RowError{Line: 1, Key: "place.import.columns", Args: []any{"columns", strings.Join(must, ", ")}}
}

// separator looks at the first line. A spreadsheet set to French or Arabic
// writes semicolons, because its decimal mark is the comma.
func separator(in *bufio.Reader) rune {
	ahead, _ := in.Peek(in.Size())
	line, _, _ := bytes.Cut(ahead, []byte("\n"))
	best, most := ',', bytes.Count(line, []byte(","))
	for _, c := range []rune{';', '\t'} {
		if n := bytes.Count(line, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}

// next reads a row. It ends with io.EOF; an objection makes the row useless,
// and one about quotes ends the reading, since nothing after it can be trusted.
func (t *table) next() (record, []RowError, error) {
	cells, err := t.csv.Read()
	if errors.Is(err, io.EOF) {
		return record{}, nil, io.EOF
	}
	if bad, err := t.objection(err); err != nil || bad != nil {
		return record{}, bad, err
	}
	t.line, _ = t.csv.FieldPos(0)
	rec := record{line: t.line, cells: make(map[string]string, len(t.columns))}
	for len(cells) > len(t.columns) && cells[len(cells)-1] == "" {
		// Spreadsheets write the empty cells they once showed.
		cells = cells[:len(cells)-1]
	}
	var bad []RowError
	if len(cells) != len(t.columns) {
		bad = append(bad, RowError{Line: t.line, Key: "place.import.fields"})
	}
	for i, cell := range cells[:min(len(cells), len(t.columns))] {
		column := t.columns[i]
		if !utf8.ValidString(cell) || strings.ContainsRune(cell, 0) {
			bad = append(bad, RowError{Line: t.line, Column: column, Key: "place.import.encoding"})
			continue
		}
		if utf8.RuneCountInString(cell) > longest {
			bad = append(bad, RowError{Line: t.line, Column: column, Key: "place.import.too_long"})
			continue
		}
		rec.cells[column] = strings.TrimSpace(cell)
	}
	return rec, bad, nil
}

// objection turns a fault of the format into a row error and leaves a fault of
// the reader as it is.
func (t *table) objection(err error) ([]RowError, error) {
	var format *csv.ParseError
	switch {
	case err == nil:
		return nil, nil
	case errors.As(err, &format):
		return []RowError{{Line: format.Line, Key: "place.import.quotes"}}, nil
	}
	return nil, err
}

// blank tells whether a row has nothing in it, as spreadsheets leave at the end.
func (r record) blank() bool {
	for _, cell := range r.cells {
		if cell != "" {
			return false
		}
	}
	return true
}
