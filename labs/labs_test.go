package labs_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"tizi/frameworks"
	"tizi/labs"
)

// What a lab says of competencies is found under them only where they are in a framework.
func TestCompetenciesAreInFrameworks(t *testing.T) {
	codes := map[string]map[string]bool{}
	for name, b := range frameworks.All() {
		var p struct {
			CFItems []struct{ HumanCodingScheme string }
		}
		if err := json.Unmarshal(b, &p); err != nil {
			t.Fatal(err)
		}
		codes[name] = map[string]bool{}
		for _, x := range p.CFItems {
			codes[name][x.HumanCodingScheme] = true
		}
	}
	for _, lab := range labs.Names() {
		b, err := os.ReadFile(filepath.Join(lab, "lab.json"))
		if err != nil {
			t.Fatal(err)
		}
		var about struct{ Competencies map[string][]string }
		if err := json.Unmarshal(b, &about); err != nil {
			t.Fatal(err)
		}
		if len(about.Competencies) == 0 {
			t.Errorf("%s teaches nothing", lab)
		}
		for framework, l := range about.Competencies {
			for _, c := range l {
				if !codes[framework][c] {
					t.Errorf("%s: %s has no competency %s", lab, framework, c)
				}
			}
		}
	}
}
