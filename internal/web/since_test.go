package web_test

import (
	"html"
	"strings"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/activity"
	"tizi/internal/agreement"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/store"
	"tizi/internal/testnode"
)

// Who reads no groups reads what changed in their agreements, programmes and activities, and nothing of others or of people.
func TestSinceOutside(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		n.programmeP(t)
		here, you := place.ID("MA-ERR-MJ1"), n.owner.ID
		for _, code := range []string{"Q"} {
			_, err := n.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: code, Place: place.ID("MA"), Name: i18n.Text{i18n.FR: "Programme " + code}}})
			must(t, err)
		}
		ours, theirs := n.agreedOn(t, "OURS", programme.ID("P")), n.agreedOn(t, "THEIRS", programme.ID("Q"))
		mine, other := n.event(t, here, "P", activity.Open), n.event(t, here, "Q", activity.Open)
		partner, auditor := n.open(t, access.Partner, access.Agreement(ours.agreement), false), n.open(t, access.Auditor, access.Place(here), false)
		fr := i18n.For(i18n.FR)
		for _, acc := range []*access.Account{partner, auditor} {
			if status, _, body := n.request(t, acc, "GET", "/board?lang=fr", nil); status != 200 || !strings.Contains(body, `href="/since"`) {
				t.Errorf("status %d, and the navigation does not lead to the news", status)
			}
		}
		n.clock.Set(n.clock.Now().Add(2 * time.Hour))
		for _, x := range []agreed{ours, theirs} {
			must(t, n.Agreements.SetEntry(ctx, you, id.New(), agreement.EntryStated{Agreement: x.agreement, Sort: agreement.Budget, What: "Line", Currency: "MAD", Amount: 100, On: "2026-01-01"}))
		}
		for _, v := range []id.ID{mine, other} {
			a, err := n.Activities.Get(ctx, n.DB, access.Everywhere(), v)
			must(t, err)
			a.Title = i18n.Text{i18n.FR: "Moved " + v.String()}
			must(t, n.Activities.Set(ctx, you, v, a.Stated))
		}
		for _, code := range []string{"P", "Q"} {
			_, err := n.Programmes.Set(ctx, you, programme.Plan{Programme: programme.Opened{Code: code, Place: place.ID("MA"), Name: i18n.Text{i18n.FR: "Programme " + code}}, Targets: []programme.TargetSet{{Indicator: measure.People, Place: place.ID("MA"), Value: 7}}})
			must(t, err)
		}
		_, err := n.People.Register(ctx, you, here, person.Details{"first_latin": "Amina"}, nil)
		must(t, err)
		told := func(acc *access.Account) string {
			t.Helper()
			status, _, body := n.request(t, acc, "GET", "/since?lang=fr", nil)
			if status != 200 {
				t.Fatalf("status %d", status)
			}
			body = html.UnescapeString(body)
			return body[strings.Index(body, "<main"):]
		}
		body := told(partner)
		for _, want := range []string{fr.T("since.money", "n", 1), "Accord OURS", fr.T("since.activities", "n", 1), "Moved " + mine.String(), "/activities/" + mine.String(), fr.T("since.targets", "n", 1), "Programme P"} {
			if !strings.Contains(body, want) {
				t.Errorf("the partner is not told %q", want)
			}
		}
		for _, not := range []string{"THEIRS", theirs.agreement.String(), other.String(), "Programme Q", fr.T("since.registered", "n", 1), `"/today"`, "Nadia"} {
			if strings.Contains(body, not) {
				t.Errorf("the partner is told %q", not)
			}
		}
		// Who speaks for the partner and teaches too is told of it all the same.
		must(t, n.Access.Grant(ctx, n.owner, partner.ID, access.Trainer, access.Place(here), true))
		partner, err = n.Access.Get(ctx, n.DB, partner.ID)
		must(t, err)
		body = told(partner)
		for _, want := range []string{fr.T("since.money", "n", 1), "Accord OURS", "Moved " + mine.String(), "Programme P"} {
			if !strings.Contains(body, want) {
				t.Errorf("the partner who teaches is not told %q", want)
			}
		}
		for _, not := range []string{"THEIRS", fr.T("since.registered", "n", 1)} {
			if strings.Contains(body, not) {
				t.Errorf("the partner who teaches is told %q", not)
			}
		}
		body = told(auditor)
		for _, want := range []string{"Moved " + mine.String(), "Moved " + other.String(), "Programme P", "Programme Q", "Nadia"} {
			if !strings.Contains(body, want) {
				t.Errorf("the auditor is not told %q", want)
			}
		}
		for _, not := range []string{fr.T("since.money", "n", 1), fr.T("since.registered", "n", 1)} {
			if strings.Contains(body, not) {
				t.Errorf("the auditor is told %q", not)
			}
		}
	})
}
