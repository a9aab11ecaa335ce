package access

import (
	"context"
	"sync/atomic"

	"tizi/internal/id"
)

// CountHashes counts the passphrases that are hashed from now on, by taking the place of what bounds them.
func CountHashes() (count func() int64, stop func()) {
	was, done := hashing, make(chan struct{})
	hashing = make(chan struct{})
	var n atomic.Int64
	go func() {
		for {
			select {
			case <-done:
				return
			case <-hashing:
				n.Add(1)
				hashing <- struct{}{}
			}
		}
	}()
	return n.Load, func() { close(done); hashing = was }
}

// Others is who but an account may give a role on something, as the database is.
func (a *Access) Others(ctx context.Context, but id.ID, r Role, on On) (bool, error) {
	t, err := a.places.Tree(ctx, a.log.DB)
	if err != nil {
		return false, err
	}
	return a.others(ctx, a.log.DB, t, but, r, on)
}
