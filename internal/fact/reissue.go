package fact

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"tizi/internal/id"
	"tizi/internal/store"
)

// Where a folder was copied and both boxes wrote on, their node's log has two histories, and others hold the one that they saw first.
// The other one is not lost: whoever holds it, and has a key of its own by now, says the same again under that key, keeps aside what
// was signed first, and takes the history of the others.

// Reissued is the body of fact.reissued: the facts before this one in its writer's log of the stream say again what the subject, a node,
// had signed under other numbers of a history that did not stand.
type Reissued struct {
	Seqs   []uint64 `json:"seqs"`   // of the facts that were, in the order of those before this one
	Hashes []string `json:"hashes"` // of these, as leaves of that history, hexadecimal
}

// Check wants as many of both.
func (r Reissued) Check() error {
	if len(r.Seqs) == 0 || len(r.Seqs) != len(r.Hashes) {
		return errors.New("numbers and hashes are not as many")
	}
	return nil
}

// FactReissued says where facts come from that were said before.
var FactReissued = NewKind[Reissued](Kind{Name: "fact.reissued", Streams: []string{"commons", "hub", "centre"}})

// reissuedPart is how many facts one fact.reissued tells of, so that its body is not too large.
const reissuedPart = 400

// Faults of saying again. Doors translate them.
var (
	ErrNoFork  = errors.New("this node holds no other history of this log than the others do, or does not know yet where they part: let it exchange first")
	ErrOwnFork = errors.New("this box writes under a key that another one has too: give it a key of its own first")
)

// Lost returns the forks of which this node holds a side that did not stand, with how many facts that has: those of which it knows
// where the histories part.
func (l *Log) Lost(ctx context.Context, q store.Querier) ([]Fork, error) {
	all, err := l.Forks(ctx, q)
	if err != nil {
		return nil, err
	}
	var out []Fork
	for _, f := range all {
		held, err := l.Held(ctx, q, f.Stream, f.Node)
		if err != nil {
			return nil, err
		}
		if !f.Lost || f.Common < 0 || held <= uint64(f.Common) || slices.ContainsFunc(out, func(o Fork) bool { return o.Stream == f.Stream && o.Node == f.Node }) {
			continue
		}
		f.Facts = int(held) - f.Common
		out = append(out, f)
	}
	return out, nil
}

// Reissue says again, under this node's key, what this node holds of a log after the histories part, and makes room for the history of the
// others. It all happens at once, and a second time there is nothing left to do. It returns how many facts were said again.
func (l *Log) Reissue(ctx context.Context, stream string, node, actor id.ID) (int, error) {
	if node == l.node {
		return 0, ErrOwnFork
	}
	var n int
	err := l.write(ctx, func(t *turn) error {
		n = 0
		lost, err := l.Lost(ctx, t.tx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(lost, func(f Fork) bool { return f.Stream == stream && f.Node == node })
		if i < 0 {
			return ErrNoFork
		}
		n, err = t.reissue(ctx, lost[i], actor)
		return err
	})
	return n, err
}

func (t *turn) reissue(ctx context.Context, fork Fork, actor id.ID) (int, error) {
	l := t.log
	s, err := t.stream(ctx, fork.Stream)
	if err != nil {
		return 0, err
	}
	w, err := t.node(ctx, fork.Node, nil)
	if err != nil {
		return 0, err
	}
	h, err := t.head(ctx, s, w)
	if err != nil {
		return 0, err
	}
	var lost []*Fact
	subjects := map[id.ID]bool{}
	err = l.Facts(ctx, t.tx, "stream = ? AND node = ? AND seq > ? ORDER BY seq", store.Args(s, w, int64(fork.Common)), func(f *Fact) error {
		lost = append(lost, f)
		subjects[f.Subject] = true
		return nil
	})
	if err != nil {
		return 0, err
	}
	again, stale, err := t.sayAgain(ctx, fork, lost, subjects, actor)
	if err != nil {
		return 0, err
	}
	// What was signed first is kept, and the log ends where the histories part.
	now := int64(l.Clock.Tick())
	for _, f := range lost {
		err := t.tx.Exec(ctx, "INSERT INTO fact_aside (stream, node, seq, leaf, head, at, again) VALUES (?, ?, ?, ?, ?, ?, ?)", s, w, int64(f.Seq), f.Encode(nil), h.note, now, int64(again[f.Ref()].Seq))
		if err != nil {
			return 0, err
		}
	}
	if h.edge, err = l.reader(ctx, t.tx, s, w).edge(uint64(fork.Common)); err != nil {
		return 0, err
	}
	for _, x := range []string{"DELETE FROM fact WHERE stream = ? AND node = ? AND seq > ?", "DELETE FROM fact_cosigned WHERE stream = ? AND node = ? AND size > ?"} {
		if err := t.tx.Exec(ctx, x, s, w, int64(fork.Common)); err != nil {
			return 0, err
		}
	}
	if err := t.tx.Exec(ctx, "DELETE FROM fact_tile WHERE stream = ? AND node = ? AND tile >= ?", s, w, int64(fork.Common>>tileLevel)); err != nil {
		return 0, err
	}
	if err := t.tx.Exec(ctx, "UPDATE fact_fork SET lost = 0 WHERE stream = ? AND node = ?", s, w); err != nil {
		return 0, err
	}
	h.note, h.dirty, t.moved = fork.Theirs, true, true
	if err := t.saveHeads(ctx); err != nil {
		return 0, err
	}
	if fork.Common == 0 {
		if err := t.tx.Exec(ctx, "DELETE FROM fact_head WHERE stream = ? AND node = ?", s, w); err != nil {
			return 0, err
		}
		delete(t.heads, [2]int64{s, w})
	}
	var all []id.ID
	for v := range subjects {
		all = append(all, v)
	}
	all = append(all, fork.Node)
	t.wrote = append(t.wrote, all...)
	if slices.ContainsFunc(lost, func(f *Fact) bool { name, _, _ := SplitKind(f.Kind); return isGrant(name) }) {
		if err := t.reauthorise(ctx); err != nil {
			return 0, err
		}
	}
	return len(again) - stale, t.refold(ctx, all)
}

// sayAgain writes the facts of a history, and what this node has said about them since, which names them by numbers that others will
// have. It returns what stands for each, and how many of those had been this node's own.
func (t *turn) sayAgain(ctx context.Context, fork Fork, lost []*Fact, subjects map[id.ID]bool, actor id.ID) (again map[Ref]Ref, stale int, err error) {
	l := t.log
	again = map[Ref]Ref{}
	named := map[Ref]bool{}
	for _, f := range lost {
		named[f.Ref()] = true
	}
	names := func(f *Fact) bool {
		return slices.ContainsFunc(f.Prev, func(p Ref) bool { return named[localRef(f, p)] })
	}
	var since []*Fact
	for v := range subjects {
		facts, err := l.Of(ctx, t.tx, v)
		if err != nil {
			return nil, 0, err
		}
		for _, f := range facts { // what replaces comes after what it replaces
			if f.Node == l.node && names(f) {
				named[f.Ref()] = true
				since = append(since, f)
			}
		}
	}
	slices.SortFunc(since, func(a, b *Fact) int { return byClock(a, b) })
	self, err := t.node(ctx, l.node, l.own.Public())
	if err != nil {
		return nil, 0, err
	}
	size := map[string]uint64{}
	var made []*Fact
	add := func(f *Fact) (Ref, error) {
		if _, ok := size[f.Stream]; !ok {
			s, err := t.stream(ctx, f.Stream)
			if err != nil {
				return Ref{}, err
			}
			h, err := t.head(ctx, s, self)
			if err != nil {
				return Ref{}, err
			}
			size[f.Stream] = h.edge.Size
		}
		if !t.mayWrite(f) {
			return Ref{}, ErrNotHere
		}
		size[f.Stream]++
		made = append(made, f)
		return Ref{f.Stream, l.node, size[f.Stream]}, nil
	}
	copied := func(f *Fact) error {
		c := &Fact{Stream: f.Stream, Kind: f.Kind, Subject: f.Subject, Actor: f.Actor, Body: f.Body}
		for _, p := range f.Prev {
			p = localRef(f, p)
			if r, ok := again[p]; ok {
				p = r
			}
			c.Prev = append(c.Prev, p)
		}
		ref, err := add(c)
		again[f.Ref()] = ref
		return err
	}
	origin := Reissued{}
	tell := func() error {
		if len(origin.Seqs) == 0 {
			return nil
		}
		n := New{Stream: fork.Stream, Kind: FactReissued, Subject: fork.Node, Actor: actor, Body: origin}
		f, err := n.fact(l.Registry)
		if err == nil {
			_, err = add(f)
		}
		origin = Reissued{}
		return err
	}
	said, err := l.saidAgain(ctx, t.tx, fork, lost)
	if err != nil {
		return nil, 0, err
	}
	for _, f := range lost {
		if name, _, _ := SplitKind(f.Kind); isGrant(name) {
			continue // it said so of its own key
		}
		if ref, ok := said[f.Ref()]; ok { // by another who held this side
			again[f.Ref()] = ref
			continue
		}
		if err := copied(f); err != nil {
			return nil, 0, err
		}
		hash := f.Hash()
		origin.Seqs, origin.Hashes = append(origin.Seqs, f.Seq), append(origin.Hashes, hex.EncodeToString(hash[:]))
		if len(origin.Seqs) == reissuedPart {
			if err := tell(); err != nil {
				return nil, 0, err
			}
		}
	}
	if err := tell(); err != nil {
		return nil, 0, err
	}
	for _, f := range since {
		if err := copied(f); err != nil {
			return nil, 0, err
		}
		n := New{Stream: f.Stream, Kind: FactVoided, Subject: f.Subject, Actor: actor, Prev: []Ref{f.Ref()}, Body: Mistake{Reason: "reissued"}}
		v, err := n.fact(l.Registry)
		if err == nil {
			_, err = add(v)
		}
		if err != nil {
			return nil, 0, err
		}
	}
	if len(made) == 0 {
		return again, 0, nil
	}
	if err := t.append(ctx, made); err != nil {
		return nil, 0, fmt.Errorf("say again: %w", err)
	}
	return again, len(since), nil
}

// saidAgain are those of some facts of a node that somebody has said again, and where they stand. It is not enough that somebody says
// so: what stands there must say the same.
func (l *Log) saidAgain(ctx context.Context, q store.Querier, fork Fork, lost []*Fact) (map[Ref]Ref, error) {
	all, err := l.Of(ctx, q, fork.Node)
	if err != nil {
		return nil, err
	}
	byHash := map[string]*Fact{}
	for _, f := range lost {
		h := f.Hash()
		byHash[hex.EncodeToString(h[:])] = f
	}
	out := map[Ref]Ref{}
	for _, f := range all {
		r, ok := As[Reissued](f)
		n := uint64(len(r.Seqs))
		if !ok || f.Stream != fork.Stream || f.state != Effective || f.Seq <= n {
			continue
		}
		claimed := map[uint64]*Fact{} // by the number of what should say the same
		for i, h := range r.Hashes {
			if was := byHash[h]; was != nil {
				claimed[f.Seq-n+uint64(i)] = was
			}
		}
		if len(claimed) == 0 {
			continue
		}
		err := l.Facts(ctx, q, "stream IN (SELECT id FROM fact_stream WHERE name = ?) AND node IN (SELECT id FROM fact_node WHERE node = ?) AND seq >= ? AND seq < ?", store.Args(f.Stream, f.Node, int64(f.Seq-n), int64(f.Seq)), func(again *Fact) error {
			if was := claimed[again.Seq]; was != nil && sameSaid(was, again) {
				out[was.Ref()] = again.Ref()
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// sameSaid reports whether a fact says what another one said, and counts where that did. What it replaces may have other numbers.
func sameSaid(was, again *Fact) bool {
	stands := again.state == Effective || again.state == Voided || was.state != Effective
	return stands && again.Kind == was.Kind && again.Subject == was.Subject && again.Actor == was.Actor && bytes.Equal(again.Body, was.Body)
}

// Yield compares the history of a log that the node has which this one calls, from its first fact, with what is held here: batches in
// order. Where they part, this node's side is lost from there on, until it is said again.
func (l *Log) Yield(ctx context.Context, b *Batch) (parted bool, err error) {
	if _, _, err = l.Receive(ctx, b); !errors.Is(err, ErrForked) {
		return false, err
	}
	return true, l.DB.Write(ctx, func(tx store.Tx) error {
		return tx.Exec(ctx, "UPDATE fact_fork SET lost = 1 WHERE theirs = ? AND common >= 0", b.Head)
	})
}

// partAt is how many leaves two histories have in common, from a number on.
func partAt(first uint64, ours, theirs []tlog.Hash) int {
	for i := range min(len(ours), len(theirs)) {
		if ours[i] != theirs[i] {
			return int(first) - 1 + i
		}
	}
	return -1
}
