package course

import (
	"cmp"
	"errors"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"tizi/internal/framework"
	"tizi/internal/i18n"
	"tizi/internal/quiz"
	"tizi/labs"
)

// Report is what was found out about a course.
type Report struct {
	Faults  []Fault // that keep it from being taken in
	Remarks []Fault // that do not
	Advice  []Fault // what a stranger lacks to teach a lesson from its page alone
	Lessons int
	Items   int               // questions
	Minutes int               // of all lessons
	Taught  map[i18n.Lang]int // minutes of the lessons whose texts are all there in a language
	// Texts is how many texts and lines there are to say in each language, and Missing which of them nobody has written in one that the
	// course says it is written in.
	Texts   int
	Missing []Missing
}

// Missing is a text that is not there in a language.
type Missing struct {
	Lang i18n.Lang
	File string
	Line int // 0: the whole file
	What string
}

// Lacks counts what is missing by language.
func (r *Report) Lacks() map[i18n.Lang]int {
	out := map[i18n.Lang]int{}
	for _, m := range r.Missing {
		out[m.Lang]++
	}
	return out
}

// Err is the faults, or nil.
func (r *Report) Err() error {
	if len(r.Faults) == 0 {
		return nil
	}
	return Faults(r.Faults)
}

// maxFaults bounds a report.
const maxFaults = 2000

// check is one reading of a course.
type check struct {
	Report
	src    source
	known  *framework.Index // nil: competencies are not looked up
	course *Course
	has    map[string]bool // the files
	used   map[string]bool // those that something speaks of
	said   []line          // texts in languages, in the order in which they were read
	failed error           // of reading files
}

// line is a text in languages, and where it stands.
type line struct {
	file, field string
	line        int
	text        i18n.Text
}

func (k *check) fault(file string, line int, key string, args ...any) {
	if len(k.Faults) < maxFaults {
		k.Faults = append(k.Faults, Fault{file, line, key, args})
	}
}

func (k *check) remark(file string, line int, key string, args ...any) {
	if len(k.Remarks) < maxFaults {
		k.Remarks = append(k.Remarks, Fault{file, line, key, args})
	}
}

func (k *check) advise(file string, line int, key string, args ...any) {
	if len(k.Advice) < maxFaults {
		k.Advice = append(k.Advice, Fault{file, line, key, args})
	}
}

// file reads a text; ok is false where it is not there or cannot be a text.
func (k *check) file(name string) (b []byte, ok bool) {
	k.used[name] = true
	if !k.has[name] {
		k.fault(name, 0, "course.fault.missing")
		return nil, false
	}
	b, err := k.src.read(name)
	var faults Faults
	switch {
	case errors.As(err, &faults):
		k.Faults = append(k.Faults, faults...)
		return nil, false
	case err != nil:
		k.failed = cmp.Or(k.failed, err)
		return nil, false
	case len(b) > MaxText:
		k.fault(name, 0, "course.fault.large", "mb", MaxText>>20)
		return nil, false
	case !utf8.Valid(b) || slices.Contains(b, 0):
		k.fault(name, 0, "course.fault.utf8")
		return nil, false
	}
	return b, true
}

var namePattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// IsName reports whether a folder, a text or a thing of a course may be called so.
func IsName(s string) bool { return namePattern.MatchString(s) && len(s) <= 60 }

func (k *check) name(file string, line int, s string) bool {
	if !IsName(s) {
		k.fault(file, line, "course.fault.name", "name", s)
		return false
	}
	return true
}

// names checks a list of names, and that none stands twice.
func (k *check) names(file string, line int, l []string) (out []string) {
	for _, s := range l {
		switch {
		case !k.name(file, line, s):
		case slices.Contains(out, s):
			k.fault(file, line, "course.fault.twice", "id", s)
		default:
			out = append(out, s)
		}
	}
	return out
}

// Check reads a course and says what is wrong with it. known are the competencies that lessons may name. What cannot be read at all is an
// error; the course is what could be made of the rest.
func (f *Folder) Check(known *framework.Index) (*Course, *Report, error) {
	return read(f.src, f.Code, known)
}

func read(src source, code string, known *framework.Index) (*Course, *Report, error) {
	k := &check{src: src, known: known, has: map[string]bool{}, used: map[string]bool{}, course: &Course{Code: code}}
	for _, f := range src.files() {
		k.has[f.path] = true
	}
	k.all()
	for _, l := range [][]Fault{k.Faults, k.Advice} {
		slices.SortStableFunc(l, func(a, b Fault) int {
			return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Key, b.Key))
		})
	}
	return k.course, &k.Report, k.failed
}

func (k *check) all() {
	const name = "course.yaml"
	c := k.course
	if !IsName(c.Code) {
		k.fault("", 0, "course.fault.folder", "name", c.Code)
	}
	b, ok := k.file(name)
	if !ok || !k.decode(name, b, c) {
		return
	}
	k.head(name, c)
	for _, m := range k.names(name, c.Line, c.In) {
		k.module(m)
	}
	test := func(of string) *quiz.Quiz {
		if of == "" || !k.name(name, c.Line, of) {
			return nil
		}
		return k.quiz("tests", of)
	}
	c.Pre, c.Post = test(c.Pretest), test(c.Posttest)
	k.parallel(c)
	k.files()
	k.translations()
	k.Lessons, k.Minutes = len(c.Lessons()), c.Minutes()
	k.taught(c)
	if h := (k.Minutes + 30) / 60; c.Hours > 0 && k.Lessons > 0 && h != c.Hours {
		k.remark(name, c.Line, "course.remark.hours", "hours", c.Hours, "minutes", k.Minutes, "sum", h)
	}
}

func (k *check) head(name string, c *Course) {
	langs := func(l []i18n.Lang) {
		for i, x := range l {
			if !slices.Contains(i18n.Langs, x) {
				k.fault(name, c.Line, "course.fault.language", "lang", string(x))
			}
			if slices.Contains(l[:i], x) {
				k.fault(name, c.Line, "course.fault.twice", "id", string(x))
			}
		}
	}
	langs(c.Languages)
	for _, l := range c.Fallback {
		langs(l)
	}
	if a := c.Audience.Ages; len(a) > 0 && (len(a) != 2 || a[0] < 3 || a[1] < a[0] || a[1] > 120) {
		k.fault(name, c.Audience.Line, "course.fault.ages")
	}
	if c.Version > 100_000 || c.Hours > 2000 {
		k.fault(name, c.Line, "course.fault.numbers")
	}
}

func (k *check) module(name string) {
	m := &Module{Name: name}
	file := path.Join("modules", name, "module.yaml")
	b, ok := k.file(file)
	if !ok || !k.decode(file, b, m) {
		return
	}
	k.course.Modules = append(k.course.Modules, m)
	for _, l := range k.names(file, m.Line, m.In) {
		k.lesson(m, l)
	}
}

func (k *check) lesson(m *Module, name string) {
	l := &Lesson{Module: m.Name, Name: name, Texts: map[string]Passages{}}
	file := path.Join(l.Dir(), "lesson.yaml")
	b, ok := k.file(file)
	if !ok || !k.decode(file, b, l) {
		return
	}
	m.Lessons = append(m.Lessons, l)
	k.competencies(file, l.Line, l.Competencies)
	ids := map[string]bool{}
	for i := range l.Activities {
		a := &l.Activities[i]
		if a.ID != "" && k.name(file, a.Line, a.ID) && ids[a.ID] {
			k.fault(file, a.Line, "course.fault.twice", "id", a.ID)
		}
		ids[a.ID] = true
		k.activity(file, l, a)
	}
	sum := 0
	for _, s := range l.Plan {
		sum += s.Minutes
		switch {
		case s.Activity != "" && !ids[s.Activity]:
			k.fault(file, s.Line, "course.fault.no_activity", "id", s.Activity)
		case s.Activity == "" && len(s.Text) == 0:
			k.fault(file, s.Line, "course.fault.required", "field", "text")
		}
	}
	if len(l.Plan) > 0 && sum != l.Minutes {
		k.fault(file, l.Plan[0].Line, "course.fault.minutes", "sum", sum, "minutes", l.Minutes)
	}
	if l.Trainer == "" {
		return
	}
	defer k.teachable(file, l)
	for lang, ids := range k.text(file, l.Line, l, l.Trainer) {
		var lacks []string
		for _, s := range Sections {
			if !ids[s] {
				lacks = append(lacks, "{#"+s+"}")
			}
		}
		if len(lacks) > 0 {
			k.fault(l.Texts[l.Trainer][lang].File, 0, "course.fault.sections", "sections", strings.Join(lacks, " "))
		}
	}
}

func (k *check) activity(file string, l *Lesson, a *Activity) {
	need := func(ok bool, field string) {
		if !ok {
			k.fault(file, a.Line, "course.fault.required", "field", field)
		}
	}
	switch a.Kind {
	case "":
	case Reading, Talk, Project:
		need(a.Text != "", "text")
	case Video, Audio:
		need(a.Media != "", "media")
	case Quiz:
		need(a.Quiz != "", "quiz")
	case Lab:
		if need(a.Lab != "", "lab"); a.Lab != "" && !slices.Contains(labs.Names(), a.Lab) {
			k.fault(file, a.Line, "course.fault.lab", "lab", a.Lab, "known", strings.Join(labs.Names(), ", "))
		}
	default:
		k.fault(file, a.Line, "course.fault.activity_kind", "kind", a.Kind, "known", strings.Join(ActivityKinds, ", "))
	}
	if a.Text != "" {
		k.text(file, a.Line, l, a.Text)
	}
	if a.Quiz != "" && k.name(file, a.Line, a.Quiz) {
		a.Items = k.quiz(l.Dir(), a.Quiz)
	}
	if a.Media != "" {
		k.asset(file, a.Line, l.Dir(), a.Media)
	}
	for _, f := range a.Captions {
		k.asset(file, a.Line, l.Dir(), f)
	}
	if len(a.Rubric) > 0 && a.Kind != Project && a.Kind != Lab {
		k.fault(file, a.Rubric[0].Line, "course.fault.rubric", "kind", a.Kind)
	}
	if len(a.Rubric) > MaxCriteria {
		k.fault(file, a.Rubric[MaxCriteria].Line, "course.fault.criteria", "n", MaxCriteria)
	}
	for _, c := range a.Rubric {
		if len(c.Levels) < 2 {
			k.fault(file, c.Line, "course.fault.few", "field", "levels")
		}
	}
}

// asset checks that a file that a folder names is there.
func (k *check) asset(file string, line int, dir, name string) {
	p, ok := beside(dir, name)
	if !ok || !k.has[p] {
		k.fault(file, line, "course.fault.image", "file", name)
		return
	}
	k.used[p] = true
}

// text reads a text of a lesson in all languages in which it is there, and returns the ids of its headings by language.
func (k *check) text(file string, line int, l *Lesson, name string) map[i18n.Lang]map[string]bool {
	if !k.name(file, line, name) {
		return nil
	}
	if l.Texts[name] != nil { // two activities of one text
		return nil
	}
	of, ids := Passages{}, map[i18n.Lang]map[string]bool{}
	l.Texts[name] = of
	for _, lang := range i18n.Langs {
		p := path.Join(l.Dir(), name+"."+string(lang)+".md")
		if !k.has[p] {
			continue
		}
		b, ok := k.file(p)
		if !ok {
			continue
		}
		if strings.TrimSpace(string(b)) == "" {
			k.fault(p, 0, "course.fault.empty")
		}
		x := &Passage{File: p, Source: b}
		if s := strings.TrimSuffix(p, ".md") + ".mp3"; k.has[s] {
			x.Sound, k.used[s] = s, true
		}
		of[lang], ids[lang] = x, k.passage(p, l.Dir(), b)
	}
	k.Texts++
	if len(of) == 0 {
		k.fault(file, line, "course.fault.text", "name", name)
		return nil
	}
	for _, lang := range k.course.Languages {
		if of[lang] == nil {
			k.Missing = append(k.Missing, Missing{lang, path.Join(l.Dir(), name+"."+string(lang)+".md"), 0, name})
		}
	}
	return ids
}

func (k *check) competencies(file string, line int, l []string) {
	for _, c := range l {
		if k.known == nil {
			continue
		}
		_, framework, found := k.known.Find(c)
		switch {
		case !framework:
			k.fault(file, line, "course.fault.framework", "code", c, "known", strings.Join(k.known.Codes(), ", "))
		case !found:
			k.fault(file, line, "course.fault.competency", "code", c)
		}
	}
}

func (k *check) quiz(dir, name string) *quiz.Quiz {
	q := &quiz.Quiz{File: path.Join(dir, name+".quiz.yaml")}
	b, ok := k.file(q.File)
	if !ok || !k.decode(q.File, b, q) {
		return nil
	}
	if q.Draw > len(q.Items) {
		k.fault(q.File, q.Line, "course.fault.draw", "n", q.Draw, "items", len(q.Items))
	}
	if q.Shuffle != "" && q.Shuffle != "no" && q.Shuffle != "yes" {
		k.fault(q.File, q.Line, "course.fault.want_bool", "field", "shuffle", "value", q.Shuffle)
	}
	ids := map[string]bool{}
	for i := range q.Items {
		it := &q.Items[i]
		k.Items++
		if it.ID != "" && k.name(q.File, it.Line, it.ID) && ids[it.ID] {
			k.fault(q.File, it.Line, "course.fault.twice", "id", it.ID)
		}
		ids[it.ID] = true
		k.competencies(q.File, it.Line, it.Competencies)
		k.item(q.File, dir, it)
	}
	return q
}

// item checks that a question can be answered and marked.
func (k *check) item(file, dir string, it *quiz.Item) {
	at := func(key string, args ...any) { k.fault(file, it.Line, key, args...) }
	enough := func(n int, field string) bool {
		if n < 2 {
			at("course.fault.few", "field", field)
		}
		return n >= 2
	}
	var ids []string
	right := len(it.Right())
	switch it.Kind {
	case "":
	case quiz.Choice, quiz.Multiple:
		for _, c := range it.Choices {
			ids = append(ids, c.ID)
		}
		switch ok := enough(len(it.Choices), "choices"); {
		case ok && right == 0:
			at("course.fault.no_right")
		case it.Kind == quiz.Choice && right > 1:
			at("course.fault.several_right")
		}
	case quiz.Order:
		enough(len(it.Sequence), "sequence")
		for _, c := range it.Sequence {
			ids = append(ids, c.ID)
		}
	case quiz.Match:
		enough(len(it.Pairs), "pairs")
		for _, p := range it.Pairs {
			ids = append(ids, p.ID)
		}
	case quiz.Gap:
		k.gaps(file, it)
	case quiz.Written:
		if !anyWords(it.Accept) {
			at("course.fault.no_right")
		}
	case quiz.Number:
		if it.Answer == nil {
			at("course.fault.no_right")
		}
		if it.Within < 0 {
			at("course.fault.want_number", "field", "tolerance", "value", it.Within)
		}
	case quiz.Hotspot:
		if it.Image == "" {
			at("course.fault.required", "field", "image")
		} else {
			k.asset(file, it.Line, dir, it.Image)
		}
		enough(len(it.Spots), "spots")
		switch {
		case right == 0:
			at("course.fault.no_right")
		case right == len(it.Spots) && right > 1:
			at("course.fault.all_right")
		}
		for _, s := range it.Spots {
			ids = append(ids, s.ID)
			n, ok := quiz.Shapes[s.Shape]
			if !ok || len(s.At) < n || s.Shape != "poly" && len(s.At) != n || len(s.At)%2 != 0 && s.Shape == "poly" {
				k.fault(file, s.Line, "course.fault.shape")
			}
		}
	case quiz.Likert:
		enough(len(it.Steps), "steps")
	default:
		at("course.fault.item_kind", "kind", it.Kind, "known", strings.Join(quiz.Kinds, ", "))
	}
	for i, x := range ids {
		if x != "" && k.name(file, it.Line, x) && slices.Contains(ids[:i], x) {
			at("course.fault.twice", "id", x)
		}
	}
	// What another kind of item has is a slip of the pen: it would be lost in silence.
	for field, wrong := range map[string]bool{
		"choices": len(it.Choices) > 0 && it.Kind != quiz.Choice && it.Kind != quiz.Multiple, "sequence": len(it.Sequence) > 0 && it.Kind != quiz.Order,
		"pairs": len(it.Pairs) > 0 && it.Kind != quiz.Match, "gaps": len(it.Gaps) > 0 && it.Kind != quiz.Gap, "accept": len(it.Accept) > 0 && it.Kind != quiz.Written,
		"answer": it.Answer != nil && it.Kind != quiz.Number, "spots": len(it.Spots) > 0 && it.Kind != quiz.Hotspot, "steps": len(it.Steps) > 0 && it.Kind != quiz.Likert,
	} {
		if wrong && slices.Contains(quiz.Kinds, it.Kind) {
			at("course.fault.not_of_kind", "field", field, "kind", it.Kind)
		}
	}
}

func anyWords(accept map[i18n.Lang][]string) bool {
	for _, l := range accept {
		if slices.ContainsFunc(l, func(s string) bool { return quiz.Plain(s) != "" }) {
			return true
		}
	}
	return false
}

// gaps checks that the text of an item has its gaps in each language, and that something fits into them.
func (k *check) gaps(file string, it *quiz.Item) {
	if len(it.Text) == 0 || len(it.Gaps) == 0 {
		k.fault(file, it.Line, "course.fault.no_gaps")
		return
	}
	for _, l := range i18n.Langs {
		s := it.Text[l]
		if s == "" {
			continue
		}
		in := map[string]bool{}
		for _, m := range quiz.GapMark.FindAllStringSubmatch(s, -1) {
			if _, ok := it.Gaps[m[1]]; !ok || in[m[1]] {
				k.fault(file, it.Line, "course.fault.gap", "id", m[1], "lang", string(l))
			}
			in[m[1]] = true
		}
		for g := range it.Gaps {
			if !in[g] {
				k.fault(file, it.Line, "course.fault.gap", "id", g, "lang", string(l))
			}
		}
	}
	for g, b := range it.Gaps {
		if k.name(file, it.Line, g) && !anyWords(b.Accept) {
			k.fault(file, it.Line, "course.fault.no_right")
		}
	}
}

// parallel checks that the post-test asks what the pre-test asked, in the same way.
func (k *check) parallel(c *Course) {
	if c.Post == nil {
		return
	}
	asked := map[string]bool{}
	for i := range c.Post.Items {
		it := &c.Post.Items[i]
		if it.Parallel == "" {
			if c.Pre != nil {
				k.fault(c.Post.File, it.Line, "course.fault.required", "field", "parallel")
			}
			continue
		}
		var of *quiz.Item
		if c.Pre != nil {
			of = c.Pre.Item(it.Parallel)
		}
		switch {
		case of == nil:
			k.fault(c.Post.File, it.Line, "course.fault.parallel", "id", it.Parallel)
		case asked[it.Parallel]:
			k.fault(c.Post.File, it.Line, "course.fault.twice", "id", it.Parallel)
		case of.Kind != it.Kind || !sameSet(of.Competencies, it.Competencies):
			k.fault(c.Post.File, it.Line, "course.fault.parallel_differs", "id", it.Parallel)
		}
		asked[it.Parallel] = true
	}
	if c.Pre == nil {
		return
	}
	for _, it := range c.Pre.Items {
		if !asked[it.ID] {
			k.fault(c.Pre.File, it.Line, "course.fault.unparalleled", "id", it.ID)
		}
	}
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// files checks what lies beside the texts.
func (k *check) files() {
	_, part := k.src.(texts)
	whole := !part
	for _, f := range k.src.files() {
		switch ext := path.Ext(f.path); {
		case !wellNamed(f.path):
			k.fault(f.path, 0, "course.fault.file_name")
		case ext == ".md" || ext == ".yaml" || f.path == "LICENSE":
			if !k.used[f.path] && path.Base(f.path) != "README.md" && f.path != "RELIRE.md" && f.path != "LICENSE" {
				k.remark(f.path, 0, "course.remark.unused")
			}
		case !whole:
		default:
			b, err := k.src.read(f.path)
			var faults Faults
			switch {
			case errors.As(err, &faults):
				k.Faults = append(k.Faults, faults...)
				continue
			case err != nil:
				k.failed = cmp.Or(k.failed, err)
				continue
			}
			k.media(f.path, b)
			if !k.used[f.path] {
				k.remark(f.path, 0, "course.remark.unused")
			}
		}
	}
}

var filePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$`)

func wellNamed(p string) bool { return filePattern.MatchString(p) && len(p) <= 240 }

// translations counts what is not written in the languages of the course.
func (k *check) translations() {
	for _, s := range k.said {
		k.Texts++
		for _, l := range k.course.Languages {
			if s.text[l] == "" {
				k.Missing = append(k.Missing, Missing{l, s.file, s.line, s.field})
			}
		}
	}
	slices.SortStableFunc(k.Missing, func(a, b Missing) int {
		return cmp.Or(cmp.Compare(a.Lang, b.Lang), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
}

// taught adds up the lessons that can be given in each language: their texts are all there in it.
func (k *check) taught(c *Course) {
	k.Taught = map[i18n.Lang]int{}
	for _, l := range c.Lessons() {
		for _, lang := range c.Languages {
			whole := true
			for _, p := range l.Texts {
				whole = whole && p[lang] != nil
			}
			if whole {
				k.Taught[lang] += l.Minutes
			}
		}
	}
}

// says notes a text in languages.
func (k *check) says(file string, n int, field string, v reflect.Value) {
	if t, ok := v.Interface().(i18n.Text); ok && len(t) > 0 {
		k.said = append(k.said, line{file, field, n, t})
	}
}
