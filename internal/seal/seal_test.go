package seal

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"tizi/internal/id"
	"tizi/internal/store"
)

func open(t *testing.T) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), store.Config{Path: filepath.Join(t.TempDir(), "seal.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Migrate(t.Context(), "seal", Schema()); err != nil {
		t.Fatal(err)
	}
	return db
}

func identity(t *testing.T) *Identity {
	t.Helper()
	n, err := NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestIdentitySurvivesTheDisk(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "node.key")
	if _, err := LoadIdentity(path, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing key: %v", err)
	}
	n := identity(t)
	if err := n.Save(path, nil); err != nil {
		t.Fatal(err)
	}
	if err := identity(t).Save(path, nil); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second node overwrites the key of the first: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the key: %v, %v", info.Mode(), err)
	}
	m, err := LoadIdentity(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if m.Node() != n.Node() || !bytes.Equal(m.Public(), n.Public()) || !bytes.Equal(m.Recipient(), n.Recipient()) {
		t.Error("another node came back")
	}
	w, err := WrapFor(n.Recipient(), "info", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := m.Unwrap("info", w); err != nil || string(b) != "secret" {
		t.Errorf("unwrapped %q, %v", b, err)
	}
	if b, err := m.Unwrap("other info", w); err == nil {
		t.Errorf("what was wrapped for one thing opens as another: %q", b)
	}
	if b, err := identity(t).Unwrap("info", w); err == nil {
		t.Errorf("another node opens it: %q", b)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, damaged := range [][]byte{{}, whole[:len(whole)/2], bytes.Replace(whole, []byte(`": 1`), []byte(`": 9`), 1), bytes.Replace(whole, []byte("ed25519_seed\": \""), []byte("ed25519_seed\": \"A"), 1), []byte("{}")} {
		os.WriteFile(path, damaged, 0o600)
		if _, err := LoadIdentity(path, nil); err == nil {
			t.Errorf("read from %q", damaged)
		}
	}
}

func TestSealedTextOpensForItsPersonOnly(t *testing.T) {
	db, ks := open(t), NewKeys(identity(t))
	if _, err := ks.New(id.New(), "hub"); !errors.As(err, new(*NoEpochError)) {
		t.Fatalf("got %v", err)
	}
	if err := ks.Begin(t.Context(), db, "hub"); err != nil {
		t.Fatal(err)
	}
	a, err := ks.New(id.New(), "hub")
	if err != nil {
		t.Fatal(err)
	}
	b, _ := ks.New(id.New(), "hub")
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		s := a.Seal(plain)
		if got, err := a.Open(s); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("opened as %q, %v", got, err)
		}
		if got, err := b.Open(s); err == nil {
			t.Fatalf("another person's key opens %q", got)
		}
		if s == a.Seal(plain) {
			t.Fatal("equal texts look equal when sealed")
		}
		spoilt := []byte(s)
		i := rapid.IntRange(0, len(spoilt)-1).Draw(t, "at")
		if spoilt[i] == 'A' {
			spoilt[i] = 'B'
		} else {
			spoilt[i] = 'A'
		}
		if got, err := a.Open(string(spoilt)); err == nil && !bytes.Equal(got, plain) {
			t.Fatalf("altered text opens as %q", got)
		}
	})
	// The same secret under another person's name is not that person's key.
	c := &Key{Person: b.Person, aeads: a.aeads}
	if got, err := c.Open(a.Seal([]byte("x"))); err == nil {
		t.Errorf("a key moved to another person opens %q", got)
	}
}

func TestKeyOfAnEpochThatNeverWas(t *testing.T) {
	db, ks := open(t), NewKeys(identity(t))
	failed := errors.New("no")
	err := db.Write(t.Context(), func(tx store.Tx) error {
		if err := ks.Rotate(t.Context(), tx, "hub", nil); err != nil {
			return err
		}
		return failed
	})
	if !errors.Is(err, failed) {
		t.Fatal(err)
	}
	// The epoch was rolled back: a key wrapped with it could never be opened again.
	if _, err := ks.New(id.New(), "hub"); err == nil {
		t.Error("a key was made in an epoch that is not on the disk")
	}
}

func TestKeysComeBackFromTheDisk(t *testing.T) {
	db, own := open(t), identity(t)
	ks := NewKeys(own)
	persons := make([]id.ID, 200) // more than one query asks for
	sealed := make([]string, len(persons))
	for _, stream := range []string{"hub", "centre/x"} {
		if err := ks.Begin(t.Context(), db, stream); err != nil {
			t.Fatal(err)
		}
	}
	err := db.Write(t.Context(), func(tx store.Tx) error {
		var keys []*Key
		for i := range persons {
			persons[i] = id.New()
			k, err := ks.New(persons[i], []string{"hub", "centre/x"}[i%2])
			if err != nil {
				return err
			}
			sealed[i] = k.Seal([]byte{byte(i)})
			keys = append(keys, k)
		}
		return ks.Insert(t.Context(), tx, keys)
	})
	if err != nil {
		t.Fatal(err)
	}
	again := NewKeys(own)
	ring := Ring{}
	if err := again.Load(t.Context(), db, ring, append(persons, id.New())); err != nil {
		t.Fatal(err)
	}
	for i, p := range persons {
		if got, err := ring[p].Open(sealed[i]); err != nil || got[0] != byte(i) {
			t.Fatalf("person %d: %v, %v", i, got, err)
		}
	}
	if len(ring) != len(persons) {
		t.Errorf("%d keys of %d people", len(ring), len(persons))
	}
	// Loading twice keeps one key of each.
	if err := again.Load(t.Context(), db, ring, persons); err != nil || len(ring[persons[0]].aeads) != 1 {
		t.Errorf("%d keys, %v", len(ring[persons[0]].aeads), err)
	}
	stranger := NewKeys(identity(t))
	if _, err := stranger.Get(t.Context(), db, persons[0]); !errors.Is(err, ErrNoKey) {
		t.Errorf("a node that nothing was wrapped for: %v", err)
	}
}

func TestEpochsAreNamedInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var newest id.ID
		copy(newest[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "newest"))
		newest[0] &= 0x7f // a time after the year 6000 has no successor forever
		next := nextEpoch(newest)
		if bytes.Compare(next[:], newest[:]) <= 0 {
			t.Fatalf("%s comes before %s", next, newest)
		}
	})
}

// A padded file is read from anywhere, and its bytes say nothing.
func TestPad(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "plain")
		var b bytes.Buffer
		p := NewPad()
		w := p.Writer(&b)
		cut := rapid.IntRange(0, len(plain)).Draw(t, "cut")
		w.Write(bytes.Clone(plain[:cut]))
		w.Write(bytes.Clone(plain[cut:]))
		if len(plain) > 8 && bytes.Contains(b.Bytes(), plain[:8]) {
			t.Fatal("it lies there in clear")
		}
		from := rapid.IntRange(0, len(plain)).Draw(t, "from")
		got := make([]byte, rapid.IntRange(0, len(plain)-from).Draw(t, "n"))
		if n, err := p.ReaderAt(bytes.NewReader(b.Bytes())).ReadAt(got, int64(from)); n != len(got) || err != nil && err != io.EOF || !bytes.Equal(got, plain[from:from+n]) {
			t.Fatalf("from %d: %d bytes, %v", from, n, err)
		}
	})
}
