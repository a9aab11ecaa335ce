package access

import (
	"context"
	"fmt"
	"time"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/store"
)

// Opening is a centre that somebody opened for a limited time.
type Opening struct {
	ID      id.ID
	Account id.ID
	Centre  id.ID
	Reason  string
	At      time.Time
	Until   time.Time
}

// Break opens a centre for GlassLife to an account that may do so, with a reason. It is a fact, and those who answer for
// the centre are told.
func (a *Access) Break(ctx context.Context, acc *Account, centre id.ID, reason string) error {
	if !acc.May(BreakGlass) {
		return ErrDenied
	}
	t, err := a.places.Tree(ctx, a.log.DB)
	if err != nil {
		return err
	}
	if p := t.Get(centre); p == nil || p.Type != "centre" {
		return ErrRoleThing
	}
	if reason, err = checkReason(reason); err != nil {
		return err
	}
	stream := "centre/" + centre.String()
	_, err = a.log.Do(ctx, fact.Command{Name: "open a centre", Stream: stream, Keys: []id.ID{acc.ID}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		now, err := a.Get(ctx, q, acc.ID)
		if err != nil {
			return fact.Outcome{}, err
		}
		if !now.May(BreakGlass) {
			return fact.Outcome{}, ErrDenied
		}
		at := a.log.Clock.Now()
		b := GlassBroken{acc.ID, centre, reason, at.Unix(), at.Add(GlassLife).Unix()}
		return fact.Outcome{Facts: []fact.New{{Stream: stream, Kind: KindGlass, Subject: id.New(), Actor: acc.ID, Body: b, Born: true}}}, nil
	}})
	return err
}

// Openings returns who opened centres of the scope, latest first, at most max.
func (a *Access) Openings(ctx context.Context, q store.Querier, scope Scope, max int) ([]Opening, error) {
	where, args := scope.SQL("centre")
	return a.openings(ctx, q, fmt.Sprintf("%s ORDER BY at DESC, id LIMIT %d", where, max), args)
}

// OpenedBy returns what an account has open now.
func (a *Access) OpenedBy(ctx context.Context, q store.Querier, account id.ID) ([]Opening, error) {
	return a.openings(ctx, q, "account = ? AND until > ? ORDER BY at, id", store.Args(account, a.log.Clock.Now().Unix()))
}

func (a *Access) openings(ctx context.Context, q store.Querier, where string, args []any) ([]Opening, error) {
	var out []Opening
	err := q.Each(ctx, "SELECT id, account, centre, reason, at, until FROM access_glass WHERE "+where, args, func(r store.Row) error {
		var o Opening
		var at, until int64
		err := r.Scan(&o.ID, &o.Account, &o.Centre, &o.Reason, &at, &until)
		o.At, o.Until = time.Unix(at, 0), time.Unix(until, 0)
		out = append(out, o)
		return err
	})
	return out, err
}

// Unseen returns how many openings of the scope an account has not been shown yet, of the last month.
func (a *Access) Unseen(ctx context.Context, q store.Querier, acc *Account, scope Scope) (int, error) {
	where, args := scope.SQL("centre")
	since := a.log.Clock.Now().Add(-30 * 24 * time.Hour).Unix()
	var seen int64
	if _, err := store.One(ctx, q, "SELECT at FROM access_seen WHERE account = ?", store.Args(acc.ID), &seen); err != nil {
		return 0, err
	}
	var n int
	_, err := store.One(ctx, q, "SELECT count(*) FROM access_glass WHERE "+where+" AND at > ? AND account <> ?", append(args, max(since, seen), acc.ID), &n)
	return n, err
}

// Saw keeps that an account was shown the openings up to now. What somebody looked at on this node is no fact.
func (a *Access) Saw(ctx context.Context, acc *Account) error {
	return a.log.DB.Write(ctx, func(tx store.Tx) error {
		return tx.Exec(ctx, "INSERT INTO access_seen (account, at) VALUES (?, ?) ON CONFLICT (account) DO UPDATE SET at = excluded.at", acc.ID, a.log.Clock.Now().Unix())
	})
}
