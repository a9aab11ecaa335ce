// Package open is the door that needs no account: languages, the demonstration,
// and the pages that tell what went wrong.
//
// The types named after a screen are what its template shows; see package centre
// for what is common to all of them.
package open

import "tizi/internal/i18n"

// Languages is the screen open/languages.
type Languages struct {
	// Next is where a language leads.
	Next string
}

// Demo is the screen open/demo: who can be played. Each posts person.
type Demo struct {
	People []Player
	Action string
	// Centres, People and Sessions are how much was made up.
	CentreCount, PersonCount, SessionCount int
	Box                                    bool   // this is the box of a centre, and not headquarters
	Other                                  string // the address of the other node, "" where there is none
}

// Player is somebody of the demonstration.
type Player struct {
	ID, Name string
	// Role is a key, such as "role.trainer".
	Role  string
	Place i18n.Text
	// Shows is the key of a sentence on what there is to see: demo.shows.national
	// and so on.
	Shows string
}

// Error is the screen open/error.
type Error struct {
	// Status is the HTTP status; 404, 403, 409, 429, 500 and 503 have their own
	// words.
	Status int
	// Detail is a sentence more, where there is one to say.
	Detail string
	// Reference finds the error in the log.
	Reference string
	BackURL   string
}
