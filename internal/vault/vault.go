// Package vault keeps the key that a node's disk is encrypted with. The key itself lies nowhere: the file has it locked in up
// to three ways, each of which opens it alone. A passphrase; a card, which is printed and kept elsewhere; and headquarters,
// which gives its half to a box that it has not revoked. The other half is in the file, so headquarters cannot open it either.
package vault

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"unicode/utf8"

	"tizi/internal/id"
	"tizi/internal/node"
	"tizi/internal/seal"
	"tizi/internal/whole"
)

// File is the name of the file in the data folder.
const File = "lock.json"

// keySize is how many bytes the disk's key has, and each half that headquarters and the file keep.
const keySize = 32

// MinPassphrase is how many characters a passphrase has at least: who has the disk may try as many as a machine can.
const MinPassphrase = 12

// Errors of opening.
var (
	ErrLocked = errors.New("the disk of this node is encrypted and locked")
	ErrWrong  = errors.New("neither the passphrase nor the card of this disk")
	ErrShort  = fmt.Errorf("a passphrase for a disk has %d characters or more", MinPassphrase)
	ErrHalf   = errors.New("the half of the key that came does not open this disk")
)

// file is the JSON.
type file struct {
	Version    int    `json:"tizi_lock"`
	Passphrase []byte `json:"passphrase"`     // the key, locked with it
	Card       []byte `json:"card,omitempty"` // and with the letters of a card
	Hub        *hub   `json:"hub,omitempty"`
	Alone      bool   `json:"alone,omitempty"` // headquarters is not to open it
}

// hub is the way by headquarters. It stays outside of what is encrypted, so that a box that starts can ask: with a pair of keys
// that is good for nothing else, since the node's own are inside.
type hub struct {
	Node    id.ID  `json:"node"`
	Address string `json:"address"`
	Public  []byte `json:"public"`
	Ask     []byte `json:"ask"`  // the seed of the key that asks
	Half    []byte `json:"half"` // the half of the key that opens Key, with that of headquarters
	Key     []byte `json:"key"`
}

// Vault is the lock of one data folder. It is safe for concurrent use; a nil one hides nothing.
type Vault struct {
	path string

	mu    sync.Mutex // guards the rest
	f     file
	key   []byte // nil while it is locked
	stale bool   // headquarters does not know this disk any more
}

// Exists reports whether a data folder has a lock.
func Exists(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, File))
	return err == nil
}

// Create makes a key for a data folder, which a passphrase opens.
func Create(dir, passphrase string) (*Vault, error) {
	v := &Vault{path: filepath.Join(dir, File), f: file{Version: 1}, key: make([]byte, keySize)}
	if Exists(dir) {
		return nil, fmt.Errorf("make a lock: %s: %w", v.path, fs.ErrExist)
	}
	rand.Read(v.key)
	return v, v.SetPassphrase(passphrase)
}

// Load reads the lock of a data folder, locked.
func Load(dir string) (*Vault, error) {
	v := &Vault{path: filepath.Join(dir, File)}
	b, err := os.ReadFile(v.path)
	if err != nil {
		return nil, fmt.Errorf("read the lock: %w", err)
	}
	if err := json.Unmarshal(b, &v.f); err != nil || v.f.Version != 1 {
		return nil, fmt.Errorf("the lock in %s is damaged, or of a newer program; restore the node from a backup", v.path)
	}
	return v, nil
}

const (
	byPassphrase = "tizi disk by passphrase"
	byCard       = "tizi disk by card"
	byHub        = "tizi disk by headquarters"
)

// Open unlocks with a passphrase or the letters of a card, whichever it is. It takes a moment by design.
func (v *Vault) Open(typed string) error {
	v.mu.Lock()
	f := v.f
	v.mu.Unlock()
	letters, err := node.SheetLetters(typed)
	ways := []struct {
		info, secret string
		locked       []byte
	}{{byPassphrase, plain(typed), f.Passphrase}}
	if err == nil {
		ways[0].info, ways[0].secret, ways[0].locked = byCard, letters, f.Card
	}
	for _, w := range ways {
		key, err := seal.UnlockSecret(w.info, w.secret, w.locked)
		if errors.Is(err, seal.ErrPassphrase) {
			continue
		}
		if err != nil {
			return err
		}
		v.opened(key)
		return nil
	}
	return ErrWrong
}

// plain is a passphrase without what a keyboard or a file adds at its ends.
func plain(typed string) string { return strings.TrimSpace(typed) }

func (v *Vault) opened(key []byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.key = key
}

// Locked reports whether nobody has opened it yet.
func (v *Vault) Locked() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.key == nil
}

// Key is a key of its own for a purpose, of size bytes; nil where there is no lock.
func (v *Vault) Key(purpose string, size int) []byte {
	if v == nil {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.key == nil {
		panic("vault: the key of a locked disk was asked for")
	}
	k, err := hkdf.Key(sha256.New, v.key, nil, "tizi disk "+purpose, size)
	if err != nil {
		panic(err) // only where size is too large
	}
	return k
}

// hidden begins a small file that Hider made.
const hidden = "tizi.hidden/1\n"

// Hidden reports whether a small file was hidden.
func Hidden(b []byte) bool { return strings.HasPrefix(string(b), hidden) }

// Hider returns what hides the bytes of a small file of a name; nil where there is no lock.
func (v *Vault) Hider(name string) func([]byte) ([]byte, error) {
	if v == nil {
		return nil
	}
	return func(b []byte) ([]byte, error) {
		h, err := seal.Hide(v.Key("files", keySize), name, b)
		return append([]byte(hidden), h...), err
	}
}

// Shower returns what shows them again.
func (v *Vault) Shower(name string) func([]byte) ([]byte, error) {
	if v == nil {
		return nil
	}
	return func(b []byte) ([]byte, error) {
		if !Hidden(b) {
			return nil, fmt.Errorf("%s: %w", name, seal.ErrHidden)
		}
		return seal.Show(v.Key("files", keySize), name, b[len(hidden):])
	}
}

// SetPassphrase locks the key with another passphrase; the one before ends.
func (v *Vault) SetPassphrase(passphrase string) error {
	passphrase = plain(passphrase)
	if utf8.RuneCountInString(passphrase) < MinPassphrase {
		return ErrShort
	}
	if _, err := node.SheetLetters(passphrase); err == nil { // it would be taken for the card
		return ErrShort
	}
	return v.lock(byPassphrase, passphrase, func(f *file) *[]byte { return &f.Passphrase })
}

// NewCard locks the key with a new card and returns its letters, which nobody can show again; the card before ends.
func (v *Vault) NewCard() (string, error) {
	sheet := node.NewSheet()
	letters, err := node.SheetLetters(sheet)
	if err != nil {
		return "", err
	}
	return sheet, v.lock(byCard, letters, func(f *file) *[]byte { return &f.Card })
}

// HasCard reports whether there is a card.
func (v *Vault) HasCard() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.f.Card) > 0
}

func (v *Vault) lock(info, secret string, at func(*file) *[]byte) error {
	v.mu.Lock()
	key := v.key
	v.mu.Unlock()
	if key == nil {
		return ErrLocked
	}
	locked, err := seal.LockSecret(info, secret, key)
	if err != nil {
		return err
	}
	return v.change(func(f *file) error {
		*at(f) = locked
		return nil
	})
}

// change writes the file anew, as another process may have left it, so that a lost power leaves the old one or the new one.
func (v *Vault) change(fn func(*file) error) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	f := v.f
	if b, err := os.ReadFile(v.path); err == nil {
		f = file{}
		if err := json.Unmarshal(b, &f); err != nil {
			return fmt.Errorf("the lock in %s is damaged: %w", v.path, err)
		}
	}
	if err := fn(&f); err != nil {
		return err
	}
	b, err := json.MarshalIndent(f, "", "  ")
	if err == nil {
		err = whole.Write(v.path, append(b, '\n'))
	}
	if err != nil {
		return fmt.Errorf("keep the lock: %w", err)
	}
	v.f = f
	return nil
}

// Hub is headquarters as a locked box knows it.
type Hub struct {
	Peer node.Peer
	Ask  *seal.Identity // signs that it is this disk that asks
}

// Hub is whom to ask for the other half of the key; nil where nobody has it.
func (v *Vault) Hub() *Hub {
	v.mu.Lock()
	defer v.mu.Unlock()
	h := v.f.Hub
	if h == nil || len(h.Ask) != keySize {
		return nil
	}
	ask, err := seal.DeriveIdentity([keySize]byte(h.Ask))
	if err != nil {
		return nil
	}
	return &Hub{node.Peer{Node: h.Node, Up: true, Address: h.Address, Public: h.Public}, ask}
}

// Alone reports whether headquarters is not to open the disk.
func (v *Vault) Alone() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.f.Alone
}

// SetAlone says whether headquarters is not to open the disk. What it has opens nothing any more.
func (v *Vault) SetAlone(alone bool) error {
	return v.change(func(f *file) error {
		if f.Alone = alone; alone {
			f.Hub = nil
		}
		return nil
	})
}

// entrust splits a key between this file and a peer. give brings the peer its half, with the public key that will ask for it; the
// way by headquarters is open once that was taken.
func (v *Vault) entrust(to node.Peer, give func(node.Deposit) error) error {
	if v.Locked() {
		return ErrLocked
	}
	seed, half, theirs := make([]byte, keySize), make([]byte, keySize), make([]byte, keySize)
	for _, b := range [][]byte{seed, half, theirs} {
		rand.Read(b)
	}
	ask, err := seal.DeriveIdentity([keySize]byte(seed))
	if err != nil {
		return err
	}
	both, err := joined(half, theirs)
	if err != nil {
		return err
	}
	v.mu.Lock()
	key, err := seal.Hide(both, byHub, v.key)
	v.mu.Unlock()
	if err != nil {
		return err
	}
	if err := give(node.Deposit{Public: ask.Public(), Half: theirs}); err != nil {
		return err
	}
	return v.change(func(f *file) error {
		if f.Alone {
			return nil
		}
		f.Hub = &hub{Node: to.Node, Address: to.Address, Public: to.Public, Ask: seed, Half: half, Key: key}
		v.stale = false
		return nil
	})
}

// Forgotten notes that headquarters does not know this disk any more: it came back from a backup.
func (v *Vault) Forgotten() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.stale = true
}

// Keep sees to it that a peer has its half and is found where it is called, with what brings it there; for who called it just now.
func (v *Vault) Keep(to node.Peer, give func(node.Deposit) error) error {
	v.mu.Lock()
	f, stale := v.f, v.stale
	v.mu.Unlock()
	switch {
	case f.Alone:
		return nil
	case f.Hub == nil || f.Hub.Node != to.Node || stale:
		return v.entrust(to, give)
	case f.Hub.Address != to.Address:
		return v.change(func(f *file) error {
			if f.Hub != nil {
				f.Hub.Address = to.Address
			}
			return nil
		})
	}
	return nil
}

func joined(half, theirs []byte) ([]byte, error) {
	return hkdf.Key(sha256.New, append(append([]byte{}, half...), theirs...), nil, byHub, keySize)
}

// OpenWith unlocks with the half that headquarters gave.
func (v *Vault) OpenWith(theirs []byte) error {
	v.mu.Lock()
	h := v.f.Hub
	v.mu.Unlock()
	if h == nil {
		return ErrHalf
	}
	both, err := joined(h.Half, theirs)
	if err != nil {
		return err
	}
	key, err := seal.Show(both, byHub, h.Key)
	if err != nil {
		return ErrHalf
	}
	v.opened(key)
	return nil
}
