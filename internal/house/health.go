package house

import (
	"context"
	"time"

	"tizi/internal/machine"
	"tizi/internal/node"
	"tizi/internal/store"
)

// Health is how a node is: for who looks after it, who may be no engineer.
type Health struct {
	Program   string
	Up        time.Time // since when it serves
	Now       time.Time
	Doubt     machine.Doubt
	Encrypted bool  // the data folder is
	DiskLeft  int64 // bytes
	DiskAll   int64
	Bytes     int64          // of the database
	Cuts      []machine.Cut  // of the last 30 days, the latest first
	Battery   int            // in hundredths; -1 where there is none
	Drawn     bool           // the battery is what the machine runs on
	Link      *node.Peer     // headquarters; nil where the node answers to nobody
	Waiting   int            // facts that headquarters is not known to hold
	Held      int            // facts that wait for a decision
	Saved     time.Time      // when a backup was made last
	Saves     bool           // backups are made every night
	SaveFault error          // what the last one failed on
	Damage    []store.Damage // pages of the database, when they were read last
}

// Health returns how the node is.
func (h *House) Health(ctx context.Context) (*Health, error) {
	m := h.Machine
	out := &Health{Program: h.Nodes.Program, Up: m.Up(), Now: m.Now(), Doubt: m.Doubt(), Battery: -1}
	out.Encrypted = h.Config.Lock != nil
	out.Saved, out.Saves, out.SaveFault = h.saves()
	h.mu.Lock()
	out.Damage = h.damage
	h.mu.Unlock()
	out.Cuts = m.Cuts(out.Now.Add(-cutsFor))
	if full, drawn, ok := machine.Battery(); ok {
		out.Battery, out.Drawn = full, drawn
	}
	var err error
	if out.DiskLeft, out.DiskAll, err = machine.Disk(h.Config.Dir); err != nil {
		return nil, err
	}
	if out.Bytes, err = h.DB.Size(ctx); err != nil {
		return nil, err
	}
	if out.Link, err = h.Nodes.Up(ctx, h.DB); err != nil {
		return nil, err
	}
	if out.Link != nil {
		if out.Waiting, err = h.Nodes.Waiting(ctx, h.DB, out.Link.Node); err != nil {
			return nil, err
		}
	}
	out.Held, err = h.held(ctx)
	return out, err
}

// cutsFor is for how long a cut is worth a word.
const cutsFor = 30 * 24 * time.Hour

// saves is when the node was saved last, whether it is every night, and what the last time failed on.
func (h *House) saves() (time.Time, bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.Saved(), h.Config.Backup != "" || h.Config.Leave, h.saveFault
}

func (h *House) held(ctx context.Context) (n int, err error) {
	waits, err := h.Log.Waiting(ctx, h.DB)
	for _, w := range waits {
		n += w.Facts
	}
	return n, err
}

// vitals is what of its health the node tells the one that it calls.
func (h *House) vitals(ctx context.Context, p node.Peer) (*node.Vitals, error) {
	m := h.Machine
	out := &node.Vitals{Arch: node.Arch, Cuts: len(m.Cuts(m.Now().Add(-cutsFor)))}
	saved, nightly, fault := h.saves()
	if !saved.IsZero() {
		out.Saved = saved.UnixMilli()
	}
	out.Unsaved = !nightly && saved.IsZero() || fault != nil
	if at := m.Doubted(); !at.IsZero() {
		out.Doubted = at.UnixMilli()
	}
	var err error
	if out.DiskLeft, out.DiskAll, err = machine.Disk(h.Config.Dir); err != nil {
		return nil, err
	}
	if out.Waiting, err = h.Nodes.Waiting(ctx, h.DB, p.Node); err != nil {
		return nil, err
	}
	h.releases(ctx, out)
	out.Held, err = h.held(ctx)
	return out, err
}

// Level is how urgent it is to look at something.
type Level string

// Levels.
const (
	Good Level = "good"
	Wait Level = "wait" // to be kept an eye on
	Help Level = "help" // to be mended
)

const gigabyte = 1 << 30

// Room judges what is left on a disk, in bytes.
func Room(left, all int64) Level {
	switch {
	case left < gigabyte/2 || left*20 < all:
		return Help
	case left < 2*gigabyte || left*5 < all:
		return Wait
	}
	return Good
}

// Cut judges how often a node was cut off in 30 days.
func Cut(times int) Level {
	switch {
	case times > 10:
		return Help
	case times > 0:
		return Wait
	}
	return Good
}

// Age judges how old a backup is.
func Age(old time.Duration) Level {
	switch {
	case old > 7*24*time.Hour:
		return Help
	case old > 2*24*time.Hour:
		return Wait
	}
	return Good
}
