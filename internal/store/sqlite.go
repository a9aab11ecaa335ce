package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"
	sqlitedriver "github.com/ncruces/go-sqlite3/driver"

	"tizi/internal/id"
)

// writerCache and readerCache are SQLite page caches in KiB: most of a node's memory, so kept small on a 1 GB box.
const (
	writerCache = 16 << 10
	readerCache = 4 << 10
)

func openSQLite(ctx context.Context, c Config) (*DB, error) {
	if strings.ContainsAny(c.Path, "?#%") {
		return nil, fmt.Errorf("the data folder's path %q has a character (? # %%) that SQLite cannot take; choose another folder", c.Path)
	}
	c.files = c.VFS
	if len(c.Key) > 0 {
		var err error
		if c.files, err = sealing(c.VFS, c.Key); err != nil {
			return nil, err
		}
	}
	if _, err := os.Stat(c.Path); errors.Is(err, fs.ErrNotExist) && !c.Scratch {
		if err := begin(ctx, c); err != nil {
			return nil, fmt.Errorf("make %s: %w", c.Path, explain(err))
		}
	}
	// SQLite would make the file readable for others; its log and shared memory take the file's own mode.
	if f, err := os.OpenFile(c.Path, os.O_CREATE|os.O_RDWR, 0o600); err == nil {
		f.Close()
	}
	writes := c
	if !c.Scratch {
		writes.files = gathering(c.files)
	}
	w, err := sqlite3.OpenContext(ctx, dsn(writes, "rwc"))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", c.Path, explain(err))
	}
	// secure_delete overwrites what is deleted: erasing a person must leave nothing in free pages.
	pragmas := []string{
		fmt.Sprintf("busy_timeout=%d", writerPatience.Milliseconds()), "journal_mode=WAL", "journal_size_limit=67108864", "synchronous=FULL", "secure_delete=ON", "temp_store=MEMORY",
		fmt.Sprintf("wal_autocheckpoint=%d", settleAt), // where nothing is copied beside
		fmt.Sprintf("cache_size=-%d", writerCache),
	}
	if c.Scratch {
		pragmas = append(pragmas, "synchronous=OFF", "secure_delete=OFF")
	}
	for _, p := range pragmas {
		err := w.Exec("PRAGMA " + p)
		// To turn the log on, or to find it on, SQLite does not wait for another process that does so just now.
		for try := 0; errors.Is(err, sqlite3.BUSY) && try < 100; try++ {
			time.Sleep(20 * time.Millisecond)
			err = w.Exec("PRAGMA " + p)
		}
		if err != nil {
			w.Close()
			return nil, fmt.Errorf("open %s: %w", c.Path, explain(err))
		}
	}
	read, err := sqlitedriver.Open(dsn(c, "rw"), func(conn *sqlite3.Conn) error {
		return conn.Exec(fmt.Sprintf("PRAGMA busy_timeout=10000; PRAGMA query_only=ON; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-%d", readerCache))
	})
	if err != nil {
		w.Close()
		return nil, fmt.Errorf("open %s: %w", c.Path, explain(err))
	}
	read.SetMaxOpenConns(c.Readers)
	read.SetMaxIdleConns(c.Readers)
	if c.VFS == "" { // a disk that a test controls is gone when its database was closed, and nothing may close a connection after it
		read.SetConnMaxIdleTime(time.Minute)
	}
	writer := &sqliteWriter{conn: w, dir: filepath.Dir(c.Path), stmts: map[string]*sqlite3.Stmt{}, in: map[insertion]string{}}
	// A disk that a test controls is told the same story each time, so nothing goes on beside.
	if c.VFS == "" && !c.Scratch {
		writer.copier = newCopier(c)
		// This takes the place of SQLite's own checkpoints.
		w.WALHook(func(_ *sqlite3.Conn, _ string, pages int) error {
			writer.pages = pages
			return nil
		})
	}
	return &DB{Engine: SQLite, config: c, read: read, writer: writer}, nil
}

// begin makes an empty database whose pages have checksums, by which one that was damaged is found when it is read. It is made beside
// and then put in its place, unless another process has done so.
func begin(ctx context.Context, c Config) error {
	f, err := os.CreateTemp(filepath.Dir(c.Path), filepath.Base(c.Path)+".new-*")
	if err != nil {
		return nil // what is wrong with the folder shows when the database is opened
	}
	next := c
	next.Path = f.Name()
	defer os.Remove(next.Path)
	conn, err := sqlite3.OpenContext(ctx, dsn(next, "rwc"))
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if _, err = conn.FileControl("main", sqlite3.FCNTL_RESERVE_BYTES, 8); err == nil {
		err = conn.Exec("PRAGMA journal_mode=WAL") // this writes the first page
	}
	if err = errors.Join(err, conn.Close()); err != nil {
		return err
	}
	if err := os.Link(next.Path, c.Path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil // a disk that has no second names: a stick
	}
	return nil
}

func openSQLiteMigrator(_ context.Context, c Config) (*sql.DB, error) {
	db, err := sqlitedriver.Open(dsn(c, "rw"), func(conn *sqlite3.Conn) error {
		return conn.Exec("PRAGMA busy_timeout=10000; PRAGMA synchronous=FULL")
	})
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}

func dsn(c Config, mode string) string {
	q := url.Values{"mode": {mode}}
	if c.files != "" {
		q.Set("vfs", c.files)
	}
	return "file:" + c.Path + "?" + q.Encode()
}

// sqliteWriter owns the one writing connection; DB.turn guards it.
type sqliteWriter struct {
	conn  *sqlite3.Conn
	stmts map[string]*sqlite3.Stmt
	in    map[insertion]string // its SQL
	dir   string               // where the file lies

	copier *copier // nil where SQLite copies the log by itself
	pages  int     // of log, after a commit
}

func (w *sqliteWriter) close() error {
	if w.copier != nil {
		w.copier.close()
	}
	for _, s := range w.stmts {
		s.Close()
	}
	return w.conn.Close()
}

func (w *sqliteWriter) script(_ context.Context, sql string) error {
	return explain(w.conn.Exec(sql))
}

func (w *sqliteWriter) transact(_ context.Context, fn func(Tx) error) (err error) {
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("begin to write: %w", err)
	}
	defer func() {
		if r := recover(); r != nil {
			w.exec("ROLLBACK")
			panic(r)
		}
		if err != nil && !w.conn.GetAutocommit() {
			w.exec("ROLLBACK")
		}
		if errors.Is(err, sqlite3.IOERR) && !errors.Is(err, ErrFull) && full(w.dir) {
			err = fmt.Errorf("%w: %w", ErrFull, err)
		}
	}()
	if err := fn(sqliteTx{w}); err != nil {
		return err
	}
	if err := w.exec("COMMIT"); err != nil {
		return fmt.Errorf("write to the disk: %w", err)
	}
	if w.copier != nil && w.pages > 0 {
		w.copier.committed(w.conn, w.pages)
		w.pages = 0
	}
	return nil
}

func (w *sqliteWriter) exec(sql string) error {
	s, err := w.prepare(sql)
	if err != nil {
		return err
	}
	return explain(s.Exec())
}

// maxStatements bounds the prepared statements kept; areas write constant SQL, so it is not reached in practice.
const maxStatements = 512

func (w *sqliteWriter) prepare(query string) (*sqlite3.Stmt, error) {
	if s, ok := w.stmts[query]; ok && !s.Busy() {
		return s, nil
	} else if !ok && len(w.stmts) < maxStatements && !strings.HasPrefix(query, "PRAGMA") { // one of those acts when it is prepared
		s, _, err := w.conn.PrepareFlags(query, sqlite3.PREPARE_PERSISTENT)
		if err != nil {
			return nil, queryError(query, err)
		}
		w.stmts[query] = s
		return s, nil
	}
	s, _, err := w.conn.Prepare(query)
	if err != nil {
		return nil, queryError(query, err)
	}
	return s, nil
}

// done gives a statement back: kept ones are reset, extra ones closed.
func (w *sqliteWriter) done(query string, s *sqlite3.Stmt) error {
	if w.stmts[query] == s {
		return s.Reset()
	}
	return s.Close()
}

type sqliteTx struct{ w *sqliteWriter }

func (t sqliteTx) Exec(_ context.Context, query string, args ...any) error {
	return t.run(query, args, nil)
}

func (t sqliteTx) Each(_ context.Context, query string, args []any, fn func(Row) error) error {
	return t.run(query, args, fn)
}

func (t sqliteTx) run(query string, args []any, fn func(Row) error) error {
	s, err := t.w.prepare(query)
	if err != nil {
		return err
	}
	defer t.w.done(query, s)
	return step(query, s, args, fn)
}

// step runs a statement once. An error of fn is the caller's own and comes back as it is.
func step(query string, s *sqlite3.Stmt, args []any, fn func(Row) error) error {
	for i, a := range args {
		if err := bind(s, i+1, a); err != nil {
			return queryError(query, err)
		}
	}
	for s.Step() {
		if fn != nil {
			if err := fn(stmtRow{s}); err != nil {
				return err
			}
		}
	}
	if err := s.Reset(); err != nil { // repeats the error of the last step
		return queryError(query, err)
	}
	return nil
}

func (t sqliteTx) Many(_ context.Context, query string, sets [][]any, fn func(int, Row) error) error {
	if len(sets) == 0 {
		return nil
	}
	s, err := t.w.prepare(query)
	if err != nil {
		return err
	}
	defer t.w.done(query, s)
	for i, args := range sets {
		var each func(Row) error
		if fn != nil {
			each = func(r Row) error { return fn(i, r) }
		}
		if err := step(query, s, args, each); err != nil {
			return err
		}
	}
	return nil
}

func (t sqliteTx) Together(_ context.Context, n int, fn func(i int, q Querier) error) []error {
	errs := make([]error, n)
	for i := range n {
		errs[i] = fn(i, t)
	}
	return errs
}

func (t sqliteTx) Insert(ctx context.Context, table *Table, rows [][]any) error {
	return t.insert(ctx, "INSERT OR REPLACE INTO ", table, rows)
}

func (t sqliteTx) Add(ctx context.Context, table *Table, rows [][]any) error {
	return t.insert(ctx, "INSERT INTO ", table, rows)
}

func (t sqliteTx) insert(ctx context.Context, verb string, table *Table, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	k := insertion{verb, table}
	query := t.w.in[k]
	if query == "" {
		query = verb + table.Name + " (" + table.List() + ") VALUES (?" + strings.Repeat(", ?", len(table.Columns)-1) + ")"
		t.w.in[k] = query
	}
	return t.Many(ctx, query, rows, nil)
}

// insertion is how rows go into a table.
type insertion struct {
	verb  string
	table *Table
}

func (t sqliteTx) Lock(context.Context, string) error { return nil }

func bind(s *sqlite3.Stmt, i int, a any) error {
	switch v := a.(type) {
	case nil:
		return s.BindNull(i)
	case int64:
		return s.BindInt64(i, v)
	case int:
		return s.BindInt64(i, int64(v))
	case uint64:
		return s.BindInt64(i, int64(v))
	case string:
		return s.BindText(i, v)
	case []byte:
		if v == nil {
			return s.BindNull(i)
		}
		return s.BindBlob(i, v)
	case id.ID:
		return s.BindBlob(i, v[:])
	case bool:
		return s.BindBool(i, v)
	case float64:
		return s.BindFloat(i, v)
	case driver.Valuer:
		w, err := v.Value()
		if err != nil {
			return err
		}
		return bind(s, i, w)
	}
	return fmt.Errorf("store: cannot bind a %T", a)
}

type stmtRow struct{ s *sqlite3.Stmt }

func (r stmtRow) Scan(dest ...any) error {
	if len(dest) != r.s.ColumnCount() {
		return fmt.Errorf("store: %d columns read into %d variables", r.s.ColumnCount(), len(dest))
	}
	for i, d := range dest {
		switch p := d.(type) {
		case *int64:
			*p = r.s.ColumnInt64(i)
		case *int:
			*p = r.s.ColumnInt(i)
		case *uint64:
			*p = uint64(r.s.ColumnInt64(i))
		case *string:
			*p = r.s.ColumnText(i)
		case *[]byte:
			*p = r.s.ColumnBlob(i, nil)
		case *id.ID:
			if err := p.Scan(r.s.ColumnRawBlob(i)); err != nil {
				return err
			}
		case *bool:
			*p = r.s.ColumnBool(i)
		case *float64:
			*p = r.s.ColumnFloat(i)
		case sql.Scanner:
			var v any
			switch r.s.ColumnType(i) {
			case sqlite3.INTEGER:
				v = r.s.ColumnInt64(i)
			case sqlite3.FLOAT:
				v = r.s.ColumnFloat(i)
			case sqlite3.TEXT:
				v = r.s.ColumnText(i)
			case sqlite3.BLOB:
				v = r.s.ColumnBlob(i, nil)
			}
			if err := p.Scan(v); err != nil {
				return err
			}
		default:
			return fmt.Errorf("store: cannot scan into a %T", d)
		}
	}
	return nil
}

// explain names the faults that a caller treats as something else than a bug.
func explain(err error) error {
	switch {
	case err == nil:
		return nil
	case IsOutage(err):
		return err
	case errors.Is(err, sqlite3.INTERRUPT): // only a context does that
		return fmt.Errorf("%w: %w", context.Canceled, err)
	case errors.Is(err, sqlite3.FULL):
		return fmt.Errorf("%w: %w", ErrFull, err)
	case errors.Is(err, sqlite3.BUSY):
		return fmt.Errorf("%w: %w", ErrBusy, err)
	case errors.Is(err, sqlite3.IOERR) || errors.Is(err, sqlite3.CORRUPT):
		return fmt.Errorf("%w: %w", ErrFailed, err)
	case errors.Is(err, sqlite3.CANTOPEN) || errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("the database file cannot be opened (does the folder exist, and may this user write there?): %w", err)
	case errors.Is(err, sqlite3.NOTADB):
		return fmt.Errorf("this file is not a Tizi database, or it is damaged or encrypted: %w", err)
	}
	var own *sqlite3.Error
	if errors.As(err, &own) {
		return err
	}
	return explainPostgres(err)
}

// Purge makes sure that what was deleted from tables lies nowhere in the database's files any more. Erasing a person ends
// with it. On SQLite, which overwrites what it deletes, that is the log: it keeps pages of earlier transactions and is
// emptied here; ErrBusy means that somebody reads an old state, and that it is to be tried again. PostgreSQL gives the
// room of dead rows back to be written over, and with whole writes the tables anew, while which nobody can use them.
func (db *DB) Purge(ctx context.Context, whole bool, tables ...string) error {
	if db.Engine == Postgres {
		for _, t := range tables {
			statement := "VACUUM " + t
			if whole {
				var err error
				if statement, err = db.rewriting(ctx, t); err != nil {
					return err
				}
			}
			if _, err := db.read.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("purge %s: %w", t, explain(err))
			}
		}
		return nil
	}
	w := db.writer.(*sqliteWriter)
	for until := time.Now().Add(purgePatience); ; {
		db.turn.Lock()
		// Waiting for a reader must not keep writers waiting for long.
		w.conn.BusyTimeout(50 * time.Millisecond)
		_, _, err := w.conn.WALCheckpoint("", sqlite3.CHECKPOINT_TRUNCATE)
		w.conn.BusyTimeout(writerPatience)
		db.turn.Unlock()
		if !errors.Is(err, sqlite3.BUSY) || time.Now().After(until) {
			return explain(err)
		}
		// A copy beside may go on, which is over in a moment.
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// rewriting returns what makes PostgreSQL write a table anew with the rows that are alive, and nothing else: VACUUM FULL
// would copy dead ones as well that somebody with an old snapshot might still read, be it the server's own statistics. A
// column that is computed, from itself, does.
func (db *DB) rewriting(ctx context.Context, table string) (string, error) {
	var column, kind string
	_, err := One(ctx, db, "SELECT CAST(attname AS TEXT), format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = CAST(CAST(? AS TEXT) AS regclass) AND attnum = 1", Args(table), &column, &kind)
	if err != nil {
		return "", fmt.Errorf("purge %s: %w", table, err)
	}
	return fmt.Sprintf("ALTER TABLE %s ALTER COLUMN %s TYPE %s USING coalesce(%s, %s)", table, column, kind, column, column), nil
}

// writerPatience is how long the writer waits for the writer of another process.
const writerPatience = 10 * time.Second

// purgePatience is how long Purge waits for who reads an old state.
const purgePatience = 5 * time.Second

// Size returns the bytes that the database takes on the disk (SQLite) or in the server (PostgreSQL).
func (db *DB) Size(ctx context.Context) (int64, error) {
	if db.Engine == Postgres {
		var n int64
		_, err := One(ctx, db, "SELECT pg_database_size(current_database())", nil, &n)
		return n, err
	}
	var n int64
	for _, suffix := range []string{"", "-wal"} {
		if st, err := os.Stat(db.config.Path + suffix); err == nil {
			n += st.Size()
		}
	}
	return n, nil
}
