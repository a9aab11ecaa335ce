package programme

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/place"
	"tizi/internal/store"
)

// Of what the parts of a Doubt are.
const (
	DoubtPart   = "part"   // one target alone is more
	DoubtPlaces = "places" // those of the places in it together
	DoubtCells  = "cells"  // those of its groups together
	DoubtTimes  = "times"  // those of its years, months or phases together
)

// Doubt is a part that is more than the whole: targets that contradict each other. It can be meant, so it is asked about.
type Doubt struct {
	Kind  string
	Whole Target
	Part  Target // of DoubtPart; otherwise one of them
	Sum   int64  // people or participations of the parts
}

// DoubtError is returned where targets would contradict each other and nobody said that this is meant.
type DoubtError struct{ Doubts []Doubt }

func (e *DoubtError) Error() string {
	return fmt.Sprintf("%d targets would be more than what they are a part of", len(e.Doubts))
}

// Anything as what is meant asks about nothing.
const Anything = "anything"

// DoubtStamp is a digest of doubts, so that nobody means what they did not see; "" of none.
func DoubtStamp(doubts []Doubt) string {
	if len(doubts) == 0 {
		return ""
	}
	h := sha256.New()
	for _, d := range doubts {
		fmt.Fprintln(h, d.Kind, d.Whole.ID, d.Whole.Value, d.Part.ID, d.Sum)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Doubts returns what some statements would make contradict among the targets of a programme, and what they would make worse.
// What is so already, and does not grow, is not asked about again.
func Doubts(tree *place.Tree, all []Target, sets []TargetSet) []Doubt {
	at := map[id.ID]int{}
	for i, t := range all {
		at[t.ID] = i
	}
	after := slices.Clone(all)
	var touched []Target
	gone := map[id.ID]bool{}
	for _, s := range sets {
		t := s.target()
		i, ok := at[t.ID]
		switch {
		case ok && !s.Withdrawn && all[i].Value == t.Value, !ok && s.Withdrawn:
			continue
		case s.Withdrawn:
			gone[t.ID] = true
		case ok:
			after[i].Value = t.Value
		default:
			after = append(after, t)
		}
		touched = append(touched, t)
	}
	if len(touched) == 0 {
		return nil
	}
	after = slices.DeleteFunc(after, func(t Target) bool { return gone[t.ID] })
	type key struct {
		addend
		whole, part id.ID
	}
	find := func(all []Target) (keys []key, found map[key]Doubt) {
		found = map[key]Doubt{}
		for _, w := range all {
			if !slices.ContainsFunc(touched, func(x Target) bool { return x.ID == w.ID || x.within(tree, w) }) {
				continue
			}
			var parts []Target
			large := map[id.ID]bool{}
			add := func(k key, d Doubt) { keys, found[k] = append(keys, k), d }
			for _, x := range all {
				if !x.within(tree, w) {
					continue
				}
				if parts = append(parts, x); x.Value > w.Value {
					large[x.ID] = true
					add(key{addend{kind: DoubtPart}, w.ID, x.ID}, Doubt{DoubtPart, w, x, x.Value})
				}
			}
			for _, g := range together(tree, w, parts) {
				sum := int64(0)
				for _, x := range g.parts {
					sum += x.Value
				}
				if len(g.parts) > 1 && sum > w.Value && !slices.ContainsFunc(g.parts, func(x Target) bool { return large[x.ID] }) {
					add(key{g.addend, w.ID, id.Nil}, Doubt{g.kind, w, g.parts[0], sum})
				}
			}
		}
		return keys, found
	}
	_, before := find(all)
	keys, now := find(after)
	var out []Doubt
	for _, k := range keys {
		d := now[k]
		if was, ok := before[k]; !ok || d.Sum-d.Whole.Value > was.Sum-was.Whole.Value {
			out = append(out, d)
		}
	}
	return out
}

// within reports whether whoever is counted for t is counted for w too.
func (t Target) within(tree *place.Tree, w Target) bool {
	in := func(part, whole string) bool { return whole == "" || part == whole }
	return t.ID != w.ID && t.Indicator == w.Indicator && strings.HasPrefix(t.Period, w.Period) && (w.Phase.IsNil() || t.Phase == w.Phase) &&
		in(t.Sex, w.Sex) && in(t.Age, w.Age) && in(t.Milieu, w.Milieu) && in(t.Schooling, w.Schooling) && tree.Holds(w.Place, t.Place)
}

// manner is what targets of one indicator can differ in beside their places.
type manner struct {
	period                      string
	phase                       id.ID
	sex, age, milieu, schooling string
}

func (t Target) manner() manner {
	return manner{t.Period, t.Phase, t.Sex, t.Age, t.Milieu, t.Schooling}
}

// addend says which parts of a whole add up: those of places that are of one manner, or those that differ in one thing.
type addend struct {
	kind, by string
	of       manner
}

// group is targets of which nobody is counted for two.
type group struct {
	addend
	parts []Target
}

// together finds those parts of a whole that add up: of places, where none lies in another; of the values of a dimension; and
// of presences in years, months or phases. People are not added up over time: somebody may come in two years.
func together(tree *place.Tree, w Target, parts []Target) (out []group) {
	at := map[addend]int{}
	add := func(k addend, x Target) {
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k], out = i, append(out, group{addend: k})
		}
		out[i].parts = append(out[i].parts, x)
	}
	type spot struct {
		place id.ID
		of    manner
	}
	has := map[spot]bool{}
	for _, x := range parts {
		has[spot{x.Place, x.manner()}] = true
	}
	whole := w.manner()
	for _, x := range parts {
		of := x.manner()
		if x.Place != w.Place {
			top := true // no place between this one and the whole has such a target
			for v := x.Place; top && v != w.Place; {
				v = tree.Get(v).Parent
				top = !has[spot{v, of}]
			}
			if top {
				add(addend{DoubtPlaces, "", of}, x)
			}
			continue
		}
		// What is left of its manner when one thing is that of the whole.
		alone := func(kind, by string, but func(*manner)) {
			one := of
			if but(&one); one == whole {
				add(addend{kind, by, manner{}}, x)
			}
		}
		alone(DoubtCells, "sex", func(m *manner) { m.sex = whole.sex })
		alone(DoubtCells, "age", func(m *manner) { m.age = whole.age })
		alone(DoubtCells, "milieu", func(m *manner) { m.milieu = whole.milieu })
		alone(DoubtCells, "schooling", func(m *manner) { m.schooling = whole.schooling })
		if x.Indicator != measure.Participations {
			continue
		}
		alone(DoubtTimes, "phase", func(m *manner) { m.phase = whole.phase })
		year := of // that a month lies in; where it has a target of its own, its months are not added to it
		if len(of.period) > len("2026") {
			year.period = of.period[:len("2026")]
		}
		if year == of || year == whole || !has[spot{x.Place, year}] {
			alone(DoubtTimes, "period", func(m *manner) { m.period = whole.period })
		}
	}
	return out
}

// target is what a statement says, as a Target.
func (t TargetSet) target() Target {
	return Target{ID: TargetID(t.Programme, t), Programme: t.Programme, Phase: t.Phase, Place: t.Place, Indicator: t.Indicator, Period: t.Period,
		Sex: t.Cell["sex"], Age: t.Cell["age"], Milieu: t.Cell["milieu"], Schooling: t.Cell["schooling"], Value: t.Value}
}

// meant returns a *DoubtError where statements contradict and this is not what was meant.
func (p *Programmes) meant(ctx context.Context, q store.Querier, all []Target, sets []TargetSet, meant string) error {
	if meant == Anything || len(sets) == 0 {
		return nil
	}
	tree, err := p.places.Tree(ctx, q)
	if err != nil {
		return err
	}
	if d := Doubts(tree, all, sets); len(d) > 0 && DoubtStamp(d) != meant {
		return &DoubtError{d}
	}
	return nil
}
