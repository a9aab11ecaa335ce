package node

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// A box keeps a recovery key on paper. Where it is lost far from any link, its saved folder goes on with that key on another box,
// provisionally: headquarters confirms or refuses when it hears of it (fact.Recover).

// Faults of recovery keys. Doors translate them.
var (
	ErrTyped   = errors.New("this is no recovery key: look at the sheet again, a letter is wrong or missing")
	ErrNoSheet = errors.New("a recovery key is kept by a box that is paired, for its own centre; this node has none to keep")
	ErrSettled = errors.New("no box waits under this name: it was confirmed or refused already")
)

// A sheet has letters that cannot be mistaken for one another, in groups of four; the last ones show that none is wrong.
const (
	sheetRandom = 27 // 132 bits
	sheetCheck  = 5  // of 24 million wrong ones, one passes
	sheetGroup  = 4
)

// NewSheet draws a recovery key as it is printed.
func NewSheet() string { return sheetFrom(rand.Reader) }

func sheetFrom(random io.Reader) string {
	letters := make([]byte, 0, sheetRandom)
	for len(letters) < sheetRandom {
		var b [1]byte
		io.ReadFull(random, b[:])                                      // never fails (crypto/rand)
		if i := int(b[0]); i < 256/len(codeLetters)*len(codeLetters) { // each letter is as likely
			letters = append(letters, codeLetters[i%len(codeLetters)])
		}
	}
	letters = append(letters, checkOf(letters)...)
	var out strings.Builder
	for i := 0; i < len(letters); i += sheetGroup {
		if i > 0 {
			out.WriteByte('-')
		}
		out.Write(letters[i : i+sheetGroup])
	}
	return out.String()
}

func checkOf(letters []byte) []byte {
	h := sha256.Sum256(append([]byte("tizi recovery check "), letters...))
	out := make([]byte, sheetCheck)
	for i := range out {
		out[i] = codeLetters[int(h[i])%len(codeLetters)]
	}
	return out
}

// SheetLetters are the letters of a sheet that are random, out of what somebody typed or read from its QR.
func SheetLetters(typed string) (string, error) {
	letters := Clean(typed)
	if len(letters) != sheetRandom+sheetCheck || string(checkOf([]byte(letters[:sheetRandom]))) != letters[sheetRandom:] {
		return "", ErrTyped
	}
	return letters[:sheetRandom], nil
}

// Sheet is the key that somebody typed, or read from the QR of a sheet.
func Sheet(typed string) (*seal.Identity, error) {
	letters, err := SheetLetters(typed)
	if err != nil {
		return nil, err
	}
	return seal.DeriveIdentity(sha256.Sum256([]byte("tizi recovery key " + letters)))
}

// Kept is the recovery key that this node keeps, nil where it keeps none.
func (n *Nodes) Kept() *fact.Reservation {
	for _, r := range n.log.Reservations() {
		if r.Box == n.log.Node() && !r.Replaced {
			return &r
		}
	}
	return nil
}

// keeps are the streams for which this node may keep a recovery key: the centres that it was granted.
func (n *Nodes) keeps(streams []string) []string {
	if g, ok := n.log.Grantee(n.log.Node()); ok && !g.Provisional {
		streams = append(slices.Clone(streams), g.Streams...)
	}
	slices.Sort(streams)
	return slices.DeleteFunc(slices.Compact(streams), func(s string) bool {
		return fact.CentreOf(s).IsNil() || !n.log.May(fact.GrantReserved, s)
	})
}

// MayKeep reports whether this node may keep a recovery key.
func (n *Nodes) MayKeep() bool { return len(n.keeps(nil)) > 0 }

// Keep makes a recovery key for this node and returns it as it is printed: nobody can show it again. The one before it does not
// hold any more. streams are those that it was told it will hold, where the grant has not come yet.
func (n *Nodes) Keep(ctx context.Context, actor id.ID, streams ...string) (string, error) {
	if err := n.log.Refresh(ctx); err != nil {
		return "", err
	}
	if streams = n.keeps(streams); len(streams) == 0 {
		return "", ErrNoSheet
	}
	sheet := sheetFrom(n.Random)
	k, err := Sheet(sheet)
	if err != nil {
		return "", err
	}
	own := n.log.Node()
	_, err = n.log.Do(ctx, fact.Command{Name: "keep a recovery key", Stream: streams[0], Keys: []id.ID{own}, Run: func(context.Context, store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		for _, s := range streams {
			f := fact.New{Stream: s, Kind: fact.GrantReserved, Subject: own, Actor: actor, Body: fact.Reserve(k.Public())}
			for _, r := range n.log.Reservations() {
				for _, ref := range r.Refs {
					if r.Box == own && ref.Stream == s {
						f.Prev = append(f.Prev, ref)
					}
				}
			}
			f.Prev = f.Prev[max(0, len(f.Prev)-maxReplaced):]
			out.Facts = append(out.Facts, f)
		}
		return out, nil
	}})
	if err == nil && n.Printed != nil {
		err = n.Printed(sheet)
	}
	return sheet, err
}

// maxReplaced is how many earlier keys a new one names; those before were named by one of them.
const maxReplaced = 100

// MaxShown bounds what a node that is not known may show. It is not compressed, so that it is no larger than it looks.
const MaxShown = 128 << 10

// shown is what the recovery keys signed by which a node writes, as batches on the wire; and what shows that it follows headquarters.
type shown struct {
	Batches [][]byte `json:"batches,omitempty"`
	Follows [][]byte `json:"follows,omitempty"`
}

// introduce takes in by which recovery keys a node writes that this one does not know.
func (n *Nodes) introduce(ctx context.Context, body []byte) ([]byte, error) {
	var s shown
	if err := decode(body, &s); err != nil {
		return nil, err
	}
	for _, w := range s.Batches {
		b, err := fact.DecodeBatch(w)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrMessage, err)
		}
		switch err := n.log.Introduced(ctx, b); {
		case errors.Is(err, fact.ErrSheet), errors.Is(err, fact.ErrForked), errors.Is(err, fact.ErrProof):
			return nil, errors.Join(ErrStranger, err)
		case err != nil:
			return nil, err
		}
	}
	return encode(struct{}{}), nil
}

// claims is what introduces this node where it writes by a recovery key; nil where it has a grant of its own.
func (n *Nodes) claims(ctx context.Context) ([]byte, error) {
	l, err := n.log.Recoveries(ctx)
	if err != nil || len(l) == 0 {
		return nil, err
	}
	var s shown
	for _, b := range l {
		s.Batches = append(s.Batches, b.Encode())
	}
	return encode(s), nil
}

// Claim is a box that writes by a recovery key until this node, or another that may grant, confirms or refuses.
type Claim struct {
	fact.Grantee
	Key, Box id.ID // the recovery key, and whose place is taken
}

// Claims returns the boxes that wait for a word, by name.
func (n *Nodes) Claims() []Claim {
	var out []Claim
	all := n.log.Reservations()
	for _, g := range n.log.Grantees() {
		if i := slices.IndexFunc(all, func(r fact.Reservation) bool { return r.Used == g.Node }); i >= 0 && g.Provisional && g.Revoked == nil {
			out = append(out, Claim{g, all[i].Key, all[i].Box})
		}
	}
	return out
}

func (n *Nodes) claim(box id.ID) (Claim, error) {
	l := n.Claims()
	i := slices.IndexFunc(l, func(c Claim) bool { return c.Node == box })
	if i < 0 {
		return Claim{}, ErrSettled
	}
	return l[i], nil
}

// ConfirmBox grants a box that writes by a recovery key what it took the place of another for; the other is revoked, and the key used up.
func (n *Nodes) ConfirmBox(ctx context.Context, actor, box id.ID) error {
	if err := n.log.Refresh(ctx); err != nil {
		return err
	}
	c, err := n.claim(box)
	if err != nil {
		return err
	}
	if !n.log.May(fact.GrantIssued, "commons") {
		return ErrLend
	}
	who, ok := n.log.Grantee(c.Box)
	if !n.holds(who.Streams) {
		return ErrHolds
	}
	return n.decide(ctx, "confirm a box", box, func(ctx context.Context, q store.Querier, out *fact.Outcome) error {
		if err := n.let(ctx, q, out, actor, c.Public, c.Recipient, c.Name, c.Streams, ok && lends(who)); err != nil {
			return err
		}
		if ok && who.Revoked == nil {
			return n.revoke(ctx, q, out, actor, who, "replaced")
		}
		return n.cut(ctx, q, out, actor, "recovered", c.Key)
	})
}

// RefuseBox ends what a box may do that writes by a recovery key: nothing of it counts, and the key is good for nothing more.
func (n *Nodes) RefuseBox(ctx context.Context, actor, box id.ID) error {
	if err := n.log.Refresh(ctx); err != nil {
		return err
	}
	c, err := n.claim(box)
	if err != nil {
		return err
	}
	if !n.log.May(fact.GrantIssued, "commons") {
		return ErrLend
	}
	return n.decide(ctx, "refuse a box", box, func(ctx context.Context, q store.Querier, out *fact.Outcome) error {
		out.Facts = append(out.Facts, fact.New{Stream: "commons", Kind: fact.GrantRevoked, Subject: box, Actor: actor, Body: fact.Withdrawn{Reason: "refused"}})
		return n.cut(ctx, q, out, actor, "refused", c.Key)
	})
}

// cut revokes recovery keys: what they were used for before stands until somebody refuses it, and they are good for nothing more.
func (n *Nodes) cut(ctx context.Context, q store.Querier, out *fact.Outcome, actor id.ID, reason string, keys ...id.ID) error {
	for _, r := range n.log.Reservations() {
		if !slices.Contains(keys, r.Key) {
			continue
		}
		after := map[string]uint64{}
		for _, s := range r.Streams() {
			held, err := n.log.Held(ctx, q, s, r.Key)
			if err != nil {
				return err
			}
			after[s] = min(held, 1)
		}
		out.Facts = append(out.Facts, fact.New{Stream: "commons", Kind: fact.GrantRevoked, Subject: r.Key, Actor: actor, Body: fact.Withdrawn{After: after, Reason: reason}})
	}
	return nil
}

// Keeps reports whether a box keeps a recovery key that holds.
func (n *Nodes) Keeps(box id.ID) bool { return len(n.keptBy(box)) > 0 }

// keptBy are the recovery keys of a box that hold.
func (n *Nodes) keptBy(box id.ID) []id.ID {
	var out []id.ID
	for _, r := range n.log.Reservations() {
		if r.Box == box && !r.Replaced {
			out = append(out, r.Key)
		}
	}
	return out
}

// RevokeSheet ends a recovery key of a box that was lost or seen by others; the box keeps what it has.
func (n *Nodes) RevokeSheet(ctx context.Context, actor, box id.ID) error {
	if err := n.log.Refresh(ctx); err != nil {
		return err
	}
	if !n.log.May(fact.GrantRevoked, "commons") {
		return ErrLend
	}
	keys := n.keptBy(box)
	if len(keys) == 0 {
		return ErrNoSheet
	}
	return n.decide(ctx, "revoke a recovery key", box, func(ctx context.Context, q store.Querier, out *fact.Outcome) error {
		return n.cut(ctx, q, out, actor, "recovery key lost", keys...)
	})
}
