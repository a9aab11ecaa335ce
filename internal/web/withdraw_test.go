package web_test

import (
	"html"
	"net/url"
	"strings"
	"testing"

	"tizi/internal/access"
	"tizi/internal/agreement"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/training"
)

// What was entered by mistake is withdrawn with why, while nothing stands on it; what does is said, and kept.
func TestWithdrawn(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	fr := i18n.For(i18n.FR)
	post := func(path, cause string, want int, says ...string) {
		t.Helper()
		status, _, body := n.request(t, n.owner, "POST", path+"?lang=fr", url.Values{"cause": {cause}})
		body = html.UnescapeString(body)
		if status != want {
			t.Errorf("%s: status %d", path, status)
		}
		for _, s := range says {
			if !strings.Contains(body, s) {
				t.Errorf("%s: %q is not there", path, s)
			}
		}
	}
	name := i18n.Text{i18n.FR: "Entrée par erreur"}
	lone, org := id.New(), id.New()
	must(t, n.Agreements.Set(ctx, id.Nil, lone, agreement.AgreementStated{Code: "LONE", Kind: agreement.Framework, Name: name}))
	must(t, n.Agreements.SetOrganisation(ctx, id.Nil, org, agreement.OrganisationDescribed{Name: name, Type: "ministry"}))
	at, of := "/agreements/"+lone.String(), "/organisations/"+org.String()

	// Of each area something stands on them, and each is named.
	p := programme.Plan{Programme: programme.Opened{Code: "P", Place: place.ID("MA"), Name: name}, Targets: []programme.TargetSet{{Indicator: measure.People, Place: place.ID("MA"), Value: 9, Agreement: lone}}}
	_, err := n.Programmes.Set(ctx, id.Nil, p)
	must(t, err)
	post(at+"/withdraw", "twice", 422, fr.T("agree.stands.targets", "n", 1), "twice")
	p.Targets[0].Withdrawn = true
	_, err = n.Programmes.Set(ctx, id.Nil, p)
	must(t, err)
	n.open(t, access.Partner, access.Agreement(lone), false)
	post(at+"/withdraw", "twice", 422, fr.T("agree.stands.roles", "n", 1))
	standing := n.agreedOn(t, "STANDS", programme.ID("P"))
	post("/agreements/"+standing.agreement.String()+"/withdraw", "x", 422, fr.T("agree.stands.parties", "n", 1), fr.T("agree.stands.commitments", "n", 1), fr.T("agree.stands.money", "n", 1), fr.T("agree.stands.mandates", "n", 1), fr.T("agree.stands.decisions", "n", 1))
	post("/organisations/"+standing.organisation.String()+"/withdraw", "x", 422, fr.T("agree.stands.offices", "n", 1), fr.T("agree.stands.parties", "n", 1))
	if _, _, body := n.request(t, n.owner, "GET", at+"/edit", nil); !strings.Contains(body, at+"/withdraw") {
		t.Error("the form of an agreement does not lead to its withdrawal")
	}

	other := id.New()
	must(t, n.Agreements.Set(ctx, id.Nil, other, agreement.AgreementStated{Code: "OTHER", Kind: agreement.Framework, Name: name}))
	at = "/agreements/" + other.String()
	post(at+"/withdraw", "", 422, fr.T("agree.fault.missing"))
	post(of+"/withdraw", "", 422, fr.T("agree.fault.missing"))
	post(at+"/withdraw", "saisie deux fois", 303)
	post(of+"/withdraw", "saisie deux fois", 303)
	for path, gone := range map[string]string{"/agreements": "OTHER", "/organisations": of} {
		if _, _, body := n.request(t, n.owner, "GET", path, nil); strings.Contains(body, gone) {
			t.Errorf("%s lists what is withdrawn", path)
		}
	}
	for _, path := range []string{at, at + "/edit", of, of + "/withdraw"} {
		if status, _, _ := n.request(t, n.owner, "GET", path, nil); status != 404 {
			t.Errorf("%s: status %d", path, status)
		}
	}
	// Its code is free again, and its fact says why it went.
	must(t, n.Agreements.Set(ctx, id.Nil, id.New(), agreement.AgreementStated{Code: "OTHER", Kind: agreement.Framework, Name: name}))
	facts, err := n.Log.Of(ctx, n.DB, other)
	must(t, err)
	if len(facts) != 2 || !strings.Contains(string(facts[1].Body), "saisie deux fois") {
		t.Errorf("%d facts of it", len(facts))
	}
}

// A programme is withdrawn while nothing stands on it, is offered nowhere then, and can be taken back.
func TestProgrammeWithdrawn(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		fr := i18n.For(i18n.FR)
		post := func(path string, form url.Values, want int, says ...string) {
			t.Helper()
			status, _, body := n.request(t, n.owner, "POST", path+"?lang=fr", form)
			body = html.UnescapeString(body)
			if status != want {
				t.Errorf("%s: status %d", path, status)
			}
			for _, s := range says {
				if !strings.Contains(body, s) {
					t.Errorf("%s: %q is not there", path, s)
				}
			}
		}
		cause := url.Values{"cause": {"saisi deux fois"}}
		plan := func(code string, agreement id.ID) {
			t.Helper()
			p := programme.Plan{Programme: programme.Opened{Code: code, Place: place.ID("MA"), Name: i18n.Text{i18n.FR: "Jil"}, Pillars: []string{"training"}}, Phases: []programme.PhaseOpened{{Code: "1", Name: i18n.Text{i18n.FR: "1"}, From: "2026-01-05", To: "2026-12-31"}},
				Targets: []programme.TargetSet{{Indicator: measure.People, Place: place.ID("MA"), Value: 9, Agreement: agreement}}}
			_, err := n.Programmes.Set(ctx, id.Nil, p)
			must(t, err)
		}
		plan("P", id.Nil)
		n.spot(t, "in", "MA-ERR-MJ1")
		x := n.agreedOn(t, "ACC", programme.ID("P"))
		must(t, n.Agreements.SetMandate(ctx, id.Nil, id.New(), agreement.MandateGiven{Agreement: x.agreement, Operator: x.organisation, Place: place.ID("MA"), Programme: programme.ID("P"), From: "2026-01-01", To: "2026-12-31"}))
		must(t, n.Agreements.SetEntry(ctx, id.Nil, id.New(), agreement.EntryStated{Agreement: x.agreement, Sort: agreement.Expense, Of: x.entry, Currency: "MAD", Amount: 5, On: "2026-01-02", Reference: "1", Programme: programme.ID("P")}))
		n.open(t, access.Partner, access.Programme(programme.ID("P")), false)
		plan("P", x.agreement)
		all := []string{"saisi deux fois"}
		for _, what := range []string{"groups", "activities", "bound", "agreements", "mandates", "money", "roles"} {
			all = append(all, fr.T("agree.stands."+what, "n", 1))
		}
		post("/programmes/P/withdraw", cause, 422, all...)
		if _, _, body := n.request(t, n.owner, "GET", "/programmes/P/withdraw?lang=fr", nil); !strings.Contains(html.UnescapeString(body), all[1]) {
			t.Error("what stands on it is not said before")
		}

		plan("QQ", id.Nil)
		post("/programmes/QQ/withdraw", url.Values{}, 422, fr.T("error.reason_missing"))
		post("/programmes/QQ/withdraw", cause, 303)
		for _, path := range []string{"/programmes/QQ", "/programmes/QQ/targets", "/programmes/QQ/phases", "/programmes/QQ/withdraw"} {
			if status, _, _ := n.request(t, n.owner, "GET", path, nil); status != 404 {
				t.Errorf("%s: status %d", path, status)
			}
		}
		if _, _, body := n.request(t, n.owner, "GET", "/board", nil); strings.Contains(body, `value="QQ"`) {
			t.Error("the board offers it")
		}
		post("/programmes/new", url.Values{"code": {"qq"}}, 422, fr.T("programmes.code_gone"))
		if _, err := n.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: "QQ", Name: i18n.Text{i18n.FR: "Jil"}}}); err == nil {
			t.Error("a programme that is gone can be stated")
		}
		if _, err := n.Training.OpenCohort(ctx, id.Nil, access.Everywhere(), training.CohortOpened{Name: "G", Programme: programme.ID("QQ"), Phase: programme.PhaseID(programme.ID("QQ"), "1"), Centre: place.ID("MA-ERR-MJ1")}); err == nil {
			t.Error("a group can be opened in it")
		}
		if _, _, body := n.request(t, n.owner, "GET", "/programmes", nil); !strings.Contains(body, "/programmes/QQ/restore") || !strings.Contains(body, "saisi deux fois") || strings.Contains(body, "/programmes/QQ/targets") {
			t.Error("the list does not say that it is gone")
		}
		post("/programmes/NONE/restore", nil, 404)
		post("/programmes/QQ/restore", nil, 303)
		p, err := n.Programmes.Code(ctx, n.DB, "QQ")
		must(t, err)
		if p == nil || p.Withdrawn != "" || len(p.Pillars) != 1 || p.Place != place.ID("MA") {
			t.Errorf("taken back: %+v", p)
		}
		if status, _, _ := n.request(t, n.owner, "GET", "/programmes/QQ/phases", nil); status != 200 {
			t.Error("its phases are not back")
		}
	})
}
