package list

import (
	"slices"
	"strconv"
	"strings"

	"tizi/internal/sheet"
)

// Field is what a column holds.
type Field string

// The fields of a list. A name without a script may be in Arabic or Latin letters, or in both, cell by cell.
const (
	Ignored       Field = "ignored"
	Massar        Field = "massar"
	CIN           Field = "cin"
	FullName      Field = "name"
	First         Field = "first"
	Last          Field = "last"
	FullNameAr    Field = "name_ar"
	FirstAr       Field = "first_ar"
	LastAr        Field = "last_ar"
	FullNameLatin Field = "name_latin"
	FirstLatin    Field = "first_latin"
	LastLatin     Field = "last_latin"
	BirthDate     Field = "birth_date"
	BirthYear     Field = "birth_year"
	Sex           Field = "sex"
	Phone         Field = "phone"
	GuardianName  Field = "guardian_name" // several columns are joined
	GuardianPhone Field = "guardian_phone"
	School        Field = "school"
	Level         Field = "level"
	Class         Field = "class"
	Milieu        Field = "milieu"
	Schooling     Field = "schooling"
	Category      Field = "category" // the social category
	Diploma       Field = "diploma"  // the highest
	Commune       Field = "commune"
	Address       Field = "address"
	Forms         Field = "forms" // whether the centre holds the signed form: yes or no
)

// Fields are all fields, in the order in which a screen offers them.
var Fields = []Field{
	FullName, First, Last, FullNameAr, FirstAr, LastAr, FullNameLatin, FirstLatin, LastLatin, Massar, CIN, BirthDate, BirthYear,
	Sex, Phone, GuardianName, GuardianPhone, School, Level, Class, Milieu, Schooling, Category, Diploma, Commune, Address, Forms, Ignored,
}

// nameFields are those of which a list must have one.
var nameFields = []Field{FullName, First, Last, FullNameAr, FirstAr, LastAr, FullNameLatin, FirstLatin, LastLatin}

// Mapping says what each column of a file holds, the first column first.
type Mapping []Field

// Codes of a MappingError; message keys.
const (
	CodeNoName   = "import.mapping.no_name"   // no column holds a name
	CodeTwice    = "import.mapping.twice"     // two columns hold the same
	CodeNoColumn = "import.mapping.no_column" // a correction names a column that is not there
	CodeNoField  = "import.mapping.no_field"  // a correction names a field that does not exist
)

// MappingError says why a mapping cannot be used.
type MappingError struct {
	Code string
	Args map[string]string
}

func (e *MappingError) Error() string { return sentence(e.Code, e.Args) }

// Check says whether the mapping can be read by: it has a name, and no two columns hold the same. header is for the
// message.
func (m Mapping) Check(header []string) error {
	named, seen := false, map[Field]int{}
	for i, f := range m {
		if !slices.Contains(Fields, f) {
			return &MappingError{CodeNoField, map[string]string{"field": string(f)}}
		}
		if other, twice := seen[f]; twice && f != Ignored && f != GuardianName {
			return &MappingError{CodeTwice, map[string]string{
				"field": string(f), "column": columnName(header, other), "other": columnName(header, i),
			}}
		}
		seen[f] = i
		named = named || slices.Contains(nameFields, f)
	}
	if !named {
		return &MappingError{Code: CodeNoName}
	}
	return nil
}

// Correct returns the mapping with one column holding f. The column is named by its heading, by its letter as in a
// spreadsheet ("C"), or by its number from 1. Where another column held f, it is ignored from now on.
func (m Mapping) Correct(header []string, column string, f Field) (Mapping, error) {
	if !slices.Contains(Fields, f) {
		return nil, &MappingError{CodeNoField, map[string]string{"field": string(f)}}
	}
	i := findColumn(header, column)
	if i < 0 || i >= len(m) {
		return nil, &MappingError{CodeNoColumn, map[string]string{"column": column, "columns": strings.Join(columnNames(header), ", ")}}
	}
	out := slices.Clone(m)
	if f != GuardianName {
		for j := range out {
			if out[j] == f {
				out[j] = Ignored
			}
		}
	}
	out[i] = f
	return out, nil
}

// findColumn is the place of a column named by a clerk, or -1.
func findColumn(header []string, column string) int {
	want := sheet.Fold(strings.TrimSpace(column))
	for i, h := range header {
		if h != "" && sheet.Fold(h) == want {
			return i
		}
	}
	if n, err := strconv.Atoi(want); err == nil {
		return n - 1
	}
	n := 0
	for _, c := range want {
		if c < 'a' || c > 'z' || n > 1000 {
			return -1
		}
		n = n*26 + int(c-'a') + 1
	}
	return n - 1
}

// columnName is how a clerk is told of a column: its heading, or its letter where it has none.
func columnName(header []string, i int) string {
	if i < len(header) && header[i] != "" {
		return strings.Join(strings.Fields(header[i]), " ")
	}
	return letter(i)
}

func columnNames(header []string) []string {
	out := make([]string, len(header))
	for i := range header {
		out[i] = columnName(header, i)
	}
	return out
}

// letter is the name spreadsheets give a column: A for 0, AA for 26.
func letter(i int) string {
	if i < 26 {
		return string(rune('A' + i))
	}
	return letter(i/26-1) + string(rune('A'+i%26))
}
