package programme

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/store"
)

// RolloutStated is the body of rollout.stated: a plan of how a programme opens over places and months, whole.
type RolloutStated struct {
	Programme id.ID     `json:"programme"`
	Name      string    `json:"name"`
	Hours     int       `json:"hours"` // that a group meets a week
	Rows      []Opening `json:"rows"`
	Withdrawn bool      `json:"withdrawn,omitempty"`
}

// Opening is a row of a plan: a place where groups begin, month after month.
type Opening struct {
	Place  id.ID  `json:"place"`
	From   string `json:"from"`   // 202601, the month in which the first groups begin
	To     string `json:"to"`     // and the last
	Groups int    `json:"groups"` // that begin each month
	Seats  int    `json:"seats"`  // of a group
	Months int    `json:"months"` // that a group lasts
}

// Bounds of a plan.
const (
	MaxOpenings      = 60
	MaxOpeningGroups = 1000 // that begin in a month
	MaxOpeningSeats  = 1000
	MaxOpeningMonths = 36
	MaxRolloutHours  = 60
	maxRolloutSpan   = 240 // months from the first group to the last
)

// Check says what is missing or contradicts itself.
func (r RolloutStated) Check() error {
	switch {
	case r.Programme.IsNil() || r.Name == "" || len(r.Name) > 800:
		return errors.New("a plan needs a programme and a name of at most 200 letters")
	case r.Hours < 1 || r.Hours > MaxRolloutHours:
		return fmt.Errorf("a group meets from 1 to %d hours a week", MaxRolloutHours)
	case len(r.Rows) == 0 || len(r.Rows) > MaxOpenings:
		return fmt.Errorf("a plan has from 1 to %d rows", MaxOpenings)
	}
	for _, o := range r.Rows {
		switch {
		case o.Place.IsNil():
			return errors.New("a row needs a place")
		case len(o.From) != 6 || len(o.To) != 6 || !measure.IsPeriod(o.From) || !measure.IsPeriod(o.To):
			return errors.New("a month is written 202603")
		case o.To < o.From || monthAt(o.To)-monthAt(o.From) >= maxRolloutSpan:
			return fmt.Errorf("the last groups begin in %s, the first in %s", o.To, o.From)
		case o.Groups < 1 || o.Groups > MaxOpeningGroups || o.Seats < 1 || o.Seats > MaxOpeningSeats || o.Months < 1 || o.Months > MaxOpeningMonths:
			return errors.New("groups, their seats and their months are 1 or more")
		}
	}
	return nil
}

// KindRollout states a plan.
var KindRollout = fact.NewKind[RolloutStated](fact.Kind{Name: "rollout.stated", Streams: []string{"commons"}})

var rolloutTable = &store.Table{Name: "programme_rollout", Key: 1, Columns: store.Cols("id:id programme:id name:text hours:int openings:text conflict:int"), Indexes: []string{"programme"}}

func init() {
	Folds = append(Folds, &fact.Fold{
		Name: "programme.rollout", Kinds: []*fact.Kind{KindRollout}, Tables: []*store.Table{rolloutTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			r, f, several := fact.Said[RolloutStated](s, nil)
			if f == nil || r.Withdrawn {
				return nil
			}
			rows, err := json.Marshal(r.Rows)
			out.Add(rolloutTable, s.ID, r.Programme, r.Name, r.Hours, string(rows), several)
			return err
		},
		Sample: fact.Statements(KindRollout, func(d fact.Draw) fact.Body {
			return RolloutStated{Programme: id.Named("test", "p"), Name: fmt.Sprint("R", d.Int("name", 3)), Hours: 1 + d.Int("hours", 3), Withdrawn: d.Int("withdrawn", 5) == 0,
				Rows: []Opening{{Place: id.Named("test", "x"), From: "202601", To: fmt.Sprint("20260", 1+d.Int("to", 5)), Groups: 1 + d.Int("groups", 3), Seats: 20, Months: 3}}}
		}),
	})
}

// Rollout is a plan of a programme.
type Rollout struct {
	ID, Programme id.ID
	Name          string
	Hours         int // that a group meets a week
	Rows          []Opening
	Conflict      bool // two people stated it without seeing each other
}

// Rollouts returns the plans of a programme by name.
func (p *Programmes) Rollouts(ctx context.Context, q store.Querier, programme id.ID) (out []Rollout, err error) {
	err = q.Each(ctx, "SELECT id, programme, name, hours, openings, conflict FROM programme_rollout WHERE programme = ? ORDER BY name, id", store.Args(programme), func(r store.Row) error {
		var x Rollout
		var rows string
		if err := r.Scan(&x.ID, &x.Programme, &x.Name, &x.Hours, &rows, &x.Conflict); err != nil {
			return err
		}
		out = append(out, x)
		return json.Unmarshal([]byte(rows), &out[len(out)-1].Rows)
	})
	return out, err
}

// ErrRolloutName is returned where another plan of the programme has the name.
var ErrRolloutName = errors.New("another plan of the programme has this name")

// SetRollout states a plan; a Nil id is a new one. It returns ErrRolloutName, or fs.ErrNotExist for one that is not there.
func (p *Programmes) SetRollout(ctx context.Context, actor, plan id.ID, b RolloutStated) (id.ID, error) {
	born := plan.IsNil()
	if born {
		plan = id.New()
	}
	_, err := p.log.Do(ctx, fact.Command{Name: "state a plan", Stream: "commons", Keys: []id.ID{b.Programme}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		all, err := p.Rollouts(ctx, q, b.Programme)
		if err != nil {
			return out, err
		}
		if !born && !slices.ContainsFunc(all, func(x Rollout) bool { return x.ID == plan }) {
			return out, fs.ErrNotExist
		}
		if !b.Withdrawn && slices.ContainsFunc(all, func(x Rollout) bool { return x.ID != plan && x.Name == b.Name }) {
			return out, ErrRolloutName
		}
		err = p.state(ctx, q, &out, actor, plan, KindRollout, b)
		return out, err
	}})
	return plan, err
}

// monthAt counts months from the year 0: 202601 follows 202512.
func monthAt(period string) int {
	n, _ := strconv.Atoi(period) // of a period that was checked
	return n/100*12 + n%100 - 1
}

func monthOf(at int) string { return fmt.Sprintf("%04d%02d", at/12, at%12+1) }

// MonthsFrom returns the months from one to another, both included.
func MonthsFrom(from, to string) (out []string) {
	for at := monthAt(from); at <= monthAt(to); at++ {
		out = append(out, monthOf(at))
	}
	return out
}

// Span returns the first and the last month in which groups of some rows begin; "" of none.
func Span(rows []Opening) (from, to string) {
	for i, o := range rows {
		if i == 0 || o.From < from {
			from = o.From
		}
		to = max(to, o.To)
	}
	return from, to
}

// Reach returns how many learners some rows reach in each month: those of the groups that begin in it, so that each is counted
// once, and the months together are the whole. Months without any are not in it.
func Reach(rows []Opening) map[string]int64 {
	out := map[string]int64{}
	for _, o := range rows {
		for _, m := range MonthsFrom(o.From, o.To) {
			out[m] += int64(o.Groups) * int64(o.Seats)
		}
	}
	return out
}

// ReachBy returns how many learners some rows reach up to a month, included.
func ReachBy(rows []Opening, month string) int64 {
	n := int64(0)
	for _, o := range rows {
		o.To = min(o.To, month)
		n += int64(max(0, monthAt(o.To)-monthAt(o.From)+1)) * int64(o.Groups) * int64(o.Seats)
	}
	return n
}

// Learning returns how many learners are in a group at some time of a period, as measure counts people in one: of a group that
// goes on into the next year, in both. The whole is all of them.
func Learning(rows []Opening, period string) int64 {
	n := int64(0)
	for _, o := range rows {
		n += int64(o.running(period)) * int64(o.Seats)
	}
	return n
}

// running is how many groups of a row run at some time of a period.
func (o Opening) running(period string) int {
	first, last := monthAt(o.From), monthAt(o.To)
	if period != measure.Total {
		from, to := period, period
		if len(period) == 4 {
			from, to = period+"01", period+"12"
		}
		// A group that begins in month m runs until m + Months - 1.
		first, last = max(first, monthAt(from)-o.Months+1), min(last, monthAt(to))
	}
	return max(0, last-first+1) * o.Groups
}

// Beyond reports which rows of a plan ask for more than the rooms of one centre hold, whose seats are given and which are open
// for minutes a week: a group larger than any room, or more groups at once than fit into the hours of the rooms large enough.
// Rows are all of that centre. Where no hours are known, 0, seats alone are asked.
func Beyond(rows []Opening, hours int, seats []int, minutes int) []bool {
	out := make([]bool, len(rows))
	for i, o := range rows {
		rooms := 0
		for _, s := range seats {
			if s >= o.Seats {
				rooms++
			}
		}
		if rooms == 0 {
			out[i] = true
			continue
		}
		last := monthOf(monthAt(o.To) + o.Months - 1)
		for _, m := range MonthsFrom(o.From, last) {
			groups := 0 // that cannot do with smaller rooms
			for _, x := range rows {
				if x.Seats >= o.Seats {
					groups += x.running(m)
				}
			}
			if minutes > 0 && groups*hours*60 > rooms*minutes {
				out[i] = true
				break
			}
		}
	}
	return out
}

// AdoptionStamp is a digest of the targets that a plan would set and of those that stand, so that nobody replaces what they
// did not see.
func AdoptionStamp(sets []TargetSet, all []Target) string {
	h := sha256.New()
	for _, s := range sets {
		fmt.Fprintln(h, TargetID(s.Programme, s), s.Value, s.Withdrawn)
	}
	for _, t := range all {
		fmt.Fprintln(h, t.ID, t.Value, t.Rollout)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Adopt makes a plan the targets of its programme. What stands at the same places and periods keeps its baseline and what
// binds it. It returns ErrChanged when the targets are not those that were looked at, a *DoubtError when they would contradict
// each other and meant is not their DoubtStamp, and writes nothing then.
func (p *Programmes) Adopt(ctx context.Context, actor, programme, plan id.ID, sets []TargetSet, seen, meant string) error {
	_, err := p.log.Do(ctx, fact.Command{Name: "adopt a plan", Stream: "commons", Keys: []id.ID{programme}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		all, err := p.Targets(ctx, q, programme)
		if err != nil {
			return out, err
		}
		if AdoptionStamp(sets, all) != seen {
			return out, ErrChanged
		}
		if err := p.meant(ctx, q, all, sets, meant); err != nil {
			return out, err
		}
		has := map[id.ID]Target{}
		for _, t := range all {
			has[t.ID] = t
		}
		for _, b := range sets {
			v := TargetID(programme, b)
			was := has[v]
			b.Baseline, b.Agreement, b.Source, b.Rollout = was.Baseline, was.Agreement, was.Source, plan
			if err := p.state(ctx, q, &out, actor, v, KindTarget, b); err != nil {
				return out, err
			}
		}
		return out, nil
	}})
	return err
}

// Release takes the targets back that stand as a plan set them; those that were changed since stay. It returns how many.
func (p *Programmes) Release(ctx context.Context, actor, programme, plan id.ID) (n int, err error) {
	_, err = p.log.Do(ctx, fact.Command{Name: "take back the targets of a plan", Stream: "commons", Keys: []id.ID{programme}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		n = 0
		all, err := p.Targets(ctx, q, programme)
		if err != nil {
			return out, err
		}
		for _, t := range all {
			if t.Rollout != plan {
				continue
			}
			b := t.stated()
			b.Withdrawn = true
			if err := p.state(ctx, q, &out, actor, t.ID, KindTarget, b); err != nil {
				return out, err
			}
			n++
		}
		return out, nil
	}})
	return n, err
}

// Left returns the targets that a plan set and that left it since, because somebody changed them: Release does not take them back.
func (p *Programmes) Left(ctx context.Context, q store.Querier, programme, plan id.ID) (out []Target, err error) {
	all, err := p.Targets(ctx, q, programme)
	if err != nil {
		return nil, err
	}
	for _, t := range all {
		if !t.Rollout.IsNil() {
			continue
		}
		facts, err := p.log.Of(ctx, q, t.ID)
		if err != nil {
			return nil, err
		}
		left := false
		for _, f := range facts {
			if b, ok := fact.As[TargetSet](f); ok && (b.Withdrawn || !b.Rollout.IsNil()) {
				left = !b.Withdrawn && b.Rollout == plan
			}
		}
		if left {
			out = append(out, t)
		}
	}
	return out, nil
}
