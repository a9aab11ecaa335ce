package shell_test

import (
	"html/template"

	"tizi/internal/i18n"
	"tizi/internal/web/learn"
	"tizi/internal/web/teach"
)

func inLang(l i18n.Lang, s string) learn.Said { return learn.Said{Text: s, Lang: l} }

func inFR(s string) learn.Said { return inLang(i18n.FR, s) }

var courseRow = learn.Row{URL: "/learn/enfants-ia", Title: i18n.Text{i18n.FR: "L’IA pour les enfants", i18n.AR: "الذكاء الاصطناعي للأطفال"}, Summary: i18n.Text{i18n.FR: "Comprendre comment une machine apprend, et garder la main.", i18n.AR: "فهم كيف تتعلم الآلة، مع البقاء في القيادة."},
	Hours: 24, Lessons: 20, Ages: []int{8, 14}, Languages: []i18n.Lang{i18n.FR, i18n.AR}}

func quizSample(marked bool) learn.Quiz {
	hint := inFR("Relis la deuxième phrase.")
	q := learn.Quiz{Title: inFR("Vérifier"), Lesson: learn.Link{URL: "/learn/x/y/z", Name: inFR("Une machine qui apprend")}, Action: "#", Seed: "1", AgainURL: "#", AnotherLang: true, Marked: marked, Got: 2, Of: 7, Unanswered: 1,
		Questions: []learn.Question{
			{N: 1, ID: "a", Kind: "choice", Name: "q-a", Prompt: inFR("Avec quoi une machine apprend-elle ?"), Hint: &hint, Options: []learn.Option{{Value: "a", Text: inFR("Des exemples"), Chosen: marked}, {Value: "b", Text: inFR("La magie")}}},
			{N: 2, ID: "b", Kind: "multiple", Name: "q-b", Prompt: inLang(i18n.AR, "ماذا ترى الآلة؟"), Options: []learn.Option{{Value: "a", Text: inLang(i18n.AR, "أرقاما")}, {Value: "b", Text: inLang(i18n.AR, "صورا")}}},
			{N: 3, ID: "c", Kind: "order", Name: "q-c", Prompt: inFR("Dans quel ordre ?"), Parts: []learn.Part{{Name: "q-c.a", Text: inFR("Entraîner"), N: 2, Value: "1"}, {Name: "q-c.b", Text: inFR("Tester"), N: 2}}},
			{N: 4, ID: "d", Kind: "match", Name: "q-d", Prompt: inFR("Qu’est-ce qui va ensemble ?"), Parts: []learn.Part{{Name: "q-d.a", Text: inFR("Un chat"), Options: []learn.Option{{Value: "a", Text: inFR("miaule")}, {Value: "b", Text: inFR("aboie")}}}, {Name: "q-d.b", Text: inFR("Un chien"), Options: []learn.Option{{Value: "a", Text: inFR("miaule")}, {Value: "b", Text: inFR("aboie")}}}}},
			{N: 5, ID: "e", Kind: "gap", Name: "q-e", Prompt: inFR("Complète."), Parts: []learn.Part{{Name: "q-e.g1", Text: inFR("Une machine apprend avec des "), After: inFR("."), Value: "exemples"}}},
			{N: 6, ID: "f", Kind: "number", Name: "q-f", Prompt: inFR("Combien de dessins ?"), Value: "12"},
			{N: 7, ID: "g", Kind: "hotspot", Name: "q-g", Prompt: inFR("Où est le chat ?"), Image: "#", Size: [2]int{340, 90}, Spots: []learn.Spot{{N: 1, Shape: "circle", At: []float64{42, 45, 30}, X: 42, Y: 45}, {N: 2, Shape: "rect", At: []float64{90, 5, 165, 85}, X: 127, Y: 45}}, Options: []learn.Option{{Value: "a", Text: inFR("1")}, {Value: "b", Text: inFR("2. la maison")}}},
			{N: 8, ID: "h", Kind: "likert", Name: "q-h", Prompt: inFR("J’ai compris."), Options: []learn.Option{{Value: "1", Text: inFR("Pas du tout")}, {Value: "2", Text: inFR("Tout à fait")}}},
		}}
	for i := range q.Questions {
		x := &q.Questions[i]
		x.Answered, x.Scored, x.Right = marked && i != 3, x.Kind != "likert", i%3 == 0
		if marked && i == 1 {
			x.Feedback = &hint
		}
	}
	return q
}

func coverageSample(one bool) learn.Coverage {
	aligned := []learn.Aligned{{URL: "#", Title: i18n.Text{i18n.FR: "Qui décide ?", i18n.AR: "من يقرر؟"}, Course: courseRow.Title}, {URL: "#", Title: i18n.Text{i18n.FR: "Une machine qui apprend"}, Course: courseRow.Title}}
	v := learn.Coverage{Title: i18n.Text{i18n.FR: "Référentiel de compétences en IA pour les élèves", i18n.AR: "إطار كفاءات الذكاء الاصطناعي للمتعلمين"}, Code: "unesco-ai-students", URL: "#", Covered: 1, Of: 2,
		Courses: []learn.Column{{URL: "#", Title: courseRow.Title, Covered: 1, Of: 2}},
		Rows: []learn.Competence{{Code: "S1", Text: i18n.Text{i18n.FR: "État d’esprit centré sur l’humain", i18n.AR: "ذهنية محورها الإنسان"}, URL: "#", Group: true, Covered: 1, Of: 2, Cells: [][]learn.Aligned{nil}},
			{Code: "S1.1", Text: i18n.Text{i18n.FR: "Capacité d’action humaine", i18n.AR: "فاعلية الإنسان"}, URL: "#", Covered: 1, Of: 1, Cells: [][]learn.Aligned{aligned}},
			{Code: "S1.2", Text: i18n.Text{i18n.FR: "Responsabilité humaine", i18n.AR: "مسؤولية الإنسان"}, URL: "#", Of: 1, Cells: [][]learn.Aligned{nil}}}}
	if one {
		v.AllURL = "#"
		return v
	}
	for _, title := range []string{"Former les formateurs, pas à pas, dans chaque centre", "L’IA, un levier d’opportunités pour les femmes", "Dix-huit heures de données"} {
		v.Courses = append(v.Courses, learn.Column{URL: "#", Title: i18n.Text{i18n.FR: title}, Covered: 1, Of: 2})
		for i := range v.Rows {
			v.Rows[i].Cells = append(v.Rows[i].Cells, v.Rows[i].Cells[0])
		}
	}
	return v
}

// lessons are the screens of package learn, and a lesson on paper. The course is made up.
var lessons = []shown{
	{"learn", "learn/catalogue", func(*i18n.Printer) any {
		return learn.Catalogue{Rows: []learn.Row{courseRow, {URL: "#", Title: i18n.Text{i18n.FR: "Former les formateurs"}, Hours: 30, Lessons: 12, Public: "trainers", Languages: []i18n.Lang{i18n.FR}}}}
	}},
	{"learn-none", "learn/catalogue", func(*i18n.Printer) any { return learn.Catalogue{} }},
	{"learn-course", "learn/course", func(p *i18n.Printer) any {
		return learn.Course{Title: inFR("L’IA pour les enfants"), Summary: inFR("Comprendre comment une machine apprend."), Row: courseRow, Version: 2, Licence: "CC-BY-4.0", Older: []learn.Link{{URL: "#", Name: learn.Said{Text: p.T("learn.version", "n", 1), Lang: p.Lang()}}},
			Modules: []learn.Module{{Title: inFR("Qu’est-ce que l’IA ?"), Summary: inFR("Sans appareil."), Lessons: []learn.LessonRow{{URL: "#", Title: inFR("Une machine qui apprend"), Aim: inFR("Je sais dire avec quoi une machine apprend."), Minutes: 45}, {URL: "#", Title: inLang(i18n.AR, "من يقرر؟"), Aim: inLang(i18n.AR, "أعرف من يقرر."), Minutes: 60}}}}, Frameworks: []learn.Taught{{URL: "#", Title: i18n.Text{i18n.FR: "Référentiel de compétences en IA", i18n.AR: "إطار كفاءات الذكاء الاصطناعي"}, Covered: 11, Of: 12}}}
	}},
	{"learn-lesson", "learn/lesson", func(*i18n.Printer) any {
		return learn.Lesson{Title: inFR("Une machine qui apprend"), Aim: inFR("Je sais dire avec quoi une machine apprend."), Course: learn.Link{URL: "#", Name: inFR("L’IA pour les enfants")}, Minutes: 45, PrintURL: "#",
			Competencies: []learn.Competency{{Code: "unesco-ai-students:S3.1", URL: "#", Name: i18n.Text{i18n.FR: "Fondements de l’IA", i18n.AR: "أسس الذكاء الاصطناعي", i18n.EN: "AI foundations"}}}, After: &learn.Link{URL: "#", Name: inFR("Qui décide ?")}, Before: &learn.Link{URL: "#", Name: inFR("Bienvenue")},
			Activities: []learn.Activity{
				{ID: "lire", Kind: "reading", Title: inFR("Lire"), Passage: &learn.Passage{HTML: template.HTML("<p>Une machine apprend avec des <strong>exemples</strong>.</p><ul><li>un</li><li>deux</li></ul>"), Lang: i18n.FR, Other: true, Sound: "#"}},
				{ID: "voir", Kind: "video", Title: inFR("Regarder"), Media: "#", Tracks: []learn.Track{{URL: "#", Lang: i18n.FR}}},
				{ID: "dessiner", Kind: "lab", Title: inFR("Apprendre en dessinant"), URL: "#"},
				{ID: "verifier", Kind: "quiz", Title: inFR("Vérifier"), URL: "#", Items: 3},
				{ID: "garder", Kind: "project", Title: inFR("Garder"), Rubric: []learn.Criterion{{Criterion: inFR("J’explique"), Levels: []learn.Said{inFR("un peu"), inFR("bien"), inFR("à d’autres")}}}},
			}}
	}},
	{"learn-quiz", "learn/quiz", func(*i18n.Printer) any { return quizSample(false) }},
	{"learn-quiz-marked", "learn/quiz", func(*i18n.Printer) any { return quizSample(true) }},
	{"frameworks", "learn/frameworks", func(*i18n.Printer) any {
		return learn.Frameworks{Rows: []learn.Framework{{URL: "#", Code: "digcomp-2.2", Title: i18n.Text{i18n.FR: "DigComp 2.2", i18n.AR: "إطار الكفاءات الرقمية"}, Items: 26}}}
	}},
	{"frameworks-none", "learn/frameworks", func(*i18n.Printer) any { return learn.Frameworks{} }},
	{"framework", "learn/framework", func(*i18n.Printer) any {
		return learn.FrameworkPage{Framework: learn.Framework{Code: "unesco-ai-students", Title: i18n.Text{i18n.FR: "Référentiel de compétences en IA", i18n.AR: "إطار كفاءات الذكاء الاصطناعي"}, Items: 16}, CaseURL: "#", CoverageURL: "#", Covered: 11, Of: 12, Conflict: true,
			Entries: []learn.Entry{{Code: "S1", Text: i18n.Text{i18n.FR: "État d’esprit centré sur l’humain", i18n.AR: "ذهنية محورها الإنسان"}}, {Code: "S1.1", Depth: 1, Text: i18n.Text{i18n.FR: "Capacité d’action humaine"}, Lessons: []learn.Aligned{{URL: "#", Title: i18n.Text{i18n.FR: "Qui décide ?"}, Course: courseRow.Title}}}}}
	}},
	{"framework-coverage", "learn/coverage", func(*i18n.Printer) any { return coverageSample(false) }},
	{"framework-coverage-course", "learn/coverage", func(*i18n.Printer) any { return coverageSample(true) }},
	{"framework-coverage-none", "learn/coverage", func(*i18n.Printer) any {
		return learn.Coverage{Title: i18n.Text{i18n.FR: "Référentiel"}, Code: "x", URL: "#", Of: 12}
	}},
	{"lesson-sheet", "teach/lesson", func(*i18n.Printer) any {
		return teach.Lesson{Title: inFR("Une machine qui apprend"), Course: inFR("L’IA pour les enfants"), Aim: inFR("Je sais dire avec quoi une machine apprend."), Minutes: 45, Version: 2, BackURL: "#", Materials: []learn.Said{inFR("Des feuilles et des crayons"), inLang(i18n.AR, "مقص")},
			Plan:         []teach.LessonStep{{From: 0, To: 5, Minutes: 5, Text: inFR("Accueillir")}, {From: 5, To: 25, Minutes: 20, Kind: "lab", Activity: inFR("Apprendre en dessinant"), Text: inFR("par deux")}},
			Competencies: []learn.Competency{{Code: "unesco-ai-students:S3.1", Name: i18n.Text{i18n.FR: "Fondements de l’IA", i18n.AR: "أسس الذكاء الاصطناعي"}}},
			Text:         &learn.Passage{HTML: template.HTML("<h3 id=\"t-prepare\">Préparer</h3><p>Lisez la leçon.</p><h3 id=\"t-wrong\">Ce qui se passe mal</h3><p>Les dessins se ressemblent.</p>"), Lang: i18n.FR, Other: true}}
	}},
	{"lesson-sheet-bare", "teach/lesson", func(*i18n.Printer) any {
		return teach.Lesson{Title: inFR("Une leçon"), Course: inFR("Un cours"), Minutes: 60, Version: 1, BackURL: "#"}
	}},
}

func init() { gallery = append(gallery, lessons...) }
