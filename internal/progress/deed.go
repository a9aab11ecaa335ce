package progress

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tizi/internal/course"
	"tizi/internal/id"
	"tizi/internal/quiz"
	"tizi/internal/record"
	"tizi/internal/statement"
)

// What somebody did, by the last word of the verb's id.
const (
	Began     = "initialized" // a lesson
	Read      = "experienced" // a text, a film, a talk: went on from it
	Answered  = "answered"    // a question
	Completed = "completed"   // a lesson, a lab, a test
	Submitted = "submit"      // a project: what goes into the portfolio
)

var verbs = map[string]string{
	Began:     "http://adlnet.gov/expapi/verbs/initialized",
	Read:      "http://adlnet.gov/expapi/verbs/experienced",
	Answered:  "http://adlnet.gov/expapi/verbs/answered",
	Completed: "http://adlnet.gov/expapi/verbs/completed",
	Submitted: "http://activitystrea.ms/submit",
}

// other are verbs of other tools that mean the same.
var other = map[string]string{
	"http://adlnet.gov/expapi/verbs/passed":   Completed,
	"http://adlnet.gov/expapi/verbs/failed":   Answered,
	"http://adlnet.gov/expapi/verbs/launched": Began,
}

func verbOf(iri string) string {
	for v, s := range verbs {
		if s == iri {
			return v
		}
	}
	return other[iri]
}

// Verb is the id of a verb of this package.
func Verb(v string) string { return verbs[v] }

// Usage is what the files of a deed are: what a learner made. Their names are not kept, since they may name somebody.
const Usage = "urn:tizi:work"

// Deed is one thing that a learner did, as the player says it.
type Deed struct {
	ID     id.ID // of the statement: the same deed, sent again, is the same statement
	Person id.ID
	At     At
	Verb   string

	Version      id.ID // of the course
	Group        id.ID // that the learner does it in; Nil: by themselves
	Lang         string
	Scored       bool // an answer that can be right
	Score        float64
	Right        bool
	Raw          float64       // of what was completed: what the answers are worth together,
	Of           int           // of how many
	Response     string        // an answer, as it was given; a text with a work
	Duration     time.Duration // 0: unknown
	Competencies []string
	Files        []Attached
	On           time.Time // when it was done; zero: when it is kept
	Clock        string    // what the clock of the device said, where that was not believed
}

// Attached is a file that goes with a deed.
type Attached struct {
	Type, SHA2 string
	Length     int // bytes
}

// EventID names a statement by whose it is and what its form was marked with, so that no form can name another's.
func EventID(person id.ID, mark string) id.ID { return id.Under(person, "deed "+mark) }

// Types of activities.
const (
	lessonType   = "http://adlnet.gov/expapi/activities/lesson"
	questionType = "http://adlnet.gov/expapi/activities/question"
	testType     = "http://adlnet.gov/expapi/activities/assessment"
	courseType   = "http://adlnet.gov/expapi/activities/course"
	stepType     = "http://adlnet.gov/expapi/activities/media"
)

type object = map[string]any

func activity(iri, kind string) object {
	o := object{"objectType": "Activity", "id": iri}
	if kind != "" {
		o["definition"] = object{"type": kind}
	}
	return o
}

// ClockKey names what the clock of a device said, in a context.
const ClockKey = "urn:tizi:device-clock"

// Statement says the deed in xAPI.
func (d Deed) Statement() (*statement.Statement, error) {
	kind := stepType
	switch {
	case d.Verb == Answered:
		kind = questionType
	case d.At.Step == "" && (d.At.Lesson == Pretest || d.At.Lesson == Posttest):
		kind = testType
	case d.At.Step == "":
		kind = lessonType
	}
	grouping := []object{activity(course.IRI(d.At.Course), courseType)}
	for _, c := range d.Competencies {
		grouping = append(grouping, activity(CompetencyIRI(c), ""))
	}
	context := object{"platform": "Tizi", "revision": d.Version.String(), "contextActivities": object{"grouping": grouping}}
	if d.At.Step != "" {
		context["contextActivities"].(object)["parent"] = []object{activity(At{d.At.Course, d.At.Lesson, ""}.IRI(), "")}
	}
	if d.Lang != "" {
		context["language"] = d.Lang
	}
	if !d.Group.IsNil() {
		context["registration"] = Registration(d.Person, d.Group, d.At.Course).String()
	}
	s := object{
		"id": d.ID.String(), "verb": object{"id": verbs[d.Verb], "display": object{"en": d.Verb}}, "object": activity(d.At.IRI(), kind), "context": context,
	}
	r := object{}
	switch {
	case d.Verb == Answered && d.Scored:
		r["success"], r["score"] = d.Right, object{"scaled": d.Score}
	case d.Verb == Completed:
		r["completion"] = true
		if d.Of > 0 {
			r["score"] = object{"raw": d.Raw, "min": 0, "max": d.Of, "scaled": d.Raw / float64(d.Of)}
		}
	}
	if d.Response != "" {
		r["response"] = d.Response
	}
	if d.Duration > 0 {
		r["duration"] = fmt.Sprintf("PT%dS", int(d.Duration.Seconds()))
	}
	if len(r) > 0 {
		s["result"] = r
	}
	if !d.On.IsZero() {
		s["timestamp"] = d.On.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	if d.Clock != "" {
		context["extensions"] = object{ClockKey: d.Clock}
	}
	for _, f := range d.Files {
		l, _ := s["attachments"].([]object)
		s["attachments"] = append(l, object{"usageType": Usage, "display": object{"en": "work"}, "contentType": f.Type, "length": f.Length, "sha2": f.SHA2})
	}
	b, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	v, err := statement.Parse(b)
	if err != nil {
		return nil, err
	}
	v.Set("actor", statement.Person(d.Person))
	return statement.New(v, statement.V1, "")
}

// Registration names a learner's way through a course with a group.
func Registration(person, group id.ID, code string) id.ID {
	return id.Under(group, "course "+code+" "+person.Hex())
}

// Player is the key under which the player writes.
var Player = record.Tool("player")

// Between the parts of an answer, as xAPI spells matches.
const (
	partSep = "[,]"
	partOf  = "[.]"
)

// FormatResponse writes an answer as one text: what was chosen or typed, or each part with what was given for it.
func FormatResponse(r quiz.Response) string {
	if one, ok := r[""]; ok && len(r) == 1 {
		return one
	}
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(r)) {
		parts = append(parts, k+partOf+r[k])
	}
	return strings.Join(parts, partSep)
}

// ParseResponse reads what FormatResponse wrote.
func ParseResponse(s string) quiz.Response {
	r := quiz.Response{}
	for _, p := range strings.Split(s, partSep) {
		k, v, ok := strings.Cut(p, partOf)
		if !ok {
			return quiz.Response{"": s}
		}
		r[k] = v
	}
	return r
}
