package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/place"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// Opened is the body of account.opened: somebody who signs in. Name and login are sealed with the account's own key.
type Opened struct {
	Sealed string `json:"sealed"`
}

// Check wants what identifies the account to be sealed.
func (o Opened) Check() error {
	if o.Sealed == "" {
		return errors.New("an account needs a name and a login")
	}
	return nil
}

// details is what Opened seals.
type details struct {
	Name  string `json:"name"`
	Login string `json:"login"`
	Lang  string `json:"lang,omitempty"`
}

// RoleGranted is the body of role.granted: an account plays a role at a place and below it.
type RoleGranted struct {
	Account id.ID `json:"account"`
	Role    Role  `json:"role"`
	Place   id.ID `json:"place"`
}

// Check says what is missing.
func (g RoleGranted) Check() error {
	if g.Account.IsNil() || g.Place.IsNil() || !slices.Contains(Roles, g.Role) {
		return errors.New("a role needs an account, a place and a name that is known")
	}
	return nil
}

// RoleWithdrawn is the body of role.withdrawn.
type RoleWithdrawn struct {
	Reason string `json:"reason,omitempty"`
}

// Check accepts any.
func (RoleWithdrawn) Check() error { return nil }

// The kinds of this area.
var (
	AccountOpened = fact.NewKind[Opened](fact.Kind{Name: "account.opened", Streams: []string{"hub", "centre"}})
	KindGranted   = fact.NewKind[RoleGranted](fact.Kind{Name: "role.granted", Critical: true, Streams: []string{"commons"}})
	KindWithdrawn = fact.NewKind[RoleWithdrawn](fact.Kind{Name: "role.withdrawn", Critical: true, Streams: []string{"commons"}})
)

var (
	accountTable = &store.Table{Name: "access_account", Key: 1, Columns: store.Cols("id:id login:text name:text lang:text"), Indexes: []string{"login"}}
	roleTable    = &store.Table{Name: "access_role", Key: 1, Columns: store.Cols("id:id account:id role:text place:id"), Indexes: []string{"account"}}
)

// Folds of this area.
var Folds = []*fact.Fold{
	{
		Name: "access.account", Kinds: []*fact.Kind{AccountOpened}, Tables: []*store.Table{accountTable}, Sealed: true,
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			f := s.Last(func(f *fact.Fact) bool { _, ok := fact.As[Opened](f); return ok })
			if f == nil {
				return nil
			}
			o, _ := fact.As[Opened](f)
			var d details
			if plain, ok := s.Open(s.ID, o.Sealed); !ok || json.Unmarshal(plain, &d) != nil {
				return nil
			}
			out.Add(accountTable, s.ID, d.Login, d.Name, d.Lang)
			return nil
		},
		Sample: func(d fact.Draw, newKey fact.NewKey) fact.History {
			p := id.New()
			k := newKey(p)
			h := fact.History{Subject: p, Key: k}
			for i := range 1 + d.Int("edits", 3) {
				b, _ := json.Marshal(details{Name: fmt.Sprint("name ", i), Login: fmt.Sprint("login", d.Int("login", 3))})
				h.Steps = append(h.Steps, fact.Step{Kind: AccountOpened, Body: Opened{Sealed: k.Seal(b)}, By: d.Int("by", 2)})
			}
			return h
		},
	},
	{
		Name: "access.role", Kinds: []*fact.Kind{KindGranted, KindWithdrawn}, Tables: []*store.Table{roleTable},
		Fold: func(s *fact.Subject, out *fact.Rows) error {
			f := s.Last(func(*fact.Fact) bool { return true })
			if f == nil {
				return nil
			}
			if g, ok := fact.As[RoleGranted](f); ok {
				out.Add(roleTable, s.ID, g.Account, string(g.Role), g.Place)
			}
			return nil
		},
		Sample: func(d fact.Draw, _ fact.NewKey) fact.History {
			h := fact.History{Subject: id.New()}
			for i := range 1 + d.Int("steps", 4) {
				st := fact.Step{Kind: KindGranted, Body: RoleGranted{Account: id.New(), Role: Trainer, Place: id.New()}, By: d.Int("by", 2)}
				if i > 0 {
					st.Prev = []int{d.Int("saw", i)}
					if d.Int("withdraw", 2) == 1 {
						st.Kind, st.Body = KindWithdrawn, RoleWithdrawn{Reason: "left"}
					}
				}
				h.Steps = append(h.Steps, st)
			}
			return h
		},
	},
}

// Account is somebody who signs in.
type Account struct {
	ID    id.ID
	Login string
	Name  string
	Lang  string
	Roles []Held
}

// Held is a role that an account holds.
type Held struct {
	Grant id.ID
	Role  Role
	Place id.ID
}

// Access answers who may do what.
type Access struct {
	log    *fact.Log
	places *place.Places
}

// New returns the area on a node's log.
func New(l *fact.Log, p *place.Places) *Access { return &Access{l, p} }

// Scope returns where an account may do an action.
func (a *Access) Scope(ctx context.Context, q store.Querier, acc *Account, action Action) (Scope, error) {
	if acc == nil {
		return Scope{}, nil
	}
	t, err := a.places.Tree(ctx, q)
	if err != nil {
		return Scope{}, err
	}
	s := At()
	for _, h := range acc.Roles {
		if !Allows(h.Role, action) {
			continue
		}
		if h.Role == National {
			return Everywhere(), nil
		}
		for _, c := range t.Within(h.Place) {
			s.centres[c.ID] = true
		}
	}
	return s, nil
}

// May reports whether an account may do an action somewhere at all.
func (acc *Account) May(action Action) bool {
	return acc != nil && slices.ContainsFunc(acc.Roles, func(h Held) bool { return Allows(h.Role, action) })
}

// ErrDenied is returned, wrapped, when somebody asks for what they may not do.
var ErrDenied = errors.New("you may not do this here; ask the manager of the centre or of the programme")

// Get returns an account with its roles, or nil.
func (a *Access) Get(ctx context.Context, q store.Querier, account id.ID) (*Account, error) {
	acc := &Account{ID: account}
	found, err := store.One(ctx, q, "SELECT login, name, lang FROM access_account WHERE id = ?", store.Args(account), &acc.Login, &acc.Name, &acc.Lang)
	if err != nil || !found {
		return nil, err
	}
	err = q.Each(ctx, "SELECT id, role, place FROM access_role WHERE account = ? ORDER BY id", store.Args(account), func(r store.Row) error {
		var h Held
		err := r.Scan(&h.Grant, &h.Role, &h.Place)
		acc.Roles = append(acc.Roles, h)
		return err
	})
	return acc, err
}

// List returns every account, by name.
func (a *Access) List(ctx context.Context, q store.Querier) ([]*Account, error) {
	var out []*Account
	byID := map[id.ID]*Account{}
	err := q.Each(ctx, "SELECT id, login, name, lang FROM access_account ORDER BY name, id", nil, func(r store.Row) error {
		acc := &Account{}
		err := r.Scan(&acc.ID, &acc.Login, &acc.Name, &acc.Lang)
		out, byID[acc.ID] = append(out, acc), acc
		return err
	})
	if err != nil {
		return nil, err
	}
	err = q.Each(ctx, "SELECT account, id, role, place FROM access_role ORDER BY id", nil, func(r store.Row) error {
		var account id.ID
		var h Held
		if err := r.Scan(&account, &h.Grant, &h.Role, &h.Place); err != nil {
			return err
		}
		if acc := byID[account]; acc != nil {
			acc.Roles = append(acc.Roles, h)
		}
		return nil
	})
	return out, err
}

// Newcomer is an account to open.
type Newcomer struct {
	Name, Login, Lang string
	Passphrase        string
	Role              Role
	Place             id.ID
	// Stream is where the account's own name is kept: "hub" or a centre's.
	Stream string
}

// Errors of Open. Their texts are for logs; doors translate them.
var (
	ErrLoginTaken = errors.New("this login is taken; choose another")
	ErrLoginForm  = errors.New("a login is 2 to 40 letters, digits, dots or hyphens, without spaces")
	ErrNameEmpty  = errors.New("a name is missing")
)

// Open opens an account with one role. Hashing the passphrase is slow on purpose, so it happens before the writer's
// turn.
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
	account := id.New()
	_, err := a.log.Do(ctx, fact.Command{Name: "open an account", Stream: n.Stream, Keys: []id.ID{id.Named("login", n.Login)}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		var other id.ID
		taken, err := store.One(ctx, q, "SELECT id FROM access_account WHERE login = ?", store.Args(n.Login), &other)
		if err != nil {
			return out, err
		}
		if taken {
			return out, ErrLoginTaken
		}
		k, err := a.log.Keys.New(account, n.Stream)
		if err != nil {
			return out, err
		}
		plain, err := json.Marshal(details{n.Name, n.Login, n.Lang})
		if err != nil {
			return out, err
		}
		out.Keys = []*seal.Key{k}
		out.Facts = []fact.New{
			{Stream: n.Stream, Kind: AccountOpened, Subject: account, Actor: actor, Body: Opened{k.Seal(plain)}, Born: true},
			{Stream: "commons", Kind: KindGranted, Subject: id.New(), Actor: actor, Body: RoleGranted{account, n.Role, n.Place}, Born: true},
		}
		if hash != "" {
			out.Also = func(ctx context.Context, tx store.Tx) error {
				return saveSecret(ctx, tx, account, hash, a.log.Clock.Now())
			}
		}
		return out, nil
	}})
	return account, err
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
