package centre

import (
	"tizi/internal/i18n"
	"tizi/internal/web/shell"
)

// Drawing is what everybody may read of a draw.
type Drawing struct {
	Group             string
	Centre, Programme i18n.Text
	State             string // open, closed, typed, held or cancelled
	Closes, SeedOn    string // ISO dates
	Frozen, Held      string
	Source, Why       string
	Rule              []DrawRule
	Version           int
	Applicants        int
	Without           int // of those who applied: not on the list for want of a consent
	Fewer             bool
	Digest, Seed      string
	Conflict          bool
	ListURL           string     // the list as a file, once it is closed
	Sample            int        // a number to try
	Together          []DrawLine // the other groups that are drawn by the same seed
}

// DrawRule is one thing that counts: a code, and how many points.
type DrawRule struct {
	Code   string
	Points int
}

// DrawRow is a number of a list.
type DrawRow struct {
	Number, Points, Place int // Place is 0 until the draw is held
	Tag                   string
	Lot                   string // what decides between equals, once it is held
	Name, URL, State      string // for staff alone
	Seat                  bool
}

// Draws is the screen draws/list, for everybody.
type Draws struct {
	NewURL string // to draw the seats of several groups
	Rows   []DrawLine
}

// DrawLine is one draw in a list.
type DrawLine struct {
	Group, URL, State, Closes string
	Centre                    i18n.Text
}

// PublicDraw is the screen draws/draw, for everybody.
type PublicDraw struct {
	Drawing
	Rows []DrawRow
}

// GroupDraw is the screen groups/draw. Without a draw, or after one, it posts closes, seed_on, source, and the points first,
// out, rural and girls to Action; then each step has its own form.
type GroupDraw struct {
	Drawing
	GroupURL, PublicURL, SlipsURL          string
	JointURL                               string // where lists are closed and the seed is typed, for all groups at once
	Now                                    bool   // Drawing is filled in
	Capacity, Free, Waiting, Pending       int
	Form                                   bool // a draw can be opened
	ClosesOn, SeedDay, SourceText          string
	First, Out, Rural, Girls               string
	Action                                 string
	FreezeAction, SeedAction, CancelAction string
	Missed                                 bool // the day of the seed has come, and the list was never closed
	Confirms                               bool // the seed was typed by somebody else
	Mine                                   bool // the seed was typed by the reader, and can be corrected
	SeedText, Reason                       string
	Rows                                   []DrawRow
	Errors                                 map[string]string
}

// Slips is the screen groups/slips.
type Slips struct {
	Group, GroupURL, BackURL string
	Rows                     []Slip
}

// Slip is what an applicant takes along, in the languages of the sheet.
type Slip struct {
	Name   string
	Number int
	Tag    string
	Parts  []SlipPart
}

// SlipPart is a slip's words in one language.
type SlipPart struct {
	Lang, Dir, Title string
	Lines            []string
}

// JointForm is the screen draws/new. It posts phase, group for each group, and what a draw of one group posts.
type JointForm struct {
	GroupDraw
	Phase  string
	Phases []shell.Option
	Groups []JointGroup
}

// JointGroup is a group whose seats can be drawn.
type JointGroup struct {
	ID, Name      string
	Centre        i18n.Text
	Free, Waiting int
	On            bool
}

// JointDraw is the screen draws/joint: groups drawn by one seed, for those who draw. It posts seed.
type JointDraw struct {
	Drawing
	CloseAction, SeedAction string
	Confirms, Mine          bool
	SeedText                string
	Rows                    []JointRow
	Errors                  map[string]string
}

// JointRow is one of its groups.
type JointRow struct {
	DrawLine
	GroupURL              string
	Seats, Given, Waiting int
}
