package fact

import (
	"context"
	"errors"

	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// Side is one of several statements of one thing whose authors did not see each other.
type Side struct {
	Ref         Ref
	At          Time
	Node, Actor id.ID
}

// SideOf is the side that a fact takes.
func SideOf(f *Fact) Side { return Side{f.Ref(), f.HLC, f.Node, f.Actor} }

// ErrSettled is returned when what was to be settled is no longer in doubt, or was settled otherwise meanwhile.
var ErrSettled = errors.New("this is settled already, or changed meanwhile; look again")

// Subject reads a subject as its fold sees it, with its own key where this node holds one.
func (l *Log) Subject(ctx context.Context, q store.Querier, subject id.ID) (*Subject, error) {
	all, err := l.Of(ctx, q, subject)
	if err != nil {
		return nil, err
	}
	s := &Subject{ID: subject, all: all, ring: seal.Ring{}}
	return s, l.Keys.Load(ctx, q, s.ring, []id.ID{subject})
}

// All returns the references of all statements that are not replaced: what a fact that settles them names.
func (s *Subject) All() []Ref { return HeadsOf(s.all) }
