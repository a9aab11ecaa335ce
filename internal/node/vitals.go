package node

import (
	"context"
	"encoding/json"
	"time"
)

// Vitals is how a node says that it is when it calls, for those who look after many. It names nobody, and is small: it travels
// with every call, also when there is nothing else to say.
type Vitals struct {
	Arch     string `json:"arch,omitempty"` // what the program was built for: "linux/arm64"
	DiskLeft int64  `json:"left"`           // bytes
	DiskAll  int64  `json:"all"`
	Cuts     int    `json:"cuts,omitempty"`    // how often it was cut off in 30 days
	Doubted  int64  `json:"doubted,omitempty"` // the last time that its clock was believed, ms since 1970; 0: it is
	Saved    int64  `json:"saved,omitempty"`   // when it was backed up last, ms since 1970; 0: never
	Unsaved  bool   `json:"unsaved,omitempty"` // the last backup failed, or none is planned
	Waiting  int    `json:"waiting,omitempty"` // facts that it has for the one it calls, before this call
	Held     int    `json:"held,omitempty"`    // facts that wait for a decision
	// Ready is the newest release that it has and does not run yet, Failed one that it tried and took back.
	Ready  string `json:"ready,omitempty"`
	Failed string `json:"failed,omitempty"`
	// Said is when it said so, by the clock of the one that was called.
	Said int64 `json:"said,omitempty"`
}

// SavedAt is when the node was backed up last; the zero time: never.
func (v *Vitals) SavedAt() time.Time { return instant(v.Saved) }

// DoubtedAt is the last time that its clock was believed; the zero time: it is.
func (v *Vitals) DoubtedAt() time.Time { return instant(v.Doubted) }

// SaidAt is when the node said how it is.
func (v *Vitals) SaidAt() time.Time { return instant(v.Said) }

// heard is what is kept of what another says of itself: figures that make no sense come from no node of ours.
func (v *Vitals) heard(now time.Time) *Vitals {
	if v == nil {
		return nil
	}
	out := *v
	for _, text := range []*string{&out.Arch, &out.Ready, &out.Failed} {
		*text = (*text)[:min(len(*text), 64)]
	}
	for _, n := range []*int64{&out.DiskLeft, &out.DiskAll, &out.Doubted, &out.Saved} {
		*n = max(*n, 0)
	}
	for _, n := range []*int{&out.Cuts, &out.Waiting, &out.Held} {
		*n = max(*n, 0)
	}
	out.Said = now.UnixMilli()
	return &out
}

// vitals asks the house how this node is. Not to know is no reason not to call.
func (n *Nodes) vitals(ctx context.Context, peer Peer) *Vitals {
	if n.Vitals == nil {
		return nil
	}
	v, err := n.Vitals(ctx, peer)
	if err != nil {
		return nil
	}
	return v
}

func (v *Vitals) encode() string {
	if v == nil {
		return ""
	}
	return string(encode(v))
}

func readVitals(s string) *Vitals {
	var v Vitals
	if s == "" || json.Unmarshal([]byte(s), &v) != nil {
		return nil
	}
	return &v
}
