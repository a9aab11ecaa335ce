package node

import (
	"context"
	"errors"
	"slices"
	"time"

	"tizi/internal/fact"
	"tizi/internal/id"
)

// At the end of an exchange the one that is called signs which logs it has seen, how far and when, and gives back what it and
// others have signed (fact.Cosigned).

// see answers what was cosigned of the logs that another may hold.
func (n *Nodes) see(ctx context.Context, who fact.Grantee, body []byte) ([]byte, error) {
	var in, out seen
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	shared := n.shared(who.Node)
	if err := n.log.Cosign(ctx, shared); err != nil {
		return nil, err
	}
	all, err := n.log.Cosigned(ctx, n.log.DB, shared)
	if err != nil {
		return nil, err
	}
	known := furthest(in.Known)
	for _, c := range all {
		w := cosigned{c.Stream, c.Node, c.By, c.Size, c.At.Unix(), c.Signature}
		if c.Size > known[w.name()] && len(out.Seen) < maxSeen {
			out.Seen = append(out.Seen, w)
		}
	}
	if err := n.ended(ctx, who.Node, shared, in.Logs); err != nil {
		return nil, err
	}
	return encode(out), nil
}

// ended takes note that the exchange of one that calls is over, and of which logs it holds just as this node does.
func (n *Nodes) ended(ctx context.Context, peer id.ID, shared func(string) bool, theirs []logState) error {
	own, err := n.log.States(ctx, n.log.DB, shared)
	if err != nil {
		return err
	}
	mine := map[logState]bool{}
	for _, l := range states(own) {
		mine[l] = true
	}
	same := slices.DeleteFunc(slices.Clone(theirs), func(l logState) bool { return !mine[l] })
	if err := n.agree(ctx, peer, same); err != nil {
		return err
	}
	now := n.log.Clock.Now()
	return n.note(ctx, peer, func(p *Peer) { p.Done = now })
}

// cosignedName is whose word it is about which log.
type cosignedName struct {
	stream   string
	node, by id.ID
}

func (c cosigned) name() cosignedName { return cosignedName{c.Stream, c.Node, c.By} }

// furthest are the greatest sizes.
func furthest(l []cosigned) map[cosignedName]uint64 {
	out := map[cosignedName]uint64{}
	for _, c := range l {
		out[c.name()] = max(out[c.name()], c.Size)
	}
	return out
}

// seen asks for it. Who speaks an older program does not know the question.
func (x *exchange) seen(ctx context.Context) error {
	all, err := x.n.log.Cosigned(ctx, x.n.log.DB, x.shared)
	if err != nil {
		return err
	}
	var known []cosigned
	for _, c := range all {
		known = append(known, cosigned{Stream: c.Stream, Node: c.Node, By: c.By, Size: c.Size})
	}
	var ask seen
	for name, size := range furthest(known) {
		ask.Known = append(ask.Known, cosigned{Stream: name.stream, Node: name.node, By: name.by, Size: size})
	}
	own, err := x.n.log.States(ctx, x.n.log.DB, x.shared)
	if err != nil {
		return err
	}
	ask.Logs = states(own)
	b, err := x.link.Ask(ctx, OpSeen, encode(ask))
	if errors.Is(err, ErrMessage) || errors.Is(err, ErrStranger) {
		return nil
	}
	if err != nil {
		return err
	}
	var told seen
	if err := decode(b, &told); err != nil {
		return err
	}
	return x.n.log.TakeCosigned(ctx, told.facts())
}

// facts are what was told, as the log has it.
func (s seen) facts() []fact.Cosigned {
	out := make([]fact.Cosigned, len(s.Seen))
	for i, c := range s.Seen {
		out[i] = fact.Cosigned{Stream: c.Stream, Node: c.Node, By: c.By, Size: c.Size, At: time.Unix(c.At, 0), Signature: c.Signature}
	}
	return out
}

// latestSeen is what a bundle tells of what was cosigned: the last of it, since nobody says what the other knows.
func (n *Nodes) latestSeen(ctx context.Context, shared func(string) bool) (seen, error) {
	all, err := n.log.Cosigned(ctx, n.log.DB, shared)
	if err != nil {
		return seen{}, err
	}
	slices.SortStableFunc(all, func(a, b fact.Cosigned) int { return a.At.Compare(b.At) })
	var out seen
	for _, c := range all[max(0, len(all)-maxSeen):] {
		out.Seen = append(out.Seen, cosigned{c.Stream, c.Node, c.By, c.Size, c.At.Unix(), c.Signature})
	}
	return out, nil
}
