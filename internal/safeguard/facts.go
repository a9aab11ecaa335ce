// Package safeguard keeps worries about children, and what is done about them, sealed to the safeguarding officers: neither
// a manager nor whoever holds the database reads them.
package safeguard

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/store"
)

// Keyed is the body of officer.keyed: the public part of an officer's pair of keys. The subject is the key.
type Keyed struct {
	Account id.ID  `json:"account"`
	Public  []byte `json:"public"`
	At      int64  `json:"at"` // seconds since 1970
}

// Check says what is missing.
func (k Keyed) Check() error {
	if k.Account.IsNil() || len(k.Public) == 0 {
		return errors.New("a key needs an account and its public part")
	}
	return nil
}

// Wrap is the key of a case, wrapped for one officer's key. What is wrapped since version 2 of the kinds is the key as the
// case's own key in the key store sealed it: two are needed to read a case, the officer's and one that can be destroyed.
type Wrap struct {
	Key     id.ID  `json:"key"`
	Wrapped []byte `json:"wrapped"`
}

// Reported is the body of safeguarding.reported: a worry. Its subject is the case. It carries no actor: whoever is worried
// need not say who they are.
type Reported struct {
	Centre id.ID  `json:"centre"`
	At     int64  `json:"at"`
	For    []Wrap `json:"for"`
	Sealed string `json:"sealed"`
}

// Check says what is missing.
func (r Reported) Check() error {
	if r.Centre.IsNil() || len(r.For) == 0 || r.Sealed == "" {
		return errors.New("a worry needs a centre, somebody who can read it, and a text")
	}
	return nil
}

// States of a case.
const (
	Fresh  = "new"
	Open   = "open"
	Closed = "closed"
)

// Noted is the body of safeguarding.noted: a step of a case. What was done is sealed; when the next step is due is not, so
// that it can be called for while the case is locked.
type Noted struct {
	At     int64  `json:"at"`
	State  string `json:"state"`
	Due    string `json:"due,omitempty"` // civil date
	Sealed string `json:"sealed"`
}

// Check says what is missing.
func (n Noted) Check() error {
	if n.State != Open && n.State != Closed || n.Sealed == "" {
		return errors.New("a step needs a state and a text")
	}
	if n.Due != "" {
		if _, err := time.Parse(time.DateOnly, n.Due); err != nil {
			return errors.New("a step is due on a date")
		}
	}
	return nil
}

// Shared is the body of safeguarding.shared: an officer let others into a case.
type Shared struct {
	For []Wrap `json:"for"`
}

// Check says what is missing.
func (s Shared) Check() error {
	if len(s.For) == 0 {
		return errors.New("a case is shared with somebody")
	}
	return nil
}

// Pruned is the body of safeguarding.pruned: a case was closed long enough, and its key was destroyed.
type Pruned struct {
	Closed int64 `json:"closed"` // when it was; seconds since 1970
}

// Erases says so.
func (Pruned) Erases() bool { return true }

// Check says what is missing.
func (p Pruned) Check() error {
	if p.Closed <= 0 {
		return errors.New("only a case that was closed is pruned")
	}
	return nil
}

// asBefore lifts version 1, in which a case had no key that could be destroyed. Its wraps tell (see Safeguard.keyOf).
var asBefore = []func(json.RawMessage) (json.RawMessage, error){func(b json.RawMessage) (json.RawMessage, error) { return b, nil }}

// The kinds of this area.
var (
	KindKeyed    = fact.NewKind[Keyed](fact.Kind{Name: "officer.keyed", Streams: []string{"commons", "centre"}})
	KindReported = fact.NewKind[Reported](fact.Kind{Name: "safeguarding.reported", Version: 2, Lifts: asBefore, Streams: []string{"centre"}})
	KindNoted    = fact.NewKind[Noted](fact.Kind{Name: "safeguarding.noted", Streams: []string{"centre"}})
	KindShared   = fact.NewKind[Shared](fact.Kind{Name: "safeguarding.shared", Version: 2, Lifts: asBefore, Streams: []string{"centre"}})
	KindPruned   = fact.NewKind[Pruned](fact.Kind{Name: "safeguarding.pruned", Streams: []string{"centre"}})
)

var (
	officerTable = &store.Table{Name: "safeguard_officer", Key: 1, Columns: store.Cols("id:id account:id public:blob at:int centre:id"), Indexes: []string{"account, at"}}
	caseTable    = &store.Table{Name: "safeguard_case", Key: 1, Columns: store.Cols("id:id centre:id at:int state:text due:text noted:int"), Indexes: []string{"centre, at", "due", "state, noted"}}
)

// Folds of this area.
var Folds = []*fact.Fold{
	{
		Name: "safeguard.officer", Kinds: []*fact.Kind{KindKeyed}, Tables: []*store.Table{officerTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			if f := s.Last(func(*fact.Fact) bool { return true }); f != nil {
				k, _ := fact.As[Keyed](f)
				// What is said in a centre's stream holds for that centre: its box speaks for no other's officers.
				centre := fact.CentreOf(f.Stream)
				if centre.IsNil() && f.Stream != "commons" {
					return nil
				}
				out.Add(officerTable, s.ID, k.Account, k.Public, k.At, centre)
			}
			return nil
		},
		Sample: func(d fact.Draw, _ fact.NewKey) fact.History {
			h := fact.History{Subject: id.New()}
			for i := range 1 + d.Int("steps", 2) {
				h.Steps = append(h.Steps, fact.Step{Kind: KindKeyed, By: d.Int("by", 2), Body: Keyed{Account: id.New(), Public: []byte{1, byte(i)}, At: int64(i)}})
			}
			return h
		},
	},
	{
		Name: "safeguard.case", Kinds: []*fact.Kind{KindReported, KindNoted, KindShared, KindPruned}, Tables: []*store.Table{caseTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			f := s.Last(fact.Is[Reported])
			if f == nil {
				return nil
			}
			r, _ := fact.As[Reported](f)
			state, due, noted, pruned := Fresh, "", int64(0), false
			// Two officers who did not see each other: the case stays open, and what is due first is due. So it is with one who
			// went on with a case while it was pruned: it cannot be read any more, but it is not passed over in silence.
			for _, f := range s.Heads(func(f *fact.Fact) bool { return fact.Is[Noted](f) || fact.Is[Pruned](f) }) {
				n, ok := fact.As[Noted](f)
				if !ok {
					pruned = true
					continue
				}
				if state != Open {
					state = n.State
				}
				if n.Due != "" && (due == "" || n.Due < due) {
					due = n.Due
				}
				noted = max(noted, n.At)
			}
			if pruned && state != Open {
				return nil
			}
			if state == Closed {
				due = ""
			}
			out.Add(caseTable, s.ID, r.Centre, r.At, state, due, noted)
			return nil
		},
		Sample: func(d fact.Draw, _ fact.NewKey) fact.History {
			h := fact.History{Subject: id.New()}
			w := []Wrap{{id.New(), []byte{1}}}
			h.Steps = append(h.Steps, fact.Step{Kind: KindReported, By: d.Int("by", 2), Body: Reported{Centre: id.New(), At: 1, For: w, Sealed: "x"}})
			for i := range d.Int("steps", 4) {
				st := fact.Step{Kind: KindNoted, By: d.Int("by", 2), Body: Noted{At: int64(i + 2), State: []string{Open, Closed}[d.Int("state", 2)], Due: []string{"", fmt.Sprintf("2026-03-%02d", i+1)}[d.Int("due", 2)], Sealed: "y"}}
				switch d.Int("other", 5) {
				case 3:
					st.Kind, st.Body = KindShared, Shared{w}
				case 4:
					st.Kind, st.Body = KindPruned, Pruned{1}
				}
				if d.Int("sees", 2) == 1 {
					st.Prev = []int{d.Int("saw", len(h.Steps))}
				}
				h.Steps = append(h.Steps, st)
			}
			return h
		},
	},
}
