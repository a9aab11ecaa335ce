package training

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/store"
)

// byRank orders a waiting list: the published order, then since when somebody waits. Who wrote nothing of an order, before
// lists had places, waited first.
const byRank = " ORDER BY place, day, id"

// Waiting returns who waits for a seat of a group, the next one first; not those who wait for a consent.
func (t *Training) Waiting(ctx context.Context, q store.Querier, cohort id.ID) ([]Enrolment, error) {
	return t.enrolments(ctx, q, "cohort = ? AND state = 'waitlisted' AND reason <> '"+NoConsent+"'"+stands+byRank, store.Args(cohort))
}

// lastRank is the last place of a group's waiting list.
func (t *Training) lastRank(ctx context.Context, q store.Querier, cohort id.ID) (int, error) {
	var n int
	_, err := store.One(ctx, q, "SELECT coalesce(max(place), 0) FROM training_enrolment WHERE cohort = ? AND state = 'waitlisted'", store.Args(cohort), &n)
	return n, err
}

// waitingKeys are who waits for a seat of a group, as keys of a command that may free one.
func (t *Training) waitingKeys(ctx context.Context, cohort id.ID) ([]id.ID, error) {
	var out []id.ID
	list, err := t.Waiting(ctx, t.log.DB, cohort)
	for _, e := range list {
		out = append(out, e.Person)
	}
	return out, err
}

// refill gives seats that become free in this very turn to the first of the waiting list, and adds the facts to out. keys
// are who was named as a key: whoever began to wait since waits for the next seat. Who lacks a consent is passed over and
// keeps the place.
func (t *Training) refill(ctx context.Context, q store.Querier, actor id.ID, cohort id.ID, keys []id.ID, freed int, on string, out *fact.Outcome) error {
	c, err := t.anyCohort(ctx, q, cohort)
	if err != nil || c == nil || c.Closed || c.Capacity == 0 {
		return err
	}
	free := c.Capacity - c.Enrolled + freed
	if free <= 0 {
		return nil
	}
	list, err := t.Waiting(ctx, q, cohort)
	if err != nil || len(list) == 0 {
		return err
	}
	if drawn, err := t.undecided(ctx, q, cohort); err != nil || drawn {
		return err // a draw decides who is first
	}
	people := make([]id.ID, len(list))
	for i, e := range list {
		people[i] = e.Person
	}
	lacks, err := t.Lacking(ctx, q, people)
	if err != nil {
		return err
	}
	for _, e := range list {
		if free == 0 {
			break
		}
		if lacks[e.Person] || !slices.Contains(keys, e.Person) || slices.ContainsFunc(out.Facts, func(f fact.New) bool { return f.Subject == e.ID }) {
			continue
		}
		all, err := t.log.Of(ctx, q, e.ID)
		if err != nil {
			return err
		}
		free--
		out.Facts = append(out.Facts, fact.New{Stream: person.Stream(c.Centre), Kind: KindEnrolment, Subject: e.ID, Actor: actor, Prev: fact.HeadsOf(all),
			Body: e.restated(Enrolled, Refilled, on)})
	}
	return nil
}

// anyCohort is a group wherever it is, nil when this node does not know it: a seat that is left is filled again whoever
// moved somebody out of it.
func (t *Training) anyCohort(ctx context.Context, q store.Querier, cohort id.ID) (*Cohort, error) {
	c, err := t.Cohort(ctx, q, access.Everywhere(), cohort, "")
	if errors.Is(err, ErrNoGroup) {
		return nil, nil
	}
	return c, err
}

// Refill gives the free seats of a group to the first of its waiting list: after an erasure, or when the seats of a group
// that was full are more. It returns how many got one, or ErrDraw while a draw decides.
func (t *Training) Refill(ctx context.Context, actor id.ID, scope access.Scope, cohort id.ID, on string) (int, error) {
	c, err := t.Cohort(ctx, t.log.DB, scope, cohort, "")
	if err != nil {
		return 0, err
	}
	keys, err := t.waitingKeys(ctx, cohort)
	if err != nil {
		return 0, err
	}
	n := 0
	_, err = t.log.Do(ctx, fact.Command{Name: "fill free seats", Stream: person.Stream(c.Centre), Keys: append(slices.Clone(keys), cohort), Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		if drawn, err := t.undecided(ctx, q, cohort); err != nil || drawn {
			return out, cmp.Or(err, ErrDraw)
		}
		err := t.refill(ctx, q, actor, cohort, keys, 0, on, &out)
		n = len(out.Facts)
		return out, err
	}})
	return n, err
}
