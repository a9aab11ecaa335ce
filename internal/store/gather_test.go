package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
	"pgregory.net/rapid"
)

// A log that is gathered reads as one that is not, and is on the disk for others when it is synced.
func TestGatheredLogIsTheSameLog(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		n := 1
		open := func(name string) plainFile {
			f, err := os.Create(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			return plainFile{File: f}
		}
		plain, under := open("plain"), open("gathered")
		gathered := &gatheredLog{File: under}
		defer plain.Close()
		next := int64(0)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch rapid.IntRange(0, 6).Draw(t, "what") {
			case 0, 1, 2:
				p := bytes.Repeat([]byte{byte(n)}, rapid.SampledFrom([]int{1, 24, 4096, maxGathered}).Draw(t, "size"))
				at := next
				if rapid.IntRange(0, 3).Draw(t, "elsewhere") == 0 {
					at = rapid.Int64Range(0, 10_000).Draw(t, "at")
				}
				next = at + int64(len(p))
				_, e1 := plain.WriteAt(p, at)
				_, e2 := gathered.WriteAt(p, at)
				if e1 != nil || e2 != nil {
					t.Fatal(e1, e2)
				}
				n++
			case 3:
				p, q := make([]byte, 5000), make([]byte, 5000)
				at := rapid.Int64Range(0, 10_000).Draw(t, "from")
				i, _ := plain.ReadAt(p, at)
				j, _ := gathered.ReadAt(q, at)
				if i != j || !bytes.Equal(p, q) {
					t.Fatal("they read different bytes")
				}
			case 4:
				s1, _ := plain.Size()
				s2, _ := gathered.Size()
				if s1 != s2 {
					t.Fatalf("size %d and %d", s1, s2)
				}
			case 5:
				to := rapid.Int64Range(0, 10_000).Draw(t, "cut")
				if err := errors.Join(plain.Truncate(to), gathered.Truncate(to)); err != nil {
					t.Fatal(err)
				}
			case 6:
				if err := gathered.Sync(vfs.SYNC_NORMAL); err != nil {
					t.Fatal(err)
				}
				same(t, plain.Name(), under.Name())
			}
		}
		if err := gathered.Close(); err != nil {
			t.Fatal(err)
		}
		same(t, plain.Name(), under.Name())
	})
}

func same(t *rapid.T, a, b string) {
	x, err1 := os.ReadFile(a)
	y, err2 := os.ReadFile(b)
	if err1 != nil || err2 != nil || !bytes.Equal(x, y) {
		t.Fatal("the files differ", err1, err2)
	}
}

// A write that fails is told at the sync, and is not tried again at another's.
func TestGatheredLogTellsAFailure(t *testing.T) {
	f := &gatheredLog{File: brokenFile{}}
	if _, err := f.WriteAt([]byte("x"), 0); err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(vfs.SYNC_FULL); !errors.Is(err, sqlite3.FULL) {
		t.Errorf("the sync says %v", err)
	}
	if err := f.Sync(vfs.SYNC_FULL); err != nil {
		t.Errorf("the next says %v", err)
	}
}

// plainFile is a file of the machine; of the rest a log needs nothing.
type plainFile struct {
	other
	*os.File
}

func (f plainFile) Close() error                            { return f.File.Close() }
func (f plainFile) ReadAt(p []byte, at int64) (int, error)  { return f.File.ReadAt(p, at) }
func (f plainFile) WriteAt(p []byte, at int64) (int, error) { return f.File.WriteAt(p, at) }
func (f plainFile) Truncate(size int64) error               { return f.File.Truncate(size) }
func (f plainFile) Sync(vfs.SyncFlag) error                 { return nil }

func (f plainFile) Size() (int64, error) {
	i, err := f.File.Stat()
	if err != nil {
		return 0, err
	}
	return i.Size(), nil
}

type other interface{ vfs.File }

type brokenFile struct{ vfs.File }

func (brokenFile) WriteAt([]byte, int64) (int, error) { return 0, sqlite3.FULL }
func (brokenFile) Sync(vfs.SyncFlag) error            { return nil }
