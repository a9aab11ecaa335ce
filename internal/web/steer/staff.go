package steer

import (
	"slices"
	"strings"

	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/place"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

func staffRoutes(d *door.Door) {
	d.Handle("GET /staff", access.WriteAccounts, staff)
	d.Handle("GET /staff/new", access.WriteAccounts, staffNew)
	d.Handle("POST /staff/new", access.WriteAccounts, staffNewGiven)
}

func staff(a *door.Ask) error {
	list, err := a.H.Access.List(a.R.Context(), a.H.DB)
	if err != nil {
		return err
	}
	v := Staff{NewURL: "/staff/new"}
	for _, acc := range list {
		for _, h := range acc.Roles {
			if !mayOpen(a, h.Role, h.On.ID) {
				continue
			}
			v.Rows = append(v.Rows, StaffRow{Name: acc.Name, Login: acc.Login, Role: "role." + string(h.Role), Place: a.PlaceName(h.On.ID)})
		}
	}
	return a.Render("staff/list", v)
}

// mayOpen reports whether an account may give a role at a place: one no wider than a role of its own there.
func mayOpen(a *door.Ask, r access.Role, at id.ID) bool {
	return slices.ContainsFunc(a.Account.Roles, func(h access.Held) bool {
		return access.Allows(h.Role, access.WriteAccounts) && a.Tree.Holds(h.On.ID, at) && slices.Index(access.Roles, h.Role) <= slices.Index(access.Roles, r)
	})
}

// staffForm prepares the choices: roles that may be given, and where.
func staffForm(a *door.Ask) StaffForm {
	v := StaffForm{Action: "/staff/new", CancelURL: "/staff", MinPassphrase: access.MinPassphrase, Errors: map[string]string{}}
	for _, r := range access.Roles {
		if slices.ContainsFunc(a.Account.Roles, func(h access.Held) bool { return slices.Index(access.Roles, h.Role) <= slices.Index(access.Roles, r) }) {
			v.Roles = append(v.Roles, shell.Option{Value: string(r), Label: a.P.T("role." + string(r)), Hint: a.P.T("staff.role." + string(r))})
		}
	}
	for _, typ := range []string{"country", "region", "centre"} {
		for _, p := range a.Tree.Of(typ) {
			if mayOpen(a, access.Trainer, p.ID) {
				v.Places = append(v.Places, shell.Option{Value: p.Code, Label: nameOf(a, p.Name)})
			}
		}
	}
	return v
}

// roleFits says which type of place a role is played at.
func roleFits(r access.Role, p *place.Place) bool {
	switch r {
	case access.National:
		return p.Type == "country"
	case access.Region:
		return p.Type == "region"
	}
	return p.Type == "centre"
}

func staffNew(a *door.Ask) error {
	v := staffForm(a)
	v.Role = string(access.Trainer)
	if len(v.Places) == 1 {
		v.Place = v.Places[0].Value
	}
	return a.Render("staff/form", v)
}

func staffNewGiven(a *door.Ask) error {
	v := staffForm(a)
	v.Name, v.Login, v.Role, v.Place = strings.TrimSpace(a.R.FormValue("name")), strings.TrimSpace(a.R.FormValue("login")), a.R.FormValue("role"), a.R.FormValue("place")
	role, at := access.Role(v.Role), a.Tree.Code(v.Place)
	switch {
	case !slices.Contains(access.Roles, role):
		v.Errors["role"] = a.P.T("staff.role_missing")
	case at == nil:
		v.Errors["place"] = a.P.T("staff.place_missing")
	case !roleFits(role, at):
		v.Errors["place"] = a.P.T("staff.place_wrong." + v.Role)
	case !mayOpen(a, role, at.ID):
		return access.ErrDenied
	}
	if err := access.CheckNewcomer(v.Name, v.Login, a.R.FormValue("passphrase")); err != nil {
		if field, sentence, ok := a.SignInError(err); ok {
			v.Errors[field] = sentence
		}
	}
	if s := a.TooLong(v.Name); s != "" {
		v.Errors["name"] = s
	}
	if len(v.Errors) > 0 {
		return a.Again("staff/form", v)
	}
	stream := "hub"
	if at.Type == "centre" {
		stream = at.Stream()
	}
	_, err := a.H.Access.Open(a.R.Context(), a.Actor(), access.Newcomer{Name: v.Name, Login: v.Login, Passphrase: a.R.FormValue("passphrase"), Role: role, On: access.Place(at.ID), Stream: stream})
	if field, sentence, ok := a.SignInError(err); ok {
		v.Errors[field] = sentence
		return a.Again("staff/form", v)
	}
	if err != nil {
		return err
	}
	a.Notify("good", "staff.saved", "name", v.Name)
	return a.Go("/staff")
}
