package house

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/course"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/progress"
	"tizi/internal/record"
	"tizi/internal/statement"
	"tizi/internal/training"
)

// learned fills in what somebody did as a learner, under some records: what was said of them in learning records, the files that they made,
// how these were judged, what they showed, with whom they worked, and how they come in.
func (h *House) learned(ctx context.Context, d *Dossier, records []id.ID, name func(id.ID) (string, error)) error {
	homes, err := person.Homes(ctx, h.DB, records)
	if err != nil {
		return err
	}
	works := map[id.ID]map[id.ID]progress.At{} // by centre
	for _, r := range records {
		centre := homes[r]
		for q := (record.Query{Centre: centre, Agent: statement.Person(r), Ascending: true}); ; {
			rows, said, next, err := h.Records.Find(ctx, q)
			if err != nil {
				return err
			}
			for i, row := range rows {
				line, at, err := h.recorded(ctx, said[i])
				if err != nil {
					return err
				}
				d.Learning = append(d.Learning, line)
				if at.Step != "" {
					if works[centre] == nil {
						works[centre] = map[id.ID]progress.At{}
					}
					works[centre][row.ID] = at
				}
				for _, f := range row.Files {
					b, err := h.Records.Open(ctx, f)
					if errors.Is(err, fs.ErrNotExist) {
						continue // on its way, or gone
					}
					if err != nil {
						return err
					}
					d.Files = append(d.Files, DossierFile{line.On, "work", f.Type, b})
				}
			}
			if next == 0 {
				break
			}
			q.From = next
		}
	}
	for _, r := range records {
		of := works[homes[r]]
		delete(works, homes[r])
		ids := make([]id.ID, 0, len(of))
		for w := range of {
			ids = append(ids, w)
		}
		marks, err := h.Teaching.Marks(ctx, h.DB, homes[r], ids)
		if err != nil {
			return err
		}
		for w, l := range marks {
			for _, m := range l {
				line := DossierLine{On: m.On.Format(time.DateOnly), What: m.Comment, Where: h.stepName(ctx, of[w])}
				if line.State, err = h.levels(ctx, m.Version, of[w], m.Levels, m.Tops); err != nil {
					return err
				}
				if line.By, err = name(m.By); err != nil {
					return err
				}
				d.Marks = append(d.Marks, line)
			}
		}
	}
	slices.SortFunc(d.Marks, func(a, b DossierLine) int { return strings.Compare(a.On+a.Where+a.State, b.On+b.Where+b.State) })
	return errors.Join(h.together(ctx, d, records), h.entering(ctx, d, records, name))
}

// recorded is a statement as a line, with the step of a course that it is about.
func (h *House) recorded(ctx context.Context, v *statement.Value) (line DossierLine, at progress.At, err error) {
	line = DossierLine{On: v.Get("timestamp").Text(), What: v.Get("result", "response").Text()}
	if len(line.On) > len(time.DateOnly) {
		line.On = line.On[:len(time.DateOnly)]
	}
	line.State = v.Get("verb", "id").Text()
	line.State = line.State[strings.LastIndexAny(line.State, "/#:")+1:]
	if s := v.Get("result", "success"); s != nil {
		line.State += " " + map[bool]string{true: "right", false: "wrong"}[s.String() == "true"]
	}
	if s := v.Get("result", "score", "scaled"); s != nil {
		line.State += " " + s.String()
	}
	iri := v.Get("object", "id").Text()
	at, ok := progress.ParseAt(iri)
	for _, p := range v.Get("context", "contextActivities", "parent").Items() {
		if !ok {
			at, ok = progress.ParseAt(p.Get("id").Text())
		}
	}
	if line.Where = iri; ok {
		line.Where = h.stepName(ctx, at)
	}
	return line, at, nil
}

// stepName says a step of a course in words, where the course is here.
func (h *House) stepName(ctx context.Context, at progress.At) string {
	v, err := h.Courses.Find(ctx, h.DB, at.Course, 0)
	if err != nil {
		return at.IRI()
	}
	title, _ := v.Title.In(i18n.FR)
	if c, err := h.Courses.Load(ctx, h.DB, *v); err == nil {
		if l := c.Lesson(at.Lesson); l != nil {
			lesson, _ := l.Title.In(i18n.FR)
			return title + " · " + lesson
		}
	}
	return title + " · " + at.Lesson
}

// levels says what a work was found to be, in the words of the version that it was judged by; in numbers where that is not here.
func (h *House) levels(ctx context.Context, version id.ID, at progress.At, levels, tops []int) (string, error) {
	var rubric []course.Criterion
	v, err := h.Courses.Get(ctx, h.DB, version)
	if err == nil {
		var c *course.Course
		if c, err = h.Courses.Load(ctx, h.DB, *v); err == nil {
			rubric = c.Rubric(at.Lesson, at.Step)
		}
	}
	if err != nil && !errors.Is(err, course.ErrUnknown) && !errors.Is(err, course.ErrComing) {
		return "", err
	}
	var out []string
	for i, n := range levels {
		if n == 0 {
			continue
		}
		s := fmt.Sprintf("%d/%d", n, tops[i])
		if i < len(rubric) && n <= len(rubric[i].Levels) {
			criterion, _ := rubric[i].Criterion.In(i18n.FR)
			level, _ := rubric[i].Levels[n-1].In(i18n.FR)
			s = criterion + ": " + level + " (" + s + ")"
		}
		out = append(out, s)
	}
	return strings.Join(out, " · "), nil
}

// together fills in the small groups that somebody was in, and what they showed to others.
func (h *House) together(ctx context.Context, d *Dossier, records []id.ID) error {
	teams, err := h.Teaching.TeamsOfPeople(ctx, h.DB, records)
	if err != nil {
		return err
	}
	for session, n := range teams {
		line := DossierLine{What: "team", State: strconv.Itoa(n + 1)}
		s, err := h.Training.Session(ctx, h.DB, access.Everywhere(), session)
		if err != nil && !errors.Is(err, training.ErrNoSession) {
			return err
		}
		if err == nil {
			line.On, line.Where = s.Date, s.CohortName
		}
		d.Teams = append(d.Teams, line)
	}
	slices.SortFunc(d.Teams, func(a, b DossierLine) int { return strings.Compare(a.On+a.Where, b.On+b.Where) })
	hung, err := h.Teaching.HangingOfPeople(ctx, h.DB, records)
	if err != nil {
		return err
	}
	for _, x := range hung {
		names, err := h.Training.Names(ctx, h.DB, []id.ID{x.Group})
		if err != nil {
			return err
		}
		line := DossierLine{On: x.On.Format(time.DateOnly), What: "wall", State: "hidden", Where: names[x.Group]}
		switch {
		case x.Barred:
			line.State = "barred"
		case x.Up:
			line.State = "shown"
		}
		d.Wall = append(d.Wall, line)
	}
	return nil
}

// entering fills in how somebody comes in as a learner, on this node.
func (h *House) entering(ctx context.Context, d *Dossier, records []id.ID, name func(id.ID) (string, error)) error {
	all, err := h.Learners.Everything(ctx, h.DB, records)
	if err != nil {
		return err
	}
	for _, k := range all {
		line := DossierLine{On: k.At.Format(time.DateOnly), What: k.Name, State: k.What}
		if line.By, err = name(k.By); err != nil {
			return err
		}
		if !k.Cohort.IsNil() {
			names, err := h.Training.Names(ctx, h.DB, []id.ID{k.Cohort})
			if err != nil {
				return err
			}
			line.Where = names[k.Cohort]
		}
		d.Entry = append(d.Entry, line)
	}
	return nil
}
