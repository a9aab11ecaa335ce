package node_test

import (
	"errors"
	"fmt"
	"testing"

	"tizi/internal/id"
	"tizi/internal/node"
	"tizi/internal/seal"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/testnode/toy"
)

// pair pairs a node with the hub as the pages do.
func (h *end) pair(t testing.TB, b *end, code string, invite id.ID) {
	t.Helper()
	ask := b.Asking(code)
	answer, err := h.Answer(ctx, ask)
	must(t, err)
	number := node.Number(ask.Code, ask, answer)
	must(t, b.Join(ctx, "", answer, number, number))
	_, err = h.Accept(ctx, id.Nil, invite, number)
	must(t, err)
	up, err := b.Up(ctx, b.DB)
	must(t, err)
	_, err = b.Exchange(ctx, *up, &wire{to: h, from: b.Own.Node()}, nil)
	must(t, err)
}

// The node of a region may pair boxes, though the region has one centre so far; that of a centre may not.
func TestRegionOfOneCentre(t *testing.T) {
	h := hub(t, store.SQLite)
	for _, x := range []struct {
		invite func() (string, id.ID, error)
		want   error
	}{
		{func() (string, id.ID, error) { return h.InviteRegion(ctx, id.Nil, "region", here) }, nil},
		{func() (string, id.ID, error) { return h.Invite(ctx, id.Nil, "box", here) }, node.ErrLend},
	} {
		code, v, err := x.invite()
		must(t, err)
		b := connect(t, testnode.New(t, testnode.Place(t, store.SQLite), toy.Registry()))
		h.pair(t, b, code, v)
		if _, _, err := b.Invite(ctx, id.Nil, "another", here); !errors.Is(err, x.want) {
			t.Errorf("it pairs boxes: %v, want %v", err, x.want)
		}
		if b.CountOf("fact_grant WHERE revoked = 0") != h.CountOf("fact_grant WHERE revoked = 0") {
			t.Error("both do not know the same nodes")
		}
		// Whoever takes its place may do what it may.
		code, v, err = h.Replace(ctx, id.Nil, b.Own.Node())
		must(t, err)
		c := connect(t, testnode.New(t, testnode.Place(t, store.SQLite), toy.Registry()))
		h.pair(t, c, code, v)
		if _, _, err := c.Invite(ctx, id.Nil, "another", here); !errors.Is(err, x.want) {
			t.Errorf("the one that replaces it pairs boxes: %v, want %v", err, x.want)
		}
	}
}

// The power goes while a box is confirmed, refused or revoked: all of it has happened then, or nothing, and asked again all does.
func TestDecisionsAreWhole(t *testing.T) {
	for cut := range 6 {
		for _, kept := range []bool{false, true} {
			for _, x := range []struct {
				name   string
				decide func(h *end, old, next id.ID) error
			}{
				{"confirm", func(h *end, _, next id.ID) error { return h.ConfirmBox(ctx, id.Nil, next) }},
				{"refuse", func(h *end, _, next id.ID) error { return h.RefuseBox(ctx, id.Nil, next) }},
				{"revoke", func(h *end, old, _ id.ID) error { return h.Nodes.Revoke(ctx, id.Nil, old, "stolen") }},
			} {
				t.Run(fmt.Sprint(x.name, cut, kept), func(t *testing.T) { decisionIsWhole(t, cut, kept, x.name, x.decide) })
			}
		}
	}
}

func decisionIsWhole(t *testing.T, cut int, kept bool, name string, decide func(h *end, old, next id.ID) error) {
	disk := testnode.NewDisk(t)
	h := connect(t, testnode.New(t, disk.Place(), toy.Registry()))
	a := connect(t, testnode.New(t, testnode.Fast(t), toy.Registry()))
	must(t, a.SetRoot(ctx, h.Root()))
	must(t, h.Nodes.Grant(ctx, id.Nil, a.Own.Public(), a.Own.Recipient(), "box", []string{here}))
	a.call(t, h)
	register(t, a, here, "Amina")
	sheet, err := a.Keep(ctx, id.Nil)
	must(t, err)
	a.call(t, h)
	old := a.Own.Node()

	// Its saved folder goes on with the recovery key.
	twin := a.Copy()
	next, err := seal.NewIdentity()
	must(t, err)
	must(t, twin.DB.Write(ctx, func(tx store.Tx) error { return node.Succeed(ctx, tx, twin.Own, next) }))
	must(t, twin.Stop())
	twin.Own = next
	twin.Start()
	key, err := node.Sheet(sheet)
	must(t, err)
	must(t, twin.Recover(ctx, key))
	b := connect(t, twin)
	b.call(t, h)
	if len(h.Claims()) != 1 {
		t.Fatalf("%d boxes wait for a word", len(h.Claims()))
	}

	epochs := h.CountOf("seal_epoch WHERE node = ?", h.Own.Node())
	parts := func() string { // what belongs together
		g, _ := h.Grantee(next.Node())
		o, _ := h.Grantee(old)
		return fmt.Sprint(g.Provisional && g.Revoked == nil, o.Revoked != nil, h.Keeps(old), h.CountOf("seal_epoch WHERE node = ?", h.Own.Node())-epochs)
	}
	before := parts()
	disk.CutAt(cut, kept)
	err = decide(h, old, next.Node())
	if disk.Dead() {
		if err == nil {
			t.Error("the power went, and it is said to be done")
		}
		h.Node.Stop()
		must(t, disk.Restore())
		h.Node.Start()
		h = connect(t, h.Node)
	} else {
		must(t, err)
	}
	after := map[string]string{"confirm": "false true false 1", "refuse": "false false false 0", "revoke": "true true false 1"}[name]
	if got := parts(); got != before && got != after {
		t.Errorf("half of it happened: %s, neither %s nor %s", got, before, after)
	} else if got == before {
		must(t, decide(h, old, next.Node()))
		if got := parts(); got != after {
			t.Errorf("asked again: %s, want %s", got, after)
		}
	}
	h.Whole()
}
