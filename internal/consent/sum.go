package consent

import (
	"context"

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
	purposeAt = table.At("purpose")
	centreAt  = table.At("centre")
	holdsAt   = table.At("holds")
)

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
	var rows [][]any
	for k, n := range c {
		rows = append(rows, []any{k.centre, k.purpose, n})
	}
	return store.Sum(ctx, tx, sumTable, rows)
}
