package learn

import (
	"slices"
	"strings"

	"tizi/internal/course"
	"tizi/internal/id"
	"tizi/internal/progress"
	"tizi/internal/quiz"
	"tizi/internal/web/door"
)

// Draft shows a course to its author as a learner would see it. Questions are marked and labs run; nothing is kept.
type Draft struct {
	w    *way
	at   string // where its pages lie, and above them the draft's own
	back string
	edit func(file string) string
	labs []Lab
}

// NewDraft shows a course that is not taken in, at a path. back is the draft's page, edit the page on which one of its files is written.
func NewDraft(a *door.Ask, c *course.Course, labs []Lab, at, back string, edit func(file string) string, files *Files) *Draft {
	r := &Reader{a: a, Version: course.Version{}, Course: c, files: files}
	r.Version.Code = c.Code
	return &Draft{&way{Reader: r, done: progress.Lessons{}}, at, back, edit, labs}
}

func (d *Draft) preview(file string) *Preview { return &Preview{d.back, d.edit(file)} }

func (d *Draft) lessonURL(l *course.Lesson) string { return d.at + "/" + l.Path() }

func (d *Draft) stepURL(l *course.Lesson, step string) string {
	return d.lessonURL(l) + "/" + strings.ReplaceAll(step, "/", ".")
}

// steps are those of a lesson that can be gone to: what has no name yet has no address.
func (d *Draft) steps(l *course.Lesson) []string {
	return slices.DeleteFunc(progress.Steps(d.w.Course.Code, l, id.Nil), func(s string) bool {
		name, item, isItem := strings.Cut(s, "/")
		return !course.IsName(name) || isItem && !course.IsName(item)
	})
}

// Front is the course.
func (d *Draft) Front() error {
	c := d.w.Course
	v := MyCourse{Title: d.w.Say(c.Title), HomeURL: d.back, Total: len(c.Lessons()), Preview: d.preview("course.yaml")}
	for _, t := range []struct {
		kind string
		q    *quiz.Quiz
	}{{progress.Pretest, c.Pre}, {progress.Posttest, c.Post}} {
		if t.q != nil {
			v.Tests = append(v.Tests, MyTestRow{Kind: t.kind, URL: d.at + "/" + t.kind})
		}
	}
	for _, m := range c.Modules {
		x := MyModule{Title: d.w.Say(m.Title), Total: len(m.Lessons)}
		for _, l := range m.Lessons {
			x.Lessons = append(x.Lessons, MyLessonRow{URL: d.lessonURL(l), Title: d.w.Say(l.Title), Of: len(d.steps(l))})
		}
		v.Modules = append(v.Modules, x)
	}
	return d.w.a.Render("learn/mine", v)
}

func (d *Draft) lesson(module, name string) (*course.Lesson, error) {
	if l := d.w.Course.Lesson(module + "/" + name); l != nil {
		return l, nil
	}
	return nil, course.ErrUnknown
}

func (d *Draft) dots(l *course.Lesson, current string) (out []Dot) {
	for _, s := range d.steps(l) {
		name, _, _ := strings.Cut(s, "/")
		out = append(out, Dot{URL: d.stepURL(l, s), Name: d.w.Say(l.Activity(name).Title).Text, Current: s == current})
	}
	return out
}

// Lesson is a lesson that is about to be begun.
func (d *Draft) Lesson(module, name string) error {
	l, err := d.lesson(module, name)
	if err != nil {
		return err
	}
	v := MyLesson{Title: d.w.Say(l.Title), Aim: d.w.Say(l.Aim), Course: Link{d.at, d.w.Say(d.w.Course.Title)}, Dots: d.dots(l, ""), Of: len(d.steps(l)), Begun: true, HomeURL: d.back, Preview: d.preview(l.Dir() + "/lesson.yaml")}
	if v.NextURL = d.lessonURL(l); len(v.Dots) > 0 {
		v.NextURL = v.Dots[0].URL
	}
	return d.w.a.Render("learn/my-lesson", v)
}

// Step is a step of a lesson; given says that it was answered.
func (d *Draft) Step(module, name, step string, given bool) error {
	l, err := d.lesson(module, name)
	if err != nil {
		return err
	}
	step = strings.Replace(step, ".", "/", 1)
	steps := d.steps(l)
	i := slices.Index(steps, step)
	if i < 0 {
		return course.ErrUnknown
	}
	activity, item, isItem := strings.Cut(step, "/")
	x := l.Activity(activity)
	s, err := d.w.activity(l, x)
	if err != nil {
		return err
	}
	v := MyStep{Lesson: Link{d.lessonURL(l), d.w.Say(l.Title)}, Course: Link{d.at, d.w.Say(d.w.Course.Title)}, Dots: d.dots(l, step), N: i + 1, Of: len(steps), Title: s.Title, Kind: s.Kind,
		Passage: s.Passage, Media: s.Media, Tracks: s.Tracks, Rubric: s.Rubric, Action: d.stepURL(l, step), NextURL: d.lessonURL(l), Errors: map[string]string{}, Preview: d.preview(l.Dir() + "/lesson.yaml")}
	if i+1 < len(steps) {
		v.NextURL = d.stepURL(l, steps[i+1])
	}
	if i > 0 {
		v.BackURL = d.stepURL(l, steps[i-1])
	}
	if p, _ := d.w.Course.Passage(l.Texts[x.Text], d.w.a.Lang); p != nil {
		v.Preview = d.preview(p.File)
	}
	if isItem {
		v.Preview = d.preview(x.Items.File)
		return d.item(v, l, x, item, given)
	}
	if given {
		return d.w.a.Go(v.NextURL)
	}
	for _, lab := range d.labs {
		if x.Kind == course.Lab && lab.Name == x.Lab {
			v.Lab = &lab
		}
	}
	return d.w.a.Render("learn/step", v)
}

// item is a question, marked where it was answered.
func (d *Draft) item(v MyStep, l *course.Lesson, x *course.Activity, item string, given bool) error {
	a, it := d.w.a, x.Items.Item(item)
	form := progress.Form(x.Items, id.Nil, progress.At{Course: d.w.Course.Code, Lesson: l.Path(), Step: x.ID}).Items
	i := slices.IndexFunc(form, func(q quiz.Asked) bool { return q.ID == item })
	if it == nil || i < 0 {
		return course.ErrUnknown
	}
	resp := quiz.Response{}
	if given {
		resp = typedAnswer(a, it)
	}
	m := it.Mark(resp)
	switch {
	case given && !m.Answered:
		v.Question = d.w.question(it, l.Dir(), form[i], resp, false)
		v.Errors["q-"+it.ID] = a.P.T("my.answer_missing")
		return a.Again("learn/step", v)
	case given && !m.Scored:
		return a.Go(v.NextURL)
	}
	v.Given = given
	v.Question = d.w.question(it, l.Dir(), form[i], resp, given)
	return a.Render("learn/step", v)
}

// Test is the test before the course or the one after it; given says that it was answered.
func (d *Draft) Test(test string, given bool) error {
	a := d.w.a
	q := d.w.exam(test)
	if q == nil {
		return course.ErrUnknown
	}
	v := MyTest{Kind: test, Course: Link{d.at, d.w.Say(d.w.Course.Title)}, Action: d.at + "/" + test, HomeURL: d.back, Errors: map[string]string{}, Preview: d.preview(q.File)}
	missing := 0
	for i, x := range progress.Form(q, id.Nil, progress.At{Course: d.w.Course.Code, Lesson: test}).Items {
		it := q.Item(x.ID)
		resp := quiz.Response{}
		if given {
			resp = typedAnswer(a, it)
		}
		if !it.Mark(resp).Answered {
			missing++
		}
		one := d.w.question(it, "tests", x, resp, false)
		one.N, one.Hint = i+1, nil
		v.Questions = append(v.Questions, *one)
	}
	switch {
	case !given:
		return a.Render("learn/test", v)
	case missing > 0 && a.R.PostFormValue("open") == "":
		v.Errors["open"] = a.P.T("my.test_open", "n", missing)
		return a.Again("learn/test", v)
	}
	v.Done = true
	return a.Render("learn/test", v)
}
