package teach

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
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
	"tizi/internal/web/shell"
)

func markingRoutes(d *door.Door) {
	d.Handle("GET /marking", access.Teach, marking)
	d.Handle("GET /groups/{group}/learning/{person}/{piece}/marks", access.Teach, mark)
	d.Handle("POST /groups/{group}/learning/{person}/{piece}/marks", access.Teach, marked)
}

const (
	markingDays = 180  // how far back a work waits
	markingPage = 50   // works of a page, and those that the day counts
	markingRead = 1000 // works that are looked at for a page, of whoever has no seat any more too
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

// waiting are works that the account has to judge, those that wait longest first, at most max: of each step the last that somebody handed in,
// by whichever of their records, in a group of the centre where it was made. next is the last that was looked at where there may be more.
func waiting(a *door.Ask, scope access.Scope, after progress.Work, max int) (out []waits, next *progress.Work, err error) {
	ctx := a.R.Context()
	f := teaching.Waits{Scope: scope, Since: a.H.Log.Clock.Now().AddDate(0, 0, -markingDays), After: after, Max: max + 1}
	if f.At, err = judgeable(a); err != nil {
		return nil, nil, err
	}
	groups := map[id.ID]*training.Cohort{}
	readers := map[id.ID][]*learn.Reader{}
	for seen := 0; ; seen += f.Max {
		list, err := a.H.Teaching.Waiting(ctx, a.H.DB, f)
		if err != nil || len(list) == 0 {
			return out, nil, err
		}
		people := make([]id.ID, len(list))
		for i, w := range list {
			people[i] = w.Person
		}
		slices.SortFunc(people, func(a, b id.ID) int { return slices.Compare(a[:], b[:]) })
		seats, err := a.H.Training.OfPeople(ctx, a.H.DB, slices.Compact(people))
		if err != nil {
			return nil, nil, err
		}
		for _, w := range list {
			if len(out) == max || seen >= markingRead {
				return out, &f.After, nil
			}
			f.After = w.Work
			x := waits{Handed: w}
			for _, e := range seats[w.Person] {
				if x.group != nil || e.Cohort.IsNil() || e.Centre != w.Centre || !learner.Seated(e) {
					continue
				}
				c, ok := groups[e.Cohort]
				if !ok {
					c, err = a.H.Training.Cohort(ctx, a.H.DB, scope, e.Cohort, a.Today())
					if errors.Is(err, training.ErrNoGroup) {
						c, err = nil, nil
					}
					if err != nil {
						return nil, nil, err
					}
					if groups[e.Cohort] = c; c != nil {
						if readers[e.Cohort], err = read(a, e.Cohort); err != nil {
							return nil, nil, err
						}
					}
				}
				for _, r := range readers[e.Cohort] {
					if r.Version.Code == w.At.Course && len(r.Rubric(w.At)) > 0 {
						x.group, x.seat, x.reader = c, e.Person, r
					}
				}
			}
			if x.group != nil {
				out = append(out, x)
			}
		}
		if len(list) < f.Max {
			return out, nil, nil
		}
	}
}

// judgeable are the steps that have a rubric in a version of a course that some group follows.
func judgeable(a *door.Ask) (out []progress.At, err error) {
	ctx := a.R.Context()
	versions, err := a.H.Courses.InUse(ctx, a.H.DB)
	if err != nil {
		return nil, err
	}
	for _, v := range versions {
		c, err := a.H.Courses.Load(ctx, a.H.DB, v)
		if errors.Is(err, course.ErrComing) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, l := range c.Lessons() {
			for _, x := range l.Activities {
				if at := (progress.At{Course: v.Code, Lesson: l.Path(), Step: x.ID}); len(x.Rubric) > 0 && !slices.Contains(out, at) {
					out = append(out, at)
				}
			}
		}
	}
	return out, nil
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
	after, err := afterOf(a.R.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	list, next, err := waiting(a, a.Scope, after, markingPage)
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
	v := Marking{Days: markingDays, Pager: shell.Pager{Total: -1}}
	if next != nil {
		v.Pager.Next = fmt.Sprintf("/marking?after=%d.%s", next.On.UnixMilli(), next.ID)
	}
	if !after.On.IsZero() {
		v.Pager.Prev = "/marking"
	}
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

// afterOf reads where a page begins: behind a work, by its moment and its id.
func afterOf(s string) (w progress.Work, err error) {
	if s == "" {
		return w, nil
	}
	ms, work, _ := strings.Cut(s, ".")
	at, err := strconv.ParseInt(ms, 10, 64)
	if err == nil {
		w.On = time.UnixMilli(at)
		w.ID, err = id.Parse(work)
	}
	if err != nil {
		return w, fs.ErrNotExist
	}
	return w, nil
}

// ownCentres is how many centres somebody answers for at most whose works they judge themselves: who answers for a region, or a country,
// judges none, and finds them on the page of the works.
const ownCentres = 3

// toMark is the task that works make which wait to be judged.
func toMark(a *door.Ask, v *Today) error {
	if !a.May(access.Teach) {
		return nil
	}
	scope, err := a.ScopeOf(access.Teach)
	if err != nil || scope.All() || len(scope.Centres()) > ownCentres {
		return err
	}
	list, next, err := waiting(a, scope, progress.Work{}, markingPage)
	if n := len(list); n > 0 {
		key := "today.task.marking"
		if next != nil {
			key = "today.task.marking_more"
		}
		v.Tasks = append(v.Tasks, Task{Kind: "marking", Text: a.P.T(key, "n", n), Since: list[0].On.Local().Format(time.DateOnly), URL: "/marking"})
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
