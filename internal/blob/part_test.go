package blob

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"testing"
)

func TestParts(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	whole := bytes.Repeat([]byte("une photo "), 1000)
	d := Digest(sha256.Sum256(whole))
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.Append(d, 0, whole[:4000], false))
	if s, err = Open(dir, nil); err != nil { // another day
		t.Fatal(err)
	}
	if n, ok := s.Part(d); n != 4000 || ok {
		t.Errorf("%d bytes are here, whole: %v", n, ok)
	}
	if err := s.Append(d, 3000, whole[3000:], true); !errors.Is(err, ErrPart) {
		t.Errorf("a part from before the end: %v", err)
	}
	must(s.Append(d, 4000, whole[4000:], true))
	must(s.Append(d, 0, whole, true)) // it is here
	b, size, err := s.ReadPart(d, 9000, 5000)
	must(err)
	if size != int64(len(whole)) || !bytes.Equal(b, whole[9000:]) {
		t.Errorf("%d bytes of %d were read", len(b), size)
	}
	if _, _, err := s.ReadPart(d, size+1, 1); !errors.Is(err, ErrPart) {
		t.Errorf("a part behind the end: %v", err)
	}
	other := Digest(sha256.Sum256([]byte("autre")))
	must(s.Append(other, 0, []byte("au"), false))
	if err := s.Append(other, 2, []byte("TRE"), true); !errors.Is(err, ErrDamaged) {
		t.Errorf("a damaged file: %v", err)
	}
	if n, ok := s.Part(other); n != 0 || ok || s.Has(other) {
		t.Errorf("%d bytes of a damaged file are left", n)
	}
	rep, err := s.Check(t.Context())
	must(err)
	if rep.Blobs != 1 || len(rep.Strange)+len(rep.Damaged) != 0 {
		t.Errorf("%+v", rep)
	}
	must(s.Append(other, 0, []byte("au"), false))
	must(s.Delete(other))
	if n, _ := s.Part(other); n != 0 {
		t.Error("a part outlives its file")
	}
}
