package seal

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"tizi/internal/id"
	"tizi/internal/store"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// Schema returns the migrations of the key store.
func Schema() fs.FS {
	sub, _ := fs.Sub(schemaFiles, "schema")
	return sub
}

// ErrNoKey is returned when this node holds no key of a person: the person was erased, or is not this node's to read.
var ErrNoKey = errors.New("this node holds no key of that person")

// Key is one person's key.
type Key struct {
	Person id.ID
	aead   cipher.AEAD
	// stream, epoch and wrapped are where the key is kept; a key just made is kept by Keys.Insert.
	stream  string
	epoch   id.ID
	wrapped []byte
}

// Seal encrypts text with AES-256-GCM under a random nonce and returns it in base64, to stand in a fact's JSON.
func (k *Key) Seal(plain []byte) string {
	return b64(k.aead.Seal(nil, nil, plain, k.Person[:]))
}

// Open decrypts what Seal made.
func (k *Key) Open(sealed string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		return nil, fmt.Errorf("sealed text: %w", err)
	}
	plain, err := k.aead.Open(nil, nil, b, k.Person[:])
	if err != nil {
		return nil, fmt.Errorf("sealed text of %s: %w", k.Person, err)
	}
	return plain, nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// epoch is a stream's wrapping key in force.
type epoch struct {
	name id.ID
	aead cipher.AEAD
}

// Keys is the key store of a node. It is safe for concurrent use. It caches the few epoch keys, never a person's:
// another process may erase the person.
type Keys struct {
	own *Identity

	mu      sync.Mutex
	epochs  map[string]epoch                 // newest epoch of each stream
	openers map[string]map[id.ID]cipher.AEAD // every epoch seen, by stream
}

// NewKeys returns the key store that the node's identity opens.
func NewKeys(own *Identity) *Keys {
	return &Keys{own: own, epochs: map[string]epoch{}, openers: map[string]map[id.ID]cipher.AEAD{}}
}

func epochInfo(stream string, n id.ID) string { return "tizi epoch " + stream + " " + n.String() }

// Begin makes sure that a stream has an epoch and that this process knows it. Recipients are the other nodes, by name,
// that may read the stream's people.
func (k *Keys) Begin(ctx context.Context, tx store.Tx, stream string) error {
	if k.known(stream) {
		return nil
	}
	if err := tx.Lock(ctx, "epoch/"+stream); err != nil {
		return err
	}
	if err := k.load(ctx, tx, stream); err != nil || k.known(stream) {
		return err
	}
	return k.Rotate(ctx, tx, stream, nil)
}

func (k *Keys) known(stream string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.epochs[stream].aead != nil
}

// Rotate starts a new epoch of a stream: keys made from now on are wrapped with a key that only the nodes named here
// and this one can open. A stolen or departed box reads nothing written after it.
func (k *Keys) Rotate(ctx context.Context, tx store.Tx, stream string, recipients map[id.ID][]byte) error {
	secret := random32()
	next := id.New()
	all := map[id.ID][]byte{k.own.Node(): k.own.Recipient()}
	for n, r := range recipients {
		all[n] = r
	}
	for n, r := range all {
		w, err := WrapFor(r, epochInfo(stream, next), secret)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, "INSERT INTO seal_epoch (stream, epoch, node, wrapped) VALUES (?, ?, ?, ?)", stream, next, n, w); err != nil {
			return err
		}
	}
	// Not cached here: the transaction may yet fail. The next use reads it from the table.
	k.mu.Lock()
	delete(k.epochs, stream)
	k.mu.Unlock()
	return k.load(ctx, tx, stream)
}

// Forget drops what is cached of a stream, after a transaction that rotated it failed or another process rotated it.
func (k *Keys) Forget(stream string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.epochs, stream)
	delete(k.openers, stream)
}

func (k *Keys) load(ctx context.Context, q store.Querier, stream string) error {
	return q.Each(ctx, "SELECT epoch, wrapped FROM seal_epoch WHERE stream = ? AND node = ? ORDER BY epoch", store.Args(stream, k.own.Node()), func(r store.Row) error {
		var n id.ID
		var w []byte
		if err := r.Scan(&n, &w); err != nil {
			return err
		}
		secret, err := k.own.Unwrap(epochInfo(stream, n), w)
		if err != nil {
			return err
		}
		a, err := newAEAD(secret)
		if err != nil {
			return err
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.openers[stream] == nil {
			k.openers[stream] = map[id.ID]cipher.AEAD{}
		}
		k.openers[stream][n] = a
		k.epochs[stream] = epoch{n, a}
		return nil
	})
}

// New makes the key of a new person of a stream that Begin was called for. It exists in memory until Insert.
func (k *Keys) New(person id.ID, stream string) (*Key, error) {
	k.mu.Lock()
	e := k.epochs[stream]
	k.mu.Unlock()
	if e.aead == nil {
		return nil, fmt.Errorf("make the key of a person: stream %s has no epoch yet", stream)
	}
	secret := random32()
	a, err := newAEAD(secret)
	if err != nil {
		return nil, err
	}
	return &Key{person, a, stream, e.name, e.aead.Seal(nil, nil, secret, person[:])}, nil
}

var keyTable = &store.Table{Name: "seal_key", Columns: store.Cols("person:id stream:text epoch:id wrapped:blob"), Key: 3}

// Insert keeps keys made by New.
func (k *Keys) Insert(ctx context.Context, tx store.Tx, keys []*Key) error {
	rows := make([][]any, len(keys))
	for i, key := range keys {
		rows[i] = []any{key.Person, key.stream, key.epoch, key.wrapped}
	}
	return tx.Insert(ctx, keyTable, rows)
}

// Ring is the keys of some persons, for the length of one transaction or request.
type Ring map[id.ID]*Key

const keyQuery = "SELECT person, stream, epoch, wrapped FROM seal_key WHERE person = ?"

// Load adds the keys of persons to the ring; persons without a key are left out.
func (k *Keys) Load(ctx context.Context, q store.Querier, ring Ring, persons []id.ID) error {
	var missing [][]any
	for _, p := range persons {
		if ring[p] == nil {
			missing = append(missing, []any{p})
		}
	}
	scan := func(r store.Row) error { return k.add(ctx, q, ring, r) }
	if tx, ok := q.(store.Tx); ok {
		// The rows are gathered first: opening one may need another query on the same connection.
		var rows []heldKey
		err := tx.Many(ctx, keyQuery, missing, func(_ int, r store.Row) error {
			var h heldKey
			err := r.Scan(&h.person, &h.stream, &h.epoch, &h.wrapped)
			rows = append(rows, h)
			return err
		})
		if err != nil {
			return err
		}
		for _, h := range rows {
			if err := k.open(ctx, q, ring, h); err != nil {
				return err
			}
		}
		return nil
	}
	for _, args := range missing {
		if err := q.Each(ctx, keyQuery, args, scan); err != nil {
			return err
		}
	}
	return nil
}

type heldKey struct {
	person  id.ID
	stream  string
	epoch   id.ID
	wrapped []byte
}

func (k *Keys) add(ctx context.Context, q store.Querier, ring Ring, r store.Row) error {
	var h heldKey
	if err := r.Scan(&h.person, &h.stream, &h.epoch, &h.wrapped); err != nil {
		return err
	}
	return k.open(ctx, q, ring, h)
}

func (k *Keys) open(ctx context.Context, q store.Querier, ring Ring, h heldKey) error {
	k.mu.Lock()
	a := k.openers[h.stream][h.epoch]
	k.mu.Unlock()
	if a == nil {
		if err := k.load(ctx, q, h.stream); err != nil {
			return err
		}
		k.mu.Lock()
		a = k.openers[h.stream][h.epoch]
		k.mu.Unlock()
		if a == nil {
			return nil // wrapped for others only
		}
	}
	secret, err := a.Open(nil, nil, h.wrapped, h.person[:])
	if err != nil {
		return fmt.Errorf("the key of %s is damaged: %w", h.person, err)
	}
	aead, err := newAEAD(secret)
	if err != nil {
		return err
	}
	ring[h.person] = &Key{h.person, aead, h.stream, h.epoch, h.wrapped}
	return nil
}

// Get returns one person's key, or ErrNoKey.
func (k *Keys) Get(ctx context.Context, q store.Querier, person id.ID) (*Key, error) {
	ring := Ring{}
	if err := k.Load(ctx, q, ring, []id.ID{person}); err != nil {
		return nil, err
	}
	if ring[person] == nil {
		return nil, ErrNoKey
	}
	return ring[person], nil
}

// Erase destroys the keys of a person for good; at is in milliseconds since 1970. What was sealed with them is noise
// from now on, wherever it lies. Erasing twice is erasing once.
func (k *Keys) Erase(ctx context.Context, tx store.Tx, person id.ID, at int64) error {
	if err := tx.Exec(ctx, "DELETE FROM seal_key WHERE person = ?", person); err != nil {
		return err
	}
	return tx.Exec(ctx, "INSERT INTO seal_erased (person, at) VALUES (?, ?) ON CONFLICT (person) DO NOTHING", person, at)
}

// Erased reports whether a person's keys were destroyed here.
func Erased(ctx context.Context, q store.Querier, person id.ID) (bool, error) {
	var at int64
	return store.One(ctx, q, "SELECT at FROM seal_erased WHERE person = ?", store.Args(person), &at)
}

// Wrapped is the key material of a stream as it travels: nothing in it can be opened without a recipient's own key.
type Wrapped struct {
	Epochs  []WrappedEpoch  `json:"epochs"`
	Persons []WrappedPerson `json:"persons"`
}

// WrappedEpoch is an epoch's key, wrapped for one node.
type WrappedEpoch struct {
	Stream string `json:"stream"`
	Epoch  id.ID  `json:"epoch"`
	Node   id.ID  `json:"node"`
	Key    []byte `json:"key"`
}

// WrappedPerson is a person's key, wrapped with an epoch's.
type WrappedPerson struct {
	Person id.ID  `json:"person"`
	Stream string `json:"stream"`
	Epoch  id.ID  `json:"epoch"`
	Key    []byte `json:"key"`
}

// Share wraps the epochs of a stream that this node can open for other nodes too, by name and recipient key.
func (k *Keys) Share(ctx context.Context, tx store.Tx, stream string, recipients map[id.ID][]byte) error {
	type held struct {
		n id.ID
		w []byte
	}
	var epochs []held
	err := tx.Each(ctx, "SELECT epoch, wrapped FROM seal_epoch WHERE stream = ? AND node = ?", store.Args(stream, k.own.Node()), func(r store.Row) error {
		var e held
		err := r.Scan(&e.n, &e.w)
		epochs = append(epochs, e)
		return err
	})
	if err != nil {
		return err
	}
	for _, e := range epochs {
		secret, err := k.own.Unwrap(epochInfo(stream, e.n), e.w)
		if err != nil {
			return err
		}
		for node, r := range recipients {
			w, err := WrapFor(r, epochInfo(stream, e.n), secret)
			if err != nil {
				return err
			}
			if err := tx.Exec(ctx, "INSERT INTO seal_epoch (stream, epoch, node, wrapped) VALUES (?, ?, ?, ?) ON CONFLICT (stream, epoch, node) DO NOTHING", stream, e.n, node, w); err != nil {
				return err
			}
		}
	}
	return nil
}

// Export returns the wrapped keys of a stream.
func (k *Keys) Export(ctx context.Context, q store.Querier, stream string) (*Wrapped, error) {
	w := &Wrapped{}
	err := q.Each(ctx, "SELECT stream, epoch, node, wrapped FROM seal_epoch WHERE stream = ?", store.Args(stream), func(r store.Row) error {
		var e WrappedEpoch
		err := r.Scan(&e.Stream, &e.Epoch, &e.Node, &e.Key)
		w.Epochs = append(w.Epochs, e)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = q.Each(ctx, "SELECT person, stream, epoch, wrapped FROM seal_key WHERE stream = ?", store.Args(stream), func(r store.Row) error {
		var p WrappedPerson
		err := r.Scan(&p.Person, &p.Stream, &p.Epoch, &p.Key)
		w.Persons = append(w.Persons, p)
		return err
	})
	return w, err
}

// Import keeps wrapped keys of another node and returns the persons that can now be read here; the caller folds them
// again. A key of an erased person is not kept.
func (k *Keys) Import(ctx context.Context, tx store.Tx, w *Wrapped) ([]id.ID, error) {
	for _, e := range w.Epochs {
		if err := tx.Exec(ctx, "INSERT INTO seal_epoch (stream, epoch, node, wrapped) VALUES (?, ?, ?, ?) ON CONFLICT (stream, epoch, node) DO NOTHING", e.Stream, e.Epoch, e.Node, e.Key); err != nil {
			return nil, err
		}
		k.Forget(e.Stream)
	}
	var persons []id.ID
	for _, p := range w.Persons {
		gone, err := Erased(ctx, tx, p.Person)
		if err != nil {
			return nil, err
		}
		if gone {
			continue
		}
		if err := tx.Exec(ctx, "INSERT INTO seal_key (person, stream, epoch, wrapped) VALUES (?, ?, ?, ?) ON CONFLICT (person, stream, epoch) DO NOTHING", p.Person, p.Stream, p.Epoch, p.Key); err != nil {
			return nil, err
		}
		persons = append(persons, p.Person)
	}
	return persons, nil
}
