package teaching

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/progress"
	"tizi/internal/record"
	"tizi/internal/store"
)

// waitTable has the works that nobody has judged: of each step the last that somebody handed in at a centre, by whichever of their records.
// Which steps are judged at all is the course's to say, and not known here: place is the step's address.
var waitTable = &store.Table{Name: "teaching_wait", Key: 2,
	Columns: store.Cols("id:id centre:id person:id place:text at:int"),
	Indexes: []string{"centre, place, at", "person, place", "place, at"}}

// Sum keeps the works that wait.
var Sum = &fact.Aggregate{
	Name: "teaching", Tables: []*store.Table{waitTable}, Sources: []*store.Table{record.Statements, markTable, person.Edges},
	Begin: func() fact.Collector { return &collector{} },
}

type collector struct {
	works  []progress.Handed // that came or went
	named  []progress.Handed // of which the id and the centre are known: judged, or taken back
	joined []id.ID           // who became one with somebody, or ceased to be
}

// Change implements fact.Collector.
func (c *collector) Change(t *store.Table, old, new []any) {
	if t == person.Edges {
		if a, b, ok := person.EdgeOf(old, new); ok {
			c.joined = append(c.joined, a, b)
		}
		return
	}
	for _, row := range [][]any{old, new} {
		if row == nil {
			continue
		}
		if t == markTable {
			c.named = append(c.named, progress.Handed{Work: progress.Work{ID: row[2].(id.ID), Centre: row[4].(id.ID)}})
			continue
		}
		if w, ok := progress.WorkOf(row); ok && w.Person.IsNil() {
			c.named = append(c.named, w)
		} else if ok {
			c.works = append(c.works, w)
		}
	}
}

// Flush implements fact.Collector. What waits of a step is worked out anew from the works and the marks, whatever order they came in.
func (c *collector) Flush(ctx context.Context, tx store.Tx) error {
	if len(c.works)+len(c.named)+len(c.joined) == 0 {
		return nil
	}
	works := c.works
	named, err := progress.Named(ctx, tx, c.named)
	if err != nil {
		return err
	}
	joined, err := person.Ones(ctx, tx, c.joined)
	if err != nil {
		return err
	}
	of := slices.Clone(c.joined)
	for _, all := range joined {
		of = append(of, all...)
	}
	slices.SortFunc(of, compare)
	moved, err := progress.Everything(ctx, tx, slices.Compact(of))
	if err != nil {
		return err
	}
	works = slices.Concat(works, named, moved)
	people := make([]id.ID, len(works))
	for i, w := range works {
		people[i] = w.Person
	}
	ones, err := person.Ones(ctx, tx, people)
	if err != nil {
		return err
	}
	records := map[id.ID][]id.ID{} // by the one who stands for all
	touched := map[progress.Desk]bool{}
	var gone [][]any
	for _, w := range works {
		all := ones[w.Person]
		if all == nil {
			all = []id.ID{w.Person}
		}
		records[all[0]] = all
		touched[progress.Desk{One: all[0], Centre: w.Centre, At: w.At}] = true
	}
	desks := slices.SortedFunc(maps.Keys(touched), func(a, b progress.Desk) int {
		return cmp.Or(compare(a.One, b.One), compare(a.Centre, b.Centre), cmp.Compare(a.At.IRI(), b.At.IRI()))
	})
	for _, d := range desks {
		for _, p := range records[d.One] {
			gone = append(gone, []any{p, d.At.IRI(), d.Centre})
		}
	}
	last, err := progress.Last(ctx, tx, desks, func(one id.ID) []id.ID { return records[one] })
	if err != nil {
		return err
	}
	var there []progress.Handed
	var ask [][]any
	for _, d := range desks {
		if w, ok := last[d]; ok {
			there, ask = append(there, w), append(ask, []any{w.ID, w.Centre})
		}
	}
	judged := map[int]bool{}
	err = tx.Many(ctx, "SELECT 1 FROM teaching_mark WHERE work = ? AND centre = ? LIMIT 1", ask, func(i int, _ store.Row) error {
		judged[i] = true
		return nil
	})
	if err != nil {
		return err
	}
	var rows [][]any
	for i, w := range there {
		if !judged[i] {
			rows = append(rows, []any{w.ID, w.Centre, w.Person, w.At.IRI(), w.On.UnixMilli()})
		}
	}
	if err := tx.Many(ctx, "DELETE FROM teaching_wait WHERE person = ? AND place = ? AND centre = ?", gone, nil); err != nil {
		return err
	}
	return tx.Insert(ctx, waitTable, rows)
}

func compare(a, b id.ID) int { return bytes.Compare(a[:], b[:]) }

// Waits says which works that wait are asked for.
type Waits struct {
	Scope access.Scope
	Since time.Time     // from when on
	At    []progress.At // of these steps
	After progress.Work // the last of the page before, by On and ID; the zero Work begins
	Max   int
}

// fewCentres is how many centres somebody answers for who is asked of centre by centre, and not of all works that wait anywhere in order.
const fewCentres = 8

// Waiting returns the works of a scope that nobody has judged, those that wait longest first. A person in the scope is meant with all their
// records; where one of those handed in last, it is the work.
func (t *Teaching) Waiting(ctx context.Context, q store.Querier, f Waits) (out []progress.Handed, err error) {
	if len(f.At) == 0 || f.Scope.None() {
		return nil, nil
	}
	where, args := f.Scope.People("w.centre", "w.person")
	others, err := person.Others(ctx, q, f.Scope)
	if err != nil {
		return nil, err
	}
	if len(others) > 0 {
		in, more := store.In("w.person", others)
		where, args = "("+where+" OR "+in+")", append(args, more...)
	}
	place := "w.place IN (?" + strings.Repeat(", ?", len(f.At)-1) + ")"
	for _, at := range f.At {
		args = append(args, at.IRI())
	}
	// IS TRUE keeps a planner from an index by what is many: of a trainer's own some hundred people are few, of a country's the steps are.
	switch {
	case f.Scope.Own():
		place = "(" + place + ") IS TRUE"
	case f.Scope.All() || len(f.Scope.Centres()) > fewCentres:
		where = "(" + where + ") IS TRUE"
	}
	from := max(f.Since.UnixMilli(), 0)
	after := ""
	args = append(args, from)
	if !f.After.On.IsZero() {
		ms := f.After.On.UnixMilli()
		after, args = " AND (w.at > ? OR w.at = ? AND w.id > ?)", append(args, ms, ms, f.After.ID)
	}
	err = q.Each(ctx, "SELECT w.id, w.centre, w.person, w.place, w.at FROM teaching_wait w WHERE "+where+" AND "+place+" AND w.at >= ?"+after+" ORDER BY w.at, w.id LIMIT ?", append(args, f.Max), func(r store.Row) error {
		var w progress.Handed
		var place string
		var ms int64
		err := r.Scan(&w.ID, &w.Centre, &w.Person, &place, &ms)
		w.At, _ = progress.ParseAt(place) // the sum wrote it
		w.On = time.UnixMilli(ms).UTC()
		out = append(out, w)
		return err
	})
	return out, err
}
