package training

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"maps"
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
	if err != nil || c == nil {
		return err
	}
	_, err = t.fill(ctx, q, actor, c, keys, freed, on, out)
	return err
}

// fill is refill of a group as it is about to stand: with so many seats, or with no bound. It returns who got a seat. Nobody
// gets one in a group that is over.
func (t *Training) fill(ctx context.Context, q store.Querier, actor id.ID, c *Cohort, keys []id.ID, freed int, on string, out *fact.Outcome) (given []id.ID, err error) {
	if c.Closed || c.To != "" && c.To < on {
		return nil, nil
	}
	free := c.Capacity - c.Enrolled + freed
	if c.Capacity > 0 && free <= 0 {
		return nil, nil
	}
	list, err := t.Waiting(ctx, q, c.ID)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	if drawn, err := t.undecided(ctx, q, c.ID); err != nil || drawn {
		return nil, err // a draw decides who is first
	}
	people := make([]id.ID, len(list))
	for i, e := range list {
		people[i] = e.Person
	}
	lacks, err := t.Lacking(ctx, q, people)
	if err != nil {
		return nil, err
	}
	for _, e := range list {
		if c.Capacity > 0 && free == 0 {
			break
		}
		if lacks[e.Person] || !slices.Contains(keys, e.Person) || slices.ContainsFunc(out.Facts, func(f fact.New) bool { return f.Subject == e.ID }) {
			continue
		}
		all, err := t.log.Of(ctx, q, e.ID)
		if err != nil {
			return nil, err
		}
		free--
		given = append(given, e.Person)
		out.Facts = append(out.Facts, fact.New{Stream: person.Stream(c.Centre), Kind: KindEnrolment, Subject: e.ID, Actor: actor, Prev: fact.HeadsOf(all),
			Body: e.restated(Enrolled, Refilled, on)})
	}
	return given, nil
}

// seatsOf are the groups in which some people have a seat, each with who they are: one person has one seat, by however many
// records.
func (t *Training) seatsOf(ctx context.Context, q store.Querier, people []id.ID) (map[id.ID]map[id.ID]bool, error) {
	ones, err := person.Ones(ctx, q, people)
	if err != nil {
		return nil, err
	}
	out := map[id.ID]map[id.ID]bool{}
	for part := range slices.Chunk(people, 500) {
		who, args := store.In("person", part)
		in, err := t.enrolments(ctx, q, who+" AND state IN ('enrolled', 'active')", args)
		if err != nil {
			return nil, err
		}
		for _, e := range in {
			if out[e.Cohort] == nil {
				out[e.Cohort] = map[id.ID]bool{}
			}
			if all := ones[e.Person]; all != nil {
				e.Person = all[0]
			}
			out[e.Cohort][e.Person] = true
		}
	}
	return out, nil
}

// VacateKeys are the keys of a command that takes some people away, beside themselves: the groups in which they have a seat,
// and who waits for one there.
func (t *Training) VacateKeys(ctx context.Context, q store.Querier, people []id.ID) ([]id.ID, error) {
	seats, err := t.seatsOf(ctx, q, people)
	if err != nil {
		return nil, err
	}
	var out []id.ID
	for g := range seats {
		list, err := t.Waiting(ctx, q, g)
		if err != nil {
			return nil, err
		}
		out = append(out, g)
		for _, e := range list {
			out = append(out, e.Person)
		}
	}
	return out, nil
}

// Vacate gives the seats of people who are taken away to the first who wait, in the transaction that takes them away: out has
// its facts already, those of Gone too, and VacateKeys were among its keys.
func (t *Training) Vacate(ctx context.Context, q store.Querier, actor id.ID, people []id.ID, on string, out *fact.Outcome) error {
	seats, err := t.seatsOf(ctx, q, people)
	if err != nil {
		return err
	}
	keys, err := t.VacateKeys(ctx, q, people)
	if err != nil {
		return err
	}
	for _, g := range slices.SortedFunc(maps.Keys(seats), func(a, b id.ID) int { return bytes.Compare(a[:], b[:]) }) {
		if err := t.refill(ctx, q, actor, g, keys, len(seats[g]), on, out); err != nil {
			return err
		}
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

// PassOn gives the seats that some people had twice, who were found to be one, to the first who wait: at once, so that nobody has to
// think of it. A draw that is announced decides about its seats itself.
func (t *Training) PassOn(ctx context.Context, actor id.ID, people []id.ID, on string) error {
	ones, err := person.Ones(ctx, t.log.DB, people)
	if err != nil {
		return err
	}
	records := slices.Clone(people)
	for _, all := range ones {
		records = append(records, all...)
	}
	in, args := store.In("person", records)
	return t.passOn(ctx, actor, in, args, nil, on)
}

// PassOnArrived is PassOn for all of whom another node said so, in the groups of the centres for which this one answers.
func (t *Training) PassOnArrived(ctx context.Context, answers func(centre id.ID) bool, on string) error {
	return t.passOn(ctx, id.Nil, "1 = 1", nil, answers, on)
}

func (t *Training) passOn(ctx context.Context, actor id.ID, where string, args []any, answers func(centre id.ID) bool, on string) error {
	groups := map[id.ID]bool{}
	// Of whoever has a seat in one group by two records, all but one stand in this table.
	err := t.log.DB.Each(ctx, "SELECT cohort FROM training_double_seat WHERE state IN ('enrolled', 'active') AND "+where, args, func(r store.Row) error {
		var g id.ID
		err := r.Scan(&g)
		groups[g] = true
		return err
	})
	if err != nil {
		return err
	}
	for _, g := range slices.SortedFunc(maps.Keys(groups), func(a, b id.ID) int { return bytes.Compare(a[:], b[:]) }) {
		if answers != nil {
			if c, err := t.anyCohort(ctx, t.log.DB, g); err != nil || c == nil || !answers(c.Centre) {
				if err != nil {
					return err
				}
				continue
			}
		}
		_, err := t.Refill(ctx, actor, access.Everywhere(), g, on)
		if err != nil && !errors.Is(err, ErrDraw) && !errors.Is(err, ErrNoGroup) && !errors.Is(err, fact.ErrNotHere) {
			return err
		}
	}
	return nil
}

// Refill gives the free seats of a group to the first of its waiting list, where some are left: after two records were found to
// be of one person. It returns how many got one, or ErrDraw while a draw decides.
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
