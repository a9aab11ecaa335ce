package list

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tizi/internal/sheet"
)

func catalogue(t *testing.T, lang string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "i18n", "catalogue", lang, "import-reasons.json"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatalf("%s: %v", lang, err)
	}
	return out
}

// The English catalogue and the sentences that a program prints without one are the same; each language has all of them.
func TestCatalogues(t *testing.T) {
	want := maps.Clone(English)
	maps.Copy(want, sheet.English)
	for _, lang := range []string{"fr", "ar", "en"} {
		got := catalogue(t, lang)
		for code, text := range want {
			if lang == "en" && got[code] != text {
				t.Errorf("en: %s is %q in the catalogue, %q in the program", code, got[code], text)
			}
			if got[code] == "" {
				t.Errorf("%s: no %s", lang, code)
			}
		}
		for _, f := range Fields {
			if got["import.field."+string(f)] == "" {
				t.Errorf("%s: no name for the field %s", lang, f)
			}
		}
		for _, why := range []string{sheet.SkippedTotal, sheet.SkippedFooter, sheet.SkippedHeader} {
			if got[why] == "" {
				t.Errorf("%s: no %s", lang, why)
			}
		}
		if n := len(want) + len(Fields) + 3; len(got) != n {
			t.Errorf("%s: %d messages, %d expected", lang, len(got), n)
		}
	}
}

// What a screen calls a field is a heading for it: a template made of these names is read back without a doubt.
func TestFieldNamesAreHeadings(t *testing.T) {
	for _, lang := range []string{"fr", "ar", "en", "zgh"} {
		names := catalogue(t, lang)
		for _, f := range Fields {
			name := names["import.field."+string(f)]
			if name == "" || f == Ignored {
				continue
			}
			if m, sure := Guess([]string{name}, nil); m[0] != f || sure[0] < 0.7 {
				t.Errorf("%s: %q is taken for %s (%.2f), not %s", lang, name, m[0], sure[0], f)
			}
			if !Known(name) {
				t.Errorf("%s: %q is not known for a heading", lang, name)
			}
		}
		// All in one file: both scripts in parts, and all the rest.
		var header []string
		var want Mapping
		for _, f := range Fields {
			if name := names["import.field."+string(f)]; name != "" && f != Ignored && f != FullName && f != First && f != Last &&
				!strings.HasPrefix(string(f), "name_") {
				header, want = append(header, name), append(want, f)
			}
		}
		if m, _ := Guess(header, nil); !slices.Equal(m, want) {
			t.Errorf("%s: %q\nis taken for %v\nnot %v", lang, header, m, want)
		}
	}
}
