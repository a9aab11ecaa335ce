// Package progress is what learners have done: it says it in statements of learning records, in one spelling, and works out of such
// statements how far each learner is. Nothing in it is typed in by anybody.
package progress

import (
	"strings"

	"tizi/internal/course"
)

// Tests of a course stand where lessons stand. A lesson's path has a slash in it, so they are never mixed up.
const (
	Pretest  = "pre"
	Posttest = "post"
)

// At is a place in a course, the same in all its versions.
type At struct {
	Course string // its code
	Lesson string // module/lesson, or one of the tests
	Step   string // an activity, activity/item of a quiz, an item of a test; "" is the whole lesson
}

var courseIRI = course.IRI("")

const (
	testIRI       = "urn:tizi:test:"
	competencyIRI = "urn:tizi:competency:"
)

// CompetencyIRI names a competency, such as unesco-ai-students:S3.1, as the labs do.
func CompetencyIRI(code string) string { return competencyIRI + code }

// IRI names a place as an activity of xAPI: urn:tizi:course:CODE/MODULE/LESSON/ACTIVITY/ITEM, each part but the first two left out
// where the whole is meant, and urn:tizi:test:CODE/pre/ITEM.
func (a At) IRI() string {
	s := courseIRI
	if !strings.Contains(a.Lesson, "/") {
		s = testIRI
	}
	s += a.Course + "/" + a.Lesson
	if a.Step != "" {
		s += "/" + a.Step
	}
	return s
}

// ParseAt reads what IRI wrote. ok is false for any other activity.
func ParseAt(iri string) (a At, ok bool) {
	if s, is := strings.CutPrefix(iri, testIRI); is {
		p := strings.SplitN(s, "/", 3)
		if len(p) < 2 || !course.IsName(p[0]) || p[1] != Pretest && p[1] != Posttest || len(p) > 2 && !course.IsName(p[2]) {
			return At{}, false
		}
		a = At{Course: p[0], Lesson: p[1]}
		if len(p) > 2 {
			a.Step = p[2]
		}
		return a, true
	}
	s, is := strings.CutPrefix(iri, courseIRI)
	if !is {
		return At{}, false
	}
	p := strings.Split(s, "/")
	if len(p) < 3 || len(p) > 5 {
		return At{}, false
	}
	for _, x := range p {
		if !course.IsName(x) {
			return At{}, false
		}
	}
	return At{p[0], p[1] + "/" + p[2], strings.Join(p[3:], "/")}, true
}
