// Package me is the door of who signs in: signing in, by whichever means, and one's own account.
//
// The types named after a screen are what its template shows; see package centre for what is common to all of them.
package me

import (
	"html/template"

	"tizi/internal/web/shell"
)

// SignIn is the screen signin/signin. It posts login, passphrase and next.
type SignIn struct {
	Login  string
	Next   string
	Errors map[string]string
	// Locked says that too many tries failed.
	Locked bool
	// DemoURL leads to the demonstration, where there is one.
	DemoURL string
	// OutsideURL leads to a provider of single sign-on, Outside is its name.
	OutsideURL, Outside string
	// Passkeys says that this address can have them.
	Passkeys bool
}

// Code is the screen signin/code. It posts code.
type Code struct {
	Typed  string
	Next   string
	Errors map[string]string
	Locked bool
}

// Recover is the screen signin/recover. It posts login, code and passphrase.
type Recover struct {
	Login, Typed  string
	MinPassphrase int
	Errors        map[string]string
	Locked        bool
}

// Me is the screen me/me: one's own account.
type Me struct {
	Name, Login string
	Roles       []Role
	// Passphrase says that there is one; Factor that a one-time code is asked for; Codes how many printed ones are left.
	Passphrase, Factor bool
	Codes              int
	Passkeys           []Passkey
	// PasskeysHere says that this address can have them.
	PasskeysHere bool
	Sessions     []Session
	Lang         string
	Langs        []shell.Option
	OpenURL      string // to open a centre one does not see
	Errors       map[string]string
}

// Role is one of an account's.
type Role struct {
	// Role is a key, such as "role.trainer"; On what it is for.
	Role, On string
	// Until is an ISO date, empty where there is no end.
	Until string
	// State is ok, soon or ended; "glass" for what is open for a limited time, until At.
	State, At string
}

// Passkey is one of an account's. Created and Used are ISO dates.
type Passkey struct{ ID, Name, Created, Used string }

// Session is a browser. Since and Seen are ready to read.
type Session struct {
	Handle, Device, Since, Seen string
	Current                     bool
}

// Passphrase is the screen me/passphrase. It posts old (where there is one) and passphrase.
type Passphrase struct {
	Has           bool
	MinPassphrase int
	Errors        map[string]string
}

// Factor is the screen me/code: setting a second factor up, or removing it. It posts code.
type Factor struct {
	On bool
	// Secret is to be typed where no camera is; QR is its picture.
	Secret string
	QR     template.HTML
	Typed  string
	Errors map[string]string
}

// Sheet is the screen me/sheet: printed codes. It posts passphrase where there is one; then Codes are shown, once.
type Sheet struct {
	Ask    bool // for the passphrase
	Left   int
	Codes  []string
	Login  string
	On     string // ISO date
	Errors map[string]string
}

// AddPasskey is the screen me/passkey. Its script posts name and passphrase to Ask and what the browser answers to Give.
type AddPasskey struct {
	Ask    bool // for the passphrase
	Here   bool
	Name   string
	Errors map[string]string
}
