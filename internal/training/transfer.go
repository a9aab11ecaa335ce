package training

import (
	"cmp"
	"context"
	"slices"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/store"
)

// Transfer moves somebody from one group to another of the same centre in one step. What they did stays where it was done;
// the seat that becomes free goes to the first who waits for it. In a full group it takes one of Overs, otherwise it is
// refused with ErrFull and nothing changes: the seat that somebody has is not given up for a place in a list.
func (t *Training) Transfer(ctx context.Context, actor id.ID, scope access.Scope, from, to, p id.ID, why, beyond, on string) error {
	now, err := t.Cohort(ctx, t.log.DB, scope, from, "")
	if err != nil {
		return err
	}
	waiting, err := t.waitingKeys(ctx, from)
	if err != nil {
		return err
	}
	first, err := t.waitingKeys(ctx, to)
	if err != nil {
		return err
	}
	_, err = t.log.Do(ctx, fact.Command{Name: "move to another group", Stream: person.Stream(now.Centre), Keys: slices.Concat(waiting, first, []id.ID{p, from, to}), Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		c, err := t.Cohort(ctx, q, scope, to, "")
		if err != nil {
			return out, err
		}
		switch {
		case from == to:
			return out, ErrSame
		case c.Closed:
			return out, ErrClosed
		case c.Centre != now.Centre:
			return out, ErrElsewhere
		}
		if drawn, err := t.undecided(ctx, q, to); err != nil || drawn {
			return out, cmp.Or(err, ErrDraw)
		}
		records, err := person.Records(ctx, q, p)
		if err != nil {
			return out, err
		}
		who, args := store.In("person", records)
		// A seat in another group of the phase that is moved to is not given up by the way.
		there, err := t.enrolments(ctx, q, who+" AND phase = ? AND cohort <> ? AND state IN ('enrolled', 'active', 'completed')", append(slices.Clone(args), c.Phase, from))
		if err != nil {
			return out, err
		}
		if len(there) > 0 {
			return out, ErrSeated
		}
		here, err := t.enrolments(ctx, q, who+" AND cohort = ? AND state IN ('enrolled', 'active') ORDER BY id", append(args, from))
		if err != nil {
			return out, err
		}
		if len(here) == 0 {
			return out, person.ErrUnknown
		}
		lacks, err := t.Lacking(ctx, q, records)
		if err != nil {
			return out, err
		}
		e := here[0].restated(Enrolled, "", on)
		e.Programme, e.Phase, e.Cohort, e.Moved = c.Programme, c.Phase, to, why
		if lacks[e.Person] {
			return out, ErrNoConsent
		}
		before, err := t.fill(ctx, q, actor, c, first, 0, on, &out) // who waits comes first
		if err != nil {
			return out, err
		}
		if c.Capacity > 0 && c.Enrolled+len(before) >= c.Capacity {
			if beyond == "" {
				return fact.Outcome{}, ErrFull
			}
			e.Reason = beyond
		}
		add := func(subject id.ID, b EnrolmentStated) error {
			all, err := t.log.Of(ctx, q, subject)
			out.Facts = append(out.Facts, fact.New{Stream: person.Stream(c.Centre), Kind: KindEnrolment, Subject: subject, Actor: actor, Body: b, Prev: fact.HeadsOf(all)})
			return err
		}
		if now.Phase != c.Phase {
			if err := t.enter(ctx, q, scope, &e); err != nil {
				return out, err
			}
		}
		if err := add(EnrolmentID(e.Person, c.Phase), e); err != nil {
			return out, err
		}
		for i, x := range here {
			if i == 0 && now.Phase == c.Phase {
				continue // the one enrolment of the phase is in the other group now
			}
			if err := add(x.ID, x.restated(WithdrawnS, Transferred, on)); err != nil {
				return out, err
			}
		}
		return out, t.refill(ctx, q, actor, from, waiting, 1, on, &out)
	}})
	return err
}

// enter makes an enrolment one of another phase than it was: counted as on its first day, and judged by its rule. It is a
// RefusedError where the phase is not for the person.
func (t *Training) enter(ctx context.Context, q store.Querier, scope access.Scope, e *EnrolmentStated) error {
	found, err := t.people.Of(ctx, q, scope, []id.ID{e.Person})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return person.ErrUnknown
	}
	g, err := t.gate(ctx, q, e.Programme, e.Phase, e.On)
	if err != nil {
		return err
	}
	was, err := t.enrolments(ctx, q, "id = ?", store.Args(EnrolmentID(e.Person, e.Phase)))
	if err != nil {
		return err
	}
	var before *Enrolment
	if len(was) > 0 {
		before = &was[0]
	}
	e.Rule, e.Remark, e.Appeal = id.Nil, nil, id.Nil
	e.Cell = CellOf(found[0].Details, g.phase.From)
	if r := g.judge(e, before, found[0].Details); r != nil {
		return &RefusedError{*r}
	}
	return nil
}

// Past is a seat that somebody had in a group before they were moved to another of the phase.
type Past struct {
	Person, Cohort id.ID
	Now            id.ID  // the group they are in since
	On, Why        string // Why is one of Moves, or "" when the record was placed anew
}

func (t *Training) pasts(ctx context.Context, q store.Querier, where string, args []any) ([]Past, error) {
	var out []Past
	err := q.Each(ctx, "SELECT x.person, x.cohort, e.cohort, x.day, x.reason FROM training_past x JOIN training_enrolment e ON e.id = x.enrolment WHERE "+where+" ORDER BY x.day DESC, x.person", args, func(r store.Row) error {
		var p Past
		err := r.Scan(&p.Person, &p.Cohort, &p.Now, &p.On, &p.Why)
		out = append(out, p)
		return err
	})
	return out, err
}

// MovedOut returns who had a seat in a group and is in another of the phase now.
func (t *Training) MovedOut(ctx context.Context, q store.Querier, cohort id.ID) ([]Past, error) {
	return t.pasts(ctx, q, "x.cohort = ?", store.Args(cohort))
}

// MovedFrom returns the seats that somebody had before. The caller has made sure that the reader may see the person.
func (t *Training) MovedFrom(ctx context.Context, q store.Querier, p id.ID) ([]Past, error) {
	records, err := person.Records(ctx, q, p)
	if err != nil {
		return nil, err
	}
	who, args := store.In("x.person", records)
	return t.pasts(ctx, q, who, args)
}
