package steer

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"

	"tizi/internal/access"
	"tizi/internal/agreement"
	"tizi/internal/i18n"
	"tizi/internal/measure"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/web/chart"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

// gapsRoutes are about where targets are missed, and about what stands behind a number.
func gapsRoutes(d *door.Door) {
	d.Handle("GET /gaps", access.ReadBoard, gaps)
	d.Handle("GET /evidence", access.ReadBoard, evidence)
}

// Gaps is the screen board/gaps: what is furthest from its target first.
type Gaps struct {
	Place              i18n.Text
	ProgrammeName      i18n.Text
	PeriodName         string
	Programme, Period  string
	Indicator, By      string
	Programmes         []shell.Option
	Periods            []shell.Option
	Indicators, Orders []shell.Option
	Rows               []GapRow
	Met                int // targets that are reached
	BoardURL           string
	AnyTarget          bool
}

// GapRow is one target that is not reached.
type GapRow struct {
	Place           i18n.Text
	Cells           []string // whom it is for, ready to read; none: everybody
	URL             string   // the board of the place
	Evidence        string
	Target, Missing int64
	Reached         shell.Figure
	Bar             chart.Bar
}

func gaps(a *door.Ask) error {
	q, err := ask(a)
	if err != nil {
		return err
	}
	if len(q.programmes) == 0 {
		return a.Render("board/gaps", Gaps{})
	}
	v := Gaps{Place: q.at.Name, ProgrammeName: q.prog.Name, PeriodName: periodName(a, q.period), Programme: q.prog.Code, Period: q.periodCode(), Indicator: q.indicator, By: a.R.URL.Query().Get("by"), BoardURL: q.url("/board")}
	for _, p := range q.programmes {
		v.Programmes = append(v.Programmes, shell.Option{Value: p.Code, Label: nameOf(a, p.Name)})
	}
	months, _, err := measure.Series(a.R.Context(), a.H.DB, a.Scope, measure.Filter{Programme: q.prog.ID})
	if err != nil {
		return err
	}
	v.Periods = periods(a, months)
	for _, x := range []string{measure.People, measure.Participations} {
		v.Indicators = append(v.Indicators, shell.Option{Value: x, Label: a.P.T("gaps.indicator." + x)})
	}
	for _, x := range []string{"number", "share"} {
		v.Orders = append(v.Orders, shell.Option{Value: x, Label: a.P.T("gaps.by." + x)})
	}
	n, err := a.Numbers()
	if err != nil {
		return err
	}
	rtl := a.Lang.Dir() == "rtl"
	type gap struct {
		GapRow
		share int64
		veil  bool
	}
	var rows []gap
	for _, t := range q.targets {
		p := a.Tree.Get(t.Place)
		if p == nil || t.Period != q.period || t.Indicator != q.indicator || !a.Tree.Holds(q.at.ID, t.Place) {
			continue
		}
		centres, whole := n.Within(t)
		if !whole {
			continue
		}
		v.AnyTarget = true
		got, err := n.Reached(t, centres)
		if err != nil {
			return err
		}
		if got >= t.Value {
			v.Met++
			continue
		}
		at := *q
		at.at = p
		words, pairs := a.Cells(t)
		f, err := n.Figure(t, centres)
		if err != nil {
			return err
		}
		r := gap{GapRow: GapRow{Place: p.Name, Cells: words, URL: at.url("/board"), Evidence: at.url("/evidence", pairs...), Target: t.Value, Missing: t.Value - got, Reached: shell.Figure{Value: got},
			Bar: chart.Bar{Value: got, Target: t.Value, RTL: rtl, Label: a.P.T("board.bar", "name", nameOf(a, p.Name), "n", got, "target", t.Value)}}, share: share(got, t.Value)}
		if n.Known(centres) && got > 0 {
			r.Reached.URL = at.url("/board/behind", pairs...)
		} else if f.Hidden { // what is not told of a part is not told by what it lacks either
			r.Reached, r.Missing, r.veil = f, 0, true
		}
		rows = append(rows, r)
	}
	slices.SortStableFunc(rows, func(x, y gap) int {
		if x.veil != y.veil { // those that are not told stand last, in the order of their targets
			return map[bool]int{false: -1, true: 1}[x.veil]
		}
		if x.veil {
			return cmp.Compare(y.Target, x.Target)
		}
		if v.By == "share" {
			return cmp.Or(cmp.Compare(x.share, y.share), cmp.Compare(y.Target, x.Target))
		}
		return cmp.Or(cmp.Compare(y.Target-y.Reached.Value, x.Target-x.Reached.Value), cmp.Compare(x.share, y.share))
	})
	for _, r := range rows {
		if r.veil {
			r.Bar = chart.Bar{Max: 1, RTL: rtl, Label: a.P.T("shell.few_number")}
		}
		v.Rows = append(v.Rows, r.GapRow)
	}
	return a.Render("board/gaps", v)
}

// Evidence is the screen board/evidence: what stands behind a number.
type Evidence struct {
	What, PlaceName string
	Cells           []string
	PeriodName      string
	Participations  bool
	Number          shell.Figure
	Target          int64
	Agreement       shell.Crumb
	Source          string
	SourceURL       string
	Rows            []EvidenceRow
	Months          []MonthRow
	BoardURL        string
	Logs            []LogRow
}

// EvidenceRow is what one centre brings to the number, and of how many records.
type EvidenceRow struct {
	Name                    i18n.Text
	Number                  shell.Figure
	Sessions, Marked, Marks int
}

// LogRow is a log that the records stand in, as it is signed.
type LogRow struct {
	Node, Stream, Root string
	Facts              int64
}

func evidence(a *door.Ask) error {
	ctx, u := a.R.Context(), a.R.URL.Query()
	q, err := ask(a)
	if err != nil {
		return err
	}
	if len(q.programmes) == 0 {
		return fs.ErrNotExist
	}
	t := programme.Target{Programme: q.prog.ID, Place: q.at.ID, Period: q.period, Indicator: q.indicator, Sex: u.Get("sex"), Age: u.Get("age"), Milieu: u.Get("milieu"), Schooling: u.Get("schooling")}
	for _, d := range measure.Dimensions {
		if x := u.Get(d.Name); x != "" && !slices.Contains(d.Values, x) {
			return fs.ErrNotExist
		}
	}
	n, err := a.Numbers()
	if err != nil {
		return err
	}
	centres := within(a, q, q.at)
	got, err := n.Reached(t, centres)
	if err != nil {
		return err
	}
	words, pairs := a.Cells(t)
	v := Evidence{What: nameOf(a, q.prog.Name), PlaceName: nameOf(a, q.at.Name), Cells: words, PeriodName: periodName(a, q.period), Participations: q.indicator == measure.Participations, BoardURL: q.url("/board")}
	named := n.Known(centres)
	if v.Number, err = n.Figure(t, centres); err != nil {
		return err
	}
	if named && got > 0 {
		v.Number.URL = q.url("/board/behind", pairs...)
	}
	for _, x := range q.targets {
		if x.Place == q.at.ID && x.Period == q.period && x.Indicator == q.indicator && x.Sex == t.Sex && x.Age == t.Age && x.Milieu == t.Milieu && x.Schooling == t.Schooling {
			v.Target = x.Value
			if err := backing(a, x, &v); err != nil {
				return err
			}
		}
	}
	sheets, err := a.H.Training.Sheets(ctx, a.H.DB, access.At(ids(centres)...), q.prog.ID, q.period)
	if err != nil {
		return err
	}
	var parts []*shell.Figure
	for _, c := range centres {
		s := sheets[c.ID]
		number, err := n.Figure(t, []*place.Place{c})
		if err != nil {
			return err
		}
		r := EvidenceRow{Name: c.Name, Number: number, Sessions: s.Sessions, Marked: s.Marked, Marks: s.Marks}
		if r.Number.Value == 0 && !r.Number.Hidden && s.Sessions == 0 {
			continue
		}
		v.Rows = append(v.Rows, r)
	}
	for i := range v.Rows {
		parts = append(parts, &v.Rows[i].Number)
	}
	if !named && len(words) > 0 {
		door.Veil(parts)
	}
	return logs(a, centres, &v)
}

// backing is what a target rests on: the agreement that binds it, and where it was published.
func backing(a *door.Ask, t programme.Target, v *Evidence) error {
	if !t.Source.IsZero() {
		v.Source, v.SourceURL = t.Source.Publication, t.Source.URL
	}
	if t.Agreement.IsNil() {
		return nil
	}
	ctx := a.R.Context()
	g, err := a.H.Agreements.Get(ctx, a.H.DB, access.Everywhere(), t.Agreement)
	if errors.Is(err, agreement.ErrUnknown) { // it has not come to this node
		return nil
	} else if err != nil {
		return err
	}
	if g.Open() {
		v.Agreement = shell.Crumb{Name: nameOf(a, g.Name), URL: "/initiatives"}
	}
	if !a.May(access.ReadAgreements) {
		return nil
	}
	scope, err := a.ScopeOf(access.ReadAgreements)
	if err != nil {
		return err
	}
	if g, err := a.H.Agreements.Get(ctx, a.H.DB, scope, t.Agreement); err == nil {
		v.Agreement = shell.Crumb{Name: nameOf(a, g.Name), URL: "/agreements/" + g.ID.String()}
	}
	return nil
}

// logs are those of the centres: as many facts as they hold, under a signed root, so that anybody can tell later whether
// something was altered.
func logs(a *door.Ask, centres []*place.Place, v *Evidence) error {
	of := map[string]*place.Place{}
	for _, c := range centres {
		of[c.Stream()] = c
	}
	states, err := a.H.Log.States(a.R.Context(), a.H.DB, func(s string) bool { return of[s] != nil })
	if err != nil {
		return err
	}
	for _, s := range states {
		if len(v.Logs) == maxLogs {
			break
		}
		node := s.Node.Hex()[:8]
		if g, ok := a.H.Log.Grantee(s.Node); ok && g.Name != "" {
			node = g.Name
		}
		v.Logs = append(v.Logs, LogRow{Node: node, Stream: nameOf(a, of[s.Stream].Name), Root: s.Root.String(), Facts: int64(s.Size)})
	}
	return a.Render("board/evidence", v)
}

// maxLogs is how many logs a page names; of more, each centre's page names its own.
const maxLogs = 24
