package fact

import (
	"cmp"
	"slices"
	"sync"

	"tizi/internal/id"
)

// maxRecent bounds the facts and rows remembered, in each of two generations: some megabytes.
const maxRecent = 10_000

// known is what was known of a subject at the end of a turn: all its facts, and its rows in the folds that read no keys.
type known struct {
	facts []*Fact
	rows  map[*Fold][][][]any
}

// size counts the facts and rows; of a nil one there are none.
func (k *known) size() int {
	if k == nil {
		return 0
	}
	n := len(k.facts)
	for _, tables := range k.rows {
		for _, rows := range tables {
			n += len(rows)
		}
	}
	return n
}

// recent remembers subjects that were written lately, as a session's sheet is mark by mark. All of it holds as of one
// reading of the clock on the disk, which every writing moves: what another process wrote since is told by its passed
// turns, or else all is forgotten, as it is by what changes rows otherwise (authority, a rebuild).
type recent struct {
	mu         sync.Mutex // guards the rest
	young, old map[id.ID]*known
	size       int  // of young
	clock      Time // when all of this held
	tell       int  // for how many turns others are to be told what was written
}

// passed is a turn that is on the disk: how far it moved the clock, and the subjects it wrote about.
type passed struct {
	From, To Time
	Subjects []id.ID
}

// Whoever found that another process writes tells it, for so many turns, what it writes itself; the last turns only, and
// no more subjects than fit a small row.
const (
	tellTurns   = 1000
	tellSubject = 64
)

// catchUp makes what is remembered hold at the clock found on the disk, where lately has the turns passed.
func (r *recent) catchUp(found Time, lately []passed) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.clock != found && (r.young != nil || r.old != nil) {
		r.tell = tellTurns
	}
	for r.clock != found {
		i := slices.IndexFunc(lately, func(p passed) bool { return p.From == r.clock })
		if i < 0 {
			r.young, r.old, r.size, r.clock = nil, nil, 0, found
			return
		}
		p := lately[i]
		lately = slices.Delete(lately, i, i+1)
		for _, s := range p.Subjects {
			r.drop(s)
		}
		r.clock = p.To
	}
}

// told returns lately with a turn added, or nothing where nobody need be told.
func (r *recent) told(lately []passed, p passed) []passed {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tell == 0 {
		return nil
	}
	r.tell--
	n := len(p.Subjects)
	if n > tellSubject {
		return nil
	}
	out := []passed{p}
	for _, q := range lately { // the newest first
		if n += len(q.Subjects); n > tellSubject {
			break
		}
		out = append(out, q)
	}
	return out
}

// take returns what is remembered of a subject and forgets it until it is learnt again: the turn that takes it settles
// its facts anew, which holds only if that turn comes to be on the disk.
func (r *recent) take(s id.ID) *known {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := cmp.Or(r.young[s], r.old[s])
	r.drop(s)
	return k
}

func (r *recent) drop(s id.ID) {
	r.size -= r.young[s].size()
	delete(r.young, s)
	delete(r.old, s)
}

// learn adds what a turn that is now on the disk knew, which found one clock there and left another. If others were
// quicker it may not hold any more.
func (r *recent) learn(more map[id.ID]*known, found, left Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.clock != found {
		return
	}
	r.clock = left
	if r.young == nil {
		r.young = map[id.ID]*known{}
	}
	for s, k := range more {
		r.size += k.size() - r.young[s].size()
		r.young[s] = k
	}
	if r.size > maxRecent {
		r.young, r.old, r.size = nil, r.young, 0
	}
}

func (r *recent) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.young, r.old, r.size, r.clock = nil, nil, 0, 0
}
