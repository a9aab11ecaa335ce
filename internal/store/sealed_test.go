package store_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"tizi/internal/store"
	"tizi/internal/store/disk"
	"tizi/internal/testnode"
)

var key = bytes.Repeat([]byte{7}, store.KeySize)

// word occurs nowhere else.
const word = "Zmvqwxa"

// found reports whether a file of a folder holds the word.
func found(t testing.TB, dir string) (in []string) {
	t.Helper()
	all, err := os.ReadDir(dir)
	testnode.Must(t, err)
	for _, e := range all {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		testnode.Must(t, err)
		if bytes.Contains(b, []byte(word)) {
			in = append(in, e.Name())
		}
	}
	return in
}

func TestNothingIsReadOffTheDisk(t *testing.T) {
	ctx := t.Context()
	for _, key := range [][]byte{nil, key} {
		c := store.Config{Path: filepath.Join(t.TempDir(), "tizi.db"), Key: key}
		db, err := store.Open(ctx, c)
		testnode.Must(t, err)
		testnode.Must(t, db.Script(ctx, "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT); CREATE INDEX u ON t (b)"))
		for i := range 300 { // what fits into no cache, some of it in the log and some copied
			testnode.Must(t, db.Write(ctx, func(tx store.Tx) error {
				for range 30 {
					if err := tx.Exec(ctx, "INSERT INTO t (b) VALUES (?)", fmt.Sprint(word, i, bytes.Repeat([]byte("x"), 900))); err != nil {
						return err
					}
				}
				return nil
			}))
		}
		open := found(t, filepath.Dir(c.Path))
		testnode.Must(t, db.Close())
		closed := found(t, filepath.Dir(c.Path))
		if plain := key == nil; plain != (len(open) > 0) || plain != (len(closed) > 0) {
			t.Errorf("plain %v: the word stands in %v while it is open, in %v after", plain, open, closed)
		}
		db, err = store.Open(ctx, c)
		testnode.Must(t, err)
		var n int
		_, err = store.One(ctx, db, "SELECT count(*) FROM t WHERE b LIKE '"+word+"%'", nil, &n)
		testnode.Must(t, err)
		if n != 9000 {
			t.Errorf("%d rows came back", n)
		}
		testnode.Must(t, db.Close())
		if key == nil {
			continue
		}
		for _, wrong := range [][]byte{nil, bytes.Repeat([]byte{8}, store.KeySize)} {
			c.Key = wrong
			if db, err := store.Open(ctx, c); err == nil {
				err = db.Each(ctx, "SELECT 1 FROM t", nil, func(store.Row) error { return nil })
				db.Close()
				if err == nil {
					t.Errorf("opened with the key %x", wrong)
				}
			}
		}
	}
}

// A disk that is cut off while it writes by the sector loses nothing that it had promised.
func TestSealedDiskIsCut(t *testing.T) {
	for seed := range uint64(40) {
		r := mathrand.New(mathrand.NewPCG(seed, 1))
		d := disk.New(t.TempDir())
		c := d.Place()
		c.Key = key
		promised := 0
		for range 6 {
			db, err := store.Open(context.Background(), c)
			testnode.Must(t, err)
			testnode.Must(t, db.Script(context.Background(), "CREATE TABLE IF NOT EXISTS t (a INTEGER PRIMARY KEY, b BLOB)"))
			var n int
			_, err = store.One(context.Background(), db, "SELECT count(*) FROM t", nil, &n)
			testnode.Must(t, err)
			var ok string
			_, err = store.One(context.Background(), db, "PRAGMA integrity_check", nil, &ok)
			testnode.Must(t, err)
			if n < promised || ok != "ok" {
				t.Fatalf("seed %d: %d rows of %d promised; %s", seed, n, promised, ok)
			}
			promised = n
			d.CutAfter(int64(r.IntN(400_000)))
			d.Tear(func() bool { return r.IntN(2) == 0 })
			for !d.Dead() {
				err := db.Write(context.Background(), func(tx store.Tx) error {
					b := make([]byte, 300)
					rand.Read(b)
					return tx.Exec(context.Background(), "INSERT INTO t (b) VALUES (?)", b)
				})
				if err == nil {
					promised++
				}
			}
			db.Close()
			testnode.Must(t, d.Restore())
		}
		d.Close()
	}
}

// Readers beside a writer see whole rows, also where the log grows.
func TestSealedReadersBesideAWriter(t *testing.T) {
	ctx := t.Context()
	db := fill(t, store.Config{Path: filepath.Join(t.TempDir(), "tizi.db"), Key: key}, 1, 100)
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for last := 0; last < 400; {
				var n, size int
				if _, err := store.One(ctx, db, "SELECT count(*), coalesce(min(length(b)), 0) FROM t", nil, &n, &size); err != nil || n < last || size != 100 {
					t.Errorf("%d rows of %d bytes after %d: %v", n, size, last, err)
					return
				}
				last = n
			}
		})
	}
	for range 400 {
		testnode.Must(t, db.Write(ctx, func(tx store.Tx) error { return rows(tx, 1, 100) }))
	}
	readers.Wait()
}

func TestSealAndContent(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	c := store.Config{Path: filepath.Join(dir, "tizi.db")}
	db := fill(t, c, 100, 2000)
	testnode.Must(t, db.Write(ctx, func(tx store.Tx) error { return tx.Exec(ctx, "INSERT INTO t (b) VALUES (?)", []byte(word)) }))
	if _, err := store.Seal(ctx, c.Path, key); err == nil {
		t.Fatal("encrypted while it is in use")
	}
	testnode.Must(t, db.Close())
	if len(found(t, dir)) == 0 {
		t.Fatal("this test would not find the word")
	}
	was, err := store.Seal(ctx, c.Path, key)
	testnode.Must(t, err)
	testnode.Must(t, was.Close())
	if in := found(t, dir); len(in) > 0 {
		t.Errorf("the word stands in %v", in)
	}
	if was, err := store.Seal(ctx, c.Path, key); was != nil || err != nil {
		t.Errorf("encrypted again: %v", err)
	}
	c.Key = key
	if db, err = store.Open(ctx, c); err != nil {
		t.Fatal(err)
	}
	var n int
	_, err = store.One(ctx, db, "SELECT count(*) FROM t", nil, &n)
	testnode.Must(t, err)
	if n != 101 {
		t.Errorf("%d rows", n)
	}
	testnode.Must(t, db.Purge(ctx, false))
	testnode.Must(t, db.Close())
	r, size, err := store.Content(c)
	testnode.Must(t, err)
	b, err := io.ReadAll(r)
	testnode.Must(t, err)
	testnode.Must(t, r.Close())
	if int64(len(b)) != size || !bytes.Contains(b, []byte(word)) {
		t.Errorf("%d bytes of %d", len(b), size)
	}
}
