package agreement_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/agreement"
	"tizi/internal/blob"
	"tizi/internal/fault"
	"tizi/internal/house"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/source"
	"tizi/internal/store"
	"tizi/internal/testhouse"
	"tizi/internal/testnode"
)

var (
	ctx        = context.Background()
	must       = testnode.Must
	everywhere = access.Everywhere()
)

func fr(s string) i18n.Text { return i18n.Text{i18n.FR: s} }

// world is a node with a ministry, an academy and an association, an office of each, and an agreement of all three.
type world struct {
	t *testing.T
	*agreement.Agreements
	n                             *testnode.Node
	ministry, academy, operator   id.ID
	minister, director, president id.ID
	a                             id.ID
}

func newWorld(t *testing.T, e store.Engine) *world {
	n := testnode.New(t, testhouse.Place(t, e), house.Registry())
	blobs, err := blob.Open(filepath.Join(t.TempDir(), "blobs"), nil)
	must(t, err)
	w := &world{t: t, n: n, Agreements: agreement.New(n.Log, blobs)}
	for _, x := range []struct {
		org, office *id.ID
		typ         string
	}{{&w.ministry, &w.minister, "ministry"}, {&w.academy, &w.director, "academy"}, {&w.operator, &w.president, "association"}} {
		*x.org, *x.office = id.New(), id.New()
		must(t, w.SetOrganisation(ctx, id.Nil, *x.org, agreement.OrganisationDescribed{Name: fr(x.typ), Type: x.typ}))
		must(t, w.SetOffice(ctx, id.Nil, *x.office, agreement.OfficeDescribed{Organisation: *x.org, Title: fr("head")}))
	}
	w.term(w.minister, "m", "2015-01-01", "2019-12-30")
	w.term(w.minister, "f", "2019-12-31", "")
	w.term(w.director, "f", "2018-01-01", "")
	w.a = id.New()
	must(t, w.Set(ctx, id.Nil, w.a, framework("F")))
	return w
}

func framework(code string) agreement.AgreementStated {
	return agreement.AgreementStated{Code: code, Kind: agreement.Framework, Name: fr("x"), Signed: "2019-12-27", From: "2020-01-01", To: "2026-04-30", Renewal: agreement.Tacit, Notice: 60}
}

func (w *world) term(office id.ID, sex, from, to string) id.ID {
	w.t.Helper()
	v := id.New()
	must(w.t, w.SetTerm(ctx, id.Nil, v, agreement.OfficeHeld{Office: office, Sex: sex, From: from, To: to}))
	return v
}

func (w *world) party(org, office id.ID, role string) {
	w.t.Helper()
	must(w.t, w.SetParty(ctx, id.Nil, agreement.PartyStated{Agreement: w.a, Organisation: org, Role: role}, office, true))
}

// refused wants a refusal of one field with one sentence, and nothing written.
func (w *world) refused(what, field, key string, do func() error) {
	w.t.Helper()
	before := w.facts()
	err := do()
	var f agreement.Faults
	if !errors.As(err, &f) || !slices.ContainsFunc(f, func(x fault.Fault) bool { return x.Field == field && x.Key == key }) {
		w.t.Errorf("%s: %v, not %s beside %s", what, err, key, field)
	}
	if now := w.facts(); now != before {
		w.t.Errorf("%s: refused, and %d facts written", what, now-before)
	}
}

func (w *world) facts() int64 {
	n, err := w.n.Count(ctx, w.n.DB)
	must(w.t, err)
	return n
}

func (w *world) signatures() agreement.Signatures {
	w.t.Helper()
	s, err := w.Signatures(ctx, w.n.DB, everywhere, id.Nil)
	must(w.t, err)
	return s
}

// Who signed is who held the office on that day, whoever holds it now.
func TestSignatory(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		w := newWorld(t, e)
		w.party(w.ministry, w.minister, "lead")
		w.party(w.academy, w.director, "host")
		w.party(w.operator, id.Nil, "operator")
		if got, want := w.signatures(), (agreement.Signatures{Women: 1, Known: 2, Unknown: 1}); got != want {
			t.Errorf("%+v, not %+v: the minister of that day was a man", got, want)
		}
		p := agreement.PartyStated{Agreement: w.a, Organisation: w.operator, Role: "operator"}
		w.refused("nobody held it", "office", "agree.fault.not_held", func() error { return w.SetParty(ctx, id.Nil, p, w.president, false) })
		w.refused("of another organisation", "office", "agree.fault.other_office", func() error { return w.SetParty(ctx, id.Nil, p, w.director, false) })
		w.refused("party twice", "organisation", "agree.fault.party_twice", func() error { return w.SetParty(ctx, id.Nil, p, id.Nil, true) })
		terms, err := w.Terms(ctx, w.n.DB, w.minister)
		must(t, err)
		short := terms[0].Is
		short.To = "2019-06-30"
		w.refused("the term no longer holds the signature", "from", "agree.fault.signed_outside", func() error { return w.SetTerm(ctx, id.Nil, terms[0].ID, short) })
		w.refused("two at once", "from", "agree.fault.held_twice", func() error {
			return w.SetTerm(ctx, id.Nil, id.New(), agreement.OfficeHeld{Office: w.minister, Sex: "f", From: "2024-01-01"})
		})
		later := framework("F")
		later.Signed = "2014-01-01"
		w.refused("signed when they did not hold it", "signed", "agree.fault.signatory_then", func() error { return w.Set(ctx, id.Nil, w.a, later) })
		// One who joins later signs then: a month is enough to know who held the office.
		p.Joined = "2024-06-03"
		w.term(w.president, "f", "2024-06-01", "")
		must(t, w.SetParty(ctx, id.Nil, p, w.president, false))
		if got := w.signatures(); got.Women != 2 || got.Known != 3 {
			t.Errorf("after one joined: %+v", got)
		}
		// One who leaves did sign.
		p.Left = "2025-01-01"
		w.refused("left without a reason", "reason", "agree.fault.left_without_reason", func() error { return w.SetParty(ctx, id.Nil, p, w.president, false) })
		p.Reason = "dissolved"
		must(t, w.SetParty(ctx, id.Nil, p, w.president, false))
		if got := w.signatures(); got.Known != 3 {
			t.Errorf("after one left: %+v", got)
		}
		parties, err := w.Parties(ctx, w.n.DB, w.a)
		must(t, err)
		if len(parties) != 3 || parties[2].Is.Organisation != w.operator {
			t.Errorf("who left does not come last: %+v", parties)
		}
		w.n.Whole()
	})
}

// Agreements hang together: an amendment amends, a specific one carries out a framework, and they are renewed.
func TestAgreements(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		w := newWorld(t, e)
		set := func(v id.ID, code, kind string, parent id.ID) error {
			a := framework(code)
			a.Kind, a.Parent = kind, parent
			return w.Set(ctx, id.Nil, v, a)
		}
		s, m := id.New(), id.New()
		must(t, set(s, "S", agreement.Specific, w.a))
		must(t, set(m, "M", agreement.Amendment, s))
		w.refused("amends nothing", "parent", "agree.fault.amends_nothing", func() error { return set(id.New(), "X", agreement.Amendment, id.Nil) })
		w.refused("amends an amendment", "parent", "agree.fault.amends_amendment", func() error { return set(id.New(), "X", agreement.Amendment, m) })
		w.refused("specific below specific", "parent", "agree.fault.not_a_framework", func() error { return set(id.New(), "X", agreement.Specific, s) })
		w.refused("below itself", "parent", "agree.fault.missing", func() error { return set(s, "S", agreement.Specific, s) })
		w.refused("a framework that hangs", "parent", "agree.fault.framework_parent", func() error { return set(id.New(), "X", agreement.Framework, s) })
		w.refused("no framework any more", "kind", "agree.fault.has_below", func() error { return set(w.a, "F", agreement.Specific, id.Nil) })
		w.refused("the code of another", "code", "agree.fault.code_taken", func() error { return set(id.New(), "S", agreement.Framework, id.Nil) })
		for what, x := range map[string]struct {
			field, key string
			spoil      func(*agreement.AgreementStated)
		}{
			"ends before":             {"to", "groups.ends_before", func(a *agreement.AgreementStated) { a.To = "2019-12-31" }},
			"no such day":             {"from", "groups.date_wrong", func(a *agreement.AgreementStated) { a.From = "2019-02-30" }},
			"no such month":           {"signed", "agree.fault.date_span", func(a *agreement.AgreementStated) { a.Signed = "2019-13" }},
			"over before signed":      {"to", "agree.fault.ended_before_signed", func(a *agreement.AgreementStated) { a.From, a.To = "", "2019-12-01" }},
			"renewed without an end":  {"to", "agree.fault.renewal_without_end", func(a *agreement.AgreementStated) { a.To = "" }},
			"no name":                 {"name_fr", "agree.fault.missing", func(a *agreement.AgreementStated) { a.Name = nil }},
			"public without a source": {"source_kind", "agree.fault.public_without_source", func(a *agreement.AgreementStated) { a.Public = true }},
			"an address of a script": {"source_url", "agree.fault.url", func(a *agreement.AgreementStated) {
				a.Source = source.Source{Kind: "press", On: "2025", URL: "javascript:x"}
			}},
		} {
			a := framework("X")
			x.spoil(&a)
			w.refused(what, x.field, x.key, func() error { return w.Set(ctx, id.Nil, id.New(), a) })
		}
		must(t, set(id.New(), "EARLY", agreement.Framework, id.Nil)) // valid before it was signed is odd, and happens
		// A renewal prolongs, and only what can be renewed, and only forward.
		r := agreement.AgreementRenewed{On: "2026-03-01", To: "2028-04-30"}
		w.refused("not longer", "to", "agree.fault.not_longer", func() error {
			return w.Renew(ctx, id.Nil, w.a, agreement.AgreementRenewed{On: "2026-03-01", To: "2026-04-30"})
		})
		a, err := w.Get(ctx, w.n.DB, everywhere, w.a)
		must(t, err)
		if a.RunsOut("2026-01-15") != "" || a.RunsOut("2026-02-15") != "soon" || a.RunsOut("2026-05-01") != "tacit" || a.NoticeBy() != "2026-03-01" {
			t.Errorf("runs out: %q %q %q, notice by %s", a.RunsOut("2026-01-15"), a.RunsOut("2026-02-15"), a.RunsOut("2026-05-01"), a.NoticeBy())
		}
		must(t, w.Renew(ctx, id.Nil, w.a, r))
		if a, err = w.Get(ctx, w.n.DB, everywhere, w.a); err != nil || a.Until != "2028-04-30" || a.RunsOut("2026-05-01") != "" {
			t.Errorf("after the renewal: until %s, %q, %v", a.Until, a.RunsOut("2026-05-01"), err)
		}
		r.Withdrawn = true
		must(t, w.Renew(ctx, id.Nil, w.a, r))
		if a, _ = w.Get(ctx, w.n.DB, everywhere, w.a); a.Until != "2026-04-30" {
			t.Errorf("after the renewal was taken back: until %s", a.Until)
		}
		never := framework("N")
		never.Renewal = ""
		n := id.New()
		must(t, w.Set(ctx, id.Nil, n, never))
		w.refused("nothing renews it", "to", "agree.fault.no_renewal", func() error { r.Withdrawn = false; return w.Renew(ctx, id.Nil, n, r) })
		// A subject of another kind is no agreement, and stays what it is.
		if err := w.Set(ctx, id.Nil, w.ministry, framework("Z")); !errors.Is(err, agreement.ErrUnknown) {
			t.Errorf("an organisation became an agreement: %v", err)
		}
		w.n.Whole()
	})
}

// A role for an agreement covers what it carries and what its amendments add, and sees it and them.
func TestCovers(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		w := newWorld(t, e)
		p, q, x := id.New(), id.New(), id.New()
		a := framework("F")
		a.Programmes = []id.ID{p, p}
		must(t, w.Set(ctx, id.Nil, w.a, a))
		m := framework("M")
		m.Kind, m.Parent, m.Programmes, m.Places = agreement.Amendment, w.a, []id.ID{q}, []id.ID{x}
		must(t, w.Set(ctx, id.Nil, id.New(), m))
		got, err := w.Covers(ctx, w.n.DB, w.a)
		must(t, err)
		for _, want := range []access.On{access.Programme(p), access.Programme(q), access.Place(x)} {
			if !slices.Contains(got, want) {
				t.Errorf("%v is not covered", want)
			}
		}
		if len(got) != 3 {
			t.Errorf("covers %v", got)
		}
		other := id.New()
		must(t, w.Set(ctx, id.Nil, other, framework("O")))
		if got, err := w.Covers(ctx, w.n.DB, other); err != nil || len(got) != 0 {
			t.Errorf("another covers %v, %v", got, err)
		}
	})
}

// The late ones come first, and what was judged stays to be read.
func TestCommitments(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		w := newWorld(t, e)
		w.party(w.ministry, id.Nil, "lead")
		w.party(w.operator, id.Nil, "operator")
		owe := func(due string) id.ID {
			v := id.New()
			must(t, w.SetCommitment(ctx, id.Nil, v, agreement.CommitmentStated{Agreement: w.a, Debtor: w.operator, Kind: "training", What: fr("owed " + due), Quantity: 50, Due: due}))
			return v
		}
		today := testnode.Epoch.Format("2006-01-02") // 2026-03-02 or about
		kept, open, late, later := owe("2020-01-01"), owe(""), owe("2021-01-01"), owe("2099-01-01")
		partly := owe("2020-06-01")
		judge := func(v id.ID, state string) error {
			return w.Judge(ctx, id.Nil, v, agreement.CommitmentJudged{State: state, On: today, Evidence: fr("seen")})
		}
		must(t, judge(kept, agreement.Partly))
		must(t, judge(kept, agreement.Kept))
		must(t, judge(partly, agreement.Partly))
		list, err := w.Commitments(ctx, w.n.DB, everywhere, agreement.Owed{Agreement: w.a})
		must(t, err)
		var got []id.ID
		for _, c := range list {
			got = append(got, c.ID)
		}
		if want := []id.ID{partly, late, later, open, kept}; !slices.Equal(got, want) {
			t.Errorf("the order is %v, not %v", got, want)
		}
		for _, c := range []struct {
			f    agreement.Owed
			want []id.ID
			all  int
		}{
			{agreement.Owed{State: "late"}, []id.ID{partly, late}, 2},
			{agreement.Owed{State: "due"}, []id.ID{partly, late, later, open}, 4},
			{agreement.Owed{State: agreement.Partly}, []id.ID{partly}, 1},
			{agreement.Owed{State: "late", Agreement: id.New()}, nil, 0},
			{agreement.Owed{From: 1, Size: 2}, []id.ID{late, later}, 5},
			{agreement.Owed{Agreement: w.a, From: 4, Size: 2}, []id.ID{kept}, 5},
		} {
			list, err := w.Commitments(ctx, w.n.DB, everywhere, c.f)
			must(t, err)
			n, err := w.Owing(ctx, w.n.DB, everywhere, c.f)
			must(t, err)
			var got []id.ID
			for _, x := range list {
				got = append(got, x.ID)
			}
			if !slices.Equal(got, c.want) || n != c.all {
				t.Errorf("%+v: %v of %d", c.f, got, n)
			}
		}
		history, err := w.History(ctx, w.n.DB, kept)
		must(t, err)
		if len(history) != 2 || history[0].State != agreement.Kept || history[1].State != agreement.Partly {
			t.Errorf("history %+v", history)
		}
		w.refused("kept without evidence", "evidence", "agree.fault.no_evidence", func() error {
			return w.Judge(ctx, id.Nil, late, agreement.CommitmentJudged{State: agreement.Kept, On: today})
		})
		w.refused("tomorrow", "on", "agree.fault.future", func() error {
			return w.Judge(ctx, id.Nil, late, agreement.CommitmentJudged{State: agreement.Kept, On: "2099-01-01", Evidence: fr("x")})
		})
		w.refused("elsewhere", "link", "agree.fault.link", func() error {
			return w.Judge(ctx, id.Nil, late, agreement.CommitmentJudged{State: agreement.Kept, On: today, Link: "//evil.example"})
		})
		c := agreement.CommitmentStated{Agreement: w.a, Debtor: w.academy, Kind: "staff", What: fr("x")}
		w.refused("of who is no party", "debtor", "agree.fault.no_party", func() error { return w.SetCommitment(ctx, id.Nil, id.New(), c) })
		c.Debtor, c.Creditor = w.operator, w.operator
		w.refused("to oneself", "creditor", "agree.fault.owes_itself", func() error { return w.SetCommitment(ctx, id.Nil, id.New(), c) })
		p := agreement.PartyStated{Agreement: w.a, Organisation: w.operator, Role: "operator", Withdrawn: true}
		w.refused("a party that owes is taken out", "", "agree.fault.party_owes", func() error { return w.SetParty(ctx, id.Nil, p, id.Nil, false) })
		// Whoever left owes nothing that is due later; who promised money is not taken out.
		p.Withdrawn, p.Left, p.Reason = false, "2026-01-31", "dissolved"
		must(t, w.SetParty(ctx, id.Nil, p, id.Nil, false))
		c.Creditor, c.Due = id.Nil, "2026-02-01"
		w.refused("due after the party left", "due", "agree.fault.party_left", func() error { return w.SetCommitment(ctx, id.Nil, id.New(), c) })
		must(t, w.SetEntry(ctx, id.Nil, id.New(), agreement.EntryStated{Agreement: w.a, Sort: agreement.Promise, Organisation: w.ministry, Currency: "MAD", Amount: 100, On: "2025-06-01"}))
		paid := agreement.PartyStated{Agreement: w.a, Organisation: w.ministry, Role: "lead", Withdrawn: true}
		w.refused("a party that promised is taken out", "", "agree.fault.party_pays", func() error { return w.SetParty(ctx, id.Nil, paid, id.Nil, false) })
		w.n.Whole()
	})
}

// The books: what is promised and received, planned and spent; nothing without its line, its currency and its receipt.
func TestEntries(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		w := newWorld(t, e)
		w.party(w.ministry, id.Nil, "funder")
		line, promise := id.New(), id.New()
		entry := func(sort string) agreement.EntryStated {
			x := agreement.EntryStated{Agreement: w.a, Sort: sort, What: "x", Currency: "MAD", Amount: 1000, On: "2025-01-01"}
			switch sort {
			case agreement.Promise:
				x.Organisation = w.ministry
			case agreement.Receipt:
				x.Of = promise
			case agreement.Expense:
				x.Of, x.Reference = line, "R1"
			}
			return x
		}
		must(t, w.SetEntry(ctx, id.Nil, line, entry(agreement.Budget)))
		must(t, w.SetEntry(ctx, id.Nil, promise, entry(agreement.Promise)))
		must(t, w.SetEntry(ctx, id.Nil, id.New(), entry(agreement.Receipt)))
		spent := id.New()
		over := entry(agreement.Expense)
		over.Amount = 5000 // more than the line has is kept: the money is gone, and the page says so
		must(t, w.SetEntry(ctx, id.Nil, spent, over))
		for what, x := range map[string]struct {
			sort, field, key string
			spoil            func(*agreement.EntryStated)
		}{
			"no amount":           {agreement.Budget, "amount", "agree.fault.amount", func(e *agreement.EntryStated) { e.Amount = 0 }},
			"a huge one":          {agreement.Budget, "amount", "agree.fault.amount", func(e *agreement.EntryStated) { e.Amount = agreement.MaxAmount + 1 }},
			"no currency":         {agreement.Budget, "currency", "agree.fault.missing", func(e *agreement.EntryStated) { e.Currency = "XXX" }},
			"of a promise":        {agreement.Expense, "of", "agree.fault.missing", func(e *agreement.EntryStated) { e.Of = promise }},
			"in another currency": {agreement.Expense, "currency", "agree.fault.other_currency", func(e *agreement.EntryStated) { e.Currency = "EUR" }},
			"without a receipt":   {agreement.Expense, "reference", "agree.fault.no_receipt", func(e *agreement.EntryStated) { e.Reference = "" }},
			"tomorrow":            {agreement.Receipt, "on", "agree.fault.future", func(e *agreement.EntryStated) { e.On = "2099-01-01" }},
			"of who is no party":  {agreement.Promise, "organisation", "agree.fault.no_party", func(e *agreement.EntryStated) { e.Organisation = w.academy }},
			"ends before":         {agreement.Budget, "until", "groups.ends_before", func(e *agreement.EntryStated) { e.Until = "2024-01-01" }},
		} {
			en := entry(x.sort)
			x.spoil(&en)
			w.refused(what, x.field, x.key, func() error { return w.SetEntry(ctx, id.Nil, id.New(), en) })
		}
		gone := entry(agreement.Budget)
		gone.Withdrawn = true
		w.refused("a line that was spent of", "", "agree.fault.entry_used", func() error { return w.SetEntry(ctx, id.Nil, line, gone) })
		euro := entry(agreement.Budget)
		euro.Currency = "EUR"
		w.refused("a line in another currency", "currency", "agree.fault.currency_used", func() error { return w.SetEntry(ctx, id.Nil, line, euro) })
		if err := w.SetEntry(ctx, id.Nil, line, entry(agreement.Promise)); !errors.Is(err, agreement.ErrUnknown) {
			t.Errorf("a line became a promise: %v", err)
		}
		books, err := w.Books(ctx, w.n.DB, w.a, "")
		must(t, err)
		if len(books.Lines) != 1 || books.Lines[0].Spent != 5000 || !books.Lines[0].Over() || len(books.Promises) != 1 || books.Promises[0].Received != 1000 {
			t.Errorf("books %+v", books)
		}
		over.Withdrawn = true
		must(t, w.SetEntry(ctx, id.Nil, spent, over))
		if books, err = w.Books(ctx, w.n.DB, w.a, ""); err != nil || books.Lines[0].Spent != 0 || books.Lines[0].Over() {
			t.Errorf("after the expense was taken back: %+v, %v", books, err)
		}
		w.n.Whole()
	})
}

// Two operators do not hold the same mandate on one day; one after the other they may.
func TestMandates(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		w := newWorld(t, e)
		centre, prog := id.New(), id.New()
		m := agreement.MandateGiven{Agreement: w.a, Operator: w.operator, Place: centre, From: "2024-01-01", To: "2024-12-31"}
		first := id.New()
		must(t, w.SetMandate(ctx, id.Nil, first, m))
		other := m
		other.Operator = w.academy
		w.refused("the same centre", "from", "agree.fault.mandate_overlap", func() error { return w.SetMandate(ctx, id.Nil, id.New(), other) })
		other.From, other.To = "2024-12-31", "2025-06-30"
		w.refused("on one day", "from", "agree.fault.mandate_overlap", func() error { return w.SetMandate(ctx, id.Nil, id.New(), other) })
		other.From = "2025-01-01"
		must(t, w.SetMandate(ctx, id.Nil, id.New(), other))
		thing := other
		thing.From, thing.Programme = "2024-01-01", prog
		must(t, w.SetMandate(ctx, id.Nil, id.New(), thing)) // a programme at the centre is another thing
		again := m
		again.From, again.To = "2024-06-01", "2024-07-01"
		must(t, w.SetMandate(ctx, id.Nil, id.New(), again)) // of the same operator
		longer := m
		longer.To = "2025-02-01"
		w.refused("made longer", "from", "agree.fault.mandate_overlap", func() error { return w.SetMandate(ctx, id.Nil, first, longer) })
		m.To = "2023-12-31"
		w.refused("ends before", "to", "groups.ends_before", func() error { return w.SetMandate(ctx, id.Nil, first, m) })
		list, _, err := w.Mandates(ctx, w.n.DB, everywhere, agreement.Held{})
		must(t, err)
		if !slices.IsSortedFunc(list, func(a, b agreement.Item[agreement.MandateGiven]) int {
			return bytes.Compare([]byte(a.Is.To), []byte(b.Is.To))
		}) || len(list) != 4 {
			t.Errorf("mandates %+v", list)
		}
		w.n.Whole()
	})
}

// A party that left owes, promises and operates nothing after that day, also in what hangs from the agreement that it left; and no date
// contradicts when it was signed.
func TestWhoLeft(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		w := newWorld(t, e)
		centre := id.New()
		w.party(w.ministry, w.minister, "lead")
		mandate := id.New()
		given := agreement.MandateGiven{Agreement: w.a, Operator: w.operator, Place: centre, From: "2021-01-01", To: "2030-12-31"}
		must(t, w.SetMandate(ctx, id.Nil, mandate, given))
		doubts := func() string {
			d, err := w.Doubts(ctx, w.n.DB, []id.ID{mandate})
			must(t, err)
			return fmt.Sprint(d[mandate])
		}
		if d := doubts(); d != "[stranger outside]" {
			t.Errorf("doubts %s", d)
		}
		left := agreement.PartyStated{Agreement: w.a, Organisation: w.operator, Role: "operator", Joined: "2020-03-01", Left: "2023-01-01", Reason: "x"}
		must(t, w.SetParty(ctx, id.Nil, left, id.Nil, true))
		if d := doubts(); d != "[left outside]" {
			t.Errorf("doubts %s", d)
		}
		owing, err := w.Leavers(ctx, w.n.DB, w.a)
		must(t, err)
		if owing[w.operator] != (agreement.Leaver{Runs: 1}) {
			t.Errorf("leavers %+v", owing)
		}
		below := id.New()
		must(t, w.Set(ctx, id.Nil, below, agreement.AgreementStated{Code: "S", Kind: agreement.Specific, Parent: w.a, Name: fr("x"), Signed: "2021-02-01"}))
		for _, a := range []id.ID{w.a, below} {
			owes := agreement.CommitmentStated{Agreement: a, Debtor: w.operator, Kind: "training", What: fr("x"), Due: "2023-01-02"}
			w.refused("owes after", "due", "agree.fault.party_left", func() error { return w.SetCommitment(ctx, id.Nil, id.New(), owes) })
			owes.Due = ""
			w.refused("owes for ever", "due", "agree.fault.party_left_undated", func() error { return w.SetCommitment(ctx, id.Nil, id.New(), owes) })
			owes.Due = "2022-12-31"
			must(t, w.SetCommitment(ctx, id.Nil, id.New(), owes))
			pays := agreement.EntryStated{Agreement: a, Sort: agreement.Promise, Organisation: w.operator, What: "x", Currency: "MAD", Amount: 1, On: "2023-05-01"}
			w.refused("promises after", "on", "agree.fault.promise_left", func() error { return w.SetEntry(ctx, id.Nil, id.New(), pays) })
			m := given
			m.Agreement = a
			w.refused("operates after", "to", "agree.fault.operator_left", func() error { return w.SetMandate(ctx, id.Nil, id.New(), m) })
		}
		later := framework("F")
		later.Signed, later.From = "2024-06-01", ""
		w.refused("signed after a party left", "signed", "agree.fault.parties_before", func() error { return w.Set(ctx, id.Nil, w.a, later) })
		late := time.Now().AddDate(1, 0, 0).Format(time.DateOnly)
		for on, key := range map[string]string{"1900-01-01": "agree.fault.before_signed", late: "agree.fault.future"} {
			w.refused("decided "+on, "on", key, func() error {
				return w.SetDecision(ctx, id.Nil, id.New(), agreement.DecisionTaken{Agreement: w.a, Committee: "x", On: on, What: "x"})
			})
		}
		c := id.New()
		must(t, w.SetCommitment(ctx, id.Nil, c, agreement.CommitmentStated{Agreement: w.a, Debtor: w.ministry, Kind: "training", What: fr("x"), Due: "2022-12-31"}))
		w.refused("kept before", "on", "agree.fault.before_signed", func() error {
			return w.Judge(ctx, id.Nil, c, agreement.CommitmentJudged{State: "kept", On: "1900-01-01", Evidence: fr("x")})
		})
		w.n.Whole()
	})
}

// Organisations are a tree, papers are what they seem, decisions are done after they are taken.
func TestTheRest(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		w := newWorld(t, e)
		o := agreement.OrganisationDescribed{Name: fr("academy"), Type: "academy", Parent: w.ministry}
		must(t, w.SetOrganisation(ctx, id.Nil, w.academy, o))
		w.refused("a circle", "parent", "agree.fault.circle", func() error {
			return w.SetOrganisation(ctx, id.Nil, w.ministry, agreement.OrganisationDescribed{Name: fr("m"), Type: "ministry", Parent: w.academy})
		})
		w.refused("below itself", "parent", "agree.fault.circle", func() error {
			return w.SetOrganisation(ctx, id.Nil, w.ministry, agreement.OrganisationDescribed{Name: fr("m"), Type: "ministry", Parent: w.ministry})
		})
		w.refused("below nothing", "parent", "agree.fault.missing", func() error {
			o.Parent = id.New()
			return w.SetOrganisation(ctx, id.Nil, w.academy, o)
		})
		var pic bytes.Buffer
		must(t, png.Encode(&pic, image.NewGray(image.Rect(0, 0, 8, 8))))
		must(t, w.FilePaper(ctx, id.Nil, w.a, "scan.png", pic.Bytes()))
		pdf := []byte("%PDF-1.4\n%%EOF\n")
		must(t, w.FilePaper(ctx, id.Nil, w.a, "convention.pdf", pdf))
		must(t, w.FilePaper(ctx, id.Nil, w.a, "convention.pdf", pdf)) // the same again is the same
		for what, b := range map[string][]byte{"a page": []byte("<html><script>"), "nothing": {}, "half a picture": pic.Bytes()[:40], "a program": []byte("MZ\x90\x00")} {
			w.refused(what, "file", "agree.fault.file_kind", func() error { return w.FilePaper(ctx, id.Nil, w.a, "x", b) })
		}
		w.refused("too large", "file", "agree.fault.file_large", func() error {
			return w.FilePaper(ctx, id.Nil, w.a, "x", append(pdf, make([]byte, agreement.MaxPaper)...))
		})
		papers, err := w.Papers(ctx, w.n.DB, w.a)
		must(t, err)
		if len(papers) != 2 {
			t.Fatalf("papers %+v", papers)
		}
		for _, p := range papers {
			f, err := w.OpenPaper(p.Is)
			must(t, err)
			b, err := io.ReadAll(f)
			must(t, err)
			f.Close()
			if int64(len(b)) != p.Is.Size {
				t.Errorf("%s has %d bytes, not %d", p.Is.Name, len(b), p.Is.Size)
			}
			must(t, w.DropPaper(ctx, id.Nil, w.a, p.ID))
		}
		if papers, err = w.Papers(ctx, w.n.DB, w.a); err != nil || len(papers) != 0 {
			t.Errorf("papers are left: %v, %v", papers, err)
		}
		d := agreement.DecisionTaken{Agreement: w.a, Committee: "steering", On: "2025-05-01", What: "x", Due: "2025-06-01"}
		v := id.New()
		must(t, w.SetDecision(ctx, id.Nil, v, d))
		d.Done = "2025-04-30"
		w.refused("done before", "done", "groups.ends_before", func() error { return w.SetDecision(ctx, id.Nil, v, d) })
		d.Done = "2099-05-02"
		w.refused("done tomorrow", "done", "agree.fault.future", func() error { return w.SetDecision(ctx, id.Nil, v, d) })
		d.Done = "2025-05-02"
		must(t, w.SetDecision(ctx, id.Nil, v, d))
		w.n.Whole()
	})
}

// What is said again writes nothing, so that a form that is sent twice is one thing.
func TestTwiceIsOnce(t *testing.T) {
	w := newWorld(t, store.SQLite)
	before := w.facts()
	must(t, w.Set(ctx, id.Nil, w.a, framework("F")))
	if now := w.facts(); now != before {
		t.Errorf("%d facts for the same again", now-before)
	}
	if fmt.Sprint(w.signatures()) != fmt.Sprint(agreement.Signatures{}) {
		t.Error("signatures of nobody")
	}
}

// An agreement or an organisation goes only while nothing stands on it, and leaves nothing in the tables.
func TestWithdraw(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		w := newWorld(t, e)
		w.party(w.ministry, w.minister, "lead")
		below := id.New()
		must(t, w.Set(ctx, id.Nil, below, agreement.AgreementStated{Code: "S", Kind: agreement.Specific, Parent: w.a, Name: fr("x")}))
		stands := func(what string, err error, want ...agreement.Standing) {
			t.Helper()
			var s *agreement.StandsError
			if !errors.As(err, &s) || !slices.Equal(s.On, want) {
				t.Errorf("%s: %v, %v", what, err, s)
			}
		}
		stands("an agreement", w.Withdraw(ctx, id.Nil, w.a, "x"), agreement.Standing{What: "below", N: 1}, agreement.Standing{What: "parties", N: 1})
		stands("an organisation", w.WithdrawOrganisation(ctx, id.Nil, w.ministry, "x"), agreement.Standing{What: "offices", N: 1}, agreement.Standing{What: "parties", N: 1})
		lone := id.New()
		must(t, w.SetOrganisation(ctx, id.Nil, lone, agreement.OrganisationDescribed{Name: fr("y"), Type: "ministry"}))
		w.refused("without a cause", "cause", "agree.fault.missing", func() error { return w.Withdraw(ctx, id.Nil, below, "") })
		w.refused("without a cause", "cause", "agree.fault.missing", func() error { return w.WithdrawOrganisation(ctx, id.Nil, lone, "") })
		must(t, w.Withdraw(ctx, id.Nil, below, "twice"))
		must(t, w.WithdrawOrganisation(ctx, id.Nil, lone, "twice"))
		if _, err := w.Get(ctx, w.n.DB, everywhere, below); !errors.Is(err, agreement.ErrUnknown) {
			t.Error(err)
		}
		if o, err := w.Organisation(ctx, w.n.DB, lone); o != nil || err != nil {
			t.Error(o, err)
		}
		if err := w.Withdraw(ctx, id.Nil, below, "again"); !errors.Is(err, agreement.ErrUnknown) {
			t.Error(err)
		}
		w.n.Whole()
	})
}
