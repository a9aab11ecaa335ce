package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/place"
	"tizi/internal/programme"
)

// Rebuild is the result of deriving all tables of a node again while it serves pages and takes facts in.
type Rebuild struct {
	Machine
	Facts     int64   `json:"facts"`
	FillS     float64 `json:"fill_s"`
	Seconds   float64 `json:"seconds"`
	FactsPerS float64 `json:"facts_per_s"`
	Pages     int     `json:"pages_read"`
	PageP95   float64 `json:"page_p95_ms"`
	PageMax   float64 `json:"page_max_ms"`
	Writes    int     `json:"writes"` // one after the other, by another process than the one that rebuilds
	WriteP95  float64 `json:"write_p95_ms"`
	WriteMax  float64 `json:"write_max_ms"` // how long writing was paused at most
	PeakRSS   float64 `json:"peak_rss_mb"`  // of the process that rebuilds
	Bytes     int64   `json:"bytes"`        // of the database, before
	BytesNow  int64   `json:"bytes_after"`
	Checked   bool    `json:"checked"`
}

// filled is how many facts are prepared in memory at a time.
const filled = 200_000

// MeasureRebuild fills a node in a folder and rebuilds it, with one process that serves, one that rebuilds and this one, which
// writes and reads.
func MeasureRebuild(ctx context.Context, dir, url string, facts int, check bool, progress func(part string) func(done, total int64)) (*Rebuild, error) {
	r := &Rebuild{Machine: machine("sqlite")}
	if url != "" {
		r.Engine = "postgres"
	}
	at := house.Config{Dir: filepath.Join(dir, "node"), URL: url}
	h, err := house.Create(ctx, at)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	if err := h.Found(ctx, house.Founding{Country: "ma", Owner: "Bench", Login: "bench", Passphrase: "un deux trois soleil", Lang: "fr"}); err != nil {
		return nil, err
	}
	owner, err := h.Access.Holder(ctx, h.DB, "bench")
	if err != nil {
		return nil, err
	}
	token, err := h.Access.Begin(ctx, owner, "bench")
	if err != nil {
		return nil, err
	}
	b := &factBench{h: h, centre: place.ID("MA-ERR-MJ1"), prog: programme.ID("BENCH"), phase: id.New(), text: id.New(), rng: rand.New(rand.NewPCG(1, 1))}
	if err := b.begin(ctx); err != nil {
		return nil, err
	}
	start := time.Now()
	if err := b.fill(ctx, facts, progress("facts written")); err != nil {
		return nil, err
	}
	r.FillS = time.Since(start).Seconds()
	if r.Facts, err = h.Log.Count(ctx, h.DB); err != nil {
		return nil, err
	}
	if r.Bytes, err = h.DB.Size(ctx); err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	serve, err := serveHub(ctx, dir, at, address)
	if err != nil {
		return nil, err
	}
	err = r.run(ctx, b, at, "http://"+address, token)
	if err = errors.Join(err, serve.stop()); err != nil {
		return nil, err
	}
	if r.BytesNow, err = h.DB.Size(ctx); err != nil || !check {
		return r, err
	}
	rep, err := h.Check(ctx, progress("facts checked"))
	if err == nil && !rep.OK {
		err = fmt.Errorf("the check found faults: %v", rep.Faults)
	}
	r.Checked = err == nil
	return r, err
}

// fill writes facts.
func (b *factBench) fill(ctx context.Context, facts int, show func(done, total int64)) error {
	for done := 0; done < facts; {
		items, err := b.batches(min(filled, facts-done))
		if err != nil {
			return err
		}
		for part := range slices.Chunk(items, 2000) {
			if err := b.write(ctx, part); err != nil {
				return err
			}
		}
		b.people, b.sessions = nil, nil
		done += len(items)
		show(int64(done), int64(max(done, facts)))
	}
	return nil
}

// run rebuilds while pages are read and facts are written.
func (r *Rebuild) run(ctx context.Context, b *factBench, at house.Config, address, token string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, "rebuild", "--data", at.Dir)
	if at.URL != "" {
		cmd.Args = append(cmd.Args, "--db", at.URL)
	}
	cmd.Stderr = os.Stderr
	going, stop := context.WithCancel(ctx)
	defer stop()
	var pages, writes []time.Duration
	var reading, writing error
	read, wrote := make(chan struct{}), make(chan struct{})
	items, err := b.batches(filled)
	if err != nil {
		return err
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() {
		defer close(read)
		pages, reading = readPages(going, address, token)
	}()
	go func() {
		defer close(wrote)
		for i := 0; going.Err() == nil && i < len(items) && writing == nil; i++ {
			t := time.Now()
			writing = b.write(ctx, items[i:i+1])
			writes = append(writes, time.Since(t))
			r.PeakRSS = max(r.PeakRSS, Peak(fmt.Sprint(cmd.Process.Pid)))
			time.Sleep(20 * time.Millisecond)
		}
	}()
	err = cmd.Wait()
	r.Seconds = time.Since(start).Seconds()
	r.FactsPerS = float64(r.Facts) / r.Seconds
	stop()
	<-read
	<-wrote
	if err = errors.Join(err, reading, writing); err != nil {
		return err
	}
	if len(pages) == 0 || len(writes) == 0 {
		return errors.New("it was over before a page was read; take more facts")
	}
	most := func(l []time.Duration) float64 { return float64(slices.Max(l).Microseconds()) / 1000 }
	r.Pages, r.PageP95, r.PageMax = len(pages), percentile(pages, .95), most(pages)
	r.Writes, r.WriteP95, r.WriteMax = len(writes), percentile(writes, .95), most(writes)
	return nil
}
