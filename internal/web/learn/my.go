package learn

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/course"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/learner"
	"tizi/internal/person"
	"tizi/internal/picture"
	"tizi/internal/progress"
	"tizi/internal/quiz"
	"tizi/internal/record"
	"tizi/internal/statement"
	"tizi/internal/teaching"
	"tizi/internal/training"
	"tizi/internal/web/door"
)

func myRoutes(d *door.Door, handle func(string, access.Action, func(*door.Ask) error), labs []Lab) {
	mine := func(pattern string, fn func(*door.Ask) error) { handle(pattern, access.Learn, fn) }
	mine("GET /my", home)
	mine("GET /my/star", myStar)
	mine("GET /my/work", myWork)
	mine("GET /my/work/{piece}", piece)
	mine("POST /my/work/{piece}/wall", hang)
	mine("GET /my/wall", wall)
	mine("GET /my/wall/{piece}", wallPiece)
	mine("GET /my/known", known)
	mine("GET /my/courses/{course}", myCourse)
	mine("GET /my/tests/{course}/{test}", myTest)
	mine("POST /my/tests/{course}/{test}", myTestGiven)
	mine("GET /my/courses/{course}/{module}/{lesson}", myLesson)
	mine("POST /my/courses/{course}/{module}/{lesson}", myLessonBegun)
	mine("GET /my/courses/{course}/{module}/{lesson}/{step}", func(a *door.Ask) error { return myStep(a, labs) })
	mine("POST /my/courses/{course}/{module}/{lesson}/{step}", func(a *door.Ask) error { return myStepGiven(a, labs) })
	mine("POST /my/courses/{course}/{module}/{lesson}/{step}/records", labRecords)
	mine("POST /my/pass", passGiven)
	d.Handle("POST /outbox", door.Public, func(a *door.Ask) error { return handedOver(a, labs) })
}

// followed is a course that a group of the learner's follows.
type followed struct {
	group   training.Enrolment
	version course.Version
}

// following returns the courses of the learner's groups. Of a course that two of them follow, the version of the first.
func following(a *door.Ask) (out []followed, err error) {
	ctx := a.R.Context()
	seats, err := a.H.Training.OfPerson(ctx, a.H.DB, access.At(a.Learner.Centre), a.Learner.Person)
	if err != nil {
		return nil, err
	}
	for _, e := range seats {
		if !learner.Seated(e) || e.Cohort.IsNil() {
			continue
		}
		l, err := a.H.Courses.Of(ctx, a.H.DB, e.Cohort)
		if err != nil {
			return nil, err
		}
		for _, v := range l {
			if !slices.ContainsFunc(out, func(f followed) bool { return f.version.Code == v.Code }) {
				out = append(out, followed{e, v})
			}
		}
	}
	return out, nil
}

// way is a learner in a course.
type way struct {
	*Reader
	group id.ID
	done  progress.Lessons
	tests map[string]teaching.Test // that their trainer has opened or closed
	from  int                      // the lesson that the group is at
	on    time.Time                // when what is said was done; zero: now
	said  string                   // what the clock of the device said of it
	who   id.ID
	base  string // where its pages stand
	trial bool   // a trainer goes through it: nothing is read of anybody or kept
}

func (f followed) way(a *door.Ask) (*way, error) {
	r, err := Of(a, f.version)
	if err != nil {
		return nil, err
	}
	w := &way{Reader: r, group: f.group.Cohort, who: a.Learner.Person, base: "/my/courses/" + f.version.Code}
	ctx, h := a.R.Context(), a.H
	tests, err := h.Teaching.Tests(ctx, h.DB, w.group)
	if err != nil {
		return nil, err
	}
	w.tests = tests[w.Version.Code]
	stops, err := h.Teaching.Stops(ctx, h.DB, w.group)
	if err != nil {
		return nil, err
	}
	if l := stops[w.Version.Code]; len(l) > 0 {
		w.from, _ = teaching.GoOn(Paths(w.Course), l, func(int) bool { return false })
	}
	return w, w.read()
}

func (w *way) read() error {
	by, err := w.a.H.Progress.Of(w.a.R.Context(), w.a.H.DB, []id.ID{w.who}, w.Version.Code)
	if w.done = by[w.who]; w.done == nil {
		w.done = progress.Lessons{}
	}
	return err
}

// asked is the course that an address names, where a group of the learner's follows it.
func asked(a *door.Ask) (*way, error) {
	l, err := following(a)
	if err != nil {
		return nil, err
	}
	for _, f := range l {
		if f.version.Code == a.R.PathValue("course") {
			return f.way(a)
		}
	}
	return nil, course.ErrUnknown
}

func (w *way) home() string { return w.base }

func (w *way) lessonURL(l *course.Lesson) string { return w.home() + "/" + l.Path() }

// stepURL is where a step stands: what has a slash between an activity and its question has a dot there.
func (w *way) stepURL(l *course.Lesson, step string) string {
	return w.lessonURL(l) + "/" + strings.ReplaceAll(step, "/", ".")
}

func (w *way) steps(l *course.Lesson) []string {
	return progress.Steps(w.Version.Code, l, w.who)
}

func (w *way) finished(l *course.Lesson) bool { return w.done[l.Path()].Finished(w.steps(l)) }

// count is how many of some lessons are done.
func (w *way) count(l []*course.Lesson) (n int) {
	for _, x := range l {
		if w.finished(x) {
			n++
		}
	}
	return n
}

func (w *way) took(test string) bool { return w.done[test] != nil && w.done[test].Done }

// takes reports whether it is the time for a test: when the trainer has opened it, and the first before any lesson is done where the trainer
// has not closed it.
func (w *way) takes(test string) bool {
	if w.took(test) {
		return false
	}
	said, known := w.tests[test]
	if test == progress.Pretest {
		return w.Course.Pre != nil && (said.Open || !known && w.count(w.Course.Lessons()) == 0)
	}
	return w.Course.Post != nil && said.Open
}

// next is what comes next in the course: a test; the first lesson that is not done from where the learner or the group has come to, so
// that what was left out by moving on is not gone back to while there is more; then what is left. It is nil once all is done.
func (w *way) next() (*MyNext, *course.Module) {
	c := w.Course
	if w.takes(progress.Pretest) {
		return &MyNext{URL: w.testURL(progress.Pretest), Kind: progress.Pretest}, c.Modules[0]
	}
	if w.takes(progress.Posttest) {
		return &MyNext{URL: w.testURL(progress.Posttest), Kind: progress.Posttest}, c.Modules[len(c.Modules)-1]
	}
	all := c.Lessons()
	from := w.from
	for i, l := range all {
		if w.done[l.Path()] != nil {
			from = max(from, i)
		}
	}
	for _, l := range slices.Concat(all[min(from, len(all)):], all) {
		if !w.finished(l) {
			i := slices.IndexFunc(c.Modules, func(m *course.Module) bool { return m.Name == l.Module })
			return w.toLesson(l), c.Modules[i]
		}
	}
	return nil, nil
}

func (w *way) toLesson(l *course.Lesson) *MyNext {
	return &MyNext{URL: w.lessonURL(l), Kind: "lesson", Name: w.Say(l.Title), Begun: w.done[l.Path()] != nil}
}

func (w *way) testURL(test string) string { return "/my/tests/" + w.Version.Code + "/" + test }

// ways are all courses of the learner. One whose files are still on their way is left out.
func ways(a *door.Ask) (out []*way, err error) {
	l, err := following(a)
	if err != nil {
		return nil, err
	}
	for _, f := range l {
		w, err := f.way(a)
		if errors.Is(err, course.ErrComing) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

func home(a *door.Ask) error {
	l, err := ways(a)
	if err != nil {
		return err
	}
	v := MyHome{StarURL: "/my/star", WorkURL: "/my/work", KnownURL: "/my/known"}
	for _, w := range l {
		x := MyCard{URL: w.home(), Title: w.Say(w.Course.Title)}
		next, m := w.next()
		if x.Next = next; m != nil {
			x.Module, x.Done, x.Total = w.Say(m.Title), w.count(m.Lessons), len(m.Lessons)
		} else { // the star of the last module, whole
			last := w.Course.Modules[len(w.Course.Modules)-1]
			x.Done, x.Total = w.count(last.Lessons), len(last.Lessons)
		}
		v.Courses = append(v.Courses, x)
	}
	// What is to be done comes before what is done.
	slices.SortStableFunc(v.Courses, func(a, b MyCard) int { return order(a.Next == nil) - order(b.Next == nil) })
	return a.Render("learn/home", v)
}

func order(last bool) int {
	if last {
		return 1
	}
	return 0
}

func (w *way) modules() (out []MyModule) {
	for _, m := range w.Course.Modules {
		x := MyModule{Title: w.Say(m.Title), Done: w.count(m.Lessons), Total: len(m.Lessons)}
		for _, l := range m.Lessons {
			steps, p := w.steps(l), w.done[l.Path()]
			r := MyLessonRow{URL: w.lessonURL(l), Title: w.Say(l.Title), N: p.Count(steps), Of: len(steps)}
			switch {
			case w.finished(l):
				r.State = "done"
			case p != nil:
				r.State = "begun"
			}
			x.Lessons = append(x.Lessons, r)
		}
		out = append(out, x)
	}
	return out
}

func myCourse(a *door.Ask) error {
	w, err := asked(a)
	if err != nil {
		return err
	}
	all := w.Course.Lessons()
	v := MyCourse{Title: w.Say(w.Course.Title), HomeURL: "/my", Modules: w.modules(), Done: w.count(all), Total: len(all)}
	v.Next, _ = w.next()
	for _, t := range []struct {
		kind string
		q    *quiz.Quiz
	}{{progress.Pretest, w.Course.Pre}, {progress.Posttest, w.Course.Post}} {
		if t.q == nil {
			continue
		}
		r := MyTestRow{Kind: t.kind, When: t.kind}
		if _, said := w.tests[t.kind]; said {
			r.When = progress.Posttest // as that is: when the trainer opens it
		}
		if r.Done = w.took(t.kind); r.Done {
		} else if w.takes(t.kind) {
			r.URL = w.testURL(t.kind)
		}
		v.Tests = append(v.Tests, r)
	}
	return a.Render("learn/mine", v)
}

// dots are the steps of a lesson, with the one that is shown.
func (w *way) dots(l *course.Lesson, steps []string, current string) (out []Dot) {
	p := w.done[l.Path()]
	for _, s := range steps {
		name, item, _ := strings.Cut(s, "/")
		x := l.Activity(name)
		d := Dot{URL: w.stepURL(l, s), Name: w.Say(x.Title).Text, Current: s == current}
		if p != nil && p.Steps[s].Done {
			d.State = "done"
			if item != "" && x.Items.Item(item).Scored() {
				if d.State = "wrong"; p.Steps[s].Right {
					d.State = "right"
				}
			}
		}
		out = append(out, d)
	}
	return out
}

// marks counts the questions of a lesson that can be right, and those that were.
func (w *way) marks(l *course.Lesson, steps []string) (right, of int) {
	p := w.done[l.Path()]
	for _, s := range steps {
		name, item, ok := strings.Cut(s, "/")
		if !ok || !l.Activity(name).Items.Item(item).Scored() {
			continue
		}
		if of++; p != nil && p.Steps[s].Right {
			right++
		}
	}
	return right, of
}

// askedLesson is the lesson that an address names.
func askedLesson(a *door.Ask) (*way, *course.Lesson, error) {
	w, err := asked(a)
	if err != nil {
		return nil, nil, err
	}
	l, err := w.Lesson()
	return w, l, err
}

func myLesson(a *door.Ask) error {
	w, l, err := askedLesson(a)
	if err != nil {
		return err
	}
	steps := w.steps(l)
	p := w.done[l.Path()]
	v := MyLesson{Title: w.Say(l.Title), Aim: w.Say(l.Aim), Course: Link{w.home(), w.Say(w.Course.Title)}, Dots: w.dots(l, steps, ""), N: p.Count(steps), Of: len(steps),
		Begun: p != nil, Finished: w.finished(l), Action: w.lessonURL(l), HomeURL: "/my"}
	v.Right, v.Out = w.marks(l, steps)
	for _, d := range v.Dots {
		if d.State == "" {
			v.NextURL = d.URL
			break
		}
	}
	if v.Finished {
		v.After, _ = w.next()
	}
	return a.Render("learn/my-lesson", v)
}

func myLessonBegun(a *door.Ask) error {
	w, l, err := askedLesson(a)
	if err != nil {
		return err
	}
	if w.done[l.Path()] == nil {
		d := w.deed(l.Path(), "", progress.Began)
		d.ID = progress.EventID(a.Learner.Person, "began "+d.At.IRI())
		if err := w.put(&d, nil); err != nil {
			return err
		}
	}
	for _, dot := range w.dots(l, w.steps(l), "") {
		if dot.State == "" {
			return a.Go(dot.URL)
		}
	}
	return a.Go(w.lessonURL(l))
}

// deed is what the learner does at a step of a lesson, or at a question of a test.
func (w *way) deed(lesson, step, verb string) progress.Deed {
	return progress.Deed{Person: w.a.Learner.Person, At: progress.At{Course: w.Version.Code, Lesson: lesson, Step: step}, Verb: verb, Version: w.Version.ID, Group: w.group, Lang: string(w.a.Lang), On: w.on, Clock: w.said}
}

// put says a deed. The same form sent again is the same deed; another answer in the same form, of a page that was gone back to, is
// one more.
func (w *way) put(d *progress.Deed, files map[string][]byte) error {
	ctx, centre := w.a.R.Context(), w.a.Learner.Centre
	err := w.a.H.Progress.Put(ctx, centre, []progress.Deed{*d}, files)
	var other *record.ConflictError
	if errors.As(err, &other) {
		h := sha256.New()
		io.WriteString(h, d.Response)
		for _, f := range d.Files {
			io.WriteString(h, f.SHA2)
		}
		d.ID = progress.EventID(d.Person, d.ID.Hex()+hex.EncodeToString(h.Sum(nil)))
		if err = w.a.H.Progress.Put(ctx, centre, []progress.Deed{*d}, files); errors.As(err, &other) {
			return nil // the very same was said in another language
		}
	}
	return err
}

// markOf is what a form was marked with.
func markOf(a *door.Ask) string {
	m := a.R.PostFormValue("mark")
	if len(m) != 32 {
		m = id.New().Hex()
	}
	return m
}

// askedStep is the step that an address names: an activity, and an item of its quiz or nil.
func askedStep(a *door.Ask) (w *way, l *course.Lesson, step string, x *course.Activity, asked *quiz.Asked, err error) {
	if w, l, err = askedLesson(a); err != nil {
		return
	}
	step, x, asked, err = w.step(l)
	return
}

// step is the step of a lesson that the address names.
func (w *way) step(l *course.Lesson) (step string, x *course.Activity, asked *quiz.Asked, err error) {
	a := w.a
	step = strings.Replace(a.R.PathValue("step"), ".", "/", 1)
	if !slices.Contains(w.steps(l), step) {
		err = course.ErrUnknown
		return
	}
	name, item, ok := strings.Cut(step, "/")
	x = l.Activity(name)
	if ok {
		for _, q := range progress.Form(x.Items, w.who, progress.At{Course: w.Version.Code, Lesson: l.Path(), Step: x.ID}).Items {
			if q.ID == item {
				asked = &q
			}
		}
	}
	return
}

// activity fills in what an activity shows, for whoever reads and for whoever learns.
func (r *Reader) activity(l *course.Lesson, x *course.Activity) (s Activity, err error) {
	s = Activity{ID: x.ID, Kind: x.Kind, Title: r.Say(x.Title)}
	if s.Passage, err = r.Passage(l, x.Text); err != nil {
		return s, err
	}
	switch x.Kind {
	case course.Video, course.Audio:
		s.Media = r.file(l.Dir() + "/" + x.Media)
		for _, lang := range i18n.Langs {
			if f := x.Captions[lang]; f != "" {
				s.Tracks = append(s.Tracks, Track{r.file(l.Dir() + "/" + f), lang})
			}
		}
	}
	for _, c := range x.Rubric {
		k := Criterion{Criterion: r.Say(c.Criterion)}
		for _, t := range c.Levels {
			k.Levels = append(k.Levels, r.Say(t))
		}
		s.Rubric = append(s.Rubric, k)
	}
	return s, nil
}

func myStep(a *door.Ask, labs []Lab) error {
	v, err := stepView(a, labs, nil)
	if err != nil {
		return err
	}
	return a.Render("learn/step", v)
}

// stepView is a step, with what is typed where it is shown again.
func stepView(a *door.Ask, labs []Lab, typed quiz.Response) (v MyStep, err error) {
	w, l, step, x, q, err := askedStep(a)
	if err != nil {
		return v, err
	}
	return w.show(l, step, x, q, labs, typed)
}

// show is a step of a lesson: an activity, or one question of it.
func (w *way) show(l *course.Lesson, step string, x *course.Activity, q *quiz.Asked, labs []Lab, typed quiz.Response) (v MyStep, err error) {
	steps := w.steps(l)
	i := slices.Index(steps, step)
	s, err := w.activity(l, x)
	if err != nil {
		return v, err
	}
	v = MyStep{Lesson: Link{w.lessonURL(l), w.Say(l.Title)}, Course: Link{w.home(), w.Say(w.Course.Title)}, Dots: w.dots(l, steps, step), N: i + 1, Of: len(steps), Title: s.Title, Kind: s.Kind,
		Passage: s.Passage, Media: s.Media, Tracks: s.Tracks, Rubric: s.Rubric, Action: w.stepURL(l, step), Mark: id.New().Hex(), NextURL: w.lessonURL(l), Trial: w.trial, Errors: map[string]string{}}
	if i+1 < len(steps) {
		v.NextURL = w.stepURL(l, steps[i+1])
	}
	if i > 0 {
		v.BackURL = w.stepURL(l, steps[i-1])
	}
	var at progress.Step
	if p := w.done[l.Path()]; p != nil {
		at = p.Steps[step]
	}
	switch {
	case q != nil:
		v.Tries, v.Given = at.Tries, at.Tries > 0 && typed == nil
		given := typed
		if v.Given {
			if given, err = w.given(at.By); err != nil {
				return v, err
			}
		}
		it := x.Items.Item(q.ID)
		v.Question = w.question(it, l.Dir(), *q, given, v.Given)
	case x.Kind == course.Lab:
		for _, lab := range labs {
			if lab.Name != x.Lab {
				continue
			}
			v.Lab = &lab
			if w.trial {
				continue
			}
			v.Learner, v.Send = w.who.String(), v.Action+"/records"
			v.LabAt, v.LabOf = progress.At{Course: w.Version.Code, Lesson: l.Path(), Step: step}.IRI(), w.Version.ID.String()
			allowed, err := w.a.H.Teaching.Allows(w.a.R.Context(), w.a.H.DB, w.group)
			if err != nil {
				return v, err
			}
			if allowed {
				v.ShowURL = "/my/work"
			}
		}
		if !w.trial {
			v.Works, err = w.worksAt(l, step)
		}
	case x.Kind == course.Project && !w.trial:
		v.Works, err = w.worksAt(l, step)
	}
	return v, err
}

// worksAt are those of the learner that were made at a step.
func (w *way) worksAt(l *course.Lesson, step string) (out []Work, err error) {
	all, err := w.works()
	for _, o := range all {
		if o.At.Lesson == l.Path() && o.At.Step == step {
			out = append(out, o.Work)
		}
	}
	return out, err
}

// question is one question as a page shows it, marked where it was answered.
func (r *Reader) question(it *quiz.Item, dir string, asked quiz.Asked, given quiz.Response, marked bool) *Question {
	q := &Question{ID: it.ID, Kind: it.Kind, Name: "q-" + it.ID, Prompt: r.Say(it.Prompt), Value: given[""], Hint: r.maybe(it.Hint)}
	m := it.Mark(given)
	r.ask(q, it, dir, asked, given, m)
	if marked {
		q.Answered, q.Scored, q.Right = true, m.Scored, m.Correct
		if q.Feedback = r.maybe(it.Feedback.Incorrect); m.Correct {
			q.Feedback = r.maybe(it.Feedback.Correct)
		}
		if !q.Scored {
			q.Feedback = nil
		}
	}
	return q
}

// given is what a statement of the learner's answered.
func (w *way) given(by id.ID) (quiz.Response, error) {
	_, v, err := w.a.H.Records.Get(w.a.R.Context(), w.a.Learner.Centre, id.Nil, by)
	if errors.Is(err, record.ErrUnknown) { // of another centre, where they were before
		return quiz.Response{}, nil
	}
	return progress.ParseResponse(v.Get("result", "response").Text()), err
}

// MaxWork is how many bytes of a learner's work come at once: a picture with its form, or the outbox of a lab.
const MaxWork = 2*picture.MaxBytes + 1<<20

// maxAnswer is how many bytes a part of an answer has at most.
const maxAnswer = 2000

// typedAnswer reads the fields of one question.
func typedAnswer(a *door.Ask, it *quiz.Item) quiz.Response {
	resp := quiz.Response{}
	for name, vs := range a.R.PostForm {
		if of, part, _ := strings.Cut(name, "."); of == "q-"+it.ID && strings.TrimSpace(vs[0]) != "" && len(vs[0]) <= maxAnswer {
			resp[part] = vs[0]
		}
	}
	return resp
}

func myStepGiven(a *door.Ask, labs []Lab) error {
	w, l, step, x, q, err := askedStep(a)
	if err != nil {
		return err
	}
	mark := markOf(a)
	again := func(field, key string, typed quiz.Response, args ...any) error {
		if typed == nil {
			typed = quiz.Response{}
		}
		v, err := stepView(a, labs, typed)
		if err != nil {
			return err
		}
		v.Mark, v.Note = mark, a.R.PostFormValue("note")
		v.Errors[field] = a.P.T(key, args...)
		return a.Again("learn/step", v)
	}
	steps := w.steps(l)
	to := w.lessonURL(l)
	if i := slices.Index(steps, step); i+1 < len(steps) {
		to = w.stepURL(l, steps[i+1])
	}
	var d progress.Deed
	var files map[string][]byte
	switch {
	case q != nil:
		it := x.Items.Item(q.ID)
		resp := typedAnswer(a, it)
		m := it.Mark(resp)
		if !m.Answered {
			return again("q-"+it.ID, "my.answer_missing", resp)
		}
		d = w.deed(l.Path(), step, progress.Answered)
		d.Response, d.Scored, d.Score, d.Right, d.Competencies = progress.FormatResponse(resp), m.Scored, m.Score, m.Correct, it.Competencies
		to = w.stepURL(l, step) // which says how it was
		if !m.Scored {
			to = nextOf(w, l, steps, step)
		}
	case x.Kind == course.Project:
		d = w.deed(l.Path(), step, progress.Submitted)
		d.Response = strings.TrimSpace(a.R.PostFormValue("note"))
		if len(d.Response) > maxAnswer {
			return again("note", "my.note_long", nil, "n", maxAnswer)
		}
		b, kind, err := handedIn(a)
		switch {
		case errors.Is(err, picture.ErrKind):
			return again("file", "my.file_kind", nil)
		case errors.Is(err, picture.ErrLarge):
			return again("file", "my.file_large", nil, "mb", picture.MaxBytes>>20)
		case err != nil:
			return err
		case b == nil && d.Response == "":
			return again("file", "my.file_missing", nil)
		}
		if b != nil {
			f := attached(b, kind)
			d.Files, files = []progress.Attached{f}, map[string][]byte{f.SHA2: b}
		}
		a.Notify("good", "my.kept")
	default:
		d = w.deed(l.Path(), step, progress.Read)
	}
	d.ID = progress.EventID(a.Learner.Person, mark+d.At.IRI())
	if err := w.put(&d, files); err != nil {
		return err
	}
	if err := w.complete(l); err != nil {
		return err
	}
	return a.Go(to)
}

func nextOf(w *way, l *course.Lesson, steps []string, step string) string {
	if i := slices.Index(steps, step); i+1 < len(steps) {
		return w.stepURL(l, steps[i+1])
	}
	return w.lessonURL(l)
}

// complete says that a lesson is completed, once, when its last step is done.
func (w *way) complete(l *course.Lesson) error {
	if err := w.read(); err != nil {
		return err
	}
	steps := w.steps(l)
	if p := w.done[l.Path()]; p == nil || p.Done || p.Count(steps) < len(steps) {
		return nil
	}
	d := w.deed(l.Path(), "", progress.Completed)
	right, of := w.marks(l, steps)
	d.Raw, d.Of = float64(right), of
	d.Competencies = l.Competencies
	d.ID = progress.EventID(d.Person, "completed "+d.At.IRI())
	err := w.a.H.Progress.Put(w.a.R.Context(), w.a.Learner.Centre, []progress.Deed{d}, nil)
	var other *record.ConflictError
	if errors.As(err, &other) { // it was, by a form that was sent at the same time
		return nil
	}
	return err
}

// handedIn reads the file of a project: a picture, drawn anew without what the camera wrote into it, or a PDF. nil: there is none.
func handedIn(a *door.Ask) (b []byte, kind string, err error) {
	f, h, err := a.R.FormFile("file")
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) || err == nil && h.Size == 0 {
		return nil, "", nil
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, "", picture.ErrLarge
	}
	if err != nil {
		return nil, "", picture.ErrKind
	}
	defer f.Close()
	if h.Size > picture.MaxBytes {
		return nil, "", picture.ErrLarge
	}
	if b, err = io.ReadAll(f); err != nil {
		return nil, "", err
	}
	return worked(b)
}

// labRecords takes what a lab of a step says, from the outbox of the device.
func labRecords(a *door.Ask) error {
	w, l, step, x, _, err := askedStep(a)
	if err != nil {
		return err
	}
	if x.Kind != course.Lab {
		return fs.ErrNotExist
	}
	refuse := func(status int, why string) error { // the outbox keeps what it is told so of, and says so
		return a.JSONStatus(status, struct {
			Message string `json:"message"`
		}{why})
	}
	said, files, err := readParts(a.R.Header.Get("Content-Type"), a.R.Body)
	if err != nil {
		return refuse(http.StatusUnprocessableEntity, err.Error())
	}
	at := progress.At{Course: w.Version.Code, Lesson: l.Path(), Step: step}
	var in []*statement.Statement
	for _, v := range said.Items() {
		s, err := labStatement(a, v, at, x.Lab)
		if err != nil {
			return refuse(http.StatusUnprocessableEntity, err.Error())
		}
		for _, f := range s.Attachments() {
			if files[f.SHA2] == nil {
				return refuse(http.StatusUnprocessableEntity, "a file is missing")
			}
		}
		in = append(in, s)
	}
	ids, err := a.H.Records.Put(a.R.Context(), record.Source{Centre: a.Learner.Centre, Key: record.Tool("lab"), Version: statement.V2}, in, files)
	var conflict *record.ConflictError
	var wrong *statement.Error
	switch {
	case errors.As(err, &conflict):
		return refuse(http.StatusConflict, err.Error())
	case errors.As(err, &wrong), errors.Is(err, record.ErrTooLong):
		return refuse(http.StatusUnprocessableEntity, err.Error())
	case err != nil:
		return err
	}
	if err := w.complete(l); err != nil {
		return err
	}
	return a.JSON(ids)
}

// labStatement is a statement of a lab with who did it and where: the session says that, and not the page.
func labStatement(a *door.Ask, v *statement.Value, at progress.At, lab string) (*statement.Statement, error) {
	if v.Get("id") == nil || v.Get("object", "id").Text() != "urn:tizi:lab:"+lab {
		return nil, errors.New("only what the lab of this step says is taken here, each under an id")
	}
	v.Set("actor", statement.Person(a.Learner.Person))
	c := v.Get("context")
	if !c.IsObject() {
		c = statement.Object()
		v.Set("context", c)
	}
	k := c.Get("contextActivities")
	if !k.IsObject() {
		k = statement.Object()
		c.Set("contextActivities", k)
	}
	k.Set("parent", statement.Array(statement.Object("id", statement.Str(at.IRI()))))
	return statement.New(v, statement.V2, "")
}

func myWork(a *door.Ask) error {
	v, err := workView(a)
	if err != nil {
		return err
	}
	return a.Render("learn/work", v)
}

func workView(a *door.Ask) (v MyWork, err error) {
	l, err := ways(a)
	if err != nil {
		return v, err
	}
	v = MyWork{HomeURL: "/my", Errors: map[string]string{}}
	for _, w := range l {
		all, err := w.works()
		if err != nil {
			return v, err
		}
		for _, m := range all {
			v.Works = append(v.Works, m.Work)
		}
		if allowed, err := a.H.Teaching.Allows(a.R.Context(), a.H.DB, w.group); err != nil {
			return v, err
		} else if allowed {
			v.WallURL = "/my/wall"
		}
	}
	return v, nil
}

// piece is a file that the learner handed in. Nobody else's is there for them.
func piece(a *door.Ask) error {
	v, err := a.ID("piece")
	if err != nil {
		return err
	}
	return Piece(a, a.Learner.Centre, a.Learner.Person, v)
}

// Piece answers with the file of a work of somebody at a centre, and of nobody else.
func Piece(a *door.Ask, centre, of, work id.ID) error {
	ctx := a.R.Context()
	row, said, err := a.H.Records.Get(ctx, centre, id.Nil, work)
	if errors.Is(err, record.ErrUnknown) {
		return fs.ErrNotExist
	}
	if err != nil {
		return err
	}
	who, _ := statement.OwnPerson(said.Get("actor"))
	own, err := person.Records(ctx, a.H.DB, of)
	if err != nil {
		return err
	}
	if row.Voided || len(row.Files) == 0 || !slices.Contains(own, who) {
		return fs.ErrNotExist
	}
	return serveFile(a, row.Files[0])
}

// serveFile answers with a file of a statement.
func serveFile(a *door.Ask, f record.File) error {
	b, err := a.H.Records.Open(a.R.Context(), f)
	if err != nil {
		return err
	}
	h := a.W.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, no-store")
	h.Set("Content-Length", strconv.Itoa(len(b)))
	switch f.Type {
	case "image/jpeg", "application/pdf":
		h.Set("Content-Type", f.Type)
	default:
		h.Set("Content-Type", "application/octet-stream")
	}
	if f.Type != "image/jpeg" {
		h.Set("Content-Disposition", "attachment")
	}
	_, err = a.W.Write(b)
	return err
}

// exam is a test of the course by its name, or nil.
func (r *Reader) exam(test string) *quiz.Quiz {
	switch test {
	case progress.Pretest:
		return r.Course.Pre
	case progress.Posttest:
		return r.Course.Post
	}
	return nil
}

// askedTest is the test that an address names.
func askedTest(a *door.Ask) (*way, string, *quiz.Quiz, error) {
	w, err := asked(a)
	if err != nil {
		return nil, "", nil, err
	}
	test := a.R.PathValue("test")
	q := w.exam(test)
	if q == nil {
		return nil, "", nil, course.ErrUnknown
	}
	return w, test, q, nil
}

func (w *way) test(test string, q *quiz.Quiz, given map[string]quiz.Response) MyTest {
	v := MyTest{Kind: test, Course: Link{w.home(), w.Say(w.Course.Title)}, Action: w.testURL(test), HomeURL: "/my", Errors: map[string]string{}}
	if v.Done = w.took(test); v.Done {
		return v
	}
	for i, x := range progress.Form(q, w.a.Learner.Person, progress.At{Course: w.Version.Code, Lesson: test}).Items {
		it := q.Item(x.ID)
		one := w.question(it, "tests", x, given[it.ID], false)
		one.N, one.Hint = i+1, nil // a test helps nobody
		v.Questions = append(v.Questions, *one)
	}
	return v
}

func myTest(a *door.Ask) error {
	w, test, q, err := askedTest(a)
	if err != nil {
		return err
	}
	if !w.took(test) && !w.takes(test) {
		a.Notify("info", "my.not_now")
		return a.Go(w.home())
	}
	return a.Render("learn/test", w.test(test, q, nil))
}

// myTestGiven keeps a test: its answers and what they are worth together, once.
func myTestGiven(a *door.Ask) error {
	w, test, q, err := askedTest(a)
	if err != nil {
		return err
	}
	if w.took(test) {
		return a.Go(w.testURL(test))
	}
	answers := map[string]quiz.Response{}
	for i := range q.Items {
		answers[q.Items[i].ID] = typedAnswer(a, &q.Items[i])
	}
	deeds, missing := w.sat(test, q, answers)
	if !w.takes(test) { // it was closed meanwhile: what was typed waits for it to be opened
		v := w.test(test, q, answers)
		v.Errors[""] = a.P.T("my.test_closed")
		return a.Again("learn/test", v)
	}
	// Whoever does not know leaves a question open, and says so.
	if missing > 0 && a.R.PostFormValue("open") == "" {
		v := w.test(test, q, answers)
		v.Errors["open"] = a.P.T("my.test_open", "n", missing)
		return a.Again("learn/test", v)
	}
	if err := w.keep(deeds); err != nil {
		return err
	}
	return a.Go(w.testURL(test))
}

// sat is what is said of a test that was taken: each answer, and what they are worth together. missing is how many questions have none.
func (w *way) sat(test string, q *quiz.Quiz, answers map[string]quiz.Response) (deeds []progress.Deed, missing int) {
	whole := w.deed(test, "", progress.Completed)
	whole.ID = progress.EventID(whole.Person, "took "+whole.At.IRI())
	for _, x := range progress.Form(q, whole.Person, whole.At).Items {
		it := q.Item(x.ID)
		resp := answers[it.ID]
		m := it.Mark(resp)
		if m.Scored {
			whole.Of++
			whole.Raw += m.Score
		}
		if !m.Answered {
			missing++
			continue
		}
		d := w.deed(test, it.ID, progress.Answered)
		d.ID = progress.EventID(d.Person, "took "+d.At.IRI())
		d.Response, d.Scored, d.Score, d.Right, d.Competencies = progress.FormatResponse(resp), m.Scored, m.Score, m.Correct, it.Competencies
		deeds = append(deeds, d)
	}
	return append(deeds, whole), missing
}

// keep says the deeds of a test. One that was taken by a form that was sent at the same time stands.
func (w *way) keep(deeds []progress.Deed) error {
	err := w.a.H.Progress.Put(w.a.R.Context(), w.a.Learner.Centre, deeds, nil)
	var other *record.ConflictError
	if errors.As(err, &other) {
		return nil
	}
	return err
}

func myStar(a *door.Ask) error {
	l, err := ways(a)
	if err != nil {
		return err
	}
	v := MyStar{HomeURL: "/my"}
	for _, w := range l {
		x := MyStarCourse{Title: w.Say(w.Course.Title), Modules: w.modules()}
		if x.Masteries, err = w.Mastered(w.done, a.Learner.Person); err != nil {
			return err
		}
		v.Courses = append(v.Courses, x)
	}
	return a.Render("learn/star", v)
}

// Mastered names what somebody has of the competencies of the course.
func (r *Reader) Mastered(done progress.Lessons, who id.ID) (out []Mastered, err error) {
	known, err := r.a.H.Frameworks.Index(r.a.R.Context(), r.a.H.DB)
	if err != nil {
		return nil, err
	}
	for _, m := range progress.Masteries(r.Course, done, who) {
		it, _, _ := known.Find(m.Code)
		out = append(out, Mastered{Name: it.Text, Code: m.Code, N: m.Lessons, Of: m.Of, Q: m.Items, QOf: m.ItemsAligned})
	}
	return out, nil
}

// seenSessions is how many sessions the page of what is known counts at most.
const seenSessions = 500

func known(a *door.Ask) error {
	ctx := a.R.Context()
	v := MyKnown{HomeURL: "/my", Birth: a.Learner.Who.Details["birth"]}
	v.Name, v.Other = a.Names(a.Learner.Who.Details)
	here := access.At(a.Learner.Centre)
	seats, err := a.H.Training.OfPerson(ctx, a.H.DB, here, a.Learner.Person)
	if err != nil {
		return err
	}
	var groups []id.ID
	for _, e := range seats {
		if !e.Cohort.IsNil() {
			groups = append(groups, e.Cohort)
		}
	}
	names, err := a.H.Training.Names(ctx, a.H.DB, groups)
	if err != nil {
		return err
	}
	v.Groups = slices.Sorted(maps.Values(names))
	came, err := a.H.Training.AttendanceOf(ctx, a.H.DB, here, a.Learner.Person, seenSessions)
	if err != nil {
		return err
	}
	for _, c := range came {
		if v.Of++; training.Here(c.Mark) {
			v.Came++
		}
	}
	l, err := ways(a)
	if err != nil {
		return err
	}
	for _, w := range l {
		x := MyKnownCourse{Title: w.Say(w.Course.Title), Lessons: w.count(w.Course.Lessons())}
		for _, p := range w.done {
			x.Tries += p.Tries
			x.Minutes += p.Seconds
		}
		x.Minutes /= 60
		v.Courses = append(v.Courses, x)
		all, err := w.works()
		if err != nil {
			return err
		}
		v.Works += len(all)
	}
	slices.SortFunc(v.Courses, func(a, b MyKnownCourse) int { return cmp.Compare(a.Title.Text, b.Title.Text) })
	return a.Render("learn/known", v)
}

// TitleOf names a step; by its id where it is of another version.
func (r *Reader) TitleOf(at progress.At) Said {
	if l := r.Course.Lesson(at.Lesson); l != nil {
		if x := l.Activity(at.Step); x != nil {
			return r.Say(x.Title)
		}
	}
	return Said{at.Step, r.a.Lang}
}

// Answered says what was asked and what was given, in words.
func (r *Reader) Answered(at progress.At, given quiz.Response) (asked Said, words []Said) {
	q := r.exam(at.Lesson)
	item := at.Step
	if l := r.Course.Lesson(at.Lesson); l != nil {
		name, of, _ := strings.Cut(at.Step, "/")
		if x := l.Activity(name); x != nil {
			q, item = x.Items, of
		}
	}
	var it *quiz.Item
	if q != nil {
		it = q.Item(item)
	}
	raw := func(s string) Said { return Said{s, r.a.Lang} }
	if it == nil { // of another version
		return raw(at.Step), []Said{raw(progress.FormatResponse(given))}
	}
	option := func(id string) Said {
		for _, o := range slices.Concat(it.Choices, it.Sequence) {
			if o.ID == id {
				return r.Say(o.Text)
			}
		}
		for _, s := range it.Spots {
			if s.ID == id && len(s.Label) > 0 {
				return r.Say(s.Label)
			}
		}
		return raw(id)
	}
	switch it.Kind {
	case quiz.Choice, quiz.Hotspot:
		words = append(words, option(given[""]))
	case quiz.Multiple:
		for _, o := range it.Choices {
			if given[o.ID] != "" {
				words = append(words, r.Say(o.Text))
			}
		}
	case quiz.Order:
		at := map[string]string{}
		for part, place := range given {
			at[place] = part
		}
		for _, place := range slices.Sorted(maps.Keys(at)) {
			words = append(words, option(at[place]))
		}
	case quiz.Match:
		for _, p := range it.Pairs {
			for _, o := range it.Pairs {
				if o.ID == given[p.ID] {
					words = append(words, r.Say(p.Left), r.Say(o.Right))
				}
			}
		}
	case quiz.Likert:
		if n, err := strconv.Atoi(given[""]); err == nil && n > 0 && n <= len(it.Steps) {
			words = append(words, r.Say(it.Steps[n-1]))
		}
	default:
		for _, part := range slices.Sorted(maps.Keys(given)) {
			words = append(words, raw(given[part]))
		}
	}
	return r.Say(it.Prompt), words
}

// Of reads a version of a course for a page.
func Of(a *door.Ask, v course.Version) (*Reader, error) {
	c, err := a.H.Courses.Load(a.R.Context(), a.H.DB, v)
	if err != nil {
		return nil, err
	}
	return &Reader{a: a, Version: v, Course: c, numbers: true}, nil
}
