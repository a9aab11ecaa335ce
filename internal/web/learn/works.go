package learn

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"time"

	"tizi/internal/course"
	"tizi/internal/i18n"
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
		m, err := r.made(x, file(x))
		if errors.Is(err, record.ErrUnknown) {
			continue
		}
		if err != nil {
			return nil, err
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

// made reads a work, whose file is at an address, or is not shown.
func (r *Reader) made(x progress.Work, file string) (Made, error) {
	m := Made{Work{Title: r.TitleOf(x.At), On: x.On.Local().Format(time.DateOnly)}, x.ID, x.Centre, x.At}
	row, v, err := r.a.H.Records.Get(r.a.R.Context(), x.Centre, id.Nil, x.ID)
	if err != nil {
		return m, err
	}
	m.Note = v.Get("result", "response").Text()
	if len(row.Files) == 0 {
		return m, nil
	}
	if f := row.Files[0]; f.Type == "application/json" { // of a lab: what the learner wrote of it, and how they answered its questions
		score := v.Get("result", "score")
		m.Right, _ = strconv.Atoi(score.Get("raw").String())
		m.Out, _ = strconv.Atoi(score.Get("max").String())
		b, err := r.a.H.Records.Open(r.a.R.Context(), f)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return m, err
		}
		var kept struct {
			Answers map[string][]string
			Shown   struct {
				Lines    [][2]string
				Drawings [][][]float64
			}
		}
		if json.Unmarshal(b, &kept) == nil {
			if own := kept.Answers["own"]; len(own) > 0 {
				m.Note = own[0]
			}
			m.Lines = kept.Shown.Lines[:min(len(kept.Shown.Lines), maxLines)]
			for _, d := range kept.Shown.Drawings[:min(len(kept.Shown.Drawings), maxLines)] {
				m.Drawings = append(m.Drawings, path(d))
			}
		}
	} else {
		m.URL, m.Image = file, file != "" && f.Type == "image/jpeg"
	}
	return m, nil
}

// maxLines is how many lines, and how many drawings, of a lab are shown.
const maxLines = 12

// path is a drawing, strokes of x and y in turn, as the path of an SVG. A stroke of one point is a dot.
func path(drawing [][]float64) string {
	var out []byte
	for _, s := range drawing {
		for i := 0; i+1 < len(s); i += 2 {
			move := byte('L')
			if i == 0 {
				move = 'M'
			}
			out = append(out, move)
			out = strconv.AppendFloat(out, s[i], 'f', 0, 64)
			out = append(out, ' ')
			out = strconv.AppendFloat(out, s[i+1], 'f', 0, 64)
		}
		if len(s) == 2 {
			out = append(out, "h1"...)
		}
	}
	return string(out)
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
	return r.Course.Rubric(at.Lesson, at.Step)
}

// Tops are how many levels each criterion of a rubric has.
func Tops(rubric []course.Criterion) []int {
	out := make([]int, len(rubric))
	for i, c := range rubric {
		out[i] = len(c.Levels)
	}
	return out
}

// RubricOf is the rubric of a step in the version of the course that somebody judged by. It is empty where that version is not here, or has
// no such step.
func (r *Reader) RubricOf(version id.ID, at progress.At) (*Reader, []course.Criterion, error) {
	if version == r.Version.ID {
		return r, r.Rubric(at), nil
	}
	v, err := r.a.H.Courses.Get(r.a.R.Context(), r.a.H.DB, version)
	var was *Reader
	if err == nil {
		was, err = Of(r.a, *v)
	}
	if errors.Is(err, course.ErrUnknown) || errors.Is(err, course.ErrComing) {
		return r, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	return was, was.Rubric(at), nil
}

// SameRubric reports whether two rubrics say the same.
func SameRubric(a, b []course.Criterion) bool {
	same := func(x, y i18n.Text) bool { return maps.Equal(x, y) }
	return slices.EqualFunc(a, b, func(x, y course.Criterion) bool {
		return same(x.Criterion, y.Criterion) && slices.EqualFunc(x.Levels, y.Levels, same)
	})
}

// judged says marks in words: those of the version that the work was judged by, whichever is the newest by now. Of one that is not here
// there are the numbers alone.
func (r *Reader) judged(at progress.At, marks []teaching.Mark, names door.Names) (out []Judged, err error) {
	for _, m := range marks {
		j := Judged{On: m.On.Local().Format(time.DateOnly), Comment: m.Comment}
		if j.By, err = names.Of(r.a, m.By); err != nil {
			return nil, err
		}
		was, rubric, err := r.RubricOf(m.Version, at)
		if err != nil {
			return nil, err
		}
		same := slices.Equal(Tops(rubric), m.Tops)
		for i, n := range m.Levels {
			if n == 0 {
				continue
			}
			c := JudgedBy{N: n, Of: m.Tops[i]}
			if same {
				c.Criterion, c.Level = was.Say(rubric[i].Criterion), was.Say(rubric[i].Levels[n-1])
			}
			j.Criteria = append(j.Criteria, c)
		}
		out = append(out, j)
	}
	return out, nil
}

// works are those of the learner, with what they may show to their group.
func (w *way) works() ([]Made, error) {
	a, ctx := w.a, w.a.R.Context()
	out, err := w.Works(w.who, func(x progress.Work) string {
		if x.Centre != a.Learner.Centre {
			return ""
		}
		return "/my/work/" + x.ID.String()
	})
	if err != nil || len(out) == 0 {
		return out, err
	}
	allowed, err := a.H.Teaching.Allows(ctx, a.H.DB, w.group)
	if err != nil || !allowed {
		return out, err
	}
	ids := make([]id.ID, len(out))
	for i, m := range out {
		ids[i] = m.ID
	}
	hung, err := a.H.Teaching.HangingOf(ctx, a.H.DB, ids)
	for i := range out {
		if m := &out[i]; m.Centre == a.Learner.Centre {
			m.WallURL, m.Up, m.Barred = "/my/work/"+m.ID.String()+"/wall", hung[m.ID].Up, hung[m.ID].Barred
		}
	}
	return out, err
}
