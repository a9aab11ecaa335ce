package house

import (
	"context"

	"tizi/internal/blob"
	"tizi/internal/store"
)

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
