package node_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"tizi/internal/node"
	"tizi/internal/release"
	"tizi/internal/store"
)

// signed is a release of a program that nobody runs, for some machine.
func signed(t testing.TB, private, arch, version string) []byte {
	t.Helper()
	head := make([]byte, 64) // of a program, with nothing in it
	copy(head, "\x7fELF\x02\x01\x01")
	head[16], head[18], head[20], head[52] = 2, map[string]byte{"linux/amd64": 62, "linux/arm64": 183}[arch], 1, 64
	more := make([]byte, 900<<10)
	rand.NewChaCha8([32]byte{1}).Read(more)
	f, err := os.CreateTemp(t.TempDir(), "")
	must(t, err)
	defer f.Close()
	_, err = f.Write(append(head, more...))
	must(t, err)
	var b bytes.Buffer
	_, err = release.Sign(f, version, "2026-11-27", private, &b)
	must(t, err)
	return b.Bytes()
}

func (e *end) shelf(t testing.TB, keys *release.Keys) {
	t.Helper()
	var err error
	e.Releases, err = release.OpenShelf(t.TempDir(), keys)
	must(t, err)
}

func (e *end) add(t testing.TB, file []byte) {
	t.Helper()
	_, err := e.Releases.Add(bytes.NewReader(file))
	must(t, err)
}

// shelved returns the versions that are here whole.
func (e *end) shelved(t testing.TB) string {
	t.Helper()
	all, err := e.Releases.List()
	must(t, err)
	var out []string
	for _, r := range all {
		out = append(out, r.Version+" "+r.Arch)
	}
	return strings.Join(out, ", ")
}

var otherArch = map[string]string{"linux/amd64": "linux/arm64", "linux/arm64": "linux/amd64"}[node.Arch]

// A release goes from headquarters to a box, in parts, after the facts; what came before the link was cut stays. Once it is there, a
// call with nothing to say is one question again. A region takes what its boxes need too.
func TestReleaseComesWithAnExchange(t *testing.T) {
	private, public, err := release.NewKey()
	must(t, err)
	keys, err := release.ReadKeys(public)
	must(t, err)
	h := hub(t, store.SQLite)
	b := h.box(t, store.SQLite, here)
	b.Program = "1.3.0"
	h.shelf(t, keys)
	b.shelf(t, keys)
	b.call(t, h)
	h.add(t, signed(t, private, node.Arch, "1.4.0"))
	h.add(t, signed(t, private, otherArch, "1.4.0"))
	register(t, b, here, "Salma")
	for parts := 1; ; parts++ {
		asked := 0
		w := &wire{to: h, from: b.Node.Node(), spoil: func(op string, _ int) (bool, bool) {
			if op == node.OpProgram {
				asked++
			}
			return op == node.OpProgram && asked > 1, false
		}}
		r, err := b.Exchange(ctx, b.peer(h), w, nil)
		must(t, err) // the facts came
		if r.Release != "" {
			if parts < 3 {
				t.Errorf("it came in %d parts", parts)
			}
			break
		}
		if r.ReleaseFault == nil || parts > 20 {
			t.Fatalf("after %d parts: %v", parts, r.ReleaseFault)
		}
	}
	if got, want := b.shelved(t), "1.4.0 "+node.Arch; got != want {
		t.Errorf("the box has %q", got)
	}
	r, w := b.call(t, h)
	if !r.Same || len(w.asked) != 1 || w.bytes > 1000 {
		t.Errorf("then a call asks %v in %d bytes", w.asked, w.bytes)
	}
	// One that is no newer than what runs is not fetched, and one that is not signed as it should be is not taken.
	b.shelf(t, keys)
	b.Program = "1.4.0"
	if _, w := b.call(t, h); len(w.asked) != 1 {
		t.Errorf("for what runs it asks %v", w.asked)
	}
	b.Program = "1.3.0"
	_, strangePublic, err := release.NewKey()
	must(t, err)
	others, err := release.ReadKeys(strangePublic)
	must(t, err)
	b.shelf(t, others)
	if r, w := b.call(t, h); r.ReleaseFault == nil || slices.Contains(w.asked, node.OpProgram) || b.shelved(t) != "" {
		t.Errorf("signed with another key: %v, asked %v", r.ReleaseFault, w.asked)
	}
	// Nobody asks who trusts no key.
	b.shelf(t, nil)
	if _, w := b.call(t, h); len(w.asked) != 1 {
		t.Errorf("without a key it asks %v", w.asked)
	}
}

// A box far from any link gets it with a bundle, once headquarters knows what machine it is.
func TestReleaseComesWithABundle(t *testing.T) {
	private, public, err := release.NewKey()
	must(t, err)
	keys, err := release.ReadKeys(public)
	must(t, err)
	h := hub(t, store.SQLite)
	b := h.box(t, store.SQLite, here)
	b.Program = "1.3.0"
	b.join(t, h)
	h.shelf(t, keys)
	h.add(t, signed(t, private, node.Arch, "1.4.0"))
	vitals := node.Vitals{Arch: node.Arch}
	b.Nodes.Vitals = func(context.Context, node.Peer) (*node.Vitals, error) { v := vitals; return &v, nil }
	b.Releases = nil // the first call brings none
	b.call(t, h)
	b.shelf(t, keys)
	give := func() int {
		var file bytes.Buffer
		_, err := h.Bundle(ctx, b.Node.Node(), &file)
		must(t, err)
		_, faults, err := b.Take(ctx, bytes.NewReader(file.Bytes()))
		must(t, err)
		if len(faults) > 0 {
			t.Error(faults)
		}
		return file.Len()
	}
	large := give()
	if got, want := b.shelved(t), "1.4.0 "+node.Arch; got != want || large < 900<<10 {
		t.Errorf("a bundle of %d bytes brought %q", large, got)
	}
	vitals.Ready = "1.4.0"
	b.call(t, h)
	if n := give(); n > 100<<10 {
		t.Errorf("it brings it again: %d bytes", n)
	}
	// One that the box does not trust keeps nothing else from being taken.
	vitals.Ready = ""
	b.call(t, h)
	_, strange, err := release.NewKey()
	must(t, err)
	others, err := release.ReadKeys(strange)
	must(t, err)
	b.shelf(t, others)
	p := register(t, h, here, "Salma")
	if give(); b.shelved(t) != "" || name(t, b, p) != "Salma" {
		t.Errorf("it has %q, and knows %q", b.shelved(t), name(t, b, p))
	}
}
