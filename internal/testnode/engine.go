// Package testnode runs whole nodes inside one test, with a clock, a link and a disk that the test controls.
package testnode

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/store"
)

// PostgresEnv names the variable that holds the address of a PostgreSQL server whose databases tests may use.
const PostgresEnv = "TIZI_TEST_POSTGRES"

// Engines runs a test on SQLite and on PostgreSQL. Without a PostgreSQL server that half is skipped and says so.
func Engines(t *testing.T, test func(t *testing.T, engine store.Engine)) {
	t.Run("sqlite", func(t *testing.T) { test(t, store.SQLite) })
	t.Run("postgres", func(t *testing.T) {
		if os.Getenv(PostgresEnv) == "" {
			t.Skipf("no PostgreSQL: %s is not set (make test sets it)", PostgresEnv)
		}
		test(t, store.Postgres)
	})
}

// Place returns where a new empty database of the engine is, gone with the test.
func Place(t testing.TB, engine store.Engine) store.Config {
	t.Helper()
	if engine == store.SQLite {
		return store.Config{Path: filepath.Join(t.TempDir(), "tizi.db")}
	}
	schema := "t" + strings.ReplaceAll(id.New().String(), "-", "")
	postgres(t, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { postgres(t, "DROP SCHEMA "+schema+" CASCADE") })
	return store.Config{URL: address(t, func(u *url.URL) {
		q := u.Query()
		q.Set("search_path", schema)
		u.RawQuery = q.Encode()
	})}
}

// readied are the databases that Ready copies, by engine and name.
var readied sync.Map

// ready is the content of a file of SQLite, or the name of a database of the server.
type ready struct {
	file     []byte
	database string
}

// Ready returns where a new database of the engine is, gone with the test, as prepare left one: it is called once in a process for each
// name.
func Ready(t testing.TB, engine store.Engine, name string, prepare func(store.Config) error) store.Config {
	t.Helper()
	once, _ := readied.LoadOrStore(string(engine)+name, sync.OnceValues(func() (r ready, err error) {
		if engine == store.SQLite {
			c := Fast(t)
			if err := prepare(c); err != nil {
				return r, err
			}
			r.file, err = os.ReadFile(c.Path)
			return r, err
		}
		r.database = fmt.Sprintf("tizi_ready_%s_%d", name, os.Getpid())
		discard(t)
		postgres(t, "CREATE DATABASE "+r.database)
		return r, prepare(store.Config{URL: address(t, func(u *url.URL) { u.Path = r.database })})
	}))
	r, err := once.(func() (ready, error))()
	Must(t, err)
	if engine == store.SQLite {
		c := Place(t, engine)
		Must(t, os.WriteFile(c.Path, r.file, 0o600))
		return c
	}
	name = "t" + strings.ReplaceAll(id.New().String(), "-", "")
	postgres(t, "CREATE DATABASE "+name+" TEMPLATE "+r.database)
	t.Cleanup(func() { postgres(t, "DROP DATABASE "+name+" WITH (FORCE)") })
	return store.Config{URL: address(t, func(u *url.URL) { u.Path = name })}
}

// discard drops what processes that are gone copied from.
func discard(t testing.TB) {
	t.Helper()
	db, err := sql.Open("pgx", os.Getenv(PostgresEnv))
	Must(t, err)
	defer db.Close()
	rows, err := db.Query("SELECT datname FROM pg_database WHERE datname LIKE 'tizi\\_ready\\_%'")
	Must(t, err)
	defer rows.Close()
	for rows.Next() {
		var name string
		Must(t, rows.Scan(&name))
		var pid int
		fmt.Sscanf(name[strings.LastIndexByte(name, '_')+1:], "%d", &pid)
		if p, err := os.FindProcess(pid); err == nil && p.Signal(syscall.Signal(0)) != nil {
			postgres(t, "DROP DATABASE IF EXISTS "+name)
		}
	}
	Must(t, rows.Err())
}

// postgres runs statements on the server of the tests.
func postgres(t testing.TB, statements ...string) {
	t.Helper()
	db, err := sql.Open("pgx", os.Getenv(PostgresEnv))
	Must(t, err)
	defer db.Close()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
}

// address is that of the server of the tests, changed.
func address(t testing.TB, change func(*url.URL)) string {
	t.Helper()
	u, err := url.Parse(os.Getenv(PostgresEnv))
	Must(t, err)
	change(u)
	return u.String()
}

// Fast returns where a new empty SQLite database is that does not wait for the disk: for tests that make many.
func Fast(t testing.TB) store.Config {
	t.Helper()
	return store.Config{Path: filepath.Join(t.TempDir(), "tizi.db"), Scratch: true, Readers: 2}
}

// Stamp returns a maker of new databases, on SQLite and without waiting for the disk, whose tables of a registry are
// there already: for tests that make hundreds of nodes.
func Stamp(t testing.TB, reg *fact.Registry) func() store.Config {
	t.Helper()
	first := Fast(t)
	New(t, first, reg).Stop()
	db, err := os.ReadFile(first.Path)
	Must(t, err)
	dir, n := t.TempDir(), 0
	return func() store.Config {
		n++
		c := first
		c.Path = filepath.Join(dir, fmt.Sprint(n, ".db"))
		Must(t, os.WriteFile(c.Path, db, 0o600))
		return c
	}
}

// Open opens a database and closes it with the test.
func Open(t testing.TB, c store.Config) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// T is what a test, and a draw of a property test, can do.
type T interface {
	Helper()
	Fatal(args ...any)
}

// Must fails the test on an error.
func Must(t T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(fmt.Sprint(err))
	}
}
