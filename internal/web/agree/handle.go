package agree

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
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
	"tizi/internal/source"
	"tizi/internal/web/chart"
	"tizi/internal/web/door"
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
	orgs       map[id.ID]agreement.OrganisationDescribed
	programmes map[id.ID]i18n.Text
	codes      map[id.ID]string // of programmes
	country    *countries.Country
}

func names(a *door.Ask) (*known, error) {
	ctx := a.R.Context()
	k := &known{a: a, orgs: map[id.ID]agreement.OrganisationDescribed{}, programmes: map[id.ID]i18n.Text{}, codes: map[id.ID]string{}}
	orgs, err := a.H.Agreements.Organisations(ctx, a.H.DB)
	if err != nil {
		return nil, err
	}
	for _, o := range orgs {
		k.orgs[o.ID] = o.Is
	}
	ps, err := a.H.Programmes.List(ctx, a.H.DB)
	if err != nil {
		return nil, err
	}
	for _, p := range ps {
		k.programmes[p.ID], k.codes[p.ID] = p.Name, p.Code
	}
	k.country, err = published(a)
	return k, err
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

func (k *known) mandates(list []agreement.Item[agreement.MandateGiven], byID map[id.ID]*agreement.Agreement, write bool) []MandateRow {
	var out []MandateRow
	for _, m := range list {
		r := MandateRow{Operator: k.org(m.Is.Operator), Place: k.a.PlaceName(m.Is.Place), Programme: k.programmes[m.Is.Programme], From: m.Is.From, To: m.Is.To, Over: m.Is.To < k.a.Today(), Simulated: m.Is.Simulated}
		// Two nodes that did not see each other may have given the same one.
		r.Clash = m.Conflict || slices.ContainsFunc(list, func(o agreement.Item[agreement.MandateGiven]) bool {
			return o.ID != m.ID && o.Is.Operator != m.Is.Operator && o.Is.Place == m.Is.Place && o.Is.Programme == m.Is.Programme && o.Is.From <= m.Is.To && m.Is.From <= o.Is.To
		})
		if x := byID[m.Is.Agreement]; x != nil {
			r.Agreement, r.AgreementURL = x.Code, door.With(link(x.ID), "tab", "mandates")
		}
		if write {
			r.URL = link(m.Is.Agreement, "mandates", m.ID.String(), "edit")
		}
		out = append(out, r)
	}
	return out
}

func index(list []agreement.Agreement) map[id.ID]*agreement.Agreement {
	out := map[id.ID]*agreement.Agreement{}
	for i := range list {
		out[list[i].ID] = &list[i]
	}
	return out
}

func (k *known) women(s agreement.Signatures) Women {
	return Women{s.Women, s.Known, s.Unknown, s.Simulated}
}

// overview is what the lists of all agreements are made of.
type overview struct {
	*known
	all  []agreement.Agreement
	byID map[id.ID]*agreement.Agreement
	owed []agreement.Commitment
	held []agreement.Item[agreement.MandateGiven]
}

func look(a *door.Ask) (*overview, error) {
	ctx := a.R.Context()
	k, err := names(a)
	if err != nil {
		return nil, err
	}
	o := &overview{known: k}
	if o.all, err = a.H.Agreements.List(ctx, a.H.DB, a.Scope); err != nil {
		return nil, err
	}
	o.byID = index(o.all)
	if o.owed, err = a.H.Agreements.Commitments(ctx, a.H.DB, a.Scope, id.Nil); err != nil {
		return nil, err
	}
	o.held, err = a.H.Agreements.Mandates(ctx, a.H.DB, a.Scope, id.Nil)
	return o, err
}

// firstLate is how many late commitments, and ended mandates, lead the list of agreements.
const firstLate = 5

func list(a *door.Ask) error {
	ctx := a.R.Context()
	k, err := look(a)
	if err != nil {
		return err
	}
	all, byID := k.all, k.byID
	signed, err := a.H.Agreements.Signatures(ctx, a.H.DB, a.Scope, id.Nil)
	if err != nil {
		return err
	}
	v := List{Women: k.women(signed), DueURL: "/agreements/due", LeaseURL: "/agreements/mandates"}
	if a.May(access.WriteAgreements) {
		v.NewURL, v.OrgURL = fresh(link(id.New(), "edit")), "/organisations"
	}
	late := map[id.ID]int{}
	for _, c := range k.owed {
		if c.Late(a.Today()) {
			if late[c.Agreement]++; len(v.Late) < firstLate {
				v.Late = append(v.Late, k.commitment(byID[c.Agreement], c))
			}
			v.LateAll++
		}
	}
	for _, m := range k.mandates(k.held, byID, false) {
		if m.Over && len(v.Expired) < firstLate {
			v.Expired = append(v.Expired, m)
		}
	}
	parties, err := a.H.Agreements.Members(ctx, a.H.DB)
	if err != nil {
		return err
	}
	for i := range all {
		r := k.row(&all[i])
		r.Late = late[all[i].ID]
		for _, p := range parties[all[i].ID] {
			r.Parties = append(r.Parties, k.org(p))
		}
		v.Rows = append(v.Rows, r)
	}
	// What needs somebody comes first.
	need := func(r Row) int {
		return map[bool]int{true: 0, false: 1}[r.Late > 0]*4 + map[string]int{"over": 0, "soon": 1, "tacit": 2, "": 2}[r.RunsOut]
	}
	slices.SortStableFunc(v.Rows, func(x, y Row) int { return cmp.Compare(need(x), need(y)) })
	return a.Render("agreements/list", v)
}

func due(a *door.Ask) error {
	k, err := look(a)
	if err != nil {
		return err
	}
	v := Due{State: a.R.URL.Query().Get("state")}
	for _, c := range k.owed {
		r := k.commitment(k.byID[c.Agreement], c)
		if r.Late {
			v.Late++
		}
		if c.State == agreement.Open || c.State == agreement.Partly {
			v.Open++
		}
		if v.State == "" || v.State == c.State || v.State == "late" && r.Late {
			v.Rows = append(v.Rows, r)
		}
	}
	return a.Render("agreements/due", v)
}

func mandates(a *door.Ask) error {
	k, err := look(a)
	if err != nil {
		return err
	}
	return a.Render("agreements/mandates", Mandates{k.mandates(k.held, k.byID, a.May(access.WriteAgreements))})
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
	owed, err := a.H.Agreements.Commitments(ctx, a.H.DB, a.Scope, x.ID)
	if err != nil {
		return nil, err
	}
	for _, c := range owed {
		r := k.commitment(x, c)
		r.Agreement = ""
		if r.Late {
			v.Late++
		}
		v.Commitments = append(v.Commitments, r)
	}
	for _, t := range tabs {
		tab := Tab{Key: cmp.Or(t, "about"), URL: door.With(link(x.ID), "tab", t), Count: -1, Current: t == v.Tab}
		if t == "commitments" {
			tab.Count = len(owed)
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
	case "money":
		err = k.money(x, v)
	case "mandates":
		var held []agreement.Item[agreement.MandateGiven]
		held, err = a.H.Agreements.Mandates(ctx, a.H.DB, a.Scope, x.ID)
		v.Mandates = k.mandates(held, nil, v.Write)
	case "decisions":
		var taken []agreement.Item[agreement.DecisionTaken]
		taken, err = a.H.Agreements.Decisions(ctx, a.H.DB, x.ID)
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

// leavers warns of parties that left while commitments name them that are not kept.
func (k *known) leavers(x *agreement.Agreement) ([]string, error) {
	a := k.a
	parties, err := a.H.Agreements.Parties(a.R.Context(), a.H.DB, x.ID)
	if err != nil {
		return nil, err
	}
	owed, err := a.H.Agreements.Commitments(a.R.Context(), a.H.DB, access.Everywhere(), x.ID)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, p := range parties {
		if p.Is.Left == "" {
			continue
		}
		n := 0
		for _, c := range owed {
			if (c.Debtor == p.Is.Organisation || c.Creditor == p.Is.Organisation) && (c.State == agreement.Open || c.State == agreement.Partly) {
				n++
			}
		}
		if n > 0 {
			out = append(out, a.P.T("agree.warn.left_owes", "party", said(a, k.org(p.Is.Organisation)), "date", a.P.Date(p.Is.Left), "n", n))
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
	all, err := a.H.Agreements.List(ctx, a.H.DB, a.Scope)
	if err != nil {
		return err
	}
	for i := range all {
		switch r := k.row(&all[i]); {
		case all[i].ID == x.Parent:
			v.Parent = &r
		case all[i].Parent == x.ID:
			v.Below = append(v.Below, r)
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
	for _, p := range parties {
		m := Party{Name: k.org(p.Is.Organisation), Role: p.Is.Role, Since: p.Is.Joined, Left: p.Is.Left, Reason: p.Is.Reason}
		if v.Write {
			m.URL = link(x.ID, "parties", p.ID.String())
		}
		term, office, err := a.H.Agreements.Term(ctx, a.H.DB, p.Is.Term)
		if err != nil {
			return err
		}
		if term != nil && office != nil {
			m.Office, m.Sex, m.Simulated = office.Is.Title, term.Is.Sex, term.Is.Simulated
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
	boards, err := k.boards()
	if err != nil {
		return err
	}
	for _, t := range bound {
		if !t.Whole() {
			continue
		}
		period := a.P.T("board.whole")
		if t.Period != measure.Total {
			period = a.P.Period(t.Period)
		}
		reached, err := boards.reached(t.Programme, t.Place, t.Period, t.Indicator)
		if err != nil {
			return err
		}
		v.Targets = append(v.Targets, TargetRow{Programme: k.programmes[t.Programme], Place: a.PlaceName(t.Place), Period: period, Value: t.Value, Reached: reached, Participations: t.Indicator == measure.Participations,
			Bar: chart.Bar{Value: reached, Target: t.Value, RTL: a.Lang.Dir() == "rtl"}, Source: k.source(t.Source),
			URL: door.With("/board", "programme", k.codes[t.Programme], "period", cmp.Or(t.Period, "all"))})
	}
	slices.SortFunc(v.Targets, func(a, b TargetRow) int { return cmp.Compare(b.Value, a.Value) })
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
	for _, p := range b.Promises {
		got := agreement.Money{Currency: p.Is.Currency, Amount: p.Received}
		m.Promises = append(m.Promises, PromiseRow{By: k.org(p.Is.Organisation), What: p.Is.What, On: p.Is.On, URL: change(p.Item), Amount: p.Is.Money().Words(a.P), Received: got.Words(a.P), InKind: p.Is.InKind,
			Bar: k.bar(got, p.Is.Money()), Receipts: rows(p.Receipts), Simulated: p.Is.Simulated})
	}
	for _, l := range b.Lines {
		spent := agreement.Money{Currency: l.Is.Currency, Amount: l.Spent}
		r := BudgetRow{What: l.Is.What, On: l.Is.On, Until: l.Is.Until, URL: change(l.Item), Amount: l.Is.Money().Words(a.P), Spent: spent.Words(a.P), Bar: k.bar(spent, l.Is.Money()), Expenses: rows(l.Expenses), Simulated: l.Is.Simulated}
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
	boards := &boards{k, access.Everywhere(), map[measure.Filter]*measure.Board{}}
	for _, c := range b.Costs {
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

// boards are the numbers of programmes that a page of an agreement compares with, each read once.
type boards struct {
	*known
	numbers access.Scope
	read    map[measure.Filter]*measure.Board
}

func (k *known) boards() (*boards, error) {
	numbers, err := k.a.ScopeOf(access.ReadBoard)
	return &boards{k, numbers, map[measure.Filter]*measure.Board{}}, err
}

// among is how many people were reached at the centres of some places, each centre once, and at how many of them; everywhere
// where there is no place.
func (b *boards) among(programme id.ID, places []id.ID, period string) (people int64, centres int, err error) {
	if people, err = b.reached(programme, id.Nil, period, measure.People); err != nil {
		return 0, 0, err
	}
	board := b.read[measure.Filter{Programme: programme, Period: period}]
	seen := map[id.ID]bool{}
	for _, p := range places {
		for _, c := range b.a.Tree.Within(p) {
			seen[c.ID] = true
		}
	}
	if len(places) > 0 {
		people = 0
	}
	for c, n := range board.Centres {
		if n.People > 0 && (len(places) == 0 || seen[c]) {
			centres++
			if len(places) > 0 {
				people += n.People
			}
		}
	}
	return people, centres, nil
}

// reached is how many were reached in a place, or everywhere.
func (b *boards) reached(programme, place id.ID, period, indicator string) (int64, error) {
	f := measure.Filter{Programme: programme, Period: period}
	board := b.read[f]
	if board == nil {
		var err error
		if board, err = measure.Read(b.a.R.Context(), b.a.H.DB, b.numbers, f); err != nil {
			return 0, err
		}
		b.read[f] = board
	}
	of := func(n measure.Counts) int64 {
		if indicator == measure.Participations {
			return n.Participations
		}
		return n.People
	}
	if place.IsNil() {
		return of(board.Total), nil
	}
	var sum int64
	for _, centre := range b.a.Tree.Within(place) {
		sum += of(board.Centres[centre.ID])
	}
	return sum, nil
}

func (k *known) papers(x *agreement.Agreement, v *Agreement) error {
	list, err := k.a.H.Agreements.Papers(k.a.R.Context(), k.a.H.DB, x.ID)
	if err != nil {
		return err
	}
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
	offices, err := a.H.Agreements.Offices(ctx, a.H.DB, id.Nil)
	if err != nil {
		return err
	}
	members, err := a.H.Agreements.Members(ctx, a.H.DB)
	if err != nil {
		return err
	}
	count, part := map[id.ID]int{}, map[id.ID]int{}
	for _, o := range offices {
		count[o.Is.Organisation]++
	}
	for _, l := range members {
		for _, o := range l {
			part[o]++
		}
	}
	below := map[id.ID][]agreement.Item[agreement.OrganisationDescribed]{}
	for _, o := range orgs {
		below[o.Is.Parent] = append(below[o.Is.Parent], o)
	}
	v := Organisations{NewURL: fresh("/organisations/" + id.New().String())}
	var walk func(parent id.ID, depth int)
	walk = func(parent id.ID, depth int) {
		l := below[parent]
		slices.SortFunc(l, func(x, y agreement.Item[agreement.OrganisationDescribed]) int {
			return strings.Compare(said(a, x.Is.Name), said(a, y.Is.Name))
		})
		for _, o := range l {
			v.Rows = append(v.Rows, OrganisationRow{Name: o.Is.Name, Type: o.Is.Type, Depth: min(depth, 4), Offices: count[o.ID], Parties: part[o.ID], URL: "/organisations/" + o.ID.String()})
			walk(o.ID, depth+1)
		}
	}
	walk(id.Nil, 0)
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
	public, err := a.H.Agreements.Public(ctx, a.H.DB)
	if err != nil || len(public) == 0 {
		return cmp.Or(err, a.Render("agreements/initiatives", v))
	}
	if k, err = names(a); err != nil {
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
		parties, err := a.H.Agreements.Parties(ctx, a.H.DB, x.ID)
		if err != nil {
			return err
		}
		for _, p := range parties {
			if p.Is.Left == "" || p.Is.Left > a.Today() {
				r.Parties = append(r.Parties, k.org(p.Is.Organisation))
			}
		}
		v.Node = append(v.Node, r)
	}
	return a.Render("agreements/initiatives", v)
}
