package learner

import (
	"strings"
	"testing"
	"time"

	"tizi/internal/i18n"
)

// Four words out of a list are 25 bits and more, of words that stay apart however they are spelt.
func TestWordLists(t *testing.T) {
	for lang, words := range lists {
		seen := map[string]string{}
		for _, w := range words {
			s := spelt(w)
			if was := seen[s]; was != "" || s == "" || strings.Contains(s, " ") {
				t.Errorf("%s: %q is spelt %q, as %q is", lang, w, s, was)
			}
			seen[s] = w
		}
		if len(seen) < 96 {
			t.Errorf("%s: %d words", lang, len(seen))
		}
		if got := len(strings.Fields(wordsOf(lang))); got != wordsGiven {
			t.Errorf("%s: %d words given", lang, got)
		}
	}
	if spelt(" Étoile,  ABEILLE  miel thé ") != spelt("etoile abeille miel the") || spelt("أسد, مدينة ") != spelt("اسد مدينه") {
		t.Error("spellings of the same words differ")
	}
	if wordsOf(i18n.ZGH) == "" {
		t.Error("no words for whoever reads Tamazight")
	}
}

// Avatars of a group are given out until there are no more, of as many animals as there are.
func TestAvatars(t *testing.T) {
	taken, animals := map[string]bool{}, map[string]bool{}
	for i := range len(Animals) * len(Colours) {
		a := freeAvatar(taken)
		if a == "" || taken[a] || !IsAvatar(a) {
			t.Fatalf("avatar %d: %q", i, a)
		}
		taken[a] = true
		animal, _, _ := strings.Cut(a, "-")
		if animals[animal] = true; i == len(Animals)-1 && len(animals) != len(Animals) {
			t.Errorf("%d animals among the first %d", len(animals), len(Animals))
		}
	}
	if a := freeAvatar(taken); a != "" {
		t.Errorf("one more: %q", a)
	}
	if IsAvatar("cat-pink") || IsAvatar("cat") || IsAvatar("") {
		t.Error("an avatar that there is not")
	}
}

func TestAged(t *testing.T) {
	for birth, want := range map[string]bool{"2014-03-02": true, "2014-03-03": false, "2013": true, "2014": false, "": false} {
		if got := aged(birth, testDay); got != want {
			t.Errorf("%q: %v", birth, got)
		}
	}
}

var testDay = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
