package learn

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"strings"

	"tizi/internal/course"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/learner"
	"tizi/internal/progress"
	"tizi/internal/quiz"
	"tizi/internal/web/door"
)

// offlineRoutes are what the service worker of an enrolled device asks for.
func offlineRoutes(d *door.Door, labs []Lab) {
	d.Handle("GET /offline", door.Public, func(a *door.Ask) error { return a.Render("learn/offline", nil) })
	d.Handle("GET /packs", door.Public, packs)
	d.Handle("POST /packs", door.Public, packsHeld)
	d.Handle("GET /packs/{version}/{lang}", door.Public, func(a *door.Ask) error { return pack(a, labs) })
}

// Wanted is a pack that a device shall hold.
type Wanted struct {
	Course  string    `json:"course"`
	Lang    i18n.Lang `json:"lang"`
	Version id.ID     `json:"version"`
	URL     string    `json:"url"`
}

// device is the enrolled device that asks.
func device(a *door.Ask) (*learner.Device, error) {
	d, err := a.H.Learners.DeviceOf(a.R.Context(), a.DeviceToken())
	if err == nil && d == nil {
		err = fs.ErrNotExist
	}
	return d, err
}

// wanted are the packs that a device shall hold: of what its centre chose, the versions that groups of the centre follow, and of a course
// that none of them follows the newest.
func wanted(a *door.Ask, d *learner.Device) ([]Wanted, error) {
	ctx := a.R.Context()
	out := []Wanted{}
	chosen, err := a.H.Learners.Packs(ctx, a.H.DB, d.Centre)
	if err != nil || len(chosen) == 0 {
		return out, err
	}
	groups, err := a.H.Learners.Groups(ctx, d)
	if err != nil {
		return nil, err
	}
	follow := map[string][]course.Version{}
	for _, g := range groups {
		l, err := a.H.Courses.Of(ctx, a.H.DB, g.ID)
		if err != nil {
			return nil, err
		}
		for _, v := range l {
			if !slices.ContainsFunc(follow[v.Code], func(o course.Version) bool { return o.ID == v.ID }) {
				follow[v.Code] = append(follow[v.Code], v)
			}
		}
	}
	for _, p := range chosen {
		l := follow[p.Course]
		if l == nil {
			v, err := a.H.Courses.Find(ctx, a.H.DB, p.Course, 0)
			if errors.Is(err, course.ErrUnknown) {
				continue
			}
			if err != nil {
				return nil, err
			}
			l = []course.Version{*v}
		}
		for _, v := range l {
			out = append(out, Wanted{p.Course, p.Lang, v.ID, "/packs/" + v.ID.String() + "/" + string(p.Lang)})
		}
	}
	return out, nil
}

func packs(a *door.Ask) error {
	d, err := device(a)
	if err != nil {
		return err
	}
	l, err := wanted(a, d)
	if err != nil {
		return err
	}
	return a.JSON(l)
}

// packsHeld is told what the device holds.
func packsHeld(a *door.Ask) error {
	d, err := device(a)
	if err != nil {
		return err
	}
	var said []struct {
		Course  string `json:"course"`
		Lang    string `json:"lang"`
		Version id.ID  `json:"version"`
		Bytes   int64  `json:"bytes"`
	}
	b, err := io.ReadAll(a.R.Body)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, &said); err != nil {
		return a.JSONStatus(http.StatusUnprocessableEntity, struct {
			Message string `json:"message"`
		}{"this is no list of packs"})
	}
	var all []learner.Holding
	for _, x := range said {
		if l, ok := i18n.Parse(x.Lang); ok && course.IsName(x.Course) {
			all = append(all, learner.Holding{Pack: learner.Pack{Course: x.Course, Lang: l}, Version: x.Version, Bytes: x.Bytes})
		}
	}
	if err := a.H.Learners.Hold(a.R.Context(), d.ID, all); err != nil {
		return err
	}
	return a.JSON(struct{}{})
}

// Words are words with their language, for the player.
type Words struct {
	Text string    `json:"text"`
	Lang i18n.Lang `json:"lang"`
	Dir  string    `json:"dir"`
}

func words(s Said) Words { return Words{s.Text, s.Lang, s.Dir()} }

func (r *Reader) wordsOf(t i18n.Text) *Words {
	if len(t) == 0 {
		return nil
	}
	w := words(r.Say(t))
	return &w
}

// CoursePack is a version of a course in a language as a device keeps it: pages that name nobody, with what marks the answers.
type CoursePack struct {
	Course  string              `json:"course"`
	Version id.ID               `json:"version"`
	Lang    i18n.Lang           `json:"lang"`
	Title   Words               `json:"title"`
	Modules []PackModule        `json:"modules"`
	Tests   map[string]PackTest `json:"tests"` // by progress.Pretest and progress.Posttest
	Files   []string            `json:"files"` // addresses of what the pages show
	Labs    []string            `json:"labs"`  // addresses of what labs fetch, which name more files
}

// PackModule is a module of one.
type PackModule struct {
	Title   Words        `json:"title"`
	Lessons []PackLesson `json:"lessons"`
}

// PackLesson is a lesson of one.
type PackLesson struct {
	Path  string              `json:"path"`
	Title Words               `json:"title"`
	Aim   Words               `json:"aim"`
	Steps map[string]PackStep `json:"steps"` // by their names; which ones a learner meets, and in which order, is theirs
}

// PackStep is a step of a lesson: the middle of its page, and the key to its question.
type PackStep struct {
	Kind string   `json:"kind"`
	Name Words    `json:"name"`
	HTML string   `json:"html"`
	Item *PackKey `json:"item,omitempty"`
}

// PackTest is a test of one: its page with all questions that it may ask, and by the question its kind and the name of its fields. Nothing
// of the answers: a test helps nobody.
type PackTest struct {
	HTML  string             `json:"html"`
	Items map[string]PackKey `json:"items"`
}

// PackKey marks answers to a question.
type PackKey struct {
	Kind      string              `json:"kind"`
	Name      string              `json:"name"`            // of its fields
	Right     []string            `json:"right,omitempty"` // ids of what is right; of an order, in the right one; words that are accepted
	Parts     map[string][]string `json:"parts,omitempty"` // what fits, by the part
	Answer    *float64            `json:"answer,omitempty"`
	Within    float64             `json:"within,omitempty"`
	Correct   *Words              `json:"correct,omitempty"`
	Incorrect *Words              `json:"incorrect,omitempty"`
	Options   map[string]Words    `json:"options,omitempty"` // what is said of a choice
}

func pack(a *door.Ask, labs []Lab) error {
	ctx := a.R.Context()
	d, err := device(a)
	if err != nil {
		return err
	}
	version, err := a.ID("version")
	if err != nil {
		return err
	}
	lang, ok := i18n.Parse(a.R.PathValue("lang"))
	v, err := a.H.Courses.Get(ctx, a.H.DB, version)
	if errors.Is(err, course.ErrUnknown) {
		return fs.ErrNotExist
	}
	if err != nil {
		return err
	}
	chosen, err := a.H.Learners.Packs(ctx, a.H.DB, d.Centre)
	if err != nil {
		return err
	}
	if !ok || !slices.Contains(chosen, learner.Pack{Course: v.Code, Lang: lang}) {
		return fs.ErrNotExist
	}
	p, err := packOf(a, labs, *v, lang)
	if err != nil {
		return err
	}
	return a.JSON(p)
}

// packOf writes the pages of a version in a language, for nobody in particular.
func packOf(a *door.Ask, labs []Lab, v course.Version, lang i18n.Lang) (*CoursePack, error) {
	b := *a
	b.Lang, b.P = lang, i18n.For(lang)
	r, err := Of(&b, v)
	if err != nil {
		return nil, err
	}
	r.used = map[string]bool{}
	w := &way{Reader: r}
	out := &CoursePack{Course: v.Code, Version: v.ID, Lang: lang, Title: words(r.Say(r.Course.Title)), Labs: []string{}}
	assets := map[string]bool{}
	for _, m := range r.Course.Modules {
		x := PackModule{Title: words(r.Say(m.Title))}
		for _, l := range m.Lessons {
			y := PackLesson{Path: l.Path(), Title: words(r.Say(l.Title)), Aim: words(r.Say(l.Aim)), Steps: map[string]PackStep{}}
			for i := range l.Activities {
				if err := w.packSteps(l, &l.Activities[i], labs, y.Steps, assets); err != nil {
					return nil, err
				}
			}
			x.Lessons = append(x.Lessons, y)
		}
		out.Modules = append(out.Modules, x)
	}
	out.Tests = map[string]PackTest{}
	for _, test := range []string{progress.Pretest, progress.Posttest} {
		if q := w.exam(test); q != nil {
			if out.Tests[test], err = w.packTest(test, q); err != nil {
				return nil, err
			}
		}
	}
	out.Files = slices.Sorted(maps.Keys(r.used))
	out.Labs = slices.Sorted(maps.Keys(assets))
	return out, nil
}

func (w *way) packSteps(l *course.Lesson, x *course.Activity, labs []Lab, into map[string]PackStep, assets map[string]bool) error {
	one := func(step string, it *quiz.Item) error {
		s, err := w.activity(l, x)
		if err != nil {
			return err
		}
		at := progress.At{Course: w.Version.Code, Lesson: l.Path(), Step: step}
		v := MyStep{Lesson: Link{w.lessonURL(l), w.Say(l.Title)}, Course: Link{w.home(), w.Say(w.Course.Title)}, Title: s.Title, Kind: s.Kind, Passage: s.Passage, Media: s.Media, Tracks: s.Tracks, Rubric: s.Rubric,
			Action: w.stepURL(l, step), NextURL: w.lessonURL(l), Errors: map[string]string{}}
		p := PackStep{Kind: s.Kind, Name: words(s.Title)}
		if it != nil {
			v.Question = w.question(it, l.Dir(), quiz.Asked{ID: it.ID}, quiz.Response{}, false)
			p.Item = w.key(it)
		}
		if x.Kind == course.Lab {
			for _, lab := range labs {
				if lab.Name == x.Lab {
					v.Lab, v.LabAt, v.LabOf = &lab, at.IRI(), w.Version.ID.String()
				}
			}
			for _, ext := range []string{"css", "js", string(w.a.Lang) + ".json"} {
				u, err := w.a.D.S.Asset("lab-" + x.Lab + "." + ext)
				if err != nil {
					return err
				}
				assets[u] = true
			}
		}
		html, err := w.a.D.S.Block(w.a.Lang, "learn/step", "main", v)
		if err != nil {
			return err
		}
		p.HTML = string(html)
		into[step] = p
		return nil
	}
	if x.Kind != course.Quiz || x.Items == nil {
		return one(x.ID, nil)
	}
	for i := range x.Items.Items {
		it := &x.Items.Items[i]
		if err := one(x.ID+"/"+it.ID, it); err != nil {
			return err
		}
	}
	return nil
}

func (w *way) packTest(test string, q *quiz.Quiz) (PackTest, error) {
	p := PackTest{Items: map[string]PackKey{}}
	v := MyTest{Kind: test, Course: Link{w.home(), w.Say(w.Course.Title)}, Action: w.testURL(test), Errors: map[string]string{}}
	for i := range q.Items {
		it := &q.Items[i]
		one := w.question(it, "tests", quiz.Asked{ID: it.ID}, quiz.Response{}, false)
		one.N, one.Hint = i+1, nil
		v.Questions = append(v.Questions, *one)
		p.Items[it.ID] = PackKey{Kind: it.Kind, Name: one.Name}
	}
	html, err := w.a.D.S.Block(w.a.Lang, "learn/test", "main", v)
	p.HTML = string(html)
	return p, err
}

// key is what a device marks answers to a question with: where the node takes them in, it marks them again.
func (r *Reader) key(it *quiz.Item) *PackKey {
	k := &PackKey{Kind: it.Kind, Name: "q-" + it.ID, Correct: r.wordsOf(it.Feedback.Correct), Incorrect: r.wordsOf(it.Feedback.Incorrect), Parts: map[string][]string{}, Options: map[string]Words{}}
	plain := func(accept map[i18n.Lang][]string) (out []string) {
		for _, lang := range slices.Sorted(maps.Keys(accept)) {
			for _, s := range accept[lang] {
				out = append(out, quiz.Plain(s))
			}
		}
		return out
	}
	switch it.Kind {
	case quiz.Choice, quiz.Multiple:
		for _, o := range it.Choices {
			if o.Correct {
				k.Right = append(k.Right, o.ID)
			}
			if w := r.wordsOf(o.Feedback); w != nil {
				k.Options[o.ID] = *w
			}
		}
	case quiz.Order:
		for _, o := range it.Sequence {
			k.Right = append(k.Right, o.ID)
		}
	case quiz.Match:
		for _, p := range it.Pairs {
			for _, o := range it.Pairs {
				if it.Mark(quiz.Response{p.ID: o.ID}).Right[p.ID] {
					k.Parts[p.ID] = append(k.Parts[p.ID], o.ID)
				}
			}
		}
	case quiz.Gap:
		for g, b := range it.Gaps {
			k.Parts[g] = plain(b.Accept)
		}
	case quiz.Written:
		k.Right = plain(it.Accept)
	case quiz.Number:
		k.Answer, k.Within = it.Answer, it.Within
	case quiz.Hotspot:
		for _, s := range it.Spots {
			if s.Correct {
				k.Right = append(k.Right, s.ID)
			}
		}
	}
	return k
}

// Known is how far a learner is in a course, for the player of their device: it names nobody.
type Known struct {
	Course  string                 `json:"course"`
	Version id.ID                  `json:"version"`
	Lessons map[string]KnownLesson `json:"lessons"`
	Tests   map[string]KnownTest   `json:"tests"`
}

// KnownTest is a test of one, with the questions that the learner is asked.
type KnownTest struct {
	Open  bool        `json:"open"` // their trainer has opened it
	Said  bool        `json:"said"` // or has closed it
	Done  bool        `json:"done"`
	Items []KnownStep `json:"items"`
}

// KnownLesson is a lesson of one, with the steps that the learner meets.
type KnownLesson struct {
	Begun bool        `json:"begun"`
	Done  bool        `json:"done"`
	Last  int64       `json:"last"`
	Steps []KnownStep `json:"steps"`
}

// KnownStep is a step with the order of its options.
type KnownStep struct {
	ID      string   `json:"id"`
	Options []string `json:"options,omitempty"`
	Done    bool     `json:"done"`
	Right   bool     `json:"right"`
	Tries   int      `json:"tries"`
	Scored  bool     `json:"scored"`
}

func (w *way) known() Known {
	k := Known{w.Version.Code, w.Version.ID, map[string]KnownLesson{}, map[string]KnownTest{}}
	for _, test := range []string{progress.Pretest, progress.Posttest} {
		q := w.exam(test)
		if q == nil {
			continue
		}
		_, said := w.tests[test]
		x := KnownTest{Open: w.tests[test].Open, Said: said, Done: w.took(test)}
		for _, it := range progress.Form(q, w.a.Learner.Person, progress.At{Course: w.Version.Code, Lesson: test}).Items {
			x.Items = append(x.Items, KnownStep{ID: it.ID, Options: it.Options})
		}
		k.Tests[test] = x
	}
	for _, l := range w.Course.Lessons() {
		x := KnownLesson{Done: w.finished(l), Begun: w.done[l.Path()] != nil, Steps: []KnownStep{}}
		at := map[string]progress.Step{}
		if p := w.done[l.Path()]; p != nil {
			at, x.Last = p.Steps, p.Last.UnixMilli()
		}
		asked := map[string][]string{}
		for i := range l.Activities {
			if a := &l.Activities[i]; a.Kind == course.Quiz && a.Items != nil {
				for _, it := range progress.Form(a.Items, w.a.Learner.Person, progress.At{Course: w.Version.Code, Lesson: l.Path(), Step: a.ID}).Items {
					asked[a.ID+"/"+it.ID] = it.Options
				}
			}
		}
		for _, s := range w.steps(l) {
			p := at[s]
			name, item, ok := strings.Cut(s, "/")
			x.Steps = append(x.Steps, KnownStep{s, asked[s], p.Done, p.Right, p.Tries, ok && l.Activity(name).Items.Item(item).Scored()})
		}
		k.Lessons[l.Path()] = x
	}
	return k
}
