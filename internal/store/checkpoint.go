package store

import (
	"context"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3"
)

// Copying SQLite's write-ahead log into the file takes longer than most transactions, so it happens beside them, on a
// connection of its own. What is written meanwhile keeps the log from being begun again; when it has grown long, the
// writer copies the little that is left itself.
const (
	copyEvery = 2000 // pages (8 MB) of log between copies beside
	settleAt  = 8000 // pages (32 MB) at which the writer sees to it that the log begins again
)

// copier copies the log beside the writer.
type copier struct {
	config Config
	want   chan struct{}
	done   chan struct{}
	busy   atomic.Bool

	pages int // of log, after the last commit; guarded by DB.turn, as what follows
	asked int // pages when a copy was last asked for; 0 when the log was begun again since
}

func newCopier(c Config) *copier {
	k := &copier{config: c, want: make(chan struct{}, 1), done: make(chan struct{})}
	go k.run()
	return k
}

func (k *copier) run() {
	defer close(k.done)
	var conn *sqlite3.Conn
	for range k.want {
		// When it fails the log grows and the writer copies: the disk's faults show there.
		if conn == nil {
			conn, _ = sqlite3.OpenContext(context.Background(), dsn(k.config, "rw"))
		}
		if conn != nil && conn.Exec("PRAGMA synchronous=FULL; PRAGMA cache_size=-256") == nil {
			conn.WALCheckpoint("", sqlite3.CHECKPOINT_PASSIVE)
		}
		k.busy.Store(false)
	}
	if conn != nil {
		conn.Close()
	}
}

// committed is told how long the log is after a commit, while the turn is held.
func (k *copier) committed(writer *sqlite3.Conn, pages int) {
	if pages < k.pages {
		k.asked = 0
	}
	k.pages = pages
	switch {
	case k.busy.Load():
	case k.asked >= settleAt:
		// A copy beside has just been: little is left. Whole, unless somebody reads an old state: then the next time.
		writer.WALCheckpoint("", sqlite3.CHECKPOINT_PASSIVE)
		k.asked = 0
	case pages-k.asked >= copyEvery || pages >= settleAt:
		k.asked = pages
		k.busy.Store(true)
		k.want <- struct{}{}
	}
}

func (k *copier) close() {
	close(k.want)
	<-k.done
}
