package store

import (
	"context"
	"fmt"
	"strings"
)

// Salvage adds all rows of a table that can be read out of a damaged SQLite file to the table of the same name in another database.
// by, where the table has no number of its own for each row, says which column counts its rows, and of each run of them a condition
// with its arguments; else nil. It returns how many rows there were, and whether some could not be read.
func Salvage(ctx context.Context, from, to *DB, t *Table, by *Run) (n int64, damaged bool, err error) {
	s := &salvage{ctx: ctx, from: from, to: to, t: t}
	switch {
	case by != nil:
		for _, args := range by.Of {
			if err := s.run(by.Column, by.Where, args); err != nil {
				return s.n, s.damaged, err
			}
		}
	default:
		var without bool
		if _, err := One(ctx, from, "SELECT wr FROM pragma_table_list WHERE name = ?", Args(t.Name), &without); err != nil {
			return 0, false, err
		}
		if without {
			err = s.ends()
		} else {
			err = s.run("rowid", "1 = 1", nil)
		}
	}
	return s.n, s.damaged, err
}

// Run says how the rows of a table are counted: Column, within each of Of, which are the arguments of Where.
type Run struct {
	Column, Where string
	Of            [][]any
}

type salvage struct {
	ctx      context.Context
	from, to *DB
	t        *Table
	rows     [][]any
	n        int64
	damaged  bool
}

// unreadable ends a query whose row cannot be read.
type unreadable struct{ error }

// far is behind all numbers of rows.
const far = int64(1) << 42

// run reads the rows of one run. Where a page cannot be read it goes on behind it.
func (s *salvage) run(column, where string, args []any) error {
	at := int64(0)
	for {
		last, err := s.read(column, where, args, at, -1)
		if err == nil {
			return s.flush()
		}
		if _, ok := err.(unreadable); !ok {
			return err
		}
		s.damaged = true
		// The rows of a damaged page are a range: from its end on it can be read again, or there is nothing more.
		bad, step := max(at, last+1), int64(1)
		good := bad + step
		for ; good < far; step, good = 2*step, good+2*step {
			if s.readable(column, where, args, good) {
				break
			}
			bad = good
		}
		if good >= far {
			return s.flush()
		}
		for good-bad > 1 {
			if mid := bad + (good-bad)/2; s.readable(column, where, args, mid) {
				good = mid
			} else {
				bad = mid
			}
		}
		at = good
	}
}

func (s *salvage) readable(column, where string, args []any, at int64) bool {
	rows := len(s.rows)
	_, err := s.read(column, where, args, at, 1)
	s.rows = s.rows[:rows]
	return err == nil
}

// read reads rows from a number on, at most most of them unless that is negative, and returns the last number.
func (s *salvage) read(column, where string, args []any, at int64, most int) (last int64, err error) {
	last = at - 1
	query := fmt.Sprintf("SELECT %s, %s FROM %s WHERE %s AND %s >= ? ORDER BY %s LIMIT ?", column, s.t.List(), s.t.Name, where, column, column)
	err = s.each(query, append(append([]any{}, args...), at, most), &last, most < 0)
	return last, err
}

func (s *salvage) each(query string, args []any, number *int64, keep bool) error {
	var own error
	err := s.from.Each(s.ctx, query, args, func(r Row) error {
		row := make([]any, len(s.t.Columns))
		var into []any
		if number != nil {
			into = append(into, number)
		}
		for i := range row {
			into = append(into, &row[i])
		}
		if err := r.Scan(into...); err != nil {
			return err
		}
		if !keep {
			return nil
		}
		for i, v := range row {
			if b, ok := v.([]byte); ok {
				row[i] = append([]byte{}, b...)
			}
		}
		if s.rows = append(s.rows, row); len(s.rows) >= copied {
			own = s.flush()
		}
		return own
	})
	if err != nil && own == nil && s.ctx.Err() == nil && (IsDamage(err) || IsOutage(err)) {
		return unreadable{err}
	}
	return err
}

// ends reads a table from both ends, as far as it can be read.
func (s *salvage) ends() error {
	if err := s.each("SELECT "+s.t.List()+" FROM "+s.t.Name, nil, nil, true); err == nil {
		return s.flush()
	} else if _, ok := err.(unreadable); !ok {
		return err
	}
	s.damaged = true
	if err := s.flush(); err != nil {
		return err
	}
	key := make([]string, s.t.Key)
	for i := range key {
		key[i] = s.t.Columns[i].Name + " DESC"
	}
	if len(key) > 0 {
		if err := s.each("SELECT "+s.t.List()+" FROM "+s.t.Name+" ORDER BY "+strings.Join(key, ", "), nil, nil, true); err != nil {
			if _, ok := err.(unreadable); !ok {
				return err
			}
		}
	}
	return s.flush()
}

// flush writes what was read.
func (s *salvage) flush() error {
	if len(s.rows) == 0 {
		return nil
	}
	insert := "INSERT OR IGNORE INTO " + s.t.Name + " (" + s.t.List() + ") VALUES (?" + strings.Repeat(", ?", len(s.t.Columns)-1) + ")"
	err := s.to.Write(s.ctx, func(tx Tx) error { return tx.Many(s.ctx, insert, s.rows, nil) })
	s.n += int64(len(s.rows))
	s.rows = s.rows[:0]
	return err
}
