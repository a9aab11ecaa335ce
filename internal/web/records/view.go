package records

import (
	"tizi/internal/i18n"
	"tizi/internal/web/shell"
)

// List is the screen of learning records.
type List struct {
	Centre, Verb, Activity, From, To string
	Centres                          []shell.Option
	Rows                             []Row
	MoreURL, ExportURL, KeysURL      string
	Contested                        int
	Bounded                          bool // only what the groups of one's programmes did in their courses
	Errors                           map[string]string
}

// Row is one statement: who is a code and never a name.
type Row struct {
	At, Who, Verb, What, Tool string
	JSON                      string
	Others                    []string // what was said elsewhere under the same id
}

// Keys is the screen of the keys of tools.
type Keys struct {
	Name, Centre string
	May          map[string]bool
	Grants       []shell.Option
	Centres      []shell.Option
	Rows         []Key
	Errors       map[string]string
}

// Key is a key in the list.
type Key struct {
	Name, ID, May, Made, Revoked string
	Centre                       i18n.Text
	RevokeURL                    string
}

// Made is a key that was just made: its secret is shown once.
type Made struct{ Name, Address, Key, Secret string }
