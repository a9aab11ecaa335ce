package learn

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/learner"
	"tizi/internal/person"
	"tizi/internal/progress"
	"tizi/internal/record"
	"tizi/internal/teaching"
	"tizi/internal/web/door"
)

// wallSize is how many works a wall shows.
const wallSize = 60

// WallOf is what hangs on the wall of a group: works of people who have a seat in it, made at its centre in a course that it follows.
// file says where the file of a work is; the seat is the record that is in the group.
func WallOf(a *door.Ask, group, centre id.ID, courses []*Reader, scope access.Scope, file func(seat, work id.ID) string) (out []OnWall, err error) {
	ctx, h := a.R.Context(), a.H
	list, err := h.Teaching.Wall(ctx, h.DB, group, wallSize)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	roster, err := h.Training.Roster(ctx, h.DB, group)
	if err != nil {
		return nil, err
	}
	var people []id.ID
	for _, e := range roster {
		if learner.Seated(e) {
			people = append(people, e.Person)
		}
	}
	ones, err := person.Ones(ctx, h.DB, people)
	if err != nil {
		return nil, err
	}
	known, err := h.People.Of(ctx, h.DB, scope, people)
	if err != nil {
		return nil, err
	}
	for _, x := range list {
		w, err := h.Progress.Work(ctx, h.DB, x.Centre, x.Work)
		if errors.Is(err, progress.ErrNoWork) || x.Centre != centre {
			continue
		}
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(known, func(p *person.Person) bool { return p.ID == w.Person || slices.Contains(ones[p.ID], w.Person) })
		j := slices.IndexFunc(courses, func(r *Reader) bool { return r.Version.Code == w.At.Course })
		if i < 0 || j < 0 {
			continue
		}
		m, err := courses[j].made(w.Work, file(known[i].ID, w.ID))
		if errors.Is(err, record.ErrUnknown) {
			continue
		}
		if err != nil {
			return nil, err
		}
		o := OnWall{Work: m.Work, ID: w.ID.String()}
		name, _ := a.Names(known[i].Details)
		o.Who, _, _ = strings.Cut(name, " ")
		out = append(out, o)
	}
	return out, nil
}

// walls are the groups of the learner that have a wall, each with the courses that it follows.
func walls(a *door.Ask) (groups []followed, courses map[id.ID][]*Reader, err error) {
	l, err := ways(a)
	if err != nil {
		return nil, nil, err
	}
	courses = map[id.ID][]*Reader{}
	for _, w := range l {
		courses[w.group] = append(courses[w.group], w.Reader)
	}
	list, err := following(a)
	if err != nil {
		return nil, nil, err
	}
	seen := map[id.ID]bool{}
	for _, f := range list {
		g := f.group.Cohort
		if seen[g] {
			continue
		}
		seen[g] = true
		allowed, err := a.H.Teaching.Allows(a.R.Context(), a.H.DB, g)
		if err != nil {
			return nil, nil, err
		}
		if allowed {
			groups = append(groups, f)
		}
	}
	return groups, courses, nil
}

func wall(a *door.Ask) error {
	groups, courses, err := walls(a)
	if err != nil {
		return err
	}
	v := MyWall{HomeURL: "/my/work"}
	var ids []id.ID
	for _, f := range groups {
		ids = append(ids, f.group.Cohort)
	}
	names, err := a.H.Training.Names(a.R.Context(), a.H.DB, ids)
	if err != nil {
		return err
	}
	for _, g := range ids {
		works, err := WallOf(a, g, a.Learner.Centre, courses[g], access.At(a.Learner.Centre), func(_, work id.ID) string { return "/my/wall/" + work.String() })
		if err != nil {
			return err
		}
		v.Groups = append(v.Groups, WallGroup{names[g], works})
	}
	return a.Render("learn/wall", v)
}

// wallPiece is a file that hangs on a wall of the learner's groups.
func wallPiece(a *door.Ask) error {
	v, err := a.ID("piece")
	if err != nil {
		return err
	}
	groups, courses, err := walls(a)
	if err != nil {
		return err
	}
	for _, f := range groups {
		works, err := WallOf(a, f.group.Cohort, a.Learner.Centre, courses[f.group.Cohort], access.At(a.Learner.Centre), func(_, work id.ID) string { return work.String() })
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(works, func(o OnWall) bool { return o.URL == v.String() }) {
			continue
		}
		row, _, err := a.H.Records.Get(a.R.Context(), a.Learner.Centre, id.Nil, v)
		if err != nil {
			return err
		}
		return serveFile(a, row.Files[0])
	}
	return fs.ErrNotExist
}

// hang shows a work of the learner's to their group, or shows it no more.
func hang(a *door.Ask) error {
	ctx := a.R.Context()
	v, err := a.ID("piece")
	if err != nil {
		return err
	}
	w, err := a.H.Progress.Work(ctx, a.H.DB, a.Learner.Centre, v)
	if errors.Is(err, progress.ErrNoWork) {
		return fs.ErrNotExist
	}
	if err != nil {
		return err
	}
	own, err := person.Records(ctx, a.H.DB, a.Learner.Person)
	if err != nil {
		return err
	}
	if !slices.Contains(own, w.Person) {
		return fs.ErrNotExist
	}
	again := func(key string) error {
		v, err := workView(a)
		if err != nil {
			return err
		}
		v.Errors[""] = a.P.T(key)
		return a.Again("learn/work", v)
	}
	groups, _, err := walls(a)
	if err != nil {
		return err
	}
	list, err := following(a)
	if err != nil {
		return err
	}
	var group id.ID
	for _, f := range list {
		if f.version.Code == w.At.Course && slices.ContainsFunc(groups, func(g followed) bool { return g.group.Cohort == f.group.Cohort }) {
			group = f.group.Cohort
		}
	}
	do := a.R.PostFormValue("do")
	switch {
	case do != "hang" && do != "take":
		return again("wall.choose")
	case group.IsNil():
		return again("wall.not_allowed")
	}
	err = a.H.Teaching.Hang(ctx, w, group, do == "hang")
	if errors.Is(err, teaching.ErrBarred) {
		return again("wall.barred")
	}
	if err != nil {
		return err
	}
	if do == "hang" {
		a.Notify("good", "wall.hung")
	} else {
		a.Notify("good", "wall.taken")
	}
	return a.Go("/my/work")
}
