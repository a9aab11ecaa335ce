// Package shell is what every page for people shares: the frame around a
// screen, the parts a screen is put together from, language and appearance, the
// built files, and the headers that keep a page to itself.
//
// A screen is one template file that defines the blocks title and main and, if
// it wants them, crumbs, lead and actions:
//
//	{{define "title"}}{{T "people.title"}}{{end}}
//	{{define "main"}}{{with .View}} … {{end}}{{end}}
//
// A screen before one is in (setup, sign-in, an error) defines door in place of
// main. Every block is given a Scene. What else a file defines is shared by all
// screens, so its name must be its own.
package shell

import (
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"sync"

	"tizi/internal/i18n"
)

// Options say what the shell cannot know by itself.
type Options struct {
	// Assets is the folder of built files, with its manifest.json.
	Assets fs.FS
	// Fill completes a page before it is shown: who is signed in, the place, the
	// navigation. It may be nil.
	Fill func(*http.Request, *Page)
	// Chosen is told the language somebody asked for, so that it can be kept with
	// the person. It may be nil.
	Chosen func(*http.Request, i18n.Lang)
	// Files is a second name of the node, from which what was imported is served; "": there is none.
	Files string
	// Log takes what went wrong while a page was written; nil is slog.Default.
	Log *slog.Logger
}

// Shell renders screens. It is safe for concurrent use once every Add is done.
type Shell struct {
	opts   Options
	assets *assets
	log    *slog.Logger
	files  []fs.FS

	mu   sync.Mutex // guards sets
	sets map[setKey]*set
}

// New makes a shell over the built files.
func New(opts Options) (*Shell, error) {
	if opts.Assets == nil {
		return nil, errors.New("make the shell: no built files given")
	}
	a, err := loadAssets(opts.Assets)
	if err != nil {
		return nil, err
	}
	log := opts.Log
	if log == nil {
		log = slog.Default()
	}
	s := &Shell{opts: opts, assets: a, log: log, sets: map[setKey]*set{}}
	s.files = append(s.files, screensOf(templates))
	return s, nil
}

// AddEmbedded takes the screens that a package has in its folder templates. See Add.
func (s *Shell) AddEmbedded(screens embed.FS) error { return s.Add(screensOf(screens)) }

// Add takes the template files of a package of screens. The file people/list.html
// is the screen "people/list"; a file whose name begins with _ only defines
// parts. A file that does not parse, or a name that is taken, is an error.
func (s *Shell) Add(files fs.FS) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files = append(s.files, files)
	clear(s.sets)
	_, err := s.parse(setKey{lang: i18n.FR})
	if err != nil {
		s.files = s.files[:len(s.files)-1]
	}
	return err
}

// Screens lists the names of the screens there are, sorted.
func (s *Shell) Screens() ([]string, error) {
	t, err := s.set(setKey{lang: i18n.FR})
	if err != nil {
		return nil, err
	}
	return t.names(), nil
}
