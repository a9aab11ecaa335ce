package node

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// Headquarters that came back from a backup goes on under another key (fact.Succeed). Boxes call it where they called it before, find
// that another answers, see that it follows the one they knew, and give it back what that one had written since the backup: that
// may say who they are.

// ErrAnother is returned for a node that answers where another was called. Doors translate it.
var ErrAnother = errors.New("another node answers at this address than the one that this box was paired with")

// following is asked, and answered, where another node answers: what it lacks of what headquarters wrote, on the way there; on the
// way back who it is, what shows that it follows, and how much it holds.
type following struct {
	Node    id.ID      `json:"node"`
	Batches [][]byte   `json:"batches,omitempty"`
	Logs    []logState `json:"logs,omitempty"`
}

// rootLogs are what headquarters wrote in commons under its keys.
func (n *Nodes) rootLogs(ctx context.Context) ([]logState, error) {
	logs, err := n.log.States(ctx, n.log.DB, func(stream string) bool { return stream == "commons" })
	return states(slices.DeleteFunc(logs, func(l fact.LogState) bool { return !n.log.IsRoot(l.Node) })), err
}

// followed answers a node that called another under this one's address. It may be one that this node does not know, or not any
// more: what it brings was signed by headquarters.
func (n *Nodes) followed(ctx context.Context, body []byte) ([]byte, error) {
	var f following
	if err := decode(body, &f); err != nil {
		return nil, err
	}
	if err := n.log.Refresh(ctx); err != nil {
		return nil, err
	}
	for _, w := range f.Batches {
		b, err := fact.DecodeBatch(w)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrMessage, err)
		}
		if b.Stream != "commons" || b.Node == n.log.Node() {
			return nil, ErrMessage
		}
		if n.log.IsRoot(b.Node) {
			_, _, err = n.log.Receive(ctx, b)
		} else { // headquarters came back once before
			_, _, err = n.log.Followed(ctx, b)
		}
		switch {
		case errors.Is(err, fact.ErrFollows), errors.Is(err, fact.ErrForked), errors.Is(err, fact.ErrProof), errors.Is(err, fact.ErrGap):
			return nil, errors.Join(ErrMessage, err)
		case err != nil:
			return nil, err
		}
	}
	out := following{Node: n.log.Node()}
	var err error
	if out.Batches, err = n.succession(ctx); err != nil {
		return nil, err
	}
	out.Logs, err = n.rootLogs(ctx)
	return encode(out), err
}

// succession is what shows that this node follows headquarters, as batches on the wire.
func (n *Nodes) succession(ctx context.Context) ([][]byte, error) {
	l, err := n.log.Succession(ctx)
	var out [][]byte
	for _, b := range l {
		out = append(out, b.Encode())
	}
	return out, err
}

// follow makes a node that shows that it follows headquarters the one that this node calls in its place, if that was headquarters
// itself. It returns it.
func (n *Nodes) follow(ctx context.Context, of Peer, to id.ID, shown [][]byte) (Peer, error) {
	if !of.Up || !n.log.IsRoot(of.Node) {
		return of, ErrAnother
	}
	next := of
	for _, w := range shown {
		b, err := fact.DecodeBatch(w)
		if err != nil {
			return of, fmt.Errorf("%w: %w", ErrMessage, err)
		}
		public, recipient, err := n.log.Followed(ctx, b)
		if errors.Is(err, fact.ErrFollows) || errors.Is(err, fact.ErrForked) || errors.Is(err, fact.ErrProof) {
			return of, errors.Join(ErrAnother, err)
		}
		if err != nil {
			return of, err
		}
		if b.Node == to {
			next.Node, next.Public, next.Recipient, next.Copied = b.Node, public, recipient, false
		}
	}
	if _, err := seal.WrapFor(next.Recipient, "tizi follow", []byte("try")); err != nil || next.Node != to || to == of.Node {
		return of, ErrAnother
	}
	return next, n.log.DB.Write(ctx, func(tx store.Tx) error {
		if err := tx.Exec(ctx, "DELETE FROM node_peer WHERE node = ?", of.Node); err != nil {
			return err
		}
		return keep(ctx, tx, next)
	})
}

// follow turns to the node that answers where headquarters answered, and gives back what it lacks of what that wrote: this node's
// grant may be among it. It says whether there was either.
func (x *exchange) follow(ctx context.Context) (news bool, err error) {
	ask := func(f following) (following, error) {
		var out following
		b, err := x.link.Ask(ctx, OpFollow, encode(f))
		if err == nil {
			err = decode(b, &out)
		}
		return out, err
	}
	f, err := ask(following{})
	if err != nil {
		return false, err
	}
	if f.Node != x.peer.Node {
		if x.peer, err = x.n.follow(ctx, x.peer, f.Node, f.Batches); err != nil {
			return false, err
		}
		if l, ok := x.link.(interface{ To(Peer) }); ok {
			l.To(x.peer)
		}
		news = true
	}
	mine, err := x.n.rootLogs(ctx)
	if err != nil {
		return false, err
	}
	for _, l := range mine {
		if l.Node == f.Node {
			continue
		}
		for {
			at := uint64(0)
			if i := slices.IndexFunc(f.Logs, func(t logState) bool { return t.Node == l.Node }); i >= 0 {
				at = f.Logs[i].Size
			}
			if at >= l.Size {
				break
			}
			most := shownFacts
			if at == 0 {
				most = 1 // that shows whose log it is
			}
			b, err := x.n.log.Read(ctx, x.n.log.DB, l.Stream, l.Node, at, most)
			if err != nil {
				return false, err
			}
			if b.Last() <= at {
				break
			}
			b.Keys = nil
			if f, err = ask(following{Batches: [][]byte{b.Encode()}}); err != nil {
				return false, err
			}
			news = true
		}
	}
	x.shared = x.n.shared(x.peer.Node)
	return news, nil
}

// shownFacts is how many facts of headquarters one question gives back, so that it stays below MaxShown.
const shownFacts = 100
