package course

import (
	"slices"
	"strings"

	"tizi/internal/framework"
)

// Coverage is what lessons teach of a framework.
type Coverage struct {
	Rows []Covered // as the framework is read
	// Of is how many competencies there are, entries with nothing below them; Covered, how many of them some lesson teaches.
	Covered, Of int
}

// Covered is an entry of a framework, and who teaches it.
type Covered struct {
	Item    framework.Item
	Group   bool        // entries stand below it
	Lessons []Alignment // by course, in the order of lessons
	// Of a group: how many competencies stand below it, and how many of them are taught. A competency is one of itself.
	Covered, Of int
}

// Outline lists the lessons as a catalogue does.
func (c *Course) Outline() (out []Outlined) {
	for _, l := range c.Lessons() {
		out = append(out, Outlined{l.Path(), l.Title, l.Minutes, l.Competencies})
	}
	return out
}

// Cover lays lessons beside the entries of a framework. Those that are known under an entry's code or its identifier count for it.
func Cover(items []framework.Item, taught map[string][]Alignment) Coverage {
	c := Coverage{Rows: make([]Covered, len(items))}
	at := map[string]int{}
	groups, named := map[string]bool{}, map[string]bool{}
	for i, it := range items {
		c.Rows[i].Item = it
		at[it.Identifier] = i
		groups[it.Parent] = true
	}
	for i, it := range items {
		r := &c.Rows[i]
		if !named[it.Code] { // of two of one code the first, as courses mean it
			r.Lessons, named[it.Code] = slices.Clone(taught[it.Code]), true
		}
		if it.Identifier != it.Code {
			r.Lessons = append(r.Lessons, taught[it.Identifier]...)
		}
		if r.Group = groups[it.Identifier]; r.Group {
			continue
		}
		n := min(len(r.Lessons), 1)
		c.Of, c.Covered = c.Of+1, c.Covered+n
		for up, ok := i, true; ok; up, ok = at[c.Rows[up].Item.Parent] {
			c.Rows[up].Of++
			c.Rows[up].Covered += n
		}
	}
	return c
}

// Align sorts lessons of courses by the competency of a framework that they name.
func Align(framework string, courses ...Published) map[string][]Alignment {
	out := map[string][]Alignment{}
	for _, v := range courses {
		for _, x := range v.Lessons {
			for _, c := range x.Competencies {
				if code, item, _ := strings.Cut(c, ":"); code == framework {
					out[item] = append(out[item], Alignment{v.Code, v.Title, x})
				}
			}
		}
	}
	return out
}
