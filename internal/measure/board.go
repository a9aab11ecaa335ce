package measure

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/store"
)

// Counts are two indicators of one cell.
type Counts struct {
	People         int64 // each once
	Participations int64 // each presence
}

func (c *Counts) add(d Counts) {
	c.People += d.People
	c.Participations += d.Participations
}

// Filter selects cells: a dimension that is "" is not narrowed.
type Filter struct {
	Programme id.ID
	Period    string // 202601, 2026, or Total
	Sex       string
	Age       string
	Milieu    string
	Schooling string
}

func (f Filter) sql(scope access.Scope) (string, []any) {
	where, args := scope.Counts("centre", "programme")
	where += " AND programme = ?"
	args = append(args, f.Programme)
	for i, v := range []string{f.Sex, f.Age, f.Milieu, f.Schooling} {
		if v != "" {
			where += " AND " + Dimensions[i].Name + " = ?"
			args = append(args, v)
		}
	}
	return where, args
}

// Board is what dashboards show: sums by centre and by each dimension.
type Board struct {
	Total   Counts
	Centres map[id.ID]Counts
	// Cells are the sums of each value of each dimension: Cells["sex"]["f"].
	Cells map[string]map[string]Counts
	// Crossed are the sums of a dimension's value at a centre: Crossed[centre]["sex"]["f"].
	Crossed map[id.ID]map[string]map[string]Counts
}

// Read reads the board of a filter in a scope.
func Read(ctx context.Context, q store.Querier, scope access.Scope, f Filter) (*Board, error) {
	b := &Board{Centres: map[id.ID]Counts{}, Cells: map[string]map[string]Counts{}, Crossed: map[id.ID]map[string]map[string]Counts{}}
	where, args := f.sql(scope)
	// People stand at the period itself. Participations stand at months, so a longer period sums its months.
	sum := func(columns, period string, extra ...any) error {
		return q.Each(ctx, "SELECT centre, sex, age, milieu, schooling, "+columns+" FROM measure_cell WHERE "+where+" AND "+period, append(slices.Clone(args), extra...), func(r store.Row) error {
			var centre id.ID
			v := make([]string, 4)
			var n Counts
			if err := r.Scan(&centre, &v[0], &v[1], &v[2], &v[3], &n.People, &n.Participations); err != nil {
				return err
			}
			b.Total.add(n)
			c := b.Centres[centre]
			c.add(n)
			b.Centres[centre] = c
			if b.Crossed[centre] == nil {
				b.Crossed[centre] = map[string]map[string]Counts{}
			}
			for i, d := range Dimensions {
				addTo(b.Cells, d.Name, v[i], n)
				addTo(b.Crossed[centre], d.Name, v[i], n)
			}
			return nil
		})
	}
	var err error
	switch len(f.Period) {
	case 6:
		err = sum("people, participations", "period = ?", f.Period)
	case 4:
		if err = sum("people, 0", "period = ?", f.Period); err == nil {
			err = sum("0, participations", "period >= ? AND period <= ?", f.Period+"01", f.Period+"12")
		}
	default:
		if err = sum("people, 0", "period = ''"); err == nil {
			err = sum("0, participations", "length(period) = 6")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read the board: %w", err)
	}
	return b, nil
}

func addTo(m map[string]map[string]Counts, dim, value string, n Counts) {
	if m[dim] == nil {
		m[dim] = map[string]Counts{}
	}
	c := m[dim][value]
	c.add(n)
	m[dim][value] = c
}

// Series returns the counts of each month, and how many people each month reached for the first time is in Board.
func Series(ctx context.Context, q store.Querier, scope access.Scope, f Filter) (months []string, counts map[string]Counts, err error) {
	where, args := f.sql(scope)
	counts = map[string]Counts{}
	err = q.Each(ctx, "SELECT period, CAST(sum(people) AS BIGINT), CAST(sum(participations) AS BIGINT) FROM measure_cell WHERE "+where+" AND length(period) = 6 GROUP BY period", args, func(r store.Row) error {
		var p string
		var c Counts
		err := r.Scan(&p, &c.People, &c.Participations)
		counts[p] = c
		return err
	})
	return slices.Sorted(maps.Keys(counts)), counts, err
}

// Counted is one person behind a number.
type Counted struct {
	Person, Centre id.ID
	Cell           Cell
	Participations int64 // in the period
}

// fewCentres is up to how many centres a list is read centre by centre, each in the order of an index, and merged; for
// more the whole period is walked in the order of persons, where a page is soon full.
const fewCentres = 32

// List returns the people behind a number, at most size, after a person of an earlier page (Nil for the first). There
// are just as many as the number says.
func List(ctx context.Context, q store.Querier, scope access.Scope, f Filter, after id.ID, size int) ([]Counted, error) {
	parts := []access.Scope{scope}
	if cs := scope.Centres(); !scope.All() && len(scope.Programmes()) == 0 && len(cs) > 0 && len(cs) <= fewCentres {
		parts = nil
		for _, c := range cs {
			parts = append(parts, access.At(c))
		}
	}
	var out []Counted
	for _, part := range parts {
		where, args := f.sql(part)
		args = append(args, f.Period, after)
		err := q.Each(ctx, fmt.Sprintf("SELECT person, centre, sex, age, milieu, schooling FROM measure_reach WHERE %s AND period = ? AND person > ? ORDER BY person LIMIT %d", where, size), args, func(r store.Row) error {
			var c Counted
			err := r.Scan(&c.Person, &c.Centre, &c.Cell.Sex, &c.Cell.Age, &c.Cell.Milieu, &c.Cell.Schooling)
			out = append(out, c)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	slices.SortFunc(out, func(a, b Counted) int { return slices.Compare(a.Person[:], b.Person[:]) })
	out = out[:min(len(out), size)]
	at := map[id.ID]int{}
	persons := make([]id.ID, len(out))
	for i, c := range out {
		at[c.Person] = i
		persons[i] = c.Person
	}
	in, nargs := store.In("person", persons)
	err := q.Each(ctx, "SELECT person, month, n FROM measure_month WHERE "+in+" AND programme = ?", append(nargs, f.Programme), func(r store.Row) error {
		var p id.ID
		var month string
		var n int64
		if err := r.Scan(&p, &month, &n); err != nil {
			return err
		}
		if strings.HasPrefix(month, f.Period) {
			out[at[p]].Participations += n
		}
		return nil
	})
	return out, err
}
