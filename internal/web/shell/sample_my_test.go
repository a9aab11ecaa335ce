package shell_test

import (
	"html/template"

	"tizi/internal/i18n"
	"tizi/internal/web/family"
	"tizi/internal/web/learn"
	"tizi/internal/web/shell"
	"tizi/internal/web/steer"
	"tizi/internal/web/teach"
)

func dots() []learn.Dot {
	return []learn.Dot{{URL: "#", Name: "Lire", State: "done"}, {URL: "#", Name: "Dessiner", State: "done"}, {URL: "#", Name: "Vérifier", State: "right"}, {URL: "#", Name: "Vérifier", State: "wrong", Current: true}, {URL: "#", Name: "Garder"}}
}

func step(kind string) learn.MyStep {
	return learn.MyStep{Lesson: learn.Link{URL: "#", Name: inFR("Une machine qui apprend")}, Course: learn.Link{URL: "#", Name: inFR("L’IA pour les enfants")}, Dots: dots(), N: 4, Of: 5, Title: inFR("Vérifier"), Kind: kind, Action: "#", Mark: "1", NextURL: "#", BackURL: "#", Errors: map[string]string{}}
}

func question(n int, answered, right bool) *learn.Question {
	q := quizSample(answered).Questions[n]
	q.Answered, q.Scored, q.Right = answered, q.Kind != "likert", right
	hint := inFR("Relis la deuxième phrase.")
	if q.Hint = &hint; answered {
		q.Feedback = &hint
	}
	return &q
}

var onWall = []learn.OnWall{{Work: made[0], Who: "Salma", ID: "1"}, {Work: learn.Work{Title: inFR("Apprendre en dessinant"), Note: "La machine confond la théière et le verre.", Right: 2, Out: 3, Lines: [][2]string{{"Dessins pour apprendre", "10"}, {"Dessins d’un ami reconnus", "3 sur 4"}}, Drawings: []string{"M180 460L180 900L820 900L820 460M110 480L500 120L890 480", "M500 500h1"}}, Who: "ياسين", ID: "2"}}

var judged = []learn.Judged{{By: "Rachid Amrani", On: "2026-03-12", Comment: "Bravo, ta liste est claire. Essaie-la aussi avec une vidéo.", Criteria: []learn.JudgedBy{{Criterion: inFR("La liste"), Level: inFR("L’une concerne l’accord des autres"), N: 2, Of: 3}, {N: 1, Of: 2}}}, {By: "خديجة العلوي", On: "2026-03-12", Criteria: []learn.JudgedBy{{Criterion: inFR("La liste"), Level: inFR("Trois questions à se poser"), N: 1, Of: 3}}}}

var made = []learn.Work{{Title: inFR("Mon affiche"), On: "2026-03-11", Note: "Je l’ai dessinée avec Salma.", URL: "#", Image: true, Judged: judged}, {Title: inLang(i18n.AR, "ملصقي"), On: "2026-03-04", URL: "#"}}

var modules = []learn.MyModule{
	{Title: inFR("Une machine qui apprend"), Done: 2, Total: 3, Lessons: []learn.MyLessonRow{{URL: "#", Title: inFR("Obéir ou apprendre"), State: "done", N: 5, Of: 5}, {URL: "#", Title: inFR("Trois voisins"), State: "begun", N: 2, Of: 6}, {URL: "#", Title: inLang(i18n.AR, "من يقرر؟"), Of: 4}}},
	{Title: inFR("Apprendre en dessinant"), Total: 8, Lessons: []learn.MyLessonRow{{URL: "#", Title: inFR("Théière ou verre ?"), Of: 5}}},
}

var mastered = []learn.Mastered{{Name: i18n.Text{i18n.FR: "Fondements de l’IA", i18n.AR: "أسس الذكاء الاصطناعي", i18n.EN: "AI foundations"}, Code: "unesco-ai-students:S3.1", N: 3, Of: 5, Q: 7, QOf: 12}, {Code: "digcomp-2.2:1.3", Q: 1, QOf: 2}}

// learners are the screens of whoever learns, and what their trainer sees.
var learners = []shown{
	{"my-home", "learn/home", func(*i18n.Printer) any {
		return learn.MyHome{StarURL: "#", WorkURL: "#", KnownURL: "#", Courses: []learn.MyCard{
			{URL: "#", Title: inFR("L’IA pour les enfants"), Module: inFR("Une machine qui apprend"), Done: 2, Total: 3, Next: &learn.MyNext{URL: "#", Kind: "lesson", Name: inFR("Trois voisins"), Begun: true}},
			{URL: "#", Title: inLang(i18n.AR, "أدوات رقمية"), Module: inLang(i18n.AR, "البداية"), Total: 8, Next: &learn.MyNext{URL: "#", Kind: "pre"}},
			{URL: "#", Title: inFR("Un cours fini")}}}
	}},
	{"my-home-none", "learn/home", func(*i18n.Printer) any { return learn.MyHome{StarURL: "#", WorkURL: "#", KnownURL: "#"} }},
	{"my-course", "learn/mine", func(*i18n.Printer) any {
		return learn.MyCourse{Title: inFR("L’IA pour les enfants"), HomeURL: "#", Done: 2, Total: 11, Tests: []learn.MyTestRow{{Kind: "pre", Done: true}, {Kind: "post"}}, Modules: modules, Next: &learn.MyNext{URL: "#", Kind: "lesson", Name: inFR("Trois voisins")}}
	}},
	{"my-lesson", "learn/my-lesson", func(*i18n.Printer) any {
		return learn.MyLesson{Title: inFR("Trois voisins"), Aim: inFR("Je sais dire comment une machine choisit."), Course: learn.Link{URL: "#", Name: inFR("L’IA pour les enfants")}, Dots: dots(), N: 4, Of: 5, Right: 1, Out: 2, Begun: true, NextURL: "#", HomeURL: "#"}
	}},
	{"my-lesson-new", "learn/my-lesson", func(*i18n.Printer) any {
		return learn.MyLesson{Title: inFR("Trois voisins"), Aim: inFR("Je sais dire comment une machine choisit."), Course: learn.Link{URL: "#", Name: inFR("L’IA pour les enfants")}, Of: 5, Action: "#", HomeURL: "#"}
	}},
	{"my-lesson-done", "learn/my-lesson", func(*i18n.Printer) any {
		return learn.MyLesson{Title: inFR("Trois voisins"), Aim: inFR("Je sais dire comment une machine choisit."), Course: learn.Link{URL: "#", Name: inFR("L’IA pour les enfants")}, Dots: dots(), N: 5, Of: 5, Right: 2, Out: 2, Begun: true, Finished: true, HomeURL: "#", After: &learn.MyNext{URL: "#", Kind: "post"}}
	}},
	{"my-step-text", "learn/step", func(*i18n.Printer) any {
		v := step("video")
		v.Passage = &learn.Passage{HTML: template.HTML("<p>Une machine apprend avec des <strong>exemples</strong>.</p>"), Lang: i18n.FR}
		v.Media, v.Tracks = "#", []learn.Track{{URL: "#", Lang: i18n.FR}}
		return v
	}},
	{"my-step-question", "learn/step", func(p *i18n.Printer) any {
		v := step("quiz")
		v.Question = question(0, false, false)
		v.Errors["q-a"] = p.T("my.answer_missing")
		return v
	}},
	{"my-step-wrong", "learn/step", func(*i18n.Printer) any {
		v := step("quiz")
		v.Question, v.Given, v.Tries = question(3, true, false), true, 2
		return v
	}},
	{"my-step-right", "learn/step", func(*i18n.Printer) any {
		v := step("quiz")
		v.Question, v.Given, v.Tries = question(0, true, true), true, 1
		return v
	}},
	{"my-step-project", "learn/step", func(p *i18n.Printer) any {
		v := step("project")
		v.Rubric, v.Works, v.Note = []learn.Criterion{{Criterion: inFR("J’explique"), Levels: []learn.Said{inFR("un peu"), inFR("bien")}}}, made, "Voici"
		v.Errors["file"] = p.T("my.file_kind")
		return v
	}},
	{"my-test", "learn/test", func(p *i18n.Printer) any {
		return learn.MyTest{Kind: "pre", Course: learn.Link{URL: "#", Name: inFR("L’IA pour les enfants")}, Action: "#", Questions: quizSample(false).Questions, HomeURL: "#", Errors: map[string]string{"open": p.T("my.test_open", "n", 2)}}
	}},
	{"my-test-done", "learn/test", func(*i18n.Printer) any {
		return learn.MyTest{Kind: "post", Course: learn.Link{URL: "#", Name: inFR("L’IA pour les enfants")}, Done: true, HomeURL: "#"}
	}},
	{"my-star", "learn/star", func(*i18n.Printer) any {
		return learn.MyStar{HomeURL: "#", Courses: []learn.MyStarCourse{{Title: inFR("L’IA pour les enfants"), Modules: modules, Masteries: mastered}}}
	}},
	{"my-star-none", "learn/star", func(*i18n.Printer) any { return learn.MyStar{HomeURL: "#"} }},
	{"my-work", "learn/work", func(*i18n.Printer) any { return learn.MyWork{HomeURL: "#", Works: made} }},
	{"my-work-none", "learn/work", func(*i18n.Printer) any { return learn.MyWork{HomeURL: "#"} }},
	{"my-known", "learn/known", func(*i18n.Printer) any {
		return learn.MyKnown{HomeURL: "#", Name: "Salma Bennani", Other: "سلمى بناني", Birth: "2015-01-06", Groups: []string{"Enfants, mercredi"}, Came: 9, Of: 11, Works: 2, Courses: []learn.MyKnownCourse{{Title: inFR("L’IA pour les enfants"), Lessons: 3, Tries: 21, Minutes: 64}}}
	}},
	{"group-learning", "teach/learning", func(p *i18n.Printer) any {
		return teach.Learning{Name: "Enfants, mercredi", RosterURL: "#", SessionsURL: "#", LearningURL: "#", WallURL: "#", MarkingURL: "#", Action: "#", Offered: []shell.Option{{Value: "x", Label: "Outils numériques"}}, Errors: map[string]string{"course": p.T("learning.choose")},
			Courses: []teach.Grid{{Code: "enfants", Title: inFR("L’IA pour les enfants"), Version: 1, Newer: 2, NewerID: "x", Tests: true, GainN: 2, People: 3, AllN: 41, Gain: "0,41", All: "0,38", Opens: []teach.OpenTest{{Kind: "pre", First: true, Taken: 3, Of: 3, Action: "#"}, {Kind: "post", Open: true, Conflict: true, Taken: 2, Of: 3, Action: "#"}},
				Lessons: []teach.GridLesson{{N: 1, Title: inFR("Obéir ou apprendre"), PrintURL: "#", RehearseURL: "#"}, {N: 2, Title: inFR("Trois voisins"), PrintURL: "#"}, {N: 3, Title: inLang(i18n.AR, "من يقرر؟"), PrintURL: "#"}},
				Stuck:   []teach.StuckRow{{Name: "Yassine Alaoui", URL: "#", Lesson: inFR("Trois voisins"), Step: inFR("Que dit la machine ?"), Why: "tries", Failed: 4}, {Name: "سلمى بناني", URL: "#", Lesson: inFR("Trois voisins"), Why: "idle", Minutes: 14}},
				Rows: []teach.GridRow{
					{Name: "سلمى بناني", URL: "#", Done: 1, Of: 3, Pre: "40 %", Post: "70 %", Gain: "0,50", Cells: []teach.GridCell{{Lesson: 1, N: 5, Of: 5, State: "done"}, {Lesson: 2, N: 2, Of: 6, State: "begun", Stuck: "idle"}, {Lesson: 3, Of: 4}}},
					{Name: "Yassine Alaoui", URL: "#", Of: 3, Pre: "60 %", Cells: []teach.GridCell{{Lesson: 1, N: 3, Of: 5, State: "begun", Stuck: "tries"}, {Lesson: 2, Of: 6}, {Lesson: 3, Of: 4}}}}}}}
	}},
	{"group-learning-none", "teach/learning", func(*i18n.Printer) any {
		return teach.Learning{Name: "Enfants, mercredi", RosterURL: "#", SessionsURL: "#", LearningURL: "#", Action: "#"}
	}},
	{"group-learner", "teach/learner", func(*i18n.Printer) any {
		return teach.LearnerPage{Name: "Salma Bennani", Other: "سلمى بناني", Group: "Enfants, mercredi", GroupURL: "#", Courses: []teach.LearnerCourse{{Title: inFR("L’IA pour les enfants"), Pre: "40 %", Masteries: mastered, Works: made,
			Lessons: []teach.LearnerLesson{{Title: inFR("Trois voisins"), N: 2, Of: 6, Tries: 4, Minutes: 12, Last: "11/03 15:04"}, {Title: inFR("Obéir ou apprendre"), N: 5, Of: 5, Tries: 7, Minutes: 25, Last: "04/03 15:04", Done: true}},
			Answers: []teach.AnswerRow{{On: "11/03 15:04", Asked: inFR("Que dit la machine ?"), Given: []learn.Said{inFR("Une feuille"), inLang(i18n.AR, "سمكة")}, Right: 0}, {On: "11/03 15:03", Asked: inFR("Avec quoi apprend-elle ?"), Given: []learn.Said{inFR("Des exemples")}, Right: 1}, {On: "11/03 15:02", Asked: inFR("J’ai compris."), Right: -1}}}}}
	}},
	{"class-child", "guardian/learning", func(*i18n.Printer) any {
		return family.Learning{Name: "Salma Bennani", Other: "سلمى بناني", ChildURL: "#", Courses: []family.ChildCourse{
			{Title: inFR("L’IA pour les enfants"), Done: 3, Of: 5, Lessons: []family.ChildLesson{{Title: inFR("Obéir ou apprendre"), Done: true, N: 5, Of: 5}, {Title: inLang(i18n.AR, "من يقرر؟"), N: 2, Of: 6}}, Works: made},
			{Title: inLang(i18n.AR, "أدوات رقمية"), Of: 8}}}
	}},
	{"class-child-none", "guardian/learning", func(*i18n.Printer) any { return family.Learning{Name: "Salma Bennani", ChildURL: "#"} }},
	{"class-marking", "teach/marking", func(*i18n.Printer) any {
		return teach.Marking{Days: 180, Pager: shell.Pager{Total: -1, Next: "#"}, Groups: []teach.MarkingGroup{
			{Name: "Enfants, mercredi", URL: "#", Rows: []teach.MarkingRow{{Name: "سلمى بناني", URL: "#", Lesson: inFR("Trois voisins"), Title: inFR("Ma liste avant de partager"), On: "2026-03-04"}, {Name: "Yassine Alaoui", URL: "#", Lesson: inLang(i18n.AR, "من يقرر؟"), Title: inLang(i18n.AR, "لائحتي"), On: "2026-03-11"}}},
			{Name: "فوج السبت", URL: "#", Rows: []teach.MarkingRow{{Name: "Zineb Ait Ouarab-Belkacemi El Idrissi", URL: "#", Lesson: inFR("Trois voisins"), Title: inFR("Ma liste avant de partager"), On: "2026-03-04"}}}}}
	}},
	{"class-going", "teach/going", func(p *i18n.Printer) any {
		return teach.SessionLesson{Group: "Enfants, mercredi", GroupURL: "#", SheetURL: "#", Date: "2026-03-18", From: "14:00", To: "16:00", Action: "#", Errors: map[string]string{"stop-enfants": p.T("going.choose")}, Courses: []teach.GoesOn{
			{Code: "enfants", Course: inFR("L’IA pour les enfants"), Lesson: inFR("Avant de partager"), Minutes: 60, From: inFR("Chacun écrit sa liste"), PrintURL: "#", RehearseURL: "#", Stop: &teach.StopForm{Lesson: inFR("Avant de partager"), Path: "a/b", Conflict: true, Lessons: []shell.Option{{Value: "a/a", Label: "1. Trois voisins"}, {Value: "a/b", Label: "2. Avant de partager"}},
				Chosen: "1", Lines: []teach.StopLine{{Value: "0", N: 1, Text: inFR("Accueillir et dire le but")}, {Value: "1", N: 2, Text: inFR("Chacun écrit sa liste")}, {Value: "2", N: 3, Text: inLang(i18n.AR, "نتحقق")}}}},
			{Code: "outils", Course: inLang(i18n.AR, "أدوات رقمية")}}}
	}},
	{"class-going-none", "teach/going", func(p *i18n.Printer) any {
		return teach.SessionLesson{Group: "Enfants, mercredi", GroupURL: "#", SheetURL: "#", Date: "2026-03-18", From: "14:00", To: "16:00", Locked: p.T("going.not_yet")}
	}},
	{"class-teams", "teach/teams", func(p *i18n.Printer) any {
		m := []teach.TeamMember{{ID: "1", Name: "سلمى بناني", Team: "1"}, {ID: "2", Name: "Yassine Alaoui", Team: "1"}, {ID: "3", Name: "Zineb Ait Ouarab-Belkacemi El Idrissi", Team: "2"}, {ID: "4", Name: "Omar", Team: "2"}, {ID: "5", Name: "Nour"}}
		n := []shell.Option{{Value: "1", Label: "1"}, {Value: "2", Label: "2"}, {Value: "3", Label: "3"}}
		return teach.Teams{Group: "Enfants, mercredi", SheetURL: "#", Date: "2026-03-18", From: "14:00", To: "16:00", Members: m, Made: true, Conflict: true, Numbers: n, Out: []string{"Ilyas Mansouri", "مريم"}, Teams: []teach.TeamRow{{N: 1, Members: m[:2]}, {N: 2, Members: m[2:4]}}, Rest: m[4:],
			Bys: []shell.Option{{Value: "size", Label: p.T("teams.by.size")}, {Value: "count", Label: p.T("teams.by.count")}}, Hows: []shell.Option{{Value: "mixed", Label: p.T("teams.how.mixed")}, {Value: "random", Label: p.T("teams.how.random")}},
			By: "size", N: "0", How: "mixed", Seed: "x", Action: "#", Errors: map[string]string{"n": p.T("teams.number", "n", 50), "team_5": p.T("teams.choose")}}
	}},
	{"class-teams-none", "teach/teams", func(p *i18n.Printer) any {
		return teach.Teams{Group: "Enfants, mercredi", SheetURL: "#", Date: "2026-03-18", From: "14:00", To: "16:00", Locked: p.T("attendance.cancelled")}
	}},
	{"class-rehearse", "learn/my-lesson", func(*i18n.Printer) any {
		return learn.MyLesson{Title: inFR("Trois voisins"), Aim: inFR("Je sais dire comment une machine choisit."), Course: learn.Link{URL: "#", Name: inFR("L’IA pour les enfants")}, Dots: dots(), Of: 5, Begun: true, NextURL: "#", HomeURL: "#", Trial: true}
	}},
	{"class-rehearse-project", "learn/step", func(*i18n.Printer) any {
		v := step("project")
		v.Trial = true
		v.Rubric = []learn.Criterion{{Criterion: inFR("J’explique"), Levels: []learn.Said{inFR("un peu"), inFR("bien")}}}
		return v
	}},
	{"class-my-wall", "learn/wall", func(*i18n.Printer) any {
		return learn.MyWall{HomeURL: "#", Groups: []learn.WallGroup{{Name: "Enfants, mercredi", Works: onWall}, {Name: "فوج السبت"}}}
	}},
	{"class-my-wall-none", "learn/wall", func(*i18n.Printer) any { return learn.MyWall{HomeURL: "#"} }},
	{"class-wall", "teach/wall", func(p *i18n.Printer) any {
		return teach.Wall{Name: "Enfants, mercredi", GroupURL: "#", Allowed: true, Works: onWall, Action: "#", Errors: map[string]string{"": p.T("teams.choose")}}
	}},
	{"class-wall-none", "teach/wall", func(*i18n.Printer) any { return teach.Wall{Name: "Enfants, mercredi", GroupURL: "#"} }},
	{"class-my-work", "learn/work", func(p *i18n.Printer) any {
		l := []learn.Work{{Title: inFR("Apprendre en dessinant"), On: "2026-03-11", Note: "La machine confond la théière et le verre.", Right: 2, Out: 3, WallURL: "#"}, {Title: inFR("Mon affiche"), On: "2026-03-11", URL: "#", Image: true, WallURL: "#", Up: true}, {Title: inLang(i18n.AR, "ملصقي"), On: "2026-03-04", WallURL: "#", Barred: true}}
		return learn.MyWork{HomeURL: "#", WallURL: "#", Works: l, Errors: map[string]string{"": p.T("wall.barred")}}
	}},
	{"class-gains", "board/gains", func(*i18n.Printer) any {
		return steer.Gains{BoardURL: "#", Fewest: 5, Rows: []steer.GainRow{{Title: i18n.Text{i18n.FR: "L’IA pour les enfants", i18n.AR: "الذكاء الاصطناعي للأطفال"}, N: 17, Pre: "42 %", Post: "66 %", Gain: "0,41"}, {Title: i18n.Text{i18n.FR: "Outils numériques"}, N: 3, Few: true}, {Title: i18n.Text{i18n.FR: "Formateurs"}}}}
	}},
	{"class-gains-none", "board/gains", func(*i18n.Printer) any { return steer.Gains{BoardURL: "#"} }},
	{"class-marking-none", "teach/marking", func(*i18n.Printer) any { return teach.Marking{Days: 180} }},
	{"class-mark", "teach/mark", func(p *i18n.Printer) any {
		return teach.MarkWork{Name: "Salma Bennani", Other: "سلمى بناني", Group: "Enfants, mercredi", GroupURL: "#", LearnerURL: "#", MarkingURL: "#", Action: "#", Lesson: inFR("Avant de partager"), Shown: made[:1], Others: made[1:], Comment: "Bravo", Seen: "x",
			Rubric: []teach.MarkCriterion{{Name: "level_0", Criterion: inFR("La liste"), Levels: []teach.MarkLevel{{Value: "1", Text: inFR("Trois questions à se poser")}, {Value: "2", Text: inFR("L’une concerne l’accord des autres"), Chosen: true}, {Value: "3", Text: inFR("Je l’ai essayée sur un dessin et dit ce que j’ai changé")}}},
				{Name: "level_1", Criterion: inLang(i18n.AR, "الشرح"), Levels: []teach.MarkLevel{{Value: "1", Text: inLang(i18n.AR, "قليلا")}, {Value: "2", Text: inLang(i18n.AR, "جيدا")}}}},
			Errors: map[string]string{"level_1": p.T("marking.no_level"), "": p.T("marking.meanwhile")}}
	}},
	{"group-learner-none", "teach/learner", func(*i18n.Printer) any {
		return teach.LearnerPage{Name: "Salma Bennani", Group: "Enfants, mercredi", GroupURL: "#"}
	}},
}

func init() { gallery = append(gallery, learners...) }
