package shell_test

import (
	"tizi/internal/i18n"
	"tizi/internal/web/author"
	"tizi/internal/web/learn"
)

// authored are the screens of whoever writes courses. The course is made up.
var authored = []shown{
	{"authoring", "author/list", func(*i18n.Printer) any {
		return author.List{Rows: []author.Row{
			{Code: "enfants-ia", Title: courseRow.Title, Version: 2, URL: "#", By: "Nadia Berrada", When: "02/03/2026 10:00"}, {Code: "mon-cours", URL: "#", By: "أمينة بنعلي", When: "02/03/2026 11:30"},
			{Code: "formateurs", Title: i18n.Text{i18n.FR: "Former les formateurs"}, Version: 1, ID: "x"},
		}}
	}},
	{"authoring-none", "author/list", func(p *i18n.Printer) any {
		return author.List{Code: "Mon Cours", Errors: map[string]string{"code": p.T("course.fault.folder", "name", "Mon Cours"), "file": p.T("author.zip_missing")}}
	}},
	{"authoring-draft", "author/draft", func(p *i18n.Printer) any { return draftSample(p, false) }},
	{"authoring-draft-wrong", "author/draft", func(p *i18n.Printer) any { return draftSample(p, true) }},
	{"authoring-file", "author/file", func(*i18n.Printer) any {
		v := fileSample()
		v.Texts = append(v.Texts, author.Text{Lang: i18n.AR, Field: "text_ar", BaseName: "base_ar", File: "modules/commencer/premiere-lecon/lire.ar.md", Rows: 12})
		return v
	}},
	{"authoring-file-both", "author/file", func(p *i18n.Printer) any {
		v := fileSample()
		v.Texts[0].Theirs = &author.Theirs{By: "أمينة بنعلي", When: "02/03/2026 11:30", Text: "Une machine apprend avec beaucoup d’**exemples**."}
		v.Errors = map[string]string{"text_fr": p.T("author.meanwhile"), "to": p.T("author.file_there"), "gone": p.T("author.sure_missing")}
		return v
	}},
	{"authoring-file-yaml", "author/file", func(p *i18n.Printer) any {
		return author.File{Self: "#", DraftURL: "#", Code: "mon-cours", Path: "course.yaml", There: true, To: "course.yaml", Rename: "#", Remove: "#", Line: 2,
			Texts: []author.Text{{Field: "text", BaseName: "base", Value: "title: {fr: Un premier cours, ar: درس أول}\nhours: une\n", File: "course.yaml", There: true, Rows: 12, Line: 2, By: "Nadia Berrada", When: "02/03/2026 10:00", Faults: []author.Fault{{URL: "#", Line: 2, Text: p.T("course.fault.want_int", "field", "hours", "value", "une"), Said: "hours: une"}, {URL: "#", Text: p.T("course.fault.required", "field", "licence")}}}}}
	}},
	{"authoring-file-picture", "author/file", func(*i18n.Printer) any {
		return author.File{Self: "#", DraftURL: "#", Code: "mon-cours", Path: "modules/commencer/premiere-lecon/media/exemples.svg", There: true, Raw: "/assets/none.svg", Kind: "image/svg+xml", Size: "3 Ko", To: "modules/commencer/premiere-lecon/media/exemples.svg", Rename: "#", Remove: "#"}
	}},
	{"authoring-file-sound", "author/file", func(*i18n.Printer) any {
		return author.File{Self: "#", DraftURL: "#", Code: "mon-cours", Path: "modules/commencer/premiere-lecon/lire.ar.mp3", There: true, Raw: "#", Kind: "audio/mpeg", Size: "300 Ko", To: "x.mp3", Rename: "#", Remove: "#"}
	}},
	{"authoring-discard", "author/discard", func(p *i18n.Printer) any {
		return author.Discard{Self: "#", Code: "mon-cours", Title: courseRow.Title, Changed: true, Errors: map[string]string{"sure": p.T("author.sure_missing")}}
	}},
	{"authoring-preview", "learn/step", func(*i18n.Printer) any {
		q := quizSample(false).Questions[0]
		return learn.MyStep{Lesson: learn.Link{URL: "#", Name: inFR("Trois voisins")}, Course: learn.Link{URL: "#", Name: inFR("L’IA pour les enfants")}, Dots: []learn.Dot{{URL: "#", Name: "Lire"}, {URL: "#", Name: "Vérifier", Current: true}}, N: 2, Of: 2, Title: inFR("Vérifier"), Kind: "quiz", Question: &q, Action: "#", NextURL: "#", BackURL: "#",
			Preview: &learn.Preview{BackURL: "#", EditURL: "#"}}
	}},
}

func fileSample() author.File {
	return author.File{Self: "#", DraftURL: "#", Code: "mon-cours", Path: "modules/commencer/premiere-lecon/lire.fr.md", There: true, PreviewURL: "#", To: "modules/commencer/premiere-lecon/lire.fr.md", Rename: "#", Remove: "#",
		Texts: []author.Text{{Lang: i18n.FR, Field: "text_fr", BaseName: "base_fr", Value: "Une machine apprend avec des **exemples**.\n\n![](media/exemples.svg)\n", File: "modules/commencer/premiere-lecon/lire.fr.md", There: true, Rows: 12, By: "Nadia Berrada", When: "02/03/2026 10:00",
			Faults: []author.Fault{{URL: "#", Line: 3, Text: "L’image media/exemples.svg n’a pas de description.", Said: "![](media/exemples.svg)"}}}}}
}

func draftSample(p *i18n.Printer, wrong bool) author.Page {
	v := author.Page{Self: "/authoring/x", Code: "mon-cours", Title: courseRow.Title, Base: 2, By: "Nadia Berrada", When: "02/03/2026 10:00", Changed: wrong, PreviewURL: "#", ZipURL: "#", Lessons: 24, Minutes: 1080, Items: 122, Number: "3", Newest: 2, Modules: []string{"commencer"}, Folders: []string{"modules/commencer"},
		Lacks: []author.Lack{{Lang: i18n.FR, Of: 412}, {Lang: i18n.AR, N: 2, Of: 412, First: []author.Fault{{Where: "modules/commencer/module.yaml:1", URL: "#", Text: "title"}}}},
		Parts: []author.Part{{Kind: "course", Files: []author.FileRow{{Name: "course.yaml", URL: "#"}}},
			{Kind: "module", Name: "commencer", Title: i18n.Text{i18n.FR: "Commencer", i18n.AR: "البداية"}, Files: []author.FileRow{{Name: "module.yaml", URL: "#"}}, Lessons: []author.LessonPart{{Name: "premiere-lecon", Title: i18n.Text{i18n.FR: "Une machine qui apprend"}, PreviewURL: "#", Files: []author.FileRow{{Name: "lesson.yaml", URL: "#"}, {Name: "lire", URL: "#", Langs: []i18n.Lang{i18n.AR, i18n.FR}}, {Name: "media/exemples.svg", URL: "#"}}}, {Name: "brouillon"}}},
			{Kind: "tests", Name: "tests", Files: []author.FileRow{{Name: "avant.quiz.yaml", URL: "#"}}}}}
	if wrong {
		v.Faults = []author.Fault{{Where: "modules/commencer/premiere-lecon/verifier.quiz.yaml:12", URL: "#", Text: p.T("course.fault.no_right")}, {Where: "modules/suite/module.yaml", URL: "#", Text: p.T("course.fault.missing")}}
		v.Remarks = []author.Fault{{Where: "notes.txt", URL: "#", Text: p.T("course.remark.unused")}}
		v.More, v.Asks, v.Newest, v.Parts[1].Faults, v.Parts[1].Lessons[0].Faults, v.Parts[1].Lessons[0].Files[0].Faults = 3, true, 4, 1, 1, 1
		v.Module, v.Lesson, v.Folder = "commencer", "Ma leçon", "../x"
		v.Errors = map[string]string{"despite": p.T("author.newer", "n", 4), "lesson": p.T("author.name_wrong"), "folder": p.T("author.folder_wrong"), "number": p.T("author.publish_faults", "n", 2)}
	}
	return v
}

func init() { gallery = append(gallery, authored...) }
