package fact_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/seal"
	"tizi/internal/store"
	"tizi/internal/testnode"
	"tizi/internal/testnode/toy"
)

func TestWhatACommandSaysIsShown(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := node(t, e)
		a, b := id.New(), id.New()
		refs := write(t, n, count(a, "a", 3), say(b, "first"))
		if len(refs) != 2 || refs[0].Seq != 1 || refs[1].Seq != 2 || refs[1].Node != n.Node() || refs[1].Stream != centre {
			t.Errorf("refs %v", refs)
		}
		write(t, n, count(a, "a", 4), count(a, "b", 1), say(b, "second", refs[1]))
		if got := text(t, n, b); got != "second" {
			t.Errorf("the register says %q", got)
		}
		if x, _ := total(t, n, "a"); x != 7 {
			t.Errorf("the sum is %d", x)
		}
		all, err := n.Of(ctx, n.DB, b)
		must(t, err)
		if len(all) != 2 || len(fact.HeadsOf(all)) != 1 || !fact.Says(all, toy.Said{Text: "second"}) || fact.Says(all, toy.Said{Text: "first"}) {
			t.Errorf("of the subject: %v, heads %v", all, fact.HeadsOf(all))
		}
		n.Whole()
	})
}

// Commands of many callers share transactions, and each gets its own answer.
func TestManyClients(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := node(t, e)
		refuse, also := errors.New("refused"), errors.New("also failed")
		var wg sync.WaitGroup
		var written, refused, failed, panicked atomic.Int64
		for c := range 32 {
			wg.Go(func() {
				for i := range 10 {
					s := id.New()
					_, err := n.Do(ctx, fact.Command{Name: "count", Stream: centre, Run: func(context.Context, store.Querier) (fact.Outcome, error) {
						out := fact.Outcome{Facts: []fact.New{count(s, "a", 1)}}
						switch {
						case c == 3:
							return fact.Outcome{}, refuse
						case c == 4:
							out.Also = func(context.Context, store.Tx) error { return also }
						case c == 5 && i == 5:
							panic("a bug")
						}
						return out, nil
					}})
					switch {
					case err == nil:
						written.Add(1)
					case errors.Is(err, refuse):
						refused.Add(1)
					case errors.Is(err, also):
						failed.Add(1)
					case strings.Contains(err.Error(), "a bug"):
						panicked.Add(1)
					default:
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if written.Load() != 299 || refused.Load() != 10 || failed.Load() != 10 || panicked.Load() != 1 {
			t.Errorf("%d written, %d refused, %d failed, %d panicked", written.Load(), refused.Load(), failed.Load(), panicked.Load())
		}
		if x, _ := total(t, n, "a"); x != 299 {
			t.Errorf("the sum is %d", x)
		}
		n.Whole()
	})
}

// A seat may be given once, though sixty ask for it in the same moment.
func TestCommandsThatShareAKeyFollowEachOther(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := node(t, e)
		seat := id.New()
		full := errors.New("taken")
		var wg sync.WaitGroup
		var got atomic.Int64
		for range 60 {
			wg.Go(func() {
				_, err := n.Do(ctx, fact.Command{Name: "take the seat", Stream: centre, Keys: []id.ID{seat}, Run: func(ctx context.Context, q store.Querier) (fact.Outcome, error) {
					all, err := n.Of(ctx, q, seat)
					if err != nil {
						return fact.Outcome{}, err
					}
					if len(all) >= 5 {
						return fact.Outcome{}, full
					}
					return fact.Outcome{Facts: []fact.New{count(seat, "a", 1)}}, nil
				}})
				if err == nil {
					got.Add(1)
				} else if !errors.Is(err, full) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if x, _ := total(t, n, "a"); x != 5 || got.Load() != 5 {
			t.Errorf("%d of 5 seats were given, %d callers were told so", x, got.Load())
		}
	})
}

func TestRestartKeepsClockAndHeads(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := node(t, e)
		s := id.New()
		write(t, n, say(s, "before"))
		must(t, n.Stop())
		n.Time.Move(-24 * 365 * time.Hour) // the battery of its clock died
		n.Start()
		refs := write(t, n, say(s, "after"))
		if refs[0].Seq != 2 {
			t.Errorf("the second fact got the number %d", refs[0].Seq)
		}
		if got := text(t, n, s); got != "after" {
			t.Errorf("a clock that went back makes %q stand", got)
		}
		n.Whole()
	})
}

// What was given out inside a transaction that failed must not be believed afterwards.
func TestFailedTurnLeavesNothingCached(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := node(t, e)
		broken := errors.New("broken")
		a, b := id.New(), id.New()
		other := "centre/" + id.Named("test", "other").String()
		// The first fact of the node gives numbers to a stream and a kind, and a person gets a key; then all is undone.
		_, err := n.Do(ctx, fact.Command{Name: "fail", Stream: centre, Run: func(context.Context, store.Querier) (fact.Outcome, error) {
			f := say(a, "x")
			f.Stream = other
			return fact.Outcome{Facts: []fact.New{f}, Also: func(ctx context.Context, tx store.Tx) error { return nil }}, nil
		}})
		must(t, err)
		_, err = n.Do(ctx, fact.Command{Name: "fail", Stream: centre, Run: func(context.Context, store.Querier) (fact.Outcome, error) {
			return fact.Outcome{Facts: []fact.New{count(b, "a", 1)}, Also: func(ctx context.Context, tx store.Tx) error { return broken }}, nil
		}})
		wantErr(t, err, broken)
		p := id.New()
		_, err = n.Do(ctx, fact.Command{Name: "fail", Stream: centre, Run: func(context.Context, store.Querier) (fact.Outcome, error) {
			k, err := n.Keys.New(p, centre)
			if err != nil {
				return fact.Outcome{}, err
			}
			return fact.Outcome{Keys: []*seal.Key{k}, Also: func(ctx context.Context, tx store.Tx) error { return broken }}, nil
		}})
		wantErr(t, err, broken)
		write(t, n, count(b, "a", 1))
		register(t, n, "Amina", "a")
		must(t, n.Stop())
		n.Start() // nothing is cached now
		if x, people := total(t, n, "a"); x != 1 || people != 1 {
			t.Errorf("%d counted, %d people", x, people)
		}
		n.Whole()
	})
}

func TestUnknownCriticalKindBlocksItsSubjectOnly(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		hub := node(t, store.SQLite)
		old := box(t, e, hub)
		new := hub.Box(testnode.Place(t, store.SQLite), toy.Newer(), []string{"toy.*"}, []string{centre})
		a, b := id.New(), id.New()
		write(t, old, say(a, "a"), say(b, "b"))
		write(t, new, fact.New{Stream: centre, Kind: toy.KindUrgent, Subject: a, Body: toy.Future{N: 1}}, fact.New{Stream: centre, Kind: toy.KindLater, Subject: b, Body: toy.Future{N: 1}})
		testnode.Meet(hub, old, new)
		_, err := old.Write(say(a, "again"))
		wantErr(t, err, fact.ErrUpgrade)
		if !strings.Contains(err.Error(), "upgrade") || strings.Contains(err.Error(), "SELECT") {
			t.Errorf("the person is told %q", err)
		}
		write(t, old, say(b, "again"))
		old.Whole()

		old.Upgrade(toy.Newer())
		write(t, old, say(a, "again"))
		if got := old.CountOf("toy_future"); got != 2 {
			t.Errorf("the upgraded node shows %d of 2 rows", got)
		}
		old.Whole()
	})
}

// A node that nobody granted anything must not be able to block others.
func TestUngrantedCriticalKindBlocksNothing(t *testing.T) {
	hub := node(t, store.SQLite)
	old := box(t, store.SQLite, hub)
	stranger := testnode.New(t, testnode.Place(t, store.SQLite), toy.Newer())
	a := id.New()
	write(t, old, say(a, "a"))
	refs := write(t, stranger, fact.New{Stream: centre, Kind: toy.KindUrgent, Subject: a, Body: toy.Future{N: 1}})
	stranger.Carry(old)
	wantState(t, old, refs[0], fact.Ungranted)
	write(t, old, say(a, "still mine"))
	old.Whole()
}

func TestWrongFactsAreRefused(t *testing.T) {
	n := node(t, store.SQLite)
	s := id.New()
	foreign := fact.NewKind[toy.Said](fact.Kind{Name: "toy.foreign", Streams: []string{"centre"}})
	for name, f := range map[string]fact.New{
		"stream of another class": {Stream: "hub", Kind: toy.KindSaid, Subject: s, Body: toy.Said{Text: "x"}},
		"malformed stream":        {Stream: "centre/../x", Kind: toy.KindSaid, Subject: s, Body: toy.Said{Text: "x"}},
		"no subject":              {Stream: centre, Kind: toy.KindSaid, Body: toy.Said{Text: "x"}},
		"body of another kind":    {Stream: centre, Kind: toy.KindSaid, Subject: s, Body: toy.Counted{Group: "a"}},
		"body that fails Check":   say(s, toy.Nonsense),
		"too large":               say(s, strings.Repeat("x", fact.MaxBody)),
		"too many replaced":       say(s, "x", make([]fact.Ref, 300)...),
		"unregistered kind":       {Stream: centre, Kind: foreign, Subject: s, Body: toy.Said{Text: "x"}},
		"no kind":                 {Stream: centre, Subject: s, Body: toy.Said{Text: "x"}},
	} {
		if refs, err := n.Write(f); err == nil {
			t.Errorf("%s: written as %v", name, refs)
		}
	}
	// A refusal is the command's own: what is right goes on.
	write(t, n, say(s, "right"))
	n.Whole()
}

// What JSON spells must fit both engines, and what one fold cannot cope with must stop nothing else.
func TestTextsThatBringProgramsDown(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := node(t, e)
		a, b, c, d := id.New(), id.New(), id.New(), id.New()
		write(t, n, say(a, "a\x00b"), say(b, "broken \xff utf-8"), say(c, toy.FoldBomb), say(d, "fine"))
		if got := text(t, n, a); got != "a\uFFFDb" {
			t.Errorf("a NUL became %q", got)
		}
		if got := text(t, n, b); got != "broken \uFFFD utf-8" {
			t.Errorf("broken UTF-8 became %q", got)
		}
		if got := text(t, n, d); got != "fine" {
			t.Errorf("the neighbour says %q", got)
		}
		rep, err := n.Check(ctx, nil)
		must(t, err)
		if len(rep.Faults) != 1 || !strings.Contains(rep.Faults[0], c.String()) {
			t.Errorf("the fold that fails is not named: %v", rep.Faults)
		}
		write(t, n, say(c, "mended"))
		n.Whole()
	})
}

func TestClosedLogSaysSo(t *testing.T) {
	n := node(t, store.SQLite)
	l := n.Log
	must(t, n.Stop())
	_, err := l.Do(ctx, fact.Command{Name: "late", Stream: centre, Run: func(context.Context, store.Querier) (fact.Outcome, error) {
		return fact.Outcome{Facts: []fact.New{say(id.New(), "x")}}, nil
	}})
	wantErr(t, err, fact.ErrClosed)
}

func TestCancelledCommandIsNotRun(t *testing.T) {
	n := node(t, store.SQLite)
	c, cancel := context.WithCancel(ctx)
	cancel()
	ran := false
	_, err := n.Do(c, fact.Command{Name: "cancelled", Stream: centre, Run: func(context.Context, store.Querier) (fact.Outcome, error) {
		ran = true
		return fact.Outcome{}, nil
	}})
	wantErr(t, err, context.Canceled)
	if ran {
		t.Error("it ran")
	}
}

// The order of an outcome's facts is the order of their names, over several streams.
func TestFactsInSeveralStreams(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := node(t, e)
		a, b := id.New(), id.New()
		public := count(b, "b", 1)
		public.Stream = "commons"
		refs := write(t, n, count(a, "a", 1), public, count(a, "a", 1))
		if fmt.Sprint(refs[0].Seq, refs[1].Seq, refs[2].Seq) != "1 1 2" || refs[1].Stream != "commons" {
			t.Errorf("refs %v", refs)
		}
		n.Whole()
	})
}

// A fact that calls a subject new which is known would count it twice: it must fail, alone.
func TestBornTwiceIsRefused(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := node(t, e)
		s := id.New()
		born := count(s, "a", 1)
		born.Born = true
		write(t, n, born)
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				f := count(id.New(), "a", 1)
				if i == 5 {
					f = born
				}
				if _, err := n.Write(f); (err != nil) != (i == 5) {
					t.Errorf("command %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		if x, _ := total(t, n, "a"); x != 10 {
			t.Errorf("the sum is %d", x)
		}
		n.Whole()
	})
}

// A command whose keys are looked up takes another turn when more came before its own: what it reads is never changed beside
// it.
func TestKeysAreLookedUpAgainInTheTurn(t *testing.T) {
	testnode.Engines(t, func(t *testing.T, e store.Engine) {
		n := node(t, e)
		a, b, s := id.New(), id.New(), id.New()
		asked, ran := 0, 0
		_, err := n.DoKeyed(ctx, fact.Command{Name: "count", Stream: centre, Run: func(context.Context, store.Querier) (fact.Outcome, error) {
			ran++
			return fact.Outcome{Facts: []fact.New{count(s, "a", 1)}}, nil
		}}, func(context.Context, store.Querier) ([]id.ID, error) {
			if asked++; asked == 1 {
				return []id.ID{a}, nil
			}
			return []id.ID{a, b}, nil // before the turn, another was joined with it
		})
		must(t, err)
		if asked != 4 || ran != 1 {
			t.Errorf("the keys were asked for %d times and the command ran %d times, want 4 and 1", asked, ran)
		}
		refuse := errors.New("refused")
		if _, err := n.DoKeyed(ctx, fact.Command{Name: "count", Stream: centre, Run: func(context.Context, store.Querier) (fact.Outcome, error) { return fact.Outcome{}, nil }}, func(context.Context, store.Querier) ([]id.ID, error) { return nil, refuse }); !errors.Is(err, refuse) {
			t.Errorf("keys that cannot be told: %v", err)
		}
	})
}
