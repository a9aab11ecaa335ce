package node_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tizi/internal/blob"
	"tizi/internal/node"
	"tizi/internal/store"
	"tizi/internal/testnode"
)

// speak makes the facts of two nodes speak of files, and returns their digests; none of them is anywhere.
func speak(t testing.TB, n int, ends ...*end) []blob.Digest {
	t.Helper()
	elsewhere, err := blob.Open(t.TempDir(), nil)
	must(t, err)
	var out []blob.Digest
	for i := range n {
		d, _, err := elsewhere.Put(bytes.NewReader(fmt.Appendf(nil, "file %d", i)))
		must(t, err)
		out = append(out, d)
	}
	for _, e := range ends {
		e.files[here] = append(e.files[here], out...)
	}
	return out
}

// has gives a node the file of a number.
func (e *end) has(t testing.TB, i int) {
	t.Helper()
	_, _, err := e.blobs.Put(bytes.NewReader(fmt.Appendf(nil, "file %d", i)))
	must(t, err)
}

// Files that nobody has, more of them than one question names, leave two nodes quiet that hold the same, are asked for again after a
// while, and keep none from coming that can be had.
func TestFilesThatNeverCome(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h := hub(t, e)
		a := h.box(t, store.SQLite, here)
		write(t, a, here, 3)
		files := speak(t, 1200, h, a)
		h.has(t, 1190)
		a.has(t, 1195)
		quiet := func() {
			t.Helper()
			r, w := a.call(t, h)
			if !r.Same || len(w.asked) != 1 || w.bytes > 2000 {
				t.Fatalf("nothing new took %d questions, %d bytes: %+v", len(w.asked), w.bytes, r)
			}
		}
		if r, _ := a.call(t, h); r.Files != 2 || !a.blobs.Has(files[1190]) || !h.blobs.Has(files[1195]) {
			t.Errorf("what can be had did not come: %+v", r)
		}
		for _, x := range []*end{h, a} {
			if n, err := x.Lacking(ctx); err != nil || n != 1198 {
				t.Errorf("%d files are lacking: %v", n, err)
			}
		}
		quiet()
		h.has(t, 700)
		a.has(t, 800)
		quiet() // it is too soon
		for _, x := range []*end{h, a} {
			x.Time.Move(61 * time.Minute)
		}
		if r, _ := a.call(t, h); r.Files != 2 || !a.blobs.Has(files[700]) || !h.blobs.Has(files[800]) {
			t.Errorf("what was found again did not come: %+v", r)
		}
		for _, x := range []*end{h, a} { // and less and less often
			x.Time.Move(61 * time.Minute)
		}
		quiet()
		for _, x := range []*end{h, a} {
			x.Time.Move(25 * time.Hour)
		}
		if r, _ := a.call(t, h); r.Same {
			t.Error("it is not asked for any more")
		}
	})
}

// A damaged file, on either side, keeps nothing else from coming, and the exchange ends.
func TestDamagedFile(t *testing.T) {
	h := hub(t, store.SQLite)
	a := h.box(t, store.SQLite, here)
	files := speak(t, 6, h, a)
	for i := range files {
		x := []*end{h, a}[i%2]
		x.has(t, i)
		if i < 2 {
			name := files[i].String()
			must(t, os.WriteFile(filepath.Join(x.dir, name[:2], name), []byte("filX 0"), 0o600))
		}
	}
	r, w := a.call(t, h)
	if r.Files != 4 || !slices.Contains(w.asked, node.OpSeen) {
		t.Errorf("%d files came and went: %v", r.Files, w.asked)
	}
	for i, x := range []*end{a, h, a, h, a, h} {
		if got := x.blobs.Has(files[i]); got != (i > 1) {
			t.Errorf("file %d: %v", i, got)
		}
	}
	if r, w := a.call(t, h); !r.Same {
		t.Errorf("a damaged file is brought again and again: %v", w.asked)
	}
}

// Small files travel many to a message, damaged and missing ones stop none of the others, what goes astray comes again, and a program
// that does not know such messages gets them one by one.
func TestManySmallFiles(t *testing.T) {
	for _, old := range []bool{false, true} {
		h := hub(t, store.SQLite)
		a := h.box(t, store.SQLite, here)
		write(t, a, here, 3)
		files := speak(t, 800, h, a)
		for i := range 400 {
			a.has(t, i)
			h.has(t, 400+i)
		}
		stranger, _, err := a.blobs.Put(strings.NewReader("no fact speaks of this"))
		must(t, err)
		big, _, err := a.blobs.Put(bytes.NewReader(make([]byte, 700_000)))
		must(t, err)
		a.files[here], h.files[here] = append(a.files[here], big), append(h.files[here], big)
		w := &wire{to: h, from: a.Node.Node(), spoil: func(op string, _ int) (bool, bool) { return op == node.OpGives && !old, true }}
		var link node.Link = w
		if old {
			link = older{w}
		}
		if _, err = a.Exchange(ctx, a.peer(h), link, nil); !old && !errors.Is(err, errCut) {
			t.Fatalf("the answer was lost: %v", err)
		}
		if !old {
			w = &wire{to: h, from: a.Node.Node()}
			_, err = a.Exchange(ctx, a.peer(h), w, nil)
		}
		must(t, err)
		for i, d := range append(files, big) {
			if !a.blobs.Has(d) || !h.blobs.Has(d) {
				t.Fatalf("old %v: file %d did not come", old, i)
			}
		}
		if h.blobs.Has(stranger) {
			t.Error("a file came of which no fact speaks")
		}
		if n := len(w.asked); (n > 60) != old {
			t.Errorf("old %v: %d questions: %v", old, n, w.asked)
		}
	}
}

// What one may not hold is neither given nor taken, whatever is asked.
func TestSmallFilesOfOthers(t *testing.T) {
	h := hub(t, store.SQLite)
	a := h.box(t, store.SQLite, here)
	write(t, a, here, 3)
	a.call(t, h)
	d, _, err := h.blobs.Put(strings.NewReader("of headquarters alone"))
	must(t, err)
	h.files["hub"] = []blob.Digest{d}
	ask := func(op string, body string) []byte {
		t.Helper()
		b, err := h.Serve(ctx, a.Node.Node(), op, []byte(body))
		must(t, err)
		return b
	}
	if b := ask(node.OpFiles, `{"files":["`+d.String()+`"]}`); len(b) > 20 {
		t.Errorf("given: %q", b)
	}
	for _, body := range []string{"", "{", `{"files":["zz"]}`} {
		if _, err := h.Serve(ctx, a.Node.Node(), node.OpFiles, []byte(body)); !errors.Is(err, node.ErrMessage) {
			t.Errorf("%q: %v", body, err)
		}
		if _, err := h.Serve(ctx, a.Node.Node(), node.OpGives, []byte(body+"x")); !errors.Is(err, node.ErrMessage) {
			t.Errorf("%q: %v", body, err)
		}
	}
}
