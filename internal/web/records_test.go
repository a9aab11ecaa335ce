package web_test

import (
	"fmt"
	"strings"
	"testing"

	"tizi/internal/access"
	"tizi/internal/course"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/record"
	"tizi/internal/statement"
	"tizi/internal/store"
	"tizi/internal/testnode"
)

// An author reads, under codes, what the groups of the programme did in the courses that they follow, and nothing else of a centre; a manager reads
// all of it.
func TestAuthorReadsTheOwnProgramme(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := serve(t, e, nil)
		s, people := n.class(t, "Amina")
		beside, err := n.People.Register(ctx, id.Nil, s.centre, person.Details{"first_latin": "Brahim"}, nil)
		must(t, err)
		version, err := n.Courses.Get(ctx, n.DB, n.course(t))
		must(t, err)
		follow := func(v id.ID) {
			t.Helper()
			must(t, n.Courses.Assign(ctx, id.Nil, person.Stream(s.centre), s.group, version.Code, v))
		}
		follow(version.ID)
		said := 0
		put := func(who *statement.Value, verb, activity, more string) {
			t.Helper()
			said++
			v, err := statement.Parse(fmt.Appendf(nil, `{"actor":%s,"verb":{"id":"http://e.org/%s"},"object":{"id":%q}%s}`, who, verb, activity, more))
			must(t, err)
			x, err := statement.New(v, statement.V1, "")
			must(t, err)
			_, err = n.Records.Put(ctx, record.Source{Centre: s.centre, Key: record.Tool("test")}, []*statement.Statement{x}, nil)
			must(t, err)
		}
		of := fmt.Sprintf(`,"context":{"contextActivities":{"grouping":[{"id":%q}]},"instructor":{"mbox":"mailto:karim@example.org"}}`, course.IRI(version.Code))
		put(statement.Person(people[0]), "seen-lesson", course.IRI(version.Code)+"/m/l", of)
		put(statement.Person(people[0]), "hidden-other-course", "urn:tizi:course:other", "")
		put(statement.Person(beside), "hidden-other-person", course.IRI(version.Code)+"/m/l", of)
		outside, err := statement.Parse([]byte(`{"mbox":"mailto:karim@example.org"}`))
		must(t, err)
		put(outside, "hidden-outside", course.IRI(version.Code)+"/m/l", of)

		author := n.open(t, access.Author, access.Programme(programme.ID("P")), false)
		other := n.open(t, access.Author, access.Programme(programme.ID("Q")), false)
		manager := n.open(t, access.Centre, access.Place(s.centre), false)
		pages := func(acc *access.Account) string {
			t.Helper()
			var all strings.Builder
			for _, path := range []string{"/records", "/records.jsonl"} {
				status, body := n.english(t, acc, path)
				if status != 200 {
					t.Fatalf("%s: %d", path, status)
				}
				all.WriteString(body)
			}
			return all.String()
		}
		got := pages(author)
		if strings.Count(got, "seen-lesson") < 2 || strings.Contains(got, "hidden-") || strings.Contains(got, "karim") || strings.Contains(got, "Amina") {
			t.Errorf("the author reads:\n%s", got)
		}
		if got := pages(other); strings.Contains(got, "seen-") || strings.Contains(got, "hidden-") {
			t.Errorf("an author of another programme reads:\n%s", got)
		}
		if got := pages(manager); strings.Count(got, "http://e.org/hidden-") < said-1 || strings.Contains(got, "karim") {
			t.Errorf("the manager reads:\n%s", got)
		}
		far := place.ID("MA")
		if status, _ := n.english(t, author, "/records?centre="+far.String()); status != 422 {
			t.Errorf("a centre where the programme is not: %d", status)
		}
		if status, _ := n.english(t, author, "/records/keys"); status != 403 {
			t.Errorf("an author asks for keys: %d", status)
		}
		follow(id.Nil) // no more
		if got := pages(author); strings.Contains(got, "seen-") {
			t.Errorf("of a course that no group follows the author reads:\n%s", got)
		}
	})
}
