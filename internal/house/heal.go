package house

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"tizi/internal/fact"
	"tizi/internal/node"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// Healed is what became of a database of which pages were damaged.
type Healed struct {
	Damage []string `json:"damage"`         // the pages that were
	Rows   int64    `json:"rows"`           // that could be read, of what is not derived
	Mended int      `json:"mended"`         // facts that headquarters gave again
	Asked  bool     `json:"asked"`          // headquarters was
	Lost   []string `json:"lost"`           // what neither this disk nor headquarters has
	Again  bool     `json:"again"`          // the node took a key of its own, to say again what stands behind facts that are lost
	Kept   string   `json:"kept,omitempty"` // where the damaged file lies now
	Check  *Report  `json:"check,omitempty"`
}

// ErrUnreadable is returned, wrapped, for a database of which nothing can be read any more.
var ErrUnreadable = errors.New("the pages that say which tables there are are damaged, so nothing can be read out of this file; restore a backup, or join a new node: headquarters gives it what it has")

// Inspect names the pages of a node's database that are damaged. The node need not open, and may be open.
func Inspect(ctx context.Context, c Config, whole bool) ([]store.Damage, error) {
	db, err := c.database(ctx)
	if store.IsDamage(err) {
		return []store.Damage{{Table: "sqlite_schema", What: err.Error()}}, nil
	}
	if err != nil {
		return nil, err
	}
	defer db.Close()
	return db.Damaged(ctx, whole)
}

// database opens the database of a folder and nothing else.
func (c *Config) database(ctx context.Context) (*store.DB, error) {
	if err := c.unlock(); err != nil {
		return nil, err
	}
	sc := c.place()
	return store.Open(ctx, sc)
}

// place is where the database is.
func (c Config) place() store.Config {
	sc := store.Config{Path: filepath.Join(c.Dir, DBFile), URL: c.URL}
	if c.Store != nil {
		sc = *c.Store
	}
	sc.Key = c.Lock.Key(databaseKey, store.KeySize)
	return sc
}

// inspect reads the pages of the database, once a night, and after the program was cut off.
func (h *House) inspect(ctx context.Context) error {
	today := h.Today()
	if h.DB.Engine == store.Postgres || today == h.inspected || h.Log.Clock.Now().Hour() > 5 && !(h.inspected == "" && h.Machine.CutOff()) {
		return nil
	}
	damage, err := h.DB.Damaged(ctx, false)
	if err != nil {
		return err
	}
	h.inspected = today
	h.mu.Lock()
	h.damage = damage
	h.mu.Unlock()
	if len(damage) > 0 {
		slog.Error("pages of the database are damaged; stop the node and run: tizi heal", "pages", len(damage), "first", damage[0].String())
	}
	return nil
}

const healedFile = ".healed"

// Heal makes a whole database out of one on SQLite of which pages are damaged: what can be read of what is not derived goes into a new
// file, what is missing of the logs comes from headquarters where dial reaches it (nil: it is not asked), and the rest is derived
// again. What neither has is named. Nobody may have the node open. The damaged file is kept where something was lost.
func Heal(ctx context.Context, c Config, dial func(own *seal.Identity, p node.Peer) node.Link, progress func(done, total int64)) (*Healed, error) {
	if c.engine() == store.Postgres {
		return nil, errors.New("the database of this node is on PostgreSQL, whose own tools find and mend damage; restore a backup otherwise")
	}
	out := &Healed{Damage: []string{}, Lost: []string{}}
	db, err := c.database(ctx)
	if store.IsDamage(err) {
		err = fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	if err != nil {
		return nil, err
	}
	damage, err := db.Damaged(ctx, true)
	if err == nil && len(damage) > 0 {
		for _, d := range damage {
			out.Damage = append(out.Damage, d.String())
		}
		err = c.salvage(ctx, db, out)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return nil, err
	}
	path := c.place().Path
	if len(damage) > 0 {
		out.Kept = path + ".damaged"
		for _, rest := range []string{"-wal", "-shm"} {
			os.Remove(path + rest)
		}
		if err := os.Rename(path, out.Kept); err != nil {
			return nil, err
		}
		if err := os.Rename(path+healedFile, path); err != nil {
			return nil, err
		}
		if err := syncDir(filepath.Dir(path)); err != nil {
			return nil, err
		}
	}
	h, err := Open(ctx, c)
	if err != nil {
		return out, err
	}
	err = h.heal(ctx, dial, out)
	if err = errors.Join(err, h.Close()); err != nil {
		return out, err
	}
	if out.Again {
		if _, _, err := Renew(ctx, c); err != nil {
			return out, err
		}
	}
	if h, err = Open(ctx, c); err != nil {
		return out, err
	}
	defer h.Close()
	if err := h.Log.Rebuild(ctx, progress); err != nil {
		return out, err
	}
	if out.Check, err = h.Check(ctx, progress); err != nil {
		return out, err
	}
	if out.Kept != "" && len(out.Lost) == 0 {
		err := os.Remove(out.Kept)
		out.Kept = ""
		return out, err
	}
	return out, nil
}

// salvage copies what can be read into a new file.
func (c Config) salvage(ctx context.Context, db *store.DB, out *Healed) error {
	to := c.place()
	to.Path += healedFile
	for _, rest := range []string{"", "-wal", "-shm"} { // of one that was cut off
		if err := os.Remove(to.Path + rest); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	next, err := store.Open(ctx, to)
	if err != nil {
		return err
	}
	defer next.Close()
	if err := migrate(ctx, next); err != nil {
		return err
	}
	tables, err := next.Kept(ctx, next, Registry().Tables())
	if err != nil {
		return err
	}
	// The names first: the rest says by numbers which log it is of.
	first := []string{"fact_stream", "fact_node", "fact_kind", "fact_head"}
	slices.SortStableFunc(tables, func(a, b *store.Table) int {
		return slices.Index(first, b.Name) - slices.Index(first, a.Name)
	})
	for _, t := range tables {
		if err := next.Write(ctx, func(tx store.Tx) error { return tx.Exec(ctx, "DELETE FROM "+t.Name) }); err != nil {
			return err
		}
		var by *store.Run
		if t.Name == "fact" || t.Name == "fact_tile" {
			by = &store.Run{Column: "seq", Where: "stream = ? AND node = ?"}
			if t.Name == "fact_tile" {
				by.Column = "tile"
			}
			// Each log there may be, whether or not its head could be read.
			err := next.Each(ctx, "SELECT s.id, n.id FROM fact_stream s CROSS JOIN fact_node n", nil, func(r store.Row) error {
				var s, n int64
				err := r.Scan(&s, &n)
				by.Of = append(by.Of, []any{s, n})
				return err
			})
			if err != nil {
				return err
			}
		}
		n, damaged, err := store.Salvage(ctx, db, next, t, by)
		if err != nil {
			return fmt.Errorf("read what is left of %s: %w", t.Name, err)
		}
		out.Rows += n
		if damaged && t.Name != "fact" && t.Name != "fact_tile" {
			out.Lost = append(out.Lost, "rows of the table "+t.Name)
		}
	}
	err = next.Write(ctx, func(tx store.Tx) error {
		for _, x := range []string{
			"DELETE FROM fact_setting WHERE name = 'rebuild'",
			// What nobody can say any more whose it was, or what: the log has a hole there.
			"DELETE FROM fact WHERE stream NOT IN (SELECT id FROM fact_stream) OR node NOT IN (SELECT id FROM fact_node) OR kind NOT IN (SELECT id FROM fact_kind)",
			"DELETE FROM fact_head WHERE stream NOT IN (SELECT id FROM fact_stream) OR node NOT IN (SELECT id FROM fact_node)",
		} {
			if err := tx.Exec(ctx, x); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return next.Purge(ctx, false)
}

// heal fills what is missing of the logs.
func (h *House) heal(ctx context.Context, dial func(own *seal.Identity, p node.Peer) node.Link, out *Healed) error {
	gone, err := h.Log.Rehead(ctx)
	if err != nil {
		return err
	}
	for _, name := range gone {
		out.Lost = append(out.Lost, "the head of the log "+name+"; the next exchange brings it again where others have it")
	}
	var left []fact.Hole
	up, err := h.Nodes.Up(ctx, h.DB)
	if err != nil {
		return err
	}
	if up != nil && dial != nil {
		out.Mended, left, err = h.Nodes.Mend(ctx, dial(h.Log.Identity(), *up))
		out.Asked = err == nil
		if err != nil {
			out.Lost = append(out.Lost, fmt.Sprintf("headquarters could not be asked: %v", err))
		}
	}
	if !out.Asked {
		if left, err = h.Log.Holes(ctx, h.DB); err != nil {
			return err
		}
	}
	if _, err := h.Log.Rehead(ctx); err != nil { // tiles whose facts are here now
		return err
	}
	parted := map[string]bool{}
	for _, x := range left {
		out.Lost = append(out.Lost, x.String())
		// What headquarters has not and this disk has not is gone. Another node's log is brought again by whoever has it.
		if !out.Asked || x.Node != h.Log.Node() || parted[x.Stream] {
			continue
		}
		parted[x.Stream] = true
		if err := h.Log.Part(ctx, x); err != nil {
			return err
		}
		out.Again = true
	}
	return nil
}
