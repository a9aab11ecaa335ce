package fact

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tizi/internal/id"
	"tizi/internal/store"
)

// part is some of the folds and aggregates, those that are to be derived again; a nil one is all. With an aggregate it has every
// fold whose rows that sums, and with a fold every aggregate that sums its rows, so that each sum is made of all that it is of.
type part struct {
	fold map[*Fold]bool
	sum  map[*Aggregate]bool
}

func (p *part) folds(f *Fold) bool { return p == nil || p.fold[f] }

func (p *part) sums(a *Aggregate) bool { return p == nil || p.sum[a] }

// tables returns the tables of the part.
func (p *part) tables(r *Registry) []*store.Table {
	var out []*store.Table
	for _, f := range r.folds {
		if p.folds(f) {
			out = append(out, f.Tables...)
		}
	}
	for _, a := range r.aggregates {
		if p.sums(a) {
			out = append(out, a.Tables...)
		}
	}
	return out
}

// of returns, of facts in the order of their subjects, those of subjects that a fold of the part has something to say of.
func (p *part) of(r *Registry, facts []*Fact) []*Fact {
	if p == nil {
		return facts
	}
	has := map[id.ID]bool{}
	for _, f := range facts {
		name, _, _ := SplitKind(f.Kind)
		if fd := r.byKind[name]; fd != nil && p.fold[fd] {
			has[f.Subject] = true
		}
	}
	return slices.DeleteFunc(facts, func(f *Fact) bool { return !has[f.Subject] })
}

// understood marks, among the revisions, a kind of fact that the program understood.
const understood = "kind "

// revisions says which revision of each fold the rows are of, and which kinds of facts were understood.
func (r *Registry) revisions() []byte {
	m := map[string]int{}
	for _, name := range r.Kinds() {
		m[understood+r.kinds[name].Tag()] = 1
	}
	for _, f := range r.folds {
		m[f.Name] = f.Revision
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // a map of numbers
	}
	return b
}

// changed returns what is to be derived again where rows are of other revisions and some tables are empty; nil is everything:
// where an older program wrote none of the revisions down, or understood a kind of fact that this one reads otherwise, or not at all,
// since what counted of that may not count any more.
func (r *Registry) changed(revisions []byte, empty []string) *part {
	was := map[string]int{}
	if len(revisions) == 0 || json.NewDecoder(bytes.NewReader(revisions)).Decode(&was) != nil {
		return nil
	}
	now := map[string]bool{}
	for _, name := range r.Kinds() {
		now[understood+r.kinds[name].Tag()] = true
	}
	told := false
	for k := range was {
		if strings.HasPrefix(k, understood) {
			if told = true; !now[k] {
				return nil
			}
		}
	}
	if !told {
		return nil
	}
	isEmpty := func(t *store.Table) bool { return slices.Contains(empty, t.Name) }
	p := &part{map[*Fold]bool{}, map[*Aggregate]bool{}}
	for _, f := range r.folds {
		if rev, known := was[f.Name]; !known || rev != f.Revision || slices.ContainsFunc(f.Tables, isEmpty) {
			p.fold[f] = true
		}
	}
	for _, a := range r.aggregates {
		if slices.ContainsFunc(a.Tables, isEmpty) {
			p.sum[a] = true
		}
	}
	for grown := true; grown; {
		grown = false
		for _, a := range r.aggregates {
			for _, f := range r.folds {
				if !slices.ContainsFunc(f.Tables, func(t *store.Table) bool { return slices.Contains(a.Sources, t) }) {
					continue
				}
				if p.fold[f] != p.sum[a] {
					p.fold[f], p.sum[a], grown = true, true, true
				}
			}
		}
	}
	return p
}

// Outdate marks the rows of some folds as those of an earlier program, so that the next start derives them again: what the
// measurement of an upgrade begins with.
func (l *Log) Outdate(ctx context.Context, folds ...string) error {
	was := map[string]int{}
	if err := json.Unmarshal(l.Registry.revisions(), &was); err != nil {
		return err
	}
	for _, name := range folds {
		if _, known := was[name]; !known {
			return fmt.Errorf("there is no fold %q", name)
		}
		was[name]--
	}
	b, err := json.Marshal(was)
	if err != nil {
		return err
	}
	return l.write(ctx, func(t *turn) error {
		return errors.Join(t.set(ctx, "folds", []byte("earlier")), t.set(ctx, "revisions", b))
	})
}
