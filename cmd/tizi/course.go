package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"tizi/curriculum"
	"tizi/internal/course"
	"tizi/internal/fault"
	"tizi/internal/framework"
	"tizi/internal/house"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/quiz"
)

type courseCmd struct {
	New      courseNewCmd      `cmd:"" help:"Make a small whole course in a folder, to begin with."`
	Check    courseCheckCmd    `cmd:"" help:"Say what is wrong with a course, and what is not translated yet."`
	Coverage courseCoverageCmd `cmd:"" help:"Say which competencies of frameworks the lessons of courses teach, and which none."`
	Export   courseExportCmd   `cmd:"" help:"Write a course as it was taken in, to a folder or a ZIP file."`
	Qti      courseQTICmd      `cmd:"" help:"Write the questions of a course as a QTI 3 package."`
	Quiz     courseQuizCmd     `cmd:"" help:"Make a quiz of a QTI 3 package or item, to be put into a lesson."`
}

type courseNewCmd struct {
	Dir  string `arg:"" help:"The folder; its name is the code of the course." type:"path"`
	Lang string `help:"The language of reasons: ar, fr, zgh, en." default:"fr" enum:"ar,fr,zgh,en"`
}

// Help gives an example.
func (courseNewCmd) Help() string {
	return "Example:\n  tizi course new mon-cours\n  tizi course check mon-cours"
}

func (c *courseNewCmd) Run() error {
	if err := course.Start(c.Dir); err != nil {
		return courseError(c.Lang, err)
	}
	fmt.Printf("%s is a course of one lesson; change it, and look at it with: tizi course check %s\n", c.Dir, c.Dir)
	return nil
}

// courseError puts the reasons for which a course was refused as such into the language of the command.
func courseError(lang string, err error) error {
	var faults course.Faults
	if !errors.As(err, &faults) {
		return err
	}
	p := printer(lang)
	var out []string
	for _, f := range faults {
		out = append(out, at(f)+p.T(f.Key, f.Args...))
	}
	return errors.New(strings.Join(out, "\n"))
}

func printer(lang string) *i18n.Printer {
	l, _ := i18n.Parse(lang)
	return i18n.For(l)
}

// at is where a fault is, as editors read it.
func at(f course.Fault) string {
	switch {
	case f.File == "":
		return ""
	case f.Line == 0:
		return f.File + ": "
	}
	return fmt.Sprintf("%s:%d: ", f.File, f.Line)
}

type courseCheckCmd struct {
	Dir     string   `arg:"" help:"The course: its folder, or a ZIP file of it." type:"path"`
	Against []string `help:"More frameworks that lessons may name, beside those that Tizi brings: CASE files." type:"path" placeholder:"FILE"`
	Missing bool     `help:"List each text that is not translated."`
	Lang    string   `help:"The language of reasons: ar, fr, zgh, en." default:"fr" enum:"ar,fr,zgh,en"`
	JSON    bool     `help:"Print the report as JSON."`
}

// Help gives an example.
func (courseCheckCmd) Help() string {
	return "Example:\n  tizi course check curriculum/enfants-ia\n  tizi course check cours.zip --json\n\nThe exit status is 1 where something is wrong with the course. What is not translated yet is counted and is not wrong."
}

// courseReport is the JSON of a check.
type courseReport struct {
	OK       bool                 `json:"ok"`
	Code     string               `json:"code"`
	Version  int                  `json:"version"`
	Lessons  int                  `json:"lessons"`
	Minutes  int                  `json:"minutes"`
	Items    int                  `json:"items"`
	Texts    int                  `json:"texts"`
	Missing  map[i18n.Lang]int    `json:"missing"` // of the texts, by language
	Errors   []courseProblem      `json:"errors"`
	Remarks  []courseProblem      `json:"remarks"`
	Advice   []courseProblem      `json:"advice"` // what a stranger lacks to teach a lesson from its page alone
	Taught   map[i18n.Lang]int    `json:"taught"` // minutes of lessons whose texts are all there, by language
	Covers   []courseCovers       `json:"covers"`
	Untended []courseUntranslated `json:"untranslated,omitempty"`
	// Of an import.
	ID      string `json:"id,omitempty"`
	Changed *bool  `json:"changed,omitempty"`
}

// courseCovers is how much of a framework the lessons teach.
type courseCovers struct {
	Framework string `json:"framework"`
	Covered   int    `json:"covered"`
	Of        int    `json:"of"`
}

type courseProblem struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Code   string `json:"code"`
	Reason string `json:"reason"`
}

type courseUntranslated struct {
	Lang i18n.Lang `json:"lang"`
	File string    `json:"file"`
	Line int       `json:"line,omitempty"`
	What string    `json:"what"`
}

func reportOf(lang, dir string, c *course.Course, rep *course.Report, missing bool) courseReport {
	p := printer(lang)
	out := courseReport{OK: len(rep.Faults) == 0, Code: c.Code, Version: c.Version, Lessons: rep.Lessons, Minutes: rep.Minutes, Items: rep.Items, Texts: rep.Texts,
		Missing: map[i18n.Lang]int{}, Taught: map[i18n.Lang]int{}, Covers: []courseCovers{}, Errors: []courseProblem{}, Remarks: []courseProblem{}}
	for _, l := range c.Languages {
		out.Missing[l], out.Taught[l] = rep.Lacks()[l], rep.Taught[l]
	}
	file := func(name string) string {
		if name == "" || filepath.Ext(dir) == ".zip" {
			return name
		}
		return path.Join(filepath.ToSlash(dir), name)
	}
	list := func(l []course.Fault) []courseProblem {
		out := []courseProblem{}
		for _, f := range l {
			out = append(out, courseProblem{file(f.File), f.Line, f.Key, p.T(f.Key, f.Args...)})
		}
		return out
	}
	out.Errors, out.Remarks, out.Advice = list(rep.Faults), list(rep.Remarks), list(rep.Advice)
	if missing {
		for _, m := range rep.Missing {
			out.Untended = append(out.Untended, courseUntranslated{m.Lang, file(m.File), m.Line, m.What})
		}
	}
	return out
}

func (r courseReport) print() {
	lines := func(mark string, l []courseProblem) {
		for _, x := range l {
			fmt.Printf("%s%s%s\n", at(course.Fault{File: x.File, Line: x.Line}), mark, x.Reason)
		}
	}
	lines("", r.Errors)
	lines("(remark) ", r.Remarks)
	lines("(advice) ", r.Advice)
	for _, m := range r.Untended {
		fmt.Printf("%s(%s) %s\n", at(course.Fault{File: m.File, Line: m.Line}), m.Lang, m.What)
	}
	fmt.Printf("%s, version %d: %d lessons, %d minutes, %d questions\n", r.Code, r.Version, r.Lessons, r.Minutes, r.Items)
	for _, l := range i18n.Langs {
		if n, ok := r.Missing[l]; ok {
			fmt.Printf("  %s: %.1f hours of lessons; %d of %d texts not translated\n", l, float64(r.Taught[l])/60, n, r.Texts)
		}
	}
	for _, c := range r.Covers {
		fmt.Printf("  %s: %d of %d competencies taught\n", c.Framework, c.Covered, c.Of)
	}
}

func (c *courseCheckCmd) Run() error {
	known, err := frameworksWith(c.Against, c.Lang)
	if err != nil {
		return err
	}
	f, err := course.Open(c.Dir)
	if err != nil {
		return courseError(c.Lang, err)
	}
	defer f.Close()
	x, rep, err := f.Check(known)
	if err != nil {
		return err
	}
	r := reportOf(c.Lang, c.Dir, x, rep, c.Missing)
	p := course.Published{Code: x.Code, Title: x.Title, Lessons: x.Outline()}
	for _, code := range known.Codes() {
		if aligned := course.Align(code, p); len(aligned) > 0 {
			v := course.Cover(known.Items(code), aligned)
			r.Covers = append(r.Covers, courseCovers{code, v.Covered, v.Of})
		}
	}
	if c.JSON {
		if err := printJSON(r); err != nil {
			return err
		}
	} else {
		r.print()
	}
	if n := len(r.Errors); n > 0 {
		return fmt.Errorf("the course has %d errors", n)
	}
	return nil
}

type courseCoverageCmd struct {
	Dirs      []string `arg:"" help:"Courses: their folders, ZIP files of them, or the codes of those that the program brings." type:"path"`
	Framework string   `help:"One framework alone." placeholder:"CODE"`
	Against   []string `help:"More frameworks, beside those that Tizi brings: CASE files." type:"path" placeholder:"FILE"`
	Lang      string   `help:"The language of titles: ar, fr, zgh, en." default:"fr" enum:"ar,fr,zgh,en"`
	JSON      bool     `help:"Print the table as JSON."`
}

// Help gives an example.
func (courseCoverageCmd) Help() string {
	return "Example:\n  tizi course coverage enfants-8-14 formateurs --framework digcomp-2.2\n\nEach competency is followed by the lessons that name it; one that no lesson names has a line of its own."
}

// coverageReport is the JSON of one framework's coverage.
type coverageReport struct {
	courseCovers
	Competencies []coveredReport `json:"competencies"`
}

type coveredReport struct {
	Code    string   `json:"code"`
	Title   string   `json:"title"`
	Lessons []string `json:"lessons"`
}

func (c *courseCoverageCmd) Run() error {
	known, err := frameworksWith(c.Against, c.Lang)
	if err != nil {
		return err
	}
	if c.Framework != "" && !slices.Contains(known.Codes(), c.Framework) {
		return usageError{fmt.Errorf("there is no framework %s; there are: %s", c.Framework, strings.Join(known.Codes(), ", "))}
	}
	var all []course.Published
	for _, dir := range c.Dirs {
		f, err := openCourse(dir)
		if err != nil {
			return courseError(c.Lang, err)
		}
		x, rep, err := f.Check(known)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
		if err := rep.Err(); err != nil {
			return courseError(c.Lang, err)
		}
		all = append(all, course.Published{Code: x.Code, Title: x.Title, Lessons: x.Outline()})
	}
	lang, _ := i18n.Parse(c.Lang)
	out := []coverageReport{}
	for _, code := range known.Codes() {
		aligned := course.Align(code, all...)
		if c.Framework != "" && code != c.Framework || c.Framework == "" && len(aligned) == 0 {
			continue
		}
		v := course.Cover(known.Items(code), aligned)
		r := coverageReport{courseCovers: courseCovers{code, v.Covered, v.Of}, Competencies: []coveredReport{}}
		for _, x := range v.Rows {
			if x.Group {
				continue
			}
			title, _ := x.Item.Text.In(lang)
			w := coveredReport{x.Item.Code, title, []string{}}
			for _, l := range x.Lessons {
				w.Lessons = append(w.Lessons, l.Course+"/"+l.Lesson.Path)
			}
			r.Competencies = append(r.Competencies, w)
		}
		out = append(out, r)
	}
	if c.JSON {
		return printJSON(out)
	}
	for _, r := range out {
		fmt.Printf("%s: %d of %d competencies taught\n", r.Framework, r.Covered, r.Of)
		for _, x := range r.Competencies {
			fmt.Printf("  %s %s\n", x.Code, x.Title)
			if len(x.Lessons) == 0 {
				fmt.Println("    no lesson")
			}
			for _, l := range x.Lessons {
				fmt.Println("    " + l)
			}
		}
	}
	return nil
}

// frameworksWith are those that the program brings and those of CASE files.
func frameworksWith(files []string, lang string) (*framework.Index, error) {
	known := framework.Shipped()
	for _, name := range files {
		p, err := readFramework(name, "", lang)
		if err != nil {
			return nil, err
		}
		known.Add(p.Code, p.Items)
	}
	return known, nil
}

// openCourse opens a folder or a ZIP file, or a course that the program brings.
func openCourse(dir string) (*course.Folder, error) {
	f, err := course.Open(dir)
	if code := filepath.Base(dir); errors.Is(err, fs.ErrNotExist) && curriculum.Course(code) != nil {
		return course.OpenFS(code, curriculum.Course(code))
	}
	return f, err
}

type importCourseCmd struct {
	place
	Dir  string `arg:"" help:"The course: its folder, a ZIP file of it, or the code of one that the program brings." type:"path"`
	By   string `help:"The login of the account that answers for it." placeholder:"LOGIN"`
	Lang string `help:"The language of reasons: ar, fr, zgh, en." default:"fr" enum:"ar,fr,zgh,en"`
	JSON bool   `help:"Print the report as JSON."`
}

// Help gives an example.
func (importCourseCmd) Help() string {
	return "Example:\n  tizi import course curriculum/enfants-ia\n\nThe program brings: " + strings.Join(curriculum.Codes(), ", ") + ". A version that differs from the one that is here needs a larger number in course.yaml. Groups stay on the version that they follow."
}

func (c *importCourseCmd) Run(ctx context.Context) error {
	f, err := openCourse(c.Dir)
	if err != nil {
		return courseError(c.Lang, err)
	}
	defer f.Close()
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	by := id.Nil
	if c.By != "" {
		if by, err = account(ctx, h, c.By); err != nil {
			return err
		}
	}
	im, err := h.Courses.Import(ctx, by, f)
	var faults course.Faults
	if err != nil && !errors.As(err, &faults) {
		return err
	}
	if im == nil {
		return courseError(c.Lang, err)
	}
	r := reportOf(c.Lang, c.Dir, im.Course, im.Report, false)
	if err == nil {
		r.ID, r.Changed = im.ID.String(), &im.Changed
	}
	switch {
	case c.JSON:
		if err := printJSON(r); err != nil {
			return err
		}
	case err != nil:
		r.print()
	case im.Changed:
		r.print()
		fmt.Println("taken in")
	default:
		fmt.Printf("%s, version %d, is here just so; nothing was written\n", r.Code, r.Version)
	}
	if err != nil {
		return fmt.Errorf("the course was not taken in: %w", err)
	}
	return nil
}

type courseExportCmd struct {
	place
	Code    string `arg:"" help:"The code of the course."`
	To      string `arg:"" help:"A folder that is empty or not there, or the name of a ZIP file." type:"path"`
	Version int    `help:"Which version; the newest unless said otherwise." placeholder:"N"`
	Lang    string `help:"The language of reasons: ar, fr, zgh, en." default:"fr" enum:"ar,fr,zgh,en"`
}

// Help gives an example.
func (courseExportCmd) Help() string {
	return "Example:\n  tizi course export enfants-ia enfants-ia.zip --data /var/lib/tizi"
}

func (c *courseExportCmd) Run(ctx context.Context) error {
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	v, err := h.Courses.Find(ctx, h.DB, c.Code, c.Version)
	if errors.Is(err, course.ErrUnknown) {
		return usageError{fmt.Errorf("there is no course %s in that version; there are: %s", c.Code, courseCodes(ctx, h))}
	}
	if err != nil {
		return err
	}
	if err := h.Courses.Export(ctx, h.DB, *v, c.To); err != nil {
		return courseError(c.Lang, err)
	}
	fmt.Printf("%s, version %d: %d files in %s\n", v.Code, v.Version, v.Files, c.To)
	return nil
}

func courseCodes(ctx context.Context, h *house.House) string {
	l, err := h.Courses.List(ctx, h.DB)
	if err != nil || len(l) == 0 {
		return "none"
	}
	var out []string
	for _, v := range l {
		out = append(out, fmt.Sprintf("%s (version %d)", v.Code, v.Version))
	}
	return strings.Join(out, ", ")
}

type importFrameworkCmd struct {
	place
	File string `arg:"" help:"The framework: a CFPackage of CASE 1.0 as JSON." type:"path"`
	Code string `help:"Under which courses name it; by default what the file says, or its name." placeholder:"CODE"`
	Lang string `help:"The language of reasons: ar, fr, zgh, en." default:"fr" enum:"ar,fr,zgh,en"`
	JSON bool   `help:"Print the report as JSON."`
}

// Help gives an example.
func (importFrameworkCmd) Help() string {
	return "Example:\n  tizi import framework referentiel.json --code math-college\n\nLessons name its entries by this code and their own: math-college:2.1"
}

// readFramework reads a CASE file. Without a code of its own it has that of its name.
func readFramework(name, code, lang string) (*framework.Package, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, usageError{err}
	}
	defer f.Close()
	p, err := framework.Parse(f, code)
	if p != nil && p.Code == "" {
		if _, err := f.Seek(0, 0); err != nil {
			return nil, err
		}
		base := filepath.Base(name)
		p, err = framework.Parse(f, strings.ToLower(strings.TrimSuffix(base, filepath.Ext(base))))
	}
	var faults fault.Faults
	if errors.As(err, &faults) {
		pr := printer(lang)
		var out []string
		for _, x := range faults {
			where := ""
			if x.Field != "" {
				where = x.Field + ": "
			}
			out = append(out, where+pr.T(x.Key, x.Args...))
		}
		return nil, fmt.Errorf("%s:\n  %s", name, strings.Join(out, "\n  "))
	}
	return p, err
}

func (c *importFrameworkCmd) Run(ctx context.Context) error {
	p, err := readFramework(c.File, c.Code, c.Lang)
	if err != nil {
		return err
	}
	h, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	changed, err := h.Frameworks.Import(ctx, id.Nil, p)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(map[string]any{"code": p.Code, "items": len(p.Items), "changed": changed})
	}
	if !changed {
		fmt.Printf("%s is here just so; nothing was written\n", p.Code)
		return nil
	}
	fmt.Printf("%s: %d entries\n", p.Code, len(p.Items))
	return nil
}

type courseQTICmd struct {
	Dir  string `arg:"" help:"The course: its folder, or a ZIP file of it." type:"path"`
	To   string `arg:"" help:"The package, a ZIP file that is not there yet." type:"path"`
	Lang string `help:"The language of reasons: ar, fr, zgh, en." default:"fr" enum:"ar,fr,zgh,en"`
}

// Help gives an example.
func (courseQTICmd) Help() string { return "Example:\n  tizi course qti mon-cours questions.zip" }

func (c *courseQTICmd) Run() error {
	f, err := course.Open(c.Dir)
	if err != nil {
		return courseError(c.Lang, err)
	}
	defer f.Close()
	x, rep, err := f.Check(framework.Shipped())
	if err == nil {
		err = rep.Err()
	}
	if err != nil {
		return courseError(c.Lang, err)
	}
	to, err := os.OpenFile(c.To, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return usageError{err}
	}
	n, err := x.WriteQTI(to)
	if err := errors.Join(err, to.Close()); err != nil {
		return err
	}
	fmt.Printf("%d items in %s\n", n, c.To)
	return nil
}

type courseQuizCmd struct {
	File string `arg:"" help:"A QTI 3 package (ZIP) or item (XML)." type:"path"`
	In   string `help:"The language of items that say none: ar, fr, zgh, en." default:"fr" enum:"ar,fr,zgh,en"`
	Lang string `help:"The language of reasons: ar, fr, zgh, en." default:"fr" enum:"ar,fr,zgh,en"`
}

// Help gives an example.
func (courseQuizCmd) Help() string {
	return "Example:\n  tizi course quiz questions.zip > verifier.quiz.yaml\n\nWhat cannot be read is named, and the exit status is 1."
}

func (c *courseQuizCmd) Run() error {
	f, err := os.Open(c.File)
	if err != nil {
		return usageError{err}
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	in, _ := i18n.Parse(c.In)
	q, not, err := course.FromQTI(f, info.Size(), in)
	if err != nil {
		return courseError(c.Lang, err)
	}
	if len(q.Items) > 0 {
		b, err := course.QuizYAML(q)
		if err != nil {
			return err
		}
		os.Stdout.Write(b)
	}
	if len(not) > 0 || len(q.Items) == 0 {
		return fmt.Errorf("%d items taken; left out: %s %w", len(q.Items), strings.Join(not, ", "), quiz.ErrQTI)
	}
	return nil
}
