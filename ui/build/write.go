package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// writer collects the built files; nothing reaches the disk before flush.
type writer struct {
	manifest map[string]string
	files    map[string][]byte
}

func newWriter() *writer {
	return &writer{manifest: map[string]string{}, files: map[string][]byte{}}
}

// add takes a file whose name carries its digest already.
func (w *writer) add(plain, hashed string, data []byte) {
	w.manifest[plain] = hashed
	w.files[hashed] = data
}

// addHashed takes a file, puts the digest of its content into its name, and gives that name.
func (w *writer) addHashed(plain string, data []byte) string {
	sum := sha256.Sum256(data)
	ext := filepath.Ext(plain)
	digest := base32.StdEncoding.EncodeToString(sum[:5])
	hashed := strings.TrimSuffix(plain, ext) + "-" + digest + ext
	w.add(plain, hashed, data)
	return hashed
}

// flush replaces what stands in dir, its .keep apart, by the collected files.
// Text goes with a compressed twin, so that a box spends nothing on it later.
func (w *writer) flush(dir string) (int, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, err
	}
	old, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	for name, data := range w.files {
		if err := put(dir, name, data); err != nil {
			return 0, err
		}
	}
	list, err := json.MarshalIndent(w.manifest, "", " ")
	if err != nil {
		return 0, err
	}
	if err := put(dir, "manifest.json", append(list, '\n')); err != nil {
		return 0, err
	}
	// The old files go last: a program being compiled meanwhile finds either set.
	for _, e := range old {
		name := strings.TrimSuffix(e.Name(), ".gz")
		if _, kept := w.files[name]; kept || name == ".keep" || name == "manifest.json" {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return 0, err
		}
	}
	return len(w.files), nil
}

func put(dir, name string, data []byte) error {
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(file, data, 0o644); err != nil {
		return err
	}
	switch filepath.Ext(name) {
	case ".css", ".js", ".json", ".svg":
	default:
		return nil
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(data); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("compress %s: %w", name, err)
	}
	return os.WriteFile(file+".gz", b.Bytes(), 0o644)
}
