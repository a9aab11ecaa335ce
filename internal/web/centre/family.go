package centre

import (
	"errors"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/family"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/web/door"
	"tizi/internal/web/me"
	"tizi/internal/web/shell"
)

func familyRoutes(d *door.Door) {
	d.Handle("GET /people/{person}/guardians", access.WritePeople, guardians)
	d.Handle("POST /people/{person}/guardians", access.WritePeople, guardianGiven)
	d.Handle("POST /people/{person}/guardians/change", access.WritePeople, guardianChanged)
	d.Handle("POST /people/{person}/fetchers", access.WritePeople, fetcherGiven)
	d.Handle("GET /people/{person}/messages", access.ReadPeople, thread)
	d.Handle("POST /people/{person}/messages", access.WritePeople, messageGiven)
	d.Handle("GET /messages", access.ReadPeople, messages)
}

func guardiansView(a *door.Ask, p *person.Person) (Guardians, error) {
	ctx, self := a.R.Context(), "/people/"+p.ID.String()
	v := Guardians{PersonURL: self, Action: self + "/guardians", ChangeAction: self + "/guardians/change", FetchAction: self + "/fetchers", Relations: relations(a), Errors: map[string]string{}}
	v.Name, v.Other = a.Names(p.Details)
	links, err := a.H.Family.GuardiansOf(ctx, a.H.DB, p.ID)
	if err != nil {
		return v, err
	}
	linked := map[id.ID]bool{}
	for _, l := range links {
		linked[l.Guardian] = true
		r := GuardianRow{ID: l.Guardian.String(), Name: l.Name, Phone: l.Phone, Relation: l.Relation, Fetch: l.Fetch, Consent: l.Consent, Conflict: l.Conflict}
		since, err := a.H.Family.HasCard(ctx, a.H.DB, l.Guardian)
		if err != nil {
			return v, err
		}
		if !since.IsZero() {
			r.CardSince = since.Format(time.DateOnly)
		}
		v.Rows = append(v.Rows, r)
	}
	if len(links) == 0 { // what the record says already need not be typed again
		v.New, v.Phone = p.Details["guardian_name"], p.Details["guardian_phone"]
	}
	known, err := a.H.Access.Guardians(ctx, a.H.DB, p.Centre, p.Details["guardian_name"], 20)
	if err != nil {
		return v, err
	}
	if len(known) == 0 {
		if known, err = a.H.Access.Guardians(ctx, a.H.DB, p.Centre, "", 200); err != nil {
			return v, err
		}
	}
	for _, acc := range known {
		if !linked[acc.ID] {
			v.Known = append(v.Known, shell.Option{Value: acc.ID.String(), Label: acc.Name})
		}
	}
	v.Fetchers, err = fetcherRows(a, p.ID, linked)
	return v, err
}

func fetcherRows(a *door.Ask, child id.ID, guardians map[id.ID]bool) ([]FetcherRow, error) {
	list, err := a.H.Family.Fetchers(a.R.Context(), a.H.DB, child)
	var out []FetcherRow
	for _, f := range list {
		out = append(out, FetcherRow{f.ID.String(), f.Name, f.Phone, f.Relation, guardians[f.Actor]})
	}
	return out, err
}

func guardians(a *door.Ask) error {
	p, err := askedPerson(a)
	if err != nil {
		return err
	}
	if err := a.H.Looks.Note(a.R.Context(), a.Actor(), look.Read, p.ID); err != nil {
		return err
	}
	v, err := guardiansView(a, p)
	if err != nil {
		return err
	}
	return a.Render("family/guardians", v)
}

// whoGiven reads the name, telephone and relation of somebody near a child.
func whoGiven(a *door.Ask) family.Who {
	return family.Who{Name: strings.TrimSpace(a.R.PostFormValue("name")), Phone: strings.TrimSpace(a.R.PostFormValue("phone")), Relation: given(a, "relation", family.Relations)}
}

func guardianGiven(a *door.Ask) error {
	p, err := askedPerson(a)
	if err != nil {
		return err
	}
	v, err := guardiansView(a, p)
	if err != nil {
		return err
	}
	w := whoGiven(a)
	fetch, agrees := a.R.PostFormValue("fetch") == "yes", a.R.PostFormValue("consent") == "yes"
	v.New, v.Phone, v.Relation, v.Account = w.Name, w.Phone, w.Relation, a.R.PostFormValue("account")
	for field, s := range map[string]string{"name": w.Name, "phone": w.Phone} {
		if e := a.TooLong(s); e != "" {
			v.Errors[field] = e
		}
	}
	known := shell.Offers(v.Known, v.Account)
	if g, e := id.Parse(v.Account); e == nil && !known { // sent twice
		if l, e := a.H.Family.LinkOf(a.R.Context(), a.H.DB, p.ID, g); e == nil {
			known, v.Known = true, append(v.Known, shell.Option{Value: v.Account, Label: l.Name})
		}
	}
	if w.Relation == "" && a.R.PostFormValue("relation") != "" {
		v.Errors["relation"] = a.P.T("family.relation_unknown")
	}
	if v.Account != "" && !known {
		field := "account"
		if len(v.Known) == 0 { // there is no list to choose from
			field = "name"
		}
		v.Errors[field] = a.P.T("family.account_unknown")
	}
	switch {
	case len(v.Errors) > 0:
		return a.Again("family/guardians", v)
	case known:
		for _, o := range v.Known {
			if o.Value == v.Account && w.Name == "" {
				w.Name, _ = o.Label.(string)
			}
		}
		err = a.H.Family.Link(a.R.Context(), a.Actor(), a.Scope, p.ID, id.MustParse(v.Account), w, fetch, agrees)
	default:
		_, err = a.H.Family.Welcome(a.R.Context(), a.Actor(), a.Scope, p.ID, w, string(a.Lang), fetch, agrees)
	}
	switch {
	case errors.Is(err, access.ErrNameEmpty):
		v.Errors["name"] = a.P.T("setup.name_empty")
		return a.Again("family/guardians", v)
	case errors.Is(err, access.ErrNoAccount): // it ended since the form was shown
		v.Errors["account"] = a.P.T("family.account_unknown")
		return a.Again("family/guardians", v)
	case err != nil:
		return err
	}
	a.Notify("good", "family.linked")
	return a.Go(v.Action)
}

func guardianChanged(a *door.Ask) error {
	p, err := askedPerson(a)
	if err != nil {
		return err
	}
	ctx, back := a.R.Context(), "/people/"+p.ID.String()+"/guardians"
	g, _ := id.Parse(a.R.PostFormValue("guardian"))
	now, err := a.H.Family.LinkOf(ctx, a.H.DB, p.ID, g)
	if errors.Is(err, family.ErrNoLink) {
		a.Notify("help", "family.no_link")
		return a.Go(back)
	}
	if err != nil {
		return err
	}
	switch a.R.PostFormValue("do") {
	case "card":
		c, err := a.H.Family.MakeCard(ctx, a.Scope, p.ID, g)
		if errors.Is(err, family.ErrStaff) {
			a.Notify("help", "family.staff_no_card")
			return a.Go(back)
		}
		if err != nil {
			return err
		}
		if err := a.H.Looks.Note(ctx, a.Actor(), look.Print, p.ID); err != nil {
			return err
		}
		v := Card{Guardian: now.Name, BackURL: back, Address: shell.Origin(a.R) + "/card", Code: c.Code[:4] + " " + c.Code[4:], PIN: c.PIN}
		if v.QR, err = me.QR(v.Address + "/" + c.Token); err != nil {
			return err
		}
		a.W.Header().Set("Cache-Control", "no-store")
		return a.Render("family/card", v)
	case "revoke":
		err = a.H.Family.Revoke(ctx, g)
	case "end":
		err = a.H.Family.Unlink(ctx, a.Actor(), a.Scope, p.ID, g)
	default:
		err = a.H.Family.Link(ctx, a.Actor(), a.Scope, p.ID, g, now.Who, a.R.PostFormValue("fetch") == "yes", a.R.PostFormValue("consent") == "yes")
	}
	if err != nil {
		return err
	}
	a.Notify("good", "common.saved")
	return a.Go(back)
}

func fetcherGiven(a *door.Ask) error {
	p, err := askedPerson(a)
	if err != nil {
		return err
	}
	back := "/people/" + p.ID.String() + "/guardians"
	wrong, err := Fetchers(a, p.ID)
	if err != nil {
		return err
	}
	if wrong != nil {
		v, err := guardiansView(a, p)
		if err != nil {
			return err
		}
		v.Fetch = *wrong
		return a.Again("family/guardians", v)
	}
	return a.Go(back)
}

// Fetchers names who may fetch a child, or takes it back: name, phone and relation, or end with the id. The door of
// guardians has the same form. What is wrong comes back to be shown again.
func Fetchers(a *door.Ask, child id.ID) (*FetcherForm, error) {
	ctx := a.R.Context()
	if end, err := id.Parse(a.R.PostFormValue("end")); err == nil {
		if err := a.H.Family.EndFetcher(ctx, a.Actor(), a.Scope, child, end); err != nil {
			return nil, err
		}
		a.Notify("good", "common.saved")
		return nil, nil
	}
	w := whoGiven(a)
	wrong := &FetcherForm{Name: w.Name, Phone: w.Phone, Errors: map[string]string{}}
	for field, s := range map[string]string{"who-name": w.Name, "who-phone": w.Phone} {
		if e := a.TooLong(s); e != "" {
			wrong.Errors[field] = e
		}
	}
	if len(wrong.Errors) > 0 {
		return wrong, nil
	}
	err := a.H.Family.NameFetcher(ctx, a.Actor(), a.Scope, child, w)
	if errors.Is(err, access.ErrNameEmpty) {
		wrong.Errors["who-name"] = a.P.T("setup.name_empty")
		return wrong, nil
	}
	if err == nil {
		a.Notify("good", "family.fetcher_named")
	}
	return nil, err
}

// near is the name of an account that writes about a child, perhaps that of a guardian whose account ended since.
func near(a *door.Ask, n door.Names, child, v id.ID) string {
	name, err := n.Of(a, v)
	if err == nil && name == "" {
		if name, err = a.H.Family.Called(a.R.Context(), a.H.DB, child, v); err == nil && name != "" {
			n[v] = name
		}
	}
	if name == "" {
		name = a.P.T("common.unknown")
	}
	return name
}

// when says an instant in the reader's words.
func when(a *door.Ask, t time.Time) string {
	return a.P.DayMonth(t.Format(time.DateOnly)) + " " + t.Format("15:04")
}

func messages(a *door.Ask) error {
	ctx := a.R.Context()
	list, err := a.H.Family.Threads(ctx, a.H.DB, a.Scope, 100)
	if err != nil {
		return err
	}
	ids := make([]id.ID, len(list))
	for i, m := range list {
		ids[i] = m.Child
	}
	people, err := a.H.People.Of(ctx, a.H.DB, a.Scope, ids)
	if err != nil {
		return err
	}
	a.Shows(look.Listed, look.Messages, people...)
	called := map[id.ID]string{}
	for _, p := range people {
		called[p.ID], _ = a.Names(p.Details)
	}
	unseen, err := a.H.Family.Unseen(ctx, a.H.DB, a.Actor(), list)
	if err != nil {
		return err
	}
	v, who := Messages{}, door.Names{}
	for _, m := range list {
		if called[m.Child] != "" {
			v.Rows = append(v.Rows, ThreadRow{"/people/" + m.Child.String() + "/messages", called[m.Child], near(a, who, m.Child, m.Guardian), m.Text, when(a, m.At), m.FromGuardian(), unseen[m.ID]})
		}
	}
	return a.Render("family/messages", v)
}

func threadView(a *door.Ask, p *person.Person) (Thread, error) {
	ctx := a.R.Context()
	v := Thread{PersonURL: "/people/" + p.ID.String(), Errors: map[string]string{}}
	v.Name, _ = a.Names(p.Details)
	list, err := a.H.Family.Messages(ctx, a.H.DB, p.ID, id.Nil)
	if err != nil {
		return v, err
	}
	unseen, err := a.H.Family.Unseen(ctx, a.H.DB, a.Actor(), list)
	if err != nil {
		return v, err
	}
	who := door.Names{}
	for _, m := range list {
		r := MessageRow{From: near(a, who, p.ID, m.Sender), Text: m.Text, At: when(a, m.At), Guardian: m.FromGuardian(), New: unseen[m.ID]}
		if !r.Guardian {
			r.To = near(a, who, p.ID, m.Guardian)
		}
		v.Rows = append(v.Rows, r)
	}
	if a.May(access.WritePeople) {
		links, err := a.H.Family.GuardiansOf(ctx, a.H.DB, p.ID)
		if err != nil {
			return v, err
		}
		for _, l := range links {
			v.Guardians = append(v.Guardians, shell.Option{Value: l.Guardian.String(), Label: l.Name})
		}
		v.Action = "/people/" + p.ID.String() + "/messages"
		if len(v.Guardians) > 0 {
			v.Guardian = v.Guardians[0].Value
		}
	}
	// The page shows them as new this once.
	return v, a.H.Family.Saw(ctx, a.Actor(), unseen)
}

func thread(a *door.Ask) error {
	p, err := askedPerson(a)
	if err != nil {
		return err
	}
	if err := a.H.Looks.Note(a.R.Context(), a.Actor(), look.Read, p.ID); err != nil {
		return err
	}
	v, err := threadView(a, p)
	if err != nil {
		return err
	}
	return a.Render("family/thread", v)
}

func messageGiven(a *door.Ask) error {
	p, err := askedPerson(a)
	if err != nil {
		return err
	}
	v, err := threadView(a, p)
	if err != nil {
		return err
	}
	v.Guardian, v.Text = a.R.PostFormValue("guardian"), a.R.PostFormValue("text")
	g, _ := id.Parse(v.Guardian)
	switch err := a.H.Family.Send(a.R.Context(), a.Actor(), a.Scope, p.ID, g, v.Text); {
	case errors.Is(err, family.ErrEmpty):
		v.Errors["text"] = a.P.T("family.empty")
	case errors.Is(err, family.ErrLong):
		v.Errors["text"] = a.P.T("error.too_long", "n", family.MaxMessage)
	case errors.Is(err, family.ErrNoLink):
		v.Errors["guardian"] = a.P.T("family.no_link")
	case err != nil:
		return err
	}
	if len(v.Errors) > 0 {
		return a.Again("family/thread", v)
	}
	a.Notify("good", "family.sent")
	return a.Go(v.Action)
}
