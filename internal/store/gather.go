package store

import (
	"slices"
	"strings"
	"sync"

	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

// maxGathered bounds the bytes of log held back.
const maxGathered = 1 << 20

// gathering returns the name of a file system that is the named one, but for SQLite's write-ahead log: SQLite writes each
// page to it in two calls, and here they go to the disk together when the transaction is synced. It serves a connection
// that syncs each commit (synchronous=FULL) on a disk that keeps what is beside what it overwrites (SQLite's
// SQLITE_IOCAP_POWERSAFE_OVERWRITE, which is assumed everywhere else too): of such a transaction nobody else reads a page
// before it is synced, since the index of the log tells of it only then.
func gathering(base string) string {
	return layer("gathering", base, func(v vfs.VFS) vfs.VFS { return gatheringVFS{v} })
}

// layers are the file systems that this package has registered upon others.
var layers struct {
	sync.Mutex
	names []string
}

// layer registers a file system upon another, unless it is there.
func layer(kind, base string, wrap func(vfs.VFS) vfs.VFS) string {
	layers.Lock()
	defer layers.Unlock()
	name := kind + "." + base
	if vfs.Find(name) == nil {
		vfs.Register(name, wrap(vfs.Find(base)))
		layers.names = append(layers.names, name)
	}
	return name
}

// Forget lets go of what was registered upon a file system that a test has made and unregisters.
func Forget(base string) {
	layers.Lock()
	defer layers.Unlock()
	layers.names = slices.DeleteFunc(layers.names, func(name string) bool {
		if !strings.HasSuffix(name, "."+base) {
			return false
		}
		vfs.Unregister(name)
		return true
	})
}

type gatheringVFS struct{ vfs.VFS }

func (v gatheringVFS) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, out, err := vfsutil.WrapOpen(v.VFS, name, flags)
	return gatherLog(f, flags, err), out, err
}

// OpenFilename implements vfs.VFSFilename.
func (v gatheringVFS) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, out, err := vfsutil.WrapOpenFilename(v.VFS, name, flags)
	return gatherLog(f, flags, err), out, err
}

func gatherLog(f vfs.File, flags vfs.OpenFlag, err error) vfs.File {
	if err != nil || flags&vfs.OPEN_WAL == 0 {
		return f
	}
	return &gatheredLog{File: f}
}

// gatheredLog holds back what is written to one place after the other. What SQLite does with a log beside writing comes
// after that is written.
type gatheredLog struct {
	vfs.File
	at   int64 // where held begins
	held []byte
}

func (f *gatheredLog) flush() error {
	if len(f.held) == 0 {
		return nil
	}
	_, err := f.File.WriteAt(f.held, f.at)
	// When it fails the transaction does, and SQLite writes the next one over its place.
	f.held = f.held[:0]
	return err
}

// WriteAt implements io.WriterAt.
func (f *gatheredLog) WriteAt(p []byte, at int64) (int, error) {
	if at != f.at+int64(len(f.held)) || len(f.held)+len(p) > maxGathered {
		if err := f.flush(); err != nil {
			return 0, err
		}
	}
	if len(f.held) == 0 {
		f.at = at
	}
	f.held = append(f.held, p...)
	return len(p), nil
}

// ReadAt implements io.ReaderAt.
func (f *gatheredLog) ReadAt(p []byte, at int64) (int, error) {
	if err := f.flush(); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, at)
}

// Sync implements vfs.File.
func (f *gatheredLog) Sync(flags vfs.SyncFlag) error {
	if err := f.flush(); err != nil {
		return err
	}
	return f.File.Sync(flags)
}

// Truncate implements vfs.File.
func (f *gatheredLog) Truncate(size int64) error {
	if err := f.flush(); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

// Size implements vfs.File.
func (f *gatheredLog) Size() (int64, error) {
	if err := f.flush(); err != nil {
		return 0, err
	}
	return f.File.Size()
}

// Close implements io.Closer.
func (f *gatheredLog) Close() error {
	err := f.flush()
	if e := f.File.Close(); err == nil {
		err = e
	}
	return err
}
