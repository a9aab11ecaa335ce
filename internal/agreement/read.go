package agreement

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/blob"
	"tizi/internal/fact"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/sheet"
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
	return ordered[T](ctx, q, t, where+" ORDER BY id", args...)
}

// ordered are the rows of a table in the order that the condition ends with.
func ordered[T fact.Body](ctx context.Context, q store.Querier, t *store.Table, where string, args ...any) ([]Item[T], error) {
	var out []Item[T]
	err := q.Each(ctx, "SELECT id, body, conflict FROM "+t.Name+" WHERE "+where, args, func(r store.Row) error {
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
	where, args := "1 = 1", []any(nil)
	if !scope.All() { // who reads all agreements need not be asked of each
		where, args = seen(scope)
		where = column + " IN (SELECT id FROM agreement WHERE " + where + ")"
	}
	if v.IsNil() {
		return where, args
	}
	return where + " AND " + column + " = ?", append(args, v)
}

// Filter says which agreements of a list are asked for, and which part of the list; a Size of 0 is counted alone.
type Filter struct {
	Search, Kind string
	State        string // late: of a commitment; over or soon, as RunsOut says; "" is any
	From, Size   int
}

// Listed is an agreement with how many of its commitments are late.
type Listed struct {
	Agreement
	Late int
}

// States of agreements that a Filter knows.
var FilterStates = []string{"late", "over", "soon"}

// Page returns a part of the agreements of a scope, and how many there are: those first that need somebody, then the newest,
// what is not signed yet before.
func (s *Agreements) Page(ctx context.Context, q store.Querier, scope access.Scope, f Filter) (out []Listed, total int, err error) {
	today := s.today()
	owed := " FROM agreement LEFT JOIN (SELECT agreement, count(*) AS late FROM agreement_commitment WHERE sorts < ? GROUP BY agreement) owed ON owed.agreement = agreement.id WHERE "
	args := store.Args(lateBefore(today))
	where, more := seen(scope)
	args = append(args, more...)
	and := func(condition string, a ...any) { where, args = where+" AND "+condition, append(args, a...) }
	if w := strings.TrimSpace(sheet.Fold(f.Search)); w != "" {
		and("words LIKE ? ESCAPE '!'", "%"+strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(w)+"%")
	}
	if f.Kind != "" {
		and("kind = ?", f.Kind)
	}
	const over, soon = "(until <> '' AND until < ? AND renewal <> 'tacit')", "(until >= ? AND warns <> '' AND warns <= ?)"
	switch f.State {
	case "late":
		and("owed.late > 0")
	case "over":
		and(over, today)
	case "soon":
		and(soon, today, today)
	}
	counted, of := " FROM agreement WHERE ", args[1:]
	if f.State == "late" {
		counted, of = owed, args
	}
	if _, err = store.One(ctx, q, "SELECT count(*)"+counted+where, of, &total); err != nil || f.Size == 0 {
		return nil, total, err
	}
	query := "SELECT id, until, body, conflict, owed.late" + owed + where + " ORDER BY CASE WHEN owed.late > 0 THEN 0 ELSE 1 END, CASE WHEN " + over + " THEN 0 WHEN " + soon + " THEN 1 ELSE 2 END, CASE WHEN signed = '' THEN 0 ELSE 1 END, signed DESC, code, id LIMIT ? OFFSET ?"
	err = q.Each(ctx, query, append(args, today, today, today, f.Size, f.From), func(r store.Row) error {
		var x Listed
		var b string
		if err := r.Scan(&x.ID, &x.Until, &b, &x.Conflict, &x.Late); err != nil {
			return err
		}
		var err error
		x.AgreementStated, err = read[AgreementStated](b)
		out = append(out, x)
		return err
	})
	return out, total, err
}

// Named is what an agreement is called.
type Named struct {
	ID         id.ID
	Code, Kind string
	Name       i18n.Text
}

// Names returns what the agreements of a scope are called, by code.
func (s *Agreements) Names(ctx context.Context, q store.Querier, scope access.Scope) ([]Named, error) {
	where, args := seen(scope)
	return named(ctx, q, where, args)
}

// OpenNames returns what those are called that anybody may read of, by code.
func (s *Agreements) OpenNames(ctx context.Context, q store.Querier) ([]Named, error) {
	return named(ctx, q, "open <> 0", nil)
}

func named(ctx context.Context, q store.Querier, where string, args []any) (out []Named, err error) {
	err = q.Each(ctx, "SELECT id, code, kind, ar, fr, zgh, en FROM agreement WHERE "+where+" ORDER BY code, id", args, func(r store.Row) error {
		var x Named
		var ar, fr, zgh, en string
		err := r.Scan(&x.ID, &x.Code, &x.Kind, &ar, &fr, &zgh, &en)
		x.Name = i18n.Text{}
		for l, s := range map[i18n.Lang]string{i18n.AR: ar, i18n.FR: fr, i18n.ZGH: zgh, i18n.EN: en} {
			if s != "" {
				x.Name[l] = s
			}
		}
		out = append(out, x)
		return err
	})
	return out, err
}

// Below returns the agreements of a scope that hang from one.
func (s *Agreements) Below(ctx context.Context, q store.Querier, scope access.Scope, v id.ID) ([]Agreement, error) {
	where, args := seen(scope)
	return s.list(ctx, q, where+" AND parent = ?", append(args, v)...)
}

// Of returns some agreements of a scope, by id.
func (s *Agreements) Of(ctx context.Context, q store.Querier, scope access.Scope, ids []id.ID) (map[id.ID]*Agreement, error) {
	where, args := seen(scope)
	in, more := store.In("id", ids)
	l, err := s.list(ctx, q, where+" AND "+in, append(args, more...)...)
	out := map[id.ID]*Agreement{}
	for i := range l {
		out[l[i].ID] = &l[i]
	}
	return out, err
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

// Members returns the organisations that are parties of each of some agreements and have not left yet, the lead first.
func (s *Agreements) Members(ctx context.Context, q store.Querier, agreements []id.ID) (map[id.ID][]id.ID, error) {
	in, args := store.In("agreement", agreements)
	all, err := items[PartyStated](ctx, q, partyTable, in+" AND (gone = '' OR gone > ?)", append(args, s.today())...)
	slices.SortStableFunc(all, func(a, b Item[PartyStated]) int {
		return cmp.Compare(slices.Index(Roles, a.Is.Role), slices.Index(Roles, b.Is.Role))
	})
	out := map[id.ID][]id.ID{}
	for _, p := range all {
		out[p.Is.Agreement] = append(out[p.Is.Agreement], p.Is.Organisation)
	}
	return out, err
}

// Sums returns, of each organisation, how many offices it has, and of how many agreements it is a party and has not left yet.
func (s *Agreements) Sums(ctx context.Context, q store.Querier) (offices, parties map[id.ID]int, err error) {
	of := func(query string, args ...any) (map[id.ID]int, error) {
		out := map[id.ID]int{}
		return out, q.Each(ctx, query, args, func(r store.Row) error {
			var v id.ID
			var n int
			err := r.Scan(&v, &n)
			out[v] = n
			return err
		})
	}
	if offices, err = of("SELECT organisation, count(*) FROM agreement_office GROUP BY organisation"); err != nil {
		return nil, nil, err
	}
	parties, err = of("SELECT organisation, count(*) FROM agreement_party WHERE gone = '' OR gone > ? GROUP BY organisation", s.today())
	return offices, parties, err
}

// Called returns some organisations, by id.
func (s *Agreements) Called(ctx context.Context, q store.Querier, ids []id.ID) (map[id.ID]OrganisationDescribed, error) {
	in, args := store.In("id", ids)
	l, err := items[OrganisationDescribed](ctx, q, organisationTable, in, args...)
	out := map[id.ID]OrganisationDescribed{}
	for _, o := range l {
		out[o.ID] = o.Is
	}
	return out, err
}

// Signed is a term with its office.
type Signed struct {
	Term   OfficeHeld
	Office OfficeDescribed
}

// Signatories returns, of each party of an agreement whose signatory is known, the term and the office that signed.
func (s *Agreements) Signatories(ctx context.Context, q store.Querier, agreement id.ID) (map[id.ID]Signed, error) {
	out := map[id.ID]Signed{}
	err := q.Each(ctx, "SELECT p.id, t.body, o.body FROM agreement_party p JOIN agreement_term t ON t.id = p.term JOIN agreement_office o ON o.id = t.office WHERE p.agreement = ?", store.Args(agreement), func(r store.Row) error {
		var v id.ID
		var t, o string
		if err := r.Scan(&v, &t, &o); err != nil {
			return err
		}
		var x Signed
		var err1, err2 error
		x.Term, err1 = read[OfficeHeld](t)
		x.Office, err2 = read[OfficeDescribed](o)
		out[v] = x
		return errors.Join(err1, err2)
	})
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
	err := q.Each(ctx, "SELECT count(*), COALESCE(t.sex, ''), COALESCE(t.simulated, 0) FROM agreement_party p JOIN agreement a ON a.id = p.agreement LEFT JOIN agreement_term t ON t.id = p.term WHERE (a.signed <> '' OR p.joined <> '') AND "+where+" GROUP BY COALESCE(t.sex, ''), COALESCE(t.simulated, 0)", args, func(r store.Row) error {
		var n, simulated int64
		var sex string
		err := r.Scan(&n, &sex, &simulated)
		if sex == "" {
			out.Unknown += n
			return err
		}
		out.Known += n
		if sex == "f" {
			out.Women += n
		}
		if simulated != 0 {
			out.Simulated += n
		}
		return err
	})
	return out, err
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

// Owed says which commitments are asked for, and which part of them; a Size of 0 is all.
type Owed struct {
	Agreement  id.ID  // Nil is those of all agreements of the scope
	State      string // one of States, or late; "" is any
	From, Size int
}

// Commitments returns those of a scope's agreements: the late ones first, the longest late before the others, then what is due
// next, then what is settled.
func (s *Agreements) Commitments(ctx context.Context, q store.Querier, scope access.Scope, f Owed) ([]Commitment, error) {
	where, args := s.owed(scope, f)
	where += " ORDER BY sorts, id"
	if f.Size > 0 {
		where, args = where+" LIMIT ? OFFSET ?", append(args, f.Size, f.From)
	}
	return s.commitments(ctx, q, where, args...)
}

// Owing counts commitments, whatever part is asked for.
func (s *Agreements) Owing(ctx context.Context, q store.Querier, scope access.Scope, f Owed) (int, error) {
	where, args := s.owed(scope, f)
	n, err := count(ctx, q, "SELECT count(*) FROM agreement_commitment WHERE "+where, args...)
	return int(n), err
}

func (s *Agreements) owed(scope access.Scope, f Owed) (string, []any) {
	where, args := under("agreement", scope, f.Agreement)
	switch {
	case f.State == "late":
		where, args = where+" AND sorts < ?", append(args, lateBefore(s.today()))
	case f.State == "due": // neither settled nor given up
		where, args = where+" AND sorts < ?", append(args, "3")
	case f.State != "":
		where, args = where+" AND state = ?", append(args, f.State)
	}
	return where, args
}

// Leaver is what still names a party that left an agreement: commitments that are not kept, and mandates that go on after that day.
type Leaver struct{ Owes, Runs int }

// Leavers returns, of each party of an agreement that left, what still names it.
func (s *Agreements) Leavers(ctx context.Context, q store.Querier, agreement id.ID) (map[id.ID]Leaver, error) {
	out := map[id.ID]Leaver{}
	read := func(query string, set func(l *Leaver, n int), args ...any) error {
		return q.Each(ctx, query, args, func(r store.Row) error {
			var v id.ID
			var n int
			err := r.Scan(&v, &n)
			l := out[v]
			set(&l, n)
			out[v] = l
			return err
		})
	}
	err := read("SELECT p.organisation, count(*) FROM agreement_party p JOIN agreement_commitment c ON c.agreement = p.agreement AND (c.debtor = p.organisation OR c.creditor = p.organisation) WHERE p.agreement = ? AND p.gone <> '' AND c.sorts < ? GROUP BY p.organisation",
		func(l *Leaver, n int) { l.Owes = n }, agreement, "3")
	if err != nil {
		return nil, err
	}
	return out, read("SELECT p.organisation, count(*) FROM agreement_party p JOIN agreement_mandate m ON m.agreement = p.agreement AND m.operator = p.organisation WHERE p.agreement = ? AND p.gone <> '' AND m.until > p.gone AND m.until >= ? GROUP BY p.organisation",
		func(l *Leaver, n int) { l.Runs = n }, agreement, s.today())
}

// What may be doubted of a mandate.
const (
	DoubtLeft     = "left"     // its operator left the agreement before it ends
	DoubtStranger = "stranger" // its operator is no party
	DoubtOutside  = "outside"  // it reaches beyond the validity of the agreement
)

// Doubts returns what may be doubted of some mandates.
func (s *Agreements) Doubts(ctx context.Context, q store.Querier, ids []id.ID) (map[id.ID][]string, error) {
	out := map[id.ID][]string{}
	in, args := store.In("m.id", ids)
	err := q.Each(ctx, "SELECT m.id, m.starts, m.until, a.until, a.body, coalesce(p.gone, b.gone, '-') FROM agreement_mandate m JOIN agreement a ON a.id = m.agreement LEFT JOIN agreement_party p ON p.agreement = a.id AND p.organisation = m.operator LEFT JOIN agreement_party b ON b.agreement = a.parent AND b.organisation = m.operator WHERE "+in, args, func(r store.Row) error {
		var v id.ID
		var from, to, until, body, gone string
		if err := r.Scan(&v, &from, &to, &until, &body, &gone); err != nil {
			return err
		}
		a, err := read[AgreementStated](body)
		switch {
		case gone == "-":
			out[v] = append(out[v], DoubtStranger)
		case gone != "" && gone < to:
			out[v] = append(out[v], DoubtLeft)
		}
		if until != "" && to > until || a.From != "" && from < a.From {
			out[v] = append(out[v], DoubtOutside)
		}
		return err
	})
	return out, err
}

func (s *Agreements) commitments(ctx context.Context, q store.Querier, where string, args ...any) ([]Commitment, error) {
	var out []Commitment
	err := q.Each(ctx, "SELECT id, state, since, body, conflict FROM agreement_commitment WHERE "+where, args, func(r store.Row) error {
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

// Under returns of which agreement each of some commitments is.
func Under(ctx context.Context, q store.Querier, commitments []id.ID) (map[id.ID]id.ID, error) {
	out := map[id.ID]id.ID{}
	for part := range slices.Chunk(commitments, 500) {
		in, args := store.In("id", part)
		err := q.Each(ctx, "SELECT id, agreement FROM agreement_commitment WHERE "+in, args, func(r store.Row) error {
			var v, of id.ID
			err := r.Scan(&v, &of)
			out[v] = of
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
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

// Held says which mandates are asked for, and which part of them; a Size of 0 is all.
type Held struct {
	Agreement  id.ID  // Nil is those of all agreements of the scope
	State      string // over, or running; "" is any
	From, Size int
}

// Mandates returns those of a scope's agreements, and how many there are: the expired first, then what ends next.
func (s *Agreements) Mandates(ctx context.Context, q store.Querier, scope access.Scope, f Held) ([]Item[MandateGiven], int, error) {
	where, args := under("agreement", scope, f.Agreement)
	if op := map[string]string{"over": "<", "running": ">="}[f.State]; op != "" {
		where, args = where+" AND until "+op+" ?", append(args, s.today())
	}
	n, err := count(ctx, q, "SELECT count(*) FROM agreement_mandate WHERE "+where, args...)
	if err != nil {
		return nil, 0, err
	}
	where += " ORDER BY until, id"
	if f.Size > 0 {
		where, args = where+" LIMIT ? OFFSET ?", append(args, f.Size, f.From)
	}
	l, err := ordered[MandateGiven](ctx, q, mandateTable, where, args...)
	return l, int(n), err
}

// Clashes returns which of some mandates somebody else holds too, at the same place and for the same, on some day.
func (s *Agreements) Clashes(ctx context.Context, q store.Querier, ids []id.ID) (map[id.ID]bool, error) {
	in, args := store.In("m.id", ids)
	out := map[id.ID]bool{}
	err := q.Each(ctx, "SELECT DISTINCT m.id FROM agreement_mandate m JOIN agreement_mandate o ON o.place = m.place AND o.programme = m.programme AND o.operator <> m.operator AND o.starts <= m.until AND m.starts <= o.until WHERE "+in, args, func(r store.Row) error {
		var v id.ID
		err := r.Scan(&v)
		out[v] = true
		return err
	})
	return out, err
}

// MandatesAt returns those at some places, whichever agreement gives them, by their last day.
func (s *Agreements) MandatesAt(ctx context.Context, q store.Querier, places []id.ID) ([]Item[MandateGiven], error) {
	in, args := store.In("place", places)
	return ordered[MandateGiven](ctx, q, mandateTable, in+" ORDER BY until, id", args...)
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

// Public returns a part of the agreements that anybody may read of, by code, and how many there are.
func (s *Agreements) Public(ctx context.Context, q store.Querier, from, size int) ([]Agreement, int, error) {
	n, err := count(ctx, q, "SELECT count(*) FROM agreement WHERE open <> 0")
	if err != nil || n == 0 {
		return nil, 0, err
	}
	l, err := s.list(ctx, q, "id IN (SELECT id FROM agreement WHERE open <> 0 ORDER BY code, id LIMIT ? OFFSET ?)", size, from)
	return l, int(n), err
}

// Blobs tells of each paper in which stream a fact speaks of it.
func (s *Agreements) Blobs(ctx context.Context, q store.Querier, add func(stream string, d blob.Digest)) error {
	l, err := items[PaperFiled](ctx, q, paperTable, "1 = 1")
	for _, p := range l {
		add("hub", p.Is.Blob)
	}
	return err
}
