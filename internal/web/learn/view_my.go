package learn

import "tizi/internal/i18n"

// MyHome is the screen learn/home: the one next step of a learner, and the star of the module that it is in.
type MyHome struct {
	Courses          []MyCard
	StarURL, WorkURL string
	KnownURL         string
}

// MyCard is a course of a learner's group.
type MyCard struct {
	URL         string
	Title       Said
	Module      Said // that the next step is in; without words once all is done
	Done, Total int  // lessons of that module
	Next        *MyNext
}

// MyNext is what comes next.
type MyNext struct {
	URL   string
	Kind  string // pre, post or lesson
	Name  Said
	Begun bool
}

// MyCourse is the screen learn/mine.
type MyCourse struct {
	Title       Said
	HomeURL     string
	Done, Total int
	Tests       []MyTestRow
	Modules     []MyModule
	Next        *MyNext
	Preview     *Preview
}

// MyTestRow is a test of a course.
type MyTestRow struct {
	Kind, URL string // without an address it is not the time for it
	When      string // the time for it: that of pre, or of post
	Done      bool
}

// MyModule is a module with its star.
type MyModule struct {
	Title       Said
	Done, Total int
	Lessons     []MyLessonRow
}

// MyLessonRow is a lesson in it.
type MyLessonRow struct {
	URL   string
	Title Said
	State string // "", begun or done
	N, Of int    // steps
}

// MyLesson is the screen learn/my-lesson.
type MyLesson struct {
	Title, Aim Said
	Course     Link
	Dots       []Dot
	N, Of      int
	Begun      bool
	Finished   bool
	Right, Out int    // questions answered rightly, of how many
	Action     string // to begin
	NextURL    string // the first step that is not done
	After      *MyNext
	HomeURL    string
	Preview    *Preview
	Trial      bool
}

// Dot is a step of a lesson.
type Dot struct {
	URL     string
	Name    string
	State   string // "", done, right or wrong
	Current bool
}

// MyStep is the screen learn/step.
type MyStep struct {
	Lesson   Link
	Course   Link
	Dots     []Dot
	N, Of    int
	Title    Said
	Kind     string
	Passage  *Passage
	Media    string
	Tracks   []Track
	Rubric   []Criterion
	Question *Question // of a quiz
	Given    bool      // it was answered; Question says how
	Tries    int
	Lab      *Lab
	Learner  string // whose work the lab's is, at which step, in which version of the course, and where it sends it
	LabAt    string
	LabOf    string
	ShowURL  string // where the learner's works are shown to the group, by id; "" where the trainer does not allow it
	Send     string
	Works    []Work // what was handed in for a project
	Note     string // typed with a project
	Action   string
	Mark     string // of this form: the same one, sent again, counts once
	NextURL  string
	BackURL  string
	Trial    bool // a trainer tries it: nothing is kept
	Errors   map[string]string
	Preview  *Preview
}

// Work is something that a learner made.
type Work struct {
	Title   Said
	On      string // a date
	Note    string
	URL     string // its file; "" where there is none
	Image   bool
	Judged  []Judged // two where two judged it who had not seen each other
	MarkURL string   // where a trainer judges it

	Right, Out int         // of a lab: questions answered rightly, of how many
	Lines      [][2]string // of a lab, in the learner's language: what came of it, and how much
	Drawings   []string    // of a lab: paths of SVG, from 0 to 1000
	WallURL    string      // where the learner shows it to the group; "" where the trainer does not allow it
	Up, Barred bool        // it hangs there; a trainer took it down
}

// Judged is what somebody said of a work.
type Judged struct {
	By, On   string
	Criteria []JudgedBy
	Comment  string
}

// JudgedBy is a criterion with the level that was reached. It has no words where the version that it was judged by is not here.
type JudgedBy struct {
	Criterion, Level Said
	N, Of            int
}

// MyTest is the screen learn/test: a test of a course, which is taken once.
type MyTest struct {
	Kind      string
	Course    Link
	Action    string
	Questions []Question
	Done      bool
	HomeURL   string
	Errors    map[string]string
	Preview   *Preview
}

// MyStar is the screen learn/star.
type MyStar struct {
	HomeURL string
	Courses []MyStarCourse
}

// MyStarCourse is a course with the stars of its modules, and what was learned in it.
type MyStarCourse struct {
	Title     Said
	Modules   []MyModule
	Masteries []Mastered
}

// Mastered is a competency.
type Mastered struct {
	Name   i18n.Text
	Code   string
	N, Of  int // lessons
	Q, QOf int // questions
}

// MyWork is the screen learn/work.
type MyWork struct {
	HomeURL string
	WallURL string
	Works   []Work
	Errors  map[string]string
}

// MyWall is the screen learn/wall: what the learners of a group show each other.
type MyWall struct {
	HomeURL string
	Groups  []WallGroup
}

// WallGroup is the wall of a group.
type WallGroup struct {
	Name  string
	Works []OnWall
}

// OnWall is a work on a wall.
type OnWall struct {
	Work
	Who string // a given name
	ID  string
}

// MyKnown is the screen learn/known: what the centre knows of a learner.
type MyKnown struct {
	HomeURL     string
	Name, Other string
	Birth       string
	Groups      []string
	Came, Of    int // sessions
	Courses     []MyKnownCourse
	Works       int
}

// MyKnownCourse is what is kept of a learner's way through a course.
type MyKnownCourse struct {
	Title                   Said
	Lessons, Tries, Minutes int
}

// Preview says that a course is shown to its author as a learner would see it, and nothing of what is done is kept.
type Preview struct {
	BackURL string // to the draft
	EditURL string // to what is shown
}
