package fact_test

import (
	"testing"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/testnode/toy"
)

func void(subject id.ID, refs ...fact.Ref) fact.New {
	return fact.New{Stream: centre, Kind: fact.FactVoided, Subject: subject, Prev: refs, Body: fact.Mistake{Reason: "a mistake"}}
}

func admit(subject id.ID, refs ...fact.Ref) fact.New {
	return fact.New{Stream: centre, Kind: fact.FactAdmitted, Subject: subject, Prev: refs, Body: fact.Admission{Reason: "it is ours"}}
}

// held returns the states of what waits on a node, by fact.
func held(t testing.TB, n *testnode.Node) map[fact.Ref]fact.State {
	t.Helper()
	l, err := n.Quarantine(ctx, n.DB, 100)
	must(t, err)
	out := map[fact.Ref]fact.State{}
	for _, h := range l {
		out[h.Ref] = h.State
	}
	return out
}

func TestUngrantedWaitsUntilAdmitted(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		hub := node(t, e)
		stranger := node(t, store.SQLite) // its own root, nothing to the hub
		s, u := id.New(), id.New()
		refs := write(t, stranger, count(s, "a", 5), count(u, "a", 3))
		stranger.Carry(hub)
		if got := held(t, hub); len(got) != 2 || got[refs[0]] != fact.Ungranted {
			t.Errorf("held %v", got)
		}
		if x, _ := total(t, hub, "a"); x != 0 {
			t.Errorf("the sum is %d", x)
		}
		hub.Whole()
		verdict := write(t, hub, admit(s, refs[0]))
		if x, _ := total(t, hub, "a"); x != 5 {
			t.Errorf("admitted, the sum is %d", x)
		}
		if got := held(t, hub); len(got) != 1 || got[refs[1]] != fact.Ungranted {
			t.Errorf("held %v", got)
		}
		hub.Whole()
		write(t, hub, void(s, verdict[0]))
		if x, _ := total(t, hub, "a"); x != 0 {
			t.Errorf("the admission taken back, the sum is %d", x)
		}
		hub.Grant(stranger.Own, []string{"toy.*"}, []string{centre})
		if x, _ := total(t, hub, "a"); x != 8 {
			t.Errorf("granted, the sum is %d", x)
		}
		hub.Whole()
	})
}

func TestVoid(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := node(t, e)
		s := id.New()
		first := write(t, n, say(s, "first"))
		wrong := write(t, n, say(s, "wrong", first...))
		v := write(t, n, void(s, wrong...))
		wantState(t, n, wrong[0], fact.Voided)
		if got := text(t, n, s); got != "first" {
			t.Errorf("what stood before says %q", got)
		}
		all, err := n.Of(ctx, n.DB, s)
		must(t, err)
		if heads := fact.HeadsOf(all); len(heads) != 1 || heads[0] != first[0] {
			t.Errorf("heads %v", heads)
		}
		if got := held(t, n); len(got) != 0 {
			t.Errorf("a mistake taken back waits for somebody: %v", got)
		}
		n.Whole()
		w := write(t, n, void(s, v...))
		wantState(t, n, wrong[0], fact.Effective)
		wantState(t, n, v[0], fact.Voided)
		if got := text(t, n, s); got != "wrong" {
			t.Errorf("the void voided, it says %q", got)
		}
		write(t, n, void(s, w...))
		wantState(t, n, wrong[0], fact.Voided)
		n.Whole()
	})
}

// Voided outweighs admitted, whichever was said first.
func TestVoidedOutweighsAdmitted(t *testing.T) {
	for _, order := range [][2]func(id.ID, ...fact.Ref) fact.New{{void, admit}, {admit, void}} {
		hub, stranger := node(t, store.SQLite), node(t, store.SQLite)
		s := id.New()
		refs := write(t, stranger, count(s, "a", 5))
		stranger.Carry(hub)
		for _, verdict := range order {
			write(t, hub, verdict(s, refs...))
		}
		wantState(t, hub, refs[0], fact.Voided)
		if x, _ := total(t, hub, "a"); x != 0 {
			t.Errorf("the sum is %d", x)
		}
		hub.Whole()
	}
}

// A centre's box that may write all kinds in its own centre cannot, through a verdict, say what only commons may say.
func TestVerdictReachesNoFurtherThanItsWriter(t *testing.T) {
	hub := node(t, store.SQLite)
	b := hub.Box(testnode.Place(t, store.SQLite), toy.Registry(), []string{"*"}, []string{centre})
	s := id.New()
	public := func(n *testnode.Node, text string) fact.Ref {
		return write(t, n, fact.New{Stream: "commons", Kind: toy.KindSaid, Subject: s, Body: toy.Said{Text: text}})[0]
	}
	mine := public(b, "the box is national")
	hers := public(hub, "the hub's")
	write(t, b, admit(s, mine), void(s, hers))
	testnode.Meet(hub, b)
	for _, n := range []*testnode.Node{hub, b} {
		wantState(t, n, mine, fact.Ungranted)
		wantState(t, n, hers, fact.Effective)
		if got := text(t, n, s); got != "the hub's" {
			t.Errorf("it says %q", got)
		}
		n.Whole()
	}
	testnode.Same(t, hub, b)
}

// Grants are not voided, they are revoked: the state of one must be what the authority makes of it.
func TestGrantsAreNotVoided(t *testing.T) {
	hub := node(t, store.SQLite)
	b := box(t, store.SQLite, hub)
	g := hub.Grant(b.Own, everything, everything)
	r := hub.Revoke(b.Node(), nil)
	v := void(b.Node(), g, r)
	v.Stream = "commons"
	write(t, hub, v)
	wantState(t, hub, g, fact.Effective)
	wantState(t, hub, r, fact.Effective)
	hub.Whole()
}

// A kind counts in its own streams alone, whoever may write there.
func TestKindInAWrongStreamIsMalformed(t *testing.T) {
	hub := node(t, store.SQLite)
	reg := fact.NewRegistry()
	wide := fact.NewKind[toy.Named](fact.Kind{Name: "soul.named", Streams: []string{"commons", "centre"}})
	reg.AddFold(&fact.Fold{Name: "other", Kinds: []*fact.Kind{wide}, Fold: func(*fact.Subject, *fact.Rows) error { return nil }})
	b := hub.Box(testnode.Place(t, store.SQLite), reg, []string{"*"}, []string{"*"})
	refs := write(t, b, fact.New{Stream: "commons", Kind: wide, Subject: id.New(), Body: toy.Named{Sealed: "x", Group: "a"}})
	b.Carry(hub)
	wantState(t, hub, refs[0], fact.Malformed)
	hub.Whole()
}

func TestRevokedAtANumber(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		hub := node(t, e)
		b := box(t, store.SQLite, hub)
		s := id.New()
		var refs []fact.Ref
		for range 6 {
			refs = append(refs, write(t, b, count(s, "a", 1))...)
		}
		b.Carry(hub)
		if x, _ := total(t, hub, "a"); x != 6 {
			t.Errorf("the sum is %d", x)
		}
		// The box was stolen after the fourth.
		hub.Revoke(b.Node(), map[string]uint64{centre: 4})
		wantState(t, hub, refs[3], fact.Effective)
		wantState(t, hub, refs[4], fact.Revoked)
		if x, _ := total(t, hub, "a"); x != 4 {
			t.Errorf("the sum is %d", x)
		}
		late := write(t, b, count(s, "a", 1))
		b.Carry(hub)
		wantState(t, hub, late[0], fact.Revoked)
		write(t, hub, admit(s, refs[4]))
		if x, _ := total(t, hub, "a"); x != 5 {
			t.Errorf("one admitted, the sum is %d", x)
		}
		hub.Whole()
		hub.Carry(b)
		testnode.Same(t, hub, b)
	})
}

func TestUnknownAndMalformedWait(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		hub := node(t, e)
		reg := toy.Newer()
		b := hub.Box(testnode.Place(t, store.SQLite), reg, []string{"*"}, []string{centre})
		// A program that checks nothing writes what ours refuses to read.
		careless := fact.NewRegistry()
		lax := fact.NewKind[lax](fact.Kind{Name: "toy.said", Version: 2, Streams: []string{"centre"}, Lifts: toy.KindSaid.Lifts})
		careless.AddFold(&fact.Fold{Name: "lax", Kinds: []*fact.Kind{lax}, Fold: func(*fact.Subject, *fact.Rows) error { return nil }})
		c := hub.Box(testnode.Place(t, store.SQLite), careless, []string{"*"}, []string{centre})
		s := id.New()
		later := write(t, b, fact.New{Stream: centre, Kind: toy.KindLater, Subject: s, Body: toy.Future{N: 7}})
		urgent := write(t, b, fact.New{Stream: centre, Kind: toy.KindUrgent, Subject: s, Body: toy.Future{N: 1}})
		var bad []fact.Ref
		for _, body := range []string{`{"text":"nonsense"}`, `{"text":"bomb"}`, `{"text":5}`, `[]`, `null`} {
			bad = append(bad, write(t, c, fact.New{Stream: centre, Kind: lax, Subject: s, Body: body0(body)})...)
		}
		good := write(t, c, fact.New{Stream: centre, Kind: lax, Subject: s, Body: body0(`{"text":"good"}`)})
		b.Carry(hub)
		c.Carry(hub)
		got := held(t, hub)
		if got[later[0]] != fact.Unknown || got[urgent[0]] != fact.Critical {
			t.Errorf("held %v", got)
		}
		for i, ref := range bad[:4] {
			if got[ref] != fact.Malformed {
				t.Errorf("body %d is %v", i, got[ref])
			}
		}
		wantState(t, hub, good[0], fact.Effective)
		if got := text(t, hub, s); got != "good" {
			t.Errorf("the register says %q", got)
		}
		hub.Whole()

		// The program learns the kinds: what waited counts.
		hub.Upgrade(toy.Newer())
		wantState(t, hub, later[0], fact.Effective)
		if n := hub.CountOf("toy_future WHERE n = 8"); n != 1 {
			t.Error("the row of the newer program is missing")
		}
		hub.Whole()
		// An older program again knows them no more, and says so.
		hub.Upgrade(toy.Registry())
		wantState(t, hub, later[0], fact.Unknown)
		hub.Whole()
	})
}

// lax is a body that is whatever it is.
type lax []byte

func (lax) Check() error                   { return nil }
func (b lax) MarshalJSON() ([]byte, error) { return b, nil }
func (b *lax) UnmarshalJSON(j []byte) error {
	*b = append((*b)[:0], j...)
	return nil
}

func body0(s string) lax { return lax(s) }

// What an older version wrote is lifted for ever.
func TestOlderVersionsAreLifted(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := testnode.New(t, testnode.Place(t, e), toy.Older())
		s, u := id.New(), id.New()
		write(t, n, fact.New{Stream: centre, Kind: toy.KindSaid1, Subject: s, Body: toy.Word{Word: "old"}},
			fact.New{Stream: centre, Kind: toy.KindSaid1, Subject: u, Body: toy.Word{Word: toy.Nonsense}})
		n.Upgrade(toy.Registry())
		n.Whole()
		all, err := n.Of(ctx, n.DB, s)
		must(t, err)
		if said, ok := fact.As[toy.Said](all[0]); !ok || said.Text != "old" {
			t.Errorf("lifted to %v", said)
		}
		if err := n.Rebuild(ctx, nil); err != nil {
			t.Error(err)
		}
		if got := text(t, n, s); got != "old" {
			t.Errorf("the register says %q", got)
		}
		write(t, n, say(s, "new", fact.HeadsOf(all)...))
		if got := text(t, n, s); got != "new" {
			t.Errorf("the register says %q", got)
		}
		n.Whole()
	})
}

// What an admitted verdict can do depends on what its writer may write, though that it counts does not.
func TestGrantReachesAdmittedVerdicts(t *testing.T) {
	hub := node(t, store.SQLite)
	c := node(t, store.SQLite)
	s := id.New()
	counted := write(t, hub, count(s, "a", 1))
	hub.Carry(c)
	verdict := write(t, c, void(s, counted...))
	c.Carry(hub)
	write(t, hub, admit(s, verdict...))
	wantState(t, hub, verdict[0], fact.Effective)
	wantState(t, hub, counted[0], fact.Effective)
	hub.Grant(c.Own, []string{"toy.*"}, []string{centre})
	wantState(t, hub, counted[0], fact.Voided)
	hub.Whole()
	hub.Revoke(c.Node(), nil)
	hub.Whole()
}
