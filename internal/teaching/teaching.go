// Package teaching is what trainers say of how a group learns: how a work is judged, where a lesson stopped, which tests may
// be taken, the small groups of a session, what
// learners show each other. It is kept in the stream of the group's centre.
package teaching

import (
	"tizi/internal/fact"
	"tizi/internal/id"
)

// Teaching is the area.
type Teaching struct {
	log *fact.Log
}

// New returns the area on a node's log.
func New(l *fact.Log) *Teaching { return &Teaching{l} }

// Folds of this area.
var Folds = []*fact.Fold{markFold, stopFold, testFold, teamFold, wallFold, hungFold}

// testID names what samples speak of.
func testID(n int) id.ID { return id.ID{1, byte(n)} }
