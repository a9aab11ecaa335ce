// Package entry is the door through which learners come in, and the page on which the staff enrol the devices of a centre for
// it. What is chosen on the way (the group, the avatar) stands in the address, the pictures never do.
//
// The types named after a screen are what its template shows; see package centre for what is common to all of them.
package entry

import (
	"tizi/internal/i18n"
	"tizi/internal/web/shell"
)

// Front is the screen entry/front: on an enrolled device a card is shown, or a group chosen. It posts code; PhotoAction takes
// file. On another device it says what to do.
type Front struct {
	Centre      i18n.Text // of the device
	Device      string
	Groups      []Choice
	Code, Next  string
	PhotoAction string
	WordsURL    string // "" where there is no coming in by number and words
	// Enrolled says that this is a device of a centre; Locked, why nobody can come in on it now.
	Enrolled bool
	Locked   string
	Errors   map[string]string
}

// Choice is a group.
type Choice struct{ Name, URL string }

// Faces is the screen entry/faces: the avatars of a group.
type Faces struct {
	Group, BackURL string
	Rows           []Face
}

// Face is one avatar, "cat-red".
type Face struct{ Avatar, URL string }

// Pick is the screen entry/pick: three pictures one after the other, or words. It posts picked and pick, or words.
type Pick struct {
	Avatar           string
	Words            bool
	Picked           string   // the pictures chosen so far, with blanks
	Steps            []bool   // one for each picture there is to choose; true of those that are chosen
	Pictures         []string // all twelve
	Action, BackURL  string
	Next, RestartURL string
	Typed            string
	Errors           map[string]string
}

// Number is the screen entry/number: the number of a card and words. It posts number, words and next.
type Number struct {
	Number, Typed, Next string
	Action, BackURL     string
	Errors              map[string]string
}

// In is the screen entry/in: who is signed in.
type In struct {
	Name        string
	PasswordURL string // "" of whoever is too young for one
}

// Password is the screen entry/password. It posts old, password and again.
type Password struct {
	HasOld  bool
	Min     int
	BackURL string
	Action  string
	Errors  map[string]string
}

// Tablets is the screen entry/tablets: the devices of the centres, and whether this is one. It posts name and centre, which enrols
// the browser.
type Tablets struct {
	Rows     []Tablet
	Centres  []shell.Option
	Centre   string
	Name     string
	This     string // the name of this device, "" where it is none
	DoorURL  string
	Outside  []OutsideRow
	Action   string
	Errors   map[string]string
	MaxName  int
	OutsideA string // takes centre and allowed
}

// Tablet is an enrolled device.
type Tablet struct {
	Name, Agent, By     string
	Centre              i18n.Text
	Since, Seen         string // moments
	This, Locked        bool
	StrikeURL, UnlockTo string
}

// OutsideRow is a centre, and whether its learners come in from elsewhere.
type OutsideRow struct {
	Centre  i18n.Text
	ID      string
	Allowed bool
}

// Packs is the screen entry/packs: what the devices of a centre keep for when there is no link. It posts centre, course, lang and do.
type Packs struct {
	BackURL, Action string
	Centres         []shell.Option
	Centre          string
	Name            i18n.Text
	Rows            []PackRow
	Devices         []PackDevice
	Errors          map[string]string
}

// PackRow is a course, with the languages that it has.
type PackRow struct {
	Code  string
	Title i18n.Text
	MB    int // in megabytes, at most
	Kept  bool
	Langs []PackLang
}

// PackLang is one of them.
type PackLang struct {
	Lang   i18n.Lang
	Chosen bool
}

// PackDevice is a device, and what it says that it holds.
type PackDevice struct {
	Name  string
	Holds []PackHeld
}

// PackHeld is a course that it holds.
type PackHeld struct {
	Title i18n.Text
	Lang  i18n.Lang
	MB    int
	Since string // a moment
}
