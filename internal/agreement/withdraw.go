package agreement

import (
	"context"

	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/store"
)

// Standing is what stands on something: a word for its kind, and how many.
type Standing struct {
	What string
	N    int
}

// StandsError is returned where something may not be withdrawn because of what stands on it.
type StandsError struct{ On []Standing }

func (e *StandsError) Error() string { return "something stands on it" }

// Withdraw takes back an agreement that was entered by mistake, with why. Nothing may stand on it: a StandsError says what does.
func (s *Agreements) Withdraw(ctx context.Context, actor, v id.ID, cause string) error {
	a, err := s.Get(ctx, s.log.DB, access.Everywhere(), v)
	if err != nil {
		return err
	}
	b := a.AgreementStated
	b.Withdrawn = cause
	return put(ctx, s, "withdraw an agreement", actor, KindAgreement, v, &b, of(KindAgreement, KindRenewed), func(ctx context.Context, q store.Querier, f *Faults) error {
		f.Add(cause == "", "cause", "agree.fault.missing")
		on, err := s.On(ctx, q, v)
		if err == nil && len(on) > 0 {
			err = &StandsError{on}
		}
		return err
	})
}

// On says what of this area stands on an agreement.
func (s *Agreements) On(ctx context.Context, q store.Querier, v id.ID) ([]Standing, error) {
	var out []Standing
	for _, x := range []struct {
		what, column string
		t            *store.Table
	}{{"below", "parent", table}, {"renewals", "id", renewalTable}, {"parties", "agreement", partyTable}, {"commitments", "agreement", commitmentTable}, {"money", "agreement", entryTable},
		{"mandates", "agreement", mandateTable}, {"decisions", "agreement", decisionTable}, {"papers", "agreement", paperTable}} {
		n, err := count(ctx, q, "SELECT count(*) FROM "+x.t.Name+" WHERE "+x.column+" = ?", v)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			out = append(out, Standing{x.what, int(n)})
		}
	}
	return out, nil
}

// WithdrawOrganisation takes back an organisation that was entered by mistake, with why. Nothing may stand on it: a
// StandsError says what does.
func (s *Agreements) WithdrawOrganisation(ctx context.Context, actor, v id.ID, cause string) error {
	o, err := s.Organisation(ctx, s.log.DB, v)
	if err != nil || o == nil {
		return cmpErr(err, ErrUnknown)
	}
	b := o.Is
	b.Withdrawn = cause
	return put(ctx, s, "withdraw an organisation", actor, KindOrganisation, v, &b, of(KindOrganisation), func(ctx context.Context, q store.Querier, f *Faults) error {
		f.Add(cause == "", "cause", "agree.fault.missing")
		on, err := s.OnOrganisation(ctx, q, v)
		if err == nil && len(on) > 0 {
			err = &StandsError{on}
		}
		return err
	})
}

// OnOrganisation says what of this area stands on an organisation.
func (s *Agreements) OnOrganisation(ctx context.Context, q store.Querier, v id.ID) ([]Standing, error) {
	orgs, err := s.Organisations(ctx, q)
	if err != nil {
		return nil, err
	}
	offices, err := s.Offices(ctx, q, v)
	if err != nil {
		return nil, err
	}
	parties, err := items[PartyStated](ctx, q, partyTable, "organisation = ?", v)
	if err != nil {
		return nil, err
	}
	owed, err := count(ctx, q, "SELECT count(*) FROM agreement_commitment WHERE debtor = ? OR creditor = ?", v, v)
	if err != nil {
		return nil, err
	}
	entries, err := items[EntryStated](ctx, q, entryTable, "1 = 1")
	if err != nil {
		return nil, err
	}
	held, err := items[MandateGiven](ctx, q, mandateTable, "1 = 1")
	if err != nil {
		return nil, err
	}
	taken, err := items[DecisionTaken](ctx, q, decisionTable, "1 = 1")
	var out []Standing
	for _, x := range []Standing{
		{"organisations", having(orgs, func(o Item[OrganisationDescribed]) bool { return o.Is.Parent == v })},
		{"offices", len(offices)},
		{"parties", len(parties)},
		{"commitments", int(owed)},
		{"money", having(entries, func(e Item[EntryStated]) bool { return e.Is.Organisation == v })},
		{"mandates", having(held, func(m Item[MandateGiven]) bool { return m.Is.Operator == v })},
		{"decisions", having(taken, func(d Item[DecisionTaken]) bool { return d.Is.Owner == v })},
	} {
		if x.N > 0 {
			out = append(out, x)
		}
	}
	return out, err
}

// OnProgramme says what of this area stands on a programme.
func (s *Agreements) OnProgramme(ctx context.Context, q store.Querier, v id.ID) ([]Standing, error) {
	var out []Standing
	for _, x := range []struct {
		what, query string
		arg         any
	}{
		{"agreements", "SELECT count(*) FROM agreement_cover WHERE thing = ? AND kind = 'programme'", v},
		{"mandates", "SELECT count(*) FROM agreement_mandate WHERE programme = ?", v},
		{"money", "SELECT count(*) FROM agreement_entry WHERE body LIKE ?", `%"programme":"` + v.String() + `"%`},
	} {
		n, err := count(ctx, q, x.query, x.arg)
		if err != nil {
			return nil, err
		}
		out = append(out, Standing{x.what, int(n)})
	}
	return out, nil
}

func having[T any](list []T, is func(T) bool) (n int) {
	for _, x := range list {
		if is(x) {
			n++
		}
	}
	return n
}
