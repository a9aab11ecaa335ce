package simulate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/node"
	"tizi/internal/seal"
	"tizi/internal/store"
	"tizi/internal/store/disk"
)

var errCut = errors.New("the link was cut")

// link asks within the process, as badly as it was told.
type link struct {
	w        *world
	from, to *box
	asked    int
	cut      int  // at this question the link is cut; 0: never
	after    bool // the answer is lost, not the question
	repeat   bool // each question comes twice
}

// Ask implements node.Link.
func (l *link) Ask(ctx context.Context, op string, body []byte) ([]byte, error) {
	l.asked++
	if l.asked == l.cut && !l.after {
		return nil, errCut
	}
	if (op == node.OpPush || op == node.OpKeys) && l.w.rng.IntN(3) == 0 {
		l.w.mail = append(l.w.mail, letter{l.from.own.Node(), op, bytes.Clone(body)})
	}
	if l.repeat {
		l.to.nodes.Serve(ctx, l.from.own.Node(), op, bytes.Clone(body))
	}
	b, err := l.to.nodes.Serve(ctx, l.from.own.Node(), op, bytes.Clone(body))
	if l.asked == l.cut {
		return nil, errCut
	}
	return b, err
}

func plain(*link) {}

// call makes some box call, over a link that may be bad.
func (w *world) call(kind string) {
	b := w.pick(func(b *box) bool { return b.up != nil })
	spoil := plain
	switch kind {
	case "cut link":
		spoil = func(l *link) { l.cut = 1 + w.rng.IntN(6) }
	case "lost answer":
		spoil = func(l *link) { l.cut, l.after = 1+w.rng.IntN(6), true }
	case "repeated":
		spoil = func(l *link) { l.repeat = true }
	}
	w.exchange(b, spoil)
}

// exchange lets a box call the one above it, and returns what became of it.
func (w *world) exchange(b *box, spoil func(*link)) (node.Result, error) {
	l := &link{w: w, from: b, to: b.up}
	spoil(l)
	if up, err := b.nodes.Up(w.ctx, b.log.DB); err == nil && up != nil { // it learnt that another follows
		b.calls = *up
	} else if b.calls.Node.IsNil() {
		b.calls = node.Peer{Node: b.up.own.Node(), Up: true, Public: b.up.own.Public(), Recipient: b.up.own.Recipient(), Root: w.root}
	}
	r, err := b.nodes.Exchange(w.ctx, b.calls, l, nil)
	if errors.Is(err, node.ErrStranger) && b.forgotten {
		// Who paired it, or that it kept a recovery key, was lost with headquarters, and nobody else has heard of it.
		b.waits = false
		w.grant(b)
		if b.up.up != nil && b.up != b { // where headquarters paired it, the region has to hear of it
			w.exchange(b.up, plain)
		}
		r, err = b.nodes.Exchange(w.ctx, b.calls, l, nil)
	}
	return r, err
}

// restoreHub brings headquarters back from a backup, under a key that follows the one before. What only it knew is lost.
func (w *world) restoreHub() {
	if w.saved == "" {
		w.do("hub saved")
		return
	}
	if w.rep.Steps["hub restored"] > 1 {
		return
	}
	w.count("hub restored")
	old := w.hub()
	old.gone = true
	old.stop()
	w.made++
	b := &box{w: w, name: fmt.Sprintf("hub'%d", w.made), dir: filepath.Join(w.dir, fmt.Sprint(w.made)), wrong: old.wrong, own: w.identity()}
	must(mkdir(b.dir))
	b.disk = disk.New(b.dir)
	must(copyFile(w.saved, b.path()))
	db, err := store.Open(w.ctx, b.disk.Place())
	must(err)
	must(db.Write(w.ctx, func(tx store.Tx) error { return node.Succeed(w.ctx, tx, w.savedOwn, b.own) }))
	must(db.Close())
	must(os.CopyFS(filepath.Join(b.dir, "blobs"), os.DirFS(filepath.Join(old.dir, "blobs"))))
	must(b.start())
	w.boxes[0] = b
	w.boxes = append(w.boxes, old)
	for _, o := range w.boxes {
		if o.up == old {
			o.up = b
		}
		o.forgotten = o.up != nil
	}
	for _, h := range slices.Clone(w.drawn) {
		if h.home == old {
			h.done(w)
		}
	}
	w.forget()
}

// lateMail brings a message that went by long ago, to the hub or the region.
func (w *world) lateMail() {
	if len(w.mail) == 0 {
		w.do("exchange")
		return
	}
	w.count("late mail")
	m := w.mail[w.rng.IntN(len(w.mail))]
	to := w.pick(func(b *box) bool { return b.up == nil || len(b.streams) > 1 })
	to.nodes.Serve(w.ctx, m.from, m.op, bytes.Clone(m.body))
}

// writeBundle writes what another box lacks into a file.
func (w *world) writeBundle() {
	w.count("bundle written")
	b := w.pick(func(b *box) bool { return b.up != nil })
	from, to := b, b.up
	if w.rng.IntN(2) == 0 {
		from, to = to, from
	}
	var out bytes.Buffer
	if _, err := from.nodes.Bundle(w.ctx, to.own.Node(), &out); err == nil {
		w.sticks = append(w.sticks, stick{to, out.Bytes()})
	}
}

// takeBundle takes a bundle in: late, again, or cut short.
func (w *world) takeBundle() {
	if len(w.sticks) == 0 {
		w.writeBundle()
		return
	}
	w.count("bundle taken")
	s := w.sticks[w.rng.IntN(len(w.sticks))]
	if s.to.gone {
		return
	}
	b := s.bytes
	if w.rng.IntN(4) == 0 {
		b = b[:w.rng.IntN(len(b))]
	}
	r, _, err := s.to.nodes.Take(w.ctx, bytes.NewReader(b))
	if err == nil && len(b) < len(s.bytes) {
		w.problem("%s took a bundle in that was cut short", s.to.name)
	}
	if err != nil || w.rng.IntN(3) == 0 { // or the receipt is lost
		return
	}
	for _, o := range w.boxes {
		if !o.gone && o.own.Node() == r.To {
			receipt, err := json.Marshal(r)
			must(err)
			o.nodes.Confirm(w.ctx, receipt)
		}
	}
}

func restorable(b *box) bool {
	return b.backup != "" && len(b.streams) == 1 && !b.copied && !b.revoked
}

// restore brings a centre's box back from its backup, in a new box with a new key; the old one is gone with its disk.
func (w *world) restore() {
	old := w.pick(restorable)
	w.count("restore")
	w.replace(old, old.backup)
}

func recoverable(b *box) bool {
	return restorable(b) && b.saved != "" && b.saved == b.sheet && !b.waits
}

func waits(b *box) bool { return b.waits }

// above lets the one that a box calls call in its turn.
func (w *world) above(b *box) {
	if b.up.up != nil {
		w.exchange(b.up, plain)
	}
}

// keep gives a box a recovery key, if it may have one.
func (w *world) keep(b *box) {
	if sheet, err := b.nodes.Keep(w.ctx, id.Nil, b.streams...); err == nil {
		b.sheet = sheet
	}
}

// recover brings a centre's box back from its backup far from any link, with its recovery key.
func (w *world) recover() {
	old := w.pick(recoverable)
	w.count("recover")
	b := w.replaced(old, old.backup)
	key, err := node.Sheet(old.saved)
	must(err)
	must(b.log.Recover(w.ctx, key))
	b.waits = true
}

// settle lets headquarters confirm a box that writes by a recovery key, or refuse it, once it has heard of it.
func (w *world) settle() {
	b := w.pick(waits)
	_, err := w.exchange(b, plain)
	if errors.Is(err, node.ErrStranger) && b.up != w.hub() {
		w.above(b)
		_, err = w.exchange(b, plain)
	}
	if errors.Is(err, node.ErrStranger) {
		// The box that was lost had told nobody of its recovery key, or somebody has revoked it: it needs a code.
		b.waits = false
		w.grant(b)
		return
	}
	if !b.waits {
		return
	}
	known := slices.ContainsFunc(w.hub().nodes.Claims(), func(c node.Claim) bool { return c.Node == b.own.Node() })
	if !known { // it called the region
		w.above(b)
		return
	}
	w.count("settle")
	b.waits = false
	if w.rng.IntN(3) > 0 {
		must(w.hub().nodes.ConfirmBox(w.ctx, id.Nil, b.own.Node()))
		w.exchange(b, plain)
		w.keep(b)
		return
	}
	must(w.hub().nodes.RefuseBox(w.ctx, id.Nil, b.own.Node()))
	w.stolen(b)
}

func (w *world) replace(old *box, database string) {
	w.grant(w.replaced(old, database))
}

// replaced puts a new box, with a key of its own, in the place of one that is gone.
func (w *world) replaced(old *box, database string) *box {
	w.lose(old)
	w.made++
	b := &box{w: w, name: fmt.Sprintf("%s'%d", old.name, w.made), up: old.up, streams: old.streams, dir: filepath.Join(w.dir, fmt.Sprint(w.made)), wrong: old.wrong}
	must(mkdir(b.dir))
	b.disk = disk.New(b.dir)
	b.own = w.identity()
	must(copyFile(database, b.path()))
	must(b.hand(old.own))
	must(b.start())
	w.boxes = append(w.boxes, b)
	w.forget() // what is not in the backup either
	return b
}

// hand gives a new node what the one whose place it takes could open.
func (b *box) hand(old *seal.Identity) error {
	db, err := store.Open(b.w.ctx, b.disk.Place())
	if err != nil {
		return err
	}
	err = db.Write(b.w.ctx, func(tx store.Tx) error { return seal.NewKeys(old).Hand(b.w.ctx, tx, b.own) })
	return errors.Join(err, db.Close())
}

// lose takes a box out of the world.
func (w *world) lose(b *box) {
	b.gone = true
	b.stop()
	for _, h := range slices.Clone(w.drawn) {
		if h.home == b {
			h.done(w)
		}
	}
}

// forget takes facts off the books that nobody has any more who could pass them on.
func (w *world) forget() {
	var kept []map[string]map[id.ID]uint64
	for _, o := range w.boxes {
		if !o.gone && !o.revoked {
			v, err := o.log.Vector(w.ctx, o.log.DB)
			must(err)
			kept = append(kept, v)
		}
	}
	for ref := range w.acked {
		if !slices.ContainsFunc(kept, func(v map[string]map[id.ID]uint64) bool { return v[ref.Stream][ref.Node] >= ref.Seq }) {
			delete(w.acked, ref)
			w.rep.Lost++
		}
	}
}

// copyBox makes a second box of one, key and all.
func (w *world) copyBox() {
	b := w.pick(func(b *box) bool { return len(b.streams) == 1 && !b.copied && !b.revoked && !b.waits })
	if b == nil || w.rep.Steps["copy"] > 0 {
		return
	}
	w.count("copy")
	w.made++
	c := &box{w: w, name: fmt.Sprintf("%s=%d", b.name, w.made), up: b.up, streams: b.streams, dir: filepath.Join(w.dir, fmt.Sprint(w.made)), wrong: b.wrong, own: b.own, copied: true, twin: true}
	must(mkdir(c.dir))
	c.disk = disk.New(c.dir)
	must(b.copyTo(c.path()))
	must(c.start())
	b.copied = true
	w.boxes = append(w.boxes, c)
}

// sayAgain gives the copy of a box a key of its own, and lets it say again what headquarters does not hold.
func (w *world) sayAgain() {
	c := w.pick(func(b *box) bool { return b.twin && b.copied })
	if c == nil {
		w.do("copy")
		return
	}
	for i, b := range []*box{w.pick(func(b *box) bool { return !b.twin && b.own == c.own }), c} {
		if b != nil { // each writes something of its own, and one is heard first
			w.write(b)
			if i == 0 || w.rng.IntN(2) == 0 {
				w.exchange(b, plain)
			}
		}
	}
	w.count("said again")
	old := c.own
	c.stop()
	c.own, c.copied = w.identity(), false
	must(c.hand(old))
	must(c.start())
	w.grant(c)
	w.above(c)
	w.exchange(c, plain)
	w.reissue(c)
}

// reissue lets a box say again what it has of histories that did not stand.
func (w *world) reissue(b *box) {
	lost, err := b.log.Lost(w.ctx, b.log.DB)
	must(err)
	for _, f := range lost {
		if _, err := b.log.Reissue(w.ctx, f.Stream, f.Node, id.Nil); err != nil {
			w.problem("%s does not say again what it has of %s: %v", b.name, f.Node, err)
		}
	}
}

// revoke says that a box was stolen; it goes on as before.
func (w *world) revoke() {
	b := w.pick(func(b *box) bool { return len(b.streams) == 1 && !b.revoked && !b.copied && !b.waits })
	if b == nil || w.rep.Steps["revoke"] > 0 {
		return
	}
	err := w.rules(b).nodes.Revoke(w.ctx, id.Nil, b.own.Node(), "stolen")
	if errors.Is(err, node.ErrStranger) || errors.Is(err, node.ErrHolds) { // the region, or headquarters that came back, has not heard of it
		err = w.hub().nodes.Revoke(w.ctx, id.Nil, b.own.Node(), "stolen")
	}
	if errors.Is(err, node.ErrStranger) {
		w.do("exchange")
		return
	}
	must(err)
	w.count("revoke")
	w.stolen(b)
}

// stolen notes that a box was revoked, and puts another in its place.
func (w *world) stolen(b *box) {
	b.revoked = true
	// What it told nobody so far does not count any more, nor has anybody to hold it.
	for ref := range w.acked {
		if ref.Node == b.own.Node() {
			held, err := w.hub().log.Held(w.ctx, w.hub().log.DB, ref.Stream, ref.Node)
			must(err)
			if ref.Seq > held {
				delete(w.acked, ref)
			}
		}
	}
	w.forget()
	// Another takes its place.
	w.made++
	c := &box{w: w, name: fmt.Sprintf("%s+%d", b.name, w.made), up: b.up, streams: b.streams, dir: filepath.Join(w.dir, fmt.Sprint(w.made))}
	must(mkdir(c.dir))
	c.disk = disk.New(c.dir)
	c.own = w.identity()
	must(copyFile(w.stamp, c.path()))
	must(c.start())
	w.boxes = append(w.boxes, c)
	must(c.log.SetRoot(w.ctx, w.root))
	w.grant(c)
}

// verdict lets the hub take a fact back, or let one count.
func (w *world) verdict() {
	if len(w.order) == 0 {
		return
	}
	w.count("verdict")
	s := w.order[w.rng.IntN(len(w.order))]
	refs := w.refs[s]
	ref := refs[w.rng.IntN(len(refs))]
	for _, b := range w.boxes {
		if b.revoked && b.own.Node() == ref.Node {
			return // what a stolen box wrote is not let count here, so that the end can tell
		}
	}
	f := fact.New{Stream: ref.Stream, Kind: fact.FactVoided, Subject: s, Body: fact.Mistake{Reason: "simulated"}, Prev: []fact.Ref{ref}}
	if w.rng.IntN(2) == 0 {
		f.Kind, f.Body = fact.FactAdmitted, fact.Admission{Reason: "simulated"}
		w.admitted[ref] = true
	}
	w.put(w.hub(), f)
}

func (w *world) put(b *box, f fact.New) {
	refs, err := b.log.Do(w.ctx, fact.Command{Name: "simulated", Stream: f.Stream, Run: decided(f)})
	if err == nil {
		w.ack(b, refs[0])
	}
}
