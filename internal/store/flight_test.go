package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"tizi/internal/id"
	"tizi/internal/store"
	"tizi/internal/testnode"
)

// count returns the things with a condition.
func count(t *testing.T, q store.Querier, where string, args ...any) int {
	t.Helper()
	var n int
	_, err := store.One(t.Context(), q, "SELECT count(*) FROM thing WHERE "+where, args, &n)
	testnode.Must(t, err)
	return n
}

// Statements of every form do for many sets what they do for one, quoted marks and all.
func TestManyOfEveryForm(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		db, ctx := open(t, e), t.Context()
		var put, mark, none, some [][]any
		for i := range 20 {
			v := id.New()
			put = append(put, []any{v, fmt.Sprint("n", i), i, float64(i) / 2, []byte{byte(i)}})
			mark = append(mark, []any{"marked", i + 100, v})
			none = append(none, []any{v, int64(5)})
			some = append(some, []any{v, "n7", 19})
		}
		testnode.Must(t, db.Write(ctx, func(tx store.Tx) error {
			const insert = "INSERT INTO thing (id, name, n, share, raw) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET n = thing.n + excluded.n"
			for range 2 {
				if err := tx.Many(ctx, insert, put, nil); err != nil {
					return err
				}
			}
			if n := count(t, tx, "n = 38 AND share = 9.5"); n != 1 {
				t.Errorf("%d rows were added to", n)
			}
			if err := tx.Many(ctx, "DELETE FROM thing WHERE id = ? AND n < ?", none, nil); err != nil {
				return err
			}
			if n := count(t, tx, "1 = 1"); n != 17 { // 0, 2 and 4 are gone
				t.Errorf("%d rows are left", n)
			}
			var got []string
			err := tx.Many(ctx, "SELECT name, '?' FROM thing WHERE id = ? AND (name = ? OR n > ?) ORDER BY n LIMIT 1", some, func(i int, r store.Row) error {
				var name, quoted string
				err := r.Scan(&name, &quoted)
				got = append(got, fmt.Sprint(i, name, quoted))
				return err
			})
			if want := "7n7?"; err == nil && (len(got) != 11 || !slices.Contains(got, want) || slices.Contains(got, "8n8?")) {
				t.Errorf("got %v", got)
			}
			return errors.Join(err, tx.Many(ctx, "UPDATE thing SET name = ?, n = ? WHERE id = ?", mark, nil))
		}))
		if n := count(t, db, "name = 'marked' AND n >= 103"); n != 17 {
			t.Errorf("%d rows are marked", n)
		}
	})
}

// Those that run together see each other's questions answered as if each were alone, whatever else goes wrong beside.
func TestTogether(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		db, ctx := open(t, e), t.Context()
		ids := []id.ID{id.New(), id.New(), id.New()}
		refused := errors.New("refused")
		testnode.Must(t, db.Write(ctx, func(tx store.Tx) error {
			for i, v := range ids {
				// It has not been sent when the first question is asked.
				if err := tx.Exec(ctx, "INSERT INTO thing (id, name, n, share, raw) VALUES (?, ?, ?, 0, ?)", v, fmt.Sprint(i), i, []byte{}); err != nil {
					return err
				}
			}
			got := make([]string, 4)
			errs := tx.Together(ctx, 4, func(i int, q store.Querier) error {
				if i == 3 {
					return refused
				}
				var name string
				if _, err := store.One(ctx, q, "SELECT name FROM thing WHERE id = ?", store.Args(ids[i]), &name); err != nil {
					return err
				}
				got[i] = name
				if i == 0 {
					return nil // the others go on asking
				}
				return store.Many(ctx, q, "SELECT n FROM thing WHERE id = ?", [][]any{{ids[0]}, {ids[i]}}, func(k int, r store.Row) error {
					var n int
					err := r.Scan(&n)
					got[i] += fmt.Sprint(" ", k, ":", n)
					return err
				})
			})
			if errs[0] != nil || errs[1] != nil || errs[2] != nil || !errors.Is(errs[3], refused) {
				t.Errorf("errors %v", errs)
			}
			if want := []string{"0", "1 0:0 1:1", "2 0:0 1:2", ""}; !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
			return nil
		}))
	})
}

// A statement that waits to be sent fails the transaction all the same, and nothing of it is there.
func TestWhatWaitsFailsAll(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		db, ctx := open(t, e), t.Context()
		v := id.New()
		row := [][]any{{v, "a", 1, 0.0, []byte{}}}
		err := db.Write(ctx, func(tx store.Tx) error {
			if err := tx.Add(ctx, things, row); err != nil {
				return err
			}
			return tx.Add(ctx, things, row)
		})
		if err == nil {
			t.Error("two rows of one key are taken")
		}
		// An error that nobody looked at must not end in a commit of nothing that says it was one.
		err = db.Write(ctx, func(tx store.Tx) error {
			testnode.Must(t, tx.Add(ctx, things, row))
			return errors.Join(tx.Together(ctx, 1, func(_ int, q store.Querier) error {
				q.Each(ctx, "SELECT nothing FROM nowhere", nil, func(store.Row) error { return nil })
				return nil
			})...)
		})
		if e == store.Postgres && err == nil {
			t.Error("a failed transaction is said to be written")
		}
		if n := count(t, db, "name = 'a'"); e == store.Postgres && n != 0 {
			t.Errorf("%d rows are there", n)
		}
	})
}

// The log is copied into the file beside the writer, and begun again although writing never stops.
func TestLogDoesNotGrowForEver(t *testing.T) {
	db, ctx := open(t, store.SQLite), t.Context()
	const round = 1000 // about 4 MB, a page each
	var longest int64
	for i := range 60 {
		rows := make([][]any, round)
		for j := range rows {
			rows[j] = []any{id.New(), fmt.Sprint(i, j), j, 0.0, make([]byte, 3500)}
		}
		testnode.Must(t, db.Write(ctx, func(tx store.Tx) error {
			if err := tx.Exec(ctx, "DELETE FROM thing"); err != nil {
				return err
			}
			return tx.Insert(ctx, things, rows)
		}))
		n, err := db.Size(ctx)
		testnode.Must(t, err)
		longest = max(longest, n)
	}
	if longest > 150<<20 {
		t.Errorf("the database took up to %d MB for 4 MB of rows", longest>>20)
	}
}
