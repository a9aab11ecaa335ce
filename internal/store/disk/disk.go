// Package disk is a SQLite file system that can be filled up and cut from power, for tests and simulations.
package disk

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"

	"tizi/internal/store"
)

// Disk is a SQLite file system that a test can fill up and cut from power. What was written and not synced is lost in a
// power cut, as on a real disk with a cache.
type Disk struct {
	name string
	dir  string

	mu    sync.Mutex
	room  int64 // bytes that may still be written; -1 is no limit
	dead  bool
	fuse  int64      // bytes that may be written before the power is cut; -1 is no limit
	undo  []unsynced // what is not synced, newest last
	tear  func() bool
	moved int64 // bytes written since the last cut, for tests that want to know

	// How many bytes a transaction has is not the same each time; what a seed has to repeat counts transactions.
	commits int  // of the log, before the power is cut; -1 is no limit
	kept    bool // the last of these is on the disk, though nobody was told
	logs    int  // writes of the log before the disk is full; -1 is no limit
}

var number atomic.Int64 // of disks of this process, whose names are the process's own

// New makes a disk in a folder. Close it after the last use.
func New(dir string) *Disk {
	d := &Disk{name: fmt.Sprint("disk-", number.Add(1)), dir: dir, room: -1, fuse: -1, commits: -1, logs: -1}
	vfs.Register(d.name, diskVFS{vfs.Find(""), d})
	return d
}

// Close forgets the disk; its files stay.
func (d *Disk) Close() {
	store.Forget(d.name)
	vfs.Unregister(d.name)
}

// Place returns the configuration of a database on this disk.
func (d *Disk) Place() store.Config {
	return store.Config{Path: d.dir + "/tizi.db", VFS: d.name}
}

// Fill leaves room for this many bytes more; a negative number takes the limit away.
func (d *Disk) Fill(room int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.room, d.logs = room, -1
}

// Cut cuts the power: every open file fails from now on and what was not synced is gone. The database must be closed and
// opened again after Restore.
func (d *Disk) Cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead = true
}

// CutAfter cuts the power when this many bytes more were written.
func (d *Disk) CutAfter(bytes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fuse = bytes
}

// FillAfter leaves room for this many transactions more; Fill(-1) takes the limit away.
func (d *Disk) FillAfter(transactions int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.logs = transactions
}

// CutAt cuts the power at the end of the transaction that comes after this many more. It is on the disk then, though whoever
// wrote it is told that it failed, or it is not.
func (d *Disk) CutAt(transactions int, kept bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.commits, d.kept = transactions, kept
}

// Tear makes the next cut one of a disk that had begun to write: what was not synced is gone or there by the sector, as keep says.
func (d *Disk) Tear(keep func() bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tear = keep
}

// Dead reports whether the power is cut.
func (d *Disk) Dead() bool { return d.isDead() }

// Restore gives the power back, after the node that had the files open has been closed.
func (d *Disk) Restore() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	kept := map[string]bool{} // sectors that are as they were written last
	for _, u := range slices.Backward(d.undo) {
		if err := u.takeBack(d.tear, kept); err != nil {
			return fmt.Errorf("take back what was not synced: %w", err)
		}
	}
	d.undo, d.tear, d.dead, d.moved, d.fuse, d.commits = nil, nil, false, 0, -1, -1
	// The shared memory of the log is not on the disk; it is gone with the power.
	os.Remove(d.dir + "/tizi.db-shm")
	return nil
}

type diskVFS struct {
	vfs.VFS
	disk *Disk
}

func (v diskVFS) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	if v.disk.isDead() {
		return nil, flags, sqlite3.IOERR
	}
	f, flags, err := vfsutil.WrapOpen(v.VFS, name, flags)
	if err != nil {
		return nil, flags, err
	}
	return &diskFile{f, v.disk, name}, flags, nil
}

func (v diskVFS) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	if v.disk.isDead() {
		return nil, flags, sqlite3.IOERR
	}
	f, flags, err := vfsutil.WrapOpenFilename(v.VFS, name, flags)
	if err != nil {
		return nil, flags, err
	}
	return &diskFile{f, v.disk, name.String()}, flags, nil
}

func (v diskVFS) Delete(name string, syncDir bool) error {
	if v.disk.isDead() {
		return sqlite3.IOERR
	}
	return v.VFS.Delete(name, syncDir)
}

func (d *Disk) isDead() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dead
}

type diskFile struct {
	vfs.File
	disk *Disk
	name string
}

// log says whether this is SQLite's write-ahead log.
func (f *diskFile) log() bool { return strings.HasSuffix(f.name, "-wal") }

func (f *diskFile) Unwrap() vfs.File { return f.File }

func (f *diskFile) SharedMemory() vfs.SharedMemory { return vfsutil.WrapSharedMemory(f.File) }

func (f *diskFile) ReadAt(p []byte, off int64) (int, error) {
	if f.disk.isDead() {
		return 0, sqlite3.IOERR_READ
	}
	return f.File.ReadAt(p, off)
}

func (f *diskFile) WriteAt(p []byte, off int64) (int, error) {
	d := f.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fuse >= 0 {
		if d.fuse -= int64(len(p)); d.fuse < 0 {
			d.dead = true
		}
	}
	if d.dead {
		return 0, sqlite3.IOERR_WRITE
	}
	if d.logs >= 0 && f.log() {
		if d.logs == 0 {
			return 0, sqlite3.FULL
		}
		d.logs--
	}
	size, err := f.File.Size()
	if err != nil {
		return 0, err
	}
	if grow := off + int64(len(p)) - size; grow > 0 && d.room >= 0 {
		if grow > d.room {
			return 0, sqlite3.FULL
		}
		d.room -= grow
	}
	if f.name != "" {
		var old []byte
		if off < size {
			old = make([]byte, len(p))
			n, _ := f.File.ReadAt(old, off)
			old = old[:n]
		}
		d.undo = append(d.undo, unsynced{f.name, old, off, int64(len(p)), size})
	}
	d.moved += int64(len(p))
	return f.File.WriteAt(p, off)
}

func (f *diskFile) Truncate(size int64) error {
	d := f.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return sqlite3.IOERR_TRUNCATE
	}
	was, err := f.File.Size()
	if err != nil {
		return err
	}
	if was > size && f.name != "" {
		old := make([]byte, was-size)
		n, _ := f.File.ReadAt(old, size)
		old = old[:n]
		d.undo = append(d.undo, unsynced{f.name, old, size, 0, was})
	}
	return f.File.Truncate(size)
}

// Sync makes everything written so far durable. Real disks keep order only within a file; syncing all is stricter on
// none of the promises that SQLite relies on, since it syncs each file before it depends on it.
func (f *diskFile) Sync(flags vfs.SyncFlag) error {
	d := f.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return sqlite3.IOERR_FSYNC
	}
	if d.commits == 0 && f.log() {
		d.dead = true
		if d.kept {
			d.undo = nil
		}
		return sqlite3.IOERR_FSYNC
	}
	if d.commits > 0 && f.log() {
		d.commits--
	}
	d.undo = nil // the machine's own disk is in no danger, and need not be waited for
	return nil
}

// unsynced is a write, of n bytes at a place where old had been, or the end of a file's last bytes (n is 0).
type unsynced struct {
	name string
	old  []byte
	at   int64
	n    int64
	size int64 // of the file before
}

// sector is what a disk writes whole or not at all.
const sector = 512

// takeBack puts back what was there, and cuts the file to the size that it had. Where a disk had begun to write, it does so for
// some of the sectors, and those that a later write left stay.
func (u unsynced) takeBack(keep func() bool, kept map[string]bool) error {
	file, err := os.OpenFile(u.name, os.O_RDWR, 0)
	if os.IsNotExist(err) {
		return nil // deleted since
	} else if err != nil {
		return err
	}
	defer file.Close()
	if keep == nil || u.n == 0 {
		if _, err := file.WriteAt(u.old, u.at); err != nil {
			return err
		}
		return file.Truncate(u.size)
	}
	for at := u.at; at < u.at+u.n; {
		next := min((at/sector+1)*sector, u.at+u.n)
		id := fmt.Sprint(u.name, at/sector)
		if kept[id] = kept[id] || keep(); !kept[id] {
			was := make([]byte, next-at) // nothing, behind the end
			if from := at - u.at; from < int64(len(u.old)) {
				copy(was, u.old[from:])
			}
			if _, err := file.WriteAt(was, at); err != nil {
				return err
			}
		}
		at = next
	}
	return nil
}
