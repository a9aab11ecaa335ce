package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
	"lukechampine.com/adiantum"
	"lukechampine.com/adiantum/hbsh"
)

// KeySize is how many bytes a key has that a database is encrypted with.
const KeySize = 32

// What is encrypted as one (Adiantum, which is fast on small machines that have no instructions for AES): in the database a
// page, elsewhere what a disk writes whole or not at all. The log grows beside what was promised to be on the disk, and a
// power cut must not garble that. go-sqlite3's vfs/adiantum has 4 KiB everywhere, and its vfs/xts costs five times as much.
const (
	pageBlock = 4096
	diskBlock = 512
)

// sealing returns the name of a file system that is the named one, but encrypts what SQLite writes: the database, its log and
// its journals. The index of the log (-shm) holds numbers of pages, and temporary tables stay in memory.
func sealing(base string, key []byte) (string, error) {
	if len(key) != KeySize {
		return "", fmt.Errorf("store: a key has %d bytes, this one %d", KeySize, len(key))
	}
	h := sha256.Sum256(key)
	return layer("sealing"+hex.EncodeToString(h[:8]), base, func(v vfs.VFS) vfs.VFS { return &sealingVFS{v, key, new(sync.RWMutex)} }), nil
}

type sealingVFS struct {
	vfs.VFS
	key []byte
	// Where the log grows, a reader may want what stands in the first part of a block that is just written anew.
	logs *sync.RWMutex
}

func (v *sealingVFS) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, out, err := vfsutil.WrapOpen(v.VFS, name, flags)
	return v.wrap(f, flags, err), out, err
}

// OpenFilename implements vfs.VFSFilename.
func (v *sealingVFS) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, out, err := vfsutil.WrapOpenFilename(v.VFS, name, flags)
	return v.wrap(f, flags, err), out, err
}

func (v *sealingVFS) wrap(f vfs.File, flags vfs.OpenFlag, err error) vfs.File {
	if err != nil || flags&(vfs.OPEN_SUPER_JOURNAL|vfs.OPEN_MEMORY) != 0 { // names of files; nothing on the disk
		return f
	}
	out := &sealedFile{File: f, blocks: newBlocks(v.key, flags)}
	if flags&vfs.OPEN_WAL != 0 {
		out.log = v.logs
	}
	return out
}

// blocks encrypts the blocks of one file, for one goroutine.
type blocks struct {
	cipher *hbsh.HBSH
	size   int64
	tweak  [16]byte // the place of a block, and which file it is of: equal blocks of two do not look equal
}

func newBlocks(key []byte, flags vfs.OpenFlag) blocks {
	b := blocks{cipher: adiantum.New(key), size: diskBlock}
	if flags&vfs.OPEN_MAIN_DB != 0 {
		b.size = pageBlock
	}
	binary.LittleEndian.PutUint64(b.tweak[8:], uint64(flags&(vfs.OPEN_MAIN_DB|vfs.OPEN_WAL|vfs.OPEN_MAIN_JOURNAL)))
	return b
}

// each runs a cipher over whole blocks, in their place, the first of which lies at a place in the file.
func (b *blocks) each(run func(block, tweak []byte) []byte, p []byte, at int64) {
	for i := int64(0); i < int64(len(p)); i += b.size {
		binary.LittleEndian.PutUint64(b.tweak[:], uint64(at+i))
		run(p[i:i+b.size:i+b.size], b.tweak[:])
	}
}

func (b *blocks) down(n int64) int64 { return n / b.size * b.size }

func (b *blocks) up(n int64) int64 { return b.down(n + b.size - 1) }

// sealedFile is a file of one connection.
type sealedFile struct {
	vfs.File
	blocks
	log *sync.RWMutex // of a log; else nil
	buf []byte
}

// span returns where the whole blocks around n bytes begin, and room for them.
func (f *sealedFile) span(at int64, n int) (from int64, b []byte) {
	from = f.down(at)
	size := int(f.up(at+int64(n)) - from)
	if cap(f.buf) < size {
		f.buf = make([]byte, size)
	}
	return from, f.buf[:size]
}

// ReadAt implements io.ReaderAt.
func (f *sealedFile) ReadAt(p []byte, at int64) (int, error) {
	if f.log != nil {
		f.log.RLock()
		defer f.log.RUnlock()
	}
	from, b := f.span(at, len(p))
	n, err := f.File.ReadAt(b, from)
	b = b[:f.down(int64(n))]
	f.each(f.cipher.Decrypt, b, from)
	if n = 0; int64(len(b)) > at-from {
		n = copy(p, b[at-from:])
	}
	switch {
	case n == len(p):
		err = nil
	case err == nil:
		err = io.EOF
	}
	return n, err
}

// WriteAt implements io.WriterAt.
func (f *sealedFile) WriteAt(p []byte, at int64) (int, error) {
	if f.log != nil {
		f.log.Lock()
		defer f.log.Unlock()
	}
	from, b := f.span(at, len(p))
	end := from + int64(len(b))
	// What stands beside in the first block and in the last stays.
	if from < at {
		if err := f.stands(b[:f.size], from); err != nil {
			return 0, err
		}
	}
	if last := end - f.size; end > at+int64(len(p)) && (last > from || from == at) {
		if err := f.stands(b[last-from:], last); err != nil {
			return 0, err
		}
	}
	copy(b[at-from:], p)
	f.each(f.cipher.Encrypt, b, from)
	if _, err := f.File.WriteAt(b, from); err != nil {
		return 0, err
	}
	return len(p), nil
}

// stands reads what a block holds: behind the end of the file, nothing.
func (f *sealedFile) stands(block []byte, at int64) error {
	switch n, err := f.File.ReadAt(block, at); {
	case int64(n) == f.size:
		f.each(f.cipher.Decrypt, block, at)
	case err != nil && !errors.Is(err, io.EOF):
		return err
	default:
		clear(block)
	}
	return nil
}

// Truncate implements vfs.File.
func (f *sealedFile) Truncate(size int64) error { return f.File.Truncate(f.up(size)) }

// Unwrap implements vfs.FileUnwrap.
func (f *sealedFile) Unwrap() vfs.File { return f.File }

// SharedMemory implements vfs.FileSharedMemory.
func (f *sealedFile) SharedMemory() vfs.SharedMemory { return vfsutil.WrapSharedMemory(f.File) }

// SizeHint implements vfs.FileSizeHint.
func (f *sealedFile) SizeHint(size int64) error { return vfsutil.WrapSizeHint(f.File, f.up(size)) }

// DeviceCharacteristics implements vfs.File: a block keeps what is beside what is overwritten, as the disk does.
func (f *sealedFile) DeviceCharacteristics() vfs.DeviceCharacteristic {
	return f.File.DeviceCharacteristics() &^ (vfs.IOCAP_ATOMIC | vfs.IOCAP_SAFE_APPEND)
}

// Plain reports whether a file is a SQLite database that is not encrypted. One that is missing or empty is none.
func Plain(path string) (bool, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	defer f.Close()
	var head [16]byte
	_, err = io.ReadFull(f, head[:])
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return false, nil
	}
	return string(head[:]) == "SQLite format 3\x00", err
}

// Content reads what the file of a closed database would be if it were not encrypted, and its size.
func Content(c Config) (io.ReadCloser, int64, error) {
	f, err := os.Open(c.Path)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil || len(c.Key) == 0 {
		return f, info.Size(), err
	}
	b := newBlocks(c.Key, vfs.OPEN_MAIN_DB)
	return struct {
		io.Reader
		io.Closer
	}{&content{f: f, blocks: b, page: make([]byte, pageBlock)}, f}, info.Size(), nil
}

type content struct {
	blocks
	f    *os.File
	at   int64
	page []byte
	left []byte
}

func (c *content) Read(p []byte) (int, error) {
	if len(c.left) == 0 {
		if _, err := io.ReadFull(c.f, c.page); err != nil {
			return 0, err
		}
		c.each(c.cipher.Decrypt, c.page, c.at)
		c.at += pageBlock
		c.left = c.page
	}
	n := copy(p, c.left)
	c.left = c.left[n:]
	return n, nil
}

// ErrUsed is returned, wrapped, for a database that another program has open.
var ErrUsed = errors.New("another program has this database open; stop it first")

// Seal encrypts the database in a file, which nobody may have open, with a key: beside it, and then it takes its place. What was
// there is returned, open, to be written over. A database that is encrypted already, or is missing, is left alone, and nil returned.
func Seal(ctx context.Context, path string, key []byte) (was *os.File, err error) {
	if plain, err := Plain(path); err != nil || !plain {
		return nil, err
	}
	next := path + ".sealed"
	for _, rest := range []string{"", "-wal", "-journal"} { // of one that was cut off
		if err := os.Remove(next + rest); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	files, err := sealing("", key)
	if err != nil {
		return nil, err
	}
	conn, err := sqlite3.OpenContext(ctx, dsn(Config{Path: path}, "rw"))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, explain(err))
	}
	err = func() error {
		// This ends the log, which SQLite refuses while anybody else is there.
		if err := conn.Exec("PRAGMA busy_timeout=1000; PRAGMA journal_mode=DELETE"); errors.Is(err, sqlite3.BUSY) {
			return ErrUsed
		} else if err != nil {
			return err
		}
		if _, err := conn.FileControl("main", sqlite3.FCNTL_RESERVE_BYTES, 8); err != nil { // pages have checksums from now on
			return err
		}
		s, _, err := conn.Prepare("VACUUM INTO ?")
		if err != nil {
			return err
		}
		defer s.Close()
		if err := s.BindText(1, dsn(Config{Path: next, files: files}, "rwc")); err != nil {
			return err
		}
		return s.Exec()
	}()
	if err = errors.Join(err, conn.Close()); err != nil {
		return nil, fmt.Errorf("encrypt %s: %w", path, explain(err))
	}
	if err := settle(next); err != nil {
		return nil, err
	}
	if was, err = os.OpenFile(path, os.O_RDWR, 0); err != nil {
		return nil, err
	}
	if err := os.Rename(next, path); err != nil {
		return nil, errors.Join(err, was.Close())
	}
	return was, settle(filepath.Dir(path))
}

// settle makes sure that a file, or the names in a folder, are on the disk.
func settle(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
