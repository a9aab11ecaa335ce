package look

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"tizi/internal/id"
	"tizi/internal/store"
)

// List is which list showed names.
type List string

// The lists.
const (
	People    List = "people"
	Group     List = "group"
	Absences  List = "absences"  // who is absent in a row
	Referrals List = "referrals" // whom a school sent
	Appeals   List = "appeals"   // against the rule of a phase
	Adding    List = "adding"    // who may join a group
	Sheet     List = "sheet"     // of a session
	Devices   List = "devices"   // who has them
	Same      List = "same"      // who may be one person
	Behind    List = "behind"    // a number
	Import    List = "import"
	Consents  List = "consents"
	Messages  List = "messages"
	Retention List = "retention"
	Requests  List = "requests"
	Audit     List = "audit"
	Activity  List = "activity" // who registered for one
)

// Lists are all lists.
var Lists = []List{People, Group, Adding, Sheet, Absences, Referrals, Appeals, Devices, Same, Behind, Import, Consents, Messages, Retention, Requests, Audit, Activity}

// A list is shown on every second page, so it is put down in memory and written a moment later. What is written is one row
// an hour for each account, centre and list, with how many different names it showed; no search is kept, for what one
// searches is a name.

// later is how long a list may wait to be written.
const later = time.Second

// maxWaiting bounds the rows that wait while the disk is full, and maxNames the names that one of them tells apart.
const (
	maxWaiting = 10_000
	maxNames   = 20_000
)

type shown struct {
	account, centre id.ID
	action          Action
	list            List
}

type showing struct {
	at     time.Time
	names  map[id.ID]struct{}
	stored int // how many names its row says; 0: there is none
}

type lists struct {
	mu     sync.Mutex // guards what follows
	now    map[shown]*showing
	timer  *time.Timer // set while something waits
	closed bool        // nothing is kept any more: the database closes

	writing sync.Mutex // held while rows are written, so that each is written once
}

// Show keeps that a list showed names to an account: those of each centre.
func (l *Looks) Show(account id.ID, action Action, list List, names map[id.ID][]id.ID) {
	now := l.log.Clock.Now()
	l.lists.mu.Lock()
	defer l.lists.mu.Unlock()
	if l.lists.closed {
		return
	}
	for centre, persons := range names {
		k := shown{account, centre, action, list}
		s := l.lists.now[k]
		if s != nil && now.Sub(s.at) >= same && s.stored == len(s.names) {
			s = nil
		}
		if s == nil {
			if len(l.lists.now) >= maxWaiting {
				continue
			}
			s = &showing{at: now, names: map[id.ID]struct{}{}}
			l.lists.now[k] = s
		}
		for _, p := range persons {
			if len(s.names) < maxNames {
				s.names[p] = struct{}{}
			}
		}
		if s.stored < len(s.names) && l.lists.timer == nil {
			l.lists.timer = time.AfterFunc(later, func() {
				if err := l.Flush(context.Background()); err != nil {
					slog.Error("lists that were shown were not written; it is tried again", "err", err)
				}
			})
		}
	}
}

// Flush writes what waits. On a full disk it goes on waiting.
func (l *Looks) Flush(ctx context.Context) error {
	l.lists.writing.Lock()
	defer l.lists.writing.Unlock()
	fresh, more, done := l.waiting()
	if len(done) == 0 {
		return nil
	}
	err := l.log.DB.Write(ctx, func(tx store.Tx) error {
		if err := tx.Many(ctx, insert, fresh, nil); err != nil {
			return err
		}
		return tx.Many(ctx, "UPDATE look SET names = ? WHERE account = ? AND at = ? AND centre = ? AND action = ? AND list = ?", more, nil)
	})
	if errors.Is(err, store.ErrFull) {
		return nil
	}
	if err != nil {
		return err
	}
	l.lists.mu.Lock()
	defer l.lists.mu.Unlock()
	now := l.log.Clock.Now()
	for k, n := range done {
		k.stored = n
	}
	for k, s := range l.lists.now {
		if now.Sub(s.at) >= same && s.stored == len(s.names) {
			delete(l.lists.now, k)
		}
	}
	return nil
}

// waiting are the rows to add and to change, and how many names each says then.
func (l *Looks) waiting() (fresh, more [][]any, done map[*showing]int) {
	l.lists.mu.Lock()
	defer l.lists.mu.Unlock()
	l.lists.timer = nil
	done = map[*showing]int{}
	for k, s := range l.lists.now {
		n := len(s.names)
		switch {
		case s.stored == n:
			continue
		case s.stored == 0:
			fresh = append(fresh, []any{k.account, id.Nil, k.centre, string(k.action), string(k.list), n, s.at.UnixMilli()})
		default:
			more = append(more, []any{n, k.account, s.at.UnixMilli(), k.centre, string(k.action), string(k.list)})
		}
		done[s] = n
	}
	return fresh, more, done
}

// Close writes what waits; the log must still be open.
func (l *Looks) Close() error {
	l.lists.mu.Lock()
	l.lists.closed = true
	if l.lists.timer != nil {
		l.lists.timer.Stop()
	}
	l.lists.mu.Unlock()
	return l.Flush(context.Background())
}
