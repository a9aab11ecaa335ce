package centre

import (
	"slices"
	"strings"

	"tizi/internal/access"
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

// mandatesOf are what agreements let an organisation run at a centre or where it lies, and until when. They are read with the
// agreements that the account may read; a mandate says nothing that is not told beside a centre's door.
func mandatesOf(a *door.Ask, org id.ID, p *place.Place) ([]string, error) {
	if org.IsNil() {
		return nil, nil
	}
	l, err := a.H.Agreements.Mandates(a.R.Context(), a.H.DB, access.Everywhere(), id.Nil)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, m := range l {
		if m.Is.Operator != org || !slices.ContainsFunc(a.Tree.Within(m.Is.Place), func(c *place.Place) bool { return c.ID == p.ID }) {
			continue
		}
		key := "centres.mandate"
		if m.Is.To < a.Today() {
			key = "centres.mandate_over"
		}
		out = append(out, a.P.T(key, "from", a.P.Date(m.Is.From), "to", a.P.Date(m.Is.To)))
	}
	return out, nil
}
