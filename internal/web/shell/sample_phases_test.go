package shell_test

import (
	"tizi/internal/i18n"
	"tizi/internal/programme"
	"tizi/internal/web/centre"
	"tizi/internal/web/family"
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
			return steer.ProgrammeEdit{Code: "JIL", NameFR: "Jil Raqmi", NameAR: "الجيل الرقمي", Pillars: ticked("pillar", programme.Pillars, 0), Action: "#", BackURL: "/programmes", Errors: map[string]string{"name_en": p.T("programmes.name_missing")}}
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
