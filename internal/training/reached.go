package training

import (
	"context"

	"tizi/internal/access"
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

// SheetCount is how many records a number of a centre comes out of.
type SheetCount struct{ Sessions, Marked, Marks int }

// Sheets counts, by centre, the sessions of a programme in a period (a year, a month, or all of it), those that were marked and
// the marks of who was there.
func (t *Training) Sheets(ctx context.Context, q store.Querier, scope access.Scope, programme id.ID, period string) (map[id.ID]SheetCount, error) {
	where, args := scope.SQL("centre")
	from, to := "", "9999"
	if len(period) >= 4 {
		from, to = period[:4]+"-01-01", period[:4]+"-12-31"
	}
	if len(period) == 6 {
		from, to = period[:4]+"-"+period[4:]+"-01", period[:4]+"-"+period[4:]+"-31"
	}
	out := map[id.ID]SheetCount{}
	err := q.Each(ctx, "SELECT centre, count(*), CAST(sum(CASE WHEN present + late + excused + absent > 0 THEN 1 ELSE 0 END) AS BIGINT), CAST(sum(present + late) AS BIGINT) FROM training_session WHERE programme = ? AND cancelled = '' AND day >= ? AND day <= ? AND "+where+" GROUP BY centre", append([]any{programme, from, to}, args...), func(r store.Row) error {
		var c id.ID
		var s SheetCount
		err := r.Scan(&c, &s.Sessions, &s.Marked, &s.Marks)
		out[c] = s
		return err
	})
	return out, err
}
