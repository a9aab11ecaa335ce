package backup

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filippo.io/age"

	"tizi/internal/blob"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// Opened is a pair of archives that was decrypted into a folder. Close removes what was.
type Opened struct {
	Archive
	Data, Keys Manifest
	Gone       []seal.Erasure // whose keys are to be destroyed before the node serves
	work       string
	dir        string // of the backup
	key        age.Identity
}

// find returns the folder that holds archives: the one named, or the only one of a node within it.
func find(from string) (string, error) {
	if all, err := List(from); err != nil || len(all) > 0 {
		return from, err
	}
	nodes, err := filepath.Glob(filepath.Join(from, "tizi-*"))
	if err != nil {
		return "", err
	}
	switch len(nodes) {
	case 0:
		return "", fmt.Errorf("%w: %s", ErrNone, from)
	case 1:
		return nodes[0], nil
	}
	return "", fmt.Errorf("this folder has backups of several nodes; name one: %s", strings.Join(nodes, ", "))
}

// Open decrypts the latest backup in a folder, or the one whose name begins with a moment such as "20261127", into a folder
// beneath work.
func Open(from, moment, sheet, work string) (*Opened, error) {
	dir, err := find(from)
	if err != nil {
		return nil, err
	}
	all, err := List(dir)
	if err != nil {
		return nil, err
	}
	// Without a moment the latest whole pair, but for what a clock that was wrong named.
	i := slices.IndexFunc(all, func(a Archive) bool {
		if moment == "" {
			return a.whole() && time.Until(a.At) <= ahead
		}
		return a.Data != "" && strings.HasPrefix(filepath.Base(a.Data), "data-"+moment)
	})
	switch {
	case i < 0 && moment == "" && len(all) > 0:
		return nil, fmt.Errorf("%w: %s", ErrEnded, dir)
	case i < 0:
		return nil, fmt.Errorf("%w: %s", ErrNone, dir)
	case all[i].Keys == "":
		return nil, ErrEnded
	}
	key, err := Identity(sheet)
	if err != nil {
		return nil, err
	}
	o := &Opened{Archive: all[i], dir: dir, key: key}
	if o.work, err = os.MkdirTemp(work, WorkName); err != nil {
		return nil, fmt.Errorf("make a folder to work in: %w", err)
	}
	err = func() error {
		for _, p := range []struct {
			secret bool
			path   string
			m      *Manifest
		}{{false, all[i].Data, &o.Data}, {true, all[i].Keys, &o.Keys}} {
			at := filepath.Join(o.work, strings.TrimSuffix(part(p.secret), "-"))
			if err := os.Mkdir(at, 0o700); err != nil {
				return err
			}
			// The manifest comes first, but what it names is believed only where a name is one.
			if err := unpack(p.path, key, at, func(name string) bool { return filepath.Base(name) == name }); err != nil {
				return fmt.Errorf("%s: %w", filepath.Base(p.path), err)
			}
			b, err := os.ReadFile(filepath.Join(at, manifest))
			if err == nil {
				err = json.Unmarshal(b, p.m)
			}
			if err != nil {
				return fmt.Errorf("%w: %w", ErrDamaged, err)
			}
			if p.m.Format > format {
				return store.ErrNewer
			}
		}
		if o.Data.Node != o.Keys.Node {
			return fmt.Errorf("%w: its keys are another node's", ErrDamaged)
		}
		o.Gone, err = o.erased(all[:i])
		return err
	}()
	if err != nil {
		o.Close()
		return nil, err
	}
	return o, nil
}

// erased reads, from the latest keys that can be read, whose keys were destroyed by then.
func (o *Opened) erased(later []Archive) ([]seal.Erasure, error) {
	at := filepath.Join(o.work, "keys")
	for i, a := range later {
		if a.Keys == "" {
			continue
		}
		dir := filepath.Join(o.work, fmt.Sprint("later", i))
		if err := os.Mkdir(dir, 0o700); err != nil {
			return nil, err
		}
		if err := unpack(a.Keys, o.key, dir, func(name string) bool { return filepath.Base(name) == name }); err == nil {
			at = dir
			break
		}
	}
	db, err := store.Open(context.Background(), store.Config{Path: filepath.Join(at, database), Readers: 1, Scratch: true})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	return seal.Gone(context.Background(), db)
}

// Close removes what was decrypted.
func (o *Opened) Close() error { return os.RemoveAll(o.work) }

// Fill puts the tables into a database that was migrated and is nobody's, some of them last.
func (o *Opened) Fill(ctx context.Context, to *store.DB, last ...string) error {
	for _, p := range []struct {
		name string
		m    Manifest
	}{{"data", o.Data}, {"keys", o.Keys}} {
		err := func() error {
			from, err := store.Open(ctx, store.Config{Path: filepath.Join(o.work, p.name, database), Readers: 2, Scratch: true})
			if err != nil {
				return err
			}
			defer from.Close()
			tables, err := from.Kept(ctx, from, nil)
			if err != nil {
				return err
			}
			slices.SortStableFunc(tables, func(a, b *store.Table) int {
				return cmp.Compare(slices.Index(last, a.Name), slices.Index(last, b.Name))
			})
			for _, t := range tables {
				if err := to.Write(ctx, func(tx store.Tx) error { return tx.Exec(ctx, "DELETE FROM "+t.Name) }); err != nil {
					return err
				}
				n, err := store.Copy(ctx, from, to, t)
				if err != nil {
					return err
				}
				if n != p.m.Rows[t.Name] {
					return fmt.Errorf("%w: %s has %d rows, and had %d", ErrDamaged, t.Name, n, p.m.Rows[t.Name])
				}
			}
			if len(tables) != len(p.m.Rows) {
				return fmt.Errorf("%w: %d tables of %d", ErrDamaged, len(tables), len(p.m.Rows))
			}
			return nil
		}()
		if err != nil {
			return fmt.Errorf("restore the %s: %w", p.name, err)
		}
	}
	return nil
}

// Own reads the node's key.
func (o *Opened) Own(name string) (*seal.Identity, error) {
	own, err := seal.LoadIdentity(filepath.Join(o.work, "keys", name), nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return own, nil
}

// Files puts the secret files into a data folder, but for one.
func (o *Opened) Files(dir, but string) error {
	for _, name := range o.Keys.Files {
		if name == but {
			continue
		}
		if filepath.Base(name) != name {
			return fmt.Errorf("%w: it names %q", ErrDamaged, name)
		}
		b, err := os.ReadFile(filepath.Join(o.work, "keys", name))
		if err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		if err := writeWhole(filepath.Join(dir, name), b); err != nil {
			return fmt.Errorf("restore: %w", err)
		}
	}
	return nil
}

// Blobs puts the files that were saved into a store, each proved to be the one that its digest names. One that is damaged is
// named, and does not keep the others from coming back.
func (o *Opened) Blobs(ctx context.Context, to *blob.Store) (n int, damaged []string, err error) {
	entries, err := os.ReadDir(filepath.Join(o.dir, blobs))
	if errors.Is(err, fs.ErrNotExist) { // saved without: they come with an exchange
		return 0, nil, nil
	}
	if err != nil {
		return 0, nil, fmt.Errorf("look at the files that are saved: %w", err)
	}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return n, damaged, err
		}
		d, err := blob.Parse(strings.TrimSuffix(e.Name(), ".age"))
		if err != nil {
			continue // half written
		}
		err = func() error {
			f, err := os.Open(filepath.Join(o.dir, blobs, e.Name()))
			if err != nil {
				return err
			}
			defer f.Close()
			r, err := age.Decrypt(f, o.key)
			if err != nil {
				return err
			}
			_, err = to.PutAs(d, r)
			return err
		}()
		switch {
		case errors.Is(err, store.ErrFull):
			return n, damaged, err
		case err != nil:
			damaged = append(damaged, d.String())
		default:
			n++
		}
	}
	return n, damaged, nil
}
