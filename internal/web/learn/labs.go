package learn

import (
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"

	"tizi/internal/i18n"
	"tizi/internal/web/door"
)

// labRoutes adds the labs. A lab is a program of its own in the browser (labs/<name>); this door shows what it is for, and hands the
// browser its files.
func labRoutes(d *door.Door, labs []Lab) {
	d.Handle("GET /labs", door.Public, func(a *door.Ask) error { return a.Render("learn/labs", Labs{Rows: labs}) })
	d.Handle("GET /labs/{lab}", door.Public, func(a *door.Ask) error {
		for _, l := range labs {
			if l.Name == a.R.PathValue("lab") {
				return a.Render("learn/lab", l)
			}
		}
		return fs.ErrNotExist
	})
}

// Labs is the screen learn/labs.
type Labs struct{ Rows []Lab }

// Lab is the screen learn/lab, and a row of learn/labs.
type Lab struct {
	Name                    string
	Age, Minutes            int // from which age on; of a lesson with it
	Title, Aim, Needs, Keep i18n.Text
	Plan                    []i18n.Text // how the lesson goes
	Rubric                  []LabCriterion
	Picture                 template.HTML // SVG
}

// Open begins the lab's element, which the lab's script brings to life; pack is the address of its words. Names of elements are not for
// templates to fill in. Whoever works here may speak the instructions.
func (l Lab) Open(pack string, staff bool) template.HTML {
	voice := ""
	if staff {
		voice = " data-voice"
	}
	return template.HTML(fmt.Sprintf(`<tz-lab-%s data-pack="%s"%s>`, template.HTMLEscapeString(l.Name), template.HTMLEscapeString(pack), voice))
}

// OpenFor is Open within a lesson: whose work it is, the step that it is done at, the version of the course, where the outbox sends it
// from a device without a pass, and where it is shown to the group ("": it is not allowed). In a pack, which is nobody's, the player says
// whose it is.
func (l Lab) OpenFor(pack, learner, at, version, send, show string) template.HTML {
	e := template.HTMLEscapeString
	return template.HTML(fmt.Sprintf(`<tz-lab-%s data-pack="%s" data-learner="%s" data-at="%s" data-revision="%s" data-send="%s" data-show="%s">`, e(l.Name), e(pack), e(learner), e(at), e(version), e(send), e(show)))
}

// Close ends it.
func (l Lab) Close() template.HTML {
	return template.HTML(fmt.Sprintf("</tz-lab-%s>", template.HTMLEscapeString(l.Name)))
}

// LabCriterion is what a trainer looks at, with three levels from the first steps to mastery.
type LabCriterion struct {
	What   i18n.Text
	Levels [3]i18n.Text
}

// Load reads the labs that ui/build found, in the order in which they are taught.
func Load(dist fs.FS) ([]Lab, error) {
	data, err := fs.ReadFile(dist, "labs.json")
	if err != nil {
		return nil, fmt.Errorf("load the labs: the interface has not been built; run go run ./ui/build and compile again: %w", err)
	}
	var built []struct {
		Name         string
		Age, Minutes int
		Plan, Rubric []string
		Picture      string
		Words        map[i18n.Lang]map[string]string
	}
	if err := json.Unmarshal(data, &built); err != nil {
		return nil, fmt.Errorf("load the labs: %w", err)
	}
	var labs []Lab
	for _, b := range built {
		text := func(key string) i18n.Text {
			t := i18n.Text{}
			for lang, words := range b.Words {
				t[lang] = words[key]
			}
			return t
		}
		l := Lab{Name: b.Name, Age: b.Age, Minutes: b.Minutes, Title: text("title"), Aim: text("aim"), Needs: text("needs"), Keep: text("keeps"),
			Picture: template.HTML(b.Picture)} // out of the program's own files
		for _, key := range b.Plan {
			l.Plan = append(l.Plan, text(key))
		}
		for _, key := range b.Rubric {
			l.Rubric = append(l.Rubric, LabCriterion{text(key), [3]i18n.Text{text(key + ".1"), text(key + ".2"), text(key + ".3")}})
		}
		labs = append(labs, l)
	}
	return labs, nil
}
