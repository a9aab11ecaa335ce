package course

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"tizi/internal/i18n"
	"tizi/internal/quiz"
)

// How much a section of the trainer's text says at the least, in words. It is little: a heading with nothing below it is what it finds.
var leastWords = map[string]int{"prepare": 15, "steps": 30, "talk": 10, "wrong": 20, "unplugged": 3, "home": 8, "safe": 10}

const (
	leastUnplugged = 12 // words of a lesson that has a lab, about how to do without
	leastAnswers   = 3  // questions with a right answer that show what was learned
	mostQuestions  = 6
	leastWrong     = 2 // things that go wrong
)

// teachable says what somebody who never saw a lesson lacks to teach it from its page alone, in each language in which its trainer's
// text is there: the aim, material, a plan that names all that is done, something to do, to talk of, to answer and to keep, and each
// section of the trainer's text with something in it.
func (k *check) teachable(file string, l *Lesson) {
	at := func(key string, args ...any) { k.advise(file, l.Line, key, args...) }
	kinds := map[string]int{}
	planned := map[string]bool{}
	for _, s := range l.Plan {
		planned[s.Activity] = true
	}
	for _, a := range l.Activities {
		kinds[a.Kind]++
		if !planned[a.ID] {
			k.advise(file, a.Line, "course.advice.unplanned", "id", a.ID)
		}
	}
	if len(l.Materials) == 0 {
		at("course.advice.materials")
	}
	for _, kind := range []string{Talk, Quiz, Project} {
		if kinds[kind] == 0 {
			at("course.advice.kind", "kind", kind)
		}
	}
	if kinds[Reading]+kinds[Lab]+kinds[Video]+kinds[Audio] == 0 {
		at("course.advice.nothing")
	}
	answers, most := 0, 0
	for _, a := range l.Activities {
		if a.Items == nil {
			continue
		}
		n, right := len(a.Items.Items), 0
		for _, it := range a.Items.Items {
			if it.Kind != quiz.Likert { // an opinion shows nothing of what was learned
				right++
			}
		}
		if d := a.Items.Draw; d > 0 {
			n, right = min(n, d), min(right, d)
		}
		answers, most = answers+right, max(most, n)
	}
	if kinds[Quiz] > 0 && (answers < leastAnswers || most > mostQuestions) {
		at("course.advice.questions", "n", answers, "least", leastAnswers, "most", mostQuestions)
	}
	for lang, p := range l.Texts[l.Trainer] {
		if !slices.Contains(k.course.Languages, lang) {
			continue
		}
		k.unsaid(file, l, lang)
		parts := sections(p.Source)
		for _, s := range Sections {
			least := leastWords[s]
			if s == "unplugged" && kinds[Lab] > 0 {
				least = leastUnplugged
			}
			if n := len(strings.Fields(parts[s])); n < least {
				k.advise(p.File, 0, "course.advice.section", "section", "{#"+s+"}", "n", n, "least", least)
			}
		}
		if n := strings.Count("\n"+parts["wrong"], "\n- "); n < leastWrong {
			k.advise(p.File, 0, "course.advice.wrong", "n", n, "least", leastWrong)
		}
		asks := kinds[Talk] == 0
		for _, a := range l.Activities {
			x := l.Texts[a.Text][lang]
			asks = asks || a.Kind == Talk && (x == nil || bytes.ContainsAny(x.Source, "?؟"))
		}
		if !asks {
			k.advise(p.File, 0, "course.advice.no_question")
		}
	}
}

// unsaid finds what the lesson's own lines do not say in a language in which it is taught.
func (k *check) unsaid(file string, l *Lesson, lang i18n.Lang) {
	need := func(t i18n.Text, line int, field string) {
		if len(t) > 0 && t[lang] == "" {
			k.advise(file, line, "course.advice.unsaid", "field", field, "lang", string(lang))
		}
	}
	need(l.Title, l.Line, "title")
	need(l.Aim, l.Line, "aim")
	for _, m := range l.Materials {
		need(m, l.Line, "materials")
	}
	for _, s := range l.Plan {
		need(s.Text, s.Line, "plan")
	}
	for _, a := range l.Activities {
		need(a.Title, a.Line, "activities")
		if a.Text != "" && l.Texts[a.Text][lang] == nil {
			k.advise(file, a.Line, "course.advice.unsaid", "field", a.Text, "lang", string(lang))
		}
	}
}

var sectionHead = regexp.MustCompile(`(?m)^#{1,6} [^\n]*\{#([a-z-]+)\}[ \t]*$`)

// sections are the parts of a text by the ids of their headings.
func sections(src []byte) map[string]string {
	out := map[string]string{}
	heads := sectionHead.FindAllSubmatchIndex(src, -1)
	for i, h := range heads {
		end := len(src)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		out[string(src[h[2]:h[3]])] = string(src[h[1]:end])
	}
	return out
}
