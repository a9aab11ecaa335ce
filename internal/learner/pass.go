package learner

import (
	"context"
	"time"

	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/store"
)

// Pass lets a device hand in the work of one learner, and do nothing else. It outlives their session, so that what was done without a
// link arrives, and ends with the device or the person.
type Pass struct {
	Person, Centre, Device id.ID
	// Enrolled is when the device became one: nothing was done on it before.
	Enrolled time.Time
}

// GivePass gives the device of a session a pass for its learner, in the place of the one that it had. It is ErrNoDevice for a session on
// a device that is not enrolled.
func (l *Learners) GivePass(ctx context.Context, s *Session) (token string, err error) {
	if !s.Shared() {
		return "", ErrNoDevice
	}
	token = access.Random()
	return token, l.log.DB.Write(ctx, func(tx store.Tx) error {
		if err := tx.Exec(ctx, "DELETE FROM learner_pass WHERE device = ? AND person = ?", s.Device, s.Person); err != nil {
			return err
		}
		return tx.Exec(ctx, "INSERT INTO learner_pass (token, person, centre, device, created) VALUES (?, ?, ?, ?, ?)", digest(token), s.Person, s.Centre, s.Device, l.log.Clock.Now().UnixMilli())
	})
}

// PassOf returns the pass of a token, or nil where it holds no more.
func (l *Learners) PassOf(ctx context.Context, token string) (*Pass, error) {
	if token == "" {
		return nil, nil
	}
	p := &Pass{}
	var enrolled int64
	found, err := store.One(ctx, l.log.DB, "SELECT p.person, p.centre, p.device, d.created FROM learner_pass p JOIN learner_device d ON d.id = p.device WHERE p.token = ?", store.Args(digest(token)), &p.Person, &p.Centre, &p.Device, &enrolled)
	if err != nil || !found {
		return nil, err
	}
	p.Enrolled = time.UnixMilli(enrolled)
	return p, nil
}

// Refused is work of a learner that could not be taken.
type Refused struct {
	Why string // the key of a sentence
	At  time.Time
}

// keptRefused is for how long it is said that work was refused.
const keptRefused = 90 * 24 * time.Hour

// Refuse notes that a letter of a pass is not taken, once.
func (l *Learners) Refuse(ctx context.Context, p *Pass, letter id.ID, why string) error {
	now := l.log.Clock.Now()
	return l.log.DB.Write(ctx, func(tx store.Tx) error {
		if err := tx.Exec(ctx, "DELETE FROM learner_refused WHERE at < ?", now.Add(-keptRefused).UnixMilli()); err != nil {
			return err
		}
		return tx.Exec(ctx, "INSERT INTO learner_refused (letter, person, device, why, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (person, letter) DO UPDATE SET why = excluded.why", letter, p.Person, p.Device, why, now.UnixMilli())
	})
}

// RefusedOf returns what was not taken of somebody's, by whichever of some records, the newest first.
func (l *Learners) RefusedOf(ctx context.Context, q store.Querier, records []id.ID) (out []Refused, err error) {
	in, args := store.In("person", records)
	err = q.Each(ctx, "SELECT why, at FROM learner_refused WHERE "+in+" ORDER BY at DESC, letter", args, func(r store.Row) error {
		var x Refused
		var at int64
		err := r.Scan(&x.Why, &at)
		x.At = time.UnixMilli(at)
		out = append(out, x)
		return err
	})
	return out, err
}
