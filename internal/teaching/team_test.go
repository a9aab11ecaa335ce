package teaching

import (
	"fmt"
	"slices"
	"testing"

	"tizi/internal/id"
)

// Nobody is alone, nobody is left out or in two, sizes differ by one at most, small groups are as many as was asked or no larger than
// was asked where that can be, and the same seed splits alike whatever the order.
func TestSplit(t *testing.T) {
	for n := range 40 {
		var members []Member
		for i := range n {
			members = append(members, Member{id.ID{byte(i + 1)}, i / 3})
		}
		for _, by := range SplitBy {
			for _, how := range SplitHow {
				for size := 1; size < 9; size++ {
					s := Split{by, size, how, "seed"}
					what := fmt.Sprintf("%d %+v", n, s)
					teams := s.Teams(members)
					seen := map[id.ID]bool{}
					least, most := n, 0
					for _, team := range teams {
						least, most = min(least, len(team)), max(most, len(team))
						for _, p := range team {
							if seen[p] {
								t.Fatalf("%s: somebody is in two", what)
							}
							seen[p] = true
						}
					}
					if len(seen) != n || n > 1 && least < 2 || most-least > 1 {
						t.Fatalf("%s: %d of them in groups of %d to %d", what, len(seen), least, most)
					}
					if by == "count" && len(teams) != max(1, min(size, n/2)) && n > 0 || by == "size" && size > 2 && most > size {
						t.Fatalf("%s: %d groups, the largest of %d", what, len(teams), most)
					}
					turned := slices.Clone(members)
					slices.Reverse(turned)
					if fmt.Sprint(s.Teams(turned)) != fmt.Sprint(teams) {
						t.Fatalf("%s: in another order another split", what)
					}
				}
			}
		}
	}
}

// Mixed, each small group has as many of those who are far as any other.
func TestSplitMixes(t *testing.T) {
	var members []Member
	for i := range 12 {
		members = append(members, Member{id.ID{byte(i + 1)}, i})
	}
	for _, team := range (Split{"size", 4, "mixed", "x"}).Teams(members) {
		far := 0
		for _, p := range team {
			if p[0] > 6 {
				far++
			}
		}
		if far != 2 {
			t.Errorf("of a small group %d are far", far)
		}
	}
	a, b := Split{"size", 4, "random", "x"}.Teams(members), Split{"size", 4, "random", "y"}.Teams(members)
	if fmt.Sprint(a) == fmt.Sprint(b) {
		t.Error("another seed draws the same")
	}
}
