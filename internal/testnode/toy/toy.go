// Package toy is a small area that tests of the ground write with: a counter, a register with an older version, a
// person whose name is sealed, and sums over them.
package toy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/store"
)

// Counted is the body of toy.counted: so many more in a group.
type Counted struct {
	Group string `json:"group"`
	N     int    `json:"n"`
}

// Check wants a group.
func (c Counted) Check() error {
	if c.Group == "" {
		return errors.New("a group is missing")
	}
	return nil
}

// Said is the body of toy.said@2: a register.
type Said struct {
	Text string `json:"text"`
}

// Check refuses one text, so that a body can be malformed.
func (s Said) Check() error {
	switch s.Text {
	case Nonsense:
		return errors.New("nonsense")
	case Bomb:
		panic("a body that brings its reader down")
	}
	return nil
}

// Nonsense is a text that Said refuses, Bomb one on which it panics, FoldBomb one on which the fold does.
const (
	Nonsense = "nonsense"
	Bomb     = "bomb"
	FoldBomb = "fold bomb"
)

// Word is the body of toy.said@1.
type Word struct {
	Word string `json:"word"`
}

// Check accepts any.
func (Word) Check() error { return nil }

// Named is the body of soul.named: a person's name, sealed, and the group they are counted in.
type Named struct {
	Sealed string `json:"sealed"`
	Group  string `json:"group"`
}

// Check wants both.
func (n Named) Check() error {
	if n.Sealed == "" || n.Group == "" {
		return errors.New("a name or a group is missing")
	}
	return nil
}

// Gone is the body of soul.gone: nothing is to be known of a person any more.
type Gone struct{}

// Check accepts any.
func (Gone) Check() error { return nil }

// Erases says so.
func (Gone) Erases() bool { return true }

// Future is the body of the kinds that Registry does not know.
type Future struct {
	N int `json:"n"`
}

// Check accepts any.
func (Future) Check() error { return nil }

var centre = []string{"centre", "commons"}

// The kinds.
var (
	KindCounted = fact.NewKind[Counted](fact.Kind{Name: "toy.counted", Streams: centre})
	KindSaid    = fact.NewKind[Said](fact.Kind{Name: "toy.said", Version: 2, Streams: centre, Lifts: []func(json.RawMessage) (json.RawMessage, error){
		func(old json.RawMessage) (json.RawMessage, error) {
			var w Word
			if err := json.Unmarshal(old, &w); err != nil {
				return nil, err
			}
			return json.Marshal(Said{Text: w.Word})
		},
	}})
	KindNamed = fact.NewKind[Named](fact.Kind{Name: "soul.named", Streams: []string{"centre"}})
	KindGone  = fact.NewKind[Gone](fact.Kind{Name: "soul.gone", Critical: true, Streams: []string{"centre"}})

	// KindSaid1 is what a program of yesterday wrote, KindLater and KindUrgent what one of tomorrow writes.
	KindSaid1  = fact.NewKind[Word](fact.Kind{Name: "toy.said", Streams: centre})
	KindLater  = fact.NewKind[Future](fact.Kind{Name: "toy.later", Streams: centre})
	KindUrgent = fact.NewKind[Future](fact.Kind{Name: "toy.urgent", Critical: true, Streams: centre})
)

// The tables.
var (
	Counters  = &store.Table{Name: "toy_counter", Key: 2, Columns: store.Cols("id:id grp:text n:int facts:int"), Indexes: []string{"grp"}}
	Registers = &store.Table{Name: "toy_register", Key: 1, Columns: store.Cols("id:id text:text at:int share:real raw:blob conflict:int")}
	People    = &store.Table{Name: "toy_person", Key: 1, Columns: store.Cols("id:id name:text grp:text"), Indexes: []string{"name"}}
	Futures   = &store.Table{Name: "toy_future", Key: 1, Columns: store.Cols("id:id n:int")}
	Sums      = &store.Table{Name: "toy_sum", Key: 1, Columns: store.Cols("grp:text n:int people:int")}
)

var groups = []string{"a", "b", "c"}

// CounterFold adds.
var CounterFold = &fact.Fold{
	Name: "toy.counter", Kinds: []*fact.Kind{KindCounted}, Tables: []*store.Table{Counters},
	Fold: func(s *fact.Subject, out *fact.Rows) error {
		n, facts := map[string]int{}, map[string]int{}
		for _, f := range s.Facts() {
			if c, ok := fact.As[Counted](f); ok {
				n[c.Group] += c.N
				facts[c.Group]++
			}
		}
		for g := range n {
			out.Add(Counters, s.ID, g, n[g], facts[g])
		}
		return nil
	},
	Sample: func(d fact.Draw, _ fact.NewKey) fact.History {
		h := fact.History{Subject: id.New()}
		for range 1 + d.Int("counts", 5) {
			h.Steps = append(h.Steps, fact.Step{Kind: KindCounted, By: d.Int("by", 3), Body: Counted{groups[d.Int("group", 3)], d.Int("n", 10)}})
		}
		return h
	},
}

// RegisterFold keeps what was said last.
var RegisterFold = &fact.Fold{
	Name: "toy.register", Kinds: []*fact.Kind{KindSaid}, Tables: []*store.Table{Registers},
	Fold: func(s *fact.Subject, out *fact.Rows) error {
		heads := s.Heads(fact.Is[Said])
		if len(heads) == 0 {
			return nil
		}
		last := heads[len(heads)-1]
		said, _ := fact.As[Said](last)
		if said.Text == FoldBomb {
			panic("a text that brings the fold down")
		}
		out.Add(Registers, s.ID, said.Text, last.HLC.Wall().UnixMilli(), float64(len(said.Text))/3, []byte(said.Text), len(heads) > 1)
		return nil
	},
	Sample: func(d fact.Draw, _ fact.NewKey) fact.History {
		h := fact.History{Subject: id.New()}
		for i := range 1 + d.Int("edits", 5) {
			st := fact.Step{Kind: KindSaid, By: d.Int("by", 3), Body: Said{fmt.Sprint("text ", d.Int("text", 4))}}
			if i > 0 && d.Int("saw", 2) == 1 {
				st.Prev = []int{d.Int("which", i)}
			}
			h.Steps = append(h.Steps, st)
		}
		return h
	},
}

// PersonFold opens the name.
var PersonFold = &fact.Fold{
	Name: "toy.person", Kinds: []*fact.Kind{KindNamed, KindGone}, Tables: []*store.Table{People}, Sealed: true,
	Fold: func(s *fact.Subject, out *fact.Rows) error {
		var last Named
		name, found := "", false
		for _, f := range s.Facts() {
			n, ok := fact.As[Named](f)
			if !ok {
				continue
			}
			if plain, ok := s.Open(s.ID, n.Sealed); ok {
				name, last, found = string(plain), n, true
			}
		}
		if found {
			out.Add(People, s.ID, name, last.Group)
		}
		return nil
	},
	Sample: func(d fact.Draw, newKey fact.NewKey) fact.History {
		p := id.New()
		k := newKey(p)
		h := fact.History{Subject: p, Key: k}
		for i := range 1 + d.Int("names", 3) {
			h.Steps = append(h.Steps, fact.Step{Kind: KindNamed, By: d.Int("by", 3), Body: Named{k.Seal(fmt.Appendf(nil, "name %d", i)), groups[d.Int("group", 3)]}})
		}
		return h
	},
}

// FutureFold is of a newer program.
var FutureFold = &fact.Fold{
	Name: "toy.future", Kinds: []*fact.Kind{KindLater, KindUrgent}, Tables: []*store.Table{Futures},
	Fold: func(s *fact.Subject, out *fact.Rows) error {
		n := 0
		for _, f := range s.Facts() {
			if b, ok := fact.As[Future](f); ok {
				n += b.N
			}
		}
		if n > 0 {
			out.Add(Futures, s.ID, n)
		}
		return nil
	},
}

// Sum counts by group: what was counted, and people.
var Sum = &fact.Aggregate{
	Name: "toy.sum", Tables: []*store.Table{Sums}, Sources: []*store.Table{Counters, People},
	Begin: func() fact.Collector { return &collector{map[string][2]int64{}} },
}

type collector struct{ by map[string][2]int64 }

// Change implements fact.Collector.
func (c *collector) Change(t *store.Table, old, new []any) {
	add := func(row []any, sign int64) {
		if row == nil {
			return
		}
		if t == Counters {
			g := row[1].(string)
			s := c.by[g]
			s[0] += sign * row[2].(int64)
			c.by[g] = s
		} else {
			g := row[2].(string)
			s := c.by[g]
			s[1] += sign
			c.by[g] = s
		}
	}
	add(old, -1)
	add(new, 1)
}

// Flush implements fact.Collector.
func (c *collector) Flush(ctx context.Context, tx store.Tx) error {
	var rows [][]any
	for g, s := range c.by {
		rows = append(rows, []any{g, s[0], s[1]})
	}
	return store.Sum(ctx, tx, Sums, rows)
}

// Registry returns what this program knows.
func Registry() *fact.Registry {
	r := fact.NewRegistry()
	Add(r)
	return r
}

// Add adds the toy area to a registry.
func Add(r *fact.Registry) {
	r.AddFold(CounterFold)
	r.AddFold(RegisterFold)
	r.AddFold(PersonFold)
	r.AddAggregate(Sum)
}

// Newer returns what a program of tomorrow knows.
func Newer() *fact.Registry {
	r := Registry()
	r.AddFold(FutureFold)
	return r
}

// Older returns what a program of yesterday knew: the first version of toy.said.
func Older() *fact.Registry {
	r := fact.NewRegistry()
	r.AddFold(&fact.Fold{
		Name: "toy.register", Kinds: []*fact.Kind{KindSaid1}, Tables: []*store.Table{Registers},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			f := s.Last(fact.Is[Word])
			if f == nil {
				return nil
			}
			w, _ := fact.As[Word](f)
			out.Add(Registers, s.ID, w.Word, f.HLC.Wall().UnixMilli(), float64(len(w.Word))/3, []byte(w.Word), false)
			return nil
		},
	})
	return r
}
