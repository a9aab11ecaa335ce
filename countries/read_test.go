package countries

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"tizi/internal/i18n"
)

const head = "code,parent,type,kind,name_fr,milieu,lat,lon,tile_col,tile_row,sample\n"

func read(t *testing.T, file string, known ...Place) ([]Place, []RowError) {
	t.Helper()
	places, bad, err := ReadPlaces(strings.NewReader(file), known...)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range bad {
		for _, l := range i18n.Langs {
			if s := e.Text(i18n.For(l)); strings.ContainsAny(s, "[{") {
				t.Errorf("the reason %q says %q in %s", e.Key, s, l)
			}
		}
	}
	return places, bad
}

// brief writes errors as "line column key", the key without its common prefix.
func brief(bad []RowError) []string {
	var out []string
	for _, e := range bad {
		out = append(out, fmt.Sprintf("%d %s %s", e.Line, e.Column, strings.TrimPrefix(e.Key, "place.import.")))
	}
	return out
}

func codes(places []Place) string {
	var out []string
	for _, p := range places {
		out = append(out, p.Code)
	}
	return strings.Join(out, " ")
}

func TestReadPlaces(t *testing.T) {
	places, bad := read(t, head+
		"C1,R1,centre,youth,Un,rural,\"31,93\",-4.42,,,yes\n"+
		"\n"+
		"R1,X,region,,Nord,,,,4,0,\n"+
		"X,,country,,Pays,,0.5,1,,,\n")
	if bad != nil {
		t.Fatalf("objections: %v", bad)
	}
	if got := codes(places); got != "X R1 C1" {
		t.Errorf("parents before children: %s", got)
	}
	want := Place{
		Code: "C1", Parent: "R1", Type: TypeCentre, Kind: KindYouth, Name: i18n.Text{i18n.FR: "Un"},
		Milieu: "rural", Lat: 31.93, Lon: -4.42, Sample: true, Line: 2,
	}
	if got := places[2]; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	if r := places[1]; !r.HasTile || r.TileCol != 4 || r.TileRow != 0 || r.Line != 4 {
		t.Errorf("the region: %+v", r)
	}
}

func TestReadSpreadsheets(t *testing.T) {
	for what, file := range map[string]string{
		"byte order mark and semicolons": "\ufeffcode;parent;type;name_ar;lat;lon\r\nX;;country;المغرب;31,8;-7,1\r\n;;;;;\r\n",
		"tabs and another order":         "Type\tcode\tname_fr\tparent\ncountry\tX\tMaroc\t\n",
		"cells once shown":               "code,parent,type,name_fr\nX,,country,Maroc,,,\n",
		"no last line end":               "code,parent,type,name_fr\nX,,country,Maroc",
	} {
		if places, bad := read(t, file); bad != nil || codes(places) != "X" {
			t.Errorf("%s: %v, %v", what, places, bad)
		}
	}
}

func TestObjections(t *testing.T) {
	const x = "X,,country,,Pays,,,,,,\n"
	for _, c := range []struct {
		what, rows string
		want       []string
		kept       string
	}{
		{"no code", x + ",X,region,,A,,,,,,\n", []string{"3 code no_code"}, "X"},
		{"bad code", x + "r 1,X,region,,A,,,,,,\n", []string{"3 code bad_code"}, "X"},
		{"duplicate", x + "A,X,region,,A,,,,,,\nA,X,region,,B,,,,,,\n", []string{"4 code duplicate"}, "X"},
		{"no parent", x + "A,,region,,A,,,,,,\n", []string{"3 parent no_parent"}, "X"},
		{"unknown parent", x + "A,Z,region,,A,,,,,,\n", []string{"3 parent unknown_parent"}, "X"},
		{"itself", x + "A,A,region,,A,,,,,,\n", []string{"3 parent cycle"}, "X"},
		{"a circle", x + "A,B,region,,A,,,,,,\nB,C,province,,B,,,,,,\nC,A,commune,,C,,,,,,\nD,C,centre,youth,D,urban,,,,,\n",
			[]string{"3 parent cycle", "4 parent cycle", "5 parent cycle"}, "X"},
		{"wider under narrower", x + "A,X,province,,A,,,,,,\nB,A,region,,B,,,,,,\n", []string{"4 parent bad_parent"}, "X A"},
		{"a country under a place", x + "Y,X,country,,Y,,,,,,\n", []string{"3 parent bad_parent"}, "X"},
		{"bad type", x + "A,X,kingdom,,A,,,,,,\nB,A,region,,B,,,,,,\n", []string{"3 type bad_type"}, "X"},
		{"no kind", x + "A,X,centre,,A,,,,,,\n", []string{"3 kind bad_kind"}, "X"},
		{"bad kind", x + "A,X,centre,café,A,,,,,,\n", []string{"3 kind bad_kind"}, "X"},
		{"kind of no centre", x + "A,X,region,youth,A,,,,,,\n", []string{"3 kind bad_kind"}, "X"},
		{"bad milieu", x + "A,X,region,,A,town,,,,,\n", []string{"3 milieu bad_milieu"}, "X"},
		{"bad numbers", x + "A,X,region,,A,,north,181,-1,1.5,\n", []string{"3 lat bad_number", "3 lon bad_number", "3 tile_col bad_number", "3 tile_row bad_number"}, "X"},
		{"no number", x + "A,X,region,,A,,NaN,Inf,,,\n", []string{"3 lat bad_number", "3 lon bad_number"}, "X"},
		{"half a pair", x + "A,X,region,,A,,31,,,2,\n", []string{"3 lat half", "3 tile_col half"}, "X"},
		{"bad sample", x + "A,X,region,,A,,,,,,oui\n", []string{"3 sample bad_sample"}, "X"},
		{"no name", x + "A,X,region,,,,,,,,\n", []string{"3  no_name"}, "X"},
		{"too few cells", x + "A,X,region\nB,A,province,,B,,,,,,\n", []string{"3  fields"}, "X"},
		{"too many cells", x + "A,X,region,,A,,,,,,,more\n", []string{"3  fields"}, "X"},
		{"not UTF-8", x + "A,X,region,,Sal\xe9,,,,,,\n", []string{"3 name_fr encoding"}, "X"},
		{"too long", x + "A,X,region,," + strings.Repeat("é", 201) + ",,,,,,\n", []string{"3 name_fr too_long"}, "X"},
		{"quotes", x + "A,X,region,,A \"b\",,,,,,\nB,X,region,,B,,,,,,\n", []string{"3  quotes"}, "X"},
	} {
		places, bad := read(t, head+c.rows)
		if got := brief(bad); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
		if got := codes(places); got != c.kept {
			t.Errorf("%s: kept %q, want %q", c.what, got, c.kept)
		}
	}
}

func TestBadFirstLine(t *testing.T) {
	for what, file := range map[string]string{
		"empty":            "",
		"column missing":   "code,type\nX,country\n",
		"column misspelt":  "code,parent,type,nom\nX,,country,Maroc\n",
		"column twice":     "code,parent,type,code\nX,,country,X\n",
		"another document": "%PDF-1.7\n",
	} {
		places, bad := read(t, file)
		if got := brief(bad); places != nil || !slices.Equal(got, []string{"1  columns"}) {
			t.Errorf("%s: %v, %q", what, places, got)
		}
	}
}

// TestKnownPlaces: a centre's file hangs under places that exist already.
func TestKnownPlaces(t *testing.T) {
	known := []Place{{Code: "X", Type: TypeCountry}, {Code: "K", Parent: "X", Type: TypeCommune}}
	places, bad := read(t, head+"C1,K,centre,school,École,urban,,,,,\nC2,C1,commune,,B,,,,,,\nR,K,region,,C,,,,,,\nK,X,commune,,D,,,,,,\n", known...)
	want := []string{"3 parent bad_parent", "4 parent bad_parent"}
	if got := brief(bad); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := codes(places); got != "K C1" {
		// K is described anew; what lies under it is sound.
		t.Errorf("kept %q", got)
	}
	places, bad = read(t, head+"C1,K,centre,school,École,urban,,,,,\n", known...)
	if bad != nil || codes(places) != "C1" {
		t.Errorf("%v, %v", places, bad)
	}
}

func TestRowErrorSaysWhere(t *testing.T) {
	_, bad := read(t, head+"X,,country,,Pays,,,,,,\nA,Z,region,,A,,,,,,\n")
	if got := bad[0].Error(); got != "line 3, parent: The parent place Z does not exist" {
		t.Errorf("in English: %s", got)
	}
	if got := bad[0].Text(i18n.For(i18n.FR)); got != "Le lieu parent Z n’existe pas" {
		t.Errorf("in French: %s", got)
	}
}

func TestFaultOfTheReader(t *testing.T) {
	broken := errors.New("the stick was pulled")
	for _, r := range []io.Reader{
		iotest.ErrReader(broken),
		io.MultiReader(strings.NewReader(head+"X,,country,,Pays,,,,,,\n"), iotest.ErrReader(broken)),
	} {
		if _, _, err := ReadPlaces(r); !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
	}
}

// TestLongChains: a file made to be slow is not.
func TestLongChains(t *testing.T) {
	var b strings.Builder
	b.WriteString("code,parent,type,name_fr\n")
	const n = 50_000
	for i := range n {
		fmt.Fprintf(&b, "P%d,P%d,commune,x\n", i, (i+1)%n)
	}
	places, bad := read2(t, b.String())
	if len(places) != 0 || len(bad) != n {
		t.Errorf("%d places, %d objections", len(places), len(bad))
	}
}

// read2 is read without reading each reason in four languages.
func read2(t *testing.T, file string) ([]Place, []RowError) {
	t.Helper()
	places, bad, err := ReadPlaces(strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return places, bad
}

func FuzzReadPlaces(f *testing.F) {
	f.Add(head + "X,,country,,Pays,,31.5,-7,4,0,yes\nA,X,region,,A,,,,,,\n")
	f.Add(head + "A,B,region,,A,,,,,,\nB,A,province,,B,,,,,,\n")
	f.Add("\ufeffcode;parent;type;name_ar\r\nX;;country;المغرب\r\n")
	f.Add("code,parent,type\n\"X\n,,\x00")
	f.Add("")
	f.Fuzz(func(t *testing.T, file string) {
		places, bad, err := ReadPlaces(strings.NewReader(file))
		if err != nil {
			t.Fatalf("a string cannot fail to be read: %v", err)
		}
		seen := map[string]Place{}
		for _, p := range places {
			if _, twice := seen[p.Code]; twice {
				t.Fatalf("%q came twice", p.Code)
			}
			parent, ok := seen[p.Parent]
			switch {
			case p.Type == TypeCountry:
				if p.Parent != "" {
					t.Fatalf("the country %q lies under %q", p.Code, p.Parent)
				}
			case !ok:
				t.Fatalf("%q came before its parent %q", p.Code, p.Parent)
			case width(parent.Type) >= width(p.Type):
				t.Fatalf("%q, a %s, lies under a %s", p.Code, p.Type, parent.Type)
			}
			if p.Line < 2 || len(p.Name) == 0 || p.Lat < -90 || p.Lat > 90 || p.Lon < -180 || p.Lon > 180 {
				t.Fatalf("accepted %+v", p)
			}
			seen[p.Code] = p
		}
		for _, e := range bad {
			if e.Line < 1 || strings.HasPrefix(e.Text(i18n.For(i18n.EN)), "[") {
				t.Fatalf("objection %+v", e)
			}
			if p, kept := seen[""]; kept {
				t.Fatalf("kept a place without a code: %+v", p)
			}
		}
	})
}
