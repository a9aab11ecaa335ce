package centre

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/card"
	"tizi/internal/centre"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/web/door"
)

func dropInRoutes(d *door.Door) {
	d.Handle("GET /centres/{centre}/access", access.HoldDoor, dropIns)
	d.Handle("POST /centres/{centre}/access", access.HoldDoor, dropInGiven)
}

// maxDropIns is how many who were found by name are offered.
const maxDropIns = 20

func dropInView(a *door.Ask) (OpenAccess, *place.Place, error) {
	ctx := a.R.Context()
	v := OpenAccess{Errors: map[string]string{}, Query: strings.TrimSpace(a.R.FormValue("q"))}
	p, err := askedCentre(a)
	if err != nil {
		return v, nil, err
	}
	self := "/centres/" + p.ID.String()
	v.Centre, v.CentreURL, v.Action = p.Name, self, self+"/access"
	if !a.May(access.ReadCentre) {
		v.CentreURL = "/today"
	}
	today := a.H.Log.Clock.Now()
	spans, _, err := a.H.Centres.Hours(ctx, a.H.DB, p.ID)
	if err != nil {
		return v, nil, err
	}
	for _, s := range spans {
		if s.Access && s.Day == today.Weekday() {
			v.Hours = append(v.Hours, Hours{s.From, s.To})
		}
	}
	list, err := a.H.Centres.DropIns(ctx, a.H.DB, p.ID, a.Today())
	if err != nil {
		return v, nil, err
	}
	here := map[id.ID]bool{}
	ids := make([]id.ID, len(list))
	for i, d := range list {
		ids[i], here[d.Person] = d.Person, true
	}
	v.Here = len(list)
	people, err := a.H.People.Of(ctx, a.H.DB, access.At(p.ID), ids)
	if err != nil {
		return v, nil, err
	}
	a.Shows(look.Listed, look.Sheet, people...)
	for _, d := range list {
		r := DropInRow{ID: d.Person.String(), At: d.At, Name: a.P.T("common.unknown")}
		if i := slices.IndexFunc(people, func(p *person.Person) bool { return p.ID == d.Person }); i >= 0 {
			r.Name, r.Other = a.Names(people[i].Details)
		}
		v.Rows = append(v.Rows, r)
	}
	months, err := a.H.Centres.DropInMonths(ctx, a.H.DB, p.ID, today.AddDate(0, -11, 1-today.Day()).Format(time.DateOnly))
	if err != nil {
		return v, nil, err
	}
	for m := range months {
		v.Months = append(v.Months, DropInMonth{a.P.Period(strings.ReplaceAll(m, "-", "")), months[m], m})
	}
	slices.SortFunc(v.Months, func(x, y DropInMonth) int { return strings.Compare(y.Month, x.Month) })
	// Whoever may read the files of people of the centre finds them by name; others need the card.
	if v.List = a.May(access.ReadPeople); v.List && v.Query != "" {
		scope, err := a.ScopeOf(access.ReadPeople)
		if err != nil {
			return v, nil, err
		}
		page, err := a.H.People.List(ctx, a.H.DB, scope.Within([]id.ID{p.ID}), person.Filter{Search: v.Query, Size: maxDropIns})
		if err != nil {
			return v, nil, err
		}
		a.Shows(look.Search, look.People, page.People...)
		for _, x := range page.People {
			r := DropInRow{ID: x.ID.String(), Here: here[x.ID]}
			r.Name, r.Other = a.Names(x.Details)
			v.Found = append(v.Found, r)
		}
	}
	return v, p, nil
}

func dropIns(a *door.Ask) error {
	v, _, err := dropInView(a)
	if err != nil {
		return err
	}
	return a.Render("centres/access", v)
}

// dropInGiven counts somebody by card or from the list, or takes that back.
func dropInGiven(a *door.Ask) error {
	ctx := a.R.Context()
	v, p, err := dropInView(a)
	if err != nil {
		return err
	}
	if s := a.R.PostFormValue("undo"); s != "" {
		who, err := id.Parse(s)
		if err != nil {
			return fs.ErrNotExist
		}
		switch err := a.H.Centres.TakeBack(ctx, a.Actor(), a.Scope, p.ID, who, a.Today()); {
		case errors.Is(err, centre.ErrNotHere):
			a.Notify("help", "door.undone_already")
		case err != nil:
			return err
		default:
			a.Notify("good", "dropin.undone")
		}
		return a.Go(v.Action)
	}
	b := centre.DropInMarked{Centre: p.ID, On: a.Today(), At: a.H.Log.Clock.Now().Format("15:04"), By: centre.ByCard}
	if s := a.R.PostFormValue("person"); s != "" {
		if !slices.ContainsFunc(v.Found, func(r DropInRow) bool { return r.ID == s }) { // not offered, or not to this reader
			return fs.ErrNotExist
		}
		b.Person, b.By = id.MustParse(s), centre.ByList
	} else {
		v.Code = a.R.PostFormValue("code")
		wrong := func(key string) error {
			v.Errors["code"] = a.P.T(key)
			return a.Again("centres/access", v)
		}
		if e := a.TooLong(v.Code); e != "" {
			v.Errors["code"] = e
			return a.Again("centres/access", v)
		}
		if strings.TrimSpace(v.Code) == "" {
			return wrong("door.nothing")
		}
		switch b.Person, err = a.H.Cards.Whose(ctx, a.H.DB, v.Code); {
		case errors.Is(err, card.ErrCode):
			return wrong("door.no_card")
		case errors.Is(err, card.ErrUnknown):
			return wrong("door.unknown")
		case errors.Is(err, card.ErrEnded):
			return wrong("dropin.ended")
		case err != nil:
			return err
		}
	}
	people, err := a.H.People.Of(ctx, a.H.DB, access.At(p.ID), []id.ID{b.Person})
	if err != nil {
		return err
	}
	if len(people) == 0 {
		v.Errors["code"] = a.P.T("dropin.elsewhere")
		return a.Again("centres/access", v)
	}
	name, _ := a.Names(people[0].Details)
	switch err := a.H.Centres.Welcome(ctx, a.Actor(), a.Scope, b); {
	case errors.Is(err, centre.ErrHere):
		a.Notify("wait", "dropin.already", "name", name)
	case err != nil:
		return err
	default:
		a.Notify("good", "dropin.came", "name", name)
	}
	return a.Go(v.Action)
}
