package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Kept returns the tables that cannot be derived, with their columns, in the order of their names: what a backup holds.
// Tables of this package's own, of migrations and those in derived are left out.
func (db *DB) Kept(ctx context.Context, q Querier, derived []*Table) ([]*Table, error) {
	// PostgreSQL keeps the facts in partitions, which are read as the whole.
	query := "SELECT m.name, c.name, c.type FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY m.name, c.cid"
	if db.Engine == Postgres {
		query = "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT), CAST(data_type AS TEXT) FROM information_schema.columns WHERE table_schema = current_schema() AND table_name NOT IN (SELECT relname FROM pg_class WHERE relispartition) ORDER BY table_name, ordinal_position"
	}
	types := map[string]Type{"INTEGER": Int, "BIGINT": Int, "TEXT": Text, "REAL": Real, "DOUBLE PRECISION": Real, "BLOB": Blob, "BYTEA": Blob}
	var out []*Table
	err := q.Each(ctx, query, nil, func(r Row) error {
		var table, column, typ string
		if err := r.Scan(&table, &column, &typ); err != nil {
			return err
		}
		for _, own := range []string{"sqlite_", "schema_", "store_", coming, spent} {
			if strings.HasPrefix(table, own) {
				return nil
			}
		}
		if slices.ContainsFunc(derived, func(t *Table) bool { return t.Name == table }) {
			return nil
		}
		t, ok := types[strings.ToUpper(typ)]
		if !ok {
			return fmt.Errorf("the column %s of %s is a %s, which no backup knows", column, table, typ)
		}
		if len(out) == 0 || out[len(out)-1].Name != table {
			out = append(out, &Table{Name: table})
		}
		last := out[len(out)-1]
		last.Columns = append(last.Columns, Column{column, t})
		return nil
	})
	return out, err
}

// Bare returns the statement that makes a table for Copy to fill, on SQLite, without its keys and indexes.
func Bare(t *Table) string {
	columns := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = c.Name + " " + typeName(SQLite, c.Type)
	}
	return "CREATE TABLE " + t.Name + " (" + strings.Join(columns, ", ") + ")"
}

// copied is how many rows are written in one transaction.
const copied = 5000

// Copy adds all rows of a table, as q sees them, to the table of the same name in another database, which may be on another
// engine. It returns how many there were.
func Copy(ctx context.Context, q Querier, to *DB, t *Table) (int64, error) {
	insert := "INSERT INTO " + t.Name + " (" + t.List() + ") VALUES (?" + strings.Repeat(", ?", len(t.Columns)-1) + ")"
	var n int64
	var rows [][]any
	flush := func() error {
		if len(rows) == 0 {
			return nil
		}
		err := to.Write(ctx, func(tx Tx) error { return tx.Many(ctx, insert, rows, nil) })
		n += int64(len(rows))
		rows = rows[:0]
		return err
	}
	err := q.Each(ctx, "SELECT "+t.List()+" FROM "+t.Name, nil, func(r Row) error {
		row := make([]any, len(t.Columns))
		into := make([]any, len(t.Columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := r.Scan(into...); err != nil {
			return fmt.Errorf("read a row of %s: %w", t.Name, err)
		}
		for i, v := range row {
			if b, ok := v.([]byte); ok {
				row[i] = append([]byte{}, b...)
			}
		}
		if rows = append(rows, row); len(rows) == copied {
			return flush()
		}
		return nil
	})
	if err == nil {
		err = flush()
	}
	return n, err
}
