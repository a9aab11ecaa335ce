package shell_test

import (
	"html/template"

	"tizi/internal/i18n"
	"tizi/internal/web/centre"
	"tizi/internal/web/family"
	"tizi/internal/web/me"
	"tizi/internal/web/shell"
)

func init() {
	gallery = append(gallery, []shown{
		{"consents", "consents/list", consentList},
		{"consents-none", "consents/list", func(*i18n.Printer) any {
			return centre.Consents{Purpose: "training", Tallies: []centre.ConsentTally{{Purpose: "training", Have: 24, Total: 24, URL: "/consents", Current: true}}, TextsURL: "/consents/texts"}
		}},
		{"consent-person", "consents/person", consentPerson},
		{"consent-texts", "consents/texts", func(p *i18n.Printer) any {
			words := []centre.ConsentWords{{Lang: "fr", Dir: "ltr", Text: "Votre enfant peut suivre la formation au numérique de ce centre."}, {Lang: "ar", Dir: "rtl", Text: "يمكن لطفلكم متابعة التكوين الرقمي في هذا المركز."}}
			return centre.ConsentTexts{Centre: "1", UploadAction: "/consents/recordings", Voices: []shell.Option{{Value: "ary", Label: p.T("voice.ary")}, {Value: "zgh", Label: p.T("voice.zgh")}}, Purposes: []centre.ConsentText{
				{Purpose: "training", NewURL: "/consents/texts/new", Versions: []centre.ConsentVersion{{ID: "2", Number: 2, On: "2026-02-01", Words: words, Current: true}, {ID: "1", Number: 1, Words: words}}},
				{Purpose: "image", Versions: []centre.ConsentVersion{{ID: "3", Number: 1, Words: words, Current: true}}}}}
		}},
		{"consent-text", "consents/text", func(p *i18n.Printer) any {
			return centre.TextForm{Purpose: "image", Action: "#", Texts: []centre.TextField{{Lang: "ar", Name: "العربية"}, {Lang: "fr", Name: "Français", Value: "Le centre peut photographier votre enfant."}, {Lang: "zgh", Name: "ⵜⴰⵎⴰⵣⵉⵖⵜ", Optional: true}}, Errors: map[string]string{"text_ar": p.T("consents.text_missing")}}
		}},
		{"consents-print", "consents/print", paperForms},
		{"scans", "consents/scans", func(*i18n.Printer) any {
			return centre.Scans{MaxMB: 64, Centres: []shell.Option{{Value: "1", Label: "Hay Salam"}, {Value: "2", Label: "Al Amal"}}, Rows: []centre.ScanRow{{URL: "/consents/scans/1", Name: "Amina Benali", Other: "أمينة بنعلي", Purposes: []string{"training", "image"}, At: "2026-03-18", Until: "2026-06-16"}, {URL: "/consents/scans/2", At: "2026-03-17", Until: "2026-06-15"}}}
		}},
		{"scans-none", "consents/scans", func(p *i18n.Printer) any {
			return centre.Scans{MaxMB: 64, Errors: map[string]string{"file": p.T("consents.no_file")}}
		}},
		{"scan", "consents/scan", func(p *i18n.Printer) any {
			return centre.ScanForm{Person: "1", Name: "Amina Benali", Other: "أمينة بنعلي", Purposes: []string{"training", "image"}, GivenBy: "Fatima Benali", Relation: "mother", On: "2026-03-18", Relations: relationOptions(p), ChooseURL: "?q=", Action: "#", DropAction: "#", Errors: map[string]string{"state_training": p.T("consents.nothing")}}
		}},
		{"scan-unread", "consents/scan", func(*i18n.Printer) any {
			return centre.ScanForm{Query: "ben", Found: rows()[:2], Action: "#", DropAction: "#"}
		}},
		{"scans-filed", "consents/filed", func(*i18n.Printer) any {
			return centre.FiledScans{Name: "Amina Benali", PersonURL: "/people/1/consent"}
		}},
		{"guardians", "family/guardians", func(p *i18n.Printer) any {
			return centre.Guardians{Name: "Amina Benali", Other: "أمينة بنعلي", PersonURL: "/people/1", Action: "#", ChangeAction: "#", FetchAction: "#", Relations: relationOptions(p), Known: []shell.Option{{Value: "9", Label: "Aïcha Ouhaddou"}},
				Rows:     []centre.GuardianRow{{ID: "1", Name: "Fatima Benali", Phone: "+212661223344", Relation: "mother", Fetch: true, Consent: true, CardSince: "2026-03-02"}, {ID: "2", Name: "عمر بنعلي", Relation: "father", Conflict: true}},
				Fetchers: []centre.FetcherRow{{ID: "3", Name: "Brahim Ouhaddou", Phone: "+212600000009", Relation: "aunt_uncle", ByGuardian: true}}, Errors: map[string]string{"name": p.T("setup.name_empty")}}
		}},
		{"guardian-card", "family/card", func(*i18n.Printer) any {
			return centre.Card{Guardian: "Fatima Benali", BackURL: "/people/1/guardians", Address: "http://192.168.1.10:8080/card", QR: square("http://192.168.1.10:8080/card/x"), Code: "K7MP 2QWX", PIN: "480213"}
		}},
		{"messages", "family/messages", func(*i18n.Printer) any {
			return centre.Messages{Rows: []centre.ThreadRow{{URL: "/people/1/messages", Child: "Amina Benali", Guardian: "Fatima Benali", Text: "Merci. Son oncle viendra la chercher cette fois, il s’appelle Brahim et il aura sa carte.", At: "18 mars 14:00", Answer: true, New: true}, {URL: "/people/2/messages", Child: "إلياس منصوري", Guardian: "Saïd Mansouri", Text: "تبدأ الحصة في العاشرة", At: "17 mars 09:12"}}}
		}},
		{"messages-none", "family/messages", func(*i18n.Printer) any { return centre.Messages{} }},
		{"thread", "family/thread", func(p *i18n.Printer) any {
			return centre.Thread{Name: "Amina Benali", PersonURL: "/people/1", Rows: letters(), Guardians: []shell.Option{{Value: "1", Label: "Fatima Benali"}, {Value: "2", Label: "عمر بنعلي"}}, Guardian: "1", Action: "#", Errors: map[string]string{"text": p.T("family.empty")}}
		}},
		{"guardian-enter", "guardian/enter", func(p *i18n.Printer) any {
			return family.Enter{Code: "K7MP2QWX", Errors: map[string]string{"code": p.T("card.wrong")}}
		}},
		{"guardian-enter-card", "guardian/enter", func(*i18n.Printer) any { return family.Enter{Card: "x"} }},
		{"children", "guardian/children", func(*i18n.Printer) any {
			return family.Children{Rows: []family.ChildRow{{Name: "Amina Benali", Other: "أمينة بنعلي", URL: "/children/1", Centre: haySalam, Group: "Enfants, mercredi", Next: "2026-03-25", From: "14:00", To: "16:00", Missing: 2, Unread: 2}, {Name: "إلياس بنعلي", URL: "/children/2", Centre: haySalam}}}
		}},
		{"children-none", "guardian/children", func(*i18n.Printer) any { return family.Children{} }},
		{"child", "guardian/child", func(p *i18n.Printer) any {
			return family.Child{Name: "Amina Benali", Other: "أمينة بنعلي", Centre: haySalam, Present: 9, Held: 11, LearningURL: "#", Courses: []family.ChildCourse{{Title: inFR("L’IA pour les enfants"), Done: 3, Of: 5}}, Groups: []family.ChildGroup{{Name: "Enfants, mercredi", State: "enrolled", Programme: jil}},
				Sessions:   []family.ChildSession{{Date: "2026-03-25", From: "14:00", To: "16:00", Room: "Salle 2", Group: "Enfants, mercredi"}},
				Attendance: []centre.AttendanceLine{{On: "2026-03-18", Group: "Enfants, mercredi", Mark: "present"}, {On: "2026-03-11", Group: "Enfants, mercredi", Mark: "late"}},
				Consents:   []centre.Consent{{Purpose: "training", State: "given", On: "2026-02-20"}, {Purpose: "image", State: "withdrawn", On: "2026-03-02"}, {Purpose: "follow_up", State: "missing"}, {Purpose: "research", State: "refused", On: "2026-02-20"}},
				ConsentURL: "/children/1/consent", Guardians: []string{"Fatima Benali"}, MayName: true, Fetchers: []centre.FetcherRow{{ID: "3", Name: "Brahim Ouhaddou", Relation: "aunt_uncle"}}, FetchAction: "#", MessageAction: "#", Messages: letters(), Unread: 1,
				Seen: []family.SeenRow{{Name: "Salma Bennani", Role: "role.centre", Action: "read", At: "18 mars 10:20"}, {Name: "يوسف أمراني", Role: "role.trainer", Action: "consent", At: "17 mars 18:01"}}}
		}},
		{"guardian-consent", "guardian/consent", guardianConsent},
		{"guardian-consent-locked", "guardian/consent", func(p *i18n.Printer) any {
			v := guardianConsent(p).(family.Consent)
			v.Locked, v.Errors = true, map[string]string{"": p.T("guardian.locked")}
			return v
		}},
	}...)
}

func square(text string) template.HTML {
	q, err := me.QR(text)
	if err != nil {
		panic(err)
	}
	return q
}

func relationOptions(p *i18n.Printer) []shell.Option {
	return []shell.Option{{Value: "mother", Label: p.T("relation.mother")}, {Value: "father", Label: p.T("relation.father")}, {Value: "tutor", Label: p.T("relation.tutor")}}
}

func letters() []centre.MessageRow {
	return []centre.MessageRow{{From: "Fatima Benali", Text: "Merci. Son oncle viendra la chercher cette fois.", At: "18 mars 14:00", Guardian: true, New: true}, {From: "Salma Bennani", To: "Fatima Benali", Text: "Bonjour, la séance de samedi commence\nune demi-heure plus tôt.", At: "17 mars 09:12"}}
}

func consentList(*i18n.Printer) any {
	v := centre.Consents{Purpose: "training", Groups: groupOptions, Rows: rows()[:7], Pager: shell.Pager{Next: "?page=x", Shown: 7, Total: -1}, Lang: "ar", Langs: []shell.Option{{Value: "ar", Label: "العربية"}, {Value: "fr", Label: "Français"}, {Value: "zgh", Label: "ⵜⴰⵎⴰⵣⵉⵖⵜ"}, {Value: "en", Label: "English"}},
		Asked: map[string]bool{"training": true}, PrintAction: "#", ScansURL: "/consents/scans", Waiting: 3, TextsURL: "/consents/texts"}
	for i, p := range []string{"training", "image", "follow_up", "research"} {
		v.Tallies = append(v.Tallies, centre.ConsentTally{Purpose: p, Have: 300 - 70*i, Total: 320, Lacking: 20 + 70*i, URL: "/consents?purpose=" + p, Current: i == 0})
	}
	return v
}

func consentPerson(p *i18n.Printer) any {
	text := i18n.Text{i18n.FR: "Votre enfant peut suivre la formation au numérique de ce centre.", i18n.AR: "يمكن لطفلكم متابعة التكوين الرقمي في هذا المركز."}
	return centre.PersonConsents{Name: "Amina Benali", Other: "أمينة بنعلي", PersonURL: "/people/1", ScansURL: "/people/1/scans", Form: true, Giver: "guardian", GivenBy: "Fatima Benali", Relation: "mother", Method: "spoken", On: "2026-03-18", Relations: relationOptions(p), Action: "#",
		Methods: []shell.Option{{Value: "paper", Label: p.T("consents.method.paper"), Hint: p.T("consents.method_hint.paper")}, {Value: "spoken", Label: p.T("consents.method.spoken"), Hint: p.T("consents.method_hint.spoken")}},
		Rows: []centre.ConsentRow{{Purpose: "training", State: "given", By: "Fatima Benali", Relation: "mother", Method: "paper", Assent: "yes", On: "2026-02-20", Version: 1, Text: text, CanWithdraw: true},
			{Purpose: "image", State: "refused", By: "Fatima Benali", Method: "spoken", Witness: "Youssef Amrani", On: "2026-02-20", Version: 2, Text: text, Conflict: true, CanWithdraw: true}, {Purpose: "follow_up", State: "missing", Version: 1, Text: text}, {Purpose: "research", State: "missing", Version: 1, Text: text}},
		History: []centre.ConsentLine{{Purpose: "image", State: "refused", By: "Fatima Benali", Method: "spoken", On: "2026-02-20", Recorder: "Salma Bennani"}, {Purpose: "training", State: "given", By: "Fatima Benali", Method: "paper", On: "2026-02-20", Recorder: "Salma Bennani"}},
		Errors:  map[string]string{"witness": p.T("consents.no_witness")}, States: map[string]string{"follow_up": "given"}}
}

func paperForms(*i18n.Printer) any {
	v := centre.Paper{BackURL: "/consents"}
	for _, l := range []i18n.Lang{i18n.AR, i18n.FR} {
		p := i18n.For(l)
		text := map[i18n.Lang]string{i18n.AR: "يمكن لطفلكم متابعة التكوين الرقمي في هذا المركز.", i18n.FR: "Votre enfant peut suivre la formation au numérique de ce centre. Vous pouvez retirer cet accord à tout moment."}[l]
		v.Forms = append(v.Forms, centre.PaperForm{Lang: string(l), Dir: l.Dir(), Title: p.T("paper.title"), Intro: p.T("paper.intro"), ForWhom: p.T("paper.child"), Name: "Amina Benali", Other: "أمينة بنعلي", Centre: haySalam[l],
			Yes: p.T("paper.yes"), No: p.T("paper.no"), GivenName: p.T("paper.name"), RelationWord: p.T("paper.relation"), Signature: p.T("paper.signature"), DateWord: p.T("common.date"), Assent: p.T("paper.assent"),
			Asks: []centre.PaperAsk{{Title: p.T("consent.training"), Text: text, Version: p.T("consents.version", "n", 1)}, {Title: p.T("consent.image"), Text: text, Version: p.T("consents.version", "n", 2)}}, QR: square("TIZI1:0f7f1c1c9a3c4fb59f6c2f2d8e2a7b11"), Code: "8e2a7b11"})
	}
	return v
}

func guardianConsent(*i18n.Printer) any {
	text := i18n.Text{i18n.FR: "Votre enfant peut suivre la formation au numérique de ce centre. Vous pouvez retirer cet accord à tout moment.", i18n.AR: "يمكن لطفلكم متابعة التكوين الرقمي في هذا المركز. يمكنكم سحب هذه الموافقة في أي وقت."}
	return family.Consent{Name: "Amina Benali", ChildURL: "/children/1", Action: "#", Rows: []family.ConsentRow{{Purpose: "training", State: "given", On: "2026-02-20", Text: text, Version: 1, Given: true}, {Purpose: "image", State: "withdrawn", On: "2026-03-02", Text: text, Version: 2}, {Purpose: "follow_up", State: "refused", On: "2026-02-20", Text: text, Version: 1, Conflict: true}, {Purpose: "research", State: "missing", Text: text, Version: 1}}}
}
