package access

import (
	"slices"
	"strings"

	"tizi/internal/id"
	"tizi/internal/store"
)

// Relation says in SQL what is an account's own. The area that keeps the groups states it (training.Own); each is a
// subquery whose arguments are all the account.
type Relation struct {
	Groups string // the ids of the groups that the account leads
	People string // the ids of the people in them
}

// Scope is where somebody may do one action. The zero Scope is nowhere.
type Scope struct {
	all        bool
	centres    map[id.ID]bool // all that is there
	own        map[id.ID]bool // there, only what is the account's own
	programmes map[id.ID]bool // wherever they run
	agreements map[id.ID]bool
	account    id.ID
	relation   *Relation
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

// InProgrammes is the scope of these programmes.
func InProgrammes(programmes ...id.ID) Scope {
	s := Scope{programmes: map[id.ID]bool{}}
	for _, p := range programmes {
		s.programmes[p] = true
	}
	return s
}

// Has reports whether the whole of a centre lies in the scope.
func (s Scope) Has(centre id.ID) bool { return s.all || s.centres[centre] }

// Touches reports whether something at a centre lies in the scope, be it only the account's own.
func (s Scope) Touches(centre id.ID) bool { return s.Has(centre) || s.own[centre] }

// Covers reports whether a programme lies in the scope wherever it runs.
func (s Scope) Covers(programme id.ID) bool { return s.all || s.programmes[programme] }

// All reports whether the scope has no bounds.
func (s Scope) All() bool { return s.all }

// None reports whether the scope is nowhere.
func (s Scope) None() bool {
	return !s.all && len(s.centres) == 0 && len(s.own) == 0 && len(s.programmes) == 0 && len(s.agreements) == 0
}

// Centres returns the centres that lie in a bounded scope as a whole, sorted.
func (s Scope) Centres() []id.ID { return sorted(s.centres) }

// Programmes returns the programmes of a bounded scope, sorted.
func (s Scope) Programmes() []id.ID { return sorted(s.programmes) }

// Agreements returns the agreements of a bounded scope, sorted.
func (s Scope) Agreements() []id.ID { return sorted(s.agreements) }

func sorted(m map[id.ID]bool) []id.ID {
	var out []id.ID
	for c := range m {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b id.ID) int { return slices.Compare(a[:], b[:]) })
	return out
}

// Within narrows the scope to some centres. What it holds of programmes, it holds there too.
func (s Scope) Within(centres []id.ID) Scope {
	n := Scope{centres: map[id.ID]bool{}, own: map[id.ID]bool{}, account: s.account, relation: s.relation}
	for _, c := range centres {
		switch {
		case s.Has(c):
			n.centres[c] = true
		case s.own[c]:
			n.own[c] = true
		}
	}
	return n
}

const (
	always = "1 = 1"
	never  = "1 = 0"
)

// SQL returns a condition on a column that holds a centre, and its arguments, for what belongs to a centre as a whole. A
// scope that is nowhere selects nothing; of a trainer's scope it selects nothing either: see Groups and People.
func (s Scope) SQL(column string) (string, []any) {
	if s.all {
		return always, nil
	}
	return store.In(column, s.Centres())
}

// Groups returns a condition on columns that hold a centre and a group: all groups of a centre, or the account's own.
func (s Scope) Groups(centre, group string) (string, []any) {
	return s.related(centre, group, func(r *Relation) string { return r.Groups })
}

// People returns a condition on columns that hold a centre and a person: all people of a centre, or those in the
// account's own groups.
func (s Scope) People(centre, person string) (string, []any) {
	return s.related(centre, person, func(r *Relation) string { return r.People })
}

// Whole reports whether the scope has all people of its centres, and none that are there for being the account's own.
func (s Scope) Whole() bool { return s.all || len(s.own) == 0 || s.relation == nil }

// Own reports whether the scope has nothing but what is the account's own: some hundred people, where a centre has thousands.
func (s Scope) Own() bool { return !s.Whole() && len(s.centres) == 0 }

func (s Scope) related(centre, column string, own func(*Relation) string) (string, []any) {
	where, args := s.SQL(centre)
	if s.Whole() {
		return where, args
	}
	mine, more := store.In(centre, sorted(s.own))
	// What is the account's own is little: IS TRUE keeps a planner from reading the whole centre by an index instead.
	mine = "(" + mine + ") IS TRUE AND " + column + " IN (" + own(s.relation) + ")"
	for range strings.Count(own(s.relation), "?") {
		more = append(more, s.account)
	}
	if len(s.centres) == 0 {
		return "(" + mine + ")", more
	}
	return "(" + where + " OR " + mine + ")", append(args, more...)
}

// Counts returns a condition on columns that hold a centre and a programme, for numbers: those of a centre in whatever
// programme, and those of a programme wherever it runs.
func (s Scope) Counts(centre, programme string) (string, []any) {
	where, args := s.SQL(centre)
	if s.all || len(s.programmes) == 0 {
		return where, args
	}
	of, more := store.In(programme, s.Programmes())
	if len(s.centres) == 0 {
		return of, more
	}
	return "(" + where + " OR " + of + ")", append(args, more...)
}

// Agreed returns a condition on a column that holds an agreement.
func (s Scope) Agreed(column string) (string, []any) {
	if s.all {
		return always, nil
	}
	return store.In(column, s.Agreements())
}
