package shell_test

import (
	"tizi/internal/i18n"
	"tizi/internal/sms"
	"tizi/internal/web/centre"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

func init() {
	gallery = append(gallery, []shown{
		{"timetable", "timetable/week", func(p *i18n.Printer) any { return oneWeek(p) }},
		{"timetable-empty", "timetable/week", func(*i18n.Printer) any {
			return centre.Timetable{Centre: haySalam, At: "1", By: "trainer", Week: "2026-03-16", To: "2026-03-22", PlanURL: "/groups", ByRoom: "#", ByPeople: "#", Prev: "#", Next: "#", Today: "#"}
		}},
		{"group-session-plan", "groups/session", func(p *i18n.Printer) any {
			v := sessionForm(p)
			v.Looked, v.New, v.Refused, v.Warned, v.Errors = true, 3, true, true, map[string]string{"date": p.T("timetable.refused")}
			v.Plan = []centre.PlannedDay{{Date: "2026-03-18", State: "new", Clashes: []centre.ClashRow{{Level: "refused", Text: p.T("clash.room", "room", "Salle 1", "group", "Groupe 04")}, {Level: "noted", Text: p.T("clash.prayer", "prayer", p.T("prayer.asr"), "hour", "16:31")}}},
				{Date: "2026-03-20", State: "skipped", Holiday: i18n.Text{i18n.FR: "Aïd al-Fitr", i18n.AR: "عيد الفطر", i18n.EN: "Eid al-Fitr"}}, {Date: "2026-03-25", State: "exists"}, {Date: "2026-04-01", State: "new", Clashes: []centre.ClashRow{{Level: "warned", Text: p.T("clash.seats", "need", 28, "have", 24, "room", "Salle 1")}}}}
			return v
		}},
		{"group-change", "groups/change", func(p *i18n.Printer) any {
			v := centre.SessionChange{On: "2026-03-18", CancelAction: "#", SessionForm: sessionForm(p), Causes: []shell.Option{{Value: "weather", Label: p.T("session.cause.weather")}}, NoticeURL: "#", BackURL: "#", Clashes: []centre.ClashRow{{Level: "warned", Text: p.T("clash.friday", "hour", "13:40")}}}
			v.Warned, v.Errors = true, map[string]string{"despite": p.T("timetable.confirm"), "why": p.T("session.cause_missing")}
			return v
		}},
		{"group-change-cancelled", "groups/change", func(p *i18n.Printer) any {
			return centre.SessionChange{On: "2026-03-18", RestoreAction: "#", SessionForm: sessionForm(p), Cancelled: p.T("session.cause.weather"), NoticeURL: "#", BackURL: "#"}
		}},
		{"texts", "texts/list", func(p *i18n.Printer) any {
			v := centre.Texts{Plugged: true, TestAction: "#", Quiet: p.List([]string{p.T("texts.quiet_every", "from", "20:00", "to", "08:00"), p.T("texts.quiet_days", "days", p.Weekday(5), "from", "12:00", "to", "14:30")}), Centres: []shell.Option{{Value: "1", Label: "Maison de jeunes Hay Salam"}, {Value: "2", Label: "Azilal"}},
				Number: "06 12", Errors: map[string]string{"number": p.T("texts.fault.failed")}, Pager: shell.Pager{Next: "#", Total: -1}}
			for i, s := range sms.States {
				v.Counts = append(v.Counts, centre.TextCount{TextState: door.TextState{State: s, N: 40 - i}, URL: "#"})
				row := centre.TextRow{Name: "Amina Bennani", URL: "#", Number: "+212661000001", Words: "دار الشباب حي السلام: أُلغيت حصة Groupe 03.", State: s, At: p.DayMonth("2026-03-18") + " 10:20", By: "Nadia Amrani"}
				if s == sms.Waiting {
					row.Next, row.Tries = p.DayMonth("2026-03-19")+" 08:00", 1
				}
				v.Rows = append(v.Rows, row)
			}
			v.Rows = append(v.Rows, centre.TextRow{Test: true, State: sms.Sent, At: p.DayMonth("2026-03-18") + " 10:10", By: "Nadia Amrani"})
			return v
		}},
		{"texts-none", "texts/list", func(*i18n.Printer) any { return centre.Texts{} }},
		{"group-notice", "groups/notice", func(p *i18n.Printer) any {
			ar, fr := i18n.For(i18n.AR), i18n.For(i18n.FR)
			lines := func(p *i18n.Printer) []string {
				return []string{p.T("notice.cancelled", "group", "Groupe 03", "when", p.T("notice.when", "day", p.DayMonth("2026-03-18"), "hour", "14:30")), p.T("notice.cause", "cause", p.T("session.cause.weather"))}
			}
			return centre.Notice{Group: "Groupe 03", GroupURL: "#", BackURL: "#", Unreached: 2, Unwanted: 1, Texting: &door.Texting{Action: "#", URL: "#", N: 14, Opens: p.T("notice.when", "day", p.DayMonth("2026-03-19"), "hour", "08:00"), Had: []door.TextState{{State: "sent", N: 11}, {State: "unsure", N: 1}}}, Sheets: []centre.NoticeSheet{{Lang: "ar", Dir: "rtl", Title: ar.T("notice.title"), Centre: "دار الشباب حي السلام", Lines: lines(ar)}, {Lang: "fr", Dir: "ltr", Title: fr.T("notice.title"), Centre: "Maison de jeunes Hay Salam", Lines: lines(fr)}},
				Messages: []centre.NoticeMessage{{Lang: "ar", Dir: "rtl", Name: "العربية", Text: lines(ar)[0], Numbers: []string{"+212661000001", "+212661000002"}}}}
		}},
	}...)
}

func sessionForm(p *i18n.Printer) centre.SessionForm {
	return centre.SessionForm{Group: "Groupe 03", GroupURL: "/groups/1", Date: "2026-03-18", Until: "2026-04-01", Days: map[int]bool{3: true}, From: "14:30", To: "16:30", RoomID: "1", Rooms: []shell.Option{{Value: "1", Label: p.T("timetable.room_seats", "room", "Salle 1", "n", 24)}},
		Trainers: []shell.Option{{Value: "1", Label: "Tilila Ouchen"}}, Stock: []centre.StockWanted{{Kind: "laptop", N: "12", Ready: 14}, {Kind: "tablet", Ready: 6}}, Action: "#", CancelURL: "#"}
}

func oneWeek(p *i18n.Printer) centre.Timetable {
	v := centre.Timetable{Centre: haySalam, At: "1", By: "room", Week: "2026-03-16", To: "2026-03-22", PlanURL: "/groups", ByRoom: "#", ByPeople: "#", Prev: "#", Next: "#", Today: "#", Planned: 4,
		Clashes: []centre.ClashRow{{Date: "2026-03-18", Level: "refused", Text: "Groupe 03 : " + p.T("clash.room", "room", "Salle 1", "group", "Groupe 04")}}}
	for i := range 7 {
		d := centre.TimetableDay{Date: []string{"2026-03-16", "2026-03-17", "2026-03-18", "2026-03-19", "2026-03-20", "2026-03-21", "2026-03-22"}[i], Today: i == 2}
		if i == 0 {
			d.Closed = "-"
		}
		if i == 4 {
			d.Holiday, d.Uncertain = i18n.Text{i18n.FR: "Aïd al-Fitr", i18n.AR: "عيد الفطر", i18n.EN: "Eid al-Fitr"}, true
		}
		v.Days = append(v.Days, d)
	}
	cells := func(at int, list ...centre.TimetableCell) [][]centre.TimetableCell {
		c := make([][]centre.TimetableCell, 7)
		c[at] = list
		return c
	}
	v.Rows = []centre.TimetableRow{
		{Name: "Salle 1", Seats: 24, Cells: cells(2, centre.TimetableCell{From: "14:30", To: "16:30", Group: "Groupe 03", Where: "Tilila Ouchen", URL: "#", Level: "refused"}, centre.TimetableCell{From: "15:00", To: "17:00", Group: "مجموعة الأربعاء", Where: "Hassan Amrani", Level: "refused"})},
		{Name: "Salle 2", Seats: 30, Cells: cells(5, centre.TimetableCell{From: "09:00", To: "11:00", Group: "Groupe 05", URL: "#", Cancelled: true}, centre.TimetableCell{From: "11:00", To: "12:00", Group: "Groupe 06", URL: "#", Level: "warned"})},
		{Cells: cells(6, centre.TimetableCell{From: "10:00", To: "12:00", Group: "Groupe 07", URL: "#"})},
	}
	return v
}
