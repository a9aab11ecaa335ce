package countries

import "tizi/internal/i18n"

// The types of a place. A place lies under one of a wider type.
const (
	TypeCountry    = "country"
	TypeRegion     = "region"
	TypeProvince   = "province"
	TypePrefecture = "prefecture"
	TypeCommune    = "commune"
	TypeCentre     = "centre"
)

// The kinds of a centre.
const (
	KindYouth        = "youth" // maison de jeunes
	KindSecondChance = "second_chance"
	KindUniversity   = "university"
	KindSchool       = "school"
	KindCooperative  = "cooperative"
	KindMobile       = "mobile" // a unit that makes rounds
	KindHeadquarters = "headquarters"
)

// Kinds lists the kinds of a centre in the order a form offers them.
var Kinds = []string{
	KindYouth, KindSecondChance, KindUniversity, KindSchool,
	KindCooperative, KindMobile, KindHeadquarters,
}

// Place is one row of a file of places.
type Place struct {
	Code    string // stable, see README.md
	Parent  string // code of the place around it; empty for a country
	Type    string
	Kind    string // of a centre, otherwise empty
	Short   string // of a region: the letters in its tile
	Name    i18n.Text
	Milieu  string // "urban", "rural" or empty
	Lat     float64
	Lon     float64
	TileCol int
	TileRow int
	HasTile bool
	Sample  bool // put there to try things out; a real roll-out replaces it
	Line    int  // where it stands in the file
}

// Located tells whether the place has coordinates. No place lies at 0, 0, which
// is in the sea.
func (p Place) Located() bool { return p.Lat != 0 || p.Lon != 0 }

// width ranks the types from wide to narrow; 0 is no type.
func width(placeType string) int {
	switch placeType {
	case TypeCountry:
		return 1
	case TypeRegion:
		return 2
	case TypeProvince, TypePrefecture:
		return 3
	case TypeCommune:
		return 4
	case TypeCentre:
		return 5
	}
	return 0
}
