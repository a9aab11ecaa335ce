package chart

import (
	"encoding/xml"
	"errors"
	"flag"
	"html/template"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares a chart with the one kept, so that a change of a drawing is
// seen in review.
func golden(t *testing.T, name string, got template.HTML) {
	t.Helper()
	file := filepath.Join("testdata", name+".svg.html")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != string(got) {
		t.Errorf("%s differs from %s; look at it and run with -update", name, file)
	}
	wellFormed(t, name, got)
}

// wellFormed reads a chart as XML: what is not closed or not escaped fails. No
// chart may carry a style or a script, which the page's policy forbids.
func wellFormed(t *testing.T, name string, h template.HTML) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(string(h)))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if el, ok := tok.(xml.StartElement); ok {
			if el.Name.Local == "script" || el.Name.Local == "style" {
				t.Errorf("%s has a <%s>", name, el.Name.Local)
			}
			for _, a := range el.Attr {
				if a.Name.Local == "style" || strings.HasPrefix(a.Name.Local, "on") {
					t.Errorf("%s: <%s> has %s", name, el.Name.Local, a.Name.Local)
				}
			}
		}
	}
}

// hostile is a text that must not get out of its place.
const hostile = `"><script>alert(1)</script>&'`

func TestTiles(t *testing.T) {
	m := TileMap{Title: "Regions", Legend: [5]string{"none", "far", "half", "near", "reached"}, Tiles: []Tile{
		{Cell: Cell{1, 0}, Short: "North", Label: "North: 9 of 10", Share: "90 %", Band: BandOf(9, 10), URL: "/board?place=n&x=1"},
		{Cell: Cell{0, 1}, Short: "West", Label: "West: 1 of 10", Share: "10 %", Band: BandOf(1, 10), Current: true},
		{Cell: Cell{1, 1}, Short: "East", Label: "East: 10 of 10", Share: "100 %", Band: BandOf(10, 10), URL: "/e"},
	}}
	got := Tiles(m)
	golden(t, "tiles", got)
	if n := strings.Count(string(got), `class="joint"`); n != 1 {
		t.Errorf("%d joints, want 1: only where three tiles meet", n)
	}
	if strings.Contains(string(got), ">none<") || strings.Contains(string(got), ">half<") {
		t.Error("the legend names bands that no tile has")
	}
	m.Title, m.Tiles[0].Label, m.Tiles[0].Short, m.Tiles[0].URL, m.Legend[4] = hostile, hostile, hostile, hostile, hostile
	wellFormed(t, "hostile tiles", Tiles(m))
	if Tiles(TileMap{}) != "" {
		t.Error("a map without tiles draws something")
	}
}

func TestBullet(t *testing.T) {
	golden(t, "bullet", Bullet(Bar{Value: 65, Target: 100, Label: "65 of 100"}))
	golden(t, "bullet-rtl", Bullet(Bar{Value: 65, Target: 100, Label: "65 of 100", RTL: true}))
	golden(t, "bullet-max", Bullet(Bar{Value: 30, Target: 50, Max: 100, Label: "30 of 50"}))
	for value, band := range map[int64]string{10: "band-4", 100: "band-4", 101: "band-1"} { // of what was planned, little spent is no alarm
		if got := string(Bullet(Bar{Value: value, Target: 100, Limit: true})); !strings.Contains(got, band) {
			t.Errorf("%d of a limit of 100: %s", value, got)
		}
	}
	for _, b := range []Bar{{}, {Value: -5, Target: 10}, {Value: 10}, {Value: 900, Target: 10}, {Value: 5, Target: -1}, {Value: math.MaxInt64, Target: 1}} {
		wellFormed(t, "odd bullet", Bullet(b))
		for _, bad := range []string{"NaN", "Inf", `width="-`} {
			if strings.Contains(string(Bullet(b)), bad) {
				t.Errorf("%+v: %s", b, Bullet(b))
			}
		}
	}
}

// TestBulletMirrors holds a bar against its mirror image: where the one ends at
// x from the left, the other begins at x from the right.
func TestBulletMirrors(t *testing.T) {
	ltr, rtl := string(Bullet(Bar{Value: 30, Max: 100})), string(Bullet(Bar{Value: 30, Max: 100, RTL: true}))
	if !strings.Contains(ltr, `class="reach" x="0%" width="30%"`) || !strings.Contains(rtl, `class="reach" x="70%" width="30%"`) {
		t.Errorf("not mirrored:\n%s\n%s", ltr, rtl)
	}
}

func TestColumns(t *testing.T) {
	m := Months{Title: "By month", Columns: []Column{
		{Name: "Jan", Label: "January: 10", Value: 10, Figure: "10", Goal: 20, URL: "/jan"},
		{Name: "Feb", Label: "February: 40", Value: 40, Figure: "40"},
		{Name: "Mar", Label: "March: 0", Figure: "0", Open: true},
	}}
	golden(t, "columns", Columns(m))
	m.RTL = true
	golden(t, "columns-rtl", Columns(m))
	m.Columns[0].Label, m.Columns[1].Figure = hostile, hostile
	wellFormed(t, "hostile columns", Columns(m))
	if Columns(Months{}) != "" {
		t.Error("no columns draw something")
	}
	wellFormed(t, "columns of nothing", Columns(Months{Columns: []Column{{}, {Value: -3}}}))
}

func TestWeek(t *testing.T) {
	w := WeekStrip{Title: "The week", Days: []Day{
		{Name: "Mon", Number: "16", Blocks: []Block{{From: 570, To: 690, Label: "9:30", URL: "/a", Done: true}}},
		{Name: "Tue", Number: "17", Today: true, Blocks: []Block{{From: 840, To: 960, Label: "14:00", Open: true}}},
		{Name: "Wed", Number: "18", Blocks: []Block{{From: 1200, To: 1290, Label: hostile}}},
	}}
	golden(t, "week", Week(w))
	w.RTL = true
	golden(t, "week-rtl", Week(w))
	if first, last := hours(w.Days); first != 540 || last != 1320 {
		t.Errorf("hours %d to %d, want 540 to 1320", first, last)
	}
	if Week(WeekStrip{}) != "" {
		t.Error("no days draw something")
	}
}

func TestStar(t *testing.T) {
	golden(t, "star", Star(5, 8, "5 of 8"))
	for _, c := range []struct{ done, total, filled, drawn int }{
		{0, 8, 0, 8}, {8, 8, 8, 8}, {3, 5, 3, 5}, {9, 12, 8, 8}, {-1, 8, 0, 8}, {4, 2, 2, 2}, {0, -1, 0, 0},
	} {
		s := string(Star(c.done, c.total, hostile))
		wellFormed(t, "star", template.HTML(s))
		drawn, todo := strings.Count(s, `class="petal`), strings.Count(s, "todo")
		if drawn != c.drawn || drawn-todo != c.filled {
			t.Errorf("star %d of %d: %d petals, %d filled", c.done, c.total, drawn, drawn-todo)
		}
	}
}

// TestPetalsKeepTheirJoint measures that no petal touches another or the heart:
// the sketches' fault was outlines that crossed.
func TestPetalsKeepTheirJoint(t *testing.T) {
	near := math.MaxFloat64
	for i := range petals {
		for _, p := range petal(i) {
			for j := range petals {
				if j == i {
					continue
				}
				near = min(near, distance(p, petal(j)))
			}
			near = min(near, distance(p, heartOf()))
		}
	}
	if near < joint*.8 {
		t.Errorf("two pieces come as near as %.2f, want %.2f", near, joint)
	}
}

// distance is how far a point is from an outline.
func distance(p point, outline []point) float64 {
	least := math.MaxFloat64
	for i, a := range outline {
		b := outline[(i+1)%len(outline)]
		dx, dy := b.x-a.x, b.y-a.y
		u := math.Max(0, math.Min(1, ((p.x-a.x)*dx+(p.y-a.y)*dy)/(dx*dx+dy*dy)))
		least = math.Min(least, math.Hypot(a.x+u*dx-p.x, a.y+u*dy-p.y))
	}
	return least
}

func TestBandOf(t *testing.T) {
	for _, c := range []struct {
		value, target int64
		want          Band
	}{
		{0, 0, NoTarget}, {5, -1, NoTarget}, {0, 10, Far}, {499, 1000, Far}, {500, 1000, Halfway}, {749, 1000, Halfway},
		{750, 1000, Near}, {999, 1000, Near}, {1000, 1000, Reached}, {2000, 1000, Reached},
	} {
		if got := BandOf(c.value, c.target); got != c.want {
			t.Errorf("BandOf(%d, %d) = %d, want %d", c.value, c.target, got, c.want)
		}
	}
}
