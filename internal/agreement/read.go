package agreement

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"tizi/internal/access"
	"tizi/internal/blob"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/store"
)

// Item is a subject and what was stated about it last. Conflict says that two people did so without seeing each other.
type Item[T fact.Body] struct {
	ID       id.ID
	Is       T
	Conflict bool
}

func read[T any](column string) (v T, err error) {
	if err = json.Unmarshal([]byte(column), &v); err != nil {
		err = fmt.Errorf("read what was stated: %w", err)
	}
	return v, err
}

// items are the rows of a table that a condition selects, in the order of their ids.
func items[T fact.Body](ctx context.Context, q store.Querier, t *store.Table, where string, args ...any) ([]Item[T], error) {
	var out []Item[T]
	err := q.Each(ctx, "SELECT id, body, conflict FROM "+t.Name+" WHERE "+where+" ORDER BY id", args, func(r store.Row) error {
		var x Item[T]
		var b string
		if err := r.Scan(&x.ID, &b, &x.Conflict); err != nil {
			return err
		}
		var err error
		x.Is, err = read[T](b)
		out = append(out, x)
		return err
	})
	return out, err
}

func get[T fact.Body](ctx context.Context, q store.Querier, t *store.Table, v id.ID) (*Item[T], error) {
	l, err := items[T](ctx, q, t, "id = ?", v)
	if err != nil || len(l) == 0 {
		return nil, err
	}
	return &l[0], nil
}

func count(ctx context.Context, q store.Querier, query string, args ...any) (n int64, err error) {
	_, err = store.One(ctx, q, query, args, &n)
	return n, err
}

// Organisations returns all organisations.
func (s *Agreements) Organisations(ctx context.Context, q store.Querier) ([]Item[OrganisationDescribed], error) {
	return items[OrganisationDescribed](ctx, q, organisationTable, "1 = 1")
}

// Organisation returns one, or nil.
func (s *Agreements) Organisation(ctx context.Context, q store.Querier, v id.ID) (*Item[OrganisationDescribed], error) {
	return get[OrganisationDescribed](ctx, q, organisationTable, v)
}

// Offices returns the offices of an organisation, or, of Nil, of all.
func (s *Agreements) Offices(ctx context.Context, q store.Querier, organisation id.ID) ([]Item[OfficeDescribed], error) {
	if organisation.IsNil() {
		return items[OfficeDescribed](ctx, q, officeTable, "1 = 1")
	}
	return items[OfficeDescribed](ctx, q, officeTable, "organisation = ?", organisation)
}

// Terms returns who held an office, the earliest first.
func (s *Agreements) Terms(ctx context.Context, q store.Querier, office id.ID) ([]Item[OfficeHeld], error) {
	l, err := items[OfficeHeld](ctx, q, termTable, "office = ?", office)
	slices.SortStableFunc(l, func(a, b Item[OfficeHeld]) int { return cmp.Compare(a.Is.From, b.Is.From) })
	return l, err
}

// Agreement is an agreement. Until is its last day, renewals counted; "" is not stated.
type Agreement struct {
	ID id.ID
	AgreementStated
	Until    string
	Conflict bool
}

// seen is a condition on the table of agreements: those of a scope, and their amendments.
func seen(scope access.Scope) (string, []any) {
	own, args := scope.Agreed("id")
	of, more := scope.Agreed("parent")
	return "(" + own + " OR kind = 'amendment' AND " + of + ")", append(args, more...)
}

// under is a condition on a column that holds an agreement: those of a scope, or, where v is not Nil, that one of them.
func under(column string, scope access.Scope, v id.ID) (string, []any) {
	where, args := seen(scope)
	where = column + " IN (SELECT id FROM agreement WHERE " + where + ")"
	if v.IsNil() {
		return where, args
	}
	return where + " AND " + column + " = ?", append(args, v)
}

// List returns the agreements of a scope, the newest first; what is not signed yet leads.
func (s *Agreements) List(ctx context.Context, q store.Querier, scope access.Scope) ([]Agreement, error) {
	where, args := seen(scope)
	return s.list(ctx, q, where, args...)
}

func (s *Agreements) list(ctx context.Context, q store.Querier, where string, args ...any) ([]Agreement, error) {
	var out []Agreement
	err := q.Each(ctx, "SELECT id, until, body, conflict FROM agreement WHERE "+where+" ORDER BY code, id", args, func(r store.Row) error {
		var x Agreement
		var b string
		if err := r.Scan(&x.ID, &x.Until, &b, &x.Conflict); err != nil {
			return err
		}
		var err error
		x.AgreementStated, err = read[AgreementStated](b)
		out = append(out, x)
		return err
	})
	slices.SortStableFunc(out, func(a, b Agreement) int {
		if a.Signed == "" || b.Signed == "" {
			return cmp.Compare(a.Signed, b.Signed)
		}
		return cmp.Compare(b.Signed, a.Signed)
	})
	return out, err
}

// Get returns an agreement of a scope, or ErrUnknown.
func (s *Agreements) Get(ctx context.Context, q store.Querier, scope access.Scope, v id.ID) (*Agreement, error) {
	where, args := seen(scope)
	l, err := s.list(ctx, q, where+" AND id = ?", append(args, v)...)
	if err == nil && len(l) == 0 {
		err = ErrUnknown
	}
	if err != nil {
		return nil, err
	}
	return &l[0], nil
}

// Covers says what a role for an agreement covers: its programmes and places, and those of its amendments.
func (s *Agreements) Covers(ctx context.Context, q store.Querier, v id.ID) ([]access.On, error) {
	var out []access.On
	err := q.Each(ctx, "SELECT DISTINCT kind, thing FROM agreement_cover WHERE id = ? OR id IN (SELECT id FROM agreement WHERE parent = ? AND kind = 'amendment') ORDER BY kind, thing", store.Args(v, v), func(r store.Row) error {
		var on access.On
		err := r.Scan((*string)(&on.Kind), &on.ID)
		out = append(out, on)
		return err
	})
	return out, err
}

// Renewals returns how an agreement went on, the first first.
func (s *Agreements) Renewals(ctx context.Context, q store.Querier, v id.ID) ([]AgreementRenewed, error) {
	var out []AgreementRenewed
	err := q.Each(ctx, "SELECT day, until, note FROM agreement_renewal WHERE id = ? ORDER BY until", store.Args(v), func(r store.Row) error {
		var x AgreementRenewed
		err := r.Scan(&x.On, &x.To, &x.Note)
		out = append(out, x)
		return err
	})
	return out, err
}

// Soon is how many days before its last one an agreement is said to run out, at least.
const Soon = 90

// RunsOut says how an agreement stands on a day: "" in force or without an end, "soon", "over", or "tacit" where it runs on
// by itself.
func (a Agreement) RunsOut(today string) string {
	end, err := time.Parse(time.DateOnly, a.Until)
	switch {
	case err != nil:
		return ""
	case a.Until < today && a.Renewal == Tacit:
		return "tacit" // nobody refused it: it runs on
	case a.Until < today:
		return "over"
	case end.AddDate(0, 0, -max(Soon, a.Notice+30)).Format(time.DateOnly) <= today:
		return "soon"
	}
	return ""
}

// NoticeBy is the last day on which a tacit renewal can be refused, or the express one asked for; "" where none is.
func (a Agreement) NoticeBy() string {
	end, err := time.Parse(time.DateOnly, a.Until)
	if err != nil || a.Renewal == "" {
		return ""
	}
	return end.AddDate(0, 0, -a.Notice).Format(time.DateOnly)
}

// Parties returns the parties of an agreement, the lead first, those that left last.
func (s *Agreements) Parties(ctx context.Context, q store.Querier, v id.ID) ([]Item[PartyStated], error) {
	l, err := items[PartyStated](ctx, q, partyTable, "agreement = ?", v)
	slices.SortStableFunc(l, func(a, b Item[PartyStated]) int {
		return cmp.Or(cmp.Compare(min(len(a.Is.Left), 1), min(len(b.Is.Left), 1)), cmp.Compare(slices.Index(Roles, a.Is.Role), slices.Index(Roles, b.Is.Role)), slices.Compare(a.ID[:], b.ID[:]))
	})
	return l, err
}

// Members returns the organisations that are parties of each agreement and have not left, the lead first.
func (s *Agreements) Members(ctx context.Context, q store.Querier) (map[id.ID][]id.ID, error) {
	all, err := items[PartyStated](ctx, q, partyTable, "1 = 1")
	slices.SortStableFunc(all, func(a, b Item[PartyStated]) int {
		return cmp.Compare(slices.Index(Roles, a.Is.Role), slices.Index(Roles, b.Is.Role))
	})
	out := map[id.ID][]id.ID{}
	for _, p := range all {
		if p.Is.Left == "" {
			out[p.Is.Agreement] = append(out[p.Is.Agreement], p.Is.Organisation)
		}
	}
	return out, err
}

// Party returns one party of an agreement, or ErrUnknown.
func (s *Agreements) Party(ctx context.Context, q store.Querier, agreement, party id.ID) (PartyStated, error) {
	return within[PartyStated](ctx, q, partyTable, agreement, party)
}

// within is an item of an agreement, or ErrUnknown.
func within[T fact.Body](ctx context.Context, q store.Querier, t *store.Table, agreement, v id.ID) (T, error) {
	var none T
	l, err := items[T](ctx, q, t, "agreement = ? AND id = ?", agreement, v)
	if err == nil && len(l) == 0 {
		err = ErrUnknown
	}
	if err != nil {
		return none, err
	}
	return l[0].Is, nil
}

// Term returns a term with its office; nil where there is none.
func (s *Agreements) Term(ctx context.Context, q store.Querier, v id.ID) (*Item[OfficeHeld], *Item[OfficeDescribed], error) {
	t, err := get[OfficeHeld](ctx, q, termTable, v)
	if err != nil || t == nil {
		return nil, nil, err
	}
	o, err := get[OfficeDescribed](ctx, q, officeTable, t.Is.Office)
	return t, o, err
}

// Office returns an office, or ErrUnknown.
func (s *Agreements) Office(ctx context.Context, q store.Querier, v id.ID) (*Item[OfficeDescribed], error) {
	o, err := get[OfficeDescribed](ctx, q, officeTable, v)
	if err == nil && o == nil {
		err = ErrUnknown
	}
	return o, err
}

// Signatures are how many signatures agreements bear, and how many of them are women's. Of who signed it is known whether
// a woman or a man did where the office and its term were stated.
type Signatures struct {
	Women, Known, Unknown int64
	Simulated             int64 // of the known
}

// Signatures counts those of a scope's agreements, or, where v is not Nil, of one.
func (s *Agreements) Signatures(ctx context.Context, q store.Querier, scope access.Scope, v id.ID) (Signatures, error) {
	var out Signatures
	where, args := under("p.agreement", scope, v)
	signed, err := s.signed(ctx, q, where, args...)
	if err != nil {
		return out, err
	}
	terms, err := items[OfficeHeld](ctx, q, termTable, "1 = 1")
	if err != nil {
		return out, err
	}
	byID := map[id.ID]OfficeHeld{}
	for _, t := range terms {
		byID[t.ID] = t.Is
	}
	for _, x := range signed {
		t, ok := byID[x.term]
		switch {
		case x.on == "": // not signed yet
		case !ok:
			out.Unknown++
		default:
			out.Known++
			if t.Sex == "f" {
				out.Women++
			}
			if t.Simulated {
				out.Simulated++
			}
		}
	}
	return out, nil
}

// Commitment is what a party owes and how it stands. Since is the day of its state; "" is the beginning.
type Commitment struct {
	ID id.ID
	CommitmentStated
	State, Since string
	Conflict     bool
}

// Late reports whether a commitment was due and is not kept.
func (c Commitment) Late(today string) bool {
	return c.Due != "" && c.Due < today && (c.State == Open || c.State == Partly)
}

// Commitments returns those of a scope's agreements, or, where v is not Nil, of one: the late ones first, the longest late
// before the others, then what is due next, then what is settled.
func (s *Agreements) Commitments(ctx context.Context, q store.Querier, scope access.Scope, v id.ID) ([]Commitment, error) {
	where, args := under("agreement", scope, v)
	l, err := s.commitments(ctx, q, where, args...)
	today := s.today()
	rank := func(c Commitment) int {
		switch {
		case c.Late(today):
			return 0
		case c.State != Open && c.State != Partly:
			return 3
		case c.Due == "":
			return 2
		}
		return 1
	}
	slices.SortStableFunc(l, func(a, b Commitment) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Due, b.Due)) })
	return l, err
}

func (s *Agreements) commitments(ctx context.Context, q store.Querier, where string, args ...any) ([]Commitment, error) {
	var out []Commitment
	err := q.Each(ctx, "SELECT id, state, since, body, conflict FROM agreement_commitment WHERE "+where+" ORDER BY id", args, func(r store.Row) error {
		var x Commitment
		var b string
		if err := r.Scan(&x.ID, &x.State, &x.Since, &b, &x.Conflict); err != nil {
			return err
		}
		var err error
		x.CommitmentStated, err = read[CommitmentStated](b)
		out = append(out, x)
		return err
	})
	return out, err
}

// Commitment returns one, or ErrUnknown.
func (s *Agreements) Commitment(ctx context.Context, q store.Querier, scope access.Scope, v id.ID) (*Commitment, error) {
	where, args := under("agreement", scope, id.Nil)
	l, err := s.commitments(ctx, q, where+" AND id = ?", append(args, v)...)
	if err == nil && len(l) == 0 {
		err = ErrUnknown
	}
	if err != nil {
		return nil, err
	}
	return &l[0], nil
}

// Judged is one judgement of a commitment, with who made it.
type Judged struct {
	CommitmentJudged
	Actor id.ID
}

// History returns how a commitment stood, the latest first.
func (s *Agreements) History(ctx context.Context, q store.Querier, v id.ID) ([]Judged, error) {
	var out []Judged
	err := q.Each(ctx, "SELECT body, actor FROM agreement_judged WHERE id = ? ORDER BY n DESC", store.Args(v), func(r store.Row) error {
		var x Judged
		var b string
		if err := r.Scan(&b, &x.Actor); err != nil {
			return err
		}
		var err error
		x.CommitmentJudged, err = read[CommitmentJudged](b)
		out = append(out, x)
		return err
	})
	return out, err
}

// Mandates returns those of a scope's agreements, or, where v is not Nil, of one: the expired first, then what ends next.
func (s *Agreements) Mandates(ctx context.Context, q store.Querier, scope access.Scope, v id.ID) ([]Item[MandateGiven], error) {
	where, args := under("agreement", scope, v)
	l, err := items[MandateGiven](ctx, q, mandateTable, where, args...)
	slices.SortStableFunc(l, func(a, b Item[MandateGiven]) int { return cmp.Compare(a.Is.To, b.Is.To) })
	return l, err
}

// Mandate returns one mandate of an agreement, or ErrUnknown.
func (s *Agreements) Mandate(ctx context.Context, q store.Querier, agreement, v id.ID) (MandateGiven, error) {
	return within[MandateGiven](ctx, q, mandateTable, agreement, v)
}

// Entries returns the books of an agreement, by date.
func (s *Agreements) Entries(ctx context.Context, q store.Querier, agreement id.ID) ([]Item[EntryStated], error) {
	l, err := items[EntryStated](ctx, q, entryTable, "agreement = ?", agreement)
	slices.SortStableFunc(l, func(a, b Item[EntryStated]) int { return cmp.Compare(a.Is.On, b.Is.On) })
	return l, err
}

// Entry returns one entry of an agreement, or ErrUnknown.
func (s *Agreements) Entry(ctx context.Context, q store.Querier, agreement, v id.ID) (EntryStated, error) {
	return within[EntryStated](ctx, q, entryTable, agreement, v)
}

// Decisions returns what committees decided under an agreement, the latest first.
func (s *Agreements) Decisions(ctx context.Context, q store.Querier, agreement id.ID) ([]Item[DecisionTaken], error) {
	l, err := items[DecisionTaken](ctx, q, decisionTable, "agreement = ?", agreement)
	slices.SortStableFunc(l, func(a, b Item[DecisionTaken]) int { return cmp.Compare(b.Is.On, a.Is.On) })
	return l, err
}

// Decision returns one decision of an agreement, or ErrUnknown.
func (s *Agreements) Decision(ctx context.Context, q store.Querier, agreement, v id.ID) (DecisionTaken, error) {
	return within[DecisionTaken](ctx, q, decisionTable, agreement, v)
}

// Papers returns the attachments of an agreement.
func (s *Agreements) Papers(ctx context.Context, q store.Querier, agreement id.ID) ([]Item[PaperFiled], error) {
	return items[PaperFiled](ctx, q, paperTable, "agreement = ?", agreement)
}

// Paper returns one attachment of an agreement, or ErrUnknown.
func (s *Agreements) Paper(ctx context.Context, q store.Querier, agreement, v id.ID) (PaperFiled, error) {
	return within[PaperFiled](ctx, q, paperTable, agreement, v)
}

// Public returns the agreements that anybody may read of: those that say so and carry a source.
func (s *Agreements) Public(ctx context.Context, q store.Querier) ([]Agreement, error) {
	all, err := s.List(ctx, q, access.Everywhere())
	return slices.DeleteFunc(all, func(a Agreement) bool { return !a.Public || a.Source.IsZero() || a.Simulated }), err
}

// Blobs tells of each paper in which stream a fact speaks of it.
func (s *Agreements) Blobs(ctx context.Context, q store.Querier, add func(stream string, d blob.Digest)) error {
	l, err := items[PaperFiled](ctx, q, paperTable, "1 = 1")
	for _, p := range l {
		add("hub", p.Is.Blob)
	}
	return err
}
