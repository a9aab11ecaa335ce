package quiz

import (
	"math"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"tizi/internal/i18n"
)

// Response is what somebody answered to one item, by the part that it answers: "" of items with one answer. Choices, spots and steps of
// a scale are their ids or numbers from 1; several choices are each "on"; of an order it is the place from 1; of a pair the id of the
// pair whose right side was taken; of a gap the words.
type Response map[string]string

// Mark is what an answer is worth.
type Mark struct {
	Answered bool
	Scored   bool    // false where nothing is right or wrong
	Correct  bool    // all of it
	Score    float64 // from 0 to 1
	Right    map[string]bool
}

// Mark marks an answer. It never fails: what is no answer of the item is a wrong one.
func (it *Item) Mark(r Response) Mark {
	m := Mark{Scored: it.Scored(), Right: map[string]bool{}}
	for _, v := range r {
		m.Answered = m.Answered || strings.TrimSpace(v) != ""
	}
	one := strings.TrimSpace(r[""])
	set := func(ok bool) {
		m.Correct = ok
		if ok {
			m.Score = 1
		}
	}
	switch it.Kind {
	case Choice:
		for _, c := range it.Choices {
			if c.ID == one {
				set(c.Correct)
			}
		}
	case Multiple:
		// Each right choice counts, and each wrong one takes as much away, so that ticking all is worth nothing.
		right, hit, miss := 0, 0, 0
		for _, c := range it.Choices {
			ticked := r[c.ID] != ""
			m.Right[c.ID] = ticked == c.Correct
			switch {
			case c.Correct && ticked:
				right, hit = right+1, hit+1
			case c.Correct:
				right++
			case ticked:
				miss++
			}
		}
		if right > 0 {
			m.Score = float64(max(0, hit-miss)) / float64(right)
		}
		m.Correct = right > 0 && hit == right && miss == 0
	case Order:
		for i, o := range it.Sequence {
			m.Right[o.ID] = strings.TrimSpace(i18n.Digits(r[o.ID])) == strconv.Itoa(i+1)
		}
		m.share()
	case Match:
		for _, p := range it.Pairs {
			m.Right[p.ID] = it.sameRight(p.ID, r[p.ID])
		}
		m.share()
	case Gap:
		for g, b := range it.Gaps {
			m.Right[g] = accepts(b.Accept, r[g])
		}
		m.share()
	case Written:
		set(accepts(it.Accept, one))
	case Number:
		n, ok := ParseNumber(one)
		set(ok && it.Answer != nil && math.Abs(n-*it.Answer) <= it.Within+1e-9)
	case Hotspot:
		for _, s := range it.Spots {
			if s.ID == one {
				set(s.Correct)
			}
		}
	}
	return m
}

// share makes the score that of the parts that are right.
func (m *Mark) share() {
	n := 0
	for _, ok := range m.Right {
		if ok {
			n++
		}
	}
	if len(m.Right) > 0 {
		m.Score = float64(n) / float64(len(m.Right))
	}
	m.Correct = n > 0 && n == len(m.Right)
}

// sameRight reports whether a pair's left side was given its right side, or another's of the same words.
func (it *Item) sameRight(of, taken string) bool {
	var want, got *Pair
	for i, p := range it.Pairs {
		if p.ID == of {
			want = &it.Pairs[i]
		}
		if p.ID == taken {
			got = &it.Pairs[i]
		}
	}
	if want == nil || got == nil {
		return false
	}
	if want == got {
		return true
	}
	for l, s := range want.Right {
		if s != got.Right[l] {
			return false
		}
	}
	return len(want.Right) == len(got.Right)
}

// accepts reports whether words are among those that are right, in whichever language somebody wrote.
func accepts(accept map[i18n.Lang][]string, words string) bool {
	w := Plain(words)
	if w == "" {
		return false
	}
	for _, l := range accept {
		for _, a := range l {
			if Plain(a) == w {
				return true
			}
		}
	}
	return false
}

// Plain is what of words counts: no marks above or below letters, no capitals, one shape of letters that are often mixed up, no
// punctuation around them and one space between.
func Plain(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(i18n.Digits(s)) {
		switch {
		case unicode.Is(unicode.Mn, r), r == 'ـ', unicode.Is(unicode.Cf, r): // also the hamza above an alif, which NFKD takes apart
		case r == 'ة':
			b.WriteRune('ه')
		case r == 'ى':
			b.WriteRune('ي')
		case r == '’' || r == '‘':
			b.WriteRune('\'')
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	out := strings.Join(strings.Fields(b.String()), " ")
	return strings.TrimFunc(out, func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSpace(r) })
}

// ParseNumber reads a number as people type it: with a comma or a point, with digits of any keyboard, spaces between thousands.
func ParseNumber(s string) (float64, bool) {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.Is(unicode.Cf, r):
			return -1
		case r == ',' || r == '٫':
			return '.'
		case r == '−':
			return '-'
		}
		return r
	}, i18n.Digits(s))
	for _, r := range s {
		if !(r >= '0' && r <= '9' || r == '.' || r == '-' || r == '+') {
			return 0, false
		}
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil && !math.IsInf(n, 0)
}

// Score is what the answers to a form are worth: the sum over items that have a right answer, and how many they are. An item without
// an answer counts as wrong.
func Score(q *Quiz, f Form, answers map[string]Response) (got float64, of int) {
	for _, a := range f.Items {
		it := q.Item(a.ID)
		if it == nil || !it.Scored() {
			continue
		}
		of++
		got += it.Mark(answers[a.ID]).Score
	}
	return got, of
}
