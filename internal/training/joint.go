package training

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/lot"
	"tizi/internal/person"
	"tizi/internal/store"
)

// The seats of several groups of a phase, at one centre or at several, are drawn together: one rule, the same days, one seed. Each
// group keeps a list of its own, since a seat in another town is no seat, and each list is numbered by a key of its own, so that
// the same seed does not put the same people first everywhere.

// ErrJointPhase is returned for groups that are not all of one phase, or for fewer than two.
var ErrJointPhase = errors.New("groups that are drawn together are two or more, all of one phase")

// OpenJoint announces that the seats of several groups of the scope are drawn together, all or none of them, and returns what
// the draws share.
func (t *Training) OpenJoint(ctx context.Context, actor id.ID, scope access.Scope, cohorts []id.ID, b DrawOpened) (id.ID, error) {
	once := map[id.ID]bool{}
	for _, v := range cohorts {
		once[v] = true
	}
	if len(cohorts) < 2 || len(once) < len(cohorts) {
		return id.Nil, ErrJointPhase
	}
	b.Source, b.Joint, b.Cohort = strings.TrimSpace(b.Source), id.New(), cohorts[0]
	if err := b.Check(); err != nil {
		return id.Nil, err
	}
	if !DayBetween(b.Closes, b.SeedOn) {
		return id.Nil, ErrSeedSoon
	}
	first, err := t.Cohort(ctx, t.log.DB, scope, cohorts[0], "")
	if err != nil {
		return id.Nil, err
	}
	_, err = t.log.Do(ctx, fact.Command{Name: "open a joint draw", Stream: person.Stream(first.Centre), Keys: cohorts, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		for _, v := range cohorts {
			c, err := t.Cohort(ctx, q, scope, v, "")
			if err != nil {
				return out, err
			}
			open, err := t.undecided(ctx, q, v)
			switch {
			case err != nil:
				return out, err
			case c.Phase != first.Phase:
				return out, ErrJointPhase
			case open:
				return out, ErrDrawState
			case c.Closed:
				return out, ErrClosed
			case c.Capacity == 0:
				return out, ErrNoSeats
			}
			of := b
			of.Cohort = v
			out.Facts = append(out.Facts, fact.New{Stream: person.Stream(c.Centre), Kind: KindDraw, Subject: id.Under(b.Joint, v.Hex()), Actor: actor, Body: of, Born: true})
		}
		return out, nil
	}})
	return b.Joint, err
}

// JointDraws returns the draws that are held by one seed, for everybody: those of all groups, in no scope. Of Nil there are none.
func (t *Training) JointDraws(ctx context.Context, q store.Querier, joint id.ID) ([]*Draw, error) {
	if joint.IsNil() {
		return nil, nil
	}
	return t.draws(ctx, q, "joint = ? ORDER BY id", store.Args(joint))
}

// jointWithin returns those of the draws that are held by one seed whose group is in the scope, or ErrNoDraw.
func (t *Training) jointWithin(ctx context.Context, scope access.Scope, joint id.ID) ([]*Draw, error) {
	l, err := t.JointDraws(ctx, t.log.DB, joint)
	l = slices.DeleteFunc(l, func(d *Draw) bool { return !scope.Has(d.Centre) })
	if err == nil && len(l) == 0 {
		err = ErrNoDraw
	}
	return l, err
}

// FreezeJoint closes the lists of a joint draw that are still open, and says how many, and for how many groups nobody applied.
func (t *Training) FreezeJoint(ctx context.Context, actor id.ID, scope access.Scope, joint id.ID, on string) (closed, empty int, err error) {
	l, err := t.jointWithin(ctx, scope, joint)
	if err != nil {
		return 0, 0, err
	}
	for _, d := range l {
		if d.State != DrawOpen {
			continue
		}
		key := make([]byte, 32)
		rand.Read(key)
		switch err := t.FreezeDraw(ctx, actor, scope, d.ID, key, on); {
		case errors.Is(err, ErrNobody):
			empty++
		case err != nil:
			return closed, empty, err
		default:
			closed++
		}
	}
	return closed, empty, nil
}

// SeedJoint states the seed of a joint draw: a first person for all lists that are closed, a second one for those that another one
// typed it for, which gives the seats. It says for how many lists it was typed, how many are held now, and how many seats were given.
func (t *Training) SeedJoint(ctx context.Context, actor id.ID, scope access.Scope, joint id.ID, seed, on string) (typed, held, given int, err error) {
	if seed, err = lot.Seed(seed); err != nil {
		return 0, 0, 0, err
	}
	l, err := t.jointWithin(ctx, scope, joint)
	if err != nil {
		return 0, 0, 0, err
	}
	// One seed for all, or it would be chosen for some: seen before anything is written, and again for each.
	for _, d := range l {
		if on < d.SeedOn {
			return 0, 0, 0, ErrSeedEarly
		}
		if d.Seed != "" && d.Seed != seed && (d.State == DrawHeld || d.State == DrawTyped && d.Typist != actor) {
			return 0, 0, 0, ErrSeedOther
		}
	}
	for _, d := range l {
		switch {
		case d.State == DrawTyped && d.Typist != actor:
			n, err := t.ConfirmSeed(ctx, actor, scope, d.ID, seed, on)
			if err != nil {
				return typed, held, given, err
			}
			held, given = held+1, given+n
		case d.State == DrawClosed || d.State == DrawTyped && d.Seed != seed:
			if err := t.TypeSeed(ctx, actor, scope, d.ID, seed, on); err != nil {
				return typed, held, given, err
			}
			typed++
		}
	}
	if typed+held == 0 {
		return 0, 0, 0, ErrSeedOwn
	}
	return typed, held, given, nil
}
