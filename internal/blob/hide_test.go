package blob

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tizi/internal/testnode"
)

var diskKey = bytes.Repeat([]byte{9}, KeySize)

// holds reports whether any file below a folder holds a word.
func holds(t testing.TB, dir, word string) (found bool) {
	t.Helper()
	testnode.Must(t, filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		found = found || bytes.Contains(b, []byte(word))
		return err
	}))
	return found
}

func TestHiddenOnTheDisk(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir, diskKey)
	testnode.Must(t, err)
	text := strings.Repeat("Zmvqwxa et ses amis. ", 20_000) // some chunks
	d, n, err := s.Put(strings.NewReader(text))
	testnode.Must(t, err)
	plain, _, err := open(t).Put(strings.NewReader(text))
	testnode.Must(t, err)
	if d != plain || n != int64(len(text)) {
		t.Errorf("%s has %d bytes, and %s without encryption", d, n, plain)
	}
	f, err := s.Open(d)
	testnode.Must(t, err)
	info, err := f.Stat()
	testnode.Must(t, err)
	if info.Size() != n {
		t.Errorf("its size is %d", info.Size())
	}
	if got := read(t, f, nil); string(got) != text {
		t.Error("another text came back")
	}
	if b, size, err := s.ReadPart(d, 70_000, 50); err != nil || size != n || string(b) != text[70_000:70_050] {
		t.Errorf("%q of %d: %v", b, size, err)
	}
	// In parts, over two days, from odd places.
	other := strings.Repeat("Zmvqwxa revient. ", 9_000)
	e, _, err := open(t).Put(strings.NewReader(other))
	testnode.Must(t, err)
	testnode.Must(t, s.Append(e, 0, []byte(other[:70_007]), false))
	testnode.Must(t, s.Append(e, 70_007, []byte(other[70_007:100_000]), false))
	if s, err = Open(dir, diskKey); err != nil {
		t.Fatal(err)
	}
	if holds(t, dir, "Zmvqwxa") {
		t.Error("a part can be read")
	}
	if have, _ := s.Part(e); have != 100_000 {
		t.Errorf("%d bytes of a part are here", have)
	}
	testnode.Must(t, s.Append(e, 100_000, []byte(other[100_000:]), true))
	whole, err := s.Open(e)
	if got := read(t, whole, err); string(got) != other {
		t.Error("the parts make another text")
	}
	if holds(t, dir, "Zmvqwxa") {
		t.Error("a file can be read")
	}
	rep, err := s.Check(t.Context())
	testnode.Must(t, err)
	if rep.Blobs != 2 || len(rep.Damaged)+len(rep.Strange) > 0 {
		t.Errorf("%+v", rep)
	}
	stranger, err := Open(dir, bytes.Repeat([]byte{1}, KeySize))
	testnode.Must(t, err)
	if _, err := stranger.Open(d); !errors.Is(err, ErrDamaged) {
		t.Errorf("with another key: %v", err)
	}
}

func TestHideAFolder(t *testing.T) {
	s := open(t)
	d, _, err := s.Put(strings.NewReader("Zmvqwxa"))
	testnode.Must(t, err)
	hurt, _, err := s.Put(strings.NewReader("Zmvqwxb"))
	testnode.Must(t, err)
	testnode.Must(t, os.WriteFile(s.path(hurt), []byte("Zmvqwxc"), 0o600))
	half, _, err := open(t).Put(strings.NewReader("Zmvqwxa on its way"))
	testnode.Must(t, err)
	testnode.Must(t, s.Append(half, 0, []byte("Zmvqwxa"), false))
	if !holds(t, s.dir, "Zmvqwx") {
		t.Fatal("this test would not find the word")
	}
	for _, want := range []int{1, 0} { // the second time there is nothing to do
		damaged, err := Hide(t.Context(), s.dir, diskKey, func() {})
		testnode.Must(t, err)
		if damaged != want {
			t.Errorf("%d are damaged, want %d", damaged, want)
		}
		if holds(t, s.dir, "Zmvqwx") {
			t.Error("a file can be read")
		}
	}
	h, err := Open(s.dir, diskKey)
	testnode.Must(t, err)
	f, err := h.Open(d)
	if got := read(t, f, err); string(got) != "Zmvqwxa" {
		t.Errorf("%q came back", got)
	}
}
