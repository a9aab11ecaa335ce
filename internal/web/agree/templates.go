package agree

import (
	"embed"
	"io/fs"
)

//go:embed all:templates
var templates embed.FS

// Templates are the screens of this package, for shell.Add.
func Templates() fs.FS {
	sub, err := fs.Sub(templates, "templates")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return sub
}
