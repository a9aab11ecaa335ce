package teach

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"tizi/internal/access"
	"tizi/internal/course"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/progress"
	"tizi/internal/record"
	"tizi/internal/teaching"
	"tizi/internal/training"
	"tizi/internal/web/door"
	"tizi/internal/web/learn"
	"tizi/internal/web/shell"
)

func learningRoutes(d *door.Door) {
	d.Handle("GET /groups/{group}/learning", access.ReadGroups, learning)
	d.Handle("POST /groups/{group}/learning", access.WriteGroups, learningGiven)
	d.Handle("POST /groups/{group}/tests", access.Teach, testOpened)
	d.Handle("GET /groups/{group}/learning/{person}", access.ReadGroups, learnerOf)
	d.Handle("GET /groups/{group}/learning/{person}/{piece}", access.ReadGroups, pieceOf)
}

func cohort(a *door.Ask) (*training.Cohort, error) {
	v, err := a.ID("group")
	if err != nil {
		return nil, err
	}
	return a.H.Training.Cohort(a.R.Context(), a.H.DB, a.Scope, v, a.Today())
}

// seats are the people of a group who learn in it, in the order of a list, as the account may see them.
func seats(a *door.Ask, g id.ID) ([]*person.Person, error) {
	ctx := a.R.Context()
	roster, err := a.H.Training.Roster(ctx, a.H.DB, g)
	if err != nil {
		return nil, err
	}
	var ids []id.ID
	for _, e := range roster {
		if e.State == training.Enrolled || e.State == training.Active || e.State == training.Completed {
			ids = append(ids, e.Person)
		}
	}
	return a.H.People.Of(ctx, a.H.DB, a.Scope, ids)
}

func learning(a *door.Ask) error {
	c, err := cohort(a)
	if err != nil {
		return err
	}
	v, err := learningOf(a, c)
	if err != nil {
		return err
	}
	return a.Render("teach/learning", v)
}

func learningOf(a *door.Ask, c *training.Cohort) (Learning, error) {
	ctx := a.R.Context()
	self := "/groups/" + c.ID.String()
	v := Learning{Name: c.Name, RosterURL: self, SessionsURL: self + "?tab=sessions", LearningURL: self + "/learning", WallURL: self + "/wall", Errors: map[string]string{}}
	versions, err := a.H.Courses.Of(ctx, a.H.DB, c.ID)
	if err != nil {
		return v, err
	}
	people, err := seats(a, c.ID)
	if err != nil {
		return v, err
	}
	a.Shows(look.Listed, look.Group, people...)
	newest, err := a.H.Courses.List(ctx, a.H.DB)
	if err != nil {
		return v, err
	}
	for _, ver := range versions {
		x, err := gridOf(a, c, ver, people)
		if err != nil {
			return v, err
		}
		for _, n := range newest {
			if n.Code == ver.Code && n.ID != ver.ID {
				x.Newer, x.NewerID = n.Version, n.ID.String()
			}
		}
		v.Courses = append(v.Courses, x)
	}
	if a.May(access.Teach) {
		v.MarkingURL = "/marking"
	}
	if a.May(access.WriteGroups) && !c.Closed {
		v.Action = self + "/learning"
		for _, n := range newest {
			if !slices.ContainsFunc(versions, func(o course.Version) bool { return o.Code == n.Code }) {
				title, _ := n.Title.In(a.Lang)
				v.Offered = append(v.Offered, shell.Option{Value: n.Code, Label: title})
			}
		}
	}
	return v, nil
}

// gridOf is how far a group is in a course.
func gridOf(a *door.Ask, c *training.Cohort, ver course.Version, people []*person.Person) (Grid, error) {
	ctx := a.R.Context()
	x := Grid{Code: ver.Code, Version: ver.Version}
	r, err := learn.Of(a, ver)
	if errors.Is(err, course.ErrComing) {
		title, lang := ver.Title.In(a.Lang)
		x.Title, x.Coming = learn.Said{Text: title, Lang: lang}, true
		return x, nil
	}
	if err != nil {
		return x, err
	}
	x.Title = r.Say(r.Course.Title)
	ids := make([]id.ID, len(people))
	for i, p := range people {
		ids[i] = p.ID
	}
	done, err := a.H.Progress.Of(ctx, a.H.DB, ids, ver.Code)
	if err != nil {
		return x, err
	}
	lessons := r.Course.Lessons()
	for i, l := range lessons {
		x.Lessons = append(x.Lessons, GridLesson{N: i + 1, Title: r.Say(l.Title), PrintURL: r.As("/lessons/" + ver.Code + "/" + l.Path()), RehearseURL: "/groups/" + c.ID.String() + "/rehearse/" + ver.Code + "/" + l.Path()})
	}
	now := a.H.Log.Clock.Now()
	all := make([]progress.Lessons, len(people))
	for i, p := range people {
		all[i] = done[p.ID]
		name, _ := a.Names(p.Details)
		row := GridRow{Name: name, URL: "/groups/" + c.ID.String() + "/learning/" + p.ID.String()}
		for j, l := range lessons {
			steps := progress.Steps(ver.Code, l, p.ID)
			at := done[p.ID][l.Path()]
			cell := GridCell{N: at.Count(steps), Of: len(steps), Lesson: j + 1}
			switch {
			case at.Finished(steps):
				cell.State = "done"
				row.Done++
			case at != nil:
				cell.State = "begun"
			}
			if cell.Stuck = at.Stuck(steps, now); cell.Stuck != "" {
				s := StuckRow{Name: name, URL: row.URL, Lesson: r.Say(l.Title), Why: cell.Stuck, Failed: at.Failed, Minutes: int(now.Sub(at.Last).Minutes())}
				s.Step = lastStep(r, l, at)
				x.Stuck = append(x.Stuck, s)
			}
			row.Cells = append(row.Cells, cell)
		}
		row.Of = len(lessons)
		row.Pre, row.Post, row.Gain = gain(a, done[p.ID])
		x.Rows = append(x.Rows, row)
	}
	x.Tests = r.Course.Pre != nil && r.Course.Post != nil
	if x.Tests {
		x.People = len(people)
		g := progress.GainOf(all...)
		x.GainN = g.N
		if g.Defined {
			x.Gain = number(a, g.G)
		}
		every, err := a.H.Progress.CourseGain(ctx, a.H.DB, a.Scope, ver.Code)
		if err != nil {
			return x, err
		}
		if x.AllN = every.N; every.Defined {
			x.All = number(a, every.G)
		}
	}
	if a.May(access.Teach) && !c.Closed {
		said, err := a.H.Teaching.Tests(ctx, a.H.DB, c.ID)
		if err != nil {
			return x, err
		}
		for _, test := range tests(r.Course) {
			t, known := said[ver.Code][test]
			o := OpenTest{Kind: test, Open: t.Open, Conflict: t.Conflict, First: !known && test == progress.Pretest, Of: len(people), Action: "/groups/" + c.ID.String() + "/tests"}
			for _, l := range all {
				if t := l[test]; t != nil && t.Done {
					o.Taken++
				}
			}
			x.Opens = append(x.Opens, o)
		}
	}
	return x, nil
}

// tests are those that a course has.
func tests(c *course.Course) (out []string) {
	if c.Pre != nil {
		out = append(out, progress.Pretest)
	}
	if c.Post != nil {
		out = append(out, progress.Posttest)
	}
	return out
}

// learningAgain shows the learning of a group again, with what is wrong with a field of its forms.
func learningAgain(a *door.Ask, c *training.Cohort, field, key string) error {
	v, err := learningOf(a, c)
	if err != nil {
		return err
	}
	v.Errors[field] = a.P.T(key)
	return a.Again("teach/learning", v)
}

// testOpened lets the learners of a group take a test of a course that it follows, or lets them no more.
func testOpened(a *door.Ask) error {
	c, err := cohort(a)
	if err != nil {
		return err
	}
	again := func(key string) error { return learningAgain(a, c, "", key) }
	if c.Closed {
		return again("learning.closed")
	}
	courses, err := read(a, c.ID)
	if err != nil {
		return err
	}
	b := teaching.Opened{Group: c.ID, Course: a.R.PostFormValue("course"), Test: a.R.PostFormValue("test")}
	i := slices.IndexFunc(courses, func(r *learn.Reader) bool { return r.Version.Code == b.Course })
	if i < 0 || !slices.Contains(tests(courses[i].Course), b.Test) {
		return again("learning.no_test")
	}
	note := "learning.test_opened"
	switch a.R.PostFormValue("do") {
	case "open":
		b.Open = true
	case "close":
		note = "learning.test_closed"
	default:
		return again("learning.no_test")
	}
	if err := a.H.Teaching.Open(a.R.Context(), a.Actor(), c.Centre, b); err != nil {
		return err
	}
	a.Notify("good", note)
	return a.Go("/groups/" + c.ID.String() + "/learning")
}

// lastStep is what somebody did last in a lesson.
func lastStep(r *learn.Reader, l *course.Lesson, at *progress.Lesson) learn.Said {
	last, when := "", int64(0)
	for name, s := range at.Steps {
		if s.At > when || s.At == when && name > last {
			last, when = name, s.At
		}
	}
	name, item, _ := strings.Cut(last, "/")
	x := l.Activity(name)
	if x == nil {
		return learn.Said{}
	}
	if item != "" && x.Items != nil {
		if it := x.Items.Item(item); it != nil {
			return r.Say(it.Prompt)
		}
	}
	return r.Say(x.Title)
}

// gain are the scores of somebody's tests and the gain between them, each "" where there is none.
func gain(a *door.Ask, l progress.Lessons) (pre, post, g string) {
	share := func(test string) string {
		if t := l[test]; t != nil && t.Done && t.Score >= 0 {
			return a.P.Percent(int64(t.Score*1000+.5), 1000)
		}
		return ""
	}
	if x := progress.GainOf(l); x.Defined {
		g = number(a, x.G)
	}
	return share(progress.Pretest), share(progress.Posttest), g
}

// number is a gain, with two decimals.
func number(a *door.Ask, f float64) string { return a.P.Decimal(f, 2) }

// learningGiven lets a group follow a course in its newest version, moves it to that, or lets it follow it no more.
func learningGiven(a *door.Ask) error {
	ctx := a.R.Context()
	c, err := cohort(a)
	if err != nil {
		return err
	}
	again := func(key string) error { return learningAgain(a, c, "course", key) }
	if c.Closed {
		return again("learning.closed")
	}
	code := a.R.PostFormValue("course")
	if code == "" {
		return again("learning.choose")
	}
	var to id.ID
	switch a.R.PostFormValue("do") {
	case "withdraw":
	case "", "follow", "move":
		v, err := a.H.Courses.Find(ctx, a.H.DB, code, 0)
		if errors.Is(err, course.ErrUnknown) {
			return again("learning.unknown")
		}
		if err != nil {
			return err
		}
		// Who moves a group says to which version: another may have come meanwhile.
		if n := a.R.PostFormValue("version"); n != "" && n != v.ID.String() {
			return again("learning.newer")
		}
		to = v.ID
	default:
		return again("learning.choose")
	}
	if !course.IsName(code) {
		return again("learning.unknown")
	}
	if err := a.H.Courses.Assign(ctx, a.Actor(), person.Stream(c.Centre), c.ID, code, to); err != nil {
		return err
	}
	if to.IsNil() {
		a.Notify("good", "learning.withdrawn")
	} else {
		a.Notify("good", "learning.follows")
	}
	return a.Go("/groups/" + c.ID.String() + "/learning")
}

// member is a learner of a group whom an address names.
func member(a *door.Ask) (*training.Cohort, *person.Person, error) {
	c, err := cohort(a)
	if err != nil {
		return nil, nil, err
	}
	who, err := a.ID("person")
	if err != nil {
		return nil, nil, err
	}
	people, err := seats(a, c.ID)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range people {
		if p.ID == who {
			return c, p, nil
		}
	}
	return nil, nil, fs.ErrNotExist
}

// latest is how many answers of a learner a page shows.
const latest = 60

func learnerOf(a *door.Ask) error {
	ctx := a.R.Context()
	c, p, err := member(a)
	if err != nil {
		return err
	}
	if err := a.H.Looks.Note(ctx, a.Actor(), look.Read, p.ID); err != nil {
		return err
	}
	self := "/groups/" + c.ID.String() + "/learning"
	v := LearnerPage{Group: c.Name, GroupURL: self}
	v.Name, v.Other = a.Names(p.Details)
	versions, err := a.H.Courses.Of(ctx, a.H.DB, c.ID)
	if err != nil {
		return err
	}
	for _, ver := range versions {
		r, err := learn.Of(a, ver)
		if errors.Is(err, course.ErrComing) {
			continue
		}
		if err != nil {
			return err
		}
		x, err := wayOf(a, c, p, r)
		if err != nil {
			return err
		}
		v.Courses = append(v.Courses, x)
	}
	records, err := person.Records(ctx, a.H.DB, p.ID)
	if err != nil {
		return err
	}
	refused, err := a.H.Learners.RefusedOf(ctx, a.H.DB, records)
	for _, x := range refused {
		v.Refused = append(v.Refused, RefusedRow{a.Moment(x.At), a.P.T(x.Why)})
	}
	if err != nil {
		return err
	}
	return a.Render("teach/learner", v)
}

func wayOf(a *door.Ask, c *training.Cohort, p *person.Person, r *learn.Reader) (LearnerCourse, error) {
	ctx := a.R.Context()
	code := r.Version.Code
	x := LearnerCourse{Title: r.Say(r.Course.Title)}
	by, err := a.H.Progress.Of(ctx, a.H.DB, []id.ID{p.ID}, code)
	if err != nil {
		return x, err
	}
	done := by[p.ID]
	x.Pre, x.Post, x.Gain = gain(a, done)
	for _, l := range r.Course.Lessons() {
		at := done[l.Path()]
		if at == nil {
			continue
		}
		steps := progress.Steps(code, l, p.ID)
		row := LearnerLesson{Title: r.Say(l.Title), N: at.Count(steps), Of: len(steps), Tries: at.Tries, Minutes: at.Seconds / 60, Last: a.Moment(at.Last), Done: at.Finished(steps)}
		x.Lessons = append(x.Lessons, row)
	}
	if x.Masteries, err = r.Mastered(done, p.ID); err != nil {
		return x, err
	}
	answers, err := a.H.Progress.Answers(ctx, a.H.DB, p.ID, c.Centre, code, latest)
	if err != nil {
		return x, err
	}
	for _, o := range answers {
		_, said, err := a.H.Records.Get(ctx, c.Centre, id.Nil, o.ID)
		if err != nil && !errors.Is(err, record.ErrUnknown) {
			return x, err
		}
		row := AnswerRow{On: a.Moment(o.On), Right: o.Right}
		row.Asked, row.Given = r.Answered(o.At, progress.ParseResponse(said.Get("result", "response").Text()))
		x.Answers = append(x.Answers, row)
	}
	self := "/groups/" + c.ID.String() + "/learning/" + p.ID.String() + "/"
	works, err := r.Works(p.ID, func(o progress.Work) string { return self + o.ID.String() })
	if err != nil {
		return x, err
	}
	for _, o := range works {
		if o.Centre != c.Centre {
			continue
		}
		if a.May(access.Teach) && len(r.Rubric(o.At)) > 0 {
			o.MarkURL = self + o.ID.String() + "/marks"
		}
		x.Works = append(x.Works, o.Work)
	}
	return x, nil
}

// pieceOf is a file that a learner of the group handed in.
func pieceOf(a *door.Ask) error {
	c, p, err := member(a)
	if err != nil {
		return err
	}
	v, err := a.ID("piece")
	if err != nil {
		return err
	}
	return learn.Piece(a, c.Centre, p.ID, v)
}
