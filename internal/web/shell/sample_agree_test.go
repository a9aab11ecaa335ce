package shell_test

import (
	"tizi/internal/i18n"
	"tizi/internal/web/agree"
	"tizi/internal/web/chart"
	"tizi/internal/web/shell"
)

// agreements are the screens of package agree. The organisations are those of the press; what is owed is made up.
var agreements = []shown{
	{"agreements", "agreements/list", func(*i18n.Printer) any {
		return agree.List{Late: owed[:1], LateAll: 1, Expired: leases[:1], Rows: accords, Women: agree.Women{Women: 5, Known: 13, Unknown: 2, Simulated: 13}, All: 120, Pager: shell.Pager{Next: "#", Shown: 50, Total: 120}, NewURL: "/agreements/1/edit", DueURL: "/agreements/due", LeaseURL: "/agreements/mandates", OrgURL: "/organisations"}
	}},
	{"agreements-narrowed", "agreements/list", func(*i18n.Printer) any {
		return agree.List{Rows: accords, Query: "enfants", State: "late", Narrowed: true, All: 120, NewURL: "/agreements/1/edit", OrgURL: "/organisations"}
	}},
	{"agreements-none", "agreements/list", func(*i18n.Printer) any { return agree.List{NewURL: "/agreements/1/edit", OrgURL: "/organisations"} }},
	{"agreements-none-yours", "agreements/list", func(*i18n.Printer) any { return agree.List{} }},
	{"agreements-due", "agreements/due", func(*i18n.Printer) any { return agree.Due{Rows: owed, Late: 1, Open: 2} }},
	{"agreements-due-none", "agreements/due", func(*i18n.Printer) any { return agree.Due{State: "late"} }},
	{"agreements-mandates", "agreements/mandates", func(*i18n.Printer) any { return agree.Mandates{Rows: leases} }},
	{"agreements-mandates-none", "agreements/mandates", func(*i18n.Printer) any { return agree.Mandates{} }},
	{"agreement", "agreements/agreement", func(p *i18n.Printer) any {
		v := accord("")
		v.Warnings = []string{p.T("agree.warn.soon_tacit", "date", p.Date("2026-04-30"), "by", p.Date("2026-03-31"))}
		v.From, v.Until, v.RunsOut, v.Renewal, v.NoticeBy, v.RenewURL = "2020-01-01", "2026-04-30", "soon", "tacit", "2026-03-31", "/agreements/1/renew"
		v.Renewals = []agree.Line{{On: "2025-04-01", State: p.T("agree.renewed_until", "date", p.Date("2026-04-30")), Text: "PV du comité", Undo: "2026-04-30"}}
		v.UndoRenewal, v.Write = "#", true
		v.Below, v.Programmes, v.Places = accords[1:], []i18n.Text{{i18n.FR: "Enfants et IA", i18n.AR: "الأطفال والذكاء الاصطناعي"}}, []i18n.Text{haySalam}
		v.Strategies = []agree.Link{{Name: i18n.Text{i18n.FR: "Stratégie Maroc numérique 2030", i18n.AR: "استراتيجية المغرب الرقمي 2030"}}, {Name: i18n.Text{i18n.FR: "ODD 4.4.1", i18n.AR: "الهدف 4.4.1"}, URL: "https://unstats.un.org/sdgs/metadata/"}}
		v.Source, v.Public, v.Women, v.AddURL = &published, true, agree.Women{Women: 1, Known: 2, Unknown: 1, Simulated: 2}, "/agreements/1/parties/new"
		v.Members = []agree.Party{{Name: academy, Role: "lead", Office: i18n.Text{i18n.FR: "Direction", i18n.AR: "الإدارة"}, Sex: "f", URL: "#", Simulated: true}, {Name: team, Role: "operator", Since: "2024-06-03", Left: "2025-12-31", Reason: "Dissoute"}}
		v.Targets = []agree.TargetRow{{Programme: i18n.Text{i18n.FR: "Enfants et IA"}, Place: i18n.Text{i18n.FR: "Maroc", i18n.AR: "المغرب"}, Period: p.T("board.whole"), Value: 200_000, Reached: shell.Figure{Value: 41_200}, Participations: true, Bar: chart.Bar{Value: 41_200, Target: 200_000}, Source: &published, URL: "/board"},
			{Programme: i18n.Text{i18n.FR: "Enfants et IA"}, Place: i18n.Text{i18n.FR: "Maroc", i18n.AR: "المغرب"}, Period: p.T("board.whole"), Cells: []string{p.T("sex.f")}, Value: 100_000, Reached: shell.Figure{Value: 19_900}, Bar: chart.Bar{Value: 19_900, Target: 100_000}, URL: "/evidence"},
			{Programme: i18n.Text{i18n.FR: "Enfants et IA"}, Place: i18n.Text{i18n.FR: "Drâa-Tafilalet", i18n.AR: "درعة تافيلالت"}, Period: p.T("board.whole"), Cells: []string{p.T("schooling.out_of_school")}, Value: 400, Reached: shell.Figure{Hidden: true, Few: true}, URL: "/evidence"},
			{Programme: i18n.Text{i18n.FR: "Enfants et IA"}, Place: i18n.Text{i18n.FR: "Oriental", i18n.AR: "الشرق"}, Period: p.T("board.whole"), Value: 200, Partly: true, URL: "/board"}}
		return v
	}},
	{"agreement-new", "agreements/agreement", func(*i18n.Printer) any {
		v := accord("")
		v.AddURL = "/agreements/1/parties/new"
		return v
	}},
	{"agreement-commitments", "agreements/agreement", func(*i18n.Printer) any {
		v := accord("commitments")
		v.Commitments, v.AddURL = owed, "/agreements/1/commitments/2/edit"
		return v
	}},
	{"agreement-money", "agreements/agreement", func(p *i18n.Printer) any {
		v := accord("money")
		v.Money = &agree.Money{Simulated: true, Promised: []string{"3 000 000 MAD", "20 000 EUR"}, Received: []string{"2 200 000 MAD"}, Budgeted: []string{"900 000 MAD"}, Spent: []string{"951 500 MAD"}, Unassigned: []string{"400 MAD"},
			PromiseURL: "#", ReceiptURL: "#", LineURL: "#", ExpenseURL: "#", Periods: []agree.Tab{{Key: p.T("board.whole"), URL: "#", Current: true}, {Key: "2026", URL: "#"}},
			Promises: []agree.PromiseRow{{By: academy, What: "Salles", On: "2026-01-02", URL: "#", Amount: "3 000 000 MAD", Received: "2 200 000 MAD", InKind: true, Bar: chart.Bar{Value: 22, Target: 30, Label: "22 / 30"}, Simulated: true, Receipts: []agree.EntryRow{{On: "2026-02-02", Amount: "2 200 000 MAD", Reference: "V-1", URL: "#", Simulated: true}}}},
			Lines:    []agree.BudgetRow{{What: "Tablettes", On: "2026-01-02", Until: "2026-12-31", URL: "#", Amount: "900 000 MAD", Spent: "951 500 MAD", Over: "51 500 MAD", MoreURL: "#", All: 60, Bar: chart.Bar{Value: 95, Target: 90, Label: "95 / 90"}, Expenses: []agree.EntryRow{{On: "2026-02-02", Amount: "951 500 MAD", What: "Achat", Reference: "F-1", Place: haySalam}}}},
			Costs:    []agree.CostRow{{Programme: i18n.Text{i18n.FR: "Enfants et IA"}, Spent: "951 500 MAD", Reached: 1016, Each: "936,52 MAD"}, {Programme: i18n.Text{i18n.FR: "Enfants et IA"}, Place: haySalam, Spent: "951 500 MAD"}}}
		return v
	}},
	{"agreement-money-of", "agreements/agreement", func(*i18n.Printer) any {
		v := accord("money")
		v.Money = &agree.Money{Of: "#", Pager: shell.Pager{Next: "#", Shown: 1, Total: 60}, Lines: []agree.BudgetRow{{What: "Tablettes", On: "2026-01-02", Amount: "900 000 MAD", Spent: "1 500 MAD", Bar: chart.Bar{Value: 1, Target: 90, Label: "1 / 90"}, Expenses: []agree.EntryRow{{On: "2026-02-02", Amount: "1 500 MAD", What: "Achat", Reference: "F-1"}}}}}
		return v
	}},
	{"agreement-money-none", "agreements/agreement", func(p *i18n.Printer) any {
		v := accord("money")
		v.Money = &agree.Money{PromiseURL: "#", LineURL: "#", Periods: []agree.Tab{{Key: p.T("board.whole"), URL: "#", Current: true}}}
		return v
	}},
	{"agreement-mandates", "agreements/agreement", func(*i18n.Printer) any {
		v := accord("mandates")
		v.Mandates, v.AddURL = leases, "#"
		return v
	}},
	{"agreement-decisions", "agreements/agreement", func(*i18n.Printer) any {
		v := accord("decisions")
		v.AddURL = "#"
		v.Decisions = []agree.DecisionRow{{Committee: "Comité de pilotage", What: "Publier les listes d’attente", On: "2026-01-10", Due: "2026-02-01", Owner: academy, Late: true, URL: "#", Simulated: true}, {Committee: "لجنة القيادة", What: "فتح التسجيل يوم السبت", On: "2026-01-10", Done: "2026-02-01"}}
		return v
	}},
	{"agreement-papers", "agreements/agreement", func(p *i18n.Printer) any {
		v := accord("papers")
		v.Papers, v.UploadURL, v.Errors = []agree.PaperRow{{Name: "convention-signee.pdf", On: "2026-01-10", Digest: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", KB: 412, URL: "#", DropURL: "#"}}, "#", map[string]string{"file": p.T("agree.fault.file_kind")}
		return v
	}},
	{"agreement-commitment", "agreements/commitment", func(*i18n.Printer) any {
		return agree.Commitment{CommitmentRow: owed[1], Name: accords[0].Name, BackURL: "#", EditURL: "#", JudgeURL: "#", Source: &published,
			History: []agree.Line{{On: "2026-02-01", State: "partly", Text: "Version provisoire reçue", By: "Nadia Berrada", Links: []agree.Crumb{{Name: "rapport.pdf", URL: "#"}}}}}
	}},
	{"agreement-form", "agreements/form", func(p *i18n.Printer) any {
		wrong := map[string]string{"from": p.T("agree.fault.mandate_overlap", "operator", team, "from", p.Date("2026-01-01"), "to", p.Date("2026-12-31"))}
		return agree.Form{Title: p.T("agree.mandate"), Lead: p.T("agree.mandate_text"), Crumbs: []shell.Crumb{{Name: "Convention", URL: "#"}}, Action: "#", CancelURL: "#", Remove: true, Errors: wrong, Warnings: []string{p.T("agree.warn.outside")},
			Sections: []agree.Section{{Fields: []shell.Field{
				{Kind: "select", Name: "operator", ID: "f-operator", Label: p.T("agree.f.operator"), Value: "1", Options: []shell.Option{{Value: "1", Label: "Groupe technique"}}},
				{Kind: "date", Name: "from", ID: "f-from", Label: p.T("groups.first_day"), Value: "2026-03-01", Error: wrong["from"]}}}, {Title: p.T("agree.covers"), Text: p.T("agree.covers_text"), Fields: []shell.Field{{Kind: "checkbox", Name: "p", ID: "f-p", Label: "Enfants et IA", Value: "yes"}}, Covers: []agree.Branch{{Value: "1", Type: "country", Name: i18n.Text{i18n.FR: "Maroc", i18n.AR: "المغرب"}, Ticked: 2, Below: []agree.Branch{
				{Value: "2", Type: "region", Name: i18n.Text{i18n.FR: "Drâa-Tafilalet", i18n.AR: "درعة-تافيلالت"}, On: true, Ticked: 2, Below: []agree.Branch{{Value: "3", Type: "province", Name: i18n.Text{i18n.FR: "Errachidia", i18n.AR: "الرشيدية"}, Below: []agree.Branch{{Value: "4", Type: "centre", Name: haySalam, On: true, Ticked: 1}}}, {Value: "5", Type: "province", Name: i18n.Text{i18n.FR: "Zagora", i18n.AR: "زاكورة"}}}},
				{Value: "6", Type: "region", Name: i18n.Text{i18n.FR: "Souss-Massa", i18n.AR: "سوس-ماسة"}}}}}}},
			Lists: []agree.FormList{{Title: p.T("agree.terms"), AddURL: "#", Add: p.T("agree.new_term"), None: p.T("agree.no_terms")}, {Title: p.T("agree.offices"), AddURL: "#", Add: p.T("agree.new_office"), Rows: []agree.FormRow{{Name: i18n.Text{i18n.FR: "Présidence", i18n.AR: "الرئاسة"}, Note: p.T("agree.since", "from", p.Date("2024-06-01")), URL: "#"}}}}}
	}},
	{"agreement-withdraw", "agreements/form", func(p *i18n.Printer) any {
		return agree.Form{Title: p.T("agree.withdraw"), Lead: "CS-1", Action: "#", CancelURL: "#", Button: p.T("agree.withdraw"), Warnings: []string{p.T("agree.stands", "what", p.List([]string{p.T("agree.stands.parties", "n", 2), p.T("agree.stands.targets", "n", 1)}))},
			Sections: []agree.Section{{Fields: []shell.Field{{Kind: "textarea", Name: "cause", ID: "f-cause", Label: p.T("agree.f.cause"), Hint: p.T("agree.withdraw_hint"), Row: true}}}}}
	}},
	{"organisations", "agreements/organisations", func(*i18n.Printer) any {
		return agree.Organisations{NewURL: "#", Any: true, Rows: []agree.OrganisationRow{{Name: academy, Type: "academy", Offices: 1, Parties: 2, URL: "#"}, {Name: team, Type: "association", Depth: 1, URL: "#"}}}
	}},
	{"organisations-none", "agreements/organisations", func(*i18n.Printer) any { return agree.Organisations{NewURL: "#"} }},
	{"initiatives", "agreements/initiatives", func(*i18n.Printer) any {
		x := agree.Initiative{Code: "e2c", Kind: "agreement", Title: accords[0].Name, On: "27 décembre 2019", Where: i18n.Text{i18n.FR: "Casablanca", i18n.AR: "الدار البيضاء"}, Parties: []i18n.Text{academy, team}, Stated: []i18n.Text{{i18n.FR: "50 enseignants formés par an.", i18n.AR: "تكوين 50 مدرسا في السنة."}},
			Strategies: []agree.Link{{Name: i18n.Text{i18n.FR: "ODD 8.6", i18n.AR: "الهدف 8.6"}, URL: "https://unstats.un.org/sdgs/metadata/"}}, Sources: []agree.Source{published}}
		y, z := x, x
		y.Code, z.Code, z.Kind, z.Sources = "node", "tribune", "criticism", []agree.Source{{Kind: "opinion", Publication: "L’Opinion", On: "26 février 2025"}}
		return agree.Initiatives{Rows: []agree.Initiative{x}, Node: []agree.Initiative{y}, Criticisms: []agree.Initiative{z}}
	}},
	{"initiatives-none", "agreements/initiatives", func(*i18n.Printer) any { return agree.Initiatives{} }},
}

func init() { gallery = append(gallery, agreements...) }

var (
	academy   = i18n.Text{i18n.FR: "Académie régionale d’éducation et de formation de Casablanca-Settat", i18n.AR: "الأكاديمية الجهوية للتربية والتكوين لجهة الدار البيضاء-سطات"}
	team      = i18n.Text{i18n.FR: "Groupe technique spécialisé en intelligence artificielle", i18n.AR: "المجموعة التقنية المتخصصة في الذكاء الاصطناعي"}
	published = agree.Source{Kind: "press", On: "décembre 2019", States: i18n.Text{i18n.FR: "signée le 27 décembre", i18n.AR: "وُقعت يوم 27 دجنبر"}, URL: "https://example.org/article"}
	accords   = []agree.Row{
		{Code: "CV-E2C-2019", URL: "/agreements/1", Kind: "framework", Signed: "27 décembre 2019", Parties: []i18n.Text{academy, team}, Late: 1, Name: i18n.Text{i18n.FR: "Centre de la deuxième chance aux métiers de l’IA", i18n.AR: "مركز الفرصة الثانية لمهن الذكاء الاصطناعي"}},
		{Code: "CV-E2C-2019-A1", URL: "/agreements/2", Kind: "amendment", Until: "2026-04-30", RunsOut: "soon", Simulated: true, Name: i18n.Text{i18n.FR: "Avenant", i18n.AR: "ملحق"}},
		{Code: "CS-1", URL: "/agreements/3", Kind: "specific", Until: "2025-04-30", RunsOut: "over", Name: i18n.Text{i18n.FR: "Convention spécifique", i18n.AR: "اتفاقية خاصة"}},
	}
	owed = []agree.CommitmentRow{
		{What: i18n.Text{i18n.FR: "Former 50 enseignants par an", i18n.AR: "تكوين 50 مدرسا في السنة"}, Debtor: team, Quantity: 50, Unit: i18n.Text{i18n.FR: "enseignants", i18n.AR: "مدرسا"}, Kind: "training", State: "open", Due: "2026-01-31", Late: true, URL: "/agreements/1/commitments/1", Agreement: "CV-E2C-2019", Simulated: true},
		{What: i18n.Text{i18n.FR: "Rapport annuel", i18n.AR: "تقرير سنوي"}, Debtor: team, Creditor: academy, Kind: "report", State: "partly", Due: "2027-01-31", Outside: true, Conflict: true, URL: "/agreements/1/commitments/2"},
		{What: i18n.Text{i18n.FR: "Locaux", i18n.AR: "مقر"}, Debtor: academy, Creditor: team, Kind: "premises", State: "kept", URL: "/agreements/1/commitments/3"},
		{What: i18n.Text{i18n.FR: "Communication", i18n.AR: "تواصل"}, Debtor: academy, Kind: "communication", State: "broken", URL: "/agreements/1/commitments/4"},
		{What: i18n.Text{i18n.FR: "Accès", i18n.AR: "ولوج"}, Debtor: academy, Kind: "access", State: "waived", URL: "/agreements/1/commitments/5"},
	}
	leases = []agree.MandateRow{
		{Operator: team, Place: haySalam, From: "2024-01-01", To: "2025-12-31", Over: true, URL: "#", AgreementURL: "/agreements/1?tab=mandates", Agreement: "CV-E2C-2019", Simulated: true},
		{Operator: team, Place: haySalam, Programme: i18n.Text{i18n.FR: "Enfants et IA", i18n.AR: "الأطفال والذكاء الاصطناعي"}, From: "2026-01-01", To: "2026-12-31", Clash: true},
	}
)

// accord is the page of an agreement on one of its tabs.
func accord(tab string) *agree.Agreement {
	v := &agree.Agreement{Row: accords[0], Tab: tab, Write: true, EditURL: "/agreements/1/edit", About: i18n.Text{i18n.FR: "Pour des élèves de moins de 18 ans qui ont quitté l’école.", i18n.AR: "لفائدة تلاميذ دون 18 سنة غادروا المدرسة."}}
	for _, t := range []string{"about", "commitments", "money", "mandates", "decisions", "papers"} {
		v.Tabs = append(v.Tabs, agree.Tab{Key: t, URL: "#", Count: -1, Current: t == tab || t == "about" && tab == ""})
	}
	v.Tabs[1].Count = 5
	return v
}
