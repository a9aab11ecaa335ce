package learn

import (
	"errors"
	"slices"
	"strings"

	"tizi/internal/access"
	"tizi/internal/course"
	"tizi/internal/progress"
	"tizi/internal/quiz"
	"tizi/internal/training"
	"tizi/internal/web/door"
)

// rehearseRoutes are lessons as a trainer goes through them beforehand: what a learner of the group would meet, with nothing kept.
func rehearseRoutes(handle func(string, access.Action, func(*door.Ask) error), labs []Lab) {
	handle("GET /groups/{group}/rehearse/{course}/{module}/{lesson}", access.ReadGroups, rehearsal)
	handle("GET /groups/{group}/rehearse/{course}/{module}/{lesson}/{step}", access.ReadGroups, func(a *door.Ask) error { return rehearsalStep(a, labs) })
	handle("POST /groups/{group}/rehearse/{course}/{module}/{lesson}/{step}", access.ReadGroups, func(a *door.Ask) error { return rehearsalGiven(a, labs) })
}

// trial is the lesson that an address names, in the version that the group follows, for whoever is signed in.
func trial(a *door.Ask) (*way, *course.Lesson, error) {
	ctx := a.R.Context()
	v, err := a.ID("group")
	if err != nil {
		return nil, nil, err
	}
	c, err := a.H.Training.Cohort(ctx, a.H.DB, a.Scope, v, a.Today())
	if errors.Is(err, training.ErrNoGroup) {
		err = course.ErrUnknown
	}
	if err != nil {
		return nil, nil, err
	}
	versions, err := a.H.Courses.Of(ctx, a.H.DB, c.ID)
	if err != nil {
		return nil, nil, err
	}
	for _, ver := range versions {
		if ver.Code != a.R.PathValue("course") {
			continue
		}
		r, err := Of(a, ver)
		if err != nil {
			return nil, nil, err
		}
		w := &way{Reader: r, group: c.ID, who: a.Actor(), base: "/groups/" + c.ID.String() + "/rehearse/" + ver.Code, trial: true, done: progress.Lessons{}}
		l, err := w.Lesson()
		return w, l, err
	}
	return nil, nil, course.ErrUnknown
}

// out is where a rehearsal leads back to.
func (w *way) out() string { return "/groups/" + w.group.String() + "/learning" }

func rehearsal(a *door.Ask) error {
	w, l, err := trial(a)
	if err != nil {
		return err
	}
	steps := w.steps(l)
	v := MyLesson{Title: w.Say(l.Title), Aim: w.Say(l.Aim), Course: Link{w.out(), w.Say(w.Course.Title)}, Dots: w.dots(l, steps, ""), Of: len(steps), Begun: true, HomeURL: w.out(), Trial: true}
	if len(steps) > 0 {
		v.NextURL = w.stepURL(l, steps[0])
	}
	return a.Render("learn/my-lesson", v)
}

// tried is the step that an address names, with what is typed where it is shown again.
func (w *way) tried(l *course.Lesson, labs []Lab, typed quiz.Response) (MyStep, string, *course.Activity, *quiz.Asked, error) {
	step, x, q, err := w.step(l)
	if err != nil {
		return MyStep{}, "", nil, nil, err
	}
	v, err := w.show(l, step, x, q, labs, typed)
	v.Course.URL = w.out()
	return v, step, x, q, err
}

func rehearsalStep(a *door.Ask, labs []Lab) error {
	w, l, err := trial(a)
	if err != nil {
		return err
	}
	v, _, _, _, err := w.tried(l, labs, nil)
	if err != nil {
		return err
	}
	return a.Render("learn/step", v)
}

// rehearsalGiven says how an answer is, and forgets it.
func rehearsalGiven(a *door.Ask, labs []Lab) error {
	w, l, err := trial(a)
	if err != nil {
		return err
	}
	step, x, q, err := w.step(l)
	if err != nil {
		return err
	}
	if q == nil {
		steps := w.steps(l)
		if i := slices.Index(steps, step); i+1 < len(steps) {
			return a.Go(w.stepURL(l, steps[i+1]))
		}
		return a.Go(w.lessonURL(l))
	}
	it := x.Items.Item(q.ID)
	resp := typedAnswer(a, it)
	v, _, _, _, err := w.tried(l, labs, resp)
	if err != nil {
		return err
	}
	m := it.Mark(resp)
	if !m.Answered {
		v.Errors["q-"+it.ID] = a.P.T("my.answer_missing")
		return a.Again("learn/step", v)
	}
	if !m.Scored { // as for a learner, there is nothing to say of it
		return a.Go(strings.TrimSuffix(v.NextURL, "#"))
	}
	v.Given, v.Tries = true, 1
	v.Question = w.question(it, l.Dir(), *q, resp, true)
	return a.Render("learn/step", v)
}
