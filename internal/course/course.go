// Package course knows courses: what is taught, as a folder of texts, questions and pictures in several languages. It reads and checks
// such folders, keeps them version by version as facts of commons with their files as blobs, and gives the same bytes back. Where a course
// is taught, and what was learned, is said elsewhere.
package course

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"tizi/internal/i18n"
	"tizi/internal/quiz"
)

// Kinds of activities.
const (
	Reading = "reading"
	Video   = "video"
	Audio   = "audio"
	Talk    = "talk" // questions for the group
	Quiz    = "quiz"
	Lab     = "lab"
	Project = "project" // what goes into the portfolio
)

// ActivityKinds lists them.
var ActivityKinds = []string{Reading, Video, Audio, Talk, Quiz, Lab, Project}

// Sections are what the trainer's text of a lesson has, by the ids of its headings.
var Sections = []string{"prepare", "steps", "talk", "wrong", "unplugged", "home", "safe"}

// Course is a course as it was read.
type Course struct {
	Code      string                    `yaml:"-"`
	Title     i18n.Text                 `yaml:"title,required"`
	Summary   i18n.Text                 `yaml:"summary"`
	Audience  Audience                  `yaml:"audience"`
	Hours     int                       `yaml:"hours,required"`
	Languages []i18n.Lang               `yaml:"languages,required"` // the first is the one that it was written in
	Fallback  map[i18n.Lang][]i18n.Lang `yaml:"fallback"`
	Licence   string                    `yaml:"licence,required"`
	Version   int                       `yaml:"version,required"`
	In        []string                  `yaml:"modules,required"` // folders
	Pretest   string                    `yaml:"pretest"`
	Posttest  string                    `yaml:"posttest"`

	Modules []*Module  `yaml:"-"`
	Pre     *quiz.Quiz `yaml:"-"` // nil: there is none
	Post    *quiz.Quiz `yaml:"-"`
	Line    int        `yaml:"-"`
}

// Audience is whom a course is for.
type Audience struct {
	Ages   []int  `yaml:"ages"`   // from, to
	Public string `yaml:"public"` // such as trainers
	Line   int    `yaml:"-"`
}

// Module is a part of a course.
type Module struct {
	Name    string    `yaml:"-"` // its folder
	Title   i18n.Text `yaml:"title,required"`
	Summary i18n.Text `yaml:"summary"`
	In      []string  `yaml:"lessons,required"`

	Lessons []*Lesson `yaml:"-"`
	Line    int       `yaml:"-"`
}

// Lesson is what one session teaches.
type Lesson struct {
	Module       string      `yaml:"-"`
	Name         string      `yaml:"-"`
	Title        i18n.Text   `yaml:"title,required"`
	Aim          i18n.Text   `yaml:"aim,required"`
	Minutes      int         `yaml:"minutes,required"`
	Competencies []string    `yaml:"competencies,required"`
	Materials    []i18n.Text `yaml:"materials"`
	Plan         []Step      `yaml:"plan,required"`
	Activities   []Activity  `yaml:"activities,required"`
	Trainer      string      `yaml:"trainer,required"`

	Texts map[string]Passages `yaml:"-"` // by name
	Line  int                 `yaml:"-"`
}

// Step is a line of the time plan.
type Step struct {
	Minutes  int       `yaml:"minutes,required"`
	Activity string    `yaml:"activity"`
	Text     i18n.Text `yaml:"text"`
	Line     int       `yaml:"-"`
}

// Activity is what a learner does.
type Activity struct {
	ID       string               `yaml:"id,required"`
	Kind     string               `yaml:"kind,required"`
	Title    i18n.Text            `yaml:"title,required"`
	Text     string               `yaml:"text"`     // the name of a text
	Lab      string               `yaml:"lab"`      // one of labs.Names
	Quiz     string               `yaml:"quiz"`     // the name of a quiz
	Media    string               `yaml:"media"`    // of video and audio: a file of the lesson
	Captions map[i18n.Lang]string `yaml:"captions"` // of video: WebVTT files
	Rubric   []Criterion          `yaml:"rubric"`

	Items *quiz.Quiz `yaml:"-"`
	Line  int        `yaml:"-"`
}

// MaxCriteria is how many criteria a rubric has at most: more of them nobody judges.
const MaxCriteria = 20

// Criterion is one thing by which a project, or what a lab keeps, is judged.
type Criterion struct {
	Criterion i18n.Text   `yaml:"criterion,required"`
	Levels    []i18n.Text `yaml:"levels,required"` // from the least to the most
	Line      int         `yaml:"-"`
}

// Passages is a text in its languages.
type Passages map[i18n.Lang]*Passage

// Passage is a text in one language.
type Passage struct {
	File   string // in the course's folder
	Sound  string // of it read aloud; "" without
	Source []byte // CommonMark
}

// Dir is the lesson's folder in the course's.
func (l *Lesson) Dir() string { return path.Join("modules", l.Module, l.Name) }

// Path names a lesson within its course.
func (l *Lesson) Path() string { return l.Module + "/" + l.Name }

// Activity returns the activity with an id, or nil.
func (l *Lesson) Activity(id string) *Activity {
	for i := range l.Activities {
		if l.Activities[i].ID == id {
			return &l.Activities[i]
		}
	}
	return nil
}

// Rubric is that of a step, an activity of a lesson; nil where there is none.
func (c *Course) Rubric(lesson, step string) []Criterion {
	if l := c.Lesson(lesson); l != nil {
		if x := l.Activity(step); x != nil {
			return x.Rubric
		}
	}
	return nil
}

// Chain is the order in which languages are looked for: the one asked for, what the course says falls back for it, and then those that it
// is written in.
func (c *Course) Chain(l i18n.Lang) []i18n.Lang {
	out := []i18n.Lang{l}
	for _, x := range slices.Concat(c.Fallback[l], c.Languages) {
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}

// Say returns a text in a language or what stands for it, and the language of what is given; "" of an empty text.
func (c *Course) Say(t i18n.Text, l i18n.Lang) (string, i18n.Lang) {
	for _, x := range c.Chain(l) {
		if s := t[x]; s != "" {
			return s, x
		}
	}
	return t.In(l)
}

// Passage returns a text of a lesson in a language or what stands for it, or nil.
func (c *Course) Passage(of Passages, l i18n.Lang) (*Passage, i18n.Lang) {
	for _, x := range append(c.Chain(l), i18n.Langs...) {
		if p := of[x]; p != nil {
			return p, x
		}
	}
	return nil, ""
}

// Lesson returns the lesson of a path such as "feu/premiers-pas", or nil.
func (c *Course) Lesson(p string) *Lesson {
	module, name, _ := strings.Cut(p, "/")
	for _, m := range c.Modules {
		for _, l := range m.Lessons {
			if m.Name == module && l.Name == name {
				return l
			}
		}
	}
	return nil
}

// Lessons are all lessons in their order.
func (c *Course) Lessons() (out []*Lesson) {
	for _, m := range c.Modules {
		out = append(out, m.Lessons...)
	}
	return out
}

// Beside returns the lessons before and after one; nil where there is none.
func (c *Course) Beside(l *Lesson) (before, after *Lesson) {
	all := c.Lessons()
	i := slices.Index(all, l)
	if i > 0 {
		before = all[i-1]
	}
	if i >= 0 && i+1 < len(all) {
		after = all[i+1]
	}
	return before, after
}

// Minutes are those of all lessons.
func (c *Course) Minutes() (n int) {
	for _, l := range c.Lessons() {
		n += l.Minutes
	}
	return n
}

// source gives the files of a course.
type source interface {
	// files are the paths of all, sorted, with how many bytes they have.
	files() []file
	// read returns a file, which was listed.
	read(name string) ([]byte, error)
}

type file struct {
	path string
	size int64
}

func order(l []file) []file {
	slices.SortFunc(l, func(a, b file) int { return cmp.Compare(a.path, b.path) })
	return l
}
