package consent

import (
	"context"
	"slices"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/store"
)

// Contest is a consent of which two people recorded different things without seeing each other. Until it is settled, the no
// is heard.
type Contest struct {
	Register, Person, Centre id.ID
	Purpose                  Purpose
	Sides                    []Recorded
}

// Recorded is what one of them recorded.
type Recorded struct {
	fact.Side
	Stated
}

// Contested returns consents in doubt, at most max, without their sides.
func (c *Consents) Contested(ctx context.Context, q store.Querier, scope access.Scope, max int) ([]Contest, error) {
	where, args := scope.SQL("centre")
	return c.contested(ctx, q, "conflict <> 0 AND "+where+" ORDER BY centre, id LIMIT ?", append(args, max)...)
}

func (c *Consents) contested(ctx context.Context, q store.Querier, where string, args ...any) ([]Contest, error) {
	var out []Contest
	err := q.Each(ctx, "SELECT id, person, purpose, centre FROM consent WHERE "+where, args, func(r store.Row) error {
		var x Contest
		err := r.Scan(&x.Register, &x.Person, (*string)(&x.Purpose), &x.Centre)
		out = append(out, x)
		return err
	})
	return out, err
}

// Contest returns one of them with its sides, or fact.ErrSettled.
func (c *Consents) Contest(ctx context.Context, q store.Querier, scope access.Scope, register id.ID) (Contest, error) {
	where, args := scope.SQL("centre")
	l, err := c.contested(ctx, q, "id = ? AND "+where, append([]any{register}, args...)...)
	if err != nil {
		return Contest{}, err
	}
	if len(l) == 0 {
		return Contest{}, person.ErrUnknown
	}
	s, err := c.log.Subject(ctx, q, register)
	if err != nil {
		return Contest{}, err
	}
	if len(s.Heads(fact.Is[Stated])) < 2 {
		return Contest{}, fact.ErrSettled
	}
	for _, h := range s.Heads(fact.Is[Stated]) {
		b, _ := fact.As[Stated](h)
		l[0].Sides = append(l[0].Sides, Recorded{fact.SideOf(h), b})
	}
	return l[0], nil
}

// Settle says which of the statements stands: it is said once more, by somebody who saw all.
func (c *Consents) Settle(ctx context.Context, actor id.ID, scope access.Scope, register id.ID, stands fact.Ref) error {
	x, err := c.Contest(ctx, c.log.DB, scope, register)
	if err != nil {
		return err
	}
	_, err = c.log.Do(ctx, fact.Command{Name: "settle a consent in doubt", Stream: "centre/" + x.Centre.String(), Keys: []id.ID{register, x.Person}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		now, err := c.Contest(ctx, q, scope, register)
		if err != nil {
			return fact.Outcome{}, err
		}
		i := slices.IndexFunc(now.Sides, func(r Recorded) bool { return r.Ref == stands })
		if i < 0 {
			return fact.Outcome{}, fact.ErrSettled
		}
		s, err := c.log.Subject(ctx, q, register)
		if err != nil {
			return fact.Outcome{}, err
		}
		return fact.Outcome{Facts: []fact.New{{Stream: stands.Stream, Kind: KindStated, Subject: register, Actor: actor, Prev: s.All(), Body: now.Sides[i].Stated}}}, nil
	}})
	return err
}
