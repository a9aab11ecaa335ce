package countries

import (
	"errors"
	"slices"
	"testing"
	"time"
	_ "time/tzdata"
	"unicode"

	"tizi/internal/i18n"
)

func morocco(t *testing.T) *Country {
	t.Helper()
	c, err := Load("MA")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestEveryCountry is what any folder must pass.
func TestEveryCountry(t *testing.T) {
	for _, code := range Codes() {
		t.Run(code, func(t *testing.T) {
			c, err := Load(code)
			if err != nil {
				t.Fatal(err)
			}
			if c.Code != code {
				t.Errorf("the folder of %s says it is %s", code, c.Code)
			}
			if _, err := time.LoadLocation(c.Timezone); err != nil {
				t.Errorf("time zone: %v", err)
			}
			if len(c.Currency) != 3 || len(c.PhonePrefix) < 2 || c.PhonePrefix[0] != '+' || len(c.Languages) == 0 {
				t.Errorf("country.json is not whole: %+v", c)
			}
			checkPlaces(t, c)
			if len(c.Holidays) == 0 {
				t.Error("no holidays")
			}
		})
	}
}

func checkPlaces(t *testing.T, c *Country) {
	t.Helper()
	seen := map[string]Place{}
	inZgh := 0
	for i, p := range c.Places {
		if _, twice := seen[p.Code]; twice {
			t.Errorf("%s stands twice", p.Code)
		}
		if i == 0 {
			if p.Type != TypeCountry || p.Code != c.Code {
				t.Errorf("the first place is %s, a %s, not the country", p.Code, p.Type)
			}
		} else if _, ok := seen[p.Parent]; !ok {
			t.Errorf("%s stands before its parent %q", p.Code, p.Parent)
		}
		seen[p.Code] = p
		for _, l := range []i18n.Lang{i18n.AR, i18n.FR, i18n.EN} {
			if p.Name[l] == "" {
				t.Errorf("%s has no name in %s", p.Code, l)
			}
		}
		for l, s := range p.Name {
			checkScript(t, p.Code, l, s)
		}
		if p.Name[i18n.ZGH] != "" {
			inZgh++
		}
		if !p.Located() {
			t.Errorf("%s lies nowhere", p.Code)
		}
		if p.Type == TypeCentre && p.Milieu == "" {
			t.Errorf("the centre %s has no milieu", p.Code)
		}
	}
	t.Logf("zgh: %d of %d places", inZgh, len(c.Places))
}

// checkScript catches a name in the wrong column.
func checkScript(t *testing.T, code string, l i18n.Lang, s string) {
	t.Helper()
	own := map[i18n.Lang]*unicode.RangeTable{i18n.AR: unicode.Arabic, i18n.ZGH: unicode.Tifinagh, i18n.FR: unicode.Latin, i18n.EN: unicode.Latin}[l]
	for _, r := range s {
		if unicode.IsLetter(r) && !unicode.Is(own, r) {
			t.Errorf("%s: the name in %s has the letter %q: %s", code, l, r, s)
			return
		}
	}
}

func TestUnknownCountry(t *testing.T) {
	for _, code := range []string{"", "XX", "../ma", "ma/..", "MA/places.csv"} {
		if _, err := Load(code); !errors.Is(err, ErrUnknown) {
			t.Errorf("Load(%q): %v", code, err)
		}
	}
	if c, err := Load("ma"); err != nil || c.Code != "MA" {
		t.Errorf("small letters: %v", err)
	}
	if !slices.Contains(Codes(), "MA") {
		t.Errorf("Morocco is not among %v", Codes())
	}
}

// TestMoroccoIsWhole counts what the law counts: 12 regions, 62 provinces and
// 13 prefectures, each in its region.
func TestMoroccoIsWhole(t *testing.T) {
	c := morocco(t)
	byCode := map[string]Place{}
	count := map[string]int{}
	inRegion := map[string][2]int{} // short code → provinces, prefectures
	for _, p := range c.Places {
		byCode[p.Code] = p
		count[p.Type]++
		if p.Type != TypeProvince && p.Type != TypePrefecture {
			continue
		}
		region := byCode[p.Parent]
		if region.Type != TypeRegion {
			t.Errorf("%s lies under %q, which is no region", p.Code, p.Parent)
		}
		if p.Milieu != "" {
			t.Errorf("%s is both town and country, yet has the milieu %q", p.Code, p.Milieu)
		}
		n := inRegion[region.Short]
		if p.Type == TypeProvince {
			n[0]++
		} else {
			n[1]++
		}
		inRegion[region.Short] = n
	}
	for placeType, want := range map[string]int{TypeCountry: 1, TypeRegion: 12, TypeProvince: 62, TypePrefecture: 13} {
		if count[placeType] != want {
			t.Errorf("%d of type %s, want %d", count[placeType], placeType, want)
		}
	}
	want := map[string][2]int{
		"TTA": {6, 2}, "OR": {7, 1}, "FM": {7, 2}, "RSK": {4, 3}, "BMK": {5, 0}, "CS": {7, 2},
		"MS": {7, 1}, "DT": {5, 0}, "SM": {4, 2}, "GON": {4, 0}, "LSH": {4, 0}, "DOD": {2, 0},
	}
	for short, n := range want {
		if inRegion[short] != n {
			t.Errorf("%s: provinces and prefectures %v, want %v", short, inRegion[short], n)
		}
	}
}

// TestTiles holds the map of the regions to the grid of the interface.
func TestTiles(t *testing.T) {
	want := map[string][2]int{
		"TTA": {4, 0}, "RSK": {3, 1}, "FM": {4, 1}, "OR": {5, 1}, "CS": {2, 2}, "BMK": {3, 2},
		"DT": {4, 2}, "MS": {2, 3}, "SM": {1, 4}, "LSH": {0, 5}, "GON": {1, 5}, "DOD": {0, 6},
	}
	for _, p := range morocco(t).Places {
		if p.HasTile != (p.Type == TypeRegion) {
			t.Errorf("%s, a %s: has a tile is %v", p.Code, p.Type, p.HasTile)
		}
		if p.HasTile {
			if got := [2]int{p.TileCol, p.TileRow}; got != want[p.Short] {
				t.Errorf("%s stands at %v, want %v", p.Short, got, want[p.Short])
			}
			delete(want, p.Short)
		}
	}
	for short := range want {
		t.Errorf("%s has no tile", short)
	}
}

// TestSampleCentres: one youth centre a region, in town and in the country.
func TestSampleCentres(t *testing.T) {
	c := morocco(t)
	byCode := map[string]Place{}
	youth := map[string]int{}
	milieu := map[string]int{}
	kinds := map[string]int{}
	for _, p := range c.Places {
		byCode[p.Code] = p
		if p.Type != TypeCentre {
			continue
		}
		kinds[p.Kind]++
		if !p.Sample {
			t.Errorf("%s is not marked as a sample", p.Code)
		}
		if p.Kind == KindYouth {
			milieu[p.Milieu]++
			above := p
			for above.Type != TypeRegion {
				above = byCode[above.Parent]
			}
			youth[above.Short]++
		}
	}
	if len(youth) != 12 || kinds[KindYouth] != 12 {
		t.Errorf("youth centres by region: %v", youth)
	}
	if milieu["urban"] < 3 || milieu["rural"] < 3 {
		t.Errorf("youth centres by milieu: %v", milieu)
	}
	if kinds[KindSecondChance] == 0 || kinds[KindUniversity] == 0 {
		t.Errorf("centres by kind: %v", kinds)
	}
}

func TestKindsHaveWords(t *testing.T) {
	for _, l := range []i18n.Lang{i18n.AR, i18n.FR, i18n.EN} {
		for _, k := range Kinds {
			if !i18n.For(l).Has("centre.kind." + k) {
				t.Errorf("%s: no word for the kind %q", l, k)
			}
		}
		for _, p := range []string{TypeCountry, TypeRegion, TypeProvince, TypePrefecture, TypeCommune, TypeCentre} {
			if !i18n.For(l).Has("place." + p) {
				t.Errorf("%s: no word for the type %q", l, p)
			}
		}
	}
}
