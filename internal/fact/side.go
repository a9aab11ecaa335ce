package fact

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

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

// SubjectOf is a subject that was brought by hand: facts that were vouched for (Vouch), with the key of a person.
func SubjectOf(subject id.ID, facts []*Fact, k *seal.Key) *Subject {
	s := &Subject{ID: subject, all: canonical(facts)}
	if k != nil {
		s.ring = seal.Ring{subject: k}
	}
	return s
}

// Vouch checks one fact that came alone, with the proof that it stands in its node's log: signed head, inclusion, and that
// its node might write it there. The fact is not kept.
func (l *Log) Vouch(b *Batch, proof tlog.RecordProof) (*Fact, error) {
	if len(b.Facts) != 1 || seal.NodeOf(b.Public) != b.Node {
		return nil, ErrProof
	}
	f := b.Facts[0]
	h, err := ParseHead(b.Head, b.Public)
	if err != nil || h.Stream != f.Stream || h.Node != f.Node || f.Check() != nil || f.Seq < 1 || f.Seq > h.Size {
		return nil, errors.Join(err, ErrProof)
	}
	if err := tlog.CheckRecord(proof, int64(h.Size), h.Root, int64(f.Seq-1), f.Hash()); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProof, err)
	}
	if f.state = l.authority().judge().may(f); f.state == Effective {
		f.state = l.Registry.read(f)
	}
	return f, nil
}

// Attest returns a fact as a batch of its own, with the proof that it stands in its log; Vouch checks both.
func (l *Log) Attest(ctx context.Context, q store.Querier, f *Fact) (*Batch, tlog.RecordProof, error) {
	proof, head, err := l.Prove(ctx, q, f.Ref())
	if err != nil {
		return nil, nil, err
	}
	h, err := l.stored(ctx, q, f.Stream, f.Node)
	if err != nil {
		return nil, nil, err
	}
	return &Batch{Stream: f.Stream, Node: f.Node, Facts: []*Fact{f}, Head: head, Public: h.public}, proof, nil
}
