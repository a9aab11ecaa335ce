package machine_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"tizi/internal/machine"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var day = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)

// shown is a machine's clock.
type shown struct{ at time.Time }

func (s *shown) now() time.Time { return s.at }

func open(t testing.TB, dir string, c *shown) *machine.Machine {
	t.Helper()
	return machine.Open(dir, c.now)
}

// pc is a machine whose clock is set behind the program's back.
type pc struct {
	dir, boot string
	at        time.Time
	runs      time.Duration
}

func (p *pc) open() *machine.Machine {
	return machine.OpenWith(p.dir, p.boot, func() time.Time { return p.at }, func() time.Duration { return p.runs })
}

func (p *pc) pass(d time.Duration) { p.at, p.runs = p.at.Add(d), p.runs+d }

// The usual order on a small machine: it starts in 1970, and then the network sets its clock.
func TestClockThatIsSetAfterwards(t *testing.T) {
	p := &pc{dir: t.TempDir(), boot: "a", at: day}
	m := p.open()
	must(t, m.Begin())
	p.pass(time.Hour)
	must(t, m.Alive())
	for _, boot := range []string{"b", ""} { // one whose starts have no name as well
		p.boot, p.at = boot, time.Unix(30, 0)
		m = p.open()
		must(t, m.Begin())
		p.pass(10 * time.Minute)
		must(t, m.Alive())
		if m.Doubt() != machine.Lost || m.Now().Before(day.Add(time.Hour)) || m.Now().After(day.Add(3*time.Hour)) {
			t.Fatalf("in 1970 it is %v, %q", m.Now(), m.Doubt())
		}
		p.at = day.Add(50 * time.Hour) // the network says so
		p.pass(time.Minute)
		if now := m.Now(); now.Sub(p.at).Abs() > time.Second || m.Doubt() != "" {
			t.Fatalf("after it was set it is %v, %q", now, m.Doubt())
		}
		p.boot += "x"
		if m = p.open(); m.Doubt() != "" || m.Now().Sub(p.at).Abs() > time.Second {
			t.Fatalf("after the next start it is %v, %q", m.Now(), m.Doubt())
		}
		p.at = day.Add(time.Hour)
	}
	// Somebody corrects it by hand, and later the network sets it too.
	p.boot, p.at = "c", day.Add(60*time.Hour)
	m = p.open()
	must(t, m.Set(p.at.Add(5*24*time.Hour)))
	p.at = p.at.Add(5 * 24 * time.Hour)
	p.pass(time.Minute)
	if now := m.Now(); now.Sub(p.at).Abs() > time.Second {
		t.Errorf("corrected twice it is %v and not %v", now, p.at)
	}
	// What is corrected by hand holds until the machine starts again, and no longer, whether or not starts have names.
	for _, boot := range []string{"d", ""} {
		p.boot = boot
		m = p.open()
		must(t, m.Set(p.at.Add(3*time.Hour)))
		p.boot, p.at = boot+"", p.at.Add(4*time.Hour)
		if boot == "" {
			if m = p.open(); m.Now().Sub(p.at).Abs() > time.Second {
				t.Errorf("a correction outlives a start that has no name: %v and not %v", m.Now(), p.at)
			}
		}
	}
}

// A doubt is worth nothing later: what was shown in it is not believed.
func TestDoubtRaisesNothing(t *testing.T) {
	p := &pc{dir: t.TempDir(), boot: "a", at: day}
	m := p.open()
	must(t, m.Begin())
	p.boot, p.at = "b", day.AddDate(10, 0, 0)
	m = p.open()
	must(t, m.Begin())
	must(t, m.Alive())
	if m.Doubt() != machine.Jumped {
		t.Fatalf("ten years are believed: %q", m.Doubt())
	}
	p.boot, p.at = "c", day.Add(time.Hour)
	if m = p.open(); m.Doubt() != "" || !m.Now().Equal(p.at) {
		t.Errorf("the right time is %v, %q", m.Now(), m.Doubt())
	}
	if !m.Far(day.AddDate(0, 0, 20)) || m.Far(day.AddDate(0, 0, 10)) {
		t.Error("what is far and what is not")
	}
}

func TestClockThatLostItself(t *testing.T) {
	dir, c := t.TempDir(), &shown{day}
	m := open(t, dir, c)
	must(t, m.Begin())
	c.at = day.Add(3 * time.Hour)
	must(t, m.Alive())
	if m.Doubt() != "" {
		t.Error("doubted without reason")
	}
	// The power goes, and the clock begins anew.
	c.at = time.Unix(30, 0)
	m = open(t, dir, c)
	must(t, m.Begin())
	if m.Doubt() != machine.Lost || !m.Now().Equal(day.Add(3*time.Hour)) {
		t.Errorf("it is %v, doubt %q", m.Now(), m.Doubt())
	}
	c.at = c.at.Add(time.Hour)
	must(t, m.Alive())
	if !m.Now().Equal(day.Add(4 * time.Hour)) {
		t.Errorf("it goes on to %v", m.Now())
	}
	// Again, and it goes on from there; then somebody says what time it is.
	c.at = time.Unix(30, 0)
	m = open(t, dir, c)
	if m.Doubt() != machine.Lost || m.Now().Before(day.Add(3*time.Hour)) {
		t.Errorf("the second time it is %v, doubt %q", m.Now(), m.Doubt())
	}
	right := day.Add(30 * time.Hour)
	must(t, m.Set(right))
	c.at = c.at.Add(time.Minute)
	if m.Doubt() != "" || !m.Now().Equal(right.Add(time.Minute)) {
		t.Errorf("after it was set it is %v, doubt %q", m.Now(), m.Doubt())
	}
	// The correction holds for another process of the same machine.
	if n := open(t, dir, c); !n.Now().Equal(m.Now()) || n.Doubt() != "" {
		t.Errorf("another process has %v", n.Now())
	}
}

func TestClockThatJumped(t *testing.T) {
	dir, c := t.TempDir(), &shown{day}
	m := open(t, dir, c)
	must(t, m.Begin())
	for range 40 { // in use, week after week
		c.at = c.at.AddDate(0, 0, 9)
		must(t, m.Alive())
	}
	if m.Doubt() != "" {
		t.Fatal("a year in use is doubted")
	}
	c.at = c.at.AddDate(10, 0, 0)
	must(t, m.Alive())
	if m.Doubt() != machine.Jumped {
		t.Error("ten years in five minutes are believed")
	}
	must(t, m.End())
	m = open(t, dir, c)
	must(t, m.Begin())
	must(t, m.Alive())
	if m.Doubt() != machine.Jumped {
		t.Error("a restart makes it believed")
	}
	must(t, m.Confirm())
	must(t, m.Alive())
	if m.Doubt() != "" {
		t.Error("it is doubted after somebody confirmed it")
	}
	m = open(t, dir, c)
	if m.Doubt() != "" {
		t.Error("the confirmation is forgotten")
	}
}

func TestCuts(t *testing.T) {
	dir, c := t.TempDir(), &shown{day}
	for i := range 4 {
		m := open(t, dir, c)
		if m.Up() != (time.Time{}) {
			t.Error("it serves before it began")
		}
		must(t, m.Begin())
		c.at = c.at.Add(time.Hour)
		must(t, m.Alive())
		if i == 1 {
			must(t, m.End())
		}
		c.at = c.at.Add(2 * time.Hour)
	}
	m := open(t, dir, c)
	must(t, m.Begin())
	cuts := m.Cuts(day)
	if len(cuts) != 3 || cuts[0].For != 2*time.Hour || !cuts[0].At.Equal(day.Add(10*time.Hour)) {
		t.Errorf("cut off: %v", cuts)
	}
	if later := m.Cuts(day.Add(5 * time.Hour)); len(later) != 2 {
		t.Errorf("lately: %v", later)
	}
}

func TestFileThatCannotBeRead(t *testing.T) {
	dir, c := t.TempDir(), &shown{day}
	must(t, os.WriteFile(filepath.Join(dir, machine.File), []byte(`{"trus`), 0o600))
	m := open(t, dir, c)
	must(t, m.Begin())
	if !m.Now().Equal(day) || m.Doubt() != "" {
		t.Errorf("it is %v, %q", m.Now(), m.Doubt())
	}
	if left, all, err := machine.Disk(dir); err != nil || left <= 0 || all < left {
		t.Errorf("the disk has %d of %d, %v", left, all, err)
	}
}
