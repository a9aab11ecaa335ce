package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"tizi/internal/id"
)

// Names of tables that are on their way in, and on their way out.
const (
	coming = "shadow_"
	spent  = "spent_"
)

// Shadows are derived tables that are made anew beside those in use, in the same database, and then take their place at
// once: what reads and writes the tables meanwhile, in this process or another, notices nothing.
type Shadows struct {
	db     *DB
	tables []*Table
	of     map[string]*Table // the shadow of a table, by the table's name
	known  sync.Map          // statements, as they are said of the shadows
}

// Shadows returns the shadows of tables; Make makes them.
func (db *DB) Shadows(tables []*Table) *Shadows {
	s := &Shadows{db: db, tables: tables, of: map[string]*Table{}}
	for _, t := range tables {
		next := *t
		next.Name = coming + t.Name
		s.of[t.Name] = &next
	}
	return s
}

// Make makes the shadows, empty.
func (s *Shadows) Make(ctx context.Context, tx Tx) error {
	if err := s.db.DropShadows(ctx, tx); err != nil {
		return err
	}
	// A table keeps the names of its indexes when it takes another's place, so they are new each time.
	unique := id.New().Hex()[24:]
	for _, t := range s.tables {
		for _, stmt := range t.define(s.db.Engine, coming+t.Name, t.Name+"_"+unique) {
			if err := tx.Exec(ctx, stmt); err != nil {
				return err
			}
		}
	}
	return nil
}

// In returns the transaction with each table's shadow in its place.
func (s *Shadows) In(tx Tx) Tx { return shadowTx{tx, s} }

// lockPatience is how long PostgreSQL waits for who reads a table that is to be replaced; less than after what it would
// look for a deadlock, and end a reader for it.
const lockPatience = "500ms"

// Swap puts the shadows in their tables' places. ErrBusy means that somebody is reading for long and that it is to be
// tried again, in another transaction. On SQLite what was there is left for Clear.
func (s *Shadows) Swap(ctx context.Context, tx Tx) error {
	if s.db.Engine == SQLite {
		return s.rename(ctx, tx)
	}
	if err := tx.Exec(ctx, "SET LOCAL lock_timeout = '"+lockPatience+"'"); err != nil {
		return err
	}
	for _, t := range s.tables {
		if err := tx.Exec(ctx, "DROP TABLE "+t.Name); err != nil {
			return err
		}
		if err := tx.Exec(ctx, "ALTER TABLE "+coming+t.Name+" RENAME TO "+t.Name); err != nil {
			return err
		}
	}
	return nil
}

// rename gives tables their names on SQLite, where ALTER TABLE reads the whole schema each time, which takes seconds for a
// hundred tables. The schema is written by hand instead, as sqlite.org/lang_altertable.html (section 7) describes.
func (s *Shadows) rename(ctx context.Context, tx Tx) error {
	var version int64
	if _, err := One(ctx, tx, "PRAGMA schema_version", nil, &version); err != nil {
		return err
	}
	if err := tx.Exec(ctx, "PRAGMA writable_schema = ON"); err != nil {
		return err
	}
	defer tx.Exec(ctx, "PRAGMA writable_schema = RESET") // reads the schema anew, also when this is undone
	for _, t := range s.tables {
		for _, name := range [][2]string{{t.Name, spent + t.Name}, {coming + t.Name, t.Name}} {
			// The definitions are ours (Table.define): behind TABLE or ON stands the name of the table, and no column's.
			err := tx.Exec(ctx, `UPDATE sqlite_schema SET tbl_name = ?, name = CASE type WHEN 'table' THEN ? ELSE name END,
				sql = replace(replace(sql, 'CREATE TABLE ' || ? || ' (', 'CREATE TABLE ' || ? || ' ('), ' ON ' || ? || ' (', ' ON ' || ? || ' (')
				WHERE tbl_name = ?`, name[1], name[1], name[0], name[1], name[0], name[1], name[0])
			if err != nil {
				return err
			}
		}
	}
	return tx.Exec(ctx, fmt.Sprintf("PRAGMA schema_version = %d", version+1))
}

// Clear drops the tables that were replaced; Scrub does the rest.
func (s *Shadows) Clear(ctx context.Context, pause func()) error {
	if s.db.Engine == Postgres {
		return nil
	}
	var large []*Table
	err := s.db.Write(ctx, func(tx Tx) error {
		large = nil
		for _, t := range s.tables {
			rows := 0
			if _, err := One(ctx, tx, fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM %s%s LIMIT %d)", spent, t.Name, many), nil, &rows); err != nil {
				return err
			}
			if rows == many {
				large = append(large, t)
			} else if err := s.db.drop(ctx, tx, spent+t.Name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	// One index or table at a time: to free the pages of a large one takes a second or more, while which nobody else writes.
	for _, t := range large {
		var stmts []string
		err := s.db.Each(ctx, "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", Args(spent+t.Name), func(r Row) error {
			var name string
			err := r.Scan(&name)
			stmts = append(stmts, "DROP INDEX "+name)
			return err
		})
		if err != nil {
			return err
		}
		for _, stmt := range append(stmts, "DROP TABLE "+spent+t.Name) {
			pause()
			if err := s.db.Write(ctx, func(tx Tx) error { return s.db.free(ctx, tx, stmt) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// many is from how many rows on a table is large.
const many = 20_000

// zeros is a table of zeros that is on its way out: as long as it is there, pages that were freed may hold what was in them.
const zeros = spent + "zeros"

// drop drops a table. On SQLite to overwrite a large one takes too long and too much memory for one transaction, so its
// pages are freed as they are, and Scrub overwrites them.
func (db *DB) drop(ctx context.Context, tx Tx, table string) error {
	return db.free(ctx, tx, "DROP TABLE IF EXISTS "+table)
}

// free runs a statement that drops something, as drop says.
func (db *DB) free(ctx context.Context, tx Tx, drop string) error {
	if db.Engine == Postgres {
		return tx.Exec(ctx, drop)
	}
	if err := tx.Exec(ctx, "CREATE TABLE IF NOT EXISTS "+zeros+" (zeros BLOB)"); err != nil {
		return err
	}
	if err := tx.Exec(ctx, "PRAGMA secure_delete = OFF"); err != nil {
		return err
	}
	return errors.Join(tx.Exec(ctx, drop), tx.Exec(ctx, "PRAGMA secure_delete = ON"))
}

// scrubbed is how many bytes Scrub overwrites in one transaction.
const scrubbed = 8 << 20

// Scrub overwrites what dropped tables left in free pages, piece by piece; pause, called in between, lets others write. It
// takes every free page into a table of zeros, and deletes its rows, which overwrites whole pages.
func (db *DB) Scrub(ctx context.Context, pause func()) error {
	if db.Engine == Postgres {
		return nil
	}
	for taken := false; ; {
		some, err := db.Shadowed(ctx) // mostly there is nothing to do, and nothing is to be written for that
		if err != nil || !some {
			return err
		}
		done := false
		err = db.Write(ctx, func(tx Tx) error {
			some, err := One(ctx, tx, "SELECT 1 FROM sqlite_schema WHERE name = ?", Args(zeros), new(int))
			if err != nil || !some {
				done = true
				return err
			}
			var free, size int64
			if _, err := One(ctx, tx, "PRAGMA freelist_count", nil, &free); err != nil {
				return err
			}
			if _, err := One(ctx, tx, "PRAGMA page_size", nil, &size); err != nil {
				return err
			}
			if taken = taken || free == 0; !taken {
				return tx.Exec(ctx, "INSERT INTO "+zeros+" (zeros) VALUES (zeroblob(?))", min(scrubbed, free*size))
			}
			if err := tx.Exec(ctx, "DELETE FROM "+zeros+" WHERE rowid = (SELECT min(rowid) FROM "+zeros+")"); err != nil {
				return err
			}
			if more, err := One(ctx, tx, "SELECT 1 FROM "+zeros+" LIMIT 1", nil, new(int)); err != nil || more {
				return err
			}
			done = true
			return tx.Exec(ctx, "DROP TABLE "+zeros)
		})
		if err != nil || done {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		pause()
	}
}

// Shadowed says whether there are tables on their way in or out, or pages to scrub: until they are gone, what is erased lies
// there too.
func (db *DB) Shadowed(ctx context.Context) (bool, error) {
	names, err := shadowed(ctx, db, db.Engine)
	return len(names) > 0, err
}

func shadowed(ctx context.Context, q Querier, e Engine) ([]string, error) {
	query := "SELECT name FROM sqlite_master WHERE type = 'table'"
	if e == Postgres {
		query = "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = current_schema()"
	}
	var names []string
	err := q.Each(ctx, query, nil, func(r Row) error {
		var name string
		err := r.Scan(&name)
		if strings.HasPrefix(name, coming) || strings.HasPrefix(name, spent) {
			names = append(names, name)
		}
		return err
	})
	return names, err
}

// DropShadows drops what a crash left of tables on their way in or out; Scrub does the rest.
func (db *DB) DropShadows(ctx context.Context, tx Tx) error {
	names, err := shadowed(ctx, tx, db.Engine)
	if err != nil {
		return err
	}
	for _, name := range names {
		if name == zeros {
			continue
		}
		if err := db.drop(ctx, tx, name); err != nil {
			return err
		}
	}
	return nil
}

// shadowTx says each statement of the shadows.
type shadowTx struct {
	tx Tx
	s  *Shadows
}

func (t shadowTx) Exec(ctx context.Context, query string, args ...any) error {
	return t.tx.Exec(ctx, t.s.say(query), args...)
}

func (t shadowTx) Each(ctx context.Context, query string, args []any, fn func(Row) error) error {
	return t.tx.Each(ctx, t.s.say(query), args, fn)
}

func (t shadowTx) Many(ctx context.Context, query string, sets [][]any, fn func(int, Row) error) error {
	return t.tx.Many(ctx, t.s.say(query), sets, fn)
}

func (t shadowTx) Together(ctx context.Context, n int, fn func(i int, q Querier) error) []error {
	return t.tx.Together(ctx, n, func(i int, q Querier) error { return fn(i, shadowQuerier{q, t.s}) })
}

func (t shadowTx) Insert(ctx context.Context, table *Table, rows [][]any) error {
	return t.tx.Insert(ctx, t.table(table), rows)
}

func (t shadowTx) Add(ctx context.Context, table *Table, rows [][]any) error {
	return t.tx.Add(ctx, t.table(table), rows)
}

func (t shadowTx) Lock(ctx context.Context, name string) error { return t.tx.Lock(ctx, name) }

func (t shadowTx) table(table *Table) *Table {
	if next := t.s.of[table.Name]; next != nil {
		return next
	}
	return table
}

type shadowQuerier struct {
	q Querier
	s *Shadows
}

func (q shadowQuerier) Each(ctx context.Context, query string, args []any, fn func(Row) error) error {
	return q.q.Each(ctx, q.s.say(query), args, fn)
}

// Many keeps what Many of the package looks for.
func (q shadowQuerier) Many(ctx context.Context, query string, sets [][]any, fn func(int, Row) error) error {
	return Many(ctx, q.q, q.s.say(query), sets, fn)
}

// say returns a statement with the names of tables replaced: a word names one behind FROM, JOIN, INTO and UPDATE, and
// before a dot. A column may have the name of a table.
func (s *Shadows) say(query string) string {
	if said, ok := s.known.Load(query); ok {
		return said.(string)
	}
	var b strings.Builder
	before := ""
	for i := 0; i < len(query); {
		switch c := query[i]; {
		case c == '\'':
			n := strings.IndexByte(query[i+1:], '\'') + 2
			if n < 2 {
				n = len(query) - i
			}
			b.WriteString(query[i : i+n])
			before, i = "", i+n
		case !wordy(c):
			b.WriteByte(c)
			if c != ' ' && c != '\n' && c != '\t' {
				before = ""
			}
			i++
		default:
			n := 1
			for i+n < len(query) && wordy(query[i+n]) {
				n++
			}
			word := query[i : i+n]
			i += n
			named := i < len(query) && query[i] == '.'
			switch strings.ToUpper(before) {
			case "FROM", "JOIN", "INTO", "UPDATE":
				named = true
			}
			before = word
			if next := s.of[word]; named && next != nil {
				word = next.Name
			}
			b.WriteString(word)
		}
	}
	said := b.String()
	s.known.Store(query, said)
	return said
}

func wordy(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
