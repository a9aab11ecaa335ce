package steer

import (
	"tizi/internal/i18n"
	"tizi/internal/web/shell"
)

// Audit is the screen audit/audit: who saw and changed what. Its form asks for centre, account, person, kind, hours, from
// and to.
type Audit struct {
	// Days says that the summaries of the days are shown, and not what was done one by one.
	Days            bool
	ListURL         string // empty where a centre must be chosen first
	DaysURL, CSVURL string
	Centre, Account string
	Kind, Hours     string
	From, To        string
	Person          string // as it was typed
	// Whom is the person that the list is narrowed to, and AllURL leads to everybody.
	Whom, AllURL               string
	Choices                    []AuditPerson // several whom the words typed may mean
	Centres, Accounts, Kinds   []shell.Option
	Odd                        []shell.Option // the hours to choose from
	Search                     bool           // people may be searched by name
	Unusual                    []AuditMany
	Rows                       []AuditRow
	Sums                       []AuditDay
	Cut                        bool // there are more days than are shown
	DayStarts, DayEnds         int
	ManyInHour, ManyInDay, Max int
	Pager                      shell.Pager
	Down                       string // until when was looked, where it was not to the end
	Errors                     map[string]string
}

// AuditRow is one thing that somebody did. At is ready to read; Who is empty for the program itself.
type AuditRow struct {
	At, Who, WhoURL string
	Role            string // a key
	What            string
	Whom            []AuditPerson
	More            int // further people
	Centre          i18n.Text
	Odd             bool
}

// AuditPerson is somebody, by name or, for whoever may not read names, by code.
type AuditPerson struct {
	Name, Other, Code, URL string
}

// AuditMany is an account that opened unusually many files.
type AuditMany struct {
	Who, When, URL string
	Files          int
}

// AuditDay is the summary of a day of a centre.
type AuditDay struct {
	Date   string // ISO date
	Centre i18n.Text
	URL    string
	Looks, People, Lists, Names, Searches, Exports, Prints,
	Changes, OutOfHours, Accounts, Openings int
}
