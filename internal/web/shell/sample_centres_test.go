package shell_test

import (
	"tizi/internal/i18n"
	"tizi/internal/web/centre"
	"tizi/internal/web/shell"
)

func init() {
	gallery = append(gallery, []shown{
		{"centre-access", "centres/access", func(p *i18n.Printer) any {
			return centre.OpenAccess{Centre: haySalam, CentreURL: "#", Action: "#", Hours: []centre.Hours{{From: "16:00", To: "19:00"}}, Code: "1234", Query: "ami", List: true, Here: 2, Errors: map[string]string{"code": p.T("door.no_card")},
				Found: []centre.DropInRow{{ID: "1", Name: "Amina Bennani", Other: "أمينة بناني"}, {ID: "2", Name: "أمين العلوي", Here: true}}, Rows: []centre.DropInRow{{ID: "2", Name: "أمين العلوي", At: "16:40"}, {ID: "3", Name: "Salma Kabbaj", At: "16:10"}},
				Months: []centre.DropInMonth{{Name: p.Period("202603"), N: 64}, {Name: p.Period("202602"), N: 112}}}
		}},
		{"centre-access-none", "centres/access", func(*i18n.Printer) any { return centre.OpenAccess{Centre: haySalam, CentreURL: "#", Action: "#"} }},
		{"centres", "centres/list", func(*i18n.Printer) any {
			return centre.Centres{NewURL: "/setup/centre", Rows: []centre.CentreRow{{Name: haySalam, Kind: "youth", URL: "/centres/1", Region: i18n.Text{i18n.FR: "Rabat-Salé-Kénitra", i18n.AR: "الرباط-سلا-القنيطرة", i18n.EN: "Rabat-Salé-Kénitra"}}}}
		}},
		{"centre-new", "centres/new", func(p *i18n.Printer) any {
			return centre.SetupCentre{NameFR: "Maison de jeunes Hay Salam", Kind: "youth", Back: "/centres", Provinces: regionOptions(p), Errors: map[string]string{"province": p.T("setup.province_missing"), "milieu": p.T("setup.milieu_missing")}}
		}},
		{"centre", "centres/centre", oneCentre},
		{"centre-empty", "centres/centre", func(*i18n.Printer) any {
			return centre.Centre{Name: haySalam, Kind: "youth", Holders: []centre.Holder{{Part: "host"}, {Part: "operator"}, {Part: "premises"}}, RoomURL: "#", DevicesURL: "#", RoundURL: "#", HoursURL: "#", HoldersURL: "#"}
		}},
		{"centre-holders", "centres/holders", func(p *i18n.Printer) any {
			return centre.Holders{Centre: haySalam, BackURL: "/centres/1", Action: "#", From: "2026-03-18", Rows: []centre.Holder{{Part: "operator", Name: "Association Amal", From: "2024-01-01", Current: true}, {Part: "host", Name: "وزارة الشباب", From: "2024-01-01", To: "2025-12-31", Conflict: true}},
				Errors: map[string]string{"part": p.T("centres.part_missing")}}
		}},
		{"centre-room", "centres/room", func(p *i18n.Printer) any {
			return centre.RoomForm{Centre: haySalam, Title: "Salle 2", Name: "Salle 2", Seats: "0", Accessible: "yes", BackURL: "/centres/1", Action: "#", Errors: map[string]string{"seats": p.T("error.between", "min", 1, "max", 1000)}}
		}},
		{"centre-hours", "centres/hours", func(p *i18n.Printer) any {
			v := centre.HoursForm{Centre: haySalam, BackURL: "/centres/1", Action: "#", ExceptAction: "#", Exceptions: []centre.Exception{{On: "2026-04-01", Until: "2026-04-03", Why: "Peinture"}, {On: "2026-05-02", Until: "2026-05-02", From: "10:00", To: "12:00", Why: "رمضان"}}, Errors: map[string]string{"day_3": p.T("groups.ends_before")}}
			for i := range 7 {
				v.Days = append(v.Days, centre.HoursRow{Day: (i + 1) % 7, Open: [2]centre.Hours{{From: "09:00", To: "12:00"}, {From: "14:00", To: "18:00"}}})
			}
			v.Days[2].Access, v.Days[2].Error = centre.Hours{From: "18:00", To: "16:00"}, p.T("groups.ends_before")
			return v
		}},
		{"centre-devices", "centres/devices", func(p *i18n.Printer) any {
			return centre.Devices{Centre: haySalam, BackURL: "/centres/1", NewURL: "#", Kinds: []shell.Option{{Value: "laptop", Label: p.T("device.kind.laptop")}}, States: []shell.Option{{Value: "lent", Label: p.T("device.state.lent")}}, Pager: shell.Pager{Total: -1, Next: "?page=2"},
				Rows: []centre.DeviceRow{{Number: "RSK-001", Kind: "laptop", Model: "14 pouces", State: "lent", To: "أمينة الإدريسي", Due: "2026-03-01", Late: true, URL: "#"}, {Number: "RSK-002", Kind: "tablet", State: "ready", URL: "#", Conflict: true}, {Number: "RSK-003", Kind: "robot", State: "repair", URL: "#"}}}
		}},
		{"centre-device-form", "centres/device-form", func(p *i18n.Printer) any {
			return centre.DeviceForm{New: true, Centre: haySalam, Number: "RSK-001", Kind: "laptop", Kinds: []shell.Option{{Value: "laptop", Label: p.T("device.kind.laptop")}}, BackURL: "/centres/1/devices", Action: "#", Errors: map[string]string{"number": p.T("device.number_taken")}}
		}},
		{"centre-device", "centres/device", func(p *i18n.Printer) any {
			return centre.Device{DeviceRow: centre.DeviceRow{Number: "RSK-001", Kind: "laptop", Model: "14 pouces", State: "lent", To: "أمينة الإدريسي", Late: true}, ToURL: "/people/1", Centre: haySalam, CentreURL: "/centres/1", BackURL: "/centres/1/devices", EditURL: "#", Action: "#", Since: "2025-03-01", On: "2026-02-15",
				Next: []string{"ready", "lent", "faulty"}, Groups: []shell.Option{{Value: "1", Label: "Groupe 03"}}, Due: "2026-04-01", Asked: "faulty", Errors: map[string]string{"what": p.T("error.required", "field", p.T("device.what.faulty"))},
				History: []centre.DeviceLine{{On: "2026-02-15", State: "lent", Due: "2026-03-01", To: "أمينة الإدريسي", By: "Salma Bennani"}, {On: "2026-01-09", State: "faulty", What: "Écran", By: "Salma Bennani"}}}
		}},
		{"centre-round", "centres/round", func(p *i18n.Printer) any {
			return centre.RoundForm{Centre: haySalam, Title: "Vallée du Ziz", Name: "Vallée du Ziz", BackURL: "/centres/1", Action: "#", Stops: []centre.StopRow{{N: 1, Date: "2026-03-20", Spot: "École d’Aoufous", From: "09:00", To: "12:00"}, {N: 2, Spot: "السوق", Error: p.T("groups.date_wrong")}, {N: 3}}, Errors: map[string]string{"date_2": p.T("groups.date_wrong")}}
		}},
	}...)
}

func oneCentre(*i18n.Printer) any {
	v := centre.Centre{Name: haySalam, Kind: "youth", Milieu: "urban", Seats: 54, Ready: 19, All: 24, Late: 2, LateURL: "#", RoomURL: "#", DevicesURL: "#", RoundURL: "#", HoursURL: "#", HoldersURL: "#", TimetableURL: "/timetable",
		Holders:    []centre.Holder{{Part: "host", Name: "Ministère de la Jeunesse", From: "2024-01-01"}, {Part: "operator", Name: "جمعية الأمل", From: "2025-09-01"}, {Part: "premises"}},
		Rooms:      []centre.Room{{Name: "Salle 1", Seats: 30, Equipment: "Vidéoprojecteur", Accessible: true, URL: "#"}, {Name: "قاعة متعددة الاستعمالات", Seats: 24, URL: "#"}, {Name: "Ancienne salle", Seats: 12, Closed: true, URL: "#"}},
		Stock:      []centre.Stock{{Kind: "laptop", All: 18, Ready: 14, Lent: 2, Out: 2, URL: "#"}, {Kind: "tablet", All: 6, Ready: 5, Out: 1, URL: "#"}},
		Rounds:     []centre.RoundRow{{Name: "Vallée du Ziz", From: "2026-03-20", To: "2026-03-24", Stops: 3, URL: "#"}, {Name: "جولة", From: "2026-02-20", To: "2026-02-20", Stops: 1, Cancelled: true, URL: "#"}},
		Exceptions: []centre.Exception{{On: "2026-04-01", Until: "2026-04-03", Why: "Peinture"}},
		Distance:   &centre.Distance{Median: "3,2", Known: 120, Unknown: 34, Beyond: 31, Kilometres: 5}}
	for i := range 7 {
		d := centre.Weekday{Day: (i + 1) % 7}
		if i > 0 {
			d.Open = []centre.Hours{{From: "09:00", To: "12:00"}, {From: "14:00", To: "19:00"}}
		}
		if i == 2 {
			d.Access = []centre.Hours{{From: "16:00", To: "18:00"}}
		}
		v.Week = append(v.Week, d)
	}
	return v
}
