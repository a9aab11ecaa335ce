// Package machine knows the machine under a node: whether its clock is to be believed, when its power went, what room is left
// on its disk. Boxes have no battery for their clock, are switched off by whoever needs the socket, and nobody near them is
// an engineer. What is known is kept in one small file beside the database.
package machine

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// File is the name of the file in the data folder.
const File = "machine.json"

// Doubt says why a clock is not to be believed.
type Doubt string

// Doubts.
const (
	Lost   Doubt = "lost"   // it began at a time before one that it had shown: it goes on from there, but how long it stood nobody knows
	Jumped Doubt = "jumped" // it shows a time much later than when the machine was last seen at work
)

const (
	// slack is how far a clock may go back: it is set now and then.
	slack = time.Hour
	// leap is how far ahead of its last time a clock is believed. It is less than the notice of a month that people get before
	// they are erased, so that no leap that is believed carries a day past its notice; after longer holidays somebody is asked.
	leap = 14 * 24 * time.Hour
	// AliveEvery is how often Alive is to be called.
	AliveEvery = 5 * time.Minute
	// kept is how many starts are kept.
	kept = 200
)

// Start is a time during which the program served.
type Start struct {
	At    int64 `json:"at"`    // milliseconds since 1970
	Until int64 `json:"until"` // when it was last seen at work
	Clean bool  `json:"clean"` // it was ended, and not cut off
}

type state struct {
	Trusted int64   `json:"trusted"` // the latest time that was believed
	Shown   int64   `json:"shown"`   // the latest time that was shown in doubt, to go on from
	Boot    string  `json:"boot"`    // the start of the machine that Offset holds for
	Offset  int64   `json:"offset"`  // what is added to the machine's clock, in milliseconds
	Doubt   Doubt   `json:"doubt,omitempty"`
	Starts  []Start `json:"starts,omitempty"`
}

// Machine is safe for concurrent use.
type Machine struct {
	path string
	wall func() time.Time
	mono func() time.Duration // how long the program runs, whatever is done to the clock
	boot string

	mu    sync.Mutex // guards the rest
	s     state
	begun bool
	// What the two clocks showed when they were last looked at: where they part, somebody has set the machine's clock.
	wallAt time.Time
	monoAt time.Duration
}

// Open reads what is known about the machine in a data folder; a nil wall means the machine's own clock.
func Open(dir string, wall func() time.Time) *Machine {
	if wall != nil { // a test's clock is never set behind the program's back
		start := wall()
		return OpenWith(dir, boot(), wall, func() time.Duration { return wall().Sub(start) })
	}
	start := time.Now()
	return OpenWith(dir, boot(), time.Now, func() time.Duration { return time.Since(start) })
}

// OpenWith is Open for a machine whose start, clock and running time a test says.
func OpenWith(dir, boot string, wall func() time.Time, mono func() time.Duration) *Machine {
	m := &Machine{path: filepath.Join(dir, File), wall: wall, mono: mono, boot: boot}
	// A file that cannot be read, or was cut off by a lost disk, is worth no refusal to start.
	if b, err := os.ReadFile(m.path); err == nil && json.Unmarshal(b, &m.s) != nil {
		m.s = state{}
	}
	if m.s.Boot != boot || boot == "" {
		m.s.Boot, m.s.Offset = boot, 0
	}
	m.wallAt, m.monoAt = wall().Round(0), mono()
	m.judge()
	return m
}

// judge works out whether the clock is to be believed. One that shows a time before one that was believed goes on from the
// latest that was shown.
func (m *Machine) judge() {
	if m.s.Trusted == 0 {
		return
	}
	switch ahead := m.now().Sub(time.UnixMilli(m.s.Trusted)); {
	case ahead < -slack:
		m.s.Offset += max(m.s.Trusted, m.s.Shown) - m.now().UnixMilli()
		m.s.Doubt = Lost
	case ahead > leap:
		if m.s.Doubt == "" {
			m.s.Doubt = Jumped
		}
	case m.s.Offset == 0:
		m.s.Doubt = "" // the machine's own clock is right again
	}
}

// look finds out whether the machine's clock was set since it was last looked at; then what was known to be wrong with it
// holds no more, and it is judged anew.
func (m *Machine) look() {
	wall, mono := m.wall().Round(0), m.mono()
	if step := wall.Sub(m.wallAt) - (mono - m.monoAt); step.Abs() > slack/2 && (m.s.Offset != 0 || m.s.Doubt != "" || step < 0 || step > leap) {
		m.s.Offset = 0
		m.judge()
	}
	m.wallAt, m.monoAt = wall, mono
}

// Seed tells, where nothing is known, of a time at which the node was at work.
func (m *Machine) Seed(t time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.s.Trusted == 0 && t.Unix() > 0 {
		m.s.Trusted = t.UnixMilli()
		m.judge()
	}
}

// boot names the start of the machine.
func boot() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

func (m *Machine) now() time.Time { return m.wall().Add(time.Duration(m.s.Offset) * time.Millisecond) }

// Now is the time: the machine's, corrected by what is known to be wrong with it.
func (m *Machine) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.look()
	return m.now()
}

// Doubt says whether the clock is not to be believed, and why. What is done at a day that was announced waits then.
func (m *Machine) Doubt() Doubt {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.s.Doubt
}

// Doubted is the last time that was believed before the clock came into doubt; the zero time where it is believed.
func (m *Machine) Doubted() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.s.Doubt == "" {
		return time.Time{}
	}
	return time.UnixMilli(m.s.Trusted)
}

// Far says whether a time lies so much later than when the machine was last seen at work that it is to be asked about.
func (m *Machine) Far(t time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.s.Trusted != 0 && t.Sub(time.UnixMilli(m.s.Trusted)) > leap
}

// Set corrects the clock: somebody, or headquarters, says what time it is. The machine's own clock, which is not this
// program's to set, stays; the correction holds until the machine starts again.
func (m *Machine) Set(t time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	was := m.s
	m.s.Offset = t.Sub(m.wall()).Milliseconds()
	m.s.Trusted, m.s.Shown, m.s.Doubt = t.UnixMilli(), 0, ""
	if err := m.save(); err != nil {
		m.s.Offset, m.s.Trusted, m.s.Doubt = was.Offset, was.Trusted, was.Doubt
		return err
	}
	return nil
}

// Confirm says that the clock is right.
func (m *Machine) Confirm() error { return m.Set(m.Now()) }

// Begin notes that the program begins to serve.
func (m *Machine) Begin() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now().UnixMilli()
	m.s.Starts = append(m.s.Starts, Start{At: now, Until: now})
	if n := len(m.s.Starts); n > kept {
		m.s.Starts = m.s.Starts[n-kept:]
	}
	m.begun = true
	return m.alive()
}

// Alive notes that the program is at work.
func (m *Machine) Alive() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.alive()
}

func (m *Machine) alive() error {
	m.look()
	now := m.now()
	if ahead := now.Sub(time.UnixMilli(m.s.Trusted)); m.s.Trusted != 0 && m.s.Doubt == "" && ahead > leap {
		m.s.Doubt = Jumped
	}
	switch m.s.Doubt {
	case "":
		m.s.Trusted, m.s.Shown = max(m.s.Trusted, now.UnixMilli()), 0
	case Lost:
		m.s.Shown = now.UnixMilli()
	}
	if m.begun {
		m.s.Starts[len(m.s.Starts)-1].Until = now.UnixMilli()
	}
	return m.save()
}

// End notes that the program was ended and not cut off.
func (m *Machine) End() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.begun {
		return nil
	}
	m.s.Starts[len(m.s.Starts)-1].Clean = true
	err := m.alive()
	m.begun = false
	return err
}

// save writes the file so that a lost power leaves the old one or the new one.
func (m *Machine) save() error {
	b, err := json.Marshal(m.s)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(m.path), File+".*")
	if err != nil {
		return fmt.Errorf("note what is known of this machine: %w", err)
	}
	next := f.Name()
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(next, m.path)
	}
	if err != nil {
		os.Remove(next)
		return fmt.Errorf("note what is known of this machine: %w", err)
	}
	return nil
}

// Cut is a time at which the program was cut off: the power went, or somebody killed it.
type Cut struct {
	At  time.Time     // when it was last seen at work
	For time.Duration // until it served again
}

// Cuts returns how often the program was cut off since a time, the latest first. What goes on now is none.
func (m *Machine) Cuts(since time.Time) []Cut {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Cut
	for i := len(m.s.Starts) - 2; i >= 0; i-- {
		s, next := m.s.Starts[i], m.s.Starts[i+1]
		if at := time.UnixMilli(s.Until); !s.Clean && !at.Before(since) {
			out = append(out, Cut{at, time.Duration(max(next.At-s.Until, 0)) * time.Millisecond})
		}
	}
	return out
}

// CutOff reports whether the program was cut off the last time that it served before this.
func (m *Machine) CutOff() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := len(m.s.Starts)
	return n > 1 && !m.s.Starts[n-2].Clean
}

// Up is since when the program has served; the zero time when it does not.
func (m *Machine) Up() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.begun {
		return time.Time{}
	}
	return time.UnixMilli(m.s.Starts[len(m.s.Starts)-1].At)
}

// Battery returns how full the machine's battery is, in hundredths, and whether it is what the machine runs on. ok is
// false where there is none.
func Battery() (full int, drawn, ok bool) {
	found, _ := filepath.Glob("/sys/class/power_supply/*/capacity")
	for _, p := range found {
		b, err := os.ReadFile(p)
		if err != nil {
			continue
		}
		n, err := strconv.Atoi(strings.TrimSpace(string(b)))
		if err != nil {
			continue
		}
		status, _ := os.ReadFile(filepath.Join(filepath.Dir(p), "status"))
		return n, strings.TrimSpace(string(status)) == "Discharging", true
	}
	return 0, false, false
}
