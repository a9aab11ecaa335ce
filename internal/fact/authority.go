package fact

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strconv"

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
	return GrantOf(n.Public(), n.Recipient(), name, kinds, streams)
}

// GrantOf returns the grant of a node with these public keys.
func GrantOf(public ed25519.PublicKey, recipient []byte, name string, kinds, streams []string) Granted {
	return Granted{
		Key: base64.StdEncoding.EncodeToString(public), Open: base64.StdEncoding.EncodeToString(recipient),
		Name: name, Kinds: kinds, Streams: streams,
	}
}

// Withdrawn is the body of grant.revoked: what the node wrote in a stream after these numbers does not count. A stream
// that is not named is revoked from its beginning. A revocation that was a mistake is lifted by a new grant that names it
// as replaced.
type Withdrawn struct {
	After  map[string]uint64 `json:"after"`
	Reason string            `json:"reason"`
}

// Check accepts any.
func (Withdrawn) Check() error { return nil }

// Mistake is the body of fact.voided and Admission that of fact.admitted: the facts in prev, which are of the same
// subject, do not count, or count although their node held no grant. Such a verdict holds only for what its own writer
// might have written, and never for grants and revocations, which have their own rules.
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

	ownKinds = []*Kind{FactVoided, FactAdmitted, FactReissued}
)

// isGrant reports whether the kind is one of those that authority is made of, isVerdict whether it is about other facts.
func isGrant(name string) bool {
	return name == GrantIssued.Name || name == GrantRevoked.Name || name == GrantReserved.Name || name == GrantRecovered.Name || name == GrantSucceeded.Name
}
func isVerdict(name string) bool { return name == FactVoided.Name || name == FactAdmitted.Name }

// grantTable has the nodes that hold or held a grant.
var grantTable = &store.Table{
	Name: "fact_grant", Key: 1,
	Columns: store.Cols("node:id name:text granted:int revoked:int"),
}

var grantFold = &Fold{
	Name: "fact.grant", Kinds: []*Kind{GrantIssued, GrantRevoked, GrantReserved, GrantRecovered, GrantSucceeded}, Tables: []*store.Table{grantTable},
	Fold: func(s *Subject, out *Rows) error {
		issued := s.Heads(func(f *Fact) bool { _, ok := As[Granted](f); return ok })
		if len(issued) == 0 {
			return nil
		}
		last := issued[len(issued)-1]
		g, _ := As[Granted](last)
		var at int64
		// A revocation that a later grant replaces is lifted.
		for _, f := range s.Heads(func(*Fact) bool { return true }) {
			if _, ok := As[Withdrawn](f); ok {
				at = f.HLC.Wall().UnixMilli()
			}
		}
		out.Add(grantTable, s.ID, g.Name, last.HLC.Wall().UnixMilli(), at)
		return nil
	},
	Sample: sampleGrants,
}

// authority is who may write what, computed from the grants and revocations in commons. It is not changed once it was
// computed, so it may be read by many.
//
// It is computed outward from the root, level by level: a node's level is one more than that of the nearest node that
// granted it something. A grant or revocation counts when its own writer may write it and stands on a lower level than
// the node it names, so no two nodes can revoke each other and every order of arrival ends in the same authority. And
// nobody gives what he does not hold: a grant is good for what its writer may write too. Nor does anybody but the root take,
// or give back, what he does not hold: a region's node revokes its own boxes and no other region's.
type authority struct {
	version int64
	open    bool // it is being computed: which revocations count is not settled
	root    id.ID
	roots   map[id.ID]bool // it, and those that followed it under other keys
	follow  []id.ID        // these, each after the one that it follows
	nodes   map[id.ID]*standing
	counted map[Ref]id.ID // the grants and revocations that count, and whom they are about
}

// standing is what is known of one node.
type standing struct {
	level    int // 0: nobody granted it anything
	grants   []grant
	cuts     []cut
	reserved []reservation // of a recovery key: for whom it is kept
}

type grant struct {
	ref             Ref
	name, key, open string
	kinds, streams  []string
	provisional     bool // by a recovery key: it lets write and not read
}

type cut struct {
	ref   Ref
	after map[string]uint64
}

// computeAuthority is a pure function of the root and the set of facts of grants that can be read.
func computeAuthority(root id.ID, facts []*Fact) *authority {
	a := &authority{open: true, root: root, nodes: map[id.ID]*standing{}, counted: map[Ref]id.ID{}}
	j := a.judge()
	facts = slices.Clone(facts)
	slices.SortFunc(facts, func(x, y *Fact) int { return compareRefs(x.Ref(), y.Ref()) })
	byWriter := map[id.ID][]*Fact{}
	for _, f := range facts {
		byWriter[f.Node] = append(byWriter[f.Node], f)
	}
	a.succeed(facts)
	levels := map[id.ID]int{}
	for v := range a.roots {
		levels[v] = 0
	}
	lifted := map[Ref]bool{}
	frontier := slices.Collect(maps.Keys(a.roots))
	for level := 1; len(frontier) > 0; level++ {
		var next []id.ID
		// accepted calls fn for the facts of this level's writers that count. What they are allowed is complete, since
		// only lower levels decide about it.
		accepted := func(fn func(*Fact)) {
			for _, w := range frontier {
				for _, f := range byWriter[w] {
					if lv, known := levels[f.Subject]; known && lv < level {
						continue
					}
					if name, _, _ := SplitKind(f.Kind); j.standingOf(w, f.Stream, name, f.Seq) == Effective {
						fn(f)
					}
				}
			}
		}
		var lifts []*Fact
		accepted(func(f *Fact) {
			g, ok := As[Granted](f)
			if !ok || !keyOf(g, f.Subject) {
				return
			}
			n := a.standing(f.Subject)
			n.grants = append(n.grants, grant{f.Ref(), g.Name, g.Key, g.Open, g.Kinds, g.Streams, false})
			a.counted[f.Ref()] = f.Subject
			lifts = append(lifts, f)
			if _, known := levels[f.Subject]; !known {
				levels[f.Subject], n.level = level, level
				next = append(next, f.Subject)
			}
		})
		for _, f := range lifts {
			for _, p := range f.Prev {
				if ref := localRef(f, p); ref.Node == f.Node || j.covers(f.Node, f.Subject) {
					lifted[ref] = true
				}
			}
		}
		// A grant lifts revocations by its own level and by higher ones, so all that lift one of this level are known.
		accepted(func(f *Fact) {
			c, ok := As[Withdrawn](f)
			if !ok {
				return
			}
			a.counted[f.Ref()] = f.Subject
			if !lifted[f.Ref()] {
				n := a.standing(f.Subject)
				n.cuts = append(n.cuts, cut{f.Ref(), c.After})
			}
		})
		next = append(next, a.recover(j, frontier, byWriter, levels, level)...)
		next = append(next, a.reserve(j, frontier, byWriter, levels, level)...)
		frontier = next
	}
	a.open = false
	for v, n := range a.nodes {
		n.cuts = slices.DeleteFunc(n.cuts, func(c cut) bool {
			counts := j.covers(c.ref.Node, v)
			if !counts {
				delete(a.counted, c.ref)
			}
			return !counts
		})
	}
	return a
}

// covers says whether a node may revoke another: the root any, others whom they hold all the streams of, but for what they gave
// themselves.
func (j *judge) covers(by, node id.ID) bool {
	n := j.nodes[node]
	if j.roots[by] || n == nil {
		return true
	}
	for _, g := range n.grants {
		if g.ref.Node == by {
			continue
		}
		for _, s := range g.streams {
			if s != "commons" && !j.allows(by, s, FactVoided.Name) {
				return false
			}
		}
	}
	for _, r := range n.reserved {
		if r.by != by && !j.allows(by, r.ref.Stream, FactVoided.Name) {
			return false
		}
	}
	return true
}

func compareRefs(a, b Ref) int {
	return cmp.Or(cmp.Compare(a.Stream, b.Stream), bytes.Compare(a.Node[:], b.Node[:]), cmp.Compare(a.Seq, b.Seq))
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

// judge asks an authority about facts. It remembers answers, so it belongs to one goroutine.
type judge struct {
	*authority
	memo map[allowance]bool
}

type allowance struct {
	node         id.ID
	stream, kind string
}

func (a *authority) judge() *judge { return &judge{a, map[allowance]bool{}} }

// may says whether a fact counts as far as its writer is concerned.
func (j *judge) may(f *Fact) State {
	name, _, _ := SplitKind(f.Kind)
	if isGrant(name) {
		if _, ok := j.counted[f.Ref()]; ok {
			return Effective
		}
		if s := j.standingOf(f.Node, f.Stream, name, f.Seq); s != Effective {
			return s
		}
		return Ungranted // its writer stands no lower than the node it names
	}
	return j.standingOf(f.Node, f.Stream, name, f.Seq)
}

// standingOf says whether a node might write a kind in a stream under a number.
func (j *judge) standingOf(node id.ID, stream, kind string, seq uint64) State {
	if !j.allows(node, stream, kind) {
		return Ungranted
	}
	if n := j.nodes[node]; n != nil && !j.roots[node] {
		for _, c := range n.cuts {
			if seq > c.after[stream] && (!j.open || j.covers(c.ref.Node, node)) {
				return Revoked
			}
		}
	}
	return Effective
}

// allows says whether a node holds a grant, from the root through writers who all hold one, for a kind in a stream. All that a
// recovery key may write is what it was used for.
func (j *judge) allows(node id.ID, stream, kind string) bool {
	if j.roots[node] {
		return true
	}
	k := allowance{node, stream, kind}
	if ok, known := j.memo[k]; known {
		return ok
	}
	ok := false
	if n := j.nodes[node]; n != nil {
		for _, g := range n.grants {
			// The writer's level is lower, so this ends.
			if matchAny(g.streams, stream) && matchAny(g.kinds, kind) && j.gives(g.ref.Node, stream, kind) {
				ok = true
				break
			}
		}
		if by, reserved := j.reservedIn(node, stream); reserved && kind == GrantRecovered.Name {
			ok = ok || j.allows(by, stream, GrantReserved.Name)
		}
	}
	j.memo[k] = ok
	return ok
}

// reads says whether a node may hold a stream.
func (a *authority) reads(node id.ID, stream string) bool {
	if a.roots[node] {
		return true
	}
	n := a.nodes[node]
	if n == nil || len(n.grants) == 0 || len(n.cuts) > 0 {
		return false
	}
	return stream == "commons" || slices.ContainsFunc(n.grants, func(g grant) bool {
		return !g.provisional && matchAny(g.streams, stream) && a.reads(g.ref.Node, stream)
	})
}

// Reads says whether a node may hold a stream and read its people: the root all, others what a grant of theirs names, and
// commons; none that was revoked.
func (l *Log) Reads(node id.ID, stream string) bool { return l.authority().reads(node, stream) }

// Grantee is a node that holds a grant, or held one.
type Grantee struct {
	Node           id.ID
	Name           string
	Public         ed25519.PublicKey
	Recipient      []byte            // what to wrap keys with for it
	Kinds, Streams []string          // patterns, of all its grants
	Level          int               // how many grants from the root
	Provisional    bool              // it writes by a recovery key, and nobody has confirmed it yet
	Revoked        map[string]uint64 // nil, or what it wrote after these numbers does not count
}

// Names says whether a grant of the node, one that was revoked too, names a stream.
func (g Grantee) Names(stream string) bool { return matchAny(g.Streams, stream) }

// Grantees returns the nodes that hold or held a grant, by name.
func (l *Log) Grantees() []Grantee {
	a := l.authority()
	var out []Grantee
	for v := range a.nodes {
		if g, ok := a.grantee(v); ok {
			out = append(out, g)
		}
	}
	slices.SortFunc(out, func(a, b Grantee) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), bytes.Compare(a.Node[:], b.Node[:]))
	})
	return out
}

// Grantee returns one of them; ok is false for a node that was never granted anything.
func (l *Log) Grantee(node id.ID) (g Grantee, ok bool) { return l.authority().grantee(node) }

func (a *authority) grantee(v id.ID) (Grantee, bool) {
	n := a.nodes[v]
	if n == nil || len(n.grants) == 0 || a.roots[v] {
		return Grantee{}, false
	}
	g := Grantee{Node: v, Level: n.level, Provisional: true}
	for _, x := range n.grants {
		g.Provisional = g.Provisional && x.provisional
		g.Name = x.name
		g.Public, _ = base64.StdEncoding.DecodeString(x.key) // keyOf has looked at it
		g.Recipient, _ = base64.StdEncoding.DecodeString(x.open)
		g.Kinds, g.Streams = append(g.Kinds, x.kinds...), append(g.Streams, x.streams...)
	}
	for i, c := range n.cuts {
		if i == 0 {
			g.Revoked = map[string]uint64{}
			maps.Copy(g.Revoked, c.after)
			continue
		}
		for s := range g.Revoked { // the earliest of several holds
			g.Revoked[s] = min(g.Revoked[s], c.after[s])
		}
	}
	return g, true
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

// Root returns the node that all trust comes from.
func (l *Log) Root() id.ID { return l.authority().root }

// SetRoot makes another node the root of trust: what a centre does once, when it is paired with a hub.
func (l *Log) SetRoot(ctx context.Context, root id.ID) error {
	return l.write(ctx, func(t *turn) error {
		if err := t.set(ctx, "root", root[:]); err != nil {
			return err
		}
		return t.reauthorise(ctx)
	})
}

// May says whether this node may write a kind in a stream just now. A fact that it may not write is kept and does not
// count, so a door asks first.
func (l *Log) May(kind *Kind, stream string) bool {
	return l.authority().judge().standingOf(l.node, stream, kind.Name, 1<<62) == Effective
}

func (l *Log) authority() *authority {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.auth
}

// Refresh takes note of grants and revocations that another process of this node wrote or received.
func (l *Log) Refresh(ctx context.Context) error {
	s, err := readSettings(ctx, l.DB)
	if err != nil {
		return err
	}
	if l.authority().version == int64(s.number("authority")) {
		return nil
	}
	a, err := l.loadAuthority(ctx, l.DB)
	if err == nil {
		l.recent.forget()
		l.adopt(a)
	}
	return err
}

// adopt takes over the authority that a transaction, now on the disk, has read or computed.
func (l *Log) adopt(a *authority) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.auth == nil || a.version >= l.auth.version {
		l.auth = a
	}
}

// loadAuthority computes the authority that q sees.
func (l *Log) loadAuthority(ctx context.Context, q store.Querier) (*authority, error) {
	s, err := readSettings(ctx, q)
	if err != nil {
		return nil, err
	}
	root := l.node
	if b := s["root"]; b != nil {
		if err := root.Scan(b); err != nil {
			return nil, err
		}
	}
	var facts []*Fact
	keep := func(f *Fact) error {
		if l.Registry.read(f) == Effective {
			facts = append(facts, f)
		}
		return nil
	}
	err = l.Facts(ctx, q, "stream IN (SELECT id FROM fact_stream WHERE name = 'commons') AND kind IN (SELECT id FROM fact_kind WHERE name LIKE 'grant.%')", nil, keep)
	if err != nil {
		return nil, err
	}
	// Recovery keys stand in the streams of centres, about nodes: the index of subjects finds them.
	err = l.Facts(ctx, q, "subject IN (SELECT node FROM fact_node) AND kind IN (SELECT id FROM fact_kind WHERE name LIKE 'grant.reserved@%' OR name LIKE 'grant.recovered@%')", nil, keep)
	if err != nil {
		return nil, err
	}
	a := computeAuthority(root, facts)
	a.version = int64(s.number("authority"))
	return a, nil
}

// reauthorise computes the authority again, after grants came or the root changed, and folds anew every subject about
// which a fact now counts that did not, or the reverse.
func (t *turn) reauthorise(ctx context.Context) error {
	// Whose logs are read is asked of the heads.
	if err := t.saveHeads(ctx); err != nil {
		return err
	}
	after, err := t.log.loadAuthority(ctx, t.tx)
	if err != nil {
		return err
	}
	before := t.auth
	after.version = before.version + 1
	if err := t.set(ctx, "authority", strconv.AppendInt(nil, after.version, 10)); err != nil {
		return err
	}
	t.auth = after.judge()
	subjects, err := t.affected(ctx, before, t.auth)
	if err != nil {
		return err
	}
	return t.refold(ctx, subjects)
}

// affected returns the subjects of facts about which two authorities may differ. Only the logs of nodes whose standing,
// or whose givers' standing, differs are read.
func (t *turn) affected(ctx context.Context, before, after *judge) ([]id.ID, error) {
	set := map[id.ID]bool{}
	for ref, subject := range before.counted {
		if _, ok := after.counted[ref]; !ok {
			set[subject] = true
		}
	}
	for ref, subject := range after.counted {
		if _, ok := before.counted[ref]; !ok {
			set[subject] = true
		}
	}
	for _, node := range changedNodes(before.authority, after.authority) {
		num, found := int64(0), false
		err := t.tx.Each(ctx, "SELECT id FROM fact_node WHERE node = ?", store.Args(node), func(r store.Row) error {
			found = true
			return r.Scan(&num)
		})
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		var streams []int64
		err = t.tx.Each(ctx, "SELECT stream FROM fact_head WHERE node = ?", store.Args(num), func(r store.Row) error {
			var s int64
			err := r.Scan(&s)
			streams = append(streams, s)
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, stream := range streams {
			var at uint64
			for {
				n := 0
				err := t.log.Facts(ctx, t.tx, fmt.Sprintf("stream = ? AND node = ? AND seq > ? ORDER BY seq LIMIT %d", page), store.Args(stream, num, at), func(f *Fact) error {
					n, at = n+1, f.Seq
					// What a verdict can do depends on what its writer may write himself, whether it counts by its own right
					// or because somebody admitted it.
					if name, _, _ := SplitKind(f.Kind); isVerdict(name) || before.may(f) != after.may(f) {
						set[f.Subject] = true
					}
					return nil
				})
				if err != nil {
					return nil, err
				}
				if n < page {
					break
				}
			}
		}
	}
	return slices.Collect(maps.Keys(set)), nil
}

// changedNodes returns the nodes about which two authorities may differ.
func changedNodes(a, b *authority) []id.ID {
	changed := map[id.ID]bool{}
	if a.root != b.root {
		changed[a.root], changed[b.root] = true, true
	}
	for _, x := range []*authority{a, b} {
		for n := range x.nodes {
			if !reflect.DeepEqual(a.nodes[n], b.nodes[n]) {
				changed[n] = true
			}
		}
	}
	// What a node may give depends on what it holds itself.
	for grew := true; grew; {
		grew = false
		for _, x := range []*authority{a, b} {
			for n, s := range x.nodes {
				if !changed[n] && (slices.ContainsFunc(s.grants, func(g grant) bool { return changed[g.ref.Node] }) || slices.ContainsFunc(s.reserved, func(r reservation) bool { return changed[r.by] })) {
					changed[n], grew = true, true
				}
			}
		}
	}
	return slices.Collect(maps.Keys(changed))
}
