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
	MarkingURL                          string // the works that wait to be judged
	WallURL                             string
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
	// Opens are the tests that the reader may open and close.
	Opens []OpenTest
}

// OpenTest is a test of a course, open to a group or not, which some have taken. Its form posts course, test and do.
type OpenTest struct {
	Kind      string
	Open      bool
	First     bool // it is open to whoever has done no lesson: nobody has said anything of it
	Conflict  bool // two said otherwise who had not seen each other
	Taken, Of int
	Action    string
}

// GridLesson is a column.
type GridLesson struct {
	N           int
	Title       learn.Said
	PrintURL    string
	RehearseURL string
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

// Marking is the screen teach/marking: the works that wait to be judged, by group, those that wait longest first.
type Marking struct {
	Days   int // how far back it looks
	Groups []MarkingGroup
	Pager  shell.Pager
}

// MarkingGroup is a group with its works.
type MarkingGroup struct {
	Name, URL string
	Rows      []MarkingRow
}

// MarkingRow is a work.
type MarkingRow struct {
	Name, URL     string
	Lesson, Title learn.Said
	On            string // a date
}

// MarkWork is the screen teach/mark: a work and the rubric that it is judged by. It posts level_0 and so on, comment, seen.
type MarkWork struct {
	Name, Other        string
	Group, GroupURL    string
	LearnerURL         string
	Lesson             learn.Said
	Shown              []learn.Work // the work
	Others             []learn.Work // what was handed in for it otherwise, before and after
	Rubric             []MarkCriterion
	Comment            string
	Seen               string
	Action, MarkingURL string
	Errors             map[string]string
}

// MarkCriterion is a criterion with its levels.
type MarkCriterion struct {
	Name      string // of its field
	Criterion learn.Said
	Levels    []MarkLevel
}

// MarkLevel is a level that can be chosen.
type MarkLevel struct {
	Value  string
	Text   learn.Said
	Chosen bool
}

// SessionLesson is the screen teach/going: where a group goes on in a session, and where it stopped. It posts course, lesson and stop.
type SessionLesson struct {
	Group, GroupURL string
	SheetURL        string
	Date, From, To  string
	Courses         []GoesOn
	Locked          string // why nothing can be said of it
	Action          string
	Errors          map[string]string
}

// GoesOn is where a group goes on in a course. It has no lesson once all are done.
type GoesOn struct {
	Code           string
	Course, Lesson learn.Said
	Minutes        int
	From           learn.Said // the line of its plan to begin with, where the lesson was not finished
	PrintURL       string
	RehearseURL    string
	Stop           *StopForm
}

// StopForm says how far a group came with a lesson.
type StopForm struct {
	Lesson         learn.Said
	Path           string
	Lessons        []shell.Option
	Lines          []StopLine
	Chosen         string
	Said, Conflict bool // it was said before, by two who had not seen each other
}

// StopLine is a line of a plan that the group goes on with.
type StopLine struct {
	Value string
	N     int
	Text  learn.Said
}

// Teams is the screen teach/teams: the small groups of a session. It posts do: split with by, n, how and seed, or save with a number for
// each learner, team_ and their id.
type Teams struct {
	Group, SheetURL string
	Date, From, To  string
	Members         []TeamMember // who is here
	Teams           []TeamRow
	Rest            []TeamMember // here and in none
	Out             []string     // names of who is not here
	Numbers         []shell.Option
	Made, Conflict  bool
	By, N, How      string
	Bys, Hows       []shell.Option
	Seed            string
	Locked          string
	Action          string
	Errors          map[string]string
}

// TeamRow is a small group.
type TeamRow struct {
	N       int
	Members []TeamMember
}

// TeamMember is somebody in one; Team is its number, or "".
type TeamMember struct{ ID, Name, Team string }

// Wall is the screen teach/wall: what the learners of a group show each other. It posts do: allow, forbid, or bar with work.
type Wall struct {
	Name, GroupURL string
	Allowed        bool
	Works          []learn.OnWall
	Action         string // "" for whoever only looks
	Errors         map[string]string
}
