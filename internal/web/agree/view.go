// Package agree is the door to agreements: who agreed on what, what is late, the money, the mandates. Managers write,
// partners and auditors read what their own agreement covers. The page of initiatives needs no account.
//
// The types named after a screen are what its template shows; see package centre for what is common to all of them.
package agree

import (
	"tizi/internal/i18n"
	"tizi/internal/web/chart"
	"tizi/internal/web/shell"
)

// Women is how many signatures are women's, of those whose signatory is known.
type Women struct {
	Women, Known, Unknown, Simulated int64
}

// List is the screen agreements/list.
type List struct {
	Late     []CommitmentRow // the first of them
	LateAll  int
	Expired  []MandateRow
	Rows     []Row
	Women    Women
	NewURL   string
	Write    bool
	DueURL   string
	LeaseURL string
	OrgURL   string

	Query, Kind, State string // that narrow the rows
	Narrowed           bool   // by them, or to a later page
	All                int    // agreements that the reader may read
	Pager              shell.Pager
}

// Row is one agreement of a list.
type Row struct {
	Code, URL string
	Name      i18n.Text
	Kind      string
	Parties   []i18n.Text
	Signed    string // in words; "" is not signed yet
	Until     string // ISO; "" is not stated
	RunsOut   string // "", soon, over or tacit: past its end and running on
	Late      int
	Simulated bool
}

// CommitmentRow is one commitment of a list.
type CommitmentRow struct {
	What             i18n.Text
	Debtor, Creditor i18n.Text
	Quantity         int64
	Unit             i18n.Text
	Kind, State      string
	Due, Since       string // ISO
	Late             bool
	Outside          bool // due outside of the agreement's validity
	URL              string
	Agreement        string // its code, where rows of several stand
	Simulated        bool
	Conflict         bool
}

// Due is the screen agreements/due: the commitments of all agreements.
type Due struct {
	Rows  []CommitmentRow
	Late  int
	Open  int
	State string
	Pager shell.Pager
}

// MandateRow is one mandate of a list.
type MandateRow struct {
	Operator, Place i18n.Text
	Programme       i18n.Text // empty: the place itself
	From, To        string    // ISO
	Over, Clash     bool
	Doubts          []string // agreement.Doubts of it
	URL             string   // to change it
	AgreementURL    string
	Agreement       string
	Simulated       bool
}

// Mandates is the screen agreements/mandates.
type Mandates struct {
	Rows  []MandateRow
	State string // over, running or ""
	Pager shell.Pager
}

// Agreement is the screen agreements/agreement, one tab of it.
type Agreement struct {
	Row
	About       i18n.Text
	Tab         string
	Tabs        []Tab
	Write       bool
	Warnings    []string
	EditURL     string
	RenewURL    string
	Parent      *Row
	Below       []Row
	SignedAt    i18n.Text
	From        string
	Renewal     string
	NoticeBy    string // ISO
	Renewals    []Line
	UndoRenewal string // where one is taken back
	Programmes  []i18n.Text
	Places      []i18n.Text
	Strategies  []Link
	Source      *Source
	Public      bool
	Members     []Party
	Women       Women
	Targets     []TargetRow
	AddURL      string // of the tab
	Commitments []CommitmentRow
	Mandates    []MandateRow
	Decisions   []DecisionRow
	Papers      []PaperRow
	Money       *Money
	Pager       shell.Pager // of the tab
	UploadURL   string
	PaperName   string // as it was typed
	Errors      map[string]string
}

// Tab is one part of an agreement.
type Tab struct {
	Key, URL string
	Count    int // -1 is not counted
	Current  bool
}

// Link is a name that may lead outside.
type Link struct {
	Name i18n.Text
	URL  string
}

// Line is a line of a history.
type Line struct {
	On    string // ISO
	Text  string
	By    string
	State string
	Undo  string // what a button takes back
	Links []Crumb
}

// Crumb is a link of this server.
type Crumb struct{ Name, URL string }

// Party is one party with who signed for it.
type Party struct {
	Name      i18n.Text
	Role      string
	Office    i18n.Text // that signed; empty is not known
	Sex       string
	Since     string // ISO, of one who joined later
	Left      string
	Reason    string
	URL       string
	Simulated bool
}

// Source is a publication, ready to read.
type Source struct {
	Kind, Publication, On string
	States                i18n.Text
	URL                   string
}

// TargetRow is a target that the agreement binds.
type TargetRow struct {
	Programme, Place i18n.Text
	Period           string
	Cells            []string // whom it is for, ready to read; none: everybody
	Value            int64
	Reached          shell.Figure // as far as the reader may know it
	Partly           bool         // the reader may not count all of the place, so nothing stands against the target
	Participations   bool         // counts them, and not people
	Bar              chart.Bar
	Source           *Source
	URL              string
}

// DecisionRow is what a committee decided.
type DecisionRow struct {
	Committee, What string
	On, Due, Done   string // ISO
	Owner           i18n.Text
	Late, Simulated bool
	URL             string
}

// PaperRow is an attachment.
type PaperRow struct {
	Name, On, Digest string
	KB               int64
	URL, DropURL     string
}

// Money is the tab of money. Amounts are written out with their currency.
type Money struct {
	Simulated                                   bool
	Promised, Received, InKind, Budgeted, Spent []string
	Promises                                    []PromiseRow
	Lines                                       []BudgetRow
	Costs                                       []CostRow
	Unassigned                                  []string
	Periods                                     []Tab
	PromiseURL, ReceiptURL, LineURL, ExpenseURL string
	PromisePager, LinePager, CostPager          shell.Pager
	Of                                          string      // leads back where one promise or line is shown with all its entries
	Pager                                       shell.Pager // of these
}

// PromiseRow is one contribution.
type PromiseRow struct {
	By            i18n.Text
	What, On, URL string
	Amount        string
	Received      string
	InKind        bool
	Bar           chart.Bar
	Receipts      []EntryRow
	MoreURL       string // all of them, where the latest alone stand here
	All           int
	Simulated     bool
}

// BudgetRow is one line of the budget against what was spent.
type BudgetRow struct {
	What, On, Until, URL string
	Amount, Spent, Over  string // Over is by how much; "" is not
	Bar                  chart.Bar
	Expenses             []EntryRow
	MoreURL              string
	All                  int
	Simulated            bool
}

// EntryRow is one receipt or expense.
type EntryRow struct {
	On, Amount, What, Reference, URL string
	Programme, Place                 i18n.Text
	Simulated                        bool
}

// CostRow is what one person reached costs: Spent divided by Reached.
type CostRow struct {
	Programme, Place i18n.Text
	Spent            string
	Reached          int64
	Centres          int    // at which they were reached
	Each             string // "" where nobody was reached
}

// Commitment is the screen agreements/commitment.
type Commitment struct {
	CommitmentRow
	Name              i18n.Text // of the agreement
	BackURL           string
	EditURL, JudgeURL string
	Source            *Source
	History           []Line
}

// Form is the screen agreements/form: one thing to be stated.
type Form struct {
	Title, Lead string
	Crumbs      []shell.Crumb
	Sections    []Section
	Errors      map[string]string
	Warnings    []string
	Action      string
	CancelURL   string
	Remove      bool // offers to take it back; posts remove=yes
	Lists       []FormList
	Button      string // of what is posted; "" saves
	WithdrawURL string // where what was entered by mistake is withdrawn
}

// Section is a part of a form.
type Section struct {
	Title, Text string
	Fields      []shell.Field
	// Covers is a tree of places to be ticked; it posts place, for each one.
	Covers      []Branch
	CoversError string
}

// Branch is a place of a tree to be ticked, with what lies within.
type Branch struct {
	Value, Type string
	Name        i18n.Text
	On          bool
	Ticked      int // it and what lies within
	Below       []Branch
}

// Leaves are what lies within, at whatever depth, as one list.
func (b Branch) Leaves() (out []Branch) {
	for _, x := range b.Below {
		out = append(append(out, x), x.Leaves()...)
	}
	return out
}

// FormList is what hangs below what a form states.
type FormList struct {
	Title, AddURL, Add, None string
	Rows                     []FormRow
}

// FormRow is one of it.
type FormRow struct {
	Name i18n.Text
	Note string
	URL  string
}

// Organisations is the screen agreements/organisations.
type Organisations struct {
	Rows   []OrganisationRow
	Query  string
	Any    bool // there is one, whatever was sought
	NewURL string
	Pager  shell.Pager
}

// OrganisationRow is one organisation of the tree, with what stands below it.
type OrganisationRow struct {
	Name    i18n.Text
	Type    string
	Depth   int
	Offices int
	Parties int
	URL     string
}

// Initiatives is the screen agreements/initiatives.
type Initiatives struct {
	Country    i18n.Text
	Rows       []Initiative
	Criticisms []Initiative
	// Node are the agreements of this node that are public.
	Node  []Initiative
	Pager shell.Pager // of Node
}

// Initiative is one of them.
type Initiative struct {
	Code, Kind string
	Title      i18n.Text
	On, Until  string // in words
	Where      i18n.Text
	Parties    []i18n.Text
	Stated     []i18n.Text
	Strategies []Link
	Sources    []Source
}
