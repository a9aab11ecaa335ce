package seal

import (
	"crypto/hpke"
	"encoding/base64"
	"errors"
	"fmt"

	"golang.org/x/crypto/argon2"
)

// Opener is the pair of keys of somebody to whom others write so that no node can read it.
type Opener struct{ open hpke.PrivateKey }

// NewOpener makes a pair of keys.
func NewOpener() (*Opener, error) {
	k, err := kem().GenerateKey()
	if err != nil {
		return nil, fmt.Errorf("make a key to open with: %w", err)
	}
	return &Opener{k}, nil
}

// Recipient is the public part, for WrapFor.
func (o *Opener) Recipient() []byte { return o.open.PublicKey().Bytes() }

// Unwrap opens what was wrapped for this pair.
func (o *Opener) Unwrap(info string, wrapped []byte) ([]byte, error) {
	return hpke.Open(o.open, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(info), wrapped)
}

// argon2id of what protects a private key for years: three times the memory of a sign-in (RFC 9106, second choice).
const (
	lockTime   = 3
	lockMemory = 64 * 1024
	lockLanes  = 1
)

// locking bounds concurrent derivations, so that a small box keeps its memory.
var locking = make(chan struct{}, 1)

func lockKey(passphrase string, salt []byte) []byte {
	locking <- struct{}{}
	defer func() { <-locking }()
	return argon2.IDKey([]byte(passphrase), salt, lockTime, lockMemory, lockLanes, 32)
}

// ErrPassphrase is returned when a passphrase does not open what it should.
var ErrPassphrase = errors.New("the passphrase does not open this key")

// Lock wraps the private part with a passphrase. info names what it is for.
func (o *Opener) Lock(info, passphrase string) ([]byte, error) {
	b, err := o.open.Bytes()
	if err != nil {
		return nil, fmt.Errorf("lock a key: %w", err)
	}
	return LockSecret(info, passphrase, b)
}

// Unlock opens what Lock made; a wrong passphrase is ErrPassphrase.
func Unlock(info, passphrase string, locked []byte) (*Opener, error) {
	b, err := UnlockSecret(info, passphrase, locked)
	if err != nil {
		return nil, err
	}
	k, err := kem().NewPrivateKey(b)
	if err != nil {
		return nil, fmt.Errorf("unlock a key: %w", err)
	}
	return &Opener{k}, nil
}

// NewContentKey makes the key of one case.
func NewContentKey() []byte { return random32() }

// SealContent encrypts with a content key, padded to full kilobytes so that its length says little.
func SealContent(key []byte, info string, plain []byte) (string, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return "", err
	}
	n := (len(plain)/1024 + 1) * 1024
	padded := make([]byte, n)
	copy(padded, plain)
	padded[len(plain)] = 0x80 // ISO/IEC 7816-4
	return b64(aead.Seal(nil, nil, padded, []byte(info))), nil
}

// OpenContent decrypts what SealContent made.
func OpenContent(key []byte, info, sealed string) ([]byte, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	b, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		return nil, fmt.Errorf("sealed content: %w", err)
	}
	p, err := aead.Open(nil, nil, b, []byte(info))
	if err != nil {
		return nil, fmt.Errorf("sealed content: %w", err)
	}
	for i := len(p) - 1; i >= 0; i-- {
		if p[i] == 0x80 {
			return p[:i], nil
		}
		if p[i] != 0 {
			break
		}
	}
	return nil, errors.New("sealed content: its end is damaged")
}
