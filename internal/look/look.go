// Package look keeps who looked at whose file, on the node where it happened. Nothing in it is a fact: it is appended, read
// by whoever the file is about or answers for them, and pruned when its time is over.
package look

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"time"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/store"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// Schema returns the migrations of this room.
func Schema() fs.FS {
	sub, _ := fs.Sub(schemaFiles, "schema")
	return sub
}

// Action is what somebody did with a file.
type Action string

// The actions.
const (
	Read    Action = "read"
	Consent Action = "consent" // read the consents
	Photo   Action = "photo"
	Scan    Action = "scan"
	Print   Action = "print"
	Export  Action = "export" // read or took along all that is known
)

// Life is how long a look is kept.
const Life = 400 * 24 * time.Hour

// same is how long the same look of the same account is one look: a page is opened many times in an hour of work.
const same = time.Hour

// Looks is the list of a node.
type Looks struct{ log *fact.Log }

// New returns the looks of a node.
func New(l *fact.Log) *Looks { return &Looks{l} }

// Note keeps that an account looked at some people. On a full disk it keeps nothing: reading must go on.
func (l *Looks) Note(ctx context.Context, account id.ID, action Action, persons ...id.ID) error {
	now := l.log.Clock.Now()
	var fresh []id.ID
	for _, p := range persons {
		var one int
		found, err := store.One(ctx, l.log.DB, "SELECT 1 FROM look WHERE person = ? AND at > ? AND account = ? AND action = ?", store.Args(p, now.Add(-same).UnixMilli(), account, string(action)), &one)
		if err != nil {
			return err
		}
		if !found {
			fresh = append(fresh, p)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	err := l.log.DB.Write(ctx, func(tx store.Tx) error {
		for _, p := range fresh {
			if err := tx.Exec(ctx, "INSERT INTO look (account, person, action, at) VALUES (?, ?, ?, ?)", account, p, string(action), now.UnixMilli()); err != nil {
				return err
			}
		}
		return tx.Exec(ctx, "DELETE FROM look WHERE at < ?", now.Add(-Life).UnixMilli())
	})
	if errors.Is(err, store.ErrFull) {
		return nil
	}
	return err
}

// Entry is one look.
type Entry struct {
	Account id.ID
	Action  Action
	At      time.Time
}

// Seen returns the latest looks at a person.
func (l *Looks) Seen(ctx context.Context, q store.Querier, person id.ID, max int) ([]Entry, error) {
	var out []Entry
	err := q.Each(ctx, "SELECT account, action, at FROM look WHERE person = ? ORDER BY at DESC LIMIT ?", store.Args(person, max), func(r store.Row) error {
		var e Entry
		var at int64
		err := r.Scan(&e.Account, (*string)(&e.Action), &at)
		e.At = time.UnixMilli(at)
		out = append(out, e)
		return err
	})
	return out, err
}
