package fact_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/testnode/toy"
)

// issue is a grant that any node may try to write.
func issue(to *testnode.Node, kinds, streams []string, saw ...fact.Ref) fact.New {
	return fact.New{Stream: "commons", Kind: fact.GrantIssued, Subject: to.Node(), Prev: saw, Body: fact.GrantTo(to.Own, "box", kinds, streams)}
}

func revoke(of *testnode.Node, after map[string]uint64) fact.New {
	return fact.New{Stream: "commons", Kind: fact.GrantRevoked, Subject: of.Node(), Body: fact.Withdrawn{After: after, Reason: "lost"}}
}

var everything = []string{"*"}

func TestGrantsReachThroughLevels(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		hub := node(t, e)
		region := hub.Box(testnode.Place(t, store.SQLite), toy.Registry(), everything, everything)
		b := testnode.New(t, testnode.Place(t, store.SQLite), toy.Registry())
		must(t, b.SetRoot(ctx, hub.Node()))
		s := id.New()
		refs := write(t, b, count(s, "a", 1))
		if b.May(toy.KindCounted, centre) {
			t.Error("a box that nobody granted anything may write")
		}
		grant := write(t, region, issue(b, []string{"toy.*"}, []string{"centre/*"}))
		testnode.Meet(hub, region, b)
		for _, n := range []*testnode.Node{hub, region, b} {
			wantState(t, n, grant[0], fact.Effective)
			wantState(t, n, refs[0], fact.Effective)
			n.Whole()
		}
		if !b.May(toy.KindCounted, centre) || b.May(toy.KindNamed, centre) || b.May(toy.KindCounted, "commons") {
			t.Error("the box may write other things than it was granted")
		}
		testnode.Same(t, hub, region, b)
	})
}

// Nobody gives what he does not hold.
func TestGrantIsNoWiderThanItsWriters(t *testing.T) {
	hub := node(t, store.SQLite)
	region := hub.Box(testnode.Place(t, store.SQLite), toy.Registry(), []string{"grant.*", "toy.*"}, []string{"commons", centre})
	b := node(t, store.SQLite)
	s := id.New()
	yes := write(t, b, count(s, "a", 1))
	f := count(s, "a", 10)
	f.Stream = "centre/" + id.New().String()
	no := write(t, b, f)
	also := register(t, b, "Amina", "a")
	write(t, region, issue(b, everything, everything))
	b.Carry(hub)
	region.Carry(hub)
	wantState(t, hub, yes[0], fact.Effective)
	wantState(t, hub, no[0], fact.Ungranted)
	wantState(t, hub, fact.Ref{Stream: centre, Node: b.Node(), Seq: 2}, fact.Ungranted)
	if x, people := total(t, hub, "a"); x != 1 || people != 0 {
		t.Errorf("%d counted, %d people (%s)", x, people, also)
	}
	// What the region is given later, it has given too.
	hub.Grant(region.Own, everything, everything)
	wantState(t, hub, no[0], fact.Effective)
	hub.Whole()
}

// A box that may not grant cannot make itself more than it is.
func TestGrantNeedsAGrant(t *testing.T) {
	hub := node(t, store.SQLite)
	b := box(t, store.SQLite, hub)
	c := node(t, store.SQLite)
	s := id.New()
	refs := write(t, c, count(s, "a", 1))
	g := write(t, b, issue(c, everything, everything), issue(b, everything, everything))
	testnode.Meet(hub, b)
	c.Carry(hub)
	wantState(t, hub, g[0], fact.Ungranted)
	wantState(t, hub, g[1], fact.Ungranted)
	wantState(t, hub, refs[0], fact.Ungranted)
	// Nor does somebody else's key under its name count, nor a grant in another stream than commons.
	forged := issue(b, everything, everything)
	forged.Subject = c.Node()
	refs = write(t, hub, forged)
	wantState(t, hub, refs[0], fact.Ungranted)
	hub.Whole()
}

// Two nodes of one level cannot revoke each other, and neither can revoke the hub.
func TestMutualRevocationsCannotDeadlock(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		hub := node(t, e)
		a := hub.Box(testnode.Place(t, store.SQLite), toy.Registry(), everything, everything)
		b := hub.Box(testnode.Place(t, store.SQLite), toy.Registry(), everything, everything)
		s := id.New()
		ra := write(t, a, revoke(b, nil), revoke(hub, nil), count(s, "a", 1))
		rb := write(t, b, revoke(a, nil), revoke(hub, nil), count(s, "a", 2))
		testnode.Meet(hub, a, b)
		for _, n := range []*testnode.Node{hub, a, b} {
			for _, refs := range [][]fact.Ref{ra, rb} {
				wantState(t, n, refs[0], fact.Ungranted)
				wantState(t, n, refs[1], fact.Ungranted)
				wantState(t, n, refs[2], fact.Effective)
			}
			n.Whole()
		}
		testnode.Same(t, hub, a, b)
		if x, _ := total(t, hub, "a"); x != 3 {
			t.Errorf("the sum is %d", x)
		}
	})
}

// What a revoked node granted before stands; what it grants after does not.
func TestRevocationOfAGiver(t *testing.T) {
	hub := node(t, store.SQLite)
	region := hub.Box(testnode.Place(t, store.SQLite), toy.Registry(), everything, everything)
	b, c := node(t, store.SQLite), node(t, store.SQLite)
	early := write(t, region, issue(b, everything, everything))
	late := write(t, region, issue(c, everything, everything))
	rb, rc := write(t, b, count(id.New(), "a", 1)), write(t, c, count(id.New(), "a", 10))
	region.Carry(hub)
	b.Carry(hub)
	c.Carry(hub)
	if x, _ := total(t, hub, "a"); x != 11 {
		t.Errorf("the sum is %d", x)
	}
	hub.Revoke(region.Node(), map[string]uint64{"commons": early[0].Seq})
	wantState(t, hub, late[0], fact.Revoked)
	wantState(t, hub, rb[0], fact.Effective)
	wantState(t, hub, rc[0], fact.Ungranted)
	if x, _ := total(t, hub, "a"); x != 1 {
		t.Errorf("the sum is %d", x)
	}
	hub.Whole()
}

// A revocation that was a mistake is lifted by a grant that names it; one that does not name it leaves it standing.
func TestGrantAgain(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		hub := node(t, e)
		b := box(t, store.SQLite, hub)
		s := id.New()
		refs := write(t, b, count(s, "a", 1))
		b.Carry(hub)
		r := hub.Revoke(b.Node(), nil)
		wantState(t, hub, refs[0], fact.Revoked)
		hub.Grant(b.Own, []string{"toy.*"}, []string{centre})
		wantState(t, hub, refs[0], fact.Revoked)
		if n := hub.CountOf("fact_grant WHERE revoked > 0"); n != 1 {
			t.Error("the table shows no revocation")
		}
		// The box itself cannot lift it.
		refs = append(refs, write(t, b, issue(b, everything, everything, r))...)
		b.Carry(hub)
		wantState(t, hub, refs[0], fact.Revoked)
		refs = append(refs, write(t, hub, issue(b, []string{"toy.*"}, []string{centre}, r))...)
		wantState(t, hub, refs[0], fact.Effective)
		if n := hub.CountOf("fact_grant WHERE revoked > 0"); n != 0 {
			t.Error("the table still shows the revocation")
		}
		if x, _ := total(t, hub, "a"); x != 1 {
			t.Errorf("the sum is %d", x)
		}
		hub.Whole()
	})
}

// A higher level's grant does not lift what a lower one revoked.
func TestLiftingNeedsTheLevel(t *testing.T) {
	hub := node(t, store.SQLite)
	region := hub.Box(testnode.Place(t, store.SQLite), toy.Registry(), everything, everything)
	b := box(t, store.SQLite, hub)
	refs := write(t, b, count(id.New(), "a", 1))
	b.Carry(hub)
	r := hub.Revoke(b.Node(), nil)
	hub.Carry(region)
	write(t, region, issue(b, everything, everything, r))
	region.Carry(hub)
	wantState(t, hub, refs[0], fact.Revoked)
	hub.Whole()
}

// A centre works alone, and is then paired: what it wrote counts from when the hub grants it.
func TestPairing(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		b, hub := node(t, e), node(t, store.SQLite)
		s := id.New()
		refs := write(t, b, count(s, "a", 1))
		must(t, b.SetRoot(ctx, hub.Node()))
		wantState(t, b, refs[0], fact.Ungranted)
		if x, _ := total(t, b, "a"); x != 0 || b.Root() != hub.Node() {
			t.Errorf("the sum is %d", x)
		}
		b.Whole()
		hub.Grant(b.Own, everything, []string{centre})
		testnode.Meet(hub, b)
		if x, _ := total(t, b, "a"); x != 1 {
			t.Errorf("granted, the sum is %d", x)
		}
		testnode.Same(t, hub, b)
		must(t, b.Stop())
		b.Start()
		if b.Root() != hub.Node() {
			t.Error("the root is forgotten")
		}
		b.Whole()
		hub.Whole()
	})
}

// The facts of one turn bring a subject in and change the authority over it: nothing may be summed twice.
func TestGrantInTheTurnOfABirth(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		hub := node(t, store.SQLite)
		b := hub.Box(testnode.Place(t, e), toy.Registry(), everything, everything)
		c := node(t, store.SQLite)
		// b is a level-1 node; the hub's revocation and new grant of b arrive in one batch with b's own facts in between.
		s := count(id.New(), "a", 1)
		s.Born = true
		write(t, b, s, issue(c, everything, everything))
		r := hub.Revoke(b.Node(), nil)
		write(t, hub, issue(b, everything, everything, r))
		testnode.Meet(hub, b)
		u := count(id.New(), "a", 2)
		u.Born = true
		write(t, b, issue(c, []string{"x.*"}, everything), u, revoke(c, nil))
		if x, _ := total(t, b, "a"); x != 3 {
			t.Errorf("the sum is %d", x)
		}
		b.Whole()
		testnode.Meet(hub, b)
		testnode.Same(t, hub, b)
	})
}

// However grants and revocations of a few nodes are drawn and whatever way they travel, all nodes end with the same
// states and rows, which are those of a replay.
func TestAuthorityIsTheSameEverywhere(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		hub := fast(t)
		nodes := []*testnode.Node{hub}
		for range 3 {
			n := fast(t)
			must(t, n.SetRoot(ctx, hub.Node()))
			nodes = append(nodes, n)
		}
		defer func() {
			for _, n := range nodes {
				n.Stop()
			}
		}()
		pick := func(what string) *testnode.Node { return rapid.SampledFrom(nodes).Draw(rt, what) }
		patterns := rapid.SampledFrom([][]string{{"*"}, {"toy.*"}, {"grant.*", "toy.*"}, {"grant.*"}})
		streams := rapid.SampledFrom([][]string{{"*"}, {centre}, {"commons"}, {"commons", centre}})
		subjects := []id.ID{id.New(), id.New()}
		written := map[id.ID][]fact.Ref{}
		var grants []fact.Ref
		for range rapid.IntRange(1, 15).Draw(rt, "steps") {
			n, other := pick("writer"), pick("about")
			s := rapid.SampledFrom(subjects).Draw(rt, "subject")
			switch rapid.IntRange(0, 5).Draw(rt, "what") {
			case 0, 1:
				var saw []fact.Ref
				if len(grants) > 0 && rapid.Bool().Draw(rt, "names one") {
					saw = []fact.Ref{rapid.SampledFrom(grants).Draw(rt, "named")}
				}
				grants = append(grants, write(t, n, issue(other, patterns.Draw(rt, "kinds"), streams.Draw(rt, "streams"), saw...))...)
			case 2:
				after := map[string]uint64{}
				for _, st := range []string{"commons", centre} {
					after[st] = uint64(rapid.IntRange(0, 4).Draw(rt, "after"))
				}
				grants = append(grants, write(t, n, revoke(other, after))...)
			case 3:
				written[s] = append(written[s], write(t, n, count(s, "a", 1))...)
			case 4:
				if len(written[s]) > 0 {
					v := rapid.SampledFrom([]func(id.ID, ...fact.Ref) fact.New{void, admit}).Draw(rt, "verdict")
					written[s] = append(written[s], write(t, n, v(s, rapid.SampledFrom(written[s]).Draw(rt, "named")))...)
				}
			case 5:
				if n != other {
					n.Carry(other)
				}
			}
		}
		testnode.Meet(nodes...)
		testnode.Same(t, nodes...)
		want := ""
		for i, n := range nodes {
			n.Whole()
			states := ""
			must(t, n.Facts(ctx, n.DB, "seq > 0", nil, func(f *fact.Fact) error {
				states += fmt.Sprintln(f.Ref(), f.State())
				return nil
			}))
			if i == 0 {
				want = sorted(states)
			} else if got := sorted(states); got != want {
				rt.Fatalf("states differ:\n%s\n%s", want, got)
			}
		}
	})
}
