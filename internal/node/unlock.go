package node

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// A box whose disk is encrypted leaves half of the key here, and asks for it when it starts. It gets it unless it was revoked:
// then whoever has the box finds nothing on its disk. What a locked box signs with is a key of its disk, since its own lies inside.

// Deposit is half of the key of a disk, and the public key that will ask for it.
type Deposit struct {
	Public ed25519.PublicKey `json:"public"`
	Half   []byte            `json:"half"` // wrapped for who keeps it, as it travels
}

// unlocking asks for a half. Recipient is made for this one question: who listened and takes the disk later opens nothing with it.
type unlocking struct {
	Recipient []byte `json:"recipient"`
}

type released struct {
	Half []byte `json:"half"` // wrapped
}

// halfSize is how many bytes a half has.
const halfSize = 32

// deposit keeps the half of a node's key; the one before ends.
func (n *Nodes) deposit(ctx context.Context, who fact.Grantee, body []byte) ([]byte, error) {
	var d Deposit
	if err := decode(body, &d); err != nil {
		return nil, err
	}
	half, err := n.log.Identity().Unwrap(OpDeposit, d.Half)
	if err != nil || len(d.Public) != ed25519.PublicKeySize || len(half) != halfSize {
		return nil, errors.Join(ErrMessage, err)
	}
	err = n.log.DB.Write(ctx, func(tx store.Tx) error {
		return tx.Exec(ctx, "INSERT INTO node_unlock (node, asker, public_key, half, given, opened, openings, refused, refusals) VALUES (?, ?, ?, ?, ?, 0, 0, 0, 0) ON CONFLICT (node) DO UPDATE SET asker = excluded.asker, public_key = excluded.public_key, half = excluded.half, given = excluded.given",
			who.Node, seal.NodeOf(d.Public), []byte(d.Public), half, millis(n.log.Clock.Now()))
	})
	if err != nil {
		return nil, fmt.Errorf("keep half of a key: %w", err)
	}
	return encode(struct{}{}), nil
}

// Leave brings a node, with which an exchange was just whole, half of the key of this one's disk.
func Leave(ctx context.Context, link Link, recipient []byte, d Deposit) error {
	var err error
	if d.Half, err = seal.WrapFor(recipient, OpDeposit, d.Half); err != nil {
		return err
	}
	_, err = link.Ask(ctx, OpDeposit, encode(d))
	return err
}

// Asker is the key with which a locked disk asks; ErrStranger where none goes by that name.
func (n *Nodes) Asker(ctx context.Context, asker id.ID) (ed25519.PublicKey, error) {
	var public []byte
	found, err := store.One(ctx, n.log.DB, "SELECT public_key FROM node_unlock WHERE asker = ?", store.Args(asker), &public)
	if err == nil && !found {
		err = ErrStranger
	}
	return public, err
}

// Release gives a locked disk the half of its key, unless its node was revoked. Who asks was made sure of; either way it is noted.
func (n *Nodes) Release(ctx context.Context, asker id.ID, body []byte) ([]byte, error) {
	var r unlocking
	if err := decode(body, &r); err != nil {
		return nil, err
	}
	var node id.ID
	var half []byte
	found, err := store.One(ctx, n.log.DB, "SELECT node, half FROM node_unlock WHERE asker = ?", store.Args(asker), &node, &half)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, ErrStranger
	}
	who, ok := n.log.Grantee(node)
	refused := !ok || who.Revoked != nil
	set := "opened = ?, openings = openings + 1"
	if refused {
		set = "refused = ?, refusals = refusals + 1"
	}
	err = n.log.DB.Write(ctx, func(tx store.Tx) error {
		return tx.Exec(ctx, "UPDATE node_unlock SET "+set+" WHERE asker = ?", millis(n.log.Clock.Now()), asker)
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("note that a disk was to be unlocked: %w", err)
	case refused:
		return nil, ErrRevoked
	}
	wrapped, err := seal.WrapFor(r.Recipient, OpUnlock, half)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	return encode(released{wrapped}), nil
}

// Fetch asks another node for the half of the key of a locked disk. The link signs with the key of the disk.
func Fetch(ctx context.Context, link Link) ([]byte, error) {
	o, err := seal.NewOpener()
	if err != nil {
		return nil, err
	}
	b, err := link.Ask(ctx, OpUnlock, encode(unlocking{o.Recipient()}))
	if err != nil {
		return nil, err
	}
	var r released
	if err := decode(b, &r); err != nil {
		return nil, err
	}
	half, err := o.Unwrap(OpUnlock, r.Half)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	return half, nil
}

// Unlocks is how often the disk of a node was unlocked from here, and how often that was refused.
type Unlocks struct {
	Given              time.Time // when the half was left here
	Opened, Refused    time.Time // the last time; zero: never
	Openings, Refusals int
}

// Unlocks returns what is known of the disk of a node; nil where it left nothing here.
func (n *Nodes) Unlocks(ctx context.Context, q store.Querier, node id.ID) (*Unlocks, error) {
	var u Unlocks
	var given, opened, refused int64
	found, err := store.One(ctx, q, "SELECT given, opened, openings, refused, refusals FROM node_unlock WHERE node = ?", store.Args(node), &given, &opened, &u.Openings, &refused, &u.Refusals)
	if err != nil || !found {
		return nil, err
	}
	u.Given, u.Opened, u.Refused = instant(given), instant(opened), instant(refused)
	return &u, nil
}
