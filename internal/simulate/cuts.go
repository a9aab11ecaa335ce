package simulate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"tizi/internal/blob"
	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/store"
	"tizi/internal/store/disk"
)

// Outages is what nodes met that were cut from power again and again.
type Outages struct {
	Seed      uint64   `json:"seed"`
	Cuts      int      `json:"cuts"`
	Encrypted int      `json:"encrypted"` // of these, with a folder that is encrypted
	Starting  int      `json:"starting"`  // while the node was starting
	Torn      int      `json:"torn"`      // of a disk that had begun to write, and kept some of the sectors
	Facts     int      `json:"facts"`     // acknowledged
	Files     int      `json:"files"`     // acknowledged
	Lost      int      `json:"lost"`      // acknowledged, and gone
	Problems  []string `json:"problems"`
}

// life is how many cuts a node lives through before a new one takes its place; writers is how many write at once.
const (
	life    = 12
	writers = 8
)

// Cuts cuts the power of nodes at random moments while many write, some of them with an encrypted folder: what was
// acknowledged has to be there after each cut, to the byte, and each node passes the check at the end of its life. dir is a folder
// of its own. tell hears of each cut.
func Cuts(ctx context.Context, reg *fact.Registry, dir string, seed uint64, cuts int, tell func(done int)) (*Outages, error) {
	out := &Outages{Seed: seed, Problems: []string{}}
	for n := uint64(0); out.Cuts < cuts; n++ {
		o := &outage{
			ctx: ctx, reg: reg, dir: filepath.Join(dir, fmt.Sprint(n)), rng: rand.New(rand.NewPCG(seed, n)), out: out, tell: tell,
			streams: []string{"commons", "hub", centre("a"), centre("b")}, acked: map[fact.Ref][]byte{}, files: map[blob.Digest]bool{},
		}
		if err := o.live(min(life, cuts-out.Cuts), n%2 == 1); err != nil {
			return out, fmt.Errorf("node %d of the seed %d: %w", n, seed, err)
		}
		if err := os.RemoveAll(o.dir); err != nil {
			return out, err
		}
	}
	return out, nil
}

// outage is one node that is cut from power.
type outage struct {
	ctx     context.Context
	reg     *fact.Registry
	dir     string
	rng     *rand.Rand
	out     *Outages
	tell    func(int)
	streams []string
	own     *seal.Identity
	disk    *disk.Disk
	place   store.Config
	log     *fact.Log
	blobs   *blob.Store

	mu    sync.Mutex           // guards the rest
	acked map[fact.Ref][]byte  // the hash of each fact; nil where the power went before it could be read
	files map[blob.Digest]bool // that were put
	odd   []string
}

// live lets the node live through some cuts.
func (o *outage) live(cuts int, encrypted bool) (err error) {
	if err := mkdir(o.dir); err != nil {
		return err
	}
	if o.own, err = seal.NewIdentity(); err != nil {
		return err
	}
	o.disk = disk.New(o.dir)
	defer o.disk.Close()
	o.place = o.disk.Place()
	if encrypted {
		o.place.Key = bytes.Repeat([]byte{byte(1 + o.rng.IntN(255))}, store.KeySize)
	}
	defer o.stop()
	for range cuts {
		if err := o.ctx.Err(); err != nil {
			return err
		}
		if err := o.cut(); err != nil {
			return err
		}
		o.out.Cuts++
		if encrypted {
			o.out.Encrypted++
		}
		o.tell(o.out.Cuts)
		if err := o.disk.Restore(); err != nil {
			return err
		}
		if err := o.start(); err != nil {
			return fmt.Errorf("it does not start after a cut: %w", err)
		}
		if err := o.whole(); err != nil {
			return err
		}
		o.stop()
	}
	o.out.Facts += len(o.acked)
	o.out.Files += len(o.files)
	if err := o.start(); err != nil {
		return err
	}
	damage, err := o.log.DB.Damaged(o.ctx, true)
	if err != nil {
		return err
	}
	for _, d := range damage {
		o.problem("%s", d)
	}
	rep, err := o.log.Check(o.ctx, nil)
	if err != nil {
		return err
	}
	for _, f := range rep.Faults {
		o.problem("%s", f)
	}
	files, err := o.blobs.Check(o.ctx)
	if err != nil {
		return err
	}
	for _, d := range files.Damaged {
		o.problem("the file %s is damaged", d)
	}
	return nil
}

func (o *outage) problem(format string, args ...any) {
	o.out.Problems = append(o.out.Problems, fmt.Sprintf("after %d cuts: ", o.out.Cuts)+fmt.Sprintf(format, args...))
}

// cut starts the node, lets many write, and cuts the power at some moment: while it starts, at any byte that is written, or at the
// end of some transaction, which is on the disk then or is not.
func (o *outage) cut() error {
	if o.rng.IntN(2) == 0 {
		o.disk.Tear(func() bool { return o.rng.IntN(2) == 0 })
		o.out.Torn++
	}
	if o.rng.IntN(4) == 0 {
		o.disk.CutAfter(int64(1) << o.rng.IntN(18))
	}
	if err := o.start(); err != nil {
		if !o.disk.Dead() {
			return err
		}
		o.out.Starting++
		return nil
	}
	if !o.disk.Dead() {
		switch o.rng.IntN(2) {
		case 0:
			o.disk.CutAfter(int64(o.rng.IntN(1_500_000)))
		case 1:
			o.disk.CutAt(o.rng.IntN(40), o.rng.IntN(2) == 0)
		}
	}
	var wg sync.WaitGroup
	for range writers {
		w := &hand{o, rand.New(rand.NewPCG(o.rng.Uint64(), 0))}
		wg.Go(func() {
			for !o.disk.Dead() && o.ctx.Err() == nil {
				w.write()
			}
		})
	}
	wg.Wait()
	o.stop() // it fails, as it must
	for _, s := range o.odd {
		o.problem("%s", s)
	}
	o.odd = nil
	return o.ctx.Err()
}

func (o *outage) start() error {
	db, err := store.Open(o.ctx, o.place)
	if err != nil {
		return err
	}
	if err := migrate(o.ctx, db); err != nil {
		return errors.Join(err, db.Close())
	}
	l, err := fact.Open(o.ctx, db, o.own, o.reg, fact.NewClock(nil))
	if err != nil {
		return errors.Join(err, db.Close())
	}
	key := o.place.Key
	if key != nil {
		key = key[:blob.KeySize]
	}
	if o.blobs, err = blob.Open(filepath.Join(o.dir, "blobs"), key); err != nil {
		l.Close()
		return errors.Join(err, db.Close())
	}
	o.log = l
	return nil
}

func (o *outage) stop() {
	if o.log != nil {
		o.log.Close()
		o.log.DB.Close() // of a dead disk it fails
		o.log = nil
	}
}

// whole looks whether all that was acknowledged is there as it was.
func (o *outage) whole() error {
	there := map[fact.Ref][32]byte{}
	err := o.log.Facts(o.ctx, o.log.DB, "1 = 1", nil, func(f *fact.Fact) error {
		there[f.Ref()] = f.Hash()
		return nil
	})
	if err != nil {
		return err
	}
	for ref, hash := range o.acked {
		got, ok := there[ref]
		if !ok || hash != nil && !bytes.Equal(got[:], hash) {
			o.out.Lost++
			o.problem("%s was acknowledged and is lost", ref)
			delete(o.acked, ref) // once
		}
	}
	for d := range o.files {
		if !o.blobs.Has(d) {
			o.out.Lost++
			o.problem("the file %s was acknowledged and is lost", d)
			delete(o.files, d)
		}
	}
	return nil
}

// hand is one that writes, for one goroutine.
type hand struct {
	*outage
	rng *rand.Rand
}

// Int implements fact.Draw.
func (h *hand) Int(_ string, n int) int { return h.rng.IntN(n) }

// write writes a history of some sort, fact after fact, and now and then a file.
func (h *hand) write() {
	stream := h.streams[h.rng.IntN(len(h.streams))]
	known := h.reg.Folds()
	fd := known[h.rng.IntN(len(known))]
	if fd.Name == "fact.grant" || !slices.ContainsFunc(fd.Kinds, func(k *fact.Kind) bool { return slices.Contains(k.Streams, class(stream)) }) {
		return
	}
	if h.log.Keys.Begin(h.ctx, h.log.DB, stream) != nil {
		return
	}
	if h.rng.IntN(20) == 0 {
		x := make([]byte, h.rng.IntN(100_000))
		for i := range x {
			x[i] = byte(h.rng.Uint32())
		}
		d, _, err := h.blobs.Put(bytes.NewReader(x))
		h.mu.Lock()
		if err != nil {
			h.odd = append(h.odd, fmt.Sprintf("a file is not taken: %v", err))
		} else {
			h.files[d] = true
		}
		h.mu.Unlock()
	}
	bad := false
	drawn := fd.Sample(h, func(person id.ID) *seal.Key {
		k, err := h.log.Keys.New(person, stream)
		bad = bad || err != nil
		return k
	})
	if bad || drawn.Key != nil && class(stream) != "centre" && class(stream) != "hub" {
		return
	}
	refs := make([]*fact.Ref, len(drawn.Steps))
	for i, st := range drawn.Steps {
		if !slices.Contains(st.Kind.Streams, class(stream)) {
			return
		}
		f := fact.New{Stream: stream, Kind: st.Kind, Subject: drawn.Subject, Body: st.Body}
		for _, p := range st.Prev {
			if p < i && refs[p] != nil {
				f.Prev = append(f.Prev, *refs[p])
			}
		}
		var keys []*seal.Key
		if i == 0 && drawn.Key != nil {
			keys = []*seal.Key{drawn.Key}
		}
		got, err := h.log.Do(h.ctx, fact.Command{Name: "simulated", Stream: stream, Run: func(context.Context, store.Querier) (fact.Outcome, error) {
			return fact.Outcome{Facts: []fact.New{f}, Keys: keys}, nil
		}})
		if err != nil {
			if i == 0 || h.disk.Dead() {
				return
			}
			continue
		}
		refs[i] = &got[0]
		h.ack(got[0])
	}
}

// ack remembers what was acknowledged, with its hash if it can still be read.
func (h *hand) ack(ref fact.Ref) {
	var hash []byte
	h.log.Facts(h.ctx, h.log.DB, "stream = (SELECT id FROM fact_stream WHERE name = ?) AND node = (SELECT id FROM fact_node WHERE node = ?) AND seq = ?", store.Args(ref.Stream, ref.Node, int64(ref.Seq)), func(f *fact.Fact) error {
		x := f.Hash()
		hash = x[:]
		return nil
	})
	h.mu.Lock()
	defer h.mu.Unlock()
	if hash == nil && !h.disk.Dead() {
		h.odd = append(h.odd, fmt.Sprintf("%s was acknowledged and cannot be read at once", ref))
	}
	h.acked[ref] = hash
}
