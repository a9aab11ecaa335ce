package web_test

import (
	"fmt"
	"strings"
	"testing"

	"tizi/internal/agreement"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/source"
	"tizi/internal/store"
)

// What a page asks of the database does not grow with its rows.
func TestQueries(t *testing.T) {
	n := serve(t, store.SQLite, nil)
	name := func(i int) i18n.Text { return i18n.Text{i18n.FR: fmt.Sprint("X", i)} }
	var first id.ID
	made := 0
	// more makes as many programmes with phases, targets and rules, and agreements with all that hangs from them; all hangs from
	// the first too.
	more := func(k int) {
		t.Helper()
		for range k {
			made++
			code := fmt.Sprint("P", made)
			prog := programme.ID(code)
			bound := id.New()
			if made == 1 {
				first = bound
			}
			a := agreement.AgreementStated{Code: code, Kind: agreement.Framework, Name: name(made), Signed: "2025-01-01", To: "2026-01-01", Public: true, Source: source.Source{Kind: "press", Publication: "x", On: "2025"}, Programmes: []id.ID{prog}}
			if made > 1 {
				a.Kind, a.Parent = agreement.Specific, first
			}
			must(t, n.Agreements.Set(ctx, id.Nil, bound, a))
			_, err := n.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: code, Place: place.ID("MA"), Name: name(made)}, Phases: []programme.PhaseOpened{{Code: "1", Name: name(1), From: "2026-01-05", To: "2026-12-31"}}})
			must(t, err)
			org, office, term := id.New(), id.New(), id.New()
			must(t, n.Agreements.SetOrganisation(ctx, id.Nil, org, agreement.OrganisationDescribed{Name: name(made), Type: "ministry"}))
			must(t, n.Agreements.SetOffice(ctx, id.Nil, office, agreement.OfficeDescribed{Organisation: org, Title: name(made)}))
			must(t, n.Agreements.SetTerm(ctx, id.Nil, term, agreement.OfficeHeld{Office: office, Sex: "f", From: "2020-01-01"}))
			for _, v := range unique(first, bound) {
				must(t, n.Agreements.SetParty(ctx, id.Nil, agreement.PartyStated{Agreement: v, Organisation: org, Role: "lead"}, office, true))
				must(t, n.Agreements.SetCommitment(ctx, id.Nil, id.New(), agreement.CommitmentStated{Agreement: v, Debtor: org, Kind: "report", What: name(made), Due: "2026-01-01"}))
				line := id.New()
				must(t, n.Agreements.SetEntry(ctx, id.Nil, line, agreement.EntryStated{Agreement: v, Sort: agreement.Budget, What: "x", Currency: "MAD", Amount: 100, On: "2026-01-01"}))
				must(t, n.Agreements.SetEntry(ctx, id.Nil, id.New(), agreement.EntryStated{Agreement: v, Sort: agreement.Expense, Of: line, Currency: "MAD", Amount: 5, On: "2026-01-02", Reference: "1"}))
				must(t, n.Agreements.SetEntry(ctx, id.Nil, id.New(), agreement.EntryStated{Agreement: v, Sort: agreement.Promise, Organisation: org, Currency: "MAD", Amount: 5, On: "2026-01-02"}))
				must(t, n.Agreements.SetMandate(ctx, id.Nil, id.New(), agreement.MandateGiven{Agreement: v, Operator: org, Place: id.New(), Programme: prog, From: "2025-01-01", To: "2025-12-31"}))
				must(t, n.Agreements.SetDecision(ctx, id.Nil, id.New(), agreement.DecisionTaken{Agreement: v, Committee: "C", On: "2026-01-01", What: "D", Owner: org}))
				must(t, n.Agreements.FilePaper(ctx, id.Nil, v, "paper.pdf", []byte("%PDF-1.4\n"+code)))
			}
			// The first programme gets a phase more, with a rule, and the first agreement binds a target more of it.
			one := programme.ID("P1")
			_, err = n.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: "P1", Place: place.ID("MA"), Name: name(1)}, Phases: []programme.PhaseOpened{{Code: code, Name: name(made), From: "2026-01-05", To: "2026-12-31"}},
				Targets: []programme.TargetSet{{Indicator: measure.People, Place: n.regions(t)[made].ID, Value: int64(made), Agreement: first}}})
			must(t, err)
			must(t, n.Programmes.Decide(ctx, id.Nil, programme.RuleStated{Phase: programme.PhaseID(one, code), From: "2026-02-01", By: "x", Rule: programme.Rule{Sex: "f"}}))
		}
	}
	asked := func() map[string]int64 {
		t.Helper()
		out := map[string]int64{}
		at := "/agreements/" + first.String()
		for _, path := range []string{"/programmes", "/programmes/P1/phases", "/programmes/P1/targets", "/groups/new", "/agreements", "/agreements?q=x", "/agreements/due", "/agreements/mandates", "/organisations", "/initiatives", "/activities", "/since", "/staff/new",
			at, at + "?tab=commitments", at + "?tab=money", at + "?tab=mandates", at + "?tab=decisions", at + "?tab=papers", at + "/edit", at + "/withdraw", at + "/parties/new"} {
			for range 2 { // the first may fill what is kept
				before := n.DB.Asked()
				if status, _, body := n.request(t, n.owner, "GET", path, nil); status != 200 {
					t.Errorf("%s: status %d %s", path, status, body)
				}
				out[path] = n.DB.Asked() - before
			}
		}
		return out
	}
	more(2)
	few := asked()
	more(6)
	for path, now := range asked() {
		if now > few[path] {
			t.Errorf("%s asked %d times of few rows, and %d times of more", strings.Replace(path, first.String(), "…", 1), few[path], now)
		}
	}
	if few["/programmes"] == 0 {
		t.Error("nothing is counted")
	}
}

func unique(a, b id.ID) []id.ID {
	if a == b {
		return []id.ID{a}
	}
	return []id.ID{a, b}
}

// regions are those of the country.
func (n *node) regions(t *testing.T) []*place.Place {
	t.Helper()
	tree, err := n.Places.Tree(ctx, n.DB)
	must(t, err)
	return tree.Of("region")
}
