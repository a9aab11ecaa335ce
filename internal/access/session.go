package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"tizi/internal/id"
	"tizi/internal/store"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// Schema returns the migrations of what only this node knows.
func Schema() fs.FS {
	sub, _ := fs.Sub(schemaFiles, "schema")
	return sub
}

// Limits of signing in.
const (
	MinPassphrase = 10 // characters
	MaxTries      = 5  // wrong passphrases per login in TryWindow
	TryWindow     = 15 * time.Minute
	SessionLife   = 30 * 24 * time.Hour
	SessionIdle   = 8 * time.Hour
)

// Errors of signing in.
var (
	ErrPassphraseShort = fmt.Errorf("a passphrase has at least %d characters; a few words are good", MinPassphrase)
	ErrPassphraseLong  = errors.New("a passphrase has at most 200 characters")
	ErrWrong           = errors.New("the login or the passphrase is wrong")
	ErrTooManyTries    = errors.New("too many wrong tries; wait 15 minutes")
)

// CheckPassphrase says whether a passphrase may be used.
func CheckPassphrase(s string) error {
	switch n := utf8.RuneCountInString(strings.TrimSpace(s)); {
	case n < MinPassphrase:
		return ErrPassphraseShort
	case n > 200:
		return ErrPassphraseLong
	}
	return nil
}

// argon2id parameters (OWASP): 19 MiB, 2 passes, 1 lane; about 30 ms.
const (
	argonTime   = 2
	argonMemory = 19 * 1024
	argonLanes  = 1
)

// hashing bounds concurrent hashes, so that a burst of sign-ins cannot take a small box's memory.
var hashing = make(chan struct{}, 2)

func argon(pass string, salt []byte) []byte {
	hashing <- struct{}{}
	defer func() { <-hashing }()
	return argon2.IDKey([]byte(pass), salt, argonTime, argonMemory, argonLanes, 32)
}

func hashPassphrase(s string) string {
	salt := make([]byte, 16)
	rand.Read(salt)
	e := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", argonMemory, argonTime, argonLanes, e.EncodeToString(salt), e.EncodeToString(argon(s, salt)))
}

func verifyPassphrase(hash, s string) bool {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 {
		return false
	}
	e := base64.RawStdEncoding
	salt, err1 := e.DecodeString(parts[4])
	want, err2 := e.DecodeString(parts[5])
	return err1 == nil && err2 == nil && subtle.ConstantTimeCompare(argon(s, salt), want) == 1
}

// decoy makes an unknown login cost as much time as a known one.
var decoy = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

func saveSecret(ctx context.Context, tx store.Tx, account id.ID, hash string, now time.Time) error {
	return tx.Exec(ctx, "INSERT INTO access_secret (account, passphrase, changed) VALUES (?, ?, ?) ON CONFLICT (account) DO UPDATE SET passphrase = excluded.passphrase, changed = excluded.changed",
		account, hash, now.UnixMilli())
}

// ErrNoAccount is returned for a login that nobody has.
var ErrNoAccount = errors.New("nobody signs in with this login")

// SetPassphrase gives the account with a login a new passphrase and ends its sessions.
func (a *Access) SetPassphrase(ctx context.Context, login, passphrase string) error {
	if err := CheckPassphrase(passphrase); err != nil {
		return err
	}
	account, err := a.byLogin(ctx, a.log.DB, login)
	if err != nil {
		return err
	}
	hash := hashPassphrase(passphrase)
	return a.log.DB.Write(ctx, func(tx store.Tx) error {
		if err := saveSecret(ctx, tx, account, hash, a.log.Clock.Now()); err != nil {
			return err
		}
		return endAll(ctx, tx, account, nil)
	})
}

// CheckOwn checks the passphrase of somebody who is signed in. Where there is none, nothing is checked.
func (a *Access) CheckOwn(ctx context.Context, account id.ID, passphrase string) error {
	who := "passphrase " + account.String()
	right, err := a.attempt(ctx, try{who, MaxTries})
	if err != nil {
		return err
	}
	var hash string
	found, err := store.One(ctx, a.log.DB, "SELECT passphrase FROM access_secret WHERE account = ?", store.Args(account), &hash)
	if err != nil {
		return err
	}
	if found && !verifyPassphrase(hash, passphrase) {
		return ErrWrong
	}
	return right(ctx)
}

// ChangePassphrase gives an account a new passphrase, for whoever knows the old one, or has none yet. The other sessions
// end.
func (a *Access) ChangePassphrase(ctx context.Context, account id.ID, token, old, passphrase string) error {
	if err := a.CheckOwn(ctx, account, old); err != nil {
		return err
	}
	if err := CheckPassphrase(passphrase); err != nil {
		return err
	}
	hash := hashPassphrase(passphrase)
	return a.log.DB.Write(ctx, func(tx store.Tx) error {
		if err := saveSecret(ctx, tx, account, hash, a.log.Clock.Now()); err != nil {
			return err
		}
		return endAll(ctx, tx, account, digest(token))
	})
}

// HasPassphrase reports whether an account has a passphrase on this node.
func (a *Access) HasPassphrase(ctx context.Context, account id.ID) (bool, error) {
	var one int
	return store.One(ctx, a.log.DB, "SELECT 1 FROM access_secret WHERE account = ?", store.Args(account), &one)
}

// try is a way of guessing, and how many wrong guesses it has in TryWindow.
type try struct {
	who string
	max int
}

// attempt counts a try before it is made, so that a hundred at once are a hundred, and refuses it when there were too many
// wrong ones. Whoever was right calls what it returns, which takes the try back.
func (a *Access) attempt(ctx context.Context, tries ...try) (right func(context.Context) error, err error) {
	now := a.log.Clock.Now()
	since := now.Add(-TryWindow).UnixMilli()
	kept, back := make([][]any, len(tries)), make([][]any, len(tries))
	err = a.log.DB.Write(ctx, func(tx store.Tx) error {
		if err := tx.Lock(ctx, signInLock); err != nil {
			return err
		}
		if err := tx.Exec(ctx, "DELETE FROM access_try WHERE at <= ?", since); err != nil {
			return err
		}
		for i, t := range tries {
			var n int
			if _, err := store.One(ctx, tx, "SELECT count(*) FROM access_try WHERE who = ?", store.Args(tried(t.who)), &n); err != nil {
				return err
			}
			if n >= t.max {
				return ErrTooManyTries
			}
			kept[i] = []any{id.New(), tried(t.who), now.UnixMilli()}
			back[i] = kept[i][:1]
		}
		return tx.Many(ctx, "INSERT INTO access_try (id, who, at) VALUES (?, ?, ?)", kept, nil)
	})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		return a.log.DB.Write(ctx, func(tx store.Tx) error {
			return tx.Many(ctx, "DELETE FROM access_try WHERE id = ?", back, nil)
		})
	}, nil
}

// tried is what is kept of what was tried: a passphrase in the wrong field must not lie on the disk.
func tried(who string) string {
	h := sha256.Sum256([]byte(who))
	return hex.EncodeToString(h[:16])
}

// SignIn checks a login and passphrase and begins a session; the token goes into a cookie and is stored only as a hash.
// address is where the try comes from. Where the account has a second factor, the error is a *SecondFactor.
func (a *Access) SignIn(ctx context.Context, login, passphrase, agent, address string) (token string, err error) {
	login = strings.ToLower(strings.TrimSpace(login))
	// Few tries at one login from one address, more from all: whoever knows a login cannot lock its owner out from afar.
	right, err := a.attempt(ctx, try{"login " + login + " from " + address, MaxTries}, try{"login " + login, MaxTries * 6}, try{"from " + address, MaxTries * 4})
	if err != nil {
		return "", err
	}
	var account id.ID
	hash := decoy
	_, err = store.One(ctx, a.log.DB, "SELECT s.account, s.passphrase FROM access_account a JOIN access_secret s ON s.account = a.id WHERE a.login = ? AND a.closed = 0", store.Args(login), &account, &hash)
	if err != nil {
		return "", err
	}
	if !verifyPassphrase(hash, passphrase) || account.IsNil() {
		return "", ErrWrong
	}
	if err := right(ctx); err != nil {
		return "", err
	}
	has, err := a.HasFactor(ctx, account)
	if err != nil {
		return "", err
	}
	if has {
		ticket, err := a.ticket(ctx, "factor", account, "")
		if err != nil {
			return "", err
		}
		return "", &SecondFactor{ticket}
	}
	return a.Begin(ctx, account, agent)
}

// Begin begins a session without asking for anything: of whoever has proved who they are otherwise, or in the demo.
func (a *Access) Begin(ctx context.Context, account id.ID, agent string) (token string, err error) {
	token = Random()
	now := a.log.Clock.Now().UnixMilli()
	if len(agent) > 200 {
		agent = agent[:200]
	}
	err = a.log.DB.Write(ctx, func(tx store.Tx) error {
		return tx.Exec(ctx, "INSERT INTO access_session (token, account, agent, created, seen) VALUES (?, ?, ?, ?, ?)", digest(token), account, strings.ToValidUTF8(agent, ""), now, now)
	})
	return token, err
}

func digest(token string) []byte {
	h := sha256.Sum256([]byte(token))
	return h[:]
}

// seenEvery is how often a session's last use is written: a write a page would be waste.
const seenEvery = 10 * time.Minute

// Who returns the account of a session, or nil when there is none or it ended.
func (a *Access) Who(ctx context.Context, token string) (*Account, error) {
	if token == "" {
		return nil, nil
	}
	var account id.ID
	var created, seen int64
	found, err := store.One(ctx, a.log.DB, "SELECT account, created, seen FROM access_session WHERE token = ?", store.Args(digest(token)), &account, &created, &seen)
	if err != nil || !found {
		return nil, err
	}
	now := a.log.Clock.Now()
	if now.Sub(time.UnixMilli(created)) > SessionLife || now.Sub(time.UnixMilli(seen)) > SessionIdle {
		return nil, a.End(ctx, token)
	}
	if now.Sub(time.UnixMilli(seen)) > seenEvery {
		err := a.log.DB.Write(ctx, func(tx store.Tx) error {
			return tx.Exec(ctx, "UPDATE access_session SET seen = ? WHERE token = ?", now.UnixMilli(), digest(token))
		})
		// On a full disk people must still be able to read.
		if err != nil && !errors.Is(err, store.ErrFull) {
			return nil, err
		}
	}
	acc, err := a.Get(ctx, a.log.DB, account)
	if err == nil && acc != nil && acc.Closed {
		return nil, a.End(ctx, token)
	}
	return acc, err
}

// End ends a session.
func (a *Access) End(ctx context.Context, token string) error {
	return a.log.DB.Write(ctx, func(tx store.Tx) error {
		return tx.Exec(ctx, "DELETE FROM access_session WHERE token = ?", digest(token))
	})
}

// endAll ends the sessions of an account but one (nil: none).
func endAll(ctx context.Context, tx store.Tx, account id.ID, but []byte) error {
	if but == nil {
		but = []byte{}
	}
	if err := tx.Exec(ctx, "DELETE FROM access_ticket WHERE account = ?", account); err != nil {
		return err
	}
	return tx.Exec(ctx, "DELETE FROM access_session WHERE account = ? AND token <> ?", account, but)
}

// Session is a browser that somebody is signed in with.
type Session struct {
	// Handle names it on a page: a hash of what is stored, which is a hash of the token.
	Handle        string
	Agent         string
	Created, Seen time.Time
	Current       bool
}

// Sessions returns the sessions of an account that have not ended, the latest used first. token is that of the one who
// asks.
func (a *Access) Sessions(ctx context.Context, account id.ID, token string) ([]Session, error) {
	now := a.log.Clock.Now()
	var out []Session
	err := a.log.DB.Each(ctx, "SELECT token, agent, created, seen FROM access_session WHERE account = ? AND created > ? AND seen > ? ORDER BY seen DESC, created DESC", store.Args(account, now.Add(-SessionLife).UnixMilli(), now.Add(-SessionIdle).UnixMilli()), func(r store.Row) error {
		var stored []byte
		var created, seen int64
		var s Session
		if err := r.Scan(&stored, &s.Agent, &created, &seen); err != nil {
			return err
		}
		s.Handle, s.Created, s.Seen = handle(stored), time.UnixMilli(created), time.UnixMilli(seen)
		s.Current = subtle.ConstantTimeCompare(stored, digest(token)) == 1
		out = append(out, s)
		return nil
	})
	return out, err
}

func handle(stored []byte) string {
	h := sha256.Sum256(stored)
	return hex.EncodeToString(h[:12])
}

// ErrNoSession is returned for a session that there is not, or not any more.
var ErrNoSession = errors.New("there is no such session; it may have ended")

// EndSession ends one session of an account, by its handle.
func (a *Access) EndSession(ctx context.Context, account id.ID, which string) error {
	var stored []byte
	err := a.log.DB.Each(ctx, "SELECT token FROM access_session WHERE account = ?", store.Args(account), func(r store.Row) error {
		var b []byte
		err := r.Scan(&b)
		if handle(b) == which {
			stored = b
		}
		return err
	})
	if err != nil {
		return err
	}
	if stored == nil {
		return ErrNoSession
	}
	return a.log.DB.Write(ctx, func(tx store.Tx) error {
		return tx.Exec(ctx, "DELETE FROM access_session WHERE token = ?", stored)
	})
}

// EndOthers ends all sessions of an account but that of a token.
func (a *Access) EndOthers(ctx context.Context, account id.ID, token string) error {
	return a.log.DB.Write(ctx, func(tx store.Tx) error { return endAll(ctx, tx, account, digest(token)) })
}
