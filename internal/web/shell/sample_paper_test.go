package shell_test

import (
	"bytes"
	"encoding/base64"
	"html/template"
	"image"
	"image/draw"
	"image/png"

	"tizi/internal/i18n"
	"tizi/internal/picture/marks"
	"tizi/internal/web/teach"
)

func init() {
	gallery = append(gallery, []shown{
		{"sheet", "teach/scan", func(*i18n.Printer) any { return toScan() }},
		{"sheet-cut", "teach/scan", func(p *i18n.Printer) any {
			v := toScan()
			v.Errors = map[string]string{"file": p.T("sheet.cut")}
			return v
		}},
		{"sheet-later", "teach/scan", func(p *i18n.Printer) any {
			v := toScan()
			v.Later = p.T("attendance.not_yet")
			return v
		}},
		{"sheet-paper", "teach/paper", func(p *i18n.Printer) any {
			l := marks.Layout{Rows: 3, RTL: p.Lang().Dir() == "rtl"}
			v := teach.PaperPage{Dir: p.Lang().Dir(), Group: "Groupe 03", When: p.DayMonth("2026-03-18"), Page: p.T("paper.page", "n", 1, "total", 1), Half: marks.BoxSide / 2, Side: marks.BoxSide, Line: marks.BoxLine, NameX: 18, NumberX: 16}
			if l.RTL {
				v.NameX, v.NameAt, v.NumberX = marks.Width-18-100, 100, marks.Width-16
			}
			for c := range marks.Corners {
				at := marks.Corner(c)
				v.Codes = append(v.Codes, teach.PaperCode{X: at.X, Y: at.Y, Square: 1, Path: "M0 0h22v1h-22zM0 21h22v1h-22z"})
			}
			for b, w := range []string{"present", "late", "excused_short", "absent"} {
				v.Heads = append(v.Heads, teach.PaperHead{X: l.Box(0, b).X, Word: p.T("attendance." + w)})
			}
			for r, n := range []string{"Amina Benali", "Youssef Aït Lahcen", "Chama Ouhaddou"} {
				y := l.Box(r, 0).Y
				row := teach.PaperRow{N: p.Number(int64(r + 1)), Name: n, Other: []string{"أمينة بنعلي", "يوسف آيت لحسن", ""}[r], Y: y, Edge: y + marks.RowHeight/2}
				for b := range marks.Boxes {
					row.Boxes = append(row.Boxes, l.Box(r, b).X-marks.BoxSide/2)
				}
				v.Rows = append(v.Rows, row)
			}
			return teach.Papers{Group: "Groupe 03", BackURL: "#", Pages: []teach.PaperPage{v}}
		}},
		{"sheet-read", "teach/scanned", func(p *i18n.Printer) any { return read(p) }},
		{"sheet-unanswered", "teach/scanned", func(p *i18n.Printer) any {
			v := read(p)
			v.Changed, v.Errors = p.T("attendance.changed"), map[string]string{"mark_3": p.T("sheet.unanswered", "name", "Chama Ouhaddou")}
			return v
		}},
	}...)
}

func toScan() teach.Scan {
	return teach.Scan{Group: "Groupe 03", Date: "2026-03-18", From: "14:30", To: "16:30", ListURL: "#", Action: "#", PrintAction: "#", MaxMB: 32}
}

// strip is a white picture of one row.
var strip = func() string {
	img, b := image.NewGray(image.Rect(0, 0, 1100, 57)), bytes.Buffer{}
	draw.Draw(img, img.Rect, image.White, image.Point{}, draw.Src)
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}()

func read(p *i18n.Printer) teach.Scanned {
	return teach.Scanned{Group: "Groupe 03", Date: "2026-03-18", ListURL: "#", ScanURL: "#", Action: "#", Asked: 1, Refused: []string{p.T("common.colon", "label", p.T("sheet.picture", "n", 2), "value", p.T("sheet.none"))}, Gone: []string{p.T("sheet.left", "row", 7)}, Rows: []teach.ScannedRow{
		{ID: "1", Name: "Amina Benali", Other: "أمينة بنعلي", Mark: "present"}, {ID: "2", Name: "Youssef Aït Lahcen", Mark: "late", Was: "present"},
		{ID: "3", Name: "Chama Ouhaddou", Doubt: "several", Picture: template.URL("data:image/png;base64," + strip), Strip: strip}, {ID: "4", Name: "Driss Amrani", NoConsent: true}}}
}
