package teach

import (
	"errors"
	"io/fs"

	"tizi/internal/access"
	"tizi/internal/course"
	"tizi/internal/web/door"
	"tizi/internal/web/learn"
)

func lessonRoutes(d *door.Door) {
	d.Handle("GET /lessons/{course}/{module}/{lesson}", access.ReadGroups, lesson)
}

// lesson is a lesson as a trainer takes it along: on paper, where there is no device.
func lesson(a *door.Ask) error {
	r, err := learn.Read(a)
	if err == nil {
		err = lessonOf(a, r)
	}
	if errors.Is(err, course.ErrUnknown) {
		return fs.ErrNotExist
	}
	return err
}

func lessonOf(a *door.Ask, r *learn.Reader) error {
	l, err := r.Lesson()
	if err != nil {
		return err
	}
	v := Lesson{Title: r.Say(l.Title), Course: r.Say(r.Course.Title), Aim: r.Say(l.Aim), Minutes: l.Minutes, Version: r.Version.Version, BackURL: r.URL(l.Module, l.Name)}
	for _, m := range l.Materials {
		v.Materials = append(v.Materials, r.Say(m))
	}
	at := 0
	for _, s := range l.Plan {
		x := LessonStep{From: at, To: at + s.Minutes, Minutes: s.Minutes, Text: r.Say(s.Text)}
		if k := l.Activity(s.Activity); k != nil {
			x.Activity, x.Kind = r.Say(k.Title), k.Kind
		}
		at = x.To
		v.Plan = append(v.Plan, x)
	}
	if v.Competencies, err = r.Competencies(l.Competencies); err != nil {
		return err
	}
	if v.Text, err = r.Passage(l, l.Trainer); err != nil {
		return err
	}
	return a.Render("teach/lesson", v)
}
