package fact

import (
	"sync"
	"time"
)

// Time is a hybrid logical clock reading: milliseconds since 1970 UTC in the upper 48 bits, a counter in the lower 16
// (Kulkarni et al., "Logical physical clocks", 2014). It orders what one node wrote, and what it wrote after it had
// seen another's; it says nothing about the civil date, which is what somebody said in a body.
type Time uint64

// MaxAhead is how far another node's clock may move ours.
const MaxAhead = 5 * time.Minute

// At returns the reading of an instant.
func At(t time.Time) Time { return Time(t.UnixMilli()) << 16 }

// Wall returns the instant to the millisecond.
func (t Time) Wall() time.Time { return time.UnixMilli(int64(t >> 16)).UTC() }

// Clock gives readings that never go back. It is safe for concurrent use.
type Clock struct {
	mu   sync.Mutex
	last Time
	now  func() time.Time
}

// NewClock starts a clock on the machine's time; a nil now means time.Now.
func NewClock(now func() time.Time) *Clock {
	if now == nil {
		now = time.Now
	}
	return &Clock{now: now}
}

// Now returns the machine's own time, which may be wrong.
func (c *Clock) Now() time.Time { return c.now() }

// Tick returns the next reading.
func (c *Clock) Tick() Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = max(c.last+1, At(c.now()))
	return c.last
}

// Last returns the last reading given or taken note of.
func (c *Clock) Last() Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

// Observe takes note of a reading of this node itself, found on the disk.
func (c *Clock) Observe(t Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = max(c.last, t)
}

// Meet takes note of another node's reading and returns how far it is ahead of our machine's time (behind: negative).
// A reading too far ahead does not move this clock: one box with a wrong year would drag the country along.
func (c *Clock) Meet(t Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	ahead := t.Wall().Sub(c.now())
	if ahead <= MaxAhead {
		c.last = max(c.last, t)
	}
	return ahead
}
