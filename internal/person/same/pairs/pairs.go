// Package pairs makes labelled pairs of records as they are really written: one person written twice, in each of the ways in
// which that goes wrong, and two people whom a careless comparison would take for one. Tests judge the matcher by it, and
// the demonstration takes its duplicates from it.
package pairs

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"tizi/countries"
	"tizi/internal/person/same"
)

// Pair is two records and the truth about them.
type Pair struct {
	A, B same.Record
	Same bool
	Way  string // which of Ways made it
}

// Way is one way in which a pair comes about, and its share of the whole in thousandths.
type Way struct {
	Name  string
	Share int
	Same  bool
	make  func(*maker) (a, b same.Record)
}

// Ways are all ways. The shares are an estimate of what offices do: lists in the other script and other spellings come first,
// then what a hand gets wrong. Half of all pairs are people who are not the same: near neighbours of real records are what a
// register is full of.
var Ways = []Way{
	{"other script", 110, true, func(m *maker) (a, b same.Record) {
		a, b = m.twice()
		a.GivenArabic, a.FamilyArabic = "", ""
		b.GivenLatin, b.FamilyLatin = "", ""
		return
	}},
	{"other spelling", 120, true, func(m *maker) (a, b same.Record) {
		a, b = m.twice()
		a.GivenArabic, a.FamilyArabic, b.GivenArabic, b.FamilyArabic = "", "", "", ""
		b.GivenLatin, b.FamilyLatin = m.respell(b.GivenLatin), m.respell(b.FamilyLatin)
		return
	}},
	{"other spelling, both scripts", 40, true, func(m *maker) (a, b same.Record) {
		a, b = m.twice()
		b.GivenLatin, b.FamilyLatin = m.respell(b.GivenLatin), m.respell(b.FamilyLatin)
		return
	}},
	{"typing slip in the name", 50, true, func(m *maker) (a, b same.Record) {
		a, b = m.twice()
		if m.IntN(2) == 0 {
			b.GivenLatin = m.slip(b.GivenLatin)
		} else {
			b.FamilyLatin = m.slip(b.FamilyLatin)
		}
		b.GivenArabic, b.FamilyArabic = "", ""
		return
	}},
	{"given and family name swapped", 30, true, func(m *maker) (a, b same.Record) {
		a, b = m.twice()
		b.GivenLatin, b.FamilyLatin = b.FamilyLatin, b.GivenLatin
		b.GivenArabic, b.FamilyArabic = b.FamilyArabic, b.GivenArabic
		return
	}},
	{"whole name in one field", 30, true, func(m *maker) (a, b same.Record) {
		a, b = m.twice()
		b.FullLatin = m.respell(b.FamilyLatin) + " " + m.respell(b.GivenLatin)
		b.GivenLatin, b.FamilyLatin, b.GivenArabic, b.FamilyArabic = "", "", "", ""
		return
	}},
	{"a given name left out", 20, true, func(m *maker) (a, b same.Record) {
		a, b = m.twice()
		second := m.pick(m.names.Male)
		a.GivenLatin, a.GivenArabic = a.GivenLatin+" "+second.FR, a.GivenArabic+" "+second.AR
		return
	}},
	{"day and month swapped", 25, true, func(m *maker) (a, b same.Record) {
		a, b = m.twice()
		day := 1 + m.IntN(12)
		month := 1 + (day+m.IntN(11))%12
		year := a.Birth[:4]
		a.Birth, b.Birth = fmt.Sprintf("%s-%02d-%02d", year, month, day), fmt.Sprintf("%s-%02d-%02d", year, day, month)
		b.GivenLatin = m.respell(b.GivenLatin)
		return
	}},
	{"year of birth alone", 25, true, func(m *maker) (a, b same.Record) {
		a, b = m.twice()
		b.Birth = b.Birth[:4]
		b.FamilyLatin = m.respell(b.FamilyLatin)
		return
	}},
	{"a digit of the birth wrong", 25, true, func(m *maker) (a, b same.Record) {
		a, b = m.twice()
		d := []byte(b.Birth)
		d[9] = '0' + (d[9]-'0'+1)%10
		if string(d[8:]) == "00" {
			d[9] = '2'
		}
		b.Birth = string(d)
		return
	}},
	{"the other parent named", 25, true, func(m *maker) (a, b same.Record) {
		a, b = m.twice()
		mother := m.pick(m.names.Female)
		b.Guardian, b.GuardianPhone = mother.FR+" "+m.pick(m.names.Family).FR, m.phone()
		return
	}},
	{"brother or sister", 130, false, func(m *maker) (a, b same.Record) {
		a, b = m.twice()
		m.other(&b)
		b.Birth = m.birth()
		return
	}},
	{"twins", 70, false, func(m *maker) (a, b same.Record) {
		a, b = m.twice()
		m.other(&b)
		return
	}},
	{"cousins of one name and one guardian", 60, false, func(m *maker) (a, b same.Record) {
		a, b = m.twice()
		m.other(&b)
		b.Birth = m.birth()
		b.Phone = ""
		return
	}},
	{"namesakes born the same day, other centres", 90, false, func(m *maker) (a, b same.Record) {
		a, b = m.twice()
		b.GivenLatin = m.respell(b.GivenLatin)
		family := strings.Fields(b.FamilyLatin)
		b.Guardian, b.GuardianPhone = m.pick(m.names.Male).FR+" "+family[len(family)-1], m.phone()
		if m.IntN(2) == 0 {
			b.Guardian = m.pick(m.names.Female).FR + " " + m.pick(m.names.Family).FR
		}
		for b.Centre == a.Centre {
			b.Centre = m.centre()
		}
		return
	}},
	{"namesakes of other ages", 80, false, func(m *maker) (a, b same.Record) {
		a, b = m.twice()
		b.Birth, b.Guardian, b.GuardianPhone = m.birth(), m.pick(m.names.Female).FR+" "+m.pick(m.names.Family).FR, m.phone()
		return
	}},
	{"one given name, born the same day", 70, false, func(m *maker) (a, b same.Record) {
		a, b = m.twice()
		f := m.pick(m.names.Family)
		for f.AR == a.FamilyArabic {
			f = m.pick(m.names.Family)
		}
		b.FamilyLatin, b.FamilyArabic = f.FR, f.AR
		b.Guardian, b.GuardianPhone = m.pick(m.names.Male).FR+" "+f.FR, m.phone()
		return
	}},
}

// Make makes n pairs, each way with its share, from a seed.
func Make(n int, seed uint64) []Pair {
	m := newMaker(seed)
	var out []Pair
	total := 0
	for _, w := range Ways {
		total += w.Share
	}
	for _, w := range Ways {
		for range n * w.Share / total {
			a, b := w.make(m)
			out = append(out, Pair{a, b, w.Same, w.Name})
		}
	}
	return out
}

type maker struct {
	*rand.Rand
	names *countries.Names
}

func newMaker(seed uint64) *maker {
	c, err := countries.Load("ma")
	if err != nil {
		panic(err) // the country is part of the program
	}
	names, err := c.Names()
	if err != nil {
		panic(err)
	}
	return &maker{rand.New(rand.NewPCG(seed, 7)), names}
}

func (m *maker) pick(l []countries.Name) countries.Name { return countries.Pick(l, m.Rand) }

func (m *maker) birth() string {
	return fmt.Sprintf("%d-%02d-%02d", 2008+m.IntN(11), 1+m.IntN(12), 1+m.IntN(28))
}

func (m *maker) phone() string  { return fmt.Sprintf("+2126%08d", m.IntN(100_000_000)) }
func (m *maker) centre() string { return fmt.Sprint("centre ", m.IntN(12)) }

// twice is one person, written twice just the same, up to what is often left out.
func (m *maker) twice() (a, b same.Record) {
	r := same.Record{Sex: "m", Birth: m.birth(), Centre: m.centre()}
	first := m.names.Male
	if m.IntN(2) == 0 {
		r.Sex, first = "f", m.names.Female
	}
	g, f := m.pick(first), m.pick(m.names.Family)
	r.GivenLatin, r.GivenArabic, r.FamilyLatin, r.FamilyArabic = g.FR, g.AR, f.FR, f.AR
	r.Guardian, r.GuardianPhone = m.pick(m.names.Male).FR+" "+f.FR, m.phone()
	a, b = r, r
	for _, x := range []*same.Record{&a, &b} {
		if m.IntN(3) == 0 {
			x.Guardian = ""
		}
		if m.IntN(3) == 0 {
			x.GuardianPhone = ""
		}
	}
	if m.IntN(4) == 0 {
		b.Centre = m.centre()
	}
	// Spellings of the list of the country, each as likely.
	if len(g.Variants) > 0 && m.IntN(2) == 0 {
		b.GivenLatin = g.Variants[m.IntN(len(g.Variants))]
	}
	if len(f.Variants) > 0 && m.IntN(2) == 0 {
		b.FamilyLatin = f.Variants[m.IntN(len(f.Variants))]
	}
	return a, b
}

// other gives a record another given name of either sex.
func (m *maker) other(r *same.Record) {
	was := r.GivenArabic
	for {
		r.Sex = "m"
		l := m.names.Male
		if m.IntN(2) == 0 {
			r.Sex, l = "f", m.names.Female
		}
		n := m.pick(l)
		if n.AR != was {
			r.GivenLatin, r.GivenArabic = n.FR, n.AR
			return
		}
	}
}

// habits are what one hand writes for another; respell applies some.
var habits = []struct{ from, to string }{
	{"ou", "u"}, {"ou", "o"}, {"oua", "wa"}, {"ch", "sh"}, {"kh", "k"}, {"q", "k"}, {"k", "q"}, {"gh", "rh"}, {"dd", "d"}, {"mm", "m"}, {"ss", "s"}, {"ll", "l"}, {"bb", "b"}, {"tt", "t"},
	{"ï", "i"}, {"é", "e"}, {"i", "y"}, {"y", "i"}, {"ah", "a"}, {"e", "a"}, {"e", "i"}, {"a", "e"}, {"El ", "Al "}, {"El ", "El-"}, {"El ", "El"}, {"Ait ", "Ait-"}, {"Aït ", "Ait"},
	{"Ben", "Ben "}, {"Abdel", "Abd El "}, {"Abdel", "Abdel "}, {"gu", "g"}, {"h", ""}, {"mou", "mo"}, {"-", " "}, {"-", ""}, {"dh", "d"}, {"th", "t"}, {"z", "zz"}, {"n", "nn"},
}

// Respell writes a Latin name as another hand would.
func Respell(r *rand.Rand, s string) string { return (&maker{Rand: r}).respell(s) }

func (m *maker) respell(s string) string {
	for range 1 + m.IntN(2) {
		for range 12 { // until one fits
			h := habits[m.IntN(len(habits))]
			body := strings.TrimRight(s, "ae") // a last vowel is heard
			if strings.Contains(body, h.from) {
				t := strings.Replace(s, h.from, h.to, 1)
				if len(strings.TrimSpace(t)) > 2 {
					s = t
				}
				break
			}
		}
	}
	switch m.IntN(8) {
	case 0:
		s = strings.ToUpper(s)
	case 1:
		s = strings.ToLower(s)
	}
	return strings.TrimSpace(s)
}

// slip is a letter left out, doubled, typed wrong or in the wrong place.
func (m *maker) slip(s string) string {
	r := []rune(s)
	if len(r) < 4 {
		return s
	}
	i := 1 + m.IntN(len(r)-2)
	switch m.IntN(4) {
	case 0:
		return string(r[:i]) + string(r[i+1:])
	case 1:
		return string(r[:i]) + string(r[i]) + string(r[i:])
	case 2:
		r[i] = rune("azertyuiopqsdfghjklmwxcvbn"[m.IntN(26)])
	default:
		r[i], r[i+1] = r[i+1], r[i]
	}
	return string(r)
}

// People are n records as a register has them: most of one person each, some three in a hundred of somebody who is there
// already, written in one of the ways of two records of one person.
func People(n int, seed uint64) []same.Record {
	m := newMaker(seed)
	var ways []Way
	total := 0
	for _, w := range Ways {
		if w.Same {
			ways = append(ways, w)
			total += w.Share
		}
	}
	out := make([]same.Record, 0, n+1)
	for len(out) < n {
		if m.IntN(100) >= 3 {
			a, _ := m.twice()
			out = append(out, a)
			continue
		}
		x := m.IntN(total)
		for _, w := range ways {
			if x -= w.Share; x < 0 {
				a, b := w.make(m)
				out = append(out, a, b)
				break
			}
		}
	}
	return out[:n]
}
