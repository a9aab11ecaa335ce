package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

// TestLabs runs the tests that labs and their frame bring, with the test runner of Node.js.
func TestLabs(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no Node.js here")
	}
	if !exists("../node_modules/.package-lock.json") {
		t.Skip("the packages are not installed: run npm ci in ui")
	}
	var found []string
	for _, pattern := range []string{"../../labs/*/*.test.ts", "../src/lab/*.test.ts"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, files...)
	}
	if len(found) == 0 {
		t.Fatal("no tests of labs were found")
	}
	for _, file := range found {
		name, err := filepath.Rel("../..", file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.ToSlash(name), func(t *testing.T) {
			o := options(abs("../src"))
			o.EntryPoints = []string{abs(file)}
			o.Outdir, o.Outbase, o.EntryNames = t.TempDir(), "", "test"
			o.OutExtension = map[string]string{".js": ".mjs"}
			o.Platform, o.Write = api.PlatformNode, true
			o.Engines, o.MinifyIdentifiers = nil, false
			o.NodePaths = []string{abs("../node_modules")}
			o.Alias = map[string]string{"lab": abs("../src/lab")}
			if r := api.Build(o); len(r.Errors) > 0 {
				t.Fatalf("bundle: %s", r.Errors[0].Text)
			}
			cmd := exec.Command(node, "--test", filepath.Join(o.Outdir, "test.mjs"))
			cmd.Env = append(os.Environ(), "TIZI_MODULES="+abs("../node_modules"))
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			} else {
				t.Logf("%s", out)
			}
		})
	}
}

var brace = regexp.MustCompile(`\{\w+\}`)

// TestLabWords holds the strings of labs against French: Arabic and English have all of them, Tamazight what a learner is told to
// do, and what is filled in is the same everywhere.
func TestLabWords(t *testing.T) {
	dirs, err := filepath.Glob("../../labs/*/strings")
	if err != nil || len(dirs) == 0 {
		t.Fatal("no labs were found", err)
	}
	for _, dir := range append(dirs, "../src/lab/strings") {
		all, err := words(dir)
		if err != nil {
			t.Error(dir, err)
			continue
		}
		for _, lang := range tongues {
			missing := 0
			for key, french := range all["fr"] {
				s, ok := all[lang][key]
				if !ok {
					missing++
					if lang != "zgh" || key == "title" || key == "aim" || strings.HasPrefix(key, "step.") && !strings.HasSuffix(key, ".todo") {
						t.Errorf("%s/%s.json lacks %s", dir, lang, key)
					}
					continue
				}
				want, got := brace.FindAllString(french, -1), brace.FindAllString(s, -1)
				slices.Sort(want)
				slices.Sort(got)
				if !slices.Equal(want, got) {
					t.Errorf("%s/%s.json: %s fills in %v, and French %v", dir, lang, key, got, want)
				}
			}
			t.Logf("%s: %s lacks %d of %d strings", dir, lang, missing, len(all["fr"]))
		}
	}
}
