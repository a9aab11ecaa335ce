package learn

import (
	"errors"
	"slices"
	"time"

	"tizi/internal/course"
	"tizi/internal/id"
	"tizi/internal/progress"
	"tizi/internal/record"
	"tizi/internal/teaching"
	"tizi/internal/web/door"
)

// Made is a work with what it is.
type Made struct {
	Work
	ID, Centre id.ID
	At         progress.At
}

// Works are what somebody handed in or kept in the course, the newest first, with how it was judged. file says where the file of a work
// is, and "" where the reader is not shown it.
func (r *Reader) Works(who id.ID, file func(progress.Work) string) (out []Made, err error) {
	ctx, h := r.a.R.Context(), r.a.H
	list, err := h.Progress.Works(ctx, h.DB, who, r.Version.Code)
	if err != nil {
		return nil, err
	}
	of := map[id.ID][]id.ID{} // by centre
	for _, x := range list {
		row, v, err := h.Records.Get(ctx, x.Centre, id.Nil, x.ID)
		if errors.Is(err, record.ErrUnknown) {
			continue
		}
		if err != nil {
			return nil, err
		}
		m := Made{Work{Title: r.TitleOf(x.At), On: x.On.Local().Format(time.DateOnly), Note: v.Get("result", "response").Text()}, x.ID, x.Centre, x.At}
		if u := file(x); u != "" && len(row.Files) > 0 {
			m.URL, m.Image = u, row.Files[0].Type == "image/jpeg"
		}
		out, of[x.Centre] = append(out, m), append(of[x.Centre], x.ID)
	}
	names := door.Names{}
	for centre, works := range of {
		marks, err := h.Teaching.Marks(ctx, h.DB, centre, works)
		if err != nil {
			return nil, err
		}
		for i := range out {
			if out[i].Centre != centre {
				continue
			}
			if out[i].Judged, err = r.judged(out[i].At, marks[out[i].ID], names); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// Paths are those of all lessons in their order.
func Paths(c *course.Course) []string {
	var out []string
	for _, l := range c.Lessons() {
		out = append(out, l.Path())
	}
	return out
}

// Rubric is that of a step, or nil.
func (r *Reader) Rubric(at progress.At) []course.Criterion {
	if l := r.Course.Lesson(at.Lesson); l != nil {
		if x := l.Activity(at.Step); x != nil {
			return x.Rubric
		}
	}
	return nil
}

// Tops are how many levels each criterion of a rubric has.
func Tops(rubric []course.Criterion) []int {
	out := make([]int, len(rubric))
	for i, c := range rubric {
		out[i] = len(c.Levels)
	}
	return out
}

// judged says marks in words: those of the rubric that this version has, where it is as it was.
func (r *Reader) judged(at progress.At, marks []teaching.Mark, names door.Names) (out []Judged, err error) {
	rubric := r.Rubric(at)
	for _, m := range marks {
		j := Judged{On: m.On.Local().Format(time.DateOnly), Comment: m.Comment}
		if j.By, err = names.Of(r.a, m.By); err != nil {
			return nil, err
		}
		same := slices.Equal(Tops(rubric), m.Tops)
		for i, n := range m.Levels {
			if n == 0 {
				continue
			}
			c := JudgedBy{N: n, Of: m.Tops[i]}
			if same {
				c.Criterion, c.Level = r.Say(rubric[i].Criterion), r.Say(rubric[i].Levels[n-1])
			}
			j.Criteria = append(j.Criteria, c)
		}
		out = append(out, j)
	}
	return out, nil
}

// works are those of the learner.
func (w *way) works() ([]Made, error) {
	return w.Works(w.a.Learner.Person, func(x progress.Work) string {
		if x.Centre != w.a.Learner.Centre {
			return ""
		}
		return "/my/work/" + x.ID.String()
	})
}
