package shell

import (
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"
	"text/template/parse"

	"tizi/internal/i18n"
)

//go:embed all:templates
var templates embed.FS

func screensOf(files embed.FS) fs.FS {
	sub, err := fs.Sub(files, "templates")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return sub
}

// blocks are the parts of a screen that the frame puts in their place.
var blocks = []string{"title", "crumbs", "lead", "actions", "main", "door"}

// setKey names a set of parsed templates. Functions are bound to a set, and what
// they say depends on the language and on whether links must carry it.
type setKey struct {
	lang i18n.Lang
	keep bool
}

// set holds all templates of one language: frames, parts, and the blocks of
// every screen under the name screen#block. One set for all screens, rather than
// one a screen, keeps a box's memory small.
type set struct {
	root    *template.Template
	screens map[string]map[string]bool
}

func (t *set) names() []string {
	var names []string
	for n := range t.screens {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

func (s *Shell) set(k setKey) (*set, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t, ok := s.sets[k]; ok {
		return t, nil
	}
	t, err := s.parse(k)
	if err != nil {
		return nil, err
	}
	s.sets[k] = t
	return t, nil
}

func (s *Shell) parse(k setKey) (*set, error) {
	funcs := s.funcs(k)
	t := &set{root: template.New("").Funcs(funcs), screens: map[string]map[string]bool{}}
	for _, files := range s.files {
		err := fs.WalkDir(files, ".", func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || path.Ext(file) != ".html" {
				return err
			}
			return t.add(files, file, funcs)
		})
		if err != nil {
			return nil, err
		}
	}
	return t, nil
}

// builtins must be named to the parser; html/template brings them itself.
var builtins = map[string]any{
	"and": 0, "or": 0, "not": 0, "len": 0, "index": 0, "slice": 0, "print": 0, "printf": 0, "println": 0,
	"html": 0, "js": 0, "urlquery": 0, "call": 0, "eq": 0, "ne": 0, "lt": 0, "le": 0, "gt": 0, "ge": 0,
}

func (t *set) add(files fs.FS, file string, funcs template.FuncMap) error {
	text, err := fs.ReadFile(files, file)
	if err != nil {
		return err
	}
	trees, err := parse.Parse(file, string(text), "", "", funcs, builtins)
	if err != nil {
		return fmt.Errorf("parse the template %w", err)
	}
	screen := strings.TrimSuffix(file, ".html")
	partial := strings.HasPrefix(path.Base(file), "_")
	for name, tree := range trees {
		if name == file { // what stands outside of every define
			if !parse.IsEmptyTree(tree.Root) {
				return fmt.Errorf("template %s: text outside of a define is never shown", file)
			}
			continue
		}
		if slices.Contains(blocks, name) {
			if partial {
				return fmt.Errorf("template %s: a file of parts has no block %q", file, name)
			}
			if t.screens[screen] == nil {
				t.screens[screen] = map[string]bool{}
			}
			t.screens[screen][name] = true
			name = screen + "#" + name
		}
		if t.root.Lookup(name) != nil {
			return fmt.Errorf("template %s: %q is defined in another file too", file, name)
		}
		if _, err := t.root.AddParseTree(name, tree); err != nil {
			return fmt.Errorf("template %s: %w", file, err)
		}
	}
	return nil
}

// run writes one template into a string.
func (t *set) run(name string, data any) (template.HTML, error) {
	var b strings.Builder
	if err := t.root.ExecuteTemplate(&b, name, data); err != nil {
		return "", err
	}
	return template.HTML(b.String()), nil // what html/template wrote is escaped
}
