// Package access says who may do what, where. Every command and every query asks it: there is one table of permissions
// and one Scope that a query compiles into its SQL.
package access

import (
	"slices"
	"strings"

	"tizi/internal/id"
)

// Role is a part that a person plays, at a place and below.
type Role string

// The roles of this release; the rest of the table comes with the people who need it.
const (
	National Role = "national" // runs the programmes of a country
	Region   Role = "region"   // runs those of a region
	Centre   Role = "centre"   // runs a centre
	Trainer  Role = "trainer"  // holds sessions at a centre
)

// Roles are all roles, widest first.
var Roles = []Role{National, Region, Centre, Trainer}

// Action is what a role may be allowed.
type Action string

// The actions.
const (
	ReadPeople      Action = "people.read"
	WritePeople     Action = "people.write"
	ImportPeople    Action = "people.import"
	MergePeople     Action = "people.merge" // say that two records are one person, or are not
	ReadGroups      Action = "groups.read"
	WriteGroups     Action = "groups.write"
	TakeAttendance  Action = "attendance.take"
	ReadBoard       Action = "board.read"
	WritePlaces     Action = "places.write"
	WriteProgrammes Action = "programmes.write"
	WriteAccounts   Action = "accounts.write"
	ReadNode        Action = "node.read"
)

// Actions are all actions.
var Actions = []Action{ReadPeople, WritePeople, ImportPeople, MergePeople, ReadGroups, WriteGroups, TakeAttendance, ReadBoard, WritePlaces, WriteProgrammes, WriteAccounts, ReadNode}

// table is the one table of permissions.
var table = map[Role][]Action{
	National: Actions,
	Region:   {ReadPeople, WritePeople, ImportPeople, MergePeople, ReadGroups, WriteGroups, TakeAttendance, ReadBoard, WritePlaces, WriteAccounts, ReadNode},
	Centre:   {ReadPeople, WritePeople, ImportPeople, MergePeople, ReadGroups, WriteGroups, TakeAttendance, ReadBoard, WriteAccounts, ReadNode},
	Trainer:  {ReadPeople, ReadGroups, TakeAttendance, ReadBoard},
}

// Allows reports whether a role may do an action at the places it is granted for.
func Allows(r Role, a Action) bool { return slices.Contains(table[r], a) }

// Scope is where somebody may do one action. The zero Scope is nowhere.
type Scope struct {
	all     bool
	centres map[id.ID]bool
}

// Everywhere is the scope of the program itself and of whoever holds a role for all places.
func Everywhere() Scope { return Scope{all: true} }

// At is the scope of these centres.
func At(centres ...id.ID) Scope {
	s := Scope{centres: map[id.ID]bool{}}
	for _, c := range centres {
		s.centres[c] = true
	}
	return s
}

// Has reports whether a centre lies in the scope.
func (s Scope) Has(centre id.ID) bool { return s.all || s.centres[centre] }

// All reports whether the scope has no bounds.
func (s Scope) All() bool { return s.all }

// None reports whether the scope is nowhere.
func (s Scope) None() bool { return !s.all && len(s.centres) == 0 }

// Centres returns the centres of a bounded scope, sorted.
func (s Scope) Centres() []id.ID {
	var out []id.ID
	for c := range s.centres {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b id.ID) int { return slices.Compare(a[:], b[:]) })
	return out
}

// Within narrows the scope to some centres.
func (s Scope) Within(centres []id.ID) Scope {
	var in []id.ID
	for _, c := range centres {
		if s.Has(c) {
			in = append(in, c)
		}
	}
	return At(in...)
}

// SQL returns a condition on a column that holds a centre, and its arguments. A scope that is nowhere selects nothing.
func (s Scope) SQL(column string) (string, []any) {
	if s.all {
		return "1 = 1", nil
	}
	cs := s.Centres()
	if len(cs) == 0 {
		return "1 = 0", nil
	}
	args := make([]any, len(cs))
	for i, c := range cs {
		args[i] = c
	}
	return column + " IN (?" + strings.Repeat(", ?", len(cs)-1) + ")", args
}
