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
	base := os.Getenv(PostgresEnv)
	schema := "t" + strings.ReplaceAll(id.New().String(), "-", "")
	db, err := sql.Open("pgx", base)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("CREATE SCHEMA " + schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := db.Exec("DROP SCHEMA " + schema + " CASCADE"); err != nil {
			t.Error(err)
		}
		db.Close()
	})
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return store.Config{URL: u.String()}
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
