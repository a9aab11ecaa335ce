package house_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/node"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/seal"
	"tizi/internal/store"
)

// damage writes over a few bytes of a page of the database.
func damage(t testing.TB, path string, page int64, r *rand.Rand) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	defer f.Close()
	b := make([]byte, 16)
	for i := range b {
		b[i] = byte(r.IntN(256))
	}
	_, err = f.WriteAt(b, (page-1)*4096+int64(r.IntN(4000)))
	must(t, err)
}

// Bytes of the database that are damaged, wherever, are found and named, and what headquarters has comes back: people, figures and
// logs are as they were. What is damaged and was never sent is named.
func TestDamagedPagesAreHealed(t *testing.T) {
	for seed := range uint64(6) {
		sent := seed%3 > 0
		t.Run(fmt.Sprint(seed, sent), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 2))
			hub, box, _, at := couple(t, store.SQLite)
			defer hub.Close()
			for i := range 120 {
				_, err := box.People.Register(ctx, id.Nil, place.ID("MA-ERR-MJ1"), person.Details{"first_latin": fmt.Sprint("Enfant", i), "birth": "2014-05-02"}, nil)
				must(t, err)
			}
			if sent {
				exchange(t, box, hub)
			}
			facts, err := box.Log.Count(ctx, box.DB)
			must(t, err)
			must(t, box.DB.Purge(ctx, false))
			name := box.Log.Node()
			must(t, box.Close())
			path := filepath.Join(at.Dir, house.DBFile)
			info, err := os.Stat(path)
			must(t, err)
			pages := map[int64]bool{}
			for range 5 {
				page := 2 + r.Int64N(info.Size()/4096-1)
				pages[page] = true
				damage(t, path, page, r)
			}

			found, err := house.Inspect(ctx, at, true)
			must(t, err)
			for _, d := range found {
				delete(pages, d.Page)
			}
			if found[0].Table == "sqlite_schema" { // nothing else can be read then, and it says so
				if _, err := house.Heal(ctx, at, nil, nil); !errors.Is(err, house.ErrUnreadable) {
					t.Errorf("healed: %v", err)
				}
				return
			}
			if len(pages) > 0 {
				t.Errorf("pages %v are damaged and not named: %v", pages, found)
			}
			out, err := house.Heal(ctx, at, func(_ *seal.Identity, p node.Peer) node.Link { return direct{hub, name} }, nil)
			must(t, err)
			if len(out.Damage) == 0 || out.Check == nil {
				t.Fatalf("healed: %+v", out)
			}
			if !out.Check.OK && len(out.Lost) == 0 {
				t.Errorf("it is not whole, and nothing is named: %v; damage %v", out.Check.Faults, out.Damage)
			}
			if again, err := house.Inspect(ctx, at, true); err != nil || len(again) > 0 {
				t.Errorf("after it was healed: %v, %v", again, err)
			}
			box, err = house.Open(ctx, at)
			must(t, err)
			defer box.Close()
			n, err := box.Log.Count(ctx, box.DB)
			must(t, err)
			if n != facts && len(out.Lost) == 0 {
				t.Errorf("%d facts of %d are here, and nothing is named as lost", n, facts)
			}
			t.Logf("%v: %d facts mended, lost %v, a key of its own: %v", out.Damage, out.Mended, out.Lost, out.Again)
		})
	}
}
