package law_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"tizi/internal/fact"
	"tizi/internal/id"
	"tizi/internal/store"
	"tizi/internal/testnode/toy"
)

// outlaws are folds and sums that break the law in ways that look harmless.
var outlaws = map[string]func() *fact.Registry{
	"a fold that remembers what it saw": func() *fact.Registry {
		r := fact.NewRegistry()
		seen := map[id.ID]int{}
		f := *toy.RegisterFold
		f.Fold = func(s *fact.Subject, out *fact.Rows) error {
			seen[s.ID]++
			out.Add(toy.Registers, s.ID, fmt.Sprint(seen[s.ID]), 0, 0.0, []byte{}, 0)
			return nil
		}
		r.AddFold(&f)
		return r
	},
	"sums that forget to take away": func() *fact.Registry {
		r := fact.NewRegistry()
		r.AddFold(toy.CounterFold)
		a := *toy.Sum
		a.Sources = []*store.Table{toy.Counters}
		begin := a.Begin
		a.Begin = func() fact.Collector { return forgetful{begin()} }
		r.AddAggregate(&a)
		return r
	},
	"a fold without samples": func() *fact.Registry {
		r := fact.NewRegistry()
		f := *toy.RegisterFold
		f.Sample = nil
		r.AddFold(&f)
		return r
	},
}

type forgetful struct{ fact.Collector }

func (c forgetful) Change(t *store.Table, old, new []any) { c.Collector.Change(t, nil, new) }

// The law is worth something only when it catches those who break it.
func TestOutlawsAreCaught(t *testing.T) {
	if name := os.Getenv("TIZI_OUTLAW"); name != "" {
		Law(t, outlaws[name]())
		return
	}
	for name := range outlaws {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir() // what rapid leaves of the failure
			c := exec.Command(os.Args[0], "-test.run=^TestOutlawsAreCaught$", "-rapid.checks=25", "-rapid.shrinktime=0s", "-rapid.nofailfile")
			c.Dir = dir
			c.Env = append(os.Environ(), "TIZI_OUTLAW="+name)
			out, err := c.CombinedOutput()
			if err == nil {
				t.Errorf("the law lets it pass:\n%s", out)
			} else if !strings.Contains(string(out), "--- FAIL") {
				t.Errorf("it did not run: %v\n%s", err, out)
			}
		})
	}
}
