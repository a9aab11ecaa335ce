package training_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/lot"
	"tizi/internal/person"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/training"
)

var drawKey = bytes.Repeat([]byte{7}, 32)

func drawFor(g id.ID) training.DrawOpened {
	return training.DrawOpened{Cohort: g, On: "2026-03-01", Closes: "2026-03-10", SeedOn: "2026-03-12", Source: "Tirage public au centre", Rule: lot.Standard()}
}

// A draw from its opening to its last seat: nobody gets a seat meanwhile, who came too late is behind, the order is that of
// the published list and seed, and whoever says no passes the seat on.
func TestDraw(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		g, other := c.group(t, 3), c.group(t, 0)
		p := c.people(t, here, "Amina", "Brahim", "Chama", "Driss", "Elias", "Fadma")
		rural, err := c.People.Register(ctx, id.Nil, here, person.Details{"first_latin": "Ghita", "birth": "2015-01-06", "sex": "m", "milieu": "rural", "schooling": "in_school"}, nil)
		must(t, err)
		out, err := c.People.Register(ctx, id.Nil, here, person.Details{"first_latin": "Hind", "birth": "2015-01-06", "sex": "m", "schooling": "out_of_school"}, nil)
		must(t, err)
		late := c.people(t, here, "Idris")[0]
		served := p[5]
		_, err = c.Place(ctx, id.Nil, all, other, []id.ID{served}, "2026-01-10")
		must(t, err)
		s := c.meeting(t, other, "2026-01-12")
		must(t, c.Take(ctx, id.Nil, all, s, map[id.ID]string{served: training.Present}, "list"))
		must(t, c.Leave(ctx, id.Nil, all, other, served, "moved", "2026-02-01"))
		_, err = c.Place(ctx, id.Nil, all, g, p[:1], "2026-02-20") // has a seat already: two are left
		must(t, err)

		refused(t, "seats that nobody counts", second(c.OpenDraw(ctx, id.Nil, all, drawFor(other))), training.ErrNoSeats)
		refused(t, "another's group", second(c.OpenDraw(ctx, id.Nil, scopeThere, drawFor(g))), training.ErrNoGroup)
		d, err := c.OpenDraw(ctx, id.Nil, all, drawFor(g))
		must(t, err)
		refused(t, "two draws at once", second(c.OpenDraw(ctx, id.Nil, all, drawFor(g))), training.ErrDrawState)
		before := c.facts(t)
		refused(t, "a seat by hand", second(c.Seat(ctx, id.Nil, all, g, p[1:2], "", "2026-03-02")), training.ErrDraw)
		refused(t, "a seat beyond", second(c.Seat(ctx, id.Nil, all, g, p[1:2], "over_family", "2026-03-02")), training.ErrDraw)
		refused(t, "a refill", second(c.Refill(ctx, id.Nil, all, g, "2026-03-02")), training.ErrDraw)
		is(t, "facts of refusals", c.facts(t), before)
		applied := append(slices.Clone(p[1:]), rural, out)
		for _, v := range applied {
			done, err := c.Place(ctx, id.Nil, all, g, []id.ID{v}, "2026-03-02")
			must(t, err)
			is(t, "whoever is placed applies", fmt.Sprint(done.Enrolled, done.Waiting), "0 1")
		}
		// A seat becomes free: nobody gets it by the way. A transfer is a seat by hand.
		must(t, c.Leave(ctx, id.Nil, all, g, p[0], "moved", "2026-03-03"))
		w, err := c.Waiting(ctx, c.DB, g)
		must(t, err)
		is(t, "still waiting", len(w), 7)
		_, err = c.Place(ctx, id.Nil, all, other, p[:1], "2026-03-03")
		must(t, err)
		refused(t, "a transfer", c.Transfer(ctx, id.Nil, all, other, g, p[0], "hours", "", "2026-03-03"), training.ErrDraw)

		refused(t, "closed too early", c.FreezeDraw(ctx, id.Nil, all, d, drawKey, "2026-03-10"), training.ErrNotClosed)
		_, err = c.Place(ctx, id.Nil, all, g, []id.ID{late}, "2026-03-11")
		must(t, err)
		refused(t, "a seed before the list", c.TypeSeed(ctx, id.Nil, all, d, "07 12", "2026-03-12"), training.ErrDrawState)
		refused(t, "closed when the seed may be known", c.FreezeDraw(ctx, id.Nil, all, d, drawKey, "2026-03-12"), training.ErrSeedKnown)
		refused(t, "another's draw", c.FreezeDraw(ctx, id.Nil, scopeThere, d, drawKey, "2026-03-11"), training.ErrNoGroup)
		must(t, c.FreezeDraw(ctx, id.Nil, all, d, drawKey, "2026-03-11"))
		x, err := c.Draw(ctx, c.DB, d)
		must(t, err)
		lots, err := c.Lots(ctx, c.DB, d)
		must(t, err)
		list := make([]lot.Entry, len(lots))
		points := map[id.ID]int{}
		for i, l := range lots {
			list[i], points[l.Person] = l.Entry, l.Points
			if l.Tag != lot.Tag(drawKey, l.Person) || l.Place != 0 {
				t.Errorf("number %d: %+v", l.Number, l)
			}
		}
		is(t, "on the list", len(lots), 7)
		is(t, "the digest", x.Digest, lot.Digest(list))
		is(t, "points", fmt.Sprint(points[served], points[rural], points[out], points[p[1]], x.Fewer), "0 120 120 100 false")

		for _, day := range []string{"2026-03-12", "2026-04-01"} {
			refused(t, "cancelled when the seed may be known", c.CancelDraw(ctx, id.Nil, all, d, "rain", day), training.ErrSeedKnown)
		}
		typist, second2 := id.New(), id.New()
		refused(t, "too early", c.TypeSeed(ctx, typist, all, d, "07 12", "2026-03-11"), training.ErrSeedEarly)
		refused(t, "no seed", c.TypeSeed(ctx, typist, all, d, "?", "2026-03-12"), lot.ErrSeed)
		must(t, c.TypeSeed(ctx, typist, all, d, "07 13", "2026-03-12"))
		must(t, c.TypeSeed(ctx, typist, all, d, "٠٧ 12", "2026-03-12")) // corrected
		refused(t, "cancelled by who sees the seed", c.CancelDraw(ctx, typist, all, d, "rain", "2026-03-12"), training.ErrDrawState)
		confirm := func(who id.ID, seed string) error {
			_, err := c.ConfirmSeed(ctx, who, all, d, seed, "2026-03-12")
			return err
		}
		refused(t, "confirmed by the same", confirm(typist, "07 12"), training.ErrSeedOwn)
		refused(t, "confirmed by nobody", confirm(id.Nil, "07 12"), training.ErrSeedOwn)
		refused(t, "another seed", confirm(second2, "07 13"), training.ErrSeedOther)
		// One of the list goes away before it is drawn.
		must(t, c.Leave(ctx, id.Nil, all, g, p[1], "moved", "2026-03-12"))
		given, err := c.ConfirmSeed(ctx, second2, all, d, "07 12", "2026-03-12")
		must(t, err)
		is(t, "seats given", given, 3)
		refused(t, "held twice", confirm(id.New(), "07 12"), training.ErrDrawState)

		var want []id.ID // in the order
		for _, n := range lot.Order("07 12", list) {
			if v := lots[n-1].Person; v != p[1] {
				want = append(want, v)
			}
		}
		is(t, "the first is of the excluded", want[0] == rural || want[0] == out, true)
		is(t, "who was served is last", want[len(want)-1], served)
		roster, err := c.Roster(ctx, c.DB, g)
		must(t, err)
		seats := map[id.ID]bool{}
		for _, e := range roster {
			if e.State == training.Enrolled {
				seats[e.Person] = true
				is(t, "why", e.Reason, training.Drawn)
			}
		}
		is(t, "seats", fmt.Sprint(len(seats), seats[want[0]], seats[want[1]], seats[want[2]]), "3 true true true")
		waiting := func() (out []id.ID) {
			w, err := c.Waiting(ctx, c.DB, g)
			must(t, err)
			for _, e := range w {
				out = append(out, e.Person)
			}
			return out
		}
		is(t, "the list", waiting(), append(slices.Clone(want[3:]), late))
		x, err = c.DrawOf(ctx, c.DB, g)
		must(t, err)
		is(t, "the state", x.State, training.DrawHeld)
		// The seat of whoever says no goes to the next of the order, and seats can be given again.
		must(t, c.Leave(ctx, id.Nil, all, g, want[1], "moved", "2026-03-13"))
		is(t, "passed on", waiting(), append(slices.Clone(want[4:]), late))
		must(t, second(c.Seat(ctx, id.Nil, all, g, []id.ID{want[4]}, "over_family", "2026-03-13")))
		c.Whole()
	})
}

// A draw without anybody is not closed, one that is cancelled says why and lets seats be given again.
func TestDrawCancelled(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		c := open(t, e)
		g := c.group(t, 1)
		p := c.people(t, here, "Amina")
		d, err := c.OpenDraw(ctx, id.Nil, all, drawFor(g))
		must(t, err)
		refused(t, "nobody applied", c.FreezeDraw(ctx, id.Nil, all, d, drawKey, "2026-03-11"), training.ErrNobody)
		if err := c.CancelDraw(ctx, id.Nil, all, d, " ", "2026-03-11"); err == nil {
			t.Error("cancelled without a reason")
		}
		must(t, c.CancelDraw(ctx, id.Nil, all, d, "The centre is closed", "2026-03-20")) // its list was never closed
		x, err := c.Draw(ctx, c.DB, d)
		must(t, err)
		is(t, "cancelled", fmt.Sprint(x.State, " ", x.Why), training.DrawOff+" The centre is closed")
		must(t, second(c.Seat(ctx, id.Nil, all, g, p, "", "2026-03-12")))
		// A closed list is given up before the day of the seed only.
		full := c.group(t, 1)
		d, err = c.OpenDraw(ctx, id.Nil, all, drawFor(full))
		must(t, err)
		must(t, second(c.Place(ctx, id.Nil, all, full, c.people(t, here, "Brahim"), "2026-03-02")))
		must(t, c.FreezeDraw(ctx, id.Nil, all, d, drawKey, "2026-03-11"))
		must(t, c.CancelDraw(ctx, id.Nil, all, d, "The centre is closed", "2026-03-11"))
		soon := drawFor(full)
		soon.SeedOn = "2026-03-11"
		refused(t, "no day to close the list", second(c.OpenDraw(ctx, id.Nil, all, soon)), training.ErrSeedSoon)
		refused(t, "no draw", second(c.Draw(ctx, c.DB, id.New())), training.ErrNoDraw)
		for what, spoil := range map[string]func(*training.DrawOpened){
			"closes before": func(b *training.DrawOpened) { b.Closes = "2026-02-28" },
			"seed at once":  func(b *training.DrawOpened) { b.SeedOn = b.Closes },
			"no source":     func(b *training.DrawOpened) { b.Source = "  " },
			"no rule":       func(b *training.DrawOpened) { b.Rule = lot.Rule{} },
		} {
			b := drawFor(g)
			spoil(&b)
			if _, err := c.OpenDraw(ctx, id.Nil, access.Everywhere(), b); err == nil {
				t.Errorf("%s: taken", what)
			}
		}
		c.Whole()
	})
}
