package process

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const diskPass = "quatre mots sans rapport"

// waits asks until a page has a status.
func (n *node) waits(path string, status int) {
	n.t.Helper()
	got := 0
	for range 600 {
		if got, _, _ = n.get(path); got == status {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	n.t.Fatalf("%s answers %d, want %d:\n%s", path, got, status, n.log.String())
}

func file(t testing.TB, line string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "line")
	if err := os.WriteFile(path, []byte(line+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A box whose disk is locked serves one page; who types the passphrase, or the card, opens it; wrong tries are slowed down.
func TestLockedBox(t *testing.T) {
	n := newNode(t, t.TempDir())
	unlock := file(t, diskPass)
	out, err := exec.Command(n.bin, "encrypt", "--data", n.dir, "--unlock", unlock, "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var made struct{ Card string }
	if err := json.Unmarshal(out, &made); err != nil || made.Card == "" {
		t.Fatalf("%s: %v", out, err)
	}
	// Commands say what to do, and status that it is locked.
	if out, err := exec.Command(n.bin, "check", "--data", n.dir).CombinedOutput(); err == nil || !strings.Contains(string(out), "--unlock") {
		t.Errorf("check on a locked folder: %v: %s", err, out)
	}
	if out, err := exec.Command(n.bin, "status", "--data", n.dir, "--json").Output(); err != nil || !strings.Contains(string(out), `"locked": true`) {
		t.Errorf("status: %v: %s", err, out)
	}
	for _, typed := range []string{diskPass, made.Card} {
		n.start()
		n.waits("/", http.StatusOK)
		if _, page, _ := n.get("/"); !strings.Contains(page, `name="secret"`) || strings.Contains(page, "/worried") {
			t.Errorf("the page offers others, which are not there:\n%s", page)
		}
		if status, _, _ := n.get("/signin"); status != http.StatusSeeOther {
			t.Errorf("another page answers %d", status)
		}
		if status, _, _ := n.post("/signin", url.Values{"login": {"admin"}, "passphrase": {passphrase}}); status != http.StatusServiceUnavailable {
			t.Errorf("signing in answers %d", status)
		}
		if status, page, _ := n.post("/unlock", url.Values{"secret": {"autre chose"}}); status != http.StatusUnprocessableEntity || strings.Contains(page, "autre chose") {
			t.Errorf("a wrong passphrase: %d", status)
		}
		wrong := file(t, "autre chose encore")
		slowed := false
		for range 4 {
			out, err := exec.Command(n.bin, "unlock", "--data", n.dir, "--at", n.url(""), "--unlock", wrong).CombinedOutput()
			if err == nil {
				t.Fatal("unlocked with another passphrase")
			}
			slowed = slowed || strings.Contains(string(out), "wait")
		}
		if !slowed {
			t.Error("wrong tries are not slowed down")
		}
		for try := 0; ; try++ {
			status, _, _ := n.post("/unlock", url.Values{"secret": {typed}})
			if status == http.StatusOK {
				break
			}
			if try > 100 {
				t.Fatalf("not unlocked: %d", status)
			}
			time.Sleep(200 * time.Millisecond)
		}
		n.waits("/healthz", http.StatusOK)
		n.signIn()
		if status, page, _ := n.get("/box/lock"); status != http.StatusOK || !strings.Contains(page, "/box/lock") {
			t.Errorf("the page of the lock: %d", status)
		}
		n.kill()
	}
	if strings.Contains(n.log.String(), diskPass) || strings.Contains(n.log.String(), made.Card) {
		t.Error("the log has what unlocks the disk")
	}
	if out, err := exec.Command(n.bin, "check", "--data", n.dir, "--unlock", unlock).CombinedOutput(); err != nil {
		t.Errorf("check: %v: %s", err, out)
	}
}

// Headquarters unlocks a box that starts, and one that it revoked no more.
func TestHeadquartersUnlocksABox(t *testing.T) {
	bin := tizi(t)
	hub := makeBox(t, bin, t.TempDir(), "")
	at := &node{t: t, bin: bin, dir: hub.dir}
	at.pick()
	at.start()
	defer at.kill()
	b := makeBox(t, bin, t.TempDir(), "MA-ERR-MJ1")
	b.join(hub, at.url(""))
	unlock := file(t, diskPass)
	if _, err := b.run("encrypt", "--unlock", unlock); err != nil {
		t.Fatal(err)
	}
	if _, err := b.run("sync", "--unlock", unlock); err != nil {
		t.Fatal(err)
	}
	served := &node{t: t, bin: bin, dir: b.dir}
	served.pick()
	served.start()
	served.waits("/healthz", http.StatusOK)
	served.kill()
	var known struct{ Node string }
	b.json(&known, "status", "--unlock", unlock)
	if _, err := hub.run("pair", "revoke", known.Node, "--reason", "stolen"); err != nil {
		t.Fatal(err)
	}
	served.start()
	for range 500 {
		if _, page, _ := served.get("/?lang=en"); strings.Contains(page, "revoked") {
			served.kill()
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	served.kill()
	t.Fatalf("the page does not say that the box was revoked:\n%s", served.log.String())
}
