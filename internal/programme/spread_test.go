package programme_test

import (
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/source"
	"tizi/internal/store"
	"tizi/internal/testhouse"
	"tizi/internal/testnode"
)

// What is shared is the whole: no part is a person further from its exact share than rounding needs, who weighs more gets no
// less, what is fixed by hand stays, and neither the order of the places nor the unit of the weights matters.
func TestShare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := rapid.Int64Range(0, 1_000_000_000).Draw(t, "whole")
		var parts []programme.Part
		hand, weights := int64(0), int64(0)
		for i := range rapid.IntRange(1, 20).Draw(t, "places") {
			p := programme.Part{Place: id.Named("place", fmt.Sprint(i)), Weight: rapid.SampledFrom([]int64{0, 1, 1, 2, 3, 1000, rapid.Int64Range(0, 40_000_000).Draw(t, "people")}).Draw(t, "weight")}
			if p.Hand = rapid.IntRange(0, 4).Draw(t, "hand") == 0; p.Hand {
				p.Value = rapid.Int64Range(0, whole/4+1).Draw(t, "fixed")
				hand += p.Value
			} else {
				weights += p.Weight
			}
			parts = append(parts, p)
		}
		given := slices.Clone(parts)
		left, err := programme.Share(whole, given)
		free := slices.ContainsFunc(parts, func(p programme.Part) bool { return !p.Hand })
		var over *programme.OverError
		switch {
		case hand > whole:
			if !errors.As(err, &over) || over.Hand != hand || over.Whole != whole {
				t.Fatalf("%d by hand of %d: %v", hand, whole, err)
			}
			return
		case free && weights == 0 && whole > hand:
			if err != programme.ErrNoWeight {
				t.Fatalf("nothing to share by: %v", err)
			}
			return
		case err != nil:
			t.Fatal(err)
		}
		sum := left
		for i, p := range given {
			sum += p.Value
			if p.Hand && p.Value != parts[i].Value {
				t.Errorf("a part by hand was changed")
			}
			if p.Hand || weights == 0 {
				continue
			}
			exact := big.NewRat(p.Weight, weights)
			exact.Mul(exact, new(big.Rat).SetInt64(whole-hand))
			if off := exact.Sub(exact, new(big.Rat).SetInt64(p.Value)); off.Abs(off).Cmp(big.NewRat(1, 1)) >= 0 {
				t.Errorf("%d of %d by %d of %d", p.Value, whole-hand, p.Weight, weights)
			}
			for _, q := range given {
				if !q.Hand && q.Weight > p.Weight && q.Value < p.Value {
					t.Errorf("who weighs %d gets %d, who weighs %d gets %d", q.Weight, q.Value, p.Weight, p.Value)
				}
			}
		}
		if sum != whole || free && left != 0 {
			t.Errorf("the parts are %d with %d left, the whole %d", sum-left, left, whole)
		}
		again := slices.Clone(parts)
		rand.New(rand.NewPCG(uint64(whole), 1)).Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
		for i := range again {
			again[i].Weight *= 7
		}
		if _, err := programme.Share(whole, again); err != nil {
			t.Fatal(err)
		}
		for _, p := range again {
			if i := slices.IndexFunc(given, func(q programme.Part) bool { return q.Place == p.Place }); given[i].Value != p.Value {
				t.Errorf("another order gives %d, not %d", p.Value, given[i].Value)
			}
		}
	})
}

// Parts are targets that say where they come from; what was corrected by hand stays, and nobody overwrites unseen.
func TestSpread(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := testnode.New(t, testhouse.Place(t, e), house.Registry())
		p, ma := programme.New(n.Log), place.ID("MA")
		agreed, said := id.New(), source.Source{Kind: "press", On: "2025"}
		pl := plan()
		pl.Targets = []programme.TargetSet{{Indicator: measure.People, Place: ma, Period: "2026", Cell: map[string]string{"sex": "f"}, Value: 100, Agreement: agreed, Source: said}}
		pid, err := p.Set(ctx, id.Nil, pl)
		must(t, err)
		targets := func() (programme.Target, map[id.ID]programme.Target) {
			all, err := p.Targets(ctx, n.DB, pid)
			must(t, err)
			i := slices.IndexFunc(all, func(x programme.Target) bool { return x.Place == ma })
			return all[i], all[i].Like(all)
		}
		a, b, c := place.ID("MA-01"), place.ID("MA-02"), place.ID("MA-03")
		spread := func(seen string, parts ...programme.Part) error {
			w, has := targets()
			if seen == "" {
				seen = programme.Stamp(w, []id.ID{a, b, c}, has)
			}
			return p.Spread(ctx, id.Nil, pid, programme.Spreading{From: w.ID, Rule: programme.ByEqual, Parts: parts, Seen: seen})
		}
		part := func(v id.ID) programme.Part { return programme.Part{Place: v, Weight: 1} }
		fixed := func(v id.ID, n int64) programme.Part { return programme.Part{v, 1, true, n} }
		shows := func(want ...any) {
			t.Helper()
			_, has := targets()
			if got := fmt.Sprint(has[a].Value, has[b].Value, has[c].Value, has[a].Spread.Hand); got != fmt.Sprint(want...) {
				t.Errorf("the parts are %s, not %v", got, want)
			}
		}
		w, has := targets()
		before := programme.Stamp(w, []id.ID{a, b, c}, has)
		must(t, spread("", part(a), part(b), part(c)))
		_, has = targets()
		if x := has[b]; x.Agreement != agreed || x.Source.On != "2025" || x.Sex != "f" || x.Period != "2026" || x.Spread != (programme.Spread{From: w.ID, Rule: programme.ByEqual, Version: programme.SpreadVersion, Weight: 1}) {
			t.Errorf("a part is %+v", x)
		}
		if has[a].Value+has[b].Value+has[c].Value != 100 {
			t.Errorf("the parts are %v", has)
		}
		if err := spread(before, part(a), part(b), part(c)); !errors.Is(err, programme.ErrChanged) {
			t.Errorf("what was not seen is overwritten: %v", err)
		}
		must(t, spread("", fixed(a, 20), part(b), part(c)))
		shows(20, 40, 40, true)
		count := func() int64 {
			n, err := n.Count(ctx, n.DB)
			must(t, err)
			return n
		}
		facts := count()
		must(t, spread("", fixed(a, 20), part(b), part(c)))
		if got := count(); got != facts {
			t.Errorf("the same again wrote %d facts", got-facts)
		}
		var over *programme.OverError
		if err := spread("", fixed(a, 60), fixed(b, 41), part(c)); !errors.As(err, &over) {
			t.Errorf("more by hand than there is: %v", err)
		}
		shows(20, 40, 40, true)
		must(t, spread("", fixed(a, 60), fixed(b, 40), part(c))) // nothing is left for the third
		_, has = targets()
		if _, ok := has[c]; ok {
			t.Error("a part of nothing is a target")
		}
		must(t, spread("", fixed(a, 0), part(b), part(c))) // by hand, nothing is a target: it must not come back
		shows(0, 50, 50, true)
		if err := p.Spread(ctx, id.Nil, pid, programme.Spreading{From: id.New(), Rule: programme.ByEqual}); !errors.Is(err, programme.ErrNoTarget) {
			t.Errorf("an unknown target: %v", err)
		}
		n.Whole()
	})
}
