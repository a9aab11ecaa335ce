package learn

import (
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"tizi/internal/access"
	"tizi/internal/blob"
	"tizi/internal/course"
	"tizi/internal/framework"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/quiz"
	"tizi/internal/web/door"
	"tizi/internal/web/open"
)

// Routes adds the routes of this door.
func Routes(d *door.Door, labs []Lab) {
	labRoutes(d, labs)
	offlineRoutes(d, labs)
	of := func(pattern string, action access.Action, fn func(*door.Ask) error) {
		d.Handle(pattern, action, func(a *door.Ask) error {
			err := fn(a)
			switch {
			case errors.Is(err, course.ErrUnknown), errors.Is(err, framework.ErrUnknown):
				err = fs.ErrNotExist
			case errors.Is(err, course.ErrComing):
				a.D.S.Render(a.W, a.R, http.StatusServiceUnavailable, "open/error", open.Error{Status: http.StatusServiceUnavailable, Detail: a.P.T("learn.coming"), BackURL: "/"})
				return nil
			}
			return err
		})
	}
	handle := func(pattern string, fn func(*door.Ask) error) { of(pattern, door.Public, fn) }
	myRoutes(d, of, labs)
	rehearseRoutes(of, labs)
	handle("GET /learn", catalogue)
	handle("GET /learn/{course}", one)
	handle("GET /learn/{course}/{module}/{lesson}", lesson)
	handle("GET /learn/{course}/{module}/{lesson}/{exercise}", try)
	handle("POST /learn/{course}/{module}/{lesson}/{exercise}", tried)
	handle("GET /course-files/{version}", asset)
	handle("GET /frameworks", frameworks)
	handle("GET /frameworks/{framework}", oneFramework)
	handle("GET /frameworks/{framework}/coverage", coverage)
}

// Reader reads one version of a course for a page.
type Reader struct {
	a       *door.Ask
	Version course.Version
	Course  *course.Course
	numbers bool // addresses say the version: it is not the newest
	files   *Files
	used    map[string]bool // takes the addresses of files, unless it is nil
}

// Files are those of a course that was not taken in.
type Files struct {
	URL  func(file string) string
	Open func(file string) (f io.ReadCloser, kind string, err error)
}

// Read finds the course that a page asks for: the newest version, or the one that it names.
func Read(a *door.Ask) (*Reader, error) {
	ctx := a.R.Context()
	n := 0
	if s := a.R.URL.Query().Get("version"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil || n < 1 {
			return nil, course.ErrUnknown
		}
	}
	v, err := a.H.Courses.Find(ctx, a.H.DB, a.R.PathValue("course"), n)
	if err != nil {
		return nil, err
	}
	c, err := a.H.Courses.Load(ctx, a.H.DB, *v)
	if err != nil {
		return nil, err
	}
	return &Reader{a: a, Version: *v, Course: c, numbers: n > 0}, nil
}

// URL is an address below the course's page.
func (r *Reader) URL(parts ...string) string {
	u := "/learn/" + r.Version.Code
	for _, p := range parts {
		u += "/" + p
	}
	return r.As(u)
}

// As gives an address the version that this page shows.
func (r *Reader) As(u string) string {
	if r.numbers {
		u += "?version=" + strconv.Itoa(r.Version.Version)
	}
	return u
}

// Say is words in the page's language, or in the one that the course says stands for it.
func (r *Reader) Say(t i18n.Text) Said {
	s, l := r.Course.Say(t, r.a.Lang)
	return Said{s, l}
}

func (r *Reader) maybe(t i18n.Text) *Said {
	if len(t) == 0 {
		return nil
	}
	s := r.Say(t)
	return &s
}

// file is the address of a file of the course.
func (r *Reader) file(p string) string {
	if r.files != nil {
		return r.files.URL(p)
	}
	u := r.a.D.S.Files(r.a.R) + "/course-files/" + r.Version.ID.String() + "?file=" + url.QueryEscape(p)
	if r.used != nil {
		r.used[u] = true
	}
	return u
}

// Passage renders a text of a lesson; nil where there is none.
func (r *Reader) Passage(l *course.Lesson, name string) (*Passage, error) {
	p, lang := r.Course.Passage(l.Texts[name], r.a.Lang)
	if p == nil {
		return nil, nil
	}
	html, err := p.HTML(r.file)
	out := &Passage{HTML: template.HTML(html), Lang: lang, Other: lang != r.a.Lang}
	if p.Sound != "" {
		out.Sound = r.file(p.Sound)
	}
	return out, err
}

// Competencies names what a lesson teaches.
func (r *Reader) Competencies(codes []string) ([]Competency, error) {
	known, err := r.a.H.Frameworks.Index(r.a.R.Context(), r.a.H.DB)
	if err != nil {
		return nil, err
	}
	var out []Competency
	for _, c := range codes {
		it, _, _ := known.Find(c)
		code, item, _ := strings.Cut(c, ":")
		out = append(out, Competency{Code: c, Name: it.Text, URL: "/frameworks/" + code + "#c-" + item})
	}
	return out, nil
}

func row(v course.Version) Row {
	return Row{URL: "/learn/" + v.Code, Title: v.Title, Summary: v.Summary, Hours: v.Hours, Lessons: len(v.Lessons), Ages: v.Ages, Public: v.Public, Languages: v.Languages}
}

func catalogue(a *door.Ask) error {
	l, err := a.H.Courses.List(a.R.Context(), a.H.DB)
	v := Catalogue{}
	if a.Account != nil && a.May(access.WriteCourses) {
		v.WriteURL = "/authoring"
	}
	for _, x := range l {
		v.Rows = append(v.Rows, row(x))
	}
	if err != nil {
		return err
	}
	return a.Render("learn/catalogue", v)
}

func one(a *door.Ask) error {
	r, err := Read(a)
	if err != nil {
		return err
	}
	c := r.Course
	v := Course{Title: r.Say(c.Title), Summary: r.Say(c.Summary), Row: row(r.Version), Version: c.Version, Licence: c.Licence}
	for _, m := range c.Modules {
		x := Module{Title: r.Say(m.Title), Summary: r.Say(m.Summary)}
		for _, l := range m.Lessons {
			x.Lessons = append(x.Lessons, LessonRow{r.URL(m.Name, l.Name), r.Say(l.Title), r.Say(l.Aim), l.Minutes})
		}
		v.Modules = append(v.Modules, x)
	}
	if v.Frameworks, err = taught(a, r.Version.Published); err != nil {
		return err
	}
	all, err := a.H.Courses.Versions(a.R.Context(), a.H.DB, c.Code)
	if err != nil {
		return err
	}
	for _, o := range all {
		if o.ID != r.Version.ID {
			v.Older = append(v.Older, Link{fmt.Sprintf("/learn/%s?version=%d", o.Code, o.Version), Said{a.P.T("learn.version", "n", o.Version), a.Lang}})
		}
	}
	return a.Render("learn/course", v)
}

// Lesson finds the lesson that a page asks for.
func (r *Reader) Lesson() (*course.Lesson, error) {
	l := r.Course.Lesson(r.a.R.PathValue("module") + "/" + r.a.R.PathValue("lesson"))
	if l == nil {
		return nil, course.ErrUnknown
	}
	return l, nil
}

func lesson(a *door.Ask) error {
	r, err := Read(a)
	if err != nil {
		return err
	}
	l, err := r.Lesson()
	if err != nil {
		return err
	}
	v := Lesson{Title: r.Say(l.Title), Aim: r.Say(l.Aim), Course: Link{r.URL(), r.Say(r.Course.Title)}, Minutes: l.Minutes}
	if v.Competencies, err = r.Competencies(l.Competencies); err != nil {
		return err
	}
	for _, x := range l.Activities {
		s, err := r.activity(l, &x)
		if err != nil {
			return err
		}
		switch x.Kind {
		case course.Lab:
			s.URL = "/labs/" + x.Lab
		case course.Quiz:
			if x.Items != nil {
				s.URL, s.Items = r.URL(l.Module, l.Name, x.ID), len(x.Items.Items)
			}
		}
		v.Activities = append(v.Activities, s)
	}
	beside := func(l *course.Lesson) *Link {
		if l == nil {
			return nil
		}
		return &Link{r.URL(l.Module, l.Name), r.Say(l.Title)}
	}
	before, after := r.Course.Beside(l)
	v.Before, v.After = beside(before), beside(after)
	if a.Account != nil && a.May(access.ReadGroups) {
		v.PrintURL = r.As("/lessons/" + r.Version.Code + "/" + l.Path())
	}
	return a.Render("learn/lesson", v)
}

// quizOf finds the questions that a page asks for.
func quizOf(a *door.Ask) (*Reader, *course.Lesson, *course.Activity, error) {
	r, err := Read(a)
	if err != nil {
		return nil, nil, nil, err
	}
	l, err := r.Lesson()
	if err != nil {
		return nil, nil, nil, err
	}
	x := l.Activity(a.R.PathValue("exercise"))
	if x == nil || x.Items == nil {
		return nil, nil, nil, course.ErrUnknown
	}
	return r, l, x, nil
}

func try(a *door.Ask) error {
	r, l, x, err := quizOf(a)
	if err != nil {
		return err
	}
	return a.Render("learn/quiz", r.quiz(l, x, id.New().Hex()[20:], nil))
}

// maxSeed bounds what a form brings back as its seed.
const maxSeed = 40

func tried(a *door.Ask) error {
	r, l, x, err := quizOf(a)
	if err != nil {
		return err
	}
	seed := a.R.PostFormValue("seed")
	if len(seed) > maxSeed {
		seed = seed[:maxSeed]
	}
	answers := map[string]quiz.Response{}
	for i := range x.Items.Items {
		it := &x.Items.Items[i]
		resp := quiz.Response{}
		for name, vs := range a.R.PostForm {
			if of, part, _ := strings.Cut(name, "."); of == "q-"+it.ID && vs[0] != "" {
				if resp[part] = vs[0]; len(vs[0]) > 2000 {
					resp[part] = ""
				}
			}
		}
		answers[it.ID] = resp
	}
	return a.Render("learn/quiz", r.quiz(l, x, seed, answers))
}

// quiz is a form with its questions in the order that the seed draws; with answers, marked.
func (r *Reader) quiz(l *course.Lesson, x *course.Activity, seed string, answers map[string]quiz.Response) Quiz {
	at := r.URL(l.Module, l.Name, x.ID)
	v := Quiz{Title: r.Say(x.Title), Lesson: Link{r.URL(l.Module, l.Name), r.Say(l.Title)}, Action: at, AgainURL: at, Seed: seed, Marked: answers != nil}
	for n, asked := range x.Items.Form(seed).Items {
		it := x.Items.Item(asked.ID)
		given := answers[it.ID]
		q := Question{N: n + 1, ID: it.ID, Kind: it.Kind, Name: "q-" + it.ID, Prompt: r.Say(it.Prompt), Value: given[""]}
		if !v.Marked {
			q.Hint = r.maybe(it.Hint)
		}
		m := it.Mark(given)
		r.ask(&q, it, l.Dir(), asked, given, m)
		if v.Marked {
			q.Answered, q.Scored, q.Right = m.Answered, m.Scored, m.Correct
			if q.Scored {
				v.Of++
			}
			if m.Correct {
				v.Got++
			}
			if !m.Answered {
				v.Unanswered++
			}
			if q.Feedback = r.maybe(it.Feedback.Incorrect); m.Correct {
				q.Feedback = r.maybe(it.Feedback.Correct)
			}
		}
		v.AnotherLang = v.AnotherLang || q.Prompt.Lang != r.a.Lang
		v.Questions = append(v.Questions, q)
	}
	return v
}

// ask fills in what a kind of question shows.
func (r *Reader) ask(q *Question, it *quiz.Item, dir string, asked quiz.Asked, given quiz.Response, m quiz.Mark) {
	optionID := func(o quiz.Option) string { return o.ID }
	switch it.Kind {
	case quiz.Choice, quiz.Multiple:
		for _, o := range quiz.Arranged(it.Choices, optionID, asked.Options) {
			x := Option{Value: o.ID, Text: r.Say(o.Text), Chosen: given[""] == o.ID}
			if it.Kind == quiz.Multiple {
				x.Chosen = given[o.ID] != ""
			}
			if x.Chosen {
				x.Feedback = r.maybe(o.Feedback)
			}
			q.Options = append(q.Options, x)
		}
	case quiz.Likert:
		for i, s := range it.Steps {
			n := strconv.Itoa(i + 1)
			q.Options = append(q.Options, Option{Value: n, Text: r.Say(s), Chosen: given[""] == n})
		}
	case quiz.Order:
		for _, o := range quiz.Arranged(it.Sequence, optionID, asked.Options) {
			q.Parts = append(q.Parts, Part{Name: q.Name + "." + o.ID, Text: r.Say(o.Text), Value: given[o.ID], N: len(it.Sequence), Right: m.Right[o.ID]})
		}
	case quiz.Match:
		var right []Option
		for _, p := range quiz.Arranged(it.Pairs, func(p quiz.Pair) string { return p.ID }, asked.Options) {
			right = append(right, Option{Value: p.ID, Text: r.Say(p.Right)})
		}
		for _, p := range it.Pairs {
			x := Part{Name: q.Name + "." + p.ID, Text: r.Say(p.Left), Options: slices.Clone(right), Right: m.Right[p.ID]}
			for i := range x.Options {
				x.Options[i].Chosen = x.Options[i].Value == given[p.ID]
			}
			q.Parts = append(q.Parts, x)
		}
	case quiz.Gap:
		s := r.Say(it.Text)
		from := 0
		for _, at := range quiz.GapMark.FindAllStringSubmatchIndex(s.Text, -1) {
			g := s.Text[at[2]:at[3]]
			q.Parts = append(q.Parts, Part{Name: q.Name + "." + g, Text: Said{s.Text[from:at[0]], s.Lang}, Value: given[g], Right: m.Right[g]})
			from = at[1]
		}
		if n := len(q.Parts); n > 0 {
			q.Parts[n-1].After = Said{s.Text[from:], s.Lang}
		}
	case quiz.Hotspot:
		q.Image = r.file(dir + "/" + it.Image)
		for i, s := range it.Spots {
			if n, ok := quiz.Shapes[s.Shape]; !ok || len(s.At) < n { // of a draft
				continue
			}
			x := Spot{N: i + 1, Shape: s.Shape, At: s.At}
			x.X, x.Y = spot(s)
			q.Spots = append(q.Spots, x)
			name := Said{strconv.Itoa(i + 1), r.a.Lang}
			if len(s.Label) > 0 {
				label := r.Say(s.Label)
				name = Said{strconv.Itoa(i+1) + ". " + label.Text, label.Lang}
			}
			q.Options = append(q.Options, Option{Value: s.ID, Text: name, Chosen: given[""] == s.ID})
		}
		q.Size = r.size(dir + "/" + it.Image)
	}
}

// spot is where the number of a spot stands.
func spot(s quiz.Spot) (x, y float64) {
	switch s.Shape {
	case "circle":
		return s.At[0], s.At[1]
	case "rect": // in its corner: in its middle the picture has something to read
		return min(s.At[0], s.At[2]) + 16, min(s.At[1], s.At[3]) + 16
	}
	n := float64(len(s.At) / 2)
	for i := 0; i+1 < len(s.At); i += 2 {
		x, y = x+s.At[i]/n, y+s.At[i+1]/n
	}
	return x, y
}

// size is that of a picture in its own units, so that spots lie where they belong; zeros where nobody can tell.
func (r *Reader) size(name string) [2]int {
	open := func(name string) (io.ReadCloser, string, error) {
		return r.a.H.Courses.Asset(r.a.R.Context(), r.a.H.DB, r.Version.ID, name)
	}
	if r.files != nil {
		open = r.files.Open
	}
	f, kind, err := open(name)
	if err != nil {
		return [2]int{}
	}
	defer f.Close()
	return course.Size(f, kind)
}

func asset(a *door.Ask) error {
	v, err := a.ID("version")
	if err != nil {
		return err
	}
	f, kind, err := a.H.Courses.Asset(a.R.Context(), a.H.DB, v, a.R.URL.Query().Get("file"))
	if err != nil {
		return err
	}
	defer f.Close()
	return Serve(a, f, kind, true)
}

// Serve answers with a file of a course that is no text of it. lasting says that its address names what is in it.
func Serve(a *door.Ask, f blob.File, kind string, lasting bool) error {
	h := a.W.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox") // a drawing opened by itself runs nothing
	h.Set("X-Content-Type-Options", "nosniff")
	if h.Set("Cache-Control", "private, no-cache"); lasting {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if strings.HasPrefix(kind, "text/") || kind == "application/pdf" {
		h.Set("Content-Disposition", "attachment")
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	http.ServeContent(a.W, a.R, "", info.ModTime(), f)
	return nil
}

func frameworks(a *door.Ask) error {
	l, err := a.H.Frameworks.List(a.R.Context(), a.H.DB)
	if err != nil {
		return err
	}
	v := Frameworks{}
	for _, f := range l {
		v.Rows = append(v.Rows, Framework{"/frameworks/" + f.Code, f.Code, f.Title, f.Items})
	}
	return a.Render("learn/frameworks", v)
}

func oneFramework(a *door.Ask) error {
	ctx := a.R.Context()
	f, err := a.H.Frameworks.Code(ctx, a.H.DB, a.R.PathValue("framework"))
	if err != nil {
		return err
	}
	items, err := a.H.Frameworks.Items(ctx, a.H.DB, f.ID)
	if err != nil {
		return err
	}
	aligned, err := a.H.Courses.Aligned(ctx, a.H.DB, f.Code)
	if err != nil {
		return err
	}
	c := course.Cover(items, aligned)
	at := "/frameworks/" + f.Code
	v := FrameworkPage{Framework: Framework{"", f.Code, f.Title, f.Items}, Conflict: f.Conflict, CaseURL: "/ims/case/v1p0/CFPackages/" + url.PathEscape(f.Identifier()), CoverageURL: at + "/coverage", Covered: c.Covered, Of: c.Of}
	for _, r := range c.Rows {
		v.Entries = append(v.Entries, Entry{Code: r.Item.Code, Text: r.Item.Text, Depth: min(r.Item.Depth, 5), Lessons: alignedTo(r.Lessons)})
	}
	return a.Render("learn/framework", v)
}

func alignedTo(l []course.Alignment) (out []Aligned) {
	for _, x := range l {
		out = append(out, Aligned{"/learn/" + x.Course + "/" + x.Lesson.Path, x.Lesson.Title, x.Title})
	}
	return out
}

// coverage lays the lessons of all courses, or of one, beside the competencies of a framework.
func coverage(a *door.Ask) error {
	ctx := a.R.Context()
	f, err := a.H.Frameworks.Code(ctx, a.H.DB, a.R.PathValue("framework"))
	if err != nil {
		return err
	}
	items, err := a.H.Frameworks.Items(ctx, a.H.DB, f.ID)
	if err != nil {
		return err
	}
	l, err := a.H.Courses.List(ctx, a.H.DB)
	if err != nil {
		return err
	}
	at := "/frameworks/" + f.Code
	v := Coverage{Title: f.Title, Code: f.Code, URL: at}
	if only := a.R.URL.Query().Get("course"); only != "" {
		v.AllURL = at + "/coverage"
		if l = slices.DeleteFunc(l, func(v course.Version) bool { return v.Code != only }); len(l) == 0 {
			return course.ErrUnknown
		}
	}
	var shown []course.Published
	for _, x := range l {
		if c := course.Cover(items, course.Align(f.Code, x.Published)); c.Covered > 0 || v.AllURL != "" {
			v.Courses = append(v.Courses, Column{at + "/coverage?course=" + x.Code, x.Title, c.Covered, c.Of})
			shown = append(shown, x.Published)
		}
	}
	c := course.Cover(items, course.Align(f.Code, shown...))
	v.Covered, v.Of = c.Covered, c.Of
	for _, r := range c.Rows {
		x := Competence{Code: r.Item.Code, Text: r.Item.Text, URL: at + "#c-" + r.Item.Code, Group: r.Group, Covered: r.Covered, Of: r.Of, Cells: make([][]Aligned, len(shown))}
		for i, s := range shown {
			x.Cells[i] = alignedTo(slices.DeleteFunc(slices.Clone(r.Lessons), func(l course.Alignment) bool { return l.Course != s.Code }))
		}
		v.Rows = append(v.Rows, x)
	}
	return a.Render("learn/coverage", v)
}

// taught says how much of each framework that its lessons name a course teaches.
func taught(a *door.Ask, v course.Published) ([]Taught, error) {
	ctx := a.R.Context()
	l, err := a.H.Frameworks.List(ctx, a.H.DB)
	if err != nil {
		return nil, err
	}
	var out []Taught
	for _, f := range l {
		aligned := course.Align(f.Code, v)
		if len(aligned) == 0 {
			continue
		}
		items, err := a.H.Frameworks.Items(ctx, a.H.DB, f.ID)
		if err != nil {
			return nil, err
		}
		c := course.Cover(items, aligned)
		out = append(out, Taught{"/frameworks/" + f.Code + "/coverage?course=" + v.Code, f.Title, c.Covered, c.Of})
	}
	return out, nil
}
