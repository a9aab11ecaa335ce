// Package author is the door of whoever writes courses: drafts of them, file by file, checked as `tizi course check` does, shown as
// learners will see them, and taken in as versions.
package author

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"tizi/internal/access"
	"tizi/internal/blob"
	"tizi/internal/course"
	"tizi/internal/draft"
	"tizi/internal/fact"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/web/door"
	"tizi/internal/web/learn"
	"tizi/internal/web/open"
)

// Bounds of what is sent at once, in bytes.
const (
	MaxText    = 4 * 4 * course.MaxText     // a text in its languages, as forms write letters
	MaxUpload  = course.MaxFile + 32<<20    // files
	MaxArchive = 2*course.MaxFile + 112<<20 // a folder
	inMemory   = 8 << 20                    // the rest waits on the disk
)

// Routes adds the routes of this door.
func Routes(d *door.Door, labs []learn.Lab) {
	handle := func(pattern string, fn func(*door.Ask) error) {
		d.Handle(pattern, access.WriteCourses, func(a *door.Ask) error {
			err := fn(a)
			switch {
			case errors.Is(err, draft.ErrUnknown), errors.Is(err, course.ErrUnknown):
				err = fs.ErrNotExist
			case errors.Is(err, course.ErrComing), errors.Is(err, blob.ErrMissing):
				a.D.S.Render(a.W, a.R, http.StatusServiceUnavailable, "open/error", open.Error{Status: http.StatusServiceUnavailable, Detail: a.P.T("learn.coming"), BackURL: root})
				return nil
			}
			return err
		})
	}
	of := func(pattern string, fn func(*door.Ask, *draft.Draft) error) {
		handle(pattern, func(a *door.Ask) error {
			v, err := a.ID("draft")
			if err != nil {
				return err
			}
			x, err := a.H.Drafts.Get(a.R.Context(), a.H.DB, v)
			if err != nil {
				return err
			}
			return fn(a, x)
		})
	}
	handle("GET /authoring", list)
	handle("POST /authoring", begun)
	handle("POST /authoring/open", opened)
	handle("POST /authoring/upload", brought)
	of("GET /authoring/{draft}", one)
	of("GET /authoring/{draft}/file", file)
	of("POST /authoring/{draft}/file", saved)
	of("POST /authoring/{draft}/rename", renamed)
	of("POST /authoring/{draft}/remove", removed)
	of("POST /authoring/{draft}/files", uploaded)
	of("POST /authoring/{draft}/lessons", lessonAdded)
	of("POST /authoring/{draft}/publish", published)
	of("GET /authoring/{draft}/discard", discard)
	of("POST /authoring/{draft}/discard", discarded)
	of("GET /authoring/{draft}/zip", archive)
	of("GET /authoring-files/{draft}", raw)
	preview := func(pattern string, fn func(*door.Ask, *learn.Draft) error) {
		of(pattern, func(a *door.Ask, x *draft.Draft) error {
			c, _, err := a.H.Drafts.Check(a.R.Context(), a.H.DB, x)
			if err != nil {
				return err
			}
			self := address(x)
			files := &learn.Files{
				URL:  func(p string) string { return door.With("/authoring-files/"+x.ID.String(), "file", p) },
				Open: func(p string) (io.ReadCloser, string, error) { return openRaw(a, x, p) },
			}
			return fn(a, learn.NewDraft(a, c, labs, self+"/preview", self, func(p string) string { return fileURL(x, p) }, files))
		})
	}
	preview("GET /authoring/{draft}/preview", func(a *door.Ask, d *learn.Draft) error { return d.Front() })
	preview("GET /authoring/{draft}/preview/{test}", func(a *door.Ask, d *learn.Draft) error { return d.Test(a.R.PathValue("test"), false) })
	preview("POST /authoring/{draft}/preview/{test}", func(a *door.Ask, d *learn.Draft) error { return d.Test(a.R.PathValue("test"), true) })
	preview("GET /authoring/{draft}/preview/{module}/{lesson}", func(a *door.Ask, d *learn.Draft) error {
		return d.Lesson(a.R.PathValue("module"), a.R.PathValue("lesson"))
	})
	step := func(given bool) func(*door.Ask, *learn.Draft) error {
		return func(a *door.Ask, d *learn.Draft) error {
			return d.Step(a.R.PathValue("module"), a.R.PathValue("lesson"), a.R.PathValue("step"), given)
		}
	}
	preview("GET /authoring/{draft}/preview/{module}/{lesson}/{step}", step(false))
	preview("POST /authoring/{draft}/preview/{module}/{lesson}/{step}", step(true))
}

const root = "/authoring"

func address(x *draft.Draft) string { return root + "/" + x.ID.String() }

func fileURL(x *draft.Draft, p string) string { return door.With(address(x)+"/file", "path", p) }

// at is where a fault is, as editors write it.
func at(f course.Fault) string {
	if f.Line == 0 {
		return f.File
	}
	return fmt.Sprintf("%s:%d", f.File, f.Line)
}

// faultOf is a fault with the page on which it is mended.
func faultOf(a *door.Ask, x *draft.Draft, f course.Fault) Fault {
	out := Fault{Where: at(f), Text: a.P.T(f.Key, f.Args...), Line: f.Line}
	if x != nil && f.File != "" && course.IsFile(f.File) {
		out.URL = lineURL(x, f.File, f.Line)
	}
	return out
}

// lineURL is the page of a file, at a line.
func lineURL(x *draft.Draft, p string, line int) string {
	u := fileURL(x, p)
	if line > 0 {
		u += "&line=" + strconv.Itoa(line)
	}
	return u + "#f-" + fieldOf(p)
}

// fieldOf is the name of the field in which a text stands.
func fieldOf(p string) string {
	if draft.Siblings(p) != nil {
		stem := strings.TrimSuffix(p, ".md")
		return "text_" + stem[strings.LastIndexByte(stem, '.')+1:]
	}
	return "text"
}

// refusals are the reasons for which a folder or a file cannot be kept, as one sentence.
func refusals(a *door.Ask, l course.Faults) string {
	var out []string
	for _, f := range l[:min(len(l), 3)] {
		s := a.P.T(f.Key, f.Args...)
		if f.File != "" {
			s = f.File + " – " + s
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func list(a *door.Ask) error {
	v, err := listView(a)
	if err != nil {
		return err
	}
	return a.Render("author/list", v)
}

func listView(a *door.Ask) (v List, err error) {
	ctx := a.R.Context()
	v.Errors = map[string]string{}
	drafts, err := a.H.Drafts.List(ctx, a.H.DB)
	if err != nil {
		return v, err
	}
	versions, err := a.H.Courses.List(ctx, a.H.DB)
	if err != nil {
		return v, err
	}
	names := door.Names{}
	at := map[string]int{}
	for _, x := range versions {
		at[x.Code] = len(v.Rows)
		v.Rows = append(v.Rows, Row{Code: x.Code, Title: x.Title, Version: x.Version, ID: x.ID.String()})
	}
	for _, d := range drafts {
		i, ok := at[d.Code]
		if !ok {
			i = len(v.Rows)
			v.Rows = append(v.Rows, Row{Code: d.Code})
		}
		r := &v.Rows[i]
		r.URL, r.When = address(&d), a.Moment(d.Changed)
		if r.By, err = names.Of(a, d.Actor); err != nil {
			return v, err
		}
	}
	slices.SortStableFunc(v.Rows, func(a, b Row) int { return cmp.Compare(b2i(a.URL == ""), b2i(b.URL == "")) })
	return v, nil
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// again shows the list with what was wrong.
func listAgain(a *door.Ask, field, why string) error {
	v, err := listView(a)
	if err != nil {
		return err
	}
	v.Code = a.R.PostFormValue("code")
	v.Errors[field] = why
	return a.Again("author/list", v)
}

// single is the one value of a field; ok is false where it was sent several times or not at all.
func single(a *door.Ask, name string) (string, bool) {
	l := a.R.PostForm[name]
	if len(l) != 1 {
		return "", false
	}
	return l[0], true
}

func begun(a *door.Ask) error {
	code, ok := single(a, "code")
	code = strings.TrimSpace(code)
	if !ok || code == "" {
		return listAgain(a, "code", a.P.T("author.code_missing"))
	}
	_, err := a.H.Courses.Find(a.R.Context(), a.H.DB, code, 0)
	if err == nil {
		return listAgain(a, "code", a.P.T("author.code_known"))
	}
	if !errors.Is(err, course.ErrUnknown) {
		return err
	}
	v, err := a.H.Drafts.Begin(a.R.Context(), a.Actor(), code)
	return entered(a, "code", v, err)
}

// entered goes to a new draft, or says why there is none.
func entered(a *door.Ask, field string, v id.ID, err error) error {
	var faults course.Faults
	switch {
	case errors.Is(err, draft.ErrTaken):
		return listAgain(a, field, a.P.T("author.taken"))
	case errors.As(err, &faults):
		return listAgain(a, field, refusals(a, faults))
	case err != nil:
		return err
	}
	return a.Go(root + "/" + v.String())
}

func opened(a *door.Ask) error {
	s, _ := single(a, "version")
	v, err := id.Parse(s)
	if err != nil {
		return listAgain(a, "version", a.P.T("author.version_unknown"))
	}
	x, err := a.H.Courses.Get(a.R.Context(), a.H.DB, v)
	if errors.Is(err, course.ErrUnknown) {
		return listAgain(a, "version", a.P.T("author.version_unknown"))
	}
	if err != nil {
		return err
	}
	made, err := a.H.Drafts.Change(a.R.Context(), a.Actor(), *x)
	return entered(a, "version", made, err)
}

// brought makes a draft of a folder in a ZIP file.
func brought(a *door.Ask) error {
	if err := multipartOf(a); err != nil {
		return err
	}
	defer cleared(a)
	f, h, err := a.R.FormFile("file")
	if err != nil || h.Size == 0 {
		return listAgain(a, "file", a.P.T("author.zip_missing"))
	}
	defer f.Close()
	folder, err := course.OpenZIP(door.Text(h.Filename), f, h.Size)
	var v id.ID
	if err == nil {
		v, err = a.H.Drafts.Bring(a.R.Context(), a.Actor(), folder)
	}
	return entered(a, "file", v, err)
}

// multipartOf reads a form with files. One that cannot be read is empty, and one that is too large an error.
func multipartOf(a *door.Ask) error {
	var tooLarge *http.MaxBytesError
	if err := a.R.ParseMultipartForm(inMemory); errors.As(err, &tooLarge) {
		return err
	}
	for _, vs := range a.R.PostForm {
		for i := range vs {
			vs[i] = door.Text(vs[i])
		}
	}
	return nil
}

func cleared(a *door.Ask) {
	if a.R.MultipartForm != nil {
		a.R.MultipartForm.RemoveAll()
	}
}

func one(a *door.Ask, x *draft.Draft) error {
	v, err := page(a, x)
	if err != nil {
		return err
	}
	return a.Render("author/draft", v)
}

// maxShown is how many faults a page lists.
const maxShown = 100

func page(a *door.Ask, x *draft.Draft) (v Page, err error) {
	ctx := a.R.Context()
	self := address(x)
	v = Page{Self: self, Code: x.Code, Base: x.Number, When: a.Moment(x.Changed), ZipURL: self + "/zip", PreviewURL: self + "/preview", Errors: map[string]string{}}
	if v.By, err = (door.Names{}).Of(a, x.Actor); err != nil {
		return v, err
	}
	c, rep, err := a.H.Drafts.Check(ctx, a.H.DB, x)
	if err != nil {
		return v, err
	}
	files, err := a.H.Drafts.Files(ctx, a.H.DB, x.ID)
	if err != nil {
		return v, err
	}
	if v.Changed, err = a.H.Drafts.Changed(ctx, a.H.DB, x); err != nil {
		return v, err
	}
	v.Title, v.Lessons, v.Minutes, v.Items = c.Title, rep.Lessons, rep.Minutes, rep.Items
	for _, f := range rep.Faults[:min(len(rep.Faults), maxShown)] {
		v.Faults = append(v.Faults, faultOf(a, x, f))
	}
	v.More = len(rep.Faults) - len(v.Faults)
	for _, f := range rep.Remarks[:min(len(rep.Remarks), maxShown)] {
		v.Remarks = append(v.Remarks, faultOf(a, x, f))
	}
	for _, l := range c.Languages {
		k := Lack{Lang: l, Of: rep.Texts}
		for _, m := range rep.Missing {
			if m.Lang != l {
				continue
			}
			if k.N++; k.N <= 20 && course.IsFile(m.File) {
				f := course.Fault{File: m.File, Line: m.Line}
				k.First = append(k.First, Fault{Where: at(f), URL: lineURL(x, m.File, m.Line), Text: m.What})
			}
		}
		v.Lacks = append(v.Lacks, k)
	}
	v.Parts, v.Folders = tree(x, c, rep, files)
	for _, p := range v.Parts {
		if p.Kind == "module" {
			v.Modules = append(v.Modules, p.Name)
		}
	}
	number := c.Version
	if newest, err := a.H.Courses.Find(ctx, a.H.DB, x.Code, 0); err == nil {
		v.Newest, v.Asks = newest.Version, newest.ID != x.Base
		if v.Changed {
			number = max(number, newest.Version+1)
		}
	} else if !errors.Is(err, course.ErrUnknown) {
		return v, err
	}
	v.Number = strconv.Itoa(max(number, 1))
	return v, nil
}

// tree puts the files of a draft in the order of the course.
func tree(x *draft.Draft, c *course.Course, rep *course.Report, files []draft.File) (parts []Part, folders []string) {
	wrong := map[string]int{}
	for _, f := range rep.Faults {
		wrong[f.File]++
	}
	type folder struct {
		rows   []FileRow
		faults int
	}
	in := map[string]*folder{}
	rows := map[string]*FileRow{}
	get := func(dir string) *folder {
		if in[dir] == nil {
			in[dir] = &folder{}
		}
		return in[dir]
	}
	// A file stands with the lesson, the module or the tests that it lies in; what is written in several languages is one row.
	home := func(p string) string {
		parts := strings.Split(p, "/")
		switch {
		case parts[0] == "modules" && len(parts) >= 4:
			return strings.Join(parts[:3], "/")
		case parts[0] == "modules" && len(parts) == 3:
			return strings.Join(parts[:2], "/")
		case parts[0] == "tests":
			return "tests"
		}
		return ""
	}
	order := []string{}
	at := map[string]string{}
	for _, f := range files {
		dir := home(f.Path)
		key, name := f.Path, strings.TrimPrefix(strings.TrimPrefix(f.Path, dir), "/")
		var lang i18n.Lang
		if s := draft.Siblings(f.Path); s != nil {
			stem := strings.TrimSuffix(f.Path, ".md")
			lang = i18n.Lang(stem[strings.LastIndexByte(stem, '.')+1:])
			key, name = strings.TrimSuffix(stem, "."+string(lang)), strings.TrimSuffix(strings.TrimSuffix(name, ".md"), "."+string(lang))
		}
		r := rows[key]
		if r == nil {
			r = &FileRow{Name: name, URL: fileURL(x, f.Path)}
			rows[key], at[key], order = r, dir, append(order, key)
		}
		if lang != "" {
			r.Langs = append(r.Langs, lang)
		}
		r.Faults += wrong[f.Path]
		get(dir).faults += wrong[f.Path]
		if d := path.Dir(f.Path); d != "." && !slices.Contains(folders, d) {
			folders = append(folders, d)
		}
	}
	for _, key := range order {
		d := get(at[key])
		d.rows = append(d.rows, *rows[key])
	}
	done := map[string]bool{}
	take := func(dir string) folder {
		done[dir] = true
		return *get(dir)
	}
	top := take("")
	parts = append(parts, Part{Kind: "course", Files: top.rows, Faults: top.faults})
	lesson := func(p *Part, dir string, l *course.Lesson) {
		f := take(dir)
		k := LessonPart{Name: path.Base(dir), Files: f.rows, Faults: f.faults}
		if l != nil {
			k.Title, k.PreviewURL = l.Title, address(x)+"/preview/"+l.Path()
		}
		p.Lessons, p.Faults = append(p.Lessons, k), p.Faults+f.faults
	}
	module := func(dir string, m *course.Module) {
		f := take(dir)
		p := Part{Kind: "module", Name: path.Base(dir), Files: f.rows, Faults: f.faults}
		if m != nil {
			p.Title = m.Title
			for _, l := range m.Lessons {
				lesson(&p, l.Dir(), l)
			}
		}
		for _, d := range sortedKeys(in) { // of which the module does not speak
			if strings.HasPrefix(d, dir+"/") && !done[d] {
				lesson(&p, d, nil)
			}
		}
		parts = append(parts, p)
	}
	for _, m := range c.Modules {
		module("modules/"+m.Name, m)
	}
	for _, d := range sortedKeys(in) {
		if parts := strings.Split(d, "/"); parts[0] == "modules" && !done[d] {
			module(strings.Join(parts[:2], "/"), nil)
		}
	}
	if t := take("tests"); len(t.rows) > 0 {
		parts = append(parts, Part{Kind: "tests", Name: "tests", Files: t.rows, Faults: t.faults})
	}
	return parts, folders
}

func sortedKeys[T any](m map[string]T) (out []string) {
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// pageAgain shows the draft with what was wrong, and what was typed into the form.
func pageAgain(a *door.Ask, x *draft.Draft, field, why string) error {
	v, err := page(a, x)
	if err != nil {
		return err
	}
	typed := a.R.PostFormValue
	switch path.Base(a.R.URL.Path) {
	case "lessons":
		v.Module, v.Lesson = typed("module"), typed("lesson")
	case "files":
		v.Folder, v.Over = typed("folder"), typed("over")
	case "publish":
		v.Number, v.Despite = typed("number"), typed("despite")
	}
	v.Errors[field] = why
	return a.Again("author/draft", v)
}

func lessonAdded(a *door.Ask, x *draft.Draft) error {
	module, ok := single(a, "module")
	if module = strings.TrimSpace(module); !ok || !course.IsName(module) {
		return pageAgain(a, x, "module", a.P.T("author.name_wrong"))
	}
	lesson, ok := single(a, "lesson")
	if lesson = strings.TrimSpace(lesson); !ok || !course.IsName(lesson) {
		return pageAgain(a, x, "lesson", a.P.T("author.name_wrong"))
	}
	err := a.H.Drafts.AddLesson(a.R.Context(), a.Actor(), x, module, lesson)
	var faults course.Faults
	switch {
	case errors.Is(err, draft.ErrThere):
		return pageAgain(a, x, "lesson", a.P.T("author.lesson_there"))
	case errors.As(err, &faults):
		return pageAgain(a, x, "lesson", refusals(a, faults))
	case err != nil:
		return err
	}
	return a.Go(fileURL(x, "modules/"+module+"/"+lesson+"/lesson.yaml"))
}

func published(a *door.Ask, x *draft.Draft) error {
	s, ok := single(a, "number")
	n, err := strconv.Atoi(door.Digits(strings.TrimSpace(s)))
	if !ok || err != nil || n < 1 || n > 100_000 {
		return pageAgain(a, x, "number", a.P.T("author.number_wrong"))
	}
	im, err := a.H.Drafts.Publish(a.R.Context(), a.Actor(), x, n, a.R.PostFormValue("despite") == "yes")
	var faults course.Faults
	var known *course.VersionError
	var newer *draft.NewerError
	var meanwhile *draft.ConflictError
	switch {
	case errors.As(err, &faults):
		return pageAgain(a, x, "number", a.P.T("author.publish_faults", "n", len(faults)))
	case errors.As(err, &known):
		return pageAgain(a, x, "number", a.P.T("author.number_known", "n", known.Known, "next", known.Known+1))
	case errors.As(err, &newer):
		return pageAgain(a, x, "despite", a.P.T("author.newer", "n", newer.Newest))
	case errors.As(err, &meanwhile):
		return pageAgain(a, x, "number", a.P.T("author.meanwhile_course"))
	case errors.Is(err, fact.ErrNotHere):
		return pageAgain(a, x, "number", a.P.T("author.not_here"))
	case err != nil:
		return err
	}
	if im.Changed {
		a.Notify("good", "author.published", "n", im.Course.Version)
	} else {
		a.Notify("info", "author.published_before", "n", im.Course.Version)
	}
	return a.Go(address(x))
}

func discard(a *door.Ask, x *draft.Draft) error {
	v, err := discardView(a, x)
	if err != nil {
		return err
	}
	return a.Render("author/discard", v)
}

func discardView(a *door.Ask, x *draft.Draft) (v Discard, err error) {
	ctx := a.R.Context()
	v = Discard{Self: address(x), Code: x.Code, Errors: map[string]string{}}
	c, _, err := a.H.Drafts.Check(ctx, a.H.DB, x)
	if err != nil {
		return v, err
	}
	v.Title = c.Title
	v.Changed, err = a.H.Drafts.Changed(ctx, a.H.DB, x)
	return v, err
}

func discarded(a *door.Ask, x *draft.Draft) error {
	if s, ok := single(a, "sure"); !ok || s != "yes" {
		v, err := discardView(a, x)
		if err != nil {
			return err
		}
		v.Errors["sure"] = a.P.T("author.sure_missing")
		return a.Again("author/discard", v)
	}
	if err := a.H.Drafts.Discard(a.R.Context(), x.ID); err != nil {
		return err
	}
	a.Notify("good", "author.discarded", "code", x.Code)
	return a.Go(root)
}

func archive(a *door.Ask, x *draft.Draft) error {
	f, err := a.H.Drafts.Folder(a.R.Context(), a.H.DB, x)
	if err != nil {
		return err
	}
	h := a.W.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", `attachment; filename="`+x.Code+`.zip"`)
	h.Set("Cache-Control", "private, no-store")
	return f.WriteZIP(a.W)
}
