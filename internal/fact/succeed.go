package fact

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"golang.org/x/mod/sumdb/note"

	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// A node that came back from an older state must not write on under its key: others may hold facts that it wrote since, and it
// would sign two histories. A box is granted another key by headquarters. Headquarters, the root of all trust, has nobody above it:
// its old key signs, outside of any log, that the next one follows it. The next one says so in the first fact of its own log, and
// whoever knows the old one can see that it is true. What the old key wrote stands, also what comes back later from boxes.

// Succeeded is the body of grant.succeeded, the first fact of its writer's log in commons, which is about the writer: it follows a root
// and may do whatever that may.
type Succeeded struct {
	By        string `json:"by"`        // Ed25519 public key of the root or of one that followed it, base64
	Key       string `json:"key"`       // of the one that follows
	Open      string `json:"open"`      // what to wrap keys with for it, base64
	Signature string `json:"signature"` // by the former, base64
}

func (s Succeeded) signed() []byte {
	return []byte("tizi.succession/1\n" + s.Key + "\n" + s.Open + "\n")
}

// Check wants a signature that holds.
func (s Succeeded) Check() error {
	for _, k := range []string{s.By, s.Key} {
		if err := checkKey(k); err != nil {
			return err
		}
	}
	by, _ := base64.StdEncoding.DecodeString(s.By)
	sig, err := base64.StdEncoding.DecodeString(s.Signature)
	if err != nil || !ed25519.Verify(by, s.signed(), sig) {
		return errors.New("the key before it did not sign this")
	}
	return nil
}

// GrantSucceeded says that its writer follows a root.
var GrantSucceeded = NewKind[Succeeded](Kind{Name: "grant.succeeded", Critical: true, Streams: []string{"commons"}})

func succession(old, next *seal.Identity) Succeeded {
	b64 := base64.StdEncoding.EncodeToString
	s := Succeeded{By: b64(old.Public()), Key: b64(next.Public()), Open: b64(next.Recipient())}
	s.Signature = b64(old.Sign(s.signed()))
	return s
}

// succeed takes note of who follows the root, and who follows those.
func (a *authority) succeed(facts []*Fact) {
	a.roots = map[id.ID]bool{a.root: true}
	for grew := true; grew; {
		grew = false
		for _, f := range facts {
			s, ok := As[Succeeded](f)
			if !ok || f.Stream != "commons" || f.Seq != 1 || f.Subject != f.Node || a.roots[f.Node] || nodeOfKey(s.Key) != f.Node || !a.roots[nodeOfKey(s.By)] {
				continue
			}
			grew, a.roots[f.Node], a.counted[f.Ref()] = true, true, f.Node
			a.follow = append(a.follow, f.Node)
			n := a.standing(f.Node)
			n.grants = append(n.grants, grant{ref: f.Ref(), key: s.Key, open: s.Open, kinds: []string{"*"}, streams: []string{"*"}})
		}
	}
}

// IsRoot says whether a node is the root of trust, or follows it under another key.
func (l *Log) IsRoot(node id.ID) bool { return l.authority().roots[node] }

// FollowsSince is when this node began to follow a root; the zero time where it does not.
func (l *Log) FollowsSince(ctx context.Context, q store.Querier) (time.Time, error) {
	if l.node == l.Root() || !l.IsRoot(l.node) {
		return time.Time{}, nil
	}
	var hlc int64
	found, err := store.One(ctx, q, "SELECT f.hlc FROM fact f JOIN fact_stream s ON s.id = f.stream JOIN fact_node n ON n.id = f.node WHERE s.name = 'commons' AND n.node = ? AND f.seq = 1", store.Args(l.node), &hlc)
	if err != nil || !found {
		return time.Time{}, err
	}
	return Time(hlc).Wall(), nil
}

// settingSuccession keeps what the next key's first fact will say until it is written.
const settingSuccession = "succession"

// Succeed gives the database of a node to another key, in a transaction: what the old one could open is opened by the next one, and
// what it wrote stays its own. From then on the old key writes here no more. The next one of a box needs a grant; that of headquarters
// follows it.
func Succeed(ctx context.Context, tx store.Tx, old, next *seal.Identity) error {
	s, err := readSettings(ctx, tx)
	if err != nil {
		return err
	}
	if err := seal.NewKeys(old).Hand(ctx, tx, next); err != nil {
		return err
	}
	was := old.Node()
	root := was
	if b := s["root"]; b != nil {
		if err := root.Scan(b); err != nil {
			return err
		}
	}
	followed, err := store.One(ctx, tx, "SELECT 1 FROM fact f JOIN fact_node n ON n.id = f.node JOIN fact_kind k ON k.id = f.kind WHERE n.node = ? AND f.seq = 1 AND k.name LIKE ?", store.Args(was, GrantSucceeded.Name+"@%"), new(int))
	if err != nil {
		return err
	}
	if root == was || followed {
		b, err := json.Marshal(succession(old, next))
		if err == nil {
			err = errors.Join(setSetting(ctx, tx, "root", root[:]), setSetting(ctx, tx, settingSuccession, b))
		}
		if err != nil {
			return err
		}
	}
	is := next.Node()
	return setSetting(ctx, tx, "node", is[:])
}

// follow writes the first fact of a node that follows a root.
func (l *Log) follow(ctx context.Context) error {
	s, err := readSettings(ctx, l.DB)
	if err != nil || s[settingSuccession] == nil {
		return err
	}
	var body Succeeded
	if err := json.Unmarshal(s[settingSuccession], &body); err != nil {
		return err
	}
	if nodeOfKey(body.Key) == l.node {
		n := New{Stream: "commons", Kind: GrantSucceeded, Subject: l.node, Body: body}
		f, err := n.fact(l.Registry)
		if err != nil {
			return err
		}
		f.Node, f.Seq, f.HLC = l.node, 1, l.Clock.Tick()
		b, err := first(f, l.own)
		if err == nil {
			_, _, err = l.Receive(ctx, b)
		}
		if err != nil {
			return err
		}
	}
	return l.DB.Write(ctx, func(tx store.Tx) error {
		return tx.Exec(ctx, "DELETE FROM fact_setting WHERE name = ?", settingSuccession)
	})
}

// first is the batch of the first fact of a log.
func first(f *Fact, own *seal.Identity) (*Batch, error) {
	var e Edge
	e.Add(f.Hash())
	head, err := note.Sign(&note.Note{Text: headText(f.Stream, f.Node, 1, e.Root())}, signer{keyName(own), own})
	return &Batch{Stream: f.Stream, Node: f.Node, Public: own.Public(), Facts: []*Fact{f}, Head: head}, err
}

// Succession returns what shows others that this node follows a root, in order; nothing where it does not.
func (l *Log) Succession(ctx context.Context) ([]*Batch, error) {
	if root := l.Root(); l.node == root || !l.IsRoot(l.node) {
		return nil, nil
	}
	var out []*Batch
	for _, v := range l.authority().follow {
		b, err := l.Read(ctx, l.DB, "commons", v, 0, 1)
		if err != nil {
			return nil, err
		}
		if len(b.Facts) > 0 {
			out = append(out, b)
		}
	}
	return out, nil
}

// Followed takes in that a node follows a root that this one knows. It returns that node's keys.
func (l *Log) Followed(ctx context.Context, b *Batch) (public ed25519.PublicKey, recipient []byte, err error) {
	if err := l.Refresh(ctx); err != nil {
		return nil, nil, err
	}
	if len(b.Facts) != 1 || b.Stream != "commons" || b.Facts[0].Seq != 1 || b.Facts[0].Subject != b.Node || l.Registry.read(b.Facts[0]) != Effective {
		return nil, nil, ErrFollows
	}
	s, ok := As[Succeeded](b.Facts[0])
	if !ok || nodeOfKey(s.Key) != b.Node || !l.IsRoot(nodeOfKey(s.By)) {
		return nil, nil, ErrFollows
	}
	if _, _, err := l.Receive(ctx, b); err != nil {
		return nil, nil, err
	}
	recipient, err = base64.StdEncoding.DecodeString(s.Open)
	return b.Public, recipient, err
}

// ErrFollows is returned for what does not show that a node follows headquarters.
var ErrFollows = errors.New("this node does not show that it follows headquarters")
