// Package place knows where programmes run: the tree of country, regions, provinces and prefectures, communes and
// centres. Places are facts of commons: every node knows them all.
package place

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"tizi/countries"
	"tizi/internal/fact"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/store"
)

// Types of places, outermost first.
var Types = []string{"country", "region", "province", "prefecture", "commune", "centre"}

// Milieus of places and people.
var Milieus = []string{"", "urban", "rural"}

// Described is the body of place.described: a whole place, as it is known now. A place is small and seldom edited, so
// an edit states it whole.
type Described struct {
	Code   string    `json:"code"`
	Parent string    `json:"parent,omitempty"` // the parent's code
	Type   string    `json:"type"`
	Kind   string    `json:"kind,omitempty"`  // of a centre: youth_centre …
	Short  string    `json:"short,omitempty"` // three letters for a map
	Name   i18n.Text `json:"name"`
	Milieu string    `json:"milieu,omitempty"`
	Lat    float64   `json:"lat,omitempty"`
	Lon    float64   `json:"lon,omitempty"`
	Tile   []int     `json:"tile,omitempty"` // column, row on the map of regions
	Sample bool      `json:"sample,omitempty"`
	Closed string    `json:"closed,omitempty"` // the date from which it is closed
}

// Check says what is missing.
func (d Described) Check() error {
	switch {
	case d.Code == "" || len(d.Code) > 40:
		return errors.New("a place needs a code of at most 40 characters")
	case !slices.Contains(Types, d.Type):
		return fmt.Errorf("%q is no type of place", d.Type)
	case d.Type != "country" && d.Parent == "":
		return fmt.Errorf("place %s needs the code of the place it lies in", d.Code)
	case !slices.Contains(Milieus, d.Milieu):
		return fmt.Errorf("%q is no milieu; write urban or rural", d.Milieu)
	case len(d.Name) == 0:
		return fmt.Errorf("place %s needs a name", d.Code)
	case len(d.Tile) != 0 && len(d.Tile) != 2:
		return errors.New("a tile has a column and a row")
	case d.Lat < -90 || d.Lat > 90 || d.Lon < -180 || d.Lon > 180:
		return fmt.Errorf("place %s does not lie on Earth", d.Code)
	}
	return nil
}

// PlaceDescribed is the one kind of this area.
var PlaceDescribed = fact.NewKind[Described](fact.Kind{Name: "place.described", Streams: []string{"commons"}})

var table = &store.Table{
	Name: "place", Key: 1,
	Columns: store.Cols("id:id code:text parent:id type:text kind:text short:text ar:text fr:text zgh:text en:text milieu:text lat:real lon:real col:int line:int sample:int closed:text conflict:int"),
	Indexes: []string{"parent", "code"},
}

// ID is the same for a code on every node, so that two nodes that load one country mean the same places.
func ID(code string) id.ID {
	if code == "" {
		return id.Nil
	}
	return id.Named("place", strings.ToUpper(code))
}

// Fold derives the table of places.
var Fold = &fact.Fold{
	Name: "place", Kinds: []*fact.Kind{PlaceDescribed}, Tables: []*store.Table{table},
	Fold: func(s *fact.Subject, out *fact.Rows) error {
		heads := s.Heads(fact.Is[Described])
		if len(heads) == 0 {
			return nil
		}
		d, _ := fact.As[Described](heads[len(heads)-1])
		col, line := -1, -1
		if len(d.Tile) == 2 {
			col, line = d.Tile[0], d.Tile[1]
		}
		out.Add(table, s.ID, d.Code, ID(d.Parent), d.Type, d.Kind, d.Short, d.Name[i18n.AR], d.Name[i18n.FR], d.Name[i18n.ZGH], d.Name[i18n.EN],
			d.Milieu, d.Lat, d.Lon, col, line, d.Sample, d.Closed, len(heads) > 1)
		return nil
	},
	Sample: func(d fact.Draw, _ fact.NewKey) fact.History {
		h := fact.History{Subject: id.New()}
		for i := range 1 + d.Int("edits", 4) {
			b := Described{Code: "X", Parent: "MA", Type: "centre", Name: i18n.Text{i18n.FR: fmt.Sprint("centre ", i)}, Milieu: Milieus[d.Int("milieu", 3)]}
			var prev []int
			if i > 0 && d.Int("saw", 2) == 1 {
				prev = []int{d.Int("which", i)}
			}
			h.Steps = append(h.Steps, fact.Step{Kind: PlaceDescribed, Body: b, Prev: prev, By: d.Int("by", 2)})
		}
		return h
	},
}

// Place is one place as it is known.
type Place struct {
	ID, Parent       id.ID
	Code, Type, Kind string
	Short            string
	Name             i18n.Text
	Milieu           string
	Lat, Lon         float64
	Col, Line        int // on the map of regions; -1 without
	Sample           bool
	Closed           string
	Conflict         bool
}

// Stream is where the people of a centre are kept.
func (p *Place) Stream() string { return "centre/" + p.ID.String() }

// Tree is all places, read once and shared; nobody changes it.
type Tree struct {
	byID     map[id.ID]*Place
	children map[id.ID][]*Place
	all      []*Place
}

// Places answers questions about places.
type Places struct {
	log *fact.Log

	mu   sync.Mutex
	tree *Tree
	at   int64 // size of commons when tree was read
}

// New returns the area on a node's log.
func New(l *fact.Log) *Places { return &Places{log: l} }

// Tree returns the places. It is read again when commons has grown.
func (p *Places) Tree(ctx context.Context, q store.Querier) (*Tree, error) {
	at, err := p.log.Size(ctx, q, "commons")
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tree != nil && p.at == at {
		return p.tree, nil
	}
	t := &Tree{byID: map[id.ID]*Place{}, children: map[id.ID][]*Place{}}
	err = q.Each(ctx, "SELECT "+table.List()+" FROM place ORDER BY code", nil, func(r store.Row) error {
		x := &Place{Name: i18n.Text{}}
		var ar, fr, zgh, en string
		if err := r.Scan(&x.ID, &x.Code, &x.Parent, &x.Type, &x.Kind, &x.Short, &ar, &fr, &zgh, &en, &x.Milieu, &x.Lat, &x.Lon, &x.Col, &x.Line, &x.Sample, &x.Closed, &x.Conflict); err != nil {
			return err
		}
		for l, s := range map[i18n.Lang]string{i18n.AR: ar, i18n.FR: fr, i18n.ZGH: zgh, i18n.EN: en} {
			if s != "" {
				x.Name[l] = s
			}
		}
		t.byID[x.ID] = x
		t.children[x.Parent] = append(t.children[x.Parent], x)
		t.all = append(t.all, x)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the places: %w", err)
	}
	p.tree, p.at = t, at
	return t, nil
}

// Get returns a place, or nil.
func (t *Tree) Get(v id.ID) *Place { return t.byID[v] }

// Code returns the place with a code, or nil. Case does not matter.
func (t *Tree) Code(code string) *Place { return t.byID[ID(strings.TrimSpace(code))] }

// Children returns what lies directly in a place, by code.
func (t *Tree) Children(v id.ID) []*Place { return t.children[v] }

// Of returns the places of a type, by code.
func (t *Tree) Of(typ string) []*Place {
	return slices.DeleteFunc(slices.Clone(t.all), func(p *Place) bool { return p.Type != typ })
}

// Countries returns the outermost places.
func (t *Tree) Countries() []*Place { return t.Of("country") }

// Within returns the centres in a place, itself included if it is one.
func (t *Tree) Within(v id.ID) []*Place {
	var out []*Place
	seen := map[id.ID]bool{}
	var walk func(id.ID)
	walk = func(x id.ID) {
		if seen[x] { // a ring of parents is a mistake of data, not a reason to hang
			return
		}
		seen[x] = true
		if p := t.byID[x]; p != nil && p.Type == "centre" {
			out = append(out, p)
		}
		for _, c := range t.children[x] {
			walk(c.ID)
		}
	}
	walk(v)
	return out
}

// Up returns the nearest place of a type that holds v, itself included, or nil.
func (t *Tree) Up(v id.ID, typ string) *Place {
	for range len(Types) + 2 {
		p := t.byID[v]
		if p == nil || p.Type == typ {
			return p
		}
		v = p.Parent
	}
	return nil
}

// Holds reports whether outer is v or holds it.
func (t *Tree) Holds(outer, v id.ID) bool {
	for range len(Types) + 2 {
		if v == outer {
			return true
		}
		p := t.byID[v]
		if p == nil {
			return false
		}
		v = p.Parent
	}
	return false
}

// ErrUnknownPlace is returned, wrapped, for a code that no place has.
var ErrUnknownPlace = errors.New("no place has this code")

// Find returns the place with a code or an error that names it.
func (t *Tree) Find(code string) (*Place, error) {
	if p := t.Code(code); p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("%q: %w", code, ErrUnknownPlace)
}

// Describe states places, each once; those that are known already just so are passed over. It returns how many were
// new and how many changed.
func (p *Places) Describe(ctx context.Context, actor id.ID, places []Described) (added, changed int, err error) {
	const chunk = 500
	for part := range slices.Chunk(places, chunk) {
		var keys []id.ID
		for _, d := range part {
			keys = append(keys, ID(d.Code))
		}
		var a, c int
		_, err := p.log.Do(ctx, fact.Command{Name: "describe places", Stream: "commons", Keys: keys, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
			a, c = 0, 0
			var out fact.Outcome
			for _, d := range part {
				old, err := p.log.Of(ctx, q, ID(d.Code))
				if err != nil {
					return out, err
				}
				n := fact.New{Stream: "commons", Kind: PlaceDescribed, Subject: ID(d.Code), Actor: actor, Body: d}
				if len(old) > 0 {
					if fact.Says(old, d) {
						continue
					}
					n.Prev = fact.HeadsOf(old)
					c++
				} else {
					a++
				}
				out.Facts = append(out.Facts, n)
			}
			return out, nil
		}})
		if err != nil {
			return added, changed, err
		}
		added, changed = added+a, changed+c
	}
	return added, changed, nil
}

// FromCountry turns a country folder's place into a description.
func FromCountry(c countries.Place) Described {
	d := Described{
		Code: c.Code, Parent: c.Parent, Type: c.Type, Kind: c.Kind, Short: c.Short, Name: c.Name, Milieu: c.Milieu,
		Lat: c.Lat, Lon: c.Lon, Sample: c.Sample,
	}
	if c.HasTile {
		d.Tile = []int{c.TileCol, c.TileRow}
	}
	return d
}

// LoadCountry describes the places of a country folder; centres only when they are asked for, since a real node opens
// its own.
func (p *Places) LoadCountry(ctx context.Context, actor id.ID, code string, centres bool) error {
	c, err := countries.Load(code)
	if err != nil {
		return err
	}
	var ds []Described
	for _, x := range c.Places {
		if x.Type == "centre" && !centres {
			continue
		}
		ds = append(ds, FromCountry(x))
	}
	_, _, err = p.Describe(ctx, actor, ds)
	return err
}
