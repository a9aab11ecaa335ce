package agree

import (
	"errors"

	"tizi/internal/agreement"
	"tizi/internal/id"
)

// What was entered by mistake is withdrawn, with why, while nothing stands on it.

func agreementWithdrawForm(f *filling) error {
	f.v.Title, f.v.Lead, f.v.CancelURL = f.P.T("agree.withdraw"), said(f.Ask, f.at.Name), link(f.at.ID, "edit")
	on, err := f.H.Agreements.On(f.R.Context(), f.H.DB, f.at.ID)
	if err != nil {
		return err
	}
	others, err := f.others(f.at.ID)
	if err != nil {
		return err
	}
	f.askCause(append(on, others...))
	return nil
}

func agreementWithdrawn(f *filling) (string, error) {
	others, err := f.others(f.at.ID)
	if err != nil || f.stands(others) {
		return "", err
	}
	return "/agreements", f.refused(f.H.Agreements.Withdraw(f.R.Context(), f.Actor(), f.at.ID, f.get("cause")))
}

func organisationWithdrawForm(f *filling) error {
	v, err := f.organisationOf()
	if err != nil {
		return err
	}
	f.v.Crumbs = append(f.v.Crumbs, organisationsCrumb(f))
	f.v.Title, f.v.Lead, f.v.CancelURL = f.P.T("agree.withdraw"), said(f.Ask, f.org(v)), "/organisations/"+v.String()
	on, err := f.H.Agreements.OnOrganisation(f.R.Context(), f.H.DB, v)
	if err != nil {
		return err
	}
	others, err := f.others(v)
	if err != nil {
		return err
	}
	f.askCause(append(on, others...))
	return nil
}

func organisationWithdrawn(f *filling) (string, error) {
	v, err := f.organisationOf()
	if err != nil {
		return "", err
	}
	others, err := f.others(v)
	if err != nil || f.stands(others) {
		return "", err
	}
	return "/organisations", f.refused(f.H.Agreements.WithdrawOrganisation(f.R.Context(), f.Actor(), v, f.get("cause")))
}

func (f *filling) askCause(on []agreement.Standing) {
	f.done, f.v.Button = "agree.withdrawn", f.P.T("agree.withdraw")
	if f.v.Errors[""] == "" && len(on) > 0 {
		f.v.Warnings = append(f.v.Warnings, f.P.T("agree.stands", "what", f.listed(on)))
	}
	f.add("textarea", "cause", row, hint(f.P.T("agree.withdraw_hint")))
}

// others are what of other areas stands on an agreement or an organisation.
func (f *filling) others(v id.ID) ([]agreement.Standing, error) {
	ctx := f.R.Context()
	targets, err := f.H.Programmes.Bound(ctx, f.H.DB, v)
	if err != nil {
		return nil, err
	}
	activities, err := f.H.Activities.Naming(ctx, f.H.DB, v)
	if err != nil {
		return nil, err
	}
	centres, err := f.H.Centres.HeldBy(ctx, f.H.DB, v)
	if err != nil {
		return nil, err
	}
	roles, err := f.H.Access.On(ctx, f.H.DB, v)
	var out []agreement.Standing
	for _, x := range []agreement.Standing{{What: "targets", N: len(targets)}, {What: "activities", N: activities}, {What: "centres", N: centres}, {What: "roles", N: roles}} {
		if x.N > 0 {
			out = append(out, x)
		}
	}
	return out, err
}

func (f *filling) listed(on []agreement.Standing) string {
	var words []string
	for _, x := range on {
		words = append(words, f.P.T("agree.stands."+x.What, "n", x.N))
	}
	return f.P.List(words)
}

// stands says what stands in the way, if anything does.
func (f *filling) stands(on []agreement.Standing) bool {
	if len(on) > 0 {
		f.wrong("", "agree.stands", "what", f.listed(on))
	}
	return len(on) > 0
}

// refused turns what stands in the way into a sentence.
func (f *filling) refused(err error) error {
	var e *agreement.StandsError
	if errors.As(err, &e) {
		f.stands(e.On)
		return nil
	}
	return err
}
