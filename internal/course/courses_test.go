package course_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tizi/internal/blob"
	"tizi/internal/course"
	"tizi/internal/framework"
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

// A course is taken in once, given back byte by byte, and a group stays on the version that it follows until it is moved.
func TestVersions(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := testnode.New(t, testhouse.Place(t, e), house.Registry())
		blobs, err := blob.Open(filepath.Join(t.TempDir(), "blobs"), nil)
		must(t, err)
		s := course.New(n.Log, blobs, framework.New(n.Log))
		dir := filepath.Join(t.TempDir(), "mon-cours")
		must(t, course.Start(dir))
		// More files than one fact lists.
		media := filepath.Join(dir, "modules/commencer/premiere-lecon/media")
		for i := range 400 {
			must(t, os.WriteFile(filepath.Join(media, strings.Repeat("x", 1+i%50)+string(rune('a'+i/50))+".txt"), []byte{byte(i), byte(i >> 8)}, 0o600))
		}
		take := func() (*course.Imported, error) {
			f, err := course.Open(dir)
			must(t, err)
			defer f.Close()
			return s.Import(ctx, id.Nil, f)
		}
		count := func() uint64 {
			c, err := n.Count(ctx, n.DB)
			must(t, err)
			return uint64(c)
		}
		first, err := take()
		must(t, err)
		if !first.Changed {
			t.Error("a new course was known")
		}
		before := count()
		again, err := take()
		must(t, err)
		if again.Changed || again.ID != first.ID || count() != before {
			t.Errorf("the same again: changed %v, %d facts", again.Changed, count()-before)
		}
		yaml := filepath.Join(dir, "course.yaml")
		b, err := os.ReadFile(yaml)
		must(t, err)
		edit := func(from, to string) {
			b = bytes.Replace(b, []byte(from), []byte(to), 1)
			must(t, os.WriteFile(yaml, b, 0o600))
		}
		edit("Un premier cours", "Un autre cours")
		_, err = take()
		var ve *course.VersionError
		if !errors.As(err, &ve) || ve.Known != 1 || count() != before {
			t.Errorf("other content under a known number: %v", err)
		}
		edit("version: 1", "version: 2")
		second, err := take()
		must(t, err)
		edit("hours: 1", "hours: x")
		var faults course.Faults
		if im, err := take(); !errors.As(err, &faults) || im == nil || len(im.Report.Faults) == 0 {
			t.Errorf("a broken course: %v", err)
		}
		edit("hours: x", "hours: 1")

		l, err := s.List(ctx, n.DB)
		must(t, err)
		if len(l) != 1 || l[0].ID != second.ID || l[0].Title[i18n.FR] != "Un autre cours" {
			t.Errorf("the catalogue: %+v", l)
		}
		v1, err := s.Find(ctx, n.DB, "mon-cours", 1)
		must(t, err)
		if v1.ID != first.ID {
			t.Error("version 1 is another")
		}
		c, err := s.Load(ctx, n.DB, *v1)
		must(t, err)
		if c.Title[i18n.FR] != "Un premier cours" || c.Lesson("commencer/premiere-lecon").Activity("verifier").Items == nil {
			t.Errorf("version 1 is read as %v", c.Title)
		}
		al, err := s.Aligned(ctx, n.DB, "unesco-ai-students")
		must(t, err)
		if len(al["S3.1"]) != 1 || al["S3.1"][0].Lesson.Path != "commencer/premiere-lecon" {
			t.Errorf("aligned: %v", al)
		}

		// The bytes of the newest version, out of the store.
		to := filepath.Join(t.TempDir(), "out")
		must(t, s.Export(ctx, n.DB, l[0], to))
		if got, want := tree(t, os.DirFS(to)), tree(t, os.DirFS(dir)); len(got) != len(want) {
			t.Errorf("%d files out of %d", len(got), len(want))
		} else {
			for p, b := range want {
				if !bytes.Equal(got[p], b) {
					t.Errorf("%s comes out changed", p)
				}
			}
		}
		if err := s.Export(ctx, n.DB, l[0], to); err == nil {
			t.Error("an export goes over another")
		}
		packed := filepath.Join(t.TempDir(), "out.zip")
		must(t, s.Export(ctx, n.DB, l[0], packed))
		f, err := course.Open(packed)
		must(t, err)
		im, err := s.Import(ctx, id.Nil, f)
		must(t, err)
		must(t, f.Close())
		if im.Changed || im.ID != second.ID {
			t.Error("what was exported is another course")
		}
		z, err := zip.OpenReader(packed)
		must(t, err)
		must(t, z.Close())

		// A group.
		centre, group := "centre/"+id.New().String(), id.New()
		must(t, s.Assign(ctx, id.Nil, centre, group, "mon-cours", first.ID))
		follows := func() int {
			l, err := s.Of(ctx, n.DB, group)
			must(t, err)
			if len(l) == 0 {
				return 0
			}
			return l[0].Version
		}
		if follows() != 1 {
			t.Error("the group does not follow version 1")
		}
		before = count()
		must(t, s.Assign(ctx, id.Nil, centre, group, "mon-cours", first.ID))
		if count() != before {
			t.Error("what is so already is written")
		}
		if err := s.Assign(ctx, id.Nil, centre, group, "autre", first.ID); !errors.Is(err, course.ErrUnknown) {
			t.Errorf("a version of another course: %v", err)
		}
		must(t, s.Assign(ctx, id.Nil, centre, group, "mon-cours", second.ID))
		if follows() != 2 {
			t.Error("the group was not moved")
		}
		must(t, s.Assign(ctx, id.Nil, centre, group, "mon-cours", id.Nil))
		if follows() != 0 {
			t.Error("the group follows still")
		}
		// A file that has not come yet.
		a, kind, err := s.Asset(ctx, n.DB, first.ID, "modules/commencer/premiere-lecon/media/exemples.svg")
		must(t, err)
		b, err = io.ReadAll(a)
		must(t, errors.Join(err, a.Close()))
		if kind != "image/svg+xml" || !bytes.Contains(b, []byte("<svg")) {
			t.Errorf("%s %s", kind, b)
		}
		if _, _, err := s.Asset(ctx, n.DB, first.ID, "course.yaml"); !errors.Is(err, course.ErrUnknown) {
			t.Errorf("a text is served as a file: %v", err)
		}
		empty, err := blob.Open(filepath.Join(t.TempDir(), "blobs"), nil)
		must(t, err)
		if _, err := course.New(n.Log, empty, framework.New(n.Log)).Load(ctx, n.DB, *v1); !errors.Is(err, course.ErrComing) {
			t.Errorf("without its files: %v", err)
		}
		n.Whole()
	})
}

func tree(t *testing.T, f fs.FS) map[string][]byte {
	out := map[string][]byte{}
	must(t, fs.WalkDir(f, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		out[p], err = fs.ReadFile(f, p)
		return err
	}))
	return out
}
