package visit_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/house"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/training"
	"tizi/internal/visit"
)

var (
	ctx  = context.Background()
	must = testnode.Must
	me   = id.Named("test", "me")
	you  = id.Named("test", "you")
)

func TestVisits(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
		c := house.Config{Dir: t.TempDir(), Now: func() time.Time { return now }}
		if e == store.Postgres {
			c.URL = testnode.Place(t, e).URL
		}
		h, err := house.Create(ctx, c)
		must(t, err)
		defer h.Close()
		must(t, h.Places.LoadCountry(ctx, id.Nil, "ma", true))
		here := place.ID("MA-ERR-MJ1")
		came := func(what, want string) {
			t.Helper()
			at, err := h.Visits.Here(ctx, me)
			must(t, err)
			got := "never"
			if !at.IsZero() {
				got = h.Log.Clock.Now().Sub(at).Round(time.Minute).String()
			}
			if got != want {
				t.Errorf("%s: was here %s ago, want %s", what, got, want)
			}
		}
		came("the first time", "never")
		now = now.Add(10 * time.Minute)
		came("in the same visit", "never")
		now = now.Add(2 * time.Hour)
		came("the next visit", "2h0m0s")
		now = now.Add(10 * time.Minute)
		came("still", "2h10m0s")

		since := h.Log.Clock.Now()
		now = now.Add(time.Hour)
		_, err = h.Programmes.Set(ctx, you, programme.Plan{Programme: programme.Opened{Code: "P", Name: i18n.Text{i18n.FR: "P"}, Place: place.ID("MA")},
			Phases: []programme.PhaseOpened{{Code: "1", Name: i18n.Text{i18n.FR: "1"}, From: "2026-01-05", To: "2027-12-31"}}})
		must(t, err)
		var people []id.ID
		for i := range 3 {
			v, err := h.People.Register(ctx, you, here, person.Details{"first_latin": fmt.Sprint("Amina", i)}, nil)
			must(t, err)
			people = append(people, v)
		}
		_, err = h.People.Register(ctx, me, here, person.Details{"first_latin": "Mine"}, nil)
		must(t, err)
		prog := programme.ID("P")
		g, err := h.Training.OpenCohort(ctx, you, access.Everywhere(), training.CohortOpened{Name: "G", Programme: prog, Phase: programme.PhaseID(prog, "1"), Centre: here})
		must(t, err)
		_, err = h.Training.Place(ctx, you, access.Everywhere(), g, people, "2026-03-02")
		must(t, err)
		told := func(f visit.Filter) string {
			t.Helper()
			f.Account = me
			list, more, err := h.Visits.Changes(ctx, h.DB, f)
			must(t, err)
			if more {
				t.Error("more than is told")
			}
			s := ""
			for _, c := range list {
				s += fmt.Sprint(c.What, " ", c.N, "; ")
			}
			return s
		}
		for _, c := range []struct {
			what, want string
			f          visit.Filter
		}{
			{"of a centre", "group 1; registered 3; waiting 3; ", visit.Filter{Since: since, Centres: []id.ID{here}}},
			{"of one's own groups", "group 1; waiting 3; ", visit.Filter{Since: since, Centres: []id.ID{here}, Own: map[id.ID]bool{g: true}}},
			{"of nobody's groups", "", visit.Filter{Since: since, Centres: []id.ID{here}, Own: map[id.ID]bool{}}},
			{"of headquarters", "phases 1; programmes 1; ", visit.Filter{Since: since, Commons: true}},
			{"since now", "", visit.Filter{Since: h.Log.Clock.Now().Add(time.Minute), Centres: []id.ID{here}, Commons: true}},
		} {
			if got := told(c.f); got != c.want {
				t.Errorf("%s: %q, want %q", c.what, got, c.want)
			}
		}
		for at, want := range map[time.Time]int{since: 1, h.Log.Clock.Now().Add(time.Minute): 0} {
			if l, err := h.Visits.Streams(ctx, h.DB, at, []id.ID{here, place.ID("MA-TNG-MJ1")}); err != nil || len(l) != want {
				t.Errorf("centres from which something came: %v %v", l, err)
			}
		}
		must(t, h.Visits.Forget(ctx)) // nobody of that name has an account
		came("forgotten", "never")
	})
}
