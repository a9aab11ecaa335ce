package fact_test

import (
	"testing"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/testnode/toy"
)

func sheet(t *testing.T) *seal.Identity {
	t.Helper()
	k, err := seal.NewIdentity()
	must(t, err)
	return k
}

func reserve(n *testnode.Node, k *seal.Identity, stream string, saw ...fact.Ref) fact.New {
	return fact.New{Stream: stream, Kind: fact.GrantReserved, Subject: n.Node(), Prev: saw, Body: fact.Reserve(k.Public())}
}

// What a recovery key gives is no more than the box could write, in its centre, and no grants; and the order in which anything of it
// comes changes nothing.
func TestRecoveryGivesNoMoreThanTheBoxHad(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		hub := node(t, e)
		old := hub.Box(testnode.Place(t, store.SQLite), toy.Registry(), everything, []string{centre})
		other := "centre/" + id.New().String()
		k, foreign := sheet(t), sheet(t)
		write(t, old, reserve(old, k, centre), reserve(old, foreign, other))
		next := node(t, store.SQLite)
		must(t, next.SetRoot(ctx, hub.Node()))
		old.Carry(next)
		must(t, next.Recover(ctx, k))
		if next.May(fact.GrantReserved, centre) || next.May(fact.GrantIssued, "commons") || next.May(toy.KindCounted, other) || !next.May(toy.KindCounted, centre) {
			t.Error("it may write other things than the box could")
		}
		wantErr(t, next.Recover(ctx, foreign), fact.ErrSheet) // the box might not write there
		s := id.New()
		yes := write(t, next, count(s, "a", 1))
		no := write(t, next, reserve(next, sheet(t), centre))
		// The facts come to one node first, what allows them last; to another the other way round.
		late, early := node(t, store.SQLite), node(t, store.SQLite)
		for _, n := range []*testnode.Node{late, early} {
			must(t, n.SetRoot(ctx, hub.Node()))
		}
		next.Carry(late)
		old.Carry(late)
		hub.Carry(late)
		hub.Carry(early)
		old.Carry(early)
		next.Carry(early)
		for _, n := range []*testnode.Node{late, early} {
			wantState(t, n, yes[0], fact.Effective)
			wantState(t, n, no[0], fact.Ungranted)
			wantState(t, n, fact.Ref{Stream: centre, Node: k.Node(), Seq: 1}, fact.Effective)
			if g, ok := n.Grantee(next.Node()); !ok || !g.Provisional || n.Reads(next.Node(), centre) || !n.Writes(next.Node(), centre) {
				t.Errorf("%+v", g)
			}
			n.Whole()
		}
		testnode.Same(t, late, early)
		// Another reservation by the box takes it all back; a grant by the hub lets it count again.
		write(t, old, reserve(old, sheet(t), centre, fact.Ref{Stream: centre, Node: old.Node(), Seq: 1}))
		old.Carry(late)
		wantState(t, late, yes[0], fact.Ungranted)
		hub.Grant(next.Own, everything, []string{centre})
		hub.Carry(late)
		wantState(t, late, yes[0], fact.Effective)
		if g, _ := late.Grantee(next.Node()); g.Provisional || !late.Reads(next.Node(), centre) {
			t.Errorf("%+v", g)
		}
		late.Whole()
	})
}

// A reservation that was written after the box was revoked gives nothing.
func TestStolenBoxReservesNothing(t *testing.T) {
	hub := node(t, store.SQLite)
	old := hub.Box(testnode.Place(t, store.SQLite), toy.Registry(), everything, []string{centre})
	write(t, old, count(id.New(), "a", 1))
	old.Carry(hub)
	write(t, hub, revoke(old, map[string]uint64{centre: 1}))
	k := sheet(t)
	write(t, old, reserve(old, k, centre))
	must(t, old.Recover(ctx, k)) // it knows of nothing
	old.Carry(hub)
	wantState(t, hub, fact.Ref{Stream: centre, Node: old.Node(), Seq: 2}, fact.Revoked)
	wantState(t, hub, fact.Ref{Stream: centre, Node: k.Node(), Seq: 1}, fact.Ungranted)
	hub.Whole()
}
