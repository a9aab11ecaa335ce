package node

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/store"
)

// known is how much of each log a node is known to hold: what it confirmed, told or was told in an exchange that was whole.
func (n *Nodes) known(ctx context.Context, q store.Querier, peer id.ID) (map[logName]uint64, error) {
	out := map[logName]uint64{}
	err := q.Each(ctx, "SELECT stream, node, size FROM node_confirmed WHERE peer = ?", store.Args(peer), func(r store.Row) error {
		var l logName
		var size int64
		err := r.Scan(&l.stream, &l.node, &size)
		out[l] = uint64(size)
		return err
	})
	return out, err
}

// agree notes that a node holds so much of some logs, where that is news.
func (n *Nodes) agree(ctx context.Context, peer id.ID, logs []logState) error {
	have, err := n.known(ctx, n.log.DB, peer)
	if err != nil {
		return err
	}
	logs = slices.DeleteFunc(slices.Clone(logs), func(l logState) bool { return l.Size <= have[logName{l.Stream, l.Node}] })
	if len(logs) == 0 {
		return nil
	}
	return n.log.DB.Write(ctx, func(tx store.Tx) error { return confirm(ctx, tx, peer, logs) })
}

// Waiting returns how many facts this node holds that a node may hold too and is not known to.
func (n *Nodes) Waiting(ctx context.Context, q store.Querier, peer id.ID) (int, error) {
	have, err := n.known(ctx, q, peer)
	if err != nil {
		return 0, err
	}
	logs, err := n.log.States(ctx, q, n.shared(peer))
	waiting := 0
	for _, l := range logs {
		if at := have[logName{l.Stream, l.Node}]; at < l.Size {
			waiting += int(l.Size - at)
		}
	}
	return waiting, err
}

// Passed is a fact and whether the other node is known to hold it.
type Passed struct {
	*fact.Fact
	There bool
}

// Flow returns the latest facts that this node and another may both hold, latest first.
func (n *Nodes) Flow(ctx context.Context, q store.Querier, peer id.ID, max int) ([]Passed, error) {
	have, err := n.known(ctx, q, peer)
	if err != nil {
		return nil, err
	}
	logs, err := n.log.States(ctx, q, n.shared(peer))
	if err != nil {
		return nil, err
	}
	every := fact.Span{To: 1<<63 - 1, Max: max, Maybe: func(*fact.Fact) bool { return true }, Want: func(*fact.Fact) (bool, error) { return true, nil }}
	var out []Passed
	for i, l := range logs {
		if i > 0 && logs[i-1].Stream == l.Stream {
			continue
		}
		facts, err := n.log.Latest(ctx, q, l.Stream, every)
		if err != nil {
			return nil, err
		}
		for _, f := range facts {
			out = append(out, Passed{f, f.Seq <= have[logName{f.Stream, f.Node}]})
		}
	}
	slices.SortStableFunc(out, func(a, b Passed) int {
		switch {
		case a.HLC > b.HLC:
			return -1
		case a.HLC < b.HLC:
			return 1
		}
		return 0
	})
	return out[:min(len(out), max)], nil
}

// Pause keeps this node from calling another until it is taken back: a link that costs, or one that is cut on purpose.
func (n *Nodes) Pause(ctx context.Context, peer id.ID, paused bool) error {
	return n.note(ctx, peer, func(p *Peer) { p.Paused = paused })
}

// Receipt says what this node holds of what another may hold, signed, to be carried there.
func (n *Nodes) Receipt(ctx context.Context, to id.ID) (Receipt, error) {
	return n.receipt(ctx, BundleHead{From: to}, 0)
}

// receipt answers a bundle.
func (n *Nodes) receipt(ctx context.Context, h BundleHead, added int) (Receipt, error) {
	logs, err := n.log.States(ctx, n.log.DB, n.shared(h.From))
	out := Receipt{Bundle: h.ID, From: n.log.Node(), To: h.From, At: n.log.Clock.Now().UTC(), Logs: states(logs), Added: added}
	out.Signature = base64.StdEncoding.EncodeToString(n.log.Identity().Sign(out.signed()))
	return out, err
}

// ErrNotHeld is returned for facts that do not wait for anybody's word. Doors translate it.
var ErrNotHeld = errors.New("these facts do not wait, or cannot be let in: what a newer program wrote needs that program")

// Admit lets facts count that wait, or says that they never will, which takes them off the list. All of one subject is said in
// one fact, in the stream that it is about.
func (n *Nodes) Admit(ctx context.Context, actor id.ID, held []fact.Held, reason string, admit bool) error {
	if len(held) == 0 || slices.ContainsFunc(held, func(h fact.Held) bool { return !h.Decides() }) {
		return ErrNotHeld
	}
	type about struct {
		stream  string
		subject id.ID
	}
	var order []about
	refs := map[about][]fact.Ref{}
	for _, h := range held {
		k := about{h.Ref.Stream, h.Subject}
		if refs[k] == nil {
			order = append(order, k)
		}
		refs[k] = append(refs[k], h.Ref)
	}
	for stream, of := range byStream(order, func(a about) string { return a.stream }) {
		for part := range slices.Chunk(of, 200) {
			_, err := n.log.Do(ctx, fact.Command{Name: "admit what waits", Stream: stream, Run: func(context.Context, store.Querier) (fact.Outcome, error) {
				var out fact.Outcome
				for _, a := range part {
					f := fact.New{Stream: stream, Subject: a.subject, Actor: actor, Prev: refs[a], Kind: fact.FactVoided, Body: fact.Mistake{Reason: reason}}
					if admit {
						f.Kind, f.Body = fact.FactAdmitted, fact.Admission{Reason: reason}
					}
					out.Facts = append(out.Facts, f)
				}
				return out, nil
			}})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func byStream[T any](l []T, of func(T) string) map[string][]T {
	out := map[string][]T{}
	for _, v := range l {
		out[of(v)] = append(out[of(v)], v)
	}
	return out
}

// Move says that a node is called at another address from now on.
func (n *Nodes) Move(ctx context.Context, peer id.ID, address string) error {
	return n.note(ctx, peer, func(p *Peer) { p.Address = address })
}
