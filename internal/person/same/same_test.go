package same_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"tizi/internal/person/same"
	"tizi/internal/person/same/pairs"
)

// judge counts what the matcher makes of pairs: found only if they share a key, as in a real search, and reach the mark.
func judge(a, b same.Record) (met bool, v same.Verdict) {
	x, y := same.Compile(a), same.Compile(b)
	kx := x.Keys()
	for _, k := range y.Keys() {
		if slices.Contains(kx, k) {
			met = true
		}
	}
	return met, same.Compare(x, y)
}

func TestGeneratedPairs(t *testing.T) {
	for _, seed := range []uint64{1, 2, 3} {
		type count struct{ n, found, unmet int }
		ways := map[string]*count{}
		var right, wrong, lost int
		for _, p := range pairs.Make(2000, seed) {
			c := ways[p.Way]
			if c == nil {
				c = &count{}
				ways[p.Way] = c
			}
			c.n++
			met, v := judge(p.A, p.B)
			found := met && v.Bits >= same.Likely
			if !met {
				c.unmet++
			}
			switch {
			case found && p.Same:
				right++
			case found:
				wrong++
			case p.Same:
				lost++
			}
			if found {
				c.found++
			}
			if found != p.Same && testing.Verbose() && os.Getenv("SAME_SHOW") != "" {
				t.Logf("%s: met %v, %.1f bits %v\n  %+v\n  %+v", p.Way, met, v.Bits, v.Evidence, p.A, p.B)
			}
		}
		for _, w := range pairs.Ways {
			c := ways[w.Name]
			t.Logf("seed %d: %-45s %4d pairs, %4d found, %3d share no key", seed, w.Name, c.n, c.found, c.unmet)
		}
		recall, precision := float64(right)/float64(right+lost), float64(right)/float64(right+wrong)
		t.Logf("seed %d: recall %.3f, precision %.3f", seed, recall, precision)
		if recall < .95 || precision < .90 {
			t.Errorf("seed %d: recall %.3f, precision %.3f; wanted .95 and .90", seed, recall, precision)
		}
	}
}

// The second set is written by hand, from lists of names as people write them, and not by the generator: spellings that are
// one name, and names that are two.
func TestSpellings(t *testing.T) {
	right, lost, wrong := 0, 0, 0
	read := func(file string) [][]string {
		b, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		var out [][]string
		for line := range strings.Lines(string(b)) {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				var names []string
				for n := range strings.SplitSeq(line, "|") {
					names = append(names, strings.TrimSpace(n))
				}
				out = append(out, names)
			}
		}
		return out
	}
	for _, names := range read("same.txt") {
		for i, a := range names {
			for _, b := range names[i+1:] {
				if s := same.Likeness(a, b); s < same.Alike {
					lost++
					t.Logf("%s and %s are one name, %.2f", a, b, s)
				} else {
					right++
				}
			}
		}
	}
	for _, names := range read("other.txt") {
		for i, a := range names {
			for _, b := range names[i+1:] {
				if s := same.Likeness(a, b); s >= same.Alike {
					wrong++
					t.Logf("%s and %s are two names, %.2f", a, b, s)
				}
			}
		}
	}
	recall, precision := float64(right)/float64(right+lost), float64(right)/float64(right+wrong)
	t.Logf("by hand: %d pairs of spellings; recall %.3f, precision %.3f", right+lost, recall, precision)
	if recall < .95 || precision < .90 {
		t.Errorf("recall %.3f, precision %.3f; wanted .95 and .90", recall, precision)
	}
}

func TestEvidence(t *testing.T) {
	base := same.Record{GivenLatin: "Mohammed", FamilyLatin: "Aït Hammou", Birth: "2014-03-09", Sex: "m", GuardianPhone: "+212612345678", Guardian: "Said Ait Hammou", Centre: "A"}
	for name, c := range map[string]struct {
		change func(*same.Record)
		likely bool
		field  string
		how    string
	}{
		"the same": {func(r *same.Record) {}, true, "birth", "same"},
		"in Arabic": {func(r *same.Record) {
			r.GivenLatin, r.FamilyLatin, r.GivenArabic, r.FamilyArabic = "", "", "محمد", "أيت حمو"
		}, true, "given", "spelled"},
		"in Tifinagh":          {func(r *same.Record) { r.GivenLatin, r.FamilyLatin = "ⵎⵓⵃⵎⵎⴷ", "ⴰⵢⵜ ⵃⵎⵎⵓ" }, true, "given", "spelled"},
		"swapped":              {func(r *same.Record) { r.GivenLatin, r.FamilyLatin = r.FamilyLatin, r.GivenLatin }, true, "names", "swapped"},
		"day and month":        {func(r *same.Record) { r.Birth = "2014-09-03" }, true, "birth", "turned"},
		"year alone":           {func(r *same.Record) { r.Birth = "2014" }, true, "birth", "year"},
		"a digit":              {func(r *same.Record) { r.Birth = "2013-03-09" }, true, "birth", "slip"},
		"a digit of the phone": {func(r *same.Record) { r.GuardianPhone = "+212612345679" }, true, "phone", "slip"},
		"a twin":               {func(r *same.Record) { r.GivenLatin = "Ilyas" }, false, "given", "differ"},
		"another code":         {func(r *same.Record) { r.Massar = "R111111112" }, false, "massar", "differ"},
	} {
		a, b := base, base
		c.change(&b)
		if name == "another code" {
			a.Massar = "R999999999"
			a.Guardian, b.Guardian, b.GuardianPhone = "", "", ""
		}
		v := same.Compare(same.Compile(a), same.Compile(b))
		if (v.Bits >= same.Likely) != c.likely {
			t.Errorf("%s: %.1f bits: %v", name, v.Bits, v.Evidence)
		}
		if !slices.ContainsFunc(v.Evidence, func(e same.Evidence) bool { return e.Field == c.field && e.How == c.how }) {
			t.Errorf("%s: nothing says %s %s: %v", name, c.field, c.how, v.Evidence)
		}
		if w := same.Compare(same.Compile(b), same.Compile(a)); w.Bits != v.Bits {
			t.Errorf("%s: %.2f bits one way, %.2f the other", name, v.Bits, w.Bits)
		}
	}
}

func TestSounds(t *testing.T) {
	for a, b := range map[string]string{"Mohammed": "محمد", "Abd El Kader": "عبدالقادر", "Abdellah": "عبد الله", "Aït Hammou": "ⴰⵢⵜ ⵃⵎⵎⵓ", "El Alaoui": "العلوي", "Ezzahra": "الزهراء", "M'hamed": "امحمد", "Guelmim": "كلميم"} {
		if x, y := same.Sounds(a), same.Sounds(b); !slices.Equal(x, y) {
			t.Errorf("%s sounds %q, %s sounds %q", a, x, b, y)
		}
	}
	if got := same.Sounds(" - '"); len(got) != 0 {
		t.Errorf("nothing sounds %q", got)
	}
}

func FuzzCompare(f *testing.F) {
	f.Add("Mohammed", "محمد", "2014-02-03", "2014")
	f.Add("عبد", "Abd El", "", "x")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		x, y := same.Compile(same.Record{GivenLatin: a, FamilyLatin: b, Birth: c, Guardian: d}), same.Compile(same.Record{FullArabic: b, FullLatin: a, Birth: d, GuardianPhone: c})
		x.Keys()
		if v, w := same.Compare(x, y), same.Compare(y, x); v.Bits-w.Bits > 1e-9 || w.Bits-v.Bits > 1e-9 {
			t.Fatalf("%v one way, %v the other", v, w)
		}
	})
}

func BenchmarkCompare(b *testing.B) {
	l := pairs.Make(1000, 1)
	type two struct{ x, y *same.Person }
	var ps []two
	for _, p := range l {
		ps = append(ps, two{same.Compile(p.A), same.Compile(p.B)})
	}
	for i := 0; b.Loop(); i++ {
		p := ps[i%len(ps)]
		same.Compare(p.x, p.y)
	}
}
