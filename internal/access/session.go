package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"embed"
	"encoding/base64"
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
	var account id.ID
	found, err := store.One(ctx, a.log.DB, "SELECT id FROM access_account WHERE login = ?", store.Args(strings.ToLower(strings.TrimSpace(login))), &account)
	if err != nil {
		return err
	}
	if !found {
		return ErrNoAccount
	}
	hash := hashPassphrase(passphrase)
	return a.log.DB.Write(ctx, func(tx store.Tx) error {
		if err := saveSecret(ctx, tx, account, hash, a.log.Clock.Now()); err != nil {
			return err
		}
		return tx.Exec(ctx, "DELETE FROM access_session WHERE account = ?", account)
	})
}

// SignIn checks a login and passphrase and begins a session; the token goes into a cookie and is stored only as a hash.
// address is where the try comes from.
func (a *Access) SignIn(ctx context.Context, login, passphrase, agent, address string) (token string, err error) {
	login = strings.ToLower(strings.TrimSpace(login))
	now := a.log.Clock.Now()
	since := now.Add(-TryWindow).UnixMilli()
	for who, max := range map[string]int{"login " + login: MaxTries, "from " + address: MaxTries * 4} {
		var n int
		if _, err := store.One(ctx, a.log.DB, "SELECT count(*) FROM access_try WHERE who = ? AND at > ?", store.Args(who, since), &n); err != nil {
			return "", err
		}
		if n >= max {
			return "", ErrTooManyTries
		}
	}
	var account id.ID
	hash := decoy
	_, err = store.One(ctx, a.log.DB, "SELECT s.account, s.passphrase FROM access_account a JOIN access_secret s ON s.account = a.id WHERE a.login = ?", store.Args(login), &account, &hash)
	if err != nil {
		return "", err
	}
	if !verifyPassphrase(hash, passphrase) || account.IsNil() {
		err := a.log.DB.Write(ctx, func(tx store.Tx) error {
			if err := tx.Exec(ctx, "DELETE FROM access_try WHERE at <= ?", since); err != nil {
				return err
			}
			for _, who := range []string{"login " + login, "from " + address} {
				if err := tx.Exec(ctx, "INSERT INTO access_try (who, at) VALUES (?, ?)", who, now.UnixMilli()); err != nil {
					return err
				}
			}
			return nil
		})
		return "", errors.Join(err, ErrWrong)
	}
	return a.Begin(ctx, account, agent)
}

// Begin begins a session without a passphrase: of an owner who has just set the node up, or in the demo.
func (a *Access) Begin(ctx context.Context, account id.ID, agent string) (token string, err error) {
	raw := make([]byte, 32)
	rand.Read(raw)
	token = base64.RawURLEncoding.EncodeToString(raw)
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
	return a.Get(ctx, a.log.DB, account)
}

// End ends a session.
func (a *Access) End(ctx context.Context, token string) error {
	return a.log.DB.Write(ctx, func(tx store.Tx) error {
		return tx.Exec(ctx, "DELETE FROM access_session WHERE token = ?", digest(token))
	})
}
