package node

import (
	"context"
	"errors"
	"time"

	"tizi/internal/fact"
)

// Mend asks a peer for facts that are missing in the midst of this node's logs, because a disk was damaged, and puts them where they
// were. It returns how many came, and the holes that are left: what the peer does not have either.
func (n *Nodes) Mend(ctx context.Context, link Link) (mended int, left []fact.Hole, err error) {
	if left, err = n.log.Holes(ctx, n.log.DB); err != nil || len(left) == 0 {
		return 0, left, err
	}
	if _, err := link.Ask(ctx, OpHello, encode(hello{Formats: [2]int{Oldest, Format}, Program: n.Program, Now: time.Now().UnixMilli()})); err != nil {
		return 0, left, err
	}
	for _, h := range left {
		facts, err := fetch(ctx, link, h)
		if err != nil {
			return mended, left, err
		}
		m, err := n.log.Mend(ctx, h, facts)
		if err != nil && !errors.Is(err, fact.ErrProof) { // of another history: what is here stays a hole
			return mended, left, err
		}
		mended += m
	}
	left, err = n.log.Holes(ctx, n.log.DB)
	return mended, left, err
}

// fetch asks for the facts of a hole, as far as the other has them.
func fetch(ctx context.Context, link Link, h fact.Hole) ([]*fact.Fact, error) {
	var out []*fact.Fact
	for at := h.From - 1; at < h.To; {
		b, err := link.Ask(ctx, OpPull, encode(wanted{Logs: []logState{{Stream: h.Stream, Node: h.Node, Size: at}}}))
		if err != nil {
			return nil, err
		}
		l, err := batches(b)
		if err != nil {
			return nil, err
		}
		was := at
		for _, x := range l {
			if x.Stream != h.Stream || x.Node != h.Node {
				continue
			}
			for _, f := range x.Facts {
				if f.Seq >= h.From && f.Seq <= h.To {
					out = append(out, f)
				}
				at = max(at, f.Seq)
			}
		}
		if at == was {
			break // it has no more
		}
	}
	return out, nil
}
