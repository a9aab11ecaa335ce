package house_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/backup"
	"tizi/internal/blob"
	"tizi/internal/consent"
	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/node"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/store"
	"tizi/internal/testnode"
)

// A node comes back from a backup on either engine: rows, files, who may sign in. Whoever was erased since is gone from it, and
// nobody reads a name in the files of a backup.
func TestBackupAndRestore(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		t.Run("to", func(t *testing.T) {
			testnode.Engines(t, func(t *testing.T, to store.Engine) {
				late := time.Duration(0)
				h, c := createAt(t, e, func() time.Time { return time.Now().Add(late) })
				defer h.Close()
				must(t, h.Found(ctx, founding))
				centre := place.ID("MA-ERR-MJ1")
				register := func(d person.Details) id.ID {
					p, err := h.People.Register(ctx, id.Nil, centre, d, nil)
					must(t, err)
					must(t, h.Consents.Record(ctx, id.Nil, access.Everywhere(), p, []consent.Statement{{Purpose: consent.Image, State: consent.Given, Giver: consent.ByGuardian, Method: "paper", On: "2026-01-10", Who: consent.Who{Name: "Fatna"}}}))
					must(t, h.Consents.SetPhoto(ctx, id.Nil, access.Everywhere(), p, portrait(t)))
					return p
				}
				stays := register(person.Details{"first_latin": "Amina", "birth": "2014-05-03"})
				goes := register(secret)
				stick := t.TempDir()
				if _, err := h.Backup(ctx, house.BackupOptions{To: stick, SameDisk: true}); !errors.Is(err, backup.ErrNoKey) {
					t.Errorf("without a key: %v", err)
				}
				sheet, err := backup.PrintKey(c.Dir, "test")
				must(t, err)
				if _, err := h.Backup(ctx, house.BackupOptions{To: filepath.Join(stick, "out")}); !errors.Is(err, backup.ErrNowhere) {
					t.Errorf("without a stick: %v", err)
				}
				made, err := h.Backup(ctx, house.BackupOptions{To: stick, SameDisk: true})
				must(t, err)
				if made.Blobs != 2 || made.Rows == 0 || made.Bytes == 0 {
					t.Errorf("made %+v", made)
				}
				if found := traces(t, stick); len(found) > 0 {
					t.Errorf("names lie in %v", found)
				}
				if h.Saved().IsZero() {
					t.Error("nobody remembers the backup")
				}
				if _, err := h.Backup(ctx, house.BackupOptions{To: stick}); !errors.Is(err, backup.ErrSameDisk) {
					t.Errorf("onto its own disk: %v", err)
				}
				// Erased after the backup. The next one says so, and its own data is not taken.
				must(t, h.Erase(ctx, []id.ID{goes}, centre))
				late = 24 * time.Hour // of one day the latest is kept
				_, err = h.Backup(ctx, house.BackupOptions{To: stick, SameDisk: true})
				must(t, err)
				want, err := h.Log.Count(ctx, h.DB)
				must(t, err)
				all, err := backup.List(backup.Folder(stick, h.Log.Node()))
				must(t, err)
				if len(all) != 2 {
					t.Fatalf("%d backups", len(all))
				}

				into := func(moment string) (house.Config, *house.Restored, error) {
					rc := house.Config{Dir: filepath.Join(t.TempDir(), "restored")}
					if to == store.Postgres {
						rc.URL = testnode.Place(t, to).URL
					}
					r, err := house.Restore(ctx, rc, stick, moment, sheet)
					return rc, r, err
				}
				for i, moment := range []string{"", all[1].At.Format("20060102T150405Z")} {
					rc, r, err := into(moment)
					must(t, err)
					if !r.Checked.OK || r.Node == h.Log.Node() || r.Was != h.Log.Node() {
						t.Errorf("restored %+v", r)
					}
					b, err := house.Open(ctx, rc)
					must(t, err)
					x, err := b.People.Get(ctx, b.DB, access.Everywhere(), stays)
					must(t, err)
					if x == nil || x.Details["first_latin"] != "Amina" {
						t.Errorf("who stays is %+v", x)
					}
					if x, err := b.People.Get(ctx, b.DB, access.Everywhere(), goes); err != nil || x != nil && x.Details["first_latin"] != "" {
						t.Errorf("who was erased is %+v, %v", x, err)
					}
					if _, err := b.Access.SignIn(ctx, "nadia", founding.Passphrase, "browser", "1"); err != nil {
						t.Errorf("nobody signs in: %v", err)
					}
					n, err := b.Log.Count(ctx, b.DB)
					must(t, err)
					if i == 0 && n != want+1 /* that it follows */ || i == 1 && (n >= want || r.Erased == 0) {
						t.Errorf("backup %d: %d facts of %d, %d erased", i, n, want, r.Erased)
					}
					must(t, b.Close())
					if found := traces(t, rc.Dir); len(found) > 0 {
						t.Errorf("backup %d: the erased name lies in %v", i, found)
					}
					if _, err := house.Restore(ctx, rc, stick, "", sheet); !errors.Is(err, house.ErrExists) {
						t.Errorf("restored over a node: %v", err)
					}
					if to == store.Postgres { // another folder, and the database of a node
						other := rc
						other.Dir = filepath.Join(t.TempDir(), "other")
						if _, err := house.Restore(ctx, other, stick, "", sheet); !errors.Is(err, house.ErrNotEmpty) {
							t.Errorf("restored over the database of a node: %v", err)
						}
						b, err := house.Open(ctx, rc)
						must(t, err)
						if m, err := b.Log.Count(ctx, b.DB); err != nil || m != n {
							t.Errorf("the node has %d facts, %v", m, err)
						}
						must(t, b.Close())
					}
				}
			})
		})
	})
}

// What is damaged, cut short, of another sheet or too old is refused with what to do, and leaves no node.
func TestRestoreRefuses(t *testing.T) {
	h, c := create(t, store.SQLite)
	defer h.Close()
	must(t, h.Found(ctx, founding))
	sheet, err := backup.PrintKey(c.Dir, "test")
	must(t, err)
	stick := t.TempDir()
	_, err = h.Backup(ctx, house.BackupOptions{To: stick, SameDisk: true})
	must(t, err)
	other := node.NewSheet()
	for _, c := range []struct {
		name   string
		sheet  string
		damage func(dir string)
		want   error
	}{
		{"another sheet", other, func(string) {}, backup.ErrKey},
		{"a letter wrong", strings.Replace(sheet, sheet[:1], "?", 1), func(string) {}, node.ErrTyped},
		{"an empty folder", sheet, func(dir string) { must(t, os.RemoveAll(dir)); must(t, os.Mkdir(dir, 0o700)) }, backup.ErrNone},
		{"keys that have ended", sheet, func(dir string) { each(t, dir, "keys-", func(p string) { must(t, os.Remove(p)) }) }, backup.ErrEnded},
		{"cut short", sheet, func(dir string) {
			each(t, dir, "data-", func(p string) {
				info, err := os.Stat(p)
				must(t, err)
				must(t, os.Truncate(p, info.Size()-20))
			})
		}, backup.ErrDamaged},
		{"a byte changed", sheet, func(dir string) {
			each(t, dir, "keys-", func(p string) {
				b, err := os.ReadFile(p)
				must(t, err)
				b[len(b)/2] ^= 1
				must(t, os.WriteFile(p, b, 0o600))
			})
		}, backup.ErrDamaged},
	} {
		from := filepath.Join(t.TempDir(), "stick")
		must(t, os.CopyFS(from, os.DirFS(stick)))
		c.damage(from)
		rc := house.Config{Dir: filepath.Join(t.TempDir(), "restored")}
		if _, err := house.Restore(ctx, rc, from, "", c.sheet); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if house.Exists(rc.Dir) {
			t.Errorf("%s: there is a node", c.name)
		}
	}
	if r, err := house.Drill(ctx, stick, "", sheet); err != nil || !r.Checked.OK {
		t.Errorf("the drill: %+v, %v", r, err)
	}
	// A restore that is cut off leaves no node, and is begun again in the same folder; a folder with other things is left alone.
	rc := house.Config{Dir: filepath.Join(t.TempDir(), "restored")}
	cut, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := house.Restore(cut, rc, stick, "", sheet); err == nil || house.Exists(rc.Dir) {
		t.Errorf("cut off: %v", err)
	}
	_, err = house.Restore(ctx, rc, stick, "", sheet)
	must(t, err)
	full := t.TempDir()
	must(t, os.WriteFile(filepath.Join(full, "letter.txt"), []byte("x"), 0o600))
	if _, err := house.Restore(ctx, house.Config{Dir: full}, stick, "", sheet); !errors.Is(err, house.ErrFilled) {
		t.Errorf("into a folder with a letter: %v", err)
	}
	// An archive that a wrong clock named is not the latest.
	all, err := backup.List(backup.Folder(stick, h.Log.Node()))
	must(t, err)
	for _, p := range []string{all[0].Data, all[0].Keys} {
		b, err := os.ReadFile(p)
		must(t, err)
		must(t, os.WriteFile(strings.Replace(p, all[0].At.Format("2006"), "2091", 1), b, 0o600))
	}
	if r, err := house.Drill(ctx, stick, "", sheet); err != nil || !r.At.Equal(all[0].At) {
		t.Errorf("the drill took %+v, %v", r, err)
	}
}

// A new sheet opens all that is saved from then on, files too; one file that is damaged is named and keeps nothing else back.
func TestAnotherSheet(t *testing.T) {
	h, c := create(t, store.SQLite)
	defer h.Close()
	must(t, h.Found(ctx, founding))
	for _, name := range []string{"Amina", "Salma"} {
		p, err := h.People.Register(ctx, id.Nil, place.ID("MA-ERR-MJ1"), person.Details{"first_latin": name, "birth": "2014-05-03"}, nil)
		must(t, err)
		must(t, h.Consents.Record(ctx, id.Nil, access.Everywhere(), p, []consent.Statement{{Purpose: consent.Image, State: consent.Given, Giver: consent.ByGuardian, Method: "paper", On: "2026-01-10", Who: consent.Who{Name: "Fatna"}}}))
		must(t, h.Consents.SetPhoto(ctx, id.Nil, access.Everywhere(), p, portrait(t)))
	}
	stick := t.TempDir()
	_, err := backup.PrintKey(c.Dir, "one")
	must(t, err)
	_, err = h.Backup(ctx, house.BackupOptions{To: stick, SameDisk: true})
	must(t, err)
	second, err := backup.PrintKey(c.Dir, "two")
	must(t, err)
	made, err := h.Backup(ctx, house.BackupOptions{To: stick, SameDisk: true})
	must(t, err)
	if made.Blobs != 2 {
		t.Errorf("%d files were written anew for the second sheet", made.Blobs)
	}
	r, err := house.Drill(ctx, stick, "", second)
	must(t, err)
	if r.Files != 2 || len(r.Damaged) > 0 {
		t.Errorf("with the second sheet: %+v", r)
	}
	first := true
	each(t, filepath.Join(backup.Folder(stick, h.Log.Node()), "blobs"), "", func(p string) {
		if first && strings.HasSuffix(p, ".age") {
			first = false
			must(t, os.Truncate(p, 30))
		}
	})
	if r, err = house.Drill(ctx, stick, "", second); err != nil || r.Files != 1 || len(r.Damaged) != 1 {
		t.Errorf("with a damaged file: %+v, %v", r, err)
	}
}

// each calls fn with the files below a folder whose names begin with some word.
func each(t *testing.T, dir, begins string, fn func(path string)) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(d.Name(), begins) {
			fn(path)
		}
		return err
	}))
}

// Archives are kept by day, week and month; keys for 35 days; the latest always.
func TestBackupsEnd(t *testing.T) {
	now := time.Date(2026, 1, 1, 2, 0, 0, 0, time.UTC)
	h, c := createAt(t, store.SQLite, func() time.Time { return now })
	defer h.Close()
	_, err := backup.PrintKey(c.Dir, "test")
	must(t, err)
	stick := t.TempDir()
	for range 100 {
		_, err := h.Backup(ctx, house.BackupOptions{To: stick, SameDisk: true})
		must(t, err)
		now = now.Add(24 * time.Hour)
	}
	all, err := backup.List(backup.Folder(stick, h.Log.Node()))
	must(t, err)
	data, keys := 0, 0
	for _, a := range all {
		if a.Data != "" {
			data++
		}
		if a.Keys != "" {
			keys++
			if age := now.Sub(a.At); age > 37*24*time.Hour {
				t.Errorf("keys of %v are kept for %v", a.At, age)
			}
		}
	}
	if data < 12 || data > 16 || keys < 35 || keys > 37 || all[0].Data == "" || all[0].Keys == "" {
		t.Errorf("%d of data, %d of keys", data, keys)
	}
}

// A box whose backup is restored takes a key of its own, and goes on with the same sheet that opened it.
func TestRestoredBoxGoesOn(t *testing.T) {
	hub, box, _, boxAt := couple(t, store.SQLite)
	defer hub.Close()
	sheet, err := box.Nodes.Keep(ctx, id.Nil, person.Stream(place.ID(founding.Centre)))
	must(t, err)
	exchange(t, box, hub)
	p, err := box.People.Register(ctx, id.Nil, place.ID(founding.Centre), person.Details{"first_latin": "Amina"}, nil)
	must(t, err)
	stick := t.TempDir()
	_, err = box.Backup(ctx, house.BackupOptions{To: stick, SameDisk: true})
	must(t, err)
	old := box.Log.Node()
	must(t, box.Close())
	must(t, os.RemoveAll(boxAt.Dir))

	rc := house.Config{Dir: filepath.Join(t.TempDir(), "restored")}
	r, err := house.Restore(ctx, rc, stick, "", sheet)
	must(t, err)
	if r.Node == old || r.Was != old {
		t.Errorf("it writes under the key that may be in use: %+v", r)
	}
	_, err = house.Recover(ctx, rc, sheet)
	must(t, err)
	b, err := house.Open(ctx, rc)
	must(t, err)
	defer b.Close()
	_, err = b.People.Register(ctx, id.Nil, place.ID(founding.Centre), person.Details{"first_latin": "Later"}, nil)
	must(t, err)
	exchange(t, b, hub)
	x, err := hub.People.Get(ctx, hub.DB, access.Everywhere(), p)
	must(t, err)
	if x == nil {
		t.Error("headquarters does not know whom the backup brought back")
	}
}

// What an older program saved, in tables that have changed since, comes back.
func TestRestoreOfAnOlderProgram(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, c := createAt(t, e, nil)
		defer h.Close()
		must(t, h.Found(ctx, founding))
		sheet, err := backup.PrintKey(c.Dir, "test")
		must(t, err)
		// As the tables were before tries to sign in had an id.
		must(t, h.DB.Write(ctx, func(tx store.Tx) error {
			for _, stmt := range []string{"DROP TABLE access_try", "CREATE TABLE access_try (who TEXT NOT NULL, at INTEGER NOT NULL)", "INSERT INTO access_try (who, at) VALUES ('somebody', 1)", "DELETE FROM schema_access WHERE version_id > 2"} {
				if err := tx.Exec(ctx, stmt); err != nil {
					return err
				}
			}
			return nil
		}))
		stick := t.TempDir()
		_, err = h.Backup(ctx, house.BackupOptions{To: stick, SameDisk: true})
		must(t, err)
		rc := house.Config{Dir: filepath.Join(t.TempDir(), "restored")}
		r, err := house.Restore(ctx, rc, stick, "", sheet)
		must(t, err)
		if !r.Checked.OK {
			t.Errorf("restored %+v", r)
		}
		b, err := house.Open(ctx, rc)
		must(t, err)
		defer b.Close()
		if _, err := b.Access.SignIn(ctx, "nadia", founding.Passphrase, "browser", "1"); err != nil {
			t.Errorf("nobody signs in: %v", err)
		}
	})
}

// The backups under a name that the node does not have any more end too: keys after 35 days, the latest as well, and data after a
// year.
func TestBackupsOfAFormerNameEnd(t *testing.T) {
	now := time.Date(2026, 1, 1, 2, 0, 0, 0, time.UTC)
	h, c := createAt(t, store.SQLite, func() time.Time { return now })
	defer h.Close()
	_, err := backup.PrintKey(c.Dir, "test")
	must(t, err)
	stick := t.TempDir()
	save := func(h *house.House) {
		_, err := h.Backup(ctx, house.BackupOptions{To: stick, SameDisk: true})
		must(t, err)
	}
	save(h)
	was := h.Log.Node()
	// Nobody rules it, so it keeps its name; a name that it had is told to it.
	must(t, os.Rename(backup.Folder(stick, was), backup.Folder(stick, id.Named("test", "former"))))
	must(t, os.WriteFile(filepath.Join(c.Dir, "former"), []byte(id.Named("test", "former").String()+"\n"), 0o600))
	left := func() (data, keys int) {
		all, err := backup.List(backup.Folder(stick, id.Named("test", "former")))
		must(t, err)
		for _, a := range all {
			if a.Data != "" {
				data++
			}
			if a.Keys != "" {
				keys++
			}
		}
		return data, keys
	}
	for _, step := range []struct{ days, data, keys int }{{1, 1, 1}, {33, 1, 1}, {3, 1, 0}, {300, 1, 0}, {60, 0, 0}} {
		now = now.AddDate(0, 0, step.days)
		save(h)
		if data, keys := left(); data != step.data || keys != step.keys {
			t.Errorf("on %s %d of data and %d of keys are left", now.Format(time.DateOnly), data, keys)
		}
	}
	if _, err := os.Stat(backup.Folder(stick, id.Named("test", "former"))); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("its folder stays: %v", err)
	}
}

// A box leaves its backup with headquarters, which reads nothing of it and keeps the latest three; it comes back on another box
// with the sheet.
func TestBackupAtHeadquarters(t *testing.T) {
	hub, box, hubAt, boxAt := couple(t, store.SQLite)
	defer hub.Close()
	sheet, err := box.Nodes.Keep(ctx, id.Nil, person.Stream(place.ID(founding.Centre)))
	must(t, err)
	exchange(t, box, hub)
	p, err := box.People.Register(ctx, id.Nil, place.ID(founding.Centre), secret, nil)
	must(t, err)
	must(t, box.Consents.Record(ctx, id.Nil, access.Everywhere(), p, []consent.Statement{{Purpose: consent.Image, State: consent.Given, Giver: consent.ByGuardian, Method: "paper", On: "2026-01-10", Who: consent.Who{Name: "Fatna"}}}))
	must(t, box.Consents.SetPhoto(ctx, id.Nil, access.Everywhere(), p, portrait(t)))
	must(t, box.Leave(ctx))
	if !box.Saved().IsZero() {
		t.Error("it counts as saved before headquarters has it")
	}
	r := exchange(t, box, hub)
	must(t, r.BackupFault)
	kept, err := hub.Kept.List(box.Log.Node())
	must(t, err)
	if len(kept) != 1 || kept[0].Data == "" || kept[0].Keys == "" || box.Saved().IsZero() {
		t.Fatalf("headquarters keeps %v; saved %v", kept, box.Saved())
	}
	if found := traces(t, filepath.Join(hubAt.Dir, backup.KeptDir)); len(found) > 0 {
		t.Errorf("names lie in %v", found)
	}
	if r := exchange(t, box, hub); !r.Same || r.BackupFault != nil {
		t.Errorf("what is left is left again: %+v", r)
	}
	old := box.Log.Node()
	must(t, box.Close())
	must(t, os.RemoveAll(boxAt.Dir))
	rc := house.Config{Dir: filepath.Join(t.TempDir(), "restored")}
	got, err := house.Restore(ctx, rc, hub.Kept.Of(old), "", sheet)
	must(t, err)
	if got.Was != old || !got.Checked.OK {
		t.Errorf("restored %+v", got)
	}
	_, err = house.Recover(ctx, rc, sheet)
	must(t, err)
	b, err := house.Open(ctx, rc)
	must(t, err)
	defer b.Close()
	x, err := b.People.Get(ctx, b.DB, access.Everywhere(), p)
	must(t, err)
	if x == nil || x.Details["first_latin"] != secret["first_latin"] {
		t.Errorf("who was there is %+v", x)
	}
}

// Of what one box leaves, the latest three are kept, for 35 days, and a strange name is none.
func TestKeptBackupsEnd(t *testing.T) {
	now := time.Date(2026, 1, 1, 2, 0, 0, 0, time.UTC)
	dir, of := t.TempDir(), id.Named("test", "box")
	k := backup.NewKept(dir, id.Nil, func() time.Time { return now })
	leave := func(kind string) {
		b := []byte(kind + now.String())
		a := node.Archive{Name: kind + "-" + now.Format("20060102T150405Z") + ".tizi", File: blob.Digest(sha256.Sum256(b)), Size: int64(len(b))}
		if n, err := k.Keep(of, a, 0, nil); err != nil || n != 0 {
			t.Fatalf("before it came: %d, %v", n, err)
		}
		if n, err := k.Keep(of, a, 0, b[:10]); err != nil || n != 10 {
			t.Fatalf("a part: %d, %v", n, err)
		}
		if n, err := k.Keep(of, a, 10, b[10:]); err != nil || n != a.Size {
			t.Fatalf("whole: %d, %v", n, err)
		}
		if n, err := k.Keep(of, a, 0, nil); err != nil || n != a.Size {
			t.Fatalf("again: %d, %v", n, err)
		}
	}
	for range 6 {
		leave("keys")
		leave("data")
		now = now.AddDate(0, 0, 1)
	}
	all, err := k.List(of)
	must(t, err)
	if len(all) != 3 || all[0].At.Day() != 6 || all[2].At.Day() != 4 {
		t.Errorf("kept are %v", all)
	}
	now = now.AddDate(0, 0, 34)
	must(t, k.Tidy())
	if all, err = k.List(of); err != nil || len(all) != 1 {
		t.Errorf("after 34 days %v, %v", all, err)
	}
	now = now.AddDate(0, 0, 2)
	must(t, k.Tidy())
	if _, err := os.Stat(k.Of(of)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after 36 days: %v", err)
	}
	for _, name := range []string{"../../node.key", "data-20260101T020000Z.tizi/../x", "blobs", "data-x.tizi", ""} {
		if _, err := k.Keep(of, node.Archive{Name: name, Size: 1}, 0, []byte("x")); !errors.Is(err, node.ErrMessage) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
