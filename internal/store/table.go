package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tizi/internal/id"
)

// Type is a column's type; both engines have them all.
type Type int

// The column types. A date is Text "2026-03-14", an instant Int in milliseconds since 1970 UTC.
const (
	Int  Type = iota // 64 bits
	Text             // UTF-8
	Real             // float64
	Blob             // bytes
	ID               // 16 bytes, read back as id.ID
)

// Column of a table.
type Column struct {
	Name string
	Type Type
}

// Table is derived data: it holds nothing that facts do not say, so that it may be dropped and built again whenever
// its definition changes. Tables that hold what cannot be derived are made by migrations instead.
type Table struct {
	Name    string
	Columns []Column
	// Key is how many of the first columns are the primary key.
	Key int
	// Indexes are lists of columns ("programme, place"); a WHERE may follow.
	Indexes []string
}

// Cols reads a compact definition: "id:id name:text at:int share:real photo:blob".
func Cols(def string) []Column {
	types := map[string]Type{"int": Int, "text": Text, "real": Real, "blob": Blob, "id": ID}
	var cols []Column
	for f := range strings.FieldsSeq(def) {
		name, typ, _ := strings.Cut(f, ":")
		t, ok := types[typ]
		if !ok {
			panic("store: column " + f + " has no known type")
		}
		cols = append(cols, Column{name, t})
	}
	return cols
}

// List returns the names of the columns for a SELECT.
func (t *Table) List() string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}

// At returns where a column is in a row; -1: there is none.
func (t *Table) At(name string) int {
	return slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
}

// KeyWhere returns "a = ? AND b = ?" for the first n columns.
func (t *Table) KeyWhere(n int) string {
	parts := make([]string, n)
	for i := range n {
		parts[i] = t.Columns[i].Name + " = ?"
	}
	return strings.Join(parts, " AND ")
}

// Scan reads a row of all columns in order, each as int64, string, float64, []byte or id.ID.
func (t *Table) Scan(r Row) ([]any, error) {
	dest := make([]any, len(t.Columns))
	for i, c := range t.Columns {
		switch c.Type {
		case Int:
			dest[i] = new(int64)
		case Text:
			dest[i] = new(string)
		case Real:
			dest[i] = new(float64)
		case Blob:
			dest[i] = new([]byte)
		case ID:
			dest[i] = new(id.ID)
		}
	}
	if err := r.Scan(dest...); err != nil {
		return nil, fmt.Errorf("read a row of %s: %w", t.Name, err)
	}
	for i, d := range dest {
		switch p := d.(type) {
		case *int64:
			dest[i] = *p
		case *string:
			dest[i] = *p
		case *float64:
			dest[i] = *p
		case *[]byte:
			dest[i] = *p
		case *id.ID:
			dest[i] = *p
		}
	}
	return dest, nil
}

// define returns the statements that make the table under the given name, and its indexes under names that begin with
// another.
func (t *Table) define(e Engine, name, indexes string) []string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s (", name)
	for _, c := range t.Columns {
		fmt.Fprintf(&b, "%s %s NOT NULL, ", c.Name, typeName(e, c.Type))
	}
	key := make([]string, t.Key)
	for i := range key {
		key[i] = t.Columns[i].Name
	}
	fmt.Fprintf(&b, "PRIMARY KEY (%s))", strings.Join(key, ", "))
	if e == SQLite {
		b.WriteString(" WITHOUT ROWID")
	} else {
		// Room in each page for a row's next version, so that a change of columns without an index touches no index.
		b.WriteString(" WITH (fillfactor = 85)")
	}
	out := []string{b.String()}
	for i, cols := range t.Indexes {
		cols, where, _ := strings.Cut(cols, " WHERE ")
		stmt := fmt.Sprintf("CREATE INDEX %s_%d ON %s (%s)", indexes, i+1, name, cols)
		if where != "" {
			stmt += " WHERE " + where
		}
		out = append(out, stmt)
	}
	return out
}

func typeName(e Engine, t Type) string {
	switch {
	case t == Int && e == SQLite:
		return "INTEGER"
	case t == Int:
		return "BIGINT"
	case t == Text && e == Postgres:
		// Both engines must sort alike, byte by byte, or a keyset page would differ.
		return `TEXT COLLATE "C"`
	case t == Text:
		return "TEXT"
	case t == Real && e == SQLite:
		return "REAL"
	case t == Real:
		return "DOUBLE PRECISION"
	case e == SQLite:
		return "BLOB"
	}
	return "BYTEA"
}

// shape changes whenever the table's definition does.
func (t *Table) shape() string {
	h := sha256.Sum256([]byte(strings.Join(t.define(SQLite, t.Name, t.Name), ";")))
	return hex.EncodeToString(h[:8])
}

// unfilled stands before the shape of a table that was made and has not been filled yet.
const unfilled = "unfilled "

// Ensure makes the derived tables that are missing or whose definition changed, empty, and drops those that no
// definition is left of: they may hold what a person asked to be erased. It returns the names of the tables that the
// caller has to fill and then to declare Filled; what a crash kept from being filled is returned again.
func (db *DB) Ensure(ctx context.Context, tables []*Table) (empty []string, err error) {
	err = db.Write(ctx, func(tx Tx) error {
		empty = nil
		if err := tx.Lock(ctx, "shape"); err != nil {
			return err
		}
		if err := tx.Exec(ctx, "CREATE TABLE IF NOT EXISTS store_shape (name TEXT PRIMARY KEY, shape TEXT NOT NULL)"); err != nil {
			return err
		}
		have := map[string]string{}
		err := tx.Each(ctx, "SELECT name, shape FROM store_shape", nil, func(r Row) error {
			var name, shape string
			err := r.Scan(&name, &shape)
			have[name] = shape
			return err
		})
		if err != nil {
			return err
		}
		for _, t := range tables {
			was := have[t.Name]
			delete(have, t.Name)
			if was == t.shape() {
				continue
			}
			empty = append(empty, t.Name)
			if was == unfilled+t.shape() {
				continue
			}
			if was != "" {
				if err := db.drop(ctx, tx, t.Name); err != nil {
					return err
				}
			}
			if err := db.makeTable(ctx, tx, t); err != nil {
				return err
			}
		}
		for _, name := range slices.Sorted(maps.Keys(have)) {
			if err := db.drop(ctx, tx, name); err != nil {
				return err
			}
			if err := tx.Exec(ctx, "DELETE FROM store_shape WHERE name = ?", name); err != nil {
				return err
			}
		}
		return nil
	})
	return empty, err
}

// Filled declares that tables made by Ensure hold what the facts say.
func Filled(ctx context.Context, tx Tx, tables []*Table) error {
	for _, t := range tables {
		if err := tx.Exec(ctx, "UPDATE store_shape SET shape = ? WHERE name = ?", t.shape(), t.Name); err != nil {
			return err
		}
	}
	return nil
}

func (db *DB) makeTable(ctx context.Context, tx Tx, t *Table) error {
	for _, stmt := range t.define(db.Engine, t.Name, t.Name) {
		if err := tx.Exec(ctx, stmt); err != nil {
			return err
		}
	}
	return tx.Exec(ctx, "INSERT INTO store_shape (name, shape) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET shape = excluded.shape", t.Name, unfilled+t.shape())
}
