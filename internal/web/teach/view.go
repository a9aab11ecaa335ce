// Package teach is the trainer's door: today, and attendance.
//
// The types named after a screen are what its template shows; see package centre
// for what is common to all of them.
package teach

import (
	"tizi/internal/i18n"
	"tizi/internal/web/chart"
)

// Today is the screen teach/today.
type Today struct {
	// Account is under whom attendance that could not be sent is kept on the device; "" where they take none.
	Account string
	// Date is the civil date at the centre, ISO.
	Date string
	// Name is the given name of who is greeted.
	Name string
	// Holiday is today's, if it is one.
	Holiday  i18n.Text
	Sessions []Session
	Tasks    []Task
	// Week is this week's sessions.
	Week chart.WeekStrip
	// NextDate is the next day with a session, where today has none.
	NextDate string
	GroupURL string
	// SinceDate is when the reader was here before; "" on the first visit.
	SinceDate string
}

// Session is one of today's.
type Session struct {
	From, To string
	Group    string
	GroupURL string
	Room     string
	// Centre is given where the sessions are of several.
	Centre i18n.Text
	Lesson i18n.Text
	// Goes is where the group goes on in each of its courses, LessonURL leads to where it stopped.
	Goes      []GoesOn
	LessonURL string
	// State is later, now, open (over and not marked) or marked.
	State string
	// Expected learners; Present of them, once marked.
	Expected, Present int
	// URL is the attendance sheet.
	URL string
}

// Task is something that waits for somebody.
type Task struct {
	// Kind is absences, consent, double, unmarked or conflict.
	Kind string
	// Text says it in a sentence, Who is whom it is about.
	Text, Who string
	// Since is an ISO date.
	Since string
	URL   string
}

// Attendance is the screen teach/attendance. It posts version, and for each
// learner mark_<id> (present, late, excused or absent). The button
// rest=present marks everybody who is not marked yet. A client that accepts JSON
// is answered {"saved":true,"version":"…","message":"…"}.
type Attendance struct {
	Group, GroupURL string
	Date, From, To  string
	Room            string
	Lesson          i18n.Text
	Rows            []Learner
	// Version names what the author saw.
	Version string
	Action  string
	// Saved is the sentence that tells when and by whom it was taken; empty when
	// it was not.
	Saved string
	// Locked says why it cannot be changed any more; empty when it can.
	Locked string
	// Conflict says that two sheets were taken; the sentence tells by whom.
	Conflict string
	BackURL  string
	// LessonURL leads to the lesson of the session, TeamsURL to its small groups.
	LessonURL, TeamsURL string
	// DoorURL leads to attendance by card, where it can be taken now.
	DoorURL string
	// ScanURL leads to attendance on paper.
	ScanURL string
	// ChangeURL leads to moving or cancelling the session.
	ChangeURL string
	// FeedbackURL leads to what those who came thought of it.
	FeedbackURL string
	// Account is under whom marks that cannot be sent are kept on the device.
	Account string
}

// Learner is one line of the sheet.
type Learner struct {
	ID, Name, Other string
	URL             string
	// Mark is present, late, excused, absent or empty.
	Mark string
	// Absences is how many in a row before this session.
	Absences int
	// NoConsent says that nobody agreed to the training, so that no mark can be given.
	NoConsent bool
}
