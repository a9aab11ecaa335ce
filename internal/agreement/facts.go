// Package agreement knows who agreed on what: organisations and the offices in them, agreements and who signed them, what
// each party owes, the money, what an operator may do until when, and what committees decided.
//
// What everybody may know (organisations, agreements, parties, commitments, mandates) stands in commons, so that each node
// knows what a partner's role covers. Money, papers and decisions of committees stand in hub and stay at headquarters.
// No official is named: who signed is an office at a date, and a woman or a man.
package agreement

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tizi/internal/blob"
	"tizi/internal/fact"
	"tizi/internal/fault"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/sheet"
	"tizi/internal/source"
	"tizi/internal/store"
)

// OrganisationTypes are what an organisation is.
var OrganisationTypes = []string{"ministry", "academy", "direction", "university", "foundation", "association", "un", "donor", "company", "school"}

// Kinds of agreements. A specific one carries out a framework, an amendment changes another agreement.
const (
	Framework = "framework"
	Specific  = "specific"
	Amendment = "amendment"
)

// Kinds are all kinds.
var Kinds = []string{Framework, Specific, Amendment}

// Roles of parties.
var Roles = []string{"lead", "operator", "funder", "host", "partner", "supervising"}

// Renewals are how an agreement goes on after its last day; "" is not at all.
const (
	Tacit   = "tacit"
	Express = "express"
)

// CommitmentKinds are what is owed.
var CommitmentKinds = []string{"training", "activity", "premises", "equipment", "staff", "funding", "content", "access", "communication", "report", "other"}

// States of a commitment.
const (
	Open   = "open"
	Kept   = "kept"
	Partly = "partly"
	Broken = "broken"
	Waived = "waived"
)

// States are all states.
var States = []string{Open, Kept, Partly, Broken, Waived}

// Sorts of entries in the books of an agreement. A receipt is of a promise, an expense of a budget line.
const (
	Promise = "promise"
	Receipt = "receipt"
	Budget  = "budget"
	Expense = "expense"
)

// Sorts are all sorts.
var Sorts = []string{Promise, Receipt, Budget, Expense}

// PaperTypes are what an attachment may be.
var PaperTypes = []string{"application/pdf", "image/jpeg", "image/png"}

// Bounds.
const (
	MaxPaper = 12 << 20 // bytes of one attachment
)

// Faults are why something was refused; nothing was kept.
type Faults = fault.Faults

// OrganisationDescribed is the body of organisation.described.
type OrganisationDescribed struct {
	Name   i18n.Text `json:"name"`
	Type   string    `json:"type"`
	Parent id.ID     `json:"parent,omitzero"`
	// Withdrawn is why it was entered by mistake: it is listed no more.
	Withdrawn string `json:"withdrawn,omitempty"`
}

// Check says what is missing.
func (o OrganisationDescribed) Check() error {
	var f Faults
	f.Text("name_fr", o.Name, true)
	f.Add(!slices.Contains(OrganisationTypes, o.Type), "type", "agree.fault.missing")
	f.Line("cause", o.Withdrawn)
	return f.Err()
}

// OfficeDescribed is the body of office.described: a post in an organisation, such as that of its president.
type OfficeDescribed struct {
	Organisation id.ID     `json:"organisation"`
	Title        i18n.Text `json:"title"`
}

// Check says what is missing.
func (o OfficeDescribed) Check() error {
	var f Faults
	f.Add(o.Organisation.IsNil(), "organisation", "agree.fault.missing")
	f.Text("title_fr", o.Title, true)
	return f.Err()
}

// OfficeHeld is the body of office.held: a term of somebody in an office. Nobody is named.
type OfficeHeld struct {
	Office    id.ID  `json:"office"`
	Sex       string `json:"sex"` // f or m
	From      string `json:"from"`
	To        string `json:"to,omitempty"` // both included; "" is still held
	Simulated bool   `json:"simulated,omitempty"`
	Withdrawn bool   `json:"withdrawn,omitempty"`
}

// Check says what is missing or contradicts itself.
func (h OfficeHeld) Check() error {
	var f Faults
	f.Add(h.Office.IsNil(), "office", "agree.fault.missing")
	f.Add(h.Sex != "f" && h.Sex != "m", "sex", "agree.fault.missing")
	f.Day("from", h.From, true)
	f.Day("to", h.To, false)
	f.Order("to", h.From, h.To)
	return f.Err()
}

// AgreementStated is the body of agreement.stated.
type AgreementStated struct {
	Code     string    `json:"code"` // as the parties refer to it
	Kind     string    `json:"kind"`
	Parent   id.ID     `json:"parent,omitzero"` // what it amends, or the framework it carries out
	Name     i18n.Text `json:"name"`
	About    i18n.Text `json:"about,omitempty"`
	Signed   string    `json:"signed,omitempty"` // known to the day, the month or the year; "" is not signed yet
	SignedAt i18n.Text `json:"signed_at,omitempty"`
	From     string    `json:"from,omitempty"`
	To       string    `json:"to,omitempty"` // both included; "" is not stated
	Renewal  string    `json:"renewal,omitempty"`
	Notice   int       `json:"notice,omitempty"` // days before the last one
	// Programmes and Places are what a role for the agreement covers.
	Programmes []id.ID       `json:"programmes,omitempty"`
	Places     []id.ID       `json:"places,omitempty"`
	Strategies []string      `json:"strategies,omitempty"` // codes of countries.Strategy
	Source     source.Source `json:"source,omitzero"`
	Public     bool          `json:"public,omitempty"`
	Simulated  bool          `json:"simulated,omitempty"`
	Withdrawn  string        `json:"withdrawn,omitempty"` // why it was entered by mistake: it is listed no more
}

// Check says what is missing or contradicts itself.
func (a AgreementStated) Check() error {
	var f Faults
	f.Add(a.Code == "" || utf8.RuneCountInString(a.Code) > 60, "code", "agree.fault.code")
	f.Add(!slices.Contains(Kinds, a.Kind), "kind", "agree.fault.missing")
	f.Add(a.Kind == Amendment && a.Parent.IsNil(), "parent", "agree.fault.amends_nothing")
	f.Add(a.Kind == Framework && !a.Parent.IsNil(), "parent", "agree.fault.framework_parent")
	f.Text("name_fr", a.Name, true)
	f.Text("about_fr", a.About, false)
	f.Text("signed_at_fr", a.SignedAt, false)
	f.Span(a.Signed != "" && !source.IsDate(a.Signed), "signed")
	f.Day("from", a.From, false)
	f.Day("to", a.To, false)
	f.Order("to", a.From, a.To)
	if fault.IsDay(a.To) && source.IsDate(a.Signed) {
		first, _ := source.Span(a.Signed)
		f.Add(a.To < first, "to", "agree.fault.ended_before_signed")
	}
	f.Add(a.Renewal != "" && a.Renewal != Tacit && a.Renewal != Express, "renewal", "agree.fault.missing")
	f.Add(a.Renewal != "" && a.To == "", "to", "agree.fault.renewal_without_end")
	f.Add(a.Notice < 0 || a.Notice > 1000, "notice", "agree.fault.notice")
	f.Add(a.Public && a.Source.IsZero(), "source_kind", "agree.fault.public_without_source")
	f.Source(a.Source)
	f.Line("cause", a.Withdrawn)
	return f.Err()
}

// AgreementRenewed is the body of agreement.renewed: it goes on until another day.
type AgreementRenewed struct {
	On   string `json:"on"`
	To   string `json:"to"`
	Note string `json:"note,omitempty"`
	// Withdrawn takes the renewal until that day back.
	Withdrawn bool `json:"withdrawn,omitempty"`
}

// Check says what is missing.
func (r AgreementRenewed) Check() error {
	var f Faults
	f.Day("on", r.On, true)
	f.Day("to", r.To, true)
	f.Line("note", r.Note)
	return f.Err()
}

// PartyStated is the body of party.stated.
type PartyStated struct {
	Agreement    id.ID  `json:"agreement"`
	Organisation id.ID  `json:"organisation"`
	Role         string `json:"role"`
	Term         id.ID  `json:"term,omitzero"`    // of the office that signed, as it was held then
	Joined       string `json:"joined,omitempty"` // "" is with the signature
	Left         string `json:"left,omitempty"`
	Reason       string `json:"reason,omitempty"` // of leaving
	Withdrawn    bool   `json:"withdrawn,omitempty"`
}

// Check says what is missing or contradicts itself.
func (p PartyStated) Check() error {
	var f Faults
	f.Add(p.Agreement.IsNil(), "", "agree.fault.missing")
	f.Add(p.Organisation.IsNil(), "organisation", "agree.fault.missing")
	f.Add(!slices.Contains(Roles, p.Role), "role", "agree.fault.missing")
	f.Day("joined", p.Joined, false)
	f.Day("left", p.Left, false)
	f.Order("left", p.Joined, p.Left)
	f.Add(p.Left != "" && p.Reason == "", "reason", "agree.fault.left_without_reason")
	f.Add(p.Left == "" && p.Reason != "", "left", "agree.fault.reason_without_left")
	f.Line("reason", p.Reason)
	return f.Err()
}

// CommitmentStated is the body of commitment.stated.
type CommitmentStated struct {
	Agreement id.ID         `json:"agreement"`
	Debtor    id.ID         `json:"debtor"`
	Creditor  id.ID         `json:"creditor,omitzero"` // Nil is all other parties
	Kind      string        `json:"kind"`
	What      i18n.Text     `json:"what"`
	Quantity  int64         `json:"quantity,omitempty"` // 0 is none
	Unit      i18n.Text     `json:"unit,omitempty"`
	Due       string        `json:"due,omitempty"` // "" is not stated
	Source    source.Source `json:"source,omitzero"`
	Simulated bool          `json:"simulated,omitempty"`
	Withdrawn bool          `json:"withdrawn,omitempty"`
}

// MaxQuantity bounds what can be promised of anything.
const MaxQuantity = 1_000_000_000

// Check says what is missing or contradicts itself.
func (c CommitmentStated) Check() error {
	var f Faults
	f.Add(c.Debtor.IsNil(), "debtor", "agree.fault.missing")
	f.Add(!c.Debtor.IsNil() && c.Debtor == c.Creditor, "creditor", "agree.fault.owes_itself")
	f.Add(!slices.Contains(CommitmentKinds, c.Kind), "kind", "agree.fault.missing")
	f.Text("what_fr", c.What, true)
	f.Add(c.Quantity < 0 || c.Quantity > MaxQuantity, "quantity", "agree.fault.quantity")
	f.Text("unit_fr", c.Unit, false)
	f.Day("due", c.Due, false)
	f.Source(c.Source)
	return f.Err()
}

// CommitmentJudged is the body of commitment.judged: how it stands, from a day on, and what shows it.
type CommitmentJudged struct {
	State    string    `json:"state"`
	On       string    `json:"on"`
	Evidence i18n.Text `json:"evidence,omitempty"`
	Paper    id.ID     `json:"paper,omitzero"` // an attachment of the agreement
	Link     string    `json:"link,omitempty"` // the address of a number in Tizi
}

// Check says what is missing. What is said to be kept needs something that shows it.
func (j CommitmentJudged) Check() error {
	var f Faults
	f.Add(!slices.Contains(States, j.State), "state", "agree.fault.missing")
	f.Day("on", j.On, true)
	said, _ := j.Evidence.In(i18n.FR)
	f.Add((j.State == Kept || j.State == Partly) && said == "" && j.Paper.IsNil() && j.Link == "", "evidence", "agree.fault.no_evidence")
	f.Add((j.State == Broken || j.State == Waived) && said == "", "evidence", "error.reason_missing")
	f.Text("evidence", j.Evidence, false)
	f.Add(j.Link != "" && (len(j.Link) < 2 || j.Link[0] != '/' || j.Link[1] == '/' || len(j.Link) > 500), "link", "agree.fault.link")
	return f.Err()
}

// EntryStated is the body of entry.stated: one entry in the books of an agreement, in money or in kind.
type EntryStated struct {
	Agreement    id.ID  `json:"agreement"`
	Sort         string `json:"sort"`
	Of           id.ID  `json:"of,omitzero"`           // the promise of a receipt, the line of an expense
	Organisation id.ID  `json:"organisation,omitzero"` // who promises
	InKind       bool   `json:"in_kind,omitempty"`     // the amount is what it is estimated at
	What         string `json:"what,omitempty"`
	Currency     string `json:"currency"`
	Amount       int64  `json:"amount"` // in minor units
	On           string `json:"on"`     // promised, received, spent; the first day of a line
	Until        string `json:"until,omitempty"`
	Programme    id.ID  `json:"programme,omitzero"` // of an expense
	Place        id.ID  `json:"place,omitzero"`
	Reference    string `json:"reference,omitempty"` // of the receipt
	Simulated    bool   `json:"simulated,omitempty"`
	Withdrawn    bool   `json:"withdrawn,omitempty"`
}

// Money of the entry.
func (e EntryStated) Money() Money { return Money{e.Currency, e.Amount} }

// Check says what is missing or contradicts itself.
func (e EntryStated) Check() error {
	var f Faults
	f.Add(e.Agreement.IsNil() || !slices.Contains(Sorts, e.Sort), "", "agree.fault.missing")
	f.Add(e.Sort == Promise && e.Organisation.IsNil(), "organisation", "agree.fault.missing")
	f.Add((e.Sort == Receipt || e.Sort == Expense) && e.Of.IsNil(), "of", "agree.fault.missing")
	f.Add((e.Sort == Budget || e.Sort == Promise && e.InKind) && e.What == "", "what", "agree.fault.missing")
	f.Line("what", e.What)
	f.Add(decimals(e.Currency) < 0, "currency", "agree.fault.missing")
	f.Add(e.Amount < 1 || e.Amount > MaxAmount, "amount", "agree.fault.amount")
	f.Day("on", e.On, true)
	f.Day("until", e.Until, false)
	f.Order("until", e.On, e.Until)
	f.Add(e.Sort == Expense && e.Reference == "", "reference", "agree.fault.no_receipt")
	f.Line("reference", e.Reference)
	return f.Err()
}

// MandateGiven is the body of mandate.given: an operator may run a centre, or a programme at a place, for a time.
type MandateGiven struct {
	Agreement id.ID  `json:"agreement"`
	Operator  id.ID  `json:"operator"`
	Place     id.ID  `json:"place"`
	Programme id.ID  `json:"programme,omitzero"` // Nil is the place itself
	From      string `json:"from"`
	To        string `json:"to"` // both included
	Simulated bool   `json:"simulated,omitempty"`
	Withdrawn bool   `json:"withdrawn,omitempty"`
}

// Check says what is missing or contradicts itself.
func (m MandateGiven) Check() error {
	var f Faults
	f.Add(m.Operator.IsNil(), "operator", "agree.fault.missing")
	f.Add(m.Place.IsNil(), "place", "agree.fault.missing")
	f.Day("from", m.From, true)
	f.Day("to", m.To, true)
	f.Order("to", m.From, m.To)
	return f.Err()
}

// DecisionTaken is the body of decision.taken, by a committee.
type DecisionTaken struct {
	Agreement id.ID  `json:"agreement"`
	Committee string `json:"committee"`
	On        string `json:"on"`
	What      string `json:"what"`
	Owner     id.ID  `json:"owner,omitzero"` // who follows it up
	Due       string `json:"due,omitempty"`
	Done      string `json:"done,omitempty"`
	Simulated bool   `json:"simulated,omitempty"`
	Withdrawn bool   `json:"withdrawn,omitempty"`
}

// Check says what is missing or contradicts itself.
func (d DecisionTaken) Check() error {
	var f Faults
	f.Add(d.Committee == "", "committee", "agree.fault.missing")
	f.Line("committee", d.Committee)
	f.Add(d.What == "", "what", "agree.fault.missing")
	f.Line("what", d.What)
	f.Day("on", d.On, true)
	f.Day("due", d.Due, false)
	f.Order("due", d.On, d.Due)
	f.Day("done", d.Done, false)
	f.Order("done", d.On, d.Done)
	return f.Err()
}

// PaperFiled is the body of paper.filed: an attachment.
type PaperFiled struct {
	Agreement id.ID       `json:"agreement"`
	Blob      blob.Digest `json:"blob"`
	Type      string      `json:"type"`
	Size      int64       `json:"size"` // bytes
	Name      string      `json:"name"`
	On        string      `json:"on"`
	Withdrawn bool        `json:"withdrawn,omitempty"`
}

// Check says what is missing.
func (p PaperFiled) Check() error {
	var f Faults
	f.Add(p.Agreement.IsNil() || p.Blob == (blob.Digest{}) || p.Size < 1 || p.Size > MaxPaper, "file", "agree.fault.no_file")
	f.Add(!slices.Contains(PaperTypes, p.Type), "file", "agree.fault.file_kind")
	f.Add(p.Name == "", "name", "agree.fault.missing")
	f.Line("name", p.Name)
	f.Day("on", p.On, true)
	return f.Err()
}

// The kinds of this area.
var (
	KindOrganisation = fact.NewKind[OrganisationDescribed](fact.Kind{Name: "organisation.described", Streams: []string{"commons"}})
	KindOffice       = fact.NewKind[OfficeDescribed](fact.Kind{Name: "office.described", Streams: []string{"commons"}})
	KindTerm         = fact.NewKind[OfficeHeld](fact.Kind{Name: "office.held", Streams: []string{"commons"}})
	KindAgreement    = fact.NewKind[AgreementStated](fact.Kind{Name: "agreement.stated", Streams: []string{"commons"}})
	KindRenewed      = fact.NewKind[AgreementRenewed](fact.Kind{Name: "agreement.renewed", Streams: []string{"commons"}})
	KindParty        = fact.NewKind[PartyStated](fact.Kind{Name: "party.stated", Streams: []string{"commons"}})
	KindCommitment   = fact.NewKind[CommitmentStated](fact.Kind{Name: "commitment.stated", Streams: []string{"commons"}})
	KindJudged       = fact.NewKind[CommitmentJudged](fact.Kind{Name: "commitment.judged", Streams: []string{"commons"}})
	KindMandate      = fact.NewKind[MandateGiven](fact.Kind{Name: "mandate.given", Streams: []string{"commons"}})
	KindEntry        = fact.NewKind[EntryStated](fact.Kind{Name: "entry.stated", Streams: []string{"hub"}})
	KindDecision     = fact.NewKind[DecisionTaken](fact.Kind{Name: "decision.taken", Streams: []string{"hub"}})
	KindPaper        = fact.NewKind[PaperFiled](fact.Kind{Name: "paper.filed", Streams: []string{"hub"}})
)

// A column named body holds the last statement as JSON: these tables are short, and are read by key or as a whole. What is
// sought, joined or sorted by has a column of its own.
var (
	organisationTable = &store.Table{Name: "agreement_organisation", Key: 1, Columns: store.Cols("id:id body:text conflict:int")}
	officeTable       = &store.Table{Name: "agreement_office", Key: 1, Columns: store.Cols("id:id organisation:id body:text conflict:int"), Indexes: []string{"organisation"}}
	termTable         = &store.Table{Name: "agreement_term", Key: 1, Columns: store.Cols("id:id office:id sex:text simulated:int body:text conflict:int"), Indexes: []string{"office"}}
	table             = &store.Table{Name: "agreement", Key: 1, Columns: store.Cols("id:id kind:text parent:id code:text ar:text fr:text zgh:text en:text words:text signed:text until:text warns:text renewal:text open:int body:text conflict:int"), Indexes: []string{"code", "parent", "open, code"}}
	coverTable        = &store.Table{Name: "agreement_cover", Key: 2, Columns: store.Cols("id:id thing:id kind:text"), Indexes: []string{"thing"}}
	renewalTable      = &store.Table{Name: "agreement_renewal", Key: 2, Columns: store.Cols("id:id until:text day:text note:text")}
	partyTable        = &store.Table{Name: "agreement_party", Key: 1, Columns: store.Cols("id:id agreement:id organisation:id term:id joined:text gone:text body:text conflict:int"), Indexes: []string{"agreement", "organisation", "term"}}
	commitmentTable   = &store.Table{Name: "agreement_commitment", Key: 1, Columns: store.Cols("id:id agreement:id debtor:id creditor:id due:text state:text since:text sorts:text body:text conflict:int"), Indexes: []string{"agreement, sorts, id", "sorts, id, agreement", "state, sorts, id, agreement", "debtor", "creditor"}}
	judgedTable       = &store.Table{Name: "agreement_judged", Key: 2, Columns: store.Cols("id:id fact:text n:int body:text actor:id")}
	mandateTable      = &store.Table{Name: "agreement_mandate", Key: 1, Columns: store.Cols("id:id agreement:id place:id programme:id operator:id starts:text until:text body:text conflict:int"), Indexes: []string{"agreement", "place, programme", "until, id"}}
	entryTable        = &store.Table{Name: "agreement_entry", Key: 1, Columns: store.Cols("id:id agreement:id line:id body:text conflict:int"), Indexes: []string{"agreement", "line"}}
	decisionTable     = &store.Table{Name: "agreement_decision", Key: 1, Columns: store.Cols("id:id agreement:id body:text conflict:int"), Indexes: []string{"agreement"}}
	paperTable        = &store.Table{Name: "agreement_paper", Key: 1, Columns: store.Cols("id:id agreement:id body:text conflict:int"), Indexes: []string{"agreement"}}
)

func body(v fact.Body) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts, numbers and ids
	}
	return string(b)
}

// stated is the fold of a subject that is stated whole; columns are what its row has between the id and the body. A row
// that was withdrawn is none.
func stated[T fact.Body](name string, k *fact.Kind, t *store.Table, columns func(T) (withdrawn bool, between []any), draw func(fact.Draw) fact.Body) *fact.Fold {
	return &fact.Fold{
		Name: name, Kinds: []*fact.Kind{k}, Tables: []*store.Table{t},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			v, f, conflict := fact.Said[T](s, nil)
			if f == nil {
				return nil
			}
			if withdrawn, between := columns(v); !withdrawn {
				out.Add(t, append(append([]any{s.ID}, between...), body(v), conflict)...)
			}
			return nil
		},
		Sample: fact.Statements(k, draw),
	}
}

// Folds of this area.
var Folds = []*fact.Fold{
	stated("organisation", KindOrganisation, organisationTable, func(o OrganisationDescribed) (bool, []any) { return o.Withdrawn != "", nil }, func(d fact.Draw) fact.Body {
		return OrganisationDescribed{Name: i18n.Text{i18n.FR: fmt.Sprint("O", d.Int("name", 3))}, Type: OrganisationTypes[d.Int("type", 3)], Withdrawn: []string{"", "", "x"}[d.Int("withdrawn", 3)]}
	}),
	stated("office", KindOffice, officeTable, func(o OfficeDescribed) (bool, []any) { return false, []any{o.Organisation} }, func(d fact.Draw) fact.Body {
		return OfficeDescribed{Organisation: sampleID("o", d), Title: i18n.Text{i18n.FR: "x"}}
	}),
	stated("office.term", KindTerm, termTable, func(h OfficeHeld) (bool, []any) { return h.Withdrawn, []any{h.Office, h.Sex, h.Simulated} }, func(d fact.Draw) fact.Body {
		return OfficeHeld{Office: sampleID("f", d), Sex: "f", From: "2024-01-01", Withdrawn: d.Int("withdrawn", 4) == 0}
	}),
	{
		Name: "agreement", Kinds: []*fact.Kind{KindAgreement, KindRenewed}, Tables: []*store.Table{table, coverTable, renewalTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			a, f, conflict := fact.Said[AgreementStated](s, nil)
			if f == nil || a.Withdrawn != "" {
				return nil
			}
			until := a.To
			renewals := map[string]AgreementRenewed{}
			for _, f := range s.Facts() {
				if r, ok := fact.As[AgreementRenewed](f); ok {
					renewals[r.To] = r
				}
			}
			for _, r := range renewals {
				if r.Withdrawn {
					continue
				}
				until = max(until, r.To)
				out.Add(renewalTable, s.ID, r.To, r.On, r.Note)
			}
			out.Add(table, s.ID, a.Kind, a.Parent, a.Code, a.Name[i18n.AR], a.Name[i18n.FR], a.Name[i18n.ZGH], a.Name[i18n.EN], words(a), a.Signed, until, warns(until, a.Notice), a.Renewal, a.Open(), body(a), conflict)
			for _, v := range unique(a.Programmes) {
				out.Add(coverTable, s.ID, v, "programme")
			}
			for _, v := range unique(a.Places) {
				out.Add(coverTable, s.ID, v, "place")
			}
			return nil
		},
		Sample: func(d fact.Draw, key fact.NewKey) fact.History {
			h := fact.Statements(KindAgreement, func(d fact.Draw) fact.Body {
				return AgreementStated{Code: "C", Kind: Framework, Name: i18n.Text{i18n.FR: "x"}, To: fmt.Sprintf("2027-01-%02d", 1+d.Int("to", 9)), Programmes: []id.ID{sampleID("p", d), sampleID("p", d)}, Withdrawn: []string{"", "", "", "x"}[d.Int("withdrawn", 4)]}
			})(d, key)
			for range d.Int("renewals", 4) {
				h.Steps = append(h.Steps, fact.Step{Kind: KindRenewed, By: d.Int("by", 2), Body: AgreementRenewed{On: "2026-05-01", To: fmt.Sprintf("2027-0%d-01", 1+d.Int("until", 3)), Note: fmt.Sprint(d.Int("note", 3)), Withdrawn: d.Int("withdrawn", 3) == 0}})
			}
			return h
		},
	},
	stated("agreement.party", KindParty, partyTable, func(p PartyStated) (bool, []any) {
		return p.Withdrawn, []any{p.Agreement, p.Organisation, p.Term, p.Joined, p.Left}
	}, func(d fact.Draw) fact.Body {
		return PartyStated{Agreement: sampleID("a", d), Organisation: sampleID("o", d), Role: Roles[d.Int("role", 3)], Withdrawn: d.Int("withdrawn", 4) == 0}
	}),
	{
		Name: "agreement.commitment", Kinds: []*fact.Kind{KindCommitment, KindJudged}, Tables: []*store.Table{commitmentTable, judgedTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			c, f, conflict := fact.Said[CommitmentStated](s, nil)
			if f == nil || c.Withdrawn {
				return nil
			}
			j, judged, disputed := fact.Said[CommitmentJudged](s, nil)
			if judged == nil {
				j.State = Open
			}
			out.Add(commitmentTable, s.ID, c.Agreement, c.Debtor, c.Creditor, c.Due, j.State, j.On, sorts(j.State, c.Due), body(c), conflict || disputed)
			n := 0
			for _, f := range s.Facts() {
				if j, ok := fact.As[CommitmentJudged](f); ok {
					n++
					out.Add(judgedTable, s.ID, f.Ref().String(), n, body(j), f.Actor)
				}
			}
			return nil
		},
		Sample: func(d fact.Draw, key fact.NewKey) fact.History {
			h := fact.Statements(KindCommitment, func(d fact.Draw) fact.Body {
				return CommitmentStated{Agreement: sampleID("a", d), Debtor: id.Named("test", "o"), Kind: "training", What: i18n.Text{i18n.FR: "x"}, Quantity: int64(d.Int("quantity", 9)), Withdrawn: d.Int("withdrawn", 5) == 0}
			})(d, key)
			for range d.Int("judged", 4) {
				st := fact.Step{Kind: KindJudged, By: d.Int("by", 2), Body: CommitmentJudged{State: States[d.Int("state", 5)], On: "2026-03-01", Evidence: i18n.Text{i18n.FR: "x"}}}
				if d.Int("saw", 2) == 1 {
					st.Prev = []int{d.Int("which", len(h.Steps))}
				}
				h.Steps = append(h.Steps, st)
			}
			return h
		},
	},
	stated("agreement.mandate", KindMandate, mandateTable, func(m MandateGiven) (bool, []any) {
		return m.Withdrawn, []any{m.Agreement, m.Place, m.Programme, m.Operator, m.From, m.To}
	}, func(d fact.Draw) fact.Body {
		return MandateGiven{Agreement: sampleID("a", d), Operator: sampleID("o", d), Place: sampleID("x", d), From: "2026-01-01", To: "2026-12-31", Withdrawn: d.Int("withdrawn", 4) == 0}
	}),
	stated("agreement.entry", KindEntry, entryTable, func(e EntryStated) (bool, []any) { return e.Withdrawn, []any{e.Agreement, e.Of} }, func(d fact.Draw) fact.Body {
		return EntryStated{Agreement: sampleID("a", d), Sort: Budget, What: "x", Currency: "MAD", Amount: 1 + int64(d.Int("amount", 99)), On: "2026-01-01", Withdrawn: d.Int("withdrawn", 4) == 0}
	}),
	stated("agreement.decision", KindDecision, decisionTable, func(x DecisionTaken) (bool, []any) { return x.Withdrawn, []any{x.Agreement} }, func(d fact.Draw) fact.Body {
		return DecisionTaken{Agreement: sampleID("a", d), Committee: "x", On: "2026-01-01", What: fmt.Sprint(d.Int("what", 3)), Withdrawn: d.Int("withdrawn", 4) == 0}
	}),
	stated("agreement.paper", KindPaper, paperTable, func(p PaperFiled) (bool, []any) { return p.Withdrawn, []any{p.Agreement} }, func(d fact.Draw) fact.Body {
		return PaperFiled{Agreement: sampleID("a", d), Blob: blob.Digest{1}, Type: "application/pdf", Size: 1, Name: fmt.Sprint(d.Int("name", 3), "x"), On: "2026-01-01", Withdrawn: d.Int("withdrawn", 4) == 0}
	}),
}

// sorts is the order of commitments: the late ones first, the longest late before the others, then what is due next, then what
// has no day, then what is settled. Those that are late are the ones before lateBefore of a day.
func sorts(state, due string) string {
	switch {
	case state != Open && state != Partly:
		return "3" + due
	case due == "":
		return "2"
	}
	return "1" + due
}

func lateBefore(today string) string { return "1" + today }

// warns is the day from which an agreement is said to run out soon, "" of one without an end.
func warns(until string, notice int) string {
	end, err := time.Parse(time.DateOnly, until)
	if err != nil {
		return ""
	}
	return end.AddDate(0, 0, -max(Soon, notice+30)).Format(time.DateOnly)
}

// words are what an agreement is found by.
func words(a AgreementStated) string {
	all := []string{a.Code}
	for _, l := range i18n.Langs {
		if a.Name[l] != "" {
			all = append(all, a.Name[l])
		}
	}
	return sheet.Fold(strings.Join(all, " "))
}

// Open reports whether anybody may read of an agreement: it says so, carries a source, and is not made up.
func (a AgreementStated) Open() bool { return a.Public && !a.Source.IsZero() && !a.Simulated }

func sampleID(kind string, d fact.Draw) id.ID {
	return id.Named("sample "+kind, fmt.Sprint(d.Int(kind, 3)))
}

func unique(ids []id.ID) []id.ID {
	var out []id.ID
	for _, v := range ids {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}
