package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"tizi/internal/id"
	"tizi/internal/store"
	"tizi/internal/testnode"
)

var things = &store.Table{Name: "thing", Columns: store.Cols("id:id name:text n:int share:real raw:blob"), Key: 1, Indexes: []string{"name"}}

func open(t *testing.T, e store.Engine) *store.DB {
	db := testnode.Open(t, testnode.Place(t, e))
	made, err := db.Ensure(t.Context(), []*store.Table{things})
	testnode.Must(t, err)
	if len(made) != 1 {
		t.Fatalf("made %v", made)
	}
	testnode.Must(t, db.Write(t.Context(), func(tx store.Tx) error { return store.Filled(t.Context(), tx, []*store.Table{things}) }))
	return db
}

// Who asked and went away is told so, and nothing is said of the disk: a browser leaves pages half read all day.
func TestWhoWentAway(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		db := open(t, e)
		ctx, cancel := context.WithCancel(t.Context())
		var once sync.Once
		err := db.Each(ctx, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) SELECT i FROM n", nil, func(store.Row) error {
			once.Do(cancel)
			return nil
		})
		if !errors.Is(err, context.Canceled) || store.IsOutage(err) {
			t.Errorf("a query that was given up: %v", err)
		}
		// The same where it never comes to a row.
		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		_, err = store.One(ctx, db, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) SELECT count(*) FROM n", nil, new(int64))
		if !errors.Is(err, context.Canceled) || store.IsOutage(err) {
			t.Errorf("a query that was given up before its first row: %v", err)
		}
	})
}

func TestRowsComeBackAsWritten(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		db, ctx := open(t, e), t.Context()
		rows := [][]any{
			{id.New(), "أمينة", int64(-5), 0.25, []byte{0, 1}},
			{id.New(), "ⵜⵉⵣⵉ", int64(1) << 60, -1.5, []byte{}},
			{id.New(), "", int64(0), 0.0, []byte("x")},
		}
		testnode.Must(t, db.Write(ctx, func(tx store.Tx) error { return tx.Insert(ctx, things, rows) }))
		i := 0
		err := db.Each(ctx, "SELECT "+things.List()+" FROM thing ORDER BY id", nil, func(r store.Row) error {
			got, err := things.Scan(r)
			if fmt.Sprint(got) != fmt.Sprint(rows[i]) {
				t.Errorf("row %d: %v, want %v", i, got, rows[i])
			}
			i++
			return err
		})
		testnode.Must(t, err)
		if i != 3 {
			t.Errorf("%d rows", i)
		}
		// The same key replaces.
		rows[0][1] = "Amina"
		testnode.Must(t, db.Write(ctx, func(tx store.Tx) error { return tx.Insert(ctx, things, rows[:1]) }))
		var name string
		_, err = store.One(ctx, db, "SELECT name FROM thing WHERE id = ?", store.Args(rows[0][0]), &name)
		testnode.Must(t, err)
		if name != "Amina" {
			t.Errorf("name %q", name)
		}
	})
}

func TestManyTellsWhichSetARowBelongsTo(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		db, ctx := open(t, e), t.Context()
		var rows, sets [][]any
		for i := range 5000 {
			v := id.New()
			rows = append(rows, []any{v, fmt.Sprint(i), int64(i), 0.0, []byte{}})
			sets = append(sets, []any{v})
		}
		got := 0
		testnode.Must(t, db.Write(ctx, func(tx store.Tx) error {
			if err := tx.Insert(ctx, things, rows); err != nil {
				return err
			}
			// A query inside a query's rows must not disturb it.
			return tx.Many(ctx, "SELECT n FROM thing WHERE id = ?", sets, func(i int, r store.Row) error {
				var n, m int
				if err := r.Scan(&n); err != nil {
					return err
				}
				if _, err := store.One(ctx, tx, "SELECT n FROM thing WHERE name = ?", store.Args(fmt.Sprint(i)), &m); err != nil {
					return err
				}
				if n != i || m != i {
					return fmt.Errorf("set %d got %d and %d", i, n, m)
				}
				got++
				return nil
			})
		}))
		if got != 5000 {
			t.Errorf("%d rows", got)
		}
	})
}

func TestFailedWriteLeavesNothing(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		db, ctx := open(t, e), t.Context()
		want := errors.New("no")
		err := db.Write(ctx, func(tx store.Tx) error {
			if err := tx.Insert(ctx, things, [][]any{{id.New(), "a", int64(1), 0.0, []byte{}}}); err != nil {
				return err
			}
			return want
		})
		if !errors.Is(err, want) {
			t.Fatalf("got %v", err)
		}
		var n int
		_, err = store.One(ctx, db, "SELECT count(*) FROM thing", nil, &n)
		testnode.Must(t, err)
		if n != 0 {
			t.Errorf("%d rows are left", n)
		}
		testnode.Must(t, db.Write(ctx, func(tx store.Tx) error {
			return tx.Exec(ctx, "INSERT INTO thing VALUES (?, ?, ?, ?, ?)", id.New(), "b", 1, 0.5, []byte{1})
		}))
	})
}

func TestChangedTableIsMadeAnew(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		db, ctx := open(t, e), t.Context()
		made, err := db.Ensure(ctx, []*store.Table{things})
		testnode.Must(t, err)
		if len(made) != 0 {
			t.Errorf("an unchanged table was made again: %v", made)
		}
		other := &store.Table{Name: "thing", Columns: store.Cols("id:id title:text"), Key: 1}
		made, err = db.Ensure(ctx, []*store.Table{other})
		testnode.Must(t, err)
		if len(made) != 1 {
			t.Errorf("made %v", made)
		}
		// A crash before it was filled must not leave it empty for ever.
		made, err = db.Ensure(ctx, []*store.Table{other})
		testnode.Must(t, err)
		if len(made) != 1 {
			t.Errorf("a table that nobody filled is taken for filled: %v", made)
		}
		testnode.Must(t, db.Write(ctx, func(tx store.Tx) error { return store.Filled(ctx, tx, []*store.Table{other}) }))
		made, err = db.Ensure(ctx, []*store.Table{other})
		testnode.Must(t, err)
		if len(made) != 0 {
			t.Errorf("a filled table is to be filled again: %v", made)
		}
		// A table of which no definition is left may hold what a person asked to be erased.
		_, err = db.Ensure(ctx, nil)
		testnode.Must(t, err)
		if err := db.Each(ctx, "SELECT id FROM thing", nil, func(store.Row) error { return nil }); err == nil {
			t.Error("the table is still there")
		}
	})
}

func TestNewerDatabaseIsRefused(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		db, ctx := open(t, e), t.Context()
		one := fstest.MapFS{"00001_a.sql": {Data: []byte("-- +goose Up\nCREATE TABLE a (x INTEGER NOT NULL, y BLOB NOT NULL, PRIMARY KEY (x)) WITHOUT ROWID;\n")}}
		two := fstest.MapFS{"00001_a.sql": one["00001_a.sql"], "00002_b.sql": {Data: []byte("-- +goose Up\nCREATE TABLE b (x INTEGER);\n")}}
		testnode.Must(t, db.Migrate(ctx, "room", one))
		testnode.Must(t, db.Migrate(ctx, "room", two))
		err := db.Migrate(ctx, "room", one)
		if !errors.Is(err, store.ErrNewer) || !strings.Contains(err.Error(), "newer Tizi") {
			t.Errorf("got %v", err)
		}
	})
}

func TestAddedRowsReplaceNone(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		db, ctx := open(t, e), t.Context()
		row := []any{id.New(), "first", int64(1), 0.0, []byte{}}
		testnode.Must(t, db.Write(ctx, func(tx store.Tx) error { return tx.Add(ctx, things, [][]any{row}) }))
		err := db.Write(ctx, func(tx store.Tx) error {
			return tx.Add(ctx, things, [][]any{{row[0], "second", int64(2), 0.0, []byte{}}})
		})
		var name string
		if _, e := store.One(ctx, db, "SELECT name FROM thing", nil, &name); err == nil || e != nil || name != "first" {
			t.Errorf("%q stands there; %v, %v", name, err, e)
		}
	})
}

func TestErrorOfTheCallerComesBackAsItIs(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		db, ctx := open(t, e), t.Context()
		want := errors.New("no")
		testnode.Must(t, db.Write(ctx, func(tx store.Tx) error {
			if err := tx.Insert(ctx, things, [][]any{{id.New(), "a", int64(1), 0.0, []byte{}}, {id.New(), "b", int64(1), 0.0, []byte{}}}); err != nil {
				return err
			}
			say := func(store.Row) error { return want }
			if err := tx.Each(ctx, "SELECT n FROM thing WHERE n = ?", store.Args(1), say); err != want {
				t.Errorf("Each: %v", err)
			}
			if err := tx.Many(ctx, "SELECT n FROM thing WHERE n = ?", [][]any{{1}}, func(_ int, r store.Row) error { return say(r) }); err != want {
				t.Errorf("Many: %v", err)
			}
			var n int
			_, err := store.One(ctx, tx, "SELECT count(*) FROM thing WHERE n = ?", store.Args(1), &n)
			if n != 2 {
				t.Errorf("%d rows are seen afterwards", n)
			}
			return err
		}))
	})
}

func TestProcessesThatStartTogetherMakeOneDatabase(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		place, ctx := testnode.Place(t, e), t.Context()
		files := fstest.MapFS{"00001_a.sql": {Data: []byte("-- +goose Up\nCREATE TABLE a (x INTEGER NOT NULL PRIMARY KEY);\n")}}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				db, err := store.Open(ctx, place)
				if err == nil {
					defer db.Close()
					err = db.Migrate(ctx, "room", files)
				}
				if err == nil {
					_, err = db.Ensure(ctx, []*store.Table{things})
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	})
}

func TestDeletedTextLeavesTheDisk(t *testing.T) {
	place := testnode.Place(t, store.SQLite)
	db, ctx := testnode.Open(t, place), t.Context()
	_, err := db.Ensure(ctx, []*store.Table{things})
	testnode.Must(t, err)
	v, secret := id.New(), "a name nobody else has"
	testnode.Must(t, db.Write(ctx, func(tx store.Tx) error {
		return tx.Insert(ctx, things, [][]any{{v, secret, int64(1), 0.0, []byte{}}})
	}))
	lies := func() bool {
		for _, suffix := range []string{"", "-wal"} {
			b, err := os.ReadFile(place.Path + suffix)
			if err == nil && strings.Contains(string(b), secret) {
				return true
			}
		}
		return false
	}
	if !lies() {
		t.Fatal("the test looks in the wrong place")
	}
	testnode.Must(t, db.Write(ctx, func(tx store.Tx) error { return tx.Exec(ctx, "DELETE FROM thing WHERE id = ?", v) }))
	testnode.Must(t, db.Purge(ctx, false, "thing"))
	if lies() {
		t.Error("what was deleted can still be read from the disk")
	}
}

func TestFullDiskRefusesWritesAndServesReads(t *testing.T) {
	disk := testnode.NewDisk(t)
	db := testnode.Open(t, disk.Place())
	ctx := t.Context()
	_, err := db.Ensure(ctx, []*store.Table{things})
	testnode.Must(t, err)
	put := func(n int) error {
		return db.Write(ctx, func(tx store.Tx) error {
			for range n {
				if err := tx.Insert(ctx, things, [][]any{{id.New(), strings.Repeat("x", 1000), int64(1), 0.0, []byte{}}}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	testnode.Must(t, put(10))
	disk.Fill(20_000)
	if err := put(1000); !errors.Is(err, store.ErrFull) {
		t.Fatalf("got %v, want ErrFull", err)
	}
	var n int
	_, err = store.One(ctx, db, "SELECT count(*) FROM thing", nil, &n)
	testnode.Must(t, err)
	if n != 10 {
		t.Errorf("%d rows", n)
	}
	disk.Fill(-1)
	testnode.Must(t, put(1000))
}

func TestPowerCutLosesNothingAcknowledged(t *testing.T) {
	disk := testnode.NewDisk(t)
	ctx := context.Background()
	acked := 0
	for cut := range 12 {
		db, err := store.Open(ctx, disk.Place())
		testnode.Must(t, err)
		_, err = db.Ensure(ctx, []*store.Table{things})
		testnode.Must(t, err)
		var n int
		_, err = store.One(ctx, db, "SELECT count(*) FROM thing", nil, &n)
		testnode.Must(t, err)
		if n < acked || n > acked+1 {
			t.Fatalf("cut %d: %d rows, %d were acknowledged", cut, n, acked)
		}
		acked = n
		for i := range 50 {
			if i == 5+cut*3 {
				disk.Cut()
			}
			err := db.Write(ctx, func(tx store.Tx) error {
				return tx.Insert(ctx, things, [][]any{{id.New(), "x", int64(i), 0.0, []byte{}}})
			})
			if err != nil {
				break
			}
			acked++
		}
		db.Close()
		testnode.Must(t, disk.Restore())
	}
}

func TestNotADatabaseIsSaid(t *testing.T) {
	p := t.TempDir() + "/tizi.db"
	testnode.Must(t, os.WriteFile(p, []byte(strings.Repeat("not a database ", 100)), 0o600))
	_, err := store.Open(t.Context(), store.Config{Path: p})
	if err == nil || !strings.Contains(err.Error(), "not a Tizi database") {
		t.Errorf("got %v", err)
	}
}

// What goes on beside, such as a search for duplicates, may come to write when the node has stopped.
func TestWriteAfterClose(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		db, err := store.Open(t.Context(), testnode.Place(t, e))
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if err := db.Write(t.Context(), func(tx store.Tx) error { return tx.Exec(t.Context(), "CREATE TABLE x (a BIGINT)") }); err == nil {
			t.Error("something was written to a closed database")
		}
		if err := db.Close(); err != nil {
			t.Errorf("closing twice: %v", err)
		}
	})
}
