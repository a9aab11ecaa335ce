package fact

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// maxDrain is how many queued commands share one transaction and so one fsync.
const maxDrain = 256

// ErrClosed is returned for a command that came after Close.
var ErrClosed = errors.New("the node is shutting down; nothing was saved")

// ErrUpgrade is returned, wrapped, when a newer node wrote something about the subject that this program must not
// ignore.
var ErrUpgrade = errors.New("a newer version of Tizi wrote something about this that must be understood before it can be changed; upgrade this node")

// Command is a decision: it reads what it needs, refuses or says what happened.
type Command struct {
	Name string
	// Stream is where its facts will stand; people made by it get their keys there.
	Stream string
	// Keys name what it reads that another command may change (a cohort's seats, a person). Commands of one turn that
	// share a key run one after the other; others see the state before the turn.
	Keys []id.ID
	// Run decides. It runs in the writer's turn, so nothing changes between its reading and its writing. It may run
	// again when the turn failed for another's sake, so it must have no effect but its outcome.
	Run func(ctx context.Context, q store.Querier) (Outcome, error)
}

// Outcome is what a command decided.
type Outcome struct {
	Facts []New
	Keys  []*seal.Key // of people that the facts bring in
	// Also writes what is this node's own and no fact (a session, a password), in the same transaction.
	Also func(ctx context.Context, tx store.Tx) error
}

type job struct {
	ctx  context.Context
	cmd  Command
	refs []Ref
	err  error
	done chan struct{}
}

// Do runs a command in the writer's turn and returns when what it wrote is on the disk. The facts' names come back in
// the order of the outcome.
func (l *Log) Do(ctx context.Context, cmd Command) ([]Ref, error) {
	j := &job{ctx: ctx, cmd: cmd, done: make(chan struct{})}
	select {
	case l.queue <- j:
	case <-l.stop:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case <-j.done:
	case <-l.done:
		select {
		case <-j.done:
		default:
			return nil, ErrClosed
		}
	}
	if j.err != nil {
		return nil, fmt.Errorf("%s: %w", cmd.Name, j.err)
	}
	return j.refs, nil
}

func (l *Log) run() {
	defer close(l.done)
	for {
		select {
		case <-l.stop:
			return
		case first := <-l.queue:
			group := []*job{first}
			for len(group) < maxDrain {
				select {
				case j := <-l.queue:
					group = append(group, j)
					continue
				default:
				}
				break
			}
			l.turn(group)
		}
	}
}

// turn runs a group of commands in one transaction. When the transaction fails, each is tried alone, so that the one at
// fault takes none with it.
func (l *Log) turn(group []*job) {
	group = slices.DeleteFunc(group, func(j *job) bool {
		if err := j.ctx.Err(); err != nil {
			j.err = err
			close(j.done)
			return true
		}
		return false
	})
	if len(group) == 0 {
		return
	}
	err := l.transact(group)
	if err != nil && len(group) > 1 {
		for _, j := range group {
			l.turn([]*job{j})
		}
		return
	}
	for _, j := range group {
		if j.err == nil {
			j.err = err
		}
		close(j.done)
	}
}

func (l *Log) transact(group []*job) error {
	// The transaction serves many callers; none of them may cancel it for the others.
	ctx := context.Background()
	err := l.DB.Write(ctx, func(tx store.Tx) error {
		streams := map[string]bool{}
		for _, j := range group {
			j.err, j.refs = nil, nil
			streams[j.cmd.Stream] = true
		}
		for _, s := range slices.Sorted(maps.Keys(streams)) {
			if err := tx.Lock(ctx, "head/"+s); err != nil {
				return err
			}
			if err := l.Keys.Begin(ctx, tx, s); err != nil {
				return err
			}
		}
		if err := l.refresh(ctx, tx, false); err != nil {
			return err
		}
		hs := heads{}
		for rest := group; len(rest) > 0; {
			var round, later []*job
			taken := map[id.ID]bool{}
			for _, j := range rest {
				if slices.ContainsFunc(j.cmd.Keys, func(k id.ID) bool { return taken[k] }) {
					later = append(later, j)
				} else {
					round = append(round, j)
				}
				for _, k := range j.cmd.Keys {
					taken[k] = true
				}
			}
			if err := l.round(ctx, tx, hs, round); err != nil {
				return err
			}
			rest = later
		}
		return nil
	})
	if err != nil {
		l.recover(group)
	}
	return err
}

// recover drops what was cached inside a transaction that did not happen.
func (l *Log) recover(group []*job) {
	l.names.reset()
	for _, j := range group {
		l.Keys.Forget(j.cmd.Stream)
	}
	l.refresh(context.Background(), l.DB, true)
}

// round runs commands that do not touch each other and appends what they decided in one go.
func (l *Log) round(ctx context.Context, tx store.Tx, hs heads, jobs []*job) error {
	var facts []*Fact
	var keys []*seal.Key
	var born map[*Fact]bool
	owner := map[*Fact]*job{}
	for _, j := range jobs {
		out, err := j.cmd.Run(ctx, tx)
		var made []*Fact
		for i := range out.Facts {
			if err != nil {
				break
			}
			var f *Fact
			if f, err = out.Facts[i].fact(); err == nil {
				made = append(made, f)
			}
		}
		if err == nil {
			err = l.mayChange(ctx, tx, out.Facts)
		}
		if err != nil {
			j.err = err
			continue
		}
		for i, f := range made {
			if out.Facts[i].Born {
				if born == nil {
					born = map[*Fact]bool{}
				}
				born[f] = true
			}
			owner[f] = j
		}
		facts = append(facts, made...)
		keys = append(keys, out.Keys...)
		if out.Also != nil {
			if err := out.Also(ctx, tx); err != nil {
				return err
			}
		}
	}
	if len(facts) == 0 {
		return nil
	}
	if err := l.Keys.Insert(ctx, tx, keys); err != nil {
		return err
	}
	ring := seal.Ring{}
	for _, k := range keys {
		ring[k.Person] = k
	}
	if err := l.append(ctx, tx, hs, facts); err != nil {
		return err
	}
	for _, f := range facts {
		j := owner[f]
		j.refs = append(j.refs, f.Ref())
	}
	return l.project(ctx, tx, facts, born, ring)
}

// mayChange refuses to write about a subject of which something critical is not understood.
func (l *Log) mayChange(ctx context.Context, tx store.Tx, facts []New) error {
	var sets [][]any
	for _, n := range facts {
		if !n.Born {
			sets = append(sets, []any{n.Subject})
		}
	}
	return tx.Many(ctx, fmt.Sprintf("SELECT seq FROM fact WHERE subject = ? AND state = %d LIMIT 1", Critical), sets, func(int, store.Row) error {
		return ErrUpgrade
	})
}

// append numbers, times, hashes, signs and stores this node's own facts.
func (l *Log) append(ctx context.Context, tx store.Tx, hs heads, facts []*Fact) error {
	rows := make([][]any, 0, len(facts))
	auth := l.authority()
	touched := map[*head]string{}
	node, err := l.names.node(ctx, tx, l.node, l.own.Public())
	if err != nil {
		return err
	}
	for _, f := range facts {
		s, err := l.names.stream(ctx, tx, f.Stream)
		if err != nil {
			return err
		}
		h, err := l.head(ctx, tx, hs, s, node)
		if err != nil {
			return err
		}
		l.Clock.Observe(h.hlc)
		f.Node, f.Seq, f.HLC = l.node, h.edge.Size+1, l.Clock.Tick()
		f.state = auth.may(f.Node, f.Stream, f.Kind, f.Seq)
		if err := f.Check(); err != nil {
			return err
		}
		row, err := l.add(ctx, tx, h, f)
		if err != nil {
			return err
		}
		rows = append(rows, row)
		touched[h] = f.Stream
	}
	for h, stream := range touched {
		h.note = l.signHead(stream, &h.edge)
	}
	return l.write(ctx, tx, rows, hs)
}
