package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/errgroup"

	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/place"
	"tizi/internal/record"
	"tizi/internal/statement"
)

// XAPI is the result of measuring the learning record store.
type XAPI struct {
	Machine
	Statements         int     `json:"statements"` // in the store when it was asked
	Batch              int     `json:"batch"`
	Senders            int     `json:"senders"` // of batches, at once
	BatchStatementsPS  float64 `json:"batch_statements_per_s"`
	Clients            int     `json:"clients"`
	SingleStatementsPS float64 `json:"single_statements_per_s"`
	SingleP99          float64 `json:"single_p99_ms"`
	Queries            int     `json:"queries"`
	QueryP50           float64 `json:"query_p50_ms"`
	QueryP95           float64 `json:"query_p95_ms"`
	WireBytes          float64 `json:"wire_bytes_per_statement"`
}

// XAPIOptions say how much to measure.
type XAPIOptions struct {
	Statements int           // in batches; 0 means 100,000
	Batch      int           // 0 means 50
	Senders    int           // of batches, at once; 0 means 4
	Clients    int           // 0 means 32
	Single     time.Duration // how long single statements are sent; 0 means 10 s
	Queries    int           // 0 means 400
}

func (o XAPIOptions) defaults() XAPIOptions {
	if o.Statements == 0 {
		o.Statements = 100_000
	}
	if o.Batch == 0 {
		o.Batch = 50
	}
	if o.Senders == 0 {
		o.Senders = 4
	}
	if o.Clients == 0 {
		o.Clients = 32
	}
	if o.Single == 0 {
		o.Single = 10 * time.Second
	}
	if o.Queries == 0 {
		o.Queries = 400
	}
	return o
}

// statementsEach is how many statements an actor of the measurement has.
const statementsEach = 250

// told are the verbs and activities of the measurement.
var told = struct {
	verbs      []string
	activities int
}{[]string{"initialized", "progressed", "answered", "passed", "failed", "completed", "terminated"}, 200}

// sentence is a statement as a player sends it: some 700 bytes.
func sentence(n, actors int, rng *rand.Rand) []byte {
	verb, activity := told.verbs[rng.IntN(len(told.verbs))], rng.IntN(told.activities)
	return fmt.Appendf(nil, `{"id":%q,"actor":{"objectType":"Agent","account":{"homePage":"https://school.example","name":"learner-%d"}},"verb":{"id":"http://adlnet.gov/expapi/verbs/%s","display":{"en":%q}},"object":{"id":"https://tizi.example/course/ai/lesson/%d","definition":{"name":{"fr":"Leçon %d","ar":"الدرس %d"},"type":"http://adlnet.gov/expapi/activities/lesson"}},"result":{"score":{"scaled":0.%02d},"duration":"PT%dS"},"context":{"registration":%q,"contextActivities":{"parent":[{"id":"https://tizi.example/course/ai"}]},"platform":"Tizi"},"timestamp":%q}`,
		id.New(), n%actors, verb, verb, activity, activity, activity, rng.IntN(100), rng.IntN(600), id.Named("registration", fmt.Sprint(n%actors)), time.Now().UTC().Format(time.RFC3339Nano))
}

func spoken(n, actors int, rng *rand.Rand) (*statement.Statement, error) {
	v, err := statement.Parse(sentence(n, actors, rng))
	if err != nil {
		return nil, err
	}
	return statement.New(v, statement.V1, "")
}

// MeasureXAPI sends statements to an empty node that was prepared, in batches and one by one, and asks for them by actor, verb, activity and time. Reading
// and checking what was sent is part of it; HTTP is not.
func MeasureXAPI(ctx context.Context, h *house.House, o XAPIOptions, progress func(done, total int64)) (*XAPI, error) {
	o = o.defaults()
	r := &XAPI{Machine: machine(string(h.DB.Engine)), Batch: o.Batch, Senders: o.Senders, Clients: o.Clients, Queries: o.Queries}
	centre := place.ID("MA-ERR-MJ1")
	from := record.Source{Centre: centre, Key: record.Tool("bench")}
	actors := max(1, o.Statements/statementsEach)
	rng := rand.New(rand.NewPCG(1, 2))
	begun := time.Now()
	if err := r.batches(ctx, h, from, actors, o, progress); err != nil {
		return nil, err
	}
	if err := r.wire(ctx, h, centre); err != nil {
		return nil, err
	}
	if err := r.singles(ctx, h, from, actors, o); err != nil {
		return nil, err
	}
	var times []time.Duration
	for i := range o.Queries {
		agent := statement.Object("account", statement.Object("homePage", statement.Str("https://school.example"), "name", statement.Str(fmt.Sprintf("learner-%d", rng.IntN(actors)))))
		q := record.Query{Centre: centre, Agent: agent, Verb: "http://adlnet.gov/expapi/verbs/" + told.verbs[i%len(told.verbs)], Activity: fmt.Sprintf("https://tizi.example/course/ai/lesson/%d", rng.IntN(told.activities)), Since: begun, Limit: 100}
		t := time.Now()
		if _, _, _, err := h.Records.Find(ctx, q); err != nil {
			return nil, err
		}
		times = append(times, time.Since(t))
	}
	r.QueryP50, r.QueryP95 = percentile(times, .5), percentile(times, .95)
	return r, nil
}

// batches sends statements in batches from several senders.
func (r *XAPI) batches(ctx context.Context, h *house.House, from record.Source, actors int, o XAPIOptions, progress func(done, total int64)) error {
	start := time.Now()
	var next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for sender := range o.Senders {
		g.Go(func() error {
			rng := rand.New(rand.NewPCG(1, uint64(sender)))
			for {
				at := int(next.Add(int64(o.Batch))) - o.Batch
				if at >= o.Statements {
					return nil
				}
				in := make([]*statement.Statement, min(o.Batch, o.Statements-at))
				for i := range in {
					var err error
					if in[i], err = spoken(at+i, actors, rng); err != nil {
						return err
					}
				}
				if _, err := h.Records.Put(ctx, from, in, nil); err != nil {
					return err
				}
				if sender == 0 {
					progress(min(next.Load(), int64(o.Statements)), int64(o.Statements))
				}
			}
		})
	}
	err := g.Wait()
	r.BatchStatementsPS = float64(o.Statements) / time.Since(start).Seconds()
	return err
}

// singles sends statements one by one from several clients.
func (r *XAPI) singles(ctx context.Context, h *house.House, from record.Source, actors int, o XAPIOptions) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed atomic.Pointer[error]
	var all []time.Duration
	start := time.Now()
	for c := range o.Clients {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(3, uint64(c)))
			var times []time.Duration
			for n := c; time.Since(start) < o.Single && failed.Load() == nil; n += o.Clients {
				t := time.Now()
				s, err := spoken(n, actors, rng)
				if err == nil {
					_, err = h.Records.Put(ctx, from, []*statement.Statement{s}, nil)
				}
				if err != nil {
					failed.Store(&err)
					return
				}
				times = append(times, time.Since(t))
			}
			mu.Lock()
			all = append(all, times...)
			mu.Unlock()
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	r.SingleStatementsPS, r.SingleP99 = float64(len(all))/time.Since(start).Seconds(), percentile(all, .99)
	r.Statements = o.Statements + len(all)
	return nil
}

// wire measures what statements take between nodes: batches as they travel, packed as an exchange packs them.
func (r *XAPI) wire(ctx context.Context, h *house.House, centre id.ID) error {
	stream := "centre/" + centre.String()
	w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return err
	}
	defer w.Close()
	bytes, count := 0, 0
	size, err := h.Log.Held(ctx, h.DB, stream, h.Log.Node())
	if err != nil {
		return err
	}
	for at := size / 2; count < 10_000; { // its agents were met before
		b, err := h.Log.Read(ctx, h.DB, stream, h.Log.Node(), at, 1000)
		if err != nil {
			return err
		}
		if len(b.Facts) == 0 {
			break
		}
		at = b.Last()
		bytes += len(w.EncodeAll(b.Encode(), nil))
		count += len(b.Facts)
	}
	if count > 0 {
		r.WireBytes = float64(bytes) / float64(count)
	}
	return nil
}
