// Package centre is the door of the people who run a centre: the first visit,
// signing in, people, imports and groups.
//
// The types named after a screen are what its template shows: plain data, filled
// by a handler in the reader's language where it is words, and by codes where the
// catalogue has the words ("f", "rural", "active"). Every URL is a path on this
// server; an empty one leaves its link or button out. Errors go from the name of
// a field to the sentence that helps; the empty name speaks of the whole form.
package centre

import (
	"tizi/internal/i18n"
	"tizi/internal/web/shell"
)

// SetupCountry is the screen setup/country, the first of three steps. It posts
// country.
type SetupCountry struct {
	Countries []Country
	// Country is the code chosen so far.
	Country string
	Errors  map[string]string
}

// Country is one that the program brings the places of.
type Country struct {
	Code            string
	Name            i18n.Text
	Regions, Places int
}

// SetupCode is the screen setup/code, before the first step on a device that is not the machine itself. It asks for code.
type SetupCode struct {
	Code   string
	Errors map[string]string
}

// SetupOwner is the screen setup/owner. It posts country, name, login and
// passphrase.
type SetupOwner struct {
	// Country is the code chosen in the step before; "" on a box that headquarters prepared, where this is the only step.
	Country     string
	Name, Login string
	// MinPassphrase is how many characters a passphrase has at least.
	MinPassphrase int
	Back          string
	Errors        map[string]string
}

// SetupCentre is the screens setup/centre, of the first centre, and centres/new, of another. They post name_fr, name_ar, kind,
// province and milieu.
type SetupCentre struct {
	NameFR, NameAR string
	Kind           string
	Province       string
	Milieu         string
	Provinces      []shell.Option
	Back           string
	Errors         map[string]string
}

// SetupDone is the screen setup/done: the centre is there, and these are the
// next three things to do.
type SetupDone struct {
	Centre                        i18n.Text
	ImportURL, GroupURL, TodayURL string
	ProgrammeURL                  string
	TrustURL                      string // "": the box has no authority of its own
}
