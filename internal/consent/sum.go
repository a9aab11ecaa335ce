package consent

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/store"
)

// sumTable counts, by centre and purpose, the records of people whose consent stands.
var sumTable = &store.Table{Name: "consent_sum", Key: 2, Columns: store.Cols("centre:id purpose:text n:int")}

// Sum counts consents as they come and go: to count them when a page asks takes too long where people are many.
var Sum = &fact.Aggregate{
	Name: "consent", Tables: []*store.Table{sumTable}, Sources: []*store.Table{table},
	Begin: func() fact.Collector { return collector{} },
}

// Where the columns are in a row.
var (
	purposeAt = columnOf("purpose")
	centreAt  = columnOf("centre")
	holdsAt   = columnOf("holds")
)

func columnOf(name string) int {
	return slices.IndexFunc(table.Columns, func(c store.Column) bool { return c.Name == name })
}

type cell struct {
	centre  id.ID
	purpose string
}

type collector map[cell]int

// Change implements fact.Collector.
func (c collector) Change(_ *store.Table, old, new []any) {
	add := func(row []any, sign int) {
		if row != nil && row[holdsAt].(int64) == 1 {
			c[cell{row[centreAt].(id.ID), row[purposeAt].(string)}] += sign
		}
	}
	add(old, -1)
	add(new, 1)
}

// Flush implements fact.Collector.
func (c collector) Flush(ctx context.Context, tx store.Tx) error {
	var sets, keys [][]any
	for k, n := range c {
		if n != 0 {
			sets = append(sets, []any{k.centre, k.purpose, n})
		}
	}
	slices.SortFunc(sets, func(a, b []any) int {
		x, y := a[0].(id.ID), b[0].(id.ID)
		return cmp.Or(bytes.Compare(x[:], y[:]), cmp.Compare(a[1].(string), b[1].(string)))
	})
	for _, s := range sets {
		keys = append(keys, s[:2])
	}
	err := tx.Many(ctx, "INSERT INTO consent_sum (centre, purpose, n) VALUES (?, ?, ?) ON CONFLICT (centre, purpose) DO UPDATE SET n = consent_sum.n + excluded.n", sets, nil)
	if err != nil {
		return err
	}
	return tx.Many(ctx, "DELETE FROM consent_sum WHERE centre = ? AND purpose = ? AND n = 0", keys, nil)
}
