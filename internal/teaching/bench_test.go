package teaching_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/progress"
	"tizi/internal/record"
	"tizi/internal/store"
	"tizi/internal/teaching"
	"tizi/internal/testnode"
)

// BenchmarkAtAHub asks what waits and what was gained where 600 centres have 200,000 learners, each with two works of which one in ten has a
// rubric, and nobody has judged any.
func BenchmarkAtAHub(b *testing.B) {
	const centres, learners, courses = 600, 200_000, 6
	ctx := context.Background()
	reg := fact.NewRegistry()
	reg.AddFold(person.Fold)
	reg.AddFold(person.EdgeFold)
	for _, f := range append(append([]*fact.Fold{}, record.Folds...), teaching.Folds...) {
		reg.AddFold(f)
	}
	for _, a := range []*fact.Aggregate{person.One, progress.Sum, teaching.Sum} {
		reg.AddAggregate(a)
	}
	n := testnode.New(b, testnode.Place(b, store.SQLite), reg)
	at := func(i int) id.ID { return id.Named("centre", fmt.Sprint(i%centres)) }
	step := func(i int) progress.At {
		return progress.At{Course: fmt.Sprint("cours-", i%courses), Lesson: "un/deux", Step: fmt.Sprint("pas-", i/courses%10)}
	}
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	err := n.DB.Write(ctx, func(tx store.Tx) error {
		var waits, gains [][]any
		for i := range 2 * learners {
			waits = append(waits, []any{id.New(), at(i), id.New(), step(i).IRI(), now.Add(-time.Duration(i) * time.Second).UnixMilli()})
		}
		for c := range courses {
			for i := range centres {
				gains = append(gains, []any{fmt.Sprint("cours-", c), at(i), 50, 20e6, 35e6})
			}
		}
		if err := tx.Many(ctx, "INSERT INTO teaching_wait (id, centre, person, place, at) VALUES (?, ?, ?, ?, ?)", waits, nil); err != nil {
			return err
		}
		return tx.Many(ctx, "INSERT INTO progress_gain (course, centre, n, pre, post) VALUES (?, ?, ?, ?, ?)", gains, nil)
	})
	testnode.Must(b, err)
	var region []id.ID
	for i := range 80 {
		region = append(region, at(i))
	}
	t, p := teaching.New(n.Log), progress.New(nil)
	var steps []progress.At
	for c := range courses {
		steps = append(steps, step(c))
	}
	for name, scope := range map[string]access.Scope{"centre": access.At(at(1)), "region": access.At(region...), "country": access.Everywhere()} {
		b.Run("waiting/"+name, func(b *testing.B) {
			for b.Loop() {
				l, err := t.Waiting(ctx, n.DB, teaching.Waits{Scope: scope, Since: now.AddDate(0, 0, -180), At: steps, Max: 51})
				testnode.Must(b, err)
				if len(l) != 51 {
					b.Fatal(len(l), "works wait")
				}
			}
		})
		b.Run("gain/"+name, func(b *testing.B) {
			for b.Loop() {
				g, err := p.CourseGain(ctx, n.DB, scope, "cours-1")
				testnode.Must(b, err)
				if g.N == 0 {
					b.Fatal("nobody gained")
				}
			}
		})
	}
}
