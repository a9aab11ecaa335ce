package bench

import (
	"context"
	"fmt"
	"time"

	"tizi/internal/access"
	"tizi/internal/agreement"
	"tizi/internal/fact"
	"tizi/internal/house"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/programme"
	"tizi/internal/source"
	"tizi/internal/store"
)

// How many of what hangs from an agreement FillAgreements makes, and from the one that has the most of all.
const (
	agreedParties     = 3
	agreedCommitments = 20
	agreedEntries     = 5
	fatCommitments    = 1000
	fatEntries        = 2000
	fatOther          = 200
)

// FillAgreements gives a node n agreements with what hangs from them, unless it has as many: a country's. The first, of code
// BENCH-0, is one with very much of everything.
func FillAgreements(ctx context.Context, h *house.House, n int, progress func(done, total int64)) error {
	if _, all, err := h.Agreements.Page(ctx, h.DB, access.Everywhere(), agreement.Filter{}); err != nil || all >= n {
		return err
	}
	programmes, err := h.Programmes.List(ctx, h.DB)
	if err != nil {
		return err
	}
	tree, err := h.Places.Tree(ctx, h.DB)
	if err != nil {
		return err
	}
	places := append(tree.Of("region"), tree.Of("centre")...)
	if len(programmes) == 0 || len(places) == 0 {
		return fmt.Errorf("agreements are of a programme and a place: fill the node with people first")
	}
	now := h.Log.Clock.Now()
	day := func(days int) string { return now.AddDate(0, 0, days).Format(time.DateOnly) }
	named := func(kind string, i ...any) id.ID { return id.Named("bench "+kind, fmt.Sprint(i...)) }
	name := func(fr, ar string, i ...any) i18n.Text {
		return i18n.Text{i18n.FR: fr + " " + fmt.Sprint(i...), i18n.AR: ar + " " + fmt.Sprint(i...)}
	}
	published := source.Source{Kind: "press", Publication: "Bench", On: "2025"}
	waiting := map[string][]fact.New{}
	flush := func(stream string) error {
		facts := waiting[stream]
		waiting[stream] = nil
		_, err := h.Log.Do(ctx, fact.Command{Name: "fill with agreements", Stream: stream, Run: func(context.Context, store.Querier) (fact.Outcome, error) {
			return fact.Outcome{Facts: facts}, nil
		}})
		return err
	}
	add := func(k *fact.Kind, subject id.ID, b fact.Body) error {
		if err := b.Check(); err != nil {
			return fmt.Errorf("%s: %w", k.Name, err)
		}
		stream := k.Streams[0]
		waiting[stream] = append(waiting[stream], fact.New{Stream: stream, Kind: k, Subject: subject, Body: b})
		if len(waiting[stream]) < 1000 {
			return nil
		}
		return flush(stream)
	}
	organisations := max(n/5, agreedParties)
	for i := range organisations {
		o := agreement.OrganisationDescribed{Name: name("Organisation", "هيئة", i), Type: agreement.OrganisationTypes[i%len(agreement.OrganisationTypes)]}
		if i >= 10 {
			o.Parent = named("organisation", i%10)
		}
		office := named("office", i)
		if err := add(agreement.KindOrganisation, named("organisation", i), o); err != nil {
			return err
		}
		if err := add(agreement.KindOffice, office, agreement.OfficeDescribed{Organisation: named("organisation", i), Title: name("Direction", "مديرية", i)}); err != nil {
			return err
		}
		if err := add(agreement.KindTerm, named("term", i), agreement.OfficeHeld{Office: office, Sex: []string{"f", "m"}[i%2], From: "2015-01-01"}); err != nil {
			return err
		}
	}
	for i := range n {
		v := named("agreement", i)
		org := func(k int) int { return (i*agreedParties + k) % organisations }
		many := func(few, fat int) int {
			if i == 0 {
				return fat
			}
			return few
		}
		prog := programmes[i%len(programmes)].ID
		a := agreement.AgreementStated{Code: fmt.Sprint("BENCH-", i), Kind: agreement.Framework, Name: name("Convention de mesure", "اتفاقية قياس", i), Signed: day(-300 - i%2000), From: day(-300 - i%2000), To: day(i%1500 - 200), Renewal: []string{"", agreement.Tacit, agreement.Express}[i%3],
			Programmes: []id.ID{prog}, Places: []id.ID{places[i%len(places)].ID}, Source: published, Public: i%2 == 0}
		if i%4 == 1 {
			a.Kind, a.Parent = agreement.Specific, named("agreement", i-1)
		}
		if a.Renewal != "" {
			a.Notice = 60
		}
		if err := add(agreement.KindAgreement, v, a); err != nil {
			return err
		}
		for k := range agreedParties {
			p := agreement.PartyStated{Agreement: v, Organisation: named("organisation", org(k)), Role: agreement.Roles[k], Term: named("term", org(k))}
			if err := add(agreement.KindParty, agreement.PartyID(v, p.Organisation), p); err != nil {
				return err
			}
		}
		for k := range many(agreedCommitments, fatCommitments) {
			c := agreement.CommitmentStated{Agreement: v, Debtor: named("organisation", org(k%agreedParties)), Kind: agreement.CommitmentKinds[k%len(agreement.CommitmentKinds)], What: name("Ce qui est dû", "ما هو مستحق", k), Quantity: int64(k), Due: day(k*20 + i%100 - 100)}
			subject := named("commitment", i, "/", k)
			if err := add(agreement.KindCommitment, subject, c); err != nil {
				return err
			}
			if k%4 == 0 {
				if err := add(agreement.KindJudged, subject, agreement.CommitmentJudged{State: agreement.Kept, On: day(-5), Evidence: name("Vu", "شوهد", k)}); err != nil {
					return err
				}
			}
		}
		line := named("entry", i, "/", 1)
		for k := range many(agreedEntries, fatEntries) {
			e := agreement.EntryStated{Agreement: v, Currency: "MAD", Amount: int64(1000 * (k + 1)), On: day(-k % 700), Sort: agreement.Expense, Of: line, What: fmt.Sprint("Achat ", k), Reference: fmt.Sprint("F-", k), Programme: prog, Place: places[k%len(places)].ID}
			switch {
			case k == 0:
				e = agreement.EntryStated{Agreement: v, Currency: "MAD", Amount: 10_000_000, On: day(-100), Sort: agreement.Promise, Organisation: named("organisation", org(0)), What: "Dotation"}
			case k%10 == 1:
				e = agreement.EntryStated{Agreement: v, Currency: "MAD", Amount: 10_000_000, On: day(-100), Sort: agreement.Budget, What: fmt.Sprint("Ligne ", k)}
			}
			if err := add(agreement.KindEntry, named("entry", i, "/", k), e); err != nil {
				return err
			}
		}
		for k := range many(1, fatOther) {
			m := agreement.MandateGiven{Agreement: v, Operator: named("organisation", org(k%agreedParties)), Place: places[(i+k)%len(places)].ID, Programme: prog, From: day(-400), To: day(k*10 + i%600 - 100)}
			if err := add(agreement.KindMandate, named("mandate", i, "/", k), m); err != nil {
				return err
			}
			d := agreement.DecisionTaken{Agreement: v, Committee: "Comité de pilotage", On: day(-k % 500), What: fmt.Sprint("Décision ", k), Owner: m.Operator, Due: day(k + 1)}
			if err := add(agreement.KindDecision, named("decision", i, "/", k), d); err != nil {
				return err
			}
		}
		if i < 2 { // the demonstration's programme has targets that agreements bind
			t := programme.TargetSet{Programme: prog, Indicator: "people", Place: places[i].ID, Period: "2031", Value: 1000, Agreement: v}
			if err := add(programme.KindTarget, programme.TargetID(prog, t), t); err != nil {
				return err
			}
		}
		if progress != nil && i%100 == 0 {
			progress(int64(i), int64(n))
		}
	}
	for stream := range waiting {
		if err := flush(stream); err != nil {
			return err
		}
	}
	return nil
}
