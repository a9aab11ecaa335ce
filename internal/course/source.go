package course

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Bounds of a course's folder.
const (
	MaxFiles = 5000
	MaxFile  = 200 << 20 // bytes of one file: a film of half an hour
	MaxText  = 1 << 20   // bytes of one text or YAML file
	MaxTotal = 2 << 30   // bytes of all
)

// Fault is what is wrong with a course: the key of a sentence of the catalogue with its arguments, and where it is.
type Fault struct {
	File string
	Line int // from 1; 0 where it is about the whole file
	Key  string
	Args []any
}

// Faults are why a course was refused.
type Faults []Fault

func (f Faults) Error() string { return fmt.Sprintf("the course has %d faults", len(f)) }

func refuse(file, key string, args ...any) error { return Faults{{file, 0, key, args}} }

// skipped are files that editors and systems leave in folders.
func skipped(p string) bool {
	for part := range strings.SplitSeq(p, "/") {
		if strings.HasPrefix(part, ".") || part == "__MACOSX" || part == "Thumbs.db" || strings.HasSuffix(part, "~") {
			return true
		}
	}
	return false
}

// folder is a course in a folder.
type folder struct {
	fs.FS
	list []file
}

func openFolder(from fs.FS) (*folder, error) {
	d := &folder{FS: from}
	total := int64(0)
	err := fs.WalkDir(from, ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil || p == "." {
			return err
		}
		if skipped(p) {
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if e.IsDir() {
			return nil
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return refuse(p, "course.fault.link")
		}
		total += info.Size()
		d.list = append(d.list, file{p, info.Size()})
		return bounds(d.list, total)
	})
	if err != nil {
		return nil, err
	}
	d.list = order(d.list)
	return d, nil
}

func bounds(list []file, total int64) error {
	last := list[len(list)-1]
	switch {
	case len(list) > MaxFiles:
		return refuse("", "course.fault.files", "n", MaxFiles)
	case last.size > MaxFile:
		return refuse(last.path, "course.fault.large", "mb", MaxFile>>20)
	case total > MaxTotal:
		return refuse("", "course.fault.total", "mb", MaxTotal>>20)
	}
	return nil
}

func (d *folder) files() []file { return d.list }

func (d *folder) read(name string) ([]byte, error) {
	f, err := d.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read the course: %w", err)
	}
	defer f.Close()
	return readAll(name, f, MaxFile)
}

// readAll reads a file of at most so many bytes, whatever it said of its size.
func readAll(name string, r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = refuse(name, "course.fault.large", "mb", limit>>20)
	}
	return b, err
}

// archive is a course in a ZIP file, in a folder of its own there or not.
type archive struct {
	*zip.Reader
	top  string // the folder that all of it lies in, with a slash; ""
	list []file
	at   map[string]*zip.File
}

// pressed is how many times smaller than itself a file may be packed: pictures and texts are not.
const pressed = 200

func openArchive(r io.ReaderAt, size int64) (*archive, error) {
	z, err := zip.NewReader(r, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, refuse("", "course.fault.zip")
	}
	a := &archive{Reader: z, at: map[string]*zip.File{}}
	var files []*zip.File
	total, packed := uint64(0), uint64(0)
	for _, f := range z.File {
		name := strings.TrimSuffix(f.Name, "/")
		if !fs.ValidPath(name) || strings.ContainsAny(name, "\\:\x00") {
			return nil, refuse(f.Name, "course.fault.path")
		}
		if skipped(name) || f.FileInfo().IsDir() {
			continue
		}
		if !f.Mode().IsRegular() {
			return nil, refuse(name, "course.fault.link")
		}
		total, packed = total+f.UncompressedSize64, packed+f.CompressedSize64
		switch {
		case len(files) >= MaxFiles:
			return nil, refuse("", "course.fault.files", "n", MaxFiles)
		case f.UncompressedSize64 > MaxFile:
			return nil, refuse(name, "course.fault.large", "mb", MaxFile>>20)
		case total > MaxTotal:
			return nil, refuse("", "course.fault.total", "mb", MaxTotal>>20)
		case f.UncompressedSize64 > 1<<20 && f.UncompressedSize64/pressed > f.CompressedSize64:
			return nil, refuse(name, "course.fault.bomb")
		}
		files = append(files, f)
	}
	if packed > uint64(size) { // files that lie over one another
		return nil, refuse("", "course.fault.zip")
	}
	if len(files) > 0 && !hasTop(files, "course.yaml") {
		if top, _, ok := strings.Cut(files[0].Name, "/"); ok && hasTop(files, top+"/course.yaml") {
			a.top = top + "/"
		}
	}
	folded := map[string]bool{}
	for _, f := range files {
		name, ok := strings.CutPrefix(f.Name, a.top)
		if !ok {
			continue // beside the course's folder
		}
		if k := strings.ToLower(name); folded[k] {
			return nil, refuse(name, "course.fault.twice", "id", name)
		} else {
			folded[k] = true
		}
		a.at[name] = f
		a.list = append(a.list, file{name, int64(f.UncompressedSize64)})
	}
	a.list = order(a.list)
	return a, nil
}

func hasTop(files []*zip.File, name string) bool {
	for _, f := range files {
		if f.Name == name {
			return true
		}
	}
	return false
}

func (a *archive) files() []file { return a.list }

func (a *archive) read(name string) ([]byte, error) {
	f := a.at[name]
	if f == nil {
		return nil, fs.ErrNotExist
	}
	r, err := f.Open()
	if err != nil {
		return nil, refuse(name, "course.fault.zip")
	}
	defer r.Close()
	b, err := readAll(name, r, int64(f.UncompressedSize64))
	var faults Faults
	if err != nil && !errors.As(err, &faults) {
		return nil, refuse(name, "course.fault.zip")
	}
	return b, err
}

// Folder is an open course that was not taken in yet.
type Folder struct {
	Code  string // the name of its folder
	src   source
	close func() error
}

// Open opens a course: a folder, or a ZIP file of one. What is wrong with it as such are Faults.
func Open(name string) (*Folder, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("open the course: %w", err)
	}
	abs, err := filepath.Abs(name)
	if err != nil {
		return nil, fmt.Errorf("open the course: %w", err)
	}
	if info.IsDir() {
		root, err := os.OpenRoot(name) // links that lead out of it lead nowhere
		if err != nil {
			return nil, fmt.Errorf("open the course: %w", err)
		}
		d, err := openFolder(root.FS())
		if err != nil {
			root.Close()
			return nil, err
		}
		return &Folder{filepath.Base(abs), d, root.Close}, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open the course: %w", err)
	}
	a, err := openArchive(f, info.Size())
	if err != nil {
		f.Close()
		return nil, err
	}
	code := strings.TrimSuffix(a.top, "/")
	if code == "" {
		code = strings.TrimSuffix(filepath.Base(abs), path.Ext(abs))
	}
	return &Folder{code, a, f.Close}, nil
}

// OpenFS opens a course that the program brings, under its code.
func OpenFS(code string, from fs.FS) (*Folder, error) {
	d, err := openFolder(from)
	if err != nil {
		return nil, err
	}
	return &Folder{code, d, func() error { return nil }}, nil
}

// Close lets go of the folder.
func (f *Folder) Close() error { return f.close() }
