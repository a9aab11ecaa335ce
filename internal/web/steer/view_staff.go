package steer

import (
	"tizi/internal/i18n"
	"tizi/internal/web/shell"
)

// Staff is the screen staff/list: who signs in, and as what.
type Staff struct {
	Rows   []StaffRow
	NewURL string
}

// StaffRow is one role of one account.
type StaffRow struct {
	Name, Login string
	// Role is a key, such as "role.trainer".
	Role  string
	Place i18n.Text
}

// StaffForm is the screen staff/form. It posts name, login, passphrase, role and
// place.
type StaffForm struct {
	Name, Login       string
	MinPassphrase     int
	Role, Place       string
	Roles, Places     []shell.Option
	Action, CancelURL string
	Errors            map[string]string
}
