package training

import (
	"context"

	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/store"
)

// ReachedOf returns the months in which a record was at a session, by programme: what another centre must know to count
// somebody once who comes from here. The latest ten years are enough.
func (t *Training) ReachedOf(ctx context.Context, q store.Querier, record id.ID) ([]person.Reached, error) {
	var out []person.Reached
	err := q.Each(ctx, "SELECT DISTINCT programme, month FROM training_attendance WHERE person = ? AND mark IN ('p', 'l') ORDER BY month, programme LIMIT 240", store.Args(record), func(r store.Row) error {
		var x person.Reached
		err := r.Scan(&x.Programme, &x.Month)
		out = append(out, x)
		return err
	})
	return out, err
}
