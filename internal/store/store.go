// Package store keeps a node's tables on SQLite or on PostgreSQL. What the two engines do differently lives here and
// nowhere else: the areas above write one SQL, in the subset both understand, with ? for an argument.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"tizi/internal/id"
)

// Engine names a database.
type Engine string

// The engines.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// Veiled writes a column of text for a condition beside another that is to be looked up: PostgreSQL, which guesses the size
// of a range of texts wrongly, is kept from thinking of an index that begins with it. SQLite guesses nothing, and is best
// left to use the range.
func (e Engine) Veiled(column string) string {
	if e == Postgres {
		return "(" + column + " || '')"
	}
	return column
}

// Row is one row of a result. Scan fills *int, *int64, *float64, *string, *bool, *[]byte and sql.Scanner; a NULL becomes
// the zero value.
type Row interface {
	Scan(dest ...any) error
}

// Querier reads. fn must not keep what it scanned into by reference beyond its return unless it scanned a copy (strings
// and []byte are copies).
type Querier interface {
	// Each calls fn for every row of the result; an error of fn ends it and is returned.
	Each(ctx context.Context, query string, args []any, fn func(Row) error) error
}

// Tx is a write transaction. It sees its own writes.
type Tx interface {
	Querier
	// Exec runs one statement.
	Exec(ctx context.Context, query string, args ...any) error
	// Many runs one query once for each set of arguments, in one round trip where the engine has round trips; fn gets
	// the index of the set that a row belongs to. A nil fn discards rows.
	Many(ctx context.Context, query string, sets [][]any, fn func(i int, r Row) error) error
	// Together runs fn for each i below n and returns what they returned. They run one after the other or, where the
	// engine has round trips, in turns: when all wait for a result one flight answers them. None writes.
	Together(ctx context.Context, n int, fn func(i int, q Querier) error) []error
	// Insert adds rows to a table, replacing a row with the same key.
	Insert(ctx context.Context, t *Table, rows [][]any) error
	// Add is Insert for rows that are new: one whose key is taken is an error.
	Add(ctx context.Context, t *Table, rows [][]any) error
	// Lock makes other processes that lock the same name wait until this transaction ends; what is read after it is as
	// they left it. On SQLite there is one writer, so it holds by itself.
	Lock(ctx context.Context, name string) error
}

// In returns a condition that a column holds one of some ids, and its arguments.
func In(column string, ids []id.ID) (string, []any) {
	switch len(ids) {
	case 0:
		return "1 = 0", nil
	case 1: // an index whose next column gives the order can be walked
		return column + " = ?", []any{ids[0]}
	}
	args := make([]any, len(ids))
	for i, v := range ids {
		args[i] = v
	}
	return column + " IN (?" + strings.Repeat(", ?", len(ids)-1) + ")", args
}

// Config says where a database is.
type Config struct {
	// Path is the SQLite file. Its folder must exist.
	Path string
	// URL is the PostgreSQL connection string; when it is set Path is not used.
	URL string
	// Readers bounds the reading connections; 0 means 8.
	Readers int
	// Scratch gives up durability: the file is thrown away after use.
	Scratch bool
	// VFS names a registered SQLite file system; tests use it to fail and to lose power.
	VFS string
	// Key, of KeySize bytes, encrypts the SQLite file, and what is made beside a database; nil: nothing is.
	Key []byte

	files string // the file system with what lies upon it
}

// DB is an open database: one writer's turn, many readers.
type DB struct {
	Engine Engine
	config Config
	read   *sql.DB

	prepared prepared // for read
	asked    atomic.Int64

	turn   sync.Mutex // held for the length of a write transaction on SQLite
	closed bool       // guarded by turn
	writer writer
}

// writer is what an engine brings to write.
type writer interface {
	// transact runs fn in a transaction and makes it durable.
	transact(ctx context.Context, fn func(Tx) error) error
	// script runs several statements without arguments.
	script(ctx context.Context, sql string) error
	close() error
}

// ErrFull is returned, wrapped, when the disk has no room for a write. What was there before stays readable.
var ErrFull = errors.New("the disk is full")

// ErrFailed is returned, wrapped, when the disk or the database server failed. Whether the change that met it is there
// can only be found out by reading.
var ErrFailed = errors.New("the disk or the database server failed")

// IsOutage reports whether an error is about the database as a whole, so that trying something else is of no use now.
func IsOutage(err error) bool {
	return errors.Is(err, ErrFull) || errors.Is(err, ErrBusy) || errors.Is(err, ErrFailed)
}

// ErrBusy is returned, wrapped, when another process holds the database's writer for too long.
var ErrBusy = errors.New("another program is writing to this database")

// ErrClosed is returned for a write that came after Close.
var ErrClosed = errors.New("the database is closed")

// Open opens the database and checks that it can be read. The caller migrates it before use.
func Open(ctx context.Context, c Config) (*DB, error) {
	if c.Readers == 0 {
		c.Readers = 8
	}
	if c.URL != "" {
		return openPostgres(ctx, c)
	}
	return openSQLite(ctx, c)
}

// Config returns what the database was opened with.
func (db *DB) Config() Config { return db.config }

// Close ends all connections. Readers still running get an error.
func (db *DB) Close() error {
	db.turn.Lock()
	defer db.turn.Unlock()
	if db.closed {
		return nil
	}
	db.closed = true
	return errors.Join(db.read.Close(), db.writer.close())
}

// Write runs fn in a transaction of its own. When it returns nil the change is on the disk. An error of fn undoes all.
func (db *DB) Write(ctx context.Context, fn func(Tx) error) error {
	if db.Engine == SQLite {
		db.turn.Lock()
		defer db.turn.Unlock()
		if db.closed {
			return ErrClosed
		}
	}
	return db.writer.transact(ctx, fn)
}

// Script runs statements that take no arguments (table definitions) outside a transaction of ours.
func (db *DB) Script(ctx context.Context, sql string) error {
	db.turn.Lock()
	defer db.turn.Unlock()
	if db.closed {
		return ErrClosed
	}
	return db.writer.script(ctx, sql)
}

// Each reads outside any transaction.
func (db *DB) Each(ctx context.Context, query string, args []any, fn func(Row) error) error {
	return db.each(ctx, nil, query, args, fn)
}

// Snapshot gives fn a reader that sees one state of the database from its first query to its last.
func (db *DB) Snapshot(ctx context.Context, fn func(Querier) error) error {
	opts := &sql.TxOptions{ReadOnly: true}
	if db.Engine == Postgres {
		opts.Isolation = sql.LevelRepeatableRead
	}
	tx, err := db.read.BeginTx(ctx, opts)
	if err != nil {
		return fmt.Errorf("begin reading: %w", err)
	}
	defer tx.Rollback()
	return fn(snapshot{db, tx})
}

// One scans the first row of a result into dest and reports whether there was one.
func One(ctx context.Context, q Querier, query string, args []any, dest ...any) (bool, error) {
	found := false
	err := q.Each(ctx, query, args, func(r Row) error {
		if found {
			return nil
		}
		found = true
		return r.Scan(dest...)
	})
	return found, err
}

// Args is shorthand for an argument list.
func Args(args ...any) []any { return args }

type snapshot struct {
	db *DB
	tx *sql.Tx
}

func (s snapshot) Each(ctx context.Context, query string, args []any, fn func(Row) error) error {
	return s.db.each(ctx, s.tx, query, args, fn)
}

// Asked returns how many queries readers have asked: a page whose number of them grows with its rows is slow one day.
func (db *DB) Asked() int64 { return db.asked.Load() }

func (db *DB) each(ctx context.Context, tx *sql.Tx, query string, args []any, fn func(Row) error) error {
	db.asked.Add(1)
	rows, err := db.query(ctx, tx, query, args)
	if err != nil {
		return queryError(query, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(nullSafe{rows}); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return queryError(query, err)
	}
	return nil
}

func queryError(query string, err error) error {
	return fmt.Errorf("%w (in %s)", explain(err), strings.Join(strings.Fields(query), " "))
}

// nullSafe makes a NULL the zero value, so that callers need no sql.Null types.
type nullSafe struct{ rows *sql.Rows }

func (n nullSafe) Scan(dest ...any) error {
	wrapped := make([]any, len(dest))
	for i, d := range dest {
		switch p := d.(type) {
		case sql.Scanner:
			wrapped[i] = p
		case *string:
			wrapped[i] = zero[string]{p}
		case *int:
			wrapped[i] = zero[int]{p}
		case *int64:
			wrapped[i] = zero[int64]{p}
		case *float64:
			wrapped[i] = zero[float64]{p}
		case *bool:
			wrapped[i] = zero[bool]{p}
		default:
			wrapped[i] = d
		}
	}
	return n.rows.Scan(wrapped...)
}

type zero[T any] struct{ p *T }

func (z zero[T]) Scan(src any) error {
	var n sql.Null[T]
	if err := n.Scan(src); err != nil {
		return err
	}
	*z.p = n.V
	return nil
}

var dollarCache sync.Map

// dollars turns ? into $1, $2 …, leaving quoted text alone.
func dollars(query string) string {
	if s, ok := dollarCache.Load(query); ok {
		return s.(string)
	}
	s := placeholders(query, func(n int) string { return fmt.Sprintf("$%d", n) })
	dollarCache.Store(query, s)
	return s
}

// placeholders replaces the n-th ? outside of quoted text.
func placeholders(query string, name func(n int) string) string {
	var b strings.Builder
	n, quoted := 0, false
	for _, r := range query {
		switch {
		case r == '\'':
			quoted = !quoted
			b.WriteRune(r)
		case r == '?' && !quoted:
			n++
			b.WriteString(name(n))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Many runs one query once for each set of arguments: in one flight inside a transaction, one by one for a reader.
func Many(ctx context.Context, q Querier, query string, sets [][]any, fn func(i int, r Row) error) error {
	if m, ok := q.(interface {
		Many(context.Context, string, [][]any, func(int, Row) error) error
	}); ok {
		return m.Many(ctx, query, sets, fn)
	}
	for i, args := range sets {
		if err := q.Each(ctx, query, args, func(r Row) error { return fn(i, r) }); err != nil {
			return err
		}
	}
	return nil
}
