package node

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// A box is paired in three steps. Headquarters makes a code, for one box and one day. The box asks with it: both know each
// other's keys then, and both show a number made of all of them. Whoever stands in between has other keys and another
// number, so people compare: each side is told the number that the other shows. Then headquarters grants, and the box
// takes its root from it.

// InviteLife is how long a code holds.
const InviteLife = 24 * time.Hour

// Faults of pairing. Doors translate them.
var (
	ErrCode     = errors.New("this code is unknown, was used by another box, or is over")
	ErrNumber   = errors.New("the other side shows another number: somebody may stand in between; make a new code and try on another network")
	ErrPaired   = errors.New("this node is paired already, and answers to another headquarters than the one that this code is of")
	ErrNoInvite = errors.New("nobody asked with this code yet")
	ErrHolds    = errors.New("this node does not hold the centre that the code would be for")
	ErrLend     = errors.New("this node pairs no boxes: headquarters has not let it")
)

// codeLetters cannot be mistaken for one another.
const codeLetters = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

const codeLength = 10

// CodeOf returns the code of the first ten of some bytes.
func CodeOf(b []byte) string {
	letters := make([]byte, codeLength)
	for i := range letters {
		letters[i] = codeLetters[int(b[i])%len(codeLetters)]
	}
	return string(letters[:codeLength/2]) + "-" + string(letters[codeLength/2:])
}

// Invite is a code that waits, and the box that gave it.
type Invite struct {
	ID        id.ID
	Name      string
	Stream    string   // the first of them
	Streams   []string // that the box will hold
	Lends     bool     // it is a region's, which may pair boxes for them itself
	Until     time.Time
	Public    ed25519.PublicKey // of the box; nil: none asked yet
	Recipient []byte
	Accepted  bool
	Number    string // to be compared, once a box asked
	code      []byte
}

// Ask is what a box says to be paired.
type Ask struct {
	Code      string `json:"code"`
	Public    []byte `json:"public"`
	Recipient []byte `json:"recipient"`
	Program   string `json:"program"`
}

// Answer is what it is told.
type Answer struct {
	Public    []byte   `json:"public"`
	Recipient []byte   `json:"recipient"`
	Root      id.ID    `json:"root"`
	Name      string   `json:"name"`
	Stream    string   `json:"stream"` // the first, for programs of format 1 before there were several
	Streams   []string `json:"streams,omitempty"`
}

// Clean makes of what somebody typed what Invite gave out.
func Clean(code string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(codeLetters, r) {
			return r
		}
		return -1
	}, strings.ToUpper(code))
}

func hashCode(code string) []byte {
	h := sha256.Sum256([]byte("tizi pair " + Clean(code)))
	return h[:]
}

// Number is what two sides compare: twenty digits of all that they have told each other.
func Number(code string, a Ask, b Answer) string {
	return number(hashCode(code), a.Public, a.Recipient, b.Public, b.Recipient)
}

func number(parts ...[]byte) string {
	h := sha256.New()
	for _, p := range parts {
		binary.Write(h, binary.BigEndian, uint32(len(p)))
		h.Write(p)
	}
	sum := h.Sum(nil)
	var b strings.Builder
	for i := range 5 {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%04d", binary.BigEndian.Uint32(sum[4*i:])%10000)
	}
	return b.String()
}

// sameNumber compares what somebody typed.
func sameNumber(a, b string) bool {
	digits := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, s)
	}
	return digits(a) != "" && digits(a) == digits(b)
}

// Invite makes a code for a box that will hold a stream; or, with several, for the node of a region.
func (n *Nodes) Invite(ctx context.Context, actor id.ID, name string, streams ...string) (code string, v id.ID, err error) {
	return n.invite(ctx, actor, name, len(streams) > 1, streams)
}

// InviteRegion makes a code for the node of a region, which may pair boxes for each of some streams itself, and for those that it
// is given later.
func (n *Nodes) InviteRegion(ctx context.Context, actor id.ID, name string, streams ...string) (code string, v id.ID, err error) {
	return n.invite(ctx, actor, name, true, streams)
}

func (n *Nodes) invite(ctx context.Context, actor id.ID, name string, lends bool, streams []string) (code string, v id.ID, err error) {
	if !n.log.May(fact.GrantIssued, "commons") {
		return "", v, ErrLend
	}
	if !n.holds(streams) {
		return "", v, ErrHolds
	}
	b := make([]byte, codeLength)
	rand.Read(b)
	code, v = CodeOf(b), id.New()
	now := n.log.Clock.Now()
	err = n.log.DB.Write(ctx, func(tx store.Tx) error {
		if err := tx.Exec(ctx, "DELETE FROM node_invite WHERE until < ?", now.UnixMilli()); err != nil {
			return err
		}
		return tx.Exec(ctx, "INSERT INTO node_invite (id, code, name, stream, until, actor, public_key, recipient, accepted, lends) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?)",
			v, hashCode(code), name, strings.Join(streams, "\n"), now.Add(InviteLife).UnixMilli(), actor, []byte{}, []byte{}, boolean(lends))
	})
	return code, v, err
}

// Invites returns the codes that hold, those that a box asked with first.
func (n *Nodes) Invites(ctx context.Context, q store.Querier) ([]Invite, error) {
	return n.invites(ctx, q, "until >= ?", n.log.Clock.Now().UnixMilli())
}

func (n *Nodes) invites(ctx context.Context, q store.Querier, where string, args ...any) ([]Invite, error) {
	var out []Invite
	err := q.Each(ctx, "SELECT id, name, stream, until, public_key, recipient, accepted, code, lends FROM node_invite WHERE "+where+" ORDER BY until", args, func(r store.Row) error {
		var i Invite
		var until int64
		var streams string
		if err := r.Scan(&i.ID, &i.Name, &streams, &until, (*[]byte)(&i.Public), &i.Recipient, &i.Accepted, &i.code, &i.Lends); err != nil {
			return err
		}
		i.Until = time.UnixMilli(until)
		i.Streams = strings.Split(streams, "\n")
		i.Stream = i.Streams[0]
		i.Lends = i.Lends || len(i.Streams) > 1
		if len(i.Public) > 0 {
			i.Number = number(i.code, i.Public, i.Recipient, n.log.Identity().Public(), n.log.Identity().Recipient())
		}
		out = append(out, i)
		return nil
	})
	slices.SortStableFunc(out, func(a, b Invite) int { return len(b.Public) - len(a.Public) })
	return out, err
}

// Answer answers a box that asks to be paired. It may ask again, with the same keys.
func (n *Nodes) Answer(ctx context.Context, a Ask) (Answer, error) {
	own := n.log.Identity()
	out := Answer{Public: own.Public(), Recipient: own.Recipient(), Root: n.log.Root()}
	if len(a.Public) != ed25519.PublicKeySize {
		return out, ErrCode
	}
	if _, err := seal.WrapFor(a.Recipient, "tizi pair", []byte("try")); err != nil {
		return out, ErrCode
	}
	err := n.log.DB.Write(ctx, func(tx store.Tx) error {
		l, err := n.invites(ctx, tx, "code = ? AND until >= ?", hashCode(a.Code), n.log.Clock.Now().UnixMilli())
		if err != nil {
			return err
		}
		if len(l) == 0 || len(l[0].Public) > 0 && !bytes.Equal(l[0].Public, a.Public) {
			return ErrCode
		}
		out.Name, out.Stream, out.Streams = l[0].Name, l[0].Stream, l[0].Streams
		return tx.Exec(ctx, "UPDATE node_invite SET public_key = ?, recipient = ? WHERE id = ?", a.Public, a.Recipient, l[0].ID)
	})
	return out, err
}

// Accept grants the box that asked with a code, whose number somebody read on it, what the code was made for.
func (n *Nodes) Accept(ctx context.Context, actor, invite id.ID, number string) (id.ID, error) {
	l, err := n.invites(ctx, n.log.DB, "id = ? AND until >= ?", invite, n.log.Clock.Now().UnixMilli())
	if err != nil {
		return id.Nil, err
	}
	switch {
	case len(l) == 0:
		return id.Nil, ErrCode
	case len(l[0].Public) == 0:
		return id.Nil, ErrNoInvite
	case !sameNumber(number, l[0].Number):
		return id.Nil, ErrNumber
	}
	box := seal.NodeOf(l[0].Public)
	return box, n.decide(ctx, "pair a node", box, func(ctx context.Context, q store.Querier, out *fact.Outcome) error {
		out.Then(func(ctx context.Context, tx store.Tx) error {
			return tx.Exec(ctx, "UPDATE node_invite SET accepted = 1 WHERE id = ?", invite)
		})
		return n.let(ctx, q, out, actor, l[0].Public, l[0].Recipient, l[0].Name, l[0].Streams, l[0].Lends)
	})
}

// decide runs a decision about a node as one command: all of it happens, or nothing.
func (n *Nodes) decide(ctx context.Context, name string, about id.ID, run func(ctx context.Context, q store.Querier, out *fact.Outcome) error) error {
	_, err := n.log.Do(ctx, fact.Command{Name: name, Stream: "commons", Keys: []id.ID{about}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
		var out fact.Outcome
		err := run(ctx, q, &out)
		return out, err
	}})
	return err
}

// let lets a node write everything in some streams. With lends it may pair boxes itself, as a region's, and revoke them; what it gives
// reaches no further than what it holds.
func (n *Nodes) let(ctx context.Context, q store.Querier, out *fact.Outcome, actor id.ID, public ed25519.PublicKey, recipient []byte, name string, streams []string, lends bool) error {
	box := seal.NodeOf(public)
	all, err := n.log.Of(ctx, q, box)
	if err != nil {
		return err
	}
	var grants []fact.Granted
	if len(streams) > 0 {
		grants = append(grants, fact.GrantOf(public, recipient, name, []string{"*"}, streams))
	}
	if lends {
		grants = append(grants, fact.GrantOf(public, recipient, name, []string{fact.GrantIssued.Name, fact.GrantRevoked.Name}, []string{"commons"}))
	}
	for _, g := range grants {
		out.Facts = append(out.Facts, fact.New{Stream: "commons", Kind: fact.GrantIssued, Subject: box, Actor: actor, Prev: fact.HeadsOf(all), Body: g})
	}
	out.Then(func(ctx context.Context, tx store.Tx) error { return n.noteIn(ctx, tx, box, func(*Peer) {}) })
	return nil
}

// Prepare makes the key of a box that is not there yet and grants it some streams; the answer is what the box would have been told
// had it asked. Whoever has that key is the box.
func (n *Nodes) Prepare(ctx context.Context, actor id.ID, name string, streams ...string) (*seal.Identity, Answer, error) {
	own := n.log.Identity()
	out := Answer{Public: own.Public(), Recipient: own.Recipient(), Root: n.log.Root(), Name: name, Stream: streams[0], Streams: streams}
	if !n.log.May(fact.GrantIssued, "commons") {
		return nil, out, ErrLend
	}
	if !n.holds(streams) {
		return nil, out, ErrHolds
	}
	box, err := seal.NewIdentity()
	if err != nil {
		return nil, out, err
	}
	return box, out, n.Grant(ctx, actor, box.Public(), box.Recipient(), name, streams)
}

// Grant lets a node write everything in some streams.
func (n *Nodes) Grant(ctx context.Context, actor id.ID, public ed25519.PublicKey, recipient []byte, name string, streams []string) error {
	return n.decide(ctx, "grant a node", seal.NodeOf(public), func(ctx context.Context, q store.Querier, out *fact.Outcome) error {
		return n.let(ctx, q, out, actor, public, recipient, name, streams, false)
	})
}

// holds reports whether this node holds all of some streams.
func (n *Nodes) holds(streams []string) bool {
	return !slices.ContainsFunc(streams, func(s string) bool { return !n.log.Reads(n.log.Node(), s) })
}

// Lend lets a node, a region's, pair boxes itself and revoke them.
func (n *Nodes) Lend(ctx context.Context, actor id.ID, public ed25519.PublicKey, recipient []byte, name string) error {
	return n.decide(ctx, "lend to a node", seal.NodeOf(public), func(ctx context.Context, q store.Querier, out *fact.Outcome) error {
		return n.let(ctx, q, out, actor, public, recipient, name, nil, true)
	})
}

// lends reports whether a node may pair others.
func lends(g fact.Grantee) bool { return slices.Contains(g.Streams, "commons") }

// Replace makes a code for the box that takes another's place: it will hold what that one held.
func (n *Nodes) Replace(ctx context.Context, actor, node id.ID) (code string, v id.ID, err error) {
	who, ok := n.log.Grantee(node)
	if !ok {
		return "", v, ErrStranger
	}
	var streams []string
	for _, s := range who.Streams {
		if s != "commons" && !slices.Contains(streams, s) {
			streams = append(streams, s)
		}
	}
	return n.invite(ctx, actor, who.Name, lends(who), streams)
}

// Succeed gives the database of a node to another key, in a transaction (fact.Succeed): this node is no copy any more.
func Succeed(ctx context.Context, tx store.Tx, old, next *seal.Identity) error {
	if err := fact.Succeed(ctx, tx, old, next); err != nil {
		return err
	}
	return tx.Exec(ctx, "UPDATE node_peer SET copied = 0")
}

// Widen lets a node hold more streams than it was paired for. With several it may pair boxes, as a region's.
func (n *Nodes) Widen(ctx context.Context, actor, node id.ID, streams ...string) error {
	who, ok := n.log.Grantee(node)
	if !ok || who.Revoked != nil {
		return ErrStranger
	}
	return n.decide(ctx, "widen a node", node, func(ctx context.Context, q store.Querier, out *fact.Outcome) error {
		return n.let(ctx, q, out, actor, who.Public, who.Recipient, who.Name, streams, true)
	})
}

// Asking returns what this node says to be paired.
func (n *Nodes) Asking(code string) Ask {
	own := n.log.Identity()
	return Ask{Code: Clean(code), Public: own.Public(), Recipient: own.Recipient(), Program: n.Program}
}

// Join makes another node the one that this one calls, after somebody read its number there. This node takes its root from
// it with the first exchange, when it knows what it is granted; what it wrote until then counts as far as that goes. One that
// calls another already changes over, if both answer to the same root: a region's node was lost, or is no more.
func (n *Nodes) Join(ctx context.Context, address string, a Answer, shown, typed string) error {
	if !sameNumber(shown, typed) {
		return ErrNumber
	}
	return n.JoinPrepared(ctx, address, a)
}

// JoinPrepared is Join without comparing, for an answer that came on a way that is trusted: in a file that headquarters prepared.
func (n *Nodes) JoinPrepared(ctx context.Context, address string, a Answer) error {
	up, err := n.Up(ctx, n.log.DB)
	if err != nil {
		return err
	}
	to := seal.NodeOf(a.Public)
	if up != nil && up.Node != to && (a.Root != n.log.Root() || n.log.Root() == n.log.Node()) || to == n.log.Node() {
		return ErrPaired
	}
	now := n.log.Clock.Now()
	return n.log.DB.Write(ctx, func(tx store.Tx) error {
		if err := tx.Exec(ctx, "DELETE FROM node_peer WHERE up = 1 AND node <> ?", to); err != nil {
			return err
		}
		return keep(ctx, tx, Peer{Node: to, Up: true, Address: address, Public: a.Public, Recipient: a.Recipient, Root: a.Root, Paired: now})
	})
}

// Revoke ends the grants of a node, whose box was stolen, lost or is no longer used: what it wrote after what this node holds
// now does not count, anywhere. The streams it could read get a new key for people who come from now on.
func (n *Nodes) Revoke(ctx context.Context, actor, node id.ID, reason string) error {
	who, ok := n.log.Grantee(node)
	if !ok {
		return ErrStranger
	}
	if !n.holds(who.Streams) { // it would count nowhere
		return ErrHolds
	}
	return n.decide(ctx, "revoke a node", node, func(ctx context.Context, q store.Querier, out *fact.Outcome) error {
		return n.revoke(ctx, q, out, actor, who, reason)
	})
}

// revoke ends the grants of a node and its recovery keys, since who has the box may have those, and begins new epochs.
func (n *Nodes) revoke(ctx context.Context, q store.Querier, out *fact.Outcome, actor id.ID, who fact.Grantee, reason string) error {
	after := map[string]uint64{}
	logs, err := n.log.States(ctx, q, func(string) bool { return true })
	if err != nil {
		return err
	}
	streams := map[string]bool{}
	for _, l := range logs {
		if l.Node == who.Node {
			after[l.Stream] = l.Size
		}
		if l.Stream != "commons" && n.log.Reads(who.Node, l.Stream) {
			streams[l.Stream] = true
		}
	}
	if who.Revoked == nil {
		out.Facts = append(out.Facts, fact.New{Stream: "commons", Kind: fact.GrantRevoked, Subject: who.Node, Actor: actor, Body: fact.Withdrawn{After: after, Reason: reason}})
	}
	out.After = func(ctx context.Context, tx store.Tx, reads func(id.ID, string) bool) error {
		for _, stream := range slices.Sorted(maps.Keys(streams)) {
			if err := n.log.Keys.Rotate(ctx, tx, stream, n.recipients(stream, reads)); err != nil {
				return err
			}
		}
		return nil
	}
	return n.cut(ctx, q, out, actor, reason, n.keptBy(who.Node)...)
}

// recipients are the nodes that may read a stream, with what to wrap keys with for them.
func (n *Nodes) recipients(stream string, reads func(id.ID, string) bool) map[id.ID][]byte {
	out := map[id.ID][]byte{}
	for _, g := range n.log.Grantees() {
		if reads(g.Node, stream) && len(g.Recipient) > 0 && g.Node != n.log.Node() {
			out[g.Node] = g.Recipient
		}
	}
	return out
}
