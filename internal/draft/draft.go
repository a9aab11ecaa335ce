// Package draft keeps courses that authors write on this node: folders of files, each with who changed it last. A draft names the version
// that it began from, is checked as any folder of a course is, and becomes a version by being taken in. It writes no facts.
package draft

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"tizi/internal/blob"
	"tizi/internal/course"
	"tizi/internal/fact"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/store"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// Schema returns the migrations of this room.
func Schema() fs.FS {
	sub, _ := fs.Sub(schemaFiles, "schema")
	return sub
}

// Drafts are those of a node.
type Drafts struct {
	log     *fact.Log
	blobs   *blob.Store
	courses *course.Courses

	mu      sync.Mutex // guards checked
	checked map[id.ID]*checked
}

// checked is what was found out about a draft as it was.
type checked struct {
	files  [sha256.Size]byte // their names and digests
	course *course.Course
	report *course.Report
}

// New returns the drafts of a node.
func New(l *fact.Log, b *blob.Store, c *course.Courses) *Drafts {
	return &Drafts{log: l, blobs: b, courses: c, checked: map[id.ID]*checked{}}
}

// Errors of drafts.
var (
	ErrUnknown = errors.New("there is no such draft, or no such file in it")
	ErrTaken   = errors.New("there is a draft of this course already")
	ErrThere   = errors.New("there is a file of that name in the draft already")
)

// ConflictError is returned for a file that somebody else has saved since its author read it. Nothing was written.
type ConflictError struct {
	Path string
	Now  *File // nil: it was deleted
	Text []byte
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("somebody else has saved %s meanwhile", e.Path)
}

// NewerError is returned for a draft that began from a version which is no more the newest.
type NewerError struct {
	Began, Newest int // 0: it began from none
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("the draft began from version %d, and version %d is here", e.Began, e.Newest)
}

// Draft is a course that is being written.
type Draft struct {
	ID      id.ID
	Code    string
	Base    id.ID // the version that it began from; Nil: it is new
	Number  int   // of that version; 0
	Actor   id.ID // who changed it last
	Changed time.Time
}

// File is a file of a draft.
type File struct {
	course.Kept
	Actor   id.ID // who saved it last
	Changed time.Time
}

// List returns all drafts, by code.
func (s *Drafts) List(ctx context.Context, q store.Querier) ([]Draft, error) {
	return s.drafts(ctx, q, "1 = 1")
}

func (s *Drafts) drafts(ctx context.Context, q store.Querier, where string, args ...any) (out []Draft, err error) {
	err = q.Each(ctx, "SELECT id, code, base, number, actor, changed FROM draft WHERE "+where+" ORDER BY code", args, func(r store.Row) error {
		var d Draft
		var changed int64
		err := r.Scan(&d.ID, &d.Code, &d.Base, &d.Number, &d.Actor, &changed)
		d.Changed = time.UnixMilli(changed).In(s.log.Clock.Now().Location())
		out = append(out, d)
		return err
	})
	return out, err
}

// Get returns a draft, or ErrUnknown.
func (s *Drafts) Get(ctx context.Context, q store.Querier, v id.ID) (*Draft, error) {
	l, err := s.drafts(ctx, q, "id = ?", v)
	if err != nil || len(l) == 0 {
		return nil, cmp.Or(err, ErrUnknown)
	}
	return &l[0], nil
}

// Of returns the draft of a course, or ErrUnknown.
func (s *Drafts) Of(ctx context.Context, q store.Querier, code string) (*Draft, error) {
	l, err := s.drafts(ctx, q, "code = ?", code)
	if err != nil || len(l) == 0 {
		return nil, cmp.Or(err, ErrUnknown)
	}
	return &l[0], nil
}

// Files returns the files of a draft, by path.
func (s *Drafts) Files(ctx context.Context, q store.Querier, v id.ID) ([]File, error) {
	return s.files(ctx, q, "draft = ?", v)
}

func (s *Drafts) files(ctx context.Context, q store.Querier, where string, args ...any) (out []File, err error) {
	err = q.Each(ctx, "SELECT path, blob, size, actor, changed FROM draft_file WHERE "+where, args, func(r store.Row) error {
		var f File
		var digest string
		var changed int64
		if err := r.Scan(&f.Path, &digest, &f.Size, &f.Actor, &changed); err != nil {
			return err
		}
		var err error
		f.Blob, err = blob.Parse(digest)
		f.Changed = time.UnixMilli(changed).In(s.log.Clock.Now().Location())
		out = append(out, f)
		return err
	})
	slices.SortFunc(out, func(a, b File) int { return cmp.Compare(a.Path, b.Path) }) // engines sort letters differently
	return out, err
}

// File returns a file of a draft, or ErrUnknown.
func (s *Drafts) File(ctx context.Context, q store.Querier, v id.ID, path string) (*File, error) {
	l, err := s.files(ctx, q, "draft = ? AND path = ?", v, path)
	if err != nil || len(l) == 0 {
		return nil, cmp.Or(err, ErrUnknown)
	}
	return &l[0], nil
}

// Open opens a file of a draft.
func (s *Drafts) Open(f *File) (blob.File, error) { return s.blobs.Open(f.Blob) }

// Text reads a file of a draft that is written by hand.
func (s *Drafts) Text(f *File) ([]byte, error) {
	r, err := s.blobs.Open(f.Blob)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, course.MaxText+1))
}

// Folder is a draft as a folder of a course.
func (s *Drafts) Folder(ctx context.Context, q store.Querier, d *Draft) (*course.Folder, error) {
	l, err := s.Files(ctx, q, d.ID)
	if err != nil {
		return nil, err
	}
	return s.folder(d, l)
}

func (s *Drafts) folder(d *Draft, l []File) (*course.Folder, error) {
	list := make([]course.Kept, len(l))
	for i, f := range l {
		list[i] = f.Kept
	}
	return course.Gather(d.Code, list, func(k course.Kept) (io.ReadCloser, error) { return s.blobs.Open(k.Blob) })
}

// Check says what is wrong with a draft, as `tizi course check` does of a folder. What is returned is shared, and nobody changes it.
func (s *Drafts) Check(ctx context.Context, q store.Querier, d *Draft) (*course.Course, *course.Report, error) {
	l, err := s.Files(ctx, q, d.ID)
	if err != nil {
		return nil, nil, err
	}
	h := sha256.New()
	for _, f := range l {
		fmt.Fprintf(h, "%s %s\n", f.Blob, f.Path)
	}
	c := &checked{files: [sha256.Size]byte(h.Sum(nil))}
	s.mu.Lock()
	was := s.checked[d.ID]
	s.mu.Unlock()
	if was != nil && was.files == c.files {
		return was.course, was.report, nil
	}
	f, err := s.folder(d, l)
	if err != nil {
		return nil, nil, err
	}
	known, err := s.courses.Known(ctx)
	if err != nil {
		return nil, nil, err
	}
	if c.course, c.report, err = f.Check(known); err != nil {
		return nil, nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.checked) >= maxChecked {
		clear(s.checked)
	}
	s.checked[d.ID] = c
	return c.course, c.report, nil
}

// maxChecked is how many drafts stay in memory as they were read.
const maxChecked = 8

// put keeps the bytes of a file.
func (s *Drafts) put(name string, b []byte) (course.Kept, error) {
	digest, size, err := s.blobs.Put(bytes.NewReader(b))
	return course.Kept{Path: name, Blob: digest, Size: size}, err
}

// Begin makes a draft of the small course that `tizi course new` makes.
func (s *Drafts) Begin(ctx context.Context, actor id.ID, code string) (id.ID, error) {
	if !course.IsName(code) {
		return id.Nil, course.Faults{{Key: "course.fault.folder", Args: []any{"name", code}}}
	}
	var l []course.Kept
	err := course.Begin(func(name string, b []byte) error {
		k, err := s.put(name, b)
		l = append(l, k)
		return err
	})
	if err != nil {
		return id.Nil, err
	}
	return s.begin(ctx, actor, Draft{Code: code}, l)
}

// Change makes a draft of a version of a course.
func (s *Drafts) Change(ctx context.Context, actor id.ID, v course.Version) (id.ID, error) {
	l, err := s.courses.Kept(ctx, s.log.DB, v.ID)
	if err != nil {
		return id.Nil, err
	}
	return s.begin(ctx, actor, Draft{Code: v.Code, Base: v.ID, Number: v.Version}, l)
}

// Bring makes a draft of a folder, with whatever is wrong with it that can be mended. What a draft cannot hold are course.Faults. It
// begins from the newest version that is here.
func (s *Drafts) Bring(ctx context.Context, actor id.ID, f *course.Folder) (id.ID, error) {
	d := Draft{Code: f.Code}
	if !course.IsName(d.Code) {
		return id.Nil, course.Faults{{Key: "course.fault.folder", Args: []any{"name", d.Code}}}
	}
	var l []course.Kept
	var faults course.Faults
	err := f.Each(func(name string, b []byte) error {
		if wrong := course.Inspect(name, b); len(wrong) > 0 {
			faults = append(faults, wrong...)
			return nil
		}
		k, err := s.put(name, b)
		l = append(l, k)
		return err
	})
	switch {
	case err != nil:
		return id.Nil, err
	case len(faults) > 0:
		return id.Nil, faults
	case len(l) == 0:
		return id.Nil, course.Faults{{File: "course.yaml", Key: "course.fault.missing"}}
	}
	switch v, err := s.courses.Find(ctx, s.log.DB, d.Code, 0); {
	case err == nil:
		d.Base, d.Number = v.ID, v.Version
	case !errors.Is(err, course.ErrUnknown):
		return id.Nil, err
	}
	return s.begin(ctx, actor, d, l)
}

func (s *Drafts) begin(ctx context.Context, actor id.ID, d Draft, l []course.Kept) (id.ID, error) {
	d.ID = id.New()
	now := s.log.Clock.Now().UnixMilli()
	return d.ID, s.log.DB.Write(ctx, func(tx store.Tx) error {
		ok, err := changed(ctx, tx, "INSERT INTO draft (id, code, base, number, actor, changed) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (code) DO NOTHING RETURNING 1", d.ID, d.Code, d.Base, d.Number, actor, now)
		if err != nil || !ok {
			return cmp.Or(err, ErrTaken)
		}
		for _, k := range l {
			if err := tx.Exec(ctx, insert, d.ID, k.Path, strings.ToLower(k.Path), k.Blob.String(), k.Size, actor, now); err != nil {
				return err
			}
		}
		return nil
	})
}

const insert = "INSERT INTO draft_file (draft, path, folded, blob, size, actor, changed) VALUES (?, ?, ?, ?, ?, ?, ?)"

// changed runs a statement that returns a row where it changed one.
func changed(ctx context.Context, tx store.Tx, query string, args ...any) (bool, error) {
	var one int
	return store.One(ctx, tx, query, args, &one)
}

// touch notes who changed a draft, which must be there.
func (s *Drafts) touch(ctx context.Context, tx store.Tx, actor, v id.ID) (now int64, err error) {
	now = s.log.Clock.Now().UnixMilli()
	ok, err := changed(ctx, tx, "UPDATE draft SET actor = ?, changed = ? WHERE id = ? RETURNING 1", actor, now, v)
	if err == nil && !ok {
		err = ErrUnknown
	}
	return now, err
}

// Edit is a file as its author leaves it.
type Edit struct {
	Path string
	Base string // the digest of what the author read; "" where there was no such file
	Text []byte
}

// Save keeps files that were written by hand, all of them or none. It is a *ConflictError where somebody else saved one meanwhile, and
// course.Faults where a file cannot be called so or is too long. What is wrong with the course is no reason: a draft may be half done.
func (s *Drafts) Save(ctx context.Context, actor, v id.ID, edits ...Edit) error {
	kept := make([]course.Kept, len(edits))
	for i, e := range edits {
		if wrong := course.Inspect(e.Path, e.Text); len(wrong) > 0 {
			return course.Faults(wrong)
		}
		if !course.IsText(e.Path) {
			return ErrUnknown
		}
		var err error
		if kept[i], err = s.put(e.Path, e.Text); err != nil {
			return err
		}
	}
	return s.log.DB.Write(ctx, func(tx store.Tx) error {
		now, err := s.touch(ctx, tx, actor, v)
		if err != nil {
			return err
		}
		for i, e := range edits {
			k := kept[i]
			var ok bool
			if e.Base == "" {
				if err := s.room(ctx, tx, v, 1); err != nil {
					return err
				}
				ok, err = changed(ctx, tx, insert+" ON CONFLICT DO NOTHING RETURNING 1", v, k.Path, strings.ToLower(k.Path), k.Blob.String(), k.Size, actor, now)
			} else {
				ok, err = changed(ctx, tx, "UPDATE draft_file SET blob = ?, size = ?, actor = ?, changed = ? WHERE draft = ? AND path = ? AND blob = ? RETURNING 1", k.Blob.String(), k.Size, actor, now, v, k.Path, e.Base)
			}
			if err != nil {
				return err
			}
			if !ok {
				return s.conflict(ctx, tx, v, k)
			}
		}
		return nil
	})
}

// conflict is what stands where a file was to be saved; nil where it is the same.
func (s *Drafts) conflict(ctx context.Context, tx store.Tx, v id.ID, k course.Kept) error {
	f, err := s.File(ctx, tx, v, k.Path)
	switch {
	case errors.Is(err, ErrUnknown):
		var one int
		if there, err := store.One(ctx, tx, "SELECT 1 FROM draft_file WHERE draft = ? AND folded = ?", store.Args(v, strings.ToLower(k.Path)), &one); err != nil || there {
			return cmp.Or(err, ErrThere) // in other capitals
		}
		return &ConflictError{Path: k.Path}
	case err != nil:
		return err
	case f.Blob == k.Blob: // two wrote the same
		return nil
	}
	b, err := s.Text(f)
	if err != nil {
		return err
	}
	return &ConflictError{k.Path, f, b}
}

// room refuses more files than a course may have.
func (s *Drafts) room(ctx context.Context, tx store.Tx, v id.ID, more int) error {
	var n int
	_, err := store.One(ctx, tx, "SELECT count(*) FROM draft_file WHERE draft = ?", store.Args(v), &n)
	if err == nil && n+more > course.MaxFiles {
		err = course.Faults{{Key: "course.fault.files", Args: []any{"n", course.MaxFiles}}}
	}
	return err
}

// Upload is a file that came from outside. Read is called once.
type Upload struct {
	Path string
	Read func() ([]byte, error)
}

// Upload keeps files, all of them or none. Where one of the name is there, over says whether it takes its place; otherwise it is ErrThere.
// What a course may not have are course.Faults.
func (s *Drafts) Upload(ctx context.Context, actor, v id.ID, files []Upload, over bool) error {
	var faults course.Faults
	kept := make([]course.Kept, len(files))
	for i, f := range files {
		b, err := f.Read()
		if err != nil {
			return err
		}
		if wrong := course.Inspect(f.Path, b); len(wrong) > 0 {
			faults = append(faults, wrong...)
		} else if kept[i], err = s.put(f.Path, b); err != nil {
			return err
		}
	}
	if len(faults) > 0 {
		return faults
	}
	return s.log.DB.Write(ctx, func(tx store.Tx) error {
		now, err := s.touch(ctx, tx, actor, v)
		if err == nil {
			err = s.room(ctx, tx, v, len(kept))
		}
		if err != nil {
			return err
		}
		for _, k := range kept {
			if over {
				if err := tx.Exec(ctx, "DELETE FROM draft_file WHERE draft = ? AND path = ?", v, k.Path); err != nil {
					return err
				}
			}
			ok, err := changed(ctx, tx, insert+" ON CONFLICT DO NOTHING RETURNING 1", v, k.Path, strings.ToLower(k.Path), k.Blob.String(), k.Size, actor, now)
			if err != nil || !ok {
				return cmp.Or(err, ErrThere)
			}
		}
		return nil
	})
}

// Rename gives a file another path.
func (s *Drafts) Rename(ctx context.Context, actor, v id.ID, from, to string) error {
	if !course.IsFile(to) || course.IsText(from) != course.IsText(to) {
		return course.Faults{{File: to, Key: "course.fault.file_name"}}
	}
	f, err := s.File(ctx, s.log.DB, v, from)
	if err != nil {
		return err
	}
	if !course.IsText(to) { // the name says what kind of file it is
		r, err := s.Open(f)
		if err != nil {
			return err
		}
		b, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			return err
		}
		if wrong := course.Inspect(to, b); len(wrong) > 0 {
			return course.Faults(wrong)
		}
	}
	return s.log.DB.Write(ctx, func(tx store.Tx) error {
		now, err := s.touch(ctx, tx, actor, v)
		if err != nil {
			return err
		}
		var one int
		there, err := store.One(ctx, tx, "SELECT 1 FROM draft_file WHERE draft = ? AND folded = ? AND path <> ?", store.Args(v, strings.ToLower(to), from), &one)
		if err != nil || there || from == to {
			return cmp.Or(err, ErrThere)
		}
		ok, err := changed(ctx, tx, "UPDATE draft_file SET path = ?, folded = ?, actor = ?, changed = ? WHERE draft = ? AND path = ? RETURNING 1", to, strings.ToLower(to), actor, now, v, from)
		if err == nil && !ok {
			err = ErrUnknown
		}
		return err
	})
}

// Remove deletes a file.
func (s *Drafts) Remove(ctx context.Context, actor, v id.ID, path string) error {
	return s.log.DB.Write(ctx, func(tx store.Tx) error {
		if _, err := s.touch(ctx, tx, actor, v); err != nil {
			return err
		}
		ok, err := changed(ctx, tx, "DELETE FROM draft_file WHERE draft = ? AND path = ? RETURNING 1", v, path)
		if err == nil && !ok {
			err = ErrUnknown
		}
		return err
	})
}

// Discard deletes a draft. What was published of it stays.
func (s *Drafts) Discard(ctx context.Context, v id.ID) error {
	return s.log.DB.Write(ctx, func(tx store.Tx) error {
		ok, err := changed(ctx, tx, "DELETE FROM draft WHERE id = ? RETURNING 1", v)
		if err != nil || !ok {
			return cmp.Or(err, ErrUnknown)
		}
		return tx.Exec(ctx, "DELETE FROM draft_file WHERE draft = ?", v)
	})
}

// AddLesson begins a lesson with the one that the program brings, in a module that is there or a new one, and names it where the course
// and the module list what they have.
func (s *Drafts) AddLesson(ctx context.Context, actor id.ID, d *Draft, module, name string) error {
	for _, n := range []string{module, name} {
		if !course.IsName(n) {
			return course.Faults{{Key: "course.fault.name", Args: []any{"name", n}}}
		}
	}
	var files []Upload
	err := course.BeginLesson(module, name, func(p string, b []byte) error {
		files = append(files, Upload{p, func() ([]byte, error) { return b, nil }})
		return nil
	})
	if err != nil {
		return err
	}
	l, err := s.Files(ctx, s.log.DB, d.ID)
	if err != nil {
		return err
	}
	dir := "modules/" + module
	if slices.ContainsFunc(l, func(f File) bool { return strings.HasPrefix(strings.ToLower(f.Path), dir+"/"+name+"/") }) {
		return ErrThere
	}
	if err := s.Upload(ctx, actor, d.ID, files, false); err != nil {
		return err
	}
	list := func(file, field, entry string) error {
		i := slices.IndexFunc(l, func(f File) bool { return f.Path == file })
		if i < 0 {
			return nil // what is missing is said by the check
		}
		src, err := s.Text(&l[i])
		if err != nil {
			return err
		}
		out, ok := course.AddTo(src, field, entry)
		if !ok {
			return nil
		}
		return s.Save(ctx, actor, d.ID, Edit{file, l[i].Blob.String(), out})
	}
	if slices.ContainsFunc(l, func(f File) bool { return f.Path == dir+"/module.yaml" }) {
		return list(dir+"/module.yaml", "lessons", name)
	}
	err = s.Save(ctx, actor, d.ID, Edit{dir + "/module.yaml", "", []byte("title: {fr: " + module + "}\nlessons: [" + name + "]\n")})
	if err != nil {
		return err
	}
	return list("course.yaml", "modules", module)
}

// Publish takes a draft in as a version under a number. It is a *NewerError where another version came since the draft began and despite
// does not say that this is known; whatever else Courses.Import refuses. The draft goes on from that version.
func (s *Drafts) Publish(ctx context.Context, actor id.ID, d *Draft, number int, despite bool) (*course.Imported, error) {
	newest, err := s.courses.Find(ctx, s.log.DB, d.Code, 0)
	switch {
	case errors.Is(err, course.ErrUnknown):
	case err != nil:
		return nil, err
	case newest.ID != d.Base && !despite:
		return nil, &NewerError{d.Number, newest.Version}
	}
	f, err := s.File(ctx, s.log.DB, d.ID, "course.yaml")
	if err == nil {
		var b []byte
		if b, err = s.Text(f); err != nil {
			return nil, err
		}
		if out, ok := course.SetVersion(b, number); ok && !bytes.Equal(out, b) {
			if err := s.Save(ctx, actor, d.ID, Edit{f.Path, f.Blob.String(), out}); err != nil {
				return nil, err
			}
		}
	} else if !errors.Is(err, ErrUnknown) {
		return nil, err
	}
	folder, err := s.Folder(ctx, s.log.DB, d)
	if err != nil {
		return nil, err
	}
	im, err := s.courses.Import(ctx, actor, folder)
	if err != nil {
		return im, err
	}
	return im, s.log.DB.Write(ctx, func(tx store.Tx) error {
		return tx.Exec(ctx, "UPDATE draft SET base = ?, number = ? WHERE id = ?", im.ID, im.Course.Version, d.ID)
	})
}

// Changed reports whether a draft differs from the version that it began from.
func (s *Drafts) Changed(ctx context.Context, q store.Querier, d *Draft) (bool, error) {
	if d.Base.IsNil() {
		return true, nil
	}
	now, err := s.Files(ctx, q, d.ID)
	if err != nil {
		return false, err
	}
	was, err := s.courses.Kept(ctx, q, d.Base)
	return !slices.EqualFunc(now, was, func(a File, b course.Kept) bool { return a.Path == b.Path && a.Blob == b.Blob }), err
}

// Blobs returns the files of all drafts, of which no fact speaks.
func (s *Drafts) Blobs(ctx context.Context, q store.Querier) ([]blob.Digest, error) {
	return blob.Select(ctx, q, "SELECT DISTINCT blob FROM draft_file", nil)
}

// Siblings returns the paths of a text in all languages, that of the given one among them; nil of a file that has no language.
func Siblings(path string) map[i18n.Lang]string {
	stem, ok := strings.CutSuffix(path, ".md")
	dot := strings.LastIndexByte(stem, '.')
	if !ok || dot < 0 || !slices.Contains(i18n.Langs, i18n.Lang(stem[dot+1:])) {
		return nil
	}
	out := map[i18n.Lang]string{}
	for _, l := range i18n.Langs {
		out[l] = stem[:dot+1] + string(l) + ".md"
	}
	return out
}
