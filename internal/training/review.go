package training

import (
	"context"
	"errors"
	"slices"

	"tizi/internal/access"
	"tizi/internal/consent"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/store"
)

// Review brings somebody's places in groups in line with the consent to the training: what was given lets in whoever waited
// for it, where there is a seat; what ended makes room. Doors call it after a consent was recorded.
func (t *Training) Review(ctx context.Context, actor, p id.ID, on string) error {
	ones, err := person.Ones(ctx, t.log.DB, []id.ID{p})
	if err != nil {
		return err
	}
	for _, r := range ones[p] {
		if r != p {
			if err := t.review(ctx, actor, r, on); err != nil {
				return err
			}
		}
	}
	return t.review(ctx, actor, p, on)
}

// review does so for one record of a person.
func (t *Training) review(ctx context.Context, actor, p id.ID, on string) error {
	ok, err := t.Consents.Has(ctx, t.log.DB, p, consent.Training)
	if err != nil {
		return err
	}
	if ok {
		waits, err := t.enrolments(ctx, t.log.DB, "person = ? AND state = 'waitlisted' AND reason = '"+NoConsent+"'", store.Args(p))
		if err != nil {
			return err
		}
		for _, e := range waits {
			if _, err := t.Place(ctx, actor, access.At(e.Centre), e.Cohort, []id.ID{p}, on); err != nil && !errors.Is(err, ErrClosed) && !errors.Is(err, ErrSeated) && !errors.Is(err, ErrElsewhere) {
				return err
			}
		}
		return nil
	}
	in, err := t.enrolments(ctx, t.log.DB, "person = ? AND state IN ('enrolled', 'active')", store.Args(p))
	if err != nil {
		return err
	}
	for _, e := range in {
		waiting, err := t.waitingKeys(ctx, e.Cohort)
		if err != nil {
			return err
		}
		_, err = t.log.Do(ctx, fact.Command{Name: "wait for a consent", Stream: person.Stream(e.Centre), Keys: append(slices.Clone(waiting), p, e.Cohort), Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
			var out fact.Outcome
			now, err := t.enrolments(ctx, q, "id = ? AND state IN ('enrolled', 'active')", store.Args(e.ID))
			if err != nil || len(now) == 0 {
				return out, err
			}
			all, err := t.log.Of(ctx, q, e.ID)
			if err != nil {
				return out, err
			}
			b := now[0].restated(Waitlisted, NoConsent, on)
			out.Facts = []fact.New{{Stream: person.Stream(e.Centre), Kind: KindEnrolment, Subject: e.ID, Actor: actor, Body: b, Prev: fact.HeadsOf(all)}}
			return out, t.refill(ctx, q, actor, e.Cohort, waiting, 1, on, &out)
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

// LetIn is Review for many, most of whom wait for nothing: those of a list that brought consents.
func (t *Training) LetIn(ctx context.Context, actor id.ID, persons []id.ID, on string) error {
	for part := range slices.Chunk(persons, 500) {
		who, args := store.In("person", part)
		waits, err := t.enrolments(ctx, t.log.DB, "state = 'waitlisted' AND reason = '"+NoConsent+"' AND "+who, args)
		if err != nil {
			return err
		}
		for _, e := range waits {
			if err := t.Review(ctx, actor, e.Person, on); err != nil {
				return err
			}
		}
	}
	return nil
}
