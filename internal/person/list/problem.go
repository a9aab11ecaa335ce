package list

import (
	"sort"
	"strings"
)

// Problem is one thing wrong with one row.
type Problem struct {
	Row    int               `json:"row"`            // as the clerk sees it in the file
	Column string            `json:"column"`         // its heading, or its letter where it has none; "" for the whole row
	Value  string            `json:"value"`          // as it stands in the file
	Reason string            `json:"reason"`         // a message key
	Args   map[string]string `json:"args,omitempty"` // for the message, besides value and column
	Fatal  bool              `json:"fatal"`          // the row is rejected; otherwise it is taken without the value
}

// English says in a sentence what is wrong and what to write instead.
func (p Problem) English() string {
	args := map[string]string{"row": itoa(p.Row), "column": p.Column, "value": p.Value}
	for k, v := range p.Args {
		args[k] = v
	}
	return sentence(p.Reason, args)
}

// Fault is the reason why a value cannot be read: a message key, and an error.
type Fault string

func (f Fault) Error() string { return sentence(string(f), nil) }

// Reasons. Those marked "remark" leave the row in.
const (
	NameMissing       Fault = "import.reason.name_missing"
	NameGarbled       Fault = "import.reason.name_garbled"
	NameScript        Fault = "import.reason.name_script"
	NameLong          Fault = "import.reason.name_long"
	NameDigits        Fault = "import.reason.name_digits" // remark
	DateUnreadable    Fault = "import.reason.date_unreadable"
	DateImpossible    Fault = "import.reason.date_impossible"
	DateMonthFirst    Fault = "import.reason.date_month_first"
	DateShortYear     Fault = "import.reason.date_short_year"
	DateHijri         Fault = "import.reason.date_hijri"
	BirthFuture       Fault = "import.reason.birth_future"
	BirthTooOld       Fault = "import.reason.birth_too_old"
	BirthRecent       Fault = "import.reason.birth_recent"  // remark
	BirthMissing      Fault = "import.reason.birth_missing" // remark
	SexUnknown        Fault = "import.reason.sex_unknown"
	SexMissing        Fault = "import.reason.sex_missing" // remark
	MassarShape       Fault = "import.reason.massar_shape"
	CINShape          Fault = "import.reason.cin_shape"
	PhoneShape        Fault = "import.reason.phone_shape"       // remark
	PhoneShortened    Fault = "import.reason.phone_shortened"   // remark
	MilieuUnknown     Fault = "import.reason.milieu_unknown"    // remark
	SchoolingUnknown  Fault = "import.reason.schooling_unknown" // remark
	CategoryUnknown   Fault = "import.reason.category_unknown"  // remark
	DiplomaUnknown    Fault = "import.reason.diploma_unknown"   // remark
	FormsUnknown      Fault = "import.reason.forms_unknown"     // remark
	CellError         Fault = "import.reason.cell_error"
	CellsExtra        Fault = "import.reason.cells_extra"
	QuoteOpen         Fault = "import.reason.quote_open" // remark
	RepeatedInTheFile Fault = "import.reason.repeated"   // not rejected either: a duplicate
	KnownElsewhere    Fault = "import.reason.elsewhere"  // likewise, and not found by this package
)

// remarks are the faults that do not reject a row.
var remarks = map[Fault]bool{
	NameDigits: true, BirthRecent: true, BirthMissing: true, SexMissing: true, PhoneShape: true, PhoneShortened: true,
	MilieuUnknown: true, SchoolingUnknown: true, CategoryUnknown: true, DiplomaUnknown: true, FormsUnknown: true, QuoteOpen: true, RepeatedInTheFile: true, KnownElsewhere: true,
}

// English holds the English sentence of every reason and mapping code, with {placeholders}. The catalogues say the same in
// each language of the interface.
var English = map[string]string{
	string(NameMissing):       "This row has no name. Write the person’s first name and last name.",
	string(NameGarbled):       "The letters of “{value}” were lost when the file was saved. Save the list again as .xlsx, or as CSV UTF-8, and check that the names can be read.",
	string(NameScript):        "“{value}” is written neither in Arabic nor in Latin letters. Write the name in one of them.",
	string(NameLong):          "“{value}” is too long for a name. Check that each value stands in its own column.",
	string(NameDigits):        "The name “{value}” has digits in it. The row is taken; check the name.",
	string(DateUnreadable):    "“{value}” is not a date. Write day/month/year, for example 31/12/2014.",
	string(DateImpossible):    "The day {value} does not exist. Check the day and the month, and write day/month/year, for example 31/12/2014.",
	string(DateMonthFirst):    "In {value} the month stands before the day. Write the whole column as day/month/year, for example 31/12/2014: the other rows may be wrong too.",
	string(DateShortYear):     "The year of {value} is cut short. Write its four digits, for example 31/12/2014.",
	string(DateHijri):         "{value} looks like a date of the Hijri calendar. Write the civil date, for example 31/12/2014.",
	string(BirthFuture):       "The birth date {value} is later than today, {today}. Check the year.",
	string(BirthTooOld):       "With the birth date {value} this person would be over 100 years old. Check the year.",
	string(BirthRecent):       "With the birth date {value} this person would be under 4 years old. The row is taken; check the year.",
	string(BirthMissing):      "There is no birth date. The row is taken; add the date as soon as it is known.",
	string(SexUnknown):        "“{value}” does not say whether the person is a girl or a boy. Write F or M.",
	string(SexMissing):        "The column says nothing here: write F or M. The row is taken.",
	string(MassarShape):       "“{value}” is not a Massar code. It has one letter and nine digits, for example R130456789.",
	string(CINShape):          "“{value}” is not a CIN number. It has one or two letters and then digits, for example AB123456.",
	string(PhoneShape):        "“{value}” is not a telephone number. Write ten digits, for example 0612345678. The row is taken without it.",
	string(PhoneShortened):    "The spreadsheet has cut the telephone number down to “{value}”. Make the column text and write the number again, for example 0612345678. The row is taken without it.",
	string(MilieuUnknown):     "“{value}” does not say where the person lives. Write urban or rural. The row is taken without it.",
	string(SchoolingUnknown):  "“{value}” does not say whether the person goes to school. Write in school or out of school. The row is taken without it.",
	string(CategoryUnknown):   "“{value}” is no social category that is known. Choose one on the person's page. The row is taken without it.",
	string(DiplomaUnknown):    "“{value}” is no diploma that is known. Choose one on the person's page. The row is taken without it.",
	string(FormsUnknown):      "“{value}” does not say whether the signed form is held. Write yes or no. The row is taken without a consent.",
	string(CellError):         "“{value}” is an error of the spreadsheet, not a value. Correct the cell or empty it.",
	string(CellsExtra):        "This row has {cells} cells for {headings} headings, so its values may stand in the wrong columns. Look for a separator inside a value.",
	string(QuoteOpen):         "A quotation mark in this row is never closed. The row is taken; check it.",
	string(RepeatedInTheFile): "This row repeats row {first}. It is counted once.",
	string(KnownElsewhere):    "This person is known at another centre already. Nothing was changed.",

	CodeNoName:   "No column holds the names. Say which one does.",
	CodeTwice:    "The columns “{column}” and “{other}” are both taken for the same thing. Choose one.",
	CodeNoColumn: "There is no column “{column}”. The columns are: {columns}.",
	CodeNoField:  "“{field}” is nothing that a list of people holds.",
}

// sentence is the English of a code, its placeholders filled.
func sentence(code string, args map[string]string) string {
	text, known := English[code]
	if !known {
		return code
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
