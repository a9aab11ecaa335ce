// Package same finds out whether two records are of one person: a pure comparison, with reasons, across scripts and
// spellings. It knows no database; who keeps records compiles them, blocks them by their keys, and compares.
//
// A comparison adds up evidence in bits, as Fellegi and Sunter do: a field that agrees counts for as many bits as it is
// rarer among strangers than in one person, one that differs counts against. The weights are set by hand and explained
// beside each; Likely is where a pair is worth a person's look.
package same

import (
	"slices"
	"strings"
)

// Record is what is known of a person, as far as it tells people apart.
type Record struct {
	GivenLatin, FamilyLatin, FullLatin string
	GivenArabic, FamilyArabic          string
	FullArabic                         string
	Birth                              string // "2014-12-31", or "2014"
	Sex                                string
	Massar, CIN                        string
	Phone, GuardianPhone, Guardian     string
	Commune                            string
	Centre                             string // any name of it that is the same for the same centre
}

// form is a name in one script.
type form struct{ given, family, all []sound }

// Person is a record made ready to be compared.
type Person struct {
	latin, arabic form
	guardian      []sound
	birth         birth
	r             Record
}

type birth struct {
	year, month, day int // 0: not known
	digits           string
}

func readBirth(s string) birth {
	n := func(t string) int {
		v := 0
		for i := range len(t) {
			if t[i] < '0' || t[i] > '9' {
				return 0
			}
			v = v*10 + int(t[i]-'0')
		}
		return v
	}
	switch len(s) {
	case 4:
		return birth{year: n(s), digits: s}
	case 10:
		return birth{n(s[:4]), n(s[5:7]), n(s[8:]), s}
	}
	return birth{}
}

// Compile makes a record ready.
func Compile(r Record) *Person {
	p := &Person{r: r, birth: readBirth(r.Birth), guardian: unitsOf(r.Guardian)}
	p.latin = formOf(r.GivenLatin, r.FamilyLatin, r.FullLatin)
	p.arabic = formOf(r.GivenArabic, r.FamilyArabic, r.FullArabic)
	if r.Sex != "" {
		for _, l := range [][]sound{p.latin.given, p.latin.all, p.arabic.given, p.arabic.all} {
			for i := range l {
				l[i].sex = r.Sex[0]
			}
		}
	}
	return p
}

func formOf(given, family, full string) form {
	if given != "" || family != "" {
		f := form{given: unitsOf(given), family: unitsOf(family)}
		f.all = append(slices.Clone(f.given), f.family...)
		if len(f.given) == 0 || len(f.family) == 0 {
			f.given, f.family = nil, nil
		}
		return f
	}
	return form{all: unitsOf(full)}
}

// Keys are what records of one person share, at least one, nearly always: they are compared only with those who share
// one. Two strangers share one rarely, so that a country can be searched.
func (p *Person) Keys() []string {
	set := map[string]bool{}
	between := ""
	if b := p.birth; b.month > 0 {
		lo, hi := min(b.month, b.day), max(b.month, b.day)
		between = string([]byte{'A' + byte(lo), 'A' + byte(hi)}) // the same when day and month are swapped
	}
	year := "?"
	if p.birth.year > 0 {
		year = p.birth.digits[:4]
	}
	for _, f := range []form{p.latin, p.arabic} {
		if len(f.all) == 0 {
			continue
		}
		var full []string
		for _, u := range f.all {
			k := u.skeleton()
			full = append(full, k)
			if between != "" {
				set["b"+year+between+k] = true
			}
		}
		if len(full) < 2 {
			continue
		}
		slices.Sort(full)
		name := strings.Join(full, " ")
		set["n"+year+name] = true
		if between != "" {
			set["m"+between+name] = true
		}
		if len(p.guardian) > 0 {
			set["g"+p.guardian[0].skeleton()+":"+name] = true
		}
	}
	for _, ph := range []string{p.r.Phone, p.r.GuardianPhone} {
		if len(ph) >= 9 {
			set["p"+ph[len(ph)-9:]] = true
		}
	}
	if p.r.Massar != "" {
		set["i"+p.r.Massar] = true
	}
	if p.r.CIN != "" {
		set["i"+p.r.CIN] = true
	}
	out := make([]string, 0, len(set))
	for k := range set {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// MostKey is how many people a key may have before it says nothing: the telephone of a centre, a name that thousands
// bear. Such a key is passed over; the others of the same people remain.
const MostKey = 300

// Evidence is what one field says, for people to read and for the sum.
type Evidence struct {
	Field string  // names, given, family, birth, sex, massar, cin, phone, guardian, centre, commune
	How   string  // same, spelled, alike, swapped, turned, slip, year, differ
	Bits  float64 // for (+) or against (-)
}

// Verdict is the sum.
type Verdict struct {
	Bits     float64
	Evidence []Evidence
}

// Where a pair begins to be worth a look, and where hardly a doubt is left. A name and a family name that agree come to
// about 8 bits, and thousands in a country agree so much: the birth, a telephone or a code must speak too.
const (
	Likely  = 10.0
	Certain = 17.0
)

// Thresholds of a likeness of names: what one hand spells in two ways keeps above sure; a letter typed wrong stays above
// perhaps; below other it is another name.
const (
	sure    = 0.90
	perhaps = 0.78
	other   = 0.66
)

func (v *Verdict) add(field, how string, bits float64) {
	v.Bits += bits
	v.Evidence = append(v.Evidence, Evidence{field, how, bits})
}

// common are given names and family names, by their skeletons, that so many bear that they tell little.
var common = func() map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq("Mohamed Fatima Ahmed Youssef Khadija Aicha Hassan Ali Omar Zineb Maryam Amina Imane Salma Aya Adam Yassine Hamza Mehdi Ayoub Alaoui Idrissi Bennani Amrani Tazi Naciri Berrada Fassi Alami Filali Benali Chraibi Mansouri") {
		out[soundOf(strings.ToLower(w)).skeleton()] = true
	}
	return out
}()

func commonName(units []sound) bool {
	for _, u := range units {
		if !common[u.skeleton()] {
			return false
		}
	}
	return len(units) > 0
}

// names compares the names: the likeness of given and family names, and whether they were swapped, or came from different
// scripts.
func names(a, b *Person) (given, family float64, swapped, across bool) {
	type found struct {
		g, f    float64
		swapped bool
	}
	cmp := func(x, y form) (found, bool) {
		if len(x.all) == 0 || len(y.all) == 0 {
			return found{}, false
		}
		if len(x.given) == 0 || len(y.given) == 0 {
			least, most := worst(x.all, y.all)
			return found{least, most, false}, true
		}
		g, f := parts(x.given, y.given), parts(x.family, y.family)
		if min(g, f) < perhaps {
			sg, sf := parts(x.given, y.family), parts(x.family, y.given)
			if sg+sf > g+f && min(sg, sf) >= perhaps {
				return found{sg, sf, true}, true
			}
			// One of the two forms may cut the name elsewhere: Fatima | Zahra Alaoui, Fatima Zahra | Alaoui.
			if len(x.all)+len(y.all) > 4 {
				if j := alike(joined(x.all), joined(y.all)); j >= sure && j > min(g, f) {
					return found{j, j, false}, true
				}
			}
		}
		return found{g, f, false}, true
	}
	l, okL := cmp(a.latin, b.latin)
	r, okR := cmp(a.arabic, b.arabic)
	switch {
	case okL && okR:
		// A slip happens in one script, another name is another in both: the mean. Letters of the one script that make no
		// difference in the other must not hide one.
		return (l.g + r.g) / 2, (l.f + r.f) / 2, l.swapped || r.swapped, false
	case okL:
		return l.g, l.f, l.swapped, false
	case okR:
		return r.g, r.f, r.swapped, false
	}
	if x, ok := cmp(a.latin, b.arabic); ok {
		return x.g, x.f, x.swapped, true
	}
	x, _ := cmp(a.arabic, b.latin)
	return x.g, x.f, x.swapped, true
}

// Score is the sum of Compare, found sooner for the many who are plainly two: whose given names differ and whose codes do
// not agree.
func Score(a, b *Person) float64 {
	coded := a.r.Massar != "" && a.r.Massar == b.r.Massar || a.r.CIN != "" && a.r.CIN == b.r.CIN
	if !coded {
		if g, _, _, _ := names(a, b); g < other {
			return -14
		}
	}
	return Compare(a, b).Bits
}

// Compare weighs two records.
func Compare(a, b *Person) Verdict {
	var v Verdict
	// Codes are given to one person once: two that agree settle it, two that differ nearly do, up to a slip of the pen.
	code := func(field, x, y string) {
		switch {
		case x == "" || y == "":
		case x == y:
			v.add(field, "same", 20)
		case slip(x, y):
			v.add(field, "slip", 3)
		default:
			v.add(field, "differ", -9)
		}
	}
	code("massar", a.r.Massar, b.r.Massar)
	code("cin", a.r.CIN, b.r.CIN)
	coded := v.Bits > 10

	g, f, swapped, across := names(a, b)
	same := "same"
	if across {
		same = "spelled"
	}
	gb, fb := 4.5, 5.0 // one given name in twenty-odd, one family name in thirty-odd, of those who share a key
	for _, x := range []*Person{a, b} {
		if commonName(x.latin.given) || commonName(x.arabic.given) {
			gb = 3.5
		}
		if commonName(x.latin.family) || commonName(x.arabic.family) {
			fb = 3.5
		}
	}
	if swapped {
		v.add("names", "swapped", 0)
	}
	switch {
	case g >= .995 && !across:
		v.add("given", "same", gb)
	case g >= sure:
		v.add("given", spelledOr(same), gb)
	case g >= perhaps:
		v.add("given", "alike", gb-1.5)
	case g >= other:
		v.add("given", "alike", -1.5)
	default:
		// Brothers, sisters and twins share everything else.
		v.add("given", "differ", -14)
	}
	switch {
	case f >= .995 && !across:
		v.add("family", "same", fb)
	case f >= sure:
		v.add("family", spelledOr(same), fb)
	case f >= perhaps:
		v.add("family", "alike", fb-1.5)
	case f >= other:
		v.add("family", "alike", 0)
	default:
		v.add("family", "differ", -6)
	}

	a.birth.compare(b.birth, &v)

	if x, y := a.r.Sex, b.r.Sex; x != "" && y != "" {
		if x == y {
			v.add("sex", "same", 0.5)
		} else {
			v.add("sex", "differ", -5) // a wrong tick is one in a hundred
		}
	}

	// A telephone is a household's: it tells relatives from strangers, not one from another.
	best := ""
	for _, x := range []string{a.r.Phone, a.r.GuardianPhone} {
		for _, y := range []string{b.r.Phone, b.r.GuardianPhone} {
			switch {
			case x == "" || y == "":
			case x == y:
				best = "same"
			case best == "" && slip(x, y):
				best = "slip"
			}
		}
	}
	switch {
	case best == "same":
		v.add("phone", "same", 4)
	case best == "slip":
		v.add("phone", "slip", 2)
	case a.r.GuardianPhone != "" && b.r.GuardianPhone != "":
		v.add("phone", "differ", -2) // people change numbers, and have two parents
	}
	if len(a.guardian) > 0 && len(b.guardian) > 0 {
		switch {
		case parts(a.guardian, b.guardian) >= perhaps:
			v.add("guardian", "same", 3.5)
		case a.fathered() == b.fathered():
			v.add("guardian", "differ", -6) // two children whose fathers have two names are two children
		default:
			v.add("guardian", "alike", -2) // one may be the father and the other the mother
		}
	}
	switch {
	case a.r.Centre == "" || b.r.Centre == "":
	case a.r.Centre == b.r.Centre:
		v.add("centre", "same", 1)
	default:
		v.add("centre", "differ", -2)
	}
	if x, y := foldWords(a.r.Commune), foldWords(b.r.Commune); len(x) > 0 && len(y) > 0 && slices.Equal(x, y) {
		v.add("commune", "same", 0.5)
	}
	if !coded && swapped {
		v.Bits -= 0.5
	}
	slices.SortStableFunc(v.Evidence, func(x, y Evidence) int { return int(10*abs(y.Bits)) - int(10*abs(x.Bits)) })
	return v
}

// fathered says whether the guardian bears the family name, as fathers do and mothers do not.
func (p *Person) fathered() bool {
	last := p.guardian[len(p.guardian)-1]
	for _, f := range []form{p.latin, p.arabic} {
		for _, u := range f.all {
			if alike(u, last) >= perhaps {
				return true
			}
		}
	}
	return false
}

func spelledOr(same string) string {
	if same == "same" {
		return "spelled"
	}
	return same
}

func abs(f float64) float64 { return max(f, -f) }

// compare weighs two births. A date is one in thousands; the first of January and of July are what a registry writes that
// knows the year alone.
func (b birth) compare(c birth, v *Verdict) {
	if b.year == 0 || c.year == 0 {
		return
	}
	full := b.month > 0 && c.month > 0
	rounded := b.day == 1 && (b.month == 1 || b.month == 7)
	switch {
	case full && b == c && rounded:
		v.add("birth", "same", 3.5)
	case full && b == c:
		v.add("birth", "same", 6)
	case !full && b.year == c.year:
		v.add("birth", "year", 2)
	case !full:
		v.add("birth", "differ", -5)
	case b.year == c.year && b.month == c.day && b.day == c.month:
		v.add("birth", "turned", 5)
	case slip(b.digits, c.digits):
		v.add("birth", "slip", 3.5)
	case b.year == c.year && (b.day == 1 && b.month == 1 || c.day == 1 && c.month == 1):
		v.add("birth", "year", 1.5)
	case b.year == c.year && (b.month == c.month || b.day == c.day):
		v.add("birth", "alike", -1)
	case b.year == c.year:
		v.add("birth", "differ", -4)
	default:
		v.add("birth", "differ", -7)
	}
}

// slip says whether one digit differs, or two neighbours stand in the wrong order.
func slip(a, b string) bool {
	if len(a) != len(b) || a == b {
		return false
	}
	i := 0
	for a[i] == b[i] {
		i++
	}
	if a[i+1:] == b[i+1:] {
		return true
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

// Alike is the likeness from which two spellings may be of one name.
const Alike = perhaps

// Likeness says how much two texts are one name, from 0 to 1.
func Likeness(a, b string) float64 { return parts(unitsOf(a), unitsOf(b)) }
