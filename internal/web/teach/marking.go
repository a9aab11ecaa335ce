package teach

import (
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"time"

	"tizi/internal/access"
	"tizi/internal/course"
	"tizi/internal/id"
	"tizi/internal/learner"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/progress"
	"tizi/internal/teaching"
	"tizi/internal/training"
	"tizi/internal/web/door"
	"tizi/internal/web/learn"
)

func markingRoutes(d *door.Door) {
	d.Handle("GET /marking", access.Teach, marking)
	d.Handle("GET /groups/{group}/learning/{person}/{piece}/marks", access.Teach, mark)
	d.Handle("POST /groups/{group}/learning/{person}/{piece}/marks", access.Teach, marked)
}

const (
	markingDays = 180  // how far back a work waits
	markingMax  = 3000 // works that are looked at
)

// waits is a work that waits to be judged.
type waits struct {
	progress.Handed
	group  *training.Cohort
	seat   id.ID // under which record the person has a seat in the group
	reader *learn.Reader
}

func (w waits) url() string {
	return "/groups/" + w.group.ID.String() + "/learning/" + w.seat.String() + "/" + w.ID.String() + "/marks"
}

// waiting are the works that the account has to judge, those that wait longest first: of each step the last that somebody handed in, by
// whichever of their records, in a group of the centre where it was made.
func waiting(a *door.Ask, scope access.Scope) ([]waits, error) {
	ctx := a.R.Context()
	also, err := others(a, scope)
	if err != nil {
		return nil, err
	}
	list, err := a.H.Progress.Handed(ctx, a.H.DB, scope, also, a.H.Log.Clock.Now().AddDate(0, 0, -markingDays), markingMax)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	people, works := make([]id.ID, len(list)), make([]id.ID, len(list))
	for i, w := range list {
		people[i], works[i] = w.Person, w.ID
	}
	ones, err := person.Ones(ctx, a.H.DB, people)
	if err != nil {
		return nil, err
	}
	judged, err := a.H.Teaching.Judged(ctx, a.H.DB, works)
	if err != nil {
		return nil, err
	}
	type step struct {
		one id.ID
		at  progress.At
	}
	last := map[step]bool{}
	list = slices.DeleteFunc(list, func(w progress.Handed) bool { // the newest comes first
		k := step{w.Person, w.At}
		if all := ones[w.Person]; all != nil {
			k.one = all[0]
		}
		was := last[k]
		last[k] = true
		return was || judged[w.ID]
	})
	people = people[:0]
	for _, w := range list {
		people = append(people, w.Person)
	}
	slices.SortFunc(people, func(a, b id.ID) int { return slices.Compare(a[:], b[:]) })
	seats, err := a.H.Training.OfPeople(ctx, a.H.DB, slices.Compact(people))
	if err != nil {
		return nil, err
	}
	groups := map[id.ID]*training.Cohort{}
	readers := map[id.ID][]*learn.Reader{}
	group := func(v id.ID) (*training.Cohort, []*learn.Reader, error) {
		if c, ok := groups[v]; ok {
			return c, readers[v], nil
		}
		c, err := a.H.Training.Cohort(ctx, a.H.DB, scope, v, a.Today())
		if errors.Is(err, training.ErrNoGroup) {
			c, err = nil, nil
		}
		if groups[v] = c; c == nil || err != nil {
			return nil, nil, err
		}
		readers[v], err = read(a, v)
		return c, readers[v], err
	}
	var out []waits
	for _, w := range slices.Backward(list) {
	seats:
		for _, e := range seats[w.Person] {
			if e.Cohort.IsNil() || e.Centre != w.Centre || !learner.Seated(e) {
				continue
			}
			c, courses, err := group(e.Cohort)
			if err != nil {
				return nil, err
			}
			for _, r := range courses {
				if c != nil && r.Version.Code == w.At.Course && len(r.Rubric(w.At)) > 0 {
					out = append(out, waits{w, c, e.Person, r})
					break seats
				}
			}
		}
	}
	return out, nil
}

// ownGroups bounds the groups of a trainer's that are read.
const ownGroups = 200

// others are records that are one person with somebody in the account's own groups, and have no seat there themselves. Of a whole centre
// all are in the scope anyway.
func others(a *door.Ask, scope access.Scope) (out []id.ID, err error) {
	ctx := a.R.Context()
	if scope.Whole() {
		return nil, nil
	}
	groups, _, err := a.H.Training.Cohorts(ctx, a.H.DB, scope, training.CohortFilter{Size: ownGroups}, a.Today())
	if err != nil {
		return nil, err
	}
	seated := map[id.ID]bool{}
	var people []id.ID
	for _, c := range groups {
		roster, err := a.H.Training.Roster(ctx, a.H.DB, c.ID)
		if err != nil {
			return nil, err
		}
		for _, e := range roster {
			seated[e.Person] = true
			people = append(people, e.Person)
		}
	}
	ones, err := person.Ones(ctx, a.H.DB, people)
	for _, all := range ones {
		for _, p := range all {
			if !seated[p] {
				seated[p] = true
				out = append(out, p)
			}
		}
	}
	return out, err
}

// read reads the courses of a group. One whose files are still on their way is left out.
func read(a *door.Ask, group id.ID) (out []*learn.Reader, err error) {
	versions, err := a.H.Courses.Of(a.R.Context(), a.H.DB, group)
	if err != nil {
		return nil, err
	}
	for _, v := range versions {
		r, err := learn.Of(a, v)
		if errors.Is(err, course.ErrComing) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func marking(a *door.Ask) error {
	list, err := waiting(a, a.Scope)
	if err != nil {
		return err
	}
	var ids []id.ID
	for _, w := range list {
		ids = append(ids, w.seat)
	}
	people, err := a.H.People.Of(a.R.Context(), a.H.DB, a.Scope, ids)
	if err != nil {
		return err
	}
	a.Shows(look.Listed, look.Group, people...)
	named := map[id.ID]*person.Person{}
	for _, p := range people {
		named[p.ID] = p
	}
	v := Marking{Days: markingDays}
	at := map[id.ID]int{}
	for _, w := range list {
		p := named[w.seat]
		if p == nil {
			continue
		}
		i, ok := at[w.group.ID]
		if !ok {
			i, at[w.group.ID] = len(v.Groups), len(v.Groups)
			v.Groups = append(v.Groups, MarkingGroup{Name: w.group.Name, URL: "/groups/" + w.group.ID.String() + "/learning"})
		}
		row := MarkingRow{URL: w.url(), Lesson: w.reader.Say(w.reader.Course.Lesson(w.At.Lesson).Title), Title: w.reader.TitleOf(w.At), On: w.On.Local().Format(time.DateOnly)}
		row.Name, _ = a.Names(p.Details)
		v.Groups[i].Rows = append(v.Groups[i].Rows, row)
	}
	return a.Render("teach/marking", v)
}

// toMark is the task that works make which wait to be judged. Who answers for a whole country judges none.
func toMark(a *door.Ask, v *Today) error {
	if !a.May(access.Teach) {
		return nil
	}
	scope, err := a.ScopeOf(access.Teach)
	if err != nil || scope.All() {
		return err
	}
	list, err := waiting(a, scope)
	if n := len(list); n > 0 {
		v.Tasks = append(v.Tasks, Task{Kind: "marking", Text: a.P.T("today.task.marking", "n", n), Since: list[0].On.Local().Format(time.DateOnly), URL: "/marking"})
	}
	return err
}

// judgement is a work that an address names, with all that is said of it.
type judgement struct {
	centre id.ID
	work   progress.Handed
	reader *learn.Reader
	rubric []course.Criterion
	marks  []teaching.Mark
}

func judging(a *door.Ask) (j judgement, v MarkWork, err error) {
	ctx := a.R.Context()
	c, p, err := member(a)
	if err != nil {
		return j, v, err
	}
	piece, err := a.ID("piece")
	if err != nil {
		return j, v, err
	}
	j.centre = c.Centre
	j.work, err = a.H.Progress.Work(ctx, a.H.DB, c.Centre, piece)
	if errors.Is(err, progress.ErrNoWork) {
		err = fs.ErrNotExist
	}
	if err != nil {
		return j, v, err
	}
	own, err := person.Records(ctx, a.H.DB, p.ID)
	if err != nil {
		return j, v, err
	}
	courses, err := read(a, c.ID)
	if err != nil {
		return j, v, err
	}
	for _, r := range courses {
		if r.Version.Code == j.work.At.Course {
			j.reader, j.rubric = r, r.Rubric(j.work.At)
		}
	}
	if len(j.rubric) == 0 || !slices.Contains(own, j.work.Person) {
		return j, v, fs.ErrNotExist
	}
	self := "/groups/" + c.ID.String() + "/learning/" + p.ID.String()
	v = MarkWork{Group: c.Name, GroupURL: "/groups/" + c.ID.String() + "/learning", LearnerURL: self, MarkingURL: "/marking", Action: self + "/" + piece.String() + "/marks", Errors: map[string]string{}}
	v.Name, v.Other = a.Names(p.Details)
	v.Lesson = j.reader.Say(j.reader.Course.Lesson(j.work.At.Lesson).Title)
	works, err := j.reader.Works(p.ID, func(o progress.Work) string {
		if o.Centre != c.Centre {
			return ""
		}
		return self + "/" + o.ID.String()
	})
	if err != nil {
		return j, v, err
	}
	for _, o := range works {
		switch {
		case o.ID == piece && o.Centre == c.Centre:
			v.Shown = []learn.Work{o.Work}
		case o.At == j.work.At:
			if o.Centre == c.Centre {
				o.MarkURL = self + "/" + o.ID.String() + "/marks"
			}
			v.Others = append(v.Others, o.Work)
		}
	}
	marks, err := a.H.Teaching.Marks(ctx, a.H.DB, c.Centre, []id.ID{piece})
	j.marks = marks[piece]
	v.Seen = teaching.Seen(j.marks)
	for i, k := range j.rubric {
		x := MarkCriterion{Name: "level_" + strconv.Itoa(i), Criterion: j.reader.Say(k.Criterion)}
		for n, t := range k.Levels {
			x.Levels = append(x.Levels, MarkLevel{Value: strconv.Itoa(n + 1), Text: j.reader.Say(t)})
		}
		v.Rubric = append(v.Rubric, x)
	}
	return j, v, err
}

// choose fills in the levels of a form.
func (v *MarkWork) choose(levels []int) {
	for i := range v.Rubric {
		for n := range v.Rubric[i].Levels {
			v.Rubric[i].Levels[n].Chosen = i < len(levels) && levels[i] == n+1
		}
	}
}

func mark(a *door.Ask) error {
	j, v, err := judging(a)
	if err != nil {
		return err
	}
	if err := a.H.Looks.Note(a.R.Context(), a.Actor(), look.Read, j.work.Person); err != nil {
		return err
	}
	if len(j.marks) > 0 { // to be corrected
		last := j.marks[len(j.marks)-1]
		v.Comment = last.Comment
		_, was, err := j.reader.RubricOf(last.Version, j.work.At)
		if err != nil {
			return err
		}
		if learn.SameRubric(was, j.rubric) { // otherwise its levels mean others
			v.choose(last.Levels)
		}
	}
	return a.Render("teach/mark", v)
}

func marked(a *door.Ask) error {
	j, v, err := judging(a)
	if err != nil {
		return err
	}
	levels := make([]int, len(j.rubric))
	for i, k := range j.rubric {
		name := "level_" + strconv.Itoa(i)
		typed := a.R.PostFormValue(name)
		if typed == "" {
			continue
		}
		if levels[i], err = strconv.Atoi(typed); err != nil || levels[i] < 1 || levels[i] > len(k.Levels) {
			levels[i], v.Errors[name] = 0, a.P.T("marking.no_level")
		}
	}
	v.choose(levels)
	v.Comment = a.R.PostFormValue("comment")
	if len(v.Errors) == 0 {
		err = a.H.Teaching.Mark(a.R.Context(), a.Actor(), j.centre, j.work, j.reader.Version.ID, levels, learn.Tops(j.rubric), v.Comment, a.R.PostFormValue("seen"))
		switch {
		case errors.Is(err, teaching.ErrLevels):
			v.Errors["level_0"] = a.P.T("marking.one_level")
		case errors.Is(err, teaching.ErrComment):
			v.Errors["comment"] = a.P.T("error.too_long", "n", teaching.MaxComment)
		case errors.Is(err, teaching.ErrSeen):
			v.Errors[""] = a.P.T("marking.meanwhile")
		case err != nil:
			return err
		}
	}
	if len(v.Errors) > 0 {
		return a.Again("teach/mark", v)
	}
	a.Notify("good", "marking.kept")
	return a.Go("/marking")
}
