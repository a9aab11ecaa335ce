package teach

import (
	"html/template"

	"tizi/internal/web/shell"
)

// Cards is the screen teach/cards: who of a group has a card. It posts person, several, whose cards are made; or revoke, the
// one whose card ends.
type Cards struct {
	Group, GroupURL string
	Rows            []CardRow
	Chosen          map[string]bool
	Action          string
	Errors          map[string]string
}

// CardRow is one of the group.
type CardRow struct {
	ID, Name, Other string
	// Since is since when there is a card, an ISO date, or empty.
	Since string
}

// CardSheet is the screen teach/cardsheet: cards to be printed and cut, each with whose it is beside it. It is shown once.
type CardSheet struct {
	Group, BackURL string
	Cards          []PrintedCard
}

// PrintedCard is one of them.
type PrintedCard struct {
	Name, Other string
	Number      string
	QR          template.HTML
}

// Doorway is the screen teach/door: whoever comes to a session shows a card. It posts code and late; or undo, whose mark is
// taken back. PhotoAction takes file and late.
type Doorway struct {
	Group               string
	Date, From, To      string
	Here, Expected      int
	Code, Late          string
	Lates               []shell.Option
	Rows                []ArrivalRow
	Action, PhotoAction string
	ListURL, CardsURL   string
	// Locked says why nobody can come now; empty when they can.
	Locked string
	Errors map[string]string
}

// ArrivalRow is one who came, the last first.
type ArrivalRow struct {
	ID, Name, Other string
	// Mark is present or late, At the hour.
	Mark, At string
}
