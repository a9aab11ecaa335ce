package simulate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"

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
	return b.nodes.Exchange(w.ctx, node.Peer{Node: b.up.own.Node(), Up: true, Public: b.up.own.Public(), Recipient: b.up.own.Recipient(), Root: w.hub().own.Node()}, l, nil)
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

func (w *world) replace(old *box, database string) {
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
	w.grant(b)
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

// lose takes a box out of the world, and off the books what it told nobody.
func (w *world) lose(b *box) {
	b.gone = true
	b.stop()
	for ref := range w.acked {
		if ref.Node != b.own.Node() {
			continue
		}
		known := false
		for _, o := range w.boxes {
			if o.gone {
				continue
			}
			held, err := o.log.Held(w.ctx, o.log.DB, ref.Stream, ref.Node)
			must(err)
			known = known || held >= ref.Seq
		}
		if !known {
			delete(w.acked, ref)
			w.rep.Lost++
		}
	}
	for _, h := range append([]*history(nil), w.drawn...) {
		if h.home == b {
			h.done(w)
		}
	}
}

// copyBox makes a second box of one, key and all.
func (w *world) copyBox() {
	b := w.pick(func(b *box) bool { return len(b.streams) == 1 && !b.copied && !b.revoked })
	if b == nil || w.rep.Steps["copy"] > 0 {
		return
	}
	w.count("copy")
	w.made++
	c := &box{w: w, name: fmt.Sprintf("%s=%d", b.name, w.made), up: b.up, streams: b.streams, dir: filepath.Join(w.dir, fmt.Sprint(w.made)), wrong: b.wrong, own: b.own, copied: true}
	must(mkdir(c.dir))
	c.disk = disk.New(c.dir)
	must(b.copyTo(c.path()))
	must(c.start())
	b.copied = true
	w.boxes = append(w.boxes, c)
}

// revoke says that a box was stolen; it goes on as before.
func (w *world) revoke() {
	b := w.pick(func(b *box) bool { return len(b.streams) == 1 && !b.revoked && !b.copied })
	if b == nil || w.rep.Steps["revoke"] > 0 {
		return
	}
	w.count("revoke")
	must(w.hub().nodes.Revoke(w.ctx, id.Nil, b.own.Node(), "stolen"))
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
	// Another takes its place.
	w.made++
	c := &box{w: w, name: fmt.Sprintf("%s+%d", b.name, w.made), up: b.up, streams: b.streams, dir: filepath.Join(w.dir, fmt.Sprint(w.made))}
	must(mkdir(c.dir))
	c.disk = disk.New(c.dir)
	c.own = w.identity()
	must(copyFile(w.stamp, c.path()))
	must(c.start())
	w.boxes = append(w.boxes, c)
	must(c.log.SetRoot(w.ctx, w.hub().own.Node()))
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
