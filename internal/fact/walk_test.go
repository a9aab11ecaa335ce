package fact_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/testnode/toy"
)

// However a span is narrowed, the database gives just what one would pick by hand out of the whole log, in the same order.
func TestSpansNarrow(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := node(t, e)
		me, you := id.New(), id.New()
		var mid fact.Time
		for part := range 4 { // more than are read at once
			for _, actor := range []id.ID{me, you} {
				_, err := n.Do(ctx, fact.Command{Name: "many", Stream: centre, Run: func(context.Context, store.Querier) (out fact.Outcome, err error) {
					for i := range 300 {
						f := count(id.New(), "a", 1)
						if i%100 == 7 {
							f = say(id.New(), fmt.Sprint(part))
						}
						f.Actor = actor
						out.Facts = append(out.Facts, f)
					}
					return out, nil
				}})
				must(t, err)
			}
			if part == 1 {
				mid = fact.At(n.Clock.Now())
			}
		}
		yes := func(*fact.Fact) bool { return true }
		want := func(*fact.Fact) (bool, error) { return true, nil }
		all, err := n.Latest(ctx, n.DB, centre, fact.Span{To: 1<<63 - 1, Max: 1 << 20, Maybe: yes, Want: want})
		must(t, err)
		if len(all) < 2400 {
			t.Fatalf("%d facts", len(all))
		}
		said := func(name string) bool { return name == toy.KindSaid.Name }
		rare := func(at fact.Time) bool { return at%97 == 0 || at.Wall().Nanosecond()/int(time.Millisecond)%2 == 0 }
		for what, s := range map[string]fact.Span{
			"a kind": {Kinds: said}, "no kind": {Kinds: func(string) bool { return false }}, "one's own": {By: me}, "others'": {NotBy: me}, "nobody's": {By: id.New()},
			"a time": {When: rare}, "never": {When: func(fact.Time) bool { return false }}, "a kind at a time": {Kinds: said, When: rare, By: you}, "a few": {Kinds: said, Max: 5}, "a few at a time": {When: rare, Max: 5},
			"late": {From: mid, Kinds: said}, "early": {To: mid, NotBy: you, When: rare},
		} {
			s.Maybe, s.Want = yes, want
			if s.To == 0 {
				s.To = 1<<63 - 1
			}
			if s.Max == 0 {
				s.Max = 1 << 20
			}
			var hand []fact.Ref
			for _, f := range all {
				name, _, _ := fact.SplitKind(f.Kind)
				if f.HLC >= s.From && f.HLC < s.To && (s.Kinds == nil || s.Kinds(name)) && (s.By.IsNil() || f.Actor == s.By) && (s.NotBy.IsNil() || f.Actor != s.NotBy) && (s.When == nil || s.When(f.HLC)) && len(hand) < s.Max {
					hand = append(hand, f.Ref())
				}
			}
			got, err := n.Latest(ctx, n.DB, centre, s)
			must(t, err)
			var refs []fact.Ref
			for _, f := range got {
				refs = append(refs, f.Ref())
			}
			if !slices.Equal(refs, hand) {
				t.Errorf("%s: %d facts, by hand %d", what, len(refs), len(hand))
			}
		}
	})
}
