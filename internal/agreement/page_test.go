package agreement_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tizi/internal/agreement"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/source"
	"tizi/internal/store"
	"tizi/internal/testnode"
)

// The list leads with what needs somebody, comes in parts, and is narrowed by words, kind and state.
func TestPage(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		w := newWorld(t, e)
		set := func(code string, a agreement.AgreementStated) id.ID {
			t.Helper()
			v := id.New()
			a.Code = code
			if a.Kind == "" {
				a.Kind = agreement.Framework
			}
			if a.Name == nil {
				a.Name = i18n.Text{i18n.FR: "Accord " + code}
			}
			must(t, w.Set(ctx, id.Nil, v, a))
			return v
		}
		set("PLAIN", agreement.AgreementStated{Signed: "2025-03"})
		set("NEWER", agreement.AgreementStated{Signed: "2026-01-05", Name: i18n.Text{i18n.AR: "الاتفاقية الإطار", i18n.FR: "Écoles"}, Public: true, Source: source.Source{Kind: "press", Publication: "x", On: "2025"}})
		set("DRAFT", agreement.AgreementStated{Public: true, Simulated: true, Source: source.Source{Kind: "press", Publication: "x", On: "2025"}})
		set("OVER", agreement.AgreementStated{Signed: "2020", To: "2021-01-01"})
		set("TACIT", agreement.AgreementStated{Signed: "2020", To: "2021-01-01", Renewal: agreement.Tacit})
		set("SOON", agreement.AgreementStated{Signed: "2020", To: testnode.Epoch.AddDate(0, 0, 100).Format("2006-01-02"), Notice: 100})
		late := set("LATE", agreement.AgreementStated{Signed: "2019"})
		must(t, w.SetParty(ctx, id.Nil, agreement.PartyStated{Agreement: late, Organisation: w.ministry, Role: "lead"}, id.Nil, true))
		for range 2 {
			must(t, w.SetCommitment(ctx, id.Nil, id.New(), agreement.CommitmentStated{Agreement: late, Debtor: w.ministry, Kind: "report", What: fr("x"), Due: "2020-01-01"}))
		}
		first, err := w.Get(ctx, w.n.DB, everywhere, w.a) // that newWorld made
		must(t, err)
		for _, c := range []struct {
			f    agreement.Filter
			want string
			all  int
		}{
			{agreement.Filter{Size: 50}, "[LATE 2 OVER SOON DRAFT NEWER PLAIN TACIT]", 8},
			{agreement.Filter{Size: 2, From: 2}, "[SOON]", 8},
			{agreement.Filter{Size: 50, From: 50}, "[]", 8},
			{agreement.Filter{Size: 50, Search: "ECOLES"}, "[NEWER]", 1},
			{agreement.Filter{Size: 50, Search: "الإتفاقيه"}, "[NEWER]", 1},
			{agreement.Filter{Size: 50, Search: "tac"}, "[TACIT]", 1},
			{agreement.Filter{Size: 50, Search: "%"}, "[]", 0},
			{agreement.Filter{Size: 50, Kind: agreement.Amendment}, "[]", 0},
			{agreement.Filter{Size: 50, State: "late"}, "[LATE 2]", 1},
			{agreement.Filter{Size: 50, State: "over"}, "[OVER]", 1},
			{agreement.Filter{Size: 50, State: "soon"}, "[SOON]", 2},
		} {
			list, n, err := w.Page(ctx, w.n.DB, everywhere, c.f)
			must(t, err)
			got := []string{}
			for _, x := range list {
				switch {
				case x.ID == first.ID:
				case x.Late > 0:
					got = append(got, x.Code, fmt.Sprint(x.Late))
				default:
					got = append(got, x.Code)
				}
				if runs := x.RunsOut(testnode.Epoch.Format("2006-01-02")); map[string]string{"OVER": "over", "TACIT": "tacit", "SOON": "soon"}[x.Code] != runs && x.ID != first.ID {
					t.Errorf("%s runs out %q", x.Code, runs)
				}
			}
			if fmt.Sprint(got) != c.want || n != c.all {
				t.Errorf("%+v: %v of %d, want %s of %d", c.f, got, n, c.want, c.all)
			}
		}
		open, n, err := w.Public(ctx, w.n.DB, 0, 50)
		must(t, err)
		names, err := w.OpenNames(ctx, w.n.DB)
		must(t, err)
		if n != 1 || len(open) != 1 || open[0].Code != "NEWER" || len(names) != 1 || names[0].Name[i18n.AR] == "" {
			t.Errorf("open: %v %v", open, names)
		}
		names, err = w.Names(ctx, w.n.DB, everywhere)
		must(t, err)
		if len(names) != 8 || !slices.IsSortedFunc(names, func(a, b agreement.Named) int { return strings.Compare(a.Code, b.Code) }) {
			t.Errorf("%d names", len(names))
		}
	})
}
