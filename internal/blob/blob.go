// Package blob keeps files beside the database, each under the digest of its content: photographs, documents, packages.
// A personal file is sealed with its person's key and addressed by the digest of what is on the disk, so destroying the
// key destroys the file wherever a copy of it lies.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"tizi/internal/seal"
	"tizi/internal/store"
)

// Digest is the SHA-256 of a blob as it lies on the disk.
type Digest [sha256.Size]byte

// String returns 64 hexadecimal digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// Parse reads what String wrote and nothing else: what comes from a fact, a URL or another node cannot name a path.
func Parse(s string) (Digest, error) {
	var d Digest
	if len(s) != hex.EncodedLen(len(d)) {
		return d, fmt.Errorf("blob %q: a digest has 64 hexadecimal digits", s)
	}
	if _, err := hex.Decode(d[:], []byte(s)); err != nil || d.String() != s {
		return Digest{}, fmt.Errorf("blob %q: a digest has 64 hexadecimal digits, in small letters", s)
	}
	return d, nil
}

// MarshalText writes the digits.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads them.
func (d *Digest) UnmarshalText(b []byte) error {
	v, err := Parse(string(b))
	if err == nil {
		*d = v
	}
	return err
}

// ErrMissing is returned, wrapped, for a blob that is not here. It may be on its way: facts travel before blobs.
var ErrMissing = errors.New("this node does not hold the file yet")

// ErrDamaged is returned, wrapped, for bytes that are not those of their digest.
var ErrDamaged = errors.New("the file is not the one its digest names; it is damaged or was altered")

// stale is the age at which a temporary file belongs to nobody any more. Another process may be writing to a younger
// one, and a slow upload touches its file with every block.
const stale = time.Hour

// Store is a folder of blobs. It is safe for concurrent use, by several processes too.
type Store struct {
	dir  string
	disk *disk                    // hides what lies on the disk; nil: nothing does
	temp func() (*os.File, error) // makes an empty file in the store's own folder; tests replace it to run out of room

	mu    sync.Mutex
	ready [256]bool // folders whose own names this process has made sure of
}

// Open opens the blobs in a folder, which is made when it is missing. What a crash left half written is removed. With a key of
// KeySize bytes they are encrypted on the disk; nil: they are not.
func Open(dir string, key []byte) (*Store, error) {
	s := &Store{dir: dir}
	if key != nil {
		var err error
		if s.disk, err = newDisk(key); err != nil {
			return nil, err
		}
	}
	s.temp = func() (*os.File, error) { return os.CreateTemp(s.temps(), "") }
	if err := os.MkdirAll(s.temps(), 0o700); err != nil {
		return nil, fmt.Errorf("open the files in %s: %w", dir, explain(err))
	}
	left, err := os.ReadDir(s.temps())
	if err != nil {
		return nil, fmt.Errorf("open the files in %s: %w", dir, err)
	}
	for _, e := range left {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > stale {
			os.Remove(filepath.Join(s.temps(), e.Name()))
		}
	}
	if err := s.forget(); err != nil {
		return nil, fmt.Errorf("open the files in %s: %w", dir, err)
	}
	return s, nil
}

func (s *Store) temps() string { return filepath.Join(s.dir, "tmp") }

// path spreads blobs over 256 folders: some file systems of small boxes are slow with many names in one.
func (s *Store) path(d Digest) string {
	name := d.String()
	return filepath.Join(s.dir, name[:2], name)
}

// Put keeps what r gives until its end and returns its digest and size. When it returns without an error the blob is on
// the disk; otherwise nothing is kept. Putting the same again changes nothing, and mends a copy that was damaged.
func (s *Store) Put(r io.Reader) (Digest, int64, error) {
	return s.put(func(w io.Writer) error {
		_, err := io.Copy(w, r)
		return err
	}, nil)
}

// PutAs is Put for bytes that come from elsewhere under a digest: others are refused with ErrDamaged.
func (s *Store) PutAs(want Digest, r io.Reader) (int64, error) {
	_, n, err := s.put(func(w io.Writer) error {
		_, err := io.Copy(w, r)
		return err
	}, &want)
	return n, err
}

// PutSealed seals what r gives with a person's key and keeps it. The digest and the size are those of the sealed file.
// Every call seals with another key of its own, so equal photographs do not look equal.
func (s *Store) PutSealed(key *seal.Key, r io.Reader) (Digest, int64, error) {
	return s.put(func(w io.Writer) error {
		sealed, err := key.Writer(w)
		if err != nil {
			return err
		}
		if _, err := io.Copy(sealed, r); err != nil {
			return err
		}
		return sealed.Close()
	}, nil)
}

func (s *Store) put(fill func(io.Writer) error, want *Digest) (d Digest, size int64, err error) {
	f, err := s.temp()
	if err != nil {
		return d, 0, fmt.Errorf("keep a file: %w", explain(err))
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			err = fmt.Errorf("keep a file: %w", explain(err))
		}
	}()
	h := sha256.New()
	w, end, err := s.disk.writer(f)
	if err != nil {
		return d, 0, err
	}
	count := &counter{w: io.MultiWriter(w, h)}
	if err := fill(count); err != nil {
		return d, 0, err
	}
	if err := end(); err != nil {
		return d, 0, err
	}
	h.Sum(d[:0])
	if want != nil && d != *want {
		return d, 0, fmt.Errorf("%s came as %s: %w", *want, d, ErrDamaged)
	}
	if err := f.Sync(); err != nil {
		return d, 0, err
	}
	if err := f.Close(); err != nil {
		return d, 0, err
	}
	to := s.path(d)
	if err := s.folder(d); err != nil {
		return d, 0, err
	}
	if err := os.Rename(f.Name(), to); err != nil {
		return d, 0, err
	}
	// Without this the name may be gone after a power cut, though the bytes are there.
	if err := syncDir(filepath.Dir(to)); err != nil {
		return d, 0, err
	}
	return d, count.n, nil
}

// folder makes sure that the folder of a digest is there, and will be after a power cut. One that is there already may
// have been made by a process that was cut before it could make sure, so each process does so once.
func (s *Store) folder(d Digest) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ready[d[0]] {
		return nil
	}
	if err := os.Mkdir(filepath.Dir(s.path(d)), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := syncDir(s.dir); err != nil {
		return err
	}
	s.ready[d[0]] = true
	return nil
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// File is an open blob.
type File interface {
	io.Reader
	io.Seeker
	io.ReaderAt
	io.Closer
	Stat() (fs.FileInfo, error)
}

// Open returns a blob, or ErrMissing. Its bytes are not proved while they are read to be those of the digest: Check does that
// for all, and OpenSealed for what is sealed.
func (s *Store) Open(d Digest) (File, error) {
	f, err := os.Open(s.path(d))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", d, ErrMissing)
	}
	if err != nil {
		return nil, fmt.Errorf("open a file: %w", err)
	}
	shown, err := s.disk.file(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("open a file: %s: %w", d, err)
	}
	return shown, nil
}

// OpenSealed returns the content of a sealed blob. No byte is given out that was not proved to be what the key sealed.
func (s *Store) OpenSealed(key *seal.Key, d Digest) (io.ReadCloser, error) {
	f, err := s.Open(d)
	if err != nil {
		return nil, err
	}
	r, err := key.Reader(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", d, err)
	}
	return struct {
		io.Reader
		io.Closer
	}{r, f}, nil
}

// Has reports whether a blob is here.
func (s *Store) Has(d Digest) bool {
	info, err := os.Lstat(s.path(d))
	return err == nil && info.Mode().IsRegular()
}

// Delete removes a blob; one that is not here is removed already.
func (s *Store) Delete(d Digest) error {
	if err := os.Remove(s.part(d)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove a part of a file: %w", err)
	}
	err := os.Remove(s.path(d))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = syncDir(filepath.Dir(s.path(d)))
	}
	if err != nil {
		return fmt.Errorf("remove a file: %w", err)
	}
	return nil
}

// explain names the faults that a caller treats as something else than a bug.
func explain(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", store.ErrFull, err)
	}
	return err
}

// Select reads digests, the one column of a query.
func Select(ctx context.Context, q store.Querier, query string, args []any) (out []Digest, err error) {
	err = q.Each(ctx, query, args, func(r store.Row) error {
		var digest string
		if err := r.Scan(&digest); err != nil {
			return err
		}
		d, err := Parse(digest)
		out = append(out, d)
		return err
	})
	return out, err
}
