package shell_test

import (
	"tizi/internal/feedback"
	"tizi/internal/i18n"
	"tizi/internal/web/activity"
	"tizi/internal/web/agree"
	"tizi/internal/web/me"
	"tizi/internal/web/shell"
)

// activities are the screens of package activity. The first is of the press; who registered is made up.
var activities = []shown{
	{"activities", "activities/list", func(p *i18n.Printer) any {
		return activity.List{Rows: events, Programmes: []shell.Option{{Value: "1", Label: "Enfants et IA"}}, Pillars: pillars(p), States: []shell.Option{{Value: "open", Label: p.T("activity.state.open")}}, NewURL: "/activities/1/edit?new=1", MasterclassURL: "/activities/2/edit?new=1&template=masterclass-femmes", More: true}
	}},
	{"activities-none", "activities/list", func(*i18n.Printer) any { return activity.List{NewURL: "/activities/1/edit?new=1"} }},
	{"activity", "activities/activity", func(*i18n.Printer) any {
		v := activity.Activity{Facts: facts(), Waiting: shell.Figure{Value: 12}, Women: shell.Figure{Value: 31}, KnownSex: shell.Figure{Value: 38}, WomenSpeak: 1, KnownSpeak: 2,
			Agreement: &shell.Crumb{Name: "Convention-cadre fondation–université", URL: "/agreements/1"}, EditURL: "#", DoorURL: "#", SpeakerURL: "#", OutputURL: "#", PublicURL: "/events/1", Guests: guests, GuestsAll: 60}
		return v
	}},
	{"activity-moved", "activities/activity", func(p *i18n.Printer) any {
		v := activity.Activity{Facts: facts(), Waiting: shell.Figure{Value: 12}, Women: shell.Figure{Value: 31}, KnownSex: shell.Figure{Value: 38}, EditURL: "#", NoticeURL: "#"}
		v.Was = p.T("notice.when", "day", p.Date("2026-04-04"), "hour", "10:00")
		return v
	}},
	{"activity-partner", "activities/activity", func(*i18n.Printer) any {
		v := activity.Activity{Facts: facts(), Waiting: shell.Figure{Value: 3, Hidden: true, Few: true}, Women: shell.Figure{Hidden: true, Few: true}, KnownSex: shell.Figure{Hidden: true, Few: true}}
		v.State, v.Reason, v.Speakers, v.Outputs = "cancelled", "Salle indisponible", nil, nil
		return v
	}},
	{"activity-form", "activities/form", func(p *i18n.Printer) any {
		e := map[string]string{"capacity": p.T("activity.fault.capacity_under", "n", 38), "session_date_0": p.T("activity.fault.session_outside", "from", p.Date("2026-04-11"), "to", p.Date("2026-04-11"))}
		return activity.Form{Title: p.T("activity.new"), Action: "#", CancelURL: "/activities", V: map[string]string{"title_fr": "L’IA au féminin", "title_ar": "الذكاء الاصطناعي للنساء", "state": "open", "from": "2026-04-11", "to": "2026-04-11", "capacity": "30"}, Host: map[string]bool{"1": true}, Errors: e, Registered: 38,
			Rows:    []activity.SessionRow{{N: 0, ID: "1", Date: "2026-04-12", From: "09:30", To: "16:00", Room: "Amphi 1"}, {N: 1, ID: "2"}},
			HostsOf: []shell.Option{{Value: "1", Label: "Université Abdelmalek Essaâdi"}, {Value: "2", Label: "Fondation ConnectinGroup International"}},
			Pillars: pillars(p), Kinds: []shell.Option{{Value: "masterclass", Label: p.T("activity.kind.masterclass")}}, States: []shell.Option{{Value: "planned", Label: p.T("activity.state.planned")}, {Value: "open", Label: p.T("activity.state.open")}, {Value: "cancelled", Label: p.T("activity.state.cancelled")}}}
	}},
	{"activity-speaker", "activities/speaker", func(p *i18n.Printer) any {
		return activity.SpeakerForm{Action: "#", BackURL: "#", Activity: events[0].Title, Latin: "Samira El Fassi", Arabic: "سميرة الفاسي", Sex: "f", Known: true, Errors: map[string]string{"function": p.T("error.too_long", "n", 200)}}
	}},
	{"activity-speaker-withdrawn", "activities/speaker", func(*i18n.Printer) any {
		return activity.SpeakerForm{Action: "#", BackURL: "#", Activity: events[0].Title, Known: true, Withdrawn: true}
	}},
	{"activity-output", "activities/output", func(p *i18n.Printer) any {
		return activity.OutputForm{Action: "#", BackURL: "#", Activity: events[0].Title, V: map[string]string{"title_fr": "Actes"}, Known: true, File: "SHA-256 9f86d081884c7d65… · 412 Ko", Errors: map[string]string{"link": p.T("activity.fault.nothing_to_read")},
			Kinds: []shell.Option{{Value: "paper", Label: p.T("activity.output.paper")}}, Langs: []shell.Option{{Value: "fr", Label: "Français"}}, Licences: []shell.Option{{Value: "CC-BY-4.0", Label: "CC-BY-4.0"}}}
	}},
	{"activity-door", "activities/door", func(p *i18n.Printer) any {
		return activity.Door{Title: events[0].Title, BackURL: "#", Action: "#", Session: "1", Date: "2026-04-11", Sessions: []activity.Session{{Date: "2026-04-11", From: "09:30", To: "12:00", Room: "Amphi 1", DoorURL: "#", Current: true}, {Date: "2026-04-18", From: "09:30", DoorURL: "#"}}, Present: 21, Registered: 38, Fee: 50, Waived: i18n.Text{i18n.FR: "les étudiantes", i18n.AR: "الطالبات"}, Code: "ABCD-2345", Guests: guests, More: true,
			Errors: map[string]string{"code": p.T("activity.no_code_here")}, WalkOpen: true, Walk: activity.Visitor{Name: "Houda", Errors: map[string]string{"fee": p.T("activity.say_fee")}}}
	}},
	{"activity-door-early", "activities/door", func(*i18n.Printer) any {
		return activity.Door{Title: events[1].Title, BackURL: "#", Action: "#", Session: "1", Date: "2026-04-11", Early: true}
	}},
	{"activity-notice", "activities/notice", func(p *i18n.Printer) any {
		return activity.Notice{Title: events[0].Title, BackURL: "#", Unreached: 1, Mails: []string{"houda@example.org"}, Sheets: []activity.Sheet{{Lang: "ar", Dir: "rtl", Title: "أُلغي: الذكاء الاصطناعي للنساء", Lines: []string{"كان مبرمجا يوم 11 أبريل 2026"}}, {Lang: "fr", Dir: "ltr", Title: "Annulée : L’IA au féminin", Lines: []string{"Prévue le 11 avril 2026", "Motif : salle indisponible"}}},
			Messages: []activity.Message{{Lang: "fr", Dir: "ltr", Name: "Français", Text: "« L’IA au féminin », prévue le 11 avril 2026, est annulée.", Numbers: []string{"+212600000001", "+212600000002"}}}}
	}},
	{"events", "events/list", func(*i18n.Printer) any { return activity.Events{Rows: events[:1], Past: events[1:]} }},
	{"events-none", "events/list", func(*i18n.Printer) any { return activity.Events{} }},
	{"event", "events/event", func(p *i18n.Printer) any {
		return activity.Event{Facts: facts(), Takes: true, Left: 0, Action: "#", Form: activity.Visitor{Name: "Houda", Errors: map[string]string{"phone": p.T("activity.fault.contact"), "agreed": p.T("activity.fault.consent")}}}
	}},
	{"event-closed", "events/event", func(*i18n.Printer) any {
		v := activity.Event{Facts: facts(), Left: -1}
		v.State = "closed"
		return v
	}},
	{"feedback-answer", "feedback/answer", func(p *i18n.Printer) any {
		return activity.Answer{Title: events[0].Title, Date: "2026-04-11", Action: "#", V: map[string]string{"useful": "yes", "words": "Plus de temps"}, Errors: map[string]string{"understood": p.T("feedback.choose")}}
	}},
	{"feedback-closed", "feedback/answer", func(*i18n.Printer) any {
		return activity.Answer{Title: events[0].Title, Date: "2026-01-11", Closed: true}
	}},
	{"feedback-thanks", "feedback/thanks", func(*i18n.Printer) any { return nil }},
	{"feedback-find", "feedback/find", func(p *i18n.Printer) any {
		return activity.Find{Code: "ABCD", Errors: map[string]string{"code": p.T("feedback.no_code")}}
	}},
	{"feedback-session", "feedback/session", func(p *i18n.Printer) any {
		q := ticket("registered", 0).QR
		return activity.Feedback{Title: events[0].Title, Date: "2026-04-11", BackURL: "#", Action: "#", Record: true, Code: "ABCD-2345", Address: "https://tizi.example/feedback/ABCD-2345", QR: q, Answers: 12, Rows: []activity.Faces{{Question: "understood", N: [3]int{1, 4, 7}}, {Question: "useful", N: [3]int{0, 2, 10}}, {Question: "safe", N: [3]int{0, 0, 12}}}, Fewest: 5,
			Words: []string{"Plus de temps pour les exercices", "شكرا"}, Changes: []feedback.Change{{On: "2026-04-12", What: "Une heure d’exercices de plus"}}, On: "2026-04-12", New: "1", Errors: map[string]string{"what": p.T("agree.fault.missing")}}
	}},
	{"feedback-session-few", "feedback/session", func(*i18n.Printer) any {
		return activity.Feedback{Name: "G1", Date: "2026-04-11", BackURL: "#", Action: "#", Code: "ABCD-2345", Address: "https://tizi.example/feedback/ABCD-2345", QR: ticket("registered", 0).QR, Answers: 3, Fewest: 5}
	}},
	{"feedback-session-new", "feedback/session", func(*i18n.Printer) any {
		return activity.Feedback{Title: events[0].Title, Date: "2026-04-11", BackURL: "#", Action: "#", Fewest: 5, Early: true}
	}},
	{"ticket", "events/ticket", func(*i18n.Printer) any { return ticket("registered", 0) }},
	{"ticket-waiting", "events/ticket", func(*i18n.Printer) any { return ticket("waiting", 4) }},
	{"ticket-ended", "events/ticket", func(*i18n.Printer) any { return ticket("withdrawn", 0) }},
	{"registration-find", "events/find", func(p *i18n.Printer) any {
		return activity.Find{Code: "ABCD", Errors: map[string]string{"code": p.T("activity.no_code")}}
	}},
}

func init() { gallery = append(gallery, activities...) }

func pillars(p *i18n.Printer) []shell.Option {
	return []shell.Option{{Value: "training", Label: p.T("activity.pillar.training")}, {Value: "field", Label: p.T("activity.pillar.field")}}
}

var (
	events = []activity.Row{
		{URL: "/activities/1", Title: i18n.Text{i18n.FR: "L’IA, levier d’opportunités pour les femmes", i18n.AR: "الذكاء الاصطناعي رافعة فرص للنساء", i18n.EN: "AI as a lever of opportunity for women"}, Kind: "masterclass", Pillar: "training", State: "open", From: "2026-04-11", To: "2026-04-18", Where: haySalam, Venue: "ENCG de Tanger, amphithéâtre 1", Programme: i18n.Text{i18n.FR: "Masterclass IA, Tanger"}, Registered: shell.Figure{Value: 60}, Came: shell.Figure{Value: 0}, Simulated: true, Fee: 50, Full: true},
		{URL: "/activities/2", Title: i18n.Text{i18n.FR: "Usages du numérique chez les artisanes", i18n.AR: "استعمالات الرقمنة لدى الصانعات"}, Kind: "study", Pillar: "field", State: "held", From: "2026-01-05", To: "2026-03-30", Where: haySalam, Registered: shell.Figure{Value: 3, Hidden: true, Few: true}},
		{URL: "/activities/3", Title: i18n.Text{i18n.FR: "Conférence annulée", i18n.AR: "ندوة ملغاة"}, Kind: "conference", Pillar: "collaboration", State: "cancelled", From: "2026-05-02", To: "2026-05-02", Where: haySalam},
	}
	guests = []activity.Guest{
		{Name: "Houda Bakkali", Other: "هدى البقالي", Code: "ABCD-2345", State: "registered", ID: "1", Came: true, Here: true, Fee: "paid", URL: "/people/1"},
		{Name: "Karima Tazi", Code: "EFGH-6789", State: "registered", ID: "2", Action: "#"},
		{Code: "JKMN-2345", State: "waiting", ID: "3", Action: "#", Over: true},
	}
)

func facts() activity.Facts {
	return activity.Facts{Row: events[0], About: i18n.Text{i18n.FR: "Une journée pour découvrir les métiers de l’intelligence artificielle.", i18n.AR: "يوم لاكتشاف مهن الذكاء الاصطناعي."}, Waived: i18n.Text{i18n.FR: "les étudiantes", i18n.AR: "الطالبات"}, Capacity: 60,
		Sessions: []activity.Session{{Date: "2026-04-11", From: "09:30", To: "12:00", Room: "Amphi 1"}, {Date: "2026-04-18"}}, Hosts: []i18n.Text{academy, team}, Source: &agree.Source{Kind: "press", On: "juin 2025"},
		Speakers: []activity.Speaker{{Name: "Samira El Fassi", Other: "سميرة الفاسي", Function: "Professeure de science des données", Sex: "f", EditURL: "#"}, {Withdrawn: true, Sex: "m", EditURL: "#"}},
		Outputs:  []activity.Output{{Title: i18n.Text{i18n.FR: "Actes de la journée", i18n.AR: "أعمال اليوم الدراسي"}, Kind: "paper", Lang: "Français", On: "2026-04-20", Licence: "CC-BY-4.0", URL: "/events/1/outputs/1", File: true, KB: 412, EditURL: "#"}, {Title: i18n.Text{i18n.FR: "Jeu de données"}, Kind: "data", Lang: "English", On: "2026-04-21", URL: "https://example.org/data"}}}
}

func ticket(status string, rank int) activity.Ticket {
	v := activity.Ticket{Facts: facts(), Status: status, Code: "ABCD-2345", Action: "#", Rank: rank, EventURL: "/events/1"}
	var err error
	if v.QR, err = me.QR("https://tizi.example/registrations/ABCD-2345"); err != nil {
		panic(err)
	}
	return v
}
