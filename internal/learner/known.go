package learner

import (
	"context"
	"time"

	"tizi/internal/id"
	"tizi/internal/store"
)

// Known is one thing that this node keeps of how somebody comes in, for that person.
type Known struct {
	At     time.Time
	What   string // avatar, words, password, session, pass, refused, wrong or locked
	Name   string // of the avatar or of the device; why something was refused, as the key of a sentence
	Cohort id.ID  // of an avatar
	By     id.ID  // the account that gave it; Nil: nobody
}

// Everything returns all that is kept of how somebody comes in, under their records, but the secrets, which nobody can read. The caller has
// made sure that the reader may see it.
func (l *Learners) Everything(ctx context.Context, q store.Querier, records []id.ID) (out []Known, err error) {
	in, args := store.In("x.person", records)
	for _, of := range []struct {
		query string
		args  []any
	}{
		{"SELECT x.changed, 'avatar', x.avatar, x.cohort, x.actor FROM learner_avatar x WHERE " + in, args},
		{"SELECT x.changed, x.kind, '', NULL, x.actor FROM learner_secret x WHERE " + in, args},
		{"SELECT x.created, 'session', coalesce(d.name, ''), NULL, NULL FROM learner_session x LEFT JOIN learner_device d ON d.id = x.device WHERE " + in, args},
		{"SELECT x.created, 'pass', coalesce(d.name, ''), NULL, NULL FROM learner_pass x LEFT JOIN learner_device d ON d.id = x.device WHERE " + in, args},
		{"SELECT x.at, 'refused', x.why, NULL, NULL FROM learner_refused x WHERE " + in, args},
		{"SELECT x.at, 'wrong', '', NULL, NULL FROM learner_try x WHERE x.who = ?", []any{records[0].Hex()}},
		{"SELECT x.at, 'locked', '', NULL, NULL FROM learner_lock x WHERE x.who = ?", []any{records[0].Hex()}},
	} {
		err := q.Each(ctx, of.query+" ORDER BY 1, 3", of.args, func(r store.Row) error {
			var k Known
			var at int64
			err := r.Scan(&at, &k.What, &k.Name, &k.Cohort, &k.By)
			k.At = time.UnixMilli(at)
			out = append(out, k)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
