package store_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"testing"

	"tizi/internal/store"
	"tizi/internal/testnode"
)

// BenchmarkSealed compares a database that is encrypted with one that is not: transactions of rows, and reading 40 MB.
func BenchmarkSealed(b *testing.B) {
	ctx := context.Background()
	for _, key := range [][]byte{nil, bytes.Repeat([]byte{7}, store.KeySize)} {
		name := map[bool]string{true: "encrypted", false: "plain"}[key != nil]
		for _, size := range []int{1, 50, 2000} {
			b.Run(fmt.Sprintf("write%d/%s", size, name), func(b *testing.B) {
				db := fill(b, store.Config{Path: filepath.Join(b.TempDir(), "tizi.db"), Key: key}, 0, 0)
				for b.Loop() {
					testnode.Must(b, db.Write(ctx, func(tx store.Tx) error { return rows(tx, size, 200) }))
				}
			})
		}
		b.Run("read/"+name, func(b *testing.B) {
			c := store.Config{Path: filepath.Join(b.TempDir(), "tizi.db"), Key: key}
			fill(b, c, 20000, 1900).Close()
			db, err := store.Open(ctx, c)
			testnode.Must(b, err)
			defer db.Close()
			for b.Loop() {
				var n int64
				_, err := store.One(ctx, db, "SELECT sum(length(b) + (substr(b, 1, 1) = 'x')) FROM t", nil, &n)
				testnode.Must(b, err)
			}
		})
	}
}

func fill(t testing.TB, c store.Config, n, size int) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), c)
	testnode.Must(t, err)
	t.Cleanup(func() { db.Close() })
	testnode.Must(t, db.Script(context.Background(), "CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB); CREATE INDEX u ON t (b)"))
	testnode.Must(t, db.Write(context.Background(), func(tx store.Tx) error { return rows(tx, n, size) }))
	return db
}

// rows adds random rows.
func rows(tx store.Tx, n, size int) error {
	b := make([]byte, size)
	for range n {
		rand.Read(b)
		if err := tx.Exec(context.Background(), "INSERT INTO t (b) VALUES (?)", b); err != nil {
			return err
		}
	}
	return nil
}
