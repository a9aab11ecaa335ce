package shell

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

// served is where the built files are, as ui/build writes it into the styles.
const served = "/assets/"

// assets serves the built files. Their names carry a digest of their content,
// so a browser may keep them for ever. They stay where they are until they are
// asked for: the vocabulary of a lab has megabytes that few nodes ever send.
type assets struct {
	dir    fs.FS
	names  map[string]string
	zipped map[string]bool // by file: whether it has a compressed twin
}

func loadAssets(dir fs.FS) (*assets, error) {
	list, err := fs.ReadFile(dir, "manifest.json")
	if err != nil {
		return nil, fmt.Errorf("load the interface: it has not been built; run go run ./ui/build and compile again: %w", err)
	}
	a := &assets{dir: dir, names: map[string]string{}, zipped: map[string]bool{}}
	if err := json.Unmarshal(list, &a.names); err != nil {
		return nil, fmt.Errorf("load the interface: read its manifest: %w", err)
	}
	for _, file := range a.names {
		if _, err := fs.Stat(dir, file); err != nil {
			return nil, fmt.Errorf("load the interface: %w", err)
		}
		_, err := fs.Stat(dir, file+".gz")
		a.zipped[file] = err == nil // pictures and fonts are compressed as they are
	}
	return a, nil
}

func kindOf(file string) string {
	switch path.Ext(file) {
	case ".woff2": // not in every system's table
		return "font/woff2"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".webmanifest":
		return "application/manifest+json"
	}
	return mime.TypeByExtension(path.Ext(file))
}

// url is the address of a file by its plain name; an unknown name is a mistake
// in a template and fails there.
func (a *assets) url(name string) (string, error) {
	file, ok := a.names[name]
	if !ok {
		return "", fmt.Errorf("the interface has no built file %q", name)
	}
	return served + file, nil
}

func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, served)
	zipped, ok := a.zipped[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", kindOf(name))
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	if zipped {
		h.Set("Vary", "Accept-Encoding")
		if takesGzip(r) {
			h.Set("Content-Encoding", "gzip")
			name += ".gz"
		}
	}
	f, err := a.dir.Open(name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer f.Close()
	http.ServeContent(w, r, "", time.Time{}, f.(io.ReadSeeker)) // files of a program and of a disk both are
}

// Asset is the address of a built file by its plain name.
func (s *Shell) Asset(name string) (string, error) { return s.assets.url(name) }

// always are the built files without which no page stands: what a device keeps for when there is no link.
var always = []string{"app.css", "desk.css", "entry.css", "app.js", "offline.js", "icons.svg", "favicon.svg"}

// worker makes the service worker: the built script, behind the names of the files that it keeps. They carry digests, so each program
// that has other files has another worker, and a browser that has an old one takes it by itself.
func (a *assets) worker() ([]byte, error) {
	var list struct {
		Version string   `json:"version"`
		Files   []string `json:"files"`
	}
	for _, name := range slices.Sorted(maps.Keys(a.names)) {
		if slices.Contains(always, name) || path.Ext(name) == ".woff2" {
			list.Files = append(list.Files, served+a.names[name])
		}
	}
	script, err := fs.ReadFile(a.dir, a.names["sw.js"])
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(a.names)) {
		io.WriteString(h, a.names[name]+"\n")
	}
	list.Version = hex.EncodeToString(h.Sum(nil)[:8])
	b, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	return slices.Concat([]byte("self.tizi = "), b, []byte(";\n"), script), nil
}

// serveWorker answers with the service worker, at the root: it keeps pages of the whole program.
func (a *assets) serveWorker(w http.ResponseWriter, r *http.Request) {
	b, err := a.worker()
	if err != nil {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", kindOf("sw.js"))
	h.Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
}

func takesGzip(r *http.Request) bool {
	for _, part := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name == "gzip" && strings.ReplaceAll(params, " ", "") != "q=0" {
			return true
		}
	}
	return false
}
