package centre

import (
	"tizi/internal/i18n"
	"tizi/internal/web/shell"
)

// Centres is the screen centres/list.
type Centres struct {
	Rows   []CentreRow
	NewURL string
}

// CentreRow is one centre in a list.
type CentreRow struct {
	Name, Region i18n.Text
	Kind, URL    string
	Closed       string // ISO date
}

// Centre is the screen centres/centre.
type Centre struct {
	Name, Within i18n.Text
	Kind, Milieu string
	Holders      []Holder
	HoldersURL   string
	Rooms        []Room
	Seats        int // of the rooms in use
	RoomURL      string
	Week         []Weekday
	Exceptions   []Exception
	HoursURL     string
	Stock        []Stock
	Ready, All   int // devices
	Late         int // loans that should be back
	LateURL      string
	DevicesURL   string
	Rounds       []RoundRow
	RoundURL     string
	// Distance is nil for whoever may not see it.
	Distance     *Distance
	TimetableURL string
	AccessURL    string // who comes to open access, for who holds the door
	Visits       int    // of this month
}

// Holder is who holds a part of the centre. Past and future ones stand on the screen centres/holders.
type Holder struct {
	Part, Name, From, To string
	Current, Conflict    bool
	Mandates             []string // what an agreement lets them do there, and until when
}

// Holders is the screen centres/holders. It posts part, name, since and until; to
// Action/remove it posts part and since of one that goes.
type Holders struct {
	Centre               i18n.Text
	Known                []string // names of organisations, offered while one types
	Rows                 []Holder
	Part, Name, From, To string
	Action, BackURL      string
	Errors               map[string]string
}

// Room is a room of a centre.
type Room struct {
	Name, Equipment              string
	Seats                        int
	Accessible, Closed, Conflict bool
	URL                          string
}

// RoomForm is the screen centres/room. It posts name, seats, equipment, accessible and closed.
type RoomForm struct {
	New                           bool
	Centre                        i18n.Text
	Title                         string // its name as it stands
	Name, Seats, Equipment        string
	Accessible, Closed            string // "yes" or ""
	Action, BackURL, TimetableURL string
	Errors                        map[string]string
}

// Weekday is one day of a centre's week: its hours as they are read.
type Weekday struct {
	Day          int // 0 is Sunday
	Open, Access []Hours
}

// Hours are a stretch of a day.
type Hours struct{ From, To string }

// Exception is a stretch of days with other hours; without From it is closed.
type Exception struct {
	On, Until string // ISO dates
	From, To  string // hours
	Why       string
	Conflict  bool
}

// HoursForm is the screen centres/hours: two forms. The week posts open_<day>_<n>, close_<day>_<n> (n is 1 or 2) and
// access_from_<day>, access_to_<day>; the exception posts on, until, opens, closes and why; to
// its address/remove it posts on of one that goes.
type HoursForm struct {
	Centre                        i18n.Text
	Days                          []HoursRow
	Conflict                      bool
	Exceptions                    []Exception
	On, Until, Opens, Closes, Why string
	Action, ExceptAction, BackURL string
	Errors                        map[string]string
}

// HoursRow is one weekday of the form.
type HoursRow struct {
	Day  int
	Open [2]Hours
	// Access is when anybody may come without a session.
	Access Hours
	Error  string
}

// Stock is how many devices there are of a kind.
type Stock struct {
	Kind       string
	All, Ready int
	Lent, Out  int // Out: faulty or in repair
	URL        string
}

// Devices is the screen centres/devices. Its filters come back as q, kind and state.
type Devices struct {
	Centre             i18n.Text
	Query, Kind, State string
	Kinds, States      []shell.Option
	Rows               []DeviceRow
	Pager              shell.Pager
	Filtered           bool
	NewURL, BackURL    string
}

// DeviceRow is one device in a list.
type DeviceRow struct {
	Number, Kind, Model string
	State, Due          string
	To                  string // the person or group that has it
	Late, Conflict      bool
	URL                 string
}

// DeviceForm is the screen centres/device-form. It posts number, kind, model and since.
type DeviceForm struct {
	New                        bool
	Centre                     i18n.Text
	Number, Kind, Model, Since string
	Kinds                      []shell.Option
	Action, BackURL            string
	Errors                     map[string]string
}

// Device is the screen centres/device. It posts state, and with it who (a person's or a group's id) and due, or what.
// People to lend it to are searched by q.
type Device struct {
	DeviceRow
	Centre          i18n.Text
	Since, On, What string
	ToURL           string
	Next            []string // the states it can be brought to
	Query           string
	Found           []PersonRow
	Groups          []shell.Option
	Who, Due        string // typed
	// Asked is the state whose form was sent back, Said the remark that was typed.
	Asked, Said              string
	History                  []DeviceLine
	Action, EditURL, BackURL string
	CentreURL                string
	Errors                   map[string]string
}

// DeviceLine is one line of a device's history.
type DeviceLine struct {
	On, State, Due string
	To, What, By   string
}

// RoundRow is one round in a list.
type RoundRow struct {
	Name, From, To      string
	Stops               int
	Cancelled, Conflict bool
	URL                 string
}

// RoundForm is the screen centres/round. It posts name, cancelled (a reason), and for each stop date_<n>, spot_<n>,
// from_<n> and to_<n>, n from 1; more adds empty lines.
type RoundForm struct {
	New             bool
	Title           string // its name as it stands
	Centre          i18n.Text
	Name, Cancelled string
	Stops           []StopRow
	Action, BackURL string
	Errors          map[string]string
}

// StopRow is one stop of the form.
type StopRow struct {
	N                    int
	Date, Spot, From, To string
	Error                string
}

// Distance is how far the learners live, as words.
type Distance struct {
	Median         string // kilometres
	Known, Unknown int
	Beyond         int
	Kilometres     int
}

// OpenAccess is the screen centres/access: who comes to use devices outside of sessions. It posts code, or q and person, or undo.
type OpenAccess struct {
	Centre            i18n.Text
	CentreURL, Action string
	Hours             []Hours // of today; none: none are stated
	Code, Query       string
	List              bool // the reader may look for people by name
	Found, Rows       []DropInRow
	Here              int
	Months            []DropInMonth
	Errors            map[string]string
}

// DropInRow is somebody who came, or who was found by name.
type DropInRow struct {
	ID, Name, Other, At string
	Here                bool
}

// DropInMonth is how many came in a month, each once a day.
type DropInMonth struct {
	Name  string
	N     int
	Month string
}
