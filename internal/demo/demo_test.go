package demo_test

import (
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/demo"
	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/person"
	"tizi/internal/programme"
	"tizi/internal/progress"
	"tizi/internal/record"
	"tizi/internal/store"
	"tizi/internal/testhouse"
	"tizi/internal/testnode"
	"tizi/internal/training"
	"tizi/labs"
)

func TestDemoHoldsTogether(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		ctx := t.Context()
		place := testhouse.Place(t, e)
		h, err := house.Create(ctx, house.Config{Dir: t.TempDir(), Store: &place, Now: func() time.Time { return testnode.Epoch }})
		testnode.Must(t, err)
		defer h.Close()
		testnode.Must(t, demo.Run(ctx, h, demo.Options{Seed: 1, Children: 700}))
		rep, err := h.Log.Check(ctx, nil)
		testnode.Must(t, err)
		if !rep.OK {
			t.Fatalf("check: %v", rep.Faults)
		}
		b, err := measure.Read(ctx, h.DB, access.Everywhere(), measure.Filter{Programme: programme.ID(demo.ProgrammeCode)})
		testnode.Must(t, err)
		if b.Total.People < 500 || b.Total.People > 700 || b.Total.Participations < 2000 || len(b.Centres) != 12 {
			t.Errorf("board %+v with %d centres", b.Total, len(b.Centres))
		}
		l, err := measure.List(ctx, h.DB, access.Everywhere(), measure.Filter{Programme: programme.ID(demo.ProgrammeCode), Sex: "f"}, [16]byte{}, 1000)
		testnode.Must(t, err)
		if int64(len(l)) != b.Cells["sex"]["f"].People {
			t.Errorf("the list has %d, the number says %d", len(l), b.Cells["sex"]["f"].People)
		}
		for state, least := range map[string]int64{person.Open: 15, person.Merged: 1, person.Parted: 1} {
			page, err := h.People.Pairs(ctx, h.DB, access.Everywhere(), person.PairFilter{State: state})
			testnode.Must(t, err)
			if page.Total < least {
				t.Errorf("%d pairs of people are %q", page.Total, state)
			}
		}
		// Two groups are drawn by one seed, and all their seats are given.
		draws, err := h.Training.Draws(ctx, h.DB, 10)
		testnode.Must(t, err)
		if len(draws) != 2 || draws[0].Joint != draws[1].Joint {
			t.Errorf("draws %+v", draws)
		}
		for _, d := range draws {
			c, err := h.Training.Cohort(ctx, h.DB, access.Everywhere(), d.Cohort, "")
			testnode.Must(t, err)
			if d.State != training.DrawHeld || c.Enrolled != c.Capacity || c.Waiting == 0 {
				t.Errorf("a draw is %s, %d of %d seats are given and %d wait", d.State, c.Enrolled, c.Capacity, c.Waiting)
			}
		}
		// No room and no trainer is promised twice.
		tree, err := h.Places.Tree(ctx, h.DB)
		testnode.Must(t, err)
		for _, c := range tree.Of("centre") {
			list, err := h.Training.Week(ctx, h.DB, c.ID, "2020-01-01", "2030-01-01")
			testnode.Must(t, err)
			w, err := h.Training.World(ctx, h.DB, c.ID, "2020-01-01", &training.Calendar{})
			testnode.Must(t, err)
			for _, x := range training.Clashes(list, w) {
				t.Errorf("%s: %+v", c.Code, x)
			}
		}
		// Children of the centre that is played have learned: a class with both tests and a gain to be believed, each lab, some works.
		gain, err := h.Progress.CourseGain(ctx, h.DB, access.Everywhere(), demo.ChildrenCourse)
		testnode.Must(t, err)
		if gain.N < 12 || gain.G < .25 || gain.G > .65 || gain.Pre > gain.Post {
			t.Errorf("the gain of the class is %+v", gain)
		}
		tree, err = h.Places.Tree(ctx, h.DB)
		testnode.Must(t, err)
		for _, lab := range labs.Names() {
			_, said, _, err := h.Records.Find(ctx, record.Query{Centre: tree.Code("MA-ERR-MJ1").ID, Activity: "urn:tizi:lab:" + lab})
			testnode.Must(t, err)
			if len(said) == 0 || len(said[0].Get("attachments").Items()) != 1 {
				t.Errorf("the lab %s has %d traces, or no artefact", lab, len(said))
			}
		}
		works, _, _, err := h.Records.Find(ctx, record.Query{Centre: tree.Code("MA-ERR-MJ1").ID, Verb: progress.Verb(progress.Submitted)})
		testnode.Must(t, err)
		if len(works) < 20 {
			t.Errorf("%d works are handed in", len(works))
		}
		// Its trainer has judged most of them by the rubric, and what came last waits.
		var all []id.ID
		for _, w := range works {
			all = append(all, w.ID)
		}
		marks, err := h.Teaching.Marks(ctx, h.DB, tree.Code("MA-ERR-MJ1").ID, all)
		testnode.Must(t, err)
		if len(marks) < 10 || len(marks) >= len(works) {
			t.Errorf("%d of %d works are judged", len(marks), len(works))
		}
		var sum int64
		for _, c := range l {
			sum += c.Participations
		}
		if sum != b.Cells["sex"]["f"].Participations {
			t.Errorf("the list adds up to %d participations, the number says %d", sum, b.Cells["sex"]["f"].Participations)
		}
	})
}
