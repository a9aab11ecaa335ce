package course

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

//go:embed all:start
var start embed.FS

// Start makes a small whole course in a folder, which must be empty or not be there.
func Start(dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("make the course: %w", err)
	}
	if !IsName(filepath.Base(abs)) {
		return refuse("", "course.fault.folder", "name", filepath.Base(abs))
	}
	if l, err := os.ReadDir(dir); err == nil && len(l) > 0 {
		return refuse("", "course.fault.not_empty", "dir", dir)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("make the course: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the course: %w", err)
	}
	files, err := fs.Sub(start, "start")
	if err != nil {
		return err
	}
	if err := os.CopyFS(dir, files); err != nil {
		return fmt.Errorf("make the course: %w", err)
	}
	return nil
}
