package learner

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/store"
)

// How many wrong tries there may be within TryWindow: of one learner, and on one device.
const (
	MaxLearner = 5
	MaxDevice  = 20
	TryWindow  = 15 * time.Minute
)

// Errors of tries.
var (
	// ErrWrong is returned for pictures, words or a password that are not those of the learner.
	ErrWrong = errors.New("these are not this learner's pictures or words")
	// ErrLocked is returned for a learner who had too many wrong tries, ErrLockedDevice for a device. Both wait for a trainer.
	ErrLocked       = errors.New("too many wrong tries; a trainer unlocks this learner on the page of the group")
	ErrLockedDevice = errors.New("too many wrong tries on this device; a trainer unlocks it on the page of devices")
	// ErrTooMany is returned for an address from outside, which waits for the time to pass.
	ErrTooMany = errors.New("too many wrong tries from here; wait 15 minutes")
)

// try is a way of guessing: who or what guesses, how often, and what it is refused with after that. Where it locks, the refusal
// stays until somebody unlocks.
type try struct {
	who   string
	max   int
	over  error
	locks bool
}

// ofLearner is the try of a person, under whichever record.
func (l *Learners) ofLearner(ctx context.Context, p id.ID) (try, error) {
	one, err := oneOf(ctx, l.log.DB, p)
	return try{one.Hex(), MaxLearner, ErrLocked, true}, err
}

func oneOf(ctx context.Context, q store.Querier, p id.ID) (id.ID, error) {
	all, err := person.Records(ctx, q, p)
	if err != nil {
		return id.Nil, err
	}
	return all[0], nil
}

func ofDevice(d *Device) try { return try{d.ID.Hex(), MaxDevice, ErrLockedDevice, true} }

// ofAddress is the try of a device that is not enrolled; of its address only a hash is kept.
func ofAddress(address string) try {
	h := sha256.Sum256([]byte("from " + address))
	return try{hex.EncodeToString(h[:16]), MaxDevice, ErrTooMany, false}
}

// attempt counts tries before what was typed is looked at, so that a hundred at once are a hundred. The one that makes too many
// locks at once. Whoever was right calls right, which takes back the try with the lock that it made, and forgives the earlier
// tries of those named.
func (l *Learners) attempt(ctx context.Context, tries ...try) (right func(forgive ...try) error, err error) {
	now, v := l.log.Clock.Now(), id.New()
	err = l.log.DB.Write(ctx, func(tx store.Tx) error {
		if err := tx.Lock(ctx, "learner"); err != nil {
			return err
		}
		if err := tx.Exec(ctx, "DELETE FROM learner_try WHERE at <= ?", now.Add(-TryWindow).UnixMilli()); err != nil {
			return err
		}
		for _, t := range tries {
			var n, locked int
			if _, err := store.One(ctx, tx, "SELECT (SELECT count(*) FROM learner_try WHERE who = ?), (SELECT count(*) FROM learner_lock WHERE who = ?)", store.Args(t.who, t.who), &n, &locked); err != nil {
				return err
			}
			if n >= t.max || locked > 0 {
				return t.over
			}
			if err := tx.Exec(ctx, "INSERT INTO learner_try (id, who, at) VALUES (?, ?, ?)", id.Under(v, t.who), t.who, now.UnixMilli()); err != nil {
				return err
			}
			if n+1 == t.max && t.locks {
				if err := tx.Exec(ctx, "INSERT INTO learner_lock (who, attempt, at) VALUES (?, ?, ?)", t.who, v, now.UnixMilli()); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return func(forgive ...try) error {
		return l.log.DB.Write(ctx, func(tx store.Tx) error {
			for _, t := range tries {
				if err := tx.Exec(ctx, "DELETE FROM learner_try WHERE id = ?", id.Under(v, t.who)); err != nil {
					return err
				}
			}
			for _, t := range forgive {
				if err := tx.Exec(ctx, "DELETE FROM learner_try WHERE who = ?", t.who); err != nil {
					return err
				}
			}
			return tx.Exec(ctx, "DELETE FROM learner_lock WHERE attempt = ?", v)
		})
	}, nil
}

// free refuses somebody who is locked, where nothing of theirs is guessed.
func (l *Learners) free(ctx context.Context, t try) error {
	var one int
	locked, err := store.One(ctx, l.log.DB, "SELECT 1 FROM learner_lock WHERE who = ?", store.Args(t.who), &one)
	if err == nil && locked {
		err = t.over
	}
	return err
}

// Locked says who of some people is locked, and since when. The caller has made sure that the reader may see them.
func (l *Learners) Locked(ctx context.Context, q store.Querier, persons []id.ID) (map[id.ID]time.Time, error) {
	out := map[id.ID]time.Time{}
	ones, err := person.Ones(ctx, q, persons)
	if err != nil {
		return nil, err
	}
	since := map[string]time.Time{}
	err = q.Each(ctx, "SELECT who, at FROM learner_lock", nil, func(r store.Row) error {
		var who string
		var at int64
		err := r.Scan(&who, &at)
		since[who] = time.UnixMilli(at)
		return err
	})
	for _, p := range persons {
		one := p
		if m := ones[p]; m != nil {
			one = m[0]
		}
		if at, ok := since[one.Hex()]; ok {
			out[p] = at
		}
	}
	return out, err
}

// Unlock lets people try again. The caller has made sure that whoever asks may.
func (l *Learners) Unlock(ctx context.Context, persons ...id.ID) error {
	for _, p := range persons {
		t, err := l.ofLearner(ctx, p)
		if err != nil {
			return err
		}
		if err := l.unlock(ctx, t.who); err != nil {
			return err
		}
	}
	return nil
}

func (l *Learners) unlock(ctx context.Context, who string) error {
	return l.log.DB.Write(ctx, func(tx store.Tx) error {
		if err := tx.Exec(ctx, "DELETE FROM learner_try WHERE who = ?", who); err != nil {
			return err
		}
		return tx.Exec(ctx, "DELETE FROM learner_lock WHERE who = ?", who)
	})
}
