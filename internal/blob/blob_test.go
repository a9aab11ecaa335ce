package blob

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"

	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/store"
	"tizi/internal/testnode"
)

func open(t testing.TB) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "blobs"), nil)
	testnode.Must(t, err)
	return s
}

// keys makes keys of persons, as a node does.
func keys(t testing.TB, n int) []*seal.Key {
	t.Helper()
	ctx := context.Background()
	db := testnode.Open(t, testnode.Place(t, store.SQLite))
	testnode.Must(t, db.Migrate(ctx, "seal", seal.Schema()))
	own, err := seal.NewIdentity()
	testnode.Must(t, err)
	ks := seal.NewKeys(own)
	testnode.Must(t, ks.Begin(ctx, db, "hub"))
	out := make([]*seal.Key, n)
	for i := range out {
		out[i], err = ks.New(id.New(), "hub")
		testnode.Must(t, err)
	}
	return out
}

func read(t testing.TB, r io.ReadCloser, err error) []byte {
	t.Helper()
	testnode.Must(t, err)
	defer r.Close()
	b, err := io.ReadAll(r)
	testnode.Must(t, err)
	return b
}

// content draws bytes whose length lies around the borders of chunks as often as not.
func content(t *rapid.T) []byte {
	const chunk = 64 << 10
	n := rapid.OneOf(rapid.IntRange(0, 40), rapid.IntRange(chunk-2, chunk+2), rapid.IntRange(2*chunk-2, 2*chunk+2), rapid.IntRange(0, 4*chunk)).Draw(t, "length")
	return bytes.Repeat([]byte{byte(n), byte(n >> 8), 7}, n/3+1)[:n]
}

func TestWhatIsPutComesBack(t *testing.T) {
	s, ks := open(t), keys(t, 2)
	rapid.Check(t, func(t *rapid.T) {
		b := content(t)
		d, n, err := s.Put(iotest.HalfReader(bytes.NewReader(b)))
		if err != nil || n != int64(len(b)) {
			t.Fatalf("%d bytes kept of %d: %v", n, len(b), err)
		}
		f, err := s.Open(d)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(f)
		f.Close()
		if err != nil || !bytes.Equal(got, b) {
			t.Fatalf("%d bytes came back, %v", len(got), err)
		}
		again, _, err := s.Put(bytes.NewReader(b))
		if err != nil || again != d || !s.Has(d) {
			t.Fatalf("put again: %s, %v; it was %s", again, err, d)
		}

		e, n, err := s.PutSealed(ks[0], bytes.NewReader(b))
		if err != nil || n <= int64(len(b)) || e == d {
			t.Fatalf("sealed as %s, %d bytes: %v", e, n, err)
		}
		r, err := s.OpenSealed(ks[0], e)
		if err != nil {
			t.Fatal(err)
		}
		got, err = io.ReadAll(iotest.OneByteReader(io.LimitReader(r, 50)))
		if err == nil {
			var rest []byte
			rest, err = io.ReadAll(r)
			got = append(got, rest...)
		}
		r.Close()
		if err != nil || !bytes.Equal(got, b) {
			t.Fatalf("%d bytes came out of the seal, %v", len(got), err)
		}
		if _, err := s.OpenSealed(ks[1], e); !errors.Is(err, seal.ErrAltered) {
			t.Fatalf("another person's key: %v", err)
		}
		if twice, _, err := s.PutSealed(ks[0], bytes.NewReader(b)); err != nil || twice == e {
			t.Fatalf("equal files look equal when sealed: %v", err)
		}
	})
	rep, err := s.Check(t.Context())
	testnode.Must(t, err)
	if len(rep.Damaged) > 0 || len(rep.Strange) > 0 || rep.Blobs == 0 || rep.Bytes == 0 {
		t.Errorf("check: %+v", rep)
	}
}

func TestSealedFileGivesOutNothingThatWasAltered(t *testing.T) {
	s, ks := open(t), keys(t, 1)
	const chunk = 64<<10 + 16
	rapid.Check(t, func(t *rapid.T) {
		b := content(t)
		d, _, err := s.PutSealed(ks[0], bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(s.path(d))
		if err != nil {
			t.Fatal(err)
		}
		header := len(raw) - len(b) - 16*max(1, (len(b)+chunk-17)/(chunk-16))
		switch rapid.IntRange(0, 3).Draw(t, "damage") {
		case 0: // one bit
			raw[rapid.IntRange(0, len(raw)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		case 1: // the end is missing, often at the border of a chunk
			if len(b) > chunk && rapid.Bool().Draw(t, "border") {
				raw = raw[:header+chunk]
			} else {
				raw = raw[:rapid.IntRange(0, len(raw)-1).Draw(t, "cut")]
			}
		case 2: // more behind it
			raw = append(raw, rapid.SliceOfN(rapid.Byte(), 1, 40).Draw(t, "more")...)
		case 3: // two chunks change places
			if len(raw) < header+2*chunk {
				t.Skip("no two whole chunks")
			}
			first := bytes.Clone(raw[header : header+chunk])
			copy(raw[header:], raw[header+chunk:header+2*chunk])
			copy(raw[header+chunk:], first)
		}
		r, err := ks[0].Reader(bytes.NewReader(raw))
		if err == nil {
			var got []byte
			got, err = io.ReadAll(r)
			if !bytes.HasPrefix(b, got) {
				t.Fatal("bytes came out that nobody sealed")
			}
		}
		if !errors.Is(err, seal.ErrAltered) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestDamageIsNamedAndMended(t *testing.T) {
	s := open(t)
	whole, _, err := s.Put(strings.NewReader("whole"))
	testnode.Must(t, err)
	hurt, _, err := s.Put(strings.NewReader("hurt"))
	testnode.Must(t, err)
	lost, _, err := s.Put(strings.NewReader("lost"))
	testnode.Must(t, err)
	testnode.Must(t, os.WriteFile(s.path(hurt), []byte("Hurt"), 0o600))
	testnode.Must(t, os.Truncate(s.path(lost), 0))
	testnode.Must(t, os.WriteFile(filepath.Join(s.dir, "notes.txt"), nil, 0o600))
	testnode.Must(t, os.Rename(s.path(whole), filepath.Join(filepath.Dir(s.path(hurt)), whole.String())))
	rep, err := s.Check(t.Context())
	testnode.Must(t, err)
	if len(rep.Damaged) != 2 || len(rep.Strange) != 2 || rep.Blobs != 2 {
		t.Errorf("check: %+v", rep)
	}
	for _, text := range []string{"whole", "hurt", "lost"} {
		_, _, err := s.Put(strings.NewReader(text))
		testnode.Must(t, err)
	}
	rep, err = s.Check(t.Context())
	testnode.Must(t, err)
	if len(rep.Damaged) != 0 || rep.Blobs != 3 {
		t.Errorf("after they were put again: %+v", rep)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Check(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestOnlyDigestsNameBlobs(t *testing.T) {
	d, _, err := open(t).Put(strings.NewReader("x"))
	testnode.Must(t, err)
	for _, s := range []string{"", "x", "../../etc/passwd", strings.Repeat("/", 64), strings.Repeat("..", 32), strings.ToUpper(d.String()), d.String()[:63], d.String() + "0", d.String()[:62] + "\x00\x00"} {
		if got, err := Parse(s); err == nil {
			t.Errorf("%q was read as %s", s, got)
		}
	}
	if got, err := Parse(d.String()); err != nil || got != d {
		t.Errorf("%s was read as %s: %v", d, got, err)
	}
	var e Digest
	if err := e.UnmarshalText([]byte("../x")); err == nil || e != (Digest{}) {
		t.Errorf("got %s, %v", e, err)
	}
}

func TestWrongBytesUnderADigestAreRefused(t *testing.T) {
	s := open(t)
	d, _, err := open(t).Put(strings.NewReader("right"))
	testnode.Must(t, err)
	if _, err := s.Open(d); !errors.Is(err, ErrMissing) || s.Has(d) {
		t.Errorf("got %v", err)
	}
	if _, err := s.PutAs(d, strings.NewReader("wrong")); !errors.Is(err, ErrDamaged) || s.Has(d) {
		t.Errorf("got %v", err)
	}
	n, err := s.PutAs(d, strings.NewReader("right"))
	if err != nil || n != 5 || !s.Has(d) {
		t.Errorf("got %d, %v", n, err)
	}
	testnode.Must(t, s.Delete(d))
	testnode.Must(t, s.Delete(d))
	if s.Has(d) {
		t.Error("it is still here")
	}
	nothingLeft(t, s)
}

// nothingLeft wants no temporary file.
func nothingLeft(t *testing.T, s *Store) {
	t.Helper()
	left, err := os.ReadDir(s.temps())
	testnode.Must(t, err)
	for _, e := range left {
		t.Errorf("%s is left behind", e.Name())
	}
}

func TestFailedReaderLeavesNothing(t *testing.T) {
	s := open(t)
	want := errors.New("the link broke")
	_, _, err := s.Put(io.MultiReader(strings.NewReader("half"), iotest.ErrReader(want)))
	if !errors.Is(err, want) {
		t.Errorf("got %v", err)
	}
	nothingLeft(t, s)
	rep, err := s.Check(t.Context())
	testnode.Must(t, err)
	if rep.Blobs != 0 {
		t.Errorf("check: %+v", rep)
	}
}

func TestFullDiskIsSaid(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("this system has no /dev/full")
	}
	s := open(t)
	before, _, err := s.Put(strings.NewReader("before"))
	testnode.Must(t, err)
	works := s.temp
	s.temp = func() (*os.File, error) {
		// A name of our own folder for a device on which every write fails as on a full disk.
		name := filepath.Join(s.temps(), "full")
		if err := os.Symlink("/dev/full", name); err != nil {
			return nil, err
		}
		return os.OpenFile(name, os.O_WRONLY, 0)
	}
	if _, _, err := s.Put(strings.NewReader("more")); !errors.Is(err, store.ErrFull) {
		t.Errorf("got %v, want ErrFull", err)
	}
	nothingLeft(t, s)
	if got := read(t, must(s.Open(before)), nil); string(got) != "before" {
		t.Errorf("reading gives %q", got)
	}
	s.temp = works
	_, _, err = s.Put(strings.NewReader("more"))
	testnode.Must(t, err)
}

func must(f File, err error) File {
	if err != nil {
		panic(err)
	}
	return f
}

func TestCrashInTheMiddleIsSweptAtOpen(t *testing.T) {
	s := open(t)
	d, _, err := s.Put(strings.NewReader("kept"))
	testnode.Must(t, err)
	old, young := filepath.Join(s.temps(), "old"), filepath.Join(s.temps(), "young")
	for _, name := range []string{old, young} {
		testnode.Must(t, os.WriteFile(name, []byte("half a photogr"), 0o600))
	}
	testnode.Must(t, os.Chtimes(old, time.Time{}, time.Now().Add(-2*stale)))
	s, err = Open(s.dir, nil)
	testnode.Must(t, err)
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Errorf("what a crash left is still there: %v", err)
	}
	if _, err := os.Stat(young); err != nil {
		t.Errorf("what another process is writing was removed: %v", err)
	}
	rep, err := s.Check(t.Context())
	testnode.Must(t, err)
	if rep.Blobs != 1 || len(rep.Damaged)+len(rep.Strange) != 0 || !s.Has(d) {
		t.Errorf("check: %+v", rep)
	}
}

func TestTogether(t *testing.T) {
	s := open(t)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for j := range 20 {
				text := strings.Repeat(string(rune('a'+j)), 1000+i%2)
				d, _, err := s.Put(strings.NewReader(text))
				if err != nil {
					t.Error(err)
					return
				}
				if got := read(t, must(s.Open(d)), nil); string(got) != text {
					t.Errorf("%s holds other bytes", d)
				}
			}
		})
	}
	wg.Wait()
	nothingLeft(t, s)
	rep, err := s.Check(t.Context())
	testnode.Must(t, err)
	if rep.Blobs != 40 || len(rep.Damaged) != 0 {
		t.Errorf("check: %+v", rep)
	}
}
