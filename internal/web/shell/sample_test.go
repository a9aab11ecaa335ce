package shell_test

import (
	"fmt"

	"tizi/countries"
	"tizi/internal/access"
	"tizi/internal/i18n"
	"tizi/internal/programme"
	"tizi/internal/training"
	"tizi/internal/web/centre"
	"tizi/internal/web/chart"
	"tizi/internal/web/me"
	"tizi/internal/web/open"
	"tizi/internal/web/safe"
	"tizi/internal/web/shell"
	"tizi/internal/web/steer"
	"tizi/internal/web/teach"
)

// shown is one screen with sample data.
type shown struct {
	name, screen string
	view         func(*i18n.Printer) any
}

// gallery is every screen, some of them in several states. All people are made up.
var gallery = []shown{
	{"setup-country", "setup/country", func(*i18n.Printer) any {
		return centre.SetupCountry{Country: "MA", Countries: []centre.Country{
			{Code: "MA", Name: i18n.Text{i18n.FR: "Maroc", i18n.AR: "المغرب", i18n.ZGH: "ⵍⵎⵖⵔⵉⴱ", i18n.EN: "Morocco"}, Regions: 12, Places: 1612},
		}}
	}},
	{"setup-code", "setup/code", func(p *i18n.Printer) any {
		return centre.SetupCode{Code: "K7QF2-9M3XE", Errors: map[string]string{"code": p.T("setup.code.wrong")}}
	}},
	{"setup-owner", "setup/owner", func(p *i18n.Printer) any {
		return centre.SetupOwner{Country: "MA", MinPassphrase: 10, Back: "/setup",
			Errors: map[string]string{"name": p.T("error.required", "field", p.T("setup.owner.name"))}}
	}},
	{"setup-centre", "setup/centre", func(p *i18n.Printer) any {
		return centre.SetupCentre{NameFR: "Maison de jeunes Hay Salam", NameAR: "دار الشباب حي السلام", Kind: "youth", Milieu: "urban", Back: "/setup/owner", Province: "MA-03", Provinces: regionOptions(p)}
	}},
	{"setup-done", "setup/done", func(*i18n.Printer) any {
		return centre.SetupDone{Centre: haySalam, ImportURL: "/people/import", GroupURL: "/groups/new", TodayURL: "/today", ProgrammeURL: "/programmes/new", TrustURL: "/trust"}
	}},
	{"signin", "signin/signin", func(*i18n.Printer) any { return me.SignIn{Login: "salma.b", DemoURL: "/demo"} }},
	{"signin-locked", "signin/signin", func(p *i18n.Printer) any {
		return me.SignIn{Login: "salma.b", Locked: true, Passkeys: true, OutsideURL: "/signin/outside", Outside: "Compte du ministère"}
	}},
	{"signin-code", "signin/code", func(p *i18n.Printer) any { return me.Code{Errors: map[string]string{"code": p.T("signin.code_wrong")}} }},
	{"signin-recover", "signin/recover", func(p *i18n.Printer) any {
		return me.Recover{Login: "salma.b", MinPassphrase: 10, Errors: map[string]string{"code": p.T("signin.recover_wrong")}}
	}},
	{"me", "me/me", account},
	{"me-new", "me/me", func(*i18n.Printer) any {
		return me.Me{Name: "Youssef Amrani", Login: "youssef", Passphrase: true, Lang: "fr", Langs: []shell.Option{{Value: "fr", Label: "Français"}}}
	}},
	{"me-passphrase", "me/passphrase", func(p *i18n.Printer) any {
		return me.Passphrase{Has: true, MinPassphrase: 10, Errors: map[string]string{"old": p.T("me.passphrase_wrong")}}
	}},
	{"me-code", "me/code", func(*i18n.Printer) any {
		q, err := me.QR("otpauth://totp/Tizi:salma.b?issuer=Tizi&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
		if err != nil {
			panic(err)
		}
		return me.Factor{Secret: "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP", QR: q}
	}},
	{"me-code-remove", "me/code", func(p *i18n.Printer) any {
		return me.Factor{On: true, Errors: map[string]string{"code": p.T("signin.code_wrong")}}
	}},
	{"me-sheet", "me/sheet", func(*i18n.Printer) any { return me.Sheet{Ask: true, Left: 3} }},
	{"me-sheet-codes", "me/sheet", func(*i18n.Printer) any {
		return me.Sheet{Login: "salma.b", On: "2026-03-18", Codes: []string{"7KQ2M-X9RTB-C4VHN-0DZ5W", "A1FJ8-PS6EY-3GMKQ-TB2XC", "R5HVN-4W0ZD-9Y7PE-KJ6SG", "M2BQX-8TC3F-1ANRH-V5D0W", "E6YPZ-J9KGS-7X4MT-Q2BCF", "H0RNV-3D8WA-5ZE1P-Y6JKG", "S4XTM-B7QCF-9H2RV-N0DWA", "P8EZY-1GK5J-6SXMT-3QBCF"}}
	}},
	{"me-passkey", "me/passkey", func(*i18n.Printer) any { return me.AddPasskey{Here: true, Ask: true} }},
	{"people", "people/list", people},
	{"people-empty", "people/list", func(*i18n.Printer) any {
		return centre.People{ImportURL: "/people/import", NewURL: "/people/new", Pager: shell.Pager{Total: 0}}
	}},
	{"people-person", "people/person", person},
	{"people-form", "people/form", personForm},
	{"people-erase", "people/erase", func(p *i18n.Printer) any {
		v := byTwo(p, "erase.reason.", "asked", "guardian_asked", "mistake")
		v.Errors["reason"] = p.T("error.reason_missing")
		return v
	}},
	{"people-export", "people/export", func(p *i18n.Printer) any {
		v := byTwo(p, "export.reason.", "asked", "guardian_asked", "authority", "transfer")
		v.ReadyURL = "/people/1/dossier"
		return v
	}},
	{"people-dossier", "people/dossier", func(p *i18n.Printer) any {
		return centre.Dossier{Name: "Amina El Idrissi", Other: "أمينة الإدريسي", On: "2026-03-18", Centre: haySalam, JSONURL: "/people/1/dossier.json",
			Details:    []centre.DossierField{{Name: p.T("dossier.field.first_latin"), Value: "Amina"}, {Name: p.T("dossier.field.last_ar"), Value: "الإدريسي"}, {Name: p.T("dossier.field.birth"), Value: "2014-05-02"}},
			Enrolments: []centre.DossierLine{{On: "2026-01-05", What: "ENFANTS-IA", Where: "Groupe 03", State: p.T("enrolment.active")}},
			Attendance: []centre.DossierLine{{On: "2026-03-11", Where: "Groupe 03", State: p.T("attendance.present")}},
			Learning:   []centre.DossierLine{{On: "2026-03-11", State: p.T("dossier.verb.answered") + " · " + p.T("my.state.right"), Text: "Des exemples", Where: "L’IA pour les enfants · Une machine qui apprend"}},
			Marks:      []centre.DossierLine{{On: "2026-03-12", State: "Choisir des exemples: Variés (2/3)", Text: "Bravo, ta liste est claire.", Where: "L’IA pour les enfants · Une machine qui apprend", By: "Rachid Amrani"}},
			Teams:      []centre.DossierLine{{On: "2026-03-11", Where: "Groupe 03", State: p.T("dossier.team", "n", 2)}},
			Wall:       []centre.DossierLine{{On: "2026-03-12", Where: "Groupe 03", State: p.T("dossier.wall.shown")}},
			Entry:      []centre.DossierLine{{On: "2026-01-07", State: p.T("dossier.entry.avatar"), Text: "fennec", Where: "Groupe 03", By: "Rachid Amrani"}},
			History:    []centre.DossierLine{{On: "2026-01-02", State: p.T("dossier.kind.person.registered"), By: "Salma Bennani"}},
			Consents:   []centre.DossierLine{{On: "2026-01-02", State: p.T("consent.training") + " · " + p.T("people.consent.given"), By: "Khadija El Idrissi"}},
			Guardians:  []centre.DossierLine{{State: p.T("relation.mother"), Where: "+212600000000", By: "Khadija El Idrissi"}},
			Looks:      []centre.DossierLine{{On: "2026-03-17", State: p.T("look.read"), By: "Salma Bennani"}}}
	}},
	{"people-retention", "people/retention", func(p *i18n.Printer) any {
		v := retained(p)
		v.RulesURL = "/retention/rules"
		v.Errors["learner"] = p.T("retention.months_bad", "min", 1, "max", 120)
		return v
	}},
	{"people-retention-none", "people/retention", func(p *i18n.Printer) any {
		v := retained(p)
		v.Rows, v.Total = nil, 0
		return v
	}},
	{"people-merged", "people/person", func(p *i18n.Printer) any {
		v := person(p).(centre.Person)
		v.Doubles, v.Conflict = []centre.PersonRow{{Centre: haySalam, Age: -1}}, false
		v.Records = []centre.PersonRow{rows()[0], {Name: "أمينة بن علي", Other: "Aminah Ben Ali", Age: 11, URL: "/same/1/2", Centre: haySalam}}
		v.Contradictions = []centre.Contradiction{{Field: "people.birth", Shown: p.Date("2014-09-17"), Others: []string{p.Date("2014-09-12")}}, {Field: "same.name_latin", Shown: "Amina Benali", Others: []string{"Aminah Ben Ali"}}}
		return v
	}},
	{"same-list", "same/list", sameList},
	{"same-working", "same/list", func(p *i18n.Printer) any {
		v := sameList(p).(centre.SameList)
		v.Rows, v.Working, v.Done, v.Total = nil, true, 4200, 18230
		return v
	}},
	{"same-pair", "same/pair", samePair},
	{"same-merged", "same/pair", func(p *i18n.Printer) any {
		v := samePair(p).(centre.Same)
		v.State, v.Reason, v.By, v.On, v.Conflict, v.Errors = "merged", p.T("same.reason.papers"), "Salma Bennani", "2026-03-11", true, nil
		return v
	}},
	{"same-parted", "same/pair", func(p *i18n.Printer) any {
		v := samePair(p).(centre.Same)
		v.State, v.By, v.On, v.Errors = "parted", "Salma Bennani", "2026-03-11", nil
		return v
	}},
	{"import-start", "import/start", func(p *i18n.Printer) any {
		return centre.ImportStart{MaxMB: 20, ExampleURL: "/people/import/example.xlsx", Groups: groupOptions}
	}},
	{"import-columns", "import/columns", importColumns},
	{"import-plan", "import/plan", importPlan},
	{"import-report", "import/report", func(*i18n.Printer) any {
		return centre.ImportReport{Consents: 46, File: "liste_hay_salam_mars.xlsx", New: 41, Updated: 5, Same: 12, Refused: 2, Centre: haySalam,
			Group: "Enfants, mercredi", GroupURL: "/groups/1", PeopleURL: "/people", RejectsURL: "#", AgainURL: "/people/import"}
	}},
	{"import-working", "import/report", func(*i18n.Printer) any {
		return centre.ImportReport{File: "liste_nationale.xlsx", Working: true, Rows: 4200, Centre: haySalam}
	}},
	{"groups", "groups/list", groups},
	{"groups-enrol", "groups/list", func(p *i18n.Printer) any {
		v := groups(p).(centre.Groups)
		v.Person, v.Name = "1", "Imane Ouazzani"
		return v
	}},
	{"group-form", "groups/form", func(p *i18n.Printer) any {
		return centre.GroupForm{New: true, Name: "Enfants, mercredi", Capacity: "24", From: "2026-03-04", To: "2026-06-24", Starts: "14:00", Ends: "16:00",
			Days: map[int]bool{3: true, 6: true}, Phases: phaseOptions, Trainers: []shell.Option{{Value: "1", Label: "Youssef Amrani"}},
			Holidays: []centre.Holiday{{On: "2026-03-20", Name: i18n.Text{i18n.FR: "Aïd al-Fitr", i18n.AR: "عيد الفطر"}, Uncertain: true}, {On: "2026-05-01", Name: i18n.Text{i18n.FR: "Fête du travail", i18n.AR: "عيد الشغل"}}}}
	}},
	{"group-edit-busy", "groups/form", func(p *i18n.Printer) any {
		return centre.GroupForm{Name: "Enfants, mercredi", Capacity: "24", From: "2026-03-04", To: "2026-06-24", Trainers: []shell.Option{{Value: "1", Label: "Youssef Amrani"}, {Value: "2", Label: "Tilila Ouchen"}, {Value: "3", Label: "خديجة الإدريسي"}}, TrainerOn: map[string]bool{"1": true, "2": true},
			Errors:  map[string]string{"trainer": p.T("groups.trainer_busy", "n", 2)},
			Clashes: []centre.ClashRow{{Date: "2026-03-11", Level: "refused", Text: p.T("clash.trainer", "name", "Tilila Ouchen", "group", "Groupe 04")}, {Date: "2026-03-18", Level: "refused", Text: p.T("clash.trainer_elsewhere", "name", "Tilila Ouchen")}}}
	}},
	{"group", "groups/group", func(p *i18n.Printer) any { return withMoved(p, "roster") }},
	{"group-sessions", "groups/group", func(p *i18n.Printer) any { return withMoved(p, "sessions") }},
	{"group-closed", "groups/group", func(*i18n.Printer) any {
		v := group("roster")
		v.Closed, v.ClosedOn, v.ReopenAction, v.AddURL, v.EditURL, v.AttendanceURL = true, "2026-06-24", "#", "", "", ""
		v.RefillAction, v.Waiting = "", 0
		for i := range v.Roster {
			v.Roster[i].State, v.Roster[i].MoveURL, v.Roster[i].LeaveURL = "completed", "", ""
		}
		return v
	}},
	{"group-close", "groups/close", func(p *i18n.Printer) any {
		v := centre.GroupClose{Group: "Enfants, mercredi", GroupURL: "/groups/1", Waiting: 2, Action: "#", Unmarked: []centre.SessionRow{{Date: "2026-06-17", From: "14:00", To: "16:00", URL: "#"}}}
		for i, r := range rows()[:5] {
			v.People = append(v.People, centre.ClosingRow{ID: fmt.Sprint(i), Name: r.Name, Other: r.Other, Present: 3 * i, Held: 12, Outcome: []string{"no", "", "yes", "yes", "yes"}[i]})
		}
		v.Errors = map[string]string{"despite": p.T("groups.close_unmarked", "n", 1), "outcome_1": p.T("groups.outcome_missing", "name", v.People[1].Name)}
		return v
	}},
	{"group-close-early", "groups/close", func(*i18n.Printer) any {
		return centre.GroupClose{Group: "Enfants, mercredi", GroupURL: "/groups/1", Until: "2026-06-24", Coming: 3, Drawing: true}
	}},
	{"group-add", "groups/add", func(p *i18n.Printer) any {
		return centre.GroupAdd{Group: "Enfants, mercredi", GroupURL: "/groups/1", Query: "ben", Free: 3, People: rows()[:5], NewURL: "/people/new", CancelURL: "/groups/1", Pager: shell.Pager{Total: 5}}
	}},
	{"group-add-full", "groups/add", func(p *i18n.Printer) any {
		return centre.GroupAdd{Group: "Enfants, mercredi", GroupURL: "/groups/1", Free: 1, People: rows()[:5], Chosen: map[string]bool{rows()[0].ID: true, rows()[1].ID: true}, Full: true, Beyond: "wait", Beyonds: beyonds(p), CancelURL: "/groups/1", Pager: shell.Pager{Total: 5},
			Errors: map[string]string{"beyond": p.T("groups.full_refused", "n", 2, "free", 1)}}
	}},
	{"group-move", "groups/move", func(p *i18n.Printer) any {
		return centre.GroupMove{Name: "Imane Ouazzani", Group: "Enfants, mercredi", GroupURL: "/groups/1", To: "2", Groups: []shell.Option{{Value: "2", Label: p.T("groups.seats_of", "group", "Ados, samedi", "n", 24, "total", 24)}, {Value: "3", Label: "Diplômées, soir · 9"}},
			Whys: coded(p, "groups.moved.", training.Moves), Why: "hours", Beyonds: beyonds(p)[1:], Errors: map[string]string{"beyond": p.T("groups.move_full")}}
	}},
	{"group-absences", "groups/absences", func(p *i18n.Printer) any {
		return centre.Absences{Name: "Imane Ouazzani", Other: "إيمان الوزاني", URL: "/people/1", Group: "Enfants, mercredi", GroupURL: "/groups/1", InARow: 3, On: "2026-03-18", LeaveURL: "#", Hows: coded(p, "absence.how.", training.FollowWays), Outcomes: coded(p, "absence.outcome.", training.FollowOutcomes),
			Lines: []centre.AttendanceLine{{On: "2026-03-11", Mark: "absent", URL: "#"}, {On: "2026-03-04", Mark: "absent", URL: "#"}, {On: "2026-02-25", Mark: "late", URL: "#"}}, Phones: []centre.Guardian{{Name: "فاطمة الوزاني", Phone: "+212661000001"}, {Phone: "+212661000002"}},
			Done: []centre.FollowedLine{{On: "2026-03-12", How: "call", Outcome: "unreached", By: "Youssef Amrani"}}, Errors: map[string]string{"how": p.T("absence.how_missing")}}
	}},
	{"referrals", "referrals/list", func(p *i18n.Printer) any {
		return centre.Referrals{Open: true, OpenURL: "#", AllURL: "#", PeopleURL: "/people", Outcomes: coded(p, "referral.outcome.", training.ReferralOutcomes), Pager: shell.Pager{Shown: 3, Total: -1}, Rows: []centre.ReferralRow{
			{ID: "1", Name: "Imane Ouazzani", URL: "/people/1", School: "Collège Ibn Sina", By: "Mme Alaoui, directrice", Tel: "+212535000001", From: "college", Why: "at_risk", On: "2026-03-02", State: "enrolled", Group: "Enfants, mercredi", GroupURL: "/groups/1", Note: "Mathématiques", Action: "#"},
			{ID: "2", Name: "محمد أيت حمو", URL: "/people/2", School: "ثانوية الأطلس", From: "lycee", Why: "left_school", On: "2026-02-20", Action: "#", Conflict: true},
			{ID: "3", School: "", From: "association", Why: "other", On: "2026-02-01", State: "withdrawn", Reason: p.T("groups.leave_reason.moved"), Outcome: "told", Answered: "2026-03-01"}}}
	}},
	{"referrals-empty", "referrals/list", func(*i18n.Printer) any { return centre.Referrals{OpenURL: "#", AllURL: "#", PeopleURL: "/people"} }},
	{"referral-answer", "referrals/answer", func(p *i18n.Printer) any {
		return centre.ReferralAnswer{Name: "Imane Ouazzani", School: "Collège Ibn Sina", Was: "unreached", Answered: "2026-03-18", Outcome: "told", Outcomes: coded(p, "referral.outcome.", []string{"told", "declined", "not_eligible"}), Reasons: coded(p, "referral.corrected.", training.AnswerReasons), BackURL: "#", Action: "#", Errors: map[string]string{"why": p.T("referral.corrected_missing")}}
	}},
	{"referral-form", "referrals/form", func(p *i18n.Printer) any {
		return centre.ReferralForm{Name: "Imane Ouazzani", PersonURL: "/people/1", School: "Collège Ibn Sina", From: "college", On: "2026-03-18", Errors: map[string]string{"why": p.T("error.choose", "field", p.T("referral.why"))}}
	}},
	{"group-session", "groups/session", func(*i18n.Printer) any {
		return centre.SessionForm{Group: "Enfants, mercredi", GroupURL: "/groups/1", Date: "2026-03-18", From: "14:00", To: "16:00", Room: "Salle 2", CancelURL: "/groups/1"}
	}},
	{"group-leave", "confirm", func(p *i18n.Printer) any {
		return centre.Confirm{Title: p.T("groups.leave"), Text: "Imane Ouazzani · Enfants, mercredi", Button: p.T("groups.leave"), Danger: true, CancelURL: "/groups/1",
			Reasons: []shell.Option{{Value: "school", Label: p.T("schooling.in_school")}, {Value: "other", Label: p.T("common.other")}}}
	}},
	{"today", "teach/today", today},
	{"today-quiet", "teach/today", func(p *i18n.Printer) any {
		return teach.Today{Date: "2026-03-15", Name: "Youssef", NextDate: "2026-03-18", GroupURL: "/groups"}
	}},
	{"attendance", "teach/attendance", attendance},
	{"attendance-conflict", "teach/attendance", func(p *i18n.Printer) any {
		a := attendance(p).(teach.Attendance)
		a.Conflict = p.T("attendance.changed")
		return a
	}},
	{"attendance-locked", "teach/attendance", func(p *i18n.Printer) any {
		a := attendance(p).(teach.Attendance)
		a.Locked = p.T("attendance.not_yet")
		return a
	}},
	{"board", "board/board", func(p *i18n.Printer) any { return board(p, true) }},
	{"board-region", "board/board", func(p *i18n.Printer) any { return board(p, false) }},
	{"board-none", "board/board", func(*i18n.Printer) any { return steer.Board{WomenGoal: -1, RuralGoal: -1, NewURL: "/programmes/new"} }},
	{"behind", "board/behind", behind},
	{"programmes", "programmes/list", func(*i18n.Printer) any {
		return steer.Programmes{NewURL: "/programmes/new", Gone: []steer.GoneRow{{Name: i18n.Text{i18n.FR: "Jil Raqmi 2", i18n.AR: "الجيل الرقمي 2"}, Code: "JIL2", Why: "Saisi deux fois", RestoreURL: "#"}}, Rows: []steer.ProgrammeRow{
			{Name: jil, Code: "JIL", Target: 22750, BoardURL: "/board", TargetsURL: "/programmes-targets", PhasesURL: "#", Pillars: []string{"training", "field"}, Phases: []steer.PhaseRow{{Name: i18n.Text{i18n.FR: "Enfants", i18n.AR: "الأطفال"}, From: "2026-01-05", To: "2026-06-30", AgeMin: 8, AgeMax: 14}, {Name: i18n.Text{i18n.FR: "Adolescents", i18n.AR: "اليافعون"}, From: "2026-09-01", To: "2027-06-30", AgeMin: 15, AgeMax: 18, Planned: true}}},
			{Name: i18n.Text{i18n.FR: "Fursa", i18n.AR: "فرصة"}, Code: "FURSA", BoardURL: "/board", PhasesURL: "#", TargetsURL: "/programmes-targets", Phases: []steer.PhaseRow{{Name: i18n.Text{i18n.FR: "Deuxième chance"}, From: "2026-02-01", To: "2026-12-20", AgeMin: 15}}}}}
	}},
	{"programmes-none", "programmes/list", func(*i18n.Printer) any { return steer.Programmes{NewURL: "/programmes/new"} }},
	{"programmes-form", "programmes/form", func(p *i18n.Printer) any {
		return steer.ProgrammeForm{NameFR: "Jil Raqmi", NameAR: "الجيل الرقمي", From: "2026-03-18", To: "2027-06-30", AgeMin: "8", AgeMax: "14", Place: "MA · Maroc", Known: []string{"MA · Maroc"}, CancelURL: "/programmes", Errors: map[string]string{"target": p.T("programmes.target_wrong")}}
	}},
	{"programmes-targets", "programmes/targets", func(p *i18n.Printer) any {
		v := steer.Targets{Programme: jil, Period: "2026", BoardURL: "/board", CancelURL: "/programmes", Periods: []steer.PeriodTab{{Name: p.T("board.whole"), URL: "?"}, {Name: "2026", URL: "?period=2026", Current: true}, {Name: "2027", URL: "?period=2027"}},
			Of: "girls", Groups: []steer.PeriodTab{{Name: p.T("programmes.group.all"), URL: "#"}, {Name: p.T("programmes.group.girls"), URL: "#", Current: true}, {Name: p.T("programmes.group.rural"), URL: "#"}},
			SpreadURL: "/programmes-spread", NewURL: "/programmes-target", Others: []steer.OtherTarget{{Name: "Casablanca-Settat · mars 2026 · Participations", Value: 1400, URL: "/programmes-target"}}, More: 3,
			Asking: steer.Asking{Ask: true, Meant: "x", Doubts: []string{p.T("targets.doubt.places", "n", 23100, "whole", "Maroc · 2026", "m", 22750)}}, Rows: []steer.TargetRow{{URL: "/programmes-target", Code: "MA", Name: i18n.Text{i18n.FR: "Maroc", i18n.AR: "المغرب"}, Value: "22750", How: p.T("spread.how_hand")}}, Errors: map[string]string{"target_MA-02": p.T("programmes.target_wrong")}}
		for _, r := range regions {
			v.Rows = append(v.Rows, steer.TargetRow{Code: r.code, Name: r.name, Value: fmt.Sprint(r.target)})
		}
		return v
	}},
	{"programmes-target", "programmes/target", func(p *i18n.Printer) any { return oneTarget(p, false) }},
	{"programmes-target-new", "programmes/target", func(p *i18n.Printer) any { return oneTarget(p, true) }},
	{"programmes-spread", "programmes/spread", func(p *i18n.Printer) any { return spreadOut(p, true) }},
	{"programmes-spread-ask", "programmes/spread", func(p *i18n.Printer) any { return spreadOut(p, false) }},
	{"programmes-spread-none", "programmes/spread", func(*i18n.Printer) any {
		return steer.Spread{Programme: jil, TargetsURL: "/programmes-targets", BoardURL: "/board"}
	}},
	{"staff", "staff/list", func(*i18n.Printer) any {
		return steer.Staff{NewURL: "/staff/new", RenewURL: "/staff/renew", OpeningsURL: "/openings", RequestsURL: "/requests", Rows: []steer.StaffRow{
			{Name: "Nadia El Fassi", Login: "nadia", URL: "/me", Role: "role.national", Place: "Maroc", Until: "2026-06-12"},
			{Name: "Salma Bennani", Login: "salma.b", URL: "/staff/2", Role: "role.centre", Place: "Maison de jeunes Hay Salam", Until: "2026-04-02", State: "soon"},
			{Name: "يوسف أمراني", Login: "youssef", URL: "/staff/3", Role: "role.trainer", Place: "Maison de jeunes Hay Salam", Until: "2026-03-01", State: "ended"},
			{Name: "Hajar Tazi", Login: "hajar", URL: "/staff/4", Role: "role.helper", Place: "Maison de jeunes Hay Salam", Closed: true}, {Name: "Omar Filali", Login: "omar", URL: "/staff/5"}}}
	}},
	{"staff-form", "staff/form", func(p *i18n.Printer) any {
		v := steer.StaffForm{Role: "trainer", AskNames: true, MinPassphrase: 10, CancelURL: "/staff", Places: regionOptions(p)}
		for _, r := range access.Roles {
			v.Roles = append(v.Roles, shell.Option{Value: string(r), Label: p.T("role." + string(r)), Hint: p.T("staff.role." + string(r))})
		}
		return v
	}},
	{"staff-role", "staff/role", func(p *i18n.Printer) any {
		v := steer.StaffForm{Name: "Salma Bennani", Role: "helper", CancelURL: "/staff/2", Places: regionOptions(p), Errors: map[string]string{"place": p.T("staff.place_wrong.helper")}}
		for _, r := range []string{"centre", "trainer", "helper", "mentor"} {
			v.Roles = append(v.Roles, shell.Option{Value: r, Label: p.T("role." + r), Hint: p.T("staff.role." + r)})
		}
		return v
	}},
	{"staff-renew", "staff/renew", func(*i18n.Printer) any {
		return steer.Renew{Days: 90, Action: "/staff/renew", Rows: []steer.RenewRow{{Grant: "1", Name: "يوسف أمراني", Login: "youssef", Role: "role.trainer", Place: "Maison de jeunes Hay Salam", Until: "2026-03-01", Ended: true}, {Grant: "2", Name: "Salma Bennani", Login: "salma.b", Role: "role.centre", Place: "Maison de jeunes Hay Salam", Until: "2026-04-02"}}}
	}},
	{"staff-renew-none", "staff/renew", func(*i18n.Printer) any { return steer.Renew{Days: 90} }},
	{"staff-member", "staff/member", func(p *i18n.Printer) any { return member(p, false) }},
	{"staff-member-closed", "staff/member", func(p *i18n.Printer) any { return member(p, true) }},
	{"staff-reset", "staff/reset", func(*i18n.Printer) any {
		return steer.Reset{Name: "Salma Bennani", Login: "salma.b", Days: 14, BackURL: "/staff/2"}
	}},
	{"staff-reset-code", "staff/reset", func(*i18n.Printer) any {
		return steer.Reset{Name: "Salma Bennani", Login: "salma.b", Days: 14, BackURL: "/staff/2", Code: "7KQ2M-X9RTB-C4VHN-0DZ5W"}
	}},
	{"openings", "openings/list", func(*i18n.Printer) any {
		return steer.Openings{NewURL: "/openings/new", Rows: []steer.OpeningRow{{Who: "Karim Idrissi", Centre: haySalam, Reason: "Appel d’un parent, le centre ne répond pas", At: "18 mars 2026 14:05", Until: "15:05", Open: true}, {Centre: haySalam, Reason: "تحقق من شكاية", At: "2 mars 2026 09:10", Until: "10:10"}}}
	}},
	{"openings-none", "openings/list", func(*i18n.Printer) any { return steer.Openings{} }},
	{"audit", "audit/audit", audited},
	{"audit-person", "audit/audit", func(p *i18n.Printer) any {
		v := audited(p).(steer.Audit)
		v.Unusual, v.Whom, v.AllURL, v.Rows = nil, "Amina Benali", "/audit", v.Rows[:1]
		return v
	}},
	{"audit-wrong", "audit/audit", func(p *i18n.Printer) any {
		v := audited(p).(steer.Audit)
		v.ListURL, v.CSVURL, v.From, v.Person = "", "", "2026-02-31", "Amina"
		v.Choices = []steer.AuditPerson{{Name: "Amina Benali", Other: "أمينة بنعلي", URL: "/audit"}, {Name: "أمينة العلوي", URL: "/audit"}}
		v.Errors = map[string]string{"from": p.T("groups.date_wrong"), "person": p.T("audit.person_several")}
		return v
	}},
	{"audit-none", "audit/audit", func(*i18n.Printer) any {
		return steer.Audit{ListURL: "/audit", DaysURL: "/audit?tab=days", From: "2026-03-12", To: "2026-03-18", DayStarts: 7, DayEnds: 20}
	}},
	{"audit-days", "audit/audit", func(p *i18n.Printer) any {
		v := audited(p).(steer.Audit)
		v.Days, v.ListURL, v.CSVURL, v.Cut, v.Max = true, "", "", true, 300
		v.Sums = []steer.AuditDay{{Date: "2026-03-17", Centre: haySalam, URL: "/audit", Looks: 64, People: 41, Lists: 12, Names: 1240, Searches: 8, Exports: 1, Prints: 30, Changes: 52, OutOfHours: 3, Accounts: 4, Openings: 1}, {Date: "2026-03-16", Centre: haySalam, URL: "/audit", Looks: 20, People: 18, Changes: 9, Accounts: 2}}
		return v
	}},
	{"audit-no-days", "audit/audit", func(*i18n.Printer) any {
		return steer.Audit{Days: true, DaysURL: "/audit?tab=days", From: "2026-03-12", To: "2026-03-18"}
	}},
	{"openings-form", "openings/form", func(p *i18n.Printer) any {
		return steer.OpeningForm{Minutes: 60, Centres: regionOptions(p), CancelURL: "/me", Errors: map[string]string{"reason": p.T("error.reason_missing")}}
	}},
	{"worry", "worry/form", func(p *i18n.Printer) any {
		return safe.Worry{Helplines: helplines, Centres: regionOptions(p), Errors: map[string]string{"what": p.T("worry.empty")}}
	}},
	{"worry-nobody", "worry/form", func(*i18n.Printer) any { return safe.Worry{Helplines: helplines, Nobody: true, Hidden: true} }},
	{"worry-sent", "worry/sent", func(*i18n.Printer) any { return safe.Sent{Helplines: helplines} }},
	{"safe-key", "safe/list", func(*i18n.Printer) any { return safe.List{NoKey: true, MinPassphrase: 10} }},
	{"safe-locked", "safe/list", func(p *i18n.Printer) any {
		return safe.List{MinPassphrase: 10, Rows: safeRows(""), Errors: map[string]string{"passphrase": p.T("safe.wrong")}}
	}},
	{"safe-open", "safe/list", func(*i18n.Printer) any {
		return safe.List{MinPassphrase: 10, Until: "14:20", Rows: safeRows("/safeguarding/1"), Officers: []safe.Officer{{Name: "Khadija Alami", Fingerprint: "A1B2 C3D4 E5F6 0718", Place: haySalam}}}
	}},
	{"safe-case", "safe/case", func(p *i18n.Printer) any {
		return safe.Case{At: "18 mars 2026 14:05", State: "open", Until: "14:20", Centre: haySalam, What: "Un grand attend les petits devant la porte et prend leurs affaires.", Who: "سعيد", Reply: "Oui, lundi", Action: "#",
			Steps: []safe.Step{{At: "19 mars 2026 09:00", By: "Khadija Alami", What: "spoke", Text: "Parlé avec l’enfant et sa mère."}, {At: "22 mars 2026 09:00", What: "closed", Outcome: "safe", Text: "Réglé."}}, Errors: map[string]string{"step": p.T("safe.error_step")}}
	}},
	{"safe-case-locked", "safe/case", func(p *i18n.Printer) any {
		return safe.Case{At: "18 mars 2026 14:05", State: "open", Centre: haySalam, Action: "#", Locked: true, Step: "spoke", Text: "Parlé avec l’enfant et sa mère.", Errors: map[string]string{"passphrase": p.T("safe.locked_meanwhile")}}
	}},
	{"safe-case-unread", "safe/case", func(*i18n.Printer) any {
		return safe.Case{At: "18 mars 2026 14:05", State: "new", Until: "14:20", Centre: haySalam, Unread: true}
	}},
	{"requests", "requests/list", func(p *i18n.Printer) any {
		v := steer.Requests{Waiting: []steer.RequestRow{asked(p, "pending")}}
		for _, s := range []string{"confirmed", "refused", "taken_back", "lapsed"} {
			v.Settled = append(v.Settled, asked(p, s))
		}
		return v
	}},
	{"requests-none", "requests/list", func(*i18n.Printer) any { return steer.Requests{} }},
	{"request", "requests/request", func(p *i18n.Printer) any {
		return steer.RequestPage{RequestRow: asked(p, "pending"), People: []steer.RequestPerson{{Name: "Amina Benali", Other: "أمينة بنعلي", URL: "/people/1"}, {Name: "Amina Ben Ali", URL: "/people/2"}}, Unknown: 1, ConfirmURL: "#", RefuseURL: "#", Reasons: []shell.Option{{Value: "wrong_person", Label: p.T("requests.refuse.wrong_person")}, {Value: "not_proven", Label: p.T("requests.refuse.not_proven")}}, Errors: map[string]string{"reason": p.T("error.reason_missing")}}
	}},
	{"request-own", "requests/request", func(p *i18n.Printer) any {
		return steer.RequestPage{RequestRow: asked(p, "pending"), People: []steer.RequestPerson{{Name: "Amina Benali", URL: "/people/1"}}, Own: true, ConfirmURL: "#", RefuseURL: "#"}
	}},
	{"request-refused", "requests/request", func(p *i18n.Printer) any {
		r := asked(p, "refused")
		r.Decider, r.Answer, r.Conflict = "Nadia El Fassi", p.T("requests.refuse.wrong_person"), true
		return steer.RequestPage{RequestRow: r, Unknown: 2}
	}},
	{"languages", "open/languages", func(*i18n.Printer) any { return open.Languages{Next: "/sign-in"} }},
	{"demo", "open/demo", func(*i18n.Printer) any {
		return open.Demo{Action: "/demo", CentreCount: 14, PersonCount: 2310, SessionCount: 640, People: []open.Player{
			{ID: "1", Name: "Nadia El Fassi", Role: "role.national", Place: i18n.Text{i18n.FR: "Maroc", i18n.AR: "المغرب", i18n.ZGH: "ⵍⵎⵖⵔⵉⴱ", i18n.EN: "Morocco"}, Shows: "demo.shows.national"},
			{ID: "2", Name: "Karim Idrissi", Role: "role.region", Place: regions[2].name, Shows: "demo.shows.region"},
			{ID: "3", Name: "Salma Bennani", Role: "role.centre", Place: haySalam, Shows: "demo.shows.centre"},
			{ID: "4", Name: "يوسف أمراني", Role: "role.trainer", Place: haySalam, Shows: "demo.shows.trainer"},
			{ID: "5", Name: "Aïcha Ouhaddou", Role: "role.guardian", Place: haySalam, Shows: "demo.shows.guardian"},
			{ID: "6", Name: "Khadija Alami", Role: "role.safeguarding", Place: regions[2].name, Shows: "demo.shows.safeguarding"},
			{ID: "7", Name: "Meryem Tahiri", Role: "role.partner", Place: accords[0].Name, Shows: "demo.shows.partner"},
			{ID: "8", Name: "Omar Lamrani", Role: "role.auditor", Place: accords[0].Name, Shows: "demo.shows.auditor"}}}
	}},
	{"error-404", "open/error", func(*i18n.Printer) any { return open.Error{Status: 404, BackURL: "/"} }},
	{"error-403", "open/error", func(*i18n.Printer) any { return open.Error{Status: 403, BackURL: "/"} }},
	{"error-500", "open/error", func(*i18n.Printer) any { return open.Error{Status: 500, Reference: "7f3a-91c2"} }},
	{"error-503", "open/error", func(*i18n.Printer) any { return open.Error{Status: 503} }},
	{"gallery-stars", "gallery/stars", func(*i18n.Printer) any { return nil }},
}

func account(p *i18n.Printer) any {
	return me.Me{Name: "Salma Bennani", Login: "salma.b", Passphrase: true, Factor: true, Codes: 6, PasskeysHere: true, OpenURL: "/openings/new", Lang: "fr", Langs: []shell.Option{{Value: "ar", Label: "العربية"}, {Value: "fr", Label: "Français"}},
		Roles:    []me.Role{{Role: "role.centre", On: "Maison de jeunes Hay Salam", Until: "2026-06-12", State: "ok"}, {Role: "role.trainer", On: "Maison de jeunes Hay Salam", Until: "2026-04-02", State: "soon"}, {Role: "role.region", On: "Fès-Meknès", Until: "2026-03-01", State: "ended"}, {Role: "role.glass", On: "دار الشباب الأمل", Until: "2026-03-18", At: "15:05", State: "glass"}},
		Passkeys: []me.Passkey{{ID: "1", Name: "Téléphone", Created: "2026-02-11", Used: "2026-03-17"}, {ID: "2", Name: "حاسوب المركز", Created: "2026-03-01"}},
		Sessions: browsers()}
}

func browsers() []me.Session {
	return []me.Session{{Handle: "1", Device: "Firefox, Linux", Since: "18 mars 08:02", Seen: "18 mars 14:00", Current: true}, {Handle: "2", Device: "Chrome, Android", Since: "17 mars 19:40", Seen: "18 mars 07:55"}}
}

func member(p *i18n.Printer, closed bool) any {
	v := steer.Member{Name: "يوسف أمراني", Login: "youssef", Closed: closed, AuditURL: "/audit?account=3", RoleURL: "/staff/3/role", CloseURL: "/staff/3/close", ReopenURL: "/staff/3/reopen", ResetURL: "/staff/3/reset", EndURL: "/staff/3/sessions/end"}
	if !closed {
		v.Sessions = browsers()[1:]
		v.Roles = []steer.MemberRole{{Role: me.Role{Role: "role.trainer", On: "Maison de jeunes Hay Salam", Until: "2026-04-02", State: "soon"}, WithdrawURL: "/staff/3/withdraw/1"}, {Role: me.Role{Role: "role.helper", On: "دار الشباب الأمل", State: "ok"}, WithdrawURL: "/staff/3/withdraw/2"}}
	}
	return v
}

func audited(p *i18n.Printer) any {
	v := steer.Audit{ListURL: "/audit", DaysURL: "/audit?tab=days", CSVURL: "/audit.csv", Centre: "1", From: "2026-03-12", To: "2026-03-18", Search: true, DayStarts: 7, DayEnds: 20, ManyInHour: 40, ManyInDay: 120,
		Centres: []shell.Option{{Value: "1", Label: "Maison de jeunes Hay Salam"}, {Value: "2", Label: "Errachidia"}}, Accounts: []shell.Option{{Value: "1", Label: "Salma Bennani"}}, Odd: []shell.Option{{Value: "out", Label: p.T("audit.odd")}},
		Unusual: []steer.AuditMany{{Who: "يوسف أمراني", When: p.Date("2026-03-17") + " 22:00–23:00", URL: "/audit", Files: 64}},
		Rows: []steer.AuditRow{
			{At: p.Date("2026-03-18") + " 14:05", Who: "Salma Bennani", WhoURL: "/audit", Role: "role.centre", What: p.T("audit.did.person.edited"), Whom: []steer.AuditPerson{{Name: "Amina Benali", URL: "/people/1"}}},
			{At: p.Date("2026-03-17") + " 22:40", Who: "يوسف أمراني", WhoURL: "/audit", Role: "role.trainer", What: p.T("look.search") + " · " + p.T("audit.list.people") + " · " + p.T("audit.names", "n", 48), Odd: true},
			{At: p.Date("2026-03-17") + " 10:00", Who: "Karim Idrissi", WhoURL: "/audit", What: p.T("audit.did.attendance.taken"), Whom: []steer.AuditPerson{{Code: "0A1B2C3D", URL: "/audit"}, {Code: "4E5F6071", URL: "/audit"}}, More: 24},
			{At: p.Date("2026-03-16") + " 03:00", What: p.T("audit.did.person.erased"), Whom: []steer.AuditPerson{{Code: "0A1B2C3D", URL: "/audit"}}},
		}, Pager: shell.Pager{Next: "/audit?page=1", Shown: 4, Total: -1}}
	for _, s := range []string{"seen", "listed", "taken", "changed", "granted"} {
		v.Kinds = append(v.Kinds, shell.Option{Value: s, Label: p.T("audit.sort." + s)})
	}
	return v
}

func asked(p *i18n.Printer, state string) steer.RequestRow {
	return steer.RequestRow{Action: "people.merge", Who: "Salma Bennani", Reason: "Inscrite deux fois, même Massar", Centre: haySalam, At: "17 mars 2026 10:12", Until: "2026-03-31", State: state, Subjects: 2, URL: "/requests/1"}
}

var haySalam = i18n.Text{i18n.FR: "Maison de jeunes Hay Salam", i18n.AR: "دار الشباب حي السلام", i18n.EN: "Hay Salam youth centre"}

var jil = i18n.Text{i18n.FR: "Jil Raqmi", i18n.AR: "الجيل الرقمي"}

var groupOptions = []shell.Option{{Value: "1", Label: "Enfants, mercredi"}, {Value: "2", Label: "Ados, samedi"}, {Value: "3", Label: "Diplômées, soir"}}

var phaseOptions = []shell.Option{{Value: "1", Label: "Phase 1 · 8–14"}, {Value: "2", Label: "Phase 2 · 15–18"}}

type region struct {
	code            string
	name            i18n.Text
	column, row     int
	target, reached int64
	women, rural    int64
}

var regions = []region{
	{"MA-01", i18n.Text{i18n.FR: "Tanger-Tétouan-Al Hoceïma", i18n.AR: "طنجة - تطوان - الحسيمة", i18n.ZGH: "ⵟⴰⵏⵊⴰ-ⵜⵉⵟⵟⴰⵡⵉⵏ-ⵍⵃⵓⵙⵉⵎⴰ"}, 4, 0, 2400, 2110, 52, 31},
	{"MA-04", i18n.Text{i18n.FR: "Rabat-Salé-Kénitra", i18n.AR: "الرباط - سلا - القنيطرة", i18n.ZGH: "ⵕⵕⴱⴰⵟ-ⵙⵍⴰ-ⵇⵏⵉⵟⵔⴰ"}, 3, 1, 3000, 2890, 51, 18},
	{"MA-03", i18n.Text{i18n.FR: "Fès-Meknès", i18n.AR: "فاس - مكناس", i18n.ZGH: "ⴼⴰⵙ-ⵎⴽⵏⴰⵙ"}, 4, 1, 2800, 1820, 48, 35},
	{"MA-02", i18n.Text{i18n.FR: "L’Oriental", i18n.AR: "الشرق", i18n.ZGH: "ⵜⴰⵏⴳⵎⵓⴹⵜ"}, 5, 1, 1600, 1210, 50, 30},
	{"MA-06", i18n.Text{i18n.FR: "Casablanca-Settat", i18n.AR: "الدار البيضاء - سطات", i18n.ZGH: "ⴰⵏⴼⴰ-ⵙⵟⵟⴰⵜ"}, 2, 2, 4200, 4390, 53, 12},
	{"MA-05", i18n.Text{i18n.FR: "Béni Mellal-Khénifra", i18n.AR: "بني ملال - خنيفرة", i18n.ZGH: "ⴰⵢⵜ ⵎⵍⵍⴰⵍ-ⵅⵏⵉⴼⵔⴰ"}, 3, 2, 1500, 690, 44, 49},
	{"MA-08", i18n.Text{i18n.FR: "Drâa-Tafilalet", i18n.AR: "درعة - تافيلالت", i18n.ZGH: "ⴷⵔⴰ-ⵜⴰⴼⵉⵍⴰⵍⵜ"}, 4, 2, 1200, 480, 41, 66},
	{"MA-07", i18n.Text{i18n.FR: "Marrakech-Safi", i18n.AR: "مراكش - آسفي", i18n.ZGH: "ⵎⵕⵕⴰⴽⵛ-ⴰⵙⴼⵉ"}, 2, 3, 2900, 2240, 49, 41},
	{"MA-09", i18n.Text{i18n.FR: "Souss-Massa", i18n.AR: "سوس - ماسة", i18n.ZGH: "ⵙⵓⵙ-ⵎⴰⵙⵙⴰ"}, 1, 4, 1900, 1650, 52, 38},
	{"MA-10", i18n.Text{i18n.FR: "Guelmim-Oued Noun", i18n.AR: "كلميم - واد نون", i18n.ZGH: "ⴳⵍⵎⵉⵎ-ⵡⴰⴷ ⵏⵓⵏ"}, 1, 5, 500, 310, 47, 33},
	{"MA-11", i18n.Text{i18n.FR: "Laâyoune-Sakia El Hamra", i18n.AR: "العيون - الساقية الحمراء", i18n.ZGH: "ⵍⵄⵢⵓⵏ-ⵙⴰⵇⵢⴰ ⵍⵃⵎⵔⴰ"}, 0, 5, 450, 420, 55, 9},
	{"MA-12", i18n.Text{i18n.FR: "Dakhla-Oued Ed-Dahab", i18n.AR: "الداخلة - وادي الذهب", i18n.ZGH: "ⴷⴷⴰⵅⵍⴰ-ⵡⴰⴷ ⴷⴷⴰⵀⴰⴱ"}, 0, 6, 300, 190, 46, 8},
}

func regionOptions(p *i18n.Printer) []shell.Option {
	var list []shell.Option
	for _, r := range regions {
		s, _ := r.name.In(p.Lang())
		list = append(list, shell.Option{Value: r.code, Label: s})
	}
	return list
}

func rows() []centre.PersonRow {
	list := []centre.PersonRow{
		{Name: "Amina Benali", Other: "أمينة بنعلي", Sex: "f", Milieu: "urban", Age: 11, Group: "Enfants, mercredi", Massar: "G134567890", State: "active"},
		{Name: "Youssef Lahlou", Other: "يوسف لحلو", Sex: "m", Milieu: "urban", Age: 12, Group: "Enfants, mercredi", Massar: "G134567891", State: "active"},
		{Name: "Salma Kabbaj", Other: "سلمى قباج", Sex: "f", Milieu: "rural", Age: 9, Group: "Enfants, mercredi", State: "enrolled", NoConsent: true},
		{Name: "إلياس منصوري", Sex: "m", Milieu: "rural", Age: 14, Group: "Ados, samedi", Massar: "K130012345", State: "active"},
		{Name: "Tilila Aït Ouakrim", Other: "تيليلا آيت واكريم", Sex: "f", Milieu: "rural", Age: 16, Group: "Ados, samedi", Massar: "K130012346", State: "waitlisted"},
		{Name: "Hajar Tazi", Other: "هاجر التازي", Sex: "f", Milieu: "urban", Age: 23, Group: "Diplômées, soir", State: "completed"},
		{Name: "عمر فيلالي", Other: "Omar Filali", Sex: "m", Milieu: "urban", Age: 17, Group: "Ados, samedi", Massar: "D139876543", State: "withdrawn"},
		{Name: "Nour El Houda Essaadi", Other: "نور الهدى السعدي", Sex: "f", Milieu: "urban", Age: -1, State: "applied"},
		{Name: "Zineb Alaoui", Other: "زينب العلوي", Sex: "f", Milieu: "urban", Age: 10, Group: "Enfants, mercredi", Massar: "G134567899", State: "active"},
		{Name: "Mehdi Chraïbi", Other: "المهدي الشرايبي", Sex: "m", Milieu: "urban", Age: 13, Group: "Enfants, mercredi", Massar: "G134567812", State: "active"},
	}
	for i := range list {
		list[i].ID, list[i].URL = fmt.Sprint(i+1), fmt.Sprintf("/people/%d", i+1)
		if list[i].Group != "" {
			list[i].GroupURL = "/groups/1"
		}
	}
	return list
}

var sorts = map[string]shell.Sort{"name": {URL: "?sort=-name", Order: "ascending"}, "age": {URL: "?sort=age"}, "group": {URL: "?sort=group"}, "state": {URL: "?sort=state"},
	"target": {URL: "?sort=target"}, "reached": {URL: "?sort=reached"}, "share": {URL: "?sort=share"}, "women": {URL: "?sort=women"}, "rural": {URL: "?sort=rural"},
	"enrolled": {URL: "?sort=enrolled"}, "next": {URL: "?sort=next"}, "on": {URL: "?sort=on"}, "centre": {URL: "?sort=centre"}}

// oneTarget is the form of one target: a new one that is there already, or one that contradicts others.
func oneTarget(p *i18n.Printer, fresh bool) any {
	everybody := shell.Option{Label: p.T("programmes.group.all")}
	v := steer.TargetForm{New: fresh, Programme: jil, Indicator: "participations", Place: "MA-06 · Casablanca-Settat", Period: "2026-03", Sex: "f", Value: "1400", Seen: "x", Known: []string{"MA · Maroc", "MA-06 · Casablanca-Settat"}, Action: "#", BackURL: "/programmes-targets", Errors: map[string]string{},
		Indicators: coded(p, "board.counts.", []string{"people", "participations"}), Sexes: append([]shell.Option{everybody}, coded(p, "sex.", []string{"f", "m"})...), Ages: []shell.Option{everybody}, Milieus: []shell.Option{everybody}, Schoolings: []shell.Option{everybody},
		Agreements: []shell.Option{{Value: "1", Label: "CC-1 · Convention cadre"}}, SourceKinds: coded(p, "agree.source.", []string{"official", "press"}), SourceKind: "press", SourcePublication: "MAP", SourceOn: "2025-06", SourceURL: "https://www.mapnews.ma/", StatesFR: "environ 1 400 participations en mars"}
	if fresh {
		v.There, v.Errors["place"], v.Errors["period"] = "/programmes-target", p.T("targets.there", "n", 1200), p.T("targets.period_wrong", "year", "2026", "month", "2026-03")
		return v
	}
	v.How = []string{p.T("targets.of_plan")}
	v.Asking = steer.Asking{Ask: true, Meant: "x", Doubts: []string{p.T("targets.doubt.part", "part", "Casablanca-Settat · 2026", "n", 1400, "whole", "Maroc · 2026", "m", 1000)}}
	v.Errors["despite"] = p.T("spread.despite_missing")
	return v
}

// spreadOut is a target shared out over the regions: as it can be saved, or with parts below what is reached.
func spreadOut(p *i18n.Printer, well bool) any {
	v := steer.Spread{Programme: jil, Target: "1", Level: "region", Rule: "population", Whole: 22750, Seen: "x", Source: "HCP, RGPH 2024", SourceURL: "https://www.hcp.ma/", TargetsURL: "/programmes-targets", BoardURL: "/board", Errors: map[string]string{},
		Targets: []shell.Option{{Value: "1", Label: p.T("spread.of", "target", "Maroc · 2026", "n", 22750)}}, Levels: []shell.Option{{Value: "region", Label: p.T("spread.level.region", "n", 12)}}, Rules: coded(p, "spread.rule.", programme.SpreadRules), Likes: []shell.Option{{Value: "2", Label: "Maroc · 2025"}}}
	for i, r := range regions {
		x := steer.SpreadRow{Code: r.code, Name: r.name, Weight: int64(r.target) * 1600, Part: int64(r.target), Was: int64(r.target), Reached: 300}
		if i == 1 {
			x.Hand, x.Changed, x.Was = fmt.Sprint(r.target), true, -1
		}
		if i == 2 && !well {
			x.Reached, x.Below, x.Lack = 9000, true, true
			v.Typed, x.Replaced, v.Doubts, v.Meant = 2, true, []string{p.T("targets.doubt.cells", "n", 9000, "whole", "Maroc · 2026", "m", 8000)}, "x"
			v.Ask, v.Errors["despite"], v.Errors["hand_"+r.code] = true, p.T("spread.despite_missing"), p.T("programmes.target_wrong")
		}
		v.Rows = append(v.Rows, x)
		v.Sum += x.Part
	}
	if well {
		v.Whole = v.Sum + 12
	}
	return v
}

func people(*i18n.Printer) any {
	return centre.People{By: []string{"age", "milieu", "state"}, Groups: groupOptions, Sort: sorts, Rows: append(rows(), rows()...), Pager: shell.Pager{Next: "?after=x", Shown: 20, Total: 1248},
		NewURL: "/people/new", ImportURL: "/people/import"}
}

func person(p *i18n.Printer) any {
	return centre.Person{Name: "Amina Benali", Other: "أمينة بنعلي", Sex: "f", Milieu: "urban", Schooling: "in_school", Birth: "2014-09-17", Age: 11, Massar: "G134567890",
		Phone: "06 12 34 56 78", Address: "12, rue des Orangers, Hay Salam", Guardians: []centre.Guardian{{Name: "Fatima Benali", Phone: "06 61 22 33 44", Relation: p.T("relation.mother"), Fetch: true}}, GuardiansURL: "/people/1/guardians", MessagesURL: "/people/1/messages", PhotoAction: "/people/1/photo",
		Consents:   []centre.Consent{{Purpose: "training", State: "given", By: "Fatima Benali", On: "2026-02-20"}, {Purpose: "image", State: "refused", By: "Fatima Benali", On: "2026-02-20"}, {Purpose: "follow_up", State: "missing"}, {Purpose: "research", State: "missing"}},
		Enrolments: []centre.Enrolment{{Group: "Enfants, mercredi", GroupURL: "/groups/1", Programme: jil, State: "active", On: "2026-02-25", Present: 5, Held: 6}, {Group: "Découverte 2025", GroupURL: "/groups/9", State: "completed", On: "2025-06-28", Present: 12, Held: 14}},
		Present:    17, Held: 20, School: "École Al Massira", Level: "6e année primaire", Centre: haySalam, Conflict: true,
		Attendance: []centre.AttendanceLine{{On: "2026-03-11", Group: "Enfants, mercredi", Mark: "present", URL: "/attendance"}, {On: "2026-03-04", Group: "Enfants, mercredi", Mark: "late", URL: "/attendance"}, {On: "2026-02-25", Group: "Enfants, mercredi", Mark: "absent", URL: "/attendance"}},
		History:    []centre.HistoryLine{{Text: p.T("enrolment.enrolled") + " · Enfants, mercredi", On: "2026-02-25", By: "Salma Bennani"}, {Text: p.T("consent.training") + " · " + p.T("people.consent.given"), On: "2026-02-20", By: "Salma Bennani"}},
		Doubles:    rows()[7:8], EditURL: "/people/1/edit", EnrolURL: "/people/1/enrol", ConsentURL: "/people/1/consent", EraseURL: "/people/1/erase"}
}

func personForm(p *i18n.Printer) any {
	return centre.PersonForm{New: true, Given: "Amina", Family: "Benali", GivenAR: "أمينة", Birth: "31/02/2014", Sex: "f", Milieu: "urban", Schooling: "in_school", Groups: groupOptions,
		Doubles: append(rows()[:1:1], centre.PersonRow{Centre: haySalam, Age: -1}), AskDouble: true, LikeURL: "/people/like", AskConsent: true, CancelURL: "/people", Errors: map[string]string{"birth": p.T("error.date"), "milieu": p.T("error.choose", "field", p.T("milieu")), "not_double": p.T("people.say_double")}}
}

func sameList(p *i18n.Printer) any {
	a := centre.SamePerson{Name: "Mohammed Aït Hammou", Other: "محمد أيت حمو", URL: "/people/1", Birth: "2014-03-09", Centre: haySalam}
	b := centre.SamePerson{Name: "محمد آيت حمو", URL: "/people/2", Birth: "2014-09-03", Centre: haySalam}
	return centre.SameList{State: "open", Sought: 12, Centres: []shell.Option{{Value: "1", Label: "Maison de jeunes Hay Salam"}, {Value: "2", Label: "Errachidia"}},
		Tabs: []centre.SameTab{{Key: "same.state.open", URL: "/people/same", Current: true}, {Key: "same.state.merged", URL: "/people/same?state=merged"}, {Key: "same.state.parted", URL: "/people/same?state=parted"}},
		Rows: []centre.SameRow{
			{A: a, B: b, Sure: true, URL: "/same/1/2", Why: []string{"evidence.birth.turned", "evidence.family.spelled", "evidence.phone.same", "evidence.given.spelled"}},
			{A: centre.SamePerson{Name: "Salma Kabbaj", Other: "سلمى قباج", URL: "/people/3", Birth: "2016", Centre: haySalam}, B: centre.SamePerson{Name: "Kabbaj Selma", URL: "/people/4", Birth: "2016-05-21", Centre: haySalam}, URL: "/same/3/4", Why: []string{"evidence.names.swapped", "evidence.family.same", "evidence.birth.year", "evidence.guardian.alike"}},
			{A: a, B: centre.SamePerson{Hidden: true, Centre: regions[2].name}},
		}, Pager: shell.Pager{Next: "/people/same?page=x", Shown: 3, Total: 57}}
}

func samePair(p *i18n.Printer) any {
	l := sameList(p).(centre.SameList).Rows[0]
	return centre.Same{A: l.A, B: l.B, Sure: true, State: "open", Action: "/same/1/2", BackURL: "/people/same", For: append(l.Why, "evidence.sex.same", "evidence.centre.same"), Against: []string{"evidence.guardian.alike"},
		Errors: map[string]string{"reason": p.T("same.reason_missing")},
		Rows: []centre.SameField{{Label: "people.given", A: "Mohammed", How: "one"}, {Label: "people.family", A: "Aït Hammou", How: "one"}, {Label: "people.given_ar", A: "محمد", B: "محمد", How: "same"}, {Label: "people.family_ar", A: "أيت حمو", B: "آيت حمو", How: "differ"},
			{Label: "people.birth", A: p.Date("2014-03-09"), B: p.Date("2014-09-03"), How: "differ"}, {Label: "sex", A: p.T("sex.m"), B: p.T("sex.m"), How: "same"}, {Label: "people.massar", A: "R134567890", How: "one"},
			{Label: "people.guardian", A: "Said Aït Hammou", B: "Fatima Ouchen", How: "differ"}, {Label: "same.guardian_phone", A: "+212612345678", B: "+212612345678", How: "same"}, {Label: "place.centre", A: p.T("place.centre"), B: p.T("place.centre"), How: "same"}, {Label: "people.group", A: "Enfants, mercredi", B: "Découverte 2025", How: "differ"}}}
}

func importColumns(p *i18n.Printer) any {
	field := func(v, key string) shell.Option { return shell.Option{Value: v, Label: p.T(key)} }
	return centre.ImportColumns{File: "liste_hay_salam_mars.xlsx", CancelURL: "/people/import",
		Fields:  []shell.Option{field("given", "people.given"), field("family", "people.family"), field("given_ar", "people.given_ar"), field("birth", "people.birth"), field("sex", "sex"), field("massar", "people.massar"), field("phone", "people.phone")},
		Columns: []centre.ImportColumn{{Index: 0, Header: "N°"}, {Index: 1, Header: "Nom", Field: "family", Sure: true}, {Index: 2, Header: "Prénom", Field: "given", Sure: true}, {Index: 3, Header: "الاسم الشخصي", Field: "given_ar", Sure: true}, {Index: 4, Header: "Date N.", Field: "birth"}, {Index: 5, Header: "Sexe", Field: "sex", Sure: true}, {Index: 6, Header: "Code élève", Field: "massar"}, {Index: 7, Header: "Tél. parent"}},
		Preview: [][]string{{"1", "Benali", "Amina", "أمينة", "17/09/2014", "F", "G134567890", "0661223344"}, {"2", "Lahlou", "Youssef", "يوسف", "03/01/2013", "G", "G134567891", "0662118890"}, {"3", "Kabbaj", "Salma", "سلمى", "2016", "F", "", ""}, {"4", "Mansouri", "Ilyas", "إلياس", "22/11/2011", "G", "K130012345", "0670001122"}}}
}

func importPlan(p *i18n.Printer) any {
	return centre.ImportPlan{AskConsent: true, Consents: 46, File: "liste_hay_salam_mars.xlsx", Group: "Enfants, mercredi", New: 41, Updated: 5, Same: 12, Refused: 2, BackURL: "/b", CancelURL: "/c", RejectsURL: "/r",
		Doubts:   []centre.ImportDoubt{{Line: 7, Name: "Benali Amina", Detail: "17/09/2014", Like: rows()[:1], Choice: "1"}, {Line: 23, Name: "Mohammed Lahlou", Detail: "2013", Like: rows()[1:3]}},
		Rejects:  []centre.ImportReject{{Line: 31, Name: "Karima", Reason: p.T("error.required", "field", p.T("people.family"))}, {Line: 44, Name: "31/02/2013", Column: "Date N.", Reason: p.T("error.date")}},
		Repeated: 1, Centre: haySalam, Duplicates: []centre.ImportReject{{Line: 52, Name: "Benali Amina", Reason: p.T("import.reason.repeated", "row", 52, "first", 7)}}, People: rows()[:4]}
}

func groups(*i18n.Printer) any {
	ph := i18n.Text{i18n.FR: "Enfants 8–14 ans", i18n.AR: "الأطفال 8–14 سنة", i18n.EN: "Children aged 8–14"}
	return centre.Groups{Phases: phaseOptions, Sort: sorts, NewURL: "/groups/new", Pager: shell.Pager{Total: 5}, Rows: []centre.GroupRow{
		{Name: "Enfants, mercredi", URL: "/groups/1", Phase: ph, Trainers: []string{"Youssef Amrani"}, Enrolled: 21, Capacity: 24, Held: 3, Sessions: 16, Next: "2026-03-18", At: "14:00", State: "running"},
		{Name: "Ados, samedi", URL: "/groups/2", Phase: ph, Trainers: []string{"Youssef Amrani", "سناء بوزيد"}, Enrolled: 24, Capacity: 24, Held: 5, Sessions: 14, Waiting: 6, Next: "2026-03-14", At: "10:00", State: "running"},
		{Name: "Diplômées, soir", URL: "/groups/3", Phase: ph, Enrolled: 9, Capacity: 20, Next: "2026-04-06", At: "18:30", State: "planned"},
		{Name: "التعاونية، الثلاثاء", URL: "/groups/4", Phase: ph, Trainers: []string{"سناء بوزيد"}, Enrolled: 12, Capacity: 12, State: "running", Next: "2026-03-17", At: "09:30"},
		{Name: "Découverte 2025", URL: "/groups/9", Phase: ph, Trainers: []string{"Hind Rami"}, Enrolled: 18, Capacity: 20, State: "over"},
	}}
}

// coded are codes as choices.
func coded(p *i18n.Printer, prefix string, codes []string) (out []shell.Option) {
	for _, c := range codes {
		out = append(out, shell.Option{Value: c, Label: p.T(prefix + c)})
	}
	return out
}

func beyonds(p *i18n.Printer) []shell.Option {
	out := []shell.Option{{Value: "wait", Label: p.T("groups.beyond_wait")}}
	for _, o := range coded(p, "groups.", training.Overs) {
		out = append(out, shell.Option{Value: o.Value, Label: p.T("groups.beyond_over", "why", o.Label)})
	}
	return out
}

func group(tab string) centre.Group {
	g := centre.Group{Name: "Enfants, mercredi", Programme: jil, Phase: i18n.Text{i18n.FR: "Enfants 8–14 ans", i18n.AR: "الأطفال 8–14 سنة"},
		Trainers: []string{"Youssef Amrani"}, Room: "Salle 2", From: "2026-02-25", To: "2026-06-24", Starts: "14:00", Ends: "16:00", Centre: haySalam, Enrolled: 21, Capacity: 24, Waiting: 2, Present: 101, Marked: 122, Tab: tab,
		AddURL: "/groups/1/add", EditURL: "/groups/1/edit", SessionURL: "/groups/1/session", AttendanceURL: "/attendance", RefillAction: "#", Free: 3, RosterURL: "/group", SessionsURL: "/group-sessions",
		Sessions: []centre.SessionRow{{Date: "2026-03-18", From: "14:00", To: "16:00", Room: "Salle 2", State: "now", URL: "/attendance"}, {Date: "2026-03-11", From: "14:00", To: "16:00", Room: "Salle 2", State: "open", URL: "/attendance"},
			{Date: "2026-03-04", From: "14:00", To: "16:00", Room: "Salle 2", State: "marked", Present: 18, Expected: 21, URL: "/attendance"}, {Date: "2026-02-25", From: "14:00", To: "16:00", Room: "Salle 2", State: "cancelled"}, {Date: "2026-03-25", From: "14:00", To: "16:00", Room: "Salle 2", State: "planned"}}}
	for i, r := range rows() {
		absent := 0
		if i == 3 {
			absent = 3
		}
		row := centre.RosterRow{PersonRow: r, Present: 6 - i%3, Held: 6, Absences: absent, LeaveURL: "/groups/1/leave", MoveURL: "/group-move"}
		switch i {
		case 1:
			row.SeatOn = "2026-03-04"
		case 2:
			row.Why = "over"
		case 3:
			row.AbsencesURL = "/group-absences"
		case 4:
			row.Next, row.State = 1, "waitlisted"
		}
		g.Roster = append(g.Roster, row)
	}
	return g
}

// withMoved is a group that somebody left for another, and that catches up on two subjects.
func withMoved(p *i18n.Printer, tab string) any {
	g := group(tab)
	g.Moved = []centre.MovedRow{{Name: "Imane Ouazzani", URL: "#", To: "Ados, samedi", ToURL: "#", On: "2026-03-04", Why: p.T("groups.moved.hours")}, {Name: "محمد أيت حمو", To: "مجموعة", On: "2026-03-01"}}
	g.Subjects = []centre.SubjectRow{{Subject: "french", Held: "2:00", Planned: "8:00"}, {Subject: "maths", Held: "0:00", Planned: "4:00"}, {Held: "4:00", Planned: "20:00"}}
	g.Sessions[0].Subject = "french"
	for i := range g.Roster {
		if g.Roster[i].Why != "" {
			g.Roster[i].Why = p.T("groups.over_family")
		}
	}
	return g
}

func today(p *i18n.Printer) any {
	lesson := i18n.Text{i18n.FR: "Qu’est-ce qu’une donnée ?", i18n.AR: "ما هي المعطيات؟", i18n.EN: "What is data?"}
	return teach.Today{Date: "2026-03-18", Name: "Youssef", GroupURL: "/groups",
		Sessions: []teach.Session{
			{From: "09:30", To: "11:30", Group: "التعاونية، الثلاثاء", GroupURL: "/groups/4", Room: "Salle 1", Lesson: lesson, State: "marked", Expected: 12, Present: 11, URL: "/attendance"},
			{From: "11:45", To: "13:00", Group: "Ados, rattrapage", GroupURL: "/groups/2", Room: "Salle 2", State: "open", Expected: 8, URL: "/attendance"},
			{From: "14:00", To: "16:00", Group: "Enfants, mercredi", GroupURL: "/groups/1", Room: "Salle 2", Lesson: lesson, State: "now", Expected: 21, URL: "/attendance", LessonURL: "#", Goes: []teach.GoesOn{{Course: inFR("L’IA pour les enfants"), Lesson: inFR("Avant de partager"), From: inFR("Chacun écrit sa liste"), PrintURL: "#"}, {Course: inLang(i18n.AR, "أدوات رقمية")}}},
			{From: "18:30", To: "20:30", Group: "Diplômées, soir", GroupURL: "/groups/3", Room: "Salle 1", State: "later", Expected: 9, URL: "/attendance"},
		},
		Tasks: []teach.Task{
			{Kind: "absences", Who: "إلياس منصوري", Text: p.T("today.task.absences", "n", 3), Since: "2026-03-11", URL: "/people/4"},
			{Kind: "consent", Who: "Salma Kabbaj", Text: p.T("today.task.consent"), Since: "2026-02-25", URL: "/people/3"},
			{Kind: "double", Who: "Nour El Houda Essaadi", Text: p.T("today.task.double"), URL: "/people/8"},
			{Kind: "unmarked", Who: "Enfants, mercredi", Text: p.T("today.task.unmarked", "date", p.DayMonth("2026-03-11")), URL: "/attendance"},
			{Kind: "conflict", Who: "Ados, samedi", Text: p.T("today.task.conflict"), Since: "2026-03-14", URL: "/attendance"},
		},
		Week: week(p)}
}

func week(p *i18n.Printer) chart.WeekStrip {
	w := chart.WeekStrip{Title: p.T("today.week")}
	for i := range 7 {
		day := (i + 1) % 7
		d := chart.Day{Name: p.T("today.day." + fmt.Sprint(day)), Number: fmt.Sprint(16 + i), Today: i == 2}
		if i < 6 {
			d.Blocks = append(d.Blocks, chart.Block{From: 570, To: 690, Label: "09:30 Coopérative", URL: "/attendance", Done: i < 3})
		}
		if i%2 == 0 {
			d.Blocks = append(d.Blocks, chart.Block{From: 840, To: 960, Label: "14:00 Enfants", URL: "/attendance", Done: i == 0, Open: i == 2})
		}
		if i == 2 || i == 4 {
			d.Blocks = append(d.Blocks, chart.Block{From: 1110, To: 1230, Label: "18:30 Diplômées", URL: "/attendance"})
		}
		w.Days = append(w.Days, d)
	}
	return w
}

func attendance(p *i18n.Printer) any {
	a := teach.Attendance{Group: "Enfants, mercredi", GroupURL: "/groups/1", Date: "2026-03-18", From: "14:00", To: "16:00", Room: "Salle 2", Lesson: i18n.Text{i18n.FR: "Qu’est-ce qu’une donnée ?", i18n.AR: "ما هي المعطيات؟", i18n.EN: "What is data?"},
		Version: "v1", Action: "/attendance", Saved: p.T("attendance.taken", "n", 3, "total", 20), BackURL: "/today"}
	marks := []string{"present", "present", "late", "absent", "excused", "", "", "", "", ""}
	for k := range 2 {
		for i, r := range rows() {
			l := teach.Learner{ID: fmt.Sprintf("%d%d", k, i), Name: r.Name, Other: r.Other, URL: r.URL}
			if k == 0 {
				l.Mark = marks[i]
				if i == 3 {
					l.Absences = 2
				}
			}
			a.Rows = append(a.Rows, l)
		}
	}
	return a
}

func board(p *i18n.Printer, country bool) any {
	b := steer.Board{Place: i18n.Text{i18n.FR: "Maroc", i18n.AR: "المغرب", i18n.ZGH: "ⵍⵎⵖⵔⵉⴱ", i18n.EN: "Morocco"}, Programmes: []shell.Option{{Value: "1", Label: "Jil Raqmi"}, {Value: "2", Label: "Fursa"}}, Programme: "1",
		Period: "2026", Periods: []shell.Option{{Value: "2026", Label: p.Period("2026")}, {Value: "2026S1", Label: p.Period("2026S1")}, {Value: "202603", Label: p.Period("202603")}}, PeriodName: p.Period("2026"), Indicator: "people",
		OutOfSchool: shell.Figure{Value: 2316, URL: "/behind"}, Centres: shell.Figure{Value: 131, URL: "/centres"}, CentresAll: shell.Figure{Value: 148},
		WomenGoal: -1, RuralGoal: -1, RowKind: "place.region", Sort: sorts, ProgrammeName: jil, GapsURL: "#", EvidenceURL: "#", AsOf: p.T("board.as_of", "date", p.Date("2026-03-18"), "time", "09:12")}
	b.Map.Title = p.T("region.map")
	for i := range 5 {
		b.Map.Legend[i] = p.T("board.band." + fmt.Sprint(i))
	}
	for _, r := range regions {
		full, _ := r.name.In(p.Lang())
		women, rural := r.reached*r.women/100, r.reached*r.rural/100
		b.Rows = append(b.Rows, steer.BoardRow{Name: r.name, URL: "/board?place=" + r.code, Target: shell.Figure{Value: r.target}, Reached: shell.Figure{Value: r.reached, URL: "/behind"},
			Women: shell.Figure{Value: women, URL: "/behind"}, Rural: shell.Figure{Value: rural, URL: "/behind"},
			Bar: chart.Bar{Value: r.reached, Target: r.target, Label: p.T("board.bar", "name", full, "n", r.reached, "target", r.target)}})
		b.Map.Tiles = append(b.Map.Tiles, chart.Tile{Cell: chart.Cell{Column: r.column, Row: r.row}, Short: p.T("region.short." + r.code), Share: p.Percent(r.reached, r.target), Band: chart.BandOf(r.reached, r.target),
			URL: "/board?place=" + r.code, Label: b.Rows[len(b.Rows)-1].Bar.Label})
		b.Target.Value += r.target
		b.Reached.Value += r.reached
		b.Women.Value += women
		b.Rural.Value += rural
	}
	b.Reached.URL, b.Women.URL, b.Rural.URL, b.WomenGoal = "/behind", "/behind", "/behind", b.Target.Value/2
	b.RuralGoal = b.Target.Value * 40 / 100
	monthly := []int64{820, 1240, 1690, 1510, 1930, 2210, 960, 410, 1880, 2350, 2120, 1280}
	for i, v := range monthly {
		code := fmt.Sprintf("2026%02d", i+1)
		b.Months.Columns = append(b.Months.Columns, chart.Column{Name: p.T("board.month." + code[4:]), Label: p.T("common.colon", "label", p.Period(code), "value", p.Number(v)), Value: v, Figure: p.Number(v), Goal: 1900, URL: "/behind", Open: i == 11})
		b.MonthRows = append(b.MonthRows, steer.MonthRow{Period: code, Reached: shell.Figure{Value: v, URL: "/behind"}, Goal: 1900})
	}
	b.Months.Title = p.T("board.months")
	cell := func(family string, pairs ...any) steer.CellTable {
		t := steer.CellTable{Family: family, Total: b.Reached.Value}
		for i := 0; i < len(pairs); i += 2 {
			v := int64(pairs[i+1].(int))
			t.Rows = append(t.Rows, steer.CellRow{Code: pairs[i].(string), Reached: shell.Figure{Value: v, URL: "/behind"}, Target: -1, Bar: chart.Bar{Value: v, Max: b.Reached.Value, Label: p.Percent(v, b.Reached.Value)}})
		}
		return t
	}
	b.Cells = []steer.CellTable{cell("sex", "f", 9260, "m", 9140), cell("age", "8-10", 4210, "11-14", 5120, "15-18", 4870, "19-24", 2630, "25-34", 1120, "35+", 450), cell("milieu", "urban", 13260, "rural", 5140), cell("schooling", "in_school", 14100, "out_of_school", 2316, "never", 184, "graduate", 1800)}
	b.Cells[1].Rows[4].Reached, b.Cells[1].Rows[5].Reached = shell.Figure{Hidden: true}, shell.Figure{Hidden: true, Few: true}
	if !country {
		b.Way = []shell.Crumb{{Name: "Maroc", URL: "/board"}}
		b.Place, b.RowKind, b.Map.Tiles = regions[2].name, "place.centre", nil
		for i := range b.Rows {
			b.Rows[i].Name = haySalam
		}
		b.Rows = b.Rows[:6]
	}
	return b
}

func behind(p *i18n.Printer) any {
	v := steer.Behind{What: p.T("board.women"), Number: 9260, Filters: []string{"Jil Raqmi", p.Period("2026"), p.T("sex.f")}, Pager: shell.Pager{Next: "?after=x", Shown: 20, Total: 9260}, BackURL: "/board"}
	for _, r := range append(rows(), rows()...) {
		v.Rows = append(v.Rows, steer.BehindRow{Name: r.Name, Other: r.Other, URL: r.URL, Sex: r.Sex, Milieu: r.Milieu, Age: r.Age, Centre: haySalam, Times: 12})
	}
	return v
}

func byTwo(p *i18n.Printer, word string, reasons ...string) centre.ByTwo {
	v := centre.ByTwo{Name: "Amina El Idrissi", Other: "أمينة الإدريسي", Action: "/people/1", CancelURL: "/people/1", Errors: map[string]string{}}
	for _, r := range reasons {
		v.Reasons = append(v.Reasons, shell.Option{Value: r, Label: p.T(word + r)})
	}
	return v
}

func retained(p *i18n.Printer) centre.Retention {
	v := centre.Retention{Rules: []centre.RetentionRule{{Class: "never_came", Months: "12"}, {Class: "learner", Months: "36"}}, Months: 12, Total: 2, Errors: map[string]string{},
		Rows: []centre.RetentionRow{
			{Name: "Yassine Ouali", Other: "ياسين والي", URL: "/people/1", KeepURL: "/retention/1/keep", Centre: haySalam, Class: "never_came", Last: "2025-03-02", On: "2026-04-01"},
			{Name: "Salma Tazi", URL: "/people/2", KeepURL: "/retention/2/keep", Centre: haySalam, Class: "learner", Last: "2023-04-12", On: "2026-04-12"},
		}}
	for _, r := range []string{"follow_up", "returns", "complaint", "law"} {
		v.Reasons = append(v.Reasons, shell.Option{Value: r, Label: p.T("retention.reason." + r)})
	}
	return v
}

var helplines = []countries.Helpline{{Number: "2511", Name: i18n.Text{i18n.FR: "Numéro vert pour les enfants", i18n.AR: "الرقم الأخضر لحماية الطفولة"}}, {Number: "19", Name: i18n.Text{i18n.FR: "Police", i18n.AR: "الشرطة"}}}

func safeRows(url string) []safe.Row {
	return []safe.Row{{At: "18 mars 2026 14:05", State: "new", Centre: haySalam, URL: url}, {At: "2 mars 2026 09:10", State: "open", Due: "2026-03-10", Late: true, Centre: haySalam, URL: url}, {At: "2 février 2026 16:40", State: "closed", Gone: "2031-02-02", Centre: haySalam, URL: url}}
}
