// Package quiz knows questions: nine kinds of items, how an answer is marked, in which order a learner meets them, and QTI 3. It keeps
// nothing: a course brings the items, and what somebody answered is a learning record.
package quiz

import (
	"fmt"
	"regexp"
	"slices"

	"tizi/internal/i18n"
)

// Kinds of items. They follow the interaction types of QTI 3.
const (
	Choice   = "choice"   // one of several
	Multiple = "multiple" // all that are right, of several
	Order    = "order"    // into the right order
	Match    = "match"    // what belongs together
	Gap      = "gap"      // words missing in a text
	Written  = "text"     // a word or a short sentence
	Number   = "number"
	Hotspot  = "hotspot" // a place in a picture
	Likert   = "likert"  // how much one agrees; nothing is right
)

// Kinds lists them in the order of the documentation.
var Kinds = []string{Choice, Multiple, Order, Match, Gap, Written, Number, Hotspot, Likert}

// Shapes of hot spots, with how many numbers say where they are: x, y, radius; left, top, right, bottom; x, y of each corner.
var Shapes = map[string]int{"circle": 3, "rect": 4, "poly": 6}

// Quiz is a file of items.
type Quiz struct {
	Draw    int    `yaml:"draw"`    // how many of the items a learner is asked; 0: all
	Shuffle string `yaml:"shuffle"` // "", or "no": items stand as they are written
	Items   []Item `yaml:"items,required"`

	File string `yaml:"-"`
	Line int    `yaml:"-"`
}

// Item is one question.
type Item struct {
	ID       string                 `yaml:"id,required"`
	Kind     string                 `yaml:"kind,required"`
	Prompt   i18n.Text              `yaml:"prompt,required"`
	Choices  []Option               `yaml:"choices"`  // of choice and multiple
	Sequence []Option               `yaml:"sequence"` // of order, in the right one
	Pairs    []Pair                 `yaml:"pairs"`    // of match
	Text     i18n.Text              `yaml:"text"`     // of gap, with [[g1]] where a gap is
	Gaps     map[string]Blank       `yaml:"gaps"`
	Accept   map[i18n.Lang][]string `yaml:"accept"` // of text: what is right
	Answer   *float64               `yaml:"answer"` // of number
	Within   float64                `yaml:"tolerance"`
	Image    string                 `yaml:"image"` // of hotspot: a file of the lesson
	Spots    []Spot                 `yaml:"spots"`
	Steps    []i18n.Text            `yaml:"steps"` // of likert, from the least to the most

	Hint         i18n.Text `yaml:"hint"`
	Feedback     Feedback  `yaml:"feedback"`
	Competencies []string  `yaml:"competencies"`
	Parallel     string    `yaml:"parallel"` // the item of the pre-test that asks the same

	Line int `yaml:"-"`
}

// Option is something to choose or to put in order.
type Option struct {
	ID       string    `yaml:"id,required"`
	Text     i18n.Text `yaml:"text,required"`
	Correct  bool      `yaml:"correct"`
	Feedback i18n.Text `yaml:"feedback"`

	Line int `yaml:"-"`
}

// Pair is what belongs together.
type Pair struct {
	ID    string    `yaml:"id,required"`
	Left  i18n.Text `yaml:"left,required"`
	Right i18n.Text `yaml:"right,required"`

	Line int `yaml:"-"`
}

// Blank is what fits into a gap.
type Blank struct {
	Accept map[i18n.Lang][]string `yaml:"accept,required"`

	Line int `yaml:"-"`
}

// Spot is a place in a picture, in its own units.
type Spot struct {
	ID      string    `yaml:"id,required"`
	Shape   string    `yaml:"shape,required"`
	At      []float64 `yaml:"at,required"`
	Correct bool      `yaml:"correct"`
	Label   i18n.Text `yaml:"label"` // what is there, for whoever does not see it

	Line int `yaml:"-"`
}

// Feedback is said after an answer.
type Feedback struct {
	Correct   i18n.Text `yaml:"correct"`
	Incorrect i18n.Text `yaml:"incorrect"`
}

// GapMark finds the gaps in a text.
var GapMark = regexp.MustCompile(`\[\[([a-z0-9-]+)\]\]`)

// Scored reports whether an item has a right answer.
func (it *Item) Scored() bool { return it.Kind != Likert }

// Solved returns a right answer; to a question without one, an answer.
func (it *Item) Solved() Response {
	r := Response{}
	switch it.Kind {
	case Choice, Hotspot:
		r[""] = it.Right()[0]
	case Multiple:
		for _, o := range it.Right() {
			r[o] = "on"
		}
	case Order:
		for i, o := range it.Sequence {
			r[o.ID] = fmt.Sprint(i + 1)
		}
	case Match:
		for _, p := range it.Pairs {
			r[p.ID] = p.ID
		}
	case Gap:
		for g, b := range it.Gaps {
			for _, words := range b.Accept {
				r[g] = words[0]
			}
		}
	case Written:
		for _, words := range it.Accept {
			r[""] = words[0]
		}
	case Number:
		r[""] = fmt.Sprint(*it.Answer)
	case Likert:
		r[""] = "1"
	}
	return r
}

// Right returns the ids of the right choices or spots.
func (it *Item) Right() (ids []string) {
	for _, c := range it.Choices {
		if c.Correct {
			ids = append(ids, c.ID)
		}
	}
	for _, s := range it.Spots {
		if s.Correct {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// Item returns the item with an id, or nil.
func (q *Quiz) Item(id string) *Item {
	i := slices.IndexFunc(q.Items, func(it Item) bool { return it.ID == id })
	if i < 0 {
		return nil
	}
	return &q.Items[i]
}

// parts are the ids of what an item asks one by one: gaps in the order of the text, pairs, steps of an order.
func (it *Item) parts() (ids []string) {
	switch it.Kind {
	case Order:
		for _, o := range it.Sequence {
			ids = append(ids, o.ID)
		}
	case Match:
		for _, p := range it.Pairs {
			ids = append(ids, p.ID)
		}
	case Gap:
		for g := range it.Gaps {
			ids = append(ids, g)
		}
		slices.Sort(ids)
	}
	return ids
}
