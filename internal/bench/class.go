package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"tizi/curriculum"
	"tizi/internal/access"
	"tizi/internal/consent"
	"tizi/internal/course"
	"tizi/internal/house"
	"tizi/internal/i18n"
	"tizi/internal/id"
	"tizi/internal/person"
	"tizi/internal/place"
	"tizi/internal/programme"
	"tizi/internal/progress"
	"tizi/internal/quiz"
	"tizi/internal/training"
	"tizi/internal/web/door"
)

// Class is the result of a class that learns at a box.
type Class struct {
	Machine
	Tablets  int         `json:"tablets"`
	Every    float64     `json:"seconds_between_answers"` // of one tablet
	Seconds  float64     `json:"seconds"`
	Requests int         `json:"requests"`
	Answers  int         `json:"answers"`
	P50      float64     `json:"p50_ms"` // of all requests
	P95      float64     `json:"p95_ms"` // of the slowest kind of request
	Worst    string      `json:"worst"`
	Max      float64     `json:"max_ms"`
	Kinds    []ClassKind `json:"kinds"`
	Peak     float64     `json:"peak_rss_mb"` // of the box
}

// ClassKind is one kind of request.
type ClassKind struct {
	Kind     string  `json:"kind"` // "home", "lesson", "step", "answer", "grid"
	Requests int     `json:"requests"`
	P50      float64 `json:"p50_ms"`
	P95      float64 `json:"p95_ms"`
	Max      float64 `json:"max_ms"`
	Bytes    int     `json:"bytes"` // of the largest page, before compression
}

// ClassOptions say how large a class is.
type ClassOptions struct {
	Tablets int
	Cores   int           // that the box may use
	Every   time.Duration // from one answer of a tablet to its next
	For     time.Duration
	DB      string // of PostgreSQL; "": SQLite
}

// classCourse is what the class learns.
const classCourse = "enfants-8-14"

// gridEvery is how often the page of a trainer asks for the grid again.
const gridEvery = 2 * time.Second

// MeasureClass lets a class learn at a box, which is a process of its own with so many cores: each tablet goes through the lessons of a course
// as a browser without script does, and answers every few seconds, right or wrong; their trainers, one for forty, watch the grid. The tablets
// stand back behind the box, since they are other machines.
func MeasureClass(ctx context.Context, dir string, o ClassOptions) (*Class, error) {
	r := &Class{Machine: machine("sqlite"), Tablets: o.Tablets, Every: o.Every.Seconds()}
	if r.Cores = o.Cores; o.DB != "" {
		r.Engine = "postgres"
	}
	at := house.Config{Dir: filepath.Join(dir, "box"), URL: o.DB}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	class, err := makeClass(ctx, at, o.Tablets)
	if err != nil {
		return nil, err
	}
	serve, err := serveHub(ctx, dir, at, address, fmt.Sprintf("GOMAXPROCS=%d", o.Cores))
	if err != nil {
		return nil, err
	}
	yieldTo()
	times, err := class.learn(ctx, "http://"+address, o)
	r.Peak = serve.peak()
	if err = errors.Join(err, serve.stop()); err != nil {
		return nil, err
	}
	r.Seconds = o.For.Seconds()
	var all []time.Duration
	for _, kind := range slices.Sorted(maps.Keys(times)) {
		t := times[kind]
		k := ClassKind{Kind: kind, Requests: len(t.took), P50: percentile(t.took, .5), P95: percentile(t.took, .95), Max: percentile(t.took, 1), Bytes: t.bytes}
		r.Kinds, all = append(r.Kinds, k), append(all, t.took...)
		if k.P95 > r.P95 {
			r.P95, r.Worst = k.P95, kind
		}
	}
	r.Requests, r.P50, r.Max = len(all), percentile(all, .5), percentile(all, 1)
	if t := times["answer"]; t != nil {
		r.Answers = len(t.took)
	}
	return r, nil
}

// class is a course and who learns it.
type class struct {
	course   *course.Course
	learners []pupil
	trainers []watcher
}

// pupil is a learner who is signed in; watcher a trainer, and the page of the grid.
type (
	pupil struct {
		person id.ID
		cookie *http.Cookie
	}
	watcher struct {
		page   string
		cookie *http.Cookie
	}
)

// groupSize is how many learners a trainer has.
const groupSize = 40

// makeClass makes the box with its groups, all of which follow the course.
func makeClass(ctx context.Context, at house.Config, tablets int) (*class, error) {
	h, err := house.Create(ctx, at)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	const code = "MA-ERR-MJ1"
	if err := h.Found(ctx, house.Founding{Country: "ma", Centre: code, Owner: "Bench", Login: "bench", Passphrase: "un deux trois soleil", Lang: "fr"}); err != nil {
		return nil, err
	}
	owner, err := h.Access.Holder(ctx, h.DB, "bench")
	if err != nil {
		return nil, err
	}
	_, err = h.Programmes.Set(ctx, id.Nil, programme.Plan{Programme: programme.Opened{Code: "P", Place: place.ID("MA"), Name: i18n.Text{i18n.FR: "P"}},
		Phases: []programme.PhaseOpened{{Code: "1", Name: i18n.Text{i18n.FR: "1"}, From: "2026-01-05", To: "2036-12-31", AgeMin: 8, AgeMax: 18}}})
	if err != nil {
		return nil, err
	}
	f, err := course.OpenFS(classCourse, curriculum.Course(classCourse))
	if err != nil {
		return nil, err
	}
	im, err := h.Courses.Import(ctx, id.Nil, f)
	if err != nil {
		return nil, err
	}
	c := &class{course: im.Course}
	centre, all, today := place.ID(code), access.Everywhere(), time.Now().Format(time.DateOnly)
	for len(c.learners) < tablets {
		var members []id.ID
		for i := range min(groupSize, tablets-len(c.learners)) {
			p, err := h.People.Register(ctx, id.Nil, centre, person.Details{"first_latin": fmt.Sprint("Amina ", i), "family_latin": "Bench", "birth": "2014-05-03", "sex": "f"}, nil)
			if err != nil {
				return nil, err
			}
			if err := h.Consents.Record(ctx, id.Nil, all, p, []consent.Statement{{Purpose: consent.Training, State: consent.Given, Giver: consent.ByGuardian, Method: "paper", On: today, Who: consent.Who{Name: "Fatna"}}}); err != nil {
				return nil, err
			}
			members = append(members, p)
		}
		group, err := h.Training.OpenCohort(ctx, id.Nil, all, training.CohortOpened{Name: fmt.Sprint("G", len(c.trainers)), Programme: programme.ID("P"), Phase: programme.PhaseID(programme.ID("P"), "1"), Centre: centre})
		if err != nil {
			return nil, err
		}
		if _, err := h.Training.Place(ctx, id.Nil, all, group, members, today); err != nil {
			return nil, err
		}
		if err := h.Courses.Assign(ctx, id.Nil, person.Stream(centre), group, classCourse, im.ID); err != nil {
			return nil, err
		}
		for _, p := range members {
			token, err := h.Learners.Begin(ctx, centre, p, id.Nil)
			if err != nil {
				return nil, err
			}
			c.learners = append(c.learners, pupil{p, &http.Cookie{Name: door.SessionCookie + door.LearnerCookie, Value: token}})
		}
		token, err := h.Access.Begin(ctx, owner, "bench")
		if err != nil {
			return nil, err
		}
		c.trainers = append(c.trainers, watcher{"/groups/" + group.String() + "/learning", &http.Cookie{Name: door.SessionCookie, Value: token}})
	}
	return c, nil
}

// timed are how long requests of a kind took.
type timed struct {
	took  []time.Duration
	bytes int
}

// asking is one tablet, or a trainer's computer.
type asking struct {
	client *http.Client
	base   string
	cookie *http.Cookie
	times  map[string]*timed
}

// ask asks for a page or sends a form, and returns what came and where it leads.
func (k *asking) ask(ctx context.Context, kind, path string, form url.Values) (body []byte, to string, err error) {
	method, send := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, send = http.MethodPost, strings.NewReader(form.Encode())
	}
	q, err := http.NewRequestWithContext(ctx, method, k.base+path, send)
	if err != nil {
		return nil, "", err
	}
	if form != nil {
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	q.AddCookie(k.cookie)
	start := time.Now()
	res, err := k.client.Do(q)
	if err != nil {
		return nil, "", err
	}
	body, err = io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil {
		return nil, "", err
	}
	t := k.times[kind]
	if t == nil {
		t = &timed{}
		k.times[kind] = t
	}
	t.took, t.bytes = append(t.took, time.Since(start)), max(t.bytes, len(body))
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusSeeOther {
		return nil, "", fmt.Errorf("%s %s answered %d", method, path, res.StatusCode)
	}
	return body, res.Header.Get("Location"), nil
}

// learn lets all learn for a while, and returns how long each kind of request took.
func (c *class) learn(ctx context.Context, base string, o ClassOptions) (map[string]*timed, error) {
	ctx, stop := context.WithTimeout(ctx, o.For)
	defer stop()
	var mu sync.Mutex // guards the two below
	all := map[string]*timed{}
	var failed error
	var wg sync.WaitGroup
	begin := func(cookie *http.Cookie, wait time.Duration, fn func(*asking) error) {
		wg.Go(func() {
			k := &asking{&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, Transport: &http.Transport{}}, base, cookie, map[string]*timed{}}
			defer k.client.CloseIdleConnections()
			err := pause(ctx, wait) // nobody presses at the same moment as the others
			if err == nil {
				err = fn(k)
			}
			mu.Lock()
			defer mu.Unlock()
			for kind, t := range k.times {
				if all[kind] == nil {
					all[kind] = &timed{}
				}
				all[kind].took, all[kind].bytes = append(all[kind].took, t.took...), max(all[kind].bytes, t.bytes)
			}
			if ctx.Err() == nil {
				failed = cmp.Or(failed, err)
				stop()
			}
		})
	}
	for i, p := range c.learners {
		begin(p.cookie, o.Every*time.Duration(i)/time.Duration(len(c.learners)), func(k *asking) error { return c.study(ctx, k, p.person, i, o.Every) })
	}
	for _, w := range c.trainers {
		begin(w.cookie, 0, func(k *asking) error {
			for {
				if _, _, err := k.ask(ctx, "grid", w.page, nil); err != nil {
					return err
				}
				if err := pause(ctx, gridEvery); err != nil {
					return err
				}
			}
		})
	}
	wg.Wait()
	return all, failed
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

var formMark = regexp.MustCompile(`name="mark" value="([0-9a-f]{32})"`)

// study goes through the lessons, each from another one on, for as long as there is time.
func (c *class) study(ctx context.Context, k *asking, who id.ID, from int, every time.Duration) error {
	lessons := c.course.Lessons()
	for n := from; ; n++ {
		l := lessons[n%len(lessons)]
		if _, _, err := k.ask(ctx, "home", "/my", nil); err != nil {
			return err
		}
		path := "/my/courses/" + c.course.Code + "/" + l.Path()
		if _, _, err := k.ask(ctx, "lesson", path, nil); err != nil {
			return err
		}
		if _, _, err := k.ask(ctx, "lesson", path, url.Values{}); err != nil {
			return err
		}
		for i, step := range progress.Steps(c.course.Code, l, who) {
			name, item, question := strings.Cut(step, "/")
			x := l.Activity(name)
			if x.Kind == course.Lab || x.Kind == course.Project { // neither is answered by a press
				continue
			}
			at := path + "/" + strings.ReplaceAll(step, "/", ".")
			body, _, err := k.ask(ctx, "step", at, nil)
			if err != nil {
				return err
			}
			m := formMark.FindSubmatch(body)
			if m == nil {
				return fmt.Errorf("%s has no form", at)
			}
			form := url.Values{"mark": {string(m[1])}}
			if question {
				for part, v := range try(x.Items.Item(item), (from+i)%3 > 0) {
					form.Set(strings.TrimSuffix("q-"+item+"."+part, "."), v)
				}
			}
			if err := pause(ctx, every); err != nil {
				return err
			}
			if _, at, err = k.ask(ctx, "answer", at, form); err != nil {
				return err
			}
			if question {
				if _, _, err := k.ask(ctx, "step", at, nil); err != nil {
					return err
				}
			}
		}
	}
}

// try is an answer to an item; of a choice, a wrong one too.
func try(it *quiz.Item, right bool) quiz.Response {
	r := it.Solved()
	for _, o := range it.Choices {
		if it.Kind == quiz.Choice && !right && !o.Correct {
			r[""] = o.ID
		}
	}
	return r
}
