package training

import (
	"context"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/measure"
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
	switch len(period) {
	case 4:
		from, to = period+"01", period+"12"
	case 6:
		from, to = period, period
	}
	out := map[id.ID]SheetCount{}
	err := q.Each(ctx, "SELECT centre, CAST(sum(sessions) AS BIGINT), CAST(sum(marked) AS BIGINT), CAST(sum(marks) AS BIGINT) FROM training_sheets WHERE programme = ? AND month >= ? AND month <= ? AND "+where+" GROUP BY centre", append([]any{programme, from, to}, args...), func(r store.Row) error {
		var c id.ID
		var s SheetCount
		err := r.Scan(&c, &s.Sessions, &s.Marked, &s.Marks)
		out[c] = s
		return err
	})
	return out, err
}

// sheetsTable has what Sheets counts: a country has many sessions, and few months.
var sheetsTable = &store.Table{Name: "training_sheets", Key: 3, Columns: store.Cols("programme:id centre:id month:text sessions:int marked:int marks:int")}

// SheetSum counts the sessions that were not cancelled, and their marks.
var SheetSum = &fact.Aggregate{
	Name: "training.sheets", Tables: []*store.Table{sheetsTable}, Sources: []*store.Table{sessionTable},
	Begin: func() fact.Collector { return sheetCollector{} },
}

// Where the columns are in a session's row.
var (
	programmeAt = sessionTable.At("programme")
	centreAt    = sessionTable.At("centre")
	dayAt       = sessionTable.At("day")
	cancelledAt = sessionTable.At("cancelled")
	presentAt   = sessionTable.At("present")
	lateAt      = sessionTable.At("late")
	excusedAt   = sessionTable.At("excused")
	absentAt    = sessionTable.At("absent")
)

type sheetCell struct {
	programme, centre id.ID
	month             string
}

type sheetCollector map[sheetCell]SheetCount

// Change implements fact.Collector.
func (c sheetCollector) Change(_ *store.Table, old, new []any) {
	add := func(row []any, sign int) {
		if row == nil || row[cancelledAt].(string) != "" {
			return
		}
		k := sheetCell{row[programmeAt].(id.ID), row[centreAt].(id.ID), measure.Month(row[dayAt].(string))}
		n := func(at int) int { return int(row[at].(int64)) }
		s := c[k]
		s.Sessions += sign
		if n(presentAt)+n(lateAt)+n(excusedAt)+n(absentAt) > 0 {
			s.Marked += sign
		}
		s.Marks += sign * (n(presentAt) + n(lateAt))
		c[k] = s
	}
	add(old, -1)
	add(new, 1)
}

// Flush implements fact.Collector.
func (c sheetCollector) Flush(ctx context.Context, tx store.Tx) error {
	var rows [][]any
	for k, s := range c {
		rows = append(rows, []any{k.programme, k.centre, k.month, s.Sessions, s.Marked, s.Marks})
	}
	return store.Sum(ctx, tx, sheetsTable, rows)
}
