package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"
)

// An archive is a tar of a few files, compressed with zstd and encrypted with age: whoever has the key opens it with the
// tools of those names as well.

// pack writes files into an archive that recipients can open. It is there whole, on the disk, or not at all.
func pack(ctx context.Context, path string, to []age.Recipient, files map[string]source, order []string) error {
	part := path + half
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	err = func() error {
		a, err := age.Encrypt(f, to...)
		if err != nil {
			return err
		}
		z, err := zstd.NewWriter(a, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
		if err != nil {
			return err
		}
		t := tar.NewWriter(z)
		for _, name := range order {
			if err := addFile(ctx, t, name, files[name]); err != nil {
				return err
			}
		}
		return errors.Join(t.Close(), z.Close(), a.Close(), f.Sync())
	}()
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		os.Remove(part)
		return fmt.Errorf("write the backup: %w", err)
	}
	if d, err := os.Open(filepath.Dir(path)); err == nil {
		d.Sync() // not every stick can
		d.Close()
	}
	return nil
}

// source opens a file that is to be packed.
type source func() (r io.ReadCloser, size int64, err error)

// ofBytes is the source of what is in memory.
func ofBytes(b []byte) source {
	return func() (io.ReadCloser, int64, error) { return io.NopCloser(bytes.NewReader(b)), int64(len(b)), nil }
}

func addFile(ctx context.Context, t *tar.Writer, name string, from source) error {
	f, size, err := from()
	if err != nil {
		return err
	}
	defer f.Close()
	if err := t.WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o600, ModTime: time.Unix(0, 0), Format: tar.FormatPAX}); err != nil {
		return err
	}
	_, err = io.Copy(t, reader(func(b []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return f.Read(b)
	}))
	return err
}

type reader func([]byte) (int, error)

func (r reader) Read(b []byte) (int, error) { return r(b) }

// ErrDamaged is returned, wrapped, for an archive that is not whole.
var ErrDamaged = errors.New("this backup is damaged or was cut short; take an older one")

// ErrKey is returned, wrapped, where a key does not open an archive.
var ErrKey = errors.New("this key does not open the backup: it was made for another sheet")

// unpack reads an archive into a folder. Only names that are expected are taken.
func unpack(path string, key age.Identity, dir string, expected func(name string) bool) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read the backup: %w", err)
	}
	defer f.Close()
	a, err := age.Decrypt(f, key)
	var none *age.NoIdentityMatchError
	if errors.As(err, &none) {
		return ErrKey
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	z, err := zstd.NewReader(a, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
	if err != nil {
		return err
	}
	defer z.Close()
	t := tar.NewReader(z)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			// What stands behind the end proves that nothing was cut off.
			if _, err := io.Copy(io.Discard, z); err != nil {
				return fmt.Errorf("%w: %w", ErrDamaged, err)
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		if !fs.ValidPath(h.Name) || !expected(h.Name) || h.Typeflag != tar.TypeReg {
			return fmt.Errorf("%w: it holds %q", ErrDamaged, h.Name)
		}
		if err := takeFile(filepath.Join(dir, filepath.FromSlash(h.Name)), t); err != nil {
			return err
		}
	}
}

func takeFile(path string, r io.Reader) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	_, err = io.Copy(f, r)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}
