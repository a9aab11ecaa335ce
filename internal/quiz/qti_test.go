package quiz

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tizi/internal/i18n"
)

// both is an item of each kind in two languages.
func both() []Item {
	t := func(s string) i18n.Text { return i18n.Text{i18n.FR: s + " <é> & « x »", i18n.AR: "ن " + s} }
	l := every()
	for i := range l {
		it := &l[i]
		it.Prompt, it.Hint, it.Feedback = t("prompt"), t("hint"), Feedback{t("yes"), t("no")}
		it.Competencies, it.Parallel = []string{"digcomp-2.2:1.1", "ai4k12:3"}, "x1"
		for j := range it.Choices {
			it.Choices[j].Text, it.Choices[j].Feedback = t(it.Choices[j].ID), t("because")
		}
		for j := range it.Sequence {
			it.Sequence[j].Text = t(it.Sequence[j].ID)
		}
		for j := range it.Pairs {
			it.Pairs[j].Left, it.Pairs[j].Right = t("l"+it.Pairs[j].ID), t("r"+it.Pairs[j].ID)
		}
		for j := range it.Steps {
			it.Steps[j] = t("step")
		}
		for j := range it.Spots {
			it.Spots[j].Label = t("spot")
		}
		if it.Kind == Gap {
			it.Text = i18n.Text{i18n.FR: "a [[g1]] b [[g2]].", i18n.AR: "[[g2]] ب [[g1]]"}
			for g := range it.Gaps {
				it.Gaps[g] = Blank{Accept: map[i18n.Lang][]string{i18n.FR: {"un", "deux"}, i18n.AR: {"واحد"}}}
			}
		}
		if it.Kind == Written {
			it.Accept = map[i18n.Lang][]string{i18n.FR: {"un", "l’un & l’autre"}, i18n.AR: {"واحد"}}
		}
	}
	return l
}

func TestQTI(t *testing.T) {
	for _, it := range both() {
		var back *Item
		for _, l := range []i18n.Lang{i18n.FR, i18n.AR} {
			b, err := it.QTI(l)
			if err != nil {
				t.Fatal(err)
			}
			x, in, err := ReadQTI(b, i18n.EN)
			if err != nil || in != l {
				t.Fatalf("%s in %s: %v\n%s", it.Kind, in, err, b)
			}
			if back == nil {
				back = x
			} else if err := back.Merge(x); err != nil {
				t.Fatal(err)
			}
		}
		if d := cmp.Diff(it, *back, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s comes back changed:\n%s", it.Kind, d)
		}
	}
}

func TestNotQTI(t *testing.T) {
	for _, s := range []string{"", "x", "<a/>", "<qti-assessment-item identifier='x'/>", "<qti-assessment-item identifier='x'><qti-item-body><qti-upload-interaction/></qti-item-body></qti-assessment-item>",
		"<!DOCTYPE a [<!ENTITY b 'c'>]><qti-assessment-item>&b;</qti-assessment-item>"} {
		if _, _, err := ReadQTI([]byte(s), i18n.FR); !errors.Is(err, ErrQTI) {
			t.Errorf("%s: %v", s, err)
		}
	}
	l := both()
	if err := l[0].Merge(&l[1]); err == nil {
		t.Error("two items are one")
	}
}

func FuzzQTI(f *testing.F) {
	for _, it := range both() {
		b, err := it.QTI(i18n.FR)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		it, l, err := ReadQTI(b, i18n.FR)
		if err != nil {
			return
		}
		it.Mark(Response{"": "x"})
		(&Quiz{Items: []Item{*it}}).Form("x")
		if _, err := it.QTI(l); err != nil {
			t.Errorf("what is read is not written: %v", err)
		}
	})
}
