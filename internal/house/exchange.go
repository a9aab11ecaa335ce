package house

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"tizi/internal/node"
)

// Exchange brings this node and another to hold the same, and clears what has come to its end elsewhere.
func (h *House) Exchange(ctx context.Context, p node.Peer, link node.Link, progress func(node.Step)) (node.Result, error) {
	r, err := h.Nodes.Exchange(ctx, p, link, progress)
	// A clock that is not to be believed is set by headquarters'.
	if err == nil && p.Up && h.Machine.Doubt() != "" {
		if err := h.Machine.Set(h.Machine.Now().Add(r.Ahead)); err != nil {
			return r, err
		}
	}
	if err == nil {
		err = h.entrust(ctx, p, link)
	}
	if r.Got == 0 {
		return r, err
	}
	return r, errors.Join(err, h.Settle(ctx), h.Arrivals(ctx))
}

// TakeBundle takes in what another node wrote into a file for this one.
func (h *House) TakeBundle(ctx context.Context, r io.ReadSeeker) (node.Receipt, []node.Fault, error) {
	out, faults, err := h.Nodes.Take(ctx, r)
	if err != nil || out.Added == 0 {
		return out, faults, err
	}
	return out, faults, errors.Join(h.Settle(ctx), h.Arrivals(ctx))
}

// Settle clears what the end of a person or a photo left, here or on another node, where it could not be cleared at once.
func (h *House) Settle(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(h.Config.Dir, purgeFile)); err != nil {
		return nil
	}
	if err := h.Consents.Sweep(ctx); err != nil {
		return err
	}
	return h.Purge(ctx)
}
