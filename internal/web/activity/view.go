// Package activity is the door to activities: their list, their pages and forms, the door on the day, and, for anybody,
// the pages on which one registers.
//
// The types named after a screen are what its template shows; see package centre for what is common to all of them.
package activity

import (
	"html/template"

	"tizi/internal/feedback"
	"tizi/internal/i18n"
	"tizi/internal/web/agree"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

// List is the screen activities/list.
type List struct {
	Rows                               []Row
	Programme, Pillar, State           string
	Programmes, Pillars, States        []shell.Option
	NewURL                             string
	MasterclassURL                     string // a new one, filled in from the masterclass that the program brings
	More                               bool   // there are more than the list shows
	Women, Speakers, Known, KnownSpeak int
}

// Row is one activity of a list.
type Row struct {
	URL                 string
	Title               i18n.Text
	Kind, Pillar, State string
	From, To            string
	Programme, Where    i18n.Text
	Venue               string
	Registered, Came    shell.Figure
	Simulated           bool
	Fee                 int
	Full                bool
}

// Session is one meeting.
type Session struct {
	Date, From, To, Room string
	DoorURL, FeedbackURL string
	ID                   string
	Current              bool
}

// Speaker is who speaks; of one who withdrew no name is shown.
type Speaker struct {
	Name, Other, Function, Sex, EditURL string
	Withdrawn                           bool
}

// Output is a paper, data or a tool.
type Output struct {
	Title                   i18n.Text
	Kind, Lang, On, Licence string
	URL, EditURL            string
	File                    bool
	KB                      int64
}

// Facts are what everybody may know of an activity.
type Facts struct {
	Row
	About, Waived i18n.Text
	Sessions      []Session
	Hosts         []i18n.Text
	Speakers      []Speaker
	Outputs       []Output
	Source        *agree.Source
	Reason        string
	Capacity      int
}

// Activity is the screen activities/activity.
type Activity struct {
	Facts
	Conflict                                                      bool
	Waiting, Withdrawn                                            shell.Figure
	Women, KnownSex                                               shell.Figure // of those who came, or of those registered
	WomenSpeak, KnownSpeak                                        int
	Agreement                                                     *shell.Crumb
	Was                                                           string // when it was to be before it was moved, in words
	EditURL, DoorURL, NoticeURL, SpeakerURL, OutputURL, PublicURL string
	Guests                                                        []Guest // nil where the reader may not know them
	Changes                                                       []feedback.Change
	GuestsAll                                                     int
}

// Guest is somebody registered.
type Guest struct {
	Name, Other, Code, State, Fee string
	On, URL, Action               string
	ID                            string
	Came, Over, Here              bool
}

// Form is the screen activities/form. It posts the fields of an activity; sessions by number.
type Form struct {
	Title, Action, CancelURL                                         string
	Crumb                                                            *shell.Crumb
	V                                                                map[string]string
	Rows                                                             []SessionRow
	HostsOf                                                          []shell.Option
	Host                                                             map[string]bool
	Programmes, Kinds, Pillars, States, Centres, Agreements, Sources []shell.Option
	Registered                                                       int
	Errors                                                           map[string]string
}

// SessionRow is a line of the form.
type SessionRow struct {
	N                             int
	ID, Date, From, To, Room      string
	DateError, FromError, ToError string
}

// SpeakerForm is the screen activities/speaker. It posts name_latin, name_ar, function, sex and remove.
type SpeakerForm struct {
	Action, BackURL              string
	Activity                     i18n.Text
	Latin, Arabic, Function, Sex string
	Known, Withdrawn             bool
	Errors                       map[string]string
}

// OutputForm is the screen activities/output. It posts title_*, kind, lang, on, licence, link, file and remove.
type OutputForm struct {
	Action, BackURL        string
	Activity               i18n.Text
	V                      map[string]string
	Kinds, Langs, Licences []shell.Option
	File                   string // what is kept already, in words
	Known                  bool
	Errors                 map[string]string
}

// Door is the screen activities/door. It posts code and fee; registration, fee and undo to its mark; the fields of somebody new to its walk.
type Door struct {
	Title               i18n.Text
	BackURL, Action     string
	Sessions            []Session
	Session             string // its id
	Date                string
	Early               bool // it is not its day yet
	Present, Registered int
	Fee                 int
	Waived              i18n.Text
	Paid                string // what was said of the fee
	Code, Query         string
	Guests              []Guest
	More                bool
	Walk                Visitor
	WalkOpen            bool
	Errors              map[string]string
}

// Visitor is what somebody typed who registers.
type Visitor struct {
	Name, Phone, Mail, Sex, Birth, Situation, Milieu, GuardianName, GuardianPhone, Agreed, Fee string
	Situations                                                                                 []shell.Option
	Errors                                                                                     map[string]string
}

// Notice is the screen activities/notice: whom to tell that an activity is called off, or is at another time or place than it was to be.
type Notice struct {
	Title     i18n.Text
	BackURL   string
	Sheets    []Sheet
	Messages  []Message
	Mails     []string
	Unreached int
	Unwanted  int
	Texting   *door.Texting
}

// Sheet is a notice to print, in one language.
type Sheet struct {
	Lang, Dir, Title string
	Lines            []string
}

// Message is what a telephone gets, in one language.
type Message struct {
	Lang, Dir, Name, Text string
	Numbers               []string
}

// Events is the screen events/list.
type Events struct {
	Rows, Past []Row
}

// Event is the screen events/event. It posts the fields of Visitor.
type Event struct {
	Facts
	Takes  bool
	Left   int // seats; -1: there is no bound
	Action string
	Form   Visitor
}

// Ticket is the screen events/ticket. It posts nothing but that the registration ends.
type Ticket struct {
	Facts
	Status, Code, Address, Action string // Status is that of the registration
	Rank                          int
	QR                            template.HTML
	Came                          bool
	EventURL                      string
}

// Find is the screen events/find. It asks for code.
type Find struct {
	Code   string
	Errors map[string]string
}
