package house

import (
	"context"
	"time"

	"tizi/internal/blob"
	"tizi/internal/store"
)

// lone is how long a file may lie here of which no fact speaks: it may have come before the fact.
const lone = 24 * time.Hour

// SweepFiles deletes files of which no fact speaks any more, or never did: of people who were erased on another node, and of
// what was cut off.
func (h *House) SweepFiles(ctx context.Context) error {
	known := map[blob.Digest]bool{}
	all, err := h.Files(ctx, h.DB, func(string) bool { return true })
	if err != nil {
		return err
	}
	waiting, err := h.Consents.InTray(ctx, h.DB)
	if err != nil {
		return err
	}
	for _, d := range append(all, waiting...) {
		known[d] = true
	}
	before := h.Log.Clock.Now().Add(-lone)
	return h.Blobs.Each(func(d blob.Digest, came time.Time) error {
		if known[d] || came.After(before) {
			return ctx.Err()
		}
		return h.Blobs.Delete(d)
	})
}

// Files returns the digests of the files of which the facts of some streams speak: what a node that holds the facts should
// hold too.
func (h *House) Files(ctx context.Context, q store.Querier, stream func(string) bool) ([]blob.Digest, error) {
	var out []blob.Digest
	seen := map[blob.Digest]bool{}
	add := func(of string, d blob.Digest) {
		if d != (blob.Digest{}) && !seen[d] && stream(of) {
			seen[d] = true
			out = append(out, d)
		}
	}
	for _, files := range []func(context.Context, store.Querier, func(string, blob.Digest)) error{h.Consents.Blobs, h.Agreements.Blobs, h.Activities.Blobs} {
		if err := files(ctx, q, add); err != nil {
			return nil, err
		}
	}
	return out, nil
}
