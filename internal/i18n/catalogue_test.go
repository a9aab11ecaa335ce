package i18n

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// dynamic lists the families of keys that are put together when a page is
// rendered ("age." + code) or kept ready as the common words of every screen.
// A key outside them that nothing mentions is a leftover and fails.
var dynamic = []string{
	"common", "error", "count", "unit", "ago",
	"age", "attendance", "centre.kind", "consent", "disability", "enrolment", "milieu",
	"place", "region", "role", "schooling", "sex", "evidence", "same.state", "same.reason", "appeal.accept", "category", "diploma", "agree.runs", "agree.mandates",
}

// TestEveryMessage reads every key in every language.
func TestEveryMessage(t *testing.T) {
	reference := catalogues()[FR]
	for _, l := range Langs {
		c := catalogues()[l]
		for _, key := range slices.Sorted(maps.Keys(reference)) {
			m, ok := c[key]
			if !ok {
				if l != ZGH {
					t.Errorf("%s: %q is missing", l, key)
				}
				continue
			}
			checkMessage(t, l, key, m, reference[key])
		}
		for _, key := range slices.Sorted(maps.Keys(c)) {
			if _, ok := reference[key]; !ok {
				t.Errorf("%s: %q does not stand in the French catalogue, which is the reference", l, key)
			}
		}
		have, total := Coverage(l)
		t.Logf("%s: %d of %d messages", l, have, total)
	}
}

func checkMessage(t *testing.T, l Lang, key string, m, reference message) {
	t.Helper()
	if m.plural != reference.plural {
		t.Errorf("%s: %q has plural forms in one of %s and fr only", l, key, l)
		return
	}
	if m.plural {
		for _, f := range needed[l] {
			if _, ok := m.forms[f]; !ok {
				t.Errorf("%s: %q lacks the plural form %q", l, key, f)
			}
		}
	}
	want, got := holes(reference.forms[other]), holes(m.forms[other])
	if !slices.Equal(want, got) {
		t.Errorf("%s: %q has the placeholders %v, French has %v", l, key, got, want)
	}
	for f, s := range m.forms {
		if strings.TrimSpace(s) != s || s == "" {
			t.Errorf("%s: %q (%s) is empty or has space around it", l, key, f)
		}
		for _, h := range holes(s) {
			if !slices.Contains(want, h) {
				t.Errorf("%s: %q (%s) has {%s}, which French has not", l, key, f, h)
			}
		}
		if strings.ContainsAny(placeholder.ReplaceAllString(s, ""), "{}") {
			t.Errorf("%s: %q (%s) has a brace that opens no placeholder: %s", l, key, f, s)
		}
		checkScript(t, l, key, s)
	}
}

// checkScript catches a text pasted into the wrong language's file, and digits
// and signs that the language does not use.
func checkScript(t *testing.T, l Lang, key, s string) {
	t.Helper()
	scripts := map[*unicode.RangeTable]Lang{unicode.Arabic: AR, unicode.Tifinagh: ZGH}
	for _, r := range s {
		if r >= '٠' && r <= '٩' || r >= '۰' && r <= '۹' {
			t.Errorf("%s: %q has Arabic-Indic digits; Morocco writes 0–9", l, key)
			return
		}
		for table, own := range scripts {
			if unicode.Is(table, r) && l != own && r != '،' && r != '؟' {
				t.Errorf("%s: %q has letters of %s: %s", l, key, own, s)
				return
			}
		}
	}
}

func holes(s string) []string {
	var names []string
	for _, m := range placeholder.FindAllStringSubmatch(s, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// TestNoKeyTwice reads the files token by token: the decoder would silently
// take the last of two equal keys.
func TestNoKeyTwice(t *testing.T) {
	for _, l := range Langs {
		seen := map[string]string{}
		dir := path.Join("catalogue", string(l))
		entries, err := fs.ReadDir(files, dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			b, err := fs.ReadFile(files, path.Join(dir, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range topKeys(t, b) {
				if where, twice := seen[key]; twice {
					t.Errorf("%s: %q stands in %s and in %s", l, key, where, e.Name())
				}
				seen[key] = e.Name()
			}
		}
	}
}

func topKeys(t *testing.T, b []byte) []string {
	t.Helper()
	var keys []string
	d := json.NewDecoder(bytes.NewReader(b))
	if _, err := d.Token(); err != nil {
		t.Fatal(err)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key.(string))
		var skip json.RawMessage
		if err := d.Decode(&skip); err != nil {
			t.Fatal(err)
		}
	}
	return keys
}

var (
	// {{T "key"}}, (T "key"), .T "key", $.T "key" and .Say, in templates.
	inTemplate = regexp.MustCompile(`(?:\{\{-?\s*|[|(\s.])(?:T|Say)\s+"([^"]+)"`)
	// (T (printf "age.%s" .Age)) in templates: the prefix is used.
	inTemplateBuilt = regexp.MustCompile(`(?:T|Say)\s+\(printf\s+"([^"%]+)%`)
	// .T("key") and .Say("key") in Go; a "+" after it makes it a prefix.
	inGo = regexp.MustCompile(`\.(?:T|Say)\(\s*"([^"]+)"(\s*\+)?`)
	// Any quoted word that may be a key: keys also travel inside errors.
	quoted = regexp.MustCompile("[\"'`]([a-z][a-zA-Z0-9_+-]*(?:\\.[a-zA-Z0-9_+-]+)*\\.?)[\"'`]")
)

// TestKeysInUse holds the catalogue against the program: what a template or the
// code asks for exists, and what exists is asked for.
func TestKeysInUse(t *testing.T) {
	var prefixes []string
	mentioned := map[string]bool{}
	exists := func(key string) bool { _, ok := catalogues()[FR][key]; return ok }
	anyWith := func(prefix string) bool {
		return slices.ContainsFunc(Keys(), func(k string) bool { return strings.HasPrefix(k, prefix) })
	}
	ask := func(file, key string) {
		if !exists(key) {
			t.Errorf("%s asks for %q, which is in no catalogue", file, key)
		}
	}
	build := func(file, prefix string) {
		if !anyWith(prefix) {
			t.Errorf("%s asks for %q…, and no key begins so", file, prefix)
		}
		prefixes = append(prefixes, prefix)
	}
	sources(t, func(file, text string) {
		switch filepath.Ext(file) {
		case ".html":
			for _, m := range inTemplate.FindAllStringSubmatch(text, -1) {
				ask(file, m[1])
			}
			for _, m := range inTemplateBuilt.FindAllStringSubmatch(text, -1) {
				build(file, m[1])
			}
		case ".go":
			for _, m := range inGo.FindAllStringSubmatch(text, -1) {
				if m[2] != "" {
					build(file, m[1])
				} else {
					ask(file, m[1])
				}
			}
		}
		for _, m := range quoted.FindAllStringSubmatch(text, -1) {
			mentioned[m[1]] = true
		}
	})
	var unused []string
	for _, key := range Keys() {
		family := slices.ContainsFunc(dynamic, func(d string) bool { return key == d || strings.HasPrefix(key, d+".") })
		built := slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(key, p) })
		if !family && !built && !mentioned[key] {
			unused = append(unused, key)
		}
	}
	if len(unused) > 0 {
		t.Errorf("%d keys that nothing asks for:\n\t%s", len(unused), strings.Join(unused, "\n\t"))
	}
}

// sources gives every Go file, template and script of the repository, this
// package's own tests apart.
func sources(t *testing.T, each func(file, text string)) {
	t.Helper()
	const root = "../.."
	for _, top := range []string{"internal", "cmd", "countries", "ui", "labs"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(file string, d fs.DirEntry, err error) error {
			if err != nil {
				if errors.Is(err, fs.ErrNotExist) {
					return nil
				}
				return err
			}
			if d.IsDir() {
				switch d.Name() {
				case "node_modules", "dist", "testdata", "i18n":
					return fs.SkipDir
				}
				return nil
			}
			switch filepath.Ext(file) {
			case ".go", ".html", ".ts":
			default:
				return nil
			}
			b, err := os.ReadFile(file)
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			each(strings.TrimPrefix(file, root+"/"), string(b))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestPatterns keeps the patterns above honest: one that matches nothing would
// pass every page.
func TestPatterns(t *testing.T) {
	for text, want := range map[string]string{
		`<p>{{T "a.b"}}</p>`:               "a.b",
		`{{- T "a.b" -}}`:                  "a.b",
		`{{template "x" (T "a.b" "n" 3)}}`: "a.b",
		`{{.T "a.b"}}`:                     "a.b",
		`{{$.T "a.b" "n" .N}}`:             "a.b",
		`{{if .P.T "a.b"}}`:                "a.b",
		`{{"x" | T "a.b"}}`:                "a.b",
	} {
		if m := inTemplate.FindStringSubmatch(text); m == nil || m[1] != want {
			t.Errorf("%s: found %q, want %q", text, m, want)
		}
	}
	if m := inTemplateBuilt.FindStringSubmatch(`{{T (printf "age.%s" .Age)}}`); m == nil || m[1] != "age." {
		t.Errorf("a built key in a template is not found: %q", m)
	}
	if m := inGo.FindStringSubmatch(`p.T("age." + code)`); m == nil || m[2] == "" {
		t.Errorf("a built key in Go is not found: %q", m)
	}
}

// TestAttendanceKeysDiffer: on an attendance sheet one letter is one mark.
func TestAttendanceKeysDiffer(t *testing.T) {
	for _, l := range Langs {
		seen := map[string]string{}
		for _, mark := range []string{"present", "late", "excused", "absent"} {
			key := For(l).T("attendance.key." + mark)
			if len([]rune(key)) != 1 || seen[key] != "" {
				t.Errorf("%s: the key of %s is %q, that of %q too", l, mark, key, seen[key])
			}
			seen[key] = mark
		}
	}
}

// TestNoRangeInFiguresInArabic: right-to-left text swaps the ends of "8–10".
func TestNoRangeInFiguresInArabic(t *testing.T) {
	ranged := regexp.MustCompile(`[0-9}] ?[-–] ?[0-9{]`)
	for key, m := range catalogues()[AR] {
		for _, s := range m.forms {
			if ranged.MatchString(s) {
				t.Errorf("%q: write the range in words: %s", key, s)
			}
		}
	}
}

// In Arabic a thing has one name on all screens: a course is دورة, a lesson درس, a session حصة, a trainer مكوّن.
func TestArabicHasOneWordForAThing(t *testing.T) {
	for key, m := range catalogues()[AR] {
		for _, s := range m.forms {
			for _, other := range []string{"مؤطر", "مكون", "جلسة", "جلسات"} {
				if strings.Contains(s, other) {
					t.Errorf("%s says %s: %s", key, other, s)
				}
			}
		}
	}
	for key, want := range map[string]string{"learn.title": "الدورات", "author.course": "الدورة", "learning.course": "الدورة", "gains.course": "الدورة", "author.lesson": "الدرس", "learning.lesson": "الدرس", "learn.lessons_title": "الدروس", "my.sessions": "الحصص"} {
		if s := For(AR).T(key); s != want {
			t.Errorf("%s is %s, not %s", key, s, want)
		}
	}
}

// What families and children read in Tamazight stands in the list that a native reader works through, word for word, and is
// spelt with the letters of IRCAM alone.
func TestTamazightIsToBeConfirmed(t *testing.T) {
	b, err := os.ReadFile("../../docs/translation.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(b)
	confirmed := doc[strings.Index(doc, "## Confirmed"):]
	const letters = "ⴰⴱⴳⵯⴷⴹⴻⴼⴽⵀⵃⵄⵅⵇⵉⵊⵍⵎⵏⵓⵔⵕⵖⵙⵚⵛⵜⵟⵡⵢⵣⵥ"
	look := func(key, text string) {
		if !strings.Contains(confirmed, "`"+key+"`") && !strings.Contains(doc, "| `"+key+"` | "+text+" |") {
			t.Errorf("docs/translation.md does not ask for %s as it stands", key)
		}
		for _, r := range text {
			if unicode.Is(unicode.Tifinagh, r) && !strings.ContainsRune(letters, r) {
				t.Errorf("%s: %q is no letter of IRCAM", key, r)
			}
		}
	}
	read := func(file string, into any) {
		b, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(b, into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{"consent", "safe"} {
		all := map[string]any{}
		read("catalogue/zgh/"+f+".json", &all)
		for key, v := range all {
			if forms, ok := v.(map[string]any); ok {
				v = forms["other"]
			}
			look(key, v.(string))
		}
	}
	for _, p := range []string{"training", "image", "follow_up", "research"} {
		text := map[string]string{}
		read("../consent/texts/"+p+".json", &text)
		if text["zgh"] == "" {
			t.Errorf("the text of %s has no Tamazight", p)
		}
		look("consent."+p, text["zgh"])
	}
}
