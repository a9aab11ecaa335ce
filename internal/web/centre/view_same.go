package centre

import (
	"tizi/internal/i18n"
	"tizi/internal/web/shell"
)

// SameList is the screen same/list: pairs of records that may be, are or are not one person.
type SameList struct {
	// State is open, merged or parted.
	State string
	Tabs  []SameTab
	// Centre is the one chosen among Centres; one alone is not asked for.
	Centre  string
	Centres []shell.Option
	Rows    []SameRow
	Pager   shell.Pager
	// Working is a search under way: Done of Total people; Total is 0 when that is not known yet.
	Working     bool
	Done, Total int64
	// Sought is what the last search here found, -1 when none ran since the program started.
	Sought int
}

// SameTab is one state and how to get there.
type SameTab struct {
	Key, URL string
	Current  bool
}

// SameRow is one pair. Sure says that hardly a doubt is left. Why are messages, the weightiest first.
type SameRow struct {
	A, B SamePerson
	Sure bool
	Why  []string
	URL  string // "" where somebody else decides
}

// SamePerson is one of the two. Whoever lies outside the reader's centres has no name, only a centre.
type SamePerson struct {
	Name, Other, URL string
	Birth            string
	Centre           i18n.Text
	Hidden           bool
}

// Same is the screen same/pair: two records side by side.
type Same struct {
	A, B SamePerson
	Rows []SameField
	// For and Against are messages.
	For, Against []string
	Sure         bool
	// State is open, merged or parted; Reason a message or a text, By and On who said so and when.
	State, Reason, By, On string
	Conflict              bool
	WaitsURL              string // of the request to merge them, while it waits
	Action, BackURL       string
	Errors                map[string]string
}

// SameField is what both say of one thing; Label is a message. How is same, differ, or one where one says nothing.
type SameField struct{ Label, A, B, How string }
