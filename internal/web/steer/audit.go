package steer

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/audit"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

func auditRoutes(d *door.Door) {
	d.Handle("GET /audit", access.ReadAudit, auditList)
	d.Handle("GET /audit.csv", access.ReadAudit, auditCSV)
}

const (
	auditSize  = 50     // rows of a page
	auditLook  = 10_000 // facts of a log that a page looks at
	auditDays  = 7      // how far back one looks who says nothing
	auditSums  = 300    // summaries of a page
	auditLines = 10_000 // lines of a file
	auditWhom  = 3      // people that a row names
)

// auditAsked reads the filter of an address. What is wrong with it stands in the view's errors, beside what was typed.
func auditAsked(a *door.Ask) (Audit, audit.Filter, error) {
	q := a.R.URL.Query()
	v := Audit{Centre: q.Get("centre"), Account: q.Get("account"), Person: strings.TrimSpace(q.Get("person")), Kind: q.Get("kind"), Hours: q.Get("hours"), From: q.Get("from"), To: q.Get("to"),
		Centres: a.Centres(a.Scope), Search: a.May(access.ReadPeople), DayStarts: audit.DayStarts, DayEnds: audit.DayEnds, ManyInHour: look.ManyInHour, ManyInDay: look.ManyInDay, Max: auditSums, Errors: map[string]string{}}
	f := audit.Filter{Scope: a.Scope, Sort: audit.Sort(v.Kind), Odd: v.Hours == "out", After: q.Get("page")}
	v.Odd = []shell.Option{{Value: "out", Label: a.P.T("audit.odd")}}
	for _, s := range audit.Sorts {
		v.Kinds = append(v.Kinds, shell.Option{Value: string(s), Label: a.P.T("audit.sort." + string(s))})
	}
	var err error
	if f.Cases, err = a.ScopeOf(access.ReadSafeguarding); err != nil {
		return v, f, err
	}
	if v.Centre != "" {
		if f.Centre, err = id.Parse(v.Centre); err != nil || !a.Scope.Has(f.Centre) {
			v.Errors["centre"] = a.P.T("people.centre_missing")
		}
	} else if len(v.Centres) == 1 {
		f.Centre = id.MustParse(v.Centres[0].Value)
	}
	if v.Kind != "" && !slices.Contains(audit.Sorts, f.Sort) {
		v.Errors["kind"] = a.P.T("audit.kind_unknown")
	}
	if v.Hours != "" && v.Hours != "out" {
		v.Errors["hours"] = a.P.T("audit.hours_unknown")
	}
	auditSpan(a, &v, &f)
	if err := auditAccounts(a, &v, &f); err != nil {
		return v, f, err
	}
	return v, f, auditPerson(a, &v, &f)
}

// auditSpan reads the days.
func auditSpan(a *door.Ask, v *Audit, f *audit.Filter) {
	now := a.H.Log.Clock.Now()
	if v.To == "" {
		v.To = a.Today()
	}
	if v.From == "" {
		v.From = now.AddDate(0, 0, 1-auditDays).Format(time.DateOnly)
		if to, err := time.Parse(time.DateOnly, v.To); err == nil && v.To < v.From {
			v.From = to.AddDate(0, 0, 1-auditDays).Format(time.DateOnly)
		}
	}
	var err error
	if f.From, err = a.H.Audit.Day(v.From); err != nil {
		v.Errors["from"] = a.P.T("groups.date_wrong")
	}
	if f.To, err = a.H.Audit.Day(v.To); err != nil {
		v.Errors["to"] = a.P.T("groups.date_wrong")
	}
	f.To = f.To.AddDate(0, 0, 1)
	switch {
	case v.Errors["from"] != "" || v.Errors["to"] != "":
	case !f.From.Before(f.To):
		v.Errors["to"] = a.P.T("audit.to_before")
	case f.To.Sub(f.From) > look.Life+24*time.Hour:
		v.Errors["from"] = a.P.T("audit.too_long", "n", int(look.Life/(24*time.Hour)))
	}
}

// auditAccounts reads the account, and offers those of the team of the centre.
func auditAccounts(a *door.Ask, v *Audit, f *audit.Filter) error {
	if v.Account != "" {
		var acc *access.Account
		account, err := id.Parse(v.Account)
		if err == nil {
			if acc, err = a.H.Access.Get(a.R.Context(), a.H.DB, account); err != nil {
				return err
			}
		}
		if acc == nil {
			v.Errors["account"] = a.P.T("audit.account_unknown")
		} else {
			f.Account = acc.ID
			v.Accounts = append(v.Accounts, shell.Option{Value: v.Account, Label: auditName(a, acc)})
		}
	}
	if f.Centre.IsNil() {
		return nil
	}
	team, err := a.H.Access.Staff(a.R.Context(), a.H.DB)
	if err != nil {
		return err
	}
	for _, acc := range team {
		works := slices.ContainsFunc(rolesOf(acc), func(h access.Held) bool {
			return h.On.Kind == access.AtPlace && slices.ContainsFunc(a.Tree.Within(h.On.ID), func(p *place.Place) bool { return p.ID == f.Centre })
		})
		if works && acc.ID != f.Account {
			v.Accounts = append(v.Accounts, shell.Option{Value: acc.ID.String(), Label: acc.Name})
		}
	}
	return nil
}

// auditPerson reads the person: an id, or words to search by for whoever may read names.
func auditPerson(a *door.Ask, v *Audit, f *audit.Filter) error {
	if v.Person == "" {
		return nil
	}
	names, err := a.ScopeOf(access.ReadPeople)
	if err != nil {
		return err
	}
	if f.Person, err = id.Parse(v.Person); err != nil {
		f.Person = id.Nil
		if !v.Search || a.TooLong(v.Person) != "" {
			v.Errors["person"] = a.P.T("audit.person_code")
			return nil
		}
		page, err := a.H.People.List(a.R.Context(), a.H.DB, names, person.Filter{Search: v.Person, Size: 7})
		if err != nil {
			return err
		}
		a.Shows(look.Search, look.Audit, page.People...)
		switch l := page.People; {
		case len(l) == 0:
			v.Errors["person"] = a.P.T("audit.person_unknown")
			return nil
		case len(l) == 1 && !l[0].Near:
			f.Person = l[0].ID
		default:
			v.Errors["person"] = a.P.T("audit.person_several")
			for _, p := range page.People {
				c := AuditPerson{URL: v.address("/audit", "person", p.ID.String())}
				c.Name, c.Other = a.Names(p.Details)
				v.Choices = append(v.Choices, c)
			}
			return nil
		}
	}
	p, err := a.H.People.Get(a.R.Context(), a.H.DB, names, f.Person)
	if err != nil {
		return err
	}
	if v.Whom = auditCode(f.Person); p != nil {
		v.Whom, _ = a.Names(p.Details)
		a.Shows(look.Listed, look.Audit, p)
	}
	v.Person, v.AllURL = f.Person.String(), v.address("/audit", "person", "")
	return nil
}

// address is a page with the same filter, and other words for some of it.
func (v *Audit) address(path string, but ...string) string {
	pairs := []string{"centre", v.Centre, "account", v.Account, "person", v.Person, "kind", v.Kind, "hours", v.Hours, "from", v.From, "to", v.To}
	for i := 0; i+1 < len(but); i += 2 {
		if at := slices.Index(pairs, but[i]); at >= 0 && at%2 == 0 {
			pairs[at+1] = but[i+1]
		} else {
			pairs = append(pairs, but[i], but[i+1])
		}
	}
	return door.With(path, pairs...)
}

// auditCode is how a record is called for whoever may not read its name.
func auditCode(p id.ID) string { return strings.ToUpper(p.Hex()[24:]) }

// auditName is how an account is called: a guardian's name says whose child it is.
func auditName(a *door.Ask, acc *access.Account) string {
	if acc.Family() && !a.May(access.ReadPeople) {
		return auditCode(acc.ID)
	}
	return acc.Name
}

// auditor turns entries into rows, and looks up each account once.
type auditor struct {
	a        *door.Ask
	v        *Audit
	accounts map[id.ID]*access.Account
	people   map[id.ID]*person.Person
}

func (x *auditor) account(v id.ID) (*access.Account, error) {
	if acc, known := x.accounts[v]; known || v.IsNil() {
		return acc, nil
	}
	acc, err := x.a.H.Access.Get(x.a.R.Context(), x.a.H.DB, v)
	x.accounts[v] = acc
	return acc, err
}

// named is how an account is called, and as what it acts.
func (x *auditor) named(v id.ID) (name, role string, err error) {
	acc, err := x.account(v)
	switch {
	case err != nil || v.IsNil():
		return "", "", err
	case acc == nil:
		return auditCode(v), "", nil
	case len(acc.Roles) > 0:
		role = "role." + string(acc.Roles[0].Role)
	}
	return auditName(x.a, acc), role, nil
}

// rows are entries as lines of the page or of a file. Names are those that the account may read.
func (x *auditor) rows(entries []audit.Entry, whom int) ([]AuditRow, error) {
	a := x.a
	names, err := a.ScopeOf(access.ReadPeople)
	if err != nil {
		return nil, err
	}
	var ids []id.ID
	for _, e := range entries {
		ids = append(ids, e.Persons[:min(whom, len(e.Persons))]...)
	}
	for part := range slices.Chunk(slices.Compact(ids), 500) {
		list, err := a.H.People.Of(a.R.Context(), a.H.DB, names, part)
		if err != nil {
			return nil, err
		}
		for _, p := range list {
			x.people[p.ID] = p
		}
	}
	out := make([]AuditRow, len(entries))
	for i, e := range entries {
		r := AuditRow{At: a.Moment(e.At), Centre: a.PlaceName(e.Centre), Odd: e.Odd, More: len(e.Persons)}
		if r.Who, r.Role, err = x.named(e.Account); err != nil {
			return nil, err
		}
		if !e.Account.IsNil() {
			r.WhoURL = x.v.address("/audit", "account", e.Account.String())
		}
		if r.What, err = x.what(e); err != nil {
			return nil, err
		}
		for _, p := range e.Persons[:min(whom, len(e.Persons))] {
			w := AuditPerson{Code: auditCode(p), URL: x.v.address("/audit", "person", p.String())}
			if known := x.people[p]; known != nil {
				w.Name, w.Other = a.Names(known.Details)
				w.URL = "/people/" + p.String()
			}
			r.Whom = append(r.Whom, w)
		}
		r.More -= len(r.Whom)
		out[i] = r
	}
	return out, nil
}

// what says what was done.
func (x *auditor) what(e audit.Entry) (string, error) {
	p := x.a.P
	switch {
	case e.List != "":
		return p.T("look."+e.What) + " · " + p.T("audit.list."+string(e.List)) + " · " + p.T("audit.names", "n", e.Names), nil
	case e.Sort == audit.Seen || e.Sort == audit.Listed || e.Sort == audit.Taken || slices.Contains(look.Deeds, look.Action(e.What)):
		return p.T("look." + e.What), nil
	}
	s := p.T("audit.did." + e.What)
	if e.Role != "" && e.What != access.KindGlass.Name {
		s += " · " + p.T("role."+string(e.Role))
	}
	if e.Tool != "" {
		s += " · " + e.Tool
	}
	if e.Other.IsNil() || e.Other == e.Account {
		return s, nil
	}
	name, _, err := x.named(e.Other)
	return s + " · " + name, err
}

func auditList(a *door.Ask) error {
	v, f, err := auditAsked(a)
	if err != nil {
		return err
	}
	if len(v.Errors) > 0 {
		return a.Again("audit/audit", v)
	}
	// Of many centres one sees the days; what was done one by one is read of one centre, one person or one account.
	wide := f.Centre.IsNil() && f.Person.IsNil() && f.Account.IsNil()
	v.Days = wide || a.R.URL.Query().Get("tab") == "days"
	if !wide {
		v.ListURL = v.address("/audit")
	}
	if !v.Days {
		v.CSVURL = v.address("/audit.csv")
	}
	v.DaysURL = v.address("/audit", "tab", "days", "account", "", "person", "", "kind", "", "hours", "")
	if v.Days {
		if err := auditSummed(a, &v, f); err != nil {
			return err
		}
		return a.Render("audit/audit", v)
	}
	f.Look = auditLook
	page, err := a.H.Audit.List(a.R.Context(), a.H.DB, f, auditSize)
	if errors.Is(err, audit.ErrPage) {
		v.Errors[""] = a.P.T("audit.no_page")
		return a.Again("audit/audit", v)
	}
	if err != nil {
		return err
	}
	x := &auditor{a, &v, map[id.ID]*access.Account{}, map[id.ID]*person.Person{}}
	whom := auditWhom
	if !f.Person.IsNil() { // of a sheet, the others are not what was asked for
		whom = 1
	}
	if v.Rows, err = x.rows(page.Entries, whom); err != nil {
		return err
	}
	for _, p := range x.people {
		a.Shows(look.Listed, look.Audit, p)
	}
	v.Pager = shell.Pager{Shown: len(v.Rows), Total: -1}
	if page.Next != "" {
		v.Pager.Next = v.address("/audit", "page", page.Next)
	}
	if !page.Down.IsZero() {
		v.Down = a.Moment(page.Down)
	}
	if f.After != "" {
		v.Pager.Prev = v.address("/audit")
		return a.Render("audit/audit", v)
	}
	if f.Person.IsNil() {
		if err := auditUnusual(x, f); err != nil {
			return err
		}
	}
	return a.Render("audit/audit", v)
}

// auditUnusual adds who opened unusually many files.
func auditUnusual(x *auditor, f audit.Filter) error {
	a := x.a
	scope := f.Scope
	if !f.Centre.IsNil() {
		scope = scope.Within([]id.ID{f.Centre})
	}
	l, err := a.H.Looks.Unusual(a.R.Context(), a.H.DB, look.Filter{Scope: scope, From: f.From, To: f.To, Account: f.Account})
	if err != nil {
		return err
	}
	for _, m := range l {
		day := m.From.Format(time.DateOnly)
		r := AuditMany{Files: m.Files, When: a.P.Date(day), URL: x.v.address("/audit", "account", m.Account.String(), "from", day, "to", day)}
		if m.Hour {
			r.When = a.Moment(m.From) + "–" + m.From.Add(time.Hour).Format("15:04")
		}
		if r.Who, _, err = x.named(m.Account); err != nil {
			return err
		}
		x.v.Unusual = append(x.v.Unusual, r)
	}
	return nil
}

// auditSummed adds the summaries of the days.
func auditSummed(a *door.Ask, v *Audit, f audit.Filter) error {
	scope := f.Scope
	if !f.Centre.IsNil() {
		scope = scope.Within([]id.ID{f.Centre})
	}
	l, err := a.H.Audit.Days(a.R.Context(), a.H.DB, scope, v.From, v.To, auditSums+1)
	if err != nil {
		return err
	}
	if v.Cut = len(l) > auditSums; v.Cut {
		l = l[:auditSums]
	}
	for _, s := range l {
		v.Sums = append(v.Sums, AuditDay{s.Day, a.PlaceName(s.Centre), door.With("/audit", "centre", s.Centre.String(), "from", s.Day, "to", s.Day),
			s.Looks, s.People, s.Lists, s.Names, s.Searches, s.Exports, s.Prints, s.Changes, s.OutOfHours, s.Accounts, s.Openings})
	}
	return nil
}

// auditCSV gives what the filter asks for as a file.
func auditCSV(a *door.Ask) error {
	v, f, err := auditAsked(a)
	if err != nil {
		return err
	}
	if f.Centre.IsNil() && f.Person.IsNil() && f.Account.IsNil() && len(v.Errors) == 0 {
		v.Errors["centre"] = a.P.T("people.centre_missing")
	}
	if len(v.Errors) > 0 {
		return a.Again("audit/audit", v)
	}
	f.After = ""
	page, err := a.H.Audit.List(a.R.Context(), a.H.DB, f, auditLines)
	if err != nil {
		return err
	}
	x := &auditor{a, &v, map[id.ID]*access.Account{}, map[id.ID]*person.Person{}}
	rows, err := x.rows(page.Entries, 1)
	if err != nil {
		return err
	}
	for _, p := range x.people {
		a.Shows(look.Export, look.Audit, p)
	}
	w := a.CSV("tizi-audit.csv")
	w.Write([]string{a.P.T("common.date"), a.P.T("audit.time"), a.P.T("audit.who"), a.P.T("role"), a.P.T("audit.kind"), a.P.T("audit.what"), a.P.T("common.name"), a.P.T("audit.code"), a.P.T("audit.people"), a.P.T("place.centre"), a.P.T("audit.odd")})
	for i, r := range rows {
		e := page.Entries[i]
		line := []string{e.At.Format(time.DateOnly), e.At.Format(time.TimeOnly), r.Who, "", a.P.T("audit.sort." + string(e.Sort)), r.What, "", "", strconv.Itoa(len(e.Persons)), nameOf(a, r.Centre), ""}
		if e.List != "" {
			line[8] = strconv.Itoa(e.Names)
		}
		if r.Role != "" {
			line[3] = a.P.T(r.Role)
		}
		if len(r.Whom) > 0 {
			line[6], line[7] = r.Whom[0].Name, r.Whom[0].Code
		}
		if r.Odd {
			line[10] = a.P.T("common.yes")
		}
		for i := range line {
			line[i] = door.Cell(line[i])
		}
		w.Write(line)
	}
	if page.Next != "" {
		w.Write([]string{a.P.T("audit.cut", "n", auditLines)})
	}
	w.Flush()
	return w.Error()
}
