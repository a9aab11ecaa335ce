package teach

import (
	"tizi/internal/web/learn"
	"tizi/internal/web/shell"
)

// Learning is the screen teach/learning: which courses a group follows, how far everybody is, who is stuck.
type Learning struct {
	Name                                string
	RosterURL, SessionsURL, LearningURL string
	Courses                             []Grid
	Action                              string // "" for whoever may not choose courses
	Offered                             []shell.Option
	Errors                              map[string]string
}

// Grid is a course of a group: learners by lessons.
type Grid struct {
	Code    string
	Title   learn.Said
	Version int
	Newer   int // the newest version, where it is another
	NewerID string
	Coming  bool // its files are still on their way
	Lessons []GridLesson
	Rows    []GridRow
	Stuck   []StuckRow
	// Tests says that there are both; the gains are of GainN of People of the group, and of AllN of whom the reader sees.
	Tests               bool
	GainN, People, AllN int
	Gain, All           string
}

// GridLesson is a column.
type GridLesson struct {
	N        int
	Title    learn.Said
	PrintURL string
}

// GridRow is a learner.
type GridRow struct {
	Name, URL       string
	Cells           []GridCell
	Done, Of        int
	Pre, Post, Gain string
}

// GridCell is how far a learner is with a lesson.
type GridCell struct {
	Lesson, N, Of int
	State, Stuck  string
}

// StuckRow is somebody who does not get on.
type StuckRow struct {
	Name, URL    string
	Lesson, Step learn.Said
	Why          string // tries or idle
	Failed       int
	Minutes      int
}

// LearnerPage is the screen teach/learner: what one learner of a group did.
type LearnerPage struct {
	Name, Other     string
	Group, GroupURL string
	Courses         []LearnerCourse
	Refused         []RefusedRow // what tablets handed in and could not be taken
}

// RefusedRow is one of it.
type RefusedRow struct{ On, Why string }

// LearnerCourse is a learner in a course.
type LearnerCourse struct {
	Title           learn.Said
	Pre, Post, Gain string
	Lessons         []LearnerLesson
	Masteries       []learn.Mastered
	Answers         []AnswerRow
	Works           []learn.Work
}

// LearnerLesson is a lesson that was begun.
type LearnerLesson struct {
	Title                 learn.Said
	N, Of, Tries, Minutes int
	Last                  string
	Done                  bool
}

// AnswerRow is an answer.
type AnswerRow struct {
	On    string
	Asked learn.Said
	Given []learn.Said
	Right int // -1: nothing is right or wrong
}
