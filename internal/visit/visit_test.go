package visit_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/activity"
	"tizi/internal/agreement"
	"tizi/internal/house"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/store"
	"tizi/internal/testhouse"
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
			c.URL = testhouse.Place(t, e).URL
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
		// What hangs from an agreement is told to who may read it.
		name := i18n.Text{i18n.FR: "x"}
		before := since
		now = now.Add(time.Hour)
		since = h.Log.Clock.Now()
		now = now.Add(time.Hour)
		mine, other, org := id.New(), id.New(), id.New()
		must(t, h.Agreements.SetOrganisation(ctx, you, org, agreement.OrganisationDescribed{Name: name, Type: "ministry"}))
		for i, v := range []id.ID{mine, other} {
			must(t, h.Agreements.Set(ctx, you, v, agreement.AgreementStated{Code: fmt.Sprint("A", i), Kind: agreement.Framework, Name: name, Signed: "2025-01-01"}))
			must(t, h.Agreements.SetParty(ctx, you, agreement.PartyStated{Agreement: v, Organisation: org, Role: "lead"}, id.Nil, true))
			for _, state := range []string{agreement.Kept, agreement.Partly} {
				owed := id.New()
				must(t, h.Agreements.SetCommitment(ctx, you, owed, agreement.CommitmentStated{Agreement: v, Debtor: org, Kind: "report", What: name}))
				must(t, h.Agreements.Judge(ctx, you, owed, agreement.CommitmentJudged{State: state, On: "2026-03-01", Evidence: name}))
			}
			must(t, h.Agreements.SetEntry(ctx, you, id.New(), agreement.EntryStated{Agreement: v, Sort: agreement.Budget, What: "x", Currency: "MAD", Amount: 100, On: "2026-01-01"}))
			must(t, h.Agreements.SetMandate(ctx, you, id.New(), agreement.MandateGiven{Agreement: v, Operator: org, Place: id.New(), From: "2026-01-01", To: "2026-12-31"}))
			must(t, h.Agreements.SetDecision(ctx, you, id.New(), agreement.DecisionTaken{Agreement: v, Committee: "C", On: "2026-01-01", What: "D"}))
			must(t, h.Agreements.FilePaper(ctx, you, v, "paper.pdf", []byte("%PDF-1.4\n")))
		}
		must(t, h.Activities.Set(ctx, you, id.New(), activity.Stated{Programme: prog, Kind: "masterclass", Pillar: "training", Centre: here, Title: name, From: h.Today(), To: h.Today(), State: activity.Open, Sessions: []activity.Session{{ID: id.New(), Date: h.Today()}}}))
		for _, c := range []struct {
			what, want string
			f          visit.Filter
		}{
			{"of an agreement", "agreements 1; decisions 1; delivered 1; judged 1; mandates 1; money 1; owed 2; papers 1; parties 1; ", visit.Filter{Since: since, Commons: true, Agreed: func(v id.ID) bool { return v == mine }}},
			{"of no agreement", "", visit.Filter{Since: since, Commons: true}},
			{"of a centre's activities", "activities 1; ", visit.Filter{Since: since, Centres: []id.ID{here}}},
		} {
			if got := told(c.f); got != c.want {
				t.Errorf("%s: %q, want %q", c.what, got, c.want)
			}
		}
		for at, want := range map[time.Time]int{before: 1, h.Log.Clock.Now().Add(time.Minute): 0} {
			if l, err := h.Visits.Streams(ctx, h.DB, at, []id.ID{here, place.ID("MA-TNG-MJ1")}); err != nil || len(l) != want {
				t.Errorf("centres from which something came: %v %v", l, err)
			}
		}
		must(t, h.Visits.Forget(ctx)) // nobody of that name has an account
		came("forgotten", "never")
	})
}
