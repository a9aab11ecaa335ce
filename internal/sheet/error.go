package sheet

import (
	"fmt"
	"sort"
	"strings"
)

// Codes of an Error; each is a key of the message catalogues.
const (
	CodeMissing     = "import.file.missing"       // no such file, or it may not be opened
	CodeDirectory   = "import.file.directory"     // a folder was given
	CodeUnreadable  = "import.file.unreadable"    // the disk or the upload failed half-way
	CodeEmpty       = "import.file.empty"         // no bytes, or blanks only
	CodeNoRows      = "import.file.no_rows"       // headings and nothing below
	CodeOldExcel    = "import.file.old_excel"     // .xls, .xlsb: binary workbooks
	CodeLocked      = "import.file.locked"        // a workbook behind a password
	CodeOpenOffice  = "import.file.open_document" // .ods
	CodeWord        = "import.file.document"      // Word, PowerPoint, RTF, OpenDocument text
	CodePDF         = "import.file.pdf"
	CodeImage       = "import.file.image"
	CodeWebPage     = "import.file.web_page" // HTML or XML with an Excel name, as many web exports are
	CodeArchive     = "import.file.archive"  // zip, rar, 7z, gz holding something else
	CodeNotTable    = "import.file.not_table"
	CodeDamaged     = "import.file.damaged"
	CodeTooLarge    = "import.file.too_large"
	CodeTooManyRows = "import.file.too_many_rows"
	CodeLongLine    = "import.file.long_line"
	CodeNoSheet     = "import.file.no_sheet"      // the workbook has no sheet that can be read
	CodeSheetAbsent = "import.file.sheet_absent"  // the sheet asked for is not there
	CodeHeaderRow   = "import.file.header_absent" // the heading row asked for is not there
)

// English holds the English sentence of every code, with {placeholders} for the arguments. The catalogues say the same in
// each language of the interface.
var English = map[string]string{
	CodeMissing:     "The file {file} cannot be opened. Check its name and that you may read it.",
	CodeDirectory:   "{file} is a folder. Choose the file inside it that holds the list.",
	CodeUnreadable:  "The file {file} could not be read to its end. Copy it again and retry.",
	CodeEmpty:       "The file {file} is empty. Check that the list was saved before it was sent.",
	CodeNoRows:      "The file {file} has headings but no row below them.",
	CodeOldExcel:    "{file} is in Excel’s old binary format. Open it and save it as .xlsx or .csv.",
	CodeLocked:      "{file} is protected by a password. Open it, remove the password and save it again.",
	CodeOpenOffice:  "{file} is an OpenDocument sheet. Open it and save it as .xlsx or .csv.",
	CodeWord:        "{file} is a text document, not a table. Copy the list into a spreadsheet and save it as .xlsx or .csv.",
	CodePDF:         "{file} is a PDF. Ask for the spreadsheet it was printed from, saved as .xlsx or .csv.",
	CodeImage:       "{file} is a picture. Ask for the list itself, saved as .xlsx or .csv.",
	CodeWebPage:     "{file} is a web page that only has the name of a spreadsheet. Open it in a spreadsheet and save it as .xlsx or .csv.",
	CodeArchive:     "{file} is a compressed folder. Take the list out of it and send the .xlsx or .csv file.",
	CodeNotTable:    "{file} is not a table. Save the list as .xlsx or .csv.",
	CodeDamaged:     "The file {file} is damaged. Open it in a spreadsheet, save it again as .xlsx and retry.",
	CodeTooLarge:    "{file} unpacks to more than {limit} MB. Save the list alone, without pictures or other sheets, or as .csv.",
	CodeTooManyRows: "{file} has more than {limit} rows. Cut it into several files.",
	CodeLongLine:    "Line {row} of {file} is longer than any row of a list. The file is not a table, or its line ends are lost: save it again as .csv.",
	CodeNoSheet:     "{file} has no sheet with rows. Check that the right workbook was sent.",
	CodeSheetAbsent: "{file} has no sheet named {sheet}. It has: {sheets}.",
	CodeHeaderRow:   "{file} has no row {row} to take the headings from.",
}

// Error is what Open, New and Next return when the file, and not a row of it, is at fault. Code is a message key; Args fill
// its placeholders.
type Error struct {
	Code string
	Args map[string]string
	Err  error // the cause, where there is one; not for clerks
}

// Error is the English sentence, with the cause behind it where there is one.
func (e *Error) Error() string {
	text := fill(English[e.Code], e.Args)
	if text == "" {
		text = e.Code
	}
	if e.Err != nil {
		return fmt.Sprintf("%s (%v)", text, e.Err)
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

// fill puts the arguments into a sentence with {placeholders}.
func fill(text string, args map[string]string) string {
	if len(args) == 0 {
		return text
	}
	names := make([]string, 0, len(args))
	for name := range args {
		names = append(names, name)
	}
	sort.Strings(names)
	pairs := make([]string, 0, 2*len(args))
	for _, name := range names {
		pairs = append(pairs, "{"+name+"}", args[name])
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
