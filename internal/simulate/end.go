package simulate

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/node"
	"tizi/internal/store"
)

func mkdir(dir string) error { return os.MkdirAll(dir, 0o700) }

func decided(f fact.New) func(context.Context, store.Querier) (fact.Outcome, error) {
	return func(context.Context, store.Querier) (fact.Outcome, error) {
		return fact.Outcome{Facts: []fact.New{f}}, nil
	}
}

func (w *world) problem(format string, args ...any) {
	w.rep.Problems = append(w.rep.Problems, fmt.Sprintf(format, args...))
}

// end heals what can be healed, lets all meet, and looks whether what must hold holds.
func (w *world) end() {
	for _, b := range w.boxes {
		if !b.gone {
			b.wrong = 0
		}
	}
	for i := 0; w.pick(waits) != nil; i++ {
		if i > 30 {
			w.problem("headquarters does not hear of a box that writes by a recovery key")
			break
		}
		w.settle()
	}
	whole := func(b *box) bool { return !b.gone && !b.revoked && !b.copied }
	// A file lies where its fact was written until it was passed on.
	w.files = slices.DeleteFunc(w.files, func(f file) bool {
		return !slices.ContainsFunc(w.boxes, func(b *box) bool { return whole(b) && b.blobs.Has(f.digest) })
	})
	for round := 0; ; round++ {
		w.later += 25 * time.Hour // files that could not be had are asked for again
		same := true
		for _, b := range w.boxes {
			if b.gone || b.up == nil {
				continue
			}
			r, err := w.exchange(b, plain)
			if !b.copied && !b.revoked {
				w.reissue(b)
			}
			if b.revoked || b.copied {
				continue
			}
			if err != nil {
				w.problem("%s: the last exchange: %v", b.name, err)
				return
			}
			// Of a copied box's log two nodes may hold two histories for ever, and say so each time.
			forked := len(r.Faults) > 0 && r.Sent+r.Got == 0 && !slices.ContainsFunc(r.Faults, func(f node.Fault) bool { return f.Fault != "forked" || !w.copiedNode(f.Node) })
			same = same && (r.Same || forked)
		}
		if same {
			break
		}
		if round > 20 {
			w.problem("nodes go on exchanging, and do not come to hold the same")
			break
		}
	}
	w.rep.Facts = len(w.acked)
	for _, b := range w.boxes {
		if !whole(b) {
			continue
		}
		b.holds = map[fact.Ref]held{}
		must(b.log.Facts(w.ctx, b.log.DB, "1 = 1", nil, func(f *fact.Fact) error {
			b.holds[f.Ref()] = held{f.Hash(), f.Subject}
			return nil
		}))
		for ref, hash := range w.acked {
			if b.log.Reads(b.own.Node(), ref.Stream) && b.holds[ref].hash != hash {
				w.problem("%s lost %s, which was acknowledged", b.name, ref)
			}
		}
	}
	hub := w.hub()
	for _, b := range w.boxes {
		if !whole(b) {
			continue
		}
		if lost, err := b.log.Lost(w.ctx, b.log.DB); err != nil || len(lost) > 0 {
			w.problem("%s still holds what nobody else does: %+v, %v", b.name, lost, err)
		}
		rep, err := b.log.Check(w.ctx, nil)
		must(err)
		if !rep.OK {
			w.problem("%s: %s", b.name, strings.Join(rep.Faults, "; "))
		}
		w.rep.Held = max(w.rep.Held, int(rep.Held))
		if b != hub {
			w.compare(hub, b)
		}
		files, err := b.named(w.ctx, b.log.DB, func(stream string) bool { return b.log.Reads(b.own.Node(), stream) })
		must(err)
		for _, d := range files {
			if !b.blobs.Has(d) {
				w.problem("%s lacks the file %s", b.name, d)
			}
		}
		for _, o := range w.boxes {
			if o.revoked {
				w.ineffective(b, o)
			}
		}
	}
	slices.Sort(w.rep.Problems)
}

// ineffective makes sure that what a revoked box wrote afterwards counts nowhere.
func (w *world) ineffective(b, o *box) {
	for _, g := range b.log.Grantees() {
		if g.Node != o.own.Node() || g.Revoked == nil {
			continue
		}
		err := b.log.Facts(w.ctx, b.log.DB, "node IN (SELECT id FROM fact_node WHERE node = ?) AND state = 0", store.Args(g.Node), func(f *fact.Fact) error {
			if f.Seq > g.Revoked[f.Stream] && !w.admitted[f.Ref()] {
				w.problem("%s lets count what the stolen %s wrote: %s", b.name, o.name, f.Ref())
			}
			return nil
		})
		must(err)
	}
}

// compare makes sure that two nodes hold the same facts of the streams they share, and show the same rows of all that is in
// those streams alone.
func (w *world) compare(a, b *box) {
	shared := func(stream string) bool { return b.log.Reads(b.own.Node(), stream) }
	states := func(x *box) string {
		l, err := x.log.States(w.ctx, x.log.DB, shared)
		must(err)
		l = slices.DeleteFunc(l, func(s fact.LogState) bool { return w.copiedNode(s.Node) })
		var out strings.Builder
		for _, s := range l {
			fmt.Fprintln(&out, s.Stream, s.Node.Hex(), s.Size, s.Root)
		}
		return out.String()
	}
	if x, y := states(a), states(b); x != y {
		w.problem("%s holds\n%s%s holds\n%s", a.name, x, b.name, y)
		return
	}
	// A subject whose facts stand elsewhere too, or in the log of a copied box, may show more at the hub.
	elsewhere := map[id.ID]bool{}
	here := map[id.ID]bool{}
	for _, x := range []*box{a, b} {
		for ref, f := range x.holds {
			if !shared(ref.Stream) || w.copiedNode(ref.Node) {
				elsewhere[f.subject] = true
			}
			if x == b {
				here[f.subject] = true
			}
		}
	}
	for _, fd := range w.reg.Folds() {
		for _, t := range fd.Tables {
			x, y := rows(w, a, t, elsewhere), rows(w, b, t, elsewhere)
			for k, v := range y {
				if x[k] != v {
					w.problem("%s shows %s %s and %s %q", b.name, t.Name, v, a.name, x[k])
				}
			}
			for k, v := range x {
				if _, ok := y[k]; !ok && here[subject(k)] {
					w.problem("%s shows %s %s and %s does not", a.name, t.Name, v, b.name)
				}
			}
		}
	}
}

// subject is that of a row with this key.
func subject(key string) id.ID {
	v, err := id.Parse(key[:32])
	must(err)
	return v
}

func (w *world) copiedNode(v id.ID) bool {
	return slices.ContainsFunc(w.boxes, func(b *box) bool { return b.copied && b.own.Node() == v })
}

// rows are those of a table, by key, the subject's id before it.
func rows(w *world, b *box, t *store.Table, but map[id.ID]bool) map[string]string {
	out := map[string]string{}
	err := b.log.DB.Each(w.ctx, "SELECT "+t.List()+" FROM "+t.Name, nil, func(r store.Row) error {
		row, err := t.Scan(r)
		if err != nil {
			return err
		}
		s := row[0].(id.ID)
		if !but[s] {
			out[s.Hex()+fmt.Sprint(row[1:t.Key])] = fmt.Sprint(row)
		}
		return nil
	})
	must(err)
	return out
}
