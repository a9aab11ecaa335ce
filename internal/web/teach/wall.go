package teach

import (
	"errors"
	"io/fs"

	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/progress"
	"tizi/internal/teaching"
	"tizi/internal/training"
	"tizi/internal/web/door"
	"tizi/internal/web/learn"
)

func wallRoutes(d *door.Door) {
	d.Handle("GET /groups/{group}/wall", access.ReadGroups, wall)
	d.Handle("POST /groups/{group}/wall", access.Teach, wallGiven)
}

func wallOf(a *door.Ask, c *training.Cohort) (v Wall, err error) {
	self := "/groups/" + c.ID.String()
	v = Wall{Name: c.Name, GroupURL: self + "/learning", Errors: map[string]string{}}
	if a.May(access.Teach) {
		v.Action = self + "/wall"
	}
	if v.Allowed, err = a.H.Teaching.Allows(a.R.Context(), a.H.DB, c.ID); err != nil {
		return v, err
	}
	courses, err := read(a, c.ID)
	if err != nil {
		return v, err
	}
	people, err := seats(a, c.ID)
	if err != nil {
		return v, err
	}
	a.Shows(look.Listed, look.Group, people...)
	v.Works, err = learn.WallOf(a, c.ID, c.Centre, courses, a.Scope, func(seat, work id.ID) string { return self + "/learning/" + seat.String() + "/" + work.String() })
	return v, err
}

func wall(a *door.Ask) error {
	c, err := cohort(a)
	if err != nil {
		return err
	}
	v, err := wallOf(a, c)
	if err != nil {
		return err
	}
	return a.Render("teach/wall", v)
}

func wallGiven(a *door.Ask) error {
	ctx := a.R.Context()
	c, err := cohort(a)
	if err != nil {
		return err
	}
	note := ""
	switch do := a.R.PostFormValue("do"); do {
	case "allow", "forbid":
		if note = "wall.allowed"; do == "forbid" {
			note = "wall.forbidden"
		}
		err = a.H.Teaching.Allow(ctx, a.Actor(), c.Centre, teaching.Allowed{Group: c.ID, Allow: do == "allow"})
	case "bar":
		note = "wall.down"
		var v id.ID
		if v, err = id.Parse(a.R.PostFormValue("work")); err != nil {
			return fs.ErrNotExist
		}
		hung, e := a.H.Teaching.HangingOf(ctx, a.H.DB, []id.ID{v})
		if e != nil {
			return e
		}
		if x, ok := hung[v]; !ok || x.Group != c.ID || x.Centre != c.Centre {
			return fs.ErrNotExist
		}
		w, e := a.H.Progress.Work(ctx, a.H.DB, c.Centre, v)
		if errors.Is(e, progress.ErrNoWork) {
			return fs.ErrNotExist
		}
		if err = e; err == nil {
			err = a.H.Teaching.Bar(ctx, a.Actor(), w, c.ID)
		}
	default:
		v, err := wallOf(a, c)
		if err != nil {
			return err
		}
		v.Errors[""] = a.P.T("teams.choose")
		return a.Again("teach/wall", v)
	}
	if err != nil {
		return err
	}
	a.Notify("good", note)
	return a.Go("/groups/" + c.ID.String() + "/wall")
}
