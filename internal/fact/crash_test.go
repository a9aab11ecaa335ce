package fact_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
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

// The power goes at any moment, while many write, receive and are registered: whatever was acknowledged is there
// afterwards, and all is whole.
func TestPowerCuts(t *testing.T) {
	disk := testnode.NewDisk(t)
	n := testnode.New(t, disk.Place(), toy.Registry())
	from := node(t, store.SQLite)
	n.Grant(from.Own, everything, everything)
	type acked struct {
		ref  fact.Ref
		text string
	}
	var mu sync.Mutex
	var done []acked
	var people []id.ID
	received := 0
	cuts := 15
	if testing.Short() {
		cuts = 4
	}
	for cut := range cuts {
		r := rand.New(rand.NewPCG(uint64(cut), 7))
		var wg sync.WaitGroup
		for c := range 8 {
			wg.Go(func() {
				for i := 0; ; i++ {
					text := fmt.Sprint(cut, c, i)
					refs, err := n.Write(say(id.New(), text), count(id.Named("shared", fmt.Sprint(c%3)), "a", 1))
					if err != nil {
						return
					}
					mu.Lock()
					done = append(done, acked{refs[0], text})
					mu.Unlock()
				}
			})
		}
		wg.Go(func() {
			for {
				p := id.New()
				_, err := n.Do(ctx, fact.Command{Name: "register", Stream: centre, Run: func(context.Context, store.Querier) (fact.Outcome, error) {
					k, err := n.Keys.New(p, centre)
					if err != nil {
						return fact.Outcome{}, err
					}
					return fact.Outcome{Keys: []*seal.Key{k}, Facts: []fact.New{{Stream: centre, Kind: toy.KindNamed, Subject: p, Born: true,
						Body: toy.Named{Sealed: k.Seal([]byte("somebody")), Group: "b"}}}}, nil
				}})
				if err != nil {
					return
				}
				mu.Lock()
				people = append(people, p)
				mu.Unlock()
			}
		})
		wg.Go(func() {
			for {
				if _, err := from.Write(count(id.New(), "c", 1)); err != nil {
					t.Error(err)
					return
				}
				v, err := n.Vector(ctx, n.DB)
				if err != nil {
					return
				}
				b, err := from.Read(ctx, from.DB, centre, from.Node(), v[centre][from.Node()], 10)
				if err != nil {
					t.Error(err)
					return
				}
				added, _, err := n.Receive(ctx, b)
				if err != nil {
					return
				}
				received += added
			}
		})
		time.Sleep(time.Duration(r.IntN(120)) * time.Millisecond)
		disk.Cut()
		wg.Wait()
		n.Stop() // it fails, as it must
		must(t, disk.Restore())
		n.Start()
		n.Whole()
		for _, a := range done {
			var got string
			must(t, n.Facts(ctx, n.DB, "node IN (SELECT id FROM fact_node WHERE node = ?) AND seq = ?", store.Args(a.ref.Node, int64(a.ref.Seq)), func(f *fact.Fact) error {
				if f.Stream == a.ref.Stream {
					got = string(f.Body)
				}
				return nil
			}))
			if want := fmt.Sprintf(`{"text":"%s"}`, a.text); got != want {
				t.Fatalf("cut %d: %s was acknowledged as %s and is %s", cut, a.ref, want, got)
			}
		}
		for _, p := range people {
			if name(t, n, p) != "somebody" {
				t.Fatalf("cut %d: somebody who was registered cannot be read", cut)
			}
		}
		v, err := n.Vector(ctx, n.DB)
		must(t, err)
		if held := v[centre][from.Node()]; held < uint64(received) {
			t.Fatalf("cut %d: %d facts were taken, %d are held", cut, received, held)
		}
		received = int(v[centre][from.Node()])
		done, people = done[len(done)/2:], people[len(people)/2:] // the rest is checked again after the next cut
	}
}

func TestFullDisk(t *testing.T) {
	disk := testnode.NewDisk(t)
	n := testnode.New(t, disk.Place(), toy.Registry())
	s := id.New()
	write(t, n, say(s, "before"))
	disk.Fill(200_000)
	var err error
	for range 1000 {
		if _, err = n.Write(say(id.New(), "more")); err != nil {
			break
		}
	}
	wantErr(t, err, store.ErrFull)
	// Many at once are told so at once: nobody's command is tried again alone.
	var wg sync.WaitGroup
	var runs atomic.Int64
	for range 50 {
		wg.Go(func() {
			_, err := n.Do(ctx, fact.Command{Name: "more", Stream: centre, Run: func(context.Context, store.Querier) (fact.Outcome, error) {
				runs.Add(1)
				return fact.Outcome{Facts: []fact.New{say(id.New(), strings.Repeat("more", 5000))}}, nil
			}})
			if !errors.Is(err, store.ErrFull) {
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if runs.Load() != 50 {
		t.Errorf("50 commands ran %d times", runs.Load())
	}
	if got := text(t, n, s); got != "before" {
		t.Errorf("reading gives %q", got)
	}
	disk.Fill(-1)
	write(t, n, say(s, "after"))
	if got := text(t, n, s); got != "after" {
		t.Errorf("reading gives %q", got)
	}
	n.Whole()
}
