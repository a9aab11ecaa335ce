package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/place"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// Account is somebody who signs in.
type Account struct {
	ID     id.ID
	Login  string
	Name   string
	Lang   string
	Closed bool   // may not sign in
	Roles  []Held // those that count now; what the account opened for a limited time comes last, as Glass
	Ended  []Held // those that ran out and can be renewed
}

// Held is a role that an account holds.
type Held struct {
	Grant id.ID
	Role  Role
	On    On
	Until time.Time // zero: no end
	Names bool
}

// Reaches is how much of the grant's scope an action reaches.
func (h Held) Reaches(action Action) Extent {
	e := Reach(h.Role, action)
	if e == Named {
		if !h.Names {
			return Nothing
		}
		return Whole
	}
	return e
}

// Soon reports whether a role runs out before long.
func (h Held) Soon(now time.Time) bool { return !h.Until.IsZero() && h.Until.Sub(now) < WarnBefore }

// Access answers who may do what.
type Access struct {
	log    *fact.Log
	places *place.Places
	// Own says what is an account's own; the house sets it before anybody asks.
	Own *Relation
	// Owns says it for actions whose own is something else than for the rest: a guardian's children. The house sets it too.
	Owns map[Action]*Relation
	// Covers says what an agreement covers: places and programmes. Until an area that knows agreements sets it, an
	// agreement covers nothing.
	Covers func(ctx context.Context, q store.Querier, agreement id.ID) ([]On, error)

	executors map[Action]Executor // set at start, then only read
}

// New returns the area on a node's log.
func New(l *fact.Log, p *place.Places) *Access {
	return &Access{log: l, places: p, executors: map[Action]Executor{}}
}

// Scope returns where an account may do an action.
func (a *Access) Scope(ctx context.Context, q store.Querier, acc *Account, action Action) (Scope, error) {
	if acc == nil || acc.Closed {
		return Scope{}, nil
	}
	t, err := a.places.Tree(ctx, q)
	if err != nil {
		return Scope{}, err
	}
	s := At()
	s.own, s.programmes, s.agreements, s.account, s.relation = map[id.ID]bool{}, map[id.ID]bool{}, map[id.ID]bool{}, acc.ID, a.Own
	if r := a.Owns[action]; r != nil {
		s.relation = r
	}
	add := func(on On, e Extent) {
		switch {
		case on.Kind == InProgramme:
			s.programmes[on.ID] = true
		case e == Own:
			for _, c := range t.Within(on.ID) {
				s.own[c.ID] = true
			}
		default:
			for _, c := range t.Within(on.ID) {
				s.centres[c.ID] = true
			}
		}
	}
	for _, h := range acc.Roles {
		e := h.Reaches(action)
		switch {
		case e == Nothing:
		case h.Role == National:
			return Everywhere(), nil
		case h.On.Kind == UnderAgreed:
			s.agreements[h.On.ID] = true
			if a.Covers == nil {
				continue
			}
			covered, err := a.Covers(ctx, q, h.On.ID)
			if err != nil {
				return Scope{}, fmt.Errorf("read what an agreement covers: %w", err)
			}
			for _, on := range covered {
				add(on, e)
			}
		default:
			add(h.On, e)
		}
	}
	return s, nil
}

// May reports whether an account may do an action somewhere at all.
func (acc *Account) May(action Action) bool {
	if acc == nil || acc.Closed {
		return false
	}
	return action == Self || slices.ContainsFunc(acc.Roles, func(h Held) bool { return h.Reaches(action) != Nothing })
}

// ErrDenied is returned, wrapped, when somebody asks for what they may not do.
var ErrDenied = errors.New("you may not do this here; ask the manager of the centre or of the programme")

// accountColumns and heldColumns are what get and hold read.
const (
	accountColumns = "id, login, name, lang, closed"
	heldColumns    = "account, id, role, kind, thing, until, names"
)

func scanAccount(r store.Row) (*Account, error) {
	acc := &Account{}
	err := r.Scan(&acc.ID, &acc.Login, &acc.Name, &acc.Lang, &acc.Closed)
	return acc, err
}

func scanHeld(r store.Row) (account id.ID, h Held, err error) {
	var until int64
	err = r.Scan(&account, &h.Grant, (*string)(&h.Role), (*string)(&h.On.Kind), &h.On.ID, &until, &h.Names)
	if until != 0 {
		h.Until = time.Unix(until, 0)
	}
	return account, h, err
}

// hold gives an account a role that its row says, as one that counts or one that ran out.
func (acc *Account) hold(h Held, now time.Time) {
	if !h.Until.IsZero() && !h.Until.After(now) {
		acc.Ended = append(acc.Ended, h)
	} else {
		acc.Roles = append(acc.Roles, h)
	}
}

// Get returns an account with its roles, or nil.
func (a *Access) Get(ctx context.Context, q store.Querier, account id.ID) (*Account, error) {
	l, err := a.accounts(ctx, q, "id = ?", "account = ?", account)
	if err != nil || len(l) == 0 {
		return nil, err
	}
	return l[0], nil
}

// Of returns some accounts with their roles; those that this node does not know are left out.
func (a *Access) Of(ctx context.Context, q store.Querier, ids []id.ID) (map[id.ID]*Account, error) {
	out := map[id.ID]*Account{}
	for part := range slices.Chunk(ids, 500) {
		which, args := store.In("id", part)
		whose, _ := store.In("account", part)
		list, err := a.accounts(ctx, q, which, whose, args...)
		if err != nil {
			return nil, err
		}
		for _, acc := range list {
			out[acc.ID] = acc
		}
	}
	return out, nil
}

// On returns how many roles that have not run out are for something.
func (a *Access) On(ctx context.Context, q store.Querier, v id.ID) (n int, err error) {
	roles := store.Args()
	for _, r := range Roles { // so that the index is walked
		roles = append(roles, string(r))
	}
	_, err = store.One(ctx, q, "SELECT count(*) FROM access_role WHERE role IN (?"+strings.Repeat(", ?", len(roles)-1)+") AND thing = ? AND (until = 0 OR until > ?)", append(roles, v, a.log.Clock.Now().Unix()), &n)
	return n, err
}

// staff is a condition on a column of accounts: those who work for a programme, and those without any role.
func staff(column string) string {
	return column + " NOT IN (SELECT account FROM access_role WHERE role IN ('guardian', 'learner') AND account NOT IN (SELECT account FROM access_role WHERE role NOT IN ('guardian', 'learner')))"
}

// Staff returns the accounts of who works for a programme, by name: those of guardians and learners may be very many.
func (a *Access) Staff(ctx context.Context, q store.Querier) ([]*Account, error) {
	return a.accounts(ctx, q, staff("id"), staff("account"))
}

// Founded reports whether the node has any account.
func (a *Access) Founded(ctx context.Context, q store.Querier) (bool, error) {
	var one int
	return store.One(ctx, q, "SELECT 1 FROM access_account LIMIT 1", nil, &one)
}

// List returns every account, by name.
func (a *Access) List(ctx context.Context, q store.Querier) ([]*Account, error) {
	return a.accounts(ctx, q, always, always)
}

func (a *Access) accounts(ctx context.Context, q store.Querier, which, whose string, args ...any) ([]*Account, error) {
	var out []*Account
	byID := map[id.ID]*Account{}
	err := q.Each(ctx, "SELECT "+accountColumns+" FROM access_account WHERE "+which+" ORDER BY name, id", args, func(r store.Row) error {
		acc, err := scanAccount(r)
		out, byID[acc.ID] = append(out, acc), acc
		return err
	})
	if err != nil || len(out) == 0 {
		return nil, err
	}
	now := a.log.Clock.Now()
	err = q.Each(ctx, "SELECT "+heldColumns+" FROM access_role WHERE "+whose+" ORDER BY id", args, func(r store.Row) error {
		account, h, err := scanHeld(r)
		if acc := byID[account]; acc != nil && err == nil {
			acc.hold(h, now)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	// What somebody opened lasts while a role of theirs still allows to open it.
	err = q.Each(ctx, "SELECT account, id, centre, until FROM access_glass WHERE "+whose+" AND until > ? ORDER BY id", append(slices.Clone(args), now.Unix()), func(r store.Row) error {
		var account id.ID
		var until int64
		h := Held{Role: Glass, On: On{Kind: AtPlace}}
		err := r.Scan(&account, &h.Grant, &h.On.ID, &until)
		h.Until = time.Unix(until, 0)
		if acc := byID[account]; acc != nil && err == nil && acc.May(BreakGlass) {
			acc.Roles = append(acc.Roles, h)
		}
		return err
	})
	return out, err
}

// Newcomer is an account to open.
type Newcomer struct {
	Name, Login, Lang string
	Passphrase        string
	Role              Role
	On                On
	Names             bool      // see Named
	Until             time.Time // zero: Life from now
	// Stream is where the account's own name is kept: "hub" or a centre's.
	Stream string
	// Founds says that the account founds the node of the stream's centre: it manages that centre too, when the node does
	// not stand alone any more and a role for the country is not its own to give.
	Founds bool
}

func (n Newcomer) until(now time.Time) int64 {
	if n.Until.IsZero() {
		n.Until = now.Add(Life(n.Role))
	}
	return n.Until.Unix()
}

// Errors of Open. Their texts are for logs; doors translate them.
var (
	ErrLoginTaken = errors.New("this login is taken; choose another")
	ErrLoginForm  = errors.New("a login is 2 to 40 letters, digits, dots or hyphens, without spaces")
	ErrNameEmpty  = errors.New("a name is missing")
)

// Open opens an account with one role. Hashing the passphrase is slow on purpose, so it happens before the writer's
// turn. With ErrLoginTaken comes the account that has the login.
func (a *Access) Open(ctx context.Context, actor id.ID, n Newcomer) (id.ID, error) {
	n.Login = strings.ToLower(strings.TrimSpace(n.Login))
	n.Name = strings.TrimSpace(n.Name)
	hash := ""
	if n.Passphrase != "" {
		if err := CheckNewcomer(n.Name, n.Login, n.Passphrase); err != nil {
			return id.Nil, err
		}
		hash = hashPassphrase(n.Passphrase)
	} else if n.Name == "" {
		return id.Nil, ErrNameEmpty
	} else if !loginForm(n.Login) {
		return id.Nil, ErrLoginForm
	}
	fresh := id.New()
	account := fresh
	_, err := a.log.Do(ctx, fact.Command{Name: "open an account", Stream: n.Stream, Keys: []id.ID{LoginKey(n.Login)}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		out, holder, err := a.Opening(ctx, q, actor, fresh, n)
		account = holder
		if err == nil && hash != "" {
			out.Then(func(ctx context.Context, tx store.Tx) error {
				return saveSecret(ctx, tx, account, hash, a.log.Clock.Now())
			})
		}
		return out, err
	}})
	return account, err
}

// LoginKey is the key of a command that depends on whether a login is taken.
func LoginKey(login string) id.ID { return id.Named("login", login) }

// Opening prepares the facts of a new account, for a command that has the LoginKey of its login, and returns who has the
// login then: with ErrLoginTaken, another.
func (a *Access) Opening(ctx context.Context, q store.Querier, actor, account id.ID, n Newcomer) (fact.Outcome, id.ID, error) {
	var out fact.Outcome
	if !actor.IsNil() { // the program itself opens the first, and those of a simulation
		t, err := a.places.Tree(ctx, q)
		if err != nil {
			return out, account, err
		}
		giver, err := a.Get(ctx, q, actor)
		if err != nil {
			return out, account, err
		}
		if !giver.MayGive(t, n.Role, n.On) {
			return out, account, ErrDenied
		}
	}
	if other, err := a.byLogin(ctx, q, n.Login); err == nil {
		return out, other, ErrLoginTaken
	} else if !errors.Is(err, ErrNoAccount) {
		return out, account, err
	}
	k, err := a.log.Keys.New(account, n.Stream)
	if err != nil {
		return out, account, err
	}
	plain, err := json.Marshal(details{n.Name, n.Login, n.Lang})
	if err != nil {
		return out, account, err
	}
	out.Keys = []*seal.Key{k}
	out.Facts = []fact.New{
		{Stream: n.Stream, Kind: AccountOpened, Subject: account, Actor: actor, Body: Opened{k.Seal(plain)}, Born: true},
	}
	b := RoleGranted{account, n.Role, n.On, n.until(a.log.Clock.Now()), n.Names}
	at, ok := within(b, n.Stream)
	if ok && (n.Founds || at == b) {
		out.Facts = append(out.Facts, fact.New{Stream: n.Stream, Kind: KindGranted, Subject: id.New(), Actor: actor, Body: at, Born: true})
	}
	if !ok || at != b {
		out.Facts = append(out.Facts, fact.New{Stream: "commons", Kind: KindGranted, Subject: id.New(), Actor: actor, Body: b, Born: true})
	}
	return out, account, nil
}

// Holder returns who has a login, or ErrNoAccount.
func (a *Access) Holder(ctx context.Context, q store.Querier, login string) (id.ID, error) {
	return a.byLogin(ctx, q, login)
}

// CheckNewcomer says whether somebody with a passphrase could be given an account, but for the login being taken.
func CheckNewcomer(name, login, passphrase string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return ErrNameEmpty
	case !loginForm(strings.ToLower(strings.TrimSpace(login))):
		return ErrLoginForm
	}
	return CheckPassphrase(passphrase)
}

func loginForm(s string) bool {
	if len(s) < 2 || len(s) > 40 {
		return false
	}
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_') {
			return false
		}
	}
	return true
}

// seal seals what identifies an account with its own key.
func (a *Access) seal(ctx context.Context, q store.Querier, account id.ID, d details) (string, error) {
	k, err := a.log.Keys.Get(ctx, q, account)
	if err != nil {
		return "", err
	}
	plain, err := json.Marshal(d)
	if err != nil {
		return "", err
	}
	return k.Seal(plain), nil
}

// Family reports whether an account is that of a guardian or a learner, and of nobody who works for a programme.
func (acc *Account) Family() bool {
	all := append(slices.Clone(acc.Roles), acc.Ended...)
	return len(all) > 0 && !slices.ContainsFunc(all, func(h Held) bool { return h.Role != Guardian && h.Role != Learner })
}
