package audit

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"tizi/internal/access"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/look"
	"tizi/internal/person"
	"tizi/internal/store"
)

// Summed is the body of audit.summed: what a node saw of a centre in a day, in numbers that name nobody. What was done
// about safeguarding is in none of them.
type Summed struct {
	Centre     id.ID  `json:"centre"`
	Day        string `json:"day"` // ISO date
	Looks      int    `json:"looks"`
	People     int    `json:"people"` // whose files were opened
	Lists      int    `json:"lists"`
	Names      int    `json:"names"` // that lists and searches showed
	Searches   int    `json:"searches"`
	Exports    int    `json:"exports"`
	Prints     int    `json:"prints"`
	Changes    int    `json:"changes"`
	OutOfHours int    `json:"out_of_hours"`
	Accounts   int    `json:"accounts"` // who did any of it
	Openings   int    `json:"openings"` // of the centre by who does not see it
}

// Check says what is wrong.
func (s Summed) Check() error {
	if _, err := time.Parse(time.DateOnly, s.Day); err != nil || s.Centre.IsNil() {
		return errors.New("a summary is of a centre and a day")
	}
	if slices.ContainsFunc(s.counts(), func(n *int) bool { return *n < 0 }) {
		return errors.New("a summary counts from nothing up")
	}
	return nil
}

// counts are its numbers, in the order of the table.
func (s *Summed) counts() []*int {
	return []*int{&s.Looks, &s.People, &s.Lists, &s.Names, &s.Searches, &s.Exports, &s.Prints, &s.Changes, &s.OutOfHours, &s.Accounts, &s.Openings}
}

// KindSummed is the kind of this area.
var KindSummed = fact.NewKind[Summed](fact.Kind{Name: "audit.summed", Streams: []string{"centre"}})

var dayTable = &store.Table{
	Name: "audit_day", Key: 1,
	Columns: store.Cols("id:id centre:id day:text node:id looks:int people:int lists:int names:int searches:int exports:int prints:int changes:int out_of_hours:int accounts:int openings:int"),
	Indexes: []string{"centre, day", "node, day"},
}

// Fold derives the summaries.
var Fold = &fact.Fold{
	Name: "audit.day", Kinds: []*fact.Kind{KindSummed}, Tables: []*store.Table{dayTable},
	Fold: func(s *fact.Subject, out *fact.Rows) error {
		f := s.Last(fact.Is[Summed])
		if f == nil {
			return nil
		}
		b, _ := fact.As[Summed](f)
		row := []any{s.ID, b.Centre, b.Day, f.Node}
		for _, n := range b.counts() {
			row = append(row, *n)
		}
		out.Add(dayTable, row...)
		return nil
	},
	Sample: func(d fact.Draw, _ fact.NewKey) fact.History {
		h := fact.History{Subject: id.New()}
		centre := id.New()
		for i := range 1 + d.Int("times", 3) {
			st := fact.Step{Kind: KindSummed, By: d.Int("by", 2), Body: Summed{Centre: centre, Day: "2026-03-18", Looks: i, People: d.Int("people", 3)}}
			if i > 0 && d.Int("saw", 2) == 1 {
				st.Prev = []int{d.Int("which", i)}
			}
			h.Steps = append(h.Steps, st)
		}
		return h
	},
}

func sumID(centre, node id.ID, day string) id.ID {
	return id.Under(centre, "audit "+day+" "+node.Hex())
}

// maxMissed is how many days a node that was off makes up for.
const maxMissed = 60

// Sum writes the summaries of the days that are over and were not summed up. Each day is written whole or not at all, and
// once: what is there already is not written again.
func (a *Audit) Sum(ctx context.Context) error {
	if err := a.looks.Settle(ctx); err != nil {
		return err
	}
	now := a.log.Clock.Now()
	today := now.Format(time.DateOnly)
	first, err := a.unsummed(ctx, now)
	if err != nil {
		return err
	}
	for day := first; day < today; {
		at, err := a.Day(day)
		if err != nil {
			return err
		}
		next := at.AddDate(0, 0, 1)
		sums, err := a.sumDay(ctx, day, at, next)
		if err != nil {
			return err
		}
		if err := a.Write(ctx, day, sums); err != nil {
			return err
		}
		day = next.Format(time.DateOnly)
	}
	return nil
}

// unsummed is the first day that this node has not summed up: the one after the last it has, or the first of which it
// knows a look.
func (a *Audit) unsummed(ctx context.Context, now time.Time) (string, error) {
	oldest := now.AddDate(0, 0, -maxMissed).Format(time.DateOnly)
	var last string
	if _, err := store.One(ctx, a.log.DB, "SELECT max(day) FROM audit_day WHERE node = ?", store.Args(a.log.Node()), &last); err != nil {
		return "", err
	}
	if last != "" {
		t, err := a.Day(last)
		return max(oldest, t.AddDate(0, 0, 1).Format(time.DateOnly)), err
	}
	begun, err := a.looks.Begun(ctx, a.log.DB)
	if err != nil || begun.IsZero() {
		return now.AddDate(0, 0, -1).Format(time.DateOnly), err
	}
	return max(oldest, begun.In(now.Location()).Format(time.DateOnly)), nil
}

// sums are the summaries of a day by centre, with who is behind the numbers.
type sums struct {
	of       map[id.ID]*Summed
	people   map[id.ID]map[id.ID]bool
	accounts map[id.ID]map[id.ID]bool
	day      string
}

func (s *sums) at(centre id.ID) *Summed {
	if s.of[centre] == nil {
		s.of[centre], s.people[centre], s.accounts[centre] = &Summed{Centre: centre, Day: s.day}, map[id.ID]bool{}, map[id.ID]bool{}
	}
	return s.of[centre]
}

// sumDay counts what this node saw in a day. Facts of other nodes are in their own summaries.
func (a *Audit) sumDay(ctx context.Context, day string, from, to time.Time) ([]Summed, error) {
	r := &reader{Audit: a, q: a.log.DB, staff: map[id.ID]bool{}}
	s := &sums{map[id.ID]*Summed{}, map[id.ID]map[id.ID]bool{}, map[id.ID]map[id.ID]bool{}, day}
	var fault error
	did := func(centre, account id.ID, at time.Time) error {
		x := s.at(centre)
		if !account.IsNil() {
			s.accounts[centre][account] = true
		}
		odd, err := r.odd(ctx, account, at)
		if odd {
			x.OutOfHours++
		}
		return err
	}
	err := a.looks.Each(ctx, a.log.DB, look.Filter{Scope: access.Everywhere(), From: from, To: to}, func(e look.Entry) bool {
		if e.Centre.IsNil() {
			return true
		}
		x := s.at(e.Centre)
		switch {
		case e.Action == look.Search:
			x.Searches, x.Names = x.Searches+1, x.Names+e.Names
		case e.Person.IsNil() && e.Action == look.Export:
			x.Exports, x.Names = x.Exports+1, x.Names+e.Names
		case e.Person.IsNil():
			x.Lists, x.Names = x.Lists+1, x.Names+e.Names
		case e.Action == look.Export:
			x.Exports++
		case e.Action == look.Print:
			x.Prints++
		case sortOf[e.Action] == Changed:
			x.Changes++
		default:
			x.Looks++
		}
		if !e.Person.IsNil() && sortOf[e.Action] != Changed {
			s.people[e.Centre][e.Person] = true
		}
		fault = did(e.Centre, e.Account, e.At)
		return fault == nil
	})
	if err = errors.Join(err, fault); err != nil {
		return nil, err
	}
	tree, err := a.places.Tree(ctx, a.log.DB)
	if err != nil {
		return nil, err
	}
	for _, c := range tree.Of("centre") {
		_, err := a.log.Latest(ctx, a.log.DB, person.Stream(c.ID), fact.Span{From: fact.At(from), To: fact.At(to), Max: 1,
			Maybe: func(f *fact.Fact) bool { return f.Node == a.log.Node() && !f.Actor.IsNil() },
			Want: func(f *fact.Fact) (bool, error) {
				switch name := kindOf(f); {
				case name == access.KindGlass.Name:
					s.at(c.ID).Openings++
				case Kinds[name] == Changed:
					s.at(c.ID).Changes++
				default:
					return false, nil
				}
				return false, did(c.ID, f.Actor, f.HLC.Wall())
			}})
		if err != nil {
			return nil, err
		}
	}
	var out []Summed
	for _, c := range slices.SortedFunc(maps.Keys(s.of), func(x, y id.ID) int { return slices.Compare(x[:], y[:]) }) {
		s.of[c].People, s.of[c].Accounts = len(s.people[c]), len(s.accounts[c])
		out = append(out, *s.of[c])
	}
	return out, nil
}

// Write keeps the summaries of a day, but those that are there.
func (a *Audit) Write(ctx context.Context, day string, list []Summed) error {
	if len(list) == 0 {
		return nil
	}
	_, err := a.log.Do(ctx, fact.Command{Name: "sum up a day", Stream: person.Stream(list[0].Centre), Keys: []id.ID{id.Named("audit", day)}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		for _, s := range list {
			subject := sumID(s.Centre, a.log.Node(), day)
			all, err := a.log.Of(ctx, q, subject)
			if err != nil {
				return out, err
			}
			if len(all) == 0 {
				out.Facts = append(out.Facts, fact.New{Stream: person.Stream(s.Centre), Kind: KindSummed, Subject: subject, Body: s})
			}
		}
		return out, nil
	}})
	return err
}

// Days returns the summaries of the centres of a scope from one day to another, the latest day first, at most max.
func (a *Audit) Days(ctx context.Context, q store.Querier, scope access.Scope, from, to string, max int) ([]Summed, error) {
	where, args := scope.SQL("centre")
	var out []Summed
	// Several nodes may have summed up one centre: what each saw adds up, but for people and accounts, who may be the same.
	err := q.Each(ctx, fmt.Sprintf("SELECT centre, day, CAST(sum(looks) AS BIGINT), max(people), CAST(sum(lists) AS BIGINT), CAST(sum(names) AS BIGINT), CAST(sum(searches) AS BIGINT), CAST(sum(exports) AS BIGINT), CAST(sum(prints) AS BIGINT), CAST(sum(changes) AS BIGINT), CAST(sum(out_of_hours) AS BIGINT), max(accounts), CAST(sum(openings) AS BIGINT) FROM audit_day WHERE %s AND day >= ? AND day <= ? GROUP BY centre, day ORDER BY day DESC, centre LIMIT %d", where, max), append(args, from, to), func(r store.Row) error {
		var s Summed
		dest := []any{&s.Centre, &s.Day}
		for _, n := range s.counts() {
			dest = append(dest, n)
		}
		err := r.Scan(dest...)
		out = append(out, s)
		return err
	})
	return out, err
}
