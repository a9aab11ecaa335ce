package access

import (
	"context"
	"errors"
	"strings"

	"tizi/internal/id"
	"tizi/internal/store"
)

// ErrNotHere is returned when a provider of single sign-on vouches for somebody who has no account here, or whose account
// belongs to somebody else there.
var ErrNotHere = errors.New("nobody here signs in as this; a manager opens an account with the same login first")

// SignInOutside begins a session for whom a provider of single sign-on vouches. The first time the account is the one with
// the login that the provider states; from then on it is bound to the provider's own name for the person, since logins
// are given out again.
func (a *Access) SignInOutside(ctx context.Context, issuer, subject, login, agent string) (token string, err error) {
	var account id.ID
	err = a.log.DB.Write(ctx, func(tx store.Tx) error {
		if err := tx.Lock(ctx, signInLock); err != nil {
			return err
		}
		found, err := store.One(ctx, tx, "SELECT o.account FROM access_outside o JOIN access_account a ON a.id = o.account WHERE o.issuer = ? AND o.subject = ? AND a.closed = 0", store.Args(issuer, subject), &account)
		if err != nil || found {
			return err
		}
		found, err = store.One(ctx, tx, "SELECT id FROM access_account WHERE login = ? AND closed = 0", store.Args(strings.ToLower(strings.TrimSpace(login))), &account)
		if err != nil {
			return err
		}
		if !found {
			return ErrNotHere
		}
		var one int
		taken, err := store.One(ctx, tx, "SELECT 1 FROM access_outside WHERE account = ? AND issuer = ?", store.Args(account, issuer), &one)
		if err != nil {
			return err
		}
		if taken {
			return ErrNotHere
		}
		return tx.Exec(ctx, "INSERT INTO access_outside (issuer, subject, account) VALUES (?, ?, ?)", issuer, subject, account)
	})
	if err != nil {
		return "", err
	}
	return a.Begin(ctx, account, agent)
}
