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
