package teach

import "tizi/internal/web/learn"

// Lesson is the screen teach/lesson: what a trainer has in hand.
type Lesson struct {
	Title, Course, Aim learn.Said
	Minutes, Version   int
	Materials          []learn.Said
	Plan               []LessonStep
	Competencies       []learn.Competency
	Text               *learn.Passage // with its sections
	BackURL            string
}

// LessonStep is a line of the time plan; From and To are minutes since the beginning.
type LessonStep struct {
	From, To, Minutes int
	Kind              string // of the activity; ""
	Activity, Text    learn.Said
}
