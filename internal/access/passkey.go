package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"tizi/internal/id"
	"tizi/internal/store"
)

// Errors of passkeys.
var (
	ErrNoPasskeys      = errors.New("a browser keeps passkeys for https addresses with a name, and for localhost, only")
	ErrPasskey         = errors.New("this passkey is not known here, or what it signed is wrong")
	ErrPasskeyTaken    = errors.New("this passkey is known here already")
	ErrTooManyPasskeys = fmt.Errorf("an account has at most %d passkeys", maxPasskeys)
)

const maxPasskeys = 20

// Passkey is one of an account's.
type Passkey struct {
	ID            string // hex of the first bytes of its id, to name it on a page
	Name          string
	Created, Used time.Time // Used is zero before the first time
}

// webAuthn is the protocol for the address that a browser asks at. A passkey is bound to the name in it, so that no other
// address can ask for it.
func webAuthn(host string) (*webauthn.WebAuthn, error) {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.ToLower(name)
	local := name == "localhost" || strings.HasSuffix(name, ".localhost")
	if net.ParseIP(strings.Trim(name, "[]")) != nil || !local && !strings.Contains(name, ".") {
		return nil, ErrNoPasskeys
	}
	// Behind a proxy that speaks TLS this program sees plain HTTP; the browser states what its address is, and offers no
	// passkeys elsewhere than on https and localhost.
	origins := []string{"https://" + host}
	if local {
		origins = append(origins, "http://"+host)
	}
	w, err := webauthn.New(&webauthn.Config{RPID: name, RPDisplayName: "Tizi", RPOrigins: origins})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoPasskeys, err)
	}
	return w, nil
}

// PasskeysAt reports whether an address can have passkeys at all.
func PasskeysAt(host string) bool { _, err := webAuthn(host); return err == nil }

// user is an account as the protocol sees it.
type user struct {
	acc  *Account
	keys []webauthn.Credential
}

func (u *user) WebAuthnID() []byte                         { return u.acc.ID[:] }
func (u *user) WebAuthnName() string                       { return u.acc.Login }
func (u *user) WebAuthnDisplayName() string                { return u.acc.Name }
func (u *user) WebAuthnCredentials() []webauthn.Credential { return u.keys }

func (a *Access) user(ctx context.Context, q store.Querier, acc *Account) (*user, error) {
	u := &user{acc: acc}
	err := q.Each(ctx, "SELECT credential FROM access_passkey WHERE account = ?", store.Args(acc.ID), func(r store.Row) error {
		var s string
		var c webauthn.Credential
		if err := r.Scan(&s); err != nil {
			return err
		}
		err := json.Unmarshal([]byte(s), &c)
		u.keys = append(u.keys, c)
		return err
	})
	return u, err
}

// Passkeys returns those of an account, oldest first.
func (a *Access) Passkeys(ctx context.Context, account id.ID) ([]Passkey, error) {
	var out []Passkey
	err := a.log.DB.Each(ctx, "SELECT id, name, created, used FROM access_passkey WHERE account = ? ORDER BY created, id", store.Args(account), func(r store.Row) error {
		var k Passkey
		var raw []byte
		var created, used int64
		if err := r.Scan(&raw, &k.Name, &created, &used); err != nil {
			return err
		}
		k.ID, k.Created = handle(raw), time.UnixMilli(created)
		if used > 0 {
			k.Used = time.UnixMilli(used)
		}
		out = append(out, k)
		return nil
	})
	return out, err
}

// BeginPasskey begins to add a passkey at an address: what the browser is to be asked, and the ticket of the next step.
func (a *Access) BeginPasskey(ctx context.Context, acc *Account, host string) (ask any, ticket string, err error) {
	w, err := webAuthn(host)
	if err != nil {
		return nil, "", err
	}
	u, err := a.user(ctx, a.log.DB, acc)
	if err != nil {
		return nil, "", err
	}
	if len(u.keys) >= maxPasskeys {
		return nil, "", ErrTooManyPasskeys
	}
	var known []protocol.CredentialDescriptor
	for _, k := range u.keys {
		known = append(known, k.Descriptor())
	}
	// The device asks for a finger, a face or its code, so a passkey is both factors; and it knows whose it is, so nobody
	// types a login.
	ask, session, err := w.BeginRegistration(u, webauthn.WithExclusions(known), webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{
		ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(), UserVerification: protocol.VerificationRequired,
	}))
	if err != nil {
		return nil, "", fmt.Errorf("ask for a passkey: %w", err)
	}
	ticket, err = a.keep(ctx, "passkey.add", acc.ID, session)
	return ask, ticket, err
}

func (a *Access) keep(ctx context.Context, purpose string, account id.ID, session *webauthn.SessionData) (string, error) {
	b, err := json.Marshal(session)
	if err != nil {
		return "", err
	}
	return a.ticket(ctx, purpose, account, string(b))
}

// AddPasskey ends it: answer is what the browser said.
func (a *Access) AddPasskey(ctx context.Context, acc *Account, host, ticket, name string, answer []byte) error {
	w, err := webAuthn(host)
	if err != nil {
		return err
	}
	whose, content, err := a.punch(ctx, "passkey.add", ticket)
	if err != nil {
		return err
	}
	if whose != acc.ID {
		return ErrTicket
	}
	var session webauthn.SessionData
	if err := json.Unmarshal([]byte(content), &session); err != nil {
		return err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPasskey, err)
	}
	c, err := w.CreateCredential(&user{acc: acc}, session, parsed)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPasskey, err)
	}
	b, err := json.Marshal(c)
	if err != nil {
		return err
	}
	if name = strings.TrimSpace(name); utf8.RuneCountInString(name) > 60 {
		name = string([]rune(name)[:60])
	}
	return a.log.DB.Write(ctx, func(tx store.Tx) error {
		if err := tx.Lock(ctx, signInLock); err != nil {
			return err
		}
		var one int
		taken, err := store.One(ctx, tx, "SELECT 1 FROM access_passkey WHERE id = ?", store.Args(c.ID), &one)
		if err != nil {
			return err
		}
		if taken {
			return ErrPasskeyTaken
		}
		return tx.Exec(ctx, "INSERT INTO access_passkey (id, account, name, credential, created, used) VALUES (?, ?, ?, ?, ?, 0)", c.ID, acc.ID, name, string(b), a.log.Clock.Now().UnixMilli())
	})
}

// DropPasskey removes one of an account's.
func (a *Access) DropPasskey(ctx context.Context, account id.ID, which string) error {
	var raw []byte
	err := a.log.DB.Each(ctx, "SELECT id FROM access_passkey WHERE account = ?", store.Args(account), func(r store.Row) error {
		var b []byte
		err := r.Scan(&b)
		if handle(b) == which {
			raw = b
		}
		return err
	})
	if err != nil {
		return err
	}
	if raw == nil {
		return ErrPasskey
	}
	return a.log.DB.Write(ctx, func(tx store.Tx) error {
		return tx.Exec(ctx, "DELETE FROM access_passkey WHERE id = ? AND account = ?", raw, account)
	})
}

// BeginPasskeySignIn begins to sign in with a passkey at an address. Nobody says who they are: the passkey does.
func (a *Access) BeginPasskeySignIn(ctx context.Context, host string) (ask any, ticket string, err error) {
	w, err := webAuthn(host)
	if err != nil {
		return nil, "", err
	}
	ask, session, err := w.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return nil, "", fmt.Errorf("ask for a passkey: %w", err)
	}
	ticket, err = a.keep(ctx, "passkey", id.Nil, session)
	return ask, ticket, err
}

// SignInPasskey ends it and begins a session.
func (a *Access) SignInPasskey(ctx context.Context, host, ticket string, answer []byte, agent, address string) (token string, err error) {
	who := "from " + address
	w, err := webAuthn(host)
	if err != nil {
		return "", err
	}
	right, err := a.attempt(ctx, try{who, MaxTries * 4})
	if err != nil {
		return "", err
	}
	_, content, err := a.punch(ctx, "passkey", ticket)
	if err != nil {
		return "", errors.Join(err, right(ctx))
	}
	var session webauthn.SessionData
	if err := json.Unmarshal([]byte(content), &session); err != nil {
		return "", err
	}
	var fault error // of the database: no fault of the passkey
	find := func(_, handle []byte) (webauthn.User, error) {
		if len(handle) != len(id.Nil) {
			return nil, ErrPasskey
		}
		acc, err := a.Get(ctx, a.log.DB, id.ID(handle))
		if err != nil {
			fault = err
			return nil, err
		}
		if acc == nil || acc.Closed {
			return nil, ErrPasskey
		}
		u, err := a.user(ctx, a.log.DB, acc)
		if err != nil {
			fault = err
		}
		return u, err
	}
	var found webauthn.User
	var c *webauthn.Credential
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err == nil {
		found, c, err = w.ValidatePasskeyLogin(find, session, parsed)
	}
	if fault != nil {
		return "", fault
	}
	if err == nil && c.Authenticator.CloneWarning {
		err = errors.New("its counter went back: there may be a copy of it")
	}
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrPasskey, err)
	}
	if err := right(ctx); err != nil {
		return "", err
	}
	b, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	err = a.log.DB.Write(ctx, func(tx store.Tx) error {
		return tx.Exec(ctx, "UPDATE access_passkey SET credential = ?, used = ? WHERE id = ?", string(b), a.log.Clock.Now().UnixMilli(), c.ID)
	})
	if err != nil {
		return "", err
	}
	return a.Begin(ctx, found.(*user).acc.ID, agent)
}
