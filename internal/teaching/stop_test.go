package teaching

import "testing"

// A group goes on where it stopped; where nobody said so, with the first lesson that it has not finished; what it left out on its way is
// not gone back to.
func TestGoOn(t *testing.T) {
	lessons := []string{"a/1", "a/2", "b/1", "b/2"}
	at := func(day, lesson string, done bool, upto int) Stop {
		return Stop{Stopped: Stopped{Lesson: lesson, Done: done, Upto: upto, At: day + " 10:00"}}
	}
	first, second := at("2026-03-02", "a/2", false, 3), at("2026-03-09", "b/1", true, 0)
	for _, c := range []struct {
		what         string
		stops        []Stop
		finished     int // so many lessons, from the first on
		lesson, upto int
	}{
		{"nothing is said or done", nil, 0, 0, 0},
		{"two lessons are done", nil, 2, 2, 0},
		{"all are done", nil, 4, 4, 0},
		{"one is not finished", []Stop{first}, 0, 1, 3},
		{"the last one said is", []Stop{first, second}, 0, 3, 0},
		{"the next one is done already", []Stop{at("2026-03-02", "a/1", true, 0)}, 3, 3, 0},
		{"the last lesson of all", []Stop{at("2026-03-02", "b/2", true, 0)}, 0, 4, 0},
		{"what is said is of another version", []Stop{first, at("2026-03-09", "x/1", true, 0)}, 0, 1, 3},
	} {
		lesson, upto := GoOn(lessons, c.stops, func(i int) bool { return i < c.finished })
		if lesson != c.lesson || upto != c.upto {
			t.Errorf("%s: lesson %d from line %d", c.what, lesson, upto)
		}
	}
	all := []Stop{first, second}
	for when, n := range map[string]int{"2026-03-02 10:00": 0, "2026-03-05 09:00": 1, "2026-03-09 10:00": 1, "2026-03-10 08:00": 2} {
		if got := len(Before(all, when)); got != n {
			t.Errorf("before %s there are %d", when, got)
		}
	}
}
