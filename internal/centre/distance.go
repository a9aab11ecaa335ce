package centre

import (
	"math"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"tizi/internal/place"
)

// Far is how many kilometres away somebody lives far from a centre.
const Far = 5.0

// Distance is how far people live from a centre, as the crow flies.
type Distance struct {
	Known, Unknown int64   // people whose place has coordinates, and all others
	Median         float64 // kilometres
	Beyond         int64   // of those known, who live more than Far away
}

// DistanceTo works out how far people live from a centre. people are how many wrote each commune, in whatever words; all is
// how many people there are. A province is taken where a commune has its name: its seat lies there.
func DistanceTo(tree *place.Tree, centre *place.Place, people map[string]int64, all int64) Distance {
	d := Distance{Unknown: all}
	if centre.Lat == 0 && centre.Lon == 0 {
		return d
	}
	at := map[string]*place.Place{}
	for _, typ := range []string{"province", "prefecture", "commune"} { // a commune of that name stands before its province
		for _, p := range tree.Of(typ) {
			if p.Lat != 0 || p.Lon != 0 {
				for _, n := range p.Name {
					at[key(n)] = p
				}
			}
		}
	}
	type group struct {
		km float64
		n  int64
	}
	var groups []group
	for commune, n := range people {
		if p := at[key(commune)]; p != nil {
			groups = append(groups, group{kilometres(p, centre), n})
			d.Known += n
		}
	}
	d.Unknown = max(all-d.Known, 0)
	slices.SortFunc(groups, func(a, b group) int {
		if a.km < b.km {
			return -1
		}
		return 1
	})
	var seen int64
	for _, g := range groups {
		if seen < (d.Known+1)/2 {
			d.Median = g.km
		}
		seen += g.n
		if g.km > Far {
			d.Beyond += g.n
		}
	}
	return d
}

// key is a name without what is written in several ways: accents, case, signs.
func key(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(s))
}

// kilometres is the length of the great circle between two places.
func kilometres(a, b *place.Place) float64 {
	const earth = 6371.0
	rad := func(deg float64) float64 { return deg * math.Pi / 180 }
	dLat, dLon := rad(b.Lat-a.Lat), rad(b.Lon-a.Lon)
	h := math.Pow(math.Sin(dLat/2), 2) + math.Cos(rad(a.Lat))*math.Cos(rad(b.Lat))*math.Pow(math.Sin(dLon/2), 2)
	return 2 * earth * math.Asin(math.Sqrt(h))
}
