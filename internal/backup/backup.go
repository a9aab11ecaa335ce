// Package backup saves a node and brings it back. A backup is two archives, both encrypted to keys that lie elsewhere than the
// node: one has what was written, in which whatever identifies people is sealed; the other has the keys to it, and lives
// for 35 days. So a person who was erased is gone from all backups once those of the keys from before have ended, and
// backups of the data may be kept for years.
//
// Nothing derived is saved: rows are derived again from the facts, and figures after a restore are those before.
package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filippo.io/age"

	"tizi/internal/blob"
	"tizi/internal/id"
	"tizi/internal/store"
)

// KeysFor is how long an archive of keys is kept.
const KeysFor = 35 * 24 * time.Hour

// Of archives of data, one of each of the last days is kept, one of each of the last weeks, and one of each of the last months.
const (
	keepDays   = 7
	keepWeeks  = 5
	keepMonths = 12
)

// Names of archives: data-20261127T020000Z.tizi and keys-…; of files that are half written; and of the folder of files, with
// that of the file which says for whom they are encrypted.
const (
	suffix = ".tizi"
	stamp  = "20060102T150405Z"
	half   = ".part"
	blobs  = "blobs"
	whom   = "recipients"
)

// Names within archives.
const (
	database = "database"
	manifest = "manifest.json"
)

// Manifest says what an archive holds.
type Manifest struct {
	Format  int              `json:"format"`
	Node    id.ID            `json:"node"`
	Program string           `json:"program"`
	Engine  store.Engine     `json:"engine"`
	At      time.Time        `json:"at"`
	Rows    map[string]int64 `json:"rows"` // by table
	Files   []string         `json:"files,omitempty"`
	// Schema is the version of each room's tables; older archives do not say.
	Schema map[string]int64 `json:"schema,omitempty"`
}

// format is that of archives; a program reads those before its own.
const format = 1

// Node is what is saved.
type Node struct {
	Dir  string   // the data folder
	Keep []string // files of the folder that are secret, and go with the keys
	// Read reads one of them, as it is where the disk is not encrypted. One that is missing is fs.ErrNotExist.
	Read    func(name string) ([]byte, error)
	DB      *store.DB
	Blobs   *blob.Store
	Name    id.ID
	Program string
	Derived []*store.Table          // tables that are not saved
	Secret  func(table string) bool // tables that go with the keys
	Now     func() time.Time
	// Doubted says that the time may be wrong: nothing is taken away then.
	Doubted bool
	// SameDisk lets backups lie on the disk of the node, which is no help where that is lost.
	SameDisk bool
	// Former are names that the node had before: their archives end as well.
	Former []id.ID
	// NoFiles leaves the files out: they lie with the one that the node answers to.
	NoFiles bool
	// Schema returns the versions of the tables.
	Schema func(context.Context, store.Querier) (map[string]int64, error)
}

// Made is what became of a backup.
type Made struct {
	Data  string `json:"data"`
	Keys  string `json:"keys"`
	Bytes int64  `json:"bytes"`
	Rows  int64  `json:"rows"`
	Blobs int    `json:"blobs"` // new since the last
}

// Folder is where the backups of a node lie within a folder that may serve several.
func Folder(to string, node id.ID) string { return filepath.Join(to, "tizi-"+node.Hex()[:16]) }

// Make saves a node into a folder, for recipients to open.
func Make(ctx context.Context, n Node, to string, recipients []age.Recipient) (*Made, error) {
	if len(recipients) == 0 {
		return nil, ErrNoKey
	}
	if info, err := os.Stat(to); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("%w: %s", ErrNowhere, to)
	}
	if !n.SameDisk && sameDisk(n.Dir, to) {
		return nil, fmt.Errorf("%w: %s", ErrSameDisk, to)
	}
	dir := Folder(to, n.Name)
	if err := os.MkdirAll(filepath.Join(dir, blobs), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of backups: %w", err)
	}
	at := n.Now().UTC()
	// Before, so that a stick that is full does not stay so. The latest pair stays.
	if err := prune(dir, at, n.Doubted); err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp(n.Dir, WorkName)
	if err != nil {
		return nil, fmt.Errorf("make a folder to work in: %w", err)
	}
	defer os.RemoveAll(work)
	out := &Made{Data: filepath.Join(dir, "data-"+at.Format(stamp)+suffix), Keys: filepath.Join(dir, "keys-"+at.Format(stamp)+suffix)}
	parts := map[bool]*Manifest{}
	err = n.DB.Snapshot(ctx, func(q store.Querier) error {
		tables, err := n.DB.Kept(ctx, q, n.Derived)
		if err != nil {
			return err
		}
		schema, err := n.Schema(ctx, q)
		if err != nil {
			return err
		}
		for _, secret := range []bool{false, true} {
			m := &Manifest{Format: format, Node: n.Name, Program: n.Program, Engine: n.DB.Engine, At: at, Rows: map[string]int64{}, Schema: schema}
			parts[secret] = m
			if err := save(ctx, q, n.beside(filepath.Join(work, part(secret)+database)), tables, func(t string) bool { return n.Secret(t) == secret }, m.Rows); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("save the database: %w", err)
	}
	if !n.NoFiles {
		if out.Blobs, err = n.saveBlobs(ctx, filepath.Join(dir, blobs), recipients); err != nil {
			return nil, err
		}
	}
	// The keys first: a pair is whole when its data is there.
	for _, secret := range []bool{true, false} {
		m := parts[secret]
		files := map[string]source{database: func() (io.ReadCloser, int64, error) {
			return store.Content(n.beside(filepath.Join(work, part(secret)+database)))
		}}
		order := []string{manifest, database}
		if secret {
			for _, name := range n.Keep {
				b, err := n.Read(name)
				if errors.Is(err, fs.ErrNotExist) {
					continue
				}
				if err != nil {
					return nil, fmt.Errorf("save the file %s: %w", name, err)
				}
				files[name] = ofBytes(b)
				order = append(order, name)
				m.Files = append(m.Files, name)
			}
		}
		for _, r := range m.Rows {
			out.Rows += r
		}
		b, err := json.Marshal(m)
		if err != nil {
			return nil, err
		}
		files[manifest] = ofBytes(b)
		path := out.Data
		if secret {
			path = out.Keys
		}
		if err := pack(ctx, path, recipients, files, order); err != nil {
			return nil, err
		}
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		out.Bytes += info.Size()
	}
	if err := prune(dir, at, n.Doubted); err != nil || n.Doubted {
		return out, err
	}
	for _, was := range n.Former {
		if was != n.Name {
			if err := end(Folder(to, was), at); err != nil {
				return out, err
			}
		}
	}
	return out, nil
}

// end takes away what is too old of the archives of a name that the node does not have any more: of the keys all that are older
// than they are kept for, also the latest, since the node has newer ones under its name; of the data what is a year old. With
// the last of it goes the folder.
func end(dir string, now time.Time) error {
	all, err := List(dir)
	if err != nil || all == nil {
		return err
	}
	left := 0
	for _, a := range all {
		for path, kept := range map[string]time.Duration{a.Keys: KeysFor, a.Data: keepMonths * 31 * 24 * time.Hour} {
			if path == "" {
				continue
			}
			if now.Sub(a.At) <= kept {
				left++
			} else if err := os.Remove(path); err != nil {
				return fmt.Errorf("take an old backup away: %w", err)
			}
		}
	}
	if left > 0 {
		return nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("take an old backup away: %w", err)
	}
	return nil
}

// WorkName begins the names of folders in a data folder that a backup or a restore works in; what a crash left of one is
// secret.
const WorkName = "backup-"

func part(secret bool) string {
	if secret {
		return "keys-"
	}
	return "data-"
}

// beside is a database to work in, as secret on the disk as the node's own.
func (n Node) beside(path string) store.Config {
	return store.Config{Path: path, Readers: 1, Scratch: true, Key: n.DB.Config().Key}
}

// save writes tables, as q sees them, into a database of their own.
func save(ctx context.Context, q store.Querier, c store.Config, tables []*store.Table, want func(string) bool, rows map[string]int64) error {
	db, err := store.Open(ctx, c)
	if err != nil {
		return err
	}
	defer db.Close()
	for _, t := range tables {
		if !want(t.Name) {
			continue
		}
		if err := db.Write(ctx, func(tx store.Tx) error { return tx.Exec(ctx, store.Bare(t)) }); err != nil {
			return err
		}
		n, err := store.Copy(ctx, q, db, t)
		if err != nil {
			return err
		}
		rows[t.Name] = n
	}
	return db.Purge(ctx, false) // the file alone is packed
}

// saveBlobs adds files that are not in the folder yet, each an archive of its own, and takes those away that the node has no
// more. Where others are to open them than before, all are written anew.
func (n Node) saveBlobs(ctx context.Context, dir string, to []age.Recipient) (int, error) {
	theirs := fmt.Sprint(to)
	was, err := os.ReadFile(filepath.Join(dir, whom))
	anew := err != nil || string(was) != theirs
	have := map[string]bool{whom: true}
	added := 0
	err = n.Blobs.Each(func(d blob.Digest, _ time.Time) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		have[d.String()+".age"] = true
		path := filepath.Join(dir, d.String()+".age")
		if _, err := os.Stat(path); err == nil && !anew {
			return nil
		}
		r, err := n.Blobs.Open(d)
		if errors.Is(err, blob.ErrMissing) { // it went meanwhile
			return nil
		}
		if err != nil {
			return err
		}
		defer r.Close()
		added++
		return encrypt(path, r, to)
	})
	if err == nil && anew {
		err = writeWhole(filepath.Join(dir, whom), []byte(theirs))
	}
	if err != nil {
		return added, fmt.Errorf("save the files: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return added, fmt.Errorf("look at the files that are saved: %w", err)
	}
	var gone []string
	for _, e := range entries {
		if !have[e.Name()] {
			gone = append(gone, e.Name())
		}
	}
	// A node that lost its files must not take them from its backup.
	if len(gone) > 10 && len(gone) > len(have) {
		return added, fmt.Errorf("%w: %d files are saved that the node has not", ErrVanished, len(gone))
	}
	for _, name := range gone {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			return added, fmt.Errorf("take a file out of the backup: %w", err)
		}
	}
	return added, nil
}

// writeWhole writes a small file so that a lost power leaves the old one or the new one.
func writeWhole(path string, b []byte) error {
	f, err := os.OpenFile(path+half, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(path+half, path)
	}
	return err
}

// encrypt writes what r gives into a file for recipients.
func encrypt(path string, r io.Reader, to []age.Recipient) error {
	f, err := os.OpenFile(path+half, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = func() error {
		w, err := age.Encrypt(f, to...)
		if err != nil {
			return err
		}
		if _, err := io.Copy(w, r); err != nil {
			return err
		}
		return errors.Join(w.Close(), f.Sync())
	}()
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(path+half, path)
	}
	if err != nil {
		os.Remove(path + half)
	}
	return err
}

// Archive is a pair of archives of one moment. Keys is "" once those have ended.
type Archive struct {
	At         time.Time
	Data, Keys string
}

// List returns the archives of a folder, the latest first.
func List(dir string) ([]Archive, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look at the backups: %w", err)
	}
	byTime := map[time.Time]*Archive{}
	for _, e := range entries {
		kind, rest, _ := strings.Cut(e.Name(), "-")
		at, err := time.Parse(stamp, strings.TrimSuffix(rest, suffix))
		if err != nil || !strings.HasSuffix(rest, suffix) || kind != "data" && kind != "keys" {
			continue
		}
		a := byTime[at]
		if a == nil {
			a = &Archive{At: at}
			byTime[at] = a
		}
		if kind == "data" {
			a.Data = filepath.Join(dir, e.Name())
		} else {
			a.Keys = filepath.Join(dir, e.Name())
		}
	}
	var out []Archive
	for _, a := range byTime {
		out = append(out, *a)
	}
	slices.SortFunc(out, func(a, b Archive) int { return b.At.Compare(a.At) })
	return out, nil
}

// ahead is how much later than now an archive may be named: what is later comes from a clock that was wrong, is of no day,
// and is no latest one.
const ahead = 26 * time.Hour

// prune takes away what is older than it is kept for, never the latest pair, and what is half written; where the time is
// doubted only the last.
func prune(dir string, now time.Time, doubted bool) error {
	for _, in := range []string{dir, filepath.Join(dir, blobs)} {
		left, err := filepath.Glob(filepath.Join(in, "*"+half))
		if err != nil {
			return err
		}
		for _, path := range left {
			if err := os.Remove(path); err != nil {
				return fmt.Errorf("take away what is half written: %w", err)
			}
		}
	}
	if doubted {
		return nil
	}
	all, err := List(dir)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(a Archive) bool { return a.At.Sub(now) > ahead })
	latest := slices.IndexFunc(all, Archive.whole)
	kept := map[string]bool{}
	count := map[string]int{}
	for i, a := range all {
		if a.Keys != "" && i != latest && now.Sub(a.At) > KeysFor {
			if err := os.Remove(a.Keys); err != nil {
				return fmt.Errorf("end keys that are too old: %w", err)
			}
		}
		if a.Data == "" {
			continue
		}
		keep := i == latest
		year, week := a.At.ISOWeek()
		for _, span := range []struct {
			name string
			most int
		}{{a.At.Format("day 2006-01-02"), keepDays}, {fmt.Sprintf("week %d-%d", year, week), keepWeeks}, {a.At.Format("month 2006-01"), keepMonths}} {
			kind, _, _ := strings.Cut(span.name, " ")
			if !kept[span.name] && count[kind] < span.most {
				kept[span.name], keep = true, true
				count[kind]++
			}
		}
		if !keep {
			if err := os.Remove(a.Data); err != nil {
				return fmt.Errorf("take an old backup away: %w", err)
			}
		}
	}
	return nil
}

// whole says whether both archives are there.
func (a Archive) whole() bool { return a.Data != "" && a.Keys != "" }

// Faults of backups.
var (
	ErrNoKey    = errors.New("there is no key that could open a backup; print one first: tizi backup key --data DIR")
	ErrNowhere  = errors.New("the folder for backups is not there; is the stick in?")
	ErrSameDisk = errors.New("this folder lies on the disk of the node, and would be lost with it: name one of a stick or another disk (is it plugged in?)")
	ErrVanished = errors.New("most files are gone from the node; the backup keeps them until somebody has looked")
	ErrNone     = errors.New("there is no backup in this folder")
	ErrEnded    = errors.New("the keys of this backup have ended; take one of the last 35 days")
)
