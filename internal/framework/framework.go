// Package framework keeps competency frameworks: what there is to learn, as ministries and agencies publish it in the CASE 1.0 format.
// They are facts of commons, in pieces that fit into a fact, so that every node knows them and gives them out as they came.
package framework

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"tizi/frameworks"
	"tizi/internal/fact"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/store"
)

// Published is the body of framework.published: a framework was taken in whole. Its pieces are framework.filed facts of the same digest.
type Published struct {
	Code     string          `json:"code"`
	Digest   string          `json:"digest"`
	Document json.RawMessage `json:"document"`
	Lists    []string        `json:"lists,omitempty"`
	Pieces   int             `json:"pieces"`
}

// Check says what is missing.
func (p Published) Check() error {
	if !IsCode(p.Code) || p.Digest == "" || len(p.Document) == 0 || p.Pieces < 0 {
		return errors.New("a framework has a code, a digest and a document")
	}
	return nil
}

// Filed is the body of framework.filed: some pieces of a package, which stand in it from From on.
type Filed struct {
	Digest string  `json:"digest"`
	From   int     `json:"from"`
	Pieces []Piece `json:"pieces"`
}

// Check says what is missing.
func (p Filed) Check() error {
	if p.Digest == "" || p.From < 0 || len(p.Pieces) == 0 {
		return errors.New("pieces belong to the digest of a framework")
	}
	return nil
}

// The kinds of this area.
var (
	KindPublished = fact.NewKind[Published](fact.Kind{Name: "framework.published", Streams: []string{"commons"}})
	KindFiled     = fact.NewKind[Filed](fact.Kind{Name: "framework.filed", Streams: []string{"commons"}})
)

var (
	table      = &store.Table{Name: "framework", Key: 1, Columns: store.Cols("id:id code:text digest:text title:text language:text items:int document:text lists:text conflict:int"), Indexes: []string{"code"}}
	itemTable  = &store.Table{Name: "framework_item", Key: 2, Columns: store.Cols("framework:id position:int identifier:text code:text type:text uri:text words:text parent:text depth:int"), Indexes: []string{"identifier"}}
	pieceTable = &store.Table{Name: "framework_piece", Key: 2, Columns: store.Cols("framework:id position:int list:text raw:text")}
)

// ID is the same for a code on every node.
func ID(code string) id.ID { return id.Named("framework", code) }

// Fold derives frameworks that are whole.
var Fold = &fact.Fold{
	Name: "framework", Kinds: []*fact.Kind{KindPublished, KindFiled}, Tables: []*store.Table{table, itemTable, pieceTable},
	Fold: func(s *fact.Subject, out *fact.Rows) error {
		is, last, _ := fact.Said[Published](s, nil)
		if last == nil {
			return nil
		}
		several := false
		for _, f := range s.Heads(fact.Is[Published]) { // two nodes that took in one edition agree
			p, _ := fact.As[Published](f)
			several = several || p.Digest != is.Digest
		}
		pieces := make([]Piece, 0, min(is.Pieces, 1000))
		parts := map[int][]Piece{}
		for _, f := range s.Facts() {
			if p, ok := fact.As[Filed](f); ok && p.Digest == is.Digest {
				parts[p.From] = p.Pieces
			}
		}
		for len(parts[len(pieces)]) > 0 {
			pieces = append(pieces, parts[len(pieces)]...)
		}
		p := &Package{Code: is.Code, Document: is.Document, Lists: is.Lists, Pieces: pieces}
		if len(pieces) != is.Pieces || p.derive().Err() != nil {
			return nil // not all of it is here, or somebody's own program wrote it
		}
		title, err := json.Marshal(p.Title)
		if err != nil {
			return err
		}
		lists, err := json.Marshal(is.Lists)
		if err != nil {
			return err
		}
		out.Add(table, s.ID, is.Code, is.Digest, string(title), string(p.Language), len(p.Items), string(is.Document), string(lists), several)
		for i, x := range p.Items {
			words, err := json.Marshal(x.Text)
			if err != nil {
				return err
			}
			out.Add(itemTable, s.ID, i, x.Identifier, x.Code, x.Type, x.URI, string(words), x.Parent, x.Depth)
		}
		for i, x := range pieces {
			out.Add(pieceTable, s.ID, i, x.In, string(x.Raw))
		}
		return nil
	},
	Sample: func(d fact.Draw, _ fact.NewKey) fact.History {
		h := fact.History{Subject: id.New()}
		for range 1 + d.Int("editions", 3) {
			digest := fmt.Sprint("d", d.Int("digest", 2))
			of := func(n int) Piece {
				return Piece{"CFItems", json.RawMessage(fmt.Sprintf(`{"identifier":"%s-%d","fullStatement":"x"}`, digest, n))}
			}
			by := d.Int("by", 2)
			var prev []int
			if n := len(h.Steps); n > 0 && d.Int("saw", 2) == 1 {
				prev = []int{d.Int("which", n)}
			}
			h.Steps = append(h.Steps,
				fact.Step{Kind: KindFiled, Body: Filed{digest, 0, []Piece{of(0), of(1)}}, By: by},
				fact.Step{Kind: KindPublished, Body: Published{"x", digest, json.RawMessage(`{"identifier":"d","title":"x"}`), []string{"CFItems"}, 3}, Prev: prev, By: by},
				fact.Step{Kind: KindFiled, Body: Filed{digest, 2, []Piece{of(2)}}, By: by})
		}
		return h
	},
}

// Frameworks is the area.
type Frameworks struct{ log *fact.Log }

// New returns the area on a node's log.
func New(l *fact.Log) *Frameworks { return &Frameworks{l} }

// ErrUnknown is returned for what is not there.
var ErrUnknown = errors.New("there is no such framework, or nothing of that name in it")

// filed is how many bytes of pieces one fact carries.
const filed = 48 << 10

// Import takes a framework in. changed is false where it is known just so, and nothing was written; an edition that differs takes the
// place of the one that was there.
func (s *Frameworks) Import(ctx context.Context, actor id.ID, p *Package) (changed bool, err error) {
	subject, digest := ID(p.Code), p.digest()
	is := Published{p.Code, digest, p.Document, p.Lists, len(p.Pieces)}
	_, err = s.log.Do(ctx, fact.Command{Name: "import a framework", Stream: "commons", Keys: []id.ID{subject}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		changed = false
		old, err := s.log.Of(ctx, q, subject)
		if err != nil {
			return fact.Outcome{}, err
		}
		var prev []fact.Ref
		has := map[int]bool{} // pieces of this edition, of one that was here before
		for _, f := range old {
			if x, ok := fact.As[Filed](f); ok && x.Digest == digest && f.State() == fact.Effective {
				has[x.From] = true
			}
		}
		var known string
		if _, err := store.One(ctx, q, "SELECT digest FROM framework WHERE id = ? AND conflict = 0", store.Args(subject), &known); err != nil || known == digest {
			return fact.Outcome{}, err
		}
		for _, f := range old {
			if fact.Is[Published](f) {
				prev = append(prev, f.Ref())
			}
		}
		if n := len(prev); n > 200 { // the newest have the older ones behind them
			prev = prev[n-200:]
		}
		changed = true
		var out fact.Outcome
		for from := 0; from < len(p.Pieces); {
			size, to := 0, from
			for to < len(p.Pieces) && (to == from || size+len(p.Pieces[to].Raw)+len(p.Pieces[to].In) < filed) {
				size += len(p.Pieces[to].Raw) + len(p.Pieces[to].In) + 20
				to++
			}
			if !has[from] {
				out.Facts = append(out.Facts, fact.New{Stream: "commons", Kind: KindFiled, Subject: subject, Actor: actor, Body: Filed{digest, from, p.Pieces[from:to]}})
			}
			from = to
		}
		out.Facts = append(out.Facts, fact.New{Stream: "commons", Kind: KindPublished, Subject: subject, Actor: actor, Body: is, Prev: prev})
		return out, nil
	}})
	return changed, err
}

// Framework is one as a list shows it.
type Framework struct {
	ID       id.ID
	Code     string
	Title    i18n.Text
	Items    int
	Document json.RawMessage
	Conflict bool // two editions were taken in by people who did not see each other's
}

// List returns the frameworks by their codes: those that were taken in, and those that the program brings and nobody took in otherwise.
func (s *Frameworks) List(ctx context.Context, q store.Querier) ([]Framework, error) {
	l, err := list(ctx, q, "1 = 1")
	if err != nil {
		return nil, err
	}
	for _, p := range shipped() {
		if !slices.ContainsFunc(l, func(f Framework) bool { return f.Code == p.Code }) {
			l = append(l, p.framework())
		}
	}
	slices.SortStableFunc(l, func(a, b Framework) int { return strings.Compare(a.Code, b.Code) })
	return l, nil
}

// framework is a package that the program brings as a list shows it.
func (p *Package) framework() Framework {
	return Framework{ID: ID(p.Code), Code: p.Code, Title: p.Title, Items: len(p.Items), Document: p.Document}
}

// brought is the package of an id that the program brings, or nil.
func brought(v id.ID) *Package {
	for _, p := range shipped() {
		if ID(p.Code) == v {
			return p
		}
	}
	return nil
}

func list(ctx context.Context, q store.Querier, where string, args ...any) ([]Framework, error) {
	var out []Framework
	err := q.Each(ctx, "SELECT id, code, title, items, document, conflict FROM framework WHERE "+where+" ORDER BY code, id", args, func(r store.Row) error {
		var f Framework
		var title, doc string
		if err := r.Scan(&f.ID, &f.Code, &title, &f.Items, &doc, &f.Conflict); err != nil {
			return err
		}
		f.Document = json.RawMessage(doc)
		err := json.Unmarshal([]byte(title), &f.Title)
		out = append(out, f)
		return err
	})
	return out, err
}

// Code returns the framework with a code, or ErrUnknown.
func (s *Frameworks) Code(ctx context.Context, q store.Querier, code string) (*Framework, error) {
	l, err := list(ctx, q, "id = ?", ID(code))
	if p := brought(ID(code)); err == nil && len(l) == 0 && p != nil {
		l = []Framework{p.framework()}
	}
	if err != nil || len(l) == 0 {
		return nil, cmp.Or(err, ErrUnknown)
	}
	return &l[0], nil
}

// ByDocument returns the framework whose CASE document has an identifier, or ErrUnknown. Where several have it, the first by code.
func (s *Frameworks) ByDocument(ctx context.Context, q store.Querier, identifier string) (*Framework, error) {
	l, err := s.List(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, f := range l {
		if strings.EqualFold(f.Identifier(), identifier) {
			return &f, nil
		}
	}
	return nil, ErrUnknown
}

// Package returns a framework with all that it has.
func (s *Frameworks) Package(ctx context.Context, q store.Querier, v id.ID) (*Package, error) {
	p := &Package{}
	var doc, lists string
	found, err := store.One(ctx, q, "SELECT code, document, lists FROM framework WHERE id = ?", store.Args(v), &p.Code, &doc, &lists)
	if b := brought(v); err == nil && !found && b != nil {
		return b, nil
	}
	if err != nil || !found {
		return nil, cmp.Or(err, ErrUnknown)
	}
	p.Document = json.RawMessage(doc)
	if err := json.Unmarshal([]byte(lists), &p.Lists); err != nil {
		return nil, fmt.Errorf("read a framework: %w", err)
	}
	err = q.Each(ctx, "SELECT list, raw FROM framework_piece WHERE framework = ? ORDER BY position", store.Args(v), func(r store.Row) error {
		var in, raw string
		err := r.Scan(&in, &raw)
		p.Pieces = append(p.Pieces, Piece{in, json.RawMessage(raw)})
		return err
	})
	if err == nil {
		err = p.derive().Err()
	}
	return p, err
}

// Index finds competencies by the names that courses use.
type Index struct {
	all   map[string]map[string]Item
	items map[string][]Item
	codes []string
}

// Items is what the framework of a code lists, as a tree is read.
func (x *Index) Items(code string) []Item { return x.items[code] }

// Codes are those of the frameworks.
func (x *Index) Codes() []string { return x.codes }

// Add takes a framework in.
func (x *Index) Add(code string, items []Item) {
	if x.all == nil {
		x.all, x.items = map[string]map[string]Item{}, map[string][]Item{}
	}
	of := map[string]Item{}
	for _, it := range items {
		of[it.Identifier] = it
	}
	for _, it := range slices.Backward(items) { // of two of one code the first
		of[it.Code] = it
	}
	if x.all[code] == nil {
		x.codes = append(x.codes, code)
		slices.Sort(x.codes)
	}
	x.all[code], x.items[code] = of, items
}

// Find looks for "digcomp-2.2:1.2". framework is false where the part before the colon is none.
func (x *Index) Find(name string) (it Item, framework, found bool) {
	code, rest, _ := strings.Cut(name, ":")
	of, framework := x.all[code]
	it, found = of[rest]
	return it, framework, found
}

var shipped = sync.OnceValue(func() []*Package {
	var out []*Package
	all := frameworks.All()
	for _, code := range slices.Sorted(maps.Keys(all)) {
		p, err := Parse(bytes.NewReader(all[code]), code)
		if err != nil {
			panic("frameworks/" + code + ".json: " + err.Error()) // a test reads them all
		}
		out = append(out, p)
	}
	return out
})

// Shipped indexes the frameworks that the program brings.
func Shipped() *Index {
	x := &Index{}
	for _, p := range shipped() {
		x.Add(p.Code, p.Items)
	}
	return x
}

// Index indexes the frameworks of the node.
func (s *Frameworks) Index(ctx context.Context, q store.Querier) (*Index, error) {
	x := &Index{}
	l, err := s.List(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, f := range l {
		items, err := s.Items(ctx, q, f.ID)
		if err != nil {
			return nil, err
		}
		x.Add(f.Code, items)
	}
	return x, nil
}

// Items returns what a framework lists, as a tree is read.
func (s *Frameworks) Items(ctx context.Context, q store.Querier, v id.ID) ([]Item, error) {
	var out []Item
	err := q.Each(ctx, "SELECT identifier, code, type, uri, words, parent, depth FROM framework_item WHERE framework = ? ORDER BY position", store.Args(v), func(r store.Row) error {
		var it Item
		var words string
		if err := r.Scan(&it.Identifier, &it.Code, &it.Type, &it.URI, &words, &it.Parent, &it.Depth); err != nil {
			return err
		}
		err := json.Unmarshal([]byte(words), &it.Text)
		out = append(out, it)
		return err
	})
	if p := brought(v); err == nil && out == nil && p != nil {
		out = p.Items // nobody took in an edition without any
	}
	return out, err
}

// Identifier is that of the CASE document.
func (f *Framework) Identifier() string {
	var doc statement
	json.Unmarshal(f.Document, &doc) // it was read when it was taken in
	return doc.Identifier
}

// RawItem returns the item with an identifier as CASE spells it, or ErrUnknown. Where several frameworks have it, the first by code.
func (s *Frameworks) RawItem(ctx context.Context, q store.Querier, identifier string) (json.RawMessage, error) {
	l, err := s.List(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, f := range l {
		p, err := s.Package(ctx, q, f.ID)
		if err != nil {
			return nil, err
		}
		for _, it := range p.Items {
			if strings.EqualFold(it.Identifier, identifier) {
				return it.Raw, nil
			}
		}
	}
	return nil, ErrUnknown
}
