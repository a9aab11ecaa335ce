package centre

import (
	"tizi/internal/i18n"
	"tizi/internal/web/shell"
)

// ImportStart is the screen import/start. It posts file (multipart), and centre,
// programme and group where there are some to choose from.
type ImportStart struct {
	Group string
	// Centre is the one chosen among Centres; one alone is not asked for.
	Centre     string
	Centres    []shell.Option
	Programme  string
	Programmes []shell.Option
	Groups     []shell.Option
	// MaxMB is how large a file may be.
	MaxMB      int
	ExampleURL string
	Errors     map[string]string
}

// ImportColumns is the screen import/columns. It posts a field for each column:
// column_0, column_1 …; an empty value leaves the column out.
type ImportColumns struct {
	File    string
	Columns []ImportColumn
	// Fields are what a column can be.
	Fields []shell.Option
	// Preview holds the first rows, a cell for each column.
	Preview   [][]string
	Action    string
	CancelURL string
	Errors    map[string]string
}

// ImportColumn is one column of the file.
type ImportColumn struct {
	Index  int
	Header string
	// Field is what it is taken for; empty when that is not known.
	Field string
	// Sure says that the header is known; an unsure guess is pointed out.
	Sure bool
}

// ImportPlan is the screen import/plan: what would happen. It posts, for each
// doubt, same_<line>: the id of the person it is, or "new".
type ImportPlan struct {
	File                        string
	New, Updated, Same, Refused int
	// Repeated rows say a second time what another said.
	Repeated   int
	Centre     i18n.Text
	Duplicates []ImportReject
	// People are the first of the new ones, as they would stand.
	People             []PersonRow
	Doubts             []ImportDoubt
	Rejects            []ImportReject
	Group              string
	Action             string
	BackURL, CancelURL string
	RejectsURL         string
	// AskConsent lets the clerk answer for the forms of a whole list; it posts consent. Where it is not asked, a column
	// says whose forms are held. Consents are how many would be recorded.
	AskConsent bool
	Consents   int
	Errors     map[string]string
}

// ImportDoubt is a row that looks like somebody who is there.
type ImportDoubt struct {
	Line int
	// Name and Detail are what the row says.
	Name, Detail string
	Like         []PersonRow
	// Choice is the id chosen, "new", or empty.
	Choice string
}

// ImportReject is a row that cannot be taken, with the reason.
type ImportReject struct {
	Line int
	// Name is who the row is about, or the value that cannot be taken; Column is
	// where it stands, if that is known.
	Name, Column, Reason string
}

// ImportReport is the screen import/report: what was done.
type ImportReport struct {
	File                        string
	New, Updated, Same, Refused int
	Repeated                    int
	// Consents were recorded, on forms that the centre holds.
	Consents int
	// Rows were read. Working says that it is not finished: the page is asked for
	// again by itself.
	Rows                  int
	Working               bool
	Rejects, Duplicates   []ImportReject
	Centre                i18n.Text
	Group, GroupURL       string
	PeopleURL, RejectsURL string
	AgainURL              string
}
