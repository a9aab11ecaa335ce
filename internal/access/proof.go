package access

import (
	"context"
	"errors"
	"strings"

	"tizi/internal/id"
	"tizi/internal/store"
)

// HashSecret returns the hash of a secret that people type, as passphrases are hashed.
func HashSecret(s string) string { return hashPassphrase(s) }

// MatchesSecret reports whether a hash is that of a secret. An empty hash takes as long and is none.
func MatchesSecret(hash, s string) bool {
	if hash == "" {
		verifyPassphrase(decoy, s)
		return false
	}
	return verifyPassphrase(hash, s)
}

// Proved lets an area that keeps another proof of who somebody is check it, with the bounds on wrong tries that hold for
// all: of what is tried (which), and of where it comes from (address). check returns the account that is proved, or Nil.
func (a *Access) Proved(ctx context.Context, which, address string, check func() (id.ID, error)) (id.ID, error) {
	right, err := a.attempt(ctx, try{which, MaxTries}, try{"from " + address, MaxTries * 4})
	if err != nil {
		return id.Nil, err
	}
	account, err := check()
	if err != nil {
		return id.Nil, err
	}
	if account.IsNil() {
		return id.Nil, ErrWrong
	}
	return account, right(ctx)
}

// Guardians returns at most max accounts, by name, that hold the role of a guardian at a centre and whose name holds some words.
func (a *Access) Guardians(ctx context.Context, q store.Querier, centre id.ID, like string, max int) ([]*Account, error) {
	var found []id.ID
	err := q.Each(ctx, "SELECT id, name FROM access_account WHERE id IN (SELECT account FROM access_role WHERE role = 'guardian' AND thing = ?) ORDER BY name, id", store.Args(centre), func(r store.Row) error {
		var v id.ID
		var name string
		if err := r.Scan(&v, &name); err != nil {
			return err
		}
		if holds(name, like) {
			found = append(found, v)
		}
		if len(found) == max {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	if len(found) == 0 {
		return nil, nil
	}
	which, args := store.In("id", found)
	whose, _ := store.In("account", found)
	return a.accounts(ctx, q, which, whose, args...)
}

var errEnough = errors.New("enough")

// holds reports whether a name holds all words of a search.
func holds(name, like string) bool {
	name = strings.ToLower(name)
	for _, w := range strings.Fields(strings.ToLower(like)) {
		if !strings.Contains(name, w) {
			return false
		}
	}
	return true
}
