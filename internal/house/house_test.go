package house_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tizi/internal/access"
	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/store"
	"tizi/internal/testhouse"
	"tizi/internal/testnode"
)

var (
	ctx  = context.Background()
	must = testnode.Must
)

// create makes a node in a folder, with its database where the test of the engine has it.
func create(t testing.TB, e store.Engine) (*house.House, house.Config) {
	t.Helper()
	return createAt(t, e, nil)
}

// createAt makes a node whose clock a test moves.
func createAt(t testing.TB, e store.Engine, now func() time.Time) (*house.House, house.Config) {
	t.Helper()
	c := house.Config{Dir: t.TempDir(), Now: now}
	if e == store.Postgres {
		c.URL = testhouse.Place(t, e).URL
	}
	h, err := house.Create(ctx, c)
	must(t, err)
	return h, c
}

// folder is all that lies in a folder, with its content.
func folder(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	must(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		out[strings.TrimPrefix(p, dir)] = string(b)
		return err
	}))
	return out
}

// says fails the test unless an error has all these words.
func says(t testing.TB, what string, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", what)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%s: %q does not say %q", what, err, w)
		}
	}
}

var founding = house.Founding{Country: "ma", Centre: "MA-ERR-MJ1", Owner: "Nadia Berrada", Login: "nadia", Passphrase: "une phrase de passe", Lang: "fr"}

// A node comes back from its folder as it was left, and only from a folder that holds one.
func TestNodeComesBack(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, c := create(t, e)
		must(t, h.Found(ctx, founding))
		node := h.Log.Node()
		_, err := h.People.Register(ctx, id.Nil, place.ID("MA-ERR-MJ1"), person.Details{"first_latin": "Amina"}, nil)
		must(t, err)
		before := testnode.Rows(t, h.Log)
		must(t, h.Close())
		if _, err := house.Create(ctx, c); !errors.Is(err, house.ErrExists) {
			t.Errorf("created twice: %v", err)
		}
		h, err = house.Open(ctx, c)
		must(t, err)
		defer h.Close()
		if h.Log.Node() != node || testnode.Rows(t, h.Log) != before {
			t.Error("the node came back another")
		}
		rep, err := h.Check(ctx, nil)
		must(t, err)
		if !rep.OK {
			t.Error(rep.Faults)
		}
		_, err = house.Open(ctx, house.Config{Dir: t.TempDir()})
		if !errors.Is(err, house.ErrNoNode) {
			t.Errorf("an empty folder: %v", err)
		}
	})
}

// Work beside the requests finds the database open until it has stopped.
func TestCloseWaitsForWork(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, _ := create(t, e)
		begun := make(chan struct{})
		err := errors.New("it did not end")
		h.Go(func(ctx context.Context) {
			close(begun)
			<-ctx.Done()
			time.Sleep(20 * time.Millisecond) // what a query that is cut off takes to come back
			var n int
			_, err = store.One(context.WithoutCancel(ctx), h.DB, "SELECT count(*) FROM place", nil, &n)
		})
		<-begun
		must(t, h.Close())
		if err != nil {
			t.Errorf("the node closed before its work had stopped: %v", err)
		}
	})
}

// A database whose key is lost is not written to, and no new node takes its place.
func TestDatabaseWithoutItsKey(t *testing.T) {
	h, c := create(t, store.SQLite)
	must(t, h.Found(ctx, founding))
	must(t, h.Close())
	must(t, os.Rename(filepath.Join(c.Dir, house.KeyFile), filepath.Join(t.TempDir(), "elsewhere")))
	before := folder(t, c.Dir)
	_, err := house.Create(ctx, c)
	says(t, "create", err, house.KeyFile, "backup")
	_, err = house.Open(ctx, c)
	if !errors.Is(err, house.ErrNoNode) {
		t.Errorf("open: %v", err)
	}
	after := folder(t, c.Dir)
	for name, b := range before {
		if after[name] != b {
			t.Errorf("%s was touched", name)
		}
		delete(after, name)
	}
	if len(after) > 0 {
		t.Errorf("%d files are new", len(after))
	}
}

// A key that is damaged opens nothing and is not replaced.
func TestDamagedKey(t *testing.T) {
	h, c := create(t, store.SQLite)
	must(t, h.Close())
	key := filepath.Join(c.Dir, house.KeyFile)
	b, err := os.ReadFile(key)
	must(t, err)
	must(t, os.WriteFile(key, b[:len(b)/2], 0o600))
	if _, err := house.Open(ctx, c); err == nil || errors.Is(err, house.ErrNoNode) {
		t.Errorf("got %v", err)
	}
	if _, err := house.Create(ctx, c); !errors.Is(err, house.ErrExists) {
		t.Errorf("got %v", err)
	}
}

// The same key on another engine would begin a second history.
func TestWrongEngineIsRefused(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, c := create(t, e)
		must(t, h.Close())
		if e == store.Postgres {
			_, err := house.Open(ctx, house.Config{Dir: c.Dir})
			says(t, "without its address", err, "PostgreSQL", "--db")
			if _, err := os.Stat(filepath.Join(c.Dir, house.DBFile)); !errors.Is(err, fs.ErrNotExist) {
				t.Error("a second database was begun")
			}
		} else {
			_, err := house.Open(ctx, house.Config{Dir: c.Dir, URL: "postgres://nobody@localhost:1/none"})
			says(t, "with an address", err, "in that folder", "--db")
		}
		h, err := house.Open(ctx, c)
		must(t, err)
		must(t, h.Close())
	})
}

// A database belongs to the node that began it: another key gets neither in nor anything written.
func TestDatabaseOfAnotherNode(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, c := create(t, e)
		must(t, h.Found(ctx, founding))
		defer h.Close()
		before := testnode.Rows(t, h.Log)
		facts, err := h.Log.Count(ctx, h.DB)
		must(t, err)
		at := h.DB.Config()
		other := house.Config{Dir: t.TempDir(), Store: &at}
		_, err = house.Create(ctx, other)
		if !errors.Is(err, house.ErrOthers) {
			t.Fatalf("got %v", err)
		}
		says(t, "another node", err, h.Log.Node().Hex())
		mine, err := house.Create(ctx, house.Config{Dir: filepath.Join(t.TempDir(), "new", "folder")})
		must(t, err)
		must(t, mine.Close())
		_, err = house.Open(ctx, house.Config{Dir: mine.Config.Dir, Store: &at})
		if e == store.SQLite && !errors.Is(err, house.ErrOthers) || err == nil {
			t.Errorf("got %v", err)
		}
		again, err := h.Log.Count(ctx, h.DB)
		must(t, err)
		if again != facts || testnode.Rows(t, h.Log) != before {
			t.Error("another node wrote")
		}
		beside, err := house.Open(ctx, c) // its own, a second time
		must(t, err)
		must(t, beside.Close())
	})
}

// What is refused is refused before anything is written.
func TestFound(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, _ := create(t, e)
		defer h.Close()
		before := testnode.Rows(t, h.Log)
		for what, c := range map[string]struct {
			change func(*house.Founding)
			want   error
		}{
			"no such centre":   {func(f *house.Founding) { f.Centre = "MA-XXX-1" }, place.ErrUnknownPlace},
			"a region":         {func(f *house.Founding) { f.Centre = "MA-08" }, place.ErrUnknownPlace},
			"no such country":  {func(f *house.Founding) { f.Country = "../ma" }, nil},
			"no name":          {func(f *house.Founding) { f.Owner = "" }, access.ErrNameEmpty},
			"no login":         {func(f *house.Founding) { f.Login = "" }, access.ErrLoginForm},
			"short passphrase": {func(f *house.Founding) { f.Passphrase = "123456789" }, access.ErrPassphraseShort},
			"no passphrase":    {func(f *house.Founding) { f.Passphrase = "" }, access.ErrPassphraseShort},
		} {
			f := founding
			c.change(&f)
			if err := h.Found(ctx, f); err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("%s: got %v", what, err)
			}
		}
		if n, err := h.Log.Count(ctx, h.DB); err != nil || n != 0 || testnode.Rows(t, h.Log) != before {
			t.Errorf("refusals left %d facts, %v", n, err)
		}
		if is, err := h.Founded(ctx); is || err != nil {
			t.Errorf("founded: %v, %v", is, err)
		}
		f := founding
		f.Centre = " ma-err-mj1 "
		must(t, h.Found(ctx, f))
		if is, err := h.Founded(ctx); !is || err != nil {
			t.Errorf("founded: %v, %v", is, err)
		}
		tree, err := h.Places.Tree(ctx, h.DB)
		must(t, err)
		if cs := tree.Of("centre"); len(cs) != 1 || cs[0].Code != "MA-ERR-MJ1" || len(tree.Of("region")) != 12 {
			t.Errorf("%d centres, %d regions", len(cs), len(tree.Of("region")))
		}
		token, err := h.Access.SignIn(ctx, "nadia", founding.Passphrase, "", "")
		must(t, err)
		acc, err := h.Access.Who(ctx, token)
		must(t, err)
		s, err := h.Access.Scope(ctx, h.DB, acc, access.WriteProgrammes)
		must(t, err)
		if !s.All() {
			t.Error("the owner may not do all")
		}
	})
}

// A centre that the country folder knows is described when somebody names it, once.
func TestCentreIsDescribedWhenNamed(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, _ := create(t, e)
		defer h.Close()
		if _, err := h.Centre(ctx, "MA-TNG-MJ1"); !errors.Is(err, place.ErrUnknownPlace) {
			t.Errorf("before the country is known: %v", err)
		}
		must(t, h.Found(ctx, founding))
		var first *place.Place
		for _, code := range []string{"MA-TNG-MJ1", " ma-tng-mj1", "MA-TNG-MJ1"} {
			p, err := h.Centre(ctx, code)
			must(t, err)
			if p.ID != place.ID("MA-TNG-MJ1") || p.Type != "centre" || !p.Sample {
				t.Errorf("%q: got %+v", code, p)
			}
			first = p
		}
		tree, err := h.Places.Tree(ctx, h.DB)
		must(t, err)
		if r := tree.Up(first.ID, "region"); r == nil || r.Code != "MA-01" {
			t.Errorf("it lies in %v", r)
		}
		n, err := h.Log.Count(ctx, h.DB)
		must(t, err)
		for _, code := range []string{"MA-TNG-MJ9", "", "MA-TNG-MJ"} {
			if _, err := h.Centre(ctx, code); !errors.Is(err, place.ErrUnknownPlace) {
				t.Errorf("%q: got %v", code, err)
			}
		}
		if m, _ := h.Log.Count(ctx, h.DB); m != n {
			t.Errorf("names of nothing wrote %d facts", m-n)
		}
		if got := len(tree.Of("centre")); got != 2 {
			t.Errorf("%d centres", got)
		}
	})
}

// Check tells of a file that is not what its digest says, and of a row that no fact says.
func TestCheckFindsDamage(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		h, c := create(t, e)
		defer h.Close()
		must(t, h.Found(ctx, founding))
		good, _, err := h.Blobs.Put(strings.NewReader("a file that stays whole"))
		must(t, err)
		bad, _, err := h.Blobs.Put(strings.NewReader("a file that is altered"))
		must(t, err)
		check := func() *house.Report {
			rep, err := h.Check(ctx, nil)
			must(t, err)
			return rep
		}
		if rep := check(); !rep.OK || rep.Files != 2 {
			t.Fatalf("%d files, %v", rep.Files, rep.Faults)
		}
		must(t, filepath.WalkDir(filepath.Join(c.Dir, house.BlobDir), func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := os.ReadFile(p)
			if err == nil && strings.Contains(string(b), "altered") {
				must(t, os.Chmod(p, 0o600))
				err = os.WriteFile(p, []byte(strings.ToUpper(string(b))), 0o600)
			}
			return err
		}))
		rep := check()
		if rep.OK || len(rep.Faults) != 1 || !strings.Contains(rep.Faults[0], bad.String()) || strings.Contains(fmt.Sprint(rep.Faults), good.String()) {
			t.Errorf("faults %v", rep.Faults)
		}
		must(t, h.Blobs.Delete(bad))
		must(t, h.DB.Write(ctx, func(tx store.Tx) error { return tx.Exec(ctx, "UPDATE place SET milieu = 'sea' WHERE code = 'MA-08'") }))
		rep = check()
		if rep.OK || !slices.ContainsFunc(rep.Faults, func(f string) bool { return strings.Contains(f, "place") }) {
			t.Errorf("faults %v", rep.Faults)
		}
		must(t, h.Log.Rebuild(ctx, nil))
		if rep := check(); !rep.OK {
			t.Errorf("after a rebuild: %v", rep.Faults)
		}
	})
}
