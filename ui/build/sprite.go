package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var (
	outerSVG = regexp.MustCompile(`(?s)^\s*<svg[^>]*\bviewBox="([^"]+)"[^>]*>(.*)</svg>\s*$`)
	between  = regexp.MustCompile(`>\s+<`)
)

// sprite joins the icons of a folder into one file of symbols; a page shows one
// by its name: icons.svg#people.
func sprite(dir string, w *writer) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.svg"))
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg">`)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		m := outerSVG.FindStringSubmatch(string(data))
		if m == nil {
			return fmt.Errorf("icon %s: one <svg> with a viewBox is expected", file)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".svg")
		body := between.ReplaceAllString(strings.TrimSpace(m[2]), "><")
		fmt.Fprintf(&b, `<symbol id="%s" viewBox="%s" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">%s</symbol>`,
			name, m[1], body)
	}
	b.WriteString("</svg>\n")
	w.addHashed("icons.svg", []byte(b.String()))
	return nil
}

// static takes files that need no making, such as the browser tab's picture.
func static(dir string, w *writer) error {
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return err
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		w.addHashed(filepath.Base(file), data)
	}
	return nil
}
