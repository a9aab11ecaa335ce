package release

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/semver"

	"tizi/internal/blob"
	"tizi/internal/whole"
)

// Dir is the name of the folder of releases in the data folder.
const Dir = "releases"

// kept is how many releases of a kind of machine stay, the newest.
const kept = 3

// ErrNone is returned for a release that is not here.
var ErrNone = errors.New("there is no such release on this node; tizi upgrade list shows those that came")

// Shelf is the folder of the releases that a node has, for itself and to give to others. Several processes may use it.
type Shelf struct {
	dir  string
	keys *Keys
	// Files has the programs as they travel.
	Files *blob.Store
}

// OpenShelf opens the shelf of a data folder. It makes nothing: a node without releases has no folder for them.
func OpenShelf(data string, keys *Keys) (*Shelf, error) {
	s := &Shelf{dir: filepath.Join(data, Dir), keys: keys}
	if _, err := os.Stat(s.dir); err != nil {
		return s, nil
	}
	return s, s.make()
}

// make makes the folders.
func (s *Shelf) make() (err error) {
	if s.Files == nil {
		s.Files, err = blob.Open(filepath.Join(s.dir, "files"), nil)
	}
	return err
}

// Trusts says whether the node takes releases at all.
func (s *Shelf) Trusts() bool { return s != nil && !s.keys.none() }

func (r *Release) name() string {
	return r.Version + "_" + strings.ReplaceAll(r.Arch, "/", "-") + ".note"
}

// List returns the releases that are here whole and signed as they should be, the newest first.
func (s *Shelf) List() ([]*Release, error) {
	all, err := s.all()
	return slices.DeleteFunc(all, func(r *Release) bool { return !s.Has(r) }), err
}

// all returns also those that are still on their way.
func (s *Shelf) all() ([]*Release, error) {
	if !s.Trusts() {
		return nil, nil
	}
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the releases: %w", err)
	}
	if err := s.make(); err != nil { // another process made it
		return nil, err
	}
	var out []*Release
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".note") {
			continue
		}
		b, err := os.ReadFile(filepath.Join(s.dir, e.Name()))
		if err != nil {
			continue // it went meanwhile
		}
		if r, err := s.keys.Open(b); err == nil && r.name() == e.Name() {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b *Release) int {
		return cmp.Or(semver.Compare("v"+b.Version, "v"+a.Version), strings.Compare(a.Arch, b.Arch))
	})
	return out, nil
}

// Has says whether a release is here whole.
func (s *Shelf) Has(r *Release) bool { return s.Files != nil && s.Files.Has(r.Packed) }

// Newest returns the newest release for a kind of machine that is here whole, or nil.
func (s *Shelf) Newest(arch string) (*Release, error) {
	all, err := s.List()
	if i := slices.IndexFunc(all, func(r *Release) bool { return r.Arch == arch }); i >= 0 {
		return all[i], err
	}
	return nil, err
}

// Get returns a release that is here whole.
func (s *Shelf) Get(version, arch string) (*Release, error) {
	all, err := s.List()
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(all, func(r *Release) bool { return r.Version == version && r.Arch == arch }); i >= 0 {
		return all[i], nil
	}
	return nil, fmt.Errorf("%s for %s: %w", version, arch, ErrNone)
}

// Begin takes a signed note: from then on the release may come, in parts.
func (s *Shelf) Begin(signed []byte) (*Release, error) {
	r, err := s.keys.Open(signed)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, fmt.Errorf("keep a release: %w", err)
	}
	if err := s.make(); err != nil {
		return nil, err
	}
	return r, whole.Write(filepath.Join(s.dir, r.name()), r.note)
}

// Coming says whether a part of a file belongs to a release that was begun.
func (s *Shelf) Coming(d blob.Digest) bool {
	all, err := s.all()
	return err == nil && slices.ContainsFunc(all, func(r *Release) bool { return r.Packed == d })
}

// Add takes the file of a release in.
func (s *Shelf) Add(from io.Reader) (*Release, error) {
	if !s.Trusts() {
		return nil, ErrNoKeys
	}
	r, packed, err := s.keys.readFile(from)
	if err != nil {
		return nil, err
	}
	if _, err := s.Begin(r.note); err != nil {
		return nil, err
	}
	if _, err := s.Files.PutAs(r.Packed, packed); err != nil {
		if !s.Has(r) {
			os.Remove(filepath.Join(s.dir, r.name()))
		}
		if errors.Is(err, blob.ErrDamaged) {
			return nil, ErrDamaged
		}
		return nil, err
	}
	return r, s.Tidy()
}

// Remove takes a release away.
func (s *Shelf) Remove(r *Release) error {
	if err := os.Remove(filepath.Join(s.dir, r.name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove a release: %w", err)
	}
	if s.Files == nil || s.Coming(r.Packed) { // the same program as another version
		return nil
	}
	return s.Files.Delete(r.Packed)
}

// Tidy takes away all but the newest releases of each kind of machine, and parts of older ones.
func (s *Shelf) Tidy() error {
	all, err := s.all()
	if err != nil {
		return err
	}
	whole := map[string]int{}
	for _, r := range all {
		if whole[r.Arch] >= kept {
			if err := s.Remove(r); err != nil {
				return err
			}
		} else if s.Has(r) {
			whole[r.Arch]++
		}
	}
	return nil
}
