package shell_test

import (
	"html/template"

	"tizi/internal/i18n"
	"tizi/internal/web/box"
	"tizi/internal/web/shell"
)

func init() {
	trust := func(safe bool) func(*i18n.Printer) any {
		return func(p *i18n.Printer) any {
			return box.Trust{Safe: safe, Title: "Tizi tizi-errachidia", Until: p.Date("2046-11-22"), Here: "http://192.168.1.20/trust", QR: template.HTML(`<svg class="qr" viewBox="0 0 8 8" aria-hidden="true"></svg>`),
				Fingerprint: "9A 3F 00 12 45 AB CD EF\n9A 3F 00 12 45 AB CD EF\n9A 3F 00 12 45 AB CD EF\n9A 3F 00 12 45 AB CD EF",
				Certificate: "#", Profile: "#", Addresses: []string{"https://tizi-errachidia.local/", "https://192.168.1.20/"}, Systems: box.Systems()}
		}
	}
	gallery = append(gallery, []shown{
		{"trust", "box/trust", trust(false)},
		{"trust-safe", "box/trust", trust(true)},
		{"box-lock", "box/lock", func(p *i18n.Printer) any {
			return box.Lock{Encrypted: true, Card: true, Paired: true, Hub: true, Min: 12, Action: "#", Errors: map[string]string{"passphrase": p.T("box.lock.short", "n", 12)}}
		}},
		{"box-lock-off", "box/lock", func(*i18n.Printer) any { return box.Lock{} }},
		{"box-lock-card", "box/lock", func(*i18n.Printer) any {
			return box.Lock{Encrypted: true, Card: true, Sheet: "7KQ2-MX9R-TBC4-VHND-Z5WA-J8PS-6EY3-GMKQ", QR: template.HTML(`<svg class="qr" viewBox="0 0 8 8" aria-hidden="true"></svg>`)}
		}},
		{"locked", "box/locked", func(p *i18n.Printer) any {
			return box.Locked{Action: "#", Hub: "locked.hub_silent", Errors: map[string]string{"secret": p.T("locked.wait", "n", 8)}}
		}},
		{"locked-refused", "box/locked", func(*i18n.Printer) any { return box.Locked{Action: "#", Hub: "locked.hub_refused"} }},
		{"locked-opened", "box/locked", func(*i18n.Printer) any { return box.Locked{Opened: true} }},
		{"box", "box/health", func(p *i18n.Printer) any {
			return box.Health{Plain: 1, Clock: "#", On: "2026-11-27", At: "25:00", Errors: map[string]string{"at": p.T("box.clock.fault_at")},
				Upgrade: &box.Upgrade{Version: "1.5.0", Made: p.Date("2026-11-20"), Running: "1.4.0", Action: "#", State: "help", Detail: "exit status 1",
					Said: p.T("box.upgrade.failed", "version", "1.5.0", "running", "1.4.0") + " " + p.T("box.upgrade.room")},
				Rows: []box.Row{
					{Key: "box.link", Text: p.T("ago.days", "n", 12) + " · " + p.T("box.waiting", "n", 4210), State: "help", Do: p.T("box.link.late"), URL: "#"},
					{Key: "box.pages", Text: p.T("box.pages.some", "n", 2) + " · " + p.T("box.pages.first", "table", "person", "page", "412"), State: "help", Do: p.T("box.pages.do")},
					{Key: "box.disk", Text: p.T("box.disk.text", "left", p.T("box.gigabytes", "n", "1,8"), "all", p.T("box.gigabytes", "n", "29,1"), "used", p.T("box.gigabytes", "n", "0,4")), State: "wait", Do: p.T("box.disk.soon")},
					{Key: "box.power", Text: p.T("box.power.cuts", "n", 11) + " · " + p.T("box.power.last", "date", p.Date("2026-11-26"), "time", "17:40"), State: "help", Do: p.T("box.power.many")},
					{Key: "box.clock", Text: p.Date("2026-11-27") + " 14:30", State: "help", Do: p.T("box.clock.lost")},
					{Key: "box.program", Text: "1.4.0 · " + p.T("box.up", "age", p.T("ago.hours", "n", 3)), State: "good"},
				},
				Devices: []box.Device{{Address: "192.168.1.31", System: "box.system.android", Safe: true, Age: shell.Age{Key: "ago.now"}}, {Address: "192.168.1.44", System: "box.system.windows", Age: shell.Age{Key: "ago.hours", N: 2}}}}
		}},
	}...)
}
