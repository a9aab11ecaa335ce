// Package web holds the doors for people, a folder per public, and the built
// files of the interface that all of them serve.
package web

import (
	"embed"
	"io/fs"
)

// The folder is empty but for .keep until `go run ./ui/build` has filled it;
// the shell says so when it starts without.
//
//go:embed all:dist
var dist embed.FS

// Dist is what a browser loads: styles, scripts, fonts, icons and the manifest
// that names them.
func Dist() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return sub
}
