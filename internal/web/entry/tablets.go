package entry

import (
	"errors"
	"io/fs"

	"tizi/internal/access"
	"tizi/internal/learner"
	"tizi/internal/web/door"
)

func tabletRoutes(d *door.Door) {
	d.Handle("GET /tablets", access.EnrolDevices, tablets)
	d.Handle("POST /tablets", access.EnrolDevices, tabletGiven)
	d.Handle("POST /tablets/outside", access.EnrolDevices, outsideGiven)
	d.Handle("POST /tablets/{tablet}/strike", access.EnrolDevices, struck)
	d.Handle("POST /tablets/{tablet}/unlock", access.EnrolDevices, unlocked)
}

// shownOutside is how many centres the switches are shown of: whoever has more manages none of them day by day.
const shownOutside = 20

func tabletsView(a *door.Ask) (Tablets, error) {
	ctx := a.R.Context()
	v := Tablets{Action: "/tablets", OutsideA: "/tablets/outside", DoorURL: "/door", Centres: a.Centres(a.Scope), Centre: a.R.FormValue("centre"), MaxName: learner.MaxName, Errors: map[string]string{}}
	this, err := enrolled(a)
	if err != nil {
		return v, err
	}
	list, err := a.H.Learners.Devices(ctx, a.H.DB, a.Scope)
	if err != nil {
		return v, err
	}
	for _, d := range list {
		r := Tablet{Name: d.Name, Agent: d.Agent, Centre: a.PlaceName(d.Centre), Since: a.Moment(d.Created), Seen: a.Moment(d.Seen), Locked: d.Locked, StrikeURL: "/tablets/" + d.ID.String() + "/strike", UnlockTo: "/tablets/" + d.ID.String() + "/unlock"}
		if acc, err := a.H.Access.Get(ctx, a.H.DB, d.Actor); err != nil {
			return v, err
		} else if acc != nil {
			r.By = acc.Name
		}
		if this != nil && this.ID == d.ID {
			r.This, v.This = true, d.Name
		}
		v.Rows = append(v.Rows, r)
	}
	n := 0
	for _, p := range a.Tree.Of("centre") {
		if n >= shownOutside || !a.Scope.Has(p.ID) || p.Closed != "" {
			continue
		}
		n++
		allowed, err := a.H.Learners.Outside(ctx, a.H.DB, p.ID)
		if err != nil {
			return v, err
		}
		v.Outside = append(v.Outside, OutsideRow{p.Name, p.ID.String(), allowed})
	}
	return v, nil
}

func tablets(a *door.Ask) error {
	v, err := tabletsView(a)
	if err != nil {
		return err
	}
	return a.Render("entry/tablets", v)
}

func tabletGiven(a *door.Ask) error {
	v, err := tabletsView(a)
	if err != nil {
		return err
	}
	v.Name = a.R.PostFormValue("name")
	centre := a.CentreOf(a.Scope, v.Centre)
	if centre.IsNil() {
		v.Errors["centre"] = a.P.T("error.choose", "field", a.P.T("place.centre"))
		return a.Again("entry/tablets", v)
	}
	token, err := a.H.Learners.Enrol(a.R.Context(), a.Actor(), a.Scope, centre, v.Name, a.R.UserAgent(), a.DeviceToken())
	if errors.Is(err, learner.ErrNoName) {
		v.Errors["name"] = a.P.T("tablets.no_name", "n", learner.MaxName)
		return a.Again("entry/tablets", v)
	}
	if err != nil {
		return err
	}
	a.EnrolDevice(token)
	a.Notify("good", "tablets.enrolled")
	return a.Go("/tablets")
}

func outsideGiven(a *door.Ask) error {
	v, err := tabletsView(a)
	if err != nil {
		return err
	}
	centre := a.CentreOf(a.Scope, v.Centre)
	if centre.IsNil() {
		v.Errors["centre"] = a.P.T("error.choose", "field", a.P.T("place.centre"))
		return a.Again("entry/tablets", v)
	}
	allowed := a.R.PostFormValue("allowed") == "yes"
	if err := a.H.Learners.SetOutside(a.R.Context(), a.Actor(), a.Scope, centre, allowed); err != nil {
		return err
	}
	key := "tablets.outside_closed"
	if allowed {
		key = "tablets.outside_open"
	}
	a.Notify("good", key)
	return a.Go("/tablets")
}

func struck(a *door.Ask) error {
	v, err := a.ID("tablet")
	if err != nil {
		return err
	}
	if err := a.H.Learners.Strike(a.R.Context(), a.Scope, v); err != nil {
		return found(err)
	}
	a.Notify("good", "tablets.struck")
	return a.Go("/tablets")
}

func unlocked(a *door.Ask) error {
	v, err := a.ID("tablet")
	if err != nil {
		return err
	}
	if err := a.H.Learners.UnlockDevice(a.R.Context(), a.Scope, v); err != nil {
		return found(err)
	}
	a.Notify("good", "tablets.unlocked")
	return a.Go("/tablets")
}

func found(err error) error {
	if errors.Is(err, learner.ErrNoDevice) {
		return fs.ErrNotExist
	}
	return err
}
