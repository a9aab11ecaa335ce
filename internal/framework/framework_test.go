package framework_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tizi/frameworks"
	"tizi/internal/fault"
	"tizi/internal/framework"
	"tizi/internal/house"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/store"
	"tizi/internal/testhouse"
	"tizi/internal/testnode"
)

var (
	ctx  = context.Background()
	must = testnode.Must
)

// samples are CASE packages of others, by the names of their files.
func samples(t testing.TB) map[string][]byte {
	dir := os.Getenv("TIZI_SAMPLES")
	if dir == "" {
		dir = "../../../shared/samples"
	}
	out := map[string][]byte{}
	names, _ := filepath.Glob(filepath.Join(dir, "case", "*Framework.json"))
	for _, n := range names {
		b, err := os.ReadFile(n)
		must(t, err)
		out[strings.ToLower(strings.TrimSuffix(filepath.Base(n), ".json"))] = b
	}
	return out
}

func TestShipped(t *testing.T) {
	want := map[string][2]int{"unesco-ai-students": {4, 12}, "unesco-ai-teachers": {5, 15}, "digcomp-2.2": {5, 21}, "ai4k12": {5, 0}}
	for code, b := range frameworks.All() {
		p, err := framework.Parse(bytes.NewReader(b), "")
		must(t, err)
		if p.Code != code {
			t.Errorf("%s says that its code is %s", code, p.Code)
		}
		n := [2]int{}
		for _, it := range p.Items {
			n[it.Depth]++
			for _, l := range []i18n.Lang{i18n.AR, i18n.FR, i18n.EN} {
				if it.Text[l] == "" {
					t.Errorf("%s:%s has no name in %s", code, it.Code, l)
				}
			}
		}
		if n != want[code] {
			t.Errorf("%s has %v, want %v", code, n, want[code])
		}
		delete(want, code)
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
	x := framework.Shipped()
	for _, name := range []string{"unesco-ai-students:S1.1", "unesco-ai-students:S4.3", "unesco-ai-teachers:T5.3", "digcomp-2.2:5.4", "ai4k12:5"} {
		if _, _, ok := x.Find(name); !ok {
			t.Errorf("%s is not there", name)
		}
	}
}

// What came is given out as it came, on both engines, and the same again writes nothing.
func TestRoundTrip(t *testing.T) {
	all := samples(t)
	if len(all) == 0 {
		t.Log("no samples: name their folder in TIZI_SAMPLES")
	}
	for code, b := range frameworks.All() {
		all[code] = b
	}
	// One that does not fit into a fact.
	var items []any
	for i := range 1500 {
		items = append(items, map[string]any{"identifier": fmt.Sprint("i", i), "uri": "urn:x", "lastChangeDateTime": "2026-01-01T00:00:00Z", "fullStatement": strings.Repeat("long ", 20), "humanCodingScheme": fmt.Sprint(i)})
	}
	large, err := json.Marshal(map[string]any{"CFDocument": map[string]any{"identifier": "d", "uri": "urn:d", "creator": "x", "title": "large", "lastChangeDateTime": "2026-01-01T00:00:00Z"}, "CFItems": items, "CFDefinitions": []any{}})
	must(t, err)
	all["large"] = large
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := testnode.New(t, testhouse.Place(t, e), house.Registry())
		s := framework.New(n.Log)
		for _, code := range []string{"ai4k12", "digcomp-2.2"} { // known before anybody takes them in
			f, err := s.Code(ctx, n.DB, code)
			must(t, err)
			items, err := s.Items(ctx, n.DB, f.ID)
			must(t, err)
			if raw, err := s.RawItem(ctx, n.DB, items[0].Identifier); err != nil || len(raw) == 0 || f.Items != len(items) {
				t.Errorf("%s, which the program brings: %d items, %v", code, len(items), err)
			}
		}
		for code, b := range all {
			p, err := framework.Parse(bytes.NewReader(b), code)
			must(t, err)
			changed, err := s.Import(ctx, id.Nil, p)
			must(t, err)
			if !changed {
				t.Errorf("%s is new and was known", code)
			}
			before, err := n.Count(ctx, n.DB)
			must(t, err)
			changed, err = s.Import(ctx, id.Nil, p)
			must(t, err)
			if after, _ := n.Count(ctx, n.DB); changed || after != before {
				t.Errorf("%s again wrote %d facts", code, after-before)
			}
			out, err := s.Package(ctx, n.DB, framework.ID(code))
			must(t, err)
			got, err := out.JSON()
			must(t, err)
			var a, c any
			must(t, json.Unmarshal(b, &a))
			must(t, json.Unmarshal(got, &c))
			if d := cmp.Diff(a, c); d != "" {
				t.Errorf("%s comes out changed:\n%s", code, d)
			}
			items, err := s.Items(ctx, n.DB, framework.ID(code))
			must(t, err)
			if len(items) != len(p.Items) {
				t.Errorf("%s has %d items, not %d", code, len(items), len(p.Items))
			}
		}
		l, err := s.List(ctx, n.DB)
		must(t, err)
		if len(l) != len(all) {
			t.Errorf("%d frameworks, not %d", len(l), len(all))
		}
		// A later edition takes the place.
		p, err := framework.Parse(strings.NewReader(`{"CFDocument":{"identifier":"d","uri":"urn:d","creator":"x","title":"second","lastChangeDateTime":"x"}}`), "large")
		must(t, err)
		changed, err := s.Import(ctx, id.Nil, p)
		must(t, err)
		f, err := s.Code(ctx, n.DB, "large")
		must(t, err)
		if !changed || f.Title[i18n.EN] != "second" || f.Items != 0 || f.Conflict {
			t.Errorf("a later edition: %+v", f)
		}
		n.Whole()
	})
}

func TestBad(t *testing.T) {
	doc := `"CFDocument":{"identifier":"d","title":"x"}`
	for in, want := range map[string]string{
		``:                                "framework.fault.json",
		`[1]`:                             "framework.fault.json",
		`{}`:                              "framework.fault.document",
		"{\n\n" + doc + `, "CFItems": [}`: "framework.fault.json",
		`{` + doc + `, "CFItems": {}}`:    "framework.fault.list",
		`{` + doc + `, "CFStuff": []}`:    "framework.fault.unknown",
		`{` + doc + `, "CFItems": [{"identifier":"a"}]}`:                                                                                                                                                     "framework.fault.missing",
		`{` + doc + `, "CFItems": [{"identifier":"a","fullStatement":"x"},{"identifier":"a","fullStatement":"y"}]}`:                                                                                          "framework.fault.twice",
		`{` + doc + `, "CFItems": [{"identifier":"a","fullStatement":"` + strings.Repeat("x", 50<<10) + `"}]}`:                                                                                               "framework.fault.piece",
		`{` + doc + `, "CFItems": [{"identifier":"a","fullStatement":"x"}], "CFAssociations": [{"associationType":"isChildOf","originNodeURI":{"identifier":"a"},"destinationNodeURI":{"identifier":"a"}}]}`: "framework.fault.ring",
	} {
		_, err := framework.Parse(strings.NewReader(in), "x")
		var f fault.Faults
		if !errors.As(err, &f) || f[0].Key != want {
			t.Errorf("%.60s: %v, want %s", in, err, want)
		}
	}
	if _, err := framework.Parse(strings.NewReader("{"+doc+"}"), "../x"); err == nil {
		t.Error("a path is taken for a code")
	}
}

func FuzzParse(f *testing.F) {
	for _, b := range frameworks.All() {
		f.Add(b)
	}
	for _, b := range samples(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := framework.Parse(bytes.NewReader(b), "x")
		if err != nil {
			return
		}
		out, err := p.JSON()
		must(t, err)
		if _, err := framework.Parse(bytes.NewReader(out), "x"); err != nil {
			t.Errorf("what is given out is not taken back: %v", err)
		}
	})
}
