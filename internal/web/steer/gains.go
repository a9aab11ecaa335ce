package steer

import (
	"errors"

	"tizi/internal/access"
	"tizi/internal/course"
	"tizi/internal/i18n"
	"tizi/internal/web/door"
)

func gainRoutes(d *door.Door) { d.Handle("GET /board/gains", access.ReadBoard, gains) }

// Gains is the screen board/gains: what learners gained between the tests of each course.
type Gains struct {
	BoardURL string
	Fewest   int
	Rows     []GainRow
}

// GainRow is a course with both tests. Of few learners whom the reader may not know there are no figures.
type GainRow struct {
	Title           i18n.Text
	N               int // took both
	Few             bool
	Pre, Post, Gain string // "" where there is none
}

func gains(a *door.Ask) error {
	ctx := a.R.Context()
	v := Gains{BoardURL: "/board", Fewest: door.Fewest}
	lists := access.Scope{}
	if a.May(access.ListPeople) {
		var err error
		if lists, err = a.ScopeOf(access.ListPeople); err != nil {
			return err
		}
	}
	known := lists.All() || !a.Scope.All() // who may list the people of each centre counted
	for _, c := range a.Scope.Centres() {
		known = known && lists.Has(c)
	}
	list, err := a.H.Courses.List(ctx, a.H.DB)
	if err != nil {
		return err
	}
	for _, ver := range list {
		c, err := a.H.Courses.Load(ctx, a.H.DB, ver)
		if errors.Is(err, course.ErrComing) {
			continue
		}
		if err != nil {
			return err
		}
		if c.Pre == nil || c.Post == nil {
			continue
		}
		g, err := a.H.Progress.CourseGain(ctx, a.H.DB, a.Scope, ver.Code)
		if err != nil {
			return err
		}
		r := GainRow{Title: c.Title, N: g.N, Few: g.N > 0 && g.N < door.Fewest && !known}
		if g.N > 0 && !r.Few {
			r.Pre, r.Post = a.P.Percent(int64(g.Pre*1000+.5), 1000), a.P.Percent(int64(g.Post*1000+.5), 1000)
		}
		if g.Defined && !r.Few {
			r.Gain = a.P.Decimal(g.G, 2)
		}
		v.Rows = append(v.Rows, r)
	}
	return a.Render("board/gains", v)
}
