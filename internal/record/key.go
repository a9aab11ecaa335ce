package record

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/id"
	"tizi/internal/store"
)

// Grant is what a key lets a tool do, as xAPI names it.
type Grant string

// The grants.
const (
	Write Grant = "statements/write" // send statements
	Own   Grant = "statements/read/mine"
	Read  Grant = "statements/read" // all statements of the centre, and what is known of agents and activities
	Docs  Grant = "state"           // read and write documents
	All   Grant = "all"             // all of these
)

// Grants are all grants, the widest last.
var Grants = []Grant{Write, Own, Read, Docs, All}

// Key is what a tool comes with.
type Key struct {
	ID, Centre id.ID
	Name       string
	Grants     []Grant
	Account    id.ID // who made it; Nil: the command line
	Made       time.Time
	Revoked    time.Time // zero while it holds
}

// May reports whether the key lets its tool do something.
func (k *Key) May(g Grant) bool {
	return slices.Contains(k.Grants, All) || slices.Contains(k.Grants, g) || g == Own && slices.Contains(k.Grants, Read)
}

// Errors of keys. Doors translate them.
var (
	ErrNoKey   = errors.New("there is no such key")
	ErrKeyName = errors.New("a key needs a name that tells whose it is")
	ErrGrants  = errors.New("a key lets a tool do something, of what is known here")
	ErrSecret  = errors.New("this key and its secret do not hold here")
)

// maxKeyName is how many bytes the name of a key may have.
const maxKeyName = 200

// MakeKey makes a key of a centre and returns it with its secret, which is kept nowhere.
func (r *Records) MakeKey(ctx context.Context, account, centre id.ID, name string, grants []Grant) (*Key, string, error) {
	name = strings.TrimSpace(name)
	if name == "" || len(name) > maxKeyName {
		return nil, "", ErrKeyName
	}
	if len(grants) == 0 || slices.ContainsFunc(grants, func(g Grant) bool { return !slices.Contains(Grants, g) }) {
		return nil, "", ErrGrants
	}
	b := make([]byte, 32)
	rand.Read(b)
	secret := base64.RawURLEncoding.EncodeToString(b)
	k := &Key{ID: id.New(), Centre: centre, Name: name, Grants: grants, Account: account, Made: r.log.Clock.Now()}
	return k, secret, r.log.DB.Write(ctx, func(tx store.Tx) error {
		return tx.Exec(ctx, "INSERT INTO record_key (id, centre, name, hash, scopes, account, made, revoked) VALUES (?, ?, ?, ?, ?, ?, ?, 0)", k.ID, centre, name, digest(secret), join(grants), account, k.Made.UnixMilli())
	})
}

// digest is of a secret with 256 random bits, which nobody can try out.
func digest(secret string) []byte {
	h := sha256.Sum256([]byte("xapi key " + secret))
	return h[:]
}

func join(grants []Grant) string {
	var out []string
	for _, g := range grants {
		out = append(out, string(g))
	}
	return strings.Join(out, " ")
}

func scanKey(r store.Row, more ...any) (*Key, error) {
	k := &Key{}
	var scopes string
	var made, revoked int64
	err := r.Scan(append([]any{&k.ID, &k.Centre, &k.Name, &scopes, &k.Account, &made, &revoked}, more...)...)
	for s := range strings.FieldsSeq(scopes) {
		k.Grants = append(k.Grants, Grant(s))
	}
	if k.Made = time.UnixMilli(made); revoked > 0 {
		k.Revoked = time.UnixMilli(revoked)
	}
	return k, err
}

// Authenticate returns the key that a tool shows with its secret, or ErrSecret.
func (r *Records) Authenticate(ctx context.Context, name, secret string) (*Key, error) {
	v, err := id.Parse(name)
	if err != nil {
		return nil, ErrSecret
	}
	var k *Key
	var hash []byte
	err = r.log.DB.Each(ctx, "SELECT id, centre, name, scopes, account, made, revoked, hash FROM record_key WHERE id = ?", store.Args(v), func(row store.Row) error {
		var err error
		k, err = scanKey(row, &hash)
		return err
	})
	if err == nil && (k == nil || subtle.ConstantTimeCompare(hash, digest(secret)) != 1 || !k.Revoked.IsZero()) {
		return nil, ErrSecret
	}
	return k, err
}

// Keys returns the keys of the centres of a scope, the newest first.
func (r *Records) Keys(ctx context.Context, q store.Querier, scope access.Scope) ([]*Key, error) {
	where, args := scope.SQL("centre")
	var out []*Key
	return out, q.Each(ctx, "SELECT id, centre, name, scopes, account, made, revoked FROM record_key WHERE "+where+" ORDER BY made DESC, id", args, func(row store.Row) error {
		k, err := scanKey(row)
		out = append(out, k)
		return err
	})
}

// RevokeKey ends a key of the scope; what it sent stays. One that is not of the scope is ErrNoKey.
func (r *Records) RevokeKey(ctx context.Context, scope access.Scope, key id.ID) error {
	return r.log.DB.Write(ctx, func(tx store.Tx) error {
		where, args := scope.SQL("centre")
		var one int
		found, err := store.One(ctx, tx, "SELECT 1 FROM record_key WHERE id = ? AND "+where, append(store.Args(key), args...), &one)
		if err != nil {
			return err
		}
		if !found {
			return ErrNoKey
		}
		return tx.Exec(ctx, "UPDATE record_key SET revoked = ? WHERE id = ? AND revoked = 0", r.log.Clock.Now().UnixMilli(), key)
	})
}
