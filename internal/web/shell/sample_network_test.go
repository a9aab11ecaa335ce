package shell_test

import (
	"html/template"

	"tizi/internal/i18n"
	"tizi/internal/web/centre"
	"tizi/internal/web/chart"
	"tizi/internal/web/me"
	"tizi/internal/web/nodes"
	"tizi/internal/web/shell"
	"tizi/internal/web/steer"
)

const sampleNode = "34c057279f411316086baa198fa2934b"

func upPeer(p *i18n.Printer, state string) *nodes.Peer {
	v := &nodes.Peer{Name: p.T("network.headquarters"), Node: sampleNode, URL: "#", Up: true, Address: "https://tizi.example.org", Age: shell.Age{Key: "ago.minutes", N: 12}, State: state, Waiting: 4210, Program: "1.4.0", PauseAction: "#", CallAction: "#"}
	switch state {
	case "fault":
		v.Copied = true
		v.Fault, v.Detail, v.Ahead = p.T("network.fault.link"), "dial tcp: no route to host", p.T("network.clock", "n", 14)
	case "paused":
		v.Paused, v.CallAction = true, ""
	case "good":
		v.Under = &nodes.Progress{Done: 1200, Total: 4210, Files: 3}
	}
	return v
}

func networkHub(p *i18n.Printer) nodes.Network {
	return nodes.Network{Own: sampleNode, InviteURL: "#", TakeAction: "#", Lacking: 14, Held: 102, HeldURL: "#", SidesURL: "#", Errors: map[string]string{},
		Invites: []nodes.Invite{
			{Name: "MA-AZI-MJ1", Until: p.Date("2026-03-19") + " 10:20", Centres: []i18n.Text{haySalam, haySalam}, Number: "3909 0222 4891 9872 6366", Action: "#", Typed: "3909 0222", Errors: map[string]string{"number": p.T("network.number_other")}},
			{Name: "MA-TNG-MJ1", Until: p.Date("2026-03-19") + " 10:20", Centres: []i18n.Text{haySalam}},
		},
		Boxes: []nodes.Peer{
			{Name: "MA-ERR-MJ1", URL: "#", Centres: []i18n.Text{haySalam}, State: "fault", Fault: p.T("network.fault.forked"), Age: shell.Age{Key: "ago.days", N: 3}, Ahead: p.T("network.clock", "n", 14), Program: "1.4.0"},
			{Name: "MA-GUE-MJ1", URL: "#", Centres: []i18n.Text{haySalam}, State: "late", Age: shell.Age{Key: "ago.days", N: 31}, Program: "1.3.2"},
			{Name: "MA-SAL-MJ1", URL: "#", Centres: []i18n.Text{haySalam}, State: "good", Age: shell.Age{Key: "ago.now"}, Program: "1.4.0", Worries: sampleWorries(p)},
			{Name: "MA-OUD-MJ1", URL: "#", Centres: []i18n.Text{haySalam}, State: "revoked", Age: shell.Age{Key: "ago.never"}},
		},
		Pager: shell.Pager{Shown: 4, Total: 61, Next: "#"}, Forks: []nodes.Fork{{Node: "MA-ERR-MJ1", Stream: "Hay Salam"}},
	}
}

func sampleWorries(p *i18n.Printer) []nodes.Worry {
	return []nodes.Worry{
		{State: "help", Text: p.T("fleet.disk", "left", p.T("box.megabytes", "n", "310")), Do: p.T("fleet.disk.do")},
		{State: "help", Text: p.T("fleet.saved", "n", 12), Do: p.T("fleet.saved.do")},
		{State: "wait", Text: p.T("fleet.cuts", "n", 14), Do: p.T("fleet.cuts.do")},
	}
}

func sampleBox(p *i18n.Printer) nodes.Box {
	v := nodes.Box{Peer: nodes.Peer{Name: "MA-ERR-MJ1", Node: sampleNode, URL: "#", Centres: []i18n.Text{haySalam}, State: "fault", Fault: p.T("network.fault.format"), Detail: "upgrade", Age: shell.Age{Key: "ago.hours", N: 2}, Program: "1.2.0",
		Worries: sampleWorries(p), Room: p.T("fleet.room", "left", p.T("box.megabytes", "n", "310"), "all", p.T("box.gigabytes", "n", "29")), Saved: shell.Age{Key: "ago.days", N: 12}, Kept: &shell.Age{Key: "ago.hours", N: 9}}, BundleAction: "#", ReceiptURL: "#", RevokeAction: "#", Confirm: true, Reason: "stolen",
		Errors: map[string]string{"reason": p.T("error.reason_missing")}}
	for _, r := range []string{"stolen", "lost", "broken", "replaced", "closed"} {
		v.Reasons = append(v.Reasons, shell.Option{Value: r, Label: p.T("network.reason." + r)})
	}
	for i, k := range []string{"attendance", "person", "consent", "node"} {
		v.Flow = append(v.Flow, nodes.Passed{At: p.Date("2026-03-18") + " 10:2" + string(rune('0'+i)), Kind: p.T("network.kind." + k), From: "MA-ERR-MJ1", There: i > 1})
	}
	return v
}

func init() {
	held := nodes.HeldRow{Who: "MA-ERR-MJ1", Stream: "Hay Salam", State: "ungranted", Facts: 102, From: "18.03.2026 10:00", URL: "#", Node: sampleNode, StreamID: "commons", Decides: true}
	grants := held
	grants.Grants, grants.Facts, grants.Decides = "yes", 1, false
	unknown := held
	unknown.State, unknown.Facts, unknown.Decides = "unknown", 3, false
	gallery = append(gallery, []shown{
		{"network", "network/list", func(p *i18n.Printer) any { return networkHub(p) }},
		{"network-box", "network/list", func(p *i18n.Printer) any {
			return nodes.Network{Own: sampleNode, Up: upPeer(p, "good"), TakeAction: "#", Errors: map[string]string{"bundle": p.T("network.bundle_damaged", "place", 1024)}}
		}},
		{"network-lost", "network/list", func(p *i18n.Printer) any {
			return nodes.Network{Own: sampleNode, Up: upPeer(p, "fault"), Lost: []nodes.Fork{{Node: "MA-ERR-MJ1", Stream: "MA-ERR-MJ1", NodeID: sampleNode, StreamID: "x", Facts: 12, Rows: []nodes.HeldFact{{At: "18.03.2026 10:00", Kind: p.T("network.kind.attendance"), Body: `{"method":"list"}`}}, Action: "#"}}}
		}},
		{"network-restored", "network/list", func(p *i18n.Printer) any {
			v := networkHub(p)
			v.Restored, v.Silent = "18.03.2026 10:00", 3
			return v
		}},
		{"network-down", "network/list", func(p *i18n.Printer) any { return nodes.Network{Own: sampleNode, Up: upPeer(p, "fault")} }},
		{"network-paused", "network/list", func(p *i18n.Printer) any { return nodes.Network{Own: sampleNode, Up: upPeer(p, "paused")} }},
		{"network-alone", "network/list", func(*i18n.Printer) any { return nodes.Network{Own: sampleNode, Alone: true, JoinURL: "#"} }},
		{"network-none", "network/list", func(*i18n.Printer) any { return nodes.Network{Own: sampleNode, Query: "x"} }},
		{"network-node", "network/node", func(p *i18n.Printer) any { return sampleBox(p) }},
		{"network-recovered", "network/node", func(p *i18n.Printer) any {
			v := sampleBox(p)
			v.State, v.Fault, v.Detail, v.Confirm, v.RecoveredAction, v.SheetAction, v.Errors = "provisional", "", "", false, "#", "#", nil
			return v
		}},
		{"network-recovery", "network/recovery", func(*i18n.Printer) any { return nodes.Recovery{Kept: true, Action: "#"} }},
		{"network-recovery-none", "network/recovery", func(*i18n.Printer) any { return nodes.Recovery{Action: "#"} }},
		{"network-recovery-sheet", "network/recovery", func(*i18n.Printer) any {
			v := nodes.Recovery{Kept: true, Joined: true, Action: "#", Sheet: "K7QF-29M3-XDTA-4CVB-8NPR-5WYZ-H6GJ-2SEK"}
			v.QR, _ = me.QR(v.Sheet)
			return v
		}},
		{"network-provisional", "network/list", func(p *i18n.Printer) any {
			return nodes.Network{Own: sampleNode, Up: upPeer(p, "good"), Provisional: true, RecoveryURL: "#"}
		}},
		{"network-up", "network/node", func(p *i18n.Printer) any {
			v := sampleBox(p)
			v.Peer, v.RevokeAction, v.PlanAction, v.Every, v.Errors = *upPeer(p, "good"), "", "#", "x", map[string]string{"every": p.T("network.every_wrong", "max", 10080)}
			return v
		}},
		{"network-invite", "network/invite", func(p *i18n.Printer) any {
			return nodes.InviteForm{Centres: []shell.Option{{Value: "1", Label: "Hay Salam"}}, Action: "#", Errors: map[string]string{"centre": p.T("people.centre_missing")}}
		}},
		{"network-invited", "network/invited", func(*i18n.Printer) any {
			return nodes.Invited{Code: "K7QF2-9M3XD", Address: "https://tizi.example.org", Centre: haySalam, Hours: 24, QR: template.HTML(`<svg class="qr" viewBox="0 0 8 8" aria-hidden="true"></svg>`)}
		}},
		{"network-join", "network/join", func(p *i18n.Printer) any {
			return nodes.Join{Hub: "https://tizi.example.org", Code: "K7QF2", Action: "#", Errors: map[string]string{"code": p.T("network.code_wrong"), "hub": p.T("network.hub_silent")}}
		}},
		{"network-number", "network/join", func(p *i18n.Printer) any {
			return nodes.Join{Hub: "https://tizi.example.org", Code: "K7QF2", Name: "MA-ERR-MJ1", Number: "3909 0222 4891 9872 6366", Action: "#", Errors: map[string]string{"number": p.T("network.number_other")}}
		}},
		{"network-pair", "network/pair", func(*i18n.Printer) any { return nodes.Pair{Code: "K7QF2-9M3XD", Address: "https://tizi.example.org"} }},
		{"network-held", "network/held", func(*i18n.Printer) any { return nodes.Held{Rows: []nodes.HeldRow{held, grants, unknown}} }},
		{"network-held-none", "network/held", func(*i18n.Printer) any { return nodes.Held{} }},
		{"network-facts", "network/facts", func(p *i18n.Printer) any {
			return nodes.HeldFacts{HeldRow: held, Action: "#", More: true, Rows: []nodes.HeldFact{{At: "18.03.2026 10:00", Kind: p.T("network.kind.place"), Body: `{"code":"MA-ERR-MJ1"}`}}, Errors: map[string]string{"reason": p.T("error.reason_missing")}}
		}},
		{"conflicts", "conflicts/list", func(p *i18n.Printer) any {
			v := centre.Conflicts{More: true}
			for _, k := range []string{"people", "consents", "sheets", "seats", "groups"} {
				v.Rows = append(v.Rows, centre.ConflictRow{Kind: k, Name: "أمينة الإدريسي", What: p.T("consent.training"), URL: "#", Centre: haySalam})
			}
			return v
		}},
		{"gaps", "board/gaps", func(p *i18n.Printer) any {
			v := steer.Gaps{Place: haySalam, ProgrammeName: jil, PeriodName: p.Period("2026"), Programme: "1", Period: "2026", Indicator: "people", Programmes: []shell.Option{{Value: "1", Label: "Jil Raqmi"}}, Periods: []shell.Option{{Value: "2026", Label: p.Period("2026")}}, Met: 3, BoardURL: "#", AnyTarget: true}
			for i, cells := range [][]string{nil, {p.T("sex.f")}, {p.T("sex.f"), p.T("milieu.rural")}} {
				r := steer.GapRow{Place: haySalam, Cells: cells, URL: "#", Evidence: "#", Target: 12000, Missing: 4200, Reached: shell.Figure{Value: 7800, URL: "#"}, Bar: chart.Bar{Value: 7800, Target: 12000, RTL: p.Lang().Dir() == "rtl", Label: "7800 / 12000"}}
				if i == 2 {
					r.Reached, r.Missing, r.Bar = shell.Figure{Hidden: true, Few: true}, 0, chart.Bar{Max: 1, Label: p.T("shell.few_number")}
				}
				v.Rows = append(v.Rows, r)
			}
			return v
		}},
		{"gaps-none", "board/gaps", func(p *i18n.Printer) any {
			return steer.Gaps{Place: haySalam, ProgrammeName: jil, PeriodName: p.Period("2026"), Programmes: []shell.Option{{Value: "1", Label: "Jil Raqmi"}}, BoardURL: "#", AnyTarget: true, Met: 12}
		}},
		{"gaps-empty", "board/gaps", func(*i18n.Printer) any { return steer.Gaps{} }},
		{"evidence", "board/evidence", func(p *i18n.Printer) any {
			return steer.Evidence{What: "Jil Raqmi", PlaceName: "Hay Salam", Cells: []string{p.T("sex.f")}, PeriodName: p.Period("2026"), Number: shell.Figure{Value: 7800}, Target: 12000, Agreement: shell.Crumb{Name: "Convention cadre", URL: "#"}, Source: "L’Opinion", SourceURL: "https://www.lopinion.ma/", BoardURL: "#",
				Rows: []steer.EvidenceRow{{Name: haySalam, Number: shell.Figure{Value: 7800}, Sessions: 120, Marked: 118, Marks: 9120}, {Name: haySalam, Number: shell.Figure{Hidden: true, Few: true}, Sessions: 4, Marked: 1, Marks: 3}},
				Logs: []steer.LogRow{{Node: "MA-ERR-MJ1", Stream: "Hay Salam", Root: "Tszzrgjoid2CF6eIYOGJDqcb8FWHqVEgE1GqDE0Rpho=", Facts: 30921}}}
		}},
		{"evidence-none", "board/evidence", func(p *i18n.Printer) any {
			return steer.Evidence{What: "Jil Raqmi", PlaceName: "Hay Salam", PeriodName: p.Period("2026"), Participations: true, BoardURL: "#"}
		}},
		{"people-move", "people/move", func(p *i18n.Printer) any {
			return centre.MoveForm{Name: "Amina El Idrissi", PersonURL: "#", Action: "#", Groups: 2, Centres: []shell.Option{{Value: "1", Label: "Hay Salam"}}, Reasons: []shell.Option{{Value: "home", Label: p.T("move.reason.home")}, {Value: "other", Label: p.T("move.reason.other")}}, Errors: map[string]string{"centre": p.T("move.same"), "reason": p.T("error.reason_missing")},
				Moves: []centre.MoveLine{{Centre: "Hay Salam", On: "2026-03-02", Reason: p.T("move.reason.home"), There: true, URL: "#"}, {Centre: "دار الشباب", On: "2026-03-12", Reason: p.T("move.reason.school"), FileAction: "#", CentreID: "1"}}}
		}},
		{"conflicts-none", "conflicts/list", func(*i18n.Printer) any { return centre.Conflicts{} }},
		{"conflict", "conflicts/conflict", func(p *i18n.Printer) any {
			side := func(who, node string) string {
				return p.T("conflict.side", "who", who, "when", p.Date("2026-03-18")+" 10:20", "node", node)
			}
			q := centre.Question{Field: "birth", Label: p.T("people.birth"), Options: []shell.Option{{Value: "=1", Label: p.Date("2014-05-03"), Hint: side("Tilila Ouchen", "MA-ERR-MJ1")}, {Value: "=2", Label: p.Date("2013-05-03"), Hint: side("Nadia Berrada", p.T("network.headquarters"))}}}
			return centre.Conflict{Kind: "people", Name: "Amina El Idrissi", Action: "#", AboutURL: "#", About: p.T("conflict.about.people"), Questions: []centre.Question{q}, Errors: map[string]string{"birth": p.T("conflict.choose")}}
		}},
	}...)
}
