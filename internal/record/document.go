package record

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tizi/internal/id"
	"tizi/internal/statement"
	"tizi/internal/store"
)

// MaxDocument is how many bytes a document may have.
const MaxDocument = 8 << 20

// Resource is one of the three document resources.
type Resource string

// The resources.
const (
	State           Resource = "state"
	ActivityProfile Resource = "activity"
	AgentProfile    Resource = "agent"
)

// Address says which document is meant, or, without a name, which documents.
type Address struct {
	Resource     Resource
	Activity     string           // "" for an agent's profile
	Agent        *statement.Value // nil for an activity's profile
	Registration id.ID            // of a state
	Name         string
}

// Document is a document as it is kept.
type Document struct {
	Name    string
	Type    string // media type
	Content []byte
	Updated time.Time
}

// ETag is the tag that tells this content from any other: the SHA-1 that xAPI wants, quoted.
func (d *Document) ETag() string {
	h := sha1.Sum(d.Content)
	return `"` + hex.EncodeToString(h[:]) + `"`
}

// Errors of documents. Doors translate them.
var (
	ErrNoDocument = errors.New("there is no such document")
	ErrStale      = errors.New("the document is not the one that was expected; nothing was changed")
	ErrBlind      = errors.New("there is a document already: read it, and send its ETag as If-Match, or If-None-Match: * to make a new one only; nothing was changed")
	ErrUnsaid     = errors.New("say what is expected: If-None-Match: * to make a new document only, or If-Match with the ETag of the one that is to be replaced; nothing was changed")
	ErrNotMerged  = errors.New("two documents are merged where both are JSON objects of the type application/json only; nothing was changed")
)

// Condition is under which condition a document is changed.
type Condition struct {
	Match   []string // ETags, or "*"
	None    []string
	Careful bool // without one, what is there is not replaced
	Strict  bool // without one, nothing is made either
}

func (c Condition) check(old *Document) error {
	has := func(tags []string) bool {
		return old != nil && (slices.Contains(tags, "*") || slices.Contains(tags, old.ETag()))
	}
	switch {
	case c.Match != nil && !has(c.Match), c.None != nil && has(c.None):
		return ErrStale
	case c.Careful && c.Match == nil && c.None == nil && old != nil:
		return ErrBlind
	case c.Strict && c.Match == nil && c.None == nil && old == nil:
		return ErrUnsaid
	}
	return nil
}

// about is what lists of documents are asked by.
func (a Address) about(owner id.ID) hash64 {
	return term(string(a.Resource)+" "+owner.Hex(), a.Activity)
}

func (a Address) hash(owner id.ID) []byte {
	h := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%s\n%s\n%s", a.Resource, owner.Hex(), a.Registration.Hex(), a.Activity, a.Name))
	return h[:]
}

// owners are the ids of the agent of an address; one that is Nil where it has none.
func (r *Records) owners(ctx context.Context, q store.Querier, centre id.ID, a Address) ([]id.ID, error) {
	if a.Agent == nil {
		return []id.ID{id.Nil}, nil
	}
	return r.Agents(ctx, q, centre, a.Agent)
}

// find returns a document and under whose id it is kept.
func find(ctx context.Context, q store.Querier, centre id.ID, a Address, owners []id.ID) (d *Document, owner id.ID, err error) {
	for _, o := range owners {
		var x Document
		var at int64
		found, err := store.One(ctx, q, "SELECT name, type, content, at FROM record_document WHERE centre = ? AND hash = ?", store.Args(centre, a.hash(o)), &x.Name, &x.Type, &x.Content, &at)
		if err != nil {
			return nil, o, err
		}
		if found {
			x.Updated = time.UnixMicro(at)
			return &x, o, nil
		}
	}
	return nil, id.Nil, nil
}

// Document returns a document, or ErrNoDocument.
func (r *Records) Document(ctx context.Context, centre id.ID, a Address) (*Document, error) {
	owners, err := r.owners(ctx, r.log.DB, centre, a)
	if err != nil {
		return nil, err
	}
	d, _, err := find(ctx, r.log.DB, centre, a, owners)
	if err == nil && d == nil {
		err = ErrNoDocument
	}
	return d, err
}

// Documents returns the names of documents that were changed after a time, sorted, and when the last was. A registration that is
// Nil means any.
func (r *Records) Documents(ctx context.Context, centre id.ID, a Address, since time.Time) (names []string, last time.Time, err error) {
	owners, err := r.owners(ctx, r.log.DB, centre, a)
	if err != nil {
		return nil, last, err
	}
	names = []string{}
	for _, o := range owners {
		where, args := "centre = ? AND about = ? AND at > ?", store.Args(centre, a.about(o), unixMicro(since))
		if !a.Registration.IsNil() {
			where, args = where+" AND registration = ?", append(args, a.Registration)
		}
		err := r.log.DB.Each(ctx, "SELECT name, at FROM record_document WHERE "+where, args, func(row store.Row) error {
			var n string
			var at int64
			err := row.Scan(&n, &at)
			if !slices.Contains(names, n) {
				names = append(names, n)
			}
			if t := time.UnixMicro(at); t.After(last) {
				last = t
			}
			return err
		})
		if err != nil {
			return nil, last, err
		}
	}
	slices.Sort(names)
	return names, last, nil
}

func unixMicro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// merged is what becomes of a document that is sent where old is, or nothing.
func merged(old *Document, d Document, merge bool) ([]byte, error) {
	if !merge {
		return d.Content, nil
	}
	if !isJSON(d.Type) {
		if old != nil {
			return nil, ErrNotMerged
		}
		return d.Content, nil
	}
	said, err := statement.Parse(d.Content)
	if err != nil {
		return nil, err
	}
	if !said.IsObject() {
		return nil, ErrNotMerged
	}
	if old == nil {
		return d.Content, nil
	}
	was, err := statement.Parse(old.Content)
	if err != nil || !isJSON(old.Type) || !was.IsObject() {
		return nil, ErrNotMerged
	}
	for _, name := range said.Names() {
		was.Set(name, said.Get(name))
	}
	return was.Append(nil), nil
}

// SetDocument keeps a document in place of the one that is there, or merges it into that.
func (r *Records) SetDocument(ctx context.Context, from Source, a Address, d Document, c Condition, merge bool) error {
	owner := id.Nil
	if a.Agent != nil {
		var err error
		// Of an agent that nobody has met there is no document.
		if owner, err = r.owner(ctx, from, a.Agent, func() error {
			_, err := merged(nil, d, merge)
			return errors.Join(c.check(nil), err)
		}); err != nil {
			return err
		}
	}
	return r.log.DB.Write(ctx, func(tx store.Tx) error {
		if err := tx.Lock(ctx, documentLock); err != nil {
			return err
		}
		owners, err := r.owners(ctx, tx, from.Centre, a)
		if err != nil {
			return err
		}
		old, had, err := find(ctx, tx, from.Centre, a, owners)
		if err != nil {
			return err
		}
		if err := c.check(old); err != nil {
			return err
		}
		if old != nil {
			owner = had
		}
		content, err := merged(old, d, merge)
		if err != nil {
			return err
		}
		if len(content) > MaxDocument {
			return ErrNotMerged
		}
		var last int64
		if _, err := store.One(ctx, tx, "SELECT max(at) FROM record_document WHERE centre = ? AND about = ?", store.Args(from.Centre, a.about(owner)), &last); err != nil {
			return err
		}
		return tx.Exec(ctx, "INSERT INTO record_document (centre, hash, about, agent, registration, name, type, content, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (centre, hash) DO UPDATE SET type = excluded.type, content = excluded.content, at = excluded.at",
			from.Centre, a.hash(owner), a.about(owner), owner, a.Registration, a.Name, d.Type, content, max(last+1, time.Now().UnixMicro()))
	})
}

const documentLock = "record document"

func isJSON(mediaType string) bool {
	t, _, _ := strings.Cut(mediaType, ";")
	return strings.EqualFold(strings.TrimSpace(t), "application/json")
}

// DeleteDocument takes a document away, or, without a name, all that the address means.
func (r *Records) DeleteDocument(ctx context.Context, centre id.ID, a Address, c Condition) error {
	return r.log.DB.Write(ctx, func(tx store.Tx) error {
		if err := tx.Lock(ctx, documentLock); err != nil {
			return err
		}
		owners, err := r.owners(ctx, tx, centre, a)
		if err != nil {
			return err
		}
		if a.Name != "" {
			old, owner, err := find(ctx, tx, centre, a, owners)
			if err != nil {
				return err
			}
			if err := c.check(old); err != nil || old == nil {
				return err
			}
			return tx.Exec(ctx, "DELETE FROM record_document WHERE centre = ? AND hash = ?", centre, a.hash(owner))
		}
		for _, o := range owners {
			where, args := "centre = ? AND about = ?", store.Args(centre, a.about(o))
			if !a.Registration.IsNil() {
				where, args = where+" AND registration = ?", append(args, a.Registration)
			}
			if err := tx.Exec(ctx, "DELETE FROM record_document WHERE "+where, args...); err != nil {
				return err
			}
		}
		return nil
	})
}
