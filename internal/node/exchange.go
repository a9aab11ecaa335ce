package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tizi/internal/blob"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/store"
)

// Link asks one other node. An answer may be lost after the question was understood: everything may be asked again.
type Link interface {
	Ask(ctx context.Context, op string, body []byte) ([]byte, error)
}

// Step is how far an exchange is.
type Step struct {
	Sent, ToSend int // facts
	Got, ToGet   int
	Files        int // that are still to come or go
}

// Result is what an exchange brought.
type Result struct {
	Revoked   bool          // this node was: it gets nothing
	Copied    bool          // the other knew more, or other, facts of this node than this node
	Same      bool          // there was nothing to say
	Sent, Got int           // facts
	Files     int           // that came or went
	Ahead     time.Duration // how far the other's clock is ahead of this one's
	Program   string
	Faults    []Fault // logs that could not be brought over
	// Release is the version of a program that came, ReleaseFault what kept one from coming; it goes on with the next exchange.
	Release      string
	ReleaseFault error
	BackupFault  error // what kept this node's backup from being left with the other
}

// Fault is a log that stopped.
type Fault struct {
	Stream string
	Node   id.ID
	Fault  string
}

// Exchange brings two nodes to hold the same of what both may hold: this one asks, over a link. What it has brought when
// it is cut off is kept, and the next one goes on from there.
func (n *Nodes) Exchange(ctx context.Context, p Peer, link Link, progress func(Step)) (Result, error) {
	if err := n.log.Refresh(ctx); err != nil {
		return Result{}, err
	}
	x := &exchange{n: n, peer: p, link: link, progress: progress, shared: n.shared(p.Node), at: map[logName]uint64{}}
	err := x.run(ctx, false)
	now := n.log.Clock.Now()
	if err == nil && !x.res.Revoked && len(x.res.Faults) == 0 {
		err = n.agree(ctx, x.peer.Node, x.both)
	}
	kept := n.note(context.WithoutCancel(ctx), x.peer.Node, func(k *Peer) {
		k.Copied = k.Copied || x.res.Copied
		k.Tried, k.Ahead, k.Sent, k.Got, k.Fault = now, x.res.Ahead, x.res.Sent, x.res.Got, ""
		if x.res.Program != "" {
			k.Program = x.res.Program
		}
		switch {
		case err != nil:
			k.Fault = err.Error()
		case x.res.Revoked:
			k.Fault = ErrRevoked.Error()
		case len(x.res.Faults) > 0:
			k.Fault = x.res.Faults[0].Fault
		default:
			k.Done = now
		}
	})
	if err = errors.Join(err, kept); err == nil && !x.res.Revoked {
		// After everything else, and no part of the exchange: that is whole without it.
		x.res.Release, x.res.ReleaseFault = x.programs(ctx)
		x.res.BackupFault = x.leave(ctx)
	}
	return x.res, err
}

type logName struct {
	stream string
	node   id.ID
}

// exchange is one under way.
type exchange struct {
	n        *Nodes
	peer     Peer
	link     Link
	progress func(Step)
	shared   func(string) bool
	res      Result
	step     Step
	theirs   []logState
	at       map[logName]uint64 // how much the other holds
	both     []logState         // what both hold at the end, unless it stops
	offers   []offered          // releases of the other
	keeps    bool               // it keeps backups
}

func (x *exchange) tell() {
	if x.progress != nil {
		x.step.Sent, x.step.Got = x.res.Sent, x.res.Got
		x.progress(x.step)
	}
}

// run brings the two together. followed says that the one that answers turned out to be another already.
func (x *exchange) run(ctx context.Context, followed bool) error {
	n := x.n
	epochs, err := n.share(ctx, x.shared, x.peer.Node, x.peer.Recipient)
	if err != nil {
		return err
	}
	logs, state, err := n.state(ctx, n.compared(x.peer.Node), epochs)
	if err != nil {
		return err
	}
	due, err := n.due(ctx, x.peer.Node, x.shared)
	if err != nil {
		return err
	}
	untold, err := n.untold(ctx, x.peer.Node)
	if err != nil {
		return err
	}
	if len(due) > 0 || untold {
		state = "" // the same facts, and not all files or keys
	}
	asked := n.log.Clock.Now()
	b, err := x.hello(ctx, encode(hello{Formats: [2]int{Oldest, Format}, Program: n.Program, Now: asked.UnixMilli(), State: state, Vitals: n.vitals(ctx, x.peer), Arches: n.arches(ctx)}))
	if (errors.Is(err, ErrAnother) || errors.Is(err, ErrStranger) && n.log.IsRoot(x.peer.Node)) && !followed {
		return x.another(ctx, err)
	}
	if err != nil {
		return err
	}
	var w welcome
	if err := decode(b, &w); err != nil {
		return err
	}
	if w.Formats[1] < Oldest || w.Formats[0] > Format {
		return ErrFormat
	}
	if !w.Node.IsNil() && w.Node != x.peer.Node {
		if followed {
			return ErrAnother
		}
		return x.another(ctx, ErrAnother)
	}
	now := n.log.Clock.Now()
	x.res.Revoked, x.offers, x.keeps = w.Revoked, w.Releases, w.Keeps
	x.res.Program, x.res.Ahead = w.Program, time.UnixMilli(w.Now).Sub(asked.Add(now.Sub(asked)/2))
	if x.res.Same = w.Same; w.Same {
		x.both = states(logs)
		return nil
	}
	x.theirs, x.both = w.Logs, w.Logs
	if w.Revoked {
		x.theirs = w.Held
	}
	if err := x.own(ctx); err != nil {
		return err
	}
	for _, l := range x.theirs {
		x.at[logName{l.Stream, l.Node}] = l.Size
	}
	if w.Revoked { // it is given nothing
		return x.push(ctx)
	}
	// Who may hold what stands in commons, so that comes first, and then what opens people's keys.
	if err := x.pull(ctx, func(stream string) bool { return stream == "commons" }); err != nil {
		return err
	}
	if err := n.adopt(ctx, x.peer); err != nil {
		return err
	}
	if !slices.ContainsFunc(x.theirs, func(t logState) bool { return t.Stream == "commons" && t.Node == n.log.Node() }) {
		if err := n.unsay(ctx); err != nil {
			return err
		}
	}
	x.shared = n.shared(x.peer.Node)
	if _, err := n.share(ctx, x.shared, x.peer.Node, x.peer.Recipient); err != nil {
		return err
	}
	if err := x.keys(ctx); err != nil {
		return err
	}
	if err := x.push(ctx); err != nil {
		return err
	}
	if err := x.pull(ctx, func(stream string) bool { return stream != "commons" }); err != nil {
		return err
	}
	if err := x.part(ctx); err != nil {
		return err
	}
	// What has come since may have shown that a key is missing.
	if untold, err = n.untold(ctx, x.peer.Node); err == nil && untold {
		err = x.keys(ctx)
	}
	if err != nil {
		return err
	}
	if err := x.files(ctx); err != nil {
		return err
	}
	return x.seen(ctx)
}

// another begins again with the node that answers in the place of headquarters, or that did not know this one.
func (x *exchange) another(ctx context.Context, why error) error {
	if news, err := x.follow(ctx); err != nil || !news {
		return errors.Join(err, why)
	}
	return x.run(ctx, true)
}

// hello begins. Where this node is not known it shows its recovery key, if it writes by one, and begins again.
func (x *exchange) hello(ctx context.Context, body []byte) ([]byte, error) {
	b, err := x.link.Ask(ctx, OpHello, body)
	if !errors.Is(err, ErrStranger) {
		return b, err
	}
	claims, e := x.n.claims(ctx)
	if e != nil || claims == nil {
		return nil, errors.Join(err, e)
	}
	if _, err := x.link.Ask(ctx, OpRecover, claims); err != nil {
		return nil, err
	}
	return x.link.Ask(ctx, OpHello, body)
}

// own looks whether the other knows this node's own logs further than this node, or otherwise: then it is a copy of a box, or
// came back from an older state, and wants a key of its own (Succeed) before two write under one.
func (x *exchange) own(ctx context.Context) error {
	mine, err := x.n.log.States(ctx, x.n.log.DB, x.n.compared(x.peer.Node))
	if err != nil {
		return err
	}
	for _, t := range x.theirs {
		if t.Node != x.n.log.Node() {
			continue
		}
		i := slices.IndexFunc(mine, func(l fact.LogState) bool { return l.Stream == t.Stream && l.Node == t.Node })
		if i < 0 || mine[i].Size < t.Size || mine[i].Size == t.Size && rootOf(mine[i]) != t.Root {
			x.res.Copied = true
		}
	}
	return nil
}

// unsay takes back what this node said in commons before it was paired, where headquarters says it too and nobody was shown it.
func (n *Nodes) unsay(ctx context.Context) error {
	if n.log.Root() == n.log.Node() {
		return nil
	}
	var shown int
	if _, err := store.One(ctx, n.log.DB, "SELECT count(*) FROM node_confirmed WHERE stream = 'commons' AND node = ?", store.Args(n.log.Node()), &shown); err != nil || shown > 0 {
		return err
	}
	_, err := n.log.Unsay(ctx, "commons", n.Spare)
	return err
}

// adopt takes the root from the node that this one calls, once it knows what stands in commons there.
func (n *Nodes) adopt(ctx context.Context, p Peer) error {
	if !p.Up || p.Root.IsNil() || p.Root == n.log.Root() {
		return nil
	}
	return n.log.SetRoot(ctx, p.Root)
}

// keys brings each other what opens the keys of people.
func (x *exchange) keys(ctx context.Context) error {
	mine, err := x.n.giveKeys(ctx, nil, x.shared)
	if err != nil {
		return err
	}
	x.n.told.told(x.peer.Node, mine.Wanted)
	b, err := x.link.Ask(ctx, OpKeys, encode(mine))
	if errors.Is(err, ErrStranger) { // revoked: it may still bring what it wrote
		return nil
	}
	if err != nil {
		return err
	}
	var theirs keyring
	if err := decode(b, &theirs); err != nil {
		return err
	}
	// What the one that is called says this node may read, it may.
	all := func(string) bool { return true }
	if err := x.n.takeKeys(ctx, theirs, all); err != nil || len(theirs.Wanted) == 0 {
		return err
	}
	persons, err := x.n.log.Keys.Of(ctx, x.n.log.DB, x.shared, theirs.Wanted)
	if err != nil || len(persons) == 0 {
		return err
	}
	_, err = x.link.Ask(ctx, OpKeys, encode(keyring{Persons: persons}))
	return err
}

// order puts what others need to judge the rest before it.
func order(a, b logState) int {
	rank := func(s string) int {
		if s == "commons" {
			return 0
		}
		return 1
	}
	if c := rank(a.Stream) - rank(b.Stream); c != 0 {
		return c
	}
	if c := strings.Compare(a.Stream, b.Stream); c != 0 {
		return c
	}
	return slices.Compare(a.Node[:], b.Node[:])
}

// push sends what the other lacks.
func (x *exchange) push(ctx context.Context) error {
	mine, err := x.n.log.States(ctx, x.n.log.DB, func(stream string) bool { return x.n.log.Reads(x.peer.Node, stream) })
	if err != nil {
		return err
	}
	var todo []logState
	x.step.ToSend = 0
	for _, l := range mine {
		at := x.at[logName{l.Stream, l.Node}]
		if same := slices.ContainsFunc(x.theirs, func(t logState) bool {
			return t.Stream == l.Stream && t.Node == l.Node && t.Size == l.Size && t.Root != rootOf(l)
		}); same {
			at = l.Size - 1 // as many facts, and others: what proves it is shown
		}
		if at < l.Size {
			todo = append(todo, logState{l.Stream, l.Node, at, ""})
			x.step.ToSend += int(l.Size - at)
		}
	}
	slices.SortFunc(todo, order)
	x.tell()
	again, whole := map[logName]bool{}, states(mine)
	x.both = append(slices.Clone(x.both), whole...)
	ctx, cancel := context.WithCancel(ctx)
	next := x.fill(ctx, slices.Clone(todo))
	defer func() { cancel(); <-next.done }()
	for len(todo) > 0 {
		<-next.done
		p := next
		if p.err != nil || len(p.came) == 0 {
			return p.err
		}
		for _, c := range p.came {
			set(todo, c)
		}
		next = x.fill(ctx, left(slices.Clone(todo), whole)) // while the other takes this one
		b, err := x.link.Ask(ctx, OpPush, p.body)
		if err != nil {
			return err
		}
		var t taken
		if err := decode(b, &t); err != nil {
			return err
		}
		for _, o := range t.Logs {
			x.res.Sent += o.Added
		}
		todo = x.after(todo, t, again, whole)
		if !slices.Equal(todo, next.from) {
			<-next.done
			next = x.fill(ctx, slices.Clone(todo))
		}
	}
	return nil
}

// message is one that is made, or comes, while the one before it is taken in: never more than one ahead, so that a cut throws
// away one.
type message struct {
	from []logState // what it goes on from
	done chan struct{}
	// Below is to be read when it is done.
	body []byte
	came []logState // how far it brings the logs
	err  error
}

func ahead(todo []logState, fn func(*message)) *message {
	m := &message{from: todo, done: make(chan struct{})}
	go func() {
		defer close(m.done)
		if len(m.from) > 0 {
			fn(m)
		}
	}()
	return m
}

// fill makes the message that sends what comes next.
func (x *exchange) fill(ctx context.Context, todo []logState) *message {
	return ahead(todo, func(m *message) {
		var p pack
		if p, m.came, _, m.err = x.n.fill(ctx, m.from); m.err == nil {
			m.body = p.bytes()
		}
	})
}

// ask asks for what comes next.
func (x *exchange) ask(ctx context.Context, todo []logState) *message {
	return ahead(todo, func(m *message) { m.body, m.err = x.link.Ask(ctx, OpPull, encode(wanted{m.from})) })
}

// left is what is to be brought without what is whole.
func left(todo, whole []logState) []logState {
	return slices.DeleteFunc(todo, func(l logState) bool {
		return slices.ContainsFunc(whole, func(w logState) bool { return w.Stream == l.Stream && w.Node == l.Node && w.Size <= l.Size })
	})
}

// after takes out of what is to be brought what is whole now, and what stopped. What stopped for the first time is tried once
// more: from where the receiver is, where facts were missing before it; from the beginning, where they do not fit what it
// holds, since that tells damage from two histories.
func (x *exchange) after(todo []logState, t taken, again map[logName]bool, whole []logState) []logState {
	for _, o := range t.Logs {
		if o.Fault == "" {
			continue
		}
		name := logName{o.Stream, o.Node}
		first := !again[name]
		again[name] = true
		switch {
		case first && o.Fault == faultGap:
			set(todo, logState{o.Stream, o.Node, o.Held, ""})
		case first && o.Fault == faultProof:
			set(todo, logState{o.Stream, o.Node, 0, ""})
		default:
			x.fault(o.Stream, o.Node, o.Fault)
			todo = slices.DeleteFunc(todo, func(l logState) bool { return l.Stream == o.Stream && l.Node == o.Node })
		}
	}
	x.tell()
	return left(todo, whole)
}

func set(l []logState, s logState) {
	for i := range l {
		if l[i].Stream == s.Stream && l[i].Node == s.Node {
			l[i].Size = s.Size
		}
	}
}

func (x *exchange) fault(stream string, node id.ID, fault string) {
	f := Fault{stream, node, fault}
	if fault == faultForked && node == x.n.log.Node() {
		x.res.Copied = true
	}
	if !slices.Contains(x.res.Faults, f) {
		x.res.Faults = append(x.res.Faults, f)
	}
}

// pull fetches what this node lacks of some streams.
func (x *exchange) pull(ctx context.Context, of func(stream string) bool) error {
	var todo []logState
	for _, t := range x.theirs {
		if !of(t.Stream) {
			continue
		}
		held, err := x.n.log.Held(ctx, x.n.log.DB, t.Stream, t.Node)
		if err != nil {
			return err
		}
		if held < t.Size {
			todo = append(todo, logState{t.Stream, t.Node, held, ""})
			x.step.ToGet += int(t.Size - held)
		}
	}
	slices.SortFunc(todo, order)
	x.tell()
	again := map[logName]bool{}
	ctx, cancel := context.WithCancel(ctx)
	next := x.ask(ctx, slices.Clone(todo))
	defer func() { cancel(); <-next.done }()
	for len(todo) > 0 {
		<-next.done
		if next.err != nil {
			return next.err
		}
		l, err := batches(next.body)
		if err != nil {
			return err
		}
		if len(l) == 0 {
			return nil // what it told of it cannot prove yet
		}
		for _, b := range l {
			set(todo, logState{b.Stream, b.Node, b.Last(), ""})
		}
		next = x.ask(ctx, left(slices.Clone(todo), x.theirs)) // while this one is stored
		// What the one that is called gives, this node may hold.
		t, got, err := x.n.store(ctx, l, func(string) bool { return true })
		x.res.Got += got
		if err != nil {
			return err
		}
		for _, o := range t.Logs {
			set(todo, logState{o.Stream, o.Node, o.Held, ""})
		}
		todo = x.after(todo, t, again, x.theirs)
		if !slices.Equal(todo, next.from) {
			<-next.done
			next = x.ask(ctx, slices.Clone(todo))
		}
	}
	return nil
}

// part finds where the histories part of logs that stopped for it: the one that the called node holds stands, and what this one has
// beyond is kept until somebody says it again (Reissue).
func (x *exchange) part(ctx context.Context) error {
	if !x.peer.Up {
		return nil
	}
	for _, f := range x.res.Faults {
		if f.Fault != faultForked && f.Fault != faultProof {
			continue
		}
		lost, err := x.n.log.Lost(ctx, x.n.log.DB)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(lost, func(l fact.Fork) bool { return l.Stream == f.Stream && l.Node == f.Node }) {
			continue
		}
		for at, parted := uint64(0), false; !parted; {
			b, err := x.link.Ask(ctx, OpPull, encode(wanted{[]logState{{f.Stream, f.Node, at, ""}}}))
			if err != nil {
				return err
			}
			l, err := batches(b)
			if err != nil {
				return err
			}
			if len(l) == 0 {
				break
			}
			for _, b := range l {
				if parted, err = x.n.log.Yield(ctx, b); errors.Is(err, fact.ErrProof) || errors.Is(err, fact.ErrGap) {
					parted = true // damage, and no history
				} else if err != nil {
					return err
				}
				if at = b.Last(); parted {
					break
				}
			}
		}
	}
	return nil
}

// files brings over what facts speak of, small files first. What one does not have, or has damaged, keeps nothing else from coming.
func (x *exchange) files(ctx context.Context) error {
	mine, err := x.n.due(ctx, x.peer.Node, x.shared)
	if err != nil {
		return err
	}
	asked := map[blob.Digest]bool{} // by the other
	var none []blob.Digest          // of these: not to be had here
	for more := true; more; {
		ask := lacking{Files: mine[:min(len(mine), maxLacking)], None: none}
		mine, none = mine[len(ask.Files):], nil
		b, err := x.link.Ask(ctx, OpLack, encode(ask))
		if errors.Is(err, ErrStranger) {
			return nil
		}
		if err != nil {
			return err
		}
		var theirs lacking
		if err := decode(b, &theirs); err != nil {
			return err
		}
		sizes := theirs.Sizes
		if sizes == nil {
			sizes = map[blob.Digest]int64{}
		}
		var send, fetch, vain, both []blob.Digest
		for _, d := range ask.Files {
			if _, ok := sizes[d]; ok {
				fetch = append(fetch, d)
			} else {
				vain = append(vain, d)
			}
		}
		for _, d := range theirs.Files {
			if asked[d] {
				continue
			}
			asked[d] = true
			if size, err := x.n.blobs.Size(d); err == nil && x.n.blobs.Sound(d) {
				sizes[d] = size
				send = append(send, d)
			} else {
				none = append(none, d)
			}
		}
		small := func(a, b blob.Digest) int { return cmp.Or(cmp.Compare(sizes[a], sizes[b]), slices.Compare(a[:], b[:])) }
		slices.SortFunc(send, small)
		slices.SortFunc(fetch, small)
		x.step.Files = len(send) + len(fetch)
		came := func(d blob.Digest) {
			x.res.Files++
			both = append(both, d)
			x.step.Files--
			x.tell()
		}
		offered := len(send)
		if send, err = together(ctx, send, sizes, came, x.sendSmall); err != nil {
			return err
		}
		if fetch, err = together(ctx, fetch, sizes, came, x.fetchSmall); err != nil {
			return err
		}
		for _, d := range send {
			switch err := x.sendFile(ctx, d, sizes[d]); {
			case errors.Is(err, blob.ErrPart) || errors.Is(err, blob.ErrMissing):
				none = append(none, d)
			case err != nil:
				return err
			default:
				came(d)
			}
		}
		for _, d := range fetch {
			switch err := x.fetchFile(ctx, d); {
			case errors.Is(err, blob.ErrDamaged):
				vain = append(vain, d)
			case err != nil:
				return err
			default:
				came(d)
			}
		}
		if err := x.n.vain(ctx, x.peer.Node, vain); err != nil {
			return err
		}
		if err := x.n.sent(ctx, x.peer.Node, id.Nil, true, both); err != nil {
			return err
		}
		more = len(mine) > 0 || len(none) > 0 || offered >= maxLacking
	}
	return nil
}

// together moves the small files of a list, which come first in it, several to a message, and returns those that are left: the large, and
// what did not come that way. A program that does not know how moves all of them one by one.
func together(ctx context.Context, files []blob.Digest, sizes map[blob.Digest]int64, came func(blob.Digest), move func(context.Context, []blob.Digest) ([]blob.Digest, error)) ([]blob.Digest, error) {
	var left []blob.Digest
	for {
		n, sum := 0, int64(0)
		for n < len(files) && sizes[files[n]] <= smallFile && sum+sizes[files[n]] <= packBytes && n < maxLacking {
			sum += sizes[files[n]]
			n++
		}
		if n < 2 {
			return append(left, files...), nil
		}
		moved, err := move(ctx, files[:n])
		if errors.Is(err, ErrMessage) {
			return append(left, files...), nil
		}
		if err != nil {
			return nil, err
		}
		for _, d := range files[:n] {
			if slices.Contains(moved, d) {
				came(d)
			} else {
				left = append(left, d)
			}
		}
		files = files[n:]
	}
}

func (x *exchange) sendSmall(ctx context.Context, files []blob.Digest) ([]blob.Digest, error) {
	b, err := x.link.Ask(ctx, OpGives, x.n.packed(files))
	if err != nil {
		return nil, err
	}
	var held lacking
	return held.Files, decode(b, &held)
}

func (x *exchange) fetchSmall(ctx context.Context, files []blob.Digest) ([]blob.Digest, error) {
	b, err := x.link.Ask(ctx, OpFiles, encode(lacking{Files: files}))
	if err != nil {
		return nil, err
	}
	return x.n.unpacked(ctx, b, func(came []blob.Digest) ([]blob.Digest, error) {
		return slices.DeleteFunc(came, func(d blob.Digest) bool { return !slices.Contains(files, d) }), nil
	})
}

func (x *exchange) sendFile(ctx context.Context, d blob.Digest, size int64) error {
	at := int64(-1) // asks how much is there
	for tries := 0; ; tries++ {
		var b []byte
		if at >= 0 {
			var err error
			if b, _, err = x.n.blobs.ReadPart(d, at, partBytes); err != nil {
				return err
			}
		}
		answer, err := x.link.Ask(ctx, OpGive, partOf(place{d, at, size}, b))
		if err != nil {
			return err
		}
		var held place
		if err := decode(answer, &held); err != nil {
			return err
		}
		if held.Offset == size && at >= 0 {
			return nil
		}
		if held.Offset <= at && tries > 3 {
			return fmt.Errorf("the other node does not take the file %s: %w", d, blob.ErrPart)
		}
		if held.Offset > at {
			tries = 0
		}
		at = held.Offset
		if at == size && size > 0 {
			return nil
		}
	}
}

func (x *exchange) fetchFile(ctx context.Context, d blob.Digest) error {
	for tries := 0; ; {
		at, whole := x.n.blobs.Part(d)
		if whole {
			return nil
		}
		answer, err := x.link.Ask(ctx, OpFile, encode(place{File: d, Offset: at}))
		if err != nil {
			return err
		}
		p, b, err := readPart(answer)
		if err != nil {
			return err
		}
		err = x.n.blobs.Append(d, at, b, at+int64(len(b)) == p.Size)
		if errors.Is(err, blob.ErrDamaged) && tries == 0 {
			tries++ // once more from the beginning
			continue
		}
		if err != nil {
			return err
		}
		if len(b) == 0 && at < p.Size {
			return fmt.Errorf("%w: a file does not go on", ErrMessage)
		}
	}
}
