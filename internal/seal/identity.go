// Package seal holds all cryptography of persons and nodes: a node's own keys, the key of each person, and what is
// sealed with them.
package seal

import (
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"tizi/internal/id"
)

// kem wraps keys for a node: X25519 together with ML-KEM-768, since what is wrapped today protects children for
// decades and may be copied now and broken later.
func kem() hpke.KEM { return hpke.MLKEM768X25519() }

// Identity is a node's own pair of keys: one signs its logs, one opens what others wrap for it.
type Identity struct {
	sign ed25519.PrivateKey
	open hpke.PrivateKey
}

// NewIdentity makes a node. A restored or cloned box must make a new one, or two boxes would write one log.
func NewIdentity() (*Identity, error) {
	_, sign, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, fmt.Errorf("make a signing key: %w", err)
	}
	open, err := kem().GenerateKey()
	if err != nil {
		return nil, fmt.Errorf("make a key to open with: %w", err)
	}
	return &Identity{sign, open}, nil
}

// DeriveIdentity makes the node of a seed: for simulations, never for a box.
func DeriveIdentity(seed [32]byte) (*Identity, error) {
	open, err := kem().DeriveKeyPair(seed[:])
	if err != nil {
		return nil, fmt.Errorf("make a key to open with: %w", err)
	}
	return &Identity{ed25519.NewKeyFromSeed(seed[:]), open}, nil
}

// identityFile is the JSON of node.key.
type identityFile struct {
	Version int    `json:"tizi_node_key"`
	Sign    string `json:"ed25519_seed"`
	Open    string `json:"mlkem768_x25519"`
}

// Bytes returns what ParseIdentity reads. Whoever has it is the node.
func (n *Identity) Bytes() ([]byte, error) {
	open, err := n.open.Bytes()
	if err != nil {
		return nil, err
	}
	b, err := json.MarshalIndent(identityFile{1, b64(n.sign.Seed()), b64(open)}, "", "  ")
	return append(b, '\n'), err
}

// Save writes the identity to a new file that only its owner may read, hidden by hide unless that is nil. It never overwrites one.
func (n *Identity) Save(path string, hide func([]byte) ([]byte, error)) error {
	b, err := n.Bytes()
	if err == nil && hide != nil {
		b, err = hide(b)
	}
	if err != nil {
		return fmt.Errorf("save the node's key: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("save the node's key: %w", err)
	}
	_, werr := f.Write(b)
	err = errors.Join(werr, f.Sync(), f.Close())
	if d, e := os.Open(filepath.Dir(path)); e == nil { // the name must survive a power cut too
		d.Sync()
		d.Close()
	}
	return err
}

// LoadIdentity reads what Save wrote; show undoes its hide. A missing file is fs.ErrNotExist.
func LoadIdentity(path string, show func([]byte) ([]byte, error)) (*Identity, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err == nil && show != nil {
		b, err = show(b)
	}
	if err != nil {
		return nil, fmt.Errorf("read the node's key: %w", err)
	}
	n, err := ParseIdentity(b)
	if err != nil {
		return nil, fmt.Errorf("the node's key in %s is damaged; restore it from a backup", path)
	}
	return n, nil
}

// ParseIdentity reads what Bytes returned.
func ParseIdentity(b []byte) (*Identity, error) {
	var f identityFile
	if err := json.Unmarshal(b, &f); err != nil || f.Version != 1 {
		return nil, errors.New("this is no key of a node")
	}
	seed, err1 := base64.StdEncoding.DecodeString(f.Sign)
	open, err2 := base64.StdEncoding.DecodeString(f.Open)
	if err1 != nil || err2 != nil || len(seed) != ed25519.SeedSize {
		return nil, errors.New("this is no key of a node")
	}
	k, err := kem().NewPrivateKey(open)
	if err != nil {
		return nil, fmt.Errorf("this is no key of a node: %w", err)
	}
	return &Identity{ed25519.NewKeyFromSeed(seed), k}, nil
}

// Node returns the node's name: the fingerprint of its public key.
func (n *Identity) Node() id.ID { return NodeOf(n.Public()) }

// NodeOf returns the name of the node with this Ed25519 public key.
func NodeOf(public ed25519.PublicKey) id.ID {
	h := sha256.Sum256(public)
	return id.ID(h[:16])
}

// Public returns the key that verifies what the node signs.
func (n *Identity) Public() ed25519.PublicKey { return n.sign.Public().(ed25519.PublicKey) }

// Recipient returns the public key that others wrap for.
func (n *Identity) Recipient() []byte { return n.open.PublicKey().Bytes() }

// Sign signs a message with Ed25519.
func (n *Identity) Sign(message []byte) []byte { return ed25519.Sign(n.sign, message) }

// WrapFor encrypts a secret to a node (HPKE base mode, RFC 9180); info names what it is for.
func WrapFor(recipient []byte, info string, secret []byte) ([]byte, error) {
	pk, err := kem().NewPublicKey(recipient)
	if err != nil {
		return nil, fmt.Errorf("the other node's key is damaged: %w", err)
	}
	return hpke.Seal(pk, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(info), secret)
}

// Unwrap opens what was wrapped for this node.
func (n *Identity) Unwrap(info string, wrapped []byte) ([]byte, error) {
	b, err := hpke.Open(n.open, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(info), wrapped)
	if err != nil {
		return nil, fmt.Errorf("this node cannot open what was wrapped for it (%s): %w", info, err)
	}
	return b, nil
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func random32() []byte {
	b := make([]byte, 32)
	rand.Read(b) // never fails (crypto/rand)
	return b
}
