package programme

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/place"
	"tizi/internal/store"
)

// What a rule may ask for, as a person's details have it.
var (
	Sexes      = []string{"f", "m"}
	Milieus    = []string{"urban", "rural"}
	Schoolings = []string{"in_school", "out_of_school", "never", "graduate"}
	Categories = []string{"student", "employee", "worker", "artisan", "farmer", "self_employed", "unemployed", "homemaker", "low_income"}
	Diplomas   = []string{"none", "primary", "middle", "bac", "technician", "licence", "master", "doctorate"} // the lowest first
)

// What a rule looks at.
const (
	ByAge       = "age"
	BySex       = "sex"
	ByMilieu    = "milieu"
	BySchooling = "schooling"
	ByCategory  = "category"
	ByDiploma   = "diploma"
)

// Grounds are what a rule may look at.
var Grounds = []string{ByAge, BySex, ByMilieu, BySchooling, ByCategory, ByDiploma}

// Rule is who a phase is for. What it does not name it does not ask; the zero Rule lets everybody in.
type Rule struct {
	AgeMin   int      `json:"age_min,omitempty"`   // whole years on AgeOn
	AgeMax   int      `json:"age_max,omitempty"`   // 0 is no bound
	AgeOn    string   `json:"age_on,omitempty"`    // ISO date
	Sex      string   `json:"sex,omitempty"`       // one of Sexes
	Milieu   string   `json:"milieu,omitempty"`    // one of Milieus
	School   []string `json:"schooling,omitempty"` // some of Schoolings
	Category []string `json:"category,omitempty"`  // some of Categories
	Diploma  string   `json:"diploma,omitempty"`   // at least this one of Diplomas
}

// Any reports whether the rule lets everybody in.
func (r Rule) Any() bool {
	return r.AgeMin == 0 && r.AgeMax == 0 && r.Sex == "" && r.Milieu == "" && len(r.School) == 0 && len(r.Category) == 0 && r.Diploma == ""
}

// Check says what contradicts itself.
func (r Rule) Check() error {
	known := func(list []string, all []string) bool {
		return !slices.ContainsFunc(list, func(v string) bool { return !slices.Contains(all, v) })
	}
	_, err := time.Parse(time.DateOnly, r.AgeOn)
	switch {
	case r.AgeMin < 0 || r.AgeMax < 0 || r.AgeMax > 120 || r.AgeMax > 0 && r.AgeMax < r.AgeMin:
		return fmt.Errorf("the ages %d to %d contradict each other", r.AgeMin, r.AgeMax)
	case (r.AgeMin > 0 || r.AgeMax > 0) && err != nil:
		return errors.New("an age is one on a day, written 2026-03-14")
	case r.Sex != "" && !slices.Contains(Sexes, r.Sex), r.Milieu != "" && !slices.Contains(Milieus, r.Milieu), !known(r.School, Schoolings), !known(r.Category, Categories), r.Diploma != "" && !slices.Contains(Diplomas, r.Diploma):
		return errors.New("the rule asks for something that people are not asked about")
	}
	return nil
}

// Traits are what a rule looks at in a person; "" is not known.
type Traits struct {
	Birth                                     string // ISO date, or a year
	Sex, Milieu, Schooling, Category, Diploma string
}

// Verdict is what a rule says of a person: the grounds that refuse, and those of which nothing is known. What is not known
// never refuses: it is for somebody to find out.
type Verdict struct {
	Refused, Unknown []string // some of Grounds
}

// Judge holds a person against the rule.
func (r Rule) Judge(t Traits) (v Verdict) {
	hold := func(ground string, asked, known, fits bool) {
		switch {
		case !asked:
		case !known:
			v.Unknown = append(v.Unknown, ground)
		case !fits:
			v.Refused = append(v.Refused, ground)
		}
	}
	young, old, known := ages(t.Birth, r.AgeOn)
	inside := func(age int) bool { return age >= r.AgeMin && (r.AgeMax == 0 || age <= r.AgeMax) }
	// Of somebody whose year alone is known, the birthday may have been or not: only where both are outside is it sure.
	hold(ByAge, r.AgeMin > 0 || r.AgeMax > 0, known && inside(young) == inside(old), inside(young))
	hold(BySex, r.Sex != "", t.Sex != "", t.Sex == r.Sex)
	hold(ByMilieu, r.Milieu != "", t.Milieu != "", t.Milieu == r.Milieu)
	hold(BySchooling, len(r.School) > 0, t.Schooling != "", slices.Contains(r.School, t.Schooling))
	hold(ByCategory, len(r.Category) > 0, t.Category != "", slices.Contains(r.Category, t.Category))
	hold(ByDiploma, r.Diploma != "", t.Diploma != "", slices.Index(Diplomas, t.Diploma) >= slices.Index(Diplomas, r.Diploma))
	return v
}

// ages are how old somebody may be on a day, at least and at most.
func ages(birth, day string) (young, old int, known bool) {
	if len(birth) == 4 {
		young, ok1 := measure.Age(birth+"-12-31", day)
		old, ok2 := measure.Age(birth+"-01-01", day)
		return young, old, ok1 && ok2
	}
	n, ok := measure.Age(birth, day)
	return n, n, ok
}

// RuleStated is the body of phase.rule: a version of the rule of a phase. Versions are never changed: the one in force on
// a day is the last that was in force by then.
type RuleStated struct {
	Phase id.ID  `json:"phase"`
	From  string `json:"from"` // ISO date from which on it is asked
	Rule  Rule   `json:"rule"`
	By    string `json:"by"` // who decided it: a committee, a circular
}

// Check says what is missing.
func (s RuleStated) Check() error {
	_, err := time.Parse(time.DateOnly, s.From)
	switch {
	case s.Phase.IsNil() || err != nil:
		return errors.New("a rule is one of a phase, from a day on, written 2026-03-14")
	case s.By == "" || len(s.By) > 400:
		return errors.New("a rule was decided by somebody")
	}
	return s.Rule.Check()
}

// KindRule states a version of a phase's rule.
var KindRule = fact.NewKind[RuleStated](fact.Kind{Name: "phase.rule", Streams: []string{"commons"}})

var ruleTable = &store.Table{Name: "programme_rule", Key: 1, Columns: store.Cols("id:id phase:id starts:text rule:text decided:text at:int"), Indexes: []string{"phase, starts"}}

func init() {
	Folds = append(Folds, &fact.Fold{
		Name: "programme.rule", Kinds: []*fact.Kind{KindRule}, Tables: []*store.Table{ruleTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			r, last, _ := fact.Said[RuleStated](s, nil)
			if last == nil {
				return nil
			}
			rule, err := json.Marshal(r.Rule)
			out.Add(ruleTable, s.ID, r.Phase, r.From, string(rule), r.By, int64(last.HLC))
			return err
		},
		Sample: fact.Statements(KindRule, func(d fact.Draw) fact.Body {
			return RuleStated{Phase: id.Named("test", "phase"), From: "2026-01-01", By: "x", Rule: Rule{AgeMin: d.Int("age", 9), AgeOn: "2026-09-01"}}
		}),
	})
}

// Runs reports whether the phase runs at a place.
func (p Phase) Runs(tree *place.Tree, at id.ID) bool {
	return len(p.Places) == 0 || slices.ContainsFunc(p.Places, func(v id.ID) bool { return tree.Holds(v, at) })
}

// Version is a rule of a phase in force from a day on. The Nil one is what the ages say with which a phase was opened.
type Version struct {
	ID, Phase id.ID
	N         int    // from 1, in the order in which they came into force
	From      string // "" of the Nil one
	Rule      Rule
	By        string
}

// Versions returns the rules of a phase, the first one first.
func (p *Programmes) Versions(ctx context.Context, q store.Querier, ph Phase) ([]Version, error) {
	l, err := p.AllVersions(ctx, q, []Phase{ph})
	return l[ph.ID], err
}

// AllVersions returns the rules of some phases, by phase.
func (p *Programmes) AllVersions(ctx context.Context, q store.Querier, phases []Phase) (map[id.ID][]Version, error) {
	out := map[id.ID][]Version{}
	var ids []id.ID
	for _, ph := range phases {
		ids = append(ids, ph.ID)
		if r := (Rule{AgeMin: ph.AgeMin, AgeMax: ph.AgeMax, AgeOn: cmp.Or(ph.Aged, ph.From)}); !r.Any() {
			out[ph.ID] = []Version{{Phase: ph.ID, N: 1, Rule: r}}
		}
	}
	in, args := store.In("phase", ids)
	err := q.Each(ctx, "SELECT id, phase, starts, rule, decided FROM programme_rule WHERE "+in+" ORDER BY starts, at, id", args, func(r store.Row) error {
		var v Version
		var rule string
		if err := r.Scan(&v.ID, &v.Phase, &v.From, &rule, &v.By); err != nil {
			return err
		}
		v.N = len(out[v.Phase]) + 1
		err := json.Unmarshal([]byte(rule), &v.Rule)
		out[v.Phase] = append(out[v.Phase], v)
		return err
	})
	return out, err
}

// InForce is the last of some versions that is in force on a day; the zero one lets everybody in.
func InForce(versions []Version, on string) (v Version) {
	for _, x := range versions {
		if x.From <= on {
			v = x
		}
	}
	return v
}

// EarlyError is returned for a version of a rule that would be in force before one that was decided already, which would get another
// number, or long before its phase: From is the first day on which it can be.
type EarlyError struct{ From string }

func (e *EarlyError) Error() string { return "the rule can be in force from " + e.From + " on" }

// early is how long before its first day a phase may ask who comes: people apply before it begins.
const early = 366 * 24 * time.Hour

// Decide states a new version of a phase's rule, in force from a day on which no later one is. It may be an *EarlyError.
func (p *Programmes) Decide(ctx context.Context, actor id.ID, s RuleStated) error {
	_, err := p.log.Do(ctx, fact.Command{Name: "decide who a phase is for", Stream: "commons", Keys: []id.ID{s.Phase}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		if err := s.Check(); err != nil {
			return fact.Outcome{}, err
		}
		ph, err := p.Phase(ctx, q, s.Phase)
		if err != nil || ph == nil {
			return fact.Outcome{}, cmp.Or(err, fs.ErrNotExist)
		}
		versions, err := p.Versions(ctx, q, *ph)
		if err != nil {
			return fact.Outcome{}, err
		}
		first := ""
		if t, err := time.Parse(time.DateOnly, ph.From); err == nil {
			first = t.Add(-early).Format(time.DateOnly)
		}
		for _, v := range versions {
			first = max(first, v.From)
		}
		if s.From < first {
			return fact.Outcome{}, &EarlyError{first}
		}
		return fact.Outcome{Facts: []fact.New{{Stream: "commons", Kind: KindRule, Subject: id.New(), Actor: actor, Body: s, Born: true}}}, s.Check()
	}})
	return err
}

// births are the first and the last day on which somebody was born whom a rule's ages let in, "" without a bound.
func (r Rule) births() (first, last string) {
	on, err := time.Parse(time.DateOnly, r.AgeOn)
	if err != nil {
		return "", ""
	}
	if r.AgeMax > 0 {
		first = on.AddDate(-r.AgeMax-1, 0, 1).Format(time.DateOnly)
	}
	if r.AgeMin > 0 {
		last = on.AddDate(-r.AgeMin, 0, 0).Format(time.DateOnly)
	}
	return first, last
}

// Meets reports whether some person could be let in by both of two rules.
func (r Rule) Meets(o Rule) bool {
	first, last := r.births()
	oFirst, oLast := o.births()
	same := func(a, b string) bool { return a == "" || b == "" || a == b }
	some := func(a, b []string) bool {
		return len(a) == 0 || len(b) == 0 || slices.ContainsFunc(a, func(x string) bool { return slices.Contains(b, x) })
	}
	return (last == "" || oFirst <= last) && (oLast == "" || first <= oLast) && same(r.Sex, o.Sex) && same(r.Milieu, o.Milieu) && some(r.School, o.School) && some(r.Category, o.Category)
}

// Overlaps returns the phases of a list that somebody could be in beside this one: with a day and a place in common, and a person whom
// the rules let into both, which say who a phase is for as they were decided last.
func (p Phase) Overlaps(tree *place.Tree, list []Phase, rule func(Phase) Rule) (out []Phase) {
	near := func(a, b Phase) bool {
		return len(a.Places) == 0 || len(b.Places) == 0 || slices.ContainsFunc(a.Places, func(x id.ID) bool {
			return slices.ContainsFunc(b.Places, func(y id.ID) bool { return tree.Holds(x, y) || tree.Holds(y, x) })
		})
	}
	for _, x := range list {
		if x.ID != p.ID && x.From <= p.To && p.From <= x.To && near(x, p) && rule(x).Meets(rule(p)) {
			out = append(out, x)
		}
	}
	return out
}
