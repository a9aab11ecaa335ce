package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// subsetFonts cuts the installed fonts down to the characters Tizi writes and
// gives the folder the small ones are in.
func subsetFonts(ui string) (string, error) {
	dir, err := os.MkdirTemp("", "tizi-fonts-")
	if err != nil {
		return "", err
	}
	abs, err := filepath.Abs(filepath.Join(ui, "build", "fonts.mjs"))
	if err != nil {
		return "", err
	}
	cmd := exec.Command("node", abs, dir)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		os.RemoveAll(dir)
		return "", fmt.Errorf("subset the fonts: %w", err)
	}
	return dir, nil
}
