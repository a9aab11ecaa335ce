package progress

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"math"
	"slices"

	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/store"
)

var (
	// testedTable has who took both tests of a course, each person once, under the record that stands for all, at the centre where they took
	// the last one last, so that what centres gained adds up. Scores are in millionths: sums of whole numbers are the same in any order.
	testedTable = &store.Table{Name: "progress_tested", Key: 2, Columns: store.Cols("person:id course:text centre:id pre:int post:int")}
	// gainTable has the sums of it.
	gainTable = &store.Table{Name: "progress_gain", Key: 2, Columns: store.Cols("course:text centre:id n:int pre:int post:int")}
)

const millionths = 1e6

// taker is somebody in a course.
type taker struct {
	person id.ID
	course string
}

func compareTakers(a, b taker) int {
	return cmp.Or(bytes.Compare(a.person[:], b.person[:]), cmp.Compare(a.course, b.course))
}

// gains works out anew who took both tests, of those whose tests or whose records changed, and tells the sums.
func (c *collector) gains(ctx context.Context, tx store.Tx) error {
	touched := map[taker]bool{}
	for k := range c.touched {
		if k.lesson == Pretest || k.lesson == Posttest {
			touched[taker{k.person, k.course}] = true
		}
	}
	if len(c.joined) > 0 {
		ones, err := person.Ones(ctx, tx, c.joined)
		if err != nil {
			return err
		}
		all := map[id.ID]bool{}
		for _, p := range c.joined {
			all[p] = true
			for _, o := range ones[p] {
				all[o] = true
			}
		}
		var sets [][]any
		for p := range all {
			sets = append(sets, []any{p, Pretest, Posttest, p})
		}
		err = tx.Many(ctx, "SELECT person, course FROM progress_lesson WHERE person = ? AND lesson IN (?, ?) UNION SELECT person, course FROM progress_tested WHERE person = ?", sets, func(_ int, r store.Row) error {
			var k taker
			err := r.Scan(&k.person, &k.course)
			touched[k] = true
			return err
		})
		if err != nil {
			return err
		}
	}
	if len(touched) == 0 {
		return nil
	}
	var people []id.ID
	for k := range touched {
		people = append(people, k.person)
	}
	ones, err := person.Ones(ctx, tx, people)
	if err != nil {
		return err
	}
	one := map[id.ID]id.ID{} // of each record that is looked at
	whole := map[taker]bool{}
	for k := range touched {
		all := ones[k.person]
		if all == nil {
			all = []id.ID{k.person}
		}
		for _, p := range all {
			one[p] = all[0]
			whole[taker{p, k.course}] = true
		}
	}
	keys := slices.SortedFunc(maps.Keys(whole), compareTakers)
	type test struct {
		score float64
		last  int64
		at    id.ID
	}
	best := map[taker]map[string]test{}
	sets := make([][]any, len(keys))
	for i, k := range keys {
		sets[i] = []any{k.person, k.course, Pretest, Posttest}
	}
	err = tx.Many(ctx, "SELECT lesson, score, last, centre FROM progress_lesson WHERE person = ? AND course = ? AND lesson IN (?, ?) AND done = 1 AND score >= 0", sets, func(i int, r store.Row) error {
		var name string
		var t test
		if err := r.Scan(&name, &t.score, &t.last, &t.at); err != nil {
			return err
		}
		k := taker{one[keys[i].person], keys[i].course}
		if best[k] == nil {
			best[k] = map[string]test{}
		}
		if o, ok := best[k][name]; ok {
			t.score = max(t.score, o.score)
			if cmp.Or(cmp.Compare(o.last, t.last), bytes.Compare(t.at[:], o.at[:])) > 0 {
				t.last, t.at = o.last, o.at
			}
		}
		best[k][name] = t
		return nil
	})
	if err != nil {
		return err
	}
	type cell struct {
		course string
		centre id.ID
	}
	sums := map[cell][3]int64{} // n, pre, post, as they change
	add := func(at cell, sign, pre, post int64) {
		v := sums[at]
		sums[at] = [3]int64{v[0] + sign, v[1] + sign*pre, v[2] + sign*post}
	}
	gone := make([][]any, len(keys))
	for i, k := range keys {
		gone[i] = []any{k.person, k.course}
	}
	err = tx.Many(ctx, "SELECT course, centre, pre, post FROM progress_tested WHERE person = ? AND course = ?", gone, func(_ int, r store.Row) error {
		var at cell
		var pre, post int64
		err := r.Scan(&at.course, &at.centre, &pre, &post)
		add(at, -1, pre, post)
		return err
	})
	if err != nil {
		return err
	}
	var rows [][]any
	for _, k := range slices.SortedFunc(maps.Keys(best), compareTakers) {
		pre, has := best[k][Pretest]
		post, too := best[k][Posttest]
		if !has || !too {
			continue
		}
		x, y := int64(math.Round(pre.score*millionths)), int64(math.Round(post.score*millionths))
		rows = append(rows, []any{k.person, k.course, post.at, x, y})
		add(cell{k.course, post.at}, 1, x, y)
	}
	if err := tx.Many(ctx, "DELETE FROM progress_tested WHERE person = ? AND course = ?", gone, nil); err != nil {
		return err
	}
	if err := tx.Insert(ctx, testedTable, rows); err != nil {
		return err
	}
	grown := make([][]any, 0, len(sums))
	for at, v := range sums {
		grown = append(grown, []any{at.course, at.centre, v[0], v[1], v[2]})
	}
	return store.Sum(ctx, tx, gainTable, grown)
}

// CourseGain is that of all learners of a course in a scope, each person once, whichever of their records took a test. Of whole centres it
// is read from sums, where who has records at several is counted at one; of a trainer's own it is worked out of the few there are.
func (p *Progress) CourseGain(ctx context.Context, q store.Querier, scope access.Scope, code string) (g Gain, err error) {
	if scope.Whole() {
		where, args := scope.SQL("centre")
		var pre, post int64
		_, err := store.One(ctx, q, "SELECT coalesce(sum(n), 0), coalesce(sum(pre), 0), coalesce(sum(post), 0) FROM progress_gain WHERE course = ? AND "+where, append([]any{code}, args...), &g.N, &pre, &post)
		g.Pre, g.Post = float64(pre)/millionths, float64(post)/millionths
		return g.mean(), err
	}
	where, args := scope.People("centre", "person")
	var people []id.ID
	err = q.Each(ctx, "SELECT DISTINCT person FROM progress_lesson WHERE course = ? AND lesson IN (?, ?) AND "+where, append([]any{code, Pretest, Posttest}, args...), func(r store.Row) error {
		var v id.ID
		err := r.Scan(&v)
		people = append(people, v)
		return err
	})
	if err != nil {
		return g, err
	}
	ones, err := person.Ones(ctx, q, people)
	if err != nil {
		return g, err
	}
	seen := map[id.ID]bool{}
	for _, v := range people {
		if all := ones[v]; all != nil {
			v = all[0]
		}
		seen[v] = true
	}
	of, err := p.Of(ctx, q, slices.Collect(maps.Keys(seen)), code)
	return GainOf(slices.Collect(maps.Values(of))...), err
}
