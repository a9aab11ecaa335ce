package family

import (
	"errors"
	"io/fs"

	"tizi/internal/access"
	"tizi/internal/course"
	"tizi/internal/id"
	"tizi/internal/learner"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/progress"
	"tizi/internal/web/door"
	"tizi/internal/web/learn"
)

// follows is a course that a group of a child's follows, with the record that has the seat.
type follows struct {
	*learn.Reader
	seat id.ID
}

// following are the courses of a child's groups, at whichever centre. One whose files are still on their way is left out.
func following(a *door.Ask, p *person.Person) (out []follows, err error) {
	ctx := a.R.Context()
	list, err := a.H.Training.OfPerson(ctx, a.H.DB, access.Everywhere(), p.ID) // the child is the account's own
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, e := range list {
		if e.Cohort.IsNil() || !learner.Seated(e) {
			continue
		}
		versions, err := a.H.Courses.Of(ctx, a.H.DB, e.Cohort)
		if err != nil {
			return nil, err
		}
		for _, v := range versions {
			if known[v.Code] {
				continue
			}
			r, err := learn.Of(a, v)
			if errors.Is(err, course.ErrComing) {
				continue
			}
			if err != nil {
				return nil, err
			}
			known[v.Code] = true
			out = append(out, follows{r, e.Person})
		}
	}
	return out, nil
}

// courses are how far a child is.
func courses(a *door.Ask, p *person.Person) (out []ChildCourse, err error) {
	list, err := following(a, p)
	if err != nil {
		return nil, err
	}
	for _, f := range list {
		c := ChildCourse{Title: f.Say(f.Course.Title)}
		by, err := a.H.Progress.Of(a.R.Context(), a.H.DB, []id.ID{p.ID}, f.Version.Code)
		if err != nil {
			return nil, err
		}
		for _, l := range f.Course.Lessons() {
			c.Of++
			steps, at := progress.Steps(f.Version.Code, l, f.seat), by[p.ID][l.Path()]
			if at == nil {
				continue
			}
			x := ChildLesson{Title: f.Say(l.Title), Done: at.Finished(steps), N: at.Count(steps), Of: len(steps)}
			if x.Done {
				c.Done++
			}
			c.Lessons = append(c.Lessons, x)
		}
		out = append(out, c)
	}
	return out, nil
}

func learning(a *door.Ask) error {
	p, err := asked(a)
	if err != nil {
		return err
	}
	if err := a.H.Looks.Note(a.R.Context(), a.Actor(), look.Read, p.ID); err != nil {
		return err
	}
	self := "/children/" + p.ID.String()
	v := Learning{ChildURL: self}
	v.Name, v.Other = a.Names(p.Details)
	if v.Courses, err = courses(a, p); err != nil {
		return err
	}
	list, err := following(a, p)
	if err != nil {
		return err
	}
	for i, f := range list {
		works, err := f.Works(p.ID, func(o progress.Work) string { return self + "/works/" + o.ID.String() })
		if err != nil {
			return err
		}
		for _, o := range works {
			v.Courses[i].Works = append(v.Courses[i].Works, o.Work)
		}
	}
	return a.Render("guardian/learning", v)
}

// work is a file that the child handed in, by whichever record, at whichever centre.
func work(a *door.Ask) error {
	p, err := asked(a)
	if err != nil {
		return err
	}
	piece, err := a.ID("piece")
	if err != nil {
		return err
	}
	records, err := person.Records(a.R.Context(), a.H.DB, p.ID)
	if err != nil {
		return err
	}
	homes, err := a.H.People.Centres(a.R.Context(), a.H.DB, records)
	if err != nil {
		return err
	}
	tried := map[id.ID]bool{}
	for _, r := range records {
		centre := homes[r]
		if tried[centre] {
			continue
		}
		tried[centre] = true
		if err := learn.Piece(a, centre, p.ID, piece); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return fs.ErrNotExist
}
