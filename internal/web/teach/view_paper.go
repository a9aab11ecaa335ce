package teach

import "html/template"

// Scan is the screen teach/scan: a paper sheet of a session is printed here, and comes back as a picture. It posts file,
// several, to Action, and nothing to PrintAction.
type Scan struct {
	Group, Date, From, To string
	ListURL               string
	Action, PrintAction   string
	MaxMB                 int
	// Locked says why nothing can be done, Later why nothing can be read yet; empty when it can.
	Locked, Later string
	Errors        map[string]string
}

// Scanned is the screen teach/scanned: what the boxes of a sheet say, to be looked at and confirmed. It posts version, and for
// each row row, mark_<id> (present, late, excused, absent or unmarked), and of a doubtful one doubt_<id> and strip_<id>.
type Scanned struct {
	Group, Date      string
	ListURL, ScanURL string
	Action, Version  string
	Rows             []ScannedRow
	// Asked is how many rows are doubtful.
	Asked int
	// Refused says which pictures were no sheet of the session and why, Gone which rows are of nobody in the group now.
	Refused, Gone []string
	// Changed says that somebody else saved meanwhile.
	Changed string
	Errors  map[string]string
}

// ScannedRow is one learner on a sheet.
type ScannedRow struct {
	ID, Name, Other string
	// Mark is present, late, excused, absent, unmarked or, while it is asked, empty. Was is what is noted already.
	Mark, Was string
	// Doubt is none, several or unclear; empty where the sheet is plain.
	Doubt     string
	NoConsent bool
	// Picture shows the row of the paper; Strip is the same, to be sent back.
	Picture template.URL
	Strip   string
}

// Papers is the screen teach/paper: the pages of a sheet to be printed.
type Papers struct {
	Group, BackURL string
	Pages          []PaperPage
}

// PaperPage is one page, in millimetres of package marks.
type PaperPage struct {
	Dir, Group, When, Page string
	Codes                  []PaperCode
	Heads                  []PaperHead
	Rows                   []PaperRow
	Half, Side, Line       float64
	// NameX is the left edge of the names, NameAt where they begin from there, and NumberX where the numbers of the rows end.
	NameX, NameAt, NumberX float64
}

// PaperCode is a code: where its corner stands, how many millimetres a square has, and its squares.
type PaperCode struct {
	X, Y, Square float64
	Path         string
}

// PaperHead is the word above a column of boxes.
type PaperHead struct {
	X    float64
	Word string
}

// PaperRow is a learner: the middle of the row, its lower edge, and the left edges of the boxes.
type PaperRow struct {
	N, Name, Other string
	Y, Edge        float64
	Boxes          []float64
}

// Top is the upper edge of the boxes.
func (r PaperRow) Top(half float64) float64 { return r.Y - half }

// Base is where the letters of the name stand.
func (r PaperRow) Base() float64 { return r.Y + 1.2 }
