package blob

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// A file that comes in parts waits in a folder of its own until it is whole, over any number of links and days.

// forgotten is how old a part is before it counts as given up.
const forgotten = 30 * 24 * time.Hour

// ErrPart is returned, wrapped, for a part that does not go on where the last one ended.
var ErrPart = errors.New("this part of a file is not the next")

func (s *Store) part(d Digest) string { return filepath.Join(s.dir, "parts", d.String()) }

// forget removes parts that were given up.
func (s *Store) forget() error {
	left, err := os.ReadDir(filepath.Join(s.dir, "parts"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range left {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > forgotten {
			os.Remove(filepath.Join(s.dir, "parts", e.Name()))
		}
	}
	return nil
}

// Part returns how many bytes of a file that comes in parts are here; of a whole one, ok is true.
func (s *Store) Part(d Digest) (n int64, ok bool) {
	if s.Has(d) {
		return 0, true
	}
	info, err := os.Lstat(s.part(d))
	if err != nil {
		return 0, false
	}
	return max(0, info.Size()-s.disk.extra()), false
}

// Append adds bytes to a file that comes in parts, at an offset; last says that they are the end. A file that then is
// another than its digest says is thrown away, with ErrDamaged.
func (s *Store) Append(d Digest, offset int64, b []byte, last bool) error {
	have, whole := s.Part(d)
	if whole {
		return nil
	}
	if offset != have {
		return fmt.Errorf("%s has %d bytes, and came from %d: %w", d, have, offset, ErrPart)
	}
	if err := os.MkdirAll(filepath.Dir(s.part(d)), 0o700); err != nil {
		return fmt.Errorf("keep a part of a file: %w", explain(err))
	}
	f, err := os.OpenFile(s.part(d), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("keep a part of a file: %w", explain(err))
	}
	defer f.Close()
	if err := s.disk.add(f, d, have, b); err != nil {
		// Half a write must not stand as a whole one.
		return errors.Join(fmt.Errorf("keep a part of a file: %w", explain(err)), f.Truncate(have+s.disk.extra()))
	}
	if !last {
		return nil
	}
	r, err := s.disk.added(f, d)
	if err != nil {
		return fmt.Errorf("keep a file: %w", err)
	}
	_, err = s.PutAs(d, r)
	if err == nil || errors.Is(err, ErrDamaged) {
		err = errors.Join(err, os.Remove(s.part(d)))
	}
	return err
}

// Each calls fn for every whole file, with the time when it came.
func (s *Store) Each(fn func(d Digest, came time.Time) error) error {
	folders, err := os.ReadDir(s.dir)
	if err != nil {
		return fmt.Errorf("list the files: %w", err)
	}
	for _, folder := range folders {
		if len(folder.Name()) != 2 {
			continue
		}
		files, err := os.ReadDir(filepath.Join(s.dir, folder.Name()))
		if err != nil {
			return fmt.Errorf("list the files: %w", err)
		}
		for _, e := range files {
			d, err := Parse(e.Name())
			if err != nil {
				continue
			}
			info, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) { // deleted since
				continue
			}
			if err == nil {
				err = fn(d, info.ModTime())
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// ReadPart returns at most most bytes of a file from an offset, and how many it has in all.
func (s *Store) ReadPart(d Digest, offset int64, most int) (b []byte, size int64, err error) {
	f, err := s.Open(d)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, fmt.Errorf("read a file: %w", err)
	}
	size = info.Size()
	if offset < 0 || offset > size {
		return nil, size, fmt.Errorf("%s has %d bytes, and %d were asked for: %w", d, size, offset, ErrPart)
	}
	b = make([]byte, min(int64(most), size-offset))
	if _, err := io.ReadFull(io.NewSectionReader(f, offset, int64(len(b))), b); err != nil {
		return nil, size, fmt.Errorf("read a file: %w", err)
	}
	return b, size, nil
}

// Size returns how many bytes a file has, or ErrMissing.
func (s *Store) Size(d Digest) (int64, error) {
	f, err := s.Open(d)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, fmt.Errorf("look at a file: %w", err)
	}
	return info.Size(), nil
}
