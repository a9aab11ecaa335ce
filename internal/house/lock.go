package house

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tizi/internal/blob"
	"tizi/internal/node"
	"tizi/internal/store"
	"tizi/internal/vault"
)

// A folder may be encrypted: its database, its files and the node's key. What stays outside names nobody: the lock, what is known
// of the machine's clock and power, whom backups are for, and the authority of HTTPS, without which the page on which the box is
// unlocked could not be served safely.

// What the keys of a disk are for.
const (
	databaseKey = "database"
	filesKey    = "blobs"
)

// encryptingFile marks a folder that is half encrypted.
const encryptingFile = "encrypting"

// Errors of encrypted folders.
var (
	ErrEncrypted  = errors.New("this folder is encrypted already")
	ErrEncrypting = errors.New("this folder is half encrypted; go on with: tizi encrypt --data DIR --unlock FILE")
)

// Encrypted reports whether a folder is encrypted, or half.
func Encrypted(dir string) bool { return vault.Exists(dir) }

func encrypting(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, encryptingFile))
	return err == nil
}

// LoadLock reads the lock of an encrypted folder, locked.
func LoadLock(dir string) (*vault.Vault, error) {
	if encrypting(dir) {
		return nil, fmt.Errorf("%s: %w", dir, ErrEncrypting)
	}
	return vault.Load(dir)
}

// unlock opens the lock of a folder that has one.
func (c *Config) unlock() error {
	if c.Lock != nil || !vault.Exists(c.Dir) {
		return nil
	}
	v, err := LoadLock(c.Dir)
	if err != nil {
		return err
	}
	if c.Unlock == "" {
		return fmt.Errorf("%s: %w; give a file whose first line is its passphrase, or the letters of its card: --unlock FILE", c.Dir, vault.ErrLocked)
	}
	typed, err := FirstLine(c.Unlock)
	if err != nil {
		return fmt.Errorf("unlock the disk: %w", err)
	}
	if err := v.Open(typed); err != nil {
		return fmt.Errorf("%s: what stands in %s is %w", c.Dir, c.Unlock, err)
	}
	c.Lock = v
	return nil
}

// FirstLine reads the first line of a file, which holds a secret: the words of a command are seen by everybody on the machine.
func FirstLine(path string) (string, error) {
	b, err := os.ReadFile(path)
	line, _, _ := strings.Cut(strings.TrimPrefix(string(b), "\ufeff"), "\n")
	return strings.TrimRight(line, "\r"), err
}

// read reads a small file of the folder, and shows it where it was hidden.
func (c Config) read(name string) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(c.Dir, name))
	if err != nil || !vault.Hidden(b) {
		return b, err
	}
	return c.Lock.Shower(name)(b)
}

// Encrypt encrypts a folder with a passphrase and returns the letters of a card that opens it too, which nobody can show again.
// Nobody may have the node open. What was cut off is ended by doing it again, with the same passphrase. What lay there is written
// over, as far as the disk lets it. A database on PostgreSQL is its operator's to encrypt.
func Encrypt(ctx context.Context, c Config, passphrase string, progress func(what string)) (card string, err error) {
	if !Exists(c.Dir) {
		return "", fmt.Errorf("%s: %w", c.Dir, ErrNoNode)
	}
	var v *vault.Vault
	switch again := encrypting(c.Dir); {
	case vault.Exists(c.Dir) && !again:
		return "", fmt.Errorf("%s: %w", c.Dir, ErrEncrypted)
	case vault.Exists(c.Dir):
		if v, err = vault.Load(c.Dir); err == nil {
			err = v.Open(passphrase)
		}
		if errors.Is(err, vault.ErrWrong) {
			err = fmt.Errorf("this was begun with another passphrase: %w", err)
		}
	default:
		if err = writeSynced(filepath.Join(c.Dir, encryptingFile), nil); err == nil {
			if v, err = vault.Create(c.Dir, passphrase); err != nil {
				err = errors.Join(err, os.Remove(filepath.Join(c.Dir, encryptingFile)))
			}
		}
	}
	if err != nil {
		return "", err
	}
	if err := encrypt(ctx, c, v, progress); err != nil {
		return "", err
	}
	if card, err = v.NewCard(); err != nil {
		return "", err
	}
	return card, errors.Join(os.Remove(filepath.Join(c.Dir, encryptingFile)), syncDir(c.Dir))
}

func encrypt(ctx context.Context, c Config, v *vault.Vault, progress func(what string)) error {
	path := filepath.Join(c.Dir, DBFile)
	if c.Store != nil {
		path = c.Store.Path
	}
	if c.engine() == store.SQLite {
		progress("the database")
		was, err := store.Seal(ctx, path, v.Key(databaseKey, store.KeySize))
		if was != nil {
			err = errors.Join(err, blob.Overwrite(was), was.Close())
		}
		if errors.Is(err, store.ErrUsed) {
			return fmt.Errorf("encrypt the database: %w", err)
		}
		if err != nil {
			return err
		}
	}
	progress("the files")
	if _, err := blob.Hide(ctx, filepath.Join(c.Dir, BlobDir), v.Key(filesKey, blob.KeySize), func() {}); err != nil {
		return err
	}
	progress("the key")
	for _, name := range []string{KeyFile, nextKeyFile} {
		if err := hideFile(filepath.Join(c.Dir, name), v.Hider(KeyFile)); err != nil {
			return fmt.Errorf("encrypt %s: %w", name, err)
		}
	}
	// What a command or an upload left that was cut off.
	for _, p := range []string{UploadDir, "backup-*", "tizi-replay-*"} {
		left, err := filepath.Glob(filepath.Join(c.Dir, p))
		if err != nil {
			return err
		}
		for _, dir := range left {
			err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
				if err != nil || !e.Type().IsRegular() {
					return err
				}
				return blob.Erase(path)
			})
			if err = errors.Join(err, os.RemoveAll(dir)); err != nil {
				return err
			}
		}
	}
	return nil
}

// hideFile hides a small file in its place, unless it was or is missing.
func hideFile(path string, hide func([]byte) ([]byte, error)) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	b, err := os.ReadFile(path)
	if err != nil || vault.Hidden(b) {
		return err
	}
	if b, err = hide(b); err != nil {
		return err
	}
	if err := writeSynced(path+".hidden", b); err != nil {
		return err
	}
	if err := os.Rename(path+".hidden", path); err != nil {
		return err
	}
	return errors.Join(syncDir(filepath.Dir(path)), blob.Overwrite(f))
}

// writeSynced writes a file that is on the disk when it returns.
func writeSynced(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close(), syncDir(filepath.Dir(path)))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// entrust leaves headquarters half of the key of an encrypted disk, after an exchange, where it has none. One whose program does
// not know how to keep it is asked again another time.
func (h *House) entrust(ctx context.Context, p node.Peer, link node.Link) error {
	if h.Config.Lock == nil || !p.Up {
		return nil
	}
	err := h.Config.Lock.Keep(p, func(d node.Deposit) error { return node.Leave(ctx, link, p.Recipient, d) })
	if errors.Is(err, node.ErrMessage) || errors.Is(err, node.ErrStranger) {
		return nil
	}
	return err
}
