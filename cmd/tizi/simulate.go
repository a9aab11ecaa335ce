package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"tizi/internal/house"
	"tizi/internal/simulate"
)

type simulateCmd struct {
	Faults simulateFaultsCmd `cmd:"" help:"Play nodes against cut links, lost power, wrong clocks, stolen and copied boxes, by seed."`
	Cuts   simulateCutsCmd   `cmd:"" help:"Cut the power of nodes at random moments while many write, and look whether anything that was acknowledged is lost."`
}

type simulateCutsCmd struct {
	Cuts int    `help:"How often the power is cut." default:"1000"`
	Seed uint64 `help:"The seed of the moments." default:"1"`
	Dir  string `help:"Where the databases lie for as long as they are needed; memory is quickest." type:"existingdir" placeholder:"DIR"`
	JSON bool   `help:"Print the result as JSON."`
}

// Help gives an example.
func (simulateCutsCmd) Help() string {
	return "A node has a disk that forgets in a power cut what was not synced, as a whole or by the sector. Every second node is encrypted.\n\nExample:\n  tizi simulate cuts --cuts 1000 --dir /dev/shm --json"
}

func (c *simulateCutsCmd) Run(ctx context.Context) error {
	if c.Cuts < 1 {
		return usageError{fmt.Errorf("--cuts from 1")}
	}
	slog.SetDefault(slog.New(slog.DiscardHandler)) // what is provoked is not for the terminal
	dir, err := os.MkdirTemp(c.Dir, "tizi-simulate-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	tell := progress("cut")
	rep, err := simulate.Cuts(ctx, house.Registry(), dir, c.Seed, c.Cuts, func(done int) { tell(int64(done), int64(c.Cuts)) })
	if err != nil {
		return err
	}
	if c.JSON {
		if err := printJSON(rep); err != nil {
			return err
		}
	} else {
		fmt.Printf("%d cuts, %d of them on an encrypted folder, %d while the node started, %d of a disk that kept some sectors; %d facts and %d files acknowledged, %d lost\n", rep.Cuts, rep.Encrypted, rep.Starting, rep.Torn, rep.Facts, rep.Files, rep.Lost)
		for _, p := range rep.Problems {
			fmt.Println(p)
		}
	}
	if len(rep.Problems) > 0 {
		return fmt.Errorf("%d things are not as they were acknowledged", len(rep.Problems))
	}
	return nil
}

type simulateFaultsCmd struct {
	Histories int    `help:"How many histories." default:"100"`
	Seed      uint64 `help:"The seed of the first; the next has the next." default:"1"`
	Workers   int    `help:"How many are played at once, each in a process of its own." default:"0" placeholder:"N"`
	Dir       string `help:"Where their databases lie for as long as they are played; memory is quickest." type:"existingdir" placeholder:"DIR"`
	JSON      bool   `help:"Print the result as JSON."`
	Worker    bool   `hidden:"" help:"Print a line for each history."`
}

// Help gives an example.
func (simulateFaultsCmd) Help() string {
	return "A history that fails prints the command that plays it again.\n\nExample:\n  tizi simulate faults --histories 10000 --dir /dev/shm --json\n  tizi simulate faults --histories 1 --seed 4711"
}

func (c *simulateFaultsCmd) Run(ctx context.Context) error {
	if c.Histories < 1 {
		return usageError{fmt.Errorf("--histories from 1")}
	}
	if c.Worker {
		return c.work(ctx)
	}
	if c.Workers <= 0 {
		c.Workers = runtime.NumCPU()
	}
	c.Workers = min(c.Workers, c.Histories)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var mu sync.Mutex // guards all below
	total := struct {
		Histories int            `json:"histories"`
		Seed      uint64         `json:"seed"`
		Failed    int            `json:"failed"`
		Facts     int            `json:"facts"`
		Lost      int            `json:"lost_with_their_box"`
		Steps     map[string]int `json:"steps"`
		Problems  []string       `json:"problems"`
	}{Histories: c.Histories, Seed: c.Seed, Steps: map[string]int{}, Problems: []string{}}
	done := 0
	tell := progress("played")
	take := func(r io.Reader) error {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, 16<<20)
		for lines.Scan() {
			var rep simulate.Report
			if err := json.Unmarshal(lines.Bytes(), &rep); err != nil {
				return fmt.Errorf("a worker said %q: %w", lines.Text(), err)
			}
			mu.Lock()
			done++
			total.Facts += rep.Facts
			total.Lost += rep.Lost
			for k, n := range rep.Steps {
				total.Steps[k] += n
			}
			if len(rep.Problems) > 0 {
				total.Failed++
				total.Problems = append(total.Problems, fmt.Sprintf("seed %d: %s\n  play it again: tizi simulate faults --histories 1 --seed %d", rep.Seed, strings.Join(rep.Problems, "\n  "), rep.Seed))
			}
			tell(int64(done), int64(c.Histories))
			mu.Unlock()
		}
		return lines.Err()
	}
	errs := make(chan error, c.Workers)
	for i := range c.Workers {
		from, to := i*c.Histories/c.Workers, (i+1)*c.Histories/c.Workers
		go func() {
			w := exec.CommandContext(ctx, self, "simulate", "faults", "--worker", "--histories", fmt.Sprint(to-from), "--seed", fmt.Sprint(c.Seed+uint64(from)))
			if c.Dir != "" {
				w.Args = append(w.Args, "--dir", c.Dir)
			}
			w.Stderr = os.Stderr
			out, err := w.StdoutPipe()
			if err == nil {
				err = w.Start()
			}
			if err == nil {
				err = take(out)
				if e := w.Wait(); err == nil {
					err = e
				}
			}
			errs <- err
		}()
	}
	for range c.Workers {
		if e := <-errs; e != nil && err == nil {
			err = e
		}
	}
	if err != nil {
		return err
	}
	if c.JSON {
		if err := printJSON(total); err != nil {
			return err
		}
	} else {
		fmt.Printf("%d histories, %d facts acknowledged, %d lost with a box that was destroyed before it could tell anybody\n", done, total.Facts, total.Lost)
		for _, k := range slices.Sorted(maps.Keys(total.Steps)) {
			fmt.Printf("  %-18s %d\n", k, total.Steps[k])
		}
		for _, p := range total.Problems {
			fmt.Println(p)
		}
	}
	if total.Failed > 0 {
		return fmt.Errorf("%d of %d histories failed", total.Failed, done)
	}
	return nil
}

func (c *simulateFaultsCmd) work(ctx context.Context) error {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // what is provoked is not for the terminal
	debug.SetGCPercent(400)                        // there is memory, and time is what it takes
	reg := house.Registry()
	out := json.NewEncoder(os.Stdout)
	for i := range c.Histories {
		dir, err := os.MkdirTemp(c.Dir, "tizi-simulate-")
		if err != nil {
			return err
		}
		rep, err := simulate.Faults(ctx, reg, dir, c.Seed+uint64(i))
		if err != nil {
			rep.Problems = append(rep.Problems, err.Error())
		}
		os.RemoveAll(dir)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := out.Encode(rep); err != nil {
			return err
		}
	}
	return nil
}
