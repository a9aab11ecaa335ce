// Package family is the door of guardians: their children, what they agreed to, who may fetch them, who looked at their
// file, and what the centre writes.
package family

import (
	"embed"

	"tizi/internal/i18n"
	"tizi/internal/web/centre"
	"tizi/internal/web/learn"
	"tizi/internal/web/shell"
)

// Templates are the screens of this package, for shell.AddEmbedded.
//
//go:embed all:templates
var Templates embed.FS

// Enter is the screen guardian/enter. It posts card, or code and pin.
type Enter struct {
	Card   string
	Code   string
	Errors map[string]string
}

// Children is the screen guardian/children.
type Children struct {
	Rows []ChildRow
}

// ChildRow is one child of a guardian.
type ChildRow struct {
	Name, Other, URL, Photo string
	Centre                  i18n.Text
	Group                   string
	// Next is the next session: an ISO date and hours.
	Next, From, To string
	// Missing is how many purposes nobody answered.
	Missing int
	// Unread is how many messages the guardian has not seen.
	Unread int
}

// Child is the screen guardian/child. Its forms post text, and name, phone, relation or end.
type Child struct {
	Name, Other, Photo string
	Centre             i18n.Text
	Present, Held      int
	Groups             []ChildGroup
	Refusals           centre.Refusals
	Sessions           []ChildSession
	Attendance         []centre.AttendanceLine
	Courses            []ChildCourse // without works
	LearningURL        string
	Consents           []centre.Consent
	ConsentURL         string
	Guardians          []string
	// MayName says that the guardian may fetch the child, and so name others.
	MayName       bool
	Fetchers      []centre.FetcherRow
	Relations     []shell.Option
	FetchAction   string
	Fetch         centre.FetcherForm
	Messages      []centre.MessageRow
	Unread        int
	MessageAction string
	Text          string // of a message that was refused
	Seen          []SeenRow
	Changed       []SeenRow // its Action is a kind of fact
	Errors        map[string]string
}

// Appeal is the screen guardian/appeal. It posts words.
type Appeal struct {
	Name, ChildURL   string
	Programme, Phase i18n.Text
	Why              []string
	Words            string
	Days             int
	Action           string
	Errors           map[string]string
}

// ChildGroup is a group of a child.
type ChildGroup struct {
	Name, State string
	Programme   i18n.Text
}

// ChildSession is a session to come.
type ChildSession struct {
	Date, From, To, Room, Group string
}

// SeenRow is somebody who looked at the child's file, or changed it. Name is empty for the program itself.
type SeenRow struct {
	Name, Role, Action, At string
}

// Consent is the screen guardian/consent. It posts purpose and state, and assent.
type Consent struct {
	Name, ChildURL string
	// Locked says that this guardian may not agree for the child, Adult that nobody may: it is none any more.
	Locked, Adult bool
	Rows          []ConsentRow
	Action        string
	Errors        map[string]string
}

// ConsentRow is one purpose, with the words that are agreed to.
type ConsentRow struct {
	Purpose, State, On string
	Text               i18n.Text
	Version            int
	Conflict           bool
	Given              bool
	Sounds             []centre.ConsentSound
}

// Learning is the screen guardian/learning: what a child did in its courses, and made.
type Learning struct {
	Name, Other, ChildURL string
	Courses               []ChildCourse
}

// ChildCourse is a course that a group of a child's follows.
type ChildCourse struct {
	Title    learn.Said
	Done, Of int // lessons
	Lessons  []ChildLesson
	Works    []learn.Work
}

// ChildLesson is a lesson that the child has begun.
type ChildLesson struct {
	Title learn.Said
	Done  bool
	N, Of int // steps
}
