package simulate_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"

	"tizi/internal/fact"
	"tizi/internal/house"
	"tizi/internal/simulate"
)

var (
	histories = flag.Int("histories", 500, "how many histories are played")
	first     = flag.Uint64("seed", 1, "the seed of the first")
	cuts      = flag.Int("cuts", 24, "how often the power is cut")
	worker    = flag.Bool("worker", false, "play them in this process")
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	flag.Parse()
	os.Exit(m.Run())
}

// Only one history can be played at a time in a process, so there is a process for each processor.
func TestFaults(t *testing.T) {
	n := *histories
	if testing.Short() {
		n = min(n, 4)
	}
	if *worker || n < runtime.NumCPU() {
		play(t, *first, n)
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range runtime.NumCPU() {
		from, to := i*n/runtime.NumCPU(), (i+1)*n/runtime.NumCPU()
		wg.Go(func() {
			out, err := exec.Command(self, "-test.run=^TestFaults$", "-worker", "-histories", fmt.Sprint(to-from), "-seed", fmt.Sprint(*first+uint64(from))).CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	wg.Wait()
}

func play(t *testing.T, from uint64, n int) {
	debug.SetGCPercent(400)
	reg := house.Registry()
	for seed := from; seed < from+uint64(n); seed++ {
		rep := history(t, reg, seed)
		for _, p := range rep.Problems {
			t.Errorf("seed %d: %s\nplay it again: go test ./internal/simulate -run TestFaults -histories 1 -seed %d", seed, p, seed)
		}
	}
}

func history(t *testing.T, reg *fact.Registry, seed uint64) *simulate.Report {
	t.Helper()
	dir, err := os.MkdirTemp(memory(), "tizi-simulate-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	rep, err := simulate.Faults(context.Background(), reg, dir, seed)
	if err != nil {
		rep.Problems = append(rep.Problems, err.Error())
	}
	return rep
}

// memory is where files are written soonest, "" for where they are else.
func memory() string {
	if d, err := os.Stat("/dev/shm"); err == nil && d.IsDir() {
		return "/dev/shm"
	}
	return ""
}

// A seed tells the same history each time, or what failed could not be played again.
func TestSeedTellsTheSame(t *testing.T) {
	reg := house.Registry()
	a, b := history(t, reg, 7), history(t, reg, 7)
	if !reflect.DeepEqual(a, b) {
		t.Errorf("first\n%+v\nthen\n%+v", a, b)
	}
}

// The power is cut while many write: nothing that was acknowledged is lost, on an open folder and on an encrypted one.
func TestCuts(t *testing.T) {
	dir, err := os.MkdirTemp(memory(), "tizi-simulate-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	rep, err := simulate.Cuts(context.Background(), house.Registry(), dir, *first, *cuts, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range rep.Problems {
		t.Error(p)
	}
	if rep.Cuts != *cuts || rep.Facts == 0 || rep.Files == 0 || rep.Encrypted == 0 {
		t.Errorf("too little happened: %+v", rep)
	}
	t.Logf("%+v", rep)
}
