package backup

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"tizi/internal/blob"
	"tizi/internal/id"
	"tizi/internal/machine"
	"tizi/internal/node"
)

// KeptDir is the name, in the data folder, of the folder of backups that other nodes left; LeftDir of that of this node's own, which
// it leaves with the one it calls.
const (
	KeptDir = "kept"
	LeftDir = "leaving"
	leftLog = "left.json"
)

// keepPairs is how many backups of a node are kept with another, the latest.
const keepPairs = 3

// spare is what is left free on a disk that others' backups lie on.
const spare = 1 << 30

// Kept is what nodes leave with those they call (node.Archives).
type Kept struct {
	dir string // the data folder
	own id.ID
	now func() time.Time

	mu    sync.Mutex // guards parts
	parts *blob.Store
}

// NewKept returns the backups that lie with a node in a data folder. It makes nothing before something comes.
func NewKept(dir string, own id.ID, now func() time.Time) *Kept {
	return &Kept{dir: dir, own: own, now: now}
}

// named says whether a name is that of an archive.
func named(name string) bool {
	kind, rest, _ := strings.Cut(name, "-")
	_, err := time.Parse(stamp, strings.TrimSuffix(rest, suffix))
	return err == nil && strings.HasSuffix(rest, suffix) && (kind == "data" || kind == "keys")
}

// Of is the folder of the backups that a node left: what tizi restore --from takes.
func (k *Kept) Of(v id.ID) string { return Folder(filepath.Join(k.dir, KeptDir), v) }

// List returns the backups that a node left, the latest first.
func (k *Kept) List(v id.ID) ([]Archive, error) { return List(k.Of(v)) }

func (k *Kept) open() (*blob.Store, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.parts != nil {
		return k.parts, nil
	}
	var err error
	k.parts, err = blob.Open(filepath.Join(k.dir, KeptDir, "parts"), nil)
	return k.parts, err
}

// Keep implements node.Archives.
func (k *Kept) Keep(of id.ID, a node.Archive, offset int64, b []byte) (int64, error) {
	if !named(a.Name) {
		return 0, fmt.Errorf("%w: %q is no backup", node.ErrMessage, a.Name)
	}
	path := filepath.Join(k.Of(of), a.Name)
	if info, err := os.Stat(path); err == nil && info.Size() == a.Size {
		return a.Size, nil
	}
	parts, err := k.open()
	if err != nil {
		return 0, err
	}
	have, whole := parts.Part(a.File)
	if !whole && len(b) > 0 {
		if have == 0 {
			if left, _, err := machine.Disk(k.dir); err != nil || left < a.Size*2+spare {
				return 0, cmp.Or(err, ErrNoRoom)
			}
		}
		err := parts.Append(a.File, offset, b, offset+int64(len(b)) == a.Size)
		if err != nil && !errors.Is(err, blob.ErrPart) && !errors.Is(err, blob.ErrDamaged) {
			return 0, err
		}
		have, whole = parts.Part(a.File)
	}
	if !whole {
		return have, nil
	}
	if err := k.file(parts, a, path); err != nil {
		return 0, err
	}
	return a.Size, k.prune(k.Of(of))
}

// file gives an archive that came whole its name.
func (k *Kept) file(parts *blob.Store, a node.Archive, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("keep a backup: %w", err)
	}
	r, err := parts.Open(a.File)
	if err != nil {
		return err
	}
	defer r.Close()
	f, err := os.OpenFile(path+half, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("keep a backup: %w", err)
	}
	_, err = io.Copy(f, r)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(path+half, path)
	}
	if err != nil {
		os.Remove(path + half)
		return fmt.Errorf("keep a backup: %w", err)
	}
	return parts.Delete(a.File)
}

// prune leaves the latest whole pairs, and nothing that is older than keys are kept for: data without keys opens nothing.
func (k *Kept) prune(dir string) error {
	all, err := List(dir)
	if err != nil {
		return err
	}
	pairs, left := 0, 0
	for _, a := range all {
		old := pairs >= keepPairs || k.now().Sub(a.At) > KeysFor
		if a.whole() {
			pairs++
		}
		for _, path := range []string{a.Keys, a.Data} {
			switch {
			case path == "":
			case !old:
				left++
			default:
				if err := os.Remove(path); err != nil {
					return fmt.Errorf("end a backup that is kept: %w", err)
				}
			}
		}
	}
	if left == 0 {
		return os.RemoveAll(dir)
	}
	return nil
}

// Tidy ends what is kept too long, of nodes too that call no more.
func (k *Kept) Tidy() error {
	dirs, err := filepath.Glob(filepath.Join(k.dir, KeptDir, "tizi-*"))
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		if err := k.prune(dir); err != nil {
			return err
		}
	}
	return nil
}

// ErrNoRoom is returned, wrapped, by a node that has no room to keep a backup.
var ErrNoRoom = errors.New("the disk is too full to keep backups of others")

// Mine implements node.Archives: the latest whole pair of this node's own, keys first.
func (k *Kept) Mine(peer id.ID) ([]node.Archive, error) {
	all, err := List(Folder(filepath.Join(k.dir, LeftDir), k.own))
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, Archive.whole)
	if i < 0 {
		return nil, nil
	}
	left := k.left(peer)
	var out []node.Archive
	for _, path := range []string{all[i].Keys, all[i].Data} {
		if slices.Contains(left, filepath.Base(path)) {
			continue
		}
		a, err := archiveOf(path)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

func archiveOf(path string) (a node.Archive, err error) {
	f, err := os.Open(path)
	if err != nil {
		return a, fmt.Errorf("read the backup: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if a.Size, err = io.Copy(h, f); err != nil {
		return a, fmt.Errorf("read the backup: %w", err)
	}
	a.Name, a.File = filepath.Base(path), blob.Digest(h.Sum(nil))
	return a, nil
}

// Read implements node.Archives.
func (k *Kept) Read(a node.Archive, offset int64, most int) ([]byte, error) {
	f, err := os.Open(filepath.Join(Folder(filepath.Join(k.dir, LeftDir), k.own), a.Name))
	if err != nil {
		return nil, fmt.Errorf("read the backup: %w", err)
	}
	defer f.Close()
	b := make([]byte, min(int64(most), a.Size-offset))
	if _, err := f.ReadAt(b, offset); err != nil {
		return nil, fmt.Errorf("read the backup: %w", err)
	}
	return b, nil
}

// left are the names of the archives that a node has.
func (k *Kept) left(peer id.ID) []string {
	var l struct {
		Peer  string
		Names []string
	}
	b, err := os.ReadFile(filepath.Join(k.dir, LeftDir, leftLog))
	if err != nil || json.Unmarshal(b, &l) != nil || l.Peer != peer.Hex() {
		return nil
	}
	return l.Names
}

// Left implements node.Archives.
func (k *Kept) Left(peer id.ID, a node.Archive) error {
	names := k.left(peer)
	b, err := json.Marshal(map[string]any{"peer": peer.Hex(), "names": append(names[max(0, len(names)-3):], a.Name)})
	if err != nil {
		return err
	}
	return writeWhole(filepath.Join(k.dir, LeftDir, leftLog), b)
}
