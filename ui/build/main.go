// Command build makes the files a browser loads: it subsets the fonts, bundles
// the styles and scripts, joins the icons into one sprite, finds the labs, and writes
// all of it under names that carry a digest, with a manifest from plain name to file.
//
// Run it from the repository's root:
//
//	go run ./ui/build
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	ui := flag.String("ui", "ui", "folder of the sources")
	dir := flag.String("labs", "labs", "folder of the labs")
	out := flag.String("out", filepath.Join("internal", "web", "dist"), "folder to write")
	flag.Parse()
	n, err := build(*ui, *dir, *out)
	if err != nil {
		fmt.Fprintln(os.Stderr, "build the interface:", err)
		os.Exit(1)
	}
	fmt.Printf("interface: %d files in %s\n", n, *out)
}

// build runs every step and only then touches out, so that a failed build
// leaves the files of the last good one.
func build(ui, dir, out string) (int, error) {
	if _, err := os.Stat(filepath.Join(ui, "node_modules", ".package-lock.json")); err != nil {
		return 0, fmt.Errorf("the packages are not installed: run npm ci in %s first", ui)
	}
	fonts, err := subsetFonts(ui)
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(fonts)
	w := newWriter()
	if err := bundle(ui, fonts, w); err != nil {
		return 0, err
	}
	if err := sprite(filepath.Join(ui, "icons"), w); err != nil {
		return 0, err
	}
	if err := static(filepath.Join(ui, "static"), w); err != nil {
		return 0, err
	}
	if err := labs(ui, dir, w); err != nil {
		return 0, err
	}
	return w.flush(out)
}
