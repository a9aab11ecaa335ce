package shell

import (
	"html/template"

	"tizi/internal/web/chart"
)

// A view carries the data of a chart; which way it runs follows from the page.

func (v *voice) rtl() bool { return v.key.lang.Dir() == "rtl" }

func (v *voice) bullet(b chart.Bar) template.HTML {
	b.RTL = v.rtl()
	return chart.Bullet(b)
}

func (v *voice) columns(m chart.Months) template.HTML {
	m.RTL = v.rtl()
	return chart.Columns(m)
}

func (v *voice) week(w chart.WeekStrip) template.HTML {
	w.RTL = v.rtl()
	return chart.Week(w)
}

// bar is a bar by itself, not in a table of others.
func bar(value, target int64) chart.Bar { return chart.Bar{Value: value, Target: target} }
