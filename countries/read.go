package countries

import (
	"errors"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tizi/internal/i18n"
)

// The columns of a file of places.
var (
	placeMust = []string{"code", "parent", "type"}
	placeMay  = []string{
		"kind", "short", "name_ar", "name_fr", "name_zgh", "name_en",
		"milieu", "lat", "lon", "tile_col", "tile_row", "sample",
	}
)

var codeForm = regexp.MustCompile(`^[A-Z0-9]+(-[A-Z0-9]+)*$`)

// ReadPlaces reads a file of places (README.md has the format). Each row it
// objects to has at least one RowError; rows without one come back with their
// parents before them, and a row under a rejected row waits with it. The known
// places exist already: rows may lie under them and may not repeat their codes.
// The last result is a fault of the reader, not of the file.
func ReadPlaces(r io.Reader, known ...Place) ([]Place, []RowError, error) {
	t, bad, err := newTable(r, placeMust, placeMay)
	if err != nil || bad != nil {
		return nil, bad, err
	}
	s := newSheet(known)
	for {
		rec, objections, err := t.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, err
		}
		s.errs = append(s.errs, objections...)
		if rec.line == 0 {
			// The quotes are wrong: where rows begin is unknown from here on.
			break
		}
		if len(objections) > 0 || rec.blank() {
			s.reject(rec.cells["code"])
			continue
		}
		s.row(rec)
	}
	s.tree()
	sortErrors(s.errs)
	return s.accepted(), s.errs, nil
}

// sheet gathers the rows of one file.
type sheet struct {
	known    map[string]Place
	rows     []Place
	at       map[string]int  // code → index in rows
	rejected map[string]bool // codes of rows with an objection
	errs     []RowError
}

func newSheet(known []Place) *sheet {
	s := &sheet{known: map[string]Place{}, at: map[string]int{}, rejected: map[string]bool{}}
	for _, p := range known {
		s.known[p.Code] = p
	}
	return s
}

// reject remembers a code whose row is of no use, so that the rows under it are
// not blamed for an unknown parent.
func (s *sheet) reject(code string) {
	if code != "" {
		s.rejected[code] = true
	}
}

func (s *sheet) object(p Place, column, key string, args ...any) {
	s.errs = append(s.errs, RowError{Line: p.Line, Column: column, Key: "place.import." + key, Args: args})
	s.reject(p.Code)
}

// row reads the cells of one place; how it hangs in the tree is looked at when
// all rows are there.
func (s *sheet) row(rec record) {
	c := rec.cells
	p := Place{
		Code: c["code"], Parent: c["parent"], Type: c["type"], Kind: c["kind"],
		Short: c["short"], Milieu: c["milieu"], Line: rec.line,
		Name: name(c),
	}
	switch {
	case p.Code == "":
		s.object(p, "code", "no_code")
		return
	case len(p.Code) > 40 || !codeForm.MatchString(p.Code):
		s.object(p, "code", "bad_code", "value", p.Code)
		return
	}
	if first, twice := s.at[p.Code]; twice {
		// The first of two is as doubtful as the second, but one message is enough.
		s.object(p, "code", "duplicate", "value", p.Code, "line", s.rows[first].Line)
		return
	}
	s.at[p.Code] = len(s.rows)
	if width(p.Type) == 0 {
		s.object(p, "type", "bad_type", "value", p.Type)
	}
	if (p.Type == TypeCentre) != (p.Kind != "") || p.Kind != "" && !slices.Contains(Kinds, p.Kind) {
		s.object(p, "kind", "bad_kind", "value", p.Kind)
	}
	if !slices.Contains([]string{"", "urban", "rural"}, p.Milieu) {
		s.object(p, "milieu", "bad_milieu", "value", p.Milieu)
	}
	if len(p.Name) == 0 {
		s.object(p, "", "no_name")
	}
	s.numbers(&p, c)
	switch strings.ToLower(c["sample"]) {
	case "":
	case "yes":
		p.Sample = true
	default:
		s.object(p, "sample", "bad_sample")
	}
	s.rows = append(s.rows, p)
}

// name gathers the names of a row, a language that has none left out.
func name(c map[string]string) i18n.Text {
	t := i18n.Text{}
	for _, l := range i18n.Langs {
		if s := c["name_"+string(l)]; s != "" {
			t[l] = s
		}
	}
	return t
}

func (s *sheet) numbers(p *Place, c map[string]string) {
	var okLat, okLon bool
	p.Lat, okLat = s.degrees(p, "lat", c["lat"], 90)
	p.Lon, okLon = s.degrees(p, "lon", c["lon"], 180)
	if okLat != okLon && (c["lat"] == "" || c["lon"] == "") {
		s.object(*p, "lat", "half")
	}
	var okCol, okRow bool
	p.TileCol, okCol = s.cell(p, "tile_col", c["tile_col"])
	p.TileRow, okRow = s.cell(p, "tile_row", c["tile_row"])
	if okCol != okRow && (c["tile_col"] == "" || c["tile_row"] == "") {
		s.object(*p, "tile_col", "half")
	}
	p.HasTile = okCol && okRow
}

// degrees reads a coordinate; a comma may stand for the point.
func (s *sheet) degrees(p *Place, column, text string, limit float64) (float64, bool) {
	if text == "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) > limit {
		s.object(*p, column, "bad_number", "value", text)
		return 0, false
	}
	return f, true
}

// cell reads a column or row of the tile map.
func (s *sheet) cell(p *Place, column, text string) (int, bool) {
	if text == "" {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 99 {
		s.object(*p, column, "bad_number", "value", text)
		return 0, false
	}
	return n, true
}
