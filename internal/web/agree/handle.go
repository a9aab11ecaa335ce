package agree

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"tizi/countries"
	"tizi/internal/access"
	"tizi/internal/agreement"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/sheet"
	"tizi/internal/source"
	"tizi/internal/web/chart"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

// Routes adds the routes of this door.
func Routes(d *door.Door) {
	handle := func(pattern string, action access.Action, fn func(*door.Ask) error) {
		d.Handle(pattern, action, func(a *door.Ask) error {
			err := fn(a)
			if errors.Is(err, agreement.ErrUnknown) {
				err = fs.ErrNotExist
			}
			return err
		})
	}
	handle("GET /initiatives", door.Public, initiatives)
	handle("GET /agreements", access.ReadAgreements, list)
	handle("GET /agreements/due", access.ReadAgreements, due)
	handle("GET /agreements/mandates", access.ReadAgreements, mandates)
	handle("GET /agreements/{agreement}", access.ReadAgreements, one)
	handle("GET /agreements/{agreement}/commitments/{commitment}", access.ReadAgreements, commitment)
	handle("GET /agreements/{agreement}/papers/{paper}", access.ReadAgreements, paper)
	handle("POST /agreements/{agreement}/papers", access.WriteAgreements, paperGiven)
	handle("POST /agreements/{agreement}/papers/{paper}/drop", access.WriteAgreements, paperDropped)
	handle("POST /agreements/{agreement}/renew/undo", access.WriteAgreements, renewalUndone)
	handle("GET /organisations", access.WriteAgreements, organisations)
	for _, f := range forms {
		handle("GET "+f.path, access.WriteAgreements, f.show)
		handle("POST "+f.path, access.WriteAgreements, f.given)
	}
}

// known are the names that the pages of agreements say.
type known struct {
	a          *door.Ask
	orgs       map[id.ID]agreement.OrganisationDescribed // that were learnt
	programmes map[id.ID]i18n.Text
	codes      map[id.ID]string // of programmes
	country    *countries.Country
}

func names(a *door.Ask) (*known, error) {
	k := &known{a: a, orgs: map[id.ID]agreement.OrganisationDescribed{}, programmes: map[id.ID]i18n.Text{}, codes: map[id.ID]string{}}
	ps, err := a.H.Programmes.List(a.R.Context(), a.H.DB)
	if err != nil {
		return nil, err
	}
	for _, p := range ps {
		k.programmes[p.ID], k.codes[p.ID] = p.Name, p.Code
	}
	k.country, err = published(a)
	return k, err
}

// all learns the names of all organisations.
func (k *known) all() error {
	orgs, err := k.a.H.Agreements.Organisations(k.a.R.Context(), k.a.H.DB)
	for _, o := range orgs {
		k.orgs[o.ID] = o.Is
	}
	return err
}

// learn learns the names of some organisations, before they are said.
func (k *known) learn(ids ...id.ID) error {
	var anew []id.ID
	for _, v := range ids {
		if _, ok := k.orgs[v]; !ok && !v.IsNil() && !slices.Contains(anew, v) {
			anew = append(anew, v)
		}
	}
	if len(anew) == 0 {
		return nil
	}
	called, err := k.a.H.Agreements.Called(k.a.R.Context(), k.a.H.DB, anew)
	maps.Copy(k.orgs, called)
	return err
}

// published is what the program knows of the node's country, or of the first that it knows; nothing of one it does not.
func published(a *door.Ask) (*countries.Country, error) {
	code := a.Country()
	if code == "" {
		code = countries.Codes()[0]
	}
	c, err := countries.Load(code)
	if errors.Is(err, countries.ErrUnknown) {
		return &countries.Country{}, nil
	}
	return c, err
}

func (k *known) org(v id.ID) i18n.Text { return k.orgs[v].Name }

func (k *known) strategies(codes []string) []Link {
	var out []Link
	for _, s := range k.country.Strategies {
		if slices.Contains(codes, s.Code) {
			out = append(out, Link{s.Name, s.URL})
		}
	}
	return out
}

func (k *known) source(s source.Source) *Source { return SourceOf(k.a, s) }

// SourceOf is a source in words, or nil of none.
func SourceOf(a *door.Ask, s source.Source) *Source {
	if s.IsZero() {
		return nil
	}
	return &Source{Kind: s.Kind, Publication: s.Publication, On: source.Words(a.P, s.On), States: s.States, URL: s.URL}
}

func link(v id.ID, parts ...string) string {
	return "/agreements/" + strings.Join(append([]string{v.String()}, parts...), "/")
}

func (k *known) row(x *agreement.Agreement) Row {
	return Row{Code: x.Code, URL: link(x.ID), Name: x.Name, Kind: x.Kind, Signed: source.Words(k.a.P, x.Signed), Until: x.Until, RunsOut: x.RunsOut(k.a.Today()), Simulated: x.Simulated}
}

// owed are commitments as rows; of is nil where each says which agreement it is of.
func (k *known) owed(list []agreement.Commitment, of *agreement.Agreement) ([]CommitmentRow, error) {
	a := k.a
	var orgs, in []id.ID
	for _, c := range list {
		orgs, in = append(orgs, c.Debtor, c.Creditor), append(in, c.Agreement)
	}
	if err := k.learn(orgs...); err != nil {
		return nil, err
	}
	byID := map[id.ID]*agreement.Agreement{}
	if of == nil {
		var err error
		if byID, err = a.H.Agreements.Of(a.R.Context(), a.H.DB, a.Scope, compact(in)); err != nil {
			return nil, err
		}
	}
	var out []CommitmentRow
	for _, c := range list {
		r := k.commitment(cmp.Or(of, byID[c.Agreement]), c)
		if of != nil {
			r.Agreement = ""
		}
		out = append(out, r)
	}
	return out, nil
}

// compact are some ids, each once.
func compact(ids []id.ID) []id.ID {
	slices.SortFunc(ids, func(x, y id.ID) int { return slices.Compare(x[:], y[:]) })
	return slices.Compact(ids)
}

func (k *known) commitment(x *agreement.Agreement, c agreement.Commitment) CommitmentRow {
	r := CommitmentRow{What: c.What, Debtor: k.org(c.Debtor), Creditor: k.org(c.Creditor), Quantity: c.Quantity, Unit: c.Unit, Kind: c.Kind, State: c.State, Due: c.Due, Since: c.Since,
		Late: c.Late(k.a.Today()), URL: link(c.Agreement, "commitments", c.ID.String()), Simulated: c.Simulated, Conflict: c.Conflict}
	if x != nil {
		r.Agreement = x.Code
		r.Outside = outside(x, c.Due)
	}
	return r
}

// outside reports whether a day lies outside of what an agreement says of its validity.
func outside(x *agreement.Agreement, day string) bool {
	return day != "" && (x.From != "" && day < x.From || x.Until != "" && day > x.Until)
}

// mandates are mandates as rows; of is Nil where each says which agreement gives it.
func (k *known) mandates(list []agreement.Item[agreement.MandateGiven], of id.ID, write bool) ([]MandateRow, error) {
	a := k.a
	ctx := a.R.Context()
	var orgs, in, ids []id.ID
	for _, m := range list {
		orgs, in, ids = append(orgs, m.Is.Operator), append(in, m.Is.Agreement), append(ids, m.ID)
	}
	if err := k.learn(orgs...); err != nil {
		return nil, err
	}
	byID := map[id.ID]*agreement.Agreement{}
	if of.IsNil() {
		var err error
		if byID, err = a.H.Agreements.Of(ctx, a.H.DB, a.Scope, compact(in)); err != nil {
			return nil, err
		}
	}
	// Two nodes that did not see each other may have given the same one.
	clashes, err := a.H.Agreements.Clashes(ctx, a.H.DB, ids)
	if err != nil {
		return nil, err
	}
	doubts, err := a.H.Agreements.Doubts(ctx, a.H.DB, ids)
	if err != nil {
		return nil, err
	}
	var out []MandateRow
	for _, m := range list {
		r := MandateRow{Operator: k.org(m.Is.Operator), Place: a.PlaceName(m.Is.Place), Programme: k.programmes[m.Is.Programme], From: m.Is.From, To: m.Is.To, Over: m.Is.To < a.Today(), Clash: m.Conflict || clashes[m.ID], Doubts: doubts[m.ID], Simulated: m.Is.Simulated}
		if x := byID[m.Is.Agreement]; x != nil {
			r.Agreement, r.AgreementURL = x.Code, door.With(link(x.ID), "tab", "mandates")
		}
		if write {
			r.URL = link(m.Is.Agreement, "mandates", m.ID.String(), "edit")
		}
		out = append(out, r)
	}
	return out, nil
}

func (k *known) women(s agreement.Signatures) Women {
	return Women{s.Women, s.Known, s.Unknown, s.Simulated}
}

// pageSize is how many rows a page of a list has.
const pageSize = 50

// part reads which page of a list is asked for, under a name of the query: its first row.
func part(a *door.Ask, name string) int {
	n, err := strconv.Atoi(a.R.URL.Query().Get(name))
	if err != nil || n < 2 || n > 1_000_000 {
		return 0
	}
	return (n - 1) * pageSize
}

// pager leads through a list of total rows of which those from one on are shown. The rest of the query stays.
func pager(a *door.Ask, name string, from, shown, total int) shell.Pager {
	to := func(n int) string {
		q := a.R.URL.Query()
		q.Set(name, strconv.Itoa(n))
		return a.R.URL.Path + "?" + q.Encode()
	}
	p := shell.Pager{Shown: shown, Total: total}
	if n := from/pageSize + 1; from > 0 {
		p.Prev = to(min(n-1, (total+pageSize-1)/pageSize))
	}
	if from+shown < total && shown > 0 {
		p.Next = to(from/pageSize + 2)
	}
	return p
}

// few are the rows of a list that its page shows.
func few[T any](a *door.Ask, name string, list []T) ([]T, shell.Pager) {
	from := part(a, name)
	some := list[min(from, len(list)):min(from+pageSize, len(list))]
	return some, pager(a, name, from, len(some), len(list))
}

// firstLate is how many late commitments, and ended mandates, lead the list of agreements.
const firstLate = 5

func list(a *door.Ask) error {
	if err := a.Here(); err != nil {
		return err
	}
	ctx := a.R.Context()
	k, err := names(a)
	if err != nil {
		return err
	}
	u := a.R.URL.Query()
	v := List{DueURL: "/agreements/due", LeaseURL: "/agreements/mandates", Query: strings.TrimSpace(u.Get("q")), Kind: u.Get("kind"), State: u.Get("state")}
	if !slices.Contains(agreement.Kinds, v.Kind) {
		v.Kind = ""
	}
	if !slices.Contains(agreement.FilterStates, v.State) {
		v.State = ""
	}
	if a.May(access.WriteAgreements) {
		v.NewURL, v.OrgURL = fresh(link(id.New(), "edit")), "/organisations"
	}
	from := part(a, "page")
	rows, total, err := a.H.Agreements.Page(ctx, a.H.DB, a.Scope, agreement.Filter{Search: v.Query, Kind: v.Kind, State: v.State, From: from, Size: pageSize})
	if err != nil {
		return err
	}
	v.Pager = pager(a, "page", from, len(rows), total)
	var in, orgs []id.ID
	for _, x := range rows {
		in = append(in, x.ID)
	}
	parties, err := a.H.Agreements.Members(ctx, a.H.DB, in)
	if err != nil {
		return err
	}
	for _, l := range parties {
		orgs = append(orgs, l...)
	}
	if err := k.learn(orgs...); err != nil {
		return err
	}
	for i := range rows {
		r := k.row(&rows[i].Agreement)
		r.Late = rows[i].Late
		for _, p := range parties[rows[i].ID] {
			r.Parties = append(r.Parties, k.org(p))
		}
		v.Rows = append(v.Rows, r)
	}
	v.Narrowed = v.Query+v.Kind+v.State != "" || from > 0
	if v.All = total; v.Narrowed {
		if _, v.All, err = a.H.Agreements.Page(ctx, a.H.DB, a.Scope, agreement.Filter{}); err != nil {
			return err
		}
	}
	if v.All == 0 || v.Narrowed {
		return a.Render("agreements/list", v)
	}
	signed, err := a.H.Agreements.Signatures(ctx, a.H.DB, a.Scope, id.Nil)
	if err != nil {
		return err
	}
	v.Women = k.women(signed)
	late := agreement.Owed{State: "late", Size: firstLate}
	if v.LateAll, err = a.H.Agreements.Owing(ctx, a.H.DB, a.Scope, late); err != nil {
		return err
	}
	owed, err := a.H.Agreements.Commitments(ctx, a.H.DB, a.Scope, late)
	if err != nil {
		return err
	}
	if v.Late, err = k.owed(owed, nil); err != nil {
		return err
	}
	over, _, err := a.H.Agreements.Mandates(ctx, a.H.DB, a.Scope, agreement.Held{State: "over", Size: firstLate})
	if err != nil {
		return err
	}
	if v.Expired, err = k.mandates(over, id.Nil, false); err != nil {
		return err
	}
	return a.Render("agreements/list", v)
}

func due(a *door.Ask) error {
	ctx := a.R.Context()
	k, err := names(a)
	if err != nil {
		return err
	}
	v := Due{State: a.R.URL.Query().Get("state")}
	if v.State != "late" && !slices.Contains(agreement.States, v.State) {
		v.State = ""
	}
	for state, n := range map[string]*int{"late": &v.Late, "due": &v.Open} {
		if *n, err = a.H.Agreements.Owing(ctx, a.H.DB, a.Scope, agreement.Owed{State: state}); err != nil {
			return err
		}
	}
	f := agreement.Owed{State: v.State, From: part(a, "page"), Size: pageSize}
	total, err := a.H.Agreements.Owing(ctx, a.H.DB, a.Scope, f)
	if err != nil {
		return err
	}
	owed, err := a.H.Agreements.Commitments(ctx, a.H.DB, a.Scope, f)
	if err != nil {
		return err
	}
	v.Pager = pager(a, "page", f.From, len(owed), total)
	if v.Rows, err = k.owed(owed, nil); err != nil {
		return err
	}
	return a.Render("agreements/due", v)
}

func mandates(a *door.Ask) error {
	k, err := names(a)
	if err != nil {
		return err
	}
	v := Mandates{State: a.R.URL.Query().Get("state")}
	f := agreement.Held{State: v.State, From: part(a, "page"), Size: pageSize}
	held, total, err := a.H.Agreements.Mandates(a.R.Context(), a.H.DB, a.Scope, f)
	if err != nil {
		return err
	}
	v.Pager = pager(a, "page", f.From, len(held), total)
	if v.Rows, err = k.mandates(held, id.Nil, a.May(access.WriteAgreements)); err != nil {
		return err
	}
	return a.Render("agreements/mandates", v)
}

// asked is the agreement that an address names, if the account may read it.
func asked(a *door.Ask) (*agreement.Agreement, error) {
	v, err := a.ID("agreement")
	if err != nil {
		return nil, err
	}
	return a.H.Agreements.Get(a.R.Context(), a.H.DB, a.Scope, v)
}

var tabs = []string{"", "commitments", "money", "mandates", "decisions", "papers"}

func one(a *door.Ask) error {
	v, err := view(a)
	if err != nil {
		return err
	}
	return a.Render("agreements/agreement", v)
}

// view is the page of an agreement, with the tab that the address asks for.
func view(a *door.Ask) (*Agreement, error) {
	ctx := a.R.Context()
	x, err := asked(a)
	if err != nil {
		return nil, err
	}
	k, err := names(a)
	if err != nil {
		return nil, err
	}
	v := &Agreement{Row: k.row(x), Tab: a.R.URL.Query().Get("tab"), Write: a.May(access.WriteAgreements), About: x.About, SignedAt: x.SignedAt, From: x.From, Renewal: x.Renewal, Public: x.Public, Source: k.source(x.Source), Strategies: k.strategies(x.Strategies)}
	if !slices.Contains(tabs, v.Tab) {
		v.Tab = ""
	}
	f := agreement.Owed{Agreement: x.ID, From: part(a, "page"), Size: pageSize}
	all, err := a.H.Agreements.Owing(ctx, a.H.DB, a.Scope, f)
	if err != nil {
		return nil, err
	}
	for _, t := range tabs {
		tab := Tab{Key: cmp.Or(t, "about"), URL: door.With(link(x.ID), "tab", t), Count: -1, Current: t == v.Tab}
		if t == "commitments" {
			tab.Count = all
		}
		v.Tabs = append(v.Tabs, tab)
	}
	if v.Write {
		v.EditURL = link(x.ID, "edit")
		if x.Renewal != "" {
			v.RenewURL = link(x.ID, "renew")
		}
		if t := map[string]string{"": "parties", "commitments": "commitments", "mandates": "mandates", "decisions": "decisions"}[v.Tab]; t == "parties" {
			v.AddURL = link(x.ID, "parties", "new")
		} else if t != "" {
			v.AddURL = fresh(link(x.ID, t, id.New().String(), "edit"))
		}
	}
	left, err := k.leavers(x)
	if err != nil {
		return nil, err
	}
	v.Warnings = append(warnings(a, x), left...)
	switch v.Tab {
	case "":
		err = k.about(x, v)
	case "commitments":
		owed, err := a.H.Agreements.Commitments(ctx, a.H.DB, a.Scope, f)
		if err != nil {
			return nil, err
		}
		v.Pager = pager(a, "page", f.From, len(owed), all)
		if v.Commitments, err = k.owed(owed, x); err != nil {
			return nil, err
		}
	case "money":
		err = k.money(x, v)
	case "mandates":
		of := agreement.Held{Agreement: x.ID, From: f.From, Size: pageSize}
		held, total, err := a.H.Agreements.Mandates(ctx, a.H.DB, a.Scope, of)
		if err != nil {
			return nil, err
		}
		v.Pager = pager(a, "page", of.From, len(held), total)
		if v.Mandates, err = k.mandates(held, x.ID, v.Write); err != nil {
			return nil, err
		}
	case "decisions":
		taken, err := a.H.Agreements.Decisions(ctx, a.H.DB, x.ID)
		if err != nil {
			return nil, err
		}
		taken, v.Pager = few(a, "page", taken)
		var owners []id.ID
		for _, d := range taken {
			owners = append(owners, d.Is.Owner)
		}
		if err := k.learn(owners...); err != nil {
			return nil, err
		}
		for _, d := range taken {
			r := DecisionRow{Committee: d.Is.Committee, What: d.Is.What, On: d.Is.On, Due: d.Is.Due, Done: d.Is.Done, Owner: k.org(d.Is.Owner), Simulated: d.Is.Simulated,
				Late: d.Is.Done == "" && d.Is.Due != "" && d.Is.Due < a.Today()}
			if v.Write {
				r.URL = link(x.ID, "decisions", d.ID.String(), "edit")
			}
			v.Decisions = append(v.Decisions, r)
		}
	case "papers":
		err = k.papers(x, v)
	}
	return v, err
}

// warnings are what is odd about an agreement and yet may be so.
func warnings(a *door.Ask, x *agreement.Agreement) []string {
	var out []string
	if first, _ := source.Span(x.Signed); x.Signed != "" && x.From != "" && x.From < first {
		out = append(out, a.P.T("agree.warn.valid_before_signed", "from", a.P.Date(x.From), "signed", source.Words(a.P, x.Signed)))
	}
	switch x.RunsOut(a.Today()) {
	case "tacit":
		out = append(out, a.P.T("agree.warn.tacit", "date", a.P.Date(x.Until)))
	case "over":
		out = append(out, a.P.T("agree.warn.over", "date", a.P.Date(x.Until)))
	case "soon":
		if by := x.NoticeBy(); x.Renewal == agreement.Tacit {
			out = append(out, a.P.T("agree.warn.soon_tacit", "date", a.P.Date(x.Until), "by", a.P.Date(by)))
		} else if x.Renewal == agreement.Express {
			out = append(out, a.P.T("agree.warn.soon_express", "date", a.P.Date(x.Until), "by", a.P.Date(by)))
		} else {
			out = append(out, a.P.T("agree.warn.soon", "date", a.P.Date(x.Until)))
		}
	}
	if x.Conflict {
		out = append(out, a.P.T("agree.warn.conflict"))
	}
	return out
}

// leavers warns of parties that left while commitments name them that are not kept, or mandates of theirs go on.
func (k *known) leavers(x *agreement.Agreement) ([]string, error) {
	a := k.a
	ctx := a.R.Context()
	owing, err := a.H.Agreements.Leavers(ctx, a.H.DB, x.ID)
	if err != nil || len(owing) == 0 {
		return nil, err
	}
	parties, err := a.H.Agreements.Parties(ctx, a.H.DB, x.ID)
	if err != nil {
		return nil, err
	}
	if err := k.learn(slices.Collect(maps.Keys(owing))...); err != nil {
		return nil, err
	}
	var out []string
	for _, p := range parties {
		l := owing[p.Is.Organisation]
		if l.Owes > 0 {
			out = append(out, a.P.T("agree.warn.left_owes", "party", said(a, k.org(p.Is.Organisation)), "date", a.P.Date(p.Is.Left), "n", l.Owes))
		}
		if l.Runs > 0 {
			out = append(out, a.P.T("agree.warn.left_runs", "party", said(a, k.org(p.Is.Organisation)), "date", a.P.Date(p.Is.Left), "n", l.Runs))
		}
	}
	return out, nil
}

// renewalUndone takes back a renewal that was written down by mistake.
func renewalUndone(a *door.Ask) error {
	v, err := a.ID("agreement")
	if err != nil {
		return err
	}
	list, err := a.H.Agreements.Renewals(a.R.Context(), a.H.DB, v)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(r agreement.AgreementRenewed) bool { return r.To == a.R.PostFormValue("to") })
	if i < 0 { // somebody else took it back
		return a.Go(link(v))
	}
	r := list[i]
	r.Withdrawn = true
	if err := a.H.Agreements.Renew(a.R.Context(), a.Actor(), v, r); err != nil {
		return err
	}
	a.Notify("good", "agree.renewal_undone", "date", a.P.Date(r.To))
	return a.Go(link(v))
}

func (k *known) about(x *agreement.Agreement, v *Agreement) error {
	a := k.a
	ctx := a.R.Context()
	below, err := a.H.Agreements.Below(ctx, a.H.DB, a.Scope, x.ID)
	if err != nil {
		return err
	}
	for i := range below {
		v.Below = append(v.Below, k.row(&below[i]))
	}
	if !x.Parent.IsNil() {
		above, err := a.H.Agreements.Of(ctx, a.H.DB, a.Scope, []id.ID{x.Parent})
		if err != nil {
			return err
		}
		if p := above[x.Parent]; p != nil {
			r := k.row(p)
			v.Parent = &r
		}
	}
	if x.Renewal != "" {
		v.NoticeBy = x.NoticeBy()
	}
	v.UndoRenewal = link(x.ID, "renew", "undo")
	again, err := a.H.Agreements.Renewals(ctx, a.H.DB, x.ID)
	if err != nil {
		return err
	}
	for _, r := range again {
		v.Renewals = append(v.Renewals, Line{On: r.On, Text: r.Note, State: a.P.T("agree.renewed_until", "date", a.P.Date(r.To)), Undo: r.To})
	}
	for _, p := range x.Programmes {
		v.Programmes = append(v.Programmes, k.programmes[p])
	}
	for _, p := range x.Places {
		v.Places = append(v.Places, a.PlaceName(p))
	}
	parties, err := a.H.Agreements.Parties(ctx, a.H.DB, x.ID)
	if err != nil {
		return err
	}
	var orgs []id.ID
	for _, p := range parties {
		orgs = append(orgs, p.Is.Organisation)
	}
	if err := k.learn(orgs...); err != nil {
		return err
	}
	signatories, err := a.H.Agreements.Signatories(ctx, a.H.DB, x.ID)
	if err != nil {
		return err
	}
	for _, p := range parties {
		m := Party{Name: k.org(p.Is.Organisation), Role: p.Is.Role, Since: p.Is.Joined, Left: p.Is.Left, Reason: p.Is.Reason}
		if v.Write {
			m.URL = link(x.ID, "parties", p.ID.String())
		}
		if by, ok := signatories[p.ID]; ok {
			m.Office, m.Sex, m.Simulated = by.Office.Title, by.Term.Sex, by.Term.Simulated
		}
		v.Members = append(v.Members, m)
	}
	signed, err := a.H.Agreements.Signatures(ctx, a.H.DB, a.Scope, x.ID)
	if err != nil {
		return err
	}
	v.Women = k.women(signed)
	bound, err := a.H.Programmes.Bound(ctx, a.H.DB, x.ID)
	if err != nil {
		return err
	}
	numbers, err := a.Numbers()
	if err != nil {
		return err
	}
	for _, t := range bound {
		period := a.P.T("board.whole")
		if t.Period != measure.Total {
			period = a.P.Period(t.Period)
		}
		r := TargetRow{Programme: k.programmes[t.Programme], Place: a.PlaceName(t.Place), Period: period, Value: t.Value, Participations: t.Indicator == measure.Participations, Source: k.source(t.Source)}
		var pairs []string
		r.Cells, pairs = a.Cells(t)
		asked := []string{"programme", k.codes[t.Programme], "period", cmp.Or(t.Period, "all"), "indicator", t.Indicator}
		if p := a.Tree.Get(t.Place); p != nil {
			asked = append(asked, "place", p.Code)
		}
		if r.URL = door.With("/board", asked...); len(pairs) > 0 {
			r.URL = door.With("/evidence", append(asked, pairs...)...)
		}
		centres, whole := numbers.Within(t)
		if r.Partly = !whole; whole {
			if r.Reached, err = numbers.Figure(t, centres); err != nil {
				return err
			}
			if !r.Reached.Hidden {
				r.Bar = chart.Bar{Value: r.Reached.Value, Target: t.Value, RTL: a.Lang.Dir() == "rtl"}
			}
		}
		v.Targets = append(v.Targets, r)
	}
	slices.SortStableFunc(v.Targets, func(a, b TargetRow) int { return cmp.Compare(b.Value, a.Value) })
	return nil
}

func (k *known) said(s agreement.Sums) []string {
	var out []string
	for _, m := range s.List() {
		out = append(out, m.Words(k.a.P))
	}
	return out
}

// bar draws an amount against another. A chart counts in whole numbers, and minor units are.
func (k *known) bar(amount, of agreement.Money) chart.Bar {
	return chart.Bar{Value: amount.Amount, Target: of.Amount, RTL: k.a.Lang.Dir() == "rtl", Label: amount.Words(k.a.P) + " / " + of.Words(k.a.P)}
}

// latestEntries is how many receipts of a promise, and expenses of a line, stand below it; a page of its own has all.
const latestEntries = 5

func (k *known) money(x *agreement.Agreement, v *Agreement) error {
	a := k.a
	ctx := a.R.Context()
	period := a.R.URL.Query().Get("period")
	if !measure.IsPeriod(period) {
		period = measure.Total
	}
	b, err := a.H.Agreements.Books(ctx, a.H.DB, x.ID, period)
	if err != nil {
		return err
	}
	m := &Money{Simulated: b.Simulated, Promised: k.said(b.Promised), Received: k.said(b.Received), InKind: k.said(b.InKind), Budgeted: k.said(b.Budgeted), Spent: k.said(b.Spent), Unassigned: k.said(b.Unassigned)}
	v.Money = m
	entry := func(sort string) string {
		return fresh(link(x.ID, "money", id.New().String()), "sort", sort)
	}
	change := func(e agreement.Item[agreement.EntryStated]) string {
		if !v.Write {
			return ""
		}
		return link(x.ID, "money", e.ID.String())
	}
	if v.Write {
		m.PromiseURL, m.LineURL = entry(agreement.Promise), entry(agreement.Budget)
		if len(b.Promises) > 0 {
			m.ReceiptURL = entry(agreement.Receipt)
		}
		if len(b.Lines) > 0 {
			m.ExpenseURL = entry(agreement.Expense)
		}
	}
	rows := func(list []agreement.Item[agreement.EntryStated]) []EntryRow {
		var out []EntryRow
		for _, e := range list {
			out = append(out, EntryRow{On: e.Is.On, Amount: e.Is.Money().Words(a.P), What: e.Is.What, Reference: e.Is.Reference, URL: change(e), Programme: k.programmes[e.Is.Programme], Place: a.PlaceName(e.Is.Place), Simulated: e.Is.Simulated})
		}
		return out
	}
	promises, lines := b.Promises, b.Lines
	if of := a.R.URL.Query().Get("of"); of != "" { // one of them, with all its entries
		v, err := id.Parse(of)
		p, l := b.Of(v)
		switch {
		case err != nil || p == nil && l == nil:
			return fs.ErrNotExist
		case p != nil:
			promises, lines = []agreement.Contribution{*p}, nil
			promises[0].Receipts, m.Pager = few(a, "page", p.Receipts)
		default:
			promises, lines = nil, []agreement.Line{*l}
			lines[0].Expenses, m.Pager = few(a, "page", l.Expenses)
		}
		m.Of = door.With(link(x.ID), "tab", "money")
	} else {
		promises, m.PromisePager = few(a, "promises", promises)
		lines, m.LinePager = few(a, "lines", lines)
	}
	// latest are the last entries of a list, and where all are when there are more.
	latest := func(v id.ID, list []agreement.Item[agreement.EntryStated]) ([]agreement.Item[agreement.EntryStated], string, int) {
		if m.Of != "" || len(list) <= latestEntries {
			return list, "", 0
		}
		return list[len(list)-latestEntries:], door.With(link(x.ID), "tab", "money", "of", v.String(), "period", period), len(list)
	}
	var givers []id.ID
	for _, p := range promises {
		givers = append(givers, p.Is.Organisation)
	}
	if err := k.learn(givers...); err != nil {
		return err
	}
	for _, p := range promises {
		some, more, all := latest(p.ID, p.Receipts)
		got := agreement.Money{Currency: p.Is.Currency, Amount: p.Received}
		m.Promises = append(m.Promises, PromiseRow{By: k.org(p.Is.Organisation), What: p.Is.What, On: p.Is.On, URL: change(p.Item), Amount: p.Is.Money().Words(a.P), Received: got.Words(a.P), InKind: p.Is.InKind,
			Bar: k.bar(got, p.Is.Money()), Receipts: rows(some), MoreURL: more, All: all, Simulated: p.Is.Simulated})
	}
	for _, l := range lines {
		some, more, all := latest(l.ID, l.Expenses)
		spent := agreement.Money{Currency: l.Is.Currency, Amount: l.Spent}
		r := BudgetRow{What: l.Is.What, On: l.Is.On, Until: l.Is.Until, URL: change(l.Item), Amount: l.Is.Money().Words(a.P), Spent: spent.Words(a.P), Bar: k.bar(spent, l.Is.Money()), Expenses: rows(some), MoreURL: more, All: all, Simulated: l.Is.Simulated}
		r.Bar.Limit = true
		if l.Over() {
			r.Over = agreement.Money{Currency: l.Is.Currency, Amount: l.Spent - l.Is.Amount}.Words(a.P)
		}
		m.Lines = append(m.Lines, r)
	}
	m.Periods = append(m.Periods, Tab{Key: a.P.T("board.whole"), URL: door.With(link(x.ID), "tab", "money"), Current: period == measure.Total})
	for _, y := range b.Years {
		m.Periods = append(m.Periods, Tab{Key: y, URL: door.With(link(x.ID), "tab", "money", "period", y), Current: period == y})
	}
	// What a person cost is the same whoever reads it: of all who were reached where the money was for, or, where an expense
	// names no place, at the places of the agreement.
	boards := &boards{k, map[measure.Filter]*measure.Board{}}
	costs, pager := few(a, "costs", b.Costs)
	m.CostPager = pager
	for _, c := range costs {
		places := []id.ID{c.Place}
		if c.Place.IsNil() {
			places = x.Places
		}
		reached, centres, err := boards.among(c.Programme, places, period)
		if err != nil {
			return err
		}
		for _, spent := range c.Spent.List() {
			r := CostRow{Programme: k.programmes[c.Programme], Place: a.PlaceName(c.Place), Spent: spent.Words(a.P), Reached: reached, Centres: centres}
			if each, ok := spent.Per(reached); ok {
				r.Each = each.Words(a.P)
			}
			m.Costs = append(m.Costs, r)
		}
	}
	return nil
}

// boards are the numbers of programmes that money is divided by, each read once.
type boards struct {
	*known
	read map[measure.Filter]*measure.Board
}

// among is how many people were reached at the centres of some places, each centre once, and at how many of them; everywhere
// where there is no place.
func (b *boards) among(programme id.ID, places []id.ID, period string) (people int64, centres int, err error) {
	f := measure.Filter{Programme: programme, Period: period}
	board := b.read[f]
	if board == nil {
		if board, err = measure.Read(b.a.R.Context(), b.a.H.DB, access.Everywhere(), f); err != nil {
			return 0, 0, err
		}
		b.read[f] = board
	}
	seen := map[id.ID]bool{}
	for _, p := range places {
		for _, c := range b.a.Tree.Within(p) {
			seen[c.ID] = true
		}
	}
	for c, n := range board.Centres {
		if n.People > 0 && (len(places) == 0 || seen[c]) {
			centres++
			people += n.People
		}
	}
	return people, centres, nil
}

func (k *known) papers(x *agreement.Agreement, v *Agreement) error {
	list, err := k.a.H.Agreements.Papers(k.a.R.Context(), k.a.H.DB, x.ID)
	if err != nil {
		return err
	}
	list, v.Pager = few(k.a, "page", list)
	for _, p := range list {
		r := PaperRow{Name: p.Is.Name, On: p.Is.On, Digest: p.Is.Blob.String(), KB: (p.Is.Size + 1023) >> 10, URL: link(x.ID, "papers", p.ID.String())}
		if v.Write {
			r.DropURL = r.URL + "/drop"
		}
		v.Papers = append(v.Papers, r)
	}
	if v.Write {
		v.UploadURL = link(x.ID, "papers")
	}
	return nil
}

// paper sends an attachment to be kept, never to be shown: it comes from elsewhere.
func paper(a *door.Ask) error {
	x, err := asked(a)
	if err != nil {
		return err
	}
	v, err := a.ID("paper")
	if err != nil {
		return err
	}
	p, err := a.H.Agreements.Paper(a.R.Context(), a.H.DB, x.ID, v)
	if err != nil {
		return err
	}
	f, err := a.H.Agreements.OpenPaper(p)
	if err != nil {
		return err
	}
	defer f.Close()
	h := a.W.Header()
	h.Set("Content-Type", p.Type)
	h.Set("Content-Length", strconv.FormatInt(p.Size, 10))
	h.Set("Cache-Control", "private, no-store")
	h.Set("Content-Disposition", `attachment; filename="`+p.Blob.String()[:12]+map[string]string{"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}[p.Type]+`"`)
	_, err = io.Copy(a.W, f)
	return err
}

func paperGiven(a *door.Ask) error {
	x, err := asked(a)
	if err != nil {
		return err
	}
	var tooLarge *http.MaxBytesError
	if err := a.R.ParseMultipartForm(8 << 20); errors.As(err, &tooLarge) {
		return err
	}
	var b []byte
	typed := door.Text(strings.TrimSpace(a.R.FormValue("name")))
	name := typed
	if f, h, err := a.R.FormFile("file"); err == nil {
		b, err = io.ReadAll(f)
		f.Close()
		if err != nil {
			return err
		}
		name = cmp.Or(name, door.Text(h.Filename))
	}
	if a.R.MultipartForm != nil {
		defer a.R.MultipartForm.RemoveAll()
	}
	err = a.H.Agreements.FilePaper(a.R.Context(), a.Actor(), x.ID, name, b)
	var wrong agreement.Faults
	if errors.As(err, &wrong) {
		q := a.R.URL.Query()
		q.Set("tab", "papers")
		a.R.URL.RawQuery = q.Encode()
		v, err := view(a)
		if err != nil {
			return err
		}
		v.Errors, v.PaperName = Sentences(a, wrong), typed
		return a.Again("agreements/agreement", v)
	}
	if err != nil {
		return err
	}
	a.Notify("good", "agree.saved")
	return a.Go(door.With(link(x.ID), "tab", "papers"))
}

func paperDropped(a *door.Ask) error {
	x, err := asked(a)
	if err != nil {
		return err
	}
	v, err := a.ID("paper")
	if err != nil {
		return err
	}
	if err := a.H.Agreements.DropPaper(a.R.Context(), a.Actor(), x.ID, v); err != nil {
		return err
	}
	a.Notify("good", "agree.removed")
	return a.Go(door.With(link(x.ID), "tab", "papers"))
}

// Sentences puts what is wrong beside its field.
func Sentences(a *door.Ask, wrong agreement.Faults) map[string]string {
	out := map[string]string{}
	for _, f := range wrong {
		for i := 1; i < len(f.Args); i += 2 {
			if s, ok := f.Args[i].(string); ok && source.IsDate(s) && f.Key != "agree.fault.date_span" { // that one shows how to write one
				f.Args[i] = source.Words(a.P, s)
			}
		}
		if out[f.Field] == "" {
			out[f.Field] = a.P.T(f.Key, f.Args...)
		}
	}
	return out
}

func commitment(a *door.Ask) error {
	ctx := a.R.Context()
	x, err := asked(a)
	if err != nil {
		return err
	}
	v, err := a.ID("commitment")
	if err != nil {
		return err
	}
	c, err := a.H.Agreements.Commitment(ctx, a.H.DB, a.Scope, v)
	if err != nil || c.Agreement != x.ID {
		return cmp.Or(err, fs.ErrNotExist)
	}
	k, err := names(a)
	if err != nil {
		return err
	}
	if err := k.learn(c.Debtor, c.Creditor); err != nil {
		return err
	}
	out := Commitment{CommitmentRow: k.commitment(x, *c), Name: x.Name, BackURL: door.With(link(x.ID), "tab", "commitments"), Source: k.source(c.Source)}
	if a.May(access.WriteAgreements) {
		out.EditURL, out.JudgeURL = out.URL+"/edit", out.URL+"/judge"
	}
	papers, err := a.H.Agreements.Papers(ctx, a.H.DB, x.ID)
	if err != nil {
		return err
	}
	judged, err := a.H.Agreements.History(ctx, a.H.DB, v)
	if err != nil {
		return err
	}
	for _, j := range judged {
		text, _ := j.Evidence.In(a.Lang)
		l := Line{On: j.On, State: j.State, Text: text}
		if acc, err := a.H.Access.Get(ctx, a.H.DB, j.Actor); err == nil && acc != nil {
			l.By = acc.Name
		}
		if j.Link != "" {
			l.Links = append(l.Links, Crumb{a.P.T("agree.number"), j.Link})
		}
		for _, p := range papers {
			if p.ID == j.Paper {
				l.Links = append(l.Links, Crumb{p.Is.Name, link(x.ID, "papers", p.ID.String())})
			}
		}
		out.History = append(out.History, l)
	}
	return a.Render("agreements/commitment", out)
}

func organisations(a *door.Ask) error {
	ctx := a.R.Context()
	orgs, err := a.H.Agreements.Organisations(ctx, a.H.DB)
	if err != nil {
		return err
	}
	offices, parties, err := a.H.Agreements.Sums(ctx, a.H.DB)
	if err != nil {
		return err
	}
	v := Organisations{NewURL: fresh("/organisations/" + id.New().String()), Query: strings.TrimSpace(a.R.URL.Query().Get("q")), Any: len(orgs) > 0}
	row := func(o agreement.Item[agreement.OrganisationDescribed], depth int) {
		v.Rows = append(v.Rows, OrganisationRow{Name: o.Is.Name, Type: o.Is.Type, Depth: min(depth, 4), Offices: offices[o.ID], Parties: parties[o.ID], URL: "/organisations/" + o.ID.String()})
	}
	below := map[id.ID][]agreement.Item[agreement.OrganisationDescribed]{}
	sought := sheet.Fold(v.Query)
	for _, o := range orgs {
		of := o.Is.Parent
		if v.Query != "" { // what is found stands in no tree
			of = id.Nil
			if !slices.ContainsFunc(slices.Collect(maps.Values(o.Is.Name)), func(s string) bool { return strings.Contains(sheet.Fold(s), sought) }) {
				continue
			}
		}
		below[of] = append(below[of], o)
	}
	var walk func(parent id.ID, depth int)
	walk = func(parent id.ID, depth int) {
		l := below[parent]
		slices.SortFunc(l, func(x, y agreement.Item[agreement.OrganisationDescribed]) int {
			return strings.Compare(said(a, x.Is.Name), said(a, y.Is.Name))
		})
		for _, o := range l {
			if row(o, depth); v.Query == "" {
				walk(o.ID, depth+1)
			}
		}
	}
	walk(id.Nil, 0)
	v.Rows, v.Pager = few(a, "page", v.Rows)
	return a.Render("agreements/organisations", v)
}

func said(a *door.Ask, t i18n.Text) string {
	s, _ := t.In(a.Lang)
	return s
}

// initiatives is for anybody: what was published about the country, and what this node says of itself.
func initiatives(a *door.Ask) error {
	ctx := a.R.Context()
	c, err := published(a)
	if err != nil {
		return err
	}
	k := &known{a: a, country: c}
	v := Initiatives{Country: c.Name}
	for _, x := range c.Initiatives {
		r := Initiative{Code: x.Code, Kind: x.Kind, Title: x.Title, On: source.Words(a.P, x.On), Until: source.Words(a.P, x.Until), Where: x.Where, Parties: x.Parties, Stated: x.Stated, Strategies: k.strategies(x.Strategies)}
		for _, s := range x.Sources {
			r.Sources = append(r.Sources, *k.source(s))
		}
		if x.Kind == "criticism" {
			v.Criticisms = append(v.Criticisms, r)
		} else {
			v.Rows = append(v.Rows, r)
		}
	}
	from := part(a, "page")
	public, total, err := a.H.Agreements.Public(ctx, a.H.DB, from, pageSize)
	if err != nil || total == 0 {
		return cmp.Or(err, a.Render("agreements/initiatives", v))
	}
	v.Pager = pager(a, "page", from, len(public), total)
	if k, err = names(a); err != nil {
		return err
	}
	var in, orgs []id.ID
	for _, x := range public {
		in = append(in, x.ID)
	}
	parties, err := a.H.Agreements.Members(ctx, a.H.DB, in)
	if err != nil {
		return err
	}
	for _, l := range parties {
		orgs = append(orgs, l...)
	}
	if err := k.learn(orgs...); err != nil {
		return err
	}
	for i := range public {
		x := &public[i]
		r := Initiative{Code: x.Code, Kind: "agreement", Title: x.Name, On: source.Words(a.P, x.Signed), Where: x.SignedAt, Strategies: k.strategies(x.Strategies), Sources: []Source{*k.source(x.Source)}}
		if x.Until != "" {
			r.Until = a.P.Date(x.Until)
		}
		if len(x.About) > 0 {
			r.Stated = []i18n.Text{x.About}
		}
		for _, p := range parties[x.ID] {
			r.Parties = append(r.Parties, k.org(p))
		}
		v.Node = append(v.Node, r)
	}
	return a.Render("agreements/initiatives", v)
}
