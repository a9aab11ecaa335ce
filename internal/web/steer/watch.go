package steer

import (
	"errors"
	"time"

	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/store"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

func watchRoutes(d *door.Door) {
	auditRoutes(d)
	d.Handle("GET /openings", access.ReadGlass, openings)
	d.Handle("GET /openings/new", access.BreakGlass, openingNew)
	d.Handle("POST /openings/new", access.BreakGlass, openingNewGiven)
	d.Handle("GET /requests", access.DecideRequests, requests)
	d.Handle("GET /requests/{request}", access.DecideRequests, request)
	d.Handle("POST /requests/{request}/confirm", access.DecideRequests, requestConfirmed)
	d.Handle("POST /requests/{request}/refuse", access.DecideRequests, requestRefused)
}

// accountName is who an account is, or nothing where this node does not know.
func accountName(a *door.Ask, account id.ID) (string, error) {
	return door.Names{}.Of(a, account)
}

// openings shows who opened one's centres. To have been shown them is to have seen them.
func openings(a *door.Ask) error {
	l, err := a.H.Access.Openings(a.R.Context(), a.H.DB, a.Scope, 200)
	if err != nil {
		return err
	}
	v := Openings{}
	if a.May(access.BreakGlass) {
		v.NewURL = "/openings/new"
	}
	now := a.H.Log.Clock.Now()
	for _, o := range l {
		r := OpeningRow{Centre: a.PlaceName(o.Centre), Reason: o.Reason, At: a.Moment(o.At), Until: o.Until.Format("15:04"), Open: o.Until.After(now)}
		if r.Who, err = accountName(a, o.Account); err != nil {
			return err
		}
		v.Rows = append(v.Rows, r)
	}
	// On a full disk people must still be able to read.
	if err := a.H.Access.Saw(a.R.Context(), a.Account); err != nil && !errors.Is(err, store.ErrFull) {
		return err
	}
	return a.Render("openings/list", v)
}

func openingForm(a *door.Ask) OpeningForm {
	v := OpeningForm{Action: "/openings/new", CancelURL: "/me", Minutes: int(access.GlassLife / time.Minute), Errors: map[string]string{}}
	for _, p := range a.Tree.Of("centre") {
		if p.Closed == "" {
			v.Centres = append(v.Centres, shell.Option{Value: p.Code, Label: nameOf(a, p.Name)})
		}
	}
	return v
}

func openingNew(a *door.Ask) error { return a.Render("openings/form", openingForm(a)) }

func openingNewGiven(a *door.Ask) error {
	v := openingForm(a)
	v.Centre, v.Reason = a.R.PostFormValue("centre"), a.R.PostFormValue("reason")
	p := a.Tree.Code(v.Centre)
	if p == nil || p.Type != "centre" {
		v.Errors["centre"] = a.P.T("people.centre_missing")
		if v.Reason == "" {
			v.Errors["reason"] = a.P.T("error.reason_missing")
		}
		return a.Again("openings/form", v)
	}
	err := a.H.Access.Break(a.R.Context(), a.Account, p.ID, v.Reason)
	if field, sentence, ok := a.SignInError(err); ok {
		v.Errors[field] = sentence
		return a.Again("openings/form", v)
	}
	if err != nil {
		return err
	}
	a.Notify("wait", "openings.opened", "place", nameOf(a, p.Name), "n", v.Minutes)
	return a.Go(door.With("/people", "centre", p.ID.String()))
}

// scopeOf is where the account may do what a request asks for; it is denied where the request is not.
func scopeOf(a *door.Ask, r *access.Request) (access.Scope, error) {
	s, err := a.ScopeOf(r.Action)
	if err == nil && !s.Has(r.Centre) {
		err = access.ErrDenied
	}
	if err == nil && r.Action == access.MergePeople && r.State == access.Pending {
		// Who is merged may be of two centres: whoever decides sees both.
		l, e := a.H.People.Of(a.R.Context(), a.H.DB, s, r.Subjects)
		if err = e; err == nil && len(l) < len(r.Subjects) {
			err = access.ErrDenied
		}
	}
	return s, err
}

func requestRow(a *door.Ask, r *access.Request) (RequestRow, error) {
	row := RequestRow{Action: string(r.Action), Centre: a.PlaceName(r.Centre), Reason: r.Reason, At: a.Moment(r.At), Until: r.Until.Format(time.DateOnly), State: r.State, Subjects: len(r.Subjects), URL: "/requests/" + r.ID.String(), Conflict: r.Conflict}
	// Some reasons are words of a list.
	switch r.Action {
	case access.ErasePeople:
		row.Reason = a.P.T("erase.reason." + r.Reason)
	case access.MergePeople:
		row.Reason = a.P.T("same.reason." + r.Reason)
	case access.ExportPeople:
		row.Reason = a.P.T("export.reason." + r.Reason)
	}
	if r.Answer != "" {
		row.Answer = a.P.T("requests.refuse." + r.Answer)
	}
	var err error
	if row.Who, err = accountName(a, r.Proposer); err != nil {
		return row, err
	}
	if !r.Decider.IsNil() {
		row.Decider, err = accountName(a, r.Decider)
	}
	return row, err
}

func requests(a *door.Ask) error {
	v := Requests{}
	for _, part := range []struct {
		into *[]RequestRow
		read func() ([]*access.Request, error)
	}{
		{&v.Waiting, func() ([]*access.Request, error) { return a.H.Access.Waiting(a.R.Context(), a.H.DB, a.Scope, 200) }},
		{&v.Settled, func() ([]*access.Request, error) { return a.H.Access.Settled(a.R.Context(), a.H.DB, a.Scope, 50) }},
	} {
		l, err := part.read()
		if err != nil {
			return err
		}
		for _, r := range l {
			if !a.May(r.Action) {
				continue
			}
			row, err := requestRow(a, r)
			if err != nil {
				return err
			}
			*part.into = append(*part.into, row)
		}
	}
	return a.Render("requests/list", v)
}

func askedRequest(a *door.Ask) (*access.Request, access.Scope, error) {
	v, err := a.ID("request")
	if err != nil {
		return nil, access.Scope{}, err
	}
	r, err := a.H.Access.Request(a.R.Context(), a.H.DB, a.Scope, v)
	if err != nil {
		return nil, access.Scope{}, err
	}
	s, err := scopeOf(a, r)
	return r, s, err
}

func requestView(a *door.Ask, r *access.Request) (RequestPage, error) {
	v := RequestPage{Errors: map[string]string{}}
	var err error
	if v.RequestRow, err = requestRow(a, r); err != nil {
		return v, err
	}
	scope, err := a.ScopeOf(access.ReadPeople)
	if err != nil {
		return v, err
	}
	people, err := a.H.People.Of(a.R.Context(), a.H.DB, scope, r.Subjects)
	if err != nil {
		return v, err
	}
	a.Shows(look.Listed, look.Requests, people...)
	for _, p := range people {
		name, other := a.Names(p.Details)
		v.People = append(v.People, RequestPerson{Name: name, Other: other, URL: "/people/" + p.ID.String()})
	}
	v.Unknown = len(r.Subjects) - len(people)
	if r.State == access.Pending {
		v.Own = r.Proposer == a.Account.ID
		v.ConfirmURL, v.RefuseURL = v.URL+"/confirm", v.URL+"/refuse"
		for _, x := range access.RefuseReasons {
			v.Reasons = append(v.Reasons, shell.Option{Value: x, Label: a.P.T("requests.refuse." + x)})
		}
	}
	return v, nil
}

func request(a *door.Ask) error {
	r, _, err := askedRequest(a)
	if err != nil {
		return err
	}
	v, err := requestView(a, r)
	if err != nil {
		return err
	}
	return a.Render("requests/request", v)
}

// decided shows what came of a decision.
func decided(a *door.Ask, r *access.Request, err error, said string) error {
	if errors.Is(err, access.ErrDecided) {
		a.Notify("help", "requests.decided_already")
		return a.Go("/requests/" + r.ID.String())
	}
	if field, sentence, ok := a.SignInError(err); ok {
		v, err := requestView(a, r)
		if err != nil {
			return err
		}
		v.Typed, v.Errors[field] = a.R.PostFormValue("reason"), sentence
		return a.Again("requests/request", v)
	}
	if err != nil {
		return err
	}
	a.Notify("good", said)
	return a.Go("/requests")
}

func requestConfirmed(a *door.Ask) error {
	r, s, err := askedRequest(a)
	if err != nil {
		return err
	}
	return decided(a, r, a.H.Access.Confirm(a.R.Context(), a.Account.ID, s, r.ID), "requests.confirmed")
}

func requestRefused(a *door.Ask) error {
	r, s, err := askedRequest(a)
	if err != nil {
		return err
	}
	return decided(a, r, a.H.Access.Refuse(a.R.Context(), a.Account.ID, s, r.ID, a.R.PostFormValue("reason")), "requests.refused")
}
