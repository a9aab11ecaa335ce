package house_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tizi/internal/house"
)

// The data map that is filed with the authority names every table and every kind of fact there is.
func TestDataMapIsWhole(t *testing.T) {
	b, err := os.ReadFile("../../docs/privacy/donnees.md")
	must(t, err)
	named := func(what string) {
		if !strings.Contains(string(b), "`"+what+"`") {
			t.Errorf("docs/privacy/donnees.md does not say what %s is for", what)
		}
	}
	r := house.Registry()
	for _, k := range r.Kinds() {
		named(k)
	}
	for _, x := range r.Tables() {
		named(x.Name)
	}
	made, gone := regexp.MustCompile(`(?i)create table (?:if not exists )?(\w+)`), regexp.MustCompile(`(?i)drop table (\w+)`)
	found, dropped := map[string]bool{}, map[string]bool{}
	must(t, filepath.WalkDir("..", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Base(filepath.Dir(p)) != "schema" {
			return err
		}
		sql, err := os.ReadFile(p)
		for _, m := range made.FindAllStringSubmatch(string(sql), -1) {
			found[strings.TrimRight(m[1], "_0123456789")] = true // a partition is its table
		}
		up, _, _ := strings.Cut(string(sql), "+goose Down")
		for _, m := range gone.FindAllStringSubmatch(up, -1) {
			dropped[m[1]] = true
		}
		return err
	}))
	for table := range found {
		if !dropped[table] {
			named(table)
		}
	}
	if len(found) < 20 {
		t.Errorf("only %d tables in migrations: this test looks in the wrong place", len(found))
	}
}
