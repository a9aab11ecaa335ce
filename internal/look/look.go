// Package look keeps who looked at whose file, which lists of names were shown to whom, and who let a learner sign in, on the node where it
// happened.
// Nothing in it is a fact: it is appended, read by whoever the file is about or answers for them, and pruned when its time
// is over.
package look

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"slices"
	"time"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/store"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// Schema returns the migrations of this room.
func Schema() fs.FS {
	sub, _ := fs.Sub(schemaFiles, "schema")
	return sub
}

// Action is what somebody did with a file or with a list.
type Action string

// The actions.
const (
	Read    Action = "read"
	Consent Action = "consent" // read the consents
	Photo   Action = "photo"
	Scan    Action = "scan"
	Print   Action = "print"
	Export  Action = "export" // read or took along all that is known
	Listed  Action = "list"   // was shown names
	Search  Action = "search" // was shown names that were asked for
	Case    Action = "case"   // opened a case of safeguarding: the person is the case, and only officers read of it

	Unlocked Action = "unlock" // let a learner try again who had too many wrong tries
	Given    Action = "give"   // gave a learner other pictures, words or a card to sign in with
)

// Deeds are the actions that change something which is no fact: how a learner signs in is this node's own.
var Deeds = []Action{Unlocked, Given}

// Actions are all actions.
var Actions = []Action{Read, Consent, Photo, Scan, Print, Export, Listed, Search, Case, Unlocked, Given}

// Life is how long a look is kept.
const Life = 400 * 24 * time.Hour

// same is how long the same look of the same account is one look: a page is opened many times in an hour of work. Deeds are kept each.
const same = time.Hour

// Looks is the list of a node.
type Looks struct {
	log    *fact.Log
	people *person.People
	lists  lists
}

// New returns the looks of a node.
func New(l *fact.Log, p *person.People) *Looks {
	return &Looks{log: l, people: p, lists: lists{now: map[shown]*showing{}}}
}

// Note keeps that an account looked at some people. On a full disk it keeps nothing: reading must go on.
func (l *Looks) Note(ctx context.Context, account id.ID, action Action, persons ...id.ID) error {
	fresh, err := l.fresh(ctx, account, action, persons)
	if err != nil || len(fresh) == 0 {
		return err
	}
	centre, err := l.people.Centres(ctx, l.log.DB, fresh)
	if err != nil {
		return err
	}
	return l.note(ctx, account, action, fresh, centre)
}

// NoteCase keeps that an account opened a case of safeguarding of a centre.
func (l *Looks) NoteCase(ctx context.Context, account, c, centre id.ID) error {
	fresh, err := l.fresh(ctx, account, Case, []id.ID{c})
	if err != nil || len(fresh) == 0 {
		return err
	}
	return l.note(ctx, account, Case, fresh, map[id.ID]id.ID{c: centre})
}

// fresh are those at whom the account has not looked so a moment ago.
func (l *Looks) fresh(ctx context.Context, account id.ID, action Action, persons []id.ID) ([]id.ID, error) {
	if slices.Contains(Deeds, action) {
		return persons, nil
	}
	since := l.log.Clock.Now().Add(-same).UnixMilli()
	var out []id.ID
	for _, p := range persons {
		var one int
		found, err := store.One(ctx, l.log.DB, "SELECT 1 FROM look WHERE person = ? AND at > ? AND account = ? AND action = ?", store.Args(p, since, account, string(action)), &one)
		if err != nil {
			return nil, err
		}
		if !found {
			out = append(out, p)
		}
	}
	return out, nil
}

const insert = "INSERT INTO look (account, person, centre, action, list, names, at) VALUES (?, ?, ?, ?, ?, ?, ?)"

func (l *Looks) note(ctx context.Context, account id.ID, action Action, persons []id.ID, centre map[id.ID]id.ID) error {
	now := l.log.Clock.Now()
	sets := make([][]any, len(persons))
	for i, p := range persons {
		sets[i] = []any{account, p, centre[p], string(action), "", 1, now.UnixMilli()}
	}
	err := l.log.DB.Write(ctx, func(tx store.Tx) error {
		if err := tx.Many(ctx, insert, sets, nil); err != nil {
			return err
		}
		return tx.Exec(ctx, "DELETE FROM look WHERE at < ?", now.Add(-Life).UnixMilli())
	})
	if errors.Is(err, store.ErrFull) {
		return nil
	}
	return err
}

// Settle gives the looks of earlier programs their centres, where the person is still known.
func (l *Looks) Settle(ctx context.Context) error {
	var persons []id.ID
	err := l.log.DB.Each(ctx, "SELECT DISTINCT person FROM look WHERE centre = ?", store.Args([]byte{}), func(r store.Row) error {
		var p id.ID
		err := r.Scan(&p)
		persons = append(persons, p)
		return err
	})
	if err != nil || len(persons) == 0 {
		return err
	}
	centre, err := l.people.Centres(ctx, l.log.DB, persons)
	if err != nil {
		return err
	}
	sets := make([][]any, len(persons))
	for i, p := range persons {
		sets[i] = []any{centre[p], p, []byte{}}
	}
	return l.log.DB.Write(ctx, func(tx store.Tx) error {
		return tx.Many(ctx, "UPDATE look SET centre = ? WHERE person = ? AND centre = ?", sets, nil)
	})
}
