// Package family knows who answers for a child: the guardians, what they may do, who else may fetch the child, and what a
// centre and a guardian write to each other. A guardian is an account that sees its own children and nothing else.
package family

import (
	"encoding/json"
	"errors"
	"fmt"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/store"
)

// Linked is the body of guardian.linked: how an account stands to a child. Said again it is a change.
type Linked struct {
	Child    id.ID `json:"child"`
	Guardian id.ID `json:"guardian"` // an account
	Fetch    bool  `json:"fetch,omitempty"`
	Consent  bool  `json:"consent,omitempty"`
	Ended    bool  `json:"ended,omitempty"`
	// Sealed is a Who, sealed with the child's key.
	Sealed string `json:"sealed"`
}

// Who is a guardian, or somebody who may fetch a child.
type Who struct {
	Name     string `json:"name"`
	Phone    string `json:"phone,omitempty"`
	Relation string `json:"relation,omitempty"`
}

// Relations are how somebody stands to a child.
var Relations = []string{"mother", "father", "grandparent", "sibling", "aunt_uncle", "tutor", "other"}

// Check says what is missing.
func (l Linked) Check() error {
	if l.Child.IsNil() || l.Guardian.IsNil() || l.Sealed == "" {
		return errors.New("a guardian needs a child, an account and a name")
	}
	return nil
}

// FetcherNamed is the body of fetcher.named: somebody else who may fetch a child.
type FetcherNamed struct {
	Child  id.ID  `json:"child"`
	Ended  bool   `json:"ended,omitempty"`
	Sealed string `json:"sealed"`
}

// Check says what is missing.
func (f FetcherNamed) Check() error {
	if f.Child.IsNil() || f.Sealed == "" {
		return errors.New("who may fetch a child needs a child and a name")
	}
	return nil
}

// MessageSent is the body of message.sent: a few words between a centre and a guardian about a child.
type MessageSent struct {
	Child    id.ID  `json:"child"`
	Guardian id.ID  `json:"guardian"` // the account of the guardian, whoever writes
	Sealed   string `json:"sealed"`   // the text, sealed with the child's key
}

// Check says what is missing.
func (m MessageSent) Check() error {
	if m.Child.IsNil() || m.Guardian.IsNil() || m.Sealed == "" || len(m.Sealed) > 16_000 {
		return errors.New("a message needs a child, a guardian and words")
	}
	return nil
}

// The kinds of this area.
var (
	KindLinked  = fact.NewKind[Linked](fact.Kind{Name: "guardian.linked", Critical: true, Streams: []string{"centre"}})
	KindFetcher = fact.NewKind[FetcherNamed](fact.Kind{Name: "fetcher.named", Critical: true, Streams: []string{"centre"}})
	KindMessage = fact.NewKind[MessageSent](fact.Kind{Name: "message.sent", Streams: []string{"centre"}})
)

var (
	linkTable    = &store.Table{Name: "family_link", Key: 1, Columns: store.Cols("id:id child:id guardian:id centre:id may_fetch:int may_consent:int sealed:text conflict:int"), Indexes: []string{"child", "guardian"}}
	fetcherTable = &store.Table{Name: "family_fetcher", Key: 1, Columns: store.Cols("id:id child:id centre:id actor:id sealed:text"), Indexes: []string{"child"}}
	messageTable = &store.Table{Name: "family_message", Key: 1, Columns: store.Cols("id:id child:id guardian:id centre:id sender:id at:int sealed:text"), Indexes: []string{"child, guardian, at", "centre, at"}}
)

// Own says which children are an account's own, for scopes that end there.
var Own = &access.Relation{Groups: "SELECT child FROM family_link WHERE guardian = ? AND 1 = 0", People: "SELECT child FROM family_link WHERE guardian = ?"}

// Folds of this area.
var Folds = []*fact.Fold{
	{
		Name: "family.link", Kinds: []*fact.Kind{KindLinked}, Tables: []*store.Table{linkTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			heads := s.Heads(fact.Is[Linked])
			if len(heads) == 0 {
				return nil
			}
			last := heads[len(heads)-1]
			l, _ := fact.As[Linked](last)
			// Of two who did not see each other, the one who took something away is heard: a child is better waited for than
			// fetched by the wrong one.
			for _, h := range heads {
				b, _ := fact.As[Linked](h)
				l.Fetch, l.Consent, l.Ended = l.Fetch && b.Fetch, l.Consent && b.Consent, l.Ended || b.Ended
			}
			if !l.Ended {
				out.Add(linkTable, s.ID, l.Child, l.Guardian, fact.CentreOf(last.Stream), l.Fetch, l.Consent, l.Sealed, len(heads) > 1)
			}
			return nil
		},
		Sample: func(d fact.Draw, _ fact.NewKey) fact.History {
			return draw(d, KindLinked, func(i int) fact.Body {
				return Linked{Child: sampleID(1), Guardian: sampleID(2), Fetch: d.Int("fetch", 2) == 1, Consent: d.Int("consent", 2) == 1, Ended: d.Int("ended", 4) == 0, Sealed: fmt.Sprint("sealed ", i)}
			})
		},
	},
	{
		Name: "family.fetcher", Kinds: []*fact.Kind{KindFetcher}, Tables: []*store.Table{fetcherTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			heads := s.Heads(fact.Is[FetcherNamed])
			for _, h := range heads {
				if b, _ := fact.As[FetcherNamed](h); b.Ended {
					return nil
				}
			}
			if len(heads) > 0 {
				last := heads[len(heads)-1]
				b, _ := fact.As[FetcherNamed](last)
				out.Add(fetcherTable, s.ID, b.Child, fact.CentreOf(last.Stream), last.Actor, b.Sealed)
			}
			return nil
		},
		Sample: func(d fact.Draw, _ fact.NewKey) fact.History {
			return draw(d, KindFetcher, func(i int) fact.Body {
				return FetcherNamed{Child: sampleID(1), Ended: d.Int("ended", 3) == 0, Sealed: fmt.Sprint("sealed ", i)}
			})
		},
	},
	{
		Name: "family.message", Kinds: []*fact.Kind{KindMessage}, Tables: []*store.Table{messageTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			if f := s.Last(fact.Is[MessageSent]); f != nil {
				m, _ := fact.As[MessageSent](f)
				out.Add(messageTable, s.ID, m.Child, m.Guardian, fact.CentreOf(f.Stream), f.Actor, f.HLC.Wall().UnixMilli(), m.Sealed)
			}
			return nil
		},
		Sample: func(d fact.Draw, _ fact.NewKey) fact.History {
			return draw(d, KindMessage, func(i int) fact.Body {
				return MessageSent{sampleID(1), sampleID(2), fmt.Sprint("sealed ", i)}
			})
		},
	},
}

func sampleID(n int) id.ID { return id.Named("sample", fmt.Sprint("family ", n)) }

func draw(d fact.Draw, k *fact.Kind, body func(int) fact.Body) fact.History {
	h := fact.History{Subject: id.New()}
	for i := range 1 + d.Int("steps", 4) {
		st := fact.Step{Kind: k, Body: body(i), By: d.Int("by", 2)}
		if i > 0 && d.Int("saw", 2) == 1 {
			st.Prev = []int{d.Int("which", i)}
		}
		h.Steps = append(h.Steps, st)
	}
	return h
}

// LinkID names how a guardian stands to a child: two nodes that state it mean the same.
func LinkID(child, guardian id.ID) id.ID { return id.Under(child, "guardian "+guardian.Hex()) }

func (w Who) text() []byte {
	b, err := json.Marshal(w)
	if err != nil {
		panic("family: " + err.Error()) // three strings
	}
	return b
}
