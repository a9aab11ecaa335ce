package centre

import (
	"tizi/internal/i18n"
	"tizi/internal/web/shell"
)

// Conflicts is the screen conflicts/list: what two people said without seeing each other.
type Conflicts struct {
	Rows []ConflictRow
	More bool // there are more than are shown
}

// ConflictRow is one of them. Kind is people, consents, sheets, seats or groups.
type ConflictRow struct {
	Kind, Name, What, URL string
	Centre                i18n.Text
}

// Conflict is the screen conflicts/conflict: all sides of one, to be settled. It posts an answer to each question.
type Conflict struct {
	Kind, Name, Action string
	AboutURL, About    string // the page of what it is about, and its name
	Questions          []Question
	Errors             map[string]string
}

// Question is one thing in doubt; Options are what was said, by whom and when.
type Question struct {
	Field, Label, Value string
	Options             []shell.Option
}
