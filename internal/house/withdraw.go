package house

import (
	"context"
	"slices"

	"tizi/internal/agreement"
	"tizi/internal/id"
	"tizi/internal/store"
)

// OnProgramme says what stands on a programme, of whatever area.
func (h *House) OnProgramme(ctx context.Context, q store.Querier, v id.ID) ([]agreement.Standing, error) {
	tree, err := h.Places.Tree(ctx, q)
	if err != nil {
		return nil, err
	}
	var centres []id.ID
	for _, c := range tree.Of("centre") {
		centres = append(centres, c.ID)
	}
	groups, waiting, err := h.Training.InProgramme(ctx, q, v, centres)
	if err != nil {
		return nil, err
	}
	activities, err := h.Activities.Of(ctx, q, v)
	if err != nil {
		return nil, err
	}
	targets, err := h.Programmes.Agreed(ctx, q, v)
	if err != nil {
		return nil, err
	}
	roles, err := h.Access.On(ctx, q, v)
	if err != nil {
		return nil, err
	}
	agreed, err := h.Agreements.OnProgramme(ctx, q, v)
	all := append([]agreement.Standing{{What: "groups", N: groups}, {What: "waiting", N: waiting}, {What: "activities", N: activities}, {What: "bound", N: targets}}, append(agreed, agreement.Standing{What: "roles", N: roles})...)
	return slices.DeleteFunc(all, func(x agreement.Standing) bool { return x.N == 0 }), err
}

// WithdrawProgramme takes a programme back that was entered by mistake. Nothing may stand on it: an agreement.StandsError says
// what does.
func (h *House) WithdrawProgramme(ctx context.Context, actor, v id.ID, cause string) error {
	return h.Programmes.Withdraw(ctx, actor, v, cause, func(ctx context.Context, q store.Querier) error {
		on, err := h.OnProgramme(ctx, q, v)
		if err == nil && len(on) > 0 {
			err = &agreement.StandsError{On: on}
		}
		return err
	})
}
