package fact

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime"
	"runtime/debug"
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

// ErrNotHere is returned, wrapped, on a node that another one rules, for what it was not granted to write; nothing is kept.
var ErrNotHere = errors.New("this is decided at headquarters; nothing was saved on this box")

// Command is a decision: it reads what it needs, refuses or says what happened.
type Command struct {
	Name string
	// Stream is where most of its facts will stand. Others may stand elsewhere.
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
	// Also writes what is this node's own and no fact (a session, a password), in the same transaction, before the
	// facts are folded.
	Also func(ctx context.Context, tx store.Tx) error
	// After writes, still in the same transaction, what depends on what the facts made of authority: reads says who may hold which
	// stream by now.
	After func(ctx context.Context, tx store.Tx, reads func(node id.ID, stream string) bool) error
}

// Then makes something else be written in the same transaction, after what is already.
func (o *Outcome) Then(also func(ctx context.Context, tx store.Tx) error) {
	before := o.Also
	if before == nil {
		o.Also = also
		return
	}
	o.Also = func(ctx context.Context, tx store.Tx) error {
		if err := before(ctx, tx); err != nil {
			return err
		}
		return also(ctx, tx)
	}
}

type job struct {
	ctx  context.Context
	cmd  Command
	refs []Ref
	err  error
	done chan struct{}

	out   Outcome // of the run in hand
	facts []*Fact
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

// errKeys is what a command says whose keys are others by now.
var errKeys = errors.New("the keys have changed")

// DoKeyed is Do for a command whose keys have to be looked up: which records are one person. Where more of them have come
// by the time of its turn, it takes another turn with those too.
func (l *Log) DoKeyed(ctx context.Context, cmd Command, keys func(context.Context, store.Querier) ([]id.ID, error)) ([]Ref, error) {
	run := cmd.Run
	for try := 1; ; try++ {
		known, err := keys(ctx, l.DB)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", cmd.Name, err)
		}
		cmd.Keys = known
		cmd.Run = func(ctx context.Context, q store.Querier) (Outcome, error) {
			now, err := keys(ctx, q)
			if err != nil {
				return Outcome{}, err
			}
			if slices.ContainsFunc(now, func(k id.ID) bool { return !slices.Contains(known, k) }) {
				return Outcome{}, errKeys
			}
			return run(ctx, q)
		}
		refs, err := l.Do(ctx, cmd)
		if !errors.Is(err, errKeys) || try == 10 {
			return refs, err
		}
	}
}

func (l *Log) run() {
	defer close(l.done)
	for {
		select {
		case <-l.stop:
			return
		case first := <-l.queue:
			// Whoever was just served and comes again at once had better share this turn than wait for the next.
			for n := -1; n < len(l.queue) && n < maxDrain; {
				n = len(l.queue)
				runtime.Gosched()
			}
			l.serve([]*job{first}, maxDrain)
		}
	}
}

// drain adds to a group, up to max commands, those that wait.
func (l *Log) drain(group []*job, max int) []*job {
	for len(group) < max {
		select {
		case j := <-l.queue:
			group = append(group, j)
			continue
		default:
		}
		break
	}
	return group
}

// serve runs a group of commands, and up to max with those that come until the turn is taken, in one transaction. When
// the transaction fails, each is tried alone, so that the one at fault takes none with it; unless the database is out,
// which no other try would change.
func (l *Log) serve(group []*job, max int) {
	group, err := l.transact(group, max)
	if err != nil && len(group) > 1 && !store.IsOutage(err) {
		for _, j := range group {
			l.serve([]*job{j}, 1)
		}
		return
	}
	for _, j := range group {
		if err != nil {
			j.err = err // what it decided did not happen, not even its refusal
		}
		close(j.done)
	}
}

// errAgain ends a transaction whose commands are to run again in another.
var errAgain = errors.New("run again")

func (l *Log) transact(group []*job, max int) ([]*job, error) {
	// The transaction serves many callers; none of them may cancel it for the others.
	ctx := context.Background()
	for try := 1; ; try++ {
		begin := map[string]bool{} // streams in which somebody wants to make a key before there is an epoch
		err := l.write(ctx, func(t *turn) error {
			clear(begin)
			// Another process may have held the turn for a while, in which more commands came.
			group = l.drain(group, max)
			wanted := make([]*job, 0, len(group))
			for _, j := range group {
				if j.refs, j.err = nil, j.ctx.Err(); j.err == nil {
					wanted = append(wanted, j)
				}
			}
			if err := t.rounds(ctx, wanted); err != nil {
				return err
			}
			for _, j := range group {
				var e *seal.NoEpochError
				if errors.As(j.err, &e) && try < 5 {
					begin[e.Stream] = true
				}
			}
			if len(begin) > 0 {
				return errAgain
			}
			return nil
		})
		if !errors.Is(err, errAgain) {
			return group, err
		}
		for _, stream := range slices.Sorted(maps.Keys(begin)) {
			if err := l.Keys.Begin(ctx, l.DB, stream); err != nil {
				return group, err
			}
		}
	}
}

// rounds runs commands so that those that share a key follow each other.
func (t *turn) rounds(ctx context.Context, group []*job) error {
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
		if err := t.round(ctx, round); err != nil {
			return err
		}
		rest = later
	}
	return nil
}

// round runs commands that do not touch each other and appends what they decided in one go.
func (t *turn) round(ctx context.Context, jobs []*job) error {
	l := t.log
	var ready []*job
	// The heads that they will move are read in the same flight.
	streams := map[string]bool{}
	for _, j := range jobs {
		streams[j.cmd.Stream] = true
	}
	moved := slices.Sorted(maps.Keys(streams))
	errs := t.tx.Together(ctx, len(jobs)+len(moved), func(i int, q store.Querier) error {
		if i < len(jobs) {
			return decide(ctx, q, jobs[i])
		}
		return t.foresee(ctx, q, moved[i-len(jobs)])
	})
	if err := errors.Join(errs[len(jobs):]...); err != nil {
		return err
	}
	var made []draft
	for i, j := range jobs {
		if j.err = errs[i]; j.err == nil {
			ready = append(ready, j)
			j.facts = make([]*Fact, len(j.out.Facts))
			for k := range j.facts {
				made = append(made, draft{j, k, nil})
			}
		}
	}
	spread(len(made), func(i int) { made[i].write(l.Registry) })
	for _, d := range made {
		d.job.err = cmp.Or(d.job.err, d.err)
	}
	ready = slices.DeleteFunc(ready, func(j *job) bool { return j.err != nil })
	// What is known of the subjects already, read once: for the check, and for the fold.
	bySubject := map[id.ID][]*Fact{}
	born := map[id.ID]bool{}
	var order []id.ID
	for _, j := range ready {
		for i, f := range j.facts {
			if j.out.Facts[i].Born {
				born[f.Subject] = true
			}
			if _, ok := bySubject[f.Subject]; !ok {
				bySubject[f.Subject] = nil
				order = append(order, f.Subject)
			}
		}
	}
	if err := t.gather(ctx, slices.DeleteFunc(slices.Clone(order), func(s id.ID) bool { return born[s] }), bySubject); err != nil {
		return err
	}
	ready = slices.DeleteFunc(ready, func(j *job) bool {
		if l.Strict && slices.ContainsFunc(j.facts, func(f *Fact) bool { return !t.mayWrite(f) }) {
			j.err = ErrNotHere
		}
		return j.err != nil
	})
	stuck := map[id.ID]bool{}
	for s, all := range bySubject {
		stuck[s] = slices.ContainsFunc(all, func(f *Fact) bool { return f.state == Critical })
	}
	ready = slices.DeleteFunc(ready, func(j *job) bool {
		if slices.ContainsFunc(j.facts, func(f *Fact) bool { return stuck[f.Subject] }) {
			j.err = ErrUpgrade
		}
		return j.err != nil
	})
	var facts []*Fact
	var keys []*seal.Key
	for _, j := range ready {
		facts = append(facts, j.facts...)
		keys = append(keys, j.out.Keys...)
		if j.out.Also != nil {
			if err := j.out.Also(ctx, t.tx); err != nil {
				return err
			}
		}
	}
	if err := l.Keys.Insert(ctx, t.tx, keys); err != nil {
		return err
	}
	if len(facts) == 0 {
		return t.after(ctx, ready)
	}
	if err := t.append(ctx, facts); err != nil {
		return err
	}
	for _, j := range ready {
		for _, f := range j.facts {
			j.refs = append(j.refs, f.Ref())
		}
	}
	// A key just made serves to fold the person it was made for; of others there may be more keys in the table.
	ring := seal.Ring{}
	for _, k := range keys {
		if born[k.Person] {
			ring[k.Person] = k
		}
	}
	if err := t.project(ctx, facts, bySubject, ring); err != nil {
		return err
	}
	return t.after(ctx, ready)
}

// after writes what depends on what commands made of authority.
func (t *turn) after(ctx context.Context, jobs []*job) error {
	for _, j := range jobs {
		if j.out.After != nil {
			if err := j.out.After(ctx, t.tx, t.auth.reads); err != nil {
				return err
			}
		}
	}
	return nil
}

// mayWrite says whether a fact that this node is about to write would count as far as its grants go.
func (t *turn) mayWrite(f *Fact) bool {
	name, _, _ := SplitKind(f.Kind)
	return t.auth.standingOf(t.log.node, f.Stream, name, 1<<62) == Effective
}

// draft is the k-th fact that a command decided.
type draft struct {
	job *job
	k   int
	err error
}

func (d *draft) write(r *Registry) {
	defer caught(d.job, &d.err)
	d.job.facts[d.k], d.err = d.job.out.Facts[d.k].fact(r)
}

// caught makes a panic of a command an error: it is a bug of its area and takes no other down.
func caught(j *job, err *error) {
	if r := recover(); r != nil {
		slog.Error("a command panicked", "command", j.cmd.Name, "panic", r, "stack", string(debug.Stack()))
		*err = fmt.Errorf("this is a fault of the program, and nothing was saved: %v", r)
	}
}

// decide runs a command.
func decide(ctx context.Context, q store.Querier, j *job) (err error) {
	defer caught(j, &err)
	j.out, err = j.cmd.Run(ctx, q)
	return err
}

// append numbers, times, hashes, signs and stores this node's own facts.
func (t *turn) append(ctx context.Context, facts []*Fact) error {
	l := t.log
	node, err := t.node(ctx, l.node, l.own.Public())
	if err != nil {
		return err
	}
	rows := make([][]any, 0, len(facts))
	for _, f := range facts {
		s, err := t.stream(ctx, f.Stream)
		if err != nil {
			return err
		}
		h, err := t.head(ctx, s, node)
		if err != nil {
			return err
		}
		l.Clock.Observe(h.hlc)
		f.Node, f.Seq, f.HLC = l.node, h.edge.Size+1, l.Clock.Tick()
		f.state = t.auth.may(f)
		row, err := t.add(ctx, h, f, f.Hash())
		if err != nil {
			return err
		}
		rows = append(rows, row)
		h.sign = f.Stream
	}
	return t.tx.Add(ctx, factTable, rows)
}
