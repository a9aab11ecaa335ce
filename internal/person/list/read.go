package list

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tizi/internal/sheet"
)

// Source gives the rows of a file; *sheet.Reader is one.
type Source interface {
	Next() (sheet.Row, error)
}

// Reader reads the rows of a list by a mapping. It is for one goroutine.
type Reader struct {
	header []string
	place  map[Field][]int // the columns of each field
	names  []int           // the columns of names, those of one script first
	width  int
	mapped Mapping
	today  string // "2026-01-31"
	oldest string // born before: over 100
	young  string // born after: under 4
	blank  int

	row      sheet.Row
	problems []Problem
}

// NewReader makes a reader for the columns of a header. Of today only the civil day counts, in its own zone: who is born
// after it is refused. Its error is a *MappingError.
func NewReader(m Mapping, header []string, today time.Time) (*Reader, error) {
	if err := m.Check(header); err != nil {
		return nil, err
	}
	r := &Reader{header: header, mapped: m, width: max(len(m), len(header)), place: map[Field][]int{}}
	for i, f := range m {
		r.place[f] = append(r.place[f], i)
	}
	for _, f := range []Field{FullNameAr, FirstAr, LastAr, FullNameLatin, FirstLatin, LastLatin, FullName, First, Last} {
		r.names = append(r.names, r.place[f]...)
	}
	day := func(years int) string {
		return time.Date(today.Year()-years, today.Month(), today.Day(), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	}
	r.today, r.oldest, r.young = day(0), day(100), day(4)
	return r, nil
}

// Blank is how many rows were passed over because nothing stands in them but, say, their number.
func (r *Reader) Blank() int { return r.blank }

// Next reads the next row of src that says anything. The error is that of src, io.EOF at the end; what is wrong with the
// row is in the problems.
func (r *Reader) Next(src Source) (Entry, []Problem, error) {
	for {
		row, err := src.Next()
		if err != nil {
			return Entry{}, nil, err
		}
		if r.says(row) {
			e, problems := r.Read(row)
			return e, problems, nil
		}
		r.blank++
	}
}

// says whether any column that matters holds anything.
func (r *Reader) says(row sheet.Row) bool {
	for i, f := range r.mapped {
		if f != Ignored && i < len(row.Cells) && !isNothing(row.Cells[i]) {
			return true
		}
	}
	return false
}

// Read reads one row. When a problem is fatal the entry is not to be used.
func (r *Reader) Read(row sheet.Row) (Entry, []Problem) {
	r.row, r.problems = row, nil
	e := Entry{Row: row.Number, Cells: row.Cells}
	if len(row.Cells) > r.width {
		r.problems = append(r.problems, Problem{
			Row: row.Number, Value: clip(strings.Join(row.Cells[r.width:], " | ")), Reason: string(CellsExtra), Fatal: true,
			Args: map[string]string{"cells": itoa(len(row.Cells)), "headings": itoa(r.width)},
		})
	}
	if row.Repaired {
		r.problems = append(r.problems, Problem{Row: row.Number, Reason: string(QuoteOpen)})
	}
	r.readNames(&e)
	r.value(Massar, &e.Massar, ParseMassar)
	r.value(CIN, &e.CIN, ParseCIN)
	r.readBirth(&e)
	if i := r.value(Sex, &e.Sex, ParseSex); i >= 0 && e.Sex == "" && isNothing(row.Cells[i]) {
		r.fault(i, SexMissing)
	}
	r.value(Phone, &e.Phone, ParsePhone)
	r.value(GuardianPhone, &e.GuardianPhone, ParsePhone)
	r.value(Milieu, &e.Milieu, ParseMilieu)
	r.value(Schooling, &e.Schooling, ParseSchooling)
	r.value(Category, &e.Category, ParseCategory)
	r.value(Diploma, &e.Diploma, ParseDiploma)
	r.value(School, &e.School, tidyText)
	r.value(Level, &e.Level, tidyText)
	r.value(Class, &e.Class, tidyText)
	r.value(Commune, &e.Commune, tidyText)
	r.value(Address, &e.Address, tidyText)
	r.readGuardian(&e)
	r.readForms(&e)
	return e, r.problems
}

// value reads the column of a field, if the list has one, and returns its place or -1.
func (r *Reader) value(f Field, to *string, parse func(string) (string, error)) int {
	columns := r.place[f]
	if len(columns) == 0 {
		return -1
	}
	i := columns[0]
	if cell, ok := r.cell(i); ok {
		v, err := parse(cell)
		if err != nil {
			r.fault(i, err.(Fault))
		} else {
			*to = v
		}
	}
	return i
}

// cell is what stands in column i; ok is false where that is nothing, or an error of the spreadsheet, which is told.
func (r *Reader) cell(i int) (text string, ok bool) {
	if i >= len(r.row.Cells) {
		return "", false
	}
	text = r.row.Cells[i]
	if isNothing(text) {
		return "", false
	}
	if isCellError(text) {
		r.fault(i, CellError)
		return "", false
	}
	return text, true
}

// fault notes what is wrong in column i.
func (r *Reader) fault(i int, f Fault) {
	p := Problem{Row: r.row.Number, Column: columnName(r.header, i), Reason: string(f), Fatal: !remarks[f]}
	if i < len(r.row.Cells) {
		p.Value = clip(r.row.Cells[i])
	}
	if f == BirthFuture {
		p.Args = map[string]string{"today": r.today[8:] + "/" + r.today[5:7] + "/" + r.today[:4]}
	}
	r.problems = append(r.problems, p)
}

// clip keeps a value short enough for a report.
func clip(s string) string {
	if utf8.RuneCountInString(s) <= 200 {
		return s
	}
	return string([]rune(s)[:200]) + "…"
}

// readNames gathers the names from their columns, each part under the script it is really in.
func (r *Reader) readNames(e *Entry) {
	told := len(r.problems)
	for _, i := range r.names {
		cell, ok := r.cell(i)
		if !ok {
			continue
		}
		if fault := checkName(cell); fault != "" {
			r.fault(i, fault)
			if !remarks[fault] {
				continue
			}
		}
		name := cleanName(cell)
		arabic, latin, other := SplitScripts(name)
		if hollow(arabic) && hollow(latin) {
			if other != "" {
				r.fault(i, NameScript)
			}
			continue
		}
		put(&e.NameAr, r.mapped[i], arabic)
		put(&e.NameLatin, r.mapped[i], latin)
	}
	complete(&e.NameAr)
	complete(&e.NameLatin)
	if e.NameLatin.First == "" && e.NameLatin.Last == "" {
		e.NameLatin.First, e.NameLatin.Last = splitUpper(e.NameLatin.Full)
	}
	if e.NameAr.Full == "" && e.NameLatin.Full == "" && len(r.problems) == told {
		r.fault(r.names[0], NameMissing)
	}
}

// put sets the part of a name that a field tells, unless it is set.
func put(n *Name, f Field, text string) {
	if text == "" {
		return
	}
	part := &n.Full
	switch f {
	case First, FirstAr, FirstLatin:
		part = &n.First
	case Last, LastAr, LastLatin:
		part = &n.Last
	}
	if *part == "" {
		*part = text
	}
}

// complete sets Full from the parts.
func complete(n *Name) {
	if n.Full == "" {
		n.Full = strings.TrimSpace(n.First + " " + n.Last)
	}
}

// hollow says whether nothing of a name is left once it is normal: a hamza alone, marks.
func hollow(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	if r|0x20 >= 'a' && r|0x20 <= 'z' || r >= 'ا' && r <= 'غ' {
		return false
	}
	return NormaliseName(s) == ""
}

func checkName(s string) Fault {
	if tidy(s) && len(s) <= maxName {
		return ""
	}
	if isGarbled(s) {
		return NameGarbled
	}
	if utf8.RuneCountInString(s) > maxName {
		return NameLong
	}
	letters, digit := false, false
	for _, c := range s {
		letters = letters || unicode.IsLetter(c)
		digit = digit || unicode.IsDigit(c)
	}
	switch {
	case !letters:
		return NameMissing
	case digit:
		return NameDigits
	}
	return ""
}

// readBirth takes the date, or else the year, and refuses what cannot be.
func (r *Reader) readBirth(e *Entry) {
	column := -1
	for _, f := range []Field{BirthDate, BirthYear} {
		for _, i := range r.place[f] {
			if column < 0 {
				column = i
			}
			if e.Birth != "" {
				continue
			}
			if told := len(r.problems); r.value(f, &e.Birth, ParseDate) >= 0 && (e.Birth != "" || len(r.problems) > told) {
				column = i
			}
		}
	}
	if column < 0 {
		return
	}
	n := len(e.Birth) // a year is compared with a year
	switch {
	case n == 0:
		if column < len(r.row.Cells) && isNothing(r.row.Cells[column]) {
			r.fault(column, BirthMissing)
		}
	case e.Birth > r.today[:n]:
		r.fault(column, BirthFuture)
	case e.Birth < r.oldest[:n]:
		r.fault(column, BirthTooOld)
	case e.Birth > r.young[:n]:
		r.fault(column, BirthRecent)
	}
}

// readForms takes a yes alone for a yes.
func (r *Reader) readForms(e *Entry) {
	for _, i := range r.place[Forms] {
		cell, ok := r.cell(i)
		if !ok {
			continue
		}
		yes, err := ParseForms(cell)
		if e.Forms = yes; err != nil {
			r.fault(i, err.(Fault))
		}
	}
}

// readGuardian joins the columns of the guardian's name.
func (r *Reader) readGuardian(e *Entry) {
	for _, i := range r.place[GuardianName] {
		if cell, ok := r.cell(i); ok {
			e.GuardianName = strings.TrimSpace(e.GuardianName + " " + cleanName(cell))
		}
	}
}

// tidyText is a text with single blanks.
func tidyText(s string) (string, error) {
	if !strings.Contains(s, "  ") && !strings.ContainsAny(s, "\t\r\n\u00a0\u200e\u200f\u202b\u202c") {
		return s, nil
	}
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, s)), " "), nil
}
