package teach

import (
	"io/fs"
	"strconv"

	"tizi/internal/access"
	"tizi/internal/course"
	"tizi/internal/id"
	"tizi/internal/learner"
	"tizi/internal/progress"
	"tizi/internal/teaching"
	"tizi/internal/training"
	"tizi/internal/web/door"
	"tizi/internal/web/learn"
	"tizi/internal/web/shell"
)

func goingRoutes(d *door.Door) {
	d.Handle("GET /sessions/{session}/lesson", access.Teach, sessionLesson)
	d.Handle("POST /sessions/{session}/lesson", access.Teach, sessionLessonGiven)
}

// going is where a group is in a course.
type going struct {
	group  id.ID
	reader *learn.Reader
	all    []*course.Lesson
	lesson *course.Lesson // nil once nothing is left
	upto   int            // how many lines of its plan are done
	stops  []teaching.Stop
}

// goingOn is where a group goes on at a moment, "2026-03-14 10:00", in each of its courses, in the version that it follows.
func goingOn(a *door.Ask, group id.ID, at string) (out []going, err error) {
	ctx := a.R.Context()
	courses, err := read(a, group)
	if err != nil || len(courses) == 0 {
		return nil, err
	}
	stops, err := a.H.Teaching.Stops(ctx, a.H.DB, group)
	if err != nil {
		return nil, err
	}
	roster, err := a.H.Training.Roster(ctx, a.H.DB, group)
	if err != nil {
		return nil, err
	}
	var people []id.ID
	for _, e := range roster {
		if learner.Seated(e) {
			people = append(people, e.Person)
		}
	}
	for _, r := range courses {
		g := going{group: group, reader: r, all: r.Course.Lessons(), stops: stops[r.Version.Code]}
		done, err := a.H.Progress.Of(ctx, a.H.DB, people, r.Version.Code)
		if err != nil {
			return nil, err
		}
		i, upto := teaching.GoOn(learn.Paths(r.Course), teaching.Before(g.stops, at), func(i int) bool {
			n := 0
			for _, p := range people {
				if done[p][g.all[i].Path()].Finished(progress.Steps(r.Version.Code, g.all[i], p)) {
					n++
				}
			}
			return 2*n > len(people)
		})
		if i < len(g.all) {
			g.lesson, g.upto = g.all[i], min(upto, len(g.all[i].Plan))
		}
		out = append(out, g)
	}
	return out, nil
}

// line is what a line of a lesson's plan says.
func line(r *learn.Reader, l *course.Lesson, n int) learn.Said {
	if n >= len(l.Plan) {
		return learn.Said{}
	}
	if x := l.Activity(l.Plan[n].Activity); x != nil {
		return r.Say(x.Title)
	}
	return r.Say(l.Plan[n].Text)
}

func (g going) shown() GoesOn {
	x := GoesOn{Code: g.reader.Version.Code, Course: g.reader.Say(g.reader.Course.Title)}
	if g.lesson == nil {
		return x
	}
	x.Lesson, x.Minutes = g.reader.Say(g.lesson.Title), g.lesson.Minutes
	x.RehearseURL = "/groups/" + g.group.String() + "/rehearse/" + x.Code + "/" + g.lesson.Path()
	x.PrintURL = g.reader.As("/lessons/" + x.Code + "/" + g.lesson.Path())
	if g.upto > 0 {
		x.From = line(g.reader, g.lesson, g.upto)
	}
	return x
}

func momentOf(s *training.Session) string { return s.Date + " " + s.Starts }

// stopForm is the form that says how far a group came with a lesson.
func stopForm(a *door.Ask, g going, s *training.Session, l *course.Lesson, chosen string) *StopForm {
	f := &StopForm{Lesson: g.reader.Say(l.Title), Path: l.Path(), Chosen: chosen}
	for i, x := range g.all {
		title := g.reader.Say(x.Title)
		f.Lessons = append(f.Lessons, shell.Option{Value: x.Path(), Label: a.P.Number(int64(i+1)) + ". " + title.Text})
	}
	for _, st := range g.stops {
		if st.Session == s.ID && st.Lesson == l.Path() {
			f.Said, f.Conflict = true, st.Conflict
			if chosen == "" {
				if f.Chosen = strconv.Itoa(st.Upto); st.Done {
					f.Chosen = "done"
				}
			}
		}
	}
	for i := range l.Plan {
		f.Lines = append(f.Lines, StopLine{Value: strconv.Itoa(i), N: i + 1, Text: line(g.reader, l, i)})
	}
	return f
}

func sessionLessonOf(a *door.Ask) (*training.Session, []going, SessionLesson, error) {
	s, err := asked(a)
	if err != nil {
		return nil, nil, SessionLesson{}, err
	}
	self := "/sessions/" + s.ID.String()
	v := SessionLesson{Group: s.CohortName, GroupURL: "/groups/" + s.Cohort.String() + "/learning", SheetURL: self, Date: s.Date, From: s.Starts, To: s.Ends, Action: self + "/lesson", Errors: map[string]string{}}
	list, err := goingOn(a, s.Cohort, momentOf(s))
	if err != nil {
		return nil, nil, v, err
	}
	switch {
	case s.Cancelled != "":
		v.Locked = a.P.T("attendance.cancelled")
	case s.Date > a.Today():
		v.Locked = a.P.T("going.not_yet")
	}
	of, path := a.R.FormValue("course"), a.R.FormValue("lesson")
	for _, g := range list {
		x := g.shown()
		if v.Locked == "" {
			l := g.lesson
			for _, st := range g.stops { // what was said of this session
				if is := g.reader.Course.Lesson(st.Lesson); st.Session == s.ID && is != nil { // of a version that has the lesson
					l = is
				}
			}
			if of == x.Code {
				l = g.reader.Course.Lesson(path)
			}
			if l == nil && g.lesson == nil && len(g.all) > 0 {
				l = g.all[len(g.all)-1]
			}
			if l != nil {
				x.Stop = stopForm(a, g, s, l, "")
			}
		}
		v.Courses = append(v.Courses, x)
	}
	return s, list, v, nil
}

func sessionLesson(a *door.Ask) error {
	_, _, v, err := sessionLessonOf(a)
	if err != nil {
		return err
	}
	return a.Render("teach/going", v)
}

func sessionLessonGiven(a *door.Ask) error {
	s, list, v, err := sessionLessonOf(a)
	if err != nil {
		return err
	}
	if v.Locked != "" {
		v.Errors[""] = v.Locked
		return a.Again("teach/going", v)
	}
	if len(list) == 0 {
		v.Errors[""] = a.P.T("learning.none")
		return a.Again("teach/going", v)
	}
	for i, g := range list {
		if g.reader.Version.Code != a.R.PostFormValue("course") {
			continue
		}
		l := g.reader.Course.Lesson(a.R.PostFormValue("lesson"))
		if l == nil {
			return fs.ErrNotExist
		}
		b := teaching.Stopped{Session: s.ID, Group: s.Cohort, Course: g.reader.Version.Code, Lesson: l.Path(), At: momentOf(s)}
		typed := a.R.PostFormValue("stop")
		n, err := strconv.Atoi(typed)
		switch {
		case typed == "done":
			b.Done = true
		case err == nil && n >= 0 && n < len(l.Plan):
			b.Upto = n
		default:
			v.Courses[i].Stop.Chosen = typed
			v.Errors["stop-"+v.Courses[i].Code] = a.P.T("going.choose")
			return a.Again("teach/going", v)
		}
		if err := a.H.Teaching.Stop(a.R.Context(), a.Actor(), s.Centre, b); err != nil {
			return err
		}
		a.Notify("good", "going.kept")
		return a.Go("/sessions/" + s.ID.String() + "/lesson")
	}
	if a.R.PostFormValue("course") == "" {
		v.Errors["stop-"+v.Courses[0].Code] = a.P.T("going.choose")
		return a.Again("teach/going", v)
	}
	return fs.ErrNotExist
}
