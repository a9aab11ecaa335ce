package house

import (
	"context"
	"errors"
	"slices"
	"time"

	"tizi/internal/blob"
	"tizi/internal/fact"
	"tizi/internal/id"
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
	written, err := h.Drafts.Blobs(ctx, h.DB)
	if err != nil {
		return err
	}
	for _, d := range slices.Concat(all, waiting, written) {
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
// hold too. With some digests it returns which of these are among them.
func (h *House) Files(ctx context.Context, q store.Querier, stream func(string) bool, among ...blob.Digest) ([]blob.Digest, error) {
	var centres []id.ID
	if among == nil {
		var err error
		if centres, err = h.centresIn(ctx, q, stream); err != nil {
			return nil, err
		}
	}
	var out []blob.Digest
	seen := map[blob.Digest]bool{}
	add := func(of string, d blob.Digest) {
		if d != (blob.Digest{}) && !seen[d] && stream(of) && (among == nil || slices.Contains(among, d)) {
			seen[d] = true
			out = append(out, d)
		}
	}
	err := errors.Join(h.Consents.Blobs(ctx, q, centres, among, add), h.Activities.Blobs(ctx, q, centres, add), h.Courses.Blobs(ctx, q, add), h.Records.Blobs(ctx, q, centres, add))
	if stream("hub") {
		err = errors.Join(err, h.Agreements.Blobs(ctx, q, add))
	}
	return out, err
}

// centresIn are the centres that have a stream here which is selected; nil where all are.
func (h *House) centresIn(ctx context.Context, q store.Querier, stream func(string) bool) ([]id.ID, error) {
	names, err := h.Log.Streams(ctx, q)
	if err != nil {
		return nil, err
	}
	all, out := true, []id.ID{}
	for _, s := range names {
		v := fact.CentreOf(s)
		switch {
		case v.IsNil():
		case stream(s):
			out = append(out, v)
		default:
			all = false
		}
	}
	if all {
		return nil, nil
	}
	return out, nil
}
