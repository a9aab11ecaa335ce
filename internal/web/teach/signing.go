package teach

import (
	"errors"
	"io/fs"
	"slices"
	"time"

	"tizi/internal/access"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/learner"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

func signingView(a *door.Ask) (Signing, id.ID, []*person.Person, error) {
	ctx := a.R.Context()
	g, err := a.ID("group")
	if err != nil {
		return Signing{}, g, nil, err
	}
	c, err := a.H.Training.Cohort(ctx, a.H.DB, a.Scope, g, a.Today())
	if err != nil {
		return Signing{}, g, nil, err
	}
	v := Signing{Group: c.Name, GroupURL: "/groups/" + c.ID.String(), Chosen: map[string]bool{}, Way: learner.ByAge, Words: string(a.Lang), Errors: map[string]string{}}
	v.Action = v.GroupURL + "/learners"
	if a.May(access.EnrolDevices) {
		v.TabletsURL = "/tablets"
	}
	for _, w := range learner.Ways {
		v.Ways = append(v.Ways, shell.Option{Value: w, Label: a.P.T("signing.way." + w)})
	}
	for _, l := range learner.Written() {
		v.Langs = append(v.Langs, shell.Option{Value: string(l), Label: l.Self()})
	}
	if !shell.Offers(v.Langs, v.Words) {
		v.Words = string(i18n.FR)
	}
	people, err := seated(a, c.ID)
	if err != nil {
		return v, g, nil, err
	}
	a.Shows(look.Listed, look.Group, people...)
	ids := make([]id.ID, len(people))
	for i, p := range people {
		ids[i] = p.ID
	}
	has, err := a.H.Learners.Of(ctx, a.H.DB, c.ID)
	if err != nil {
		return v, g, nil, err
	}
	locked, err := a.H.Learners.Locked(ctx, a.H.DB, ids)
	if err != nil {
		return v, g, nil, err
	}
	for _, p := range people {
		h := has[p.ID]
		r := SigningRow{ID: p.ID.String(), Avatar: h.Avatar, Way: h.Way, Locked: !locked[p.ID].IsZero()}
		r.Name, r.Other = a.Names(p.Details)
		if h.Avatar != "" {
			r.Since = h.Since.Format(time.DateOnly)
		}
		v.Chosen[r.ID] = h.Avatar == ""
		v.Rows = append(v.Rows, r)
	}
	return v, g, people, nil
}

func signing(a *door.Ask) error {
	v, _, _, err := signingView(a)
	if err != nil {
		return err
	}
	return a.Render("teach/signing", v)
}

// signingGiven unlocks one of the group, or gives the chosen what they sign in with and shows it to be printed.
func signingGiven(a *door.Ask) error {
	v, g, people, err := signingView(a)
	if err != nil {
		return err
	}
	ctx := a.R.Context()
	if s := a.R.PostFormValue("unlock"); s != "" {
		i := slices.IndexFunc(people, func(p *person.Person) bool { return p.ID.String() == s })
		if i < 0 {
			return fs.ErrNotExist
		}
		if err := a.H.Learners.Unlock(ctx, people[i].ID); err != nil {
			return err
		}
		if err := a.H.Looks.Note(ctx, a.Actor(), look.Unlocked, people[i].ID); err != nil {
			return err
		}
		a.Notify("good", "signing.unlocked")
		return a.Go(v.Action)
	}
	chosen, ids, marked, err := chosenOf(a, people)
	if err != nil {
		return err
	}
	v.Chosen = marked
	if way := a.R.PostFormValue("way"); shell.Offers(v.Ways, way) {
		v.Way = way
	} else if way != "" {
		v.Errors["way"] = a.P.T("error.choose", "field", a.P.T("signing.way"))
	}
	if words := a.R.PostFormValue("words"); shell.Offers(v.Langs, words) {
		v.Words = words
	} else if words != "" {
		v.Errors["words"] = a.P.T("error.choose", "field", a.P.T("signing.words"))
	}
	if len(ids) == 0 {
		v.Errors["person"] = a.P.T("cards.nobody")
	}
	if len(v.Errors) > 0 {
		return a.Again("teach/signing", v)
	}
	given, err := a.H.Learners.Give(ctx, a.Actor(), a.Scope, g, ids, v.Way, i18n.Lang(v.Words))
	switch {
	case errors.Is(err, learner.ErrAllTaken):
		v.Errors["person"] = a.P.T("signing.all_taken")
		return a.Again("teach/signing", v)
	case errors.Is(err, learner.ErrNoSeat): // left since the form was shown
		return fs.ErrNotExist
	case err != nil:
		return err
	}
	if err := a.H.Looks.Note(ctx, a.Actor(), look.Given, ids...); err != nil {
		return err
	}
	sheet := CardSheet{Group: v.Group, BackURL: v.Action, SignIn: true}
	for i, x := range given {
		one, err := cardOf(a, chosen[i], x.Card)
		if err != nil {
			return err
		}
		one.Avatar, one.Pictures, one.Words = x.Avatar, x.Pictures, x.Words
		sheet.Cards = append(sheet.Cards, one)
	}
	return a.Render("teach/cardsheet", sheet)
}
