package fact_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/testnode/toy"
)

// full fills a node with some of everything, over more than one stored hash.
func full(t testing.TB, n *testnode.Node) (subject, person id.ID) {
	t.Helper()
	subject = id.New()
	for range 10 {
		var fs []fact.New
		for range 30 {
			fs = append(fs, count(id.New(), "b", 1))
		}
		write(t, n, fs...)
	}
	refs := write(t, n, say(subject, "first"), count(subject, "a", 3))
	write(t, n, say(subject, "second", refs[0]), void(subject, refs[1]))
	person = register(t, n, "Amina", "a")
	return subject, person
}

func exec(t testing.TB, n *testnode.Node, query string, args ...any) {
	t.Helper()
	must(t, n.DB.Write(ctx, func(tx store.Tx) error { return tx.Exec(ctx, query, args...) }))
}

// Whatever is changed behind the program's back is found, and what is derived is mended.
func TestCheckFinds(t *testing.T) {
	for _, c := range []struct {
		name, query, says string
		derived           bool // Rebuild mends it
	}{
		{"a body", "UPDATE fact SET body = ? WHERE seq = 17", "altered", false},
		{"an actor", "UPDATE fact SET actor = ? WHERE seq = 300", "altered", false},
		{"a fact that is gone", "DELETE FROM fact WHERE seq = 17 AND length(?) > 0", "missing", false},
		{"the last fact that is gone", "DELETE FROM fact WHERE seq = 305 AND length(?) > 0", "its head says", false},
		{"a fact too many", "INSERT INTO fact (stream, node, seq, hlc, kind, subject, actor, prev, body, state) SELECT stream, node, 400, hlc, kind, subject, actor, prev, ?, state FROM fact WHERE seq = 1", "missing", false},
		{"a stored hash", "UPDATE fact_tile SET hash = ?", "hash", false},
		{"the right edge", "UPDATE fact_head SET size = size + 1 WHERE length(?) > 0", "its head says", false},
		{"the signed head", "UPDATE fact_head SET note = ?", "head", false},
		{"a kind's name", "UPDATE fact_kind SET name = 'toy.said@1' WHERE name = 'toy.counted@1' AND length(?) > 0", "altered", false},
		{"a row", "UPDATE toy_register SET raw = ?", "toy_register: row", true},
		{"a row that is gone", "DELETE FROM toy_person WHERE length(?) > 0", "toy_person lacks", true},
		{"a row too many", "INSERT INTO toy_person (id, name, grp) VALUES (?, 'x', 'x')", "no fact says", true},
		{"a sum", "UPDATE toy_sum SET n = n + 1 WHERE length(?) > 0", "toy_sum: row", true},
		{"a state", "UPDATE fact SET state = 1 WHERE seq = 5 AND length(?) > 0", "should be effective", true},
		{"a state that counts", "UPDATE fact SET state = 0 WHERE state <> 0 AND length(?) > 0", "should be voided", true},
		{"a person's key", "UPDATE seal_key SET wrapped = ?", "key of person", false},
		{"an epoch's key", "UPDATE seal_epoch SET wrapped = ?", "key of epoch", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			testnode.Engines(t, func(t *testing.T, e store.Engine) {
				n := node(t, e)
				full(t, n)
				n.Whole()
				exec(t, n, c.query, []byte("1234567890123456"))
				rep, err := n.Check(ctx, nil)
				must(t, err)
				if rep.OK || !strings.Contains(strings.Join(rep.Faults, "\n"), c.says) {
					t.Errorf("%d faults: %v", len(rep.Faults), rep.Faults)
				}
				if c.derived {
					must(t, n.Rebuild(ctx, nil))
					n.Whole()
				}
			})
		})
	}
}

func TestCheckReports(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := node(t, e)
		full(t, n)
		var seen int64
		rep, err := n.Check(ctx, func(done, total int64) {
			if done < seen || done > total {
				t.Errorf("%d of %d after %d", done, total, seen)
			}
			seen = done
		})
		must(t, err)
		if !rep.OK || rep.Facts != 305 || rep.Logs != 1 || rep.Held != 1 || rep.Rows != 300+1+1+2 || seen != 305 || rep.Engine != string(e) {
			t.Errorf("%+v after %d", rep, seen)
		}
		many := strings.Repeat("x", 60)
		for i := range many {
			exec(t, n, "INSERT INTO toy_person (id, name, grp) VALUES (?, 'x', 'x')", id.Named("too many", string(rune('a'+i))))
		}
		rep, err = n.Check(ctx, nil)
		must(t, err)
		if len(rep.Faults) != 50 || rep.Omitted != 10 {
			t.Errorf("%d faults, %d more", len(rep.Faults), rep.Omitted)
		}
		c, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := n.Check(c, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

// Check looks at one moment, though facts, grants and erasures go on.
func TestCheckAndRebuildWhileWritingGoesOn(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		hub := node(t, e)
		b := node(t, store.SQLite)
		for range 20 {
			write(t, b, count(id.New(), "a", 1))
		}
		b.Carry(hub)
		var people []id.ID
		for range 30 {
			people = append(people, register(t, hub, "somebody", "b"))
		}
		stop := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			var last []fact.Ref
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				write(t, hub, count(id.New(), "c", 1))
				switch i % 8 {
				case 0:
					last = write(t, hub, revoke(b, nil))
				case 3:
					write(t, hub, issue(b, everything, everything, last...))
				case 5:
					if len(people) > 0 {
						erase(t, hub, people[0])
						people = people[1:]
					}
				case 6:
					register(t, hub, "another", "b")
				}
			}
		})
		for range 4 {
			hub.Whole()
			must(t, hub.Rebuild(ctx, nil))
		}
		close(stop)
		wg.Wait()
		hub.Whole()
		if n := hub.CountOf("fact_again"); n != 0 {
			t.Errorf("%d subjects are still noted for a rebuild", n)
		}
	})
}

func TestChangedTableIsFilledAtOpen(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := testnode.New(t, testnode.Place(t, e), toy.Registry())
		subject, _ := full(t, n)
		wide := fact.NewRegistry()
		table := &store.Table{Name: "toy_register", Key: 1, Columns: store.Cols("id:id length:int")}
		wide.AddFold(toy.CounterFold)
		wide.AddFold(toy.PersonFold)
		wide.AddAggregate(toy.Sum)
		wide.AddFold(&fact.Fold{Name: "toy.register", Kinds: []*fact.Kind{toy.KindSaid}, Tables: []*store.Table{table}, Fold: func(s *fact.Subject, out *fact.Rows) error {
			f := s.Last(func(f *fact.Fact) bool { _, ok := fact.As[toy.Said](f); return ok })
			if f != nil {
				said, _ := fact.As[toy.Said](f)
				out.Add(table, s.ID, len(said.Text))
			}
			return nil
		}})
		n.Upgrade(wide)
		if c := n.CountOf("toy_register WHERE id = ? AND length = 6", subject); c != 1 {
			t.Error("the new table is not filled")
		}
		n.Whole()
		n.Upgrade(toy.Registry())
		if got := text(t, n, subject); got != "second" {
			t.Errorf("the old table says %q", got)
		}
		n.Whole()
	})
}

// A fold that was revised derives other rows of the same facts into the same table.
func TestRevisedFoldIsRunAgain(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := testnode.New(t, testnode.Place(t, e), toy.Registry())
		subject, _ := full(t, n)
		reg := fact.NewRegistry()
		reg.AddFold(toy.CounterFold)
		reg.AddFold(toy.PersonFold)
		reg.AddAggregate(toy.Sum)
		loud := *toy.RegisterFold
		loud.Revision = 1
		loud.Fold = func(s *fact.Subject, out *fact.Rows) error {
			f := s.Last(func(f *fact.Fact) bool { _, ok := fact.As[toy.Said](f); return ok })
			if f != nil {
				said, _ := fact.As[toy.Said](f)
				out.Add(toy.Registers, s.ID, strings.ToUpper(said.Text), 0, 0.0, []byte(nil), false)
			}
			return nil
		}
		reg.AddFold(&loud)
		n.Upgrade(reg)
		if got := text(t, n, subject); got != "SECOND" {
			t.Errorf("the register says %q", got)
		}
		n.Whole()
	})
}

// Of a program with one revised fold nothing else is derived again: neither the rows of others nor sums over those. What is summed
// with the rows of the revised one is, whole.
func TestOnlyWhatChangedIsDerivedAgain(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		for _, c := range []struct {
			fold  string
			wrong []string // tables whose rows a test spoilt and that stay so
		}{
			{"toy.register", []string{"toy_counter", "toy_person", "toy_sum"}},
			{"toy.counter", []string{"toy_register"}}, // the sum is of people too
			{"fact.grant", []string{"toy_counter", "toy_person", "toy_register", "toy_sum"}},
		} {
			n := testnode.New(t, testnode.Place(t, e), toy.Registry())
			full(t, n)
			want := testnode.Rows(t, n.Log)
			spoilt := map[string]string{"toy_counter": "facts = facts + 1", "toy_register": "text = 'spoilt'", "toy_person": "name = 'spoilt'", "toy_sum": "n = n + 1"}
			for table, set := range spoilt {
				exec(t, n, "UPDATE "+table+" SET "+set)
			}
			must(t, n.Outdate(ctx, c.fold))
			must(t, n.Stop())
			n.Start()
			now := testnode.Rows(t, n.Log)
			for table := range spoilt {
				of := func(rows string) (out string) {
					for line := range strings.Lines(rows) {
						if strings.HasPrefix(line, table+" ") {
							out += line
						}
					}
					return out
				}
				if same := of(now) == of(want); same == slices.Contains(c.wrong, table) {
					t.Errorf("%s was revised: %s is derived again: %v", c.fold, table, same)
				}
			}
			must(t, n.Rebuild(ctx, nil))
			n.Whole()
		}
	})
}

// A crash between making a table and filling it must not leave it empty for ever.
func TestTableIsFilledAfterACrash(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := node(t, e)
		subject, _ := full(t, n)
		exec(t, n, "DELETE FROM toy_register")
		exec(t, n, "UPDATE store_shape SET shape = ? WHERE name = 'toy_register'", "of yesterday")
		// As Open does, and then the power goes.
		_, err := n.DB.Ensure(ctx, n.Registry.Tables())
		must(t, err)
		must(t, n.Stop())
		n.Start()
		if got := text(t, n, subject); got != "second" {
			t.Errorf("the register says %q", got)
		}
		n.Whole()
	})
}

// A scratch database holds names; what a crash left of one is removed.
func TestScratchIsSwept(t *testing.T) {
	place := testnode.Place(t, store.SQLite)
	n := testnode.New(t, place, toy.Registry())
	full(t, n)
	dir := filepath.Dir(place.Path)
	old, young := filepath.Join(dir, "tizi-replay-old"), filepath.Join(dir, "tizi-replay-young")
	for _, d := range []string{old, young} {
		must(t, os.Mkdir(d, 0o700))
		must(t, os.WriteFile(filepath.Join(d, "replay.db"), []byte("Amina"), 0o600))
	}
	must(t, os.Chtimes(filepath.Join(old, "replay.db"), time.Time{}, time.Now().Add(-2*time.Hour)))
	must(t, n.Stop())
	n.Start()
	n.Whole()
	left, err := filepath.Glob(filepath.Join(dir, "tizi-replay-*"))
	must(t, err)
	if len(left) != 1 || left[0] != young {
		t.Errorf("left are %v", left)
	}
}

// A rebuild that a crash cut off leaves nothing behind but what was there, and two do not go on at once.
func TestRebuildCutOff(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := node(t, e)
		subject, _ := full(t, n)
		shadows := n.DB.Shadows(n.Registry.Tables())
		must(t, n.DB.Write(ctx, func(tx store.Tx) error {
			must(t, shadows.Make(ctx, tx))
			return tx.Exec(ctx, "INSERT INTO shadow_toy_person (id, name, grp) VALUES (?, 'Amina', 'a')", id.New())
		}))
		exec(t, n, "INSERT INTO fact_setting (name, value) VALUES ('rebuild', ?)", []byte(strconv.FormatInt(time.Now().UnixMilli(), 10)))
		if err := n.Rebuild(ctx, nil); !errors.Is(err, fact.ErrRebuilding) {
			t.Errorf("got %v while another goes on", err)
		}
		exec(t, n, "UPDATE fact_setting SET value = ? WHERE name = 'rebuild'", []byte(strconv.FormatInt(time.Now().Add(-time.Hour).UnixMilli(), 10)))
		must(t, n.Stop())
		n.Start()
		must(t, n.DB.Scrub(ctx, func() {}))
		some, err := n.DB.Shadowed(ctx)
		must(t, err)
		if some || n.CountOf("fact_setting WHERE name = 'rebuild'") != 0 {
			t.Error("something is left of the rebuild")
		}
		if got := text(t, n, subject); got != "second" {
			t.Errorf("the register says %q", got)
		}
		n.Whole()
		// What was cut off before the clock went back is no rebuild that goes on.
		exec(t, n, "INSERT INTO fact_setting (name, value) VALUES ('rebuild', ?)", []byte(strconv.FormatInt(time.Now().Add(time.Hour).UnixMilli(), 10)+" x"))
		must(t, n.Rebuild(ctx, nil))
		// One that was taken for dead gives way, and does not do away with the other's.
		began := false
		err = n.Rebuild(ctx, func(int64, int64) {
			if !began {
				began = true
				exec(t, n, "UPDATE fact_setting SET value = ? WHERE name = 'rebuild'", []byte(strconv.FormatInt(time.Now().UnixMilli(), 10)+" another"))
			}
		})
		if !errors.Is(err, fact.ErrRebuilding) || n.CountOf("fact_setting WHERE name = 'rebuild'") != 1 {
			t.Errorf("taken over: %v", err)
		}
		exec(t, n, "UPDATE fact_setting SET value = ? WHERE name = 'rebuild'", []byte("1000 another"))
		must(t, n.Tidy(ctx))
		must(t, n.DB.Scrub(ctx, func() {}))
		if some, err := n.DB.Shadowed(ctx); err != nil || some || n.CountOf("fact_setting WHERE name = 'rebuild'") != 0 {
			t.Errorf("something is left of the other, %v", err)
		}
		n.Whole()
		c, cancel := context.WithCancel(ctx)
		cancel()
		if err := n.Rebuild(c, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		must(t, n.DB.Scrub(ctx, func() {}))
		if some, err := n.DB.Shadowed(ctx); err != nil || some {
			t.Errorf("something is left of the rebuild, %v", err)
		}
		must(t, n.Rebuild(ctx, nil))
		if some, err := n.DB.Shadowed(ctx); err != nil || some {
			t.Errorf("what was replaced is still there, %v", err)
		}
		n.Whole()
	})
}
