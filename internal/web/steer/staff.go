package steer

import (
	"errors"
	"slices"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/place"
	"tizi/internal/web/door"
	"tizi/internal/web/me"
	"tizi/internal/web/shell"
)

func staffRoutes(d *door.Door) {
	d.Handle("GET /staff", access.WriteAccounts, staff)
	d.Handle("GET /staff/new", access.WriteAccounts, staffNew)
	d.Handle("POST /staff/new", access.WriteAccounts, staffNewGiven)
	d.Handle("GET /staff/renew", access.WriteAccounts, renew)
	d.Handle("POST /staff/renew", access.WriteAccounts, renewGiven)
	d.Handle("GET /staff/{account}", access.WriteAccounts, member)
	d.Handle("GET /staff/{account}/role", access.WriteAccounts, roleNew)
	d.Handle("POST /staff/{account}/role", access.WriteAccounts, roleNewGiven)
	d.Handle("GET /staff/{account}/withdraw/{grant}", access.WriteAccounts, withdraw)
	d.Handle("POST /staff/{account}/withdraw/{grant}", access.WriteAccounts, withdrawGiven)
	d.Handle("GET /staff/{account}/close", access.WriteAccounts, closing)
	d.Handle("POST /staff/{account}/close", access.WriteAccounts, closingGiven)
	d.Handle("POST /staff/{account}/reopen", access.WriteAccounts, reopened)
	d.Handle("GET /staff/{account}/reset", access.WriteAccounts, reset)
	d.Handle("POST /staff/{account}/reset", access.WriteAccounts, resetGiven)
	d.Handle("POST /staff/{account}/sessions/end", access.WriteAccounts, memberSessionEnded)
}

// rolesOf are all roles of an account that are granted, those that ran out last.
func rolesOf(acc *access.Account) []access.Held {
	return slices.DeleteFunc(append(slices.Clone(acc.Roles), acc.Ended...), func(h access.Held) bool { return h.Role == access.Glass })
}

func staff(a *door.Ask) error {
	list, err := a.H.Access.Staff(a.R.Context(), a.H.DB)
	if err != nil {
		return err
	}
	v := Staff{NewURL: "/staff/new", RenewURL: "/staff/renew"}
	if a.May(access.ReadGlass) {
		v.OpeningsURL = "/openings"
	}
	if a.May(access.ReadAudit) {
		v.AuditURL = "/audit"
	}
	if a.May(access.DecideRequests) && len(a.H.Access.TwoPerson()) > 0 {
		v.RequestsURL = "/requests"
	}
	now := a.H.Log.Clock.Now()
	for _, acc := range list {
		row := StaffRow{Name: acc.Name, Login: acc.Login, Closed: acc.Closed}
		if acc.ID == a.Account.ID {
			row.URL = "/me"
		} else if a.Account.Manages(a.Tree, acc) {
			row.URL = "/staff/" + acc.ID.String()
		}
		roles := rolesOf(acc)
		for i, h := range roles {
			if !a.Account.MayGive(a.Tree, h.Role, h.On) {
				continue
			}
			r := row
			r.Role, r.Place = "role."+string(h.Role), a.NameOf(h.On)
			if !h.Until.IsZero() {
				r.Until = h.Until.Format(time.DateOnly)
			}
			switch {
			case i >= len(roles)-len(acc.Ended):
				r.State = "ended"
			case h.Soon(now):
				r.State = "soon"
			}
			v.Rows = append(v.Rows, r)
		}
		if len(roles) == 0 && row.URL != "" {
			v.Rows = append(v.Rows, row)
		}
	}
	return a.Render("staff/list", v)
}

// choices are the roles that the account may give, and what for.
func choices(a *door.Ask) (roles, things []shell.Option, err error) {
	for _, r := range access.Roles {
		if slices.ContainsFunc(a.Account.Roles, func(h access.Held) bool { return access.Gives(h.Role, r) }) {
			roles = append(roles, shell.Option{Value: string(r), Label: a.P.T("role." + string(r)), Hint: a.P.T("staff.role." + string(r))})
		}
	}
	places := func(types ...string) {
		for _, typ := range types {
			for _, p := range a.Tree.Of(typ) {
				if a.Account.MayGive(a.Tree, access.Trainer, access.Place(p.ID)) {
					things = append(things, shell.Option{Value: p.Code, Label: nameOf(a, p.Name)})
				}
			}
		}
	}
	// Centres are many, so they come last.
	places("country", "region")
	if a.Account.MayGive(a.Tree, access.Author, access.Programme(id.Nil)) {
		programmes, err := a.H.Programmes.List(a.R.Context(), a.H.DB)
		if err != nil {
			return nil, nil, err
		}
		for _, p := range programmes {
			things = append(things, shell.Option{Value: programmePrefix + p.Code, Label: a.P.T("role.on.programme") + " · " + nameOf(a, p.Name)})
		}
	}
	if a.May(access.WriteAgreements) {
		scope, err := a.ScopeOf(access.WriteAgreements)
		if err != nil {
			return nil, nil, err
		}
		agreements, err := a.H.Agreements.Names(a.R.Context(), a.H.DB, scope)
		if err != nil {
			return nil, nil, err
		}
		for _, x := range agreements {
			things = append(things, shell.Option{Value: agreementPrefix + x.ID.String(), Label: a.P.T("role.on.agreement") + " · " + nameOf(a, x.Name)})
		}
	}
	places("centre")
	return roles, things, nil
}

// What comes before the code of a programme and the id of an agreement, to tell them from the code of a place.
const (
	programmePrefix = "programme:"
	agreementPrefix = "agreement:"
)

// thingOf is what a form names, and its place if it is one.
func thingOf(a *door.Ask, typed string) (access.On, *place.Place, error) {
	if code, ok := strings.CutPrefix(typed, programmePrefix); ok {
		p, err := a.H.Programmes.Code(a.R.Context(), a.H.DB, code)
		if err != nil || p == nil {
			return access.On{}, nil, err
		}
		return access.Programme(p.ID), nil, nil
	}
	if s, ok := strings.CutPrefix(typed, agreementPrefix); ok {
		v, err := id.Parse(s)
		if err != nil {
			return access.On{}, nil, nil
		}
		x, err := a.H.Agreements.Get(a.R.Context(), a.H.DB, access.Everywhere(), v)
		if err != nil {
			return access.On{}, nil, nil
		}
		return access.Agreement(x.ID), nil, nil
	}
	p := a.Tree.Code(typed)
	if p == nil {
		return access.On{}, nil, nil
	}
	return access.Place(p.ID), p, nil
}

// wrongRole puts what is wrong with a role and what it is for beside their fields.
func wrongRole(a *door.Ask, errs map[string]string, role access.Role, on access.On, at *place.Place) error {
	switch {
	case !slices.Contains(access.Roles, role):
		errs["role"] = a.P.T("staff.role_missing")
	case on.ID.IsNil():
		errs["place"] = a.P.T("staff.place_missing")
	case !slices.Contains(access.Kinds(role), on.Kind), at != nil && !slices.Contains(access.PlaceTypes(role), at.Type):
		errs["place"] = a.P.T("staff.place_wrong." + string(role))
	case !a.Account.MayGive(a.Tree, role, on):
		return access.ErrDenied
	}
	return nil
}

func staffForm(a *door.Ask) (StaffForm, error) {
	v := StaffForm{Action: "/staff/new", CancelURL: "/staff", MinPassphrase: access.MinPassphrase, Errors: map[string]string{}}
	var err error
	v.Roles, v.Places, err = choices(a)
	v.AskNames = shell.Offers(v.Roles, string(access.Auditor))
	return v, err
}

func staffNew(a *door.Ask) error {
	v, err := staffForm(a)
	if err != nil {
		return err
	}
	v.Role = string(access.Trainer)
	if len(v.Places) == 1 {
		v.Place = v.Places[0].Value
	}
	return a.Render("staff/form", v)
}

func staffNewGiven(a *door.Ask) error {
	v, err := staffForm(a)
	if err != nil {
		return err
	}
	v.Name, v.Login, v.Role, v.Place, v.Names = strings.TrimSpace(a.R.FormValue("name")), strings.TrimSpace(a.R.FormValue("login")), a.R.FormValue("role"), a.R.FormValue("place"), a.R.FormValue("names")
	role := access.Role(v.Role)
	on, at, err := thingOf(a, v.Place)
	if err != nil {
		return err
	}
	if err := wrongRole(a, v.Errors, role, on, at); err != nil {
		return err
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
	if at != nil && at.Type == "centre" {
		stream = at.Stream()
	}
	_, err = a.H.Access.Open(a.R.Context(), a.Actor(), access.Newcomer{Name: v.Name, Login: v.Login, Passphrase: a.R.FormValue("passphrase"), Role: role, On: on, Names: v.Names == "yes", Stream: stream})
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

// renew shows what runs out.
func renew(a *door.Ask) error {
	l, err := a.H.Access.RunsOut(a.R.Context(), a.H.DB, a.Account)
	if err != nil {
		return err
	}
	v := Renew{Action: "/staff/renew", Days: int(access.RoleLife / (24 * time.Hour))}
	now := a.H.Log.Clock.Now()
	for _, x := range l {
		v.Rows = append(v.Rows, RenewRow{Grant: x.Grant.String(), Name: x.Name, Login: x.Login, Role: "role." + string(x.Role), Place: a.NameOf(x.On), Until: x.Until.Format(time.DateOnly), Ended: !x.Until.After(now)})
	}
	return a.Render("staff/renew", v)
}

func renewGiven(a *door.Ask) error {
	var grants []id.ID
	for _, s := range a.R.PostForm["grant"] {
		if g, err := id.Parse(s); err == nil && !slices.Contains(grants, g) {
			grants = append(grants, g)
		}
	}
	if len(grants) > 0 {
		if err := a.H.Access.Renew(a.R.Context(), a.Account, grants); err != nil {
			return err
		}
		a.Notify("good", "staff.renewed", "n", len(grants))
	}
	return a.Go("/staff/renew")
}

// asked is the account that an address names, which the one who asks must manage.
func askedMember(a *door.Ask) (*access.Account, error) {
	v, err := a.ID("account")
	if err != nil {
		return nil, err
	}
	acc, err := a.H.Access.Get(a.R.Context(), a.H.DB, v)
	switch {
	case err != nil:
		return nil, err
	case acc == nil:
		return nil, access.ErrNoAccount
	case !a.Account.Manages(a.Tree, acc):
		return nil, access.ErrDenied
	}
	return acc, nil
}

func member(a *door.Ask) error {
	acc, err := askedMember(a)
	if err != nil {
		return err
	}
	self := "/staff/" + acc.ID.String()
	v := Member{Name: acc.Name, Login: acc.Login, Closed: acc.Closed, RoleURL: self + "/role", CloseURL: self + "/close", ReopenURL: self + "/reopen", ResetURL: self + "/reset", EndURL: self + "/sessions/end"}
	if a.May(access.ReadAudit) {
		v.AuditURL = door.With("/audit", "account", acc.ID.String())
	}
	shown := me.Roles(a, acc)
	for i, h := range append(slices.Clone(acc.Roles), acc.Ended...) {
		r := MemberRole{Role: shown[i]}
		if h.Role != access.Glass {
			r.WithdrawURL = self + "/withdraw/" + h.Grant.String()
		}
		v.Roles = append(v.Roles, r)
	}
	if v.Sessions, err = me.Sessions(a, acc); err != nil {
		return err
	}
	return a.Render("staff/member", v)
}

func roleForm(a *door.Ask, acc *access.Account) (StaffForm, error) {
	v := StaffForm{Name: acc.Name, Action: "/staff/" + acc.ID.String() + "/role", CancelURL: "/staff/" + acc.ID.String(), Errors: map[string]string{}}
	var err error
	v.Roles, v.Places, err = choices(a)
	v.AskNames = shell.Offers(v.Roles, string(access.Auditor))
	return v, err
}

func roleNew(a *door.Ask) error {
	acc, err := askedMember(a)
	if err != nil {
		return err
	}
	v, err := roleForm(a, acc)
	if err != nil {
		return err
	}
	v.Role = string(access.Trainer)
	return a.Render("staff/role", v)
}

func roleNewGiven(a *door.Ask) error {
	acc, err := askedMember(a)
	if err != nil {
		return err
	}
	v, err := roleForm(a, acc)
	if err != nil {
		return err
	}
	v.Role, v.Place, v.Names = a.R.FormValue("role"), a.R.FormValue("place"), a.R.FormValue("names")
	role := access.Role(v.Role)
	on, at, err := thingOf(a, v.Place)
	if err != nil {
		return err
	}
	if err := wrongRole(a, v.Errors, role, on, at); err != nil {
		return err
	}
	if len(v.Errors) == 0 {
		err := a.H.Access.Grant(a.R.Context(), a.Account, acc.ID, role, on, v.Names == "yes")
		if errors.Is(err, access.ErrHasRole) {
			v.Errors["role"] = a.P.T("staff.role_held")
		} else if err != nil {
			return err
		}
	}
	if len(v.Errors) > 0 {
		return a.Again("staff/role", v)
	}
	a.Notify("good", "staff.granted", "name", acc.Name)
	return a.Go(v.CancelURL)
}

// Confirm is the screen confirm of package centre.
type confirm struct {
	Title, Text, Button string
	Danger              bool
	Reasons             []shell.Option
	Reason              string
	Action, CancelURL   string
	Errors              map[string]string
}

// askedGrant is the role of an account that an address names.
func askedGrant(a *door.Ask) (*access.Account, access.Held, error) {
	acc, err := askedMember(a)
	if err != nil {
		return nil, access.Held{}, err
	}
	g, err := a.ID("grant")
	if err != nil {
		return nil, access.Held{}, err
	}
	for _, h := range rolesOf(acc) {
		if h.Grant == g {
			return acc, h, nil
		}
	}
	return nil, access.Held{}, access.ErrNoGrant
}

func withdraw(a *door.Ask) error {
	acc, h, err := askedGrant(a)
	if err != nil {
		return err
	}
	return a.Render("confirm", confirm{Title: a.P.T("staff.withdraw"), Text: a.P.T("staff.withdraw_text", "name", acc.Name, "role", a.P.T("role."+string(h.Role)), "place", a.NameOf(h.On)),
		Button: a.P.T("staff.withdraw"), Danger: true, Action: a.R.URL.Path, CancelURL: "/staff/" + acc.ID.String()})
}

func withdrawGiven(a *door.Ask) error {
	acc, h, err := askedGrant(a)
	if err != nil {
		return err
	}
	if err := a.H.Access.Withdraw(a.R.Context(), a.Account, h.Grant); err != nil {
		return err
	}
	a.Notify("good", "staff.withdrawn", "name", acc.Name)
	// Without any role left, the account is managed by who runs the country.
	if len(rolesOf(acc)) == 1 {
		return a.Go("/staff")
	}
	return a.Go("/staff/" + acc.ID.String())
}

func closing(a *door.Ask) error {
	acc, err := askedMember(a)
	if err != nil {
		return err
	}
	return a.Render("confirm", confirm{Title: a.P.T("staff.close"), Text: a.P.T("staff.close_text", "name", acc.Name), Button: a.P.T("staff.close"), Danger: true, Action: a.R.URL.Path, CancelURL: "/staff/" + acc.ID.String()})
}

func closingGiven(a *door.Ask) error { return setClosed(a, true, "staff.closed_now") }

func reopened(a *door.Ask) error { return setClosed(a, false, "staff.reopened") }

func setClosed(a *door.Ask, closed bool, said string) error {
	acc, err := askedMember(a)
	if err != nil {
		return err
	}
	if err := a.H.Access.SetClosed(a.R.Context(), a.Account, acc.ID, closed); err != nil {
		return err
	}
	a.Notify("good", said, "name", acc.Name)
	return a.Go("/staff/" + acc.ID.String())
}

func reset(a *door.Ask) error {
	acc, err := askedMember(a)
	if err != nil {
		return err
	}
	return a.Render("staff/reset", Reset{Name: acc.Name, Login: acc.Login, Action: a.R.URL.Path, BackURL: "/staff/" + acc.ID.String(), Days: int(access.CodeLife / (24 * time.Hour))})
}

func resetGiven(a *door.Ask) error {
	acc, err := askedMember(a)
	if err != nil {
		return err
	}
	code, err := a.H.Access.Reset(a.R.Context(), a.Account, acc.ID, a.R.PostFormValue("passkeys") == "yes")
	if err != nil {
		return err
	}
	return a.Render("staff/reset", Reset{Name: acc.Name, Login: acc.Login, Code: code, Action: a.R.URL.Path, BackURL: "/staff/" + acc.ID.String(), Days: int(access.CodeLife / (24 * time.Hour))})
}

func memberSessionEnded(a *door.Ask) error {
	acc, err := askedMember(a)
	if err != nil {
		return err
	}
	if err := a.H.Access.EndSession(a.R.Context(), acc.ID, a.R.PostFormValue("session")); err != nil && !errors.Is(err, access.ErrNoSession) {
		return err
	}
	a.Notify("good", "me.session_ended")
	return a.Go("/staff/" + acc.ID.String())
}
