package training_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"tizi/internal/fact"
	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/training"
)

// One session's sheet is used through two nodes, by list and by card, while they meet now and then: both end with the same rows, what is in
// doubt is shown to somebody with its sides, and what that one says stands on both.
func TestSheetThroughTwoNodes(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	for seed := range rounds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { sheetThroughTwoNodes(t, rand.New(rand.NewPCG(uint64(seed), 1))) })
	}
}

func sheetThroughTwoNodes(t *testing.T, rng *rand.Rand) {
	hub := open(t, store.SQLite)
	hub.on(t, "2026-03-02")
	p := hub.people(t, here, "Amina", "Brahim", "Chama", "Driss")
	g := hub.group(t, 0)
	_, err := hub.Place(ctx, id.Nil, all, g, p, "2026-03-02")
	must(t, err)
	box := areas(hub.Box(testnode.Place(t, store.SQLite), house.Registry(), []string{"*"}, []string{"*"}))
	must(t, (&testnode.Link{From: hub.Node, To: box.Node}).CarryKeys(stream))
	testnode.Meet(hub.Node, box.Node)
	nodes := []*node{hub, box}
	s := training.SessionID(g, "2026-03-02", "10:00")
	for _, n := range nodes { // planned on both
		n.meeting(t, g, "2026-03-02")
	}
	meet := func() {
		t.Helper()
		testnode.Meet(hub.Node, box.Node)
		testnode.Same(t, hub.Node, box.Node)
		for _, n := range nodes {
			x, err := n.Session(ctx, n.DB, all, s)
			must(t, err)
			l, err := n.SheetContests(ctx, n.DB, all, s)
			must(t, err)
			plans, err := n.PlanContest(ctx, n.DB, all, s)
			must(t, err)
			if x.Conflict != (len(l)+len(plans) > 0) {
				t.Fatalf("it is shown as in doubt: %v, and there is this to decide: %+v, %+v", x.Conflict, l, plans)
			}
		}
	}
	meet()
	// One says that it is in another room while the other takes the sheet: nobody can alter it any more, and somebody decides.
	_, err = box.Alter(ctx, id.Nil, all, s, training.Change{Date: "2026-03-02", Starts: "10:00", Room: "Atelier"})
	must(t, err)
	_, err = hub.Alter(ctx, id.Nil, all, s, training.Change{Date: "2026-03-02", Starts: "10:00", Room: "Salle 2"})
	must(t, err)
	must(t, hub.Take(ctx, id.Nil, all, s, map[id.ID]string{p[0]: training.Present}, "list"))
	meet()
	plans, err := box.PlanContest(ctx, box.DB, all, s)
	must(t, err)
	if len(plans) != 2 {
		t.Fatalf("%+v", plans)
	}
	must(t, box.SettlePlan(ctx, id.Nil, all, s, plans[0].Ref))
	refused(t, "settled twice", box.SettlePlan(ctx, id.Nil, all, s, plans[0].Ref), fact.ErrSettled)
	meet()
	if x, err := hub.Session(ctx, hub.DB, all, s); err != nil || x.Room != plans[0].Room || x.Conflict {
		t.Errorf("it is in %q, in doubt: %v (%v)", x.Room, x.Conflict, err)
	}
	marks := []string{"p", "l", "e", "a", ""}
	for range 40 {
		n := nodes[rng.IntN(2)]
		who := p[rng.IntN(len(p))]
		n.Time.Move(time.Duration(rng.IntN(3)) * time.Second)
		switch rng.IntN(6) {
		case 0, 1:
			m := map[id.ID]string{}
			for _, v := range p {
				if rng.IntN(2) == 0 {
					m[v] = marks[rng.IntN(len(marks))]
				}
			}
			must(t, n.Take(ctx, id.Nil, all, s, m, "list"))
		case 2:
			_, err := n.CheckIn(ctx, id.Nil, all, s, who, training.Present)
			must(t, err)
		case 3:
			n.Depart(ctx, id.Nil, all, s, who) // who is not here by a card does not go
		case 4:
			l, err := n.SheetContests(ctx, n.DB, all, s)
			must(t, err)
			if len(l) > 0 {
				must(t, n.SettleSheet(ctx, id.Nil, all, s, map[id.ID]string{l[0].Person: l[0].Sides[0].Mark}))
			}
		default:
			meet()
		}
	}
	meet()
	for range 3 * len(p) {
		l, err := box.SheetContests(ctx, box.DB, all, s)
		must(t, err)
		if len(l) == 0 {
			break
		}
		must(t, box.SettleSheet(ctx, id.Nil, all, s, map[id.ID]string{l[0].Person: l[0].Sides[0].Mark}))
		meet()
	}
	if x, err := hub.Session(ctx, hub.DB, all, s); err != nil || x.Conflict {
		t.Errorf("it never ends: %v", err)
	}
	for _, n := range nodes {
		n.Whole()
	}
}
