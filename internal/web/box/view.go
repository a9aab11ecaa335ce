package box

import (
	"html/template"

	"tizi/internal/web/shell"
)

// Trust is the screen box/trust: how a device of the centre comes to trust this box.
type Trust struct {
	Safe        bool   // the browser is connected by HTTPS already
	Title       string // what devices list the authority as
	Fingerprint string // in groups, to compare with the printed sheet
	Until       string
	Here        string        // the address of this page, for the sheet
	QR          template.HTML // of it
	Addresses   []string      // of the box by HTTPS
	Certificate string        // where it is fetched
	Profile     string        // the same for Apple's devices
	Systems     []System      // the one that asks first
}

// System is how a kind of device installs the authority: keys of sentences.
type System struct {
	Name, Key string
	Steps     []string
}

// Health is the screen box/health: how the box is, and what to do.
type Health struct {
	Rows    []Row
	Devices []Device
	Plain   int // devices without HTTPS
	// Clock is where the clock is said to be right (right) or set (on and at, of this place); "" where it is not doubted.
	Clock  string
	On, At string // typed, or what the clock shows
	// Upgrade is how the box stands with new programs, for who may manage it; nil where there is nothing to say.
	Upgrade *Upgrade
	Errors  map[string]string
}

// Upgrade is a part of the screen box/health. It posts version.
type Upgrade struct {
	Version, Made, Running string // a new program that is here: "" where there is none
	Action                 string // "": it is asked for on the machine
	Said                   string // what became of the last, or what is under way
	State                  string // of what is said: good, wait, help
	Detail                 string // what the program said, for who mends it
	Apart                  bool   // the database is on PostgreSQL
}

// Row is one thing about the box.
type Row struct {
	Key   string // what it is
	Text  string // how it is
	State string // good, wait, help
	Do    string // what to do; "" where there is nothing to do
	URL   string // where to do it, or to see more
}

// Device is one that was seen at the box.
type Device struct {
	Address, System string // where from, and what it runs on: a key
	Safe            bool
	Age             shell.Age
}

// Lock is the screen box/lock: what unlocks the disk of this box.
type Lock struct {
	Encrypted bool
	Card      bool   // there is one
	Paired    bool   // there is a headquarters
	Hub       bool   // it unlocks the disk
	Alone     bool   // it is not to
	Sheet     string // the letters of a card that was just made; "": none was
	QR        template.HTML
	Min       int // characters of a passphrase
	Action    string
	Errors    map[string]string
}

// Locked is the screen box/locked: all that a box serves whose disk is locked.
type Locked struct {
	Action string
	Hub    string // what became of asking headquarters: a key; "": it is not asked
	Opened bool
	Errors map[string]string
}
