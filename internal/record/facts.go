// Package record is the learning record store: statements of xAPI as facts of a centre's stream, in the order in which they came
// to this node, with what identifies people of outside sealed; the documents of xAPI, and the keys that tools come with.
package record

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"tizi/internal/blob"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/statement"
	"tizi/internal/store"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// Schema returns the migrations of what only this node knows: when statements came, documents and keys.
func Schema() fs.FS {
	sub, _ := fs.Sub(schemaFiles, "schema")
	return sub
}

// Face is an agent of outside as one tool described it: whose it is, and which of the descriptions.
type Face struct {
	Agent id.ID  `json:"agent"`
	Tag   string `json:"face"`
}

// File is an attachment of a statement.
type File struct {
	SHA2 string      `json:"sha2"` // as the statement says it
	Type string      `json:"type"`
	File blob.Digest `json:"file"` // as it lies on the disk
	Key  id.ID       `json:"key"`  // whose key it is sealed with; Nil: none
	Size int64       `json:"size"` // bytes, unsealed
}

// Stated is the body of statement.made. Its subject is the statement. Said is the statement without id, stored, authority and
// version, as it was written but for white space; each member that identifies somebody is the number of one of the faces. What
// is too long for the log lies in a file, and Said is what it is found by.
type Stated struct {
	Said    json.RawMessage `json:"said"`
	Faces   []Face          `json:"faces,omitempty"`
	By      id.ID           `json:"by"` // the key of the tool that sent it
	Version string          `json:"version"`
	Whole   *blob.Digest    `json:"whole,omitempty"`
	Files   []File          `json:"files,omitempty"`
}

// Check wants a statement.
func (s Stated) Check() error {
	v, err := reread(s.Said)
	if err != nil {
		return err
	}
	if !v.IsObject() || s.By.IsNil() || s.Version == "" {
		return errors.New("a statement is an object, sent by somebody in a version of xAPI")
	}
	return nil
}

// Met is the body of agent.met: how a tool described an agent of outside, sealed with the agent's own key. Its subject is the
// agent, under a random id.
type Met struct {
	Tag    string `json:"face"`
	Sealed string `json:"sealed"`
}

// Check wants something sealed.
func (m Met) Check() error {
	if m.Tag == "" || m.Sealed == "" {
		return errors.New("nothing is said of the agent")
	}
	return nil
}

// Forgotten is the body of agent.erased.
type Forgotten struct {
	Reason string `json:"reason"`
}

// Erases says so.
func (Forgotten) Erases() bool { return true }

// Check wants a reason.
func (f Forgotten) Check() error {
	if f.Reason == "" {
		return errors.New("an erasure needs a reason")
	}
	return nil
}

// KeyMade is the body of key.made: a tool was given a key of the centre of the stream. Its subject is the key. The secret stays on
// the node that made it, which is the only one where the key opens anything.
type KeyMade struct {
	Name   string  `json:"name"` // of the tool, and of nobody
	Grants []Grant `json:"grants"`
}

// Check wants a name and grants that are known.
func (k KeyMade) Check() error {
	if k.Name == "" || len(k.Name) > maxKeyName {
		return ErrKeyName
	}
	if len(k.Grants) == 0 || slices.ContainsFunc(k.Grants, func(g Grant) bool { return !slices.Contains(Grants, g) }) {
		return ErrGrants
	}
	return nil
}

// KeyRevoked is the body of key.revoked.
type KeyRevoked struct{}

// Check wants nothing.
func (KeyRevoked) Check() error { return nil }

// The kinds of this area.
var (
	KindMade   = fact.NewKind[Stated](fact.Kind{Name: "statement.made", Streams: []string{"centre"}})
	KindMet    = fact.NewKind[Met](fact.Kind{Name: "agent.met", Streams: []string{"centre"}})
	KindErased = fact.NewKind[Forgotten](fact.Kind{Name: "agent.erased", Critical: true, Streams: []string{"centre"}})

	KindKeyMade    = fact.NewKind[KeyMade](fact.Kind{Name: "key.made", Streams: []string{"centre"}})
	KindKeyRevoked = fact.NewKind[KeyRevoked](fact.Kind{Name: "key.revoked", Critical: true, Streams: []string{"centre"}})
)

// What a statement is to another one.
const (
	refersNot = iota
	refers
	voids
)

// Statements has all statements. It is a source of sums over them: TakenOf reads its rows.
var Statements = statementTable

var (
	statementTable = &store.Table{
		Name: "record_statement", Key: 2,
		Columns: store.Cols("id:id centre:id hlc:int sender:id version:text target:id refers:int others:int said:text whole:text faces:text files:text"),
		Indexes: []string{"target WHERE refers > 0", "centre, id WHERE others > 0", "centre, id WHERE files <> ''"},
	}
	keyTable   = &store.Table{Name: "record_tool", Key: 2, Columns: store.Cols("id:id centre:id name:text grants:text account:id made:int revoked:int"), Indexes: []string{"centre, made"}}
	agentTable = &store.Table{Name: "record_agent", Key: 2, Columns: store.Cols("id:id face:text centre:id ident:int said:text"), Indexes: []string{"ident"}}
)

// Folds of this area.
var Folds = []*fact.Fold{
	{
		Name: "record.statement", Kinds: []*fact.Kind{KindMade}, Tables: []*store.Table{statementTable},
		Fold: foldStatement,
		Sample: func(d fact.Draw, _ fact.NewKey) fact.History {
			h := fact.History{Subject: id.New()}
			if d.Int("learner", 2) == 1 { // what sums over learners count, and what takes it back
				n := d.Int("statement", 3)
				sample := func(n int) id.ID { return id.Named("sample", fmt.Sprint("statement ", n)) }
				h.Subject = sample(n)
				said := fmt.Sprintf(`{"verb":{"id":%q},"object":{"objectType":"StatementRef","id":%q}}`, statement.Voided, sample((n+1)%3))
				if d.Int("voids", 3) > 0 {
					said = fmt.Sprintf(`{"actor":{"account":{"homePage":%q,"name":%q}},"verb":{"id":"http://adlnet.gov/expapi/verbs/answered"},"object":{"id":"urn:tizi:course:x/a/b/c/q%d"},"result":{"success":%t}}`,
						statement.PersonHome, id.Named("sample", fmt.Sprint(d.Int("person", 2))), d.Int("item", 2), d.Int("right", 2) == 1)
				}
				h.Steps = append(h.Steps, fact.Step{Kind: KindMade, By: d.Int("by", 2), Body: Stated{Said: json.RawMessage(said), By: id.New(), Version: "1.0.0"}})
				return h
			}
			for range 1 + d.Int("again", 3) {
				said := fmt.Sprintf(`{"verb":{"id":"http://example.org/%d"},"object":{"objectType":"StatementRef","id":%q}}`, d.Int("verb", 2), id.New())
				h.Steps = append(h.Steps, fact.Step{Kind: KindMade, By: d.Int("by", 2), Body: Stated{Said: json.RawMessage(said), By: id.New(), Version: "1.0.0"}})
			}
			return h
		},
	},
	{
		Name: "record.agent", Kinds: []*fact.Kind{KindMet, KindErased}, Tables: []*store.Table{agentTable}, Sealed: true,
		Fold: foldAgent,
		Sample: func(d fact.Draw, newKey fact.NewKey) fact.History {
			h := fact.History{Subject: id.New()}
			h.Key = newKey(h.Subject)
			for i := range 1 + d.Int("faces", 3) {
				said := fmt.Sprintf(`{"mbox":"mailto:a@example.org","name":"%d"}`, i)
				h.Steps = append(h.Steps, fact.Step{Kind: KindMet, By: d.Int("by", 2), Body: Met{fmt.Sprint(d.Int("tag", 2)), h.Key.Seal([]byte(said))}})
			}
			if d.Int("erased", 4) == 0 {
				h.Steps = append(h.Steps, fact.Step{Kind: KindErased, By: d.Int("by", 2), Body: Forgotten{"asked"}})
			}
			return h
		},
	},
	{
		Name: "record.key", Kinds: []*fact.Kind{KindKeyMade, KindKeyRevoked}, Tables: []*store.Table{keyTable},
		Fold: foldKey,
		Sample: func(d fact.Draw, _ fact.NewKey) fact.History {
			h := fact.History{Subject: id.New()}
			for i := range 1 + d.Int("made", 2) {
				h.Steps = append(h.Steps, fact.Step{Kind: KindKeyMade, By: d.Int("by", 2), Body: KeyMade{fmt.Sprint("tool ", i), []Grant{Grants[d.Int("may", len(Grants))]}}})
			}
			for range d.Int("revoked", 3) {
				h.Steps = append(h.Steps, fact.Step{Kind: KindKeyRevoked, By: d.Int("by", 2), Body: KeyRevoked{}})
			}
			return h
		},
	},
}

// foldStatement keeps, in each stream, what was said first under an id, and how many facts say something else.
func foldStatement(s *fact.Subject, out *fact.Rows) error {
	type kept struct {
		f      *fact.Fact
		b      Stated
		others int
	}
	first := map[string]*kept{}
	var order []string
	for _, f := range s.Facts() {
		b, ok := fact.As[Stated](f)
		if !ok {
			continue
		}
		k := first[f.Stream]
		if k == nil {
			first[f.Stream] = &kept{f: f, b: b}
			order = append(order, f.Stream)
			continue
		}
		if !bytes.Equal(k.b.Said, b.Said) || fmt.Sprint(k.b.Faces) != fmt.Sprint(b.Faces) {
			k.others++
		}
	}
	for _, stream := range order {
		k := first[stream]
		v, err := reread(k.b.Said)
		if err != nil {
			return err // Check has read it
		}
		st := statement.Statement{All: v}
		what, target := refersNot, st.Target()
		if !target.IsNil() {
			if what = refers; st.Voids() {
				what = voids
			}
		}
		whole, faces, files := "", "", ""
		if k.b.Whole != nil {
			whole = k.b.Whole.String()
		}
		if len(k.b.Faces) > 0 {
			faces = text(k.b.Faces)
		}
		if len(k.b.Files) > 0 || whole != "" {
			files = text(k.b.Files)
		}
		out.Add(statementTable, s.ID, fact.CentreOf(stream), int64(k.f.HLC), k.b.By, k.b.Version, target, what, k.others, string(k.b.Said), whole, faces, files)
	}
	return nil
}

// foldKey keeps, in each stream, what was said first of a key, and when it was first revoked, on whichever node.
func foldKey(s *fact.Subject, out *fact.Rows) error {
	revoked := map[string]int64{}
	for _, f := range s.Facts() {
		if _, before := revoked[f.Stream]; fact.Is[KeyRevoked](f) && !before {
			revoked[f.Stream] = f.HLC.Wall().UnixMilli()
		}
	}
	seen := map[string]bool{}
	for _, f := range s.Facts() {
		if k, ok := fact.As[KeyMade](f); ok && !seen[f.Stream] {
			seen[f.Stream] = true
			out.Add(keyTable, s.ID, fact.CentreOf(f.Stream), k.Name, join(k.Grants), f.Actor, f.HLC.Wall().UnixMilli(), revoked[f.Stream])
		}
	}
	return nil
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // these can be written
	}
	return string(b)
}

func foldAgent(s *fact.Subject, out *fact.Rows) error {
	seen := map[string]bool{}
	erased := map[string]bool{}
	for _, f := range s.Facts() {
		if fact.Is[Forgotten](f) {
			erased[f.Stream] = true
		}
	}
	for _, f := range s.Facts() {
		m, ok := fact.As[Met](f)
		if !ok || seen[m.Tag] || erased[f.Stream] {
			continue
		}
		plain, ok := s.Open(s.ID, m.Sealed)
		if !ok {
			continue
		}
		v, err := statement.Parse(plain)
		if err != nil || !v.IsObject() {
			continue
		}
		seen[m.Tag] = true
		out.Add(agentTable, s.ID, m.Tag, fact.CentreOf(f.Stream), int64(term("ident", statement.Ident(v))), v.String())
	}
	return nil
}

// Taken is a row of Statements as sums over them see it.
type Taken struct {
	ID, Centre id.ID
	At         fact.Time
	Said       *statement.Statement // in outline where it is long: without its result
	Voids      id.ID                // the statement that it takes back; Nil
}

// TakenOf reads a row of Statements.
func TakenOf(row []any) (Taken, error) {
	v, err := reread([]byte(row[8].(string)))
	t := Taken{ID: row[0].(id.ID), Centre: row[1].(id.ID), At: fact.Time(row[2].(int64)), Said: &statement.Statement{All: v}}
	if row[6].(int64) == voids {
		t.Voids = row[5].(id.ID)
	}
	return t, err
}
