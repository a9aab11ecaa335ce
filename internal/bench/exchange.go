package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/node"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/programme"
)

// Exchange is the result of measuring how fast a box's facts come to a hub: two processes, real HTTP over loopback, every
// batch verified, projected and durable at the hub.
type Exchange struct {
	Machine
	Mix              string  `json:"mix"`
	Facts            int     `json:"facts"`
	Seconds          float64 `json:"seconds"`
	FactsPerS        float64 `json:"facts_per_s"`
	WireBytesPerFact float64 `json:"wire_bytes_per_fact"`
	MarkBytesPerFact float64 `json:"attendance_bytes_per_fact"` // of facts of attendance alone
	PeakRSS          float64 `json:"peak_rss_mb"`               // the greater of both sides
	HubRSS           float64 `json:"hub_peak_rss_mb"`
	BoxRSS           float64 `json:"box_peak_rss_mb"`
	SameBytes        int     `json:"nothing_new_bytes"` // both ways, headers included
	SameAsked        int     `json:"nothing_new_round_trips"`
	Checked          bool    `json:"checked"`
}

// synced is what tizi sync prints.
type synced struct {
	Same      bool    `json:"same"`
	Sent      int     `json:"sent"`
	Got       int     `json:"got"`
	BytesSent int64   `json:"bytes_sent"`
	BytesGot  int64   `json:"bytes_got"`
	Seconds   float64 `json:"seconds"`
	RSS       float64 `json:"peak_rss_mb"`
}

// MeasureExchange fills a box, pairs it with a hub in a folder (on PostgreSQL where url says so), and lets the program itself
// bring its facts there.
func MeasureExchange(ctx context.Context, dir, url string, facts int, progress func(done, total int64)) (*Exchange, error) {
	r := &Exchange{Machine: machine("sqlite"), Mix: mix}
	if url != "" {
		r.Engine = "postgres"
	}
	hub, box := house.Config{Dir: filepath.Join(dir, "hub"), URL: url}, house.Config{Dir: filepath.Join(dir, "box")}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	b, err := pairForBench(ctx, hub, box, "http://"+address)
	if err != nil {
		return nil, err
	}
	items, err := b.batches(facts)
	if err != nil {
		return nil, err
	}
	for from := 0; from < len(items); from += 2000 {
		if err := b.write(ctx, items[from:min(from+2000, len(items))]); err != nil {
			return nil, err
		}
		if progress != nil {
			progress(int64(from), int64(len(items)))
		}
	}
	if err := b.h.Close(); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	serve, err := serveHub(ctx, dir, hub, address)
	if err != nil {
		return nil, err
	}
	sync := func() (s synced, err error) {
		c := exec.CommandContext(ctx, self, "sync", "--data", box.Dir, "--json")
		c.Stderr = os.Stderr
		out, err := c.Output()
		if err != nil {
			return s, fmt.Errorf("sync: %w", err)
		}
		return s, json.Unmarshal(out, &s)
	}
	err = func() error {
		first, err := sync()
		if err != nil {
			return err
		}
		r.Facts, r.Seconds, r.BoxRSS, r.HubRSS = first.Sent, first.Seconds, first.RSS, serve.peak()
		r.FactsPerS = float64(first.Sent) / first.Seconds
		r.WireBytesPerFact = float64(first.BytesSent+first.BytesGot) / float64(first.Sent)
		// Marks alone.
		if b.h, err = house.Open(ctx, box); err != nil {
			return err
		}
		marks, err := b.marks(ctx)
		if err = joinClose(err, b.h); err != nil {
			return err
		}
		second, err := sync()
		if err != nil {
			return err
		}
		if second.Sent != marks {
			return fmt.Errorf("%d marks were written and %d facts sent", marks, second.Sent)
		}
		r.MarkBytesPerFact = float64(second.BytesSent+second.BytesGot) / float64(second.Sent)
		third, err := sync()
		if err == nil && !third.Same {
			err = fmt.Errorf("a third exchange had something to say: %+v", third)
		}
		r.SameAsked, r.SameBytes = 1, int(third.BytesSent+third.BytesGot)
		return err
	}()
	if e := serve.stop(); e != nil && err == nil {
		err = e
	}
	if err != nil {
		return nil, err
	}
	r.PeakRSS = max(r.HubRSS, r.BoxRSS)
	h, err := house.Open(ctx, hub)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	rep, err := h.Check(ctx, progress)
	if err == nil && !rep.OK {
		err = fmt.Errorf("the check of the hub found faults: %v", rep.Faults)
	}
	r.Checked = err == nil
	return r, err
}

func joinClose(err error, h *house.House) error {
	if e := h.Close(); err == nil {
		err = e
	}
	return err
}

// pairForBench makes a hub and a box that may exchange, and returns what fills the box, which is open.
func pairForBench(ctx context.Context, hub, box house.Config, address string) (*factBench, error) {
	const centre = "MA-ERR-MJ1"
	open := func(c house.Config, centre string) (*house.House, error) {
		h, err := house.Create(ctx, c)
		if err != nil {
			return nil, err
		}
		return h, h.Found(ctx, house.Founding{Country: "ma", Centre: centre, Owner: "Bench", Login: "bench", Passphrase: "un deux trois soleil"})
	}
	h, err := open(hub, "")
	if err != nil {
		return nil, err
	}
	defer h.Close()
	b, err := open(box, centre)
	if err != nil {
		return nil, err
	}
	if _, err := h.Centre(ctx, centre); err != nil {
		return nil, err
	}
	code, invite, err := h.Nodes.Invite(ctx, id.Nil, centre, person.Stream(place.ID(centre)))
	if err != nil {
		return nil, err
	}
	ask := b.Nodes.Asking(code)
	answer, err := h.Nodes.Answer(ctx, ask)
	if err != nil {
		return nil, err
	}
	number := node.Number(ask.Code, ask, answer)
	if _, err := h.Nodes.Accept(ctx, id.Nil, invite, number); err != nil {
		return nil, err
	}
	if err := b.Nodes.Join(ctx, address, answer, number, number); err != nil {
		return nil, err
	}
	f := &factBench{h: b, centre: place.ID(centre), prog: programme.ID("BENCH"), phase: id.New(), text: id.New(), rng: rand.New(rand.NewPCG(1, 1))}
	return f, f.begin(ctx)
}

// marks writes facts of attendance, a learner each, and returns how many.
func (b *factBench) marks(ctx context.Context) (int, error) {
	var items []item
	for s, learners := range b.members {
		for _, p := range learners {
			items = append(items, item{fact: attendance(b.stream(), s, p)})
		}
		if len(items) >= 50_000 {
			break
		}
	}
	for from := 0; from < len(items); from += 2000 {
		if err := b.write(ctx, items[from:min(from+2000, len(items))]); err != nil {
			return 0, err
		}
	}
	return len(items), nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func waitFor(url string) error {
	for range 1000 {
		if res, err := http.Get(url); err == nil {
			res.Body.Close()
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("%s does not answer", url)
}

// Peak is the most memory that a running process has held, in MB; 0 where the system does not tell. What the system counts
// for a child that ended includes its parent.
func Peak(pid string) float64 {
	b, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		var kb float64
		if n, _ := fmt.Sscanf(line, "VmHWM: %f kB", &kb); n == 1 {
			return kb / 1024
		}
	}
	return 0
}
