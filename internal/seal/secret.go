package seal

import (
	"crypto/rand"
	"errors"
	"fmt"
)

// ErrHidden is returned, wrapped, for bytes that a key does not open: it is another's, or they are damaged.
var ErrHidden = errors.New("this was hidden with another key, or is damaged")

// Hide encrypts bytes with a key of 32 bytes (AES-256-GCM). info names what they are, and is needed to show them again.
func Hide(key []byte, info string, b []byte) ([]byte, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, b, []byte(info)), nil
}

// Show decrypts what Hide made.
func Show(key []byte, info string, hidden []byte) ([]byte, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	b, err := aead.Open(nil, nil, hidden, []byte(info))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", info, ErrHidden)
	}
	return b, nil
}

// LockSecret hides a secret with a passphrase (argon2id). info names what it is for.
func LockSecret(info, passphrase string, secret []byte) ([]byte, error) {
	salt := make([]byte, saltSize)
	rand.Read(salt)
	b, err := Hide(lockKey(passphrase, salt), info, secret)
	return append(salt, b...), err
}

// UnlockSecret opens what LockSecret made; a wrong passphrase is ErrPassphrase.
func UnlockSecret(info, passphrase string, locked []byte) ([]byte, error) {
	if len(locked) < saltSize {
		return nil, ErrPassphrase
	}
	b, err := Show(lockKey(passphrase, locked[:saltSize]), info, locked[saltSize:])
	if errors.Is(err, ErrHidden) {
		err = ErrPassphrase
	}
	return b, err
}

// saltSize is how many bytes keep equal passphrases from looking equal.
const saltSize = 16
