// Package learn is the door of whoever learns: the catalogue of courses, lessons with their texts and questions, and the frameworks that
// lessons teach. All of it is for everybody, without an account.
//
// The types named after a screen are what its template shows; see package centre for what is common to all of them.
package learn

import (
	"html/template"

	"tizi/internal/i18n"
)

// Said is words of a course, in the page's language or in the one that stands for it.
type Said struct {
	Text string
	Lang i18n.Lang
}

// Dir is the direction of the words.
func (s Said) Dir() string { return s.Lang.Dir() }

// Row is a course in a list.
type Row struct {
	URL            string
	Title, Summary i18n.Text
	Hours, Lessons int
	Ages           []int
	Public         string
	Languages      []i18n.Lang
}

// Catalogue is the screen learn/catalogue.
type Catalogue struct{ Rows []Row }

// Course is the screen learn/course.
type Course struct {
	Title, Summary Said
	Row            Row
	Version        int
	Licence        string
	Modules        []Module
	Frameworks     []Taught
	Older          []Link // other versions
}

// Taught is how much of a framework a course teaches.
type Taught struct {
	URL         string
	Title       i18n.Text
	Covered, Of int
}

// Link leads somewhere.
type Link struct {
	URL  string
	Name Said
}

// Module is a part of a course.
type Module struct {
	Title, Summary Said
	Lessons        []LessonRow
}

// LessonRow is a lesson in the outline of a course.
type LessonRow struct {
	URL        string
	Title, Aim Said
	Minutes    int
}

// Lesson is the screen learn/lesson.
type Lesson struct {
	Title, Aim    Said
	Course        Link
	Minutes       int
	Activities    []Activity
	Competencies  []Competency
	Before, After *Link
	PrintURL      string // for trainers
}

// Activity is one thing to do in a lesson.
type Activity struct {
	ID, Kind string
	Title    Said
	Passage  *Passage
	Media    string // the address of a film or a sound
	Tracks   []Track
	URL      string // of a lab or a quiz
	Items    int
	Rubric   []Criterion
}

// Passage is a text, rendered.
type Passage struct {
	HTML  template.HTML // of CommonMark, without HTML of its author
	Lang  i18n.Lang
	Other bool   // it is not in the page's language
	Sound string // the address of it read aloud; ""
}

// Dir is its direction.
func (p Passage) Dir() string { return p.Lang.Dir() }

// Track is captions of a film.
type Track struct {
	URL  string
	Lang i18n.Lang
}

// Criterion is one by which a project is judged.
type Criterion struct {
	Criterion Said
	Levels    []Said
}

// Competency is what a lesson teaches.
type Competency struct {
	Code, URL string
	Name      i18n.Text
}

// Quiz is the screen learn/quiz: a form that is marked here and of which nothing is kept.
type Quiz struct {
	Title       Said
	Lesson      Link
	Action      string
	Seed        string
	Questions   []Question
	Marked      bool
	Got, Of     int // answers that are right, of those that can be
	Unanswered  int
	AgainURL    string
	AnotherLang bool
}

// Question is one item of a quiz.
type Question struct {
	N              int
	ID, Kind, Name string // Name is that of its field
	Prompt         Said
	Options        []Option
	Parts          []Part
	Value          string
	Image          string // of a picture with spots
	Size           [2]int
	Spots          []Spot
	Hint           *Said
	Answered       bool // after marking
	Scored, Right  bool
	Feedback       *Said
}

// Option is something to choose.
type Option struct {
	Value    string
	Text     Said
	Chosen   bool
	Feedback *Said // of a chosen one, after marking
}

// Part is one of several things that a question asks.
type Part struct {
	Name    string
	Text    Said   // what stands before the field
	After   Said   // and, of a text with gaps, behind it
	Value   string // what was given
	Options []Option
	N       int
	Right   bool
}

// Spot is a place in a picture.
type Spot struct {
	N            int
	Shape, Style string
	At           []float64
	X, Y         float64 // where its number stands
}

// Frameworks is the screen learn/frameworks.
type Frameworks struct{ Rows []Framework }

// Framework is one in a list.
type Framework struct {
	URL, Code string
	Title     i18n.Text
	Items     int
}

// FrameworkPage is the screen learn/framework.
type FrameworkPage struct {
	Framework
	CaseURL     string
	CoverageURL string
	Covered, Of int // competencies that a lesson teaches, of all
	Conflict    bool
	Entries     []Entry
}

// Entry is one of a framework.
type Entry struct {
	Code    string
	Text    i18n.Text
	Depth   int
	Lessons []Aligned
}

// Aligned is a lesson that teaches an entry.
type Aligned struct {
	URL           string
	Title, Course i18n.Text
}

// Coverage is the screen learn/coverage: the competencies of a framework, and which lessons teach them.
type Coverage struct {
	Title       i18n.Text
	Code, URL   string // of the framework
	AllURL      string // of all courses, where one alone is shown
	Covered, Of int
	Courses     []Column
	Rows        []Competence
}

// Column is a course beside the competencies.
type Column struct {
	URL         string // of its coverage alone
	Title       i18n.Text
	Covered, Of int
}

// Competence is an entry of a framework and who teaches it; a group of them where Group is set.
type Competence struct {
	Code        string
	Text        i18n.Text
	URL         string // on the framework's page
	Group       bool
	Covered, Of int
	Cells       [][]Aligned // by course
}
