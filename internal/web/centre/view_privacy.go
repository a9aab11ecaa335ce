package centre

import (
	"html/template"

	"tizi/internal/i18n"
	"tizi/internal/web/shell"
)

// ByTwo is the screens people/erase and people/export: somebody asks, another confirms. It posts reason.
type ByTwo struct {
	Name, Other string
	Reasons     []shell.Option
	Reason      string
	// ReadyURL leads to what was confirmed already.
	ReadyURL          string
	Action, CancelURL string
	Errors            map[string]string
}

// Dossier is the screen people/dossier: all that is known of a person, for the person.
type Dossier struct {
	Name, Other string
	// On is the ISO date on which it was made.
	On                                   string
	Centre                               i18n.Text
	Details                              []DossierField
	Enrolments, Attendance, History      []DossierLine
	Consents, Guardians, Messages, Looks []DossierLine
	Referrals, Appeals, Cards            []DossierLine
	Learning, Marks, Teams, Wall, Entry  []DossierLine
	Files                                []DossierFile
	JSONURL                              string
}

// DossierFile is a photo, a signed form or a work ("photo", "form", "work") of an ISO date, with the picture itself; a work that is none is
// a file to take along.
type DossierFile struct {
	On, What string
	Image    bool
	Picture  template.URL
}

// DossierField is one detail.
type DossierField struct{ Name, Value string }

// DossierLine is one thing that is known, on an ISO date; Text is what somebody wrote.
type DossierLine struct{ On, What, State, Text, Where, By string }

// Retention is the screen people/retention: how long people are kept, and whose time will be over.
type Retention struct {
	Rules    []RetentionRule
	RulesURL string // "" for those who may not rule
	// Months is how much longer somebody is kept.
	Months  int
	Reasons []shell.Option
	Rows    []RetentionRow
	Total   int
	Errors  map[string]string
}

// RetentionRule is one class; its field is named after it.
type RetentionRule struct{ Class, Months string }

// RetentionRow is somebody whose time will be over on a day.
type RetentionRow struct {
	Name, Other, URL string
	Centre           i18n.Text
	Class, Last, On  string
	// KeepURL takes a post with reason.
	KeepURL string
}
