package countries

import (
	"math/rand/v2"
	"slices"
	"testing"
	"unicode"
)

func TestNamesOfMorocco(t *testing.T) {
	n, err := morocco(t).Names()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what    string
		list    []Name
		least   int
		amazigh []string
	}{
		{"female", n.Female, 120, []string{"Tilila", "Itto", "Tiziri"}},
		{"male", n.Male, 120, []string{"Idder", "Moha", "Anir"}},
		{"family", n.Family, 200, []string{"Aït Ali", "Oulhaj", "Amghar"}},
	} {
		if len(c.list) < c.least {
			t.Errorf("%s: %d names, want %d", c.what, len(c.list), c.least)
		}
		ar, fr := map[string]bool{}, map[string]bool{}
		for _, name := range c.list {
			if ar[name.AR] || fr[name.FR] {
				t.Errorf("%s: %s / %s stands twice", c.what, name.AR, name.FR)
			}
			ar[name.AR], fr[name.FR] = true, true
			if name.Weight < 1 {
				t.Errorf("%s: %s has no weight", c.what, name.FR)
			}
			for _, r := range name.AR {
				if unicode.IsLetter(r) && !unicode.Is(unicode.Arabic, r) {
					t.Errorf("%s: %q is not Arabic script", c.what, name.AR)
				}
			}
			for _, s := range append([]string{name.FR}, name.Variants...) {
				for _, r := range s {
					if unicode.IsLetter(r) && !unicode.Is(unicode.Latin, r) {
						t.Errorf("%s: %q is not Latin script", c.what, s)
					}
				}
			}
			if slices.Contains(name.Variants, name.FR) {
				t.Errorf("%s: %s is a variant of itself", c.what, name.FR)
			}
		}
		for _, s := range c.amazigh {
			if !fr[s] {
				t.Errorf("%s: %s is missing", c.what, s)
			}
		}
		t.Logf("%s: %d names", c.what, len(c.list))
	}
}

func TestPickIsRepeatableAndWeighted(t *testing.T) {
	list := []Name{{FR: "often", Weight: 90}, {FR: "seldom", Weight: 10}}
	draw := func() []string {
		r := rand.New(rand.NewPCG(1, 2))
		var out []string
		for range 1000 {
			out = append(out, Pick(list, r).FR)
		}
		return out
	}
	first := draw()
	if !slices.Equal(first, draw()) {
		t.Error("the same seed drew other names")
	}
	often := 0
	for _, s := range first {
		if s == "often" {
			often++
		}
	}
	if often < 850 || often > 950 {
		t.Errorf("a weight of 90 in 100 came %d times in 1000", often)
	}
}

func TestSpelling(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	n := Name{FR: "Mohammed", Variants: []string{"Mohamed", "Mhamed"}}
	seen := map[string]int{}
	for range 400 {
		seen[n.Spelling(r)]++
	}
	if seen["Mohammed"] < 240 || seen["Mohamed"] == 0 || seen["Mhamed"] == 0 || len(seen) != 3 {
		t.Errorf("spellings: %v", seen)
	}
	if s := (Name{FR: "Ali"}).Spelling(r); s != "Ali" {
		t.Errorf("a name without variants: %q", s)
	}
}
