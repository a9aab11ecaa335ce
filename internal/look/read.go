package look

import (
	"context"
	"errors"
	"time"

	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/store"
)

// Entry is one look, or one list.
type Entry struct {
	Account id.ID
	Person  id.ID // Nil: a list
	Centre  id.ID
	Action  Action
	List    List
	Names   int // how many a list showed
	At      time.Time
}

const columns = "account, person, centre, action, list, names, at"

func scan(r store.Row) (Entry, error) {
	var e Entry
	var at int64
	err := r.Scan(&e.Account, &e.Person, &e.Centre, (*string)(&e.Action), (*string)(&e.List), &e.Names, &at)
	e.At = time.UnixMilli(at)
	return e, err
}

// Seen returns the latest looks at a person, whichever of the records was looked at.
func (l *Looks) Seen(ctx context.Context, q store.Querier, records []id.ID, max int) ([]Entry, error) {
	in, args := store.In("person", records)
	var out []Entry
	err := q.Each(ctx, "SELECT "+columns+" FROM look WHERE "+in+" ORDER BY at DESC LIMIT ?", append(args, max), func(r store.Row) error {
		e, err := scan(r)
		out = append(out, e)
		return err
	})
	return out, err
}

// Filter says which looks are read.
type Filter struct {
	Scope    access.Scope // whose centres
	Cases    access.Scope // where looks at cases are read too
	From, To time.Time    // From is in it, To is not
	Account  id.ID        // Nil: whoever
	Persons  []id.ID      // none: whomever
	Deeds    bool         // those alone
}

var errEnough = errors.New("enough")

// Each calls fn for the looks of a filter, latest first, until it returns false.
func (l *Looks) Each(ctx context.Context, q store.Querier, f Filter, fn func(Entry) bool) error {
	if err := l.Flush(ctx); err != nil {
		return err
	}
	where, args := f.Scope.SQL("centre")
	where += " AND at >= ? AND at < ?"
	args = append(args, f.From.UnixMilli(), f.To.UnixMilli())
	cases, more := f.Cases.SQL("centre")
	where, args = where+" AND (action <> 'case' OR "+cases+")", append(args, more...)
	if !f.Account.IsNil() {
		where, args = where+" AND account = ?", append(args, f.Account)
	}
	if len(f.Persons) > 0 {
		in, more := store.In("person", f.Persons)
		where, args = where+" AND "+in, append(args, more...)
	}
	if f.Deeds {
		where += " AND action IN ('" + string(Unlocked) + "', '" + string(Given) + "')"
	}
	err := q.Each(ctx, "SELECT "+columns+" FROM look WHERE "+where+" ORDER BY at DESC, account, person, centre, action, list", args, func(r store.Row) error {
		e, err := scan(r)
		if err == nil && !fn(e) {
			err = errEnough
		}
		return err
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// Many is an account that opened unusually many files in an hour or in a day.
type Many struct {
	Account id.ID
	From    time.Time
	Hour    bool
	Files   int
}

// Bounds of what is usual for one account.
const (
	ManyInHour = 40
	ManyInDay  = 120
)

// Unusual returns who opened more files than is usual: of different people, in an hour of the clock or in a day of it.
func (l *Looks) Unusual(ctx context.Context, q store.Querier, f Filter) ([]Many, error) {
	_, ahead := l.log.Clock.Now().Zone()
	var out []Many
	for _, x := range []struct {
		length time.Duration
		usual  int
	}{{24 * time.Hour, ManyInDay}, {time.Hour, ManyInHour}} {
		where, args := f.Scope.SQL("centre")
		slot := "(at + ?) / ?"
		args = append(append([]any{int64(ahead) * 1000, x.length.Milliseconds()}, args...), f.From.UnixMilli(), f.To.UnixMilli())
		where += " AND at >= ? AND at < ? AND action IN ('read', 'consent', 'photo', 'scan', 'export')"
		if !f.Account.IsNil() {
			where, args = where+" AND account = ?", append(args, f.Account)
		}
		args = append(args, x.usual)
		err := q.Each(ctx, "SELECT account, slot, count(DISTINCT person) FROM (SELECT account, person, "+slot+" AS slot FROM look WHERE "+where+") files GROUP BY account, slot HAVING count(DISTINCT person) > ? ORDER BY slot DESC, account", args, func(r store.Row) error {
			m := Many{Hour: x.length == time.Hour}
			var slot int64
			err := r.Scan(&m.Account, &slot, &m.Files)
			m.From = time.UnixMilli(slot*x.length.Milliseconds() - int64(ahead)*1000)
			out = append(out, m)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Begun is when the first look that is kept happened; zero: there is none.
func (l *Looks) Begun(ctx context.Context, q store.Querier) (time.Time, error) {
	if err := l.Flush(ctx); err != nil {
		return time.Time{}, err
	}
	var at int64
	if _, err := store.One(ctx, q, "SELECT min(at) FROM look", nil, &at); err != nil || at == 0 {
		return time.Time{}, err
	}
	return time.UnixMilli(at), nil
}
