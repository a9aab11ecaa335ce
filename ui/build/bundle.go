package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// served is where the program serves the built files.
const served = "/assets/"

// engines are the oldest browsers the styles and scripts are written down to:
// the first of each family that knows cascade layers.
var engines = []api.Engine{
	{Name: api.EngineChrome, Version: "99"},
	{Name: api.EngineFirefox, Version: "97"},
	{Name: api.EngineSafari, Version: "15.4"},
}

// bundle makes one file of every .ts and .css right under src; what lies deeper
// is imported by those.
func bundle(ui, fonts string, w *writer) error {
	src := filepath.Join(ui, "src")
	var entries []string
	for _, pattern := range []string{"*.ts", "*.css"} {
		found, err := filepath.Glob(filepath.Join(src, pattern))
		if err != nil {
			return err
		}
		entries = append(entries, found...)
	}
	root, err := filepath.Abs(src)
	if err != nil {
		return err
	}
	o := options(root)
	o.EntryPoints = entries
	o.Plugins = []api.Plugin{subsets(fonts)}
	return run(o, root, w)
}

// options are how everything that a browser loads is built.
func options(root string) api.BuildOptions {
	return api.BuildOptions{
		Bundle:            true,
		Write:             false,
		Outdir:            root,
		Outbase:           root,
		PublicPath:        served,
		EntryNames:        "[dir]/[name]-[hash]",
		AssetNames:        "[name]-[hash]",
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		Charset:           api.CharsetUTF8,
		Format:            api.FormatESModule,
		Platform:          api.PlatformBrowser,
		Engines:           engines,
		Loader:            map[string]api.Loader{".woff2": api.LoaderFile, ".svg": api.LoaderFile},
		LogLevel:          api.LogLevelWarning,
	}
}

// run builds, and adds what came out.
func run(o api.BuildOptions, root string, w *writer) error {
	result := api.Build(o)
	if len(result.Errors) > 0 {
		return fmt.Errorf("bundle: %s", result.Errors[0].Text)
	}
	for _, f := range result.OutputFiles {
		name, err := filepath.Rel(root, f.Path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		w.add(plain(name), name, f.Contents)
	}
	return nil
}

// plain takes the digest out of a name: app-AB12CD34.css is app.css.
func plain(name string) string {
	ext := filepath.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	if i := strings.LastIndexByte(stem, '-'); i > 0 {
		stem = stem[:i]
	}
	return stem + ext
}

// subsets lets a style sheet name a subset font as url("subset:latin-400").
func subsets(dir string) api.Plugin {
	return api.Plugin{Name: "subsets", Setup: func(b api.PluginBuild) {
		b.OnResolve(api.OnResolveOptions{Filter: `^subset:`}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			file := filepath.Join(dir, strings.TrimPrefix(a.Path, "subset:")+".woff2")
			if _, err := os.Stat(file); err != nil {
				return api.OnResolveResult{}, fmt.Errorf("%s names no font that fonts.mjs makes", a.Path)
			}
			return api.OnResolveResult{Path: file}, nil
		})
	}}
}
