package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/place"
	"tizi/internal/store"
)

// Errors of grants. Doors translate them.
var (
	ErrNoGrant   = errors.New("there is no such role")
	ErrOwnRole   = errors.New("nobody renews their own role while somebody else can, and nobody withdraws it or closes their own account")
	ErrRoleThing = errors.New("this role is not played there")
	ErrHasRole   = errors.New("the account plays this role there already")
)

// MayGive reports whether an account may give, renew and withdraw a role on something: one that a role of its own gives,
// at its own place or below. What is no place is given by who runs the programmes of the country.
func (acc *Account) MayGive(t *place.Tree, r Role, on On) bool {
	return acc != nil && !acc.Closed && slices.ContainsFunc(acc.Roles, func(h Held) bool {
		if h.Reaches(WriteAccounts) != Whole || !Gives(h.Role, r) || h.On.Kind != AtPlace {
			return false
		}
		if on.Kind != AtPlace {
			return h.Role == National
		}
		return t.Holds(h.On.ID, on.ID)
	})
}

// fits says whether a role is played on something.
func fits(t *place.Tree, r Role, on On) bool {
	if !slices.Contains(Roles, r) || !slices.Contains(Kinds(r), on.Kind) {
		return false
	}
	if on.Kind != AtPlace {
		return !on.ID.IsNil()
	}
	p := t.Get(on.ID)
	return p != nil && slices.Contains(PlaceTypes(r), p.Type)
}

// Grant gives an account one role more.
func (a *Access) Grant(ctx context.Context, actor *Account, account id.ID, r Role, on On, names bool) error {
	t, err := a.places.Tree(ctx, a.log.DB)
	if err != nil {
		return err
	}
	if !fits(t, r, on) {
		return ErrRoleThing
	}
	if !actor.MayGive(t, r, on) {
		return ErrDenied
	}
	_, err = a.log.Do(ctx, fact.Command{Name: "grant a role", Stream: "commons", Keys: []id.ID{account}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		acc, err := a.Get(ctx, q, account)
		if err != nil {
			return out, err
		}
		if acc == nil {
			return out, ErrNoAccount
		}
		if slices.ContainsFunc(acc.Roles, func(h Held) bool { return h.Role == r && h.On == on && h.Names == names }) {
			return out, ErrHasRole
		}
		b := RoleGranted{account, r, on, a.log.Clock.Now().Add(Life(r)).Unix(), names && Reach(r, ReadPeople) == Named}
		out.Facts = []fact.New{{Stream: RoleStream(t, on), Kind: KindGranted, Subject: id.New(), Actor: actor.ID, Body: b, Born: true}}
		return out, nil
	}})
	return err
}

// Renewable is a role that runs out or ran out, with whose it is.
type Renewable struct {
	Held
	Account     id.ID
	Name, Login string
}

// maxRenewable bounds the list of what runs out.
const maxRenewable = 1000

// RunsOut returns the roles of the team that run out before long or ran out, and that the account may renew, first ones
// first. Those of closed accounts are past; those of guardians and learners are renewed with their enrolments.
func (a *Access) RunsOut(ctx context.Context, q store.Querier, acc *Account) ([]Renewable, error) {
	t, err := a.places.Tree(ctx, q)
	if err != nil {
		return nil, err
	}
	where, args := a.given(t, acc)
	var out []Renewable
	args = append([]any{a.log.Clock.Now().Add(WarnBefore).Unix()}, args...)
	err = q.Each(ctx, fmt.Sprintf("SELECT a.name, a.login, r.account, r.id, r.role, r.kind, r.thing, r.until, r.names FROM access_role r JOIN access_account a ON a.id = r.account WHERE r.until > 0 AND r.until < ? AND r.role NOT IN ('guardian', 'learner') AND a.closed = 0 AND %s ORDER BY r.until, r.id LIMIT %d", where, maxRenewable), args, func(r store.Row) error {
		var x Renewable
		var until int64
		if err := r.Scan(&x.Name, &x.Login, &x.Account, &x.Grant, (*string)(&x.Role), (*string)(&x.On.Kind), &x.On.ID, &until, &x.Names); err != nil {
			return err
		}
		x.Until = time.Unix(until, 0)
		if acc.MayGive(t, x.Role, x.On) {
			out = append(out, x)
		}
		return nil
	})
	if err != nil || len(out) == 0 {
		return out, err
	}
	// One's own are left to others, if there are others.
	var mine []Renewable
	for _, x := range out {
		if x.Account == acc.ID {
			mine = append(mine, x)
		}
	}
	for _, x := range mine {
		others, err := a.others(ctx, q, t, acc.ID, x.Role, x.On)
		if err != nil {
			return nil, err
		}
		if others {
			out = slices.DeleteFunc(out, func(y Renewable) bool { return y.Grant == x.Grant })
		}
	}
	return out, nil
}

// given is a condition on the places that an account gives roles at, so that those of other places do not fill a list.
func (a *Access) given(t *place.Tree, acc *Account) (string, []any) {
	var things []id.ID
	for _, h := range acc.Roles {
		if h.Reaches(WriteAccounts) != Whole {
			continue
		}
		if h.Role == National {
			return always, nil
		}
		things = append(things, h.On.ID)
		for _, c := range t.Within(h.On.ID) {
			things = append(things, c.ID)
		}
	}
	return store.In("r.thing", things)
}

// others reports whether anybody but an account may give a role on something.
func (a *Access) others(ctx context.Context, q store.Querier, t *place.Tree, but id.ID, r Role, on On) (bool, error) {
	args := store.Args(but, string(AtPlace), a.log.Clock.Now().Unix())
	where := "r.account <> ? AND a.closed = 0 AND r.kind = ? AND (r.until = 0 OR r.until > ?)"
	var roles []string
	for _, x := range Roles {
		if Reach(x, WriteAccounts) == Whole && Gives(x, r) && (on.Kind == AtPlace || x == National) {
			roles = append(roles, "?")
			args = append(args, string(x))
		}
	}
	if len(roles) == 0 {
		return false, nil
	}
	where += " AND r.role IN (" + strings.Join(roles, ", ") + ")"
	if on.Kind == AtPlace {
		over := []id.ID{on.ID}
		for p := t.Get(on.ID); p != nil && len(over) < len(place.Types)+2; p = t.Get(p.Parent) {
			over = append(over, p.Parent)
		}
		in, more := store.In("r.thing", over)
		where, args = where+" AND "+in, append(args, more...)
	}
	var one int
	return store.One(ctx, q, "SELECT 1 FROM access_role r JOIN access_account a ON a.id = r.account WHERE "+where+" LIMIT 1", args, &one)
}

// Managed reports until when somebody can manage the accounts of the whole node: zero where there is no end. ok is false when
// nobody can.
func (a *Access) Managed(ctx context.Context, q store.Querier) (until time.Time, ok bool, err error) {
	var n, endless int
	var last int64
	_, err = store.One(ctx, q, "SELECT count(*), coalesce(sum(CASE WHEN r.until = 0 THEN 1 ELSE 0 END), 0), coalesce(max(r.until), 0) FROM access_role r JOIN access_account a ON a.id = r.account WHERE r.role = ? AND a.closed = 0 AND (r.until = 0 OR r.until > ?)",
		store.Args(string(National), a.log.Clock.Now().Unix()), &n, &endless, &last)
	if err != nil || n == 0 || endless > 0 {
		return time.Time{}, n > 0, err
	}
	return time.Unix(last, 0), true, nil
}

func (a *Access) granted(ctx context.Context, q store.Querier, grant id.ID) (*Renewable, error) {
	var x *Renewable
	err := q.Each(ctx, "SELECT "+heldColumns+" FROM access_role WHERE id = ?", store.Args(grant), func(r store.Row) error {
		account, h, err := scanHeld(r)
		x = &Renewable{Held: h, Account: account}
		return err
	})
	if err == nil && x == nil {
		err = ErrNoGrant
	}
	return x, err
}

// Renew lets roles last RoleLife from now. All are renewed or none.
func (a *Access) Renew(ctx context.Context, actor *Account, grants []id.ID) error {
	return a.renew(ctx, actor.ID, grants, func(ctx context.Context, q store.Querier, t *place.Tree, x *Renewable) error {
		if !actor.MayGive(t, x.Role, x.On) {
			return ErrDenied
		}
		if x.Account != actor.ID {
			return nil
		}
		others, err := a.others(ctx, q, t, actor.ID, x.Role, x.On)
		if err == nil && others {
			err = ErrOwnRole
		}
		return err
	})
}

// RenewRole renews one role of an account where it ran out or will within WarnBefore: of whoever answers for a child, while a
// centre goes on giving cards.
func (a *Access) RenewRole(ctx context.Context, account id.ID, role Role) error {
	acc, err := a.Get(ctx, a.log.DB, account)
	if err != nil || acc == nil {
		return errors.Join(err, ErrNoAccount)
	}
	var grants []id.ID
	for _, h := range append(slices.Clone(acc.Roles), acc.Ended...) {
		if h.Role == role && !h.Until.IsZero() && h.Until.Before(a.log.Clock.Now().Add(WarnBefore)) {
			grants = append(grants, h.Grant)
		}
	}
	if len(grants) == 0 {
		return nil
	}
	return a.renew(ctx, id.Nil, grants, func(context.Context, store.Querier, *place.Tree, *Renewable) error { return nil })
}

// RenewAll renews every role of a login, from the machine itself: whoever holds the disk holds the node. It returns how
// many.
func (a *Access) RenewAll(ctx context.Context, login string) (int, error) {
	account, err := a.byLogin(ctx, a.log.DB, login)
	if err != nil {
		return 0, err
	}
	acc, err := a.Get(ctx, a.log.DB, account)
	if err != nil {
		return 0, err
	}
	var grants []id.ID
	for _, h := range append(slices.Clone(acc.Roles), acc.Ended...) {
		if h.Role != Glass {
			grants = append(grants, h.Grant)
		}
	}
	if len(grants) == 0 {
		return 0, ErrNoGrant
	}
	return len(grants), a.renew(ctx, id.Nil, grants, func(context.Context, store.Querier, *place.Tree, *Renewable) error { return nil })
}

func (a *Access) renew(ctx context.Context, actor id.ID, grants []id.ID, may func(context.Context, store.Querier, *place.Tree, *Renewable) error) error {
	t, err := a.places.Tree(ctx, a.log.DB)
	if err != nil {
		return err
	}
	_, err = a.log.Do(ctx, fact.Command{Name: "renew roles", Stream: "commons", Keys: grants, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		for _, g := range grants {
			x, err := a.granted(ctx, q, g)
			if err != nil {
				return out, err
			}
			if err := may(ctx, q, t, x); err != nil {
				return out, err
			}
			all, err := a.log.Of(ctx, q, g)
			if err != nil {
				return out, err
			}
			b := RoleGranted{x.Account, x.Role, x.On, a.log.Clock.Now().Add(Life(x.Role)).Unix(), x.Names}
			out.Facts = append(out.Facts, fact.New{Stream: all[0].Stream, Kind: KindGranted, Subject: g, Actor: actor, Body: b, Prev: fact.HeadsOf(all)})
		}
		return out, nil
	}})
	return err
}

// Withdraw takes a role back.
func (a *Access) Withdraw(ctx context.Context, actor *Account, grant id.ID) error {
	t, err := a.places.Tree(ctx, a.log.DB)
	if err != nil {
		return err
	}
	_, err = a.log.Do(ctx, fact.Command{Name: "withdraw a role", Stream: "commons", Keys: []id.ID{grant}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		x, err := a.granted(ctx, q, grant)
		if err != nil {
			return out, err
		}
		if !actor.MayGive(t, x.Role, x.On) {
			return out, ErrDenied
		}
		if x.Account == actor.ID {
			return out, ErrOwnRole
		}
		all, err := a.log.Of(ctx, q, grant)
		if err != nil {
			return out, err
		}
		out.Facts = []fact.New{{Stream: all[0].Stream, Kind: KindWithdrawn, Subject: grant, Actor: actor.ID, Body: RoleWithdrawn{}, Prev: fact.HeadsOf(all)}}
		return out, nil
	}})
	return err
}

// Manages reports whether an account may manage another one: give every role that the other holds or held. One without
// any role is managed by whoever gives roles for the whole country.
func (acc *Account) Manages(t *place.Tree, other *Account) bool {
	if acc == nil || other == nil || acc.ID == other.ID {
		return false
	}
	n := 0
	for _, h := range append(slices.Clone(other.Roles), other.Ended...) {
		if h.Role == Glass {
			continue
		}
		n++
		if !acc.MayGive(t, h.Role, h.On) {
			return false
		}
	}
	return n > 0 || slices.ContainsFunc(acc.Roles, func(h Held) bool { return h.Role == National && h.Reaches(WriteAccounts) == Whole })
}

// managed returns an account that the actor manages.
func (a *Access) managed(ctx context.Context, q store.Querier, actor *Account, account id.ID) (*Account, error) {
	t, err := a.places.Tree(ctx, q)
	if err != nil {
		return nil, err
	}
	other, err := a.Get(ctx, q, account)
	if err != nil {
		return nil, err
	}
	if other == nil {
		return nil, ErrNoAccount
	}
	if other.ID == actor.ID {
		return nil, ErrOwnRole
	}
	if !actor.Manages(t, other) {
		return nil, ErrDenied
	}
	return other, nil
}

// SetClosed closes an account that the actor manages, so that nobody signs in with it, or opens it again. Its sessions
// end.
func (a *Access) SetClosed(ctx context.Context, actor *Account, account id.ID, closed bool) error {
	if _, err := a.managed(ctx, a.log.DB, actor, account); err != nil {
		return err
	}
	_, err := a.log.Do(ctx, fact.Command{Name: "close an account", Stream: "hub", Keys: []id.ID{account}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		other, err := a.managed(ctx, q, actor, account)
		if err != nil || other.Closed == closed {
			return out, err
		}
		all, err := a.log.Of(ctx, q, account)
		if err != nil {
			return out, err
		}
		out.Facts = []fact.New{{Stream: all[0].Stream, Kind: AccountClosed, Subject: account, Actor: actor.ID, Body: Closed{Closed: closed}, Prev: closings(all)}}
		if closed {
			out.Also = func(ctx context.Context, tx store.Tx) error { return endAll(ctx, tx, account, nil) }
		}
		return out, nil
	}})
	return err
}

// Gone prepares the end of an account of whom nothing is to be known any more: it is closed, its roles are withdrawn, and
// its key is destroyed and with it the name.
func (a *Access) Gone(ctx context.Context, q store.Querier, actor id.ID, acc *Account) ([]fact.New, error) {
	all, err := a.log.Of(ctx, q, acc.ID)
	if err != nil || len(all) == 0 {
		return nil, errors.Join(err, ErrNoAccount)
	}
	facts := []fact.New{{Stream: all[0].Stream, Kind: AccountClosed, Subject: acc.ID, Actor: actor, Body: Closed{Closed: true, Gone: true}, Prev: closings(all)}}
	for _, h := range append(slices.Clone(acc.Roles), acc.Ended...) {
		if h.Role == Glass {
			continue
		}
		said, err := a.log.Of(ctx, q, h.Grant)
		if err != nil {
			return nil, err
		}
		facts = append(facts, fact.New{Stream: said[0].Stream, Kind: KindWithdrawn, Subject: h.Grant, Actor: actor, Body: RoleWithdrawn{}, Prev: fact.HeadsOf(said)})
	}
	return facts, nil
}

// Forget takes away all that let accounts in on this node.
func Forget(ctx context.Context, tx store.Tx, accounts []id.ID) error {
	for _, v := range accounts {
		if err := Strip(ctx, tx, v); err != nil {
			return err
		}
		if err := tx.Exec(ctx, "DELETE FROM access_seen WHERE account = ?", v); err != nil {
			return err
		}
	}
	return nil
}

// EndAll ends all sessions of an account.
func EndAll(ctx context.Context, tx store.Tx, account id.ID) error {
	return endAll(ctx, tx, account, nil)
}

// Strip ends every way in that an account has by itself, and whoever is in.
func Strip(ctx context.Context, tx store.Tx, account id.ID) error {
	for _, table := range []string{"access_secret", "access_factor", "access_recovery", "access_passkey", "access_outside"} {
		if err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE account = ?", account); err != nil {
			return err
		}
	}
	return endAll(ctx, tx, account, nil)
}

// closings are the facts of an account that say whether it is closed: they are a register beside its name.
func closings(all []*fact.Fact) []fact.Ref {
	var refs []fact.Ref
	for _, f := range all {
		if _, ok := fact.As[Closed](f); ok {
			refs = append(refs, f.Ref())
		}
	}
	return refs
}

// SetLang keeps the language that somebody chose for themselves.
func (a *Access) SetLang(ctx context.Context, account id.ID, lang string) error {
	_, err := a.log.Do(ctx, fact.Command{Name: "choose a language", Stream: "hub", Keys: []id.ID{account}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		acc, err := a.Get(ctx, q, account)
		if err != nil || acc == nil || acc.Lang == lang {
			return out, err
		}
		all, err := a.log.Of(ctx, q, account)
		if err != nil {
			return out, err
		}
		sealed, err := a.seal(ctx, q, account, details{acc.Name, acc.Login, lang})
		if err != nil {
			return out, err
		}
		var prev []fact.Ref
		for _, f := range all {
			if _, ok := fact.As[Opened](f); ok {
				prev = append(prev, f.Ref())
			}
		}
		out.Facts = []fact.New{{Stream: all[0].Stream, Kind: AccountOpened, Subject: account, Actor: account, Body: Opened{sealed}, Prev: prev}}
		return out, nil
	}})
	return err
}

func (a *Access) byLogin(ctx context.Context, q store.Querier, login string) (id.ID, error) {
	var account id.ID
	found, err := store.One(ctx, q, "SELECT id FROM access_account WHERE login = ?", store.Args(strings.ToLower(strings.TrimSpace(login))), &account)
	if err == nil && !found {
		err = ErrNoAccount
	}
	return account, err
}
