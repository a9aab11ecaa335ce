package course

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tizi/internal/framework"
	"tizi/internal/i18n"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// begun is a new course in a folder.
func begun(t testing.TB) string {
	dir := filepath.Join(t.TempDir(), "mon-cours")
	must(t, Start(dir))
	return dir
}

func checked(t testing.TB, dir string) (*Course, *Report) {
	t.Helper()
	f, err := Open(dir)
	must(t, err)
	defer f.Close()
	c, rep, err := f.Check(framework.Shipped())
	must(t, err)
	return c, rep
}

func TestStart(t *testing.T) {
	dir := begun(t)
	c, rep := checked(t, dir)
	if len(rep.Faults)+len(rep.Remarks)+len(rep.Missing) > 0 {
		t.Errorf("a new course is not whole: %v %v %v", rep.Faults, rep.Remarks, rep.Missing)
	}
	if rep.Lessons != 1 || rep.Minutes != 45 || rep.Items != 5 || c.Code != "mon-cours" || c.Pre == nil || c.Post == nil {
		t.Errorf("%+v", rep)
	}
	l := c.Lesson("commencer/premiere-lecon")
	p, lang := c.Passage(l.Texts["lire"], i18n.ZGH)
	if lang != i18n.AR {
		t.Errorf("Tamazight falls back to %s, not to Arabic as the course says", lang)
	}
	html, err := p.HTML(func(f string) string { return "/files/" + f })
	must(t, err)
	if !strings.Contains(html, `<img src="/files/modules/commencer/premiere-lecon/media/exemples.svg" alt="ثلاث`) {
		t.Errorf("the picture: %s", html)
	}
	if err := Start(dir); err == nil {
		t.Error("a course is begun over another")
	}
	if err := Start(filepath.Join(t.TempDir(), "Mon Cours")); err == nil {
		t.Error("a course is named with capitals and a space")
	}
}

// Each fault is found on its line.
func TestFaults(t *testing.T) {
	const lesson = "modules/commencer/premiere-lecon/"
	for _, c := range []struct {
		file, from, to string // to "-": the file goes
		want           string // file:line key
	}{
		{"course.yaml", "version: 1", "version: one", "course.yaml:8 course.fault.want_int"},
		{"course.yaml", "licence: CC-BY-4.0", "licens: x", "course.yaml:7 course.fault.unknown_field"},
		{"course.yaml", "modules: [commencer]", "modules: [commencer, suite]", "modules/suite/module.yaml:0 course.fault.missing"},
		{"course.yaml", "modules: [commencer]", "modules: [../commencer]", "course.yaml:1 course.fault.name"},
		{"course.yaml", "languages: [fr, ar, en]", "languages: [fr, es]", "course.yaml:1 course.fault.language"},
		{"course.yaml", "hours: 1", "hours: &x 1", "course.yaml:4 course.fault.alias"},
		{"course.yaml", "title: {fr: Un premier cours, ar: دورة أولى, en: A first course}", "title: Cours", "course.yaml:1 course.fault.want_text"},
		{"course.yaml", "[commencer]", "[commencer", "course.yaml:9 course.fault.yaml"},
		{"course.yaml", "ages: [8, 14]", "ages: [14, 8]", "course.yaml:3 course.fault.ages"},
		{"course.yaml", "", "-", "course.yaml:0 course.fault.missing"},
		{lesson + "lesson.yaml", "minutes: 45", "minutes: 46", lesson + "lesson.yaml:8 course.fault.minutes"},
		{lesson + "lesson.yaml", "S3.1", "S9.1", lesson + "lesson.yaml:1 course.fault.competency"},
		{lesson + "lesson.yaml", "unesco-ai-students", "unesco", lesson + "lesson.yaml:1 course.fault.framework"},
		{lesson + "lesson.yaml", "lab: drawing", "lab: painting", lesson + "lesson.yaml:15 course.fault.lab"},
		{lesson + "lesson.yaml", "kind: reading, ", "kind: reading, rubric: [{criterion: {fr: x}, levels: [{fr: a}, {fr: b}]}], ", lesson + "lesson.yaml:14 course.fault.rubric"},
		{lesson + "lesson.yaml", ", {fr: Variés, ar: متنوعة, en: Varied}, {fr: Variés et expliqués, ar: متنوعة ومشروحة, en: Varied and explained}", "", lesson + "lesson.yaml:16 course.fault.few"},
		{lesson + "lesson.yaml", "kind: talk", "kind: chat", lesson + "lesson.yaml:18 course.fault.activity_kind"},
		{lesson + "lesson.yaml", "activity: parler", "activity: chanter", lesson + "lesson.yaml:11 course.fault.no_activity"},
		{lesson + "lesson.yaml", "text: lire}", "text: relire}", lesson + "lesson.yaml:14 course.fault.text"},
		{lesson + "formateur.fr.md", "{#home}", "", lesson + "formateur.fr.md:0 course.fault.sections"},
		{lesson + "lire.fr.md", "**exemples**", "<b>exemples</b>", lesson + "lire.fr.md:1 course.fault.html"},
		{lesson + "lire.fr.md", "media/exemples.svg", "../../../course.yaml", lesson + "lire.fr.md:3 course.fault.image"},
		{lesson + "lire.fr.md", "Trois cartes avec un chat, puis une carte avec un point d’interrogation", "", lesson + "lire.fr.md:3 course.fault.alt"},
		{lesson + "lire.fr.md", "**exemples**", "[x](javascript:alert)", lesson + "lire.fr.md:1 course.fault.target"},
		{lesson + "verifier.quiz.yaml", "correct: true", "correct: false", lesson + "verifier.quiz.yaml:2 course.fault.no_right"},
		{lesson + "verifier.quiz.yaml", "id: b, text", "id: a, text", lesson + "verifier.quiz.yaml:2 course.fault.twice"},
		{lesson + "verifier.quiz.yaml", "avec des [[g1]]", "avec des [[g2]]", lesson + "verifier.quiz.yaml:9 course.fault.gap"},
		{lesson + "verifier.quiz.yaml", "kind: likert", "kind: choice", lesson + "verifier.quiz.yaml:14 course.fault.few"},
		{lesson + "media/exemples.svg", "<circle", "<script/><circle", lesson + "media/exemples.svg:10 course.fault.svg"},
		{"tests/apres.quiz.yaml", "parallel: apprendre", "parallel: autre", "tests/apres.quiz.yaml:2 course.fault.parallel"},
		{"tests/apres.quiz.yaml", "S3.1", "S3.2", "tests/apres.quiz.yaml:2 course.fault.parallel_differs"},
		{"tests/apres.quiz.yaml", "    parallel: apprendre\n", "", "tests/avant.quiz.yaml:2 course.fault.unparalleled"},
	} {
		dir := begun(t)
		name := filepath.Join(dir, filepath.FromSlash(c.file))
		if c.to == "-" {
			must(t, os.Remove(name))
		} else {
			b, err := os.ReadFile(name)
			must(t, err)
			if !bytes.Contains(b, []byte(c.from)) {
				t.Fatalf("%s has no %q", c.file, c.from)
			}
			must(t, os.WriteFile(name, bytes.Replace(b, []byte(c.from), []byte(c.to), 1), 0o600))
		}
		_, rep := checked(t, dir)
		var got []string
		for _, f := range rep.Faults {
			got = append(got, fmt.Sprintf("%s:%d %s", f.File, f.Line, f.Key))
		}
		if !slices.Contains(got, c.want) {
			t.Errorf("%s, %q → %q: %q is missing in %v", c.file, c.from, c.to, c.want, got)
		}
		for _, f := range rep.Faults {
			if s := i18n.For(i18n.AR).T(f.Key, f.Args...); strings.Contains(s, "{value}") || s == f.Key {
				t.Errorf("%s says %q", f.Key, s)
			}
		}
	}
}

func TestMissing(t *testing.T) {
	dir := begun(t)
	must(t, os.Remove(filepath.Join(dir, "modules/commencer/premiere-lecon/lire.ar.md")))
	name := filepath.Join(dir, "modules/commencer/module.yaml")
	must(t, os.WriteFile(name, []byte("title: {fr: Commencer, ar: البداية}\nlessons: [premiere-lecon]\n"), 0o600))
	_, rep := checked(t, dir)
	if len(rep.Faults) > 0 {
		t.Errorf("what is not translated is no fault: %v", rep.Faults)
	}
	if got := fmt.Sprint(rep.Lacks()); got != "map[ar:1 en:1]" {
		t.Errorf("missing %s", got)
	}
	if m := rep.Missing[1]; m.File != "modules/commencer/module.yaml" || m.Line != 1 {
		t.Errorf("missing at %+v", m)
	}
}

// packed is a ZIP file.
func packed(t testing.TB, add func(*zip.Writer)) string {
	name := filepath.Join(t.TempDir(), "x.zip")
	f, err := os.Create(name)
	must(t, err)
	z := zip.NewWriter(f)
	add(z)
	must(t, errors.Join(z.Close(), f.Close()))
	return name
}

func put(t testing.TB, z *zip.Writer, name string, b []byte) {
	w, err := z.Create(name)
	must(t, err)
	_, err = w.Write(b)
	must(t, err)
}

func TestZip(t *testing.T) {
	dir := begun(t)
	for _, top := range []string{"", "le-cours/"} {
		name := packed(t, func(z *zip.Writer) {
			must(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				rel, _ := filepath.Rel(dir, p)
				b, err := os.ReadFile(p)
				put(t, z, top+filepath.ToSlash(rel), b)
				return err
			}))
			put(t, z, "__MACOSX/x", []byte("x"))
		})
		c, rep := checked(t, name)
		if len(rep.Faults) > 0 {
			t.Errorf("%q: %v", top, rep.Faults)
		}
		if want := map[string]string{"": "x", "le-cours/": "le-cours"}[top]; c.Code != want {
			t.Errorf("%q: code %s", top, c.Code)
		}
	}
	for what, c := range map[string]struct {
		add  func(*zip.Writer)
		want string
	}{
		"a way out":     {func(z *zip.Writer) { put(t, z, "a/../../etc/passwd", nil) }, "course.fault.path"},
		"a root":        {func(z *zip.Writer) { put(t, z, "/etc/passwd", nil) }, "course.fault.path"},
		"a drive":       {func(z *zip.Writer) { put(t, z, `C:\x`, nil) }, "course.fault.path"},
		"a bomb":        {func(z *zip.Writer) { put(t, z, "course.yaml", make([]byte, 40<<20)) }, "course.fault.bomb"},
		"two of a name": {func(z *zip.Writer) { put(t, z, "a.md", nil); put(t, z, "A.md", nil) }, "course.fault.twice"},
		"a link": {func(z *zip.Writer) {
			h := &zip.FileHeader{Name: "a.md"}
			h.SetMode(fs.ModeSymlink | 0o777)
			w, err := z.CreateHeader(h)
			must(t, err)
			w.Write([]byte("/etc/passwd"))
		}, "course.fault.link"},
		"too many": {func(z *zip.Writer) {
			for i := range MaxFiles + 1 {
				put(t, z, fmt.Sprint(i, ".md"), nil)
			}
		}, "course.fault.files"},
	} {
		_, err := Open(packed(t, c.add))
		var f Faults
		if !errors.As(err, &f) || f[0].Key != c.want {
			t.Errorf("%s: %v, want %s", what, err, c.want)
		}
	}
	name := filepath.Join(t.TempDir(), "y.zip")
	must(t, os.WriteFile(name, []byte("no archive"), 0o600))
	if _, err := Open(name); err == nil {
		t.Error("what is no archive is one")
	}
}

func TestLinkOut(t *testing.T) {
	dir := begun(t)
	must(t, os.Symlink("/etc/passwd", filepath.Join(dir, "tests", "x.txt")))
	var f Faults
	if _, err := Open(dir); !errors.As(err, &f) || f[0].Key != "course.fault.link" {
		t.Errorf("a link that leads out: %v", err)
	}
}

func TestHostile(t *testing.T) {
	const head = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">`
	for _, good := range []string{
		head + `<defs><linearGradient id="a"><stop offset="0"/></linearGradient></defs><rect fill="url(#a)" style="fill:url('#a')"/><use xlink:href="#a"/></svg>`,
		`<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x">` + head + `<style>.a{fill:red}</style></svg>`,
		head + `<metadata><rdf:RDF xmlns:rdf="r"><x/></rdf:RDF></metadata></svg>`,
	} {
		if line, what := hostile([]byte(good)); what != "" {
			t.Errorf("refused for %s on line %d: %s", what, line, good)
		}
	}
	for _, bad := range []string{
		``, `<html/>`, `no`, head, head + `<script>x</script></svg>`, head + `<g onload="x"/></svg>`, head + `<foreignObject/></svg>`, head + `<a xlink:href="javascript:x"/></svg>`,
		head + `<image href="http://x/y.png"/></svg>`, head + `<use href="http://x/y.svg#a"/></svg>`, head + `<style>@import "x"</style></svg>`, head + `<rect style="fill:url(http://x)"/></svg>`,
		`<!DOCTYPE svg [<!ENTITY a "b">]>` + head + `</svg>`, `<?xml-stylesheet href="x"?>` + head + `</svg>`, head + `<animate attributeName="href" to="javascript:x"/></svg>`, head + `<metadata><script/></metadata></svg>`,
		head + `<h:iframe xmlns:h="http://www.w3.org/1999/xhtml"/></svg>`, head + `<rect style="fill:u\72l(http://x)"/></svg>`,
	} {
		if _, what := hostile([]byte(bad)); what == "" {
			t.Errorf("taken: %s", bad)
		}
	}
}

// Nothing that somebody puts into a text becomes a page's own.
func TestNoHTML(t *testing.T) {
	p := &Passage{File: "modules/m/l/x.fr.md", Source: []byte("<script>alert(1)</script>\n\n[a](javascript:alert(1)) ![b](data:text/html;base64,xx) <i onclick=x>c</i>\n\n# Head {#a onclick=\"x()\" style=\"x\" .y}\n")}
	html, err := p.HTML(func(f string) string { return "/" + f })
	must(t, err)
	for _, bad := range []string{"<script", "javascript:", "data:", "<i ", "onclick", "style", "class"} {
		if strings.Contains(html, bad) {
			t.Errorf("%s: %s", bad, html)
		}
	}
	if !strings.Contains(html, `<h3 id="t-a">`) {
		t.Errorf("the heading: %s", html)
	}
}

// memory is a course in memory.
type memory map[string][]byte

func (m memory) files() (l []file) {
	for p, b := range m {
		l = append(l, file{p, int64(len(b))})
	}
	return order(l)
}
func (m memory) read(name string) ([]byte, error) { return m[name], nil }

func seeds(f *testing.F, ext string) {
	must(f, fs.WalkDir(start, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(p, ext) {
			return err
		}
		b, err := start.ReadFile(p)
		f.Add(b)
		return err
	}))
}

func FuzzYAML(f *testing.F) {
	seeds(f, ".yaml")
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, name := range []string{"course.yaml", "modules/commencer/module.yaml", "modules/commencer/premiere-lecon/lesson.yaml", "tests/avant.quiz.yaml"} {
			m := memory{}
			must(t, fs.WalkDir(start, "start", func(p string, d fs.DirEntry, err error) error {
				if err == nil && !d.IsDir() {
					m[strings.TrimPrefix(p, "start/")], err = start.ReadFile(p)
				}
				return err
			}))
			m[name] = b
			c, rep, err := read(m, "x", framework.Shipped())
			must(t, err)
			if len(rep.Faults) > 0 {
				continue
			}
			for _, l := range c.Lessons() {
				for _, a := range l.Activities {
					if a.Items != nil {
						a.Items.Form("x")
					}
				}
			}
		}
	})
}

func FuzzText(f *testing.F) {
	seeds(f, ".md")
	f.Fuzz(func(t *testing.T, b []byte) {
		k := &check{has: map[string]bool{}, used: map[string]bool{}}
		k.passage("a/x.fr.md", "a", b)
		p := &Passage{File: "a/x.fr.md", Source: b}
		html, err := p.HTML(func(s string) string { return "/" + s })
		must(t, err)
		if strings.Contains(strings.ToLower(html), "<script") {
			t.Errorf("%q becomes %q", b, html)
		}
	})
}

func FuzzDrawing(f *testing.F) {
	seeds(f, ".svg")
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, what := hostile(b); what == "" && bytes.Contains(bytes.ToLower(b), []byte("<script")) && !bytes.Contains(b, []byte("<!--")) && !bytes.Contains(b, []byte("CDATA")) {
			t.Errorf("taken: %s", b)
		}
	})
}

func FuzzZip(f *testing.F) {
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := openArchive(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		for _, x := range a.files() {
			if !fs.ValidPath(x.path) {
				t.Errorf("%q", x.path)
			}
			if x.size < 1<<20 {
				a.read(x.path)
			}
		}
	})
}

// The questions of a course go out as a QTI package and come back as a quiz that says the same.
func TestQTIPackage(t *testing.T) {
	c, _ := checked(t, begun(t))
	var b bytes.Buffer
	n, err := c.WriteQTI(&b)
	must(t, err)
	if n != 15 {
		t.Errorf("%d items, not 5 in three languages", n)
	}
	q, not, err := FromQTI(bytes.NewReader(b.Bytes()), int64(b.Len()), i18n.FR)
	must(t, err)
	if len(not) > 0 || len(q.Items) != 5 {
		t.Fatalf("%d items, without %v", len(q.Items), not)
	}
	out, err := QuizYAML(q)
	must(t, err)
	k := &check{has: map[string]bool{}, used: map[string]bool{}, course: &Course{}, src: memory{"x.quiz.yaml": out}, known: framework.Shipped()}
	k.has["x.quiz.yaml"] = true
	again := k.quiz("", "x")
	if again == nil || len(k.Faults) > 0 {
		t.Fatalf("%v in\n%s", k.Faults, out)
	}
	want := c.Lesson("commencer/premiere-lecon").Activity("verifier").Items.Item("exemples")
	got := again.Item("exemples")
	if got.Prompt[i18n.AR] != want.Prompt[i18n.AR] || got.Choices[1].Feedback[i18n.FR] != want.Choices[1].Feedback[i18n.FR] || !got.Choices[0].Correct || got.Competencies[0] != want.Competencies[0] {
		t.Errorf("%+v is not %+v", got, want)
	}
}
