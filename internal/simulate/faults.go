// Package simulate plays nodes against everything that goes wrong between them: hubs, regions and centres in one process,
// with a clock, a link and a disk that a seed controls, so that whatever fails can be played again.
package simulate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"tizi/internal/blob"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/node"
	"tizi/internal/seal"
	"tizi/internal/store"
	"tizi/internal/store/disk"
)

// Steps is how many steps a history has at least.
const Steps = 200

// Report is what a history met.
type Report struct {
	Seed     uint64         `json:"seed"`
	Steps    map[string]int `json:"steps"` // of each kind
	Facts    int            `json:"facts"` // that some node acknowledged
	Lost     int            `json:"lost"`  // acknowledged by a box that was destroyed before it could tell anybody
	Held     int            `json:"held"`  // that do not count in the end
	Problems []string       `json:"problems,omitempty"`
}

// epoch is the day on which simulated clocks begin.
var epoch = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// Faults plays the history of a seed with the facts that a registry knows, in a folder that is its own. Only one may be
// played at a time in a process.
func Faults(ctx context.Context, reg *fact.Registry, dir string, seed uint64) (rep *Report, err error) {
	w := &world{
		ctx: ctx, dir: dir, rng: rand.New(rand.NewPCG(seed, 0x715)), rep: &Report{Seed: seed, Steps: map[string]int{}},
		acked: map[fact.Ref][32]byte{}, admitted: map[fact.Ref]bool{}, subjects: map[id.ID]string{},
	}
	w.reg = some(reg, w.rng)
	var made atomic.Uint64
	id.SetSource(func() id.ID { // in order, and another for each seed
		n := made.Add(1)
		v := id.Named("simulated", fmt.Sprint(seed, n))
		at := uint64(epoch.UnixMilli()) + n
		for i := range 6 {
			v[i] = byte(at >> (8 * (5 - i)))
		}
		v[6] = v[6]&0x0f | 0x70
		return v
	})
	defer id.SetSource(nil)
	defer func() {
		for _, b := range w.boxes {
			b.stop()
			b.disk.Close()
		}
		if r := recover(); r != nil {
			if f, ok := r.(failed); ok {
				rep, err = w.rep, f.error
				return
			}
			panic(r)
		}
	}()
	w.open()
	for step := 0; step < Steps || w.missing() != ""; step++ {
		if step > 10*Steps {
			return w.rep, fmt.Errorf("the simulation itself does not come to %s", w.missing())
		}
		// What chance has not brought by then comes now, so that a history is no longer than it has to be.
		if m := w.missing(); m != "" && step >= Steps-2*len(kinds) {
			w.do(m)
			continue
		}
		w.step()
	}
	w.end()
	return w.rep, nil
}

// folds is how many of a registry's folds one history has: tables cost time, and the next history has others.
const folds = 5

// some returns a registry of some folds of another, and of the sums over them. People are always there: keys and erasures
// are theirs.
func some(all *fact.Registry, rng *rand.Rand) *fact.Registry {
	r := fact.NewRegistry()
	var rest []*fact.Fold
	for _, f := range all.Folds() {
		switch {
		case f.Name == "fact.grant": // every registry has it
		case f.Name == "person" || f.Name == "person.edge":
			r.AddFold(f)
		default:
			rest = append(rest, f)
		}
	}
	rng.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
	for _, f := range rest[:min(len(rest), folds)] {
		r.AddFold(f)
	}
	for _, a := range all.Aggregates() {
		if !slices.ContainsFunc(a.Sources, func(t *store.Table) bool { return !slices.Contains(r.Tables(), t) }) {
			r.AddAggregate(a)
		}
	}
	return r
}

// failed ends a history that cannot go on: the simulation itself is at fault, or a node gave an answer it must not.
type failed struct{ error }

func must(err error) {
	if err != nil {
		panic(failed{err})
	}
}

type world struct {
	ctx   context.Context
	reg   *fact.Registry
	dir   string
	rng   *rand.Rand
	rep   *Report
	stamp string // a database whose tables are there
	boxes []*box // the hub first
	made  int
	root  id.ID         // the first key of headquarters
	saved string        // a backup of headquarters
	later time.Duration // how much time has passed beside the steps

	savedOwn *seal.Identity // whose it is

	files    []file
	acked    map[fact.Ref][32]byte
	admitted map[fact.Ref]bool // whatever becomes of who wrote them
	subjects map[id.ID]string  // the stream of the first fact
	order    []id.ID
	refs     map[id.ID][]fact.Ref
	drawn    []*history
	mail     []letter // messages that went by and may come again
	sticks   []stick  // bundles that are under way
}

// file is one that a fact speaks of.
type file struct {
	fact   fact.Ref
	digest blob.Digest
}

type letter struct {
	from id.ID
	op   string
	body []byte
}

// stick is a bundle that somebody carries about.
type stick struct {
	to    *box
	bytes []byte
}

// Int implements fact.Draw.
func (w *world) Int(_ string, n int) int { return w.rng.IntN(n) }

func (w *world) count(what string) { w.rep.Steps[what]++ }

// box is one node.
type box struct {
	w         *world
	name      string
	up        *box
	streams   []string // that it writes; the hub all
	dir       string
	disk      *disk.Disk
	own       *seal.Identity
	calls     node.Peer     // whom it takes the one above it for
	wrong     time.Duration // of its clock
	log       *fact.Log
	nodes     *node.Nodes
	blobs     *blob.Store
	backup    string
	sheet     string // of its recovery key
	saved     string // the one that its backup knows
	waits     bool   // it writes by one, and headquarters has not said anything
	revoked   bool
	copied    bool // two boxes write under its key
	twin      bool // it is the copy
	gone      bool
	forgotten bool              // headquarters came back from a backup since
	holds     map[fact.Ref]held // in the end
}

// held is what is known of a fact that a node holds.
type held struct {
	hash    [32]byte
	subject id.ID
}

// now is the time in the world: a minute a step.
func (w *world) now() time.Time {
	n := 0
	for _, c := range w.rep.Steps {
		n += c
	}
	return epoch.Add(time.Duration(n)*time.Minute + w.later)
}

func centre(name string) string { return "centre/" + id.Named("simulated", name).String() }

// kinds are what each history meets at least once, and how often of all steps chance brings it; what follows from others has 0.
var kinds = []struct {
	name  string
	often int
}{
	{"write", 52}, {"exchange", 10}, {"cut link", 4}, {"lost answer", 3}, {"repeated", 3}, {"late mail", 3}, {"bundle written", 2}, {"bundle taken", 2},
	{"power cut", 3}, {"cut while writing", 4}, {"full disk", 2}, {"clock", 3}, {"backup", 2}, {"restore", 1}, {"recover", 1}, {"settle", 2}, {"copy", 1}, {"said again", 0}, {"revoke", 1}, {"verdict", 3},
	{"moved", 1}, {"merged", 0}, {"erased", 0}, {"file", 2}, {"hub saved", 1}, {"hub restored", 0},
}

func (w *world) missing() string {
	for _, k := range kinds {
		if w.rep.Steps[k.name] == 0 {
			return k.name
		}
	}
	return ""
}

// step does one thing.
func (w *world) step() {
	n := 0
	for _, k := range kinds {
		n += k.often
	}
	n = w.rng.IntN(n)
	for _, k := range kinds {
		if n -= k.often; n < 0 {
			w.do(k.name)
			return
		}
	}
}

// open makes a hub, a region below it and four centres: two call the region, two the hub.
func (w *world) open() {
	w.refs = map[id.ID][]fact.Ref{}
	hub := w.make("hub", nil, nil)
	w.root = hub.own.Node()
	region := w.make("region", hub, []string{centre("a"), centre("b")})
	// It pairs boxes itself, and revokes them, once it has heard that it may.
	must(hub.nodes.Lend(w.ctx, id.Nil, region.own.Public(), region.own.Recipient(), region.name))
	w.make("a", region, []string{centre("a")})
	w.make("b", region, []string{centre("b")})
	w.make("c", hub, []string{centre("c")})
	w.make("d", hub, []string{centre("d")})
}

// make makes a node and pairs it.
func (w *world) make(name string, up *box, streams []string) *box {
	w.made++
	b := &box{w: w, name: fmt.Sprintf("%s%d", name, w.made), up: up, streams: streams, dir: filepath.Join(w.dir, fmt.Sprint(w.made))}
	must(os.MkdirAll(b.dir, 0o700))
	b.disk = disk.New(b.dir)
	b.own = w.identity()
	if w.stamp != "" {
		must(copyFile(w.stamp, b.path()))
	}
	if w.stamp == "" {
		must(b.migrate())
	}
	must(b.start())
	if w.stamp == "" {
		w.stamp = filepath.Join(w.dir, "stamp.db")
		must(b.log.DB.Script(w.ctx, "VACUUM INTO '"+w.stamp+"'"))
		// What was the first node's own is not the next one's.
		must(w.strip())
	}
	w.boxes = append(w.boxes, b)
	if up != nil {
		if len(streams) == 1 {
			w.keep(b)
		}
		must(b.log.SetRoot(w.ctx, w.root))
		w.grant(b)
	}
	return b
}

// strip takes out of the stamp what the node it was made of wrote.
func (w *world) strip() error {
	db, err := store.Open(w.ctx, store.Config{Path: w.stamp})
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Script(w.ctx, "DELETE FROM fact_node; DELETE FROM fact_setting WHERE name NOT IN ('kinds', 'folds'); PRAGMA wal_checkpoint(TRUNCATE)")
}

// Read fills b with what the seed gives: keys of nodes, by which facts that know nothing of each other are ordered.
func (w *world) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(w.rng.Uint32())
	}
	return len(b), nil
}

func (w *world) identity() *seal.Identity {
	var seed [32]byte
	w.Read(seed[:])
	own, err := seal.DeriveIdentity(seed)
	must(err)
	return own
}

func (w *world) hub() *box { return w.boxes[0] }

// rules is who pairs and revokes a box: headquarters, or its region where that may.
func (w *world) rules(b *box) *box {
	if up := b.up; up != w.hub() && !up.gone && up.log.May(fact.GrantIssued, "commons") && w.rng.IntN(2) == 0 {
		return up
	}
	return w.hub()
}

func (w *world) grant(b *box) {
	by := w.rules(b)
	must(by.nodes.Grant(w.ctx, id.Nil, b.own.Public(), b.own.Recipient(), b.name, b.streams))
}

func (b *box) path() string { return filepath.Join(b.dir, "tizi.db") }

func (b *box) clock() time.Time { return b.w.now().Add(b.wrong) }

// migrate makes the tables of the first database; the others are copies of it.
func (b *box) migrate() error {
	db, err := store.Open(b.w.ctx, b.disk.Place())
	if err != nil {
		return err
	}
	defer db.Close()
	return migrate(b.w.ctx, db)
}

// migrate makes the tables of a database that cannot be derived.
func migrate(ctx context.Context, db *store.DB) error {
	for _, m := range []struct {
		room  string
		files fs.FS
	}{{"fact", fact.Schema()}, {"seal", seal.Schema()}, {"node", node.Schema()}} {
		if err := db.Migrate(ctx, m.room, m.files); err != nil {
			return err
		}
	}
	return nil
}

func (b *box) start() error {
	db, err := store.Open(b.w.ctx, b.disk.Place())
	if err != nil {
		return err
	}
	l, err := fact.Open(b.w.ctx, db, b.own, b.w.reg, fact.NewClock(b.clock))
	if err != nil {
		return errors.Join(err, db.Close())
	}
	files, err := blob.Open(filepath.Join(b.dir, "blobs"), nil)
	if err != nil {
		l.Close()
		return errors.Join(err, db.Close())
	}
	b.log, b.nodes, b.blobs = l, node.New(l, files), files
	b.nodes.Files, b.nodes.Random = b.named, b.w
	return nil
}

// named are the files of which facts speak that a box holds, in some streams.
func (b *box) named(ctx context.Context, q store.Querier, keep func(string) bool, among ...blob.Digest) ([]blob.Digest, error) {
	held, err := b.log.Vector(ctx, q)
	var out []blob.Digest
	for _, f := range b.w.files {
		if keep(f.fact.Stream) && (among == nil || slices.Contains(among, f.digest)) && held[f.fact.Stream][f.fact.Node] >= f.fact.Seq {
			out = append(out, f.digest)
		}
	}
	return out, err
}

func (b *box) stop() {
	if b.log != nil {
		b.log.Close()
		b.log.DB.Close() // of a dead disk it fails, which is what is simulated
		b.log = nil
	}
}

// again starts a box whose power is back.
func (b *box) again() {
	b.stop()
	must(b.disk.Restore())
	must(b.start())
}

func copyFile(from, to string) error {
	x, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, x, 0o600)
	}
	return err
}

// history is one that a sampler drew and that is being written.
type history struct {
	fact.History
	fold   string
	stream string
	next   int
	refs   []*fact.Ref
	home   *box
}

// pick returns one that satisfies, or nil.
func (w *world) pick(want func(*box) bool) *box {
	var l []*box
	for _, b := range w.boxes {
		if !b.gone && want(b) {
			l = append(l, b)
		}
	}
	if len(l) == 0 {
		return nil
	}
	return l[w.rng.IntN(len(l))]
}

func anyBox(*box) bool { return true }

// do does one thing, or what has to be there before it.
func (w *world) do(kind string) {
	switch kind {
	case "write":
		w.count(kind)
		w.write(nil)
	case "exchange", "cut link", "lost answer", "repeated":
		w.count(kind)
		w.call(kind)
	case "late mail":
		w.lateMail()
	case "bundle written":
		w.writeBundle()
	case "bundle taken":
		w.takeBundle()
	case "power cut":
		w.count(kind)
		b := w.pick(anyBox)
		b.disk.Cut()
		b.again()
	case "cut while writing":
		w.count(kind)
		b := w.pick(anyBox)
		b.disk.CutAt(w.rng.IntN(8), w.rng.IntN(2) == 0)
		if w.rng.IntN(2) == 0 {
			w.write(b)
		} else if b.up != nil {
			w.exchange(b, plain)
		}
		b.disk.Cut()
		b.again()
	case "full disk":
		w.count(kind)
		b := w.pick(anyBox)
		b.disk.FillAfter(w.rng.IntN(2))
		w.write(b)
		b.disk.Fill(-1)
	case "clock":
		w.count(kind)
		if b := w.pick(anyBox); b != w.hub() || w.rng.IntN(4) == 0 {
			b.wrong = []time.Duration{0, time.Hour, -time.Hour, 3 * 365 * 24 * time.Hour, -20 * 365 * 24 * time.Hour}[w.rng.IntN(5)]
		}
	case "backup":
		w.count(kind)
		if b := w.pick(func(b *box) bool { return b.up != nil && !b.copied }); b != nil {
			w.save(b)
		}
	case "restore":
		if w.pick(restorable) == nil {
			w.do("backup")
			return
		}
		w.restore()
	case "recover":
		if w.pick(recoverable) == nil {
			w.count("backup")
			if b := w.pick(func(b *box) bool { return len(b.streams) == 1 && !b.copied && !b.revoked && !b.waits }); b != nil {
				w.above(b)
				w.exchange(b, plain)
				w.keep(b)
				w.exchange(b, plain)
				w.save(b)
			}
			return
		}
		w.recover()
	case "settle":
		if w.pick(waits) == nil {
			w.do("recover")
			return
		}
		w.settle()
	case "copy":
		w.copyBox()
	case "said again":
		w.sayAgain()
	case "revoke":
		w.revoke()
	case "verdict":
		w.verdict()
	case "moved":
		w.move()
	case "merged":
		w.writeOf("person.edge")
	case "erased":
		w.writeOf("person")
	case "file":
		w.file()
	case "hub saved":
		w.count(kind)
		w.saved = filepath.Join(w.dir, fmt.Sprintf("hub-%d.db", w.rep.Steps[kind]))
		must(w.hub().copyTo(w.saved))
		w.savedOwn = w.hub().own
	case "hub restored":
		w.restoreHub()
	}
}

// file puts a file beside a fact that a box wrote last in some stream, small or in several parts.
func (w *world) file() {
	w.count("file")
	b := w.pick(func(b *box) bool { return !b.copied && !b.revoked })
	streams := w.streamsOf(b)
	stream := streams[w.rng.IntN(len(streams))]
	seq, err := b.log.Held(w.ctx, b.log.DB, stream, b.own.Node())
	must(err)
	if seq == 0 {
		return
	}
	x := make([]byte, w.rng.IntN(2)*w.rng.IntN(600<<10)+w.rng.IntN(2000))
	w.Read(x)
	d, _, err := b.blobs.Put(bytes.NewReader(x))
	must(err)
	w.files = append(w.files, file{fact.Ref{Stream: stream, Node: b.own.Node(), Seq: seq}, d})
}

// save makes a backup.
func (w *world) save(b *box) {
	b.backup, b.saved = filepath.Join(w.dir, fmt.Sprintf("backup-%d.db", w.rep.Steps["backup"])), ""
	must(b.copyTo(b.backup))
	if key, err := node.Sheet(b.sheet); err == nil {
		if _, err := b.log.Recovery(key.Node()); err == nil {
			b.saved = b.sheet
		}
	}
}

// copyTo copies a box's database, as somebody does who saves it or takes it along.
func (b *box) copyTo(path string) error {
	if err := b.log.DB.Script(b.w.ctx, "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		return err
	}
	return copyFile(b.path(), path)
}

// streamsOf are those that a box writes.
func (w *world) streamsOf(b *box) []string {
	if b.up != nil {
		return b.streams
	}
	return []string{"commons", "hub", centre("a"), centre("b"), centre("c"), centre("d")}
}

func class(stream string) string {
	c, _, _ := strings.Cut(stream, "/")
	return c
}

// may says whether a box may go on with a history. What a copied box began may never have come to others, nor its key, and
// nobody writes of a person whose key he has not.
func (w *world) may(b *box, h *history) bool {
	return slices.Contains(w.streamsOf(b), h.stream) && (!h.home.copied || h.home == b)
}

// write lets a box write the next fact of a history, or begin one.
func (w *world) write(b *box) {
	if b == nil {
		b = w.pick(anyBox)
	}
	var h *history
	if len(w.drawn) > 0 && w.rng.IntN(3) > 0 {
		h = w.drawn[w.rng.IntN(len(w.drawn))]
		if !w.may(b, h) {
			h = nil
		}
	}
	if h == nil {
		if h = w.begin(b, ""); h == nil {
			return
		}
	}
	w.advance(b, h)
}

// writeOf writes the next fact of a history of one sort.
func (w *world) writeOf(fold string) {
	for range 50 {
		b := w.pick(anyBox)
		for _, h := range w.drawn {
			if h.fold == fold && w.may(b, h) {
				w.count("write")
				w.advance(b, h)
				return
			}
		}
	}
	for range 50 {
		b := w.pick(anyBox)
		if h := w.begin(b, fold); h != nil {
			w.count("write")
			w.advance(b, h)
			return
		}
	}
}

// move lets what is known of somebody go on in another centre.
func (w *world) move() {
	for range 50 {
		if len(w.drawn) == 0 {
			break
		}
		h := w.drawn[w.rng.IntN(len(w.drawn))]
		to := centre([]string{"a", "b", "c", "d"}[w.rng.IntN(4)])
		if h.Key != nil || h.next == 0 || class(h.stream) != "centre" || h.stream == to {
			continue
		}
		b := w.pick(func(b *box) bool { return slices.Contains(w.streamsOf(b), to) })
		w.count("moved")
		h.stream, h.home = to, b
		w.advance(b, h)
		return
	}
	w.write(nil)
}

// advance writes the next fact of a history.
func (w *world) advance(b *box, h *history) {
	st := h.Steps[h.next]
	if !slices.Contains(st.Kind.Streams, class(h.stream)) {
		h.done(w)
		return
	}
	f := fact.New{Stream: h.stream, Kind: st.Kind, Subject: h.Subject, Body: st.Body}
	for _, p := range st.Prev {
		if p < len(h.refs) && h.refs[p] != nil {
			f.Prev = append(f.Prev, *h.refs[p])
		}
	}
	var keys []*seal.Key
	if h.next == 0 && h.Key != nil {
		keys = []*seal.Key{h.Key}
	}
	refs, err := b.log.Do(w.ctx, fact.Command{Name: "simulated", Stream: h.stream, Run: func(context.Context, store.Querier) (fact.Outcome, error) {
		return fact.Outcome{Facts: []fact.New{f}, Keys: keys}, nil
	}})
	if h.next == 0 && h.Key != nil && err != nil {
		h.done(w) // nobody has the key
		return
	}
	if err == nil {
		h.refs = append(h.refs, &refs[0])
		w.ack(b, refs[0])
		if what := map[string]string{"person.erased": "erased", "person.merged": "merged"}[st.Kind.Name]; what != "" && !b.gone {
			w.count(what)
		}
	} else {
		h.refs = append(h.refs, nil)
	}
	if h.next++; h.next == len(h.Steps) {
		h.done(w)
	}
}

func (h *history) done(w *world) {
	w.drawn = slices.DeleteFunc(w.drawn, func(x *history) bool { return x == h })
}

// ack remembers what a box said is on its disk.
func (w *world) ack(b *box, ref fact.Ref) {
	if b.copied || b.revoked {
		return // there are two of them, and one of the histories is not passed on; or nobody need hold it
	}
	var s id.ID
	err := b.log.Facts(w.ctx, b.log.DB, "stream = (SELECT id FROM fact_stream WHERE name = ?) AND node = (SELECT id FROM fact_node WHERE node = ?) AND seq = ?", store.Args(ref.Stream, ref.Node, int64(ref.Seq)), func(f *fact.Fact) error {
		w.acked[ref], s = f.Hash(), f.Subject
		return nil
	})
	if err != nil || s.IsNil() {
		panic(failed{fmt.Errorf("%s does not read what it has just written: %v", b.name, err)})
	}
	if _, ok := w.subjects[s]; !ok {
		w.subjects[s] = ref.Stream
		w.order = append(w.order, s)
	}
	w.refs[s] = append(w.refs[s], ref)
}

// begin draws a history that a box may write, of one sort or any.
func (w *world) begin(b *box, fold string) *history {
	streams := w.streamsOf(b)
	stream := streams[w.rng.IntN(len(streams))]
	known := w.reg.Folds()
	for range 50 {
		fd := known[w.rng.IntN(len(known))]
		if fold != "" && fd.Name != fold {
			continue
		}
		if fold == "" && !fd.Sealed && w.rng.IntN(3) == 0 {
			continue
		}
		if fd.Name == "fact.grant" || fd.Sample == nil || !slices.ContainsFunc(fd.Kinds, func(k *fact.Kind) bool { return slices.Contains(k.Streams, class(stream)) }) {
			continue
		}
		if err := b.log.Keys.Begin(w.ctx, b.log.DB, stream); err != nil {
			return nil
		}
		h := &history{fold: fd.Name, stream: stream, home: b}
		bad := false
		h.History = fd.Sample(w, func(person id.ID) *seal.Key {
			k, err := b.log.Keys.New(person, stream)
			bad = bad || err != nil
			return k
		})
		if bad || h.Key != nil && class(stream) != "centre" && class(stream) != "hub" {
			return nil
		}
		w.drawn = append(w.drawn, h)
		return h
	}
	return nil
}
