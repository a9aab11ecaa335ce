package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/pprof"
	"strings"
	"time"

	"tizi/internal/bench"
	"tizi/internal/demo"
	"tizi/internal/house"
	"tizi/internal/vault"
)

type benchCmd struct {
	Facts benchFactsCmd `cmd:"" help:"Take facts in, in batches and one by one."`
	Pages benchPagesCmd `cmd:"" help:"Ask every staff page, with many people in the node."`
	Same  benchSameCmd  `cmd:"" help:"Find duplicates among many people, and names in any spelling."`

	Exchange benchExchangeCmd `cmd:"" help:"Bring a box's facts to a hub, over HTTP on this machine."`
	Class    benchClassCmd    `cmd:"" help:"Let a class of tablets learn at a box, while their trainers watch."`
	Outage   benchOutageCmd   `cmd:"" help:"Let many centres come back to a hub at once, while somebody reads pages there."`
	Rebuild  benchRebuildCmd  `cmd:"" help:"Derive all tables again while pages are read and facts are written."`
	XAPI     benchXAPICmd     `cmd:"" name:"xapi" help:"Send statements to the learning record store, and ask for them."`
	Upgrade  benchUpgradeCmd  `cmd:"" help:"Take a new program in, with the database saved beside and derived again in part."`
}

type benchUpgradeCmd struct {
	Facts int      `help:"How many." default:"1000000"`
	Fold  []string `help:"What the new program derives otherwise." default:"training.session" placeholder:"NAME"`
	All   bool     `help:"It derives everything otherwise."`
	Dir   string   `help:"Where the node is made, and taken away again; without it, the folder of temporary files." type:"existingdir" placeholder:"DIR"`
	Check bool     `help:"Run the check afterwards."`
	JSON  bool     `help:"Print the result as JSON."`
}

// Help gives an example.
func (benchUpgradeCmd) Help() string {
	return "Example:\n  tizi bench upgrade --json\n  tizi bench upgrade --all --json"
}

func (c *benchUpgradeCmd) Run(ctx context.Context) error {
	if c.Facts < 10_000 {
		return usageError{fmt.Errorf("--facts from 10000")}
	}
	dir, err := os.MkdirTemp(c.Dir, "tizi-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if c.All {
		c.Fold = nil
	}
	r, err := bench.MeasureUpgrade(ctx, dir, version, c.Facts, c.Fold, c.Check, progress)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(r)
	}
	fmt.Printf("on %s, %d cores: %d facts, %.0f MB: %.1f s, of which %.1f s until it serves\n", r.Engine, r.Cores, r.Facts, float64(r.Bytes)/1e6, r.Seconds, r.ServeS)
	return nil
}

type benchRebuildCmd struct {
	Facts int    `help:"How many." default:"10000000"`
	Dir   string `help:"Where the node is made, and taken away again; without it, the folder of temporary files." type:"existingdir" placeholder:"DIR"`
	DB    string `help:"The address of an empty PostgreSQL database." placeholder:"postgres://…"`
	Check bool   `help:"Run the check afterwards."`
	JSON  bool   `help:"Print the result as JSON."`
}

// Help gives an example.
func (benchRebuildCmd) Help() string {
	return "Example:\n  tizi bench rebuild --json\n  tizi bench rebuild --facts 1000000 --db postgres://… --json"
}

func (c *benchRebuildCmd) Run(ctx context.Context) error {
	if c.Facts < 10_000 {
		return usageError{fmt.Errorf("--facts from 10000")}
	}
	dir, err := os.MkdirTemp(c.Dir, "tizi-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	r, err := bench.MeasureRebuild(ctx, dir, c.DB, c.Facts, c.Check, progress)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(r)
	}
	fmt.Printf("on %s, %d cores: %d facts in %.0f s, %.0f facts/s\n  %d pages read meanwhile, p95 %.0f ms, at most %.0f ms\n  %d writes, p95 %.0f ms, at most %.0f ms\n  at most %.0f MB\n", r.Engine, r.Cores, r.Facts, r.Seconds, r.FactsPerS, r.Pages, r.PageP95, r.PageMax, r.Writes, r.WriteP95, r.WriteMax, r.PeakRSS)
	return nil
}

type benchClassCmd struct {
	Tablets int           `help:"How many." default:"40"`
	Cores   int           `help:"How many the box may use." default:"1"`
	Every   time.Duration `help:"From one answer of a tablet to its next." default:"3s"`
	For     time.Duration `help:"How long they learn." default:"60s"`
	DB      string        `help:"The address of an empty PostgreSQL database for the box." placeholder:"postgres://…"`
	JSON    bool          `help:"Print the result as JSON."`
}

// Help gives an example.
func (benchClassCmd) Help() string {
	return "Example:\n  tizi bench class --json\n  tizi bench class --tablets 200 --cores 2 --json"
}

func (c *benchClassCmd) Run(ctx context.Context) error {
	if c.Tablets < 1 || c.Tablets > 2000 || c.Cores < 1 || c.Every <= 0 || c.For <= 0 {
		return usageError{fmt.Errorf("--tablets from 1 to 2000, --cores from 1, --every and --for longer than nothing")}
	}
	dir, err := os.MkdirTemp("", "tizi-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	r, err := bench.MeasureClass(ctx, dir, bench.ClassOptions{Tablets: c.Tablets, Cores: c.Cores, Every: c.Every, For: c.For, DB: c.DB})
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(r)
	}
	fmt.Printf("on %s, %d cores: %d tablets, %d requests, %d answers; p95 %.0f ms (%s), at most %.0f ms\n  at most %.0f MB at the box\n", r.Engine, r.Cores, r.Tablets, r.Requests, r.Answers, r.P95, r.Worst, r.Max, r.Peak)
	return nil
}

type benchOutageCmd struct {
	Centres int    `help:"How many." default:"1000"`
	Facts   int    `help:"What each wrote alone." default:"2000"`
	DB      string `help:"The address of an empty PostgreSQL database for the hub." placeholder:"postgres://…"`
	JSON    bool   `help:"Print the result as JSON."`
	Reader  string `help:"Read pages as one who works meanwhile." hidden:""`
}

// Help gives an example.
func (benchOutageCmd) Help() string {
	return "Example:\n  tizi bench outage --json\n  tizi bench outage --centres 50 --db postgres://… --json"
}

func (c *benchOutageCmd) Run(ctx context.Context) error {
	if c.Reader != "" {
		return bench.ReadPages(ctx, c.Reader, os.Stdin, os.Stdout)
	}
	if c.Centres < 1 || c.Centres > 9999 || c.Facts < 1 || c.Facts > 100_000 {
		return usageError{fmt.Errorf("--centres from 1 to 9999, --facts from 1 to 100000")}
	}
	dir, err := os.MkdirTemp("", "tizi-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	r, err := bench.MeasureOutage(ctx, dir, c.DB, c.Centres, c.Facts, progress)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(r)
	}
	fmt.Printf("on %s, %d cores: %d centres with %d facts each, %d at a time: %.0f s, %.0f facts/s\n  %d pages read meanwhile, p95 %.0f ms, at most %.0f ms\n  at most %.0f MB at the hub\n", r.Engine, r.Cores, r.Centres, r.Each, r.AtOnce, r.Seconds, r.FactsPerS, r.Pages, r.PageP95, r.PageMax, r.HubRSS)
	return nil
}

type benchExchangeCmd struct {
	Facts int    `help:"How many." default:"1000000"`
	DB    string `help:"The address of an empty PostgreSQL database for the hub." placeholder:"postgres://…"`
	JSON  bool   `help:"Print the result as JSON."`
}

// Help gives an example.
func (benchExchangeCmd) Help() string {
	return "Example:\n  tizi bench exchange --json\n  tizi bench exchange --db postgres://… --json"
}

func (c *benchExchangeCmd) Run(ctx context.Context) error {
	if c.Facts < 1000 {
		return usageError{fmt.Errorf("--facts from 1000")}
	}
	dir, err := os.MkdirTemp("", "tizi-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	r, err := bench.MeasureExchange(ctx, dir, c.DB, c.Facts, progress("made"))
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(r)
	}
	fmt.Printf("on %s, %d cores: %d facts in %.1f s, %.0f facts/s\n  %.1f bytes a fact on the wire, %.1f of attendance\n  at most %.0f MB at the hub, %.0f MB at the box\n  nothing new: %d bytes\n", r.Engine, r.Cores, r.Facts, r.Seconds, r.FactsPerS, r.WireBytesPerFact, r.MarkBytesPerFact, r.HubRSS, r.BoxRSS, r.SameBytes)
	return nil
}

// scratch is the empty node of a measurement.
type scratch struct {
	Data string `help:"Keep the data in this folder; a node that is there already is measured as it is." type:"path" placeholder:"DIR"`
	DB   string `help:"The address of an empty PostgreSQL database." placeholder:"postgres://…"`
	JSON bool   `help:"Print the result as JSON."`
	// Encrypt makes a lock whose passphrase nobody knows, so the folder is measured once.
	Encrypt bool `help:"Measure a folder that is encrypted; it is new, and cannot be opened again."`
}

func (s scratch) open(ctx context.Context) (h *house.House, made bool, done func(), err error) {
	dir := s.Data
	done = func() {}
	if dir == "" {
		if dir, err = os.MkdirTemp("", "tizi-bench-"); err != nil {
			return nil, false, nil, err
		}
		done = func() { os.RemoveAll(dir) }
	}
	c := house.Config{Dir: dir, URL: s.DB}
	if s.Encrypt {
		if c.Lock, err = vault.Create(dir, rand.Text()); err != nil {
			done()
			return nil, false, nil, err
		}
	}
	if house.Exists(dir) {
		h, err = house.Open(ctx, c)
	} else {
		h, err = house.Create(ctx, c)
		made = true
	}
	if err != nil {
		done()
		return nil, false, nil, err
	}
	remove := done
	return h, made, func() { h.Close(); remove() }, nil
}

type benchXAPICmd struct {
	scratch
	Statements int           `help:"Statements in batches." default:"100000"`
	Batch      int           `help:"Statements a batch." default:"50"`
	Senders    int           `help:"Clients that send batches." default:"4"`
	Clients    int           `help:"Clients that send one by one." default:"32"`
	Single     time.Duration `help:"How long they do." default:"10s"`
	Queries    int           `help:"How many queries are asked." default:"400"`
}

// Help gives an example.
func (benchXAPICmd) Help() string {
	return "Example:\n  tizi bench xapi --json\n  tizi bench xapi --statements 5000000 --db postgres://… --json"
}

func (c *benchXAPICmd) Run(ctx context.Context) error {
	if c.Statements < 1000 || c.Batch < 1 || c.Senders < 1 || c.Clients < 1 || c.Single <= 0 || c.Queries < 1 {
		return usageError{fmt.Errorf("--statements from 1000, --batch, --clients, --single and --queries from 1")}
	}
	h, made, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	if !made {
		return usageError{fmt.Errorf("%s holds a node already; the store is measured in an empty one", c.Data)}
	}
	if err := bench.Prepare(ctx, h); err != nil {
		return err
	}
	r, err := bench.MeasureXAPI(ctx, h, bench.XAPIOptions{Statements: c.Statements, Batch: c.Batch, Senders: c.Senders, Clients: c.Clients, Single: c.Single, Queries: c.Queries}, progress("statements"))
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(r)
	}
	fmt.Printf("on %s, %d cores, %d statements\n  batches of %d, %d senders: %.0f/s\n  one by one, %d clients: %.0f/s, p99 %.1f ms\n  by actor, verb, activity and since: p50 %.1f ms, p95 %.1f ms\n  between nodes: %.0f bytes a statement\n",
		r.Engine, r.Cores, r.Statements, r.Batch, r.Senders, r.BatchStatementsPS, r.Clients, r.SingleStatementsPS, r.SingleP99, r.QueryP50, r.QueryP95, r.WireBytes)
	return nil
}

type benchFactsCmd struct {
	scratch
	Facts     int           `help:"Facts in batches." default:"200000"`
	Batch     int           `help:"Facts a batch." default:"2000"`
	Clients   int           `help:"Clients of single commands." default:"64"`
	Single    time.Duration `help:"How long single commands run." default:"10s"`
	Processes int           `help:"How many processes write at once; more than one on PostgreSQL." default:"1"`
	Check     bool          `help:"Run the check afterwards."`
	Profile   string        `help:"Write a CPU profile of the measurement." type:"path" placeholder:"FILE"`
	Worker    bool          `help:"Measure as one of several processes." hidden:""`
}

// Help gives an example.
func (benchFactsCmd) Help() string {
	return "Example:\n  tizi bench facts --json\n  tizi bench facts --db postgres://… --processes 2 --json"
}

func (c *benchFactsCmd) Run(ctx context.Context) error {
	if c.Facts < 1000 || c.Batch < 1 || c.Clients < 1 || c.Single <= 0 || c.Processes < 1 || c.Processes > 16 {
		return usageError{fmt.Errorf("--facts from 1000, --batch, --clients and --single from 1, --processes from 1 to 16")}
	}
	if c.Processes > 1 && c.DB == "" {
		return usageError{fmt.Errorf("--processes: SQLite has one writer; give a PostgreSQL database with --db")}
	}
	h, made, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	o := bench.FactsOptions{Facts: c.Facts / c.Processes, Batch: c.Batch, Clients: c.Clients / c.Processes, Single: c.Single}
	if c.Worker {
		return c.work(ctx, h, o)
	}
	if !made {
		return usageError{fmt.Errorf("%s holds a node already; facts are measured in an empty one", c.Data)}
	}
	if err := bench.Prepare(ctx, h); err != nil {
		return err
	}
	stop, err := profile(c.Profile)
	if err != nil {
		return err
	}
	defer stop()
	var r *bench.Facts
	if c.Processes == 1 {
		r, err = bench.MeasureFacts(ctx, h, o, nil)
	} else {
		r, err = c.several(ctx, h.Config.Dir)
	}
	if err != nil {
		return err
	}
	if c.Check {
		rep, err := h.Log.Check(ctx, nil)
		if err != nil {
			return err
		}
		if r.Checked = rep.OK; !rep.OK {
			return fmt.Errorf("the check after the measurement found faults: %v", rep.Faults)
		}
	}
	if c.JSON {
		return printJSON(r)
	}
	fmt.Printf("on %s, %d cores, %d processes: %s\n", r.Engine, r.Cores, r.Processes, r.Mix)
	fmt.Printf("  batches of %d: %.0f facts/s\n  sheets of 25: %.0f marks/s\n  single commands, %d clients: %.0f/s, p50 %.1f ms, p99 %.1f ms\n",
		r.BatchSize, r.BatchFactsPerS, r.SheetMarksPerS, r.Clients, r.SingleCommandsPS, r.SingleP50, r.SingleP99)
	return nil
}

// work measures as one of several processes: it says when it is ready for a part and begins when it is told to.
func (c *benchFactsCmd) work(ctx context.Context, h *house.House, o bench.FactsOptions) error {
	in := bufio.NewReader(os.Stdin)
	o.Facts, o.Clients = c.Facts, c.Clients
	r, err := bench.MeasureFacts(ctx, h, o, func(part string) {
		fmt.Println("ready", part)
		in.ReadString('\n')
	})
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

// several runs processes of this program side by side and adds up what they measured.
func (c *benchFactsCmd) several(ctx context.Context, dir string) (*bench.Facts, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	type worker struct {
		cmd *exec.Cmd
		in  io.WriteCloser
		out *bufio.Reader
	}
	var workers []*worker
	defer func() {
		for _, w := range workers {
			w.in.Close()
			w.cmd.Wait()
		}
	}()
	for range c.Processes {
		cmd := exec.CommandContext(ctx, self, "bench", "facts", "--worker", "--data", dir, "--db", c.DB, "--facts", fmt.Sprint(c.Facts/c.Processes),
			"--batch", fmt.Sprint(c.Batch), "--clients", fmt.Sprint(c.Clients/c.Processes), "--single", c.Single.String())
		cmd.Stderr = os.Stderr
		in, err := cmd.StdinPipe()
		if err != nil {
			return nil, err
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			return nil, err
		}
		if err := cmd.Start(); err != nil {
			return nil, err
		}
		workers = append(workers, &worker{cmd, in, bufio.NewReader(out)})
	}
	for {
		var results []*bench.Facts
		for _, w := range workers {
			line, err := w.out.ReadString('\n')
			if err != nil {
				return nil, fmt.Errorf("a process of the measurement ended: %w", err)
			}
			if strings.HasPrefix(line, "ready ") {
				continue
			}
			r := &bench.Facts{}
			if err := json.Unmarshal([]byte(line), r); err != nil {
				return nil, err
			}
			results = append(results, r)
		}
		if len(results) == len(workers) {
			return bench.Merge(results), nil
		}
		for _, w := range workers {
			fmt.Fprintln(w.in, "go")
		}
	}
}

// profile writes a CPU profile into a file until it is stopped; of none, nothing.
func profile(name string) (stop func(), err error) {
	if name == "" {
		return func() {}, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { pprof.StopCPUProfile(); f.Close() }, nil
}

type benchPagesCmd struct {
	scratch
	People   int    `help:"About how many people the node is filled with." default:"200000"`
	Requests int    `help:"How often each page is asked." default:"40"`
	Only     string `help:"Ask the pages alone whose address has this in it; nobody is erased." placeholder:"/audit"`
	Profile  string `help:"Write a CPU profile of the measurement." type:"path" placeholder:"FILE"`

	Agreements int `help:"How many agreements the node is filled with, on top of those of the simulation." default:"0"`
}

// Help gives an example.
func (benchPagesCmd) Help() string {
	return "Example:\n  tizi bench pages --people 200000 --json\n  tizi bench pages --data big   (fills the folder once, measures it again and again)"
}

func (c *benchPagesCmd) Run(ctx context.Context) error {
	if c.People < 100 || c.Requests < 1 {
		return usageError{fmt.Errorf("--people from 100, --requests from 1")}
	}
	h, made, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	if made {
		show := progress("centres filled")
		err := demo.Run(ctx, h, demo.Options{Seed: 2026, Children: c.People, Progress: func(step string, done, total int) {
			if step == "children" {
				show(int64(done), int64(total))
			}
		}})
		if err != nil {
			return err
		}
	}
	if err := bench.FillAgreements(ctx, h, c.Agreements, progress("agreements filled")); err != nil {
		return err
	}
	stop, err := profile(c.Profile)
	if err != nil {
		return err
	}
	defer stop()
	r, err := bench.MeasurePages(ctx, h, c.Requests, c.Only, progress("pages"))
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(r)
	}
	fmt.Printf("on %s, %d cores, %d people, %d facts\n", r.Engine, r.Cores, r.People, r.Facts)
	for _, p := range r.Pages {
		fmt.Printf("  %7.1f ms p95  %7.1f ms p50  %4d KB  %-8s %s\n", p.P95, p.P50, p.Size/1024, p.Role, p.Path)
	}
	fmt.Printf("worst: %.1f ms, %s\n", r.WorstP95, r.Worst)
	fmt.Printf("one person erased: at most %.0f ms\n", r.EraseMax)
	return nil
}

type benchSameCmd struct {
	scratch
	People int `help:"How many people the node is filled with, some of them twice." default:"200000"`
}

// Help gives an example.
func (benchSameCmd) Help() string {
	return "Example:\n  tizi bench same --people 200000 --json\n  GOMAXPROCS=1 tizi bench same   (on one core)"
}

func (c *benchSameCmd) Run(ctx context.Context) error {
	if c.People < 100 {
		return usageError{fmt.Errorf("--people: from 100")}
	}
	h, made, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	start := time.Now()
	if made {
		if err := bench.FillSame(ctx, h, c.People, progress("people")); err != nil {
			return err
		}
	}
	filled := time.Since(start).Seconds()
	r, err := bench.MeasureSame(ctx, h, progress("compared"))
	if err != nil {
		return err
	}
	if r.FillSeconds = filled; c.JSON {
		return printJSON(r)
	}
	fmt.Println(r)
	return nil
}
