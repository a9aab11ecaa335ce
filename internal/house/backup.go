package house

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"tizi/internal/backup"
	"tizi/internal/blob"
	"tizi/internal/id"
	"tizi/internal/lan"
	"tizi/internal/node"
	"tizi/internal/seal"
	"tizi/internal/store"
)

const (
	// savedFile says when the node was saved last, in milliseconds since 1970.
	savedFile = "backup.last"
	// restoringFile marks a folder in which a restore was begun and not ended. What lies there may be thrown away.
	restoringFile = "restoring"
)

// BackupOptions say where to and how a node is saved.
type BackupOptions struct {
	To       string
	SameDisk bool // also where that is the disk of the node
	noFiles  bool
}

// formerFile has the names that the node had before, one a line: their backups end as its own do.
const formerFile = "former"

func former(dir string) []id.ID {
	b, err := os.ReadFile(filepath.Join(dir, formerFile))
	if err != nil {
		return nil
	}
	var out []id.ID
	for line := range strings.Lines(string(b)) {
		if v, err := id.Parse(strings.TrimSpace(line)); err == nil {
			out = append(out, v)
		}
	}
	return out
}

// renamed notes a name that the node in a folder had.
func renamed(dir string, was id.ID) error {
	if slices.Contains(former(dir), was) {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(dir, formerFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("note the name that the node had: %w", err)
	}
	_, err = f.WriteString(was.String() + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("note the name that the node had: %w", err)
	}
	return nil
}

// Backup saves the node into a folder: see package backup.
func (h *House) Backup(ctx context.Context, o BackupOptions) (*backup.Made, error) {
	made, err := h.archive(ctx, o)
	if err != nil {
		return nil, err
	}
	return made, h.savedNow()
}

// savedNow notes that the node was saved.
func (h *House) savedNow() error {
	at := strconv.FormatInt(h.Log.Clock.Now().UnixMilli(), 10)
	if err := os.WriteFile(filepath.Join(h.Config.Dir, savedFile), []byte(at), 0o600); err != nil {
		return fmt.Errorf("note that the node was saved: %w", err)
	}
	return nil
}

func (h *House) archive(ctx context.Context, o BackupOptions) (*backup.Made, error) {
	keys, err := backup.Recipients(h.Config.Dir)
	if err != nil {
		return nil, err
	}
	return backup.Make(ctx, backup.Node{
		Dir: h.Config.Dir, Keep: []string{lan.File, backup.KeysFile, formerFile, KeyFile}, Read: h.Config.read, DB: h.DB, Blobs: h.Blobs, Name: h.Log.Node(), Program: h.Nodes.Program,
		Derived: h.Log.Registry.Tables(), Secret: func(table string) bool { return strings.HasPrefix(table, "seal_") }, Now: h.Log.Clock.Now,
		Doubted: h.Machine.Doubt() != "", SameDisk: o.SameDisk, Former: former(h.Config.Dir), NoFiles: o.noFiles,
		Schema: func(ctx context.Context, q store.Querier) (map[string]int64, error) {
			var names []string
			for _, r := range rooms() {
				names = append(names, r.name)
			}
			return h.DB.Versions(ctx, q, names)
		},
	}, o.To, keys)
}

// leaveDir is the folder of the backup that is left with the node that this one calls.
func (h *House) leaveDir() string { return filepath.Join(h.Config.Dir, backup.LeftDir) }

// leave makes, where it is due, the backup that goes to the node that this one calls with the next exchange: without files, which
// lie there already. One is enough here.
func (h *House) leave(ctx context.Context) error {
	if !h.Config.Leave {
		return nil
	}
	up, err := h.Nodes.Up(ctx, h.DB)
	if err != nil || up == nil {
		return err
	}
	dir := backup.Folder(h.leaveDir(), h.Log.Node())
	all, err := backup.List(dir)
	if err != nil {
		return err
	}
	now := h.Log.Clock.Now()
	if len(all) > 0 {
		age := now.Sub(all[0].At)
		if age >= 0 && (age < saveEvery || age < saveOverdue && (now.Hour() < 1 || now.Hour() > 5)) {
			return nil
		}
	}
	if time.Since(h.leftAt) < saveAgain {
		return nil
	}
	h.leftAt = time.Now()
	if err := h.Leave(ctx); err != nil {
		return err
	}
	for _, a := range all {
		for _, path := range []string{a.Data, a.Keys} {
			if err := os.Remove(path); path != "" && err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("take an old backup away: %w", err)
			}
		}
	}
	return nil
}

// Leave makes the backup that goes to the node that this one calls with the next exchange.
func (h *House) Leave(ctx context.Context) error {
	if err := os.MkdirAll(h.leaveDir(), 0o700); err != nil {
		return fmt.Errorf("make the folder of backups: %w", err)
	}
	_, err := h.archive(ctx, BackupOptions{To: h.leaveDir(), SameDisk: true, noFiles: true})
	return err
}

// archives is what lies between backups and exchanges: one that headquarters has counts as saved.
type archives struct {
	*backup.Kept
	h *House
}

// Left implements node.Archives.
func (l archives) Left(peer id.ID, a node.Archive) error {
	if err := l.Kept.Left(peer, a); err != nil || !strings.HasPrefix(a.Name, "data-") {
		return err
	}
	return l.h.savedNow()
}

// Saved is when the node was saved last; the zero time where it never was, or where a clock that was wrong said so.
func (h *House) Saved() time.Time {
	b, err := os.ReadFile(filepath.Join(h.Config.Dir, savedFile))
	if err != nil {
		return time.Time{}
	}
	ms, err := strconv.ParseInt(string(b), 10, 64)
	if at := time.UnixMilli(ms); err == nil && at.Before(h.Log.Clock.Now().Add(time.Hour)) {
		return at
	}
	return time.Time{}
}

// saveEvery is how old a backup grows before Keep makes another, in the small hours; late in the day only one that is overdue.
// After one that failed it waits.
const (
	saveEvery   = 20 * time.Hour
	saveOverdue = 30 * time.Hour
	saveAgain   = time.Hour
)

// save makes the backup of the night where it is due.
func (h *House) save(ctx context.Context) error {
	if h.Config.Backup == "" {
		return nil
	}
	now := h.Log.Clock.Now()
	age := now.Sub(h.Saved())
	if age < saveEvery || age < saveOverdue && (now.Hour() < 1 || now.Hour() > 5) || time.Since(h.failed) < saveAgain {
		return nil
	}
	_, err := h.Backup(ctx, BackupOptions{To: h.Config.Backup})
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.saveFault = err; err != nil {
		h.failed = time.Now()
	}
	return err
}

// sweepOld removes folders, by the beginning of their paths, that a backup, a restore or a drill left which was cut off: they
// are secret. One under way was written to lately.
func sweepOld(begins string) {
	old, _ := filepath.Glob(begins + "*")
	for _, path := range old {
		if info, err := os.Stat(path); err == nil && info.IsDir() && time.Since(info.ModTime()) > time.Hour {
			os.RemoveAll(path)
		}
	}
}

// Restored is what became of a restore.
type Restored struct {
	From    string    `json:"from"`
	At      time.Time `json:"at"`
	Node    id.ID     `json:"node"` // the name of the node now
	Was     id.ID     `json:"was"`  // and before
	Rows    int64     `json:"rows"`
	Files   int       `json:"files"`
	Damaged []string  `json:"damaged,omitempty"` // files that did not come back
	Erased  int       `json:"erased"`            // keys that were destroyed since
	Checked *Report   `json:"check"`
}

// Errors of restores.
var (
	ErrNotEmpty = errors.New("the database holds something already; nothing was changed. Give an empty one")
	ErrFilled   = errors.New("the folder holds something already; nothing was changed. Give an empty one")
)

// Restore makes a node in an empty folder out of a backup, and proves that it is whole. The node takes
// a key of its own, since the one it had may still be in use somewhere, and others may hold what it wrote since: a box writes again
// when headquarters has said so, or by its recovery key; headquarters at once, and the boxes bring back what it lacks. The node's key is written last: until then there is no node in the folder, and a restore that was cut off
// is begun again.
func Restore(ctx context.Context, c Config, from, moment, sheet string) (*Restored, error) {
	if Exists(c.Dir) {
		return nil, fmt.Errorf("%s: %w", c.Dir, ErrExists)
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	mark := filepath.Join(c.Dir, restoringFile)
	left, err := os.ReadDir(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("look at the data folder: %w", err)
	}
	again := false
	if len(left) > 0 {
		if _, err := os.Stat(mark); err != nil {
			return nil, fmt.Errorf("%w: %s", ErrFilled, c.Dir)
		}
		again = true
		for _, e := range left {
			if e.Name() == restoringFile {
				continue
			}
			if err := os.RemoveAll(filepath.Join(c.Dir, e.Name())); err != nil {
				return nil, fmt.Errorf("clear what a restore left that was cut off: %w", err)
			}
		}
	}
	if err := os.WriteFile(mark, nil, 0o600); err != nil {
		return nil, fmt.Errorf("mark the folder: %w", err)
	}
	out, err := restore(ctx, c, from, moment, sheet, again)
	if err != nil {
		return out, err
	}
	return out, os.Remove(mark)
}

func restore(ctx context.Context, c Config, from, moment, sheet string, again bool) (*Restored, error) {
	o, err := backup.Open(from, moment, sheet, c.Dir)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	out := &Restored{From: o.Archive.Data, At: o.Archive.At, Was: o.Data.Node}
	for _, m := range []backup.Manifest{o.Data, o.Keys} {
		for _, n := range m.Rows {
			out.Rows += n
		}
	}
	was, err := o.Own(KeyFile)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(c.Dir, DatabaseFile), []byte(c.engine()+"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("make the node: %w", err)
	}
	own, err := refill(ctx, c, o, was, again)
	if err != nil {
		return nil, err
	}
	out.Node = own.Node()
	files, err := blob.Open(filepath.Join(c.Dir, BlobDir), nil)
	if err != nil {
		return nil, err
	}
	if out.Files, out.Damaged, err = o.Blobs(ctx, files); err != nil {
		return nil, err
	}
	h, err := open(ctx, c, own)
	if err != nil {
		return nil, err
	}
	if out.Erased, err = h.eraseAgain(ctx, o.Gone); err == nil {
		out.Checked, err = h.Check(ctx, nil)
	}
	if err = errors.Join(err, h.Close()); err != nil {
		return out, err
	}
	// A file that did not come back is named, and is no reason to have no node.
	faults := slices.DeleteFunc(slices.Clone(out.Checked.Faults), func(f string) bool {
		return slices.ContainsFunc(out.Damaged, func(d string) bool { return strings.Contains(f, d) })
	})
	if len(faults) > 0 {
		return out, fmt.Errorf("the restored node is not whole: %s", strings.Join(faults, "; "))
	}
	if err := o.Files(c.Dir, KeyFile); err != nil {
		return out, err
	}
	if out.Node != out.Was {
		if err := renamed(c.Dir, out.Was); err != nil {
			return out, err
		}
	}
	if err := own.Save(filepath.Join(c.Dir, nextKeyFile), nil); err != nil {
		return out, err
	}
	return out, takeNext(c.Dir)
}

// refill makes the database, which must be nobody's, and gives it to a key of its own.
func refill(ctx context.Context, c Config, o *backup.Opened, was *seal.Identity, again bool) (*seal.Identity, error) {
	db, err := store.Open(ctx, c.place())
	if err != nil {
		return nil, err
	}
	defer db.Close()
	// As the tables were when it was saved: a later program's may ask for more than was saved.
	if err := migrateTo(ctx, db, o.Data.Schema); err != nil {
		return nil, err
	}
	// What is being restored into a database says so in it, so that a restore which was cut off may be begun again, and none
	// empties the database of a node.
	const setting = "SELECT value FROM fact_setting WHERE name = 'restoring'"
	err = db.Write(ctx, func(tx store.Tx) error {
		if err := tx.Lock(ctx, "restore"); err != nil {
			return err
		}
		var of id.ID
		begun, err := store.One(ctx, tx, setting, nil, &of)
		if err != nil {
			return err
		}
		some, err := store.One(ctx, tx, "SELECT 1 FROM fact_setting UNION ALL SELECT 1 FROM fact_head LIMIT 1", nil, new(int))
		if err != nil {
			return err
		}
		if some && !(again && begun && of == was.Node()) {
			return ErrNotEmpty
		}
		return tx.Exec(ctx, "INSERT INTO fact_setting (name, value) VALUES ('restoring', ?) ON CONFLICT (name) DO NOTHING", was.Node())
	})
	if err != nil {
		return nil, err
	}
	if err := o.Fill(ctx, db, "fact_setting"); err != nil {
		return nil, err
	}
	if err := migrate(ctx, db); err != nil {
		return nil, err
	}
	own, err := seal.NewIdentity()
	if err != nil {
		return nil, err
	}
	return own, db.Write(ctx, func(tx store.Tx) error {
		if err := tx.Exec(ctx, "DELETE FROM fact_setting WHERE name = 'rebuild' OR name = 'restoring'"); err != nil {
			return err
		}
		return node.Succeed(ctx, tx, was, own)
	})
}

// eraseAgain destroys the keys that were destroyed after a backup was made, with all that the node keeps of whom they were.
func (h *House) eraseAgain(ctx context.Context, gone []seal.Erasure) (n int, err error) {
	err = h.DB.Write(ctx, func(tx store.Tx) error {
		n = 0
		var whom []id.ID
		for _, e := range gone {
			done, err := seal.Erased(ctx, tx, e.Person, e.Stream)
			if err != nil {
				return err
			}
			if done {
				continue
			}
			n++
			whom = append(whom, e.Person)
			if err := h.Log.Keys.Erase(ctx, tx, e.Person, e.Stream, h.Log.Clock.Now().UnixMilli()); err != nil {
				return err
			}
		}
		if n == 0 {
			return nil
		}
		if err := h.Log.Refold(ctx, tx, whom); err != nil {
			return err
		}
		return h.erasing(ctx, tx, whom)
	})
	if err != nil || n == 0 {
		return n, err
	}
	if err := h.DB.Scrub(ctx, func() {}); err != nil {
		return n, err
	}
	return n, h.Purge(ctx)
}

// Drill restores a backup into a folder of its own that is taken away again, and says what was tested.
func Drill(ctx context.Context, from, moment, sheet string) (*Restored, error) {
	const name = "tizi-drill-"
	sweepOld(filepath.Join(os.TempDir(), name))
	dir, err := os.MkdirTemp("", name)
	if err != nil {
		return nil, fmt.Errorf("make a folder for the drill: %w", err)
	}
	defer os.RemoveAll(dir)
	return Restore(ctx, Config{Dir: filepath.Join(dir, "node")}, from, moment, sheet)
}
