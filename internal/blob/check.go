package blob

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// Report is what Check found.
type Report struct {
	Blobs   int64    `json:"blobs"`
	Bytes   int64    `json:"bytes"`
	Damaged []Digest `json:"damaged"` // to be fetched again from another node
	Strange []string `json:"strange"` // names that the store did not write
}

// Check reads every blob and compares it with its digest. Blobs that come or go meanwhile are no fault.
func (s *Store) Check(ctx context.Context) (*Report, error) {
	rep := &Report{Damaged: []Digest{}, Strange: []string{}}
	buf := make([]byte, 256<<10)
	folders, err := os.ReadDir(s.dir)
	if err != nil {
		return rep, fmt.Errorf("check the files: %w", err)
	}
	for _, folder := range folders {
		if folder.Name() == "tmp" || folder.Name() == "parts" {
			continue
		}
		files, err := os.ReadDir(filepath.Join(s.dir, folder.Name()))
		if !folder.IsDir() || err != nil {
			rep.Strange = append(rep.Strange, folder.Name())
			continue
		}
		for _, e := range files {
			if err := ctx.Err(); err != nil {
				return rep, err
			}
			d, err := Parse(e.Name())
			if err != nil || e.Name()[:2] != folder.Name() || !e.Type().IsRegular() {
				rep.Strange = append(rep.Strange, filepath.Join(folder.Name(), e.Name()))
				continue
			}
			n, err := s.verify(d, buf)
			switch {
			case errors.Is(err, ErrMissing): // deleted since
			case err != nil: // what the disk cannot read is as lost as what it reads wrongly
				rep.Blobs++
				rep.Damaged = append(rep.Damaged, d)
			default:
				rep.Blobs++
				rep.Bytes += n
			}
		}
	}
	return rep, nil
}

func (s *Store) verify(d Digest, buf []byte) (int64, error) {
	f, err := s.Open(d)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.CopyBuffer(h, f, buf)
	if err != nil {
		return n, err
	}
	if !slices.Equal(h.Sum(nil), d[:]) {
		return n, ErrDamaged
	}
	return n, nil
}

// Sound reports whether a file is here and is the one that its digest names.
func (s *Store) Sound(d Digest) bool {
	_, err := s.verify(d, make([]byte, 256<<10))
	return err == nil
}
