package person

import (
	"context"
	"slices"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/store"
)

// EraseReasons are why a person may be erased. They are words of a list, since a sentence might name whom it is about,
// and would stay.
var EraseReasons = []string{"asked", "guardian_asked", "mistake", "retention"}

// Erase prepares the erasure of persons: that it happened becomes a fact of each, and their keys are destroyed in the
// same transaction, so that nothing sealed with them can be read again, here or in any copy. Those who are not known, or
// no more, are passed over; where nobody is left it returns ErrUnknown.
func (p *People) Erase(ctx context.Context, q store.Querier, actor id.ID, persons []id.ID, reason string) (fact.Outcome, error) {
	var out fact.Outcome
	known, err := p.byIDs(ctx, q, access.Everywhere(), persons)
	if err != nil {
		return out, err
	}
	if len(known) == 0 || !slices.Contains(EraseReasons, reason) {
		return out, ErrUnknown
	}
	for _, x := range known {
		all, err := p.log.Of(ctx, q, x.ID)
		if err != nil {
			return out, err
		}
		out.Facts = append(out.Facts, fact.New{Stream: Stream(x.Centre), Kind: KindErased, Subject: x.ID, Actor: actor, Body: Erased{reason}, Prev: fact.HeadsOf(all)})
	}
	return out, nil
}
