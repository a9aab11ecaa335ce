package node

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"tizi/internal/blob"
	"tizi/internal/id"
	"tizi/internal/store"
)

// A file of which facts speak may never come: whoever had it lost it, or holds a damaged copy. What a node was asked for and did not
// have is asked of it again after a while, longer each time: so two nodes that hold the same facts are quiet, and what can be had comes.
const (
	vainFirst = time.Hour
	vainMost  = 24 * time.Hour
	vainKept  = 60 * 24 * time.Hour // what was not asked for so long is not lacking any more
)

// lacks returns the files that this node should have of some streams and has not.
func (n *Nodes) lacks(ctx context.Context, keep func(string) bool) ([]blob.Digest, error) {
	all, err := n.Files(ctx, n.log.DB, keep)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, n.blobs.Has), nil
}

// counting remembers how many files are lacking: all are looked for, and a page is read often.
type counting struct {
	mu sync.Mutex // guards all below
	at time.Time
	n  int
}

// countEvery is how old such a number may be.
const countEvery = time.Minute

// Lacking returns how many files this node should have and has not, as of a minute ago.
func (n *Nodes) Lacking(ctx context.Context) (int, error) {
	c := &n.count
	c.mu.Lock()
	defer c.mu.Unlock()
	now := n.log.Clock.Now()
	if since := now.Sub(c.at); !c.at.IsZero() && since >= 0 && since < countEvery {
		return c.n, nil
	}
	l, err := n.lacks(ctx, func(stream string) bool { return n.log.Reads(n.log.Node(), stream) })
	if err != nil {
		return 0, err
	}
	c.at, c.n = now, len(l)
	return c.n, nil
}

// due returns those of them that a node is to be asked for now: first those that it was never asked for, then those longest ago.
func (n *Nodes) due(ctx context.Context, peer id.ID, keep func(string) bool) ([]blob.Digest, error) {
	l, err := n.lacks(ctx, keep)
	if err != nil || len(l) == 0 {
		return nil, err
	}
	now := n.log.Clock.Now()
	asked, waits := map[blob.Digest]int64{}, map[blob.Digest]bool{}
	err = n.log.DB.Each(ctx, "SELECT file, asked, tries FROM node_vain WHERE peer = ?", store.Args(peer), func(r store.Row) error {
		var b []byte
		var at int64
		var tries int
		if err := r.Scan(&b, &at, &tries); err != nil || len(b) != len(blob.Digest{}) {
			return err
		}
		d := blob.Digest(b)
		since := now.Sub(time.UnixMilli(at))
		asked[d], waits[d] = at, since >= 0 && since < min(vainFirst<<min(tries-1, 10), vainMost) // a clock that was set back asks
		return nil
	})
	l = slices.DeleteFunc(l, func(d blob.Digest) bool { return waits[d] })
	slices.SortStableFunc(l, func(a, b blob.Digest) int { return cmp.Compare(asked[a], asked[b]) })
	return l, err
}

// vain takes note that a node does not have some files.
func (n *Nodes) vain(ctx context.Context, peer id.ID, files []blob.Digest) error {
	if len(files) == 0 {
		return nil
	}
	now := n.log.Clock.Now()
	return n.log.DB.Write(ctx, func(tx store.Tx) error {
		for _, d := range files {
			if err := tx.Exec(ctx, "INSERT INTO node_vain (peer, file, asked, tries) VALUES (?, ?, ?, 1) ON CONFLICT (peer, file) DO UPDATE SET asked = excluded.asked, tries = node_vain.tries + 1", peer, d[:], now.UnixMilli()); err != nil {
				return err
			}
		}
		return tx.Exec(ctx, "DELETE FROM node_vain WHERE asked < ?", now.Add(-vainKept).UnixMilli())
	})
}

// maxLacks is how many files a bundle says that its maker lacks.
const maxLacks = 5000

// sentKept is how long it is remembered which files went out in a bundle for which no receipt came.
const sentKept = 365 * 24 * time.Hour

// sent takes note of files that went to a node in a bundle, or by a link, which has no name; held says whether it has them.
func (n *Nodes) sent(ctx context.Context, peer, bundle id.ID, held bool, files []blob.Digest) error {
	if len(files) == 0 {
		return nil
	}
	now := n.log.Clock.Now()
	return n.log.DB.Write(ctx, func(tx store.Tx) error {
		for _, d := range files {
			if err := tx.Exec(ctx, "INSERT INTO node_file (peer, file, bundle, at, held) VALUES (?, ?, ?, ?, ?) ON CONFLICT (peer, file, bundle) DO UPDATE SET held = excluded.held WHERE node_file.held < excluded.held", peer, d[:], bundle, now.UnixMilli(), boolean(held)); err != nil {
				return err
			}
		}
		return tx.Exec(ctx, "DELETE FROM node_file WHERE held = 0 AND at < ?", now.Add(-sentKept).UnixMilli())
	})
}

// arrived takes note that a node has the files of a bundle.
func arrived(ctx context.Context, tx store.Tx, peer, bundle id.ID) error {
	return tx.Exec(ctx, "UPDATE node_file SET held = 1 WHERE peer = ? AND bundle = ?", peer, bundle)
}

// lost takes note that a node does not have some files.
func (n *Nodes) lost(ctx context.Context, peer id.ID, files []blob.Digest) error {
	return n.log.DB.Write(ctx, func(tx store.Tx) error {
		for _, d := range files {
			if err := tx.Exec(ctx, "DELETE FROM node_file WHERE peer = ? AND file = ?", peer, d[:]); err != nil {
				return err
			}
		}
		return nil
	})
}

// unheld returns those of some files that a node is not known to have.
func (n *Nodes) unheld(ctx context.Context, peer id.ID, files []blob.Digest) ([]blob.Digest, error) {
	held := map[blob.Digest]bool{}
	err := n.log.DB.Each(ctx, "SELECT file FROM node_file WHERE peer = ? AND held = 1", store.Args(peer), func(r store.Row) error {
		var b []byte
		if err := r.Scan(&b); err != nil || len(b) != len(blob.Digest{}) {
			return err
		}
		held[blob.Digest(b)] = true
		return nil
	})
	return slices.DeleteFunc(files, func(d blob.Digest) bool { return held[d] }), err
}
