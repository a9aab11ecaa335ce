package shell_test

import (
	"tizi/internal/i18n"
	"tizi/internal/programme"
	"tizi/internal/web/centre"
	"tizi/internal/web/chart"
	"tizi/internal/web/family"
	"tizi/internal/web/shell"
	"tizi/internal/web/steer"
)

// The samples of phases, their rules, and appeals.
var (
	childhood = i18n.Text{i18n.FR: "Enfants de 8 à 14 ans", i18n.AR: "الأطفال من 8 إلى 14 سنة"}
	tooOld    = []string{"Réservé aux 8–14 ans au 1 septembre 2026. Sur la fiche : né(e) le 6 janvier 2008."}
	anAppeal  = centre.AppealRow{Name: "إبراهيم أيت حمو", PersonURL: "/people/1", URL: "/appeals/1", Programme: jil, Phase: childhood, By: "guardian", On: "2026-03-02", Due: "2026-03-17", Late: true, Words: "Il a quitté l’école à neuf ans.", State: "open"}
	decided   = centre.AppealRow{Name: "Imane Ouazzani", PersonURL: "/people/2", URL: "/appeals/2", Programme: jil, Phase: childhood, By: "person", On: "2026-02-02", Due: "2026-02-17", State: "rejected", Answer: "لا مقعد متاح", Decided: "2026-02-10", Decider: "Salma Bennani"}
	refusal   = centre.RefusalRow{Programme: jil, Phase: childhood, On: "2026-03-02", Why: tooOld, By: "Comité de pilotage", AppealURL: "#", LetterURL: "#"}
)

func ticked(key string, codes []string, on int) (out []steer.Choice) {
	for i, c := range codes {
		out = append(out, steer.Choice{Value: c, Key: key + "." + c, On: i == on})
	}
	return out
}

func init() {
	gallery = append(gallery, []shown{
		{"programme-edit", "programmes/edit", func(p *i18n.Printer) any {
			return steer.ProgrammeEdit{Code: "JIL", NameFR: "Jil Raqmi", NameAR: "الجيل الرقمي", Pillars: ticked("pillar", programme.Pillars, 0), Action: "#", BackURL: "/programmes", WithdrawURL: "#", Errors: map[string]string{"name_en": p.T("programmes.name_missing")}}
		}},
		{"programme-withdraw", "programmes/withdraw", func(p *i18n.Printer) any {
			return steer.Withdraw{Name: jil, Code: "JIL", Stands: p.List([]string{p.T("agree.stands.groups", "n", 3), p.T("agree.stands.bound", "n", 1)}), Action: "#", BackURL: "/programmes", Errors: map[string]string{"cause": p.T("error.reason_missing")}}
		}},
		{"programme-phases", "programmes/phases", func(*i18n.Printer) any {
			return steer.Phases{Programme: jil, NewURL: "#", EditURL: "#", Rows: []steer.PhaseCard{
				{PhaseRow: steer.PhaseRow{Name: childhood, From: "2026-01-05", To: "2026-06-30"}, EditURL: "#", RuleURL: "#", Places: []i18n.Text{haySalam, {i18n.FR: "Drâa-Tafilalet", i18n.AR: "درعة-تافيلالت"}},
					Versions: []steer.VersionRow{{N: 2, From: "2026-03-01", By: "Comité de pilotage", InForce: true, Asks: []string{"Réservé aux 8–15 ans au 1 mars 2026."}}, {N: 1, Asks: []string{"Réservé aux 8–14 ans au 5 janvier 2026."}}}},
				{PhaseRow: steer.PhaseRow{Name: i18n.Text{i18n.FR: "Adolescents"}, From: "2026-09-01", To: "2027-06-30", Planned: true}, EditURL: "#", RuleURL: "#"}}}
		}},
		{"programme-phase", "programmes/phase", func(p *i18n.Printer) any {
			return steer.PhaseForm{New: true, Programme: jil, NameFR: "Adolescents", From: "2026-03-01", To: "2026-12-31", Planned: "yes", Places: []steer.Choice{{Value: "1", Name: haySalam, On: true}, {Value: "2", Name: i18n.Text{i18n.FR: "Drâa-Tafilalet", i18n.AR: "درعة-تافيلالت"}}},
				Overlaps: []i18n.Text{childhood}, AskDespite: true, Action: "#", BackURL: "/programmes", Errors: map[string]string{"despite": p.T("programmes.overlap_confirm")}}
		}},
		{"programme-rule", "programmes/rule", func(p *i18n.Printer) any {
			return steer.RuleForm{Programme: jil, Phase: childhood, From: "2026-03-01", AgeMin: "8", AgeMax: "15", AgeOn: "2026-03-01", Sex: "f", Schoolings: ticked("schooling", programme.Schoolings, 1), Categories: ticked("category", programme.Categories, 2), Action: "#", BackURL: "/programmes", Errors: map[string]string{"by": p.T("programmes.rule_by_missing")}}
		}},
		{"appeals", "appeals/list", func(*i18n.Printer) any {
			return centre.Appeals{Open: []centre.AppealRow{anAppeal}, Decided: []centre.AppealRow{decided}}
		}},
		{"appeals-none", "appeals/list", func(*i18n.Printer) any { return centre.Appeals{} }},
		{"appeal", "appeals/appeal", func(p *i18n.Printer) any {
			return centre.Appeal{AppealRow: anAppeal, Why: tooOld, Action: "#", Errors: map[string]string{"words": p.T("appeal.words_missing")}}
		}},
		{"appeal-own", "appeals/appeal", func(*i18n.Printer) any {
			return centre.Appeal{AppealRow: anAppeal, Why: tooOld, Own: true, Action: "#"}
		}},
		{"appeal-decided", "appeals/appeal", func(*i18n.Printer) any { return centre.Appeal{AppealRow: decided, Action: "#"} }},
		{"appeal-form", "appeals/form", func(p *i18n.Printer) any {
			return centre.AppealForm{Name: "Brahim Aït Hammou", PersonURL: "/people/1", Programme: jil, Phase: childhood, Why: tooOld, Days: 15, Action: "#", Errors: map[string]string{"by": p.T("error.choose", "field", p.T("appeal.by"))}}
		}},
		{"refusal-letter", "appeals/letter", func(*i18n.Printer) any {
			return centre.Letter{RefusalRow: refusal, Name: "Brahim Aït Hammou", Other: "إبراهيم أيت حمو", PersonURL: "/people/1", Birth: "2008-01-06", Centre: haySalam, Today: "2026-03-02", Days: 15}
		}},
		{"guardian-appeal", "guardian/appeal", func(p *i18n.Printer) any {
			return family.Appeal{Name: "Brahim", ChildURL: "/children/1", Programme: jil, Phase: childhood, Why: tooOld, Days: 15, Action: "#", Errors: map[string]string{"words": p.T("appeal.words_missing")}}
		}},
	}...)
}

func init() {
	plans := []shell.Option{{Value: "1", Label: "Rentrée prudente"}, {Value: "2", Label: "توسع سريع"}}
	gallery = append(gallery, []shown{
		{"rollout", "programmes/rollout", func(p *i18n.Printer) any {
			v := steer.Rollout{Programme: jil, Plans: plans, Plan: "1", With: "2", Target: 22750, Reached: 4120, Action: "/rollout", NewURL: "/rollout-form", TargetsURL: "/programmes-targets", Words: []string{p.T("rollout.more", "a", "توسع سريع", "b", "Rentrée prudente", "n", 2400), p.T("rollout.misses", "plan", "Rentrée prudente", "target", 22750, "n", 2000)},
				Months: chart.Months{Title: p.T("rollout.by_month"), RTL: p.Lang().Dir() == "rtl"}}
			sum := []int64{0, 0}
			for i, m := range programme.MonthsFrom("202601", "202612") {
				begun := []int64{int64(400 + 90*i), int64(1500 - 60*i)}
				sum = []int64{sum[0] + begun[0], sum[1] + begun[1]}
				v.Rows = append(v.Rows, steer.RolloutMonth{Period: m, Begun: begun, Sum: sum})
				v.Months.Columns = append(v.Months.Columns, chart.Column{Name: p.T("board.month." + m[4:]), Label: p.Period(m), Value: begun[0], Goal: begun[1], Figure: p.Number(begun[0])})
			}
			for i, name := range []string{"Rentrée prudente", "توسع سريع"} {
				v.Sides = append(v.Sides, steer.RolloutSide{Name: name, Total: sum[i], Due: 4000, Adopted: i == 0, Conflict: i == 1, EditURL: "/rollout-form", AdoptURL: "/rollout-adopt",
					Parts: []steer.RolloutPart{{Place: haySalam, From: "202601", To: "202606", Groups: 4, Seats: 20, Months: 3, Learners: 480, Beyond: true}, {Place: i18n.Text{i18n.FR: "Drâa-Tafilalet", i18n.AR: "درعة-تافيلالت"}, From: "202602", To: "202612", Groups: 12, Seats: 24, Months: 2, Learners: 3168}}})
			}
			return v
		}},
		{"rollout-none", "programmes/rollout", func(*i18n.Printer) any {
			return steer.Rollout{Programme: jil, Action: "/rollout", NewURL: "/rollout-form", TargetsURL: "/programmes-targets"}
		}},
		{"rollout-form", "programmes/rollout-form", func(p *i18n.Printer) any {
			v := steer.RolloutForm{Programme: jil, Name: "Rentrée prudente", Hours: "2", Known: []string{"MA-01 · Tanger"}, Action: "#", BackURL: "/rollout", Errors: map[string]string{"to_0": p.T("rollout.fault.ends_before"), "seats_1": p.T("rollout.fault.number", "max", programme.MaxOpeningSeats)},
				Rows: []steer.RolloutLine{{N: 0, Place: "MA-01 · Tanger", From: "202603", To: "202601", Groups: "4", Seats: "20", Lasts: "3"}, {N: 1, Place: "MA-02", Seats: "0"}, {N: 2}}}
			for _, m := range programme.MonthsFrom("202601", "202612") {
				v.Months = append(v.Months, shell.Option{Value: m, Label: p.Period(m)})
			}
			return v
		}},
		{"rollout-adopt", "programmes/rollout-adopt", func(p *i18n.Printer) any {
			return steer.RolloutAdopt{Programme: jil, Name: "Rentrée prudente", Asking: steer.Asking{Ask: true, Meant: "x", Doubts: []string{p.T("targets.doubt.part", "part", "Maroc · 2027", "n", 5000, "whole", "Maroc", "m", 800)}}, Adopted: 3, Seen: "x", Action: "#", BackURL: "/rollout", Errors: map[string]string{"despite": p.T("rollout.fault.despite")},
				Rows: []steer.RolloutTarget{{Place: i18n.Text{i18n.FR: "Maroc", i18n.AR: "المغرب"}, Period: "2026", Was: 22750, Now: 12000}, {Place: haySalam, Period: "2026", Was: -1, Now: 480, Below: true, Reached: 510}, {Place: haySalam, Period: "2027", Was: 90, Now: -1}}}
		}},
	}...)
}
