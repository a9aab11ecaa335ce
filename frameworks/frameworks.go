// Package frameworks holds the competency frameworks that every node knows: names and codes only, each a CASE 1.0 package.
package frameworks

import (
	"embed"
	"path"
	"strings"
)

//go:embed *.json
var files embed.FS

// All returns the CASE packages by the code under which courses name them: "digcomp-2.2".
func All() map[string][]byte {
	out := map[string][]byte{}
	names, _ := files.ReadDir(".") // an embedded folder is there
	for _, f := range names {
		b, _ := files.ReadFile(f.Name())
		out[strings.TrimSuffix(f.Name(), path.Ext(f.Name()))] = b
	}
	return out
}
