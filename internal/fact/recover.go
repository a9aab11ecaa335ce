package fact

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"slices"

	"tizi/internal/id"
	"tizi/internal/seal"
)

// A box that is lost far from any link is followed by one that holds its saved folder, and a key on a sheet of paper. While the box
// was well it wrote down the public part of that key (grant.reserved); with the secret part the next one is granted what the
// box could write (grant.recovered), until headquarters says yes or no. Such a grant lets write and not read: whoever finds the
// sheet is given nothing. It holds once, in one centre's stream, and gives no grants.

// Reserved is the body of grant.reserved, which a box writes about itself: who has this key may let one other box write in this
// stream. What it names as replaced does not hold any more.
type Reserved struct {
	Key string `json:"key"` // Ed25519 public key, base64
}

// Reserve is the body that reserves a public key.
func Reserve(public ed25519.PublicKey) Reserved {
	return Reserved{base64.StdEncoding.EncodeToString(public)}
}

// Check wants a key.
func (r Reserved) Check() error { return checkKey(r.Key) }

// Recovered is the body of grant.recovered: the one fact that a recovery key signs, whose subject is that key. The node with this
// key may write in the stream in which it stands.
type Recovered struct {
	Key  string `json:"key"`  // Ed25519 public key, base64
	Open string `json:"open"` // what to wrap keys with for it, base64
}

// Check wants a key.
func (r Recovered) Check() error { return checkKey(r.Key) }

func checkKey(s string) error {
	if k, err := base64.StdEncoding.DecodeString(s); err != nil || len(k) != ed25519.PublicKeySize {
		return errors.New("the key is malformed")
	}
	return nil
}

// The kinds by which a box is brought back without a link.
var (
	GrantReserved  = NewKind[Reserved](Kind{Name: "grant.reserved", Critical: true, Streams: []string{"centre"}})
	GrantRecovered = NewKind[Recovered](Kind{Name: "grant.recovered", Critical: true, Streams: []string{"centre"}})
)

// reservation is a recovery key of a box in one stream.
type reservation struct {
	ref      Ref
	key      id.ID // whose the key is, as a node
	by       id.ID // the box
	replaced bool
}

// nodeOfKey is the node with a public key that was checked.
func nodeOfKey(key string) id.ID {
	k, _ := base64.StdEncoding.DecodeString(key)
	return seal.NodeOf(k)
}

// reserve takes note of the recovery keys that writers of one level keep for themselves, and returns those that nobody knew.
func (a *authority) reserve(j *judge, writers []id.ID, byWriter map[id.ID][]*Fact, levels map[id.ID]int, level int) (next []id.ID) {
	for _, w := range writers {
		var own []reservation
		replaced := map[Ref]bool{}
		for _, f := range byWriter[w] {
			r, ok := As[Reserved](f)
			if !ok || f.Subject != w || j.standingOf(w, f.Stream, GrantReserved.Name, f.Seq) != Effective {
				continue
			}
			a.counted[f.Ref()] = w
			own = append(own, reservation{ref: f.Ref(), key: nodeOfKey(r.Key), by: w})
			for _, p := range f.Prev {
				replaced[localRef(f, p)] = true
			}
		}
		for _, r := range own {
			r.replaced = replaced[r.ref]
			n := a.standing(r.key)
			n.reserved = append(n.reserved, r)
			if _, known := levels[r.key]; !known {
				levels[r.key], n.level = level, level
				next = append(next, r.key)
			}
		}
	}
	return next
}

// recover takes note of what the recovery keys among some writers were used for, and returns the nodes that nobody knew.
func (a *authority) recover(j *judge, writers []id.ID, byWriter map[id.ID][]*Fact, levels map[id.ID]int, level int) (next []id.ID) {
	for _, w := range writers {
		for _, f := range byWriter[w] {
			r, ok := As[Recovered](f)
			if !ok || f.Subject != w || f.Seq != 1 || j.standingOf(w, f.Stream, GrantRecovered.Name, f.Seq) != Effective {
				continue
			}
			by, ok := a.reservedIn(w, f.Stream)
			if !ok {
				continue
			}
			a.counted[f.Ref()] = w
			box := nodeOfKey(r.Key)
			if lv, known := levels[box]; known && lv < level {
				continue // it holds a grant of its own
			}
			n := a.standing(box)
			n.grants = append(n.grants, grant{ref: f.Ref(), name: a.nameOf(by), key: r.Key, open: r.Open, kinds: []string{"*"}, streams: []string{f.Stream}, provisional: true})
			if _, known := levels[box]; !known {
				levels[box], n.level = level, level
				next = append(next, box)
			}
		}
	}
	return next
}

func (a *authority) nameOf(node id.ID) string {
	if n := a.nodes[node]; n != nil && len(n.grants) > 0 {
		return n.grants[len(n.grants)-1].name
	}
	return ""
}

// reservedIn returns for which box a key is kept in a stream.
func (a *authority) reservedIn(key id.ID, stream string) (by id.ID, ok bool) {
	n := a.nodes[key]
	if n == nil {
		return by, false
	}
	i := slices.IndexFunc(n.reserved, func(r reservation) bool { return r.ref.Stream == stream && !r.replaced })
	if i < 0 {
		return by, false
	}
	return n.reserved[i].by, true
}

// gives says whether a node may let others write a kind in a stream: what it may write itself, and what a recovery key is kept for,
// which is everything but grants.
func (j *judge) gives(node id.ID, stream, kind string) bool {
	if j.allows(node, stream, kind) {
		return true
	}
	by, ok := j.reservedIn(node, stream)
	return ok && !isGrant(kind) && j.allows(by, stream, kind)
}

// Reservation is a recovery key that a box keeps.
type Reservation struct {
	Key      id.ID // as a node
	Box      id.ID
	Refs     []Ref // one a stream
	Replaced bool  // by another, or it was revoked
	Used     id.ID // by which node; Nil: by none
}

// Streams are those it is good for.
func (r Reservation) Streams() []string {
	var out []string
	for _, ref := range r.Refs {
		out = append(out, ref.Stream)
	}
	return out
}

// Reservations returns the recovery keys that boxes keep, by box.
func (l *Log) Reservations() []Reservation {
	a := l.authority()
	var out []Reservation
	for key, n := range a.nodes {
		for _, r := range n.reserved {
			i := slices.IndexFunc(out, func(o Reservation) bool { return o.Key == key && o.Box == r.by })
			if i < 0 {
				out = append(out, Reservation{Key: key, Box: r.by})
				i = len(out) - 1
			}
			out[i].Refs = append(out[i].Refs, r.ref)
			out[i].Replaced = out[i].Replaced || r.replaced || len(n.cuts) > 0
		}
	}
	for box, n := range a.nodes {
		for _, g := range n.grants {
			for i := range out {
				if g.provisional && out[i].Key == g.ref.Node {
					out[i].Used = box
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b Reservation) int {
		return cmp.Or(slices.Compare(a.Box[:], b.Box[:]), compareRefs(a.Refs[0], b.Refs[0]), slices.Compare(a.Key[:], b.Key[:]))
	})
	return out
}

// Writes says whether a node may write in a stream by some grant of its own, one of a recovery key too, and was not revoked.
func (l *Log) Writes(node id.ID, stream string) bool {
	n := l.authority().nodes[node]
	return n != nil && len(n.cuts) == 0 && slices.ContainsFunc(n.grants, func(g grant) bool { return matchAny(g.streams, stream) })
}

// ErrSheet is returned for a recovery key that this node does not know, that was replaced, or that was used.
var ErrSheet = errors.New("this recovery key is not one that this folder knows, was replaced by a later one, or was used already")

// Recovery says what a recovery key is good for on this node.
func (l *Log) Recovery(key id.ID) (Reservation, error) {
	for _, r := range l.Reservations() {
		if r.Key == key && !r.Replaced && (r.Used.IsNil() || r.Used == l.node) {
			return r, nil
		}
	}
	return Reservation{}, ErrSheet
}

// Recover lets this node write, until somebody who may grant confirms or refuses, what the box could whose recovery key it has.
func (l *Log) Recover(ctx context.Context, key *seal.Identity) error {
	r, err := l.Recovery(key.Node())
	if err != nil || r.Used == l.node {
		return err
	}
	for _, stream := range r.Streams() {
		body := New{Stream: stream, Kind: GrantRecovered, Subject: key.Node(), Body: Recovered{Key: base64.StdEncoding.EncodeToString(l.own.Public()), Open: base64.StdEncoding.EncodeToString(l.own.Recipient())}}
		f, err := body.fact(l.Registry)
		if err != nil {
			return err
		}
		f.Node, f.Seq, f.HLC = key.Node(), 1, l.Clock.Tick()
		b, err := first(f, key)
		if err == nil {
			_, _, err = l.Receive(ctx, b)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func keyName(own *seal.Identity) key { return key{own.Node().Hex(), own.Public()} }

// Recoveries returns what shows another node by which recovery key this one writes; nothing where it holds a grant of its own.
func (l *Log) Recoveries(ctx context.Context) ([]*Batch, error) {
	var out []*Batch
	for _, r := range l.Reservations() {
		if r.Used != l.node {
			continue
		}
		for _, stream := range r.Streams() {
			b, err := l.Read(ctx, l.DB, stream, r.Key, 0, 1)
			if err != nil {
				return nil, err
			}
			if len(b.Facts) > 0 {
				out = append(out, b)
			}
		}
	}
	return out, nil
}

// Introduced takes in by which recovery key a node writes that is not known here. Nothing is kept but the one fact of a key
// that some box here has reserved.
func (l *Log) Introduced(ctx context.Context, b *Batch) error {
	if err := l.Refresh(ctx); err != nil {
		return err
	}
	n := l.authority().nodes[b.Node]
	if n == nil || len(b.Facts) != 1 || !slices.ContainsFunc(n.reserved, func(r reservation) bool { return r.ref.Stream == b.Stream }) {
		return ErrSheet
	}
	if name, _, _ := SplitKind(b.Facts[0].Kind); name != GrantRecovered.Name {
		return ErrSheet
	}
	_, _, err := l.Receive(ctx, b)
	return err
}
