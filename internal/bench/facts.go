package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"tizi/internal/access"
	"tizi/internal/consent"
	"tizi/internal/fact"
	"tizi/internal/house"
	"tizi/internal/id"
	"tizi/internal/measure"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/seal"
	"tizi/internal/store"
	"tizi/internal/training"
)

// Facts is the result of measuring how fast facts are taken in.
type Facts struct {
	Machine
	Mix              string  `json:"mix"`
	BatchFacts       int     `json:"batch_facts"`
	BatchFactsPerS   float64 `json:"batch_facts_per_s"`
	BatchSize        int     `json:"batch_size"`
	SheetMarksPerS   float64 `json:"sheet_marks_per_s"` // attendance taken by sheets of 25
	SingleCommands   int     `json:"single_commands"`
	Processes        int     `json:"processes"`
	Clients          int     `json:"clients"` // of all processes
	SingleCommandsPS float64 `json:"single_commands_per_s"`
	SingleP50        float64 `json:"single_p50_ms"`
	SingleP99        float64 `json:"single_p99_ms"`
	Checked          bool    `json:"checked"` // tizi check after it all
}

// FactsOptions say how much to measure.
type FactsOptions struct {
	Facts   int           // in batches; 0 means 200,000
	Batch   int           // facts a batch; 0 means 2,000
	Clients int           // 0 means 64
	Single  time.Duration // how long single commands run; 0 means 10 s
}

const mix = "one learner registered (sealed), enrolled and agreed for to eight attendance marks by card, sessions of 25 learners, 240 at a time; real folds, cube included; every batch durable"

// defaults fills in what was not said.
func (o FactsOptions) defaults() FactsOptions {
	if o.Facts == 0 {
		o.Facts = 200_000
	}
	if o.Batch == 0 {
		o.Batch = 2000
	}
	if o.Clients == 0 {
		o.Clients = 64
	}
	if o.Single == 0 {
		o.Single = 10 * time.Second
	}
	return o
}

// Prepare makes a node ready to be measured by one or more processes.
func Prepare(ctx context.Context, h *house.House) error {
	if err := h.Places.LoadCountry(ctx, id.Nil, "ma", true); err != nil {
		return err
	}
	b := &factBench{h: h, centre: place.ID("MA-ERR-MJ1")}
	return b.begin(ctx)
}

// MeasureFacts takes facts into a node that was prepared. Before each part it calls ready, so that several processes
// can begin each part together; a nil ready begins at once.
func MeasureFacts(ctx context.Context, h *house.House, o FactsOptions, ready func(part string)) (*Facts, error) {
	o = o.defaults()
	if ready == nil {
		ready = func(string) {}
	}
	b := &factBench{h: h, centre: place.ID("MA-ERR-MJ1"), prog: programme.ID("BENCH"), phase: id.New(), rng: rand.New(rand.NewPCG(1, uint64(os.Getpid())))}
	r := &Facts{Machine: machine(string(h.DB.Engine)), Mix: mix, BatchSize: o.Batch, Clients: o.Clients, Processes: 1}
	if err := b.begin(ctx); err != nil {
		return nil, err
	}
	text, err := h.Consents.Current(ctx, h.DB, consent.Training)
	if err != nil {
		return nil, err
	}
	b.text = text.ID
	items, err := b.batches(o.Facts)
	if err != nil {
		return nil, err
	}
	r.BatchFacts = len(items)
	ready("batches")
	start := time.Now()
	for from := 0; from < len(items); from += o.Batch {
		if err := b.write(ctx, items[from:min(from+o.Batch, len(items))]); err != nil {
			return nil, err
		}
	}
	r.BatchFactsPerS = float64(r.BatchFacts) / time.Since(start).Seconds()
	ready("sheets")
	if r.SheetMarksPerS, err = b.sheets(ctx); err != nil {
		return nil, err
	}
	cards, err := b.cards(ctx)
	if err != nil {
		return nil, err
	}
	ready("single")
	return r, b.singles(ctx, o, r, cards)
}

// Merge adds up what several processes measured at the same time.
func Merge(parts []*Facts) *Facts {
	r := *parts[0]
	for _, p := range parts[1:] {
		r.Processes += p.Processes
		r.Clients += p.Clients
		r.BatchFacts += p.BatchFacts
		r.BatchFactsPerS += p.BatchFactsPerS
		r.SheetMarksPerS += p.SheetMarksPerS
		r.SingleCommands += p.SingleCommands
		r.SingleCommandsPS += p.SingleCommandsPS
		r.SingleP50, r.SingleP99 = max(r.SingleP50, p.SingleP50), max(r.SingleP99, p.SingleP99)
	}
	return &r
}

type factBench struct {
	h           *house.House
	centre      id.ID
	prog, phase id.ID
	text        id.ID // what learners agreed to
	rng         *rand.Rand
	people      []id.ID
	sessions    []id.ID
	members     map[id.ID][]id.ID // of a session
	cohorts     map[id.ID]id.ID   // of a session
}

func (b *factBench) stream() string { return person.Stream(b.centre) }

// item is a fact with the key of the person that it brings in.
type item struct {
	fact fact.New
	key  *seal.Key
}

// begin makes the stream's first epoch, so that keys can be made outside of the measurement's own commands.
func (b *factBench) begin(ctx context.Context) error {
	return b.h.Log.Keys.Begin(ctx, b.h.DB, b.stream())
}

// batches prepares facts in the order in which a year brings them: a group's learners, then its sessions week by week.
func (b *factBench) batches(n int) ([]item, error) {
	b.members, b.cohorts = map[id.ID][]id.ID{}, map[id.ID]id.ID{}
	var out []item
	add := func(k *fact.Kind, subject id.ID, body fact.Body, born bool, key *seal.Key) {
		out = append(out, item{fact.New{Stream: b.stream(), Kind: k, Subject: subject, Body: body, Born: born}, key})
	}
	for len(out) < n {
		cohort := id.New()
		var learners []id.ID
		for range 25 {
			p := id.New()
			key, err := b.h.Log.Keys.New(p, b.stream())
			if err != nil {
				return nil, err
			}
			d := person.Details{"first_latin": fmt.Sprintf("Prenom%d", b.rng.IntN(500)), "last_latin": fmt.Sprintf("Nom%d", b.rng.IntN(900)), "birth": fmt.Sprintf("201%d-0%d-1%d", b.rng.IntN(9), 1+b.rng.IntN(9), b.rng.IntN(9)), "sex": "f", "massar": fmt.Sprintf("R%09d", len(b.people))}
			plain, err := json.Marshal(d)
			if err != nil {
				return nil, err
			}
			add(person.KindRegistered, p, person.Stated{Sealed: key.Seal(plain)}, true, key)
			add(training.KindEnrolment, training.EnrolmentID(p, b.phase), training.EnrolmentStated{Person: p, Programme: b.prog, Phase: b.phase, Cohort: cohort, State: training.Enrolled, On: "2026-01-05",
				Cell: measure.Cell{Sex: []string{"f", "m"}[b.rng.IntN(2)], Age: "11-14", Milieu: []string{"urban", "rural"}[b.rng.IntN(2)]}}, true, nil)
			agreed := consent.Held(id.Nil, b.centre, p, d["birth"], consent.Training, b.text, "paper", "2026-01-05")
			out = append(out, item{agreed, nil})
			learners = append(learners, p)
			b.people = append(b.people, p)
		}
		for week := range 8 {
			s := id.New()
			b.sessions = append(b.sessions, s)
			b.members[s], b.cohorts[s] = learners, cohort
			add(training.KindSession, s, training.SessionPlanned{Cohort: cohort, Programme: b.prog, Centre: b.centre, Date: time.Date(2026, 1, 5+7*week, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), Starts: "14:30", Ends: "16:30"}, true, nil)
			for _, p := range learners {
				out = append(out, item{fact: attendance(b.stream(), s, p)})
			}
		}
	}
	return out, nil
}

// attendance is a learner's card at the door of a session.
func attendance(stream string, session, learner id.ID) fact.New {
	return fact.New{Stream: stream, Kind: training.KindAttendance, Subject: session, Body: training.AttendanceTaken{Marks: map[id.ID]string{learner: training.Present}, Method: "card"}}
}

func (b *factBench) write(ctx context.Context, items []item) error {
	_, err := b.h.Log.Do(ctx, fact.Command{Name: "batch", Stream: b.stream(), Run: func(context.Context, store.Querier) (fact.Outcome, error) {
		out := fact.Outcome{Facts: make([]fact.New, len(items))}
		for i, x := range items {
			out.Facts[i] = x.fact
			if x.key != nil {
				out.Keys = append(out.Keys, x.key)
			}
		}
		return out, nil
	}})
	return err
}

// sheets measures attendance as trainers take it: a sheet a fact.
func (b *factBench) sheets(ctx context.Context) (float64, error) {
	var items []item
	marks := 0
	for i := range min(len(b.sessions), 800) {
		s := id.New()
		learners := b.members[b.sessions[i]]
		m := map[id.ID]string{}
		for _, p := range learners {
			m[p] = training.Present
		}
		marks += len(m)
		items = append(items,
			item{fact: fact.New{Stream: b.stream(), Kind: training.KindSession, Subject: s, Born: true, Body: training.SessionPlanned{Cohort: id.New(), Programme: b.prog, Centre: b.centre, Date: "2026-04-06"}}},
			item{fact: fact.New{Stream: b.stream(), Kind: training.KindAttendance, Subject: s, Body: training.AttendanceTaken{Marks: m, Method: "list"}}})
	}
	start := time.Now()
	for from := 0; from < len(items); from += 200 {
		if err := b.write(ctx, items[from:min(from+200, len(items))]); err != nil {
			return 0, err
		}
	}
	return float64(marks) / time.Since(start).Seconds(), nil
}

// wave is how many sessions begin together: twenty groups at each of twelve centres.
const wave = 240

// card is a learner's card at the door of a session.
type card struct{ session, learner id.ID }

// cards plans fresh sessions, so that each command adds a mark.
func (b *factBench) cards(ctx context.Context) (chan card, error) {
	var items []item
	for i := range min(len(b.sessions), 8000) {
		s := id.New()
		learners := b.members[b.sessions[i]]
		items = append(items, item{fact: fact.New{Stream: b.stream(), Kind: training.KindSession, Subject: s, Born: true, Body: training.SessionPlanned{Cohort: b.cohorts[b.sessions[i]], Programme: b.prog, Centre: b.centre, Date: "2026-05-04"}}})
		b.members[s] = learners
		b.sessions[i] = s
	}
	for from := 0; from < len(items); from += 2000 {
		if err := b.write(ctx, items[from:min(from+2000, len(items))]); err != nil {
			return nil, err
		}
	}
	// Sessions begin together, some hundreds at a time, and their learners come in any order.
	cards := make(chan card, 25*len(items))
	for from := 0; from < len(items); from += wave {
		var coming []card
		for _, s := range b.sessions[from:min(from+wave, len(items))] {
			for _, p := range b.members[s] {
				coming = append(coming, card{s, p})
			}
		}
		b.rng.Shuffle(len(coming), func(i, j int) { coming[i], coming[j] = coming[j], coming[i] })
		for _, c := range coming {
			cards <- c
		}
	}
	return cards, nil
}

// singles measures commands of many clients at once: each learner's card is read, with the rules of a check-in.
func (b *factBench) singles(ctx context.Context, o FactsOptions, r *Facts, cards chan card) error {
	ctx, cancel := context.WithTimeout(ctx, o.Single+time.Minute)
	defer cancel()
	var n atomic.Int64
	var failed atomic.Pointer[error]
	times := make([][]time.Duration, o.Clients)
	stop := time.Now().Add(o.Single)
	start := time.Now()
	var wg sync.WaitGroup
	for c := range o.Clients {
		wg.Go(func() {
			for time.Now().Before(stop) {
				var x card
				select {
				case x = <-cards:
				default:
					return
				}
				t := time.Now()
				if _, err := b.h.Training.CheckIn(ctx, id.Nil, access.Everywhere(), x.session, x.learner, training.Present); err != nil {
					failed.Store(&err)
					return
				}
				times[c] = append(times[c], time.Since(t))
				n.Add(1)
			}
		})
	}
	wg.Wait()
	took := time.Since(start)
	if e := failed.Load(); e != nil {
		return *e
	}
	var all []time.Duration
	for _, t := range times {
		all = append(all, t...)
	}
	r.SingleCommands = int(n.Load())
	r.SingleCommandsPS = float64(r.SingleCommands) / took.Seconds()
	r.SingleP50, r.SingleP99 = percentile(all, .5), percentile(all, .99)
	return nil
}
