package fact_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/testnode/toy"
)

// Two processes of one node write to one database at once: its log stays one log, commands of both in all its streams,
// people registered in both, facts received by both, grants taken by one.
func TestTwoProcesses(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		one := node(t, e)
		two := one.Beside()
		from := node(t, store.SQLite)
		for range 60 {
			write(t, from, count(id.New(), "c", 1))
		}
		shared := []id.ID{id.New(), id.New()}
		var wg sync.WaitGroup
		var written atomic.Int64
		for p, n := range []*testnode.Node{one, two} {
			for c := range 6 {
				wg.Go(func() {
					for i := range 15 {
						f, g := count(id.New(), "a", 1), count(shared[i%2], "a", 1)
						// In this order one process holds a stream and wants another, and the other the reverse.
						if (c+p)%2 == 0 {
							f.Stream = "commons"
						} else {
							g.Stream = "commons"
						}
						if _, err := n.Write(f, g); err != nil {
							t.Error(err)
							return
						}
						written.Add(2)
					}
				})
			}
			wg.Go(func() {
				for i := range 10 {
					register(t, n, fmt.Sprint("person ", p, i), "b")
				}
			})
			wg.Go(func() {
				for at := uint64(0); at < 60; at += 10 {
					b, err := from.Read(ctx, from.DB, centre, from.Node(), at, 10)
					if err != nil {
						t.Error(err)
						return
					}
					// The other process may be ahead, or behind.
					if _, _, err := n.Receive(ctx, b); errors.Is(err, fact.ErrGap) {
						at -= 10
					} else if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Go(func() {
			for range 3 {
				r := write(t, two, issue(from, everything, everything))
				write(t, one, revoke(from, map[string]uint64{centre: 30}))
				_ = r
			}
		})
		wg.Wait()
		if x, _ := total(t, one, "a"); int64(x) != written.Load() {
			t.Errorf("the sum is %d of %d", x, written.Load())
		}
		if _, people := total(t, two, "b"); people != 20 {
			t.Errorf("%d of 20 people", people)
		}
		if x, _ := total(t, two, "c"); x != 30 {
			t.Errorf("%d of the 30 that count of another node", x)
		}
		one.Whole()
		two.Whole()
	})
}

// A rule holds across processes: a seat is given once.
func TestRuleAcrossProcesses(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		one := node(t, e)
		two := one.Beside()
		seat := id.New()
		full := errors.New("taken")
		var wg sync.WaitGroup
		var got atomic.Int64
		for i, n := range []*testnode.Node{one, two} {
			for range 10 {
				wg.Go(func() {
					// Even commands of different streams: the rule reads a table, not a stream.
					f := count(seat, "a", 1)
					if i == 1 {
						f.Stream = "commons"
					}
					_, err := n.Do(ctx, fact.Command{Name: "take the seat", Stream: f.Stream, Keys: []id.ID{seat}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
						var taken int
						if _, err := store.One(ctx, q, "SELECT count(*) FROM toy_counter WHERE id = ? AND n >= 3", store.Args(seat), &taken); err != nil || taken > 0 {
							return fact.Outcome{}, errors.Join(err, full)
						}
						return fact.Outcome{Facts: []fact.New{f}}, nil
					}})
					if err == nil {
						got.Add(1)
					} else if !errors.Is(err, full) {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		if x, _ := total(t, one, "a"); x != 3 || got.Load() != 3 {
			t.Errorf("%d of 3 seats were given, %d callers were told so", x, got.Load())
		}
		one.Whole()
	})
}

// Readings of the two processes' clocks follow each other though their machines' clocks differ.
func TestClockAcrossProcesses(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		one := node(t, e)
		two := one.Beside()
		two.Time = &testnode.Time{}
		two.Time.Set(testnode.Epoch.Add(-3_600_000_000_000)) // an hour behind
		must(t, two.Stop())
		two.Start()
		s := id.New()
		for i := range 6 {
			n, stream := one, centre
			if i%2 == 1 {
				n, stream = two, "commons"
			}
			f := say(s, fmt.Sprint(i))
			f.Stream = stream
			write(t, n, f)
			if got := text(t, n, s); got != fmt.Sprint(i) {
				t.Errorf("after %d it says %q", i, got)
			}
		}
		one.Whole()
	})
}

// A name that one process gave a number is read by the other.
func TestNamesAcrossProcesses(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		one := node(t, e)
		two := one.Beside()
		for i := range 6 {
			n, m := one, two
			if i%2 == 1 {
				n, m = two, one
			}
			f := say(id.New(), fmt.Sprint(i))
			f.Stream = "centre/" + id.Named("test", fmt.Sprint(i)).String()
			write(t, n, f)
			all, err := m.Of(ctx, m.DB, f.Subject)
			must(t, err)
			if len(all) != 1 || all[0].Stream != f.Stream {
				t.Errorf("the other process reads %v", all)
			}
			write(t, m, f)
		}
		two.Whole()
		// Facts that a command itself brought in under new names can be read in the same turn by the next.
		s, key := id.New(), id.New()
		stream := "centre/" + id.New().String()
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				_, err := one.Do(ctx, fact.Command{Name: "after", Stream: stream, Keys: []id.ID{key}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
					all, err := one.Of(ctx, q, s)
					if err != nil {
						return fact.Outcome{}, err
					}
					return fact.Outcome{Facts: []fact.New{{Stream: stream, Kind: toy.KindSaid, Subject: s, Prev: fact.HeadsOf(all), Body: toy.Said{Text: fmt.Sprint(i)}}}}, nil
				}})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		all, err := one.Of(ctx, one.DB, s)
		must(t, err)
		if heads := fact.HeadsOf(all); len(all) != 10 || len(heads) != 1 {
			t.Errorf("%d facts, heads %v", len(all), heads)
		}
		one.Whole()
	})
}

// What one process was told about who may write, the other acts upon.
func TestAuthorityAcrossProcesses(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		one := node(t, e)
		two := one.Beside()
		from := node(t, store.SQLite)
		write(t, from, count(id.New(), "a", 1))
		write(t, one, issue(from, everything, everything))
		from.Carry(two)
		if x, _ := total(t, two, "a"); x != 1 {
			t.Errorf("granted, the sum is %d", x)
		}
		write(t, one, revoke(from, map[string]uint64{centre: 1}))
		write(t, from, count(id.New(), "a", 1))
		from.Carry(two)
		if x, _ := total(t, two, "a"); x != 1 {
			t.Errorf("revoked, the sum is %d", x)
		}
		two.Whole()
	})
}
