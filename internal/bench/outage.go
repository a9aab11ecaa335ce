package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"tizi/internal/api"
	"tizi/internal/house"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/node"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/seal"
	"tizi/internal/web/door"
)

// Outage is the result of letting many centres come back to a hub at once, each with what it wrote alone, while somebody reads
// pages there.
type Outage struct {
	Machine
	Centres   int     `json:"centres"`
	Each      int     `json:"facts_each"`
	AtOnce    int     `json:"exchanges_at_once"`
	Facts     int     `json:"facts"`
	Seconds   float64 `json:"seconds"`
	FactsPerS float64 `json:"facts_per_s"`
	Pages     int     `json:"pages_read"`
	PageP50   float64 `json:"page_p50_ms"`
	PageP95   float64 `json:"page_p95_ms"`
	PageMax   float64 `json:"page_max_ms"`
	// EachP95 is the 95th percentile of each page, in milliseconds.
	EachP95 map[string]float64 `json:"each_page_p95_ms"`
	HubRSS  float64            `json:"hub_peak_rss_mb"`
	Checked bool               `json:"checked"`
}

// atOnce is how many boxes are under way at one time: the hub is never without, and this machine has to play all of them.
const atOnce = 48

// outagePages are read by who manages the country, one after the other.
var outagePages = []string{"/board?period=all", "/people", "/people?q=prenom12", "/groups", "/centres", "/network", "/today"}

// MeasureOutage makes a hub and boxes in a folder, pairs them, lets each box write alone, and then has all call the hub, which is
// a process of its own and has the machine's priority over the boxes.
func MeasureOutage(ctx context.Context, dir, url string, centres, each int, progress func(part string) func(done, total int64)) (*Outage, error) {
	r := &Outage{Machine: machine("sqlite"), Centres: centres, Each: each, AtOnce: atOnce}
	if url != "" {
		r.Engine = "postgres"
	}
	at := house.Config{Dir: filepath.Join(dir, "hub"), URL: url}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	boxes, token, err := outageHub(ctx, at, dir, centres, progress("boxes made"))
	if err != nil {
		return nil, err
	}
	serve, err := serveHub(ctx, dir, at, address)
	if err != nil {
		return nil, err
	}
	yieldTo()
	err = r.run(ctx, boxes, "http://"+address, token, progress)
	r.HubRSS = serve.peak()
	if err = errors.Join(err, serve.stop()); err != nil {
		return nil, err
	}
	h, err := house.Open(ctx, at)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	rep, err := h.Check(ctx, progress("facts checked"))
	if err == nil && !rep.OK {
		err = fmt.Errorf("the check of the hub found faults: %v", rep.Faults)
	}
	r.Checked = err == nil
	return r, err
}

// yieldTo makes every thread of this process stand back: the boxes are other machines, and must not take the hub's turn here.
func yieldTo() {
	tasks, _ := os.ReadDir("/proc/self/task")
	for _, t := range tasks {
		if n, err := strconv.Atoi(t.Name()); err == nil {
			syscall.Setpriority(syscall.PRIO_PROCESS, n, 10)
		}
	}
}

// outageBox is a box and its centre.
type outageBox struct {
	at     house.Config
	centre id.ID
	answer node.Answer
}

// outageHub makes the hub, an account that reads its pages, and the boxes with their grants.
func outageHub(ctx context.Context, at house.Config, dir string, centres int, progress func(done, total int64)) ([]outageBox, string, error) {
	h, err := house.Create(ctx, at)
	if err != nil {
		return nil, "", err
	}
	defer h.Close()
	if err := h.Found(ctx, house.Founding{Country: "ma", Owner: "Bench", Login: "bench", Passphrase: "un deux trois soleil", Lang: "fr"}); err != nil {
		return nil, "", err
	}
	owner, err := h.Access.Holder(ctx, h.DB, "bench")
	if err != nil {
		return nil, "", err
	}
	token, err := h.Access.Begin(ctx, owner, "bench")
	if err != nil {
		return nil, "", err
	}
	boxes := make([]outageBox, centres)
	var list []place.Described
	for i := range boxes {
		code := fmt.Sprintf("MA-BENCH-%04d", i)
		list = append(list, place.Described{Code: code, Parent: "MA-ERR", Type: "centre", Name: i18n.Text{i18n.FR: "Centre " + code}})
		boxes[i] = outageBox{at: house.Config{Dir: filepath.Join(dir, "boxes", fmt.Sprint(i))}, centre: place.ID(code)}
	}
	if _, _, err := h.Places.Describe(ctx, id.Nil, list); err != nil {
		return nil, "", err
	}
	for i := range boxes {
		own, err := makeBox(ctx, boxes[i].at)
		if err != nil {
			return nil, "", err
		}
		if err := h.Nodes.Grant(ctx, id.Nil, own.Public(), own.Recipient(), list[i].Code, []string{person.Stream(boxes[i].centre)}); err != nil {
			return nil, "", err
		}
		boxes[i].answer = node.Answer{Public: h.Log.Identity().Public(), Recipient: h.Log.Identity().Recipient(), Root: h.Log.Root()}
		progress(int64(i+1), int64(centres))
	}
	return boxes, token, nil
}

func makeBox(ctx context.Context, at house.Config) (*seal.Identity, error) {
	b, err := house.Create(ctx, at)
	if err != nil {
		return nil, err
	}
	return b.Log.Identity(), b.Close()
}

// each opens boxes, some at a time, and calls fn with each.
func (r *Outage) each(ctx context.Context, boxes []outageBox, many int, fn func(*house.House, int) error, progress func(done, total int64)) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	todo := make(chan int)
	var done atomic.Int64
	var all sync.WaitGroup
	for range many {
		all.Go(func() {
			for i := range todo {
				h, err := house.Open(ctx, boxes[i].at)
				if err == nil {
					err = errors.Join(fn(h, i), h.Close())
				}
				if err != nil {
					stop(fmt.Errorf("box %d: %w", i, err))
				}
				progress(done.Add(1), int64(len(boxes)))
			}
		})
	}
	for i := range boxes {
		select {
		case todo <- i:
		case <-ctx.Done():
		}
	}
	close(todo)
	all.Wait()
	return context.Cause(ctx)
}

func (r *Outage) run(ctx context.Context, boxes []outageBox, address, token string, progress func(part string) func(done, total int64)) error {
	exchange := func(h *house.House) (node.Result, error) {
		up, err := h.Nodes.Up(ctx, h.DB)
		if err != nil {
			return node.Result{}, err
		}
		// A hub that is busy says so, and a box calls again.
		for {
			x, err := h.Exchange(ctx, *up, api.Dial(h.Log.Identity(), *up, 0), nil)
			if err == nil || ctx.Err() != nil || !busy(err) {
				return x, err
			}
			time.Sleep(time.Second)
		}
	}
	err := r.each(ctx, boxes, 4, func(h *house.House, i int) error {
		number := node.Number("bench", node.Ask{}, boxes[i].answer)
		if err := h.Nodes.Join(ctx, address, boxes[i].answer, number, number); err != nil {
			return err
		}
		if _, err := exchange(h); err != nil {
			return err
		}
		b := &factBench{h: h, centre: boxes[i].centre, prog: programme.ID("BENCH"), phase: id.New(), text: id.New(), rng: rand.New(rand.NewPCG(1, uint64(i)))}
		if err := b.begin(ctx); err != nil {
			return err
		}
		items, err := b.batches(r.Each)
		if err != nil {
			return err
		}
		return b.write(ctx, items[:r.Each])
	}, progress("boxes filled"))
	if err != nil {
		return err
	}
	// Whoever reads sits at a machine of their own: in this process they would wait for what the boxes work out.
	readers, err := readBeside(ctx, address, token)
	if err != nil {
		return err
	}
	var sent atomic.Int64
	start := time.Now()
	err = r.each(ctx, boxes, atOnce, func(h *house.House, _ int) error {
		x, err := exchange(h)
		sent.Add(int64(x.Sent))
		return err
	}, progress("boxes came back"))
	r.Seconds = time.Since(start).Seconds()
	times, pages := readers()
	r.Facts = int(sent.Load())
	r.FactsPerS = float64(r.Facts) / r.Seconds
	if len(times) > 0 {
		r.Pages, r.PageP50, r.PageP95, r.PageMax = len(times), percentile(times, .5), percentile(times, .95), percentile(times, 1)
		r.EachP95 = map[string]float64{}
		for i, page := range outagePages {
			var some []time.Duration
			for n := i; n < len(times); n += len(outagePages) {
				some = append(some, times[n])
			}
			r.EachP95[page] = percentile(some, .95)
		}
	}
	return errors.Join(err, pages)
}

func busy(err error) bool {
	var op interface{ Timeout() bool }
	return errors.As(err, &op)
}

// readBeside lets a process of its own read pages (ReadPages) until the function that it returns is called, which gives the times.
func readBeside(ctx context.Context, address, token string) (func() ([]time.Duration, error), error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := exec.CommandContext(ctx, self, "bench", "outage", "--reader", address)
	c.Env, c.Stderr = append(os.Environ(), readerToken+"="+token), os.Stderr
	var out bytes.Buffer
	c.Stdout = &out
	end, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	syscall.Setpriority(syscall.PRIO_PROCESS, c.Process.Pid, 0) // where that is allowed
	return func() (times []time.Duration, err error) {
		end.Close()
		if err := c.Wait(); err != nil {
			return nil, fmt.Errorf("who reads: %w", err)
		}
		return times, json.Unmarshal(out.Bytes(), &times)
	}, nil
}

// readerToken is the variable of the environment with the session of who reads.
const readerToken = "TIZI_BENCH_SESSION"

// ReadPages reads pages at an address until its input ends, and writes how long each took, as JSON.
func ReadPages(ctx context.Context, address string, in io.Reader, out io.Writer) error {
	ctx, stop := context.WithCancel(ctx)
	go func() { io.Copy(io.Discard, in); stop() }()
	times, err := readPages(ctx, address, os.Getenv(readerToken))
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(times)
}

// readPages reads pages until ctx ends, five a second, as people do who wait for what they see.
func readPages(ctx context.Context, address, token string) ([]time.Duration, error) {
	var out []time.Duration
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for i := 0; ctx.Err() == nil; i++ {
		req, err := http.NewRequest("GET", address+outagePages[i%len(outagePages)], nil)
		if err != nil {
			return out, err
		}
		req.AddCookie(&http.Cookie{Name: door.SessionCookie, Value: token})
		t := time.Now()
		res, err := client.Do(req)
		if err != nil {
			return out, err
		}
		_, err = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK {
			return out, fmt.Errorf("%s: %s, %w", req.URL.Path, res.Status, err)
		}
		out = append(out, time.Since(t))
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
	return out, nil
}
