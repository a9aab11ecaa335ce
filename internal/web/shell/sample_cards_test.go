package shell_test

import (
	"tizi/internal/i18n"
	"tizi/internal/web/shell"
	"tizi/internal/web/teach"
)

func init() {
	gallery = append(gallery, []shown{
		{"cards", "teach/cards", func(*i18n.Printer) any {
			return teach.Cards{Group: "Groupe 03", GroupURL: "#", Action: "#", Chosen: map[string]bool{"2": true}, Rows: []teach.CardRow{{ID: "1", Name: "Amina Benali", Other: "أمينة بنعلي", Since: "2026-03-02"}, {ID: "2", Name: "Youssef Aït Lahcen", Other: "يوسف آيت لحسن"}}}
		}},
		{"cards-empty", "teach/cards", func(*i18n.Printer) any { return teach.Cards{Group: "Groupe 03", GroupURL: "#", Action: "#"} }},
		{"cards-print", "teach/cardsheet", func(*i18n.Printer) any {
			qr := square("339123456789012345678901234567890123456")
			return teach.CardSheet{Group: "Groupe 03", BackURL: "#", Cards: []teach.PrintedCard{{Name: "Amina Benali", Other: "أمينة بنعلي", Number: "4821 7730", QR: qr}, {Name: "Youssef Aït Lahcen", Number: "0093 1284", QR: qr}, {Name: "Chama Ouhaddou", Number: "5511 0942", QR: qr}}}
		}},
		{"door", "teach/door", func(p *i18n.Printer) any { return atDoor(p) }},
		{"door-unknown", "teach/door", func(p *i18n.Printer) any {
			v := atDoor(p)
			v.Code, v.Errors = "12345678", map[string]string{"code": p.T("door.unknown")}
			return v
		}},
		{"door-locked", "teach/door", func(p *i18n.Printer) any {
			v := atDoor(p)
			v.Rows, v.Locked = nil, p.T("door.over")
			return v
		}},
	}...)
}

func atDoor(p *i18n.Printer) teach.Doorway {
	return teach.Doorway{Group: "Groupe 03", Date: "2026-03-18", From: "14:30", To: "16:30", Here: 12, Expected: 30, Late: "10", Lates: []shell.Option{{Value: "5", Label: p.T("door.late_after", "n", 5)}, {Value: "10", Label: p.T("door.late_after", "n", 10)}}, Action: "#", PhotoAction: "#", ListURL: "#", CardsURL: "#",
		Rows: []teach.ArrivalRow{{ID: "1", Name: "Amina Benali", Other: "أمينة بنعلي", Mark: "late", At: "14:42"}, {ID: "2", Name: "Youssef Aït Lahcen", Mark: "present", At: "14:28"}}}
}
