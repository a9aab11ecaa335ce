package progress

import (
	"math"
	"testing"

	"tizi/internal/id"
	"tizi/internal/quiz"
	"tizi/internal/statement"
)

// A place is read as it was written, and nothing else is a place.
func TestPlaces(t *testing.T) {
	for _, a := range []At{{"c", "m/l", ""}, {"c", "m/l", "a"}, {"c", "m/l", "a/q1"}, {"c", Pretest, ""}, {"c", Posttest, "q1"}} {
		if got, ok := ParseAt(a.IRI()); !ok || got != a {
			t.Errorf("%v is read as %v, %t, from %s", a, got, ok, a.IRI())
		}
		if !statement.IsIRI(a.IRI()) {
			t.Errorf("%s is no IRI", a.IRI())
		}
	}
	for _, s := range []string{"", "urn:tizi:course:c", "urn:tizi:course:c/m", "urn:tizi:course:c/m/l/a/q/x", "urn:tizi:course:c/../l", "urn:tizi:test:c/other", "urn:tizi:test:c", "urn:tizi:lab:drawing", "urn:tizi:test:c/pre/A b"} {
		if a, ok := ParseAt(s); ok {
			t.Errorf("%q is read as %v", s, a)
		}
	}
}

// What a learner answered is read as it was given.
func TestResponses(t *testing.T) {
	for _, r := range []quiz.Response{{"": "b"}, {"": "a, b. c"}, {"a": "on", "c": "on"}, {"x": "1", "y": "2"}} {
		got := ParseResponse(FormatResponse(r))
		if len(got) != len(r) {
			t.Fatalf("%v is read as %v", r, got)
		}
		for k, v := range r {
			if got[k] != v {
				t.Errorf("%v is read as %v", r, got)
			}
		}
	}
}

// A lesson is the same in whichever order its deeds came, pauses do not count, wrong answers in a row are counted to the last.
func TestLessonOfDeeds(t *testing.T) {
	const minute = 60_000
	d := func(n byte, at int64, step, verb string, good int) deed {
		return deed{id: id.ID{n}, step: step, verb: verb, at: at, good: good, score: float64(max(good, 0))}
	}
	deeds := []deed{
		d(1, 0, "", Began, -1),
		d(2, 2*minute, "read", Read, -1),
		d(3, 20*minute, "quiz/a", Answered, 0), // after a pause, which counts as none
		d(4, 21*minute, "quiz/a", Answered, 0),
		d(5, 22*minute, "quiz/a", Answered, 1),
		d(6, 23*minute, "quiz/b", Answered, 0),
		d(7, 23*minute, "quiz/c", Answered, -1), // an opinion, which is neither
	}
	check := func(l Lesson) {
		t.Helper()
		a := l.Steps["quiz/a"]
		if l.Seconds != 5*60 || l.Tries != 5 || l.Failed != 1 || l.Done || a.Tries != 3 || !a.Right || a.Last != 1 || a.Best != 1 || a.By != (id.ID{5}) {
			t.Errorf("%+v", l)
		}
		if got := l.Count([]string{"read", "lab", "quiz/a", "quiz/b", "quiz/c"}); got != 4 {
			t.Errorf("%d steps are done", got)
		}
	}
	check(fold(deeds))
	for i := range deeds {
		turned := append(append([]deed{}, deeds[i:]...), deeds[:i]...)
		check(fold(turned))
	}
	// A lab that measures itself is believed as far as it fits between two deeds.
	lab := d(8, 40*minute, "lab", Completed, -1)
	lab.seconds = 10 * 60
	if got := fold(append(deeds, lab)).Seconds; got != 15*60 {
		t.Errorf("with ten minutes of a lab: %d seconds", got)
	}
	lab.seconds = 3600
	if got := fold(append(deeds, lab)).Seconds; got != 22*60 {
		t.Errorf("with a lab of an hour in 17 minutes: %d seconds", got)
	}
	// Two records of one person are one.
	x, y := fold(deeds[:4]), fold(deeds[4:])
	if m := merge(&y, &x); m.Tries != 5 || m.Steps["quiz/a"].Tries != 3 || !m.Steps["quiz/a"].Right || !m.Begun.Equal(x.Begun) || !m.Last.Equal(y.Last) {
		t.Errorf("two records as one: %+v", m)
	}
}

func TestStuck(t *testing.T) {
	l := fold([]deed{{verb: Began}, {id: id.ID{1}, step: "q", verb: Answered, at: 1000}, {id: id.ID{2}, step: "q", verb: Answered, at: 2000}, {id: id.ID{3}, step: "q", verb: Answered, at: 3000}})
	steps := []string{"q", "r"}
	if why := l.Stuck(steps, l.Last); why != "" {
		t.Errorf("after three wrong answers: %q", why)
	}
	if why := l.Stuck(steps, l.Last.Add(idleAfter+1)); why != ByIdle {
		t.Errorf("after ten minutes: %q", why)
	}
	l.Failed++
	if why := l.Stuck(steps, l.Last); why != ByTries {
		t.Errorf("after four: %q", why)
	}
	if why := l.Stuck(steps, l.Last.Add(idleUntil+1)); why != "" {
		t.Errorf("gone home: %q", why)
	}
	if why := l.Stuck(steps[:1], l.Last); why != "" {
		t.Errorf("of a lesson that is done: %q", why)
	}
}

// Only who took both tests counts, and what could not be better gains nothing.
func TestGain(t *testing.T) {
	took := func(pre, post float64) Lessons {
		return Lessons{Pretest: {Done: true, Score: pre}, Posttest: {Done: true, Score: post}}
	}
	g := GainOf(took(.2, .6), took(.4, .7), Lessons{Pretest: {Done: true, Score: 1}}, nil)
	if g.N != 2 || !g.Defined || math.Abs(g.G-(.65-.3)/.7) > 1e-9 {
		t.Errorf("%+v", g)
	}
	if g := GainOf(took(1, 1)); g.N != 1 || g.Defined {
		t.Errorf("nothing was missing: %+v", g)
	}
}
