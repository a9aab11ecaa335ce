package blob

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"
)

// On a disk that is encrypted a file is one of age, for a recipient of its own: whoever has the node's key. The names of files
// are still the digests of what is in them.

// KeySize is how many bytes a key has that files are encrypted with.
const KeySize = 32

// disk hides what lies on a disk. A nil one does not.
type disk struct {
	aead cipher.AEAD
	key  []byte
}

func newDisk(key []byte) (*disk, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("blob: a key has %d bytes, this one %d", KeySize, len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return &disk{aead, key}, err
}

// stanza is what age calls the kind of a recipient.
const stanza = "tizi-disk"

// Wrap implements age.Recipient.
func (k *disk) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	return []*age.Stanza{{Type: stanza, Body: k.aead.Seal(nil, nil, fileKey, []byte(stanza))}}, nil
}

// Unwrap implements age.Identity.
func (k *disk) Unwrap(all []*age.Stanza) ([]byte, error) {
	for _, s := range all {
		if s.Type != stanza {
			continue
		}
		if b, err := k.aead.Open(nil, nil, s.Body, []byte(stanza)); err == nil {
			return b, nil
		}
	}
	return nil, age.ErrIncorrectIdentity
}

// writer hides what is written to it; end completes it.
func (k *disk) writer(f io.Writer) (w io.Writer, end func() error, err error) {
	if k == nil {
		return f, func() error { return nil }, nil
	}
	a, err := age.Encrypt(f, k)
	if err != nil {
		return nil, nil, err
	}
	return a, a.Close, nil
}

// file shows a whole file.
func (k *disk) file(f *os.File) (File, error) {
	if k == nil {
		return f, nil
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	r, size, err := age.DecryptReaderAt(f, info.Size(), k)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return shown{io.NewSectionReader(r, 0, size), f, sized{info, size}}, nil
}

type shown struct {
	*io.SectionReader
	io.Closer
	info fs.FileInfo
}

func (s shown) Stat() (fs.FileInfo, error) { return s.info, nil }

type sized struct {
	fs.FileInfo
	size int64
}

func (s sized) Size() int64 { return s.size }

// A file that comes in parts grows, which one of age cannot: it is a random start and a stream of AES in counter mode under a key
// of its own. Its digest proves it once it is whole.

// extra is how many bytes more than it has a part takes on the disk.
func (k *disk) extra() int64 {
	if k == nil {
		return 0
	}
	return aes.BlockSize
}

// stream is what a part is hidden by, from an offset on.
func (k *disk) stream(d Digest, start []byte, offset int64) (cipher.Stream, error) {
	key, err := hkdf.Key(sha256.New, k.key, d[:], "tizi part of a file", KeySize)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	at := append([]byte{}, start...)
	for i, carry := len(at)-1, uint64(offset/aes.BlockSize); i >= 0 && carry > 0; i-- {
		carry += uint64(at[i])
		at[i] = byte(carry)
		carry >>= 8
	}
	s := cipher.NewCTR(block, at)
	skip := make([]byte, offset%aes.BlockSize)
	s.XORKeyStream(skip, skip)
	return s, nil
}

// add writes bytes of a part behind those that it has.
func (k *disk) add(f *os.File, d Digest, have int64, b []byte) error {
	if k == nil {
		_, err := f.WriteAt(b, have)
		return err
	}
	start := make([]byte, aes.BlockSize)
	if have == 0 {
		rand.Read(start)
		if _, err := f.WriteAt(start, 0); err != nil {
			return err
		}
	} else if _, err := f.ReadAt(start, 0); err != nil {
		return err
	}
	s, err := k.stream(d, start, have)
	if err != nil {
		return err
	}
	out := make([]byte, len(b))
	s.XORKeyStream(out, b)
	_, err = f.WriteAt(out, have+k.extra())
	return err
}

// added shows a part from its beginning.
func (k *disk) added(f *os.File, d Digest) (io.Reader, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil || k == nil {
		return f, err
	}
	start := make([]byte, aes.BlockSize)
	if _, err := io.ReadFull(f, start); err != nil {
		return nil, err
	}
	s, err := k.stream(d, start, 0)
	return cipher.StreamReader{S: s, R: f}, err
}

// Hide encrypts the files in a folder that were not, and erases what they were as far as the disk lets it: it writes over their
// place. One that is damaged is erased, and counted. What was cut off is ended by doing it again; nobody else may have the
// folder open.
func Hide(ctx context.Context, dir string, key []byte, each func()) (damaged int, err error) {
	s, err := Open(dir, key)
	if err != nil {
		return 0, err
	}
	var all []Digest
	if err := s.Each(func(d Digest, _ time.Time) error { all = append(all, d); return nil }); err != nil {
		return 0, err
	}
	for _, d := range all {
		if err := ctx.Err(); err != nil {
			return damaged, err
		}
		whole, err := s.hide(d)
		if err != nil {
			return damaged, fmt.Errorf("encrypt the file %s: %w", d, err)
		}
		if !whole {
			damaged++
		}
		each()
	}
	// What was on its way comes again.
	for _, in := range []string{"parts", "tmp"} {
		left, err := os.ReadDir(filepath.Join(dir, in))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return damaged, err
		}
		for _, e := range left {
			if err := Erase(filepath.Join(dir, in, e.Name())); err != nil {
				return damaged, err
			}
		}
	}
	return damaged, nil
}

// hide encrypts a file; whole is false for one that was damaged and is no more.
func (s *Store) hide(d Digest) (whole bool, err error) {
	if f, err := s.Open(d); err == nil {
		return true, f.Close() // it is already
	}
	f, err := os.OpenFile(s.path(d), os.O_RDWR, 0)
	if err != nil {
		return false, err
	}
	defer f.Close()
	_, err = s.PutAs(d, f)
	if whole = err == nil; !whole {
		if !errors.Is(err, ErrDamaged) {
			return false, err
		}
		if err := os.Remove(s.path(d)); err != nil {
			return false, err
		}
	}
	return whole, Overwrite(f)
}

// Erase removes a file, and writes over its place.
func Erase(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	defer f.Close()
	return errors.Join(Overwrite(f), os.Remove(path))
}

// Overwrite writes zeros over an open file, on the disk. A disk of flash, or a file system that never writes in place, may keep
// what was there.
func Overwrite(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	zeros := make([]byte, 1<<20)
	for at := int64(0); at < info.Size(); at += int64(len(zeros)) {
		if _, err := f.WriteAt(zeros[:min(int64(len(zeros)), info.Size()-at)], at); err != nil {
			return err
		}
	}
	return f.Sync()
}
