package node

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// caller is what one process knows of its own calls.
type caller struct {
	now chan struct{} // somebody wants one at once

	mu    sync.Mutex // guards all below
	under bool
	step  Step
}

// Under returns how far the exchange is that this process has under way, if there is one.
func (n *Nodes) Under() (Step, bool) {
	n.call.mu.Lock()
	defer n.call.mu.Unlock()
	return n.call.step, n.call.under
}

// Call makes Run call at once.
func (n *Nodes) Call() {
	select {
	case n.call.now <- struct{}{}:
	default:
	}
}

// ErrPlan is returned for a plan that says nothing that can be done. Doors translate it.
var ErrPlan = errors.New("a plan is at least a minute, at least 1,000 bytes a second, and two times of the day or none")

// Check says whether a plan can be followed.
func (p Plan) Check() error {
	_, from := clock(p.Opens)
	_, to := clock(p.Closes)
	if p.Every != 0 && p.Every < time.Minute || p.Cap != 0 && p.Cap < 1000 || (p.Opens == "") != (p.Closes == "") || p.Opens != "" && (!from || !to || p.Opens == p.Closes) {
		return ErrPlan
	}
	return nil
}

// SetPlan says when and how fast a peer is called.
func (n *Nodes) SetPlan(ctx context.Context, peer Peer, p Plan) error {
	if err := p.Check(); err != nil {
		return err
	}
	p.Paused = peer.Paused
	return n.note(ctx, peer.Node, func(k *Peer) { k.Plan = p })
}

func clock(s string) (minutes int, ok bool) {
	t, err := time.Parse("15:04", s)
	return t.Hour()*60 + t.Minute(), err == nil
}

// Open says whether a plan lets a node call at a time of the day.
func (p Plan) Open(t time.Time) bool {
	from, ok := clock(p.Opens)
	to, ok2 := clock(p.Closes)
	at := t.Hour()*60 + t.Minute()
	switch {
	case !ok || !ok2:
		return true
	case from <= to:
		return at >= from && at < to
	}
	return at >= from || at < to // over midnight
}

// askAgain is how often a box that was revoked calls, in case that was a mistake and is taken back.
const askAgain = 24 * time.Hour

// Next is when a peer is called again: as its plan says after an exchange that was whole, soon after one that was not, and
// then less and less soon; once a day where this box was revoked.
func (p Peer) Next() time.Time {
	every := p.Every
	if every == 0 {
		every = DefaultEvery
	}
	if p.Fault == "" || p.Tried.IsZero() {
		return p.Tried.Add(every)
	}
	if p.Fault == ErrRevoked.Error() {
		return p.Tried.Add(max(every, askAgain))
	}
	wait := p.Tried.Sub(p.Done) / 4
	return p.Tried.Add(min(max(wait, time.Minute), every))
}

// glance is how often Run looks whether it is time.
const glance = 10 * time.Second

// Run calls the node that this one calls, whenever its plan says so or somebody wants it, until ctx ends. dial makes the link,
// and exchange is the house's, which does what is to be done after.
func (n *Nodes) Run(ctx context.Context, log *slog.Logger, dial func(Peer) Link, exchange func(context.Context, Peer, Link, func(Step)) (Result, error)) {
	last := ""
	for {
		wanted := false
		select {
		case <-ctx.Done():
			return
		case <-n.call.now:
			wanted = true
		case <-time.After(glance):
		}
		p, err := n.Up(ctx, n.log.DB)
		now := n.log.Clock.Now()
		if err != nil || p == nil || p.Paused || !wanted && (now.Before(p.Next()) && !p.Tried.After(now) || !p.Open(now)) {
			continue
		}
		r, err := n.exchange(ctx, *p, dial, exchange)
		said := ""
		if err != nil {
			said = err.Error()
		}
		// A link that is down for a month is said once.
		switch {
		case ctx.Err() != nil:
			return
		case said != "" && said != last:
			log.Warn("the exchange did not end", "with", p.Address, "err", err)
		case said == "" && !r.Same:
			log.Info("exchanged", "with", p.Address, "sent", r.Sent, "got", r.Got, "files", r.Files)
		}
		if r.Release != "" {
			log.Info("a release came", "version", r.Release)
		}
		for what, fault := range map[string]error{"a release did not come": r.ReleaseFault, "the backup was not left with headquarters": r.BackupFault} {
			if fault == nil || said != "" {
				continue
			}
			if said = fault.Error(); said != last {
				log.Warn(what, "err", fault)
			}
		}
		last = said
	}
}

func (n *Nodes) exchange(ctx context.Context, p Peer, dial func(Peer) Link, exchange func(context.Context, Peer, Link, func(Step)) (Result, error)) (Result, error) {
	set := func(under bool, s Step) {
		n.call.mu.Lock()
		defer n.call.mu.Unlock()
		n.call.under, n.call.step = under, s
	}
	set(true, Step{})
	defer set(false, Step{})
	return exchange(ctx, p, dial(p), func(s Step) { set(true, s) })
}
