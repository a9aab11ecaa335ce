package steer

import (
	"tizi/internal/i18n"
	"tizi/internal/web/me"
	"tizi/internal/web/shell"
)

// Staff is the screen staff/list: who signs in, and as what.
type Staff struct {
	Rows             []StaffRow
	NewURL, RenewURL string
	// They are for whoever may see them.
	OpeningsURL, RequestsURL, AuditURL string
}

// StaffRow is one role of one account, or an account without any.
type StaffRow struct {
	Name, Login string
	// URL leads to the account, for whoever manages it.
	URL string
	// Role is a key, such as "role.trainer"; Place what it is for.
	Role, Place string
	// Until is an ISO date, empty where there is no end. State is soon or ended, or empty.
	Until, State string
	Closed       bool
}

// StaffForm is the screens staff/form and staff/role. It posts name, login and passphrase for a new account, and role,
// place and names.
type StaffForm struct {
	Name, Login       string
	MinPassphrase     int
	Role, Place       string
	Names             string // "yes"
	AskNames          bool   // a role that this makes a difference for may be given
	Roles, Places     []shell.Option
	Action, CancelURL string
	Errors            map[string]string
}

// Renew is the screen staff/renew: the roles that run out. It posts grant, once for each one chosen.
type Renew struct {
	Rows   []RenewRow
	Action string
	Days   int // how long a renewed role lasts
}

// RenewRow is one role that runs out.
type RenewRow struct {
	Grant, Name, Login string
	Role, Place        string
	Until              string // ISO date
	Ended              bool
}

// Member is the screen staff/member: the account of somebody else.
type Member struct {
	Name, Login                                    string
	Closed                                         bool
	Roles                                          []MemberRole
	Sessions                                       []me.Session
	RoleURL, CloseURL, ReopenURL, ResetURL, EndURL string
	AuditURL                                       string // empty for who may not read it
}

// MemberRole is a role, with where it is withdrawn.
type MemberRole struct {
	me.Role
	WithdrawURL string
}

// Reset is the screen staff/reset. It posts passkeys; then Code is shown, once.
type Reset struct {
	Name, Login     string
	Code            string
	Days            int
	Action, BackURL string
}

// Openings is the screen openings/list: who opened which centre, and why.
type Openings struct {
	Rows   []OpeningRow
	NewURL string
}

// OpeningRow is one opening. At and Until are ready to read.
type OpeningRow struct {
	Who       string
	Centre    i18n.Text
	Reason    string
	At, Until string
	Open      bool
}

// OpeningForm is the screen openings/form. It posts centre and reason.
type OpeningForm struct {
	Centre, Reason    string
	Centres           []shell.Option
	Minutes           int
	Action, CancelURL string
	Errors            map[string]string
}

// Requests is the screen requests/list: what waits for a second person, and what was decided.
type Requests struct{ Waiting, Settled []RequestRow }

// RequestRow is one request. Action and State are those of access.
type RequestRow struct {
	Action, Who, Reason string
	Centre              i18n.Text
	At, Until           string // Until is an ISO date
	State               string
	Subjects            int
	Decider, Answer     string
	Conflict            bool
	URL                 string
}

// RequestPage is the screen requests/request. It posts reason to refuse.
type RequestPage struct {
	RequestRow
	People                []RequestPerson
	Unknown               int  // of the people, those whom this account cannot see
	Own                   bool // asked by the one who reads, who can only take it back
	ConfirmURL, RefuseURL string
	Reasons               []shell.Option // to refuse
	Typed                 string
	Errors                map[string]string
}

// RequestPerson is one whom a request is about.
type RequestPerson struct{ Name, Other, URL string }
