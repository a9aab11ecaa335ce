package door

import (
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person"
)

// Shows keeps that a list shows people to the account. It costs nothing to speak of: what is kept is written later.
func (a *Ask) Shows(action look.Action, list look.List, people ...*person.Person) {
	names := map[id.ID][]id.ID{}
	for _, p := range people {
		if p != nil {
			names[p.Centre] = append(names[p.Centre], p.ID)
		}
	}
	a.ShowsAt(action, list, names)
}

// ShowsAt is Shows of people of whom the ids are known, by centre.
func (a *Ask) ShowsAt(action look.Action, list look.List, names map[id.ID][]id.ID) {
	a.H.Looks.Show(a.Actor(), action, list, names)
}
