package house

import (
	"context"
	"time"

	"tizi/internal/node"
	"tizi/internal/release"
	"tizi/internal/store"
)

// Upgrade is how the node stands with new programs.
type Upgrade struct {
	Running string
	// Ready is the newest release that came and is newer than what runs, or nil. Failed is what kept it from being taken in, where it
	// was tried.
	Ready  *release.Release
	Failed *release.Outcome
	// Asked says that somebody wants another program and it is about to be.
	Asked bool
	// Launched says that the program was begun by one that chooses (tizi launch), so that a page may ask for another.
	Launched bool
	// Apart says that the database is on PostgreSQL, and is saved by whoever runs that.
	Apart bool
	Last  *release.Outcome
	// Earlier is the version that can be gone back to, "" where there is none; Saved that the database as it was before is there too,
	// since when Written facts came.
	Earlier string
	Saved   bool
	Written int64
}

// Upgrade returns how the node stands with new programs.
func (h *House) Upgrade(ctx context.Context) (*Upgrade, error) {
	s, err := release.ReadState(h.Config.Dir)
	if err != nil {
		return nil, err
	}
	u := &Upgrade{Running: h.Nodes.Program, Asked: s.Asked(), Launched: h.Config.Launched, Apart: h.DB.Engine == store.Postgres, Last: s.Last(), Saved: s.Saved}
	r, err := h.Releases.Newest(node.Arch)
	if err != nil {
		return nil, err
	}
	if r != nil && release.Newer(r.Version, u.Running) {
		u.Ready = r
		if u.Last != nil && s.Failed(r.Version) {
			for _, o := range s.Outcomes {
				if o.Version == r.Version && !o.Back {
					u.Failed = &o
					break
				}
			}
		}
	}
	if s.Since == 0 {
		return u, nil
	}
	u.Earlier = s.EarlierName
	n, err := h.Log.Count(ctx, h.DB)
	u.Written = max(0, n-s.Facts)
	return u, err
}

// Sound says whether the node is fit to serve: whether its logs count as many facts as there are, and their heads are signed. Check
// proves more, and takes its time.
func (h *House) Sound(ctx context.Context) (facts int64, err error) { return h.Log.Sound(ctx) }

// releases tells, with the node's health, how it stands with new programs.
func (h *House) releases(ctx context.Context, v *node.Vitals) {
	u, err := h.Upgrade(ctx)
	if err != nil || u.Ready == nil {
		return
	}
	v.Ready = u.Ready.Version
	if u.Failed != nil {
		v.Failed = u.Ready.Version
	}
}

// forgetSaved takes away the database as it was before the last upgrade: when it is old, and at once when somebody was erased.
func (h *House) forgetSaved(atOnce bool) error {
	return release.Forget(h.Config.Dir, time.Now(), atOnce)
}
