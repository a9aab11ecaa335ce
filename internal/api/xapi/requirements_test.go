package xapi_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestRequirements: the table of what xAPI 2.0 asks names a test in each row, and those of ours are there.
func TestRequirements(t *testing.T) {
	root := "../../.."
	page, err := os.ReadFile(filepath.Join(root, "docs/xapi-requirements.md"))
	must(t, err)
	tests := map[string]string{}
	for name, dir := range map[string]string{"statement": "internal/statement", "record": "internal/record", "xapi": "internal/api/xapi"} {
		files, err := filepath.Glob(filepath.Join(root, dir, "*_test.go"))
		must(t, err)
		for _, f := range files {
			b, err := os.ReadFile(f)
			must(t, err)
			tests[name] += string(b)
		}
	}
	ours := regexp.MustCompile("`(\\w+)\\.((?:Test|Fuzz)\\w+)(?:/(\\w+))?`")
	theirs := regexp.MustCompile(`\bXAPI-\d{5}\b|\bsuite [A-Z0-9]|^not met: `)
	rows := 0
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 4 || strings.HasPrefix(cells[1], "---") || cells[1] == " requirement " {
			continue
		}
		rows++
		named := ours.FindAllStringSubmatch(cells[2], -1)
		if len(named) == 0 && !theirs.MatchString(strings.TrimSpace(cells[2])) {
			t.Errorf("no test is named in %s", line)
		}
		for _, m := range named {
			if !strings.Contains(tests[m[1]], "func "+m[2]+"(") || m[3] != "" && !strings.Contains(tests[m[1]], `{"`+m[3]+`", `) {
				t.Errorf("there is no test %s", m[0])
			}
		}
	}
	if rows < 50 {
		t.Errorf("%d rows were read", rows)
	}
}
