package centre

import (
	"tizi/internal/i18n"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

// Timetable is the screen timetable/week: a centre's week, a row for each room or trainer. It is asked for by centre, week
// (any of its days) and by.
type Timetable struct {
	Centre   i18n.Text
	At       string // the centre's id
	Centres  []shell.Option
	By       string // room or trainer
	Week     string // ISO date of its first day
	To       string
	Days     []TimetableDay
	Rows     []TimetableRow
	Clashes  []ClashRow
	Prev     string
	Next     string
	Today    string
	ByRoom   string
	ByPeople string
	PlanURL  string
	Planned  int
}

// TimetableDay is one column.
type TimetableDay struct {
	Date    string
	Today   bool
	Holiday i18n.Text
	// Uncertain says that the holiday hangs on the moon.
	Uncertain bool
	Closed    string // why the centre is closed on that day; "-" when it never opens then
}

// TimetableRow is one room or trainer with its sessions, one list a day.
type TimetableRow struct {
	Name  string // "" : those without
	Seats int
	Cells [][]TimetableCell
}

// TimetableCell is one session.
type TimetableCell struct {
	From, To, Group, Where string
	URL                    string
	Cancelled              bool
	Level                  string // of its worst clash: refused, warned, or ""
}

// ClashRow is one clash, said in a sentence.
type ClashRow struct {
	Date  string
	Level string // refused, warned or noted
	Text  string
	URL   string
}

// SessionForm is the screen groups/session: a session or a series, looked at before it is written. It posts date, until,
// days (several, 0 is Sunday), from, to, room_id, room, trainer (several), devices_<kind>, and despite to confirm what is warned of;
// with look it is shown and not written.
type SessionForm struct {
	// Subject is what is caught up on, one of Subjects; empty is the digital track.
	Subject           string
	Subjects          []shell.Option
	Group, GroupURL   string
	Date, Until       string
	Days              map[int]bool
	From, To          string
	RoomID, Room      string
	Rooms             []shell.Option
	Trainers          []shell.Option
	TrainerOn         map[string]bool // those ticked
	Stock             []StockWanted
	Despite           string // "yes" or ""
	Looked            bool
	Plan              []PlannedDay
	New               int
	Refused, Warned   bool
	Action, CancelURL string
	Errors            map[string]string
}

// StockWanted is how many devices of a kind a session wants, as typed.
type StockWanted struct {
	Kind, N string
	Ready   int
}

// PlannedDay is one day of a series before it is written.
type PlannedDay struct {
	Date    string
	State   string // new, exists or skipped
	Holiday i18n.Text
	Clashes []ClashRow
}

// SessionChange is the screen groups/change: another day, hour, room or trainer for a session, or none at all. It posts what
// SessionForm posts of one session, and why. Two more forms cancel the session and bring it back.
type SessionChange struct {
	SessionForm
	On        string // ISO date on which it stands
	Cancelled string // why, as words
	Why       string
	Causes    []shell.Option
	Clashes   []ClashRow
	NoticeURL string
	BackURL   string
	// CancelAction takes why; RestoreAction takes nothing.
	CancelAction, RestoreAction string
}

// Notice is the screen groups/notice: what became of a session, to be printed and sent.
type Notice struct {
	Group, GroupURL string
	Sheets          []NoticeSheet
	Messages        []NoticeMessage
	Unreached       int // learners without a telephone number
	Unwanted        int // learners whose families want no texts, or did not agree to the training
	Texting         *door.Texting
	BackURL         string
}

// NoticeSheet is a sheet of paper in one language.
type NoticeSheet struct {
	Lang, Dir, Title, Centre string
	Lines                    []string
}

// NoticeMessage is a text for the telephones of those who read one language.
type NoticeMessage struct {
	Lang, Dir, Text string
	Name            string // of the language, in itself
	Numbers         []string
}
