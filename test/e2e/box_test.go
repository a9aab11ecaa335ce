package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tizi/internal/i18n"
)

// Who looks after a box sees that its power went and that its clock lost itself, in words, and sets the clock.
func TestHealth(t *testing.T) {
	browser(t)
	n := serveDemo(t)
	p := newTab(t, n)
	p.play(n, "centre", i18n.FR)
	p.open("/box")
	p.reads(p.T("box.power.none"))
	p.picture("box")

	// The power goes, and the clock shows a time before what it had shown.
	n.cmd.Process.Signal(syscall.SIGKILL)
	n.cmd.Wait()
	file := filepath.Join(n.dir, "machine.json")
	b, err := os.ReadFile(file)
	ok(t, err)
	var known map[string]any
	ok(t, json.Unmarshal(b, &known))
	later := time.Now().Add(3 * time.Hour)
	known["trusted"] = later.UnixMilli()
	b, err = json.Marshal(known)
	ok(t, err)
	ok(t, os.WriteFile(file, b, 0o600))
	n.again()

	for _, lang := range []string{"ar", "fr"} {
		p.open("/box?lang=" + lang)
		p.reads(p.T("box.clock.lost"))
		p.picture("box clock lost")
		p.width(360)
		p.picture("box narrow")
		p.width(1280)
	}
	p.fill(p.T("box.clock.on"), later.AddDate(1, 0, 0).Format(time.DateOnly))
	p.click("button", p.T("box.clock.set"))
	p.reads(p.T("box.clock.far"))
	p.fill(p.T("box.clock.on"), later.Format(time.DateOnly))
	p.fill(p.T("box.clock.at"), later.Add(time.Minute).Format("15:04"))
	p.click("button", p.T("box.clock.set"))
	p.reads(p.T("box.clock.confirmed"))
	p.reads(p.T("box.power.some"))
}

// Prometheus reads how the node is and how long pages take; nobody is named.
func TestMetrics(t *testing.T) {
	slow(t)
	at, _ := free(t)
	n := start(t, "serve", filepath.Join(t.TempDir(), "data"), "--metrics", at)
	for range 3 {
		res, err := http.Get(n.base + "/setup?lang=fr")
		ok(t, err)
		res.Body.Close()
	}
	res, err := http.Get("http://" + at + "/metrics")
	ok(t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	ok(t, err)
	for _, want := range []string{`tizi_info{engine="sqlite",version="`, "tizi_facts 0", "tizi_clock_doubted 0", "tizi_disk_free_bytes ", `tizi_request_seconds_count{route="GET /setup",status="200"} 3`, "process_resident_memory_bytes"} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s in\n%s", want, b)
		}
	}
	if res, err := http.Get(n.base + "/metrics"); err != nil || res.StatusCode != http.StatusNotFound {
		t.Errorf("the figures are served to everybody: %v, %v", res, err)
	}
}
