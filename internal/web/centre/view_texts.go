package centre

import (
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

// Texts is the screen texts/list: what went to telephones, and what became of it. It posts number and centre.
type Texts struct {
	Plugged        bool
	Quiet          string // when nothing goes
	Counts         []TextCount
	State          string // of those that are shown; "": all
	Rows           []TextRow
	Pager          shell.Pager
	TestAction     string
	Number, Centre string
	Centres        []shell.Option
	Errors         map[string]string
}

// TextCount is a state with its texts.
type TextCount struct {
	door.TextState
	URL string
}

// TextRow is one text.
type TextRow struct {
	Name, URL, Number, Words, State, At, By string
	Test                                    bool
	Next                                    string // when a text that waits may go
	Tries                                   int
}
