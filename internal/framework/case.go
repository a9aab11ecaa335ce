package framework

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"tizi/internal/fault"
	"tizi/internal/i18n"
)

// MaxFile is how many bytes a package may have.
const MaxFile = 16 << 20

// maxPiece is how many bytes one item may have: it must fit into a fact.
const maxPiece = 40 << 10

// Piece is one element of a package as it came: an item, an association, a definition. In is the list that it stands in, such as
// "CFItems" or "CFDefinitions/CFConcepts".
type Piece struct {
	In  string          `json:"in"`
	Raw json.RawMessage `json:"raw"`
}

// Package is a framework as CASE 1.0 spells it (CFPackage), taken apart so that nothing of it is lost.
type Package struct {
	Code     string // under which courses name it
	Document json.RawMessage
	Lists    []string // the lists that are there, empty ones too
	Pieces   []Piece
	Title    i18n.Text
	Language i18n.Lang // that of its statements
	Items    []Item    // as a tree is read
}

// Item is one entry of a framework: an area, a competency.
type Item struct {
	Identifier string // a UUID
	Code       string // its human coding scheme, or its identifier where it has none
	Type       string // as the framework calls it; ""
	URI        string
	Text       i18n.Text
	Parent     string // the identifier of the item that it belongs to; "" of the outermost
	Depth      int    // 0 of the outermost
	Raw        json.RawMessage
}

var codePattern = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9.-]{0,38}[a-z0-9])?$`)

// IsCode reports whether a framework may have a code.
func IsCode(s string) bool { return codePattern.MatchString(s) }

// statement is what CASE says of a document or an item, as far as a screen shows it.
type statement struct {
	Identifier string `json:"identifier"`
	URI        string `json:"uri"`
	Title      string `json:"title"`
	Full       string `json:"fullStatement"`
	Code       string `json:"humanCodingScheme"`
	Type       string `json:"CFItemType"`
	Language   string `json:"language"`
	Extensions struct {
		Code         string    `json:"code"`
		Translations i18n.Text `json:"translations"`
	} `json:"extensions"`
}

type association struct {
	Type     string `json:"associationType"`
	Sequence int    `json:"sequenceNumber"`
	Origin   link   `json:"originNodeURI"`
	Target   link   `json:"destinationNodeURI"`
}

type link struct {
	Identifier string `json:"identifier"`
}

// text is a statement in its language and in those that it is translated to.
func (s statement) text(words string, own i18n.Lang) i18n.Text {
	t := i18n.Text{}
	for l, v := range s.Extensions.Translations {
		if _, ok := i18n.Parse(string(l)); ok && v != "" {
			t[l] = v
		}
	}
	if l, ok := i18n.Parse(s.Language); ok {
		own = l
	}
	t[own] = words
	return t
}

// Parse reads a CFPackage. code is under which courses name the framework; "" takes the one that the package brings. What is wrong
// are fault.Faults, whose fields say where.
func Parse(r io.Reader, code string) (*Package, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read the framework: %w", err)
	}
	var f fault.Faults
	if len(b) > MaxFile {
		f.Add(true, "", "framework.fault.large", "mb", MaxFile>>20)
		return nil, f
	}
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	var top map[string]json.RawMessage
	if err := json.Unmarshal(b, &top); err != nil {
		var syntax *json.SyntaxError
		line := 1
		if errors.As(err, &syntax) {
			line += bytes.Count(b[:min(int(syntax.Offset), len(b))], []byte("\n"))
		}
		f.Add(true, "", "framework.fault.json", "line", line)
		return nil, f
	}
	p := &Package{Code: code, Document: top["CFDocument"]}
	if len(p.Document) == 0 || p.Document[0] != '{' {
		f.Add(true, "CFDocument", "framework.fault.document")
		return nil, f
	}
	list := func(name string, raw json.RawMessage) {
		var l []json.RawMessage
		if json.Unmarshal(raw, &l) != nil {
			f.Add(true, name, "framework.fault.list")
			return
		}
		p.Lists = append(p.Lists, name)
		for i, x := range l {
			f.Add(len(x) > maxPiece, fmt.Sprintf("%s[%d]", name, i), "framework.fault.piece", "kb", maxPiece>>10)
			p.Pieces = append(p.Pieces, Piece{name, x})
		}
	}
	for _, name := range []string{"CFItems", "CFAssociations", "CFRubrics"} {
		if raw := top[name]; len(raw) > 0 && string(raw) != "null" {
			list(name, raw)
		}
	}
	if raw := top["CFDefinitions"]; len(raw) > 0 && string(raw) != "null" {
		var defs map[string]json.RawMessage
		switch err := json.Unmarshal(raw, &defs); {
		case err == nil:
			p.Lists = append(p.Lists, "CFDefinitions")
			for _, name := range sortedKeys(defs) {
				list("CFDefinitions/"+name, defs[name])
			}
		default: // the schema lets an empty list stand for none
			list("CFDefinitions[]", raw)
		}
	}
	for name := range top {
		known := name == "CFDocument" || slices.Contains(p.Lists, name) || name == "CFDefinitions" || string(top[name]) == "null"
		f.Add(!known && !slices.Contains([]string{"CFItems", "CFAssociations", "CFRubrics"}, name), name, "framework.fault.unknown", "name", name)
	}
	if len(f) > 0 {
		return nil, f
	}
	f = p.derive()
	f.Add(!IsCode(p.Code), "CFDocument", "framework.fault.code", "code", p.Code)
	f.Add(len(p.Document) > maxPiece, "CFDocument", "framework.fault.piece", "kb", maxPiece>>10)
	return p, f.Err()
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// derive works out title and items from the pieces.
func (p *Package) derive() (f fault.Faults) {
	var doc statement
	if err := json.Unmarshal(p.Document, &doc); err != nil {
		f.Add(true, "CFDocument", "framework.fault.shape")
		return f
	}
	p.Code = cmp.Or(p.Code, doc.Extensions.Code)
	f.Add(doc.Identifier == "", "CFDocument.identifier", "framework.fault.missing")
	f.Add(doc.Title == "", "CFDocument.title", "framework.fault.missing")
	p.Language = i18n.EN
	if l, ok := i18n.Parse(doc.Language); ok {
		p.Language = l
	}
	p.Title = doc.text(doc.Title, p.Language)
	type child struct {
		sequence, place int
		id              string
	}
	at := map[string]int{}
	var all []Item
	for i, x := range p.of("CFItems") {
		where := fmt.Sprintf("CFItems[%d]", i)
		var s statement
		if err := json.Unmarshal(x, &s); err != nil {
			f.Add(true, where, "framework.fault.shape")
			continue
		}
		f.Add(s.Identifier == "", where+".identifier", "framework.fault.missing")
		f.Add(s.Full == "", where+".fullStatement", "framework.fault.missing")
		if _, twice := at[s.Identifier]; twice && s.Identifier != "" {
			f.Add(true, where+".identifier", "framework.fault.twice", "id", s.Identifier)
			continue
		}
		at[s.Identifier] = len(all)
		all = append(all, Item{Identifier: s.Identifier, Code: cmp.Or(strings.TrimSpace(s.Code), s.Identifier), Type: s.Type, URI: s.URI, Text: s.text(s.Full, p.Language), Raw: x})
	}
	children := map[string][]child{}
	for i, x := range p.of("CFAssociations") {
		var a association
		if err := json.Unmarshal(x, &a); err != nil {
			f.Add(true, fmt.Sprintf("CFAssociations[%d]", i), "framework.fault.shape")
			continue
		}
		j, ok := at[a.Origin.Identifier]
		if a.Type != "isChildOf" || !ok || all[j].Parent != "" {
			continue
		}
		if _, inside := at[a.Target.Identifier]; !inside { // of the document, or of another one's item
			children[""] = append(children[""], child{a.Sequence, j, a.Origin.Identifier})
			all[j].Parent = doc.Identifier
			continue
		}
		all[j].Parent = a.Target.Identifier
		children[a.Target.Identifier] = append(children[a.Target.Identifier], child{a.Sequence, j, a.Origin.Identifier})
	}
	for j := range all {
		if all[j].Parent == "" { // nobody says whose it is
			children[""] = append(children[""], child{0, j, all[j].Identifier})
		}
	}
	p.Items = nil
	var walk func(of string, depth int)
	walk = func(of string, depth int) {
		l := children[of]
		slices.SortStableFunc(l, func(a, b child) int { return cmp.Or(a.sequence-b.sequence, a.place-b.place) })
		for _, c := range l {
			it := all[c.place]
			it.Parent, it.Depth = of, depth
			p.Items = append(p.Items, it)
			walk(c.id, depth+1)
		}
	}
	walk("", 0)
	// A ring hangs under nothing, so nobody comes to it.
	f.Add(len(p.Items) != len(all), "CFAssociations", "framework.fault.ring")
	return f
}

func (p *Package) of(list string) (out []json.RawMessage) {
	for _, x := range p.Pieces {
		if x.In == list {
			out = append(out, x.Raw)
		}
	}
	return out
}

// JSON is the package as CASE 1.0 spells it: what came, in its order.
func (p *Package) JSON() ([]byte, error) {
	out := map[string]any{"CFDocument": p.Document}
	defs := map[string]any{}
	for _, name := range p.Lists {
		l := p.of(name)
		if l == nil {
			l = []json.RawMessage{}
		}
		if in, ok := strings.CutPrefix(name, "CFDefinitions/"); ok {
			defs[in] = l
			continue
		}
		switch name {
		case "CFDefinitions":
			out[name] = defs
		case "CFDefinitions[]":
			out["CFDefinitions"] = l
		default:
			out[name] = l
		}
	}
	return json.MarshalIndent(out, "", "  ")
}

// digest tells one content of a package from another.
func (p *Package) digest() string {
	h := sha256.New()
	e := json.NewEncoder(h)
	e.Encode(p.Document) // what was read is JSON
	e.Encode(p.Lists)
	for _, x := range p.Pieces {
		e.Encode(x)
	}
	return hex.EncodeToString(h.Sum(nil))
}
