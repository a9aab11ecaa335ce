package house_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tizi/internal/house"
)

var created = regexp.MustCompile(`CREATE TABLE (?:IF NOT EXISTS )?([a-z_]+)`)

// The data map of docs/privacy names every table and every kind of fact, or whoever files it files what is not true.
func TestDataMapIsWhole(t *testing.T) {
	b, err := os.ReadFile("../../docs/privacy/carte-des-donnees.md")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	r := house.Registry()
	for _, x := range r.Tables() {
		names = append(names, x.Name)
	}
	names = append(names, r.Kinds()...)
	files, err := filepath.Glob("../*/schema/*.sql")
	if err != nil || len(files) < 4 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		sql, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range created.FindAllStringSubmatch(string(sql), -1) {
			names = append(names, m[1])
		}
	}
	for _, n := range names {
		if n != "fact_" && !strings.Contains(string(b), "`"+n+"`") {
			t.Errorf("docs/privacy/carte-des-donnees.md does not name %s", n)
		}
	}
}
