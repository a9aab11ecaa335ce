// Package curriculum holds the courses that the program brings, each a folder (docs/courses.md).
package curriculum

import (
	"embed"
	"io/fs"
)

//go:embed enfants-8-14 formateurs masterclass-femmes
var files embed.FS

// Codes are those of the courses.
func Codes() []string {
	var out []string
	folders, _ := files.ReadDir(".") // an embedded folder is there
	for _, f := range folders {
		out = append(out, f.Name())
	}
	return out
}

// Course is the folder of one; nil of a code that is none of Codes.
func Course(code string) fs.FS {
	if info, err := fs.Stat(files, code); err != nil || !info.IsDir() {
		return nil
	}
	f, _ := fs.Sub(files, code) // a folder, as was seen
	return f
}
