package store_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"testing"

	"tizi/internal/store"
	"tizi/internal/testnode"
)

// heard keeps the last statement.
type heard struct {
	store.Tx
	query string
}

func (h *heard) Exec(_ context.Context, query string, _ ...any) error {
	h.query = query
	return nil
}

func TestShadowsAreSaidInStatements(t *testing.T) {
	db := testnode.Open(t, testnode.Place(t, store.SQLite))
	h := &heard{}
	tx := db.Shadows([]*store.Table{{Name: "person"}, {Name: "person_edge"}, {Name: "consent_sum"}}).In(h)
	for query, want := range map[string]string{
		"SELECT person FROM person WHERE person = ?":                                                      "SELECT person FROM shadow_person WHERE person = ?",
		"SELECT a, b FROM\n\tperson_edge e JOIN person p ON p.id = e.a":                                   "SELECT a, b FROM\n\tshadow_person_edge e JOIN shadow_person p ON p.id = e.a",
		"DELETE FROM person_edge WHERE id = ? AND state = 'FROM person'":                                  "DELETE FROM shadow_person_edge WHERE id = ? AND state = 'FROM person'",
		"UPDATE person SET person = ?":                                                                    "UPDATE shadow_person SET person = ?",
		"INSERT INTO consent_sum (n) VALUES (?) ON CONFLICT DO UPDATE SET n = consent_sum.n + excluded.n": "INSERT INTO shadow_consent_sum (n) VALUES (?) ON CONFLICT DO UPDATE SET n = shadow_consent_sum.n + excluded.n",
		"SELECT 1 FROM fact WHERE kind = ?":                                                               "SELECT 1 FROM fact WHERE kind = ?",
	} {
		if tx.Exec(t.Context(), query); h.query != want {
			t.Errorf("%s\n got %s\nwant %s", query, h.query, want)
		}
	}
}

func TestSwap(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		db, ctx := testnode.Open(t, testnode.Place(t, e)), t.Context()
		const many = 25_001 // a large table
		tables := []*store.Table{
			{Name: "thing", Key: 1, Columns: store.Cols("id:int name:text"), Indexes: []string{"name", "name, id WHERE name <> ''"}},
			{Name: "thing_part", Key: 2, Columns: store.Cols("thing:int part:int")},
		}
		if _, err := db.Ensure(ctx, tables); err != nil {
			t.Fatal(err)
		}
		for round := range 3 {
			s := db.Shadows(tables)
			testnode.Must(t, db.Write(ctx, func(tx store.Tx) error {
				if err := tx.Insert(ctx, tables[0], [][]any{{1, "old"}, {2, "old"}}); err != nil {
					return err
				}
				return s.Make(ctx, tx)
			}))
			testnode.Must(t, db.Write(ctx, func(tx store.Tx) error {
				var rows [][]any
				for i := range many {
					rows = append(rows, []any{i, "new"})
				}
				in := s.In(tx)
				if err := in.Insert(ctx, tables[0], rows); err != nil {
					return err
				}
				return in.Exec(ctx, "UPDATE thing SET name = ? WHERE thing.id = ?", "newest", round)
			}))
			// What is undone leaves all as it was.
			undone := errors.New("undone")
			err := db.Write(ctx, func(tx store.Tx) error {
				testnode.Must(t, s.Swap(ctx, tx))
				return undone
			})
			if !errors.Is(err, undone) {
				t.Fatal(err)
			}
			var n int
			name := ""
			_, err = store.One(ctx, db, "SELECT name FROM thing WHERE id = ?", store.Args(1), &name)
			testnode.Must(t, err)
			if name != "old" {
				t.Fatalf("it is %q before the exchange", name)
			}
			testnode.Must(t, db.Write(ctx, func(tx store.Tx) error { return s.Swap(ctx, tx) }))
			_, err = store.One(ctx, db, "SELECT count(*) FROM thing WHERE name = 'new'", nil, &n)
			testnode.Must(t, err)
			_, err = store.One(ctx, db, "SELECT name FROM thing WHERE id = ?", store.Args(round), &name)
			testnode.Must(t, err)
			if n != many-1 || name != "newest" {
				t.Fatalf("%d rows, %q", n, name)
			}
			testnode.Must(t, db.Write(ctx, func(tx store.Tx) error { return tx.Insert(ctx, tables[1], [][]any{{round, 1}}) }))
			testnode.Must(t, s.Clear(ctx, func() {}))
			some, err := db.Shadowed(ctx)
			testnode.Must(t, err)
			if some != (e == store.SQLite) {
				t.Error("what was dropped lies in free pages, and nobody says so")
			}
			pieces := 0
			testnode.Must(t, db.Scrub(ctx, func() { pieces++ }))
			if some, err := db.Shadowed(ctx); err != nil || some {
				t.Fatalf("something is left, %v", err)
			}
			if db.Engine == store.SQLite {
				if pieces == 0 {
					t.Error("nothing was overwritten")
				}
				testnode.Must(t, db.Purge(ctx, true))
				b, err := os.ReadFile(db.Config().Path)
				testnode.Must(t, err)
				if bytes.Contains(b, []byte("old")) {
					i := bytes.Index(b, []byte("old"))
					t.Errorf("what was dropped lies in the file, round %d at %d of %d: %q", round, i, len(b), b[max(0, i-40):i+60])
				}
				ok := ""
				_, err = store.One(ctx, db, "PRAGMA integrity_check", nil, &ok)
				testnode.Must(t, err)
				if ok != "ok" {
					t.Errorf("the database is %s", ok)
				}
			}
			if empty, err := db.Ensure(ctx, tables); err != nil || len(empty) != 2 { // nobody said Filled
				t.Fatalf("%v, %v", empty, err)
			}
		}
	})
}
