package record

import (
	"sync"

	"tizi/internal/statement"
)

// Bounds of what is kept of texts that were read: two generations of so many, none longer.
const (
	maxLately     = 256
	maxLatelyText = 8 << 10
)

// lately are the statements that were read last. On its way from the door to the tables one is read by the check of its fact, by
// what derives rows from it, by the index and by sums over it: a third of all work, were it done each time.
var lately struct {
	sync.Mutex
	now, before map[string]*statement.Value
}

// reread reads the text of a statement. Others have the same value: it must not be changed.
func reread(text []byte) (*statement.Value, error) {
	lately.Lock()
	v := lately.now[string(text)]
	if v == nil {
		v = lately.before[string(text)]
	}
	lately.Unlock()
	if v != nil {
		return v, nil
	}
	v, err := statement.Parse(text)
	if err != nil || len(text) > maxLatelyText {
		return v, err
	}
	lately.Lock()
	defer lately.Unlock()
	if lately.now == nil || len(lately.now) >= maxLately {
		lately.before, lately.now = lately.now, make(map[string]*statement.Value, maxLately)
	}
	lately.now[string(text)] = v
	return v, nil
}
