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
	SignIn         bool // with avatars and pictures or words
}

// PrintedCard is one of them.
type PrintedCard struct {
	Name, Other string
	Number      string
	QR          template.HTML
	// Avatar, and Pictures or Words, are what the learner signs in with besides; "" and none where only cards were made.
	Avatar   string
	Pictures []string
	Words    string
}

// Signing is the screen teach/signing: with what the learners of a group sign in, and who waits to be unlocked. It posts person,
// several, with way and words, whose cards, avatars and pictures or words are made; or unlock, the one who may try again.
type Signing struct {
	Group, GroupURL string
	Rows            []SigningRow
	Chosen          map[string]bool
	Way, Words      string
	Ways, Langs     []shell.Option
	TabletsURL      string // "" of whoever may not enrol devices
	Action          string
	Errors          map[string]string
}

// SigningRow is one of the group.
type SigningRow struct {
	ID, Name, Other string
	// Avatar is "" of whoever has nothing yet; Way is pictures, words or password, Since an ISO date.
	Avatar, Way, Since string
	Locked             bool
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
