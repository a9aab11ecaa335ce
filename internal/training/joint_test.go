package training_test

import (
	"fmt"
	"slices"
	"testing"

	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/lot"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/training"
)

// Several groups at two centres are drawn by one seed: all are announced or none, each has a list of its own, who was served before
// comes last at each, a second person gives the seats of all, and no group is given another seed.
func TestJointDraw(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		a, b, uncounted := c.group(t, 1), c.group(t, 1), c.group(t, 0)
		far, err := c.OpenCohort(ctx, id.Nil, all, training.CohortOpened{Name: "Far", Programme: prog, Phase: phase, Centre: there, Capacity: 1})
		must(t, err)
		before := c.facts(t)
		refused(t, "one group", second(c.OpenJoint(ctx, id.Nil, all, []id.ID{a}, drawFor(id.Nil))), training.ErrJointPhase)
		refused(t, "seats that nobody counts", second(c.OpenJoint(ctx, id.Nil, all, []id.ID{a, uncounted}, drawFor(id.Nil))), training.ErrNoSeats)
		refused(t, "another's group", second(c.OpenJoint(ctx, id.Nil, access.At(here), []id.ID{a, far}, drawFor(id.Nil))), training.ErrNoGroup)
		refused(t, "one group twice", second(c.OpenJoint(ctx, id.Nil, all, []id.ID{a, a}, drawFor(id.Nil))), training.ErrJointPhase)
		is(t, "facts of refusals", c.facts(t), before)
		joint, err := c.OpenJoint(ctx, id.Nil, all, []id.ID{a, b, far}, drawFor(id.Nil))
		must(t, err)
		refused(t, "announced twice", second(c.OpenJoint(ctx, id.Nil, all, []id.ID{b, far}, drawFor(id.Nil))), training.ErrDrawState)
		list, err := c.JointDraws(ctx, c.DB, joint)
		must(t, err)
		is(t, "draws", len(list), 3)
		at := map[id.ID][]id.ID{a: c.people(t, here, "Amina", "Brahim", "Chama", "Driss"), far: c.people(t, there, "Elias", "Fadma", "Ghita")}
		for g, people := range at {
			_, err := c.Place(ctx, id.Nil, all, g, people, "2026-03-02")
			must(t, err)
		}
		step := func(scope access.Scope, on string) string {
			t.Helper()
			closed, empty, err := c.FreezeJoint(ctx, id.Nil, scope, joint, on)
			must(t, err)
			return fmt.Sprint(closed, empty)
		}
		refused(t, "closed too early", func() error { _, _, err := c.FreezeJoint(ctx, id.Nil, all, joint, "2026-03-10"); return err }(), training.ErrNotClosed)
		is(t, "closed at one centre", step(access.At(here), "2026-03-11"), "1 1")
		is(t, "closed elsewhere, once", step(all, "2026-03-11"), "1 1")
		typist, other := id.New(), id.New()
		seed := func(who id.ID, scope access.Scope, s string) (string, error) {
			typed, held, given, err := c.SeedJoint(ctx, who, scope, joint, s, "2026-03-12")
			return fmt.Sprint(typed, held, given), err
		}
		got, err := seed(typist, all, "07 12")
		must(t, err)
		is(t, "typed", got, "2 0 0")
		before = c.facts(t)
		refused(t, "confirmed by the same", second(seed(typist, all, "07 12")), training.ErrSeedOwn)
		refused(t, "another seed", second(seed(other, all, "07 13")), training.ErrSeedOther)
		is(t, "facts of refusals", c.facts(t), before)
		got, err = seed(other, access.At(here), "07 12")
		must(t, err)
		is(t, "held at one centre", got, "0 1 1")
		i := slices.IndexFunc(list, func(d *training.Draw) bool { return d.Cohort == far })
		refused(t, "another seed for the rest", c.TypeSeed(ctx, typist, all, list[i].ID, "07 13", "2026-03-12"), training.ErrSeedOther)
		got, err = seed(other, all, "07 12")
		must(t, err)
		is(t, "held elsewhere", got, "0 1 1")
		for g, people := range at {
			d, err := c.DrawOf(ctx, c.DB, g)
			must(t, err)
			lots, err := c.Lots(ctx, c.DB, d.ID)
			must(t, err)
			var entries []lot.Entry
			for _, l := range lots {
				entries = append(entries, l.Entry)
			}
			is(t, "on the list", len(entries), len(people))
			first := lot.Order("07 12", entries)[0]
			roster, err := c.Roster(ctx, c.DB, g)
			must(t, err)
			for _, r := range roster {
				if (r.State == training.Enrolled) != (r.Person == lots[first-1].Person) {
					t.Errorf("%s is %s, and the order says otherwise", r.Person, r.State)
				}
			}
		}
	})
}
