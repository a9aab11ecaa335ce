package process

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// build makes the program with a version of its own.
func build(t testing.TB, version, key string) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "tizi")
	c := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -X main.version="+version+" -X main.releaseKey="+key, "-o", bin, "tizi/cmd/tizi")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}

// Headquarters publishes a release; a box gets it with an exchange, and takes it in when somebody says so, with all it holds. One
// that does not work is taken back by itself. Then the earlier one is run again.
func TestUpgrade(t *testing.T) {
	if testing.Short() {
		t.Skip("several programs are built")
	}
	dir := t.TempDir()
	say := func(bin string, args ...string) string {
		t.Helper()
		out, err := exec.Command(bin, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	key := filepath.Join(dir, "release.key")
	say(build(t, "1.0.0", ""), "release", "key", key)
	public, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	first := build(t, "1.0.0", strings.TrimSpace(string(public)))
	sign := func(bin, version string) string {
		say(first, "release", "sign", bin, "--version", version, "--key", key, "--out", dir)
		found, err := filepath.Glob(filepath.Join(dir, "tizi_"+version+"_*.release"))
		if err != nil || len(found) != 1 {
			t.Fatal(found, err)
		}
		return found[0]
	}
	second := build(t, "1.1.0", strings.TrimSpace(string(public)))

	n := &node{t: t, bin: first, dir: filepath.Join(dir, "hub")}
	n.pick()
	hub := makeBox(t, n.bin, n.dir, "")
	n.start()
	defer n.kill()
	b := makeBox(t, first, filepath.Join(dir, "box"), "MA-ERR-MJ1")
	b.join(hub, n.url(""))
	b.write(300)
	say(first, "release", "add", "--data", n.dir, sign(second, "1.1.0"))
	var r struct{ Release string }
	b.json(&r, "sync")
	if r.Release != "1.1.0" {
		t.Fatalf("the box got %q", r.Release)
	}
	// What headquarters sees of it.
	b.json(&r, "sync")
	if out, err := hub.run("status"); err != nil || !strings.Contains(out, "1.1.0 has come and waits") {
		t.Errorf("headquarters says: %s, %v", out, err)
	}

	s := &node{t: t, bin: first, dir: b.dir}
	s.pick()
	launch := exec.Command(first, "launch", "--data", b.dir, "--listen", s.addr)
	var log bytes.Buffer
	launch.Stderr = &log
	if err := launch.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		launch.Process.Signal(syscall.SIGTERM)
		launch.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	}()
	runs := func(version string) {
		t.Helper()
		for range 1200 {
			if res, err := http.Get(s.url("/healthz")); err == nil {
				res.Body.Close()
				exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", launch.Process.Pid))
				if version == "1.0.0" && exe == first || exe == filepath.Join(b.dir, "programs", version, "tizi") {
					return
				}
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Fatalf("tizi %s does not serve", version)
	}
	runs("1.0.0")
	// By the page, as the manager of the centre does it.
	s.client = newClient(t)
	s.signIn()
	if _, page, err := s.get("/box"); err != nil || !strings.Contains(page, "1.1.0") {
		t.Fatalf("the page does not offer it: %v", err)
	}
	if status, _, err := s.post("/box/upgrade", url.Values{"version": {"1.1.0"}}); err != nil || status != http.StatusSeeOther {
		t.Fatalf("%d, %v", status, err)
	}
	runs("1.1.0")
	if _, page, err := s.get("/box"); err != nil || !strings.Contains(page, "1.1.0") {
		t.Errorf("the page does not say what runs: %v", err)
	}
	var st struct{ People int }
	if b.json(&st, "status"); st.People != b.people {
		t.Errorf("%d people, want %d", st.People, b.people)
	}
	// One that was signed and does not work.
	if out, err := b.run("upgrade", "add", sign(second, "1.2.0")); err != nil {
		t.Fatal(out, err)
	}
	if out, err := b.run("upgrade", "apply", "--wait", "2m"); err == nil || !strings.Contains(err.Error(), "says that it is 1.1.0") {
		t.Errorf("it is said to run: %s, %v", out, err)
	}
	runs("1.1.0")
	if out, err := b.run("upgrade", "apply", "1.1.0"); err == nil || !strings.Contains(err.Error(), "no newer") {
		t.Errorf("the same again: %s, %v", out, err)
	}
	if out, err := b.run("upgrade", "rollback", "--wait", "2m"); err != nil || !strings.Contains(out, "1.0.0 runs") {
		t.Errorf("back: %s, %v", out, err)
	}
	runs("1.0.0")
	if b.json(&st, "status"); st.People != b.people {
		t.Errorf("after going back %d people, want %d", st.People, b.people)
	}
	launch.Process.Signal(syscall.SIGTERM)
	launch.Wait()
	(&node{t: t, bin: first, dir: b.dir}).check()
}

// What root runs on the folder of the service's user is written as that user.
func TestRootWritesAsTheOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be somebody else")
	}
	bin := tizi(t)
	top := t.TempDir()
	for dir := top; dir != "/" && dir != os.TempDir(); dir = filepath.Dir(dir) {
		os.Chmod(dir, 0o755)
	}
	os.Chmod(filepath.Dir(bin), 0o755)
	dir := filepath.Join(top, "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	const nobody = 65534
	if err := os.Chown(dir, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	pass := filepath.Join(top, "pass")
	if err := os.WriteFile(pass, []byte(passphrase), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"init", "--owner", "Nadia", "--passphrase-file", pass, "--centre", "MA-ERR-MJ1"}, {"backup", "key"}, {"status"}, {"renew", "--login", "admin"}} {
		if out, err := exec.Command(bin, append(args, "--data", dir)...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Sys().(*syscall.Stat_t).Uid != nobody {
			t.Errorf("%s is of the user %d", path, info.Sys().(*syscall.Stat_t).Uid)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
