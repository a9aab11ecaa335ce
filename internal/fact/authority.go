package fact

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"path"
	"slices"

	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// Granted is the body of grant.issued: this key may write these kinds in these streams. The subject is the node.
type Granted struct {
	Key     string   `json:"key"`     // Ed25519 public key, base64
	Open    string   `json:"open"`    // what to wrap keys with for it, base64 (HPKE public key)
	Name    string   `json:"name"`    // as its owner calls it
	Kinds   []string `json:"kinds"`   // patterns: "attendance.*", "*"
	Streams []string `json:"streams"` // patterns: "centre/…", "commons", "*"
}

// Check says whether the grant can be used.
func (g Granted) Check() error {
	k, err := base64.StdEncoding.DecodeString(g.Key)
	if err != nil || len(k) != ed25519.PublicKeySize {
		return errors.New("the node's key is malformed")
	}
	for _, p := range slices.Concat(g.Kinds, g.Streams) {
		if _, err := path.Match(p, ""); err != nil {
			return fmt.Errorf("pattern %q is malformed", p)
		}
	}
	return nil
}

// GrantTo returns the grant of a node whose keys are at hand.
func GrantTo(n *seal.Identity, name string, kinds, streams []string) Granted {
	return Granted{
		Key: base64.StdEncoding.EncodeToString(n.Public()), Open: base64.StdEncoding.EncodeToString(n.Recipient()),
		Name: name, Kinds: kinds, Streams: streams,
	}
}

// Withdrawn is the body of grant.revoked: what the node wrote in a stream after these numbers does not count. A stream
// that is not named is revoked from its beginning.
type Withdrawn struct {
	After  map[string]uint64 `json:"after"`
	Reason string            `json:"reason"`
}

// Check accepts any.
func (Withdrawn) Check() error { return nil }

// Mistake is the body of fact.voided and Admission that of fact.admitted: the facts in prev, which are of the same
// subject, do not count, or count although their node held no grant.
type Mistake struct {
	Reason string `json:"reason"`
}

// Check wants a reason.
func (m Mistake) Check() error {
	if m.Reason == "" {
		return errors.New("a reason is missing")
	}
	return nil
}

// Admission is the body of fact.admitted.
type Admission struct {
	Reason string `json:"reason"`
}

// Check wants a reason.
func (a Admission) Check() error { return Mistake(a).Check() }

// The kinds that rule the log itself.
var (
	GrantIssued  = NewKind[Granted](Kind{Name: "grant.issued", Critical: true, Streams: []string{"commons"}})
	GrantRevoked = NewKind[Withdrawn](Kind{Name: "grant.revoked", Critical: true, Streams: []string{"commons"}})
	FactVoided   = NewKind[Mistake](Kind{Name: "fact.voided", Critical: true, Streams: []string{"commons", "hub", "centre"}})
	FactAdmitted = NewKind[Admission](Kind{Name: "fact.admitted", Critical: true, Streams: []string{"commons", "hub", "centre"}})

	ownKinds = []*Kind{FactVoided, FactAdmitted}
)

// Grants is the table of nodes that hold or held a grant.
var grantTable = &store.Table{
	Name: "fact_grant", Key: 1,
	Columns: store.Cols("node:id name:text granted:int revoked:int conflict:int"),
}

var grantFold = &Fold{
	Name: "fact.grant", Kinds: []*Kind{GrantIssued, GrantRevoked}, Tables: []*store.Table{grantTable},
	Fold: func(s *Subject, out *Rows) error {
		issued := s.Heads(func(f *Fact) bool { _, ok := As[Granted](f); return ok })
		if len(issued) == 0 {
			return nil
		}
		last := issued[len(issued)-1]
		g, _ := As[Granted](last)
		revoked := s.Last(func(f *Fact) bool { _, ok := As[Withdrawn](f); return ok })
		var at int64
		if revoked != nil {
			at = revoked.HLC.Wall().UnixMilli()
		}
		out.Add(grantTable, s.ID, g.Name, last.HLC.Wall().UnixMilli(), at, len(issued) > 1)
		return nil
	},
	Sample: sampleGrants,
}

// authority is who may write what, computed from the grants and revocations in commons.
//
// It is computed outward from the root, level by level: a node's level is one more than that of the nearest node that
// granted it something. A grant or revocation counts when its own writer may write it, and a revocation only when its
// writer stands on a lower level than the node it names; so no two nodes can revoke each other and every order of
// arrival ends in the same authority.
type authority struct {
	version int64
	root    id.ID
	nodes   map[id.ID]*standing
}

type standing struct {
	level  int
	grants []Granted
	cuts   []Withdrawn
}

// may says whether a fact of the node counts.
func (a *authority) may(node id.ID, stream, kind string, seq uint64) State {
	if node == a.root {
		return Effective
	}
	n := a.nodes[node]
	if n == nil || !n.allows(stream, kind) {
		return Ungranted
	}
	for _, c := range n.cuts {
		if seq > c.After[stream] {
			return Revoked
		}
	}
	return Effective
}

func (s *standing) allows(stream, kind string) bool {
	name, _, _ := SplitKind(kind)
	for _, g := range s.grants {
		if matchAny(g.Streams, stream) && matchAny(g.Kinds, name) {
			return true
		}
	}
	return false
}

// matchAny matches patterns of path.Match; "*" alone matches everything, slashes included.
func matchAny(patterns []string, s string) bool {
	for _, p := range patterns {
		if p == "*" {
			return true
		}
		if ok, _ := path.Match(p, s); ok {
			return true
		}
	}
	return false
}

// computeAuthority is a pure function of the root and the stored grant facts.
func computeAuthority(root id.ID, facts []*Fact) *authority {
	a := &authority{root: root, nodes: map[id.ID]*standing{}}
	byWriter := map[id.ID][]*Fact{}
	for _, f := range facts {
		byWriter[f.Node] = append(byWriter[f.Node], f)
	}
	levels := map[id.ID]int{root: 0}
	frontier := []id.ID{root}
	for level := 1; len(frontier) > 0; level++ {
		var next []id.ID
		// Revocations by this level first: they take effect on what stands further out.
		for _, w := range frontier {
			for _, f := range byWriter[w] {
				c, ok := As[Withdrawn](f)
				if !ok || a.may(w, f.Stream, f.Kind, f.Seq) != Effective {
					continue
				}
				if lv, known := levels[f.Subject]; known && lv < level {
					continue
				}
				n := a.standing(f.Subject)
				n.cuts = append(n.cuts, c)
			}
		}
		for _, w := range frontier {
			for _, f := range byWriter[w] {
				g, ok := As[Granted](f)
				if !ok || a.may(w, f.Stream, f.Kind, f.Seq) != Effective || !keyOf(g, f.Subject) {
					continue
				}
				if lv, known := levels[f.Subject]; known && lv < level {
					continue
				}
				a.standing(f.Subject).grants = append(a.standing(f.Subject).grants, g)
				if _, known := levels[f.Subject]; !known {
					levels[f.Subject] = level
					a.standing(f.Subject).level = level
					next = append(next, f.Subject)
				}
			}
		}
		frontier = next
	}
	return a
}

func keyOf(g Granted, node id.ID) bool {
	k, err := base64.StdEncoding.DecodeString(g.Key)
	return err == nil && seal.NodeOf(k) == node
}

func (a *authority) standing(n id.ID) *standing {
	if a.nodes[n] == nil {
		a.nodes[n] = &standing{}
	}
	return a.nodes[n]
}

// Root returns the node that all trust comes from.
func (l *Log) Root() id.ID {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.auth.root
}

// SetRoot makes another node the root of trust: what a centre does once, when it is paired with a hub.
func (l *Log) SetRoot(ctx context.Context, root id.ID) error {
	before := l.authority()
	err := l.DB.Write(ctx, func(tx store.Tx) error {
		if err := tx.Exec(ctx, "INSERT INTO fact_setting (name, value) VALUES ('root', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", root); err != nil {
			return err
		}
		return l.reauthorise(ctx, tx, before)
	})
	if err != nil {
		l.refresh(ctx, l.DB, true)
	}
	return err
}

func (l *Log) authority() *authority {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.auth
}

// refresh reads the authority again when its version moved: another process may have taken a grant.
func (l *Log) refresh(ctx context.Context, q store.Querier, force bool) error {
	var version []byte
	if _, err := store.One(ctx, q, "SELECT value FROM fact_setting WHERE name = 'authority'", nil, &version); err != nil {
		return err
	}
	v := decodeVersion(version)
	if a := l.authority(); a != nil && a.version == v && !force {
		return nil
	}
	a, err := l.loadAuthority(ctx, q)
	if err != nil {
		return err
	}
	a.version = v
	l.mu.Lock()
	l.auth = a
	l.mu.Unlock()
	return nil
}

func (l *Log) loadAuthority(ctx context.Context, q store.Querier) (*authority, error) {
	root := l.node
	if _, err := store.One(ctx, q, "SELECT value FROM fact_setting WHERE name = 'root'", nil, &root); err != nil {
		return nil, err
	}
	var facts []*Fact
	err := l.Facts(ctx, q, "stream IN (SELECT id FROM fact_stream WHERE name = 'commons') AND kind IN (SELECT id FROM fact_kind WHERE name LIKE 'grant.%') ORDER BY hlc, node, seq", nil, func(f *Fact) error {
		if l.Registry.read(f) == Effective {
			facts = append(facts, f)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return computeAuthority(root, facts), nil
}

// reauthorise computes the authority again inside a transaction and folds anew every subject that a node whose
// standing changed has written about.
func (l *Log) reauthorise(ctx context.Context, tx store.Tx, before *authority) error {
	a, err := l.loadAuthority(ctx, tx)
	if err != nil {
		return err
	}
	a.version = before.version + 1
	if err := tx.Exec(ctx, "INSERT INTO fact_setting (name, value) VALUES ('authority', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", encodeVersion(a.version)); err != nil {
		return err
	}
	l.mu.Lock()
	l.auth = a
	l.mu.Unlock()
	var subjects []id.ID
	err = tx.Each(ctx, "SELECT DISTINCT f.subject, n.node FROM fact f JOIN fact_node n ON n.id = f.node", nil, func(r store.Row) error {
		var s, n id.ID
		if err := r.Scan(&s, &n); err != nil {
			return err
		}
		if changed(before, a, n) {
			subjects = append(subjects, s)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return l.refold(ctx, tx, subjects)
}

func changed(a, b *authority, node id.ID) bool {
	if (node == a.root) != (node == b.root) {
		return true
	}
	x, y := a.nodes[node], b.nodes[node]
	return fmt.Sprint(x) != fmt.Sprint(y)
}

func encodeVersion(v int64) []byte { return fmt.Append(nil, v) }

func decodeVersion(b []byte) int64 {
	var v int64
	fmt.Sscan(string(b), &v)
	return v
}
