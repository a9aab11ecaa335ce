package centre

import (
	"tizi/internal/i18n"
	"tizi/internal/web/shell"
)

// Groups is the screen groups/list. Its filters come back as q, and, where there
// are some to choose from, centre and phase.
type Groups struct {
	Query, Phase string
	// Centre is the one chosen among Centres; one alone is not asked for.
	Centre  string
	Centres []shell.Option
	Phases  []shell.Option
	// Sort has the columns name, enrolled and next.
	Sort     map[string]shell.Sort
	Rows     []GroupRow
	Pager    shell.Pager
	Filtered bool
	NewURL   string
}

// GroupRow is one group in a list.
type GroupRow struct {
	Name, URL          string
	Phase              i18n.Text
	Trainers           []string
	Enrolled, Capacity int
	Waiting            int
	// Centre is set where the list spans several.
	Centre i18n.Text
	// Held of Sessions are over and marked.
	Held, Sessions int
	// Next is the next session's ISO date, At its hour ("14:00").
	Next, At string
	// State is planned, running or over.
	State string
}

// GroupForm is the screen groups/form. It posts name, trainer, capacity, and the
// dates from and to; for a new group also phase, days (several, 0 is Sunday), the
// hours starts and ends, and room, from which its sessions follow; and centre
// where there are some to choose from.
type GroupForm struct {
	New                  bool
	Name, Phase, Trainer string
	Capacity, Room       string
	// From and To are dates, Starts and Ends hours ("14:30").
	From, To     string
	Starts, Ends string
	// Centre is the one chosen among Centres; one alone is not asked for.
	Centre  string
	Centres []shell.Option
	// Days are the weekdays chosen, 0 is Sunday.
	Days              map[int]bool
	Phases, Trainers  []shell.Option
	Action, CancelURL string
	// Holidays are the days the timetable leaves out.
	Holidays []Holiday
	Errors   map[string]string
}

// Holiday is a day without sessions. The date of a religious one is only known
// for certain a few days before.
type Holiday struct {
	On        string
	Name      i18n.Text
	Uncertain bool
}

// Group is the screen groups/group.
type Group struct {
	Name             string
	Programme, Phase i18n.Text
	Trainers         []string
	Room             string
	Centre           i18n.Text
	// From and To are dates, Starts and Ends hours.
	From, To           string
	Starts, Ends       string
	Enrolled, Capacity int
	Waiting            int
	// Present of Marked is the attendance over all sessions held.
	Present, Marked int
	Roster          []RosterRow
	Sessions        []SessionRow
	AddURL, EditURL string
	SessionURL      string
	AttendanceURL   string // today's sheet, if there is a session today
	// RefillAction gives the Free seats to those who wait.
	RefillAction string
	Free         int
	Tab          string // roster or sessions
	RosterURL    string
	// Pending is how many wait for a consent, ConsentsURL leads to who they are.
	Pending     int
	ConsentsURL string
	SessionsURL string
}

// RosterRow is one learner of a group.
type RosterRow struct {
	PersonRow
	Present, Held int
	// Absences is how many in a row, up to now.
	Absences int
	// Next is the place in the waiting list, from 1; 0 of who does not wait for a seat.
	Next int
	// SeatOn is the ISO date on which a seat became free for who had waited; "" otherwise.
	SeatOn string
	// LeaveURL leads to taking the person out of the group.
	LeaveURL string
}

// SessionRow is one session of a group.
type SessionRow struct {
	Date, From, To string
	Room           string
	// State is planned, now, open (over and not marked) or marked, or cancelled.
	State             string
	Present, Expected int
	URL               string
}

// GroupAdd is the screen groups/add. It is searched by q and posts person, once
// for each one chosen.
type GroupAdd struct {
	Group, GroupURL string
	Query           string
	// Free is how many seats are left, -1 where they are not counted.
	Free      int
	People    []PersonRow
	Pager     shell.Pager
	NewURL    string
	Action    string
	CancelURL string
	Errors    map[string]string
}

// Confirm is the screen confirm: one question before something that is not
// easily taken back. It posts reason where Reasons are given.
type Confirm struct {
	Title, Text       string
	Button            string
	Danger            bool
	Reasons           []shell.Option
	Reason            string
	Action, CancelURL string
	Errors            map[string]string
}
