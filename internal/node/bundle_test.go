package node_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"testing"

	"tizi/internal/blob"
	"tizi/internal/id"
	"tizi/internal/node"
	"tizi/internal/seal"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/testnode/toy"
)

func (e *end) bundle(t testing.TB, to *end) ([]byte, node.BundleHead) {
	t.Helper()
	var b bytes.Buffer
	h, err := e.Bundle(ctx, to.Node.Node(), &b)
	must(t, err)
	return b.Bytes(), h
}

func (e *end) takes(t testing.TB, b []byte) node.Receipt {
	t.Helper()
	r, faults, err := e.Take(ctx, bytes.NewReader(b))
	must(t, err)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return r
}

// join pairs a box with the hub by hand, as the pages do.
func (e *end) join(t testing.TB, h *end) {
	t.Helper()
	must(t, e.Join(ctx, "", node.Answer{Public: h.Own.Public(), Recipient: h.Own.Recipient(), Root: h.Root()}, "1", "1"))
}

func TestBundles(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h := hub(t, e)
		a := h.box(t, store.SQLite, here)
		a.join(t, h)
		write(t, h, "commons", 30)
		d, _, err := a.blobs.Put(bytes.NewReader(bytes.Repeat([]byte("photo"), 500_000)))
		must(t, err)
		a.files[here], h.files[here] = []blob.Digest{d}, []blob.Digest{d}
		// A box knows that it may exchange from the first bundle of headquarters.
		down, _ := h.bundle(t, a)
		a.takes(t, down)
		p := register(t, a, here, "Amina")
		write(t, a, here, 5000)
		up, head := a.bundle(t, h)
		r := h.takes(t, up)
		if r.Added != head.Facts || head.Facts != 5001 || head.Files != 1 || !h.blobs.Has(d) || name(t, h, p) != "Amina" {
			t.Errorf("%+v, of %+v; %q is read", r, head, name(t, h, p))
		}
		if again := h.takes(t, up); again.Added != 0 {
			t.Errorf("twice brings %d more", again.Added)
		}
		receipt, err := json.Marshal(r)
		must(t, err)
		_, err = a.Confirm(ctx, receipt)
		must(t, err)
		write(t, a, here, 7)
		small, head := a.bundle(t, h)
		if head.Facts != 7 || len(small) > 60_000 && head.Files == 0 {
			t.Errorf("after the receipt the bundle has %d facts, %d bytes", head.Facts, len(small))
		}
		if r := h.takes(t, small); r.Added != 7 {
			t.Errorf("%d were added", r.Added)
		}
		forged := bytes.Replace(receipt, []byte(`"added":5001`), []byte(`"added":5002`), 1)
		if _, err := a.Confirm(ctx, forged); !errors.Is(err, node.ErrReceipt) {
			t.Errorf("a forged receipt: %v", err)
		}
		h.Whole()
		a.Whole()
		testnode.Same(t, h.Node, a.Node)
	})
}

var atByte = regexp.MustCompile(`at byte (\d+)`)

// sealedChunk is how many bytes of a sealed file stand or fall together.
const sealedChunk = 64<<10 + 16

// A bundle that is cut short, damaged or another's is refused whole, with the place named.
func TestBadBundles(t *testing.T) {
	h := hub(t, store.SQLite)
	a, b := h.box(t, store.SQLite, here), h.box(t, store.SQLite, there)
	for _, x := range []*end{a, b} {
		x.join(t, h)
		x.call(t, h)
	}
	write(t, a, here, 20_000)
	whole, _ := a.bundle(t, h)
	refused := func(what string, bundle []byte, at int) {
		t.Helper()
		before := h.CountOf("fact")
		_, _, err := h.Take(ctx, bytes.NewReader(bundle))
		if m := atByte.FindStringSubmatch(fmt.Sprint(err)); !errors.Is(err, node.ErrBundle) || m == nil {
			t.Errorf("%s at %d: %v", what, at, err)
		} else if got, _ := strconv.Atoi(m[1]); got > at || got < at-sealedChunk {
			t.Errorf("%s at %d is said to be so at %d", what, at, got)
		}
		if h.CountOf("fact") != before {
			t.Errorf("%s: something of it was kept", what)
		}
	}
	for _, n := range []int{0, 10, 100, len(whole) / 2, len(whole) - 1} {
		refused("cut short", whole[:n], n)
	}
	const header = 2000 // in it is for whom it is: who cannot open it cannot tell why
	for i := header; i < len(whole); i += len(whole)/40 + 1 {
		bad := bytes.Clone(whole)
		bad[i] ^= 0x40
		refused("damaged", bad, i)
	}
	bad := bytes.Clone(whole)
	bad[200] ^= 0x40
	if _, _, err := h.Take(ctx, bytes.NewReader(bad)); !errors.Is(err, seal.ErrNotFor) {
		t.Errorf("damaged in its header: %v", err)
	}
	refused("longer", append(bytes.Clone(whole), "more"...), len(whole)+4)
	other, _ := b.bundle(t, h)
	if _, _, err := a.Take(ctx, bytes.NewReader(other)); !errors.Is(err, seal.ErrNotFor) {
		t.Errorf("another's: %v", err)
	}
	stranger := connect(t, testnode.New(t, testnode.Fast(t), toy.Registry()))
	if _, err := stranger.Bundle(ctx, h.Node.Node(), new(bytes.Buffer)); !errors.Is(err, node.ErrNobody) {
		t.Errorf("for nobody: %v", err)
	}
	if r := h.takes(t, whole); r.Added != 20_000 {
		t.Errorf("the whole one brought %d", r.Added)
	}
}

// Files go once: not again to whoever said that it has them, nor back to where they came from; what was lost since goes again. A
// file of which no fact speaks is not kept.
func TestBundlesBringFilesOnce(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h := hub(t, e)
		a := h.box(t, store.SQLite, here)
		a.join(t, h)
		a.call(t, h)
		files := speak(t, 3, h, a)
		alone := speak(t, 4)[3]
		a.files[here] = append(a.files[here], alone)
		for i := range 4 {
			if i != 1 {
				a.has(t, i)
			}
		}
		count := func(from, to *end, want int) []byte {
			t.Helper()
			b, head := from.bundle(t, to)
			if head.Files != want {
				t.Errorf("%d files in the bundle, and %d should be", head.Files, want)
			}
			return b
		}
		receipt := func(b []byte) {
			t.Helper()
			said, err := json.Marshal(h.takes(t, b))
			must(t, err)
			_, err = a.Confirm(ctx, said)
			must(t, err)
		}
		first := count(a, h, 3)
		count(a, h, 3) // nobody said that it came
		receipt(first)
		if !h.blobs.Has(files[0]) || h.blobs.Has(files[1]) || !h.blobs.Has(files[2]) || h.blobs.Has(alone) {
			t.Error("what came is not what should")
		}
		count(h, a, 0)
		a.has(t, 1)
		receipt(count(a, h, 1))
		receipt(count(a, h, 0))
		must(t, h.blobs.Delete(files[2]))
		a.takes(t, count(h, a, 0))
		receipt(count(a, h, 1))
		if !h.blobs.Has(files[2]) {
			t.Error("what was lost did not come again")
		}
	})
}

// A box that was revoked brings what it wrote before, and no key that others would write under.
func TestBundleOfRevokedBox(t *testing.T) {
	h := hub(t, store.SQLite)
	a := h.box(t, store.SQLite, here)
	a.join(t, h)
	a.call(t, h)
	p := register(t, a, here, "Amina")
	must(t, a.DB.Write(ctx, func(tx store.Tx) error {
		return a.Keys.Rotate(ctx, tx, here, map[id.ID][]byte{h.Node.Node(): h.Own.Recipient()})
	}))
	b, _ := a.bundle(t, h)
	before := h.CountOf("seal_epoch")
	h.Node.Revoke(a.Node.Node(), map[string]uint64{here: 1})
	if r := h.takes(t, b); r.Added != 1 || h.CountOf("fact WHERE subject = ?", p) != 1 {
		t.Errorf("it brought %d facts", r.Added)
	}
	if n := h.CountOf("seal_epoch") - before; n != 0 {
		t.Errorf("%d epochs of a revoked box were taken", n)
	}
}
