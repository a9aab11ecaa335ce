package learner

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/store"
	"tizi/internal/training"
)

// Device is a browser that somebody of the staff enrolled for a centre.
type Device struct {
	ID, Centre, Actor id.ID
	Name, Agent       string
	Created, Seen     time.Time
	Locked            bool
}

// DeviceLife is how long the cookie of a device lasts; each use renews it.
const DeviceLife = 400 * 24 * time.Hour

// MaxName is how many characters the name of a device may have.
const MaxName = 60

// Errors of devices.
var (
	ErrNoDevice = errors.New("there is no such device")
	ErrNoName   = errors.New("a device needs a name, of 60 characters at most")
)

// Enrol makes the browser that asks a device of a centre of the scope and returns the token for its cookie. old is the token that it
// had before, if any: it is one device only.
func (l *Learners) Enrol(ctx context.Context, actor id.ID, scope access.Scope, centre id.ID, name, agent, old string) (token string, err error) {
	if !scope.Has(centre) {
		return "", access.ErrDenied
	}
	if name = strings.TrimSpace(name); name == "" || utf8.RuneCountInString(name) > MaxName {
		return "", ErrNoName
	}
	if len(agent) > 200 {
		agent = agent[:200]
	}
	token, now := access.Random(), l.log.Clock.Now().UnixMilli()
	was, err := l.DeviceOf(ctx, old)
	if err != nil {
		return "", err
	}
	return token, l.log.DB.Write(ctx, func(tx store.Tx) error {
		if was != nil {
			if err := strike(ctx, tx, was.ID); err != nil {
				return err
			}
		}
		return tx.Exec(ctx, "INSERT INTO learner_device (id, token, centre, name, agent, actor, created, seen) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", id.New(), digest(token), centre, name, strings.ToValidUTF8(agent, ""), actor, now, now)
	})
}

const deviceColumns = "SELECT id, centre, actor, name, agent, created, seen FROM learner_device"

func scanDevice(r store.Row) (*Device, error) {
	d := &Device{}
	var created, seen int64
	err := r.Scan(&d.ID, &d.Centre, &d.Actor, &d.Name, &d.Agent, &created, &seen)
	d.Created, d.Seen = time.UnixMilli(created), time.UnixMilli(seen)
	return d, err
}

// deviceSeenEvery is how often the last use of a device is written.
const deviceSeenEvery = time.Hour

// DeviceOf returns the device whose cookie holds a token, or nil.
func (l *Learners) DeviceOf(ctx context.Context, token string) (d *Device, err error) {
	if token == "" {
		return nil, nil
	}
	err = l.log.DB.Each(ctx, deviceColumns+" WHERE token = ?", store.Args(digest(token)), func(r store.Row) (err error) {
		d, err = scanDevice(r)
		return err
	})
	if err != nil || d == nil {
		return nil, err
	}
	if now := l.log.Clock.Now(); now.Sub(d.Seen) > deviceSeenEvery {
		err = l.log.DB.Write(ctx, func(tx store.Tx) error {
			return tx.Exec(ctx, "UPDATE learner_device SET seen = ? WHERE id = ?", now.UnixMilli(), d.ID)
		})
		if errors.Is(err, store.ErrFull) {
			err = nil
		}
	}
	return d, err
}

// Devices returns the devices of the centres of a scope, in the order of their names, with those that are locked.
func (l *Learners) Devices(ctx context.Context, q store.Querier, scope access.Scope) ([]*Device, error) {
	var out []*Device
	err := q.Each(ctx, deviceColumns+" ORDER BY name, id", nil, func(r store.Row) error {
		d, err := scanDevice(r)
		if scope.Has(d.Centre) {
			out = append(out, d)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	locked := map[string]bool{}
	err = q.Each(ctx, "SELECT who FROM learner_lock", nil, func(r store.Row) error {
		var who string
		err := r.Scan(&who)
		locked[who] = true
		return err
	})
	for _, d := range out {
		d.Locked = locked[d.ID.Hex()]
	}
	return out, err
}

// device finds a device of the scope.
func (l *Learners) device(ctx context.Context, scope access.Scope, v id.ID) (d *Device, err error) {
	err = l.log.DB.Each(ctx, deviceColumns+" WHERE id = ?", store.Args(v), func(r store.Row) (err error) {
		d, err = scanDevice(r)
		return err
	})
	if err == nil && (d == nil || !scope.Has(d.Centre)) {
		err = ErrNoDevice
	}
	return d, err
}

// strike takes a device out, and ends what was begun on it.
func strike(ctx context.Context, tx store.Tx, v id.ID) error {
	if err := tx.Exec(ctx, "DELETE FROM learner_device WHERE id = ?", v); err != nil {
		return err
	}
	for _, table := range []string{"learner_session", "learner_pass", "learner_holds"} {
		if err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE device = ?", v); err != nil {
			return err
		}
	}
	for _, table := range []string{"learner_try", "learner_lock"} {
		if err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE who = ?", v.Hex()); err != nil {
			return err
		}
	}
	return nil
}

// Strike takes a device of the scope out: it was lost, or is no longer the centre's. Whoever is signed in on it is signed out.
func (l *Learners) Strike(ctx context.Context, scope access.Scope, v id.ID) error {
	if _, err := l.device(ctx, scope, v); err != nil {
		return err
	}
	return l.log.DB.Write(ctx, func(tx store.Tx) error { return strike(ctx, tx, v) })
}

// UnlockDevice lets learners try again on a device of the scope.
func (l *Learners) UnlockDevice(ctx context.Context, scope access.Scope, v id.ID) error {
	if _, err := l.device(ctx, scope, v); err != nil {
		return err
	}
	return l.unlock(ctx, v.Hex())
}

// Outside reports whether the learners of a centre may come in from devices that are not enrolled, with their number and words.
func (l *Learners) Outside(ctx context.Context, q store.Querier, centre id.ID) (bool, error) {
	var one int
	return store.One(ctx, q, "SELECT 1 FROM learner_outside WHERE centre = ?", store.Args(centre), &one)
}

// AnyOutside reports whether that is so of any centre.
func (l *Learners) AnyOutside(ctx context.Context, q store.Querier) (bool, error) {
	var one int
	return store.One(ctx, q, "SELECT 1 FROM learner_outside LIMIT 1", nil, &one)
}

// SetOutside says so for a centre of the scope. Who came in so is signed out when it ends.
func (l *Learners) SetOutside(ctx context.Context, actor id.ID, scope access.Scope, centre id.ID, allowed bool) error {
	if !scope.Has(centre) {
		return access.ErrDenied
	}
	return l.log.DB.Write(ctx, func(tx store.Tx) error {
		if err := tx.Exec(ctx, "DELETE FROM learner_outside WHERE centre = ?", centre); err != nil {
			return err
		}
		if !allowed {
			return tx.Exec(ctx, "DELETE FROM learner_session WHERE centre = ? AND device = ?", centre, id.Nil)
		}
		return tx.Exec(ctx, "INSERT INTO learner_outside (centre, actor, changed) VALUES (?, ?, ?)", centre, actor, l.log.Clock.Now().UnixMilli())
	})
}

// Here reports whether the learners of a centre can sign in on this node: it must be the one that writes down what they do.
func (l *Learners) Here(centre id.ID) bool {
	return l.log.May(training.KindAttendance, person.Stream(centre))
}
