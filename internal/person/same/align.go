package same

import "strings"

// Costs of making one sound another, in shares of a consonant. They are written by hand and not fitted: a register has no
// truth to fit to. What Moroccans really confuse is cheap, and any other letter is a letter. (Libraries of string distance
// know one cost for every letter, or a bonus for common beginnings; a dropped short vowel would weigh as much there as a
// dropped consonant, which is why none is used.)
const (
	dropConsonant = 1.0
	dropArticle   = 0.15
	dropH         = 0.3  // M'hamed, Mhamed; Abdelhadi, Abdeladi
	dropAny       = 0.1  // ع and first ا
	dropE         = 0.12 // Hanan, Hanane
	dropVowel     = 0.22 // Mohamed, Mhamed
	dropUnwritten = 0.05 // a short vowel that Arabic does not write
	dropLong      = 0.4  // a long vowel that Arabic does write: حسن, حسين
	lastA         = 0.65 // Amine, Amina: another person, and another sex
	turned        = 0.6  // two neighbours typed in the wrong order
)

// near are consonants that one hand writes for another.
var near = func() (n [128][128]float64) {
	for pair, cost := range map[string]float64{
		"kx": .4, "kg": .5, "hx": .4, "kj": .5, "gj": .6, "gr": .4, "sz": .4, "sc": .5, "cj": .5, "td": .4, "dz": .4, "ts": .6, "bf": .6, "mn": .6, "lr": .7, "ln": .7,
		"ae": .1, "ei": .12, "ao": .3, "ou": .05, "ai": .35, "au": .45, "eo": .3, "eu": .4, "iu": .45, "io": .45, "iy": 0, "ay": .05, "ey": .05,
		"*a": 0, "*e": 0, "*i": 0, "*o": 0, "*u": 0, "*y": .1,
	} {
		n[pair[0]][pair[1]], n[pair[1]][pair[0]] = cost, cost
	}
	return
}()

// oneSex says that both bear the same sex, so that a last a tells nothing: Hiba, Hibe.
func oneSex(a, b sound) bool { return a.sex != 0 && a.sex == b.sex }

func isVowel(c byte) bool {
	switch c {
	case 'a', 'e', 'i', 'o', 'u', 'y', '*':
		return true
	}
	return false
}

// drop is what it costs that b lacks a letter of a.
func drop(a sound, i int, b sound) float64 {
	c := a.s[i]
	switch {
	case c == 'h':
		return dropH
	case c == 'l' && i == 0 && b.art: // Lasri, العسري
		return dropArticle
	case c == 't' && i == len(a.s)-1 && b.bare && strings.HasSuffix(b.s, "a"): // Najat, نجاة
		return dropArticle
	case !isVowel(c):
		return dropConsonant
	case c == '*':
		return dropAny
	case i == len(a.s)-1 && c == 'a' && i > 0 && !oneSex(a, b):
		return lastA
	case b.bare && !a.bare:
		return dropUnwritten
	case a.bare:
		return dropLong
	case c == 'e':
		return dropE
	}
	return dropVowel
}

func swap(a sound, i int, b sound, j int) float64 {
	x, y := a.s[i], b.s[j]
	if x == y {
		return 0
	}
	if isVowel(x) != isVowel(y) {
		return 2
	}
	last := i == len(a.s)-1 && j == len(b.s)-1 && i > 0
	if last && (x == 'a' && y == 'e' || x == 'e' && y == 'a') && !a.bare && !b.bare && !oneSex(a, b) {
		return lastA
	}
	if c := near[x][y]; c > 0 || isVowel(x) {
		return c
	}
	return 1
}

func weight(s sound) float64 {
	w := 0.0
	for i := range len(s.s) {
		switch c := s.s[i]; {
		case c == 'h':
			w += .5
		case c == '*':
			w += .1
		case isVowel(c):
			w += .2
		default:
			w++
		}
	}
	return w
}

// alike says how much two sounds are one word, from 0 to 1.
func alike(a, b sound) float64 {
	if a.s == b.s {
		return 1
	}
	if a.s == "" || b.s == "" {
		return 0
	}
	const most = 40
	n, m := min(len(a.s), most), min(len(b.s), most)
	var rows [3][most + 1]float64
	before, last, now := &rows[0], &rows[1], &rows[2]
	for j := 1; j <= m; j++ {
		last[j] = last[j-1] + drop(b, j-1, a)
	}
	for i := 1; i <= n; i++ {
		da := drop(a, i-1, b)
		now[0] = last[0] + da
		for j := 1; j <= m; j++ {
			c := min(last[j]+da, now[j-1]+drop(b, j-1, a), last[j-1]+swap(a, i-1, b, j-1))
			if i > 1 && j > 1 && a.s[i-1] == b.s[j-2] && a.s[i-2] == b.s[j-1] {
				c = min(c, before[j-2]+turned)
			}
			now[j] = c
		}
		before, last, now = last, now, before
	}
	w := max((weight(a)+weight(b))/2, 1.5)
	return max(0, 1-last[m]/w)
}

// joined is a name with its units in one.
func joined(units []sound) sound {
	if len(units) == 1 {
		return units[0]
	}
	var out sound
	for _, u := range units {
		out.bare, out.sex = out.bare || u.bare, u.sex
		s := u.s
		if n := len(out.s); n > 0 && s != "" && out.s[n-1] == s[0] {
			s = s[1:]
		}
		out.s += s
	}
	return out
}

// missing is what is left of a likeness when one of the two has a word more: Mohamed, Mohamed Amine.
const missing = 0.93

// parts says how much two lists of units are one name: each unit of the shorter finds its best in the longer, in any order;
// or both written in one.
func parts(a, b []sound) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	if len(a) == 1 && len(b) == 1 {
		return alike(a[0], b[0])
	}
	best := alike(joined(a), joined(b))
	if len(a) > len(b) {
		a, b = b, a
	}
	var taken uint64
	sum := 0.0
	for _, u := range a {
		at, most := -1, -1.0
		for j, v := range b {
			if j < 64 && taken&(1<<j) == 0 {
				if s := alike(u, v); s > most {
					at, most = j, s
				}
			}
		}
		if at >= 0 {
			taken |= 1 << at
		}
		sum += max(most, 0)
	}
	s := sum / float64(len(a))
	if len(a) != len(b) {
		s *= missing
	}
	return max(best, s)
}

// worst is like parts but for the least alike unit of the shorter list, for names whose given and family names are not told
// apart.
func worst(a, b []sound) (least, most float64) {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) < 2 {
		return 0, parts(a, b)
	}
	if j := alike(joined(a), joined(b)); j > .9 {
		return j, j
	}
	var taken uint64
	least = 1
	for _, u := range a {
		at, s := -1, 0.0
		for j, v := range b {
			if j < 64 && taken&(1<<j) == 0 {
				if x := alike(u, v); at < 0 || x > s {
					at, s = j, x
				}
			}
		}
		if at >= 0 {
			taken |= 1 << at
		}
		least, most = min(least, s), max(most, s)
	}
	return least, most
}
