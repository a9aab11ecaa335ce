package seal

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"embed"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

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
	// aeads are all keys that this node holds of the person, in an order that every node shares. There is one, unless
	// two nodes that had not met made a key for the same person; then what either sealed must open everywhere.
	aeads []cipher.AEAD
	// stream, epoch and wrapped are where a key just made will be kept (see Keys.Insert).
	stream  string
	epoch   id.ID
	wrapped []byte
}

// Seal encrypts text with AES-256-GCM under a random nonce and returns it in base64, to stand in a fact's JSON.
func (k *Key) Seal(plain []byte) string {
	return b64(k.aeads[0].Seal(nil, nil, plain, k.Person[:]))
}

// Open decrypts what Seal made.
func (k *Key) Open(sealed string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		return nil, fmt.Errorf("sealed text: %w", err)
	}
	plain, err := k.open(b, k.Person[:])
	if err != nil {
		return nil, fmt.Errorf("sealed text of %s: %w", k.Person, err)
	}
	return plain, nil
}

func (k *Key) open(b, data []byte) (plain []byte, err error) {
	for _, a := range k.aeads {
		if plain, err = a.Open(nil, nil, b, data); err == nil {
			return plain, nil
		}
	}
	return nil, err
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// epoch is a stream's wrapping key.
type epoch struct {
	name id.ID
	aead cipher.AEAD
}

// Keys is the key store of a node. It is safe for concurrent use. It caches epoch keys, never a person's: another
// process may erase the person. An epoch in force is cached only when it is on the disk: a person's key wrapped with
// one that was then rolled back could never be opened again.
type Keys struct {
	own *Identity

	mu      sync.Mutex                       // guards all below
	version int64                            // of the epochs that current was read from
	current map[string]epoch                 // the epoch in force, by stream
	openers map[string]map[id.ID]cipher.AEAD // every epoch that was needed so far, by stream
}

// NewKeys returns the key store that the node's identity opens.
func NewKeys(own *Identity) *Keys {
	return &Keys{own: own, current: map[string]epoch{}, openers: map[string]map[id.ID]cipher.AEAD{}}
}

func epochInfo(stream string, n id.ID) string { return "tizi epoch " + stream + " " + n.String() }

// NoEpochError says that a stream's epoch must be fetched with Begin before a key can be made there.
type NoEpochError struct{ Stream string }

func (e *NoEpochError) Error() string { return "stream " + e.Stream + " has no epoch yet" }

// Begin makes sure that a stream has an epoch, on the disk, and that this process knows the one in force.
func (k *Keys) Begin(ctx context.Context, db *store.DB, stream string) error {
	var e epoch
	var version int64
	var made bool
	err := db.Write(ctx, func(tx store.Tx) error {
		if err := tx.Lock(ctx, "epoch/"+stream); err != nil {
			return err
		}
		var err error
		if e, err = k.newest(ctx, tx, stream); err != nil {
			return err
		}
		if made = e.aead == nil; made {
			if err := k.Rotate(ctx, tx, stream, nil); err != nil {
				return err
			}
			if e, err = k.newest(ctx, tx, stream); err != nil {
				return err
			}
		}
		version, err = epochVersion(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if made && version == k.version+1 {
		k.version = version // nobody else's epoch has changed
	}
	k.see(version)
	k.current[stream] = e
	return nil
}

// Fresh forgets the epochs in force when any stream's has changed on the disk since they were read, in this process or
// another. It is to be asked at the beginning of a transaction that may call New.
func (k *Keys) Fresh(ctx context.Context, q store.Querier) error {
	v, err := epochVersion(ctx, q)
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.see(v)
	return nil
}

// see is called with mu held.
func (k *Keys) see(version int64) {
	if k.version != version {
		k.version = version
		clear(k.current)
	}
}

func epochVersion(ctx context.Context, q store.Querier) (int64, error) {
	var v int64
	_, err := store.One(ctx, q, "SELECT version FROM seal_state WHERE id = 1", nil, &v)
	return v, err
}

// epochsChanged makes every process read the epochs in force again.
func epochsChanged(ctx context.Context, tx store.Tx) error {
	return tx.Exec(ctx, "INSERT INTO seal_state (id, version) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET version = seal_state.version + 1")
}

// Rotate starts a new epoch of a stream: keys made from now on are wrapped with a key that only this node and the
// recipients, by name and public key, can open. A stolen or departed box reads nobody who is registered after it.
func (k *Keys) Rotate(ctx context.Context, tx store.Tx, stream string, recipients map[id.ID][]byte) error {
	var newest id.ID
	if _, err := store.One(ctx, tx, "SELECT epoch FROM seal_epoch WHERE stream = ? AND epoch < ? ORDER BY epoch DESC LIMIT 1", store.Args(stream, lastEpoch(time.Now())), &newest); err != nil {
		return err
	}
	secret := random32()
	next := nextEpoch(newest)
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
	return epochsChanged(ctx, tx)
}

// nextEpoch names an epoch behind the newest one known: the last by name is in force, and a box whose clock runs years
// ahead must not keep its epoch, which a thief can open, in force against a newer one.
func nextEpoch(newest id.ID) id.ID {
	next := id.New()
	if bytes.Compare(next[:], newest[:]) <= 0 {
		var ms [8]byte
		copy(ms[2:], newest[:6]) // the time of a UUIDv7 is its first 48 bits
		binary.BigEndian.PutUint64(ms[:], binary.BigEndian.Uint64(ms[:])+1)
		copy(next[:6], ms[2:])
	}
	return next
}

// epochAhead is how far ahead of this node's clock an epoch may be and be in force. What is named later opens what it wrapped and
// nothing more: else whoever holds a stream once could name the last of all, and no other would ever come after it.
const epochAhead = 100 * 365 * 24 * time.Hour

// lastEpoch is the name behind every epoch that may be in force at a time.
func lastEpoch(now time.Time) id.ID {
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(now.Add(epochAhead).UnixMilli()))
	var v id.ID
	copy(v[:6], ms[2:])
	return v
}

// newest returns the epoch in force: the last one that this node can open. There may be none.
func (k *Keys) newest(ctx context.Context, q store.Querier, stream string) (epoch, error) {
	var n id.ID
	var w []byte
	found, err := store.One(ctx, q, "SELECT epoch, wrapped FROM seal_epoch WHERE stream = ? AND node = ? AND epoch < ? ORDER BY epoch DESC LIMIT 1", store.Args(stream, k.own.Node(), lastEpoch(time.Now())), &n, &w)
	if err != nil || !found {
		return epoch{}, err
	}
	a, err := k.unwrap(stream, n, w)
	return epoch{n, a}, err
}

func (k *Keys) unwrap(stream string, n id.ID, wrapped []byte) (cipher.AEAD, error) {
	k.mu.Lock()
	a := k.openers[stream][n]
	k.mu.Unlock()
	if a != nil {
		return a, nil
	}
	secret, err := k.own.Unwrap(epochInfo(stream, n), wrapped)
	if err != nil {
		return nil, err
	}
	if a, err = newAEAD(secret); err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.openers[stream] == nil {
		k.openers[stream] = map[id.ID]cipher.AEAD{}
	}
	k.openers[stream][n] = a
	return a, nil
}

// opener returns the key of an epoch, or nil when it is wrapped for others only or is damaged.
func (k *Keys) opener(ctx context.Context, q store.Querier, stream string, n id.ID) (cipher.AEAD, error) {
	k.mu.Lock()
	a := k.openers[stream][n]
	k.mu.Unlock()
	if a != nil {
		return a, nil
	}
	var w []byte
	found, err := store.One(ctx, q, "SELECT wrapped FROM seal_epoch WHERE stream = ? AND epoch = ? AND node = ?", store.Args(stream, n, k.own.Node()), &w)
	if err != nil || !found {
		return nil, err
	}
	a, err = k.unwrap(stream, n, w)
	if err != nil {
		return nil, nil // see Damaged
	}
	return a, nil
}

// New makes the key of a new person of a stream. It exists in memory until Insert. The error is a *NoEpochError when
// Begin must be called first; a command returns it and is run again.
func (k *Keys) New(person id.ID, stream string) (*Key, error) {
	k.mu.Lock()
	e := k.current[stream]
	k.mu.Unlock()
	if e.aead == nil {
		return nil, fmt.Errorf("make the key of a person: %w", &NoEpochError{stream})
	}
	secret := random32()
	a, err := newAEAD(secret)
	if err != nil {
		return nil, err
	}
	return &Key{person, []cipher.AEAD{a}, stream, e.name, e.aead.Seal(nil, nil, secret, person[:])}, nil
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

// held is a row of seal_key.
type held struct {
	person  id.ID
	stream  string
	epoch   id.ID
	wrapped []byte
}

func (h *held) scan(r store.Row) error { return r.Scan(&h.person, &h.stream, &h.epoch, &h.wrapped) }

// loadChunk is how many persons one query asks for.
const loadChunk = 64

var loadQuery = "SELECT person, stream, epoch, wrapped FROM seal_key WHERE person IN (?" + strings.Repeat(", ?", loadChunk-1) + ") ORDER BY person, stream, epoch"

// Load adds the keys of persons to the ring; persons without a key that this node can open are left out.
func (k *Keys) Load(ctx context.Context, q store.Querier, ring Ring, persons []id.ID) error {
	var missing []id.ID
	for _, p := range persons {
		if ring[p] == nil {
			missing = append(missing, p)
		}
	}
	// The rows are gathered first: opening one may need another query on the same connection.
	var rows []held
	args := make([]any, loadChunk)
	for part := range slices.Chunk(missing, loadChunk) {
		for i := range args {
			args[i] = part[min(i, len(part)-1)]
		}
		err := q.Each(ctx, loadQuery, args, func(r store.Row) error {
			var h held
			err := h.scan(r)
			rows = append(rows, h)
			return err
		})
		if err != nil {
			return err
		}
	}
	for _, h := range rows {
		secret, err := k.secret(ctx, q, h)
		if err != nil {
			return err
		}
		if secret == nil {
			continue
		}
		a, err := newAEAD(secret)
		if err != nil {
			return err
		}
		if ring[h.person] == nil {
			ring[h.person] = &Key{Person: h.person}
		}
		ring[h.person].aeads = append(ring[h.person].aeads, a)
	}
	return nil
}

// secret opens a row, or returns nil when this node cannot: the epoch is for others, or the row is damaged, which must
// not keep this node from all that is whole (Damaged finds it).
func (k *Keys) secret(ctx context.Context, q store.Querier, h held) ([]byte, error) {
	a, err := k.opener(ctx, q, h.stream, h.epoch)
	if err != nil || a == nil {
		return nil, err
	}
	secret, err := a.Open(nil, nil, h.wrapped, h.person[:])
	if err != nil || len(secret) != 32 {
		return nil, nil
	}
	return secret, nil
}

// Damaged calls fn for every key that this node should be able to open and cannot.
func (k *Keys) Damaged(ctx context.Context, q store.Querier, fn func(what string)) error {
	whole := map[string]bool{}
	var epochs []held
	err := q.Each(ctx, "SELECT stream, epoch, wrapped FROM seal_epoch WHERE node = ? ORDER BY stream, epoch", store.Args(k.own.Node()), func(r store.Row) error {
		var h held
		err := r.Scan(&h.stream, &h.epoch, &h.wrapped)
		epochs = append(epochs, h)
		return err
	})
	if err != nil {
		return err
	}
	fresh := NewKeys(k.own) // what is cached says nothing about the disk
	for _, e := range epochs {
		if _, err := fresh.unwrap(e.stream, e.epoch, e.wrapped); err != nil {
			fn(fmt.Sprintf("the key of epoch %s of %s", e.epoch, e.stream))
		} else {
			whole[e.stream+"/"+e.epoch.Hex()] = true
		}
	}
	const page = 2000
	var last held
	for {
		var rows []held
		err := q.Each(ctx, fmt.Sprintf("SELECT person, stream, epoch, wrapped FROM seal_key WHERE (person, stream, epoch) > (?, ?, ?) ORDER BY person, stream, epoch LIMIT %d", page), store.Args(last.person, last.stream, last.epoch), func(r store.Row) error {
			var h held
			err := h.scan(r)
			rows = append(rows, h)
			return err
		})
		if err != nil || len(rows) == 0 {
			return err
		}
		last = rows[len(rows)-1]
		for _, h := range rows {
			if !whole[h.stream+"/"+h.epoch.Hex()] {
				continue
			}
			if secret, err := fresh.secret(ctx, q, h); err != nil {
				return err
			} else if secret == nil {
				fn(fmt.Sprintf("the key of person %s in %s", h.person, h.stream))
			}
		}
	}
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

// eraseLock keeps a key from being imported by one process while another erases its person.
const eraseLock = "erase"

// Erase destroys the keys of a person in a stream for good; at is in milliseconds since 1970. What was sealed with them is
// noise from now on, wherever it lies. Erasing twice is erasing once.
func (k *Keys) Erase(ctx context.Context, tx store.Tx, person id.ID, stream string, at int64) error {
	if err := tx.Lock(ctx, eraseLock); err != nil {
		return err
	}
	if err := tx.Exec(ctx, "DELETE FROM seal_key WHERE person = ? AND stream = ?", person, stream); err != nil {
		return err
	}
	if err := tx.Exec(ctx, "DELETE FROM seal_wanted WHERE person = ?", person); err != nil {
		return err
	}
	return tx.Exec(ctx, "INSERT INTO seal_erased (person, stream, at) VALUES (?, ?, ?) ON CONFLICT (person, stream) DO NOTHING", person, stream, at)
}

// Readmit takes back that a person was erased in a stream: what said so does not count. The keys are gone here; they may come again
// from a node that had not destroyed them yet.
func (k *Keys) Readmit(ctx context.Context, tx store.Tx, person id.ID, stream string) error {
	gone, err := Erased(ctx, tx, person, stream)
	if err != nil || !gone {
		return err
	}
	if err := tx.Exec(ctx, "DELETE FROM seal_erased WHERE person = ? AND stream = ?", person, stream); err != nil {
		return err
	}
	return tx.Exec(ctx, "INSERT INTO seal_wanted (person) VALUES (?) ON CONFLICT (person) DO NOTHING", person)
}

// Want notes that facts of some persons came without the key: whoever gave them had destroyed it, and might not have had to.
func (k *Keys) Want(ctx context.Context, tx store.Tx, persons []id.ID) error {
	for _, p := range persons {
		var n int
		_, err := store.One(ctx, tx, "SELECT (SELECT count(*) FROM seal_key WHERE person = ?) + (SELECT count(*) FROM seal_erased WHERE person = ?)", store.Args(p, p), &n)
		if err == nil && n == 0 {
			err = tx.Exec(ctx, "INSERT INTO seal_wanted (person) VALUES (?) ON CONFLICT (person) DO NOTHING", p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Wanted returns at most max persons whose keys this node should have, and destroyed or was not given; another may have them.
func (k *Keys) Wanted(ctx context.Context, q store.Querier, max int) ([]id.ID, error) {
	var out []id.ID
	err := q.Each(ctx, "SELECT person FROM seal_wanted ORDER BY person LIMIT ?", store.Args(max), func(r store.Row) error {
		var p id.ID
		err := r.Scan(&p)
		out = append(out, p)
		return err
	})
	return out, err
}

// AllErased selects everybody whose keys were destroyed here, for a condition of a query.
const AllErased = "SELECT person FROM seal_erased"

// Erased reports whether a person's keys in a stream were destroyed here.
func Erased(ctx context.Context, q store.Querier, person id.ID, stream string) (bool, error) {
	var at int64
	return store.One(ctx, q, "SELECT at FROM seal_erased WHERE person = ? AND (stream = ? OR stream = '')", store.Args(person, stream), &at)
}

// Erasure is a key that was destroyed: of somebody, in a stream, or in all where that is "".
type Erasure struct {
	Person id.ID  `json:"person"`
	Stream string `json:"stream"`
}

// Gone returns the keys that were destroyed.
func Gone(ctx context.Context, q store.Querier) ([]Erasure, error) {
	var out []Erasure
	err := q.Each(ctx, "SELECT person, stream FROM seal_erased ORDER BY person, stream", nil, func(r store.Row) error {
		var e Erasure
		err := r.Scan(&e.Person, &e.Stream)
		out = append(out, e)
		return err
	})
	return out, err
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

// Share wraps the epochs of a stream that this node can open for other nodes too, by name and public key.
func (k *Keys) Share(ctx context.Context, tx store.Tx, stream string, recipients map[id.ID][]byte) error {
	type row struct {
		epoch id.ID
		node  id.ID
	}
	has := map[row]bool{}
	own := map[id.ID][]byte{}
	err := tx.Each(ctx, "SELECT epoch, node, wrapped FROM seal_epoch WHERE stream = ?", store.Args(stream), func(r store.Row) error {
		var e row
		var w []byte
		err := r.Scan(&e.epoch, &e.node, &w)
		has[e] = true
		if e.node == k.own.Node() {
			own[e.epoch] = w
		}
		return err
	})
	if err != nil {
		return err
	}
	for n, wrapped := range own {
		var secret []byte
		for node, r := range recipients {
			if has[row{n, node}] {
				continue
			}
			if secret == nil {
				if secret, err = k.own.Unwrap(epochInfo(stream, n), wrapped); err != nil {
					return err
				}
			}
			w, err := WrapFor(r, epochInfo(stream, n), secret)
			if err != nil {
				return err
			}
			// Another process may have shared it meanwhile.
			if err := tx.Exec(ctx, "INSERT INTO seal_epoch (stream, epoch, node, wrapped) VALUES (?, ?, ?, ?) ON CONFLICT (stream, epoch, node) DO NOTHING", stream, n, node, w); err != nil {
				return err
			}
		}
	}
	return nil
}

// Hand wraps whatever this node can open for the node that takes its place.
func (k *Keys) Hand(ctx context.Context, tx store.Tx, next *Identity) error {
	var streams []string
	err := tx.Each(ctx, "SELECT DISTINCT stream FROM seal_epoch WHERE node = ? ORDER BY stream", store.Args(k.own.Node()), func(r store.Row) error {
		var s string
		err := r.Scan(&s)
		streams = append(streams, s)
		return err
	})
	for _, s := range streams {
		if err == nil {
			err = k.Share(ctx, tx, s, map[id.ID][]byte{next.Node(): next.Recipient()})
		}
	}
	return err
}

// Export returns the wrapped keys of a stream.
func (k *Keys) Export(ctx context.Context, q store.Querier, stream string) (*Wrapped, error) {
	epochs, err := k.Epochs(ctx, q, func(s string) bool { return s == stream })
	if err != nil {
		return nil, err
	}
	w := &Wrapped{Epochs: epochs}
	err = q.Each(ctx, "SELECT person, stream, epoch, wrapped FROM seal_key WHERE stream = ? ORDER BY person, epoch", store.Args(stream), func(r store.Row) error {
		var p WrappedPerson
		err := r.Scan(&p.Person, &p.Stream, &p.Epoch, &p.Key)
		w.Persons = append(w.Persons, p)
		return err
	})
	return w, err
}

// Of returns the wrapped keys of persons in the streams that keep selects.
func (k *Keys) Of(ctx context.Context, q store.Querier, keep func(stream string) bool, persons []id.ID) ([]WrappedPerson, error) {
	var out []WrappedPerson
	args := make([]any, loadChunk)
	for part := range slices.Chunk(persons, loadChunk) {
		for i := range args {
			args[i] = part[min(i, len(part)-1)]
		}
		err := q.Each(ctx, loadQuery, args, func(r store.Row) error {
			var h held
			err := h.scan(r)
			if err == nil && keep(h.stream) {
				out = append(out, WrappedPerson{h.person, h.stream, h.epoch, h.wrapped})
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Epochs returns the wrapped epochs of the streams that keep selects, in order.
func (k *Keys) Epochs(ctx context.Context, q store.Querier, keep func(stream string) bool) ([]WrappedEpoch, error) {
	var out []WrappedEpoch
	err := q.Each(ctx, "SELECT stream, epoch, node, wrapped FROM seal_epoch ORDER BY stream, epoch, node", nil, func(r store.Row) error {
		var e WrappedEpoch
		err := r.Scan(&e.Stream, &e.Epoch, &e.Node, &e.Key)
		if err == nil && keep(e.Stream) {
			out = append(out, e)
		}
		return err
	})
	return out, err
}

// Import keeps wrapped keys of another node and returns the persons it brought something new about; the caller folds
// them again. A key of an erased person is not kept, nor one that this node should be able to open and cannot; and what
// can be opened takes the place of what cannot, so that a damaged copy that came first does no lasting harm.
func (k *Keys) Import(ctx context.Context, tx store.Tx, w *Wrapped) ([]id.ID, error) {
	if err := tx.Lock(ctx, eraseLock); err != nil {
		return nil, err
	}
	opened := map[string]bool{} // streams in which this node can open more than before
	for _, e := range w.Epochs {
		var was []byte
		has, err := store.One(ctx, tx, "SELECT wrapped FROM seal_epoch WHERE stream = ? AND epoch = ? AND node = ?", store.Args(e.Stream, e.Epoch, e.Node), &was)
		if err != nil {
			return nil, err
		}
		if e.Node == k.own.Node() {
			if has {
				if _, err := k.unwrap(e.Stream, e.Epoch, was); err == nil {
					continue
				}
			}
			if _, err := k.unwrap(e.Stream, e.Epoch, e.Key); err != nil {
				continue
			}
			opened[e.Stream] = true
		} else if has {
			continue
		}
		if err := tx.Exec(ctx, "INSERT INTO seal_epoch (stream, epoch, node, wrapped) VALUES (?, ?, ?, ?) ON CONFLICT (stream, epoch, node) DO UPDATE SET wrapped = excluded.wrapped", e.Stream, e.Epoch, e.Node, e.Key); err != nil {
			return nil, err
		}
	}
	if len(opened) > 0 {
		if err := epochsChanged(ctx, tx); err != nil {
			return nil, err
		}
	}
	news := map[id.ID]bool{}
	for _, p := range w.Persons {
		gone, err := Erased(ctx, tx, p.Person, p.Stream)
		if err != nil {
			return nil, err
		}
		if gone {
			continue
		}
		new := held{p.Person, p.Stream, p.Epoch, p.Key}
		old := new
		has, err := store.One(ctx, tx, "SELECT wrapped FROM seal_key WHERE person = ? AND stream = ? AND epoch = ?", store.Args(p.Person, p.Stream, p.Epoch), &old.wrapped)
		if err != nil {
			return nil, err
		}
		a, err := k.opener(ctx, tx, p.Stream, p.Epoch)
		if err != nil {
			return nil, err
		}
		if a == nil && has {
			continue // neither can be judged here
		}
		if a != nil {
			if s, err := k.secret(ctx, tx, new); err != nil {
				return nil, err
			} else if s == nil {
				continue
			}
			if has {
				if s, err := k.secret(ctx, tx, old); err != nil {
					return nil, err
				} else if s != nil {
					continue
				}
			}
			news[p.Person] = true
		}
		if err := tx.Insert(ctx, keyTable, [][]any{{p.Person, p.Stream, p.Epoch, p.Key}}); err != nil {
			return nil, err
		}
	}
	for p := range news {
		if err := tx.Exec(ctx, "DELETE FROM seal_wanted WHERE person = ?", p); err != nil {
			return nil, err
		}
	}
	// Keys that lay here closed may have waited for an epoch that has come now.
	for _, stream := range slices.Sorted(maps.Keys(opened)) {
		err := tx.Each(ctx, "SELECT DISTINCT person FROM seal_key WHERE stream = ?", store.Args(stream), func(r store.Row) error {
			var p id.ID
			err := r.Scan(&p)
			news[p] = true
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	persons := slices.Collect(maps.Keys(news))
	slices.SortFunc(persons, func(a, b id.ID) int { return bytes.Compare(a[:], b[:]) })
	return persons, nil
}

// Secrets returns the secrets of a person's keys, to be sealed for one reader and brought to them by hand: whoever has them
// reads the person.
func (k *Keys) Secrets(ctx context.Context, q store.Querier, person id.ID) ([][]byte, error) {
	var out [][]byte
	var rows []held
	err := q.Each(ctx, "SELECT person, stream, epoch, wrapped FROM seal_key WHERE person = ? ORDER BY stream, epoch", store.Args(person), func(r store.Row) error {
		var h held
		err := h.scan(r)
		rows = append(rows, h)
		return err
	})
	for _, h := range rows {
		if err != nil {
			return nil, err
		}
		var secret []byte
		if secret, err = k.secret(ctx, q, h); secret != nil {
			out = append(out, secret)
		}
	}
	if err == nil && len(out) == 0 {
		err = ErrNoKey
	}
	return out, err
}

// KeyOf is the key of a person whose secrets were brought by hand. It opens, and is not kept.
func KeyOf(person id.ID, secrets [][]byte) (*Key, error) {
	k := &Key{Person: person}
	for _, s := range secrets {
		a, err := newAEAD(s)
		if err != nil {
			return nil, err
		}
		k.aeads = append(k.aeads, a)
	}
	if len(k.aeads) == 0 {
		return nil, ErrNoKey
	}
	return k, nil
}
