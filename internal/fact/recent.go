package fact

import (
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

// recent remembers subjects that were written lately, as a session's sheet is mark by mark. Whether it still holds, the
// clock on the disk tells, which every writing moves, or else the number of the subject's facts: facts are only ever
// added. What changes rows otherwise (authority, a rebuild) forgets all.
type recent struct {
	mu         sync.Mutex // guards the rest
	young, old map[id.ID]*known
	size       int  // of young
	clock      Time // the disk's, when all of this held; 0 where somebody else may have written since
}

// holds reports whether all holds, the clock on the disk being what it is.
func (r *recent) holds(clock Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.clock == clock && clock != 0
}

func (r *recent) get(s id.ID) *known {
	r.mu.Lock()
	defer r.mu.Unlock()
	if k := r.young[s]; k != nil {
		return k
	}
	return r.old[s]
}

// learn adds what a turn that is now on the disk knew, which found one clock there and left another. Where it did not
// find what the last one left, somebody wrote in between, or learns only after it: from then on facts are counted.
func (r *recent) learn(more map[id.ID]*known, found, left Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if found != r.clock && (r.young != nil || r.old != nil) {
		left = 0
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
