package quiz

import (
	"fmt"
	"slices"
	"testing"

	"tizi/internal/i18n"
)

func text(s string) i18n.Text { return i18n.Text{i18n.FR: s} }

func options(right string, ids ...string) (out []Option) {
	for _, x := range ids {
		out = append(out, Option{ID: x, Text: text("x " + x), Correct: right != "" && slices.Contains([]rune(right), rune(x[0]))})
	}
	return out
}

func number(n float64) *float64 { return &n }

// every is one item of each kind.
func every() []Item {
	return []Item{
		{ID: "c", Kind: Choice, Prompt: text("p"), Choices: options("b", "a", "b", "c")},
		{ID: "m", Kind: Multiple, Prompt: text("p"), Choices: options("ab", "a", "b", "c")},
		{ID: "o", Kind: Order, Prompt: text("p"), Sequence: options("", "a", "b", "c")},
		{ID: "p", Kind: Match, Prompt: text("p"), Pairs: []Pair{{ID: "a", Left: text("1"), Right: text("one")}, {ID: "b", Left: text("2"), Right: text("two")}, {ID: "c", Left: text("II"), Right: text("two")}}},
		{ID: "g", Kind: Gap, Prompt: text("p"), Text: text("a [[g1]] b [[g2]]"), Gaps: map[string]Blank{"g1": {Accept: map[i18n.Lang][]string{i18n.FR: {"Élève"}}}, "g2": {Accept: map[i18n.Lang][]string{i18n.AR: {"أمثلة"}}}}},
		{ID: "t", Kind: Written, Prompt: text("p"), Accept: map[i18n.Lang][]string{i18n.FR: {"l’exemple"}, i18n.AR: {"الآلة"}}},
		{ID: "n", Kind: Number, Prompt: text("p"), Answer: number(12.5), Within: 0.5},
		{ID: "h", Kind: Hotspot, Prompt: text("p"), Image: "media/x.png", Spots: []Spot{{ID: "a", Shape: "circle", At: []float64{1, 2, 3}, Correct: true}, {ID: "b", Shape: "rect", At: []float64{1, 2, 3, 4}}}},
		{ID: "l", Kind: Likert, Prompt: text("p"), Steps: []i18n.Text{text("no"), text("yes")}},
	}
}

func TestMark(t *testing.T) {
	q := Quiz{Items: every()}
	for _, c := range []struct {
		item string
		r    Response
		want string
	}{
		{"c", Response{"": "b"}, "1 true"}, {"c", Response{"": "a"}, "0 false"}, {"c", Response{"": "zz"}, "0 false"}, {"c", nil, "0 false"},
		{"m", Response{"a": "on", "b": "on"}, "1 true"}, {"m", Response{"a": "on"}, "0.5 false"},
		{"m", Response{"a": "on", "b": "on", "c": "on"}, "0.5 false"}, // ticking all is no answer
		{"m", Response{"c": "on"}, "0 false"},
		{"o", Response{"a": "1", "b": "2", "c": "3"}, "1 true"}, {"o", Response{"a": "1", "b": "3", "c": "2"}, "0.33 false"}, {"o", Response{"a": "١", "b": "٢", "c": "٣"}, "1 true"},
		{"p", Response{"a": "a", "b": "b", "c": "c"}, "1 true"},
		{"p", Response{"a": "a", "b": "c", "c": "b"}, "1 true"}, // which of two that read alike is nobody's fault
		{"p", Response{"a": "b"}, "0 false"},
		{"g", Response{"g1": " eleve. ", "g2": "امثله"}, "1 true"}, {"g", Response{"g1": "eleves", "g2": "أمثلة"}, "0.5 false"},
		{"t", Response{"": "L'Exemple"}, "1 true"}, {"t", Response{"": "الآلَـة"}, "1 true"}, {"t", Response{"": "  "}, "0 false"},
		{"n", Response{"": "12,9"}, "1 true"}, {"n", Response{"": "١٢٫٥"}, "1 true"}, {"n", Response{"": "13.1"}, "0 false"}, {"n", Response{"": "twelve"}, "0 false"}, {"n", Response{"": "Inf"}, "0 false"},
		{"h", Response{"": "a"}, "1 true"}, {"h", Response{"": "b"}, "0 false"},
		{"l", Response{"": "2"}, "0 false"},
	} {
		m := q.Item(c.item).Mark(c.r)
		if got := fmt.Sprintf("%.3g %v", float64(int(m.Score*100+0.5))/100, m.Correct); got != c.want {
			t.Errorf("%s %v: %s, want %s", c.item, c.r, got, c.want)
		}
		if m.Scored != (c.item != "l") {
			t.Errorf("%s: scored %v", c.item, m.Scored)
		}
	}
	got, of := Score(&q, q.Form("x"), map[string]Response{"c": {"": "b"}, "m": {"a": "on"}, "l": {"": "1"}})
	if got != 1.5 || of != 8 {
		t.Errorf("score %v of %d, want 1.5 of 8: what nobody answered counts as wrong, an opinion does not count", got, of)
	}
}

func TestForm(t *testing.T) {
	q := Quiz{Items: every(), Draw: 4}
	a := q.Form("salma")
	if fmt.Sprint(a) != fmt.Sprint(q.Form("salma")) {
		t.Error("one seed draws two forms")
	}
	if len(a.Items) != 4 {
		t.Errorf("%d items drawn, not 4", len(a.Items))
	}
	others := map[string]bool{}
	for i := range 20 {
		f := q.Form(fmt.Sprint(i))
		others[fmt.Sprint(f)] = true
		seen := map[string]bool{}
		for _, x := range f.Items {
			if seen[x.ID] {
				t.Fatalf("%s is asked twice", x.ID)
			}
			seen[x.ID] = true
			if it := q.Item(x.ID); it.Kind == Order && slices.Equal(x.Options, []string{"a", "b", "c"}) {
				t.Error("an order stands there solved")
			}
		}
	}
	if len(others) < 10 {
		t.Errorf("twenty seeds draw %d forms", len(others))
	}
	q.Shuffle = "no"
	if f := q.Form("x"); len(f.Items) != 4 || !slices.IsSortedFunc(f.Items, func(a, b Asked) int {
		return slices.IndexFunc(q.Items, func(it Item) bool { return it.ID == a.ID }) - slices.IndexFunc(q.Items, func(it Item) bool { return it.ID == b.ID })
	}) {
		t.Errorf("the author's order is lost: %v", f)
	}
	l := Arranged([]string{"a", "b", "c"}, func(s string) string { return s }, []string{"c", "a"})
	if fmt.Sprint(l) != "[c a b]" {
		t.Errorf("arranged %v", l)
	}
}
