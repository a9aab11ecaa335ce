package course

import (
	"archive/zip"
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"tizi/internal/framework"
	"tizi/internal/id"
	"tizi/internal/store"
)

// elsewhere is a course whose files somebody else keeps.
type elsewhere struct {
	list []file
	at   map[string]Kept
	open func(Kept) (io.ReadCloser, error)
}

func (s *elsewhere) files() []file { return s.list }

func (s *elsewhere) read(name string) ([]byte, error) {
	f, err := s.open(s.at[name])
	if err != nil {
		return nil, fmt.Errorf("read the course: %w", err)
	}
	defer f.Close()
	return readAll(name, f, MaxFile)
}

// Gather makes a course of files that lie elsewhere, under its code. What is too much are Faults.
func Gather(code string, list []Kept, open func(Kept) (io.ReadCloser, error)) (*Folder, error) {
	s := &elsewhere{at: map[string]Kept{}, open: open}
	total := int64(0)
	for _, k := range list {
		total += k.Size
		s.at[k.Path], s.list = k, append(s.list, file{k.Path, k.Size})
		if err := bounds(s.list, total); err != nil {
			return nil, err
		}
	}
	s.list = order(s.list)
	return &Folder{code, s, func() error { return nil }}, nil
}

// OpenZIP opens a course in a ZIP file that lies in memory or on a disk. name is that of the file, which is the course's code where the
// files lie in no folder of their own.
func OpenZIP(name string, r io.ReaderAt, size int64) (*Folder, error) {
	a, err := openArchive(r, size)
	if err != nil {
		return nil, err
	}
	code := strings.TrimSuffix(a.top, "/")
	if code == "" {
		code = strings.TrimSuffix(path.Base(name), path.Ext(name))
	}
	return &Folder{code, a, func() error { return nil }}, nil
}

// Each calls fn for every file, in the order of their paths.
func (f *Folder) Each(fn func(name string, b []byte) error) error {
	for _, x := range f.src.files() {
		b, err := f.src.read(x.path)
		if err == nil {
			err = fn(x.path, b)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Read reads what can be read of a course, and nothing of its pictures, sounds and films: to be looked at, not to be taken in.
func (f *Folder) Read() (*Course, error) {
	c, _, err := read(texts{f.src}, f.Code, nil)
	return c, err
}

// WriteZIP writes a course as a ZIP file, in a folder of its own.
func (f *Folder) WriteZIP(w io.Writer) error {
	z := zip.NewWriter(w)
	err := f.Each(func(name string, b []byte) error { return addZIP(z, f.Code, name, b) })
	return errors.Join(err, z.Close())
}

func addZIP(z *zip.Writer, code, name string, b []byte) error {
	w, err := z.Create(code + "/" + name)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, bytes.NewReader(b))
	return err
}

// IsFile reports whether a file of a course may be called so: from its folder on, with slashes. Nothing of it leads out of the folder.
func IsFile(p string) bool { return wellNamed(p) && !skipped(p) }

// IsText reports whether a file is written by hand, and not a picture, a sound or a film.
func IsText(p string) bool {
	ext := path.Ext(p)
	return ext == ".md" || ext == ".yaml" || p == "LICENSE"
}

// Inspect says what is wrong with a file by itself: its name, its kind, its size, or what is in it where it is no text of the course. It
// is what keeps a folder with it from being taken in.
func Inspect(name string, b []byte) []Fault {
	k := &check{has: map[string]bool{}, used: map[string]bool{}}
	switch {
	case !IsFile(name):
		k.fault(name, 0, "course.fault.file_name")
	case IsText(name):
		if len(b) > MaxText {
			k.fault(name, 0, "course.fault.large", "mb", MaxText>>20)
		}
	case len(b) > MaxFile:
		k.fault(name, 0, "course.fault.large", "mb", MaxFile>>20)
	default:
		k.media(name, b)
	}
	return k.Faults
}

// Kept returns the files of a version.
func (s *Courses) Kept(ctx context.Context, q store.Querier, version id.ID) ([]Kept, error) {
	k, err := s.kept(ctx, q, version)
	if err != nil {
		return nil, err
	}
	out := make([]Kept, 0, len(k.list))
	for _, f := range k.list {
		out = append(out, Kept{f.path, k.at[f.path], f.size})
	}
	return out, nil
}

// Known are the competencies that lessons may name on this node.
func (s *Courses) Known(ctx context.Context) (*framework.Index, error) {
	return s.frameworks.Index(ctx, s.log.DB)
}

// Begin calls fn for the files of the small course that Start makes.
func Begin(fn func(name string, b []byte) error) error { return eachOf(start, "start", fn) }

// BeginLesson calls fn for the files of a lesson to begin with, in its folder of a course.
func BeginLesson(module, name string, fn func(name string, b []byte) error) error {
	return eachOf(start, "start/modules/commencer/premiere-lecon", func(p string, b []byte) error {
		return fn(path.Join("modules", module, name, p), b)
	})
}

func eachOf(from embed.FS, dir string, fn func(name string, b []byte) error) error {
	sub, err := fs.Sub(from, dir)
	if err != nil {
		return err
	}
	d, err := openFolder(sub)
	if err != nil {
		return err
	}
	return (&Folder{"", d, nil}).Each(fn)
}

// AddTo writes a name at the end of a list of names in YAML, "modules: [a, b]" or one with a dash on each line, and leaves all else as it
// is. ok is false where there is no such list to be seen.
func AddTo(src []byte, field, name string) (out []byte, ok bool) {
	lines := strings.SplitAfter(string(src), "\n")
	for i, l := range lines {
		rest, found := strings.CutPrefix(l, field+":")
		if !found {
			continue
		}
		value, comment, _ := strings.Cut(rest, " #")
		v := strings.TrimSpace(value)
		switch {
		case strings.HasPrefix(v, "[") && strings.HasSuffix(v, "]"):
			within := strings.TrimSpace(v[1 : len(v)-1])
			if within != "" {
				within += ", "
			}
			end := l[len(strings.TrimRight(l, "\r\n")):]
			if comment = strings.TrimRight(comment, "\r\n"); comment != "" {
				comment = " #" + comment
			}
			lines[i] = field + ": [" + within + name + "]" + comment + end
			return []byte(strings.Join(lines, "")), true
		case v == "":
			last, indent := -1, ""
			for j := i + 1; j < len(lines); j++ {
				t := strings.TrimLeft(lines[j], " ")
				if !strings.HasPrefix(t, "- ") {
					break
				}
				last, indent = j, lines[j][:len(lines[j])-len(t)]
			}
			if last < 0 {
				return src, false
			}
			if !strings.HasSuffix(lines[last], "\n") {
				lines[last] += "\n"
			}
			lines = slices.Insert(lines, last+1, indent+"- "+name+"\n")
			return []byte(strings.Join(lines, "")), true
		}
		return src, false
	}
	return src, false
}

// SetVersion writes the number of a version into course.yaml and leaves all else as it is. ok is false where none stands there.
func SetVersion(src []byte, n int) (out []byte, ok bool) {
	lines := strings.SplitAfter(string(src), "\n")
	for i, l := range lines {
		if rest, found := strings.CutPrefix(l, "version:"); found {
			end := l[len(strings.TrimRight(l, "\r\n")):]
			if _, comment, has := strings.Cut(strings.TrimRight(rest, "\r\n"), " #"); has {
				end = " #" + comment + end
			}
			lines[i] = fmt.Sprintf("version: %d", n) + end
			return []byte(strings.Join(lines, "")), true
		}
	}
	return src, false
}
