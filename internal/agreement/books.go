package agreement

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"tizi/internal/id"
	"tizi/internal/store"
)

// Books are what an agreement's entries add up to.
type Books struct {
	Promises []Contribution
	Lines    []Line
	// Promised and Received are in money alone, InKind what was promised in kind is estimated at.
	Promised, Received, InKind, Budgeted, Spent Sums
	// Costs are what was spent for each programme, at all places, and then at each place that entries name.
	Costs []Cost
	// Unassigned is what was spent for no programme.
	Unassigned Sums
	// Years are those in which money was spent, the latest first.
	Years     []string
	Simulated bool // of any of it
}

// Contribution is a promise with what came of it, in minor units.
type Contribution struct {
	Item[EntryStated]
	Received int64
	Receipts []Item[EntryStated]
}

// Of is the contribution or the line that an entry is, or nil.
func (b *Books) Of(v id.ID) (*Contribution, *Line) {
	for i := range b.Promises {
		if b.Promises[i].ID == v {
			return &b.Promises[i], nil
		}
	}
	for i := range b.Lines {
		if b.Lines[i].ID == v {
			return nil, &b.Lines[i]
		}
	}
	return nil, nil
}

// Line is a line of the budget with what was spent of it, in minor units.
type Line struct {
	Item[EntryStated]
	Spent    int64
	Expenses []Item[EntryStated]
}

// Over reports whether more was spent than the line has.
func (l Line) Over() bool { return l.Spent > l.Is.Amount }

// Cost is what was spent for a programme; a Nil place is everywhere.
type Cost struct {
	Programme, Place id.ID
	Spent            Sums
}

// Books adds up the entries of an agreement. Of what was spent only that of a period counts: a year, a month (202601), or
// "" for all.
func (s *Agreements) Books(ctx context.Context, q store.Querier, agreement id.ID, period string) (*Books, error) {
	entries, err := s.Entries(ctx, q, agreement)
	if err != nil {
		return nil, err
	}
	b := &Books{Promised: Sums{}, Received: Sums{}, InKind: Sums{}, Budgeted: Sums{}, Spent: Sums{}, Unassigned: Sums{}}
	below := map[id.ID][]Item[EntryStated]{}
	years := map[string]bool{}
	costs := map[[2]id.ID]Sums{}
	for _, x := range entries {
		e := x.Is
		b.Simulated = b.Simulated || e.Simulated
		if e.Sort == Expense {
			years[e.On[:4]] = true
			if !strings.HasPrefix(strings.ReplaceAll(e.On, "-", ""), period) {
				continue
			}
			b.Spent.Add(e.Money())
			if e.Programme.IsNil() {
				b.Unassigned.Add(e.Money())
			}
			for _, at := range unique([]id.ID{id.Nil, e.Place}) {
				if e.Programme.IsNil() {
					continue
				}
				key := [2]id.ID{e.Programme, at}
				if costs[key] == nil {
					costs[key] = Sums{}
				}
				costs[key].Add(e.Money())
			}
		}
		if !e.Of.IsNil() {
			below[e.Of] = append(below[e.Of], x)
		}
	}
	for _, x := range entries {
		switch x.Is.Sort {
		case Promise:
			c := Contribution{Item: x, Receipts: below[x.ID]}
			c.Received = total(c.Receipts)
			if x.Is.InKind {
				b.InKind.Add(x.Is.Money())
			} else {
				b.Promised.Add(x.Is.Money())
				b.Received.Add(Money{x.Is.Currency, c.Received})
			}
			b.Promises = append(b.Promises, c)
		case Budget:
			l := Line{Item: x, Expenses: below[x.ID]}
			l.Spent = total(l.Expenses)
			b.Budgeted.Add(x.Is.Money())
			b.Lines = append(b.Lines, l)
		}
	}
	for key, sums := range costs {
		b.Costs = append(b.Costs, Cost{key[0], key[1], sums})
	}
	slices.SortFunc(b.Costs, func(x, y Cost) int {
		return cmp.Or(slices.Compare(x.Programme[:], y.Programme[:]), slices.Compare(x.Place[:], y.Place[:]))
	})
	b.Years = slices.Sorted(maps.Keys(years))
	slices.Reverse(b.Years)
	return b, nil
}

func total(list []Item[EntryStated]) (n int64) {
	for _, x := range list {
		n += x.Is.Amount
	}
	return n
}
