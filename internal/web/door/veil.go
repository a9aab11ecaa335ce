package door

import (
	"slices"

	"tizi/internal/access"
	"tizi/internal/measure"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/web/shell"
)

// Fewest is the smallest number of a part that is shown to whoever may not know the people.
const Fewest = 5

// Veil hides the parts of a whole that are few, and where one alone is hidden, so that it could be worked out from the
// whole, the next smallest too.
func Veil(parts []*shell.Figure) {
	hidden := 0
	for _, f := range parts {
		if f.Hidden || f.Value > 0 && f.Value < Fewest {
			*f = shell.Figure{Hidden: true, Few: f.Few || !f.Hidden}
			hidden++
		}
	}
	if hidden != 1 {
		return
	}
	var least *shell.Figure
	for _, f := range parts {
		if !f.Hidden && f.Value > 0 && (least == nil || f.Value < least.Value) {
			least = f
		}
	}
	for _, f := range parts {
		if f == least || least == nil && !f.Hidden {
			*f = shell.Figure{Hidden: true}
		}
	}
}

// Numbers reads what stands against targets, the board of each cell once, as far as the reader may know it.
type Numbers struct {
	a             *Ask
	counts, lists access.Scope
	read          map[measure.Filter]*measure.Board
}

// Numbers returns the numbers that the reader may count.
func (a *Ask) Numbers() (*Numbers, error) {
	n := &Numbers{a: a, read: map[measure.Filter]*measure.Board{}}
	var err error
	if n.counts, err = a.ScopeOf(access.ReadBoard); err == nil && a.May(access.ListPeople) {
		n.lists, err = a.ScopeOf(access.ListPeople)
	}
	return n, err
}

// Within are the centres of a place whose numbers of a target's programme the reader may count, and whether these are all: a
// target stands against all of a place or against nothing.
func (n *Numbers) Within(t programme.Target) (centres []*place.Place, whole bool) {
	all := n.a.Tree.Within(t.Place)
	centres = slices.DeleteFunc(slices.Clone(all), func(c *place.Place) bool { return !n.counts.Has(c.ID) && !n.counts.Covers(t.Programme) })
	return centres, len(centres) == len(all)
}

func (n *Numbers) board(t programme.Target) (*measure.Board, error) {
	f := measure.Filter{Programme: t.Programme, Period: t.Period, Sex: t.Sex, Age: t.Age, Milieu: t.Milieu, Schooling: t.Schooling}
	if b := n.read[f]; b != nil {
		return b, nil
	}
	b, err := measure.Read(n.a.R.Context(), n.a.H.DB, n.counts, f)
	n.read[f] = b
	return b, err
}

func pick(t programme.Target, c measure.Counts) int64 {
	if t.Indicator == measure.Participations {
		return c.Participations
	}
	return c.People
}

// Reached is how many of a target's cell were reached at centres, whoever asks: nobody is shown it who is not Known or Figure
// says so.
func (n *Numbers) Reached(t programme.Target, centres []*place.Place) (int64, error) {
	b, err := n.board(t)
	if err != nil {
		return 0, err
	}
	var sum int64
	for _, c := range centres {
		sum += pick(t, b.Centres[c.ID])
	}
	return sum, nil
}

// Figure is how many of a target's cell were reached at centres, as far as the reader may know it: a part of a whole is shown as
// the board shows it, veiled where it is few or could be worked out from the rest; a part of a part only to who knows the people.
func (n *Numbers) Figure(t programme.Target, centres []*place.Place) (shell.Figure, error) {
	got, err := n.Reached(t, centres)
	if err != nil || n.Known(centres) {
		return shell.Figure{Value: got}, err
	}
	var dim, value string
	dims := 0
	for _, x := range [][2]string{{"sex", t.Sex}, {"age", t.Age}, {"milieu", t.Milieu}, {"schooling", t.Schooling}} {
		if x[1] != "" {
			dim, value = x[0], x[1]
			dims++
		}
	}
	switch dims {
	case 0:
		return shell.Figure{Value: got}, nil
	case 1:
		t.Sex, t.Age, t.Milieu, t.Schooling = "", "", "", ""
		b, err := n.board(t)
		if err != nil {
			return shell.Figure{}, err
		}
		parts := map[string]*shell.Figure{}
		var all []*shell.Figure
		for _, d := range measure.Dimensions {
			if d.Name != dim {
				continue
			}
			for _, v := range d.Values {
				f := &shell.Figure{}
				for _, c := range centres {
					f.Value += pick(t, b.Crossed[c.ID][dim][v])
				}
				parts[v], all = f, append(all, f)
			}
		}
		Veil(all)
		if f := parts[value]; f != nil {
			return *f, nil
		}
	}
	return shell.Figure{Hidden: true}, nil
}

// Known reports whether the reader may list the people of all these centres.
func (n *Numbers) Known(centres []*place.Place) bool {
	return n.a.May(access.ListPeople) && !slices.ContainsFunc(centres, func(c *place.Place) bool { return !n.lists.Has(c.ID) })
}

// Cells are the words of whom a target is for, and as pairs of an address; none: everybody.
func (a *Ask) Cells(t programme.Target) (words, pairs []string) {
	for _, x := range [][2]string{{"sex", t.Sex}, {"age", t.Age}, {"milieu", t.Milieu}, {"schooling", t.Schooling}} {
		if x[1] != "" {
			words = append(words, a.P.T(x[0]+"."+x[1]))
			pairs = append(pairs, x[0], x[1])
		}
	}
	return words, pairs
}
