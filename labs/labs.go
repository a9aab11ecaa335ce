// Package labs names the labs that a lesson may have a learner do, each a folder (docs/labs.md).
package labs

import (
	"embed"
	"io/fs"
	"path"
)

//go:embed */lab.json
var files embed.FS

// Names are those of the labs.
func Names() []string {
	found, _ := fs.Glob(files, "*/lab.json") // a pattern that is none is the only error
	out := make([]string, len(found))
	for i, f := range found {
		out[i] = path.Dir(f)
	}
	return out
}
