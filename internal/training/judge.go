package training

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/store"
)

// NotEligible is the reason of an enrolment that a phase's rule refused.
const NotEligible = "rule"

// Errors of groups that a phase is not for.
var (
	ErrPhasePlace = errors.New("the phase does not run at this centre")
	ErrPhaseDays  = errors.New("the group lies outside the days of its phase")
	ErrEnds       = errors.New("the group ends before it begins")
)

// Refusal is why a phase is not for somebody.
type Refusal struct {
	Person  id.ID
	Version programme.Version
	Grounds []string // some of programme.Grounds
}

// RefusedError says that a rule refuses, where nothing can be done for the others.
type RefusedError struct{ Refusal }

func (e *RefusedError) Error() string {
	return fmt.Sprint("the phase is not for this person: ", e.Grounds)
}

// TraitsOf are what a rule looks at in a person.
func TraitsOf(d person.Details) programme.Traits {
	return programme.Traits{Birth: d["birth"], Sex: d["sex"], Milieu: d["milieu"], Schooling: d["schooling"], Category: d["category"], Diploma: d["diploma"]}
}

// gate is the rule of a phase that is in force.
type gate struct {
	phase   programme.Phase
	version programme.Version
}

// gate returns what a phase asks on a day.
func (t *Training) gate(ctx context.Context, q store.Querier, prog, phase id.ID, on string) (g gate, err error) {
	p, err := t.programmes.Phase(ctx, q, phase)
	if err != nil || p == nil || p.Programme != prog {
		return g, err
	}
	g.phase = *p
	versions, err := t.programmes.Versions(ctx, q, *p)
	g.version = programme.InForce(versions, on)
	return g, err
}

// judge says what the rule says of somebody who comes to an enrolment: was is what it was, nil when there was none. Who was
// in a group of the phase, waited for one, or was let in by an appeal, was judged then and keeps that.
func (g gate) judge(e *EnrolmentStated, was *Enrolment, d person.Details) *Refusal {
	if was != nil && (was.State != Applied && was.State != Denied && !was.Cohort.IsNil() || !was.Appeal.IsNil()) {
		e.Rule, e.Remark, e.Appeal = was.Rule, was.Remark, was.Appeal
		return nil
	}
	v := g.version.Rule.Judge(TraitsOf(d))
	e.Rule, e.Remark = g.version.ID, v.Unknown
	if len(v.Refused) == 0 {
		return nil
	}
	e.State, e.Reason, e.Remark = Denied, NotEligible, v.Refused
	return &Refusal{Person: e.Person, Version: g.version, Grounds: v.Refused}
}

// restated is the enrolment again, with what becomes of it.
func (e Enrolment) restated(state, reason, on string) EnrolmentStated {
	return EnrolmentStated{Person: e.Person, Programme: e.Programme, Phase: e.Phase, Cohort: e.Cohort, State: state, Reason: reason, On: on, Cell: e.Cell,
		Rule: e.Rule, Remark: e.Remark, Appeal: e.Appeal}
}

// Refusals returns why somebody was refused, by phase, as the rules said then. The caller has made sure that the reader may
// see the person.
func (t *Training) Refusals(ctx context.Context, q store.Querier, p id.ID) ([]Refusal, []Enrolment, error) {
	records, err := person.Records(ctx, q, p)
	if err != nil {
		return nil, nil, err
	}
	who, args := store.In("person", records)
	denied, err := t.enrolments(ctx, q, who+" AND state = 'denied' ORDER BY day DESC, id", args)
	if err != nil {
		return nil, nil, err
	}
	var out []Refusal
	for _, e := range denied {
		ph, err := t.programmes.Phase(ctx, q, e.Phase)
		if err != nil {
			return nil, nil, err
		}
		r := Refusal{Person: e.Person, Grounds: e.Remark}
		if ph != nil {
			versions, err := t.programmes.Versions(ctx, q, *ph)
			if err != nil {
				return nil, nil, err
			}
			for _, v := range versions {
				if v.ID == e.Rule {
					r.Version = v
				}
			}
		}
		out = append(out, r)
	}
	return out, denied, nil
}

// fits says why a group cannot be one of its phase: where it is, or when.
func (t *Training) fits(ctx context.Context, q store.Querier, c CohortOpened) error {
	if c.From != "" && c.To != "" && c.To < c.From {
		return ErrEnds
	}
	g, err := t.gate(ctx, q, c.Programme, c.Phase, c.From)
	if err != nil {
		return err
	}
	if g.phase.ID.IsNil() {
		return nil // a phase that has not arrived at this node
	}
	if c.From != "" && c.From < g.phase.From || c.To != "" && g.phase.To != "" && c.To > g.phase.To {
		return ErrPhaseDays
	}
	if len(g.phase.Places) == 0 {
		return nil
	}
	tree, err := place.New(t.log).Tree(ctx, q)
	if err != nil {
		return err
	}
	if !g.phase.Runs(tree, c.Centre) {
		return ErrPhasePlace
	}
	return nil
}

// DaysError is returned where days would leave out sessions that are planned, or groups: From and To are the first and the last
// of these.
type DaysError struct{ From, To string }

func (e *DaysError) Error() string {
	return fmt.Sprintf("what is planned from %s to %s lies outside", e.From, e.To)
}

// holds returns a *DaysError where a stretch of days, "" without a bound, leaves out what lies between two others.
func holds(from, to, first, last string) error {
	if first != "" && from != "" && first < from || last != "" && to != "" && last > to {
		return &DaysError{first, last}
	}
	return nil
}

// within refuses days of a group that leave out sessions of it that take place.
func (t *Training) within(ctx context.Context, q store.Querier, cohort id.ID, from, to string) error {
	var first, last string
	_, err := store.One(ctx, q, "SELECT coalesce(min(day), ''), coalesce(max(day), '') FROM training_session WHERE cohort = ? AND cancelled = ''", store.Args(cohort), &first, &last)
	if err != nil {
		return err
	}
	return holds(from, to, first, last)
}

// InRoom returns how many sessions are planned in a room from a day on.
func (t *Training) InRoom(ctx context.Context, q store.Querier, room id.ID, from string) (n int, err error) {
	_, err = store.One(ctx, q, "SELECT count(*) FROM training_session WHERE room_id = ? AND day >= ? AND cancelled = ''", store.Args(room, from), &n)
	return n, err
}

// GroupsError is returned where a phase would leave out groups of it: Names are some of theirs, N is how many there are.
type GroupsError struct {
	Names []string
	N     int
}

func (e *GroupsError) Error() string {
	return fmt.Sprintf("%d groups of the phase lie outside: %s", e.N, strings.Join(e.Names, ", "))
}

// PhaseHolds returns a *DaysError where a phase with other days would leave out sessions of its groups that take place, and a
// *GroupsError where it would leave out groups themselves: their days, their centres, or all of them where it is announced only. It looks
// at all that this node knows, but for groups that are closed.
func (t *Training) PhaseHolds(ctx context.Context, q store.Querier, tree *place.Tree, ph programme.Phase) error {
	var first, last string
	_, err := store.One(ctx, q, "SELECT coalesce(min(s.day), ''), coalesce(max(s.day), '') FROM training_session s JOIN training_cohort c ON c.id = s.cohort WHERE c.phase = ? AND s.cancelled = ''", store.Args(ph.ID), &first, &last)
	if err != nil {
		return err
	}
	if err := holds(ph.From, ph.To, first, last); err != nil {
		return err
	}
	var out GroupsError
	err = q.Each(ctx, "SELECT name, centre, starts, ends FROM training_cohort WHERE phase = ? AND closed = 0 ORDER BY name, id", store.Args(ph.ID), func(r store.Row) error {
		var name, from, to string
		var centre id.ID
		if err := r.Scan(&name, &centre, &from, &to); err != nil {
			return err
		}
		if ph.Planned || !ph.Runs(tree, centre) || holds(ph.From, ph.To, from, to) != nil {
			if out.N++; out.N <= 5 {
				out.Names = append(out.Names, name)
			}
		}
		return nil
	})
	if err != nil || out.N == 0 {
		return err
	}
	return &out
}
