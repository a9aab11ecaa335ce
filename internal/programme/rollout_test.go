package programme_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/store"
	"tizi/internal/testhouse"
	"tizi/internal/testnode"
)

// The months of a plan are the whole, none is negative, twice the groups reach twice as many, and neither the order of the
// rows nor their being written as two matters. Who learns in a year is nobody twice, and those of all years are not fewer
// than the whole.
func TestReach(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rows []programme.Opening
		whole := int64(0)
		for range rapid.IntRange(1, 8).Draw(t, "rows") {
			from, n := rapid.IntRange(0, 30).Draw(t, "from"), rapid.IntRange(1, 30).Draw(t, "months")
			month := func(i int) string { return fmt.Sprintf("%d%02d", 2026+i/12, 1+i%12) }
			o := programme.Opening{Place: id.Named("place", "x"), From: month(from), To: month(from + n - 1), Groups: rapid.IntRange(1, 9).Draw(t, "groups"), Seats: rapid.IntRange(1, 40).Draw(t, "seats"), Months: rapid.IntRange(1, 20).Draw(t, "lasts")}
			whole += int64(n * o.Groups * o.Seats)
			rows = append(rows, o)
		}
		first, last := programme.Span(rows)
		reach := programme.Reach(rows)
		sum := int64(0)
		for _, m := range programme.MonthsFrom(first, last) {
			if reach[m] < 0 {
				t.Errorf("%s: %d", m, reach[m])
			}
			sum += reach[m]
			if by := programme.ReachBy(rows, m); by != sum {
				t.Errorf("up to %s: %d, the months are %d", m, by, sum)
			}
			if at := programme.Learning(rows, m); at < reach[m] || at > whole {
				t.Errorf("%d learn in %s, of whom %d begin", at, m, reach[m])
			}
		}
		if sum != whole || programme.Learning(rows, measure.Total) != whole {
			t.Errorf("the months come to %d, the whole is %d", sum, whole)
		}
		years, begun := int64(0), map[string]int64{}
		for m, n := range reach {
			begun[m[:4]] += n
		}
		for y := 2026; y <= 2033; y++ {
			n := programme.Learning(rows, fmt.Sprint(y))
			if n < begun[fmt.Sprint(y)] || n > whole {
				t.Errorf("%d learn in %d, of whom %d begin", n, y, begun[fmt.Sprint(y)])
			}
			years += n
		}
		if years < whole {
			t.Errorf("the years come to %d, the whole is %d", years, whole)
		}
		double := slices.Clone(rows)
		for i := range double {
			double[i].Groups *= 2
		}
		slices.Reverse(double)
		split := append(slices.Clone(rows), rows...)
		for m, n := range reach {
			if programme.Reach(double)[m] != 2*n || programme.Reach(split)[m] != 2*n {
				t.Errorf("twice the groups do not reach twice as many in %s", m)
			}
		}
	})
}

// A group of three months that begins in November learns in both years.
func TestLearning(t *testing.T) {
	rows := []programme.Opening{{From: "202610", To: "202612", Groups: 2, Seats: 10, Months: 3}}
	for period, want := range map[string]int64{"202609": 0, "202610": 20, "202612": 60, "202701": 40, "202702": 20, "202703": 0, "2026": 60, "2027": 40, "2028": 0, "": 60} {
		if got := programme.Learning(rows, period); got != want {
			t.Errorf("%q: %d, not %d", period, got, want)
		}
	}
}

// What rooms hold is asked of their seats and of their hours.
func TestBeyond(t *testing.T) {
	row := func(groups, seats, months int) programme.Opening {
		return programme.Opening{From: "202601", To: "202603", Groups: groups, Seats: seats, Months: months}
	}
	for what, c := range map[string]struct {
		rows    []programme.Opening
		seats   []int
		minutes int
		want    string
	}{
		"fits":                    {[]programme.Opening{row(5, 20, 1)}, []int{20}, 600, "[false]"},
		"a group too many":        {[]programme.Opening{row(6, 20, 1)}, []int{20}, 600, "[true]"},
		"they run side by side":   {[]programme.Opening{row(2, 20, 3)}, []int{20}, 600, "[true]"},
		"no room is large enough": {[]programme.Opening{row(1, 21, 1)}, []int{20, 20}, 600, "[true]"},
		"large and small":         {[]programme.Opening{row(5, 30, 1), row(5, 10, 1)}, []int{30, 10}, 600, "[false false]"},
		"only the large":          {[]programme.Opening{row(6, 30, 1), row(1, 10, 1)}, []int{30, 10}, 600, "[true false]"},
		"together":                {[]programme.Opening{row(5, 30, 1), row(6, 10, 1)}, []int{30, 10}, 600, "[false true]"},
		"hours not known":         {[]programme.Opening{row(99, 20, 1)}, []int{20}, 0, "[false]"},
	} {
		if got := fmt.Sprint(programme.Beyond(c.rows, 2, c.seats, c.minutes)); got != c.want {
			t.Errorf("%s: %s, not %s", what, got, c.want)
		}
	}
}

// A plan is stated whole, adopted as targets that say so, and taken back; nobody replaces unseen.
func TestRollout(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := testnode.New(t, testhouse.Place(t, e), house.Registry())
		p, ma := programme.New(n.Log), place.ID("MA")
		pl := plan()
		pl.Targets = []programme.TargetSet{{Indicator: measure.People, Place: ma, Value: 100, Baseline: 7}}
		pid, err := p.Set(ctx, id.Nil, pl)
		must(t, err)
		b := programme.RolloutStated{Programme: pid, Name: "A", Hours: 2, Rows: []programme.Opening{{Place: ma, From: "202601", To: "202603", Groups: 2, Seats: 20, Months: 3}}}
		v, err := p.SetRollout(ctx, id.Nil, id.Nil, b)
		must(t, err)
		if _, err := p.SetRollout(ctx, id.Nil, id.Nil, b); !errors.Is(err, programme.ErrRolloutName) {
			t.Errorf("two plans of one name: %v", err)
		}
		if _, err := p.SetRollout(ctx, id.Nil, id.New(), b); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a plan that is not there: %v", err)
		}
		for what, spoil := range map[string]func(*programme.RolloutStated){
			"no name":      func(b *programme.RolloutStated) { b.Name = "" },
			"no rows":      func(b *programme.RolloutStated) { b.Rows = nil },
			"no hours":     func(b *programme.RolloutStated) { b.Hours = 0 },
			"no seats":     func(b *programme.RolloutStated) { b.Rows[0].Seats = 0 },
			"ends before":  func(b *programme.RolloutStated) { b.Rows[0].To = "202512" },
			"no month":     func(b *programme.RolloutStated) { b.Rows[0].From = "202613" },
			"a year alone": func(b *programme.RolloutStated) { b.Rows[0].From = "2026" },
			"no place":     func(b *programme.RolloutStated) { b.Rows[0].Place = id.Nil },
		} {
			x := b
			x.Rows = slices.Clone(b.Rows)
			x.Name = "B"
			spoil(&x)
			if _, err := p.SetRollout(ctx, id.Nil, id.Nil, x); err == nil {
				t.Errorf("%s: taken", what)
			}
		}
		l, err := p.Rollouts(ctx, n.DB, pid)
		must(t, err)
		if len(l) != 1 || l[0].ID != v || fmt.Sprint(l[0].Rows) != fmt.Sprint(b.Rows) {
			t.Errorf("the plans are %+v", l)
		}
		sets := []programme.TargetSet{{Programme: pid, Indicator: measure.People, Place: ma, Value: 120}, {Programme: pid, Indicator: measure.People, Place: ma, Period: "2026", Value: 120}}
		targets := func() []programme.Target {
			all, err := p.Targets(ctx, n.DB, pid)
			must(t, err)
			return all
		}
		seen := programme.AdoptionStamp(sets, targets())
		if err := p.Adopt(ctx, id.Nil, pid, v, sets, "0123", ""); !errors.Is(err, programme.ErrChanged) {
			t.Errorf("unseen: %v", err)
		}
		must(t, p.Adopt(ctx, id.Nil, pid, v, sets, seen, ""))
		for _, x := range targets() {
			if x.Value != 120 || x.Rollout != v || (x.Period == "") != (x.Baseline == 7) {
				t.Errorf("adopted: %+v", x)
			}
		}
		pl.Targets[0].Value = 130 // by hand, since
		_, err = p.Set(ctx, id.Nil, pl)
		must(t, err)
		if k, err := p.Release(ctx, id.Nil, pid, v); err != nil || k != 1 {
			t.Errorf("%d taken back: %v", k, err)
		}
		if l := targets(); len(l) != 1 || l[0].Value != 130 {
			t.Errorf("what was set by hand is not all that stays: %+v", l)
		}
		b.Withdrawn = true
		_, err = p.SetRollout(ctx, id.Nil, v, b)
		must(t, err)
		if l, err := p.Rollouts(ctx, n.DB, pid); err != nil || len(l) != 0 {
			t.Errorf("withdrawn, and there: %v %v", l, err)
		}
		n.Whole()
	})
}
