package programme

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/store"
)

// Rules by which the target of a place is spread over places in it.
const (
	ByEqual      = "equal"      // in equal parts
	ByPopulation = "population" // by how many people live there
	BySeats      = "seats"      // by the seats of the rooms of the centres there
	ByTarget     = "target"     // in proportion to another target that the places have
)

// SpreadRules are all rules.
var SpreadRules = []string{ByEqual, ByPopulation, BySeats, ByTarget}

// SpreadVersion is the version of the rules, that of Share among them. Whoever changes what they come to raises it: a part
// keeps the version that it was worked out by.
const SpreadVersion = 1

// Spread says how a target follows from that of a wider place. The zero Spread is of a target that stands for itself.
type Spread struct {
	From    id.ID  `json:"from"` // the target that was spread
	Rule    string `json:"rule"`
	Version int    `json:"version"`
	Of      id.ID  `json:"of,omitzero"`      // ByTarget: one of the targets that it is in proportion to
	Weight  int64  `json:"weight,omitempty"` // of the place, in units of the rule: parts, people, seats, or a target's value
	Hand    bool   `json:"hand,omitempty"`   // the value was corrected by hand, and stays when it is spread again
}

func (s Spread) check() error {
	switch {
	case s == Spread{}:
		return nil
	case s.From.IsNil() || !slices.Contains(SpreadRules, s.Rule) || s.Version < 1 || s.Weight < 0:
		return errors.New("a target that was spread says from which one, and by which rule")
	case (s.Rule == ByTarget) == s.Of.IsNil():
		return errors.New("a target in proportion to another one says to which")
	}
	return nil
}

// json is the Spread as a column holds it; "" is none.
func (s Spread) json() string {
	if s == (Spread{}) {
		return ""
	}
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // ids and numbers alone
	}
	return string(b)
}

// Part is what a place gets of a whole.
type Part struct {
	Place  id.ID
	Weight int64 // 0 or more
	Hand   bool  // Value was fixed by hand
	Value  int64 // people or participations
}

// Errors of spreading. Doors translate them.
var (
	ErrNoTarget = errors.New("there is no such target")
	ErrNoWeight = errors.New("no place has anything of what the rule goes by")
	ErrChanged  = errors.New("the targets are not those that were looked at any more")
)

// OverError is returned when what was fixed by hand is more than the whole.
type OverError struct{ Hand, Whole int64 }

func (e *OverError) Error() string {
	return fmt.Sprintf("the parts by hand come to %d, the whole is %d", e.Hand, e.Whole)
}

// Share gives the parts that are not fixed by hand their values: in proportion to their weights, rounded by largest
// remainders (Hamilton's method), so that all parts together are the whole. Where remainders are alike the heavier part
// comes first, then the smaller id, so that the order of the parts does not matter. What is left is 0 unless all are fixed
// by hand. It returns an *OverError when the parts by hand are more than the whole, and ErrNoWeight when there is something
// to share and nobody to share it by.
func Share(whole int64, parts []Part) (left int64, err error) {
	left = whole
	var sum uint64
	var free []int
	for i, p := range parts {
		if p.Hand {
			left -= p.Value
			continue
		}
		sum += uint64(p.Weight)
		free = append(free, i)
	}
	if left < 0 {
		return 0, &OverError{whole - left, whole}
	}
	if len(free) == 0 {
		return left, nil
	}
	if sum == 0 && left > 0 {
		return 0, ErrNoWeight
	}
	rest := make([]uint64, len(parts))
	given := int64(0)
	for _, i := range free {
		parts[i].Value = 0
		if sum > 0 {
			hi, lo := bits.Mul64(uint64(left), uint64(parts[i].Weight))
			n, r := bits.Div64(hi, lo, sum) // a weight is not more than their sum, so this does not overflow
			parts[i].Value, rest[i] = int64(n), r
		}
		given += parts[i].Value
	}
	slices.SortFunc(free, func(i, j int) int {
		return cmp.Or(cmp.Compare(rest[j], rest[i]), cmp.Compare(parts[j].Weight, parts[i].Weight), slices.Compare(parts[i].Place[:], parts[j].Place[:]))
	})
	for _, i := range free[:left-given] {
		parts[i].Value++
	}
	return 0, nil
}

// Cell is whom a target counts, as it is stated; nil is everybody.
func (t Target) Cell() (cell map[string]string) {
	for name, v := range map[string]string{"sex": t.Sex, "age": t.Age, "milieu": t.Milieu, "schooling": t.Schooling} {
		if v != "" {
			if cell == nil {
				cell = map[string]string{}
			}
			cell[name] = v
		}
	}
	return cell
}

// stated is the target as it would be stated again.
func (t Target) stated() TargetSet {
	return TargetSet{Programme: t.Programme, Phase: t.Phase, Indicator: t.Indicator, Place: t.Place, Period: t.Period, Cell: t.Cell(), Value: t.Value, Baseline: t.Baseline, Agreement: t.Agreement, Source: t.Source, Spread: t.Spread}
}

// At is the id of the target of another place that is alike otherwise.
func (t Target) At(place id.ID) id.ID {
	b := t.stated()
	b.Place = place
	return TargetID(t.Programme, b)
}

// Like returns those of some targets that are like t, by place: of one indicator, period, cell and phase.
func (t Target) Like(all []Target) map[id.ID]Target {
	out := map[id.ID]Target{}
	for _, x := range all {
		if x.ID == t.At(x.Place) {
			out[x.Place] = x
		}
	}
	return out
}

// Spreading is a target as it is spread over places.
type Spreading struct {
	From  id.ID
	Rule  string
	Of    id.ID  // see Spread
	Parts []Part // of those by hand the value too
	Seen  string // the Stamp of what was looked at
	Meant string // the DoubtStamp of the contradictions that are meant
}

// Sets are the statements of a spreading of a target, beside what the places have. A part of nothing is no target, and one that
// was is withdrawn; what was fixed by hand stays as it was said.
func (s Spreading) Sets(whole Target, has map[id.ID]Target) (out []TargetSet) {
	for _, x := range s.Parts {
		was, ok := has[x.Place]
		if x.Hand && ok && was.Value == x.Value && (was.Spread.Hand || was.Spread == Spread{}) {
			continue
		}
		b := whole.stated()
		b.Place, b.Value, b.Baseline = x.Place, x.Value, was.Baseline
		b.Spread = Spread{From: s.From, Rule: s.Rule, Version: SpreadVersion, Of: s.Of, Weight: x.Weight, Hand: x.Hand}
		if x.Value == 0 && !x.Hand {
			if !ok {
				continue
			}
			b.Withdrawn = true
		}
		out = append(out, b)
	}
	return out
}

// Mark is a digest of all that a target says.
func (t Target) Mark() string {
	h := sha256.New()
	fmt.Fprintln(h, t)
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Stamp is a digest of a target and of what the places have already, so that nobody overwrites what they did not see.
func Stamp(whole Target, places []id.ID, has map[id.ID]Target) string {
	h := sha256.New()
	fmt.Fprintln(h, whole.ID, whole.Value)
	for _, p := range places {
		t, ok := has[p]
		fmt.Fprintln(h, p, ok, t.Value, t.Spread)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Spread states the targets of places from that of a wider one: each is a target of its own, bound by the same agreement
// and from the same source. It returns ErrNoTarget, ErrChanged, a *DoubtError or an error of Share, and writes nothing then. The caller has made sure that the places lie in the wider one.
func (p *Programmes) Spread(ctx context.Context, actor, programme id.ID, s Spreading) error {
	_, err := p.log.Do(ctx, fact.Command{Name: "spread a target", Stream: "commons", Keys: []id.ID{programme}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		all, err := p.Targets(ctx, q, programme)
		if err != nil {
			return out, err
		}
		i := slices.IndexFunc(all, func(t Target) bool { return t.ID == s.From })
		if i < 0 {
			return out, ErrNoTarget
		}
		whole, parts := all[i], slices.Clone(s.Parts)
		has := whole.Like(all)
		places := make([]id.ID, len(parts))
		for i, x := range parts {
			places[i] = x.Place
		}
		if Stamp(whole, places, has) != s.Seen {
			return out, ErrChanged
		}
		if _, err := Share(whole.Value, parts); err != nil {
			return out, err
		}
		s := s
		s.Parts = parts
		sets := s.Sets(whole, has)
		if err := p.meant(ctx, q, all, sets, s.Meant); err != nil {
			return out, err
		}
		for _, b := range sets {
			if err := p.state(ctx, q, &out, actor, TargetID(programme, b), KindTarget, b); err != nil {
				return out, err
			}
		}
		return out, nil
	}})
	return err
}
