package node

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"tizi/internal/blob"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// Serve answers a question of another node, which the caller made sure of. What the other may not read is not given; what
// it writes without a grant is kept and does not count.
func (n *Nodes) Serve(ctx context.Context, from id.ID, op string, body []byte) ([]byte, error) {
	switch op {
	case OpRecover:
		return n.introduce(ctx, body)
	case OpFollow:
		return n.followed(ctx, body)
	}
	who, ok := n.log.Grantee(from)
	if !ok {
		return nil, ErrStranger
	}
	// A thousand boxes may come back at once. They wait in line, so that people who read pages meanwhile do not.
	select {
	case n.gate <- struct{}{}:
		defer func() { <-n.gate }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	switch op {
	case OpHello:
		return n.welcome(ctx, who, body)
	case OpPush:
		return n.take(ctx, who, body)
	}
	if who.Revoked != nil {
		return nil, ErrStranger
	}
	switch op {
	case OpKeys:
		return n.keyring(ctx, who, body)
	case OpPull:
		return n.give(ctx, who, body)
	case OpLack:
		return n.lacking(ctx, who, body)
	case OpGive:
		return n.takePart(ctx, who, body)
	case OpFile:
		return n.givePart(ctx, who, body)
	case OpGives:
		return n.takeSmall(ctx, who, body)
	case OpFiles:
		return n.giveSmall(ctx, who, body)
	case OpSeen:
		return n.see(ctx, who, body)
	case OpRelease:
		return n.offer(body)
	case OpProgram:
		return n.giveProgram(body)
	case OpKeep:
		return n.keepPart(who, body)
	case OpDeposit:
		return n.deposit(ctx, who, body)
	}
	return nil, fmt.Errorf("%w: nobody asks %q", ErrMessage, op)
}

func (n *Nodes) welcome(ctx context.Context, who fact.Grantee, body []byte) ([]byte, error) {
	var h hello
	if err := decode(body, &h); err != nil {
		return nil, err
	}
	now := n.log.Clock.Now()
	w := welcome{Node: n.log.Node(), Formats: [2]int{Oldest, Format}, Program: n.Program, Now: now.UnixMilli()}
	if h.Formats[1] < Oldest || h.Formats[0] > Format {
		return nil, fmt.Errorf("it speaks formats %d to %d: %w", h.Formats[0], h.Formats[1], ErrFormat)
	}
	shared := n.shared(who.Node)
	epochs, err := n.share(ctx, shared, who.Node, who.Recipient)
	if err != nil {
		return nil, err
	}
	logs, state, err := n.state(ctx, n.compared(who.Node), epochs)
	if err != nil {
		return nil, err
	}
	due, err := n.due(ctx, who.Node, shared)
	if err != nil {
		return nil, err
	}
	untold, err := n.untold(ctx, who.Node)
	if err != nil {
		return nil, err
	}
	w.Revoked = who.Revoked != nil
	w.Same = state == h.State && len(due) == 0 && !untold && !w.Revoked
	if !w.Same && !w.Revoked {
		w.Logs = states(logs)
	}
	if w.Revoked { // it is told how much of what it may bring is here, so that it brings the rest and no more
		logs, err := n.log.States(ctx, n.log.DB, func(string) bool { return true })
		if err != nil {
			return nil, err
		}
		w.Held = states(slices.DeleteFunc(logs, func(l fact.LogState) bool {
			return l.Node != who.Node && l.Stream != "commons" && !who.Names(l.Stream)
		}))
	}
	if w.Same {
		if err := n.agree(ctx, who.Node, states(logs)); err != nil {
			return nil, err
		}
	}
	if !w.Revoked {
		w.Releases, w.Keeps = n.offers(h.Arches), n.Archives != nil && !who.Provisional
	}
	return encode(w), n.note(ctx, who.Node, func(p *Peer) {
		p.Tried, p.Ahead, p.Program, p.Sent, p.Got, p.Fault = now, time.UnixMilli(h.Now).Sub(now), h.Program, 0, 0, ""
		p.Vitals = h.Vitals.heard(now)
		if w.Same {
			p.Done = now
		}
	})
}

// note changes what is known of a peer.
func (n *Nodes) note(ctx context.Context, node id.ID, change func(*Peer)) error {
	return n.log.DB.Write(ctx, func(tx store.Tx) error { return n.noteIn(ctx, tx, node, change) })
}

func (n *Nodes) noteIn(ctx context.Context, tx store.Tx, node id.ID, change func(*Peer)) error {
	p, err := n.Peer(ctx, tx, node)
	if err != nil {
		return err
	}
	if p == nil {
		p = &Peer{Node: node, Paired: n.log.Clock.Now()}
	}
	change(p)
	return keep(ctx, tx, *p)
}

// share wraps what this node can open of some streams for another, and returns all that is wrapped of them then.
func (n *Nodes) share(ctx context.Context, shared func(string) bool, node id.ID, recipient []byte) ([]seal.WrappedEpoch, error) {
	epochs, err := n.log.Keys.Epochs(ctx, n.log.DB, shared)
	if err != nil || len(recipient) == 0 {
		return epochs, err
	}
	type name struct {
		stream string
		epoch  id.ID
	}
	has := map[name]bool{}
	for _, e := range epochs {
		if e.Node == node {
			has[name{e.Stream, e.Epoch}] = true
		}
	}
	lacks, some := map[string]bool{}, false
	for _, e := range epochs {
		if e.Node == n.log.Node() && !has[name{e.Stream, e.Epoch}] {
			lacks[e.Stream], some = true, true
		}
	}
	if !some {
		return epochs, nil
	}
	for stream := range lacks {
		err := n.log.DB.Write(ctx, func(tx store.Tx) error {
			return n.log.Keys.Share(ctx, tx, stream, map[id.ID][]byte{node: recipient})
		})
		if err != nil {
			return nil, err
		}
	}
	return n.log.Keys.Epochs(ctx, n.log.DB, shared)
}

// state returns what this node holds of some streams, and a digest of it and of the epochs.
func (n *Nodes) state(ctx context.Context, keep func(string) bool, epochs []seal.WrappedEpoch) ([]fact.LogState, string, error) {
	logs, err := n.log.States(ctx, n.log.DB, keep)
	return logs, stateOf(logs, epochs), err
}

func states(logs []fact.LogState) []logState {
	out := make([]logState, len(logs))
	for i, l := range logs {
		out[i] = logState{l.Stream, l.Node, l.Size, rootOf(l)}
	}
	return out
}

func rootOf(l fact.LogState) string { return fmt.Sprintf("%x", l.Root[:8]) }

// keyring takes what opens keys and gives its own, with the keys that are wanted.
func (n *Nodes) keyring(ctx context.Context, who fact.Grantee, body []byte) ([]byte, error) {
	var in keyring
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	shared := n.shared(who.Node)
	if err := n.takeKeys(ctx, in, shared); err != nil {
		return nil, err
	}
	out, err := n.giveKeys(ctx, in.Wanted, shared)
	if err != nil {
		return nil, err
	}
	n.told.told(who.Node, out.Wanted)
	return encode(out), nil
}

// takeKeys keeps those keys of a keyring that are of streams which the other may hold.
func (n *Nodes) takeKeys(ctx context.Context, k keyring, shared func(string) bool) error {
	w := seal.Wrapped{
		Epochs:  slices.DeleteFunc(k.Epochs, func(e seal.WrappedEpoch) bool { return !shared(e.Stream) }),
		Persons: slices.DeleteFunc(k.Persons, func(p seal.WrappedPerson) bool { return !shared(p.Stream) }),
	}
	if len(w.Epochs)+len(w.Persons) == 0 {
		return nil
	}
	return n.log.ImportKeys(ctx, &w)
}

func (n *Nodes) giveKeys(ctx context.Context, wants []id.ID, shared func(string) bool) (keyring, error) {
	var out keyring
	var err error
	if out.Epochs, err = n.log.Keys.Epochs(ctx, n.log.DB, shared); err != nil {
		return out, err
	}
	if out.Wanted, err = n.log.Keys.Wanted(ctx, n.log.DB, maxLacking); err != nil {
		return out, err
	}
	if len(wants) > 0 {
		out.Persons, err = n.log.Keys.Of(ctx, n.log.DB, shared, wants[:min(len(wants), maxLacking)])
	}
	return out, err
}

// take stores the facts of a pack.
func (n *Nodes) take(ctx context.Context, who fact.Grantee, body []byte) ([]byte, error) {
	l, err := batches(body)
	if err != nil {
		return nil, err
	}
	shared := n.shared(who.Node)
	if who.Revoked != nil || who.Provisional { // what it wrote before it was revoked stands; what it brings may be confirmed
		shared = func(stream string) bool { return n.log.Reads(n.log.Node(), stream) }
	}
	out, got, err := n.store(ctx, l, shared)
	if err != nil {
		return nil, err
	}
	if got > 0 {
		n.Took()
		err = n.note(ctx, who.Node, func(p *Peer) { p.Got += got })
	}
	return encode(out), err
}

// store receives batches and says how far each log is held.
func (n *Nodes) store(ctx context.Context, l []*fact.Batch, shared func(string) bool) (taken, int, error) {
	var out taken
	total := 0
	for _, b := range l {
		o := outcome{Stream: b.Stream, Node: b.Node}
		if !shared(b.Stream) {
			o.Fault = faultShut
			out.Logs = append(out.Logs, o)
			continue
		}
		added, _, err := n.log.Receive(ctx, b)
		switch {
		case errors.Is(err, fact.ErrForked):
			o.Fault = faultForked
		case errors.Is(err, fact.ErrGap):
			o.Fault = faultGap
		case errors.Is(err, fact.ErrProof):
			o.Fault = faultProof
		case err != nil:
			return out, total, err
		}
		if o.Held, err = n.log.Held(ctx, n.log.DB, b.Stream, b.Node); err != nil {
			return out, total, err
		}
		o.Added = added
		total += added
		out.Logs = append(out.Logs, o)
	}
	return out, total, nil
}

// give reads what is asked for, as much as one message holds.
func (n *Nodes) give(ctx context.Context, who fact.Grantee, body []byte) ([]byte, error) {
	var w wanted
	if err := decode(body, &w); err != nil {
		return nil, err
	}
	shared := n.shared(who.Node)
	w.Logs = slices.DeleteFunc(w.Logs, func(l logState) bool { return !shared(l.Stream) })
	p, _, sent, err := n.fill(ctx, w.Logs)
	if err != nil {
		return nil, err
	}
	if sent > 0 {
		err = n.note(ctx, who.Node, func(p *Peer) { p.Sent += sent })
	}
	return p.bytes(), err
}

// fill packs what stands in logs after their sizes, until the pack is full, and says how far it came.
func (n *Nodes) fill(ctx context.Context, logs []logState) (p pack, came []logState, facts int, err error) {
	for _, l := range logs {
		for len(p.raw) < packBytes {
			b, err := n.log.Read(ctx, n.log.DB, l.Stream, l.Node, l.Size, batchFacts)
			if err != nil {
				return p, came, facts, err
			}
			if len(b.Facts) == 0 {
				break
			}
			p.add(frameBatch, b.Encode())
			facts += len(b.Facts)
			l.Size = b.Last()
			came = append(came, l)
		}
		if len(p.raw) >= packBytes {
			break
		}
	}
	return p, came, facts, nil
}

func (n *Nodes) lacking(ctx context.Context, who fact.Grantee, body []byte) ([]byte, error) {
	var in, out lacking
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	shared := n.shared(who.Node)
	if len(in.None) > 0 {
		none, err := n.lacks(ctx, shared)
		if err == nil {
			none = slices.DeleteFunc(none, func(d blob.Digest) bool { return !slices.Contains(in.None, d) })
			err = n.vain(ctx, who.Node, none)
		}
		if err != nil {
			return nil, err
		}
	}
	mine, err := n.due(ctx, who.Node, shared)
	if err != nil {
		return nil, err
	}
	out.Files = mine[:min(len(mine), maxLacking)]
	if len(in.Files) > 0 {
		// A file is given to whoever may hold a fact that speaks of it.
		here, err := n.Files(ctx, n.log.DB, shared, in.Files[:min(len(in.Files), maxLacking)]...)
		if err != nil {
			return nil, err
		}
		out.Sizes = map[blob.Digest]int64{}
		for _, d := range here {
			if size, err := n.blobs.Size(d); err == nil && n.blobs.Sound(d) { // a damaged one is none
				out.Sizes[d] = size
			}
		}
	}
	return encode(out), nil
}

// part is a place in a file and the bytes from there: the JSON with its length before it, then the bytes.
func partOf(p place, b []byte) []byte { return withHead(p, b) }

// withHead puts the JSON of something, with its length before it, before bytes.
func withHead(v any, b []byte) []byte {
	head := encode(v)
	out := binary.AppendUvarint(nil, uint64(len(head)))
	return append(append(out, head...), b...)
}

func readPart(b []byte) (p place, rest []byte, err error) {
	rest, err = readHead(b, &p)
	return p, rest, err
}

func readHead(b []byte, into any) (rest []byte, err error) {
	n, w := binary.Uvarint(b)
	if w <= 0 || n > uint64(len(b)-w) {
		return nil, ErrMessage
	}
	return b[w+int(n):], decode(b[w:w+int(n)], into)
}

func (n *Nodes) takePart(ctx context.Context, who fact.Grantee, body []byte) ([]byte, error) {
	p, b, err := readPart(body)
	if err != nil {
		return nil, err
	}
	if err := n.allowed(ctx, who, p.File); err != nil {
		return nil, err
	}
	if p.Offset >= 0 && (len(b) > 0 || p.Size == 0) {
		err := n.blobs.Append(p.File, p.Offset, b, p.Offset+int64(len(b)) == p.Size)
		if err != nil && !errors.Is(err, blob.ErrPart) && !errors.Is(err, blob.ErrDamaged) {
			return nil, err
		}
	}
	held := n.held(p)
	if len(b) > 0 && held.Offset == p.Size {
		if err := n.sent(ctx, who.Node, id.Nil, true, []blob.Digest{p.File}); err != nil {
			return nil, err
		}
	}
	return encode(held), nil
}

// held is how much of a file is here.
func (n *Nodes) held(p place) place {
	have, whole := n.blobs.Part(p.File)
	if whole {
		have = p.Size
	}
	return place{p.File, have, p.Size}
}

func (n *Nodes) givePart(ctx context.Context, who fact.Grantee, body []byte) ([]byte, error) {
	var p place
	if err := decode(body, &p); err != nil {
		return nil, err
	}
	if err := n.allowed(ctx, who, p.File); err != nil {
		return nil, err
	}
	b, size, err := n.blobs.ReadPart(p.File, p.Offset, partBytes)
	if err != nil {
		return nil, err
	}
	p.Size = size
	return partOf(p, b), nil
}

func (n *Nodes) takeSmall(ctx context.Context, who fact.Grantee, body []byte) ([]byte, error) {
	held, err := n.unpacked(ctx, body, func(came []blob.Digest) ([]blob.Digest, error) {
		return n.Files(ctx, n.log.DB, n.shared(who.Node), came[:min(len(came), maxLacking)]...)
	})
	if err == nil {
		err = n.sent(ctx, who.Node, id.Nil, true, held)
	}
	if err != nil {
		return nil, err
	}
	return encode(lacking{Files: held}), nil
}

func (n *Nodes) giveSmall(ctx context.Context, who fact.Grantee, body []byte) ([]byte, error) {
	var in lacking
	if err := decode(body, &in); err != nil || len(in.Files) == 0 {
		return (&pack{}).bytes(), err
	}
	l, err := n.Files(ctx, n.log.DB, n.shared(who.Node), in.Files[:min(len(in.Files), maxLacking)]...)
	if err != nil {
		return nil, err
	}
	return n.packed(l), nil
}

// allowed refuses a file of which no fact speaks that the other may hold.
func (n *Nodes) allowed(ctx context.Context, who fact.Grantee, d blob.Digest) error {
	l, err := n.Files(ctx, n.log.DB, n.shared(who.Node), d)
	if err == nil && len(l) == 0 {
		err = fmt.Errorf("%s: %w", d, blob.ErrMissing)
	}
	return err
}
