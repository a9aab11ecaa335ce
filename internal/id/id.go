// Package id makes and reads the 128-bit identifiers of everything Tizi knows about.
package id

import (
	"crypto/sha256"
	"database/sql/driver"
	"encoding/hex"
	"fmt"
	"sync/atomic"

	"github.com/google/uuid"
)

// ID is a UUID: version 7 for what is born on a node (time-ordered ids are three times cheaper to index than random
// ones), version 8 for what two nodes must name alike without having met (see Named).
type ID [16]byte

// Nil is the ID of nothing: the actor of a fact that the program itself wrote.
var Nil ID

// New returns a fresh version 7 UUID (RFC 9562, section 5.7).
func New() ID {
	if f := source.Load(); f != nil {
		return (*f)()
	}
	return ID(uuid.Must(uuid.NewV7()))
}

var source atomic.Pointer[func() ID]

// SetSource makes New return other ids, for a simulation that can be played again; nil makes it as it was.
func SetSource(f func() ID) {
	if f == nil {
		source.Store(nil)
		return
	}
	source.Store(&f)
}

// Named returns the same version 8 UUID (RFC 9562, section 5.8) for the same space and name on every node, so that two
// hubs that import one country's places, or two centres that plan one session, mean the same thing by it.
func Named(space, name string) ID {
	h := sha256.Sum256([]byte(space + "\x00" + name))
	var v ID
	copy(v[:], h[:16])
	v[6] = v[6]&0x0f | 0x80
	v[8] = v[8]&0x3f | 0x80
	return v
}

// Parse reads the canonical text form, with or without hyphens.
func Parse(s string) (ID, error) {
	u, err := uuid.Parse(s)
	if err != nil {
		return Nil, fmt.Errorf("id %q: %w", s, err)
	}
	return ID(u), nil
}

// MustParse is Parse for constants.
func MustParse(s string) ID {
	v, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return v
}

// String returns the canonical 36-character form.
func (v ID) String() string { return uuid.UUID(v).String() }

// Hex returns the 32 hexadecimal digits.
func (v ID) Hex() string { return hex.EncodeToString(v[:]) }

// IsNil reports whether v names nothing.
func (v ID) IsNil() bool { return v == Nil }

// MarshalText writes the canonical form; the Nil ID is an empty text.
func (v ID) MarshalText() ([]byte, error) {
	if v.IsNil() {
		return []byte{}, nil
	}
	return []byte(v.String()), nil
}

// UnmarshalText reads what MarshalText wrote.
func (v *ID) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*v = Nil
		return nil
	}
	w, err := Parse(string(b))
	if err != nil {
		return err
	}
	*v = w
	return nil
}

// Value stores an ID as 16 bytes on both engines.
func (v ID) Value() (driver.Value, error) { return v[:], nil }

// Scan reads 16 bytes; NULL becomes Nil.
func (v *ID) Scan(src any) error {
	switch b := src.(type) {
	case nil:
		*v = Nil
		return nil
	case []byte:
		if len(b) == 0 {
			*v = Nil
			return nil
		}
		if len(b) == 16 {
			copy(v[:], b)
			return nil
		}
		return fmt.Errorf("id: %d bytes instead of 16", len(b))
	}
	return fmt.Errorf("id: cannot read a %T", src)
}

// Under returns the same ID for the same parent and name on every node, close to the parent in order, so that what
// belongs to time-ordered things is cheap to index too.
func Under(parent ID, name string) ID {
	v := Named(parent.Hex(), name)
	copy(v[:8], parent[:8])
	v[6] = v[6]&0x0f | 0x80
	return v
}
