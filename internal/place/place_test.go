package place_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"tizi/internal/house"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/place"
	"tizi/internal/store"
	"tizi/internal/testhouse"
	"tizi/internal/testnode"
)

var (
	ctx  = context.Background()
	must = testnode.Must
)

func node(t testing.TB, e store.Engine) (*testnode.Node, *place.Places) {
	n := testnode.New(t, testhouse.Place(t, e), house.Registry())
	return n, place.New(n.Log)
}

func a(code, parent, typ string) place.Described {
	return place.Described{Code: code, Parent: parent, Type: typ, Name: i18n.Text{i18n.FR: code}}
}

var country = []place.Described{
	a("XX", "", "country"), a("XX-1", "XX", "region"), a("XX-2", "XX", "region"), a("XX-1-A", "XX-1", "province"),
	a("XX-C1", "XX-1-A", "centre"), a("XX-C2", "XX-1", "centre"), a("XX-C3", "XX-2", "centre"),
}

func describe(t testing.TB, p *place.Places, ds []place.Described) string {
	t.Helper()
	added, changed, err := p.Describe(ctx, id.Nil, ds)
	must(t, err)
	return fmt.Sprint(added, " new, ", changed, " changed")
}

func tree(t testing.TB, n *testnode.Node, p *place.Places) *place.Tree {
	t.Helper()
	x, err := p.Tree(ctx, n.DB)
	must(t, err)
	return x
}

func is(t testing.TB, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func codes(ps []*place.Place) []string {
	out := []string{}
	for _, p := range ps {
		out = append(out, p.Code)
	}
	slices.Sort(out)
	return out
}

func TestDescribeWritesWhatIsNew(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n, p := node(t, e)
		size := func() int64 {
			s, err := n.Count(ctx, n.DB)
			must(t, err)
			return s
		}
		is(t, "first", describe(t, p, country), "7 new, 0 changed")
		before := size()
		is(t, "again", describe(t, p, country), "0 new, 0 changed")
		is(t, "facts", size(), before)
		other := slices.Clone(country)
		other[4].Milieu, other[4].Tile = "rural", []int{1, 2}
		is(t, "one differs", describe(t, p, other), "0 new, 1 changed")
		is(t, "and again", describe(t, p, other), "0 new, 0 changed")
		c := tree(t, n, p).Code(" xx-c1 ")
		if c == nil || c.Milieu != "rural" || c.Col != 1 || c.Line != 2 || c.Conflict {
			t.Errorf("got %+v", c)
		}
		// A whole country, in several commands, and again.
		must(t, p.LoadCountry(ctx, id.Nil, "ma", true))
		before = size()
		must(t, p.LoadCountry(ctx, id.Nil, "MA", true))
		is(t, "facts of a country twice", size(), before)
		if _, _, err := p.Describe(ctx, id.Nil, []place.Described{a("XX-C4", "XX-1", "centre"), a("XX-C5", "", "centre")}); err == nil {
			t.Error("a centre that lies nowhere was taken")
		}
		is(t, "facts of a refusal", size(), before)
		n.Whole()
	})
}

func TestTree(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n, p := node(t, e)
		describe(t, p, country)
		x := tree(t, n, p)
		for of, want := range map[string][]string{"XX": {"XX-C1", "XX-C2", "XX-C3"}, "XX-1": {"XX-C1", "XX-C2"}, "XX-1-A": {"XX-C1"}, "XX-C2": {"XX-C2"}, "nowhere": {}} {
			is(t, "centres in "+of, codes(x.Within(place.ID(of))), want)
		}
		for _, c := range []struct{ of, typ, want string }{{"XX-C1", "region", "XX-1"}, {"XX-C1", "centre", "XX-C1"}, {"XX-C1", "country", "XX"}, {"XX-C2", "province", ""}, {"XX", "region", ""}, {"nowhere", "country", ""}} {
			got := ""
			if u := x.Up(place.ID(c.of), c.typ); u != nil {
				got = u.Code
			}
			is(t, "the "+c.typ+" of "+c.of, got, c.want)
		}
		for _, c := range []struct {
			outer, v string
			want     bool
		}{{"XX", "XX-C1", true}, {"XX-1", "XX-C1", true}, {"XX-C1", "XX-C1", true}, {"XX-2", "XX-C1", false}, {"XX-C1", "XX-1", false}, {"nowhere", "XX-C1", false}, {"XX", "nowhere", false}} {
			is(t, c.outer+" holds "+c.v, x.Holds(place.ID(c.outer), place.ID(c.v)), c.want)
		}
		is(t, "regions", codes(x.Of("region")), []string{"XX-1", "XX-2"})
		is(t, "regions asked again", codes(x.Of("region")), []string{"XX-1", "XX-2"})
		if _, err := x.Find("XX-C9"); !errors.Is(err, place.ErrUnknownPlace) {
			t.Errorf("got %v", err)
		}
	})
}

// Data may have a region that lies in its own province. Nothing may wait for the end of such a ring.
func TestRingOfParents(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n, p := node(t, e)
		describe(t, p, append(slices.Clone(country), a("R1", "R2", "region"), a("R2", "R1", "province"), a("RC", "R2", "centre"), a("ME", "ME", "region")))
		x := tree(t, n, p)
		is(t, "centres in the ring", codes(x.Within(place.ID("R1"))), []string{"RC"})
		is(t, "centres in itself", codes(x.Within(place.ID("ME"))), []string{})
		is(t, "the ring holds", fmt.Sprint(x.Holds(place.ID("R1"), place.ID("RC")), x.Holds(place.ID("XX"), place.ID("RC"))), "true false")
		if c := x.Up(place.ID("RC"), "country"); c != nil {
			t.Errorf("the ring lies in %s", c.Code)
		}
		if c := x.Up(place.ID("ME"), "country"); c != nil {
			t.Errorf("a place in itself lies in %s", c.Code)
		}
	})
}

// A tree that was read is kept until commons grows, whoever made it grow.
func TestTreeOfTwoProcesses(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n, p := node(t, e)
		m := n.Beside()
		q := place.New(m.Log)
		is(t, "places", len(tree(t, m, q).Of("region")), 0)
		describe(t, p, country)
		x := tree(t, m, q)
		is(t, "regions", codes(x.Of("region")), []string{"XX-1", "XX-2"})
		if tree(t, m, q) != x {
			t.Error("the tree was read again for nothing")
		}
		other := slices.Clone(country[4:5])
		other[0].Closed = "2026-03-01"
		describe(t, p, other)
		is(t, "closed", tree(t, m, q).Code("XX-C1").Closed, "2026-03-01")
		is(t, "the tree read before", x.Code("XX-C1").Closed, "")
	})
}

// A place from another node is shown as soon as it is received; one that two nodes described differently is a conflict
// until somebody settles it.
func TestPlacesOfTwoNodes(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		hub, p := node(t, e)
		box := hub.Box(testnode.Place(t, store.SQLite), house.Registry(), []string{"*"}, []string{"*"})
		q := place.New(box.Log)
		describe(t, p, country)
		testnode.Meet(hub, box)
		is(t, "regions", len(tree(t, box, q).Of("region")), 2)
		edit := func(p *place.Places, milieu string) {
			d := country[4]
			d.Milieu = milieu
			describe(t, p, []place.Described{d})
		}
		shown := func(milieu string, conflict bool) {
			t.Helper()
			testnode.Meet(hub, box)
			for n, p := range map[*testnode.Node]*place.Places{hub: p, box: q} {
				c := tree(t, n, p).Code("XX-C1")
				is(t, "XX-C1", fmt.Sprint(c.Milieu, c.Conflict), fmt.Sprint(milieu, conflict))
			}
		}
		edit(p, "rural")
		box.Time.Move(1e9)
		edit(q, "urban")
		shown("urban", true)
		edit(p, "rural")
		shown("rural", false)
	})
}

// What a fact must not say is refused by its own check.
func TestDescribedCheck(t *testing.T) {
	for what, d := range map[string]place.Described{
		"no code": a("", "XX", "region"), "no type": a("XX-1", "XX", "village"), "no parent": a("XX-1", "", "region"),
		"no name": {Code: "XX", Type: "country"}, "not on Earth": {Code: "XX", Type: "country", Name: i18n.Text{i18n.FR: "x"}, Lat: 91},
		"half a tile": {Code: "XX", Type: "country", Name: i18n.Text{i18n.FR: "x"}, Tile: []int{1}},
		"no milieu":   {Code: "XX", Type: "country", Name: i18n.Text{i18n.FR: "x"}, Milieu: "sea"},
	} {
		if d.Check() == nil {
			t.Errorf("%s: taken", what)
		}
	}
}
