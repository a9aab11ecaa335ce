package centre

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

// moveRoutes are about going to another centre.
func departRoutes(d *door.Door) {
	d.Handle("GET /people/{person}/move", access.WritePeople, depart)
	d.Handle("POST /people/{person}/move", access.WritePeople, departGiven)
	d.Handle("POST /people/{person}/move/file", access.WritePeople, departFile)
}

// MoveForm is the screen people/move: to which centre somebody goes. It posts centre and reason.
type MoveForm struct {
	Name           string
	PersonURL      string
	Centres        []shell.Option
	Reasons        []shell.Option
	Centre, Reason string
	Groups         int // that they leave
	Action         string
	Moves          []MoveLine
	Errors         map[string]string
}

// MoveLine is where somebody went already.
type MoveLine struct {
	Centre, On string
	Reason     string
	There      bool   // written down there, as far as this node knows
	URL        string // of the record there, for who may see it
	FileAction string // gives a file for the box of that centre
	CentreID   string
}

func departView(a *door.Ask) (*person.Person, MoveForm, error) {
	v := MoveForm{Errors: map[string]string{}, Centre: a.R.FormValue("centre"), Reason: a.R.FormValue("reason")}
	of, err := a.ID("person")
	if err != nil {
		return nil, v, err
	}
	ctx := a.R.Context()
	p, err := a.H.People.Get(ctx, a.H.DB, a.Scope, of)
	if err != nil {
		return nil, v, err
	}
	if p == nil {
		return nil, v, person.ErrUnknown
	}
	v.Name, _ = a.Names(p.Details)
	v.PersonURL = "/people/" + p.ID.String()
	v.Action = v.PersonURL + "/move"
	a.Shows(look.Listed, look.People, p)
	records := []*person.Person{p}
	if len(p.Records) > 0 {
		records = p.Records
	}
	stays, err := a.H.Stays(ctx, p)
	if err != nil {
		return nil, v, err
	}
	if len(stays) == 0 {
		stays = []*person.Person{p}
	}
	for _, c := range a.Tree.Of("centre") {
		if (c.Closed == "" || c.Closed > a.Today()) && !slices.ContainsFunc(stays, func(r *person.Person) bool { return r.Centre == c.ID }) {
			name, _ := c.Name.In(a.Lang)
			v.Centres = append(v.Centres, shell.Option{Value: c.ID.String(), Label: name})
		}
	}
	for _, r := range person.MoveReasons {
		v.Reasons = append(v.Reasons, shell.Option{Value: r, Label: a.P.T("move.reason." + r)})
	}
	enrolments, err := a.H.Training.OfPerson(ctx, a.H.DB, a.Scope, p.ID)
	if err != nil {
		return nil, v, err
	}
	for _, e := range enrolments {
		if e.State == "enrolled" || e.State == "active" {
			v.Groups++
		}
	}
	for _, r := range records {
		moves, err := a.H.People.MovesOf(ctx, a.H.DB, r.ID)
		if err != nil {
			return nil, v, err
		}
		for _, m := range moves {
			name, _ := a.PlaceName(m.To).In(a.Lang)
			l := MoveLine{Centre: name, On: m.On, Reason: a.P.T("move.reason." + m.Reason), CentreID: m.To.String()}
			record, there, err := a.H.People.Arrival(ctx, a.H.DB, m)
			if err != nil {
				return nil, v, err
			}
			if l.There = there; there && a.Scope.Has(m.To) {
				l.URL = "/people/" + record.String()
			}
			if !there {
				if _, err := a.H.BoxOf(ctx, m.To); err == nil {
					l.FileAction = v.Action + "/file"
				}
			}
			v.Moves = append(v.Moves, l)
		}
	}
	return p, v, nil
}

func depart(a *door.Ask) error {
	_, v, err := departView(a)
	if err != nil {
		return err
	}
	return a.Render("people/move", v)
}

func departGiven(a *door.Ask) error {
	p, v, err := departView(a)
	if err != nil {
		return err
	}
	to, err := id.Parse(v.Centre)
	if err != nil || !shell.Offers(v.Centres, v.Centre) {
		v.Errors["centre"] = a.P.T("people.centre_missing")
	}
	if !slices.Contains(person.MoveReasons, v.Reason) {
		v.Errors["reason"] = a.P.T("error.reason_missing")
	}
	if len(v.Errors) > 0 {
		return a.Again("people/move", v)
	}
	arrived, err := a.H.Move(a.R.Context(), a.Actor(), a.Scope, p.ID, to, v.Reason)
	switch {
	case errors.Is(err, house.ErrSameCentre):
		v.Errors["centre"] = a.P.T("move.same")
		return a.Again("people/move", v)
	case errors.Is(err, house.ErrNoCentre):
		v.Errors["centre"] = a.P.T("people.centre_missing")
		return a.Again("people/move", v)
	case err != nil:
		return err
	}
	name, _ := a.PlaceName(to).In(a.Lang)
	if arrived.IsNil() {
		a.Notify("wait", "move.underway", "name", v.Name, "place", name)
		return a.Go(v.Action)
	}
	a.Notify("good", "move.arrived", "name", v.Name, "place", name)
	if a.Scope.Has(to) {
		return a.Go("/people/" + arrived.String())
	}
	return a.Go(v.PersonURL)
}

// departFile gives a file for the box of the other centre, which has no link either.
func departFile(a *door.Ask) error {
	p, v, err := departView(a)
	if err != nil {
		return err
	}
	to, _ := id.Parse(a.R.PostFormValue("centre")) // an unknown one is none that they went to
	ctx := a.R.Context()
	records := []*person.Person{p}
	if len(p.Records) > 0 {
		records = p.Records
	}
	for _, r := range records {
		moves, err := a.H.People.MovesOf(ctx, a.H.DB, r.ID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(moves, func(m person.Move) bool { return m.To == to })
		if i < 0 {
			continue
		}
		var b bytes.Buffer
		if err := a.H.CarryPerson(ctx, moves[i], &b); errors.Is(err, house.ErrNoBox) {
			return fact.ErrNotHere
		} else if err != nil {
			return err
		}
		if err := a.H.Looks.Note(ctx, a.Actor(), look.Export, r.ID); err != nil {
			return err
		}
		h := a.W.Header()
		h.Set("Content-Type", "application/octet-stream")
		h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", "tizi-"+a.Today()+".person"))
		h.Set("Cache-Control", "no-store")
		_, err = a.W.Write(b.Bytes())
		return err
	}
	a.Notify("info", "move.none")
	return a.Go(v.Action)
}
