package curriculum_test

import (
	"slices"
	"testing"

	"tizi/curriculum"
	"tizi/internal/course"
	"tizi/internal/framework"
	"tizi/internal/i18n"
)

func read(t *testing.T, code string) (*course.Course, *course.Report) {
	t.Helper()
	f, err := course.OpenFS(code, curriculum.Course(code))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c, rep, err := f.Check(framework.Shipped())
	if err != nil {
		t.Fatal(err)
	}
	return c, rep
}

// A stranger can teach each lesson from its page alone, in French and in Arabic, and nothing of it is left to translate.
func TestLessons(t *testing.T) {
	minutes := map[i18n.Lang]int{}
	for _, code := range curriculum.Codes() {
		c, rep := read(t, code)
		for _, l := range [][]course.Fault{rep.Faults, rep.Remarks, rep.Advice} {
			for _, f := range l {
				t.Errorf("%s/%s:%d: %s %v", code, f.File, f.Line, f.Key, f.Args)
			}
		}
		for _, l := range []i18n.Lang{i18n.FR, i18n.AR} {
			if n := rep.Lacks()[l]; n > 0 {
				t.Errorf("%s: %d texts are not written in %s", code, n, l)
			}
			if rep.Taught[l] != c.Hours*60 {
				t.Errorf("%s: %d minutes of lessons in %s, and the course says %d hours", code, rep.Taught[l], l, c.Hours)
			}
			minutes[l] += rep.Taught[l]
		}
		for _, l := range []i18n.Lang{i18n.ZGH, i18n.EN} { // titles and what is to be done
			for _, m := range c.Modules {
				for _, x := range m.Lessons {
					if x.Title[l] == "" || x.Aim[l] == "" {
						t.Errorf("%s/%s has no title or no aim in %s", code, x.Path(), l)
					}
					for _, a := range x.Activities {
						if a.Title[l] == "" {
							t.Errorf("%s/%s: %s has no title in %s", code, x.Path(), a.ID, l)
						}
					}
				}
			}
		}
		if c.Pretest == "" {
			continue
		}
		if len(c.Pre.Items) < 20 || len(c.Post.Items) < 20 {
			t.Errorf("%s: tests of %d and %d questions", code, len(c.Pre.Items), len(c.Post.Items))
		}
	}
	for l, n := range minutes {
		t.Logf("%s: %.1f hours", l, float64(n)/60)
		if n < 54*60 {
			t.Errorf("%d minutes of lessons in %s", n, l)
		}
	}
}

// What the two tracks are for, they teach.
func TestCoverage(t *testing.T) {
	var all []course.Published
	for _, code := range curriculum.Codes() {
		c, _ := read(t, code)
		all = append(all, course.Published{Code: code, Title: c.Title, Lessons: c.Outline()})
	}
	known := framework.Shipped()
	for _, code := range known.Codes() {
		v := course.Cover(known.Items(code), course.Align(code, all...))
		var none []string
		for _, r := range v.Rows {
			if !r.Group && r.Covered == 0 {
				none = append(none, r.Item.Code)
			}
		}
		if len(none) > 0 {
			t.Errorf("%s: %d of %d competencies are taught; no lesson teaches %q", code, v.Covered, v.Of, none)
		}
	}
	if !slices.Contains(known.Codes(), "digcomp-2.2") {
		t.Error("DigComp is not among the frameworks")
	}
}
