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
	// Person is whom a group is sought for, called Name; "" where none is.
	Person, Name string
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
	// State is planned, running, over, or done when it was closed.
	State string
}

// GroupForm is the screen groups/form. It posts name, trainer (several), capacity, and the
// dates from and to; for a new group also phase, days (several, 0 is Sunday), the
// hours starts and ends, and room, from which its sessions follow; and centre
// where there are some to choose from.
type GroupForm struct {
	New            bool
	Name, Phase    string
	Capacity, Room string
	// From and To are dates, Starts and Ends hours ("14:30").
	From, To     string
	Starts, Ends string
	// Centre is the one chosen among Centres; one alone is not asked for.
	Centre  string
	Centres []shell.Option
	// Days are the weekdays chosen, 0 is Sunday.
	Days map[int]bool
	// Subjects are those that are caught up on. They are posted as subjects, several.
	Subjects         map[string]bool
	Phases, Trainers []shell.Option
	// TrainerOn are the trainers ticked. Later: they are too many to offer before the group has its centre.
	TrainerOn map[string]bool
	Later     bool
	// Clashes are what the trainers hold when the group meets.
	Clashes           []ClashRow
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
	Present, Marked           int
	Roster                    []RosterRow
	Sessions                  []SessionRow
	AddURL, EditURL, CardsURL string
	SigningURL                string // with what the learners sign in
	// Closed on ClosedOn, an ISO date or "" where nobody wrote it; ReopenAction opens it again, CloseURL leads to closing it.
	Closed                 bool
	ClosedOn               string
	CloseURL, ReopenAction string
	SessionURL             string
	AttendanceURL          string // today's sheet, if there is a session today
	// RefillAction gives the Free seats to those who wait.
	RefillAction string
	Free         int
	// DrawURL leads to how its seats are drawn; Drawing: they are, and it is not over.
	DrawURL   string
	Drawing   bool
	Tab       string // roster or sessions
	RosterURL string
	// Pending is how many wait for a consent, ConsentsURL leads to who they are.
	Pending     int
	ConsentsURL string
	// Moved are who had a seat and is in another group of the phase now.
	Moved []MovedRow
	// Subjects are how many minutes were held and planned of each subject that is caught up on, the digital track last.
	Subjects    []SubjectRow
	SessionsURL string
	LearningURL string // what the group learns, and how far it is
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
	// Why is why somebody left, or has a seat beyond the last, in words.
	Why string
	// MoveURL leads to another group, AbsencesURL to what is done about absences in a row.
	MoveURL, AbsencesURL string
	// LeaveURL leads to taking the person out of the group.
	LeaveURL string
}

// SessionRow is one session of a group.
type SessionRow struct {
	Date, From, To string
	Room           string
	// Subject is a code of what is caught up on; empty is the digital track.
	Subject string
	// State is planned, now, open (over and not marked) or marked, or cancelled.
	State             string
	Present, Expected int
	URL               string
}

// MovedRow is one learner who was moved to another group.
type MovedRow struct {
	Name, URL string
	To, ToURL string
	On, Why   string // Why in words
}

// SubjectRow is a subject, a code or "" for the digital track, with its hours as words.
type SubjectRow struct {
	Subject       string
	Held, Planned string
}

// GroupMove is the screen groups/move. It posts to, why, and beyond where the group is full.
type GroupMove struct {
	Name, Group, GroupURL string
	To, Why, Beyond       string
	Groups, Whys, Beyonds []shell.Option
	Action                string
	Errors                map[string]string
}

// Absences is the screen groups/absences. It posts how, outcome and on.
type Absences struct {
	Name, Other, URL string
	Group, GroupURL  string
	InARow           int
	Lines            []AttendanceLine
	Phones           []Guardian
	Done             []FollowedLine
	Hows, Outcomes   []shell.Option
	How, Outcome, On string
	Action, LeaveURL string
	Errors           map[string]string
}

// FollowedLine is one thing that was done about absences; How and Outcome are codes.
type FollowedLine struct{ On, How, Outcome, By string }

// Referrals is the screen referrals/list.
type Referrals struct {
	Open            bool
	OpenURL, AllURL string
	Rows            []ReferralRow
	Pager           shell.Pager
	Outcomes        []shell.Option
	PeopleURL       string
	Errors          map[string]string
}

// ReferralRow is one person whom a school sent.
type ReferralRow struct {
	ID, Name, URL         string
	School, By, Tel, Note string
	From, Why, On         string // codes, and an ISO date
	State, Reason         string // what became of the person: a code, "" while nothing did, and in words
	Group, GroupURL       string
	Outcome, Answered     string // a code and an ISO date; "" while the school was not answered
	Conflict              bool
	Corrected             string // why the school was told otherwise before, in words
	Action                string // answers the school
	CorrectURL            string // answers it otherwise
}

// ReferralForm is the screen referrals/form. It posts the fields named like its own, in small letters.
type ReferralForm struct {
	Name, PersonURL       string
	School, By, Tel, Note string
	From, Why, On         string
	Action                string
	Errors                map[string]string
}

// ReferralAnswer is the screen referrals/answer: the school was answered, and is told otherwise. It posts outcome and why.
type ReferralAnswer struct {
	Name, School      string
	Was, Answered     string // what it was told, and when
	Outcome, Why      string
	Outcomes, Reasons []shell.Option
	BackURL, Action   string
	Errors            map[string]string
}

// GroupAdd is the screen groups/add. It is searched by q and posts person, once
// for each one chosen.
type GroupAdd struct {
	Group, GroupURL string
	Query           string
	// Free is how many seats are left, -1 where they are not counted.
	Free int
	// Full asks what becomes of those for whom there is no seat: Beyond, one of Beyonds. Chosen are the ids ticked.
	Full      bool
	Beyond    string
	Beyonds   []shell.Option
	Chosen    map[string]bool
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
