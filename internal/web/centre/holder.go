package centre

import (
	"slices"
	"strings"

	"tizi/internal/id"
	"tizi/internal/place"
	"tizi/internal/web/door"
)

// organisation is the one that is called what somebody typed, in any language, or Nil: a holder need not be known as one.
func organisation(a *door.Ask, name string) (id.ID, error) {
	l, err := a.H.Agreements.Organisations(a.R.Context(), a.H.DB)
	for _, o := range l {
		for _, is := range o.Is.Name {
			if strings.EqualFold(strings.TrimSpace(is), strings.TrimSpace(name)) {
				return o.ID, nil
			}
		}
	}
	return id.Nil, err
}

// organisationNames are the names that are offered while one types.
func organisationNames(a *door.Ask) ([]string, error) {
	l, err := a.H.Agreements.Organisations(a.R.Context(), a.H.DB)
	var out []string
	for _, o := range l {
		name, _ := o.Is.Name.In(a.Lang)
		out = append(out, name)
	}
	slices.Sort(out)
	return slices.Compact(out), err
}

// mandatesAt are what agreements let each organisation run at a centre or where it lies, and until when. A mandate says nothing
// that is not told beside a centre's door, so all are read, whichever agreements the account may read.
func mandatesAt(a *door.Ask, p *place.Place) (map[id.ID][]string, error) {
	var around []id.ID
	for at := p; at != nil; at = a.Tree.Get(at.Parent) {
		around = append(around, at.ID)
	}
	l, err := a.H.Agreements.MandatesAt(a.R.Context(), a.H.DB, around)
	out := map[id.ID][]string{}
	for _, m := range l {
		key := "centres.mandate"
		if m.Is.To < a.Today() {
			key = "centres.mandate_over"
		}
		out[m.Is.Operator] = append(out[m.Is.Operator], a.P.T(key, "from", a.P.Date(m.Is.From), "to", a.P.Date(m.Is.To)))
	}
	return out, err
}
