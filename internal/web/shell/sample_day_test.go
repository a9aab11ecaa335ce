package shell_test

import (
	"tizi/internal/i18n"
	"tizi/internal/web/teach"
)

func init() {
	gallery = append(gallery, []shown{
		{"since", "teach/since", func(p *i18n.Printer) any {
			return teach.Since{From: "2026-03-16", At: "17:40", TodayURL: "/today", More: true, Days: []teach.SinceDay{
				{Date: "2026-03-18", Rows: []teach.SinceRow{{Text: p.T("since.cancelled", "n", 1), Who: "Salma Bennani", At: "09:12", Where: "Enfants, mercredi", URL: "/groups/1"}, {Text: p.T("since.registered", "n", 12), Who: "يوسف أمراني", At: "08:30", WhereText: haySalam}}},
				{Date: "2026-03-17", Rows: []teach.SinceRow{{Text: p.T("since.targets", "n", 13), Who: "Nadia Berrada", At: "16:02", WhereText: jil}}}}}
		}},
		{"since-partner", "teach/since", func(p *i18n.Printer) any {
			return teach.Since{From: "2026-03-16", At: "17:40", Days: []teach.SinceDay{{Date: "2026-03-18", Rows: []teach.SinceRow{{Text: p.T("since.money", "n", 2), At: "09:12", Where: "Enfants et IA", URL: "/agreements/1"},
				{Text: p.T("since.activities", "n", 1), At: "08:30", WhereText: i18n.Text{i18n.FR: "Masterclass à Tanger", i18n.AR: "درس رئيسي بطنجة"}, URL: "/activities/1"}, {Text: p.T("since.targets", "n", 13), At: "08:02", WhereText: jil}}}}}
		}},
		{"since-many", "teach/since", func(*i18n.Printer) any {
			return teach.Since{From: "2026-03-16", At: "17:40", Many: []i18n.Text{haySalam, {i18n.FR: "Maison de jeunes d'Asni", i18n.AR: "دار الشباب أسني"}}}
		}},
		{"since-none", "teach/since", func(*i18n.Printer) any { return teach.Since{From: "2026-03-16", At: "17:40"} }},
		{"since-first", "teach/since", func(*i18n.Printer) any { return teach.Since{} }},
		{"day", "teach/day", func(p *i18n.Printer) any {
			return teach.Day{Date: "2026-03-18", Prev: "2026-03-17", Next: "2026-03-19", PrevURL: "#", NextURL: "#", Centre: haySalam, Holiday: i18n.Text{i18n.FR: "Aïd al-Fitr", i18n.AR: "عيد الفطر"}, Hours: []string{"09:00–12:00", p.T("day.access", "hours", "14:00–18:00")},
				Sessions: []teach.DaySession{{From: "10:00", To: "12:00", Room: "Salle 2", Group: "Enfants, mercredi", Trainers: []string{"Youssef Amrani", "تيليلا أوشن"}, Expected: 24, Notes: []string{p.T("day.stand_in")}},
					{From: "14:00", To: "16:00", Group: "Ados", Expected: 18, Cancelled: p.T("session.cause.trainer")}},
				Stops: []teach.DayStop{{Round: "Tournée du Tafilalet", Spot: "Souk de Rissani", From: "09:00", To: "12:00"}},
				Tasks: []teach.Task{{Kind: "absences", Who: "Imane Ouazzani", Text: p.T("today.task.absences", "n", 2)}}}
		}},
		{"day-closed", "teach/day", func(*i18n.Printer) any {
			return teach.Day{Date: "2026-03-18", Prev: "2026-03-17", Next: "2026-03-19", PrevURL: "#", NextURL: "#", Centre: haySalam, Closed: "Travaux de peinture", Conflict: true}
		}},
		{"day-ramadan", "teach/day", func(*i18n.Printer) any {
			return teach.Day{Date: "2026-03-18", Prev: "2026-03-17", Next: "2026-03-19", PrevURL: "#", NextURL: "#", Centre: haySalam, Hours: []string{"10:00–15:00"}, Other: "Horaire du ramadan"}
		}},
		{"day-empty", "teach/day", func(*i18n.Printer) any {
			return teach.Day{Date: "2026-03-18", Prev: "2026-03-17", Next: "2026-03-19", PrevURL: "#", NextURL: "#"}
		}},
	}...)
}
