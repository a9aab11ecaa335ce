package training

import (
	"context"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/store"
)

// Sum feeds the cube of measure from enrolments and attendance.
var Sum = &fact.Aggregate{
	Name: "training", Tables: measure.Tables, Sources: []*store.Table{enrolTable, attendTable},
	Begin: func() fact.Collector { return &collector{measure.Begin()} },
}

type collector struct{ sum *measure.Sum }

// Change implements fact.Collector.
func (c *collector) Change(t *store.Table, old, new []any) {
	for row, n := range map[*[]any]int{&old: -1, &new: 1} {
		r := *row
		switch {
		case r == nil:
		case t == enrolTable:
			// Whoever was denied a seat is no member of the programme.
			if r[6].(string) == Denied {
				continue
			}
			c.sum.Member(measure.Member{
				Enrolment: r[0].(id.ID), Person: r[1].(id.ID), Programme: r[2].(id.ID), Centre: r[5].(id.ID),
				Cell: measure.Cell{Sex: r[9].(string), Age: r[10].(string), Milieu: r[11].(string), Schooling: r[12].(string)},
			}, n)
		case Here(r[2].(string)):
			c.sum.Presence(measure.Presence{Person: r[1].(id.ID), Programme: r[3].(id.ID), Centre: r[4].(id.ID), Month: r[5].(string)}, n)
		}
	}
}

// Flush implements fact.Collector.
func (c *collector) Flush(ctx context.Context, tx store.Tx) error { return c.sum.Flush(ctx, tx) }
