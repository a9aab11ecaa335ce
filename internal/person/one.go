package person

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/store"
)

// Edge is the body of the facts about two records: that they are one person, or are not. The smaller id comes first, so
// that whoever says it says it of the same subject. A fact stands in the stream of each of the two centres: each counts
// people, and must know when one of its own is counted elsewhere.
type Edge struct {
	A      id.ID  `json:"a"`
	B      id.ID  `json:"b"`
	Reason string `json:"reason,omitempty"`
}

// Check wants two people in their order.
func (e Edge) Check() error {
	switch {
	case e.A.IsNil() || bytes.Compare(e.A[:], e.B[:]) >= 0:
		return errors.New("an edge joins two people, the smaller id first")
	case len(e.Reason) > 2000:
		return errors.New("the reason is too long")
	}
	return nil
}

// EdgeID names what is between two people, in whichever order.
func EdgeID(a, b id.ID) id.ID {
	if bytes.Compare(a[:], b[:]) > 0 {
		a, b = b, a
	}
	return id.Under(a, "same "+b.Hex())
}

// Kinds of an edge. They are one register: the last word stands, and two that did not see each other are a conflict.
var (
	KindMerged   = fact.NewKind[Edge](fact.Kind{Name: "person.merged", Streams: []string{"centre"}})
	KindUnmerged = fact.NewKind[Edge](fact.Kind{Name: "person.unmerged", Streams: []string{"centre"}})
	KindParted   = fact.NewKind[Edge](fact.Kind{Name: "person.parted", Streams: []string{"centre"}})
	KindReopened = fact.NewKind[Edge](fact.Kind{Name: "person.reopened", Streams: []string{"centre"}})
)

// States of an edge. One that was never decided, or whose decision was taken back, is open.
const (
	Open   = ""
	Merged = "merged"
	Parted = "parted" // somebody looked and said that they are two
)

var states = map[string]string{KindMerged.Name: Merged, KindUnmerged.Name: Open, KindParted.Name: Parted, KindReopened.Name: Open}

// Edges has what was said of pairs. It is a source of sums over people.
var Edges = &store.Table{Name: "person_edge", Key: 1, Columns: store.Cols("id:id a:id b:id state:text reason:text actor:id at:int conflict:int"), Indexes: []string{"a", "b"}}

// EdgeFold derives the edges.
var EdgeFold = &fact.Fold{
	Name: "person.edge", Kinds: []*fact.Kind{KindMerged, KindUnmerged, KindParted, KindReopened}, Tables: []*store.Table{Edges},
	Fold: func(s *fact.Subject, out *fact.Rows) error {
		heads := s.Heads(func(f *fact.Fact) bool {
			e, ok := fact.As[Edge](f)
			return ok && EdgeID(e.A, e.B) == s.ID // another's edge, which only a broken node says here
		})
		if len(heads) == 0 {
			return nil
		}
		state := func(f *fact.Fact) string {
			name, _, _ := fact.SplitKind(f.Kind)
			return states[name]
		}
		last := heads[len(heads)-1]
		e, _ := fact.As[Edge](last)
		conflict := slices.ContainsFunc(heads, func(f *fact.Fact) bool { return state(f) != state(last) })
		out.Add(Edges, s.ID, e.A, e.B, state(last), e.Reason, last.Actor, last.HLC.Wall().UnixMilli(), conflict)
		return nil
	},
	Sample: func(d fact.Draw, _ fact.NewKey) fact.History {
		// The people of the samples of training, so that together they try the sums over merged people.
		some := []string{"0", "1", "10", "11", "12", "20"}
		i := d.Int("one", len(some))
		j := (i + 1 + d.Int("other", len(some)-1)) % len(some)
		a, b := id.Named("sample", some[i]), id.Named("sample", some[j])
		if bytes.Compare(a[:], b[:]) > 0 {
			a, b = b, a
		}
		h := fact.History{Subject: EdgeID(a, b)}
		kinds := []*fact.Kind{KindMerged, KindMerged, KindUnmerged, KindParted, KindReopened}
		for i := range 1 + d.Int("words", 4) {
			st := fact.Step{Kind: kinds[d.Int("kind", len(kinds))], By: d.Int("by", 2), Body: Edge{A: a, B: b, Reason: "law"}}
			if i > 0 && d.Int("saw", 2) == 1 {
				st.Prev = []int{d.Int("which", i)}
			}
			h.Steps = append(h.Steps, st)
		}
		return h
	},
}

// aliasTable has everybody who is one with somebody else, and the smallest id of those who are one.
var aliasTable = &store.Table{Name: "person_alias", Key: 1, Columns: store.Cols("person:id one:id"), Indexes: []string{"one, person"}}

// One keeps who is one person: the connected components of the edges that say so. It must be registered before the sums
// that ask for them.
var One = &fact.Aggregate{
	Name: "person.one", Tables: []*store.Table{aliasTable}, Sources: []*store.Table{Edges},
	Begin: func() fact.Collector { return &uniter{} },
}

type uniter struct{ touched []id.ID }

// EdgeOf returns the two people of a changed row of Edges, for sums over people. ok is false when nobody became one with
// somebody or ceased to be.
func EdgeOf(old, new []any) (a, b id.ID, ok bool) {
	state := func(r []any) string {
		if r == nil {
			return Open
		}
		return r[3].(string)
	}
	row := new
	if row == nil {
		row = old
	}
	return row[1].(id.ID), row[2].(id.ID), (state(old) == Merged) != (state(new) == Merged)
}

// Change implements fact.Collector.
func (u *uniter) Change(_ *store.Table, old, new []any) {
	if a, b, ok := EdgeOf(old, new); ok {
		u.touched = append(u.touched, a, b)
	}
}

// Flush implements fact.Collector. What an edge parts or joins lies in the old component of an end or is reached from it.
func (u *uniter) Flush(ctx context.Context, tx store.Tx) error {
	if len(u.touched) == 0 {
		return nil
	}
	ones, err := Ones(ctx, tx, u.touched)
	if err != nil {
		return err
	}
	seen := map[id.ID]id.ID{} // whom we met, and on the way to union find
	var todo []id.ID
	meet := func(p id.ID) {
		if _, ok := seen[p]; !ok {
			seen[p] = p
			todo = append(todo, p)
		}
	}
	for _, p := range u.touched {
		meet(p)
		for _, o := range ones[p] {
			meet(o)
		}
	}
	var find func(p id.ID) id.ID
	find = func(p id.ID) id.ID {
		if seen[p] != p {
			seen[p] = find(seen[p])
		}
		return seen[p]
	}
	for len(todo) > 0 {
		sets := make([][]any, len(todo))
		for i, p := range todo {
			sets[i] = []any{Merged, p, p}
		}
		todo = nil
		err := tx.Many(ctx, "SELECT a, b FROM person_edge WHERE state = ? AND (a = ? OR b = ?)", sets, func(_ int, r store.Row) error {
			var a, b id.ID
			if err := r.Scan(&a, &b); err != nil {
				return err
			}
			meet(a)
			meet(b)
			x, y := find(a), find(b)
			if bytes.Compare(x[:], y[:]) > 0 {
				x, y = y, x
			}
			seen[y] = x
			return nil
		})
		if err != nil {
			return err
		}
	}
	members := map[id.ID]int{}
	for p := range seen {
		members[find(p)]++
	}
	var gone, rows [][]any
	for _, p := range slices.SortedFunc(maps.Keys(seen), func(a, b id.ID) int { return bytes.Compare(a[:], b[:]) }) {
		if one := find(p); members[one] > 1 {
			rows = append(rows, []any{p, one})
		} else {
			gone = append(gone, []any{p})
		}
	}
	if err := tx.Many(ctx, "DELETE FROM person_alias WHERE person = ?", gone, nil); err != nil {
		return err
	}
	return tx.Insert(ctx, aliasTable, rows)
}

// anyMerged says whether anybody is one with anybody: where nobody is, nobody pays for it.
func anyMerged(ctx context.Context, q store.Querier) (bool, error) {
	var one int64
	return store.One(ctx, q, "SELECT 1 FROM person_alias LIMIT 1", nil, &one)
}

// Ones returns, for those of the persons who are one with others, all of them, the smallest id first: the one that stands
// for all.
func Ones(ctx context.Context, q store.Querier, persons []id.ID) (map[id.ID][]id.ID, error) {
	out := map[id.ID][]id.ID{}
	if some, err := anyMerged(ctx, q); err != nil || !some {
		return out, err
	}
	persons = slices.Clone(persons)
	slices.SortFunc(persons, func(a, b id.ID) int { return bytes.Compare(a[:], b[:]) })
	for part := range slices.Chunk(slices.Compact(persons), 500) {
		in, args := store.In("me.person", part)
		err := q.Each(ctx, "SELECT me.person, o.person FROM person_alias me JOIN person_alias o ON o.one = me.one WHERE "+in+" ORDER BY me.person, o.person", args, func(r store.Row) error {
			var p, o id.ID
			err := r.Scan(&p, &o)
			out[p] = append(out[p], o)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Others returns records that are one person with a record of a scope, where the scope has some people of its centres and not all: of whole
// centres all are in it that are theirs.
func Others(ctx context.Context, q store.Querier, scope access.Scope) (out []id.ID, err error) {
	if some, err := anyMerged(ctx, q); err != nil || !some || scope.Whole() {
		return nil, err
	}
	where, args := scope.People("p.centre", "p.id")
	err = q.Each(ctx, "SELECT DISTINCT o.person FROM person p JOIN person_alias me ON me.person = p.id JOIN person_alias o ON o.one = me.one AND o.person <> me.person WHERE "+where, args, func(r store.Row) error {
		var v id.ID
		err := r.Scan(&v)
		out = append(out, v)
		return err
	})
	return out, err
}

// Records returns the records that are one person with this one, itself among them, the smallest id first.
func Records(ctx context.Context, q store.Querier, p id.ID) ([]id.ID, error) {
	ones, err := Ones(ctx, q, []id.ID{p})
	if err != nil || ones[p] == nil {
		return []id.ID{p}, err
	}
	return ones[p], nil
}

// Said is what was said of a pair.
type Said struct {
	A, B     id.ID
	State    string
	Reason   string
	Actor    id.ID
	At       int64 // milliseconds since 1970
	Conflict bool
}

// SaidOf returns what was said of a pair; an open pair has no reason.
func (p *People) SaidOf(ctx context.Context, q store.Querier, a, b id.ID) (Said, error) {
	s := Said{A: a, B: b}
	_, err := store.One(ctx, q, "SELECT a, b, state, reason, actor, at, conflict FROM person_edge WHERE id = ?", store.Args(EdgeID(a, b)), &s.A, &s.B, &s.State, &s.Reason, &s.Actor, &s.At, &s.Conflict)
	return s, err
}

// Joints returns the edges that make a person one with others.
func (p *People) Joints(ctx context.Context, q store.Querier, person id.ID) ([]Said, error) {
	ones, err := Ones(ctx, q, []id.ID{person})
	if err != nil {
		return nil, err
	}
	var out []Said
	for _, m := range ones[person] {
		err := q.Each(ctx, "SELECT a, b, state, reason, actor, at, conflict FROM person_edge WHERE a = ? AND state = ? ORDER BY b", store.Args(m, Merged), func(r store.Row) error {
			var s Said
			err := r.Scan(&s.A, &s.B, &s.State, &s.Reason, &s.Actor, &s.At, &s.Conflict)
			out = append(out, s)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Errors of edges.
var (
	ErrSelf     = errors.New("a person is always the same as themselves")
	ErrNoReason = errors.New("say why they are one person")
)

// MergeReasons are what somebody may know that two are one: words of a list, since a sentence might name them, and would
// stay.
var MergeReasons = []string{"papers", "family", "data"}

// Merge says that two records are one person. Whoever says so may see both. Screens ask a second person first: see
// Merging.
func (p *People) Merge(ctx context.Context, actor id.ID, scope access.Scope, a, b id.ID, reason string) error {
	if strings.TrimSpace(reason) == "" {
		return ErrNoReason
	}
	return p.say(ctx, "merge two people", KindMerged, actor, scope, a, b, reason)
}

// Merging prepares what Merge writes, for a command that somebody else has decided on.
func (p *People) Merging(ctx context.Context, q store.Querier, actor id.ID, persons []id.ID, reason string) (fact.Outcome, error) {
	if len(persons) != 2 || persons[0] == persons[1] {
		return fact.Outcome{}, ErrSelf
	}
	records, err := p.byIDs(ctx, q, access.Everywhere(), persons)
	if err != nil {
		return fact.Outcome{}, err
	}
	if len(records) != 2 {
		return fact.Outcome{}, ErrUnknown
	}
	return p.word(ctx, q, KindMerged, actor, records, reason)
}

// Unmerge takes a merge back: both stand as they did, with what was written of each meanwhile.
func (p *People) Unmerge(ctx context.Context, actor id.ID, scope access.Scope, a, b id.ID, reason string) error {
	return p.say(ctx, "take a merge back", KindUnmerged, actor, scope, a, b, reason)
}

// Part says that two people are not the same, so that nobody has to look again.
func (p *People) Part(ctx context.Context, actor id.ID, scope access.Scope, a, b id.ID, reason string) error {
	return p.say(ctx, "tell two people apart", KindParted, actor, scope, a, b, reason)
}

// Reopen takes back that two people are not the same.
func (p *People) Reopen(ctx context.Context, actor id.ID, scope access.Scope, a, b id.ID) error {
	return p.say(ctx, "look at two people again", KindReopened, actor, scope, a, b, "")
}

// say writes one word about an edge, in the stream of each of the two. What is said already is not said again.
func (p *People) say(ctx context.Context, name string, kind *fact.Kind, actor id.ID, scope access.Scope, a, b id.ID, reason string) error {
	if a == b {
		return ErrSelf
	}
	if bytes.Compare(a[:], b[:]) > 0 {
		a, b = b, a
	}
	records, err := p.byIDs(ctx, p.log.DB, scope, []id.ID{a, b})
	if err != nil {
		return err
	}
	if len(records) != 2 {
		return ErrUnknown
	}
	_, err = p.log.Do(ctx, fact.Command{Name: name, Stream: Stream(records[0].Centre), Keys: []id.ID{a, b, EdgeID(a, b)}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		return p.word(ctx, q, kind, actor, records, reason)
	}})
	return err
}

// word is one word about the edge between two records.
func (p *People) word(ctx context.Context, q store.Querier, kind *fact.Kind, actor id.ID, records []*Person, reason string) (fact.Outcome, error) {
	var out fact.Outcome
	a, b := records[0].ID, records[1].ID
	if bytes.Compare(a[:], b[:]) > 0 {
		a, b = b, a
	}
	now, err := p.SaidOf(ctx, q, a, b)
	if err != nil {
		return out, err
	}
	if now.State == states[kind.Name] && !now.Conflict {
		return out, nil
	}
	all, err := p.log.Of(ctx, q, EdgeID(a, b))
	if err != nil {
		return out, err
	}
	streams := []string{Stream(records[0].Centre)}
	if s := Stream(records[1].Centre); s != streams[0] {
		streams = append(streams, s)
	}
	for _, s := range streams {
		out.Facts = append(out.Facts, fact.New{Stream: s, Kind: kind, Subject: EdgeID(a, b), Actor: actor, Prev: fact.HeadsOf(all), Body: Edge{a, b, strings.TrimSpace(reason)}})
	}
	return out, nil
}

// Contradiction is a field of which the records of one person say different things.
type Contradiction struct {
	Field Field
	Says  []Saying // the one that is shown first
}

// Saying is what one record says.
type Saying struct {
	Record id.ID
	Value  string
}

// together are fields that one hand wrote at one time and that mean little apart; each other field stands by itself.
var together = [][]Field{{"first_ar", "last_ar", "name_ar"}, {"first_latin", "last_latin", "name_latin"}}

// unite makes one person of records: each field is the register that it is within a record, so the last word wins, and what
// one record does not say another does.
func unite(as id.ID, records []*Person) *Person {
	slices.SortFunc(records, func(a, b *Person) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	first := records[0]
	for _, r := range records {
		if r.ID == as {
			first = r
		}
	}
	out := &Person{ID: as, Centre: first.Centre, Sort: first.Sort, Details: Details{}, inside: first.ID}
	for _, r := range records {
		out.Conflict = out.Conflict || r.Conflict
		if len(records) > 1 {
			out.Records = append(out.Records, r)
		}
	}
	var groups [][]Field
	grouped := map[Field]bool{}
	for _, g := range together {
		groups = append(groups, g)
		for _, f := range g {
			grouped[f] = true
		}
	}
	for _, f := range Fields {
		if !grouped[f] {
			groups = append(groups, []Field{f})
		}
	}
	for _, g := range groups {
		text := func(r *Person) string {
			var parts []string
			for _, f := range g {
				if v := r.Details[f]; v != "" {
					parts = append(parts, v)
				}
			}
			return strings.Join(parts, " ")
		}
		var best *Person
		known := func(t string) bool { // the year of a date that another record has
			return g[0] == "birth" && slices.ContainsFunc(records, func(r *Person) bool {
				return len(r.Details["birth"]) > len(t) && strings.HasPrefix(r.Details["birth"], t)
			})
		}
		for _, r := range records {
			if t := text(r); t != "" && !known(t) && (best == nil || r.at(g) > best.at(g)) {
				best = r
			}
		}
		if best == nil {
			continue
		}
		for _, f := range g {
			if v := best.Details[f]; v != "" {
				out.Details[f] = v
			}
		}
		c := Contradiction{Field: g[len(g)-1], Says: []Saying{{best.ID, text(best)}}}
		for _, r := range records {
			if t := text(r); t != "" && !known(t) && !slices.ContainsFunc(c.Says, func(s Saying) bool { return s.Value == t }) {
				c.Says = append(c.Says, Saying{r.ID, t})
			}
		}
		if len(c.Says) > 1 {
			out.Contradictions = append(out.Contradictions, c)
		}
	}
	return out
}

// at is when the latest of some fields was said.
func (p *Person) at(fields []Field) int64 {
	var last int64
	for _, f := range fields {
		if p.Details[f] == "" {
			continue
		}
		t := p.first
		for s := range strings.FieldsSeq(p.said) {
			if v, ok := strings.CutPrefix(s, f+"="); ok {
				fmt.Sscan(v, &t)
			}
		}
		last = max(last, t)
	}
	return last
}

// united returns the persons asked for, each made of all records in the scope that are one with them; whoever has none is
// left out.
func (p *People) united(ctx context.Context, q store.Querier, scope access.Scope, persons []id.ID) ([]*Person, error) {
	ones, err := Ones(ctx, q, persons)
	if err != nil {
		return nil, err
	}
	var all []id.ID
	for _, v := range persons {
		if m := ones[v]; m != nil {
			all = append(all, m...)
		} else {
			all = append(all, v)
		}
	}
	slices.SortFunc(all, func(a, b id.ID) int { return bytes.Compare(a[:], b[:]) })
	byID := map[id.ID]*Person{}
	for part := range slices.Chunk(slices.Compact(all), 500) {
		l, err := p.byIDs(ctx, q, scope, part)
		if err != nil {
			return nil, err
		}
		for _, x := range l {
			byID[x.ID] = x
		}
	}
	var out []*Person
	done := map[id.ID]bool{}
	for _, v := range persons {
		if done[v] {
			continue
		}
		done[v] = true
		m := ones[v]
		if m == nil {
			if x := byID[v]; x != nil {
				out = append(out, x)
			}
			continue
		}
		var records []*Person
		for _, o := range m {
			if x := byID[o]; x != nil {
				records = append(records, x)
			}
		}
		if len(records) > 0 {
			out = append(out, unite(v, records))
		}
	}
	return out, nil
}
