package box

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tizi/internal/house"
)

// Metrics are figures of a node for Prometheus. They name nobody: nodes by their ids, pages by their routes.
type Metrics struct {
	registry *prometheus.Registry
	asked    *prometheus.HistogramVec
}

// NewMetrics returns the metrics of a node; what is read of it is read when somebody asks.
func NewMetrics(h *house.House, log *slog.Logger) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), asked: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "tizi_request_seconds", Help: "How long pages took, by route and status.", Buckets: []float64{.005, .02, .05, .1, .2, .5, 1, 2.5, 10},
	}, []string{"route", "status"})}
	m.registry.MustRegister(m.asked, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &reading{h, log})
	return m
}

// Handler answers Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Wrap measures requests. It stands outside of the mux, which writes the route into the request.
func (m *Metrics) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start, s := time.Now(), &status{ResponseWriter: w, code: http.StatusOK}
		next.ServeHTTP(s, r)
		route := r.Pattern
		if route == "" {
			route = "other"
		}
		m.asked.WithLabelValues(route, strconv.Itoa(s.code)).Observe(time.Since(start).Seconds())
	})
}

// status remembers what was answered.
type status struct {
	http.ResponseWriter
	code int
}

func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

// Unwrap lets http.ResponseController find what is beneath.
func (s *status) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// reading reads a node's health when it is asked.
type reading struct {
	h   *house.House
	log *slog.Logger
}

var (
	described = func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("tizi_"+name, help, labels, nil)
	}
	infoDesc    = described("info", "The program; its value is 1.", "version", "engine")
	factsDesc   = described("facts", "Facts that the node holds.")
	heldDesc    = described("facts_held", "Facts that wait and do not count.")
	bytesDesc   = described("database_bytes", "Size of the database.")
	diskDesc    = described("disk_free_bytes", "Room that is left on the disk of the data folder.")
	cutsDesc    = described("power_cuts_30d", "How often the program was cut off in 30 days.")
	doubtDesc   = described("clock_doubted", "Whether the clock is not believed.")
	savedDesc   = described("backup_age_seconds", "How long ago a backup was made; absent where there was none.")
	waitingDesc = described("facts_waiting", "Facts that headquarters is not known to hold.")
	ageDesc     = described("exchange_age_seconds", "How long ago the last whole exchange with a node was; absent where there was none.", "node")
	faultDesc   = described("exchange_fault", "Whether the last exchange with a node stopped at a fault.", "node")

	// What boxes that call say of themselves; absent where one did not.
	boxInfoDesc    = described("box_info", "The program of a box that calls; its value is 1.", "node", "version", "arch")
	boxSaidDesc    = described("box_said_age_seconds", "How long ago a box said how it is.", "node")
	boxDiskDesc    = described("box_disk_free_bytes", "Room that is left on the disk of a box.", "node")
	boxAllDesc     = described("box_disk_bytes", "Size of the disk of a box.", "node")
	boxCutsDesc    = described("box_power_cuts_30d", "How often a box was cut off in 30 days.", "node")
	boxDoubtDesc   = described("box_clock_doubted", "Whether a box does not believe its clock.", "node")
	boxSavedDesc   = described("box_backup_age_seconds", "How long before it called a box was backed up; absent where it never was.", "node")
	boxWaitingDesc = described("box_facts_waiting", "Facts that a box had to bring when it called.", "node")
	boxHeldDesc    = described("box_facts_held", "Facts that wait for a decision at a box.", "node")
)

// Describe implements prometheus.Collector.
func (c *reading) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{infoDesc, factsDesc, heldDesc, bytesDesc, diskDesc, cutsDesc, doubtDesc, savedDesc, waitingDesc, ageDesc, faultDesc,
		boxInfoDesc, boxSaidDesc, boxDiskDesc, boxAllDesc, boxCutsDesc, boxDoubtDesc, boxSavedDesc, boxWaitingDesc, boxHeldDesc} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *reading) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := c.collect(ctx, ch); err != nil {
		c.log.Error("metrics could not be read", "err", err)
	}
}

func (c *reading) collect(ctx context.Context, ch chan<- prometheus.Metric) error {
	put := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	truth := map[bool]float64{true: 1}
	s, err := c.h.Health(ctx)
	if err != nil {
		return err
	}
	facts, err := c.h.Log.Count(ctx, c.h.DB)
	if err != nil {
		return err
	}
	put(infoDesc, 1, s.Program, string(c.h.DB.Engine))
	put(factsDesc, float64(facts))
	put(heldDesc, float64(s.Held))
	put(bytesDesc, float64(s.Bytes))
	put(diskDesc, float64(s.DiskLeft))
	put(cutsDesc, float64(len(s.Cuts)))
	put(doubtDesc, truth[s.Doubt != ""])
	if !s.Saved.IsZero() {
		put(savedDesc, s.Now.Sub(s.Saved).Seconds())
	}
	if s.Link != nil {
		put(waitingDesc, float64(s.Waiting))
	}
	peers, err := c.h.Nodes.Peers(ctx, c.h.DB)
	if err != nil {
		return err
	}
	for _, p := range peers {
		if !p.Done.IsZero() {
			put(ageDesc, s.Now.Sub(p.Done).Seconds(), p.Node.Hex())
		}
		put(faultDesc, truth[p.Fault != ""], p.Node.Hex())
		v := p.Vitals
		if v == nil {
			continue
		}
		node := p.Node.Hex()
		put(boxInfoDesc, 1, node, p.Program, v.Arch)
		put(boxSaidDesc, s.Now.Sub(v.SaidAt()).Seconds(), node)
		put(boxDiskDesc, float64(v.DiskLeft), node)
		put(boxAllDesc, float64(v.DiskAll), node)
		put(boxCutsDesc, float64(v.Cuts), node)
		put(boxDoubtDesc, truth[v.Doubted != 0], node)
		if v.Saved != 0 {
			put(boxSavedDesc, v.SaidAt().Sub(v.SavedAt()).Seconds(), node)
		}
		put(boxWaitingDesc, float64(v.Waiting), node)
		put(boxHeldDesc, float64(v.Held), node)
	}
	return nil
}
