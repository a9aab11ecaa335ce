package fact

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// page is how many facts or rows are held in memory at a time while replaying.
const page = 4000

// step is about how many facts a replay folds at a time, which is how long a rebuild keeps others from writing.
const step = 1500

// pace is how a rebuild goes: about how many facts it folds at a time, and what it does between two steps.
type pace struct {
	step  int
	pause func()
}

var (
	// gently lets others read and write meanwhile.
	gently = pace{step, letWrite}
	// atOnce is before a node serves, when nobody should wait.
	atOnce = pace{4 * step, func() { time.Sleep(time.Millisecond) }}
)

// Report is what Check found.
type Report struct {
	OK      bool     `json:"ok"`
	Engine  string   `json:"engine"`
	Facts   int64    `json:"facts"`
	Logs    int      `json:"logs"`
	Rows    int64    `json:"rows"`
	Held    int64    `json:"held"`    // facts that do not count
	Seen    int      `json:"seen"`    // signatures of those who saw a log
	Faults  []string `json:"faults"`  // at most maxFaults
	Omitted int      `json:"omitted"` // faults beyond those
}

const maxFaults = 50

func (r *Report) fault(format string, args ...any) {
	if len(r.Faults) < maxFaults {
		r.Faults = append(r.Faults, fmt.Sprintf(format, args...))
	} else {
		r.Omitted++
	}
}

// Check proves that the logs are whole and that every derived row is what the facts say: it hashes all logs again and
// replays all facts into a scratch database beside, then compares. Screens and writing go on; what is checked is the
// state at its beginning. progress, which may be nil, is told how many facts of how many are replayed.
func (l *Log) Check(ctx context.Context, progress func(done, total int64)) (*Report, error) {
	rep := &Report{Engine: string(l.DB.Engine), Faults: []string{}}
	// What this process has cached is not what is to be checked.
	fresh := &Log{DB: l.DB, Keys: seal.NewKeys(l.own), Registry: l.Registry, own: l.own, node: l.node, names: newNames()}
	err := l.DB.Snapshot(ctx, func(q store.Querier) error {
		if err := fresh.names.load(ctx, q); err != nil {
			return err
		}
		a, err := fresh.loadAuthority(ctx, q)
		if err != nil {
			return err
		}
		fresh.adopt(a)
		if err := fresh.checkLogs(ctx, q, rep); err != nil {
			return err
		}
		if err := fresh.Keys.Damaged(ctx, q, func(what string) { rep.fault("%s is damaged", what) }); err != nil {
			return err
		}
		r := &replaying{
			progress: progress, total: rep.Facts,
			state:  func(f *Fact) { rep.fault("fact %s should be %s", f.Ref(), f.state) },
			failed: func(fd *Fold, subject id.ID, err error) { rep.fault("fold %s of %s: %v", fd.Name, subject, err) },
		}
		scratch, err := fresh.replay(ctx, q, r)
		if err != nil {
			return err
		}
		defer scratch.discard()
		if _, err := store.One(ctx, q, "SELECT count(*) FROM fact WHERE state <> 0", nil, &rep.Held); err != nil {
			return err
		}
		for _, t := range l.Registry.Tables() {
			if err := compare(ctx, q, scratch.db, t, rep); err != nil {
				return err
			}
		}
		return nil
	})
	rep.OK = err == nil && len(rep.Faults) == 0
	return rep, err
}

// checkLogs hashes every log and compares its size, root, stored hashes and signature.
func (l *Log) checkLogs(ctx context.Context, q store.Querier, rep *Report) error {
	type log struct {
		stream, node, size int64
		name               string
		edge, note, public []byte
	}
	var logs []log
	err := q.Each(ctx, "SELECT h.stream, h.node, h.size, h.edge, h.note, s.name, n.public_key FROM fact_head h JOIN fact_stream s ON s.id = h.stream JOIN fact_node n ON n.id = h.node ORDER BY h.stream, h.node", nil, func(r store.Row) error {
		var g log
		err := r.Scan(&g.stream, &g.node, &g.size, &g.edge, &g.note, &g.name, &g.public)
		logs = append(logs, g)
		return err
	})
	if err != nil {
		return err
	}
	var total int64
	if _, err := store.One(ctx, q, "SELECT count(*) FROM fact", nil, &total); err != nil {
		return err
	}
	rep.Logs = len(logs)
	for _, g := range logs {
		rep.Facts += g.size
		tiles := map[uint64]string{}
		err := q.Each(ctx, "SELECT tile, hash FROM fact_tile WHERE stream = ? AND node = ?", store.Args(g.stream, g.node), func(r store.Row) error {
			var i int64
			var h []byte
			err := r.Scan(&i, &h)
			tiles[uint64(i)] = string(h)
			return err
		})
		if err != nil {
			return err
		}
		seen, keys, err := l.seenOf(ctx, q, g.stream, g.node)
		if err != nil {
			return err
		}
		var e Edge
		gap := false
		for !gap {
			n := 0
			err := l.Facts(ctx, q, "stream = ? AND node = ? AND seq > ? ORDER BY seq LIMIT ?", store.Args(g.stream, g.node, int64(e.Size), page), func(f *Fact) error {
				n++
				if f.Seq != e.Size+1 && !gap {
					gap = true
					rep.fault("log %s: fact %d is missing", g.name, e.Size+1)
				}
				if gap {
					return nil
				}
				if tile, i, done := e.Add(f.Hash()); done && tiles[i] != string(tile[:]) {
					rep.fault("log %s: the stored hash of facts %d to %d is not theirs; one of them was altered", g.name, i<<tileLevel+1, (i+1)<<tileLevel)
				}
				for _, c := range seen[e.Size] {
					if public := keys[c.By]; len(public) != ed25519.PublicKeySize || !ed25519.Verify(public, cosignedText(c.Stream, c.Node, c.Size, e.Root(), c.At), c.Signature) {
						rep.fault("log %s: node %s did not sign that it saw these %d facts", g.name, c.By.Hex(), c.Size)
					}
					rep.Seen++
				}
				return nil
			})
			if err != nil {
				rep.fault("log %s after fact %d: %v", g.name, e.Size, err)
				break
			}
			if n == 0 {
				break
			}
		}
		if e.Size != uint64(g.size) {
			rep.fault("log %s: it has %d facts, its head says %d", g.name, e.Size, g.size)
			continue
		}
		if string(e.encode()) != string(g.edge) {
			rep.fault("log %s: its facts are not the ones its head was made of; one was altered", g.name)
		}
		head, err := ParseHead(g.note, ed25519.PublicKey(g.public))
		switch {
		case err != nil:
			rep.fault("log %s: %v", g.name, err)
		case head.Size == e.Size && head.Root != e.Root():
			rep.fault("log %s: the signed root is not that of its facts", g.name)
		case head.Size < e.Size && head.Node == l.node:
			rep.fault("log %s: %d facts stand behind its signed head", g.name, e.Size-head.Size)
		}
	}
	if total != rep.Facts {
		rep.fault("there are %d facts, the heads count %d", total, rep.Facts)
	}
	return nil
}

// scratch is a database beside that holds derived tables only.
type scratch struct {
	db  *store.DB
	dir string
}

func (s *scratch) discard() {
	s.db.Close()
	os.RemoveAll(s.dir)
}

// scratchName begins the names of folders that scratch databases lie in.
const scratchName = "tizi-replay-"

// beside is the folder that scratch databases are made in: that of the database, or the system's for temporary files.
func (l *Log) beside() string {
	if p := l.DB.Config().Path; p != "" {
		return filepath.Dir(p)
	}
	return os.TempDir()
}

// sweep removes scratch databases and shadows that a crash left: they hold rows about people. A database that is in use was
// written to lately.
func (l *Log) sweep(ctx context.Context) error {
	old, _ := filepath.Glob(filepath.Join(l.beside(), scratchName+"*"))
	for _, dir := range old {
		info, err := os.Stat(filepath.Join(dir, scratchFile))
		if err != nil {
			info, err = os.Stat(dir)
		}
		if err == nil && time.Since(info.ModTime()) > time.Hour {
			os.RemoveAll(dir)
		}
	}
	return l.Tidy(ctx)
}

// Tidy does away with what a rebuild left that was cut off. With nothing left it costs a query.
func (l *Log) Tidy(ctx context.Context) error {
	if some, err := l.DB.Shadowed(ctx); err != nil || !some {
		return err
	}
	return l.write(ctx, func(t *turn) error {
		s, err := readSettings(ctx, t.tx)
		if err != nil || s.rebuilding() {
			return err
		}
		return errors.Join(t.rebuilt(ctx), l.DB.DropShadows(ctx, t.tx))
	})
}

const scratchFile = "replay.db"

func (l *Log) scratch(ctx context.Context) (*scratch, error) {
	dir, err := os.MkdirTemp(l.beside(), scratchName)
	if err != nil {
		return nil, fmt.Errorf("make a scratch folder: %w", err)
	}
	db, err := store.Open(ctx, store.Config{Path: filepath.Join(dir, scratchFile), Readers: 2, Scratch: true, Key: l.DB.Config().Key})
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	s := &scratch{db, dir}
	if _, err := db.Ensure(ctx, l.Registry.Tables()); err != nil {
		s.discard()
		return nil, err
	}
	return s, nil
}

// replaying is what a replay tells on its way. progress may be nil.
type replaying struct {
	progress    func(done, total int64)
	done, total int64
	only        *part       // nil: all folds
	step        int         // facts at a time; 0: step
	state       func(*Fact) // a fact whose stored state is not what it should be
	failed      func(fd *Fold, subject id.ID, err error)
}

// replay folds every subject from nothing into a scratch database, under the authority that q sees.
func (l *Log) replay(ctx context.Context, q store.Querier, r *replaying) (*scratch, error) {
	auth, err := l.loadAuthority(ctx, q)
	if err != nil {
		return nil, err
	}
	s, err := l.scratch(ctx)
	if err != nil {
		return nil, err
	}
	if err := l.replayInto(ctx, q, s, auth.judge(), r); err != nil {
		s.discard()
		return nil, err
	}
	return s, nil
}

func (l *Log) replayInto(ctx context.Context, q store.Querier, s *scratch, auth *judge, r *replaying) error {
	return l.replayed(ctx, q, auth, r, func(w *folding, d *derived) error {
		return s.db.Write(ctx, func(tx store.Tx) error { return w.into(ctx, tx, d) })
	})
}

// into writes what is derived of new subjects, sums and all.
func (w *folding) into(ctx context.Context, tx store.Tx, d *derived) error {
	w.dst, w.sums = tx, w.log.collectors(w.only)
	if err := w.write(ctx, d); err != nil {
		return err
	}
	return w.flush(ctx)
}

// replayed folds every subject, a page of them at a time, and hands each page to write, while the next one is read.
func (l *Log) replayed(ctx context.Context, q store.Querier, auth *judge, r *replaying, write func(*folding, *derived) error) error {
	type folded struct {
		w *folding
		d *derived
		n int64
	}
	pages := make(chan folded)
	work, cancel := errgroup.WithContext(ctx)
	work.Go(func() error {
		defer close(pages)
		var after id.ID
		for {
			facts, err := l.subjectsAfter(cancel, q, after, cmp.Or(r.step, step))
			if err != nil || len(facts) == 0 {
				return err
			}
			after = facts[len(facts)-1].Subject
			read := len(facts)
			facts = r.only.of(l.Registry, facts)
			bySubject := map[id.ID][]*Fact{}
			fresh := map[id.ID]bool{}
			var order []id.ID
			for _, f := range facts {
				if !fresh[f.Subject] {
					order = append(order, f.Subject)
					fresh[f.Subject] = true
				}
				bySubject[f.Subject] = append(bySubject[f.Subject], f)
			}
			w := &folding{
				log: l, auth: auth, src: q, ring: seal.Ring{}, failed: r.failed, only: r.only,
				save: func(_ context.Context, wrong []*Fact) error {
					for _, f := range wrong {
						r.state(f)
					}
					return nil
				},
				erase: func(context.Context, []ending, []ending) error { return nil },
			}
			d, err := w.derive(cancel, order, bySubject, fresh)
			if err != nil {
				return err
			}
			select {
			case pages <- folded{w, d, int64(read)}:
			case <-cancel.Done():
				return cancel.Err()
			}
		}
	})
	work.Go(func() error {
		for p := range pages {
			if err := write(p.w, p.d); err != nil {
				return err
			}
			r.done += p.n
			if r.progress != nil {
				r.progress(r.done, r.total)
			}
		}
		return nil
	})
	return work.Wait()
}

// subjectsAfter returns all facts of the next subjects, some page of them.
func (l *Log) subjectsAfter(ctx context.Context, q store.Querier, after id.ID, some int) ([]*Fact, error) {
	for limit := some; ; limit *= 2 {
		var facts []*Fact
		err := l.Facts(ctx, q, "subject > ? ORDER BY subject LIMIT ?", store.Args(after, limit), func(f *Fact) error {
			facts = append(facts, f)
			return nil
		})
		if err != nil || len(facts) < limit {
			return facts, err
		}
		// The last subject may go on behind the page.
		last := facts[len(facts)-1].Subject
		if cut := slices.IndexFunc(facts, func(f *Fact) bool { return f.Subject == last }); cut > 0 {
			return facts[:cut], nil
		}
	}
}

// compare reads a table on both sides in the order of its key.
func compare(ctx context.Context, live store.Querier, replayed *store.DB, t *store.Table, rep *Report) error {
	a, b := &cursor{q: live, t: t}, &cursor{q: replayed, t: t}
	for {
		x, err := a.next(ctx)
		if err != nil {
			return err
		}
		y, err := b.next(ctx)
		if err != nil {
			return err
		}
		if x == nil && y == nil {
			return nil
		}
		for c := 0; x != nil || y != nil; {
			switch {
			case x == nil:
				c = 1
			case y == nil:
				c = -1
			default:
				c = compareValues(x[:t.Key], y[:t.Key])
			}
			if c < 0 {
				rep.fault("%s has a row %v that no fact says", t.Name, x[:t.Key])
				rep.Rows++
				x, err = a.next(ctx)
			} else if c > 0 {
				rep.fault("%s lacks the row %v", t.Name, y[:t.Key])
				y, err = b.next(ctx)
			} else {
				rep.Rows++
				if compareValues(x, y) != 0 {
					rep.fault("%s: row %v differs from what the facts say in %s", t.Name, x[:t.Key], strings.Join(differing(t, x, y), ", "))
				}
				break
			}
			if err != nil {
				return err
			}
		}
	}
}

func differing(t *store.Table, x, y []any) []string {
	var out []string
	for i := range x {
		if compareValue(x[i], y[i]) != 0 {
			out = append(out, t.Columns[i].Name)
		}
	}
	return out
}

// cursor reads a table by pages in key order.
type cursor struct {
	q    store.Querier
	t    *store.Table
	rows [][]any
	last []any
	end  bool
}

func (c *cursor) next(ctx context.Context) ([]any, error) {
	if len(c.rows) == 0 && !c.end {
		names := make([]string, c.t.Key)
		for i := range names {
			names[i] = c.t.Columns[i].Name
		}
		key := strings.Join(names, ", ")
		query := "SELECT " + c.t.List() + " FROM " + c.t.Name
		if c.last != nil {
			query += " WHERE (" + key + ") > (?" + strings.Repeat(", ?", c.t.Key-1) + ")"
		}
		query += fmt.Sprintf(" ORDER BY %s LIMIT %d", key, page)
		err := c.q.Each(ctx, query, c.last, func(r store.Row) error {
			row, err := c.t.Scan(r)
			c.rows = append(c.rows, row)
			return err
		})
		if err != nil {
			return nil, err
		}
		c.end = len(c.rows) < page
		if len(c.rows) > 0 {
			c.last = c.rows[len(c.rows)-1][:c.t.Key]
		}
	}
	if len(c.rows) == 0 {
		return nil, nil
	}
	row := c.rows[0]
	c.rows = c.rows[1:]
	return row, nil
}

// ErrRebuilding is returned for a rebuild while another one of the same node goes on.
var ErrRebuilding = errors.New("the tables are being derived again already; wait until that is done")

// A rebuild that has not been heard of for so long was cut off.
const rebuildSilence = 2 * time.Minute

// rebuildGap is left between two steps of a rebuild, so that another process that waits to write comes in.
const rebuildGap = 20 * time.Millisecond

// Rebuild derives every table, and the state of every fact, again: into shadows beside, step by step, while screens and
// writing go on; then the subjects that changed meanwhile, until few are left; then those and the exchange of the tables
// in one transaction. Screens show the old rows until it commits.
func (l *Log) Rebuild(ctx context.Context, progress func(done, total int64)) error {
	if err := l.derive(ctx, nil, gently, progress); err != nil {
		return err
	}
	return l.DB.Scrub(ctx, letWrite)
}

// letWrite lets another process that waits to write come in.
func letWrite() { time.Sleep(rebuildGap) }

// derive is Rebuild, of a part or of all, without overwriting what was there, which may be done later.
func (l *Log) derive(ctx context.Context, only *part, at pace, progress func(done, total int64)) error {
	shadows := l.DB.Shadows(only.tables(l.Registry))
	// The mark says when it was last at work, and whose it is: one that took another for dead may not do away with it.
	token := []byte(" " + id.New().Hex())
	alive := func(t *turn) error {
		if t.rebuild != nil && !bytes.HasSuffix(t.rebuild, token) {
			return ErrRebuilding
		}
		return t.set(ctx, "rebuild", append(strconv.AppendInt(nil, time.Now().UnixMilli(), 10), token...))
	}
	// From here on, whoever folds a subject notes it.
	err := l.write(ctx, func(t *turn) error {
		s, err := readSettings(ctx, t.tx)
		if err != nil {
			return err
		}
		if s.rebuilding() {
			return ErrRebuilding
		}
		t.rebuild = nil // what is left of one that was cut off
		if err := t.tx.Exec(ctx, "DELETE FROM fact_again"); err != nil {
			return err
		}
		if err := shadows.Make(ctx, t.tx); err != nil {
			return err
		}
		return alive(t)
	})
	if err != nil {
		return err
	}
	if err := l.rebuild(ctx, only, shadows, alive, at, progress); err != nil {
		err = fmt.Errorf("derive the tables again: %w", err)
		// What was there is as it was.
		ctx := context.WithoutCancel(ctx)
		return errors.Join(err, l.write(ctx, func(t *turn) error {
			if !bytes.HasSuffix(t.rebuild, token) {
				return nil
			}
			return errors.Join(t.rebuilt(ctx), l.DB.DropShadows(ctx, t.tx))
		}))
	}
	l.recent.forget()
	return shadows.Clear(ctx, at.pause)
}

// rebuilding says whether a rebuild goes on. One that was at work later than now was cut off before the clock went back.
func (s settings) rebuilding() bool {
	at, _, _ := bytes.Cut(s["rebuild"], []byte(" "))
	ms, err := strconv.ParseInt(string(at), 10, 64)
	age := time.Since(time.UnixMilli(ms))
	return err == nil && age < rebuildSilence && age > -time.Minute
}

// rebuilt forgets that there was a rebuild.
func (t *turn) rebuilt(ctx context.Context) error {
	for _, stmt := range []string{"DELETE FROM fact_again", "DELETE FROM fact_setting WHERE name = 'rebuild'"} {
		if err := t.tx.Exec(ctx, stmt); err != nil {
			return err
		}
	}
	return nil
}

func (l *Log) rebuild(ctx context.Context, only *part, shadows *store.Shadows, alive func(*turn) error, at pace, progress func(done, total int64)) error {
	var wrong []id.ID
	var mu sync.Mutex // guards wrong
	r := &replaying{
		progress: progress, only: only, step: at.step,
		state: func(f *Fact) {
			mu.Lock()
			defer mu.Unlock()
			wrong = append(wrong, f.Subject)
		},
		failed: func(*Fold, id.ID, error) {}, // as it did on the live rows, which said so
	}
	var err error
	if r.total, err = l.Count(ctx, l.DB); err != nil {
		return err
	}
	// A grant that comes meanwhile lets those be folded again, and so noted, for whom it changes anything.
	err = l.replayed(ctx, l.DB, l.authority().judge(), r, func(w *folding, d *derived) error {
		at.pause()
		return l.write(ctx, func(t *turn) error {
			if err := alive(t); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			if err := t.note(ctx, wrong); err != nil {
				return err
			}
			wrong = nil
			return w.into(ctx, shadows.In(t.tx), d)
		})
	})
	for done := false; err == nil && !done; {
		at.pause()
		err = l.write(ctx, func(t *turn) error {
			if err := alive(t); err != nil {
				return err
			}
			left, err := t.renewShadows(ctx, only, shadows, page/2)
			if err != nil || left {
				return err
			}
			done = true
			if err := shadows.Swap(ctx, t.tx); err != nil {
				return err
			}
			if err := t.rebuilt(ctx); err != nil {
				return err
			}
			if err := store.Filled(ctx, t.tx, only.tables(l.Registry)); err != nil {
				return err
			}
			// Other processes forget the rows that they remember.
			if err := t.set(ctx, "lately", []byte("[]")); err != nil {
				return err
			}
			t.clock = l.Clock.Tick()
			if err := t.set(ctx, "clock", strconv.AppendUint(nil, uint64(t.clock), 10)); err != nil {
				return err
			}
			return t.setReading(ctx)
		})
		if done = done && err == nil; errors.Is(err, store.ErrBusy) { // somebody reads for long
			err = l.write(ctx, alive)
		}
	}
	return err
}

// renewShadows folds, into the shadows, some of the subjects that were noted, and says whether there are more.
func (t *turn) renewShadows(ctx context.Context, only *part, shadows *store.Shadows, some int) (more bool, err error) {
	var noted []id.ID
	err = t.tx.Each(ctx, "SELECT subject FROM fact_again ORDER BY subject LIMIT ?", store.Args(some+1), func(r store.Row) error {
		var v id.ID
		err := r.Scan(&v)
		noted = append(noted, v)
		return err
	})
	if err != nil || len(noted) == 0 {
		return false, err
	}
	if more = len(noted) > some; more {
		noted = noted[:some]
	}
	t.log.recent.forget()
	clear(t.known)
	bySubject := make(map[id.ID][]*Fact, len(noted))
	if err := t.gather(ctx, noted, bySubject); err != nil {
		return false, err
	}
	w := t.folding(seal.Ring{})
	w.dst, w.only, w.sums = shadows.In(t.tx), only, t.log.collectors(only)
	if err := w.fold(ctx, noted, bySubject, nil); err != nil {
		return false, err
	}
	if err := w.flush(ctx); err != nil {
		return false, err
	}
	return more, t.tx.Exec(ctx, "DELETE FROM fact_again WHERE subject <= ?", noted[len(noted)-1])
}

// reading tells two programs apart that read the same facts otherwise: kinds, when one knows more of them, and folds,
// when one derives other rows.
func (r *Registry) reading() (kinds, folds string) {
	k, f := sha256.New(), sha256.New()
	for _, name := range r.Kinds() {
		fmt.Fprintln(k, r.kinds[name].Tag())
	}
	for _, fd := range r.folds {
		fmt.Fprintln(f, fd.Name, fd.Revision)
	}
	return hex.EncodeToString(k.Sum(nil)[:8]), hex.EncodeToString(f.Sum(nil)[:8])
}

func (t *turn) setReading(ctx context.Context) error {
	kinds, folds := t.log.Registry.reading()
	if err := t.set(ctx, "kinds", []byte(kinds)); err != nil {
		return err
	}
	if err := t.set(ctx, "folds", []byte(folds)); err != nil {
		return err
	}
	return t.set(ctx, "revisions", t.log.Registry.revisions())
}

// renew brings the derived rows up to date with this program, once after an upgrade: those of the folds whose tables are empty
// that should not be, or that were revised, with the sums over them; otherwise those of subjects of which something was not
// understood.
func (l *Log) renew(ctx context.Context, empty []string) error {
	kinds, folds := l.Registry.reading()
	for waited := false; ; waited = true {
		s, err := readSettings(ctx, l.DB)
		if err != nil {
			return err
		}
		whole := len(empty) > 0 || string(s["folds"]) != folds
		if !s.rebuilding() {
			if err := l.sweep(ctx); err != nil {
				return err
			}
			if !whole && string(s["kinds"]) == kinds {
				return nil
			}
			n, err := l.Count(ctx, l.DB)
			if err != nil {
				return err
			}
			if n == 0 || !whole {
				break
			}
			only := l.Registry.changed(s["revisions"], empty)
			err = l.derive(ctx, only, atOnce, nil)
			if err == nil && only != nil && string(s["kinds"]) != kinds {
				break // a part has looked at no fact that was not understood before
			}
			if !errors.Is(err, ErrRebuilding) {
				return err
			}
		} else if !whole {
			return nil
		}
		if !waited {
			slog.Info("another process derives the tables again; waiting until it is done")
		}
		time.Sleep(time.Second)
		left, err := l.DB.Ensure(ctx, l.Registry.Tables())
		if err != nil {
			return err
		}
		empty = left
	}
	return l.write(ctx, func(t *turn) error {
		var subjects []id.ID
		err := t.tx.Each(ctx, fmt.Sprintf("SELECT DISTINCT subject FROM fact WHERE state <> 0 AND state IN (%d, %d, %d)", Unknown, Critical, Malformed), nil, func(r store.Row) error {
			var v id.ID
			err := r.Scan(&v)
			subjects = append(subjects, v)
			return err
		})
		if err != nil {
			return err
		}
		if err := t.refold(ctx, subjects); err != nil {
			return err
		}
		if err := store.Filled(ctx, t.tx, l.Registry.Tables()); err != nil {
			return err
		}
		return t.setReading(ctx)
	})
}
