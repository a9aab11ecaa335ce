package shell_test

import (
	"tizi/internal/i18n"
	"tizi/internal/learner"
	"tizi/internal/web/entry"
	"tizi/internal/web/shell"
	"tizi/internal/web/teach"
)

func init() {
	centre := i18n.Text{i18n.FR: "Hay Salam", i18n.AR: "حي السلام", i18n.EN: "Hay Salam"}
	front := func() entry.Front {
		return entry.Front{Enrolled: true, Centre: centre, Device: "Tablette 4", PhotoAction: "/door/photo", WordsURL: "/door/number", Groups: []entry.Choice{{Name: "Groupe 03", URL: "/door"}, {Name: "مجموعة المساء", URL: "/door"}}}
	}
	pick := func() entry.Pick {
		return entry.Pick{Avatar: "owl-blue", Pictures: learner.Pictures, Steps: make([]bool, learner.Picked), Action: "#", BackURL: "/door", RestartURL: "/door"}
	}
	tablets := func(p *i18n.Printer) entry.Tablets {
		return entry.Tablets{This: "Tablette 4", DoorURL: "/door", Action: "#", OutsideA: "#", MaxName: 60, Centres: []shell.Option{{Value: "1", Label: "Hay Salam"}, {Value: "2", Label: "Hay Nahda"}},
			Rows:    []entry.Tablet{{Name: "Tablette 4", This: true, By: "Salma Bennani", Centre: centre, Since: p.Date("2026-03-02") + " 09:10", Seen: p.Date("2026-03-18") + " 14:02", StrikeURL: "#", UnlockTo: "#"}, {Name: "Tablette 5", Locked: true, Centre: centre, Since: p.Date("2026-03-02") + " 09:15", Seen: p.Date("2026-03-18") + " 13:40", StrikeURL: "#", UnlockTo: "#"}},
			Outside: []entry.OutsideRow{{Centre: centre, ID: "1", Allowed: true}, {Centre: i18n.Text{i18n.FR: "Hay Nahda", i18n.AR: "حي النهضة", i18n.EN: "Hay Nahda"}, ID: "2"}}}
	}
	packs := func(p *i18n.Printer) entry.Packs {
		first := i18n.Text{i18n.FR: "L’IA pour les enfants", i18n.AR: "الذكاء الاصطناعي للأطفال", i18n.EN: "AI for children"}
		return entry.Packs{BackURL: "/tablets", Action: "#", Centre: "1", Name: centre, Centres: []shell.Option{{Value: "1", Label: "Hay Salam"}, {Value: "2", Label: "Hay Nahda"}},
			Rows: []entry.PackRow{{Code: "ia", Title: first, MB: 12, Kept: true, Langs: []entry.PackLang{{Lang: i18n.FR, Chosen: true}, {Lang: i18n.AR, Chosen: true}, {Lang: i18n.ZGH}}},
				{Code: "outils", Title: i18n.Text{i18n.FR: "Outils numériques"}, MB: 140, Langs: []entry.PackLang{{Lang: i18n.FR}}}},
			Devices: []entry.PackDevice{{Name: "Tablette 4", Holds: []entry.PackHeld{{Title: first, Lang: i18n.AR, MB: 11, Since: p.Date("2026-03-18") + " 14:02"}}}, {Name: "Tablette 5"}}}
	}
	signing := func(p *i18n.Printer) teach.Signing {
		v := teach.Signing{Group: "Groupe 03", GroupURL: "#", Action: "#", TabletsURL: "/tablets", Chosen: map[string]bool{"3": true}, Way: learner.ByAge, Words: "fr", Langs: []shell.Option{{Value: "fr", Label: "Français"}, {Value: "ar", Label: "العربية"}},
			Rows: []teach.SigningRow{{ID: "1", Name: "Amina Benali", Other: "أمينة بنعلي", Avatar: "cat-red", Way: "pictures", Since: "2026-03-02", Locked: true}, {ID: "2", Name: "Youssef Aït Lahcen", Avatar: "frog-white", Way: "words", Since: "2026-03-02"}, {ID: "3", Name: "Chama Ouhaddou"}}}
		for _, w := range learner.Ways {
			v.Ways = append(v.Ways, shell.Option{Value: w, Label: p.T("signing.way." + w)})
		}
		return v
	}
	gallery = append(gallery, []shown{
		{"entry-front", "entry/front", func(*i18n.Printer) any { return front() }},
		{"entry-front-wrong", "entry/front", func(p *i18n.Printer) any {
			v := front()
			v.Groups, v.Code, v.Errors = nil, "48217730", map[string]string{"code": p.T("entry.number_alone"), "file": p.T("door.no_code")}
			return v
		}},
		{"entry-front-elsewhere", "entry/front", func(p *i18n.Printer) any {
			v := front()
			v.Locked = p.T("entry.elsewhere")
			return v
		}},
		{"entry-front-not-enrolled", "entry/front", func(*i18n.Printer) any { return entry.Front{WordsURL: "/door/number"} }},
		{"entry-faces", "entry/faces", func(*i18n.Printer) any {
			v := entry.Faces{Group: "Groupe 03", BackURL: "/door"}
			for i, a := range learner.Animals {
				for j, c := range learner.Colours {
					if (i+j)%2 == 0 {
						v.Rows = append(v.Rows, entry.Face{Avatar: a + "-" + c, URL: "/door"})
					}
				}
			}
			return v
		}},
		{"entry-faces-none", "entry/faces", func(*i18n.Printer) any { return entry.Faces{Group: "Groupe 03", BackURL: "/door"} }},
		{"entry-pick", "entry/pick", func(*i18n.Printer) any { return pick() }},
		{"entry-pick-two", "entry/pick", func(*i18n.Printer) any {
			v := pick()
			v.Picked, v.Steps = "sun key", []bool{true, true, false}
			return v
		}},
		{"entry-pick-wrong", "entry/pick", func(p *i18n.Printer) any {
			v := pick()
			v.Errors = map[string]string{"pick": p.T("entry.wrong")}
			return v
		}},
		{"entry-words", "entry/pick", func(p *i18n.Printer) any {
			v := pick()
			v.Words, v.Errors = true, map[string]string{"words": p.T("entry.locked")}
			return v
		}},
		{"entry-number", "entry/number", func(p *i18n.Printer) any {
			return entry.Number{Number: "4821 7730", Action: "#", BackURL: "/door", Errors: map[string]string{"words": p.T("entry.wrong_number")}}
		}},
		{"entry-in", "entry/in", func(*i18n.Printer) any { return entry.In{Name: "أمينة بنعلي", PasswordURL: "/door/password"} }},
		{"entry-password", "entry/password", func(p *i18n.Printer) any {
			return entry.Password{HasOld: true, Min: 8, BackURL: "/door/in", Action: "#", Errors: map[string]string{"password": p.T("entry.short", "n", 8)}}
		}},
		{"entry-tablets", "entry/tablets", func(p *i18n.Printer) any { return tablets(p) }},
		{"entry-tablets-none", "entry/tablets", func(p *i18n.Printer) any {
			v := tablets(p)
			v.This, v.Rows, v.Outside, v.Errors = "", nil, nil, map[string]string{"name": p.T("tablets.no_name", "n", 60)}
			return v
		}},
		{"entry-tablets-packs", "entry/packs", func(p *i18n.Printer) any { return packs(p) }},
		{"entry-tablets-packs-wrong", "entry/packs", func(p *i18n.Printer) any {
			v := packs(p)
			v.Devices, v.Errors = nil, map[string]string{"lang-outils": p.T("packs.choose")}
			return v
		}},
		{"entry-tablets-packs-none", "entry/packs", func(*i18n.Printer) any {
			return entry.Packs{BackURL: "/tablets", Action: "#", Centre: "1", Name: centre}
		}},
		{"offline", "learn/offline", func(*i18n.Printer) any { return nil }},
		{"signing", "teach/signing", func(p *i18n.Printer) any { return signing(p) }},
		{"signing-wrong", "teach/signing", func(p *i18n.Printer) any {
			v := signing(p)
			v.Errors = map[string]string{"person": p.T("cards.nobody")}
			return v
		}},
		{"signing-empty", "teach/signing", func(*i18n.Printer) any { return teach.Signing{Group: "Groupe 03", GroupURL: "#"} }},
		{"signing-print", "teach/cardsheet", func(*i18n.Printer) any {
			qr := square("339123456789012345678901234567890123456")
			return teach.CardSheet{Group: "Groupe 03", BackURL: "#", SignIn: true, Cards: []teach.PrintedCard{{Name: "Amina Benali", Other: "أمينة بنعلي", Number: "4821 7730", QR: qr, Avatar: "cat-red", Pictures: []string{"palm", "teapot", "drum"}}, {Name: "Youssef Aït Lahcen", Number: "0093 1284", QR: qr, Avatar: "tortoise-green", Words: "soleil olive montagne jardin"}, {Name: "Chama Ouhaddou", Number: "5511 0942", QR: qr, Avatar: "bee-yellow", Pictures: []string{"camel", "mountain", "olive"}}}}
		}},
	}...)
}
