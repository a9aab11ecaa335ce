package node_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"tizi/internal/node"
	"tizi/internal/store"
	"tizi/internal/testnode"
)

// A box says how it is with each call, which stays one question and small when there is nothing else to say; one whose program
// is older says nothing, and exchanges as before.
func TestVitals(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h := hub(t, e)
		b := h.box(t, e, here)
		said := node.Vitals{Arch: "linux/arm64", DiskLeft: 310 << 20, DiskAll: 31 << 30, Cuts: 14, Doubted: 1790000000000, Saved: 1789000000000, Unsaved: true, Waiting: 12345, Held: 7}
		register(t, b, here, "Salma")
		b.call(t, h)
		heard := func() *node.Vitals {
			p, err := h.Peer(ctx, h.DB, b.Node.Node())
			must(t, err)
			return p.Vitals
		}
		if heard() != nil {
			t.Fatalf("an older program said %+v", heard())
		}
		b.Nodes.Vitals = func(context.Context, node.Peer) (*node.Vitals, error) { v := said; return &v, nil }
		r, w := b.call(t, h)
		if !r.Same || len(w.asked) != 1 || w.bytes > 1000 {
			t.Errorf("a call with nothing to say: same %v, %v, %d bytes", r.Same, w.asked, w.bytes)
		}
		got := heard()
		if got == nil || time.Since(got.SaidAt()).Abs() > 24*time.Hour*365*50 {
			t.Fatalf("heard %+v", got)
		}
		got.Said = 0
		if *got != said {
			t.Errorf("heard %+v, said was %+v", *got, said)
		}
		said = node.Vitals{DiskLeft: -1, Cuts: -5, Arch: strings.Repeat("x", 100)}
		b.call(t, h)
		if got := heard(); got.DiskLeft != 0 || got.Cuts != 0 || len(got.Arch) != 64 {
			t.Errorf("figures without sense are kept: %+v", got)
		}
	})
}
