package course

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"tizi/internal/blob"
	"tizi/internal/fact"
	"tizi/internal/framework"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/store"
)

// Courses is the area.
type Courses struct {
	log        *fact.Log
	blobs      *blob.Store
	frameworks *framework.Frameworks

	mu     sync.Mutex // guards loaded
	loaded map[id.ID]*Course
}

// New returns the area on a node's log.
func New(l *fact.Log, b *blob.Store, f *framework.Frameworks) *Courses {
	return &Courses{log: l, blobs: b, frameworks: f, loaded: map[id.ID]*Course{}}
}

// ErrUnknown is returned for what is not there.
var ErrUnknown = errors.New("there is no such course, or nothing of that name in it")

// ErrComing is returned for a course whose files are not all here yet.
var ErrComing = errors.New("the files of this course are still on their way to this node")

// VersionError is returned for other content under a number that is not a new one.
type VersionError struct {
	Code  string
	Known int // the newest
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("version %d of the course %s is here already, with other content; write version: %d in course.yaml", e.Known, e.Code, e.Known+1)
}

// filed is how many files one fact lists: their names and digests have some 150 bytes each.
const filed = 150

// Imported is what became of taking a course in.
type Imported struct {
	ID      id.ID
	Course  *Course
	Report  *Report
	Changed bool // false: it is known just so, and nothing was written
}

// Import takes a version of a course in: its files as blobs, and then what they are. A course with faults is refused, with Faults; other
// content under a number that is known, with a *VersionError. The report is there in any case.
func (s *Courses) Import(ctx context.Context, actor id.ID, f *Folder) (*Imported, error) {
	known, err := s.frameworks.Index(ctx, s.log.DB)
	if err != nil {
		return nil, err
	}
	c, rep, err := f.Check(known)
	if err != nil {
		return nil, err
	}
	im := &Imported{Course: c, Report: rep}
	if err := rep.Err(); err != nil {
		return im, err
	}
	kept := make([]Kept, 0, len(f.src.files()))
	all := sha256.New()
	var g errgroup.Group // each file waits for the disk, and a course has hundreds
	g.SetLimit(8)
	for _, x := range f.src.files() {
		b, err := f.src.read(x.path)
		if err != nil {
			return im, errors.Join(err, g.Wait())
		}
		d := blob.Digest(sha256.Sum256(b))
		g.Go(func() error {
			if s.blobs.Has(d) {
				return nil
			}
			_, err := s.blobs.PutAs(d, bytes.NewReader(b))
			return err
		})
		kept = append(kept, Kept{x.path, d, int64(len(b))})
		fmt.Fprintf(all, "%s %s\n", d, x.path)
	}
	if err := g.Wait(); err != nil {
		return im, err
	}
	p := Published{Code: c.Code, Version: c.Version, Digest: fmt.Sprintf("%x", all.Sum(nil)), Title: c.Title, Summary: c.Summary, Ages: c.Audience.Ages, Public: c.Audience.Public,
		Hours: c.Hours, Languages: c.Languages, Licence: c.Licence, Files: len(kept)}
	p.Lessons = c.Outline()
	if b, err := json.Marshal(p); err != nil || len(b) > fact.MaxBody {
		return im, cmp.Or(err, refuse("course.yaml", "course.fault.outline"))
	}
	im.ID = VersionID(p.Code, p.Digest)
	_, err = s.log.Do(ctx, fact.Command{Name: "import a course", Stream: "commons", Keys: []id.ID{id.Named("course", c.Code), im.ID}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		im.Changed = false
		var out fact.Outcome
		l, err := s.versions(ctx, q, "code = ?", c.Code)
		if err != nil {
			return out, err
		}
		for _, v := range l {
			if v.ID == im.ID {
				return out, nil
			}
		}
		if len(l) > 0 && l[0].Version >= p.Version {
			return out, &VersionError{c.Code, l[0].Version}
		}
		for from := 0; from < len(kept); from += filed {
			out.Facts = append(out.Facts, fact.New{Stream: "commons", Kind: KindFiled, Subject: im.ID, Actor: actor, Body: Filed{from, kept[from:min(from+filed, len(kept))]}})
		}
		out.Facts = append(out.Facts, fact.New{Stream: "commons", Kind: KindPublished, Subject: im.ID, Actor: actor, Body: p})
		im.Changed = true
		return out, nil
	}})
	return im, err
}

// Version is a version of a course as a catalogue shows it.
type Version struct {
	ID id.ID
	Published
}

// versions are those that a condition selects, the newest of each course first.
func (s *Courses) versions(ctx context.Context, q store.Querier, where string, args ...any) ([]Version, error) {
	var out []Version
	err := q.Each(ctx, "SELECT id, about FROM course WHERE "+where+" ORDER BY code, version DESC, at DESC, id", args, func(r store.Row) error {
		var v Version
		var about string
		if err := r.Scan(&v.ID, &about); err != nil {
			return err
		}
		err := json.Unmarshal([]byte(about), &v.Published)
		out = append(out, v)
		return err
	})
	return out, err
}

// List returns the newest version of each course, by code.
func (s *Courses) List(ctx context.Context, q store.Querier) ([]Version, error) {
	l, err := s.versions(ctx, q, "1 = 1")
	return slices.CompactFunc(l, func(a, b Version) bool { return a.Code == b.Code }), err
}

// Versions returns all versions of a course, the newest first.
func (s *Courses) Versions(ctx context.Context, q store.Querier, code string) ([]Version, error) {
	return s.versions(ctx, q, "code = ?", code)
}

// Find returns a version of a course: by its number, or the newest of 0. It may be ErrUnknown.
func (s *Courses) Find(ctx context.Context, q store.Querier, code string, number int) (*Version, error) {
	l, err := s.Versions(ctx, q, code)
	if err != nil {
		return nil, err
	}
	for _, v := range l {
		if number == 0 || v.Version == number {
			return &v, nil
		}
	}
	return nil, ErrUnknown
}

// Get returns a version by its id, or ErrUnknown.
func (s *Courses) Get(ctx context.Context, q store.Querier, v id.ID) (*Version, error) {
	l, err := s.versions(ctx, q, "id = ?", v)
	if err != nil || len(l) == 0 {
		return nil, cmp.Or(err, ErrUnknown)
	}
	return &l[0], nil
}

// Aligned returns the lessons of newest versions that name a competency of a framework, by the competency.
func (s *Courses) Aligned(ctx context.Context, q store.Querier, framework string) (map[string][]Alignment, error) {
	l, err := s.List(ctx, q)
	if err != nil {
		return nil, err
	}
	var courses []Published
	for _, v := range l {
		courses = append(courses, v.Published)
	}
	return Align(framework, courses...), nil
}

// Alignment is a lesson that teaches a competency.
type Alignment struct {
	Course string
	Title  i18n.Text // of the course
	Lesson Outlined
}

// kept is a version as its blobs have it.
type kept struct {
	blobs *blob.Store
	list  []file
	at    map[string]blob.Digest
}

func (k *kept) files() []file { return k.list }

func (k *kept) read(name string) ([]byte, error) {
	f, err := k.blobs.Open(k.at[name])
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(name, f, MaxFile)
}

func (s *Courses) kept(ctx context.Context, q store.Querier, v id.ID) (*kept, error) {
	k := &kept{blobs: s.blobs, at: map[string]blob.Digest{}}
	err := q.Each(ctx, "SELECT path, blob, size FROM course_file WHERE course = ? ORDER BY path", store.Args(v), func(r store.Row) error {
		var x file
		var digest string
		if err := r.Scan(&x.path, &digest, &x.size); err != nil {
			return err
		}
		d, err := blob.Parse(digest)
		k.list, k.at[x.path] = append(k.list, x), d
		return err
	})
	k.list = order(k.list)
	return k, err
}

// maxLoaded is how many versions stay in memory: a text of a course has some hundred kilobytes.
const maxLoaded = 32

// Load returns a version with its texts and questions. It is shared, and nobody changes it. It may be ErrUnknown or ErrComing.
func (s *Courses) Load(ctx context.Context, q store.Querier, v Version) (*Course, error) {
	s.mu.Lock()
	c := s.loaded[v.ID]
	s.mu.Unlock()
	if c != nil {
		return c, nil
	}
	k, err := s.kept(ctx, q, v.ID)
	if err != nil {
		return nil, err
	}
	c, _, err = read(texts{k}, v.Code, nil) // it was checked when it was taken in; what was right then stays
	if errors.Is(err, blob.ErrMissing) {
		return nil, ErrComing
	}
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.loaded) >= maxLoaded {
		clear(s.loaded)
	}
	s.loaded[v.ID] = c
	return c, nil
}

// texts is a course whose pictures and films are not read.
type texts struct{ source }

// Asset opens a file of a version that is no text, with the type under which it is served.
func (s *Courses) Asset(ctx context.Context, q store.Querier, v id.ID, name string) (blob.File, string, error) {
	kind, ok := Types[strings.ToLower(filepath.Ext(name))]
	var digest string
	found, err := store.One(ctx, q, "SELECT blob FROM course_file WHERE course = ? AND path = ?", store.Args(v, name), &digest)
	if err != nil || !found || !ok {
		return nil, "", cmp.Or(err, ErrUnknown)
	}
	d, err := blob.Parse(digest)
	if err != nil {
		return nil, "", err
	}
	f, err := s.blobs.Open(d)
	if errors.Is(err, blob.ErrMissing) {
		err = ErrComing
	}
	return f, kind, err
}

// Size is how many bytes the files of a version have together.
func (s *Courses) Size(ctx context.Context, q store.Querier, v id.ID) (bytes int64, err error) {
	_, err = store.One(ctx, q, "SELECT coalesce(sum(size), 0) FROM course_file WHERE course = ?", store.Args(v), &bytes)
	return bytes, err
}

// Export writes a version's files as they came: into a folder, which must be empty or not be there, or into a ZIP file where the name ends
// so, which must not be there.
func (s *Courses) Export(ctx context.Context, q store.Querier, v Version, to string) error {
	k, err := s.kept(ctx, q, v.ID)
	if err != nil {
		return err
	}
	write, end, err := target(to, v.Code)
	if err != nil {
		return err
	}
	for _, f := range k.list {
		b, err := k.read(f.path)
		if errors.Is(err, blob.ErrMissing) {
			err = ErrComing
		}
		if err == nil && blob.Digest(sha256.Sum256(b)) != k.at[f.path] {
			err = fmt.Errorf("%s: %w", f.path, blob.ErrDamaged)
		}
		if err == nil {
			err = write(f.path, b)
		}
		if err != nil {
			return errors.Join(fmt.Errorf("export the course: %w", err), end())
		}
	}
	return end()
}

// target is where an export goes.
func target(to, code string) (write func(string, []byte) error, end func() error, err error) {
	if strings.EqualFold(filepath.Ext(to), ".zip") {
		f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return nil, nil, fmt.Errorf("export the course: %w", err)
		}
		z := zip.NewWriter(f)
		return func(name string, b []byte) error { return addZIP(z, code, name, b) }, func() error { return errors.Join(z.Close(), f.Close()) }, nil
	}
	if l, err := os.ReadDir(to); err == nil && len(l) > 0 {
		return nil, nil, refuse("", "course.fault.not_empty", "dir", to)
	}
	return func(name string, b []byte) error {
		at := filepath.Join(to, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return err
		}
		return os.WriteFile(at, b, 0o644)
	}, func() error { return nil }, nil
}

// Blobs calls add for the files of all versions.
func (s *Courses) Blobs(ctx context.Context, q store.Querier, add func(stream string, d blob.Digest)) error {
	return q.Each(ctx, "SELECT DISTINCT blob FROM course_file", nil, func(r store.Row) error {
		var digest string
		if err := r.Scan(&digest); err != nil {
			return err
		}
		d, err := blob.Parse(digest)
		add("commons", d)
		return err
	})
}

// Assign lets a group follow a course in one version from now on, or, of a Nil version, no more. stream is that of the group's centre. What
// is so already writes nothing.
func (s *Courses) Assign(ctx context.Context, actor id.ID, stream string, group id.ID, code string, version id.ID) error {
	a := Assigned{group, code, version}
	subject := id.Under(group, "course/"+code)
	_, err := s.log.Do(ctx, fact.Command{Name: "assign a course", Stream: stream, Keys: []id.ID{subject}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		if !version.IsNil() {
			if v, err := s.Get(ctx, q, version); err != nil || v.Code != code {
				return fact.Outcome{}, cmp.Or(err, ErrUnknown)
			}
		}
		old, err := s.log.Of(ctx, q, subject)
		if err != nil || fact.Says(old, a) || len(old) == 0 && version.IsNil() {
			return fact.Outcome{}, err
		}
		return fact.Outcome{Facts: []fact.New{{Stream: stream, Kind: KindAssigned, Subject: subject, Actor: actor, Body: a, Prev: fact.HeadsOf(old)}}}, a.Check()
	}})
	return err
}

// Of returns the versions of courses that a group follows, by code.
func (s *Courses) Of(ctx context.Context, q store.Querier, group id.ID) ([]Version, error) {
	return s.versions(ctx, q, "id IN (SELECT version FROM course_group WHERE cohort = ?)", group)
}

// InUse returns the versions of courses that some group follows.
func (s *Courses) InUse(ctx context.Context, q store.Querier) ([]Version, error) {
	return s.versions(ctx, q, "EXISTS (SELECT 1 FROM course_group g WHERE g.version = course.id)")
}

// Followed returns the codes of the courses that some groups follow, sorted.
func (s *Courses) Followed(ctx context.Context, q store.Querier, groups []id.ID) ([]string, error) {
	var out []string
	for part := range slices.Chunk(groups, 500) {
		in, args := store.In("cohort", part)
		err := q.Each(ctx, "SELECT DISTINCT code FROM course_group WHERE version <> ? AND "+in, append(store.Args(id.Nil), args...), func(r store.Row) error {
			var code string
			err := r.Scan(&code)
			out = append(out, code)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// IRI is the activity of xAPI that a course is, in all its versions: what is said of a lesson names it in its context.
func IRI(code string) string { return "urn:tizi:course:" + code }
