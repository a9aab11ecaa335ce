package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// tongues are the languages of a lab; what one lacks stands in the first.
var tongues = []string{"fr", "ar", "zgh", "en"}

// lab is a folder of labs/. What the program shows of it goes into labs.json, for package web/learn.
type lab struct {
	Name         string          `json:"name"`
	Order        int             `json:"order"`
	Age          int             `json:"age"`     // from which age on
	Minutes      int             `json:"minutes"` // of a lesson with it
	Plan         []string        `json:"plan"`    // keys of strings: how the lesson goes
	Rubric       []string        `json:"rubric"`  // keys of strings; each has .1, .2 and .3, from the first steps to mastery
	Competencies json.RawMessage `json:"competencies"`
	// Files are data beside the script: name to path under the packages of npm.
	Files   map[string]string `json:"files,omitempty"`
	Picture string            `json:"picture"` // SVG, for the page of all labs
	// Words has the strings by language, as far as a page without the lab's script shows them.
	Words map[string]map[string]string `json:"words"`
}

// pack is what a lab's element fetches: everything in one language.
type pack struct {
	Lang    string            `json:"lang"`
	Strings map[string]string `json:"strings"`
	// Other are the keys whose strings stand in French, for want of this language.
	Other  []string          `json:"other,omitempty"`
	Worker string            `json:"worker,omitempty"`
	Icons  string            `json:"icons"`
	Files  map[string]string `json:"files,omitempty"`
	Voice  map[string]string `json:"voice,omitempty"` // step to recording
}

// labs bundles every folder of dir. A lab is found by its lab.json; nothing else names it.
func labs(ui, dir string, w *writer) error {
	found, err := filepath.Glob(filepath.Join(dir, "*", "lab.json"))
	if err != nil {
		return err
	}
	if err := bundleLabs(ui, found, w); err != nil {
		return err
	}
	frame, err := words(filepath.Join(ui, "src", "lab", "strings"))
	if err != nil {
		return err
	}
	var all []*lab
	for _, file := range found {
		l, err := finish(ui, filepath.Dir(file), frame, w)
		if err != nil {
			return fmt.Errorf("lab %s: %w", filepath.Base(filepath.Dir(file)), err)
		}
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b *lab) int { return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.Name, b.Name)) })
	list, err := json.Marshal(all)
	if err != nil {
		return err
	}
	w.add("labs.json", "labs.json", list)
	return nil
}

// bundleLabs makes one script and one style sheet of each lab's lab.ts, and a script of its worker.ts.
func bundleLabs(ui string, found []string, w *writer) error {
	var entries []api.EntryPoint
	for _, file := range found {
		dir := filepath.Dir(file)
		name := "lab-" + filepath.Base(dir)
		entries = append(entries, api.EntryPoint{InputPath: abs(filepath.Join(dir, "lab.ts")), OutputPath: name})
		if worker := filepath.Join(dir, "worker.ts"); exists(worker) {
			entries = append(entries, api.EntryPoint{InputPath: abs(worker), OutputPath: name + "-worker"})
		}
	}
	root := abs(filepath.Join(ui, "src"))
	o := options(root)
	o.EntryPointsAdvanced = entries
	o.NodePaths = []string{abs(filepath.Join(ui, "node_modules"))}
	o.Alias = map[string]string{"lab": filepath.Join(root, "lab")}
	return run(o, root, w)
}

// finish reads a lab's folder and adds its strings and data.
func finish(ui, dir string, frame map[string]map[string]string, w *writer) (*lab, error) {
	data, err := os.ReadFile(filepath.Join(dir, "lab.json"))
	if err != nil {
		return nil, err
	}
	l := &lab{Name: filepath.Base(dir)}
	if err := json.Unmarshal(data, l); err != nil {
		return nil, fmt.Errorf("read lab.json: %w", err)
	}
	picture, err := os.ReadFile(filepath.Join(dir, "picture.svg"))
	if err != nil {
		return nil, err
	}
	l.Picture = between.ReplaceAllString(strings.TrimSpace(string(picture)), "><")
	own, err := words(filepath.Join(dir, "strings"))
	if err != nil {
		return nil, err
	}
	name := "lab-" + l.Name
	files := map[string]string{}
	for _, n := range slices.Sorted(maps.Keys(l.Files)) {
		data, err := os.ReadFile(filepath.Join(ui, "node_modules", filepath.FromSlash(l.Files[n])))
		if err != nil {
			return nil, err
		}
		files[n] = served + w.addHashed(name+"-"+n, data)
	}
	l.Words = map[string]map[string]string{}
	for _, lang := range tongues {
		p := pack{Lang: lang, Strings: map[string]string{}, Files: files, Icons: served + w.manifest["icons.svg"], Voice: map[string]string{}}
		if worker, ok := w.manifest[name+"-worker.js"]; ok {
			p.Worker = served + worker
		}
		for _, from := range []map[string]map[string]string{frame, own} {
			for key, french := range from[tongues[0]] {
				s, ok := from[lang][key]
				if !ok {
					s = french
					p.Other = append(p.Other, key)
				}
				p.Strings[key] = s
			}
		}
		slices.Sort(p.Other)
		if err := voices(dir, lang, name, &p, w); err != nil {
			return nil, err
		}
		text, err := json.Marshal(p)
		if err != nil {
			return nil, err
		}
		w.addHashed(name+"."+lang+".json", text)
		l.Words[lang] = map[string]string{}
		for key, s := range own[lang] {
			if shownOutside(key) {
				l.Words[lang][key] = s
			}
		}
	}
	l.Files = nil
	return l, nil
}

// shownOutside reports whether a page shows a string without the lab's script.
func shownOutside(key string) bool {
	head, _, _ := strings.Cut(key, ".")
	return slices.Contains([]string{"title", "aim", "needs", "keeps", "plan", "rubric"}, head)
}

// voices adds the spoken instructions of a lab: voice/<lang>-<step>.ogg and the like.
func voices(dir, lang, name string, p *pack, w *writer) error {
	found, err := filepath.Glob(filepath.Join(dir, "voice", lang+"-*"))
	if err != nil {
		return err
	}
	for _, file := range found {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		base := filepath.Base(file)
		step := strings.TrimSuffix(strings.TrimPrefix(base, lang+"-"), filepath.Ext(base))
		p.Voice[step] = served + w.addHashed(name+"-voice-"+base, data)
	}
	return nil
}

// words reads the strings of a folder, by language. French has all keys: one that only another language has is a mistake.
func words(dir string) (map[string]map[string]string, error) {
	all := map[string]map[string]string{}
	for _, lang := range tongues {
		data, err := os.ReadFile(filepath.Join(dir, lang+".json"))
		if err != nil {
			return nil, err
		}
		m := map[string]string{}
		if err := json.Unmarshal(data, &m); err != nil {
			return nil, fmt.Errorf("read %s.json: %w", lang, err)
		}
		all[lang] = m
		for key, s := range m {
			if lang == "fr" {
				m[key] = french.Replace(s)
			}
			if _, ok := all[tongues[0]][key]; !ok {
				return nil, fmt.Errorf("%s.json has %q, and %s.json has not", lang, key, tongues[0])
			}
		}
	}
	return all, nil
}

// french makes the spaces before its double punctuation unbreakable, as internal/i18n does.
var french = strings.NewReplacer(
	" ;", "\u202f;", " !", "\u202f!", " ?", "\u202f?", " :", "\u00a0:", " %", "\u00a0%", "« ", "«\u00a0", " »", "\u00a0»",
)

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// abs is a path from the root of the disk, which a path of a folder that exists always has.
func abs(path string) string {
	p, err := filepath.Abs(path)
	if err != nil {
		panic(err)
	}
	return p
}
