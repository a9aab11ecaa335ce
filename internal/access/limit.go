package access

import (
	"slices"
	"sync"
	"time"
)

// Limit bounds how often a device does something that needs no account. It keeps addresses in memory alone, and counts.
type Limit struct {
	Max int // times
	In  time.Duration

	mu   sync.Mutex // guards done
	done map[string][]time.Time
}

// maxAddresses is how many devices are remembered before those that waited long enough are forgotten.
const maxAddresses = 10_000

// May counts one more try of a device, unless there were too many.
func (l *Limit) May(from string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done == nil {
		l.done = map[string][]time.Time{}
	}
	since := now.Add(-l.In)
	recent := func(d []time.Time) []time.Time {
		return slices.DeleteFunc(d, func(t time.Time) bool { return !t.After(since) })
	}
	if len(l.done) > maxAddresses {
		for k, d := range l.done {
			if d = recent(d); len(d) == 0 {
				delete(l.done, k)
			}
		}
	}
	d := recent(l.done[from])
	if len(d) >= l.Max {
		l.done[from] = d
		return false
	}
	l.done[from] = append(d, now)
	return true
}
