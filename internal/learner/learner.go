// Package learner lets learners in: on devices that somebody of the staff enrolled for a centre, by a card, by an avatar and
// three pictures, or by words. A learner's session is no account: it stands for one person at one centre, and holds as long as
// that person has a seat there. None of it is a fact, and nothing of it leaves the node.
package learner

import (
	"context"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"tizi/internal/access"
	"tizi/internal/card"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/store"
	"tizi/internal/training"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// Schema returns the migrations of what only this node knows.
func Schema() fs.FS {
	sub, _ := fs.Sub(schemaFiles, "schema")
	return sub
}

// Learners lets the learners of a node in.
type Learners struct {
	log      *fact.Log
	people   *person.People
	training *training.Training
	cards    *card.Cards
}

// New returns the area on a node's log.
func New(l *fact.Log, p *person.People, t *training.Training, c *card.Cards) *Learners {
	return &Learners{l, p, t, c}
}

// How long a session lasts: in all, and without anything being done on a device that others use too, or on one's own.
const (
	SessionLife = 12 * time.Hour
	SharedIdle  = 10 * time.Minute
	OwnIdle     = 2 * time.Hour
)

// Session is a learner who is signed in.
type Session struct {
	// Person is the record that has a seat at Centre. Others may be one with it (person.Records).
	Person id.ID
	Centre id.ID
	// Device is the enrolled one that the session began on; nil: the learner's own.
	Device id.ID
	Who    *person.Person
}

// Shared reports whether others use the device too, so that the session ends after SharedIdle.
func (s *Session) Shared() bool { return !s.Device.IsNil() }

// Idle is after how long without a request the session ends.
func (s *Session) Idle() time.Duration {
	if s.Shared() {
		return SharedIdle
	}
	return OwnIdle
}

// Errors of coming in. Doors translate them.
var (
	// ErrNoSeat is returned for somebody who has no seat in a group of the centre, or not any more.
	ErrNoSeat = errors.New("this learner has no seat in a group of this centre")
	// ErrElsewhere is returned where another node writes what happens at the centre: what the learner did would be lost.
	ErrElsewhere = errors.New("the learners of this centre sign in on the box of the centre")
)

// seats are the states of an enrolment in which somebody is in a group: who has completed it may still see what they made.
var seats = []string{training.Enrolled, training.Active, training.Completed}

// Seated reports whether an enrolment is a seat.
func Seated(e training.Enrolment) bool { return slices.Contains(seats, e.State) }

// seat returns the seat of somebody at a centre, by whichever record, in one group, or in any where cohort is nil.
func (l *Learners) seat(ctx context.Context, q store.Querier, centre, p, cohort id.ID) (training.Enrolment, error) {
	list, err := l.training.OfPerson(ctx, q, access.At(centre), p)
	if err != nil {
		return training.Enrolment{}, err
	}
	list = slices.DeleteFunc(list, func(e training.Enrolment) bool {
		return !Seated(e) || e.Cohort.IsNil() || !cohort.IsNil() && e.Cohort != cohort
	})
	if len(list) == 0 {
		return training.Enrolment{}, ErrNoSeat
	}
	// Under the record that was asked for, if it has one; and rather in a group that has not ended.
	return slices.MinFunc(list, func(a, b training.Enrolment) int { return rank(a, p) - rank(b, p) }), nil
}

func rank(e training.Enrolment, p id.ID) int {
	n := 0
	if e.Person != p {
		n++
	}
	if e.State == training.Completed {
		n += 2
	}
	return n
}

// Begin begins a session of somebody who has a seat at a centre, without asking for anything: of whoever has shown who they are. It
// returns the token for the cookie, of which only a hash stays. device is the enrolled one, or nil.
func (l *Learners) Begin(ctx context.Context, centre, p, device id.ID) (token string, err error) {
	return l.begin(ctx, centre, p, id.Nil, device)
}

func (l *Learners) begin(ctx context.Context, centre, p, cohort, device id.ID) (token string, err error) {
	if !l.Here(centre) {
		return "", ErrElsewhere
	}
	e, err := l.seat(ctx, l.log.DB, centre, p, cohort)
	if err != nil {
		return "", err
	}
	token, now := access.Random(), l.log.Clock.Now()
	err = l.log.DB.Write(ctx, func(tx store.Tx) error {
		if err := tx.Exec(ctx, "DELETE FROM learner_session WHERE created < ?", now.Add(-SessionLife).UnixMilli()); err != nil {
			return err
		}
		return tx.Exec(ctx, "INSERT INTO learner_session (token, person, centre, device, created, seen) VALUES (?, ?, ?, ?, ?, ?)", digest(token), e.Person, centre, device, now.UnixMilli(), now.UnixMilli())
	})
	return token, err
}

func digest(token string) []byte {
	h := sha256.Sum256([]byte("learner " + token))
	return h[:]
}

// seenEvery is how often a session's last use is written: often enough for SharedIdle, and not with every page.
const seenEvery = 30 * time.Second

// Who returns the session of a token, or nil when there is none, or it ended: nothing was done for too long, the learner left
// the group, was erased, or the device is enrolled no more.
func (l *Learners) Who(ctx context.Context, token string) (*Session, error) {
	if token == "" {
		return nil, nil
	}
	s := &Session{}
	var created, seen int64
	found, err := store.One(ctx, l.log.DB, "SELECT person, centre, device, created, seen FROM learner_session WHERE token = ?", store.Args(digest(token)), &s.Person, &s.Centre, &s.Device, &created, &seen)
	if err != nil || !found {
		return nil, err
	}
	now := l.log.Clock.Now()
	if now.Sub(time.UnixMilli(created)) > SessionLife || now.Sub(time.UnixMilli(seen)) > s.Idle() {
		return nil, l.End(ctx, token)
	}
	e, err := l.seat(ctx, l.log.DB, s.Centre, s.Person, id.Nil)
	if errors.Is(err, ErrNoSeat) {
		return nil, l.End(ctx, token)
	}
	if err != nil {
		return nil, err
	}
	s.Person = e.Person // a merge, or one that was undone, may have given the seat to another record
	who, err := l.people.Of(ctx, l.log.DB, access.At(s.Centre), []id.ID{s.Person})
	if err != nil {
		return nil, fmt.Errorf("read who learns: %w", err)
	}
	if len(who) == 0 {
		return nil, l.End(ctx, token)
	}
	s.Who = who[0]
	if now.Sub(time.UnixMilli(seen)) > seenEvery {
		err := l.log.DB.Write(ctx, func(tx store.Tx) error {
			return tx.Exec(ctx, "UPDATE learner_session SET seen = ? WHERE token = ?", now.UnixMilli(), digest(token))
		})
		if err != nil && !errors.Is(err, store.ErrFull) { // on a full disk one can still read
			return nil, err
		}
	}
	return s, nil
}

// End ends a session.
func (l *Learners) End(ctx context.Context, token string) error {
	return l.log.DB.Write(ctx, func(tx store.Tx) error {
		return tx.Exec(ctx, "DELETE FROM learner_session WHERE token = ?", digest(token))
	})
}

// Forget takes away how people who are erased came in.
func Forget(ctx context.Context, tx store.Tx, persons []id.ID) error {
	for _, p := range persons {
		for _, table := range []string{"learner_session", "learner_avatar", "learner_secret", "learner_pass", "learner_refused"} {
			if err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE person = ?", p); err != nil {
				return err
			}
		}
		for _, table := range []string{"learner_try", "learner_lock"} {
			if err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE who = ?", p.Hex()); err != nil {
				return err
			}
		}
	}
	return nil
}
