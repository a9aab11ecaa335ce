package author

import "embed"

// Templates are the screens of this package, for shell.AddEmbedded.
//
//go:embed all:templates
var Templates embed.FS
