package sheet

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Limits that hold unless Options say otherwise.
const (
	MaxRows     = 1 << 20   // rows of an Excel sheet
	MaxUnzipped = 512 << 20 // bytes of one unpacked part of a workbook
)

// Options guide the reading. The zero value finds everything by itself.
type Options struct {
	Known     func(heading string) bool // says whether the caller's vocabulary has the heading; nil: headings are found by shape
	Sheet     string                    // the sheet of a workbook to read; "": the visible one with most known headings
	HeaderRow int                       // the row, as the clerk counts, that holds the headings; 0: find it; negative: there is none
	Encoding  string                    // of a text file, where the clerk corrects what was found
	Delimiter byte                      // likewise
	MaxRows   int                       // rows read at most; 0: MaxRows
	Unzipped  int64                     // bytes unpacked at most from one part of a workbook; 0: MaxUnzipped
}

// Row is one row below the headings.
type Row struct {
	Number   int      // as the clerk sees it: the line of a text file (its first, where a cell has several), the row of a sheet
	Cells    []string // trimmed; at least as many as there are headings; more where a text row has more
	Dates    []bool   // which cells are real dates of a workbook, given as "2014-12-31"; nil where none is
	Repaired bool     // a quote without a partner was taken for a character

	gap bool // blank rows stand before it
}

// Date says whether cell i is a real date of the workbook and not text that looks like one.
func (r Row) Date(i int) bool { return i < len(r.Dates) && r.Dates[i] }

// Why a row was left out; message keys.
const (
	SkippedTotal  = "import.skipped.total"  // a total, a count
	SkippedFooter = "import.skipped.footer" // a place, a date, a signature below the list
	SkippedHeader = "import.skipped.header" // the headings once more, as on each printed page
)

// Skipped is a row that is not of the list: told, so that nothing is lost unseen.
type Skipped struct {
	Row  int    `json:"row"`
	Text string `json:"text"` // its cells, joined by " | "
	Why  string `json:"why"`  // one of the Skipped codes
}

// maxSkipped bounds what is remembered of the rows left out; SkippedCount goes on counting.
const maxSkipped = 500

// Tab is one sheet of a workbook.
type Tab struct {
	Name     string `json:"name"`
	Hidden   bool   `json:"hidden,omitempty"`
	Headings int    `json:"headings"` // known headings found on it; 0 also where nobody looked (a hidden sheet)
}

// Info is what was found out about a file.
type Info struct {
	Format    string // "csv" or "xlsx"
	Encoding  string // of a text file
	Delimiter byte   // of a text file; 0: one column
	Sheet     string // the sheet read
	Sheets    []Tab
	HeaderRow int      // 0: the file has no headings
	Header    []string // one a column, "" where it has none; a heading in two rows is joined by a blank
	Titles    []string // the rows above the headings, cells joined by " | "
	Skipped   []Skipped
	// SkippedCount is how many rows were left out; Skipped holds the first of them. Both are whole at io.EOF only.
	SkippedCount int
}

// source gives the rows of a file from its top, blank ones left out.
type source interface {
	next() (Row, error)
	close() error
}

// Reader streams the rows of a table. It is for one goroutine.
type Reader struct {
	name  string
	src   source
	file  io.Closer // what it is read from, where that can be closed
	info  Info
	text  bool
	top   []Row // read to find the headings, not yet given on
	tail  tail
	ready []Row
	given int
	max   int
	err   error
}

// Open opens a file by its path. What it is, is found out from its content. Every error is an *Error.
func Open(path string, opt Options) (*Reader, error) {
	name := filepath.Base(path)
	f, err := os.Open(path)
	if err != nil {
		return nil, &Error{Code: CodeMissing, Args: map[string]string{"file": name}, Err: err}
	}
	stat, err := f.Stat()
	switch {
	case err != nil:
		err = &Error{Code: CodeMissing, Args: map[string]string{"file": name}, Err: err}
	case stat.IsDir():
		err = &Error{Code: CodeDirectory, Args: map[string]string{"file": name}}
	case !stat.Mode().IsRegular():
		err = &Error{Code: CodeNotTable, Args: map[string]string{"file": name}}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	r, err := New(f, stat.Size(), name, opt)
	if err != nil {
		f.Close()
		return nil, err
	}
	return r, nil
}

// New reads a table of size bytes, as an upload gives it; name is for messages. Where in can be closed, Close does. Every
// error is an *Error, and leaves in as it is.
func New(in io.ReaderAt, size int64, name string, opt Options) (*Reader, error) {
	r := &Reader{name: name, max: opt.MaxRows}
	if r.max <= 0 {
		r.max = MaxRows
	}
	if opt.Unzipped <= 0 {
		opt.Unzipped = MaxUnzipped
	}
	if err := r.open(in, size, opt); err != nil {
		if r.src != nil {
			r.src.close()
		}
		return nil, r.explain(err)
	}
	r.file, _ = in.(io.Closer)
	return r, nil
}

func (r *Reader) open(in io.ReaderAt, size int64, opt Options) error {
	if size == 0 {
		return &Error{Code: CodeEmpty}
	}
	head := make([]byte, min(size, headSize))
	n, err := in.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return &Error{Code: CodeUnreadable, Err: err}
	}
	head = head[:n]
	if code := refuse(head, in, size); code != "" {
		return &Error{Code: code}
	}
	if strings.HasPrefix(string(head), zipMagic) {
		r.src, err = openBook(in, size, opt, &r.info)
	} else {
		r.text = true
		r.src, err = openText(in, size, opt, &r.info)
	}
	if err != nil {
		return err
	}
	return r.start(opt)
}

// start reads the top of the table and finds the headings in it.
func (r *Reader) start(opt Options) error {
	rows, err := window(r.src)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return &Error{Code: CodeEmpty}
	}
	h, err := findHeader(rows, opt)
	if err != nil {
		return err
	}
	for _, row := range rows[:h.first] {
		r.info.Titles = append(r.info.Titles, join(row.Cells))
	}
	r.info.HeaderRow, r.info.Header = h.row, h.cells
	r.top = rows[h.first+h.rows:]
	r.tail = newTail(h.cells)
	for _, row := range rows[h.first : h.first+h.rows] {
		r.tail.header = append(r.tail.header, row.Cells)
	}
	if err := r.fill(1); err != nil && err != io.EOF {
		return err
	}
	if len(r.ready) == 0 {
		return &Error{Code: CodeNoRows}
	}
	return nil
}

// Info says what was found out. Skipped is complete once Next has returned io.EOF.
func (r *Reader) Info() Info {
	r.info.Skipped, r.info.SkippedCount = r.tail.skipped, r.tail.count
	return r.info
}

// Next returns the next row of the list, or io.EOF after the last. Any other error is an *Error and final. The row is the
// caller's to keep.
func (r *Reader) Next() (Row, error) {
	if err := r.fill(1); err != nil {
		return Row{}, err
	}
	row := r.ready[0]
	r.ready = r.ready[1:]
	if r.given++; r.given > r.max {
		r.ready, r.err = nil, r.explain(&Error{Code: CodeTooManyRows, Args: map[string]string{"limit": strconv.Itoa(r.max)}})
		return Row{}, r.err
	}
	return row, nil
}

// Peek returns up to n of the rows that Next will give, without taking them: a sample to show and to guess from. It
// returns fewer where there are fewer, and never an error: Next gives it in its place.
func (r *Reader) Peek(n int) []Row {
	r.fill(n)
	return r.ready[:min(n, len(r.ready))]
}

// Close frees what it is read from.
func (r *Reader) Close() error {
	err := r.src.close()
	if r.file != nil {
		err = errors.Join(err, r.file.Close())
	}
	return err
}

// fill makes n rows ready. Its error is the reason why not one is.
func (r *Reader) fill(n int) error {
	for len(r.ready) < n && r.err == nil {
		row, err := r.pull()
		if err == io.EOF {
			r.ready = r.tail.end(r.ready)
			r.err = io.EOF
			break
		}
		if err != nil {
			r.ready = r.tail.release(r.ready) // what was held back is better shown than lost
			r.err = r.explain(err)
			break
		}
		r.ready = r.tail.push(r.ready, r.shape(row))
	}
	if len(r.ready) == 0 {
		return r.err
	}
	return nil
}

func (r *Reader) pull() (Row, error) {
	if len(r.top) > 0 {
		row := r.top[0]
		r.top = r.top[1:]
		return row, nil
	}
	return r.src.next()
}

// shape gives a row as many cells as there are headings. What a workbook holds further right are remarks beside the list;
// in a text file they are a sign that the row was cut wrongly, which the caller must see.
func (r *Reader) shape(row Row) Row {
	width := len(r.info.Header)
	for len(row.Cells) > width && (!r.text || row.Cells[len(row.Cells)-1] == "") {
		row.Cells = row.Cells[:len(row.Cells)-1]
	}
	if len(row.Cells) < width {
		cells := make([]string, width)
		copy(cells, row.Cells)
		row.Cells = cells
	}
	return row
}

// explain makes every failure an *Error that names the file.
func (r *Reader) explain(err error) error {
	var e *Error
	switch {
	case errors.As(err, &e):
	case errors.Is(err, errLongLine):
		e = &Error{Code: CodeLongLine, Args: map[string]string{"row": strconv.Itoa(r.line())}}
	default:
		e = &Error{Code: CodeUnreadable, Err: err}
	}
	if e.Args == nil {
		e.Args = map[string]string{}
	}
	e.Args["file"] = r.name
	return e
}

func (r *Reader) line() int {
	if t, ok := r.src.(textSource); ok {
		return t.in.number
	}
	return 0
}

// join shows a row in one line.
func join(cells []string) string {
	var parts []string
	for _, c := range cells {
		if c != "" {
			parts = append(parts, c)
		}
	}
	return strings.Join(parts, " | ")
}
