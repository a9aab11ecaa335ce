package steer

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/measure"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/web/chart"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

// Routes adds the routes of this door.
func Routes(d *door.Door) {
	d.Handle("GET /board", access.ReadBoard, board)
	d.Handle("GET /board/behind", access.ListPeople, behind)
	programmeRoutes(d)
	phaseRoutes(d)
	staffRoutes(d)
	watchRoutes(d)
	gapsRoutes(d)
	gainRoutes(d)
}

// question is what a board is asked.
type question struct {
	programmes []programme.Programme
	prog       programme.Programme
	at         *place.Place
	period     string // measure's; the address says "all" for the whole
	indicator  string
	sort       string
	names      bool // the reader may know who is behind each number of the board
	targets    []programme.Target
}

// ask reads the address of a board.
func ask(a *door.Ask) (*question, error) {
	ctx, v := a.R.Context(), a.R.URL.Query()
	q := &question{indicator: v.Get("indicator"), sort: v.Get("sort")}
	var err error
	if q.programmes, err = a.H.Programmes.List(ctx, a.H.DB); err != nil {
		return q, err
	}
	// Whoever reads the numbers of programmes alone is not told of others.
	if !a.Scope.All() && len(a.Scope.Centres()) == 0 {
		q.programmes = slices.DeleteFunc(q.programmes, func(p programme.Programme) bool { return !a.Scope.Covers(p.ID) })
	}
	if len(q.programmes) == 0 {
		return q, nil
	}
	q.prog = q.programmes[0]
	for _, p := range q.programmes {
		if p.Code == v.Get("programme") {
			q.prog = p
		}
	}
	if q.targets, err = a.H.Programmes.Targets(ctx, a.H.DB, q.prog.ID); err != nil {
		return q, err
	}
	if q.indicator != measure.Participations {
		q.indicator = measure.People
	}
	// Beyond the place one answers for, targets would stand against what one may not count.
	top := home(a)
	if top == nil {
		return q, fs.ErrNotExist
	}
	if q.at = a.Tree.Code(v.Get("place")); q.at == nil || !a.Tree.Holds(top.ID, q.at.ID) {
		q.at = top
	}
	switch p := v.Get("period"); {
	case p == "all":
	case measure.IsPeriod(p):
		q.period = p
	default:
		// The year under way, where it has targets; otherwise the whole.
		if year := a.Today()[:4]; slices.ContainsFunc(q.targets, func(t programme.Target) bool { return t.Period == year }) {
			q.period = year
		}
	}
	return q, nil
}

// home is the widest place that an account reads numbers of. A programme, or an agreement, runs in the whole country.
func home(a *door.Ask) *place.Place {
	var best *place.Place
	for _, h := range a.Account.Roles {
		if h.Reaches(access.ReadBoard) == access.Nothing {
			continue
		}
		p := a.Tree.Get(h.On.ID)
		if countries := a.Tree.Countries(); h.On.Kind != access.AtPlace && len(countries) > 0 {
			p = countries[0]
		}
		if p != nil && (best == nil || len(a.Tree.Within(p.ID)) > len(a.Tree.Within(best.ID))) {
			best = p
		}
	}
	return best
}

func (q *question) periodCode() string {
	if q.period == measure.Total {
		return "all"
	}
	return q.period
}

// url is the address of this board with other choices.
func (q *question) url(path string, pairs ...string) string {
	all := []string{"programme", q.prog.Code, "place", q.at.Code, "period", q.periodCode(), "indicator", q.indicator}
	return door.With(path, append(all, pairs...)...)
}

// target is the target set for a place in the period, without a cell.
func (q *question) target(v id.ID) int64 {
	for _, t := range q.targets {
		if t.Place == v && t.Period == q.period && t.Indicator == q.indicator && t.Whole() {
			return t.Value
		}
	}
	return 0
}

func (q *question) pick(c measure.Counts) int64 {
	if q.indicator == measure.Participations {
		return c.Participations
	}
	return c.People
}

// sum adds up a board over centres, narrowed to a dimension's value ("" for all).
func (q *question) sum(b *measure.Board, centres []*place.Place, dim, value string) int64 {
	var n int64
	for _, c := range centres {
		if dim == "" {
			n += q.pick(b.Centres[c.ID])
		} else {
			n += q.pick(b.Crossed[c.ID][dim][value])
		}
	}
	return n
}

// figure is a number with the list behind it, for whoever may see people.
func (q *question) figure(a *door.Ask, n int64, pairs ...string) shell.Figure {
	f := shell.Figure{Value: n}
	if n > 0 && a.May(access.ListPeople) {
		f.URL = q.url("/board/behind", pairs...)
	}
	return f
}

// parts are the figures of each value of a dimension.
func (q *question) parts(a *door.Ask, b *measure.Board, centres []*place.Place, dim string) map[string]*shell.Figure {
	out := map[string]*shell.Figure{}
	var all []*shell.Figure
	for _, d := range measure.Dimensions {
		if d.Name != dim {
			continue
		}
		for _, value := range d.Values {
			f := q.figure(a, q.sum(b, centres, dim, value), dim, value)
			out[value] = &f
			all = append(all, &f)
		}
	}
	if !q.names {
		door.Veil(all)
	}
	return out
}

// knows reports whether the reader may list the people of all these centres.
func knows(a *door.Ask, centres []*place.Place) (bool, error) {
	if !a.May(access.ListPeople) {
		return false, nil
	}
	lists, err := a.ScopeOf(access.ListPeople)
	return !slices.ContainsFunc(centres, func(c *place.Place) bool { return !lists.Has(c.ID) }), err
}

func board(a *door.Ask) error {
	ctx := a.R.Context()
	q, err := ask(a)
	if err != nil {
		return err
	}
	if err := a.Here(); err != nil {
		return err
	}
	if len(q.programmes) == 0 {
		v := Board{RowKind: "place.region", WomenGoal: -1, RuralGoal: -1}
		if a.May(access.WriteProgrammes) {
			v.NewURL = "/programmes/new"
		}
		return a.Render("board/board", v)
	}
	centres := within(a, q, q.at)
	if q.names, err = knows(a, centres); err != nil {
		return err
	}
	scope := access.At(ids(centres)...)
	b, err := measure.Read(ctx, a.H.DB, scope, measure.Filter{Programme: q.prog.ID, Period: q.period})
	if err != nil {
		return err
	}
	v := Board{
		Place: q.at.Name, Programme: q.prog.Code, ProgrammeName: q.prog.Name, Period: q.periodCode(), Indicator: q.indicator, WomenGoal: -1, RuralGoal: -1,
		Target: shell.Figure{Value: q.target(q.at.ID)}, Reached: q.figure(a, q.sum(b, centres, "", "")),
		Women: *q.parts(a, b, centres, "sex")["f"], Rural: *q.parts(a, b, centres, "milieu")["rural"], OutOfSchool: *q.parts(a, b, centres, "schooling")["out_of_school"],
		CentresAll: shell.Figure{Value: int64(len(centres))}, PeriodName: periodName(a, q.period), GapsURL: q.url("/gaps"), EvidenceURL: q.url("/evidence"),
	}
	for _, c := range centres {
		if q.pick(b.Centres[c.ID]) > 0 {
			v.Centres.Value++
		}
	}
	for _, p := range q.programmes {
		name, _ := p.Name.In(a.Lang)
		v.Programmes = append(v.Programmes, shell.Option{Value: p.Code, Label: name})
	}
	top := home(a)
	for p := a.Tree.Get(q.at.Parent); p != nil && a.Tree.Holds(top.ID, p.ID); p = a.Tree.Get(p.Parent) {
		if p.Type == "country" || p.Type == "region" {
			up := *q
			up.at = p
			v.Way = append([]shell.Crumb{{Name: nameOf(a, p.Name), URL: up.url("/board")}}, v.Way...)
		}
	}
	months, series, err := measure.Series(ctx, a.H.DB, scope, measure.Filter{Programme: q.prog.ID})
	if err != nil {
		return err
	}
	v.Periods = periods(a, months)
	fillRows(a, q, b, &v)
	fillMonths(a, q, months, series, &v)
	fillCells(a, q, b, centres, &v)
	now := a.H.Log.Clock.Now()
	v.AsOf = a.P.T("board.as_of", "date", a.P.Date(now.Format(time.DateOnly)), "time", now.Format("15:04"))
	return a.Render("board/board", v)
}

// within are the centres of a place whose numbers of the programme lie in the account's scope.
func within(a *door.Ask, q *question, p *place.Place) []*place.Place {
	return slices.DeleteFunc(slices.Clone(a.Tree.Within(p.ID)), func(c *place.Place) bool { return !a.Scope.Has(c.ID) && !a.Scope.Covers(q.prog.ID) })
}

func ids(places []*place.Place) []id.ID {
	out := make([]id.ID, len(places))
	for i, p := range places {
		out[i] = p.ID
	}
	return out
}

func nameOf(a *door.Ask, t i18n.Text) string {
	s, _ := t.In(a.Lang)
	return s
}

func periodName(a *door.Ask, period string) string {
	if period == measure.Total {
		return a.P.T("board.whole")
	}
	return a.P.Period(period)
}

// periods are what a board can be asked for: the whole, each year, each month, latest first.
func periods(a *door.Ask, months []string) []shell.Option {
	out := []shell.Option{{Value: "all", Label: a.P.T("board.whole")}}
	years := map[string]bool{}
	var ys, ms []shell.Option
	for _, m := range slices.Backward(months) {
		if y := m[:4]; !years[y] {
			years[y] = true
			ys = append(ys, shell.Option{Value: y, Label: a.P.Period(y)})
		}
		ms = append(ms, shell.Option{Value: m, Label: a.P.Period(m)})
	}
	if y := a.Today()[:4]; !years[y] {
		ys = append([]shell.Option{{Value: y, Label: a.P.Period(y)}}, ys...)
	}
	return append(append(out, ys...), ms...)
}

// fillRows fills the map and the table: regions of a country, centres of a region.
func fillRows(a *door.Ask, q *question, b *measure.Board, v *Board) {
	var rows []*place.Place
	v.RowKind = "place.centre"
	switch q.at.Type {
	case "country":
		v.RowKind = "place.region"
		rows = a.Tree.Children(q.at.ID)
	case "centre":
		return
	default:
		rows = within(a, q, q.at)
	}
	v.Map = chart.TileMap{Title: a.P.T("region.map")}
	for i := range v.Map.Legend {
		v.Map.Legend[i] = a.P.T(fmt.Sprintf("board.band.%d", i))
	}
	rtl := a.Lang.Dir() == "rtl"
	for _, p := range rows {
		centres := within(a, q, p)
		to := *q
		to.at = p
		n, target := q.sum(b, centres, "", ""), q.target(p.ID)
		name := nameOf(a, p.Name)
		r := BoardRow{
			Name: p.Name, URL: to.url("/board"), Target: shell.Figure{Value: target}, Reached: to.figure(a, n),
			Women: *to.parts(a, b, centres, "sex")["f"], Rural: *to.parts(a, b, centres, "milieu")["rural"],
			Bar: chart.Bar{Value: n, Target: target, RTL: rtl, Label: a.P.T("board.bar", "name", name, "n", n, "target", target)},
		}
		v.Rows = append(v.Rows, r)
		if p.Col >= 0 {
			share := a.P.Percent(n, target)
			if target == 0 {
				share = a.P.Number(n)
			}
			short := p.Short
			if key := "region.short." + p.Code; a.P.Has(key) {
				short = a.P.T(key)
			}
			v.Map.Tiles = append(v.Map.Tiles, chart.Tile{Cell: chart.Cell{Column: p.Col, Row: p.Line}, Short: short, Label: r.Bar.Label, Share: share, Band: chart.BandOf(n, target), URL: r.URL})
		}
	}
	if !q.names {
		for _, of := range []func(*BoardRow) *shell.Figure{func(r *BoardRow) *shell.Figure { return &r.Women }, func(r *BoardRow) *shell.Figure { return &r.Rural }} {
			var column []*shell.Figure
			for i := range v.Rows {
				column = append(column, of(&v.Rows[i]))
			}
			door.Veil(column)
		}
	}
	sortRows(a, q, v)
}

// sortRows puts the table in the order asked for; a heading turns the order round.
func sortRows(a *door.Ask, q *question, v *Board) {
	by := map[string]func(x, y BoardRow) int{
		"name":    func(x, y BoardRow) int { return strings.Compare(nameOf(a, x.Name), nameOf(a, y.Name)) },
		"target":  func(x, y BoardRow) int { return compare(x.Target.Value, y.Target.Value) },
		"reached": func(x, y BoardRow) int { return compare(x.Reached.Value, y.Reached.Value) },
		"share": func(x, y BoardRow) int {
			return compare(share(x.Reached.Value, x.Target.Value), share(y.Reached.Value, y.Target.Value))
		},
		"women": func(x, y BoardRow) int {
			return compare(share(x.Women.Value, x.Reached.Value), share(y.Women.Value, y.Reached.Value))
		},
		"rural": func(x, y BoardRow) int {
			return compare(share(x.Rural.Value, x.Reached.Value), share(y.Rural.Value, y.Reached.Value))
		},
	}
	column, down := strings.CutPrefix(q.sort, "-")
	v.Sort = map[string]shell.Sort{}
	for name := range by {
		s := shell.Sort{URL: q.url("/board", "sort", name)}
		if name == column {
			s.Order = "ascending"
			if down {
				s.Order = "descending"
			} else {
				s.URL = q.url("/board", "sort", "-"+name)
			}
		}
		v.Sort[name] = s
	}
	if f := by[column]; f != nil {
		slices.SortStableFunc(v.Rows, func(x, y BoardRow) int {
			if down {
				return f(y, x)
			}
			return f(x, y)
		})
	}
}

func compare(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// share is in millionths, only to sort by.
func share(n, of int64) int64 {
	if of == 0 {
		return -1
	}
	return n * 1_000_000 / of
}

func fillMonths(a *door.Ask, q *question, months []string, series map[string]measure.Counts, v *Board) {
	v.Months = chart.Months{Title: a.P.T("board.months"), RTL: a.Lang.Dir() == "rtl"}
	if len(q.period) >= 4 {
		months = slices.DeleteFunc(slices.Clone(months), func(m string) bool { return m[:4] != q.period[:4] })
	} else if len(months) > 14 {
		months = months[len(months)-14:]
	}
	thisMonth := measure.Month(a.Today())
	for _, m := range months {
		n := q.pick(series[m])
		of := *q
		of.period = m
		f := of.figure(a, n)
		v.Months.Columns = append(v.Months.Columns, chart.Column{
			Name: a.P.T("board.month." + m[4:]), Label: a.P.Period(m) + " : " + a.P.Number(n), Value: n, Figure: a.P.Number(n), URL: f.URL, Open: m == thisMonth,
		})
		v.MonthRows = append(v.MonthRows, MonthRow{Period: m, Reached: f, Goal: -1})
	}
}

func fillCells(a *door.Ask, q *question, b *measure.Board, centres []*place.Place, v *Board) {
	rtl := a.Lang.Dir() == "rtl"
	for _, d := range measure.Dimensions {
		t := CellTable{Family: d.Name, Total: v.Reached.Value}
		parts := q.parts(a, b, centres, d.Name)
		for _, value := range d.Values {
			f := parts[value]
			n := f.Value
			if n == 0 && !f.Hidden && (value == measure.Unknown || d.Name == "age") {
				continue
			}
			t.Rows = append(t.Rows, CellRow{Code: value, Reached: *f, Target: -1,
				Bar: chart.Bar{Value: n, Max: max(1, v.Reached.Value), RTL: rtl, Label: a.P.T(d.Name+"."+value) + " : " + a.P.Number(n)}})
		}
		if len(t.Rows) > 0 && v.Reached.Value > 0 {
			v.Cells = append(v.Cells, t)
		}
	}
}

// behindSize is how many people a page of a list has.
const behindSize = 50

func behind(a *door.Ask) error {
	ctx, u := a.R.Context(), a.R.URL.Query()
	q, err := ask(a)
	if err != nil {
		return err
	}
	if len(q.programmes) == 0 {
		return fs.ErrNotExist
	}
	f := measure.Filter{Programme: q.prog.ID, Period: q.period, Sex: u.Get("sex"), Age: u.Get("age"), Milieu: u.Get("milieu"), Schooling: u.Get("schooling")}
	scope := access.At(ids(within(a, q, q.at))...)
	b, err := measure.Read(ctx, a.H.DB, scope, f)
	if err != nil {
		return err
	}
	after, _ := id.Parse(u.Get("after"))
	list, err := measure.List(ctx, a.H.DB, scope, f, after, behindSize+1)
	if err != nil {
		return err
	}
	v := Behind{What: nameOf(a, q.prog.Name), Number: q.pick(b.Total), Participations: q.indicator == measure.Participations, BackURL: q.url("/board"), Filters: []string{nameOf(a, q.at.Name), periodName(a, q.period)}}
	pairs := []string{}
	for _, d := range measure.Dimensions {
		if x := u.Get(d.Name); x != "" {
			v.Filters = append(v.Filters, a.P.T(d.Name+"."+x))
			pairs = append(pairs, d.Name, x)
		}
	}
	v.Pager = shell.Pager{Total: int(b.Total.People)}
	if len(list) > behindSize {
		list = list[:behindSize]
		v.Pager.Next = q.url("/board/behind", append(pairs, "after", list[behindSize-1].Person.String())...)
	}
	if !after.IsNil() {
		v.Pager.Prev = q.url("/board/behind", pairs...)
	}
	v.Pager.Shown = len(list)
	persons := make([]id.ID, len(list))
	for i, c := range list {
		persons[i] = c.Person
	}
	people, err := a.H.People.Of(ctx, a.H.DB, a.Scope, persons)
	if err != nil {
		return err
	}
	a.Shows(look.Listed, look.Behind, people...)
	byID := map[id.ID]int{}
	for i, p := range people {
		byID[p.ID] = i
	}
	for _, c := range list {
		r := BehindRow{Sex: c.Cell.Sex, Milieu: c.Cell.Milieu, Age: -1, Centre: a.PlaceName(c.Centre), Times: c.Participations}
		if i, ok := byID[c.Person]; ok {
			r.Name, r.Other = a.Names(people[i].Details)
			r.URL, r.Age = "/people/"+c.Person.String(), a.Age(people[i].Details["birth"])
		} else {
			// Erased, or known elsewhere only: the count stays true without the name.
			r.Name = a.P.T("board.behind.unnamed")
		}
		v.Rows = append(v.Rows, r)
	}
	return a.Render("board/behind", v)
}
