package access

import "sync/atomic"

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
