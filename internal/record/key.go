package record

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"slices"
	"strings"
	"time"

	"tizi/internal/access"
	"tizi/internal/fact"
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

// MakeKey makes a key of a centre and returns it with its secret, which is kept nowhere. That it was made is a fact of the centre;
// the account is Nil for the command line.
func (r *Records) MakeKey(ctx context.Context, account, centre id.ID, name string, grants []Grant) (*Key, string, error) {
	made := KeyMade{strings.TrimSpace(name), grants}
	if err := made.Check(); err != nil {
		return nil, "", err
	}
	secret := access.Random()
	k := &Key{ID: id.New(), Centre: centre, Name: made.Name, Grants: grants, Account: account, Made: r.log.Clock.Now()}
	stream := Source{Centre: centre}.stream()
	_, err := r.log.Do(ctx, fact.Command{Name: "make a key of a tool", Stream: stream, Keys: []id.ID{k.ID}, Run: func(context.Context, store.Querier) (fact.Outcome, error) {
		out := fact.Outcome{Facts: []fact.New{{Stream: stream, Kind: KindKeyMade, Subject: k.ID, Actor: account, Body: made, Born: true}}}
		out.Then(func(ctx context.Context, tx store.Tx) error {
			return tx.Exec(ctx, "INSERT INTO record_secret (id, centre, hash) VALUES (?, ?, ?)", k.ID, centre, digest(secret))
		})
		return out, nil
	}})
	return k, secret, err
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

const keyColumns = "k.id, k.centre, k.name, k.grants, k.account, k.made, k.revoked"

func scanKey(r store.Row, more ...any) (*Key, error) {
	k := &Key{}
	var grants string
	var made, revoked int64
	err := r.Scan(append([]any{&k.ID, &k.Centre, &k.Name, &grants, &k.Account, &made, &revoked}, more...)...)
	for s := range strings.FieldsSeq(grants) {
		k.Grants = append(k.Grants, Grant(s))
	}
	if k.Made = time.UnixMilli(made); revoked > 0 {
		k.Revoked = time.UnixMilli(revoked)
	}
	return k, err
}

// Authenticate returns the key that a tool shows with its secret, or ErrSecret. A key holds on the node that made it, for as long as
// no node has revoked it.
func (r *Records) Authenticate(ctx context.Context, name, secret string) (*Key, error) {
	v, err := id.Parse(name)
	if err != nil {
		return nil, ErrSecret
	}
	var k *Key
	var hash []byte
	err = r.log.DB.Each(ctx, "SELECT "+keyColumns+", s.hash FROM record_secret s JOIN record_tool k ON k.id = s.id AND k.centre = s.centre WHERE s.id = ?", store.Args(v), func(row store.Row) error {
		var err error
		k, err = scanKey(row, &hash)
		return err
	})
	if err == nil && (k == nil || subtle.ConstantTimeCompare(hash, digest(secret)) != 1 || !k.Revoked.IsZero()) {
		return nil, ErrSecret
	}
	return k, err
}

// Keys returns the keys of the centres of a scope, the newest first, those of other nodes among them.
func (r *Records) Keys(ctx context.Context, q store.Querier, scope access.Scope) ([]*Key, error) {
	where, args := scope.SQL("k.centre")
	var out []*Key
	return out, q.Each(ctx, "SELECT "+keyColumns+" FROM record_tool k WHERE "+where+" ORDER BY k.made DESC, k.id", args, func(row store.Row) error {
		k, err := scanKey(row)
		out = append(out, k)
		return err
	})
}

// RevokeKey ends a key of the scope, whichever node made it; what it sent stays. One that is not of the scope is ErrNoKey, and one
// that is revoked already stays as it is.
func (r *Records) RevokeKey(ctx context.Context, actor id.ID, scope access.Scope, key id.ID) error {
	find := func(q store.Querier) (*Key, error) {
		where, args := scope.SQL("k.centre")
		var k *Key
		err := q.Each(ctx, "SELECT "+keyColumns+" FROM record_tool k WHERE k.id = ? AND "+where, append(store.Args(key), args...), func(row store.Row) error {
			var err error
			k, err = scanKey(row)
			return err
		})
		if err == nil && k == nil {
			err = ErrNoKey
		}
		return k, err
	}
	k, err := find(r.log.DB)
	if err != nil || !k.Revoked.IsZero() {
		return err
	}
	stream := Source{Centre: k.Centre}.stream()
	_, err = r.log.Do(ctx, fact.Command{Name: "revoke a key of a tool", Stream: stream, Keys: []id.ID{key}, Run: func(_ context.Context, q store.Querier) (fact.Outcome, error) {
		if now, err := find(q); err != nil || !now.Revoked.IsZero() {
			return fact.Outcome{}, err
		}
		return fact.Outcome{Facts: []fact.New{{Stream: stream, Kind: KindKeyRevoked, Subject: key, Actor: actor, Body: KeyRevoked{}}}}, nil
	}})
	return err
}
