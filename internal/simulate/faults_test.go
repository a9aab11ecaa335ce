package simulate_test

import (
	"context"
	"flag"
	"io"
	"log/slog"
	"os"
	"testing"

	"tizi/internal/house"
	"tizi/internal/simulate"
)

var (
	histories = flag.Int("histories", 40, "how many histories are played")
	first     = flag.Uint64("seed", 1, "the seed of the first")
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	flag.Parse()
	os.Exit(m.Run())
}

func TestFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("a simulation of many nodes")
	}
	reg := house.Registry()
	for seed := *first; seed < *first+uint64(*histories); seed++ {
		rep, err := simulate.Faults(context.Background(), reg, t.TempDir(), seed)
		if err != nil {
			t.Errorf("seed %d: %v", seed, err)
			continue
		}
		for _, p := range rep.Problems {
			t.Errorf("seed %d: %s", seed, p)
		}
	}
}
