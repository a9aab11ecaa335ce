package fact

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// page is how many facts or rows are held in memory at a time while replaying.
const page = 4000

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

// sweep removes scratch databases that a crash left: they hold rows about people. One that is in use was written to
// lately.
func (l *Log) sweep() {
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
}

const scratchFile = "replay.db"

func (l *Log) scratch(ctx context.Context) (*scratch, error) {
	dir, err := os.MkdirTemp(l.beside(), scratchName)
	if err != nil {
		return nil, fmt.Errorf("make a scratch folder: %w", err)
	}
	db, err := store.Open(ctx, store.Config{Path: filepath.Join(dir, scratchFile), Readers: 2, Scratch: true})
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
	var after id.ID
	limit := page
	for {
		var facts []*Fact
		err := l.Facts(ctx, q, "subject > ? ORDER BY subject LIMIT ?", store.Args(after, limit), func(f *Fact) error {
			facts = append(facts, f)
			return nil
		})
		if err != nil || len(facts) == 0 {
			return err
		}
		if len(facts) == limit { // the last subject may go on behind the page
			last := facts[len(facts)-1].Subject
			cut := slices.IndexFunc(facts, func(f *Fact) bool { return f.Subject == last })
			if cut == 0 {
				limit *= 2
				continue
			}
			facts = facts[:cut]
		}
		limit = page
		after = facts[len(facts)-1].Subject
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
		err = s.db.Write(ctx, func(tx store.Tx) error {
			w := &folding{
				log: l, auth: auth, src: q, dst: tx, ring: seal.Ring{}, sums: l.collectors(), failed: r.failed,
				save: func(_ context.Context, wrong []*Fact) error {
					for _, f := range wrong {
						r.state(f)
					}
					return nil
				},
				erase: func(context.Context, []ending, []ending) error { return nil },
			}
			if err := w.fold(ctx, order, bySubject, fresh); err != nil {
				return err
			}
			return w.flush(ctx)
		})
		if err != nil {
			return err
		}
		r.done += int64(len(facts))
		if r.progress != nil {
			r.progress(r.done, r.total)
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

// Rebuild derives every table, and the state of every fact, again: it replays the facts into a shadow while screens and
// writing go on, then swaps the rows in one transaction, and folds again what changed meanwhile. Screens show the old
// rows until it commits.
func (l *Log) Rebuild(ctx context.Context, progress func(done, total int64)) error {
	// From here on, whoever folds a subject again for another cause than a new fact (a key that came or was destroyed, a
	// grant) notes it: the shadow will not know.
	err := l.write(ctx, func(t *turn) error {
		if err := t.tx.Exec(ctx, "DELETE FROM fact_again"); err != nil {
			return err
		}
		return t.set(ctx, "rebuild", []byte{1})
	})
	if err != nil {
		return err
	}
	var s *scratch
	var before map[string]map[id.ID]uint64
	var wrong []id.ID
	err = l.DB.Snapshot(ctx, func(q store.Querier) error {
		var err error
		if before, err = l.Vector(ctx, q); err != nil {
			return err
		}
		r := &replaying{
			progress: progress,
			state:    func(f *Fact) { wrong = append(wrong, f.Subject) },
			failed:   func(*Fold, id.ID, error) {}, // as it did on the live rows, which said so
		}
		if r.total, err = l.Count(ctx, q); err != nil {
			return err
		}
		s, err = l.replay(ctx, q, r)
		return err
	})
	if err != nil {
		return err
	}
	defer s.discard()
	return l.write(ctx, func(t *turn) error {
		for _, table := range l.Registry.Tables() {
			if err := t.swap(ctx, s, table); err != nil {
				return err
			}
		}
		l.recent.forget()
		again := slices.Clone(wrong)
		err := t.tx.Each(ctx, "SELECT subject FROM fact_again", nil, func(r store.Row) error {
			var v id.ID
			err := r.Scan(&v)
			again = append(again, v)
			return err
		})
		if err != nil {
			return err
		}
		since, err := t.subjectsSince(ctx, before)
		if err != nil {
			return err
		}
		t.again = false
		if err := t.refold(ctx, append(again, since...)); err != nil {
			return err
		}
		for _, stmt := range []string{"DELETE FROM fact_again", "DELETE FROM fact_setting WHERE name = 'rebuild'"} {
			if err := t.tx.Exec(ctx, stmt); err != nil {
				return err
			}
		}
		if err := store.Filled(ctx, t.tx, l.Registry.Tables()); err != nil {
			return err
		}
		return t.setReading(ctx)
	})
}

// swap replaces the rows of a table by those of the shadow.
func (t *turn) swap(ctx context.Context, s *scratch, table *store.Table) error {
	if err := t.tx.Exec(ctx, "DELETE FROM "+table.Name); err != nil {
		return err
	}
	c := &cursor{q: s.db, t: table}
	for {
		var rows [][]any
		for len(rows) < page {
			row, err := c.next(ctx)
			if err != nil {
				return err
			}
			if row == nil {
				break
			}
			rows = append(rows, row)
		}
		if len(rows) == 0 {
			return nil
		}
		if err := t.tx.Insert(ctx, table, rows); err != nil {
			return err
		}
	}
}

// subjectsSince returns the subjects of facts that came after a vector.
func (t *turn) subjectsSince(ctx context.Context, before map[string]map[id.ID]uint64) ([]id.ID, error) {
	now, err := t.log.Vector(ctx, t.tx)
	if err != nil {
		return nil, err
	}
	var subjects []id.ID
	for stream, nodes := range now {
		for node, size := range nodes {
			had := before[stream][node]
			if had >= size {
				continue
			}
			s, err := t.stream(ctx, stream)
			if err != nil {
				return nil, err
			}
			n, err := t.node(ctx, node, nil)
			if err != nil {
				return nil, err
			}
			err = t.tx.Each(ctx, "SELECT subject FROM fact WHERE stream = ? AND node = ? AND seq > ?", store.Args(s, n, had), func(r store.Row) error {
				var v id.ID
				err := r.Scan(&v)
				subjects = append(subjects, v)
				return err
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return subjects, nil
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
	return t.set(ctx, "folds", []byte(folds))
}

// renew brings the derived rows up to date with this program, once after an upgrade: all of them when tables are empty
// that should not be, or when a fold was revised; otherwise those of subjects of which something was not understood.
func (l *Log) renew(ctx context.Context, empty bool) error {
	l.sweep()
	s, err := readSettings(ctx, l.DB)
	if err != nil {
		return err
	}
	kinds, folds := l.Registry.reading()
	if !empty && string(s["kinds"]) == kinds && string(s["folds"]) == folds {
		return nil
	}
	n, err := l.Count(ctx, l.DB)
	if err != nil {
		return err
	}
	if n > 0 && (empty || string(s["folds"]) != folds) {
		return l.Rebuild(ctx, nil)
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
