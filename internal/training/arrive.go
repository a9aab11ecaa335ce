package training

import (
	"cmp"
	"context"
	"slices"
	"time"

	"tizi/internal/access"
	"tizi/internal/consent"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/store"
)

// CheckIn records that somebody came, or came late, as when a card is read at the door. It costs two look-ups, however long
// the sheet. Who was refused, or has applied only, is ErrNotOnList; a session of a later day is ErrEarly. Whoever is here already stays as they are, nothing is written, and stood is that mark.
func (t *Training) CheckIn(ctx context.Context, actor id.ID, scope access.Scope, session, p id.ID, mark string) (stood string, err error) {
	var centre, cohort id.ID
	var day string
	where, args := scope.Groups("centre", "cohort")
	found, err := store.One(ctx, t.log.DB, "SELECT centre, cohort, day FROM training_session WHERE "+where+" AND id = ? AND cancelled = ''", append(args, session), &centre, &cohort, &day)
	if err != nil {
		return "", err
	}
	if !found {
		return "", ErrNoSession
	}
	if err := t.early(day); err != nil {
		return "", err
	}
	_, err = t.log.Do(ctx, fact.Command{Name: "check in", Stream: person.Stream(centre), Keys: []id.ID{markKey(session, p)}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var now, cancelled string
		var agreed bool
		stood = ""
		member, err := store.One(ctx, q, "SELECT coalesce((SELECT mark FROM training_attendance WHERE session = ? AND person = ?), ''), "+consent.Stands("training_enrolment.person", consent.Training)+", coalesce((SELECT cancelled FROM training_session WHERE id = ?), '') FROM training_enrolment WHERE person = ? AND cohort = ? AND "+admitted, store.Args(session, p, session, p, cohort), &now, &agreed, &cancelled)
		if err != nil {
			return fact.Outcome{}, err
		}
		if cancelled != "" { // meanwhile
			return fact.Outcome{}, ErrNoSession
		}
		if Here(now) {
			stood = now
			return fact.Outcome{}, nil
		}
		if !member {
			return fact.Outcome{}, ErrNotOnList
		}
		if !agreed { // or on another record of the same person
			if lacks, err := t.Lacking(ctx, q, []id.ID{p}); err != nil || lacks[p] {
				return fact.Outcome{}, cmp.Or(err, ErrNoConsent)
			}
		}
		n := fact.New{Stream: person.Stream(centre), Kind: KindAttendance, Subject: session, Actor: actor, Body: AttendanceTaken{map[id.ID]string{p: mark}, "card"}}
		if now != "" { // it replaces what a sheet said
			all, err := t.log.Of(ctx, q, session)
			if err != nil {
				return fact.Outcome{}, err
			}
			n.Prev = latest[AttendanceTaken](all)
		}
		return fact.Outcome{Facts: []fact.New{n}}, nil
	}})
	return stood, err
}

// Arrive is CheckIn by somebody's card, whichever of the person's records the card was made for: the mark stands at the one
// that has a seat in the group. Who has none is ErrNotOnList.
func (t *Training) Arrive(ctx context.Context, actor id.ID, scope access.Scope, s *Session, p id.ID, mark string) (stood string, err error) {
	all, err := person.Records(ctx, t.log.DB, p)
	if err != nil {
		return "", err
	}
	who, args := store.In("person", all)
	var seats []id.ID
	err = t.log.DB.Each(ctx, "SELECT person FROM training_enrolment WHERE cohort = ? AND state IN ('enrolled', 'active', 'completed') AND "+who+" ORDER BY person", append(store.Args(s.Cohort), args...), func(r store.Row) error {
		var v id.ID
		err := r.Scan(&v)
		seats = append(seats, v)
		return err
	})
	if err != nil {
		return "", err
	}
	if len(seats) == 0 {
		return "", ErrNotOnList
	}
	if len(all) > 1 { // one person has one mark
		marks, err := t.marks(ctx, t.log.DB, s.ID)
		if err != nil {
			return "", err
		}
		if m := whole(all, marks); Here(m) {
			return m, nil
		}
	}
	if slices.Contains(seats, p) {
		seats[0] = p
	}
	return t.CheckIn(ctx, actor, scope, s.ID, seats[0], mark)
}

// Arrival is somebody who came with a card.
type Arrival struct {
	Person id.ID
	Mark   string // p or l
	At     time.Time
	was    string // the mark before
}

// Arrivals returns who came to a session with a card and is here by that card still, the last first.
func (t *Training) Arrivals(ctx context.Context, q store.Querier, session id.ID) ([]Arrival, error) {
	all, err := t.log.Of(ctx, q, session)
	if err != nil {
		return nil, err
	}
	var out []Arrival
	now := map[id.ID]string{}
	for _, f := range all {
		b, ok := fact.As[AttendanceTaken](f)
		if !ok {
			continue
		}
		for p, m := range b.Marks {
			out = slices.DeleteFunc(out, func(a Arrival) bool { return a.Person == p })
			if b.Method == "card" && Here(m) {
				out = append(out, Arrival{p, m, f.HLC.Wall(), now[p]})
			}
			now[p] = m
		}
	}
	slices.SortStableFunc(out, func(a, b Arrival) int { return b.At.Compare(a.At) })
	return out, nil
}

// Depart takes the mark back that somebody's card made; what a list said before stands again. Who is not here by a card is
// ErrNotOnList.
func (t *Training) Depart(ctx context.Context, actor id.ID, scope access.Scope, session, p id.ID) error {
	list, err := t.Arrivals(ctx, t.log.DB, session)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(a Arrival) bool { return a.Person == p })
	if i < 0 {
		return ErrNotOnList
	}
	return t.Take(ctx, actor, scope, session, map[id.ID]string{p: list[i].was}, "card")
}
