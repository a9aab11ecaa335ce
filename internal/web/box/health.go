package box

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"tizi/internal/access"
	"tizi/internal/backup"
	"tizi/internal/house"
	"tizi/internal/machine"
	"tizi/internal/node"
	"tizi/internal/web/door"
	"tizi/internal/web/shell"
)

// Seen keeps, in memory, which devices asked for pages lately.
type Seen struct {
	mu  sync.Mutex // guards all
	all map[string]*device
}

type device struct {
	system string
	safe   bool
	at     time.Time
}

const (
	// maxSeen bounds the devices kept.
	maxSeen = 500
	// seenFor is how long one is shown.
	seenFor = 24 * time.Hour
)

// Wrap takes note of who asks.
func (s *Seen) Wrap(next http.Handler, now func() time.Time) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
			s.note(host, system(r.UserAgent()), shell.Safe(r), now())
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Seen) note(host, system string, safe bool, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[string]*device{}
	}
	d := s.all[host]
	if d == nil {
		if len(s.all) >= maxSeen {
			oldest := ""
			for h, d := range s.all {
				if oldest == "" || d.at.Before(s.all[oldest].at) {
					oldest = h
				}
			}
			delete(s.all, oldest)
		}
		d = &device{}
		s.all[host] = d
	}
	d.system, d.safe, d.at = system, safe, now
}

// list returns those seen lately, the latest first.
func (s *Seen) list(now time.Time) []Device {
	s.mu.Lock()
	defer s.mu.Unlock()
	hosts := make([]string, 0, len(s.all))
	for h, d := range s.all {
		if now.Sub(d.at) > seenFor {
			delete(s.all, h)
			continue
		}
		hosts = append(hosts, h)
	}
	slices.SortFunc(hosts, func(a, b string) int {
		if c := s.all[b].at.Compare(s.all[a].at); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	out := make([]Device, len(hosts))
	for i, h := range hosts {
		d := s.all[h]
		out[i] = Device{Address: h, System: named[d.system], Safe: d.safe, Age: shell.Ago(now, d.at)}
	}
	return out
}

// named are what devices run on, in words.
var named = map[string]string{"android": "box.system.android", "ios": "box.system.ios", "windows": "box.system.windows", "linux": "box.system.linux"}

const gigabyte = 1 << 30

func (k kit) health(a *door.Ask) error { return k.show(a, "", "", nil) }

func (k kit) show(a *door.Ask, on, at string, errs map[string]string) error {
	h, err := a.H.Health(a.R.Context())
	if err != nil {
		return err
	}
	v := Health{Rows: rows(a, h), Errors: errs, On: on, At: at, Devices: k.seen.list(h.Now)}
	if v.Upgrade, err = upgrade(a, h); err != nil {
		return err
	}
	for _, d := range v.Devices {
		if !d.Safe {
			v.Plain++
		}
	}
	if h.Doubt != "" && a.May(access.RunNode) {
		v.Clock = "/box/clock"
		if errs == nil {
			v.On, v.At = h.Now.Format(time.DateOnly), h.Now.Format("15:04")
		}
	}
	if errs != nil {
		return a.Again("box/health", v)
	}
	return a.Render("box/health", v)
}

func rows(a *door.Ask, h *house.Health) []Row {
	p := a.P
	age := func(t time.Time) string {
		x := shell.Ago(h.Now, t)
		return p.T(x.Key, "n", x.N)
	}
	size := func(n int64) string {
		if n < gigabyte {
			return p.T("box.megabytes", "n", p.Number(n>>20))
		}
		return p.T("box.gigabytes", "n", p.Decimal(float64(n)/gigabyte, 1))
	}
	var out []Row
	add := func(r Row) { out = append(out, r) }

	if l := h.Link; l != nil {
		r := Row{Key: "box.link", Text: age(l.Done), State: "good", URL: "/network"}
		switch {
		case l.Paused:
			r.State, r.Do = "wait", p.T("box.link.paused")
		case l.Fault != "" && h.Now.Sub(l.Done) > node.Late, h.Now.Sub(l.Done) > 2*node.Late:
			r.State, r.Do = "help", p.T("box.link.late")
		case l.Fault != "" || h.Now.Sub(l.Done) > node.Late:
			r.State, r.Do = "wait", p.T("box.link.soon")
		}
		if h.Waiting > 0 {
			r.Text += " · " + p.T("box.waiting", "n", h.Waiting)
		}
		add(r)
	}
	r := Row{Key: "box.lock", Text: p.T("box.lock.on"), State: "good"}
	if !h.Encrypted {
		r.Text, r.State, r.Do = p.T("box.lock.off"), "wait", p.T("box.lock.off_do")
	}
	if a.May(access.RunNode) {
		r.URL = "/box/lock"
	}
	add(r)
	if n := len(h.Damage); n > 0 {
		add(Row{Key: "box.pages", Text: p.T("box.pages.some", "n", n) + " · " + p.T("box.pages.first", "table", cmp.Or(h.Damage[0].Table, "—"), "page", p.Number(h.Damage[0].Page)), State: "help", Do: p.T("box.pages.do")})
	}
	r = Row{Key: "box.disk", Text: p.T("box.disk.text", "left", size(h.DiskLeft), "all", size(h.DiskAll), "used", size(h.Bytes)), State: "good"}
	switch house.Room(h.DiskLeft, h.DiskAll) {
	case house.Help:
		r.State, r.Do = "help", p.T("box.disk.full")
	case house.Wait:
		r.State, r.Do = "wait", p.T("box.disk.soon")
	}
	add(r)
	r = Row{Key: "box.power", Text: p.T("box.power.none"), State: "good"}
	if n := len(h.Cuts); n > 0 {
		last := h.Cuts[0]
		r.Text = p.T("box.power.cuts", "n", n) + " · " + p.T("box.power.last", "date", p.Date(last.At.Format(time.DateOnly)), "time", last.At.Format("15:04"))
		r.State, r.Do = "wait", p.T("box.power.some")
		if house.Cut(n) == house.Help {
			r.State, r.Do = "help", p.T("box.power.many")
		}
	}
	add(r)
	if h.Battery >= 0 {
		r := Row{Key: "box.battery", Text: p.Percent(int64(h.Battery), 100), State: "good"}
		if h.Drawn {
			r.State, r.Do = "wait", p.T("box.battery.drawn")
			if h.Battery < 20 {
				r.State, r.Do = "help", p.T("box.battery.low")
			}
		}
		add(r)
	}
	r = Row{Key: "box.backup", Text: age(h.Saved), State: "good"}
	switch old := house.Age(h.Now.Sub(h.Saved)); {
	case errors.Is(h.SaveFault, backup.ErrNoKey):
		r.State, r.Do = "help", p.T("box.backup.nokey")
	case errors.Is(h.SaveFault, backup.ErrNowhere), errors.Is(h.SaveFault, backup.ErrSameDisk):
		r.State, r.Do = "help", p.T("box.backup.soon")
	case h.SaveFault != nil:
		r.State, r.Do = "help", p.T("box.backup.fault")
	case h.Saved.IsZero() && !h.Saves:
		r.State, r.Do = "help", p.T("box.backup.none")
	case old == house.Help:
		r.State, r.Do = "help", p.T("box.backup.old")
	case old == house.Wait:
		r.State, r.Do = "wait", p.T("box.backup.soon")
	}
	add(r)
	r = Row{Key: "box.clock", Text: p.Date(h.Now.Format(time.DateOnly)) + " " + h.Now.Format("15:04"), State: "good"}
	switch {
	case h.Doubt == machine.Lost:
		r.State, r.Do = "help", p.T("box.clock.lost")
	case h.Doubt == machine.Jumped:
		r.State, r.Do = "help", p.T("box.clock.jumped")
	case h.Link != nil && h.Link.Ahead.Abs() > 2*time.Minute:
		r.State, r.Do = "wait", p.T("network.clock", "n", int(h.Link.Ahead.Abs()/time.Minute))
	}
	add(r)
	r = Row{Key: "box.held", Text: p.Number(int64(h.Held)), State: "good", URL: "/network/held"}
	if h.Held > 0 {
		r.State, r.Do = "wait", p.T("box.held.some")
	}
	add(r)
	r = Row{Key: "box.program", Text: h.Program, State: "good"}
	if !h.Up.IsZero() {
		r.Text = fmt.Sprintf("%s · %s", h.Program, p.T("box.up", "age", age(h.Up)))
	}
	add(r)
	return out
}

// clock takes what somebody says of the clock.
func (k kit) clock(a *door.Ask) error {
	m := a.H.Machine
	if a.R.FormValue("right") == "yes" {
		if err := m.Confirm(); err != nil {
			return err
		}
		a.Notify("good", "box.clock.confirmed")
		return a.Go("/box")
	}
	on, at := a.R.FormValue("on"), a.R.FormValue("at")
	again := func(field, sentence string) error { return k.show(a, on, at, map[string]string{field: sentence}) }
	if _, err := time.Parse(time.DateOnly, strings.TrimSpace(on)); err != nil {
		return again("on", a.P.T("box.clock.fault_on"))
	}
	t, err := time.ParseInLocation(time.DateOnly+" 15:04", strings.TrimSpace(on)+" "+strings.TrimSpace(at), m.Now().Location())
	last := a.H.Log.Clock.Last().Wall()
	switch {
	case err != nil:
		return again("at", a.P.T("box.clock.fault_at"))
	// It has written later things, unless it did so with a clock that was ahead; and no box lasts so long.
	case t.Before(last.Add(-24*time.Hour)) && m.Doubt() == machine.Lost, t.Year() > 2100:
		return again("on", a.P.T("box.clock.early", "date", a.P.Date(last.Format(time.DateOnly))))
	}
	// A year too many, and people would be told that their time is over.
	if m.Far(t) && a.R.FormValue("sure") != "yes" {
		return again("sure", a.P.T("box.clock.far"))
	}
	if err := m.Set(t); err != nil {
		return err
	}
	a.Notify("good", "box.clock.confirmed")
	return a.Go("/box")
}
