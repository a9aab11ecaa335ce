// Package retention says how long what is known of people is kept, and cases of safeguarding that were closed, what will be
// erased when, and who is kept longer, and why. The erasing itself is the house's.
package retention

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"tizi/internal/access"
	"tizi/internal/activity"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/safeguard"
	"tizi/internal/store"
	"tizi/internal/training"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// Schema returns the migrations of what only this node knows.
func Schema() fs.FS {
	sub, _ := fs.Sub(schemaFiles, "schema")
	return sub
}

// Class is a sort of person for whom a time holds.
type Class string

// The classes. A person who is in a group has none.
const (
	NeverCame Class = "never_came" // registered, perhaps on a list that waits, and never present
	Learner   Class = "learner"    // was present at least once
)

// Case is the class of cases of safeguarding that were closed. It has no rule: whoever sets the times may be whom a case
// is about. To keep one longer an officer takes it up again.
const Case Class = "case"

// CaseMonths is how long a case is kept after it was closed.
const CaseMonths = 60

// Classes are all classes, with how many months each is kept after the last day of which something is known, unless a
// rule says otherwise: long enough for the follow-up at twelve months and for who comes back to a later phase.
var Classes = []Class{NeverCame, Learner}

var defaults = map[Class]int{NeverCame: 12, Learner: 36}

// Bounds of a rule, in months.
const (
	MinMonths = 1
	MaxMonths = 120
)

// Notice is how long before its day an erasure is announced at the latest; Ahead how far the list looks.
const (
	Notice = 30 * 24 * time.Hour
	Ahead  = 60 * 24 * time.Hour
)

// KeepReasons are why somebody is kept longer; KeepMonths for how long.
var KeepReasons = []string{"follow_up", "returns", "complaint", "law"}

// KeepMonths is how much longer somebody is kept each time.
const KeepMonths = 12

// Ruled is the body of retention.ruled: a class is kept for so long.
type Ruled struct {
	Class  Class `json:"class"`
	Months int   `json:"months"`
}

// Check says what is wrong.
func (r Ruled) Check() error {
	if !slices.Contains(Classes, r.Class) {
		return fmt.Errorf("%q is no class of people", r.Class)
	}
	if r.Months < MinMonths || r.Months > MaxMonths {
		return ErrMonths
	}
	return nil
}

// Kept is the body of retention.kept: a person is kept until a day, whatever the rule.
type Kept struct {
	Person id.ID  `json:"person"`
	Until  string `json:"until"` // ISO date
	Reason string `json:"reason"`
}

// Check says what is wrong.
func (k Kept) Check() error {
	if _, err := time.Parse(time.DateOnly, k.Until); err != nil || k.Person.IsNil() || !slices.Contains(KeepReasons, k.Reason) {
		return ErrReason
	}
	return nil
}

// Errors of the area. Doors translate them.
var (
	ErrMonths = fmt.Errorf("a time is %d to %d months", MinMonths, MaxMonths)
	ErrReason = errors.New("to keep somebody longer needs a reason of the list")
)

// The kinds of this area.
var (
	KindRuled = fact.NewKind[Ruled](fact.Kind{Name: "retention.ruled", Streams: []string{"commons"}})
	KindKept  = fact.NewKind[Kept](fact.Kind{Name: "retention.kept", Streams: []string{"centre"}})
)

var (
	ruleTable = &store.Table{Name: "retention_rule", Key: 1, Columns: store.Cols("id:id class:text months:int conflict:int")}
	keepTable = &store.Table{Name: "retention_keep", Key: 1, Columns: store.Cols("id:id person:id until:text reason:text"), Indexes: []string{"person"}}
)

// Folds of this area.
var Folds = []*fact.Fold{
	{
		Name: "retention.rule", Kinds: []*fact.Kind{KindRuled}, Tables: []*store.Table{ruleTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			heads := s.Heads(fact.Is[Ruled])
			if len(heads) == 0 {
				return nil
			}
			// Of two said at once the longer holds: what was erased does not come back.
			var r Ruled
			for _, h := range heads {
				if x, _ := fact.As[Ruled](h); x.Months > r.Months {
					r = x
				}
			}
			out.Add(ruleTable, s.ID, string(r.Class), r.Months, len(heads) > 1)
			return nil
		},
		Sample: func(d fact.Draw, _ fact.NewKey) fact.History {
			h := fact.History{Subject: ruleID(Learner)}
			for i := range 1 + d.Int("rules", 4) {
				st := fact.Step{Kind: KindRuled, Body: Ruled{Learner, 1 + d.Int("months", 5)}, By: d.Int("by", 2)}
				if i > 0 && d.Int("saw", 2) == 1 {
					st.Prev = []int{d.Int("which", i)}
				}
				h.Steps = append(h.Steps, st)
			}
			return h
		},
	},
	{
		Name: "retention.keep", Kinds: []*fact.Kind{KindKept}, Tables: []*store.Table{keepTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			var last Kept
			for _, f := range s.Heads(fact.Is[Kept]) {
				if k, _ := fact.As[Kept](f); k.Until >= last.Until {
					last = k
				}
			}
			if !last.Person.IsNil() {
				out.Add(keepTable, s.ID, last.Person, last.Until, last.Reason)
			}
			return nil
		},
		Sample: func(d fact.Draw, _ fact.NewKey) fact.History {
			p := id.Named("sample", "kept")
			h := fact.History{Subject: keepID(p)}
			for range 1 + d.Int("times", 3) {
				h.Steps = append(h.Steps, fact.Step{Kind: KindKept, Body: Kept{p, fmt.Sprintf("2027-0%d-01", 1+d.Int("month", 9)), KeepReasons[d.Int("reason", 4)]}, By: d.Int("by", 2)})
			}
			return h
		},
	},
}

func ruleID(c Class) id.ID   { return id.Named("retention", string(c)) }
func keepID(p id.ID) id.ID   { return id.Under(p, "retention") }
func day(t time.Time) string { return t.Format(time.DateOnly) }

// Retention answers whose time is over.
type Retention struct {
	log      *fact.Log
	people   *person.People
	training *training.Training
	visits   *activity.Activities
	cases    *safeguard.Safeguard
}

// New returns the area on a node's log.
func New(l *fact.Log, p *person.People, t *training.Training, v *activity.Activities, s *safeguard.Safeguard) *Retention {
	return &Retention{l, p, t, v, s}
}

// Rules returns how many months each class is kept.
func (r *Retention) Rules(ctx context.Context, q store.Querier) (map[Class]int, error) {
	out := map[Class]int{}
	for c, n := range defaults {
		out[c] = n
	}
	err := q.Each(ctx, "SELECT class, months FROM retention_rule", nil, func(row store.Row) error {
		var c string
		var n int
		err := row.Scan(&c, &n)
		out[Class(c)] = n
		return err
	})
	return out, err
}

// Rule sets how long a class is kept.
func (r *Retention) Rule(ctx context.Context, actor id.ID, c Class, months int) error {
	b := Ruled{c, months}
	if err := b.Check(); err != nil {
		return err
	}
	_, err := r.log.Do(ctx, fact.Command{Name: "rule a retention", Stream: "commons", Keys: []id.ID{ruleID(c)}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		all, err := r.log.Of(ctx, q, ruleID(c))
		if err != nil {
			return fact.Outcome{}, err
		}
		return fact.Outcome{Facts: []fact.New{{Stream: "commons", Kind: KindRuled, Subject: ruleID(c), Actor: actor, Body: b, Prev: fact.HeadsOf(all)}}}, nil
	}})
	return err
}

// Keep keeps a person in the scope for KeepMonths from today.
func (r *Retention) Keep(ctx context.Context, actor id.ID, scope access.Scope, p id.ID, reason string) error {
	x, err := r.people.Get(ctx, r.log.DB, scope, p)
	if err != nil {
		return err
	}
	if x == nil {
		return person.ErrUnknown
	}
	if !slices.Contains(KeepReasons, reason) {
		return ErrReason
	}
	until := day(r.log.Clock.Now().AddDate(0, KeepMonths, 0))
	subject, stream := keepID(p), person.Stream(x.Centre)
	_, err = r.log.Do(ctx, fact.Command{Name: "keep a person longer", Stream: stream, Keys: []id.ID{p, subject}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		all, err := r.log.Of(ctx, q, subject)
		if err != nil {
			return fact.Outcome{}, err
		}
		ones, err := person.Ones(ctx, q, []id.ID{p})
		if err != nil {
			return fact.Outcome{}, err
		}
		gone := [][]any{{p}}
		for _, v := range ones[p] {
			gone = append(gone, []any{v})
		}
		return fact.Outcome{
			Facts: []fact.New{{Stream: stream, Kind: KindKept, Subject: subject, Actor: actor, Body: Kept{p, until, reason}, Prev: fact.HeadsOf(all)}},
			Also: func(ctx context.Context, tx store.Tx) error {
				return tx.Many(ctx, "DELETE FROM retention_due WHERE person = ?", gone, nil)
			},
		}, nil
	}})
	return err
}

// Due is somebody whose time will be over, or a case.
type Due struct {
	Person, Centre id.ID // of the class Case, Person is the case
	Class          Class
	Last, On       string // ISO dates: the last day of which something is known, and the first on which they may be erased
}

// page is how many people are looked at in one go.
const page = 500

// Review works out whose time is over within Ahead, and remembers since when that was said. It reads all people who are
// old enough, so it is for once a day.
func (r *Retention) Review(ctx context.Context) error {
	now := r.log.Clock.Now()
	rules, err := r.Rules(ctx, r.log.DB)
	if err != nil {
		return err
	}
	shortest := MaxMonths
	for _, n := range rules {
		shortest = min(shortest, n)
	}
	var due []Due
	before := now.Add(Ahead).AddDate(0, -shortest, 0)
	for after := id.Nil; ; {
		l, err := r.people.RegisteredBefore(ctx, r.log.DB, before, after, page)
		if err != nil {
			return err
		}
		if len(l) == 0 {
			break
		}
		ids := make([]id.ID, len(l))
		centres := map[id.ID]id.ID{}
		for i, x := range l {
			ids[i], centres[x.ID] = x.ID, x.Centre
		}
		after = ids[len(ids)-1]
		ends, err := r.ends(ctx, r.log.DB, ids, rules)
		if err != nil {
			return err
		}
		for _, d := range ends {
			if d.On <= day(now.Add(Ahead)) {
				d.Centre = centres[d.Person]
				due = append(due, d)
			}
		}
	}
	cases, err := r.cases.ClosedBefore(ctx, r.log.DB, ClosedFor(now.Add(Ahead)))
	if err != nil {
		return err
	}
	for _, c := range cases {
		due = append(due, Due{c.ID, c.Centre, Case, day(c.Noted), day(c.Noted.AddDate(0, CaseMonths, 0))})
	}
	return r.remember(ctx, due, day(now))
}

// ends returns when the time of some people is over, of those for whom it will be at all; whose centre is for the caller to
// say. Who is one person is erased under every name, so what is known under any of them counts.
func (r *Retention) ends(ctx context.Context, q store.Querier, persons []id.ID, rules map[Class]int) ([]Due, error) {
	ones, err := person.Ones(ctx, q, persons)
	if err != nil {
		return nil, err
	}
	all := slices.Clone(persons)
	for _, same := range ones {
		all = append(all, same...)
	}
	slices.SortFunc(all, func(a, b id.ID) int { return slices.Compare(a[:], b[:]) })
	all = slices.Compact(all)
	last, err := r.training.LastDays(ctx, q, all)
	if err != nil {
		return nil, err
	}
	visits, err := r.visits.LastDays(ctx, q, all)
	if err != nil {
		return nil, err
	}
	registered, err := r.people.Registered(ctx, q, all)
	if err != nil {
		return nil, err
	}
	kept := map[id.ID]string{}
	in, args := store.In("person", all)
	err = q.Each(ctx, "SELECT person, until FROM retention_keep WHERE "+in, args, func(row store.Row) error {
		var p id.ID
		var until string
		err := row.Scan(&p, &until)
		kept[p] = max(kept[p], until)
		return err
	})
	if err != nil {
		return nil, err
	}
	var out []Due
	for _, p := range persons {
		same := ones[p]
		if len(same) == 0 {
			same = []id.ID{p}
		}
		d := Due{Person: p, Class: NeverCame}
		open, until := false, ""
		for _, v := range same {
			t, w := last[v], visits[v]
			open = open || t.Open
			d.Last = max(d.Last, registered[v], t.Enrolled, t.Here, w.Registered, w.Here)
			until = max(until, kept[v])
			if t.Here != "" || w.Here != "" {
				d.Class = Learner
			}
		}
		from, err := time.Parse(time.DateOnly, d.Last)
		if open || err != nil {
			continue // no date, no end: a person sees to it
		}
		d.On = max(day(from.AddDate(0, rules[d.Class], 0)), until)
		out = append(out, d)
	}
	return out, nil
}

// Still returns those of some persons, at most page, who are announced and whose time is over as the database is now: the
// list is a day old, and since then somebody may have come back, been kept longer, or become one with somebody who was here.
func (r *Retention) Still(ctx context.Context, q store.Querier, persons []id.ID) ([]id.ID, error) {
	rules, err := r.Rules(ctx, q)
	if err != nil {
		return nil, err
	}
	in, args := store.In("person", persons)
	over, err := r.over(ctx, q, in, args, "")
	if err != nil {
		return nil, err
	}
	announced := make([]id.ID, len(over))
	for i, d := range over {
		announced[i] = d.Person
	}
	ends, err := r.ends(ctx, q, announced, rules)
	if err != nil {
		return nil, err
	}
	var out []id.ID
	for _, d := range ends {
		if d.On <= day(r.log.Clock.Now()) {
			out = append(out, d.Person)
		}
	}
	return out, nil
}

// ClosedFor returns when a case was closed, at the latest, whose time is over on the day of t.
func ClosedFor(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m-CaseMonths, d+1, 0, 0, -1, 0, t.Location())
}

// remember replaces the list; who was on it keeps the day on which they came.
func (r *Retention) remember(ctx context.Context, due []Due, today string) error {
	return r.log.DB.Write(ctx, func(tx store.Tx) error {
		warned := map[id.ID]string{}
		err := tx.Each(ctx, "SELECT person, warned FROM retention_due", nil, func(row store.Row) error {
			var p id.ID
			var since string
			err := row.Scan(&p, &since)
			warned[p] = since
			return err
		})
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, "DELETE FROM retention_due"); err != nil {
			return err
		}
		sets := make([][]any, len(due))
		for i, d := range due {
			since := warned[d.Person]
			if since == "" {
				since = today
			}
			sets[i] = []any{d.Person, d.Centre, string(d.Class), d.Last, d.On, since}
		}
		return tx.Many(ctx, "INSERT INTO retention_due (person, centre, class, last, due, warned) VALUES (?, ?, ?, ?, ?, ?)", sets, nil)
	})
}

// Soon returns at most max people in the scope whose time will be over, first those whose is next. The day is the first
// on which they may be erased: never before the notice is over.
func (r *Retention) Soon(ctx context.Context, q store.Querier, scope access.Scope, max int) ([]Due, error) {
	where, args := scope.SQL("centre")
	return r.due(ctx, q, fmt.Sprintf("%s AND class <> ? ORDER BY due, person LIMIT %d", where, max), append(args, string(Case)))
}

// Ends returns the day of each of some cases whose time will be over, for officers alone.
func (r *Retention) Ends(ctx context.Context, q store.Querier, cases []id.ID) (map[id.ID]string, error) {
	in, args := store.In("person", cases)
	l, err := r.due(ctx, q, in+" AND class = ?", append(args, string(Case)))
	out := map[id.ID]string{}
	for _, d := range l {
		out[d.Person] = d.On
	}
	return out, err
}

// Count returns how many Soon would return without a bound.
func (r *Retention) Count(ctx context.Context, q store.Querier, scope access.Scope) (int, error) {
	return r.count(ctx, q, scope, "class <> ?")
}

// CountCases returns of how many cases the time will be over, for officers alone.
func (r *Retention) CountCases(ctx context.Context, q store.Querier, scope access.Scope) (int, error) {
	return r.count(ctx, q, scope, "class = ?")
}

func (r *Retention) count(ctx context.Context, q store.Querier, scope access.Scope, class string) (n int, err error) {
	where, args := scope.SQL("centre")
	_, err = store.One(ctx, q, "SELECT count(*) FROM retention_due WHERE "+where+" AND "+class, append(args, string(Case)), &n)
	return n, err
}

// Over returns at most max people and cases whose time is over and was announced long enough.
func (r *Retention) Over(ctx context.Context, q store.Querier, max int) ([]Due, error) {
	return r.over(ctx, q, "1 = 1", nil, fmt.Sprintf(" ORDER BY centre, person LIMIT %d", max))
}

func (r *Retention) over(ctx context.Context, q store.Querier, where string, args []any, order string) ([]Due, error) {
	now := r.log.Clock.Now()
	return r.due(ctx, q, where+" AND due <= ? AND warned <= ?"+order, append(args, day(now), day(now.Add(-Notice))))
}

func (r *Retention) due(ctx context.Context, q store.Querier, where string, args []any) ([]Due, error) {
	var out []Due
	err := q.Each(ctx, "SELECT person, centre, class, last, due, warned FROM retention_due WHERE "+where, args, func(row store.Row) error {
		var d Due
		var warned string
		if err := row.Scan(&d.Person, &d.Centre, (*string)(&d.Class), &d.Last, &d.On, &warned); err != nil {
			return err
		}
		if since, err := time.Parse(time.DateOnly, warned); err == nil {
			d.On = max(d.On, day(since.Add(Notice)))
		}
		out = append(out, d)
		return nil
	})
	return out, err
}

// Forget takes persons who were erased, and cases, off the list.
func (r *Retention) Forget(ctx context.Context, persons []id.ID) error {
	sets := make([][]any, len(persons))
	for i, p := range persons {
		sets[i] = []any{p}
	}
	return r.log.DB.Write(ctx, func(tx store.Tx) error {
		return tx.Many(ctx, "DELETE FROM retention_due WHERE person = ?", sets, nil)
	})
}
