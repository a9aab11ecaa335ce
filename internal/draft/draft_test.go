package draft_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tizi/internal/blob"
	"tizi/internal/course"
	"tizi/internal/draft"
	"tizi/internal/house"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/store"
	"tizi/internal/testhouse"
	"tizi/internal/testnode"
)

var (
	ctx  = context.Background()
	must = testnode.Must
)

const lesson = "modules/commencer/premiere-lecon/"

// desk is a node with drafts.
type desk struct {
	*house.House
	t     testing.TB
	clock *testnode.Time
}

func open(t testing.TB, e store.Engine) *desk {
	t.Helper()
	d := &desk{t: t, clock: &testnode.Time{}}
	d.clock.Set(testnode.Epoch)
	at := testhouse.Place(t, e)
	var err error
	d.House, err = house.Create(ctx, house.Config{Dir: t.TempDir(), Store: &at, Now: d.clock.Now})
	must(t, err)
	t.Cleanup(func() { d.House.Close() })
	return d
}

func (d *desk) begun(code string) *draft.Draft {
	d.t.Helper()
	v, err := d.Drafts.Begin(ctx, id.Nil, code)
	must(d.t, err)
	return d.get(v)
}

func (d *desk) get(v id.ID) *draft.Draft {
	d.t.Helper()
	x, err := d.Drafts.Get(ctx, d.DB, v)
	must(d.t, err)
	return x
}

// text is a file of a draft with its digest.
func (d *desk) text(x *draft.Draft, p string) (string, string) {
	d.t.Helper()
	f, err := d.Drafts.File(ctx, d.DB, x.ID, p)
	must(d.t, err)
	b, err := d.Drafts.Text(f)
	must(d.t, err)
	return string(b), f.Blob.String()
}

func (d *desk) save(x *draft.Draft, p, from, to string) {
	d.t.Helper()
	s, base := d.text(x, p)
	if !strings.Contains(s, from) {
		d.t.Fatalf("%s has no %q", p, from)
	}
	must(d.t, d.Drafts.Save(ctx, id.Nil, x.ID, draft.Edit{Path: p, Base: base, Text: []byte(strings.Replace(s, from, to, 1))}))
}

func (d *desk) faults(x *draft.Draft) (out []string) {
	d.t.Helper()
	_, rep, err := d.Drafts.Check(ctx, d.DB, x)
	must(d.t, err)
	for _, f := range rep.Faults {
		out = append(out, fmt.Sprintf("%s:%d %s", f.File, f.Line, f.Key))
	}
	return out
}

// zipped are the files of a ZIP file.
func zipped(t testing.TB, b []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	must(t, err)
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		must(t, err)
		s, err := io.ReadAll(r)
		must(t, err)
		out[f.Name] = string(s)
	}
	return out
}

// A draft is begun, broken, mended, published, changed and published again; what was published is what was written.
func TestWrite(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		d := open(t, e)
		x := d.begun("mon-cours")
		if f := d.faults(x); len(f) > 0 {
			t.Errorf("a new draft has %v", f)
		}
		if _, err := d.Drafts.Begin(ctx, id.Nil, "mon-cours"); !errors.Is(err, draft.ErrTaken) {
			t.Errorf("a second draft of a course: %v", err)
		}
		d.save(x, lesson+"verifier.quiz.yaml", "correct: true", "correct: false")
		if f := d.faults(x); len(f) != 1 || f[0] != lesson+"verifier.quiz.yaml:2 course.fault.no_right" {
			t.Errorf("a question without a right answer: %v", f)
		}
		var faults course.Faults
		if _, err := d.Drafts.Publish(ctx, id.Nil, x, 1, false); !errors.As(err, &faults) {
			t.Errorf("a draft with faults is published: %v", err)
		}
		d.save(x, lesson+"verifier.quiz.yaml", "correct: false", "correct: true")
		im, err := d.Drafts.Publish(ctx, id.Nil, x, 3, false)
		must(t, err)
		if !im.Changed || im.Course.Version != 3 {
			t.Errorf("published as version %d, changed %v", im.Course.Version, im.Changed)
		}
		x = d.get(x.ID)
		if changed, err := d.Drafts.Changed(ctx, d.DB, x); err != nil || changed || x.Number != 3 {
			t.Errorf("after it was published: changed %v, from version %d, %v", changed, x.Number, err)
		}
		// The ZIP file has what the version has.
		f, err := d.Drafts.Folder(ctx, d.DB, x)
		must(t, err)
		var b bytes.Buffer
		must(t, f.WriteZIP(&b))
		v, err := d.Courses.Find(ctx, d.DB, "mon-cours", 3)
		must(t, err)
		to := filepath.Join(t.TempDir(), "x.zip")
		must(t, d.Courses.Export(ctx, d.DB, *v, to))
		exported, err := os.ReadFile(to)
		must(t, err)
		if got, want := zipped(t, b.Bytes()), zipped(t, exported); fmt.Sprint(got) != fmt.Sprint(want) || len(got) < 10 {
			t.Errorf("%d files in the ZIP file, %d in the version", len(got), len(want))
		}
		// Other content takes another number.
		d.save(x, "course.yaml", "Un premier cours", "Un second cours")
		var known *course.VersionError
		if _, err := d.Drafts.Publish(ctx, id.Nil, x, 3, false); !errors.As(err, &known) {
			t.Errorf("other content under the same number: %v", err)
		}
		_, err = d.Drafts.Publish(ctx, id.Nil, x, 4, false)
		must(t, err)
		// A draft of an older version is asked about.
		must(t, d.Drafts.Discard(ctx, x.ID))
		old, err := d.Drafts.Change(ctx, id.Nil, *v)
		must(t, err)
		x = d.get(old)
		var newer *draft.NewerError
		if _, err := d.Drafts.Publish(ctx, id.Nil, x, 5, false); !errors.As(err, &newer) || newer.Newest != 4 || newer.Began != 3 {
			t.Errorf("a draft of an older version: %v", err)
		}
		d.save(x, "course.yaml", "Un premier cours", "Un troisième cours")
		_, err = d.Drafts.Publish(ctx, id.Nil, x, 5, true)
		must(t, err)
		rep, err := d.House.Check(ctx, nil)
		must(t, err)
		if !rep.OK {
			t.Errorf("%v", rep.Faults)
		}
	})
}

// Of two who save the same file, the second is told, and nothing is lost.
func TestTwoAuthors(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		d := open(t, e)
		x := d.begun("mon-cours")
		const p = lesson + "lire.fr.md"
		_, base := d.text(x, p)
		const n = 8
		var wg sync.WaitGroup
		errs := make([]error, n)
		for i := range n {
			wg.Go(func() {
				errs[i] = d.Drafts.Save(ctx, id.Nil, x.ID, draft.Edit{Path: p, Base: base, Text: fmt.Appendf(nil, "Auteur %d", i)})
			})
		}
		wg.Wait()
		now, _ := d.text(x, p)
		won := 0
		for i, err := range errs {
			var other *draft.ConflictError
			switch {
			case err == nil:
				if won++; now != fmt.Sprint("Auteur ", i) {
					t.Errorf("author %d was told that it is saved, and %q stands there", i, now)
				}
			case !errors.As(err, &other):
				t.Error(err)
			case string(other.Text) != now || other.Now == nil:
				t.Errorf("author %d is shown %q of %q", i, other.Text, now)
			}
		}
		if won != 1 {
			t.Errorf("%d of %d saved", won, n)
		}
		// A file that somebody deleted, one that somebody else made, and all or nothing.
		must(t, d.Drafts.Remove(ctx, id.Nil, x.ID, lesson+"lire.en.md"))
		_, quiz := d.text(x, lesson+"verifier.quiz.yaml")
		before, _ := d.text(x, lesson+"parler.fr.md")
		_, talk := d.text(x, lesson+"parler.fr.md")
		var other *draft.ConflictError
		err := d.Drafts.Save(ctx, id.Nil, x.ID, draft.Edit{Path: lesson + "parler.fr.md", Base: talk, Text: []byte("Parlons.")}, draft.Edit{Path: lesson + "lire.en.md", Base: base, Text: []byte("x")})
		if !errors.As(err, &other) || other.Now != nil || other.Path != lesson+"lire.en.md" {
			t.Errorf("a file that was deleted: %v", err)
		}
		if after, _ := d.text(x, lesson+"parler.fr.md"); after != before {
			t.Error("half of what was saved stands")
		}
		if err := d.Drafts.Save(ctx, id.Nil, x.ID, draft.Edit{Path: lesson + "verifier.quiz.yaml", Base: "", Text: []byte("x")}); !errors.As(err, &other) || other.Now.Blob.String() != quiz {
			t.Errorf("a file that somebody made: %v", err)
		}
	})
}

// What a draft cannot hold is refused, and leaves nothing.
func TestHostile(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		d := open(t, e)
		x := d.begun("mon-cours")
		count := func() int {
			l, err := d.Drafts.Files(ctx, d.DB, x.ID)
			must(t, err)
			return len(l)
		}
		before := count()
		up := func(p string, b string, over bool) error {
			return d.Drafts.Upload(ctx, id.Nil, x.ID, []draft.Upload{{Path: "notes.txt", Read: func() ([]byte, error) { return []byte("x"), nil }}, {Path: p, Read: func() ([]byte, error) { return []byte(b), nil }}}, over)
		}
		var faults course.Faults
		for p, b := range map[string]string{
			"../course.yaml": "x", "/etc/passwd.txt": "x", "a/../../b.txt": "x", "media/x.html": "<script>", "media/x.svg": `<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`, "media/x.png": "<!DOCTYPE html><html>", "a b.txt": "x",
			`a\b.txt`: "x", "x.exe": "MZ", "": "x", ".hidden.txt": "x", "a//b.txt": "x", "a.txt/": "x", "a:b.txt": "x", strings.Repeat("x", 300) + ".txt": "x", "media/x.zip": "PK", "x.md": strings.Repeat("x", course.MaxText+1),
		} {
			if err := up(p, b, true); !errors.As(err, &faults) {
				t.Errorf("%q is taken: %v", p, err)
			}
			if n := count(); n != before {
				t.Fatalf("%q: %d files more", p, n-before)
			}
		}
		// Capitals are no other name, and nothing is replaced unasked.
		for _, p := range []string{"Course.yaml", lesson + "media/exemples.svg"} {
			if err := up(p, `<svg xmlns="http://www.w3.org/2000/svg"/>`, false); !errors.Is(err, draft.ErrThere) || count() != before {
				t.Errorf("%s is taken: %v", p, err)
			}
		}
		must(t, up(lesson+"media/exemples.svg", `<svg xmlns="http://www.w3.org/2000/svg"/>`, true))
		for _, to := range []string{"../x.md", lesson + "lire.svg", "", "a b.md", "x.yaml/../../y.md"} {
			if err := d.Drafts.Rename(ctx, id.Nil, x.ID, lesson+"lire.fr.md", to); !errors.As(err, &faults) {
				t.Errorf("renamed to %q: %v", to, err)
			}
		}
		if err := d.Drafts.Rename(ctx, id.Nil, x.ID, lesson+"lire.fr.md", lesson+"LIRE.ar.md"); !errors.Is(err, draft.ErrThere) {
			t.Errorf("renamed over another: %v", err)
		}
		must(t, d.Drafts.Rename(ctx, id.Nil, x.ID, lesson+"lire.fr.md", lesson+"relire.fr.md"))
		if err := d.Drafts.Rename(ctx, id.Nil, x.ID, lesson+"lire.fr.md", lesson+"encore.fr.md"); !errors.Is(err, draft.ErrUnknown) {
			t.Errorf("a file that is gone is renamed: %v", err)
		}
		if err := d.Drafts.Remove(ctx, id.Nil, id.New(), "course.yaml"); !errors.Is(err, draft.ErrUnknown) {
			t.Errorf("a file of no draft is removed: %v", err)
		}
		for _, code := range []string{"", "Mon Cours", "../x", "-x", strings.Repeat("x", 61)} {
			if _, err := d.Drafts.Begin(ctx, id.Nil, code); !errors.As(err, &faults) {
				t.Errorf("a course is called %q: %v", code, err)
			}
		}
		// A folder with a hostile file in it becomes no draft.
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for name, s := range map[string]string{"autre/course.yaml": "title: x", "autre/media/x.svg": `<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>`} {
			w, err := z.Create(name)
			must(t, err)
			_, err = io.WriteString(w, s)
			must(t, err)
		}
		must(t, z.Close())
		f, err := course.OpenZIP("autre.zip", bytes.NewReader(b.Bytes()), int64(b.Len()))
		must(t, err)
		if _, err := d.Drafts.Bring(ctx, id.Nil, f); !errors.As(err, &faults) || faults[0].Key != "course.fault.svg" {
			t.Errorf("a hostile drawing is brought in: %v", err)
		}
	})
}

// A ZIP file of a version is brought in as a draft that does not differ from it; a lesson that is added is whole.
func TestBringAndAdd(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		d := open(t, e)
		x := d.begun("mon-cours")
		_, err := d.Drafts.Publish(ctx, id.Nil, x, 1, false)
		must(t, err)
		f, err := d.Drafts.Folder(ctx, d.DB, x)
		must(t, err)
		var b bytes.Buffer
		must(t, f.WriteZIP(&b))
		must(t, d.Drafts.Discard(ctx, x.ID))
		z, err := course.OpenZIP("mon-cours.zip", bytes.NewReader(b.Bytes()), int64(b.Len()))
		must(t, err)
		v, err := d.Drafts.Bring(ctx, id.Nil, z)
		must(t, err)
		x = d.get(v)
		if changed, err := d.Drafts.Changed(ctx, d.DB, x); err != nil || changed || x.Number != 1 {
			t.Errorf("the same folder differs: %v from version %d, %v", changed, x.Number, err)
		}
		must(t, d.Drafts.AddLesson(ctx, id.Nil, x, "commencer", "deuxieme-lecon"))
		must(t, d.Drafts.AddLesson(ctx, id.Nil, x, "suite", "troisieme-lecon"))
		if err := d.Drafts.AddLesson(ctx, id.Nil, x, "suite", "troisieme-lecon"); !errors.Is(err, draft.ErrThere) {
			t.Errorf("a lesson is added twice: %v", err)
		}
		c, rep, err := d.Drafts.Check(ctx, d.DB, x)
		must(t, err)
		if len(rep.Faults) > 0 || rep.Lessons != 3 || c.Lesson("suite/troisieme-lecon") == nil {
			t.Errorf("%d lessons, %v", rep.Lessons, rep.Faults)
		}
		// What was not published is nobody's after its draft, and goes by night; what was stays.
		var kept []blob.Digest
		files, err := d.Drafts.Files(ctx, d.DB, x.ID)
		must(t, err)
		for _, f := range files {
			kept = append(kept, f.Blob)
		}
		d.clock.Set(time.Now().Add(72 * time.Hour)) // files have the time of the disk
		must(t, d.SweepFiles(ctx))
		for i, k := range kept {
			if !d.Blobs.Has(k) {
				t.Errorf("%s of a draft was swept away", files[i].Path)
			}
		}
	})
}

func TestSiblings(t *testing.T) {
	if s := draft.Siblings("modules/a/b/lire.fr.md"); s[i18n.AR] != "modules/a/b/lire.ar.md" || len(s) != 4 {
		t.Errorf("%v", s)
	}
	for _, p := range []string{"course.yaml", "README.md", "a/b.xx.md", ".md", ""} {
		if s := draft.Siblings(p); s != nil {
			t.Errorf("%q has %v", p, s)
		}
	}
}

// No path of a file leads out of its course.
func FuzzPath(f *testing.F) {
	for _, s := range []string{"course.yaml", "../x.md", "a/b/c.fr.md", "/x", "a//b", "a/./b.md", "a\\b", "x\x00.md", "é.md", ".md", "a/..", "CON.txt"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, p string) {
		for _, s := range append([]string{p}, values(draft.Siblings(p))...) {
			if !course.IsFile(s) {
				continue
			}
			if !filepath.IsLocal(s) || filepath.Clean(s) != s || strings.ContainsAny(s, "\\:\x00 \n") {
				t.Errorf("%q is a file of a course", s)
			}
		}
	})
}

func values(m map[i18n.Lang]string) (out []string) {
	for _, v := range m {
		out = append(out, v)
	}
	return out
}
