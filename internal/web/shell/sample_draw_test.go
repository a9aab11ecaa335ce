package shell_test

import (
	"fmt"

	"tizi/internal/i18n"
	"tizi/internal/lot"
	"tizi/internal/web/centre"
	"tizi/internal/web/shell"
)

func init() {
	gallery = append(gallery, []shown{
		{"draw-missed", "groups/draw", func(*i18n.Printer) any {
			v := groupDraw("open")
			v.Missed, v.CancelAction = true, "#"
			return v
		}},
		{"group-draw", "groups/draw", func(p *i18n.Printer) any {
			return centre.GroupDraw{Drawing: centre.Drawing{Group: "Enfants, mercredi"}, GroupURL: "/groups/1", Capacity: 24, Free: 6, Waiting: 14, Form: true, ClosesOn: "2026-03-17", SeedDay: "2026-03-20", First: "100", Out: "20", Rural: "20", Girls: "x", Action: "#",
				Errors: map[string]string{"source": p.T("draw.source_missing"), "girls": p.T("draw.points_wrong", "max", lot.MaxPoints)}}
		}},
		{"group-draw-cannot", "groups/draw", func(*i18n.Printer) any {
			return centre.GroupDraw{Drawing: centre.Drawing{Group: "Enfants, mercredi"}, GroupURL: "/groups/1"}
		}},
		{"group-draw-open", "groups/draw", func(*i18n.Printer) any {
			v := groupDraw("open")
			v.Pending, v.FreezeAction, v.CancelAction = 2, "#", "#"
			return v
		}},
		{"group-draw-typed", "groups/draw", func(p *i18n.Printer) any {
			v := groupDraw("typed")
			v.SeedAction, v.Confirms, v.SeedText, v.SlipsURL = "#", true, "07 12", "#"
			v.Errors = map[string]string{"seed": p.T("draw.seed_other")}
			return v
		}},
		{"group-draw-held", "groups/draw", func(*i18n.Printer) any {
			v := groupDraw("held")
			v.SlipsURL = "#"
			return v
		}},
		{"group-slips", "groups/slips", func(*i18n.Printer) any {
			v := centre.Slips{Group: "Enfants, mercredi", GroupURL: "/groups/1", BackURL: "#"}
			for i, name := range []string{"Imane Ouazzani", "محمد أيت حمو"} {
				s := centre.Slip{Name: name, Number: 3 + i, Tag: "5f1d0c2a9b8e47d1a0c3b2e4f5968712"}
				for _, l := range []i18n.Lang{i18n.AR, i18n.FR} {
					q := i18n.For(l)
					s.Parts = append(s.Parts, centre.SlipPart{Lang: string(l), Dir: l.Dir(), Title: q.T("draw.slip", "n", s.Number), Lines: []string{q.T("draw.slip_group", "group", "Enfants, mercredi", "centre", "Hay Salam"), q.T("draw.slip_when", "date", q.Date("2026-03-20")), q.T("draw.slip_where", "address", "tizi.local/draws")}})
				}
				v.Rows = append(v.Rows, s)
			}
			return v
		}},
		{"draws", "draws/list", func(*i18n.Printer) any {
			return centre.Draws{NewURL: "#", Rows: []centre.DrawLine{{Group: "Enfants, mercredi", URL: "/draws/1", State: "open", Closes: "2026-03-17", Centre: haySalam}, {Group: "Ados, samedi", URL: "/draws/2", State: "held", Closes: "2026-02-10", Centre: haySalam}, {Group: "مجموعة الأحد", URL: "/draws/3", State: "cancelled", Closes: "2026-01-10", Centre: haySalam}}}
		}},
		{"draw-joint-new", "draws/new", func(p *i18n.Printer) any {
			v := centre.JointForm{Phase: "1", Phases: []shell.Option{{Value: "1", Label: "Enfants et IA · Phase 1"}}, Groups: []centre.JointGroup{{ID: "1", Name: "Enfants, mercredi", Centre: haySalam, Free: 6, Waiting: 14, On: true}, {ID: "2", Name: "مجموعة الأحد", Centre: haySalam, Free: 0, Waiting: 3}}}
			v.Action, v.GroupURL, v.ClosesOn, v.SeedDay, v.First, v.Out, v.Rural = "#", "#", "2026-03-17", "2026-03-20", "100", "20", "20"
			v.Errors = map[string]string{"group": p.T("draw.joint_few"), "source": p.T("draw.source_missing")}
			return v
		}},
		{"draw-joint-none", "draws/new", func(*i18n.Printer) any { return centre.JointForm{} }},
		{"draw-joint", "draws/joint", func(p *i18n.Printer) any {
			v := centre.JointDraw{Drawing: groupDraw("typed").Drawing, SeedAction: "#", Confirms: true, SeedText: "07 1", Errors: map[string]string{"seed": p.T("draw.seed_other")}}
			v.Digest = ""
			for i, g := range []string{"Enfants, mercredi", "مجموعة الأحد", "Ados, samedi"} {
				v.Rows = append(v.Rows, centre.JointRow{DrawLine: centre.DrawLine{Group: g, URL: "#", State: []string{"typed", "held", "cancelled"}[i], Centre: haySalam}, GroupURL: "#", Seats: 24, Given: 18 + 3*i, Waiting: 14 - i})
			}
			return v
		}},
		{"draw-joint-open", "draws/joint", func(*i18n.Printer) any {
			v := centre.JointDraw{Drawing: groupDraw("open").Drawing, CloseAction: "#", Rows: []centre.JointRow{{DrawLine: centre.DrawLine{Group: "Ados, samedi", URL: "#", State: "open", Centre: haySalam}, GroupURL: "#", Seats: 24, Given: 18, Waiting: 9}}}
			return v
		}},
		{"draws-none", "draws/list", func(*i18n.Printer) any { return centre.Draws{} }},
		{"draw", "draws/draw", func(*i18n.Printer) any {
			v := groupDraw("held")
			for i := range v.Rows {
				v.Rows[i].Name, v.Rows[i].URL = "", ""
			}
			return centre.PublicDraw{Drawing: v.Drawing, Rows: v.Rows}
		}},
		{"draw-cancelled", "draws/draw", func(*i18n.Printer) any {
			v := groupDraw("cancelled")
			v.Why, v.Conflict = "Le centre est fermé pour travaux.", true
			return centre.PublicDraw{Drawing: v.Drawing}
		}},
	}...)
}

// groupDraw is a draw in one of its states.
func groupDraw(state string) centre.GroupDraw {
	v := centre.GroupDraw{Now: true, GroupURL: "/groups/1", PublicURL: "/draws/1", Capacity: 24, Free: 3, Waiting: 6,
		Drawing: centre.Drawing{Group: "Enfants, mercredi", Centre: haySalam, Programme: jil, State: state, Closes: "2026-03-10", SeedOn: "2026-03-12", Source: "Boules tirées devant les familles, au centre, à 10 h", Rule: []centre.DrawRule{{Code: "first", Points: 100}, {Code: "out", Points: 20}, {Code: "girls", Points: 20}}, Version: 1}}
	if state == "open" || state == "cancelled" {
		return v
	}
	var list []lot.Entry
	for i := range 6 {
		list = append(list, lot.Entry{Number: i + 1, Points: []int{120, 100, 100, 0, 140, 100}[i], Tag: fmt.Sprintf("%032x", 0xa1b2c3d4e5+i*7919)})
	}
	v.Frozen, v.Applicants, v.Without, v.Fewer, v.Digest, v.ListURL = "2026-03-11", 6, 1, true, lot.Digest(list), "/draws/1/list.txt"
	order := []int{1, 2, 3, 4, 5, 6}
	if state == "held" {
		v.Seed, v.Held = "07 12 33 41", "2026-03-12"
		order = lot.Order(v.Seed, list)
		v.Sample = order[0]
	}
	people := rows()
	for i, n := range order {
		r := centre.DrawRow{Number: n, Points: list[n-1].Points, Tag: list[n-1].Tag, Name: people[n].Name, URL: "/people/1", State: "waitlisted"}
		if state == "held" {
			r.Place, r.Lot = i+1, lot.Lot(v.Seed, n)[:12]
			if i < 3 {
				r.State, r.Seat = "enrolled", true
			}
		}
		v.Rows = append(v.Rows, r)
	}
	return v
}
