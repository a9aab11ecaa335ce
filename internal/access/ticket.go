package access

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"time"

	"tizi/internal/id"
	"tizi/internal/store"
)

// TicketLife is how long a step of signing in may take.
const TicketLife = 10 * time.Minute

// ErrTicket is returned when a step of signing in took too long, or came from elsewhere than the one before.
var ErrTicket = errors.New("this took too long; begin again")

// Random returns 256 random bits as text.
func Random() string {
	raw := make([]byte, 32)
	rand.Read(raw)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// ticket keeps what the next step of signing in needs, and returns what the browser shows to take it up.
func (a *Access) ticket(ctx context.Context, purpose string, account id.ID, content string) (string, error) {
	token := Random()
	now := a.log.Clock.Now()
	return token, a.log.DB.Write(ctx, func(tx store.Tx) error {
		if err := tx.Exec(ctx, "DELETE FROM access_ticket WHERE until <= ?", now.UnixMilli()); err != nil {
			return err
		}
		return tx.Exec(ctx, "INSERT INTO access_ticket (token, purpose, account, content, until) VALUES (?, ?, ?, ?, ?)", digest(token), purpose, account, content, now.Add(TicketLife).UnixMilli())
	})
}

// look reads a ticket without using it up.
func (a *Access) look(ctx context.Context, q store.Querier, purpose, token string) (account id.ID, content string, err error) {
	found, err := store.One(ctx, q, "SELECT account, content FROM access_ticket WHERE token = ? AND purpose = ? AND until > ?", store.Args(digest(token), purpose, a.log.Clock.Now().UnixMilli()), &account, &content)
	if err == nil && !found {
		err = ErrTicket
	}
	return account, content, err
}

// punch uses a ticket up: it is good once, also when two come with it at the same time.
func (a *Access) punch(ctx context.Context, purpose, token string) (account id.ID, content string, err error) {
	err = a.log.DB.Write(ctx, func(tx store.Tx) error {
		if err := tx.Lock(ctx, signInLock); err != nil {
			return err
		}
		var err error
		if account, content, err = a.look(ctx, tx, purpose, token); err != nil {
			return err
		}
		return tx.Exec(ctx, "DELETE FROM access_ticket WHERE token = ?", digest(token))
	})
	return account, content, err
}

// Ticket keeps something of a caller's for a browser's next step, such as the state of a single sign-on.
func (a *Access) Ticket(ctx context.Context, purpose, content string) (string, error) {
	return a.ticket(ctx, purpose, id.Nil, content)
}

// Punch gives back what Ticket kept, once.
func (a *Access) Punch(ctx context.Context, purpose, token string) (string, error) {
	_, content, err := a.punch(ctx, purpose, token)
	return content, err
}
