package course

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tizi/internal/framework"
)

// Entries are covered under their codes and their identifiers, groups count what stands below them, and other frameworks do not count.
func TestCover(t *testing.T) {
	items := []framework.Item{{Identifier: "a", Code: "1"}, {Identifier: "b", Code: "1.1", Parent: "a", Depth: 1}, {Identifier: "c", Code: "1.2", Parent: "a", Depth: 1}, {Identifier: "d", Code: "2"}, {Identifier: "e", Code: "1.1", Parent: "d", Depth: 1}}
	taught := Align("x", Published{Code: "k", Lessons: []Outlined{{Path: "m/l", Competencies: []string{"x:1.1", "y:1.2"}}, {Path: "m/n", Competencies: []string{"x:c", "x:2"}}}})
	c := Cover(items, taught)
	if c.Covered != 2 || c.Of != 3 {
		t.Errorf("%d of %d", c.Covered, c.Of)
	}
	for i, want := range [][2]int{{2, 2}, {1, 1}, {1, 1}, {0, 1}, {0, 1}} {
		if r := c.Rows[i]; r.Covered != want[0] || r.Of != want[1] || r.Group != (i == 0 || i == 3) {
			t.Errorf("%s: %+v", items[i].Code, r)
		}
	}
	if l := c.Rows[3].Lessons; len(l) != 1 || l[0].Lesson.Path != "m/n" {
		t.Errorf("a lesson that names a whole group: %+v", l)
	}
	if n := Cover(items, nil); n.Covered != 0 || n.Of != 3 {
		t.Errorf("nothing taught: %+v", n)
	}
}

// What a stranger lacks is said, lesson by lesson, and is no fault.
func TestAdvice(t *testing.T) {
	const lesson = "modules/commencer/premiere-lecon/"
	for _, c := range []struct{ file, from, to, want string }{
		{"lesson.yaml", "  - {minutes: 5, activity: parler}", "  - {minutes: 5, activity: lire}", "course.advice.unplanned"},
		{"lesson.yaml", "materials:\n  - {fr: Des feuilles et des crayons, ar: أوراق وأقلام, en: Paper and pencils}\n", "", "course.advice.materials"},
		{"lesson.yaml", "kind: talk", "kind: reading", "course.advice.kind"},
		{"lesson.yaml", "ar: الترحيب وذكر الهدف, ", "", "course.advice.unsaid"},
		{"lesson.yaml", "ar: آلة تتعلم, ", "", "course.advice.unsaid"},
		{"formateur.fr.md", "Aucun visage, aucun nom dans les dessins. Rien ne quitte le centre.", "Rien.", "course.advice.section"},
		{"formateur.fr.md", "Un enfant joue la machine : les autres lui montrent des dessins, il dit la règle qu’il a trouvée.", "Avec des cartes.", "course.advice.section"},
		{"parler.fr.md", "?", ".", "course.advice.no_question"},
	} {
		dir := begun(t)
		_, before := checked(t, dir)
		name := filepath.Join(dir, lesson, c.file)
		b, err := os.ReadFile(name)
		must(t, err)
		if !strings.Contains(string(b), c.from) {
			t.Fatalf("%s has no %q", c.file, c.from)
		}
		must(t, os.WriteFile(name, []byte(strings.ReplaceAll(string(b), c.from, c.to)), 0o600))
		_, rep := checked(t, dir)
		count := func(r *Report) (n int) {
			for _, f := range r.Advice {
				if f.Key == c.want {
					n++
				}
			}
			return n
		}
		if count(rep) != count(before)+1 || len(rep.Faults) > 0 {
			t.Errorf("%s without %q: %d times %s and %d before; faults %v", c.file, c.from, count(rep), c.want, count(before), rep.Faults)
		}
	}
}

// Hours are counted in a language only where all texts of a lesson are there.
func TestTaught(t *testing.T) {
	dir := begun(t)
	_, rep := checked(t, dir)
	if rep.Taught["fr"] != 45 || rep.Taught["ar"] != 45 || rep.Taught["zgh"] != 0 {
		t.Errorf("%v", rep.Taught)
	}
	must(t, os.Remove(filepath.Join(dir, "modules/commencer/premiere-lecon/lire.ar.md")))
	_, rep = checked(t, dir)
	if rep.Taught["fr"] != 45 || rep.Taught["ar"] != 0 || !slices.ContainsFunc(rep.Advice, func(f Fault) bool { return f.Key == "course.advice.unsaid" }) {
		t.Errorf("without a text: %v %v", rep.Taught, rep.Advice)
	}
}
